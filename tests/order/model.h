/* SPDX-License-Identifier: MIT
 *
 * All that C's memory model admits, tried out.
 *
 * The code under test is compiled as for ThreadSanitizer, so that the compiler
 * itself names each access; but what it calls is ours (hooks.c). Threads are
 * fibres that stop before each atomic (explore.c), so every order of their
 * steps can be taken. A location keeps all that was ever stored in it
 * (memory.c), so a load can also be given what is old, as far as coherence and
 * the releases that its thread has acquired allow. Plain accesses are checked:
 * two that conflict must be ordered.
 *
 * Each execution is run anew from its beginning along a list of choices. Steps
 * that touch different locations are tried in one order only (sleep sets), and
 * a load is not given an old value that it could have read in time.
 *
 * Outside: fences and seq_cst, which our code does not use, and reading what
 * is only stored later (C11 without "load buffering": RC11).
 */
#ifndef TABOR_TESTS_ORDER_MODEL_H
#define TABOR_TESTS_ORDER_MODEL_H

#include <stddef.h>
#include <stdint.h>

#define MODEL_THREADS 3

typedef struct model_protocol {
    const char *name;
    void (*reset)(void);                  /* before each execution */
    void (*threads[MODEL_THREADS])(void); /* NULL: fewer */
    void (*finish)(void); /* knows all that happened, when all is over */
    unsigned servants;    /* bits of threads that may be left waiting */
    unsigned patience;    /* loads in a row that tell a thread nothing new;
                           * more would only be spinning */
} model_protocol;

typedef struct model_result {
    uint64_t executions; /* that came to their end */
    uint64_t cut;        /* that went on spinning */
    uint64_t repeated;   /* left as soon as they became a repetition */
    uint64_t distinct;   /* of the executions: by who read what from whom */
    uint64_t outcomes;   /* bits that model_outcome was told */
    char fault[200];     /* the first; empty: none */
    char trace[4000];    /* what led to it, a step a line */
} model_result;

/* Run every execution of a protocol, or up to the first fault. */
void model_explore(const model_protocol *protocol, model_result *result);

/* ------------------------------------------------- for the code under test */

/* This execution is a fault; does not come back. */
_Noreturn void model_fail(const char *what);

/* Of the litmus tests: which of up to 64 outcomes this execution had. */
void model_outcome(unsigned bit);

/* Whoever touches it before model_alloc is at fault. */
void model_free(const void *memory, size_t size);
void model_alloc(const void *memory, size_t size);

/* A location's name in traces. */
void model_name(const volatile void *location, const char *name);

/* What the kernel offers: a flag to sleep on. Ringing sets it; a wait ends when
 * it is set, and clears it. */
typedef struct model_event {
    int set;
    int mute; /* 1: it wakes, but orders nothing, like a timer */
} model_event;

void model_ring(model_event *event);
void model_wait(model_event *event);

/* ------------------------------------------------------------------ orders */

/* A place in the source where an order is given. */
typedef struct model_site {
    const char *order; /* "acquire tail" */
    const char *function;
    uint64_t protocols; /* bits: met in */
} model_site;

extern model_site model_sites[];
extern unsigned model_site_count;
/* The site that is relaxed in what is explored now, or -1. */
extern int model_weak_site;
/* The protocol that is explored now. */
extern unsigned model_protocol_number;

int model_order(int order, const char *name, const char *function);

/* 1: try every order of all steps, and old values always. */
extern int model_thorough;

/* ------------------------------------- between explore.c, memory.c, hooks.c */

enum {
    MODEL_STILL,   /* nobody runs: accesses are real */
    MODEL_RUNS,    /* fibres run */
    MODEL_FINISHES /* the protocol's finish runs, alone */
};

enum {
    MODEL_LOAD,
    MODEL_STORE,
    MODEL_CHANGE, /* reads and writes */
    MODEL_RING,
    MODEL_WAIT
};

typedef struct model_step {
    int kind;
    const volatile void *location;
    uint64_t born; /* stores so far, when the thread came to it */
} model_step;

extern int model_state;
extern unsigned model_thread; /* who runs; MODEL_THREADS: finish */

/* Stop before a step, until it is this thread's turn; returns the step. */
const model_step *model_arrive(int kind, const volatile void *location);
/* One of n ways to go on. */
unsigned model_choose(unsigned n);
/* This execution only spins; does not come back. */
_Noreturn void model_cut(void);
void model_trace(const char *format, ...) __attribute__((format(printf, 1, 2)));

void model_memory_reset(unsigned patience);
/* A number that two executions share only if all reads and all changes were
 * the same. */
uint64_t model_memory_print(void);
void model_memory_finish(void);
uint64_t model_stores(void);
void model_sync(const model_event *event, int ring);
uint64_t model_load(const volatile void *at, unsigned size, int order);
void model_store(volatile void *at, unsigned size, uint64_t value, int order);
uint64_t model_change(volatile void *at, unsigned size, uint64_t operand,
                      int order,
                      uint64_t (*change)(uint64_t old, uint64_t operand));
int model_swap_if(volatile void *at, unsigned size, uint64_t *expected,
                  uint64_t value, int order, int order_if_not);
void model_touch(const volatile void *at, size_t size, int writes);

#endif
