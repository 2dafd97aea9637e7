/* SPDX-License-Identifier: MIT
 *
 * Reading a sound file: ours beside libsndfile with nothing around it, ms of
 * CPU time for ten seconds of stereo, after a warm round. The files are made
 * here, of noise and a tone, and removed.
 *
 *   wav flac ogg              tabor_audio_read()
 *   wav_bare flac_bare ...    sf_open(), sf_readf_float() of the whole
 *   load                      tabor_sample_load() of the FLAC at its own rate
 *   load_44100                the same, resampled from 44,100
 */
#include <math.h>
#include <sndfile.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "tabor/tabor.h"

#define RATE    48000
#define SECONDS 10
#define FRAMES  (RATE * SECONDS)

#define must(call)                                                             \
    do {                                                                       \
        if ((call) != TABOR_OK) {                                              \
            fprintf(stderr, "%s: %s\n", #call, tabor_error());                 \
            exit(1);                                                           \
        }                                                                      \
    } while (0)

typedef struct kind {
    const char *name, *path;
    int format, rate;
} kind;

static const kind kinds[] = {
    {"wav", "bench-decode.wav", SF_FORMAT_WAV | SF_FORMAT_PCM_16, RATE},
    {"flac", "bench-decode.flac", SF_FORMAT_FLAC | SF_FORMAT_PCM_16, RATE},
    {"ogg", "bench-decode.ogg", SF_FORMAT_OGG | SF_FORMAT_VORBIS, RATE},
    {"44100", "bench-decode-44100.flac", SF_FORMAT_FLAC | SF_FORMAT_PCM_16,
     44100},
};

#define KINDS (sizeof kinds / sizeof *kinds)

static double
now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec * 1e3 + (double)t.tv_nsec * 1e-6;
}

static void
write_file(const kind *k)
{
    static float values[FRAMES * 2];
    unsigned dice = 1;
    for (int i = 0; i < FRAMES * 2; i++) {
        dice = dice * 1664525u + 1013904223u;
        values[i] =
            0.3f * sinf((float)(i / 2) * 0.03f) + (float)(dice >> 8) * 0x1p-28f;
    }
    SF_INFO info = {.samplerate = k->rate, .channels = 2, .format = k->format};
    SNDFILE *f = sf_open(k->path, SFM_WRITE, &info);
    if (!f) {
        fprintf(stderr, "%s: %s\n", k->path, sf_strerror(NULL));
        exit(1);
    }
    for (int done = 0; done < FRAMES; done += RATE) {
        sf_writef_float(f, values + done * 2, RATE); /* Vorbis wants little */
    }
    sf_close(f);
}

static double
read_ours(const kind *k)
{
    tabor_audio *audio;
    double then = now_ms();
    must(tabor_audio_read(k->path, &audio));
    double took = now_ms() - then;
    if (audio->frames < FRAMES) {
        fprintf(stderr, "%s: too short\n", k->path);
        exit(1);
    }
    tabor_audio_free(audio);
    return took;
}

static double
read_bare(const kind *k)
{
    SF_INFO info = {0};
    double then = now_ms();
    SNDFILE *f = sf_open(k->path, SFM_READ, &info);
    float *values = malloc(sizeof *values * (size_t)info.frames * 2);
    sf_count_t n = sf_readf_float(f, values, info.frames);
    sf_close(f);
    double took = now_ms() - then;
    if (n < FRAMES) {
        fprintf(stderr, "%s: libsndfile read %ld frames\n", k->path, (long)n);
        exit(1);
    }
    free(values);
    return took;
}

static double
load(tabor_client *client, const kind *k)
{
    tabor_handle sample;
    double then = now_ms();
    must(tabor_sample_load(client, k->path, NULL, &sample));
    return now_ms() - then;
}

static void
measure_loads(void)
{
    tabor_engine_config config = TABOR_ENGINE_CONFIG;
    tabor_engine *engine;
    tabor_client *client;
    config.driver = "offline";
    must(tabor_engine_open(&config, &engine));
    must(tabor_client_open(engine, NULL, &client));
    load(client, &kinds[1]);
    load(client, &kinds[3]);
    printf("load\t%.3f\n", load(client, &kinds[1]));
    printf("load_44100\t%.3f\n", load(client, &kinds[3]));
    tabor_client_close(client);
    tabor_engine_close(engine);
}

int
main(void)
{
    for (unsigned i = 0; i < KINDS; i++) {
        write_file(&kinds[i]);
    }
    for (unsigned i = 0; i < KINDS - 1; i++) {
        read_ours(&kinds[i]);
        read_bare(&kinds[i]);
        printf("%s\t%.3f\n", kinds[i].name, read_ours(&kinds[i]));
        printf("%s_bare\t%.3f\n", kinds[i].name, read_bare(&kinds[i]));
    }
    measure_loads();
    for (unsigned i = 0; i < KINDS; i++) {
        unlink(kinds[i].path);
    }
    return 0;
}
