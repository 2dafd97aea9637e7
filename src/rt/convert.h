/* SPDX-License-Identifier: MIT
 *
 * From float32 to the integers that a device or a file takes: scaled by a power
 * of two, dithered, rounded to the nearest, kept in range.
 *
 * The dither is triangular noise of plus and minus one step, the difference of
 * two uniform numbers: then neither the mean nor the power of the error depends
 * on the sound, and no step of the integers makes a tone. Its numbers are a
 * hash of (frame, channel), so there is no state: the same frames give the same
 * bytes in blocks of any size, in a take played again and in a file. Silence is
 * dithered like any other sound.
 */
#ifndef TABOR_RT_CONVERT_H
#define TABOR_RT_CONVERT_H

#include "rt/rt.h"

/* In the order of driver.h's tabor_stream_format. */
typedef enum tabor_conversion_format {
    TABOR_TO_F32,    /* as it is */
    TABOR_TO_S16,    /* int16 */
    TABOR_TO_S24,    /* three bytes, the lowest first */
    TABOR_TO_S24_32, /* int32 that holds 24 bits */
    TABOR_TO_S32     /* int32 */
} tabor_conversion_format;

typedef enum tabor_dither {
    TABOR_DITHER_OFF, /* round to the nearest, halves to even */
    TABOR_DITHER_TPDF
} tabor_dither;

typedef struct tabor_conversion {
    tabor_conversion_format format;
    tabor_dither dither;
    uint32_t channels; /* at most 64 */
} tabor_conversion;

/* Bytes of one value.  [any] */
TABOR_RT uint32_t tabor_conversion_bytes(tabor_conversion_format format);

/* Convert frames, the first of which is frame first of the whole.  [audio]
 *
 * 1 is one step above the highest integer, and becomes that; NaN counts as 0.
 *
 * values  frames × channels, interleaved
 * out     the same in the conversion's format
 *
 * Source: the dither is that of Lipshitz, Wannamaker and Vanderkooy,
 * "Quantization and dither: a theoretical survey" (JAES 40, 1992); the hash is
 * SplitMix64's: Steele, Lea and Flood, "Fast splittable pseudorandom number
 * generators" (OOPSLA 2014).
 */
TABOR_RT void tabor_convert(const tabor_conversion *conversion,
                            const float *values, uint64_t first,
                            uint32_t frames, void *out);

#endif
