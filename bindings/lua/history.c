/* SPDX-License-Identifier: MIT
 *
 * The history's file is only ever appended to, an entry at a time and under a
 * lock, so that a console that is killed loses nothing and two at once keep
 * both theirs. When it has grown too long, the next console to start cuts it.
 */
#include "history.h"
#include "console.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define ENTRIES_REMEMBERED 1000
#define MOST_BYTES         1000000

static History *list;
static char path[4096];

/* Make the folders of the path, as far as they are missing. */
static void
make_folders(void)
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
find_place(void)
{
    const char *state = getenv("XDG_STATE_HOME");
    const char *middle = "";
    if (!state || *state != '/') {
        state = getenv("HOME");
        middle = "/.local/state";
    }
    const int length = snprintf(path, sizeof path, "%s%s/tabor/history",
                                state ? state : "", middle);
    if (!state || length >= (int)sizeof path) {
        path[0] = '\0';
        return;
    }
    make_folders();
}

/* The file, locked until it is closed; NULL if there can't be one. */
static FILE *
open_file(void)
{
    const int fd =
        open(path, O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC, (mode_t)0600);
    FILE *f = fd < 0 ? NULL : fdopen(fd, "a+");
    if (!f && fd >= 0) {
        close(fd);
    }
    if (f) {
        fchmod(fd, 0600); /* whoever made it before us */
        flock(fd, LOCK_EX);
        fseek(f, 0, SEEK_END);
    }
    return f;
}

static void
cut_if_long(void)
{
    HistEvent event;
    FILE *f = open_file();
    if (!f) {
        return;
    }
    if (ftell(f) > MOST_BYTES && ftruncate(fileno(f), 0) == 0) {
        rewind(f);
        history(list, &event, H_SAVE_FP, f);
    }
    fclose(f);
}

void
history_open(EditLine *edit)
{
    HistEvent event;
    list = history_init();
    if (!list) {
        return;
    }
    history(list, &event, H_SETSIZE, ENTRIES_REMEMBERED);
    history(list, &event, H_SETUNIQUE, 1);
    find_place();
    if (*path) {
        history(list, &event, H_LOAD, path);
        cut_if_long();
    }
    el_set(edit, EL_HIST, history, list);
}

void
history_close(void)
{
    if (list) {
        history_end(list);
        list = NULL;
    }
}

/* As libedit's own files have it, so that it reads ours: each byte that is no
 * plain character is \ooo. */
static void
append(FILE *f, const char *text)
{
    if (ftell(f) == 0) {
        fputs("_HiStOrY_V2_\n", f);
    }
    for (; *text; text++) {
        const unsigned char c = (unsigned char)*text;
        if (c > 0x20 && c < 0x7f && c != '\\') {
            fputc(c, f);
        } else {
            fprintf(f, "\\%03o", (unsigned)c);
        }
    }
    fputc('\n', f);
}

void
editor_remember(const char *text)
{
    HistEvent event;
    const size_t space = strspn(text, " \t\n");
    if (!list || text[space] == '\0' ||
        history(list, &event, H_ENTER, text) != 1) {
        return; /* 0: the same as the last one */
    }
    FILE *f = *path ? open_file() : NULL;
    if (f) {
        append(f, text);
        fclose(f);
    }
}
