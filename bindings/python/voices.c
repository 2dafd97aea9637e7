/* SPDX-License-Identifier: MIT
 *
 * Voices: what play_many() returns. A Voice is made for those only that a
 * script asks for.
 */
#include "binding.h"

#include <structmember.h>

static voices_object *
new_object(engine_object *engine)
{
    voices_object *voices =
        PyObject_GC_New(voices_object, engine->state->voices_type);

    if (!voices) {
        return NULL;
    }
    voices->engine = (engine_object *)Py_NewRef((PyObject *)engine);
    voices->weak_list = NULL;
    voices->whole = NULL;
    voices->first = 0;
    voices->step = 1;
    voices->count = 0;
    voices->ids = NULL;
    voices->made = NULL;
    voices->ends = NULL;
    voices->is_newcomer = 0;
    voices->is_held = 0;
    voices->is_void = 0;
    PyObject_GC_Track(voices);
    return voices;
}

voices_object *
voices_new(engine_object *engine, Py_ssize_t count)
{
    voices_object *voices = new_object(engine);

    if (!voices) {
        return NULL;
    }
    voices->ids =
        PyMem_Malloc((size_t)(count ? count : 1) * sizeof *voices->ids);
    if (!voices->ids) {
        Py_DECREF(voices);
        PyErr_NoMemory();
        return NULL;
    }
    voices->count = count;
    return voices;
}

static voices_object *
whole_of(voices_object *voices)
{
    return voices->whole ? voices->whole : voices;
}

/* A view's index as a row of the whole one. */
static Py_ssize_t
row_of(const voices_object *voices, Py_ssize_t index)
{
    return voices->first + index * voices->step;
}

/* One that lost its engine to the collector is only seen by finalizers. */
static int
voices_check(const voices_object *voices)
{
    if (!voices->engine) {
        PyErr_SetString(PyExc_RuntimeError, "the voices were collected");
        return -1;
    }
    return 0;
}

/* -------------------------------------------------------------- ending -- */

void
voices_end(voices_object *whole, uint32_t row, const tabor_event *event)
{
    voice_object *voice = whole->made ? whole->made[row] : NULL;

    if (!whole->ends) {
        whole->ends = PyMem_Calloc((size_t)whole->count, sizeof *whole->ends);
    }
    if (whole->ends) {
        whole->ends[row] = *event;
    }
    if (voice) {
        voice->has_ended = 1;
        voice->end = *event;
    }
}

void
voices_never(voices_object *whole)
{
    listen_voices_no_more(whole->engine, whole);
    whole->is_held = 0;
    whole->is_void = 1;
    for (Py_ssize_t row = 0; whole->made && row < whole->count; row++) {
        if (whole->made[row]) {
            whole->made[row]->has_ended = whole->made[row]->is_void = 1;
        }
    }
}

/* ------------------------------------------------------------ elements -- */

static void
set_up(voice_object *voice, voices_object *whole, Py_ssize_t row)
{
    voice->group = (voices_object *)Py_NewRef((PyObject *)whole);
    voice->row = (uint32_t)row;
    voice->handle = whole->ids[row];
    if (whole->is_void) {
        voice->has_ended = voice->is_void = 1;
    } else if (whole->ends && whole->ends[row].type) {
        voice->has_ended = 1;
        voice->end = whole->ends[row];
    }
    whole->made[row] = voice;
}

PyObject *
voices_get(voices_object *whole, Py_ssize_t row)
{
    if (voices_check(whole) < 0) {
        return NULL;
    }
    if (!whole->made) {
        whole->made =
            PyMem_Calloc((size_t)whole->count, sizeof(voice_object *));
        if (!whole->made) {
            return PyErr_NoMemory();
        }
    }
    if (whole->made[row]) {
        return Py_NewRef((PyObject *)whole->made[row]);
    }
    voice_object *voice = voice_new(whole->engine);
    if (voice && whole->made[row]) { /* by the collector's finalizers */
        Py_DECREF(voice);
        return Py_NewRef((PyObject *)whole->made[row]);
    }
    if (voice) {
        set_up(voice, whole, row);
    }
    return (PyObject *)voice;
}

static Py_ssize_t
voices_length(PyObject *self)
{
    return ((voices_object *)self)->count;
}

static PyObject *
voices_item(PyObject *self, Py_ssize_t index)
{
    voices_object *voices = (voices_object *)self;

    if (index < 0 || index >= voices->count) {
        PyErr_Format(PyExc_IndexError, "index %zd of %zd voices", index,
                     voices->count);
        return NULL;
    }
    return voices_get(whole_of(voices), row_of(voices, index));
}

