/* SPDX-License-Identifier: MIT
 *
 * What one play and many plays share: checks, commands, handles.
 */
#ifndef TABOR_CONTROL_PLAY_H
#define TABOR_CONTROL_PLAY_H

#include <math.h>

#include "control/client.h"
#include "link/handle.h"

extern const tabor_play_params tabor_play_defaults;

/* A play as it is sent. */
typedef struct tabor_play_made {
    tabor_command commands[2]; /* what shapes it, and the play; no targets */
    uint32_t count;            /* 1: only the play; or 2 */
    tabor_client_play known;   /* for its slot, but for the handle */
} tabor_play_made;

/* What a play without params sends, but for its sample.  [any] command: out */
void tabor_play_plain(tabor_command *command);

/* Check what a play asks for and make its commands.  [any]  made: out
 * TABOR_ERR_INVALID, TABOR_ERR_STALE */
tabor_status tabor_play_make(tabor_engine *engine, tabor_handle sample,
                             const tabor_play_params *p, tabor_play_made *made);

/* A voice's stop, with everything but its target.  [any]  TABOR_ERR_INVALID */
tabor_status tabor_play_fill_stop(uint32_t fade_frames, uint64_t at,
                                  tabor_command *command);

/* The step that rate and pitch give, 32.32. Returns 1, or 0 if one of them, or
 * both together, are out of range.  [any]
 *
 * A half added and cut off is llround() where steps are: they are so small
 * that the sum is exact. */
static inline int
tabor_play_step(double rate, double pitch, uint64_t *step)
{
    const double low = 1.0 / 1024, high = TABOR_MAX_STEP;
    const double product = pitch == 0.0 ? rate : rate * exp2(pitch / 12.0);
    if (!(rate >= low && rate <= high && product >= low && product <= high)) {
        return 0;
    }
    *step = (uint64_t)(int64_t)(product * 0x1p32 + 0.5);
    return 1;
}

/* The client's entry for a voice that is alive, or NULL.  [client] under the
 * mutex */
static inline tabor_client_play *
tabor_play_find(tabor_client *c, tabor_handle voice)
{
    unsigned slot = tabor_handle_slot(voice);
    if (tabor_handle_kind(voice) != TABOR_KIND_VOICE ||
        tabor_handle_owner(voice) != c->owner || slot >= c->play_count) {
        return NULL;
    }
    tabor_client_play *play = &c->plays[slot];
    return play->alive && play->generation == tabor_handle_generation(voice)
               ? play
               : NULL;
}

/* Are n play handles free? Takes none.  [client] under the mutex
 * TABOR_ERR_FULL */
tabor_status tabor_play_reserve(tabor_client *client, uint32_t n);

/* The one that follows; never 0.  [any] */
static inline uint32_t
tabor_play_generation(uint32_t last)
{
    return last + 1 + (last == UINT32_MAX);
}

/* Take a handle; reserved before.  [client] under the mutex
 * known  copied: what the slot is to know */
static inline tabor_handle
tabor_play_take(tabor_client *c, const tabor_client_play *known)
{
    const unsigned slot = c->free_plays[c->free_head];
    tabor_client_play *play = &c->plays[slot];
    c->free_head = c->free_head + 1 == c->play_count ? 0 : c->free_head + 1;
    c->free_count--;
    const uint32_t generation = tabor_play_generation(play->generation);
    *play = *known;
    play->generation = generation;
    return tabor_handle_make(TABOR_KIND_VOICE, c->owner, slot, generation);
}

#endif
