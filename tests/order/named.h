/* SPDX-License-Identifier: MIT
 *
 * Comes before src/link: its orders are asked of the model, by their names.
 */
#ifndef TABOR_TESTS_ORDER_NAMED_H
#define TABOR_TESTS_ORDER_NAMED_H

#include "model.h"

#define TABOR_ORDER(order, name)                                               \
    model_order(memory_order_##order, #order " " #name, __func__)

#define BEFORE_WRAP UINT32_C(0xfffffffe)

static inline void
expect(int holds, const char *what)
{
    if (!holds) {
        model_fail(what);
    }
}

#endif
