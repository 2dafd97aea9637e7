/* SPDX-License-Identifier: MIT
 *
 * Put before a file (-include), with -DTABOR_WEAKEN='"release tail"': this one
 * order of src/link is relaxed, for a checker that must notice.
 */
#ifndef TABOR_TESTS_ORDER_WEAKEN_H
#define TABOR_TESTS_ORDER_WEAKEN_H

#define TABOR_ORDER(order, name)                                               \
    (__builtin_strcmp(#order " " #name, TABOR_WEAKEN) == 0                     \
         ? memory_order_relaxed                                                \
         : memory_order_##order)

#endif
