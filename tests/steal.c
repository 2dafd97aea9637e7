/* SPDX-License-Identifier: MIT
 *
 * Which voice gives its place when there are as many as there may be.
 */
#include "helpers.h"

#define RATE    48000
#define DECLICK 240 /* frames in which a stolen voice fades */

/* A stereo sample of ones: what is heard is the sum of the levels. */
static tabor_handle
ones(rig *r)
{
    tabor_audio *audio;
    tabor_handle sample;
    must(tabor_audio_new(RATE, 2, RATE, &audio));
    for (uint64_t i = 0; i < RATE * 2; i++) {
        audio->values[i] = 1.0f;
    }
    must(tabor_sample_add(r->client, audio, "ones", &sample));
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

/* Play count more, 300 frames apart, so that each takes one voice; the order
 * in which the given ones went, as digits. */
static uint64_t
steal(rig *r, tabor_handle sample, const tabor_handle *voices, int count)
{
    uint64_t order = 0;
    for (int i = 0; i < count; i++) {
        free(rig_render(r, 300, 2));
        play(r, sample, NULL);
    }
    free(rig_render(r, 300, 2));
    tabor_event e;
    while (tabor_poll(r->client, &e, 1)) {
        for (int i = 0; i < count; i++) {
            if (e.handle == voices[i] && e.reason == TABOR_STOLEN) {
                order = order * 10 + (unsigned)i + 1;
            }
        }
    }
    return order;
}

/* ---------------------------------------------------------------- order -- */

static void
test_gains(void)
{
    const double gains[] = {0.5, 0.1, 0.9, 0.3};
    rig r = rig_open("offline", 64, 4, 1024);
    tabor_handle sample = ones(&r), voices[4];
    for (int i = 0; i < 4; i++) {
        tabor_play_params p = TABOR_PLAY;
        p.gain = gains[i];
        voices[i] = play(&r, sample, &p);
    }
    ok_int(steal(&r, sample, voices, 4), 2413, "the quietest voice goes first");
    rig_close(&r);
}

/* Five voices whose levels differ by gain, velocity, pan, fade and envelope:
 * 0.5, 0.4, 0.3, 0.2, 0.1 when the first one is taken, on frame 300. */
static void
test_levels(void)
{
    rig r = rig_open("offline", 64, 5, 1024);
    tabor_handle sample = ones(&r), voices[5];
    const tabor_env env = {.sustain = 0.4};
    tabor_play_params p[5];
    for (int i = 0; i < 5; i++) {
        p[i] = (tabor_play_params)TABOR_PLAY;
    }
    p[0].gain = 0.5;
    p[1].env = &env;
    p[2].velocity = 0.3;
    p[3].fade_in = 48000;
    p[4].gain = 0.1;
    p[4].pan = -1;
    for (int i = 0; i < 5; i++) {
        voices[i] = play(&r, sample, &p[i]);
    }
    ok_int(steal(&r, sample, voices, 5), 45321,
           "fades, pan, velocity and envelope count");
    rig_close(&r);
}

static void
test_fading(void)
{
    rig r = rig_open("offline", 64, 4, 1024);
    tabor_handle sample = ones(&r), voices[4];
    const tabor_env env = {.sustain = 1, .release = RATE};
    tabor_play_params p = TABOR_PLAY;
    p.gain = 0.1;
    voices[0] = play(&r, sample, &p);
    p.gain = 4;
    p.env = &env;
    voices[1] = play(&r, sample, &p);
    p.gain = 8;
    p.env = NULL;
    voices[2] = play(&r, sample, &p);
    p.gain = 2;
    p.length = 12000;
    p.fade_out = 11999;
    voices[3] = play(&r, sample, &p);
    must(tabor_voice_release(r.client, voices[1], 100));
    must(tabor_voice_stop(r.client, voices[2], RATE, 100));
    ok_int(steal(&r, sample, voices, 4), 4231,
           "but what fades or was released goes before all others");
    rig_close(&r);
}

static void
test_ties(void)
{
    rig r = rig_open("offline", 64, 4, 1024);
    tabor_handle sample = ones(&r), voices[4];
    const uint64_t at[] = {30, 10, 10, 20};
    for (int i = 0; i < 4; i++) {
        tabor_play_params p = TABOR_PLAY;
        p.at = at[i];
        voices[i] = play(&r, sample, &p);
    }
    ok_int(steal(&r, sample, voices, 4), 2341,
           "of equal ones the oldest goes, of a chord the lowest handle");
    rig_close(&r);
}

/* A change on the very frame of the steal counts. */
static void
test_same_frame(void)
{
    rig r = rig_open("offline", 64, 3, 1024);
    tabor_handle sample = ones(&r), voices[3];
    for (int i = 0; i < 3; i++) {
        voices[i] = play(&r, sample, NULL);
    }
    tabor_play_params p = TABOR_PLAY;
    p.at = 1000;
    tabor_voice_params set = TABOR_VOICE;
    set.at = 1000;
    set.which = TABOR_SET_GAIN;
    set.gain = 0.5;
    must(tabor_voice_set(r.client, voices[2], &set));
    play(&r, sample, &p);
    set.gain = 0.25;
    must(tabor_voice_set(r.client, voices[1], &set));
    play(&r, sample, &p);
    must(tabor_voice_stop(r.client, voices[0], 0, 1000));
    play(&r, sample, &p);
    play(&r, sample, &p);
    free(rig_render(&r, 2000, 2));
    tabor_event e[6];
    size_t n = tabor_poll(r.client, e, 6);
    ok(n == 4 && e[0].value == TABOR_NO_FRAME && e[0].reason == TABOR_STOLEN,
       "three of four plays of one frame take the three voices");
    ok(n == 4 && e[1].handle == voices[0] && e[1].reason == TABOR_STOPPED &&
           e[1].frame == 1000 && e[2].frame == 1000 + DECLICK &&
           e[2].reason == TABOR_STOLEN && e[3].reason == TABOR_STOLEN,
       "each as it was when its play came; what was stopped is not stolen");
    rig_close(&r);
}

/* --------------------------------------------------------------- chords -- */

#define CHORD 300

/* Frames on which the sum is not what so many that go and so many that come
 * add up to. */
static int
count_wrong(const float *out, int frames)
{
    int wrong = 0;
    for (int i = 0; i < frames; i++) {
        double share = bend((i - 1000) / (double)DECLICK);
        double want = i < 1000 ? 1 : 1 - share + 1;
        wrong += fabs(out[i * 2] - want) > 1e-4;
    }
    return wrong;
}

static void
test_chord(void)
{
    rig r = rig_open("offline", 64, CHORD, 1024);
    tabor_handle sample = ones(&r);
    tabor_play_params p = TABOR_PLAY;
    p.gain = 1.0 / CHORD;
    for (int chord = 0; chord < 2; chord++) {
        p.at = (uint64_t)chord * 1000;
        for (int i = 0; i < CHORD; i++) {
            play(&r, sample, &p);
        }
    }
    float *out = rig_render(&r, 2000, 2);
    ok_int(count_wrong(out, 2000), 0,
           "a chord of %d takes the places of %d, which all fade", CHORD,
           CHORD);
    free(out);
    /* four chords within one fade: more than there is room to fade for */
    p.length = 5000;
    for (int chord = 0; chord < 4; chord++) {
        p.at = 2000 + (uint64_t)chord * 10;
        for (int i = 0; i < CHORD; i++) {
            while (tabor_play(r.client, sample, &p, &(tabor_handle){0}) ==
                   TABOR_ERR_FULL) {
                free(rig_render(&r, 1, 2));
            }
        }
    }
    free(rig_render(&r, 8000, 2));
    tabor_event e;
    int stolen = 0, finished = 0, unheard = 0;
    while (tabor_poll(r.client, &e, 1)) {
        stolen += e.reason == TABOR_STOLEN;
        finished += e.reason == TABOR_FINISHED;
        unheard += e.value == TABOR_NO_FRAME;
    }
    ok(stolen == 5 * CHORD && finished == CHORD && unheard == 0,
       "four chords in a row: every play is heard and ends once (%d, %d, %d)",
       stolen, finished, unheard);
    rig_close(&r);
}

/* -------------------------------------------------------------- blocks -- */

static uint64_t
hash(uint64_t h, const void *bytes, size_t size)
{
    const unsigned char *b = bytes;
    for (size_t i = 0; i < size; i++) {
        h = (h ^ b[i]) * 1099511628211u;
    }
    return h;
}

/* Many plays of all kinds for few voices: audio and events, as one number. */
static uint64_t
hash_piece(uint32_t block, int *stolen)
{
    rig r = rig_open("offline", block, 7, 1024);
    tabor_handle samples[] = {rig_ramp(&r, 9000, 1), rig_ramp(&r, 5000, 2)};
    uint32_t dice = 3;
    for (uint32_t i = 0; i < 200; i++) {
        dice = dice * 1664525u + 1013904223u;
        const tabor_env env = {.attack = dice % 400,
                               .decay = (dice >> 8) % 900,
                               .release = (dice >> 12) % 2000,
                               .sustain = (dice >> 16) % 100 / 100.0};
        tabor_play_params p = TABOR_PLAY;
        p.at = (dice >> 4) % 16000 / 50 * 50;
        p.gain = (dice >> 7) % 30 / 30.0;
        p.pan = (int)((dice >> 12) % 200 - 100) / 100.0;
        p.rate = i % 3 ? 1.0 : 0.3 + (dice >> 5) % 30 / 10.0;
        p.fade_in = i % 4 * 500;
        p.fade_out = i % 5 * 700;
        p.env = i % 2 ? &env : NULL;
        tabor_handle voice = play(&r, samples[i % 2], &p);
        must(tabor_voice_release(r.client, voice, p.at + dice % 3000));
        tabor_voice_params set = TABOR_VOICE;
        set.which = TABOR_SET_GAIN | TABOR_SET_PAN;
        set.at = p.at + 300 + i;
        set.ramp_frames = i * 13;
        set.gain = (dice >> 9) % 20 / 20.0;
        must(tabor_voice_set(r.client, voice, &set));
    }
    float *out = rig_render(&r, 24000, 2);
    uint64_t h = hash(14695981039346656037u, out, 48000 * sizeof *out);
    tabor_event e;
    *stolen = 0;
    while (tabor_poll(r.client, &e, 1)) {
        if (e.type == TABOR_EVENT_ENDED) {
            *stolen += e.reason == TABOR_STOLEN;
            const uint64_t words[] = {e.frame, e.handle, e.value, e.reason};
            h = hash(h, words, sizeof words);
        }
    }
    free(out);
    rig_close(&r);
    return h;
}

static void
test_blocks(void)
{
    const uint32_t blocks[] = {1, 17, 64, 100, 441, 480, 1024, 8192};
    int reference_stolen, stolen;
    uint64_t reference = hash_piece(256, &reference_stolen);
    ok(reference_stolen > 50, "many voices are stolen (%d)", reference_stolen);
    for (size_t i = 0; i < sizeof blocks / sizeof *blocks; i++) {
        ok(hash_piece(blocks[i], &stolen) == reference,
           "blocks of %u steal the same voices", blocks[i]);
    }
}

int
main(void)
{
    tap_start();
    test_gains();
    test_levels();
    test_fading();
    test_ties();
    test_same_frame();
    test_chord();
    test_blocks();
    return tap_done();
}
