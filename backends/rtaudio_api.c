/* SPDX-License-Identifier: MIT */
#include <config.h>

#include "rtaudio_api.h"

#include "rtaudio_jack.h"
#include "rtaudio_pulse.h"

#include <dlfcn.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <time.h>

/* 5.2 and 6.x number their errors differently, and only one of them says
 * "no error" by this name. */
#if HAVE_DECL_RTAUDIO_ERROR_NONE
#define NO_ERROR RTAUDIO_ERROR_NONE
#else
#define NO_ERROR RTAUDIO_NO_ERROR
#endif

static const char *const words[] = {
#define X(name, word, title) word,
    API_LIST(X)
#undef X
};

static const char *const titles[] = {
#define X(name, word, title) title,
    API_LIST(X)
#undef X
};

/* Handles that wait for the next question; written by who has entered. */
static rtaudio_t spare[API_COUNT];

static pthread_mutex_t door = PTHREAD_MUTEX_INITIALIZER;

const char *
api_word(audio_api api)
{
    return words[api];
}

const char *
api_title(audio_api api)
{
    return titles[api];
}

tabor_driver_status
api_fail(char *why, size_t size, const char *format, ...)
{
    va_list list;
    va_start(list, format);
    vsnprintf(why, size, format, list);
    va_end(list);
    return TABOR_DRIVER_FAILED;
}

/* --------------------------------------------------- entering, quiet -- */

void
api_signals_block(api_signals *signals)
{
    /* The ones that mean a bug stay open, for debuggers and faulthandler. */
    static const int bugs[] = {SIGSEGV, SIGBUS,  SIGFPE,
                               SIGILL,  SIGTRAP, SIGABRT};
    sigset_t all, pending;
    sigfillset(&all);
    for (size_t i = 0; i < sizeof bugs / sizeof *bugs; i++) {
        sigdelset(&all, bugs[i]);
    }
    sigpending(&pending);
    signals->pipe_pending = sigismember(&pending, SIGPIPE) == 1;
    pthread_sigmask(SIG_BLOCK, &all, &signals->before);
}

void
api_signals_restore(api_signals *signals)
{
    const struct timespec at_once = {0, 0};
    sigset_t pipe;
    sigemptyset(&pipe);
    sigaddset(&pipe, SIGPIPE);
    if (!signals->pipe_pending) {
        sigtimedwait(&pipe, NULL, &at_once);
    }
    pthread_sigmask(SIG_SETMASK, &signals->before, NULL);
}

static void
say_nothing(const char *text)
{
    (void)text;
}

static void
say_nothing_alsa(const char *file, int line, const char *function, int error,
                 const char *format, ...)
{
    (void)file, (void)line, (void)function, (void)error, (void)format;
}

/* JACK's and ALSA's libraries talk to the terminal unless told otherwise. They
 * are looked up by name, because RtAudio may be built without them. */
static void
hush_libraries(void)
{
    static const char *const jack[] = {"jack_set_error_function",
                                       "jack_set_info_function"};
    typedef void (*jack_setter)(void (*)(const char *));
    typedef int (*alsa_setter)(
        void (*)(const char *, int, const char *, int, const char *, ...));
    for (size_t i = 0; i < sizeof jack / sizeof *jack; i++) {
        jack_setter set_jack;
        *(void **)&set_jack = dlsym(RTLD_DEFAULT, jack[i]);
        if (set_jack) {
            set_jack(say_nothing);
        }
    }
    alsa_setter set_alsa;
    *(void **)&set_alsa = dlsym(RTLD_DEFAULT, "snd_lib_error_set_handler");
    if (set_alsa) {
        set_alsa(say_nothing_alsa);
    }
}

tabor_driver_status
api_enter(char *why, size_t size)
{
    struct timespec deadline;
    clock_gettime(CLOCK_MONOTONIC, &deadline);
    deadline.tv_sec += 1;
    if (pthread_mutex_clocklock(&door, CLOCK_MONOTONIC, &deadline) != 0) {
        api_fail(why, size,
                 "an earlier call still waits for an audio server that does "
                 "not answer: restart the server");
        return TABOR_DRIVER_WEDGED;
    }
    return TABOR_DRIVER_OK;
}

void
api_leave(void)
{
    pthread_mutex_unlock(&door);
}

/* ----------------------------------------------------------- handles -- */

bool
api_failed(rtaudio_t audio)
{
    const rtaudio_error_t type = rtaudio_error_type(audio);
#if !HAVE_DECL_RTAUDIO_ERROR_NONE
    if (type == RTAUDIO_ERROR_DEBUG_WARNING) {
        return false;
    }
#endif
    return type != NO_ERROR && type != RTAUDIO_ERROR_WARNING;
}

const char *
api_error(rtaudio_t audio)
{
    const char *text = rtaudio_error(audio);
    const char *end = text ? strstr(text, ": ") : NULL;
    if (!text) {
        return "";
    }
    return end && strncmp(text, "RtApi", 5) == 0 ? end + 2 : text;
}

static tabor_driver_status
make_handle(audio_api api, rtaudio_t *audio, char *why, size_t size)
{
    const rtaudio_api_t number = rtaudio_compiled_api_by_name(words[api]);
    if (number == RTAUDIO_API_UNSPECIFIED) {
        return api_fail(why, size, "this RtAudio was built without %s",
                        titles[api]);
    }
    rtaudio_t made = rtaudio_create(number);
    if (api_failed(made)) {
        return api_fail(why, size, "%s", api_error(made));
    }
    if (rtaudio_current_api(made) != number) {
        rtaudio_destroy(made);
        return api_fail(why, size, "RtAudio does not reach %s", titles[api]);
    }
    rtaudio_show_warnings(made, 0);
    hush_libraries(); /* each time: one for JACK puts its own silence there */
    *audio = made;
    return TABOR_DRIVER_OK;
}

