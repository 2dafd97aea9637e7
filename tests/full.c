/* SPDX-License-Identifier: MIT
 *
 * Each of the three rooms filled to the brim - the ring, the schedule, the
 * handles of plays: refused with the right counts, stop and panic get through,
 * nothing that was accepted is lost. py-full.py and lua-full.lua ask the same.
 */
#include "helpers.h"

/* A sum of 4,096 of these is exact. */
#define LEVEL  (1.0f / 4096)
#define LENGTH 6000
#define LATER  9000  /* a frame that comes when the first ones have ended */
#define FRAMES 20000 /* after which all have */

typedef struct full_room {
    const char *which;
    uint32_t voices, queue, plays;
    uint32_t now, later; /* plays that sound before the rest is scheduled */
} full_room;

static const full_room rooms[] = {
    {"queue", 256, 64, 0, 64 - 16, 0},
    {"schedule", 8192, 8192, 0, 0, 4096 - 16},
    {"plays", 2048, 8192, 4096, 2048, 2048},
};

/* A room that is full. */
typedef struct full_rig {
    rig r;
    tabor_handle sample;
    tabor_handle voices[8192];
    uint32_t accepted;
    double heard; /* the sum of all values so far */
} full_rig;

static void
render(full_rig *f, uint32_t frames)
{
    float *out = rig_render(&f->r, frames, 1);
    for (uint32_t i = 0; i < frames; i++) {
        f->heard += out[i];
    }
    free(out);
}

/* Play until there is no room, at most most times. */
static void
fill(full_rig *f, uint64_t at, uint32_t most)
{
    tabor_play_params p = TABOR_PLAY;
    p.at = at;
    for (uint32_t i = 0; i < most; i++) {
        if (tabor_play(f->r.client, f->sample, &p, &f->voices[f->accepted]) !=
            TABOR_OK) {
            return;
        }
        f->accepted++;
    }
}

static void
open_full(full_rig *f, const full_room *room)
{
    memset(f, 0, sizeof *f);
    tabor_engine_config config = TABOR_ENGINE_CONFIG;
    tabor_client_config client = TABOR_CLIENT_CONFIG;
    tabor_audio *audio;
    config.driver = "offline";
    config.channels = 1;
    config.voices = room->voices;
    client.queue = room->queue;
    client.plays = room->plays;
    must(tabor_engine_open(&config, &f->r.engine));
    must(tabor_client_open(f->r.engine, &client, &f->r.client));
    must(tabor_audio_new(LENGTH, 1, 48000, &audio));
    for (int i = 0; i < LENGTH; i++) {
        audio->values[i] = LEVEL;
    }
    must(tabor_sample_add(f->r.client, audio, "level", &f->sample));
    tabor_audio_free(audio);
    render(f, 1);
    if (room->later == 0) {
        fill(f, TABOR_ASAP, 8192);
        return;
    }
    fill(f, TABOR_ASAP, room->now);
    render(f, 1);
    fill(f, LATER, 8192);
}

/* Ends that were told, once each for the voices that were accepted; -1: one
 * was told twice, or one of no such voice. */
static int
count_ends(full_rig *f, unsigned reasons)
{
    static uint8_t told[65536];
    memset(told, 0, sizeof told);
    tabor_event e;
    int count = 0;
    while (tabor_poll(f->r.client, &e, 1)) {
        unsigned slot = e.handle >> 32 & 0xffff;
        if (e.type != TABOR_EVENT_ENDED || !(reasons >> e.reason & 1) ||
            told[slot]) {
            return -1;
        }
        told[slot] = 1;
        count++;
    }
    for (uint32_t i = 0; i < f->accepted; i++) {
        if (!told[f->voices[i] >> 32 & 0xffff]) {
            return -1;
        }
    }
    return count;
}

/* The room again: as many fit as before. */
static void
test_again(full_rig *f, const full_room *room)
{
    f->accepted = 0;
    uint64_t at =
        room->later ? tabor_engine_frame(f->r.engine) + LATER : TABOR_ASAP;
    fill(f, TABOR_ASAP, room->later ? room->now : 8192);
    if (room->now && room->later) {
        render(f, 1);
    }
    fill(f, at, 8192);
    ok_int(f->accepted, room->now + room->later,
           "%s: and all the room is there again", room->which);
    rig_close(&f->r);
}

