/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "control/engine.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "control/client.h"
#include "control/simd.h"
#include "control/status.h"
#include "rt/render.h"

/* ---------------------------------------------------------------- list -- */

static tabor_engine *engines;
static uint32_t last_id;
static pthread_mutex_t list_lock = PTHREAD_MUTEX_INITIALIZER;

static void
lock_list(void)
{
    pthread_mutex_lock(&list_lock);
}

static void
unlock_list(void)
{
    pthread_mutex_unlock(&list_lock);
}

__attribute__((constructor)) static void
keep_list_across_forks(void)
{
    pthread_atfork(lock_list, unlock_list, unlock_list);
}

static void
list_add(tabor_engine *engine)
{
    lock_list();
    engine->id = ++last_id;
    engine->next = engines;
    engines = engine;
    unlock_list();
}

/* Under the list's mutex. */
static void
list_remove(tabor_engine *engine)
{
    for (tabor_engine **at = &engines; *at; at = &(*at)->next) {
        if (*at == engine) {
            *at = engine->next;
            return;
        }
    }
}

tabor_status
tabor_engine_check(const tabor_engine *engine)
{
    if (engine->forks != tabor_forks()) {
        return tabor_fail(TABOR_ERR_FORKED,
                          "this engine was opened before fork() and belongs to "
                          "the parent process: open a new one");
    }
    if (atomic_load_explicit(&engine->closed, memory_order_acquire)) {
        return tabor_fail(TABOR_ERR_CLOSED, "the engine is closed");
    }
    return TABOR_OK;
}

/* ---------------------------------------------------------------- open -- */

static void
engine_free(tabor_engine *engine)
{
    for (unsigned o = 0; o < TABOR_OWNERS; o++) {
        tabor_rt_client_free(engine->leaving[o]);
    }
    tabor_releases_free(&engine->releases);
    tabor_take_discard(engine->take); /* only if it never opened */
    if (engine->samples.slots) {
        tabor_samples_free(&engine->samples);
    }
    tabor_rt_free(engine->rt);
    if (engine->wake_fd >= 0) {
        close(engine->wake_fd);
    }
    pthread_mutex_destroy(&engine->mutex);
    pthread_mutex_destroy(&engine->role);
    pthread_mutex_destroy(&engine->meter_mutex);
    free(engine);
}

static tabor_engine *
engine_new(const tabor_engine_config *config)
{
    tabor_engine *e = aligned_alloc(64, (sizeof *e + 63) / 64 * 64);
    if (!e) {
        return NULL;
    }
    memset(e, 0, sizeof *e);
    pthread_mutex_init(&e->mutex, NULL);
    pthread_mutex_init(&e->role, NULL);
    pthread_mutex_init(&e->meter_mutex, NULL);
    e->refs = e->holds = 1;
    e->forks = tabor_forks();
    e->config = *config;
    e->config.driver = e->config.device = NULL;
    e->config.settings = NULL;
    e->config.log = NULL;
    float unity = 1.0f;
    uint32_t bits;
    memcpy(&bits, &unity, sizeof bits);
    atomic_init(&e->gain_bits, bits);
    e->wake_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    return e;
}

/* Everything but the driver. */
static tabor_status
fill(tabor_engine *e, const char *log)
{
    if (e->wake_fd < 0) {
        return tabor_fail(TABOR_ERR_NO_MEMORY, "no descriptor: %s",
                          strerror(errno));
    }
    const tabor_kernels *kernels;
    tabor_status st = tabor_simd_pick(&kernels);
    if (st != TABOR_OK) {
        return st;
    }
    if ((st = tabor_samples_init(&e->samples, e->config.rate)) != TABOR_OK) {
        e->samples.slots = NULL;
        return st;
    }
    e->rt = tabor_rt_new(&e->config, kernels, e->samples.slots);
    if (!e->rt) {
        return tabor_fail(TABOR_ERR_NO_MEMORY,
                          "no memory for an engine of %u voices",
                          e->config.voices);
    }
    if (!log) {
        return TABOR_OK;
    }
    st = tabor_take_open(log, &e->config, &e->take);
    if (st == TABOR_OK) {
        e->rt->take = tabor_take_get_ring(e->take);
        e->samples.take = e->take;
    }
    return st;
}

