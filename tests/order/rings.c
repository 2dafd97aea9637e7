/* SPDX-License-Identifier: MIT
 *
 * Small programs over the real headers of src/link: the ring, and what goes
 * along with one: waking its reader, a client's leaving, panic. What a thread
 * does around the headers' functions is what src/rt and src/control do there.
 */
#include "named.h"

#include <string.h>

#include "link/link.h"
#include "link/panic.h"
#include "link/ring.h"
#include "link/wake.h"

#include "protocols.h"

#define SLOTS 2u

int protocols_wide;

/* ----------------------------------------------------------------- ring -- */

typedef struct message {
    uint64_t number, again;
} message;

static tabor_ring ring;
static message slots[SLOTS];
static uint32_t sent, received;

static void
reset_ring(void)
{
    tabor_ring_init(&ring, SLOTS, BEFORE_WRAP);
    memset(slots, 0, sizeof slots);
    sent = received = 0;
    model_name(&ring.head, "head");
    model_name(&ring.tail, "tail");
}

static void
send(uint32_t n)
{
    if (tabor_ring_reserve(&ring, n) < n) {
        return;
    }
    for (uint32_t i = 0; i < n; i++) {
        uint64_t number = sent + i + 1;
        slots[(ring.next_tail + i) & ring.mask] = (message){number, ~number};
    }
    tabor_ring_commit(&ring, n);
    sent += n;
}

static void
take(uint32_t wanted)
{
    uint32_t n = tabor_ring_ready(&ring, wanted);
    expect(n <= SLOTS, "a ring holds more than it can");
    for (uint32_t i = 0; i < n; i++) {
        const message *m = &slots[(ring.next_head + i) & ring.mask];
        expect(m->number == received + i + 1 && m->again == ~m->number,
               "a message is not the next one, or torn");
    }
    if (n > 0) {
        tabor_ring_release(&ring, n);
    }
    received += n;
}

static void
produce_little(void)
{
    for (int i = 0; i < 3; i++) {
        send(1);
    }
}

static void
consume_little(void)
{
    for (int i = 0; i < 3; i++) {
        take(SLOTS);
    }
}

static void
produce(void)
{
    for (int i = 0; i < (protocols_wide ? 7 : 5); i++) {
        send(1 + (i == 1)); /* one at a time, and a batch */
    }
}

static void
consume(void)
{
    for (int i = 0; i < (protocols_wide ? 7 : 5); i++) {
        take(i & 1 ? 1 : SLOTS);
    }
}

static void
finish_ring(void)
{
    take(SLOTS);
    expect(received == sent, "a message is lost");
    expect(tabor_ring_reserve(&ring, SLOTS) == SLOTS, "a slot is lost");
}

/* ----------------------------------------------------------------- wake -- */

static tabor_link link;
static model_event service_bell, client_bell;
static uint32_t finished;

static void
reset_wake(void)
{
    reset_ring();
    memset(&link, 0, sizeof link);
    service_bell = client_bell = (model_event){0};
    finished = 0;
    model_name(&link.wake.armed, "armed");
    model_name(&link.wake.fire, "fire");
    model_name(&link.done, "done");
    model_name(&service_bell, "the service thread's bell");
    model_name(&client_bell, "the client's bell");
}

/* wake=poll: the service thread looks by itself, in its own time. */
static void
reset_wake_poll(void)
{
    reset_wake();
    service_bell.mute = 1;
}

/* Two blocks: one ends with an event, one with a command carried out. */
static void
render_with(int (*fire)(tabor_wake *wake))
{
    for (int block = 0; block < (protocols_wide ? 4 : 2); block++) {
        if (block & 1) {
            atomic_store_explicit(&link.done, (uint32_t)block / 2 + 1,
                                  memory_order_relaxed);
        } else {
            send(1);
        }
        if (fire(&link.wake)) {
            model_ring(&service_bell);
        }
    }
}

static void
render(void)
{
    render_with(tabor_wake_fire);
}

