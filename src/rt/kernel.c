/* SPDX-License-Identifier: MIT */
#include "rt/kernel.h"

TABOR_RT void
tabor_kernel_linear(float *restrict out, const float *restrict values,
                    uint64_t phase, uint64_t step, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++) {
        const float *at = values + (phase >> 32);
        /* 24 bits of the fraction, so that the conversion is exact */
        float share = (float)((uint32_t)phase >> 8) * 0x1p-24f;
        out[i] = at[0] + (at[1] - at[0]) * share;
        phase += step;
    }
}

TABOR_RT void
tabor_kernel_add(float *restrict out, const float *restrict in, float level,
                 uint32_t n)
{
    for (uint32_t i = 0; i < n; i++) {
        out[i] += in[i] * level;
    }
}

TABOR_RT void
tabor_kernel_add_each(float *restrict out, const float *restrict in,
                      const float *restrict levels, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++) {
        out[i] += in[i] * levels[i];
    }
}
