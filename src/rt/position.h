/* SPDX-License-Identifier: MIT
 *
 * Where a voice is in its sample: how it moves on, when it is through, and how
 * the frames beside a loop's seam are heard.
 */
#ifndef TABOR_RT_POSITION_H
#define TABOR_RT_POSITION_H

#include "rt/rt.h"

/* Frames beside a position that a kernel may read. */
#define TABOR_REACH TABOR_SAMPLE_PAD

/* A moving step is constant between grid lines of the absolute frame. Sets it
 * for frame and returns the next frame at which it may change.  [audio] */
TABOR_RT uint64_t tabor_position_step(tabor_voice *v, uint64_t frame);

/* Go on by a way through the sample, round the loop if there is one.
 * [audio] */
TABOR_RT void tabor_position_move_on(tabor_voice *v, uint64_t way);

/* The same by engine frames, any number of them.  [audio] */
TABOR_RT void tabor_position_skip(tabor_voice *v, uint64_t frames);

/* Be at another frame of the sample. Without a loop the play still ends on the
 * frame of the sample on which it would have.  [audio] */
TABOR_RT void tabor_position_jump(tabor_voice *v, uint32_t frame);

/* Frames that can be read without reaching over a loop's seam; 0 if the first
 * one can't.  [audio] */
TABOR_RT uint64_t tabor_position_before_seam(const tabor_voice *v);

/* Frames that can be copied before a loop's end crosses into its start; 0 if
 * the first one can't.  [audio] */
TABOR_RT uint64_t tabor_position_before_cross(const tabor_voice *v);

/* Lay count of a looped channel's frames out as they are heard, from back
 * frames before the position on.  [audio] */
TABOR_RT void tabor_position_unroll(const tabor_voice *v, const float *values,
                                    uint32_t back, float *window,
                                    uint32_t count);

/* Engine frames in which the voice moves on by way, at the present step. Most
 * steps are one, and a division takes as long as all else that a start costs.
 * [audio] */
static inline uint64_t
tabor_position_frames_for(const tabor_voice *v, uint64_t way)
{
    if (v->step == TABOR_STEP_ONE) {
        return (way >> 32) + ((uint32_t)way != 0);
    }
    return way / v->step + (way % v->step != 0);
}

/* Engine frames until it is over by itself.  [audio] */
static inline uint64_t
tabor_position_frames_left(const tabor_voice *v)
{
    return v->left_phase == TABOR_NEVER
               ? TABOR_NEVER
               : tabor_position_frames_for(v, v->left_phase);
}

#endif
