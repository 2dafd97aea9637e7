/* SPDX-License-Identifier: MIT */
#ifndef TABOR_TESTS_ORDER_PROTOCOLS_H
#define TABOR_TESTS_ORDER_PROTOCOLS_H

#include "model.h"

typedef struct protocol_set {
    /* what src/link promises: no execution may be a fault */
    const model_protocol *right;
    unsigned right_count;
    /* short ones, to be tried with no step left out */
    const model_protocol *small;
    unsigned small_count;
    /* with steps in a wrong order: each must have a fault */
    const model_protocol *wrong;
    unsigned wrong_count;
} protocol_set;

extern const protocol_set ring_protocols, word_protocols;

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
