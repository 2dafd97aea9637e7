/* SPDX-License-Identifier: MIT
 *
 * What an engine is told or asked to do.
 */
#include "clock.h"

#include <math.h>
#include <string.h>

#define WAIT_SLICE_NS 20000000

/* ------------------------------------------------------------ sending -- */

/* After TABOR_ERR_FULL: wait a little; returns 1 if it is worth trying again.
 */
static int
make_room(lua_State *L, int index)
{
    lua_engine *e = engine_check(L, index);
    const tabor_full full = tabor_full_info();
    const int only_held =
        strcmp(full.which, "plays") == 0 && e->playing <= e->held;
    if (e->on_full != FULL_WAIT || e->pumped || only_held ||
        strcmp(full.which, "samples") == 0 ||
        strcmp(full.which, "batch") == 0) {
        return 0; /* waiting would not help */
    }
    events_let_hooks_run(L);
    if (!e->client) {
        return 1; /* a hook closed it: engine_send() says so */
    }
    if (strcmp(full.which, "queue") == 0) {
        tabor_client_wait_space(e->client, full.needed, WAIT_SLICE_NS);
    } else {
        tabor_client_wait(e->client, WAIT_SLICE_NS);
    }
    events_pull(L, index);
    return 1;
}

tabor_status
engine_send_again(lua_State *L, int index, engine_command command, void *given,
                  tabor_status status)
{
    lua_engine *e = engine_check(L, index);
    while (status == TABOR_ERR_FULL && make_room(L, index)) {
        status = e->client ? command(e->client, given) : TABOR_ERR_CLOSED;
    }
    if (status == TABOR_ERR_FULL && e->batch) {
        batch_note_refused(L, index);
    }
    if (status == TABOR_ERR_FULL && e->task) {
        tardy_note_refused(L, e);
    }
    return status;
}

tabor_status
engine_send(lua_State *L, int index, engine_command command, void *given)
{
    lua_engine *e = engine_check(L, index);
    const tabor_status st =
        e->client ? command(e->client, given) : TABOR_ERR_CLOSED;
    return engine_send_again(L, index, command, given, st);
}

int
engine_return_sent(lua_State *L, const lua_engine *e, tabor_status status)
{
    const int dropped = status == TABOR_ERR_FULL && e->on_full == FULL_DROP;
    if (!e->client) {
        return engine_return_closed(L);
    }
    if (status != TABOR_OK && status != TABOR_ERR_STALE && !dropped) {
        return errors_return(L, status);
    }
    lua_pushboolean(L, status == TABOR_OK);
    return 1;
}

/* --------------------------------------------------------------- time -- */

uint64_t
engine_frames(lua_State *L, const lua_engine *e, const char *what,
              const char *name, double seconds)
{
    uint64_t frames = 0;
    if (tabor_seconds_to_frames(seconds, e->rate, &frames) != TABOR_OK) {
        luaL_error(L, "%s: %s can't be %f seconds", what, name, seconds);
    }
    return frames;
}

uint32_t
engine_ramp(lua_State *L, const lua_engine *e, const char *what,
            const char *name, double seconds)
{
    const uint64_t frames = engine_frames(L, e, what, name, seconds);
    if (frames >= TABOR_FADE_AUTO) { /* which has a meaning of its own */
        luaL_error(L, "%s: %s of %f seconds is too long", what, name, seconds);
    }
    return (uint32_t)frames;
}

/* The frame that an option called name (seconds) or its twin name_frame mean.
 */
static uint64_t
time_named(lua_State *L, const lua_engine *e, const char *what,
           const char *name, double seconds, uint64_t frame)
{
    if (isnan(seconds)) {
        return frame;
    }
    if (frame != UINT64_MAX) {
        luaL_error(L, "%s: %s and %s_frame are both given; use one", what, name,
                   name);
    }
    return engine_frames(L, e, what, name, seconds);
}

uint64_t
engine_at(lua_State *L, const lua_engine *e, const char *what, double at,
          uint64_t at_frame)
{
    return e->task && isnan(at) && at_frame == TABOR_ASAP
               ? tardy_stamp(L, e)
               : time_named(L, e, what, "at", at, at_frame);
}

int
engine_frame(lua_State *L)
{
    const lua_engine *e = engine_check(L, 1);
    if (!e->engine) {
        return engine_return_closed(L);
    }
    lua_pushinteger(L, (lua_Integer)tabor_engine_frame(e->engine));
    return 1;
}

int
engine_now(lua_State *L)
{
    const lua_engine *e = engine_check(L, 1);
    if (!e->engine) {
        return engine_return_closed(L);
    }
    lua_pushnumber(L, (lua_Number)tabor_engine_frame(e->engine) / e->rate);
    return 1;
}

/* ----------------------------------------------------------- commands -- */

