/* SPDX-License-Identifier: MIT
 *
 * From float32 to integers: rounding, range, and what dither is for.
 */
#include <stdint.h>

#if defined(__SSE2__)
#include <xmmintrin.h>
#endif

#include "helpers.h"
#include "rt/convert.h"

#define MANY 1048576 /* values that a statistic is made of */

static const struct {
    tabor_conversion_format format;
    const char *name;
    double steps; /* of 1 */
} integers[] = {{TABOR_TO_S16, "16 bit", 0x1p15},
                {TABOR_TO_S24, "24 bit", 0x1p23},
                {TABOR_TO_S24_32, "24 in 32 bit", 0x1p23},
                {TABOR_TO_S32, "32 bit", 0x1p31}};
#define INTEGERS (sizeof integers / sizeof *integers)

static int32_t
fetch(tabor_conversion_format format, const unsigned char *bytes, size_t i)
{
    int16_t narrow;
    int32_t wide;
    switch (format) {
    case TABOR_TO_S16:
        memcpy(&narrow, bytes + 2 * i, 2);
        return narrow;
    case TABOR_TO_S24:
        bytes += 3 * i;
        wide = bytes[0] | bytes[1] << 8 | bytes[2] << 16;
        return wide >= 1 << 23 ? wide - (1 << 24) : wide;
    default:
        memcpy(&wide, bytes + 4 * i, 4);
        return wide;
    }
}

/* One value, as frame frame of channel 0. */
static int32_t
convert_one(tabor_conversion_format format, tabor_dither dither, float value,
            uint64_t frame)
{
    unsigned char bytes[4];
    const tabor_conversion c = {format, dither, 1};
    tabor_convert(&c, &value, frame, 1, bytes);
    return fetch(format, bytes, 0);
}

/* ------------------------------------------------------------- rounding -- */

static void
test_rounding(void)
{
    for (size_t k = 0; k < INTEGERS; k++) {
        const tabor_conversion_format f = integers[k].format;
        const double steps = integers[k].steps;
        const float step = (float)(1 / steps);
        const int32_t top = (int32_t)(steps - 1), bottom = (int32_t)-steps;
        const struct {
            float value;
            int32_t want;
        } cases[] = {{0, 0},
                     {step, 1},
                     {-step, -1},
                     {0.49f * step, 0},
                     {0.51f * step, 1},
                     {-0.51f * step, -1},
                     {0.5f * step, 0}, /* halves to even */
                     {1.5f * step, 2},
                     {-2.5f * step, -2},
                     {0.5f, (int32_t)(steps / 2)},
                     {1, top},
                     {-1, bottom},
                     {1.0001f, top},
                     {-1.0001f, bottom},
                     {INFINITY, top},
                     {-INFINITY, bottom},
                     {3e38f, top},
                     {NAN, 0},
                     {-1e-42f, 0}};
        size_t wrong = 0, n = sizeof cases / sizeof *cases;
        for (size_t i = 0; i < n; i++) {
            int32_t got = convert_one(f, TABOR_DITHER_OFF, cases[i].value, i);
            if (got != cases[i].want) {
                wrong++;
                tap_note("%g becomes %d", (double)cases[i].value, got);
            }
        }
        ok_int(wrong, 0, "%s: %zu values are rounded and kept in range",
               integers[k].name, n);
    }
}

/* All 16 bit integers, as a file of them is read. */
static void
test_exact(void)
{
    int changed = 0;
    for (int n = -32768; n < 32768; n++) {
        changed += convert_one(TABOR_TO_S16, TABOR_DITHER_OFF, (float)n / 32768,
                               0) != n;
        changed += convert_one(TABOR_TO_S24_32, TABOR_DITHER_OFF,
                               (float)n / 32768, 0) != n * 256;
    }
    ok_int(changed, 0, "what was 16 bit stays as it is without dither");
}

