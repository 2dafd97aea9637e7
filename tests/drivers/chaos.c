/* SPDX-License-Identifier: MIT
 *
 * A driver that misbehaves on request, after a while of good behaviour. It is
 * a plug-in like a stranger's: it knows driver.h and nothing else.
 */
#include <tabor/driver.h>

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* Blocks served well before the fault. */
#define GOOD_BLOCKS 40

typedef struct chaos {
    const tabor_driver_host *host;
    uint32_t block, channels, rate;
    char fault[32];
    pthread_t thread;
    _Atomic int quit;
    int healed; /* this stream is one that was opened after a fault */
} chaos;

/* Faults since the last open: what is opened next is well again. */
static _Atomic int faults_done;

static const tabor_driver_option options[] = {
    {"fault",
     "none|stall|runaway|die|hang_stop|hang_close|hang_open|refuse|"
     "rate|ghost|odd_blocks",
     "none", "what goes wrong"},
    {"again", "yes|no", "no", "whether it goes wrong after a return too"},
    {NULL, NULL, NULL, NULL},
};

static void
nap(double seconds)
{
    struct timespec t = {(time_t)seconds,
                         (long)((seconds - (double)(time_t)seconds) * 1e9)};
    nanosleep(&t, NULL);
}

static int
is(const chaos *c, const char *fault)
{
    return !c->healed && strcmp(c->fault, fault) == 0;
}

static void *
run(void *user)
{
    chaos *c = user;
    float out[8192 * 2]; /* of its own: a stream left behind may run on */
    for (unsigned n = 0; !atomic_load(&c->quit); n++) {
        uint32_t frames = c->block;
        if (is(c, "odd_blocks")) {
            frames = 1 + n * 7919 % 8192;
            c->host->process(c->host->self, out, frames);
            nap((double)frames / c->rate);
            continue;
        }
        c->host->process(c->host->self, out, frames);
        if (n >= GOOD_BLOCKS && is(c, "stall")) {
            atomic_fetch_add(&faults_done, 1);
            while (!atomic_load(&c->quit)) {
                nap(0.01);
            }
            return NULL;
        }
        if (n >= GOOD_BLOCKS && is(c, "die")) {
            atomic_fetch_add(&faults_done, 1);
            c->host->notify(c->host->self, TABOR_NOTICE_DEVICE_LOST, 0);
            return NULL;
        }
        if (n < GOOD_BLOCKS || !is(c, "runaway")) {
            nap((double)frames / c->rate);
        } else if (n == GOOD_BLOCKS) {
            atomic_fetch_add(&faults_done, 1);
        }
    }
    return NULL;
}

static tabor_driver_status
chaos_probe(char *why, size_t size)
{
    (void)why;
    (void)size;
    return TABOR_DRIVER_OK;
}

static tabor_driver_status
chaos_enumerate(const tabor_driver_setting *settings, size_t count,
                tabor_device_found found, void *user, char *why, size_t size)
{
    (void)settings, (void)count, (void)why, (void)size;
    const uint32_t rates[] = {44100, 48000};
    const tabor_driver_device device = {.struct_size = sizeof device,
                                        .name = "chaos",
                                        .outputs = 2,
                                        .rates = rates,
                                        .rate_count = 2,
                                        .is_default = 1};
    found(user, &device);
    return TABOR_DRIVER_OK;
}

static tabor_driver_status
chaos_open(const tabor_stream_wish *wish, const tabor_driver_host *host,
           tabor_stream_grant *grant, void **stream, char *why, size_t size)
{
    if (wish->channels != 2) {
        snprintf(why, size, "two channels only");
        return TABOR_DRIVER_FAILED;
    }
    chaos *c = calloc(1, sizeof *c);
    c->host = host;
    c->block = wish->block;
    c->channels = wish->channels;
    c->rate = wish->rate;
    int again = 0;
    for (size_t i = 0; i < wish->setting_count; i++) {
        if (strcmp(wish->settings[i].key, "fault") == 0) {
            snprintf(c->fault, sizeof c->fault, "%s", wish->settings[i].value);
        } else {
            again = strcmp(wish->settings[i].value, "yes") == 0;
        }
    }
    c->healed = atomic_exchange(&faults_done, 0) > 0 && !again;
    if (is(c, "refuse")) {
        snprintf(why, size, "it is Monday");
        free(c);
        return TABOR_DRIVER_FAILED;
    }
    if (is(c, "hang_open")) {
        nap(3600);
    }
    if (is(c, "rate")) {
        grant->rate = 12345;
    }
    snprintf(grant->device, sizeof grant->device, "chaos");
    *stream = c;
    return TABOR_DRIVER_OK;
}

static tabor_driver_status
chaos_start(void *stream, char *why, size_t size)
{
    chaos *c = stream;
    (void)why, (void)size;
    atomic_store(&c->quit, 0);
    return pthread_create(&c->thread, NULL, run, c) ? TABOR_DRIVER_FAILED
                                                    : TABOR_DRIVER_OK;
}

/* After stop has returned, which is against the contract. */
static void *
haunt(void *user)
{
    const tabor_driver_host *host = user;
    float out[64 * 2];
    for (int i = 0; i < 2000; i++) {
        host->process(host->self, out, 64);
        nap(0.0005);
    }
    return NULL;
}

static tabor_driver_status
chaos_stop(void *stream)
{
    chaos *c = stream;
    if (is(c, "hang_stop")) {
        nap(3600);
    }
    atomic_store(&c->quit, 1);
    pthread_join(c->thread, NULL);
    if (is(c, "ghost")) {
        pthread_t ghost;
        pthread_create(&ghost, NULL, haunt, (void *)c->host);
        pthread_detach(ghost);
        return TABOR_DRIVER_WEDGED;
    }
    return TABOR_DRIVER_OK;
}

static tabor_driver_status
chaos_close(void *stream)
{
    chaos *c = stream;
    if (is(c, "hang_close")) {
        nap(3600);
    }
    free(c);
    return TABOR_DRIVER_OK;
}

static const tabor_driver driver = {
    .struct_size = sizeof(tabor_driver),
    .abi = TABOR_DRIVER_ABI,
    .name = "chaos",
    .title = "Misbehaves on request",
    .options = options,
    .probe = chaos_probe,
    .enumerate = chaos_enumerate,
    .open = chaos_open,
    .start = chaos_start,
    .stop = chaos_stop,
    .close = chaos_close,
};

const tabor_driver *
tabor_driver_entry(void)
{
    return &driver;
}
