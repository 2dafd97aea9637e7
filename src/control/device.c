/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "control/device.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "control/registry.h"
#include "control/rescue.h"
#include "control/status.h"

#define MS UINT64_C(1000000)
/* A device that has not called for so long is gone... */
#define STALL_NS (350 * MS)
/* ...and before its first call, which may have to wake hardware. */
#define FIRST_CALL_NS (3000 * MS)
/* If nobody looked for so long, this process was stopped, not the device. */
#define ASLEEP_NS (200 * MS)

/* ---------------------------------------------------------------- open -- */

static tabor_status
open_driver(tabor_device *device, const tabor_driver *driver)
{
    tabor_status st = tabor_order_check_options(device->order, driver);
    if (st != TABOR_OK) {
        return st;
    }
    st = tabor_stream_open(driver, device->order, device->rt, device->wake_fd,
                           &device->stream);
    if (st == TABOR_OK) {
        device->driver = driver;
        atomic_store_explicit(&device->block, device->stream->grant.block,
                              memory_order_relaxed);
        snprintf(device->name, sizeof device->name, "%s",
                 device->stream->grant.device);
    }
    return st;
}

static tabor_status
open_named(tabor_device *device, const char *name)
{
    const tabor_driver *driver;
    tabor_status st = tabor_registry_find(name, &driver);
    return st == TABOR_OK ? open_driver(device, driver) : st;
}

/* All audible drivers that load, the preferred first; reasons of those that
 * do not are added to why. */
static size_t
audible_drivers(const tabor_driver **drivers, size_t max, char *why,
                size_t size)
{
    char **names;
    size_t count, n = 0;
    if (tabor_registry_names(&names, &count) != TABOR_OK) {
        return 0;
    }
    for (size_t i = 0; i < count && n < max; i++) {
        const tabor_driver *driver;
        if (tabor_registry_find(names[i], &driver) != TABOR_OK) {
            size_t used = strlen(why);
            snprintf(why + used, size - used, "; %s", tabor_error());
        } else if (driver->caps & TABOR_DRIVER_AUDIBLE) {
            size_t at = n++;
            for (; at > 0 && drivers[at - 1]->priority < driver->priority;
                 at--) {
                drivers[at] = drivers[at - 1];
            }
            drivers[at] = driver;
        }
    }
    tabor_registry_free_names(names, count);
    return n;
}

/* An option that none of the candidates has is the caller's mistake, not a
 * reason to fall silent. */
static tabor_status
open_auto(tabor_device *device, char *warning, size_t size)
{
    const tabor_driver *drivers[32];
    char why[800] = "";
    size_t count = audible_drivers(drivers, 32, why, sizeof why);
    tabor_status options = TABOR_OK;
    for (size_t i = 0; i < count; i++) {
        tabor_status st = open_driver(device, drivers[i]);
        if (st == TABOR_OK) {
            return TABOR_OK;
        }
        if (st == TABOR_ERR_INVALID) {
            options = st;
        }
        size_t used = strlen(why);
        snprintf(why + used, sizeof why - used, "; %s", tabor_error());
    }
    if (options != TABOR_OK) {
        return tabor_fail(options, "%s", *why ? why + 2 : "no driver");
    }
    snprintf(warning, size,
             "no audible driver opened%s; playing silently on 'null'", why);
    /* its own order: the device and options asked for were another's */
    device->order->setting_count = 0;
    free(device->order->device);
    device->order->device = NULL;
    return open_named(device, "null");
}

tabor_status
tabor_device_open(tabor_device *device, const tabor_engine_config *config,
                  tabor_rt *rt, int wake_fd, char *warning, size_t size)
{
    memset(device, 0, sizeof *device);
    pthread_mutex_init(&device->mutex, NULL);
    device->rt = rt;
    device->wake_fd = wake_fd;
    tabor_status st = tabor_order_new(config, &device->order);
    if (st != TABOR_OK) {
        return st;
    }
    *warning = '\0';
    const char *name = config->driver ? config->driver : "auto";
    if (strcmp(name, "auto") == 0) {
        const char *wanted = secure_getenv("TABOR_DRIVER");
        name = wanted && *wanted ? wanted : "auto";
    }
    st = strcmp(name, "auto") == 0 ? open_auto(device, warning, size)
                                   : open_named(device, name);
    if (st != TABOR_OK) {
        tabor_order_unref(device->order);
        device->order = NULL;
        pthread_mutex_destroy(&device->mutex);
    }
    return st;
}

