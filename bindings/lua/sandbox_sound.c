/* SPDX-License-Identifier: MIT
 *
 * The module as a script that is not trusted has it: sounds from given folders
 * only, no file written, no driver but what the command line names.
 *
 * Sounds are memory that Lua's allocator doesn't see, so they are counted here,
 * with its own, against --mem. What was loaded counts until its engine closes:
 * an unloaded sample rings on, and keeps its memory as long as it likes.
 */
#include "clock.h"
#include "console.h"
#include "lua_tabor.h"

#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define SOUNDS       "tabor.sandbox.sounds" /* Engine or Audio -> bytes, weak */
#define SETTINGS     "tabor.sandbox.settings"
#define MOST_ENGINES 4
#define MOST_VOICES  4096
#define VOICE_BYTES  2048 /* of an engine; measured: 1200 */
#define ENGINE_BYTES (4 << 20)

static const char *const module_names[] = {"adsr", "db",      "kit", "open",
                                           "read", "version", NULL};
static const char *const engine_names[] = {
    "batch",  "cancel", "clock", "close", "frame",     "gain", "load", "meters",
    "now",    "off",    "on",    "panic", "play_many", "ping", "play", "poll",
    "sample", "stats",  "stop",  "wait",  "render",    NULL};
static const char *const sample_names[] = {"play", "slice", "unload", NULL};
static const char *const voice_names[] = {"release", "seek", "set",
                                          "stop",    "wait", NULL};
static const char *const voices_names[] = {"stop", NULL};
static const char *const clock_names[] = {
    "at",  "beat",  "cancel", "close", "hush",  "join", "loop", "now",
    "run", "sleep", "stats",  "sync",  "tempo", "wait", NULL};
static const char *const task_names[] = {"cancel", "join", NULL};
static const char *const audio_names[] = {"get", NULL};

/* ------------------------------------------------------------- memory -- */

/* Does the thing at index still hold what was noted for it? */
static int
is_alive(lua_State *L, int index)
{
    const lua_engine *e = luaL_testudata(L, index, ENGINE_CLASS);
    tabor_audio *const *audio = luaL_testudata(L, index, AUDIO_CLASS);
    return (e && e->client) || (audio && *audio);
}

static uint64_t
count_sounds(lua_State *L)
{
    uint64_t bytes = 0;
    luaL_getsubtable(L, LUA_REGISTRYINDEX, SOUNDS);
    lua_pushnil(L);
    while (lua_next(L, -2)) {
        if (is_alive(L, lua_gettop(L) - 1)) {
            bytes += (uint64_t)lua_tointeger(L, -1);
        }
        lua_pop(L, 1);
    }
    lua_pop(L, 1);
    return bytes;
}

static int
has_room(lua_State *L, uint64_t bytes)
{
    const uint64_t limit = memory_limit();
    for (int again = 0; again < 2; again++) {
        const uint64_t taken = memory_used() + count_sounds(L);
        if (bytes <= limit && taken <= limit - bytes) {
            return 1;
        }
        lua_gc(L, LUA_GCCOLLECT);
    }
    return 0;
}

static int
fail_memory(lua_State *L, const char *what)
{
    return luaL_error(L,
                      "%s: not enough memory: the limit is --mem %d (MiB), for "
                      "the script and its sounds",
                      what, (int)(memory_limit() >> 20));
}

/* The thing at index holds so many bytes more. */
static void
note(lua_State *L, int index, uint64_t bytes)
{
    luaL_getsubtable(L, LUA_REGISTRYINDEX, SOUNDS);
    lua_pushvalue(L, index);
    lua_pushvalue(L, index);
    lua_rawget(L, -3);
    const lua_Integer before = lua_tointeger(L, -1);
    lua_pop(L, 1);
    lua_pushinteger(L, before + (lua_Integer)bytes);
    lua_rawset(L, -3);
    lua_pop(L, 1);
}

static uint64_t
count_bytes(uint64_t frames, uint32_t channels)
{
    return frames > UINT64_MAX / 256 ? UINT64_MAX
                                     : frames * channels * sizeof(float);
}

/* -------------------------------------------------------------- paths -- */

static int
is_beneath(const char *path, const char *folder)
{
    char real[PATH_MAX];
    if (!realpath(folder, real)) {
        return 0;
    }
    const size_t length = strlen(real);
    return strncmp(path, real, length) == 0 &&
           (length == 1 || path[length] == '/');
}

static const console_settings *
get_settings(lua_State *L)
{
    lua_getfield(L, LUA_REGISTRYINDEX, SETTINGS);
    const console_settings *s = lua_touserdata(L, -1);
    lua_pop(L, 1);
    return s;
}

/* Is there a regular file in a folder that may be read? real: out, its path
 * without links */
