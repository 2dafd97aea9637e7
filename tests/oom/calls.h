/* SPDX-License-Identifier: MIT
 *
 * Every function of tabor.h, called once on an engine that plays.
 */
#ifndef TABOR_TESTS_CALLS_H
#define TABOR_TESTS_CALLS_H

#include "helpers.h"

/* An engine that plays, and what a call leaves behind. */
typedef struct world {
    rig r;
    tabor_handle sample, voice; /* the voice sounds on */
    tabor_audio *audio;         /* at another rate than the engine's */
    tabor_audio *made;
    tabor_engine *other;
    tabor_engine *spare; /* to be closed; NULL once it is */
    tabor_client *guest;
} world;

void world_open(world *w);
void world_close(world *w);

/* Files that the calls read; and those that they leave. */
void calls_prepare(void);
void calls_clean(void);

typedef struct call {
    const char *name; /* the function, then maybe which of its ways */
    tabor_status (*run)(world *w);
} call;

extern const call calls[];
extern const size_t call_count;

#endif
