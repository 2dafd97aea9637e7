/* SPDX-License-Identifier: MIT
 *
 * Events are pulled from the client into the engine's queue, told to the
 * handlers in order, and handed out by poll(). Each step moves one index of
 * the queue, before anything that may raise: a handler's error costs nothing
 * but the handler's own work, and the next poll() goes on behind it.
 */
#include "clock.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define PULL_AT_ONCE 64

static const char *const event_words[] = {"none",        "ended", "pong",
                                          "late",        "xrun",  "device_lost",
                                          "device_back", NULL};

/* -------------------------------------------------------------- queue -- */

void
events_free(event_queue *queue)
{
    free(queue->slots);
    memset(queue, 0, sizeof *queue);
}

static tabor_event *
slot(const event_queue *q, uint64_t i)
{
    return &q->slots[i & (q->room - 1)];
}

/* Room for one pull, by growing up to EVENTS_KEPT. Returns 0 without memory.
 */
static int
grow(event_queue *q)
{
    const uint64_t held = q->write - q->read;
    if (q->room == EVENTS_KEPT || held + PULL_AT_ONCE <= q->room) {
        return 1;
    }
    const size_t room = q->room ? 2 * q->room : (size_t)2 * PULL_AT_ONCE;
    tabor_event *slots = malloc(room * sizeof *slots);
    if (!slots) {
        return 0;
    }
    for (uint64_t i = q->read; i < q->write; i++) {
        slots[i & (room - 1)] = *slot(q, i);
    }
    free(q->slots);
    q->slots = slots;
    q->room = room;
    return 1;
}

static void
append(event_queue *q, const tabor_event *event)
{
    if (q->write - q->read == q->room) {
        q->read++;
        q->lost++;
        if (q->told < q->read) {
            q->told = q->read;
        }
    }
    *slot(q, q->write) = *event;
    q->write++;
}

/* Tell the Voice of an Ended, and the Voices, if the script still has them.
 * voices: the index of the engine's weak table. */
static void
mark_ended(lua_State *L, lua_engine *e, int voices, const tabor_event *event)
{
    voices_tell(e, event);
    if (voice_find(L, voices, event->handle)) {
        voice_end(lua_touserdata(L, -1), event);
    }
    lua_pop(L, 1);
}

void
events_pull(lua_State *L, int index)
{
    lua_engine *e = engine_check(L, index);
    tabor_event events[PULL_AT_ONCE];
    size_t n = e->client ? PULL_AT_ONCE : 0;
    luaL_checkstack(L, 8, "events");
    lua_getiuservalue(L, index, ENGINE_VOICES);
    while (n == PULL_AT_ONCE) {
        if (!grow(&e->events)) {
            luaL_error(L, "not enough memory for events");
        }
        n = tabor_poll(e->client, events, PULL_AT_ONCE);
        for (size_t i = 0; i < n; i++) {
            append(&e->events, &events[i]);
            if (events[i].type == TABOR_EVENT_ENDED) {
                e->playing -= e->playing > 0;
                mark_ended(L, e, lua_gettop(L), &events[i]);
            }
        }
    }
    lua_pop(L, 1);
}

/* ------------------------------------------------------------- tables -- */

/* Push the Voice of an Ended: the script's own, or one in its place. */
static void
push_voice(lua_State *L, int index, const tabor_event *event)
{
    lua_getiuservalue(L, index, ENGINE_VOICES);
    const int voices = lua_gettop(L);
    if (!voice_find(L, voices, event->handle)) {
        lua_pop(L, 1);
        lua_voice *v = voice_push(L, index, event->handle);
        voice_end(v, event);
        voice_remember(L, voices, v);
    }
    lua_remove(L, -2);
}

void
events_push_ended(lua_State *L, int voice)
{
    const lua_voice *v = voice_check(L, voice);
    lua_getiuservalue(L, voice, VOICE_ENGINE);
    lua_getiuservalue(L, -1, ENGINE_ENDED);
    lua_remove(L, -2);
    lua_pushvalue(L, voice);
    if (lua_rawget(L, -2) == LUA_TTABLE) {
        lua_remove(L, -2);
        return;
    }
    lua_pop(L, 1);
    lua_createtable(L, 0, 6);
    lua_pushvalue(L, voice);
    lua_setfield(L, -2, "voice");
    object_set_text(L, "type", "ended");
    object_set_text(L, "reason", tabor_reason_text((tabor_reason)v->reason));
    object_set_whole(L, "frame", v->is.end.frame);
    object_set_whole(L, "late", v->late);
    if (v->is.end.started != TABOR_NO_FRAME) {
        object_set_whole(L, "started", v->is.end.started);
    }
    lua_pushvalue(L, voice);
    lua_pushvalue(L, -2);
    lua_rawset(L, -4);
    lua_remove(L, -2);
}

