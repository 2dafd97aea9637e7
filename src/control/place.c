/* SPDX-License-Identifier: MIT
 *
 * What was installed with libtabor is found from where libtabor is.
 */
#include "config.h"

#include "control/place.h"

#include <tabor/tabor.h>

#include <dlfcn.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <unistd.h>

#define MOST_PATH 4096

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

/* For code in the program itself the loader says what the caller gave as its
 * name, so only a full path will do. */
int
tabor_own_folder(char *folder, size_t size)
{
    Dl_info info;
    if (getauxval(AT_SECURE) ||
        !dladdr((const void *)(size_t)tabor_own_folder, &info) ||
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

/* With libtabor meant for PREFIX/lib and the worker for PREFIX/libexec/tabor,
 * a libtabor in ELSEWHERE/lib has its worker in ELSEWHERE/libexec/tabor. */
int
tabor_moved_along(const char *installed, char *path, size_t size)
{
    const size_t common = common_folders(TABOR_LIB_DIR, installed);
    const char *tail = TABOR_LIB_DIR + common;
    char folder[MOST_PATH];
    if (!tabor_own_folder(folder, sizeof folder) || !ends_with(folder, tail)) {
        return 0;
    }
    const int root = (int)(strlen(folder) - strlen(tail));
    const int length =
        snprintf(path, size, "%.*s%s", root, folder, installed + common);
    return length > 0 && (size_t)length < size && access(path, F_OK) == 0;
}

/* -------------------------------------------------------- the places -- */

static struct {
    char kit[MOST_PATH], guard[MOST_PATH], lua[MOST_PATH], drivers[MOST_PATH];
} places;
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void
find(const char *installed, char *path)
{
    if (!tabor_moved_along(installed, path, MOST_PATH)) {
        snprintf(path, MOST_PATH, "%s", installed);
    }
}

static void
find_all(void)
{
    find(TABOR_KIT_DIR, places.kit);
    find(TABOR_GUARD, places.guard);
    find(TABOR_LUA, places.lua);
    find(TABOR_DRIVER_DIR, places.drivers);
}

const char *
tabor_driver_dir(void)
{
    pthread_once(&once, find_all);
    return places.drivers;
}

static const char *
given_or(const char *variable, const char *place)
{
    const char *given = secure_getenv(variable);
    pthread_once(&once, find_all);
    return given && *given ? given : place;
}

TABOR_API const char *
tabor_kit_dir(void)
{
    return given_or("TABOR_KIT_DIR", places.kit);
}

TABOR_API const char *
tabor_guard_path(void)
{
    return given_or("TABOR_GUARD", places.guard);
}

TABOR_API const char *
tabor_lua_path(void)
{
    return given_or("TABOR_LUA", places.lua);
}
