/* SPDX-License-Identifier: MIT
 *
 * SDL2_mixer: it has no pitch, all its sounds are in the device's format, and
 * without panning it is fastest. It mixes on a thread of SDL's; the time
 * counted is that thread's, from the hook before all channels to the one after
 * them. The "disk" driver writes into /dev/null and does not wait.
 */
#include <semaphore.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <SDL2/SDL.h>
#include <SDL2/SDL_mixer.h>

#include "mix-peer.h"

/* From a post of go to one of done SDL's thread has these, else the main
 * thread. */
static sem_t go, done;
static unsigned wanted;
static double took;
static float *out;

/* SDL's thread's own: blocks still to mix, and when this one began. */
static unsigned left;
static double began;

static void
before(void *nothing, Uint8 *stream, int bytes)
{
    (void)nothing;
    (void)stream;
    (void)bytes;
    if (left == 0) {
        sem_wait(&go);
        left = wanted;
    }
    began = bench_cpu_ns();
}

static void
after(void *nothing, Uint8 *stream, int bytes)
{
    (void)nothing;
    if (left == 0) {
        return; /* before() has not been called yet */
    }
    took += bench_cpu_ns() - began;
    if (--left == 0) {
        memcpy(out, stream, (size_t)bytes);
        sem_post(&done);
    }
}

void
bench_mix_about(const bench_job *job)
{
    const SDL_version *v = Mix_Linked_Version();
    (void)job;
    printf("# %d.%d.%d\tno pan, float32, disk driver to /dev/null\n", v->major,
           v->minor, v->patch);
}

static int
open_device(unsigned frames)
{
    int rate, channels;
    Uint16 format;
    setenv("SDL_AUDIODRIVER", "disk", 1);
    setenv("SDL_DISKAUDIOFILE", "/dev/null", 1);
    setenv("SDL_DISKAUDIODELAY", "0", 1);
    if (SDL_Init(SDL_INIT_AUDIO) != 0 ||
        Mix_OpenAudioDevice(BENCH_RATE, AUDIO_F32SYS, 2, (int)frames, NULL,
                            0) != 0) {
        fprintf(stderr, "%s\n", SDL_GetError());
        return 0;
    }
    Mix_QuerySpec(&rate, &format, &channels);
    return rate == BENCH_RATE && format == AUDIO_F32SYS && channels == 2;
}

/* All sounds stereo, as SDL2_mixer would have them after loading. */
static float *
twice(const float *mono)
{
    float *stereo = malloc(sizeof *stereo * 2 * BENCH_FRAMES);
    for (unsigned i = 0; i < 2 * BENCH_FRAMES; i++) {
        stereo[i] = mono[i / 2];
    }
    return stereo;
}

unsigned
bench_mix_open(const bench_job *job)
{
    const float *sounds[BENCH_SOUNDS];
    if (job->what != BENCH_COPY && job->what != BENCH_STEREO) {
        return 0;
    }
    out = malloc(sizeof *out * 2 * job->block);
    sem_init(&go, 0, 0);
    sem_init(&done, 0, 0);
    if (!open_device(job->block)) {
        return 0;
    }
    for (unsigned i = 0; i < BENCH_SOUNDS; i++) {
        sounds[i] = job->channels == 2 ? job->sounds[i] : twice(job->sounds[i]);
    }
    Mix_AllocateChannels((int)job->voices);
    Mix_Volume(-1, (int)(BENCH_GAIN * MIX_MAX_VOLUME));
    for (unsigned i = 0; i < job->voices; i++) {
        const bench_voice *v = &job->voice[i];
        Uint8 *start = (Uint8 *)(sounds[v->sound] + 2 * v->offset);
        Mix_Chunk *chunk = Mix_QuickLoad_RAW(start, (BENCH_FRAMES - v->offset) *
                                                        2 * sizeof(float));
        Mix_PlayChannel((int)i, chunk, -1);
    }
    unsigned playing = (unsigned)Mix_Playing(-1);
    Mix_SetPostMix(after, NULL);
    Mix_HookMusic(before, NULL); /* last: it waits, with SDL's lock held */
    return playing;
}

double
bench_mix_run(const bench_job *job, unsigned blocks, float *last)
{
    took = 0;
    wanted = blocks;
    sem_post(&go);
    sem_wait(&done);
    memcpy(last, out, sizeof *out * 2 * job->block);
    return took;
}
