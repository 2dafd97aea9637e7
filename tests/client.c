/* SPDX-License-Identifier: MIT
 *
 * The producer's side: refusals with counts, credits that come back, many
 * clients, lives that end in any order.
 */
#include <sys/wait.h>

#include "helpers.h"

/* -------------------------------------------------------------- refusal -- */

static uint32_t
play_until_full(rig *r, tabor_handle sample, const tabor_play_params *p,
                tabor_handle *last)
{
    uint32_t accepted = 0;
    while (tabor_play(r->client, sample, p, last) == TABOR_OK) {
        accepted++;
    }
    return accepted;
}

static uint32_t
count_ends(rig *r, unsigned reason)
{
    tabor_event e;
    uint32_t n = 0;
    while (tabor_poll(r->client, &e, 1)) {
        n += e.type == TABOR_EVENT_ENDED && e.reason == reason;
    }
    return n;
}

static void
test_queue_full(void)
{
    rig r = rig_open("offline", 256, 256, 256);
    tabor_handle sample = rig_ramp(&r, 10, 2), voice = 0;
    uint32_t accepted = play_until_full(&r, sample, NULL, &voice);
    tabor_full full = tabor_full_info();
    /* one slot holds the sample's announcement */
    ok_int(accepted, 256 - 16 - 1, "a ring of 256 takes all but 16");
    ok(full.needed == 1 && full.free == 0 && strcmp(full.which, "queue") == 0,
       "then it is refused: %s", tabor_error());
    ok_int(tabor_voice_stop(r.client, voice, 0, TABOR_ASAP), TABOR_OK,
           "a stop gets through");
    ok_int(tabor_client_wait_space(r.client, 1, 1000000000), TABOR_ERR_FULL,
           "waiting offline says that only rendering makes room");
    free(rig_render(&r, 100, 2));
    ok_int(count_ends(&r, TABOR_FINISHED), accepted - 1,
           "every accepted play but the stopped one finishes");
    ok_int(tabor_play(r.client, sample, NULL, &voice), TABOR_OK,
           "and there is room again");
    tabor_stats stats;
    tabor_get_stats(r.client, &stats);
    ok(stats.refused == 1 && stats.queue_size == 256 && stats.queue_high == 241,
       "refusals and the high-water mark are counted");
    rig_close(&r);
}

static void
test_schedule_full(void)
{
    rig r = rig_open("offline", 256, 256, 1024);
    tabor_handle sample = rig_ramp(&r, 10, 2), voice = 0;
    tabor_play_params p = TABOR_PLAY;
    p.at = 1000000;
    uint32_t accepted = 0;
    for (int i = 0; i < 8; i++) {
        accepted += play_until_full(&r, sample, &p, &voice);
        free(rig_render(&r, 1, 2));
    }
    tabor_full full = tabor_full_info();
    ok_int(accepted, 4096 - 16, "4,080 plays may wait for their frame");
    ok(strcmp(full.which, "schedule") == 0 && full.free == 0, "then: %s",
       tabor_error());
    ok_int(tabor_cancel(r.client, 0, 0, TABOR_NO_FRAME), TABOR_OK,
           "cancel gets through");
    free(rig_render(&r, 1, 2));
    ok_int(count_ends(&r, TABOR_CANCELLED), accepted,
           "and withdraws every one, with one end each");
    ok_int(play_until_full(&r, sample, &p, &voice), 1024 - 16,
           "after which all the room is there again");
    rig_close(&r);
}

