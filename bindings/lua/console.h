/* SPDX-License-Identifier: MIT
 *
 * The console: a Lua state, an engine, and a prompt or a script.
 *
 * It links the module's own objects, so that it needs no search path; scripts
 * find the module as the global tabor and with require "tabor".
 *
 * Everything here is [control], in the program's first thread.
 */
#ifndef TABOR_CONSOLE_H
#define TABOR_CONSOLE_H

#include <lua.h>

#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

enum {
    CONSOLE_OK = 0,
    CONSOLE_FAILED = 1, /* a script or a device failed */
    CONSOLE_USAGE = 2,  /* the command line makes no sense */
    CONSOLE_INTERRUPTED = 130
};

typedef enum console_task {
    TASK_RUN,
    TASK_LIST_DEVICES,
    TASK_VERSION,
    TASK_HELP
} console_task;

/* What a sandboxed script may take unless the command line says otherwise. */
#define SANDBOX_MEM          256         /* MiB */
#define SANDBOX_BUDGET       10.0        /* seconds of CPU */
#define SANDBOX_INSTRUCTIONS 2000000000u /* of Lua */

typedef struct console_settings {
    console_task task;
    const char *driver, *device; /* NULL = not given, like 0 below */
    uint32_t rate, channels, block;
    const char **sets;  /* "KEY=VALUE", NULL at the end; owned */
    const char *log;    /* a file for the engine's take, or NULL */
    const char *replay; /* a take to render, or NULL */
    const char *render; /* a file to render into, or NULL */
    double seconds;     /* how much of it, NAN = to the last voice's end */
    const char **codes; /* what -e gave, NULL at the end; owned */
    uint32_t bits;      /* of the file's values, 0 = as its ending has it */
    int interactive, quiet, limiter, no_dither, watch;
    int sandbox;           /* the scripts are not trusted */
    const char **allows;   /* folders they may read, NULL at the end; owned */
    uint32_t mem;          /* MiB that they may take, 0 = no limit */
    double budget;         /* seconds of CPU for each, NAN = no limit */
    uint32_t instructions; /* of Lua for each, 0 = no limit */
    int argc;
    char **argv;
    int script; /* its place in argv, argc = none */
} console_settings;

/* --------------------------------------------------------- settings.c -- */

/* Parse the command line; what is wrong with it goes to stderr.
 *
 * Returns CONSOLE_OK or CONSOLE_USAGE; call settings_free() in both cases.
 */
int settings_read(int argc, char **argv, console_settings *settings);
void settings_free(console_settings *settings);

/* ------------------------------------------------------------- help.c -- */

int help_print(void);
int help_list_devices(const char *driver);

/* ------------------------------------------------------------ topic.c -- */

/* A function of Lua: help(name or value) */
int topic_help(lua_State *L);

/* If the text at index asks for help ("name?"), put the call of help() that
 * answers in its place. */
void topic_rewrite_question(lua_State *L, int index);

/* ---------------------------------------------------------- globals.c -- */

/* Prepare tabor, play, arg and an engine that opens when it is first touched.
 * settings: borrowed for as long as L lives. */
void globals_install(lua_State *L, const console_settings *settings);

/* Open the engine now. Returns an exit status. */
int globals_open_engine(lua_State *L);

/* Push the engine, or nil if nobody has touched it. */
void globals_push_engine(lua_State *L);

/* Push the table that chunks of the user have for their globals. */
void globals_push_environment(lua_State *L);

/* Give the chunk on top the console's names as its globals. */
void globals_attach(lua_State *L);

/* -------------------------------------------------------- shorthand.c -- */

/* Prepare stop, hush, devices (not in a sandbox), stats, meters and help. */
void shorthand_install(lua_State *L);

/* ------------------------------------------------------------ chunk.c -- */

/* All of these report failures on stderr, with a traceback, and return an
 * exit status. */
int chunk_run_string(lua_State *L, const char *code);

/* Push the function that a file is, or a message; returns what load() says.
 * path "-" is standard input. */
int chunk_load_file(lua_State *L, const char *path);

/* The same, and run it. The script's arguments are on top. */
int chunk_run_file(lua_State *L, const char *path, int arguments);

/* Call the function below its arguments; it can be interrupted. Leaves all
 * its results. */
int chunk_call(lua_State *L, int arguments);

/* Print the message on top and pop it. */
void chunk_report(lua_State *L);

/* From here on, print why a clock's task failed; has one? */
void chunk_report_tasks(void);
int chunk_tasks_failed(void);
/* Do all that the script on the command line does. */
int chunk_run_script(lua_State *L, const console_settings *settings);

/* ----------------------------------------------------------- output.c -- */

/* From here on, text has its control characters shown instead of obeyed. */
void output_plain(void);

/* text: length bytes */
void output_text(FILE *f, const char *text, size_t length);

/* A function of Lua: print(), on standard output. */
int output_values(lua_State *L);

/* ----------------------------------------------------------- pretty.c -- */

/* A function of Lua: shows its arguments as a terminal's user wants to read
 * them: strings quoted, tables with what is in them, all within limits. */
int pretty_values(lua_State *L);

/* ----------------------------------------------------------- memory.c -- */

/* The one state, as lua_newstate() gives it; NULL without memory.
 * mib: what code of the user may make it take, 0 = no limit */
lua_State *memory_new_state(uint32_t mib);

/* The limit holds from memory_arm() to memory_disarm(). */
void memory_arm(lua_State *L);
void memory_disarm(void);

