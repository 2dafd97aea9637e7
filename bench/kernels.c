/* SPDX-License-Identifier: MIT
 *
 * What a voice costs: nanoseconds a voice and frame for each kernel, channel
 * count and level of SIMD; once the bare kernels, once the engine's mix.
 *
 * 256 voices of 16 samples (a second each) into stereo in blocks of 256, at
 * rates of their own between 0.75 and 1.1, or around 2 ("up"). The cases take
 * turns, so that what else the machine does falls on all of them alike, and
 * what is counted is this thread's time. The table has the least, which is
 * what it takes on a quiet machine, the median and the third quartile.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "control/simd.h"
#include "control/tables.h"

#define VOICES  256
#define SAMPLES 16
#define FRAMES  48000
#define BLOCK   256
#define BLOCKS  40
#define ROUNDS  15

enum {
    COPY,
    LINEAR,
    SINC16,
    SINC32,
    SINC16_UP,
    SINC32_UP,
    READS
};

static const char *const read_names[READS] = {
    "copy", "linear", "sinc16", "sinc32", "sinc16 up", "sinc32 up"};

typedef struct one_case {
    const tabor_kernels *level;
    int read, channels;
    double bare[ROUNDS], engine[ROUNDS];
} one_case;

typedef struct voice {
    uint32_t sample, offset;
    double rate; /* pitched */
} voice;

static tabor_audio *audios[2][SAMPLES]; /* mono, stereo */
static const tabor_sinc *series[2];
static voice voices[VOICES];

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
roll(void)
{
    static uint32_t dice = 1;
    dice = dice * 1664525u + 1013904223u;
    return dice >> 8;
}

static void
make_sounds(void)
{
    for (uint32_t c = 0; c < 2; c++) {
        for (int i = 0; i < SAMPLES; i++) {
            must(tabor_audio_new(FRAMES, c + 1, 48000, &audios[c][i]));
            for (uint32_t k = 0; k < FRAMES * (c + 1); k++) {
                audios[c][i]->values[k] = (float)roll() * 0x1p-23f - 1.0f;
            }
        }
    }
    for (int i = 0; i < VOICES; i++) {
        voices[i] = (voice){roll() % SAMPLES, 64 + roll() % 10000,
                            0.75 + roll() % 1000 * 0.00035};
    }
    tabor_sinc_tables(series);
}

static double
rate_of(const one_case *c, const voice *v)
{
    if (c->read == COPY) {
        return 1.0;
    }
    return c->read >= SINC16_UP ? v->rate + 0.9 : v->rate;
}

/* ---------------------------------------------------------------- bare -- */

static float
    *planes[2][SAMPLES][2]; /* channels apart, as the engine has them */

static void
make_planes(void)
{
    for (int c = 0; c < 2; c++) {
        for (int i = 0; i < SAMPLES; i++) {
            for (int lane = 0; lane <= c; lane++) {
                size_t room = FRAMES + 2 * TABOR_SAMPLE_PAD;
                float *plane = calloc(room, sizeof *plane);
                for (int k = 0; k < FRAMES; k++) {
                    plane[TABOR_SAMPLE_PAD + k] =
                        audios[c][i]->values[k * (c + 1) + lane];
                }
                planes[c][i][lane] = plane + TABOR_SAMPLE_PAD;
            }
        }
    }
}

static void
bare_read(const one_case *c, const tabor_path *path, float scratch[2][BLOCK],
          const float *in[2])
{
    float *const out[2] = {scratch[0], scratch[1]};
    tabor_path second = *path;
    second.values[0] = path->values[1];
    in[0] = scratch[0];
    in[1] = scratch[1];
    if (c->read == COPY) {
        in[0] = path->values[0] + (path->phase >> 32);
        in[1] = c->channels == 2 ? path->values[1] + (path->phase >> 32) : NULL;
        return;
    }
    if (c->read == LINEAR) {
        c->level->linear(path, out[0], BLOCK);
        if (c->channels == 2) {
            c->level->linear(&second, out[1], BLOCK);
        }
        return;
    }
    const tabor_sinc *sinc = tabor_sinc_for(
        series[c->read == SINC32 || c->read == SINC32_UP], path->step);
    if (c->channels == 2) {
        c->level->sinc_pair(sinc, path, out, BLOCK);
    } else {
        c->level->sinc(sinc, path, out[0], BLOCK);
    }
}

