/* SPDX-License-Identifier: MIT
 *
 * tabor --python BRAIN LIVE: Python is the one that can have the other beside
 * it, so it takes over this process (python -m tabor duet).
 */
#include "console.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int
duet_run(int argc, char **argv)
{
    char **words = calloc((size_t)argc + 4, sizeof *words);
    const char *python = getenv("TABOR_PYTHON");
    if (!words) {
        fputs("tabor: not enough memory\n", stderr);
        return CONSOLE_FAILED;
    }
    words[0] = (char *)(python && *python ? python : "python3");
    words[1] = (char *)"-m";
    words[2] = (char *)"tabor";
    words[3] = (char *)"duet";
    for (int i = 1; i < argc; i++) {
        words[i + 3] = argv[i];
    }
    execvp(words[0], words);
    fprintf(stderr,
            "tabor: --python: %s: %s; TABOR_PYTHON may name another Python "
            "that has the module tabor\n",
            words[0], strerror(errno));
    free(words);
    return CONSOLE_FAILED;
}
