/* SPDX-License-Identifier: MIT
 *
 * The engine's life: open, attach, wait, close, collect.
 */
#include "binding.h"

#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* Handles number their play slots with 16 bits. */
#define PLAY_SLOTS 65536u

#define SLICE_NS UINT64_C(100000000)

/* ------------------------------------------------------------- the GIL -- */

PyThreadState *
engine_leave(engine_object *engine)
{
    engine->calls++;
    return PyEval_SaveThread();
}

void
engine_back(engine_object *engine, PyThreadState *thread)
{
    PyEval_RestoreThread(thread);
    engine->calls--;
}

/* -------------------------------------------------------------- waits -- */

uint64_t
monotonic_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * UINT64_C(1000000000) + (uint64_t)now.tv_nsec;
}

int
deadline_from(PyObject *timeout, uint64_t *deadline_ns)
{
    double seconds = 0.0;

    timeout = none_to_null(timeout);
    if (!timeout) {
        *deadline_ns = NO_DEADLINE;
        return 0;
    }
    if (number_from(timeout, "timeout", &seconds) < 0) {
        return -1;
    }
    if (!(seconds >= 0.0)) {
        PyErr_Format(PyExc_ValueError,
                     "timeout must be 0 or more seconds, not %R", timeout);
        return -1;
    }
    /* Past 290 years it makes no difference, and a sum could overflow. */
    *deadline_ns = seconds < 9e9 ? monotonic_ns() + (uint64_t)(seconds * 1e9)
                                 : NO_DEADLINE;
    return 0;
}

uint64_t
slice_ns(uint64_t deadline_ns)
{
    const uint64_t now = monotonic_ns();
    if (now >= deadline_ns) {
        return 0;
    }
    return deadline_ns - now < SLICE_NS ? deadline_ns - now : SLICE_NS;
}

/* Nothing wakes who waits on a pumped engine, and the library doesn't wait
 * there; but another thread may render. */
static void
sleep_for_others(uint64_t limit_ns)
{
    const uint64_t most_ns = 5000000;
    const struct timespec pause = {
        0, (long)(limit_ns < most_ns ? limit_ns : most_ns)};
    nanosleep(&pause, NULL);
}

/* Let whoever moves a pumped engine do so. */
static int
move(engine_object *engine)
{
    PyObject *idle = Py_NewRef(engine->idle);
    PyObject *result = PyObject_CallNoArgs(idle);

    Py_DECREF(idle);
    Py_XDECREF(result);
    return result ? 0 : -1;
}

int
engine_wait_slice(engine_object *engine, uint64_t limit_ns)
{
    if (engine_check(engine) < 0) {
        return -1;
    }
    tabor_client *client = engine->client;
    PyThreadState *thread = engine_leave(engine);
    const tabor_status st = tabor_client_wait(client, limit_ns);
    if (st == TABOR_ERR_TIMEOUT && !engine_moves(engine)) {
        sleep_for_others(limit_ns);
    }
    engine_back(engine, thread);
    if (st == TABOR_ERR_TIMEOUT && engine->is_pumped && engine_moves(engine) &&
        move(engine) < 0) {
        return -1;
    }
    if (st != TABOR_OK && st != TABOR_ERR_TIMEOUT) {
        raise_status(engine->state, st);
        return -1;
    }
    if (PyErr_CheckSignals() < 0) {
        return -1;
    }
    return st == TABOR_OK;
}

/* --------------------------------------------------------------- open -- */

/* The constructor's arguments, as the package passes them. */
typedef struct open_wish {
    tabor_engine_config engine;
    tabor_client_config client;
    uint32_t attach_id;
    on_full on_full;
    PyObject *log;      /* borrowed: a path, or None */
    PyObject *settings; /* borrowed: tuple of pairs of str */
} open_wish;

const char *const kernel_words[] = {"linear", "sinc16", "sinc32", NULL};