static void
serve(void)
{
    for (;;) {
        model_wait(&service_bell);
        if (tabor_wake_take(&link.wake)) {
            model_ring(&client_bell);
        }
    }
}

/* The timer rings as often as need be. */
static void
serve_by_timer(void)
{
    for (;;) {
        model_wait(&service_bell);
        while (!tabor_wake_take(&link.wake)) {
        }
        model_ring(&client_bell);
    }
}

static int
has_all(void)
{
    uint32_t all = protocols_wide ? 2 : 1;
    take(SLOTS);
    return received == all &&
           atomic_load_explicit(&link.done, memory_order_relaxed) == all;
}

static void
wait_for_all(void)
{
    for (;;) {
        tabor_wake_arm(&link.wake);
        if (has_all()) {
            return;
        }
        model_wait(&client_bell);
    }
}

/* The usual mistake: a cheap look first. */
static int
fire_if_armed(tabor_wake *wake)
{
    return atomic_load_explicit(&wake->armed, memory_order_acquire) &&
           tabor_wake_fire(wake);
}

static void
render_looking(void)
{
    render_with(fire_if_armed);
}

static void
wait_armed_late(void)
{
    while (!has_all()) {
        tabor_wake_arm(&link.wake);
        model_wait(&client_bell);
    }
}

/* ------------------------------------------------------ a client's life -- */

typedef struct client {
    tabor_link link;
    uint32_t drained;
} client;

static tabor_inbox inbox;
static client clients[2];
static uint32_t drained[2];

static void
reset_leave(void)
{
    reset_ring();
    memset(clients, 0, sizeof clients);
    memset(drained, 0, sizeof drained);
    atomic_init(&inbox.client, &clients[0]);
    model_name(&inbox.client, "inbox");
    model_name(&clients[0].link.state, "state of the first");
    model_name(&clients[1].link.state, "state of the second");
}

/* The first client sends and leaves; its ring stands for every client's. */
static void
send_and_leave(void)
{
    send(1);
    send(1);
    tabor_link_close(&clients[0].link);
}

static void
drain_with(void (*detach)(client *c))
{
    client *c = tabor_inbox_look(&inbox);
    if (!c) {
        return;
    }
    int closing = tabor_link_is_closing(&c->link);
    if (c == &clients[0]) {
        take(SLOTS);
        c->drained = received;
    } else {
        c->drained++;
    }
    drained[c - clients] = c->drained;
    if (closing) {
        detach(c);
    }
}

static void
detach(client *c)
{
    tabor_inbox_clear(&inbox);
    tabor_link_detach(&c->link);
}

static void
detach_early(client *c)
{
    tabor_link_detach(&c->link);
    tabor_inbox_clear(&inbox);
}

static void
drain_blocks(void)
{
    for (int block = 0; block < (protocols_wide ? 6 : 4); block++) {
        drain_with(detach);
    }
}

static void
drain_blocks_early(void)
{
    for (int block = 0; block < 3; block++) {
        drain_with(detach_early);
    }
}

/* Once the first has left it is freed, and its place is taken. */
static void
free_and_connect(void)
{
    for (int tries = 0; tries < 2; tries++) {
        if (tabor_link_is_detached(&clients[0].link)) {
            model_free(&clients[0].drained, sizeof clients[0].drained);
            model_free(&clients[0].link.state, sizeof clients[0].link.state);
            clients[1].drained = 10;
            tabor_inbox_put(&inbox, &clients[1]);
            finished = 1;
            return;
        }
    }
}

static void
reset_leave_all(void)
{
    reset_leave();
    finished = 0;
}

static void
finish_leave(void)
{
    client *last = tabor_inbox_look(&inbox);
    if (finished) {
        expect(last == &clients[1], "a client was never met");
    } else {
        drain_with(detach);
        drain_with(detach);
    }
    expect(drained[0] == sent && sent == 2,
           "a command of one who left is lost");
    expect(drained[1] == 0 || drained[1] > 10, "a client was met half-made");
}

/* ---------------------------------------------------------------- panic -- */

