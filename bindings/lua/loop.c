/* SPDX-License-Identifier: MIT */
#include "clock.h"

#include <math.h>

/* ---------------------------------------------------------- boundaries -- */

/* Take value key of the Task on top as its body; returns whether it is a
 * function. */
static int
take_body(lua_State *L, int key)
{
    if (lua_getiuservalue(L, -1, key) != LUA_TFUNCTION) {
        lua_pop(L, 1);
        return 0;
    }
    lua_setiuservalue(L, -2, TASK_BODY);
    return 1;
}

/* Another body takes over if one was given. */
static int
take_next(lua_State *L, lua_task *t)
{
    if (!take_body(L, TASK_NEXT)) {
        return 0;
    }
    lua_pushnil(L);
    lua_setiuservalue(L, -2, TASK_NEXT);
    t->is_fresh = 1;
    return 1;
}

/* After an error: what the loop goes on with, if anything. */
static int
take_other(lua_State *L, lua_task *t)
{
    if (take_next(L, t)) {
        return 1;
    }
    const int falls_back = t->is_fresh && take_body(L, TASK_GOOD);
    t->is_fresh = 0;
    return falls_back;
}

static void
note_good(lua_State *L, lua_task *t)
{
    lua_getiuservalue(L, -1, TASK_BODY);
    lua_setiuservalue(L, -2, TASK_GOOD);
    t->is_fresh = 0;
}

/* The body of the Task on top is what its coroutine runs when it is resumed
 * next, with the number of the pass. */
static void
load_body(lua_State *L, lua_task *t)
{
    lua_settop(t->co, 0);
    lua_getiuservalue(L, -1, TASK_BODY);
    lua_xmove(L, t->co, 1);
    lua_pushinteger(t->co, (lua_Integer)++t->passes);
    t->arguments = 1;
    t->starts = 1;
}

int
loop_goes_on(lua_State *L, lua_task *t, int has_failed)
{
    const int top = lua_gettop(L);
    task_push_again(L, t);
    int goes_on = !t->stops;
    if (goes_on && has_failed) {
        goes_on = take_other(L, t);
        task_close_pending(L, t);
    } else if (goes_on) {
        note_good(L, t);
        take_next(L, t);
    }
    if (goes_on) {
        load_body(L, t);
        task_wait_until(L, t, t->by_seconds ? TASK_SLEEPS : TASK_WAITS,
                        t->by_seconds ? t->second : t->beat);
    }
    lua_settop(L, top);
    return goes_on;
}

/* --------------------------------------------------------------- start -- */

/* The first line of the grid from now on. */
static double
first_line(lua_clock *c, double grid)
{
    const lua_task *t = c->engine->task;
    const double beat = t && t->clock == c ? t->beat : clock_front_beat(c);
    return ceil(beat / grid - 1e-9) * grid;
}

/* A new Task for the loop of that name at 2, with the body at 3. */
static void
start(lua_State *L, lua_clock *c, double grid)
{
    lua_pushvalue(L, 3);
    lua_task *t = task_push(L, 1, 2, 0);
    t->is_loop = 1;
    t->is_fresh = 1;
    c->endless++;
    lua_pushvalue(L, 3);
    lua_setiuservalue(L, -2, TASK_BODY);
    load_body(L, t);
    lua_getiuservalue(L, 1, CLOCK_LOOPS);
    lua_pushvalue(L, 2);
    lua_pushvalue(L, -3);
    lua_rawset(L, -3);
    lua_pop(L, 1);
    task_wait_until(L, t, TASK_WAITS, first_line(c, grid));
}

/* The value on top is what the Task below it goes on with from its next
 * boundary: a function, or false. */
static void
set_next(lua_State *L, lua_task *t)
{
    const int stops = !lua_isfunction(L, -1);
    t->clock->endless += (uint64_t)(t->stops - stops);
    t->stops = stops;
    lua_setiuservalue(L, -2, TASK_NEXT);
}

/* The Task on top changes its body at its next boundary. */
static void
change(lua_State *L, lua_task *t)
{
    if (lua_isfunction(L, 3)) {
        lua_pushvalue(L, 3);
    } else {
        lua_pushboolean(L, 0);
    }
    set_next(L, t);
    t->generation = t->clock->engine->generation;
}

/* clock:loop(name, fn, [grid = 1]) -> Task; fn false: it stops */
int
clock_loop(lua_State *L)
{
    lua_clock *c = clock_check(L, 1);
    luaL_checkstring(L, 2);
    const double grid = luaL_optnumber(L, 4, 1);
    luaL_argcheck(L, grid > 0 && isfinite(grid), 4,
                  "a grid has more than 0 beats");
    luaL_argexpected(L, lua_isfunction(L, 3) || !lua_toboolean(L, 3), 3,
                     "function or false");
    clock_check_open(L, c, "loop");
    lua_settop(L, 3);
    lua_getiuservalue(L, 1, CLOCK_LOOPS);
    lua_pushvalue(L, 2);
    if (lua_rawget(L, -2) == LUA_TUSERDATA) {
        change(L, lua_touserdata(L, -1));
    } else if (lua_isfunction(L, 3)) {
        start(L, c, grid);
    }
    return 1;
}

/* -------------------------------------------------------------- reload -- */

/* Call fn for each engine of this state. */
static void
for_each_engine(lua_State *L, void (*fn)(lua_State *L, lua_engine *e))
{
    engine_push_open(L);
    lua_pushnil(L);
    while (lua_next(L, -2)) {
        fn(L, lua_touserdata(L, -2));
        lua_pop(L, 1);
    }
    lua_pop(L, 1);
}

static void
begin(lua_State *L, lua_engine *e)
{
    (void)L;
    e->generation++;
    e->reloaded = e->clocks;
    e->is_reloading = 1;
}

void
loop_reload_begin(lua_State *L)
{
    for_each_engine(L, begin);
}

/* Loops of an older run stop at their boundary, other tasks now. */
static void
sweep(lua_State *L, lua_clock *c)
{
    clock_push(L, c);
    lua_getiuservalue(L, -1, CLOCK_TASKS);
    lua_newtable(L);
    lua_pushnil(L);
    while (lua_next(L, -3)) {
        lua_rawseti(L, -3, (lua_Integer)lua_rawlen(L, -3) + 1);
    }
    for (lua_Integer i = 1; lua_rawgeti(L, -1, i) != LUA_TNIL; i++) {
        lua_task *t = lua_touserdata(L, -1);
        if (t->generation == c->engine->generation) {
            ;
        } else if (t->is_loop) {
            lua_pushboolean(L, 0);
            set_next(L, t);
        } else {
            task_end(L, t);
        }
        lua_pop(L, 1);
    }
    lua_pop(L, 4);
}

static void
end_well(lua_State *L, lua_engine *e)
{
    for (lua_clock *c = e->is_reloading ? e->clocks : NULL; c; c = c->next) {
        sweep(L, c);
    }
    e->is_reloading = 0;
}

/* The new run has failed: what it has not named goes on. */
static void
end_badly(lua_State *L, lua_engine *e)
{
    (void)L;
    e->is_reloading = 0;
}

void
loop_reload_end(lua_State *L, int ok)
{
    for_each_engine(L, ok ? end_well : end_badly);
}
