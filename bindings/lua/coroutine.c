/* SPDX-License-Identifier: MIT */
#include "coroutine.h"

#include <lauxlib.h>

/* Set by each state, to the same. */
static const coroutine_watcher *_Atomic watched_by;

/* From one coroutine into another, or back. */
static void
pass(const lua_State *outer, lua_State *co)
{
    if (outer) {
        watched_by->enter(co);
    }
}

/* coroutine.resume. Upvalue: the original, which never raises for a thread. */
static int
resume(lua_State *L)
{
    lua_State *outer = watched_by->running();
    luaL_checktype(L, 1, LUA_TTHREAD);
    lua_pushvalue(L, lua_upvalueindex(1));
    lua_insert(L, 1);
    pass(outer, lua_tothread(L, 2));
    lua_call(L, lua_gettop(L) - 1, LUA_MULTRET);
    pass(outer, outer);
    return lua_gettop(L);
}

/* What coroutine.wrap makes. Upvalues: the original, its coroutine. */
static int
call_wrapped(lua_State *L)
{
    lua_State *outer = watched_by->running();
    lua_pushvalue(L, lua_upvalueindex(1));
    lua_insert(L, 1);
    pass(outer, lua_tothread(L, lua_upvalueindex(2)));
    const int status = lua_pcall(L, lua_gettop(L) - 1, LUA_MULTRET, 0);
    pass(outer, outer);
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

void
coroutine_watch(lua_State *L, const coroutine_watcher *watcher)
{
    watched_by = watcher;
    lua_getglobal(L, "coroutine");
    replace(L, "resume", resume);
    replace(L, "wrap", wrap);
    lua_pop(L, 1);
}
