/* SPDX-License-Identifier: MIT
 *
 * miniaudio's engine without a device: no spatialisation, and no pitch where
 * none is wanted; its linear resampler has the low-pass filters that it comes
 * with. Not in Debian: compiled from the folder that MINIAUDIO names.
 */
#define MINIAUDIO_IMPLEMENTATION
#define MA_NO_DEVICE_IO
#define MA_NO_DECODING
#define MA_NO_ENCODING
#define MA_NO_GENERATION
#include <miniaudio.h>

#include <stdio.h>
#include <string.h>

#include "mix-peer.h"

static ma_engine engine;
static ma_audio_buffer_ref buffers[BENCH_VOICES_MAX];
static ma_sound sounds[BENCH_VOICES_MAX];
static float out[2 * 1024];

void
bench_mix_about(const bench_job *job)
{
    printf("# %s\tma_sound, no device, no spatialisation%s\n",
           ma_version_string(),
           job->what == BENCH_LINEAR ? ", linear resampler" : ", no pitch");
}

static int
start(const bench_job *job, unsigned i)
{
    const bench_voice *v = &job->voice[i];
    ma_uint32 flags = MA_SOUND_FLAG_NO_SPATIALIZATION;
    if (job->what != BENCH_LINEAR) {
        flags |= MA_SOUND_FLAG_NO_PITCH;
    }
    ma_audio_buffer_ref_init(ma_format_f32, job->channels,
                             job->sounds[v->sound], BENCH_FRAMES, &buffers[i]);
    buffers[i].sampleRate = BENCH_RATE;
    if (ma_sound_init_from_data_source(&engine, &buffers[i], flags, NULL,
                                       &sounds[i]) != MA_SUCCESS) {
        return 0;
    }
    ma_sound_set_looping(&sounds[i], MA_TRUE);
    ma_sound_set_volume(&sounds[i], BENCH_GAIN);
    ma_sound_set_pan(&sounds[i], v->pan);
    ma_sound_set_pitch(&sounds[i], (float)v->rate);
    ma_sound_seek_to_pcm_frame(&sounds[i], v->offset);
    return ma_sound_start(&sounds[i]) == MA_SUCCESS;
}

unsigned
bench_mix_open(const bench_job *job)
{
    unsigned n = 0;
    if (job->what > BENCH_LINEAR) {
        return 0;
    }
    ma_engine_config config = ma_engine_config_init();
    config.noDevice = MA_TRUE;
    config.channels = 2;
    config.sampleRate = BENCH_RATE;
    if (ma_engine_init(&config, &engine) != MA_SUCCESS) {
        return 0;
    }
    while (n < job->voices && start(job, n)) {
        n++;
    }
    ma_engine_read_pcm_frames(&engine, out, job->block, NULL);
    return n;
}

double
bench_mix_run(const bench_job *job, unsigned blocks, float *last)
{
    double then = bench_cpu_ns();
    for (unsigned i = 0; i < blocks; i++) {
        ma_engine_read_pcm_frames(&engine, out, job->block, NULL);
    }
    double took = bench_cpu_ns() - then;
    memcpy(last, out, sizeof *out * 2 * job->block);
    return took;
}
