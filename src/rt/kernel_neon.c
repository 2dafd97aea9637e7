/* SPDX-License-Identifier: MIT
 *
 * The kernels for NEON: eight lanes in two registers, four frames a turn.
 * Untested on such a machine: qemu only. No vmla or vfma: a fused product has
 * other bits.
 */
#include "rt/kernel.h"

#include <stddef.h>

#if defined(__ARM_NEON) && defined(__aarch64__)
#include <arm_neon.h>

#define INLINE static inline __attribute__((always_inline))

/* ---------------------------------------------------------------- read -- */

/* The upper 24 bits of four fractions, in order, as shares of one. */
INLINE float32x4_t
shares_of(uint32_t a, uint32_t b, uint32_t c, uint32_t d)
{
    const uint32_t fractions[4] = {a, b, c, d};
    uint32x4_t bits = vshrq_n_u32(vld1q_u32(fractions), 8);
    return vmulq_n_f32(vcvtq_f32_u32(bits), 0x1p-24f);
}

/* The frames at two phases, each with the next one. */
INLINE float32x4_t
pairs_at(const float *values, uint64_t p, uint64_t q)
{
    return vcombine_f32(vld1_f32(values + (p >> 32)),
                        vld1_f32(values + (q >> 32)));
}

TABOR_RT static void
linear(const tabor_path *path, float *restrict out, uint32_t n)
{
    const float *v = path->values[0];
    uint64_t p = path->phase, step = path->step;
    uint32_t i = 0;
    for (; n - i >= 4; i += 4) {
        uint64_t q = p + step, r = q + step, s = r + step;
        float32x4_t pq = pairs_at(v, p, q), rs = pairs_at(v, r, s);
        float32x4_t x0 = vuzp1q_f32(pq, rs);
        float32x4_t x1 = vuzp2q_f32(pq, rs);
        float32x4_t share =
            shares_of((uint32_t)p, (uint32_t)q, (uint32_t)r, (uint32_t)s);
        vst1q_f32(out + i, vaddq_f32(x0, vmulq_f32(vsubq_f32(x1, x0), share)));
        p = s + step;
    }
    tabor_path rest = {{v, NULL}, p, step};
    tabor_kernels_scalar->linear(&rest, out + i, n - i);
}

/* Lanes of one frame, l + 4 added to l already: a for the first channel, b for
 * the second. */
typedef struct lanes {
    float32x4_t a, b;
} lanes;

INLINE float32x4_t
taps_at(const float *row, uint32_t taps, uint32_t j, float32x4_t share)
{
    return vaddq_f32(vld1q_f32(row + j),
                     vmulq_f32(vld1q_f32(row + taps + j), share));
}

/* The sums of every sixteenth product from j on, four lanes of them. */
INLINE lanes
quarter_at(const float *row, float32x4_t share, const float *a, const float *b,
           uint32_t j, uint32_t taps, unsigned channels)
{
    float32x4_t h = taps_at(row, taps, j, share);
    lanes l;
    l.a = vmulq_f32(h, vld1q_f32(a + j));
    l.b = channels == 2 ? vmulq_f32(h, vld1q_f32(b + j)) : l.a;
#pragma GCC unroll 4
    for (j += 16; j < taps; j += 16) {
        h = taps_at(row, taps, j, share);
        l.a = vaddq_f32(l.a, vmulq_f32(h, vld1q_f32(a + j)));
        if (channels == 2) {
            l.b = vaddq_f32(l.b, vmulq_f32(h, vld1q_f32(b + j)));
        }
    }
    return l;
}

/* The same for every eighth product. */
INLINE lanes
half_at(const float *row, float32x4_t share, const float *a, const float *b,
        uint32_t j, uint32_t taps, unsigned channels)
{
    lanes l = quarter_at(row, share, a, b, j, taps, channels);
    lanes m = quarter_at(row, share, a, b, j + 8, taps, channels);
    return (lanes){vaddq_f32(l.a, m.a), vaddq_f32(l.b, m.b)};
}

INLINE lanes
lanes_at(const tabor_sinc *sinc, const tabor_path *path, uint64_t phase,
         uint32_t taps, unsigned channels)
{
    const float *row = tabor_sinc_row(sinc->rows, taps, phase);
    float32x4_t share = vdupq_n_f32(tabor_sinc_share(phase));
    uint64_t first = (phase >> 32) - (taps / 2 - 1);
    const float *a = path->values[0] + (int64_t)first;
    const float *b = channels == 2 ? path->values[1] + (int64_t)first : NULL;
    lanes l = half_at(row, share, a, b, 0, taps, channels);
    lanes m = half_at(row, share, a, b, 4, taps, channels);
    return (lanes){vaddq_f32(l.a, m.a), vaddq_f32(l.b, m.b)};
}

/* The rest of the reduction, for four frames at once: lane + 2, then + 1. */
INLINE float32x4_t
fold_2(float32x4_t a, float32x4_t b)
{
    return vaddq_f32(vcombine_f32(vget_low_f32(a), vget_low_f32(b)),
                     vcombine_f32(vget_high_f32(a), vget_high_f32(b)));
}

