/* SPDX-License-Identifier: MIT
 *
 * Plays through a driver for so many callbacks, with everything a script may
 * ask for, and reads the events:  player DRIVER CALLBACKS [wake] [KEY=VALUE...]
 */
#include <tabor/tabor.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAX_SETTINGS 8

static tabor_engine *engine;
static tabor_client *client;
static tabor_handle samples[3]; /* 1, 2 and 3 channels */
static unsigned played, ended;

static void
must(tabor_status status, const char *what)
{
    if (status != TABOR_OK) {
        printf("%s: %s: %s\n", what, tabor_status_text(status), tabor_error());
        exit(1);
    }
}

static void
open_all(int argc, char **argv)
{
    tabor_engine_config config = TABOR_ENGINE_CONFIG;
    tabor_setting settings[MAX_SETTINGS];
    config.driver = argv[1];
    config.block = 16; /* three thousand callbacks a second */
    config.voices = 64;
    config.settings = settings;
    for (int i = 3; i < argc && config.setting_count < MAX_SETTINGS; i++) {
        char *equals = strchr(argv[i], '=');
        if (strcmp(argv[i], "poll") == 0) {
            config.wake_poll = 1;
        } else if (equals) {
            *equals = '\0';
            settings[config.setting_count++] =
                (tabor_setting){argv[i], equals + 1};
        }
    }
    must(tabor_engine_open(&config, &engine), "open");
    must(tabor_client_open(engine, NULL, &client), "client");
}

static void
load_all(void)
{
    for (unsigned channels = 1; channels <= 3; channels++) {
        tabor_audio *audio;
        must(tabor_audio_new(4000, channels, 48000, &audio), "audio");
        for (uint64_t i = 0; i < audio->frames * channels; i++) {
            audio->values[i] = (float)(i % 97) / 970.0f;
        }
        must(tabor_sample_add(client, audio, "wave", &samples[channels - 1]),
             "sample");
        tabor_audio_free(audio);
    }
}

/* The i-th play: kinds and shapes by turns, so that all paths of the mixer are
 * taken, some for the first time late. */
static void
play(unsigned i)
{
    tabor_play_params params = TABOR_PLAY;
    tabor_handle voice;
    params.rate = i % 5 == 0 ? 1.0 : 0.5 + 0.1 * (i % 37);
    params.kernel = (tabor_kernel)(i % 4);
    params.fade_in = i % 3 * 100;
    params.fade_out = i % 7 * 50;
    if (i % 4 == 3) {
        params.loop = TABOR_LOOP_SAMPLE;
        params.length = 6000;
    }
    if (tabor_play(client, samples[i % 3], &params, &voice) != TABOR_OK) {
        return; /* full: the next turn finds room */
    }
    played++;
    if (i % 6 == 0) {
        tabor_voice_stop(client, voice, 64, TABOR_ASAP);
    }
}

static void
read_events(void)
{
    tabor_event events[64];
    size_t n;
    while ((n = tabor_poll(client, events, 64)) > 0) {
        for (size_t i = 0; i < n; i++) {
            ended += events[i].type == TABOR_EVENT_ENDED;
        }
    }
}

int
main(int argc, char **argv)
{
    if (argc < 3) {
        return 2;
    }
    open_all(argc, argv);
    load_all();
    unsigned long wanted = strtoul(argv[2], NULL, 10);
    tabor_stats stats = {0};
    for (unsigned i = 0; stats.blocks < wanted; i++) {
        play(i);
        tabor_client_wait(client, 2000000);
        read_events();
        tabor_get_stats(client, &stats);
    }
    while (ended < played) {
        must(tabor_client_wait(client, 5000000000u), "wait");
        read_events();
    }
    printf("played=%u ended=%u\n", played, ended);
    tabor_client_close(client);
    tabor_engine_close(engine);
    return 0;
}
