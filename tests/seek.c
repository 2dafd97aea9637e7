/* SPDX-License-Identifier: MIT
 *
 * Seeks: where a voice goes on, what is heard on the way, and what becomes of
 * the voice that fades where it was.
 */
#include "helpers.h"

#define RATE    48000
#define DECLICK 240 /* frames of a cross from the old place to the new one */

/* A stereo sample whose value is its frame, a power of two below 1. */
static double
value_at(int frame)
{
    return frame / 65536.0;
}

static tabor_handle
line(rig *r, int frames)
{
    tabor_audio *audio;
    tabor_handle sample;
    must(tabor_audio_new((uint64_t)frames, 2, RATE, &audio));
    for (int i = 0; i < frames * 2; i++) {
        audio->values[i] = (float)value_at(i / 2);
    }
    must(tabor_sample_add(r->client, audio, "line", &sample));
    tabor_audio_free(audio);
    return sample;
}

static tabor_handle
play(rig *r, tabor_handle sample, const tabor_play_params *p)
{
    tabor_handle voice;
    must(tabor_play(r->client, sample, p, &voice));
    return voice;
}

/* The largest error of a play that was at from on frame at and then at to. */
static double
off_by(const float *out, int frames, int at, int from, int to)
{
    double worst = 0;
    for (int i = 0; i < frames; i++) {
        double share = bend((i - at) / (double)DECLICK);
        double want = (1 - share) * value_at(from + i - at) +
                      (i < at ? 0 : share * value_at(to + i - at));
        worst = fmax(worst, fabs(out[i * 2] - want));
    }
    return worst;
}

static int
count_ends(rig *r, tabor_event *last)
{
    int n = 0;
    tabor_event e;
    while (tabor_poll(r->client, &e, 1)) {
        *last = e;
        n++;
    }
    return n;
}

/* ---------------------------------------------------------------- where -- */

static void
test_sounding(void)
{
    rig r = rig_open("offline", 64, 4, 1024);
    tabor_handle sample = line(&r, 40000);
    tabor_handle voice = play(&r, sample, NULL);
    must(tabor_voice_seek(r.client, voice, 30000, 1000));
    float *out = rig_render(&r, 5000, 2);
    ok(off_by(out, 5000, 1000, 1000, 30000) < 1e-6,
       "a seek crosses to another place at equal gain");
    free(out);
    tabor_stats stats;
    tabor_get_stats(r.client, &stats);
    ok_int(stats.voices, 1, "one voice counts meanwhile");
    free(rig_render(&r, 6001, 2));
    tabor_event e;
    ok(count_ends(&r, &e) == 1 && e.handle == voice &&
           e.reason == TABOR_FINISHED && e.frame == 11000,
       "it has one end, the sample's");
    ok(tabor_voice_seek(r.client, voice, 0, TABOR_ASAP) == TABOR_ERR_STALE,
       "a voice that has ended can't be moved: %s", tabor_error());

    voice = play(&r, sample, NULL);
    free(rig_render(&r, 100, 2));
    ok(tabor_voice_seek(r.client, voice, 40001, TABOR_ASAP) ==
               TABOR_ERR_INVALID &&
           strstr(tabor_error(), "40000"),
       "past the end is refused: %s", tabor_error());
    must(tabor_voice_seek(r.client, voice, 40000, TABOR_ASAP));
    out = rig_render(&r, 500, 2);
    ok(count_ends(&r, &e) == 1 && e.reason == TABOR_FINISHED &&
           out[2 * 2] > 0 && out[DECLICK * 2] == 0,
       "at the end it is over, and fades");
    free(out);
    rig_close(&r);
}

static void
test_scheduled(void)
{
    rig r = rig_open("offline", 64, 4, 1024);
    tabor_handle sample = line(&r, 40000);
    tabor_play_params p = TABOR_PLAY;
    p.at = 1000;
    p.fade_in = p.fade_out = 0;
    must(tabor_voice_seek(r.client, play(&r, sample, &p), 500, TABOR_ASAP));
    p.at = 2000;
    p.length = 700;
    must(tabor_voice_seek(r.client, play(&r, sample, &p), 500, TABOR_ASAP));
    p.fade_in = TABOR_FADE_AUTO;
    p.at = 3000;
    must(tabor_voice_seek(r.client, play(&r, sample, &p), 500, TABOR_ASAP));
    p.at = 4000;
    must(tabor_voice_seek(r.client, play(&r, sample, &p), 900, TABOR_ASAP));
    float *out = rig_render(&r, 1999, 2);
    ok(out[999 * 2] == 0 && out[1000 * 2] == (float)value_at(500),
       "a scheduled voice begins there");
    free(out);
    must(tabor_stop(r.client, 0));
    out = rig_render(&r, 4000, 2);
    ok(out[1 * 2] == (float)value_at(500) &&
           out[200 * 2] == (float)value_at(699) && out[201 * 2] == 0,
       "and ends where it would have");
    ok_near(out[1101 * 2], value_at(600) / 2, 1e-6,
            "a start in mid-sample ramps then");
    free(out);
    tabor_event e;
    ok(count_ends(&r, &e) == 4 && e.value == 4000 && e.frame == 4000,
       "one that is past its end is over when it starts");
    rig_close(&r);
}

