/* SPDX-License-Identifier: MIT
 *
 * The kernels for AVX-512: sixteen lanes in a register, sixteen frames a turn.
 * Of this level only the sincs are written anew, because they are bound by
 * arithmetic; all else waits for memory, and is AVX2's.
 */
#include "rt/kernel.h"

#include <stddef.h>

#if defined(__AVX512F__) && defined(__AVX2__)
#include <immintrin.h>

#define INLINE static inline __attribute__((always_inline))

/* ---------------------------------------------------------------- read -- */

TABOR_RT static void
linear(const tabor_path *path, float *restrict out, uint32_t n)
{
    tabor_kernels_avx2->linear(path, out, n);
}

/* Lanes of one frame: a for the first channel, b for the second. */
typedef struct lanes {
    __m512 a, b;
} lanes;

INLINE __m512
taps_at(const float *row, uint32_t taps, uint32_t j, __m512 share)
{
    return _mm512_add_ps(_mm512_loadu_ps(row + j),
                         _mm512_mul_ps(_mm512_loadu_ps(row + taps + j), share));
}

/* Add eight products, the last ones, to the lower lanes. */
INLINE __m512
add_half(__m512 sum, __m256 h, const float *x)
{
    __m256 products = _mm256_mul_ps(h, _mm256_loadu_ps(x));
    return _mm512_mask_add_ps(sum, 0xff, sum, _mm512_castps256_ps512(products));
}

INLINE __m256
half_taps_at(const float *row, uint32_t taps, uint32_t j, __m256 share)
{
    return _mm256_add_ps(_mm256_load_ps(row + j),
                         _mm256_mul_ps(_mm256_load_ps(row + taps + j), share));
}

INLINE lanes
lanes_at(const float *row, float share, const float *const x[2], uint64_t frame,
         uint32_t taps, unsigned channels)
{
    __m512 shares = _mm512_set1_ps(share), h = taps_at(row, taps, 0, shares);
    const float *a = x[0] + frame, *b = channels == 2 ? x[1] + frame : NULL;
    lanes l;
    uint32_t j = 16;
    l.a = _mm512_mul_ps(h, _mm512_loadu_ps(a));
    l.b = channels == 2 ? _mm512_mul_ps(h, _mm512_loadu_ps(b)) : l.a;
#pragma GCC unroll 4
    for (; j + 16 <= taps; j += 16) {
        h = taps_at(row, taps, j, shares);
        l.a = _mm512_add_ps(l.a, _mm512_mul_ps(h, _mm512_loadu_ps(a + j)));
        if (channels == 2) {
            l.b = _mm512_add_ps(l.b, _mm512_mul_ps(h, _mm512_loadu_ps(b + j)));
        }
    }
    if (j < taps) {
        __m256 rest =
            half_taps_at(row, taps, j, _mm512_castps512_ps256(shares));
        l.a = add_half(l.a, rest, a + j);
        l.b = channels == 2 ? add_half(l.b, rest, b + j) : l.a;
    }
    return l;
}

/* Four steps of the reduction, which turn sixteen frames of lanes to sixteen
 * values: lane + 8, + 4, + 2, + 1. Of two frames each leaves the first one's
 * sums below the second one's, in the register or in each quarter of it. */
INLINE __m512
fold_8(__m512 a, __m512 b)
{
    return _mm512_add_ps(_mm512_shuffle_f32x4(a, b, 0x44),
                         _mm512_shuffle_f32x4(a, b, 0xee));
}

INLINE __m512
fold_4(__m512 a, __m512 b)
{
    return _mm512_add_ps(_mm512_shuffle_f32x4(a, b, 0x88),
                         _mm512_shuffle_f32x4(a, b, 0xdd));
}

INLINE __m512
fold_2(__m512 a, __m512 b)
{
    return _mm512_add_ps(_mm512_shuffle_ps(a, b, 0x44),
                         _mm512_shuffle_ps(a, b, 0xee));
}

INLINE __m512
fold_1(__m512 a, __m512 b)
{
    return _mm512_add_ps(_mm512_shuffle_ps(a, b, 0x88),
                         _mm512_shuffle_ps(a, b, 0xdd));
}

/* Four frames of sixteen lanes to four quarters. */
INLINE lanes
fold_four(lanes k, lanes l, lanes m, lanes n)
{
    return (lanes){fold_4(fold_8(k.a, l.a), fold_8(m.a, n.a)),
                   fold_4(fold_8(k.b, l.b), fold_8(m.b, n.b))};
}

INLINE lanes
fold_2_lanes(lanes l, lanes m)
{
    return (lanes){fold_2(l.a, m.a), fold_2(l.b, m.b)};
}

/* The shares of sixteen phases, from their fractions. */
INLINE __m512
shares_of(__m512i fractions)
{
    __m512i bits =
        _mm512_srli_epi32(_mm512_slli_epi32(fractions, TABOR_SINC_ROW_BITS), 8);
    return _mm512_mul_ps(_mm512_cvtepi32_ps(bits), _mm512_set1_ps(0x1p-24f));
}

