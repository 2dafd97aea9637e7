/* SPDX-License-Identifier: MIT
 *
 * The driver "rtaudio": JACK, PulseAudio and ALSA through RtAudio 5.2 or 6.x.
 * Here is what Tabor calls; rtaudio_api.c asks the library, rtaudio_stream.c
 * runs a stream.
 */
#include <config.h>

#include "rtaudio_api.h"
#include "rtaudio_stream.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAX_CLIENT_NAME 60 /* JACK's own limit is 63 */

static const tabor_driver_option options[] = {
    {"api", "auto|jack|pulse|alsa", "auto",
     "audio system; auto takes the first of them that opens"},
    {"buffers", "2..8", "4", "blocks kept ahead (PulseAudio, ALSA)"},
    {"realtime", "yes|no", "yes",
     "ask for real-time priority (JACK decides by itself)"},
    {"name", "text", "tabor", "what the audio system calls this program"},
    {"connect", "yes|no", "yes", "connect to the device's ports (JACK)"},
    {"format", "float32|s16|s24|s32", "float32",
     "values that Tabor hands over; JACK and PulseAudio may convert them"},
    {NULL, NULL, NULL, NULL},
};

/* ----------------------------------------------------------- options -- */

typedef struct choice {
    audio_api first, last; /* try these in order */
    stream_options stream;
} choice;

static tabor_driver_status
parse_api(const char *value, choice *c, char *why, size_t size)
{
    if (strcmp(value, "auto") == 0) {
        c->first = 0;
        c->last = API_COUNT - 1;
        return TABOR_DRIVER_OK;
    }
    for (audio_api api = 0; api < API_COUNT; api++) {
        if (strcmp(value, api_word(api)) == 0) {
            c->first = c->last = api;
            return TABOR_DRIVER_OK;
        }
    }
    return api_fail(why, size, "api is '%s': write auto, jack, pulse or alsa",
                    value);
}

static tabor_driver_status
parse_yes(const char *key, const char *value, bool *yes, char *why, size_t size)
{
    if (strcmp(value, "yes") != 0 && strcmp(value, "no") != 0) {
        return api_fail(why, size, "%s is '%s': write yes or no", key, value);
    }
    *yes = strcmp(value, "yes") == 0;
    return TABOR_DRIVER_OK;
}

static tabor_driver_status
parse_buffers(const char *value, unsigned *buffers, char *why, size_t size)
{
    char *end;
    const long number = strtol(value, &end, 10);
    if (!*value || *end || number < 2 || number > 8) {
        return api_fail(why, size, "buffers is '%s': write 2 to 8", value);
    }
    *buffers = (unsigned)number;
    return TABOR_DRIVER_OK;
}

static tabor_driver_status
parse_client(const char *value, const char **client, char *why, size_t size)
{
    if (!*value || strlen(value) > MAX_CLIENT_NAME || strchr(value, ':')) {
        return api_fail(why, size,
                        "name is '%s': write 1 to %d characters, none of them "
                        "a colon",
                        value, MAX_CLIENT_NAME);
    }
    *client = value;
    return TABOR_DRIVER_OK;
}

static tabor_driver_status
parse_format(const char *value, tabor_stream_format *format, char *why,
             size_t size)
{
    static const struct {
        const char *word;
        tabor_stream_format format;
    } known[] = {{"float32", TABOR_FORMAT_F32},
                 {"s16", TABOR_FORMAT_S16},
                 {"s24", TABOR_FORMAT_S24},
                 {"s32", TABOR_FORMAT_S32}};
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        if (strcmp(value, known[i].word) == 0) {
            *format = known[i].format;
            return TABOR_DRIVER_OK;
        }
    }
    return api_fail(why, size, "format is '%s': write float32, s16, s24 or s32",
                    value);
}

static tabor_driver_status
parse_setting(const tabor_driver_setting *set, choice *c, char *why,
              size_t size)
{
    if (strcmp(set->key, "api") == 0) {
        return parse_api(set->value, c, why, size);
    }
    if (strcmp(set->key, "buffers") == 0) {
        return parse_buffers(set->value, &c->stream.buffers, why, size);
    }
    if (strcmp(set->key, "name") == 0) {
        return parse_client(set->value, &c->stream.client, why, size);
    }
    if (strcmp(set->key, "format") == 0) {
        return parse_format(set->value, &c->stream.format, why, size);
    }
    return parse_yes(set->key, set->value,
                     strcmp(set->key, "connect") == 0 ? &c->stream.connect
                                                      : &c->stream.realtime,
                     why, size);
}

