/* SPDX-License-Identifier: MIT
 *
 * Denormal values make a mixer some hundred times slower: whoever renders
 * flushes them to zero, and leaves the thread as it was. It is part of the
 * arithmetic: what is rendered without it has other bits.
 */
#ifndef TABOR_RT_DENORMALS_H
#define TABOR_RT_DENORMALS_H

#include <stdint.h>

#if defined(__SSE2__)
#include <xmmintrin.h>
#endif

typedef uint64_t tabor_denormals; /* how a thread treats them */

/* [audio] */
static inline tabor_denormals
tabor_denormals_off(void)
{
#if defined(__SSE2__)
    unsigned old = _mm_getcsr();
    _mm_setcsr(old | 0x8040); /* FTZ and DAZ */
    return old;
#elif defined(__aarch64__)
    uint64_t old;
    __asm__ volatile("mrs %0, fpcr" : "=r"(old));
    __asm__ volatile("msr fpcr, %0" : : "r"(old | UINT64_C(1) << 24));
    return old;
#else
    return 0;
#endif
}

/* [audio] */
static inline void
tabor_denormals_restore(tabor_denormals before)
{
#if defined(__SSE2__)
    _mm_setcsr((unsigned)before);
#elif defined(__aarch64__)
    __asm__ volatile("msr fpcr, %0" : : "r"(before));
#else
    (void)before;
#endif
}

#endif
