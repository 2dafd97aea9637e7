/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "control/registry.h"

#include <ctype.h>
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../backends/builtin.h"
#include "control/status.h"

#define NAME_MAX_LENGTH 32

static const tabor_driver *const builtin[] = {&tabor_driver_null,
                                              &tabor_driver_offline};
enum {
    BUILTIN_COUNT = sizeof builtin / sizeof *builtin
};

/* ------------------------------------------------------------ loaded -- */

/* Loaded plug-ins, never forgotten: their threads may outlive an engine. */
typedef struct plugin {
    struct plugin *next;
    char *path;
    const tabor_driver *driver;
} plugin;

static plugin *plugins;
static pthread_mutex_t plugins_lock = PTHREAD_MUTEX_INITIALIZER;

static void
lock_for_fork(void)
{
    pthread_mutex_lock(&plugins_lock);
}

static void
unlock_after_fork(void)
{
    pthread_mutex_unlock(&plugins_lock);
}

__attribute__((constructor)) static void
keep_lock_across_forks(void)
{
    pthread_atfork(lock_for_fork, unlock_after_fork, unlock_after_fork);
}

static const tabor_driver *
already_loaded(const char *path)
{
    for (plugin *p = plugins; p; p = p->next) {
        if (strcmp(p->path, path) == 0) {
            return p->driver;
        }
    }
    return NULL;
}

static tabor_status
remember(const char *path, const tabor_driver *driver)
{
    plugin *p = malloc(sizeof *p);
    char *copy = strdup(path);
    if (!p || !copy) {
        free(p);
        free(copy);
        return tabor_fail(TABOR_ERR_NO_MEMORY, "no memory for driver %s", path);
    }
    *p = (plugin){plugins, copy, driver};
    plugins = p;
    return TABOR_OK;
}

/* -------------------------------------------------------------- load -- */

/* Only a regular file is worth opening: a FIFO would hang the loader. */
static tabor_status
check_file(const char *path)
{
    struct stat info;
    if (stat(path, &info) != 0) {
        return tabor_fail(TABOR_ERR_DEVICE, "%s: %s", path, strerror(errno));
    }
    if (S_ISDIR(info.st_mode)) {
        return tabor_fail(TABOR_ERR_DEVICE, "%s: is a directory, not a driver",
                          path);
    }
    if (!S_ISREG(info.st_mode)) {
        return tabor_fail(TABOR_ERR_DEVICE, "%s: is not a regular file", path);
    }
    return TABOR_OK;
}

static tabor_status
check_driver(const char *path, const char *name, const tabor_driver *d)
{
    if (!d || d->abi != TABOR_DRIVER_ABI) {
        return tabor_fail(TABOR_ERR_DEVICE,
                          "%s: built for driver ABI %u, this Tabor speaks %d: "
                          "build it anew",
                          path, d ? d->abi : 0, TABOR_DRIVER_ABI);
    }
    if (d->struct_size < sizeof *d) {
        return tabor_fail(TABOR_ERR_DEVICE,
                          "%s: its tabor_driver has %u bytes, %zu are needed",
                          path, d->struct_size, sizeof *d);
    }
    if (!d->name || strcmp(d->name, name) != 0) {
        return tabor_fail(TABOR_ERR_DEVICE,
                          "%s: the driver in it is named '%s', the file is not",
                          path, d->name ? d->name : "");
    }
    if (!d->title || !d->probe || !d->enumerate || !d->open || !d->start ||
        !d->stop || !d->close ||
        ((d->caps & TABOR_DRIVER_PUMPED) && !d->pump)) {
        return tabor_fail(TABOR_ERR_DEVICE,
                          "%s: a function that every driver has is missing",
                          path);
    }
    return TABOR_OK;
}

