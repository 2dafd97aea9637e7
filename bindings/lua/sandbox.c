/* SPDX-License-Identifier: MIT
 *
 * What a script that is not trusted finds: names on a list, and nothing else.
 *
 * Three rules make the lists. Nothing reaches beyond the state: no files, no
 * system, no drivers, no other module, no byte code, no debug library. Nothing
 * runs for long where no hook can stop it: no patterns, no finalizers, no
 * message handlers, no loop in C over what a metatable says. Nothing takes
 * memory that is not counted (memory.c, sandbox_sound.c).
 */
#define _GNU_SOURCE /* memmem() */
#include "console.h"
#include "lua_tabor.h"

#include <lualib.h>

#include <string.h>

#define MOST_MOVED (1 << 24) /* entries; more is work without an end */

static int is_on;

int
sandbox_is_on(void)
{
    return is_on;
}

/* -------------------------------------------------------------- lists -- */

static const char *const base_names[] = {
    "_G", "_VERSION", "assert", "error", "ipairs", "next", "pairs", "pcall",
    "print", "select", "tonumber", "tostring", "rawequal", "rawget", "rawlen",
    "rawset", "type",
    /* and these, which are replaced */
    "collectgarbage", "getmetatable", "load", "setmetatable", NULL};

static const char *const string_names[] = {
    "byte",     "char", "format", "len",   "lower",   "pack", "rep",
    "packsize", "sub",  "unpack", "upper", "reverse", NULL};

static const char *const os_names[] = {"clock", "difftime", "time", NULL};

static int
has_name(const char *const *names, const char *name)
{
    while (*names && strcmp(*names, name) != 0) {
        names++;
    }
    return *names != NULL;
}

void
sandbox_keep(lua_State *L, const char *const *names)
{
    lua_pushnil(L);
    while (lua_next(L, -2)) {
        lua_pop(L, 1);
        if (lua_type(L, -1) != LUA_TSTRING ||
            !has_name(names, lua_tostring(L, -1))) {
            lua_pushvalue(L, -1);
            lua_pushnil(L);
            lua_rawset(L, -4);
        }
    }
}

/* ------------------------------------------------------- replacements -- */

/* Call the function in upvalue 1 with all arguments; answer with its results.
 */
static int
call_original(lua_State *L)
{
    lua_pushvalue(L, lua_upvalueindex(1));
    lua_insert(L, 1);
    lua_call(L, lua_gettop(L) - 1, LUA_MULTRET);
    return lua_gettop(L);
}

/* Finalizers run where no hook does: one that loops is never stopped. */
static int
set_metatable(lua_State *L)
{
    if (lua_istable(L, 2)) {
        lua_pushstring(L, "__gc");
        if (lua_rawget(L, 2) != LUA_TNIL) {
            return luaL_error(L, "setmetatable: no __gc in a sandbox");
        }
        lua_pop(L, 1);
    }
    return call_original(L);
}

/* Those of strings and of Tabor's objects are everybody's. */
static int
get_metatable(lua_State *L)
{
    luaL_checkany(L, 1);
    if (!lua_istable(L, 1)) {
        lua_pushnil(L);
        return 1;
    }
    return call_original(L);
}

/* load(chunk, name, mode, env): as text, whatever the mode. */
static int
load_text(lua_State *L)
{
    if (lua_gettop(L) < 3) {
        lua_settop(L, 3);
    }
    lua_pushstring(L, "t");
    lua_replace(L, 3);
    return call_original(L);
}

static int
collect_garbage(lua_State *L)
{
    static const char *const words[] = {"collect", "count", NULL};
    if (luaL_checkoption(L, 1, "collect", words) == 0) {
        lua_gc(L, LUA_GCCOLLECT);
        lua_pushinteger(L, 0);
    } else {
        lua_pushnumber(L, lua_gc(L, LUA_GCCOUNT) +
                              lua_gc(L, LUA_GCCOUNTB) / 1024.0);
    }
    return 1;
}

/* Upvalue: the module. */
static int
require_tabor(lua_State *L)
{
    const char *name = luaL_checkstring(L, 1);
    if (strcmp(name, "tabor") != 0) {
        return luaL_error(L,
                          "require: there is only tabor in a sandbox, not "
                          "'%s'",
                          name);
    }
    lua_pushvalue(L, lua_upvalueindex(1));
    return 1;
}

/* string.rep: nothing, a number of times that has no end, is nothing. */
static int
repeat_text(lua_State *L)
{
    size_t length, between = 0;
    luaL_checklstring(L, 1, &length);
    luaL_checkinteger(L, 2);
    luaL_optlstring(L, 3, "", &between);
    if (length + between == 0) {
        lua_pushstring(L, "");
        return 1;
    }
    return call_original(L);
}

/* string.find(text, plain[, init[, true]]): by memmem(), whose time grows with
 * the lengths only; Lua's own tries each place anew. */
