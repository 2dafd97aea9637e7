/* SPDX-License-Identifier: MIT */
#include "lua_tabor.h"
#include "options.h"

#include <string.h>

tabor_audio **
audio_push(lua_State *L)
{
    tabor_audio **box = lua_newuserdatauv(L, sizeof *box, 0);
    *box = NULL;
    luaL_setmetatable(L, AUDIO_CLASS);
    return box;
}

tabor_audio *
audio_check(lua_State *L, int index)
{
    tabor_audio **box = luaL_checkudata(L, index, AUDIO_CLASS);
    if (!*box) {
        luaL_error(L, "audio is closed: its variable has left its block");
    }
    return *box;
}

static int
audio_free(lua_State *L)
{
    tabor_audio **box = luaL_checkudata(L, 1, AUDIO_CLASS);
    tabor_audio_free(*box);
    *box = NULL;
    return 0;
}

const char *
audio_check_path(lua_State *L, int index)
{
    size_t length;
    const char *path = luaL_checklstring(L, index, &length);
    luaL_argcheck(L, strlen(path) == length, index,
                  "a path can't contain a zero byte");
    return path;
}

#define FIELD(name) offsetof(tabor_read_params, name)
static const option read_known[] = {
    {"rate", OPTION_COUNT, FIELD(rate), NULL},
    {"trusted", OPTION_FLAG, FIELD(trusted), NULL},
    {NULL, 0, 0, NULL}};
#undef FIELD

int
audio_read(lua_State *L)
{
    tabor_read_params params = TABOR_READ;
    const char *path = audio_check_path(L, 1);
    options_read(L, 2, "read", read_known, &params);
    const tabor_status st = tabor_audio_read_as(path, &params, audio_push(L));
    return st == TABOR_OK ? 1 : errors_return(L, st);
}

static int
let_hooks_run(lua_State *L)
{
    events_let_hooks_run(L);
    return 0;
}

/* A hook that raises ends the replay first: its error stays on the stack. */
static int
no_hook_raises(void *user)
{
    lua_State *L = user;
    lua_pushcfunction(L, let_hooks_run);
    return lua_pcall(L, 0, 0, 0) == LUA_OK;
}

int
audio_replay(lua_State *L)
{
    const char *path = audio_check_path(L, 1);
    tabor_audio **box = audio_push(L);
    const int top = lua_gettop(L);
    tabor_status st = tabor_replay_while(path, no_hook_raises, L, box);
    if (lua_gettop(L) > top) {
        return lua_error(L);
    }
    if (st == TABOR_ERR_INVALID) {
        st = TABOR_ERR_DECODE; /* the file's numbers, not the caller's */
    }
    return st == TABOR_OK ? 1 : errors_return(L, st);
}

#define FIELD(name) offsetof(tabor_save_params, name)
static const option save_known[] = {
    {"bits", OPTION_COUNT, FIELD(bits), NULL},
    {"dither", OPTION_FLAG, FIELD(dither), NULL},
    {NULL, 0, 0, NULL}};
#undef FIELD

static int
audio_save(lua_State *L)
{
    tabor_save_params params = TABOR_SAVE;
    const tabor_audio *audio = audio_check(L, 1);
    const char *path = audio_check_path(L, 2);
    options_read(L, 3, "save", save_known, &params);
    const tabor_status st = tabor_audio_save_as(audio, path, &params);
    if (st != TABOR_OK) {
        return errors_return(L, st);
    }
    lua_pushboolean(L, 1);
    return 1;
}

static int
audio_get(lua_State *L)
{
    const tabor_audio *audio = audio_check(L, 1);
    const lua_Integer frame = luaL_checkinteger(L, 2);
    const lua_Integer channel = luaL_optinteger(L, 3, 0);
    luaL_argcheck(L, frame >= 0 && (uint64_t)frame < audio->frames, 2,
                  "no such frame; they count from 0 to frames - 1");
    luaL_argcheck(L, channel >= 0 && channel < audio->channels, 3,
                  "no such channel; they count from 0 to channels - 1");
    lua_pushnumber(L, audio->values[frame * audio->channels + channel]);
    return 1;
}

/* ------------------------------------------------------------- tables -- */

#define MOST_VALUES ((lua_Integer)(TABOR_MAX_DECODED / sizeof(float)))

/* Lengths and entries are read raw: no metamethod may change a table between
 * measuring and copying it. */
typedef struct shape {
    lua_Integer frames, channels;
} shape;

