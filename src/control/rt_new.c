/* SPDX-License-Identifier: MIT
 *
 * Making what the audio thread owns: all of its memory, before it starts.
 */
#include "config.h"

#include <stdlib.h>

#include "control/engine.h"
#include "control/resident.h"
#include "control/tables.h"

/* A chord as large as the limit may take the place of all that sound, which
 * then fade beside it; and some for what seeks leave behind. */
static uint32_t
slots_for(uint32_t voices)
{
    return voices * 2 + 16;
}

tabor_rt *
tabor_rt_new(const tabor_engine_config *config, const tabor_kernels *kernels,
             tabor_sample_slot *slots)
{
    tabor_resident_library();
    tabor_rt *rt = tabor_resident_new(1, sizeof *rt);
    if (!rt) {
        return NULL;
    }
    rt->rate = config->rate;
    rt->channels = config->channels;
    rt->declick_frames = config->rate / 200;
    rt->voice_limit = config->voices;
    rt->voice_slots = slots_for(config->voices);
    rt->slots = slots;
    rt->kernels = kernels;
    rt->kernel =
        config->kernel ? (uint8_t)config->kernel : (uint8_t)TABOR_READ_SINC16;
    tabor_sinc_tables(rt->sinc);
    rt->sample_count = TABOR_MAX_SAMPLES;
    rt->limiter = config->limiter;
    rt->meters = tabor_resident_new(rt->channels, sizeof *rt->meters);
    rt->master = tabor_ramp_still(1.0f);
    size_t keys = (size_t)(TABOR_OWNERS - 1) * TABOR_SCHEDULE_SLOTS;
    rt->heap = tabor_resident_new(keys, sizeof *rt->heap);
    rt->voices = tabor_resident_new(rt->voice_slots, sizeof *rt->voices);
    rt->active =
        tabor_resident_new((rt->voice_slots + 63) / 64, sizeof *rt->active);
    rt->victims = tabor_resident_new(rt->voice_slots, sizeof *rt->victims);
    rt->victims_at = TABOR_NEVER;
    rt->ended = tabor_resident_new(rt->voice_slots, sizeof *rt->ended);
    rt->samples = tabor_resident_new(rt->sample_count, sizeof *rt->samples);
    rt->bus = tabor_resident_new((size_t)rt->channels * TABOR_SPAN_MAX,
                                 sizeof *rt->bus);
    if (!rt->heap || !rt->voices || !rt->active || !rt->ended || !rt->samples ||
        !rt->bus || !rt->meters || !rt->victims) {
        tabor_rt_free(rt);
        return NULL;
    }
    return rt;
}

void
tabor_rt_free(tabor_rt *rt)
{
    if (rt) {
        free(rt->heap);
        free(rt->voices);
        free(rt->active);
        free(rt->ended);
        free(rt->victims);
        free(rt->samples);
        free(rt->bus);
        free(rt->meters);
        free(rt);
    }
}
