/* SPDX-License-Identifier: MIT */
#include "clock.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define OPEN_ENGINES  "tabor.open"
#define MOST_SETTINGS 32

static const char *const full_words[] = {"raise", "wait", "drop", NULL};
static const char *const wake_words[] = {"event", "poll", NULL};

const object_kind engine_kind = {ENGINE_CLASS};

lua_engine *
engine_check(lua_State *L, int index)
{
    return object_check(L, index, &engine_kind);
}

int
engine_return_closed(lua_State *L)
{
    lua_pushnil(L);
    lua_pushstring(L, "engine is closed: tabor.open() opens another one");
    lua_pushstring(L, "closed");
    return 3;
}

static void
push_weak(lua_State *L, const char *mode)
{
    lua_newtable(L);
    lua_newtable(L);
    lua_pushstring(L, mode);
    lua_setfield(L, -2, "__mode");
    lua_setmetatable(L, -2);
}

void
engine_push_open(lua_State *L)
{
    if (lua_getfield(L, LUA_REGISTRYINDEX, OPEN_ENGINES) == LUA_TNIL) {
        lua_pop(L, 1);
        push_weak(L, "k");
        lua_pushvalue(L, -1);
        lua_setfield(L, LUA_REGISTRYINDEX, OPEN_ENGINES);
    }
}

/* --------------------------------------------------------------- open -- */

typedef struct open_options {
    tabor_engine_config engine;
    tabor_client_config client;
    int on_full;
} open_options;

#define OPEN_OPTIONS                                                           \
    {                                                                          \
        TABOR_ENGINE_CONFIG, TABOR_CLIENT_CONFIG, FULL_RAISE                   \
    }

#define FIELD(name) offsetof(open_options, name)
static const option attach_known[] = {
    {"queue", OPTION_COUNT, FIELD(client.queue), NULL},
    {"on_full", OPTION_WORD, FIELD(on_full), full_words},
    {NULL, 0, 0, NULL}};

static const option open_known[] = {
    {"driver", OPTION_TEXT, FIELD(engine.driver), NULL},
    {"device", OPTION_TEXT, FIELD(engine.device), NULL},
    {"rate", OPTION_COUNT, FIELD(engine.rate), NULL},
    {"channels", OPTION_COUNT, FIELD(engine.channels), NULL},
    {"block", OPTION_COUNT, FIELD(engine.block), NULL},
    {"voices", OPTION_COUNT, FIELD(engine.voices), NULL},
    {"queue", OPTION_COUNT, FIELD(client.queue), NULL},
    {"on_full", OPTION_WORD, FIELD(on_full), full_words},
    {"wake", OPTION_WORD, FIELD(engine.wake_poll), wake_words},
    {"log", OPTION_TEXT, FIELD(engine.log), NULL},
    {"limiter", OPTION_FLAG, FIELD(engine.limiter), NULL},
    {"kernel", OPTION_WORD, FIELD(engine.kernel), kernel_words},
    {"dither", OPTION_FLAG, FIELD(engine.dither), NULL},
    {NULL, 0, 0, NULL}};
#undef FIELD

/* A new userdata for a closed engine, its user values filled. */
static lua_engine *
engine_push(lua_State *L)
{
    lua_engine *e = object_push(L, &engine_kind, sizeof *e, ENGINE_VALUES);
    push_weak(L, "v");
    lua_setiuservalue(L, -2, ENGINE_VOICES);
    push_weak(L, "k");
    lua_setiuservalue(L, -2, ENGINE_ENDED);
    push_weak(L, "k");
    lua_setiuservalue(L, -2, ENGINE_SAMPLES);
    lua_newtable(L);
    lua_setiuservalue(L, -2, ENGINE_CLOCKS);
    lua_newtable(L);
    lua_setiuservalue(L, -2, ENGINE_HANDLERS);
    lua_newtable(L);
    lua_setiuservalue(L, -2, ENGINE_TEXTS);
    return e;
}

static void
remember_texts(lua_State *L, const tabor_engine_info *info)
{
    lua_getiuservalue(L, -1, ENGINE_TEXTS);
    object_set_text(L, "driver", info->driver);
    object_set_text(L, "device", info->device);
    if (info->warning && *info->warning) {
        object_set_text(L, "warning", info->warning);
        lua_warning(L, "tabor: ", 1);
        lua_warning(L, info->warning, 0);
    }
    lua_pop(L, 1);
}

