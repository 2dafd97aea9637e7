/* SPDX-License-Identifier: MIT
 *
 * The console's short words for what is done often: stop and hush, stats and
 * devices, meters and help.
 */
#include "console.h"
#include "lua_tabor.h"

/* Call a method of engine, with our arguments; answer as it does, but what
 * fails is an error. */
static int
call_engine(lua_State *L, lua_CFunction method)
{
    lua_getglobal(L, "engine");
    lua_insert(L, 1);
    lua_pushcfunction(L, method);
    lua_insert(L, 1);
    lua_call(L, lua_gettop(L) - 1, LUA_MULTRET);
    if (lua_isnil(L, 1) && lua_isstring(L, 2)) {
        return luaL_error(L, "%s", lua_tostring(L, 2));
    }
    return lua_gettop(L);
}

static int
stop(lua_State *L)
{
    call_engine(L, engine_stop);
    return 0;
}

static int
hush(lua_State *L)
{
    call_engine(L, engine_panic);
    return 0;
}

static int
stats(lua_State *L)
{
    return call_engine(L, engine_stats);
}

/* devices([driver]): one line for each. */
static int
devices(lua_State *L)
{
    fflush(screen_out());
    return help_list_devices(luaL_optstring(L, 1, NULL)) == CONSOLE_OK
               ? 0
               : luaL_error(L, "devices: %s", tabor_error());
}

void
shorthand_install(lua_State *L)
{
    static const luaL_Reg words[] = {{"stop", stop},
                                     {"hush", hush},
                                     {"stats", stats},
                                     {"help", topic_help},
                                     {"meters", status_toggle},
                                     {NULL, NULL}};
    lua_pushglobaltable(L);
    luaL_setfuncs(L, words, 0);
    lua_pop(L, 1);
    if (!sandbox_is_on()) {
        lua_register(L, "devices", devices);
    }
}