static int
find_file(lua_State *L, const char *path, char real[PATH_MAX])
{
    struct stat info;
    const console_settings *s = get_settings(L);
    if (!realpath(path, real) || stat(real, &info) != 0 ||
        !S_ISREG(info.st_mode)) {
        return 0;
    }
    int found = is_beneath(real, tabor_kit_dir());
    for (const char **allow = s->allows; *allow && !found; allow++) {
        found = is_beneath(real, *allow);
    }
    return found;
}

/* Put the path without links in the place of the one at index. Else pushes
 * nil, a message and a code, and returns 0: the same ones for a file that is
 * not there as for one that is out of bounds, so that nobody learns which. */
static int
check_path(lua_State *L, int index)
{
    char real[PATH_MAX];
    const char *path = audio_check_path(L, index);
    if (find_file(L, path, real)) {
        lua_pushstring(L, real);
        lua_replace(L, index);
        return 1;
    }
    lua_pushnil(L);
    lua_pushfstring(L,
                    "%s: no such file where a sandboxed script may read; "
                    "--allow FOLDER names such places",
                    path);
    lua_pushstring(L, "missing");
    return 0;
}

/* ------------------------------------------------------- replacements -- */

/* Call the function in upvalue 1 with all arguments, for all its results. */
static int
call_original(lua_State *L)
{
    lua_pushvalue(L, lua_upvalueindex(1));
    lua_insert(L, 1);
    lua_call(L, lua_gettop(L) - 1, LUA_MULTRET);
    return lua_gettop(L);
}

/* Options are read raw, so a raw look is enough. */
static void
check_untrusted(lua_State *L, int index, const char *what)
{
    if (lua_istable(L, index)) {
        lua_pushstring(L, "trusted");
        lua_rawget(L, index);
        if (lua_toboolean(L, -1)) {
            luaL_error(L, "%s: no file is trusted in a sandbox", what);
        }
        lua_pop(L, 1);
    }
}

/* engine:load(source, options) */
static int
load_sample(lua_State *L)
{
    lua_engine *e = engine_check(L, 1);
    lua_settop(L, 3);
    check_untrusted(L, 3, "load");
    if (lua_type(L, 2) == LUA_TSTRING && !check_path(L, 2)) {
        return 3;
    }
    lua_pushvalue(L, 1); /* for afterwards */
    lua_insert(L, 1);
    lua_pushvalue(L, lua_upvalueindex(1));
    lua_insert(L, 2);
    lua_call(L, 3, LUA_MULTRET);
    lua_sample *s = luaL_testudata(L, 2, SAMPLE_CLASS);
    if (s && s->handle) {
        const uint64_t bytes = count_bytes(s->info.frames, s->info.channels);
        if (!has_room(L, bytes)) {
            tabor_sample_release(e->client, s->handle);
            s->handle = 0;
            return fail_memory(L, "load");
        }
        note(L, 1, bytes);
    }
    return lua_gettop(L) - 1;
}

/* An Audio in place 1 that is over the limit is let go. */
static int
keep_audio(lua_State *L, const char *what)
{
    tabor_audio **audio = luaL_testudata(L, 1, AUDIO_CLASS);
    if (audio && *audio) {
        const uint64_t bytes =
            count_bytes((*audio)->frames, (*audio)->channels);
        if (!has_room(L, bytes)) {
            tabor_audio_free(*audio);
            *audio = NULL;
            return fail_memory(L, what);
        }
        note(L, 1, bytes);
    }
    return lua_gettop(L);
}

/* tabor.read(path) */
static int
read_audio(lua_State *L)
{
    check_untrusted(L, 2, "read");
    if (!check_path(L, 1)) {
        return 3;
    }
    call_original(L);
    return keep_audio(L, "read");
}

/* The frames that engine:render() is about to be asked for, 0 if that is not
 * to be seen: then it answers by itself. */
static double
frames_to_render(lua_State *L, const lua_engine *e)
{
    double frames = lua_tonumber(L, 2) * e->rate;
    if (lua_istable(L, 2)) {
        lua_pushstring(L, "seconds");
        lua_rawget(L, 2);
        frames = lua_tonumber(L, -1) * e->rate;
        lua_pushstring(L, "frames");
        lua_rawget(L, 2);
        frames = fmax(frames, lua_tonumber(L, -1));
        lua_pop(L, 2);
    }
    return frames > 0 ? frames : 0;
}

/* engine:render(length): counted before it takes the memory, and the time. */
static int
render_audio(lua_State *L)
{
    const lua_engine *e = engine_check(L, 1);
    const double frames = frames_to_render(L, e);
    if (frames > (double)memory_limit() ||
        !has_room(L, count_bytes((uint64_t)frames, e->channels))) {
        return fail_memory(L, "render");
    }
    call_original(L);
    return keep_audio(L, "render");
}

/* --------------------------------------------------------------- open -- */

static const char *const open_names[] = {
    "driver",  "rate", "channels", "block",  "voices", "queue",
    "on_full", "wake", "limiter",  "kernel", "dither", NULL};

