/* SPDX-License-Identifier: MIT
 *
 * Random bytes in a client's ring: the engine stays up, every value it renders
 * is finite, a well-behaved client beside it hears nothing of it.
 */
#include "control/client.h"
#include "helpers.h"

static uint64_t dice = 88172645463325252u;

static uint64_t
roll(void)
{
    dice ^= dice << 13;
    dice ^= dice >> 7;
    dice ^= dice << 17;
    return dice;
}

/* Half random, half plausible: the right handles with random bodies. */
static void
make_command(tabor_command *c, unsigned owner, tabor_handle sample)
{
    uint64_t *words = (uint64_t *)c;
    for (size_t i = 0; i < sizeof *c / 8; i++) {
        words[i] = roll();
    }
    if (roll() % 2) {
        c->type = (uint16_t)(roll() % (TABOR_COMMAND_TYPES + 1));
        c->frame = roll() % 200000;
        c->target = tabor_handle_make(TABOR_KIND_VOICE, owner,
                                      (unsigned)(roll() % 64), 1);
    }
    if (c->type == TABOR_COMMAND_PLAY_SAMPLE && roll() % 2) {
        c->kernel = roll() % (TABOR_READ_SINC32 + 2);
        c->body.play.sample = sample;
        c->body.play.step = roll() % TABOR_STEP_MAX;
        c->body.play.gain = (float)(roll() % 1000) * 0.02f;
        c->body.play.pan = (float)(roll() % 100) * 0.021f - 1.0f;
        c->body.play.offset = (uint32_t)(roll() % 3000);
    }
    if (c->type == TABOR_COMMAND_SEEK && roll() % 2) {
        c->body.seek.position = (uint32_t)(roll() % 2100);
    }
    if (c->type == TABOR_COMMAND_CANCEL && roll() % 2) {
        c->body.cancel.tag = 0;
        c->body.cancel.start = roll() % 200000;
        c->body.cancel.end = roll() % 200000;
    }
    if (c->type == TABOR_COMMAND_SHAPE && roll() % 2) {
        c->body.shape.loop_start = (uint32_t)(roll() % 1000);
        c->body.shape.loop_end = (uint32_t)(roll() % 2500);
        c->body.shape.fade_in = c->body.shape.fade_out = roll() % 900;
        c->body.shape.attack = c->body.shape.release = roll() % 900;
        c->body.shape.decay = c->more.hold = roll() % 900;
        c->more.loop_fade = roll() % 2 ? 0 : (uint32_t)(roll() % 900);
        c->body.shape.sustain = (float)(roll() % 300) * 0.01f - 1.0f;
    }
    /* the good client's sample must not be retired by the bad one */
    if (c->type == TABOR_COMMAND_RETIRE_SAMPLE) {
        c->target = roll() & ~(UINT64_C(0xff) << 56);
    }
}

int
main(void)
{
    tap_start();
    rig r = rig_open("offline", 64, 64, 1024);
    tabor_client *bad;
    must(tabor_client_open(r.engine, NULL, &bad));
    tabor_handle sample = rig_ramp(&r, 2000, 2), voice;
    uint32_t pushed = 0, played = 0, ended = 0;
    uint64_t unsound = 0;
    while (pushed < 1000000) {
        uint32_t n = tabor_ring_reserve(&bad->link->command_ring, 1024);
        tabor_ring *ring = &bad->link->command_ring;
        for (uint32_t i = 0; i < n; i++) {
            make_command(
                &bad->link->commands[(ring->next_tail + i) & ring->mask],
                bad->owner, sample);
        }
        tabor_ring_commit(ring, n);
        pushed += n;
        tabor_play_params p = TABOR_PLAY;
        p.length = 100;
        must(tabor_play(r.client, sample, &p, &voice));
        played++;
        float *out = rig_render(&r, 150, 2);
        for (int i = 0; i < 300; i++) {
            unsound += !isfinite(out[i]);
        }
        free(out);
        tabor_event e;
        while (tabor_poll(r.client, &e, 1)) {
            ended += e.type == TABOR_EVENT_ENDED && e.handle == voice;
        }
        /* the bad client reads now and then */
        if (roll() % 4 == 0) {
            tabor_event events[64];
            while (tabor_poll(bad, events, 64)) {
            }
        }
    }
    tabor_stats stats;
    tabor_get_stats(bad, &stats);
    ok(pushed >= 1000000, "%u random commands went through a ring", pushed);
    ok(stats.stale > pushed / 4 && stats.stale < pushed,
       "some were refused (%llu), some were carried out",
       (unsigned long long)stats.stale);
    ok_int(unsound, 0, "every rendered value is finite");
    ok_int(ended, played, "the good client's plays all have their one end");
    tabor_client_close(bad);
    rig_close(&r);
    return tap_done();
}