static double
run_bare(const one_case *c)
{
    static float bus[2][BLOCK], scratch[2][BLOCK];
    float *const out[2] = {bus[0], bus[1]};
    tabor_path paths[VOICES];
    for (int i = 0; i < VOICES; i++) {
        float **plane = planes[c->channels - 1][voices[i].sample];
        paths[i] = (tabor_path){
            {plane[0], plane[1]},
            (uint64_t)voices[i].offset << 32,
            (uint64_t)(rate_of(c, &voices[i]) * (double)TABOR_STEP_ONE)};
    }
    double start = now_ns();
    for (int b = 0; b < BLOCKS; b++) {
        memset(bus, 0, sizeof bus);
        for (int i = 0; i < VOICES; i++) {
            const float *in[2];
            bare_read(c, &paths[i], scratch, in);
            const tabor_input first = {in[0], {0.1f, 0.2f}};
            const tabor_input second = {in[1], {0.2f}};
            if (c->channels == 2) {
                c->level->add(bus[0], &first, 1, BLOCK);
                c->level->add(bus[1], &second, 1, BLOCK);
            } else {
                c->level->add_pair(out, &first, 1, BLOCK);
            }
            paths[i].phase += BLOCK * paths[i].step;
        }
    }
    return (now_ns() - start) / ((double)BLOCKS * BLOCK * VOICES);
}

/* -------------------------------------------------------------- engine -- */

static double
run_engine(const one_case *c)
{
    static float out[BLOCK * BLOCKS * 2];
    const tabor_kernel kernels[READS] = {
        TABOR_KERNEL_SINC16, TABOR_KERNEL_LINEAR, TABOR_KERNEL_SINC16,
        TABOR_KERNEL_SINC32, TABOR_KERNEL_SINC16, TABOR_KERNEL_SINC32};
    tabor_engine_config config = TABOR_ENGINE_CONFIG;
    config.driver = "offline";
    config.voices = VOICES;
    config.block = BLOCK;
    tabor_engine *engine;
    tabor_client *client;
    tabor_handle samples[SAMPLES], handle;
    setenv("TABOR_SIMD", c->level->name, 1);
    must(tabor_engine_open(&config, &engine));
    must(tabor_client_open(engine, NULL, &client));
    for (int i = 0; i < SAMPLES; i++) {
        must(tabor_sample_add(client, audios[c->channels - 1][i], "noise",
                              &samples[i]));
    }
    for (int i = 0; i < VOICES; i++) {
        tabor_play_params p = TABOR_PLAY;
        p.offset = voices[i].offset;
        p.rate = rate_of(c, &voices[i]);
        p.gain = 0.1;
        p.pan = 0.3;
        p.kernel = kernels[c->read];
        must(tabor_play(client, samples[voices[i].sample], &p, &handle));
    }
    must(tabor_engine_render(engine, BLOCK, out));
    double start = now_ns();
    must(tabor_engine_render(engine, BLOCK * BLOCKS, out));
    double took = now_ns() - start;
    tabor_client_close(client);
    tabor_engine_close(engine);
    return took / ((double)BLOCKS * BLOCK * VOICES);
}

/* --------------------------------------------------------------- table -- */

static int
compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static void
print_case(one_case *c)
{
    qsort(c->bare, ROUNDS, sizeof *c->bare, compare);
    qsort(c->engine, ROUNDS, sizeof *c->engine, compare);
    printf("%-7s %-10s %-7s %6.2f %6.2f %6.2f   %6.2f %6.2f %6.2f   %5.2f\n",
           c->level->name, read_names[c->read],
           c->channels == 2 ? "stereo" : "mono", c->bare[0],
           c->bare[ROUNDS / 2], c->bare[ROUNDS * 3 / 4], c->engine[0],
           c->engine[ROUNDS / 2], c->engine[ROUNDS * 3 / 4],
           c->engine[0] / c->bare[0]);
}

int
main(void)
{
    static one_case cases[TABOR_SIMD_LEVELS * READS * 2];
    const tabor_kernels *levels[TABOR_SIMD_LEVELS];
    unsigned level_count = tabor_simd_list(levels), n = 0;
    double start = now_ns();
    tabor_sinc_tables(series);
    printf("the tables took %.1f ms\n", (now_ns() - start) * 1e-6);
    make_sounds();
    make_planes();
    for (unsigned l = 0; l < level_count; l++) {
        for (int read = 0; read < READS; read++) {
            cases[n++] =
                (one_case){.level = levels[l], .read = read, .channels = 1};
            cases[n++] =
                (one_case){.level = levels[l], .read = read, .channels = 2};
        }
    }
    for (int round = 0; round < ROUNDS; round++) {
        for (unsigned i = 0; i < n; i++) {
            cases[i].bare[round] = run_bare(&cases[i]);
            cases[i].engine[round] = run_engine(&cases[i]);
        }
    }
    printf("ns a voice and frame       bare: least median q3    "
           "engine: least median q3   least's ratio\n");
    for (unsigned i = 0; i < n; i++) {
        print_case(&cases[i]);
    }
    return 0;
}
