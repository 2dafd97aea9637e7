/* SPDX-License-Identifier: MIT
 *
 * Makes sinc.c, the tables of control/tables.h, while Tabor is built.
 *
 * A table is a low-pass that is sampled at TABOR_SINC_ROWS places a frame: a
 * sinc under a Kaiser window, each row scaled to a sum of one.
 *
 * At rate 1 and below the cutoff is the sample's own half rate. Above it must
 * sink, or what lies over the engine's half rate comes back as other tones; a
 * lower cutoff needs more taps to be as steep. sinc16 keeps its taps in
 * proportion to the step up to 64, where the samples' padding ends; up to 1.8
 * it bends the rule above 19 kHz to stay bright, from there to 4 all that
 * would fold is 80 dB down, and beyond that 64 taps do what they can.
 *
 * Only +, -, × and /, each rounded for itself (-ffp-contract=off): the bits
 * are the same everywhere, which libm's are not.
 *
 * Source: J. F. Kaiser, "Nonrecursive digital filter design using the
 * I0-sinh window function", 1974: for a damping of A dB in a transition D
 * wide, beta = 0.1102 (A - 8.7) and taps = 1 + (A - 7.95) / (14.36 D).
 */
#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "rt/kernel.h"

#define ROWS TABOR_SINC_ROWS

typedef struct design {
    double step_max; /* frames of the sample a frame of the engine */
    uint32_t taps;
    double cutoff; /* where it is 6 dB down, as a share of the half rate */
    double beta;   /* Kaiser's, of the window */
} design;

/* 88 dB at rate 1, then 83 with the stop band from 1 / step_max at the latest
 * from 2 on. */
static const design sinc16[] = {
    {1.125, 16, 1.0000, 8.739}, {1.25, 24, 0.7440, 8.188},
    {1.4, 24, 0.6286, 8.188},   {1.6, 32, 0.5312, 8.188},
    {1.8, 32, 0.4444, 8.188},   {2.0, 40, 0.3660, 8.188},
    {2.25, 48, 0.3332, 8.188},  {2.5, 48, 0.2888, 8.188},
    {2.8, 56, 0.2621, 8.188},
};

/* 100 dB, then 90. */
static const design sinc32[] = {
    {1.125, 32, 1.0000, 10.061}, {1.25, 40, 0.7600, 8.959},
    {1.4, 48, 0.6571, 8.959},    {1.6, 56, 0.5563, 8.959},
    {1.8, 64, 0.4722, 8.959},    {2.0, 64, 0.4093, 8.959},
    {2.25, 64, 0.3537, 8.959},   {2.5, 64, 0.3093, 8.959},
    {2.8, 64, 0.2664, 8.959},
};

/* Both go on with these. From 8 on the cutoff stays at half of what there is
 * room for, and the damping goes down instead. */
static const design steep[] = {
    {3.2, 64, 0.2295, 8.188},  {3.6, 64, 0.1948, 8.188},
    {4.0, 64, 0.1670, 8.188},  {5.6, 64, 0.0956, 8.188},
    {8.0, 64, 0.0625, 6.148},  {11.3, 64, 0.0442, 4.310},
    {16.0, 64, 0.0312, 2.936}, {22.6, 64, 0.0221, 1.819},
    {32.0, 64, 0.0156, 0.689}, {45.0, 64, 0.0111, 0.0},
    {64.0, 64, 0.0078, 0.0},
};

#define COUNT(a) (sizeof(a) / sizeof *(a))
#define HALF_MAX (TABOR_TAPS_MAX / 2 * ROWS + 1)

/* ------------------------------------------------------------- formulas -- */

/* sin(pi × t), exactly 0 at whole numbers; t >= 0.
 * Source: Taylor's series; the first term left out is below 1e-13. */
static double
sin_pi(double t)
{
    static const double factor[] = {
        -1.0 / (18 * 19), -1.0 / (16 * 17), -1.0 / (14 * 15),
        -1.0 / (12 * 13), -1.0 / (10 * 11), -1.0 / (8 * 9),
        -1.0 / (6 * 7),   -1.0 / (4 * 5),   -1.0 / (2 * 3)};
    long turn = (long)(t + 0.5); /* half turns */
    double x = (t - (double)turn) * 3.14159265358979323846;
    double square = x * x, sum = 1.0;
    for (unsigned i = 0; i < COUNT(factor); i++) {
        sum = 1.0 + sum * (square * factor[i]);
    }
    return turn % 2 ? -(x * sum) : x * sum;
}

/* Kaiser's window from its middle at 0 to its end, not scaled:
 * the modified Bessel function I0(beta × sqrt(1 - x²)), x from 0 to 1. All
 * places take each step together, which is three times as fast.
 * Source: I0's series; the first term left out is below 1e-15 of the sum. */