/* A length ends on the same frame of the sample; a loop's counts on. */
static void
test_length(void)
{
    rig r = rig_open("offline", 64, 4, 1024);
    tabor_handle sample = line(&r, 40000);
    tabor_play_params p = TABOR_PLAY;
    p.offset = 1000;
    p.length = 3000;
    p.fade_out = 100;
    must(tabor_voice_seek(r.client, play(&r, sample, &p), 3500, 2000));
    float *out = rig_render(&r, 3000, 2);
    tabor_event e;
    ok(count_ends(&r, &e) == 1 && e.frame == 2500,
       "a length still ends in the same place");
    ok_near(out[2450 * 2], value_at(3950) / 2, 1e-6, "with its fade out");
    free(out);

    p.at = 3000;
    tabor_handle voice = play(&r, sample, &p);
    must(tabor_voice_seek(r.client, voice, 2000, 3000 + 2980));
    out = rig_render(&r, 6000, 2);
    ok(count_ends(&r, &e) == 1 && e.frame == 3000 + 2980 + 2000,
       "a seek back in the fade out");
    ok_near(out[3500 * 2], value_at(2520), 1e-6, "takes it back");
    free(out);

    p = (tabor_play_params)TABOR_PLAY;
    p.at = 9000;
    p.loop = TABOR_LOOP_POINTS;
    p.loop_start = 1000;
    p.loop_end = 2000;
    p.length = 5000;
    voice = play(&r, sample, &p);
    must(tabor_voice_seek(r.client, voice, 1700, 9500));
    must(tabor_voice_seek(r.client, voice, 2100, 11000));
    out = rig_render(&r, 6000, 2);
    ok_near(out[1000 * 2], value_at(1200), 0, "a loop goes on looping");
    ok_near(out[2500 * 2], value_at(1600), 0, "past its end it goes round");
    ok(count_ends(&r, &e) == 1 && e.frame == 14000, "its length goes on too");
    free(out);
    rig_close(&r);
}

static void
test_slice(void)
{
    rig r = rig_open("offline", 64, 4, 1024);
    tabor_play_params p = TABOR_PLAY;
    p.offset = p.slice_start = 1000;
    p.length = p.slice_frames = 3000;
    tabor_handle voice = play(&r, line(&r, 40000), &p);
    free(rig_render(&r, 500, 2));
    ok(tabor_voice_seek(r.client, voice, 3001, TABOR_ASAP) ==
               TABOR_ERR_INVALID &&
           strstr(tabor_error(), "3000"),
       "a slice's end is its own: %s", tabor_error());
    must(tabor_voice_seek(r.client, voice, 2000, TABOR_ASAP));
    float *out = rig_render(&r, 2000, 2);
    ok(out[300 * 2] == (float)value_at(3300) && out[1000 * 2] == 0,
       "a seek in a slice counts from its start");
    free(out);
    rig_close(&r);
}

/* --------------------------------------------------------------- ghosts -- */

static void
test_many(void)
{
    rig r = rig_open("offline", 64, 2, 4096);
    tabor_handle sample = line(&r, 40000), voices[2];
    for (int i = 0; i < 2; i++) {
        voices[i] = play(&r, sample, NULL);
    }
    /* each one leaves 240 of them at once: there is room for twenty */
    for (uint32_t i = 0; i < 1000; i++) {
        must(tabor_voice_seek(r.client, voices[i % 2], 20000 + i, 100 + i));
    }
    float *out = rig_render(&r, 2000, 2);
    double worst = 0;
    for (int i = 1; i < 2000; i++) {
        worst = fmax(worst, fabs(out[i * 2] - out[i * 2 - 2]));
    }
    free(out);
    tabor_event e;
    tabor_stats stats;
    tabor_get_stats(r.client, &stats);
    ok(count_ends(&r, &e) == 0 && stats.voices == 2 && stats.stolen == 0,
       "a thousand seeks end nothing and steal nothing");
    ok(worst < 0.05, "a step is no larger than a ghost of twenty (%.3g)",
       worst);
    must(tabor_sample_unload(r.client, sample, TABOR_UNLOAD_FADE));
    must(tabor_voice_seek(r.client, voices[0], 5, TABOR_ASAP));
    free(rig_render(&r, 2000, 2));
    ok_int(count_ends(&r, &e), 2, "their sample can be unloaded");
    tabor_sample_info info;
    ok_int(tabor_sample_get_info(r.client, sample, &info), TABOR_ERR_STALE,
           "and is gone");
    rig_close(&r);
}