static tabor_status
send_stop(tabor_client *client, void *fade_frames)
{
    return tabor_stop(client, *(uint32_t *)fade_frames);
}

typedef struct fade_option {
    double fade;
} fade_option;

static const option fade_known[] = {
    {"fade", OPTION_NUMBER, offsetof(fade_option, fade), NULL},
    {NULL, 0, 0, NULL}};

int
engine_stop(lua_State *L)
{
    const lua_engine *e = engine_check(L, 1);
    fade_option o = {RAMP_SECONDS};
    options_read_short(L, 2, "stop", fade_known, &o);
    uint32_t fade_frames = engine_ramp(L, e, "stop", "fade", o.fade);
    const tabor_status st = engine_send(L, 1, send_stop, &fade_frames);
    return engine_return_sent(L, e, st);
}

typedef struct cancel_options {
    double after, before;
    uint64_t after_frame, before_frame;
    uint32_t tag;
} cancel_options;

#define FIELD(name) offsetof(cancel_options, name)
static const option cancel_known[] = {
    {"tag", OPTION_COUNT, FIELD(tag), NULL},
    {"after", OPTION_NUMBER, FIELD(after), NULL},
    {"before", OPTION_NUMBER, FIELD(before), NULL},
    {"after_frame", OPTION_FRAME, FIELD(after_frame), NULL},
    {"before_frame", OPTION_FRAME, FIELD(before_frame), NULL},
    {NULL, 0, 0, NULL}};
#undef FIELD

typedef struct cancel_command {
    uint32_t tag;
    uint64_t start, end;
} cancel_command;

static tabor_status
send_cancel(tabor_client *client, void *given)
{
    const cancel_command *c = given;
    return tabor_cancel(client, c->tag, c->start, c->end);
}

int
engine_cancel(lua_State *L)
{
    const lua_engine *e = engine_check(L, 1);
    cancel_options o = {NAN, NAN, UINT64_MAX, UINT64_MAX, 0};
    options_read_short(L, 2, "cancel", cancel_known, &o);
    cancel_command c = {o.tag, 0, TABOR_NO_FRAME};
    if (!isnan(o.after) || o.after_frame != UINT64_MAX) {
        c.start = time_named(L, e, "cancel", "after", o.after, o.after_frame);
    }
    c.end = time_named(L, e, "cancel", "before", o.before, o.before_frame);
    return engine_return_sent(L, e, engine_send(L, 1, send_cancel, &c));
}

typedef struct gain_command {
    double gain;
    uint32_t ramp_frames;
} gain_command;

static tabor_status
send_gain(tabor_client *client, void *given)
{
    const gain_command *g = given;
    return tabor_set_gain(client, g->gain, g->ramp_frames);
}

int
engine_gain(lua_State *L)
{
    const lua_engine *e = engine_check(L, 1);
    if (!e->client) {
        return engine_return_closed(L);
    }
    if (lua_isnoneornil(L, 2)) {
        lua_pushnumber(L, tabor_engine_gain(e->engine));
        return 1;
    }
    gain_command g = {luaL_checknumber(L, 2), 0};
    g.ramp_frames =
        engine_ramp(L, e, "gain", "ramp", luaL_optnumber(L, 3, RAMP_SECONDS));
    return engine_return_sent(L, e, engine_send(L, 1, send_gain, &g));
}

int
engine_panic(lua_State *L)
{
    const lua_engine *e = engine_check(L, 1);
    if (e->engine) {
        tabor_engine_panic(e->engine);
    }
    lua_pushboolean(L, 1);
    return 1;
}

/* In slices, so that a hook can interrupt a ping that nobody answers. */
static tabor_status
wait_for_pong(lua_State *L, const lua_engine *e, uint64_t cookie,
              uint64_t timeout_ns, uint64_t *round_trip_ns)
{
    tabor_status st = TABOR_ERR_TIMEOUT;
    while (st == TABOR_ERR_TIMEOUT && e->client) {
        const uint64_t slice =
            timeout_ns < WAIT_SLICE_NS ? timeout_ns : WAIT_SLICE_NS;
        st = tabor_ping_wait(e->client, cookie, slice, round_trip_ns);
        timeout_ns -= slice;
        if (timeout_ns == 0) {
            break;
        }
        events_let_hooks_run(L);
    }
    return st;
}

int
engine_ping(lua_State *L)
{
    const lua_engine *e = engine_check(L, 1);
    const double timeout = luaL_optnumber(L, 2, 1.0);
    luaL_argcheck(L, timeout >= 0 && timeout <= 3600, 2,
                  "a ping waits for 0 to 3600 seconds");
    if (!e->client) {
        return engine_return_closed(L);
    }
    uint64_t cookie, ns = 0;
    tabor_status st = tabor_ping_send(e->client, &cookie);
    if (st == TABOR_OK) {
        st = wait_for_pong(L, e, cookie, (uint64_t)(timeout * 1e9), &ns);
    }
    if (st != TABOR_OK) {
        return e->client ? errors_return(L, st) : engine_return_closed(L);
    }
    lua_pushnumber(L, (lua_Number)ns / 1e9);
    return 1;
}

