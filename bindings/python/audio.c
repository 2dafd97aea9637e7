/* SPDX-License-Identifier: MIT
 *
 * Sound in memory. tabor.Audio derives from this type and draws it.
 */
#include "binding.h"

#include <structmember.h>

/* ---------------------------------------------------------------- life -- */

static audio_object *
audio_alloc(module_state *state, PyTypeObject *type)
{
    allocfunc alloc = (allocfunc)PyType_GetSlot(type, Py_tp_alloc);
    audio_object *self = (audio_object *)alloc(type, 0);
    if (self) {
        self->state = state;
    }
    return self;
}

static void
audio_take(audio_object *self, tabor_audio *audio)
{
    static const float nothing;
    const Py_ssize_t size = sizeof(float);

    self->audio = audio;
    self->shown.values = audio->values ? audio->values : &nothing;
    self->shown.shape[0] = (Py_ssize_t)audio->frames;
    self->shown.shape[1] = (Py_ssize_t)audio->channels;
    self->shown.strides[0] = size * (Py_ssize_t)audio->channels;
    self->shown.strides[1] = size;
}

PyObject *
audio_wrap(module_state *state, tabor_audio *audio)
{
    audio_object *self = audio_alloc(state, (PyTypeObject *)state->audio_class);
    if (!self) {
        tabor_audio_free(audio);
        return NULL;
    }
    audio_take(self, audio);
    return (PyObject *)self;
}

static PyObject *
audio_new(PyTypeObject *type, PyObject *args, PyObject *names)
{
    static char *words[] = {"source", "rate", NULL};
    PyObject *source = NULL, *rate_object = NULL;
    uint32_t rate = 48000;
    tabor_audio *audio = NULL;

    if (!PyArg_ParseTupleAndKeywords(args, names, "O|O:Audio", words, &source,
                                     &rate_object) ||
        u32_from(rate_object, "rate", &rate) < 0) {
        return NULL;
    }
    audio_object *self = audio_alloc(module_state_of(type), type);
    if (!self) {
        return NULL;
    }
    if (audio_from_buffer(self->state, source, rate, &audio) < 0) {
        Py_DECREF(self);
        return NULL;
    }
    audio_take(self, audio);
    return (PyObject *)self;
}

static void
audio_dealloc(PyObject *object)
{
    PyTypeObject *type = Py_TYPE(object);
    freefunc release = (freefunc)PyType_GetSlot(type, Py_tp_free);
    audio_object *self = (audio_object *)object;

    tabor_audio_free(self->audio);
    release(object);
    Py_DECREF(type);
}

/* -------------------------------------------------------------- buffer -- */

static int
audio_getbuffer(PyObject *object, Py_buffer *view, int flags)
{
    shown_values *shown = &((audio_object *)object)->shown;
    const int is_column = shown->shape[0] <= 1 || shown->shape[1] <= 1;

    view->obj = NULL;
    if ((flags & PyBUF_F_CONTIGUOUS) == PyBUF_F_CONTIGUOUS && !is_column) {
        PyErr_SetString(PyExc_BufferError, "Audio is not Fortran contiguous");
        return -1;
    }
    return shown_fill(shown, object, flags, view);
}

/* ------------------------------------------------------------- methods -- */

static PyObject *
audio_save(PyObject *object, PyObject *args, PyObject *names)
{
    static char *words[] = {"", "bits", "dither", NULL};
    const audio_object *self = (audio_object *)object;
    PyObject *path, *bits = NULL, *bytes = NULL;
    tabor_save_params params = TABOR_SAVE;

    if (!PyArg_ParseTupleAndKeywords(args, names, "O|$Op:save", words, &path,
                                     &bits, &params.dither) ||
        u32_from(none_to_null(bits), "bits", &params.bits) < 0 ||
        !PyUnicode_FSConverter(path, &bytes)) {
        return NULL;
    }
    const char *text = PyBytes_AsString(bytes);
    PyThreadState *thread = PyEval_SaveThread();
    const tabor_status st = tabor_audio_save_as(self->audio, text, &params);
    PyEval_RestoreThread(thread);
    Py_DECREF(bytes);
    if (st != TABOR_OK) {
        return raise_write_status(self->state, st, path);
    }
    Py_RETURN_NONE;
}

/* _peaks(columns), for a picture. */
static PyObject *
audio_peaks(PyObject *object, PyObject *count)
{
    return shown_peaks(&((audio_object *)object)->shown, count);
}

static Py_ssize_t
audio_length(PyObject *object)
{
    return ((audio_object *)object)->shown.shape[0];
}

static PyObject *
get_rate(PyObject *object, void *Py_UNUSED(unused))
{
    return PyLong_FromUnsignedLong(((audio_object *)object)->audio->rate);
}

