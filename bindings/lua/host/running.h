/* SPDX-License-Identifier: MIT
 *
 * Which coroutine of this thread's Lua state runs, so that it can be stopped.
 *
 * A hook belongs to one coroutine, and may be set from a signal's handler in
 * the thread that runs it. So whatever enters a coroutine notes it here.
 */
#ifndef LUA_HOST_RUNNING_H
#define LUA_HOST_RUNNING_H

#include <lua.h>

#include <pthread.h>

/* Of the calling thread's state L; from here on it can be stopped. */
void running_begin(lua_State *L);
void running_end(void);

/* lua_resume(), noted. */
int running_resume(lua_State *co, lua_State *from, int arguments, int *results);

/* Raise in whatever runs in thread, again and again until running_end(). quit:
 * its flag, which is set already. */
void running_stop(pthread_t thread);

/* Was this thread's told to stop? */
int running_is_stopped(void);

/* The flag that tells it, owned by the caller; before running_begin(). */
void running_watch(const int *quit);

#endif
