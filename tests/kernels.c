/* SPDX-License-Identifier: MIT
 *
 * How samples are read: the same bits on every level of SIMD and for every
 * block size, nothing changed at rate 1, and how much noise elsewhere.
 */
#include <soxr.h>

#include "control/client.h"
#include "control/simd.h"
#include "control/tables.h"
#include "helpers.h"

#define PI       3.14159265358979323846
#define RATE     48000
#define TABLES   20 /* in each series */
#define LENGTH   67
#define SOURCE   8192
#define NO_LEVEL "no-such-level"

static uint64_t dice = 88172645463325252u;

static uint64_t
roll(void)
{
    dice ^= dice << 13;
    dice ^= dice >> 7;
    dice ^= dice << 17;
    return dice;
}

/* In [-1, 1], of all magnitudes down to 2^-23, some far louder. */
static float
roll_value(void)
{
    float value = (float)((int32_t)roll() >> 8) * 0x1p-23f;
    uint64_t kind = roll() % 16;
    return kind == 0 ? value * 1e6f : kind == 1 ? value * 1e-6f : value;
}

static float source[2][SOURCE];

static void
fill_source(void)
{
    for (int i = 0; i < SOURCE; i++) {
        source[0][i] = roll_value();
        source[1][i] = roll_value();
    }
}

/* ------------------------------------------------------ the same bits -- */

/* What each kernel makes of one set of numbers; out is filled before, so that
 * writing too far shows as well. */
typedef struct job {
    const tabor_sinc *sinc;
    tabor_path path;
    tabor_levels levels;
    tabor_input inputs[TABOR_INPUTS];
    unsigned count;
    uint32_t n, shift;
} job;

#define OUT 96 /* places in an output, LENGTH of them used */

typedef struct results {
    float linear[OUT], sinc[OUT], pair[2][OUT], add[OUT], add_pair[2][OUT],
        moving[OUT], moving_pair[2][OUT];
} results;

static void
run(const tabor_kernels *k, const job *j, results *r)
{
    float *places = (float *)r;
    for (size_t i = 0; i < sizeof *r / sizeof *places; i++) {
        places[i] = (float)(i % 13);
    }
    uint32_t s = j->shift;
    float *const pair[2] = {r->pair[0] + s, r->pair[1] + s};
    float *const add_pair[2] = {r->add_pair[0] + s, r->add_pair[1] + s};
    float *const moving_pair[2] = {r->moving_pair[0] + s,
                                   r->moving_pair[1] + s};
    const float *in = j->path.values[0];
    k->linear(&j->path, r->linear + s, j->n);
    k->sinc(j->sinc, &j->path, r->sinc + s, j->n);
    k->sinc_pair(j->sinc, &j->path, pair, j->n);
    k->add(r->add + s, j->inputs, j->count, j->n);
    k->add_pair(add_pair, j->inputs, j->count, j->n);
    k->add_moving(r->moving + s, in, &j->levels, j->n);
    k->add_pair_moving(moving_pair, in, &j->levels, j->n);
}

static tabor_slope
roll_slope(void)
{
    if (roll() % 3 == 0) {
        return (tabor_slope){.from = roll_value()};
    }
    uint32_t frames = 1 + (uint32_t)(roll() % (1u << (1 + roll() % 24)));
    return (tabor_slope){.from = roll_value(),
                         .way = roll_value(),
                         .per_frame = 1.0f / (float)frames,
                         .at = (float)(roll() % frames)};
}

/* Steps of all sizes, among them those where a kernel takes another way. */
static uint64_t
roll_step(void)
{
    const uint64_t edges[] = {TABOR_STEP_ONE,         TABOR_STEP_ONE + 1,
                              TABOR_STEP_ONE - 1,     2 * TABOR_STEP_ONE,
                              2 * TABOR_STEP_ONE + 1, TABOR_STEP_MIN,
                              TABOR_STEP_MAX,         TABOR_STEP_ONE / 2};
    uint64_t kind = roll() % 12;
    if (kind < 8) {
        return edges[kind];
    }
    return TABOR_STEP_MIN +
           roll() % ((TABOR_STEP_ONE << (kind - 8)) - TABOR_STEP_MIN);
}

