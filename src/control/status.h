/* SPDX-License-Identifier: MIT
 *
 * How the control side fails: a status, and a sentence for tabor_error().
 */
#ifndef TABOR_CONTROL_STATUS_H
#define TABOR_CONTROL_STATUS_H

#include <tabor/tabor.h>

/* Set the calling thread's message.  [any] */
void tabor_told(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* The same, and the value is status: a macro, so that whoever checks the code
 * sees that what a failure returns is not TABOR_OK.  [any] */
#define tabor_fail(status, ...) (tabor_told(__VA_ARGS__), (status))

/* Set the message and the counts of a full room; returns TABOR_ERR_FULL.
 * [any]  which: a literal, kept by reference */
tabor_status tabor_fail_full(const char *which, uint32_t needed, uint32_t free,
                             const char *cure);

/* Forks that this process has come from, counted from when the library was
 * loaded: objects made at another count belong to the parent.  [any] */
unsigned tabor_forks(void);

/* Append a line to $TABOR_LOG ("-" = stderr) if it is set.  [control] */
void tabor_log(const char *text);

/* CLOCK_MONOTONIC.  [any] */
uint64_t tabor_now_ns(void);

#endif
