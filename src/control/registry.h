/* SPDX-License-Identifier: MIT
 *
 * Which drivers there are: those built in, and plug-ins found in
 * TABOR_DRIVER_PATH (folders, with colons between) and the installed folder.
 */
#ifndef TABOR_CONTROL_REGISTRY_H
#define TABOR_CONTROL_REGISTRY_H

#include <tabor/driver.h>
#include <tabor/tabor.h>

/* Find a driver, loading its plug-in if need be. Plug-ins stay loaded.
 * [control]
 *
 * TABOR_ERR_INVALID  no driver of this name; the error lists those there are
 * TABOR_ERR_DEVICE   there is one, but it can't be used; the error tells why
 */
tabor_status tabor_registry_find(const char *name, const tabor_driver **driver);

/* The drivers' names, each once, built-in ones last.  [control]
 * names: out, count of them; give back with tabor_registry_free_names() */
tabor_status tabor_registry_names(char ***names, size_t *count);
void tabor_registry_free_names(char **names, size_t count);

/* The built-in driver that keeps time where no device does. */
const tabor_driver *tabor_registry_stand_in(void);

#endif
