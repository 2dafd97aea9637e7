/* SPDX-License-Identifier: MIT
 *
 * Who hears of a play's end. An entry for each play slot; what is in it says
 * which play it is.
 *
 * A slot is free again once the client has taken the event of its end, which
 * may be long before a script reads it: then the next play of the slot finds
 * the last one's listener still there and puts it aside. Slots are used again
 * in the order in which they became free, and so are the events: the one to
 * be told is near the first of those that were put aside.
 *
 * Voices get their entries when the next end is read, and until then wait in a
 * list: many are dropped before, and then cost nothing here.
 */
#include "binding.h"

#include <string.h>

/* Kind 8 | owner 8 | slot 16 | generation 32, as tabor.h says. */
static size_t
slot_of(tabor_handle voice)
{
    return (voice >> 32) & 0xFFFF;
}

static int
is_voices(const engine_object *engine, const listener *l)
{
    return Py_IS_TYPE(l->who, engine->state->voices_type);
}

static tabor_handle
handle_of(const engine_object *engine, const listener *l)
{
    return is_voices(engine, l) ? ((voices_object *)l->who)->ids[l->row]
                                : ((voice_object *)l->who)->handle;
}

/* ----------------------------------------------------------- overtaken -- */

/* Room at the end: what has left at the front, or new. */
static int
make_room(listener_queue *queue)
{
    const size_t size = queue->size ? 2 * queue->size : 64;

    if (queue->first > queue->size / 2) {
        memmove(queue->slots, queue->slots + queue->first,
                queue->count * sizeof *queue->slots);
        queue->first = 0;
        return 0;
    }
    listener *slots = PyMem_Malloc(size * sizeof *slots);
    if (!slots) {
        return -1;
    }
    if (queue->count) {
        memcpy(slots, queue->slots + queue->first,
               queue->count * sizeof *slots);
    }
    PyMem_Free(queue->slots);
    queue->slots = slots;
    queue->size = size;
    queue->first = 0;
    return 0;
}

/* Without memory it never hears of its end. */
static void
put_aside(listener_queue *queue, listener l)
{
    if (queue->first + queue->count == queue->size && make_room(queue) < 0) {
        return;
    }
    queue->slots[queue->first + queue->count++] = l;
}

/* The entry for a handle, or NULL; who: whose, or NULL for anybody. */
static listener *
find_aside(const engine_object *engine, tabor_handle handle,
           const PyObject *who)
{
    const listener_queue *queue = &engine->overtaken;

    for (size_t i = 0; i < queue->count; i++) {
        listener *l = &queue->slots[queue->first + i];
        if (l->who && (!who || l->who == who) &&
            handle_of(engine, l) == handle) {
            return l;
        }
    }
    return NULL;
}

static void
drop_aside(listener_queue *queue, listener *l)
{
    l->who = NULL;
    while (queue->count && !queue->slots[queue->first].who) {
        queue->first++;
        queue->count--;
    }
    if (!queue->count) {
        queue->first = 0;
    }
}

/* -------------------------------------------------------------- listen -- */

static void
listen(engine_object *engine, tabor_handle handle, listener l)
{
    listener *place = &engine->sounding[slot_of(handle)];

    if (place->who) {
        put_aside(&engine->overtaken, *place);
    }
    *place = l;
}

void
listen_voice(engine_object *engine, voice_object *voice)
{
    listen(engine, voice->handle, (listener){(PyObject *)voice, 0});
}

void
listen_voices(engine_object *engine, voices_object *whole)
{
    newcomers *list = &engine->newcomers;

    whole->is_newcomer = 1;
    whole->before = list->last;
    whole->after = NULL;
    *(list->last ? &list->last->after : &list->first) = whole;
    list->last = whole;
}

static void
take_newcomer(newcomers *list, voices_object *whole)
{
    whole->is_newcomer = 0;
    *(whole->before ? &whole->before->after : &list->first) = whole->after;
    *(whole->after ? &whole->after->before : &list->last) = whole->before;
}

