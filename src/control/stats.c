/* SPDX-License-Identifier: MIT
 *
 * The figures of an engine and of one client.
 */
#include "config.h"

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
    stats->blocks = figures.blocks;
    stats->latency = (double)figures.latency_frames / engine->config.rate;
    stats->realtime = figures.realtime;
    pthread_mutex_lock(&client->mutex);
    stats->queue_high = client->queue_high;
    stats->refused = client->refused;
    stats->unread_lost = client->unread_lost;
    fill_load(client, &figures, stats);
    pthread_mutex_unlock(&client->mutex);
}
