/* SPDX-License-Identifier: MIT */
#include "control/order.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "control/status.h"

static tabor_status
check_range(const char *name, uint32_t value, uint32_t low, uint32_t high)
{
    if (value < low || value > high) {
        return tabor_fail(TABOR_ERR_INVALID,
                          "%s is %" PRIu32 ", but goes from %" PRIu32
                          " to %" PRIu32,
                          name, value, low, high);
    }
    return TABOR_OK;
}

tabor_status
tabor_config_check(const tabor_engine_config *config)
{
    if (config->struct_size != sizeof *config) {
        return tabor_fail(TABOR_ERR_INVALID,
                          "config.struct_size is not sizeof config: start "
                          "from TABOR_ENGINE_CONFIG");
    }
    tabor_status st;
    if ((st = check_range("rate", config->rate, TABOR_MIN_RATE,
                          TABOR_MAX_RATE)) != TABOR_OK ||
        (st = check_range("channels", config->channels, 1,
                          TABOR_MAX_CHANNELS)) != TABOR_OK ||
        (st = check_range("block", config->block, 1, TABOR_MAX_BLOCK)) !=
            TABOR_OK ||
        (st = check_range("voices", config->voices, 1, TABOR_MAX_VOICES)) !=
            TABOR_OK) {
        return st;
    }
    if ((uint64_t)config->block * 1000 >
        (uint64_t)config->rate * TABOR_MAX_PERIOD_MS) {
        return tabor_fail(TABOR_ERR_INVALID,
                          "block %" PRIu32 " at rate %" PRIu32
                          " lasts over %d ms: take a smaller block",
                          config->block, config->rate, TABOR_MAX_PERIOD_MS);
    }
    if ((unsigned)config->kernel > TABOR_KERNEL_SINC32) {
        return tabor_fail(TABOR_ERR_INVALID, "kernel is %d: no such kernel",
                          (int)config->kernel);
    }
    return TABOR_OK;
}

static int
copy_settings(const tabor_engine_config *config, tabor_order *order)
{
    size_t n = config->setting_count;
    order->settings = calloc(n + 1, sizeof *order->settings);
    if (!order->settings) {
        return -1;
    }
    for (size_t i = 0; i < n; i++) {
        order->setting_count = i + 1;
        order->settings[i].key = strdup(config->settings[i].key);
        order->settings[i].value = strdup(config->settings[i].value);
        if (!order->settings[i].key || !order->settings[i].value) {
            return -1;
        }
    }
    return 0;
}

tabor_status
tabor_order_new(const tabor_engine_config *config, tabor_order **order)
{
    tabor_order *o = calloc(1, sizeof *o);
    if (!o) {
        return tabor_fail(TABOR_ERR_NO_MEMORY, "no memory for an engine");
    }
    atomic_init(&o->refs, 1);
    o->rate = config->rate;
    o->channels = config->channels;
    o->block = config->block;
    o->dither = config->dither;
    int failed = copy_settings(config, o);
    if (config->device && *config->device) {
        o->device = strdup(config->device);
        failed |= !o->device;
    }
    if (failed) {
        tabor_order_unref(o);
        return tabor_fail(TABOR_ERR_NO_MEMORY, "no memory for an engine");
    }
    *order = o;
    return TABOR_OK;
}

tabor_order *
tabor_order_ref(tabor_order *order)
{
    atomic_fetch_add_explicit(&order->refs, 1, memory_order_relaxed);
    return order;
}

void
tabor_order_unref(tabor_order *order)
{
    if (!order ||
        atomic_fetch_sub_explicit(&order->refs, 1, memory_order_acq_rel) > 1) {
        return;
    }
    for (size_t i = 0; i < order->setting_count; i++) {
        free((char *)order->settings[i].key);
        free((char *)order->settings[i].value);
    }
    free(order->settings);
    free(order->device);
    free(order);
}

static const char *
nearest_option(const char *key, const tabor_driver *driver)
{
    const char *words[64];
    size_t n = 0;
    for (const tabor_driver_option *o = driver->options; o && o->name && n < 63;
         o++) {
        words[n++] = o->name;
    }
    words[n] = NULL;
    return tabor_nearest(key, words);
}

static int
has_option(const tabor_driver *driver, const char *key)
{
    for (const tabor_driver_option *o = driver->options; o && o->name; o++) {
        if (strcmp(o->name, key) == 0) {
            return 1;
        }
    }
    return 0;
}

tabor_status
tabor_order_check_options(const tabor_order *order, const tabor_driver *driver)
{
    for (size_t i = 0; i < order->setting_count; i++) {
        const char *key = order->settings[i].key;
        if (has_option(driver, key)) {
            continue;
        }
        const char *nearest = nearest_option(key, driver);
        return tabor_fail(TABOR_ERR_INVALID,
                          "driver %s has no option '%s'%s%s%s", driver->name,
                          key, nearest ? "; did you mean '" : "",
                          nearest ? nearest : "", nearest ? "'?" : "");
    }
    return TABOR_OK;
}

tabor_stream_wish
tabor_order_wish(const tabor_order *order)
{
    return (tabor_stream_wish){.struct_size = sizeof(tabor_stream_wish),
                               .rate = order->rate,
                               .channels = order->channels,
                               .block = order->block,
                               .device = order->device,
                               .settings = order->settings,
                               .setting_count = order->setting_count};
}
