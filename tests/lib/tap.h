/* SPDX-License-Identifier: MIT
 *
 * The smallest TAP producer that is safe under Automake: lines are flushed as
 * they come, the plan comes last, a hanging test is killed.
 */
#ifndef TABOR_TESTS_TAP_H
#define TABOR_TESTS_TAP_H

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int tap_count, tap_failed;

static inline void
tap_start(void)
{
    setvbuf(stdout, NULL, _IOLBF, 0);
    alarm(170);
}

/* A "#" in a name would begin a directive. */
static inline void
tap_print_name(const char *format, va_list args)
{
    char name[512];
    vsnprintf(name, sizeof name, format, args);
    for (const char *c = name; *c; c++) {
        if (*c == '#') {
            putchar('\\');
        }
        putchar(*c == '\n' ? ' ' : *c);
    }
    putchar('\n');
}

__attribute__((format(printf, 2, 3))) static inline int
tap_ok(int passed, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    printf("%sok %d - ", passed ? "" : "not ", ++tap_count);
    tap_print_name(format, args);
    va_end(args);
    tap_failed += !passed;
    return passed;
}

__attribute__((format(printf, 1, 2))) static inline void
tap_note(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    printf("# ");
    vprintf(format, args);
    putchar('\n');
    va_end(args);
}

#define ok(test, ...)                                                          \
    ((void)(tap_ok(!!(test), __VA_ARGS__) ||                                   \
            (tap_note("%s:%d: %s", __FILE__, __LINE__, #test), 0)))

#define ok_int(got, want, ...)                                                 \
    do {                                                                       \
        long long got_ = (long long)(got), want_ = (long long)(want);          \
        if (!tap_ok(got_ == want_, __VA_ARGS__)) {                             \
            tap_note("%s:%d: got %lld, want %lld", __FILE__, __LINE__, got_,   \
                     want_);                                                   \
        }                                                                      \
    } while (0)

#define ok_near(got, want, tolerance, ...)                                     \
    do {                                                                       \
        double got_ = (got), want_ = (want);                                   \
        if (!tap_ok(fabs(got_ - want_) <= (tolerance), __VA_ARGS__)) {         \
            tap_note("%s:%d: got %.9g, want %.9g", __FILE__, __LINE__, got_,   \
                     want_);                                                   \
        }                                                                      \
    } while (0)

static inline int
tap_done(void)
{
    printf("1..%d\n", tap_count);
    return tap_failed != 0;
}

#endif
