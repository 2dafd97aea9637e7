/* SPDX-License-Identifier: MIT
 *
 * Shapes: loops, fades, envelopes, choke groups; against closed forms, and the
 * same for every block size.
 */
#include <sndfile.h>

#include "helpers.h"

#define RATE 48000

/* A stereo sample of ones: what is heard is the level. */
static tabor_handle
ones(rig *r, uint64_t frames)
{
    tabor_audio *audio;
    tabor_handle sample;
    must(tabor_audio_new(frames, 2, RATE, &audio));
    for (uint64_t i = 0; i < frames * 2; i++) {
        audio->values[i] = 1.0f;
    }
    must(tabor_sample_add(r->client, audio, "ones", &sample));
    tabor_audio_free(audio);
    return sample;
}

static tabor_event
only_end(rig *r)
{
    tabor_event e = {0}, more;
    size_t n = tabor_poll(r->client, &e, 1) + tabor_poll(r->client, &more, 1);
    if (n != 1) {
        e.type = TABOR_EVENT_NONE;
    }
    return e;
}

/* --------------------------------------------------------------- loops -- */

static void
test_loop(void)
{
    rig r = rig_open("offline", 64, 256, 1024);
    tabor_handle sample = rig_ramp(&r, 1000, 2), voice;
    tabor_play_params p = TABOR_PLAY;
    p.loop = TABOR_LOOP_POINTS;
    p.loop_start = 300;
    p.loop_end = 700;
    must(tabor_play(r.client, sample, &p, &voice));
    float *out = rig_render(&r, 5000, 2);
    int wrong = 0;
    for (int i = 0; i < 5000; i++) {
        int at = i < 700 ? i : 300 + (i - 700) % 400;
        wrong += out[i * 2] != (float)(at * 2 + 1) / 2000.0f;
    }
    ok_int(wrong, 0, "a loop goes round between its points, bit for bit");
    free(out);
    must(tabor_voice_stop(r.client, voice, 0, TABOR_ASAP));
    free(rig_render(&r, 10, 2));
    ok(only_end(&r).reason == TABOR_STOPPED, "until it is stopped");

    p.length = 2500;
    must(tabor_play(r.client, sample, &p, &voice));
    free(rig_render(&r, 5000, 2));
    tabor_event e = only_end(&r);
    ok(e.reason == TABOR_FINISHED && e.frame - e.value == 2500,
       "or as long as asked for, each turn counted");

    p = (tabor_play_params)TABOR_PLAY;
    p.loop = TABOR_LOOP_SAMPLE;
    p.offset = 990;
    p.length = 20;
    p.fade_in = p.fade_out = 0;
    must(tabor_play(r.client, sample, &p, &voice));
    out = rig_render(&r, 30, 2);
    ok(out[9 * 2] == 1999.0f / 2000 && out[10 * 2] == 1.0f / 2000 &&
           out[20 * 2] == 0.0f,
       "without points of its own a sample loops as a whole");
    free(out);
    p.loop = TABOR_LOOP_POINTS;
    p.loop_start = 10;
    p.loop_end = 900;
    ok(tabor_play(r.client, sample, &p, &voice) == TABOR_ERR_INVALID &&
           strstr(tabor_error(), "past the loop"),
       "an offset past the loop is refused: %s", tabor_error());
    p.loop_end = 1001;
    ok(tabor_play(r.client, sample, &p, &voice) == TABOR_ERR_INVALID &&
           strstr(tabor_error(), "1000"),
       "a loop past the end is refused: %s", tabor_error());
    rig_close(&r);
}

/* A sine whose loop holds whole periods has no seam: then a pitched loop is a
 * sine for ever. From the hundredth frame on: the sample begins out of silence,
 * and a sinc hears that. */
