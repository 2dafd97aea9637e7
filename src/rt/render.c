/* SPDX-License-Identifier: MIT */
#include "rt/render.h"

#include <string.h>

#include "rt/apply.h"
#include "rt/output.h"
#include "rt/plays.h"
#include "rt/schedule.h"
#include "rt/voice.h"

/* ------------------------------------------------------------- drain -- */

/* See how much there is, but take nothing yet. */
static void
look_in(tabor_rt_client *c)
{
    tabor_ring *ring = &c->link->command_ring;
    if (!c->closing && tabor_link_is_closing(c->link)) {
        c->closing = 1; /* seen before the ring: nothing comes after */
    }
    __builtin_prefetch(&c->link->commands[ring->next_head & ring->mask]);
    uint32_t n = tabor_ring_ready(ring, ring->capacity);
    c->drained = n < ring->capacity ? n : ring->capacity;
}

static void
drain_client(tabor_rt *rt, unsigned owner)
{
    tabor_rt_client *c = rt->clients[owner];
    tabor_ring *ring = &c->link->command_ring;
    uint32_t n = c->drained;
    for (uint32_t i = 0; i < n; i++) {
        tabor_accept(rt, owner,
                     &c->link->commands[(ring->next_head + i) & ring->mask]);
    }
    if (n) {
        tabor_ring_release(ring, n);
    }
}

/* Silence for everything that was sent before a panic. Looked at after the
 * rings' ends, so what is in them and was sent after it carries a count that
 * is not greater than the one read here. */
TABOR_RT void
tabor_render_panic(tabor_rt *rt)
{
    uint32_t panics = tabor_panic_count(&rt->panic);
    if (panics == rt->panics_done) {
        return;
    }
    rt->panics_done = panics;
    const tabor_command note = {.panics = panics};
    tabor_take_note(rt, TABOR_TAKE_PANIC, 0, &note);
    tabor_fade_voices(rt, 0, 0, TABOR_END_STOPPED);
    for (unsigned o = 1; o < TABOR_OWNERS; o++) {
        if (rt->clients[o]) {
            tabor_withdraw(rt, o, TABOR_END_CANCELLED);
        }
    }
}

static void
drain(tabor_rt *rt)
{
    for (unsigned o = 1; o < TABOR_OWNERS; o++) {
        rt->clients[o] = tabor_inbox_look(&rt->inbox[o]);
        if (rt->clients[o]) {
            look_in(rt->clients[o]);
        }
    }
    tabor_render_panic(rt);
    for (unsigned o = 1; o < TABOR_OWNERS; o++) {
        if (rt->clients[o]) {
            drain_client(rt, o);
        }
    }
}

/* -------------------------------------------------------- mix, retire -- */

/* In place, ascending: the ends of a span in the order of their frames, so
 * that events come in the same order for every block size. */
static void
sort_ended(uint32_t *a, uint32_t n)
{
    for (uint32_t i = n / 2, end = n; end > 1;) {
        uint32_t x;
        if (i > 0) {
            x = a[--i];
        } else {
            x = a[--end];
            a[end] = a[0];
        }
        uint32_t hole = i;
        for (uint32_t kid; (kid = 2 * hole + 1) < end; hole = kid) {
            kid += kid + 1 < end && a[kid + 1] > a[kid];
            if (a[kid] <= x) {
                break;
            }
            a[hole] = a[kid];
        }
        a[hole] = x;
    }
}

static int
is_sorted(const uint32_t *a, uint32_t n)
{
    for (uint32_t i = 1; i < n; i++) {
        if (a[i - 1] > a[i]) {
            return 0;
        }
    }
    return 1;
}

static void
retire(tabor_rt *rt, uint32_t count)
{
    if (!is_sorted(rt->ended, count)) {
        sort_ended(rt->ended, count);
    }
    for (uint32_t i = 0; i < count; i++) {
        tabor_play_end(rt, rt->ended[i] & 0xffff,
                       rt->frame + (rt->ended[i] >> 16));
    }
}

