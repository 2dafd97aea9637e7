/* SPDX-License-Identifier: MIT
 *
 * What happens when JACK's server dies, and who may ask it questions.
 *
 * RtAudio's own answer to the death prints a line from libjack's thread and
 * closes the stream from a new one, while libjack cancels the first and our
 * threads may be inside the same stream: about one death in a hundred kills
 * the process. So RtAudio never hears of it. The plug-in defines libjack's
 * jack_on_shutdown(), which librtaudio, loaded on its behalf, finds before
 * libjack's, and registers a handler that sets a flag. (Where librtaudio had
 * been loaded by somebody else before, it finds libjack's, and only its own
 * closing, which stream_close() waits for, tells us.)
 *
 * The next trap: once a server has died, the next jack_client_open() of the
 * process frees every client that it had, and closing their streams after
 * that frees them again. Since each question to RtAudio about JACK opens a
 * client, none may be asked until the streams of a dead server are closed.
 */
#ifndef TABOR_BACKENDS_RTAUDIO_JACK_H
#define TABOR_BACKENDS_RTAUDIO_JACK_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

/* A part of each stream on JACK. */
typedef struct jack_life {
    _Atomic int gone; /* libjack's thread (release), control (acquire) */
    const _Atomic uint32_t *calls; /* callbacks served */
    uint32_t seen;                 /* calls when a question began to wait */
    struct jack_life *next;
} jack_life;

/* The client that this thread opens from here on is life's; NULL ends that.
 * life: borrowed until the client is closed.  [control] */
void jack_watch_next_client(jack_life *life);

/* Has its server died?  [any] */
bool jack_is_gone(const jack_life *life);

/* A stream runs; it is closed (takes those that never ran). life: borrowed in
 * between.  [control] */
void jack_life_begin(jack_life *life);
void jack_life_end(jack_life *life);

/* Before each question: wait until each running stream has had a callback, or
 * its server has died and it is closed.  [control, entered]
 *
 * Gives up after 0.3 s. True if it is safe to ask: a stream that is silent,
 * but whose server has not died, has one that hangs or has dropped it.
 */
bool jack_may_ask(void);

#endif
