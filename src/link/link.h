/* SPDX-License-Identifier: MIT
 *
 * One client's connection: everything that its two threads share.
 */
#ifndef TABOR_LINK_LINK_H
#define TABOR_LINK_LINK_H

#include <stdatomic.h>
#include <stdint.h>

#include "link/command.h"
#include "link/event.h"
#include "link/ring.h"

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
     * written by the audio thread (release), read by the client (acquire) */
    alignas(TABOR_CACHE_LINE) _Atomic uint32_t done;

    /* A reader that will sleep exchanges 1 in, the audio thread exchanges 0 in
     * after publishing; both acq_rel, both unconditional, so that one of them
     * sees the other. */
    alignas(TABOR_CACHE_LINE) _Atomic uint32_t armed;
    /* set by the audio thread (release), taken by the service thread (acq) */
    _Atomic uint32_t fire;
    _Atomic uint32_t state; /* TABOR_LINK_...; both sides, release/acquire */

    /* Counters, written by the audio thread, relaxed. */
    alignas(TABOR_CACHE_LINE) _Atomic uint64_t stale;
    _Atomic uint64_t late, late_max, stolen;
} tabor_link;

#endif
