/* SPDX-License-Identifier: MIT
 *
 * 100,000 plays at random frames: the score, its rendering and the sum that it
 * must give. onsets.py and onsets.lua make the same.
 *
 * A sample is a unit impulse on channel 0, and what tells it from the others
 * behind it and on channel 1. All values are multiples of 1/1024 and no sum
 * reaches 2^14, so float32 adds them without rounding, in any order: what is
 * heard must be equal to a sum of integers, in each value of each frame.
 */
#ifndef TABOR_TESTS_ONSETS_H
#define TABOR_TESTS_ONSETS_H

#include "golden.h"

#define ONSETS         100000
#define ONSETS_SPAN    400000 /* frames on which they may begin */
#define ONSETS_LENGTH  8      /* frames of a sample */
#define ONSETS_FRAMES  (ONSETS_SPAN + ONSETS_LENGTH)
#define ONSETS_SAMPLES 16
/* They are sent in windows of so many frames, in no order inside: a client has
 * 4,080 places for what waits, and a block of 8,192 takes 2,048 of them. */
#define ONSETS_WINDOW  4000
#define ONSETS_WINDOWS (ONSETS_SPAN / ONSETS_WINDOW)

typedef struct onset {
    uint32_t at;     /* frame */
    uint32_t sample; /* 0 to 15 */
    uint32_t level;  /* gain in sixteenths, 1 to 16 */
} onset;

typedef struct onsets {
    onset plays[ONSETS];                  /* window by window */
    uint32_t windows[ONSETS_WINDOWS + 1]; /* where each begins in plays */
    int32_t sum[ONSETS_FRAMES * 2];       /* what is heard, in 1/1024 */
} onsets;

/* Value j of a sample's channel, in 1/64. */
static inline int
onsets_value(int sample, int channel, int j)
{
    if (j == 0) {
        return channel ? sample + 1 : 64;
    }
    return (sample * (channel ? 29 : 13) + j * (channel ? 11 : 7)) % 64 - 32;
}

static inline void
onsets_sum(onsets *o)
{
    memset(o->sum, 0, sizeof o->sum);
    for (int i = 0; i < ONSETS; i++) {
        const onset *play = &o->plays[i];
        for (int j = 0; j < ONSETS_LENGTH * 2; j++) {
            o->sum[play->at * 2 + (uint32_t)j] +=
                onsets_value((int)play->sample, j % 2, j / 2) *
                (int)play->level;
        }
    }
}

/* Owned: free(). */
static inline onsets *
onsets_new(void)
{
    onsets *o = calloc(1, sizeof *o);
    onset *rolled = malloc(ONSETS * sizeof *rolled);
    uint32_t dice = 2024;
    for (int i = 0; i < ONSETS; i++) {
        rolled[i].at = golden_roll(&dice, ONSETS_SPAN);
        rolled[i].sample = golden_roll(&dice, ONSETS_SAMPLES);
        rolled[i].level = 1 + golden_roll(&dice, 16);
    }
    uint32_t n = 0;
    for (uint32_t w = 0; w < ONSETS_WINDOWS; w++) {
        for (int i = 0; i < ONSETS; i++) {
            if (rolled[i].at / ONSETS_WINDOW == w) {
                o->plays[n++] = rolled[i];
            }
        }
        o->windows[w + 1] = n;
    }
    free(rolled);
    onsets_sum(o);
    return o;
}

/* --------------------------------------------------------------- render -- */

/* One rendering of the score. */
typedef struct onsets_run {
    rig r;
    const onsets *o;
    tabor_handle samples[ONSETS_SAMPLES];
    uint32_t number[65536]; /* of the play that has a handle slot */
    uint32_t dice;          /* sizes of batches */
    uint32_t window;        /* the next to be sent */
    uint32_t batches;
    float *out;
    uint64_t hash_of_ends;
    uint32_t ends, ends_right;
} onsets_run;

static inline void
onsets_load(onsets_run *run)
{
    for (int s = 0; s < ONSETS_SAMPLES; s++) {
        tabor_audio *audio;
        must(tabor_audio_new(ONSETS_LENGTH, 2, 48000, &audio));
        for (int j = 0; j < ONSETS_LENGTH * 2; j++) {
            audio->values[j] = (float)onsets_value(s, j % 2, j / 2) / 64.0f;
        }
        must(tabor_sample_add(run->r.client, audio, "code", &run->samples[s]));
        tabor_audio_free(audio);
    }
}

