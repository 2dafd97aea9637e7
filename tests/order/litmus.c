/* SPDX-License-Identifier: MIT
 *
 * Does the model admit just what C11 admits? Programs from the literature, each
 * with the outcomes that are known for it. An outcome is the bits read.
 */
#include <stdatomic.h>
#include <stdint.h>

#include "protocols.h"

#define RELAXED memory_order_relaxed
#define ACQUIRE memory_order_acquire
#define RELEASE memory_order_release

static _Atomic uint32_t x, y;
static uint32_t a, b, c, d, plain;

static void
reset(void)
{
    atomic_init(&x, 0);
    atomic_init(&y, 0);
    a = b = c = d = plain = 0;
    model_name(&x, "x");
    model_name(&y, "y");
}

static void
tell_two(void)
{
    model_outcome(a * 2 + b);
}

/* ------------------------------------------------------ message passing -- */

static void
send_relaxed(void)
{
    atomic_store_explicit(&x, 1, RELAXED);
    atomic_store_explicit(&y, 1, RELAXED);
}

static void
send_release(void)
{
    atomic_store_explicit(&x, 1, RELAXED);
    atomic_store_explicit(&y, 1, RELEASE);
}

static void
receive_acquire(void)
{
    a = atomic_load_explicit(&y, ACQUIRE);
    b = atomic_load_explicit(&x, RELAXED);
}

/* ------------------------------------------------------- store buffering -- */

static void
store_x_load_y(void)
{
    atomic_store_explicit(&x, 1, RELEASE);
    a = atomic_load_explicit(&y, ACQUIRE);
}

static void
store_y_load_x(void)
{
    atomic_store_explicit(&y, 1, RELEASE);
    b = atomic_load_explicit(&x, ACQUIRE);
}

/* -------------------------------------------------------------- coherence --
 */

static void
store_twice(void)
{
    atomic_store_explicit(&x, 1, RELAXED);
    atomic_store_explicit(&x, 2, RELAXED);
}

static void
load_twice(void)
{
    a = atomic_load_explicit(&x, RELAXED);
    b = atomic_load_explicit(&x, RELAXED);
}

static void
tell_coherence(void)
{
    model_outcome(a * 3 + b);
}

/* -------------------------------------------------------------- 2 + 2 W -- */

static void
write_x_y(void)
{
    atomic_store_explicit(&x, 1, RELEASE);
    atomic_store_explicit(&y, 2, RELEASE);
}

static void
write_y_x(void)
{
    atomic_store_explicit(&y, 1, RELEASE);
    atomic_store_explicit(&x, 2, RELEASE);
}

static void
tell_last(void)
{
    a = atomic_load_explicit(&x, RELAXED) - 1;
    b = atomic_load_explicit(&y, RELAXED) - 1;
    tell_two();
}

/* -------------------------------------------------------- changes, chains --
 */

static void
exchange_a(void)
{
    a = atomic_exchange_explicit(&x, 1, RELAXED);
}

static void
exchange_b(void)
{
    b = atomic_exchange_explicit(&x, 1, RELAXED);
}

static void
swap_a(void)
{
    uint32_t none = 0;
    a = (uint32_t)atomic_compare_exchange_strong_explicit(&x, &none, 1, RELAXED,
                                                          RELAXED);
}

static void
swap_b(void)
{
    uint32_t none = 0;
    b = (uint32_t)atomic_compare_exchange_strong_explicit(&x, &none, 2, RELAXED,
                                                          RELAXED);
}

/* A relaxed change in between hands the release on. */
static void
add_one(void)
{
    atomic_fetch_add_explicit(&y, 1, RELAXED);
}

static void
receive_two(void)
{
    a = atomic_load_explicit(&y, ACQUIRE) == 2;
    b = atomic_load_explicit(&x, RELAXED);
}

/* ----------------------------------------------------------------- races -- */

static void
write_plain(void)
{
    plain = 1;
    atomic_store_explicit(&y, 1, RELEASE);
}

static void
read_plain(void)
{
    if (atomic_load_explicit(&y, ACQUIRE)) {
        a = plain;
    }
}

static void
read_plain_relaxed(void)
{
    if (atomic_load_explicit(&y, RELAXED)) {
        a = plain;
    }
}

/* ----------------------------------------- causality, through a third one --
 */

static void
write_x(void)
{
    atomic_store_explicit(&x, 1, RELAXED);
}

static void
pass_on(void)
{
    if (atomic_load_explicit(&x, RELAXED)) {
        c = 1;
        atomic_store_explicit(&y, 1, RELEASE);
    }
}

#define BIT(n) (UINT64_C(1) << (n))

const litmus litmuses[] = {
    {{"message passing, relaxed",
      reset,
      {send_relaxed, receive_acquire},
      tell_two,
      0,
      9},
     BIT(0) | BIT(1) | BIT(2) | BIT(3),
     ""},
    {{"message passing, release and acquire",
      reset,
      {send_release, receive_acquire},
      tell_two,
      0,
      9},
     BIT(0) | BIT(1) | BIT(3),
     ""},
    {{"store buffering",
      reset,
      {store_x_load_y, store_y_load_x},
      tell_two,
      0,
      9},
     BIT(0) | BIT(1) | BIT(2) | BIT(3),
     ""},
    {{"coherence of loads",
      reset,
      {store_twice, load_twice},
      tell_coherence,
      0,
      9},
     BIT(0) | BIT(1) | BIT(2) | BIT(4) | BIT(5) | BIT(8),
     ""},
    {{"two writers of two", reset, {write_x_y, write_y_x}, tell_last, 0, 9},
     BIT(0) | BIT(1) | BIT(2) | BIT(3),
     ""},
    {{"two exchanges", reset, {exchange_a, exchange_b}, tell_two, 0, 9},
     BIT(1) | BIT(2),
     ""},
    {{"two swaps of one value", reset, {swap_a, swap_b}, tell_two, 0, 9},
     BIT(1) | BIT(2),
     ""},
    {{"a release handed on by a change",
      reset,
      {send_release, add_one, receive_two},
      tell_two,
      0,
      9},
     BIT(0) | BIT(1) | BIT(3),
     ""},
    {{"causality through a third thread",
      reset,
      {write_x, pass_on, receive_acquire},
      tell_two,
      0,
      9},
     BIT(0) | BIT(1) | BIT(3),
     ""},
    {{"plain memory behind release and acquire",
      reset,
      {write_plain, read_plain},
      NULL,
      0,
      9},
     0,
     ""},
    {{"plain memory behind a relaxed load",
      reset,
      {write_plain, read_plain_relaxed},
      NULL,
      0,
      9},
     0,
     "a plain read is not ordered with a write"},
};
const unsigned litmus_count = sizeof litmuses / sizeof *litmuses;