static PyObject *
get_duration(PyObject *object, void *Py_UNUSED(unused))
{
    const tabor_audio *audio = ((audio_object *)object)->audio;
    return PyFloat_FromDouble((double)audio->frames / audio->rate);
}

static PyObject *
audio_repr(PyObject *object)
{
    const tabor_audio *audio = ((audio_object *)object)->audio;
    return PyUnicode_FromFormat(
        "<tabor.Audio: %llu frames, %u channel%s, %u Hz>",
        (unsigned long long)audio->frames, audio->channels,
        audio->channels == 1 ? "" : "s", audio->rate);
}

/* ---------------------------------------------------------------- read -- */

PyObject *
module_read(PyObject *module, PyObject *args, PyObject *names)
{
    static char *words[] = {"", "rate", "trusted", NULL};
    module_state *state = PyModule_GetState(module);
    PyObject *path, *rate = NULL, *bytes = NULL;
    tabor_read_params params = TABOR_READ;
    tabor_audio *audio = NULL;

    if (!PyArg_ParseTupleAndKeywords(args, names, "O|$Op:read", words, &path,
                                     &rate, &params.trusted) ||
        u32_from(none_to_null(rate), "rate", &params.rate) < 0 ||
        !PyUnicode_FSConverter(path, &bytes)) {
        return NULL;
    }
    const char *text = PyBytes_AsString(bytes);
    PyThreadState *thread = PyEval_SaveThread();
    const tabor_status st = tabor_audio_read_as(text, &params, &audio);
    PyEval_RestoreThread(thread);
    Py_DECREF(bytes);
    return st == TABOR_OK ? audio_wrap(state, audio)
                          : raise_read_status(state, st, path);
}

/* Called without the GIL; user: where to keep the thread's state. */
static int
no_signal_came(void *user)
{
    PyThreadState **thread = user;

    PyEval_RestoreThread(*thread);
    const int go_on = PyErr_CheckSignals() == 0;
    *thread = PyEval_SaveThread();
    return go_on;
}

PyObject *
module_replay(PyObject *module, PyObject *path)
{
    module_state *state = PyModule_GetState(module);
    tabor_audio *audio = NULL;
    PyObject *bytes = NULL;

    if (!PyUnicode_FSConverter(path, &bytes)) {
        return NULL;
    }
    const char *text = PyBytes_AsString(bytes);
    PyThreadState *thread = PyEval_SaveThread();
    const tabor_status st =
        tabor_replay_while(text, no_signal_came, &thread, &audio);
    PyEval_RestoreThread(thread);
    Py_DECREF(bytes);
    if (st == TABOR_OK) {
        return audio_wrap(state, audio);
    }
    return PyErr_Occurred() ? NULL : raise_read_status(state, st, path);
}

/* ---------------------------------------------------------------- type -- */

static PyMethodDef audio_methods[] = {
    {"save", (PyCFunction)(void (*)(void))audio_save,
     METH_VARARGS | METH_KEYWORDS,
     PyDoc_STR("save($self, path, /, *, bits=None, dither=True)\n--\n\n"
               "Write a sound file; its ending chooses the format.\n"
               "\n"
               "bits    of a value: .wav and .aiff hold 32 (float, the "
               "default), 24 or\n"
               "        16, .flac 24 (the default) or 16; .ogg has none\n"
               "dither  False: only round to 24 or 16 bits")},
    {"_peaks", audio_peaks, METH_O, NULL},
    {NULL, NULL, 0, NULL},
};

static PyGetSetDef audio_properties[] = {
    {"rate", get_rate, NULL, PyDoc_STR("Frames per second."), NULL},
    {"duration", get_duration, NULL, PyDoc_STR("Seconds."), NULL},
    {NULL, NULL, NULL, NULL, NULL},
};

static PyMemberDef audio_members[] = {
    {"frames", T_PYSSIZET, offsetof(audio_object, shown.shape[0]), READONLY,
     NULL},
    {"channels", T_PYSSIZET, offsetof(audio_object, shown.shape[1]), READONLY,
     NULL},
    {NULL, 0, 0, 0, NULL},
};

static PyType_Slot audio_slots[] = {
    {Py_tp_new, audio_new},
    {Py_tp_dealloc, audio_dealloc},
    {Py_tp_repr, audio_repr},
    {Py_tp_methods, audio_methods},
    {Py_tp_getset, audio_properties},
    {Py_tp_members, audio_members},
    {Py_sq_length, audio_length},
    {Py_bf_getbuffer, audio_getbuffer},
    {0, NULL},
};

static PyType_Spec audio_spec = {
    .name = "_tabor.Audio",
    .basicsize = sizeof(audio_object),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE,
    .slots = audio_slots,
};

int
audio_add_type(PyObject *module)
{
    module_state *state = PyModule_GetState(module);
    return module_add_type(module, &audio_spec, &state->audio_type);
}