static void
test_plays_full(void)
{
    rig r;
    tabor_engine_config config = TABOR_ENGINE_CONFIG;
    config.driver = "offline";
    must(tabor_engine_open(&config, &r.engine));
    tabor_client_config client = TABOR_CLIENT_CONFIG;
    client.plays = 10;
    must(tabor_client_open(r.engine, &client, &r.client));
    tabor_handle sample = rig_ramp(&r, 10, 2), voice = 0;
    ok_int(play_until_full(&r, sample, NULL, &voice), 10,
           "a client for 10 plays takes 10");
    ok_int(strcmp(tabor_full_info().which, "plays"), 0, "then: %s",
           tabor_error());
    for (int i = 0; i < 10000; i++) {
        free(rig_render(&r, 20, 2));
        if (tabor_play(r.client, sample, NULL, &voice) != TABOR_OK) {
            break;
        }
    }
    tabor_stats stats;
    tabor_get_stats(r.client, &stats);
    ok_int(stats.refused, 1, "who never polls plays on: slots come back");
    rig_close(&r);
}

static void
test_wait_space(void)
{
    rig r = rig_open("null", 256, 256, 64);
    tabor_handle sample = rig_ramp(&r, 10, 2), voice = 0;
    uint32_t accepted = 0;
    int waits = 0;
    while (accepted < 2000) {
        tabor_status st = tabor_play(r.client, sample, NULL, &voice);
        if (st == TABOR_ERR_FULL) {
            waits++;
            must(tabor_client_wait_space(r.client, 1, 5000000000u));
        } else {
            must(st);
            accepted++;
        }
    }
    uint32_t ended = 0;
    while (ended < accepted &&
           tabor_client_wait(r.client, 5000000000u) == TABOR_OK) {
        tabor_event e;
        while (tabor_poll(r.client, &e, 1)) {
            ended += e.type == TABOR_EVENT_ENDED;
        }
    }
    ok(waits > 10, "a small queue fills up (%d times)", waits);
    ok_int(ended, 2000, "waiting for room loses nothing of 2,000 plays");
    rig_close(&r);
}

/* -------------------------------------------------------------- handles -- */

static void
test_handles(void)
{
    rig r = rig_open("offline", 256, 256, 1024);
    tabor_handle sample = rig_ramp(&r, 10, 2), voice = 0;
    must(tabor_play(r.client, sample, NULL, &voice));
    ok_int(tabor_voice_alive(r.client, voice), 1, "a voice is alive at once");
    free(rig_render(&r, 20, 2));
    ok_int(tabor_voice_alive(r.client, voice), 0, "and is not when it ended");
    ok_int(tabor_voice_stop(r.client, voice, 0, TABOR_ASAP), TABOR_ERR_STALE,
           "stopping it then is stale");
    ok_int(tabor_voice_stop(r.client, 0, 0, TABOR_ASAP), TABOR_ERR_STALE,
           "0 is no voice");
    ok_int(tabor_voice_stop(r.client, sample, 0, TABOR_ASAP), TABOR_ERR_STALE,
           "nor is a sample");
    ok_int(tabor_play(r.client, voice, NULL, &voice), TABOR_ERR_STALE,
           "and a voice is no sample");
    tabor_client *other;
    must(tabor_client_open(r.engine, NULL, &other));
    must(tabor_play(r.client, sample, NULL, &voice));
    ok_int(tabor_voice_stop(other, voice, 0, TABOR_ASAP), TABOR_ERR_STALE,
           "another client's voice is not one's own");
    tabor_client_close(other);
    rig_close(&r);
}