static int
wish_parse(PyObject *args, open_wish *wish)
{
    static const char *const full_words[] = {"raise", "wait", "drop", NULL};
    static const char *const wake_words[] = {"event", "poll", NULL};
    PyObject *id, *rate, *channels, *block, *voices, *queue, *full, *wake,
        *kernel;
    int full_index = 0, kernel_index = 0;

    if (!PyArg_ParseTuple(
            args, "OszOOOOOOOOpOpO!:Engine", &id, &wish->engine.driver,
            &wish->engine.device, &rate, &channels, &block, &voices, &queue,
            &full, &wake, &wish->log, &wish->engine.limiter, &kernel,
            &wish->engine.dither, &PyTuple_Type, &wish->settings) ||
        u32_from(id, "id", &wish->attach_id) < 0 ||
        u32_from(rate, "rate", &wish->engine.rate) < 0 ||
        u32_from(channels, "channels", &wish->engine.channels) < 0 ||
        u32_from(block, "block", &wish->engine.block) < 0 ||
        u32_from(voices, "voices", &wish->engine.voices) < 0 ||
        u32_from(queue, "queue", &wish->client.queue) < 0 ||
        choice_from(full, "on_full", full_words, &full_index) < 0 ||
        choice_from(wake, "wake", wake_words, &wish->engine.wake_poll) < 0 ||
        choice_from(kernel, "kernel", kernel_words, &kernel_index) < 0) {
        return -1;
    }
    wish->engine.kernel = (tabor_kernel)(TABOR_KERNEL_LINEAR + kernel_index);
    wish->on_full = (on_full)full_index;
    return 0;
}

/* Borrows the strings from the wish's tuple. settings: out, PyMem_Free(). */
static int
wish_settings(const open_wish *wish, tabor_setting **settings, size_t *count)
{
    const Py_ssize_t n = PyTuple_Size(wish->settings);
    tabor_setting *list = PyMem_Calloc((size_t)n + 1, sizeof *list);

    if (!list) {
        PyErr_NoMemory();
        return -1;
    }
    for (Py_ssize_t i = 0; i < n; i++) {
        if (!PyArg_ParseTuple(PyTuple_GetItem(wish->settings, i), "ss",
                              &list[i].key, &list[i].value)) {
            PyMem_Free(list);
            return -1;
        }
    }
    *settings = list;
    *count = (size_t)n;
    return 0;
}

/* Open or attach; both may take seconds. */
static tabor_status
wish_grant(const open_wish *wish, tabor_engine **engine, tabor_client **client)
{
    tabor_engine *opened = NULL;
    tabor_status st = wish->attach_id
                          ? tabor_engine_attach(wish->attach_id, &opened)
                          : tabor_engine_open(&wish->engine, &opened);
    if (st != TABOR_OK) {
        return st;
    }
    if ((st = tabor_client_open(opened, &wish->client, client)) != TABOR_OK) {
        tabor_engine_close(opened);
        return st;
    }
    *engine = opened;
    return TABOR_OK;
}

/* The log's path as bytes, owned; None without one. */
static PyObject *
wish_log(open_wish *wish)
{
    PyObject *bytes = NULL;

    if (wish->log == Py_None) {
        return Py_NewRef(Py_None);
    }
    if (PyUnicode_FSConverter(wish->log, &bytes)) {
        wish->engine.log = PyBytes_AsString(bytes);
    }
    return bytes;
}

static int
raise_not_opened(module_state *state, tabor_status status, PyObject *log)
{
    if (status == TABOR_ERR_IO && log != Py_None) {
        raise_write_status(state, status, log);
    } else {
        raise_status(state, status);
    }
    return -1;
}

