/* SPDX-License-Identifier: MIT
 *
 * The kernels for SSE2: eight lanes in two registers, four frames a turn.
 */
#include "rt/kernel.h"

#include <stddef.h>

#if defined(__SSE2__)
#include <emmintrin.h>
#include <string.h>

#define INLINE static inline __attribute__((always_inline))

/* ---------------------------------------------------------------- read -- */

/* The upper 24 bits of four fractions, in order, as shares of one. */
INLINE __m128
shares_of(uint32_t a, uint32_t b, uint32_t c, uint32_t d)
{
    __m128i bits = _mm_set_epi32((int32_t)(d >> 8), (int32_t)(c >> 8),
                                 (int32_t)(b >> 8), (int32_t)(a >> 8));
    return _mm_mul_ps(_mm_cvtepi32_ps(bits), _mm_set1_ps(0x1p-24f));
}

/* The frames at two phases, each with the next one. */
INLINE __m128
pairs_at(const float *values, uint64_t p, uint64_t q)
{
    double first, second;
    memcpy(&first, values + (p >> 32), sizeof first);
    memcpy(&second, values + (q >> 32), sizeof second);
    return _mm_castpd_ps(_mm_set_pd(second, first));
}

TABOR_RT static void
linear(const tabor_path *path, float *restrict out, uint32_t n)
{
    const float *v = path->values[0];
    uint64_t p = path->phase, step = path->step;
    uint32_t i = 0;
    for (; n - i >= 4; i += 4) {
        uint64_t q = p + step, r = q + step, s = r + step;
        __m128 pq = pairs_at(v, p, q), rs = pairs_at(v, r, s);
        __m128 x0 = _mm_shuffle_ps(pq, rs, 0x88);
        __m128 x1 = _mm_shuffle_ps(pq, rs, 0xdd);
        __m128 share =
            shares_of((uint32_t)p, (uint32_t)q, (uint32_t)r, (uint32_t)s);
        _mm_storeu_ps(out + i,
                      _mm_add_ps(x0, _mm_mul_ps(_mm_sub_ps(x1, x0), share)));
        p = s + step;
    }
    tabor_path rest = {{v, NULL}, p, step};
    tabor_kernels_scalar->linear(&rest, out + i, n - i);
}

/* Lanes of one frame, l + 4 added to l already: a for the first channel, b for
 * the second. */
typedef struct lanes {
    __m128 a, b;
} lanes;

INLINE __m128
taps_at(const float *row, uint32_t taps, uint32_t j, __m128 share)
{
    return _mm_add_ps(_mm_load_ps(row + j),
                      _mm_mul_ps(_mm_load_ps(row + taps + j), share));
}

/* The sums of every sixteenth product from j on, four lanes of them. */
INLINE lanes
quarter_at(const float *row, __m128 share, const float *a, const float *b,
           uint32_t j, uint32_t taps, unsigned channels)
{
    __m128 h = taps_at(row, taps, j, share);
    lanes l;
    l.a = _mm_mul_ps(h, _mm_loadu_ps(a + j));
    l.b = channels == 2 ? _mm_mul_ps(h, _mm_loadu_ps(b + j)) : l.a;
#pragma GCC unroll 4
    for (j += 16; j < taps; j += 16) {
        h = taps_at(row, taps, j, share);
        l.a = _mm_add_ps(l.a, _mm_mul_ps(h, _mm_loadu_ps(a + j)));
        if (channels == 2) {
            l.b = _mm_add_ps(l.b, _mm_mul_ps(h, _mm_loadu_ps(b + j)));
        }
    }
    return l;
}

/* The same for every eighth product. */
INLINE lanes
half_at(const float *row, __m128 share, const float *a, const float *b,
        uint32_t j, uint32_t taps, unsigned channels)
{
    lanes l = quarter_at(row, share, a, b, j, taps, channels);
    lanes m = quarter_at(row, share, a, b, j + 8, taps, channels);
    return (lanes){_mm_add_ps(l.a, m.a), _mm_add_ps(l.b, m.b)};
}

INLINE lanes
lanes_at(const tabor_sinc *sinc, const tabor_path *path, uint64_t phase,
         uint32_t taps, unsigned channels)
{
    const float *row = tabor_sinc_row(sinc->rows, taps, phase);
    __m128 share = _mm_set1_ps(tabor_sinc_share(phase));
    uint64_t first = (phase >> 32) - (taps / 2 - 1);
    const float *a = path->values[0] + (int64_t)first;
    const float *b = channels == 2 ? path->values[1] + (int64_t)first : NULL;
    lanes l = half_at(row, share, a, b, 0, taps, channels);
    lanes m = half_at(row, share, a, b, 4, taps, channels);
    return (lanes){_mm_add_ps(l.a, m.a), _mm_add_ps(l.b, m.b)};
}

