/* SPDX-License-Identifier: MIT
 *
 * The gate in front of the engine: who is let in has the audio role.
 *
 * A call enters only if the gate is open and nobody is inside, and leaves in
 * any case. Who shuts it and then finds nobody inside may take the role away:
 * all that the calls did is seen, and no later call comes in. Who opens one
 * hands over what was seen.
 */
#ifndef TABOR_LINK_GATE_H
#define TABOR_LINK_GATE_H

#include <stdint.h>

#include "link/order.h"

enum {
    TABOR_GATE_IN = 1,  /* a call is inside */
    TABOR_GATE_SHUT = 2 /* calls render silence */
};

typedef struct tabor_gate {
    _Atomic uint32_t bits; /* TABOR_GATE_..., read-modify-write by both */
} tabor_gate;

/* Make a gate that is shut.  [control] */
static inline void
tabor_gate_init(tabor_gate *g)
{
    atomic_init(&g->bits, TABOR_GATE_SHUT);
}

/* Returns 1 if this call is inside now, and must leave.  [audio] */
static inline int
tabor_gate_enter(tabor_gate *g)
{
    uint32_t open = 0;
    return atomic_compare_exchange_strong_explicit(
        &g->bits, &open, TABOR_GATE_IN, TABOR_ORDER(acquire, gate_opened),
        memory_order_relaxed);
}

/* [audio] */
static inline void
tabor_gate_leave(tabor_gate *g)
{
    atomic_fetch_and_explicit(&g->bits, ~(uint32_t)TABOR_GATE_IN,
                              TABOR_ORDER(release, gate_left));
}

/* [control] */
static inline void
tabor_gate_open(tabor_gate *g)
{
    atomic_fetch_and_explicit(&g->bits, ~(uint32_t)TABOR_GATE_SHUT,
                              TABOR_ORDER(release, gate_opened));
}

/* Returns 1 if a call is still inside.  [control] */
static inline int
tabor_gate_shut(tabor_gate *g)
{
    return (atomic_fetch_or_explicit(&g->bits, TABOR_GATE_SHUT,
                                     TABOR_ORDER(acquire, gate_left)) &
            TABOR_GATE_IN) != 0;
}

/* Is the call that was inside when the gate was shut still there?  [control] */
static inline int
tabor_gate_busy(tabor_gate *g)
{
    return (atomic_load_explicit(&g->bits, TABOR_ORDER(acquire, gate_left)) &
            TABOR_GATE_IN) != 0;
}

#endif
