/* SPDX-License-Identifier: MIT
 *
 * A sample's slot in the table that loaders and the audio thread share.
 *
 * state names who may touch the rest: FREE and LIVE are stored by a loader
 * under the sample mutex, RETIRED by the audio thread once no play of that
 * generation is left. That one store is the garbage queue: it can't be full.
 */
#ifndef TABOR_LINK_SAMPLE_SLOT_H
#define TABOR_LINK_SAMPLE_SLOT_H

#include <stdalign.h>
#include <stdatomic.h>
#include <stdint.h>

enum {
    TABOR_SLOT_FREE,
    TABOR_SLOT_LIVE,
    TABOR_SLOT_RETIRED
};

/* Silent frames before and after each channel's values. */
#define TABOR_SAMPLE_PAD 32

typedef struct tabor_sample_slot {
    /* generation 32 | TABOR_SLOT_...: LIVE written by the loader (release),
     * read by the audio thread (acquire); RETIRED the other way round */
    alignas(64) _Atomic uint64_t state;
    const float *values; /* frame 0 of channel 0; channels are stride apart */
    uint64_t stride;
    uint32_t frames, channels;
} tabor_sample_slot;

static inline uint64_t
tabor_slot_word(uint32_t generation, unsigned state)
{
    return (uint64_t)generation << 32 | state;
}

#endif
