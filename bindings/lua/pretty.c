/* SPDX-License-Identifier: MIT
 *
 * A value as text, for people. Each function here pushes one string; a table's
 * is put together from those of its entries, on one line if it fits. What is
 * too deep, too long or too much is cut, and the cut says how much there was.
 */
#include "console.h"

#include <lauxlib.h>

#include <stdio.h>
#include <string.h>

#define MOST_DEPTH   5
#define MOST_ENTRIES 50   /* of one table */
#define MOST_VALUES  500  /* of all tables */
#define MOST_SORTED  2000 /* keys; who has more keeps their order */
#define MOST_BYTES   500  /* of a string */
#define LINE_COLUMNS 76

typedef struct printer {
    int above; /* index of a table: the tables that we are inside of -> true */
    int left;  /* values that may still be shown */
} printer;

static void push_value(lua_State *L, printer *p, int index, int depth);

/* ------------------------------------------------------------ strings -- */

static void
add_quoted(luaL_Buffer *b, unsigned char c, int digit_follows)
{
    char code[8];
    switch (c) {
    case '"':
    case '\\':
        luaL_addchar(b, '\\');
        luaL_addchar(b, (char)c);
        break;
    case '\n':
        luaL_addstring(b, "\\n");
        break;
    case '\t':
        luaL_addstring(b, "\\t");
        break;
    default:
        if (c >= 0x20 && c != 0x7f) {
            luaL_addchar(b, (char)c);
            return;
        }
        snprintf(code, sizeof code, digit_follows ? "\\%03d" : "\\%d", c);
        luaL_addstring(b, code);
    }
}

static void
push_string(lua_State *L, int index)
{
    size_t length;
    luaL_Buffer b;
    const char *text = lua_tolstring(L, index, &length);
    const size_t shown = length > MOST_BYTES ? MOST_BYTES : length;
    luaL_buffinit(L, &b);
    luaL_addchar(&b, '"');
    for (size_t i = 0; i < shown; i++) {
        const char next = i + 1 < shown ? text[i + 1] : '\0';
        add_quoted(&b, (unsigned char)text[i], next >= '0' && next <= '9');
    }
    luaL_addchar(&b, '"');
    luaL_pushresult(&b);
    if (shown < length) {
        lua_pushfstring(L, "%s... (%I bytes)", lua_tostring(L, -1),
                        (lua_Integer)length);
        lua_remove(L, -2);
    }
}

/* ------------------------------------------------------------- tables -- */

static int
is_name(const char *text)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyz"
                                  "ABCDEFGHIJKLMNOPQRSTUVWXYZ_0123456789";
    return *text && (*text < '0' || *text > '9') &&
           text[strspn(text, letters)] == '\0';
}

/* Does the key on top come after the one below it? Numbers come first. */
static int
comes_before(lua_State *L)
{
    const int one = lua_type(L, 1), two = lua_type(L, 2);
    const int is_plain = one == LUA_TNUMBER || one == LUA_TSTRING;
    lua_pushboolean(L, one != two ? one < two
                                  : is_plain && lua_compare(L, 1, 2, LUA_OPLT));
    return 1;
}

/* Push an array of the keys, sorted if there are not too many. */
static lua_Integer
push_keys(lua_State *L, int index)
{
    lua_Integer count = 0;
    lua_newtable(L);
    const int keys = lua_gettop(L);
    lua_pushnil(L);
    while (lua_next(L, index)) {
        lua_pop(L, 1);
        if (++count <= MOST_SORTED) {
            lua_pushvalue(L, -1);
            lua_rawseti(L, keys, count);
        }
    }
    luaL_getsubtable(L, LUA_REGISTRYINDEX, LUA_LOADED_TABLE);
    lua_getfield(L, -1, "table");
    lua_getfield(L, -1, "sort");
    lua_pushvalue(L, keys);
    lua_pushcfunction(L, comes_before);
    if (count <= MOST_SORTED && lua_isfunction(L, -3)) {
        lua_call(L, 2, 0);
    }
    lua_settop(L, keys);
    return count;
}

/* NOLINTBEGIN(misc-no-recursion): tables in tables, so deep, no deeper */

/* Push "key = value" for the key on top, or just the value if it is the
 * position in the list. Replaces the key. */
static void
push_entry(lua_State *L, printer *p, int table, lua_Integer place, int depth)
{
    const int key = lua_gettop(L);
    lua_pushvalue(L, key);
    lua_rawget(L, table);
    push_value(L, p, key + 1, depth + 1);
    const char *value = lua_tostring(L, -1);
    if (lua_isinteger(L, key) && lua_tointeger(L, key) == place) {
        lua_pushvalue(L, -1);
    } else if (lua_type(L, key) == LUA_TSTRING &&
               is_name(lua_tostring(L, key))) {
        lua_pushfstring(L, "%s = %s", lua_tostring(L, key), value);
    } else {
        push_value(L, p, key, MOST_DEPTH);
        lua_pushfstring(L, "[%s] = %s", lua_tostring(L, -1), value);
    }
    lua_replace(L, key);
    lua_settop(L, key);
}

