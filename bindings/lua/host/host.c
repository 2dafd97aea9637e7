/* SPDX-License-Identifier: MIT */
#include "host.h"

#include "../clock.h"
#include "mail.h"
#include "running.h"

#include <lualib.h>

#include <errno.h>
#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define MOST_REPORTS  100
#define MOST_MESSAGES 10000
#define LOOK_SECONDS  0.02
#define FREE_NS       1000000000u

extern const char host_prelude[];
extern const size_t host_prelude_length;

struct tabor_lua {
    pthread_t thread;
    pthread_mutex_t mutex;
    pthread_cond_t changed;
    uint32_t engine;
    char *code, *name; /* owned */
    size_t length;
    size_t memory, limit; /* bytes; limit 0 = none; the thread's own */
    int has_failed;       /* the thread's own */
    int quit;             /* set once, read without the mutex too */
    /* under the mutex */
    tabor_lua_state state;
    uint64_t wanted, done; /* frames, of an engine that somebody renders */
    mail reports, inbox, outbox;
};

static _Thread_local tabor_lua *here;

static int
is_over(const tabor_lua *h)
{
    return h->state >= TABOR_LUA_ENDED;
}

static void
set_state(tabor_lua *h, tabor_lua_state state)
{
    pthread_mutex_lock(&h->mutex);
    h->state = state;
    pthread_cond_broadcast(&h->changed);
    pthread_mutex_unlock(&h->mutex);
}

/* ------------------------------------------------------------ reports -- */

/* On stderr too: who never pulls is told all the same. */
static void
print_report(const char *text)
{
    pthread_mutex_lock(&here->mutex);
    here->has_failed = 1;
    mail_put(&here->reports, text, strlen(text) + 1, MOST_REPORTS);
    pthread_mutex_unlock(&here->mutex);
    fprintf(stderr, "tabor: %s\n", text);
}

static int
add_traceback(lua_State *L)
{
    const char *text = luaL_tolstring(L, 1, NULL);
    luaL_traceback(L, L, text, 1);
    return 1;
}

/* ------------------------------------------------------------- memory -- */

static void *
allocate(void *host, void *block, size_t old, size_t wanted)
{
    tabor_lua *h = host;
    const size_t before = block ? old : 0;
    if (wanted > before && h->limit && h->memory + wanted - before > h->limit) {
        return NULL;
    }
    void *more = wanted ? realloc(block, wanted) : NULL;
    if (wanted == 0) {
        free(block);
    }
    if (more || wanted == 0) {
        h->memory += wanted - before;
    }
    return more;
}

/* ----------------------------------------------------------- messages -- */

/* take() -> the next message's bytes, or nil */
static int
take(lua_State *L)
{
    pthread_mutex_lock(&here->mutex);
    mail_item *item = mail_take(&here->inbox);
    pthread_mutex_unlock(&here->mutex);
    if (!item) {
        return 0;
    }
    void **box = object_box(L, free);
    *box = item;
    lua_pushlstring(L, item->bytes, item->length);
    return 1;
}

/* give(bytes) */
static int
give(lua_State *L)
{
    size_t length;
    const char *bytes = luaL_checklstring(L, 1, &length);
    pthread_mutex_lock(&here->mutex);
    const int taken = mail_put(&here->outbox, bytes, length, MOST_MESSAGES);
    pthread_cond_broadcast(&here->changed);
    pthread_mutex_unlock(&here->mutex);
    if (!taken) {
        return luaL_error(L, "send: %d messages wait to be received already",
                          MOST_MESSAGES);
    }
    return 0;
}

/* -------------------------------------------------------------- script -- */

/* Leaves the engine at index 1. */
static void
set_up(lua_State *L)
{
    luaL_openlibs(L);
    luaL_requiref(L, "tabor", luaopen_tabor, 1);
    lua_settop(L, 0);
    running_begin(L);
    lua_pushcfunction(L, engine_attach);
    lua_pushinteger(L, here->engine);
    lua_call(L, 1, 2);
    if (lua_isnil(L, 1)) {
        luaL_error(L, "%s", lua_tostring(L, 2));
    }
    lua_settop(L, 1);
    if (luaL_loadbufferx(L, host_prelude, host_prelude_length, "=prelude",
                         "t") != LUA_OK) {
        lua_error(L);
    }
    lua_pushvalue(L, 1);
    lua_pushcfunction(L, take);
    lua_pushcfunction(L, give);
    lua_call(L, 3, 0);
}

