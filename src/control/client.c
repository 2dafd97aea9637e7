/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "control/client.h"
#include "control/play.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "control/resident.h"
#include "control/status.h"

/* ---------------------------------------------------------------- make -- */

void
tabor_rt_client_free(tabor_rt_client *c)
{
    if (!c) {
        return;
    }
    if (c->link) {
        free(c->link->commands);
        free(c->link->notes);
        free(c->link);
    }
    free(c->slab);
    free(c->slab_free);
    free(c->heap_at);
    free(c->plays);
    free(c);
}

static tabor_link *
link_new(uint32_t queue, uint32_t notes)
{
    tabor_link *l = tabor_resident_new(1, sizeof *l);
    if (!l) {
        return NULL;
    }
    tabor_ring_init(&l->command_ring, queue, 0);
    tabor_ring_init(&l->note_ring, notes, 0);
    l->commands = tabor_resident_new(queue, sizeof *l->commands);
    l->notes = tabor_resident_new(notes, sizeof *l->notes);
    return l;
}

static uint32_t
power_of_two(uint32_t n)
{
    uint32_t p = 64;
    while (p < n) {
        p *= 2;
    }
    return p;
}

tabor_rt_client *
tabor_rt_client_new(uint32_t queue, uint32_t plays)
{
    tabor_rt_client *c = tabor_resident_new(1, sizeof *c);
    if (!c) {
        return NULL;
    }
    c->link = link_new(queue, power_of_two(plays + TABOR_PINGS));
    c->slab = tabor_resident_new(TABOR_SCHEDULE_SLOTS, sizeof *c->slab);
    c->slab_free =
        tabor_resident_new(TABOR_SCHEDULE_SLOTS, sizeof *c->slab_free);
    c->heap_at = tabor_resident_new(TABOR_SCHEDULE_SLOTS, sizeof *c->heap_at);
    c->plays = tabor_resident_new(plays, sizeof *c->plays);
    c->play_count = plays;
    if (!c->link || !c->link->commands || !c->link->notes || !c->slab ||
        !c->slab_free || !c->heap_at || !c->plays) {
        tabor_rt_client_free(c);
        return NULL;
    }
    for (uint32_t i = 0; i < TABOR_SCHEDULE_SLOTS; i++) {
        c->slab_free[i] = (uint16_t)(TABOR_SCHEDULE_SLOTS - 1 - i);
    }
    c->slab_free_count = TABOR_SCHEDULE_SLOTS;
    c->shape = TABOR_NO_SHAPE;
    return c;
}

static void
client_free(tabor_client *c)
{
    if (c->fd >= 0) {
        close(c->fd);
    }
    free(c->plays);
    free(c->free_plays);
    free(c->backlog);
    tabor_releases_free(&c->releases);
    free(c->batch);
    pthread_mutex_destroy(&c->mutex);
    free(c);
}

static tabor_client *
client_new(uint32_t plays)
{
    tabor_client *c = calloc(1, sizeof *c);
    if (!c) {
        return NULL;
    }
    pthread_mutex_init(&c->mutex, NULL);
    c->fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    c->play_count = c->free_count = plays;
    c->plays = calloc(plays, sizeof *c->plays);
    c->free_plays = calloc(plays, sizeof *c->free_plays);
    c->backlog_capacity = 256;
    c->backlog = calloc(c->backlog_capacity, sizeof *c->backlog);
    if (c->fd < 0 || !c->plays || !c->free_plays || !c->backlog) {
        client_free(c);
        return NULL;
    }
    for (uint32_t i = 0; i < plays; i++) {
        c->free_plays[i] = (uint16_t)i;
    }
    return c;
}

/* Room for twice the voices, at least what the schedule can hold. */
static uint32_t
plays_for(const tabor_engine *engine, const tabor_client_config *config)
{
    uint32_t plays = config->plays ? config->plays : engine->config.voices * 2;
    if (!config->plays && plays < TABOR_SCHEDULE_SLOTS) {
        plays = TABOR_SCHEDULE_SLOTS;
    }
    return plays;
}

static tabor_status
check_config(const tabor_client_config *config)
{
    if (config->struct_size != sizeof *config) {
        return tabor_fail(TABOR_ERR_INVALID,
                          "config.struct_size is not sizeof config: start "
                          "from TABOR_CLIENT_CONFIG");
    }
    if (config->queue < TABOR_MIN_QUEUE || config->queue > TABOR_MAX_QUEUE ||
        (config->queue & (config->queue - 1))) {
        return tabor_fail(TABOR_ERR_INVALID,
                          "queue is %u, but is a power of two from %d to %d",
                          config->queue, TABOR_MIN_QUEUE, TABOR_MAX_QUEUE);
    }
    if (config->plays > 65535) {
        return tabor_fail(TABOR_ERR_INVALID,
                          "plays is %u, but goes up to 65535", config->plays);
    }
    return TABOR_OK;
}

