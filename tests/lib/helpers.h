/* SPDX-License-Identifier: MIT
 *
 * What most C tests need: an engine that renders on demand, and a ramp to play.
 */
#ifndef TABOR_TESTS_HELPERS_H
#define TABOR_TESTS_HELPERS_H

#include <tabor/tabor.h>

#include "tap.h"

/* End the test if a step that the rest depends on fails. */
#define must(call)                                                             \
    do {                                                                       \
        tabor_status st_ = (call);                                             \
        if (st_ != TABOR_OK) {                                                 \
            printf("Bail out! %s: %s: %s\n", #call, tabor_status_text(st_),    \
                   tabor_error());                                             \
            exit(1);                                                           \
        }                                                                      \
    } while (0)

typedef struct rig {
    tabor_engine *engine;
    tabor_client *client;
} rig;

static inline rig
rig_open(const char *driver, uint32_t block, uint32_t voices, uint32_t queue)
{
    rig r;
    tabor_engine_config config = TABOR_ENGINE_CONFIG;
    config.driver = driver;
    config.block = block;
    config.voices = voices;
    must(tabor_engine_open(&config, &r.engine));
    tabor_client_config client = TABOR_CLIENT_CONFIG;
    client.queue = queue;
    must(tabor_client_open(r.engine, &client, &r.client));
    return r;
}

static inline void
rig_close(rig *r)
{
    tabor_client_close(r->client);
    tabor_engine_close(r->engine);
}

/* A stereo sample whose values are all different. */
static inline tabor_handle
rig_ramp(rig *r, uint64_t frames, uint32_t channels)
{
    tabor_audio *audio;
    tabor_handle sample;
    must(tabor_audio_new(frames, channels, 48000, &audio));
    for (uint64_t i = 0; i < frames * channels; i++) {
        audio->values[i] = (float)(i + 1) / (float)(frames * channels);
    }
    must(tabor_sample_add(r->client, audio, "ramp", &sample));
    tabor_audio_free(audio);
    return sample;
}

/* How far a level has gone when a share of its time has passed: a ramp's
 * curve. */
static inline double
bend(double share)
{
    share = share < 0 ? 0 : share > 1 ? 1 : share;
    return share * share * (3 - 2 * share);
}

/* Frames × channels values, which the caller frees. */
static inline float *
rig_render(rig *r, uint64_t frames, uint32_t channels)
{
    float *out = calloc(frames * channels + 1, sizeof *out);
    must(tabor_engine_render(r->engine, frames, out));
    return out;
}

#endif
