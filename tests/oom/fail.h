/* SPDX-License-Identifier: MIT
 *
 * Memory that ends when a test says so. The linker puts these functions before
 * C's for all that is linked into the program, which is Tabor and the test;
 * what libraries allocate for themselves is theirs.
 */
#ifndef TABOR_TESTS_FAIL_H
#define TABOR_TESTS_FAIL_H

#include <stdint.h>

typedef enum fail_how {
    FAIL_ONCE,
    FAIL_FOR_GOOD
} fail_how;

/* From here on the nth allocation, mapping, thread or descriptor is refused,
 * and with FAIL_FOR_GOOD all that follow; 0: none is.  Of any thread. */
void fail_from(uint32_t nth, fail_how how);

/* No more refusals. Returns how many were asked for since fail_from(). */
uint32_t fail_end(void);

/* Blocks and mappings that are held now. */
int64_t fail_held(void);

#endif