static void
test_stop(void)
{
    rig r = rig_open("offline", 64, 4, 1024);
    tabor_handle sample = line(&r, 40000), voice = play(&r, sample, NULL);
    free(rig_render(&r, 10000, 2));
    must(tabor_voice_stop(r.client, voice, 1000, 10000));
    must(tabor_voice_seek(r.client, voice, 30000, 10500));
    float *out = rig_render(&r, 2000, 2);
    ok_near(out[900 * 2], value_at(30400) * (1 - bend(0.9)), 1e-6,
            "a voice that fades goes on fading at the new place");
    free(out);
    tabor_event e;
    ok(count_ends(&r, &e) == 1 && e.frame == 11000, "and ends when it would");
    voice = play(&r, sample, NULL);
    free(rig_render(&r, 10000, 2));
    must(tabor_voice_seek(r.client, voice, 30000, 22100));
    free(rig_render(&r, 200, 2));
    tabor_engine_panic(r.engine);
    out = rig_render(&r, 10, 2);
    ok(out[0] == 0 && out[18] == 0, "panic silences a ghost too");
    free(out);
    /* a client may leave while its ghost still fades */
    tabor_client *other;
    must(tabor_client_open(r.engine, NULL, &other));
    must(tabor_play(other, sample, NULL, &voice));
    free(rig_render(&r, 10, 2));
    must(tabor_voice_seek(other, voice, 40000, TABOR_ASAP));
    free(rig_render(&r, 10, 2));
    tabor_client_close(other);
    out = rig_render(&r, 500, 2);
    ok(out[0] > 0 && out[499 * 2] == 0, "a ghost outlives its client");
    free(out);
    rig_close(&r);
}

/* --------------------------------------------------------------- blocks -- */

static float *
render_piece(uint32_t block)
{
    rig r = rig_open("offline", block, 6, 1024);
    tabor_handle samples[] = {rig_ramp(&r, 9000, 1), rig_ramp(&r, 7000, 2)};
    uint32_t dice = 23;
    for (uint32_t i = 0; i < 60; i++) {
        dice = dice * 1664525u + 1013904223u;
        const tabor_env env = {.attack = dice % 400,
                               .release = (dice >> 12) % 700,
                               .sustain = 0.5};
        tabor_play_params p = TABOR_PLAY;
        p.at = dice % 16000;
        p.rate = i % 3 ? 0.2 + (dice >> 5) % 60 / 10.0 : 1.0;
        p.loop = (tabor_loop)(i % 3);
        p.loop_fade = i % 3 == 2 ? dice % 300 : 0;
        p.loop_start = 300 + dice % 1000;
        p.loop_end = p.loop_start + 300 + (dice >> 7) % 1900;
        p.length = i % 2 ? TABOR_TO_END : 4000;
        p.fade_in = i % 4 ? i % 4 * 100 : TABOR_FADE_AUTO;
        p.fade_out = i % 5 ? i % 5 * 300 : TABOR_FADE_AUTO;
        p.env = i % 2 ? &env : NULL;
        tabor_handle voice = play(&r, samples[i % 2], &p);
        for (uint32_t k = 0; k < 5; k++) {
            must(tabor_voice_seek(r.client, voice, (dice >> k) % 6000,
                                  p.at + (dice >> (k * 3)) % 3000));
        }
    }
    float *out = rig_render(&r, 30000, 2);
    rig_close(&r);
    return out;
}

static void
test_blocks(void)
{
    const uint32_t blocks[] = {1, 17, 64, 100, 441, 480, 1024, 8192};
    float *reference = render_piece(256);
    for (size_t i = 0; i < sizeof blocks / sizeof *blocks; i++) {
        float *out = render_piece(blocks[i]);
        ok(memcmp(out, reference, 60000 * sizeof *out) == 0,
           "blocks of %u give the same bytes", blocks[i]);
        free(out);
    }
    free(reference);
}

int
main(void)
{
    tap_start();
    test_sounding();
    test_scheduled();
    test_length();
    test_slice();
    test_many();
    test_stop();
    test_blocks();
    return tap_done();
}
