/* SPDX-License-Identifier: MIT
 *
 * One opened stream of one driver, and its gate to the engine.
 */
#ifndef TABOR_CONTROL_STREAM_H
#define TABOR_CONTROL_STREAM_H

#include "control/order.h"
#include "rt/process.h"

typedef struct tabor_stream {
    const tabor_driver *driver;
    void *handle;
    tabor_process process;
    tabor_driver_host host;
    tabor_stream_grant grant;
    uint32_t latency_frames;
    uint64_t started_ns;
    _Atomic uint32_t lost;          /* by the driver's notify, relaxed */
    _Atomic uint64_t xruns;         /* likewise */
    _Atomic uint32_t realtime;      /* likewise */
    struct tabor_stream *next_left; /* among those left behind */
} tabor_stream;

/* Open and start a driver's stream with its gate shut, within five seconds.
 * [control]
 *
 * rt      what it will render once the gate opens
 * stream  out, owned
 *
 * TABOR_ERR_DEVICE  it did not; tabor_error() tells why
 */
tabor_status tabor_stream_open(const tabor_driver *driver, tabor_order *order,
                               tabor_rt *rt, int wake_fd,
                               tabor_stream **stream);

/* The same on the calling thread, for as long as it takes.  [control] */
tabor_status tabor_stream_open_here(const tabor_driver *driver,
                                    tabor_order *order, tabor_rt *rt,
                                    int wake_fd, tabor_stream **stream);

/* Let the driver's calls render the engine. The caller has the audio role:
 * no other stream is inside.  [control] */
void tabor_stream_enter(tabor_stream *stream);

/* Take the audio role back: on return no call is inside, and later ones
 * render silence.  [control] */
void tabor_stream_leave(tabor_stream *stream);

/* Stop and close a stream whose gate is shut, within two seconds; after that,
 * leave it behind.  [control]  Takes NULL.
 * TABOR_ERR_DEVICE: it was left behind. */
tabor_status tabor_stream_close(tabor_stream *stream);

/* The same on the calling thread, for as long as it takes. Returns 1 if it was
 * freed, 0 if the driver had to leave something behind.  [control] */
int tabor_stream_close_here(tabor_stream *stream);

#endif