static void
test_numbers(void)
{
    rig r = rig_open("offline", 256, 256, 1024);
    tabor_handle sample = rig_ramp(&r, 10, 2), voice = 0;
    const struct {
        double velocity, gain, pan, rate;
        const char *word;
    } bad[] = {
        {100, 1, 0, 1, "127"},   {1, -1, 0, 1, "gain"}, {1, 17, 0, 1, "gain"},
        {1, 1, 2, 1, "pan"},     {1, 1, 0, 0, "rate"},  {1, 1, 0, NAN, "rate"},
        {NAN, 1, 0, 1, "veloc"}, {1, 1, NAN, 1, "pan"}, {1, 1, 0, 65, "rate"}};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        tabor_play_params p = TABOR_PLAY;
        p.velocity = bad[i].velocity;
        p.gain = bad[i].gain;
        p.pan = bad[i].pan;
        p.rate = bad[i].rate;
        ok(tabor_play(r.client, sample, &p, &voice) == TABOR_ERR_INVALID &&
               strstr(tabor_error(), bad[i].word),
           "refused: %s", tabor_error());
    }
    uint64_t frames;
    ok_int(tabor_seconds_to_frames(-1, 48000, &frames), TABOR_ERR_INVALID,
           "a time is not negative");
    ok_int(tabor_seconds_to_frames(NAN, 48000, &frames), TABOR_ERR_INVALID,
           "nor NaN");
    must(tabor_seconds_to_frames(0.5 / 48000 + 1e-9, 48000, &frames));
    ok_int(frames, 1, "seconds round to the nearest frame");
    rig_close(&r);
}

/* A handle is more than its owner and slot: 64 plays and another 64, between
 * them a new client that is given the number of the one before. */
static void
test_generations(void)
{
    rig r = rig_open("offline", 64, 256, 1024);
    tabor_handle sample = rig_ramp(&r, 480000, 2), before[64], voice = 0;
    tabor_client *client = r.client;
    int owners = 0, stale = 0, alive = 0;
    for (int i = 0; i < 64; i++) {
        must(tabor_play(client, sample, NULL, &before[i]));
    }
    for (int round = 0; round < 3; round++) {
        tabor_client_close(client);
        free(rig_render(&r, 4800, 2));
        must(tabor_client_open(r.engine, NULL, &client));
        for (int i = 0; i < 64; i++) {
            must(tabor_play(client, sample, NULL, &voice));
            owners += voice >> 48 == before[i] >> 48;
            stale += tabor_voice_stop(client, before[i], 0, TABOR_ASAP) ==
                     TABOR_ERR_STALE;
            alive += tabor_voice_alive(client, voice);
            before[i] = voice;
        }
    }
    ok_int(owners, 3 * 64, "an owner's number is given again");
    ok_int(stale, 3 * 64, "the voices of who had it before name none of his");
    ok_int(alive, 3 * 64, "which all sound on");
    r.client = client;
    rig_close(&r);
}

/* ------------------------------------------------------------- releases -- */

/* Is the place of a sample that was let go free again? There are as many as
 * loads find. */
static int
comes_back(tabor_engine *engine, tabor_client *client, tabor_handle sample)
{
    tabor_audio *audio;
    tabor_handle other = 0;
    float out[128];
    int found = 0;
    must(tabor_engine_render(engine, 64, out));
    must(tabor_audio_new(1, 1, 48000, &audio));
    while (!found &&
           tabor_sample_add(client, audio, "other", &other) == TABOR_OK) {
        found = (other >> 32) == (sample >> 32);
        must(tabor_engine_render(engine, 1, out));
    }
    tabor_audio_free(audio);
    return found;
}

/* Fill the ring to its last slot, those for stops too. */
static void
fill_ring(rig *r, tabor_handle sample)
{
    tabor_handle voice = 0;
    play_until_full(r, sample, NULL, &voice);
    while (tabor_stop(r->client, 0) == TABOR_OK) {
    }
}

/* Close a client that could not send an unload; who: 1 if another one is there,
 * which is to send it, 0 if one comes later. */
static void
test_release_left(int who, const char *fact)
{
    rig r = rig_open("offline", 64, 256, 64);
    tabor_client *other = NULL;
    tabor_handle sample = rig_ramp(&r, 10, 2), second = rig_ramp(&r, 10, 2);
    if (who) {
        must(tabor_client_open(r.engine, NULL, &other));
    }
    fill_ring(&r, sample);
    tabor_sample_release(r.client, sample);
    tabor_client_close(r.client);
    if (!who) {
        must(tabor_client_open(r.engine, NULL, &other));
    }
    ok(comes_back(r.engine, other, sample), "%s", fact);
    ok_int(tabor_sample_get_info(other, second, &(tabor_sample_info){0}),
           TABOR_OK, "(and only that one was let go)");
    r.client = other;
    rig_close(&r);
}

