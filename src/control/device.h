/* SPDX-License-Identifier: MIT
 *
 * The device an engine plays on, and what happens when it goes away: the null
 * driver takes over at once, so time and credits go on, while a thread of its
 * own closes the dead stream, which may hang, and tries to open it anew.
 */
#ifndef TABOR_CONTROL_DEVICE_H
#define TABOR_CONTROL_DEVICE_H

#include <pthread.h>

#include "control/order.h"
#include "control/stream.h"

/* The thread that deals with a dead device; counted by reference, because it
 * may be left behind. */
typedef struct tabor_rescue tabor_rescue;

typedef struct tabor_device {
    const tabor_driver *driver;
    tabor_order *order;
    tabor_rt *rt;
    int wake_fd;

    tabor_stream *stream;   /* the device's, or NULL while it is away */
    tabor_stream *stand_in; /* the null driver's, or NULL */
    tabor_rescue *rescue;   /* NULL while all is well */
    pthread_mutex_t mutex;  /* over the three, for readers of figures */

    char name[256];         /* the device's, as granted */
    _Atomic uint32_t block; /* likewise; a device may return with another */
    _Atomic uint32_t epoch; /* odd while the device is away */
    uint64_t xruns_before;  /* of streams that are gone; under mutex */
    uint64_t blocks_before;
    uint64_t looked_ns; /* when watch() was last called */
    uint32_t hung;      /* drivers' calls left behind; under mutex */
} tabor_device;

/* Open as config asks, following "auto".  [control]
 *
 * warning  out, size bytes: what "auto" had to say, or ""
 */
tabor_status tabor_device_open(tabor_device *device,
                               const tabor_engine_config *config, tabor_rt *rt,
                               int wake_fd, char *warning, size_t size);

/* Give the device's thread the audio role.  [control] */
void tabor_device_start(tabor_device *device);

/* Look whether the device is still there; lose it or take it back.
 * [control]  Returns 1 if epoch has changed. */
int tabor_device_watch(tabor_device *device);

/* Stop everything; on return nobody renders. Within about two seconds.
 * [control]  TABOR_ERR_DEVICE: a driver hangs and was left behind */
tabor_status tabor_device_close(tabor_device *device);

/* Figures of the streams, gone ones included.  [any] */
typedef struct tabor_device_figures {
    uint64_t xruns, blocks;
    uint64_t busy_ns, frames; /* of the present stream */
    double load_max;
    uint32_t latency_frames;
    int realtime;
    uint32_t hung;
} tabor_device_figures;
void tabor_device_get_figures(tabor_device *device,
                              tabor_device_figures *figures);

/* The block of the device, as it was last granted.  [any] */
uint32_t tabor_device_block(const tabor_device *device);

/* Xruns of all streams so far.  [any] */
uint64_t tabor_device_xruns(tabor_device *device);

#endif