static tabor_driver_status
parse_settings(const tabor_driver_setting *settings, size_t count, choice *c,
               char *why, size_t size)
{
    *c = (choice){0, API_COUNT - 1, {"tabor", 4, true, true, TABOR_FORMAT_F32}};
    for (size_t i = 0; i < count; i++) {
        const tabor_driver_status st =
            parse_setting(&settings[i], c, why, size);
        if (st != TABOR_DRIVER_OK) {
            return st;
        }
    }
    return TABOR_DRIVER_OK;
}

/* -------------------------------------------------- one audio system -- */

/* Why each system did not do: "JACK: ...; PulseAudio: ..." */
static void
append_reason(char *why, size_t size, audio_api api, const char *reason)
{
    const size_t used = strlen(why);
    snprintf(why + used, size - used, "%s%s: %s", used ? "; " : "",
             api_title(api), reason);
}

/* What to do on one system. Setting *audio to NULL keeps the handle. */
typedef tabor_driver_status (*visitor)(audio_api api, rtaudio_t *audio,
                                       void *user, char *why, size_t size);

static tabor_driver_status
visit_one(audio_api api, visitor visit, void *user, char *why, size_t size)
{
    rtaudio_t audio;
    tabor_driver_status st = api_take(api, &audio, why, size);
    if (st != TABOR_DRIVER_OK) {
        return st;
    }
    st = visit(api, &audio, user, why, size);
    if (audio) {
        api_give_back(api, audio);
    }
    return st;
}

/* Visit the systems of a choice until one is good. */
static tabor_driver_status
visit_until_good(const choice *c, visitor visit, void *user, char *why,
                 size_t size)
{
    tabor_driver_status st = api_enter(why, size);
    if (st != TABOR_DRIVER_OK) {
        return st;
    }
    why[0] = '\0';
    st = TABOR_DRIVER_FAILED;
    for (audio_api api = c->first; api <= c->last && st != TABOR_DRIVER_OK;
         api++) {
        char reason[512] = "";
        st = visit_one(api, visit, user, reason, sizeof reason);
        if (st != TABOR_DRIVER_OK) {
            append_reason(why, size, api, reason);
        }
    }
    api_leave();
    return st;
}

/* -------------------------------------------------- what Tabor calls -- */

static tabor_driver_status
find_default(audio_api api, rtaudio_t *audio, void *user, char *why,
             size_t size)
{
    api_device device;
    (void)user;
    return api_device_find(api, *audio, NULL, &device, why, size);
}

static tabor_driver_status
driver_probe(char *why, size_t size)
{
    const choice any = {0, API_COUNT - 1, {0}};
    api_signals signals;
    api_signals_block(&signals);
    const tabor_driver_status st =
        visit_until_good(&any, find_default, NULL, why, size);
    api_signals_restore(&signals);
    return st;
}

typedef struct listing {
    tabor_device_found found;
    void *user;
    bool has_default;
} listing;

static void
tell_device(listing *list, const api_device *device, bool is_default)
{
    const tabor_driver_device d = {
        .struct_size = sizeof d,
        .name = device->name,
        .inputs = device->inputs,
        .outputs = device->outputs,
        .rates = device->rates,
        .rate_count = device->rate_count,
        .is_default = is_default,
    };
    list->found(list->user, &d);
}

/* Only the first system's default is what open() without a device takes. */
static tabor_driver_status
list_devices(audio_api api, rtaudio_t *audio, void *user, char *why,
             size_t size)
{
    listing *list = user;
    api_device chosen = {0};
    const bool decides =
        !list->has_default && api_device_find(api, *audio, NULL, &chosen, why,
                                              size) == TABOR_DRIVER_OK;
    const int count = api_device_count(api, *audio);
    for (int i = 0; i < count; i++) {
        api_device device;
        if (api_device_at(api, *audio, i, &device)) {
            tell_device(list, &device,
                        decides && strcmp(device.name, chosen.name) == 0);
        }
    }
    list->has_default |= decides;
    return TABOR_DRIVER_OK;
}

