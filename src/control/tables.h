/* SPDX-License-Identifier: MIT
 *
 * The windowed sincs that sinc16 and sinc32 read samples with.
 */
#ifndef TABOR_CONTROL_TABLES_H
#define TABOR_CONTROL_TABLES_H

#include "rt/kernel.h"

/* Build the tables, once in a process, and hand out the two series, sinc16's
 * and sinc32's: borrowed for ever. The same bits on every machine.
 * [control] */
void tabor_sinc_tables(const tabor_sinc *series[2]);

#endif
