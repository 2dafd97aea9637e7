/* SPDX-License-Identifier: MIT
 *
 * The inner loops: read a sample at a phase, add it to a bus. Each output value
 * depends on its own frame only, never on where a loop begins or ends.
 */
#ifndef TABOR_RT_KERNEL_H
#define TABOR_RT_KERNEL_H

#include "rt/rt.h"

/* Read n values between frames by straight lines.  [audio]
 *
 * values  one channel; TABOR_SAMPLE_PAD zeros follow its last frame
 * phase   of the first value, 32.32 frames
 * step    32.32 frames a value
 */
TABOR_RT void tabor_kernel_linear(float *restrict out,
                                  const float *restrict values, uint64_t phase,
                                  uint64_t step, uint32_t n);

/* out += in × level.  [audio] */
TABOR_RT void tabor_kernel_add(float *restrict out, const float *restrict in,
                               float level, uint32_t n);

/* out += in × levels, value by value.  [audio] */
TABOR_RT void tabor_kernel_add_each(float *restrict out,
                                    const float *restrict in,
                                    const float *restrict levels, uint32_t n);

#endif
