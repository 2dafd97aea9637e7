/* SPDX-License-Identifier: MIT
 *
 * The golden score: a piece with every feature of voices in it, in parts of
 * which each is a function. A new feature is a line in one of them, or a part
 * more in the list at the end; tests/golden/README tells what then becomes of
 * the hash that is kept.
 *
 * Commands are sent between two calls of score_render(), on frames that are
 * written here: so what is late, and what "as soon as possible" means, does not
 * depend on blocks.
 */
#ifndef TABOR_TESTS_SCORE_PARTS_H
#define TABOR_TESTS_SCORE_PARTS_H

#include "score.h"

/* ---------------------------------------------------------------- parts -- */

static inline void
score_levels(score *s)
{
    uint64_t t = s->frame;
    tabor_handle v = PLAY(s->one, s->mono, t + 10, p.gain = 0.7, p.pan = -0.3);
    SET(s->one, v, t + 33, p.which = TABOR_SET_GAIN, p.gain = 1.5,
        p.ramp_frames = 777);
    SET(s->one, v, t + 500, p.which = TABOR_SET_GAIN, p.gain = 0,
        p.ramp_frames = 100);
    SET(s->one, v, t + 550, p.which = TABOR_SET_GAIN, p.gain = 0.4,
        p.ramp_frames = 1000);
    SET(s->one, v, t + 700, p.which = TABOR_SET_PAN, p.pan = 0.9,
        p.ramp_frames = 1234);
    v = PLAY(s->two, s->stereo, t + 11, p.velocity = 0.3, p.pan = 1.0);
    SET(s->two, v, t + 1000, p.which = TABOR_SET_PAN | TABOR_SET_GAIN,
        p.pan = -1, p.gain = 0.8, p.ramp_frames = 0);
    SET(s->two, v, t + 5, p.which = TABOR_SET_GAIN, p.gain = 0.6);
    PLAY(s->one, s->five, t + 12, p.pan = 0.5, p.gain = 0.9);
    PLAY(s->one, s->loop, t + 2500, p.pan = -0.6);
    must(tabor_set_gain(s->one, 0.5, 3000));
    score_render(s, 1700);
    must(tabor_set_gain(s->two, 0.9, 300));
    score_render(s, 4000);
}

static inline void
score_rates(score *s)
{
    uint64_t t = s->frame;
    tabor_handle v = PLAY(s->one, s->mono, t, p.rate = 0.5);
    SET(s->one, v, t + 100, p.which = TABOR_SET_RATE, p.rate = 1.3,
        p.ramp_frames = 1000);
    SET(s->one, v, t + 700, p.which = TABOR_SET_RATE, p.rate = 0.2,
        p.pitch = 3.5, p.ramp_frames = 1999);
    v = PLAY(s->one, s->stereo, t + 3, p.pitch = -7.25);
    SET(s->one, v, t + 64, p.which = TABOR_SET_RATE, p.rate = 1,
        p.ramp_frames = 0);
    SET(s->one, v, t + 700, p.which = TABOR_SET_RATE, p.rate = 2,
        p.ramp_frames = 64);
    v = PLAY(s->two, s->loop, t + 5, p.loop = TABOR_LOOP_SAMPLE);
    SET(s->two, v, t + 999, p.which = 7, p.rate = 1.7, p.gain = 0.5, p.pan = -1,
        p.ramp_frames = 4000);
    must(tabor_voice_stop(s->two, v, 500, t + 6000));
    score_render(s, 7000);
}

static inline void
score_kernels(score *s)
{
    const double rates[] = {1.0, 0.31, 1.06, 1.5, 2.7, 9.1, 63.0, 1.0 / 512};
    uint64_t t = s->frame;
    for (unsigned i = 0; i < 8; i++) {
        for (int k = 0; k <= TABOR_KERNEL_SINC32; k++) {
            uint64_t at = t + i * 1000 + (uint64_t)k * 7;
            PLAY(s->one, s->mono, at, p.rate = rates[i], p.length = 900,
                 p.kernel = (tabor_kernel)k, p.gain = 0.2);
            PLAY(s->two, s->stereo, at + 1, p.rate = rates[i], p.offset = 3,
                 p.length = 600, p.kernel = (tabor_kernel)k, p.gain = 0.2);
            PLAY(s->one, s->five, at + 2, p.rate = rates[i], p.offset = 1500,
                 p.kernel = (tabor_kernel)k, p.gain = 0.2, p.pan = 0.1);
        }
        score_render(s, 1000);
    }
    must(tabor_stop(s->one, 100));
    must(tabor_stop(s->two, 0));
    score_render(s, 333);
}

