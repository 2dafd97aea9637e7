/* SPDX-License-Identifier: MIT
 *
 * One block: drain, schedule, mix, retire, tell.
 */
#ifndef TABOR_RT_RENDER_H
#define TABOR_RT_RENDER_H

#include "rt/rt.h"

/* Render the next frames. With frames 0 what is due takes effect all the same.
 * [audio]
 *
 * out     frames × rt->channels values, interleaved; every one is written
 * frames  at most TABOR_SPAN_MAX
 * now_ns  CLOCK_MONOTONIC, or 0 where time is not the clock's
 * Returns 1 if a sleeping reader is to be woken: some link's fire is set.
 */
TABOR_RT int tabor_render(tabor_rt *rt, float *out, uint32_t frames,
                          uint64_t now_ns);

/* Silence for everything that was sent before a panic, if there was one since
 * the last time.  [audio] */
TABOR_RT void tabor_render_panic(tabor_rt *rt);

/* End everything at once: voices, scheduled plays. For the end of an engine,
 * when no driver calls any more.  [audio] */
TABOR_RT void tabor_render_end(tabor_rt *rt);

#endif
