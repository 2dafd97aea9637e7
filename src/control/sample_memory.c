/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "control/sample_memory.h"

#include <stdlib.h>
#include <sys/mman.h>

#include "control/status.h"
#include "link/sample_slot.h"

/* Planar: channels are stride values apart. */
static void
spread(const tabor_audio *audio, float *values, uint64_t stride)
{
    for (uint32_t c = 0; c < audio->channels; c++) {
        float *out = values + c * stride;
        for (uint64_t i = 0; i < audio->frames; i++) {
            out[i] = audio->values[i * audio->channels + c];
        }
    }
}

/* All pages are touched, so that the audio thread never waits for one. */
static tabor_status
map(const tabor_audio *audio, tabor_sample_memory *m)
{
    uint64_t stride = audio->frames + UINT64_C(2) * TABOR_SAMPLE_PAD;
    m->size = stride * audio->channels * sizeof(float);
    m->mapping = mmap(NULL, m->size, PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
    if (m->mapping == MAP_FAILED) {
        return tabor_fail(TABOR_ERR_NO_MEMORY,
                          "no memory for a sample of %zu bytes", m->size);
    }
    float *values = (float *)m->mapping + TABOR_SAMPLE_PAD;
    spread(audio, values, stride);
    m->view.values = values;
    m->view.stride = stride;
    /* Views are shown to scripts. Where the system refuses, it is writable
     * still, and sounds the same. */
    (void)mprotect(m->mapping, m->size, PROT_READ);
    return TABOR_OK;
}

tabor_status
tabor_sample_memory_new(const tabor_audio *audio, uint32_t rate,
                        tabor_sample_memory **memory)
{
    tabor_sample_memory *m = calloc(1, sizeof *m);
    if (!m) {
        return tabor_fail(TABOR_ERR_NO_MEMORY, "no memory for a sample");
    }
    tabor_status st = map(audio, m);
    if (st != TABOR_OK) {
        free(m);
        return st;
    }
    m->view.frames = audio->frames;
    m->view.channels = audio->channels;
    m->view.rate = rate;
    atomic_init(&m->holders, 1);
    *memory = m;
    return TABOR_OK;
}

void
tabor_sample_memory_hold(tabor_sample_memory *memory)
{
    /* relaxed: whoever passes it on orders what the new holder sees */
    atomic_fetch_add_explicit(&memory->holders, 1, memory_order_relaxed);
}

void
tabor_sample_memory_leave(tabor_sample_memory *memory)
{
    if (memory && atomic_fetch_sub_explicit(&memory->holders, 1,
                                            memory_order_acq_rel) == 1) {
        munmap(memory->mapping, memory->size);
        free(memory);
    }
}
