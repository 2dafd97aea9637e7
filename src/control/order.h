/* SPDX-License-Identifier: MIT
 *
 * What an engine was asked for, checked and owned.
 */
#ifndef TABOR_CONTROL_ORDER_H
#define TABOR_CONTROL_ORDER_H

#include <stdatomic.h>

#include <tabor/driver.h>
#include <tabor/tabor.h>

/* A stream's wish, counted by reference: a thread that hangs in a driver keeps
 * its own. Constant once made. */
typedef struct tabor_order {
    _Atomic unsigned refs;
    uint32_t rate, channels, block;
    int dither;   /* of what a driver takes as integers */
    char *device; /* or NULL */
    tabor_driver_setting *settings;
    size_t setting_count;
} tabor_order;

/* Check every number of a config.  [control]  TABOR_ERR_INVALID */
tabor_status tabor_config_check(const tabor_engine_config *config);

/* Copy what a driver needs to know; order: out, one reference.  [control] */
tabor_status tabor_order_new(const tabor_engine_config *config,
                             tabor_order **order);

tabor_order *tabor_order_ref(tabor_order *order);

/* Takes NULL. */
void tabor_order_unref(tabor_order *order);

/* Are all settings options that the driver has?  [control]
 * TABOR_ERR_INVALID, with the nearest one */
tabor_status tabor_order_check_options(const tabor_order *order,
                                       const tabor_driver *driver);

/* What open() is told; borrowed while the order lives.  [any] */
tabor_stream_wish tabor_order_wish(const tabor_order *order);

#endif
