/* SPDX-License-Identifier: MIT */
#include "clock.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* So often a task may go on while its time stands still. */
#define MOST_IDLE 10000

const object_kind task_kind = {TASK_CLASS};

static int
resume_plainly(lua_State *co, lua_State *from, int arguments, int *results)
{
    return lua_resume(co, from, arguments, results);
}

static int
never(void)
{
    return 0;
}

static void
print_plainly(const char *text)
{
    fflush(stdout);
    fprintf(stderr, "tabor: %s\n", text);
}

task_host task_hosted_by = {resume_plainly, never, print_plainly};

lua_task *
task_check(lua_State *L, int index)
{
    return object_check(L, index, &task_kind);
}

/* --------------------------------------------------------------- make -- */

/* The name at index, or where the function at index function begins. */
static void
push_name(lua_State *L, int name, int function)
{
    lua_Debug info;
    if (name) {
        lua_pushvalue(L, name);
        return;
    }
    lua_pushvalue(L, function);
    lua_getinfo(L, ">S", &info);
    lua_pushfstring(L, "%s:%d", info.short_src, info.linedefined);
}

/* Keep the task on top among those of its clock. */
static void
remember(lua_State *L, int clock, const lua_task *t)
{
    lua_getiuservalue(L, clock, CLOCK_TASKS);
    lua_pushvalue(L, -2);
    lua_rawsetp(L, -2, t);
    lua_pop(L, 1);
}

lua_task *
task_push(lua_State *L, int clock, int name, int arguments)
{
    const int function = lua_gettop(L) - arguments;
    lua_task *t = object_push(L, &task_kind, sizeof *t, TASK_VALUES);
    t->state = TASK_OVER;
    t->clock = clock_check(L, clock);
    lua_pushvalue(L, clock);
    lua_setiuservalue(L, -2, TASK_CLOCK);
    push_name(L, name, function);
    t->name = lua_tostring(L, -1);
    lua_setiuservalue(L, -2, TASK_NAME);
    lua_State *co = lua_newthread(L);
    luaL_checkstack(co, arguments + 8, "clock:run");
    lua_setiuservalue(L, -2, TASK_THREAD);
    remember(L, clock, t);
    lua_insert(L, function);
    lua_xmove(L, co, arguments + 1);
    t->co = co;
    t->arguments = arguments;
    t->starts = 1;
    t->second = -INFINITY;
    t->generation = t->clock->engine->generation;
    t->state = TASK_RUNS;
    t->clock->alive++;
    return t;
}

/* --------------------------------------------------------------- wait -- */

static agenda *
agenda_of(lua_task *t)
{
    switch (t->state) {
    case TASK_WAITS:
    case TASK_SYNCS:
        return &t->clock->beats;
    case TASK_SLEEPS:
        return &t->clock->seconds;
    case TASK_WATCHES:
        return &t->clock->watching;
    default:
        return NULL;
    }
}

void
task_wait_until(lua_State *L, lua_task *t, task_state state, double key)
{
    t->state = state;
    t->key = key;
    t->seq = t->clock->next_seq++;
    if (!agenda_add(agenda_of(t), t)) {
        t->state = TASK_RUNS;
        luaL_error(L, "not enough memory for a task that waits");
    }
}

void
task_wake(lua_task *t)
{
    const lua_clock *c = t->clock;
    const double before = t->second;
    const int sleeps = t->state == TASK_SLEEPS;
    agenda_remove(agenda_of(t), t);
    t->second = sleeps ? t->key : tabor_tempo_seconds(c->tempo, t->key);
    t->beat = sleeps ? tabor_tempo_beats(c->tempo, t->key) : t->key;
    t->frame = clock_frame(c, t->second);
    t->idle = t->second > before ? 0 : t->idle + 1;
    t->by_seconds = sleeps;
    t->state = TASK_RUNS;
}

lua_task *
task_of(lua_State *L, const lua_engine *e, const char *what)
{
    lua_task *t = e->task;
    if (!t) {
        return NULL;
    }
    if (t->co != L) {
        luaL_error(L,
                   "%s: a coroutine made inside task '%s' can't wait, only "
                   "the task's own can",
                   what, t->name);
    }
    if (!lua_isyieldable(L)) {
        luaL_error(L,
                   "%s: a task can't wait inside a function that C calls "
                   "(of table.sort, string.gsub, a batch, a metamethod)",
                   what);
    }
    return t;
}

int
task_watch(lua_State *L, lua_task *t, int index, double seconds,
           lua_KFunction k)
{
    t->watched = lua_touserdata(L, index);
    task_wait_until(L, t, TASK_WATCHES, t->second + seconds);
    return lua_yieldk(L, 0, index, k);
}