static tabor_panic panic;
static uint32_t panics_done, counts[2];
static int sounds[3], ended[3]; /* by a message's number */

static void
reset_panic(void)
{
    reset_ring();
    atomic_init(&panic.count, UINT32_MAX);
    panics_done = UINT32_MAX;
    memset(counts, 0, sizeof counts);
    memset(sounds, 0, sizeof sounds);
    memset(ended, 0, sizeof ended);
    model_name(&panic.count, "panics");
}

static void
send_play(void)
{
    if (tabor_ring_reserve(&ring, 1) > 0) {
        counts[ring.next_tail & ring.mask] = tabor_panic_count(&panic);
        send(1);
    }
}

/* One play before a panic, one after it. */
static void
play_panic_play(void)
{
    send_play();
    tabor_panic_ask(&panic);
    send_play();
}

static void
silence(void)
{
    for (int i = 1; i <= 2; i++) {
        ended[i] |= sounds[i];
        sounds[i] = 0;
    }
}

static void
look_for_panic(void)
{
    uint32_t asked = tabor_panic_count(&panic);
    if (asked != panics_done) {
        panics_done = asked;
        silence();
    }
}

static void
accept_plays(uint32_t n)
{
    for (uint32_t i = 0; i < n; i++) {
        uint32_t at = (ring.next_head + i) & ring.mask;
        uint64_t number = slots[at].number;
        int hit = tabor_panic_hits(counts[at], panics_done);
        ended[number] = hit;
        sounds[number] = !hit;
    }
    if (n > 0) {
        tabor_ring_release(&ring, n);
    }
}

static void
render_block(void)
{
    uint32_t n = tabor_ring_ready(&ring, SLOTS);
    look_for_panic();
    accept_plays(n);
}

static void
render_blocks(void)
{
    for (int block = 0; block < (protocols_wide ? 6 : 4); block++) {
        render_block();
    }
}

static void
render_blocks_hastily(void)
{
    for (int block = 0; block < 3; block++) {
        look_for_panic();
        accept_plays(tabor_ring_ready(&ring, SLOTS));
    }
}

static void
finish_panic(void)
{
    render_block();
    render_block();
    expect(ended[1] && !sounds[1], "what was sent before a panic sounds");
    expect(sounds[2] && !ended[2], "a panic hits what was sent after it");
}

/* ------------------------------------------------------------- all of it -- */

static const model_protocol right[] = {
    {"ring", reset_ring, {produce, consume}, finish_ring, 0, 9},
    {"wake-up", reset_wake, {render, serve, wait_for_all}, NULL, 2, 9},
    {"wake-up by polling",
     reset_wake_poll,
     {render, serve_by_timer, wait_for_all},
     NULL,
     2,
     4},
    {"leaving",
     reset_leave_all,
     {send_and_leave, drain_blocks, free_and_connect},
     finish_leave,
     0,
     20},
    {"panic",
     reset_panic,
     {play_panic_play, render_blocks},
     finish_panic,
     0,
     20},
};

static const model_protocol small[] = {
    {"a little ring",
     reset_ring,
     {produce_little, consume_little},
     finish_ring,
     0,
     9},
};

static const model_protocol wrong[] = {
    {"a look before the audio thread's exchange",
     reset_wake,
     {render_looking, serve, wait_for_all},
     NULL,
     2,
     9},
    {"a reader that arms after it has looked",
     reset_wake,
     {render, serve, wait_armed_late},
     NULL,
     2,
     9},
    {"an inbox cleared after the client may be freed",
     reset_leave_all,
     {send_and_leave, drain_blocks_early, free_and_connect},
     finish_leave,
     0,
     20},
    {"a panic looked for before the ring's end",
     reset_panic,
     {play_panic_play, render_blocks_hastily},
     finish_panic,
     0,
     20},
};

const protocol_set ring_protocols = {right, sizeof right / sizeof *right,
                                     small, sizeof small / sizeof *small,
                                     wrong, sizeof wrong / sizeof *wrong};