static tabor_status
run(tabor_engine *e)
{
    e->pumped = (e->device.driver->caps & TABOR_DRIVER_PUMPED) != 0;
    tabor_device_start(&e->device);
    if (e->pumped) {
        return TABOR_OK;
    }
    tabor_status st = tabor_service_start(e);
    if (st != TABOR_OK) {
        tabor_device_close(&e->device);
    }
    return st;
}

TABOR_API tabor_status
tabor_engine_open(const tabor_engine_config *config, tabor_engine **engine)
{
    const tabor_engine_config defaults = TABOR_ENGINE_CONFIG;
    if (!config) {
        config = &defaults;
    }
    tabor_status st = tabor_config_check(config);
    if (st != TABOR_OK) {
        return st;
    }
    tabor_engine *e = engine_new(config);
    if (!e) {
        return tabor_fail(TABOR_ERR_NO_MEMORY, "no memory for an engine");
    }
    if ((st = fill(e, config->log)) != TABOR_OK ||
        (st = tabor_device_open(&e->device, config, e->rt,
                                config->wake_poll ? -1 : e->wake_fd, e->warning,
                                sizeof e->warning)) != TABOR_OK ||
        (st = run(e)) != TABOR_OK) {
        engine_free(e);
        return st;
    }
    list_add(e);
    *engine = e;
    return TABOR_OK;
}

TABOR_API tabor_status
tabor_engine_attach(uint32_t id, tabor_engine **engine)
{
    lock_list();
    tabor_engine *e = engines;
    while (e && e->id != id) {
        e = e->next;
    }
    if (e && e->forks == tabor_forks()) {
        e->refs++;
        e->holds++;
        *engine = e;
    } else {
        e = NULL;
    }
    unlock_list();
    return e ? TABOR_OK
             : tabor_fail(TABOR_ERR_CLOSED, "no engine %u is open here", id);
}

/* --------------------------------------------------------------- close -- */

void
tabor_engine_hold(tabor_engine *engine)
{
    lock_list();
    engine->holds++;
    unlock_list();
}

void
tabor_engine_drop(tabor_engine *engine)
{
    lock_list();
    int last = --engine->holds == 0;
    unlock_list();
    if (last && engine->forks == tabor_forks()) {
        engine_free(engine);
    }
}

/* The driver is gone: end every play, so that each has its Ended. */
static tabor_status
finish(tabor_engine *e)
{
    char why[1024] = "";
    atomic_store_explicit(&e->closed, 1, memory_order_release);
    tabor_service_stop(e);
    pthread_mutex_lock(&e->role);
    tabor_status st = tabor_device_close(&e->device);
    if (st != TABOR_OK) {
        snprintf(why, sizeof why, "%s", tabor_error());
    }
    tabor_status take = tabor_take_close(e->take, e->rt->frame);
    e->take = e->samples.take = NULL;
    e->rt->take = NULL;
    tabor_render_end(e->rt);
    pthread_mutex_unlock(&e->role);
    tabor_clients_nudge(e);
    /* lost sound matters more than a driver that hangs */
    return take != TABOR_OK || st == TABOR_OK ? take
                                              : tabor_fail(st, "%s", why);
}

TABOR_API tabor_status
tabor_engine_close(tabor_engine *engine)
{
    tabor_status st = TABOR_OK;
    if (!engine || engine->forks != tabor_forks()) {
        return st; /* a child must not touch its parent's threads */
    }
    lock_list();
    int last = --engine->refs == 0;
    if (last) {
        list_remove(engine);
    }
    unlock_list();
    if (last) {
        st = finish(engine);
    }
    tabor_engine_drop(engine);
    return st;
}

/* ---------------------------------------------------------------- tidy -- */

