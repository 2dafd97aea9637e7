/* SPDX-License-Identifier: MIT
 *
 * Telling which drivers and devices there are.
 */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include "control/registry.h"
#include "control/status.h"

static void
list_options(const tabor_driver *driver, char *text, size_t size)
{
    size_t used = 0;
    for (const tabor_driver_option *o = driver->options;
         o && o->name && used < size; o++) {
        used += (size_t)snprintf(text + used, size - used, "%s=%s (%s): %s\n",
                                 o->name, o->values, o->initial, o->help);
    }
}

/* why: size bytes, options: likewise */
static tabor_driver_info
describe(const char *name, char *why, char *options, size_t size)
{
    tabor_driver_info info = {
        .name = name, .title = name, .why = why, .options = options};
    const tabor_driver *driver;
    if (tabor_registry_find(name, &driver) != TABOR_OK) {
        strncpy(why, tabor_error(), size - 1);
        return info;
    }
    info.title = driver->title;
    list_options(driver, options, size);
    info.available = driver->probe(why, size) == TABOR_DRIVER_OK;
    return info;
}

TABOR_API tabor_status
tabor_drivers_list(void (*found)(void *user, const tabor_driver_info *driver),
                   void *user)
{
    char **names;
    size_t count;
    tabor_status st = tabor_registry_names(&names, &count);
    if (st != TABOR_OK) {
        return st;
    }
    for (size_t i = 0; i < count; i++) {
        char why[2048] = "", options[2048] = "";
        tabor_driver_info info = describe(names[i], why, options, sizeof why);
        found(user, &info);
    }
    tabor_registry_free_names(names, count);
    return TABOR_OK;
}

typedef struct device_search {
    const char *driver;
    void (*found)(void *user, const tabor_device_info *device);
    void *user;
} device_search;

static void
pass_device(void *user, const tabor_driver_device *device)
{
    device_search *search = user;
    const tabor_device_info info = {.driver = search->driver,
                                    .name = device->name,
                                    .inputs = device->inputs,
                                    .outputs = device->outputs,
                                    .rates = device->rates,
                                    .rate_count = device->rate_count,
                                    .is_default = device->is_default};
    search->found(search->user, &info);
}

static tabor_status
list_devices_of(const char *name, device_search *search)
{
    const tabor_driver *driver;
    tabor_status st = tabor_registry_find(name, &driver);
    if (st != TABOR_OK) {
        return st;
    }
    char why[512] = "";
    search->driver = driver->name;
    if (driver->enumerate(NULL, 0, pass_device, search, why, sizeof why) !=
        TABOR_DRIVER_OK) {
        return tabor_fail(TABOR_ERR_DEVICE, "driver %s: %s", driver->name, why);
    }
    return TABOR_OK;
}

TABOR_API tabor_status
tabor_devices_list(const char *driver,
                   void (*found)(void *user, const tabor_device_info *device),
                   void *user)
{
    device_search search = {.found = found, .user = user};
    if (driver) {
        return list_devices_of(driver, &search);
    }
    char **names;
    size_t count;
    tabor_status st = tabor_registry_names(&names, &count);
    if (st != TABOR_OK) {
        return st;
    }
    for (size_t i = 0; i < count; i++) {
        /* a driver that can't be asked has no devices to tell */
        list_devices_of(names[i], &search);
    }
    tabor_registry_free_names(names, count);
    return TABOR_OK;
}