/* Bytes; limit 0 = none. */
size_t memory_limit(void);
size_t memory_used(void);

/* ---------------------------------------------------------- sandbox.c -- */

/* Open the libraries and the module as a script that is not trusted may have
 * them. settings: borrowed for as long as L lives. */
void sandbox_install(lua_State *L, const console_settings *settings);

int sandbox_is_on(void);

/* ---------------------------------------------------- sandbox_sound.c -- */

/* Push what remains of the module's table; takes from its classes what writes
 * files, reads others than settings->allows, or opens drivers. */
void sandbox_push_module(lua_State *L, const console_settings *settings);

/* Take from the table on top all that names doesn't have. */
void sandbox_keep(lua_State *L, const char *const *names);

/* -------------------------------------------------------- interrupt.c -- */

/* Take over SIGINT, and the functions that enter coroutines: a signal stops
 * whichever of them runs, and so does a budget that is used up. */
void interrupt_install(lua_State *L, const console_settings *settings);

/* From here on SIGINT raises an error in L, and the budgets are fresh. */
void interrupt_arm(lua_State *L);

/* Have garbage collected by whoever runs, at the next instruction. */
void interrupt_collect(void);

/* No longer; returns 1 if one came. One that came too late to be told stays
 * due. */
int interrupt_disarm(lua_State *L);

/* Has SIGINT come while nothing was armed? Forgets it. */
int interrupt_take(void);

/* Whoever asks next is told of the one that came. */
void interrupt_again(void);

/* Has SIGINT come while nothing was armed? */
int interrupt_is_due(void);

/* ----------------------------------------------------------- screen.c -- */

/* From here on Lua's io.stdout and io.stderr, and these two go to the
 * terminal, above the line that is being typed if there is one. */
void screen_open(lua_State *L);

/* Standard output and standard error, if there is no terminal. */
FILE *screen_out(void);
FILE *screen_err(void);

/* What comes next begins a row. */
void screen_finish_row(void);

/* Put the line that is being typed back below what was written. */
void screen_show(void);

/* Show a row above the prompt; NULL = none. text: copied, cut at the margin */
void screen_status(const char *text);

/* ----------------------------------------------------------- editor.c -- */

/* Lines from a terminal, edited and remembered, or from a plain stream.
 * L: borrowed, for what is done while no key comes. */
void editor_open(lua_State *L);
void editor_close(void);
int editor_is_terminal(void);

typedef enum editor_result {
    EDITOR_LINE,
    EDITOR_END,
    EDITOR_INTERRUPTED,
    EDITOR_WHOLE /* the user wants to edit what the line continues */
} editor_result;

typedef struct editor_wish {
    const char *prompt;
    const char *preset;    /* what the line begins with, or NULL */
    const char *preceding; /* what it continues, or NULL */
} editor_wish;

/* line: out, without its end, borrowed until the next call */
editor_result editor_read(const editor_wish *wish, const char **line);

/* Hold back what the editor reacts to; has any of it come? */
void editor_block_signals(sigset_t *before);
int editor_has_signal(void);

/* ---------------------------------------------------------- history.c -- */

/* Keep a chunk, all its lines as one entry. */
void editor_remember(const char *text);

/* ------------------------------------------------------------- idle.c -- */

/* Have what goes wrong with the engine told at the prompt. */
void idle_report(lua_State *L);

/* Do what is due - events, their handlers, the status, reloading - and wait
 * until fd can be read, more is due, or a signal comes. Handlers' errors are
 * reported. Returns whether fd can be read. */
int idle_wait(lua_State *L, int fd);

/* ----------------------------------------------------------- status.c -- */

/* A function of Lua, meters(): the status row goes or comes; without a
 * terminal, one line is printed. */
int status_toggle(lua_State *L);

/* Draw the row if that is due; returns the seconds until it is. */
double status_step(lua_State *L);

/* ------------------------------------------------------------ watch.c -- */

/* Run the script again when its file changes: looked at from now on. */
void watch_open(const console_settings *settings);

/* Do that if it is due; returns the seconds until it may be. */
double watch_step(lua_State *L);

/* --------------------------------------------------------- complete.c -- */

/* What may follow text, up to the cursor, in a chunk whose earlier lines are
 * preceding (or NULL): the letters that all names have in common, borrowed
 * until the next call; "" after having printed several; NULL if there is none.
 * Runs no code of the user's. */
const char *complete_text(lua_State *L, const char *preceding,
                          const char *text);

/* ----------------------------------------------------------- prompt.c -- */

int prompt_run(lua_State *L, const console_settings *settings);

/* ---------------------------------------------------------- outcome.c -- */

/* Wait until what the script has started has ended. */
int outcome_wait(lua_State *L);

/* Render what the script has scheduled into settings->render. */
int outcome_render(lua_State *L, const console_settings *settings);

/* Render the take settings->replay into settings->render; needs no script. */
int outcome_replay(const console_settings *settings);

/* ------------------------------------------------------------- duet.c -- */

/* Become Python, with a script in each language; argv[0] is the option. Returns
 * an exit status if that fails. */
int duet_run(int argc, char **argv);

/* ---------------------------------------------------------- torture.c -- */

/* The sub-command; argv[0] is its name. Returns an exit status: 0 nothing was
 * found, 1 something was, 2 it could not be tried. */
int torture_run(int argc, char **argv);

#endif
