/* SPDX-License-Identifier: MIT
 *
 * What no client of ours sends: handles that name nothing do nothing, where
 * there is no room nothing breaks, and every command gives its credit back.
 */
#include "wire.h"

/* -------------------------------------------------------------- handles -- */

/* Handles that name nothing, one part wrong in each. */
static uint32_t
bad_voices(tabor_handle *bad)
{
    unsigned owner = r.client->owner, places = r.client->play_count;
    uint32_t n = 0;
    bad[n++] = tabor_handle_make(TABOR_KIND_SAMPLE, owner, 1, 7);
    bad[n++] = tabor_handle_make(TABOR_KIND_VOICE, owner + 1, 1, 7);
    bad[n++] = tabor_handle_make(TABOR_KIND_VOICE, owner, places, 7);
    return n;
}

static void
test_play_targets(void)
{
    set_up();
    wrong = looked_at = 0;
    tabor_handle bad[3];
    for (uint32_t n = bad_voices(bad), i = 0; i < n; i++) {
        refuse(play(bad[i]));
    }
    taken(play(handle(r.client->play_count - 1)));
    taken(play(handle(1)));
    refuse(play(handle(1)));
    ok(wrong == 0 && looked_at == 6, "a play needs a free place of its client");
    ok_int(only_event().type, TABOR_EVENT_NONE, "else it has no end to tell");
    rig_close(&r);
}

static void
test_voice_targets(void)
{
    static const tabor_command_type types[] = {
        TABOR_COMMAND_VOICE_STOP, TABOR_COMMAND_VOICE_SET,
        TABOR_COMMAND_RELEASE, TABOR_COMMAND_SEEK};
    set_up();
    tabor_command now = play_now(handle(1));
    put(&now, 1);
    free(rig_render(&r, 10, 2));
    tabor_handle bad[5];
    uint32_t n = bad_voices(bad);
    bad[n++] = handle(1) + 1; /* of the next generation */
    bad[n++] = handle(2);     /* of a play that is not there */
    int stale_ones = 0;
    for (size_t t = 0; t < sizeof types / sizeof *types; t++) {
        for (uint32_t i = 0; i < n; i++) {
            tabor_command c = command(types[t], bad[i]);
            c.flags = 0;
            stale_ones += refused(&c, 1);
        }
    }
    ok_int(stale_ones, 20, "a voice that is not there is counted as stale");
    float *out = rig_render(&r, 2, 2);
    ok_near(out[0], 21 / 2000.0, 1e-9, "and the one beside it plays on");
    free(out);
    rig_close(&r);
}

static void
test_sample_targets(void)
{
    set_up();
    const tabor_handle bad[] = {
        tabor_handle_make(TABOR_KIND_VOICE, 0, tabor_handle_slot(sample),
                          tabor_handle_generation(sample)),
        tabor_handle_make(TABOR_KIND_SAMPLE, 0, TABOR_MAX_SAMPLES, 1),
        tabor_handle_make(TABOR_KIND_SAMPLE, 0, UINT16_MAX, 1), sample + 1};
    int stale_ones = 0, unloaded = 0;
    for (unsigned i = 0; i < 4; i++) {
        tabor_command c = command(TABOR_COMMAND_LOAD_SAMPLE, bad[i]);
        c.flags = 0;
        stale_ones += refused(&c, 1);
        c.type = TABOR_COMMAND_RETIRE_SAMPLE;
        stale_ones += refused(&c, 1);
        tabor_command p = play(handle(i));
        p.body.play.sample = bad[i];
        put(&p, 1);
        free(rig_render(&r, 1, 2));
        tabor_event e = only_event();
        unloaded += e.type == TABOR_EVENT_ENDED && e.handle == handle(i) &&
                    e.reason == TABOR_UNLOADED && e.value == TABOR_NO_FRAME;
    }
    ok_int(stale_ones, 8, "a sample that is not there is counted as stale");
    ok_int(unloaded, 4, "and a play of it ends as unloaded");
    tabor_command p = play(handle(5));
    p.body.play.offset = 1001;
    put(&p, 1);
    free(rig_render(&r, 1, 2));
    ok_int(only_event().reason, TABOR_UNLOADED,
           "so does one that begins past the sample's end");
    tabor_command late[] = {play_now(handle(6)),
                            command(TABOR_COMMAND_RETIRE_SAMPLE, sample),
                            play_now(handle(7))};
    late[1].flags = 0;
    put(late, 2);
    free(rig_render(&r, 10, 2));
    put(late + 2, 1);
    free(rig_render(&r, 10, 2));
    tabor_event e = only_event();
    ok(e.handle == handle(7) && e.reason == TABOR_UNLOADED,
       "a sample that rings out takes no new play");
    rig_close(&r);
}

