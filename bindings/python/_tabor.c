/* SPDX-License-Identifier: MIT
 *
 * The extension module: types, errors and the functions without an engine.
 * Scripts import the package tabor, which is built on it.
 */
#include "binding.h"

#include <pthread.h>
#include <string.h>

int
module_add_type(PyObject *module, PyType_Spec *spec, PyTypeObject **type)
{
    *type = (PyTypeObject *)PyType_FromModuleAndSpec(module, spec, NULL);
    return *type ? PyModule_AddType(module, *type) : -1;
}

unsigned module_forks;

static void
count_fork(void)
{
    module_forks++;
}

static void
watch_forks(void)
{
    pthread_atfork(NULL, NULL, count_fork);
}

PyObject *
module_of(PyTypeObject *type)
{
    PyObject *module = NULL;

    /* A class made in Python belongs to no module; one of its bases does. */
    while (type && !(module = PyType_GetModule(type))) {
        PyErr_Clear();
        type = PyType_GetSlot(type, Py_tp_base);
    }
    return module;
}

module_state *
module_state_of(PyTypeObject *type)
{
    PyObject *module = module_of(type);

    return module ? PyModule_GetState(module) : NULL;
}

/* ----------------------------------------------------------- functions -- */

/* Every part of the state that is an object, for the collector. */
static size_t
state_objects(module_state *s, PyObject ***objects)
{
    PyObject **all[] = {
        (PyObject **)&s->audio_type,
        (PyObject **)&s->engine_type,
        (PyObject **)&s->sample_type,
        (PyObject **)&s->voice_type,
        (PyObject **)&s->voices_type,
        (PyObject **)&s->tempo_type,
        (PyObject **)&s->view_type,
        &s->audio_class,
        &s->ended,
        &s->late,
        &s->xrun,
        &s->pong,
        &s->device_lost,
        &s->device_back,
        &s->error,
        &s->device_error,
        &s->decode_error,
        &s->queue_full,
        &s->closed_error,
        &s->timed_out,
    };

    memcpy(objects, all, sizeof all);
    return sizeof all / sizeof *all;
}
#define STATE_OBJECTS 24

/* _use(Audio, Ended, Late, Xrun, Pong, DeviceLost, DeviceBack): the package's
 * classes, which the module makes objects of. */
static PyObject *
module_use(PyObject *module, PyObject *args)
{
    module_state *s = PyModule_GetState(module);
    PyObject **classes[] = {&s->audio_class, &s->ended, &s->late,
                            &s->xrun,        &s->pong,  &s->device_lost,
                            &s->device_back};
    const Py_ssize_t count = sizeof classes / sizeof *classes;

    if (PyTuple_Size(args) != count) {
        PyErr_Format(PyExc_TypeError, "_use() takes %zd classes", count);
        return NULL;
    }
    for (Py_ssize_t i = 0; i < count; i++) {
        PyObject *old = *classes[i];
        *classes[i] = Py_NewRef(PyTuple_GetItem(args, i));
        Py_XDECREF(old);
    }
    Py_RETURN_NONE;
}

static PyObject *
module_kit_dir(PyObject *Py_UNUSED(module), PyObject *Py_UNUSED(unused))
{
    return PyUnicode_DecodeFSDefault(tabor_kit_dir());
}

static PyObject *
module_guard_path(PyObject *Py_UNUSED(module), PyObject *Py_UNUSED(unused))
{
    return PyUnicode_DecodeFSDefault(tabor_guard_path());
}

static PyObject *
module_lua_path(PyObject *Py_UNUSED(module), PyObject *Py_UNUSED(unused))
{
    return PyUnicode_DecodeFSDefault(tabor_lua_path());
}

static PyObject *
module_version(PyObject *Py_UNUSED(module), PyObject *Py_UNUSED(unused))
{
    return PyUnicode_FromString(tabor_version());
}

