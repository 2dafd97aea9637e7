/* SPDX-License-Identifier: MIT */
#include "clock.h"

#include <math.h>
#include <string.h>

#define CLOCKS "tabor.clocks" /* light userdata -> Clock, weak */

#define HUSH_SECONDS 0.02

const object_kind clock_kind = {CLOCK_CLASS};

lua_clock *
clock_check(lua_State *L, int index)
{
    return object_check(L, index, &clock_kind);
}

void
clock_push(lua_State *L, const lua_clock *c)
{
    lua_getfield(L, LUA_REGISTRYINDEX, CLOCKS);
    lua_rawgetp(L, -1, c);
    lua_remove(L, -2);
}

void
clock_check_open(lua_State *L, const lua_clock *c, const char *what)
{
    if (!c->tempo || !c->engine->client) {
        luaL_error(L, "%s: the clock is closed: engine:clock() makes another",
                   what);
    }
}

/* --------------------------------------------------------------- time -- */

uint64_t
clock_frame(const lua_clock *c, double second)
{
    const double frames = round(second * c->engine->rate);
    return frames <= 0 ? c->origin : c->origin + (uint64_t)frames;
}

double
clock_second(const lua_clock *c, uint64_t frame)
{
    return frame >= c->origin ? (double)(frame - c->origin) / c->engine->rate
                              : -(double)(c->origin - frame) / c->engine->rate;
}

lua_task *
clock_next(const lua_clock *c, double *second)
{
    lua_task *beat = agenda_first(&c->beats);
    lua_task *sleeper = agenda_first(&c->seconds);
    const double then = beat ? tabor_tempo_seconds(c->tempo, beat->key) : 0;
    const int is_beat =
        beat && (!sleeper || then < sleeper->key ||
                 (then == sleeper->key && beat->seq < sleeper->seq));
    *second = is_beat ? then : sleeper ? sleeper->key : INFINITY;
    return is_beat ? beat : sleeper;
}

/* The latest time at which nothing has been sent yet. */
static double
look_ahead(const lua_clock *c)
{
    const lua_engine *e = c->engine;
    const double now = clock_second(c, tabor_engine_frame(e->engine));
    const double ahead = now + (e->pumped ? 0 : c->latency);
    double next;
    clock_next(c, &next);
    return fmax(c->last, fmin(ahead, next));
}

double
clock_front(lua_clock *c)
{
    const lua_engine *e = c->engine;
    if (!c->has_begun || !e->engine) {
        return c->last;
    }
    if (c->front_turn != e->turn ||
        clock_frame(c, c->front) < tabor_engine_frame(e->engine)) {
        c->front = look_ahead(c);
        c->front_turn = e->turn;
    }
    return c->front;
}

double
clock_front_beat(lua_clock *c)
{
    return tabor_tempo_beats(c->tempo, clock_front(c));
}

/* The task of this clock that runs now, or NULL. */
static const lua_task *
current(const lua_clock *c)
{
    const lua_task *t = c->engine->task;
    return t && t->clock == c ? t : NULL;
}

static double
beat_now(lua_clock *c)
{
    const lua_task *t = current(c);
    return t ? t->beat : clock_front_beat(c);
}

/* --------------------------------------------------------------- tasks -- */

/* Make a task of what is on the stack from first on: [name,] fn, arguments. */
static lua_task *
push_task_from(lua_State *L, int first, const char *what)
{
    clock_check_open(L, clock_check(L, 1), what);
    const int name = lua_type(L, first) == LUA_TSTRING ? first : 0;
    const int function = name ? first + 1 : first;
    luaL_checktype(L, function, LUA_TFUNCTION);
    return task_push(L, 1, name, lua_gettop(L) - function);
}

/* clock:run([name,] fn, ...) -> Task */
static int
clock_run(lua_State *L)
{
    lua_clock *c = clock_check(L, 1);
    const double beat = c->tempo ? beat_now(c) : 0;
    lua_task *t = push_task_from(L, 2, "run");
    task_wait_until(L, t, TASK_WAITS, beat);
    return 1;
}

/* clock:at(beat, [name,] fn, ...) -> Task; a beat that is past: now */
static int
clock_at(lua_State *L)
{
    lua_clock *c = clock_check(L, 1);
    const double beat = luaL_checknumber(L, 2);
    luaL_argcheck(L, isfinite(beat), 2, "there is no such beat");
    const double now = c->tempo ? beat_now(c) : 0;
    lua_task *t = push_task_from(L, 3, "at");
    task_wait_until(L, t, TASK_WAITS, fmax(beat, now));
    return 1;
}

