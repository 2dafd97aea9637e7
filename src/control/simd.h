/* SPDX-License-Identifier: MIT
 *
 * Which level of SIMD this machine's kernels come from.
 */
#ifndef TABOR_CONTROL_SIMD_H
#define TABOR_CONTROL_SIMD_H

#include <tabor/tabor.h>

#include "rt/kernel.h"

#define TABOR_SIMD_LEVELS 5

/* The levels that run here, the fastest first; returns how many.  [any] */
unsigned tabor_simd_list(const tabor_kernels *levels[TABOR_SIMD_LEVELS]);

/* The one that $TABOR_SIMD names, or the fastest.  [control]
 *
 * TABOR_ERR_INVALID  there is no such level here; the error lists the others
 */
tabor_status tabor_simd_pick(const tabor_kernels **kernels);

#endif