static inline void
score_loops(score *s)
{
    const uint64_t points[][2] = {{0, 1}, {5, 8}, {700, 731}, {0, 1999}};
    uint64_t t = s->frame;
    for (unsigned i = 0; i < 4; i++) {
        for (unsigned k = 0; k < 4; k++) {
            PLAY(s->one, s->loop, t + i * 11 + k * 3,
                 p.loop = TABOR_LOOP_POINTS, p.loop_start = points[i][0],
                 p.loop_end = points[i][1], p.rate = k ? 0.4 + 0.7 * k : 1.0,
                 p.length = 4000, p.kernel = (tabor_kernel)k, p.gain = 0.3);
        }
    }
    tabor_handle v = PLAY(s->two, s->mono, t + 100, p.loop = TABOR_LOOP_SAMPLE,
                          p.offset = 2999, p.rate = 1.01);
    must(tabor_voice_stop(s->two, v, 240, t + 5555));
    v = PLAY(s->two, s->loop, t + 100, p.loop = TABOR_LOOP_SAMPLE,
             p.fade_in = 50);
    must(tabor_voice_release(s->two, v, t + 6000));
    score_render(s, 12000);
}

static inline void
score_fades(score *s)
{
    uint64_t t = s->frame;
    PLAY(s->one, s->mono, t, p.fade_in = 1000, p.fade_out = 500);
    PLAY(s->one, s->mono, t + 9, p.offset = 1000, p.length = 1001,
         p.fade_out = 300, p.fade_in = 1);
    PLAY(s->one, s->stereo, t + 17, p.offset = 77, p.length = 0);
    PLAY(s->one, s->stereo, t + 18, p.offset = 5003);
    PLAY(s->one, s->stereo, t + 19, p.offset = 77, p.rate = 0.9);
    PLAY(s->one, s->five, t + 20, p.fade_out = 1, p.rate = 1.2);
    PLAY(s->one, s->loop, t + 21, p.loop = TABOR_LOOP_SAMPLE, p.length = 2500,
         p.fade_in = 2000, p.fade_out = 2000);
    tabor_handle v = PLAY(s->two, s->stereo, t + 3, p.fade_in = 4000);
    must(tabor_voice_stop(s->two, v, 0, t + 1500));
    v = PLAY(s->two, s->stereo, t + 3, p.fade_in = 4000);
    must(tabor_voice_stop(s->two, v, 4000, t + 1600));
    must(tabor_voice_stop(s->two, v, 100, t + 2000));
    score_render(s, 7000);
}

/* Edges in mid-sample without a fade, slices, seams that cross. */
static inline void
score_edges(score *s)
{
    uint64_t t = s->frame;
    PLAY(s->one, s->stereo, t, p.offset = 500, p.length = 700, p.fade_in = 0,
         p.fade_out = 0);
    PLAY(s->one, s->mono, t + 1, p.slice_start = 300, p.slice_frames = 1000,
         p.offset = 310, p.rate = 0.8);
    PLAY(s->two, s->five, t + 2, p.slice_start = 300, p.slice_frames = 1000,
         p.offset = 300, p.length = 1000);
    for (unsigned i = 0; i < 4; i++) {
        PLAY(s->one, s->loop, t + i * 9, p.loop = TABOR_LOOP_POINTS,
             p.loop_start = 500, p.loop_end = 1100,
             p.loop_fade = i % 2 ? 500 : 37, p.rate = i < 2 ? 1.0 : 0.77 + i,
             p.length = 5000, p.kernel = (tabor_kernel)i);
    }
    PLAY(s->two, s->loop, t + 77, p.loop = TABOR_LOOP_SAMPLE, p.loop_fade = 400,
         p.length = 9000, p.late = TABOR_LATE_CATCH_UP);
    score_render(s, 10000);
}

static inline void
score_seeks(score *s)
{
    uint64_t t = s->frame;
    tabor_handle v = PLAY(s->one, s->stereo, t + 5, p.pan = 0.2);
    must(tabor_voice_seek(s->one, v, 3000, t + 100));
    must(tabor_voice_seek(s->one, v, 10, t + 150)); /* while it still fades */
    must(tabor_voice_seek(s->one, v, 5002, t + 2000));
    v = PLAY(s->one, s->mono, t + 5, p.rate = 1.3, p.length = 2000);
    must(tabor_voice_seek(s->one, v, 1500, t + 400));
    v = PLAY(s->two, s->loop, t + 6, p.loop = TABOR_LOOP_SAMPLE,
             p.loop_fade = 90, p.rate = 0.9);
    must(tabor_voice_seek(s->two, v, 0, t + 1234));
    must(tabor_voice_seek(s->two, v, 1998, t + 2500));
    must(tabor_voice_stop(s->two, v, 300, t + 4000));
    v = PLAY(s->two, s->five, t + 3000);
    must(tabor_voice_seek(s->two, v, 2000, t + 1)); /* it has not started */
    score_render(s, 7000);
}