static void
test_release_in_batch(void)
{
    rig r = rig_open("offline", 64, 256, 64);
    tabor_handle sample = rig_ramp(&r, 10, 2);
    must(tabor_batch_begin(r.client));
    must(tabor_sample_unload(r.client, sample, TABOR_UNLOAD_RING));
    tabor_client_close(r.client);
    must(tabor_client_open(r.engine, NULL, &r.client));
    ok(comes_back(r.engine, r.client, sample),
       "what a batch unloads is unloaded, if its client closes in it too");
    rig_close(&r);
}

/* ----------------------------------------------------------------- many -- */

static void
test_many(void)
{
    rig r = rig_open("offline", 64, 256, 1024);
    tabor_handle sample = rig_ramp(&r, 100, 2), voice;
    tabor_client *clients[16] = {r.client};
    for (int i = 1; i < 16; i++) {
        must(tabor_client_open(r.engine, NULL, &clients[i]));
    }
    tabor_client *more;
    ok_int(tabor_client_open(r.engine, NULL, &more), TABOR_ERR_LIMIT,
           "16 clients connect, a 17th does not");
    tabor_play_params p = TABOR_PLAY;
    p.at = 10;
    p.gain = 1.0 / 16;
    for (int i = 15; i >= 0; i--) {
        must(tabor_play(clients[i], sample, &p, &voice));
    }
    float *out = rig_render(&r, 200, 2);
    ok_near(out[(10 + 99) * 2 + 1], 1.0, 1e-6,
            "all play one shared sample together");
    free(out);
    int each = 1;
    for (int i = 0; i < 16; i++) {
        tabor_event e[4];
        each = each && tabor_poll(clients[i], e, 4) == 1;
    }
    ok(each, "and each is told of its own voice");
    for (int round = 0; round < 50; round++) {
        must(tabor_play(clients[15], sample, NULL, &voice));
        tabor_client_close(clients[15]);
        free(rig_render(&r, 2000, 2));
        must(tabor_client_open(r.engine, NULL, &clients[15]));
    }
    ok(1, "a place comes back 50 times when its client leaves");
    for (int i = 1; i < 16; i++) {
        tabor_client_close(clients[i]);
    }
    rig_close(&r);
}

/* ----------------------------------------------------------------- life -- */

static void
test_close_order(const char *driver)
{
    for (int i = 0; i < 100; i++) {
        rig r = rig_open(driver, 64, 256, 1024);
        tabor_handle sample = rig_ramp(&r, 48000, 2), voice;
        must(tabor_play(r.client, sample, NULL, &voice));
        tabor_engine *second;
        tabor_engine_info info;
        tabor_engine_get_info(r.engine, &info);
        must(tabor_engine_attach(info.id, &second));
        if (i & 1) {
            tabor_sample_release(r.client, sample);
        }
        if (i & 2) {
            tabor_engine_close(second);
            tabor_engine_close(r.engine);
            tabor_client_close(r.client);
        } else {
            tabor_client_close(r.client);
            tabor_engine_close(r.engine);
            tabor_engine_close(second);
        }
    }
    ok(1, "%s: voice, sample, client and engine end in any order, 100 times",
       driver);
}

static void
test_after_close(void)
{
    rig r = rig_open("null", 64, 256, 1024);
    tabor_handle sample = rig_ramp(&r, 480000, 2), voice;
    tabor_play_params p = TABOR_PLAY;
    must(tabor_play(r.client, sample, NULL, &voice));
    p.at = 48000000;
    must(tabor_play(r.client, sample, &p, &voice));
    tabor_engine_close(r.engine);
    ok_int(tabor_play(r.client, sample, NULL, &voice), TABOR_ERR_CLOSED,
           "a closed engine says so");
    ok_int(count_ends(&r, TABOR_DETACHED), 2,
           "each play that was alive has its end");
    ok_int(tabor_client_wait(r.client, 10000000000u), TABOR_ERR_CLOSED,
           "waiting for more does not wait");
    tabor_client_close(r.client);
}

