/* SPDX-License-Identifier: MIT
 *
 * Events on their way to the reader, and waiting for them.
 */
#include "config.h"

#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "control/client.h"
#include "control/status.h"

_Static_assert((int)TABOR_NOTE_ENDED == TABOR_EVENT_ENDED &&
                   (int)TABOR_NOTE_PONG == TABOR_EVENT_PONG,
               "the wire's events are the API's");
_Static_assert((int)TABOR_END_FINISHED == TABOR_FINISHED &&
                   (int)TABOR_END_STOPPED == TABOR_STOPPED &&
                   (int)TABOR_END_STOLEN == TABOR_STOLEN &&
                   (int)TABOR_END_CANCELLED == TABOR_CANCELLED &&
                   (int)TABOR_END_LATE == TABOR_LATE &&
                   (int)TABOR_END_UNLOADED == TABOR_UNLOADED &&
                   (int)TABOR_END_DETACHED == TABOR_DETACHED,
               "the wire's reasons are the API's");

/* Unread events that are kept. */
#define BACKLOG_MAX 65536
/* A wait looks again after this long, whatever happens. */
#define SLICE_NS UINT64_C(100000000)

/* ------------------------------------------------------------- backlog -- */

static void
grow_backlog(tabor_client *c)
{
    uint32_t capacity = c->backlog_capacity * 2;
    tabor_event *bigger = malloc(capacity * sizeof *bigger);
    if (!bigger) {
        return;
    }
    for (uint32_t i = 0; i < c->backlog_count; i++) {
        bigger[i] =
            c->backlog[(c->backlog_head + i) & (c->backlog_capacity - 1)];
    }
    free(c->backlog);
    c->backlog = bigger;
    c->backlog_capacity = capacity;
    c->backlog_head = 0;
}

static void
backlog_add(tabor_client *c, const tabor_event *event)
{
    if (c->backlog_count == c->backlog_capacity &&
        c->backlog_capacity < BACKLOG_MAX) {
        grow_backlog(c);
    }
    if (c->backlog_count == c->backlog_capacity) {
        c->backlog_head++; /* nobody reads: the oldest goes */
        c->backlog_count--;
        c->unread_lost++;
    }
    c->backlog[(c->backlog_head + c->backlog_count) &
               (c->backlog_capacity - 1)] = *event;
    c->backlog_count++;
}

/* ------------------------------------------------------------- collect -- */

void
tabor_client_free_play(tabor_client *c, tabor_handle voice)
{
    unsigned slot = tabor_handle_slot(voice);
    if (slot >= c->play_count || !c->plays[slot].alive ||
        c->plays[slot].generation != tabor_handle_generation(voice)) {
        return;
    }
    c->plays[slot].alive = 0;
    c->free_plays[(c->free_head + c->free_count) % c->play_count] =
        (uint16_t)slot;
    c->free_count++;
}

static tabor_client_ping *
find_ping(tabor_client *c, uint64_t cookie)
{
    for (int i = 0; i < TABOR_PINGS; i++) {
        if (c->pings[i].cookie == cookie) {
            return &c->pings[i];
        }
    }
    return NULL;
}

/* One that is free, or whose answer nobody waited for. */
static tabor_client_ping *
free_ping(tabor_client *c)
{
    for (int i = 0; i < TABOR_PINGS; i++) {
        if (c->pings[i].cookie == 0 || c->pings[i].answered) {
            return &c->pings[i];
        }
    }
    return NULL;
}

static void
answer_ping(tabor_client *c, uint64_t cookie)
{
    tabor_client_ping *ping = cookie ? find_ping(c, cookie) : NULL;
    if (ping && !ping->answered) {
        ping->round_trip_ns = tabor_now_ns() - ping->sent_ns;
        ping->answered = 1;
    }
}

void
tabor_client_collect(tabor_client *c)
{
    tabor_ring *ring = &c->link->note_ring;
    uint32_t n = tabor_ring_ready(ring, ring->capacity);
    for (uint32_t i = 0; i < n; i++) {
        const tabor_note *note =
            &c->link->notes[(ring->next_head + i) & ring->mask];
        const tabor_event event = {.frame = note->frame,
                                   .handle = note->handle,
                                   .value = note->value,
                                   .late = note->late,
                                   .type = note->type,
                                   .reason = note->reason};
        if (note->type == TABOR_NOTE_ENDED) {
            tabor_client_free_play(c, note->handle);
        } else {
            answer_ping(c, note->handle);
        }
        backlog_add(c, &event);
    }
    if (n) {
        tabor_ring_release(ring, n);
    }
}

