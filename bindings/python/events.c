/* SPDX-License-Identifier: MIT
 *
 * From the event ring to a script.
 *
 * Two steps, because a voice's state must be true before anybody polls:
 * engine_pull() empties the ring into the queue and tells each voice of its
 * end; engine_read_events() empties the queue into Python objects.
 */
#include "binding.h"

#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#define PULL_BATCH 64

/* --------------------------------------------------------------- queue -- */

static int
queue_grow(event_queue *queue)
{
    const size_t size = queue->size ? 2 * queue->size : 64;
    queued_event *slots = PyMem_Malloc(size * sizeof *slots);

    if (!slots) {
        return -1;
    }
    for (size_t i = 0; i < queue->count; i++) {
        slots[i] = queue->slots[(queue->first + i) % queue->size];
    }
    PyMem_Free(queue->slots);
    queue->slots = slots;
    queue->size = size;
    queue->first = 0;
    return 0;
}

static queued_event
queue_pop(event_queue *queue)
{
    const queued_event oldest = queue->slots[queue->first];
    queue->first = (queue->first + 1) % queue->size;
    queue->count--;
    return oldest;
}

/* Takes over the voice. */
static void
queue_push(event_queue *queue, const tabor_event *event, PyObject *voice,
           uint32_t row)
{
    PyObject *dropped = NULL;

    if (queue->count == QUEUE_MOST ||
        (queue->count == queue->size && queue_grow(queue) < 0)) {
        queue->lost++;
        if (queue->count == 0) {
            Py_XDECREF(voice);
            return;
        }
        dropped = queue_pop(queue).voice;
    }
    const size_t at = (queue->first + queue->count++) % queue->size;
    queue->slots[at].event = *event;
    queue->slots[at].voice = voice;
    queue->slots[at].row = row;
    Py_XDECREF(dropped);
}

/* Put back what was popped last. */
static void
queue_return(event_queue *queue, queued_event oldest)
{
    if (queue->count == queue->size && queue_grow(queue) < 0) {
        queue->lost++;
        Py_XDECREF(oldest.voice);
        return;
    }
    queue->first = (queue->first + queue->size - 1) % queue->size;
    queue->count++;
    queue->slots[queue->first] = oldest;
}

int
queue_traverse(const event_queue *queue, visitproc visit, void *arg)
{
    for (size_t i = 0; i < queue->count; i++) {
        Py_VISIT(queue->slots[(queue->first + i) % queue->size].voice);
    }
    return 0;
}

void
queue_clear(event_queue *queue)
{
    while (queue->count) {
        Py_XDECREF(queue_pop(queue).voice);
    }
    PyMem_Free(queue->slots);
    queue->slots = NULL;
    queue->size = queue->first = 0;
}

/* ---------------------------------------------------------------- pull -- */

static void
set_signal(engine_object *engine)
{
    const uint64_t one = 1;
    if (engine->signal_fd >= 0 &&
        write(engine->signal_fd, &one, sizeof one) < 0) {
        return; /* it is set already */
    }
}

static void
clear_signal(engine_object *engine)
{
    uint64_t count;
    if (engine->signal_fd >= 0 &&
        read(engine->signal_fd, &count, sizeof count) < 0) {
        return; /* it is clear already */
    }
}

static void
call_hook(engine_object *engine)
{
    PyObject *hook = Py_NewRef(engine->hook);
    PyObject *result = PyObject_CallNoArgs(hook);

    if (!result) {
        PyErr_WriteUnraisable(hook);
    }
    Py_XDECREF(result);
    Py_DECREF(hook);
}

void
engine_pull(engine_object *engine)
{
    if (!engine->is_closed) {
        engine_pull_from(engine, engine->client);
    }
}

void
engine_pull_from(engine_object *engine, tabor_client *client)
{
    tabor_event batch[PULL_BATCH];
    const int is_closed = engine->is_closed;
    size_t count = 0, total = 0;

    /* Only an empty ring wakes its reader again. Letting a voice go can run
     * anything, even close(). */
    while (engine->is_closed == is_closed &&
           (count = tabor_poll(client, batch, PULL_BATCH)) > 0) {
        for (size_t i = 0; i < count; i++) {
            uint32_t row = 0;
            PyObject *voice = batch[i].type == TABOR_EVENT_ENDED
                                  ? listener_tell(engine, &batch[i], &row)
                                  : NULL;
            queue_push(&engine->queue, &batch[i], voice, row);
        }
        total += count;
    }
    if (total > 0) {
        set_signal(engine);
        if (engine->hook && engine->hook != Py_None) {
            call_hook(engine);
        }
    }
}

PyObject *
engine_pull_events(PyObject *self, PyObject *Py_UNUSED(unused))
{
    engine_pull((engine_object *)self);
    Py_RETURN_NONE;
}

/* ---------------------------------------------------------------- read -- */

static PyObject *
frame_or_none(uint64_t frame)
{
    return frame == TABOR_NO_FRAME ? Py_NewRef(Py_None)
                                   : PyLong_FromUnsignedLongLong(frame);
}

PyObject *
event_ended(module_state *state, const tabor_event *event, PyObject *voice)
{
    return PyObject_CallFunction(state->ended, "OsKNI", voice,
                                 tabor_reason_text((tabor_reason)event->reason),
                                 (unsigned long long)event->frame,
                                 frame_or_none(event->value), event->late);
}

/* For a play whose Voice was dropped. */
static PyObject *
voice_of_nobody(engine_object *engine, const tabor_event *event)
{
    voice_object *voice = voice_new(engine);
    if (voice) {
        voice->handle = event->handle;
        voice->has_ended = 1;
        voice->end = *event;
    }
    return (PyObject *)voice;
}

