/* SPDX-License-Identifier: MIT */
#include "control/tables.h"

#define PAGE_VALUES (4096 / sizeof(float))

/* Read a value of each page: where there was none yet, it is there now. */
static void
touch(const tabor_sinc *sinc)
{
    uint32_t n = TABOR_SINC_ROWS * 2 * sinc->taps;
    for (uint32_t i = 0; i < n; i += PAGE_VALUES) {
        /* a read that nobody uses would be left out */
        __asm__ volatile("" : : "r"(sinc->rows[i]));
    }
}

void
tabor_sinc_tables(const tabor_sinc *series[2])
{
    for (unsigned k = 0; k < 2; k++) {
        const tabor_sinc *sinc = series[k] = tabor_sinc_series[k];
        touch(sinc);
        while (sinc->step_max != UINT64_MAX) {
            touch(++sinc);
        }
    }
}
