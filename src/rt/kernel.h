/* SPDX-License-Identifier: MIT
 *
 * The inner loops: read a sample along a path, add it to a bus. Each output
 * value depends on its own frame only, never on where a loop begins or ends.
 *
 * There is one set of them for each level of SIMD, and all give the same bits,
 * because the arithmetic is fixed, rounding by rounding, and nothing is fused:
 *
 * linear  x0 + (x1 - x0) × share, share = the fraction's upper 24 bits
 * sinc    a row for the fraction's upper 7 bits, share = the next 24 bits:
 *         tap j is row[j] + row[taps + j] × share; its product with its frame
 *         goes to lane j mod 16, in the order of j; of the sixteen lanes l the
 *         upper eight are added to the lower; the eight that this makes are
 *         ((l0 + l4) + (l2 + l6)) + ((l1 + l5) + (l3 + l7))
 * level   ((gain × fade) × side) × share, each as tabor_ramp_at() has it
 * add     out + in × level, one voice after the other
 */
#ifndef TABOR_RT_KERNEL_H
#define TABOR_RT_KERNEL_H

#include "rt/rt.h"

/* Rows between one frame and the next. */
#define TABOR_SINC_ROW_BITS 7
#define TABOR_SINC_ROWS     (1u << TABOR_SINC_ROW_BITS)

/* A windowed sinc for one range of steps. Tap taps / 2 - 1 stands on the frame
 * of the phase. Row 0 of a unity cutoff is an exact unit impulse. */
struct tabor_sinc {
    uint64_t step_max; /* the steps it is for end here */
    const float *rows; /* TABOR_SINC_ROWS × (taps, then differences to the
                        * next row's), 64-byte aligned */
    uint32_t taps;     /* a multiple of 8, from 16 to TABOR_TAPS_MAX */
};

/* As far as the padding of a sample goes, half of them to each side. */
#define TABOR_TAPS_MAX 64
_Static_assert(TABOR_TAPS_MAX <= 2 * TABOR_SAMPLE_PAD,
               "a sinc reads within the padding");

/* Where to read, a step a value. */
typedef struct tabor_path {
    const float *values[2]; /* a channel each, TABOR_SAMPLE_PAD zeros around;
                             * [1] for pairs only */
    uint64_t phase, step;   /* 32.32 frames */
} tabor_path;

/* A ramp within a span where it moves evenly: value i is
 * from + way × bend((at + i) × per_frame), with tabor_ramp_bend(). At rest all
 * but from are 0. at + i is below 2^24, like a ramp's frames, and so exact. */
typedef struct tabor_slope {
    float from, way, per_frame, at;
} tabor_slope;

typedef struct tabor_levels {
    tabor_slope gain, fade, side[2]; /* [1] for pairs only */
    float share;
} tabor_levels;

/* What is added to a bus channel, or to two, at levels at rest. */
typedef struct tabor_input {
    const float *values;
    float levels[2]; /* [1] for pairs only */
} tabor_input;

struct tabor_kernels {
    const char *name; /* what TABOR_SIMD calls it */

    /* Read n values of one channel by straight lines.  [audio] */
    void (*linear)(const tabor_path *path, float *restrict out, uint32_t n);

    /* Read n values of one channel, or of two at once.  [audio] */
    void (*sinc)(const tabor_sinc *sinc, const tabor_path *path,
                 float *restrict out, uint32_t n);
    void (*sinc_pair)(const tabor_sinc *sinc, const tabor_path *path,
                      float *const out[2], uint32_t n);

    /* out += in × level, one input after the other, into one channel or into
     * two. count is at most TABOR_INPUTS: the sums stay in registers from one
     * input to the next.  [audio] */
    void (*add)(float *restrict out, const tabor_input *inputs, unsigned count,
                uint32_t n);
    void (*add_pair)(float *const out[2], const tabor_input *inputs,
                     unsigned count, uint32_t n);

    /* One input at levels that move.  [audio] */
    void (*add_moving)(float *restrict out, const float *restrict in,
                       const tabor_levels *levels, uint32_t n);
    void (*add_pair_moving)(float *const out[2], const float *in,
                            const tabor_levels *levels, uint32_t n);
};

/* NULL where the compiler knows no such level; whether the processor does is
 * for the control side to ask. */
extern const tabor_kernels *const tabor_kernels_scalar;
extern const tabor_kernels *const tabor_kernels_sse2;
extern const tabor_kernels *const tabor_kernels_avx2;
extern const tabor_kernels *const tabor_kernels_avx512;
extern const tabor_kernels *const tabor_kernels_neon;

/* The one of a series that is for a step: a function of the step alone, so
 * that it doesn't matter where blocks end.  [audio] */
static inline const tabor_sinc *
tabor_sinc_for(const tabor_sinc *series, uint64_t step)
{
    while (step > series->step_max) {
        series++; /* the last one is for all steps */
    }
    return series;
}

/* The fraction below the row, as a share of the way to the next.  [audio] */
static inline float
tabor_sinc_share(uint64_t phase)
{
    return (float)(((uint32_t)phase << TABOR_SINC_ROW_BITS) >> 8) * 0x1p-24f;
}

/* The row for a phase.  [audio] */
static inline const float *
tabor_sinc_row(const float *rows, uint32_t taps, uint64_t phase)
{
    uint32_t row = (uint32_t)phase >> (32 - TABOR_SINC_ROW_BITS);
    return rows + (uint64_t)row * taps * 2;
}

/* [audio] */
static inline float
tabor_slope_at(const tabor_slope *s, uint32_t i)
{
    float share = (s->at + (float)i) * s->per_frame;
    return s->from + s->way * tabor_ramp_bend(share);
}

/* [audio] */
static inline float
tabor_level_at(const tabor_levels *l, unsigned side, uint32_t i)
{
    return tabor_slope_at(&l->gain, i) * tabor_slope_at(&l->fade, i) *
           tabor_slope_at(&l->side[side], i) * l->share;
}

#endif
