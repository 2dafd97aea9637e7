/* SPDX-License-Identifier: MIT
 *
 * An input as a file without a name, and what every sound that came out of one
 * must be.
 */
#ifndef TABOR_TESTS_FUZZ_MEMORY_H
#define TABOR_TESTS_FUZZ_MEMORY_H

#include <math.h>
#include <sys/mman.h>
#include <unistd.h>

#include <tabor/tabor.h>

#include "fuzz.h"

/* The file is open as long as fd; path: out, 64 bytes. Returns fd. */
static inline int
fuzz_file(const void *bytes, size_t size, char *path)
{
    int fd = memfd_create("tabor-fuzz", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    if (fd < 0 || write(fd, bytes, size) != (ssize_t)size ||
        lseek(fd, 0, SEEK_SET) != 0) {
        perror("memfd");
        exit(1);
    }
    snprintf(path, 64, "/proc/self/fd/%d", fd);
    return fd;
}

static inline void
fuzz_hold_sound(const tabor_audio *a)
{
    fuzz_hold(a->channels >= 1 && a->channels <= TABOR_MAX_CHANNELS,
              "%u channels", a->channels);
    fuzz_hold(a->rate >= TABOR_MIN_RATE && a->rate <= TABOR_MAX_RATE, "rate %u",
              a->rate);
    fuzz_hold(a->frames <= TABOR_MAX_DECODED / sizeof(float) / a->channels,
              "%llu frames", (unsigned long long)a->frames);
    fuzz_hold(a->loop_end <= a->frames &&
                  (a->loop_end ? a->loop_start < a->loop_end : !a->loop_start),
              "its loop is from %llu to %llu",
              (unsigned long long)a->loop_start,
              (unsigned long long)a->loop_end);
    for (uint64_t i = 0; i < a->frames * a->channels; i++) {
        fuzz_hold(isfinite(a->values[i]), "value %llu is %g",
                  (unsigned long long)i, (double)a->values[i]);
    }
}

/* An error has a sentence of one line, which ends. */
static inline void
fuzz_hold_error(tabor_status status)
{
    const char *text = tabor_error();
    fuzz_hold(status > TABOR_OK && status <= TABOR_ERR_FORKED, "status %d",
              (int)status);
    fuzz_hold(*text && strlen(text) < 1024, "it says '%s'", text);
}

#endif
