/* SPDX-License-Identifier: MIT
 *
 * The engine's clock, published once a block for any thread to read.
 *
 * A sequence lock without fences: the writer makes seq odd, stores the words,
 * makes seq even. A reader that finds seq even and the same before and after
 * its loads has words of one block: none older, as it acquired seq, and none
 * younger, as it would have acquired an odd seq with it.
 */
#ifndef TABOR_LINK_CLOCK_H
#define TABOR_LINK_CLOCK_H

#include <stdatomic.h>
#include <stdint.h>

#include "link/order.h"

typedef struct tabor_clock_words {
    uint64_t frame, monotonic_ns;
} tabor_clock_words;

typedef struct tabor_clock_cell {
    /* all written by the audio thread only */
    _Atomic uint32_t seq;
    _Atomic uint64_t frame, monotonic_ns;
} tabor_clock_cell;

/* [audio] */
static inline void
tabor_clock_publish(tabor_clock_cell *c, tabor_clock_words now)
{
    uint32_t seq = atomic_load_explicit(&c->seq, memory_order_relaxed);
    atomic_store_explicit(&c->seq, seq + 1, memory_order_relaxed);
    atomic_store_explicit(&c->frame, now.frame, TABOR_ORDER(release, frame));
    atomic_store_explicit(&c->monotonic_ns, now.monotonic_ns,
                          TABOR_ORDER(release, ns));
    atomic_store_explicit(&c->seq, seq + 2, TABOR_ORDER(release, seq));
}

/* [any] Retries while a block is being published. */
static inline tabor_clock_words
tabor_clock_look(tabor_clock_cell *c)
{
    tabor_clock_words now;
    uint32_t before, after;
    do {
        before = atomic_load_explicit(&c->seq, TABOR_ORDER(acquire, seq));
        now.frame =
            atomic_load_explicit(&c->frame, TABOR_ORDER(acquire, frame));
        now.monotonic_ns =
            atomic_load_explicit(&c->monotonic_ns, TABOR_ORDER(acquire, ns));
        after = atomic_load_explicit(&c->seq, memory_order_relaxed);
    } while (before != after || (before & 1));
    return now;
}

#endif
