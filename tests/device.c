/* SPDX-License-Identifier: MIT
 *
 * Devices that fail: time goes on, nothing accepted is lost, nothing hangs.
 * The chaos plug-in is found through TABOR_DRIVER_PATH.
 */
#include <time.h>

#include "helpers.h"

static double
now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static tabor_status
open_chaos(const char *fault, const char *again, rig *r)
{
    const tabor_setting settings[] = {{"fault", fault}, {"again", again}};
    tabor_engine_config config = TABOR_ENGINE_CONFIG;
    config.driver = "chaos";
    config.settings = settings;
    config.setting_count = 2;
    tabor_status st = tabor_engine_open(&config, &r->engine);
    if (st == TABOR_OK) {
        must(tabor_client_open(r->engine, NULL, &r->client));
    }
    return st;
}

/* Wait for one type of event, for at most ten seconds. */
static int
wait_event(rig *r, unsigned type, tabor_event *event)
{
    double until = now() + 10;
    while (now() < until) {
        while (tabor_poll(r->client, event, 1)) {
            if (event->type == type) {
                return 1;
            }
        }
        tabor_client_wait(r->client, 100000000);
    }
    return 0;
}

/* A fault that takes the device away: sound goes on in the stand-in. */
static void
test_loss(const char *fault)
{
    rig r;
    must(open_chaos(fault, "yes", &r));
    tabor_handle sample = rig_ramp(&r, 48000, 2), voice;
    tabor_event e;
    must(tabor_play(r.client, sample, NULL, &voice));
    ok(wait_event(&r, TABOR_EVENT_DEVICE_LOST, &e), "%s: the loss is told",
       fault);
    ok(wait_event(&r, TABOR_EVENT_ENDED, &e) && e.reason == TABOR_FINISHED &&
           e.frame == e.value + 48000,
       "%s: the voice plays on to its very end", fault);
    uint64_t cookie, ns;
    must(tabor_ping_send(r.client, &cookie));
    ok_int(tabor_ping_wait(r.client, cookie, 2000000000, &ns), TABOR_OK,
           "%s: pings are answered", fault);
    rig_close(&r);
}

static void
test_return(void)
{
    rig r;
    must(open_chaos("die", "no", &r));
    tabor_event e;
    ok(wait_event(&r, TABOR_EVENT_DEVICE_BACK, &e),
       "a device that returns is taken back");
    uint64_t before = tabor_engine_frame(r.engine);
    tabor_handle sample = rig_ramp(&r, 480, 2), voice;
    must(tabor_play(r.client, sample, NULL, &voice));
    ok(wait_event(&r, TABOR_EVENT_ENDED, &e) && e.frame > before,
       "and plays on, without going back in time");
    rig_close(&r);
}

static void
test_hanging(const char *fault)
{
    rig r;
    must(open_chaos(fault, "yes", &r));
    tabor_handle sample = rig_ramp(&r, 480000, 2), voice;
    must(tabor_play(r.client, sample, NULL, &voice));
    double start = now();
    tabor_engine_close(r.engine);
    ok(now() - start < 10, "%s: close returns all the same", fault);
    tabor_event e;
    ok(tabor_poll(r.client, &e, 1) == 1 && e.handle == voice &&
           e.reason == TABOR_DETACHED,
       "%s: a play that close cut off has its end too", fault);
    tabor_client_close(r.client);
}

static void
test_open(void)
{
    rig r;
    ok(open_chaos("refuse", "yes", &r) == TABOR_ERR_DEVICE &&
           strstr(tabor_error(), "it is Monday"),
       "a refusal is told in the driver's words");
    ok(open_chaos("rate", "yes", &r) == TABOR_ERR_DEVICE &&
           strstr(tabor_error(), "rate=12345"),
       "another rate than asked for is refused, and told");
    ok(open_chaos("hang_open", "yes", &r) == TABOR_ERR_DEVICE &&
           strstr(tabor_error(), "did not answer"),
       "an open that hangs is given up");
}

static void
test_odd_blocks(void)
{
    rig r;
    must(open_chaos("odd_blocks", "yes", &r));
    tabor_handle sample = rig_ramp(&r, 12345, 2), voice;
    must(tabor_play(r.client, sample, NULL, &voice));
    tabor_event e;
    ok(wait_event(&r, TABOR_EVENT_ENDED, &e) && e.frame - e.value == 12345,
       "blocks of any size: a play lasts as long as its sample");
    rig_close(&r);
}

int
main(void)
{
    tap_start();
    test_odd_blocks();
    test_open();
    test_hanging("hang_stop");
    test_hanging("hang_close");
    test_hanging("ghost");
    test_return();
    test_loss("stall");
    test_loss("runaway");
    return tap_done();
}
