/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "control/deadline.h"

#include <errno.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <time.h>

typedef struct errand {
    pthread_mutex_t mutex;
    pthread_cond_t cond;
    void (*job)(void *);
    void (*forget)(void *);
    void *user;
    int done, late; /* under the mutex; late: nobody waits any more */
} errand;

int
tabor_thread_start(pthread_t *thread, const char *name, void *(*run)(void *),
                   void *user)
{
    sigset_t all, old;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &old);
    int error = pthread_create(thread, NULL, run, user);
    pthread_sigmask(SIG_SETMASK, &old, NULL);
    if (!error) {
        pthread_setname_np(*thread, name);
    }
    return error;
}

static errand *
errand_new(void (*job)(void *), void (*forget)(void *), void *user)
{
    errand *e = calloc(1, sizeof *e);
    if (!e) {
        return NULL;
    }
    pthread_condattr_t attributes;
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&e->cond, &attributes);
    pthread_condattr_destroy(&attributes);
    pthread_mutex_init(&e->mutex, NULL);
    e->job = job;
    e->forget = forget;
    e->user = user;
    return e;
}

static void
errand_free(errand *e)
{
    pthread_cond_destroy(&e->cond);
    pthread_mutex_destroy(&e->mutex);
    free(e);
}

static void *
run_errand(void *user)
{
    errand *e = user;
    e->job(e->user);
    pthread_mutex_lock(&e->mutex);
    e->done = 1;
    int late = e->late;
    pthread_cond_signal(&e->cond);
    pthread_mutex_unlock(&e->mutex);
    if (late) {
        e->forget(e->user);
        errand_free(e);
    }
    return NULL;
}

/* Returns 1 if the job was done in time. */
static int
wait_for(errand *e, unsigned timeout_ms)
{
    struct timespec until;
    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += timeout_ms / 1000;
    until.tv_nsec += (long)(timeout_ms % 1000) * 1000000;
    if (until.tv_nsec >= 1000000000) {
        until.tv_nsec -= 1000000000;
        until.tv_sec++;
    }
    pthread_mutex_lock(&e->mutex);
    int error = 0;
    while (!e->done && error != ETIMEDOUT) {
        error = pthread_cond_timedwait(&e->cond, &e->mutex, &until);
    }
    int done = e->done;
    e->late = !done;
    pthread_mutex_unlock(&e->mutex);
    return done;
}

int
tabor_deadline_run(void (*job)(void *), void (*forget)(void *), void *user,
                   unsigned timeout_ms)
{
    errand *e = errand_new(job, forget, user);
    if (!e) {
        return ENOMEM;
    }
    pthread_t thread;
    int error = tabor_thread_start(&thread, "tabor-errand", run_errand, e);
    if (error) {
        errand_free(e);
        return error;
    }
    if (!wait_for(e, timeout_ms)) {
        pthread_detach(thread);
        return ETIMEDOUT;
    }
    pthread_join(thread, NULL);
    errand_free(e);
    return 0;
}
