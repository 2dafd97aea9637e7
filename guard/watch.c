/* SPDX-License-Identifier: MIT
 *
 * What libtabor calls on the audio thread, before and after all it does there.
 */
#define _GNU_SOURCE
#include "guard.h"

#include <execinfo.h>
#include <pthread.h>
#include <sys/resource.h>

/* Callbacks of a device's thread whose page faults and switches are counted
 * apart. Its first ones touch what nobody could touch for it: its own stack,
 * the driver's buffer, the pages of code of which each takes a fault once. */
#define WARM_UP 32

GUARD_TLS unsigned char guard_marked, guard_selector;
GUARD_TLS int guard_wake_fd, guard_woke;

typedef struct thread_state {
    int armed, live;
    uint64_t callbacks; /* live ones */
    struct rusage before;
} thread_state;

static GUARD_TLS thread_state thread;

static _Atomic int has_forked;

void tabor_watch_enter(int live, int wake_fd);
void tabor_watch_leave(void);

__attribute__((visibility("default"))) void
tabor_watch_enter(int live, int wake_fd)
{
    if (!thread.armed) {
        thread.armed = 1;
        void *frames[4];
        backtrace(frames, 4); /* so that its own faults are not the thread's */
        guard_add(&guard_count.threads, 1);
        guard_dispatch_arm();
    }
    guard_add(&guard_count.callbacks, 1);
    thread.live = live;
    if (live) {
        guard_add(&guard_count.live, 1);
        thread.callbacks++;
    }
    guard_wake_fd = wake_fd;
    guard_woke = 0;
    getrusage(RUSAGE_THREAD, &thread.before);
    guard_selector = (unsigned char)(guard_dispatches != 0);
    guard_marked = 1;
}

/* What the kernel did for the thread in a callback. After a fork the pages of
 * both processes are copied when they are first written to, and a fault may
 * have to wait for another one: that is the price of forking. */
static void
judge(uint64_t faults, uint64_t switches)
{
    if (thread.callbacks <= WARM_UP) {
        guard_add(&guard_count.warm_faults, faults);
        return;
    }
    guard_add(&guard_count.judged, 1);
    if (has_forked) {
        guard_add(&guard_count.fork_faults, faults + switches);
        return;
    }
    if (faults) {
        guard_offend(GUARD_FAULT, "memory that was not there yet", 0, faults);
    }
    if (switches) {
        guard_offend(GUARD_SWITCH, "the thread gave its processor away", 0,
                     switches);
    }
}

/* A render by the script's own thread writes into the script's own memory and
 * may be switched away: no promise is made for that. */
__attribute__((visibility("default"))) void
tabor_watch_leave(void)
{
    guard_marked = 0;
    guard_selector = 0;
    if (!thread.live) {
        return;
    }
    struct rusage after;
    getrusage(RUSAGE_THREAD, &after);
    const struct rusage *before = &thread.before;
    uint64_t faults = (uint64_t)(after.ru_minflt - before->ru_minflt) +
                      (uint64_t)(after.ru_majflt - before->ru_majflt);
    judge(faults, (uint64_t)(after.ru_nvcsw - before->ru_nvcsw));
    guard_add(&guard_count.preempted,
              (uint64_t)(after.ru_nivcsw - before->ru_nivcsw));
}

/* ---------------------------------------------------------------- life -- */

static void
on_fork_parent(void)
{
    has_forked = 1;
}

static void
on_fork_child(void)
{
    thread.armed = 0; /* the kernel does not hand it on */
    guard_report_forget();
}

__attribute__((constructor)) static void
begin(void)
{
    guard_calls_find();
    guard_report_forget(); /* touches its pages: an offence costs none */
    void *frames[4];
    backtrace(frames, 4); /* loads what it needs now, not in the callback */
    pthread_atfork(NULL, on_fork_parent, on_fork_child);
}

__attribute__((destructor)) static void
end(void)
{
    guard_report_write();
}
