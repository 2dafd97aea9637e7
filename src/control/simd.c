/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "control/simd.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "control/status.h"

static int
has_avx512(void)
{
#if defined(__x86_64__) || defined(__i386__)
    return __builtin_cpu_supports("avx512f");
#else
    return 0;
#endif
}

static int
has_avx2(void)
{
#if defined(__x86_64__) || defined(__i386__)
    return __builtin_cpu_supports("avx2");
#else
    return 0;
#endif
}

static int
has_sse2(void)
{
#if defined(__x86_64__) || defined(__i386__)
    return __builtin_cpu_supports("sse2");
#else
    return 0;
#endif
}

unsigned
tabor_simd_list(const tabor_kernels *levels[TABOR_SIMD_LEVELS])
{
    unsigned n = 0;
    if (tabor_kernels_avx512 && has_avx512() && has_avx2()) {
        levels[n++] = tabor_kernels_avx512;
    }
    if (tabor_kernels_avx2 && has_avx2()) {
        levels[n++] = tabor_kernels_avx2;
    }
    if (tabor_kernels_sse2 && has_sse2()) {
        levels[n++] = tabor_kernels_sse2;
    }
    if (tabor_kernels_neon) {
        levels[n++] = tabor_kernels_neon; /* every aarch64 has it */
    }
    levels[n++] = tabor_kernels_scalar;
    return n;
}

tabor_status
tabor_simd_pick(const tabor_kernels **kernels)
{
    const tabor_kernels *levels[TABOR_SIMD_LEVELS];
    unsigned n = tabor_simd_list(levels);
    const char *wanted = secure_getenv("TABOR_SIMD");
    if (!wanted || !*wanted) {
        *kernels = levels[0];
        return TABOR_OK;
    }
    char choices[64] = "";
    for (unsigned i = 0; i < n; i++) {
        if (strcmp(wanted, levels[i]->name) == 0) {
            *kernels = levels[i];
            return TABOR_OK;
        }
        size_t used = strlen(choices);
        snprintf(choices + used, sizeof choices - used, "%s%s", i ? ", " : "",
                 levels[i]->name);
    }
    return tabor_fail(TABOR_ERR_INVALID,
                      "TABOR_SIMD is '%s', but this machine has: %s", wanted,
                      choices);
}
