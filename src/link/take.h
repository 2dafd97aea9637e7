/* SPDX-License-Identifier: MIT
 *
 * A take: all that moved the audio thread, in the order and on the frames in
 * which it did. What it drained goes into a ring that the service thread
 * empties into a file; played again it gives the same bytes.
 */
#ifndef TABOR_LINK_TAKE_H
#define TABOR_LINK_TAKE_H

#include <stdatomic.h>
#include <stdint.h>

#include "link/command.h"
#include "link/ring.h"

enum {
    TABOR_TAKE_COMMAND = 1, /* drained from owner's ring on frame */
    TABOR_TAKE_PANIC = 2,   /* taken on frame, before that block's commands;
                             * command.panics: how many there have been */
    TABOR_TAKE_LEAVE = 3,   /* owner has left, after that block's commands */
    TABOR_TAKE_SETTLE = 4   /* a block of no frames */
};

typedef struct tabor_take_record {
    uint64_t frame;
    uint32_t kind, owner;
    tabor_command command;
} tabor_take_record;

static_assert(sizeof(tabor_take_record) == 80, "no padding goes to disk");

typedef struct tabor_take_ring {
    tabor_ring ring; /* the audio thread produces */
    tabor_take_record *records;
    _Atomic uint64_t lost; /* by the audio thread, relaxed: no room */
} tabor_take_ring;

#endif