static PyObject *
voices_slice(voices_object *voices, PyObject *slice)
{
    Py_ssize_t start = 0, stop = 0, step = 0;

    if (voices_check(voices) < 0 ||
        PySlice_Unpack(slice, &start, &stop, &step) < 0) {
        return NULL;
    }
    const Py_ssize_t count =
        PySlice_AdjustIndices(voices->count, &start, &stop, step);
    voices_object *part = new_object(voices->engine);
    if (part) {
        part->whole = (voices_object *)Py_NewRef((PyObject *)whole_of(voices));
        part->first = row_of(voices, start);
        part->step = voices->step * step;
        part->count = count;
    }
    return (PyObject *)part;
}

static PyObject *
voices_subscript(PyObject *self, PyObject *key)
{
    voices_object *voices = (voices_object *)self;

    if (PySlice_Check(key)) {
        return voices_slice(voices, key);
    }
    if (!PyIndex_Check(key)) {
        raise_type(key, "an index of voices", "a whole number or a slice");
        return NULL;
    }
    Py_ssize_t index = PyNumber_AsSsize_t(key, PyExc_IndexError);
    if (index == -1 && PyErr_Occurred()) {
        return NULL;
    }
    return voices_item(self, index < 0 ? index + voices->count : index);
}

/* ---------------------------------------------------------------- ids -- */

static int
voices_show(PyObject *self, Py_buffer *view, int flags)
{
    voices_object *voices = (voices_object *)self;
    const int jumps = voices->step != 1;

    if (flags & PyBUF_WRITABLE ||
        (jumps && (flags & PyBUF_STRIDES) != PyBUF_STRIDES)) {
        PyErr_SetString(PyExc_BufferError,
                        flags & PyBUF_WRITABLE
                            ? "the ids of voices can't be changed"
                            : "these ids are not side by side");
        return -1;
    }
    voices->stride = voices->step * (Py_ssize_t)sizeof *voices->ids;
    view->buf = voices->count ? whole_of(voices)->ids + voices->first
                              : whole_of(voices)->ids;
    view->obj = Py_NewRef(self);
    view->len = voices->count * (Py_ssize_t)sizeof *voices->ids;
    view->itemsize = sizeof *voices->ids;
    view->readonly = 1;
    view->ndim = 1;
    view->format = flags & PyBUF_FORMAT ? (char *)"Q" : NULL;
    view->shape = flags & PyBUF_ND ? &voices->count : NULL;
    view->strides =
        (flags & PyBUF_STRIDES) == PyBUF_STRIDES ? &voices->stride : NULL;
    view->suboffsets = NULL;
    view->internal = NULL;
    return 0;
}

static PyObject *
get_ids(PyObject *self, void *Py_UNUSED(unused))
{
    return PyMemoryView_FromObject(self);
}

static PyObject *
get_sent(PyObject *self, void *Py_UNUSED(unused))
{
    const voices_object *whole = whole_of((voices_object *)self);
    return PyBool_FromLong(!whole->is_held && !whole->is_void);
}

static Py_ssize_t
count_alive(voices_object *voices)
{
    const voices_object *whole = whole_of(voices);
    Py_ssize_t alive = 0;

    if (!voices->engine || engine_is_forked(voices->engine)) {
        return 0;
    }
    engine_pull(voices->engine);
    for (Py_ssize_t i = 0; !whole->is_void && i < voices->count; i++) {
        alive += !whole->ends || !whole->ends[row_of(voices, i)].type;
    }
    return alive;
}

static PyObject *
get_alive(PyObject *self, void *Py_UNUSED(unused))
{
    return PyLong_FromSsize_t(count_alive((voices_object *)self));
}

/* ---------------------------------------------------------------- stop -- */

typedef struct stop_command {
    const tabor_handle *ids;
    uint32_t count, fade_frames;
    uint64_t at;
    uint32_t stopped; /* out */
} stop_command;

static tabor_status
send_stop(tabor_client *client, void *command)
{
    stop_command *c = command;
    return tabor_voices_stop(client, c->ids, c->count, c->fade_frames, c->at,
                             &c->stopped);
}

/* Their ids side by side; PyMem_Free(). */
static tabor_handle *
copy_ids(voices_object *voices)
{
    const tabor_handle *ids = whole_of(voices)->ids;
    tabor_handle *copy = PyMem_Calloc((size_t)voices->count + 1, sizeof *copy);

    for (Py_ssize_t i = 0; copy && i < voices->count; i++) {
        copy[i] = ids[row_of(voices, i)];
    }
    return copy;
}

static PyObject *
stop_all(voices_object *voices, stop_command *command)
{
    tabor_status why = TABOR_OK;
    tabor_handle *ids = copy_ids(voices);

    if (!ids) {
        return PyErr_NoMemory();
    }
    command->ids = ids;
    command->count = (uint32_t)voices->count;
    const int sent = engine_send(voices->engine, send_stop, command, &why);
    PyMem_Free(ids);
    return sent < 0 ? NULL : PyLong_FromUnsignedLong(command->stopped);
}

