/* SPDX-License-Identifier: MIT */
#include "lua_tabor.h"

#include <string.h>

const object_kind sample_kind = {SAMPLE_CLASS};

lua_sample *
sample_check(lua_State *L, int index)
{
    return object_check(L, index, &sample_kind);
}

tabor_handle
sample_handle(const lua_sample *s)
{
    return s->handle && s->parent ? s->parent->handle : s->handle;
}

int
sample_return_unloaded(lua_State *L, const lua_sample *s)
{
    lua_pushnil(L);
    lua_pushfstring(L, "sample '%s' is unloaded: load it again", s->info.name);
    lua_pushstring(L, "closed");
    return 3;
}

/* --------------------------------------------------------------- load -- */

typedef struct load_options {
    uint32_t rate;
    const char *name;
    int trusted;
} load_options;

static const option load_known[] = {
    {"rate", OPTION_COUNT, offsetof(load_options, rate), NULL},
    {"name", OPTION_TEXT, offsetof(load_options, name), NULL},
    {"trusted", OPTION_FLAG, offsetof(load_options, trusted), NULL},
    {NULL, 0, 0, NULL}};

#define NO_RATE UINT32_MAX

typedef struct load_command {
    const char *path;         /* or NULL, and then */
    const tabor_audio *audio; /* this one */
    const char *name;
    tabor_read_params params;
    tabor_handle *sample;
} load_command;

static tabor_status
send_load(tabor_client *client, void *given)
{
    const load_command *c = given;
    if (c->path) {
        return tabor_sample_load_as(client, c->path, c->name, &c->params,
                                    c->sample);
    }
    return tabor_sample_add(client, c->audio, c->name, c->sample);
}

/* Turn argument 2 into something to load; pushes what has to stay alive. */
static tabor_status
read_source(lua_State *L, const lua_engine *e, const load_options *o,
            load_command *c)
{
    const int is_table = lua_istable(L, 2);
    tabor_audio *audio = NULL;
    if (o->rate != NO_RATE && !is_table) {
        luaL_error(L, "load: rate goes with a table of numbers; a file and an "
                      "Audio know their own");
    }
    if (o->trusted && lua_type(L, 2) != LUA_TSTRING) {
        luaL_error(L, "load: trusted is for files");
    }
    if (is_table) {
        const uint32_t rate = o->rate == NO_RATE ? e->rate : o->rate;
        const tabor_status st = audio_push_table(L, 2, rate, &audio);
        c->audio = audio;
        return st;
    }
    if (lua_type(L, 2) == LUA_TSTRING) {
        c->path = audio_check_path(L, 2);
    } else if (luaL_testudata(L, 2, AUDIO_CLASS)) {
        c->audio = audio_check(L, 2);
    } else {
        luaL_error(L,
                   "load takes a path, an Audio or a table of numbers, "
                   "not a %s",
                   luaL_typename(L, 2));
    }
    return TABOR_OK;
}

static lua_sample *
sample_push(lua_State *L, int index)
{
    lua_sample *s = object_push(L, &sample_kind, sizeof *s, SAMPLE_PARENT);
    s->engine = engine_check(L, index);
    lua_pushvalue(L, index);
    lua_setiuservalue(L, -2, SAMPLE_ENGINE);
    lua_getiuservalue(L, index, ENGINE_SAMPLES);
    lua_pushvalue(L, -2);
    lua_pushboolean(L, 1);
    lua_rawset(L, -3);
    lua_pop(L, 1);
    return s;
}

/* Samples are memory that the collector doesn't see: let it work a little for
 * each, or a script that loads many never gets its old ones collected. */
static void
tell_collector(lua_State *L, const lua_sample *s)
{
    const uint64_t kib = s->info.frames * s->info.channels / 256;
    lua_gc(L, LUA_GCSTEP, kib < 65536 ? (int)kib : 65536);
}

