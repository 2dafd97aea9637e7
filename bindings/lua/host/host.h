/* SPDX-License-Identifier: MIT
 *
 * A Lua state on a thread of its own, beside another language in one process
 * and on one engine: what Python's engine.lua() starts.
 *
 * It has a client, a ring, a clock and a heap of its own. Whoever started it
 * pulls what it has to say; it never calls anybody. Either may be busy, fail or
 * be stopped without the other, or the sound, taking notice.
 *
 * Called by name from a library that is loaded at run time, so the types are
 * plain. All [control], from any thread but the host's own.
 */
#ifndef LUA_HOST_H
#define LUA_HOST_H

#include <stddef.h>
#include <stdint.h>

#define HOST_API __attribute__((visibility("default")))

typedef struct tabor_lua tabor_lua;

typedef enum tabor_lua_state {
    TABOR_LUA_STARTS,  /* the script's main part runs */
    TABOR_LUA_PLAYS,   /* its tasks do */
    TABOR_LUA_ENDED,   /* nothing of it runs or sounds any more */
    TABOR_LUA_FAILED,  /* its main part, or a task, failed; it is over */
    TABOR_LUA_STOPPED, /* as was asked */
} tabor_lua_state;

/* Start a script on an engine of this process.
 *
 * engine  its id
 * code    length bytes of Lua text, copied
 * name    for messages: "@song.lua" is a file, "=(python)" a thing; copied
 * mem     MiB that it may take, 0 = no limit
 * why     out, room bytes: a sentence if NULL is returned
 *
 * Returns NULL if there is no memory or thread for it. What is wrong with the
 * script itself is a report.
 */
HOST_API tabor_lua *tabor_lua_start(uint32_t engine, const char *code,
                                    size_t length, const char *name,
                                    uint32_t mem, char *why, size_t room);

HOST_API int tabor_lua_get_state(tabor_lua *lua);

/* Wait until it is over: 1, or 0 if that took too long. */
HOST_API int tabor_lua_wait(tabor_lua *lua, uint64_t timeout_ns);

/* On an engine that somebody renders: run what is due up to this frame. Waits
 * until that is done, 1, or for timeout_ns, 0: then call it again. */
HOST_API int tabor_lua_step(tabor_lua *lua, uint64_t frame,
                            uint64_t timeout_ns);

/* Have it stop wherever it is; its voices fade. Does not wait. */
HOST_API void tabor_lua_stop(tabor_lua *lua);

/* Stop it and forget it. One that does not stop in a second, in a call of C
 * that lasts, is left to itself. */
HOST_API void tabor_lua_free(tabor_lua *lua);

/* The next report, or the next message that it sent: its length, which may be
 * more than room, and then it stays; 0 if there is none. Messages have at least
 * four bytes; a report, which ends with a NUL that is counted, one. */
HOST_API size_t tabor_lua_report(tabor_lua *lua, char *text, size_t room);
HOST_API size_t tabor_lua_receive(tabor_lua *lua, char *bytes, size_t room);

/* A message for it: 1, or 0 if it holds as many as it may. */
HOST_API int tabor_lua_send(tabor_lua *lua, const char *bytes, size_t length);

#endif
