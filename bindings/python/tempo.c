/* SPDX-License-Identifier: MIT
 *
 * Beats and seconds, for the package's clock: tabor/tempo.h as a type.
 */
#include "binding.h"

#include <tabor/tempo.h>

typedef struct tempo_object {
    PyObject ob_base;
    module_state *state;
    tabor_tempo *tempo; /* owned */
} tempo_object;

static PyObject *
tempo_new(PyTypeObject *type, PyObject *args, PyObject *Py_UNUSED(names))
{
    allocfunc alloc = (allocfunc)PyType_GetSlot(type, Py_tp_alloc);
    double bpm = 0.0;
    PyObject *value = NULL;

    if (!PyArg_ParseTuple(args, "O:Tempo", &value) ||
        number_from(value, "bpm", &bpm) < 0) {
        return NULL;
    }
    tempo_object *self = (tempo_object *)alloc(type, 0);
    if (!self) {
        return NULL;
    }
    self->state = module_state_of(type);
    const tabor_status st = tabor_tempo_new(bpm, &self->tempo);
    if (st != TABOR_OK) {
        raise_status(self->state, st);
        Py_DECREF(self);
        return NULL;
    }
    return (PyObject *)self;
}

static int
tempo_traverse(PyObject *object, visitproc visit, void *arg)
{
    Py_VISIT(Py_TYPE(object));
    return 0;
}

static void
tempo_dealloc(PyObject *object)
{
    PyTypeObject *type = Py_TYPE(object);
    freefunc release = (freefunc)PyType_GetSlot(type, Py_tp_free);

    PyObject_GC_UnTrack(object);
    tabor_tempo_free(((tempo_object *)object)->tempo);
    release(object);
    Py_DECREF(type);
}

static PyObject *
tempo_change(PyObject *object, PyObject *args)
{
    tempo_object *self = (tempo_object *)object;
    PyObject *values[3];
    double beat = 0.0, bpm = 0.0, over = 0.0;

    if (!PyArg_ParseTuple(args, "OOO:change", values, values + 1, values + 2) ||
        number_from(values[0], "beat", &beat) < 0 ||
        number_from(values[1], "bpm", &bpm) < 0 ||
        number_from(values[2], "beats", &over) < 0) {
        return NULL;
    }
    const tabor_status st = tabor_tempo_change(self->tempo, beat, bpm, over);
    if (st != TABOR_OK) {
        return raise_status(self->state, st);
    }
    Py_RETURN_NONE;
}

typedef double (*look_up)(const tabor_tempo *tempo, double place);

static PyObject *
tempo_look_up(PyObject *object, PyObject *place, look_up function)
{
    double number = 0.0;

    if (number_from(place, "a place", &number) < 0) {
        return NULL;
    }
    return PyFloat_FromDouble(
        function(((tempo_object *)object)->tempo, number));
}

static PyObject *
tempo_seconds(PyObject *self, PyObject *beat)
{
    return tempo_look_up(self, beat, tabor_tempo_seconds);
}

static PyObject *
tempo_beats(PyObject *self, PyObject *seconds)
{
    return tempo_look_up(self, seconds, tabor_tempo_beats);
}

static PyObject *
tempo_bpm(PyObject *self, PyObject *beat)
{
    return tempo_look_up(self, beat, tabor_tempo_bpm);
}

static PyObject *
tempo_forget(PyObject *self, PyObject *beat)
{
    double number = 0.0;

    if (number_from(beat, "beat", &number) < 0) {
        return NULL;
    }
    tabor_tempo_forget(((tempo_object *)self)->tempo, number);
    Py_RETURN_NONE;
}

static PyMethodDef tempo_methods[] = {
    {"change", tempo_change, METH_VARARGS,
     PyDoc_STR("change($self, beat, bpm, beats, /)\n--\n\n"
               "From a beat on the tempo is another, or moves there over so "
               "many beats.")},
    {"seconds", tempo_seconds, METH_O,
     PyDoc_STR("seconds($self, beat, /)\n--\n\nWhen a beat is.")},
    {"beats", tempo_beats, METH_O,
     PyDoc_STR("beats($self, seconds, /)\n--\n\n"
               "The beat that a second is in.")},
    {"bpm", tempo_bpm, METH_O,
     PyDoc_STR("bpm($self, beat, /)\n--\n\nBeats a minute at a beat.")},
    {"forget", tempo_forget, METH_O,
     PyDoc_STR("forget($self, beat, /)\n--\n\n"
               "Nobody will ask for what was before this beat.")},
    {NULL, NULL, 0, NULL},
};

static PyType_Slot tempo_slots[] = {
    {Py_tp_new, tempo_new},
    {Py_tp_dealloc, tempo_dealloc},
    {Py_tp_traverse, tempo_traverse},
    {Py_tp_methods, tempo_methods},
    {Py_tp_doc, (void *)"Tempo(bpm)\n--\n\n"
                        "A map of beats and seconds; beat 0 is second 0."},
    {0, NULL},
};

static PyType_Spec tempo_spec = {
    .name = "_tabor.Tempo",
    .basicsize = sizeof(tempo_object),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC,
    .slots = tempo_slots,
};

int
tempo_add_type(PyObject *module)
{
    module_state *state = PyModule_GetState(module);
    return module_add_type(module, &tempo_spec, &state->tempo_type);
}
