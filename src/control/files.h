/* SPDX-License-Identifier: MIT
 *
 * Files that we open ourselves: regular ones only, so that nothing hangs on a
 * FIFO and nothing replaces a device.
 */
#ifndef TABOR_CONTROL_FILES_H
#define TABOR_CONTROL_FILES_H

#include <signal.h>

#include <tabor/tabor.h>

/* Open for reading.  [control]
 *
 * descriptor  out, owned
 * size        out, in bytes
 *
 * TABOR_ERR_MISSING  no such file
 * TABOR_ERR_IO       no permission, a folder, a device, a FIFO
 */
tabor_status tabor_open_regular(const char *path, int *descriptor,
                                uint64_t *size);

/* May a file be renamed to path: is nothing there, or a regular file?
 * [control]  TABOR_ERR_IO */
tabor_status tabor_check_target(const char *path);

/* From here on, for the calling thread, a write past a limit on the size of
 * files fails and sends no SIGXFSZ, which would end the process.  [control]
 * before: out, for tabor_allow_file_signal() */
void tabor_hold_file_signal(sigset_t *before);
void tabor_allow_file_signal(const sigset_t *before);

#endif
