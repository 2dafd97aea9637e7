/* SPDX-License-Identifier: MIT
 *
 * What a load may return. A location is the list of all that was stored in it,
 * in the order that all threads agree on; a thread's view says, for each
 * location, what it can't look behind. A release puts its thread's view into
 * what it stores, an acquire that reads it takes the view over.
 */
#include "model.h"

#include <stdatomic.h>
#include <string.h>

#define LOCATIONS 24
#define STORES    40 /* in one location */
#define NAMES     32
#define CELLS     8192 /* a power of two */
#define SPEAKERS  (MODEL_THREADS + 1)

typedef struct view {
    uint8_t from[LOCATIONS]; /* the oldest store that may be read */
    uint16_t clock[SPEAKERS];
} view;

typedef struct store {
    uint64_t value;
    uint64_t born;
    view released;
    uint8_t releases; /* 1: released holds */
    uint8_t changed;  /* 1: the next one was made from it, atomically */
    uint8_t met;      /* bits: threads */
    uint32_t name;    /* who stored it, and the how manieth of theirs */
} store;

typedef struct location {
    const volatile void *at;
    unsigned count;
    store stores[STORES];
} location;

/* Four bytes of plain memory: who has touched them last. */
typedef struct cell {
    uintptr_t key;
    uint64_t execution;
    uint16_t wrote_at, read_at[SPEAKERS];
    uint8_t wrote, dead;
} cell;

static struct {
    view views[SPEAKERS];
    location locations[LOCATIONS];
    unsigned location_count, patience;
    unsigned idle[SPEAKERS]; /* loads that told nothing new */
    uint32_t stored[SPEAKERS];
    uint64_t prints[SPEAKERS]; /* of all that a thread has read */
    uint64_t stores, execution;
    cell cells[CELLS];
    struct {
        const model_event *event;
        view released;
    } events[LOCATIONS];
    unsigned event_count;
    struct {
        const volatile void *at;
        const char *name;
    } names[NAMES];
    unsigned name_count;
} m;

static int
acquires(int order)
{
    return order == memory_order_acquire || order == memory_order_acq_rel;
}

static int
releases(int order)
{
    return order == memory_order_release || order == memory_order_acq_rel;
}

static void
join(view *into, const view *from)
{
    for (unsigned i = 0; i < m.location_count; i++) {
        if (from->from[i] > into->from[i]) {
            into->from[i] = from->from[i];
        }
    }
    for (unsigned i = 0; i < SPEAKERS; i++) {
        if (from->clock[i] > into->clock[i]) {
            into->clock[i] = from->clock[i];
        }
    }
}

/* ---------------------------------------------------------------- plain -- */

static cell *
cell_of(uintptr_t key)
{
    unsigned i = (unsigned)(key * UINT64_C(0x9E3779B97F4A7C15) >> 40);
    for (unsigned tries = 0; tries < CELLS; tries++, i++) {
        cell *c = &m.cells[i % CELLS];
        if (c->execution != m.execution) {
            *c = (cell){.key = key, .execution = m.execution};
            return c;
        }
        if (c->key == key) {
            return c;
        }
    }
    model_fail("the model has too little memory");
}

static void
touch_cell(cell *c, int writes)
{
    const view *v = &m.views[model_thread];
    if (c->dead) {
        model_fail("memory is used after it was freed");
    }
    if (c->wrote_at > v->clock[c->wrote]) {
        model_fail(writes ? "two plain writes are not ordered"
                          : "a plain read is not ordered with a write");
    }
    for (unsigned t = 0; writes && t < SPEAKERS; t++) {
        if (c->read_at[t] > v->clock[t]) {
            model_fail("a plain write is not ordered with a read");
        }
    }
    if (writes) {
        c->wrote = (uint8_t)model_thread;
        c->wrote_at = v->clock[model_thread];
    } else {
        c->read_at[model_thread] = v->clock[model_thread];
    }
}