static int
engine_connect(engine_object *self, open_wish *wish)
{
    tabor_setting *settings = NULL;
    PyObject *log = wish_log(wish);

    if (!log ||
        wish_settings(wish, &settings, &wish->engine.setting_count) < 0) {
        Py_XDECREF(log);
        return -1;
    }
    wish->engine.settings = settings;
    PyThreadState *thread = engine_leave(self);
    const tabor_status st = wish_grant(wish, &self->engine, &self->client);
    engine_back(self, thread);
    PyMem_Free(settings);
    Py_DECREF(log);
    if (st != TABOR_OK) {
        return raise_not_opened(self->state, st, wish->log);
    }
    self->is_closed = 0;
    self->on_full = wish->on_full;
    return 0;
}

/* What stays readable after close(). */
static int
engine_describe(engine_object *self)
{
    tabor_engine_info info = {0};

    tabor_engine_get_info(self->engine, &info);
    self->id = info.id;
    self->rate = info.rate;
    self->channels = info.channels;
    self->block = info.block;
    self->is_pumped = info.pumped;
    self->driver = PyUnicode_FromString(info.driver ? info.driver : "");
    self->device = PyUnicode_DecodeUTF8(
        info.device ? info.device : "",
        (Py_ssize_t)strlen(info.device ? info.device : ""), "replace");
    self->warning = PyUnicode_FromString(info.warning ? info.warning : "");
    return self->driver && self->device && self->warning ? 0 : -1;
}

PyObject *
engine_new(PyTypeObject *type, PyObject *args, PyObject *Py_UNUSED(names))
{
    open_wish wish = {
        TABOR_ENGINE_CONFIG, TABOR_CLIENT_CONFIG, 0, ON_FULL_RAISE, NULL, NULL};
    allocfunc alloc = (allocfunc)PyType_GetSlot(type, Py_tp_alloc);
    engine_object *self = NULL;

    if (wish_parse(args, &wish) < 0 ||
        !(self = (engine_object *)alloc(type, 0))) {
        return NULL;
    }
    self->module = module_of(type);
    Py_XINCREF(self->module);
    self->state = module_state_of(type);
    self->forks = module_forks;
    self->is_closed = 1;
    self->signal_fd = self->epoll_fd = -1;
    /* Untouched pages cost nothing; so enlisting a voice can't fail. */
    self->sounding = PyMem_Calloc(PLAY_SLOTS, sizeof *self->sounding);
    if (!self->sounding) {
        PyErr_NoMemory();
    } else if (engine_connect(self, &wish) == 0 && engine_describe(self) == 0) {
        return (PyObject *)self;
    }
    Py_DECREF(self);
    return NULL;
}

/* -------------------------------------------------------------- close -- */

int
engine_raise_closed(const engine_object *engine)
{
    PyErr_SetString(engine->state->closed_error,
                    engine->is_closed
                        ? "the engine is closed"
                        : "the engine was opened before fork() and belongs to "
                          "the parent process: open one in this process");
    return -1;
}

/* Other threads' calls end by themselves within a slice. */
static void
engine_wait_for_calls(const engine_object *self)
{
    const struct timespec pause = {0, 1000000};

    while (self->calls > 0) {
        PyThreadState *thread = PyEval_SaveThread();
        nanosleep(&pause, NULL);
        PyEval_RestoreThread(thread);
    }
}

/* What closing has to say, kept while other calls are made. */
typedef struct closing {
    tabor_status status;
    char text[1024];
} closing;

/* Take both out of the object, so that nobody finds them half closed. */
static void
engine_disconnect(engine_object *self, closing *said)
{
    tabor_engine *engine = self->engine;
    tabor_client *client = self->client;

    self->last_frame = tabor_engine_frame(engine);
    self->last_gain = tabor_engine_gain(engine);
    self->engine = NULL;
    self->client = NULL;
    PyThreadState *thread = PyEval_SaveThread();
    said->status = tabor_engine_close(engine);
    snprintf(said->text, sizeof said->text, "%s", tabor_error());
    PyEval_RestoreThread(thread);
    /* The last one to close an engine hears how each of its plays ended;
     * for the others we say it. */
    engine_pull_from(self, client);
    listeners_detach(self, self->last_frame);
    thread = PyEval_SaveThread();
    tabor_client_close(client);
    PyEval_RestoreThread(thread);
}

