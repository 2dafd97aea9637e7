/* SPDX-License-Identifier: MIT
 *
 * What every driver must keep, asked of any driver there is:
 *
 *   conformance [NAME [KEY=VALUE]...]     default: null, offline, chaos, tape
 *
 * It plays the host itself, with driver.h's contract in hand.
 */
#include <stdatomic.h>
#include <time.h>

#include "control/registry.h"
#include "helpers.h"

#define RATE     48000
#define CHANNELS 2
#define BLOCK    256

typedef struct host_state {
    _Atomic int may_call; /* between start and stop */
    _Atomic int inside, calls, wrong_time, at_once, too_large;
    size_t frame_bytes; /* as granted */
} host_state;

static void
host_process(void *self, void *out, uint32_t frames)
{
    host_state *h = self;
    if (atomic_fetch_add(&h->inside, 1) > 0) {
        atomic_fetch_add(&h->at_once, 1);
    }
    atomic_fetch_add(&h->wrong_time, !atomic_load(&h->may_call));
    atomic_fetch_add(&h->too_large, frames > TABOR_MAX_BLOCK || frames == 0);
    memset(out, 0, frames * h->frame_bytes);
    atomic_fetch_add(&h->calls, 1);
    atomic_fetch_sub(&h->inside, 1);
}

/* Bytes of a value, or 0 if there is no such format. */
static size_t
bytes_of(tabor_stream_format format)
{
    const size_t bytes[] = {4, 2, 3, 4, 4};
    return (size_t)format < sizeof bytes / sizeof *bytes ? bytes[format] : 0;
}

static void
host_notify(void *self, tabor_notice what, uint64_t value)
{
    (void)self, (void)what, (void)value;
}

static void
host_log(void *self, const char *text)
{
    (void)self;
    tap_note("log: %s", text);
}

static tabor_driver_host
make_host(host_state *h)
{
    return (tabor_driver_host){.struct_size = sizeof(tabor_driver_host),
                               .abi = TABOR_DRIVER_ABI,
                               .self = h,
                               .process = host_process,
                               .notify = host_notify,
                               .log = host_log};
}

static tabor_stream_grant
make_grant(void)
{
    return (tabor_stream_grant){.struct_size = sizeof(tabor_stream_grant),
                                .rate = RATE,
                                .channels = CHANNELS,
                                .block = BLOCK};
}

static void
nap_ms(long ms)
{
    nanosleep(&(struct timespec){ms / 1000, ms % 1000 * 1000000}, NULL);
}

static void
await_calls(host_state *h, int n)
{
    for (int i = 0; i < 500 && atomic_load(&h->calls) < n; i++) {
        nap_ms(10);
    }
}

/* ----------------------------------------------------------------- parts -- */

static void
test_table(const tabor_driver *d)
{
    ok(d->abi == TABOR_DRIVER_ABI && d->struct_size >= sizeof *d && d->name &&
           d->title && d->probe && d->enumerate && d->open && d->start &&
           d->stop && d->close,
       "%s: its table is complete", d->name);
    ok(!(d->caps & TABOR_DRIVER_PUMPED) == !d->pump,
       "%s: pump is there if it is pumped, else not", d->name);
    int complete = 1;
    for (const tabor_driver_option *o = d->options; o && o->name; o++) {
        complete = complete && o->values && o->initial && o->help;
    }
    ok(complete, "%s: each option is documented", d->name);
}

static void
count_device(void *user, const tabor_driver_device *device)
{
    int *sane = user;
    *sane += device->name && *device->name ? 1 : -1000;
}

static void
test_enumerate(const tabor_driver *d, const tabor_stream_wish *wish)
{
    char why[256] = "";
    int sane = 0;
    tabor_driver_status st = d->enumerate(wish->settings, wish->setting_count,
                                          count_device, &sane, why, sizeof why);
    ok((st == TABOR_DRIVER_OK && sane > 0) || (st != TABOR_DRIVER_OK && *why),
       "%s: tells %d devices, or why not", d->name, sane);
}

