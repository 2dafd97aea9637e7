/* SPDX-License-Identifier: MIT
 *
 * Folders and files that nobody but root and the process's user can change.
 */
#ifndef TABOR_CONTROL_TRUST_H
#define TABOR_CONTROL_TRUST_H

#include <tabor/tabor.h>

/* Open a folder, having looked at it and at each folder above it.  [control]
 *
 * wanted  what is to be loaded from it; begins the error's sentence
 * fd      out: for openat() only; owned
 *
 * TABOR_ERR_DEVICE     one of them is another user's, or others may write to it
 * TABOR_ERR_NO_MEMORY  no memory for its path
 */
tabor_status tabor_trust_folder(const char *folder, const char *wanted,
                                int *fd);

/* Open a regular file in an open folder for reading. Never waits, never
 * follows a link.  [control]
 *
 * name    without a slash
 * wanted  as above
 * fd      out; owned
 *
 * TABOR_ERR_DEVICE  no regular file, or others may change it
 */
tabor_status tabor_trust_file(int folder, const char *name, const char *wanted,
                              int *fd);

#endif
