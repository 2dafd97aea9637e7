/* SPDX-License-Identifier: MIT
 *
 * Changes that meet: a stop and a fade out, a fade out and another rate, a rate
 * and the next.
 */
#include "helpers.h"

/* A stereo sample of ones: what is heard is the level. */
static tabor_handle
ones(rig *r, uint64_t frames)
{
    tabor_audio *audio;
    tabor_handle sample;
    must(tabor_audio_new(frames, 2, 48000, &audio));
    for (uint64_t i = 0; i < frames * 2; i++) {
        audio->values[i] = 1.0f;
    }
    must(tabor_sample_add(r->client, audio, "ones", &sample));
    tabor_audio_free(audio);
    return sample;
}

/* The largest step within a second of a voice of ones, of which something is
 * changed at a frame. */
static float
largest_step(const tabor_play_params *p, uint64_t at, uint32_t fade_frames,
             double rate)
{
    rig r = rig_open("offline", 64, 256, 1024);
    tabor_handle sample = ones(&r, 4000), voice;
    must(tabor_play(r.client, sample, p, &voice));
    tabor_voice_params set = TABOR_VOICE;
    set.which = TABOR_SET_RATE;
    set.at = at;
    set.rate = rate;
    must(tabor_voice_set(r.client, voice, &set));
    if (fade_frames) {
        must(tabor_voice_stop(r.client, voice, fade_frames, at));
    }
    float *out = rig_render(&r, 5000, 2), most = 0.0f;
    for (int i = 1; i < 5000; i++) {
        float step = fabsf(out[i * 2] - out[i * 2 - 2]);
        most = step > most ? step : most;
    }
    free(out);
    rig_close(&r);
    return most;
}

/* 240 frames of a smooth step rise by at most 1.5 / 240 each; what is begun
 * anew halfway, in half of the time, by no more than twice that. */
static void
test_fades_meet(void)
{
    tabor_play_params p = TABOR_PLAY;
    p.length = 2000;
    p.fade_out = 240;
    ok(largest_step(&p, 1880, 240, 1.0) < 0.0063f,
       "a stop within a fade out leaves it as steep as it is");
    ok(largest_step(&p, 1700, 240, 1.0) < 0.0063f,
       "a fade out that would end after a stop does not begin");
    ok(largest_step(&p, 1880, 0, 2.0) < 0.0126f,
       "a fade out at a higher rate is over when the voice is");
    p.fade_out = 1000;
    ok(largest_step(&p, 900, 300, 1.0) < 0.0063f,
       "a short stop before a long fade out is heard to its end");
    p.fade_out = 0;
    ok(largest_step(&p, 1880, 0, 1.0) > 0.5f,
       "without a fade there is a click");
}

/* A ramp of values read along straight lines tells the position. */
static void
test_glides(void)
{
    rig r = rig_open("offline", 256, 256, 1024);
    tabor_handle sample = rig_ramp(&r, 1000, 2), voice;
    tabor_play_params p = TABOR_PLAY;
    p.kernel = TABOR_KERNEL_LINEAR;
    must(tabor_play(r.client, sample, &p, &voice));
    tabor_voice_params set = TABOR_VOICE;
    set.which = TABOR_SET_RATE;
    set.at = 0;
    set.ramp_frames = 200;
    set.rate = 2.0;
    must(tabor_voice_set(r.client, voice, &set));
    /* a line of its grid of 4: there it is where it will be in the middle of
     * the next 4 frames, 0.65 of its time on; 4 frames before it is at 1.69 */
    set.at = 128;
    must(tabor_voice_set(r.client, voice, &set));
    float *out = rig_render(&r, 200, 2);
    ok_near((out[129 * 2] - out[128 * 2]) * 1000,
            1 + 0.65 * 0.65 * (3 - 2 * 0.65), 0.001,
            "a rate that moves is set anew from where it is");
    free(out);
    rig_close(&r);
}

/* An attack that is over on a frame, with no decay: from there on the level is
 * what it sustains. */
static void
test_stages(void)
{
    rig r = rig_open("offline", 64, 256, 1024);
    tabor_handle sample = ones(&r, 1000), voice;
    const tabor_env env = {.attack = 100, .release = 100, .sustain = 0.25};
    tabor_play_params p = TABOR_PLAY;
    p.env = &env;
    must(tabor_play(r.client, sample, &p, &voice));
    must(tabor_voice_release(r.client, voice, 100));
    float *out = rig_render(&r, 300, 2);
    ok(out[99 * 2] > 0.99f && out[100 * 2] == 0.25f && out[199 * 2] > 0.0f &&
           out[200 * 2] == 0.0f,
       "a release on the frame of a stage begins where that one does");
    free(out);
    rig_close(&r);
}

/* So late that it is over when it starts, and moved on that same frame. */
static void
test_over(void)
{
    rig r = rig_open("offline", 64, 256, 1024);
    tabor_handle sample = ones(&r, 1000), voice;
    tabor_play_params p = TABOR_PLAY;
    free(rig_render(&r, 200, 2));
    p.at = 0;
    p.late = TABOR_LATE_CATCH_UP;
    p.offset = 100;
    p.length = 10;
    must(tabor_play(r.client, sample, &p, &voice));
    must(tabor_voice_seek(r.client, voice, 50, TABOR_ASAP));
    float *out = rig_render(&r, 200, 2), heard = 0.0f;
    for (int i = 0; i < 400; i++) {
        heard += out[i];
    }
    tabor_event e = {0};
    tabor_poll(r.client, &e, 1);
    ok(e.reason == TABOR_FINISHED && e.frame == 200 && heard == 0.0f,
       "a voice that is over can't be sought back");
    free(out);
    rig_close(&r);
}

int
main(void)
{
    tap_start();
    test_fades_meet();
    test_glides();
    test_stages();
    test_over();
    return tap_done();
}