static job
roll_job(const tabor_sinc *sinc, uint32_t n, uint32_t in_shift,
         uint32_t out_shift)
{
    const float *a = source[0] + TABOR_SAMPLE_PAD + in_shift;
    const float *b = source[1] + TABOR_SAMPLE_PAD + roll() % 8;
    job j = {.sinc = sinc,
             .path = {{a, b}, (roll() % 256) << 32 | (uint32_t)roll(), 0},
             .levels = {.gain = roll_slope(),
                        .fade = roll_slope(),
                        .side = {roll_slope(), roll_slope()},
                        .share = 1.0f / (float)(1 + roll() % 3)},
             .n = n,
             .shift = out_shift};
    j.path.step = roll_step();
    j.count = 1 + (unsigned)(roll() % TABOR_INPUTS);
    for (unsigned k = 0; k < j.count; k++) {
        j.inputs[k] = (tabor_input){source[k % 2] + roll() % 1000,
                                    {roll_value(), roll_value()}};
    }
    uint64_t kind = roll() % 8; /* on a frame, or just before one */
    if (kind == 0) {
        j.path.phase &= ~(uint64_t)UINT32_MAX;
    } else if (kind == 1) {
        j.path.phase |= UINT32_MAX;
    }
    return j;
}

static void
test_level(const tabor_kernels *level)
{
    const tabor_sinc *series[2];
    tabor_sinc_tables(series);
    static results want, got;
    uint32_t differ = 0, looked = 0;
    for (uint32_t n = 1; n <= LENGTH; n++) {
        for (uint32_t shift = 0; shift < 64; shift++) {
            const tabor_sinc *sinc =
                &series[shift % 2][shift % 16 < 4 ? 0 : roll() % TABLES];
            job j = roll_job(sinc, n, shift % 8, shift / 8);
            run(tabor_kernels_scalar, &j, &want);
            run(level, &j, &got);
            differ += memcmp(&want, &got, sizeof want) != 0;
            looked++;
        }
    }
    ok(differ == 0 && looked == LENGTH * 64,
       "%s: the bits of scalar, lengths 1 to %d at 64 alignments", level->name,
       LENGTH);
}

static void
test_unity(const tabor_kernels *level)
{
    const tabor_sinc *series[2];
    tabor_sinc_tables(series);
    int same = 0;
    for (int s = 0; s < 2; s++) {
        float out[2][LENGTH];
        float *const outs[2] = {out[0], out[1]};
        tabor_path path = {{source[0] + 40, source[1] + 41},
                           UINT64_C(77) << 32,
                           TABOR_STEP_ONE};
        level->sinc_pair(series[s], &path, outs, LENGTH);
        same += !memcmp(out[0], source[0] + 40 + 77, sizeof out[0]);
        same += !memcmp(out[1], source[1] + 41 + 77, sizeof out[1]);
        level->sinc(series[s], &path, out[1], LENGTH);
        same += !memcmp(out[1], out[0], sizeof out[1]);
    }
    ok_int(same, 6, "%s: at rate 1 the sincs read what a copy would",
           level->name);
}

/* The tables in one number, which every compiler and machine must arrive at;
 * it changes with the designs, the rows and the formulas only. */
static void
test_tables(void)
{
    const tabor_sinc *series[2];
    tabor_sinc_tables(series);
    uint64_t hash = 14695981039346656037u;
    for (int s = 0; s < 2; s++) {
        for (int t = 0; t < TABLES; t++) {
            const tabor_sinc *sinc = &series[s][t];
            uint32_t n = TABOR_SINC_ROWS * 2 * sinc->taps;
            for (uint32_t i = 0; i < n; i++) {
                uint32_t bits;
                memcpy(&bits, &sinc->rows[i], sizeof bits);
                hash = (hash ^ bits) * 1099511628211u;
            }
        }
    }
    ok(hash == UINT64_C(0x68d3eeadf9912c19),
       "the tables have the bits they have everywhere");
    tap_note("tables: %016llx", (unsigned long long)hash);
    ok(series[0][TABLES - 1].step_max == UINT64_MAX &&
           series[1][TABLES - 1].step_max == UINT64_MAX,
       "the last table of each series is for all steps");
}

/* ------------------------------------------------------------- quality -- */