/* The rest of the reduction, for four frames at once: lane + 2, then + 1. */
INLINE __m128
fold_2(__m128 a, __m128 b)
{
    return _mm_add_ps(_mm_shuffle_ps(a, b, 0x44), _mm_shuffle_ps(a, b, 0xee));
}

INLINE __m128
fold_1(__m128 a, __m128 b)
{
    return _mm_add_ps(_mm_shuffle_ps(a, b, 0x88), _mm_shuffle_ps(a, b, 0xdd));
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
        _mm_storeu_ps(out[0] + i, fold_1(pq.a, rs.a));
        if (channels == 2) {
            _mm_storeu_ps(out[1] + i, fold_1(pq.b, rs.b));
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
        _mm_store_ss(out[0] + i, fold_1(fold_2(l.a, l.a), l.a));
        if (channels == 2) {
            _mm_store_ss(out[1] + i, fold_1(fold_2(l.b, l.b), l.b));
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
add_four(float *out, __m128 in, __m128 level)
{
    _mm_storeu_ps(out, _mm_add_ps(_mm_loadu_ps(out), _mm_mul_ps(in, level)));
}

/* Values in a row, in four registers. */
typedef struct row {
    __m128 a, b, c, d;
} row;

INLINE row
row_load(const float *x)
{
    return (row){_mm_loadu_ps(x), _mm_loadu_ps(x + 4), _mm_loadu_ps(x + 8),
                 _mm_loadu_ps(x + 12)};
}

INLINE void
row_store(float *out, row r)
{
    _mm_storeu_ps(out, r.a);
    _mm_storeu_ps(out + 4, r.b);
    _mm_storeu_ps(out + 8, r.c);
    _mm_storeu_ps(out + 12, r.d);
}

INLINE row
row_add(row sum, row x, __m128 level)
{
    return (row){_mm_add_ps(sum.a, _mm_mul_ps(x.a, level)),
                 _mm_add_ps(sum.b, _mm_mul_ps(x.b, level)),
                 _mm_add_ps(sum.c, _mm_mul_ps(x.c, level)),
                 _mm_add_ps(sum.d, _mm_mul_ps(x.d, level))};
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
        a = row_add(a, x, _mm_set1_ps(in->levels[0]));
        if (channels == 2) {
            b = row_add(b, x, _mm_set1_ps(in->levels[1]));
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
    __m128 sum = _mm_loadu_ps(out + i);
    for (unsigned k = 0; k < count; k++) {
        __m128 level = _mm_set1_ps(inputs[k].levels[side]);
        __m128 x = _mm_loadu_ps(inputs[k].values + i);
        sum = _mm_add_ps(sum, _mm_mul_ps(x, level));
    }
    _mm_storeu_ps(out + i, sum);
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
    __m128 from, way, per_frame, at;
} slope;

INLINE slope
slope_new(const tabor_slope *s)
{
    __m128 count = _mm_setr_ps(0, 1, 2, 3);
    return (slope){_mm_set1_ps(s->from), _mm_set1_ps(s->way),
                   _mm_set1_ps(s->per_frame),
                   _mm_add_ps(_mm_set1_ps(s->at), count)};
}

/* The levels there; and on to the next four. */
INLINE __m128
slope_next(slope *s)
{
    __m128 share = _mm_mul_ps(s->at, s->per_frame);
    __m128 rest = _mm_sub_ps(_mm_set1_ps(3), _mm_add_ps(share, share));
    __m128 bend = _mm_mul_ps(_mm_mul_ps(share, share), rest);
    s->at = _mm_add_ps(s->at, _mm_set1_ps(4));
    return _mm_add_ps(s->from, _mm_mul_ps(s->way, bend));
}

INLINE void
add_all_moving(float *const out[2], const float *in, const tabor_levels *levels,
               uint32_t n, unsigned channels)
{
    const tabor_levels l = *levels;
    float *const outs[2] = {out[0], out[1]};
    slope gain = slope_new(&l.gain), fade = slope_new(&l.fade);
    slope side[2] = {slope_new(&l.side[0]), slope_new(&l.side[1])};
    __m128 share = _mm_set1_ps(l.share);
    uint32_t i = 0;
    for (; n - i >= 4; i += 4) {
        __m128 x = _mm_loadu_ps(in + i);
        __m128 both = _mm_mul_ps(slope_next(&gain), slope_next(&fade));
#pragma GCC unroll 2
        for (unsigned c = 0; c < channels; c++) {
            __m128 level = _mm_mul_ps(both, slope_next(&side[c]));
            add_four(outs[c] + i, x, _mm_mul_ps(level, share));
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

static const tabor_kernels kernels = {.name = "sse2",
                                      .linear = linear,
                                      .sinc = sinc_one,
                                      .sinc_pair = sinc_pair,
                                      .add = add,
                                      .add_pair = add_pair,
                                      .add_moving = add_moving,
                                      .add_pair_moving = add_pair_moving};
const tabor_kernels *const tabor_kernels_sse2 = &kernels;
#else
const tabor_kernels *const tabor_kernels_sse2 = NULL;
#endif