static void
test_loop_seam(void)
{
    rig r = rig_open("offline", 256, 256, 1024);
    tabor_audio *audio;
    tabor_handle sample, voice;
    must(tabor_audio_new(4800, 2, RATE, &audio));
    for (uint64_t i = 0; i < 9600; i++) {
        audio->values[i] =
            (float)(0.5 * sin((double)(i / 2) * 6.283185307179586 / 480));
    }
    must(tabor_sample_add(r.client, audio, "sine", &sample));
    const tabor_kernel kernels[] = {TABOR_KERNEL_LINEAR, TABOR_KERNEL_SINC16,
                                    TABOR_KERNEL_SINC32};
    /* straight lines miss this sine by up to 0.5 * (pi / 480)^2 / 2; a sinc
     * only by its ripple, below 1e-4 of it */
    const double bounds[] = {2e-5, 5e-5, 5e-5};
    for (int k = 0; k < 3; k++) {
        tabor_play_params p = TABOR_PLAY;
        p.rate = 1.37;
        p.kernel = kernels[k];
        p.loop = TABOR_LOOP_POINTS;
        p.loop_start = 480;
        p.loop_end = 960;
        must(tabor_play(r.client, sample, &p, &voice));
        float *out = rig_render(&r, 20000, 2);
        double worst = 0;
        for (int i = 100; i < 20000; i++) {
            double want = 0.5 * sin(i * 1.37 * 6.283185307179586 / 480);
            worst = fmax(worst, fabs(out[i * 2] - want));
        }
        ok(worst < bounds[k], "a pitched loop has no seam, kernel %d (%.2g)",
           kernels[k], worst);
        free(out);
        must(tabor_stop(r.client, 0));
        free(rig_render(&r, 10, 2));
    }
    tabor_audio_free(audio);
    rig_close(&r);
}

/* Noise, which is like itself nowhere. */
static tabor_handle
noise(rig *r, uint64_t frames)
{
    tabor_audio *audio;
    tabor_handle sample;
    uint32_t dice = 5;
    must(tabor_audio_new(frames, 2, RATE, &audio));
    for (uint64_t i = 0; i < frames * 2; i++) {
        dice = dice * 1664525u + 1013904223u;
        audio->values[i] = (float)(int32_t)dice * 0x1p-31f;
    }
    must(tabor_sample_add(r->client, audio, "noise", &sample));
    tabor_audio_free(audio);
    return sample;
}

/* The first frames of a play, from a fresh engine. */
static float *
first_frames(tabor_play_params p, const tabor_audio *audio, uint32_t block,
             uint64_t frames)
{
    rig r = rig_open("offline", block, 256, 1024);
    tabor_handle sample, voice;
    must(tabor_sample_add(r.client, audio, "it", &sample));
    must(tabor_play(r.client, sample, &p, &voice));
    float *out = rig_render(&r, frames, 2);
    rig_close(&r);
    return out;
}

/* Frames of a crossed loop at rate 1 that are not as the formula has them. */
static int
count_uncrossed(const float *out, const float *x, int start, int end, int fade)
{
    int wrong = 0, turn = end - start;
    for (int i = 0; i < 10000; i++) {
        int at = i < end ? i : start + (i - end) % turn;
        double share = bend((at - end + fade) / (double)fade);
        double want = at < end - fade ? (double)x[at * 2]
                                      : x[at * 2] * (1 - share) +
                                            x[(at - turn) * 2] * share;
        wrong += fabs(out[i * 2] - want) > 1e-6;
    }
    return wrong;
}

/* Played at another rate, a loop is what its turns laid out one after the
 * other are: no kernel and no block knows where the seam was. */
static void
test_loop_fade(void)
{
    const int fades[] = {1, 3, 300, 700};
    const uint32_t blocks[] = {1, 17, 256, 8192};
    const double rates[] = {0.3, 1.37, 7.1};
    rig r = rig_open("offline", 256, 256, 1024);
    tabor_audio *audio, *laid;
    must(tabor_sample_copy(r.client, noise(&r, 2000), &audio));
    must(tabor_audio_new(10000, 2, RATE, &laid));
    for (int f = 0; f < 4; f++) {
        tabor_play_params p = TABOR_PLAY, flat = TABOR_PLAY;
        p.loop = TABOR_LOOP_POINTS;
        p.loop_start = 700;
        p.loop_end = 1400;
        p.loop_fade = (uint32_t)fades[f];
        float *out = first_frames(p, audio, 64, 10000);
        ok_int(count_uncrossed(out, audio->values, 700, 1400, fades[f]), 0,
               "a loop's last %d frames cross into what is before it",
               fades[f]);
        memcpy(laid->values, out, 20000 * sizeof *out);
        free(out);
        int same = 0;
        for (int i = 0; i < 4 * 3 * 3; i++) {
            p.rate = flat.rate = rates[i % 3];
            p.kernel = flat.kernel = (tabor_kernel)(1 + i / 3 % 3);
            /* up to where a sinc of the highest rate hears the end */
            size_t frames = (size_t)((10000 - 40) / p.rate);
            frames = frames < 8000 ? frames : 8000;
            float *loop = first_frames(p, audio, blocks[i / 9], frames);
            float *line = first_frames(flat, laid, 256, frames);
            same += memcmp(loop, line, frames * 2 * sizeof *line) == 0;
            free(loop);
            free(line);
        }
        ok_int(same, 36, "the same bits pitched, on any kernel and block");
    }
    tabor_audio_free(audio);
    tabor_audio_free(laid);
    rig_close(&r);
}

