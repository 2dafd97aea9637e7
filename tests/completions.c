/* SPDX-License-Identifier: MIT
 *
 * Completions: 10,000 voices that end in one block have 10,000 ends, each once,
 * also if nobody reads for 5 seconds while other plays go on.
 */
#include <inttypes.h>
#include <malloc.h>
#include <time.h>

#include "helpers.h"

#define VOICES 10000
#define RATE   8000
#define BLOCK  256
#define LIVE_S 4   /* how long the voices sound, live */
#define OTHERS 500 /* plays meanwhile */

/* What was played: the handles in the order of sending. */
typedef struct crowd {
    tabor_handle handles[VOICES];
    uint64_t at, length; /* all of them, before lengths differ */
    uint32_t spread;     /* lengths are length + i % spread */
} crowd;

/* Allocated bytes, mapped ones too. */
static double
allocated(void)
{
    struct mallinfo2 now = mallinfo2();
    return (double)now.uordblks + (double)now.hblkhd;
}

static rig
open_rig(const char *driver, uint32_t voices)
{
    rig r;
    tabor_engine_config config = TABOR_ENGINE_CONFIG;
    config.driver = driver;
    config.rate = RATE;
    config.block = BLOCK;
    config.voices = voices;
    double before = allocated();
    must(tabor_engine_open(&config, &r.engine));
    double opened = allocated();
    tabor_client_config client = TABOR_CLIENT_CONFIG;
    client.queue = 16384;
    must(tabor_client_open(r.engine, &client, &r.client));
    tap_note("%s: an engine of %u voices takes %.1f MB, its client %.1f MB",
             driver, voices, (opened - before) * 1e-6,
             (allocated() - opened) * 1e-6);
    return r;
}

static tabor_handle
load_ones(rig *r, uint64_t frames)
{
    tabor_audio *audio;
    tabor_handle sample;
    must(tabor_audio_new(frames, 1, RATE, &audio));
    for (uint64_t i = 0; i < frames; i++) {
        audio->values[i] = 1.0f;
    }
    must(tabor_sample_add(r->client, audio, "ones", &sample));
    tabor_audio_free(audio);
    return sample;
}

static void
make_room(rig *r, int live)
{
    if (live) {
        must(tabor_client_wait_space(r->client, 64, 10000000000));
    } else {
        free(rig_render(r, 1, 2));
    }
}

/* All of them begin at one frame. There are more than the schedule holds, so
 * some are sent later and catch up: that leaves their ends where they are. */
static void
play_all(rig *r, crowd *c, tabor_handle sample, int live)
{
    tabor_play_params p = TABOR_PLAY;
    p.at = c->at;
    p.late = TABOR_LATE_CATCH_UP;
    p.gain = 1.0 / VOICES;
    for (uint32_t i = 0; i < VOICES;) {
        p.length = c->length + i % c->spread;
        tabor_status st = tabor_play(r->client, sample, &p, &c->handles[i]);
        if (st == TABOR_ERR_FULL) {
            make_room(r, live);
        } else {
            must(st);
            i++;
        }
    }
}

/* ---------------------------------------------------------------- ends -- */

static int
compare_handles(const void *a, const void *b)
{
    const tabor_event *x = a, *y = b;
    return x->handle < y->handle ? -1 : x->handle > y->handle;
}

/* Read events until there are no more; waits for wanted ends if live. */
static uint32_t
read_ends(rig *r, tabor_event *ends, uint32_t wanted, int live)
{
    uint32_t n = 0;
    for (;;) {
        tabor_event event;
        if (tabor_poll(r->client, &event, 1) == 1) {
            if (event.type == TABOR_EVENT_ENDED && n <= wanted) {
                ends[n++] = event;
            }
        } else if (!live || n >= wanted ||
                   tabor_client_wait(r->client, 10000000000) != TABOR_OK) {
            return n;
        }
    }
}

static const tabor_event *
find_end(const tabor_event *sorted, uint32_t n, tabor_handle handle)
{
    const tabor_event key = {.handle = handle};
    return bsearch(&key, sorted, n, sizeof key, compare_handles);
}