/* Connect the engine whose userdata is on top, and answer with it. */
static int
connect_client(lua_State *L, lua_engine *e, const open_options *o)
{
    tabor_engine_info info;
    tabor_engine_get_info(e->engine, &info);
    e->id = info.id;
    e->rate = info.rate;
    e->channels = info.channels;
    e->block = info.block;
    e->voices = info.voices;
    e->pumped = info.pumped;
    e->on_full = (full_policy)o->on_full;
    remember_texts(L, &info);
    const tabor_status st =
        tabor_client_open(e->engine, &o->client, &e->client);
    if (st != TABOR_OK) {
        const int n = errors_return(L, st);
        tabor_engine_close(e->engine);
        e->engine = NULL;
        return n;
    }
    engine_push_open(L);
    lua_pushvalue(L, -2);
    lua_pushboolean(L, 1);
    lua_rawset(L, -3);
    lua_pop(L, 1);
    return 1;
}

/* The pair on top of the stack as one of the driver's own settings. The text
 * made from a number stays on the stack, below the key. */
static void
take_setting(lua_State *L, tabor_setting *settings, size_t *count)
{
    if (*count == MOST_SETTINGS) {
        luaL_error(L, "open: more than %d driver options", MOST_SETTINGS);
    }
    if (lua_isboolean(L, -1)) {
        lua_pushstring(L, lua_toboolean(L, -1) ? "yes" : "no");
    } else if (lua_type(L, -1) == LUA_TNUMBER || lua_isstring(L, -1)) {
        lua_pushvalue(L, -1);
    } else {
        luaL_error(L,
                   "open: %s must be a string, a number or a boolean, not %s",
                   lua_tostring(L, -2), luaL_typename(L, -1));
    }
    settings[*count].key = lua_tostring(L, -3);
    settings[*count].value = lua_tostring(L, -1);
    *count += 1;
    lua_insert(L, -3);
}

static void
read_open_options(lua_State *L, open_options *o, tabor_setting *settings)
{
    if (lua_isnoneornil(L, 1)) {
        return;
    }
    options_check_table(L, 1, "open");
    luaL_checkstack(L, MOST_SETTINGS + 8, "tabor.open");
    lua_pushnil(L);
    while (lua_next(L, 1)) {
        if (!options_take(L, "open", open_known, o)) {
            take_setting(L, settings, &o->engine.setting_count);
        }
        lua_pop(L, 1);
    }
    o->engine.settings = settings;
}

/* The driver knows its own options, not those of open(): look for the word
 * that was meant among these too. */
static int
return_not_opened(lua_State *L, tabor_status status, const open_options *o)
{
    const char *words[sizeof open_known / sizeof *open_known];
    const char *near = NULL;
    const char *text = tabor_error();
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        words[i] = open_known[i].name;
    }
    for (size_t i = 0; i < o->engine.setting_count && !near; i++) {
        near = tabor_nearest(o->engine.settings[i].key, words);
    }
    if (status == TABOR_ERR_INVALID && near && !strstr(text, "did you mean")) {
        return luaL_error(L, "open: %s (did you mean '%s'?)", text, near);
    }
    return errors_return(L, status);
}

int
engine_open(lua_State *L)
{
    open_options o = OPEN_OPTIONS;
    tabor_setting settings[MOST_SETTINGS];
    lua_settop(L, 1);
    read_open_options(L, &o, settings);
    lua_engine *e = engine_push(L);
    const tabor_status st = tabor_engine_open(&o.engine, &e->engine);
    return st == TABOR_OK ? connect_client(L, e, &o)
                          : return_not_opened(L, st, &o);
}

int
engine_attach(lua_State *L)
{
    const lua_Integer id = luaL_checkinteger(L, 1);
    open_options o = OPEN_OPTIONS;
    luaL_argcheck(L, id >= 0 && id <= UINT32_MAX, 1, "not an engine's id");
    lua_settop(L, 2);
    options_read(L, 2, "attach", attach_known, &o);
    lua_engine *e = engine_push(L);
    const tabor_status st = tabor_engine_attach((uint32_t)id, &e->engine);
    return st == TABOR_OK ? connect_client(L, e, &o) : errors_return(L, st);
}

/* -------------------------------------------------------------- close -- */

static tabor_status
disconnect(lua_engine *e)
{
    tabor_client *client = e->client;
    tabor_engine *engine = e->engine;
    e->client = NULL;
    e->engine = NULL;
    tabor_client_close(client);
    return tabor_engine_close(engine);
}

