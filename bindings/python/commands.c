/* SPDX-License-Identifier: MIT
 *
 * What scripts ask an engine to do, and what happens when there is no room.
 */
#include "binding.h"

#include <string.h>

/* ----------------------------------------------------------- sending -- */

#define ROOM_SLICE_NS UINT64_C(50000000)

int
engine_raise(engine_object *engine, tabor_status status)
{
    raise_status(engine->state, status);
    return -1;
}

int
engine_wait_for_room(engine_object *engine, uint32_t needed)
{
    tabor_client *client = engine->client;

    PyThreadState *thread = engine_leave(engine);
    const tabor_status st =
        tabor_client_wait_space(client, needed, ROOM_SLICE_NS);
    engine_back(engine, thread);
    if (st != TABOR_OK && st != TABOR_ERR_TIMEOUT) {
        return engine_raise(engine, st);
    }
    return PyErr_CheckSignals() < 0 ? -1 : 1;
}

/* Does room for commands help? Not where samples or pings are too many. */
static int
is_about_commands(const char *which)
{
    return strcmp(which, "queue") == 0 || strcmp(which, "schedule") == 0 ||
           strcmp(which, "plays") == 0;
}

int
engine_full(engine_object *engine)
{
    const tabor_full missing = tabor_full_info();

    if (engine->on_full != ON_FULL_WAIT && stamp_refused(engine) < 0) {
        return -1;
    }
    if (engine->on_full == ON_FULL_DROP) {
        return 0;
    }
    /* Nobody makes room on a pumped engine but the one who would wait. */
    if (engine->on_full == ON_FULL_RAISE || engine->is_pumped ||
        !is_about_commands(missing.which)) {
        return engine_raise(engine, TABOR_ERR_FULL);
    }
    return engine_wait_for_room(engine, missing.needed);
}

int
engine_send_again(engine_object *engine, send_function send, void *command,
                  tabor_status status, tabor_status *why)
{
    while (status == TABOR_ERR_FULL) {
        const int again =
            engine->batch ? batch_full(engine) : engine_full(engine);
        if (again <= 0) {
            *why = TABOR_ERR_FULL;
            return again;
        }
        if (engine_check(engine) < 0) {
            return -1;
        }
        status = send(engine->client, command);
    }
    *why = status;
    if (status == TABOR_OK) {
        return 1;
    }
    return status == TABOR_ERR_STALE ? 0 : engine_raise(engine, status);
}

int
engine_send(engine_object *engine, send_function send, void *command,
            tabor_status *why)
{
    if (engine_check(engine) < 0) {
        return -1;
    }
    const tabor_status status = send(engine->client, command);
    return engine_send_again(engine, send, command, status, why);
}

/* ---------------------------------------------------- the other verbs -- */

static tabor_status
send_stop(tabor_client *client, void *command)
{
    return tabor_stop(client, *(const uint32_t *)command);
}

typedef struct cancel_command {
    uint32_t tag;
    uint64_t start, end;
} cancel_command;

static tabor_status
send_cancel(tabor_client *client, void *command)
{
    const cancel_command *c = command;
    return tabor_cancel(client, c->tag, c->start, c->end);
}

static tabor_status
send_gain(tabor_client *client, void *command)
{
    const tabor_voice_params *params = command;
    return tabor_set_gain(client, params->gain, params->ramp_frames);
}

SCRIPT_CALL(engine_stop)
{
    engine_object *engine = (engine_object *)self;
    uint32_t fade_frames = engine->rate / 200; /* 5 ms */
    PyObject *values[CALL_MAX_WORDS];
    tabor_status why = TABOR_OK;

    if (call_sort(engine->state, CALL_STOP, args, count, names, values) < 0 ||
        ramp_from_seconds(values[0], "fade", engine->rate, &fade_frames) < 0 ||
        engine_send(engine, send_stop, &fade_frames, &why) < 0) {
        return NULL;
    }
    Py_RETURN_NONE;
}

