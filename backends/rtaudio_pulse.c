/* SPDX-License-Identifier: MIT
 *
 * RtAudio waits for ever for a PulseAudio server that hangs, and goes on
 * naming the devices of one that has gone. So we connect by ourselves before
 * asking it, through the libpulse that it has brought along (by name, because
 * RtAudio may be built without it).
 */
#include <config.h>

#include "rtaudio_pulse.h"

#include <dlfcn.h>
#include <stdio.h>
#include <time.h>

/* libpulse's public numbers of a connection's state. */
enum {
    PULSE_READY = 4,
    PULSE_FAILED = 5
};

#define PATIENCE_MS 1000

typedef struct pulse_library {
    void *(*mainloop_new)(void);
    void *(*mainloop_get_api)(void *loop);
    int (*mainloop_prepare)(void *loop, int timeout_us);
    int (*mainloop_poll)(void *loop);
    int (*mainloop_dispatch)(void *loop);
    void (*mainloop_free)(void *loop);
    void *(*context_new)(void *api, const char *name);
    int (*context_connect)(void *context, const char *server, int flags,
                           const void *spawn);
    int (*context_get_state)(const void *context);
    void (*context_disconnect)(void *context);
    void (*context_unref)(void *context);
} pulse_library;

static bool
find_library(pulse_library *pulse)
{
    const struct {
        const char *name;
        void *place;
    } wanted[] = {
        {"pa_mainloop_new", &pulse->mainloop_new},
        {"pa_mainloop_get_api", &pulse->mainloop_get_api},
        {"pa_mainloop_prepare", &pulse->mainloop_prepare},
        {"pa_mainloop_poll", &pulse->mainloop_poll},
        {"pa_mainloop_dispatch", &pulse->mainloop_dispatch},
        {"pa_mainloop_free", &pulse->mainloop_free},
        {"pa_context_new", &pulse->context_new},
        {"pa_context_connect", &pulse->context_connect},
        {"pa_context_get_state", &pulse->context_get_state},
        {"pa_context_disconnect", &pulse->context_disconnect},
        {"pa_context_unref", &pulse->context_unref},
    };
    for (size_t i = 0; i < sizeof wanted / sizeof *wanted; i++) {
        void *symbol = dlsym(RTLD_DEFAULT, wanted[i].name);
        if (!symbol) {
            return false;
        }
        *(void **)wanted[i].place = symbol;
    }
    return true;
}

static long
now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1000L + now.tv_nsec / 1000000;
}

/* Turn the loop until the connection stands, fails or takes too long. */
static int
last_state(const pulse_library *pulse, void *loop, const void *context)
{
    const long deadline = now_ms() + PATIENCE_MS;
    for (;;) {
        const int state = pulse->context_get_state(context);
        const long left = deadline - now_ms();
        if (state >= PULSE_READY || left <= 0) {
            return state;
        }
        if (pulse->mainloop_prepare(loop, (int)left * 1000) < 0 ||
            pulse->mainloop_poll(loop) < 0 ||
            pulse->mainloop_dispatch(loop) < 0) {
            return PULSE_FAILED;
        }
    }
}

static int
connection_state(const pulse_library *pulse, void *loop)
{
    int state = PULSE_FAILED;
    void *context = pulse->context_new(pulse->mainloop_get_api(loop), "tabor");
    if (!context) {
        return state;
    }
    if (pulse->context_connect(context, NULL, 0, NULL) >= 0) {
        state = last_state(pulse, loop, context);
        pulse->context_disconnect(context);
    }
    pulse->context_unref(context);
    return state;
}

bool
pulse_answers(char *why, size_t size)
{
    pulse_library pulse;
    if (!find_library(&pulse)) {
        return true; /* can't tell; RtAudio will */
    }
    void *loop = pulse.mainloop_new();
    if (!loop) {
        snprintf(why, size, "no memory or no file descriptor left");
        return false;
    }
    const int state = connection_state(&pulse, loop);
    pulse.mainloop_free(loop);
    if (state < PULSE_READY) {
        snprintf(why, size, "the server does not answer: restart it");
    } else if (state > PULSE_READY) {
        snprintf(why, size, "no server runs: start pulseaudio");
    }
    return state == PULSE_READY;
}
