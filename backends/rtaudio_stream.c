/* SPDX-License-Identifier: MIT */
#include <config.h>

#include "rtaudio_stream.h"

#include "rtaudio_jack.h"

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <time.h>

#define GATE_OPEN   1u
#define GATE_INSIDE 2u

#define MAX_BLOCK     8192 /* what a host takes in one process call */
#define STOP_MS       1000 /* a block takes at most 250 */
#define SIGN_MS       1500 /* JACK's death shows after 130 */
#define SETTLE_MS     20   /* the thread that told of it leaves */
#define REAP_EVERY_MS 200
#define PRIORITY      40 /* above PulseAudio's own 5, below the kernel's 50 */
#define AHEAD_SECONDS 0.5

/* How far what was rendered runs ahead of time: a device that has died may ask
 * a million times a second. It leaks, so that a device clock that is up to 5 %
 * fast never adds up to an alarm. Audio thread only. */
typedef struct pace {
    double ahead, limit; /* seconds */
    double last;         /* monotonic seconds, 0 = not yet called */
} pace;

struct audio_stream {
    rtaudio_t audio;
    audio_api api;
    const tabor_driver_host *host; /* inside the gate only */
    uint32_t rate, channels, block, latency_frames;
    tabor_stream_format format;
    bool realtime; /* ask for real-time priority ourselves */
    bool started;  /* RtAudio's stream has been started; control only */
    bool met;      /* the audio thread has introduced itself; audio only */
    bool lost;     /* ran away; audio only */
    pace pace;     /* audio only */
    jack_life life;

    /* OPEN is written by control (acq_rel), INSIDE by the audio thread
     * (acquire on entering, release on leaving, acquired by stop). */
    _Atomic uint32_t gate;
    _Atomic uint32_t calls; /* finished; audio (release), control (acquire) */
};

static double
now_seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

static void
sleep_seconds(double seconds)
{
    struct timespec span = {(time_t)seconds, 0};
    span.tv_nsec = (long)((seconds - (double)span.tv_sec) * 1e9);
    nanosleep(&span, NULL);
}

static void
sleep_ms(unsigned ms)
{
    sleep_seconds(1e-3 * ms);
}

/* ------------------------------------------------------ audio thread -- */

/* As urgent as this user may be. RtAudio could ask for it, but it prints a
 * line about that. */
static void
raise_priority(void)
{
    struct sched_param param = {.sched_priority = PRIORITY};
    while (param.sched_priority > 0 &&
           sched_setscheduler(0, SCHED_RR | SCHED_RESET_ON_FORK, &param)) {
        param.sched_priority /= 2;
    }
}

/* The first callback says who it is.  [audio] */
static void
introduce_thread(const audio_stream *s)
{
    prctl(PR_SET_NAME, "tabor-audio");
    if (s->realtime) {
        raise_priority();
    }
    const int policy = sched_getscheduler(0) & ~SCHED_RESET_ON_FORK;
    s->host->notify(s->host->self, TABOR_NOTICE_REALTIME,
                    policy == SCHED_FIFO || policy == SCHED_RR);
}

/* Count a block; true once more was asked for than time has passed. [audio] */
static bool
pace_exceeded(pace *p, double block_seconds)
{
    const double now = now_seconds();
    if (p->last == 0) {
        p->last = now;
    }
    p->ahead += block_seconds - 1.05 * (now - p->last);
    p->last = now;
    if (p->ahead < 0) {
        p->ahead = 0;
    }
    return p->ahead > p->limit;
}

/* JACK's freewheel is faster than time; others that are have died. [audio] */
static void
guard(audio_stream *s, double block_seconds, bool open)
{
    if (s->lost || s->api == API_JACK ||
        !pace_exceeded(&s->pace, block_seconds)) {
        return;
    }
    s->lost = true;
    if (open) {
        s->host->notify(s->host->self, TABOR_NOTICE_DEVICE_LOST, 0);
    }
}

/* [audio] */
static size_t
bytes_of(tabor_stream_format format)
{
    switch (format) {
    case TABOR_FORMAT_S16:
        return 2;
    case TABOR_FORMAT_S24:
        return 3;
    default:
        return 4;
    }
}