static tabor_status
load(const char *path, const char *name, const tabor_driver **driver)
{
    tabor_status st = check_file(path);
    if (st != TABOR_OK) {
        return st;
    }
    void *library = dlopen(path, RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
    if (!library) {
        return tabor_fail(TABOR_ERR_DEVICE, "%s: can't be loaded: %s", path,
                          dlerror());
    }
    const tabor_driver *(*entry)(void) =
        (const tabor_driver *(*)(void))dlsym(library, "tabor_driver_entry");
    if (!entry) {
        dlclose(library);
        return tabor_fail(TABOR_ERR_DEVICE,
                          "%s: has no symbol tabor_driver_entry", path);
    }
    const tabor_driver *d = entry();
    if ((st = check_driver(path, name, d)) != TABOR_OK ||
        (st = remember(path, d)) != TABOR_OK) {
        return st;
    }
    *driver = d;
    return TABOR_OK;
}

/* ------------------------------------------------------------ search -- */

/* Call visit with each folder until it returns non-zero; returns that. */
static int
each_folder(int (*visit)(const char *folder, void *user), void *user)
{
    const char *path = getenv("TABOR_DRIVER_PATH");
    char *copy = path ? strdup(path) : NULL;
    char *rest = NULL;
    int result = 0;
    for (char *folder = copy ? strtok_r(copy, ":", &rest) : NULL;
         folder && !result; folder = strtok_r(NULL, ":", &rest)) {
        result = visit(folder, user);
    }
    free(copy);
    return result ? result : visit(TABOR_DRIVER_DIR, user);
}

typedef struct search {
    const char *name;
    char path[4096];
} search;

static int
has_plugin(const char *folder, void *user)
{
    search *s = user;
    int n = snprintf(s->path, sizeof s->path, "%s/%s.so", folder, s->name);
    struct stat info;
    return n > 0 && (size_t)n < sizeof s->path && stat(s->path, &info) == 0;
}

static int
name_is_sane(const char *name)
{
    size_t n = strlen(name);
    for (size_t i = 0; i < n; i++) {
        if (!isalnum((unsigned char)name[i]) && !strchr("_-", name[i])) {
            return 0;
        }
    }
    return n > 0 && n <= NAME_MAX_LENGTH;
}

static tabor_status
fail_unknown(const char *name)
{
    char list[512] = "";
    char **names;
    size_t count, used = 0;
    if (tabor_registry_names(&names, &count) == TABOR_OK) {
        for (size_t i = 0; i < count && used < sizeof list; i++) {
            used += (size_t)snprintf(list + used, sizeof list - used, "%s%s",
                                     i ? ", " : "", names[i]);
        }
        tabor_registry_free_names(names, count);
    }
    return tabor_fail(TABOR_ERR_DEVICE, "no driver '%s'; there are: %s", name,
                      list);
}

tabor_status
tabor_registry_find(const char *name, const tabor_driver **driver)
{
    for (size_t i = 0; i < BUILTIN_COUNT; i++) {
        if (strcmp(builtin[i]->name, name) == 0) {
            *driver = builtin[i];
            return TABOR_OK;
        }
    }
    search s = {.name = name};
    if (!name_is_sane(name) || !each_folder(has_plugin, &s)) {
        return fail_unknown(name);
    }
    pthread_mutex_lock(&plugins_lock);
    const tabor_driver *d = already_loaded(s.path);
    tabor_status st = d ? TABOR_OK : load(s.path, name, &d);
    pthread_mutex_unlock(&plugins_lock);
    if (st == TABOR_OK) {
        *driver = d;
    }
    return st;
}

/* ------------------------------------------------------------- names -- */

typedef struct names_list {
    char **names;
    size_t count;
    int failed;
} names_list;

static void
add_name(names_list *list, const char *name, size_t length)
{
    for (size_t i = 0; i < list->count; i++) {
        if (strlen(list->names[i]) == length &&
            strncmp(list->names[i], name, length) == 0) {
            return;
        }
    }
    char **more = realloc(list->names, (list->count + 1) * sizeof *more);
    if (more) {
        list->names = more;
        more[list->count] = strndup(name, length);
    }
    if (!more || !more[list->count]) {
        list->failed = 1;
        return;
    }
    list->count++;
}

static int
add_folder(const char *folder, void *user)
{
    DIR *dir = opendir(folder);
    struct dirent *entry;
    while (dir && (entry = readdir(dir))) {
        size_t n = strlen(entry->d_name);
        if (n > 3 && n - 3 <= NAME_MAX_LENGTH &&
            strcmp(entry->d_name + n - 3, ".so") == 0) {
            add_name(user, entry->d_name, n - 3);
        }
    }
    if (dir) {
        closedir(dir);
    }
    return 0;
}

static int
by_name(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

tabor_status
tabor_registry_names(char ***names, size_t *count)
{
    names_list list = {0};
    each_folder(add_folder, &list);
    if (list.count) {
        qsort(list.names, list.count, sizeof *list.names, by_name);
    }
    for (size_t i = 0; i < BUILTIN_COUNT; i++) {
        add_name(&list, builtin[i]->name, strlen(builtin[i]->name));
    }
    if (list.failed) {
        tabor_registry_free_names(list.names, list.count);
        return tabor_fail(TABOR_ERR_NO_MEMORY, "no memory for driver names");
    }
    *names = list.names;
    *count = list.count;
    return TABOR_OK;
}

void
tabor_registry_free_names(char **names, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        free(names[i]);
    }
    free(names);
}

const tabor_driver *
tabor_registry_stand_in(void)
{
    return &tabor_driver_null;
}
