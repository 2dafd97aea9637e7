/* SPDX-License-Identifier: MIT
 *
 * RtAudio's C API as this driver uses it: the audio systems it reaches, their
 * devices, and the differences between 5.2 and 6.x.
 *
 * What it costs to be safe here:
 *   - start, stop and abort of 5.2 return 0 whatever happens; the truth is the
 *     error type, asked right after the call (api_failed).
 *   - 5.2 throws C++ exceptions through C from a few functions, of which the
 *     default-device query is the only one we would want: it is never called.
 *   - rtaudio_destroy leaks the handle in both, so handles that only asked
 *     questions are kept for the next question (api_give_back).
 *   - the list of PulseAudio devices is one static variable in the library:
 *     only one thread at a time may ask anything (api_enter).
 */
#ifndef TABOR_BACKENDS_RTAUDIO_API_H
#define TABOR_BACKENDS_RTAUDIO_API_H

#include "tabor/driver.h"

#include <rtaudio_c.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* X(name, RtAudio's word, for people), in the order "auto" tries them. */
#define API_LIST(X)                                                            \
    X(JACK, "jack", "JACK")                                                    \
    X(PULSE, "pulse", "PulseAudio")                                            \
    X(ALSA, "alsa", "ALSA")

typedef enum audio_api {
#define X(name, word, title) API_##name,
    API_LIST(X)
#undef X
    API_COUNT
} audio_api;

/* Borrowed for ever.  [any] */
const char *api_word(audio_api api);
const char *api_title(audio_api api);

/* Write the sentence; returns TABOR_DRIVER_FAILED.  [any] */
tabor_driver_status api_fail(char *why, size_t size, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* A stay inside the library: one thread at a time, with signals blocked, so
 * that the threads it makes never run a script's handlers and a socket that
 * breaks can't kill the process by SIGPIPE. */
typedef struct api_signals {
    sigset_t before;
    bool pipe_pending;
} api_signals;

void api_signals_block(api_signals *signals);   /* [control] */
void api_signals_restore(api_signals *signals); /* [control] */

/* [control]  WEDGED: an earlier call is still waiting for its server. */
tabor_driver_status api_enter(char *why, size_t size);
void api_leave(void); /* [control] */

/* A handle that speaks to one audio system.  [control, entered]
 *
 * audio  out, owned: api_give_back(), or rtaudio_destroy() once a stream was
 *        open on it
 */
tabor_driver_status api_take(audio_api api, rtaudio_t *audio, char *why,
                             size_t size);
void api_give_back(audio_api api, rtaudio_t audio); /* [control, entered] */

/* Did the last call fail? Warnings are none.  [control] */
bool api_failed(rtaudio_t audio);

/* The last failure's text without RtAudio's own function names; "" if there is
 * none. Borrowed until the next call on audio.  [control] */
const char *api_error(rtaudio_t audio);

/* Is it safe to ask the system through RtAudio? To be called right before,
 * by who does it directly.  [control, entered] */
bool api_may_ask(audio_api api);

typedef struct api_device {
    unsigned id; /* what rtaudio_open_stream() takes: an index in 5.2 */
    uint32_t inputs, outputs;
    uint32_t preferred_rate;
    uint32_t rates[NUM_SAMPLE_RATES];
    size_t rate_count;
    bool is_default; /* for output */
    char name[256];
} api_device;

/* The devices there are now.  [control, entered] */
int api_device_count(audio_api api, rtaudio_t audio);

/* One of them; false if it went away meanwhile.  [control, entered] */
bool api_device_at(audio_api api, rtaudio_t audio, int index,
                   api_device *device);

/* The device that a user means: its exact name, or a part of one name only, or
 * the default if name is NULL or "".  [control, entered]
 *
 * FAILED  none, or several; the sentence lists the names there are
 */
tabor_driver_status api_device_find(audio_api api, rtaudio_t audio,
                                    const char *name, api_device *device,
                                    char *why, size_t size);

#endif