int
task_sees(const lua_task *t)
{
    const object_kind *kind = *(const object_kind *const *)t->watched;
    if (kind == &task_kind) {
        return ((const lua_task *)t->watched)->state == TASK_OVER;
    }
    const lua_voice *v = t->watched;
    return v->has_ended || !v->engine->client ||
           !tabor_voice_alive(v->engine->client, v->handle);
}

/* ---------------------------------------------------------------- end -- */

void
task_push_again(lua_State *L, const lua_task *t)
{
    clock_push(L, t->clock);
    lua_getiuservalue(L, -1, CLOCK_TASKS);
    lua_rawgetp(L, -1, t);
    lua_replace(L, -3);
    lua_pop(L, 1);
}

/* Nobody waits for it, and nobody keeps it, any more. */
static void
forget(lua_State *L, lua_task *t)
{
    task_push_again(L, t);
    lua_pushnil(L);
    lua_setiuservalue(L, -2, TASK_THREAD);
    lua_getiuservalue(L, -1, TASK_CLOCK);
    if (t->is_loop) {
        lua_getiuservalue(L, -1, CLOCK_LOOPS);
        if (lua_getfield(L, -1, t->name) == LUA_TUSERDATA &&
            lua_touserdata(L, -1) == t) {
            lua_pushnil(L);
            lua_setfield(L, -3, t->name);
        }
        lua_pop(L, 2);
    }
    lua_getiuservalue(L, -1, CLOCK_TASKS);
    lua_pushnil(L);
    lua_rawsetp(L, -2, t);
    lua_pop(L, 3);
}

int
task_close_pending(lua_State *L, lua_task *t)
{
    agenda *a = agenda_of(t);
    if (a) {
        agenda_remove(a, t);
    }
    t->state = TASK_RUNS;
#if LUA_VERSION_RELEASE_NUM >= 50406
    return lua_closethread(t->co, L);
#else
    (void)L;
    return lua_resetthread(t->co);
#endif
}

static int make_report(lua_State *L);

/* Give the report on top, a text, to whoever takes such; pops it. */
static void
deliver(lua_State *L, const lua_task *t)
{
    const int text = lua_gettop(L);
    clock_push(L, t->clock);
    if (lua_getiuservalue(L, -1, CLOCK_REPORT) == LUA_TFUNCTION) {
        task_push_again(L, t);
        lua_pushvalue(L, text);
        if (lua_pcall(L, 2, 0, 0) != LUA_OK) {
            task_hosted_by.print(lua_tostring(L, text));
            task_hosted_by.print("the error function of the clock failed too");
        }
    } else {
        task_hosted_by.print(lua_tostring(L, text));
    }
    lua_settop(L, text - 1);
}

/* Report the error that is on top of the stack of the task's coroutine. */
static void
report(lua_State *L, const lua_task *t)
{
    lua_pushcfunction(L, make_report);
    lua_pushlightuserdata(L, (void *)t);
    if (lua_pcall(L, 1, 1, 0) != LUA_OK) {
        lua_pushfstring(L, "task '%s' failed: not enough memory", t->name);
        lua_replace(L, -2);
    }
    deliver(L, t);
}

/* Argument: the task. Pushes the text, with the way that led to the error. */
static int
make_report(lua_State *L)
{
    const lua_task *t = lua_touserdata(L, 1);
    lua_xmove(t->co, L, 1);
    const char *text = luaL_tolstring(L, -1, NULL);
    lua_pushfstring(L, "%s '%s' failed: %s", t->is_loop ? "loop" : "task",
                    t->name, text);
    lua_Debug where;
    if (lua_getstack(t->co, 0, &where)) {
        luaL_traceback(L, t->co, lua_tostring(L, -1), 0);
    }
    return 1;
}

static void
finish(lua_State *L, lua_task *t)
{
    const int was_suspended = lua_status(t->co) == LUA_YIELD;
    if (task_close_pending(L, t) != LUA_OK && was_suspended) {
        report(L, t);
    }
    t->state = TASK_OVER;
    t->co = NULL;
    t->clock->alive--;
    t->clock->endless -= (uint64_t)(t->is_loop && !t->stops);
    forget(L, t);
}

void
task_end(lua_State *L, lua_task *t)
{
    if (t->state == TASK_OVER) {
        return;
    }
    if (t->clock->engine->task == t) {
        t->is_doomed = 1;
        return;
    }
    finish(L, t);
}

/* ---------------------------------------------------------------- run -- */