/* ------------------------------------------------------------- render -- */

typedef struct render_options {
    double seconds;
    uint64_t frames;
} render_options;

static const option render_known[] = {
    {"seconds", OPTION_NUMBER, offsetof(render_options, seconds), NULL},
    {"frames", OPTION_FRAME, offsetof(render_options, frames), NULL},
    {NULL, 0, 0, NULL}};

static uint64_t
render_length(lua_State *L, const lua_engine *e)
{
    render_options o = {NAN, UINT64_MAX};
    options_read_short(L, 2, "render", render_known, &o);
    if (isnan(o.seconds) == (o.frames == UINT64_MAX)) {
        luaL_error(L, "render: say how long, in seconds or in frames: "
                      "render(2) or render{frames = 96000}");
    }
    return isnan(o.seconds)
               ? o.frames
               : engine_frames(L, e, "render", "seconds", o.seconds);
}

/* A second at a time, so that a hook can interrupt it. */
static tabor_status
render_into(lua_State *L, const lua_engine *e, const tabor_audio *audio)
{
    tabor_status st = TABOR_OK;
    uint64_t done = 0;
    while (done < audio->frames && st == TABOR_OK && e->engine) {
        const uint64_t left = audio->frames - done;
        const uint64_t n = left < e->rate ? left : e->rate;
        st = clocks_render(L, 1, n, audio->values + done * audio->channels);
        done += n;
        events_let_hooks_run(L);
    }
    return st;
}

int
engine_render(lua_State *L)
{
    const lua_engine *e = engine_check(L, 1);
    if (!e->client) {
        return engine_return_closed(L);
    }
    if (!e->pumped) {
        return luaL_error(L, "render: this engine runs by itself; open one "
                             "with driver = \"offline\"");
    }
    if (e->task) {
        return luaL_error(L, "render: a task can't render: it waits, and who "
                             "renders lets it go on");
    }
    const uint64_t frames = render_length(L, e);
    tabor_audio **audio = audio_push(L);
    tabor_status st = tabor_audio_new(frames, e->channels, e->rate, audio);
    if (st == TABOR_OK) {
        st = render_into(L, e, *audio);
    }
    if (!e->client) {
        return engine_return_closed(L);
    }
    return st == TABOR_OK ? 1 : errors_return(L, st);
}

/* -------------------------------------------------------------- stats -- */

static void
set_number(lua_State *L, const char *name, double n)
{
    lua_pushnumber(L, n);
    lua_setfield(L, -2, name);
}

int
engine_stats(lua_State *L)
{
    const lua_engine *e = engine_check(L, 1);
    if (!e->client) {
        return engine_return_closed(L);
    }
    tabor_stats s;
    tabor_get_stats(e->client, &s);
    lua_createtable(L, 0, 19);
    object_set_whole(L, "frame", s.frame);
    object_set_whole(L, "voices", s.voices);
    object_set_whole(L, "queue_size", s.queue_size);
    object_set_whole(L, "queue_high", s.queue_high);
    object_set_whole(L, "refused", s.refused);
    object_set_whole(L, "stale", s.stale);
    object_set_whole(L, "late", s.late);
    object_set_whole(L, "late_max", s.late_max);
    object_set_whole(L, "stolen", s.stolen);
    object_set_whole(L, "unread_lost", s.unread_lost + e->events.lost);
    object_set_whole(L, "xruns", s.xruns);
    object_set_whole(L, "unsound", s.unsound);
    object_set_whole(L, "blocks", s.blocks);
    set_number(L, "load_mean", s.load_mean);
    set_number(L, "load_max", s.load_max);
    set_number(L, "latency", s.latency);
    object_set_whole(L, "hung", s.hung);
    lua_pushboolean(L, s.realtime);
    lua_setfield(L, -2, "realtime");
    return 1;
}

/* ------------------------------------------------------------- meters -- */

int
engine_meters(lua_State *L)
{
    const lua_engine *e = engine_check(L, 1);
    if (!e->client) {
        return engine_return_closed(L);
    }
    tabor_meter meters[TABOR_MAX_CHANNELS];
    tabor_engine_meters(e->engine, meters, e->channels);
    lua_createtable(L, (int)e->channels, 0);
    for (uint32_t c = 0; c < e->channels; c++) {
        lua_createtable(L, 0, 3);
        set_number(L, "peak", meters[c].peak);
        set_number(L, "rms", meters[c].rms);
        object_set_whole(L, "clipped", meters[c].clipped);
        lua_rawseti(L, -2, (lua_Integer)c + 1);
    }
    return 1;
}