/* Frames of a sine, in a sample of one channel. */
static tabor_handle
add_tone(rig *r, double hz, uint32_t frames)
{
    tabor_audio *audio;
    tabor_handle sample;
    must(tabor_audio_new(frames, 1, RATE, &audio));
    for (uint32_t i = 0; i < frames; i++) {
        audio->values[i] = (float)sin(2 * PI * hz * i / RATE);
    }
    must(tabor_sample_add(r->client, audio, "tone", &sample));
    tabor_audio_free(audio);
    return sample;
}

/* From hz to to_hz, the frequency in proportion to time. */
static tabor_handle
add_sweep(rig *r, double hz, double to_hz, uint32_t frames)
{
    tabor_audio *audio;
    tabor_handle sample;
    must(tabor_audio_new(frames, 1, RATE, &audio));
    for (uint32_t i = 0; i < frames; i++) {
        double t = (double)i / RATE, all = (double)frames / RATE;
        double turns = hz * t + (to_hz - hz) * t * t / (2 * all);
        audio->values[i] = (float)sin(2 * PI * turns);
    }
    must(tabor_sample_add(r->client, audio, "sweep", &sample));
    tabor_audio_free(audio);
    return sample;
}

static rig
open_mono(void)
{
    rig r;
    tabor_engine_config config = TABOR_ENGINE_CONFIG;
    config.driver = "offline";
    config.channels = 1;
    must(tabor_engine_open(&config, &r.engine));
    must(tabor_client_open(r.engine, NULL, &r.client));
    return r;
}

/* Play a sample at a rate, unload it; frames values, which the caller frees. */
static float *
read_at(rig *r, tabor_handle sample, double rate, tabor_kernel kernel,
        uint32_t frames)
{
    tabor_play_params p = TABOR_PLAY;
    tabor_handle voice;
    p.rate = rate;
    p.kernel = kernel;
    must(tabor_play(r->client, sample, &p, &voice));
    float *out = rig_render(r, frames, 1);
    must(tabor_stop(r->client, 0));
    must(tabor_sample_unload(r->client, sample, TABOR_UNLOAD_CUT));
    free(rig_render(r, 1, 1));
    return out;
}

static double
power(const float *x, uint32_t n)
{
    double sum = 0;
    for (uint32_t i = 0; i < n; i++) {
        sum += (double)x[i] * x[i];
    }
    return sum / n;
}

/* Signal to noise in dB: all but the best fitting sine of hz is noise. */
static double
signal_to_noise(const float *x, uint32_t n, double hz)
{
    double w = 2 * PI * hz / RATE;
    double ss = 0, cc = 0, sc = 0, xs = 0, xc = 0, noise = 0, signal = 0;
    for (uint32_t i = 0; i < n; i++) {
        double s = sin(w * i), c = cos(w * i);
        ss += s * s, cc += c * c, sc += s * c;
        xs += x[i] * s, xc += x[i] * c;
    }
    double det = ss * cc - sc * sc;
    double a = (xs * cc - xc * sc) / det, b = (xc * ss - xs * sc) / det;
    for (uint32_t i = 0; i < n; i++) {
        double fit = a * sin(w * i) + b * cos(w * i), rest = x[i] - fit;
        signal += fit * fit, noise += rest * rest;
    }
    return 10 * log10(signal / noise);
}

#define EDGE 100 /* frames at either end where a sound is not yet even */

static float *
soxr_at(double rate, const float *in, uint32_t frames, uint32_t *got)
{
    uint32_t room = (uint32_t)(frames / rate) + 16;
    float *out = calloc(room, sizeof *out);
    size_t done = 0;
    soxr_quality_spec_t quality = soxr_quality_spec(SOXR_HQ, 0);
    if (soxr_oneshot(rate, 1, 1, in, frames, NULL, out, room, &done, NULL,
                     &quality, NULL)) {
        printf("Bail out! soxr_oneshot failed\n");
        exit(1);
    }
    *got = (uint32_t)done;
    return out;
}

