/* SPDX-License-Identifier: MIT
 *
 * One round of a mixer (mix-peer.h): mix-X CASE VOICES BLOCK prints
 *
 *   # version and settings
 *   CASE  ns a voice and frame
 *   heard  voices that its output has the power of
 *
 * the median over windows after a warm one. A mixer that hears much fewer
 * voices than it was asked to mix is an error, not a fast mixer. Prints
 * nothing and exits with 77 if the mixer has no such case.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mix-peer.h"

#define BLOCK_MAX 1024
#define WINDOWS   5
/* In a window about this many frames of voices: some milliseconds. */
#define WORK 2500000u

static const char *const case_names[BENCH_CASES] = {"copy", "stereo", "linear",
                                                    "sinc", "finer"};

static unsigned
roll(void)
{
    static unsigned dice = 1;
    dice = dice * 1664525u + 1013904223u;
    return dice >> 8;
}

/* White noise between -1 and 1, so that powers add up. */
static const float *
make_sound(unsigned values)
{
    float *sound = malloc(values * sizeof *sound);
    for (unsigned i = 0; i < values; i++) {
        sound[i] = (float)roll() * 0x1p-23f - 1.0f;
    }
    return sound;
}

static void
make_job(bench_job *job)
{
    job->channels = job->what == BENCH_STEREO ? 2 : 1;
    for (unsigned i = 0; i < BENCH_SOUNDS; i++) {
        job->sounds[i] = make_sound(BENCH_FRAMES * job->channels);
    }
    for (unsigned i = 0; i < job->voices; i++) {
        bench_voice *v = &job->voice[i];
        v->sound = roll() % BENCH_SOUNDS;
        v->offset = roll() % (BENCH_FRAMES / 2);
        v->pan = (float)(roll() % 2001) / 1000 - 1;
        /* five semitones down to five up, and never just 1 */
        v->rate = job->what < BENCH_LINEAR
                      ? 1
                      : exp2((roll() % 1000 - 499.5) / 499.5 * 5 / 12);
    }
}

static int
compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Mono noise of power 1/3 at constant power, or stereo noise on both sides: a
 * voice's two channels together have 1/3 or 2/3 of its gain squared. Mixers
 * pan in other ways and filters take power away, so this is right to a factor
 * of some 2. */
static double
voices_heard(const bench_job *job, const float *last)
{
    double power = 0;
    for (unsigned i = 0; i < 2 * job->block; i++) {
        power += (double)last[i] * last[i];
    }
    power /= job->block;
    return power / (BENCH_GAIN * BENCH_GAIN * job->channels / 3.0);
}

static int
measure(const bench_job *job)
{
    static float last[2 * BLOCK_MAX];
    double took[WINDOWS], heard = 0;
    unsigned blocks = 1 + WORK / (job->voices * job->block);
    for (int i = -1; i < WINDOWS; i++) {
        took[i < 0 ? 0 : i] = bench_mix_run(job, blocks, last);
        heard += voices_heard(job, last) / (WINDOWS + 1);
    }
    qsort(took, WINDOWS, sizeof *took, compare);
    printf("%s\t%.4g\nheard\t%.0f\n", case_names[job->what],
           took[WINDOWS / 2] / ((double)blocks * job->block * job->voices),
           heard);
    if (!(heard > job->voices / 4.0 && heard < job->voices * 4.0)) {
        fprintf(stderr, "asked for %u voices, heard %.1f\n", job->voices,
                heard);
        return 1;
    }
    return 0;
}

int
main(int argc, char **argv)
{
    static bench_job job;
    if (argc != 4) {
        fprintf(stderr, "usage: %s CASE VOICES BLOCK\n", argv[0]);
        return 2;
    }
    while (job.what < BENCH_CASES && strcmp(argv[1], case_names[job.what])) {
        job.what++;
    }
    job.voices = (unsigned)atoi(argv[2]);
    job.block = (unsigned)atoi(argv[3]);
    if (job.what == BENCH_CASES || job.voices < 1 ||
        job.voices > BENCH_VOICES_MAX || job.block < 1 ||
        job.block > BLOCK_MAX) {
        fprintf(stderr, "no such case, or numbers out of range\n");
        return 2;
    }
    make_job(&job);
    job.voices = bench_mix_open(&job);
    if (job.voices == 0) {
        return 77;
    }
    bench_mix_about(&job);
    return measure(&job);
}
