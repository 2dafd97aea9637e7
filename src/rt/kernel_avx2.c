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

/* Offsets from the first frame and fractions of eight phases. */
typedef struct eight {
    __m256i offsets, fractions;
} eight;

/* The upper and lower halves of 64-bit phases, in the order of frames. */
INLINE eight
split(__m256i frames_0145, __m256i frames_2367)
{
    __m256 a = _mm256_castsi256_ps(frames_0145);
    __m256 b = _mm256_castsi256_ps(frames_2367);
    return (eight){_mm256_castps_si256(_mm256_shuffle_ps(a, b, 0xdd)),
                   _mm256_castps_si256(_mm256_shuffle_ps(a, b, 0x88))};
}

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

/* Steps up to width: eight frames lie within 8 × width neighbours, which are
 * loaded at once and permuted; a gather takes several times as long. Returns
 * how many values it read. */
INLINE uint32_t
linear_near(const tabor_path *path, float *restrict out, uint32_t n,
            unsigned width)
{
    uint64_t phase = path->phase, step = path->step;
    __m256i early = _mm256_setr_epi64x(0, (int64_t)step, (int64_t)(4 * step),
                                       (int64_t)(5 * step));
    __m256i late = _mm256_setr_epi64x((int64_t)(2 * step), (int64_t)(3 * step),
                                      (int64_t)(6 * step), (int64_t)(7 * step));
    uint32_t i = 0;
    for (; n - i >= 8; i += 8) {
        const float *x = path->values[0] + (phase >> 32);
        __m256i first = _mm256_set1_epi64x((int64_t)(uint32_t)phase);
        eight at = split(_mm256_add_epi64(first, early),
                         _mm256_add_epi64(first, late));
        _mm256_storeu_ps(out + i,
                         line(take(x, at.offsets, width),
                              take(x + 1, at.offsets, width), at.fractions));
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
    tabor_path rest = *path;
    rest.phase += i * path->step;
    tabor_kernels_scalar->linear(&rest, out + i, n - i);
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
    const float *a = x[0] + frame, *b = x[1] + frame;
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

TABOR_RT static void
add(float *restrict out, const float *restrict in, float level, uint32_t n)
{
    __m256 levels = _mm256_set1_ps(level);
    uint32_t i = 0;
    for (; n - i >= 8; i += 8) {
        add_eight(out + i, _mm256_loadu_ps(in + i), levels);
    }
    for (; i < n; i++) {
        out[i] += in[i] * level;
    }
}

TABOR_RT static void
add_pair(float *const out[2], const float *in, const float levels[2],
         uint32_t n)
{
    float *a = out[0], *b = out[1];
    const float level_a = levels[0], level_b = levels[1];
    __m256 eight_a = _mm256_set1_ps(level_a), eight_b = _mm256_set1_ps(level_b);
    uint32_t i = 0;
    for (; n - i >= 8; i += 8) {
        __m256 x = _mm256_loadu_ps(in + i);
        add_eight(a + i, x, eight_a);
        add_eight(b + i, x, eight_b);
    }
    for (; i < n; i++) {
        float x = in[i];
        a[i] += x * level_a;
        b[i] += x * level_b;
    }
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