/* The task that is to wait; raises if there is none. */
static lua_task *
waiting_task(lua_State *L, const char *what)
{
    const lua_clock *c = clock_check(L, 1);
    lua_task *t = task_of(L, c->engine, what);
    if (!t) {
        luaL_error(L,
                   "%s: only a task can wait: clock:run(function() ... end) "
                   "makes one",
                   what);
    }
    if (t->clock != c) {
        luaL_error(L, "%s: task '%s' belongs to another clock", what, t->name);
    }
    return t;
}

static double
check_length(lua_State *L, int index)
{
    const double length = luaL_checknumber(L, index);
    luaL_argcheck(L, length >= 0 && isfinite(length), index,
                  "a task waits for 0 or more");
    return length;
}

/* clock:wait(beats) */
static int
clock_wait(lua_State *L)
{
    lua_task *t = waiting_task(L, "wait");
    const double beats = check_length(L, 2);
    task_wait_until(L, t, TASK_WAITS, t->beat + beats);
    return lua_yield(L, 0);
}

/* clock:sleep(seconds) */
static int
clock_sleep(lua_State *L)
{
    lua_task *t = waiting_task(L, "sleep");
    const double seconds = check_length(L, 2);
    task_wait_until(L, t, TASK_SLEEPS, t->second + seconds);
    return lua_yield(L, 0);
}

double
clock_line_after(double beat, double grid, double offset)
{
    const double passed = (beat - offset) / grid;
    return (floor(passed + 1e-9) + 1) * grid + offset;
}

/* clock:sync(beats, [offset]): the next multiple, never now */
static int
clock_sync(lua_State *L)
{
    lua_task *t = waiting_task(L, "sync");
    const double grid = luaL_checknumber(L, 2);
    const double offset = luaL_optnumber(L, 3, 0);
    luaL_argcheck(L, grid > 0 && isfinite(grid), 2,
                  "a grid has more than 0 beats");
    luaL_argcheck(L, isfinite(offset), 3, "not a number of beats");
    t->grid = grid;
    t->offset = offset;
    task_wait_until(L, t, TASK_SYNCS, clock_line_after(t->beat, grid, offset));
    return lua_yield(L, 0);
}

/* clock:cancel(task or a loop's name) -> whether it was still there */
static int
clock_cancel(lua_State *L)
{
    clock_check(L, 1);
    if (lua_type(L, 2) == LUA_TSTRING) {
        lua_getiuservalue(L, 1, CLOCK_LOOPS);
        lua_pushvalue(L, 2);
        if (lua_rawget(L, -2) == LUA_TNIL) {
            lua_pushboolean(L, 0);
            return 1;
        }
        lua_replace(L, 2);
    }
    lua_settop(L, 2);
    lua_remove(L, 1);
    return task_cancel(L);
}

void
clock_end_tasks(lua_State *L, lua_clock *c)
{
    agenda *const all[] = {&c->beats, &c->seconds, &c->watching};
    luaL_checkstack(L, 16, "tasks");
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        while (all[i]->count > 0) {
            task_end(L, all[i]->tasks[all[i]->count - 1]);
        }
    }
    if (current(c)) {
        c->engine->task->is_doomed = 1;
    }
}

/* clock:hush(): no task, no sound, nothing scheduled */
static int
clock_hush(lua_State *L)
{
    lua_clock *c = clock_check(L, 1);
    clock_end_tasks(L, c);
    lua_settop(L, 1);
    lua_getiuservalue(L, 1, CLOCK_ENGINE);
    lua_pushcfunction(L, engine_cancel);
    lua_pushvalue(L, 2);
    lua_call(L, 1, 0);
    lua_pushcfunction(L, engine_stop);
    lua_pushvalue(L, 2);
    lua_pushnumber(L, HUSH_SECONDS);
    lua_call(L, 2, LUA_MULTRET);
    return lua_gettop(L) - 2;
}

/* clock:join([timeout]) -> whether all its tasks are over */
static int
clock_join(lua_State *L)
{
    const lua_clock *c = clock_check(L, 1);
    const double seconds = luaL_optnumber(L, 2, INFINITY);
    luaL_argcheck(L, seconds >= 0, 2, "a time can't be negative");
    if (c->engine->task) {
        return luaL_error(L, "join: a task can wait for a task, not for all of "
                             "them: task:join()");
    }
    lua_getiuservalue(L, 1, CLOCK_ENGINE);
    clocks_wait(L, lua_gettop(L), NULL, c, seconds);
    lua_pushboolean(L, c->alive == 0);
    return 1;
}

/* --------------------------------------------------------------- tempo -- */

