/* SPDX-License-Identifier: MIT
 *
 * The producer's side of a link: credits, play handles, events that were taken
 * from the ring and not read yet.
 */
#ifndef TABOR_CONTROL_CLIENT_H
#define TABOR_CONTROL_CLIENT_H

#include <assert.h>
#include <pthread.h>

#include "control/engine.h"

/* One play handle slot: its present generation and what was sent with it. */
typedef struct tabor_client_play {
    uint32_t generation;
    float velocity;
    uint32_t first;       /* frame of the sample: where a seek counts from */
    uint32_t frames : 31; /* and how many there are */
    uint32_t alive : 1;
} tabor_client_play;

static_assert(sizeof(tabor_client_play) == 16, "four share a cache line");

typedef struct tabor_client_ping {
    uint64_t cookie; /* 0 = free */
    uint64_t sent_ns, round_trip_ns;
    int answered;
} tabor_client_ping;

struct tabor_client {
    tabor_engine *engine; /* held */
    unsigned owner;
    tabor_rt_client *rt; /* the audio thread's, ours to free once detached */
    tabor_link *link;
    int fd;              /* readable: look for events or room */
    _Atomic int fd_used; /* someone else polls fd: keep it armed */

    /* Over all that follows and over the rings' ends on this side. Free under
     * an interpreter's lock; the audio thread never sees it. */
    pthread_mutex_t mutex;
    uint32_t sent; /* commands, ever */
    uint32_t queue_high;
    uint64_t refused, unread_lost;

    tabor_command plain; /* a play without params; fixed once made */

    tabor_client_play *plays;
    uint16_t *free_plays; /* a queue: a slot rests before it is used again */
    uint32_t play_count, free_head, free_count;

    tabor_event *backlog; /* a queue of backlog_capacity, a power of two */
    uint32_t backlog_capacity, backlog_head, backlog_count;

    tabor_client_ping pings[TABOR_PINGS];
    uint64_t last_cookie;

    tabor_command *batch; /* NULL, or what an open batch has gathered */
    uint32_t batch_count;

    tabor_releases releases;

    /* what the reader was told last */
    uint64_t told_late, told_xruns;
    uint32_t told_epoch;
    uint64_t load_busy_ns, load_frames; /* at the last look at the load */
};

/* Is there room for n commands, in the open batch or in the ring? Takes
 * nothing.  [client] under the mutex
 * urgent: 1 for stop, cancel and unload  TABOR_ERR_FULL */
tabor_status tabor_client_reserve(tabor_client *client, uint32_t n, int urgent);

/* Send n commands at once, or add them to the open batch; reserved before.
 * [client] under the mutex */
void tabor_client_send(tabor_client *client, const tabor_command *commands,
                       uint32_t n);

/* Where reserved commands go, to be written in place: the i-th at
 * slots[(first + i) & mask], with seq + i. */
typedef struct tabor_room {
    tabor_command *slots;
    uint32_t first, mask, seq;
} tabor_room;
tabor_room tabor_client_room(tabor_client *client);

/* Send the first n commands of the room at once, or add them to the open
 * batch.  [client] under the mutex */
void tabor_client_publish(tabor_client *client, uint32_t n);

/* Reserve and send past an open batch.  [client] under the mutex */
tabor_status tabor_client_reserve_now(tabor_client *client, uint32_t n,
                                      int urgent);
void tabor_client_send_now(tabor_client *client, const tabor_command *commands,
                           uint32_t n);

/* Commands that one batch, or the empty ring, can hold.  [any] */
uint32_t tabor_client_most(const tabor_client *client);

/* A play handle that is not needed any more.  [client] under the mutex */
void tabor_client_free_play(tabor_client *client, tabor_handle voice);

/* Take what the audio thread has told into the backlog; frees play handles.
 * [client] under the mutex */
void tabor_client_collect(tabor_client *client);

/* Could tabor_poll() return something?  [client] under the mutex */
int tabor_client_has_events(tabor_client *client);

/* Make fd readable.  [any] */
void tabor_client_ring(tabor_client *client);

/* For all clients of an engine: ring those that the audio thread has marked;
 * ring all; send unloads that were put off.  [control] */
void tabor_clients_wake(tabor_engine *engine);
void tabor_clients_nudge(tabor_engine *engine);
void tabor_clients_flush(tabor_engine *engine);

/* The audio thread's half of a client; NULL if there is no memory.  [control]
 */
tabor_rt_client *tabor_rt_client_new(uint32_t queue, uint32_t plays);

/* Takes NULL. */
void tabor_rt_client_free(tabor_rt_client *client);

#endif
