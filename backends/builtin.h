/* SPDX-License-Identifier: MIT
 *
 * The drivers that are always there.
 */
#ifndef TABOR_BACKENDS_BUILTIN_H
#define TABOR_BACKENDS_BUILTIN_H

#include <tabor/driver.h>

extern const tabor_driver tabor_driver_null;    /* paced by the clock, silent */
extern const tabor_driver tabor_driver_offline; /* the caller pulls frames */

#endif
