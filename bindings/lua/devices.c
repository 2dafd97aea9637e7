/* SPDX-License-Identifier: MIT
 *
 * The core tells drivers and devices through a callback, in which nothing may
 * raise: they are copied first and turned into Lua's tables afterwards.
 */
#include "lua_tabor.h"

#include <stdlib.h>
#include <string.h>

typedef struct entry {
    char *driver, *name, *title, *why;
    uint32_t inputs, outputs;
    uint32_t *rates;
    size_t rate_count;
    int flag; /* a driver: available; a device: the default one */
} entry;

typedef struct entry_list {
    entry *entries;
    size_t count;
    int failed;
} entry_list;

static void
list_free(void *content)
{
    entry_list *list = content;
    for (size_t i = 0; i < list->count; i++) {
        free(list->entries[i].driver);
        free(list->entries[i].name);
        free(list->entries[i].title);
        free(list->entries[i].why);
        free(list->entries[i].rates);
    }
    free(list->entries);
    free(list);
}

/* Push a box with an empty list. */
static entry_list *
list_push(lua_State *L)
{
    void **box = object_box(L, list_free);
    *box = calloc(1, sizeof(entry_list));
    if (!*box) {
        luaL_error(L, "not enough memory for a list");
    }
    return *box;
}

/* A zeroed entry at the end, or NULL. */
static entry *
list_add(entry_list *list)
{
    const size_t n = list->count + 1;
    entry *entries = reallocarray(list->entries, n, sizeof *entries);
    if (!entries) {
        list->failed = 1;
        return NULL;
    }
    list->entries = entries;
    list->count = n;
    memset(&entries[n - 1], 0, sizeof *entries);
    return &entries[n - 1];
}

static char *
copy_text(entry_list *list, const char *text)
{
    char *copy = strdup(text ? text : "");
    list->failed |= !copy;
    return copy;
}

static void
found_driver(void *user, const tabor_driver_info *info)
{
    entry_list *list = user;
    entry *e = list_add(list);
    if (e) {
        e->name = copy_text(list, info->name);
        e->title = copy_text(list, info->title);
        e->why = copy_text(list, info->why);
        e->flag = info->available;
    }
}

static void
found_device(void *user, const tabor_device_info *info)
{
    entry_list *list = user;
    entry *e = list_add(list);
    if (!e) {
        return;
    }
    e->driver = copy_text(list, info->driver);
    e->name = copy_text(list, info->name);
    e->inputs = info->inputs;
    e->outputs = info->outputs;
    e->flag = info->is_default;
    e->rates = malloc((info->rate_count + 1) * sizeof *e->rates);
    if (!e->rates) {
        list->failed = 1;
        return;
    }
    for (size_t i = 0; i < info->rate_count; i++) {
        e->rates[i] = info->rates[i];
    }
    e->rate_count = info->rate_count;
}

static void
set_flag(lua_State *L, const char *key, int flag)
{
    lua_pushboolean(L, flag);
    lua_setfield(L, -2, key);
}

static void
push_driver(lua_State *L, const entry *e)
{
    lua_createtable(L, 0, 4);
    object_set_text(L, "name", e->name);
    object_set_text(L, "title", e->title);
    object_set_text(L, "why", e->why);
    set_flag(L, "available", e->flag);
}

static void
push_device(lua_State *L, const entry *e)
{
    lua_createtable(L, 0, 6);
    object_set_text(L, "driver", e->driver);
    object_set_text(L, "name", e->name);
    set_flag(L, "default", e->flag);
    object_set_whole(L, "inputs", e->inputs);
    object_set_whole(L, "outputs", e->outputs);
    lua_createtable(L, (int)e->rate_count, 0);
    for (size_t i = 0; i < e->rate_count; i++) {
        lua_pushinteger(L, e->rates[i]);
        lua_rawseti(L, -2, (lua_Integer)i + 1);
    }
    lua_setfield(L, -2, "rates");
}

static int
return_list(lua_State *L, const entry_list *list, tabor_status status,
            void (*push)(lua_State *, const entry *))
{
    if (status != TABOR_OK) {
        return errors_return(L, status);
    }
    if (list->failed) {
        return luaL_error(L, "not enough memory for a list");
    }
    lua_createtable(L, (int)list->count, 0);
    for (size_t i = 0; i < list->count; i++) {
        push(L, &list->entries[i]);
        lua_rawseti(L, -2, (lua_Integer)i + 1);
    }
    return 1;
}

int
devices_drivers(lua_State *L)
{
    entry_list *list = list_push(L);
    const tabor_status st = tabor_drivers_list(found_driver, list);
    return return_list(L, list, st, push_driver);
}

int
devices_devices(lua_State *L)
{
    const char *driver = luaL_optstring(L, 1, NULL);
    entry_list *list = list_push(L);
    const tabor_status st = tabor_devices_list(driver, found_device, list);
    return return_list(L, list, st, push_device);
}
