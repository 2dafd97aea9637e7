/* SPDX-License-Identifier: MIT
 *
 * Commands taking effect. accept() looks at a command when it arrives and
 * schedules it; apply() carries it out on its frame. Both believe nothing: a
 * client's ring may hold any bytes.
 */
#ifndef TABOR_RT_APPLY_H
#define TABOR_RT_APPLY_H

#include "rt/rt.h"

/* Check a command that was just drained, put its real frame in and schedule
 * it. A play takes its sample here, so that the sample outlives the wait.
 * [audio] */
TABOR_RT void tabor_accept(tabor_rt *rt, unsigned owner,
                           const tabor_command *command);

/* Note in the take, if one is made, what happens on rt->frame.  [audio]
 * command: or NULL */
TABOR_RT void tabor_take_note(tabor_rt *rt, unsigned kind, unsigned owner,
                              const tabor_command *command);

/* Carry out the first pending command, which is due.  [audio] */
TABOR_RT void tabor_apply_next(tabor_rt *rt);

/* Withdraw all of a client's scheduled plays.  [audio] */
TABOR_RT void tabor_withdraw(tabor_rt *rt, unsigned owner, unsigned reason);

/* Fade the voices of one client, or of all (owner 0).  [audio] */
TABOR_RT void tabor_fade_voices(tabor_rt *rt, unsigned owner,
                                uint32_t fade_frames, unsigned reason);

#endif
