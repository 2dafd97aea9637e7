/* SPDX-License-Identifier: MIT */
#include "binding.h"

#include <string.h>
#include <structmember.h>

/* ------------------------------------------------------------- loading -- */

static sample_object *
sample_new(engine_object *engine)
{
    PyTypeObject *type = engine->state->sample_type;
    sample_object *sample = PyObject_GC_New(sample_object, type);

    if (!sample) {
        return NULL;
    }
    sample->engine = (engine_object *)Py_NewRef((PyObject *)engine);
    sample->weak_list = NULL;
    sample->whole = NULL;
    sample->first = 0;
    sample->handle = 0;
    sample->info = (tabor_sample_info){0};
    sample->is_unloaded = 0;
    PyObject_GC_Track(sample);
    return sample;
}

/* Where a sample comes from: one of the two is set. */
typedef struct load_source {
    const char *path;
    const tabor_audio *audio;
    const char *name; /* or NULL */
    tabor_read_params params;
} load_source;

static tabor_status
load_once(tabor_client *client, const load_source *source, tabor_handle *handle)
{
    return source->path
               ? tabor_sample_load_as(client, source->path, source->name,
                                      &source->params, handle)
               : tabor_sample_add(client, source->audio, source->name, handle);
}

/* Load, waiting for room if that is the engine's way. There is nothing to
 * "drop": a script that loads needs the sample. Returns -1 if raised or, with
 * another status than OK, if raising is left to the caller. */
static int
load_into(sample_object *sample, const load_source *source, tabor_status *why)
{
    engine_object *engine = sample->engine;
    int again = 1;

    while (again > 0) {
        *why = TABOR_OK;
        if (engine_check(engine) < 0) {
            return -1;
        }
        tabor_client *client = engine->client;
        PyThreadState *thread = engine_leave(engine);
        *why = load_once(client, source, &sample->handle);
        engine_back(engine, thread);
        if (*why == TABOR_OK) {
            return 0;
        }
        if (*why != TABOR_ERR_FULL || engine->on_full != ON_FULL_WAIT) {
            return -1;
        }
        again = engine_full(engine);
    }
    *why = TABOR_OK; /* raised already */
    return -1;
}

/* Ask what it became; close() may have come in between. */
static int
sample_describe(sample_object *sample)
{
    if (engine_check(sample->engine) < 0) {
        return -1;
    }
    const tabor_status st = tabor_sample_get_info(
        sample->engine->client, sample->handle, &sample->info);
    if (st != TABOR_OK) {
        raise_status(sample->engine->state, st);
        return -1;
    }
    return 0;
}

PyObject *
engine_load_path(PyObject *self, PyObject *args)
{
    engine_object *engine = (engine_object *)self;
    load_source source = {NULL, NULL, NULL, TABOR_READ};
    PyObject *path = NULL, *bytes = NULL;
    tabor_status why = TABOR_OK;

    if (!PyArg_ParseTuple(args, "Ozp:load", &path, &source.name,
                          &source.params.trusted) ||
        !PyUnicode_FSConverter(path, &bytes)) {
        return NULL;
    }
    source.path = PyBytes_AsString(bytes);
    sample_object *sample = sample_new(engine);
    if (sample &&
        (load_into(sample, &source, &why) < 0 || sample_describe(sample) < 0)) {
        if (why != TABOR_OK) {
            raise_read_status(engine->state, why, path);
        }
        Py_CLEAR(sample);
    }
    Py_DECREF(bytes);
    return (PyObject *)sample;
}

PyObject *
engine_load_audio(PyObject *self, PyObject *args)
{
    engine_object *engine = (engine_object *)self;
    load_source source = {NULL, NULL, NULL, TABOR_READ};
    audio_object *audio = NULL;
    tabor_status why = TABOR_OK;

    if (!PyArg_ParseTuple(args, "O!z:load", engine->state->audio_type, &audio,
                          &source.name)) {
        return NULL;
    }
    source.audio = audio->audio;
    sample_object *sample = sample_new(engine);
    if (sample &&
        (load_into(sample, &source, &why) < 0 || sample_describe(sample) < 0)) {
        if (why != TABOR_OK) {
            raise_status(engine->state, why);
        }
        Py_CLEAR(sample);
    }
    return (PyObject *)sample;
}

