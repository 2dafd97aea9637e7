/* SPDX-License-Identifier: MIT
 *
 * Which voice gives its place when there are as many as there may be: those
 * that fade already or have been released, then the others; the quietest
 * first, of equals the oldest, then the lowest handle. Never one that started
 * on this same frame.
 *
 * The order is made once for a frame: a heap over the V voices, V steps for the
 * first that goes and log V for each one more. What changes a voice between two
 * plays of the same frame has it made anew.
 */
#ifndef TABOR_RT_STEAL_H
#define TABOR_RT_STEAL_H

#include "rt/rt.h"

/* How loud a voice's louder side is at a frame, compared with its sample: a
 * function of the absolute frame.  [audio] */
TABOR_RT float tabor_steal_level(const tabor_rt *rt, const tabor_voice *v,
                                 uint64_t frame);

/* Take the voice that goes next on rt->frame, or NULL: all that count started
 * on it. The caller makes it go.  [audio] */
TABOR_RT tabor_voice *tabor_steal_next(tabor_rt *rt);

/* The index of the quietest of the voices that sound beside those that count;
 * there is one when no voice is free.  [audio] */
TABOR_RT uint32_t tabor_steal_spare(const tabor_rt *rt);

/* A voice has changed: the order may be another.  [audio] */
static inline void
tabor_steal_forget(tabor_rt *rt)
{
    rt->victims_at = TABOR_NEVER;
}

#endif
