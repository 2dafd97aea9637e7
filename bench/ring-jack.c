/* SPDX-License-Identifier: MIT
 *
 * jack_ringbuffer, as its users use it: look for room, write a message.
 */
#include <jack/ringbuffer.h>

#include "ring-peer.h"

#define BYTES (BENCH_WORDS * sizeof(uint64_t))

void *
bench_ring_open(uint32_t capacity)
{
    return jack_ringbuffer_create(capacity * BYTES);
}

static int
push(jack_ringbuffer_t *r, uint64_t n)
{
    if (jack_ringbuffer_write_space(r) < BYTES) {
        return 0;
    }
    const uint64_t m[BENCH_WORDS] = {n,     n + 1, n + 2, n + 3,
                                     n + 4, n + 5, n + 6, n + 7};
    jack_ringbuffer_write(r, (const char *)m, BYTES);
    return 1;
}

static uint64_t
sum(const uint64_t *m, size_t words)
{
    uint64_t total = 0;
    for (size_t k = 0; k < words; k++) {
        total += m[k];
    }
    return total;
}

static int
pop(jack_ringbuffer_t *r, uint64_t *total)
{
    uint64_t m[BENCH_WORDS];
    if (jack_ringbuffer_read_space(r) < BYTES) {
        return 0;
    }
    jack_ringbuffer_read(r, (char *)m, BYTES);
    *total += sum(m, BENCH_WORDS);
    return 1;
}

void
bench_ring_produce(void *ring, uint64_t count)
{
    for (uint64_t n = 0; n < count; n++) {
        while (!push(ring, n)) {
            BENCH_PAUSE();
        }
    }
}

uint64_t
bench_ring_consume(void *ring, uint64_t count)
{
    uint64_t total = 0;
    for (uint64_t n = 0; n < count; n++) {
        while (!pop(ring, &total)) {
            BENCH_PAUSE();
        }
    }
    return total;
}

uint64_t
bench_ring_drain(void *ring, uint64_t count)
{
    uint64_t total = 0;
    for (uint64_t done = 0; done < count;) {
        jack_ringbuffer_data_t part[2];
        jack_ringbuffer_get_read_vector(ring, part);
        size_t bytes = part[0].len + part[1].len;
        if (bytes == 0) {
            BENCH_PAUSE();
            continue;
        }
        total += sum((uint64_t *)part[0].buf, part[0].len / 8);
        total += sum((uint64_t *)part[1].buf, part[1].len / 8);
        jack_ringbuffer_read_advance(ring, bytes);
        done += bytes / BYTES;
    }
    return total;
}

void
bench_ring_send(void *ring, uint64_t n)
{
    while (!push(ring, n)) {
    }
}

uint64_t
bench_ring_receive(void *ring)
{
    uint64_t total = 0;
    while (!pop(ring, &total)) {
    }
    return total;
}
