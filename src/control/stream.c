/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "control/stream.h"

#include <dlfcn.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "control/deadline.h"
#include "control/status.h"

#define OPEN_MS  5000
#define CLOSE_MS 2000

/* ------------------------------------------------ the host's functions -- */

static void
host_notify(void *self, tabor_notice what, uint64_t value)
{
    tabor_process *process = self;
    tabor_stream *s =
        (tabor_stream *)((char *)process - offsetof(tabor_stream, process));
    switch (what) {
    case TABOR_NOTICE_XRUN:
        atomic_fetch_add_explicit(&s->xruns, value, memory_order_relaxed);
        break;
    case TABOR_NOTICE_DEVICE_LOST:
        atomic_store_explicit(&s->lost, 1, memory_order_relaxed);
        break;
    case TABOR_NOTICE_REALTIME:
        atomic_store_explicit(&s->realtime, value != 0, memory_order_relaxed);
        break;
    }
}

static void
host_log(void *self, const char *text)
{
    (void)self;
    tabor_log(text);
}

/* ---------------------------------------------------------------- open -- */

/* A checker that is preloaded exports both names; usually there is none, and
 * then the audio thread does not even ask. */
static void
let_watch(tabor_stream *s)
{
    tabor_watch *watch = &s->process.watch;
    *(void **)&watch->enter = dlsym(RTLD_DEFAULT, "tabor_watch_enter");
    *(void **)&watch->leave = dlsym(RTLD_DEFAULT, "tabor_watch_leave");
    if (watch->enter && watch->leave) {
        s->host.process = tabor_process_run_watched;
    }
}

static tabor_stream *
stream_new(const tabor_driver *driver, const tabor_order *order, tabor_rt *rt,
           int wake_fd)
{
    tabor_stream *s = aligned_alloc(64, (sizeof(tabor_stream) + 63) / 64 * 64);
    if (!s) {
        return NULL;
    }
    memset(s, 0, sizeof *s);
    s->driver = driver;
    s->process.rt = rt;
    s->process.channels = order->channels;
    s->process.rate = order->rate;
    s->process.conversion = (tabor_conversion){
        .dither = order->dither ? TABOR_DITHER_TPDF : TABOR_DITHER_OFF,
        .channels = order->channels};
    s->process.wake_fd = wake_fd;
    tabor_gate_init(&s->process.gate);
    s->host = (tabor_driver_host){.struct_size = sizeof s->host,
                                  .abi = TABOR_DRIVER_ABI,
                                  .self = &s->process,
                                  .process = tabor_process_run,
                                  .notify = host_notify,
                                  .log = host_log};
    s->grant = (tabor_stream_grant){.struct_size = sizeof s->grant,
                                    .rate = order->rate,
                                    .channels = order->channels,
                                    .block = order->block};
    let_watch(s);
    return s;
}

static void
stream_free(tabor_stream *s)
{
    free(s->process.scratch);
    free(s);
}

/* driver.h and rt/convert.h know nothing of each other. */
_Static_assert((int)TABOR_FORMAT_F32 == TABOR_TO_F32 &&
                   (int)TABOR_FORMAT_S16 == TABOR_TO_S16 &&
                   (int)TABOR_FORMAT_S24 == TABOR_TO_S24 &&
                   (int)TABOR_FORMAT_S24_32 == TABOR_TO_S24_32 &&
                   (int)TABOR_FORMAT_S32 == TABOR_TO_S32,
               "formats have one order");

static tabor_status
check_format(const tabor_stream *s)
{
    const tabor_stream_grant *g = &s->grant;
    if ((unsigned)g->format > TABOR_FORMAT_S32) {
        return tabor_fail(TABOR_ERR_DEVICE,
                          "driver %s wants values of format %d, which is none",
                          s->driver->name, (int)g->format);
    }
    if (g->format != TABOR_FORMAT_F32 &&
        (s->driver->caps & TABOR_DRIVER_PUMPED)) {
        return tabor_fail(TABOR_ERR_DEVICE,
                          "driver %s is pumped and wants integers; what is "
                          "pumped is float",
                          s->driver->name);
    }
    return TABOR_OK;
}

/* Where float values are rendered that become integers; touched now, so that
 * the audio thread never has to fetch a page. */
