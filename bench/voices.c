/* SPDX-License-Identifier: MIT
 *
 * What a voice costs in an engine: nanoseconds a voice and frame for each way
 * of reading, number of voices and block size, beside the bare kernel.
 *
 * The voices loop over 16 samples of a second (3 MB of mono, so that they come
 * from the third-level cache) into stereo. Every case has an engine of its own;
 * a round renders a piece of each in turn, so that what else the machine does
 * falls on all of them alike. What is counted is this thread's time, and what
 * is printed is the median of the rounds.
 *
 * voices [--tsv] [PART]
 * --tsv  one line a figure, "name<TAB>number", for a program to read
 * PART   only cases with this in their name
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "control/simd.h"
#include "control/tables.h"

#define SAMPLES 16
#define FRAMES  48000
#define ROUNDS  15
#define WORK    2000000 /* voices × frames in one piece, about */
#define BARE    256     /* voices and frames of a block of the bare kernels */
#define CASES   64

typedef struct one_case {
    char name[48];
    tabor_kernel kernel; /* TABOR_KERNEL_DEFAULT: at rate 1 */
    unsigned channels, voices, block;
    unsigned pass; /* voices a pass of a bare kernel; 0: an engine */
    unsigned frames;
    tabor_engine *engine;
    tabor_client *client;
    double ns[ROUNDS];
} one_case;

typedef struct source {
    const float *values[2]; /* with TABOR_SAMPLE_PAD zeros around */
    uint64_t phase;
    double rate; /* pitched */
    unsigned sample;
} source;

static one_case cases[CASES];
static unsigned case_count;
static const char *only;                /* cases with this in their name */
static tabor_audio *audios[2][SAMPLES]; /* mono, stereo */
static const tabor_kernels *kernels;
static const tabor_sinc *series[2];