/* The sample of that name, or None. */
PyObject *
engine_find(PyObject *self, PyObject *name)
{
    engine_object *engine = (engine_object *)self;
    const char *text = PyUnicode_AsUTF8AndSize(name, NULL);
    if (!text || engine_check(engine) < 0) {
        return NULL;
    }
    sample_object *sample = sample_new(engine);
    if (!sample) {
        return NULL;
    }
    const tabor_status st =
        tabor_sample_named(engine->client, text, &sample->handle);
    if (st == TABOR_OK && sample_describe(sample) == 0) {
        return (PyObject *)sample;
    }
    Py_DECREF(sample);
    if (st == TABOR_ERR_MISSING) {
        Py_RETURN_NONE;
    }
    return st == TABOR_OK ? NULL : raise_status(engine->state, st);
}

/* ------------------------------------------------------------- methods -- */

/* A sample that lost its engine to the collector is only seen by finalizers. */
static int
sample_check(const sample_object *sample)
{
    if (!sample->engine) {
        PyErr_SetString(PyExc_RuntimeError, "the sample was collected");
        return -1;
    }
    return 0;
}

/* What send_unload() needs. */
typedef struct unload_command {
    tabor_handle sample;
    tabor_unload voices;
} unload_command;

static tabor_status
send_unload(tabor_client *client, void *command)
{
    const unload_command *c = command;
    return tabor_sample_unload(client, c->sample, c->voices);
}

static SCRIPT_CALL(sample_unload)
{
    static const char *const words[] = {"ring", "fade", "cut", NULL};
    sample_object *sample = (sample_object *)self;
    PyObject *values[CALL_MAX_WORDS];
    unload_command command = {sample->handle, TABOR_UNLOAD_RING};
    tabor_status why = TABOR_OK;
    int voices = TABOR_UNLOAD_RING;

    if (sample_check(sample) < 0 ||
        call_sort(sample->engine->state, CALL_SAMPLE_UNLOAD, args, count, names,
                  values) < 0 ||
        choice_from(values[0], "voices", words, &voices) < 0) {
        return NULL;
    }
    if (sample->whole) {
        PyErr_SetString(sample->engine->state->error,
                        "a slice has no memory of its own: unload() the "
                        "sample that it was cut from");
        return NULL;
    }
    if (sample->is_unloaded) {
        Py_RETURN_FALSE;
    }
    command.voices = (tabor_unload)voices;
    const int sent = engine_send(sample->engine, send_unload, &command, &why);
    if (sent < 0) {
        return NULL;
    }
    if (why == TABOR_ERR_FULL) { /* on_full="drop" is about plays */
        return raise_status(sample->engine->state, why);
    }
    sample->is_unloaded = 1;
    return PyBool_FromLong(sent);
}

/* -------------------------------------------------------------- slices -- */

static PyObject *
raise_no_slice(const sample_object *sample, uint64_t start, uint64_t end)
{
    PyErr_Format(PyExc_ValueError,
                 "slice is frames %llu to %llu, but begins before it ends, "
                 "within the sample's %llu",
                 (unsigned long long)start, (unsigned long long)end,
                 (unsigned long long)sample->info.frames);
    return NULL;
}

static SCRIPT_CALL(sample_slice)
{
    sample_object *sample = (sample_object *)self;
    PyObject *values[CALL_MAX_WORDS];
    uint64_t start = 0, end = sample->info.frames;

    if (sample_check(sample) < 0 ||
        call_sort(sample->engine->state, CALL_SAMPLE_SLICE, args, count, names,
                  values) < 0 ||
        frames_from_seconds(values[0], "start", sample->info.rate, &start) <
            0 ||
        frames_from_seconds(none_to_null(values[1]), "end", sample->info.rate,
                            &end) < 0) {
        return NULL;
    }
    if (start >= end || end > sample->info.frames) {
        return raise_no_slice(sample, start, end);
    }
    sample_object *whole = sample->whole ? sample->whole : sample;
    sample_object *slice = sample_new(sample->engine);
    if (slice) {
        slice->whole = (sample_object *)Py_NewRef((PyObject *)whole);
        slice->first = sample->first + start;
        slice->handle = sample->handle;
        slice->info = sample->info;
        slice->info.frames = end - start;
        slice->info.loop_start = slice->info.loop_end = 0;
    }
    return (PyObject *)slice;
}

/* -------------------------------------------------------------- buffer -- */

