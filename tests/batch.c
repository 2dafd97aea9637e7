/* SPDX-License-Identifier: MIT
 *
 * Batches: whole or not at all, on one frame, in one block.
 */
#include "helpers.h"

static uint32_t
count_ends(rig *r, tabor_event *last)
{
    uint32_t n = 0;
    tabor_event e;
    while (tabor_poll(r->client, &e, 1)) {
        if (e.type == TABOR_EVENT_ENDED) {
            *last = e;
            n++;
        }
    }
    return n;
}

static void
test_whole(void)
{
    rig r = rig_open("offline", 64, 256, 1024);
    tabor_handle sample = rig_ramp(&r, 10, 2), voice[3];
    tabor_event e;
    must(tabor_batch_begin(r.client));
    ok_int(tabor_batch_begin(r.client), TABOR_ERR_INVALID,
           "batches do not nest");
    for (int i = 0; i < 3; i++) {
        must(tabor_play(r.client, sample, NULL, &voice[i]));
    }
    must(tabor_voice_stop(r.client, voice[2], 0, TABOR_ASAP));
    float *out = rig_render(&r, 100, 2);
    ok(out[0] == 0.0f && tabor_voice_alive(r.client, voice[0]),
       "nothing is heard before the commit, but voices have their handles");
    free(out);
    must(tabor_batch_commit(r.client));
    out = rig_render(&r, 100, 2);
    ok_near(out[0], 2.0 / 20, 1e-7, "then all of it on one frame");
    ok(count_ends(&r, &e) == 3 && e.value != 0, "with an end for each play");
    free(out);
    ok_int(tabor_batch_commit(r.client), TABOR_ERR_INVALID,
           "a batch is committed once");
    rig_close(&r);
}

static void
test_refused(void)
{
    rig r = rig_open("offline", 64, 256, 64);
    tabor_handle sample = rig_ramp(&r, 10, 2), voice = 0, first = 0;
    tabor_event e;
    for (int i = 0; i < 30; i++) {
        must(tabor_play(r.client, sample, NULL, &voice));
    }
    must(tabor_batch_begin(r.client));
    for (int i = 0; i < 40; i++) {
        must(tabor_play(r.client, sample, NULL, i ? &voice : &first));
    }
    ok_int(tabor_batch_commit(r.client), TABOR_ERR_FULL,
           "a batch that does not fit is refused");
    tabor_full full = tabor_full_info();
    ok(full.needed == 40 && full.free == 64 - 16 - 31, "with both counts: %s",
       tabor_error());
    free(rig_render(&r, 20, 2));
    ok_int(count_ends(&r, &e), 30, "and none of it was sent");
    ok_int(tabor_client_wait_space(r.client, 0, 0), TABOR_OK,
           "when there is room");
    ok_int(tabor_batch_commit(r.client), TABOR_OK, "it can be sent again");
    free(rig_render(&r, 20, 2));
    ok_int(count_ends(&r, &e), 40, "and then all of it is heard");

    must(tabor_batch_begin(r.client));
    uint32_t held = 0;
    while (tabor_play(r.client, sample, NULL, &voice) == TABOR_OK) {
        held++;
    }
    ok_int(held, 64 - 16, "a batch holds what the queue can");
    tabor_batch_abandon(r.client);
    ok_int(tabor_voice_alive(r.client, voice), 0,
           "the voices of an abandoned batch are not alive");
    free(rig_render(&r, 20, 2));
    ok_int(count_ends(&r, &e), 0, "and have no end");
    ok_int(tabor_play(r.client, sample, NULL, &voice), TABOR_OK,
           "after it plays go out again");
    rig_close(&r);
}

/* A garbage collector may run in a batch. */
static void
test_samples(void)
{
    rig r = rig_open("offline", 64, 256, 64);
    tabor_handle voice;
    tabor_event e;
    for (int round = 0; round < 9000; round++) {
        tabor_handle sample = rig_ramp(&r, 10, 1);
        must(tabor_batch_begin(r.client));
        for (int i = 0; i < 48 && round % 100 == 0; i++) {
            must(tabor_play(r.client, sample, NULL, &voice));
        }
        tabor_sample_release(r.client, sample);
        if (round % 3) {
            tabor_batch_abandon(r.client);
        } else {
            free(rig_render(&r, 1, 2));
            must(tabor_batch_commit(r.client));
        }
        free(rig_render(&r, 1, 2));
        if (round == 0) {
            free(rig_render(&r, 20, 2));
            ok(count_ends(&r, &e) == 48 && e.reason == TABOR_FINISHED,
               "a sample released in a batch sounds in it to its end");
        }
    }
    ok(1, "and is freed, whether the batch was sent or not, 9,000 times");
    tabor_handle sample = rig_ramp(&r, 10, 1);
    must(tabor_set_gain(r.client, 1, 0));
    must(tabor_batch_begin(r.client));
    must(tabor_set_gain(r.client, 0.25, 0));
    must(tabor_sample_unload(r.client, sample, TABOR_UNLOAD_RING));
    tabor_batch_abandon(r.client);
    ok_near(tabor_engine_gain(r.engine), 1, 0,
            "a gain that was not sent is not told");
    rig_close(&r);
}

static void
test_most(void)
{
    rig r = rig_open("offline", 64, 256, 8192);
    tabor_handle sample = rig_ramp(&r, 10, 1), voice;
    must(tabor_batch_begin(r.client));
    uint32_t held = 0;
    while (tabor_play(r.client, sample, NULL, &voice) == TABOR_OK) {
        held++;
    }
    ok_int(held, 4096 - 16, "a batch is no larger than the schedule");
    free(rig_render(&r, 1, 2));
    ok_int(tabor_batch_commit(r.client), TABOR_OK, "so it can be sent");
    rig_close(&r);
}

int
main(void)
{
    tap_start();
    test_whole();
    test_refused();
    test_samples();
    test_most();
    return tap_done();
}
