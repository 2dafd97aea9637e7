/* SPDX-License-Identifier: MIT
 *
 * Waking a reader that sleeps, without losing one.
 *
 * The reader arms, looks, and sleeps only if it saw nothing; the audio thread
 * publishes, then disarms. Both exchange, always, so one of them comes second
 * and finds what the other did: the audio thread finds it armed and fires, or
 * the reader, as it arms, meets what was published. A plain look before the
 * exchange, on either side, would lose wake-ups.
 */
#ifndef TABOR_LINK_WAKE_H
#define TABOR_LINK_WAKE_H

#include <stdint.h>

#include "link/order.h"

typedef struct tabor_wake {
    /* 1 by the reader (acquire), 0 by the audio thread (release) */
    _Atomic uint32_t armed;
    /* Set by the audio thread, taken by the service thread, who then wakes the
     * reader. Relaxed: the reader arms again before it trusts a look, and that
     * meets what was published. */
    _Atomic uint32_t fire;
} tabor_wake;

/* Announce that this thread may sleep; look for news after it.  [client] */
static inline void
tabor_wake_arm(tabor_wake *w)
{
    atomic_exchange_explicit(&w->armed, 1, TABOR_ORDER(acquire, armed));
}

/* What is published is to be noticed; returns 1 if somebody has to be woken
 * for that.  [audio] */
static inline int
tabor_wake_fire(tabor_wake *w)
{
    if (!atomic_exchange_explicit(&w->armed, 0, TABOR_ORDER(release, armed))) {
        return 0;
    }
    atomic_store_explicit(&w->fire, 1, memory_order_relaxed);
    return 1;
}

/* Returns 1, once, if the reader is to be woken.  [control] */
static inline int
tabor_wake_take(tabor_wake *w)
{
    return atomic_load_explicit(&w->fire, memory_order_relaxed) &&
           atomic_exchange_explicit(&w->fire, 0, memory_order_relaxed);
}

#endif
