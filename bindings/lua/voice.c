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

/* Push a Voice of an engine whose userdata is at index; its metatable is at
 * meta. */
static lua_voice *
push_voice(lua_State *L, lua_engine *e, int index, int meta)
{
    lua_voice *v = lua_newuserdatauv(L, sizeof *v, VOICE_ENGINE);
    *v = (lua_voice){.kind = &voice_kind, .engine = e, .is.asked.rate = 1};
    lua_pushvalue(L, meta);
    lua_setmetatable(L, -2);
    lua_pushvalue(L, index);
    lua_setiuservalue(L, -2, VOICE_ENGINE);
    return v;
}

lua_voice *
voice_push(lua_State *L, int index, tabor_handle handle)
{
    lua_rawgetp(L, LUA_REGISTRYINDEX, &voice_kind);
    lua_voice *v = push_voice(L, engine_check(L, index), index, lua_gettop(L));
    v->handle = handle;
    lua_remove(L, -2);
    return v;
}

/* Kind 8 | owner 8 | slot 16 | generation 32, as tabor.h says; from 1. */
static lua_Integer
slot_of(tabor_handle handle)
{
    return (lua_Integer)(handle >> 32 & 0xFFFF) + 1;
}

int
voice_find(lua_State *L, int voices, tabor_handle handle)
{
    lua_rawgeti(L, voices, slot_of(handle));
    const lua_voice *v = lua_touserdata(L, -1);
    if (v && v->handle == handle) {
        return 1;
    }
    lua_pop(L, 1);
    return lua_rawgeti(L, voices, (lua_Integer)handle) != LUA_TNIL;
}

void
voice_remember(lua_State *L, int voices, const lua_voice *v)
{
    const lua_Integer slot = slot_of(v->handle);
    if (lua_rawgeti(L, voices, slot) == LUA_TNIL) {
        lua_copy(L, -2, -1);
    } else { /* the slot's last voice may not have heard of its end */
        const lua_voice *old = lua_touserdata(L, -1);
        lua_rawseti(L, voices, (lua_Integer)old->handle);
        lua_pushvalue(L, -1);
    }
    lua_rawseti(L, voices, slot);
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

/* --------------------------------------------------------------- play -- */

const char *const kernel_words[] = {"default", "linear", "sinc16", "sinc32",
                                    NULL};

const char *const late_words[] = {"play", "catch_up", "drop", NULL};

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
    if (o->loop_fade != 0.0) {
        c->params.loop_fade =
            engine_ramp(L, s->engine, "play", "loop_fade", o->loop_fade);
    }
    if (o->loop) {
        shape_read_loop(L, o->loop, s, &c->params);
    }
    if (o->env) {
        shape_read_env(L, o->env, s->engine, &c->env);
        c->params.env = &c->env;
    }
}

void
play_apply(lua_State *L, const lua_sample *s, const play_options *o,
           play_command *c)
{
    const lua_engine *e = s->engine;
    c->params = (tabor_play_params)TABOR_PLAY;
    c->params.velocity = o->velocity;
    c->params.gain = o->gain;
    c->params.pan = o->pan;
    c->params.rate = o->rate;
    c->params.pitch = o->pitch;
    c->params.tag = o->tag;
    c->params.late = (tabor_late)o->late;
    c->params.kernel = (tabor_kernel)o->kernel;
    c->params.at = engine_at(L, e, "play", o->at, o->at_frame);
    if (!isnan(o->offset)) {
        c->params.offset = engine_frames(L, e, "play", "offset", o->offset);
    }
    if (!isnan(o->duration)) {
        c->params.length = engine_frames(L, e, "play", "duration", o->duration);
    }
    read_shape(L, s, o, c);
}

/* What it reads may leave values on the stack. */
static void
read_play(lua_State *L, int index, const lua_sample *s, play_command *c)
{
    play_options o = PLAY_OPTIONS;
    options_read(L, index, "play", play_known, &o);
    play_apply(L, s, &o, c);
    if (s->parent) {
        shape_clip(L, s, &c->params);
    }
}

static tabor_status
send_play(tabor_client *client, void *given)
{
    play_command *c = given;
    return tabor_play(client, c->sample, c->is_plain ? NULL : &c->params,
                      &c->voice);
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

/* The Voice on top has been sent: its Ended will find it. voices: where the
 * engine's table of them is */
static int
return_sent(lua_State *L, int voices, lua_voice *v, const play_command *c)
{
    lua_engine *e = v->engine;
    e->playing++;
    e->held += e->batch != 0;
    v->batch = e->batch;
    v->handle = c->voice;
    if (!c->is_plain) {
        v->is.asked.rate = c->params.rate;
        v->is.asked.pitch = c->params.pitch;
    }
    voice_remember(L, voices, v);
    return 1;
}

/* It could not be sent at once. */
static int
play_again(lua_State *L, int index, int voices, const lua_sample *s,
           lua_voice *v, play_command *c, tabor_status status)
{
    const lua_engine *e = v->engine;
    const tabor_status st = engine_send_again(L, index, send_play, c, status);
    if (st == TABOR_ERR_STALE) {
        return sample_return_unloaded(L, s);
    }
    if (st == TABOR_ERR_FULL && e->on_full == FULL_DROP) {
        voice_mark_dropped(v);
        return 1;
    }
    return st == TABOR_OK ? return_sent(L, voices, v, c)
                          : engine_return_sent(L, e, st);
}

/* Play the sample on the engine at index; the options are at options. Upvalue
 * 1 is the metatable of Voices. */
static int
play(lua_State *L, lua_engine *e, int index, const lua_sample *s, int options)
{
    play_command c;
    c.sample = sample_handle(s);
    c.is_plain = !s->parent && !e->task && lua_isnil(L, options);
    if (!c.is_plain) {
        read_play(L, options, s, &c);
    }
    if (!e->client) {
        return engine_return_closed(L);
    }
    if (!c.sample) {
        return sample_return_unloaded(L, s);
    }
    lua_getiuservalue(L, index, ENGINE_VOICES);
    const int voices = lua_gettop(L);
    lua_voice *v = push_voice(L, e, index, lua_upvalueindex(1));
    /* a finalizer may have run there and closed the engine */
    const tabor_status st =
        e->client ? send_play(e->client, &c) : TABOR_ERR_CLOSED;
    return st == TABOR_OK ? return_sent(L, voices, v, &c)
                          : play_again(L, index, voices, s, v, &c, st);
}

int
engine_play(lua_State *L)
{
    lua_engine *e = engine_check(L, 1);
    const lua_sample *s = sample_check(L, 2);
    luaL_argcheck(L, s->engine->id == e->id, 2,
                  "a sample of another engine: load it into this one");
    lua_settop(L, 3);
    return play(L, e, 1, s, 3);
}

int
sample_play(lua_State *L)
{
    const lua_sample *s = sample_check(L, 1);
    lua_settop(L, 2);
    lua_getiuservalue(L, 1, SAMPLE_ENGINE);
    return play(L, s->engine, 3, s, 2);
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
