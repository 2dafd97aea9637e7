/* SPDX-License-Identifier: MIT
 *
 * The kernels for AVX2: eight lanes in a register, eight frames a turn.
 */
#include "rt/kernel.h"

#include <stddef.h>

#if defined(__AVX2__)
#include <immintrin.h>
#include <string.h>

#define INLINE static inline __attribute__((always_inline))

/* ---------------------------------------------------------------- read -- */

INLINE __m256
line(__m256 x0, __m256 x1, __m256i fractions)
{
    __m256 share =
        _mm256_mul_ps(_mm256_cvtepi32_ps(_mm256_srli_epi32(fractions, 8)),
                      _mm256_set1_ps(0x1p-24f));
    return _mm256_add_ps(x0, _mm256_mul_ps(_mm256_sub_ps(x1, x0), share));
}

/* Of the values at x, those at eight offsets below 8 × width. */
INLINE __m256
take(const float *x, __m256i offsets, unsigned width)
{
    __m256 near = _mm256_permutevar8x32_ps(_mm256_loadu_ps(x), offsets);
    if (width == 1) {
        return near;
    }
    __m256 far = _mm256_permutevar8x32_ps(_mm256_loadu_ps(x + 8), offsets);
    __m256i is_far = _mm256_slli_epi32(offsets, 28); /* bit 3 as the sign */
    return _mm256_blendv_ps(near, far, _mm256_castsi256_ps(is_far));
}

/* The way from one frame to each of eight, 32.32: its frames, its fractions. */
typedef struct ways {
    __m256i frames, fractions;
} ways;

INLINE ways
ways_of(uint64_t step)
{
    __m256i count = _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7);
    __m256i fraction = _mm256_set1_epi32((int32_t)step);
    __m256i even = _mm256_mul_epu32(count, fraction);
    __m256i odd = _mm256_mul_epu32(_mm256_srli_epi64(count, 32), fraction);
    __m256i whole =
        _mm256_mullo_epi32(count, _mm256_set1_epi32((int32_t)(step >> 32)));
    __m256i carried =
        _mm256_blend_epi32(_mm256_srli_epi64(even, 32), odd, 0xaa);
    return (ways){_mm256_add_epi32(whole, carried),
                  _mm256_blend_epi32(even, _mm256_slli_epi64(odd, 32), 0xaa)};
}

/* Steps up to width: eight frames lie within 8 × width neighbours, which are
 * loaded at once and permuted; a gather takes several times as long. Returns
 * how many values it read. */
INLINE uint32_t
linear_near(const tabor_path *path, float *restrict out, uint32_t n,
            unsigned width)
{
    const float *values = path->values[0];
    uint64_t phase = path->phase, step = path->step;
    const ways way = ways_of(step);
    /* only signed numbers can be compared: fractions are kept half a frame
     * lower, way and sum alike. A sum that is less than its way has carried. */
    const __m256i half = _mm256_set1_epi32(INT32_MIN);
    const __m256i low = _mm256_xor_si256(way.fractions, half);
    const __m256i eight_on = _mm256_set1_epi32((int32_t)(8 * step));
    __m256i sum = _mm256_add_epi32(low, _mm256_set1_epi32((int32_t)phase));
    uint32_t i = 0;
    for (; n - i >= 8; i += 8) {
        const float *x = values + (phase >> 32);
        __m256i carry = _mm256_cmpgt_epi32(low, sum);
        __m256i offsets = _mm256_sub_epi32(way.frames, carry);
        _mm256_storeu_ps(out + i, line(take(x, offsets, width),
                                       take(x + 1, offsets, width),
                                       _mm256_xor_si256(sum, half)));
        sum = _mm256_add_epi32(sum, eight_on);
        phase += 8 * step;
    }
    return i;
}

/* The frame at a phase and the next one. */
INLINE __m128d
two_at(const float *values, uint64_t phase)
{
    double two;
    memcpy(&two, values + (phase >> 32), sizeof two);
    return _mm_set_sd(two);
}

INLINE __m128
four_at(const float *values, uint64_t a, uint64_t b)
{
    return _mm_castpd_ps(_mm_unpacklo_pd(two_at(values, a), two_at(values, b)));
}