static void
test_full_scale(void)
{
    for (size_t k = 0; k < INTEGERS; k++) {
        const tabor_conversion_format f = integers[k].format;
        const double steps = integers[k].steps;
        int wrong = 0;
        for (uint64_t i = 0; i < 10000; i++) {
            double top = convert_one(f, TABOR_DITHER_TPDF, 1, i);
            double over = convert_one(f, TABOR_DITHER_TPDF, 2, i);
            double bottom = convert_one(f, TABOR_DITHER_TPDF, -1, i);
            double nothing = convert_one(f, TABOR_DITHER_TPDF, NAN, i);
            wrong += top != steps - 1 || over != steps - 1 ||
                     (bottom != -steps && bottom != 1 - steps) ||
                     nothing < -1 || nothing > 1;
        }
        ok_int(wrong, 0, "%s: dither never leaves the range", integers[k].name);
    }
}

/* -------------------------------------------------------- same everywhere --
 */

static float *
make_noise(size_t count)
{
    float *values = malloc(count * sizeof *values);
    uint32_t dice = 1;
    for (size_t i = 0; i < count; i++) {
        dice = dice * 1664525u + 1013904223u;
        values[i] = ((float)(dice >> 8) / 0x1p23f - 1) * 1.05f;
    }
    return values;
}

static void
test_blocks(void)
{
    enum {
        FRAMES = 3000
    };
    const uint32_t channels[] = {1, 2, 5, 64};
    static unsigned char whole[FRAMES * 64 * 4], parts[FRAMES * 64 * 4];
    float *values = make_noise((size_t)FRAMES * 64);
    int differ = 0, compared = 0;
    for (int k = 0; k < 16; k++) {
        const tabor_conversion c = {integers[k / 4].format, TABOR_DITHER_TPDF,
                                    channels[k % 4]};
        const size_t bytes =
            (size_t)c.channels * tabor_conversion_bytes(c.format);
        const uint64_t first = (UINT64_C(1) << 40) + 77;
        tabor_convert(&c, values, first, FRAMES, whole);
        for (uint32_t at = 0, n; at < FRAMES; at += n) {
            n = 1 + at * 7919 % 480;
            n = n < FRAMES - at ? n : FRAMES - at;
            tabor_convert(&c, values + (size_t)at * c.channels, first + at, n,
                          parts + at * bytes);
        }
        differ += memcmp(whole, parts, FRAMES * bytes) != 0;
        compared++;
    }
    ok_int(differ, 0, "blocks make no difference, in %d ways", compared);
    free(values);
}

static void
test_float(void)
{
    const float values[] = {0.5f, -3.0f, INFINITY, 1e-40f, 0, 1};
    float out[6] = {0};
    tabor_conversion same = {.format = TABOR_TO_F32, .channels = 2};
    tabor_convert(&same, values, 7, 3, out);
    ok(memcmp(out, values, sizeof out) == 0 &&
           tabor_conversion_bytes(TABOR_TO_F32) == sizeof *out,
       "float32 stays as it is, bit for bit");
}

static void
test_packed(void)
{
    enum {
        FRAMES = 2000
    };
    static unsigned char packed[FRAMES * 2 * 3], wide[FRAMES * 2 * 4];
    float *values = make_noise(FRAMES * 2);
    tabor_conversion c = {TABOR_TO_S24, TABOR_DITHER_TPDF, 2};
    tabor_convert(&c, values, 9, FRAMES, packed);
    c.format = TABOR_TO_S24_32;
    tabor_convert(&c, values, 9, FRAMES, wide);
    int differ = 0;
    for (size_t i = 0; i < FRAMES * 2; i++) {
        differ +=
            fetch(TABOR_TO_S24, packed, i) != fetch(TABOR_TO_S24_32, wide, i);
    }
    ok_int(differ, 0, "24 bits are the same in three bytes and in four");
    free(values);
}

/* The audio thread flushes denormals, who saves a file does not. */
static void
test_denormals(void)
{
#if defined(__SSE2__)
    enum {
        FRAMES = 60000
    };
    static float values[FRAMES];
    static unsigned char one[FRAMES * 2], two[FRAMES * 2];
    for (int i = 0; i < FRAMES; i++) {
        values[i] = (float)(i % 3 - 1) * (i % 7 ? 1e-40f : 0x1.8p-16f);
    }
    const tabor_conversion c = {TABOR_TO_S16, TABOR_DITHER_TPDF, 1};
    tabor_convert(&c, values, 0, FRAMES, one);
    const unsigned old = _mm_getcsr();
    _mm_setcsr(old | 0x8040);
    tabor_convert(&c, values, 0, FRAMES, two);
    _mm_setcsr(old);
    ok(memcmp(one, two, sizeof one) == 0,
       "flushing denormals makes no difference");
#endif
}

