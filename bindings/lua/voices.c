/* SPDX-License-Identifier: MIT
 *
 * Voices: what engine:play_many() returns. A Voice is made for those only that
 * a script asks for; who listens for the end of a play is found by its slot.
 */
#include "lua_tabor.h"

#include <stdlib.h>
#include <string.h>

#define PLAY_SLOTS 65536

const object_kind voices_kind = {VOICES_CLASS};

static lua_voices *
voices_check(lua_State *L, int index)
{
    return object_check(L, index, &voices_kind);
}

lua_voices *
voices_push(lua_State *L, int index, uint32_t count)
{
    lua_engine *e = engine_check(L, index);
    lua_voices *g = object_push(
        L, &voices_kind, sizeof *g + count * sizeof *g->ids, VOICE_ENGINE);
    g->engine = e;
    g->count = count;
    lua_pushvalue(L, index);
    lua_setiuservalue(L, -2, VOICE_ENGINE);
    if (!e->listeners) {
        e->listeners = calloc(PLAY_SLOTS, sizeof *e->listeners);
    }
    g->ends = calloc(count + 1, sizeof *g->ends);
    if (!e->listeners || !g->ends) {
        luaL_error(L, "not enough memory for %d voices", (int)count);
    }
    return g;
}

/* -------------------------------------------------------------- ending -- */

/* Kind 8 | owner 8 | slot 16 | generation 32, as tabor.h says. */
static lua_listener *
listener_of(const lua_engine *e, tabor_handle handle)
{
    return &e->listeners[handle >> 32 & 0xFFFF];
}

static int
has_ended(const lua_voices *g, uint32_t row)
{
    return g->ends[row].type != TABOR_EVENT_NONE;
}

/* The row of a handle that is not listened for yet. */
static void
tell_newcomer(lua_voices *g, const tabor_event *event)
{
    for (uint32_t row = 0; row < g->count; row++) {
        if (g->ids[row] == event->handle) {
            g->ends[row] = *event;
            return;
        }
    }
}

void
voices_tell(lua_engine *e, const tabor_event *event)
{
    lua_listener *l = e->listeners ? listener_of(e, event->handle) : NULL;
    if (l && l->who && l->who->ids[l->row] == event->handle) {
        l->who->ends[l->row] = *event;
        l->who = NULL;
    } else if (e->newcomer) {
        tell_newcomer(e->newcomer, event);
    }
}

static int
slots_are_free(const lua_engine *e, const lua_voices *g)
{
    for (uint32_t row = 0; row < g->count; row++) {
        if (listener_of(e, g->ids[row])->who) {
            return 0;
        }
    }
    return 1;
}

/* A slot may be taken again before the event of its last play's end has been
 * pulled: then that comes first. */
void
voices_listen(lua_State *L, int index, lua_voices *g)
{
    lua_engine *e = g->engine;
    if (!slots_are_free(e, g)) {
        e->newcomer = g;
        events_pull(L, index);
        e->newcomer = NULL;
    }
    for (uint32_t row = 0; row < g->count; row++) {
        if (!has_ended(g, row)) {
            *listener_of(e, g->ids[row]) = (lua_listener){g, row};
        }
    }
}

void
voices_abandon(lua_engine *e, uint64_t batch)
{
    for (size_t slot = 0; e->listeners && slot < PLAY_SLOTS; slot++) {
        lua_listener *l = &e->listeners[slot];
        if (l->who && l->who->batch == batch) {
            l->who->never_sent = 1;
            l->who = NULL;
        }
    }
}

void
voices_detach(lua_engine *e, const tabor_event *end)
{
    for (size_t slot = 0; e->listeners && slot < PLAY_SLOTS; slot++) {
        lua_listener *l = &e->listeners[slot];
        if (l->who) {
            l->who->ends[l->row] = *end;
            l->who->ends[l->row].handle = l->who->ids[l->row];
            l->who = NULL;
        }
    }
}

static int
voices_gc(lua_State *L)
{
    lua_voices *g = voices_check(L, 1);
    lua_engine *e = g->engine;
    for (uint32_t row = 0; e->listeners && row < g->count; row++) {
        lua_listener *l = listener_of(e, g->ids[row]);
        if (l->who == g) {
            l->who = NULL;
        }
    }
    if (e->newcomer == g) {
        e->newcomer = NULL;
    }
    free(g->ends);
    free(g->rates);
    free(g->pitches);
    g->ends = NULL;
    g->rates = g->pitches = NULL;
    g->count = 0;
    return 0;
}

/* ------------------------------------------------------------ elements -- */