static void
test_fork(void)
{
#ifdef __SANITIZE_THREAD__
    tap_note("no fork: ThreadSanitizer can't start threads in a child");
    return;
#endif
    rig r = rig_open("null", 64, 256, 1024);
    tabor_handle sample = rig_ramp(&r, 4800, 2), voice;
    int children = 0;
    for (int i = 0; i < 20; i++) {
        pid_t child = fork();
        if (child == 0) {
            int right =
                tabor_play(r.client, sample, NULL, &voice) == TABOR_ERR_FORKED;
            tabor_client_close(r.client);
            tabor_engine_close(r.engine);
            rig own = rig_open("null", 64, 16, 64);
            rig_close(&own);
            _exit(right ? 0 : 1);
        }
        int status = 1;
        waitpid(child, &status, 0);
        children += status == 0;
    }
    ok_int(children, 20, "a forked child is told, and can open its own");
    ok_int(tabor_play(r.client, sample, NULL, &voice), TABOR_OK,
           "the parent plays on");
    rig_close(&r);
}

static void
test_pings(void)
{
    rig r = rig_open("null", 256, 256, 1024);
    uint64_t cookie, ns;
    int timeouts = 0;
    for (int i = 0; i < 500; i++) {
        if (tabor_ping_send(r.client, &cookie) == TABOR_OK) {
            timeouts +=
                tabor_ping_wait(r.client, cookie, 0, &ns) == TABOR_ERR_TIMEOUT;
        } else {
            tabor_client_wait(r.client, 100000000);
        }
    }
    ok(timeouts > 64, "pings that nobody waits for (%d)", timeouts);
    must(tabor_client_wait(r.client, 1000000000));
    usleep(50000); /* some blocks */
    must(tabor_ping_send(r.client, &cookie));
    ok_int(tabor_ping_wait(r.client, cookie, 5000000000u, &ns), TABOR_OK,
           "do not use up the room for others");
    rig_close(&r);
}

static void
test_cancel(void)
{
    rig r = rig_open("offline", 256, 256, 256);
    tabor_handle sample = rig_ramp(&r, 100, 2), before, after;
    tabor_play_params p = TABOR_PLAY;
    p.at = 50;
    p.tag = 7;
    must(tabor_play(r.client, sample, &p, &before));
    must(tabor_cancel(r.client, 7, 0, TABOR_NO_FRAME));
    must(tabor_play(r.client, sample, &p, &after));
    free(rig_render(&r, 200, 2));
    tabor_event e[3];
    ok(tabor_poll(r.client, e, 3) == 2 && e[0].handle == before &&
           e[0].reason == TABOR_CANCELLED && e[1].handle == after &&
           e[1].reason == TABOR_FINISHED,
       "cancel withdraws what was sent before it, not what comes after");
    rig_close(&r);
}

/* Which of eight plays, one every 100 frames from 1000 on and tagged by turns,
 * a cancel in a batch withdraws: a bit for each. */
static unsigned
cancelled_by(uint32_t tag, uint64_t start, uint64_t end)
{
    rig r = rig_open("offline", 256, 256, 256);
    tabor_handle sample = rig_ramp(&r, 10, 2), voices[8];
    unsigned bits = 0;
    for (uint32_t i = 0; i < 8; i++) {
        tabor_play_params p = TABOR_PLAY;
        p.at = 1000 + i * 100;
        p.tag = 1 + i % 2;
        must(tabor_play(r.client, sample, &p, &voices[i]));
    }
    must(tabor_batch_begin(r.client));
    must(tabor_cancel(r.client, tag, start, end));
    must(tabor_batch_commit(r.client));
    free(rig_render(&r, 3000, 2));
    tabor_event e;
    while (tabor_poll(r.client, &e, 1)) {
        for (int i = 0; i < 8 && e.reason == TABOR_CANCELLED; i++) {
            bits |= (unsigned)(e.handle == voices[i]) << i;
        }
    }
    rig_close(&r);
    return bits;
}

