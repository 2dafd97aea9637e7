/* SPDX-License-Identifier: MIT */
/* A play, and how the Voice that it makes is found again. */
#include "clock.h"

#include <math.h>

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