static PyObject *
ended_object(engine_object *engine, const queued_event *queued)
{
    module_state *state = engine->state;
    PyObject *voice = queued->voice;

    if (!voice) {
        voice = voice_of_nobody(engine, &queued->event);
    } else if (Py_IS_TYPE(voice, state->voices_type)) {
        voice = voices_get((voices_object *)voice, queued->row);
    } else {
        Py_INCREF(voice);
    }
    PyObject *ended = voice ? event_ended(state, &queued->event, voice) : NULL;
    Py_XDECREF(voice);
    return ended;
}

static PyObject *
event_object(engine_object *engine, const queued_event *queued)
{
    const module_state *state = engine->state;
    const tabor_event *event = &queued->event;

    switch (event->type) {
    case TABOR_EVENT_ENDED:
        return ended_object(engine, queued);
    case TABOR_EVENT_PONG:
        return PyObject_CallFunction(state->pong, "K",
                                     (unsigned long long)event->frame);
    case TABOR_EVENT_LATE:
        return PyObject_CallFunction(
            state->late, "KI", (unsigned long long)event->value, event->late);
    case TABOR_EVENT_XRUN:
        return PyObject_CallFunction(state->xrun, "K",
                                     (unsigned long long)event->value);
    case TABOR_EVENT_DEVICE_LOST:
        return PyObject_CallFunctionObjArgs(state->device_lost, engine->device,
                                            NULL);
    case TABOR_EVENT_DEVICE_BACK:
        return PyObject_CallFunctionObjArgs(state->device_back, engine->device,
                                            NULL);
    default:
        return Py_NewRef(Py_None); /* of a newer library: not ours to tell */
    }
}

/* Out of the queue first: making its object runs Python, which may read too.
 * If that fails, it goes back. */
static int
deliver_oldest(engine_object *engine, PyObject *list)
{
    queued_event oldest = queue_pop(&engine->queue);
    PyObject *event = event_object(engine, &oldest);
    int result = -1;

    if (event) {
        result = event == Py_None ? 0 : PyList_Append(list, event);
        Py_DECREF(event);
    }
    if (result < 0) {
        queue_return(&engine->queue, oldest);
    } else {
        Py_XDECREF(oldest.voice);
    }
    return result;
}

/* A list of all events there are, oldest first. */
PyObject *
engine_read_events(PyObject *self, PyObject *Py_UNUSED(unused))
{
    engine_object *engine = (engine_object *)self;

    /* A closed one may still have something to tell. */
    if (engine_is_forked(engine) && engine_check(engine) < 0) {
        return NULL;
    }
    PyObject *list = PyList_New(0);
    if (!list) {
        return NULL;
    }
    engine_pull(engine);
    clear_signal(engine);
    while (engine->queue.count > 0) {
        if (deliver_oldest(engine, list) < 0) {
            set_signal(engine);
            Py_DECREF(list);
            return NULL;
        }
    }
    return list;
}

/* ---------------------------------------------------------------- wait -- */

/* _await(timeout): True once there is something to read, False if not in
 * time. */
PyObject *
engine_await(PyObject *self, PyObject *timeout)
{
    engine_object *engine = (engine_object *)self;
    uint64_t deadline_ns = 0, left_ns = 0;
    int ready = 0;

    if (deadline_from(timeout, &deadline_ns) < 0) {
        return NULL;
    }
    do {
        if (engine->queue.count > 0) {
            Py_RETURN_TRUE;
        }
        left_ns = slice_ns(deadline_ns);
        ready = engine_wait_slice(engine, left_ns);
    } while (ready == 0 && left_ns > 0);
    return ready < 0 ? NULL : PyBool_FromLong(ready);
}

/* --------------------------------------------------------- descriptors -- */

static int
watch(int epoll_fd, int fd)
{
    struct epoll_event wish = {.events = EPOLLIN};
    return epoll_ctl(epoll_fd, EPOLL_CTL_ADD, fd, &wish);
}

/* One descriptor for both places where events wait: the ring's own falls
 * silent when its events have moved into the queue. */
static int
open_descriptors(engine_object *engine)
{
    const int ring_fd = tabor_client_fd(engine->client);
    const int epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    const int signal_fd =
        eventfd(engine->queue.count > 0, EFD_CLOEXEC | EFD_NONBLOCK);

    if (epoll_fd < 0 || signal_fd < 0 || watch(epoll_fd, ring_fd) < 0 ||
        watch(epoll_fd, signal_fd) < 0) {
        PyErr_SetFromErrno(PyExc_OSError);
        if (epoll_fd >= 0) {
            close(epoll_fd);
        }
        if (signal_fd >= 0) {
            close(signal_fd);
        }
        return -1;
    }
    engine->epoll_fd = epoll_fd;
    engine->signal_fd = signal_fd;
    return 0;
}

PyObject *
engine_fileno(PyObject *self, PyObject *Py_UNUSED(unused))
{
    engine_object *engine = (engine_object *)self;

    if (engine_check(engine) < 0 ||
        (engine->epoll_fd < 0 && open_descriptors(engine) < 0)) {
        return NULL;
    }
    return PyLong_FromLong(engine->epoll_fd);
}

PyObject *
engine_ring_fileno(PyObject *self, PyObject *Py_UNUSED(unused))
{
    engine_object *engine = (engine_object *)self;

    if (engine_check(engine) < 0) {
        return NULL;
    }
    return PyLong_FromLong(tabor_client_fd(engine->client));
}

/* _mark(): events wait in the package's own lists. */
PyObject *
engine_mark(PyObject *self, PyObject *Py_UNUSED(unused))
{
    set_signal((engine_object *)self);
    Py_RETURN_NONE;
}
