/* SPDX-License-Identifier: MIT
 *
 * Beats to seconds and back, over changes of tempo, against a slow walk.
 */
#include <tabor/tempo.h>

#include "tap.h"

#include <math.h>

static uint32_t dice = 7;

static double
roll(double least, double most)
{
    dice = dice * 1664525u + 1013904223u;
    return least + (most - least) * (dice >> 8) / 16777216.0;
}

static tabor_tempo *
map(double bpm)
{
    tabor_tempo *t = NULL;
    if (tabor_tempo_new(bpm, &t) != TABOR_OK) {
        printf("Bail out! no map: %s\n", tabor_error());
        exit(1);
    }
    return t;
}

static int
is_near(double a, double b, double bound)
{
    return fabs(a - b) <= bound;
}

/* The seconds between two beats, by small steps in time through a tempo that
 * is asked for at each: what the closed form must equal. */
static double
walk(const tabor_tempo *t, double from, double to, int steps)
{
    const double step = (to - from) / steps;
    double seconds = 0;
    for (int i = 0; i < steps; i++) {
        seconds += step * 60 / tabor_tempo_bpm(t, from + (i + 0.5) * step);
    }
    return seconds;
}

static void
one_tempo(void)
{
    tabor_tempo *t = map(128);
    ok(tabor_tempo_seconds(t, 0) == 0 && tabor_tempo_beats(t, 0) == 0,
       "beat 0 is second 0");
    ok(tabor_tempo_seconds(t, 0.125) * 48000 == 2812.5,
       "an eighth of a beat at 128 is exact, not a little less");
    ok(tabor_tempo_seconds(t, -2) == -0.9375 &&
           tabor_tempo_beats(t, -0.9375) == -2,
       "the tempo has always been so");
    ok(tabor_tempo_seconds(t, 1e9) == 1e9 * 60 / 128,
       "nothing adds up in a billion beats");
    tabor_tempo_free(t);
    tabor_tempo_free(NULL);
}

static void
steps(void)
{
    tabor_tempo *t = map(120);
    tabor_tempo_change(t, 8, 140, 0);
    ok(tabor_tempo_seconds(t, 8) == 4 &&
           llround(tabor_tempo_seconds(t, 9) * 48000) == 212571,
       "120, then 140 from beat 8: beat 9 is frame 212571");
    ok(is_near(tabor_tempo_beats(t, tabor_tempo_seconds(t, 9)), 9, 1e-12) &&
           tabor_tempo_beats(t, 2) == 4,
       "and back");
    ok(tabor_tempo_bpm(t, 7.999) == 120 && tabor_tempo_bpm(t, 8) == 140,
       "the new tempo holds from its beat on");
    tabor_tempo_change(t, 4, 60, 0);
    ok(tabor_tempo_seconds(t, 8) == 6 && tabor_tempo_bpm(t, 9) == 60,
       "a change in front of another takes its place");
    tabor_tempo_free(t);
}

static void
ramps(void)
{
    tabor_tempo *t = map(60);
    tabor_tempo_change(t, 4, 180, 8);
    ok(tabor_tempo_seconds(t, 12) == 8,
       "8 beats from 60 to 180 take as long as at 120");
    ok(is_near(tabor_tempo_bpm(t, tabor_tempo_beats(t, 6)), 120, 1e-9),
       "half the time, half the way");
    ok(tabor_tempo_bpm(t, 12) == 180 && tabor_tempo_bpm(t, 500) == 180,
       "and there it stays");
    ok(is_near(walk(t, 2, 14, 120000), tabor_tempo_seconds(t, 14) - 2, 1e-6),
       "the closed form is what a walk in small steps takes");
    tabor_tempo_change(t, 8, 30, 4);
    const double before = tabor_tempo_bpm(t, 8 - 1e-9);
    ok(is_near(tabor_tempo_bpm(t, 8), before, 1e-6) &&
           tabor_tempo_bpm(t, 12) == 30,
       "a change within a ramp begins at the tempo that is reached there");
    ok(is_near(walk(t, 8, 13, 120000),
               tabor_tempo_seconds(t, 13) - tabor_tempo_seconds(t, 8), 1e-6),
       "and takes its time from there");
    tabor_tempo_change(t, 20, 30, 6);
    ok(tabor_tempo_seconds(t, 26) == tabor_tempo_seconds(t, 20) + 12,
       "a ramp to the tempo that is there is none");
    tabor_tempo_free(t);
}

/* Changes that go on for ever: both ways agree, time only grows. */
static void
many(void)
{
    tabor_tempo *t = map(100), *whole = map(100);
    double beat = 0, last = 0, worst = 0, apart = 0;
    int backward = 0;
    for (int i = 0; i < 10000; i++) {
        beat += roll(0, 2);
        const double bpm = roll(1, 1000), over = roll(-2, 4);
        tabor_tempo_change(t, beat, bpm, over > 0 ? over : 0);
        tabor_tempo_change(whole, beat, bpm, over > 0 ? over : 0);
        tabor_tempo_forget(t, beat);
        for (int k = 0; k < 4; k++) {
            const double b = beat + k * 0.7;
            const double s = tabor_tempo_seconds(t, b);
            worst = fmax(worst, fabs(tabor_tempo_beats(t, s) - b));
            apart = fmax(apart, fabs(s - tabor_tempo_seconds(whole, b)));
            backward += k > 0 && s <= last;
            last = s;
        }
    }
    ok(worst < 1e-6 && beat > 9000,
       "10,000 changes over %.0f beats: there and back is %.2g beats off", beat,
       worst);
    ok(backward == 0, "time only grows");
    ok(apart == 0, "what is forgotten is not missed");
    tabor_tempo_free(t);
    tabor_tempo_free(whole);
}

static void
misuse(void)
{
    static const double tempos[] = {0, -1, 0.99, 6001, NAN, INFINITY};
    tabor_tempo *t = NULL;
    for (size_t i = 0; i < sizeof tempos / sizeof *tempos; i++) {
        ok(tabor_tempo_new(tempos[i], &t) == TABOR_ERR_INVALID && !t &&
               strstr(tabor_error(), "beats a minute"),
           "a tempo of %g is refused: %s", tempos[i], tabor_error());
    }
    t = map(90);
    ok(tabor_tempo_change(t, NAN, 100, 0) == TABOR_ERR_INVALID &&
           tabor_tempo_change(t, INFINITY, 100, 0) == TABOR_ERR_INVALID &&
           tabor_tempo_change(t, 1, 100, -1) == TABOR_ERR_INVALID &&
           tabor_tempo_change(t, 1, 100, INFINITY) == TABOR_ERR_INVALID &&
           tabor_tempo_change(t, 1, 0, 0) == TABOR_ERR_INVALID,
       "so is a change at no beat, over no time, to no tempo");
    ok(tabor_tempo_seconds(t, 90) == 60, "and changes nothing");
    tabor_tempo_change(t, 5, 100, 0);
    tabor_tempo_forget(t, 6);
    ok(tabor_tempo_change(t, 4, 50, 0) == TABOR_ERR_INVALID &&
           strstr(tabor_error(), "forgotten"),
       "what is forgotten can't change: %s", tabor_error());
    tabor_tempo_free(t);
}

int
main(void)
{
    tap_start();
    one_tempo();
    steps();
    ramps();
    many();
    misuse();
    return tap_done();
}
