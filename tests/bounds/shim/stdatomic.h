/* SPDX-License-Identifier: MIT
 *
 * For an analyser that knows no atomics: plain reads and writes. What is shown
 * with them is where memory is touched, not when.
 */
#ifndef TABOR_TESTS_BOUNDS_STDATOMIC_H
#define TABOR_TESTS_BOUNDS_STDATOMIC_H

#define _Atomic
typedef enum memory_order {
    memory_order_relaxed,
    memory_order_acquire,
    memory_order_release,
    memory_order_acq_rel,
    memory_order_seq_cst
} memory_order;

#define atomic_init(at, value)                            (*(at) = (value))
#define atomic_load_explicit(at, order)                   (*(at))
#define atomic_store_explicit(at, value, order)           (*(at) = (value))
#define atomic_exchange_explicit(at, value, order)        (*(at))
#define atomic_fetch_add_explicit(at, value, order)       (*(at) += (value))
#define atomic_fetch_or_explicit(at, value, order)        (*(at) |= (value))
#define atomic_thread_fence(order)                        ((void)0)
#define atomic_compare_exchange_strong_explicit(a, b, c, d, e) (*(a) == *(b))

#endif
