/* SPDX-License-Identifier: MIT
 *
 * The windowed sincs that sinc16 and sinc32 read samples with.
 */
#ifndef TABOR_CONTROL_TABLES_H
#define TABOR_CONTROL_TABLES_H

#include "rt/kernel.h"

/* sinc16's series and sinc32's, up to a table for all steps: made while Tabor
 * is built, by make-tables.c; the same bits on every machine. */
extern const tabor_sinc *const tabor_sinc_series[2];

/* Hand the series out, borrowed for ever, with all of their pages in memory, so
 * that the audio thread doesn't wait for one.  [control] */
void tabor_sinc_tables(const tabor_sinc *series[2]);

#endif