/* One block through the open gate.  [audio] */
static void
serve(audio_stream *s, void *out, uint32_t frames, bool underflow)
{
    if (!s->met) {
        s->met = true;
        introduce_thread(s);
    }
    if (underflow) {
        s->host->notify(s->host->self, TABOR_NOTICE_XRUN, 1);
    }
    s->host->process(s->host->self, out, frames);
}

/* RtAudio's callback.  [audio]
 * Always returns 0: after a server's death anything else aborts the process,
 * by an exception on RtAudio's own thread. */
static int
on_block(void *out, void *in, unsigned frames, double stream_time,
         rtaudio_stream_status_t status, void *user)
{
    audio_stream *s = user;
    const double seconds = (double)frames / s->rate;
    const bool open =
        GATE_OPEN &
        atomic_fetch_or_explicit(&s->gate, GATE_INSIDE, memory_order_acquire);
    (void)in, (void)stream_time;
    guard(s, seconds, open);
    if (open && !s->lost && frames <= MAX_BLOCK) {
        serve(s, out, frames, status & RTAUDIO_STATUS_OUTPUT_UNDERFLOW);
    } else {
        memset(out, 0, bytes_of(s->format) * s->channels * frames);
    }
    atomic_fetch_and_explicit(&s->gate, ~GATE_INSIDE, memory_order_release);
    atomic_fetch_add_explicit(&s->calls, 1, memory_order_release);
    if (s->lost) {
        sleep_seconds(seconds); /* nobody hears it: spare the processor */
    }
    return 0;
}

/* -------------------------------------------------------------- open -- */

static tabor_driver_status
check_wish(audio_api api, const api_device *device,
           const stream_options *options, const tabor_stream_grant *grant,
           char *why, size_t size)
{
    if (grant->block < 1 || grant->block > MAX_BLOCK) {
        return api_fail(why, size, "block must be 1 to %d frames, not %u",
                        MAX_BLOCK, grant->block);
    }
    if (api == API_JACK && device->preferred_rate != grant->rate) {
        return api_fail(why, size,
                        "the server runs at %u frames a second, not %u: open "
                        "with rate=%u",
                        device->preferred_rate, grant->rate,
                        device->preferred_rate);
    }
    if (device->outputs < grant->channels &&
        (api != API_JACK || options->connect)) {
        return api_fail(why, size,
                        "device '%s' has %u output channels, not %u: open "
                        "with channels=%u",
                        device->name, device->outputs, grant->channels,
                        device->outputs);
    }
    return TABOR_DRIVER_OK;
}

static rtaudio_format_t
rtaudio_format_of(tabor_stream_format format)
{
    switch (format) {
    case TABOR_FORMAT_S16:
        return RTAUDIO_FORMAT_SINT16;
    case TABOR_FORMAT_S24:
        return RTAUDIO_FORMAT_SINT24; /* three bytes, as ours */
    case TABOR_FORMAT_S32:
        return RTAUDIO_FORMAT_SINT32;
    default:
        return RTAUDIO_FORMAT_FLOAT32;
    }
}

static tabor_driver_status
open_rtaudio(audio_stream *s, const api_device *device,
             const stream_options *options, char *why, size_t size)
{
    rtaudio_stream_parameters_t output = {device->id, s->channels, 0};
    rtaudio_stream_options_t how = {0};
    unsigned block = s->block;
    how.num_buffers = options->buffers;
    how.flags = options->connect ? 0 : RTAUDIO_FLAGS_JACK_DONT_CONNECT;
    snprintf(how.name, sizeof how.name, "%s", options->client);
    if (!api_may_ask(s->api)) {
        return api_fail(why, size, "the server went away");
    }
    jack_watch_next_client(&s->life);
    rtaudio_open_stream(s->audio, &output, NULL, rtaudio_format_of(s->format),
                        s->rate, &block, on_block, s, &how, NULL);
    jack_watch_next_client(NULL);
    if (api_failed(s->audio)) {
        return api_fail(why, size, "device '%s': %s", device->name,
                        api_error(s->audio));
    }
    s->block = block;
    return TABOR_DRIVER_OK;
}

