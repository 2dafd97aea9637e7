/* SPDX-License-Identifier: MIT */
#include "clock.h"

#include <math.h>
#include <string.h>

const object_kind voice_kind = {VOICE_CLASS};

lua_voice *
voice_check(lua_State *L, int index)
{
    return object_check(L, index, &voice_kind);
}

void
voice_end(lua_voice *v, const tabor_event *ended)
{
    v->has_ended = 1;
    v->never_sent = 0;
    v->is.end.frame = ended->frame;
    v->is.end.started = ended->value;
    v->late = ended->late;
    v->reason = (uint8_t)ended->reason;
}

void
voice_mark_dropped(lua_voice *v)
{
    voice_end(v, &(tabor_event){.frame = tabor_engine_frame(v->engine->engine),
                                .value = TABOR_NO_FRAME,
                                .reason = TABOR_CANCELLED});
}

void
voice_mark_never_sent(lua_voice *v)
{
    v->has_ended = 1;
    v->never_sent = 1;
    if (v->engine->on_full == FULL_DROP && v->engine->engine) {
        voice_mark_dropped(v);
    }
}

/* --------------------------------------------------------------- stop -- */

typedef struct stop_options {
    double fade, at;
    uint64_t at_frame;
} stop_options;

#define FIELD(name) offsetof(stop_options, name)
static const option stop_known[] = {
    {"fade", OPTION_NUMBER, FIELD(fade), NULL},
    {"at", OPTION_NUMBER, FIELD(at), NULL},
    {"at_frame", OPTION_FRAME, FIELD(at_frame), NULL},
    {NULL, 0, 0, NULL}};
#undef FIELD

voice_stop_times
voice_read_stop(lua_State *L, int index, const lua_engine *e)
{
    stop_options o = {RAMP_SECONDS, NAN, TABOR_ASAP};
    options_read_short(L, index, "stop", stop_known, &o);
    const uint32_t fade = engine_ramp(L, e, "stop", "fade", o.fade);
    return (voice_stop_times){fade, engine_at(L, e, "stop", o.at, o.at_frame)};
}

typedef struct stop_command {
    tabor_handle voice;
    voice_stop_times times;
} stop_command;

static tabor_status
send_stop(tabor_client *client, void *given)
{
    const stop_command *c = given;
    return tabor_voice_stop(client, c->voice, c->times.fade_frames,
                            c->times.at);
}

/* Send a command about the voice at index 1 and answer the script. */
static int
send_to_voice(lua_State *L, engine_command command, void *given)
{
    const lua_voice *v = voice_check(L, 1);
    lua_getiuservalue(L, 1, VOICE_ENGINE);
    const tabor_status st = v->has_ended || !v->handle
                                ? TABOR_ERR_STALE
                                : engine_send(L, lua_gettop(L), command, given);
    return engine_return_sent(L, v->engine, st);
}

static int
voice_stop(lua_State *L)
{
    const lua_voice *v = voice_check(L, 1);
    stop_command c = {v->handle, voice_read_stop(L, 2, v->engine)};
    return send_to_voice(L, send_stop, &c);
}

/* ------------------------------------------------------------ release -- */

typedef struct release_options {
    double at;
    uint64_t at_frame;
} release_options;

static const option release_known[] = {
    {"at", OPTION_NUMBER, offsetof(release_options, at), NULL},
    {"at_frame", OPTION_FRAME, offsetof(release_options, at_frame), NULL},
    {NULL, 0, 0, NULL}};

typedef struct release_command {
    tabor_handle voice;
    uint64_t at;
} release_command;

static tabor_status
send_release(tabor_client *client, void *given)
{
    const release_command *c = given;
    return tabor_voice_release(client, c->voice, c->at);
}

static int
voice_release(lua_State *L)
{
    const lua_voice *v = voice_check(L, 1);
    release_options o = {NAN, TABOR_ASAP};
    options_read(L, 2, "release", release_known, &o);
    release_command c = {v->handle, TABOR_ASAP};
    c.at = engine_at(L, v->engine, "release", o.at, o.at_frame);
    return send_to_voice(L, send_release, &c);
}

/* --------------------------------------------------------------- seek -- */

typedef struct seek_command {
    tabor_handle voice;
    uint64_t position, at;
} seek_command;

