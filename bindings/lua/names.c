/* SPDX-License-Identifier: MIT */
#include "clock.h"
#include "console.h"
#include "topic.h"

#include <string.h>

#define MOST_BEHIND 10 /* tables; more may be a circle */

const char *
names_class(lua_State *L, int index)
{
    static const char *const classes[] = {
        ENGINE_CLASS, SAMPLE_CLASS, VOICE_CLASS, VOICES_CLASS,
        AUDIO_CLASS,  CLOCK_CLASS,  TASK_CLASS,  NULL};
    if (lua_type(L, index) != LUA_TUSERDATA || !lua_getmetatable(L, index)) {
        return NULL;
    }
    const char *found = NULL;
    for (const char *const *name = classes; *name && !found; name++) {
        luaL_getmetatable(L, *name);
        found = lua_rawequal(L, -1, -2) ? *name + strlen("tabor.") : NULL;
        lua_pop(L, 1);
    }
    lua_pop(L, 1);
    return found;
}

int
names_push_behind(lua_State *L)
{
    if (!lua_getmetatable(L, -1)) {
        return 0;
    }
    lua_pushstring(L, "__index");
    lua_rawget(L, -2);
    lua_remove(L, -2);
    if (!lua_istable(L, -1)) {
        lua_pop(L, 1);
        return 0;
    }
    return 1;
}

/* Replace the value on top by its field, or by nil. */
static void
get_field(lua_State *L, const char *name, size_t length)
{
    for (int i = 0; i < MOST_BEHIND; i++) {
        if (lua_istable(L, -1)) {
            lua_pushlstring(L, name, length);
            if (lua_rawget(L, -2) != LUA_TNIL) {
                lua_remove(L, -2);
                return;
            }
            lua_pop(L, 1);
        }
        if (!names_push_behind(L)) {
            break;
        }
        lua_remove(L, -2);
    }
    lua_pop(L, 1);
    lua_pushnil(L);
}

void
names_push(lua_State *L, const char *chain, size_t length)
{
    const char *end = chain + length;
    globals_push_environment(L);
    while (chain < end) {
        const char *dot = memchr(chain, '.', (size_t)(end - chain));
        const char *stop = dot ? dot : end;
        get_field(L, chain, (size_t)(stop - chain));
        chain = dot ? dot + 1 : end;
    }
}
