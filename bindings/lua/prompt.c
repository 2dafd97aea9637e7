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

/* Is the message at index that of a chunk that could go on? */
static int
is_incomplete_at(lua_State *L, int index)
{
    static const char mark[] = "<eof>";
    size_t length;
    const char *message = lua_tolstring(L, index, &length);
    return message && length >= sizeof mark - 1 &&
           strcmp(message + length - (sizeof mark - 1), mark) == 0;
}

/* Compile the text at index 1, as an expression or a chunk, and push that or a
 * message. Returns what load() says. */
static int
compile_any(lua_State *L)
{
    const char *text = lua_tostring(L, 1);
    lua_pushfstring(L, "return %s", *text == '=' ? text + 1 : text);
    const int as_expression = compile(L);
    if (as_expression == LUA_OK) {
        return LUA_OK;
    }
    lua_pushvalue(L, 1);
    const int as_chunk = compile(L);
    if (as_chunk == LUA_ERRSYNTAX && is_incomplete_at(L, -2)) {
        lua_pop(L, 1);
        return as_expression;
    }
    lua_remove(L, -2);
    return as_chunk;
}

/* Read a line into index 1; preset: what it begins with. If continues, it is
 * joined to what is there. */
static editor_result
read_line(lua_State *L, const char *preset, int continues)
{
    const char *line;
    const editor_wish wish = {continues ? ">> " : "> ", preset,
                              continues ? lua_tostring(L, 1) : NULL};
    const editor_result result = editor_read(&wish, &line);
    if (result == EDITOR_LINE && continues) {
        lua_pushfstring(L, "%s\n%s", lua_tostring(L, 1), line);
        lua_replace(L, 1);
    } else if (result == EDITOR_LINE) {
        lua_pushstring(L, line);
        lua_insert(L, 1);
        lua_settop(L, 1);
    }
    return result;
}

/* Read a chunk into index 1, and push its function, or a message if it is
 * none. The user may come back from a continuation to all that went before. */
static editor_result
read_chunk(lua_State *L, int *status)
{
    editor_result result = read_line(L, NULL, 0);
    while (result == EDITOR_LINE) {
        topic_rewrite_question(L, 1);
        *status = compile_any(L);
        if (*status != LUA_ERRSYNTAX || !is_incomplete_at(L, -1)) {
            return EDITOR_LINE;
        }
        result = read_line(L, NULL, 1);
        if (result == EDITOR_END) {
            return EDITOR_LINE; /* then that was all */
        }
        lua_settop(L, 1);
        if (result == EDITOR_WHOLE) {
            result = read_line(L, lua_tostring(L, 1), 0);
        }
    }
    return result;
}

/* ------------------------------------------------------------- output -- */

/* Print what is above the text at index 1, unless that ends in a semicolon. */
static void
print_results(lua_State *L)
{
    const int count = lua_gettop(L) - 1;
    size_t length;
    const char *text = lua_tolstring(L, 1, &length);
    if (count > 0 && text[length - 1] != ';') {
        luaL_checkstack(L, LUA_MINSTACK, "too many results to print");
        screen_finish_row();
        lua_pushcfunction(L,
                          editor_is_terminal() ? pretty_values : output_values);
        lua_insert(L, 2);
        chunk_call(L, count);
    }
}

/* Read, run and print one chunk. */
static editor_result
step(lua_State *L)
{
    int status;
    lua_settop(L, 0);
    const editor_result result = read_chunk(L, &status);
    if (result != EDITOR_LINE) {
        return result;
    }
    editor_remember(lua_tostring(L, 1));
    if (status != LUA_OK) {
        chunk_report(L);
        return result;
    }
    globals_attach(L);
    if (chunk_call(L, 0) == CONSOLE_OK) {
        print_results(L);
    }
    return result;
}

/* Nobody types, but the script goes on being watched. */
static int
wait_for_ever(lua_State *L)
{
    while (!interrupt_take()) {
        idle_wait(L, -1);
    }
    return CONSOLE_INTERRUPTED;
}

int
prompt_run(lua_State *L, const console_settings *settings)
{
    editor_result result;
    editor_open(L);
    if (editor_is_terminal() && !settings->quiet) {
        print_banner(L);
        idle_report(L);
    }
    do {
        result = step(L);
        if (result == EDITOR_INTERRUPTED && !editor_is_terminal()) {
            return CONSOLE_INTERRUPTED;
        }
    } while (result != EDITOR_END);
    if (!editor_is_terminal()) {
        return settings->watch ? wait_for_ever(L) : outcome_wait(L);
    }
    puts("");
    return CONSOLE_OK;
}