static void
push_notice(lua_State *L, int index, const tabor_event *event)
{
    lua_createtable(L, 0, 4);
    object_set_text(L, "type", event_words[event->type]);
    if (event->frame != TABOR_NO_FRAME) {
        object_set_whole(L, "frame", event->frame);
    }
    switch (event->type) {
    case TABOR_EVENT_PONG:
        object_set_whole(L, "cookie", event->handle);
        break;
    case TABOR_EVENT_LATE:
        object_set_whole(L, "count", event->value);
        object_set_whole(L, "worst", event->late);
        break;
    case TABOR_EVENT_XRUN:
        object_set_whole(L, "count", event->value);
        break;
    default:
        lua_getiuservalue(L, index, ENGINE_TEXTS);
        lua_getfield(L, -1, "device");
        lua_setfield(L, -3, "device");
        lua_pop(L, 1);
    }
}

static void
push_event(lua_State *L, int index, const tabor_event *event)
{
    if (event->type != TABOR_EVENT_ENDED) {
        push_notice(L, index, event);
        return;
    }
    push_voice(L, index, event);
    events_push_ended(L, lua_gettop(L));
    lua_remove(L, -2);
}

/* ----------------------------------------------------------- handlers -- */

/* Push the list of the handlers for one type of event, or nil. */
static int
push_handlers(lua_State *L, int index, int type)
{
    lua_getiuservalue(L, index, ENGINE_HANDLERS);
    const int got = lua_rawgeti(L, -1, type);
    lua_remove(L, -2);
    return got;
}

/* Call one handler of the oldest event that not all of its handlers know.
 * Each may poll, wait, or close the engine itself. Returns 0 if all are told.
 */
static int
tell_one(lua_State *L, int index)
{
    event_queue *q = &engine_check(L, index)->events;
    const int top = lua_gettop(L);
    if (q->told == q->write) {
        return 0;
    }
    const tabor_event event = *slot(q, q->told);
    if (push_handlers(L, index, event.type) == LUA_TNIL ||
        q->handler >= lua_rawlen(L, -1)) {
        q->told++;
        q->handler = 0;
    } else if (lua_rawgeti(L, -1, (lua_Integer)++q->handler) == LUA_TFUNCTION) {
        push_event(L, index, &event);
        lua_call(L, 1, 0);
    }
    lua_settop(L, top);
    return 1;
}

void
events_tell(lua_State *L, int index)
{
    while (tell_one(L, index)) {
    }
}

/* Check the arguments of on() and off(): the event's type. */
static int
check_handler(lua_State *L, const char *what)
{
    engine_check(L, 1);
    luaL_checktype(L, 3, LUA_TFUNCTION);
    return 1 + options_word(L, 2, what, "the event", event_words + 1);
}

/* engine:on(name, fn): fn(event) in poll() and wait(). Returns fn. */
int
engine_on(lua_State *L)
{
    const int type = check_handler(L, "on");
    lua_settop(L, 3);
    if (push_handlers(L, 1, type) == LUA_TNIL) {
        lua_getiuservalue(L, 1, ENGINE_HANDLERS);
        lua_newtable(L);
        lua_pushvalue(L, -1);
        lua_rawseti(L, -3, type);
    }
    lua_pushvalue(L, 3);
    lua_rawseti(L, -2, (lua_Integer)lua_rawlen(L, -2) + 1);
    lua_settop(L, 3);
    return 1;
}

/* Take the entry at place out of the list on top. */
static void
take_out(lua_State *L, lua_Integer place)
{
    const lua_Integer count = (lua_Integer)lua_rawlen(L, -1);
    for (; place < count; place++) {
        lua_rawgeti(L, -1, place + 1);
        lua_rawseti(L, -2, place);
    }
    lua_pushnil(L);
    lua_rawseti(L, -2, count);
}

/* engine:off(name, fn): undo on(). Returns whether fn was there. */
int
engine_off(lua_State *L)
{
    event_queue *q = &engine_check(L, 1)->events;
    const int type = check_handler(L, "off");
    const int any = push_handlers(L, 1, type) != LUA_TNIL;
    int found = 0;
    for (lua_Integer i = 1;
         any && !found && i <= (lua_Integer)lua_rawlen(L, -1); i++) {
        lua_rawgeti(L, -1, i);
        found = lua_rawequal(L, -1, 3);
        lua_pop(L, 1);
        if (found) {
            take_out(L, i);
            const int telling =
                q->told < q->write && slot(q, q->told)->type == type;
            q->handler -= telling && q->handler >= (uint64_t)i;
        }
    }
    lua_pushboolean(L, found);
    return 1;
}

/* --------------------------------------------------------------- wait -- */

static int
nothing(lua_State *L)
{
    (void)L;
    return 0;
}

void
events_let_hooks_run(lua_State *L)
{
    lua_pushcfunction(L, nothing);
    lua_call(L, 0, 0);
}

