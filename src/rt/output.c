/* SPDX-License-Identifier: MIT */
#include "rt/output.h"

#include <string.h>

/* Below this the limiter leaves a value as it is, bit for bit. */
#define KNEE 0.75f

/* A curve of value alone, so it knows nothing of blocks: straight up to the
 * knee, then y = knee + w*d / (w + d), with d what is above the knee and w the
 * way to 1, which has slope 1 at the knee and never reaches 1. */
static float
limit(float x)
{
    float size = x < 0 ? -x : x;
    if (size <= KNEE) {
        return x;
    }
    const float way = 1.0f - KNEE;
    float over = size - KNEE;
    /* in this form infinity gives 1, not NaN */
    float y = KNEE + way / (1.0f + way / over);
    return x < 0 ? -y : y;
}

/* Loops over a bus take LANES values a turn, a number that compilers know, and
 * go up to LANES - 1 frames too far: what lies there is 0 (render.c). */
#define LANES 8

static void
scale(float *bus, uint32_t frames, float level)
{
    for (uint32_t i = 0; i < frames; i += LANES) {
        for (unsigned k = 0; k < LANES; k++) {
            bus[i + k] *= level;
        }
    }
}

static void
apply_master(tabor_rt *rt, float *bus, uint32_t frames)
{
    if (tabor_ramp_moves(&rt->master, rt->frame)) {
        for (uint32_t i = 0; i < frames; i++) {
            bus[i] *= tabor_ramp_at(&rt->master, rt->frame + i);
        }
    } else if (rt->master.to != 1.0f) {
        scale(bus, frames, rt->master.to);
    }
}

/* The bits of a float's size are in the order of the sizes. */
#define SIZE_BITS INT32_MAX
#define INFINITE  0x7f800000
#define ONE       0x3f800000

/* Sums of loud sounds may leave float32's range; nothing that is not a number
 * reaches a device. Returns how many values were silenced. */
static uint32_t
guard(float *bus, uint32_t frames)
{
    int32_t sound[LANES] = {0};
    uint32_t looked = 0, sum = 0;
    for (uint32_t i = 0; i < frames; i += LANES) {
        int32_t bits[LANES];
        memcpy(bits, bus + i, sizeof bits);
        for (unsigned k = 0; k < LANES; k++) {
            int32_t is_sound = -((bits[k] & SIZE_BITS) < INFINITE);
            bits[k] &= is_sound;
            sound[k] -= is_sound;
        }
        memcpy(bus + i, bits, sizeof bits);
        looked += LANES;
    }
    for (unsigned k = 0; k < LANES; k++) {
        sum += (uint32_t)sound[k];
    }
    return looked - sum;
}

typedef struct measure {
    float peak;
    double energy;
    uint32_t clipped;
} measure;

/* Sums in lanes, which are added at the end. */
static measure
measure_bus(const float *bus, uint32_t frames)
{
    int32_t peak[LANES] = {0}, clipped[LANES] = {0};
    double energy[LANES] = {0};
    for (const float *end = bus + frames; bus < end; bus += LANES) {
        int32_t bits[LANES];
        memcpy(bits, bus, sizeof bits);
        for (unsigned k = 0; k < LANES; k++) {
            int32_t size = bits[k] & SIZE_BITS;
            peak[k] = size > peak[k] ? size : peak[k];
            clipped[k] += size > ONE;
        }
        for (unsigned k = 0; k < LANES; k++) {
            energy[k] += (double)bus[k] * (double)bus[k];
        }
    }
    measure m = {0};
    for (unsigned k = 0; k < LANES; k++) {
        peak[0] = peak[k] > peak[0] ? peak[k] : peak[0];
        m.clipped += (uint32_t)clipped[k];
        m.energy += energy[k];
    }
    memcpy(&m.peak, peak, sizeof m.peak);
    return m;
}

/* One writer: additions through relaxed loads and stores. */
static void
add(_Atomic uint64_t *sum, uint64_t n)
{
    atomic_store_explicit(sum,
                          atomic_load_explicit(sum, memory_order_relaxed) + n,
                          memory_order_relaxed);
}

static void
publish(tabor_rt_meter *meter, const measure *m)
{
    float peak = m->peak;
    if (!atomic_exchange_explicit(&meter->peak_reset, 0,
                                  memory_order_relaxed)) {
        uint32_t bits =
            atomic_load_explicit(&meter->peak_bits, memory_order_relaxed);
        float before;
        memcpy(&before, &bits, sizeof before);
        peak = before > peak ? before : peak;
    }
    uint32_t bits;
    memcpy(&bits, &peak, sizeof bits);
    atomic_store_explicit(&meter->peak_bits, bits, memory_order_relaxed);
    meter->energy += m->energy;
    uint64_t energy_bits;
    memcpy(&energy_bits, &meter->energy, sizeof energy_bits);
    atomic_store_explicit(&meter->energy_bits, energy_bits,
                          memory_order_relaxed);
    if (m->clipped) {
        add(&meter->clipped, m->clipped);
    }
}

/* Bus c as it goes out, and what there is to be told of it. */
static void
finish_bus(tabor_rt *rt, uint32_t c, uint32_t frames)
{
    float *bus = rt->bus + (size_t)c * TABOR_SPAN_MAX;
    apply_master(rt, bus, frames);
    uint32_t unsound = guard(bus, frames);
    if (unsound) {
        add(&rt->unsound, unsound);
    }
    if (rt->limiter) {
        for (uint32_t i = 0; i < frames; i++) {
            bus[i] = limit(bus[i]);
        }
    }
    measure m = measure_bus(bus, frames);
    publish(&rt->meters[c], &m);
}

/* Two channels by turns, LANES frames at once; returns how many there were. */
static uint32_t
interleave_two(const float *restrict left, float *restrict out, uint32_t frames)
{
    const float *restrict right = left + TABOR_SPAN_MAX;
    uint32_t i = 0;
    for (; frames - i >= LANES; i += LANES) {
        for (unsigned k = 0; k < LANES; k++) {
            float *pair = out + (size_t)2 * (i + k);
            pair[0] = left[i + k];
            pair[1] = right[i + k];
        }
    }
    return i;
}

TABOR_RT void
tabor_output_write(tabor_rt *rt, float *out, uint32_t frames)
{
    const uint32_t channels = rt->channels;
    uint32_t done = 0;
    for (uint32_t c = 0; c < channels; c++) {
        finish_bus(rt, c, frames);
    }
    if (channels == 2) {
        done = interleave_two(rt->bus, out, frames);
    }
    for (uint32_t c = 0; c < channels; c++) {
        const float *bus = rt->bus + (size_t)c * TABOR_SPAN_MAX;
        for (uint32_t i = done; i < frames; i++) {
            out[(size_t)i * channels + c] = bus[i];
        }
    }
}
