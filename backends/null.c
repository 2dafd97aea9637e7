/* SPDX-License-Identifier: MIT
 *
 * The null driver: a thread that asks for a block whenever the clock says so
 * and throws it away, or records it. It stands in for a device that is lost,
 * and with its fault options for a bad one.
 */
#include "config.h"

#include "builtin.h"
#include "record.h"

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define NS_PER_SECOND 1000000000ull
/* Further behind than this it starts anew, instead of a burst. */
#define RESYNC_NS (NS_PER_SECOND / 4)

typedef struct null_stream {
    const tabor_driver_host *host;
    uint32_t block, channels, rate;
    double jitter_ms, stall_ms, fault_after;
    int lose;
    tabor_stream_format format;
    void *out;
    const char *record_path; /* borrowed from the wish, within open() */
    tabor_record *record;    /* or NULL */
    pthread_t thread;
    int running;
    _Atomic int quit; /* set by stop (release), read by the thread (acquire) */
} null_stream;

static const tabor_driver_option options[] = {
    {"jitter_ms", "0 to 1000", "0", "wake up to this late, at random"},
    {"stall_ms", "0 to 10000", "0", "sleep this long, once, at fault_after"},
    {"lose", "yes|no", "no", "vanish like an unplugged device at fault_after"},
    {"fault_after", "0 to 86400", "1", "seconds until stall_ms or lose"},
    {"format", "float32|s16|s24|s24_32|s32", "float32", "what is thrown away"},
    {"record", "a path", "", "a WAV file for what is rendered, of float32"},
    {NULL, NULL, NULL, NULL},
};

static uint64_t
now_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * NS_PER_SECOND + (uint64_t)t.tv_nsec;
}

static void
sleep_until(uint64_t ns)
{
    struct timespec t = {(time_t)(ns / NS_PER_SECOND),
                         (long)(ns % NS_PER_SECOND)};
    while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &t, NULL) == EINTR) {
    }
}

/* Sleeps in steps, so that stop() never waits for long. */
static void
sleep_until_quit(null_stream *s, uint64_t ns)
{
    const uint64_t step = NS_PER_SECOND / 20;
    for (uint64_t now = now_ns(); now < ns; now = now_ns()) {
        if (atomic_load_explicit(&s->quit, memory_order_acquire)) {
            return;
        }
        sleep_until(ns - now > step ? now + step : ns);
    }
}

/* Returns 1 if the device is gone. */
static int
do_fault(null_stream *s, uint64_t now)
{
    if (s->lose) {
        s->host->notify(s->host->self, TABOR_NOTICE_DEVICE_LOST, 0);
        return 1;
    }
    if (s->stall_ms > 0) {
        sleep_until_quit(s, now + (uint64_t)(s->stall_ms * 1e6));
        s->host->notify(s->host->self, TABOR_NOTICE_XRUN, 1);
    }
    return 0;
}

static void *
run(void *user)
{
    null_stream *s = user;
    uint64_t start = now_ns(), frames = 0;
    uint64_t fault_ns = start + (uint64_t)(s->fault_after * 1e9);
    uint32_t dice = 1;
    while (!atomic_load_explicit(&s->quit, memory_order_acquire)) {
        s->host->process(s->host->self, s->out, s->block);
        if (s->record) {
            tabor_record_keep(s->record, s->out, s->block);
        }
        frames += s->block;
        uint64_t next = start + frames * NS_PER_SECOND / s->rate;
        dice = dice * 1664525u + 1013904223u;
        sleep_until(next +
                    (uint64_t)(s->jitter_ms * 1e6 * (dice >> 8) / 0x1p24));
        uint64_t now = now_ns();
        if (now >= fault_ns) {
            fault_ns = UINT64_MAX;
            if (do_fault(s, now)) {
                return NULL;
            }
        }
        if (now > next + RESYNC_NS) {
            start = now;
            frames = 0;
        }
    }
    return NULL;
}

/* ------------------------------------------------------------ options -- */