/* The error on top of its coroutine's stack has stopped it. */
static void
fail(lua_State *L, lua_task *t)
{
    if (task_hosted_by.is_interrupted()) {
        finish(L, t);
        events_let_hooks_run(L); /* where it is raised again */
        return;
    }
    report(L, t);
    if (!t->is_loop || t->is_doomed || !loop_goes_on(L, t, 1)) {
        finish(L, t);
    }
}

static void
fail_with(lua_State *L, lua_task *t, const char *text)
{
    lua_pushstring(t->co, text);
    fail(L, t);
}

/* It has yielded. */
static void
settle(lua_State *L, lua_task *t, int results)
{
    lua_pop(t->co, results);
    if (t->is_doomed) {
        finish(L, t);
    } else if (t->state == TASK_RUNS) {
        fail_with(L, t,
                  "it yields by itself: a task waits with clock:wait, "
                  "sync or sleep, or for a voice");
    } else if (t->idle > MOST_IDLE) {
        fail_with(L, t,
                  "it has waited 10,000 times and its time stood still: "
                  "let it wait for more than 0");
    }
}

void
task_run(lua_State *L, lua_task *t)
{
    lua_engine *e = t->clock->engine;
    int results = 0;
    const int arguments = t->arguments;
    t->arguments = 0;
    luaL_checkstack(L, 16, "tasks");
    if (t->starts) {
        t->starts = 0;
        t->began = t->second;
    }
    e->task = t;
    const int status = task_hosted_by.resume(t->co, L, arguments, &results);
    e->task = NULL;
    if (status == LUA_YIELD) {
        settle(L, t, results);
    } else if (status != LUA_OK) {
        fail(L, t);
    } else if (!t->is_loop || t->is_doomed) {
        finish(L, t);
    } else if (t->second <= t->began) {
        fail_with(L, t,
                  "it came to its end without waiting: put "
                  "clock:wait(1), or another length, into it");
    } else if (!loop_goes_on(L, t, 0)) {
        finish(L, t);
    }
}

/* -------------------------------------------------------------- class -- */

/* task:cancel() -> whether it was still there */
int
task_cancel(lua_State *L)
{
    lua_task *t = task_check(L, 1);
    lua_pushboolean(L, t->state != TASK_OVER);
    task_end(L, t);
    return 1;
}

static int
return_joined(lua_State *L, int status, lua_KContext context)
{
    (void)status;
    (void)context;
    lua_pushboolean(L, task_check(L, 1)->state == TASK_OVER);
    return 1;
}

/* task:join([timeout]) -> whether it is over */
static int
task_join(lua_State *L)
{
    const lua_task *t = task_check(L, 1);
    const double seconds = luaL_optnumber(L, 2, INFINITY);
    luaL_argcheck(L, seconds >= 0, 2, "a time can't be negative");
    lua_task *self = task_of(L, t->clock->engine, "join");
    if (self && t->state != TASK_OVER) {
        if (self == t) {
            return luaL_error(L, "join: a task can't wait for itself");
        }
        return task_watch(L, self, 1, seconds, return_joined);
    }
    if (t->state != TASK_OVER) {
        lua_getiuservalue(L, 1, TASK_CLOCK);
        lua_getiuservalue(L, -1, CLOCK_ENGINE);
        clocks_wait(L, lua_gettop(L), t, NULL, seconds);
    }
    return return_joined(L, LUA_OK, 0);
}

static int
task_leave_block(lua_State *L)
{
    task_end(L, task_check(L, 1));
    return 0;
}

static int
task_index(lua_State *L)
{
    if (object_method(L)) {
        return 1;
    }
    const lua_task *t = task_check(L, 1);
    const char *key = luaL_checkstring(L, 2);
    if (strcmp(key, "name") == 0) {
        lua_getiuservalue(L, 1, TASK_NAME);
    } else if (strcmp(key, "alive") == 0) {
        lua_pushboolean(L, t->state != TASK_OVER);
    } else {
        lua_pushnil(L);
    }
    return 1;
}

static int
task_tostring(lua_State *L)
{
    const lua_task *t = task_check(L, 1);
    lua_pushfstring(L, TASK_CLASS " '%s' (%s)", t->name,
                    t->state == TASK_OVER   ? "over"
                    : t->state == TASK_RUNS ? "runs"
                                            : "waits");
    return 1;
}

static const luaL_Reg task_meta[] = {
    {"__close", task_leave_block}, {"__tostring", task_tostring}, {NULL, NULL}};

static const luaL_Reg task_methods[] = {
    {"cancel", task_cancel}, {"join", task_join}, {NULL, NULL}};

void
task_class(lua_State *L)
{
    object_kind_class(L, &task_kind, task_meta, task_methods, task_index);
}
