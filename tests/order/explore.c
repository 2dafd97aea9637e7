/* SPDX-License-Identifier: MIT
 *
 * Every order of the threads' steps, and every choice within a step: a search
 * in depth, in which an execution is a list of choices and is run anew from
 * its beginning.
 */
#include "model.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <ucontext.h>

#define STACK   (256 * 1024)
#define CHOICES 1000
#define SITES   64
#define PRINTS  (1u << 20)

/* A place where the search can go on in another way: whose turn it is, or how
 * a step goes on. */
typedef struct choice {
    uint8_t turn; /* 1: chosen is a thread */
    uint8_t chosen, count;
    uint8_t ready; /* threads that could go on here */
    uint8_t loads; /* and those of them that will only load */
    uint8_t sleep; /* threads whose step here was tried elsewhere */
} choice;

typedef struct fibre {
    ucontext_t context;
    model_step step; /* what it will do at its next turn */
    int over;
} fibre;

enum {
    GOES_ON,
    REPEATS,
    SPINS,
    FAILS
};

int model_state;
unsigned model_thread;
model_site model_sites[SITES];
unsigned model_site_count, model_protocol_number;
int model_weak_site = -1, model_thorough;

static struct {
    const model_protocol *protocol;
    model_result *result;
    choice choices[CHOICES];
    unsigned depth, known; /* choices taken; choices that are on the list */
    fibre fibres[MODEL_THREADS];
    ucontext_t home;
    int end; /* why this execution was left */
    uint64_t print;
    size_t trace_length;
    int tracing;
} x;

static char stacks[MODEL_THREADS][STACK] __attribute__((aligned(64)));

/* --------------------------------------------------------------- leaving -- */

/* Back to the search, for good. */
_Noreturn static void
leave(int why)
{
    x.end = why;
    setcontext(&x.home);
    abort();
}

void
model_fail(const char *what)
{
    snprintf(x.result->fault, sizeof x.result->fault, "%s", what);
    leave(FAILS);
}

void
model_cut(void)
{
    leave(SPINS);
}

void
model_outcome(unsigned bit)
{
    x.result->outcomes |= UINT64_C(1) << bit;
}

void
model_trace(const char *format, ...)
{
    size_t room = sizeof x.result->trace - x.trace_length;
    if (!x.tracing || room < 2) {
        return;
    }
    va_list args;
    va_start(args, format);
    int n = vsnprintf(x.result->trace + x.trace_length, room, format, args);
    va_end(args);
    x.trace_length += n < 0 ? 0 : (size_t)n < room ? (size_t)n : room - 1;
}

/* ---------------------------------------------------------------- orders -- */

/* The compiler has a copy of an inline function, and of its strings, for each
 * file: several places are one site. */
static struct place {
    const char *order, *function;
    unsigned site;
} places[2 * SITES];
static unsigned place_count;

static unsigned
site_named(const char *order, const char *function)
{
    unsigned i = 0;
    while (i < model_site_count &&
           (strcmp(model_sites[i].order, order) != 0 ||
            strcmp(model_sites[i].function, function) != 0)) {
        i++;
    }
    if (i == model_site_count) {
        if (i == SITES) {
            model_fail("the model has too few sites");
        }
        model_sites[model_site_count++] = (model_site){order, function, 0};
    }
    return i;
}

int
model_order(int order, const char *name, const char *function)
{
    unsigned i = 0;
    while (i < place_count &&
           (places[i].order != name || places[i].function != function)) {
        i++;
    }
    if (i == place_count) {
        if (i == 2 * SITES) {
            model_fail("the model has too few sites");
        }
        places[i] = (struct place){name, function, site_named(name, function)};
        place_count++;
    }
    unsigned site = places[i].site;
    model_sites[site].protocols |= UINT64_C(1) << model_protocol_number;
    return (int)site == model_weak_site ? __ATOMIC_RELAXED : order;
}

/* --------------------------------------------------------------- choices -- */

static choice *
next_choice(void)
{
    if (x.depth == CHOICES) {
        leave(SPINS);
    }
    return &x.choices[x.depth++];
}