/* Any step: each frame and its neighbour are loaded together. */
INLINE uint32_t
linear_far(const tabor_path *path, float *restrict out, uint32_t n)
{
    const float *v = path->values[0];
    uint64_t p = path->phase, step = path->step;
    __m256i steps =
        _mm256_mullo_epi32(_mm256_set1_epi32((int32_t)step),
                           _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7));
    uint32_t i = 0;
    for (; n - i >= 8; i += 8) {
        __m256 a = _mm256_set_m128(four_at(v, p + 4 * step, p + 5 * step),
                                   four_at(v, p, p + step));
        __m256 b = _mm256_set_m128(four_at(v, p + 6 * step, p + 7 * step),
                                   four_at(v, p + 2 * step, p + 3 * step));
        __m256i fractions =
            _mm256_add_epi32(_mm256_set1_epi32((int32_t)p), steps);
        _mm256_storeu_ps(out + i,
                         line(_mm256_shuffle_ps(a, b, 0x88),
                              _mm256_shuffle_ps(a, b, 0xdd), fractions));
        p += 8 * step;
    }
    return i;
}

TABOR_RT static void
linear(const tabor_path *path, float *restrict out, uint32_t n)
{
    uint32_t i;
    if (path->step <= TABOR_STEP_ONE) {
        i = linear_near(path, out, n, 1);
    } else if (path->step <= 2 * TABOR_STEP_ONE) {
        i = linear_near(path, out, n, 2);
    } else {
        i = linear_far(path, out, n);
    }
    uint64_t phase = path->phase + i * path->step;
    for (; i < n; i++) {
        const float *at = path->values[0] + (phase >> 32);
        float share = (float)((uint32_t)phase >> 8) * 0x1p-24f;
        out[i] = at[0] + (at[1] - at[0]) * share;
        phase += path->step;
    }
}

/* Lanes of one frame: a for the first channel, b for the second. */
typedef struct lanes {
    __m256 a, b;
} lanes;

INLINE __m256
taps_at(const float *row, uint32_t taps, uint32_t j, __m256 share)
{
    return _mm256_add_ps(_mm256_load_ps(row + j),
                         _mm256_mul_ps(_mm256_load_ps(row + taps + j), share));
}

INLINE lanes
lanes_at(const float *row, float share, const float *const x[2], uint64_t frame,
         uint32_t taps, unsigned channels)
{
    __m256 shares = _mm256_set1_ps(share);
    __m256 h = taps_at(row, taps, 0, shares);
    const float *a = x[0] + frame, *b = x[channels - 1] + frame;
    lanes l;
    l.a = _mm256_mul_ps(h, _mm256_loadu_ps(a));
    l.b = channels == 2 ? _mm256_mul_ps(h, _mm256_loadu_ps(b)) : l.a;
#pragma GCC unroll 3
    for (uint32_t j = 8; j < taps; j += 8) {
        h = taps_at(row, taps, j, shares);
        l.a = _mm256_add_ps(l.a, _mm256_mul_ps(h, _mm256_loadu_ps(a + j)));
        if (channels == 2) {
            l.b = _mm256_add_ps(l.b, _mm256_mul_ps(h, _mm256_loadu_ps(b + j)));
        }
    }
    return l;
}

/* Three steps of the reduction, which turn eight frames of lanes to eight
 * values: lane + 4, then + 2, then + 1. */
INLINE __m256
fold_4(__m256 a, __m256 b)
{
    return _mm256_add_ps(_mm256_permute2f128_ps(a, b, 0x20),
                         _mm256_permute2f128_ps(a, b, 0x31));
}

INLINE __m256
fold_2(__m256 a, __m256 b)
{
    return _mm256_add_ps(_mm256_shuffle_ps(a, b, 0x44),
                         _mm256_shuffle_ps(a, b, 0xee));
}

INLINE __m256
fold_1(__m256 a, __m256 b)
{
    return _mm256_add_ps(_mm256_shuffle_ps(a, b, 0x88),
                         _mm256_shuffle_ps(a, b, 0xdd));
}

INLINE lanes
fold_4_lanes(lanes l, lanes m)
{
    return (lanes){fold_4(l.a, m.a), fold_4(l.b, m.b)};
}

INLINE lanes
fold_2_lanes(lanes l, lanes m)
{
    return (lanes){fold_2(l.a, m.a), fold_2(l.b, m.b)};
}

