/* SPDX-License-Identifier: MIT
 *
 * Small programs over the real headers of src/link: what hands something over
 * by one word, the clock, a sample's slot, the gate.
 */
#include "named.h"

#include <string.h>

#include "link/clock.h"
#include "link/gate.h"
#include "link/sample_slot.h"

#include "protocols.h"

/* ---------------------------------------------------------------- clock -- */

#define FRAME ((UINT64_C(1) << 53) - 2)

static tabor_clock_cell cell;

static void
reset_clock(void)
{
    memset(&cell, 0, sizeof cell);
    atomic_init(&cell.seq, BEFORE_WRAP);
    atomic_init(&cell.frame, FRAME);
    atomic_init(&cell.monotonic_ns, ~FRAME);
    model_name(&cell.seq, "seq");
    model_name(&cell.frame, "frame");
    model_name(&cell.monotonic_ns, "ns");
}

static void
tick(void)
{
    for (uint64_t i = 1; i <= 2; i++) {
        tabor_clock_publish(&cell,
                            (tabor_clock_words){FRAME + i, ~(FRAME + i)});
    }
}

static void
tick_often(void)
{
    for (uint64_t i = 1; i <= (protocols_wide ? 3 : 2); i++) {
        tabor_clock_publish(&cell,
                            (tabor_clock_words){FRAME + i, ~(FRAME + i)});
    }
}

static void
tick_once(void)
{
    tabor_clock_publish(&cell, (tabor_clock_words){FRAME + 1, ~(FRAME + 1)});
}

static void
look_once(void)
{
    tabor_clock_words now = tabor_clock_look(&cell);
    expect(now.monotonic_ns == ~now.frame, "two blocks' clocks are mixed");
}

static void
look(void)
{
    uint64_t last = FRAME;
    for (int i = 0; i < 2; i++) {
        tabor_clock_words now = tabor_clock_look(&cell);
        expect(now.monotonic_ns == ~now.frame, "two blocks' clocks are mixed");
        expect(now.frame >= last, "the clock goes back");
        last = now.frame;
    }
}

/* Without a sequence that is odd while the words change. */
static void
tick_even(void)
{
    uint32_t seq = atomic_load_explicit(&cell.seq, memory_order_relaxed);
    atomic_store_explicit(&cell.frame, FRAME + 1, memory_order_release);
    atomic_store_explicit(&cell.monotonic_ns, ~(FRAME + 1),
                          memory_order_release);
    atomic_store_explicit(&cell.seq, seq + 2, memory_order_release);
}

/* --------------------------------------------------------------- sample -- */

#define GENERATION UINT32_C(0xfffffffd)

static tabor_sample_slot slot;
static float values[2];
static uint32_t played;

static void
reset_sample(void)
{
    memset(&slot, 0, sizeof slot);
    memset(values, 0, sizeof values);
    played = 0;
    model_name(&slot.state, "state of the slot");
}

static void
load_sample(uint32_t generation)
{
    slot.values = values;
    slot.frames = generation;
    values[0] = values[1] = (float)(generation - GENERATION + 1);
    tabor_slot_publish(&slot, generation);
}

/* Loaded, given back, freed, and loaded anew. */
static void
load_twice(void)
{
    load_sample(GENERATION);
    for (int tries = 0; tries < (protocols_wide ? 3 : 2); tries++) {
        if (tabor_slot_is_retired(&slot)) {
            model_free(values, sizeof values);
            tabor_slot_clear(&slot, GENERATION);
            model_alloc(values, sizeof values);
            load_sample(GENERATION + 1);
            return;
        }
    }
}

/* With handles that nobody gave it. */
static void
play_samples(void)
{
    for (int tries = 0; tries < (protocols_wide ? 5 : 4); tries++) {
        uint32_t generation = GENERATION + played;
        if (tabor_slot_is_live(&slot, generation)) {
            expect(slot.frames == generation &&
                       slot.values[0] == (float)(played + 1) &&
                       slot.values[1] == (float)(played + 1),
                   "a sample is not the one that was loaded");
            played++;
            tabor_slot_retire(&slot, generation);
        }
    }
}

/* ----------------------------------------------------------------- gate -- */

static tabor_gate gates[2];
static uint32_t frames, blocks;

static void
reset_gate(void)
{
    atomic_init(&gates[0].bits, 0);
    tabor_gate_init(&gates[1]);
    frames = blocks = 0;
    model_name(&gates[0].bits, "gate of the device");
    model_name(&gates[1].bits, "gate of the stand-in");
}

/* frames and blocks are the engine's: one thread at a time. */
static void
advance(void)
{
    frames++;
    expect(frames == blocks + 1, "two are inside");
    blocks++;
}

static void
call_through(tabor_gate *gate, int calls)
{
    for (int i = 0; i < calls; i++) {
        if (tabor_gate_enter(gate)) {
            advance();
            tabor_gate_leave(gate);
        }
    }
}

static void
call_device(void)
{
    call_through(&gates[0], protocols_wide ? 4 : 3);
}

static void
call_stand_in(void)
{
    call_through(&gates[1], protocols_wide ? 4 : 3);
}

/* The device is given up, its stand-in takes over, then all is over. */
static void
hand_over(void)
{
    int busy = tabor_gate_shut(&gates[0]);
    while (busy) {
        busy = tabor_gate_busy(&gates[0]);
    }
    advance();
    tabor_gate_open(&gates[1]);
    busy = tabor_gate_shut(&gates[1]);
    while (busy) {
        busy = tabor_gate_busy(&gates[1]);
    }
    advance();
    model_free(&frames, sizeof frames);
}

static void
hand_over_hastily(void)
{
    tabor_gate_shut(&gates[0]);
    advance(); /* not waiting for who is inside */
}

/* ------------------------------------------------------------- all of it -- */

static const model_protocol right[] = {
    {"clock, looked at once", reset_clock, {tick_often, look_once}, NULL, 0, 4},
    {"clock", reset_clock, {tick, look}, NULL, 0, 5},
    {"samples", reset_sample, {load_twice, play_samples}, NULL, 0, 9},
    {"gate", reset_gate, {call_device, call_stand_in, hand_over}, NULL, 0, 2},
};

static const model_protocol small[] = {
    {"a little clock", reset_clock, {tick_once, look_once}, NULL, 0, 4},
    {"samples", reset_sample, {load_twice, play_samples}, NULL, 0, 9},
};

static const model_protocol wrong[] = {
    {"a clock that is not odd while it changes",
     reset_clock,
     {tick_even, look},
     NULL,
     0,
     4},
    {"a role taken while a call is inside",
     reset_gate,
     {call_device, NULL, hand_over_hastily},
     NULL,
     0,
     2},
};

const protocol_set word_protocols = {right, sizeof right / sizeof *right,
                                     small, sizeof small / sizeof *small,
                                     wrong, sizeof wrong / sizeof *wrong};
