/* SPDX-License-Identifier: MIT */
#include "binding.h"

#include <structmember.h>

/* Memory for one: often that of a voice that was dropped just now. The
 * collector counts what is allocated, not what is used again. */
static voice_object *
voice_memory(module_state *state)
{
    if (state->spare_count == 0) {
        return PyObject_GC_New(voice_object, state->voice_type);
    }
    PyObject *memory = (PyObject *)state->spare[--state->spare_count];
    return (voice_object *)PyObject_Init(memory, state->voice_type);
}

voice_object *
voice_new(engine_object *engine)
{
    voice_object *voice = voice_memory(engine->state);

    if (!voice) {
        return NULL;
    }
    voice->engine = (engine_object *)Py_NewRef((PyObject *)engine);
    voice->weak_list = NULL;
    voice->handle = 0;
    voice->group = NULL;
    voice->is_held = 0;
    voice->has_ended = 0;
    voice->is_void = 0;
    PyObject_GC_Track(voice);
    return voice;
}

void
voice_free_spare(module_state *state)
{
    while (state->spare_count > 0) {
        PyObject_GC_Del(state->spare[--state->spare_count]);
    }
}

/* -------------------------------------------------------------- ending -- */

static int
has_ended(voice_object *voice)
{
    if (!voice->has_ended && voice->engine) {
        engine_pull(voice->engine);
    }
    return voice->has_ended;
}

/* It sounds or will; in a forked child nothing does. */
static int
is_alive(voice_object *voice)
{
    return voice->engine && !engine_is_forked(voice->engine) &&
           !has_ended(voice);
}

static PyObject *
get_alive(PyObject *self, void *Py_UNUSED(unused))
{
    return PyBool_FromLong(is_alive((voice_object *)self));
}

static PyObject *
get_ended(PyObject *self, void *Py_UNUSED(unused))
{
    voice_object *voice = (voice_object *)self;

    if (!voice->engine || !has_ended(voice) || voice->is_void) {
        Py_RETURN_NONE;
    }
    return event_ended(voice->engine->state, &voice->end, self);
}

static int
raise_waits_for_ever(const voice_object *voice)
{
    const char *why = "the voice would never end: its batch is sent when the "
                      "with statement ends; wait() after it";

    if (!batch_is_ours(voice)) {
        why = "the voice would never end: this engine moves only while "
              "render() runs; render first, or give a timeout";
    }
    PyErr_SetString(voice->engine->state->error, why);
    return -1;
}

/* Returns 1 once it has ended, 0 if not in time, -1 if raised. */
static int
wait_for_end(voice_object *voice, uint64_t deadline_ns)
{
    uint64_t left_ns = 1;

    while (!has_ended(voice)) {
        if (left_ns == 0) {
            return 0;
        }
        if (engine_check(voice->engine) < 0) {
            return -1;
        }
        if (deadline_ns == NO_DEADLINE &&
            (!engine_moves(voice->engine) || batch_is_ours(voice))) {
            return raise_waits_for_ever(voice);
        }
        left_ns = slice_ns(deadline_ns);
        if (engine_wait_slice(voice->engine, left_ns) < 0) {
            return -1;
        }
    }
    return 1;
}

/* A voice that lost its engine to the collector is only seen by finalizers. */
static int
voice_check(const voice_object *voice)
{
    if (!voice->engine) {
        PyErr_SetString(PyExc_RuntimeError, "the voice was collected");
        return -1;
    }
    return 0;
}

static SCRIPT_CALL(voice_wait)
{
    voice_object *voice = (voice_object *)self;
    PyObject *values[CALL_MAX_WORDS];
    uint64_t deadline_ns = NO_DEADLINE;

    if (voice_check(voice) < 0 ||
        call_sort(voice->engine->state, CALL_VOICE_WAIT, args, count, names,
                  values) < 0 ||
        deadline_from(values[0], &deadline_ns) < 0 ||
        wait_for_end(voice, deadline_ns) < 0) {
        return NULL;
    }
    return get_ended(self, NULL);
}

