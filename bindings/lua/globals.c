/* SPDX-License-Identifier: MIT
 *
 * What a script at the console finds.
 *
 * _G holds tabor, play and, from their first touch on, engine and clock. load
 * is another matter: Lua has a function of that name, which modules need. So
 * the chunks of the user, and only they, get an environment that holds the
 * console's load and is _G in all else.
 */
#include "clock.h"
#include "console.h"

#include <string.h>

#define ENVIRONMENT "tabor.environment"
#define SETTINGS    "tabor.settings"
#define SOUNDS      "tabor.sounds" /* name or path -> Sample */

/* ------------------------------------------------------------- engine -- */

static const console_settings *
get_settings(lua_State *L)
{
    lua_getfield(L, LUA_REGISTRYINDEX, SETTINGS);
    const console_settings *s = lua_touserdata(L, -1);
    lua_pop(L, 1);
    return s;
}

static void
set_text(lua_State *L, const char *key, const char *text)
{
    if (text) {
        lua_pushstring(L, text);
        lua_setfield(L, -2, key);
    }
}

static void
set_count(lua_State *L, const char *key, uint32_t count)
{
    if (count) {
        lua_pushinteger(L, count);
        lua_setfield(L, -2, key);
    }
}

/* Push the options for tabor.open() that the command line gave. */
static void
push_options(lua_State *L, const console_settings *s)
{
    lua_newtable(L);
    for (const char **set = s->sets; *set; set++) {
        const char *equals = strchr(*set, '=');
        lua_pushlstring(L, *set, (size_t)(equals - *set));
        lua_pushstring(L, equals + 1);
        lua_settable(L, -3);
    }
    set_text(L, "driver", s->render ? "offline" : s->driver);
    set_text(L, "device", s->device);
    set_count(L, "rate", s->rate);
    set_count(L, "channels", s->channels);
    set_count(L, "block", s->block);
    set_text(L, "log", s->log);
    if (s->limiter) {
        lua_pushboolean(L, 1);
        lua_setfield(L, -2, "limiter");
    }
    if (s->no_dither) {
        lua_pushboolean(L, 0);
        lua_setfield(L, -2, "dither");
    }
}

/* tabor.open() with the command line's options: its results. */
static int
open_engine(lua_State *L)
{
    lua_settop(L, 0);
    push_options(L, get_settings(L));
    return engine_open(L);
}

void
globals_push_engine(lua_State *L)
{
    lua_pushglobaltable(L);
    lua_pushstring(L, "engine");
    lua_rawget(L, -2);
    lua_remove(L, -2);
}

static void
set_engine(lua_State *L)
{
    lua_pushglobaltable(L);
    lua_pushstring(L, "engine");
    lua_pushvalue(L, -3);
    lua_rawset(L, -3);
    lua_pop(L, 1);
}

int
globals_open_engine(lua_State *L)
{
    lua_pushcfunction(L, open_engine);
    if (lua_pcall(L, 0, 2, 0) != LUA_OK) { /* misuse: a wrong option */
        chunk_report(L);
        return CONSOLE_USAGE;
    }
    if (lua_isnil(L, -2)) {
        chunk_report(L);
        return CONSOLE_FAILED;
    }
    lua_pop(L, 1);
    set_engine(L);
    lua_pop(L, 1);
    return CONSOLE_OK;
}

/* engine:clock(), kept as the global clock. */
static int
make_clock(lua_State *L)
{
    lua_pushcfunction(L, engine_clock);
    lua_getglobal(L, "engine");
    lua_call(L, 1, 2);
    if (lua_isnil(L, -2)) {
        return luaL_error(L, "clock: %s", lua_tostring(L, -1));
    }
    lua_pop(L, 1);
    lua_pushglobaltable(L);
    lua_pushstring(L, "clock");
    lua_pushvalue(L, -3);
    lua_rawset(L, -3);
    lua_pop(L, 1);
    return 1;
}

/* The __index of _G: only engine and clock come into being by being looked at.
 */
static int
index_globals(lua_State *L)
{
    const char *name = lua_type(L, 2) == LUA_TSTRING ? lua_tostring(L, 2) : "";
    if (strcmp(name, "clock") == 0) {
        return make_clock(L);
    }
    if (strcmp(name, "engine") != 0) {
        return 0;
    }
    lua_pushcfunction(L, open_engine);
    lua_call(L, 0, 2);
    if (lua_isnil(L, -2)) {
        return luaL_error(L, "engine: %s", lua_tostring(L, -1));
    }
    lua_pop(L, 1);
    set_engine(L);
    return 1;
}

/* ------------------------------------------------------------- sounds -- */

/* Call engine:load(source, options); leaves its three results. */
static void
call_load(lua_State *L, int source, int options)
{
    lua_getglobal(L, "engine");
    lua_getfield(L, -1, "load");
    lua_insert(L, -2);
    lua_pushvalue(L, source);
    lua_pushvalue(L, options);
    lua_call(L, 3, 3);
}

/* Push the path of a sound that came with Tabor, or nil. */
static void
push_kit_path(lua_State *L, int name)
{
    lua_getglobal(L, "tabor");
    lua_getfield(L, -1, "kit");
    lua_call(L, 0, 1);
    if (lua_istable(L, -1)) {
        lua_pushvalue(L, name);
        lua_gettable(L, -2);
        lua_remove(L, -2);
    }
    lua_remove(L, -2);
}

/* Push the Sample that a source makes; raises if there is none. */
static void
load_sound(lua_State *L, int source, int options)
{
    call_load(L, source, options);
    const char *code = lua_tostring(L, -1);
    if (code && strcmp(code, "missing") == 0) {
        push_kit_path(L, source);
        if (!lua_isnil(L, -1)) {
            call_load(L, lua_gettop(L), options);
        } else {
            lua_pop(L, 1);
        }
    }
    if (lua_isnil(L, -3)) {
        luaL_error(L, "load: %s", lua_tostring(L, -2));
    }
    lua_pop(L, 2);
}