int
engine_load(lua_State *L)
{
    const lua_engine *e = engine_check(L, 1);
    load_options o = {NO_RATE, NULL, 0};
    lua_settop(L, 3);
    options_read(L, 3, "load", load_known, &o);
    if (!e->client) {
        return engine_return_closed(L);
    }
    load_command c = {NULL, NULL, o.name, TABOR_READ, NULL};
    c.params.trusted = o.trusted;
    tabor_status st = read_source(L, e, &o, &c);
    if (st != TABOR_OK) {
        return errors_return(L, st);
    }
    lua_sample *s = sample_push(L, 1);
    c.sample = &s->handle;
    st = engine_send(L, 1, send_load, &c);
    if (!e->client) {
        return engine_return_closed(L);
    }
    if (st != TABOR_OK) {
        return errors_return(L, st);
    }
    tabor_sample_get_info(e->client, s->handle, &s->info);
    tell_collector(L, s);
    return 1;
}

/* engine:sample(name) */
int
engine_sample(lua_State *L)
{
    const lua_engine *e = engine_check(L, 1);
    const char *name = luaL_checkstring(L, 2);
    if (!e->client) {
        return engine_return_closed(L);
    }
    lua_sample *s = sample_push(L, 1);
    const tabor_status st = tabor_sample_named(e->client, name, &s->handle);
    if (st != TABOR_OK) {
        return errors_return(L, st);
    }
    tabor_sample_get_info(e->client, s->handle, &s->info);
    return 1;
}

/* -------------------------------------------------------------- slice -- */

/* Push a window on the sample at index: so many frames from first on. */
static void
push_slice(lua_State *L, int index, uint64_t first, uint64_t frames)
{
    const lua_sample *s = sample_check(L, index);
    lua_getiuservalue(L, index, SAMPLE_ENGINE);
    lua_sample *slice = sample_push(L, lua_gettop(L));
    if (s->parent) {
        lua_getiuservalue(L, index, SAMPLE_PARENT);
    } else {
        lua_pushvalue(L, index);
    }
    slice->parent = s->parent ? s->parent : s;
    lua_setiuservalue(L, -2, SAMPLE_PARENT);
    slice->handle = s->handle;
    slice->first = s->first + first;
    slice->info = s->info;
    slice->info.frames = frames;
    slice->info.loop_start = slice->info.loop_end = 0;
}

/* sample:slice(start[, end]) */
static int
sample_slice(lua_State *L)
{
    const lua_sample *s = sample_check(L, 1);
    const double start = luaL_checknumber(L, 2);
    const double duration = (double)s->info.frames / s->info.rate;
    const double end = luaL_optnumber(L, 3, duration);
    const uint64_t first = engine_frames(L, s->engine, "slice", "start", start);
    const uint64_t last = engine_frames(L, s->engine, "slice", "end", end);
    if (first >= last || last > s->info.frames) {
        return luaL_error(L,
                          "slice: %f to %f seconds is no part of a sample of "
                          "%f seconds",
                          start, end, duration);
    }
    if (!s->engine->client) {
        return engine_return_closed(L);
    }
    if (!sample_handle(s)) {
        return sample_return_unloaded(L, s);
    }
    push_slice(L, 1, first, last - first);
    return 1;
}

/* ------------------------------------------------------------- unload -- */

static const char *const unload_words[] = {"ring", "fade", "cut", NULL};

typedef struct unload_option {
    int voices;
} unload_option;

static const option unload_known[] = {
    {"voices", OPTION_WORD, offsetof(unload_option, voices), unload_words},
    {NULL, 0, 0, NULL}};

typedef struct unload_command {
    tabor_handle sample;
    tabor_unload voices;
} unload_command;

static tabor_status
send_unload(tabor_client *client, void *given)
{
    const unload_command *c = given;
    return tabor_sample_unload(client, c->sample, c->voices);
}

