/* SPDX-License-Identifier: MIT
 *
 * What a ring shows to bench/ring-duel.c, which measures all of them in the
 * same way. A message is 64 bytes, eight words; word k of message n is n + k.
 * The loops are the ring's own, so that a compiler may do with them what it
 * would do in a program.
 */
#ifndef BENCH_RING_PEER_H
#define BENCH_RING_PEER_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define BENCH_WORDS 8

#if defined __x86_64__ || defined __i386__
#define BENCH_PAUSE() __builtin_ia32_pause()
#elif defined __aarch64__
#define BENCH_PAUSE() __asm__ volatile("yield")
#else
#define BENCH_PAUSE() ((void)0)
#endif

/* Make an empty ring for about capacity messages; lives until the program
 * ends. */
void *bench_ring_open(uint32_t capacity);

/* Send messages 0 to count - 1, each as soon as there is room for one. */
void bench_ring_produce(void *ring, uint64_t count);

/* Take count messages one by one.  Returns the sum of their words. */
uint64_t bench_ring_consume(void *ring, uint64_t count);

/* The same, giving back at once all that was found. */
uint64_t bench_ring_drain(void *ring, uint64_t count);

/* Send message n; there is room. Does not pause. */
void bench_ring_send(void *ring, uint64_t n);

/* Wait for one message without pausing.  Returns the sum of its words. */
uint64_t bench_ring_receive(void *ring);

#ifdef __cplusplus
}
#endif

#endif
