/* SPDX-License-Identifier: MIT
 *
 * Arrays in: whatever shows numbers through the buffer protocol.
 */
#include "binding.h"

#include <string.h>

/* The struct module's order mark, if it is one that this machine reads. */
static int
is_native_order(char mark)
{
#if PY_BIG_ENDIAN
    return mark == '@' || mark == '=' || mark == '>' || mark == '!';
#else
    return mark == '@' || mark == '=' || mark == '<';
#endif
}

static int
find_format(const char *text, Py_ssize_t size, tabor_format *format)
{
    if (text && text[0] && text[1] && is_native_order(text[0])) {
        text++;
    }
    if (!text || !text[0] || text[1]) {
        return -1;
    }
    if (text[0] == 'h' && size == 2) {
        *format = TABOR_INT16;
    } else if ((text[0] == 'i' || text[0] == 'l') && size == 4) {
        *format = TABOR_INT32;
    } else if (text[0] == 'f' && size == 4) {
        *format = TABOR_FLOAT32;
    } else if (text[0] == 'd' && size == 8) {
        *format = TABOR_FLOAT64;
    } else {
        return -1;
    }
    return 0;
}

static int
raise_format(const Py_buffer *view)
{
    PyErr_Format(PyExc_TypeError,
                 "an array of format '%s' can't be loaded, only int16, int32, "
                 "float32 and float64 in this machine's byte order: convert "
                 "it, as in array.astype('float32') or "
                 "memoryview(bytes).cast('h')",
                 view->format ? view->format : "B");
    return -1;
}

/* The shape as Python writes it; owned. */
static PyObject *
shape_tuple(const Py_buffer *view)
{
    PyObject *shape = PyTuple_New(view->ndim);

    for (int i = 0; shape && i < view->ndim; i++) {
        PyObject *length = PyLong_FromSsize_t(view->shape[i]);
        if (!length || PyTuple_SetItem(shape, i, length) < 0) {
            Py_CLEAR(shape);
        }
    }
    return shape;
}

static int
raise_shape(const Py_buffer *view, const char *format)
{
    PyObject *shape = shape_tuple(view);
    if (shape) {
        PyErr_Format(PyExc_ValueError, format, shape);
        Py_DECREF(shape);
    }
    return -1;
}

static int
check_shape(const Py_buffer *view)
{
    if (view->ndim < 1 || view->ndim > 2) {
        return raise_shape(view, "an array of shape %R can't be loaded: give "
                                 "(frames,) or (frames, channels)");
    }
    if (view->len == 0) {
        return raise_shape(view, "an array of shape %R is empty: there is "
                                 "nothing to load");
    }
    if (view->ndim == 2 && view->shape[1] > TABOR_MAX_CHANNELS) {
        return raise_shape(view, "an array of shape %R has more than 64 "
                                 "channels: give (frames, channels), or "
                                 "transpose it");
    }
    return 0;
}

/* In memory order, also if the view jumps about. owned: out, PyMem_Free(). */
static const void *
values_of(const Py_buffer *view, void **owned)
{
    if (PyBuffer_IsContiguous(view, 'C')) {
        return view->buf;
    }
    void *copy = PyMem_Malloc((size_t)view->len);
    if (!copy) {
        PyErr_NoMemory();
        return NULL;
    }
    if (PyBuffer_ToContiguous(copy, view, view->len, 'C') < 0) {
        PyMem_Free(copy);
        return NULL;
    }
    *owned = copy;
    return copy;
}

static int
audio_from_view(module_state *state, const Py_buffer *view, uint32_t rate,
                tabor_audio **audio)
{
    tabor_format format = TABOR_FLOAT32;
    void *owned = NULL;

    if (find_format(view->format, view->itemsize, &format) < 0) {
        return raise_format(view);
    }
    if (check_shape(view) < 0) {
        return -1;
    }
    const void *values = values_of(view, &owned);
    if (!values) {
        return -1;
    }
    const uint64_t frames = (uint64_t)view->shape[0];
    const uint32_t channels = view->ndim == 2 ? (uint32_t)view->shape[1] : 1;
    PyThreadState *thread = PyEval_SaveThread();
    const tabor_status st =
        tabor_audio_from_values(values, format, frames, channels, rate, audio);
    PyEval_RestoreThread(thread);
    PyMem_Free(owned);
    if (st != TABOR_OK) {
        raise_status(state, st);
        return -1;
    }
    return 0;
}

int
audio_from_buffer(module_state *state, PyObject *source, uint32_t rate,
                  tabor_audio **audio)
{
    Py_buffer view;

    if (!PyObject_CheckBuffer(source)) {
        PyErr_Format(PyExc_TypeError,
                     "%R has no sound: give a path, an Audio or an array, such "
                     "as numpy's or array.array('f', ...)",
                     (PyObject *)Py_TYPE(source));
        return -1;
    }
    if (PyObject_GetBuffer(source, &view, PyBUF_FULL_RO) < 0) {
        return -1;
    }
    const int result = audio_from_view(state, &view, rate, audio);
    PyBuffer_Release(&view);
    return result;
}