/* The shares of eight phases, from their fractions. */
INLINE __m256
shares_of(__m256i fractions)
{
    __m256i bits =
        _mm256_srli_epi32(_mm256_slli_epi32(fractions, TABOR_SINC_ROW_BITS), 8);
    return _mm256_mul_ps(_mm256_cvtepi32_ps(bits), _mm256_set1_ps(0x1p-24f));
}

INLINE uint32_t
sinc_eights(const tabor_sinc *sinc, const tabor_path *path, float *const out[2],
            uint32_t n, uint32_t taps, unsigned channels)
{
    const float *rows = sinc->rows;
    const float *const x[2] = {path->values[0] - (taps / 2 - 1),
                               channels == 2 ? path->values[1] - (taps / 2 - 1)
                                             : NULL};
    uint64_t p = path->phase, step = path->step;
    __m256i steps =
        _mm256_mullo_epi32(_mm256_set1_epi32((int32_t)step),
                           _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7));
    uint32_t i = 0;
    for (; n - i >= 8; i += 8) {
        float share[8] __attribute__((aligned(32)));
        _mm256_store_ps(share, shares_of(_mm256_add_epi32(
                                   _mm256_set1_epi32((int32_t)p), steps)));
#define LANES(k)                                                               \
    lanes_at(tabor_sinc_row(rows, taps, p + k * step), share[k], x,            \
             (p + k * step) >> 32, taps, channels)
        lanes f04 = fold_4_lanes(LANES(0), LANES(4));
        lanes f15 = fold_4_lanes(LANES(1), LANES(5));
        lanes f0145 = fold_2_lanes(f04, f15);
        lanes f26 = fold_4_lanes(LANES(2), LANES(6));
        lanes f37 = fold_4_lanes(LANES(3), LANES(7));
        lanes f2367 = fold_2_lanes(f26, f37);
#undef LANES
        _mm256_storeu_ps(out[0] + i, fold_1(f0145.a, f2367.a));
        if (channels == 2) {
            _mm256_storeu_ps(out[1] + i, fold_1(f0145.b, f2367.b));
        }
        p += 8 * step;
    }
    return i;
}

/* The lanes' sum, in the one order. */
INLINE float
sum(__m256 l)
{
    __m128 m =
        _mm_add_ps(_mm256_castps256_ps128(l), _mm256_extractf128_ps(l, 1));
    m = _mm_add_ps(m, _mm_movehl_ps(m, m));
    return _mm_cvtss_f32(_mm_add_ss(m, _mm_shuffle_ps(m, m, 1)));
}

INLINE void
sinc_ones(const tabor_sinc *sinc, const tabor_path *path, float *const out[2],
          uint32_t i, uint32_t n, unsigned channels)
{
    uint32_t taps = sinc->taps;
    const float *const x[2] = {path->values[0] - (taps / 2 - 1),
                               channels == 2 ? path->values[1] - (taps / 2 - 1)
                                             : NULL};
    uint64_t p = path->phase + i * path->step;
    for (; i < n; i++) {
        lanes l = lanes_at(tabor_sinc_row(sinc->rows, taps, p),
                           tabor_sinc_share(p), x, p >> 32, taps, channels);
        out[0][i] = sum(l.a);
        if (channels == 2) {
            out[1][i] = sum(l.b);
        }
        p += path->step;
    }
}