static shape
table_shape(lua_State *L, int index)
{
    shape s = {(lua_Integer)lua_rawlen(L, index), 1};
    if (lua_rawgeti(L, index, 1) == LUA_TTABLE) {
        s.channels = s.frames;
        s.frames = (lua_Integer)lua_rawlen(L, -1);
    }
    lua_pop(L, 1);
    if (s.frames == 0) {
        luaL_error(L, "load: the table holds no values");
    }
    if (s.channels > TABOR_MAX_CHANNELS) {
        luaL_error(L, "load: %I channels are more than %d", s.channels,
                   TABOR_MAX_CHANNELS);
    }
    if (s.frames > MOST_VALUES / s.channels) {
        luaL_error(L, "load: %I frames are more than 512 MiB hold", s.frames);
    }
    return s;
}

static void
copy_channel(lua_State *L, int index, shape s, lua_Integer channel,
             double *values)
{
    for (lua_Integer frame = 0; frame < s.frames; frame++) {
        if (lua_rawgeti(L, index, frame + 1) != LUA_TNUMBER) {
            luaL_error(L, "load: entry %I of channel %I is a %s, not a number",
                       frame + 1, channel, luaL_typename(L, -1));
        }
        values[frame * s.channels + channel] = lua_tonumber(L, -1);
        lua_pop(L, 1);
    }
}

static void
copy_channels(lua_State *L, int index, shape s, double *values)
{
    for (lua_Integer channel = 0; channel < s.channels; channel++) {
        if (lua_rawgeti(L, index, channel + 1) != LUA_TTABLE) {
            luaL_error(L, "load: channel %I is a %s, not a table", channel,
                       luaL_typename(L, -1));
        }
        if ((lua_Integer)lua_rawlen(L, -1) != s.frames) {
            luaL_error(L, "load: channel %I holds %I values, channel 0 %I",
                       channel, (lua_Integer)lua_rawlen(L, -1), s.frames);
        }
        copy_channel(L, lua_gettop(L), s, channel, values);
        lua_pop(L, 1);
    }
}

tabor_status
audio_push_table(lua_State *L, int index, uint32_t rate, tabor_audio **audio)
{
    const shape s = table_shape(L, index);
    const size_t count = (size_t)s.frames * (size_t)s.channels;
    double *values = lua_newuserdatauv(L, count * sizeof *values, 0);
    lua_rawgeti(L, index, 1);
    const int nested = lua_istable(L, -1);
    lua_pop(L, 1);
    if (nested) {
        copy_channels(L, index, s, values);
    } else {
        copy_channel(L, index, s, 0, values);
    }
    tabor_audio **box = audio_push(L);
    const tabor_status st =
        tabor_audio_from_values(values, TABOR_FLOAT64, (uint64_t)s.frames,
                                (uint32_t)s.channels, rate, box);
    *audio = *box;
    return st;
}

/* -------------------------------------------------------------- class -- */

static int
audio_index(lua_State *L)
{
    if (object_method(L)) {
        return 1;
    }
    const tabor_audio *audio = audio_check(L, 1);
    const char *key = luaL_checkstring(L, 2);
    if (strcmp(key, "frames") == 0) {
        lua_pushinteger(L, (lua_Integer)audio->frames);
    } else if (strcmp(key, "channels") == 0) {
        lua_pushinteger(L, audio->channels);
    } else if (strcmp(key, "rate") == 0) {
        lua_pushinteger(L, audio->rate);
    } else if (strcmp(key, "duration") == 0) {
        lua_pushnumber(L, (double)audio->frames / audio->rate);
    } else {
        lua_pushnil(L);
    }
    return 1;
}

static int
audio_tostring(lua_State *L)
{
    tabor_audio **box = luaL_checkudata(L, 1, AUDIO_CLASS);
    const tabor_audio *audio = *box;
    if (!audio) {
        lua_pushstring(L, AUDIO_CLASS " (closed)");
        return 1;
    }
    lua_pushfstring(L, AUDIO_CLASS " (%f s, %I frames, %d channels, rate %d)",
                    (double)audio->frames / audio->rate,
                    (lua_Integer)audio->frames, (int)audio->channels,
                    (int)audio->rate);
    return 1;
}

static const luaL_Reg audio_meta[] = {{"__gc", audio_free},
                                      {"__close", audio_free},
                                      {"__tostring", audio_tostring},
                                      {NULL, NULL}};

static const luaL_Reg audio_methods[] = {
    {"save", audio_save}, {"get", audio_get}, {NULL, NULL}};

void
audio_class(lua_State *L)
{
    object_class(L, AUDIO_CLASS, audio_meta, audio_methods, audio_index);
}
