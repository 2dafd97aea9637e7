/* SPDX-License-Identifier: MIT */
#include "running.h"

#include "../coroutine.h"

#include <lauxlib.h>

#include <signal.h>
#include <stddef.h>

/* One that does nothing by itself, so a stray one is harmless. */
#define STOP_SIGNAL SIGURG

/* A handler reads them, so they are there before a thread first uses them
 * (-ftls-model=initial-exec). */
static _Thread_local lua_State *volatile running;
static _Thread_local const volatile int *told_to_stop;

static struct sigaction before;
static pthread_once_t once = PTHREAD_ONCE_INIT;

int
running_is_stopped(void)
{
    return told_to_stop && *told_to_stop;
}

void
running_watch(const int *quit)
{
    told_to_stop = quit;
}

static void
stop(lua_State *L, lua_Debug *where)
{
    (void)where;
    luaL_error(L, "stopped");
}

static void
set_hook(lua_State *L)
{
    lua_sethook(L, stop,
                LUA_MASKCALL | LUA_MASKRET | LUA_MASKLINE | LUA_MASKCOUNT, 1);
}

static void
handle(int number, siginfo_t *info, void *context)
{
    if (running && running_is_stopped()) {
        set_hook(running);
    } else if (before.sa_flags & SA_SIGINFO) {
        before.sa_sigaction(number, info, context);
    } else if (before.sa_handler != SIG_DFL && before.sa_handler != SIG_IGN) {
        before.sa_handler(number);
    }
}

static void
catch_signal(void)
{
    struct sigaction action = {.sa_sigaction = handle,
                               .sa_flags = SA_SIGINFO | SA_RESTART};
    sigemptyset(&action.sa_mask);
    sigaction(STOP_SIGNAL, &action, &before);
}

void
running_stop(pthread_t thread)
{
    pthread_once(&once, catch_signal);
    pthread_kill(thread, STOP_SIGNAL);
}

/* --------------------------------------------------------- coroutines -- */

static void
enter(lua_State *co)
{
    running = co;
    if (running_is_stopped()) {
        set_hook(co);
    }
}

int
running_resume(lua_State *co, lua_State *from, int arguments, int *results)
{
    lua_State *outer = running;
    enter(co);
    const int status = lua_resume(co, from, arguments, results);
    enter(outer);
    return status;
}

static lua_State *
get_running(void)
{
    return running;
}

static const coroutine_watcher watcher = {get_running, enter};

void
running_begin(lua_State *L)
{
    coroutine_watch(L, &watcher);
    enter(L);
}

void
running_end(void)
{
    lua_State *L = running;
    running = NULL;
    told_to_stop = NULL;
    if (L) {
        lua_sethook(L, NULL, 0, 0);
    }
}
