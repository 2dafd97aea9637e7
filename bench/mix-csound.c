/* SPDX-License-Identifier: MIT
 *
 * Csound without a device, ksmps as large as the block: lposcil reads a table
 * in a loop, linearly and in double precision; one instrument, two outputs.
 */
#include <csound/csound.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "mix-peer.h"

static CSOUND *csound;

void
bench_mix_about(const bench_job *job)
{
    (void)job;
    printf("# %d.%02d\tlposcil, ksmps = block, doubles\n",
           csoundGetVersion() / 1000, csoundGetVersion() / 10 % 100);
}

static int
compile(unsigned block)
{
    char text[1024];
    snprintf(text, sizeof text,
             "sr = %d\nksmps = %u\nnchnls = 2\n0dbfs = 1\n"
             "instr 1\n"
             "a1 lposcil %.9g, p4, 0, %d, p5, p6\n"
             "outs a1 * p7, a1 * p8\n"
             "endin\n",
             BENCH_RATE, block, (double)BENCH_GAIN, BENCH_FRAMES);
    return csoundCompileOrc(csound, text);
}

static void
make_table(unsigned number, const float *values)
{
    char line[64];
    MYFLT *copy = malloc(sizeof *copy * BENCH_FRAMES);
    for (unsigned i = 0; i < BENCH_FRAMES; i++) {
        copy[i] = (MYFLT)values[i];
    }
    snprintf(line, sizeof line, "f %u 0 %d -2 0\n", number, BENCH_FRAMES);
    csoundReadScore(csound, line);
    csoundPerformKsmps(csound); /* the table is made when time runs */
    csoundTableCopyIn(csound, (int)number, copy);
    free(copy);
}

unsigned
bench_mix_open(const bench_job *job)
{
    if (job->what != BENCH_COPY && job->what != BENCH_LINEAR) {
        return 0;
    }
    csoundInitialize(CSOUNDINIT_NO_ATEXIT | CSOUNDINIT_NO_SIGNAL_HANDLER);
    csound = csoundCreate(NULL);
    csoundSetOption(csound, "-n");
    csoundSetOption(csound, "-d");
    csoundSetOption(csound, "-m0");
    csoundCreateMessageBuffer(csound, 0); /* instead of the terminal */
    if (compile(job->block) != 0 || csoundStart(csound) != 0) {
        return 0;
    }
    csoundReadScore(csound, "f 0 100000\n"); /* go on without notes */
    for (unsigned i = 0; i < BENCH_SOUNDS; i++) {
        make_table(i + 1, job->sounds[i]);
    }
    for (unsigned i = 0; i < job->voices; i++) {
        const bench_voice *v = &job->voice[i];
        double angle = (v->pan + 1) * atan(1);
        const MYFLT p[] = {
            1,         0,          100000,    v->rate, v->sound + 1,
            v->offset, cos(angle), sin(angle)};
        csoundScoreEvent(csound, 'i', p, sizeof p / sizeof *p);
    }
    csoundPerformKsmps(csound);
    return job->voices;
}

double
bench_mix_run(const bench_job *job, unsigned blocks, float *last)
{
    double then = bench_cpu_ns();
    for (unsigned i = 0; i < blocks; i++) {
        csoundPerformKsmps(csound);
    }
    double took = bench_cpu_ns() - then;
    const MYFLT *out = csoundGetSpout(csound);
    for (unsigned i = 0; i < 2 * job->block; i++) {
        last[i] = (float)out[i];
    }
    return took;
}