static inline void
score_envelopes(score *s)
{
    const tabor_env pluck = {.attack = 50, .hold = 20, .decay = 900};
    const tabor_env pad = {.attack = 700,
                           .hold = 100,
                           .decay = 300,
                           .release = 1100,
                           .sustain = 0.4};
    const tabor_env gate = {.sustain = 1.0, .release = 0};
    uint64_t t = s->frame;
    PLAY(s->one, s->stereo, t, p.env = &pluck);
    tabor_handle v = PLAY(s->one, s->stereo, t + 7, p.env = &pad, p.rate = 0.7);
    must(tabor_voice_release(s->one, v, t + 1500));
    v = PLAY(s->one, s->loop, t + 9, p.env = &pad, p.loop = TABOR_LOOP_SAMPLE);
    must(tabor_voice_release(s->one, v, t + 300));
    v = PLAY(s->two, s->mono, t + 10, p.env = &gate, p.fade_in = 100);
    must(tabor_voice_release(s->two, v, t + 1000));
    v = PLAY(s->two, s->five, t + 11, p.env = &pad, p.fade_out = 1000);
    must(tabor_voice_stop(s->two, v, 333, t + 900));
    v = PLAY(s->two, s->mono, t + 12, p.gain = 0.5); /* one without */
    must(tabor_voice_release(s->two, v, t + 555));
    score_render(s, 6000);
}

static inline void
score_chokes(score *s)
{
    uint64_t t = s->frame;
    for (uint32_t i = 0; i < 8; i++) {
        PLAY(s->one, s->stereo, t + i * 123 % 700, p.choke = 1 + i % 2,
             p.rate = 0.9 + i / 10.0);
        PLAY(s->two, s->mono, t + i * 123 % 700, p.choke = 1);
    }
    score_render(s, 2000);
}

static inline void
score_steals(score *s)
{
    uint64_t t = s->frame;
    for (uint32_t i = 0; i < 70; i++) {
        PLAY(i % 3 ? s->one : s->two, i % 2 ? s->mono : s->stereo,
             t + i * 31 % 400, p.gain = 0.1 + i * 7 % 11 / 20.0,
             p.rate = i % 5 ? 1.0 : 0.8);
    }
    /* more at once than there are voices */
    for (uint32_t i = 0; i < 60; i++) {
        PLAY(s->two, s->five, t + 900, p.gain = 0.05);
    }
    score_render(s, 3000);
}

static inline void
score_late(score *s)
{
    uint64_t t = s->frame;
    for (int i = 0; i < 3; i++) {
        tabor_late late = (tabor_late)i;
        PLAY(s->one, s->stereo, t - 100, p.late = late);
        PLAY(s->one, s->mono, t - 1, p.late = late, p.rate = 1.1);
        PLAY(s->two, s->loop, t - 5000, p.late = late,
             p.loop = TABOR_LOOP_SAMPLE, p.length = 9000);
        PLAY(s->two, s->mono, t - 9000, p.late = late);
        PLAY(s->two, s->five, t, p.late = late);
    }
    tabor_handle v = PLAY(s->one, s->stereo, TABOR_ASAP, p.rate = 0.6);
    SET(s->one, v, t - 300, p.which = TABOR_SET_GAIN, p.gain = 0.5,
        p.ramp_frames = 400);
    must(tabor_voice_stop(s->one, v, 1000, TABOR_ASAP));
    score_render(s, 8000);
}

