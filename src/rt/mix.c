/* SPDX-License-Identifier: MIT
 *
 * Voices to the bus: cut time into stretches in which nothing about a voice
 * changes kind, read its sample over one, add it at its levels.
 */
#include "rt/envelope.h"
#include "rt/kernel.h"
#include "rt/position.h"
#include "rt/voice.h"

/* Values worked on at once: they stay in the first-level cache. */
#define CHUNK 256
/* Most frames of a sample that are laid out anew at once where a voice crosses
 * a loop's seam. */
#define WINDOW 512

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
    cut = nearer(cut, tabor_ramp_rest(&v->right, frame));
    cut = nearer(cut, tabor_ramp_rest(&v->fade, frame));
    uint64_t count = nearer(cut - frame, CHUNK);
    /* far from its end, and that is mostly, there is nothing to divide */
    if (will_fade_out(v) || v->left_phase < CHUNK * v->step) {
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

/* Do gain, fade or one of the sides move? */
static int
levels_move(const tabor_voice *v, const tabor_ramp *left,
            const tabor_ramp *right, uint64_t frame)
{
    return tabor_ramp_moves(&v->gain, frame) ||
           tabor_ramp_moves(&v->fade, frame) || tabor_ramp_moves(left, frame) ||
           tabor_ramp_moves(right, frame);
}

/* Add one sample channel to one bus channel, at levels that rest or move.
 * share: 1 / sample channels that meet there. */
static void
add_lane(const tabor_kernels *kernels, const tabor_voice *v, float *out,
         const float *in, uint64_t frame, const tabor_ramp *side, float share,
         uint32_t n)
{
    if (!levels_move(v, side, side, frame)) {
        kernels->add(out, in, v->gain.to * v->fade.to * side->to * share, n);
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
    if (!levels_move(v, &v->left, &v->right, frame)) {
        float both = v->gain.to * v->fade.to;
        const float levels[2] = {both * v->left.to, both * v->right.to};
        kernels->add_pair(out, in, levels, n);
        return;
    }
    const tabor_levels levels = {
        .gain = slope_of(&v->gain, frame),
        .fade = slope_of(&v->fade, frame),
        .side = {slope_of(&v->left, frame), slope_of(&v->right, frame)},
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
    return 1.0f / (float)((sample_channels - c % channels - 1) / channels + 1);
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
    const tabor_ramp *side = rt->channels == 1 || lane > 1 ? &unity
                             : lane == 0                   ? &v->left
                                                           : &v->right;
    add_lane(rt->kernels, v, out, in, frame, side, share, n);
}

/* ------------------------------------------------------------------ mix -- */

/* Read n values along a path of one channel, or of two. */
static void
read_path(const tabor_rt *rt, const tabor_voice *v, tabor_path path, uint32_t n,
          float scratch[2][CHUNK])
{
    int pair = path.values[1] != NULL;
    float *const out[2] = {scratch[0], scratch[1]};
    if (v->kernel == TABOR_READ_LINEAR) {
        rt->kernels->linear(&path, out[0], n);
        path.values[0] = path.values[1];
        if (pair) {
            rt->kernels->linear(&path, out[1], n);
        }
        return;
    }
    const tabor_sinc *sinc =
        tabor_sinc_for(rt->sinc[v->kernel - TABOR_READ_SINC16], v->step);
    if (pair) {
        rt->kernels->sinc_pair(sinc, &path, out, n);
    } else {
        rt->kernels->sinc(sinc, &path, out[0], n);
    }
}

/* Read n values of channel c of v, and of channel c + 1 if there is one. */
static void
read_channels(const tabor_rt *rt, const tabor_voice *v, unsigned c,
              int over_seam, uint32_t n, float scratch[2][CHUNK])
{
    const float *first = v->values + c * v->stride;
    int pair = c + 1 < v->channels;
    tabor_path path = {.values = {first, pair ? first + v->stride : NULL},
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
    read_path(rt, v, path, n, scratch);
}

/* Add at most n even frames of v to the bus at offset; returns how many. */
static uint32_t
mix_even(tabor_rt *rt, tabor_voice *v, uint64_t frame, uint32_t offset,
         uint32_t n)
{
    int plain = v->step == TABOR_STEP_ONE && (uint32_t)v->phase == 0;
    int over_seam = 0;
    if (v->loop_end) {
        uint64_t safe = plain ? tabor_position_before_cross(v)
                              : tabor_position_before_seam(v);
        over_seam = safe == 0;
        n = (uint32_t)nearer(
            n, over_seam ? ((uint64_t)(WINDOW - 4) << 32) / v->step : safe);
    }
    float scratch[2][CHUNK];
    for (unsigned c = 0; c < v->channels; c++) {
        const float *in = v->values + c * v->stride + (v->phase >> 32);
        if (!plain) {
            if (c % 2 == 0) {
                read_channels(rt, v, c, over_seam, n, scratch);
            }
            in = scratch[c % 2];
        } else if (over_seam) {
            tabor_position_unroll(v, v->values + c * v->stride, 0, scratch[0],
                                  n);
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

TABOR_RT uint32_t
tabor_voices_mix(tabor_rt *rt, uint32_t n)
{
    uint32_t count = 0;
    for (uint32_t w = 0; w < (rt->voice_slots + 63) / 64; w++) {
        for (uint64_t bits = rt->active[w]; bits; bits &= bits - 1) {
            uint32_t index = w * 64 + (uint32_t)__builtin_ctzll(bits);
            tabor_voice *v = &rt->voices[index];
            uint32_t lasted = mix_voice(rt, v, n);
            if (is_over(v, rt->frame + lasted)) {
                rt->ended[count++] = lasted << 16 | index;
            }
        }
    }
    return count;
}