static void
test_noise(void)
{
    const double rate = 1.06, hz = 10000;
    /* linear is a straight line's worth, the others are the design's bars */
    const struct {
        tabor_kernel kernel;
        const char *name;
        double bar;
    } cases[] = {{TABOR_KERNEL_LINEAR, "linear", 15},
                 {TABOR_KERNEL_SINC16, "sinc16", 80},
                 {TABOR_KERNEL_SINC32, "sinc32", 94}};
    rig r = open_mono();
    uint32_t frames = RATE, n = (uint32_t)(frames / rate) - 2 * EDGE, got;
    float *plain = read_at(&r, add_tone(&r, hz, frames), 1, 0, frames);
    float *theirs = soxr_at(rate, plain, frames, &got);
    ok(got > n + EDGE, "soxr made as many frames");
    tap_note("10 kHz at rate 1.06: libsoxr's HQ has %.1f dB signal to noise",
             signal_to_noise(theirs + EDGE, n, hz * rate));
    for (int i = 0; i < 3; i++) {
        float *out = read_at(&r, add_tone(&r, hz, frames), rate,
                             cases[i].kernel, frames);
        double db = signal_to_noise(out + EDGE, n, hz * rate);
        ok(db >= cases[i].bar, "%s: 10 kHz at rate 1.06 is %.0f dB over noise",
           cases[i].name, cases[i].bar);
        for (uint32_t k = EDGE; k < EDGE + n; k++) {
            out[k] -= theirs[k];
        }
        double apart = 10 * log10(0.5 / power(out + EDGE, n));
        tap_note("%s: %.1f dB; the difference to libsoxr's is %.1f dB down",
                 cases[i].name, db, apart);
        /* in the pass band the two are one sound: 60 dB is 0.01 dB of gain */
        ok(i == 0 || apart >= 60, "%s: it is what libsoxr makes of it",
           cases[i].name);
        free(out);
    }
    free(plain);
    free(theirs);
    rig_close(&r);
}

/* The least distance in dB between tones over the whole band and what they
 * leave beside themselves, when pitched up. */
static double
worst_alias(rig *r, tabor_kernel kernel, double rate, double *at_hz)
{
    enum {
        FRAMES = 8192
    };
    double worst = 1000;
    uint32_t n = (uint32_t)(FRAMES / rate) - 2 * EDGE;
    for (double hz = 130; hz < RATE / 2; hz += 260) {
        float *out = read_at(r, add_tone(r, hz, FRAMES), rate, kernel, FRAMES);
        double up = hz * rate, db;
        if (up < RATE / 2) {
            /* relative to the tone that went in, not to what is left of it */
            double whole = power(out + EDGE, n);
            db = signal_to_noise(out + EDGE, n, up) +
                 10 * log10(0.5 / (whole > 1e-20 ? whole : 1e-20));
        } else {
            db = 10 * log10(0.5 / (power(out + EDGE, n) + 1e-20));
        }
        if (db < worst) {
            worst = db;
            *at_hz = hz;
        }
        free(out);
    }
    return worst;
}

static void
test_alias(void)
{
    const tabor_kernel kernels[] = {TABOR_KERNEL_SINC16, TABOR_KERNEL_SINC32};
    const char *const names[] = {"sinc16", "sinc32"};
    const double rates[] = {2.0, 1.99, 4.0, 3.3};
    rig r = open_mono();
    for (int k = 0; k < 2; k++) {
        for (int i = 0; i < 4; i++) {
            double hz, db = worst_alias(&r, kernels[k], rates[i], &hz);
            ok(db >= 80, "%s: at rate %.2f every other tone is 80 dB down",
               names[k], rates[i]);
            tap_note("%s at rate %.2f: %.1f dB, at %.0f Hz", names[k], rates[i],
                     db, hz);
        }
        /* all of this sweep is beyond the half rate an octave up */
        uint32_t frames = 2 * RATE, n = frames / 2 - 2 * EDGE;
        float *out = read_at(&r, add_sweep(&r, 12100, 23900, frames), 2.0,
                             kernels[k], frames / 2);
        double db = 10 * log10(0.5 / power(out + EDGE, n));
        ok(db >= 80, "%s: of a sweep over 12 kHz an octave up nothing is heard",
           names[k]);
        tap_note("%s: the sweep is %.1f dB down", names[k], db);
        free(out);
    }
    double hz, db = worst_alias(&r, TABOR_KERNEL_LINEAR, 2.0, &hz);
    ok(db < 20, "and linear's folding is noticed");
    rig_close(&r);
}

/* -------------------------------------------------------------- blocks -- */