/* Arguments: the engine. */
static int
run_code(lua_State *L)
{
    if (luaL_loadbufferx(L, here->code, here->length, here->name, "t") !=
        LUA_OK) {
        return lua_error(L);
    }
    lua_call(L, 0, 0);
    return 0;
}

static void
run_main_part(lua_State *L)
{
    lua_pushcfunction(L, add_traceback);
    lua_pushcfunction(L, run_code);
    if (lua_pcall(L, 0, 0, 2) != LUA_OK) {
        if (running_is_stopped()) {
            lua_error(L);
        }
        print_report(lua_tostring(L, -1));
    }
    lua_settop(L, 1);
}

/* Does anything of it still go on? */
static int
is_alive(const lua_engine *e)
{
    return e->client && (clocks_alive(e) > 0 || e->playing > 0);
}

/* Wait until somebody wants to render more; returns up to which frame. */
static uint64_t
wait_for_step(tabor_lua *h)
{
    pthread_mutex_lock(&h->mutex);
    while (h->wanted == h->done && !h->quit) {
        pthread_cond_wait(&h->changed, &h->mutex);
    }
    const uint64_t frame = h->wanted;
    pthread_mutex_unlock(&h->mutex);
    return frame;
}

static void
note_step(tabor_lua *h, uint64_t frame)
{
    pthread_mutex_lock(&h->mutex);
    h->done = frame;
    pthread_cond_broadcast(&h->changed);
    pthread_mutex_unlock(&h->mutex);
}

static void
play_on(lua_State *L)
{
    const lua_engine *e = engine_check(L, 1);
    do {
        if (e->pumped) {
            const uint64_t frame = wait_for_step(here);
            if (running_is_stopped()) {
                luaL_error(L, "stopped");
            }
            clocks_run_to(L, 1, frame);
            note_step(here, frame);
        } else {
            clocks_idle(L, 1, LOOK_SECONDS);
        }
        events_let_hooks_run(L);
    } while (is_alive(e));
}

static int
protected_main(lua_State *L)
{
    set_up(L);
    run_main_part(L);
    set_state(here, TABOR_LUA_PLAYS);
    play_on(L);
    return 0;
}

static tabor_lua_state
run_state(tabor_lua *h)
{
    lua_State *L = lua_newstate(allocate, h);
    if (!L) {
        print_report("not enough memory for a Lua state");
        return TABOR_LUA_FAILED;
    }
    running_watch(&h->quit);
    lua_pushcfunction(L, add_traceback);
    lua_pushcfunction(L, protected_main);
    const int status = lua_pcall(L, 0, 0, 1);
    if (status != LUA_OK && !running_is_stopped()) {
        const char *text = lua_tostring(L, -1);
        print_report(text ? text : "not enough memory");
    }
    running_end();
    lua_close(L);
    return h->quit         ? TABOR_LUA_STOPPED
           : h->has_failed ? TABOR_LUA_FAILED
                           : TABOR_LUA_ENDED;
}

static void *
run_thread(void *self)
{
    here = self;
    set_state(self, run_state(self));
    return NULL;
}

/* ---------------------------------------------------------------- life -- */

static void
release(tabor_lua *h)
{
    mail_free(&h->reports);
    mail_free(&h->inbox);
    mail_free(&h->outbox);
    pthread_cond_destroy(&h->changed);
    pthread_mutex_destroy(&h->mutex);
    free(h->code);
    free(h->name);
    free(h);
}

static void
init_condition(pthread_cond_t *c)
{
    pthread_condattr_t monotonic;
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(c, &monotonic);
    pthread_condattr_destroy(&monotonic);
}

static tabor_lua *
make(uint32_t engine, const char *code, size_t length, const char *name)
{
    tabor_lua *h = calloc(1, sizeof *h);
    if (!h) {
        return NULL;
    }
    h->engine = engine;
    h->length = length;
    h->done = h->wanted = UINT64_MAX;
    mail_init(&h->reports);
    mail_init(&h->inbox);
    mail_init(&h->outbox);
    pthread_mutex_init(&h->mutex, NULL);
    init_condition(&h->changed);
    h->code = malloc(length ? length : 1);
    h->name = malloc(strlen(name) + 1);
    if (!h->code || !h->name) {
        release(h);
        return NULL;
    }
    memcpy(h->code, code, length);
    memcpy(h->name, name, strlen(name) + 1);
    return h;
}