/* Its memory as it is now, of a slice its part. */
static view_object *
sample_look(const sample_object *sample)
{
    if (sample_check(sample) < 0 || engine_check(sample->engine) < 0) {
        return NULL;
    }
    engine_object *engine = sample->engine;
    tabor_client *client = engine->client;
    const tabor_view *view = NULL;
    PyThreadState *thread = engine_leave(engine);
    const tabor_status st = tabor_sample_view(client, sample->handle, &view);
    engine_back(engine, thread);
    if (st != TABOR_OK) {
        raise_status(engine->state, st);
        return NULL;
    }
    return view_wrap(engine->state, view, sample->first, sample->info.frames);
}

/* Nothing is kept here, so that unload() frees the memory once the last array
 * is gone. */
static int
sample_getbuffer(PyObject *self, Py_buffer *view, int flags)
{
    view->obj = NULL;
    PyObject *shown = (PyObject *)sample_look((sample_object *)self);
    if (!shown) {
        return -1;
    }
    const int result = PyObject_GetBuffer(shown, view, flags);
    Py_DECREF(shown);
    return result;
}

/* _peaks(columns), for a picture. */
static PyObject *
sample_peaks(PyObject *self, PyObject *count)
{
    view_object *view = sample_look((sample_object *)self);
    PyObject *peaks = view ? shown_peaks(&view->shown, count) : NULL;

    Py_XDECREF((PyObject *)view);
    return peaks;
}

/* Audio's picture asks for nothing that a sample lacks. */
static PyObject *
sample_picture(PyObject *self, PyObject *Py_UNUSED(unused))
{
    const sample_object *sample = (sample_object *)self;

    return sample_check(sample) < 0
               ? NULL
               : PyObject_CallMethod(sample->engine->state->audio_class,
                                     "_repr_svg_", "O", self);
}

/* ---------------------------------------------------------------- life -- */

static int
sample_traverse(PyObject *self, visitproc visit, void *arg)
{
    Py_VISIT(Py_TYPE(self));
    Py_VISIT(((sample_object *)self)->engine);
    Py_VISIT(((sample_object *)self)->whole);
    return 0;
}

/* Its voices ring to their end. In a forked child the engine's locks are as
 * the parent left them: nothing may be called. */
static int
sample_clear(PyObject *self)
{
    sample_object *sample = (sample_object *)self;
    const engine_object *engine = sample->engine;

    if (engine && sample->handle && !sample->whole && !sample->is_unloaded &&
        !engine->is_closed && !engine_is_forked(engine)) {
        sample->is_unloaded = 1;
        tabor_sample_release(engine->client, sample->handle);
    }
    Py_CLEAR(sample->engine);
    Py_CLEAR(sample->whole);
    return 0;
}

static void
sample_dealloc(PyObject *self)
{
    PyTypeObject *type = Py_TYPE(self);

    PyObject_GC_UnTrack(self);
    if (((sample_object *)self)->weak_list) {
        PyObject_ClearWeakRefs(self);
    }
    sample_clear(self);
    PyObject_GC_Del(self);
    Py_DECREF(type);
}

static PyObject *
get_name(PyObject *self, void *Py_UNUSED(unused))
{
    const char *name = ((sample_object *)self)->info.name;
    /* It may have been cut inside a character. */
    return PyUnicode_DecodeUTF8(name, (Py_ssize_t)strlen(name), "ignore");
}

static PyObject *
get_duration(PyObject *self, void *Py_UNUSED(unused))
{
    const tabor_sample_info *info = &((sample_object *)self)->info;
    return PyFloat_FromDouble((double)info->frames / info->rate);
}

static PyObject *
loop_point(const tabor_sample_info *info, uint64_t frame)
{
    if (!info->loop_end) {
        Py_RETURN_NONE;
    }
    return PyFloat_FromDouble((double)frame / info->rate);
}

static PyObject *
get_loop_start(PyObject *self, void *Py_UNUSED(unused))
{
    const tabor_sample_info *info = &((sample_object *)self)->info;
    return loop_point(info, info->loop_start);
}

static PyObject *
get_loop_end(PyObject *self, void *Py_UNUSED(unused))
{
    const tabor_sample_info *info = &((sample_object *)self)->info;
    return loop_point(info, info->loop_end);
}

static int
is_unloaded(const sample_object *sample)
{
    return sample->whole ? sample->whole->is_unloaded : sample->is_unloaded;
}

