/* SPDX-License-Identifier: MIT
 *
 * Voices to the bus: cut time into stretches in which nothing about a voice
 * changes kind, read its sample over one, add it at its levels.
 */
#include "rt/envelope.h"
#include "rt/kernel.h"
#include "rt/voice.h"

/* Values worked on at once: they stay in the first-level cache. */
#define CHUNK 256
/* A moving step changes on multiples of this many engine frames. */
#define STEP_GRID 64
/* Frames beside a position that a kernel may read, and most of a sample that
 * are laid out anew at once where it crosses a loop's seam. */
#define REACH  16
#define WINDOW 512

/* ------------------------------------------------------------- position -- */

/* A moving step is constant between grid lines of the absolute frame. Sets it
 * for frame and returns the next frame at which it may change. */
static uint64_t
step_update(tabor_voice *v, uint64_t frame)
{
    if (v->step_frames == 0) {
        return TABOR_NEVER;
    }
    uint64_t passed = frame - v->step_start;
    if (passed >= v->step_frames) {
        v->step = v->step_to;
        v->step_frames = 0;
        return TABOR_NEVER;
    }
    uint64_t rest = v->step_start + v->step_frames;
    uint64_t grid = (frame / STEP_GRID + 1) * STEP_GRID;
    if (frame % STEP_GRID == 0) {
        double share = (double)passed / (double)v->step_frames;
        double way = (double)v->step_to - (double)v->step_from;
        v->step = v->step_from + (uint64_t)(int64_t)(way * share);
    }
    return grid < rest ? grid : rest;
}

/* Engine frames in which the voice moves on by way, at the present step. */
static uint64_t
frames_for(const tabor_voice *v, uint64_t way)
{
    return way / v->step + (way % v->step != 0);
}

/* Engine frames until it is over by itself. */
static uint64_t
frames_left(const tabor_voice *v)
{
    return v->left_phase == TABOR_NEVER ? TABOR_NEVER
                                        : frames_for(v, v->left_phase);
}

static void
wrap(tabor_voice *v)
{
    uint64_t end = (uint64_t)v->loop_end << 32;
    if (!v->loop_end || v->phase < end) {
        return;
    }
    uint64_t start = (uint64_t)v->loop_start << 32;
    v->phase = start + (v->phase - start) % (end - start);
    v->looped = 1;
}

static void
move_on(tabor_voice *v, uint64_t way)
{
    v->phase += way;
    if (v->left_phase != TABOR_NEVER) {
        v->left_phase -= way < v->left_phase ? way : v->left_phase;
    }
    wrap(v);
}

TABOR_RT void
tabor_voice_skip(tabor_voice *v, uint64_t frames)
{
    wrap(v); /* an offset past the loop's end begins inside it */
    uint64_t left = frames_left(v);
    if (frames >= left) {
        v->left_phase = 0;
        return;
    }
    /* in steps whose product can't overflow */
    for (uint64_t most = (UINT64_C(1) << 62) / v->step; frames > 0;) {
        uint64_t n = frames < most ? frames : most;
        move_on(v, n * v->step);
        frames -= n;
    }
}

/* ------------------------------------------------------------ stretches -- */

