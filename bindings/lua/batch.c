/* SPDX-License-Identifier: MIT
 *
 * engine:batch(fn): what fn plays, stops and changes is sent whole, when it
 * returns, or not at all.
 *
 * fn runs protected, because nothing else runs for certain when a coroutine is
 * left by an error; the error then goes on untouched. fn can't yield: what
 * other coroutines send would get into the batch.
 */
#include "lua_tabor.h"

#include <string.h>

#define WAIT_SLICE_NS 20000000

/* ---------------------------------------------------------------- end -- */

/* No batch is open any more. Returns its number. */
static uint64_t
end_batch(lua_State *L, int index)
{
    lua_engine *e = engine_check(L, index);
    const uint64_t batch = e->batch;
    e->batch = 0;
    e->held = 0;
    lua_pushnil(L);
    lua_setiuservalue(L, index, ENGINE_REFUSED);
    return batch;
}

/* End the voices that a batch held, and forget them. */
static void
end_voices(lua_State *L, int index, uint64_t batch)
{
    lua_getiuservalue(L, index, ENGINE_VOICES);
    lua_pushnil(L);
    while (lua_next(L, -2)) {
        lua_voice *v = lua_touserdata(L, -1);
        lua_pop(L, 1);
        if (v->batch == batch && !v->has_ended) {
            voice_mark_never_sent(v);
            lua_pushvalue(L, -1);
            lua_pushnil(L);
            lua_rawset(L, -4);
        }
    }
    lua_pop(L, 1);
}

static void
abandon(lua_State *L, int index)
{
    lua_engine *e = engine_check(L, index);
    if (e->client) {
        tabor_batch_abandon(e->client);
    }
    e->playing -= e->held < e->playing ? e->held : e->playing;
    const uint64_t batch = end_batch(L, index);
    voices_abandon(e, batch);
    end_voices(L, index, batch);
}

/* ------------------------------------------------------------- commit -- */

void
batch_note_refused(lua_State *L, int index)
{
    const char *which = tabor_full_info().which;
    if (strcmp(which, "batch") == 0 || strcmp(which, "plays") == 0) {
        lua_pushstring(L, tabor_error());
        lua_setiuservalue(L, index, ENGINE_REFUSED);
    }
}

/* After TABOR_ERR_FULL: wait a little; returns 1 if it is worth trying again.
 */
static int
wait_for_room(lua_State *L)
{
    const lua_engine *e = engine_check(L, 1);
    if (e->on_full != FULL_WAIT || e->pumped) {
        return 0;
    }
    events_let_hooks_run(L);
    if (!e->client) {
        return 1; /* a hook closed it: commit() says so */
    }
    if (tabor_client_wait_space(e->client, 0, WAIT_SLICE_NS) ==
        TABOR_ERR_INVALID) {
        return 0; /* it never fits */
    }
    events_pull(L, 1);
    return 1;
}

static tabor_status
commit(lua_State *L)
{
    const lua_engine *e = engine_check(L, 1);
    tabor_status st;
    do {
        if (!e->client) {
            return TABOR_ERR_CLOSED;
        }
        st = tabor_batch_commit(e->client);
    } while (st == TABOR_ERR_FULL && wait_for_room(L));
    return st;
}

/* Say that the batch was refused, with the words on top. */
static int
return_refused(lua_State *L)
{
    if (engine_check(L, 1)->on_full == FULL_DROP) {
        lua_pushboolean(L, 0);
        return 1;
    }
    lua_pushnil(L);
    lua_insert(L, -2);
    lua_pushstring(L, "full");
    return 3;
}

/* Send the batch of the engine at 1; above it is what fn returned. */
static int
finish(lua_State *L)
{
    const lua_engine *e = engine_check(L, 1);
    luaL_checkstack(L, 8, "what a batch returned");
    if (lua_getiuservalue(L, 1, ENGINE_REFUSED) != LUA_TNIL) {
        return return_refused(L);
    }
    lua_pop(L, 1);
    const tabor_status st = commit(L);
    if (st == TABOR_ERR_FULL) {
        lua_pushstring(L, tabor_error());
        return return_refused(L);
    }
    if (!e->client) {
        return engine_return_closed(L);
    }
    if (st != TABOR_OK) {
        return errors_return(L, st);
    }
    end_batch(L, 1);
    if (lua_gettop(L) == 1) {
        lua_pushboolean(L, 1);
    }
    return lua_gettop(L) - 1;
}

/* Arguments: the engine, fn and its arguments. */
static int
run(lua_State *L)
{
    lua_call(L, lua_gettop(L) - 2, LUA_MULTRET);
    return finish(L);
}

int
engine_batch(lua_State *L)
{
    lua_engine *e = engine_check(L, 1);
    luaL_checktype(L, 2, LUA_TFUNCTION);
    if (!e->client) {
        return engine_return_closed(L);
    }
    const tabor_status st = tabor_batch_begin(e->client);
    if (st != TABOR_OK) {
        return errors_return(L, st);
    }
    const uint64_t batch = e->batch = ++e->batches;
    lua_pushcfunction(L, run);
    lua_insert(L, 2);
    lua_pushvalue(L, 1);
    lua_insert(L, 3);
    const int code = lua_pcall(L, lua_gettop(L) - 2, LUA_MULTRET, 0);
    if (e->batch == batch) {
        abandon(L, 1);
    }
    return code == LUA_OK ? lua_gettop(L) - 1 : lua_error(L);
}