unsigned
model_choose(unsigned n)
{
    if (n <= 1 || model_state != MODEL_RUNS) {
        return 0;
    }
    choice *c = next_choice();
    if (x.depth > x.known) {
        *c = (choice){.count = (uint8_t)n};
        x.known = x.depth;
    }
    return c->chosen;
}

/* A thread whose turn was not tried; MODEL_THREADS: none. Loads go first: what
 * they could read in time they need not be given when it is old. */
static unsigned
next_thread(unsigned ready, unsigned loads, unsigned sleep)
{
    unsigned set = ready & ~sleep, thread = 0;
    if (set & loads) {
        set &= loads;
    }
    while (thread < MODEL_THREADS && !(set >> thread & 1)) {
        thread++;
    }
    return thread;
}

static unsigned
loading_threads(unsigned ready)
{
    unsigned set = 0;
    for (unsigned t = 0; t < MODEL_THREADS; t++) {
        set |= (unsigned)(x.fibres[t].step.kind == MODEL_LOAD) << t;
    }
    return set & ready;
}

/* Whose turn it is; MODEL_THREADS: only those whose step was tried. */
static unsigned
choose_thread(unsigned ready, unsigned sleep, unsigned *asleep)
{
    choice *c = next_choice();
    if (x.depth > x.known) {
        unsigned loads = loading_threads(ready);
        unsigned first = next_thread(ready, loads, sleep);
        if (first == MODEL_THREADS) {
            return first;
        }
        *c = (choice){.turn = 1,
                      .chosen = (uint8_t)first,
                      .ready = (uint8_t)ready,
                      .loads = (uint8_t)loads,
                      .sleep = (uint8_t)sleep};
        x.known = x.depth;
    }
    *asleep = c->sleep;
    return c->chosen;
}

/* Make the list that of the next execution; 0: there is none. */
static int
backtrack(void)
{
    while (x.known > 0) {
        choice *c = &x.choices[x.known - 1];
        if (!c->turn && c->chosen + 1 < c->count) {
            c->chosen++;
            return 1;
        }
        if (c->turn) {
            c->sleep |= (uint8_t)(1u << c->chosen);
            unsigned next = next_thread(c->ready, c->loads, c->sleep);
            if (next < MODEL_THREADS) {
                c->chosen = (uint8_t)next;
                return 1;
            }
        }
        x.known--;
    }
    return 0;
}

/* --------------------------------------------------------------- threads -- */

const model_step *
model_arrive(int kind, const volatile void *location)
{
    static const model_step alone;
    if (model_state != MODEL_RUNS) {
        return &alone;
    }
    fibre *f = &x.fibres[model_thread];
    f->step = (model_step){kind, location, model_stores()};
    swapcontext(&f->context, &x.home);
    return &f->step;
}

static void
run_thread(void)
{
    unsigned thread = model_thread;
    x.protocol->threads[thread]();
    x.fibres[thread].over = 1;
}

static void
resume(unsigned thread)
{
    model_thread = thread;
    swapcontext(&x.home, &x.fibres[thread].context);
}

/* Up to its first step. */
static void
start_thread(unsigned thread)
{
    fibre *f = &x.fibres[thread];
    f->over = !x.protocol->threads[thread];
    if (f->over) {
        return;
    }
    getcontext(&f->context);
    f->context.uc_stack.ss_sp = stacks[thread];
    f->context.uc_stack.ss_size = STACK;
    f->context.uc_link = &x.home;
    makecontext(&f->context, run_thread, 0);
    resume(thread);
}

static unsigned
ready_threads(void)
{
    unsigned set = 0;
    for (unsigned t = 0; t < MODEL_THREADS; t++) {
        const fibre *f = &x.fibres[t];
        int waits = f->step.kind == MODEL_WAIT &&
                    !((const volatile model_event *)f->step.location)->set;
        set |= (unsigned)(!f->over && !waits) << t;
    }
    return set;
}

