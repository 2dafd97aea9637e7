/* SPDX-License-Identifier: MIT
 *
 * Memory that is there before the audio thread touches it: a page that is
 * touched for the first time costs a page fault, which is the kernel's time.
 */
#ifndef TABOR_CONTROL_RESIDENT_H
#define TABOR_CONTROL_RESIDENT_H

#include <stddef.h>

/* count × size bytes of zeros, each page written, on a cache line of its own;
 * owned: free(). NULL if there is no memory.  [control] */
void *tabor_resident_new(size_t count, size_t size);

/* Read every page of the library's own code and tables, once.  [control] */
void tabor_resident_library(void);

#endif
