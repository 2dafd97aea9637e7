/* SPDX-License-Identifier: MIT
 *
 * What leaves the mixer: master volume, limiter, guard, meters.
 */
#include <float.h>

#include "helpers.h"

/* Plays a stereo sample of one value with a gain. */
static void
play_level(rig *r, float value, double gain)
{
    tabor_audio *audio;
    tabor_handle sample, voice;
    must(tabor_audio_new(48000, 2, 48000, &audio));
    for (int i = 0; i < 96000; i++) {
        audio->values[i] = value;
    }
    must(tabor_sample_add(r->client, audio, "level", &sample));
    tabor_audio_free(audio);
    tabor_play_params p = TABOR_PLAY;
    p.gain = gain;
    must(tabor_play(r->client, sample, &p, &voice));
}

static void
test_master(void)
{
    rig r = rig_open("offline", 100, 256, 1024);
    play_level(&r, 0.5f, 1);
    must(tabor_set_gain(r.client, 0.5, 1000));
    float *out = rig_render(&r, 2000, 2);
    ok_near(out[500 * 2], 0.5 * 0.75, 1e-6, "master volume ramps");
    ok_near(out[1500 * 2], 0.25, 1e-7, "to its level");
    ok_near(tabor_engine_gain(r.engine), 0.5, 0, "and tells it");
    free(out);
    rig_close(&r);
}

static void
test_meters(void)
{
    rig r = rig_open("offline", 100, 256, 1024);
    tabor_meter m[2];
    tabor_engine_meters(r.engine, m, 2);
    play_level(&r, -0.5f, 1);
    free(rig_render(&r, 1000, 2));
    tabor_engine_meters(r.engine, m, 2);
    ok_near(m[0].peak, 0.5, 1e-7, "the peak is the largest size");
    ok_near(m[1].rms, 0.5, 1e-6, "the mean square of a level is its square");
    ok_int(m[0].clipped, 0, "nothing clips");
    tabor_engine_meters(r.engine, m, 2);
    ok_near(m[0].peak, 0, 0, "a look begins anew");
    must(tabor_stop(r.client, 0));
    free(rig_render(&r, 500, 2));
    tabor_engine_meters(r.engine, m, 2);
    ok(m[0].peak == 0 && m[0].rms == 0, "silence reads zero");
    play_level(&r, 0.9f, 2);
    free(rig_render(&r, 1000, 2));
    tabor_engine_meters(r.engine, m, 2);
    ok(m[0].peak > 1.79 && m[0].clipped == 1000 && m[1].clipped == 1000,
       "what is above 1 is counted");
    rig_close(&r);
}

static void
test_guard(void)
{
    rig r = rig_open("offline", 100, 256, 1024);
    play_level(&r, FLT_MAX, 16);
    play_level(&r, 0.25f, 1);
    float *out = rig_render(&r, 100, 2);
    int unsound = 0;
    for (int i = 0; i < 200; i++) {
        unsound += !isfinite(out[i]);
    }
    ok_int(unsound, 0, "infinity does not reach the device");
    tabor_stats stats;
    tabor_get_stats(r.client, &stats);
    ok_int(stats.unsound, 200, "and is counted");
    free(out);
    rig_close(&r);
}

static float *
render_limited(uint32_t block, double gain)
{
    tabor_engine_config config = TABOR_ENGINE_CONFIG;
    config.driver = "offline";
    config.block = block;
    config.limiter = 1;
    rig r;
    must(tabor_engine_open(&config, &r.engine));
    must(tabor_client_open(r.engine, NULL, &r.client));
    tabor_handle sample = rig_ramp(&r, 4000, 2), voice;
    tabor_play_params p = TABOR_PLAY;
    p.gain = gain;
    must(tabor_play(r.client, sample, &p, &voice));
    float *out = rig_render(&r, 4000, 2);
    rig_close(&r);
    return out;
}

static void
test_limiter(void)
{
    float *out = render_limited(64, 8), *other = render_limited(1000, 8);
    int risen = 0;
    float most = 0;
    for (int i = 2; i < 8000; i++) {
        risen += out[i] >= out[i - 2];
        most = fmaxf(most, out[i]);
    }
    ok(most < 1.0f && most > 0.95f, "a limited sound stays below 1 (%g)", most);
    ok_int(risen, 7998, "what was louder is still louder");
    ok_near(out[100 * 2], 8 * 201 / 8000.0, 1e-6,
            "what is below the knee is untouched");
    ok(memcmp(out, other, 8000 * sizeof *out) == 0,
       "and blocks make no difference");
    free(out);
    free(other);
}

int
main(void)
{
    tap_start();
    test_master();
    test_meters();
    test_guard();
    test_limiter();
    return tap_done();
}
