/* SPDX-License-Identifier: MIT
 *
 * The engine as scripts see it. tabor.Engine derives from this type and adds
 * what is called seldom.
 */
#include "binding.h"

#include <structmember.h>

/* ---------------------------------------------------------- properties -- */

static uint64_t
current_frame(const engine_object *self)
{
    return self->engine ? tabor_engine_frame(self->engine) : self->last_frame;
}

static PyObject *
get_frame(PyObject *self, void *Py_UNUSED(unused))
{
    return PyLong_FromUnsignedLongLong(current_frame((engine_object *)self));
}

static PyObject *
get_now(PyObject *object, void *Py_UNUSED(unused))
{
    const engine_object *self = (engine_object *)object;
    return PyFloat_FromDouble((double)current_frame(self) / self->rate);
}

/* A forked child may look too: it only reads. */
static PyObject *
get_block(PyObject *self, void *Py_UNUSED(unused))
{
    engine_object *engine = (engine_object *)self;
    tabor_engine_info info = {.block = engine->block};

    if (engine->engine) {
        tabor_engine_get_info(engine->engine, &info);
        engine->block = info.block;
    }
    return PyLong_FromUnsignedLong(info.block);
}

static PyObject *
get_closed(PyObject *self, void *Py_UNUSED(unused))
{
    return PyBool_FromLong(((engine_object *)self)->is_closed);
}

/* Does anything wait that has left the ring? */
static PyObject *
get_queued(PyObject *self, void *Py_UNUSED(unused))
{
    return PyBool_FromLong(((engine_object *)self)->queue.count > 0);
}

static PyObject *
get_gain(PyObject *object, void *Py_UNUSED(unused))
{
    const engine_object *self = (engine_object *)object;
    return PyFloat_FromDouble(self->engine ? tabor_engine_gain(self->engine)
                                           : self->last_gain);
}

static PyObject *
engine_repr(PyObject *object)
{
    const engine_object *self = (engine_object *)object;

    if (!self->driver) {
        return PyUnicode_FromString("<tabor.Engine, not open>");
    }
    return PyUnicode_FromFormat("<tabor.Engine %u: %U, %u Hz, %u channel%s%s>",
                                self->id, self->driver, self->rate,
                                self->channels, self->channels == 1 ? "" : "s",
                                self->is_closed ? ", closed" : "");
}

/* ---------------------------------------------------------------- type -- */

static PyMethodDef engine_methods[] = {
    SCRIPT_METHOD(
        "play", engine_play,
        "play($self, sample, *, velocity=1.0, gain=1.0, pan=0.0, rate=1.0,\n"
        "     pitch=0.0, at=None, at_frame=None, offset=0.0, duration=None,\n"
        "     loop=False, loop_fade=0.0, fade_in=None, fade_out=None,\n"
        "     env=None, choke=0, late='play', tag=0, kernel=None)\n--\n\n"
        "Play a sample, now or at a time; returns its Voice.\n"
        "\n"
        "loop      True: round the loop that the file tells of, else round all "
        "of\n"
        "          it; (start, end) in seconds: round these\n"
        "loop_fade  seconds: so much of the loop's end crosses into what is "
        "before\n"
        "          its start\n"
        "fade_in, fade_out  seconds; out before its own end; if not given, "
        "5 ms\n"
        "          where offset, duration or a late start leave a sample's "
        "middle\n"
        "env       an ADSR; release() ends it\n"
        "choke     a group, 1 or more: a voice silences the others of it"),
    SCRIPT_METHOD(
        "play_many", engine_play_many,
        "play_many($self, samples, *, velocity=1.0, gain=1.0, pan=0.0, "
        "rate=1.0,\n"
        "          pitch=0.0, at=None, at_frame=None, offset=0.0, "
        "duration=None,\n"
        "          loop=False, loop_fade=0.0, fade_in=None, fade_out=None,\n"
        "          env=None, choke=0, late='play', tag=0, kernel=None, "
        "count=None)\n--\n\n"
        "Many plays in one call, accepted or refused as a whole; returns "
        "Voices.\n"
        "\n"
        "samples   one for all plays, or a list of one for each\n"
        "velocity, gain, pan, rate, pitch, at, at_frame, offset, duration, "
        "tag\n"
        "          one number for all, or an array or list of one for each\n"
        "count     how many, if nothing else tells\n"
        "\n"
        "The rest is as in play(), for all. At most 4,080 at once, and 16 "
        "less than\nthe queue has places."),
    SCRIPT_METHOD("stop", engine_stop,
                  "stop($self, fade=0.005)\n--\n\n"
                  "All sounding voices off, with a ramp of so many seconds."),
    SCRIPT_METHOD("cancel", engine_cancel,
                  "cancel($self, tag=None, *, after=None, after_frame=None,\n"
                  "       before=None, before_frame=None)\n--\n\n"
                  "Withdraw the scheduled plays: those with the tag, or all; "
                  "those at a\ntime or later, those earlier than a time."),
    {"panic", engine_panic, METH_NOARGS,
     PyDoc_STR("panic($self)\n--\n\n"
               "Silence now: nothing sounds, nothing is scheduled. "
               "Can't fail.")},
    SCRIPT_METHOD("ping", engine_ping,
                  "ping($self, timeout=1.0)\n--\n\n"
                  "Seconds for the way through the audio thread and back."),
    SCRIPT_METHOD("render", engine_render,
                  "render($self, seconds=None, *, frames=None)\n--\n\n"
                  "The next piece of sound as Audio; driver='offline' only."),
    {"fileno", engine_fileno, METH_NOARGS,
     PyDoc_STR("fileno($self)\n--\n\n"
               "A descriptor that is readable while events wait.")},
    {"close", engine_close, METH_NOARGS,
     PyDoc_STR("close($self)\n--\n\n"
               "Stop the sound and free the device. Twice is once.")},
    {"_batch_begin", engine_batch_begin, METH_NOARGS, NULL},
    {"_batch_commit", engine_batch_commit, METH_NOARGS, NULL},
    {"_batch_abandon", engine_batch_abandon, METH_NOARGS, NULL},
    {"_load_path", engine_load_path, METH_VARARGS, NULL},
    {"_find", engine_find, METH_O, NULL},
    {"_load_audio", engine_load_audio, METH_VARARGS, NULL},
    {"_stats", engine_stats, METH_NOARGS, NULL},
    {"_meters", engine_meters, METH_NOARGS, NULL},
    {"_read", engine_read_events, METH_NOARGS, NULL},
    {"_pull", engine_pull_events, METH_NOARGS, NULL},
    {"_await", engine_await, METH_O, NULL},
    {"_ring_fileno", engine_ring_fileno, METH_NOARGS, NULL},
    {"_mark", engine_mark, METH_NOARGS, NULL},
    {"_stamp", engine_stamp, METH_O, NULL},
    {NULL, NULL, 0, NULL},
};

