/* SPDX-License-Identifier: MIT
 *
 * What the tests of time and bits share: dice that are the same in C, Python
 * and Lua, the 11 ways to cut time into blocks, one hash, and the hashes that
 * are kept in tests/golden/.
 */
#ifndef TABOR_TESTS_GOLDEN_H
#define TABOR_TESTS_GOLDEN_H

#include <inttypes.h>

#include "helpers.h"

/* ---------------------------------------------------------------- dice -- */

/* Numerical Recipes' generator; golden.py and golden.lua have the same. */
static inline uint32_t
golden_roll(uint32_t *dice, uint32_t sides)
{
    *dice = *dice * 1664525u + 1013904223u;
    return (*dice >> 8) % sides;
}

/* ------------------------------------------------------------- patterns -- */

#define GOLDEN_PATTERNS 11

/* block: of the engine. most: if not 0, each block has 1 to most frames, at
 * random; else each has block frames. */
typedef struct golden_pattern {
    const char *name;
    uint32_t block, most, dice;
} golden_pattern;

static const golden_pattern golden_patterns[GOLDEN_PATTERNS] = {
    {"1", 1, 0, 0},
    {"17", 17, 0, 0},
    {"64", 64, 0, 0},
    {"100", 100, 0, 0},
    {"441", 441, 0, 0},
    {"480", 480, 0, 0},
    {"1024", 1024, 0, 0},
    {"8192", 8192, 0, 0},
    {"1 to 64, at random,", 8192, 64, 5},
    {"1 to 1000, at random,", 8192, 1000, 6},
    {"1 to 8192, at random,", 8192, 8192, 7},
};

/* Frames to render in the next call: one block if they are random, else some
 * blocks. */
static inline uint32_t
golden_step(golden_pattern *p)
{
    if (p->most) {
        return 1 + golden_roll(&p->dice, p->most);
    }
    return p->block * (1 + 1000 / p->block);
}

/* ----------------------------------------------------------------- hash -- */

/* FNV-1a's constants over words of 32 bits instead of bytes. */
#define GOLDEN_HASH UINT64_C(14695981039346656037)

static inline uint64_t
golden_hash_word(uint64_t hash, uint32_t word)
{
    return (hash ^ word) * UINT64_C(1099511628211);
}

/* Float32 values by their bits. */
static inline uint64_t
golden_hash_values(uint64_t hash, const float *values, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        uint32_t word;
        memcpy(&word, &values[i], sizeof word);
        hash = golden_hash_word(hash, word);
    }
    return hash;
}

/* The hash that is kept as tests/golden/NAME.sum. */
static inline uint64_t
golden_kept(const char *name)
{
    const char *folder = getenv("srcdir");
    char path[4096];
    uint64_t hash;
    snprintf(path, sizeof path, "%s/tests/golden/%s.sum", folder ? folder : ".",
             name);
    FILE *f = fopen(path, "r");
    if (!f || fscanf(f, "%" SCNx64, &hash) != 1) {
        printf("Bail out! no hash in %s\n", path);
        exit(1);
    }
    fclose(f);
    return hash;
}

#endif
