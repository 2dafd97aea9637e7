/* SPDX-License-Identifier: MIT */
#include "lua_tabor.h"

#include <string.h>

#define BOX_CLASS "tabor.box"

void
object_class(lua_State *L, const char *name, const luaL_Reg *meta,
             const luaL_Reg *methods, lua_CFunction index)
{
    luaL_newmetatable(L, name);
    luaL_setfuncs(L, meta, 0);
    lua_newtable(L);
    luaL_setfuncs(L, methods, 0);
    lua_pushcclosure(L, index, 1);
    lua_setfield(L, -2, "__index");
    lua_pop(L, 1);
}

void
object_kind_class(lua_State *L, const object_kind *kind, const luaL_Reg *meta,
                  const luaL_Reg *methods, lua_CFunction index)
{
    object_class(L, kind->name, meta, methods, index);
    luaL_getmetatable(L, kind->name);
    lua_rawsetp(L, LUA_REGISTRYINDEX, kind);
}

void
object_set_method(lua_State *L, const object_kind *kind, const char *name,
                  lua_CFunction method, const object_kind *upvalue)
{
    const int top = lua_gettop(L);
    lua_rawgetp(L, LUA_REGISTRYINDEX, kind);
    lua_getfield(L, -1, "__index");
    lua_getupvalue(L, -1, 1);
    lua_rawgetp(L, LUA_REGISTRYINDEX, upvalue);
    lua_pushcclosure(L, method, 1);
    lua_setfield(L, -2, name);
    lua_settop(L, top);
}

void *
object_push(lua_State *L, const object_kind *kind, size_t size, int user_values)
{
    const object_kind **object = lua_newuserdatauv(L, size, user_values);
    memset(object, 0, size);
    *object = kind;
    lua_rawgetp(L, LUA_REGISTRYINDEX, kind);
    lua_setmetatable(L, -2);
    return object;
}

void *
object_test(lua_State *L, int index, const object_kind *kind)
{
    const object_kind **object = lua_touserdata(L, index);
    return object && !lua_islightuserdata(L, index) &&
                   lua_rawlen(L, index) >= sizeof *object && *object == kind
               ? object
               : NULL;
}

void *
object_check(lua_State *L, int index, const object_kind *kind)
{
    void *object = object_test(L, index, kind);
    return object ? object : luaL_checkudata(L, index, kind->name);
}

int
object_method(lua_State *L)
{
    lua_pushvalue(L, 2);
    if (lua_rawget(L, lua_upvalueindex(1)) != LUA_TNIL) {
        return 1;
    }
    lua_pop(L, 1);
    return 0;
}

void
object_set_whole(lua_State *L, const char *key, uint64_t number)
{
    lua_pushinteger(L, (lua_Integer)number);
    lua_setfield(L, -2, key);
}

void
object_set_text(lua_State *L, const char *key, const char *text)
{
    lua_pushstring(L, text);
    lua_setfield(L, -2, key);
}

typedef struct box {
    void *content;
    void (*release)(void *);
} box;

static int
box_gc(lua_State *L)
{
    box *b = luaL_checkudata(L, 1, BOX_CLASS);
    if (b->content) {
        b->release(b->content);
        b->content = NULL;
    }
    return 0;
}

void **
object_box(lua_State *L, void (*release)(void *))
{
    box *b = lua_newuserdatauv(L, sizeof *b, 0);
    b->content = NULL;
    b->release = release;
    if (luaL_newmetatable(L, BOX_CLASS)) {
        lua_pushcfunction(L, box_gc);
        lua_setfield(L, -2, "__gc");
    }
    lua_setmetatable(L, -2);
    return &b->content;
}
