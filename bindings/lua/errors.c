/* SPDX-License-Identifier: MIT */
#include "lua_tabor.h"

static const char *
code_of(tabor_status status)
{
    switch (status) {
    case TABOR_ERR_FULL:
        return "full";
    case TABOR_ERR_DEVICE:
        return "device";
    case TABOR_ERR_DECODE:
        return "decode";
    case TABOR_ERR_MISSING:
        return "missing";
    case TABOR_ERR_IO:
        return "io";
    case TABOR_ERR_LIMIT:
        return "limit";
    case TABOR_ERR_TIMEOUT:
        return "timeout";
    case TABOR_ERR_NO_MEMORY:
        return "memory";
    default:
        return "closed"; /* the engine, the sample, or for a forked child */
    }
}

int
errors_return(lua_State *L, tabor_status status)
{
    if (status == TABOR_ERR_INVALID) {
        return luaL_error(L, "%s", tabor_error());
    }
    lua_pushnil(L);
    lua_pushstring(L, tabor_error());
    lua_pushstring(L, code_of(status));
    return 3;
}