tabor_driver_status
api_take(audio_api api, rtaudio_t *audio, char *why, size_t size)
{
    /* Asked by ourselves first: RtAudio would wait for ever for a server that
     * hangs, and go on telling the devices of one that has gone. */
    if (api == API_PULSE && !pulse_answers(why, size)) {
        return TABOR_DRIVER_FAILED;
    }
    if (spare[api]) {
        *audio = spare[api];
        spare[api] = NULL;
        return TABOR_DRIVER_OK;
    }
    return make_handle(api, audio, why, size);
}

void
api_give_back(audio_api api, rtaudio_t audio)
{
    if (spare[api]) {
        rtaudio_destroy(audio);
        return;
    }
    spare[api] = audio;
}

/* ----------------------------------------------------------- devices -- */

bool
api_may_ask(audio_api api)
{
    return api != API_JACK || jack_may_ask();
}

int
api_device_count(audio_api api, rtaudio_t audio)
{
    return api_may_ask(api) ? rtaudio_device_count(audio) : 0;
}

static rtaudio_device_info_t
ask_device(rtaudio_t audio, int index, unsigned *id)
{
#if HAVE_DECL_RTAUDIO_GET_DEVICE_ID
    *id = rtaudio_get_device_id(audio, index);
    return rtaudio_get_device_info(audio, *id);
#else
    *id = (unsigned)index;
    return rtaudio_get_device_info(audio, index);
#endif
}

static bool
was_found(rtaudio_t audio, const rtaudio_device_info_t *info)
{
#if HAVE_RTAUDIO_DEVICE_INFO_T_ID
    return !api_failed(audio) && info->id != 0;
#else
    return !api_failed(audio) && info->probed;
#endif
}

bool
api_device_at(audio_api api, rtaudio_t audio, int index, api_device *device)
{
    api_device d = {0};
    if (!api_may_ask(api)) {
        return false;
    }
    const rtaudio_device_info_t info = ask_device(audio, index, &d.id);
    if (!was_found(audio, &info)) {
        return false;
    }
    d.inputs = info.input_channels;
    d.outputs = info.output_channels;
    d.preferred_rate = info.preferred_sample_rate;
    d.is_default = info.is_default_output;
    for (size_t i = 0; i < NUM_SAMPLE_RATES && info.sample_rates[i]; i++) {
        d.rates[d.rate_count++] = (uint32_t)info.sample_rates[i];
    }
    snprintf(d.name, sizeof d.name, "%.255s", info.name);
    *device = d;
    return true;
}

/* How well a device fits what was asked for; the highest wins. */
enum fit {
    FIT_NONE,
    FIT_SOME,
    FIT_WELL,
    FIT_EXACTLY
};

static enum fit
fit_default(audio_api api, const api_device *device)
{
    if (api == API_JACK && strcmp(device->name, "system") == 0) {
        return FIT_EXACTLY; /* JACK knows no default: any client may be first */
    }
    return device->is_default ? FIT_WELL : FIT_SOME;
}

static enum fit
fit_name(const char *name, const api_device *device)
{
    if (strcmp(device->name, name) == 0) {
        return FIT_EXACTLY;
    }
    return strcasestr(device->name, name) ? FIT_WELL : FIT_NONE;
}

static void
append_name(char *list, size_t size, const char *name)
{
    const size_t used = strlen(list);
    snprintf(list + used, size - used, "%s'%s'", used ? ", " : "", name);
}

typedef struct search {
    enum fit best;
    int alike; /* devices that fit as well as the best */
    int count; /* devices there are, inputs too */
    char names[512];
    api_device device; /* the best */
} search;

/* Look at every device that has an output, until one fits exactly. */
static void
search_devices(audio_api api, rtaudio_t audio, const char *name, search *found)
{
    found->count = api_device_count(api, audio);
    for (int i = 0; i < found->count && found->best != FIT_EXACTLY; i++) {
        api_device d;
        if (!api_device_at(api, audio, i, &d) || d.outputs == 0) {
            continue;
        }
        const enum fit fit = *name ? fit_name(name, &d) : fit_default(api, &d);
        append_name(found->names, sizeof found->names, d.name);
        found->alike += fit == found->best;
        if (fit > found->best) {
            found->best = fit;
            found->alike = 1;
            found->device = d;
        }
    }
}

tabor_driver_status
api_device_find(audio_api api, rtaudio_t audio, const char *name,
                api_device *device, char *why, size_t size)
{
    search found = {0};
    const char *wanted = name ? name : "";
    search_devices(api, audio, wanted, &found);
    if (found.count <= 0 && api == API_JACK) {
        return api_fail(why, size, "no server runs: start jackd");
    }
    if (!found.names[0]) {
        return api_fail(why, size, "no output device");
    }
    if (found.best == FIT_NONE) {
        return api_fail(why, size, "no output device '%s'; there are: %s",
                        wanted, found.names);
    }
    if (*wanted && found.best == FIT_WELL && found.alike > 1) {
        return api_fail(why, size,
                        "'%s' is in the name of more than one device: write "
                        "one of %s",
                        wanted, found.names);
    }
    *device = found.device;
    return TABOR_DRIVER_OK;
}