/* ------------------------------------------------------------- statistics --
 */

/* The error of 16 bits, in steps, of a tone of so many steps and an offset. */
static double *
make_error(tabor_dither dither, double size, double cycles, double offset,
           double *sound)
{
    static float values[MANY];
    static int16_t out[MANY];
    double *error = malloc(MANY * sizeof *error);
    for (int i = 0; i < MANY; i++) {
        double x = offset + size * sin(2 * M_PI * cycles * i / MANY);
        values[i] = (float)(x / 32768);
    }
    const tabor_conversion c = {TABOR_TO_S16, dither, 1};
    tabor_convert(&c, values, 0, MANY, out);
    for (int i = 0; i < MANY; i++) {
        error[i] = out[i] - (double)values[i] * 32768;
        if (sound) {
            sound[i] = out[i];
        }
    }
    return error;
}

static double
mean_product(const double *a, const double *b, int lag)
{
    double sum = 0;
    for (int i = lag; i < MANY; i++) {
        sum += a[i] * b[i - lag];
    }
    return sum / (MANY - lag);
}

static double
mean(const double *a)
{
    double sum = 0;
    for (int i = 0; i < MANY; i++) {
        sum += a[i];
    }
    return sum / MANY;
}

/* Triangular dither: a step squared over 4 (over 12 from rounding, and over 6
 * from the dither), whatever is dithered. Half a step over the root of MANY is
 * what a mean of such errors strays, 5 times that the bound. */
static void
test_power(void)
{
    const struct {
        double size, offset;
    } sounds[] = {{0, 0},   {0, 0.25}, {0, 0.5},   {0, -7.9},    {0.3, 0},
                  {1, 0.5}, {900, 0},  {30000, 0}, {3, 1000.125}};
    double most_mean = 0, least = 1, most = 0;
    for (size_t k = 0; k < sizeof sounds / sizeof *sounds; k++) {
        double *e = make_error(TABOR_DITHER_TPDF, sounds[k].size, 997,
                               sounds[k].offset, NULL);
        double power = mean_product(e, e, 0);
        most_mean = fmax(most_mean, fabs(mean(e)));
        least = fmin(least, power);
        most = fmax(most, power);
        free(e);
    }
    tap_note("mean error at most %.5f steps, power %.5f to %.5f", most_mean,
             least, most);
    ok(most_mean < 5 * 0.5 / sqrt(MANY),
       "the mean error is 0, whatever the sound");
    ok(least > 0.248 && most < 0.252,
       "the error's power is a quarter of a step, whatever the sound");
    double *e = make_error(TABOR_DITHER_OFF, 0, 997, 0.25, NULL);
    ok_near(mean(e), -0.25, 1e-9, "without dither it is the sound's own");
    free(e);
}

/* A flat spectrum is an error that knows nothing of its past. */
static void
test_flat(void)
{
    double *e = make_error(TABOR_DITHER_TPDF, 1.03, 997, 0, NULL);
    double most = 0;
    int lags = 0;
    for (int lag = 1; lag <= 200; lag++, lags++) {
        most = fmax(most, fabs(mean_product(e, e, lag)) / 0.25);
    }
    tap_note("correlation at most %.5f over %d lags", most, lags);
    ok(most < 5 / sqrt(MANY), "the error's spectrum is flat");
    free(e);
}

/* The dither of silence, one channel of two. */
static void
fill_silence(tabor_conversion_format format, int16_t *out)
{
    static float silence[2 * MANY];
    const tabor_conversion c = {format, TABOR_DITHER_TPDF, 2};
    tabor_convert(&c, silence, 0, MANY, out);
}

