/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "control/releases.h"

#include <stdlib.h>

void
tabor_releases_add(tabor_releases *r, tabor_handle sample)
{
    if (r->count == r->capacity) {
        uint32_t more = r->capacity ? 2 * r->capacity : 16;
        tabor_handle *grown = realloc(r->samples, more * sizeof *grown);
        if (!grown) {
            return;
        }
        r->samples = grown;
        r->capacity = more;
    }
    r->samples[r->count++] = sample;
}

void
tabor_releases_move(tabor_releases *from, tabor_releases *to)
{
    for (uint32_t i = 0; i < from->count; i++) {
        tabor_releases_add(to, from->samples[i]);
    }
    tabor_releases_free(from);
}

void
tabor_releases_free(tabor_releases *r)
{
    free(r->samples);
    *r = (tabor_releases){0};
}
