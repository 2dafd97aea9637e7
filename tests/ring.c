/* SPDX-License-Identifier: MIT
 *
 * The ring: what goes in comes out, in order, whole, between two threads.
 */
#include "link/ring.h"

#include <pthread.h>
#include <sched.h>

#include "link/command.h"
#include "tap.h"

#ifndef MESSAGES
#define MESSAGES 10000000u
#endif
#define LONG_MESSAGES 1000000000u /* with TABOR_LONG=1 */
#define SLOTS         1024u

static uint32_t messages = MESSAGES;

typedef struct lane {
    tabor_ring ring;
    tabor_command slots[SLOTS];
} lane;

/* Every byte of a message follows from its number. */
static void
fill(tabor_command *c, uint32_t number)
{
    memset(c, (int)(number & 0xff), sizeof *c);
    c->seq = number;
    c->frame = number * UINT64_C(0x9E3779B97F4A7C15);
}

static int
is_filled(const tabor_command *c, uint32_t number)
{
    tabor_command want;
    fill(&want, number);
    return memcmp(c, &want, sizeof want) == 0;
}

static void *
produce(void *user)
{
    lane *l = user;
    for (uint32_t sent = 0; sent < messages;) {
        uint32_t n = 1 + sent % 7; /* batches of 1 to 7 */
        if (n > messages - sent) {
            n = messages - sent;
        }
        if (tabor_ring_reserve(&l->ring, n) < n) {
            sched_yield();
            continue;
        }
        for (uint32_t i = 0; i < n; i++) {
            fill(&l->slots[(l->ring.next_tail + i) & l->ring.mask], sent + i);
        }
        tabor_ring_commit(&l->ring, n);
        sent += n;
    }
    return NULL;
}

/* Returns how many messages came, each the next one and whole; stops at the
 * first that isn't. */
static uint32_t
consume(lane *l)
{
    uint32_t received = 0;
    while (received < messages) {
        uint32_t n = tabor_ring_ready(&l->ring, SLOTS);
        if (n == 0) {
            sched_yield();
        }
        for (uint32_t i = 0; i < n; i++) {
            if (!is_filled(&l->slots[(l->ring.next_head + i) & l->ring.mask],
                           received + i)) {
                return received + i;
            }
        }
        tabor_ring_release(&l->ring, n);
        received += n;
    }
    return received;
}

static void
test_threads(void)
{
    lane *l = aligned_alloc(alignof(lane), sizeof *l);
    /* the indices wrap on the way */
    tabor_ring_init(&l->ring, SLOTS, UINT32_MAX - messages / 2);
    pthread_t thread;
    pthread_create(&thread, NULL, produce, l);
    uint32_t received = consume(l);
    ok_int(received, messages,
           "%u messages cross two threads in order and whole", messages);
    if (received < messages) {
        exit(tap_done()); /* the producer would wait for ever */
    }
    pthread_join(thread, NULL);
    ok_int(tabor_ring_ready(&l->ring, SLOTS), 0, "and none comes twice");
    free(l);
}

static void
test_full(void)
{
    tabor_ring ring;
    tabor_ring_init(&ring, 8, 0xfffffffe);
    ok_int(tabor_ring_reserve(&ring, 8), 8, "an empty ring of 8 takes 8");
    tabor_ring_commit(&ring, 8);
    ok_int(tabor_ring_reserve(&ring, 1), 0, "a full one takes none");
    ok_int(tabor_ring_ready(&ring, 8), 8, "and holds all 8");
    tabor_ring_release(&ring, 3);
    ok_int(tabor_ring_reserve(&ring, 8), 3, "3 read make room for 3");
}

static void
test_batch(void)
{
    tabor_ring ring;
    tabor_ring_init(&ring, 8, 5);
    tabor_ring_reserve(&ring, 4);
    ok_int(tabor_ring_ready(&ring, 4), 0, "what is reserved is not seen yet");
    tabor_ring_commit(&ring, 4);
    ok_int(tabor_ring_ready(&ring, 4), 4, "a batch is seen whole");
    tabor_ring_reserve(&ring, 2);
    tabor_ring_commit(&ring, 2);
    ok_int(tabor_ring_ready(&ring, 5), 6,
           "who wants more than was there last time sees what came since");
    tabor_ring_reserve(&ring, 1);
    tabor_ring_commit(&ring, 1);
    ok_int(tabor_ring_ready(&ring, 6), 6,
           "who wants no more than that does not look again");
    tabor_ring_release(&ring, 6);
    ok_int(tabor_ring_ready(&ring, 1), 1, "and sees the rest when it does");
}

int
main(void)
{
    tap_start();
    const char *wide = getenv("TABOR_LONG");
    if (wide && strcmp(wide, "1") == 0) {
        messages = LONG_MESSAGES;
        alarm(3600);
    }
    test_full();
    test_batch();
    test_threads();
    return tap_done();
}
