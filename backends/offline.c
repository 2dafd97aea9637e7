/* SPDX-License-Identifier: MIT
 *
 * The offline driver: nothing runs until the caller pulls frames, and then they
 * come as fast as they can be rendered. Deterministic.
 */
#include "builtin.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct offline_stream {
    const tabor_driver_host *host;
    uint32_t block, channels;
} offline_stream;

static tabor_driver_status
offline_probe(char *why, size_t size)
{
    (void)why;
    (void)size;
    return TABOR_DRIVER_OK;
}

static tabor_driver_status
offline_enumerate(const tabor_driver_setting *settings, size_t setting_count,
                  tabor_device_found found, void *user, char *why, size_t size)
{
    (void)settings;
    (void)setting_count;
    (void)why;
    (void)size;
    const tabor_driver_device device = {.struct_size = sizeof device,
                                        .name = "offline",
                                        .outputs = 64,
                                        .is_default = 1};
    found(user, &device);
    return TABOR_DRIVER_OK;
}

static tabor_driver_status
offline_open(const tabor_stream_wish *wish, const tabor_driver_host *host,
             tabor_stream_grant *grant, void **stream, char *why, size_t size)
{
    if (wish->device && *wish->device && strcmp(wish->device, "offline") != 0) {
        snprintf(why, size, "no device '%s'; the only one is 'offline'",
                 wish->device);
        return TABOR_DRIVER_FAILED;
    }
    offline_stream *s = malloc(sizeof *s);
    if (!s) {
        snprintf(why, size, "out of memory");
        return TABOR_DRIVER_NO_MEMORY;
    }
    *s = (offline_stream){host, wish->block, wish->channels};
    grant->flags = TABOR_STREAM_UNPACED;
    snprintf(grant->device, sizeof grant->device, "offline");
    *stream = s;
    return TABOR_DRIVER_OK;
}

static tabor_driver_status
offline_start(void *stream, char *why, size_t size)
{
    (void)stream;
    (void)why;
    (void)size;
    return TABOR_DRIVER_OK;
}

static tabor_driver_status
offline_stop(void *stream)
{
    (void)stream;
    return TABOR_DRIVER_OK;
}

static tabor_driver_status
offline_close(void *stream)
{
    free(stream);
    return TABOR_DRIVER_OK;
}

static tabor_driver_status
offline_pump(void *stream, float *out, uint32_t frames)
{
    offline_stream *s = stream;
    while (frames > 0) {
        uint32_t n = frames < s->block ? frames : s->block;
        s->host->process(s->host->self, out, n);
        out += (size_t)n * s->channels;
        frames -= n;
    }
    return TABOR_DRIVER_OK;
}

const tabor_driver tabor_driver_offline = {
    .struct_size = sizeof(tabor_driver),
    .abi = TABOR_DRIVER_ABI,
    .name = "offline",
    .title = "Rendered on demand, faster than time",
    .caps = TABOR_DRIVER_PUMPED,
    .priority = -20,
    .probe = offline_probe,
    .enumerate = offline_enumerate,
    .open = offline_open,
    .start = offline_start,
    .stop = offline_stop,
    .close = offline_close,
    .pump = offline_pump,
};
