/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "control/status.h"

#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static _Thread_local char message[1024];
static _Thread_local tabor_full full = {0, 0, ""};

TABOR_API const char *
tabor_version(void)
{
    return PACKAGE_VERSION;
}

TABOR_API const char *
tabor_status_text(tabor_status status)
{
    switch (status) {
#define X(name, number, words)                                                 \
    case TABOR_##name:                                                         \
        return words;
        TABOR_STATUS_LIST(X)
#undef X
    }
    return "unknown status";
}

TABOR_API const char *
tabor_error(void)
{
    return message;
}

TABOR_API tabor_full
tabor_full_info(void)
{
    return full;
}

void
tabor_told(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vsnprintf(message, sizeof message, format, args);
    va_end(args);
}

tabor_status
tabor_fail_full(const char *which, uint32_t needed, uint32_t free,
                const char *cure)
{
    full = (tabor_full){needed, free, which};
    return tabor_fail(TABOR_ERR_FULL, "%s full: %u needed, %u free; %s", which,
                      needed, free, cure);
}

/* ------------------------------------------------------------- words -- */

/* Edits (insert, delete, replace, swap neighbours) from a to b, at most limit.
 * Source: the "optimal string alignment" distance. */
static unsigned
distance(const char *a, const char *b)
{
    enum {
        MAX = 40
    };
    size_t n = strlen(a), m = strlen(b);
    unsigned d[MAX + 1][MAX + 1];
    if (n > MAX || m > MAX) {
        return MAX;
    }
    for (size_t i = 0; i <= n; i++) {
        for (size_t j = 0; j <= m; j++) {
            if (i == 0 || j == 0) {
                d[i][j] = (unsigned)(i + j);
                continue;
            }
            unsigned cost = a[i - 1] != b[j - 1];
            unsigned best = d[i - 1][j - 1] + cost;
            best = d[i - 1][j] + 1 < best ? d[i - 1][j] + 1 : best;
            best = d[i][j - 1] + 1 < best ? d[i][j - 1] + 1 : best;
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] &&
                a[i - 2] == b[j - 1] && d[i - 2][j - 2] + 1 < best) {
                best = d[i - 2][j - 2] + 1;
            }
            d[i][j] = best;
        }
    }
    return d[n][m];
}

TABOR_API const char *
tabor_nearest(const char *word, const char *const *words)
{
    const char *nearest = NULL;
    unsigned least = 1 + (unsigned)strlen(word) / 3;
    for (; *words; words++) {
        unsigned edits = distance(word, *words);
        if (edits <= least) {
            least = edits - (edits > 0);
            nearest = *words;
        }
    }
    return nearest;
}

TABOR_API tabor_status
tabor_seconds_to_frames(double seconds, uint32_t rate, uint64_t *frames)
{
    double exact = seconds * rate;
    if (!(exact >= 0.0 && exact <= 0x1p53)) {
        return tabor_fail(TABOR_ERR_INVALID,
                          "%g seconds: a time is finite and not negative",
                          seconds);
    }
    *frames = (uint64_t)(int64_t)(exact + 0.5);
    return TABOR_OK;
}

TABOR_API const char *
tabor_reason_text(tabor_reason reason)
{
    static const char *const texts[] = {"finished",  "stopped", "stolen",
                                        "cancelled", "late",    "unloaded",
                                        "detached"};
    return (unsigned)reason < sizeof texts / sizeof *texts ? texts[reason]
                                                           : "unknown";
}

/* -------------------------------------------------------- the process -- */

static _Atomic unsigned forks; /* written in a fresh child only */

static void
count_fork(void)
{
    atomic_fetch_add_explicit(&forks, 1, memory_order_relaxed);
}

__attribute__((constructor)) static void
watch_forks(void)
{
    pthread_atfork(NULL, NULL, count_fork);
}

unsigned
tabor_forks(void)
{
    return atomic_load_explicit(&forks, memory_order_relaxed);
}

uint64_t
tabor_now_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

void
tabor_log(const char *text)
{
    const char *path = secure_getenv("TABOR_LOG");
    if (!path || !*path) {
        return;
    }
    const double now = (double)tabor_now_ns() * 1e-9;
    if (strcmp(path, "-") == 0) {
        fprintf(stderr, "tabor %.3f: %s\n", now, text);
        return;
    }
    FILE *f = fopen(path, "ae");
    if (f) {
        fprintf(f, "tabor %.3f: %s\n", now, text);
        fclose(f);
    }
}
