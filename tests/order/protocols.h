/* SPDX-License-Identifier: MIT */
#ifndef TABOR_TESTS_ORDER_PROTOCOLS_H
#define TABOR_TESTS_ORDER_PROTOCOLS_H

#include "model.h"

/* What src/link promises: no execution may be a fault. */
extern const model_protocol protocols[];
extern const unsigned protocol_count;

/* Short ones, to be tried with no step left out. */
extern const model_protocol small_protocols[];
extern const unsigned small_protocol_count;

/* The same with its steps in a wrong order: each must have a fault. */
extern const model_protocol wrong_protocols[];
extern const unsigned wrong_protocol_count;

/* 1: more messages, blocks and calls. */
extern int protocols_wide;

/* Programs of a few lines whose outcomes are known. */
typedef struct litmus {
    model_protocol program;
    uint64_t outcomes; /* bits: those that C11 admits */
    const char *fault; /* or the one it must be found to have */
} litmus;

extern const litmus litmuses[];
extern const unsigned litmus_count;

#endif