/* ------------------------------------------------------------- notices -- */

/* The next notice that the reader has not been told; 0 = none. */
static int
next_notice(tabor_client *c, tabor_event *event)
{
    *event =
        (tabor_event){.frame = tabor_clock_look(&c->engine->rt->clock).frame};
    uint32_t epoch =
        atomic_load_explicit(&c->engine->device.epoch, memory_order_acquire);
    if (epoch != c->told_epoch) {
        c->told_epoch++;
        event->type = c->told_epoch & 1 ? TABOR_EVENT_DEVICE_LOST
                                        : TABOR_EVENT_DEVICE_BACK;
        return 1;
    }
    uint64_t late = atomic_load_explicit(&c->link->late, memory_order_relaxed);
    if (late != c->told_late) {
        uint64_t worst =
            atomic_load_explicit(&c->link->late_max, memory_order_relaxed);
        event->type = TABOR_EVENT_LATE;
        event->value = late - c->told_late;
        event->late = worst > UINT32_MAX ? UINT32_MAX : (uint32_t)worst;
        c->told_late = late;
        return 1;
    }
    uint64_t xruns = tabor_device_xruns(&c->engine->device);
    if (xruns != c->told_xruns) {
        event->type = TABOR_EVENT_XRUN;
        event->value = xruns - c->told_xruns;
        c->told_xruns = xruns;
        return 1;
    }
    return 0;
}

int
tabor_client_has_events(tabor_client *c)
{
    return c->backlog_count > 0 ||
           atomic_load_explicit(&c->engine->device.epoch,
                                memory_order_acquire) != c->told_epoch ||
           atomic_load_explicit(&c->link->late, memory_order_relaxed) !=
               c->told_late ||
           tabor_device_xruns(&c->engine->device) != c->told_xruns;
}

/* ---------------------------------------------------------------- poll -- */

static void
drain_fd(tabor_client *c)
{
    uint64_t n;
    ssize_t ignored = read(c->fd, &n, sizeof n);
    (void)ignored;
}

static size_t
take(tabor_client *c, tabor_event *events, size_t max)
{
    size_t n = 0;
    for (; n < max && c->backlog_count; n++) {
        events[n] = c->backlog[c->backlog_head & (c->backlog_capacity - 1)];
        c->backlog_head++;
        c->backlog_count--;
    }
    while (n < max && next_notice(c, &events[n])) {
        n++;
    }
    return n;
}

TABOR_API size_t
tabor_poll(tabor_client *client, tabor_event *events, size_t max)
{
    if (client->engine->forks != tabor_forks()) {
        return 0;
    }
    pthread_mutex_lock(&client->mutex);
    tabor_client_collect(client);
    size_t n = take(client, events, max);
    if (n == 0 && max > 0 &&
        atomic_load_explicit(&client->fd_used, memory_order_relaxed)) {
        drain_fd(client);
        tabor_wake_arm(&client->link->wake);
        tabor_client_collect(client); /* what came before it was armed */
        n = take(client, events, max);
    }
    pthread_mutex_unlock(&client->mutex);
    return n;
}

/* ---------------------------------------------------------------- wait -- */

typedef struct condition {
    int (*holds)(tabor_client *client, uint64_t value);
    uint64_t value;
} condition;

static int
check(tabor_client *c, const condition *until)
{
    pthread_mutex_lock(&c->mutex);
    tabor_client_collect(c);
    int holds = until->holds(c, until->value);
    pthread_mutex_unlock(&c->mutex);
    return holds;
}

static void
sleep_for_news(tabor_client *c, uint64_t ns)
{
    struct timespec t = {(time_t)(ns / 1000000000), (long)(ns % 1000000000)};
    struct pollfd fd = {.fd = c->fd, .events = POLLIN};
    if (ppoll(&fd, 1, &t, NULL) > 0) {
        drain_fd(c);
    }
}

/* Wait until a condition holds. The order - arm, look, sleep - is what loses
 * no wake-up. */
