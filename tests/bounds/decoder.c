/* SPDX-License-Identifier: MIT
 *
 * For Frama-C's Eva, which follows all values that there can be: any 64 bytes
 * as a command, to a decoder in any state that it can be in, touch no memory
 * but its tables. See bounds.sh.
 *
 * The tables are small, and the numbers in them are anything that the decoder
 * itself could have written.
 */
#include <__fc_builtin.h>
#include <stdint.h>

#include "link/link.h"

#undef TABOR_SCHEDULE_SLOTS
#define TABOR_SCHEDULE_SLOTS      4
#define __builtin_prefetch(place) ((void)(place))

#include "../../src/rt/apply.c" /* tabor_accept() */
#include "../../src/rt/plays.c"
#define take schedule_take
#include "../../src/rt/schedule.c"
#undef take

enum {
    PLAYS = 3,
    SAMPLES = 5,
    NOTES = 8,
    OWNER = 1
};

static tabor_link a_link;
static tabor_note notes[NOTES];
static tabor_rt_play plays[PLAYS];
static tabor_command slab[TABOR_SCHEDULE_SLOTS];
static uint16_t slab_free[TABOR_SCHEDULE_SLOTS];
static uint32_t heap_at[TABOR_SCHEDULE_SLOTS];
static tabor_rt_key heap[TABOR_SCHEDULE_SLOTS];
static tabor_sample_slot slots[SAMPLES];
static tabor_rt_sample samples[SAMPLES];
static tabor_rt_client client;
static tabor_rt rt;
static tabor_command command;

static uint64_t
any64(void)
{
    return (uint64_t)Frama_C_unsigned_int_interval(0, UINT32_MAX) << 32 |
           Frama_C_unsigned_int_interval(0, UINT32_MAX);
}

static uint32_t
up_to(uint32_t most)
{
    return Frama_C_unsigned_int_interval(0, most);
}

/* ---------------------------------------------------------------- state -- */

static void
make_unknown(void *place, unsigned long size)
{
    Frama_C_make_unknown(place, size);
}

/* What waits: any commands, in any of the places. */
static void
fill_schedule(void)
{
    make_unknown(slab, sizeof slab);
    for (unsigned i = 0; i < TABOR_SCHEDULE_SLOTS; i++) {
        slab_free[i] = (uint16_t)up_to(TABOR_SCHEDULE_SLOTS - 1);
        heap_at[i] = up_to(TABOR_SCHEDULE_SLOTS - 1);
        make_unknown(&heap[i], sizeof heap[i]);
        heap[i].slab = (uint16_t)up_to(TABOR_SCHEDULE_SLOTS - 1);
        heap[i].owner = OWNER;
    }
}

/* waiting: commands in the schedule; shaped: 1 if a shape waits for its play.
 * The places of the slab are theirs or free. */
static void
fill_client(uint32_t waiting, uint32_t shaped)
{
    make_unknown(plays, sizeof plays);
    make_unknown(notes, sizeof notes);
    tabor_ring_init(&a_link.note_ring, NOTES, up_to(UINT32_MAX));
    a_link.notes = notes;
    client.link = &a_link;
    client.slab = slab;
    client.slab_free = slab_free;
    client.slab_free_count = TABOR_SCHEDULE_SLOTS - waiting - shaped;
    client.shape =
        shaped ? (uint16_t)up_to(TABOR_SCHEDULE_SLOTS - 1) : TABOR_NO_SHAPE;
    client.heap_at = heap_at;
    client.plays = plays;
    client.play_count = PLAYS;
    client.pending = up_to(PLAYS);
    client.notes = up_to(NOTES);
}

static void
fill_engine(uint32_t waiting)
{
    make_unknown(slots, sizeof slots);
    make_unknown(samples, sizeof samples);
    rt.frame = any64();
    rt.clients[OWNER] = &client;
    rt.heap = heap;
    rt.heap_size = waiting;
    rt.slots = slots;
    rt.samples = samples;
    rt.sample_count = SAMPLES;
    rt.panics_done = up_to(UINT32_MAX);
}

int
main(void)
{
    uint32_t waiting = up_to(TABOR_SCHEDULE_SLOTS - 1), shaped = up_to(1);
    //@ split waiting;
    //@ split shaped;
    fill_schedule();
    fill_client(waiting, shaped);
    fill_engine(waiting);
    make_unknown(&command, sizeof command);
    tabor_accept(&rt, OWNER, &command);
    return 0;
}