void
tabor_engine_tidy(tabor_engine *engine)
{
    tabor_take_flush(engine->take);
    tabor_samples_reclaim(&engine->samples);
    pthread_mutex_lock(&engine->mutex);
    for (unsigned o = 1; o < TABOR_OWNERS; o++) {
        tabor_rt_client *c = engine->leaving[o];
        if (c && tabor_link_is_detached(c->link)) {
            engine->leaving[o] = NULL;
            tabor_rt_client_free(c);
        }
    }
    pthread_mutex_unlock(&engine->mutex);
    tabor_clients_flush(engine);
}

/* -------------------------------------------------------------- render -- */

void
tabor_engine_settle(tabor_engine *engine)
{
    if (!engine->pumped) {
        return;
    }
    pthread_mutex_lock(&engine->role);
    if (engine->device.stream) {
        float nothing[1];
        tabor_process_run(&engine->device.stream->process, nothing, 0);
    }
    pthread_mutex_unlock(&engine->role);
    tabor_engine_tidy(engine);
    tabor_clients_wake(engine);
}

TABOR_API tabor_status
tabor_engine_render(tabor_engine *engine, uint64_t frames, float *out)
{
    tabor_status st = tabor_engine_check(engine);
    if (st != TABOR_OK) {
        return st;
    }
    if (!engine->pumped) {
        return tabor_fail(TABOR_ERR_INVALID,
                          "driver %s renders by itself: open with "
                          "driver=\"offline\" to render",
                          engine->device.driver->name);
    }
    while (frames > 0 && st == TABOR_OK) {
        uint32_t n =
            frames < TABOR_SPAN_MAX ? (uint32_t)frames : TABOR_SPAN_MAX;
        pthread_mutex_lock(&engine->role);
        tabor_stream *s = engine->device.stream;
        if (!s) {
            st = tabor_fail(TABOR_ERR_CLOSED, "the engine is closed");
        } else if (s->driver->pump(s->handle, out, n) != TABOR_DRIVER_OK) {
            st = tabor_fail(TABOR_ERR_DEVICE, "driver %s failed to render",
                            s->driver->name);
        }
        pthread_mutex_unlock(&engine->role);
        out += (size_t)n * engine->config.channels;
        frames -= n;
    }
    tabor_engine_tidy(engine);
    tabor_clients_wake(engine);
    return st;
}

TABOR_API void
tabor_engine_panic(tabor_engine *engine)
{
    tabor_panic_ask(&engine->rt->panic);
}

/* ---------------------------------------------------------------- look -- */

TABOR_API void
tabor_engine_get_info(const tabor_engine *engine, tabor_engine_info *info)
{
    *info = (tabor_engine_info){.id = engine->id,
                                .rate = engine->config.rate,
                                .channels = engine->config.channels,
                                .block = tabor_device_block(&engine->device),
                                .voices = engine->config.voices,
                                .pumped = engine->pumped,
                                .driver = engine->device.driver->name,
                                .device = engine->device.name,
                                .warning = engine->warning};
}

TABOR_API uint64_t
tabor_engine_frame(const tabor_engine *engine)
{
    return tabor_clock_look(&engine->rt->clock).frame;
}

TABOR_API void
tabor_engine_get_clock(const tabor_engine *engine, tabor_clock *clock)
{
    tabor_clock_words now = tabor_clock_look(&engine->rt->clock);
    tabor_device_figures figures;
    tabor_device_get_figures((tabor_device *)&engine->device, &figures);
    *clock = (tabor_clock){.frame = now.frame,
                           .monotonic_ns = now.monotonic_ns,
                           .rate = engine->config.rate,
                           .latency_frames = figures.latency_frames,
                           .epoch = atomic_load_explicit(&engine->device.epoch,
                                                         memory_order_acquire)};
}

TABOR_API float
tabor_engine_gain(const tabor_engine *engine)
{
    uint32_t bits =
        atomic_load_explicit(&engine->gain_bits, memory_order_relaxed);
    float gain;
    memcpy(&gain, &bits, sizeof gain);
    return gain;
}
