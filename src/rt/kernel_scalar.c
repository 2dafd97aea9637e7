/* SPDX-License-Identifier: MIT
 *
 * The kernels in plain C: what the others are measured by.
 */
#include "rt/kernel.h"

/* ---------------------------------------------------------------- read -- */

TABOR_RT static void
linear(const tabor_path *path, float *restrict out, uint32_t n)
{
    uint64_t phase = path->phase;
    for (uint32_t i = 0; i < n; i++) {
        const float *at = path->values[0] + (phase >> 32);
        /* 24 bits of the fraction, so that the conversion is exact */
        float share = (float)((uint32_t)phase >> 8) * 0x1p-24f;
        out[i] = at[0] + (at[1] - at[0]) * share;
        phase += path->step;
    }
}

static float
sinc_at(const tabor_sinc *sinc, const float *values, uint64_t phase)
{
    uint32_t taps = sinc->taps;
    const float *row = tabor_sinc_row(sinc->rows, taps, phase);
    const float *x = values + (phase >> 32) - (taps / 2 - 1);
    float share = tabor_sinc_share(phase);
    float l[16];
    for (uint32_t j = 0; j < 16; j++) {
        l[j] = (row[j] + row[taps + j] * share) * x[j];
    }
    for (uint32_t j = 16; j < taps; j++) {
        l[j % 16] += (row[j] + row[taps + j] * share) * x[j];
    }
    for (uint32_t j = 0; j < 8; j++) {
        l[j] += l[j + 8];
    }
    return ((l[0] + l[4]) + (l[2] + l[6])) + ((l[1] + l[5]) + (l[3] + l[7]));
}

TABOR_RT static void
sinc_one(const tabor_sinc *sinc, const tabor_path *path, float *restrict out,
         uint32_t n)
{
    uint64_t phase = path->phase;
    for (uint32_t i = 0; i < n; i++) {
        out[i] = sinc_at(sinc, path->values[0], phase);
        phase += path->step;
    }
}

TABOR_RT static void
sinc_pair(const tabor_sinc *sinc, const tabor_path *path, float *const out[2],
          uint32_t n)
{
    uint64_t phase = path->phase;
    for (uint32_t i = 0; i < n; i++) {
        out[0][i] = sinc_at(sinc, path->values[0], phase);
        out[1][i] = sinc_at(sinc, path->values[1], phase);
        phase += path->step;
    }
}

/* ----------------------------------------------------------------- add -- */

static void
add_values(float *restrict out, const tabor_input *inputs, unsigned count,
           unsigned side, uint32_t n)
{
    for (unsigned k = 0; k < count; k++) {
        const float *in = inputs[k].values;
        const float level = inputs[k].levels[side];
        for (uint32_t i = 0; i < n; i++) {
            out[i] += in[i] * level;
        }
    }
}

TABOR_RT static void
add(float *restrict out, const tabor_input *inputs, unsigned count, uint32_t n)
{
    add_values(out, inputs, count, 0, n);
}

TABOR_RT static void
add_pair(float *const out[2], const tabor_input *inputs, unsigned count,
         uint32_t n)
{
    add_values(out[0], inputs, count, 0, n);
    add_values(out[1], inputs, count, 1, n);
}

TABOR_RT static void
add_moving(float *restrict out, const float *restrict in,
           const tabor_levels *levels, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++) {
        out[i] += in[i] * tabor_level_at(levels, 0, i);
    }
}

TABOR_RT static void
add_pair_moving(float *const out[2], const float *in,
                const tabor_levels *levels, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++) {
        out[0][i] += in[i] * tabor_level_at(levels, 0, i);
        out[1][i] += in[i] * tabor_level_at(levels, 1, i);
    }
}

static const tabor_kernels kernels = {.name = "scalar",
                                      .linear = linear,
                                      .sinc = sinc_one,
                                      .sinc_pair = sinc_pair,
                                      .add = add,
                                      .add_pair = add_pair,
                                      .add_moving = add_moving,
                                      .add_pair_moving = add_pair_moving};
const tabor_kernels *const tabor_kernels_scalar = &kernels;