/* Mix a span in which no command is due. */
static void
render_span(tabor_rt *rt, float *out, uint32_t frames)
{
    uint32_t cleared = (frames + 7) & ~7u; /* output.c goes so far */
    for (uint32_t c = 0; c < rt->channels; c++) {
        memset(rt->bus + (size_t)c * TABOR_SPAN_MAX, 0,
               cleared * sizeof *rt->bus);
    }
    uint32_t ended = tabor_voices_mix(rt, frames);
    tabor_output_write(rt, out, frames);
    retire(rt, ended);
    rt->frame += frames;
}

static void
apply_due(tabor_rt *rt)
{
    while (tabor_schedule_next(rt) <= rt->frame) {
        tabor_apply_next(rt);
    }
    if (rt->over) { /* what was cut with no fade */
        retire(rt, tabor_voices_mix(rt, 0));
    }
}

/* -------------------------------------------------------------- tell -- */

/* A client that has left: its scheduled plays go, the others fade in 20 ms. */
static void
start_leaving(tabor_rt *rt)
{
    for (unsigned o = 1; o < TABOR_OWNERS; o++) {
        tabor_rt_client *c = rt->clients[o];
        if (c && c->closing == 1) {
            tabor_take_note(rt, TABOR_TAKE_LEAVE, o, NULL);
            tabor_withdraw(rt, o, TABOR_END_DETACHED);
            tabor_schedule_purge(rt, o);
            tabor_fade_voices(rt, o, 4 * rt->declick_frames,
                              TABOR_END_DETACHED);
            c->closing = 2;
        }
    }
}

static void
finish_leaving(tabor_rt *rt, unsigned owner)
{
    tabor_rt_client *c = rt->clients[owner];
    if (c->closing == 2 && c->sounding == 0) {
        rt->clients[owner] = NULL;
        tabor_inbox_clear(&rt->inbox[owner]);
        tabor_link_detach(c->link);
    }
}

/* Publish one client's events and credits; returns 1 if its reader sleeps. */
static int
tell_client(tabor_rt_client *c)
{
    int news = c->notes || c->drained || c->done != c->done_told;
    if (c->notes) {
        tabor_ring_commit(&c->link->note_ring, c->notes);
        c->notes = 0;
    }
    if (c->done != c->done_told) {
        c->done_told = c->done;
        atomic_store_explicit(&c->link->done, c->done, memory_order_relaxed);
    }
    return news && tabor_wake_fire(&c->link->wake);
}

static int
tell(tabor_rt *rt, uint64_t now_ns)
{
    int wake = 0;
    for (unsigned o = 1; o < TABOR_OWNERS; o++) {
        tabor_rt_client *c = rt->clients[o];
        if (!c) {
            continue;
        }
        wake |= tell_client(c);
        finish_leaving(rt, o);
    }
    atomic_store_explicit(&rt->sounding_told, rt->sounding,
                          memory_order_relaxed);
    tabor_clock_publish(&rt->clock, (tabor_clock_words){rt->frame, now_ns});
    return wake;
}

/* ------------------------------------------------------------- render -- */

TABOR_RT int
tabor_render(tabor_rt *rt, float *out, uint32_t frames, uint64_t now_ns)
{
    drain(rt);
    if (frames == 0) {
        tabor_take_note(rt, TABOR_TAKE_SETTLE, 0, NULL);
    }
    apply_due(rt);
    start_leaving(rt);
    uint64_t end = rt->frame + frames;
    while (rt->frame < end) {
        uint64_t next = tabor_schedule_next(rt);
        uint64_t cut = next < end ? next : end;
        uint32_t n = (uint32_t)(cut - rt->frame);
        render_span(rt, out, n);
        out += (size_t)n * rt->channels;
        if (cut < end) {
            apply_due(rt);
        }
    }
    return tell(rt, now_ns);
}

TABOR_RT void
tabor_render_end(tabor_rt *rt)
{
    drain(rt);
    apply_due(rt);
    for (unsigned o = 1; o < TABOR_OWNERS; o++) {
        if (rt->clients[o]) {
            tabor_withdraw(rt, o, TABOR_END_DETACHED);
        }
    }
    tabor_fade_voices(rt, 0, 0, TABOR_END_DETACHED);
    retire(rt, tabor_voices_mix(rt, 0));
    tell(rt, 0);
}
