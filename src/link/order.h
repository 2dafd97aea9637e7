/* SPDX-License-Identifier: MIT
 *
 * The order of an atomic, with the name of what it orders. A release and an
 * acquire of the same name belong together: what was written before the one is
 * seen after the other.
 *
 * No order is stronger than it must be. tests/order explores all that they
 * admit, over these very headers; then it weakens each by its name and must
 * find what breaks. A relaxed atomic needs no name: there is nothing to weaken.
 */
#ifndef TABOR_LINK_ORDER_H
#define TABOR_LINK_ORDER_H

#include <stdatomic.h>

#ifndef TABOR_ORDER
#define TABOR_ORDER(order, name) memory_order_##order
#endif

#endif