static void
test_seek_targets(void)
{
    set_up();
    sample = rig_ramp(&r, 500, 2); /* not the table's first */
    const tabor_command plays[] = {play_now(handle(1)), play(handle(2))};
    put(plays, 2);
    free(rig_render(&r, 10, 2));
    int good = 0, past = 0;
    for (unsigned voice = 1; voice <= 2; voice++) {
        tabor_command seek = command(TABOR_COMMAND_SEEK, handle(voice));
        seek.flags = 0;
        good += refused(&seek, 1) == 0;
        seek.body.seek.position = 501;
        past += refused(&seek, 1);
    }
    ok_int(good, 2, "a seek finds a voice that sounds and one that waits");
    ok_int(past, 2, "and is refused past the end of what that one plays");
    float *out = rig_render(&r, 300, 2);
    ok_near(out[299 * 2], 599 / 1000.0, 1e-6,
            "which plays on from where the "
            "good one put it");
    free(out);
    rig_close(&r);
}

/* ----------------------------------------------------------------- news -- */

/* Does rendering frames wake a reader who has said that it may sleep? */
static int
wakes(uint32_t frames)
{
    tabor_wake *wake = &r.client->link->wake;
    tabor_wake_arm(wake);
    free(rig_render(&r, frames, 2));
    return atomic_load(&wake->armed) == 0;
}

static void
test_news(void)
{
    set_up();
    wakes(1);
    ok(!wakes(1), "nothing new wakes nobody");
    tabor_command set = command(TABOR_COMMAND_VOICE_SET, handle(9));
    set.frame = tabor_engine_frame(r.engine) + 100;
    put(&set, 1);
    ok(wakes(10), "room in the ring wakes who waits for it");
    ok(!wakes(10), "once");
    ok(wakes(200), "so does a command that is done and has nothing to tell");
    tabor_command now = play_now(handle(1));
    put(&now, 1);
    free(rig_render(&r, 900, 2));
    ok(!wakes(10), "a voice that plays on does not");
    ok(wakes(200) && !wakes(1), "its end does, once");
    rig_close(&r);
}

/* ----------------------------------------------------------------- room -- */

/* Fill the schedule but for a number of places. */
static void
fill_schedule(uint32_t but)
{
    for (uint32_t left = TABOR_SCHEDULE_SLOTS - but; left > 0;) {
        tabor_command pings[32];
        uint32_t n = left < 32 ? left : 32;
        for (uint32_t i = 0; i < n; i++) {
            pings[i] = command(TABOR_COMMAND_PING, 1);
        }
        refused(pings, n);
        left -= n;
    }
}

static void
test_full_schedule(void)
{
    set_up();
    fill_schedule(1);
    uint32_t done = r.client->rt->done;
    const tabor_command pair[] = {shape(handle(1)), play(handle(1))};
    ok_int(refused(pair, 2), 1,
           "a play with no place beside its shape's is "
           "refused");
    ok_int(r.client->rt->done - done, 2, "and both credits come back");
    tabor_command ping = command(TABOR_COMMAND_PING, 1);
    ok_int(refused(&ping, 1), 0, "as does the shape's place");
    ok_int(refused(pair, 2), 2, "with none left both are refused");
    ok_int(r.client->rt->done - done, 4, "and their credits come back");
    ok_int(refused(&ping, 1), 1, "like any other command");
    ok_int(r.client->rt->slab_free_count, 0, "while nothing is given twice");
    rig_close(&r);
}

static void
test_full_notes(void)
{
    set_up();
    uint32_t room = r.client->link->note_ring.capacity, sent = 0;
    while (sent < room + 40) {
        tabor_command ping = command(TABOR_COMMAND_PING, 1);
        ping.flags = 0;
        sent += 1 + (uint32_t)refused(&ping, 1);
    }
    uint32_t head = r.client->link->note_ring.next_head;
    ok_int(atomic_load(&r.client->link->note_ring.tail) - head, room,
           "answers for which there is no room are left out");
    tabor_command now = play_now(handle(1));
    put(&now, 1);
    float *out = rig_render(&r, 10, 2);
    ok_near(out[9 * 2], 19 / 2000.0, 1e-9, "and the sound goes on");
    free(out);
    rig_close(&r);
}

