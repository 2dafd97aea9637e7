/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "control/registry.h"

#include <ctype.h>
#include <dirent.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "../../backends/builtin.h"
#include "control/place.h"
#include "control/plugin.h"
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
    p->next = plugins;
    p->path = copy;
    p->driver = driver;
    plugins = p;
    return TABOR_OK;
}

/* ------------------------------------------------------------ search -- */

/* Call visit with each folder until it returns non-zero; returns that. */
static int
each_folder(int (*visit)(const char *folder, void *user), void *user)
{
    /* Who runs with more rights than the caller obeys no environment. */
    const char *path = secure_getenv("TABOR_DRIVER_PATH");
    char folder[4096]; /* none has a longer name */
    int result = 0;
    while (path && *path && !result) {
        size_t length = strcspn(path, ":");
        if (length > 0 && length < sizeof folder) {
            memcpy(folder, path, length);
            folder[length] = '\0';
            result = visit(folder, user);
        }
        path += length + (path[length] == ':');
    }
    return result ? result : visit(tabor_driver_dir(), user);
}

typedef struct search {
    const char *name;
    char folder[4096], path[4096];
} search;

static int
has_plugin(const char *folder, void *user)
{
    search *s = user;
    int n = snprintf(s->path, sizeof s->path, "%s/%s.so", folder, s->name);
    struct stat info;
    snprintf(s->folder, sizeof s->folder, "%s", folder);
    return n > 0 && (size_t)n < sizeof s->path && lstat(s->path, &info) == 0;
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
    tabor_status st = TABOR_OK;
    if (!d && (st = tabor_plugin_load(s.folder, name, &d)) == TABOR_OK) {
        st = remember(s.path, d);
    }
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
    char **more = reallocarray(list->names, list->count + 1, sizeof *more);
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