static tabor_status
send_seek(tabor_client *client, void *given)
{
    const seek_command *c = given;
    return tabor_voice_seek(client, c->voice, c->position, c->at);
}

/* voice:seek(position[, { at = ... }]) */
static int
voice_seek(lua_State *L)
{
    const lua_voice *v = voice_check(L, 1);
    const double position = luaL_checknumber(L, 2);
    release_options o = {NAN, TABOR_ASAP};
    options_read(L, 3, "seek", release_known, &o);
    seek_command c = {v->handle,
                      engine_frames(L, v->engine, "seek", "position", position),
                      engine_at(L, v->engine, "seek", o.at, o.at_frame)};
    return send_to_voice(L, send_seek, &c);
}

/* -------------------------------------------------------------- close -- */

/* Leaving a block must not fail, nor wait: a full queue lets it ring. */
static int
voice_close(lua_State *L)
{
    const lua_voice *v = voice_check(L, 1);
    uint64_t fade = 0;
    tabor_seconds_to_frames(RAMP_SECONDS, v->engine->rate, &fade);
    if (v->engine->client && !v->has_ended) {
        tabor_voice_stop(v->engine->client, v->handle, (uint32_t)fade,
                         engine_at(L, v->engine, "stop", NAN, TABOR_ASAP));
    }
    return 0;
}

/* ---------------------------------------------------------------- set -- */

typedef struct set_options {
    double gain, pan, rate, pitch, ramp, at;
    uint64_t at_frame;
} set_options;

#define FIELD(name) offsetof(set_options, name)
static const option set_known[] = {
    {"gain", OPTION_NUMBER, FIELD(gain), NULL},
    {"pan", OPTION_NUMBER, FIELD(pan), NULL},
    {"rate", OPTION_NUMBER, FIELD(rate), NULL},
    {"pitch", OPTION_NUMBER, FIELD(pitch), NULL},
    {"ramp", OPTION_NUMBER, FIELD(ramp), NULL},
    {"at", OPTION_NUMBER, FIELD(at), NULL},
    {"at_frame", OPTION_FRAME, FIELD(at_frame), NULL},
    {NULL, 0, 0, NULL}};
#undef FIELD

typedef struct set_command {
    tabor_handle voice;
    tabor_voice_params params;
} set_command;

static tabor_status
send_set(tabor_client *client, void *given)
{
    const set_command *c = given;
    return tabor_voice_set(client, c->voice, &c->params);
}

static void
read_set(lua_State *L, lua_voice *v, tabor_voice_params *p)
{
    set_options o = {NAN, NAN, NAN, NAN, RAMP_SECONDS, NAN, TABOR_ASAP};
    options_read(L, 2, "set", set_known, &o);
    if (!isnan(o.gain)) {
        p->which |= TABOR_SET_GAIN;
        p->gain = o.gain;
    }
    if (!isnan(o.pan)) {
        p->which |= TABOR_SET_PAN;
        p->pan = o.pan;
    }
    if (!isnan(o.rate) || !isnan(o.pitch)) {
        p->which |= TABOR_SET_RATE;
        p->rate = isnan(o.rate) ? v->is.asked.rate : o.rate;
        p->pitch = isnan(o.pitch) ? v->is.asked.pitch : o.pitch;
    }
    p->ramp_frames = engine_ramp(L, v->engine, "set", "ramp", o.ramp);
    p->at = engine_at(L, v->engine, "set", o.at, o.at_frame);
}

static int
voice_set(lua_State *L)
{
    lua_voice *v = voice_check(L, 1);
    set_command c = {v->handle, TABOR_VOICE};
    options_check_table(L, 2, "set");
    read_set(L, v, &c.params);
    if (c.params.which == 0) {
        return luaL_error(L, "set: give gain, pan, rate or pitch");
    }
    const int n = send_to_voice(L, send_set, &c);
    if (lua_toboolean(L, -n) && !v->has_ended &&
        (c.params.which & TABOR_SET_RATE)) {
        v->is.asked.rate = c.params.rate;
        v->is.asked.pitch = c.params.pitch;
    }
    return n;
}

/* -------------------------------------------------------------- ended -- */

