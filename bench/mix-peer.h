/* SPDX-License-Identifier: MIT
 *
 * What a mixer shows to bench/mix-main.c, which measures all of them in the
 * same way: voices of 16 looped sounds into stereo at 48,000 frames a second,
 * each from a place of its own in the sound.
 */
#ifndef BENCH_MIX_PEER_H
#define BENCH_MIX_PEER_H

#include <time.h>

#ifdef __cplusplus
extern "C" {
#endif

#define BENCH_RATE       48000
#define BENCH_SOUNDS     16
#define BENCH_FRAMES     48000 /* of a sound */
#define BENCH_VOICES_MAX 4096
/* Of a voice: 256 of them stay below 1 together. */
#define BENCH_GAIN (1.0f / 64)

typedef enum bench_case {
    BENCH_COPY,   /* mono sounds at their own rate */
    BENCH_STEREO, /* stereo sounds at their own rate */
    BENCH_LINEAR, /* mono, each voice at another rate, read linearly */
    BENCH_SINC,   /* the same, by the mixer's windowed sinc */
    BENCH_FINER,  /* the same, by its next better one */
    BENCH_CASES
} bench_case;

typedef struct bench_voice {
    unsigned sound;
    unsigned offset; /* frames, below BENCH_FRAMES / 2 */
    double rate;     /* 1 unless the case is pitched */
    float pan;       /* -1 to 1; a mixer without panning leaves it out */
} bench_voice;

typedef struct bench_job {
    bench_case what;
    unsigned voices, block, channels;  /* channels of a sound */
    const float *sounds[BENCH_SOUNDS]; /* interleaved, live for ever */
    bench_voice voice[BENCH_VOICES_MAX];
} bench_job;

/* Prints the mixer's version and settings into one line that begins with '#'.
 */
void bench_mix_about(const bench_job *job);

/* Make all voices sound.  Returns how many it could, 0 = not a case of this
 * mixer. */
unsigned bench_mix_open(const bench_job *job);

/* Mix blocks of the job's size.
 *
 * last  out: the last block, interleaved stereo
 *
 * Returns the mixing thread's CPU time in ns. */
double bench_mix_run(const bench_job *job, unsigned blocks, float *last);

static inline double
bench_cpu_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

#ifdef __cplusplus
}
#endif

#endif
