/* SPDX-License-Identifier: MIT */
#include "rt/process.h"

#include <string.h>
#include <time.h>
#include <unistd.h>

#include "rt/denormals.h"
#include "rt/render.h"

#define NS_PER_SECOND UINT64_C(1000000000)
#define RUNAWAY_NS    (NS_PER_SECOND / 2)
#define RESYNC_NS     (2 * NS_PER_SECOND)

/* vDSO: no system call */
static uint64_t
now_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * NS_PER_SECOND + (uint64_t)t.tv_nsec;
}

/* ------------------------------------------------------------ guards -- */

/* A dead PulseAudio calls a million times a second. Has this stream rendered
 * half a second more than has passed and the device holds? */
static int
runs_away(tabor_process *p, uint64_t now, uint32_t frames)
{
    if (atomic_exchange_explicit(&p->anchor_new, 0, memory_order_relaxed)) {
        p->anchor_ns = now;
        p->anchor_frames = 0;
    }
    uint64_t rendered_ns = p->anchor_frames * NS_PER_SECOND / p->rate;
    uint64_t passed_ns = now - p->anchor_ns;
    p->anchor_frames += frames;
    if (rendered_ns > passed_ns + RUNAWAY_NS + p->slack_ns) {
        return 1;
    }
    /* keep the anchor near, so that a device that is late now and then, or a
     * process that was stopped, does not earn the right to run away */
    if (passed_ns > rendered_ns + RUNAWAY_NS || passed_ns > RESYNC_NS) {
        p->anchor_ns = now;
        p->anchor_frames = 0;
    }
    return 0;
}

static void
measure(tabor_process *p, uint64_t began, uint32_t frames)
{
    uint64_t busy = now_ns() - began;
    uint64_t block_ns = frames * NS_PER_SECOND / p->rate;
    uint64_t ppm = block_ns ? busy * 1000000 / block_ns : 0;
    uint64_t max = atomic_load_explicit(&p->load_max_ppm, memory_order_relaxed);
    if (atomic_exchange_explicit(&p->load_reset, 0, memory_order_relaxed)) {
        max = 0;
    }
    atomic_store_explicit(&p->load_max_ppm, ppm > max ? ppm : max,
                          memory_order_relaxed);
    /* one writer: plain additions through relaxed loads and stores */
    atomic_store_explicit(
        &p->busy_ns,
        atomic_load_explicit(&p->busy_ns, memory_order_relaxed) + busy,
        memory_order_relaxed);
    atomic_store_explicit(
        &p->frames,
        atomic_load_explicit(&p->frames, memory_order_relaxed) + frames,
        memory_order_relaxed);
    atomic_store_explicit(
        &p->blocks, atomic_load_explicit(&p->blocks, memory_order_relaxed) + 1,
        memory_order_relaxed);
}

/* ------------------------------------------------------------ render -- */

static size_t
size_of(const tabor_process *p, uint32_t frames)
{
    return (size_t)frames * p->channels *
           tabor_conversion_bytes(p->conversion.format);
}

/* Returns 1 if the service thread is to be woken. */
static int
render_span(tabor_process *p, void *out, uint32_t frames, uint64_t now)
{
    if (!p->scratch) {
        return tabor_render(p->rt, out, frames, now);
    }
    uint64_t first = p->rt->frame;
    int wake = tabor_render(p->rt, p->scratch, frames, now);
    tabor_convert(&p->conversion, p->scratch, first, frames, out);
    return wake;
}

static int
render_block(tabor_process *p, char *out, uint32_t frames, uint64_t now)
{
    int wake = 0;
    do {
        uint32_t n = frames < TABOR_SPAN_MAX ? frames : TABOR_SPAN_MAX;
        wake |= render_span(p, out, n, p->clocked ? now : 0);
        out += size_of(p, n);
        frames -= n;
    } while (frames > 0);
    return wake;
}

static void
run_inside(tabor_process *p, void *out, uint32_t frames, uint64_t now)
{
    if (p->paced && runs_away(p, now, frames)) {
        atomic_store_explicit(&p->runaway, 1, memory_order_release);
        memset(out, 0, size_of(p, frames));
        return;
    }
    tabor_denormals before = tabor_denormals_off();
    int wake = render_block(p, out, frames, now);
    tabor_denormals_restore(before);
    measure(p, now, frames);
    if (wake && p->wake_fd >= 0) {
        /* The one named system call. EAGAIN: it is readable already. */
        const uint64_t one = 1;
        ssize_t ignored = write(p->wake_fd, &one, sizeof one);
        (void)ignored;
    }
}

/* As much stack as a block may take (tests/rt-calls.py compares), touched in a
 * stream's first one, so that the first loop's seam an hour later does not wait
 * for a page of it. */
__attribute__((noinline)) static void
touch_stack(void)
{
    volatile char deep[8064];
    for (size_t i = 0; i < sizeof deep; i += 1024) {
        deep[i] = 0;
    }
}

TABOR_RT void
tabor_process_run(void *self, void *out, uint32_t frames)
{
    tabor_process *p = self;
    uint64_t now = now_ns();
    atomic_store_explicit(&p->last_ns, now, memory_order_relaxed);
    uint64_t calls = atomic_load_explicit(&p->calls, memory_order_relaxed);
    atomic_store_explicit(&p->calls, calls + 1, memory_order_relaxed);
    if (calls == 0) {
        touch_stack();
    }
    if (!tabor_gate_enter(&p->gate)) {
        memset(out, 0, size_of(p, frames));
        return;
    }
    run_inside(p, out, frames, now);
    tabor_gate_leave(&p->gate);
}

TABOR_RT void
tabor_process_run_watched(void *self, void *out, uint32_t frames)
{
    const tabor_process *p = self;
    p->watch.enter(p->clocked, p->wake_fd);
    tabor_process_run(self, out, frames);
    p->watch.leave();
}