void
model_touch(const volatile void *at, size_t size, int writes)
{
    if (model_state == MODEL_STILL || size == 0) {
        return;
    }
    uintptr_t last = ((uintptr_t)at + size - 1) / 4;
    for (uintptr_t key = (uintptr_t)at / 4; key <= last; key++) {
        touch_cell(cell_of(key), writes);
    }
}

static void
set_dead(const void *memory, size_t size, uint8_t dead)
{
    for (size_t i = 0; i < size; i += 4) {
        cell_of(((uintptr_t)memory + i) / 4)->dead = dead;
    }
}

void
model_free(const void *memory, size_t size)
{
    model_touch(memory, size, 1);
    set_dead(memory, size, 1);
}

void
model_alloc(const void *memory, size_t size)
{
    set_dead(memory, size, 0);
    model_touch(memory, size, 1);
}

/* ------------------------------------------------------------ locations -- */

void
model_name(const volatile void *at, const char *name)
{
    for (unsigned i = 0; i < m.name_count; i++) {
        if (m.names[i].at == at) {
            return;
        }
    }
    if (m.name_count < NAMES) {
        m.names[m.name_count].at = at;
        m.names[m.name_count++].name = name;
    }
}

static const char *
name_of(const volatile void *at)
{
    for (unsigned i = 0; i < m.name_count; i++) {
        if (m.names[i].at == at) {
            return m.names[i].name;
        }
    }
    return "?";
}

static uint64_t
real_load(const volatile void *at, unsigned size)
{
    return size == 4 ? *(const volatile uint32_t *)at
                     : *(const volatile uint64_t *)at;
}

static void
real_store(volatile void *at, unsigned size, uint64_t value)
{
    if (size == 4) {
        *(volatile uint32_t *)at = (uint32_t)value;
    } else {
        *(volatile uint64_t *)at = value;
    }
}

/* A location begins with what is really there. */
static location *
location_of(const volatile void *at, unsigned size)
{
    /* it must be alive, and what made it must be ordered */
    model_touch(at, size, 0);
    for (unsigned i = 0; i < m.location_count; i++) {
        if (m.locations[i].at == at) {
            return &m.locations[i];
        }
    }
    if (m.location_count == LOCATIONS) {
        model_fail("the model has too few locations");
    }
    location *l = &m.locations[m.location_count++];
    l->at = at;
    l->count = 1;
    memset(&l->stores[0], 0, sizeof l->stores[0]);
    l->stores[0].value = real_load(at, size);
    return l;
}

static unsigned
oldest(const location *l)
{
    return m.views[model_thread].from[l - m.locations];
}

static uint64_t
mix(uint64_t print, uint64_t x)
{
    print = (print ^ x) * UINT64_C(0x9E3779B97F4A7C15);
    return print ^ print >> 29;
}

/* Read the i-th store. */
static uint64_t
meet(location *l, unsigned i, int order)
{
    store *s = &l->stores[i];
    view *v = &m.views[model_thread];
    v->from[l - m.locations] = (uint8_t)i;
    if (acquires(order) && s->releases) {
        join(v, &s->released);
    }
    m.idle[model_thread] =
        s->met >> model_thread & 1 ? m.idle[model_thread] + 1 : 0;
    s->met |= (uint8_t)(1u << model_thread);
    m.prints[model_thread] = mix(m.prints[model_thread], s->name);
    return s->value;
}

/* Views name stores by their place: those behind a new one move up. */
static void
shift_views(unsigned at, unsigned place)
{
    for (unsigned t = 0; t < SPEAKERS; t++) {
        m.views[t].from[at] += m.views[t].from[at] >= place;
    }
    for (unsigned i = 0; i < m.event_count; i++) {
        view *v = &m.events[i].released;
        v->from[at] += v->from[at] >= place;
    }
    for (unsigned i = 0; i < m.location_count; i++) {
        for (unsigned j = 0; j < m.locations[i].count; j++) {
            view *v = &m.locations[i].stores[j].released;
            v->from[at] += v->from[at] >= place;
        }
    }
}

/* Put a store behind the i-th one; made_from it: a change, which hands its
 * release on. */
