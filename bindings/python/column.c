/* SPDX-License-Identifier: MIT
 *
 * Columns in: a number for each play, from whatever shows numbers through the
 * buffer protocol, or from any sequence.
 */
#include "binding.h"

#include <string.h>

/* ---------------------------------------------------------- what it is -- */

/* The dimensions of what it shows as a buffer, or -1 if it shows none. */
static int
dimensions(PyObject *value)
{
    Py_buffer view;

    if (!PyObject_CheckBuffer(value)) {
        return -1;
    }
    if (PyObject_GetBuffer(value, &view, PyBUF_FULL_RO) < 0) {
        PyErr_Clear();
        return -1;
    }
    const int result = view.ndim;
    PyBuffer_Release(&view);
    return result;
}

/* A number of numpy shows a buffer too, of no dimensions. */
int
column_is(PyObject *value)
{
    if (!value || PyFloat_Check(value) || PyLong_Check(value) ||
        PyUnicode_Check(value) || PyBytes_Check(value)) {
        return 0;
    }
    const int count = dimensions(value);
    return count > 0 || (count < 0 && PySequence_Check(value));
}

Py_ssize_t
column_length(PyObject *value, const char *word)
{
    const int count = dimensions(value);

    if (count > 1) {
        PyErr_Format(PyExc_ValueError,
                     "%s must be one number or a row of them, not an array of "
                     "%d dimensions",
                     word, count);
        return -1;
    }
    return PySequence_Size(value);
}

static void *
new_array(Py_ssize_t count)
{
    void *array = PyMem_Malloc((size_t)(count ? count : 1) * 8);
    return array ? array : PyErr_NoMemory();
}

static int
raise_changed(const char *word)
{
    PyErr_Format(PyExc_RuntimeError, "%s changed its length meanwhile", word);
    return -1;
}

/* ------------------------------------------------------------- buffers -- */

/* The struct module's letter for its numbers; 0 if that is not one letter in
 * this machine's byte order. */
static char
letter_of(const Py_buffer *view)
{
    const char *format = view->format ? view->format : "B";

    if (strchr(PY_BIG_ENDIAN ? "@=>!" : "@=<", format[0]) && format[1]) {
        format++;
    }
    return format[1] ? 0 : format[0];
}

/* '@' counts longs as C does, '=' and '<' as 4 bytes: the size decides. */
static char
sized_letter(const Py_buffer *view)
{
    const char letter = letter_of(view);

    if (letter && strchr("bhilqn", letter)) {
        return view->itemsize == 8   ? 'q'
               : view->itemsize == 4 ? 'i'
               : view->itemsize == 2 ? 'h'
                                     : 'b';
    }
    if (letter && strchr("?BHILQN", letter)) {
        return view->itemsize == 8   ? 'Q'
               : view->itemsize == 4 ? 'I'
               : view->itemsize == 2 ? 'H'
                                     : 'B';
    }
    return (letter == 'd' && view->itemsize == 8) ||
                   (letter == 'f' && view->itemsize == 4)
               ? letter
               : 0;
}

static int
raise_format(const Py_buffer *view, const char *word, const char *wanted)
{
    PyErr_Format(PyExc_TypeError, "%s is an array of format '%s', not of %s",
                 word, view->format ? view->format : "B", wanted);
    return -1;
}

/* Every one of them, wherever it lies. */
#define EACH(type, out)                                                        \
    for (Py_ssize_t i = 0; i < count; i++) {                                   \
        type x;                                                                \
        memcpy(&x, from + i * step, sizeof x);                                 \
        out;                                                                   \
    }                                                                          \
    return 0

static int
read_numbers(const Py_buffer *view, const char *word, double *out)
{
    const char *from = view->buf;
    const Py_ssize_t count = view->shape[0], step = view->strides[0];

    switch (sized_letter(view)) {
    case 'd':
        EACH(double, out[i] = x);
    case 'f':
        EACH(float, out[i] = (double)x);
    case 'b':
        EACH(int8_t, out[i] = x);
    case 'B':
        EACH(uint8_t, out[i] = x);
    case 'h':
        EACH(int16_t, out[i] = x);
    case 'H':
        EACH(uint16_t, out[i] = x);
    case 'i':
        EACH(int32_t, out[i] = x);
    case 'I':
        EACH(uint32_t, out[i] = x);
    case 'q':
        EACH(int64_t, out[i] = (double)x);
    case 'Q':
        EACH(uint64_t, out[i] = (double)x);
    default:
        return raise_format(view, word, "numbers");
    }
}

/* What is negative becomes larger than any that may be. */
static int
read_wholes(const Py_buffer *view, const char *word, uint64_t *out)
{
    const char *from = view->buf;
    const Py_ssize_t count = view->shape[0], step = view->strides[0];

    switch (sized_letter(view)) {
    case 'b':
        EACH(int8_t, out[i] = (uint64_t)(int64_t)x);
    case 'B':
        EACH(uint8_t, out[i] = x);
    case 'h':
        EACH(int16_t, out[i] = (uint64_t)(int64_t)x);
    case 'H':
        EACH(uint16_t, out[i] = x);
    case 'i':
        EACH(int32_t, out[i] = (uint64_t)(int64_t)x);
    case 'I':
        EACH(uint32_t, out[i] = x);
    case 'q':
        EACH(int64_t, out[i] = (uint64_t)x);
    case 'Q':
        EACH(uint64_t, out[i] = x);
    default:
        return raise_format(view, word, "whole numbers");
    }
}

/* ----------------------------------------------------------- sequences -- */

typedef int (*convert_function)(PyObject *item, const char *word, void *out);