static uint64_t
nearer(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

/* A fade out begins so long before the natural end. */
static void
begin_fade_out(tabor_voice *v, uint64_t frame)
{
    uint64_t left = frames_left(v);
    if (v->fade_out && left <= v->fade_out) {
        tabor_ramp_to(&v->fade, frame, (uint32_t)left, 0.0f);
        v->fade_out = 0;
    }
}

/* Frames from frame on, at most n, in which nothing about v changes kind. */
static uint32_t
even_frames(tabor_voice *v, uint64_t frame, uint32_t n)
{
    uint64_t cut = nearer(frame + n, step_update(v, frame));
    tabor_envelope_step(&v->env, frame);
    begin_fade_out(v, frame);
    cut = nearer(cut, v->stop_frame);
    cut = nearer(cut, v->env.next);
    cut = nearer(cut, tabor_ramp_rest(&v->env.level, frame));
    cut = nearer(cut, tabor_ramp_rest(&v->gain, frame));
    cut = nearer(cut, tabor_ramp_rest(&v->left, frame));
    cut = nearer(cut, tabor_ramp_rest(&v->right, frame));
    cut = nearer(cut, tabor_ramp_rest(&v->fade, frame));
    uint64_t left = frames_left(v);
    uint64_t count = nearer(nearer(cut - frame, CHUNK), left);
    if (v->fade_out && left != TABOR_NEVER) {
        count = nearer(count, left - v->fade_out);
    }
    if (v->loop_end) {
        uint64_t way = ((uint64_t)v->loop_end << 32) - v->phase;
        count = nearer(count, frames_for(v, way));
    }
    return (uint32_t)count;
}

/* ----------------------------------------------------------------- seam -- */

/* Frames that can be read without reaching over a loop's seam; 0 if the first
 * one can't. */
static uint64_t
frames_before_seam(const tabor_voice *v)
{
    uint64_t at = v->phase >> 32;
    if (!v->loop_end) {
        return TABOR_NEVER;
    }
    if ((v->looped && at < (uint64_t)v->loop_start + REACH) ||
        at + REACH >= v->loop_end) {
        return 0;
    }
    uint64_t edge = (uint64_t)(v->loop_end - REACH) << 32;
    return frames_for(v, edge - v->phase);
}

/* The frame that sounds at i, which may lie beyond either end of the loop. */
static int64_t
loop_frame(const tabor_voice *v, int64_t i)
{
    int64_t start = v->loop_start, end = v->loop_end, turn = end - start;
    if (i >= end) {
        return start + (i - start) % turn;
    }
    if (v->looped && i < start) {
        return end - 1 - (start - 1 - i) % turn;
    }
    return i;
}

/* Lay the sample's frames out as they are heard, from REACH before the phase
 * on. */
static void
unroll(const tabor_voice *v, const float *values, float *window, uint32_t count)
{
    int64_t first = (int64_t)(v->phase >> 32) - REACH;
    for (uint32_t k = 0; k < count; k++) {
        window[k] = values[loop_frame(v, first + k)];
    }
}

/* ---------------------------------------------------------------- levels -- */

/* Add one sample channel to one bus channel. side: NULL = no pan there.
 * share: 1 / sample channels that meet there. */
static void
add_lane(const tabor_voice *v, float *out, const float *in, uint64_t frame,
         const tabor_ramp *side, float share, uint32_t n)
{
    static const tabor_ramp unity = {.to = 1.0f};
    if (!side) {
        side = &unity;
    }
    const tabor_ramp *env = &v->env.level;
    if (!tabor_ramp_moves(&v->gain, frame) &&
        !tabor_ramp_moves(&v->fade, frame) && !tabor_ramp_moves(env, frame) &&
        !tabor_ramp_moves(side, frame)) {
        tabor_kernel_add(
            out, in, v->gain.to * v->fade.to * env->to * side->to * share, n);
        return;
    }
    float levels[CHUNK];
    for (uint32_t i = 0; i < n; i++) {
        levels[i] = tabor_ramp_at(&v->gain, frame + i) *
                    tabor_ramp_at(&v->fade, frame + i) *
                    tabor_ramp_at(env, frame + i) *
                    tabor_ramp_at(side, frame + i) * share;
    }
    tabor_kernel_add_each(out, in, levels, n);
}

/* 1 / sample channels that meet on the engine channel of sample channel c. */
static float
lane_share(unsigned sample_channels, unsigned channels, unsigned c)
{
    return 1.0f / (float)((sample_channels - c % channels - 1) / channels + 1);
}

/* Add n values of sample channel c where they belong. */
static void
add_channel(tabor_rt *rt, const tabor_voice *v, unsigned c, const float *in,
            uint64_t frame, uint32_t offset, uint32_t n)
{
    unsigned lane = c % rt->channels;
    float *out = rt->bus + (size_t)lane * TABOR_SPAN_MAX + offset;
    float share = lane_share(v->channels, rt->channels, c);
    if (rt->channels == 1) {
        add_lane(v, out, in, frame, NULL, share, n);
    } else if (v->channels == 1) {
        add_lane(v, out, in, frame, &v->left, 1.0f, n);
        add_lane(v, out + TABOR_SPAN_MAX, in, frame, &v->right, 1.0f, n);
    } else {
        const tabor_ramp *side = lane == 0   ? &v->left
                                 : lane == 1 ? &v->right
                                             : NULL;
        add_lane(v, out, in, frame, side, share, n);
    }
}

/* ------------------------------------------------------------------ mix -- */

/* Read n values of one channel into scratch, or find where they stand. */
static const float *
read_channel(const tabor_voice *v, const float *values, int over_seam,
             float *scratch, uint32_t n)
{
    if (v->step == TABOR_STEP_ONE && (uint32_t)v->phase == 0) {
        return values + (v->phase >> 32);
    }
    if (!over_seam) {
        tabor_kernel_linear(scratch, values, v->phase, v->step, n);
        return scratch;
    }
    float window[WINDOW + 2 * REACH];
    uint64_t fraction = (uint32_t)v->phase;
    uint32_t span = (uint32_t)((fraction + (n - 1) * v->step) >> 32);
    unroll(v, values, window, span + 1 + 2 * REACH);
    tabor_kernel_linear(scratch, window + REACH, fraction, v->step, n);
    return scratch;
}

/* Add at most n even frames of v to the bus at offset; returns how many. */
static uint32_t
mix_even(tabor_rt *rt, tabor_voice *v, uint64_t frame, uint32_t offset,
         uint32_t n)
{
    uint64_t safe = frames_before_seam(v);
    int over_seam = safe == 0;
    uint64_t most = over_seam ? ((uint64_t)(WINDOW - 2) << 32) / v->step : safe;
    n = (uint32_t)nearer(n, most);
    float scratch[CHUNK];
    for (unsigned c = 0; c < v->channels; c++) {
        const float *in =
            read_channel(v, v->values + c * v->stride, over_seam, scratch, n);
        add_channel(rt, v, c, in, frame, offset, n);
    }
    move_on(v, n * v->step);
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
        uint32_t even = even_frames(v, rt->frame + done, n - done);
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
