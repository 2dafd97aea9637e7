/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "control/client.h"
#include "control/deadline.h"
#include "control/engine.h"
#include "control/status.h"

/* How often the device is looked at, and how often clients are where the audio
 * thread makes no wake-up calls. */
#define TICK_MS      20
#define WAKE_POLL_MS 2

static void *
run(void *user)
{
    tabor_engine *engine = user;
    int timeout = engine->config.wake_poll ? WAKE_POLL_MS : TICK_MS;
    uint64_t next_tick = 0;
    while (!atomic_load_explicit(&engine->service_quit, memory_order_acquire)) {
        struct pollfd wake = {.fd = engine->wake_fd, .events = POLLIN};
        if (poll(&wake, 1, timeout) > 0) {
            uint64_t n;
            ssize_t ignored = read(engine->wake_fd, &n, sizeof n);
            (void)ignored;
        }
        tabor_clients_wake(engine);
        uint64_t now = tabor_now_ns();
        if (now >= next_tick) {
            next_tick = now + TICK_MS * UINT64_C(1000000);
            tabor_engine_tidy(engine);
            if (tabor_device_watch(&engine->device)) {
                tabor_clients_nudge(engine);
            }
        }
    }
    return NULL;
}

tabor_status
tabor_service_start(tabor_engine *engine)
{
    int error =
        tabor_thread_start(&engine->service, "tabor-service", run, engine);
    if (error) {
        return tabor_fail(TABOR_ERR_NO_MEMORY, "no thread for the engine: %s",
                          strerror(error));
    }
    engine->service_runs = 1;
    return TABOR_OK;
}

void
tabor_service_stop(tabor_engine *engine)
{
    if (!engine->service_runs) {
        return;
    }
    atomic_store_explicit(&engine->service_quit, 1, memory_order_release);
    const uint64_t one = 1;
    ssize_t ignored = write(engine->wake_fd, &one, sizeof one);
    (void)ignored;
    pthread_join(engine->service, NULL);
    engine->service_runs = 0;
}