static int
find_text(lua_State *L)
{
    size_t length, wanted;
    const char *text = luaL_checklstring(L, 1, &length);
    const char *what = luaL_checklstring(L, 2, &wanted);
    lua_Integer init = luaL_optinteger(L, 3, 1);
    if (!lua_toboolean(L, 4) && strpbrk(what, "^$*+?.([%-")) {
        return luaL_error(L, "find: no patterns in a sandbox; for a plain text "
                             "give true as the fourth argument");
    }
    if (init < 0) {
        init = -init > (lua_Integer)length ? 1 : (lua_Integer)length + init + 1;
    }
    const size_t from = init > 0 ? (size_t)init - 1 : 0;
    const char *place =
        from > length ? NULL : memmem(text + from, length - from, what, wanted);
    if (!place) {
        lua_pushnil(L);
        return 1;
    }
    lua_pushinteger(L, place - text + 1);
    lua_pushinteger(L, place - text + (lua_Integer)wanted);
    return 2;
}

/* The table library counts in C as far as a metatable says. Upvalues: the
 * original, its name. */
static int
call_on_plain_tables(lua_State *L)
{
    for (int i = 1; i <= lua_gettop(L) && i <= 5; i++) {
        if (lua_istable(L, i) && lua_getmetatable(L, i)) {
            return luaL_error(L,
                              "table.%s: no table with a metatable in a "
                              "sandbox",
                              lua_tostring(L, lua_upvalueindex(2)));
        }
    }
    return call_original(L);
}

static int
move_entries(lua_State *L)
{
    const lua_Integer first = luaL_checkinteger(L, 2);
    const lua_Integer last = luaL_checkinteger(L, 3);
    if (last >= first &&
        (lua_Unsigned)last - (lua_Unsigned)first >= MOST_MOVED) {
        return luaL_error(L, "table.move: at most %d entries in a sandbox",
                          MOST_MOVED);
    }
    return call_on_plain_tables(L);
}

/* xpcall() without a handler that runs while the error is on its way, because
 * no hook would: it is called afterwards. */
static const char xpcall_text[] = "local pcall = ...\n"
                                  "local function answer(handler, good, ...)\n"
                                  "  if good then return true, ... end\n"
                                  "  return false, handler((...))\n"
                                  "end\n"
                                  "return function(f, handler, ...)\n"
                                  "  return answer(handler, pcall(f, ...))\n"
                                  "end\n";

static void
push_xpcall(lua_State *L)
{
    if (luaL_loadbufferx(L, xpcall_text, sizeof xpcall_text - 1, "=xpcall",
                         "t") != LUA_OK) {
        lua_error(L);
    }
    lua_getglobal(L, "pcall");
    lua_call(L, 1, 1);
}

/* ------------------------------------------------------------ install -- */

/* Put a function in the place of a field of the table on top. */
static void
wrap(lua_State *L, const char *name, lua_CFunction function)
{
    lua_getfield(L, -1, name);
    lua_pushstring(L, name);
    lua_pushcclosure(L, function, 2);
    lua_setfield(L, -2, name);
}

static void
restrict_base(lua_State *L)
{
    sandbox_keep(L, base_names);
    wrap(L, "setmetatable", set_metatable);
    wrap(L, "getmetatable", get_metatable);
    wrap(L, "load", load_text);
    wrap(L, "collectgarbage", collect_garbage);
    wrap(L, "print", output_values);
    push_xpcall(L);
    lua_setfield(L, -2, "xpcall");
}

static void
restrict_string(lua_State *L)
{
    wrap(L, "rep", repeat_text);
    sandbox_keep(L, string_names);
    lua_pushcfunction(L, find_text);
    lua_setfield(L, -2, "find");
}

static void
restrict_table(lua_State *L)
{
    static const char *const names[] = {"concat", "insert", "remove",
                                        "sort",   "unpack", NULL};
    for (const char *const *name = names; *name; name++) {
        wrap(L, *name, call_on_plain_tables);
    }
    wrap(L, "move", move_entries);
}

static void
open_library(lua_State *L, const char *name, lua_CFunction open,
             void (*restrict_it)(lua_State *L))
{
    luaL_requiref(L, name, open, 1);
    if (restrict_it) {
        restrict_it(L);
    }
    lua_pop(L, 1);
}

static void
restrict_os(lua_State *L)
{
    sandbox_keep(L, os_names);
}

void
sandbox_install(lua_State *L, const console_settings *settings)
{
    is_on = 1;
    output_plain();
    sandbox_push_module(L, settings);
    const int module = lua_gettop(L);
    open_library(L, LUA_GNAME, luaopen_base, restrict_base);
    open_library(L, LUA_STRLIBNAME, luaopen_string, restrict_string);
    open_library(L, LUA_TABLIBNAME, luaopen_table, restrict_table);
    open_library(L, LUA_MATHLIBNAME, luaopen_math, NULL);
    open_library(L, LUA_UTF8LIBNAME, luaopen_utf8, NULL);
    open_library(L, LUA_COLIBNAME, luaopen_coroutine, NULL);
    open_library(L, LUA_OSLIBNAME, luaopen_os, restrict_os);
    lua_pushvalue(L, module);
    lua_setglobal(L, "tabor");
    lua_pushvalue(L, module);
    lua_pushcclosure(L, require_tabor, 1);
    lua_setglobal(L, "require");
    lua_settop(L, 0);
}
