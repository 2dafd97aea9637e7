/* SPDX-License-Identifier: MIT
 *
 * Beats and seconds: a map that follows changes of tempo.
 *
 * Beat 0 is second 0. Both directions are closed forms of the last change
 * before the place that is asked for, so nothing adds up however long a piece
 * is. The engine knows nothing of it: scripts count in beats, and turn them
 * into frames when they send.
 *
 * All [control]: one map belongs to one thread at a time. The look-ups never
 * wait and never fail.
 */
#ifndef TABOR_TEMPO_H
#define TABOR_TEMPO_H

#include <tabor/tabor.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Beats a minute. */
#define TABOR_MIN_BPM 1.0
#define TABOR_MAX_BPM 6000.0

typedef struct tabor_tempo tabor_tempo;

/* A map of one tempo.  tempo: out, freed by tabor_tempo_free() */
TABOR_API tabor_status tabor_tempo_new(double bpm, tabor_tempo **tempo);

/* tempo: NULL is nothing */
TABOR_API void tabor_tempo_free(tabor_tempo *tempo);

/* From beat on the tempo is another; what was to change later is forgotten.
 *
 * over  beats that the change takes, 0 = at once. The tempo then moves
 *       evenly in time: over beats take as long as at the mean of both tempos
 *
 * Fails with TABOR_ERR_INVALID, and changes nothing then.
 */
TABOR_API tabor_status tabor_tempo_change(tabor_tempo *tempo, double beat,
                                          double bpm, double over);

/* When a beat is; the beat that a second is in; beats a minute at a beat. */
TABOR_API double tabor_tempo_seconds(const tabor_tempo *tempo, double beat);
TABOR_API double tabor_tempo_beats(const tabor_tempo *tempo, double seconds);
TABOR_API double tabor_tempo_bpm(const tabor_tempo *tempo, double beat);

/* Nobody will ask for, or change, what lies before this beat: changes there
 * are forgotten, so that a map that changes for ever does not grow. */
TABOR_API void tabor_tempo_forget(tabor_tempo *tempo, double beat);

#ifdef __cplusplus
}
#endif

#endif