/* Where the taps of the frame at phase 0 begin. */
INLINE const float *
first_tap(const float *values, uint32_t taps)
{
    return values - (taps / 2 - 1);
}

INLINE uint32_t
sinc_sixteens(const tabor_sinc *sinc, const tabor_path *path,
              float *const out[2], uint32_t n, uint32_t taps, unsigned channels)
{
    const float *rows = sinc->rows;
    const float *const x[2] = {first_tap(path->values[0], taps),
                               channels == 2 ? first_tap(path->values[1], taps)
                                             : NULL};
    uint64_t p = path->phase, step = path->step;
    __m512i steps =
        _mm512_mullo_epi32(_mm512_set1_epi32((int32_t)step),
                           _mm512_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10,
                                             11, 12, 13, 14, 15));
    uint32_t i = 0;
    for (; n - i >= 16; i += 16) {
        float share[16] __attribute__((aligned(64)));
        _mm512_store_ps(share, shares_of(_mm512_add_epi32(
                                   _mm512_set1_epi32((int32_t)p), steps)));
#define LANES(k)                                                               \
    lanes_at(tabor_sinc_row(rows, taps, p + (k)*step), share[k], x,            \
             (p + (k)*step) >> 32, taps, channels)
#define FOUR(k)                                                                \
    fold_four(LANES(k), LANES((k) + 4), LANES((k) + 8), LANES((k) + 12))
        lanes low = fold_2_lanes(FOUR(0), FOUR(1));
        lanes high = fold_2_lanes(FOUR(2), FOUR(3));
#undef FOUR
#undef LANES
        _mm512_storeu_ps(out[0] + i, fold_1(low.a, high.a));
        if (channels == 2) {
            _mm512_storeu_ps(out[1] + i, fold_1(low.b, high.b));
        }
        p += 16 * step;
    }
    return i;
}

/* The lanes' sum, in the one order. */
INLINE float
sum(__m512 l)
{
    __m512d upper =
        _mm512_castpd256_pd512(_mm512_extractf64x4_pd(_mm512_castps_pd(l), 1));
    __m256 e = _mm256_add_ps(_mm512_castps512_ps256(l),
                             _mm512_castps512_ps256(_mm512_castpd_ps(upper)));
    __m128 m =
        _mm_add_ps(_mm256_castps256_ps128(e), _mm256_extractf128_ps(e, 1));
    m = _mm_add_ps(m, _mm_movehl_ps(m, m));
    return _mm_cvtss_f32(_mm_add_ss(m, _mm_shuffle_ps(m, m, 1)));
}

INLINE void
sinc_ones(const tabor_sinc *sinc, const tabor_path *path, float *const out[2],
          uint32_t i, uint32_t n, unsigned channels)
{
    uint32_t taps = sinc->taps;
    const float *const x[2] = {first_tap(path->values[0], taps),
                               channels == 2 ? first_tap(path->values[1], taps)
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

/* A loop for each number of taps, unrolled over them: half as long again if the
 * number is not known to the compiler. */
INLINE void
sinc_all(const tabor_sinc *sinc, const tabor_path *path, float *const out[2],
         uint32_t n, unsigned channels)
{
    uint32_t i;
    switch (sinc->taps) {
    case 16:
        i = sinc_sixteens(sinc, path, out, n, 16, channels);
        break;
    case 24:
        i = sinc_sixteens(sinc, path, out, n, 24, channels);
        break;
    case 32:
        i = sinc_sixteens(sinc, path, out, n, 32, channels);
        break;
    case 40:
        i = sinc_sixteens(sinc, path, out, n, 40, channels);
        break;
    case 48:
        i = sinc_sixteens(sinc, path, out, n, 48, channels);
        break;
    case 56:
        i = sinc_sixteens(sinc, path, out, n, 56, channels);
        break;
    default:
        i = sinc_sixteens(sinc, path, out, n, TABOR_TAPS_MAX, channels);
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

TABOR_RT static void
add(float *restrict out, const tabor_input *inputs, unsigned count, uint32_t n)
{
    tabor_kernels_avx2->add(out, inputs, count, n);
}

TABOR_RT static void
add_pair(float *const out[2], const tabor_input *inputs, unsigned count,
         uint32_t n)
{
    tabor_kernels_avx2->add_pair(out, inputs, count, n);
}

TABOR_RT static void
add_moving(float *restrict out, const float *restrict in,
           const tabor_levels *levels, uint32_t n)
{
    tabor_kernels_avx2->add_moving(out, in, levels, n);
}

TABOR_RT static void
add_pair_moving(float *const out[2], const float *in,
                const tabor_levels *levels, uint32_t n)
{
    tabor_kernels_avx2->add_pair_moving(out, in, levels, n);
}

static const tabor_kernels kernels = {.name = "avx512",
                                      .linear = linear,
                                      .sinc = sinc_one,
                                      .sinc_pair = sinc_pair,
                                      .add = add,
                                      .add_pair = add_pair,
                                      .add_moving = add_moving,
                                      .add_pair_moving = add_pair_moving};
const tabor_kernels *const tabor_kernels_avx512 = &kernels;
#else
const tabor_kernels *const tabor_kernels_avx512 = NULL;
#endif
