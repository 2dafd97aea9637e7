/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "record.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define HEADER_BYTES 58
/* What a WAV file's 32 bits can count. */
#define DATA_MAX (UINT64_C(0xffffffff) - HEADER_BYTES)
#define LOOK_NS  10000000 /* the writer's look at what there is */

struct tabor_record {
    uint32_t rate, channels;
    float *ring;           /* room values, a power of two */
    uint64_t room;         /* values; the disk may be a second late */
    _Atomic uint64_t head; /* taken out; by the writer (release) */
    _Atomic uint64_t tail; /* put in; by tabor_record_keep() (release) */
    _Atomic uint64_t lost; /* frames; by tabor_record_keep(), relaxed */
    _Atomic int quit;      /* by close (release), read by the writer */
    pthread_t thread;
    int fd, failed;   /* errno of the first write that failed */
    uint64_t written; /* bytes of values */
    char *path, *part;
};

/* --------------------------------------------------------------- file -- */

static void
put(tabor_record *r, const void *bytes, size_t size)
{
    const char *at = bytes;
    while (size > 0 && !r->failed) {
        ssize_t n = write(r->fd, at, size);
        if (n < 0 && errno != EINTR) {
            r->failed = errno;
        } else if (n > 0) {
            at += n;
            size -= (size_t)n;
        }
    }
}

/* Little-endian, whatever this machine is. */
static unsigned char *
add_number(unsigned char *at, uint32_t number, int bytes)
{
    for (int i = 0; i < bytes; i++) {
        *at++ = (unsigned char)(number >> 8 * i);
    }
    return at;
}

static unsigned char *
add_name(unsigned char *at, const char *name)
{
    memcpy(at, name, 4);
    return at + 4;
}

/* Format 3, float32, which asks for a longer "fmt " and for "fact". */
static void
put_header(tabor_record *r)
{
    unsigned char header[HEADER_BYTES], *at = header;
    uint32_t frame = r->channels * 4;
    at = add_name(at, "RIFF");
    at = add_number(at, (uint32_t)(r->written + HEADER_BYTES - 8), 4);
    at = add_name(add_name(at, "WAVE"), "fmt ");
    at = add_number(add_number(add_number(at, 18, 4), 3, 2), r->channels, 2);
    at = add_number(add_number(at, r->rate, 4), r->rate * frame, 4);
    at = add_number(add_number(add_number(at, frame, 2), 32, 2), 0, 2);
    at = add_number(add_name(at, "fact"), 4, 4);
    at = add_number(at, (uint32_t)(r->written / frame), 4);
    add_number(add_name(at, "data"), (uint32_t)r->written, 4);
    put(r, header, sizeof header);
}

static void
put_values(tabor_record *r, const float *values, size_t count)
{
    unsigned char bytes[4096], *at = bytes;
    for (size_t i = 0; i < count; i++) {
        uint32_t word;
        memcpy(&word, &values[i], sizeof word);
        at = add_number(at, word, 4);
        if (at == bytes + sizeof bytes || i + 1 == count) {
            put(r, bytes, (size_t)(at - bytes));
            r->written += (uint64_t)(at - bytes);
            at = bytes;
        }
    }
}

/* ------------------------------------------------------------- writer -- */

static void
write_what_there_is(tabor_record *r)
{
    uint64_t head = atomic_load_explicit(&r->head, memory_order_relaxed);
    uint64_t tail = atomic_load_explicit(&r->tail, memory_order_acquire);
    while (head != tail) {
        uint64_t at = head & (r->room - 1), n = tail - head;
        n = n < r->room - at ? n : r->room - at;
        put_values(r, r->ring + at, n);
        head += n;
        atomic_store_explicit(&r->head, head, memory_order_release);
    }
}

static void *
run(void *user)
{
    tabor_record *r = user;
    while (!atomic_load_explicit(&r->quit, memory_order_acquire)) {
        write_what_there_is(r);
        nanosleep(&(struct timespec){0, LOOK_NS}, NULL);
    }
    write_what_there_is(r);
    return NULL;
}

void
tabor_record_keep(tabor_record *r, const float *values, uint32_t frames)
{
    uint64_t count = (uint64_t)frames * r->channels;
    uint64_t tail = atomic_load_explicit(&r->tail, memory_order_relaxed);
    uint64_t head = atomic_load_explicit(&r->head, memory_order_acquire);
    if (r->room - (tail - head) < count ||
        tail + count > DATA_MAX / sizeof *values) {
        atomic_fetch_add_explicit(&r->lost, frames, memory_order_relaxed);
        return;
    }
    uint64_t at = tail & (r->room - 1), first = r->room - at;
    first = first < count ? first : count;
    memcpy(r->ring + at, values, first * sizeof *values);
    memcpy(r->ring, values + first, (count - first) * sizeof *values);
    atomic_store_explicit(&r->tail, tail + count, memory_order_release);
}

