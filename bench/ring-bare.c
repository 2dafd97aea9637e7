/* SPDX-License-Identifier: MIT
 *
 * No ring: one word on a line of its own each way. What a round trip can't
 * beat; it carries nothing, so it has no throughput.
 */
#include <stdatomic.h>
#include <stdlib.h>

#include "ring-peer.h"

/* Two cache lines: many machines fetch them in pairs. */
#define APART 128

typedef struct bare {
    _Alignas(APART) _Atomic uint64_t word; /* release, acquire */
    _Alignas(APART) uint64_t sent;         /* the sender's own */
    _Alignas(APART) uint64_t seen;         /* the receiver's own */
} bare;

void *
bench_ring_open(uint32_t capacity)
{
    (void)capacity;
    bare *b = aligned_alloc(APART, sizeof *b);
    *b = (bare){0};
    return b;
}

void
bench_ring_produce(void *ring, uint64_t count)
{
    (void)ring;
    (void)count;
}

uint64_t
bench_ring_consume(void *ring, uint64_t count)
{
    (void)ring;
    (void)count;
    return 0;
}

uint64_t
bench_ring_drain(void *ring, uint64_t count)
{
    return bench_ring_consume(ring, count);
}

void
bench_ring_send(void *ring, uint64_t n)
{
    bare *b = ring;
    (void)n;
    atomic_store_explicit(&b->word, ++b->sent, memory_order_release);
}

uint64_t
bench_ring_receive(void *ring)
{
    bare *b = ring;
    while (atomic_load_explicit(&b->word, memory_order_acquire) == b->seen) {
    }
    return ++b->seen;
}