static void
insert(location *l, unsigned i, uint64_t value, int order, int made_from)
{
    if (l->count == STORES) {
        model_fail("the model has too few stores");
    }
    unsigned at = (unsigned)(l - m.locations), place = i + 1;
    shift_views(at, place);
    memmove(&l->stores[place + 1], &l->stores[place],
            (l->count - place) * sizeof l->stores[0]);
    l->count++;
    view *v = &m.views[model_thread];
    v->from[at] = (uint8_t)place;
    store *s = &l->stores[place];
    memset(s, 0, sizeof *s);
    s->value = value;
    s->born = ++m.stores;
    s->name = (model_thread + 1) << 16 | ++m.stored[model_thread];
    s->met = (uint8_t)(1u << model_thread);
    m.idle[model_thread] = 0;
    if (made_from) {
        l->stores[i].changed = 1;
        s->releases = l->stores[i].releases;
        s->released = l->stores[i].released;
    }
    if (releases(order)) {
        s->releases = 1;
        join(&s->released, v);
    }
    v->clock[model_thread]++; /* what comes later is not released */
}

static void
trace_step(const char *what, const location *l, unsigned i, int order)
{
    static const char *const orders[] = {"relaxed", "consume", "acquire",
                                         "release", "acq_rel", "seq_cst"};
    model_trace("  thread %u %s %s = %llx, %s%s\n", model_thread, what,
                name_of(l->at), (unsigned long long)l->stores[i].value,
                orders[order], i + 1 < l->count ? " (not the newest)" : "");
}

/* ---------------------------------------------------------------- steps -- */

/* The stores that a load may read, newest first. If there were stores since the
 * thread came here, then only the last of them: it could have read any other
 * before that one was made, and does so in another execution. */
static unsigned
readable(const location *l, uint64_t born, uint8_t *choices)
{
    unsigned n = 0;
    uint64_t last = 0;
    for (unsigned i = oldest(l); i < l->count && !model_thorough; i++) {
        uint64_t b = l->stores[i].born;
        last = b > born && b > last ? b : last;
    }
    for (unsigned i = l->count; i-- > oldest(l);) {
        if (last == 0 || l->stores[i].born == last) {
            choices[n++] = (uint8_t)i;
        }
    }
    return n;
}

uint64_t
model_load(const volatile void *at, unsigned size, int order)
{
    if (model_state == MODEL_STILL) {
        return real_load(at, size);
    }
    uint64_t born = model_arrive(MODEL_LOAD, at)->born;
    location *l = location_of(at, size);
    if (model_state == MODEL_FINISHES) {
        return l->stores[l->count - 1].value;
    }
    uint8_t choices[STORES];
    unsigned n = readable(l, born, choices);
    unsigned i = choices[model_choose(n)];
    trace_step("reads", l, i, order);
    uint64_t value = meet(l, i, order);
    if (m.idle[model_thread] > m.patience) {
        model_cut();
    }
    return value;
}

/* The stores that a new one, of this thread, may follow, newest first. */
static unsigned
followable(const location *l, uint8_t *choices)
{
    unsigned n = 0;
    for (unsigned i = l->count; i-- > oldest(l);) {
        if (!l->stores[i].changed) {
            choices[n++] = (uint8_t)i;
        }
    }
    return n;
}

void
model_store(volatile void *at, unsigned size, uint64_t value, int order)
{
    if (model_state == MODEL_STILL) {
        real_store(at, size, value);
        return;
    }
    model_arrive(MODEL_STORE, at);
    location *l = location_of(at, size);
    uint8_t choices[STORES];
    unsigned n = followable(l, choices);
    unsigned i = choices[model_choose(n)];
    insert(l, i, value, order, 0);
    trace_step("stores", l, i + 1, order);
}