static void
test_loop_fade_refused(void)
{
    rig r = rig_open("offline", 256, 256, 1024);
    tabor_handle sample = rig_ramp(&r, 1000, 2), voice;
    tabor_play_params p = TABOR_PLAY;
    p.loop_fade = 10;
    ok(tabor_play(r.client, sample, &p, &voice) == TABOR_ERR_INVALID,
       "a fade without a loop is refused: %s", tabor_error());
    p.loop = TABOR_LOOP_SAMPLE;
    ok(tabor_play(r.client, sample, &p, &voice) == TABOR_ERR_INVALID &&
           strstr(tabor_error(), "there are 0 before"),
       "and one with nothing before it: %s", tabor_error());
    p.loop = TABOR_LOOP_POINTS;
    p.loop_start = 500;
    p.loop_end = 509;
    ok(tabor_play(r.client, sample, &p, &voice) == TABOR_ERR_INVALID &&
           strstr(tabor_error(), "the loop has 9"),
       "and one longer than it: %s", tabor_error());
    p.loop_end = 510;
    must(tabor_play(r.client, sample, &p, &voice));
    free(rig_render(&r, 1000, 2));
    ok_int(tabor_voice_alive(r.client, voice), 1, "one as long as it is not");
    rig_close(&r);
}

static void
test_smpl(void)
{
    rig r = rig_open("offline", 256, 256, 1024);
    SF_INFO info = {.samplerate = RATE / 2,
                    .channels = 1,
                    .format = SF_FORMAT_WAV | SF_FORMAT_PCM_16};
    SNDFILE *file = sf_open("t-smpl.wav", SFM_WRITE, &info);
    SF_INSTRUMENT instrument = {.gain = 1, .basenote = 60, .loop_count = 1};
    instrument.loops[0].mode = SF_LOOP_FORWARD;
    instrument.loops[0].start = 100;
    instrument.loops[0].end = 200;
    sf_command(file, SFC_SET_INSTRUMENT, &instrument, sizeof instrument);
    short values[400] = {0};
    sf_writef_short(file, values, 400);
    sf_close(file);
    tabor_handle sample = 0;
    tabor_sample_info loaded = {0};
    must(tabor_sample_load(r.client, "t-smpl.wav", NULL, &sample));
    must(tabor_sample_get_info(r.client, sample, &loaded));
    ok(loaded.loop_start == 200 && loaded.loop_end == 400,
       "a WAV's own loop is read, at the engine's rate (%d to %d)",
       (int)loaded.loop_start, (int)loaded.loop_end);
    tabor_play_params p = TABOR_PLAY;
    tabor_handle voice;
    p.loop = TABOR_LOOP_SAMPLE;
    must(tabor_play(r.client, sample, &p, &voice));
    free(rig_render(&r, 100000, 2));
    ok_int(tabor_voice_alive(r.client, voice), 1, "and played for ever");
    remove("t-smpl.wav");
    rig_close(&r);
}

/* --------------------------------------------------------------- fades -- */

