/* SPDX-License-Identifier: MIT */
#include "rt/position.h"

/* A moving step changes on multiples of this many engine frames. */
#define STEP_GRID 64

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
    uint64_t grid = (frame / STEP_GRID + 1) * STEP_GRID;
    if (frame % STEP_GRID == 0) {
        double share = (double)passed / (double)v->step_frames;
        double way = (double)v->step_to - (double)v->step_from;
        v->step = v->step_from + (uint64_t)(int64_t)(way * share);
    }
    return grid < rest ? grid : rest;
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

/* ----------------------------------------------------------------- seam -- */

TABOR_RT uint64_t
tabor_position_before_seam(const tabor_voice *v)
{
    uint64_t at = v->phase >> 32;
    if (!v->loop_end) {
        return TABOR_NEVER;
    }
    if ((v->looped && at < (uint64_t)v->loop_start + TABOR_REACH) ||
        at + TABOR_REACH >= v->loop_end) {
        return 0;
    }
    uint64_t edge = (uint64_t)(v->loop_end - TABOR_REACH) << 32;
    return tabor_position_frames_for(v, edge - v->phase);
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

TABOR_RT void
tabor_position_unroll(const tabor_voice *v, const float *values, float *window,
                      uint32_t count)
{
    int64_t first = (int64_t)(v->phase >> 32) - TABOR_REACH;
    for (uint32_t k = 0; k < count; k++) {
        window[k] = values[loop_frame(v, first + k)];
    }
}