/* Push an array of all entries' texts; bytes: out, of all of them. */
static void
push_entries(lua_State *L, printer *p, int table, int depth, size_t *bytes)
{
    lua_newtable(L);
    const int entries = lua_gettop(L);
    const lua_Integer count = push_keys(L, table);
    lua_Integer shown = 0;
    *bytes = 0;
    while (shown < count && shown < MOST_ENTRIES && p->left > 0) {
        p->left--;
        shown++;
        lua_rawgeti(L, entries + 1, shown);
        push_entry(L, p, table, shown, depth);
        *bytes += lua_rawlen(L, -1) + 2;
        lua_rawseti(L, entries, shown);
    }
    if (shown < count) {
        lua_pushfstring(L, "... %I more", count - shown);
        *bytes += lua_rawlen(L, -1) + 2;
        lua_rawseti(L, entries, shown + 1);
    }
    lua_settop(L, entries);
}

/* Join the texts at index, in rows of their own or in one. */
static void
push_joined(lua_State *L, int entries, int in_rows, int depth)
{
    luaL_Buffer b;
    luaL_buffinit(L, &b);
    luaL_addstring(&b, in_rows ? "{" : "{ ");
    const lua_Integer count = (lua_Integer)lua_rawlen(L, entries);
    for (lua_Integer i = 1; i <= count; i++) {
        if (in_rows) {
            luaL_addchar(&b, '\n');
        }
        for (int column = 0; in_rows && column <= depth; column++) {
            luaL_addstring(&b, "  ");
        }
        lua_rawgeti(L, entries, i);
        luaL_addvalue(&b);
        luaL_addstring(&b, i < count ? in_rows ? "," : ", " : "");
    }
    luaL_addstring(&b, in_rows ? "\n" : " ");
    for (int column = 0; in_rows && column < depth; column++) {
        luaL_addstring(&b, "  ");
    }
    luaL_addchar(&b, '}');
    luaL_pushresult(&b);
}

static int
has_rows(lua_State *L, int entries)
{
    int found = 0;
    for (lua_Integer i = 1; lua_rawgeti(L, entries, i) != LUA_TNIL; i++) {
        found |= strchr(lua_tostring(L, -1), '\n') != NULL;
        lua_pop(L, 1);
    }
    lua_pop(L, 1);
    return found;
}

static void
push_table(lua_State *L, printer *p, int index, int depth)
{
    size_t bytes;
    luaL_checkstack(L, LUA_MINSTACK, "a table to print");
    const int top = lua_gettop(L);
    lua_pushvalue(L, index);
    lua_pushboolean(L, 1);
    lua_rawset(L, p->above);
    push_entries(L, p, index, depth, &bytes);
    if (bytes == 0) {
        lua_pushstring(L, "{}");
    } else {
        const int in_rows =
            bytes + 2 * (size_t)depth > LINE_COLUMNS || has_rows(L, top + 1);
        push_joined(L, top + 1, in_rows, depth);
    }
    lua_replace(L, top + 1);
    lua_pushvalue(L, index);
    lua_pushnil(L);
    lua_rawset(L, p->above);
}

/* -------------------------------------------------------------- values -- */

static int
is_above(lua_State *L, const printer *p, int index)
{
    lua_pushvalue(L, index);
    const int is = lua_rawget(L, p->above) != LUA_TNIL;
    lua_pop(L, 1);
    return is;
}

static void
push_value(lua_State *L, printer *p, int index, int depth)
{
    const int type = lua_type(L, index);
    if (type == LUA_TSTRING) {
        push_string(L, index);
    } else if (type != LUA_TTABLE ||
               luaL_getmetafield(L, index, "__tostring") != LUA_TNIL) {
        luaL_tolstring(L, index, NULL);
    } else if (is_above(L, p, index)) {
        lua_pushstring(L, "{ ...: the same again }");
    } else if (depth >= MOST_DEPTH) {
        lua_pushstring(L, "{ ... }");
    } else {
        push_table(L, p, index, depth);
    }
}

/* NOLINTEND(misc-no-recursion) */

int
pretty_values(lua_State *L)
{
    const int count = lua_gettop(L);
    printer p = {count + 1, MOST_VALUES};
    lua_newtable(L);
    for (int i = 1; i <= count; i++) {
        size_t length;
        push_value(L, &p, i, 0);
        const char *text = lua_tolstring(L, -1, &length);
        output_text(screen_out(), text, length);
        fputc(i < count ? '\t' : '\n', screen_out());
        lua_settop(L, count + 1);
    }
    fflush(screen_out());
    return 0;
}