static int
is_right(const tabor_event *e, const crowd *c, uint32_t i)
{
    return e->reason == TABOR_FINISHED && e->value - e->late == c->at &&
           e->frame == c->at + c->length + i % c->spread;
}

/* Each voice of the crowd has its one end among n. Sorts them. */
static void
check_crowd(const crowd *c, tabor_event *ends, uint32_t n, const char *how)
{
    uint32_t out_of_order = 0, twice = 0, found = 0, right = 0;
    for (uint32_t i = 1; i < n; i++) {
        out_of_order += ends[i].frame < ends[i - 1].frame;
    }
    qsort(ends, n, sizeof *ends, compare_handles);
    for (uint32_t i = 1; i < n; i++) {
        twice += ends[i].handle == ends[i - 1].handle;
    }
    for (uint32_t i = 0; i < VOICES; i++) {
        const tabor_event *e = find_end(ends, n, c->handles[i]);
        found += e != NULL;
        right += e && is_right(e, c, i);
    }
    ok_int(out_of_order, 0, "%s: ends come in the order of their frames", how);
    ok_int(twice, 0, "no voice ends twice");
    ok_int(found, VOICES, "each of %d voices has ended", VOICES);
    ok_int(right, VOICES, "each as finished, on its frame, with its start");
}

static void
check_nothing_lost(rig *r)
{
    tabor_stats stats;
    tabor_get_stats(r->client, &stats);
    ok(stats.unread_lost == 0 && stats.stolen == 0 && stats.voices == 0,
       "none was stolen, no event was lost");
}

/* ------------------------------------------------------------- offline -- */

static void
test_offline(uint32_t spread, const char *how)
{
    static crowd c;
    static tabor_event ends[VOICES + 1];
    rig r = open_rig("offline", VOICES);
    c.at = 0;
    c.length = 10 * BLOCK + 1; /* the first ends in the eleventh block */
    c.spread = spread;
    tabor_handle sample = load_ones(&r, c.length + spread);
    play_all(&r, &c, sample, 0);
    uint64_t sent = tabor_engine_frame(r.engine);
    free(rig_render(&r, 10 * BLOCK - sent, 2));
    tabor_stats stats;
    tabor_get_stats(r.client, &stats);
    ok_int(stats.voices, VOICES, "%s: all voices sound at once", how);
    ok_int(read_ends(&r, ends, VOICES, 0), 0, "and none has ended");
    free(rig_render(&r, BLOCK, 2));
    ok_int(read_ends(&r, ends, VOICES, 0), VOICES,
           "in one block %d ends come, no more and no less", VOICES);
    check_crowd(&c, ends, VOICES, how);
    check_nothing_lost(&r);
    rig_close(&r);
}

/* ---------------------------------------------------------------- live -- */

/* Five seconds without a look at events, while short plays come and go. */
static uint32_t
play_on(rig *r, tabor_handle sample)
{
    uint32_t played = 0;
    for (int i = 0; i < OTHERS; i++) {
        tabor_play_params p = TABOR_PLAY;
        p.length = 10;
        tabor_handle voice;
        tabor_status st = tabor_play(r->client, sample, &p, &voice);
        played += st == TABOR_OK;
        nanosleep(&(struct timespec){0, 10000000}, NULL);
    }
    return played;
}

static void
test_live(void)
{
    static crowd c;
    static tabor_event ends[VOICES + OTHERS + 1];
    rig r = open_rig("null", VOICES + OTHERS);
    c.length = LIVE_S * RATE;
    c.spread = 1;
    tabor_handle sample = load_ones(&r, c.length);
    c.at = tabor_engine_frame(r.engine);
    play_all(&r, &c, sample, 1);
    uint32_t others = play_on(&r, sample);
    ok(others > 0, "live: %" PRIu32 " plays go on while nobody reads", others);
    uint32_t wanted = VOICES + others;
    ok_int(read_ends(&r, ends, wanted, 1), wanted, "then all ends are there");
    check_crowd(&c, ends, wanted, "live");
    check_nothing_lost(&r);
    rig_close(&r);
}

int
main(void)
{
    tap_start();
    test_offline(1, "on one frame");
    test_offline(BLOCK, "on the frames of a block");
    test_live();
    return tap_done();
}
