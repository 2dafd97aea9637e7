/* SPDX-License-Identifier: MIT
 *
 * The guard: a library that is preloaded and tells what the audio thread does
 * that it must not do. It knows nothing of Tabor but the names and the types
 * of tabor_watch_enter() and tabor_watch_leave(); libtabor looks them up when
 * it opens a stream (src/control/stream.c) and calls them on the audio thread.
 *
 * Between the two the thread is marked. Three layers look at a marked thread:
 * interposed calls of C's library (calls.c), Syscall User Dispatch, by which
 * the kernel hands over each system call, whoever makes it (dispatch.c), and
 * the kernel's counters of page faults and switches (watch.c). An offence is
 * counted, the first of each kind is kept with its backtrace, and then the
 * thread goes on as if nothing had been. When the process exits, the verdict
 * is appended to the file that $TABOR_GUARD_REPORT names (report.c).
 */
#ifndef TABOR_GUARD_H
#define TABOR_GUARD_H

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

/* X(name, what the report calls it) */
#define GUARD_KINDS(X)                                                         \
    X(ALLOCATION, "allocation")                                                \
    X(FREE, "free")                                                            \
    X(LOCK, "lock")                                                            \
    X(SLEEP, "sleep")                                                          \
    X(STDIO, "stdio")                                                          \
    X(FILE, "file")                                                            \
    X(LOADER, "loader")                                                        \
    X(ENVIRONMENT, "environment")                                              \
    X(THREAD, "thread")                                                        \
    X(THREAD_LOCAL, "thread-local")                                            \
    X(SYSCALL, "syscall")                                                      \
    X(FAULT, "fault")                                                          \
    X(SWITCH, "switch")

typedef enum guard_kind {
#define X(name, text) GUARD_##name,
    GUARD_KINDS(X)
#undef X
    GUARD_KIND_COUNT
} guard_kind;

/* One callback's state, each thread its own. Initial-exec, because the lazy
 * model would allocate on a thread's first touch, inside the callback. */
#define GUARD_TLS _Thread_local __attribute__((tls_model("initial-exec")))

#define GUARD_HIDDEN __attribute__((visibility("hidden")))

/* 1 between enter and leave */
GUARD_HIDDEN extern GUARD_TLS unsigned char guard_marked;
/* read by the kernel */
GUARD_HIDDEN extern GUARD_TLS unsigned char guard_selector;
GUARD_HIDDEN extern GUARD_TLS int guard_wake_fd; /* or -1 */
GUARD_HIDDEN extern GUARD_TLS int guard_woke;    /* the one write was made */

/* What is not an offence. Relaxed, by any audio thread. */
typedef struct guard_figures {
    _Atomic uint64_t callbacks; /* marked, ever */
    _Atomic uint64_t live;      /* of these, by a device's thread */
    _Atomic uint64_t judged;    /* of these, past the warm-up: for faults */
    _Atomic uint64_t threads;
    _Atomic uint64_t wakes;       /* the allowed write */
    _Atomic uint64_t warm_faults; /* during the warm-up */
    _Atomic uint64_t fork_faults; /* and switches, after a fork */
    _Atomic uint64_t preempted;   /* involuntary switches */
} guard_figures;

extern guard_figures guard_count;

/* 1: system calls are seen by the kernel's dispatch; 0: it has none.  [any] */
extern _Atomic int guard_dispatches;

static inline void
guard_add(_Atomic uint64_t *counter, uint64_t n)
{
    atomic_fetch_add_explicit(counter, n, memory_order_relaxed);
}

/* Count an offence of the calling thread, keep the first of its kind. The
 * thread must not be marked while it does.  [any]
 *
 * what    the call's name, borrowed for ever; NULL: a system call's number
 * number  what it was, for NULL
 */
void guard_offend(guard_kind kind, const char *what, long number, uint64_t n);

/* Make system calls of the calling thread come to us.  [any] */
void guard_dispatch_arm(void);

/* Find the libraries' own functions.  [control] Called once, first. */
void guard_calls_find(void);

/* Forget all that was counted: in a forked child.  [control] */
void guard_report_forget(void);

/* Append the verdict to $TABOR_GUARD_REPORT, once.  [control] */
void guard_report_write(void);

#endif
