/* SPDX-License-Identifier: MIT
 *
 * Who is due runs. Live, that is whose time is not further ahead of the frame
 * that is rendered next than its clock's latency; offline, whose time is in
 * the part that is rendered next. So the stamps are the same.
 */
#include "clock.h"

#include <math.h>
#include <time.h>

/* Frames that are rendered between two looks at who is due: the same for all
 * blocks, so that tasks see the same ends. */
#define STEP_FRAMES 256

#define LOOK_SECONDS 0.02

uint64_t
clocks_alive(const lua_engine *e)
{
    uint64_t alive = 0;
    for (const lua_clock *c = e->clocks; c; c = c->next) {
        alive += c->alive;
    }
    return alive;
}

int
clocks_are_endless(const lua_engine *e)
{
    uint64_t endless = 0;
    for (const lua_clock *c = e->clocks; c; c = c->next) {
        endless += c->endless;
    }
    return endless > 0 && endless == clocks_alive(e);
}

/* ------------------------------------------------------------- begins -- */

/* The frame up to which a clock's tasks run when frame is rendered next. */
static uint64_t
ahead_of(const lua_clock *c, uint64_t frame)
{
    const double ahead = c->engine->pumped ? 0 : c->latency * c->engine->rate;
    return frame + (uint64_t)ahead;
}

static void
begin(lua_engine *e, uint64_t frame)
{
    for (lua_clock *c = e->clocks; c; c = c->next) {
        if (!c->has_begun && c->alive > 0) {
            c->has_begun = 1;
            c->origin =
                e->pumped ? tabor_engine_frame(e->engine) : ahead_of(c, frame);
        }
    }
}

/* -------------------------------------------------------------- stalls -- */

typedef struct stall {
    lua_clock *clock;
    double now; /* seconds, where it goes on */
    double now_beat;
    double first_beat; /* that was missed by a task that waits */
    double first;      /* second that was missed by one that sleeps */
} stall;

/* Where a task that was to wake in the past wakes instead. */
static double
moved_key(const stall *s, const lua_task *t)
{
    if (t->state == TASK_SLEEPS) {
        return t->key + (s->now - s->first);
    }
    if (t->state == TASK_SYNCS) {
        return clock_line_after(s->now_beat, t->grid, t->offset);
    }
    return t->key + ceil(s->now_beat - s->first_beat);
}

/* Move the task that is first in an agenda behind now; all keys grow. */
static void
move_first(agenda *a, const stall *s)
{
    lua_task *t = agenda_first(a);
    agenda_remove(a, t);
    t->key = moved_key(s, t);
    agenda_add(a, t); /* where there was room just now */
}

/* The first beat that a task waits for without a grid. */
static double
first_wait(const agenda *beats)
{
    double first = INFINITY;
    for (size_t i = 0; i < beats->count; i++) {
        if (beats->tasks[i]->state == TASK_WAITS) {
            first = fmin(first, beats->tasks[i]->key);
        }
    }
    return first;
}

/* Nobody ran for longer than anyone can catch up without a burst: those who
 * are late go on behind now, in step with each other and with the beat. */
static void
slip(lua_clock *c, uint64_t frame, double late)
{
    stall s = {c, clock_second(c, ahead_of(c, frame)), 0, 0, 0};
    const double passed = clock_second(c, frame);
    const lua_task *sleeper = agenda_first(&c->seconds);
    s.now_beat = tabor_tempo_beats(c->tempo, s.now);
    s.first_beat = first_wait(&c->beats);
    s.first = sleeper ? sleeper->key : 0;
    while (agenda_first(&c->beats) &&
           tabor_tempo_seconds(c->tempo, agenda_first(&c->beats)->key) <
               passed) {
        move_first(&c->beats, &s);
    }
    while (agenda_first(&c->seconds) &&
           agenda_first(&c->seconds)->key < passed) {
        move_first(&c->seconds, &s);
    }
    c->slips++;
    c->slipped += late;
}

static void
look_for_stall(lua_clock *c, uint64_t frame)
{
    double second;
    if (!c->has_begun || !clock_next(c, &second)) {
        return;
    }
    const double late = clock_second(c, frame) - second;
    if (late > c->slip) {
        slip(c, frame, late);
    }
}

/* ------------------------------------------------------------- watches -- */

/* Wake who has what it watches for, and who has watched for long enough. */
static void
look_at_watched(lua_State *L, lua_clock *c)
{
    if (c->watching.count == 0) {
        return;
    }
    const double front = clock_front(c);
    for (size_t i = c->watching.count; i-- > 0;) {
        lua_task *t = c->watching.tasks[i];
        if (task_sees(t) || t->key <= front) {
            agenda_remove(&c->watching, t);
            task_wait_until(L, t, TASK_SLEEPS, fmax(front, t->second));
        }
    }
}

/* ----------------------------------------------------------------- run -- */

/* The task that is due first among all clocks, or NULL; engines agree on the
 * frame only. */
static lua_task *
first_due(const lua_engine *e, uint64_t frame, uint64_t *when)
{
    lua_task *first = NULL;
    for (const lua_clock *c = e->clocks; c; c = c->next) {
        double second;
        lua_task *t = c->has_begun ? clock_next(c, &second) : NULL;
        const uint64_t f = t ? clock_frame(c, second) : UINT64_MAX;
        if (t && f <= ahead_of(c, frame) && (!first || f < *when)) {
            first = t;
            *when = f;
        }
    }
    return first;
}