void
tabor_device_start(tabor_device *device)
{
    device->looked_ns = tabor_now_ns();
    tabor_stream_enter(device->stream);
}

/* --------------------------------------------------------------- watch -- */

/* Is the device gone? why: out, the reason. */
static int
is_gone(tabor_device *device, uint64_t now, char *why, size_t size)
{
    tabor_stream *s = device->stream;
    if (atomic_load_explicit(&s->lost, memory_order_relaxed)) {
        snprintf(why, size, "its driver says so");
        return 1;
    }
    if (atomic_load_explicit(&s->process.runaway, memory_order_acquire)) {
        snprintf(why, size, "it ran away");
        return 1;
    }
    if (s->driver->check &&
        s->driver->check(s->handle, why, size) != TABOR_DRIVER_OK) {
        return 1;
    }
    uint64_t calls =
        atomic_load_explicit(&s->process.calls, memory_order_relaxed);
    uint64_t last =
        atomic_load_explicit(&s->process.last_ns, memory_order_relaxed);
    uint64_t limit = calls ? STALL_NS : FIRST_CALL_NS;
    uint64_t periods = UINT64_C(8) * s->grant.block * 1000 * MS / s->grant.rate;
    limit = periods > limit ? periods : limit;
    last = last > s->started_ns ? last : s->started_ns;
    snprintf(why, size, "it has stopped calling");
    return now > last && now - last > limit;
}

static void
keep_figures(tabor_device *device, tabor_stream *s)
{
    device->xruns_before +=
        atomic_load_explicit(&s->xruns, memory_order_relaxed);
    device->blocks_before +=
        atomic_load_explicit(&s->process.blocks, memory_order_relaxed);
}

/* The stand-in needs a thread and memory; if there is none now, the next look
 * tries again. */
static void
start_stand_in(tabor_device *device)
{
    tabor_order bare = {.rate = device->order->rate,
                        .channels = device->order->channels,
                        .block = device->order->block};
    tabor_stream *s;
    if (tabor_stream_open_here(tabor_registry_stand_in(), &bare, device->rt,
                               device->wake_fd, &s) != TABOR_OK) {
        tabor_log(tabor_error());
        return;
    }
    pthread_mutex_lock(&device->mutex);
    device->stand_in = s;
    pthread_mutex_unlock(&device->mutex);
    tabor_stream_enter(s);
}

static void
lose(tabor_device *device, const char *why)
{
    tabor_stream *dead = device->stream;
    char text[800];
    snprintf(text, sizeof text, "device %s lost: %s", device->name, why);
    tabor_log(text);
    tabor_stream_leave(dead);
    pthread_mutex_lock(&device->mutex);
    device->stream = NULL;
    keep_figures(device, dead);
    pthread_mutex_unlock(&device->mutex);
    start_stand_in(device);
    device->rescue = tabor_rescue_start(device->driver, device->order,
                                        device->rt, device->wake_fd, dead);
    atomic_fetch_add_explicit(&device->epoch, 1, memory_order_release);
}

static void
take_back(tabor_device *device, tabor_stream *stream)
{
    tabor_stream *stand_in = device->stand_in;
    if (stand_in) {
        tabor_stream_leave(stand_in);
    }
    pthread_mutex_lock(&device->mutex);
    device->stream = stream;
    device->stand_in = NULL;
    if (stand_in) {
        keep_figures(device, stand_in);
    }
    pthread_mutex_unlock(&device->mutex);
    atomic_store_explicit(&device->block, stream->grant.block,
                          memory_order_relaxed);
    tabor_stream_enter(stream);
    if (stand_in) {
        tabor_stream_close_here(stand_in);
    }
    tabor_rescue_end(device->rescue);
    device->rescue = NULL;
    tabor_log("device is back");
    atomic_fetch_add_explicit(&device->epoch, 1, memory_order_release);
}

