/* SPDX-License-Identifier: MIT
 *
 * What the checkers of C must find: tests/lint.sh. Never compiled for use.
 */
#include <stdlib.h>
#include <string.h>

int planted(int n);

/* Freed twice: gcc's analyzer and cppcheck. */
int
planted(int n)
{
    char *memory = malloc(16);
    if (!memory) {
        return 0;
    }
    memset(memory, n, 16);
    const int first = memory[0];
    free(memory);
    free(memory);
    /* No number may be none: clang-tidy. */
    return first + atoi("1");
}
