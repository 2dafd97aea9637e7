/* SPDX-License-Identifier: MIT */
#include <tabor/tempo.h>

#include "control/status.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* From a beat on, up to the next segment's. */
typedef struct segment {
    double beat, second; /* where it begins */
    double bpm;          /* there */
    double gain;         /* bpm a second, 0 where the tempo stands */
} segment;

struct tabor_tempo {
    segment *segments; /* by beat, never none; owned */
    size_t count, room;
};

/* ------------------------------------------------------------ look-up -- */

/* The last one that has begun by then. Most who ask mean the newest. */
static const segment *
at_beat(const tabor_tempo *t, double beat)
{
    size_t i = t->count - 1;
    while (i > 0 && t->segments[i].beat > beat) {
        i--;
    }
    return &t->segments[i];
}

static const segment *
at_second(const tabor_tempo *t, double second)
{
    size_t i = t->count - 1;
    while (i > 0 && t->segments[i].second > second) {
        i--;
    }
    return &t->segments[i];
}

/* Sixty times the beats from its beginning. In front of the first segment the
 * tempo has always been what it was there. */
static double
second_of(const segment *s, double minutes)
{
    if (s->gain == 0 || minutes <= 0) {
        return s->second + minutes / s->bpm;
    }
    const double square = s->bpm * s->bpm + 2 * s->gain * minutes;
    return s->second + 2 * minutes / (s->bpm + sqrt(fmax(square, 0)));
}

double
tabor_tempo_seconds(const tabor_tempo *tempo, double beat)
{
    const segment *s = at_beat(tempo, beat);
    return second_of(s, (beat - s->beat) * 60);
}

double
tabor_tempo_beats(const tabor_tempo *tempo, double seconds)
{
    const segment *s = at_second(tempo, seconds);
    const double t = seconds - s->second;
    const double mean = t <= 0 ? s->bpm : s->bpm + s->gain * t / 2;
    return s->beat + t * mean / 60;
}

double
tabor_tempo_bpm(const tabor_tempo *tempo, double beat)
{
    const segment *s = at_beat(tempo, beat);
    const double second = second_of(s, (beat - s->beat) * 60);
    return s->bpm + s->gain * fmax(second - s->second, 0);
}

/* ------------------------------------------------------------- change -- */

static tabor_status
check_bpm(double bpm)
{
    if (!(bpm >= TABOR_MIN_BPM && bpm <= TABOR_MAX_BPM)) {
        return tabor_fail(TABOR_ERR_INVALID,
                          "a tempo of %g beats a minute: it goes from %g to %g",
                          bpm, TABOR_MIN_BPM, TABOR_MAX_BPM);
    }
    return TABOR_OK;
}

tabor_status
tabor_tempo_new(double bpm, tabor_tempo **tempo)
{
    const tabor_status st = check_bpm(bpm);
    if (st != TABOR_OK) {
        return st;
    }
    tabor_tempo *t = calloc(1, sizeof *t);
    segment *segments = calloc(4, sizeof *segments);
    if (!t || !segments) {
        free(t);
        free(segments);
        return tabor_fail(TABOR_ERR_NO_MEMORY, "out of memory for a tempo");
    }
    t->segments = segments;
    t->count = 1;
    t->room = 4;
    segments[0].bpm = bpm;
    *tempo = t;
    return TABOR_OK;
}

void
tabor_tempo_free(tabor_tempo *tempo)
{
    if (tempo) {
        free(tempo->segments);
        free(tempo);
    }
}

/* Room for two more. */
static tabor_status
grow(tabor_tempo *t)
{
    if (t->count + 2 > t->room) {
        segment *more = realloc(t->segments, 2 * t->room * sizeof *more);
        if (!more) {
            return tabor_fail(TABOR_ERR_NO_MEMORY, "out of memory for a tempo");
        }
        t->segments = more;
        t->room *= 2;
    }
    return TABOR_OK;
}

static tabor_status
check_change(const tabor_tempo *t, double beat, double bpm, double over)
{
    if (!isfinite(beat) || beat < t->segments[0].beat) {
        return tabor_fail(TABOR_ERR_INVALID,
                          "the tempo can't change at beat %g any more: what "
                          "was before beat %g is forgotten",
                          beat, t->segments[0].beat);
    }
    if (!(over >= 0 && isfinite(over))) {
        return tabor_fail(TABOR_ERR_INVALID,
                          "a tempo can't change over %g beats", over);
    }
    return check_bpm(bpm);
}

tabor_status
tabor_tempo_change(tabor_tempo *tempo, double beat, double bpm, double over)
{
    tabor_tempo *t = tempo;
    tabor_status st = check_change(t, beat, bpm, over);
    if (st == TABOR_OK) {
        st = grow(t);
    }
    if (st != TABOR_OK) {
        return st;
    }
    segment now = {beat, tabor_tempo_seconds(t, beat), bpm, 0};
    const double before = tabor_tempo_bpm(t, beat);
    while (t->count > 0 && t->segments[t->count - 1].beat >= beat) {
        t->count--;
    }
    if (over > 0 && before != bpm) {
        const double lasts = over * 60 / ((before + bpm) / 2);
        const segment ramp = {beat, now.second, before, (bpm - before) / lasts};
        t->segments[t->count++] = ramp;
        now.beat += over;
        now.second += lasts;
    }
    t->segments[t->count++] = now;
    return TABOR_OK;
}

void
tabor_tempo_forget(tabor_tempo *tempo, double beat)
{
    const size_t first = (size_t)(at_beat(tempo, beat) - tempo->segments);
    tempo->count -= first;
    memmove(tempo->segments, tempo->segments + first,
            tempo->count * sizeof *tempo->segments);
}
