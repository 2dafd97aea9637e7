/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "control/rescue.h"

#include <errno.h>
#include <stdlib.h>
#include <time.h>

#include "control/deadline.h"
#include "control/status.h"

#define RETRY_MS      250
#define FIRST_CALL_MS 1500
/* A call of a driver that takes longer hangs. */
#define HANGS_MS 5000

struct tabor_rescue {
    pthread_mutex_t mutex;
    pthread_cond_t cond;
    int refs;             /* the thread and the device; under mutex */
    int quit, ended;      /* likewise */
    tabor_stream *result; /* likewise */
    uint64_t called_ns;   /* likewise: when it called the driver; 0: it is
                           * not in a call, or was counted */
    uint32_t hung;        /* likewise: calls not yet told */
    tabor_stream *dead;   /* the thread's own, like what follows */
    const tabor_driver *driver;
    tabor_order *order;
    tabor_rt *rt;
    int wake_fd;
};

static void
unref(tabor_rescue *r)
{
    pthread_mutex_lock(&r->mutex);
    int last = --r->refs == 0;
    pthread_mutex_unlock(&r->mutex);
    if (last) {
        pthread_cond_destroy(&r->cond);
        pthread_mutex_destroy(&r->mutex);
        tabor_order_unref(r->order);
        free(r);
    }
}

/* Under the mutex: wait for a change, at most so long. */
static void
doze(tabor_rescue *r, unsigned ms)
{
    struct timespec until;
    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_nsec += (long)ms * 1000000;
    until.tv_sec += until.tv_nsec / 1000000000;
    until.tv_nsec %= 1000000000;
    pthread_cond_timedwait(&r->cond, &r->mutex, &until);
}

static int
should_quit(tabor_rescue *r, unsigned wait_ms)
{
    pthread_mutex_lock(&r->mutex);
    if (!r->quit && wait_ms) {
        doze(r, wait_ms);
    }
    int quit = r->quit;
    pthread_mutex_unlock(&r->mutex);
    return quit;
}

static void
note_call(tabor_rescue *r, uint64_t called_ns, uint32_t hung)
{
    pthread_mutex_lock(&r->mutex);
    r->called_ns = called_ns;
    r->hung += hung;
    pthread_mutex_unlock(&r->mutex);
}

static void
close_stream(tabor_rescue *r, tabor_stream *s)
{
    note_call(r, tabor_now_ns(), 0);
    int freed = tabor_stream_close_here(s);
    note_call(r, 0, !freed);
}

/* A device that opens but never calls is not back. */
static int
calls(tabor_rescue *r, tabor_stream *s)
{
    for (int waited = 0; waited < FIRST_CALL_MS; waited += 10) {
        if (atomic_load_explicit(&s->process.calls, memory_order_relaxed)) {
            return 1;
        }
        if (should_quit(r, 10)) {
            return 0;
        }
    }
    return 0;
}

static tabor_stream *
try_open(tabor_rescue *r)
{
    tabor_stream *s;
    note_call(r, tabor_now_ns(), 0);
    tabor_status st =
        tabor_stream_open_here(r->driver, r->order, r->rt, r->wake_fd, &s);
    note_call(r, 0, 0);
    if (st != TABOR_OK) {
        return NULL;
    }
    if (!calls(r, s)) {
        close_stream(r, s);
        return NULL;
    }
    return s;
}

static void *
run(void *user)
{
    tabor_rescue *r = user;
    if (r->dead) {
        close_stream(r, r->dead);
    }
    tabor_stream *s = NULL;
    while (!s && !should_quit(r, RETRY_MS)) {
        s = try_open(r);
    }
    pthread_mutex_lock(&r->mutex);
    int unwanted = r->quit;
    if (!unwanted) {
        r->result = s;
    }
    r->ended = 1;
    pthread_cond_broadcast(&r->cond);
    pthread_mutex_unlock(&r->mutex);
    if (unwanted && s) {
        tabor_stream_close_here(s);
    }
    unref(r);
    return NULL;
}

tabor_rescue *
tabor_rescue_start(const tabor_driver *driver, tabor_order *order, tabor_rt *rt,
                   int wake_fd, tabor_stream *dead)
{
    tabor_rescue *r = calloc(1, sizeof *r);
    if (!r) {
        return NULL;
    }
    pthread_condattr_t attributes;
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&r->cond, &attributes);
    pthread_condattr_destroy(&attributes);
    pthread_mutex_init(&r->mutex, NULL);
    r->refs = 2;
    r->dead = dead;
    r->driver = driver;
    r->order = tabor_order_ref(order);
    r->rt = rt;
    r->wake_fd = wake_fd;
    pthread_t thread;
    if (tabor_thread_start(&thread, "tabor-rescue", run, r)) {
        r->refs = 1;
        unref(r);
        return NULL;
    }
    pthread_detach(thread);
    return r;
}

tabor_stream *
tabor_rescue_result(tabor_rescue *rescue)
{
    pthread_mutex_lock(&rescue->mutex);
    tabor_stream *s = rescue->result;
    rescue->result = NULL;
    pthread_mutex_unlock(&rescue->mutex);
    return s;
}

uint32_t
tabor_rescue_hung(tabor_rescue *rescue, uint64_t now_ns)
{
    pthread_mutex_lock(&rescue->mutex);
    uint64_t limit = HANGS_MS * UINT64_C(1000000);
    if (rescue->called_ns && now_ns > rescue->called_ns + limit) {
        rescue->called_ns = 0;
        rescue->hung++;
    }
    uint32_t hung = rescue->hung;
    rescue->hung = 0;
    pthread_mutex_unlock(&rescue->mutex);
    return hung;
}

void
tabor_rescue_end(tabor_rescue *rescue)
{
    pthread_mutex_lock(&rescue->mutex);
    rescue->quit = 1;
    pthread_cond_broadcast(&rescue->cond);
    for (int i = 0; i < 10 && !rescue->ended; i++) {
        doze(rescue, 50);
    }
    tabor_stream *unclaimed = rescue->result;
    rescue->result = NULL;
    pthread_mutex_unlock(&rescue->mutex);
    tabor_stream_close(unclaimed);
    unref(rescue);
}
