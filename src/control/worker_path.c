/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "control/worker_path.h"

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <unistd.h>

#define PROGRAM "tabor-decode"

/* The length of the folders that both paths begin with, up to a "/". */
static size_t
common_folders(const char *a, const char *b)
{
    size_t common = 0;
    for (size_t i = 0; a[i] && a[i] == b[i]; i++) {
        common = a[i] == '/' ? i : common;
    }
    return common;
}

static int
ends_with(const char *text, const char *end)
{
    size_t n = strlen(text), m = strlen(end);
    return n >= m && strcmp(text + n - m, end) == 0;
}

/* With libtabor meant for PREFIX/lib and the worker for PREFIX/libexec/tabor,
 * a libtabor in ELSEWHERE/lib has its worker in ELSEWHERE/libexec/tabor. */
static int
is_moved_along(const char *folder, char *path, size_t size)
{
    const size_t common = common_folders(TABOR_LIB_DIR, TABOR_WORKER_DIR);
    const char *tail = TABOR_LIB_DIR + common;
    if (!ends_with(folder, tail)) {
        return 0;
    }
    const int root = (int)(strlen(folder) - strlen(tail));
    snprintf(path, size, "%.*s%s/" PROGRAM, root, folder,
             TABOR_WORKER_DIR + common);
    return access(path, X_OK) == 0;
}

static int
is_beside(const char *folder, char *path, size_t size)
{
    snprintf(path, size, "%s/" PROGRAM, folder);
    return access(path, X_OK) == 0;
}

/* The folder that libtabor was loaded from. For code in the program itself it
 * is what the caller gave as its name, so only a full path will do. */
static int
find_own_folder(char *folder, size_t size)
{
    Dl_info info;
    if (!dladdr((const void *)(size_t)tabor_worker_path, &info) ||
        !info.dli_fname || info.dli_fname[0] != '/') {
        return 0;
    }
    const char *slash = strrchr(info.dli_fname, '/');
    const size_t n = (size_t)(slash - info.dli_fname);
    if (n >= size) {
        return 0;
    }
    memcpy(folder, info.dli_fname, n);
    folder[n] = '\0';
    return 1;
}

void
tabor_worker_path(char *path, size_t size)
{
    const int is_secure = getauxval(AT_SECURE) != 0;
    const char *given = is_secure ? NULL : getenv("TABOR_DECODER");
    char folder[4096];
    if (given && *given) {
        snprintf(path, size, "%s", given);
        return;
    }
    if (!is_secure && find_own_folder(folder, sizeof folder) &&
        (is_moved_along(folder, path, size) || is_beside(folder, path, size))) {
        return;
    }
    snprintf(path, size, "%s", TABOR_WORKER_DIR "/" PROGRAM);
}
