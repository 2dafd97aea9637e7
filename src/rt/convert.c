/* SPDX-License-Identifier: MIT */
#include "rt/convert.h"

#include <string.h>

#define ALWAYS_INLINE inline __attribute__((always_inline))

TABOR_RT uint32_t
tabor_conversion_bytes(tabor_conversion_format format)
{
    static const uint8_t bytes[] = {4, 2, 3, 4, 4};
    return bytes[format];
}

/* Channels are far apart in the hash's sequence, frames are neighbours. */
static ALWAYS_INLINE uint64_t
hash(uint64_t frame, uint32_t channel)
{
    uint64_t z = frame + ((uint64_t)channel << 58) + 1;
    z *= UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return z ^ z >> 31;
}

/* In steps, more than -1 and less than 1. */
static ALWAYS_INLINE double
noise(uint64_t frame, uint32_t channel)
{
    uint64_t z = hash(frame, channel);
    return ((double)(int32_t)z - (double)(int32_t)(z >> 32)) * 0x1p-32;
}

/* The nearest integer, halves to even: a double this large has no room for a
 * fraction. Not a call of rint(), which baseline x86-64 has no instruction
 * for. */
static ALWAYS_INLINE int32_t
to_nearest(double x)
{
    const double shift = 0x1.8p52;
    return (int32_t)(x + shift - shift);
}

/* steps: of 1, a power of two, so that scaling is exact. A value too small for
 * the processor's mood about denormals is lost in the sum in either mood. */
static ALWAYS_INLINE int32_t
quantise(float value, double steps, double added)
{
    double x = (double)(value == value ? value : 0.0f) * steps + added;
    x = x < -steps ? -steps : x;
    x = x > steps - 1 ? steps - 1 : x;
    return to_nearest(x);
}

static ALWAYS_INLINE void
store(tabor_conversion_format format, unsigned char *out, int32_t n)
{
    if (format == TABOR_TO_S16) {
        int16_t narrow = (int16_t)n;
        memcpy(out, &narrow, sizeof narrow);
    } else if (format == TABOR_TO_S24) {
        out[0] = (unsigned char)n;
        out[1] = (unsigned char)(n >> 8);
        out[2] = (unsigned char)(n >> 16);
    } else {
        memcpy(out, &n, sizeof n);
    }
}

/* One loop for each format: format, steps and bytes are constants in it. */
static ALWAYS_INLINE void
convert_to(tabor_conversion_format format, double steps, size_t bytes,
           const tabor_conversion *conversion, const float *values,
           uint64_t first, uint32_t frames, unsigned char *out)
{
    const uint32_t channels = conversion->channels;
    if (conversion->dither == TABOR_DITHER_OFF) {
        size_t count = (size_t)frames * channels;
        for (size_t i = 0; i < count; i++) {
            store(format, out + i * bytes, quantise(values[i], steps, 0.0));
        }
        return;
    }
    for (uint64_t f = first; f < first + frames; f++) {
        for (uint32_t c = 0; c < channels; c++) {
            store(format, out, quantise(*values++, steps, noise(f, c)));
            out += bytes;
        }
    }
}

TABOR_RT void
tabor_convert(const tabor_conversion *conversion, const float *values,
              uint64_t first, uint32_t frames, void *out)
{
    switch (conversion->format) {
    case TABOR_TO_F32:
        memcpy(out, values,
               (size_t)frames * conversion->channels * sizeof *values);
        return;
    case TABOR_TO_S16:
        convert_to(TABOR_TO_S16, 0x1p15, 2, conversion, values, first, frames,
                   out);
        return;
    case TABOR_TO_S24:
        convert_to(TABOR_TO_S24, 0x1p23, 3, conversion, values, first, frames,
                   out);
        return;
    case TABOR_TO_S24_32:
        convert_to(TABOR_TO_S24_32, 0x1p23, 4, conversion, values, first,
                   frames, out);
        return;
    case TABOR_TO_S32:
        convert_to(TABOR_TO_S32, 0x1p31, 4, conversion, values, first, frames,
                   out);
        return;
    }
}