static void
check_option(lua_State *L, const char *name)
{
    const char *const *known = open_names;
    while (*known && strcmp(*known, name) != 0) {
        known++;
    }
    if (!*known) {
        luaL_error(L, "open: no option '%s' in a sandbox", name);
    }
    if (strcmp(name, "driver") == 0 &&
        (lua_type(L, -1) != LUA_TSTRING ||
         strcmp(lua_tostring(L, -1), "offline") != 0)) {
        luaL_error(L, "open: only the driver 'offline' in a sandbox; --driver "
                      "names what is taken without one");
    }
    if (strcmp(name, "voices") == 0 && lua_tonumber(L, -1) > MOST_VOICES) {
        luaL_error(L, "open: at most %d voices in a sandbox", MOST_VOICES);
    }
}

/* Make argument 1 a table of options that are all right, with a driver. */
static void
check_options(lua_State *L)
{
    const console_settings *s = get_settings(L);
    lua_settop(L, 1);
    if (lua_isnil(L, 1)) {
        lua_newtable(L);
        lua_replace(L, 1);
    }
    luaL_checktype(L, 1, LUA_TTABLE);
    lua_newtable(L);
    if (s->driver) {
        lua_pushstring(L, s->driver);
        lua_setfield(L, 2, "driver");
    }
    lua_pushnil(L);
    while (lua_next(L, 1)) {
        if (lua_type(L, -2) != LUA_TSTRING) {
            luaL_error(L, "open: options have names");
        }
        check_option(L, lua_tostring(L, -2));
        lua_pushvalue(L, -2);
        lua_insert(L, -2);
        lua_rawset(L, 2);
    }
    lua_replace(L, 1);
}

static int
count_engines(lua_State *L)
{
    int count = 0;
    engine_push_open(L);
    lua_pushnil(L);
    while (lua_next(L, -2)) {
        count++;
        lua_pop(L, 1);
    }
    lua_pop(L, 1);
    return count;
}

/* tabor.open(options) */
static int
open_engine(lua_State *L)
{
    check_options(L);
    if (count_engines(L) >= MOST_ENGINES) {
        lua_gc(L, LUA_GCCOLLECT);
    }
    if (count_engines(L) >= MOST_ENGINES) {
        return luaL_error(L, "open: at most %d engines in a sandbox",
                          MOST_ENGINES);
    }
    if (!has_room(L, ENGINE_BYTES + MOST_VOICES * VOICE_BYTES)) {
        return fail_memory(L, "open");
    }
    call_original(L);
    const lua_engine *e = luaL_testudata(L, 1, ENGINE_CLASS);
    if (e) {
        note(L, 1, ENGINE_BYTES + (uint64_t)e->voices * VOICE_BYTES);
    }
    return lua_gettop(L);
}

/* ------------------------------------------------------------ install -- */

/* Put a function in the place of a field of the table on top. */
static void
wrap(lua_State *L, const char *name, lua_CFunction function)
{
    lua_getfield(L, -1, name);
    lua_pushcclosure(L, function, 1);
    lua_setfield(L, -2, name);
}

/* Push the methods of a class, only those that names has; nobody gets at its
 * metatable. */
static void
push_methods(lua_State *L, const char *class_name, const char *const *names)
{
    luaL_getmetatable(L, class_name);
    lua_pushboolean(L, 0);
    lua_setfield(L, -2, "__metatable");
    lua_getfield(L, -1, "__index");
    lua_getupvalue(L, -1, 1);
    lua_replace(L, -3);
    lua_pop(L, 1);
    sandbox_keep(L, names);
}

static void
restrict_classes(lua_State *L)
{
    const int top = lua_gettop(L);
    push_methods(L, SAMPLE_CLASS, sample_names);
    push_methods(L, VOICE_CLASS, voice_names);
    push_methods(L, VOICES_CLASS, voices_names);
    push_methods(L, CLOCK_CLASS, clock_names);
    push_methods(L, TASK_CLASS, task_names);
    push_methods(L, AUDIO_CLASS, audio_names);
    push_methods(L, ENGINE_CLASS, engine_names);
    wrap(L, "load", load_sample);
    wrap(L, "render", render_audio);
    lua_settop(L, top);
}

/* A table whose keys don't keep what they name. */
static void
make_sounds(lua_State *L)
{
    luaL_getsubtable(L, LUA_REGISTRYINDEX, SOUNDS);
    lua_newtable(L);
    lua_pushstring(L, "k");
    lua_setfield(L, -2, "__mode");
    lua_setmetatable(L, -2);
    lua_pop(L, 1);
}

void
sandbox_push_module(lua_State *L, const console_settings *settings)
{
    lua_pushlightuserdata(L, (void *)settings);
    lua_setfield(L, LUA_REGISTRYINDEX, SETTINGS);
    make_sounds(L);
    luaL_requiref(L, "tabor", luaopen_tabor, 0);
    restrict_classes(L);
    sandbox_keep(L, module_names);
    wrap(L, "open", open_engine);
    wrap(L, "read", read_audio);
}