static void
test_full_take(void)
{
    set_up();
    tabor_take_record records[4];
    tabor_take_ring take = {.records = records};
    tabor_ring_init(&take.ring, 4, UINT32_MAX - 1);
    r.engine->rt->take = &take;
    for (uint32_t i = 0; i < 6; i++) {
        tabor_command c = command(TABOR_COMMAND_PING, i);
        put(&c, 1);
        free(rig_render(&r, 3, 2));
    }
    r.engine->rt->take = NULL;
    ok_int(tabor_ring_ready(&take.ring, 4), 4, "a take's ring fills up");
    ok_int(atomic_load(&take.lost), 2, "and what it loses is counted");
    int in_order = 0;
    for (uint32_t i = 0; i < 4; i++) {
        const tabor_take_record *at =
            &records[(take.ring.next_head + i) & take.ring.mask];
        in_order += at->command.target == i && at->frame == 1 + 3 * i &&
                    at->kind == TABOR_TAKE_COMMAND &&
                    at->owner == r.client->owner;
    }
    ok_int(in_order, 4, "what it keeps is in the order it came");
    rig_close(&r);
}

/* ----------------------------------------------------------------- late -- */

/* So late that 32 bits can't say it. */
static void
test_very_late(void)
{
    set_up();
    const uint64_t now = (UINT64_C(1) << 32) + 1000;
    r.engine->rt->frame = now;
    tabor_command dropped = play(handle(1));
    dropped.frame = 5;
    dropped.flags |= TABOR_COMMAND_DROP_LATE;
    put(&dropped, 1);
    free(rig_render(&r, 1, 2));
    tabor_event e = only_event();
    ok(e.reason == TABOR_LATE && e.late == UINT32_MAX,
       "a play 2^32 frames late says that it is 2^32 - 1 late");
    const uint64_t step = UINT64_C(48) << 32;
    tabor_command loop[] = {shape(handle(2)), play(handle(2))};
    loop[0].body.shape.loop_start = 100;
    loop[0].body.shape.loop_end = 107;
    loop[1].frame = 6;
    loop[1].flags |= TABOR_COMMAND_CATCH_UP;
    loop[1].body.play.step = step;
    put(loop, 2);
    uint64_t began = r.engine->rt->frame;
    free(rig_render(&r, 1, 2));
    const tabor_voice *v = &r.engine->rt->voices[0];
    uint64_t way = (began + 1 - 6) * 48;
    ok_int(v->phase >> 32, 100 + (way - 100) % 7,
           "one that catches up is where it would be after %llu frames",
           (unsigned long long)(began - 6));
    tabor_stats stats;
    tabor_get_stats(r.client, &stats);
    ok(stats.late == 2 && stats.late_max == now - 5,
       "and both are counted, with the worst");
    rig_close(&r);
}

/* A play's own fade goes before the ramp it would have in mid-sample. */
static void
test_soft_and_faded(void)
{
    set_up();
    tabor_command both[] = {shape(handle(1)), play_now(handle(1))};
    both[0].body.shape.fade_in = 100;
    both[0].body.shape.fade_out = 50;
    both[1].flags = TABOR_COMMAND_SOFT_START | TABOR_COMMAND_SOFT_END;
    both[1].body.play.offset = 10;
    both[1].body.play.length = 400;
    put(both, 2);
    float *out = rig_render(&r, 400, 2);
    double worst = 0;
    for (int i = 0; i < 400; i++) {
        double level = bend(i / 100.0) * bend((400 - i) / 50.0);
        double want = level * (2 * (i + 10) + 1) / 2000.0;
        worst = fmax(worst, fabs(out[i * 2] - want));
    }
    ok(worst < 1e-6, "fades that are asked for go before ramps (%.2g)", worst);
    free(out);
    rig_close(&r);
}

int
main(void)
{
    tap_start();
    test_play_targets();
    test_voice_targets();
    test_sample_targets();
    test_seek_targets();
    test_news();
    test_full_schedule();
    test_full_notes();
    test_full_take();
    test_very_late();
    test_soft_and_faded();
    return tap_done();
}
