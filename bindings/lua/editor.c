/* SPDX-License-Identifier: MIT
 *
 * Lines from a terminal, edited by libedit, which asks for one key at a time:
 * while none comes, the console's other work is done (idle.c). Or lines from a
 * plain stream.
 */
#include "console.h"
#include "history.h"
#include "screen.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static EditLine *edit; /* NULL: no terminal */
static lua_State *state;
static const char *current_prompt = "";
static const char *preset;    /* text for the line to begin with, or NULL */
static const char *preceding; /* what the line continues, or NULL */
static int wants_whole;       /* the user went up from the line into that */
static int was_interrupted;
static char *last_line;
static size_t last_room;

/* ------------------------------------------------------------ signals -- */

static volatile sig_atomic_t got_resize, got_leave; /* set by a handler */

static void
note_signal(int number)
{
    if (number == SIGWINCH) {
        got_resize = 1;
    } else {
        got_leave = number;
    }
}

static const int noted[] = {SIGWINCH, SIGTSTP, SIGCONT, SIGTERM, SIGHUP};
#define NOTED (sizeof noted / sizeof *noted)
static struct sigaction former[NOTED];

static void
note_signals(void)
{
    struct sigaction action = {.sa_handler = note_signal}; /* no SA_RESTART */
    sigemptyset(&action.sa_mask);
    for (size_t i = 0; i < NOTED; i++) {
        sigaction(noted[i], &action, &former[i]);
    }
}

static void
forget_signals(void)
{
    for (size_t i = 0; i < NOTED; i++) {
        sigaction(noted[i], &former[i], NULL);
    }
}

void
editor_block_signals(sigset_t *before)
{
    sigset_t all;
    sigemptyset(&all);
    sigaddset(&all, SIGINT);
    for (size_t i = 0; i < NOTED; i++) {
        sigaddset(&all, noted[i]);
    }
    sigprocmask(SIG_BLOCK, &all, before);
}

int
editor_has_signal(void)
{
    return got_resize || got_leave || interrupt_is_due();
}

/* The terminal is the shell's while we are stopped, or gone. */
static void
leave_terminal(int number)
{
    screen_hide();
    el_set(edit, EL_PREP_TERM, 0);
    forget_signals();
    if (number != SIGCONT) {
        raise(number);
    }
    note_signals();
    el_set(edit, EL_PREP_TERM, 1);
}

static void
obey_signals(void)
{
    const int leave = got_leave;
    if (got_resize) {
        got_resize = 0;
        el_resize(edit);
        screen_hide();
    }
    if (leave) {
        got_leave = 0;
        leave_terminal(leave);
    }
}

/* --------------------------------------------------------------- keys -- */

/* The next whole character of the terminal's; 0 at its end, -1 for none. */
static int
take_char(wchar_t *c)
{
    static mbstate_t shift;
    char byte;
    const ssize_t n = read(STDIN_FILENO, &byte, 1);
    if (n <= 0) {
        return n < 0 && (errno == EINTR || errno == EAGAIN) ? -1 : 0;
    }
    const size_t done = mbrtowc(c, &byte, 1, &shift);
    if (done == (size_t)-1) {
        memset(&shift, 0, sizeof shift);
    }
    return done <= 1 ? 1 : -1;
}

/* Ctrl-C leaves what was typed to be seen, and begins anew below it. */
static int
give_up(void)
{
    const LineInfoW *typed = el_wline(edit);
    const int was_empty = typed->lastchar == typed->buffer;
    was_interrupted = 1;
    el_cursor(edit, (int)(typed->lastchar - typed->cursor));
    screen_line_abandoned();
    if (was_empty && !preceding) {
        fputs("(hush() silences, Ctrl-D leaves)\n", screen_out());
    }
    return -1;
}

/* For el_gets(): wait for a key, and do the other work meanwhile. */
static int
read_char(EditLine *unused, wchar_t *c)
{
    (void)unused;
    if (preset) {
        screen_hide();
        el_insertstr(edit, preset);
        preset = NULL;
    }
    for (;;) {
        obey_signals();
        screen_show();
        const int is_ready = idle_wait(state, STDIN_FILENO);
        if (interrupt_take()) {
            return give_up();
        }
        const int got = is_ready ? take_char(c) : -1;
        if (got >= 0) {
            return got;
        }
    }
}

/* ------------------------------------------------------------ history -- */

/* In a text of several lines: to the line above, else to the history's. At
 * the beginning of a continuation: into what it continues. */
static unsigned char
go_up(EditLine *unused, int key)
{
    const LineInfoW *line = el_wline(edit);
    const wchar_t *start = line->cursor;
    (void)unused;
    (void)key;
    while (start > line->buffer && start[-1] != L'\n') {
        start--;
    }
    if (start > line->buffer) {
        const wchar_t *above = start - 1;
        while (above > line->buffer && above[-1] != L'\n') {
            above--;
        }
        const long column = line->cursor - start, length = start - 1 - above;
        const long target =
            above - line->buffer + (column < length ? column : length);
        el_cursor(edit, (int)(target - (line->cursor - line->buffer)));
        return CC_CURSOR;
    }
    if (preceding && line->lastchar == line->buffer) {
        wants_whole = 1;
        return CC_NEWLINE;
    }
    el_push(edit, "\020");
    return CC_NORM;
}