tabor_lua *
tabor_lua_start(uint32_t engine, const char *code, size_t length,
                const char *name, uint32_t mem, char *why, size_t room)
{
    tabor_lua *h = make(engine, code, length, name);
    if (!h) {
        snprintf(why, room, "not enough memory for a Lua state");
        return NULL;
    }
    h->limit = (size_t)mem << 20;
    task_hosted_by =
        (task_host){running_resume, running_is_stopped, print_report};
    const int error = pthread_create(&h->thread, NULL, run_thread, h);
    if (error) {
        snprintf(why, room, "no thread for a Lua state: %s", strerror(error));
        release(h);
        return NULL;
    }
    return h;
}

int
tabor_lua_get_state(tabor_lua *lua)
{
    pthread_mutex_lock(&lua->mutex);
    const int state = (int)lua->state;
    pthread_mutex_unlock(&lua->mutex);
    return state;
}

static struct timespec
deadline_in(uint64_t ns)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    const uint64_t end = (uint64_t)t.tv_nsec + ns % 1000000000;
    t.tv_sec += (time_t)(ns / 1000000000 + end / 1000000000);
    t.tv_nsec = (long)(end % 1000000000);
    return t;
}

int
tabor_lua_wait(tabor_lua *lua, uint64_t timeout_ns)
{
    const struct timespec end = deadline_in(timeout_ns);
    int error = 0;
    pthread_mutex_lock(&lua->mutex);
    while (!is_over(lua) && error != ETIMEDOUT) {
        error = pthread_cond_timedwait(&lua->changed, &lua->mutex, &end);
    }
    const int over = is_over(lua);
    pthread_mutex_unlock(&lua->mutex);
    return over;
}

int
tabor_lua_step(tabor_lua *lua, uint64_t frame, uint64_t timeout_ns)
{
    const struct timespec end = deadline_in(timeout_ns);
    int error = 0;
    pthread_mutex_lock(&lua->mutex);
    lua->wanted = frame;
    pthread_cond_broadcast(&lua->changed);
    while (lua->done != frame && !is_over(lua) && error != ETIMEDOUT) {
        error = pthread_cond_timedwait(&lua->changed, &lua->mutex, &end);
    }
    const int done = lua->done == frame || is_over(lua);
    pthread_mutex_unlock(&lua->mutex);
    return done;
}

void
tabor_lua_stop(tabor_lua *lua)
{
    pthread_mutex_lock(&lua->mutex);
    lua->quit = 1;
    pthread_cond_broadcast(&lua->changed);
    if (!is_over(lua)) {
        running_stop(lua->thread);
    }
    pthread_mutex_unlock(&lua->mutex);
}

void
tabor_lua_free(tabor_lua *lua)
{
    if (!lua) {
        return;
    }
    tabor_lua_stop(lua);
    if (tabor_lua_wait(lua, FREE_NS)) {
        pthread_join(lua->thread, NULL);
        release(lua);
    } else {
        pthread_detach(lua->thread);
    }
}

/* ---------------------------------------------------------------- mail -- */

size_t
tabor_lua_report(tabor_lua *lua, char *text, size_t room)
{
    pthread_mutex_lock(&lua->mutex);
    const size_t length = mail_copy(&lua->reports, text, room);
    pthread_mutex_unlock(&lua->mutex);
    return length;
}

size_t
tabor_lua_receive(tabor_lua *lua, char *bytes, size_t room)
{
    pthread_mutex_lock(&lua->mutex);
    const size_t length = mail_copy(&lua->outbox, bytes, room);
    pthread_mutex_unlock(&lua->mutex);
    return length;
}

int
tabor_lua_send(tabor_lua *lua, const char *bytes, size_t length)
{
    pthread_mutex_lock(&lua->mutex);
    const int taken = mail_put(&lua->inbox, bytes, length, MOST_MESSAGES);
    pthread_mutex_unlock(&lua->mutex);
    return taken;
}
