/* SPDX-License-Identifier: MIT
 *
 * A program with one fault: faulty NAME.
 */
#include <stdio.h>
#include <string.h>

#include "faults.h"

int
main(int count, char **words)
{
#define X(name)                                                                \
    if (count == 2 && strcmp(words[1], #name) == 0) {                          \
        return fault_##name(NULL);                                             \
    }
    FAULTS(X)
#undef X
    fputs("faulty NAME: which fault?\n", stderr);
    return 2;
}
