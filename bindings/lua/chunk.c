/* SPDX-License-Identifier: MIT */
#include "clock.h"
#include "console.h"

#include <stdio.h>
#include <string.h>

static int failed_tasks;

static void
print_report(const char *text, size_t length)
{
    FILE *f = screen_err();
    fflush(screen_out());
    fputs("tabor: ", f);
    output_text(f, text, length);
    fputc('\n', f);
}

void
chunk_report(lua_State *L)
{
    static const char none[] = "(error without a text)";
    const char *text = lua_tostring(L, -1);
    print_report(text ? text : none, text ? lua_rawlen(L, -1) : strlen(none));
    lua_pop(L, 1);
}

static void
report_task(const char *text)
{
    failed_tasks = 1;
    print_report(text, strlen(text));
}

void
chunk_report_tasks(void)
{
    task_hosted_by.print = report_task;
}

int
chunk_tasks_failed(void)
{
    return failed_tasks;
}

/* Is there any code on the way here that is not C? */
static int
runs_lua(lua_State *L)
{
    lua_Debug where;
    for (int level = 1; lua_getstack(L, level, &where); level++) {
        lua_getinfo(L, "S", &where);
        if (*where.what != 'C') {
            return 1;
        }
    }
    return 0;
}

/* An error's value as a text, with the way that led there. */
static int
add_traceback(lua_State *L)
{
    const char *text = lua_tostring(L, 1);
    if (!text) {
        if (luaL_callmeta(L, 1, "__tostring") &&
            lua_type(L, -1) == LUA_TSTRING) {
            return 1;
        }
        text = lua_pushfstring(L, "(the error is a %s)", luaL_typename(L, 1));
    }
    if (runs_lua(L)) {
        luaL_traceback(L, L, text, 1);
    } else {
        lua_pushstring(L, text);
    }
    return 1;
}

int
chunk_call(lua_State *L, int arguments)
{
    const int function = lua_gettop(L) - arguments;
    lua_pushcfunction(L, add_traceback);
    lua_insert(L, function);
    interrupt_arm(L);
    memory_arm(L);
    const int status = lua_pcall(L, arguments, LUA_MULTRET, function);
    memory_disarm();
    const int interrupted = interrupt_disarm(L);
    lua_remove(L, function);
    if (status == LUA_ERRMEM && memory_limit() > 0) {
        lua_pushfstring(L, "not enough memory: the limit is --mem %d (MiB)",
                        (int)(memory_limit() >> 20));
        lua_replace(L, -2);
    }
    if (status == LUA_OK) {
        return CONSOLE_OK;
    }
    chunk_report(L);
    return interrupted ? CONSOLE_INTERRUPTED : CONSOLE_FAILED;
}

static int
run(lua_State *L, int load_status, int arguments)
{
    if (load_status != LUA_OK) {
        chunk_report(L);
        return CONSOLE_FAILED;
    }
    globals_attach(L);
    lua_insert(L, -1 - arguments);
    const int base = lua_gettop(L) - arguments - 1;
    const int status = chunk_call(L, arguments);
    lua_settop(L, base);
    return status;
}

int
chunk_run_string(lua_State *L, const char *code)
{
    return run(
        L, luaL_loadbufferx(L, code, strlen(code), "=(command line)", "t"), 0);
}

int
chunk_load_file(lua_State *L, const char *path)
{
    const char *file = strcmp(path, "-") == 0 ? NULL : path;
    return luaL_loadfilex(L, file, sandbox_is_on() ? "t" : NULL);
}

int
chunk_run_file(lua_State *L, const char *path, int arguments)
{
    return run(L, chunk_load_file(L, path), arguments);
}

int
chunk_run_script(lua_State *L, const console_settings *s)
{
    const int count = s->argc - s->script - 1;
    luaL_checkstack(L, count + 8, "too many arguments");
    for (int i = s->script + 1; i < s->argc; i++) {
        lua_pushstring(L, s->argv[i]);
    }
    return chunk_run_file(L, s->argv[s->script], count);
}