static tabor_driver_status
read_number(const tabor_driver_setting *setting, double high, double *number,
            char *why, size_t size)
{
    char *end;
    double x = strtod(setting->value, &end);
    if (end == setting->value || *end || !(x >= 0 && x <= high)) {
        snprintf(why, size, "%s is '%s', but goes from 0 to %g", setting->key,
                 setting->value, high);
        return TABOR_DRIVER_FAILED;
    }
    *number = x;
    return TABOR_DRIVER_OK;
}

static tabor_driver_status
read_switch(const tabor_driver_setting *setting, int *on, char *why,
            size_t size)
{
    if (strcmp(setting->value, "yes") != 0 &&
        strcmp(setting->value, "no") != 0) {
        snprintf(why, size, "%s is '%s', but is yes or no", setting->key,
                 setting->value);
        return TABOR_DRIVER_FAILED;
    }
    *on = setting->value[0] == 'y';
    return TABOR_DRIVER_OK;
}

static const struct {
    const char *word;
    size_t bytes;
} formats[] = {
    [TABOR_FORMAT_F32] = {"float32", 4}, [TABOR_FORMAT_S16] = {"s16", 2},
    [TABOR_FORMAT_S24] = {"s24", 3},     [TABOR_FORMAT_S24_32] = {"s24_32", 4},
    [TABOR_FORMAT_S32] = {"s32", 4},
};

static tabor_driver_status
read_format(const tabor_driver_setting *setting, tabor_stream_format *format,
            char *why, size_t size)
{
    for (size_t i = 0; i < sizeof formats / sizeof *formats; i++) {
        if (strcmp(setting->value, formats[i].word) == 0) {
            *format = (tabor_stream_format)i;
            return TABOR_DRIVER_OK;
        }
    }
    snprintf(why, size,
             "format is '%s', but is float32, s16, s24, s24_32 or s32",
             setting->value);
    return TABOR_DRIVER_FAILED;
}

static tabor_driver_status
read_setting(null_stream *s, const tabor_driver_setting *setting, char *why,
             size_t size)
{
    if (strcmp(setting->key, "jitter_ms") == 0) {
        return read_number(setting, 1000, &s->jitter_ms, why, size);
    }
    if (strcmp(setting->key, "stall_ms") == 0) {
        return read_number(setting, 10000, &s->stall_ms, why, size);
    }
    if (strcmp(setting->key, "fault_after") == 0) {
        return read_number(setting, 86400, &s->fault_after, why, size);
    }
    if (strcmp(setting->key, "format") == 0) {
        return read_format(setting, &s->format, why, size);
    }
    if (strcmp(setting->key, "record") == 0) {
        s->record_path = setting->value;
        return TABOR_DRIVER_OK;
    }
    return read_switch(setting, &s->lose, why, size);
}

/* -------------------------------------------------------------- driver -- */

static tabor_driver_status
null_probe(char *why, size_t size)
{
    (void)why;
    (void)size;
    return TABOR_DRIVER_OK;
}

static tabor_driver_status
null_enumerate(const tabor_driver_setting *settings, size_t setting_count,
               tabor_device_found found, void *user, char *why, size_t size)
{
    (void)settings;
    (void)setting_count;
    (void)why;
    (void)size;
    const tabor_driver_device device = {.struct_size = sizeof device,
                                        .name = "null",
                                        .outputs = 64,
                                        .is_default = 1};
    found(user, &device);
    return TABOR_DRIVER_OK;
}

static tabor_driver_status
null_close(void *stream)
{
    null_stream *s = stream;
    char why[512];
    if (tabor_record_close(s->record, why, sizeof why) != TABOR_DRIVER_OK) {
        s->host->log(s->host->self, why);
    }
    free(s->out);
    free(s);
    return TABOR_DRIVER_OK;
}

