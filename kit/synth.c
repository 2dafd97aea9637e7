/* SPDX-License-Identifier: MIT */
#include "synth.h"

#include <math.h>

double
kit_noise_next(kit_noise *noise)
{
    uint32_t x = noise->state;

    /* Marsaglia's xorshift: our own, because rand() differs between systems. */
    x ^= x << 13;
    x ^= x >> 17;
    x ^= x << 5;
    noise->state = x;
    return (double)x / 2147483648.0 - 1.0;
}

void
kit_filter_step(kit_filter *filter, double input, double cutoff_hz, double q)
{
    double g = tan(KIT_PI * fmin(cutoff_hz, 0.45 * KIT_RATE) / KIT_RATE);
    double damping = 1.0 / q;
    double high =
        (input - (damping + g) * filter->band_state - filter->low_state) /
        (1.0 + g * (g + damping));
    double band = g * high + filter->band_state;
    double low = g * band + filter->low_state;

    filter->band_state = g * high + band;
    filter->low_state = g * band + low;
    filter->low = low;
    filter->band = band;
    filter->high = high;
}

double
kit_decay(double t, double seconds)
{
    if (t < 0.0) {
        return 0.0;
    }
    return exp(-log(1000.0) * t / seconds);
}

double
kit_attack(double t, double seconds)
{
    if (t >= seconds) {
        return 1.0;
    }
    return 0.5 - 0.5 * cos(KIT_PI * t / seconds);
}

double
kit_falling_sine(double t, double start_hz, double end_hz, double constant)
{
    double fallen = (start_hz - end_hz) * constant * (1.0 - exp(-t / constant));

    return sin(2.0 * KIT_PI * (end_hz * t + fallen));
}