/* What lies a second behind what is heard, nobody asks for. */
static void
forget_past(lua_clock *c)
{
    if (c->has_begun && c->engine->engine) {
        const double now =
            clock_second(c, tabor_engine_frame(c->engine->engine));
        tabor_tempo_forget(c->tempo, tabor_tempo_beats(c->tempo, now - 1));
    }
}

/* clock:tempo([bpm, [beats]]) -> beats a minute, now */
static int
clock_tempo(lua_State *L)
{
    lua_clock *c = clock_check(L, 1);
    clock_check_open(L, c, "tempo");
    const double beat = beat_now(c);
    if (!lua_isnoneornil(L, 2)) {
        const double bpm = luaL_checknumber(L, 2);
        forget_past(c);
        if (tabor_tempo_change(c->tempo, beat, bpm, luaL_optnumber(L, 3, 0)) !=
            TABOR_OK) {
            return luaL_error(L, "tempo: %s", tabor_error());
        }
    }
    lua_pushnumber(L, tabor_tempo_bpm(c->tempo, beat));
    return 1;
}

/* clock:beat(): a task's own, else the one that is heard */
static int
clock_beat(lua_State *L)
{
    const lua_clock *c = clock_check(L, 1);
    clock_check_open(L, c, "beat");
    const lua_task *t = current(c);
    if (t) {
        lua_pushnumber(L, t->beat);
    } else if (c->has_begun) {
        const uint64_t frame = tabor_engine_frame(c->engine->engine);
        lua_pushnumber(L, tabor_tempo_beats(c->tempo, clock_second(c, frame)));
    } else {
        lua_pushnumber(L, 0);
    }
    return 1;
}

/* clock:now(): the logical time, in the engine's seconds */
static int
clock_now(lua_State *L)
{
    lua_clock *c = clock_check(L, 1);
    const lua_task *t = current(c);
    const double second = t ? t->second : clock_front(c);
    lua_pushnumber(L, (double)c->origin / c->engine->rate + second);
    return 1;
}

/* ---------------------------------------------------------------- make -- */

typedef struct clock_options {
    double bpm, latency, slip;
    int on_error; /* where on the stack, 0 = none */
} clock_options;

#define FIELD(name) offsetof(clock_options, name)
static const option clock_known[] = {
    {"bpm", OPTION_NUMBER, FIELD(bpm), NULL},
    {"latency", OPTION_NUMBER, FIELD(latency), NULL},
    {"slip", OPTION_NUMBER, FIELD(slip), NULL},
    {"on_error", OPTION_VALUE, FIELD(on_error), NULL},
    {NULL, 0, 0, NULL}};
#undef FIELD

static void
check_options(lua_State *L, const clock_options *o)
{
    if (!(o->latency >= 0 && o->latency <= 10)) {
        luaL_error(L, "clock: latency goes from 0 to 10 seconds, not %f",
                   o->latency);
    }
    if (!(o->slip > 0)) {
        luaL_error(L, "clock: slip must be more than 0 seconds, not %f",
                   o->slip);
    }
    if (o->on_error && !lua_isfunction(L, o->on_error)) {
        luaL_error(L, "clock: on_error must be a function, not %s",
                   luaL_typename(L, o->on_error));
    }
}

/* Let it be found by its address, and let the engine keep it. */
static void
remember(lua_State *L, lua_engine *e, lua_clock *c)
{
    lua_clock **last = &e->clocks;
    if (!luaL_getsubtable(L, LUA_REGISTRYINDEX, CLOCKS)) {
        lua_newtable(L);
        lua_pushstring(L, "v");
        lua_setfield(L, -2, "__mode");
        lua_setmetatable(L, -2);
    }
    lua_pushvalue(L, -2);
    lua_rawsetp(L, -2, c);
    lua_pop(L, 1);
    lua_getiuservalue(L, 1, ENGINE_CLOCKS);
    lua_pushvalue(L, -2);
    lua_rawsetp(L, -2, c);
    lua_pop(L, 1);
    while (*last) {
        last = &(*last)->next;
    }
    *last = c;
}

static int
push_new(lua_State *L, lua_engine *e, const clock_options *o)
{
    lua_clock *c = object_push(L, &clock_kind, sizeof *c, CLOCK_VALUES);
    c->engine = e;
    c->bpm = o->bpm;
    c->latency = o->latency;
    c->slip = o->slip;
    lua_pushvalue(L, 1);
    lua_setiuservalue(L, -2, CLOCK_ENGINE);
    lua_newtable(L);
    lua_setiuservalue(L, -2, CLOCK_TASKS);
    lua_newtable(L);
    lua_setiuservalue(L, -2, CLOCK_LOOPS);
    if (o->on_error) {
        lua_pushvalue(L, o->on_error);
        lua_setiuservalue(L, -2, CLOCK_REPORT);
    }
    if (tabor_tempo_new(o->bpm, &c->tempo) != TABOR_OK) {
        return luaL_error(L, "clock: %s", tabor_error());
    }
    remember(L, e, c);
    return 1;
}

