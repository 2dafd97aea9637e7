/* SPDX-License-Identifier: MIT
 *
 * Notes: what the audio thread sends back to a client. 32 bytes, two a cache
 * line. The numbers are those of tabor_event_type and tabor_reason in tabor.h;
 * control/events.c asserts it.
 */
#ifndef TABOR_LINK_EVENT_H
#define TABOR_LINK_EVENT_H

#include <assert.h>
#include <stdint.h>

enum {
    TABOR_NOTE_ENDED = 1,
    TABOR_NOTE_PONG = 2
};

enum {
    TABOR_END_FINISHED,
    TABOR_END_STOPPED,
    TABOR_END_STOLEN,
    TABOR_END_CANCELLED,
    TABOR_END_LATE,
    TABOR_END_UNLOADED,
    TABOR_END_DETACHED
};

#define TABOR_NEVER UINT64_MAX

typedef struct tabor_note {
    uint64_t frame;
    uint64_t handle; /* the voice, or the ping's cookie */
    uint64_t value;  /* ENDED: start frame, or TABOR_NEVER */
    uint32_t late;   /* frames */
    uint16_t type, reason;
} tabor_note;

static_assert(sizeof(tabor_note) == 32, "events are 32 bytes");

#endif
