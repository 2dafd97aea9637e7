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

static void
apply_master(tabor_rt *rt, float *bus, uint32_t frames)
{
    if (tabor_ramp_moves(&rt->master, rt->frame)) {
        for (uint32_t i = 0; i < frames; i++) {
            bus[i] *= tabor_ramp_at(&rt->master, rt->frame + i);
        }
    } else if (rt->master.to != 1.0f) {
        for (uint32_t i = 0; i < frames; i++) {
            bus[i] *= rt->master.to;
        }
    }
}

/* Sums of loud sounds may leave float32's range; nothing that is not a number
 * reaches a device. Returns how many values were silenced. */
static uint32_t
guard(float *bus, uint32_t frames)
{
    uint32_t unsound = 0;
    for (uint32_t i = 0; i < frames; i++) {
        int finite = bus[i] - bus[i] == 0.0f; /* not for inf and NaN */
        unsound += !finite;
        bus[i] = finite ? bus[i] : 0.0f;
    }
    return unsound;
}

typedef struct measure {
    float peak;
    double energy;
    uint32_t clipped;
} measure;

static measure
measure_bus(const float *bus, uint32_t frames)
{
    measure m = {0};
    for (uint32_t i = 0; i < frames; i++) {
        float size = bus[i] < 0 ? -bus[i] : bus[i];
        m.peak = size > m.peak ? size : m.peak;
        m.clipped += size > 1.0f;
        m.energy += (double)bus[i] * bus[i];
    }
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

TABOR_RT void
tabor_output_write(tabor_rt *rt, float *out, uint32_t frames)
{
    for (uint32_t c = 0; c < rt->channels; c++) {
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
        for (uint32_t i = 0; i < frames; i++) {
            out[(size_t)i * rt->channels + c] = bus[i];
        }
    }
}
