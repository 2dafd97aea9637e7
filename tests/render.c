/* SPDX-License-Identifier: MIT
 *
 * What is heard: frames, levels, ramps, ends, the same for every block size.
 */
#include "helpers.h"

/* --------------------------------------------------------------- frames -- */

static void
test_exact(void)
{
    rig r = rig_open("offline", 64, 256, 1024);
    tabor_handle sample = rig_ramp(&r, 100, 2), voice;
    tabor_play_params p = TABOR_PLAY;
    p.at = 1234;
    must(tabor_play(r.client, sample, &p, &voice));
    float *out = rig_render(&r, 2000, 2);
    int before = 0, inside = 0, after = 0;
    for (int i = 0; i < 2000 * 2; i++) {
        int frame = i / 2;
        float want = frame >= 1234 && frame < 1334
                         ? (float)(i - 1234 * 2 + 1) / 200.0f
                         : 0.0f;
        before += frame < 1234 && out[i] != 0;
        inside += frame >= 1234 && frame < 1334 && out[i] == want;
        after += frame >= 1334 && out[i] != 0;
    }
    ok(before == 0 && after == 0, "a play is silent before and after it");
    ok_int(inside, 200, "a stereo sample is heard bit for bit on its frames");
    tabor_event e;
    ok_int(tabor_poll(r.client, &e, 1), 1, "there is one event");
    ok(e.type == TABOR_EVENT_ENDED && e.handle == voice && e.value == 1234 &&
           e.frame == 1334 && e.reason == TABOR_FINISHED,
       "it is the voice's end: start, frame and reason are exact");
    ok_int(tabor_poll(r.client, &e, 1), 0, "and there is no other");
    free(out);
    rig_close(&r);
}

/* --------------------------------------------------------------- levels -- */

static void
test_levels(void)
{
    rig r = rig_open("offline", 256, 256, 1024);
    tabor_audio *one;
    tabor_handle sample, voice;
    must(tabor_audio_new(48000, 1, 48000, &one));
    for (int i = 0; i < 48000; i++) {
        one->values[i] = 1.0f;
    }
    must(tabor_sample_add(r.client, one, "one", &sample));
    tabor_play_params p = TABOR_PLAY;
    p.gain = 0.5;
    p.velocity = 0.5;
    must(tabor_play(r.client, sample, &p, &voice));
    float *out = rig_render(&r, 480, 2);
    /* constant power: both sides at the square root of a half */
    ok_near(out[0], 0.25 * sqrt(0.5), 1e-7, "gain, velocity and pan multiply");
    ok_near(out[1], 0.25 * sqrt(0.5), 1e-7, "a mono sample is in the middle");
    free(out);

    tabor_voice_params set = TABOR_VOICE;
    set.which = TABOR_SET_PAN;
    set.pan = 1;
    set.ramp_frames = 100;
    must(tabor_voice_set(r.client, voice, &set));
    out = rig_render(&r, 480, 2);
    ok_near(out[100 * 2], 0.0, 1e-7, "panned right the left is silent");
    ok_near(out[100 * 2 + 1], 0.25, 1e-7, "and the right has all of it");
    ok_near(out[50 * 2 + 1], 0.25 * (sqrt(0.5) + 1) / 2, 1e-6,
            "half way through the ramp it is half way");
    free(out);

    must(tabor_voice_stop(r.client, voice, 100, TABOR_ASAP));
    out = rig_render(&r, 480, 2);
    ok_near(out[50 * 2 + 1], 0.125, 1e-6, "a stop ramps down");
    ok_near(out[100 * 2 + 1], 0.0, 0, "to nothing");
    tabor_event e;
    ok(tabor_poll(r.client, &e, 1) == 1 && e.reason == TABOR_STOPPED &&
           e.frame == 960 + 100,
       "and the voice ends when its fade is over");
    free(out);
    tabor_audio_free(one);
    rig_close(&r);
}

static void
test_channels(void)
{
    for (uint32_t channels = 1; channels <= 6; channels++) {
        tabor_engine_config config = TABOR_ENGINE_CONFIG;
        config.driver = "offline";
        config.channels = 2;
        rig r;
        must(tabor_engine_open(&config, &r.engine));
        must(tabor_client_open(r.engine, NULL, &r.client));
        tabor_handle sample = rig_ramp(&r, 10, channels), voice;
        must(tabor_play(r.client, sample, NULL, &voice));
        float *out = rig_render(&r, 10, 2);
        double left = 0, right = 0;
        int on_left = 0, on_right = 0;
        for (uint32_t c = 0; c < channels; c++) {
            double value = (double)(c + 1) / (10.0 * channels);
            *(c % 2 ? &right : &left) += value;
            *(c % 2 ? &on_right : &on_left) += 1;
        }
        if (channels == 1) {
            right = left *= sqrt(0.5);
            on_right = 1;
        }
        ok(fabs(out[0] - left / on_left) < 1e-6 &&
               fabs(out[1] - right / on_right) < 1e-6,
           "%u channels reach two as the rule says", channels);
        free(out);
        rig_close(&r);
    }
}

/* -------------------------------------------------------------- blocks -- */

