/* SPDX-License-Identifier: MIT
 *
 * tabor(1): settings -> globals -> -e, script -> prompt, rendering or waiting;
 * or settings -> a take, rendered.
 */
#include "console.h"
#include "lua_tabor.h"

#include <lualib.h>

#include <locale.h>
#include <stdio.h>
#include <string.h>

/* For lua_warning(): "@on" and "@off" as in lua(1), pieces joined. */
static void
warn(void *settings, const char *text, int to_be_continued)
{
    static int continues;
    static int on = 1;
    if (!continues && !to_be_continued && *text == '@') {
        on = strcmp(text, "@off") != 0;
        return;
    }
    if (on && !((const console_settings *)settings)->quiet) {
        fputs(text, screen_err());
        if (!to_be_continued) {
            fputc('\n', screen_err());
        }
    }
    continues = to_be_continued;
}

static int
run_codes(lua_State *L, const console_settings *s)
{
    int status = CONSOLE_OK;
    for (const char **code = s->codes; *code && status == CONSOLE_OK; code++) {
        status = chunk_run_string(L, *code);
    }
    return status;
}

static int
run(lua_State *L, const console_settings *s)
{
    const int has_script = s->script < s->argc;
    const int wants_prompt =
        s->interactive || s->watch || (!has_script && !*s->codes);
    int status = CONSOLE_OK;
    if ((wants_prompt || s->render || s->log) &&
        (status = globals_open_engine(L)) != CONSOLE_OK) {
        return status;
    }
    if (s->watch) {
        watch_open(s); /* before it runs: it may be edited meanwhile */
    }
    status = run_codes(L, s);
    if (status == CONSOLE_OK && has_script) {
        status = chunk_run_script(L, s);
    }
    if (wants_prompt) {
        return prompt_run(L, s);
    }
    if (status != CONSOLE_OK) {
        return status;
    }
    status = s->render ? outcome_render(L, s) : outcome_wait(L);
    return status == CONSOLE_OK && chunk_tasks_failed() ? CONSOLE_FAILED
                                                        : status;
}

/* Argument: the settings; result: the exit status. */
static int
protected_main(lua_State *L)
{
    const console_settings *s = lua_touserdata(L, 1);
    if (s->sandbox) {
        sandbox_install(L, s);
    } else {
        luaL_openlibs(L);
        luaL_requiref(L, "tabor", luaopen_tabor, 1);
    }
    lua_settop(L, 0);
    interrupt_install(L, s);
    chunk_report_tasks();
    globals_install(L, s);
    shorthand_install(L);
    lua_pushinteger(L, run(L, s));
    return 1;
}

static int
run_state(console_settings *s)
{
    lua_State *L = memory_new_state(s->mem);
    if (!L) {
        fputs("tabor: not enough memory\n", stderr);
        return CONSOLE_FAILED;
    }
    lua_setwarnf(L, warn, s);
    lua_pushcfunction(L, protected_main);
    lua_pushlightuserdata(L, s);
    int status = CONSOLE_FAILED;
    if (lua_pcall(L, 1, 1, 0) == LUA_OK) {
        status = (int)lua_tointeger(L, -1);
    } else {
        chunk_report(L);
    }
    editor_close();
    lua_close(L);
    return status;
}

static int
do_task(console_settings *s)
{
    switch (s->task) {
    case TASK_VERSION:
        printf("tabor %s (%s)\n", tabor_version(), LUA_RELEASE);
        return CONSOLE_OK;
    case TASK_HELP:
        return help_print();
    case TASK_LIST_DEVICES:
        return help_list_devices(s->driver);
    default:
        return s->replay ? outcome_replay(s) : run_state(s);
    }
}

int
main(int argc, char **argv)
{
    if (argc > 1 && strcmp(argv[1], "torture") == 0) {
        return torture_run(argc - 1, argv + 1);
    }
    if (argc > 1 && strcmp(argv[1], "--python") == 0) {
        return duet_run(argc - 1, argv + 1);
    }
    console_settings s;
    int status = settings_read(argc, argv, &s);
    setlocale(LC_CTYPE, "");
    if (status == CONSOLE_OK) {
        status = do_task(&s);
    }
    settings_free(&s);
    return status;
}
