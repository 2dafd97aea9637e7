/* SPDX-License-Identifier: MIT
 *
 * Commands written into a client's ring by hand, as no client of ours does.
 */
#ifndef TABOR_TESTS_WIRE_H
#define TABOR_TESTS_WIRE_H

#include "control/client.h"
#include "helpers.h"

#define FAR   UINT64_C(1000000000) /* a frame that is not reached */
#define SLOTS 64                   /* of the ring that is written to */

static rig r;
static tabor_handle sample;
static unsigned next_play; /* slot of a handle not used before */

static inline void
set_up(void)
{
    r = rig_open("offline", 64, 256, SLOTS);
    sample = rig_ramp(&r, 1000, 2);
    free(rig_render(&r, 1, 2));
    next_play = 0;
}

static inline uint64_t
stale(void)
{
    return atomic_load(&r.client->link->stale);
}

static inline tabor_handle
handle(unsigned slot)
{
    return tabor_handle_make(TABOR_KIND_VOICE, r.client->owner, slot, 7);
}

/* One that may wait for ever. */
static inline tabor_command
command(tabor_command_type type, uint64_t target)
{
    static uint32_t seq = 1000;
    return (tabor_command){.frame = FAR,
                           .flags = TABOR_COMMAND_TIMED,
                           .type = (uint16_t)type,
                           .target = target,
                           .seq = seq++};
}

static inline tabor_command
play(tabor_handle voice)
{
    tabor_command c = command(TABOR_COMMAND_PLAY_SAMPLE, voice);
    c.body.play.sample = sample;
    c.body.play.step = TABOR_STEP_ONE;
    c.body.play.gain = 1;
    c.body.play.length = TABOR_LENGTH_TO_END;
    return c;
}

static inline tabor_command
play_now(tabor_handle voice)
{
    tabor_command c = play(voice);
    c.flags = 0;
    return c;
}

static inline tabor_command
shape(tabor_handle voice)
{
    tabor_command c = command(TABOR_COMMAND_SHAPE, voice);
    c.frame = 0;
    c.flags = 0;
    c.body.shape.sustain = -1;
    return c;
}

static inline void
put(const tabor_command *c, uint32_t n)
{
    tabor_ring *ring = &r.client->link->command_ring;
    if (tabor_ring_reserve(ring, n) < n) {
        printf("Bail out! no room for %u commands\n", n);
        exit(1);
    }
    for (uint32_t i = 0; i < n; i++) {
        r.client->link->commands[(ring->next_tail + i) & ring->mask] = c[i];
    }
    tabor_ring_commit(ring, n);
}

/* Send n commands at once and render nothing; how many were refused. */
static inline int
refused(const tabor_command *c, uint32_t n)
{
    uint64_t before = stale();
    put(c, n);
    tabor_engine_settle(r.engine);
    return (int)(stale() - before);
}

/* The only event there is, or one of type NONE. */
static inline tabor_event
only_event(void)
{
    tabor_event e = {0}, more;
    if (tabor_poll(r.client, &e, 1) + tabor_poll(r.client, &more, 1) != 1) {
        e.type = TABOR_EVENT_NONE;
    }
    return e;
}

static int wrong, looked_at;

/* One command that is taken, or refused with its credit given back at once. */
static inline void
expect_at(int line, tabor_command c, int want_refused)
{
    uint32_t done = r.client->rt->done;
    int was = refused(&c, 1);
    int given = (int)(r.client->rt->done - done);
    if (was != want_refused || given != want_refused) {
        tap_note("%s:%d: type %d: refused %d, credits %d", __FILE__, line,
                 c.type, was, given);
        wrong++;
    }
    looked_at++;
}
#define taken(c)  expect_at(__LINE__, (c), 0)
#define refuse(c) expect_at(__LINE__, (c), 1)

#endif