SCRIPT_CALL(engine_cancel)
{
    engine_object *engine = (engine_object *)self;
    const uint32_t rate = engine->rate;
    PyObject *v[CALL_MAX_WORDS];
    tabor_status why = TABOR_OK;
    cancel_command command = {.end = TABOR_NO_FRAME};

    if (call_sort(engine->state, CALL_CANCEL, args, count, names, v) < 0 ||
        u32_from(none_to_null(v[0]), "tag", &command.tag) < 0 ||
        time_named(v + 1, "after", "after_frame", rate, &command.start) < 0 ||
        time_named(v + 3, "before", "before_frame", rate, &command.end) < 0 ||
        engine_send(engine, send_cancel, &command, &why) < 0) {
        return NULL;
    }
    Py_RETURN_NONE;
}

PyObject *
engine_panic(PyObject *self, PyObject *Py_UNUSED(unused))
{
    const engine_object *engine = (engine_object *)self;

    if (engine->engine) { /* a closed one is silent already */
        tabor_engine_panic(engine->engine);
    }
    Py_RETURN_NONE;
}

int
engine_set_gain(PyObject *self, PyObject *value, void *Py_UNUSED(unused))
{
    engine_object *engine = (engine_object *)self;
    tabor_voice_params params = TABOR_VOICE;
    tabor_status why = TABOR_OK;

    if (!value) {
        PyErr_SetString(PyExc_AttributeError, "gain can't be deleted");
        return -1;
    }
    params.ramp_frames = engine->rate / 200; /* 5 ms */
    if (number_from(value, "gain", &params.gain) < 0) {
        return -1;
    }
    return engine_send(engine, send_gain, &params, &why) < 0 ? -1 : 0;
}

/* --------------------------------------------------------------- ping -- */

static PyObject *
raise_no_pong(const engine_object *engine)
{
    PyErr_SetString(engine->state->timed_out,
                    "no answer to ping(): the audio thread does not run, or "
                    "the timeout is too short");
    return NULL;
}

/* Waiting for room is part of the time. Returns -1 if raised. */
static int
ping_send(engine_object *engine, uint64_t deadline_ns, uint64_t *cookie)
{
    tabor_status st = TABOR_OK;

    while (engine_check(engine) == 0) {
        st = tabor_ping_send(engine->client, cookie);
        if (st == TABOR_OK) {
            return 0;
        }
        if (st != TABOR_ERR_FULL || engine->on_full != ON_FULL_WAIT) {
            return engine_raise(engine, st);
        }
        if (slice_ns(deadline_ns) == 0) {
            raise_no_pong(engine);
            return -1;
        }
        if (engine_full(engine) < 0) {
            return -1;
        }
    }
    return -1;
}

/* Returns 1 with the time, 0 if the slice was too short, -1 if raised. */
static int
ping_slice(engine_object *engine, uint64_t cookie, uint64_t limit_ns,
           uint64_t *round_trip_ns)
{
    if (engine_check(engine) < 0) {
        return -1;
    }
    tabor_client *client = engine->client;
    PyThreadState *thread = engine_leave(engine);
    const tabor_status st =
        tabor_ping_wait(client, cookie, limit_ns, round_trip_ns);
    engine_back(engine, thread);
    if (st == TABOR_OK) {
        return 1;
    }
    if (st != TABOR_ERR_TIMEOUT) {
        return engine_raise(engine, st);
    }
    return PyErr_CheckSignals() < 0 ? -1 : 0;
}

SCRIPT_CALL(engine_ping)
{
    engine_object *engine = (engine_object *)self;
    PyObject *values[CALL_MAX_WORDS];
    uint64_t deadline_ns = 0, left_ns = 0, cookie = 0, round_trip_ns = 0;
    int answered = 0;

    if (call_sort(engine->state, CALL_PING, args, count, names, values) < 0 ||
        deadline_from(values[0], &deadline_ns) < 0) {
        return NULL;
    }
    if (!values[0]) {
        deadline_ns = monotonic_ns() + UINT64_C(1000000000);
    }
    if (ping_send(engine, deadline_ns, &cookie) < 0) {
        return NULL;
    }
    do {
        left_ns = slice_ns(deadline_ns);
        answered = ping_slice(engine, cookie, left_ns, &round_trip_ns);
    } while (answered == 0 && left_ns > 0);
    if (answered < 0) {
        return NULL;
    }
    return answered ? PyFloat_FromDouble((double)round_trip_ns / 1e9)
                    : raise_no_pong(engine);
}
