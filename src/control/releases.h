/* SPDX-License-Identifier: MIT
 *
 * Unloads that wait for room in a ring.
 */
#ifndef TABOR_CONTROL_RELEASES_H
#define TABOR_CONTROL_RELEASES_H

#include <stdint.h>

#include <tabor/tabor.h>

/* Zeros: none. */
typedef struct tabor_releases {
    tabor_handle *samples; /* owned */
    uint32_t count, capacity;
} tabor_releases;

/* Without memory the sample stays loaded until its engine closes.  [control] */
void tabor_releases_add(tabor_releases *releases, tabor_handle sample);

/* from: empty afterwards  [control] */
void tabor_releases_move(tabor_releases *from, tabor_releases *to);

/* They are forgotten.  [control] */
void tabor_releases_free(tabor_releases *releases);

#endif
