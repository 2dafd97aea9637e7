/* SPDX-License-Identifier: MIT
 *
 * Calls with one thing wrong: each is refused with a sentence that names it,
 * and nothing is sent.
 */
#include "helpers.h"

static rig r;
static tabor_handle sample, voice;
static int wrong, tried;
static uint32_t pending; /* commands that are under way anyhow */

/* A call that was refused, in words that name the culprit. */
static void
expect(int line, tabor_status st, tabor_status want, const char *word)
{
    tried++;
    if (st != want || !strstr(tabor_error(), word)) {
        tap_note("%s:%d: %s: %s", __FILE__, line, tabor_status_text(st),
                 tabor_error());
        wrong++;
    }
}
#define refused(call, word)    expect(__LINE__, (call), TABOR_ERR_INVALID, word)
#define past_limit(call, word) expect(__LINE__, (call), TABOR_ERR_LIMIT, word)
#define none_left(call)        expect(__LINE__, (call), TABOR_ERR_STALE, "")

/* The call as it should be, but for one member. */
#define ENGINE(member, value)                                                  \
    __extension__({                                                            \
        tabor_engine_config c_ = TABOR_ENGINE_CONFIG;                          \
        c_.driver = "offline";                                                 \
        c_.member = (value);                                                   \
        tabor_engine *e_;                                                      \
        tabor_engine_open(&c_, &e_);                                           \
    })
#define CLIENT(member, value)                                                  \
    __extension__({                                                            \
        tabor_client_config c_ = TABOR_CLIENT_CONFIG;                          \
        c_.member = (value);                                                   \
        tabor_client *l_;                                                      \
        tabor_client_open(r.engine, &c_, &l_);                                 \
    })
#define PLAY(member, value)                                                    \
    __extension__({                                                            \
        tabor_play_params p_ = TABOR_PLAY;                                     \
        p_.member = (value);                                                   \
        tabor_play(r.client, sample, &p_, &voice);                             \
    })
#define ENV(member, value)                                                     \
    __extension__({                                                            \
        tabor_env v_ = {.sustain = 1};                                         \
        v_.member = (value);                                                   \
        PLAY(env, &v_);                                                        \
    })
#define SET(bits, member, value)                                               \
    __extension__({                                                            \
        tabor_voice_params p_ = TABOR_VOICE;                                   \
        p_.which = (bits);                                                     \
        p_.member = (value);                                                   \
        tabor_voice_set(r.client, voice, &p_);                                 \
    })

static void
set_up(void)
{
    r = rig_open("offline", 64, 256, 1024);
    sample = rig_ramp(&r, 1000, 2);
    must(tabor_play(r.client, sample, NULL, &voice));
    free(rig_render(&r, 10, 2));
    tabor_stats stats;
    tabor_get_stats(r.client, &stats);
    pending = stats.queue_size;
    wrong = tried = 0;
}

/* All were refused, and the audio thread has heard of none. */
static void
finish(int want, const char *what)
{
    tabor_stats stats;
    tabor_get_stats(r.client, &stats);
    ok(wrong == 0 && tried == want, "%d bad %s are refused by their names",
       tried, what);
    float *out = rig_render(&r, 10, 2);
    ok(stats.queue_size == pending && fabs(out[0] - 21 / 2000.0) < 1e-8,
       "and nothing of them was sent");
    free(out);
    rig_close(&r);
}

static void
test_configs(void)
{
    set_up();
    refused(ENGINE(struct_size, 4), "struct_size");
    refused(ENGINE(rate, TABOR_MIN_RATE - 1), "rate");
    refused(ENGINE(rate, TABOR_MAX_RATE + 1), "rate");
    refused(ENGINE(channels, 0), "channels");
    refused(ENGINE(channels, TABOR_MAX_CHANNELS + 1), "channels");
    refused(ENGINE(block, 0), "block");
    refused(ENGINE(block, TABOR_MAX_BLOCK + 1), "block");
    refused(ENGINE(voices, 0), "voices");
    refused(ENGINE(voices, TABOR_MAX_VOICES + 1), "voices");
    refused(ENGINE(kernel, TABOR_KERNEL_SINC32 + 1), "kernel");
    tabor_engine_config slow = TABOR_ENGINE_CONFIG;
    slow.driver = "offline";
    slow.rate = 4000;
    slow.block = 1001; /* 250.25 ms */
    tabor_engine *engine;
    refused(tabor_engine_open(&slow, &engine), "smaller block");
    refused(CLIENT(struct_size, 4), "struct_size");
    refused(CLIENT(queue, TABOR_MIN_QUEUE / 2), "queue");
    refused(CLIENT(queue, TABOR_MAX_QUEUE * 2), "queue");
    refused(CLIENT(queue, 1000), "queue");
    refused(CLIENT(plays, 65536), "plays");
    finish(16, "configurations");
    slow.block = 1000;
    must(tabor_engine_open(&slow, &engine));
    ok(tabor_engine_close(engine) == TABOR_OK, "250 ms are no smaller block's "
                                               "business");
}