/* await voice: the package knows how to wait in an event loop. */
static PyObject *
voice_await(PyObject *self)
{
    voice_object *voice = (voice_object *)self;

    if (voice_check(voice) < 0) {
        return NULL;
    }
    PyObject *coroutine =
        PyObject_CallMethod((PyObject *)voice->engine, "_await_end", "O", self);
    PyObject *iterator =
        coroutine ? PyObject_CallMethod(coroutine, "__await__", NULL) : NULL;
    Py_XDECREF(coroutine);
    return iterator;
}

/* ------------------------------------------------------------ commands -- */

/* What send_stop(), send_release(), send_seek() and send_set() need. */
typedef struct voice_command {
    tabor_handle voice;
    uint64_t position;
    uint32_t fade_frames;
    uint64_t at;
    tabor_voice_params params;
} voice_command;

static tabor_status
send_stop(tabor_client *client, void *command)
{
    const voice_command *c = command;
    return tabor_voice_stop(client, c->voice, c->fade_frames, c->at);
}

static tabor_status
send_release(tabor_client *client, void *command)
{
    const voice_command *c = command;
    return tabor_voice_release(client, c->voice, c->at);
}

static tabor_status
send_seek(tabor_client *client, void *command)
{
    const voice_command *c = command;
    return tabor_voice_seek(client, c->voice, c->position, c->at);
}

static tabor_status
send_set(tabor_client *client, void *command)
{
    const voice_command *c = command;
    return tabor_voice_set(client, c->voice, &c->params);
}

/* True if it was sent; a voice that has ended takes calls and says False. */
static PyObject *
send_to_voice(voice_object *voice, send_function send, voice_command *command)
{
    tabor_status why = TABOR_OK;

    if (voice->has_ended) {
        Py_RETURN_FALSE;
    }
    command->voice = voice->handle;
    const int sent = engine_send(voice->engine, send, command, &why);
    return sent < 0 ? NULL : PyBool_FromLong(sent);
}

static SCRIPT_CALL(voice_stop)
{
    voice_object *voice = (voice_object *)self;
    PyObject *v[CALL_MAX_WORDS];
    voice_command command = {.at = TABOR_ASAP};

    if (voice_check(voice) < 0) {
        return NULL;
    }
    const uint32_t rate = voice->engine->rate;
    command.fade_frames = rate / 200; /* 5 ms */
    if (call_sort(voice->engine->state, CALL_VOICE_STOP, args, count, names,
                  v) < 0 ||
        ramp_from_seconds(v[0], "fade", rate, &command.fade_frames) < 0 ||
        time_from(v[1], v[2], rate, &command.at) < 0 ||
        stamp_at(voice->engine, &command.at) < 0) {
        return NULL;
    }
    return send_to_voice(voice, send_stop, &command);
}

static SCRIPT_CALL(voice_release)
{
    voice_object *voice = (voice_object *)self;
    PyObject *v[CALL_MAX_WORDS];
    voice_command command = {.at = TABOR_ASAP};

    if (voice_check(voice) < 0 ||
        call_sort(voice->engine->state, CALL_VOICE_RELEASE, args, count, names,
                  v) < 0 ||
        time_from(v[0], v[1], voice->engine->rate, &command.at) < 0 ||
        stamp_at(voice->engine, &command.at) < 0) {
        return NULL;
    }
    return send_to_voice(voice, send_release, &command);
}

static SCRIPT_CALL(voice_seek)
{
    voice_object *voice = (voice_object *)self;
    PyObject *v[CALL_MAX_WORDS];
    voice_command command = {.at = TABOR_ASAP};

    if (voice_check(voice) < 0 ||
        call_sort(voice->engine->state, CALL_VOICE_SEEK, args, count, names,
                  v) < 0) {
        return NULL;
    }
    if (!v[0]) {
        PyErr_SetString(PyExc_TypeError,
                        "seek() needs a position, in seconds of the sample");
        return NULL;
    }
    const uint32_t rate = voice->engine->rate;
    if (frames_from_seconds(v[0], "position", rate, &command.position) < 0 ||
        time_from(v[1], v[2], rate, &command.at) < 0 ||
        stamp_at(voice->engine, &command.at) < 0) {
        return NULL;
    }
    return send_to_voice(voice, send_seek, &command);
}