static inline void
score_cancels(score *s)
{
    uint64_t t = s->frame;
    for (uint32_t i = 0; i < 30; i++) {
        PLAY(s->one, s->mono, t + i * 100, p.tag = i % 3, p.gain = 0.3);
        PLAY(s->two, s->mono, t + i * 100, p.tag = i % 3, p.gain = 0.3);
    }
    tabor_handle v = PLAY(s->one, s->stereo, t + 4000, p.tag = 9);
    tabor_handle w = PLAY(s->one, s->stereo, t + 4000, p.tag = 9);
    score_render(s, 1111);
    must(tabor_cancel(s->one, 1, 0, TABOR_NO_FRAME));
    must(tabor_voice_stop(s->one, v, 10, TABOR_ASAP));
    must(tabor_voice_release(s->one, w, t + 2000));
    score_render(s, 500);
    must(tabor_cancel(s->one, 0, t + 1800, t + 2000));
    must(tabor_cancel(s->two, 2, t + 1900, TABOR_NO_FRAME));
    score_render(s, 100);
    must(tabor_cancel(s->two, 0, 0, TABOR_NO_FRAME));
    PLAY(s->two, s->five, t + 2500, p.gain = 0.5);
    score_render(s, 4000);
}

static inline void
score_batches(score *s)
{
    uint64_t t = s->frame, cookie;
    must(tabor_batch_begin(s->one));
    must(tabor_batch_begin(s->two));
    for (uint32_t i = 0; i < 10; i++) {
        PLAY(s->one, s->mono, t + 100, p.pitch = i * 1.5, p.gain = 0.2);
        tabor_handle v =
            PLAY(s->two, s->stereo, TABOR_ASAP, p.gain = 0.1, p.fade_in = 100);
        must(tabor_voice_stop(s->two, v, 50, t + 200 + i * 20));
    }
    score_render(s, 300);
    must(tabor_batch_commit(s->one)); /* so it is late */
    tabor_batch_abandon(s->two);
    must(tabor_ping_send(s->two, &cookie));
    score_render(s, 4000);
}

static inline void
score_unloads(score *s)
{
    const tabor_unload how[] = {TABOR_UNLOAD_RING, TABOR_UNLOAD_FADE,
                                TABOR_UNLOAD_CUT};
    for (int i = 0; i < 3; i++) {
        tabor_handle sample = score_sound(s, 2500, 2, 0, 0);
        PLAY(s->one, sample, s->frame + 10);
        PLAY(s->two, sample, s->frame + 300, p.rate = 1.4);
        PLAY(s->two, sample, s->frame + 1200);
        score_render(s, 700);
        must(tabor_sample_unload(s->one, sample, how[i]));
        score_render(s, 3200);
    }
    tabor_handle huge = score_level(s, 100, 3e38f), tiny;
    PLAY(s->one, huge, s->frame + 50, p.gain = 16);
    PLAY(s->one, s->mono, s->frame);
    tiny = score_level(s, 100, 1e-40f);
    PLAY(s->one, tiny, s->frame + 3500);
    score_render(s, 4000);
    tabor_sample_release(s->one, huge);
    tabor_sample_release(s->one, tiny);
}

static inline void
score_leaves(score *s)
{
    PLAY(s->two, s->stereo, s->frame + 10);
    PLAY(s->two, s->stereo, s->frame + 5000);
    PLAY(s->one, s->mono, s->frame + 20);
    score_render(s, 1000);
    tabor_client_close(s->two);
    s->two = NULL;
    score_render(s, 8000); /* it has faded: its place is free again */
    must(tabor_client_open(s->r.engine, NULL, &s->two));
    PLAY(s->two, s->stereo, s->frame + 10);
    PLAY(s->one, s->mono, s->frame + 900);
    score_render(s, 600);
    tabor_engine_panic(s->r.engine);
    score_render(s, 1000);
}

/* One play with something of everything. One throw an expression: C does not
 * say which of two comes first. */