/* All that the wish's settings and the block ask for. */
static tabor_driver_status
prepare(null_stream *s, const tabor_stream_wish *wish, char *why, size_t size)
{
    for (size_t i = 0; i < wish->setting_count; i++) {
        if (read_setting(s, &wish->settings[i], why, size) != TABOR_DRIVER_OK) {
            return TABOR_DRIVER_FAILED;
        }
    }
    s->out = calloc((size_t)s->block * s->channels, formats[s->format].bytes);
    if (!s->out) {
        snprintf(why, size, "out of memory");
        return TABOR_DRIVER_NO_MEMORY;
    }
    if (!s->record_path || !*s->record_path) {
        return TABOR_DRIVER_OK;
    }
    if (s->format != TABOR_FORMAT_F32) {
        snprintf(why, size, "record keeps float32 values: leave format out");
        return TABOR_DRIVER_FAILED;
    }
    return tabor_record_open(s->record_path, s->rate, s->channels, s->block,
                             &s->record, why, size);
}

static tabor_driver_status
null_open(const tabor_stream_wish *wish, const tabor_driver_host *host,
          tabor_stream_grant *grant, void **stream, char *why, size_t size)
{
    if (wish->device && *wish->device && strcmp(wish->device, "null") != 0) {
        snprintf(why, size, "no device '%s'; the only one is 'null'",
                 wish->device);
        return TABOR_DRIVER_FAILED;
    }
    null_stream *s = calloc(1, sizeof *s);
    if (!s) {
        snprintf(why, size, "out of memory");
        return TABOR_DRIVER_NO_MEMORY;
    }
    s->host = host;
    s->block = wish->block;
    s->channels = wish->channels;
    s->rate = wish->rate;
    s->fault_after = 1.0;
    tabor_driver_status st = prepare(s, wish, why, size);
    if (st != TABOR_DRIVER_OK) {
        null_close(s);
        return st;
    }
    grant->format = s->format;
    snprintf(grant->device, sizeof grant->device, "null");
    *stream = s;
    return TABOR_DRIVER_OK;
}

/* With real-time priority if the system lets us. */
static int
create_thread(null_stream *s, int realtime)
{
    pthread_attr_t attributes;
    pthread_attr_init(&attributes);
    if (realtime) {
        struct sched_param p = {.sched_priority = 10};
        pthread_attr_setinheritsched(&attributes, PTHREAD_EXPLICIT_SCHED);
        pthread_attr_setschedpolicy(&attributes, SCHED_FIFO);
        pthread_attr_setschedparam(&attributes, &p);
    }
    int error = pthread_create(&s->thread, &attributes, run, s);
    pthread_attr_destroy(&attributes);
    return error;
}

static tabor_driver_status
null_start(void *stream, char *why, size_t size)
{
    null_stream *s = stream;
    sigset_t all, old;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &old);
    atomic_store_explicit(&s->quit, 0, memory_order_release);
    int realtime = 1;
    int error = create_thread(s, 1);
    if (error) {
        realtime = 0;
        error = create_thread(s, 0);
    }
    pthread_sigmask(SIG_SETMASK, &old, NULL);
    if (error) {
        snprintf(why, size, "no thread: %s", strerror(error));
        return TABOR_DRIVER_NO_MEMORY;
    }
    pthread_setname_np(s->thread, "tabor-null");
    s->running = 1;
    s->host->notify(s->host->self, TABOR_NOTICE_REALTIME, (uint64_t)realtime);
    return TABOR_DRIVER_OK;
}

static tabor_driver_status
null_stop(void *stream)
{
    null_stream *s = stream;
    if (s->running) {
        atomic_store_explicit(&s->quit, 1, memory_order_release);
        pthread_join(s->thread, NULL);
        s->running = 0;
    }
    return TABOR_DRIVER_OK;
}

const tabor_driver tabor_driver_null = {
    .struct_size = sizeof(tabor_driver),
    .abi = TABOR_DRIVER_ABI,
    .name = "null",
    .title = "Silent, paced by the clock",
    .caps = TABOR_DRIVER_REPORTS_XRUN,
    .priority = -10,
    .options = options,
    .probe = null_probe,
    .enumerate = null_enumerate,
    .open = null_open,
    .start = null_start,
    .stop = null_stop,
    .close = null_close,
};