static tabor_status
prepare_conversion(tabor_stream *s)
{
    s->process.conversion.format = (tabor_conversion_format)s->grant.format;
    if (s->grant.format == TABOR_FORMAT_F32) {
        return TABOR_OK;
    }
    size_t size = (size_t)s->grant.channels * TABOR_SPAN_MAX * sizeof(float);
    s->process.scratch = aligned_alloc(64, size);
    if (!s->process.scratch) {
        return tabor_fail(TABOR_ERR_NO_MEMORY, "no memory for a stream");
    }
    memset(s->process.scratch, 0, size);
    return TABOR_OK;
}

/* A driver that grants something else than was asked for is at fault. */
static tabor_status
check_grant(const tabor_stream *s, const tabor_order *order)
{
    const tabor_stream_grant *g = &s->grant;
    if (g->rate != order->rate || g->channels != order->channels) {
        return tabor_fail(TABOR_ERR_DEVICE,
                          "driver %s runs at %u Hz with %u channels: open with "
                          "rate=%u, channels=%u",
                          s->driver->name, g->rate, g->channels, g->rate,
                          g->channels);
    }
    if (g->block < 1 || g->block > TABOR_MAX_BLOCK ||
        (uint64_t)g->block * 1000 > (uint64_t)g->rate * TABOR_MAX_PERIOD_MS) {
        return tabor_fail(TABOR_ERR_DEVICE,
                          "driver %s wants blocks of %u frames; 1 to %d, and "
                          "at most %d ms, can be used",
                          s->driver->name, g->block, TABOR_MAX_BLOCK,
                          TABOR_MAX_PERIOD_MS);
    }
    return check_format(s);
}

/* What went wrong, by a driver's answer. */
static tabor_status
status_of(tabor_driver_status answer)
{
    return answer == TABOR_DRIVER_NO_MEMORY ? TABOR_ERR_NO_MEMORY
                                            : TABOR_ERR_DEVICE;
}

static tabor_status
start(tabor_stream *s, const tabor_order *order)
{
    char why[512] = "";
    tabor_status st = check_grant(s, order);
    if (st != TABOR_OK || (st = prepare_conversion(s)) != TABOR_OK) {
        return st;
    }
    int unpaced = (s->grant.flags & TABOR_STREAM_UNPACED) != 0;
    s->process.paced = !unpaced;
    s->process.slack_ns = ((uint64_t)s->grant.latency_frames + s->grant.block) *
                          1000000000 / s->grant.rate;
    s->process.clocked = !(s->driver->caps & TABOR_DRIVER_PUMPED);
    if (s->grant.flags & TABOR_STREAM_REALTIME) {
        atomic_store_explicit(&s->realtime, 1, memory_order_relaxed);
    }
    s->grant.device[sizeof s->grant.device - 1] = '\0';
    s->started_ns = tabor_now_ns();
    tabor_driver_status answer = s->driver->start(s->handle, why, sizeof why);
    if (answer != TABOR_DRIVER_OK) {
        return tabor_fail(status_of(answer), "driver %s did not start: %s",
                          s->driver->name, why);
    }
    s->latency_frames = s->driver->latency ? s->driver->latency(s->handle)
                                           : s->grant.latency_frames;
    return TABOR_OK;
}

tabor_status
tabor_stream_open_here(const tabor_driver *driver, tabor_order *order,
                       tabor_rt *rt, int wake_fd, tabor_stream **stream)
{
    tabor_stream *s = stream_new(driver, order, rt, wake_fd);
    if (!s) {
        return tabor_fail(TABOR_ERR_NO_MEMORY, "no memory for a stream");
    }
    char why[512] = "";
    tabor_stream_wish wish = tabor_order_wish(order);
    tabor_driver_status answer =
        driver->open(&wish, &s->host, &s->grant, &s->handle, why, sizeof why);
    if (answer != TABOR_DRIVER_OK) {
        stream_free(s);
        return tabor_fail(status_of(answer), "driver %s did not open: %s",
                          driver->name, why);
    }
    tabor_status st = start(s, order);
    if (st != TABOR_OK) {
        if (driver->close(s->handle) == TABOR_DRIVER_OK) {
            stream_free(s);
        }
        return st;
    }
    *stream = s;
    return TABOR_OK;
}

/* Opening with a deadline: the message is per thread and must be carried. */
typedef struct open_job {
    const tabor_driver *driver;
    tabor_order *order;
    tabor_rt *rt;
    int wake_fd;
    tabor_stream *stream;
    tabor_status status;
    char message[1024];
} open_job;

static void
run_open(void *user)
{
    open_job *job = user;
    job->status = tabor_stream_open_here(job->driver, job->order, job->rt,
                                         job->wake_fd, &job->stream);
    snprintf(job->message, sizeof job->message, "%s", tabor_error());
}

