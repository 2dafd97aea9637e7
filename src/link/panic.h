/* SPDX-License-Identifier: MIT
 *
 * Panic: silence for all that was sent before it, and only that.
 *
 * A play carries the count of panics that its sender saw. The audio thread
 * looks at the ends of the rings first, then at the count, then drains: what
 * it drains carries no greater count than it has, because the ring's order
 * brings the sender's along. Nothing is handed over with the count itself, so
 * it is relaxed: one variable is never seen to go back.
 */
#ifndef TABOR_LINK_PANIC_H
#define TABOR_LINK_PANIC_H

#include <stdatomic.h>
#include <stdint.h>

typedef struct tabor_panic {
    _Atomic uint32_t count; /* asked for, ever; by anyone */
} tabor_panic;

/* [any] */
static inline void
tabor_panic_ask(tabor_panic *p)
{
    atomic_fetch_add_explicit(&p->count, 1, memory_order_relaxed);
}

/* For a play's command, before it is sent; and once a block, after a look at
 * the rings' ends and before they are drained.  [any] */
static inline uint32_t
tabor_panic_count(tabor_panic *p)
{
    return atomic_load_explicit(&p->count, memory_order_relaxed);
}

/* Was a play that carries the count sent before the last of done panics? */
static inline int
tabor_panic_hits(uint32_t carried, uint32_t done)
{
    return (int32_t)(carried - done) < 0;
}

#endif