#define must(call)                                                             \
    do {                                                                       \
        if ((call) != TABOR_OK) {                                              \
            fprintf(stderr, "%s: %s\n", #call, tabor_error());                 \
            exit(1);                                                           \
        }                                                                      \
    } while (0)

static double
now_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static uint32_t
roll(uint32_t *dice)
{
    *dice = *dice * 1664525u + 1013904223u;
    return *dice >> 8;
}

static void
make_sounds(void)
{
    uint32_t dice = 1;
    for (uint32_t c = 0; c < 2; c++) {
        for (int i = 0; i < SAMPLES; i++) {
            must(tabor_audio_new(FRAMES, c + 1, 48000, &audios[c][i]));
            for (uint32_t k = 0; k < FRAMES * (c + 1); k++) {
                audios[c][i]->values[k] = (float)roll(&dice) * 0x1p-23f - 1.0f;
            }
        }
    }
}

/* The n-th voice of any case: a sample, a place in it, a rate near 0.92. */
static source
nth_source(unsigned n)
{
    uint32_t dice = n * 7919 + 17;
    roll(&dice);
    unsigned sample = roll(&dice) % SAMPLES;
    uint64_t frame = 64 + roll(&dice) % (FRAMES - 128);
    return (source){.sample = sample,
                    .phase = frame << 32,
                    .rate = 0.75 + roll(&dice) % 1000 * 0.00035};
}

/* --------------------------------------------------------------- engines -- */

static void
open_engine(one_case *c)
{
    tabor_engine_config config = TABOR_ENGINE_CONFIG;
    tabor_client_config client = TABOR_CLIENT_CONFIG;
    tabor_handle samples[SAMPLES], voice;
    config.driver = "offline";
    config.voices = c->voices;
    config.block = c->block;
    client.queue = 16384;
    must(tabor_engine_open(&config, &c->engine));
    must(tabor_client_open(c->engine, &client, &c->client));
    for (int i = 0; i < SAMPLES; i++) {
        must(tabor_sample_add(c->client, audios[c->channels - 1][i], "noise",
                              &samples[i]));
    }
    static float silent[2 * 64];
    for (unsigned i = 0; i < c->voices; i++) {
        source s = nth_source(i);
        tabor_play_params p = TABOR_PLAY;
        p.offset = (uint32_t)(s.phase >> 32);
        p.rate = c->kernel ? s.rate : 1.0;
        p.kernel = c->kernel;
        p.gain = 0.01;
        p.pan = 0.3;
        p.loop = TABOR_LOOP_SAMPLE;
        must(tabor_play(c->client, samples[s.sample], &p, &voice));
        if (i % 512 == 511) {
            must(tabor_engine_render(c->engine, 64, silent));
        }
    }
}

static double
run_engine(const one_case *c)
{
    static float *out;
    if (!out) {
        out = calloc(2 * (WORK / 32 + 8192), sizeof *out);
    }
    double start = now_ns();
    must(tabor_engine_render(c->engine, c->frames, out));
    double took = now_ns() - start;
    tabor_stats stats;
    tabor_get_stats(c->client, &stats);
    if (stats.voices != c->voices) {
        fprintf(stderr, "%s: only %u voices sound\n", c->name, stats.voices);
        exit(1);
    }
    return took;
}

/* ------------------------------------------------------------------ bare -- */

static source bare[2][BARE];

/* Planes of their own, as the engine has them. */
static void
make_planes(void)
{
    size_t room = FRAMES + 2 * TABOR_SAMPLE_PAD;
    for (unsigned c = 0; c < 2; c++) {
        float *planes = calloc(SAMPLES * (c + 1) * room, sizeof *planes);
        for (unsigned i = 0; i < SAMPLES * (c + 1); i++) {
            float *plane = planes + i * room + TABOR_SAMPLE_PAD;
            for (unsigned k = 0; k < FRAMES; k++) {
                plane[k] =
                    audios[c][i / (c + 1)]->values[k * (c + 1) + i % (c + 1)];
            }
        }
        for (unsigned n = 0; n < BARE; n++) {
            source *s = &bare[c][n];
            *s = nth_source(n);
            const float *first = planes + s->sample * (c + 1) * room;
            s->values[0] = first + TABOR_SAMPLE_PAD;
            s->values[1] = first + c * room + TABOR_SAMPLE_PAD;
        }
    }
}

/* The values of a block, read to scratch unless they lie there already. */
static void
bare_read(const one_case *c, source *s, float scratch[2][BARE],
          const float *in[2])
{
    uint64_t step = (uint64_t)(s->rate * (double)TABOR_STEP_ONE);
    uint64_t frames = c->kernel ? BARE * step : (uint64_t)BARE << 32;
    float *const out[2] = {scratch[0], scratch[1]};
    if (s->phase + frames >= (uint64_t)FRAMES << 32) {
        s->phase = 0;
    }
    tabor_path path = {{s->values[0], s->values[1]}, s->phase, step};
    for (unsigned i = 0; i < 2; i++) {
        in[i] = c->kernel ? scratch[i] : s->values[i] + (s->phase >> 32);
    }
    s->phase += frames;
    if (c->kernel == TABOR_KERNEL_LINEAR) {
        for (unsigned i = 0; i < c->channels; i++) {
            path.values[0] = s->values[i];
            kernels->linear(&path, out[i], BARE);
        }
    } else if (c->kernel) {
        const tabor_sinc *sinc =
            tabor_sinc_for(series[c->kernel == TABOR_KERNEL_SINC32], path.step);
        if (c->channels == 2) {
            kernels->sinc_pair(sinc, &path, out, BARE);
        } else {
            kernels->sinc(sinc, &path, out[0], BARE);
        }
    }
}

static void
bare_pass(const one_case *c, unsigned first, float bus[2][BARE])
{
    static float scratch[TABOR_INPUTS][2][BARE];
    tabor_input inputs[2][TABOR_INPUTS];
    for (unsigned k = 0; k < c->pass; k++) {
        const float *in[2];
        bare_read(c, &bare[c->channels - 1][first + k], scratch[k], in);
        inputs[0][k] = (tabor_input){in[0], {0.01f, 0.02f}};
        inputs[1][k] = (tabor_input){in[1], {0.02f}};
    }
    if (c->channels == 2) {
        kernels->add(bus[0], inputs[0], c->pass, BARE);
        kernels->add(bus[1], inputs[1], c->pass, BARE);
    } else {
        float *const out[2] = {bus[0], bus[1]};
        kernels->add_pair(out, inputs[0], c->pass, BARE);
    }
}

static double
run_bare(const one_case *c)
{
    static float bus[2][BARE];
    double start = now_ns();
    for (unsigned at = 0; at < c->frames; at += BARE) {
        memset(bus, 0, sizeof bus);
        for (unsigned i = 0; i < BARE; i += c->pass) {
            bare_pass(c, i, bus);
        }
    }
    return now_ns() - start;
}

/* ----------------------------------------------------------------- cases -- */

static const char *const kernel_names[] = {"copy", "linear", "sinc16",
                                           "sinc32"};

static void
add_case(tabor_kernel kernel, unsigned channels, unsigned voices,
         unsigned block, unsigned pass)
{
    one_case *c = &cases[case_count];
    *c = (one_case){.kernel = kernel,
                    .channels = channels,
                    .voices = voices,
                    .block = block,
                    .pass = pass};
    c->frames = (WORK / voices + block - 1) / block * block;
    if (kernel >= TABOR_KERNEL_SINC16 && c->frames > 4 * block) {
        c->frames = (c->frames / 4 + block - 1) / block * block;
    }
    const char *read = kernel_names[kernel == TABOR_KERNEL_LINEAR   ? 1
                                    : kernel == TABOR_KERNEL_SINC16 ? 2
                                    : kernel == TABOR_KERNEL_SINC32 ? 3
                                                                    : 0];
    const char *width = channels == 2 ? "stereo" : "mono";
    if (pass) {
        snprintf(c->name, sizeof c->name, "bare %s %s pass %u", read, width,
                 pass);
    } else {
        snprintf(c->name, sizeof c->name, "%s %s voices %u block %u", read,
                 width, voices, block);
    }
    if (only && !strstr(c->name, only)) {
        return;
    }
    case_count++;
    if (!pass) {
        open_engine(c);
    }
}

static const tabor_kernel reads[] = {TABOR_KERNEL_DEFAULT, TABOR_KERNEL_LINEAR,
                                     TABOR_KERNEL_SINC16, TABOR_KERNEL_SINC32};

static void
add_cases(void)
{
    const unsigned voices[] = {32, 256, 1024, 4096};
    const unsigned blocks[] = {32, 64, 128, 512, 1024};
    for (unsigned k = 0; k < 4; k++) {
        for (unsigned channels = 1; channels <= 2; channels++) {
            add_case(reads[k], channels, BARE, BARE, 1);
            add_case(reads[k], channels, BARE, BARE, 4 / channels);
        }
        for (unsigned i = 0; i < 4; i++) {
            add_case(reads[k], 1, voices[i], 256, 0);
        }
        add_case(reads[k], 2, 256, 256, 0);
    }
    for (unsigned k = 0; k < 2; k++) {
        for (unsigned i = 0; i < 5; i++) {
            add_case(reads[k], 1, 256, blocks[i], 0);
        }
    }
}

static int
compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double
run_piece(const one_case *c)
{
    return c->pass ? run_bare(c) : run_engine(c);
}

static void
run_cases(void)
{
    for (int round = 0; round < ROUNDS; round++) {
        for (unsigned i = 0; i < case_count; i++) {
            one_case *c = &cases[i];
            run_piece(c); /* brings what it needs into the caches */
            c->ns[round] = run_piece(c) / ((double)c->frames * c->voices);
        }
    }
    for (unsigned i = 0; i < case_count; i++) {
        qsort(cases[i].ns, ROUNDS, sizeof *cases[i].ns, compare);
    }
}

/* --------------------------------------------------------------- figures -- */

static void
print_figure(int tsv, const char *name, double number, const char *unit)
{
    printf(tsv ? "%s\t%.4f\n" : "%-38s %8.3f %s\n", name, number, unit);
}

/* The median of a case, or 0 if it was not run. */
static double
median(const char *read, unsigned block)
{
    char name[48];
    snprintf(name, sizeof name, "%s mono voices 256 block %u", read, block);
    for (unsigned i = 0; i < case_count; i++) {
        if (strcmp(cases[i].name, name) == 0) {
            return cases[i].ns[ROUNDS / 2];
        }
    }
    return 0;
}

/* What a voice costs in a block beside its frames: by two sizes of blocks. */
static void
print_overhead(int tsv, const char *read)
{
    char name[48];
    double small = median(read, 64), large = median(read, 1024);
    if (small > 0 && large > 0) {
        snprintf(name, sizeof name, "%s a voice and block", read);
        print_figure(tsv, name, (small - large) / (1.0 / 64 - 1.0 / 1024),
                     "ns");
    }
}

int
main(int argc, char **argv)
{
    int tsv = argc > 1 && strcmp(argv[1], "--tsv") == 0;
    only = argc > 1 + tsv ? argv[1 + tsv] : NULL;
    must(tabor_simd_pick(&kernels));
    tabor_sinc_tables(series);
    make_sounds();
    make_planes();
    add_cases();
    run_cases();
    if (!tsv) {
        printf("%s; a voice and frame:\n", kernels->name);
    }
    for (unsigned i = 0; i < case_count; i++) {
        print_figure(tsv, cases[i].name, cases[i].ns[ROUNDS / 2], "ns");
    }
    print_overhead(tsv, "copy");
    print_overhead(tsv, "linear");
    print_figure(tsv, "size of a voice", (double)sizeof(tabor_voice), "bytes");
    return 0;
}
