/* SPDX-License-Identifier: MIT
 *
 * Planted faults, one a function, each of which one checker must find: called
 * from C, by ctypes and by Lua's package.loadlib().
 */
#include "faults.h"

#include <limits.h>
#include <pthread.h>
#include <stdlib.h>

/* What a compiler must not see through. */
static volatile int two = 2, result;
static void *volatile kept;
static int shared;

int
fault_none(void *unused)
{
    (void)unused;
    return 0;
}

int
fault_past_end(void *unused)
{
    (void)unused;
    volatile char *bytes = malloc((size_t)two);
    bytes[two] = 1;
    free((void *)bytes);
    return 0;
}

int
fault_freed(void *unused)
{
    (void)unused;
    char *bytes = calloc(1, (size_t)two);
    kept = bytes;
    free(bytes);
    result = ((char *)kept)[0];
    return 0;
}

int
fault_leak(void *unused)
{
    (void)unused;
    kept = malloc(1000);
    kept = NULL;
    return 0;
}

int
fault_overflow(void *unused)
{
    (void)unused;
    result = INT_MAX - 1 + two;
    return 0;
}

int
fault_shift(void *unused)
{
    (void)unused;
    result = 1 << (two + 62);
    return 0;
}

int
fault_unset(void *unused)
{
    (void)unused;
    int *number = malloc(sizeof *number);
    kept = number;
    if (*number > two) { /* depends on what was never written */
        result = 1;
    }
    free(number);
    return 0;
}

static void *
count(void *unused)
{
    for (int i = 0; i < 1000; i++) {
        shared++;
    }
    return unused;
}

int
fault_race(void *unused)
{
    (void)unused;
    pthread_t other;
    if (pthread_create(&other, NULL, count, NULL) == 0) {
        count(NULL);
        pthread_join(other, NULL);
    }
    return 0;
}
