/* SPDX-License-Identifier: MIT
 *
 * A decoder with a bug in it, for the tests: a file at FRAGILE_RATE makes it
 * write to address 1, as a hostile file does to a real one.
 */
#ifndef TABOR_TESTS_FRAGILE_H
#define TABOR_TESTS_FRAGILE_H

#include <sys/types.h>

#define FRAGILE_RATE 11111

/* If not NULL: called once, when the first values have been read. */
extern void (*fragile_between)(void);

#endif