/* The order of CALL_VOICE_SET's words. */
enum {
    SET_GAIN,
    SET_PAN,
    SET_RATE,
    SET_PITCH,
    SET_RAMP,
    SET_AT,
    SET_AT_FRAME
};

static int
set_params(PyObject **v, uint32_t rate, tabor_voice_params *p)
{
    for (int i = 0; i < CALL_MAX_WORDS; i++) {
        v[i] = none_to_null(v[i]);
    }
    p->ramp_frames = rate / 200; /* 5 ms */
    p->which = (v[SET_GAIN] ? TABOR_SET_GAIN : 0) |
               (v[SET_PAN] ? TABOR_SET_PAN : 0) |
               (v[SET_RATE] || v[SET_PITCH] ? TABOR_SET_RATE : 0);
    if (!p->which) {
        PyErr_SetString(PyExc_TypeError,
                        "set() needs one of gain=, pan=, rate=, pitch=");
        return -1;
    }
    if (number_from(v[SET_GAIN], "gain", &p->gain) < 0 ||
        number_from(v[SET_PAN], "pan", &p->pan) < 0 ||
        number_from(v[SET_RATE], "rate", &p->rate) < 0 ||
        number_from(v[SET_PITCH], "pitch", &p->pitch) < 0 ||
        ramp_from_seconds(v[SET_RAMP], "ramp", rate, &p->ramp_frames) < 0) {
        return -1;
    }
    return time_from(v[SET_AT], v[SET_AT_FRAME], rate, &p->at);
}

static SCRIPT_CALL(voice_set)
{
    voice_object *voice = (voice_object *)self;
    PyObject *values[CALL_MAX_WORDS];
    voice_command command = {.params = TABOR_VOICE};

    if (voice_check(voice) < 0 ||
        call_sort(voice->engine->state, CALL_VOICE_SET, args, count, names,
                  values) < 0 ||
        set_params(values, voice->engine->rate, &command.params) < 0 ||
        stamp_at(voice->engine, &command.params.at) < 0) {
        return NULL;
    }
    return send_to_voice(voice, send_set, &command);
}

/* ---------------------------------------------------------------- life -- */

static int
voice_traverse(PyObject *self, visitproc visit, void *arg)
{
    Py_VISIT(Py_TYPE(self));
    Py_VISIT(((voice_object *)self)->engine);
    Py_VISIT(((voice_object *)self)->group);
    return 0;
}

/* Whoever would tell it of its end forgets it. */
static void
voice_leave(voice_object *voice)
{
    if (voice->group) {
        voice->group->made[voice->row] = NULL;
    } else if (voice->engine && !voice->has_ended && voice->handle) {
        listen_no_more(voice->engine, voice->handle, (PyObject *)voice);
    }
}

static int
voice_clear(PyObject *self)
{
    voice_object *voice = (voice_object *)self;

    voice_leave(voice);
    Py_CLEAR(voice->group);
    Py_CLEAR(voice->engine);
    return 0;
}

/* Give up what the voice refers to. The engine keeps its module; one that was
 * cleared has no type any more, which freeing the memory asks for. */
static void
voice_keep_memory(voice_object *voice)
{
    engine_object *engine = voice->engine;
    voices_object *group = voice->group;
    module_state *state = engine ? engine->state : NULL;

    if (state && state->voice_type && state->spare_count < VOICES_SPARE) {
        state->spare[state->spare_count++] = voice;
    } else {
        PyObject_GC_Del(voice);
    }
    Py_XDECREF((PyObject *)group);
    Py_XDECREF((PyObject *)engine);
}

/* The engine forgets it before anything else can run: its pointer to the
 * voice is borrowed. The sound goes on. */