static int
return_ended(lua_State *L, int voice)
{
    if (voice_check(L, voice)->never_sent) {
        lua_pushnil(L);
        lua_pushstring(L, "the voice was in a batch that was not sent");
        lua_pushstring(L, "closed");
        return 3;
    }
    events_push_ended(L, voice);
    return 1;
}

/* A task has watched the voice at index voice, a context. */
static int
return_watched(lua_State *L, int status, lua_KContext voice)
{
    (void)status;
    const lua_voice *v = voice_check(L, (int)voice);
    if (v->has_ended) {
        return return_ended(L, (int)voice);
    }
    lua_getiuservalue(L, (int)voice, VOICE_ENGINE);
    return events_return_missed(
        L, lua_gettop(L),
        v->engine->client && tabor_voice_alive(v->engine->client, v->handle)
            ? TABOR_ERR_TIMEOUT
            : TABOR_ERR_STALE);
}

int
voice_wait_for(lua_State *L, int index, int voice, double timeout)
{
    const lua_voice *v = voice_check(L, voice);
    lua_task *t = task_of(L, v->engine, "wait");
    if (t && !v->has_ended) {
        return task_watch(L, t, voice, timeout, return_watched);
    }
    const tabor_status st =
        t ? TABOR_OK : events_wait(L, index, voice, timeout);
    return st == TABOR_OK ? return_ended(L, voice)
                          : events_return_missed(L, index, st);
}

static int
voice_wait(lua_State *L)
{
    voice_check(L, 1);
    const double timeout = luaL_optnumber(L, 2, INFINITY);
    luaL_argcheck(L, timeout >= 0, 2, "a time can't be negative");
    lua_getiuservalue(L, 1, VOICE_ENGINE);
    return voice_wait_for(L, lua_gettop(L), 1, timeout);
}

/* Has the voice ended by now? Pushes the engine. */
static int
pull_ended(lua_State *L, const lua_voice *v)
{
    lua_getiuservalue(L, 1, VOICE_ENGINE);
    if (!v->has_ended) {
        events_pull(L, lua_gettop(L));
    }
    return v->has_ended;
}

static int
voice_index(lua_State *L)
{
    if (object_method(L)) {
        return 1;
    }
    const lua_voice *v = voice_check(L, 1);
    const char *key = luaL_checkstring(L, 2);
    if (strcmp(key, "id") == 0) {
        lua_pushinteger(L, (lua_Integer)v->handle);
    } else if (strcmp(key, "alive") == 0) {
        lua_pushboolean(L, !pull_ended(L, v) && v->engine->client);
    } else if (strcmp(key, "ended") == 0 && pull_ended(L, v) &&
               !v->never_sent) {
        events_push_ended(L, 1);
    } else {
        lua_pushnil(L);
    }
    return 1;
}

static int
voice_tostring(lua_State *L)
{
    const lua_voice *v = voice_check(L, 1);
    const char *state = pull_ended(L, v)    ? "ended"
                        : v->engine->client ? "alive"
                                            : "engine closed";
    lua_pushfstring(L, VOICE_CLASS " %I (%s)", (lua_Integer)v->handle, state);
    return 1;
}

static int
voice_eq(lua_State *L)
{
    const lua_voice *a = object_test(L, 1, &voice_kind);
    const lua_voice *b = object_test(L, 2, &voice_kind);
    lua_pushboolean(L,
                    a && b && a->handle == b->handle && a->engine == b->engine);
    return 1;
}

/* No __gc: the sound goes on without its object, and the collector has less to
 * do for each play. */
static const luaL_Reg voice_meta[] = {{"__close", voice_close},
                                      {"__tostring", voice_tostring},
                                      {"__eq", voice_eq},
                                      {NULL, NULL}};

static const luaL_Reg voice_methods[] = {
    {"stop", voice_stop}, {"release", voice_release}, {"seek", voice_seek},
    {"set", voice_set},   {"wait", voice_wait},       {NULL, NULL}};

void
voice_class(lua_State *L)
{
    object_kind_class(L, &voice_kind, voice_meta, voice_methods, voice_index);
    object_set_method(L, &engine_kind, "play", engine_play, &voice_kind);
    object_set_method(L, &sample_kind, "play", sample_play, &voice_kind);
}
