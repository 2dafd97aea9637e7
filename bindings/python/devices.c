/* SPDX-License-Identifier: MIT
 *
 * Drivers and devices. A driver may take its time to answer, and from a
 * thread of its own; so the answers are copied as they come, without Python,
 * and converted afterwards.
 */
#include "binding.h"

#include <stdlib.h>
#include <string.h>

typedef struct found_driver {
    char *name, *title, *why;
    int is_available;
} found_driver;

typedef struct found_device {
    char *driver, *name;
    uint32_t inputs, outputs;
    uint32_t *rates;
    size_t rate_count;
    int is_default;
} found_device;

/* A growing array of one of the two. */
typedef struct found_list {
    union {
        found_driver *drivers;
        found_device *devices;
        void *any;
    };
    size_t count;
    int is_out_of_memory;
} found_list;

/* Room for one more, or 0. */
static int
found_grow(found_list *list, size_t size)
{
    void *longer = realloc(list->any, (list->count + 1) * size);
    if (!longer) {
        list->is_out_of_memory = 1;
        return 0;
    }
    list->any = longer;
    return 1;
}

static char *
copy_text(const char *text)
{
    return strdup(text ? text : "");
}

static void
keep_driver(void *user, const tabor_driver_info *driver)
{
    found_list *list = user;

    if (!found_grow(list, sizeof *list->drivers)) {
        return;
    }
    found_driver *kept = &list->drivers[list->count++];
    kept->name = copy_text(driver->name);
    kept->title = copy_text(driver->title);
    kept->why = copy_text(driver->why);
    kept->is_available = driver->available;
    if (!kept->name || !kept->title || !kept->why) {
        list->is_out_of_memory = 1;
    }
}

static void
keep_device(void *user, const tabor_device_info *device)
{
    found_list *list = user;
    const size_t size = device->rate_count * sizeof *device->rates;

    if (!found_grow(list, sizeof *list->devices)) {
        return;
    }
    found_device *kept = &list->devices[list->count++];
    kept->driver = copy_text(device->driver);
    kept->name = copy_text(device->name);
    kept->inputs = device->inputs;
    kept->outputs = device->outputs;
    kept->rate_count = device->rate_count;
    kept->is_default = device->is_default;
    kept->rates = malloc(size ? size : 1);
    if (!kept->driver || !kept->name || !kept->rates) {
        list->is_out_of_memory = 1;
    } else if (size) {
        memcpy(kept->rates, device->rates, size);
    }
}

/* Names of devices are in any encoding. */
static PyObject *
text_object(const char *text)
{
    return PyUnicode_DecodeUTF8(text, (Py_ssize_t)strlen(text), "replace");
}

static PyObject *
driver_tuple(const found_driver *driver)
{
    return Py_BuildValue(
        "(NNNN)", text_object(driver->name), text_object(driver->title),
        PyBool_FromLong(driver->is_available), text_object(driver->why));
}

static PyObject *
rates_tuple(const found_device *device)
{
    PyObject *rates = PyTuple_New((Py_ssize_t)device->rate_count);

    for (size_t i = 0; rates && i < device->rate_count; i++) {
        PyObject *rate = PyLong_FromUnsignedLong(device->rates[i]);
        if (!rate || PyTuple_SetItem(rates, (Py_ssize_t)i, rate) < 0) {
            Py_CLEAR(rates);
        }
    }
    return rates;
}

static PyObject *
device_tuple(const found_device *device)
{
    return Py_BuildValue("(NNIINN)", text_object(device->driver),
                         text_object(device->name), device->inputs,
                         device->outputs, rates_tuple(device),
                         PyBool_FromLong(device->is_default));
}

/* Append and give away; tuple may be NULL. Returns -1 if raised. */
static int
append_tuple(PyObject *list, PyObject *tuple)
{
    const int result = tuple ? PyList_Append(list, tuple) : -1;
    Py_XDECREF(tuple);
    return result;
}

static PyObject *
drivers_object(const found_list *found)
{
    PyObject *list = PyList_New(0);

    for (size_t i = 0; list && i < found->count; i++) {
        if (append_tuple(list, driver_tuple(&found->drivers[i])) < 0) {
            Py_CLEAR(list);
        }
    }
    return list;
}

static PyObject *
devices_object(const found_list *found)
{
    PyObject *list = PyList_New(0);

    for (size_t i = 0; list && i < found->count; i++) {
        if (append_tuple(list, device_tuple(&found->devices[i])) < 0) {
            Py_CLEAR(list);
        }
    }
    return list;
}

static void
free_drivers(found_list *found)
{
    for (size_t i = 0; i < found->count; i++) {
        free(found->drivers[i].name);
        free(found->drivers[i].title);
        free(found->drivers[i].why);
    }
    free(found->drivers);
}

static void
free_devices(found_list *found)
{
    for (size_t i = 0; i < found->count; i++) {
        free(found->devices[i].driver);
        free(found->devices[i].name);
        free(found->devices[i].rates);
    }
    free(found->devices);
}

static tabor_status
found_status(tabor_status status, const found_list *found)
{
    return status == TABOR_OK && found->is_out_of_memory ? TABOR_ERR_NO_MEMORY
                                                         : status;
}

PyObject *
module_drivers(PyObject *module, PyObject *Py_UNUSED(unused))
{
    found_list found = {0};

    PyThreadState *thread = PyEval_SaveThread();
    tabor_status st = tabor_drivers_list(keep_driver, &found);
    PyEval_RestoreThread(thread);
    st = found_status(st, &found);
    PyObject *result = st == TABOR_OK
                           ? drivers_object(&found)
                           : raise_status(PyModule_GetState(module), st);
    free_drivers(&found);
    return result;
}

PyObject *
module_devices(PyObject *module, PyObject *driver)
{
    found_list found = {0};
    const char *name = NULL;

    if (driver != Py_None && !(name = PyUnicode_AsUTF8AndSize(driver, NULL))) {
        return NULL;
    }
    PyThreadState *thread = PyEval_SaveThread();
    tabor_status st = tabor_devices_list(name, keep_device, &found);
    PyEval_RestoreThread(thread);
    st = found_status(st, &found);
    PyObject *result = st == TABOR_OK
                           ? devices_object(&found)
                           : raise_status(PyModule_GetState(module), st);
    free_devices(&found);
    return result;
}