/* _nearest(word, words): the one that is spelt most like it, or None. */
static PyObject *
module_nearest(PyObject *Py_UNUSED(module), PyObject *args)
{
    const char *word = NULL;
    PyObject *tuple = NULL, *result = NULL;

    if (!PyArg_ParseTuple(args, "sO!:_nearest", &word, &PyTuple_Type, &tuple)) {
        return NULL;
    }
    const Py_ssize_t count = PyTuple_Size(tuple);
    const char **words = PyMem_Calloc((size_t)count + 1, sizeof *words);
    if (!words) {
        return PyErr_NoMemory();
    }
    for (Py_ssize_t i = 0; i < count; i++) {
        words[i] = PyUnicode_AsUTF8AndSize(PyTuple_GetItem(tuple, i), NULL);
        if (!words[i]) {
            goto done;
        }
    }
    const char *near = tabor_nearest(word, words);
    result = near ? PyUnicode_FromString(near) : Py_NewRef(Py_None);

done:
    PyMem_Free(words);
    return result;
}

/* ---------------------------------------------------------------- life -- */

static int
module_exec(PyObject *module)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;

    pthread_once(&once, watch_forks);
    return errors_add(module) < 0 || audio_add_type(module) < 0 ||
                   engine_add_type(module) < 0 || sample_add_type(module) < 0 ||
                   voice_add_type(module) < 0 || voices_add_type(module) < 0 ||
                   tempo_add_type(module) < 0 || view_add_type(module) < 0 ||
                   calls_intern(PyModule_GetState(module)) < 0
               ? -1
               : 0;
}

static int
module_traverse(PyObject *module, visitproc visit, void *arg)
{
    PyObject **objects[STATE_OBJECTS];
    const size_t count = state_objects(PyModule_GetState(module), objects);

    for (size_t i = 0; i < count; i++) {
        Py_VISIT(*objects[i]);
    }
    return 0;
}

static int
module_clear(PyObject *module)
{
    module_state *state = PyModule_GetState(module);
    PyObject **objects[STATE_OBJECTS];
    const size_t count = state_objects(state, objects);

    voice_free_spare(state); /* while their type is there */
    for (size_t i = 0; i < count; i++) {
        Py_CLEAR(*objects[i]);
    }
    for (int call = 0; call < CALL_COUNT; call++) {
        for (int i = 0; i < CALL_MAX_WORDS; i++) {
            Py_CLEAR(state->words[call][i]);
        }
    }
    return 0;
}

static void
module_free(void *module)
{
    module_clear(module);
}

static PyMethodDef module_methods[] = {
    {"read", (PyCFunction)(void (*)(void))module_read,
     METH_VARARGS | METH_KEYWORDS,
     PyDoc_STR("read($module, path, /, *, rate=None, trusted=False)\n--\n\n"
               "Decode a sound file; returns Audio.\n"
               "\n"
               "rate     to resample to; the file's own if not given\n"
               "trusted  True: decode in this process, not in a jailed one")},
    {"replay", module_replay, METH_O,
     PyDoc_STR("replay($module, path, /)\n--\n\n"
               "Render a take that open(log=path) has written; returns the "
               "very sound\nas Audio.")},
    {"_drivers", module_drivers, METH_NOARGS, NULL},
    {"_devices", module_devices, METH_O, NULL},
    {"_kit_dir", module_kit_dir, METH_NOARGS, NULL},
    {"_guard_path", module_guard_path, METH_NOARGS, NULL},
    {"_lua_path", module_lua_path, METH_NOARGS, NULL},
    {"_version", module_version, METH_NOARGS, NULL},
    {"_nearest", module_nearest, METH_VARARGS, NULL},
    {"_use", module_use, METH_VARARGS, NULL},
    {NULL, NULL, 0, NULL},
};

/* No Py_mod_gil: the GIL is what guards our objects, so a free-threaded
 * interpreter has to switch it on. No Py_mod_multiple_interpreters, which
 * Python 3.11 does not know: then a subinterpreter that shares the GIL may load
 * the module, which keeps nothing of its own outside of its state, and one that
 * has its own GIL is refused. */
static PyModuleDef_Slot module_slots[] = {
    {Py_mod_exec, module_exec},
    {0, NULL},
};

static PyModuleDef module_definition = {
    PyModuleDef_HEAD_INIT,
    .m_name = "_tabor",
    .m_doc = PyDoc_STR("What the package tabor is built on."),
    .m_size = sizeof(module_state),
    .m_methods = module_methods,
    .m_slots = module_slots,
    .m_traverse = module_traverse,
    .m_clear = module_clear,
    .m_free = module_free,
};

PyMODINIT_FUNC PyInit__tabor(void);

PyMODINIT_FUNC
PyInit__tabor(void)
{
    return PyModuleDef_Init(&module_definition);
}
