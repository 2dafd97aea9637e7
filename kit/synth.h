/* SPDX-License-Identifier: MIT
 *
 * Building bricks of the kit's sounds: noise, a filter, envelopes. Times are
 * seconds from a sound's start.
 */
#ifndef KIT_SYNTH_H
#define KIT_SYNTH_H

#include <stdint.h>

#define KIT_RATE 48000
#define KIT_PI   3.14159265358979323846

/* Each sound seeds its own, so that one sound's change leaves the others. */
typedef struct kit_noise {
    uint32_t state; /* never 0 */
} kit_noise;

/* The next value of white noise, [-1, 1). */
double kit_noise_next(kit_noise *noise);

/* Two-pole state-variable filter; start with zeros. */
typedef struct kit_filter {
    double band_state, low_state;
    double low, band, high; /* outputs of the last step */
} kit_filter;

/* q  resonance: 0.7 is flat, larger rings */
void kit_filter_step(kit_filter *filter, double input, double cutoff_hz,
                     double q);

/* 1 at 0, falling by 60 dB in the given time; 0 before 0. */
double kit_decay(double t, double seconds);

/* 0 at 0, 1 from the given time on, without a corner at either end. */
double kit_attack(double t, double seconds);

/* A sine whose pitch falls from start_hz to end_hz with the given time
 * constant: a drum's skin. */
double kit_falling_sine(double t, double start_hz, double end_hz,
                        double constant);

#endif