/* A script that runs again meets the clocks of its last run, in their order;
 * a tempo that it gives otherwise now is a change. */
static int
push_reloaded(lua_State *L, lua_engine *e, const clock_options *o)
{
    lua_clock *c = e->reloaded;
    e->reloaded = c->next;
    if (o->bpm != c->bpm && tabor_tempo_change(c->tempo, clock_front_beat(c),
                                               o->bpm, 0) != TABOR_OK) {
        return luaL_error(L, "clock: %s", tabor_error());
    }
    c->bpm = o->bpm;
    c->latency = o->latency;
    c->slip = o->slip;
    clock_push(L, c);
    if (o->on_error) {
        lua_pushvalue(L, o->on_error);
        lua_setiuservalue(L, -2, CLOCK_REPORT);
    }
    return 1;
}

int
engine_clock(lua_State *L)
{
    lua_engine *e = engine_check(L, 1);
    clock_options o = {120, 0.1, 0.25, 0};
    if (!e->client) {
        return engine_return_closed(L);
    }
    lua_settop(L, 2);
    options_read(L, 2, "clock", clock_known, &o);
    check_options(L, &o);
    return e->is_reloading && e->reloaded ? push_reloaded(L, e, &o)
                                          : push_new(L, e, &o);
}

/* --------------------------------------------------------------- class -- */

/* clock:close(): its tasks end */
static int
clock_close(lua_State *L)
{
    lua_clock *c = clock_check(L, 1);
    lua_engine *e = c->engine;
    lua_clock **at = &e->clocks;
    clock_end_tasks(L, c);
    if (current(c)) {
        return luaL_error(L, "close: a task can't close its own clock");
    }
    while (*at && *at != c) {
        at = &(*at)->next;
    }
    if (*at) {
        *at = c->next;
        lua_getiuservalue(L, 1, CLOCK_ENGINE);
        lua_getiuservalue(L, -1, ENGINE_CLOCKS);
        lua_pushnil(L);
        lua_rawsetp(L, -2, c);
    }
    e->reloaded = NULL;
    tabor_tempo_free(c->tempo);
    c->tempo = NULL;
    lua_pushboolean(L, 1);
    return 1;
}

static int
clock_gc(lua_State *L)
{
    lua_clock *c = clock_check(L, 1);
    tabor_tempo_free(c->tempo);
    c->tempo = NULL;
    agenda_free(&c->beats);
    agenda_free(&c->seconds);
    agenda_free(&c->watching);
    return 0;
}

static int
clock_index(lua_State *L)
{
    if (object_method(L)) {
        return 1;
    }
    const lua_clock *c = clock_check(L, 1);
    const char *key = luaL_checkstring(L, 2);
    if (strcmp(key, "latency") == 0) {
        lua_pushnumber(L, c->latency);
    } else if (strcmp(key, "engine") == 0) {
        lua_getiuservalue(L, 1, CLOCK_ENGINE);
    } else {
        lua_pushnil(L);
    }
    return 1;
}

static int
clock_tostring(lua_State *L)
{
    lua_clock *c = clock_check(L, 1);
    if (!c->tempo || !c->engine->client) {
        lua_pushstring(L, CLOCK_CLASS " (closed)");
        return 1;
    }
    const double beat = beat_now(c);
    lua_pushfstring(L, CLOCK_CLASS " (beat %f, %f beats a minute, %d tasks)",
                    beat, tabor_tempo_bpm(c->tempo, beat), (int)c->alive);
    return 1;
}

static const luaL_Reg clock_meta[] = {{"__gc", clock_gc},
                                      {"__close", clock_close},
                                      {"__tostring", clock_tostring},
                                      {NULL, NULL}};

static const luaL_Reg clock_methods[] = {
    {"run", clock_run},       {"at", clock_at},       {"wait", clock_wait},
    {"sleep", clock_sleep},   {"sync", clock_sync},   {"loop", clock_loop},
    {"cancel", clock_cancel}, {"hush", clock_hush},   {"join", clock_join},
    {"tempo", clock_tempo},   {"beat", clock_beat},   {"now", clock_now},
    {"stats", clock_stats},   {"close", clock_close}, {NULL, NULL}};

void
clock_class(lua_State *L)
{
    object_kind_class(L, &clock_kind, clock_meta, clock_methods, clock_index);
}
