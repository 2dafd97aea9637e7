/* SPDX-License-Identifier: MIT */
#include "console.h"

#include <histedit.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define LINES_REMEMBERED 1000

static EditLine *edit; /* NULL: standard input is no terminal */
static History *history_list;
static char history_path[4096];
static const char *current_prompt = "";
static char *last_line;
static size_t last_room;

/* ------------------------------------------------------------ history -- */

/* Make the folders of path, as far as they are missing. */
static void
make_folders(char *path)
{
    for (char *slash = strchr(path + 1, '/'); slash;
         slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        mkdir(path, 0700);
        *slash = '/';
    }
}

/* Where the XDG base directory specification puts it; "" = nowhere. */
static void
find_history(void)
{
    const char *state = getenv("XDG_STATE_HOME");
    const char *home = getenv("HOME");
    const char *middle = "";
    if (!state || *state != '/') {
        state = home;
        middle = "/.local/state";
    }
    const int length =
        snprintf(history_path, sizeof history_path, "%s%s/tabor/history",
                 state ? state : "", middle);
    if (!state || length >= (int)sizeof history_path) {
        history_path[0] = '\0';
        return;
    }
    make_folders(history_path);
}

static void
open_history(void)
{
    HistEvent event;
    history_list = history_init();
    if (!history_list) {
        return;
    }
    history(history_list, &event, H_SETSIZE, LINES_REMEMBERED);
    history(history_list, &event, H_SETUNIQUE, 1);
    find_history();
    if (*history_path) {
        history(history_list, &event, H_LOAD, history_path);
    }
    el_set(edit, EL_HIST, history, history_list);
}

/* Saved at once: a console that is killed loses nothing. */
void
editor_remember(const char *line)
{
    HistEvent event;
    if (!edit || !history_list || !*line) {
        return;
    }
    history(history_list, &event, H_ENTER, line);
    if (*history_path) {
        const mode_t before = umask(077);
        history(history_list, &event, H_SAVE, history_path);
        umask(before);
    }
}

/* -------------------------------------------------------------- lines -- */

static char *
get_prompt(EditLine *unused)
{
    (void)unused;
    return (char *)current_prompt;
}

void
editor_open(void)
{
    if (edit || !isatty(STDIN_FILENO)) {
        return;
    }
    edit = el_init("tabor", stdin, stdout, stderr);
    if (!edit) {
        return;
    }
    el_set(edit, EL_PROMPT, get_prompt);
    el_set(edit, EL_EDITOR, "emacs");
    el_set(edit, EL_SIGNAL, 1);
    open_history();
    el_source(edit, NULL);
}

void
editor_close(void)
{
    if (edit) {
        el_end(edit);
        edit = NULL;
    }
    if (history_list) {
        history_end(history_list);
        history_list = NULL;
    }
    free(last_line);
    last_line = NULL;
    last_room = 0;
}

int
editor_is_terminal(void)
{
    return edit != NULL;
}

static editor_result
read_edited(const char *prompt, const char **line, size_t *length)
{
    int count = 0;
    current_prompt = prompt;
    *line = el_gets(edit, &count);
    if (interrupt_take()) {
        el_reset(edit);
        fputs("\n", stdout);
        return EDITOR_INTERRUPTED;
    }
    *length = count > 0 ? (size_t)count : 0;
    return *line && count > 0 ? EDITOR_LINE : EDITOR_END;
}

static editor_result
read_plain(const char **line, size_t *length)
{
    const ssize_t count = getline(&last_line, &last_room, stdin);
    if (count < 0) {
        const int interrupted = interrupt_take();
        return interrupted ? EDITOR_INTERRUPTED : EDITOR_END;
    }
    *line = last_line;
    *length = (size_t)count;
    return EDITOR_LINE;
}

/* The line that was read, cut before its end, in last_line. */
static editor_result
keep_line(const char *line, size_t length, const char **out)
{
    if (line != last_line) {
        char *copy = realloc(last_line, length + 1);
        if (!copy) {
            return EDITOR_END;
        }
        memcpy(copy, line, length);
        last_line = copy;
        last_room = length + 1;
    }
    const size_t end =
        length && last_line[length - 1] == '\n' ? length - 1 : length;
    last_line[end] = '\0';
    *out = last_line;
    return EDITOR_LINE;
}

editor_result
editor_read(const char *prompt, const char **line)
{
    const char *got = NULL;
    size_t length = 0;
    const editor_result result =
        edit ? read_edited(prompt, &got, &length) : read_plain(&got, &length);
    return result == EDITOR_LINE ? keep_line(got, length, line) : result;
}