static void
test_cancel_range(void)
{
    ok_int(cancelled_by(0, 0, TABOR_NO_FRAME), 0xff, "a cancel withdraws all");
    ok_int(cancelled_by(0, 1200, 1500), 0x1c,
           "or what lies between two frames, the second one excluded");
    ok_int(cancelled_by(0, 1201, 1501), 0x38, "to the frame");
    ok_int(cancelled_by(0, 1500, TABOR_NO_FRAME), 0xe0, "or what comes later");
    ok_int(cancelled_by(2, 0, 1500), 0x0a, "or what is earlier, of one tag");
    ok_int(cancelled_by(0, 1500, 1500), 0, "nothing lies in no time");
    rig r = rig_open("offline", 256, 256, 256);
    ok(tabor_cancel(r.client, 0, 2, 1) == TABOR_ERR_INVALID,
       "a range that goes back is refused: %s", tabor_error());
    rig_close(&r);
}

static void
test_panic(void)
{
    rig r = rig_open("offline", 256, 256, 256);
    tabor_handle sample = rig_ramp(&r, 48000, 2), voice = 0;
    tabor_play_params p = TABOR_PLAY;
    must(tabor_play(r.client, sample, NULL, &voice));
    p.at = 480000;
    must(tabor_play(r.client, sample, &p, &voice));
    free(rig_render(&r, 100, 2));
    tabor_engine_panic(r.engine);
    float *out = rig_render(&r, 100, 2);
    ok(out[0] == 0.0f, "panic is silence at once");
    ok_int(count_ends(&r, TABOR_STOPPED), 1, "with an end for what sounded");
    free(out);
    must(tabor_play(r.client, sample, NULL, &voice));
    tabor_engine_panic(r.engine);
    out = rig_render(&r, 100, 2);
    ok(out[0] == 0.0f && count_ends(&r, TABOR_CANCELLED) == 1,
       "also for what was sent just before it");
    free(out);
    tabor_engine_panic(r.engine);
    must(tabor_play(r.client, sample, NULL, &voice));
    out = rig_render(&r, 100, 2);
    ok(out[0] != 0.0f, "but not for what is sent after it");
    free(out);
    rig_close(&r);
}

/* The producer looks at the ring's other end only when it must. */
static void
test_queue_high(void)
{
    rig r = rig_open("offline", 64, 16, 64);
    tabor_handle sample = rig_ramp(&r, 10, 1), voice;
    for (int i = 0; i < 40; i++) {
        free(rig_render(&r, 10, 2));
        must(tabor_play(r.client, sample, NULL, &voice));
    }
    tabor_stats stats;
    tabor_get_stats(r.client, &stats);
    ok_int(stats.queue_high, 1,
           "queue_high counts what waited at once, not what was sent");
    rig_close(&r);
}

int
main(void)
{
    tap_start();
    test_queue_full();
    test_schedule_full();
    test_plays_full();
    test_wait_space();
    test_handles();
    test_numbers();
    test_generations();
    test_release_left(1, "an unload that found no room when its client closed "
                         "is sent by another one");
    test_release_left(0, "or by the next that comes");
    test_release_in_batch();
    test_many();
    test_close_order("offline");
    test_close_order("null");
    test_after_close();
    test_fork();
    test_pings();
    test_cancel();
    test_cancel_range();
    test_panic();
    test_queue_high();
    return tap_done();
}
