/* SPDX-License-Identifier: MIT */
#include "console.h"
#include "lua_tabor.h"

#include <stdio.h>
#include <string.h>

static void
print_banner(lua_State *L)
{
    globals_push_engine(L);
    const char *engine = luaL_tolstring(L, -1, NULL);
    printf("tabor %s (%s), %s\nCtrl-D leaves.\n", tabor_version(), LUA_RELEASE,
           engine);
    lua_pop(L, 2);
}

/* -------------------------------------------------------------- input -- */

/* Compile what is on top; replaces it by a function or a message. */
static int
compile(lua_State *L)
{
    size_t length;
    const char *text = lua_tolstring(L, -1, &length);
    const int status = luaL_loadbufferx(L, text, length, "=prompt", "t");
    lua_remove(L, -2);
    return status;
}

/* Is the message on top that of a chunk that could go on? */
static int
is_incomplete(lua_State *L)
{
    static const char mark[] = "<eof>";
    size_t length;
    const char *message = lua_tolstring(L, -1, &length);
    return message && length >= sizeof mark - 1 &&
           strcmp(message + length - (sizeof mark - 1), mark) == 0;
}

/* Compile the text on top as an expression; leaves only the text if it is
 * none. */
static int
compile_expression(lua_State *L)
{
    const char *text = lua_tostring(L, -1);
    lua_pushfstring(L, "return %s", *text == '=' ? text + 1 : text);
    if (compile(L) == LUA_OK) {
        return 1;
    }
    lua_pop(L, 1);
    return 0;
}

/* Read one more line and join it to the text on top. */
static editor_result
read_more(lua_State *L)
{
    const char *line;
    const editor_result result = editor_read(">> ", &line);
    if (result == EDITOR_LINE) {
        editor_remember(line);
        lua_pushfstring(L, "\n%s", line);
        lua_concat(L, 2);
    }
    return result;
}

/* Read a chunk and push its function, or a message if it is none. */
static editor_result
read_chunk(lua_State *L, int *status)
{
    const char *line;
    editor_result result = editor_read("> ", &line);
    if (result != EDITOR_LINE) {
        return result;
    }
    editor_remember(line);
    lua_pushstring(L, line);
    *status = LUA_OK;
    if (compile_expression(L)) {
        lua_remove(L, -2);
        return EDITOR_LINE;
    }
    for (;;) {
        lua_pushvalue(L, -1);
        *status = compile(L);
        if (*status != LUA_ERRSYNTAX || !is_incomplete(L)) {
            break;
        }
        lua_insert(L, -2); /* the message, in case that was all */
        result = read_more(L);
        if (result == EDITOR_INTERRUPTED) {
            return result;
        }
        if (result == EDITOR_END) {
            lua_pop(L, 1);
            return EDITOR_LINE;
        }
        lua_remove(L, -2);
    }
    lua_remove(L, -2);
    return EDITOR_LINE;
}

/* ------------------------------------------------------------- output -- */

static void
print_results(lua_State *L)
{
    const int count = lua_gettop(L);
    if (count > 0) {
        luaL_checkstack(L, LUA_MINSTACK, "too many results to print");
        lua_pushcfunction(L, output_values);
        lua_insert(L, 1);
        chunk_call(L, count);
    }
}

int
prompt_run(lua_State *L, const console_settings *settings)
{
    editor_open();
    if (editor_is_terminal() && !settings->quiet) {
        print_banner(L);
    }
    for (;;) {
        int status;
        lua_settop(L, 0);
        const editor_result result = read_chunk(L, &status);
        if (result == EDITOR_END) {
            break;
        }
        if (result == EDITOR_INTERRUPTED && !editor_is_terminal()) {
            return CONSOLE_INTERRUPTED;
        }
        if (result == EDITOR_INTERRUPTED) {
            continue;
        }
        if (status != LUA_OK) {
            chunk_report(L);
            continue;
        }
        globals_attach(L);
        if (chunk_call(L, 0) == CONSOLE_OK) {
            print_results(L);
        }
    }
    if (!editor_is_terminal()) {
        return outcome_wait(L);
    }
    puts("");
    return CONSOLE_OK;
}
