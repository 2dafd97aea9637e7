/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "control/take.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "control/files.h"
#include "control/status.h"

/* Records that the audio thread can be ahead of the disk: all that 16 clients
 * can send in four blocks. */
#define RING_RECORDS 65536

struct tabor_take {
    tabor_take_ring ring;
    pthread_mutex_t mutex; /* over the file */
    int fd;
    int failed; /* errno of the first write that failed */
    char *path, *part;
};

static void
write_bytes(tabor_take *t, const void *bytes, size_t size)
{
    const char *at = bytes;
    sigset_t before;
    tabor_hold_file_signal(&before);
    while (size > 0 && !t->failed) {
        ssize_t n = write(t->fd, at, size);
        if (n < 0 && errno != EINTR) {
            t->failed = errno;
        } else if (n > 0) {
            at += n;
            size -= (size_t)n;
        }
    }
    tabor_allow_file_signal(&before);
}

static void
write_item(tabor_take *t, uint32_t kind, uint64_t size)
{
    const tabor_take_item item = {.kind = kind, .size = size};
    write_bytes(t, &item, sizeof item);
}

static void
take_free(tabor_take *t)
{
    if (t->fd >= 0) {
        close(t->fd);
    }
    pthread_mutex_destroy(&t->mutex);
    free(t->ring.records);
    free(t->path);
    free(t->part);
    free(t);
}

static tabor_take *
take_new(const char *path)
{
    tabor_take *t = aligned_alloc(alignof(tabor_take), sizeof *t);
    if (!t) {
        return NULL;
    }
    memset(t, 0, sizeof *t);
    t->fd = -1;
    pthread_mutex_init(&t->mutex, NULL);
    tabor_ring_init(&t->ring.ring, RING_RECORDS, 0);
    size_t bytes = RING_RECORDS * sizeof *t->ring.records;
    t->ring.records = malloc(bytes);
    t->path = strdup(path);
    t->part = malloc(strlen(path) + 6);
    if (!t->ring.records || !t->path || !t->part) {
        take_free(t);
        return NULL;
    }
    memset(t->ring.records, 0, bytes); /* touched: no page faults later */
    sprintf(t->part, "%s.part", path);
    return t;
}

/* One writer a file: a lock tells a take that is being made from one that was
 * cut off, which is written over. */
static tabor_status
open_part(tabor_take *t)
{
    tabor_status st = tabor_check_target(t->part);
    if (st != TABOR_OK) {
        return st;
    }
    t->fd = open(t->part, O_WRONLY | O_CREAT | O_CLOEXEC, 0666);
    if (t->fd >= 0 && flock(t->fd, LOCK_EX | LOCK_NB) != 0) {
        return tabor_fail(TABOR_ERR_IO, "%s: another engine writes it",
                          t->part);
    }
    if (t->fd < 0 || ftruncate(t->fd, 0) != 0) {
        return tabor_fail(TABOR_ERR_IO, "%s: %s", t->part, strerror(errno));
    }
    return TABOR_OK;
}

tabor_status
tabor_take_open(const char *path, const tabor_engine_config *config,
                tabor_take **take)
{
    tabor_status st =
        *path ? tabor_check_target(path)
              : tabor_fail(TABOR_ERR_INVALID, "the log's path is empty");
    if (st != TABOR_OK) {
        return st;
    }
    tabor_take *t = take_new(path);
    if (!t) {
        return tabor_fail(TABOR_ERR_NO_MEMORY, "no memory for a take");
    }
    if ((st = open_part(t)) != TABOR_OK) {
        take_free(t);
        return st;
    }
    const tabor_take_header header = {.magic = TABOR_TAKE_MAGIC,
                                      .version = TABOR_TAKE_VERSION,
                                      .rate = config->rate,
                                      .channels = config->channels,
                                      .voices = config->voices,
                                      .limiter = (uint32_t)config->limiter,
                                      .kernel = config->kernel};
    write_bytes(t, &header, sizeof header);
    *take = t;
    return TABOR_OK;
}

tabor_take_ring *
tabor_take_get_ring(tabor_take *take)
{
    return &take->ring;
}

void
tabor_take_add_sample(tabor_take *take, tabor_handle sample,
                      const tabor_sample_slot *slot)
{
    if (!take) {
        return;
    }
    const tabor_take_sample head = {
        .handle = sample, .frames = slot->frames, .channels = slot->channels};
    size_t lane = slot->frames * sizeof(float);
    tabor_take_flush(take); /* what retired the slot's last sample goes first */
    pthread_mutex_lock(&take->mutex);
    write_item(take, TABOR_ITEM_SAMPLE, sizeof head + lane * slot->channels);
    write_bytes(take, &head, sizeof head);
    for (uint32_t c = 0; c < slot->channels; c++) {
        write_bytes(take, slot->values + c * slot->stride, lane);
    }
    pthread_mutex_unlock(&take->mutex);
}

void
tabor_take_flush(tabor_take *take)
{
    if (!take) {
        return;
    }
    pthread_mutex_lock(&take->mutex);
    tabor_ring *ring = &take->ring.ring;
    uint32_t n = tabor_ring_ready(ring, ring->capacity);
    while (n > 0) {
        uint32_t first = ring->next_head & ring->mask;
        uint32_t run = ring->capacity - first < n ? ring->capacity - first : n;
        size_t size = run * sizeof *take->ring.records;
        write_item(take, TABOR_ITEM_RECORDS, size);
        write_bytes(take, &take->ring.records[first], size);
        tabor_ring_release(ring, run);
        n -= run;
    }
    pthread_mutex_unlock(&take->mutex);
}

void
tabor_take_discard(tabor_take *take)
{
    if (take) {
        unlink(take->part);
        take_free(take);
    }
}

/* What has become of the file: TABOR_OK if it has its name. */
static tabor_status
finish_file(tabor_take *t)
{
    if (!t->failed && fsync(t->fd) != 0 && errno != EINVAL) {
        t->failed = errno;
    }
    uint64_t lost = atomic_load_explicit(&t->ring.lost, memory_order_relaxed);
    if (t->failed) {
        return tabor_fail(TABOR_ERR_IO, "the take %s is not complete: %s",
                          t->part, strerror(t->failed));
    }
    if (lost) {
        return tabor_fail(TABOR_ERR_IO,
                          "the take %s is not complete: the disk was too slow "
                          "for %" PRIu64 " records",
                          t->part, lost);
    }
    if (rename(t->part, t->path) != 0) {
        return tabor_fail(TABOR_ERR_IO, "the take %s keeps this name: %s",
                          t->part, strerror(errno));
    }
    return TABOR_OK;
}

tabor_status
tabor_take_close(tabor_take *take, uint64_t frame)
{
    if (!take) {
        return TABOR_OK;
    }
    tabor_take_flush(take);
    write_item(take, TABOR_ITEM_END, sizeof frame);
    write_bytes(take, &frame, sizeof frame);
    tabor_status st = finish_file(take);
    if (st != TABOR_OK) {
        tabor_log(tabor_error());
    }
    take_free(take);
    return st;
}