/* Find an owner number and hand the client to the audio thread. */
static tabor_status
connect(tabor_engine *engine, tabor_client *c)
{
    tabor_status st = TABOR_OK;
    pthread_mutex_lock(&engine->mutex);
    unsigned o = 1;
    while (o < TABOR_OWNERS && (engine->clients[o] || engine->leaving[o])) {
        o++;
    }
    if (o == TABOR_OWNERS) {
        st = tabor_fail(TABOR_ERR_LIMIT,
                        "%d clients are connected already: close one",
                        TABOR_MAX_CLIENTS);
    } else {
        c->owner = o;
        for (uint32_t i = 0; i < c->play_count; i++) {
            c->plays[i].generation = engine->generations[o];
        }
        tabor_releases_move(&engine->releases, &c->releases);
        engine->clients[o] = c;
        tabor_inbox_put(&engine->rt->inbox[o], c->rt);
    }
    pthread_mutex_unlock(&engine->mutex);
    return st;
}

TABOR_API tabor_status
tabor_client_open(tabor_engine *engine, const tabor_client_config *config,
                  tabor_client **client)
{
    const tabor_client_config defaults = TABOR_CLIENT_CONFIG;
    if (!config) {
        config = &defaults;
    }
    tabor_status st = tabor_engine_check(engine);
    if (st != TABOR_OK || (st = check_config(config)) != TABOR_OK) {
        return st;
    }
    tabor_engine_settle(engine); /* clients that left may be gone now */
    uint32_t plays = plays_for(engine, config);
    tabor_client *c = client_new(plays);
    if (!c || !(c->rt = tabor_rt_client_new(config->queue, plays))) {
        if (c) {
            client_free(c);
        }
        return tabor_fail(TABOR_ERR_NO_MEMORY, "no memory for a client");
    }
    c->engine = engine;
    c->link = c->rt->link;
    tabor_play_plain(&c->plain);
    c->told_epoch =
        atomic_load_explicit(&engine->device.epoch, memory_order_acquire) & ~1u;
    if ((st = connect(engine, c)) != TABOR_OK) {
        tabor_rt_client_free(c->rt);
        client_free(c);
        return st;
    }
    tabor_engine_hold(engine);
    *client = c;
    return TABOR_OK;
}

/* ---------------------------------------------------------------- send -- */

static uint32_t
above(uint32_t free, uint32_t kept)
{
    return free > kept ? free - kept : 0;
}

uint32_t
tabor_client_most(const tabor_client *c)
{
    uint32_t ring = c->link->command_ring.capacity;
    return (ring < TABOR_SCHEDULE_SLOTS ? ring : TABOR_SCHEDULE_SLOTS) -
           TABOR_URGENT_SLOTS;
}

tabor_status
tabor_client_reserve(tabor_client *c, uint32_t n, int urgent)
{
    if (!c->batch) {
        return tabor_client_reserve_now(c, n, urgent);
    }
    uint32_t free = tabor_client_most(c) - c->batch_count;
    if (free < n) {
        c->refused++;
        return tabor_fail_full("batch", n, free,
                               "a batch is never larger than the queue: open "
                               "with a larger queue");
    }
    return TABOR_OK;
}

void
tabor_client_send(tabor_client *c, const tabor_command *commands, uint32_t n)
{
    if (!c->batch) {
        tabor_client_send_now(c, commands, n);
        return;
    }
    memcpy(c->batch + c->batch_count, commands, n * sizeof *commands);
    c->batch_count += n;
}

tabor_status
tabor_client_reserve_now(tabor_client *c, uint32_t n, int urgent)
{
    uint32_t kept = urgent ? 0 : TABOR_URGENT_SLOTS;
    uint32_t ring = tabor_ring_reserve(&c->link->command_ring, n + kept);
    if (ring < n + kept) {
        c->refused++;
        return tabor_fail_full("queue", n, above(ring, kept),
                               "the next block makes room: wait, or open with "
                               "a larger queue");
    }
    uint32_t done = atomic_load_explicit(&c->link->done, memory_order_relaxed);
    uint32_t schedule = TABOR_SCHEDULE_SLOTS - (c->sent - done);
    if (schedule < n + kept) {
        c->refused++;
        return tabor_fail_full("schedule", n, above(schedule, kept),
                               "too many commands wait for their frame: "
                               "schedule less far ahead");
    }
    return TABOR_OK;
}

/* n slots of the ring are filled. */
static void
publish_now(tabor_client *c, uint32_t n)
{
    tabor_ring *ring = &c->link->command_ring;
    tabor_ring_commit(ring, n);
    c->sent += n;
    uint32_t used = ring->next_tail - ring->seen_head;
    if (used > c->queue_high) {
        /* the other end was seen long ago, maybe */
        used = ring->capacity - tabor_ring_reserve(ring, ring->capacity);
        c->queue_high = used > c->queue_high ? used : c->queue_high;
    }
}

void
tabor_client_send_now(tabor_client *c, const tabor_command *commands,
                      uint32_t n)
{
    const tabor_ring *ring = &c->link->command_ring;
    for (uint32_t i = 0; i < n; i++) {
        tabor_command *slot =
            &c->link->commands[(ring->next_tail + i) & ring->mask];
        *slot = commands[i];
        slot->seq = c->sent + i;
        if (slot->type == TABOR_COMMAND_SET_VOLUME) {
            uint32_t bits;
            memcpy(&bits, &slot->body.volume.gain, sizeof bits);
            atomic_store_explicit(&c->engine->gain_bits, bits,
                                  memory_order_relaxed);
        }
    }
    publish_now(c, n);
}

