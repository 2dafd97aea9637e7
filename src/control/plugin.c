/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "control/plugin.h"

#include <dlfcn.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "control/status.h"
#include "control/trust.h"

#define PATH_LENGTH 4096

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

/* The name of an open file for dlopen(). The loader keeps the names it has
 * seen, and descriptors' numbers come back: so each load spells the same
 * folder in another way, by the bits of a counter. Without /proc the path has
 * to do, in a folder that only root and the user can change. */
static void
name_descriptor(int fd, const char *path, char name[PATH_LENGTH])
{
    static unsigned loads;
    char folder[128];
    const unsigned bits = ++loads;
    snprintf(name, PATH_LENGTH, "/proc/self/fd/%d", fd);
    if (access(name, F_OK) != 0) {
        snprintf(name, PATH_LENGTH, "%s", path);
        return;
    }
    size_t used = 0;
    for (int bit = 0; bit < 32; bit++) {
        used += (size_t)snprintf(folder + used, sizeof folder - used, "%s",
                                 bits >> bit & 1 ? "./" : "/");
    }
    snprintf(name, PATH_LENGTH, "/proc/self/fd/%s%d", folder, fd);
}

/* The path that was asked for, where the loader speaks of our name for it. */
static tabor_status
fail_to_load(const char *path, const char *name)
{
    const char *why = dlerror();
    const size_t length = strlen(name);
    if (strncmp(why, name, length) == 0 &&
        strncmp(why + length, ": ", 2) == 0) {
        why += length + 2;
    }
    return tabor_fail(TABOR_ERR_DEVICE, "%s: can't be loaded: %s", path, why);
}

static tabor_status
load_descriptor(int fd, const char *path, const char *name,
                const tabor_driver **driver)
{
    char spelled[PATH_LENGTH];
    name_descriptor(fd, path, spelled);
    void *library = dlopen(spelled, RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
    if (!library) {
        return fail_to_load(path, spelled);
    }
    const tabor_driver *(*entry)(void) =
        (const tabor_driver *(*)(void))dlsym(library, "tabor_driver_entry");
    if (!entry) {
        dlclose(library);
        return tabor_fail(TABOR_ERR_DEVICE,
                          "%s: has no symbol tabor_driver_entry", path);
    }
    const tabor_driver *d = entry();
    const tabor_status st = check_driver(path, name, d);
    if (st == TABOR_OK) {
        *driver = d;
    }
    return st;
}

tabor_status
tabor_plugin_load(const char *folder, const char *name,
                  const tabor_driver **driver)
{
    char path[PATH_LENGTH], file[64];
    snprintf(path, sizeof path, "%s/%s.so", folder, name);
    snprintf(file, sizeof file, "%s.so", name);
    int beneath, fd;
    tabor_status st = tabor_trust_folder(folder, path, &beneath);
    if (st != TABOR_OK) {
        return st;
    }
    st = tabor_trust_file(beneath, file, path, &fd);
    close(beneath);
    if (st == TABOR_OK) {
        st = load_descriptor(fd, path, name, driver);
        close(fd);
    }
    return st;
}
