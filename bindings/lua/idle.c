/* SPDX-License-Identifier: MIT
 *
 * What the prompt does while nobody types.
 */
#define _GNU_SOURCE /* ppoll() */
#include "clock.h"
#include "console.h"

#include <math.h>
#include <poll.h>
#include <string.h>
#include <time.h>

#define MOST_ENGINES   16
#define LOOK_SECONDS   0.25 /* at engines whose descriptors tell nothing */
#define REPORT_SECONDS 1.0

/* ------------------------------------------------------------ reports -- */

static const char *
text_of(lua_State *L, const char *key)
{
    lua_getfield(L, 1, key);
    return luaL_tolstring(L, -1, NULL);
}

/* What may come by the hundred is told once a second. */
static struct {
    lua_Integer late, worst, xruns;
    double next; /* when it may be told again */
} gathered;

static lua_Integer
whole_of(lua_State *L, const char *key)
{
    lua_getfield(L, 1, key);
    return lua_tointeger(L, -1);
}

/* A handler: what is no good news, or is after it. */
static int
report(lua_State *L)
{
    const char *type = text_of(L, "type");
    if (strcmp(type, "late") == 0) {
        const lua_Integer worst = whole_of(L, "worst");
        gathered.late += whole_of(L, "count");
        gathered.worst = worst > gathered.worst ? worst : gathered.worst;
    } else if (strcmp(type, "xrun") == 0) {
        gathered.xruns += whole_of(L, "count");
    } else {
        fprintf(screen_err(), "tabor: the device \"%s\" is %s\n",
                text_of(L, "device"),
                strcmp(type, "device_lost") == 0
                    ? "lost; time goes on, and it is tried again"
                    : "back");
    }
    return 0;
}

/* Tell what was gathered; returns the seconds until there may be more to. */
static double
tell_gathered(void)
{
    const double now = events_clock();
    if (gathered.late + gathered.xruns == 0) {
        return INFINITY;
    }
    if (now < gathered.next) {
        return gathered.next - now;
    }
    if (gathered.late) {
        fprintf(screen_err(), "tabor: %lld came late, up to %lld frames\n",
                (long long)gathered.late, (long long)gathered.worst);
    }
    if (gathered.xruns) {
        fprintf(screen_err(),
                "tabor: %lld xruns: the device was not served in time\n",
                (long long)gathered.xruns);
    }
    gathered.late = gathered.worst = gathered.xruns = 0;
    gathered.next = now + REPORT_SECONDS;
    return REPORT_SECONDS;
}

void
idle_report(lua_State *L)
{
    static const char *const types[] = {"late", "xrun", "device_lost",
                                        "device_back", NULL};
    for (const char *const *type = types; *type; type++) {
        lua_pushcfunction(L, engine_on);
        globals_push_engine(L);
        lua_pushstring(L, *type);
        lua_pushcfunction(L, report);
        lua_call(L, 3, 0);
    }
}

/* ------------------------------------------------------------ engines -- */

/* Call visit for each engine that is open and runs; it may close any. */
static void
for_each_engine(lua_State *L, void (*visit)(lua_State *, int, void *),
                void *given)
{
    lua_Integer count = 0;
    lua_newtable(L);
    const int list = lua_gettop(L);
    engine_push_open(L);
    lua_pushnil(L);
    while (lua_next(L, -2)) {
        lua_pop(L, 1);
        lua_pushvalue(L, -1);
        lua_rawseti(L, list, ++count);
    }
    for (lua_Integer i = 1; i <= count; i++) {
        lua_settop(L, list);
        lua_rawgeti(L, list, i);
        const lua_engine *e = engine_check(L, list + 1);
        if (e->client && !e->pumped) {
            visit(L, list + 1, given);
        }
    }
    lua_settop(L, list - 1);
}

/* Run the tasks that are due, tell the handlers. least: out, seconds until it
 * is to be done again. */
static void
serve(lua_State *L, int index, void *least)
{
    double *seconds = least;
    *seconds = fmin(*seconds, clocks_run(L, index));
    events_pull(L, index);
    events_tell(L, index);
}

/* Argument: where to put the seconds until it is to be done again. */
static int
serve_all(lua_State *L)
{
    double *seconds = lua_touserdata(L, 1);
    for_each_engine(L, serve, seconds);
    return 0;
}

typedef struct descriptors {
    struct pollfd list[1 + MOST_ENGINES];
    nfds_t count;
} descriptors;

static void
add_engine(lua_State *L, int index, void *given)
{
    descriptors *d = given;
    const int fd = tabor_client_fd(engine_check(L, index)->client);
    if (fd >= 0 && d->count < 1 + MOST_ENGINES) {
        d->list[d->count++] = (struct pollfd){.fd = fd, .events = POLLIN};
    }
}

/* --------------------------------------------------------------- wait -- */

/* Do what is due; returns the seconds until something is again. */
static double
do_due(lua_State *L)
{
    double seconds = LOOK_SECONDS;
    if (interrupt_is_due()) {
        return 0;
    }
    lua_pushcfunction(L, serve_all);
    lua_pushlightuserdata(L, &seconds);
    chunk_call(L, 1);
    seconds = fmin(seconds, tell_gathered());
    seconds = fmin(seconds, watch_step(L));
    return fmin(seconds, status_step(L));
}

static void
wait_for(descriptors *d, double seconds)
{
    const double whole = floor(fmax(seconds, 0));
    const struct timespec time = {.tv_sec = (time_t)whole,
                                  .tv_nsec =
                                      (long)((fmax(seconds, 0) - whole) * 1e9)};
    sigset_t before;
    editor_block_signals(&before);
    if (editor_has_signal() || ppoll(d->list, d->count, &time, &before) < 0) {
        d->list[0].revents = 0;
    }
    sigprocmask(SIG_SETMASK, &before, NULL);
}

int
idle_wait(lua_State *L, int fd)
{
    descriptors d = {.list = {{.fd = fd, .events = POLLIN}}, .count = 1};
    luaL_checkstack(L, LUA_MINSTACK, "waiting");
    const double seconds = do_due(L);
    for_each_engine(L, add_engine, &d);
    screen_show();
    wait_for(&d, seconds);
    return d.list[0].revents != 0;
}
