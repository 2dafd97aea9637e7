/* SPDX-License-Identifier: MIT
 *
 * How sound in memory is shown, through the buffer protocol and in pictures;
 * and the object that holds a sample's memory for those who look at it.
 */
#include "binding.h"

/* -------------------------------------------------------------- buffer -- */

/* Does a consumer with these flags need values that lie one after the other?
 */
static int
wants_contiguous(int flags)
{
    return (flags & PyBUF_STRIDES) != PyBUF_STRIDES ||
           (flags & PyBUF_C_CONTIGUOUS) == PyBUF_C_CONTIGUOUS ||
           (flags & PyBUF_F_CONTIGUOUS) == PyBUF_F_CONTIGUOUS ||
           (flags & PyBUF_ANY_CONTIGUOUS) == PyBUF_ANY_CONTIGUOUS;
}

int
shown_fill(shown_values *shown, PyObject *owner, int flags, Py_buffer *view)
{
    if ((flags & PyBUF_WRITABLE) == PyBUF_WRITABLE) {
        PyErr_SetString(PyExc_BufferError, "sound can't be written: copy it");
        return -1;
    }
    const int has_shape = (flags & PyBUF_ND) == PyBUF_ND;
    const int has_strides = (flags & PyBUF_STRIDES) == PyBUF_STRIDES;
    view->buf = (void *)shown->values;
    view->itemsize = sizeof(float);
    view->len = shown->shape[0] * shown->shape[1] * view->itemsize;
    view->readonly = 1;
    view->format = (flags & PyBUF_FORMAT) == PyBUF_FORMAT ? "f" : NULL;
    view->ndim = has_shape ? 2 : 1;
    view->shape = has_shape ? shown->shape : NULL;
    view->strides = has_strides ? shown->strides : NULL;
    view->suboffsets = NULL;
    view->internal = NULL;
    view->obj = Py_NewRef(owner);
    return 0;
}

/* ------------------------------------------------------------- picture -- */

/* The least and the greatest value of frames first to last. */
static void
range_of(const shown_values *shown, uint64_t first, uint64_t last, float *low,
         float *high)
{
    const size_t size = sizeof(float);
    const size_t step = (size_t)shown->strides[0] / size;
    const size_t lane = (size_t)shown->strides[1] / size;

    *low = *high = 0.0f;
    for (size_t c = 0; c < (size_t)shown->shape[1]; c++) {
        const float *values = shown->values + c * lane;
        for (uint64_t i = first; i < last; i++) {
            const float value = values[i * step];
            *low = value < *low ? value : *low;
            *high = value > *high ? value : *high;
        }
    }
}

PyObject *
shown_peaks(const shown_values *shown, PyObject *count)
{
    const uint64_t frames = (uint64_t)shown->shape[0];
    uint32_t columns = 0;
    PyObject *list = PyList_New(0);

    if (!list || u32_from(count, "columns", &columns) < 0) {
        Py_XDECREF(list);
        return NULL;
    }
    for (uint64_t i = 0; i < columns; i++) {
        float low = 0.0f, high = 0.0f;
        range_of(shown, frames * i / columns, frames * (i + 1) / columns, &low,
                 &high);
        PyObject *pair = Py_BuildValue("(ff)", low, high);
        if (!pair || PyList_Append(list, pair) < 0) {
            Py_XDECREF(pair);
            Py_DECREF(list);
            return NULL;
        }
        Py_DECREF(pair);
    }
    return list;
}

/* ---------------------------------------------------------------- view -- */

view_object *
view_wrap(module_state *state, const tabor_view *view, uint64_t first,
          uint64_t frames)
{
    const Py_ssize_t size = sizeof(float);
    view_object *self = (view_object *)PyType_GenericAlloc(state->view_type, 0);

    if (!self) {
        tabor_sample_view_release(view);
        return NULL;
    }
    self->view = view;
    self->shown.values = view->values + first;
    self->shown.shape[0] = (Py_ssize_t)frames;
    self->shown.shape[1] = (Py_ssize_t)view->channels;
    self->shown.strides[0] = size;
    /* one channel lies as it would in any order: nobody need think otherwise */
    self->shown.strides[1] =
        view->channels == 1 ? size : size * (Py_ssize_t)view->stride;
    return self;
}

static void
view_dealloc(PyObject *self)
{
    PyTypeObject *type = Py_TYPE(self);

    tabor_sample_view_release(((view_object *)self)->view);
    PyObject_Free(self);
    Py_DECREF(type);
}

static int
view_getbuffer(PyObject *self, Py_buffer *view, int flags)
{
    shown_values *shown = &((view_object *)self)->shown;

    view->obj = NULL;
    if (shown->shape[1] > 1 && wants_contiguous(flags)) {
        PyErr_Format(PyExc_BufferError,
                     "a sample's %zd channels lie one after the other, not "
                     "frame by frame: copy it, as in bytes(sample) or "
                     "numpy.ascontiguousarray(sample)",
                     shown->shape[1]);
        return -1;
    }
    return shown_fill(shown, self, flags, view);
}

static PyType_Slot view_slots[] = {
    {Py_tp_doc, "What holds a sample's memory for an array that shows it."},
    {Py_tp_dealloc, view_dealloc},
    {Py_bf_getbuffer, view_getbuffer},
    {0, NULL},
};

static PyType_Spec view_spec = {
    .name = "_tabor.View",
    .basicsize = sizeof(view_object),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_DISALLOW_INSTANTIATION |
             Py_TPFLAGS_IMMUTABLETYPE,
    .slots = view_slots,
};

int
view_add_type(PyObject *module)
{
    module_state *state = PyModule_GetState(module);
    return module_add_type(module, &view_spec, &state->view_type);
}