static void
test_fades(void)
{
    rig r = rig_open("offline", 64, 256, 1024);
    tabor_handle sample = ones(&r, 1000), voice;
    tabor_play_params p = TABOR_PLAY;
    p.fade_in = 100;
    p.fade_out = 200;
    must(tabor_play(r.client, sample, &p, &voice));
    float *out = rig_render(&r, 1100, 2);
    double worst = 0;
    for (int i = 0; i < 1000; i++) {
        double want = bend(i / 100.0) * bend((1000 - i) / 200.0);
        worst = fmax(worst, fabs(out[i * 2] - want));
    }
    ok(worst < 1e-6, "fades go in and out on their curve (%.2g)", worst);
    free(out);
    tabor_event e = only_end(&r);
    ok(e.reason == TABOR_FINISHED && e.frame - e.value == 1000,
       "and end where the sample does");
    p.rate = 2;
    must(tabor_play(r.client, sample, &p, &voice));
    out = rig_render(&r, 600, 2);
    ok_near(out[400 * 2], 0.5, 1e-6,
            "a fade out is timed in what is heard, whatever the rate");
    free(out);
    rig_close(&r);
}

/* ----------------------------------------------------------- envelopes -- */

/* The level at frame i of a play of so many frames with soft ends: 240 frames
 * each, or half of it. */
static double
soft_level(int i, int frames, int starts, int ends)
{
    double most = starts && ends ? floor(frames / 2.0) : frames;
    double ramp = fmin(240, most);
    return (starts ? bend(i / ramp) : 1) *
           (ends ? bend((frames - i) / ramp) : 1);
}

/* Render one play of ones; how far it is from the level that is wanted. */
static double
off_by(rig *r, const tabor_play_params *p, int frames, int starts, int ends)
{
    tabor_handle sample = ones(r, 10000), voice;
    double worst = 0;
    must(tabor_play(r->client, sample, p, &voice));
    float *out = rig_render(r, 12000, 2);
    for (int i = 0; i < 12000; i++) {
        double want = i < frames ? soft_level(i, frames, starts, ends) : 0;
        worst = fmax(worst, fabs(out[i * 2] - want));
    }
    free(out);
    only_end(r);
    return worst;
}

static void
test_soft_ends(void)
{
    rig r = rig_open("offline", 64, 256, 1024);
    tabor_play_params p = TABOR_PLAY;
    const double close = 1e-6; /* some roundings of float32 */
    ok(off_by(&r, &p, 10000, 0, 0) == 0, "a whole sample has no ramps");
    p.offset = 4000;
    ok(off_by(&r, &p, 6000, 1, 0) < close, "from its middle it ramps for 5 ms");
    p.length = 6000;
    ok(off_by(&r, &p, 6000, 1, 0) < close, "a length up to its end cuts none");
    p.length = 5999;
    ok(off_by(&r, &p, 5999, 1, 1) < close, "a shorter one ramps at its end");
    p.length = 101;
    ok(off_by(&r, &p, 101, 1, 1) < close, "or for half its time each");
    p.offset = 0;
    ok(off_by(&r, &p, 101, 0, 1) < close, "or for all of it");
    p.length = 1000;
    p.rate = 2;
    p.kernel = TABOR_KERNEL_LINEAR; /* a sinc hears the silence before it */
    ok(off_by(&r, &p, 500, 0, 1) < close, "timed in what is heard");
    p.rate = 1;
    p.fade_out = 0;
    ok(off_by(&r, &p, 1000, 0, 0) == 0, "an explicit 0 is no ramp");
    p.offset = 10;
    p.fade_in = 0;
    ok(off_by(&r, &p, 1000, 0, 0) == 0, "at the start too");
    p.fade_in = p.fade_out = TABOR_FADE_AUTO;
    p.slice_start = 10;
    p.slice_frames = 1000;
    ok(off_by(&r, &p, 1000, 0, 0) == 0, "nor is there one at a slice's edges");
    p.at = tabor_engine_frame(r.engine) - 100;
    p.late = TABOR_LATE_CATCH_UP;
    ok(off_by(&r, &p, 900, 1, 0) < close, "unless it is caught up past it");
    p.fade_in = 0;
    p.at = tabor_engine_frame(r.engine) - 100;
    ok(off_by(&r, &p, 900, 0, 0) == 0, "and 0 was said");
    p = (tabor_play_params)TABOR_PLAY;
    p.loop = TABOR_LOOP_SAMPLE;
    p.length = 11000;
    ok(off_by(&r, &p, 11000, 0, 1) < close, "a loop's length ends in a ramp");
    p.fade_in = 5000;
    p.fade_out = 6000;
    must(tabor_play(r.client, ones(&r, 10), &p, &(tabor_handle){0}));
    float *out = rig_render(&r, 11000, 2);
    ok_near(out[2500 * 2], 0.5, close, "what is asked for is taken");
    ok_near(out[8000 * 2], 0.5, close, "at both ends");
    free(out);
    rig_close(&r);
}

