/* SPDX-License-Identifier: MIT
 *
 * Linked to a program, this takes the place of libsndfile's own function.
 */
#include "fragile.h"

#include <dlfcn.h>
#include <sndfile.h>
#include <stdint.h>
#include <stdlib.h>

void (*fragile_between)(void);

__attribute__((visibility("default"))) sf_count_t
sf_readf_float(SNDFILE *file, float *values, sf_count_t frames)
{
    sf_count_t (*real)(SNDFILE *, float *, sf_count_t) =
        (sf_count_t(*)(SNDFILE *, float *, sf_count_t))dlsym(RTLD_NEXT,
                                                             "sf_readf_float");
    SF_INFO info = {0};
    sf_command(file, SFC_GET_CURRENT_SF_INFO, &info, sizeof info);
    if (info.samplerate == FRAGILE_RATE) {
        volatile uintptr_t nowhere = 1;
        *(volatile char *)nowhere = 1;
    }
    const sf_count_t n = real(file, values, frames);
    if (fragile_between) {
        fragile_between();
        fragile_between = NULL;
    }
    return n;
}
