/* SPDX-License-Identifier: MIT
 *
 * What a compiler calls for each access when it compiles for ThreadSanitizer.
 * The names are the compiler's, what they do is the model's.
 */
#include "model.h"

#define HOOK __attribute__((visibility("default")))

/* ---------------------------------------------------------------- plain -- */

#define PLAIN(size)                                                            \
    HOOK void __tsan_read##size(void *at);                                     \
    HOOK void __tsan_write##size(void *at);                                    \
    HOOK void __tsan_unaligned_read##size(void *at);                           \
    HOOK void __tsan_unaligned_write##size(void *at);                          \
    HOOK void __tsan_volatile_read##size(void *at);                            \
    HOOK void __tsan_volatile_write##size(void *at);                           \
    void __tsan_read##size(void *at)                                           \
    {                                                                          \
        model_touch(at, size, 0);                                              \
    }                                                                          \
    void __tsan_write##size(void *at)                                          \
    {                                                                          \
        model_touch(at, size, 1);                                              \
    }                                                                          \
    void __tsan_unaligned_read##size(void *at)                                 \
    {                                                                          \
        model_touch(at, size, 0);                                              \
    }                                                                          \
    void __tsan_unaligned_write##size(void *at)                                \
    {                                                                          \
        model_touch(at, size, 1);                                              \
    }                                                                          \
    void __tsan_volatile_read##size(void *at)                                  \
    {                                                                          \
        model_touch(at, size, 0);                                              \
    }                                                                          \
    void __tsan_volatile_write##size(void *at)                                 \
    {                                                                          \
        model_touch(at, size, 1);                                              \
    }

PLAIN(1)
PLAIN(2)
PLAIN(4)
PLAIN(8)
PLAIN(16)

HOOK void __tsan_read_range(void *at, size_t size);
HOOK void __tsan_write_range(void *at, size_t size);
HOOK void __tsan_init(void);
HOOK void __tsan_func_entry(void *caller);
HOOK void __tsan_func_exit(void);

void
__tsan_read_range(void *at, size_t size)
{
    model_touch(at, size, 0);
}

void
__tsan_write_range(void *at, size_t size)
{
    model_touch(at, size, 1);
}

void
__tsan_init(void)
{
}

void
__tsan_func_entry(void *caller)
{
    (void)caller;
}

void
__tsan_func_exit(void)
{
}

/* -------------------------------------------------------------- atomics -- */

static uint64_t
change_exchange(uint64_t old, uint64_t operand)
{
    (void)old;
    return operand;
}

static uint64_t
change_fetch_add(uint64_t old, uint64_t operand)
{
    return old + operand;
}

static uint64_t
change_fetch_sub(uint64_t old, uint64_t operand)
{
    return old - operand;
}

static uint64_t
change_fetch_and(uint64_t old, uint64_t operand)
{
    return old & operand;
}

static uint64_t
change_fetch_or(uint64_t old, uint64_t operand)
{
    return old | operand;
}

#define CHANGE(bits, name)                                                     \
    HOOK uint##bits##_t __tsan_atomic##bits##_##name(                          \
        volatile uint##bits##_t *at, uint##bits##_t operand, int order);       \
    uint##bits##_t __tsan_atomic##bits##_##name(                               \
        volatile uint##bits##_t *at, uint##bits##_t operand, int order)        \
    {                                                                          \
        return (uint##bits##_t)model_change(at, bits / 8, operand, order,      \
                                            change_##name);                    \
    }

#define SWAP_IF(bits, name)                                                    \
    HOOK int __tsan_atomic##bits##_compare_exchange_##name(                    \
        volatile uint##bits##_t *at, uint##bits##_t *expected,                 \
        uint##bits##_t value, int order, int order_if_not);                    \
    int __tsan_atomic##bits##_compare_exchange_##name(                         \
        volatile uint##bits##_t *at, uint##bits##_t *expected,                 \
        uint##bits##_t value, int order, int order_if_not)                     \
    {                                                                          \
        uint64_t found = *expected;                                            \
        int done =                                                             \
            model_swap_if(at, bits / 8, &found, value, order, order_if_not);   \
        *expected = (uint##bits##_t)found;                                     \
        return done;                                                           \
    }

#define ATOMIC(bits)                                                           \
    HOOK uint##bits##_t __tsan_atomic##bits##_load(                            \
        const volatile uint##bits##_t *at, int order);                         \
    HOOK void __tsan_atomic##bits##_store(volatile uint##bits##_t *at,         \
                                          uint##bits##_t value, int order);    \
    uint##bits##_t __tsan_atomic##bits##_load(                                 \
        const volatile uint##bits##_t *at, int order)                          \
    {                                                                          \
        return (uint##bits##_t)model_load(at, bits / 8, order);                \
    }                                                                          \
    void __tsan_atomic##bits##_store(volatile uint##bits##_t *at,              \
                                     uint##bits##_t value, int order)          \
    {                                                                          \
        model_store(at, bits / 8, value, order);                               \
    }                                                                          \
    CHANGE(bits, exchange)                                                     \
    CHANGE(bits, fetch_add)                                                    \
    CHANGE(bits, fetch_sub)                                                    \
    CHANGE(bits, fetch_and)                                                    \
    CHANGE(bits, fetch_or)                                                     \
    SWAP_IF(bits, strong)                                                      \
    SWAP_IF(bits, weak)

ATOMIC(32)
ATOMIC(64)