static void
test_envelope(void)
{
    rig r = rig_open("offline", 64, 256, 1024);
    tabor_handle sample = ones(&r, 48000), voice;
    const tabor_env env = {.attack = 100,
                           .hold = 50,
                           .decay = 200,
                           .release = 300,
                           .sustain = 0.25};
    tabor_play_params p = TABOR_PLAY;
    p.env = &env;
    must(tabor_play(r.client, sample, &p, &voice));
    must(tabor_voice_release(r.client, voice, 1000));
    float *out = rig_render(&r, 2000, 2);
    double worst = 0;
    for (int i = 0; i < 2000; i++) {
        double want = (bend(i / 100.0) - 0.75 * bend((i - 150) / 200.0)) *
                      bend((1300 - i) / 300.0);
        worst = fmax(worst, fabs(out[i * 2] - want));
    }
    ok(worst < 1e-6, "attack, hold, decay, sustain, release (%.2g)", worst);
    tabor_event e = only_end(&r);
    ok(e.reason == TABOR_FINISHED && e.frame == 1300,
       "the voice ends with its release");
    free(out);

    const tabor_env pluck = {.attack = 10, .decay = 100};
    p.env = &pluck;
    must(tabor_play(r.client, sample, &p, &voice));
    free(rig_render(&r, 500, 2));
    e = only_end(&r);
    ok(e.frame - e.value == 110, "one that sustains nothing ends by itself");

    p.env = &env;
    must(tabor_play(r.client, sample, &p, &voice));
    must(tabor_voice_release(r.client, voice, 2500 + 50));
    out = rig_render(&r, 1000, 2);
    ok_near(out[50 * 2], 0.5, 1e-6, "a release in the attack begins there");
    ok_near(out[200 * 2], 0.25, 1e-6, "and takes its time");
    free(out);
    only_end(&r);
    p.env = NULL;
    must(tabor_play(r.client, sample, &p, &voice));
    free(rig_render(&r, 10, 2));
    must(tabor_voice_release(r.client, voice, TABOR_ASAP));
    free(rig_render(&r, 500, 2));
    e = only_end(&r);
    ok(e.reason == TABOR_STOPPED && e.frame - e.value == 250,
       "without an envelope a release is a stop in 5 ms");
    rig_close(&r);
}

static void
test_decayed(void)
{
    rig r = rig_open("offline", 64, 256, 1024);
    tabor_handle sample = ones(&r, 1000), voice;
    const tabor_env env = {.attack = 10, .hold = 5, .decay = 15};
    tabor_play_params p = TABOR_PLAY;
    p.env = &env;
    must(tabor_play(r.client, sample, &p, &voice));
    free(rig_render(&r, 30, 2));
    tabor_event e = only_end(&r);
    ok(e.type == TABOR_EVENT_ENDED && e.reason == TABOR_FINISHED &&
           e.frame == 30,
       "what has decayed to nothing ends in the block that it ends in");
    rig_close(&r);
}

static void
test_choke(void)
{
    rig r = rig_open("offline", 64, 256, 1024);
    tabor_handle sample = ones(&r, 48000), open, chord, closed;
    tabor_play_params p = TABOR_PLAY;
    p.choke = 7;
    must(tabor_play(r.client, sample, &p, &open));
    must(tabor_play(r.client, sample, &p, &chord));
    p.at = 1000;
    must(tabor_play(r.client, sample, &p, &closed));
    free(rig_render(&r, 5000, 2));
    tabor_event e[4];
    size_t n = tabor_poll(r.client, e, 4);
    ok(n == 2 && e[0].handle == open && e[1].handle == chord &&
           e[0].frame == 1240 && e[0].reason == TABOR_STOPPED,
       "a voice silences the others of its group, but not those of its chord");
    ok_int(tabor_voice_alive(r.client, closed), 1, "and sounds itself");
    rig_close(&r);
}

/* -------------------------------------------------------------- credit -- */