/* Close, whatever the reason. In a forked child nothing of the engine may be
 * touched. */
static closing
engine_shut(engine_object *self)
{
    closing said = {TABOR_OK, ""};

    if (self->is_closed) {
        return said;
    }
    if (engine_is_forked(self)) {
        self->is_closed = 1;
        batch_abandon(self);
        self->engine = NULL;
        self->client = NULL;
        listeners_detach(self, 0);
    } else {
        self->is_closed = 1;
        engine_wait_for_calls(self);
        batch_abandon(self);
        engine_disconnect(self, &said);
    }
    if (self->epoll_fd >= 0) {
        close(self->epoll_fd);
        close(self->signal_fd);
        self->epoll_fd = self->signal_fd = -1;
    }
    return said;
}

/* A take that isn't complete is an error, as close() of a file has; a driver
 * that hangs is nothing that the script can mend. */
static int
tell_closing(const closing *said)
{
    if (said->status == TABOR_OK) {
        return 0;
    }
    PyObject *text = PyUnicode_DecodeUTF8(
        said->text, (Py_ssize_t)strlen(said->text), "replace");
    if (!text) {
        return -1;
    }
    int result = -1;
    if (said->status == TABOR_ERR_DEVICE) {
        result = PyErr_WarnFormat(PyExc_RuntimeWarning, 2, "%U", text);
    } else {
        PyErr_SetObject(PyExc_OSError, text);
    }
    Py_DECREF(text);
    return result;
}

PyObject *
engine_close(PyObject *self, PyObject *Py_UNUSED(unused))
{
    const closing said = engine_shut((engine_object *)self);

    if (tell_closing(&said) < 0) {
        return NULL;
    }
    Py_RETURN_NONE;
}

/* ------------------------------------------------------------ collect -- */

int
engine_traverse(PyObject *object, visitproc visit, void *arg)
{
    engine_object *self = (engine_object *)object;

    Py_VISIT(Py_TYPE(object));
    Py_VISIT(self->module);
    Py_VISIT(self->hook);
    Py_VISIT(self->stamp_hook);
    Py_VISIT(self->pace);
    Py_VISIT(self->idle);
    Py_VISIT(self->batch);
    return queue_traverse(&self->queue, visit, arg);
}

int
engine_clear(PyObject *object)
{
    engine_object *self = (engine_object *)object;

    Py_CLEAR(self->hook);
    Py_CLEAR(self->stamp_hook);
    Py_CLEAR(self->pace);
    Py_CLEAR(self->idle);
    Py_CLEAR(self->batch);
    queue_clear(&self->queue);
    return 0;
}

void
engine_finalize(PyObject *object)
{
    engine_object *self = (engine_object *)object;
    PyObject *type, *value, *traceback;

    if (self->is_closed) {
        return;
    }
    PyErr_Fetch(&type, &value, &traceback);
    if (!engine_is_forked(self) &&
        PyErr_ResourceWarning(object, 1, "unclosed engine %R", object) < 0) {
        PyErr_WriteUnraisable(object);
    }
    const closing said = engine_shut(self);
    if (tell_closing(&said) < 0) {
        PyErr_WriteUnraisable(object);
    }
    PyErr_Restore(type, value, traceback);
}

void
engine_dealloc(PyObject *object)
{
    engine_object *self = (engine_object *)object;
    PyTypeObject *type = Py_TYPE(object);
    PyObject *module = self->module;
    freefunc release = (freefunc)PyType_GetSlot(type, Py_tp_free);

    PyObject_GC_UnTrack(object);
    (void)engine_shut(self);
    engine_clear(object);
    PyMem_Free(self->sounding);
    PyMem_Free(self->overtaken.slots);
    Py_XDECREF(self->driver);
    Py_XDECREF(self->device);
    Py_XDECREF(self->warning);
    release(object);
    Py_DECREF(type);
    Py_XDECREF(module);
}