/* Give all Voices their entries. */
static void
enter_newcomers(engine_object *engine)
{
    voices_object *whole = engine->newcomers.first;

    for (; whole; whole = engine->newcomers.first) {
        take_newcomer(&engine->newcomers, whole);
        for (uint32_t row = 0; row < (uint32_t)whole->count; row++) {
            listen(engine, whole->ids[row], (listener){(PyObject *)whole, row});
        }
    }
}

/* The entry for a handle, or NULL; who: whose, or NULL for anybody. */
static listener *
find(const engine_object *engine, tabor_handle handle, const PyObject *who)
{
    listener *place = &engine->sounding[slot_of(handle)];

    if (place->who && (!who || place->who == who) &&
        handle_of(engine, place) == handle) {
        return place;
    }
    return engine->overtaken.count ? find_aside(engine, handle, who) : NULL;
}

static void
forget(engine_object *engine, tabor_handle handle, listener *l)
{
    if (l == &engine->sounding[slot_of(handle)]) {
        l->who = NULL;
    } else {
        drop_aside(&engine->overtaken, l);
    }
}

void
listen_no_more(engine_object *engine, tabor_handle handle, const PyObject *who)
{
    listener *l = find(engine, handle, who);

    if (l) {
        forget(engine, handle, l);
    }
}

void
listen_voices_no_more(engine_object *engine, voices_object *whole)
{
    const tabor_handle *ids = whole->ids;
    const uint32_t count = (uint32_t)whole->count;
    const PyObject *who = (const PyObject *)whole;

    if (whole->is_newcomer) {
        take_newcomer(&engine->newcomers, whole);
        return;
    }
    for (uint32_t row = 0; row < count; row++) {
        listener *place = &engine->sounding[slot_of(ids[row])];
        if (place->who == who && place->row == row) {
            place->who = NULL;
        }
    }
    /* From the end: only when the first one leaves do the others move. */
    for (size_t i = engine->overtaken.count; i-- > 0;) {
        listener *l = &engine->overtaken.slots[engine->overtaken.first + i];
        if (l->who == who) {
            drop_aside(&engine->overtaken, l);
        }
    }
}

/* ---------------------------------------------------------------- tell -- */

static void
tell(const engine_object *engine, const listener *l, const tabor_event *event)
{
    if (is_voices(engine, l)) {
        voices_end((voices_object *)l->who, l->row, event);
    } else {
        voice_object *voice = (voice_object *)l->who;
        voice->has_ended = 1;
        voice->end = *event;
    }
}

PyObject *
listener_tell(engine_object *engine, const tabor_event *event, uint32_t *row)
{
    enter_newcomers(engine);
    listener *l = find(engine, event->handle, NULL);
    if (!l) {
        return NULL;
    }
    PyObject *who = Py_NewRef(l->who);
    *row = l->row;
    tell(engine, l, event);
    forget(engine, event->handle, l);
    return who;
}

static void
detach(const engine_object *engine, listener *l, tabor_event *end)
{
    if (l->who) {
        end->handle = handle_of(engine, l);
        tell(engine, l, end);
        l->who = NULL;
    }
}

void
listeners_detach(engine_object *engine, uint64_t frame)
{
    listener_queue *queue = &engine->overtaken;
    tabor_event end = {.type = TABOR_EVENT_ENDED,
                       .reason = TABOR_DETACHED,
                       .frame = frame,
                       .value = TABOR_NO_FRAME};

    enter_newcomers(engine);
    for (size_t slot = 0; slot < 65536; slot++) {
        detach(engine, &engine->sounding[slot], &end);
    }
    for (size_t i = 0; i < queue->count; i++) {
        detach(engine, &queue->slots[queue->first + i], &end);
    }
    queue->first = queue->count = 0;
}
