/* SPDX-License-Identifier: MIT
 *
 * An engine as the control side knows it.
 *
 * Locks, outer before inner: role, mutex, a client's mutex, the sample table's.
 */
#ifndef TABOR_CONTROL_ENGINE_H
#define TABOR_CONTROL_ENGINE_H

#include <pthread.h>

#include "control/device.h"
#include "control/releases.h"
#include "control/sample.h"
#include "control/stream.h"

struct tabor_engine {
    uint32_t id;
    unsigned forks; /* tabor_forks() when it opened */
    unsigned refs;  /* of users; under the list's mutex */
    unsigned holds; /* refs alive + clients; under the list's mutex */
    struct tabor_engine *next;

    tabor_engine_config config; /* numbers only; strings are in order */
    int pumped;
    char warning[1024];

    tabor_rt *rt;
    tabor_take *take; /* or NULL */
    tabor_samples samples;
    tabor_device device;

    /* Held by whoever renders in place of a driver's thread. */
    pthread_mutex_t role;

    pthread_mutex_t mutex;
    tabor_client *clients[TABOR_OWNERS];    /* under mutex */
    tabor_rt_client *leaving[TABOR_OWNERS]; /* likewise */
    /* Likewise: the last generation that a play slot of the owner had. Who
     * gets the number goes on from there, so that the voices of who had it
     * name none of his. */
    uint32_t generations[TABOR_OWNERS];
    /* Likewise: what clients left behind while no other was there. */
    tabor_releases releases;
    _Atomic int closed;
    _Atomic uint32_t gain_bits; /* float, as last asked for */

    pthread_mutex_t meter_mutex; /* over what the meters said last */
    double meter_energy[TABOR_MAX_CHANNELS];
    uint64_t meter_frame;

    pthread_t service;
    int wake_fd;
    _Atomic int service_quit;
    int service_runs;
};

/* TABOR_OK, TABOR_ERR_CLOSED or TABOR_ERR_FORKED.  [any] */
tabor_status tabor_engine_check(const tabor_engine *engine);

/* One hold less; the last one frees.  [control] */
void tabor_engine_drop(tabor_engine *engine);
void tabor_engine_hold(tabor_engine *engine);

/* Free what the audio thread has let go of, send what was put off, wake whom
 * it asked to wake.  [control] */
void tabor_engine_tidy(tabor_engine *engine);

/* Let what is due take effect without rendering; pumped engines only.
 * [control] */
void tabor_engine_settle(tabor_engine *engine);

/* Make and free the audio thread's state.  [control] */
tabor_rt *tabor_rt_new(const tabor_engine_config *config,
                       const tabor_kernels *kernels, tabor_sample_slot *slots);
void tabor_rt_free(tabor_rt *rt);

/* The service thread: tidies whenever woken, watches the device.  [control] */
tabor_status tabor_service_start(tabor_engine *engine);
void tabor_service_stop(tabor_engine *engine);

#endif
