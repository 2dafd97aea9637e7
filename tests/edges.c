/* SPDX-License-Identifier: MIT
 *
 * Where two things fall together: a seek on the frame of a stop, a fade out
 * that is stopped, every voice in use, an envelope of no frames at all.
 */
#include "control/engine.h"
#include "helpers.h"

#define RATE    48000
#define DECLICK 240 /* frames of a ramp that nobody asked for */

/* A sample whose value is its frame, a power of two below 1. */
static double
value_at(double frame)
{
    return frame / (1 << 20);
}

static tabor_handle
line(rig *r, uint64_t frames, uint32_t channels)
{
    tabor_audio *audio;
    tabor_handle sample;
    must(tabor_audio_new(frames, channels, RATE, &audio));
    for (uint64_t i = 0; i < frames * channels; i++) {
        audio->values[i] = (float)value_at((double)(i / channels));
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

/* The only event there is, or one of type NONE. */
static tabor_event
only_event(rig *r)
{
    tabor_event e = {0}, more;
    if (tabor_poll(r->client, &e, 1) + tabor_poll(r->client, &more, 1) != 1) {
        e.type = TABOR_EVENT_NONE;
    }
    return e;
}

/* The largest size of frames values of the first channel. */
static double
loudest(const float *out, int frames)
{
    double most = 0;
    for (int i = 0; i < frames; i++) {
        most = fmax(most, fabs(out[i * 2]));
    }
    return most;
}

/* ----------------------------------------------------------- seek, stop -- */

static void
test_seek_when_cut(void)
{
    rig r = rig_open("offline", 64, 4, 1024);
    tabor_handle sample = line(&r, 40000, 2), voice = play(&r, sample, NULL);
    must(tabor_voice_stop(r.client, voice, 0, 1000));
    must(tabor_voice_seek(r.client, voice, 20000, 1000));
    float *out = rig_render(&r, 2000, 2);
    ok_near(out[999 * 2], value_at(999), 1e-9, "a play sounds until it is cut");
    ok(loudest(out + 2000, 1000) == 0,
       "and a seek on that frame brings nothing back");
    free(out);
    tabor_event e = only_event(&r);
    ok(e.frame == 1000 && e.reason == TABOR_STOPPED,
       "it has its one end there");
    rig_close(&r);
}

static void
test_seek_while_ending(void)
{
    rig r = rig_open("offline", 64, 4, 1024);
    tabor_handle sample = line(&r, 40000, 2);
    tabor_play_params p = TABOR_PLAY;
    p.length = 1000;
    p.fade_out = 400;
    tabor_handle voice = play(&r, sample, &p);
    must(tabor_voice_stop(r.client, voice, 100, 700));
    must(tabor_voice_seek(r.client, voice, 10, 750));
    float *out = rig_render(&r, 1500, 2);
    ok(loudest(out + 1600, 700) == 0 && out[799 * 2] != 0,
       "a seek does not undo a stop that came in a fade out");
    free(out);
    ok_int(only_event(&r).frame, 800, "which ends when it would");

    voice = play(&r, sample, &p);
    must(tabor_voice_seek(r.client, voice, 0, 1500 + 700));
    out = rig_render(&r, 2000, 2);
    double before = bend(300 / 400.0) * value_at(700);
    ok_near(out[700 * 2], before, 1e-6, "without one the fade out begins,");
    ok_near(out[(700 + DECLICK) * 2], value_at(DECLICK), 1e-6,
            "the seek takes it back,");
    ok_near(out[(700 + 800) * 2], value_at(800) * bend(200 / 400.0), 1e-6,
            "and it comes again before the end");
    free(out);
    ok_int(only_event(&r).frame, 1500 + 1700, "which is a thousand frames on");
    rig_close(&r);
}

/* A stop that would end it on the very frame on which another does. */
static void
test_stop_twice(void)
{
    rig r = rig_open("offline", 64, 4, 1024);
    tabor_handle sample = line(&r, 40000, 2), voice = play(&r, sample, NULL);
    must(tabor_voice_stop(r.client, voice, 200, 1000));
    must(tabor_voice_stop(r.client, voice, 50, 1150));
    float *out = rig_render(&r, 1500, 2);
    ok_near(out[1175 * 2], value_at(1175) * (1 - bend(175 / 200.0)), 1e-6,
            "a stop that comes to the same end changes nothing on the way");
    free(out);
    ok_int(only_event(&r).frame, 1200, "which is where both say");
    voice = play(&r, sample, NULL);
    free(rig_render(&r, 1000, 2));
    must(tabor_voice_stop(r.client, voice, DECLICK, TABOR_ASAP));
    must(tabor_sample_unload(r.client, sample, TABOR_UNLOAD_FADE));
    free(rig_render(&r, 1000, 2));
    tabor_event e = only_event(&r);
    ok(e.reason == TABOR_STOPPED && e.frame == 2500 + DECLICK,
       "of two reasons to end on a frame the first is told");
    rig_close(&r);
}

/* The ghost of a voice that is nearly over must be over no later. */
static void
test_ghost_of_the_dying(void)
{
    rig r = rig_open("offline", 64, 4, 1024);
    tabor_handle sample = line(&r, 40000, 2), voice = play(&r, sample, NULL);
    must(tabor_voice_seek(r.client, voice, 0, 30000));
    must(tabor_voice_stop(r.client, voice, 50, 29970));
    float *out = rig_render(&r, 31000, 2);
    double level = 1 - bend(30 / 50.0);
    ok_near(out[30010 * 2],
            level * (1 - bend(10 / 20.0)) * value_at(30010) +
                (1 - bend(40 / 50.0)) * bend(10 / 240.0) * value_at(10),
            1e-6, "what a seek leaves of a fading voice fades as soon");
    ok(loudest(out + 30020 * 2, 900) == 0, "and nothing is heard after it");
    free(out);
    rig_close(&r);
}

/* --------------------------------------------------------- fades, loops -- */

static void
test_endless(void)
{
    rig r = rig_open("offline", 64, 4, 1024);
    tabor_handle sample = line(&r, 1000, 2);
    tabor_play_params p = TABOR_PLAY;
    p.loop = TABOR_LOOP_POINTS;
    p.loop_end = 1000;
    p.offset = 100;
    p.fade_out = 500;
    play(&r, sample, &p);
    float *out = rig_render(&r, 5000, 2);
    double worst = 0;
    for (int i = 0; i < 5000; i++) {
        double want = bend(i / (double)DECLICK) * value_at((100 + i) % 1000);
        worst = fmax(worst, fabs(out[i * 2] - want));
    }
    ok(worst < 1e-6,
       "a loop without an end begins on a whole ramp, and never "
       "fades out (%.2g)",
       worst);
    free(out);
    rig_close(&r);
}

static void
test_no_frames(void)
{
    rig r = rig_open("offline", 64, 4, 1024);
    tabor_handle sample = line(&r, 1000, 2);
    const tabor_env nothing = {0};
    tabor_play_params p = TABOR_PLAY;
    p.env = &nothing;
    p.at = 100;
    play(&r, sample, &p);
    float *out = rig_render(&r, 500, 2);
    ok(loudest(out, 500) == 0,
       "an envelope of no frames and no level is silent");
    free(out);
    tabor_event e = only_event(&r);
    ok(e.frame == 100 && e.value == 100 && e.reason == TABOR_FINISHED,
       "and over on the frame on which it began");
    const tabor_env step = {.sustain = 1, .release = 0};
    p.env = &step;
    p.at = 700;
    tabor_handle voice = play(&r, sample, &p);
    must(tabor_voice_release(r.client, voice, 900));
    must(tabor_voice_release(r.client, voice, 900));
    out = rig_render(&r, 500, 2);
    ok(fabs(out[399 * 2] - value_at(199)) < 1e-9 &&
           loudest(out + 400 * 2, 100) == 0,
       "one of no frames and full level switches the sound on and off");
    free(out);
    e = only_event(&r);
    ok(e.frame == 900 && e.reason == TABOR_FINISHED,
       "released twice it ends once");
    rig_close(&r);
}

/* ------------------------------------------------------------- channels -- */

static void
test_mono(void)
{
    tabor_engine_config config = TABOR_ENGINE_CONFIG;
    config.driver = "offline";
    config.channels = 1;
    rig r;
    must(tabor_engine_open(&config, &r.engine));
    must(tabor_client_open(r.engine, NULL, &r.client));
    tabor_handle sample = rig_ramp(&r, 1000, 2);
    tabor_play_params p = TABOR_PLAY;
    p.pan = 0.5;
    play(&r, sample, &p);
    float *out = rig_render(&r, 1000, 1);
    double worst = 0;
    for (int i = 0; i < 1000; i++) {
        double mean = (2 * i + 1 + 2 * i + 2) / 2.0 / 2000.0;
        worst = fmax(worst, fabs(out[i] - mean));
    }
    ok(worst < 1e-6,
       "one channel gets the mean of a sample's two, wherever "
       "it is panned (%.2g)",
       worst);
    free(out);
    rig_close(&r);
}

static void
test_four(void)
{
    tabor_engine_config config = TABOR_ENGINE_CONFIG;
    config.driver = "offline";
    config.channels = 4;
    rig r;
    must(tabor_engine_open(&config, &r.engine));
    must(tabor_client_open(r.engine, NULL, &r.client));
    tabor_handle sample = rig_ramp(&r, 1000, 4);
    tabor_play_params p = TABOR_PLAY;
    p.pan = 1;
    play(&r, sample, &p);
    float *out = rig_render(&r, 1000, 4);
    double worst = 0;
    for (int i = 0; i < 4000; i++) {
        double want = i % 4 == 0 ? 0 : (i + 1) / 4000.0;
        worst = fmax(worst, fabs(out[i] - want));
    }
    ok(worst < 1e-6, "of four channels a balance moves the first two (%.2g)",
       worst);
    free(out);
    rig_close(&r);
}

/* ----------------------------------------------------------------- rate -- */

/* A long ramp of rate: by its symmetry it covers frames × the mean of both
 * rates. The middle of each grid's interval stands for all of it, which is
 * exact for a straight line; what the curve adds is far below a frame. */
static void
test_long_ramp(void)
{
    static const uint32_t lengths[] = {100, 2000, 20000, 61440, 100000};
    rig r = rig_open("offline", 1000, 4, 1024);
    tabor_handle sample = line(&r, 300000, 2);
    for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
        uint64_t began = tabor_engine_frame(r.engine);
        uint32_t n = lengths[i];
        tabor_voice_params set = TABOR_VOICE;
        set.which = TABOR_SET_RATE;
        set.rate = 1.5;
        set.ramp_frames = n;
        set.at = began;
        tabor_play_params p = TABOR_PLAY;
        p.kernel = TABOR_KERNEL_LINEAR;
        tabor_handle voice = play(&r, sample, &p);
        must(tabor_voice_set(r.client, voice, &set));
        float *out = rig_render(&r, n + 1000, 2);
        double at = out[(n + 900) * 2] / value_at(1);
        ok_near(at, 1.25 * n + 1.5 * 900, 0.5,
                "a ramp of rate over %u frames covers the mean of both", n);
        free(out);
        must(tabor_voice_stop(r.client, voice, 0, TABOR_ASAP));
    }
    rig_close(&r);
}

/* A ramp of 5 frames from a line of the grid of 4: the step in the middle of
 * the first interval, then the last. */
static void
test_short_ramp(void)
{
    rig r = rig_open("offline", 64, 4, 1024);
    tabor_handle sample = line(&r, 10000, 2);
    free(rig_render(&r, 40, 2));
    tabor_play_params p = TABOR_PLAY;
    p.kernel = TABOR_KERNEL_LINEAR;
    tabor_handle voice = play(&r, sample, &p);
    tabor_voice_params set = TABOR_VOICE;
    set.which = TABOR_SET_RATE;
    set.rate = 1.5;
    set.ramp_frames = 5;
    set.at = 40;
    must(tabor_voice_set(r.client, voice, &set));
    float *out = rig_render(&r, 100, 2);
    double step = 1 + 0.5 * bend(2 / 5.0);
    ok_near(out[4 * 2] / value_at(1), 4 * step, 1e-4,
            "a short ramp of rate begins with the middle of its first step");
    ok_near(out[5 * 2] / value_at(1), 4 * step + 1.5, 1e-4,
            "and goes no further than to its end");
    ok_near(out[90 * 2] / value_at(1), 4 * step + 1.5 * 86, 1e-4,
            "where it stays");
    free(out);
    rig_close(&r);
}

/* --------------------------------------------------------------- places -- */

/* 24 voices have 64 places: 24 that were stolen, 24 that stole them, and what
 * 24 seeks leave, for which only 16 are left. */
static void
test_every_place(void)
{
    enum {
        LIMIT = 24
    };
    rig r = rig_open("offline", 64, LIMIT, 1024);
    tabor_handle sample = line(&r, 40000, 2), voices[LIMIT * 2];
    ok_int(r.engine->rt->voice_slots, 64, "24 voices have 64 places");
    for (int i = 0; i < LIMIT * 2; i++) {
        tabor_play_params p = TABOR_PLAY;
        p.at = i < LIMIT ? 0 : 10000;
        p.gain = 1.0 + i * 0.01;
        voices[i] = play(&r, sample, &p);
    }
    for (int i = LIMIT; i < LIMIT * 2; i++) {
        must(tabor_voice_seek(r.client, voices[i], 30000, 10100));
    }
    free(rig_render(&r, 10101, 2));
    ok_int(~r.engine->rt->active[0], 0, "with a seek of each all are in use");
    int ended[LIMIT * 2] = {0}, at_once = 0, stolen = 0, quietest = 0;
    free(rig_render(&r, 60000, 2));
    tabor_event e;
    while (tabor_poll(r.client, &e, 1)) {
        int now = e.reason == TABOR_STOLEN && e.frame == 10100;
        for (int i = 0; i < LIMIT * 2; i++) {
            ended[i] += e.handle == voices[i];
            quietest += now && i < 8 && e.handle == voices[i];
        }
        stolen += e.reason == TABOR_STOLEN;
        at_once += now;
    }
    int once = 0;
    for (int i = 0; i < LIMIT * 2; i++) {
        once += ended[i] == 1;
    }
    ok_int(stolen, LIMIT, "half of the plays were stolen");
    ok_int(at_once, 8, "and 8 of them made room for what the seeks left");
    ok_int(quietest, 8, "the quietest");
    ok_int(once, LIMIT * 2, "every play has its one end");
    ok_int(r.engine->rt->active[0], 0, "and every place is free again");
    rig_close(&r);
}

static int
count_active(const tabor_rt *rt)
{
    int n = 0;
    for (uint32_t i = 0; i < rt->voice_slots; i++) {
        n += rt->active[i / 64] >> (i % 64) & 1;
    }
    return n;
}

static void
test_many_ghosts(void)
{
    enum {
        VOICES = 100
    };
    rig r = rig_open("offline", 64, VOICES, 1024);
    tabor_handle sample = line(&r, 40000, 2), voices[VOICES];
    for (int i = 0; i < VOICES; i++) {
        voices[i] = play(&r, sample, NULL);
    }
    free(rig_render(&r, 1000, 2));
    for (int i = 0; i < VOICES; i++) {
        must(tabor_voice_seek(r.client, voices[i], 20000, 1000));
    }
    free(rig_render(&r, 1, 2));
    ok_int(count_active(r.engine->rt), VOICES * 2,
           "each of 100 seeks leaves something behind");
    float *out = rig_render(&r, DECLICK, 2);
    ok_near(out[100 * 2] / VOICES,
            value_at(1101) +
                (value_at(20101) - value_at(1101)) * bend(101 / 240.0),
            1e-5, "all of which fades");
    free(out);
    ok_int(count_active(r.engine->rt), VOICES, "and is gone then");
    rig_close(&r);
}

/* -------------------------------------------------------------- leaving -- */

static void
test_first_leaves(void)
{
    rig r = rig_open("offline", 64, 8, 1024);
    tabor_client *other;
    must(tabor_client_open(r.engine, NULL, &other));
    tabor_handle sample = line(&r, 40000, 2), voice;
    play(&r, sample, NULL);
    must(tabor_play(other, sample, NULL, &voice));
    free(rig_render(&r, 10000, 2));
    tabor_client_close(r.client);
    float *out = rig_render(&r, 2000, 2);
    ok_near(out[480 * 2], value_at(10480) * (1 + bend(480 / 960.0)), 1e-6,
            "the first client's sound fades in 20 ms as it leaves");
    ok_near(out[1000 * 2], value_at(11000), 1e-6, "the other's goes on");
    free(out);
    tabor_client_close(other);
    tabor_engine_close(r.engine);
}

/* --------------------------------------------------------------- blocks -- */

/* Many ends in one block, in no order of their voices. */
static void
test_order_of_ends(void)
{
    enum {
        PLAYS = 101
    };
    rig r = rig_open("offline", 8192, 256, 1024);
    tabor_handle sample = line(&r, 40000, 2);
    for (int i = 0; i < PLAYS; i++) {
        tabor_play_params p = TABOR_PLAY;
        p.length = 1000 + (uint64_t)(i * 37 % PLAYS) * 10;
        play(&r, sample, &p);
    }
    free(rig_render(&r, 8192, 2));
    tabor_event e;
    uint64_t ends = 0, in_order = 0;
    while (tabor_poll(r.client, &e, 1)) {
        in_order += e.frame == 1000 + 10 * ends;
        ends++;
    }
    ok(ends == PLAYS && in_order == PLAYS,
       "101 ends in a block are told in the order of their frames");
    rig_close(&r);
}

/* How many plays of a client have ended for a reason, and have never begun. */
static int
count_unheard(tabor_client *client, tabor_reason reason)
{
    tabor_event e;
    int n = 0;
    while (tabor_poll(client, &e, 1)) {
        n += e.type == TABOR_EVENT_ENDED && e.reason == reason &&
             e.value == TABOR_NO_FRAME;
    }
    return n;
}

/* Of every client, the first one too. */
static void
test_withdrawn(void)
{
    rig r = rig_open("offline", 64, 8, 1024);
    tabor_client *other;
    must(tabor_client_open(r.engine, NULL, &other));
    tabor_handle sample = line(&r, 40000, 2), voice;
    tabor_play_params p = TABOR_PLAY;
    p.at = 100000;
    play(&r, sample, &p);
    must(tabor_play(other, sample, &p, &voice));
    free(rig_render(&r, 100, 2));
    tabor_engine_panic(r.engine);
    free(rig_render(&r, 100, 2));
    ok(count_unheard(r.client, TABOR_CANCELLED) == 1 &&
           count_unheard(other, TABOR_CANCELLED) == 1,
       "panic withdraws what every client has scheduled");
    play(&r, sample, &p);
    must(tabor_play(other, sample, &p, &voice));
    free(rig_render(&r, 100, 2));
    tabor_engine_close(r.engine);
    ok(count_unheard(r.client, TABOR_DETACHED) == 1 &&
           count_unheard(other, TABOR_DETACHED) == 1,
       "so does the engine's end");
    tabor_client_close(r.client);
    tabor_client_close(other);
}

/* A driver that asks for more than any may. */
static void
test_huge_block(void)
{
    rig r = rig_open("offline", 64, 4, 1024);
    tabor_handle sample = line(&r, 40000, 2);
    play(&r, sample, NULL);
    float *out = calloc(20000 * 2, sizeof *out);
    tabor_process_run(&r.engine->device.stream->process, out, 20000);
    int wrong = 0;
    for (int i = 0; i < 20000; i++) {
        wrong += out[i * 2] != (float)value_at(i);
    }
    ok_int(wrong, 0, "a block larger than any may be is rendered all the same");
    ok_int(tabor_engine_frame(r.engine), 20000, "and time goes on by it");
    free(out);
    rig_close(&r);
}

/* What a device of integers gets is what one of floats would, converted; also
 * where the block is cut, and while the gate is shut. */
static void
test_integers(void)
{
    enum {
        FRAMES = 10000
    };
    const tabor_conversion to_s16 = {
        .format = TABOR_TO_S16, .dither = TABOR_DITHER_TPDF, .channels = 2};
    static int16_t want[FRAMES * 2], out[FRAMES * 2];
    rig r = rig_open("offline", 64, 4, 1024), other;
    play(&r, line(&r, 40000, 2), NULL);
    float *values = rig_render(&r, FRAMES, 2);
    tabor_convert(&to_s16, values, 0, FRAMES, want);
    rig_close(&r);
    other = rig_open("offline", 64, 4, 1024);
    play(&other, line(&other, 40000, 2), NULL);
    tabor_process *p = &other.engine->device.stream->process;
    const tabor_conversion before = p->conversion;
    p->conversion = to_s16;
    p->scratch = calloc(2 * TABOR_SPAN_MAX, sizeof *p->scratch);
    tabor_process_run(p, out, FRAMES);
    ok(memcmp(out, want, sizeof out) == 0 && out[FRAMES * 2 - 1] != 0,
       "a device of integers gets the sound converted, in blocks of any size");
    tabor_gate_shut(&p->gate);
    tabor_process_run(p, out, FRAMES);
    int loud = 0;
    for (int i = 0; i < FRAMES * 2; i++) {
        loud += out[i] != 0;
    }
    ok(loud == 0 && tabor_engine_frame(other.engine) == FRAMES,
       "and nothing but zeros where the gate is shut, while time stands");
    tabor_gate_open(&p->gate);
    free(p->scratch);
    p->scratch = NULL;
    p->conversion = before;
    free(values);
    rig_close(&other);
}

int
main(void)
{
    tap_start();
    test_seek_when_cut();
    test_seek_while_ending();
    test_stop_twice();
    test_ghost_of_the_dying();
    test_endless();
    test_no_frames();
    test_mono();
    test_four();
    test_long_ramp();
    test_short_ramp();
    test_every_place();
    test_many_ghosts();
    test_first_leaves();
    test_order_of_ends();
    test_withdrawn();
    test_huge_block();
    test_integers();
    return tap_done();
}
