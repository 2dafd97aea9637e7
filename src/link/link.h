/* SPDX-License-Identifier: MIT
 *
 * One client's connection: everything that its two threads share.
 */
#ifndef TABOR_LINK_LINK_H
#define TABOR_LINK_LINK_H

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

#include "link/command.h"
#include "link/event.h"
#include "link/ring.h"
#include "link/wake.h"

/* Commands a client may have pending in the scheduler. */
#define TABOR_SCHEDULE_SLOTS 4096
/* Ring and scheduler places that only stop, cancel and unload may take. */
#define TABOR_URGENT_SLOTS 16
/* Pings that may be under way. */
#define TABOR_PINGS 64

enum {
    TABOR_LINK_LIVE,
    TABOR_LINK_CLOSING, /* by the client: drain once more, then fade */
    TABOR_LINK_DETACHED /* by the audio thread: it will not look again */
};

typedef struct tabor_link {
    tabor_ring command_ring, note_ring;
    tabor_command *commands; /* command_ring.capacity of them */
    tabor_note *notes;       /* note_ring.capacity of them */

    /* Commands finished, ever: the scheduler's credit on its way back.
     * Written by the audio thread, relaxed: nothing comes with it, as the
     * places themselves are the audio thread's own. */
    alignas(TABOR_CACHE_LINE) _Atomic uint32_t done;

    alignas(TABOR_CACHE_LINE) tabor_wake wake;
    _Atomic uint32_t state; /* TABOR_LINK_...; both sides, release/acquire */

    /* Counters, written by the audio thread, relaxed. */
    alignas(TABOR_CACHE_LINE) _Atomic uint64_t stale;
    _Atomic uint64_t late, late_max, stolen;
} tabor_link;

/* Where the audio thread meets a client. */
typedef struct tabor_inbox {
    /* put by the control side (release), looked at once a block (acquire);
     * cleared by the audio thread before it says DETACHED */
    void *_Atomic client;
} tabor_inbox;

/* [control] only if it is empty: no earlier client, or that one DETACHED */
static inline void
tabor_inbox_put(tabor_inbox *inbox, void *client)
{
    atomic_store_explicit(&inbox->client, client, TABOR_ORDER(release, inbox));
}

/* The client, or NULL.  [audio] */
static inline void *
tabor_inbox_look(tabor_inbox *inbox)
{
    return atomic_load_explicit(&inbox->client, TABOR_ORDER(acquire, inbox));
}

/* [audio] */
static inline void
tabor_inbox_clear(tabor_inbox *inbox)
{
    atomic_store_explicit(&inbox->client, NULL, memory_order_relaxed);
}

/* Nothing will be sent after this.  [control] */
static inline void
tabor_link_close(tabor_link *link)
{
    atomic_store_explicit(&link->state, TABOR_LINK_CLOSING,
                          TABOR_ORDER(release, closing));
}

/* If so, what the command ring holds now is all.  [audio] */
static inline int
tabor_link_is_closing(tabor_link *link)
{
    return atomic_load_explicit(&link->state, TABOR_ORDER(acquire, closing)) ==
           TABOR_LINK_CLOSING;
}

/* The last that the audio thread does with a link.  [audio] */
static inline void
tabor_link_detach(tabor_link *link)
{
    atomic_store_explicit(&link->state, TABOR_LINK_DETACHED,
                          TABOR_ORDER(release, detached));
}

/* May its memory be freed?  [control] */
static inline int
tabor_link_is_detached(tabor_link *link)
{
    return atomic_load_explicit(&link->state, TABOR_ORDER(acquire, detached)) ==
           TABOR_LINK_DETACHED;
}

#endif
