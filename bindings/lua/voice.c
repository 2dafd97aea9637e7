/* SPDX-License-Identifier: MIT */
#include "lua_tabor.h"

#include <math.h>
#include <string.h>

lua_voice *
voice_check(lua_State *L, int index)
{
    return luaL_checkudata(L, index, VOICE_CLASS);
}

lua_voice *
voice_push(lua_State *L, int index, tabor_handle handle)
{
    lua_voice *v = lua_newuserdatauv(L, sizeof *v, 2);
    memset(v, 0, sizeof *v);
    v->engine = engine_check(L, index);
    v->handle = handle;
    v->rate = 1;
    luaL_setmetatable(L, VOICE_CLASS);
    lua_pushvalue(L, index);
    lua_setiuservalue(L, -2, VOICE_ENGINE);
    return v;
}

/* --------------------------------------------------------------- play -- */

typedef struct play_options {
    double velocity, gain, pan, rate, pitch;
    double loop_fade;
    double at, offset, duration, fade_in, fade_out; /* seconds, NAN if not
                                                     * given */
    uint64_t at_frame;
    uint32_t tag, choke;
    int late, kernel;
    int loop, env; /* where on the stack, 0 if not given */
} play_options;

#define PLAY_OPTIONS                                                           \
    {                                                                          \
        1, 1, 0, 1, 0, 0, NAN, NAN, NAN, NAN, NAN, TABOR_ASAP, 0, 0,           \
            TABOR_LATE_PLAY, 0, 0, 0                                           \
    }

const char *const kernel_words[] = {"default", "linear", "sinc16", "sinc32",
                                    NULL};

static const char *const late_words[] = {"play", "catch_up", "drop", NULL};

#define FIELD(name) offsetof(play_options, name)
static const option play_known[] = {
    {"velocity", OPTION_NUMBER, FIELD(velocity), NULL},
    {"at", OPTION_NUMBER, FIELD(at), NULL},
    {"gain", OPTION_NUMBER, FIELD(gain), NULL},
    {"pan", OPTION_NUMBER, FIELD(pan), NULL},
    {"rate", OPTION_NUMBER, FIELD(rate), NULL},
    {"pitch", OPTION_NUMBER, FIELD(pitch), NULL},
    {"at_frame", OPTION_FRAME, FIELD(at_frame), NULL},
    {"offset", OPTION_NUMBER, FIELD(offset), NULL},
    {"duration", OPTION_NUMBER, FIELD(duration), NULL},
    {"late", OPTION_WORD, FIELD(late), late_words},
    {"tag", OPTION_COUNT, FIELD(tag), NULL},
    {"loop", OPTION_VALUE, FIELD(loop), NULL},
    {"loop_fade", OPTION_NUMBER, FIELD(loop_fade), NULL},
    {"fade_in", OPTION_NUMBER, FIELD(fade_in), NULL},
    {"fade_out", OPTION_NUMBER, FIELD(fade_out), NULL},
    {"env", OPTION_VALUE, FIELD(env), NULL},
    {"choke", OPTION_COUNT, FIELD(choke), NULL},
    {"kernel", OPTION_WORD, FIELD(kernel), kernel_words},
    {NULL, 0, 0, NULL}};
#undef FIELD

typedef struct play_command {
    tabor_handle sample;
    tabor_play_params params;
    tabor_env env;      /* params.env may point here */
    tabor_handle voice; /* out */
} play_command;

/* Loop, fades, envelope and choke group. */
static void
read_shape(lua_State *L, const lua_sample *s, const play_options *o,
           play_command *c)
{
    if (!isnan(o->fade_in)) {
        c->params.fade_in =
            engine_ramp(L, s->engine, "play", "fade_in", o->fade_in);
    }
    if (!isnan(o->fade_out)) {
        c->params.fade_out =
            engine_ramp(L, s->engine, "play", "fade_out", o->fade_out);
    }
    c->params.choke = o->choke;
    c->params.loop_fade =
        engine_ramp(L, s->engine, "play", "loop_fade", o->loop_fade);
    if (o->loop) {
        shape_read_loop(L, o->loop, s, &c->params);
    }
    if (o->env) {
        shape_read_env(L, o->env, s->engine, &c->env);
        c->params.env = &c->env;
    }
}

/* What it reads may leave values on the stack. */
static void
read_play(lua_State *L, int index, const lua_sample *s, play_command *c)
{
    const lua_engine *e = s->engine;
    play_options o = PLAY_OPTIONS;
    options_read(L, index, "play", play_known, &o);
    c->params = (tabor_play_params)TABOR_PLAY;
    c->params.velocity = o.velocity;
    c->params.gain = o.gain;
    c->params.pan = o.pan;
    c->params.rate = o.rate;
    c->params.pitch = o.pitch;
    c->params.tag = o.tag;
    c->params.late = (tabor_late)o.late;
    c->params.kernel = (tabor_kernel)o.kernel;
    c->params.at = engine_at(L, e, "play", o.at, o.at_frame);
    if (!isnan(o.offset)) {
        c->params.offset = engine_frames(L, e, "play", "offset", o.offset);
    }
    if (!isnan(o.duration)) {
        c->params.length = engine_frames(L, e, "play", "duration", o.duration);
    }
    read_shape(L, s, &o, c);
    if (s->parent) {
        shape_clip(L, s, &c->params);
    }
}

