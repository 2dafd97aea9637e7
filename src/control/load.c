/* SPDX-License-Identifier: MIT
 *
 * Samples as a client deals with them: load, announce, look, unload.
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "control/client.h"
#include "control/status.h"

static tabor_status
announce(tabor_client *client, tabor_handle sample, tabor_handle *out)
{
    const tabor_command command = {.type = TABOR_COMMAND_LOAD_SAMPLE,
                                   .target = sample};
    tabor_status st = tabor_engine_check(client->engine);
    if (st == TABOR_OK) {
        pthread_mutex_lock(&client->mutex);
        st = tabor_client_reserve_now(client, 1, 0);
        if (st == TABOR_OK) {
            tabor_client_send_now(client, &command, 1);
        }
        pthread_mutex_unlock(&client->mutex);
    }
    if (st != TABOR_OK) {
        tabor_samples_undo(&client->engine->samples, sample);
        return st;
    }
    *out = sample;
    return TABOR_OK;
}

TABOR_API tabor_status
tabor_sample_add(tabor_client *client, const tabor_audio *audio,
                 const char *name, tabor_handle *sample)
{
    tabor_handle added;
    tabor_status st = tabor_engine_check(client->engine);
    if (st != TABOR_OK ||
        (st = tabor_samples_put(&client->engine->samples, audio, name,
                                &added)) != TABOR_OK) {
        return st;
    }
    return announce(client, added, sample);
}

/* The file's name without folder and ending, into stem. */
static void
stem_of(const char *path, char *stem, size_t size)
{
    const char *base = strrchr(path, '/');
    base = base ? base + 1 : path;
    const char *dot = strrchr(base, '.');
    size_t n = dot && dot != base ? (size_t)(dot - base) : strlen(base);
    n = n < size - 1 ? n : size - 1;
    memcpy(stem, base, n);
    stem[n] = '\0';
}

TABOR_API tabor_status
tabor_sample_load_as(tabor_client *client, const char *path, const char *name,
                     const tabor_read_params *params, tabor_handle *sample)
{
    tabor_read_params p = TABOR_READ;
    p = params ? *params : p;
    p.rate = client->engine->config.rate;
    tabor_status st = tabor_engine_check(client->engine);
    tabor_audio *audio;
    if (st != TABOR_OK ||
        (st = tabor_audio_read_as(path, &p, &audio)) != TABOR_OK) {
        return st;
    }
    char stem[64];
    stem_of(path, stem, sizeof stem);
    st = tabor_sample_add(client, audio, name ? name : stem, sample);
    tabor_audio_free(audio);
    return st;
}

TABOR_API tabor_status
tabor_sample_load(tabor_client *client, const char *path, const char *name,
                  tabor_handle *sample)
{
    return tabor_sample_load_as(client, path, name, NULL, sample);
}

TABOR_API tabor_status
tabor_sample_named(tabor_client *client, const char *name, tabor_handle *sample)
{
    tabor_status st = tabor_engine_check(client->engine);
    return st == TABOR_OK
               ? tabor_samples_find(&client->engine->samples, name, sample)
               : st;
}

TABOR_API tabor_status
tabor_sample_get_info(tabor_client *client, tabor_handle sample,
                      tabor_sample_info *info)
{
    tabor_status st = tabor_engine_check(client->engine);
    return st == TABOR_OK
               ? tabor_samples_info(&client->engine->samples, sample, info)
               : st;
}

TABOR_API tabor_status
tabor_sample_copy(tabor_client *client, tabor_handle sample,
                  tabor_audio **audio)
{
    tabor_status st = tabor_engine_check(client->engine);
    return st == TABOR_OK
               ? tabor_samples_copy(&client->engine->samples, sample, audio)
               : st;
}

TABOR_API tabor_status
tabor_sample_view(tabor_client *client, tabor_handle sample,
                  const tabor_view **view)
{
    tabor_status st = tabor_engine_check(client->engine);
    return st == TABOR_OK
               ? tabor_samples_view(&client->engine->samples, sample, view)
               : st;
}

TABOR_API void
tabor_sample_view_release(const tabor_view *view)
{
    tabor_sample_memory_leave((tabor_sample_memory *)view);
}

TABOR_API tabor_status
tabor_sample_unload(tabor_client *client, tabor_handle sample,
                    tabor_unload voices)
{
    tabor_sample_size size;
    tabor_status st = tabor_engine_check(client->engine);
    if (st != TABOR_OK ||
        (st = tabor_samples_look(&client->engine->samples, sample, &size)) !=
            TABOR_OK) {
        return st;
    }
    if ((unsigned)voices > TABOR_UNLOAD_CUT) {
        return tabor_fail(TABOR_ERR_INVALID, "unload: no such way: %d",
                          (int)voices);
    }
    const tabor_command command = {
        .type = TABOR_COMMAND_RETIRE_SAMPLE,
        .target = sample,
        .body.retire = {.how = voices,
                        .fade_frames = client->engine->config.rate / 200}};
    pthread_mutex_lock(&client->mutex);
    st = tabor_client_reserve(client, 1, 1);
    if (st == TABOR_OK &&
        tabor_samples_close(&client->engine->samples, sample)) {
        tabor_client_send(client, &command, 1);
    }
    pthread_mutex_unlock(&client->mutex);
    return st;
}

TABOR_API void
tabor_sample_release(tabor_client *client, tabor_handle sample)
{
    tabor_engine *engine = client->engine;
    if (engine->forks != tabor_forks() ||
        atomic_load_explicit(&engine->closed, memory_order_acquire)) {
        return;
    }
    const tabor_command command = {.type = TABOR_COMMAND_RETIRE_SAMPLE,
                                   .target = sample};
    pthread_mutex_lock(&client->mutex);
    if (tabor_samples_leave(&engine->samples, sample)) {
        uint64_t refused = client->refused;
        if (client->releases.count == 0 && !client->batch &&
            tabor_client_reserve(client, 1, 1) == TABOR_OK) {
            tabor_client_send(client, &command, 1);
        } else {
            tabor_releases_add(&client->releases, sample);
        }
        client->refused = refused;
    }
    pthread_mutex_unlock(&client->mutex);
}
