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

#include "link/order.h"

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

/* Hand a filled slot to the audio thread.  [control] */
static inline void
tabor_slot_publish(tabor_sample_slot *slot, uint32_t generation)
{
    atomic_store_explicit(&slot->state,
                          tabor_slot_word(generation, TABOR_SLOT_LIVE),
                          TABOR_ORDER(release, sample_live));
}

/* May this generation be played? Its handle may be invented, so it is not
 * enough that a ring's order came with it.  [audio] */
static inline int
tabor_slot_is_live(tabor_sample_slot *slot, uint32_t generation)
{
    return atomic_load_explicit(&slot->state,
                                TABOR_ORDER(acquire, sample_live)) ==
           tabor_slot_word(generation, TABOR_SLOT_LIVE);
}

/* Give a slot back, of which nothing will be read any more.  [audio] */
static inline void
tabor_slot_retire(tabor_sample_slot *slot, uint32_t generation)
{
    atomic_store_explicit(&slot->state,
                          tabor_slot_word(generation, TABOR_SLOT_RETIRED),
                          TABOR_ORDER(release, sample_retired));
}

/* May its memory be freed?  [control] */
static inline int
tabor_slot_is_retired(tabor_sample_slot *slot)
{
    uint64_t word = atomic_load_explicit(&slot->state,
                                         TABOR_ORDER(acquire, sample_retired));
    return (word & UINT32_MAX) == TABOR_SLOT_RETIRED;
}

/* Its memory is free; the next publication orders that.  [control] */
static inline void
tabor_slot_clear(tabor_sample_slot *slot, uint32_t generation)
{
    atomic_store_explicit(&slot->state,
                          tabor_slot_word(generation, TABOR_SLOT_FREE),
                          memory_order_relaxed);
}

#endif
