/* SPDX-License-Identifier: MIT
 *
 * The books of the audio thread: which plays a client is owed an end for, which
 * samples they hold, and the events that tell it.
 */
#ifndef TABOR_RT_PLAYS_H
#define TABOR_RT_PLAYS_H

#include "rt/rt.h"

/* Fill an event slot; it is published at the block's end. A client that keeps
 * to its credits always has room; the note of one that doesn't is dropped.
 * [audio] */
TABOR_RT void tabor_note_push(tabor_rt *rt, unsigned owner,
                              const tabor_note *note);

/* The play that a voice handle of this owner names and that is alive, or NULL.
 * [audio] */
TABOR_RT tabor_rt_play *tabor_play_find(tabor_rt *rt, unsigned owner,
                                        uint64_t handle);

/* The sample that a handle names, seen first here if it is new; NULL if the
 * handle is stale or the sample refuses plays.  [audio] */
TABOR_RT tabor_rt_sample *tabor_sample_find(tabor_rt *rt, uint64_t handle);

/* One play less of a sample; the last one of a retired sample frees it.
 * [audio] */
TABOR_RT void tabor_sample_drop(tabor_rt *rt, unsigned slot);

/* Refuse new plays of a sample.  [audio] */
TABOR_RT void tabor_sample_retire(tabor_rt *rt, unsigned slot);

/* Give the shape of a play that waited back, if it has one.  [audio] */
TABOR_RT void tabor_play_drop_shape(tabor_rt *rt, unsigned owner,
                                    tabor_rt_play *play);

/* A play whose command is being carried out will not start: tell its end and
 * drop its sample.  [audio] */
TABOR_RT void tabor_play_miss(tabor_rt *rt, unsigned owner, tabor_rt_play *play,
                              unsigned reason);

/* The same for one whose command is still pending, which goes too.  [audio] */
TABOR_RT void tabor_play_withdraw(tabor_rt *rt, unsigned owner,
                                  tabor_rt_play *play, unsigned reason);

/* The voice at an index is over at a frame: tell it, free everything.
 * [audio] */
TABOR_RT void tabor_play_end(tabor_rt *rt, uint32_t voice, uint64_t frame);

#endif