INLINE float32x4_t
fold_1(float32x4_t a, float32x4_t b)
{
    return vaddq_f32(vuzp1q_f32(a, b), vuzp2q_f32(a, b));
}

INLINE lanes
two_frames(const tabor_sinc *sinc, const tabor_path *path, uint64_t p,
           uint64_t q, uint32_t taps, unsigned channels)
{
    lanes l = lanes_at(sinc, path, p, taps, channels);
    lanes m = lanes_at(sinc, path, q, taps, channels);
    return (lanes){fold_2(l.a, m.a), fold_2(l.b, m.b)};
}

/* Four frames a turn; returns how many values it read. */
INLINE uint32_t
sinc_fours(const tabor_sinc *sinc, const tabor_path *path, float *const out[2],
           uint32_t n, uint32_t taps, unsigned channels)
{
    uint64_t p = path->phase, step = path->step;
    uint32_t i = 0;
    for (; n - i >= 4; i += 4) {
        uint64_t q = p + step, r = q + step, s = r + step;
        lanes pq = two_frames(sinc, path, p, q, taps, channels);
        lanes rs = two_frames(sinc, path, r, s, taps, channels);
        vst1q_f32(out[0] + i, fold_1(pq.a, rs.a));
        if (channels == 2) {
            vst1q_f32(out[1] + i, fold_1(pq.b, rs.b));
        }
        p = s + step;
    }
    return i;
}

/* A loop for each number of taps, unrolled over them: half as long again if the
 * number is not known to the compiler. */
INLINE void
sinc_all(const tabor_sinc *sinc, const tabor_path *path, float *const out[2],
         uint32_t n, unsigned channels)
{
    uint32_t i;
    switch (sinc->taps) {
    case 16:
        i = sinc_fours(sinc, path, out, n, 16, channels);
        break;
    case 24:
        i = sinc_fours(sinc, path, out, n, 24, channels);
        break;
    case 32:
        i = sinc_fours(sinc, path, out, n, 32, channels);
        break;
    case 40:
        i = sinc_fours(sinc, path, out, n, 40, channels);
        break;
    case 48:
        i = sinc_fours(sinc, path, out, n, 48, channels);
        break;
    case 56:
        i = sinc_fours(sinc, path, out, n, 56, channels);
        break;
    default:
        i = sinc_fours(sinc, path, out, n, TABOR_TAPS_MAX, channels);
    }
    uint64_t p = path->phase + i * path->step;
    for (; i < n; i++) {
        lanes l = lanes_at(sinc, path, p, sinc->taps, channels);
        vst1q_lane_f32(out[0] + i, fold_1(fold_2(l.a, l.a), l.a), 0);
        if (channels == 2) {
            vst1q_lane_f32(out[1] + i, fold_1(fold_2(l.b, l.b), l.b), 0);
        }
        p += path->step;
    }
}

TABOR_RT static void
sinc_one(const tabor_sinc *sinc, const tabor_path *path, float *restrict out,
         uint32_t n)
{
    float *const outs[2] = {out, NULL};
    sinc_all(sinc, path, outs, n, 1);
}

TABOR_RT static void
sinc_pair(const tabor_sinc *sinc, const tabor_path *path, float *const out[2],
          uint32_t n)
{
    sinc_all(sinc, path, out, n, 2);
}

/* ----------------------------------------------------------------- add -- */

INLINE void
add_four(float *out, float32x4_t in, float32x4_t level)
{
    vst1q_f32(out, vaddq_f32(vld1q_f32(out), vmulq_f32(in, level)));
}

/* Values in a row, in four registers. */
typedef struct row {
    float32x4_t a, b, c, d;
} row;

INLINE row
row_load(const float *x)
{
    return (row){vld1q_f32(x), vld1q_f32(x + 4), vld1q_f32(x + 8),
                 vld1q_f32(x + 12)};
}

INLINE void
row_store(float *out, row r)
{
    vst1q_f32(out, r.a);
    vst1q_f32(out + 4, r.b);
    vst1q_f32(out + 8, r.c);
    vst1q_f32(out + 12, r.d);
}

INLINE row
row_add(row sum, row x, float32x4_t level)
{
    return (row){vaddq_f32(sum.a, vmulq_f32(x.a, level)),
                 vaddq_f32(sum.b, vmulq_f32(x.b, level)),
                 vaddq_f32(sum.c, vmulq_f32(x.c, level)),
                 vaddq_f32(sum.d, vmulq_f32(x.d, level))};
}

INLINE void
add_row(float *const out[2], const tabor_input *inputs, unsigned count,
        uint32_t i, unsigned channels)
{
    row a = row_load(out[0] + i);
    row b = channels == 2 ? row_load(out[1] + i) : a;
    for (unsigned k = 0; k < count; k++) {
        const tabor_input *in = &inputs[k];
        row x = row_load(in->values + i);
        a = row_add(a, x, vdupq_n_f32(in->levels[0]));
        if (channels == 2) {
            b = row_add(b, x, vdupq_n_f32(in->levels[1]));
        }
    }
    row_store(out[0] + i, a);
    if (channels == 2) {
        row_store(out[1] + i, b);
    }
}

