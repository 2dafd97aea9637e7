/* SPDX-License-Identifier: MIT
 *
 * What doc/tabor.lua says of each public name, as the console holds it, and
 * how names are found without running anybody's code. [control]
 */
#ifndef TABOR_TOPIC_H
#define TABOR_TOPIC_H

#include <lua.h>

#include <stddef.h>

/* "tabor.open", "play"; "Engine"; "Engine:play"; "Engine.rate"; "PlayOptions",
 * "PlayOptions.gain". A text that is not there is "". */
typedef struct topic {
    const char *name;
    const char *signature;
    const char *text;    /* in rows */
    const char *example; /* rows of Lua */
    const char *options; /* the class of its last argument, as "PlayOptions" */
    const char *returns; /* the class of its first result, as "Voice" */
} topic;

/* Made from doc/tabor.lua by doc/topics.awk; a NULL name ends it. */
extern const topic topics[];

/* The topic of that name, or NULL. length: of the name's bytes */
const topic *topic_find(const char *name, size_t length);

/* The topic of a method, of whatever class; NULL if there is none. */
const topic *topic_find_method(const char *name, size_t length);

/* The class of the value at index, as "Engine", if it is one of ours, told by
 * its metatable; else NULL. */
const char *names_class(lua_State *L, int index);

/* Push the value of a chain of names, "a.b.c", or nil; length: of its bytes.
 * Raw accesses only. */
void names_push(lua_State *L, const char *chain, size_t length);

/* Push the table that stands in for what the value on top does not have: a raw
 * __index, if it is a table. Returns 0 and pushes nothing if there is none. */
int names_push_behind(lua_State *L);

#endif