/* --------------------------------------------------------------- open -- */

static void
record_free(tabor_record *r)
{
    if (r->fd >= 0) {
        close(r->fd);
    }
    free(r->ring);
    free(r->path);
    free(r->part);
    free(r);
}

static tabor_record *
record_new(const char *path, uint32_t rate, uint32_t channels, uint32_t block)
{
    tabor_record *r = calloc(1, sizeof *r);
    if (!r) {
        return NULL;
    }
    uint64_t frames = rate > 4 * block ? rate : 4 * block;
    r->fd = -1;
    r->rate = rate;
    r->channels = channels;
    for (r->room = 1; r->room < frames * channels; r->room *= 2) {
    }
    r->ring = malloc(r->room * sizeof *r->ring);
    r->path = strdup(path);
    r->part = malloc(strlen(path) + sizeof ".part");
    if (!r->ring || !r->path || !r->part) {
        record_free(r);
        return NULL;
    }
    memset(r->ring, 0, r->room * sizeof *r->ring); /* no page faults later */
    sprintf(r->part, "%s.part", path);
    return r;
}

/* One writer a file; what another left half written is written over. */
static tabor_driver_status
open_part(tabor_record *r, char *why, size_t size)
{
    struct stat info;
    if (stat(r->path, &info) == 0 && !S_ISREG(info.st_mode)) {
        snprintf(why, size, "record: %s is no regular file", r->path);
        return TABOR_DRIVER_FAILED;
    }
    if (stat(r->part, &info) == 0 && !S_ISREG(info.st_mode)) {
        snprintf(why, size, "record: %s is no regular file", r->part);
        return TABOR_DRIVER_FAILED;
    }
    r->fd = open(r->part, O_WRONLY | O_CREAT | O_CLOEXEC, 0666);
    if (r->fd >= 0 && flock(r->fd, LOCK_EX | LOCK_NB) != 0) {
        snprintf(why, size, "record: another stream writes %s", r->part);
        return TABOR_DRIVER_FAILED;
    }
    if (r->fd < 0 || ftruncate(r->fd, 0) != 0) {
        snprintf(why, size, "record: %s: %s", r->part, strerror(errno));
        return TABOR_DRIVER_FAILED;
    }
    put_header(r);
    return TABOR_DRIVER_OK;
}

static tabor_driver_status
start_writer(tabor_record *r, char *why, size_t size)
{
    sigset_t all, old;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &old);
    int error = pthread_create(&r->thread, NULL, run, r);
    pthread_sigmask(SIG_SETMASK, &old, NULL);
    if (error) {
        snprintf(why, size, "record: no thread: %s", strerror(error));
        return TABOR_DRIVER_NO_MEMORY;
    }
    pthread_setname_np(r->thread, "tabor-record");
    return TABOR_DRIVER_OK;
}

tabor_driver_status
tabor_record_open(const char *path, uint32_t rate, uint32_t channels,
                  uint32_t block, tabor_record **record, char *why, size_t size)
{
    tabor_record *r = record_new(path, rate, channels, block);
    if (!r) {
        snprintf(why, size, "record: out of memory");
        return TABOR_DRIVER_NO_MEMORY;
    }
    tabor_driver_status st = open_part(r, why, size);
    if (st != TABOR_DRIVER_OK ||
        (st = start_writer(r, why, size)) != TABOR_DRIVER_OK) {
        record_free(r);
        return st;
    }
    *record = r;
    return TABOR_DRIVER_OK;
}

/* -------------------------------------------------------------- close -- */

/* The header again, now that it is known how much there is; and the name. */
static void
finish(tabor_record *r)
{
    if (!r->failed && lseek(r->fd, 0, SEEK_SET) != 0) {
        r->failed = errno;
    }
    put_header(r);
    if (!r->failed && rename(r->part, r->path) != 0) {
        r->failed = errno;
    }
}

tabor_driver_status
tabor_record_close(tabor_record *r, char *why, size_t size)
{
    tabor_driver_status st = TABOR_DRIVER_OK;
    if (!r) {
        return st;
    }
    atomic_store_explicit(&r->quit, 1, memory_order_release);
    pthread_join(r->thread, NULL);
    uint64_t lost = atomic_load_explicit(&r->lost, memory_order_relaxed);
    if (lost > 0) {
        snprintf(why, size,
                 "record: %s lacks %" PRIu64 " frames: the disk is too slow, "
                 "or the file longer than 4 GiB",
                 r->part, lost);
        st = TABOR_DRIVER_FAILED;
    } else {
        finish(r);
    }
    if (r->failed) {
        snprintf(why, size, "record: %s: %s", r->part, strerror(r->failed));
        st = TABOR_DRIVER_FAILED;
    }
    record_free(r);
    return st;
}