/* load(sound, options) -> Sample. What only Lua's own load understands goes
 * there. Upvalue: Lua's load. */
static int
console_load(lua_State *L)
{
    if (lua_isfunction(L, 1) || lua_type(L, 2) == LUA_TSTRING) {
        lua_pushvalue(L, lua_upvalueindex(1));
        lua_insert(L, 1);
        lua_call(L, lua_gettop(L) - 1, LUA_MULTRET);
        return lua_gettop(L);
    }
    lua_settop(L, 2);
    load_sound(L, 1, 2);
    return 1;
}

/* Push the Sample of a path that was played before, or nil. */
static void
push_known_sound(lua_State *L, int name)
{
    luaL_getsubtable(L, LUA_REGISTRYINDEX, SOUNDS);
    lua_pushvalue(L, name);
    lua_rawget(L, -2);
    lua_remove(L, -2);
    const lua_sample *s = object_test(L, -1, &sample_kind);
    lua_getglobal(L, "engine");
    const lua_engine *e = object_test(L, -1, &engine_kind);
    lua_pop(L, 1);
    if (s && (s->engine != e || !s->handle)) {
        lua_pop(L, 1);
        lua_pushnil(L);
    }
}

/* Push the Sample to play: argument 1, or what it names. */
static void
push_sound(lua_State *L)
{
    if (object_test(L, 1, &sample_kind)) {
        lua_pushvalue(L, 1);
        return;
    }
    const int has_name = lua_type(L, 1) == LUA_TSTRING;
    if (has_name) {
        push_known_sound(L, 1);
        if (!lua_isnil(L, -1)) {
            return;
        }
        lua_pop(L, 1);
    }
    lua_pushnil(L);
    load_sound(L, 1, lua_gettop(L));
    if (has_name) {
        luaL_getsubtable(L, LUA_REGISTRYINDEX, SOUNDS);
        lua_pushvalue(L, 1);
        lua_pushvalue(L, -3);
        lua_rawset(L, -3);
        lua_pop(L, 1);
    }
}

/* play(sound, options) -> Voice; sound: a Sample, or what load() takes. */
static int
console_play(lua_State *L)
{
    luaL_checkany(L, 1);
    lua_settop(L, 2);
    push_sound(L);
    lua_getfield(L, -1, "play");
    lua_insert(L, -2);
    lua_pushvalue(L, 2);
    lua_call(L, 2, 2);
    if (lua_isnil(L, -2)) {
        luaL_error(L, "play: %s", lua_tostring(L, -1));
    }
    lua_pop(L, 1);
    return 1;
}

/* ------------------------------------------------------------ install -- */

static void
set_metatable(lua_State *L, lua_CFunction index)
{
    lua_newtable(L);
    lua_pushcfunction(L, index);
    lua_setfield(L, -2, "__index");
    lua_setmetatable(L, -2);
}

static void
make_environment(lua_State *L)
{
    lua_newtable(L);
    lua_getglobal(L, "load");
    lua_pushcclosure(L, console_load, 1);
    lua_setfield(L, -2, "load");
    lua_newtable(L);
    lua_pushglobaltable(L);
    lua_setfield(L, -2, "__index");
    lua_pushglobaltable(L);
    lua_setfield(L, -2, "__newindex");
    lua_setmetatable(L, -2);
    lua_setfield(L, LUA_REGISTRYINDEX, ENVIRONMENT);
}

/* os.exit(code, close), but close is true unless given: an engine that is not
 * closed does not finish its take. Upvalue: the original. */
static int
close_and_exit(lua_State *L)
{
    lua_settop(L, 2);
    if (lua_isnil(L, 2)) {
        lua_pushboolean(L, 1);
        lua_replace(L, 2);
    }
    interrupt_disarm(L);
    lua_pushvalue(L, lua_upvalueindex(1));
    lua_insert(L, 1);
    lua_call(L, 2, 0);
    return 0;
}

static void
replace_exit(lua_State *L)
{
    lua_getglobal(L, "os");
    lua_getfield(L, -1, "exit");
    lua_pushcclosure(L, close_and_exit, 1);
    lua_setfield(L, -2, "exit");
    lua_pop(L, 1);
}

/* As lua(1) does: the script is entry 0, what precedes it has negative
 * indices. */
static void
make_arg(lua_State *L, const console_settings *s)
{
    const int zero = s->script < s->argc ? s->script : 0;
    lua_newtable(L);
    for (int i = 0; i < s->argc; i++) {
        lua_pushstring(L, s->argv[i]);
        lua_rawseti(L, -2, i - zero);
    }
    lua_setglobal(L, "arg");
}

void
globals_install(lua_State *L, const console_settings *settings)
{
    lua_pushlightuserdata(L, (void *)settings);
    lua_setfield(L, LUA_REGISTRYINDEX, SETTINGS);
    make_environment(L);
    make_arg(L, settings);
    if (!settings->sandbox) {
        replace_exit(L);
        lua_pushcfunction(L, output_values);
        lua_setglobal(L, "print");
    }
    lua_pushcfunction(L, console_play);
    lua_setglobal(L, "play");
    lua_pushglobaltable(L);
    set_metatable(L, index_globals);
    lua_pop(L, 1);
}

void
globals_push_environment(lua_State *L)
{
    lua_getfield(L, LUA_REGISTRYINDEX, ENVIRONMENT);
}

void
globals_attach(lua_State *L)
{
    globals_push_environment(L);
    if (!lua_setupvalue(L, -2, 1)) {
        lua_pop(L, 1);
    }
}