static void
test_plays(void)
{
    const uint32_t most = 1 << 24;
    set_up();
    refused(PLAY(struct_size, 4), "struct_size");
    refused(PLAY(velocity, 1.01), "MIDI");
    refused(PLAY(velocity, -0.01), "velocity");
    refused(PLAY(velocity, NAN), "velocity");
    refused(PLAY(gain, 16.01), "gain");
    refused(PLAY(gain, -0.01), "gain");
    refused(PLAY(pan, 1.01), "pan");
    refused(PLAY(pan, -1.01), "pan");
    refused(PLAY(rate, 64.1), "rate");
    refused(PLAY(rate, 1 / 1025.0), "rate");
    refused(PLAY(pitch, 72.1), "pitch");
    refused(PLAY(offset, 1001), "offset");
    refused(PLAY(slice_start, 1001), "slice");
    refused(PLAY(slice_frames, 1001), "slice");
    refused(PLAY(late, (tabor_late)(TABOR_LATE_DROP + 1)), "late");
    refused(PLAY(kernel, TABOR_KERNEL_SINC32 + 1), "kernel");
    refused(PLAY(loop, TABOR_LOOP_POINTS), "loop");
    refused(PLAY(fade_in, most + 1), "fade_in");
    refused(PLAY(fade_out, most + 1), "fade_out");
    refused(ENV(attack, most + 1), "attack");
    refused(ENV(hold, most + 1), "hold");
    refused(ENV(decay, most + 1), "decay");
    refused(ENV(release, most + 1), "release");
    refused(ENV(sustain, 1.01), "sustain");
    refused(ENV(sustain, -0.01), "sustain");
    finish(25, "plays");
}

static void
test_changes(void)
{
    const uint32_t most = 1 << 24;
    set_up();
    refused(SET(TABOR_SET_GAIN, struct_size, 4), "struct_size");
    refused(SET(TABOR_SET_GAIN, gain, 16.01), "gain");
    refused(SET(TABOR_SET_PAN, pan, 1.01), "pan");
    refused(SET(TABOR_SET_RATE, rate, 64.1), "rate");
    refused(SET(TABOR_SET_GAIN, ramp_frames, most + 1), "ramp");
    refused(tabor_voice_stop(r.client, voice, most + 1, TABOR_ASAP), "fade");
    refused(tabor_stop(r.client, most + 1), "fade");
    refused(tabor_set_gain(r.client, 16.01, 0), "gain");
    refused(tabor_set_gain(r.client, 1, most + 1), "ramp");
    refused(tabor_voice_seek(r.client, voice, 1001, TABOR_ASAP), "position");
    finish(10, "changes");
}

/* Handles of other kinds, clients and generations. */
static void
test_handles(void)
{
    set_up();
    const tabor_handle bad[] = {0, sample, voice ^ (UINT64_C(1) << 48),
                                voice ^ (UINT64_C(0x7fff) << 32), voice + 1};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        none_left(tabor_voice_stop(r.client, bad[i], 0, TABOR_ASAP));
        none_left(tabor_voice_release(r.client, bad[i], TABOR_ASAP));
        none_left(tabor_voice_seek(r.client, bad[i], 0, TABOR_ASAP));
        voice = bad[i];
        none_left(SET(TABOR_SET_GAIN, gain, 0.5));
    }
    sample = voice;
    none_left(tabor_play(r.client, sample, NULL, &voice));
    none_left(tabor_sample_unload(r.client, sample, TABOR_UNLOAD_CUT));
    finish(22, "handles");
}

static void
test_audio(void)
{
    set_up();
    tabor_audio *audio, *other;
    past_limit(tabor_audio_new(10, 0, 48000, &audio), "channels");
    past_limit(tabor_audio_new(10, TABOR_MAX_CHANNELS + 1, 48000, &audio),
               "channels");
    past_limit(tabor_audio_new(10, 1, TABOR_MIN_RATE - 1, &audio), "rate");
    past_limit(tabor_audio_new(10, 1, TABOR_MAX_RATE + 1, &audio), "rate");
    past_limit(tabor_audio_new((TABOR_MAX_DECODED >> 2) + 1, 1, 48000, &audio),
               "MiB");
    must(tabor_audio_new(10, 1, 48000, &audio));
    past_limit(tabor_audio_resample(audio, TABOR_MIN_RATE - 1, &other), "rate");
    const double bad[] = {0, NAN};
    refused(tabor_audio_from_values(bad, TABOR_FLOAT64, 2, 1, 48000, &other),
            "1");
    tabor_read_params read = TABOR_READ;
    read.rate = TABOR_MAX_RATE + 1;
    refused(tabor_audio_read_as("none.wav", &read, &other), "rate");
    read.rate = TABOR_MIN_RATE - 1;
    refused(tabor_audio_read_as("none.wav", &read, &other), "rate");
    read.struct_size = 4;
    refused(tabor_audio_read_as("none.wav", &read, &other), "struct_size");
    tabor_audio_free(audio);
    finish(10, "sounds");
}

int
main(void)
{
    tap_start();
    test_configs();
    test_plays();
    test_changes();
    test_handles();
    test_audio();
    return tap_done();
}
