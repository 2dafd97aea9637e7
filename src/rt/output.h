/* SPDX-License-Identifier: MIT
 *
 * From the buses to the driver's buffer: master volume, limiter, guard, meters.
 */
#ifndef TABOR_RT_OUTPUT_H
#define TABOR_RT_OUTPUT_H

#include "rt/rt.h"

/* Write frames of all buses, from rt->frame on.  [audio]
 * out  frames × rt->channels values, interleaved */
TABOR_RT void tabor_output_write(tabor_rt *rt, float *out, uint32_t frames);

#endif
