/* SPDX-License-Identifier: MIT
 *
 * Voices to the bus: cut time into stretches in which nothing about a voice
 * changes kind, read its sample over one, add it at its levels.
 */
#include <string.h>

#include "rt/envelope.h"
#include "rt/kernel.h"
#include "rt/position.h"
#include "rt/voice.h"

/* Most frames of a sample that are laid out anew at once where a voice crosses
 * a loop's seam. */
#define WINDOW 512
/* Values in a cache line, and most that are fetched ahead of one voice. */
#define LINE  16
#define FETCH 288

/* ------------------------------------------------------------ stretches -- */

static uint64_t
nearer(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

static int
will_fade_out(const tabor_voice *v)
{
    return v->fade_out && !v->ending;
}

/* A fade out begins so long before the natural end, if the voice is not stopped
 * before that. */
static void
begin_fade_out(tabor_voice *v, uint64_t frame)
{
    uint64_t left =
        will_fade_out(v) ? tabor_position_frames_left(v) : TABOR_NEVER;
    if (will_fade_out(v) && left <= v->fade_out) {
        if (v->stop_frame > frame + left) {
            tabor_ramp_to(&v->fade, frame, (uint32_t)left, 0.0f);
        }
        v->ending = 1;
    }
}

/* The frame at which v has risen where a seek has put it, or TABOR_NEVER. */
static uint64_t
end_of_entry(const tabor_rt *rt, tabor_voice *v, uint64_t frame)
{
    const tabor_ramp entry = tabor_voice_entry(rt, v, frame);
    v->entering = (uint8_t)tabor_ramp_moves(&entry, frame);
    return tabor_ramp_rest(&entry, frame);
}

/* Frames from frame on, at most n, in which nothing about v changes kind. */
static uint32_t
even_frames(const tabor_rt *rt, tabor_voice *v, uint64_t frame, uint32_t n)
{
    uint64_t cut = nearer(frame + n, tabor_position_step(v, frame));
    tabor_envelope_step(&v->env, frame);
    begin_fade_out(v, frame);
    cut = nearer(cut, end_of_entry(rt, v, frame));
    cut = nearer(cut, v->stop_frame);
    cut = nearer(cut, v->env.next);
    cut = nearer(cut, tabor_ramp_rest(&v->env.level, frame));
    cut = nearer(cut, tabor_ramp_rest(&v->gain, frame));
    cut = nearer(cut, tabor_ramp_rest(&v->left, frame));
    cut = nearer(cut, tabor_ramp_rest(&v->fade, frame));
    uint64_t count = nearer(cut - frame, TABOR_CHUNK);
    /* far from its end, and that is mostly, there is nothing to divide */
    if (will_fade_out(v) || v->left_phase < TABOR_CHUNK * v->step) {
        uint64_t left = tabor_position_frames_left(v);
        count = nearer(count, left);
        if (will_fade_out(v) && left != TABOR_NEVER) {
            count = nearer(count, left - v->fade_out);
        }
    }
    if (v->loop_end) {
        uint64_t way = ((uint64_t)v->loop_end << 32) - v->phase;
        count = nearer(count, tabor_position_frames_for(v, way));
    }
    return (uint32_t)count;
}

/* ---------------------------------------------------------------- levels -- */

/* A ramp from frame on, in a span that ends no later than the ramp. */
static tabor_slope
slope_of(const tabor_ramp *r, uint64_t frame)
{
    if (!tabor_ramp_moves(r, frame)) {
        return (tabor_slope){.from = r->to};
    }
    return (tabor_slope){.from = r->from,
                         .way = r->to - r->from,
                         .per_frame = 1.0f / (float)r->frames,
                         .at = (float)(frame - r->start)};
}

/* Do gain, fade or a side move? Both sides move together. */
static int
levels_move(const tabor_voice *v, const tabor_ramp *side, uint64_t frame)
{
    return tabor_ramp_moves(&v->gain, frame) ||
           tabor_ramp_moves(&v->fade, frame) || tabor_ramp_moves(side, frame);
}

/* Add one sample channel to one bus channel, at levels that rest or move.
 * share: 1 / sample channels that meet there. */
static void
add_lane(const tabor_kernels *kernels, const tabor_voice *v, float *out,
         const float *in, uint64_t frame, const tabor_ramp *side, float share,
         uint32_t n)
{
    if (!levels_move(v, side, frame)) {
        float level = v->gain.to * v->fade.to * side->to * share;
        kernels->add(out, &(tabor_input){in, {level}}, 1, n);
        return;
    }
    const tabor_levels levels = {.gain = slope_of(&v->gain, frame),
                                 .fade = slope_of(&v->fade, frame),
                                 .side[0] = slope_of(side, frame),
                                 .share = share};
    kernels->add_moving(out, in, &levels, n);
}

/* Add one sample channel to the bus channels left and right. */
static void
add_panned(const tabor_kernels *kernels, const tabor_voice *v, float *left,
           const float *in, uint64_t frame, uint32_t n)
{
    float *const out[2] = {left, left + TABOR_SPAN_MAX};
    if (!levels_move(v, &v->left, frame)) {
        float both = v->gain.to * v->fade.to;
        tabor_input input = {in, {both * v->left.to, both * v->right_to}};
        kernels->add_pair(out, &input, 1, n);
        return;
    }
    const tabor_ramp right = tabor_voice_right(v);
    const tabor_levels levels = {
        .gain = slope_of(&v->gain, frame),
        .fade = slope_of(&v->fade, frame),
        .side = {slope_of(&v->left, frame), slope_of(&right, frame)},
        .share = 1.0f};
    kernels->add_pair_moving(out, in, &levels, n);
}

/* An envelope, and the rise after a seek, is one level more, for the few voices
 * that have one: their values are multiplied before they are added. in may be
 * out. */
static void
apply_ramp(const tabor_ramp *ramp, float *out, const float *in, uint64_t frame,
           uint32_t n)
{
    const tabor_slope level = slope_of(ramp, frame);
    for (uint32_t i = 0; i < n; i++) {
        out[i] = in[i] * tabor_slope_at(&level, i);
    }
}

/* 1 / sample channels that meet on the engine channel of sample channel c. */
static float
lane_share(unsigned sample_channels, unsigned channels, unsigned c)
{
    if (sample_channels <= channels) {
        return 1.0f;
    }
    const unsigned same = (sample_channels - c % channels - 1) / channels + 1;
    return 1.0f / (float)same;
}

/* Add n values of sample channel c where they belong. */
static void
add_channel(tabor_rt *rt, const tabor_voice *v, unsigned c, const float *in,
            uint64_t frame, uint32_t offset, uint32_t n)
{
    static const tabor_ramp unity = {.to = 1.0f};
    unsigned lane = c < rt->channels ? c : c % rt->channels;
    float *out = rt->bus + (size_t)lane * TABOR_SPAN_MAX + offset;
    float share = lane_share(v->channels, rt->channels, c);
    if (v->channels == 1 && rt->channels > 1) {
        add_panned(rt->kernels, v, out, in, frame, n);
        return;
    }
    tabor_ramp side = rt->channels == 1 || lane > 1 ? unity
                      : lane == 0                   ? v->left
                                                    : tabor_voice_right(v);
    add_lane(rt->kernels, v, out, in, frame, &side, share, n);
}

/* ------------------------------------------------------------------ mix -- */

/* Frame 0 of channel c. */
static const float *
channel_of(const tabor_rt *rt, const tabor_voice *v, unsigned c)
{
    return v->values + (c ? c * rt->slots[v->sample].stride : 0);
}

/* Read n values along a path of one channel, or of two. */
static void
read_path(const tabor_rt *rt, const tabor_voice *v, const tabor_path *path,
          uint32_t n, float *const out[2])
{
    int pair = path->values[1] != NULL;
    if (v->kernel == TABOR_READ_LINEAR) {
        rt->kernels->linear(path, out[0], n);
        if (pair) {
            tabor_path second = *path;
            second.values[0] = path->values[1];
            rt->kernels->linear(&second, out[1], n);
        }
        return;
    }
    const tabor_sinc *sinc =
        tabor_sinc_for(rt->sinc[v->kernel - TABOR_READ_SINC16], v->step);
    if (pair) {
        rt->kernels->sinc_pair(sinc, path, out, n);
    } else {
        rt->kernels->sinc(sinc, path, out[0], n);
    }
}

/* Read n values of channel c of v, and of channel c + 1 if there is one. */
static void
read_channels(const tabor_rt *rt, const tabor_voice *v, unsigned c,
              int over_seam, uint32_t n, float *const out[2])
{
    int pair = c + 1 < v->channels;
    tabor_path path = {.values = {channel_of(rt, v, c),
                                  pair ? channel_of(rt, v, c + 1) : NULL},
                       .phase = v->phase,
                       .step = v->step};
    float window[2][WINDOW + 2 * TABOR_REACH];
    if (over_seam) {
        path.phase = (uint32_t)v->phase;
        uint32_t span = (uint32_t)((path.phase + (n - 1) * v->step) >> 32);
        for (int i = 0; i <= pair; i++) {
            tabor_position_unroll(v, path.values[i], TABOR_REACH, window[i],
                                  span + 2 + 2 * TABOR_REACH);
            path.values[i] = window[i] + TABOR_REACH;
        }
    }
    read_path(rt, v, &path, n, out);
}

/* Is what it reads what is stored? */
static int
is_plain(const tabor_voice *v)
{
    return v->step == TABOR_STEP_ONE && (uint32_t)v->phase == 0;
}

/* Add at most n even frames of v to the bus at offset; returns how many. */
static uint32_t
mix_even(tabor_rt *rt, tabor_voice *v, uint64_t frame, uint32_t offset,
         uint32_t n)
{
    int plain = is_plain(v);
    int over_seam = 0;
    if (v->loop_end) {
        uint64_t safe = plain ? tabor_position_before_cross(v)
                              : tabor_position_before_seam(v);
        over_seam = safe == 0;
        n = (uint32_t)nearer(
            n, over_seam ? ((uint64_t)(WINDOW - 4) << 32) / v->step : safe);
    }
    float scratch[2][TABOR_CHUNK];
    float *const read[2] = {scratch[0], scratch[1]};
    for (unsigned c = 0; c < v->channels; c++) {
        const float *in = channel_of(rt, v, c) + (v->phase >> 32);
        if (!plain) {
            if (c % 2 == 0) {
                read_channels(rt, v, c, over_seam, n, read);
            }
            in = scratch[c % 2];
        } else if (over_seam) {
            tabor_position_unroll(v, channel_of(rt, v, c), 0, scratch[0], n);
            in = scratch[0];
        }
        if (v->env.stage != TABOR_STAGE_NONE) {
            apply_ramp(&v->env.level, scratch[c % 2], in, frame, n);
            in = scratch[c % 2];
        }
        if (v->entering) {
            const tabor_ramp entry = tabor_voice_entry(rt, v, frame);
            apply_ramp(&entry, scratch[c % 2], in, frame, n);
            in = scratch[c % 2];
        }
        add_channel(rt, v, c, in, frame, offset, n);
    }
    tabor_position_move_on(v, n * v->step);
    return n;
}

static int
is_over(const tabor_voice *v, uint64_t frame)
{
    return v->left_phase == 0 || v->stop_frame <= frame ||
           tabor_envelope_is_over(&v->env, frame);
}

/* Mix up to n frames; returns how many there were before the voice ended. */
static uint32_t
mix_voice(tabor_rt *rt, tabor_voice *v, uint32_t n)
{
    uint32_t done = 0;
    while (done < n && !is_over(v, rt->frame + done)) {
        uint32_t even = even_frames(rt, v, rt->frame + done, n - done);
        /* none if a stage that was entered just now has ended it */
        if (even > 0) {
            done += mix_even(rt, v, rt->frame + done, done, even);
        }
    }
    return done;
}

TABOR_RT void
tabor_voice_changed(tabor_rt *rt, tabor_voice *v)
{
    v->rest_until = 0;
    rt->over |= is_over(v, rt->frame);
}

/* -------------------------------------------------------------- at rest -- */

/* Voices at rest that are added to the bus in one pass, all of as many
 * channels. They are gathered before they are read, so that their values are
 * on the way from memory meanwhile. */
typedef struct group {
    tabor_input inputs[2][TABOR_INPUTS]; /* [1]: of second channels */
    tabor_voice *voices[TABOR_INPUTS];   /* of the inputs in through */
    uint32_t through; /* a bit for each input that is not just copied */
    unsigned count, most;
    unsigned channels;
} group;

static int
moves(const tabor_voice *v, uint64_t frame)
{
    return v->step_frames || v->entering || levels_move(v, &v->left, frame) ||
           tabor_ramp_moves(&v->env.level, frame);
}

/* The frame at which a loop turns, or a path comes near its seam. */
static uint64_t
next_turn(const tabor_voice *v, uint64_t frame)
{
    if (!v->loop_end) {
        return TABOR_NEVER;
    }
    uint64_t way = ((uint64_t)v->loop_end << 32) - v->phase;
    uint64_t turn = tabor_position_frames_for(v, way);
    uint64_t seam = is_plain(v) ? tabor_position_before_cross(v)
                                : tabor_position_before_seam(v);
    return frame + nearer(turn, seam);
}

/* The frame at which it ends, or a fade out begins. */
static uint64_t
next_end(const tabor_voice *v, uint64_t frame)
{
    uint64_t left = tabor_position_frames_left(v);
    uint64_t cut = nearer(v->stop_frame, v->env.next);
    if (left == TABOR_NEVER) {
        return cut;
    }
    uint64_t fade_out = will_fade_out(v) ? v->fade_out : 0;
    return nearer(cut, left > fade_out ? frame + left - fade_out : frame);
}

static uint8_t
how_through(const tabor_voice *v)
{
    if (is_plain(v) && v->env.stage == TABOR_STAGE_NONE) {
        return TABOR_THROUGH_NOTHING;
    }
    if (v->kernel == TABOR_READ_LINEAR && v->channels == 1 && !is_plain(v) &&
        v->env.stage == TABOR_STAGE_NONE) {
        return TABOR_THROUGH_LINE;
    }
    return TABOR_THROUGH_ALL;
}

/* Find out until when v rests from frame on, and at which levels. */
static void
settle(const tabor_rt *rt, tabor_voice *v, uint64_t frame)
{
    v->rest_until = frame;
    if (moves(v, frame) || v->channels > 2 || v->channels > rt->channels) {
        return;
    }
    v->rest_until = nearer(next_end(v, frame), next_turn(v, frame));
    float both = v->gain.to * v->fade.to;
    v->levels[0] = rt->channels == 1 ? both : both * v->left.to;
    v->levels[1] = both * v->right_to;
    v->through = how_through(v);
}

/* Read a voice that is not stored as it sounds; the values are in out then. */
static void
read_at_rest(const tabor_rt *rt, const tabor_voice *v, uint32_t n,
             float *const out[2])
{
    int pair = v->channels == 2;
    tabor_path path = {
        .values = {v->values, pair ? channel_of(rt, v, 1) : NULL},
        .phase = v->phase,
        .step = v->step};
    if (!is_plain(v)) {
        read_path(rt, v, &path, n, out);
    }
    for (unsigned c = 0; c < v->channels && v->env.stage; c++) {
        const float *stored = path.values[c] + (v->phase >> 32);
        apply_ramp(&v->env.level, out[c], is_plain(v) ? stored : out[c],
                   rt->frame, n);
    }
}

static inline void
move_on_at_rest(tabor_voice *v, uint32_t n)
{
    uint64_t way = n * v->step;
    v->phase += way;
    if (v->left_phase != TABOR_NEVER) {
        v->left_phase -= way;
    }
}

/* Read the next n frames of those of a group that are not just copied. */
static void
read_group(tabor_rt *rt, group *g, uint32_t n)
{
    for (uint32_t bits = g->through; bits; bits &= bits - 1) {
        unsigned k = (unsigned)__builtin_ctz(bits);
        unsigned place = k * g->channels;
        tabor_voice *v = g->voices[k];
        float *const out[2] = {rt->scratch[place], rt->scratch[place + 1]};
        if (v->through == TABOR_THROUGH_LINE) {
            const tabor_path path = {{v->values, NULL}, v->phase, v->step};
            rt->kernels->linear(&path, out[0], n);
        } else {
            read_at_rest(rt, v, n, out);
        }
        g->inputs[0][k].values = out[0];
        g->inputs[1][k].values = out[1];
        move_on_at_rest(v, n);
    }
}

/* Add n frames of a group, at most TABOR_CHUNK, to the bus at offset. */
static void
add_group(const tabor_rt *rt, const group *g, uint32_t offset, uint32_t n)
{
    float *const out[2] = {rt->bus + offset, rt->bus + TABOR_SPAN_MAX + offset};
    if (g->channels == 2) {
        rt->kernels->add(out[0], g->inputs[0], g->count, n);
        rt->kernels->add(out[1], g->inputs[1], g->count, n);
    } else if (rt->channels > 1) {
        rt->kernels->add_pair(out, g->inputs[0], g->count, n);
    } else {
        rt->kernels->add(out[0], g->inputs[0], g->count, n);
    }
}

static void
move_inputs_on(group *g, uint32_t n)
{
    for (unsigned k = 0; k < g->count; k++) {
        g->inputs[0][k].values += n;
        g->inputs[1][k].values += n;
    }
}

/* Add n frames of a group, and empty it. */
static void
mix_group(tabor_rt *rt, group *g, uint32_t n)
{
    for (uint32_t at = 0; at < n && g->count; at += TABOR_CHUNK) {
        if (at > 0) {
            move_inputs_on(g, TABOR_CHUNK);
        }
        uint32_t some = n - at < TABOR_CHUNK ? n - at : TABOR_CHUNK;
        read_group(rt, g, some);
        add_group(rt, g, at, some);
    }
    g->count = 0;
    g->through = 0;
}

/* Have frames of a sample, at most FETCH, brought near. To the compiler this is
 * a function without effects, which it drops unless it is made part of another.
 */
static inline __attribute__((always_inline)) void
fetch(const float *values, uint32_t frames)
{
    const float *end = values + frames;
    for (; values < end; values += LINE) {
        __builtin_prefetch(values);
    }
}

/* Frames to fetch for n of v: a line more, as they begin anywhere in one. Few
 * different numbers, of which the processor's guess is mostly right. */
static inline uint32_t
frames_to_fetch(const tabor_voice *v, uint32_t n)
{
    uint64_t frames = n;
    if (v->step != TABOR_STEP_ONE) {
        frames = ((n * v->step >> 32) + UINT64_C(2) * LINE) & ~UINT64_C(31);
    }
    return (uint32_t)nearer(frames + LINE, FETCH);
}

/* Let v join a group. A bus adds its voices in their order: those of another
 * kind go first. */
static inline void
join(tabor_rt *rt, group *g, tabor_voice *v, uint32_t n)
{
    if (g->count == g->most || g->channels != v->channels) {
        mix_group(rt, g, n);
        g->channels = v->channels;
        g->most = TABOR_INPUTS >> (v->channels - 1);
    }
    unsigned k = g->count++;
    const float *values = v->values + (v->phase >> 32);
    uint32_t frames = frames_to_fetch(v, n);
    g->inputs[0][k] = (tabor_input){values, {v->levels[0], v->levels[1]}};
    fetch(values, frames);
    if (v->channels == 2) {
        values += rt->slots[v->sample].stride;
        g->inputs[1][k] = (tabor_input){values, {v->levels[1]}};
        fetch(values, frames);
    }
    if (v->through) {
        g->through |= 1u << k;
        g->voices[k] = v;
    } else {
        move_on_at_rest(v, n);
    }
}

/* A voice that does not rest for n frames and on; it may come to rest now.
 * Returns how many have ended, 1 or 0. */
static __attribute__((noinline)) uint32_t
mix_alone(tabor_rt *rt, group *g, tabor_voice *v, uint32_t n, uint32_t *ended)
{
    settle(rt, v, rt->frame);
    if (rt->frame + n < v->rest_until) {
        join(rt, g, v, n);
        return 0;
    }
    mix_group(rt, g, n);
    uint32_t lasted = mix_voice(rt, v, n);
    if (!is_over(v, rt->frame + lasted)) {
        return 0;
    }
    *ended = lasted << 16 | (uint32_t)(v - rt->voices);
    return 1;
}

TABOR_RT uint32_t
tabor_voices_mix(tabor_rt *rt, uint32_t n)
{
    uint32_t count = 0;
    group g = {.count = 0, .most = 0};
    rt->over = 0;
    for (uint32_t w = 0; w < (rt->voice_slots + 63) / 64; w++) {
        for (uint64_t bits = rt->active[w]; bits; bits &= bits - 1) {
            tabor_voice *v =
                &rt->voices[(size_t)w * 64] + __builtin_ctzll(bits);
            __builtin_prefetch(v + 8);
            if (rt->frame + n < v->rest_until) {
                join(rt, &g, v, n);
            } else {
                count += mix_alone(rt, &g, v, n, &rt->ended[count]);
            }
        }
    }
    mix_group(rt, &g, n);
    return count;
}