/* Run all that is due when frame is rendered next; tasks may close all. */
static void
run_due(lua_State *L, lua_engine *e, uint64_t frame)
{
    uint64_t when;
    for (lua_task *t = first_due(e, frame, &when); t && e->client;
         t = first_due(e, frame, &when)) {
        task_wake(t);
        t->clock->last = t->second;
        task_run(L, t);
    }
}

/* Seconds until the next task is due. */
static double
time_left(const lua_engine *e)
{
    double least = INFINITY;
    const uint64_t frame = tabor_engine_frame(e->engine);
    for (lua_clock *c = e->clocks; c; c = c->next) {
        double second;
        if (c->has_begun && clock_next(c, &second)) {
            const double ahead = clock_second(c, ahead_of(c, frame));
            least = fmin(least, fmax(second - ahead, 0));
        }
    }
    return least;
}

/* Arguments: the engine, the frame up to which, or from which, it goes. */
static int
run_protected(lua_State *L)
{
    lua_engine *e = engine_check(L, 1);
    const uint64_t frame = (uint64_t)lua_tointeger(L, 2);
    e->turn++;
    begin(e, frame);
    for (lua_clock *c = e->clocks; c; c = c->next) {
        if (!e->pumped) {
            look_for_stall(c, frame);
        }
        look_at_watched(L, c);
    }
    run_due(L, e, frame);
    e->turn++;
    return 0;
}

static void
run_up_to(lua_State *L, int index, uint64_t frame)
{
    lua_engine *e = engine_check(L, index);
    lua_pushcfunction(L, run_protected);
    lua_pushvalue(L, index);
    lua_pushinteger(L, (lua_Integer)frame);
    e->is_driven = 1;
    const int status = lua_pcall(L, 2, 0, 0);
    e->is_driven = 0;
    if (status != LUA_OK) {
        lua_error(L);
    }
}

static int
has_work(const lua_engine *e)
{
    return e->clocks && e->client && !e->is_driven && !e->task;
}

double
clocks_run(lua_State *L, int index)
{
    const lua_engine *e = engine_check(L, index);
    if (!has_work(e) || e->pumped) {
        return INFINITY;
    }
    events_pull(L, index);
    run_up_to(L, index, tabor_engine_frame(e->engine));
    return e->client ? time_left(e) : INFINITY;
}

void
clocks_run_to(lua_State *L, int index, uint64_t frame)
{
    events_pull(L, index);
    events_tell(L, index);
    if (has_work(engine_check(L, index))) {
        run_up_to(L, index, frame);
    }
}

/* -------------------------------------------------------------- render -- */

tabor_status
clocks_render(lua_State *L, int index, uint64_t frames, float *out)
{
    const lua_engine *e = engine_check(L, index);
    tabor_status st = TABOR_OK;
    if (!has_work(e)) {
        return tabor_engine_render(e->engine, frames, out);
    }
    while (frames > 0 && st == TABOR_OK && e->client) {
        const uint64_t first = tabor_engine_frame(e->engine);
        const uint64_t left = STEP_FRAMES - first % STEP_FRAMES;
        const uint64_t n = left < frames ? left : frames;
        events_pull(L, index);
        run_up_to(L, index, first + n - 1);
        if (e->client) {
            st = tabor_engine_render(e->engine, n, out);
            out += n * e->channels;
            frames -= n;
        }
    }
    return st;
}

/* --------------------------------------------------------------- waits -- */

/* Of a pumped engine the library waits for nothing: that another thread may
 * render meanwhile costs a look now and then, not a whole core. */
static void
wait_slice(const lua_engine *e, double seconds)
{
    const tabor_status st =
        tabor_client_wait(e->client, (uint64_t)(seconds * 1e9));
    if (st == TABOR_ERR_TIMEOUT && e->pumped) {
        nanosleep(&(struct timespec){.tv_nsec = (long)(seconds * 1e9)}, NULL);
    }
}

void
clocks_idle(lua_State *L, int index, double seconds)
{
    const lua_engine *e = engine_check(L, index);
    const double next = clocks_run(L, index);
    const double slice = fmin(fmin(next, seconds), LOOK_SECONDS);
    if (e->client && slice > 0) {
        wait_slice(e, slice);
    }
    events_tell(L, index);
    events_let_hooks_run(L);
}

static int
is_over(const lua_task *task, const lua_clock *clock)
{
    return (!task || task->state == TASK_OVER) && (!clock || !clock->alive);
}

void
clocks_wait(lua_State *L, int index, const lua_task *task,
            const lua_clock *clock, double seconds)
{
    const lua_engine *e = engine_check(L, index);
    const double end = events_clock() + seconds;
    if (e->pumped && !is_over(task, clock)) {
        luaL_error(L, "join: only render() moves the time of this engine");
    }
    while (e->client && !is_over(task, clock) && events_clock() < end) {
        clocks_idle(L, index, end - events_clock());
    }
}

void
clocks_close(lua_State *L, int index)
{
    lua_engine *e = engine_check(L, index);
    for (lua_clock *c = e->clocks; c; c = c->next) {
        clock_end_tasks(L, c);
    }
}