static int
convert_number(PyObject *item, const char *word, void *out)
{
    return number_from(item, word, out);
}

static int
convert_whole(PyObject *item, const char *word, void *out)
{
    return whole_from(item, word, (UINT64_C(1) << 53), out);
}

/* One after the other, each into 8 bytes. */
static int
read_items(PyObject *value, const char *word, Py_ssize_t count,
           convert_function convert, char *out)
{
    PyObject *items = PySequence_Tuple(value);
    char place[64];
    int result = items ? 0 : -1;

    if (items && PyTuple_Size(items) != count) {
        result = raise_changed(word);
    }
    for (Py_ssize_t i = 0; result == 0 && i < count; i++) {
        PyObject *item = PyTuple_GetItem(items, i);
        if (convert == convert_number && PyFloat_CheckExact(item)) {
            const double x = PyFloat_AsDouble(item);
            memcpy(out + i * 8, &x, sizeof x);
            continue;
        }
        PyOS_snprintf(place, sizeof place, "%s[%zd]", word, i);
        result = convert(item, place, out + i * 8);
    }
    Py_XDECREF(items);
    return result;
}

/* ------------------------------------------------------------- columns -- */

/* Returns -1 if raised; view: out, to be released. */
static int
open_view(PyObject *value, const char *word, Py_ssize_t count, Py_buffer *view)
{
    if (PyObject_GetBuffer(value, view, PyBUF_FULL_RO) < 0) {
        return -1;
    }
    if (view->ndim == 1 && view->shape[0] == count && !view->suboffsets) {
        return 0;
    }
    PyBuffer_Release(view);
    return raise_changed(word);
}

/* Doubles side by side, where a double may lie. */
static int
is_ready(const Py_buffer *view)
{
    return sized_letter(view) == 'd' &&
           view->strides[0] == (Py_ssize_t)sizeof(double) &&
           (uintptr_t)view->buf % sizeof(double) == 0;
}

const double *
column_numbers(PyObject *value, const char *word, Py_ssize_t count,
               shown_column *column)
{
    int result = 0;

    *column = (shown_column){.copy = NULL};
    if (dimensions(value) != 1) {
        column->copy = new_array(count);
        result = column->copy ? read_items(value, word, count, convert_number,
                                           column->copy)
                              : -1;
    } else if (open_view(value, word, count, &column->view) < 0) {
        return NULL;
    } else if (is_ready(&column->view)) {
        return column->view.buf;
    } else {
        column->copy = new_array(count);
        result =
            column->copy ? read_numbers(&column->view, word, column->copy) : -1;
        PyBuffer_Release(&column->view);
    }
    if (result < 0) {
        PyMem_Free(column->copy);
        column->copy = NULL;
    }
    return column->copy;
}

void
column_release(shown_column *column)
{
    PyBuffer_Release(&column->view); /* does nothing the second time */
    PyMem_Free(column->copy);
}

static void
raise_seconds(const char *word, Py_ssize_t row, double seconds)
{
    PyObject *number = PyFloat_FromDouble(seconds);

    if (number) {
        PyErr_Format(PyExc_ValueError,
                     "%s[%zd] must be 0 or more seconds, not %R", word, row,
                     number);
        Py_DECREF(number);
    }
}

/* Rounds as tabor_seconds_to_frames(). Returns how many are good. */
static Py_ssize_t
frames_of(const double *seconds, Py_ssize_t count, uint32_t rate,
          uint64_t *frames)
{
    for (Py_ssize_t i = 0; i < count; i++) {
        const double exact = seconds[i] * rate;
        if (!(exact >= 0.0 && exact <= 0x1p53)) {
            return i;
        }
        frames[i] = (uint64_t)(int64_t)(exact + 0.5);
    }
    return count;
}

uint64_t *
column_frames(PyObject *value, const char *word, Py_ssize_t count,
              uint32_t rate)
{
    shown_column column;
    const double *seconds = column_numbers(value, word, count, &column);
    uint64_t *frames = seconds ? new_array(count) : NULL;
    const Py_ssize_t good =
        frames ? frames_of(seconds, count, rate, frames) : 0;

    if (frames && good < count) {
        raise_seconds(word, good, seconds[good]);
        PyMem_Free(frames);
        frames = NULL;
    }
    if (seconds) {
        column_release(&column);
    }
    return frames;
}

static uint64_t *
read_wholes_of(PyObject *value, const char *word, Py_ssize_t count)
{
    uint64_t *out = new_array(count);
    Py_buffer view;
    int result = -1;

    if (!out) {
        return NULL;
    }
    if (dimensions(value) != 1) {
        result = read_items(value, word, count, convert_whole, (char *)out);
    } else if (open_view(value, word, count, &view) == 0) {
        result = read_wholes(&view, word, out);
        PyBuffer_Release(&view);
    }
    if (result < 0) {
        PyMem_Free(out);
        return NULL;
    }
    return out;
}

uint64_t *
column_wholes(PyObject *value, const char *word, Py_ssize_t count,
              uint64_t most)
{
    uint64_t *wholes = read_wholes_of(value, word, count);
    uint64_t largest = 0;

    for (Py_ssize_t i = 0; wholes && i < count; i++) {
        largest = wholes[i] > largest ? wholes[i] : largest;
    }
    if (!wholes || largest <= most) {
        return wholes;
    }
    Py_ssize_t row = 0;
    while (wholes[row] <= most) {
        row++;
    }
    PyErr_Format(PyExc_ValueError, "%s[%zd] must be from 0 to %llu, not %lld",
                 word, row, (unsigned long long)most, (long long)wholes[row]);
    PyMem_Free(wholes);
    return NULL;
}
