/* SPDX-License-Identifier: MIT */
#include "sounds.h"

#include <math.h>

#include "synth.h"

/* Tuned sounds are an A, so that a pitch of 3 semitones is a C. */
#define BASS_HZ  55.0
#define PAD_HZ   220.0
#define PLUCK_HZ 220.0
#define BELL_HZ  880.0

static double
seconds_at(size_t frame)
{
    return (double)frame / KIT_RATE;
}

static double
sine(double t, double hz)
{
    return sin(2.0 * KIT_PI * hz * t);
}

static double
square(double t, double hz)
{
    return sine(t, hz) < 0.0 ? -1.0 : 1.0;
}

static void
make_kick(double *out, size_t frames, unsigned channel)
{
    kit_noise noise = {0x6b69636b + channel};
    kit_filter click = {0};

    for (size_t i = 0; i < frames; i++) {
        double t = seconds_at(i);
        double skin = kit_falling_sine(t, 260.0, 49.0, 0.036);

        kit_filter_step(&click, kit_noise_next(&noise), 3500.0, 0.7);
        out[i] = tanh(2.6 * skin * kit_decay(t, 0.6)) +
                 0.35 * click.band * kit_decay(t, 0.018);
    }
}

static void
make_snare(double *out, size_t frames, unsigned channel)
{
    kit_noise noise = {0x736e6172 + channel};
    kit_filter dull = {0}, wires = {0};

    for (size_t i = 0; i < frames; i++) {
        double t = seconds_at(i);
        double skin =
            kit_falling_sine(t, 260.0, 182.0, 0.02) * kit_decay(t, 0.22) +
            0.5 * kit_falling_sine(t, 420.0, 331.0, 0.02) * kit_decay(t, 0.15);

        kit_filter_step(&dull, kit_noise_next(&noise), 7000.0, 0.7);
        kit_filter_step(&wires, dull.low, 1900.0, 0.8);
        out[i] = tanh(0.9 * skin + 1.1 * wires.high * kit_decay(t, 0.36) +
                      0.5 * wires.band * kit_decay(t, 0.12));
    }
}

/* Six squares with no common tone, and only what lies far above them. */
static void
make_cymbal(double *out, size_t frames, double decay)
{
    static const double tones[] = {317.0, 465.0, 563.0, 797.0, 829.0, 1223.0};
    kit_noise noise = {0x68617473};
    kit_filter first = {0}, second = {0}, dull = {0};

    for (size_t i = 0; i < frames; i++) {
        double t = seconds_at(i);
        double metal = 0.8 * kit_noise_next(&noise);

        for (size_t k = 0; k < sizeof tones / sizeof tones[0]; k++) {
            metal += 0.4 * square(t, tones[k]);
        }
        kit_filter_step(&dull, metal, 11000.0, 0.7);
        kit_filter_step(&first, dull.low, 6500.0, 1.1);
        kit_filter_step(&second, first.high, 5500.0, 0.7);
        out[i] = second.high * kit_decay(t, decay);
    }
}

static void
make_hat(double *out, size_t frames, unsigned channel)
{
    (void)channel;
    make_cymbal(out, frames, 0.13);
}

static void
make_openhat(double *out, size_t frames, unsigned channel)
{
    (void)channel;
    make_cymbal(out, frames, 0.75);
}

/* A few hands, 11 ms apart, then the room; other noise on each side. */
static void
make_clap(double *out, size_t frames, unsigned channel)
{
    kit_noise noise = {0x636c6170 + 977 * channel};
    kit_filter hands = {0};

    for (size_t i = 0; i < frames; i++) {
        double t = seconds_at(i);
        double level = 0.6 * kit_decay(t - 0.033, 0.32);

        for (int hand = 0; hand < 4; hand++) {
            level += kit_decay(t - 0.011 * hand, 0.022);
        }
        kit_filter_step(&hands, kit_noise_next(&noise), 1250.0, 1.6);
        out[i] = (hands.band + 0.15 * hands.high) * level;
    }
}

static void
make_tom(double *out, size_t frames, unsigned channel)
{
    kit_noise noise = {0x746f6d73 + channel};
    kit_filter stick = {0};

    for (size_t i = 0; i < frames; i++) {
        double t = seconds_at(i);
        double skin = kit_falling_sine(t, 190.0, 98.0, 0.045);

        kit_filter_step(&stick, kit_noise_next(&noise), 900.0, 0.8);
        out[i] =
            tanh(1.8 * skin * kit_decay(t, 0.65)) +
            0.3 * kit_falling_sine(t, 310.0, 161.0, 0.045) * kit_decay(t, 0.3) +
            0.5 * stick.low * kit_decay(t, 0.06);
    }
}

