/* SPDX-License-Identifier: MIT
 *
 * A value that moves from one level to another, as a function of the absolute
 * frame: so its values do not depend on how frames are cut to blocks.
 *
 * It moves along 3s² - 2s³, which is level at both ends: the corners of a
 * straight line of 5 ms put -67 dB of a 1 kHz tone's energy more than 1.5 kHz
 * away from it, this curve -86 dB (tests/py-clicks.py). A fade out and a fade
 * in over the same frames add up to 1.
 */
#ifndef TABOR_RT_RAMP_H
#define TABOR_RT_RAMP_H

#include <stdint.h>

#include "link/event.h"

/* A voice has four of them: 20 bytes each, not 24. */
typedef struct __attribute__((packed, aligned(4))) tabor_ramp {
    uint64_t start;
    uint32_t frames; /* 0: at rest on to */
    float from, to;
} tabor_ramp;

/* [audio] */
static inline int
tabor_ramp_moves(const tabor_ramp *r, uint64_t frame)
{
    return r->frames != 0 && frame - r->start < r->frames;
}

/* The share of its way that a level has gone when a share of its time has
 * passed.  [audio] */
static inline float
tabor_ramp_bend(float share)
{
    return (share * share) * (3.0f - (share + share));
}

/* [audio] */
static inline float
tabor_ramp_at(const tabor_ramp *r, uint64_t frame)
{
    if (!tabor_ramp_moves(r, frame)) {
        return r->to;
    }
    float share = (float)(frame - r->start) * (1.0f / (float)r->frames);
    return r->from + (r->to - r->from) * tabor_ramp_bend(share);
}

/* Head for a new level, from wherever the ramp is at frame.  [audio] */
static inline void
tabor_ramp_to(tabor_ramp *r, uint64_t frame, uint32_t frames, float level)
{
    r->from = tabor_ramp_at(r, frame);
    r->to = level;
    r->start = frame;
    r->frames = frames;
}

static inline tabor_ramp
tabor_ramp_still(float level)
{
    return (tabor_ramp){.from = level, .to = level};
}

/* The first frame from which the ramp rests, or TABOR_NEVER if it rests at
 * frame already: a place where spans are cut.  [audio] */
static inline uint64_t
tabor_ramp_rest(const tabor_ramp *r, uint64_t frame)
{
    return tabor_ramp_moves(r, frame) ? r->start + r->frames : TABOR_NEVER;
}

#endif
