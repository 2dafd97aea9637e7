/* SPDX-License-Identifier: MIT */
#include "rt/position.h"

#include <string.h>

/* A moving step changes on multiples of so many engine frames. Each change is a
 * corner in the wave, and what corners there are is heard as a hiss: it grows
 * with the square of the grid and falls with the length of the ramp, so this
 * keeps it 80 dB down for any length (tests/py-clicks.py). */
static uint32_t
step_grid(uint32_t ramp_frames)
{
    uint32_t grid = 4;
    while (grid < 64 && 60 * grid * grid < ramp_frames) {
        grid *= 2;
    }
    return grid;
}

/* The step in the middle of the grid's next interval. */
static uint64_t
moving_step(const tabor_voice *v, uint64_t passed, uint32_t grid)
{
    double share =
        ((double)passed + 0.5 * (double)grid) / (double)v->step_frames;
    share = share < 1.0 ? share : 1.0;
    double bend = (share * share) * (3.0 - (share + share));
    double way = (double)v->step_to - (double)v->step_from;
    return v->step_from + (uint64_t)(int64_t)(way * bend);
}

TABOR_RT uint64_t
tabor_position_step(tabor_voice *v, uint64_t frame)
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
    uint32_t grid = step_grid(v->step_frames);
    if (frame % grid == 0) {
        v->step = moving_step(v, passed, grid);
    }
    uint64_t line = (frame / grid + 1) * grid;
    return line < rest ? line : rest;
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

TABOR_RT void
tabor_position_move_on(tabor_voice *v, uint64_t way)
{
    v->phase += way;
    if (v->left_phase != TABOR_NEVER) {
        v->left_phase -= way < v->left_phase ? way : v->left_phase;
    }
    wrap(v);
}

TABOR_RT void
tabor_position_skip(tabor_voice *v, uint64_t frames)
{
    wrap(v); /* an offset past the loop's end begins inside it */
    if (frames == 0) {
        return;
    }
    uint64_t left = tabor_position_frames_left(v);
    if (frames >= left) {
        v->left_phase = 0;
        return;
    }
    /* in steps whose product can't overflow */
    for (uint64_t most = (UINT64_C(1) << 62) / v->step; frames > 0;) {
        uint64_t n = frames < most ? frames : most;
        tabor_position_move_on(v, n * v->step);
        frames -= n;
    }
}

TABOR_RT void
tabor_position_jump(tabor_voice *v, uint32_t frame)
{
    uint64_t phase = (uint64_t)frame << 32;
    if (!v->loop_end) {
        uint64_t end = v->phase + v->left_phase;
        v->left_phase = end > phase ? end - phase : 0;
    }
    v->phase = phase;
    v->looped = 0;
    wrap(v);
}

/* ----------------------------------------------------------------- seam -- */

/* The frame from which a loop's end crosses into what is before its start. */
static uint64_t
cross_start(const tabor_voice *v)
{
    return v->loop_end - v->loop_fade;
}

TABOR_RT uint64_t
tabor_position_before_seam(const tabor_voice *v)
{
    uint64_t at = v->phase >> 32;
    if (!v->loop_end) {
        return TABOR_NEVER;
    }
    if ((v->looped && at < (uint64_t)v->loop_start + TABOR_REACH) ||
        at + TABOR_REACH >= cross_start(v)) {
        return 0;
    }
    uint64_t edge = (cross_start(v) - TABOR_REACH) << 32;
    return tabor_position_frames_for(v, edge - v->phase);
}

TABOR_RT uint64_t
tabor_position_before_cross(const tabor_voice *v)
{
    uint64_t edge = cross_start(v) << 32;
    if (!v->loop_fade) {
        return TABOR_NEVER;
    }
    return v->phase < edge ? tabor_position_frames_for(v, edge - v->phase) : 0;
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

/* Frames from at on, all of them where the loop's end crosses: equal gain,
 * because what a loop goes back to is mostly like what it comes from, and
 * equal power would make that louder in the middle. */
static void
lay_crossed(const tabor_voice *v, const float *values, int64_t at, float *out,
            uint32_t count)
{
    int64_t turn = v->loop_end - v->loop_start;
    uint32_t passed = (uint32_t)(at - (int64_t)cross_start(v));
    float per_frame = 1.0f / (float)v->loop_fade;
    for (uint32_t k = 0; k < count; k++) {
        float bend = tabor_ramp_bend((float)(passed + k) * per_frame);
        float here = values[at + k], before = values[at + k - turn];
        out[k] = here + (before - here) * bend;
    }
}

TABOR_RT void
tabor_position_unroll(const tabor_voice *v, const float *values, uint32_t back,
                      float *window, uint32_t count)
{
    int64_t first = (int64_t)(v->phase >> 32) - back;
    int64_t cross = (int64_t)cross_start(v);
    for (uint32_t k = 0; k < count;) {
        int64_t at = loop_frame(v, first + k);
        int64_t run = (at < cross ? cross : (int64_t)v->loop_end) - at;
        uint32_t n = run < count - k ? (uint32_t)run : count - k;
        if (at < cross) {
            memcpy(window + k, values + at, n * sizeof *window);
        } else {
            lay_crossed(v, values, at, window + k, n);
        }
        k += n;
    }
}
