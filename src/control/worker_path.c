/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "control/place.h"
#include "control/worker_path.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PROGRAM "/tabor-decode"

static int
is_beside(char *path, size_t size)
{
    if (!tabor_own_folder(path, size) || strlen(path) + sizeof PROGRAM > size) {
        return 0;
    }
    strcat(path, PROGRAM);
    return access(path, X_OK) == 0;
}

void
tabor_worker_path(char *path, size_t size)
{
    const char *given = secure_getenv("TABOR_DECODER");
    if (given && *given) {
        snprintf(path, size, "%s", given);
        return;
    }
    if (!tabor_moved_along(TABOR_WORKER_DIR PROGRAM, path, size) &&
        !is_beside(path, size)) {
        snprintf(path, size, "%s", TABOR_WORKER_DIR PROGRAM);
    }
}