static void
forget_open(void *user)
{
    open_job *job = user;
    if (job->stream) {
        tabor_stream_close_here(job->stream);
    }
    tabor_order_unref(job->order);
    free(job);
}

tabor_status
tabor_stream_open(const tabor_driver *driver, tabor_order *order, tabor_rt *rt,
                  int wake_fd, tabor_stream **stream)
{
    open_job *job = calloc(1, sizeof *job);
    if (!job) {
        return tabor_fail(TABOR_ERR_NO_MEMORY, "no memory for a stream");
    }
    *job = (open_job){.driver = driver,
                      .order = tabor_order_ref(order),
                      .rt = rt,
                      .wake_fd = wake_fd};
    int error = tabor_deadline_run(run_open, forget_open, job, OPEN_MS);
    if (error == ETIMEDOUT) {
        return tabor_fail(TABOR_ERR_DEVICE,
                          "driver %s did not answer within %d seconds",
                          driver->name, OPEN_MS / 1000);
    }
    tabor_status st = job->status;
    if (error) {
        st = tabor_fail(TABOR_ERR_NO_MEMORY, "no thread to open driver %s: %s",
                        driver->name, strerror(error));
    } else if (st != TABOR_OK) {
        tabor_told("%s", job->message);
    } else {
        *stream = job->stream;
    }
    tabor_order_unref(job->order);
    free(job);
    return st;
}

/* ---------------------------------------------------------------- gate -- */

void
tabor_stream_enter(tabor_stream *stream)
{
    atomic_store_explicit(&stream->process.anchor_new, 1, memory_order_relaxed);
    tabor_gate_open(&stream->process.gate); /* brings the new anchor along */
}

void
tabor_stream_leave(tabor_stream *stream)
{
    int busy = tabor_gate_shut(&stream->process.gate);
    while (busy) {
        /* a block is bounded; its end is near */
        nanosleep(&(struct timespec){0, 100000}, NULL);
        busy = tabor_gate_busy(&stream->process.gate);
    }
}

/* --------------------------------------------------------------- close -- */

/* Streams whose driver may call for ever. Kept in sight, never freed; no lock,
 * which a fork could leave held. Pushed to (release), never read. */
static tabor_stream *_Atomic left_behind;

static void
leave_behind(tabor_stream *stream)
{
    stream->next_left =
        atomic_load_explicit(&left_behind, memory_order_relaxed);
    while (!atomic_compare_exchange_weak_explicit(
        &left_behind, &stream->next_left, stream, memory_order_release,
        memory_order_relaxed)) {
    }
    tabor_log("a stream was left behind: its audio system hangs");
}

int
tabor_stream_close_here(tabor_stream *stream)
{
    int stopped = stream->driver->stop(stream->handle) == TABOR_DRIVER_OK;
    int closed = stream->driver->close(stream->handle) == TABOR_DRIVER_OK;
    if (!stopped || !closed) {
        leave_behind(stream); /* process may still come */
        return 0;
    }
    stream_free(stream);
    return 1;
}

typedef struct close_job {
    tabor_stream *stream;
    int freed;
} close_job;

static void
run_close(void *user)
{
    close_job *job = user;
    job->freed = tabor_stream_close_here(job->stream);
}

static void
forget_close(void *user)
{
    free(user); /* the stream was freed by run_close, or left behind */
}

static tabor_status
fail_hung(const tabor_driver *driver, const char *how)
{
    tabor_status st = tabor_fail(
        TABOR_ERR_DEVICE,
        "driver %s %s; its stream was left behind, silent, with its thread",
        driver->name, how);
    tabor_log(tabor_error());
    return st;
}

tabor_status
tabor_stream_close(tabor_stream *stream)
{
    close_job *job = stream ? calloc(1, sizeof *job) : NULL;
    if (!job) {
        return !stream || tabor_stream_close_here(stream)
                   ? TABOR_OK
                   : tabor_fail(TABOR_ERR_DEVICE, "a driver hangs");
    }
    const tabor_driver *driver = stream->driver;
    job->stream = stream;
    int error = tabor_deadline_run(run_close, forget_close, job, CLOSE_MS);
    if (error == ETIMEDOUT) {
        return fail_hung(driver, "did not close within 2 seconds");
    }
    int freed = error ? tabor_stream_close_here(stream) : job->freed;
    free(job);
    return freed ? TABOR_OK : fail_hung(driver, "could not stop");
}
