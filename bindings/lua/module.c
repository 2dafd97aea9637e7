/* SPDX-License-Identifier: MIT
 *
 * local tabor = require "tabor"
 */
#include "clock.h"

#include <glob.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static int
module_db(lua_State *L)
{
    lua_pushnumber(L, pow(10.0, luaL_checknumber(L, 1) / 20.0));
    return 1;
}

/* ---------------------------------------------------------------- kit -- */

static void
kit_free(void *content)
{
    globfree(content);
    free(content);
}

/* Push the name of a sound: its file's, without folder and ending. */
static void
push_stem(lua_State *L, const char *path)
{
    const char *name = strrchr(path, '/');
    name = name ? name + 1 : path;
    lua_pushlstring(L, name, strlen(name) - strlen(".wav"));
}

int
module_kit(lua_State *L)
{
    const char *pattern = lua_pushfstring(L, "%s/*.wav", tabor_kit_dir());
    void **box = object_box(L, kit_free);
    glob_t *found = *box = calloc(1, sizeof *found);
    if (!found) {
        return luaL_error(L, "not enough memory for a list");
    }
    if (glob(pattern, 0, NULL, found) != 0) {
        lua_pushnil(L);
        lua_pushfstring(L, "no sounds in %s: set TABOR_KIT_DIR",
                        tabor_kit_dir());
        lua_pushstring(L, "missing");
        return 3;
    }
    lua_createtable(L, 0, (int)found->gl_pathc);
    for (size_t i = 0; i < found->gl_pathc; i++) {
        push_stem(L, found->gl_pathv[i]);
        lua_pushstring(L, found->gl_pathv[i]);
        lua_rawset(L, -3);
    }
    return 1;
}

/* ------------------------------------------------------------- module -- */

static const luaL_Reg functions[] = {
    {"open", engine_open},        {"attach", engine_attach},
    {"drivers", devices_drivers}, {"devices", devices_devices},
    {"read", audio_read},         {"replay", audio_replay},
    {"kit", module_kit},          {"db", module_db},
    {"adsr", shape_adsr},         {NULL, NULL}};

int
luaopen_tabor(lua_State *L)
{
    luaL_checkversion(L);
    audio_class(L);
    engine_class(L);
    sample_class(L);
    voice_class(L);
    voices_class(L);
    clock_class(L);
    task_class(L);
    luaL_newlib(L, functions);
    lua_pushstring(L, tabor_version());
    lua_setfield(L, -2, "version");
    return 1;
}
