/* SPDX-License-Identifier: MIT
 *
 * One round of a ring (ring-peer.h): a thread on core 0 sends, one on core 1
 * takes. Prints
 *
 *   one    million messages a second, taken one by one
 *   drain  the same, taken as many as are there
 *   p50, p99.9  ns, a message there and one back
 *   probe  ns, a word there and back: how near the cores are just now
 *
 * medians over windows of some milliseconds, after a warm one. The threads ask
 * for SCHED_FIFO, so that other work does not fall into a window; where that
 * is refused, they go on without.
 */
#define _GNU_SOURCE /* to pin a thread */
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "ring-peer.h"

#define CAPACITY 1024
#define MESSAGES 200000
#define TRIPS    5000
#define WINDOWS  12

typedef enum work {
    ONE,
    DRAIN,
    TRIP,
    PROBE,
    END
} work;

/* What both threads see; the main thread, which consumes, leads. */
static void *out, *back;
static _Atomic unsigned order; /* main: window << 3 | work (release) */
static _Atomic uint64_t probe_out, probe_back; /* release, acquire */

static uint64_t
now_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static void
pin(int core)
{
    cpu_set_t set;
    CPU_ZERO(&set);
    CPU_SET(core, &set);
    if (pthread_setaffinity_np(pthread_self(), sizeof set, &set) != 0) {
        fprintf(stderr, "no core %d: a ring needs two\n", core);
        exit(1);
    }
    struct sched_param p = {.sched_priority = 10};
    pthread_setschedparam(pthread_self(), SCHED_FIFO, &p);
}

/* ------------------------------------------------------ the other side -- */

static void
answer_trips(void)
{
    for (uint64_t n = 0; n < TRIPS; n++) {
        bench_ring_receive(out);
        bench_ring_send(back, n);
    }
}

static void
answer_probe(void)
{
    for (uint64_t n = 1; n <= TRIPS; n++) {
        while (atomic_load_explicit(&probe_out, memory_order_acquire) != n) {
        }
        atomic_store_explicit(&probe_back, n, memory_order_release);
    }
}

static void *
other_side(void *nothing)
{
    unsigned seen = 0;
    pin(0);
    for (;;) {
        unsigned next = atomic_load_explicit(&order, memory_order_acquire);
        if (next == seen) {
            continue;
        }
        seen = next;
        switch ((work)(next & 7)) {
        case ONE:
        case DRAIN:
            bench_ring_produce(out, MESSAGES);
            break;
        case TRIP:
            answer_trips();
            break;
        case PROBE:
            answer_probe();
            break;
        case END:
            return nothing;
        }
    }
}

/* ----------------------------------------------------------- this side -- */

static void
start(work w)
{
    static unsigned window = 0;
    atomic_store_explicit(&order, ++window << 3 | (unsigned)w,
                          memory_order_release);
}

static double
throughput(work w)
{
    uint64_t then = now_ns();
    start(w);
    uint64_t sum = w == ONE ? bench_ring_consume(out, MESSAGES)
                            : bench_ring_drain(out, MESSAGES);
    double took = (double)(now_ns() - then);
    uint64_t n = MESSAGES;
    if (sum != BENCH_WORDS * (n * (n - 1) / 2) + n * 28) {
        fprintf(stderr, "messages were lost or damaged\n");
        exit(1);
    }
    return MESSAGES * 1e3 / took;
}

static int
compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static void
trips(double *p50, double *p999)
{
    static double took[TRIPS];
    start(TRIP);
    for (uint64_t n = 0; n < TRIPS; n++) {
        uint64_t then = now_ns();
        bench_ring_send(out, n);
        bench_ring_receive(back);
        took[n] = (double)(now_ns() - then);
    }
    qsort(took, TRIPS, sizeof *took, compare);
    *p50 = took[TRIPS / 2];
    *p999 = took[TRIPS - TRIPS / 1000];
}

static double
probe(void)
{
    atomic_store(&probe_out, 0);
    atomic_store(&probe_back, 0);
    start(PROBE);
    uint64_t then = now_ns();
    for (uint64_t n = 1; n <= TRIPS; n++) {
        atomic_store_explicit(&probe_out, n, memory_order_release);
        while (atomic_load_explicit(&probe_back, memory_order_acquire) != n) {
        }
    }
    return (double)(now_ns() - then) / TRIPS;
}

static double
median(double *values)
{
    qsort(values, WINDOWS, sizeof *values, compare);
    return (values[WINDOWS / 2] + values[(WINDOWS - 1) / 2]) / 2;
}

static void
measure(int carries)
{
    double one[WINDOWS], drain[WINDOWS], p50[WINDOWS], p999[WINDOWS],
        near[WINDOWS];
    for (int i = -1; i < WINDOWS; i++) {
        int k = i < 0 ? 0 : i; /* the warm window is written over */
        one[k] = carries ? throughput(ONE) : 0;
        drain[k] = carries ? throughput(DRAIN) : 0;
        trips(&p50[k], &p999[k]);
        near[k] = probe();
    }
    if (carries) {
        printf("one\t%.4g\ndrain\t%.4g\n", median(one), median(drain));
    }
    printf("p50\t%.4g\np99.9\t%.4g\nprobe\t%.4g\n", median(p50), median(p999),
           median(near));
}

int
main(int argc, char **argv)
{
    (void)argv;
    pthread_t other;
    out = bench_ring_open(CAPACITY);
    back = bench_ring_open(CAPACITY);
    pthread_create(&other, NULL, other_side, NULL);
    pin(1);
    measure(argc == 1); /* any argument: a ring that carries nothing */
    start(END);
    pthread_join(other, NULL);
    return 0;
}