static tabor_status
send_play(tabor_client *client, void *given)
{
    play_command *c = given;
    return tabor_play(client, c->sample, &c->params, &c->voice);
}

void
voice_mark_dropped(lua_voice *v)
{
    v->has_ended = 1;
    v->ended = (tabor_event){.frame = tabor_engine_frame(v->engine->engine),
                             .value = TABOR_NO_FRAME,
                             .type = TABOR_EVENT_ENDED,
                             .reason = TABOR_CANCELLED};
}

/* The Voice on top has been sent: its Ended will find it. */
static void
remember(lua_State *L, int index, lua_voice *v, const play_command *c)
{
    lua_engine *e = v->engine;
    e->playing++;
    e->held += e->batch != 0;
    v->batch = e->batch;
    v->handle = c->voice;
    v->rate = c->params.rate;
    v->pitch = c->params.pitch;
    lua_getiuservalue(L, index, ENGINE_VOICES);
    lua_pushvalue(L, -2);
    lua_rawseti(L, -2, (lua_Integer)v->handle);
    lua_pop(L, 1);
}

/* Play the sample on the engine at index; the options are at options. */
static int
play(lua_State *L, int index, const lua_sample *s, int options)
{
    lua_engine *e = engine_check(L, index);
    play_command c = {.sample = sample_handle(s)};
    read_play(L, options, s, &c);
    if (!e->client) {
        return engine_return_closed(L);
    }
    if (!c.sample) {
        return sample_return_unloaded(L, s);
    }
    lua_voice *v = voice_push(L, index, 0);
    const tabor_status st = engine_send(L, index, send_play, &c);
    if (st == TABOR_ERR_STALE) {
        return sample_return_unloaded(L, s);
    }
    if (st == TABOR_ERR_FULL && e->on_full == FULL_DROP) {
        voice_mark_dropped(v);
        return 1;
    }
    if (st != TABOR_OK) {
        return engine_return_sent(L, e, st);
    }
    remember(L, index, v, &c);
    return 1;
}

int
engine_play(lua_State *L)
{
    const lua_engine *e = engine_check(L, 1);
    const lua_sample *s = sample_check(L, 2);
    luaL_argcheck(L, s->engine->id == e->id, 2,
                  "a sample of another engine: load it into this one");
    lua_settop(L, 3);
    return play(L, 1, s, 3);
}

int
sample_play(lua_State *L)
{
    const lua_sample *s = sample_check(L, 1);
    lua_settop(L, 2);
    lua_getiuservalue(L, 1, SAMPLE_ENGINE);
    return play(L, 3, s, 2);
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

typedef struct stop_command {
    tabor_handle voice;
    uint32_t fade_frames;
    uint64_t at;
} stop_command;

static tabor_status
send_stop(tabor_client *client, void *given)
{
    const stop_command *c = given;
    return tabor_voice_stop(client, c->voice, c->fade_frames, c->at);
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
    stop_options o = {RAMP_SECONDS, NAN, TABOR_ASAP};
    options_read_short(L, 2, "stop", stop_known, &o);
    stop_command c = {v->handle,
                      engine_ramp(L, v->engine, "stop", "fade", o.fade),
                      engine_at(L, v->engine, "stop", o.at, o.at_frame)};
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
                         TABOR_ASAP);
    }
    return 0;
}

/* The sound goes on without its object. */
static int
voice_gc(lua_State *L)
{
    (void)L;
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
        p->rate = isnan(o.rate) ? v->rate : o.rate;
        p->pitch = isnan(o.pitch) ? v->pitch : o.pitch;
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
    if (lua_toboolean(L, -n) && (c.params.which & TABOR_SET_RATE)) {
        v->rate = c.params.rate;
        v->pitch = c.params.pitch;
    }
    return n;
}

/* -------------------------------------------------------------- ended -- */

/* A voice of a batch that was refused has ended without an Ended. */
static int
was_sent(const lua_voice *v)
{
    return !v->has_ended || v->ended.type == TABOR_EVENT_ENDED;
}

int
voice_wait_for(lua_State *L, int index, int voice, double timeout)
{
    const tabor_status st = events_wait(L, index, voice, timeout);
    if (st != TABOR_OK) {
        return events_return_missed(L, index, st);
    }
    if (!was_sent(voice_check(L, voice))) {
        lua_pushnil(L);
        lua_pushstring(L, "the voice was in a batch that was not sent");
        lua_pushstring(L, "closed");
        return 3;
    }
    events_push_ended(L, voice);
    return 1;
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
    } else if (strcmp(key, "ended") == 0 && pull_ended(L, v) && was_sent(v)) {
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
    const lua_voice *a = luaL_testudata(L, 1, VOICE_CLASS);
    const lua_voice *b = luaL_testudata(L, 2, VOICE_CLASS);
    lua_pushboolean(L,
                    a && b && a->handle == b->handle && a->engine == b->engine);
    return 1;
}

static const luaL_Reg voice_meta[] = {{"__gc", voice_gc},
                                      {"__close", voice_close},
                                      {"__tostring", voice_tostring},
                                      {"__eq", voice_eq},
                                      {NULL, NULL}};

static const luaL_Reg voice_methods[] = {
    {"stop", voice_stop}, {"release", voice_release}, {"seek", voice_seek},
    {"set", voice_set},   {"wait", voice_wait},       {NULL, NULL}};

void
voice_class(lua_State *L)
{
    object_class(L, VOICE_CLASS, voice_meta, voice_methods, voice_index);
}