INLINE void
sinc_all(const tabor_sinc *sinc, const tabor_path *path, float *const out[2],
         uint32_t n, unsigned channels)
{
    uint32_t i;
    if (sinc->taps == 16) {
        i = sinc_eights(sinc, path, out, n, 16, channels);
    } else if (sinc->taps == 32) {
        i = sinc_eights(sinc, path, out, n, 32, channels);
    } else {
        i = sinc_eights(sinc, path, out, n, sinc->taps, channels);
    }
    sinc_ones(sinc, path, out, i, n, channels);
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
add_eight(float *out, __m256 in, __m256 level)
{
    _mm256_storeu_ps(
        out, _mm256_add_ps(_mm256_loadu_ps(out), _mm256_mul_ps(in, level)));
}

/* Values in a row, in four registers. */
typedef struct row {
    __m256 a, b, c, d;
} row;

INLINE row
row_load(const float *x)
{
    return (row){_mm256_loadu_ps(x), _mm256_loadu_ps(x + 8),
                 _mm256_loadu_ps(x + 16), _mm256_loadu_ps(x + 24)};
}

INLINE void
row_store(float *out, row r)
{
    _mm256_storeu_ps(out, r.a);
    _mm256_storeu_ps(out + 8, r.b);
    _mm256_storeu_ps(out + 16, r.c);
    _mm256_storeu_ps(out + 24, r.d);
}

INLINE row
row_add(row sum, row x, __m256 level)
{
    return (row){_mm256_add_ps(sum.a, _mm256_mul_ps(x.a, level)),
                 _mm256_add_ps(sum.b, _mm256_mul_ps(x.b, level)),
                 _mm256_add_ps(sum.c, _mm256_mul_ps(x.c, level)),
                 _mm256_add_ps(sum.d, _mm256_mul_ps(x.d, level))};
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
        a = row_add(a, x, _mm256_set1_ps(in->levels[0]));
        if (channels == 2) {
            b = row_add(b, x, _mm256_set1_ps(in->levels[1]));
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
    __m256 sum = _mm256_loadu_ps(out + i);
    for (unsigned k = 0; k < count; k++) {
        __m256 level = _mm256_set1_ps(inputs[k].levels[side]);
        __m256 x = _mm256_loadu_ps(inputs[k].values + i);
        sum = _mm256_add_ps(sum, _mm256_mul_ps(x, level));
    }
    _mm256_storeu_ps(out + i, sum);
}

INLINE void
add_inputs(float *const out[2], const tabor_input *inputs, unsigned count,
           uint32_t n, unsigned channels)
{
    float *const outs[2] = {out[0], out[channels - 1]};
    uint32_t i = 0;
    for (; n - i >= 32; i += 32) {
        add_row(outs, inputs, count, i, channels);
    }
    for (; n - i >= 8; i += 8) {
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

/* A slope at eight frames. */
typedef struct slope {
    __m256 from, way, per_frame, at;
} slope;

INLINE slope
slope_new(const tabor_slope *s)
{
    __m256 count = _mm256_setr_ps(0, 1, 2, 3, 4, 5, 6, 7);
    return (slope){_mm256_set1_ps(s->from), _mm256_set1_ps(s->way),
                   _mm256_set1_ps(s->per_frame),
                   _mm256_add_ps(_mm256_set1_ps(s->at), count)};
}

/* The levels there; and on to the next eight. */
INLINE __m256
slope_next(slope *s)
{
    __m256 share = _mm256_mul_ps(s->at, s->per_frame);
    __m256 rest = _mm256_sub_ps(_mm256_set1_ps(3), _mm256_add_ps(share, share));
    __m256 bend = _mm256_mul_ps(_mm256_mul_ps(share, share), rest);
    s->at = _mm256_add_ps(s->at, _mm256_set1_ps(8));
    return _mm256_add_ps(s->from, _mm256_mul_ps(s->way, bend));
}

INLINE void
add_all_moving(float *const out[2], const float *in, const tabor_levels *levels,
               uint32_t n, unsigned channels)
{
    const tabor_levels l = *levels;
    float *const outs[2] = {out[0], out[1]};
    slope gain = slope_new(&l.gain), fade = slope_new(&l.fade);
    slope side[2] = {slope_new(&l.side[0]), slope_new(&l.side[1])};
    __m256 share = _mm256_set1_ps(l.share);
    uint32_t i = 0;
    for (; n - i >= 8; i += 8) {
        __m256 x = _mm256_loadu_ps(in + i);
        __m256 both = _mm256_mul_ps(slope_next(&gain), slope_next(&fade));
#pragma GCC unroll 2
        for (unsigned c = 0; c < channels; c++) {
            __m256 level = _mm256_mul_ps(both, slope_next(&side[c]));
            add_eight(outs[c] + i, x, _mm256_mul_ps(level, share));
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

static const tabor_kernels kernels = {.name = "avx2",
                                      .linear = linear,
                                      .sinc = sinc_one,
                                      .sinc_pair = sinc_pair,
                                      .add = add,
                                      .add_pair = add_pair,
                                      .add_moving = add_moving,
                                      .add_pair_moving = add_pair_moving};
const tabor_kernels *const tabor_kernels_avx2 = &kernels;
#else
const tabor_kernels *const tabor_kernels_avx2 = NULL;
#endif
