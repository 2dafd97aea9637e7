/* SPDX-License-Identifier: MIT
 *
 * Batches: the core gathers the commands; here are the voices that scripts have
 * of them already. The GIL guards both, so that they never differ.
 */
#include "binding.h"

static unsigned long
this_thread(void)
{
    return PyThread_get_thread_ident();
}

int
batch_is_ours(const voice_object *voice)
{
    const int is_held = voice->group ? voice->group->is_held : voice->is_held;
    return is_held && voice->engine->batch_thread == this_thread();
}

int
batch_hold(engine_object *engine, PyObject *object, char *is_held)
{
    if (*is_held) {
        return 0; /* it had to wait for room */
    }
    if (PyList_Append(engine->batch, object) < 0) {
        return -1;
    }
    *is_held = 1;
    return 0;
}

int
batch_full(engine_object *engine)
{
    engine->batch_lacks |= engine->on_full == ON_FULL_DROP;
    return engine_full(engine);
}

/* ----------------------------------------------------------------- end -- */

/* Letting a voice go can run anything: the engine has no batch by then. */
static void
let_voices_go(PyObject *voices)
{
    PyObject *type, *value, *traceback;

    PyErr_Fetch(&type, &value, &traceback);
    Py_DECREF(voices);
    PyErr_Restore(type, value, traceback);
}

/* It has no handle if its play was refused. */
static void
void_voice(engine_object *engine, PyObject *object)
{
    voice_object *voice = (voice_object *)object;

    if (Py_IS_TYPE(object, engine->state->voices_type)) {
        voices_never((voices_object *)object);
        return;
    }
    voice->is_held = 0;
    if (voice->handle) {
        listen_no_more(engine, voice->handle, object);
        voice->has_ended = voice->is_void = 1;
    }
}

static void
send_voice(const engine_object *engine, PyObject *object)
{
    if (Py_IS_TYPE(object, engine->state->voices_type)) {
        ((voices_object *)object)->is_held = 0;
    } else {
        ((voice_object *)object)->is_held = 0;
    }
}

void
batch_abandon(engine_object *engine)
{
    PyObject *voices = engine->batch;

    if (!voices) {
        return;
    }
    engine->batch = NULL;
    tabor_batch_abandon(engine->client);
    for (Py_ssize_t i = 0; i < PyList_Size(voices); i++) {
        void_voice(engine, PyList_GetItem(voices, i));
    }
    let_voices_go(voices);
}

static void
batch_sent(engine_object *engine)
{
    PyObject *voices = engine->batch;

    engine->batch = NULL;
    for (Py_ssize_t i = 0; i < PyList_Size(voices); i++) {
        send_voice(engine, PyList_GetItem(voices, i));
    }
    let_voices_go(voices);
}

/* -------------------------------------------------------------- commit -- */

/* After TABOR_ERR_FULL for the batch as a whole, as engine_full(). */
static int
wait_for_batch(engine_object *engine)
{
    if (engine->on_full == ON_FULL_DROP) {
        return 0;
    }
    /* Nobody makes room on a pumped engine but the one who would wait. */
    if (engine->on_full == ON_FULL_RAISE || engine->is_pumped) {
        return engine_raise(engine, TABOR_ERR_FULL);
    }
    return engine_wait_for_room(engine, 0);
}

static int
check_open(engine_object *engine)
{
    if (engine_check(engine) < 0) {
        return -1;
    }
    if (!engine->batch) {
        PyErr_SetString(engine->state->error, "no batch is open");
        return -1;
    }
    return 0;
}

/* Returns 1 if it was sent, 0 if it is to be dropped, -1 if raised. */
static int
commit(engine_object *engine)
{
    int again = 1;

    while (again > 0) {
        if (check_open(engine) < 0) {
            return -1;
        }
        if (engine->batch_lacks) {
            return 0;
        }
        const tabor_status st = tabor_batch_commit(engine->client);
        if (st == TABOR_OK) {
            return 1;
        }
        if (st != TABOR_ERR_FULL) {
            return engine_raise(engine, st);
        }
        again = wait_for_batch(engine);
    }
    return again;
}

/* ----------------------------------------------------------- for Batch -- */

PyObject *
engine_batch_begin(PyObject *self, PyObject *Py_UNUSED(unused))
{
    engine_object *engine = (engine_object *)self;

    if (engine_check(engine) < 0) {
        return NULL;
    }
    if (engine->batch) {
        PyErr_SetString(engine->state->error,
                        "a batch is open already: batches do not nest");
        return NULL;
    }
    PyObject *voices = PyList_New(0);
    if (!voices) {
        return NULL;
    }
    const tabor_status st = tabor_batch_begin(engine->client);
    if (st != TABOR_OK) {
        Py_DECREF(voices);
        return raise_status(engine->state, st);
    }
    engine->batch = voices;
    engine->batch_thread = this_thread();
    engine->batch_lacks = 0;
    Py_RETURN_NONE;
}

/* _batch_commit(): True if it was sent, False if it was dropped. */
PyObject *
engine_batch_commit(PyObject *self, PyObject *Py_UNUSED(unused))
{
    engine_object *engine = (engine_object *)self;
    const int sent = commit(engine);

    if (sent > 0) {
        batch_sent(engine);
        Py_RETURN_TRUE;
    }
    batch_abandon(engine);
    if (sent < 0) {
        return NULL;
    }
    Py_RETURN_FALSE;
}

PyObject *
engine_batch_abandon(PyObject *self, PyObject *Py_UNUSED(unused))
{
    batch_abandon((engine_object *)self);
    Py_RETURN_NONE;
}
