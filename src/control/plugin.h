/* SPDX-License-Identifier: MIT
 *
 * A driver in a file of its own: whether it may be trusted, and loading it.
 *
 * A plug-in runs with all that its process may do, so what counts is who could
 * have put it there. Its folder and every folder above it must belong to root
 * or to the process's user and be writable by nobody else. One for everybody's
 * files (sticky, as the temporary one is) will do above, where people build,
 * but holds no drivers itself. The file is opened beneath the folder that was
 * looked at, never through a link, and what is loaded is the file that was
 * opened: nothing is looked up twice.
 */
#ifndef TABOR_CONTROL_PLUGIN_H
#define TABOR_CONTROL_PLUGIN_H

#include <tabor/driver.h>
#include <tabor/tabor.h>

/* Load folder/name.so for good. One thread at a time.  [control]
 *
 * TABOR_ERR_DEVICE     it may not be trusted, or is no driver; the error tells
 * TABOR_ERR_NO_MEMORY  no memory
 */
tabor_status tabor_plugin_load(const char *folder, const char *name,
                               const tabor_driver **driver);

#endif