static void
fill_window(double beta, uint32_t end, double *out)
{
    static const double factor[] = {
        1.0 / (26 * 26), 1.0 / (25 * 25), 1.0 / (24 * 24), 1.0 / (23 * 23),
        1.0 / (22 * 22), 1.0 / (21 * 21), 1.0 / (20 * 20), 1.0 / (19 * 19),
        1.0 / (18 * 18), 1.0 / (17 * 17), 1.0 / (16 * 16), 1.0 / (15 * 15),
        1.0 / (14 * 14), 1.0 / (13 * 13), 1.0 / (12 * 12), 1.0 / (11 * 11),
        1.0 / (10 * 10), 1.0 / (9 * 9),   1.0 / (8 * 8),   1.0 / (7 * 7),
        1.0 / (6 * 6),   1.0 / (5 * 5),   1.0 / (4 * 4),   1.0 / (3 * 3),
        1.0 / (2 * 2),   1.0 / (1 * 1)};
    static double squares[HALF_MAX];
    for (uint32_t i = 0; i <= end; i++) {
        double x = (double)i / (double)end;
        squares[i] = beta * beta / 4.0 * (1.0 - x * x);
        out[i] = 1.0;
    }
    for (unsigned k = 0; k < COUNT(factor); k++) {
        for (uint32_t i = 0; i <= end; i++) {
            out[i] = 1.0 + out[i] * (squares[i] * factor[k]);
        }
    }
}

/* ---------------------------------------------------------------- build -- */

/* The right half of the impulse response, ROWS values a frame. last: the
 * design before this one, or NULL; its window may do again. */
static void
fill_half(const design *d, const design *last, double *half)
{
    static double window[HALF_MAX];
    uint32_t end = d->taps / 2 * ROWS;
    if (!last || last->taps != d->taps || last->beta != d->beta) {
        fill_window(d->beta, end, window);
    }
    half[0] = window[0] * d->cutoff;
    for (uint32_t i = 1; i <= end; i++) {
        double t = (double)i / ROWS;
        half[i] =
            window[i] * sin_pi(d->cutoff * t) / (t * 3.14159265358979323846);
    }
}

/* The taps at row, which may be ROWS, the same as 0 a frame on. */
static void
fill_row(const double *half, uint32_t row, uint32_t taps, double *out)
{
    double sum = 0.0;
    for (uint32_t j = 0; j < taps; j++) {
        int at = ((int)j - (int)(taps / 2 - 1)) * (int)ROWS - (int)row;
        out[j] = half[at < 0 ? -at : at];
        sum += out[j];
    }
    double scale = 1.0 / sum;
    for (uint32_t j = 0; j < taps; j++) {
        out[j] *= scale;
    }
}

/* -------------------------------------------------------------- print -- */

/* In hexadecimal: exactly. */
static void
print_values(const double *values, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++) {
        double value = (float)(values[i] + 0.0); /* no -0 */
        printf("%af,%c", value, i + 1 < n ? ' ' : '\n');
    }
}

/* One table, an array of the name and number. */
static void
print_table(const design *d, const design *last, const char *name, unsigned i)
{
    static double half[HALF_MAX];
    double row[TABOR_TAPS_MAX], next[TABOR_TAPS_MAX], way[TABOR_TAPS_MAX];
    printf("alignas(64) static const float %s_%u[] = {\n", name, i);
    fill_half(d, last, half);
    fill_row(half, 0, d->taps, next);
    for (uint32_t r = 0; r < ROWS; r++) {
        memcpy(row, next, sizeof row);
        fill_row(half, r + 1, d->taps, next);
        for (uint32_t j = 0; j < d->taps; j++) {
            way[j] = next[j] - row[j];
        }
        print_values(row, d->taps);
        print_values(way, d->taps);
    }
    printf("};\n");
}

static void
print_tables(const design *designs, unsigned count, const char *name)
{
    for (unsigned i = 0; i < count; i++) {
        print_table(&designs[i], i ? &designs[i - 1] : NULL, name, i);
    }
}

static void
print_entries(const design *designs, unsigned count, const char *name)
{
    for (unsigned i = 0; i < count; i++) {
        const design *d = &designs[i];
        uint64_t step_max = (uint64_t)(d->step_max * 0x1p32);
        if (step_max >= TABOR_STEP_MAX) {
            step_max = UINT64_MAX; /* the last one is for all */
        }
        printf("    {UINT64_C(%" PRIu64 "), %s_%u, %" PRIu32 "},\n", step_max,
               name, i, d->taps);
    }
}

static void
print_series(const design *designs, unsigned count, const char *name)
{
    printf("static const tabor_sinc series_%s[] = {\n", name);
    print_entries(designs, count, name);
    print_entries(steep, COUNT(steep), "steep");
    printf("};\n");
}

int
main(void)
{
    printf("/* Made by make-tables.c. */\n"
           "#include \"control/tables.h\"\n\n#include <stdalign.h>\n\n");
    print_tables(sinc16, COUNT(sinc16), "sinc16");
    print_tables(sinc32, COUNT(sinc32), "sinc32");
    print_tables(steep, COUNT(steep), "steep");
    print_series(sinc16, COUNT(sinc16), "sinc16");
    print_series(sinc32, COUNT(sinc32), "sinc32");
    printf("const tabor_sinc *const tabor_sinc_series[2] = {\n"
           "    series_sinc16, series_sinc32};\n");
    return fflush(stdout) != 0 || ferror(stdout);
}