/* A piece with everything in it, rendered with one block size. */
static float *
render_piece(uint32_t block, uint64_t *events_hash)
{
    rig r = rig_open("offline", block, 16, 1024);
    tabor_handle mono = rig_ramp(&r, 3000, 1), stereo = rig_ramp(&r, 5000, 2);
    uint32_t dice = 7;
    for (int i = 0; i < 64; i++) {
        dice = dice * 1664525u + 1013904223u;
        tabor_play_params p = TABOR_PLAY;
        p.at = dice % 16000;
        p.gain = 0.1 + (dice >> 8) % 100 / 100.0;
        p.pan = (int)((dice >> 12) % 200 - 100) / 100.0;
        p.rate = i % 3 ? 1.0 : 0.3 + (dice >> 5) % 30 / 10.0;
        p.offset = i % 5 * 100;
        p.late = (tabor_late)(i % 3);
        p.length = i % 7 ? TABOR_TO_END : 700;
        tabor_handle voice;
        must(tabor_play(r.client, i % 2 ? mono : stereo, &p, &voice));
        tabor_voice_params set = TABOR_VOICE;
        set.which = 1 + i % 7;
        set.at = p.at + 300 + i;
        set.ramp_frames = (uint32_t)i * 13;
        set.gain = 0.5;
        set.pan = -0.5;
        set.rate = 1.7;
        must(tabor_voice_set(r.client, voice, &set));
        if (i % 4 == 0) {
            must(tabor_voice_stop(r.client, voice, 77, p.at + 900));
        }
    }
    must(tabor_set_gain(r.client, 0.8, 5000));
    float *out = rig_render(&r, 24000, 2);
    tabor_event e;
    *events_hash = 14695981039346656037u;
    int count = 0;
    while (tabor_poll(r.client, &e, 1)) {
        if (e.type == TABOR_EVENT_ENDED) {
            count++;
            const uint64_t words[] = {e.frame, e.handle, e.value, e.reason};
            for (int w = 0; w < 4; w++) {
                *events_hash = (*events_hash ^ words[w]) * 1099511628211u;
            }
        }
    }
    *events_hash += count == 64 ? 0 : 1;
    rig_close(&r);
    return out;
}

static void
test_blocks(void)
{
    const uint32_t blocks[] = {1, 17, 64, 100, 441, 480, 1024, 8192};
    uint64_t reference_events, events;
    float *reference = render_piece(256, &reference_events);
    double sum = 0;
    for (int i = 0; i < 48000; i++) {
        sum += fabs(reference[i]);
    }
    ok(sum > 100, "the piece sounds");
    for (size_t i = 0; i < sizeof blocks / sizeof *blocks; i++) {
        float *out = render_piece(blocks[i], &events);
        ok(memcmp(out, reference, 48000 * sizeof *out) == 0 &&
               events == reference_events,
           "blocks of %u give the same bytes and the same events", blocks[i]);
        free(out);
    }
    free(reference);
}

/* ---------------------------------------------------------------- late -- */

static void
test_late(void)
{
    rig r = rig_open("offline", 64, 256, 1024);
    tabor_handle sample = rig_ramp(&r, 10000, 2), voice;
    free(rig_render(&r, 1000, 2));
    tabor_play_params p = TABOR_PLAY;
    p.at = 900;
    p.late = TABOR_LATE_DROP;
    must(tabor_play(r.client, sample, &p, &voice));
    float *out = rig_render(&r, 10, 2);
    tabor_event e;
    ok(tabor_poll(r.client, &e, 1) == 1 && e.reason == TABOR_LATE &&
           e.late == 100 && out[0] == 0.0f,
       "a late play that is to be dropped says so");
    free(out);
    p.at = 910;
    p.late = TABOR_LATE_CATCH_UP;
    must(tabor_play(r.client, sample, &p, &voice));
    out = rig_render(&r, 1000, 2);
    ok_near(out[999 * 2], (999 + 100) * 2 / 20000.0, 1e-4,
            "one that catches up is in phase");
    free(out);
    must(tabor_stop(r.client, 0));
    p.at = 100;
    p.late = TABOR_LATE_PLAY;
    must(tabor_play(r.client, sample, &p, &voice));
    out = rig_render(&r, 10, 2);
    ok(out[0] == 1.0f / 20000.0f, "the others start now, from their beginning");
    free(out);
    tabor_stats stats;
    tabor_get_stats(r.client, &stats);
    ok(stats.late == 3 && stats.late_max == 1910,
       "late commands are counted, with the worst");
    rig_close(&r);
}

/* ------------------------------------------------------------- stealing -- */

static void
test_stealing(void)
{
    rig r = rig_open("offline", 64, 4, 1024);
    tabor_handle sample = rig_ramp(&r, 48000, 2), voice[6];
    for (int i = 0; i < 6; i++) {
        tabor_play_params p = TABOR_PLAY;
        p.at = (uint64_t)i * 100;
        must(tabor_play(r.client, sample, &p, &voice[i]));
    }
    free(rig_render(&r, 2000, 2));
    tabor_event e[8];
    size_t n = tabor_poll(r.client, e, 8);
    ok_int(n, 2, "two plays above the limit take two voices");
    ok(n == 2 && e[0].handle == voice[0] && e[1].handle == voice[1] &&
           e[0].reason == TABOR_STOLEN && e[1].reason == TABOR_STOLEN,
       "the oldest ones, and say so");
    tabor_stats stats;
    tabor_get_stats(r.client, &stats);
    ok_int(stats.voices, 4, "four sound on");
    ok_int(stats.stolen, 2, "and the two are counted");
    for (int i = 0; i < 6; i++) {
        must(tabor_play(r.client, sample, NULL, &voice[i]));
    }
    free(rig_render(&r, 10, 2));
    n = tabor_poll(r.client, e, 8);
    ok(n == 2 && e[0].handle == voice[4] && e[1].handle == voice[5] &&
           e[0].value == TABOR_NO_FRAME,
       "six on one frame: the last two are refused a voice, none is cut");
    rig_close(&r);
}

int
main(void)
{
    tap_start();
    test_exact();
    test_levels();
    test_channels();
    test_blocks();
    test_late();
    test_stealing();
    return tap_done();
}