static PyGetSetDef engine_properties[] = {
    {"frame", get_frame, NULL,
     PyDoc_STR("Frames rendered since the engine opened."), NULL},
    {"now", get_now, NULL, PyDoc_STR("The same in seconds."), NULL},
    {"block", get_block, NULL,
     PyDoc_STR("Frames that the device asks for at once; one that was lost "
               "may return with others."),
     NULL},
    {"closed", get_closed, NULL, NULL, NULL},
    {"_queued", get_queued, NULL, NULL, NULL},
    {"gain", get_gain, engine_set_gain,
     PyDoc_STR("Master volume, linear; setting it ramps over 5 ms."), NULL},
    {NULL, NULL, NULL, NULL, NULL},
};

static PyMemberDef engine_members[] = {
    {"id", T_UINT, offsetof(engine_object, id), READONLY,
     PyDoc_STR("Names the engine to attach().")},
    {"rate", T_UINT, offsetof(engine_object, rate), READONLY,
     PyDoc_STR("Frames per second.")},
    {"channels", T_UINT, offsetof(engine_object, channels), READONLY, NULL},
    {"driver", T_OBJECT, offsetof(engine_object, driver), READONLY, NULL},
    {"device", T_OBJECT, offsetof(engine_object, device), READONLY, NULL},
    {"_warning", T_OBJECT, offsetof(engine_object, warning), READONLY, NULL},
    {"_pumped", T_BOOL, offsetof(engine_object, is_pumped), READONLY, NULL},
    {"_hook", T_OBJECT, offsetof(engine_object, hook), 0, NULL},
    {"_stamp_hook", T_OBJECT, offsetof(engine_object, stamp_hook), 0, NULL},
    {"_pace", T_OBJECT, offsetof(engine_object, pace), 0, NULL},
    {"_idle", T_OBJECT, offsetof(engine_object, idle), 0, NULL},
    {NULL, 0, 0, 0, NULL},
};

static PyType_Slot engine_slots[] = {
    {Py_tp_new, engine_new},           {Py_tp_dealloc, engine_dealloc},
    {Py_tp_finalize, engine_finalize}, {Py_tp_traverse, engine_traverse},
    {Py_tp_clear, engine_clear},       {Py_tp_repr, engine_repr},
    {Py_tp_methods, engine_methods},   {Py_tp_members, engine_members},
    {Py_tp_getset, engine_properties}, {0, NULL},
};

static PyType_Spec engine_spec = {
    .name = "_tabor.Engine",
    .basicsize = sizeof(engine_object),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC | Py_TPFLAGS_BASETYPE,
    .slots = engine_slots,
};

int
engine_add_type(PyObject *module)
{
    module_state *state = PyModule_GetState(module);
    return module_add_type(module, &engine_spec, &state->engine_type);
}
