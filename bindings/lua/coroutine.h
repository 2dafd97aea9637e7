/* SPDX-License-Identifier: MIT
 *
 * Who runs: coroutine.resume and coroutine.wrap that tell it.
 *
 * A hook that is to stop a script belongs to one coroutine, so whoever sets one
 * must know which runs.
 */
#ifndef LUA_COROUTINE_H
#define LUA_COROUTINE_H

#include <lua.h>

typedef struct coroutine_watcher {
    lua_State *(*running)(void); /* NULL: it does not matter now */
    void (*enter)(lua_State *co);
} coroutine_watcher;

/* Replace both functions of L. watcher: the same for all states of this
 * library, which may run in several threads; kept by reference. */
void coroutine_watch(lua_State *L, const coroutine_watcher *watcher);

#endif
