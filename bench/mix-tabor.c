/* SPDX-License-Identifier: MIT
 *
 * Tabor, through its public header: looped voices in an offline engine.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <tabor/tabor.h>

#include "mix-peer.h"

static tabor_engine *engine;
static tabor_handle samples[BENCH_SOUNDS];
static float *out;

#define must(call)                                                             \
    do {                                                                       \
        if ((call) != TABOR_OK) {                                              \
            fprintf(stderr, "%s: %s\n", #call, tabor_error());                 \
            exit(1);                                                           \
        }                                                                      \
    } while (0)

void
bench_mix_about(const bench_job *job)
{
    const char *simd = getenv("TABOR_SIMD");
    (void)job;
    printf("# %s\toffline engine, TABOR_SIMD=%s\n", tabor_version(),
           simd ? simd : "the best here");
}

static void
load(tabor_client *client, const bench_job *job)
{
    for (unsigned i = 0; i < BENCH_SOUNDS; i++) {
        tabor_audio *audio;
        must(tabor_audio_new(BENCH_FRAMES, job->channels, BENCH_RATE, &audio));
        memcpy(audio->values, job->sounds[i],
               sizeof(float) * BENCH_FRAMES * job->channels);
        must(tabor_sample_add(client, audio, "noise", &samples[i]));
        tabor_audio_free(audio);
    }
}

static void
play(tabor_client *client, const bench_job *job)
{
    const tabor_kernel kernels[BENCH_CASES] = {
        TABOR_KERNEL_DEFAULT, TABOR_KERNEL_DEFAULT, TABOR_KERNEL_LINEAR,
        TABOR_KERNEL_SINC16, TABOR_KERNEL_SINC32};
    for (unsigned i = 0; i < job->voices; i++) {
        const bench_voice *v = &job->voice[i];
        tabor_handle handle;
        tabor_play_params p = TABOR_PLAY;
        p.offset = v->offset;
        p.rate = v->rate;
        p.gain = BENCH_GAIN;
        p.pan = (double)v->pan;
        p.loop = TABOR_LOOP_SAMPLE;
        p.kernel = kernels[job->what];
        must(tabor_play(client, samples[v->sound], &p, &handle));
    }
}

unsigned
bench_mix_open(const bench_job *job)
{
    tabor_engine_config config = TABOR_ENGINE_CONFIG;
    tabor_client_config queue = TABOR_CLIENT_CONFIG;
    tabor_client *client;
    config.driver = "offline";
    config.voices = job->voices;
    config.block = job->block;
    queue.queue = 16384;
    must(tabor_engine_open(&config, &engine));
    must(tabor_client_open(engine, &queue, &client));
    load(client, job);
    play(client, job);
    out = malloc(sizeof *out * 2 * job->block);
    must(tabor_engine_render(engine, job->block, out));
    return job->voices;
}

double
bench_mix_run(const bench_job *job, unsigned blocks, float *last)
{
    double then = bench_cpu_ns();
    for (unsigned i = 0; i < blocks; i++) {
        must(tabor_engine_render(engine, job->block, out));
    }
    double took = bench_cpu_ns() - then;
    memcpy(last, out, sizeof *out * 2 * job->block);
    return took;
}
