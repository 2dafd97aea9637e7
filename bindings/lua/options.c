/* SPDX-License-Identifier: MIT */
#include "options.h"

#include <tabor/tabor.h>

#include <lauxlib.h>

#include <math.h>
#include <stdint.h>
#include <string.h>

#define MOST_OPTIONS 32

static int
wrong_type(lua_State *L, int index, const char *what, const char *name,
           const char *wanted)
{
    return luaL_error(L, "%s: %s must be %s, not %s", what, name, wanted,
                      luaL_typename(L, index));
}

static int
wrong_number(lua_State *L, int index, const char *what, const char *name)
{
    if (lua_type(L, index) != LUA_TNUMBER) {
        wrong_type(L, index, what, name, "a number");
    }
    return luaL_error(L, "%s: %s is not a number (0/0 or the like)", what,
                      name);
}

static inline double
read_number(lua_State *L, int index, const char *what, const char *name)
{
    const double number =
        lua_type(L, index) == LUA_TNUMBER ? lua_tonumber(L, index) : NAN;
    if (isnan(number)) {
        wrong_number(L, index, what, name);
    }
    return number;
}

static uint64_t
read_whole(lua_State *L, int index, const char *what, const char *name)
{
    const double number = read_number(L, index, what, name);
    int whole;
    const lua_Integer n = lua_tointegerx(L, index, &whole);
    if (!whole || n < 0) {
        luaL_error(L, "%s: %s must be a whole number from 0, not %f", what,
                   name, number);
    }
    return (uint64_t)n;
}

static uint32_t
read_count(lua_State *L, int index, const char *what, const char *name)
{
    const uint64_t n = read_whole(L, index, what, name);
    if (n > UINT32_MAX) {
        luaL_error(L, "%s: %s must be at most %I, not %I", what, name,
                   (lua_Integer)UINT32_MAX, (lua_Integer)n);
    }
    return (uint32_t)n;
}

static const char *
read_text(lua_State *L, int index, const char *what, const char *name)
{
    if (lua_type(L, index) != LUA_TSTRING) {
        wrong_type(L, index, what, name, "a string");
    }
    const char *text = lua_tostring(L, index);
    if (strlen(text) != lua_rawlen(L, index)) {
        luaL_error(L, "%s: %s can't contain a zero byte", what, name);
    }
    return text;
}

static int
read_flag(lua_State *L, int index, const char *what, const char *name)
{
    if (!lua_isboolean(L, index)) {
        wrong_type(L, index, what, name, "true or false");
    }
    return lua_toboolean(L, index);
}

int
options_word(lua_State *L, int index, const char *what, const char *name,
             const char *const *words)
{
    const char *given = read_text(L, index, what, name);
    for (int i = 0; words[i]; i++) {
        if (strcmp(words[i], given) == 0) {
            return i;
        }
    }
    luaL_Buffer b;
    luaL_buffinit(L, &b);
    for (int i = 0; words[i]; i++) {
        lua_pushfstring(L, "%s'%s'", i ? ", " : "", words[i]);
        luaL_addvalue(&b);
    }
    luaL_pushresult(&b);
    return luaL_error(L, "%s: %s must be one of %s, not '%s'", what, name,
                      lua_tostring(L, -1), given);
}

/* Copy the value on top below the pair that is being read. Returns where. */
static int
keep_value(lua_State *L)
{
    lua_pushvalue(L, -1);
    lua_insert(L, -3);
    return lua_gettop(L) - 2;
}

static void
read_column(lua_State *L, const char *what, const char *name,
            option_column *column)
{
    if (!lua_istable(L, -1) && lua_type(L, -1) != LUA_TNUMBER) {
        wrong_type(L, -1, what, name, "a number or a table of them");
    }
    if (lua_istable(L, -1)) {
        luaL_checkstack(L, 8, what);
        column->index = keep_value(L);
    } else {
        column->number = read_number(L, -1, what, name);
    }
}

static void
read_other(lua_State *L, const char *what, const option *o, void *out)
{
    char *const field = (char *)out + o->offset;
    switch (o->kind) {
    case OPTION_NUMBER:
        break; /* read_value() */
    case OPTION_COUNT:
        *(uint32_t *)field = read_count(L, -1, what, o->name);
        break;
    case OPTION_FRAME:
        *(uint64_t *)field = read_whole(L, -1, what, o->name);
        break;
    case OPTION_TEXT:
        *(const char **)field = read_text(L, -1, what, o->name);
        break;
    case OPTION_FLAG:
        *(int *)field = read_flag(L, -1, what, o->name);
        break;
    case OPTION_WORD:
        *(int *)field = options_word(L, -1, what, o->name, o->words);
        break;
    case OPTION_VALUE:
        *(int *)field = keep_value(L);
        break;
    case OPTION_COLUMN:
        read_column(L, what, o->name, (option_column *)field);
        break;
    }
}

/* Most are numbers. */
static inline void
read_value(lua_State *L, const char *what, const option *o, void *out)
{
    if (o->kind == OPTION_NUMBER) {
        *(double *)((char *)out + o->offset) =
            read_number(L, -1, what, o->name);
    } else {
        read_other(L, what, o, out);
    }
}

static inline int
take(lua_State *L, const char *what, const option *known, void *out)
{
    if (lua_type(L, -2) != LUA_TSTRING) {
        luaL_error(L, "%s: options have names; here is one called %s", what,
                   luaL_tolstring(L, -2, NULL));
    }
    const char *name = lua_tostring(L, -2);
    for (const option *o = known; o->name; o++) {
        /* most differ here already */
        if (o->name[0] == name[0] && o->name[1] == name[1] &&
            strcmp(o->name, name) == 0) {
            read_value(L, what, o, out);
            return 1;
        }
    }
    return 0;
}

int
options_take(lua_State *L, const char *what, const option *known, void *out)
{
    return take(L, what, known, out);
}

static int
unknown(lua_State *L, const char *what, const char *name, const option *known)
{
    const char *words[MOST_OPTIONS + 1];
    size_t n = 0;
    for (const option *o = known; o->name && n < MOST_OPTIONS; o++) {
        words[n++] = o->name;
    }
    words[n] = NULL;
    const char *near = tabor_nearest(name, words);
    if (near) {
        return luaL_error(L, "%s: unknown option '%s' (did you mean '%s'?)",
                          what, name, near);
    }
    return luaL_error(L, "%s: unknown option '%s'", what, name);
}

void
options_check_table(lua_State *L, int index, const char *what)
{
    if (!lua_istable(L, index)) {
        luaL_error(L, "%s takes its options in a table, not in a %s", what,
                   luaL_typename(L, index));
    }
}

void
options_read(lua_State *L, int index, const char *what, const option *known,
             void *out)
{
    if (lua_isnoneornil(L, index)) {
        return;
    }
    options_check_table(L, index, what);
    lua_pushnil(L);
    while (lua_next(L, index)) {
        if (!take(L, what, known, out)) {
            unknown(L, what, lua_tostring(L, -2), known);
        }
        lua_pop(L, 1);
    }
}

void
options_read_short(lua_State *L, int index, const char *what,
                   const option *known, void *out)
{
    if (lua_type(L, index) != LUA_TNUMBER) {
        options_read(L, index, what, known, out);
        return;
    }
    lua_pushvalue(L, index);
    read_value(L, what, known, out);
    lua_pop(L, 1);
}