static unsigned char
go_down(EditLine *unused, int key)
{
    const LineInfoW *line = el_wline(edit);
    const wchar_t *start = line->cursor, *end = line->cursor;
    (void)unused;
    (void)key;
    while (start > line->buffer && start[-1] != L'\n') {
        start--;
    }
    while (end < line->lastchar && *end != L'\n') {
        end++;
    }
    if (end == line->lastchar) {
        el_push(edit, "\016");
        return CC_NORM;
    }
    const wchar_t *below = end + 1, *stop = below;
    while (stop < line->lastchar && *stop != L'\n') {
        stop++;
    }
    const long column = line->cursor - start, length = stop - below;
    const wchar_t *target = below + (column < length ? column : length);
    el_cursor(edit, (int)(target - line->cursor));
    return CC_CURSOR;
}

/* --------------------------------------------------------- completion -- */

static unsigned char
complete(EditLine *unused, int key)
{
    const LineInfo *line = el_line(edit);
    (void)unused;
    (void)key;
    char *text = strndup(line->buffer, (size_t)(line->cursor - line->buffer));
    const char *more = text ? complete_text(state, preceding, text) : NULL;
    if (more && *more) {
        el_insertstr(edit, more);
    }
    free(text);
    screen_show(); /* if names were listed; libedit counts on it */
    return more ? CC_REFRESH : CC_REFRESH_BEEP;
}

/* --------------------------------------------------------------- open -- */

static char *
get_prompt(EditLine *unused)
{
    (void)unused;
    return (char *)current_prompt;
}

static void
bind_keys(void)
{
    static const char *const keys[][2] = {
        {"\033[A", "tabor-up"},   {"\033OA", "tabor-up"},
        {"\033[B", "tabor-down"}, {"\033OB", "tabor-down"},
        {"\t", "tabor-complete"}, {"\022", "em-inc-search-prev"}};
    el_set(edit, EL_ADDFN, "tabor-up", "A line up, or back in history", go_up);
    el_set(edit, EL_ADDFN, "tabor-down", "A line down, or on in history",
           go_down);
    el_set(edit, EL_ADDFN, "tabor-complete", "Complete a name", complete);
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        el_set(edit, EL_BIND, keys[i][0], keys[i][1], NULL);
    }
}

void
editor_open(lua_State *L)
{
    state = L;
    if (edit || !isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO)) {
        setvbuf(stdin, NULL, _IONBF, 0);
        return;
    }
    edit = el_init("tabor", stdin, stdout, stderr);
    if (!edit) {
        return;
    }
    screen_open(L);
    el_set(edit, EL_PROMPT, get_prompt);
    el_set(edit, EL_EDITOR, "emacs");
    el_wset(edit, EL_GETCFN, read_char);
    bind_keys();
    history_open(edit);
    el_source(edit, NULL);
}

void
editor_close(void)
{
    if (edit) {
        el_end(edit);
        edit = NULL;
    }
    history_close();
    free(last_line);
    last_line = NULL;
    last_room = 0;
}

int
editor_is_terminal(void)
{
    return edit != NULL;
}

/* -------------------------------------------------------------- lines -- */

static editor_result
read_edited(const char *prompt, const char **line, size_t *length)
{
    int count = 0;
    current_prompt = prompt;
    was_interrupted = wants_whole = 0;
    el_set(edit, EL_PREP_TERM, 1); /* or keys are echoed until it asks */
    screen_line_begins(edit, prompt);
    note_signals();
    *line = el_gets(edit, &count);
    forget_signals();
    if (was_interrupted) {
        el_reset(edit);
        return EDITOR_INTERRUPTED;
    }
    if (wants_whole || !*line || count <= 0) {
        screen_hide();
        screen_line_ended(NULL, 0);
        return wants_whole ? EDITOR_WHOLE : EDITOR_END;
    }
    const LineInfoW *typed = el_wline(edit);
    const wchar_t *end = typed->lastchar;
    end -= end > typed->buffer && end[-1] == L'\n';
    *length = (size_t)count;
    screen_line_ended(typed->buffer, (size_t)(end - typed->buffer));
    return EDITOR_LINE;
}

/* stdin has no buffer, so that what poll() says of it is all there is. */
static editor_result
read_plain(const char **line, size_t *length)
{
    while (!idle_wait(state, STDIN_FILENO)) {
        if (interrupt_take()) {
            return EDITOR_INTERRUPTED;
        }
    }
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
editor_read(const editor_wish *wish, const char **line)
{
    const char *got = NULL;
    size_t length = 0;
    preset = wish->preset;
    preceding = wish->preceding;
    const editor_result result = edit ? read_edited(wish->prompt, &got, &length)
                                      : read_plain(&got, &length);
    return result == EDITOR_LINE ? keep_line(got, length, line) : result;
}
