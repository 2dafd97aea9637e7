/* SPDX-License-Identifier: MIT
 *
 * The schedule: commands leave by frame, then owner, then as sent.
 */
#include "rt/schedule.h"

#include "tap.h"

#define OWNERS 3

static tabor_rt rt;
static tabor_rt_client clients[OWNERS + 1];

static void
set_up(void)
{
    rt.heap = calloc((size_t)OWNERS * TABOR_SCHEDULE_SLOTS, sizeof *rt.heap);
    for (int o = 1; o <= OWNERS; o++) {
        tabor_rt_client *c = &clients[o];
        c->slab = calloc(TABOR_SCHEDULE_SLOTS, sizeof *c->slab);
        c->slab_free = calloc(TABOR_SCHEDULE_SLOTS, sizeof *c->slab_free);
        c->heap_at = calloc(TABOR_SCHEDULE_SLOTS, sizeof *c->heap_at);
        for (uint32_t i = 0; i < TABOR_SCHEDULE_SLOTS; i++) {
            c->slab_free[i] = (uint16_t)i;
        }
        c->slab_free_count = TABOR_SCHEDULE_SLOTS;
        rt.clients[o] = c;
    }
}

static uint32_t dice = 1;

static uint32_t
roll(uint32_t sides)
{
    dice = dice * 1664525u + 1013904223u;
    return (dice >> 8) % sides;
}

static int
push(unsigned owner, uint64_t frame, uint32_t seq)
{
    tabor_command c = {.frame = frame, .seq = seq};
    return tabor_schedule_push(&rt, owner, &c);
}

/* Pop all; returns how many came out of order. */
static int
drain(uint32_t *count)
{
    tabor_rt_key last = {0};
    int wrong = 0;
    *count = 0;
    while (tabor_schedule_next(&rt) != TABOR_NEVER) {
        tabor_rt_key key = tabor_schedule_pop(&rt);
        int in_order =
            key.frame > last.frame ||
            (key.frame == last.frame &&
             (key.owner > last.owner ||
              (key.owner == last.owner && (int32_t)(key.seq - last.seq) > 0)));
        wrong += *count > 0 && !in_order;
        tabor_schedule_free(&rt, key);
        last = key;
        ++*count;
    }
    return wrong;
}

static void
test_order(void)
{
    uint32_t seq = UINT32_MAX - 2000, count; /* wraps on the way */
    for (uint32_t i = 0; i < TABOR_SCHEDULE_SLOTS; i++, seq++) {
        for (unsigned o = OWNERS; o >= 1; o--) {
            push(o, 1000 + roll(50), seq);
        }
    }
    ok_int(push(1, 0, 0), -1, "a full schedule refuses");
    ok_int(drain(&count), 0, "commands leave by frame, owner and number");
    ok_int(count, OWNERS * TABOR_SCHEDULE_SLOTS, "and all of them leave");
}

static void
test_remove(void)
{
    uint32_t count, kept = 0;
    int slabs[1000];
    for (int i = 0; i < 1000; i++) {
        slabs[i] = push(1, roll(100), (uint32_t)i);
    }
    for (int i = 0; i < 1000; i++) {
        if (roll(3)) {
            tabor_schedule_remove(&rt, 1, (unsigned)slabs[i]);
        } else {
            kept++;
        }
    }
    ok_int(drain(&count), 0, "taking some out keeps the order of the rest");
    ok_int(count, kept, "and exactly those are gone");
    ok_int(clients[1].slab_free_count, TABOR_SCHEDULE_SLOTS,
           "their places are free again");
}

static void
test_purge(void)
{
    uint32_t count;
    for (uint32_t i = 0; i < 500; i++) {
        push(1 + i % 2, roll(100), i);
    }
    tabor_schedule_purge(&rt, 1);
    ok_int(drain(&count), 0, "dropping one owner keeps the others' order");
    ok_int(count, 250, "and all of the others' commands");
}

int
main(void)
{
    tap_start();
    set_up();
    test_order();
    test_remove();
    test_purge();
    return tap_done();
}
