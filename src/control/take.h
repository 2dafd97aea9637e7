/* SPDX-License-Identifier: MIT
 *
 * Takes on disk: the header, the samples, the audio thread's records.
 *
 * The file is tabor_take_header, then items of {kind, size} and size bytes;
 * numbers as this machine has them. It is written beside its name and renamed
 * when the engine closes.
 */
#ifndef TABOR_CONTROL_TAKE_H
#define TABOR_CONTROL_TAKE_H

#include <tabor/tabor.h>

#include "link/sample_slot.h"
#include "link/take.h"

#define TABOR_TAKE_MAGIC   "TABORTK"
#define TABOR_TAKE_VERSION 2

typedef struct tabor_take_header {
    char magic[8];
    uint32_t version, rate, channels, voices;
    uint32_t limiter, kernel;
} tabor_take_header;

enum {
    TABOR_ITEM_RECORDS = 1, /* tabor_take_records */
    TABOR_ITEM_SAMPLE = 2,  /* tabor_take_sample, then planar values */
    TABOR_ITEM_END = 3      /* uint64_t: the last frame */
};

typedef struct tabor_take_item {
    uint32_t kind, spare;
    uint64_t size; /* bytes that follow */
} tabor_take_item;

typedef struct tabor_take_sample {
    uint64_t handle;
    uint32_t frames, channels;
} tabor_take_sample;

typedef struct tabor_take tabor_take;

/* [control]  take: out, owned.  TABOR_ERR_IO, TABOR_ERR_NO_MEMORY */
tabor_status tabor_take_open(const char *path,
                             const tabor_engine_config *config,
                             tabor_take **take);

/* What the audio thread writes to; lives as long as the take. */
tabor_take_ring *tabor_take_get_ring(tabor_take *take);

/* Write a sample before its handle is announced.  [control]  take may be NULL
 */
void tabor_take_add_sample(tabor_take *take, tabor_handle sample,
                           const tabor_sample_slot *slot);

/* Write what the audio thread has noted so far.  [control]  take may be NULL */
void tabor_take_flush(tabor_take *take);

/* Nothing was played: remove it.  [control]  Takes NULL. */
void tabor_take_discard(tabor_take *take);

/* Finish and rename; if anything was lost the file stays "path.part" and the
 * log tells.  [control]  Takes NULL.  TABOR_ERR_IO */
tabor_status tabor_take_close(tabor_take *take, uint64_t frame);

#endif
