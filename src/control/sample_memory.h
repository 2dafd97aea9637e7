/* SPDX-License-Identifier: MIT
 *
 * The values of one sample: a mapping of their own, which nobody changes once
 * it is made and which lasts as long as anybody holds it. The sample table
 * does until the audio thread has retired the sample, and each view does until
 * it is released, be the engine closed or not.
 */
#ifndef TABOR_CONTROL_SAMPLE_MEMORY_H
#define TABOR_CONTROL_SAMPLE_MEMORY_H

#include <stdatomic.h>

#include <tabor/tabor.h>

typedef struct tabor_sample_memory {
    tabor_view view; /* first: who is given this address gives it back */
    void *mapping;
    size_t size; /* bytes */
    /* each holder takes his own away (release), the last one has seen all that
     * the others did (acquire) */
    _Atomic size_t holders;
} tabor_sample_memory;

/* Copy audio, with TABOR_SAMPLE_PAD silent frames around each channel.
 * [control]
 *
 * rate    what the view tells
 * memory  out: held once
 *
 * TABOR_ERR_NO_MEMORY
 */
tabor_status tabor_sample_memory_new(const tabor_audio *audio, uint32_t rate,
                                     tabor_sample_memory **memory);

/* One holder more; there must be one already.  [any] */
void tabor_sample_memory_hold(tabor_sample_memory *memory);

/* One less; the last one frees it.  [any] Takes NULL. */
void tabor_sample_memory_leave(tabor_sample_memory *memory);

#endif