double
events_clock(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* Is there what is waited for? voice: an index, or 0 for any event. */
static int
has_come(lua_State *L, int index, int voice)
{
    const lua_engine *e = engine_check(L, index);
    events_pull(L, index);
    if (voice) {
        return ((lua_voice *)lua_touserdata(L, voice))->has_ended;
    }
    return e->events.read != e->events.write;
}

/* A voice whose Ended nobody read in time has gone without a word. */
static int
can_come(lua_State *L, int index, int voice)
{
    const lua_engine *e = engine_check(L, index);
    const lua_voice *v = lua_touserdata(L, voice);
    return !voice || tabor_voice_alive(e->client, v->handle) ||
           has_come(L, index, voice);
}

/* Would a wait last for ever? Nobody renders meanwhile, or sends the batch. */
static int
stands_still(lua_State *L, int index, int voice)
{
    const lua_engine *e = engine_check(L, index);
    const lua_voice *v = voice ? voice_check(L, voice) : NULL;
    return e->pumped || (v && e->batch && v->batch == e->batch);
}

tabor_status
events_wait(lua_State *L, int index, int voice, double timeout)
{
    const lua_engine *e = engine_check(L, index);
    const double end = events_clock() + timeout;
    while (!has_come(L, index, voice)) {
        const double left = end - events_clock();
        if (!e->client) {
            return TABOR_ERR_CLOSED;
        }
        if (!can_come(L, index, voice)) {
            return TABOR_ERR_STALE;
        }
        if (left <= 0 || (isinf(timeout) && stands_still(L, index, voice))) {
            return TABOR_ERR_TIMEOUT;
        }
        clocks_idle(L, index, left);
    }
    events_tell(L, index);
    return TABOR_OK;
}

void
events_detach_voices(lua_State *L, int index)
{
    lua_engine *e = engine_check(L, index);
    const tabor_event event = {tabor_engine_frame(e->engine),
                               0,
                               TABOR_NO_FRAME,
                               0,
                               TABOR_EVENT_ENDED,
                               TABOR_DETACHED};
    lua_getiuservalue(L, index, ENGINE_VOICES);
    lua_pushnil(L);
    while (lua_next(L, -2)) {
        lua_voice *v = lua_touserdata(L, -1);
        if (!v->has_ended) {
            voice_end(v, &event);
        }
        lua_pop(L, 1);
    }
    lua_pop(L, 1);
    voices_detach(e, &event);
}

int
events_return_missed(lua_State *L, int index, tabor_status status)
{
    const lua_engine *e = engine_check(L, index);
    if (!e->client || status == TABOR_ERR_CLOSED) {
        return engine_return_closed(L);
    }
    lua_pushnil(L);
    if (status == TABOR_ERR_STALE) {
        lua_pushstring(L, "the voice has gone and its end was never read: "
                          "poll() more often");
        lua_pushstring(L, "closed");
        return 3;
    }
    lua_pushstring(L, e->pumped ? "nothing came in time: only render() moves "
                                  "the time of this engine"
                                : "nothing came in time");
    lua_pushstring(L, "timeout");
    return 3;
}

/* Push an array of all queued events and empty the queue. */
static int
return_events(lua_State *L)
{
    event_queue *q = &engine_check(L, 1)->events;
    const uint64_t first = q->read, end = q->write;
    lua_createtable(L, (int)(end - first), 0);
    for (uint64_t i = first; i < end; i++) {
        push_event(L, 1, slot(q, i));
        lua_rawseti(L, -2, (lua_Integer)(i - first) + 1);
    }
    q->read = end;
    lua_getiuservalue(L, 1, ENGINE_VOICES);
    for (uint64_t i = first; i < end; i++) {
        if (slot(q, i)->type == TABOR_EVENT_ENDED) {
            lua_pushnil(L);
            lua_rawseti(L, -2, (lua_Integer)slot(q, i)->handle);
        }
    }
    lua_pop(L, 1);
    return 1;
}

int
engine_poll(lua_State *L)
{
    const lua_engine *e = engine_check(L, 1);
    if (!e->client) {
        return engine_return_closed(L);
    }
    clocks_run(L, 1);
    events_pull(L, 1);
    events_tell(L, 1);
    return e->client ? return_events(L) : engine_return_closed(L);
}

/* engine:wait([voice,] [timeout]) */
int
engine_wait(lua_State *L)
{
    engine_check(L, 1);
    if (lua_type(L, 2) == LUA_TNUMBER && lua_isnoneornil(L, 3)) {
        lua_settop(L, 2);
        lua_pushnil(L);
        lua_insert(L, 2);
    }
    const int voice = lua_isnoneornil(L, 2) ? 0 : 2;
    if (voice) {
        luaL_argcheck(L, voice_check(L, 2)->engine == engine_check(L, 1), 2,
                      "a voice of another engine");
    }
    const double timeout = luaL_optnumber(L, 3, INFINITY);
    luaL_argcheck(L, timeout >= 0, 3, "a time can't be negative");
    if (voice) {
        return voice_wait_for(L, 1, 2, timeout);
    }
    if (task_of(L, engine_check(L, 1), "wait")) {
        return luaL_error(L, "wait: a task waits for a voice, or with "
                             "clock:sleep, wait and sync");
    }
    const tabor_status st = events_wait(L, 1, 0, timeout);
    return st == TABOR_OK ? return_events(L) : events_return_missed(L, 1, st);
}