/* What RtAudio has made of the wish. */
static tabor_driver_status
check_grant(const audio_stream *s, char *why, size_t size)
{
    const unsigned rate = rtaudio_get_stream_sample_rate(s->audio);
    if (rate != s->rate) {
        return api_fail(why, size,
                        "the device runs at %u frames a second, not %u: open "
                        "with rate=%u",
                        rate, s->rate, rate);
    }
    if (s->block < 1 || s->block > MAX_BLOCK) {
        return api_fail(why, size,
                        "the device asks for blocks of %u frames; 1 to %d are "
                        "possible: set another period in the audio server",
                        s->block, MAX_BLOCK);
    }
    return TABOR_DRIVER_OK;
}

/* PulseAudio never tells its latency, ALSA only while it plays. */
static uint32_t
first_latency(const audio_stream *s, unsigned buffers)
{
    const long told = (long)rtaudio_get_stream_latency(s->audio);
    return told > 0 ? (uint32_t)told : s->block * buffers;
}

static audio_stream *
new_stream(audio_api api, rtaudio_t audio, const stream_options *options,
           const tabor_driver_host *host, const tabor_stream_grant *grant)
{
    audio_stream *s = calloc(1, sizeof *s);
    if (s) {
        s->audio = audio;
        s->api = api;
        s->life.calls = &s->calls;
        s->host = host;
        s->rate = grant->rate;
        s->channels = grant->channels;
        s->block = grant->block;
        s->format = options->format;
        s->realtime = options->realtime && api != API_JACK;
    }
    return s;
}

static void
fill_grant(const audio_stream *s, const api_device *device,
           tabor_stream_grant *grant)
{
    grant->block = s->block;
    grant->format = s->format;
    grant->latency_frames = s->latency_frames;
    grant->flags = s->api == API_JACK ? TABOR_STREAM_UNPACED : 0;
    snprintf(grant->device, sizeof grant->device, "%s", device->name);
}

tabor_driver_status
stream_open(audio_api api, rtaudio_t audio, const api_device *device,
            const stream_options *options, const tabor_driver_host *host,
            tabor_stream_grant *grant, audio_stream **stream, char *why,
            size_t size)
{
    tabor_driver_status st = check_wish(api, device, options, grant, why, size);
    audio_stream *s = NULL;
    if (st != TABOR_DRIVER_OK) {
        return st;
    }
    if (!(s = new_stream(api, audio, options, host, grant))) {
        (void)api_fail(why, size, "out of memory");
        return TABOR_DRIVER_NO_MEMORY;
    }
    if ((st = open_rtaudio(s, device, options, why, size)) != TABOR_DRIVER_OK) {
        goto fail;
    }
    if ((st = check_grant(s, why, size)) != TABOR_DRIVER_OK) {
        rtaudio_close_stream(audio);
        goto fail;
    }
    /* A device may take all its buffers at once. */
    s->pace.limit =
        AHEAD_SECONDS + (double)s->block * (options->buffers + 1) / s->rate;
    s->latency_frames = first_latency(s, options->buffers);
    fill_grant(s, device, grant);
    *stream = s;
    return TABOR_DRIVER_OK;

fail:
    free(s);
    return st;
}

/* ---------------------------------------------------- start and stop -- */

tabor_driver_status
stream_start(audio_stream *s, char *why, size_t size)
{
    atomic_fetch_or_explicit(&s->gate, GATE_OPEN, memory_order_acq_rel);
    if (s->started) {
        return TABOR_DRIVER_OK;
    }
    s->started = true;
    rtaudio_start_stream(s->audio);
    if (api_failed(s->audio)) {
        s->started = false;
        stream_stop(s);
        return api_fail(why, size, "%s: %s", api_title(s->api),
                        api_error(s->audio));
    }
    if (s->api == API_JACK) {
        jack_life_begin(&s->life);
    }
    return TABOR_DRIVER_OK;
}

