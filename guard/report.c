/* SPDX-License-Identifier: MIT
 *
 * What was found, and the verdict. One line of figures for each process that
 * had callbacks:
 *
 *   guard pid=7 program=x callbacks=900 ... allocation=0 ... verdict=clean
 *
 * then, for the first offence of each kind, its name and its backtrace.
 */
#define _GNU_SOURCE
#include "guard.h"

#include <dlfcn.h>
#include <errno.h>
#include <execinfo.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#define FRAMES 24
#define SIZE   32768

guard_figures guard_count;
_Atomic int guard_dispatches;

typedef struct offence {
    _Atomic uint64_t count;
    _Atomic int kept; /* 1: being written, 2: written (release) */
    const char *what;
    long number; /* of a system call, if what is NULL */
    int frame_count;
    void *frames[FRAMES];
} offence;

static offence offences[GUARD_KIND_COUNT];
static _Atomic int written;

void
guard_offend(guard_kind kind, const char *what, long number, uint64_t n)
{
    offence *o = &offences[kind];
    guard_add(&o->count, n);
    int none = 0;
    if (!atomic_compare_exchange_strong_explicit(
            &o->kept, &none, 1, memory_order_relaxed, memory_order_relaxed)) {
        return;
    }
    o->what = what;
    o->number = number;
    o->frame_count = backtrace(o->frames, FRAMES);
    atomic_store_explicit(&o->kept, 2, memory_order_release);
}

void
guard_report_forget(void)
{
    memset(&guard_count, 0, sizeof guard_count);
    memset(offences, 0, sizeof offences);
}

/* ---------------------------------------------------------------- write -- */

typedef struct page {
    char text[SIZE];
    size_t used;
} page;

__attribute__((format(printf, 2, 3))) static void
add(page *p, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    int n = vsnprintf(p->text + p->used, SIZE - p->used, format, args);
    va_end(args);
    if (n > 0) {
        p->used += (size_t)n;
        p->used = p->used < SIZE ? p->used : SIZE - 1;
    }
}

static uint64_t
read_count(const _Atomic uint64_t *counter)
{
    return atomic_load_explicit(counter, memory_order_relaxed);
}

static const char *
name_of(guard_kind kind)
{
    static const char *const names[] = {
#define X(name, text) text,
        GUARD_KINDS(X)
#undef X
    };
    return names[kind];
}

static void
add_figures(page *p)
{
    const guard_figures *c = &guard_count;
    uint64_t offended = 0;
    add(p, "guard pid=%d program=%s dispatch=%d", (int)getpid(),
        program_invocation_short_name, guard_dispatches);
    add(p, " callbacks=%lu live=%lu judged=%lu threads=%lu wakes=%lu",
        read_count(&c->callbacks), read_count(&c->live), read_count(&c->judged),
        read_count(&c->threads), read_count(&c->wakes));
    add(p, " warm-faults=%lu fork-faults=%lu preempted=%lu",
        read_count(&c->warm_faults), read_count(&c->fork_faults),
        read_count(&c->preempted));
    for (int k = 0; k < GUARD_KIND_COUNT; k++) {
        add(p, " %s=%lu", name_of(k), read_count(&offences[k].count));
        offended += read_count(&offences[k].count);
    }
    add(p, " verdict=%s\n", offended ? "guilty" : "clean");
}

static void
add_frame(page *p, void *address)
{
    Dl_info where;
    if (!dladdr(address, &where) || !where.dli_fname) {
        add(p, "    %p\n", address);
        return;
    }
    const char *slash = strrchr(where.dli_fname, '/');
    const char *file = slash ? slash + 1 : where.dli_fname;
    size_t offset = (size_t)((char *)address - (char *)where.dli_fbase);
    add(p, "    %s+0x%zx %s\n", file, offset,
        where.dli_sname ? where.dli_sname : "");
}

static void
add_offence(page *p, guard_kind kind)
{
    const offence *o = &offences[kind];
    if (atomic_load_explicit(&o->kept, memory_order_acquire) != 2) {
        return;
    }
    if (o->what) {
        add(p, "  the first %s: %s\n", name_of(kind), o->what);
    } else {
        add(p, "  the first %s: number %ld\n", name_of(kind), o->number);
    }
    for (int i = 0; i < o->frame_count; i++) {
        add_frame(p, o->frames[i]);
    }
}

void
guard_report_write(void)
{
    static page p;
    const char *path = getenv("TABOR_GUARD_REPORT");
    if (!path || read_count(&guard_count.callbacks) == 0 ||
        atomic_exchange_explicit(&written, 1, memory_order_acq_rel)) {
        return;
    }
    add_figures(&p);
    for (int k = 0; k < GUARD_KIND_COUNT; k++) {
        add_offence(&p, k);
    }
    int fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0666);
    if (fd >= 0) {
        ssize_t ignored = write(fd, p.text, p.used); /* one call: not mixed */
        (void)ignored;
        close(fd);
    }
}

/* ----------------------------------------------------------------- exit -- */

/* os._exit() and the like run no destructor. */
__attribute__((visibility("default"), noreturn)) void
_exit(int status)
{
    guard_report_write();
    for (;;) {
        syscall(SYS_exit_group, status);
    }
}

__attribute__((visibility("default"), noreturn)) void
_Exit(int status)
{
    _exit(status);
}