/* A system that isn't there has no devices, which is no failure. */
static tabor_driver_status
list_systems(const choice *c, listing *list, char *why, size_t size)
{
    const tabor_driver_status st = api_enter(why, size);
    if (st != TABOR_DRIVER_OK) {
        return st;
    }
    for (audio_api api = c->first; api <= c->last; api++) {
        visit_one(api, list_devices, list, why, size);
    }
    api_leave();
    return TABOR_DRIVER_OK;
}

static tabor_driver_status
driver_enumerate(const tabor_driver_setting *settings, size_t count,
                 tabor_device_found found, void *user, char *why, size_t size)
{
    choice c;
    listing list = {found, user, false};
    tabor_driver_status st = parse_settings(settings, count, &c, why, size);
    if (st != TABOR_DRIVER_OK) {
        return st;
    }
    api_signals signals;
    api_signals_block(&signals);
    st = list_systems(&c, &list, why, size);
    api_signals_restore(&signals);
    return st;
}

typedef struct opening {
    const tabor_stream_wish *wish;
    const stream_options *options;
    const tabor_driver_host *host;
    tabor_stream_grant *grant;
    audio_stream *stream;
} opening;

static tabor_driver_status
open_on(audio_api api, rtaudio_t *audio, void *user, char *why, size_t size)
{
    opening *o = user;
    api_device device;
    tabor_driver_status st =
        api_device_find(api, *audio, o->wish->device, &device, why, size);
    if (st != TABOR_DRIVER_OK) {
        return st;
    }
    st = stream_open(api, *audio, &device, o->options, o->host, o->grant,
                     &o->stream, why, size);
    if (st == TABOR_DRIVER_OK) {
        *audio = NULL; /* the stream's now */
    }
    return st;
}

static void
log_opening(const opening *o)
{
    char text[400];
    const tabor_stream_grant *g = o->grant;
    snprintf(text, sizeof text,
             "rtaudio: '%s', %u Hz, %u channels, block %u, latency %u frames",
             g->device, g->rate, g->channels, g->block, g->latency_frames);
    o->host->log(o->host->self, text);
}

static tabor_driver_status
driver_open(const tabor_stream_wish *wish, const tabor_driver_host *host,
            tabor_stream_grant *grant, void **stream, char *why, size_t size)
{
    choice c;
    opening o = {wish, &c.stream, host, grant, NULL};
    tabor_driver_status st =
        parse_settings(wish->settings, wish->setting_count, &c, why, size);
    if (st != TABOR_DRIVER_OK) {
        return st;
    }
    api_signals signals;
    api_signals_block(&signals);
    st = visit_until_good(&c, open_on, &o, why, size);
    api_signals_restore(&signals);
    if (st == TABOR_DRIVER_OK) {
        log_opening(&o);
        *stream = o.stream;
    }
    return st;
}

static tabor_driver_status
driver_start(void *stream, char *why, size_t size)
{
    api_signals signals;
    api_signals_block(&signals);
    const tabor_driver_status st = stream_start(stream, why, size);
    api_signals_restore(&signals);
    return st;
}

static tabor_driver_status
driver_stop(void *stream)
{
    return stream_stop(stream);
}

static tabor_driver_status
driver_close(void *stream)
{
    api_signals signals;
    api_signals_block(&signals);
    const tabor_driver_status st = stream_close(stream);
    api_signals_restore(&signals);
    return st;
}

static tabor_driver_status
driver_check(void *stream, char *why, size_t size)
{
    return stream_check(stream, why, size);
}

static uint32_t
driver_latency(void *stream)
{
    return stream_latency(stream);
}

static const tabor_driver driver = {
    .struct_size = sizeof(tabor_driver),
    .abi = TABOR_DRIVER_ABI,
    .name = "rtaudio",
    .title = "JACK, PulseAudio and ALSA, through RtAudio",
    .caps = TABOR_DRIVER_AUDIBLE | TABOR_DRIVER_REPORTS_XRUN,
    .priority = 100,
    .options = options,
    .probe = driver_probe,
    .enumerate = driver_enumerate,
    .open = driver_open,
    .start = driver_start,
    .stop = driver_stop,
    .close = driver_close,
    .latency = driver_latency,
    .check = driver_check,
};

const tabor_driver *
tabor_driver_entry(void)
{
    return &driver;
}