static inline void
score_crowd_one(score *s, uint64_t from, uint32_t span)
{
    const tabor_handle samples[] = {s->mono, s->stereo, s->five, s->loop};
    uint32_t *d = &s->dice;
    tabor_client *client = golden_roll(d, 2) ? s->one : s->two;
    uint64_t at = from + golden_roll(d, span);
    tabor_env env;
    env.attack = golden_roll(d, 400);
    env.hold = golden_roll(d, 90);
    env.decay = golden_roll(d, 1000);
    env.release = golden_roll(d, 900);
    env.sustain = golden_roll(d, 5) / 4.0;
    tabor_handle v = PLAY(
        client, samples[golden_roll(d, 4)], at,
        p.gain = golden_roll(d, 100) / 200.0,
        p.velocity = golden_roll(d, 128) / 127.0,
        p.pan = golden_roll(d, 21) / 10.0 - 1.0,
        p.rate = golden_roll(d, 3) ? 0.3 + golden_roll(d, 200) / 100.0 : 1.0,
        p.pitch = golden_roll(d, 4) ? 0.0 : golden_roll(d, 25) - 12.0,
        p.offset = golden_roll(d, 3) ? 0 : golden_roll(d, 300),
        p.length = golden_roll(d, 2) ? TABOR_TO_END : golden_roll(d, 3000),
        p.loop = golden_roll(d, 4) ? TABOR_LOOP_NONE : TABOR_LOOP_SAMPLE,
        p.fade_in = golden_roll(d, 3) ? 0 : golden_roll(d, 600),
        p.fade_out = golden_roll(d, 3) ? 0 : golden_roll(d, 600),
        p.choke = golden_roll(d, 9) ? 0 : 1 + golden_roll(d, 2),
        p.env = golden_roll(d, 3) ? NULL : &env, p.tag = golden_roll(d, 6),
        p.kernel = (tabor_kernel)golden_roll(d, 4),
        p.late = (tabor_late)golden_roll(d, 3));
    SET(client, v, at + golden_roll(d, 900), p.which = golden_roll(d, 8),
        p.gain = golden_roll(d, 100) / 100.0,
        p.pan = golden_roll(d, 21) / 10.0 - 1.0,
        p.rate = 0.5 + golden_roll(d, 100) / 90.0,
        p.ramp_frames = golden_roll(d, 2000));
    if (golden_roll(d, 3) == 0) {
        at += golden_roll(d, 2500);
        must(tabor_voice_stop(client, v, golden_roll(d, 500), at));
    } else {
        must(tabor_voice_release(client, v, at + golden_roll(d, 4000)));
    }
}

static inline void
score_crowd(score *s)
{
    for (int i = 0; i < 120; i++) {
        score_crowd_one(s, s->frame + 100, 18000);
    }
    score_render(s, 20000);
    for (int round = 0; round < 10; round++) {
        for (int i = 0; i < 12; i++) {
            score_crowd_one(s, s->frame > 700 ? s->frame - 700 : 0, 2000);
        }
        if (round % 3 == 2) {
            must(tabor_cancel(round % 2 ? s->one : s->two, (uint32_t)round, 0,
                              TABOR_NO_FRAME));
        }
        must(tabor_set_gain(s->two, 0.4 + round / 20.0, 999));
        score_render(s, 1500);
    }
    must(tabor_stop(s->one, 700));
    must(tabor_stop(s->two, 20));
    score_render(s, 5000);
    PLAY(s->one, s->stereo, s->frame);
    PLAY(s->one, s->stereo, s->frame + 9000);
    score_render(s, 100); /* the engine closes over these two */
}

static void (*const score_parts[])(score *) = {
    score_levels,  score_rates,   score_kernels, score_loops,
    score_fades,   score_edges,   score_seeks,   score_envelopes,
    score_chokes,  score_steals,  score_late,    score_cancels,
    score_batches, score_unloads, score_leaves,  score_crowd,
};

/* ----------------------------------------------------------------- play -- */

static inline void
score_open(score *s)
{
    tabor_engine_config config = TABOR_ENGINE_CONFIG;
    config.driver = "offline";
    config.rate = s->sheet->rate;
    config.channels = s->sheet->channels;
    config.voices = s->sheet->voices;
    config.limiter = s->sheet->limiter;
    config.kernel = s->sheet->kernel;
    config.block = s->pattern.block;
    must(tabor_engine_open(&config, &s->r.engine));
    must(tabor_client_open(s->r.engine, NULL, &s->r.client));
    must(tabor_client_open(s->r.engine, NULL, &s->two));
    s->one = s->r.client;
}

static inline void
score_close(score *s)
{
    tabor_stats stats;
    tabor_get_stats(s->one, &stats);
    s->count.unsound += stats.unsound;
    s->count.stolen += stats.stolen;
    s->count.stale += stats.stale;
    tabor_engine_close(s->r.engine);
    score_poll(s);
    tabor_client_close(s->one);
    tabor_client_close(s->two);
}

/* Play the whole score on each sheet. Returns the hash of all values and all
 * events; count: out. */
static inline uint64_t
score_play(golden_pattern pattern, score_count *count)
{
    uint64_t hash = GOLDEN_HASH;
    *count = (score_count){0};
    for (int i = 0; i < SCORE_SHEETS; i++) {
        score s = {.sheet = &score_sheets[i],
                   .pattern = pattern,
                   .dice = 77,
                   .hash = hash,
                   .count = *count};
        score_open(&s);
        score_load(&s);
        for (size_t k = 0; k < sizeof score_parts / sizeof *score_parts; k++) {
            score_parts[k](&s);
        }
        score_close(&s);
        hash = s.hash;
        *count = s.count;
    }
    return hash;
}

#endif
