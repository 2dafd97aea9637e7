/* SPDX-License-Identifier: MIT
 *
 * Pending commands in the order in which they take effect: by frame, then by
 * owner, then as sent. A heap of small keys over the clients' slabs.
 */
#ifndef TABOR_RT_SCHEDULE_H
#define TABOR_RT_SCHEDULE_H

#include "rt/rt.h"

/* Keep a command until its frame. The slab's free stack has an index, by the
 * client's credit; returns -1 if it hasn't (a client that breaks the rules),
 * else the slab index.  [audio] */
TABOR_RT int tabor_schedule_push(tabor_rt *rt, unsigned owner,
                                 const tabor_command *command);

/* The frame of the first pending command, or TABOR_NEVER.  [audio] */
TABOR_RT uint64_t tabor_schedule_next(const tabor_rt *rt);

/* Take the first pending command out; there is one.  [audio] */
TABOR_RT tabor_rt_key tabor_schedule_pop(tabor_rt *rt);

/* Take the command at a slab place out and give place and credit back; it is
 * pending.  [audio] */
TABOR_RT void tabor_schedule_remove(tabor_rt *rt, unsigned owner,
                                    unsigned slab);

/* Drop everything that one owner has pending.  [audio] */
TABOR_RT void tabor_schedule_purge(tabor_rt *rt, unsigned owner);

/* Take a slab place for something that goes with a command, or give it and its
 * credit back; -1 if none is free.  [audio] */
TABOR_RT int tabor_slab_take(tabor_rt_client *client);
TABOR_RT void tabor_slab_give(tabor_rt_client *client, unsigned slab);

/* Give a popped key's slab place, and the credit for it, back.  [audio] */
TABOR_RT void tabor_schedule_free(tabor_rt *rt, tabor_rt_key key);

#endif
