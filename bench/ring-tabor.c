/* SPDX-License-Identifier: MIT
 *
 * Our ring: messages written and read in place.
 */
#include <stdlib.h>

#include "link/ring.h"
#include "ring-peer.h"

/* Half a message: one store where the machine has 32-byte registers. */
typedef uint64_t half __attribute__((vector_size(32)));

typedef struct message {
    half low, high;
} message;

typedef struct bench_ring {
    tabor_ring ring;
    message *slots;
} bench_ring;

void *
bench_ring_open(uint32_t capacity)
{
    bench_ring *r = aligned_alloc(TABOR_CACHE_LINE, sizeof *r);
    r->slots = aligned_alloc(64, capacity * sizeof *r->slots);
    tabor_ring_init(&r->ring, capacity, 0);
    return r;
}

static inline void
fill(message *m, uint64_t n)
{
    m->low = (half){n, n + 1, n + 2, n + 3};
    m->high = (half){n + 4, n + 5, n + 6, n + 7};
}

static inline uint64_t
sum(const message *m)
{
    half both = m->low + m->high;
    return both[0] + both[1] + both[2] + both[3];
}

void
bench_ring_produce(void *ring, uint64_t count)
{
    bench_ring *r = ring;
    for (uint64_t n = 0; n < count; n++) {
        while (tabor_ring_reserve(&r->ring, 1) < 1) {
            BENCH_PAUSE();
        }
        fill(&r->slots[r->ring.next_tail & r->ring.mask], n);
        tabor_ring_commit(&r->ring, 1);
    }
}

uint64_t
bench_ring_consume(void *ring, uint64_t count)
{
    bench_ring *r = ring;
    uint64_t total = 0;
    for (uint64_t n = 0; n < count; n++) {
        while (tabor_ring_ready(&r->ring, 1) < 1) {
            BENCH_PAUSE();
        }
        total += sum(&r->slots[r->ring.next_head & r->ring.mask]);
        tabor_ring_release(&r->ring, 1);
    }
    return total;
}

uint64_t
bench_ring_drain(void *ring, uint64_t count)
{
    bench_ring *r = ring;
    uint64_t total = 0;
    for (uint64_t done = 0; done < count;) {
        uint32_t n = tabor_ring_ready(&r->ring, r->ring.capacity);
        for (uint32_t i = 0; i < n; i++) {
            total += sum(&r->slots[(r->ring.next_head + i) & r->ring.mask]);
        }
        if (n == 0) {
            BENCH_PAUSE();
            continue;
        }
        tabor_ring_release(&r->ring, n);
        done += n;
    }
    return total;
}

void
bench_ring_send(void *ring, uint64_t n)
{
    bench_ring *r = ring;
    while (tabor_ring_reserve(&r->ring, 1) < 1) {
    }
    fill(&r->slots[r->ring.next_tail & r->ring.mask], n);
    tabor_ring_commit(&r->ring, 1);
}

uint64_t
bench_ring_receive(void *ring)
{
    bench_ring *r = ring;
    const message *next = &r->slots[r->ring.next_head & r->ring.mask];
    do {
        __builtin_prefetch(next); /* see tabor_ring_ready() */
    } while (tabor_ring_ready(&r->ring, 1) < 1);
    uint64_t total = sum(next);
    tabor_ring_release(&r->ring, 1);
    return total;
}