static tabor_status
wait_until(tabor_client *c, const condition *until, uint64_t timeout_ns)
{
    uint64_t start = tabor_now_ns();
    for (;;) {
        tabor_status st = tabor_engine_check(c->engine);
        if (st == TABOR_ERR_FORKED) {
            return st;
        }
        tabor_wake_arm(&c->link->wake);
        if (check(c, until)) {
            return TABOR_OK;
        }
        uint64_t passed = tabor_now_ns() - start;
        if (st != TABOR_OK) {
            return st;
        }
        if (passed >= timeout_ns) {
            return tabor_fail(TABOR_ERR_TIMEOUT, "nothing within %g seconds",
                              (double)timeout_ns * 1e-9);
        }
        uint64_t left = timeout_ns - passed;
        sleep_for_news(c, left < SLICE_NS ? left : SLICE_NS);
    }
}

static int
has_events(tabor_client *c, uint64_t unused)
{
    (void)unused;
    return tabor_client_has_events(c);
}

TABOR_API tabor_status
tabor_client_wait(tabor_client *client, uint64_t timeout_ns)
{
    tabor_engine_settle(client->engine);
    /* while this thread waits nobody renders a pumped engine */
    return wait_until(client, &(condition){has_events, 0},
                      client->engine->pumped ? 0 : timeout_ns);
}

static int
has_space(tabor_client *c, uint64_t needed)
{
    uint64_t refused = c->refused; /* a look, not a refusal */
    /* the plays of an open batch have their handles already */
    uint32_t n = needed ? (uint32_t)needed : c->batch_count;
    int fits = c->free_count >= needed &&
               tabor_client_reserve_now(c, n, 0) == TABOR_OK;
    c->refused = refused;
    return fits;
}

TABOR_API tabor_status
tabor_client_wait_space(tabor_client *client, uint32_t needed,
                        uint64_t timeout_ns)
{
    uint32_t most = tabor_client_most(client);
    if (needed > most || needed > client->play_count) {
        return tabor_fail(TABOR_ERR_INVALID,
                          "%u commands never fit: the queue takes %u", needed,
                          most);
    }
    if (client->engine->pumped) {
        return check(client, &(condition){has_space, needed})
                   ? TABOR_OK
                   : tabor_fail_full("queue", needed, 0,
                                     "only render() makes room offline");
    }
    return wait_until(client, &(condition){has_space, needed}, timeout_ns);
}

/* ---------------------------------------------------------------- ping -- */

TABOR_API tabor_status
tabor_ping_send(tabor_client *client, uint64_t *cookie)
{
    tabor_status st = tabor_engine_check(client->engine);
    if (st != TABOR_OK) {
        return st;
    }
    pthread_mutex_lock(&client->mutex);
    tabor_client_collect(client);
    tabor_client_ping *ping = free_ping(client);
    if (!ping) {
        client->refused++;
        st = tabor_fail_full("pings", 1, 0, "wait for those under way");
    } else if ((st = tabor_client_reserve_now(client, 1, 0)) == TABOR_OK) {
        *ping = (tabor_client_ping){.cookie = ++client->last_cookie,
                                    .sent_ns = tabor_now_ns()};
        const tabor_command command = {.type = TABOR_COMMAND_PING,
                                       .target = ping->cookie};
        tabor_client_send_now(client, &command, 1);
        *cookie = ping->cookie;
    }
    pthread_mutex_unlock(&client->mutex);
    return st;
}

static int
has_answer(tabor_client *c, uint64_t cookie)
{
    tabor_client_ping *ping = find_ping(c, cookie);
    return !ping || ping->answered;
}

TABOR_API tabor_status
tabor_ping_wait(tabor_client *client, uint64_t cookie, uint64_t timeout_ns,
                uint64_t *round_trip_ns)
{
    if (cookie == 0) {
        return tabor_fail(TABOR_ERR_INVALID, "0 is no ping's cookie");
    }
    tabor_engine_settle(client->engine);
    tabor_status st =
        wait_until(client, &(condition){has_answer, cookie}, timeout_ns);
    if (st != TABOR_OK) {
        return st;
    }
    pthread_mutex_lock(&client->mutex);
    tabor_client_ping *ping = find_ping(client, cookie);
    if (ping) {
        *round_trip_ns = ping->round_trip_ns;
        ping->cookie = 0;
    } else {
        st = tabor_fail(TABOR_ERR_STALE, "that ping was waited for already");
    }
    pthread_mutex_unlock(&client->mutex);
    return st;
}
