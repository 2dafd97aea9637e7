/* SPDX-License-Identifier: MIT
 *
 * Ctrl-C stops Lua's code and nothing else.
 *
 * The signal's handler may do one thing to Lua: set a hook, in the coroutine
 * that runs; the hook raises the error. A hook belongs to one coroutine, so
 * resume and wrap are replaced by functions that note who runs. The first
 * signal raises once, so that the script can clean up. A second one raises
 * again and again, also in those who catch the error, until the console has
 * control: "while true do pcall(f) end" ends too.
 */
#include "console.h"

#include <lauxlib.h>

#include <signal.h>
#include <stddef.h>

static lua_State *volatile running; /* NULL: nothing to interrupt */
static volatile sig_atomic_t signals;

static void
stop(lua_State *L, lua_Debug *where)
{
    (void)where;
    if (signals < 2) {
        lua_sethook(L, NULL, 0, 0);
    }
    luaL_error(L, "interrupted");
}

static void
set_hook(lua_State *L)
{
    lua_sethook(L, stop,
                LUA_MASKCALL | LUA_MASKRET | LUA_MASKLINE | LUA_MASKCOUNT, 1);
}

static void
handle(int number)
{
    (void)number;
    signals = signals + (signals < 2);
    if (running) {
        set_hook(running);
    }
}

/* --------------------------------------------------------- coroutines -- */

static void
enter(lua_State *co)
{
    running = co;
    if (signals >= 2) {
        set_hook(co);
    }
}

/* coroutine.resume. Upvalue: the original, which never raises for a thread. */
static int
resume(lua_State *L)
{
    lua_State *before = running;
    luaL_checktype(L, 1, LUA_TTHREAD);
    lua_pushvalue(L, lua_upvalueindex(1));
    lua_insert(L, 1);
    if (before) {
        enter(lua_tothread(L, 2));
    }
    lua_call(L, lua_gettop(L) - 1, LUA_MULTRET);
    if (before) {
        enter(before);
    }
    return lua_gettop(L);
}

/* What coroutine.wrap makes. Upvalues: the original, its coroutine. */
static int
call_wrapped(lua_State *L)
{
    lua_State *before = running;
    lua_pushvalue(L, lua_upvalueindex(1));
    lua_insert(L, 1);
    if (before) {
        enter(lua_tothread(L, lua_upvalueindex(2)));
    }
    const int status = lua_pcall(L, lua_gettop(L) - 1, LUA_MULTRET, 0);
    if (before) {
        enter(before);
    }
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
    if (!lua_getupvalue(L, -1, 1)) {
        return 1;
    }
    lua_pushcclosure(L, call_wrapped, 2);
    return 1;
}

static void
replace(lua_State *L, const char *name, lua_CFunction function)
{
    lua_getfield(L, -1, name);
    lua_pushcclosure(L, function, 1);
    lua_setfield(L, -2, name);
}

/* ------------------------------------------------------------ console -- */

void
interrupt_install(lua_State *L)
{
    struct sigaction action = {.sa_handler = handle}; /* no SA_RESTART */
    sigemptyset(&action.sa_mask);
    sigaction(SIGINT, &action, NULL);
    lua_getglobal(L, "coroutine");
    replace(L, "resume", resume);
    replace(L, "wrap", wrap);
    lua_pop(L, 1);
}

void
interrupt_arm(lua_State *L)
{
    signals = 0;
    running = L;
}

int
interrupt_disarm(lua_State *L)
{
    const int came = signals > 0;
    running = NULL;
    lua_sethook(L, NULL, 0, 0);
    signals = 0;
    return came;
}

int
interrupt_take(void)
{
    const int came = signals > 0;
    signals = 0;
    return came;
}
