/* SPDX-License-Identifier: MIT */
#include "running.h"

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

/* coroutine.resume. Upvalue: the original, which never raises for a thread. */
static int
resume(lua_State *L)
{
    lua_State *outer = running;
    luaL_checktype(L, 1, LUA_TTHREAD);
    lua_pushvalue(L, lua_upvalueindex(1));
    lua_insert(L, 1);
    enter(lua_tothread(L, 2));
    lua_call(L, lua_gettop(L) - 1, LUA_MULTRET);
    enter(outer);
    return lua_gettop(L);
}

/* What coroutine.wrap makes. Upvalues: the original, its coroutine. */
static int
call_wrapped(lua_State *L)
{
    lua_State *outer = running;
    lua_pushvalue(L, lua_upvalueindex(1));
    lua_insert(L, 1);
    enter(lua_tothread(L, lua_upvalueindex(2)));
    const int status = lua_pcall(L, lua_gettop(L) - 1, LUA_MULTRET, 0);
    enter(outer);
    return status == LUA_OK ? lua_gettop(L) : lua_error(L);
}

/* coroutine.wrap. Upvalue: the original, a closure over the coroutine. */
static int
wrap(lua_State *L)
{
    lua_settop(L, 1);
    lua_pushvalue(L, lua_upvalueindex(1));
    lua_insert(L, 1);
    lua_call(L, 1, 1);
    if (lua_getupvalue(L, -1, 1)) {
        lua_pushcclosure(L, call_wrapped, 2);
    }
    return 1;
}

static void
replace(lua_State *L, const char *name, lua_CFunction function)
{
    lua_getfield(L, -1, name);
    lua_pushcclosure(L, function, 1);
    lua_setfield(L, -2, name);
}

void
running_begin(lua_State *L)
{
    lua_getglobal(L, "coroutine");
    replace(L, "resume", resume);
    replace(L, "wrap", wrap);
    lua_pop(L, 1);
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