/* A sawtooth through a filter that closes, added up harmonic by harmonic:
 * nothing folds back, at whatever pitch it is played. */
static double
bass_at(double t)
{
    double cutoff_hz = 230.0 + 2400.0 * exp(-t / 0.18);
    double value = 0.0;

    for (int k = 1; k <= 40; k++) {
        double ratio = k * BASS_HZ / cutoff_hz;

        value += sine(t, k * BASS_HZ) / (k * sqrt(1.0 + pow(ratio, 4.0)));
    }
    return value;
}

static void
make_bass(double *out, size_t frames, unsigned channel)
{
    (void)channel;
    for (size_t i = 0; i < frames; i++) {
        double t = seconds_at(i);

        out[i] = tanh(1.1 * bass_at(t)) * kit_attack(t, 0.004) *
                 kit_decay(t, 2.4) * kit_attack(1.2 - t, 0.25);
    }
}

/* A string plucked at a sixth of its length; high harmonics die first. */
static void
make_pluck(double *out, size_t frames, unsigned channel)
{
    (void)channel;
    for (size_t i = 0; i < frames; i++) {
        double t = seconds_at(i);

        out[i] = 0.0;
        for (int k = 1; k <= 28; k++) {
            double stiff = sqrt(1.0 + 0.00006 * k * k);
            double level = sin(KIT_PI * k / 6.1) / pow(k, 0.9);

            out[i] += level * sine(t, k * stiff * PLUCK_HZ) *
                      kit_decay(t, 2.4 / (1.0 + 0.16 * k));
        }
        out[i] *= kit_attack(t, 0.0015);
    }
}

/* A struck bar's overtones over an octave below. */
static void
make_bell(double *out, size_t frames, unsigned channel)
{
    static const struct {
        double ratio, level, decay;
    } modes[] = {
        {0.5, 0.20, 2.2},   {1.0, 1.00, 2.4},    {1.003, 0.25, 2.0},
        {2.756, 0.45, 1.1}, {5.404, 0.16, 0.45}, {8.933, 0.06, 0.2},
    };

    (void)channel;
    for (size_t i = 0; i < frames; i++) {
        double t = seconds_at(i);

        out[i] = 0.0;
        for (size_t k = 0; k < sizeof modes / sizeof modes[0]; k++) {
            out[i] += modes[k].level * sine(t, modes[k].ratio * BELL_HZ) *
                      kit_decay(t, modes[k].decay);
        }
        out[i] *= kit_attack(t, 0.001);
    }
}

#define PAD_STRINGS   5
#define PAD_HARMONICS 12

/* Strings a few cents apart, each side with its own phases: wide, and never
 * quite still. */
static void
make_pad(double *out, size_t frames, unsigned channel)
{
    kit_noise noise = {0x70616473 + 977 * channel};
    double phases[PAD_STRINGS][PAD_HARMONICS];

    for (int s = 0; s < PAD_STRINGS; s++) {
        for (int k = 0; k < PAD_HARMONICS; k++) {
            phases[s][k] = KIT_PI * kit_noise_next(&noise);
        }
    }
    for (size_t i = 0; i < frames; i++) {
        double t = seconds_at(i);

        out[i] = 0.0;
        for (int s = 0; s < PAD_STRINGS; s++) {
            double hz = PAD_HZ * pow(2.0, 3.5 * (s - 2) / 1200.0);

            for (int k = 0; k < PAD_HARMONICS; k++) {
                out[i] += sin(2.0 * KIT_PI * (k + 1) * hz * t + phases[s][k]) /
                          pow(k + 1, 1.4);
            }
        }
        out[i] *= kit_attack(t, 0.25) * kit_attack(4.0 - t, 0.8);
    }
}

const kit_sound kit_sounds[] = {
    {"kick", 1, 0.5, make_kick},  {"snare", 1, 0.4, make_snare},
    {"hat", 1, 0.15, make_hat},   {"openhat", 1, 0.8, make_openhat},
    {"clap", 2, 0.45, make_clap}, {"tom", 1, 0.7, make_tom},
    {"bass", 1, 1.2, make_bass},  {"pluck", 1, 1.8, make_pluck},
    {"bell", 1, 2.2, make_bell},  {"pad", 2, 4.0, make_pad},
    {NULL, 0, 0.0, NULL},
};