static void
count_hung(tabor_device *device, uint64_t now)
{
    uint32_t hung = tabor_rescue_hung(device->rescue, now);
    if (hung) {
        char text[200];
        snprintf(text, sizeof text, "driver %s hangs; it was left behind",
                 device->driver->name);
        tabor_log(text);
        pthread_mutex_lock(&device->mutex);
        device->hung += hung;
        pthread_mutex_unlock(&device->mutex);
    }
}

int
tabor_device_watch(tabor_device *device)
{
    char why[512] = "";
    uint64_t now = tabor_now_ns();
    int was_asleep = now - device->looked_ns > ASLEEP_NS;
    device->looked_ns = now;
    if (device->stream) {
        if (was_asleep) {
            /* give the device time to wake up too */
            device->stream->started_ns = now;
        }
        if (is_gone(device, now, why, sizeof why)) {
            lose(device, why);
            return 1;
        }
        return 0;
    }
    if (!device->stand_in) {
        start_stand_in(device);
    }
    if (!device->rescue) { /* no thread for it when the device was lost */
        device->rescue = tabor_rescue_start(device->driver, device->order,
                                            device->rt, device->wake_fd, NULL);
        return 0;
    }
    count_hung(device, now);
    tabor_stream *stream = tabor_rescue_result(device->rescue);
    if (stream) {
        take_back(device, stream);
        return 1;
    }
    return 0;
}

/* --------------------------------------------------------------- close -- */

tabor_status
tabor_device_close(tabor_device *device)
{
    tabor_status st = TABOR_OK;
    if (!device->order) {
        return st;
    }
    if (device->rescue) {
        tabor_rescue_end(device->rescue);
        device->rescue = NULL;
    }
    pthread_mutex_lock(&device->mutex);
    tabor_stream *streams[] = {device->stream, device->stand_in};
    for (int i = 0; i < 2; i++) {
        if (streams[i]) {
            tabor_stream_leave(streams[i]);
            keep_figures(device, streams[i]);
        }
    }
    device->stream = device->stand_in = NULL;
    pthread_mutex_unlock(&device->mutex);
    for (int i = 0; i < 2; i++) {
        tabor_status closed = tabor_stream_close(streams[i]);
        st = closed != TABOR_OK ? closed : st;
    }
    tabor_order_unref(device->order);
    device->order = NULL;
    return st;
}

uint32_t
tabor_device_block(const tabor_device *device)
{
    return atomic_load_explicit(&device->block, memory_order_relaxed);
}

void
tabor_device_get_figures(tabor_device *device, tabor_device_figures *figures)
{
    memset(figures, 0, sizeof *figures);
    pthread_mutex_lock(&device->mutex);
    figures->xruns = device->xruns_before;
    figures->blocks = device->blocks_before;
    figures->hung = device->hung;
    tabor_stream *s = device->stream ? device->stream : device->stand_in;
    if (s) {
        tabor_process *p = &s->process;
        figures->xruns += atomic_load_explicit(&s->xruns, memory_order_relaxed);
        figures->blocks +=
            atomic_load_explicit(&p->blocks, memory_order_relaxed);
        figures->busy_ns =
            atomic_load_explicit(&p->busy_ns, memory_order_relaxed);
        figures->frames =
            atomic_load_explicit(&p->frames, memory_order_relaxed);
        figures->load_max = (double)atomic_load_explicit(&p->load_max_ppm,
                                                         memory_order_relaxed) *
                            1e-6;
        atomic_store_explicit(&p->load_reset, 1, memory_order_relaxed);
        figures->latency_frames = s->latency_frames;
        figures->realtime =
            (int)atomic_load_explicit(&s->realtime, memory_order_relaxed);
    }
    pthread_mutex_unlock(&device->mutex);
}

uint64_t
tabor_device_xruns(tabor_device *device)
{
    pthread_mutex_lock(&device->mutex);
    tabor_stream *s = device->stream ? device->stream : device->stand_in;
    uint64_t xruns = device->xruns_before;
    if (s) {
        xruns += atomic_load_explicit(&s->xruns, memory_order_relaxed);
    }
    pthread_mutex_unlock(&device->mutex);
    return xruns;
}
