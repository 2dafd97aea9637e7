/* SPDX-License-Identifier: MIT
 *
 * The sample table of one engine: what loaders fill and the audio thread plays.
 */
#ifndef TABOR_CONTROL_SAMPLE_H
#define TABOR_CONTROL_SAMPLE_H

#include <pthread.h>

#include <tabor/tabor.h>

#include "control/sample_memory.h"
#include "control/take.h"
#include "link/sample_slot.h"

/* What the control side knows of a slot beside what the audio thread reads. */
typedef struct tabor_sample_entry {
    /* generation 32 | holders 24 | TABOR_SLOT_...: LIVE until unload() is asked
     * for or the last who holds it gives it back; plays look at it (acquire)
     * before they are sent */
    _Atomic uint64_t word;
    _Atomic uint32_t frames;
    _Atomic uint32_t loop_start, loop_end; /* end 0: none */
    /* under the table's mutex */
    uint32_t generation;
    uint64_t serial; /* counts samples: the newest has the largest */
    tabor_sample_memory *memory; /* held once; NULL if the slot is FREE */
    char name[64];
} tabor_sample_entry;

typedef struct tabor_samples {
    pthread_mutex_t mutex;
    tabor_sample_slot *slots; /* shared with the audio thread */
    tabor_sample_entry *entries;
    uint32_t used;   /* slots below this were used at least once */
    uint32_t in_use; /* slots that are not FREE */
    uint64_t serial; /* the newest's */
    uint32_t rate;
    tabor_take *take; /* where new samples are written to, or NULL */
} tabor_samples;

/* [control] */
tabor_status tabor_samples_init(tabor_samples *table, uint32_t rate);

/* Free all; the audio thread is gone.  [control] */
void tabor_samples_free(tabor_samples *table);

/* Copy audio (resampled to the table's rate) into a free slot and make it
 * LIVE.  [control]  sample: out.  TABOR_ERR_FULL, TABOR_ERR_NO_MEMORY, ... */
tabor_status tabor_samples_put(tabor_samples *table, const tabor_audio *audio,
                               const char *name, tabor_handle *sample);

/* Take back a sample that was put and never announced.  [control] */
void tabor_samples_undo(tabor_samples *table, tabor_handle sample);

/* Free what the audio thread has retired.  [control] */
void tabor_samples_reclaim(tabor_samples *table);

/* What a player must know of a sample. */
typedef struct tabor_sample_size {
    uint32_t frames, loop_start, loop_end;
} tabor_sample_size;

/* The size of a sample that may be played.  [any]  TABOR_ERR_STALE */
tabor_status tabor_samples_look(tabor_samples *table, tabor_handle sample,
                                tabor_sample_size *size);

/* From now on look() says stale. Returns 1 the first time, else 0.  [any] */
int tabor_samples_close(tabor_samples *table, tabor_handle sample);

/* One who holds it gives it back; the last one closes it. Returns 1 for that
 * one, else 0.  [any] */
int tabor_samples_leave(tabor_samples *table, tabor_handle sample);

/* Find the newest that may be played and has this name, and hold it.
 * [control]  TABOR_ERR_MISSING, TABOR_ERR_LIMIT */
tabor_status tabor_samples_find(tabor_samples *table, const char *name,
                                tabor_handle *sample);

tabor_status tabor_samples_info(tabor_samples *table, tabor_handle sample,
                                tabor_sample_info *info);
tabor_status tabor_samples_copy(tabor_samples *table, tabor_handle sample,
                                tabor_audio **audio);

/* view: out, given back with tabor_sample_view_release().  [control] */
tabor_status tabor_samples_view(tabor_samples *table, tabor_handle sample,
                                const tabor_view **view);

#endif