/* Does it matter which of the two comes first? */
static int
depends(const model_step *a, const model_step *b)
{
    return a->location == b->location &&
           !(a->kind == MODEL_LOAD && b->kind == MODEL_LOAD);
}

static void
wake_dependents(unsigned thread, unsigned *sleep)
{
    for (unsigned t = 0; t < MODEL_THREADS; t++) {
        if (model_thorough ||
            depends(&x.fibres[t].step, &x.fibres[thread].step)) {
            *sleep &= ~(1u << t);
        }
    }
}

static void
run_threads(void)
{
    unsigned sleep = 0, ready;
    while (x.end == GOES_ON && (ready = ready_threads()) != 0) {
        unsigned asleep;
        unsigned thread = choose_thread(ready, sleep, &asleep);
        if (thread == MODEL_THREADS) {
            x.end = REPEATS;
            return;
        }
        sleep = asleep & ~(1u << thread);
        wake_dependents(thread, &sleep);
        resume(thread);
    }
}

void
model_ring(model_event *event)
{
    model_arrive(MODEL_RING, event);
    event->set = 1;
    if (model_state == MODEL_RUNS) {
        model_sync(event, 1);
    }
}

void
model_wait(model_event *event)
{
    model_arrive(MODEL_WAIT, event);
    event->set = 0;
    if (model_state == MODEL_RUNS) {
        model_sync(event, 0);
    }
}

/* ---------------------------------------------------------------- search -- */

/* Threads that wait for ever, and may not. */
static int
is_stuck(void)
{
    unsigned waiting = 0;
    for (unsigned t = 0; t < MODEL_THREADS; t++) {
        waiting |= (unsigned)!x.fibres[t].over << t;
    }
    return (waiting & ~x.protocol->servants) != 0;
}

static void
finish(void)
{
    x.print = model_memory_print();
    model_state = MODEL_FINISHES;
    model_thread = MODEL_THREADS;
    model_memory_finish();
    if (is_stuck()) {
        model_fail("a thread sleeps and nobody will wake it");
    }
    if (x.protocol->finish) {
        x.protocol->finish();
    }
}

/* leave() comes back to where home was last taken: in here, or in resume(). */
static void
run_once(void)
{
    x.depth = 0;
    x.end = GOES_ON;
    x.trace_length = 0;
    model_state = MODEL_STILL;
    model_memory_reset(x.protocol->patience);
    x.protocol->reset();
    model_state = MODEL_RUNS;
    for (unsigned t = 0; t < MODEL_THREADS && x.end == GOES_ON; t++) {
        start_thread(t);
    }
    run_threads();
    volatile int finished = 0;
    getcontext(&x.home);
    if (x.end == GOES_ON && !finished) {
        finished = 1;
        finish();
    }
    model_state = MODEL_STILL;
}

/* Executions told apart by their print; a full table counts no more. */
static void
count_distinct(uint64_t print)
{
    static uint64_t prints[PRINTS], owner[PRINTS];
    static uint64_t explorations;
    explorations += x.result->executions == 0;
    if (x.result->distinct > PRINTS / 2) {
        return;
    }
    size_t i = print % PRINTS;
    while (owner[i] == explorations && prints[i] != print) {
        i = (i + 1) % PRINTS;
    }
    if (owner[i] != explorations) {
        owner[i] = explorations;
        prints[i] = print;
        x.result->distinct++;
    }
}

static void
count(void)
{
    model_result *r = x.result;
    if (x.end == GOES_ON) {
        count_distinct(x.print);
    }
    r->executions += x.end == GOES_ON || x.end == FAILS;
    r->cut += x.end == SPINS;
    r->repeated += x.end == REPEATS;
}

void
model_explore(const model_protocol *protocol, model_result *result)
{
    memset(result, 0, sizeof *result);
    x.protocol = protocol;
    x.result = result;
    x.known = 0;
    x.tracing = 0;
    do {
        run_once();
        count();
    } while (x.end != FAILS && backtrack());
    if (x.end == FAILS) {
        x.tracing = 1;
        run_once();
    }
}
