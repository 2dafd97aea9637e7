/* SPDX-License-Identifier: MIT */
#ifndef TABOR_CONTROL_PLACE_H
#define TABOR_CONTROL_PLACE_H

#include <stddef.h>

/* The folder that libtabor was loaded from.  [any]
 *
 * Returns 0 if that can't be told, or in a set-user-ID program, which takes
 * nobody's word for it.
 * folder  out, size bytes
 */
int tabor_own_folder(char *folder, size_t size);

/* Where an installed file or folder is, seen from libtabor, so that a tree may
 * be moved as a whole.  [control]
 *
 * installed  its full path, as configured; it lies beside or below libdir's
 *            parents
 * path       out, size bytes
 *
 * Returns 0, and writes nothing of use, if there is none.
 */
int tabor_moved_along(const char *installed, char *path, size_t size);

/* The folder of the drivers.  [control]  Borrowed for ever. */
const char *tabor_driver_dir(void);

#endif
