/* SPDX-License-Identifier: MIT
 *
 * Pulling sound out of an engine, and numbers.
 */
#include "binding.h"

/* -------------------------------------------------------------- render -- */

/* How much is rendered between two looks at Ctrl-C: whole blocks, about a
 * second of sound and a few milliseconds of work. */
static uint64_t
render_slice_frames(const engine_object *engine)
{
    const uint32_t blocks = 65536 / engine->block;
    return (uint64_t)engine->block * (blocks ? blocks : 1);
}

/* A clock's tasks run before each step of so many frames, those that are due
 * in it. */
#define PACE_FRAMES 256u

/* What is rendered next, of the frames that are left; 0 if raised. */
static uint64_t
render_step(engine_object *engine, uint64_t left)
{
    const uint64_t slice = render_slice_frames(engine);

    if (engine_check(engine) < 0) {
        return 0;
    }
    if (!engine->pace || engine->pace == Py_None) {
        return left < slice ? left : slice;
    }
    const uint64_t frames = left < PACE_FRAMES ? left : PACE_FRAMES;
    const uint64_t end = tabor_engine_frame(engine->engine) + frames;
    PyObject *pace = Py_NewRef(engine->pace);
    PyObject *result =
        PyObject_CallFunction(pace, "K", (unsigned long long)end);
    Py_DECREF(pace);
    Py_XDECREF(result);
    return result && engine_check(engine) == 0 ? frames : 0;
}

static int
render_into(engine_object *engine, tabor_audio *audio)
{
    float *out = audio->values;
    uint64_t left = audio->frames;

    while (left > 0) {
        const uint64_t frames = render_step(engine, left);
        if (frames == 0) {
            return -1;
        }
        tabor_engine *source = engine->engine;
        PyThreadState *thread = engine_leave(engine);
        const tabor_status st = tabor_engine_render(source, frames, out);
        engine_back(engine, thread);
        if (st != TABOR_OK) {
            raise_status(engine->state, st);
            return -1;
        }
        if (PyErr_CheckSignals() < 0) {
            return -1;
        }
        out += frames * audio->channels;
        left -= frames;
    }
    return 0;
}

/* seconds or frames=, exactly one of them. */
static int
render_length(PyObject *seconds, PyObject *frames, uint32_t rate,
              uint64_t *length)
{
    seconds = none_to_null(seconds);
    frames = none_to_null(frames);
    if (!seconds == !frames) {
        PyErr_SetString(PyExc_TypeError,
                        "render() takes either seconds or frames=");
        return -1;
    }
    return frames ? frame_from(frames, "frames", length)
                  : frames_from_seconds(seconds, "seconds", rate, length);
}

static PyObject *
raise_not_pumped(const engine_object *engine)
{
    PyErr_Format(engine->state->error,
                 "driver '%U' plays by itself: render() is for "
                 "open(driver='offline')",
                 engine->driver);
    return NULL;
}

SCRIPT_CALL(engine_render)
{
    engine_object *engine = (engine_object *)self;
    PyObject *values[CALL_MAX_WORDS];
    tabor_audio *audio = NULL;
    uint64_t frames = 0;

    if (call_sort(engine->state, CALL_RENDER, args, count, names, values) < 0 ||
        render_length(values[0], values[1], engine->rate, &frames) < 0 ||
        engine_check(engine) < 0) {
        return NULL;
    }
    if (!engine->is_pumped) {
        return raise_not_pumped(engine);
    }
    PyThreadState *thread = engine_leave(engine);
    const tabor_status st =
        tabor_audio_new(frames, engine->channels, engine->rate, &audio);
    engine_back(engine, thread);
    if (st != TABOR_OK) {
        return raise_status(engine->state, st);
    }
    PyObject *result = audio_wrap(engine->state, audio);
    if (result && render_into(engine, audio) < 0) {
        Py_CLEAR(result);
    }
    return result;
}

/* --------------------------------------------------------------- stats -- */

/* In the order of tabor.Stats. */
PyObject *
engine_stats(PyObject *self, PyObject *Py_UNUSED(unused))
{
    engine_object *engine = (engine_object *)self;
    tabor_stats s = {0};

    if (engine_check(engine) < 0) {
        return NULL;
    }
    tabor_get_stats(engine->client, &s);
    return Py_BuildValue(
        "(KIIIKKKKKKdddNKKKII)", (unsigned long long)s.frame, s.voices,
        s.queue_size, s.queue_high, (unsigned long long)s.refused,
        (unsigned long long)s.stale, (unsigned long long)s.late,
        (unsigned long long)s.late_max, (unsigned long long)s.stolen,
        (unsigned long long)s.xruns, s.load_mean, s.load_max, s.latency,
        PyBool_FromLong(s.realtime), (unsigned long long)s.blocks,
        (unsigned long long)s.unread_lost + engine->queue.lost,
        (unsigned long long)s.unsound, s.hung, s.plays);
}

/* In the order of tabor.Meter. */
PyObject *
engine_meters(PyObject *self, PyObject *Py_UNUSED(unused))
{
    engine_object *engine = (engine_object *)self;
    tabor_meter meters[TABOR_MAX_CHANNELS];

    if (engine_check(engine) < 0) {
        return NULL;
    }
    tabor_engine_meters(engine->engine, meters, engine->channels);
    PyObject *list = PyList_New((Py_ssize_t)engine->channels);
    for (uint32_t c = 0; list && c < engine->channels; c++) {
        PyObject *one = Py_BuildValue("(ddK)", meters[c].peak, meters[c].rms,
                                      (unsigned long long)meters[c].clipped);
        if (!one || PyList_SetItem(list, (Py_ssize_t)c, one) < 0) {
            Py_CLEAR(list);
        }
    }
    return list;
}