/* For who can't be answered. */
static void
warn_not_well(lua_State *L, tabor_status status)
{
    if (status != TABOR_OK) {
        lua_warning(L, "tabor: ", 1);
        lua_warning(L, tabor_error(), 0);
    }
}

static tabor_status
shut(lua_State *L, lua_engine *e)
{
    tabor_status st = TABOR_OK;
    if (e->client) {
        clocks_close(L, 1);
    }
    if (e->client) { /* whom those ended may have closed it */
        events_pull(L, 1);
        events_detach_voices(L, 1);
        sample_release_all(L, 1);
        engine_push_open(L);
        lua_pushvalue(L, 1);
        lua_pushnil(L);
        lua_rawset(L, -3);
        st = disconnect(e);
    }
    return st;
}

static int
engine_close(lua_State *L)
{
    const tabor_status st = shut(L, engine_check(L, 1));
    if (st != TABOR_OK) {
        return errors_return(L, st);
    }
    lua_pushboolean(L, 1);
    return 1;
}

static int
engine_leave_block(lua_State *L)
{
    warn_not_well(L, shut(L, engine_check(L, 1)));
    return 0;
}

static int
engine_gc(lua_State *L)
{
    lua_engine *e = engine_check(L, 1);
    warn_not_well(L, disconnect(e));
    events_free(&e->events);
    free(e->listeners);
    e->listeners = NULL;
    return 0;
}

/* -------------------------------------------------------------- class -- */

static const char *const fields[] = {"rate",    "channels", "block",  "voices",
                                     "id",      "closed",   "driver", "device",
                                     "warning", NULL};

/* A device that was lost may return with another one. */
static void
refresh_block(lua_engine *e)
{
    tabor_engine_info info;
    if (e->engine) {
        tabor_engine_get_info(e->engine, &info);
        e->block = info.block;
    }
}

static void
push_field(lua_State *L, lua_engine *e, const char *key)
{
    refresh_block(e);
    const uint32_t numbers[] = {e->rate, e->channels, e->block, e->voices,
                                e->id};
    size_t i = 0;
    while (fields[i] && strcmp(fields[i], key) != 0) {
        i++;
    }
    if (i < sizeof numbers / sizeof *numbers) {
        lua_pushinteger(L, numbers[i]);
    } else if (fields[i] && strcmp(key, "closed") == 0) {
        lua_pushboolean(L, !e->client);
    } else {
        lua_getiuservalue(L, 1, ENGINE_TEXTS);
        lua_getfield(L, -1, key);
    }
}

static int
engine_index(lua_State *L)
{
    if (!object_method(L)) {
        push_field(L, engine_check(L, 1), luaL_checkstring(L, 2));
    }
    return 1;
}

static int
engine_tostring(lua_State *L)
{
    const lua_engine *e = engine_check(L, 1);
    if (!e->client) {
        lua_pushfstring(L, ENGINE_CLASS " %d (closed)", (int)e->id);
        return 1;
    }
    lua_getiuservalue(L, 1, ENGINE_TEXTS);
    lua_getfield(L, -1, "driver");
    lua_pushfstring(L, ENGINE_CLASS " %d (%s, rate %d, %d channels)",
                    (int)e->id, lua_tostring(L, -1), (int)e->rate,
                    (int)e->channels);
    return 1;
}

static const luaL_Reg engine_meta[] = {{"__gc", engine_gc},
                                       {"__close", engine_leave_block},
                                       {"__tostring", engine_tostring},
                                       {NULL, NULL}};

/* and play(): voice_class() */
static const luaL_Reg engine_methods[] = {{"load", engine_load},
                                          {"sample", engine_sample},
                                          {"play_many", engine_play_many},
                                          {"stop", engine_stop},
                                          {"cancel", engine_cancel},
                                          {"batch", engine_batch},
                                          {"clock", engine_clock},
                                          {"panic", engine_panic},
                                          {"gain", engine_gain},
                                          {"ping", engine_ping},
                                          {"poll", engine_poll},
                                          {"wait", engine_wait},
                                          {"on", engine_on},
                                          {"off", engine_off},
                                          {"stats", engine_stats},
                                          {"meters", engine_meters},
                                          {"render", engine_render},
                                          {"frame", engine_frame},
                                          {"now", engine_now},
                                          {"close", engine_close},
                                          {NULL, NULL}};

void
engine_class(lua_State *L)
{
    object_kind_class(L, &engine_kind, engine_meta, engine_methods,
                      engine_index);
}
