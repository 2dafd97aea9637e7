/* SPDX-License-Identifier: MIT
 *
 * boost::lockfree::spsc_queue with its size fixed at compile time, which is
 * its fastest form, and read in place.
 */
#include <boost/lockfree/spsc_queue.hpp>

#include "ring-peer.h"

namespace
{
struct message {
    uint64_t word[BENCH_WORDS];
};

using queue =
    boost::lockfree::spsc_queue<message, boost::lockfree::capacity<1024>>;

bool
push(queue *q, uint64_t n)
{
    return q->push(
        message{{n, n + 1, n + 2, n + 3, n + 4, n + 5, n + 6, n + 7}});
}

uint64_t
sum(const message &m)
{
    uint64_t total = 0;
    for (uint64_t word : m.word) {
        total += word;
    }
    return total;
}
} // namespace

void *
bench_ring_open(uint32_t)
{
    return new queue;
}

void
bench_ring_produce(void *ring, uint64_t count)
{
    auto *q = static_cast<queue *>(ring);
    for (uint64_t n = 0; n < count; n++) {
        while (!push(q, n)) {
            BENCH_PAUSE();
        }
    }
}

uint64_t
bench_ring_consume(void *ring, uint64_t count)
{
    auto *q = static_cast<queue *>(ring);
    uint64_t total = 0;
    for (uint64_t n = 0; n < count; n++) {
        while (!q->consume_one([&](const message &m) { total += sum(m); })) {
            BENCH_PAUSE();
        }
    }
    return total;
}

uint64_t
bench_ring_drain(void *ring, uint64_t count)
{
    auto *q = static_cast<queue *>(ring);
    uint64_t total = 0;
    for (uint64_t done = 0; done < count;) {
        size_t n = q->consume_all([&](const message &m) { total += sum(m); });
        if (n == 0) {
            BENCH_PAUSE();
        }
        done += n;
    }
    return total;
}

void
bench_ring_send(void *ring, uint64_t n)
{
    while (!push(static_cast<queue *>(ring), n)) {
    }
}

uint64_t
bench_ring_receive(void *ring)
{
    uint64_t total = 0;
    while (!static_cast<queue *>(ring)->consume_one(
        [&](const message &m) { total += sum(m); })) {
    }
    return total;
}
