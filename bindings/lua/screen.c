/* SPDX-License-Identifier: MIT
 *
 * One terminal, two writers: the line that is being typed, which libedit draws,
 * and what scripts, handlers and the console have to say meanwhile. That
 * appears above the line: whatever is written takes the line off the screen
 * first, and who waits for the next key puts it back. Between the two there may
 * be a row of our own, the status.
 *
 * libedit does not tell on which row it left the cursor, so it is worked out
 * here from the text, by the rules by which libedit draws it.
 */
#define _GNU_SOURCE /* fopencookie(), wcwidth() */
#include "screen.h"
#include "console.h"

#include <lauxlib.h>
#include <lualib.h>

#include <errno.h>
#include <stdarg.h>
#include <string.h>
#include <unistd.h>
#include <wctype.h>

#define TAB 8

static FILE *out, *err; /* through the gate; NULL: no terminal */
static EditLine *edit;  /* of the line that is being typed, or NULL */
static int prompt_columns;
static int is_shown;     /* the line, with the status above it */
static int is_row_begun; /* by what was written: the line needs a new one */
static char status[512]; /* "" = none */
static int has_status_row;

/* --------------------------------------------------------------- rows -- */

static int
get_size(char *what, int otherwise)
{
    int size = 0;
    el_get(edit, EL_GETTC, what, &size, NULL);
    return size > 1 ? size : otherwise;
}

/* The columns that libedit gives a character at column. */
static int
columns_of(wchar_t c, int column)
{
    if (c == L'\t') {
        return TAB - column % TAB;
    }
    if (iswcntrl((wint_t)c)) {
        return 2;
    }
    const int width = wcwidth(c);
    return width >= 0 ? width : c > 0xffff ? 8 : 7; /* \U+12345 */
}

/* Rows from the prompt's to that on which end is. */
static int
count_rows(const wchar_t *text, const wchar_t *end)
{
    const int width = get_size("co", 80);
    int row = 0, column = prompt_columns;
    for (; text < end; text++) {
        const int columns = *text == L'\n' ? 0 : columns_of(*text, column);
        if (*text == L'\n' || column + columns > width) {
            row++;
            column = 0;
        }
        column += columns;
        if (column >= width) {
            row++;
            column -= width;
        }
    }
    return row;
}

static int
cursor_row(void)
{
    const LineInfoW *line = el_wline(edit);
    return count_rows(line->buffer, line->cursor);
}

/* --------------------------------------------------------------- gate -- */

static void
write_all(int fd, const char *text, size_t size)
{
    while (size > 0) {
        const ssize_t n = write(fd, text, size);
        if (n < 0 && errno != EINTR && errno != EAGAIN) {
            return;
        }
        text += n > 0 ? n : 0;
        size -= n > 0 ? (size_t)n : 0;
    }
}

__attribute__((format(printf, 1, 2))) static void
order(const char *format, ...)
{
    char text[sizeof status + 64];
    va_list args;
    va_start(args, format);
    const int length = vsnprintf(text, sizeof text, format, args);
    va_end(args);
    write_all(STDOUT_FILENO, text, (size_t)length);
}

static void
go_up(int rows)
{
    order(rows > 0 ? "\r\033[%dA" : "\r", rows);
}

void
screen_hide(void)
{
    if (edit && is_shown) {
        go_up(cursor_row() + has_status_row);
        order("\033[J");
        is_shown = 0;
    }
}

static void
draw_status(void)
{
    has_status_row = *status != '\0';
    if (has_status_row) {
        order("%s\r\n", status);
    }
}

void
screen_finish_row(void)
{
    if (out) {
        fflush(out);
        fflush(err);
    }
    if (is_row_begun) {
        order("\r\n");
        is_row_begun = 0;
    }
}

void
screen_show(void)
{
    if (out) {
        fflush(out);
        fflush(err);
    }
    if (edit && !is_shown) {
        screen_finish_row();
        draw_status();
        el_set(edit, EL_REFRESH);
        is_shown = 1;
    }
}

static ssize_t
pass(void *cookie, const char *text, size_t size)
{
    const int fd = *(const int *)cookie;
    screen_hide();
    write_all(fd, text, size);
    if (size > 0 && isatty(fd)) {
        is_row_begun = text[size - 1] != '\n';
    }
    return (ssize_t)size;
}

/* ------------------------------------------------------------- status -- */

/* Change it in place, unless it has scrolled off the screen. */
static void
redraw_status(void)
{
    const int up = cursor_row() + 1;
    if (up < get_size("li", 24)) {
        order("\0337\r\033[%dA%s\033[K\0338", up, status);
    }
}

void
screen_status(const char *text)
{
    const size_t room = edit ? (size_t)get_size("co", 80) : 80;
    if (!text || !is_shown || !edit || !has_status_row) {
        screen_hide();
    }
    snprintf(status, sizeof status < room ? sizeof status : room, "%s",
             text ? text : "");
    if (edit && is_shown) {
        redraw_status();
    }
}

/* --------------------------------------------------------------- line -- */

void
screen_line_begins(EditLine *of, const char *prompt)
{
    screen_finish_row();
    edit = of;
    prompt_columns = (int)strlen(prompt);
    draw_status();
    is_shown = 1; /* el_gets() draws it before it asks for a key */
}

/* The cursor is on the row behind the line, whose status is no news now. */
void
screen_line_ended(const wchar_t *text, size_t length)
{
    const int rows = is_shown ? count_rows(text, text + length) + 2 : 0;
    if (has_status_row && rows > 0 && rows < get_size("li", 24)) {
        order("\r\033[%dA\033[M\033[%dB", rows, rows - 1);
    }
    has_status_row = 0;
    edit = NULL;
    is_shown = 0;
}

void
screen_line_abandoned(void)
{
    screen_hide();
    has_status_row = 0;
    el_set(edit, EL_REFRESH);
    order("^C\r\n");
    edit = NULL;
}

/* --------------------------------------------------------------- open -- */

/* Have a file of Lua's write through the gate. */
static void
redirect(lua_State *L, const char *name, FILE *to)
{
    lua_getfield(L, -1, name);
    luaL_Stream *stream = luaL_testudata(L, -1, LUA_FILEHANDLE);
    if (stream) {
        fflush(stream->f);
        stream->f = to;
    }
    lua_pop(L, 1);
}

static FILE *
open_gate(int *fd, int mode)
{
    const cookie_io_functions_t functions = {.write = pass};
    FILE *f = fopencookie(fd, "w", functions);
    if (f) {
        setvbuf(f, NULL, mode, BUFSIZ);
    }
    return f;
}

void
screen_open(lua_State *L)
{
    static int fds[] = {STDOUT_FILENO, STDERR_FILENO};
    if (out || !(out = open_gate(&fds[0], _IOLBF))) {
        return;
    }
    if (!(err = open_gate(&fds[1], _IONBF))) {
        fclose(out);
        out = NULL;
        return;
    }
    luaL_getsubtable(L, LUA_REGISTRYINDEX, LUA_LOADED_TABLE);
    if (lua_getfield(L, -1, LUA_IOLIBNAME) == LUA_TTABLE) {
        redirect(L, "stdout", out);
        redirect(L, "stderr", err);
    }
    lua_pop(L, 2);
}

FILE *
screen_out(void)
{
    return out ? out : stdout;
}

FILE *
screen_err(void)
{
    return err ? err : stderr;
}
