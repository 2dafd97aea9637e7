/* SPDX-License-Identifier: MIT */
#ifndef TABOR_CONTROL_WORKER_PATH_H
#define TABOR_CONTROL_WORKER_PATH_H

#include <stddef.h>

/* Where the decoding worker is.  [control]
 *
 * In this order: $TABOR_DECODER, which a set-user-ID program ignores; where it
 * was installed, seen from libtabor, so that a tree may be moved as a whole;
 * beside libtabor; where it was installed.
 *
 * path  out, size bytes; the last of them if there is none
 */
void tabor_worker_path(char *path, size_t size);

#endif