/* The same for one register of values of one channel. */
INLINE void
add_short(float *out, const tabor_input *inputs, unsigned count, uint32_t i,
          unsigned side)
{
    float32x4_t sum = vld1q_f32(out + i);
    for (unsigned k = 0; k < count; k++) {
        float32x4_t level = vdupq_n_f32(inputs[k].levels[side]);
        float32x4_t x = vld1q_f32(inputs[k].values + i);
        sum = vaddq_f32(sum, vmulq_f32(x, level));
    }
    vst1q_f32(out + i, sum);
}

INLINE void
add_inputs(float *const out[2], const tabor_input *inputs, unsigned count,
           uint32_t n, unsigned channels)
{
    float *const outs[2] = {out[0], out[channels - 1]};
    uint32_t i = 0;
    for (; n - i >= 16; i += 16) {
        add_row(outs, inputs, count, i, channels);
    }
    for (; n - i >= 4; i += 4) {
        for (unsigned c = 0; c < channels; c++) {
            add_short(outs[c], inputs, count, i, c);
        }
    }
    for (; i < n; i++) {
        for (unsigned c = 0; c < channels; c++) {
            float sum = outs[c][i];
            for (unsigned k = 0; k < count; k++) {
                sum += inputs[k].values[i] * inputs[k].levels[c];
            }
            outs[c][i] = sum;
        }
    }
}

TABOR_RT static void
add(float *restrict out, const tabor_input *inputs, unsigned count, uint32_t n)
{
    float *const outs[2] = {out, NULL};
    add_inputs(outs, inputs, count, n, 1);
}

TABOR_RT static void
add_pair(float *const out[2], const tabor_input *inputs, unsigned count,
         uint32_t n)
{
    add_inputs(out, inputs, count, n, 2);
}

/* A slope at four frames. */
typedef struct slope {
    float32x4_t from, way, per_frame, at;
} slope;

INLINE slope
slope_new(const tabor_slope *s)
{
    const float numbers[4] = {0, 1, 2, 3};
    float32x4_t count = vld1q_f32(numbers);
    return (slope){vdupq_n_f32(s->from), vdupq_n_f32(s->way),
                   vdupq_n_f32(s->per_frame),
                   vaddq_f32(vdupq_n_f32(s->at), count)};
}

/* The levels there; and on to the next four. */
INLINE float32x4_t
slope_next(slope *s)
{
    float32x4_t share = vmulq_f32(s->at, s->per_frame);
    float32x4_t rest = vsubq_f32(vdupq_n_f32(3), vaddq_f32(share, share));
    float32x4_t bend = vmulq_f32(vmulq_f32(share, share), rest);
    s->at = vaddq_f32(s->at, vdupq_n_f32(4));
    return vaddq_f32(s->from, vmulq_f32(s->way, bend));
}

INLINE void
add_all_moving(float *const out[2], const float *in, const tabor_levels *levels,
               uint32_t n, unsigned channels)
{
    const tabor_levels l = *levels;
    float *const outs[2] = {out[0], out[1]};
    slope gain = slope_new(&l.gain), fade = slope_new(&l.fade);
    slope side[2] = {slope_new(&l.side[0]), slope_new(&l.side[1])};
    float32x4_t share = vdupq_n_f32(l.share);
    uint32_t i = 0;
    for (; n - i >= 4; i += 4) {
        float32x4_t x = vld1q_f32(in + i);
        float32x4_t both = vmulq_f32(slope_next(&gain), slope_next(&fade));
#pragma GCC unroll 2
        for (unsigned c = 0; c < channels; c++) {
            float32x4_t level = vmulq_f32(both, slope_next(&side[c]));
            add_four(outs[c] + i, x, vmulq_f32(level, share));
        }
    }
    for (; i < n; i++) {
        float x = in[i];
        for (unsigned c = 0; c < channels; c++) {
            outs[c][i] += x * tabor_level_at(&l, c, i);
        }
    }
}

TABOR_RT static void
add_moving(float *restrict out, const float *restrict in,
           const tabor_levels *levels, uint32_t n)
{
    float *const outs[2] = {out, NULL};
    add_all_moving(outs, in, levels, n, 1);
}

TABOR_RT static void
add_pair_moving(float *const out[2], const float *in,
                const tabor_levels *levels, uint32_t n)
{
    add_all_moving(out, in, levels, n, 2);
}

static const tabor_kernels kernels = {.name = "neon",
                                      .linear = linear,
                                      .sinc = sinc_one,
                                      .sinc_pair = sinc_pair,
                                      .add = add,
                                      .add_pair = add_pair,
                                      .add_moving = add_moving,
                                      .add_pair_moving = add_pair_moving};
const tabor_kernels *const tabor_kernels_neon = &kernels;
#else
const tabor_kernels *const tabor_kernels_neon = NULL;
#endif