/* sample:unload(), sample:unload("fade"), sample:unload{voices = "fade"} */
static int
sample_unload(lua_State *L)
{
    lua_sample *s = sample_check(L, 1);
    unload_option o = {TABOR_UNLOAD_RING};
    if (lua_type(L, 2) == LUA_TSTRING) {
        o.voices = options_word(L, 2, "unload", "voices", unload_words);
    } else {
        options_read(L, 2, "unload", unload_known, &o);
    }
    if (!s->engine->client) {
        return engine_return_closed(L);
    }
    if (!s->handle) {
        lua_pushboolean(L, 0);
        return 1;
    }
    if (s->parent) {
        s->handle = 0; /* the parent doesn't notice */
        lua_pushboolean(L, 1);
        return 1;
    }
    lua_getiuservalue(L, 1, SAMPLE_ENGINE);
    unload_command c = {s->handle, (tabor_unload)o.voices};
    const tabor_status st = engine_send(L, lua_gettop(L), send_unload, &c);
    if (st == TABOR_OK || st == TABOR_ERR_STALE) {
        s->handle = 0;
    }
    return engine_return_sent(L, s->engine, st);
}

/* No sound stops, nothing can fail. */
static void
release(lua_sample *s)
{
    if (s->handle && !s->parent && s->engine->client) {
        tabor_sample_release(s->engine->client, s->handle);
    }
    s->handle = 0;
}

/* __gc and __close */
static int
sample_release(lua_State *L)
{
    release(sample_check(L, 1));
    return 0;
}

void
sample_release_all(lua_State *L, int index)
{
    lua_getiuservalue(L, index, ENGINE_SAMPLES);
    lua_pushnil(L);
    while (lua_next(L, -2)) {
        lua_pop(L, 1);
        release(lua_touserdata(L, -1));
    }
    lua_pop(L, 1);
}

/* -------------------------------------------------------------- class -- */

/* Frames as seconds; nil where the sample has no loop. */
static void
push_loop_point(lua_State *L, const lua_sample *s, uint64_t frame)
{
    if (s->info.loop_end == 0) {
        lua_pushnil(L);
        return;
    }
    lua_pushnumber(L, (double)frame / s->info.rate);
}

static int
sample_index(lua_State *L)
{
    if (object_method(L)) {
        return 1;
    }
    const lua_sample *s = sample_check(L, 1);
    const char *key = luaL_checkstring(L, 2);
    if (strcmp(key, "frames") == 0) {
        lua_pushinteger(L, (lua_Integer)s->info.frames);
    } else if (strcmp(key, "channels") == 0) {
        lua_pushinteger(L, s->info.channels);
    } else if (strcmp(key, "rate") == 0) {
        lua_pushinteger(L, s->info.rate);
    } else if (strcmp(key, "duration") == 0) {
        lua_pushnumber(L, (double)s->info.frames / s->info.rate);
    } else if (strcmp(key, "loop_start") == 0) {
        push_loop_point(L, s, s->info.loop_start);
    } else if (strcmp(key, "loop_end") == 0) {
        push_loop_point(L, s, s->info.loop_end);
    } else if (strcmp(key, "name") == 0) {
        lua_pushstring(L, s->info.name);
    } else {
        lua_pushnil(L);
    }
    return 1;
}

static int
sample_tostring(lua_State *L)
{
    const lua_sample *s = sample_check(L, 1);
    lua_pushfstring(L, SAMPLE_CLASS " '%s' (%f s, %d channel%s%s)",
                    s->info.name, (double)s->info.frames / s->info.rate,
                    (int)s->info.channels, s->info.channels == 1 ? "" : "s",
                    sample_handle(s) ? "" : ", unloaded");
    return 1;
}

static const luaL_Reg sample_meta[] = {{"__gc", sample_release},
                                       {"__close", sample_release},
                                       {"__tostring", sample_tostring},
                                       {NULL, NULL}};

/* and play(): voice_class() */
static const luaL_Reg sample_methods[] = {
    {"slice", sample_slice}, {"unload", sample_unload}, {NULL, NULL}};

void
sample_class(lua_State *L)
{
    object_kind_class(L, &sample_kind, sample_meta, sample_methods,
                      sample_index);
}
