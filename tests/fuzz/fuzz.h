/* SPDX-License-Identifier: MIT
 *
 * What a fuzzing target is: a file that defines the four names below. It is
 * linked twice. With main.c, and compiled like all the rest, it is a test of
 * "make check": its corpus and mutations of that. With libFuzzer and all of
 * Tabor under sanitizers it looks for new ways (tests/fuzz.sh, ./dev fuzz).
 *
 * An input that breaks a promise ends the process: fuzz_hold().
 */
#ifndef TABOR_TESTS_FUZZ_H
#define TABOR_TESTS_FUZZ_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Its corpus is the files corpus/NAME/[name].txt. */
extern const char fuzz_name[];
/* Mutations that a quick run tries. */
extern const unsigned fuzz_runs;

/* Give inputs to begin with that are made, not written down. */
void fuzz_seeds(void (*give)(const void *bytes, size_t size));

/* Print what was looked at, as lines that begin with "# ", and tell whether
 * that was anything at all. */
int fuzz_looked(void);

/* Try one input, its size in bytes. The name is libFuzzer's. */
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

/* Change an input where its shape says that it counts; may be left undefined.
 * Returns its size, 0 if there is nothing to change. */
__attribute__((weak)) size_t fuzz_change(uint8_t *bytes, size_t size,
                                         uint32_t seed);

#define fuzz_hold(promise, ...)                                                \
    do {                                                                       \
        if (!(promise)) {                                                      \
            fprintf(stderr, "%s:%d: broken: %s: ", __FILE__, __LINE__,         \
                    #promise);                                                 \
            fprintf(stderr, __VA_ARGS__);                                      \
            fputc('\n', stderr);                                               \
            abort();                                                           \
        }                                                                      \
    } while (0)

/* What is left of an input; reads past its end give zeros. */
typedef struct fuzz_input {
    const uint8_t *bytes;
    size_t left;
} fuzz_input;

/* to: size bytes, filled */
static inline void
fuzz_take(fuzz_input *in, void *to, size_t size)
{
    size_t n = size < in->left ? size : in->left;
    memset(to, 0, size);
    if (n) {
        memcpy(to, in->bytes, n);
    }
    in->bytes += n;
    in->left -= n;
}

static inline unsigned
fuzz_byte(fuzz_input *in)
{
    uint8_t byte;
    fuzz_take(in, &byte, 1);
    return byte;
}

static inline uint32_t
fuzz_word(fuzz_input *in)
{
    uint32_t word;
    fuzz_take(in, &word, sizeof word);
    return word;
}

#endif