static void
test_bad_device(const tabor_driver *d, const tabor_stream_wish *wish,
                const tabor_driver_host *host)
{
    tabor_stream_wish bad = *wish;
    bad.device = "no such device";
    tabor_stream_grant grant = {.struct_size = sizeof grant};
    void *stream = NULL;
    char why[512] = "";
    tabor_driver_status st =
        d->open(&bad, host, &grant, &stream, why, sizeof why);
    ok(st == TABOR_DRIVER_FAILED && strstr(why, "no such device"),
       "%s: an unknown device is refused by name: %s", d->name, why);
}

/* Run it for a while: calls must come from start to stop and never else. */
static void
run(const tabor_driver *d, void *stream, host_state *h)
{
    char why[512] = "";
    atomic_store(&h->may_call, 1);
    tabor_driver_status st = d->start(stream, why, sizeof why);
    ok(st == TABOR_DRIVER_OK, "%s: starts %s", d->name, why);
    if (d->pump) {
        static float out[1000 * CHANNELS];
        ok(d->pump(stream, out, 1000) == TABOR_DRIVER_OK, "%s: pumps", d->name);
    } else {
        await_calls(h, 3);
    }
    ok(atomic_load(&h->calls) >= 3, "%s: it calls for blocks", d->name);
    ok(d->stop(stream) == TABOR_DRIVER_OK, "%s: stops", d->name);
    atomic_store(&h->may_call, 0);
    nap_ms(50);
}

static void
test_stream(const tabor_driver *d, const tabor_stream_wish *wish)
{
    host_state h = {0};
    tabor_driver_host host = make_host(&h);
    /* chaos knows one device only by being it */
    if (strcmp(d->name, "chaos") != 0 && strcmp(d->name, "mine") != 0) {
        test_bad_device(d, wish, &host);
    }
    tabor_stream_grant grant = make_grant();
    void *stream = NULL;
    char why[512] = "";
    if (d->open(wish, &host, &grant, &stream, why, sizeof why) !=
        TABOR_DRIVER_OK) {
        ok(0, "%s: opens: %s", d->name, why);
        return;
    }
    ok(grant.rate == RATE && grant.channels == CHANNELS && grant.block >= 1 &&
           grant.block <= TABOR_MAX_BLOCK && *grant.device,
       "%s: grants %u frames on '%s'", d->name, grant.block, grant.device);
    ok(bytes_of(grant.format) && (!d->pump || grant.format == TABOR_FORMAT_F32),
       "%s: of format %d", d->name, (int)grant.format);
    h.frame_bytes = bytes_of(grant.format) * CHANNELS;
    nap_ms(30);
    ok_int(atomic_load(&h.calls), 0, "%s: opening calls for nothing", d->name);
    run(d, stream, &h);
    ok(d->close(stream) == TABOR_DRIVER_OK, "%s: closes", d->name);
    nap_ms(50);
    ok_int(atomic_load(&h.wrong_time), 0,
           "%s: no call before start or after stop", d->name);
    ok_int(atomic_load(&h.at_once), 0, "%s: one call at a time", d->name);
    ok_int(atomic_load(&h.too_large), 0, "%s: 1 to 8192 frames a call",
           d->name);
}

/* --------------------------------------------------------------- formats -- */

/* Next of the words of "a|b|c", or NULL. */
static const char *
next_word(const char **words, char *word, size_t size)
{
    size_t length = strcspn(*words, "|");
    if (!**words || length >= size) {
        return NULL;
    }
    memcpy(word, *words, length);
    word[length] = '\0';
    *words += length + ((*words)[length] == '|');
    return word;
}

