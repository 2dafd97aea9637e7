/* SPDX-License-Identifier: MIT
 *
 * The indices of a wait-free ring for one producer and one consumer. The slots
 * are an array of the owner's, indexed with [index & mask].
 *
 * The protocol that all functions follow: an index counts for ever and wraps
 * with uint32_t; tail - head slots are full. Each side works on a private copy
 * of its own index, publishes it with one release store, and looks at the
 * other side's (acquire) only when its cached copy says there is not enough.
 * The release of tail hands the slots' content to the consumer; the release of
 * head hands the empty slots back.
 */
#ifndef TABOR_LINK_RING_H
#define TABOR_LINK_RING_H

#include <stdalign.h>
#include <stdatomic.h>
#include <stdint.h>

#include "link/order.h"

/* What one thread writes stays this far from what another reads. Two lines of
 * 64: many machines fetch them in pairs, and a pair that is shared costs a
 * round trip half as much again. */
#ifndef TABOR_CACHE_LINE
#define TABOR_CACHE_LINE 128
#endif

typedef struct tabor_ring {
    /* written by the producer (release), read by the consumer (acquire) */
    alignas(TABOR_CACHE_LINE) _Atomic uint32_t tail;
    /* written by the consumer (release), read by the producer (acquire) */
    alignas(TABOR_CACHE_LINE) _Atomic uint32_t head;
    /* the producer's own */
    alignas(TABOR_CACHE_LINE) uint32_t next_tail;
    uint32_t seen_head;
    /* the consumer's own */
    alignas(TABOR_CACHE_LINE) uint32_t next_head;
    uint32_t seen_tail;
    /* fixed once made */
    alignas(TABOR_CACHE_LINE) uint32_t capacity; /* a power of two */
    uint32_t mask;
} tabor_ring;

/* Make an empty ring whose indices begin at first (any value; tests start
 * near the wrap).  [control] */
static inline void
tabor_ring_init(tabor_ring *r, uint32_t capacity, uint32_t first)
{
    atomic_init(&r->tail, first);
    atomic_init(&r->head, first);
    r->next_tail = r->seen_head = r->next_head = r->seen_tail = first;
    r->capacity = capacity;
    r->mask = capacity - 1;
}

/* Slots that the producer may fill, from index r->next_tail on. Exact if less
 * than wanted, else maybe an underestimate.  [producer] */
static inline uint32_t
tabor_ring_reserve(tabor_ring *r, uint32_t wanted)
{
    uint32_t free = r->capacity - (r->next_tail - r->seen_head);
    if (free < wanted) {
        r->seen_head =
            atomic_load_explicit(&r->head, TABOR_ORDER(acquire, head));
        free = r->capacity - (r->next_tail - r->seen_head);
    }
    return free;
}

/* Publish n filled slots at once.  [producer] */
static inline void
tabor_ring_commit(tabor_ring *r, uint32_t n)
{
    r->next_tail += n;
    atomic_store_explicit(&r->tail, r->next_tail, TABOR_ORDER(release, tail));
}

/* Slots that are full, from index r->next_head on. Exact if less than wanted,
 * else maybe an underestimate; who wants all asks for r->capacity.  [consumer]
 *
 * A message is two lines to fetch, its own and the index's. Prefetch the slot
 * at next_head before you look, and they come at the same time. */
static inline uint32_t
tabor_ring_ready(tabor_ring *r, uint32_t wanted)
{
    uint32_t full = r->seen_tail - r->next_head;
    if (full < wanted) {
        r->seen_tail =
            atomic_load_explicit(&r->tail, TABOR_ORDER(acquire, tail));
        full = r->seen_tail - r->next_head;
    }
    return full;
}

/* Give n slots back.  [consumer] */
static inline void
tabor_ring_release(tabor_ring *r, uint32_t n)
{
    r->next_head += n;
    atomic_store_explicit(&r->head, r->next_head, TABOR_ORDER(release, head));
}

#endif
