/* SPDX-License-Identifier: MIT
 *
 * What another thread does between two steps of a link's function, done there
 * on purpose: each step of those that may be disturbed calls a hook first.
 */
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

static void (*hook)(void);

/* Once, so that what the hook itself calls is not disturbed. */
static inline void
between(void)
{
    void (*once)(void) = hook;
    hook = NULL;
    if (once) {
        once();
    }
}

static inline uint64_t
load_late(const _Atomic uint64_t *object, memory_order order)
{
    between();
    return atomic_load_explicit(object, order);
}

static inline uint32_t
exchange_late(_Atomic uint32_t *object, uint32_t value, memory_order order)
{
    between();
    return atomic_exchange_explicit(object, value, order);
}

static inline uint32_t
load_now(const _Atomic uint32_t *object, memory_order order)
{
    return atomic_load_explicit(object, order);
}

/* The clock's words are 64 bits wide, its sequence number 32. */
#undef atomic_load_explicit
#define atomic_load_explicit(object, order)                                    \
    _Generic((object),                                                         \
        _Atomic uint64_t *: load_late,                                         \
        _Atomic uint32_t *: load_now)((object), (order))
#undef atomic_exchange_explicit
#define atomic_exchange_explicit exchange_late

#include "link/clock.h"
#include "link/wake.h"

#include "tap.h"

static tabor_clock_cell cell;

static void
tick(void)
{
    tabor_clock_publish(&cell, (tabor_clock_words){200, 222});
}

/* As the audio thread is interrupted: half of a block is published. */
static void
half_a_tick(void)
{
    uint32_t seq = atomic_load_explicit(&cell.seq, memory_order_relaxed);
    atomic_store(&cell.seq, seq + 1);
    atomic_store(&cell.frame, 300);
}

static void
rest_of_it(void)
{
    uint32_t seq = atomic_load_explicit(&cell.seq, memory_order_relaxed);
    atomic_store(&cell.monotonic_ns, 333);
    atomic_store(&cell.seq, seq + 1);
}

/* The rest takes longer than one look, which loads two words. */
static void
later(void)
{
    static int loads;
    hook = ++loads < 2 ? later : rest_of_it;
}

static void
test_clock(void)
{
    tabor_clock_publish(&cell, (tabor_clock_words){100, 111});
    hook = tick;
    tabor_clock_words now = tabor_clock_look(&cell);
    ok(!hook && now.frame == 200 && now.monotonic_ns == 222,
       "a look in which a block is published sees that block, whole");
    half_a_tick();
    hook = rest_of_it;
    now = tabor_clock_look(&cell);
    ok(!hook && now.frame == 300 && now.monotonic_ns == 333,
       "one that comes in the midst of it waits for the rest");
    tick();
    half_a_tick();
    hook = later;
    now = tabor_clock_look(&cell);
    ok(!hook && now.frame == 300 && now.monotonic_ns == 333,
       "as long as it takes");
}

static tabor_wake wake;
static int taken_between;

static void
take(void)
{
    taken_between = tabor_wake_take(&wake);
}

static void
test_wake(void)
{
    ok(!tabor_wake_take(&wake), "who was not woken is not told so");
    tabor_wake_arm(&wake);
    ok(tabor_wake_fire(&wake), "the first news fires");
    ok(!tabor_wake_fire(&wake), "the next finds it disarmed");
    hook = take;
    int taken = tabor_wake_take(&wake);
    ok(!hook && taken_between && !taken,
       "of two that come to wake a reader one does");
    tabor_wake_arm(&wake);
    ok(tabor_wake_fire(&wake) && tabor_wake_take(&wake),
       "armed again it fires again");
}

int
main(void)
{
    tap_start();
    test_clock();
    test_wake();
    return tap_done();
}
