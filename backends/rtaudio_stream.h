/* SPDX-License-Identifier: MIT
 *
 * One stream of RtAudio's, from open to close.
 *
 * RtAudio's own stop waits for ever once a server hangs, and so does its close
 * once a server is stopped. So:
 *   - stopping is ours: a gate that process passes. Stop shuts it and waits
 *     until nobody is inside; the audio system meanwhile gets silence.
 *   - closing needs a sign: of life, a fresh callback, or of death, the flag
 *     that rtaudio_jack.c sets. Without one the stream is left to a thread of
 *     its own, which closes it when the server comes back.
 */
#ifndef TABOR_BACKENDS_RTAUDIO_STREAM_H
#define TABOR_BACKENDS_RTAUDIO_STREAM_H

#include "rtaudio_api.h"

typedef struct audio_stream audio_stream;

typedef struct stream_options {
    const char *client;         /* what the audio system calls us */
    unsigned buffers;           /* blocks kept ahead (PulseAudio, ALSA) */
    bool realtime, connect;     /* connect: to the device's ports (JACK) */
    tabor_stream_format format; /* one that RtAudio has too */
} stream_options;

/* Open a device.  [control, entered]
 *
 * audio   given away on success, else still the caller's
 * grant   rate, channels: wanted; block: in and out; latency_frames, flags: out
 * stream  out, owned: stream_close()
 */
tabor_driver_status stream_open(audio_api api, rtaudio_t audio,
                                const api_device *device,
                                const stream_options *options,
                                const tabor_driver_host *host,
                                tabor_stream_grant *grant,
                                audio_stream **stream, char *why, size_t size);

/* As in tabor_driver.  [control] */
tabor_driver_status stream_start(audio_stream *stream, char *why, size_t size);
tabor_driver_status stream_stop(audio_stream *stream);
tabor_driver_status stream_close(audio_stream *stream);
tabor_driver_status stream_check(audio_stream *stream, char *why, size_t size);
uint32_t stream_latency(audio_stream *stream);

#endif