tabor_driver_status
stream_stop(audio_stream *s)
{
    const double deadline = now_seconds() + 1e-3 * STOP_MS;
    atomic_fetch_and_explicit(&s->gate, ~GATE_OPEN, memory_order_acq_rel);
    while (atomic_load_explicit(&s->gate, memory_order_acquire) & GATE_INSIDE) {
        if (now_seconds() > deadline) {
            return TABOR_DRIVER_WEDGED;
        }
        sleep_ms(1);
    }
    return TABOR_DRIVER_OK;
}

tabor_driver_status
stream_check(audio_stream *s, char *why, size_t size)
{
    if (!jack_is_gone(&s->life) && rtaudio_is_stream_open(s->audio)) {
        return TABOR_DRIVER_OK;
    }
    return api_fail(why, size, "the %s server went away", api_title(s->api));
}

uint32_t
stream_latency(audio_stream *s)
{
    if (!rtaudio_is_stream_open(s->audio)) {
        return s->latency_frames;
    }
    const long told = (long)rtaudio_get_stream_latency(s->audio);
    return told > 0 ? (uint32_t)told : s->latency_frames;
}

/* ------------------------------------------------------------- close -- */

static void
free_stream(audio_stream *s)
{
    rtaudio_destroy(s->audio);
    jack_life_end(&s->life);
    free(s);
}

/* Never by RtAudio's stop, which waits for what may not come. */
static void
close_live(audio_stream *s)
{
    rtaudio_abort_stream(s->audio);
    rtaudio_close_stream(s->audio);
    free_stream(s);
}

/* Close if there is a sign of life, or of death, within some time. */
static bool
close_on_sign(audio_stream *s, unsigned patience_ms)
{
    const double deadline = now_seconds() + 1e-3 * patience_ms;
    const uint32_t calls =
        atomic_load_explicit(&s->calls, memory_order_acquire);
    while (now_seconds() < deadline) {
        if (jack_is_gone(&s->life) || !rtaudio_is_stream_open(s->audio)) {
            sleep_ms(SETTLE_MS);
            free_stream(s); /* which closes it, if RtAudio has not */
            return true;
        }
        if (atomic_load_explicit(&s->calls, memory_order_acquire) != calls) {
            close_live(s);
            return true;
        }
        sleep_ms(1);
    }
    return false;
}

/* Does a server answer a newcomer? Waits until it does or goes. */
static bool
server_answers(audio_api api)
{
    char why[256];
    rtaudio_t audio;
    bool answers = false;
    while (api_enter(why, sizeof why) != TABOR_DRIVER_OK) {
    }
    if (api_take(api, &audio, why, sizeof why) == TABOR_DRIVER_OK) {
        answers = api_device_count(api, audio) > 0;
        api_give_back(api, audio);
    }
    api_leave();
    return answers;
}

/* A stream that was left behind: close it when that can't block any more.
 * A server that answers while the stream stays silent has dropped it (JACK's
 * does so when its period changes), and then closing is safe. */
static void *
reap(void *user)
{
    audio_stream *s = user;
    bool answered = false;
    prctl(PR_SET_NAME, "tabor-reaper");
    while (!close_on_sign(s, REAP_EVERY_MS)) {
        if (answered) {
            close_live(s);
            break;
        }
        answered = server_answers(s->api);
    }
    return NULL;
}

static void
leave_behind(audio_stream *s)
{
    pthread_t thread;
    pthread_attr_t attr;
    pthread_attr_init(&attr);
    pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
    pthread_create(&thread, &attr, reap, s); /* if not, it stays for good */
    pthread_attr_destroy(&attr);
}

tabor_driver_status
stream_close(audio_stream *s)
{
    if (!s) {
        return TABOR_DRIVER_OK;
    }
    if (!s->started) {
        free_stream(s); /* closes it; nothing runs that could race */
        return TABOR_DRIVER_OK;
    }
    if (close_on_sign(s, SIGN_MS)) {
        return TABOR_DRIVER_OK;
    }
    leave_behind(s);
    return TABOR_DRIVER_WEDGED;
}
