/* SPDX-License-Identifier: MIT
 *
 * Where a driver's callback enters: the gate, the clock, the guards.
 *
 * The gate is what makes it safe to give up on a stream that hangs: once it is
 * shut and nobody is inside, a late call of that stream renders silence and
 * touches nothing but its own tabor_process, which then is never freed.
 */
#ifndef TABOR_RT_PROCESS_H
#define TABOR_RT_PROCESS_H

#include "link/gate.h"
#include "rt/convert.h"
#include "rt/rt.h"

/* What a checker that is preloaded wants to be told. Both are called on the
 * audio thread, right before and after all that it does of ours.
 *
 * live     1: paced by a device; 0: rendered by the script's own thread
 * wake_fd  the one descriptor that may be written to, or -1
 */
typedef struct tabor_watch {
    void (*enter)(int live, int wake_fd);
    void (*leave)(void);
} tabor_watch;

typedef struct tabor_process {
    tabor_rt *rt;
    uint32_t channels, rate;
    tabor_conversion conversion; /* to what the device takes */
    float *scratch;    /* channels × TABOR_SPAN_MAX; NULL: it takes float32 */
    uint64_t slack_ns; /* what the device may take in advance */
    int paced;         /* 1: the runaway guard is on */
    int clocked;       /* 0: time is not the clock's (offline) */
    int wake_fd;       /* the service thread's eventfd, or -1 */
    tabor_watch watch; /* for tabor_process_run_watched */

    tabor_gate gate;          /* shared */
    _Atomic uint64_t calls;   /* by the audio thread, relaxed, also when shut */
    _Atomic uint64_t last_ns; /* when the last call came; likewise */
    _Atomic uint32_t runaway; /* set once by the audio thread (release) */

    /* the guard's anchor; the audio thread's own, reset when the gate opens */
    _Atomic uint32_t anchor_new;
    uint64_t anchor_ns, anchor_frames;

    /* load, by the audio thread, relaxed */
    _Atomic uint64_t busy_ns, frames, blocks;
    _Atomic uint64_t load_max_ppm; /* of the block's duration */
    _Atomic uint32_t load_reset;   /* set by a reader, taken here */
} tabor_process;

/* The driver's process().  [audio] self is a tabor_process. */
TABOR_RT void tabor_process_run(void *self, void *out, uint32_t frames);

/* The same, and the watch is told.  [audio] */
TABOR_RT void tabor_process_run_watched(void *self, void *out, uint32_t frames);

#endif
