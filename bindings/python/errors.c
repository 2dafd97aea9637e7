/* SPDX-License-Identifier: MIT */
#include "binding.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static PyObject *
add_error(PyObject *module, const char *name, const char *doc, PyObject *base,
          PyObject *second)
{
    PyObject *bases =
        second ? PyTuple_Pack(2, base, second) : PyTuple_Pack(1, base);
    if (!bases) {
        return NULL;
    }
    PyObject *error = PyErr_NewExceptionWithDoc(name, doc, bases, NULL);
    Py_DECREF(bases);
    if (error &&
        PyModule_AddObjectRef(module, strchr(name, '.') + 1, error) < 0) {
        Py_CLEAR(error);
    }
    return error;
}

int
errors_add(PyObject *module)
{
    module_state *s = PyModule_GetState(module);

    s->error =
        add_error(module, "tabor.Error", "What all of Tabor's own errors are.",
                  PyExc_Exception, NULL);
    if (!s->error) {
        return -1;
    }
    s->device_error =
        add_error(module, "tabor.DeviceError",
                  "A driver or an audio device did not do what was asked.",
                  s->error, PyExc_OSError);
    s->decode_error = add_error(module, "tabor.DecodeError",
                                "A sound file can't be understood.", s->error,
                                PyExc_ValueError);
    s->queue_full = add_error(module, "tabor.QueueFull",
                              "No room: nothing was sent.\n\nneeded, free: "
                              "places; which: what is full, as a word.",
                              s->error, NULL);
    s->closed_error =
        add_error(module, "tabor.ClosedError", "The engine or sample is gone.",
                  s->error, PyExc_RuntimeError);
    s->timed_out = add_error(module, "tabor.TimedOut",
                             "The engine gave no answer in time.", s->error,
                             PyExc_TimeoutError);
    return s->device_error && s->decode_error && s->queue_full &&
                   s->closed_error && s->timed_out
               ? 0
               : -1;
}

/* The core's sentence; a path in it may be in any encoding. */
static PyObject *
sentence(void)
{
    const char *text = tabor_error();
    return PyUnicode_DecodeUTF8(text, (Py_ssize_t)strlen(text), "replace");
}

static int
set_number(PyObject *object, const char *name, uint32_t number)
{
    PyObject *value = PyLong_FromUnsignedLong(number);
    int result = value ? PyObject_SetAttrString(object, name, value) : -1;
    Py_XDECREF(value);
    return result;
}

static int
set_text(PyObject *object, const char *name, const char *text)
{
    PyObject *value = PyUnicode_FromString(text ? text : "");
    int result = value ? PyObject_SetAttrString(object, name, value) : -1;
    Py_XDECREF(value);
    return result;
}

static PyObject *
raise_full(module_state *state)
{
    const tabor_full full = tabor_full_info();
    PyObject *text = sentence();
    PyObject *error =
        text ? PyObject_CallFunctionObjArgs(state->queue_full, text, NULL)
             : NULL;

    if (error && set_number(error, "needed", full.needed) == 0 &&
        set_number(error, "free", full.free) == 0 &&
        set_text(error, "which", full.which) == 0) {
        PyErr_SetObject(state->queue_full, error);
    }
    Py_XDECREF(error);
    Py_XDECREF(text);
    return NULL;
}

static PyObject *
error_class(const module_state *state, tabor_status status)
{
    switch (status) {
    case TABOR_ERR_INVALID:
    case TABOR_ERR_LIMIT:
        return PyExc_ValueError;
    case TABOR_ERR_CLOSED:
    case TABOR_ERR_STALE:
    case TABOR_ERR_FORKED:
        return state->closed_error;
    case TABOR_ERR_DEVICE:
        return state->device_error;
    case TABOR_ERR_DECODE:
        return state->decode_error;
    case TABOR_ERR_TIMEOUT:
        return state->timed_out;
    case TABOR_ERR_MISSING:
        return PyExc_FileNotFoundError;
    case TABOR_ERR_IO:
        return PyExc_OSError;
    default:
        return state->error;
    }
}

PyObject *
raise_status(module_state *state, tabor_status status)
{
    if (status == TABOR_ERR_NO_MEMORY) {
        return PyErr_NoMemory();
    }
    if (status == TABOR_ERR_FULL) {
        return raise_full(state);
    }
    PyObject *text = sentence();
    if (text) {
        PyErr_SetObject(error_class(state, status), text);
        Py_DECREF(text);
    }
    return NULL;
}

/* With the rights that opening has; sets errno if not. */
static int
may_access(const char *path, int mode)
{
    return faccessat(AT_FDCWD, path, mode, AT_EACCESS) == 0;
}

/* The folder's own state, for a file that can't be made in it. */
static int
folder_errno(const char *path)
{
    const char *slash = strrchr(path, '/');
    char folder[4096] = ".";

    if (slash && (size_t)(slash - path) < sizeof folder) {
        const size_t length = slash == path ? 1 : (size_t)(slash - path);
        memcpy(folder, path, length);
        folder[length] = '\0';
    }
    return may_access(folder, W_OK | X_OK) ? EIO : errno;
}

/* The core says that it failed; the reason decides on the class, and the file
 * itself still tells it. */
static int
read_errno(const char *path)
{
    struct stat about;

    if (stat(path, &about) < 0) {
        return errno == ENOENT ? folder_errno(path) : errno;
    }
    if (S_ISDIR(about.st_mode)) {
        return EISDIR;
    }
    return may_access(path, R_OK) ? EIO : errno;
}

/* It is written beside its place and renamed: the folder has to allow it. */
static int
write_errno(const char *path)
{
    struct stat about;

    return stat(path, &about) == 0 && S_ISDIR(about.st_mode)
               ? EISDIR
               : folder_errno(path);
}

static PyObject *
raise_os_error(PyObject *path, int number)
{
    PyObject *text = sentence();
    PyObject *args = text ? Py_BuildValue("(iOO)", number, text, path) : NULL;

    if (args) {
        /* OSError picks its own subclass from the number. */
        PyErr_SetObject(PyExc_OSError, args);
        Py_DECREF(args);
    }
    Py_XDECREF(text);
    return NULL;
}

static PyObject *
raise_about_file(module_state *state, tabor_status status, PyObject *path,
                 int (*why)(const char *path))
{
    PyObject *bytes = NULL;

    switch (status) {
    case TABOR_ERR_MISSING:
        return raise_os_error(path, ENOENT);
    case TABOR_ERR_IO:
        if (PyUnicode_FSConverter(path, &bytes)) {
            raise_os_error(path, why(PyBytes_AsString(bytes)));
            Py_DECREF(bytes);
        }
        return NULL;
    case TABOR_ERR_LIMIT:
        return raise_status(state, TABOR_ERR_DECODE);
    default:
        return raise_status(state, status);
    }
}

PyObject *
raise_read_status(module_state *state, tabor_status status, PyObject *path)
{
    return raise_about_file(state, status, path, read_errno);
}

PyObject *
raise_write_status(module_state *state, tabor_status status, PyObject *path)
{
    return raise_about_file(state, status, path, write_errno);
}