uint64_t
model_change(volatile void *at, unsigned size, uint64_t operand, int order,
             uint64_t (*change)(uint64_t old, uint64_t operand))
{
    if (model_state == MODEL_STILL) {
        uint64_t old = real_load(at, size);
        real_store(at, size, change(old, operand));
        return old;
    }
    model_arrive(MODEL_CHANGE, at);
    location *l = location_of(at, size);
    uint8_t choices[STORES];
    unsigned n = followable(l, choices);
    unsigned i = choices[model_choose(n)];
    uint64_t old = meet(l, i, order);
    uint64_t value = change(old, operand);
    insert(l, i, size == 4 ? (uint32_t)value : value, order, 1);
    trace_step("changes", l, i + 1, order);
    return old;
}

/* One that fails is a load; one that finds what it expects must be able to
 * follow it at once. */
int
model_swap_if(volatile void *at, unsigned size, uint64_t *expected,
              uint64_t value, int order, int order_if_not)
{
    if (model_state == MODEL_STILL) {
        uint64_t old = real_load(at, size);
        int same = old == *expected;
        real_store(at, size, same ? value : old);
        *expected = old;
        return same;
    }
    model_arrive(MODEL_CHANGE, at);
    location *l = location_of(at, size);
    uint8_t choices[STORES];
    unsigned n = 0;
    for (unsigned i = l->count; i-- > oldest(l);) {
        if (l->stores[i].value != *expected || !l->stores[i].changed) {
            choices[n++] = (uint8_t)i;
        }
    }
    unsigned i = choices[model_choose(n)];
    if (l->stores[i].value == *expected) {
        meet(l, i, order);
        insert(l, i, value, order, 1);
        trace_step("swaps", l, i + 1, order);
        return 1;
    }
    *expected = meet(l, i, order_if_not);
    trace_step("does not swap", l, i, order_if_not);
    return 0;
}

/* --------------------------------------------------------------- events -- */

static view *
event_view(const model_event *event)
{
    unsigned i = 0;
    while (i < m.event_count && m.events[i].event != event) {
        i++;
    }
    if (i == m.event_count) {
        if (i == LOCATIONS) {
            model_fail("the model has too few events");
        }
        m.event_count++;
        m.events[i].event = event;
        memset(&m.events[i].released, 0, sizeof m.events[i].released);
    }
    return &m.events[i].released;
}

/* The kernel orders all that happens to an event. */
void
model_sync(const model_event *event, int ring)
{
    view *v = &m.views[model_thread];
    if (!event->mute) {
        view *e = event_view(event);
        join(v, e);
        *e = *v;
        v->clock[model_thread]++;
    }
    model_trace("  thread %u %s %s\n", model_thread,
                ring ? "rings" : "is woken by", name_of(event));
}

/* ---------------------------------------------------------------- reset -- */

void
model_memory_reset(unsigned patience)
{
    memset(m.views, 0, sizeof m.views);
    for (unsigned t = 0; t < SPEAKERS; t++) {
        m.views[t].clock[t] = 1;
    }
    m.location_count = m.event_count = m.name_count = 0;
    m.stores = 0;
    m.patience = patience;
    memset(m.idle, 0, sizeof m.idle);
    memset(m.stored, 0, sizeof m.stored);
    memset(m.prints, 0, sizeof m.prints);
    m.execution++;
}

/* Whoever comes last knows all. */
void
model_memory_finish(void)
{
    view *v = &m.views[MODEL_THREADS];
    for (unsigned t = 0; t < MODEL_THREADS; t++) {
        join(v, &m.views[t]);
    }
    for (unsigned i = 0; i < m.location_count; i++) {
        v->from[i] = (uint8_t)(m.locations[i].count - 1);
    }
}

uint64_t
model_memory_print(void)
{
    uint64_t print = 0;
    for (unsigned t = 0; t < SPEAKERS; t++) {
        print = mix(print, m.prints[t]);
    }
    uint64_t sum = 0; /* locations have no order of their own */
    for (unsigned i = 0; i < m.location_count; i++) {
        const location *l = &m.locations[i];
        uint64_t order = (uintptr_t)l->at;
        for (unsigned j = 0; j < l->count; j++) {
            order = mix(order, l->stores[j].name);
        }
        sum += order;
    }
    return mix(print, sum);
}

uint64_t
model_stores(void)
{
    return m.stores;
}