static uint64_t
hash_of(const float *x, size_t n)
{
    uint64_t hash = 14695981039346656037u;
    for (size_t i = 0; i < n; i++) {
        uint32_t bits;
        memcpy(&bits, &x[i], sizeof bits);
        hash = (hash ^ bits) * 1099511628211u;
    }
    return hash;
}

#define PIECE 24000

/* Voices whose rates move, each way of reading, one to three channels. */
static uint64_t
hash_piece(uint32_t block, tabor_kernel kernel)
{
    rig r = rig_open("offline", block, 64, 1024);
    for (int i = 0; i < 24; i++) {
        tabor_handle voice, sample = rig_ramp(&r, 30000, 1 + i % 3);
        tabor_play_params p = TABOR_PLAY;
        p.at = 100 + (uint64_t)i * 331;
        p.gain = 0.1;
        p.rate = 0.3 + i * 0.11;
        p.kernel = kernel ? kernel : (tabor_kernel)(1 + i % 3);
        must(tabor_play(r.client, sample, &p, &voice));
        tabor_voice_params set = TABOR_VOICE;
        set.which = TABOR_SET_RATE | TABOR_SET_PAN | TABOR_SET_GAIN;
        set.at = p.at + 500 + (uint64_t)i * 7;
        set.ramp_frames = 9000 - (uint32_t)i * 111;
        set.rate = i % 4 ? 3.1 - i * 0.1 : 1.0;
        set.gain = 0.3;
        set.pan = i % 2 ? 0.7 : -0.7;
        must(tabor_voice_set(r.client, voice, &set));
    }
    float *out = rig_render(&r, PIECE, 2);
    uint64_t hash = hash_of(out, PIECE * 2);
    free(out);
    rig_close(&r);
    return hash;
}

/* The control: a rate that is moved by hand once a block. */
static uint64_t
hash_by_hand(uint32_t block)
{
    rig r = rig_open("offline", block, 64, 1024);
    tabor_handle voice, sample = rig_ramp(&r, 30000, 1);
    must(tabor_play(r.client, sample, NULL, &voice));
    float *out = calloc(PIECE * 2, sizeof *out);
    for (uint32_t at = 0; at < PIECE; at += block) {
        uint32_t n = block < PIECE - at ? block : PIECE - at;
        tabor_voice_params set = TABOR_VOICE;
        set.which = TABOR_SET_RATE;
        set.rate = 0.5 + at * 0.5 / PIECE;
        must(tabor_voice_set(r.client, voice, &set));
        must(tabor_engine_render(r.engine, n, out + (size_t)at * 2));
    }
    uint64_t hash = hash_of(out, PIECE * 2);
    free(out);
    rig_close(&r);
    return hash;
}

static void
test_blocks(void)
{
    const uint32_t blocks[] = {1, 17, 64, 441, 8192};
    uint64_t want = hash_piece(256, 0), by_hand = hash_by_hand(256);
    for (int i = 0; i < 5; i++) {
        ok(hash_piece(blocks[i], 0) == want,
           "blocks of %u: moving rates have the same bits", blocks[i]);
    }
    int differ = 0;
    for (int i = 1; i < 5; i++) {
        differ += hash_by_hand(blocks[i]) != by_hand;
    }
    ok_int(differ, 4, "a rate that moves once a block would be noticed");
    uint64_t linear = hash_piece(256, TABOR_KERNEL_LINEAR);
    uint64_t sinc16 = hash_piece(256, TABOR_KERNEL_SINC16);
    uint64_t sinc32 = hash_piece(256, TABOR_KERNEL_SINC32);
    ok(linear != sinc16 && sinc16 != sinc32 && sinc32 != want,
       "and so would another kernel");
}

/* -------------------------------------------------------------- choice -- */

static void
test_simd(unsigned n, const tabor_kernels *levels[])
{
    uint64_t want = hash_piece(256, 0);
    tap_note("piece: %016llx", (unsigned long long)want);
    for (unsigned i = 0; i < n; i++) {
        setenv("TABOR_SIMD", levels[i]->name, 1);
        ok(hash_piece(256, 0) == want, "TABOR_SIMD=%s: the same piece",
           levels[i]->name);
        const tabor_kernels *got;
        ok(tabor_simd_pick(&got) == TABOR_OK && got == levels[i],
           "TABOR_SIMD=%s: and it is that one", levels[i]->name);
    }
    setenv("TABOR_SIMD", NO_LEVEL, 1);
    tabor_engine *engine;
    ok(tabor_engine_open(NULL, &engine) == TABOR_ERR_INVALID &&
           strstr(tabor_error(), NO_LEVEL) && strstr(tabor_error(), "scalar"),
       "a level that is not there is refused, with those that are");
    tap_note("%s", tabor_error());
    unsetenv("TABOR_SIMD");
}