/* Open it with format=word, see that this is what it grants, run it. */
static void
test_format(const tabor_driver *d, const tabor_stream_wish *wish,
            const char *word)
{
    static const char *const names[] = {"float32", "s16", "s24", "s24_32",
                                        "s32"};
    host_state h = {0};
    tabor_driver_host host = make_host(&h);
    tabor_driver_setting settings[17];
    memcpy(settings, wish->settings, wish->setting_count * sizeof *settings);
    settings[wish->setting_count] = (tabor_driver_setting){"format", word};
    tabor_stream_wish one = *wish;
    one.settings = settings;
    one.setting_count++;
    tabor_stream_grant grant = make_grant();
    void *stream;
    char why[512] = "";
    if (d->open(&one, &host, &grant, &stream, why, sizeof why) !=
        TABOR_DRIVER_OK) {
        ok(0, "%s: opens with format %s: %s", d->name, word, why);
        return;
    }
    h.frame_bytes = bytes_of(grant.format) * CHANNELS;
    ok(h.frame_bytes && strcmp(names[grant.format], word) == 0,
       "%s: grants the format %s", d->name, word);
    run(d, stream, &h);
    ok(d->close(stream) == TABOR_DRIVER_OK, "%s: closes", d->name);
}

/* Every word of an option "format". */
static void
test_formats(const tabor_driver *d, const tabor_stream_wish *wish)
{
    const tabor_driver_option *o = d->options;
    while (o && o->name && strcmp(o->name, "format") != 0) {
        o++;
    }
    const char *words = o && o->name ? o->values : "";
    char word[16];
    while (next_word(&words, word, sizeof word)) {
        test_format(d, wish, word);
    }
}

/* --------------------------------------------------------------- silence -- */

static int
start_capture(FILE **file, int *kept)
{
    *file = tmpfile();
    *kept = dup(STDERR_FILENO);
    return *file && *kept >= 0 && dup2(fileno(*file), STDERR_FILENO) >= 0;
}

static long
end_capture(FILE *file, int kept)
{
    fflush(stderr);
    long size = (long)lseek(STDERR_FILENO, 0, SEEK_END);
    dup2(kept, STDERR_FILENO);
    close(kept);
    if (size > 0) {
        char text[400];
        rewind(file);
        size_t n = fread(text, 1, sizeof text - 1, file);
        text[n] = '\0';
        tap_note("stderr: %.*s", (int)strcspn(text, "\n"), text);
    }
    fclose(file);
    return size;
}

static void
test_driver(const char *name, const tabor_stream_wish *wish)
{
    FILE *capture;
    int kept;
    const tabor_driver *d;
    must(tabor_registry_find(name, &d));
    int capturing = start_capture(&capture, &kept);
    char why[256] = "";
    tabor_driver_status st = d->probe(why, sizeof why);
    ok(st == TABOR_DRIVER_OK || *why, "%s: probe says yes, or why not", name);
    test_table(d);
    test_enumerate(d, wish);
    test_stream(d, wish);
    test_formats(d, wish);
    long written = capturing ? end_capture(capture, kept) : -1;
    ok_int(written, 0, "%s: writes nothing to stderr", name);
}

int
main(int argc, char **argv)
{
    tap_start();
    tabor_driver_setting settings[16];
    tabor_stream_wish wish = {.struct_size = sizeof wish,
                              .rate = RATE,
                              .channels = CHANNELS,
                              .block = BLOCK,
                              .settings = settings};
    for (int i = 2; i < argc && i < 18; i++) {
        char *equals = strchr(argv[i], '=');
        if (equals) {
            *equals = '\0';
            settings[wish.setting_count++] =
                (tabor_driver_setting){argv[i], equals + 1};
        }
    }
    const char *const usual[] = {"null", "offline", "chaos", "tape"};
    if (argc > 1) {
        test_driver(argv[1], &wish);
    }
    for (int i = 0; argc == 1 && i < 4; i++) {
        test_driver(usual[i], &wish);
    }
    return tap_done();
}