static SCRIPT_CALL(voices_stop)
{
    voices_object *voices = (voices_object *)self;
    PyObject *v[CALL_MAX_WORDS];
    stop_command command = {.at = TABOR_ASAP};

    if (voices_check(voices) < 0) {
        return NULL;
    }
    const uint32_t rate = voices->engine->rate;
    command.fade_frames = rate / 200; /* 5 ms */
    if (call_sort(voices->engine->state, CALL_VOICES_STOP, args, count, names,
                  v) < 0 ||
        ramp_from_seconds(v[0], "fade", rate, &command.fade_frames) < 0 ||
        time_from(v[1], v[2], rate, &command.at) < 0 ||
        stamp_at(voices->engine, &command.at) < 0) {
        return NULL;
    }
    return stop_all(voices, &command);
}

/* ---------------------------------------------------------------- life -- */

static int
voices_traverse(PyObject *self, visitproc visit, void *arg)
{
    Py_VISIT(Py_TYPE(self));
    Py_VISIT(((voices_object *)self)->engine);
    Py_VISIT(((voices_object *)self)->whole);
    return 0;
}

static int
voices_clear(PyObject *self)
{
    voices_object *voices = (voices_object *)self;

    if (voices->engine && voices->ids) {
        listen_voices_no_more(voices->engine, voices);
    }
    Py_CLEAR(voices->whole);
    Py_CLEAR(voices->engine);
    return 0;
}

static void
voices_dealloc(PyObject *self)
{
    voices_object *voices = (voices_object *)self;
    PyTypeObject *type = Py_TYPE(self);

    PyObject_GC_UnTrack(self);
    if (voices->engine && voices->ids) {
        listen_voices_no_more(voices->engine, voices);
    }
    if (voices->weak_list) {
        PyObject_ClearWeakRefs(self);
    }
    Py_CLEAR(voices->whole);
    Py_CLEAR(voices->engine);
    PyMem_Free(voices->ids);
    PyMem_Free(voices->made);
    PyMem_Free(voices->ends);
    PyObject_GC_Del(self);
    Py_DECREF(type);
}

static PyObject *
voices_repr(PyObject *self)
{
    voices_object *voices = (voices_object *)self;

    if (whole_of(voices)->is_void) {
        return PyUnicode_FromFormat("<tabor.Voices: %zd, never sent>",
                                    voices->count);
    }
    return PyUnicode_FromFormat("<tabor.Voices: %zd, %zd alive>", voices->count,
                                count_alive(voices));
}

static PyMethodDef voices_methods[] = {
    SCRIPT_METHOD(
        "stop", voices_stop,
        "stop($self, fade=0.005, *, at=None, at_frame=None)\n--\n\n"
        "All of them off, with a ramp of so many seconds; accepted or "
        "refused as a\nwhole. Returns how many had not ended."),
    {NULL, NULL, 0, NULL},
};

static PyGetSetDef voices_properties[] = {
    {"alive", get_alive, NULL, PyDoc_STR("How many have not ended."), NULL},
    {"ids", get_ids, NULL,
     PyDoc_STR("The ids of the voices: a memoryview of whole numbers, 64 bits "
               "each."),
     NULL},
    {"sent", get_sent, NULL,
     PyDoc_STR("True once the engine has taken them: at once, or at the end "
               "of their\nbatch; False if they were dropped."),
     NULL},
    {NULL, NULL, NULL, NULL, NULL},
};

static PyMemberDef voices_members[] = {
    {"__weaklistoffset__", T_PYSSIZET, offsetof(voices_object, weak_list),
     READONLY, NULL},
    {NULL, 0, 0, 0, NULL},
};

static PyType_Slot voices_slots[] = {
    {Py_tp_doc, "The voices of one play_many(), in its order. Dropping them "
                "does not stop the\nsound."},
    {Py_tp_dealloc, voices_dealloc},
    {Py_tp_traverse, voices_traverse},
    {Py_tp_clear, voices_clear},
    {Py_tp_repr, voices_repr},
    {Py_tp_iter, PySeqIter_New},
    {Py_tp_methods, voices_methods},
    {Py_tp_getset, voices_properties},
    {Py_tp_members, voices_members},
    {Py_sq_length, voices_length},
    {Py_sq_item, voices_item},
    {Py_mp_length, voices_length},
    {Py_mp_subscript, voices_subscript},
    {Py_bf_getbuffer, voices_show},
    {0, NULL},
};

static PyType_Spec voices_spec = {
    .name = "tabor.Voices",
    .basicsize = sizeof(voices_object),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC |
             Py_TPFLAGS_DISALLOW_INSTANTIATION | Py_TPFLAGS_IMMUTABLETYPE,
    .slots = voices_slots,
};

int
voices_add_type(PyObject *module)
{
    module_state *state = PyModule_GetState(module);
    return module_add_type(module, &voices_spec, &state->voices_type);
}