static PyObject *
sample_repr(PyObject *self)
{
    const sample_object *sample = (sample_object *)self;
    PyObject *name = get_name(self, NULL);
    PyObject *repr = NULL;

    if (name) {
        repr = PyUnicode_FromFormat(
            "<tabor.Sample %R%s: %llu frames, %u channel%s%s>", name,
            sample->whole ? ", a slice" : "",
            (unsigned long long)sample->info.frames, sample->info.channels,
            sample->info.channels == 1 ? "" : "s",
            is_unloaded(sample) ? ", unloaded" : "");
        Py_DECREF(name);
    }
    return repr;
}

static PyMethodDef sample_methods[] = {
    SCRIPT_METHOD(
        "play", sample_play,
        "play($self, *, velocity=1.0, gain=1.0, pan=0.0, rate=1.0,\n"
        "     pitch=0.0, at=None, at_frame=None, offset=0.0, duration=None,\n"
        "     loop=False, loop_fade=0.0, fade_in=None, fade_out=None,\n"
        "     env=None, choke=0, late='play', tag=0, kernel=None)\n--\n\n"
        "Play it, now or at a time; returns the Voice. The options are "
        "those of\nEngine.play()."),
    SCRIPT_METHOD(
        "unload", sample_unload,
        "unload($self, voices='ring')\n--\n\n"
        "Free its memory once nothing plays it. What sounds may 'ring' to "
        "its\nend, 'fade' in 5 ms or be 'cut'. False if it was unloaded "
        "before."),
    SCRIPT_METHOD(
        "slice", sample_slice,
        "slice($self, start=0.0, end=None)\n--\n\n"
        "A part of it, from second to second, that plays, loops and shows "
        "like a\nSample; nothing is copied. It keeps the whole one loaded."),
    {"_peaks", sample_peaks, METH_O, NULL},
    {"_repr_svg_", sample_picture, METH_NOARGS, NULL},
    {NULL, NULL, 0, NULL},
};

static PyGetSetDef sample_properties[] = {
    {"name", get_name, NULL, NULL, NULL},
    {"duration", get_duration, NULL, PyDoc_STR("Seconds at rate 1."), NULL},
    {"loop_start", get_loop_start, NULL,
     PyDoc_STR("Where the file says that its loop begins, in seconds, or "
               "None."),
     NULL},
    {"loop_end", get_loop_end, NULL, PyDoc_STR("And where it ends."), NULL},
    {NULL, NULL, NULL, NULL, NULL},
};

static PyMemberDef sample_members[] = {
    {"frames", T_ULONGLONG, offsetof(sample_object, info.frames), READONLY,
     PyDoc_STR("Length at the engine's rate.")},
    {"rate", T_UINT, offsetof(sample_object, info.rate), READONLY,
     PyDoc_STR("The engine's rate.")},
    {"channels", T_UINT, offsetof(sample_object, info.channels), READONLY,
     NULL},
    {"__weaklistoffset__", T_PYSSIZET, offsetof(sample_object, weak_list),
     READONLY, NULL},
    {NULL, 0, 0, 0, NULL},
};

static PyType_Slot sample_slots[] = {
    {Py_tp_doc, "A sound that the engine holds in memory.\n\n"
                "memoryview(sample) and numpy.asarray(sample) show that memory "
                "without a\ncopy: float32, shape (frames, channels), "
                "read-only; channels lie apart. It\nstays for as long as an "
                "array shows it, whatever else is gone."},
    {Py_tp_dealloc, sample_dealloc},
    {Py_tp_traverse, sample_traverse},
    {Py_tp_clear, sample_clear},
    {Py_tp_repr, sample_repr},
    {Py_tp_methods, sample_methods},
    {Py_tp_getset, sample_properties},
    {Py_tp_members, sample_members},
    {Py_bf_getbuffer, sample_getbuffer},
    {0, NULL},
};

static PyType_Spec sample_spec = {
    .name = "tabor.Sample",
    .basicsize = sizeof(sample_object),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC |
             Py_TPFLAGS_DISALLOW_INSTANTIATION | Py_TPFLAGS_IMMUTABLETYPE,
    .slots = sample_slots,
};

int
sample_add_type(PyObject *module)
{
    module_state *state = PyModule_GetState(module);
    return module_add_type(module, &sample_spec, &state->sample_type);
}
