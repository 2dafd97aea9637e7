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

typedef struct chaos {
    const tabor_driver_host *host;
    uint32_t block, channels, rate;
    uint64_t good;       /* frames served well before the fault */
    uint32_t back_block; /* or 0 */
    double seconds;      /* frozen */
    char fault[32];
    pthread_t thread;
    _Atomic int quit;
    int healed; /* this stream is one that was opened after a fault */
} chaos;

/* Faults since the last open: what is opened next is well again. */
static _Atomic int faults_done;

static const tabor_driver_option options[] = {
    {"fault",
     "none|stall|freeze|runaway|late|time_jump|odd_blocks|die|die_hanging|"
     "lose_flood|"
     "hang_open|hang_start|hang_stop|hang_close|ghost|refuse|refuse_start|"
     "rate|channels|block",
     "none", "what goes wrong"},
    {"again", "yes|no", "no", "whether it goes wrong after a return too"},
    {"frames", "a number", "10240", "frames served well before it does"},
    {"seconds", "a number", "3", "how long it is frozen"},
    {"back_block", "a number", "0", "the block granted after a return"},
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

static void
nap_frames(const chaos *c, uint64_t frames)
{
    nap((double)frames / c->rate);
}

/* How many frames the next call asks for. */
static uint32_t
next_block(const chaos *c, unsigned n)
{
    return is(c, "odd_blocks") ? 1 + n * 7919 % 8192 : c->block;
}

/* The pause after a call, when it is time for the fault; n counts the calls. */
static void
go_wrong(chaos *c, unsigned n, uint32_t frames)
{
    if (is(c, "runaway")) {
        return;
    }
    if (is(c, "late")) { /* up to four periods, and makes up for it */
        nap_frames(c, n % 5 == 4 ? 5 * frames : 0);
    } else if (is(c, "time_jump")) { /* 200 ms of sound at once, then none */
        unsigned burst = c->rate / 5 / c->block;
        nap_frames(c, n % burst == 0 ? (uint64_t)burst * frames : 0);
    } else {
        nap_frames(c, frames);
    }
}

static int
dies(const chaos *c)
{
    return is(c, "die") || is(c, "die_hanging");
}

/* Faults that end the calls; returns 1 if they have. */
static int
fall_silent(chaos *c)
{
    if (is(c, "stall")) {
        while (!atomic_load(&c->quit)) {
            nap(0.01);
        }
        return 1;
    }
    if (is(c, "freeze")) { /* and calls again, when nobody waits for it */
        nap(c->seconds);
        return 0;
    }
    for (int i = 0; i < (is(c, "lose_flood") ? 1000 : dies(c)); i++) {
        c->host->notify(c->host->self, TABOR_NOTICE_DEVICE_LOST, 0);
    }
    return dies(c);
}

static void *
run(void *user)
{
    chaos *c = user;
    float out[8192 * 2]; /* of its own: a stream left behind may run on */
    uint64_t served = 0;
    int wrong = 0;
    for (unsigned n = 0; !atomic_load(&c->quit); n++) {
        uint32_t frames = next_block(c, n);
        if (served >= c->good && !wrong && !c->healed) {
            wrong = 1;
            atomic_fetch_add(&faults_done, 1);
            if (fall_silent(c)) {
                return NULL;
            }
        }
        c->host->process(c->host->self, out, frames);
        served += frames;
        if (wrong) {
            go_wrong(c, n, frames);
        } else {
            nap_frames(c, frames);
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

/* Returns 1 if what is opened after a fault has it too. */
static int
read_settings(chaos *c, const tabor_stream_wish *wish)
{
    int again = 0;
    c->good = 10240;
    c->seconds = 3;
    for (size_t i = 0; i < wish->setting_count; i++) {
        const char *key = wish->settings[i].key;
        const char *value = wish->settings[i].value;
        if (strcmp(key, "fault") == 0) {
            snprintf(c->fault, sizeof c->fault, "%s", value);
        } else if (strcmp(key, "frames") == 0) {
            c->good = strtoull(value, NULL, 10);
        } else if (strcmp(key, "seconds") == 0) {
            c->seconds = strtod(value, NULL);
        } else if (strcmp(key, "back_block") == 0) {
            c->back_block = (uint32_t)strtoul(value, NULL, 10);
        } else {
            again = strcmp(value, "yes") == 0;
        }
    }
    return again;
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
    int again = read_settings(c, wish);
    c->healed = atomic_exchange(&faults_done, 0) > 0 && !again;
    if (is(c, "refuse")) {
        snprintf(why, size, "it is Monday");
        free(c);
        return TABOR_DRIVER_FAILED;
    }
    if (is(c, "hang_open")) {
        nap(3600);
    }
    grant->rate = is(c, "rate") ? 12345 : grant->rate;
    grant->channels = is(c, "channels") ? 7 : grant->channels;
    grant->block = is(c, "block") ? 100000 : grant->block;
    if (c->back_block && c->healed) {
        grant->block = c->block = c->back_block;
    }
    snprintf(grant->device, sizeof grant->device, "chaos");
    *stream = c;
    return TABOR_DRIVER_OK;
}

static tabor_driver_status
chaos_start(void *stream, char *why, size_t size)
{
    chaos *c = stream;
    if (is(c, "refuse_start")) {
        snprintf(why, size, "not before noon");
        return TABOR_DRIVER_FAILED;
    }
    if (is(c, "hang_start")) {
        nap(3600);
    }
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
    if (is(c, "hang_close") || is(c, "die_hanging")) {
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
