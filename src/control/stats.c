/* SPDX-License-Identifier: MIT
 *
 * The figures of an engine and of one client.
 */
#include "config.h"

#include <math.h>
#include <string.h>

#include "control/client.h"
#include "control/status.h"

/* Load since this client asked last. */
static void
fill_load(tabor_client *c, const tabor_device_figures *figures,
          tabor_stats *stats)
{
    /* a new stream counts from zero */
    if (figures->frames < c->load_frames) {
        c->load_frames = c->load_busy_ns = 0;
    }
    double seconds =
        (double)(figures->frames - c->load_frames) / c->engine->config.rate;
    double busy = (double)(figures->busy_ns - c->load_busy_ns) * 1e-9;
    stats->load_mean = seconds > 0 ? busy / seconds : 0.0;
    stats->load_max = figures->load_max;
    c->load_frames = figures->frames;
    c->load_busy_ns = figures->busy_ns;
}

TABOR_API void
tabor_get_stats(tabor_client *client, tabor_stats *stats)
{
    memset(stats, 0, sizeof *stats);
    tabor_engine *engine = client->engine;
    if (engine->forks != tabor_forks()) {
        return;
    }
    tabor_link *link = client->link;
    tabor_device_figures figures;
    tabor_device_get_figures(&engine->device, &figures);
    stats->frame = tabor_engine_frame(engine);
    stats->voices =
        atomic_load_explicit(&engine->rt->sounding_told, memory_order_relaxed);
    stats->queue_size = link->command_ring.capacity;
    stats->stale = atomic_load_explicit(&link->stale, memory_order_relaxed);
    stats->late = atomic_load_explicit(&link->late, memory_order_relaxed);
    stats->late_max =
        atomic_load_explicit(&link->late_max, memory_order_relaxed);
    stats->stolen = atomic_load_explicit(&link->stolen, memory_order_relaxed);
    stats->xruns = figures.xruns;
    stats->unsound =
        atomic_load_explicit(&engine->rt->unsound, memory_order_relaxed);
    stats->blocks = figures.blocks;
    stats->latency = (double)figures.latency_frames / engine->config.rate;
    stats->realtime = figures.realtime;
    stats->hung = figures.hung;
    pthread_mutex_lock(&client->mutex);
    stats->queue_high = client->queue_high;
    stats->refused = client->refused;
    stats->unread_lost = client->unread_lost;
    stats->plays = client->play_count - client->free_count;
    fill_load(client, &figures, stats);
    pthread_mutex_unlock(&client->mutex);
}

/* ------------------------------------------------------------- meters -- */

static double
read_energy(const tabor_rt_meter *meter)
{
    uint64_t bits =
        atomic_load_explicit(&meter->energy_bits, memory_order_relaxed);
    double energy;
    memcpy(&energy, &bits, sizeof energy);
    return energy;
}

static double
take_peak(tabor_rt_meter *meter)
{
    uint32_t bits =
        atomic_load_explicit(&meter->peak_bits, memory_order_relaxed);
    /* not rendered since the last look: nothing is new */
    if (atomic_exchange_explicit(&meter->peak_reset, 1, memory_order_relaxed)) {
        return 0.0;
    }
    float peak;
    memcpy(&peak, &bits, sizeof peak);
    return peak;
}

TABOR_API void
tabor_engine_meters(tabor_engine *engine, tabor_meter *meters, uint32_t count)
{
    memset(meters, 0, count * sizeof *meters);
    if (engine->forks != tabor_forks()) {
        return;
    }
    pthread_mutex_lock(&engine->meter_mutex);
    uint64_t frame = tabor_engine_frame(engine);
    uint64_t frames = frame - engine->meter_frame;
    for (uint32_t c = 0; c < count && c < engine->config.channels; c++) {
        tabor_rt_meter *m = &engine->rt->meters[c];
        double energy = read_energy(m);
        double fresh = energy - engine->meter_energy[c];
        meters[c].peak = take_peak(m);
        meters[c].rms = frames && fresh > 0 ? sqrt(fresh / (double)frames) : 0;
        meters[c].clipped =
            atomic_load_explicit(&m->clipped, memory_order_relaxed);
        engine->meter_energy[c] = energy;
    }
    engine->meter_frame = frame;
    pthread_mutex_unlock(&engine->meter_mutex);
}