/* Push a new Voice of a row; voices: the engine's table. */
static void
make_voice(lua_State *L, int index, int voices, const lua_voices *g,
           uint32_t row)
{
    lua_voice *v = voice_push(L, index, g->ids[row]);
    v->batch = g->batch;
    v->is.asked.rate = g->rates ? g->rates[row] : g->rate;
    v->is.asked.pitch = g->pitches ? g->pitches[row] : g->pitch;
    if (g->never_sent) {
        voice_mark_never_sent(v);
    } else if (has_ended(g, row)) {
        voice_end(v, &g->ends[row]);
    }
    if (v->handle) {
        voice_remember(L, voices, v);
    }
}

/* Push the Voice of a row of the Voices at 1. */
static void
push_row(lua_State *L, const lua_voices *g, uint32_t row)
{
    lua_getiuservalue(L, 1, VOICE_ENGINE);
    const int index = lua_gettop(L);
    lua_getiuservalue(L, index, ENGINE_VOICES);
    if (!voice_find(L, index + 1, g->ids[row])) {
        make_voice(L, index, index + 1, g, row);
    }
}

/* Pull, then count. */
static lua_Integer
count_alive(lua_State *L, const lua_voices *g)
{
    lua_Integer alive = 0;
    lua_getiuservalue(L, 1, VOICE_ENGINE);
    events_pull(L, lua_gettop(L));
    for (uint32_t row = 0; row < g->count; row++) {
        alive += !g->never_sent && !has_ended(g, row) && g->engine->client;
    }
    return alive;
}

static int
is_sent(const lua_voices *g)
{
    return !g->never_sent && !(g->batch && g->batch == g->engine->batch);
}

static int
voices_index(lua_State *L)
{
    const lua_voices *g = voices_check(L, 1);
    if (lua_type(L, 2) == LUA_TNUMBER) {
        int whole;
        const lua_Integer i = lua_tointegerx(L, 2, &whole);
        if (!whole || i < 1 || i > (lua_Integer)g->count) {
            lua_pushnil(L);
        } else {
            push_row(L, g, (uint32_t)(i - 1));
        }
        return 1;
    }
    if (object_method(L)) {
        return 1;
    }
    const char *key = luaL_checkstring(L, 2);
    if (strcmp(key, "alive") == 0) {
        lua_pushinteger(L, count_alive(L, g));
    } else if (strcmp(key, "sent") == 0) {
        lua_pushboolean(L, is_sent(g));
    } else {
        lua_pushnil(L);
    }
    return 1;
}

static int
voices_length(lua_State *L)
{
    lua_pushinteger(L, voices_check(L, 1)->count);
    return 1;
}

static int
voices_tostring(lua_State *L)
{
    const lua_voices *g = voices_check(L, 1);
    if (g->never_sent) {
        lua_pushfstring(L, VOICES_CLASS " (%d, never sent)", (int)g->count);
    } else {
        lua_pushfstring(L, VOICES_CLASS " (%d, %I alive)", (int)g->count,
                        count_alive(L, g));
    }
    return 1;
}

/* ---------------------------------------------------------------- stop -- */

typedef struct stop_command {
    const lua_voices *voices;
    voice_stop_times times;
    uint32_t stopped; /* out */
} stop_command;

static tabor_status
send_stop(tabor_client *client, void *given)
{
    stop_command *c = given;
    return tabor_voices_stop(client, c->voices->ids, c->voices->count,
                             c->times.fade_frames, c->times.at, &c->stopped);
}

/* voices:stop(): how many had not ended */
static int
voices_stop(lua_State *L)
{
    const lua_voices *g = voices_check(L, 1);
    stop_command c = {g, voice_read_stop(L, 2, g->engine), 0};
    lua_getiuservalue(L, 1, VOICE_ENGINE);
    const tabor_status st = engine_send(L, lua_gettop(L), send_stop, &c);
    if (st != TABOR_OK) {
        return engine_return_sent(L, g->engine, st);
    }
    lua_pushinteger(L, c.stopped);
    return 1;
}

/* Leaving a block must not fail, nor wait: a full queue lets them ring. */
static int
voices_close(lua_State *L)
{
    const lua_voices *g = voices_check(L, 1);
    stop_command c = {.voices = g};
    uint64_t fade = 0;
    tabor_seconds_to_frames(RAMP_SECONDS, g->engine->rate, &fade);
    c.times = (voice_stop_times){(uint32_t)fade, TABOR_ASAP};
    if (g->engine->client) {
        send_stop(g->engine->client, &c);
    }
    return 0;
}

static const luaL_Reg voices_meta[] = {{"__gc", voices_gc},
                                       {"__close", voices_close},
                                       {"__len", voices_length},
                                       {"__tostring", voices_tostring},
                                       {NULL, NULL}};

static const luaL_Reg voices_methods[] = {{"stop", voices_stop}, {NULL, NULL}};

void
voices_class(lua_State *L)
{
    object_kind_class(L, &voices_kind, voices_meta, voices_methods,
                      voices_index);
}
