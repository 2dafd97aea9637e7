/* SPDX-License-Identifier: MIT
 *
 * OpenAL Soft on its loopback device: no HRTF, no limiter, no distance; a
 * source's pan is a place on a half circle around the listener. The resampler
 * is chosen by name; at rate 1 OpenAL copies.
 */
#include <math.h>
#include <stdio.h>
#include <string.h>

#define AL_ALEXT_PROTOTYPES
#include <AL/al.h>
#include <AL/alc.h>
#include <AL/alext.h>

#include "mix-peer.h"

static ALCdevice *device;
static float out[2 * 1024];
static const char *resampler = "Linear";

void
bench_mix_about(const bench_job *job)
{
    (void)job;
    /* "1.1 ALSOFT 1.19.1": the last is OpenAL Soft's own */
    const char *version = strrchr(alGetString(AL_VERSION), ' ');
    printf("# %s\tloopback, float32, resampler %s\n",
           version ? version + 1 : "?", resampler);
}

/* -1 = none whose name begins so. */
static ALint
find_resampler(const char *name)
{
    LPALGETSTRINGISOFT get =
        (LPALGETSTRINGISOFT)alGetProcAddress("alGetStringiSOFT");
    ALint count = alGetInteger(AL_NUM_RESAMPLERS_SOFT);
    for (ALint i = 0; get && i < count; i++) {
        if (strncmp(get(AL_RESAMPLER_NAME_SOFT, i), name, strlen(name)) == 0) {
            resampler = get(AL_RESAMPLER_NAME_SOFT, i);
            return i;
        }
    }
    return -1;
}

static int
open_device(unsigned voices)
{
    const ALCint want[] = {ALC_FREQUENCY,
                           BENCH_RATE,
                           ALC_FORMAT_CHANNELS_SOFT,
                           ALC_STEREO_SOFT,
                           ALC_FORMAT_TYPE_SOFT,
                           ALC_FLOAT_SOFT,
                           ALC_HRTF_SOFT,
                           ALC_FALSE,
                           ALC_OUTPUT_LIMITER_SOFT,
                           ALC_FALSE,
                           ALC_MONO_SOURCES,
                           (ALCint)voices,
                           ALC_STEREO_SOURCES,
                           (ALCint)voices,
                           0};
    LPALCLOOPBACKOPENDEVICESOFT open =
        (LPALCLOOPBACKOPENDEVICESOFT)alcGetProcAddress(
            NULL, "alcLoopbackOpenDeviceSOFT");
    device = open ? open(NULL) : NULL;
    return device &&
           alcMakeContextCurrent(alcCreateContext(device, want)) == ALC_TRUE;
}

static void
start(const bench_voice *v, ALuint buffer, ALint kind)
{
    ALuint source;
    alGenSources(1, &source);
    alSourcei(source, AL_BUFFER, (ALint)buffer);
    alSourcei(source, AL_SOURCE_RELATIVE, AL_TRUE);
    alSource3f(source, AL_POSITION, v->pan, 0, -sqrtf(1 - v->pan * v->pan));
    alSourcei(source, AL_LOOPING, AL_TRUE);
    alSourcef(source, AL_GAIN, BENCH_GAIN);
    alSourcef(source, AL_PITCH, (float)v->rate);
    alSourcei(source, AL_SOURCE_RESAMPLER_SOFT, kind);
    alSourcei(source, AL_SAMPLE_OFFSET, (ALint)v->offset);
    alSourcePlay(source);
}

unsigned
bench_mix_open(const bench_job *job)
{
    const char *const names[BENCH_CASES] = {
        "Linear", "Linear", "Linear", "11th order Sinc", "23rd order Sinc"};
    ALuint buffers[BENCH_SOUNDS];
    if (!open_device(job->voices)) {
        return 0;
    }
    ALint kind = find_resampler(names[job->what]);
    if (kind < 0) {
        return 0;
    }
    alDistanceModel(AL_NONE);
    alGenBuffers(BENCH_SOUNDS, buffers);
    for (unsigned i = 0; i < BENCH_SOUNDS; i++) {
        alBufferData(buffers[i],
                     job->channels == 2 ? AL_FORMAT_STEREO_FLOAT32
                                        : AL_FORMAT_MONO_FLOAT32,
                     job->sounds[i],
                     (ALsizei)(sizeof(float) * BENCH_FRAMES * job->channels),
                     BENCH_RATE);
    }
    for (unsigned i = 0; i < job->voices; i++) {
        start(&job->voice[i], buffers[job->voice[i].sound], kind);
    }
    return alGetError() == AL_NO_ERROR ? job->voices : 0;
}

double
bench_mix_run(const bench_job *job, unsigned blocks, float *last)
{
    LPALCRENDERSAMPLESSOFT render = (LPALCRENDERSAMPLESSOFT)alcGetProcAddress(
        device, "alcRenderSamplesSOFT");
    double then = bench_cpu_ns();
    for (unsigned i = 0; i < blocks; i++) {
        render(device, out, (ALCsizei)job->block);
    }
    double took = bench_cpu_ns() - then;
    memcpy(last, out, sizeof *out * 2 * job->block);
    return took;
}