/* Refused when it comes, because a panic was asked for after it was sent. */
static void
test_refused(void)
{
    rig r = rig_open("offline", 64, 256, 1024);
    tabor_handle sample = ones(&r, 1000), voice;
    tabor_play_params p = TABOR_PLAY;
    p.choke = 1;
    must(tabor_play(r.client, sample, &p, &voice));
    tabor_engine_panic(r.engine);
    free(rig_render(&r, 1, 2));
    ok(only_end(&r).reason == TABOR_CANCELLED, "a panic refuses a shaped play");
    must(tabor_play(r.client, sample, NULL, &voice));
    free(rig_render(&r, 1, 2));
    tabor_stats stats;
    tabor_get_stats(r.client, &stats);
    ok_int(stats.stale, 0, "and its shape goes with it");
    rig_close(&r);
}

static void
test_credit(void)
{
    rig r = rig_open("offline", 64, 256, 1024);
    tabor_handle sample = ones(&r, 10), voice;
    tabor_play_params p = TABOR_PLAY;
    p.fade_in = 2;
    uint32_t accepted = 0;
    for (int round = 0; round < 40; round++) {
        p.at = round % 2 ? TABOR_ASAP : 1000000;
        while (tabor_play(r.client, sample, &p, &voice) == TABOR_OK) {
            accepted++;
        }
        must(tabor_cancel(r.client, 0, 0, TABOR_NO_FRAME));
        free(rig_render(&r, 20, 2));
    }
    tabor_event e;
    uint32_t ended = 0;
    while (tabor_poll(r.client, &e, 1)) {
        ended += e.type == TABOR_EVENT_ENDED;
    }
    ok(accepted > 15000, "shaped plays give all their credit back (%u plays)",
       accepted);
    ok_int(ended, accepted, "and have one end each");
    rig_close(&r);
}

/* -------------------------------------------------------------- blocks -- */

static float *
render_piece(uint32_t block)
{
    rig r = rig_open("offline", block, 24, 1024);
    tabor_handle samples[] = {rig_ramp(&r, 3000, 1), rig_ramp(&r, 5000, 2)};
    uint32_t dice = 11;
    for (uint32_t i = 0; i < 64; i++) {
        dice = dice * 1664525u + 1013904223u;
        const tabor_env env = {.attack = dice % 400,
                               .hold = (dice >> 4) % 300,
                               .decay = (dice >> 8) % 900,
                               .release = (dice >> 12) % 700,
                               .sustain = (dice >> 16) % 100 / 100.0};
        tabor_play_params p = TABOR_PLAY;
        p.at = dice % 16000;
        p.rate = i % 3 ? 0.2 + (dice >> 5) % 60 / 10.0 : 1.0;
        p.loop = (tabor_loop)(i % 3);
        p.loop_start = dice % 1000;
        p.loop_end = p.loop_start + 1 + (dice >> 7) % 1900;
        p.loop_fade = i % 3 == 2 ? dice % 37 % (p.loop_end - p.loop_start) : 0;
        p.loop_start += p.loop_fade;
        p.loop_end += p.loop_fade;
        p.length = i % 2 ? TABOR_TO_END : 4000;
        p.fade_in = i % 4 ? i % 4 * 100 : TABOR_FADE_AUTO;
        p.fade_out = i % 5 ? i % 5 * 300 : TABOR_FADE_AUTO;
        p.offset = i % 7 ? 0 : dice % 1000 / 2;
        p.env = i % 2 ? &env : NULL;
        p.choke = i % 6;
        p.late = TABOR_LATE_CATCH_UP;
        tabor_handle voice;
        must(tabor_play(r.client, samples[i % 2], &p, &voice));
        tabor_voice_params set = TABOR_VOICE;
        set.which = TABOR_SET_RATE;
        set.at = p.at + 500;
        set.ramp_frames = 2000;
        set.rate = 0.7;
        must(tabor_voice_set(r.client, voice, &set));
        must(tabor_voice_release(r.client, voice, p.at + 3000));
    }
    float *out = rig_render(&r, 30000, 2);
    rig_close(&r);
    return out;
}

static void
test_blocks(void)
{
    const uint32_t blocks[] = {1, 17, 64, 441, 1024, 8192};
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
    test_loop();
    test_loop_seam();
    test_loop_fade();
    test_loop_fade_refused();
    test_smpl();
    test_fades();
    test_soft_ends();
    test_envelope();
    test_decayed();
    test_choke();
    test_refused();
    test_credit();
    test_blocks();
    return tap_done();
}