tabor_room
tabor_client_room(tabor_client *c)
{
    const tabor_ring *ring = &c->link->command_ring;
    if (c->batch) {
        return (tabor_room){c->batch, c->batch_count, UINT32_MAX, 0};
    }
    return (tabor_room){c->link->commands, ring->next_tail, ring->mask,
                        c->sent};
}

void
tabor_client_publish(tabor_client *c, uint32_t n)
{
    if (c->batch) {
        c->batch_count += n;
    } else {
        publish_now(c, n);
    }
}

static void
flush_releases(tabor_client *c)
{
    pthread_mutex_lock(&c->mutex);
    uint64_t refused = c->refused; /* nobody asked: not a refusal */
    /* an open batch may play what is to be released: it goes first */
    while (c->releases.count && !c->batch &&
           tabor_client_reserve_now(c, 1, 1) == TABOR_OK) {
        tabor_command retire = {.type = TABOR_COMMAND_RETIRE_SAMPLE,
                                .target =
                                    c->releases.samples[--c->releases.count]};
        tabor_client_send_now(c, &retire, 1);
    }
    c->refused = refused;
    pthread_mutex_unlock(&c->mutex);
}

/* What could not be sent is sent by another client, or by the next one. The
 * engine's mutex is held. */
static void
leave_releases(tabor_client *c)
{
    tabor_engine *engine = c->engine;
    unsigned o = 1;
    while (o < TABOR_OWNERS && !engine->clients[o]) {
        o++;
    }
    if (o == TABOR_OWNERS) {
        tabor_releases_move(&c->releases, &engine->releases);
        return;
    }
    tabor_client *heir = engine->clients[o];
    pthread_mutex_lock(&heir->mutex);
    tabor_releases_move(&c->releases, &heir->releases);
    pthread_mutex_unlock(&heir->mutex);
}

/* Where who gets the owner's number goes on. Counted from where this one
 * began, because generations go round. */
static uint32_t
last_generation(const tabor_client *c)
{
    const uint32_t first = c->engine->generations[c->owner];
    uint32_t most = 0;
    for (uint32_t i = 0; i < c->play_count; i++) {
        const uint32_t taken = c->plays[i].generation - first;
        most = taken > most ? taken : most;
    }
    return first + most;
}

TABOR_API void
tabor_client_close(tabor_client *client)
{
    if (!client || client->engine->forks != tabor_forks()) {
        return;
    }
    tabor_engine *engine = client->engine;
    tabor_batch_abandon(client); /* what it unloads is unloaded */
    flush_releases(client);
    pthread_mutex_lock(&engine->mutex);
    engine->clients[client->owner] = NULL;
    engine->generations[client->owner] = last_generation(client);
    leave_releases(client);
    engine->leaving[client->owner] = client->rt;
    tabor_link_close(client->link);
    pthread_mutex_unlock(&engine->mutex);
    client_free(client);
    tabor_engine_drop(engine);
}

/* ---------------------------------------------------------------- wake -- */

void
tabor_client_ring(tabor_client *client)
{
    const uint64_t one = 1;
    ssize_t ignored = write(client->fd, &one, sizeof one);
    (void)ignored;
}

void
tabor_clients_wake(tabor_engine *engine)
{
    pthread_mutex_lock(&engine->mutex);
    for (unsigned o = 1; o < TABOR_OWNERS; o++) {
        tabor_client *c = engine->clients[o];
        if (c && tabor_wake_take(&c->link->wake)) {
            tabor_client_ring(c);
        }
    }
    pthread_mutex_unlock(&engine->mutex);
}

void
tabor_clients_nudge(tabor_engine *engine)
{
    pthread_mutex_lock(&engine->mutex);
    for (unsigned o = 1; o < TABOR_OWNERS; o++) {
        if (engine->clients[o]) {
            tabor_client_ring(engine->clients[o]);
        }
    }
    pthread_mutex_unlock(&engine->mutex);
}

void
tabor_clients_flush(tabor_engine *engine)
{
    pthread_mutex_lock(&engine->mutex);
    for (unsigned o = 1; o < TABOR_OWNERS; o++) {
        if (engine->clients[o]) {
            flush_releases(engine->clients[o]);
        }
    }
    pthread_mutex_unlock(&engine->mutex);
}

TABOR_API int
tabor_client_fd(tabor_client *client)
{
    if (client->engine->forks != tabor_forks()) {
        return client->fd;
    }
    atomic_store_explicit(&client->fd_used, 1, memory_order_relaxed);
    tabor_wake_arm(&client->link->wake);
    pthread_mutex_lock(&client->mutex);
    tabor_client_collect(client);
    if (tabor_client_has_events(client)) {
        tabor_client_ring(client);
    }
    pthread_mutex_unlock(&client->mutex);
    return client->fd;
}