static void
voice_dealloc(PyObject *self)
{
    voice_object *voice = (voice_object *)self;
    PyTypeObject *type = Py_TYPE(self);

    PyObject_GC_UnTrack(self);
    voice_leave(voice);
    if (voice->weak_list) {
        PyObject_ClearWeakRefs(self);
    }
    voice_keep_memory(voice);
    Py_DECREF(type);
}

static PyObject *
voice_repr(PyObject *self)
{
    voice_object *voice = (voice_object *)self;
    const char *state = "not ended";

    if (!voice->engine || has_ended(voice)) {
        state = voice->is_void
                    ? "never sent"
                    : tabor_reason_text((tabor_reason)voice->end.reason);
    }
    return PyUnicode_FromFormat("<tabor.Voice %llu: %s>",
                                (unsigned long long)voice->handle, state);
}

static PyMethodDef voice_methods[] = {
    SCRIPT_METHOD(
        "stop", voice_stop,
        "stop($self, fade=0.005, *, at=None, at_frame=None)\n--\n\n"
        "Off, with a ramp of so many seconds. False if it had ended."),
    SCRIPT_METHOD(
        "release", voice_release,
        "release($self, *, at=None, at_frame=None)\n--\n\n"
        "Let the release of its envelope begin; without one, stop in 5 ms. "
        "False\nif it had ended."),
    SCRIPT_METHOD(
        "seek", voice_seek,
        "seek($self, position, *, at=None, at_frame=None)\n--\n\n"
        "Go on at another place of the sample, or of the slice, in seconds; "
        "the\nold place fades while the new one rises. A loop goes on "
        "looping. False if\nit had ended."),
    SCRIPT_METHOD(
        "set", voice_set,
        "set($self, *, gain=None, pan=None, rate=None, pitch=None,\n"
        "    ramp=0.005, at=None, at_frame=None)\n--\n\n"
        "Change the voice. rate and pitch go together: if only one is "
        "given,\nthe other counts as 1 or 0. False if it had ended."),
    SCRIPT_METHOD(
        "wait", voice_wait,
        "wait($self, timeout=None)\n--\n\n"
        "Wait for the end. Returns its Ended, or None if it took longer."),
    {NULL, NULL, 0, NULL},
};

static PyGetSetDef voice_properties[] = {
    {"alive", get_alive, NULL,
     PyDoc_STR("True until the voice has ended, also while it waits for its "
               "time."),
     NULL},
    {"ended", get_ended, NULL, PyDoc_STR("Its Ended, or None."), NULL},
    {NULL, NULL, NULL, NULL, NULL},
};

static PyMemberDef voice_members[] = {
    {"id", T_ULONGLONG, offsetof(voice_object, handle), READONLY,
     PyDoc_STR("A number that no other voice of the engine has; 0 if the "
               "play was dropped.")},
    {"__weaklistoffset__", T_PYSSIZET, offsetof(voice_object, weak_list),
     READONLY, NULL},
    {NULL, 0, 0, 0, NULL},
};

static PyType_Slot voice_slots[] = {
    {Py_tp_doc, "One play of a sample. Dropping it does not stop the sound."},
    {Py_tp_dealloc, voice_dealloc},
    {Py_tp_traverse, voice_traverse},
    {Py_tp_clear, voice_clear},
    {Py_tp_repr, voice_repr},
    {Py_tp_methods, voice_methods},
    {Py_tp_getset, voice_properties},
    {Py_tp_members, voice_members},
    {Py_am_await, voice_await},
    {0, NULL},
};

static PyType_Spec voice_spec = {
    .name = "tabor.Voice",
    .basicsize = sizeof(voice_object),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC |
             Py_TPFLAGS_DISALLOW_INSTANTIATION | Py_TPFLAGS_IMMUTABLETYPE,
    .slots = voice_slots,
};

int
voice_add_type(PyObject *module)
{
    module_state *state = PyModule_GetState(module);
    return module_add_type(module, &voice_spec, &state->voice_type);
}
