/* SPDX-License-Identifier: MIT
 *
 * A driver that keeps what it was given to play: blocks of any size, asked for
 * when their time has come, in a file of raw float32 values once it is closed.
 * It knows driver.h and nothing else of ours.
 */
#include <tabor/driver.h>

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define SECONDS 30 /* that are kept; it stops there */

typedef struct capture {
    const tabor_driver_host *host;
    uint32_t block, channels, rate;
    char path[1024];
    float *values; /* room × channels */
    uint64_t room, frames;
    pthread_t thread;
    int running;
    _Atomic int quit;
} capture;

static const tabor_driver_option options[] = {
    {"file", "a path", "capture.raw", "where the values go"},
    {NULL, NULL, NULL, NULL},
};

static uint64_t
now_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static void
nap_until(uint64_t ns)
{
    struct timespec t = {(time_t)(ns / 1000000000u), (long)(ns % 1000000000u)};
    clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &t, NULL);
}

static void *
run(void *user)
{
    capture *c = user;
    uint64_t start = now_ns();
    uint32_t dice = 1;
    while (!atomic_load(&c->quit)) {
        dice = dice * 1664525u + 1013904223u;
        uint32_t n = 1 + (dice >> 8) % (2 * c->block);
        if (c->frames + n > c->room) {
            break;
        }
        c->host->process(c->host->self, c->values + c->frames * c->channels, n);
        c->frames += n;
        nap_until(start + c->frames * 1000000000u / c->rate);
    }
    return NULL;
}

static tabor_driver_status
capture_probe(char *why, size_t size)
{
    (void)why, (void)size;
    return TABOR_DRIVER_OK;
}

static tabor_driver_status
capture_enumerate(const tabor_driver_setting *settings, size_t count,
                  tabor_device_found found, void *user, char *why, size_t size)
{
    (void)settings, (void)count, (void)why, (void)size;
    const tabor_driver_device device = {.struct_size = sizeof device,
                                        .name = "capture",
                                        .outputs = 64,
                                        .is_default = 1};
    found(user, &device);
    return TABOR_DRIVER_OK;
}

static tabor_driver_status
capture_open(const tabor_stream_wish *wish, const tabor_driver_host *host,
             tabor_stream_grant *grant, void **stream, char *why, size_t size)
{
    capture *c = calloc(1, sizeof *c);
    uint64_t room = (uint64_t)wish->rate * SECONDS;
    float *values = malloc(room * wish->channels * sizeof *values);
    if (!c || !values) {
        snprintf(why, size, "out of memory");
        free(values);
        free(c);
        return TABOR_DRIVER_FAILED;
    }
    c->host = host;
    c->block = wish->block;
    c->channels = wish->channels;
    c->rate = wish->rate;
    c->values = values;
    c->room = room;
    snprintf(c->path, sizeof c->path, "%s", options[0].initial);
    for (size_t i = 0; i < wish->setting_count; i++) {
        snprintf(c->path, sizeof c->path, "%s", wish->settings[i].value);
    }
    snprintf(grant->device, sizeof grant->device, "capture");
    *stream = c;
    return TABOR_DRIVER_OK;
}

static tabor_driver_status
capture_start(void *stream, char *why, size_t size)
{
    capture *c = stream;
    (void)why, (void)size;
    atomic_store(&c->quit, 0);
    c->running = pthread_create(&c->thread, NULL, run, c) == 0;
    return c->running ? TABOR_DRIVER_OK : TABOR_DRIVER_FAILED;
}

static tabor_driver_status
capture_stop(void *stream)
{
    capture *c = stream;
    atomic_store(&c->quit, 1);
    if (c->running) {
        pthread_join(c->thread, NULL);
        c->running = 0;
    }
    return TABOR_DRIVER_OK;
}

static tabor_driver_status
capture_close(void *stream)
{
    capture *c = stream;
    FILE *f = fopen(c->path, "wb");
    if (f) {
        fwrite(c->values, sizeof *c->values * c->channels, c->frames, f);
        fclose(f);
    }
    free(c->values);
    free(c);
    return TABOR_DRIVER_OK;
}

static const tabor_driver driver = {
    .struct_size = sizeof(tabor_driver),
    .abi = TABOR_DRIVER_ABI,
    .name = "capture",
    .title = "Keeps what is played",
    .options = options,
    .probe = capture_probe,
    .enumerate = capture_enumerate,
    .open = capture_open,
    .start = capture_start,
    .stop = capture_stop,
    .close = capture_close,
};

const tabor_driver *
tabor_driver_entry(void)
{
    return &driver;
}