static inline void
onsets_play(onsets_run *run, uint32_t number)
{
    const onset *play = &run->o->plays[number];
    tabor_play_params p = TABOR_PLAY;
    tabor_handle voice;
    p.at = play->at;
    p.gain = play->level / 16.0;
    must(tabor_play(run->r.client, run->samples[play->sample], &p, &voice));
    run->number[voice >> 32 & 0xffff] = number;
}

/* A window's plays, in batches of 1 to 40. */
static inline void
onsets_send(onsets_run *run)
{
    uint32_t next = run->o->windows[run->window];
    uint32_t end = run->o->windows[++run->window];
    while (next < end) {
        uint32_t size = 1 + golden_roll(&run->dice, 40);
        must(tabor_batch_begin(run->r.client));
        for (; size > 0 && next < end; size--) {
            onsets_play(run, next++);
        }
        must(tabor_batch_commit(run->r.client));
        run->batches++;
    }
}

static inline void
onsets_take_ends(onsets_run *run)
{
    tabor_event e;
    while (tabor_poll(run->r.client, &e, 1)) {
        uint32_t number = run->number[e.handle >> 32 & 0xffff];
        const uint32_t words[] = {number, (uint32_t)e.value, (uint32_t)e.frame,
                                  e.reason};
        for (int i = 0; i < 4; i++) {
            run->hash_of_ends = golden_hash_word(run->hash_of_ends, words[i]);
        }
        run->ends++;
        run->ends_right += e.type == TABOR_EVENT_ENDED &&
                           e.value == run->o->plays[number].at &&
                           e.frame == e.value + ONSETS_LENGTH && e.late == 0 &&
                           e.reason == TABOR_FINISHED;
    }
}

/* Render the whole score; run->out is owned, onsets_end() frees it. */
static inline void
onsets_render(onsets_run *run, const onsets *o, golden_pattern pattern)
{
    memset(run, 0, sizeof *run);
    run->o = o;
    run->r = rig_open("offline", pattern.block, 256, 16384);
    run->dice = pattern.block + pattern.most;
    run->out = calloc(ONSETS_FRAMES * 2, sizeof *run->out);
    run->hash_of_ends = GOLDEN_HASH;
    onsets_load(run);
    for (uint64_t frame = 0; frame < ONSETS_FRAMES;) {
        uint64_t n = golden_step(&pattern), left = ONSETS_FRAMES - frame;
        n = n < left ? n : left;
        while (run->window < ONSETS_WINDOWS &&
               run->window * (uint64_t)ONSETS_WINDOW < frame + n) {
            onsets_send(run);
        }
        must(tabor_engine_render(run->r.engine, n, run->out + frame * 2));
        onsets_take_ends(run);
        frame += n;
    }
    rig_close(&run->r);
}

static inline void
onsets_end(onsets_run *run)
{
    free(run->out);
}

/* All values, then number, start, end and reason of each play in the order in
 * which they were told. */
static inline uint64_t
onsets_hash(const onsets_run *run)
{
    uint64_t hash =
        golden_hash_values(GOLDEN_HASH, run->out, ONSETS_FRAMES * 2);
    return golden_hash_word(golden_hash_word(hash, (uint32_t)run->hash_of_ends),
                            (uint32_t)(run->hash_of_ends >> 32));
}

/* Plays all of whose values are heard as they must be. */
static inline uint32_t
onsets_count_heard(const onsets_run *run)
{
    uint32_t heard = 0;
    for (uint32_t i = 0; i < ONSETS; i++) {
        int right = 1;
        for (uint32_t j = 0; j < ONSETS_LENGTH * 2; j++) {
            uint32_t k = run->o->plays[i].at * 2 + j;
            right = right && run->out[k] == (float)run->o->sum[k] / 1024.0f;
        }
        heard += (uint32_t)right;
    }
    return heard;
}

/* Values that differ from the sum, of all there are. */
static inline uint32_t
onsets_count_wrong(const onsets_run *run)
{
    uint32_t wrong = 0;
    for (uint32_t k = 0; k < ONSETS_FRAMES * 2; k++) {
        wrong += run->out[k] != (float)run->o->sum[k] / 1024.0f;
    }
    return wrong;
}

#endif