/* A value between two frames, which each kernel reads differently. */
static float
between(tabor_kernel engine, tabor_kernel play)
{
    rig r;
    tabor_engine_config config = TABOR_ENGINE_CONFIG;
    config.driver = "offline";
    config.channels = 1;
    config.kernel = engine;
    must(tabor_engine_open(&config, &r.engine));
    must(tabor_client_open(r.engine, NULL, &r.client));
    float *out = read_at(&r, add_tone(&r, 9000, 1000), 0.7, play, 404);
    float value = out[403]; /* at frame 282.1 */
    free(out);
    rig_close(&r);
    return value;
}

/* Write a play with a kernel's number to the ring by hand; returns how many
 * commands that refused. */
static uint64_t
stale_of(rig *r, tabor_handle sample, unsigned kernel)
{
    tabor_client *c = r->client;
    tabor_ring *ring = &c->link->command_ring;
    tabor_stats before, after;
    tabor_get_stats(c, &before);
    if (tabor_ring_reserve(ring, 1) < 1) {
        return UINT64_MAX;
    }
    c->link->commands[ring->next_tail & ring->mask] = (tabor_command){
        .type = TABOR_COMMAND_PLAY_SAMPLE,
        .target = tabor_handle_make(TABOR_KIND_VOICE, c->owner, 9, 1),
        .kernel = (uint8_t)kernel,
        .body.play = {.sample = sample, .step = TABOR_STEP_ONE, .length = 10}};
    tabor_ring_commit(ring, 1);
    free(rig_render(r, 100, 1));
    tabor_get_stats(c, &after);
    return after.stale - before.stale;
}

static void
test_choice(void)
{
    float linear = between(TABOR_KERNEL_DEFAULT, TABOR_KERNEL_LINEAR);
    float sinc16 = between(TABOR_KERNEL_DEFAULT, TABOR_KERNEL_SINC16);
    float sinc32 = between(TABOR_KERNEL_DEFAULT, TABOR_KERNEL_SINC32);
    ok(linear != sinc16 && sinc16 != sinc32, "the kernels differ");
    ok(between(TABOR_KERNEL_DEFAULT, TABOR_KERNEL_DEFAULT) == sinc16,
       "sinc16 is what a play gets that asks for none");
    ok(between(TABOR_KERNEL_LINEAR, TABOR_KERNEL_DEFAULT) == linear &&
           between(TABOR_KERNEL_SINC32, TABOR_KERNEL_DEFAULT) == sinc32,
       "or the engine's");
    ok(between(TABOR_KERNEL_LINEAR, TABOR_KERNEL_SINC16) == sinc16,
       "and a play's own comes first");
    tabor_engine_config config = TABOR_ENGINE_CONFIG;
    config.driver = "offline";
    config.kernel = (tabor_kernel)4;
    rig r;
    ok(tabor_engine_open(&config, &r.engine) == TABOR_ERR_INVALID,
       "an engine refuses an unknown one");
    r = open_mono();
    tabor_handle voice, sample = rig_ramp(&r, 100, 1);
    tabor_play_params p = TABOR_PLAY;
    p.kernel = (tabor_kernel)4;
    ok(tabor_play(r.client, sample, &p, &voice) == TABOR_ERR_INVALID,
       "so does a play");
    ok_int(stale_of(&r, sample, 3), 0, "on the wire there are as many");
    ok_int(stale_of(&r, sample, 4), 1, "and one more is refused there too");
    rig_close(&r);
}

int
main(void)
{
    tap_start();
    fill_source();
    const tabor_kernels *levels[TABOR_SIMD_LEVELS];
    unsigned n = tabor_simd_list(levels);
    for (unsigned i = 0; i < n; i++) {
        test_level(levels[i]);
        test_unity(levels[i]);
    }
    test_tables();
    test_noise();
    test_alias();
    test_blocks();
    test_simd(n, levels);
    test_choice();
    return tap_done();
}