static void
test_channels(void)
{
    static int16_t out[2 * MANY];
    double *a = malloc(MANY * sizeof *a), *b = malloc(MANY * sizeof *b);
    fill_silence(TABOR_TO_S16, out);
    int counts[3] = {0};
    for (int i = 0; i < MANY; i++) {
        a[i] = out[2 * i];
        b[i] = out[2 * i + 1];
        counts[out[2 * i] + 1]++;
    }
    double most = 0;
    for (int lag = 0; lag <= 100; lag++) {
        most = fmax(most, fabs(mean_product(a, b, lag)) / 0.25);
        most = fmax(most, fabs(mean_product(b, a, lag)) / 0.25);
    }
    ok(most < 5 / sqrt(MANY), "channels have dither of their own (%.5f)", most);
    /* a triangle from -1 to 1 rounds to 0 in three quarters */
    ok_near(counts[0] / (double)MANY, 0.125, 0.002,
            "silence is -1 in one of eight");
    ok_near(counts[1] / (double)MANY, 0.75, 0.002, "0 in six");
    ok_near(counts[2] / (double)MANY, 0.125, 0.002, "1 in one");
    free(a);
    free(b);
}

/* The size of the part of x that goes round cycles times. */
static double
part(const double *x, double cycles)
{
    double re = 0, im = 0;
    for (int i = 0; i < MANY; i++) {
        re += x[i] * cos(2 * M_PI * cycles * i / MANY);
        im += x[i] * sin(2 * M_PI * cycles * i / MANY);
    }
    return 2 * hypot(re, im) / MANY;
}

/* The largest of the harmonics 2 to 12 of a tone at -90 dB, in dB below it. */
static double
worst_harmonic(tabor_dither dither, double *tone)
{
    const double size = 32768 * pow(10, -90 / 20.0), cycles = 9973;
    double *sound = malloc(MANY * sizeof *sound), worst = 0;
    free(make_error(dither, size, cycles, 0, sound));
    *tone = part(sound, cycles) / size;
    for (int h = 2; h <= 12; h++) {
        worst = fmax(worst, part(sound, h * cycles));
    }
    free(sound);
    return 20 * log10(worst / size);
}

/* Noise of a quarter step squared has parts of 1 / sqrt(MANY) steps: -60.5 dB
 * under this tone. The largest of 11 stays under four times that, by chance, in
 * all but one of a million cases. */
static void
test_harmonics(void)
{
    double tone;
    const double floor = 20 * log10(4 / sqrt(MANY) / 1.0362);
    double off = worst_harmonic(TABOR_DITHER_OFF, &tone);
    ok(off > -25, "without dither a tone at -90 dB has harmonics: %.1f dB",
       off);
    double on = worst_harmonic(TABOR_DITHER_TPDF, &tone);
    ok(on < floor, "with it none is above the noise: %.1f dB, below %.1f", on,
       floor);
    ok_near(tone, 1, 5 / sqrt(MANY), "and the tone is as loud as it was");
}

/* ----------------------------------------------------------------- files -- */

static void
test_save(void)
{
    const char *path = "t-convert.wav";
    tabor_audio *audio, *again;
    must(tabor_audio_new(100, 2, 48000, &audio));
    audio->values[7] = 0.5f;
    tabor_save_params params = TABOR_SAVE;
    params.bits = 16;
    params.dither = 0;
    must(tabor_audio_save_as(audio, path, &params));
    must(tabor_audio_read(path, &again));
    ok(again->frames == 100 && again->values[7] == 0.5f &&
           again->values[8] == 0,
       "a file of 16 bits is written");
    tabor_audio_free(again);
    params.struct_size = 0;
    ok_int(tabor_audio_save_as(audio, path, &params), TABOR_ERR_INVALID,
           "params that are not TABOR_SAVE's are refused");
    ok_int(tabor_audio_save_as(audio, "t-convert.flac",
                               &(tabor_save_params){sizeof params, 32, 1}),
           TABOR_ERR_INVALID, "and bits that the format can't hold");
    must(tabor_audio_save_as(audio, path, NULL));
    must(tabor_audio_read(path, &again));
    ok(memcmp(again->values, audio->values, 200 * sizeof(float)) == 0,
       "without params it is float");
    tabor_audio_free(again);
    tabor_audio_free(audio);
    remove(path);
}

int
main(void)
{
    tap_start();
    test_rounding();
    test_exact();
    test_full_scale();
    test_blocks();
    test_float();
    test_packed();
    test_denormals();
    test_power();
    test_flat();
    test_channels();
    test_harmonics();
    test_save();
    return tap_done();
}
