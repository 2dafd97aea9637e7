/* SPDX-License-Identifier: MIT
 *
 * Voices together: each sounds as it does alone, and one that rests as one that
 * is always on the move, to the bit.
 */
#include "helpers.h"

#define VOICES 48
#define FRAMES 6000
#define LENGTH 4000 /* frames of a sample */
#define ALL    (-1)

static uint32_t dice;

static uint32_t
roll(uint32_t below)
{
    dice = dice * 1664525u + 1013904223u;
    return (dice >> 8) % below;
}

/* One piece in several ways. */
typedef struct way {
    uint32_t channels; /* of the engine */
    uint32_t block;
    int only;  /* the one voice that plays, or ALL */
    int moved; /* 1: the pan of each moves, from where it is to there */
    int seeks; /* 1: some jump, so that others fade beside them */
} way;

static tabor_handle
noise(rig *r, uint32_t channels)
{
    tabor_audio *audio;
    tabor_handle sample;
    must(tabor_audio_new(LENGTH, channels, 48000, &audio));
    for (uint32_t i = 0; i < LENGTH * channels; i++) {
        audio->values[i] = (float)((int)(i * 7919u % 8191u) - 4095) / 4096.0f;
    }
    must(tabor_sample_add(r->client, audio, "noise", &sample));
    tabor_audio_free(audio);
    return sample;
}

/* All kinds of plays, in runs of one kind, so that passes fill up. */
static tabor_play_params
roll_play(int i)
{
    static const tabor_env env = {300, 200, 500, 400, 0.6};
    tabor_play_params p = TABOR_PLAY;
    p.gain = 0.01 * (1 + roll(50));
    p.pan = 0.02 * roll(101) - 1.0;
    p.rate = i / 12 % 2 ? 0.3 + 0.01 * roll(150) : 1.0;
    p.kernel = (tabor_kernel)(1 + roll(3));
    p.offset = roll(3) ? 0 : roll(1000);
    p.length = roll(3) ? TABOR_TO_END : 100 + roll(1500);
    p.loop = roll(3) ? TABOR_LOOP_NONE : TABOR_LOOP_POINTS;
    p.loop_start = roll(1500);
    p.loop_end = p.loop_start + 1000 + roll(LENGTH - 2500);
    if (p.loop != TABOR_LOOP_NONE && roll(2)) {
        p.loop_fade = roll(1 + (uint32_t)p.loop_start) % 1000;
    }
    p.fade_in = roll(4) ? 0 : roll(500);
    p.fade_out = roll(4) ? 0 : roll(500);
    p.env = roll(4) ? NULL : &env;
    return p;
}

/* What happens to a voice later. */
static void
roll_changes(rig *r, tabor_handle voice, int played, int seeks)
{
    for (uint32_t n = roll(4); n > 0; n--) {
        tabor_voice_params set = TABOR_VOICE;
        set.which = roll(2) ? TABOR_SET_GAIN : TABOR_SET_RATE;
        set.at = 1 + roll(FRAMES);
        set.ramp_frames = roll(2) ? 0 : roll(2000);
        set.gain = 0.01 * roll(50);
        set.rate = roll(2) ? 1.0 : 0.5 + 0.01 * roll(200);
        if (played) {
            must(tabor_voice_set(r->client, voice, &set));
        }
    }
    uint64_t to = roll(1000), at = 1 + roll(FRAMES);
    if (played && seeks) {
        must(tabor_voice_seek(r->client, voice, to, at));
    }
    at = 1 + roll(FRAMES);
    uint32_t fade = roll(3) * 200, end = roll(4);
    if (played && end == 0) {
        must(tabor_voice_stop(r->client, voice, fade, at));
    } else if (played && end == 1) {
        must(tabor_voice_release(r->client, voice, at));
    }
}

static void
play_voice(rig *r, const tabor_handle samples[3], int i, const way *w)
{
    int played = w->only == ALL || w->only == i;
    tabor_play_params p = roll_play(i);
    /* not more channels than there are: those of one voice would be added to
     * each other */
    uint32_t sample = i % 4 == 3 ? roll(3) : (uint32_t)i / 4 % 2;
    sample = sample < w->channels ? sample : w->channels - 1;
    tabor_handle voice = 0;
    if (played) {
        must(tabor_play(r->client, samples[sample], &p, &voice));
    }
    if (played && w->moved) {
        tabor_voice_params set = TABOR_VOICE;
        set.which = TABOR_SET_PAN;
        set.pan = p.pan;
        set.ramp_frames = 1u << 23;
        must(tabor_voice_set(r->client, voice, &set));
    }
    roll_changes(r, voice, played, w->seeks && i % 3 == 0);
}

/* FRAMES × w->channels values, which the caller frees. */
static float *
render(way w)
{
    rig r;
    tabor_handle samples[3];
    tabor_engine_config config = TABOR_ENGINE_CONFIG;
    config.driver = "offline";
    config.channels = w.channels;
    config.block = w.block;
    must(tabor_engine_open(&config, &r.engine));
    must(tabor_client_open(r.engine, NULL, &r.client));
    for (uint32_t c = 0; c < 3; c++) {
        samples[c] = noise(&r, c + 1);
    }
    dice = 20240607;
    for (int i = 0; i < VOICES; i++) {
        play_voice(&r, samples, i, &w);
    }
    float *out = rig_render(&r, FRAMES, w.channels);
    rig_close(&r);
    return out;
}

/* How many of n values differ; counts those that are not silent too. */
static uint32_t
count_apart(const float *a, const float *b, uint32_t n, uint32_t *sound)
{
    uint32_t apart = 0;
    *sound = 0;
    for (uint32_t i = 0; i < n; i++) {
        apart += a[i] != b[i];
        *sound += a[i] != 0.0f;
    }
    return apart;
}

static void
test_sum(uint32_t channels)
{
    uint32_t n = FRAMES * channels, sound;
    float *together = render((way){channels, 256, ALL, 0, 0});
    float *forth = calloc(n, sizeof *forth), *back = calloc(n, sizeof *back);
    for (int i = 0; i < VOICES; i++) {
        float *one = render((way){channels, 256, i, 0, 0});
        float *last = render((way){channels, 256, VOICES - 1 - i, 0, 0});
        for (uint32_t k = 0; k < n; k++) {
            forth[k] += one[k];
            back[k] += last[k];
        }
        free(one);
        free(last);
    }
    uint32_t apart = count_apart(together, forth, n, &sound);
    ok(apart == 0 && sound > n / 2,
       "%u channels: %d voices are the sum of each alone, in their order",
       channels, VOICES);
    ok(count_apart(together, back, n, &sound) > n / 100,
       "%u channels: and another order would be noticed", channels);
    free(together);
    free(forth);
    free(back);
}

static void
test_rest(uint32_t channels)
{
    static const uint32_t blocks[] = {1, 37, 256, 8192};
    uint32_t n = FRAMES * channels, sound;
    float *moved = render((way){channels, 100, ALL, 1, 1});
    for (int i = 0; i < 4; i++) {
        float *still = render((way){channels, blocks[i], ALL, 0, 1});
        uint32_t apart = count_apart(still, moved, n, &sound);
        ok(apart == 0 && sound > n / 2,
           "%u channels, blocks of %u: at rest as if levels moved", channels,
           blocks[i]);
        free(still);
    }
    free(moved);
}

int
main(void)
{
    tap_start();
    for (uint32_t channels = 1; channels <= 4; channels += channels) {
        test_sum(channels);
        test_rest(channels);
    }
    return tap_done();
}
