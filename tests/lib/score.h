/* SPDX-License-Identifier: MIT
 *
 * What the golden score is written with: an engine, two clients, sounds, words
 * to play and to render. The score itself is score-parts.h.
 *
 * Sounds are made of whole numbers: no compiler rounds them.
 */
#ifndef TABOR_TESTS_SCORE_H
#define TABOR_TESTS_SCORE_H

#include "golden.h"

/* What the engine is like when the whole score is played. */
typedef struct score_sheet {
    uint32_t rate, channels, voices;
    int limiter;
    tabor_kernel kernel;
} score_sheet;

#define SCORE_SHEETS 3
static const score_sheet score_sheets[SCORE_SHEETS] = {
    {48000, 2, 48, 0, TABOR_KERNEL_SINC16},
    {44100, 6, 12, 1, TABOR_KERNEL_LINEAR},
    {96000, 1, 24, 1, TABOR_KERNEL_SINC32},
};

/* Reasons and other events that were told, and what was heard. */
typedef struct score_count {
    uint32_t reasons[7], lates, pongs, frames;
    uint64_t unsound, stolen, stale;
    double sum;
} score_count;

typedef struct score {
    rig r;
    tabor_client *one, *two; /* one is r.client; two is NULL for a while */
    const score_sheet *sheet;
    golden_pattern pattern;
    uint32_t dice;
    tabor_handle mono, stereo, five, loop; /* loop: has one of its own */
    uint64_t frame;                        /* rendered */
    uint64_t hash;
    score_count count;
} score;

/* ---------------------------------------------------------------- words -- */

/* PLAY(client, sample, frame, p.gain = 0.5, p.pan = 1) is the voice; fields
 * are those of tabor_play_params. frame is absolute. */
#define PLAY(client, sample, when, ...)                                        \
    __extension__({                                                            \
        tabor_play_params p = TABOR_PLAY;                                      \
        tabor_handle voice_;                                                   \
        p.at = (when);                                                         \
        __VA_ARGS__;                                                           \
        must(tabor_play((client), (sample), &p, &voice_));                     \
        voice_;                                                                \
    })

/* SET(client, voice, frame, p.which = TABOR_SET_PAN, p.pan = 1): fields of
 * tabor_voice_params. */
#define SET(client, voice, when, ...)                                          \
    do {                                                                       \
        tabor_voice_params p = TABOR_VOICE;                                    \
        p.at = (when);                                                         \
        __VA_ARGS__;                                                           \
        must(tabor_voice_set((client), (voice), &p));                          \
    } while (0)

static inline void
score_take_event(score *s, const tabor_event *e)
{
    const uint64_t words[] = {e->type,  e->reason, e->handle,
                              e->frame, e->value,  e->late};
    for (int i = 0; i < 6; i++) {
        s->hash = golden_hash_word(s->hash, (uint32_t)words[i]);
        s->hash = golden_hash_word(s->hash, (uint32_t)(words[i] >> 32));
    }
    if (e->type == TABOR_EVENT_ENDED && e->reason < 7) {
        s->count.reasons[e->reason]++;
    }
    s->count.lates += e->type == TABOR_EVENT_LATE;
    s->count.pongs += e->type == TABOR_EVENT_PONG;
}

static inline void
score_poll(score *s)
{
    tabor_event e;
    while (tabor_poll(s->one, &e, 1)) {
        score_take_event(s, &e);
    }
    while (s->two && tabor_poll(s->two, &e, 1)) {
        score_take_event(s, &e);
    }
}

/* Render so many frames in the pattern's blocks, and take what is told. */
static inline void
score_render(score *s, uint32_t frames)
{
    size_t values = (size_t)frames * s->sheet->channels;
    float *out = calloc(values + 1, sizeof *out), *at = out;
    for (uint32_t left = frames; left > 0;) {
        uint32_t n = golden_step(&s->pattern);
        n = n < left ? n : left;
        must(tabor_engine_render(s->r.engine, n, at));
        at += (size_t)n * s->sheet->channels;
        left -= n;
    }
    s->hash = golden_hash_values(s->hash, out, values);
    for (size_t i = 0; i < values; i++) {
        s->count.sum += fabs(out[i]);
    }
    free(out);
    s->frame += frames;
    s->count.frames += frames;
    score_poll(s);
}

/* --------------------------------------------------------------- sounds -- */

/* Noise that is smoothed a little, so that it has highs and lows. */
static inline tabor_handle
score_sound(score *s, uint32_t frames, uint32_t channels, uint32_t loop_start,
            uint32_t loop_end)
{
    tabor_audio *audio;
    tabor_handle sample;
    must(tabor_audio_new(frames, channels, s->sheet->rate, &audio));
    for (uint32_t c = 0; c < channels; c++) {
        int before = 0;
        for (uint32_t i = 0; i < frames; i++) {
            int now = (int)golden_roll(&s->dice, 32768) - 16384;
            before = (3 * before + now) / 4;
            audio->values[i * channels + c] = (float)before / 32768.0f;
        }
    }
    audio->loop_start = loop_start;
    audio->loop_end = loop_end;
    must(tabor_sample_add(s->one, audio, "sound", &sample));
    tabor_audio_free(audio);
    return sample;
}

/* A sound of one value, for example one that is no number once amplified, or
 * one that is too small to be a normal number. */
static inline tabor_handle
score_level(score *s, uint32_t frames, float value)
{
    tabor_audio *audio;
    tabor_handle sample;
    must(tabor_audio_new(frames, 1, s->sheet->rate, &audio));
    for (uint32_t i = 0; i < frames; i++) {
        audio->values[i] = value;
    }
    must(tabor_sample_add(s->one, audio, "level", &sample));
    tabor_audio_free(audio);
    return sample;
}

static inline void
score_load(score *s)
{
    s->mono = score_sound(s, 3001, 1, 0, 0);
    s->stereo = score_sound(s, 5003, 2, 0, 0);
    s->five = score_sound(s, 2011, 5, 0, 0);
    s->loop = score_sound(s, 1999, 2, 400, 1777);
}

#endif