static void
test_counts(const full_room *room)
{
    static full_rig f;
    open_full(&f, room);
    tabor_full full = tabor_full_info();
    ok_int(f.accepted, room->now + room->later, "%s: it takes %u plays",
           room->which, room->now + room->later);
    ok(strcmp(full.which, room->which) == 0 && full.needed == 1 &&
           full.free == 0,
       "%s: the next one is refused: %s", room->which, tabor_error());
    render(&f, FRAMES);
    ok_int(count_ends(&f, 1u << TABOR_FINISHED), f.accepted,
           "%s: each accepted play finishes, once", room->which);
    ok_near(f.heard, (double)f.accepted * LENGTH * LEVEL, 0,
            "%s: all of it is heard, nothing else", room->which);
    test_again(&f, room);
}

static void
test_stop(const full_room *room)
{
    static full_rig f;
    open_full(&f, room);
    double before = f.heard;
    int sent = 0;
    for (int i = 0; i < 14; i++) {
        sent += tabor_voice_stop(f.r.client, f.voices[i], 0, TABOR_NO_FRAME) ==
                TABOR_OK;
    }
    ok_int(sent, 14, "%s: when it is full voices can be stopped", room->which);
    ok(tabor_stop(f.r.client, 0) == TABOR_OK &&
           tabor_cancel(f.r.client, 0, 0, TABOR_NO_FRAME) == TABOR_OK,
       "%s: so can all of them, and what is scheduled", room->which);
    render(&f, FRAMES);
    ok_near(f.heard, before, 0, "%s: then there is silence", room->which);
    ok_int(count_ends(&f, 1u << TABOR_STOPPED | 1u << TABOR_CANCELLED),
           f.accepted, "%s: and each play has ended, once", room->which);
    test_again(&f, room);
}

static void
test_panic(const full_room *room)
{
    static full_rig f;
    open_full(&f, room);
    double before = f.heard;
    tabor_engine_panic(f.r.engine);
    render(&f, FRAMES);
    ok_near(f.heard, before, 0, "%s: a panic gets through", room->which);
    ok_int(count_ends(&f, 1u << TABOR_STOPPED | 1u << TABOR_CANCELLED),
           f.accepted, "%s: and ends each play, once", room->which);
    test_again(&f, room);
}

/* What needs more than there is, but not more than one. */
static void
test_needed(void)
{
    static full_rig f;
    open_full(&f, &rooms[0]);
    render(&f, FRAMES);
    count_ends(&f, 1u << TABOR_FINISHED);
    tabor_play_params p = TABOR_PLAY;
    f.accepted = 0;
    fill(&f, TABOR_ASAP, 64 - 16 - 1);
    p.fade_in = 10;
    ok_int(tabor_play(f.r.client, f.sample, &p, &f.voices[100]), TABOR_ERR_FULL,
           "a play with a fade needs two places");
    tabor_full full = tabor_full_info();
    ok(full.needed == 2 && full.free == 1, "one is there: %s", tabor_error());
    must(tabor_batch_begin(f.r.client));
    for (int i = 0; i < 5; i++) {
        must(tabor_play(f.r.client, f.sample, NULL, &f.voices[100 + i]));
    }
    ok_int(tabor_batch_commit(f.r.client), TABOR_ERR_FULL, "a batch of 5");
    full = tabor_full_info();
    ok(full.needed == 5 && full.free == 1, "needs 5: %s", tabor_error());
    tabor_batch_abandon(f.r.client);
    render(&f, FRAMES);
    ok_int(count_ends(&f, 1u << TABOR_FINISHED), 64 - 16 - 1,
           "of what was refused nothing is played");
    rig_close(&f.r);
}

int
main(void)
{
    tap_start();
    for (size_t i = 0; i < sizeof rooms / sizeof *rooms; i++) {
        test_counts(&rooms[i]);
        test_stop(&rooms[i]);
        test_panic(&rooms[i]);
    }
    test_needed();
    return tap_done();
}
