/* SPDX-License-Identifier: MIT
 *
 * play(): its options, and the voice that comes of it.
 *
 * Called thousands of times a second: what is not given costs next to nothing.
 */
#include "binding.h"

/* ---------------------------------------------------------------- loop -- */

static int
loop_points(PyObject *pair, uint32_t rate, tabor_play_params *p)
{
    if (PyTuple_Size(pair) != 2) {
        PyErr_Format(PyExc_ValueError,
                     "loop must be (start, end), two times, not %zd",
                     PyTuple_Size(pair));
        return -1;
    }
    p->loop = TABOR_LOOP_POINTS;
    return frames_from_seconds(PyTuple_GetItem(pair, 0), "loop's start", rate,
                               &p->loop_start) < 0
               ? -1
               : frames_from_seconds(PyTuple_GetItem(pair, 1), "loop's end",
                                     rate, &p->loop_end);
}

static int
loop_from(PyObject *value, uint32_t rate, tabor_play_params *p)
{
    if (value == Py_False) {
        return 0;
    }
    if (value == Py_True) {
        p->loop = TABOR_LOOP_SAMPLE;
        return 0;
    }
    if (PyUnicode_Check(value) || !PySequence_Check(value)) {
        return raise_type(value, "loop",
                          "True, False or (start, end) in seconds");
    }
    PyObject *pair = PySequence_Tuple(value);
    if (!pair) {
        return -1;
    }
    const int result = loop_points(pair, rate, p);
    Py_DECREF(pair);
    return result;
}

/* ----------------------------------------------------------------- env -- */

/* The order of CALL_ENV's words. */
enum {
    ENV_ATTACK,
    ENV_DECAY,
    ENV_SUSTAIN,
    ENV_RELEASE,
    ENV_HOLD,
    ENV_COUNT
};

/* Every attribute of an ADSR, owned; NULL for a hold that it does without. */
static int
env_attributes(module_state *state, PyObject *value, PyObject **items)
{
    for (int i = 0; i < ENV_COUNT; i++) {
        items[i] = PyObject_GetAttr(value, state->words[CALL_ENV][i]);
        if (items[i]) {
            continue;
        }
        if (!PyErr_ExceptionMatches(PyExc_AttributeError)) {
            return -1;
        }
        PyErr_Clear();
        if (i != ENV_HOLD) {
            return raise_type(value, "env",
                              "an ADSR(attack, decay, sustain, release)");
        }
    }
    return 0;
}

static int
env_from(module_state *state, PyObject *value, uint32_t rate,
         play_options *options)
{
    PyObject *items[ENV_COUNT] = {NULL};
    tabor_env *env = &options->env;
    int result = -1;

    if (value == Py_None) {
        return 0;
    }
    *env = (tabor_env){0};
    if (env_attributes(state, value, items) == 0 &&
        ramp_from_seconds(items[ENV_ATTACK], "attack", rate, &env->attack) ==
            0 &&
        ramp_from_seconds(items[ENV_DECAY], "decay", rate, &env->decay) == 0 &&
        number_from(items[ENV_SUSTAIN], "sustain", &env->sustain) == 0 &&
        ramp_from_seconds(items[ENV_RELEASE], "release", rate, &env->release) ==
            0 &&
        ramp_from_seconds(items[ENV_HOLD], "hold", rate, &env->hold) == 0) {
        options->params.env = env;
        result = 0;
    }
    for (int i = 0; i < ENV_COUNT; i++) {
        Py_XDECREF(items[i]);
    }
    return result;
}

/* ------------------------------------------------------------- options -- */

static int
late_from(PyObject *value, tabor_late *late)
{
    static const char *const words[] = {"play", "catch_up", "drop", NULL};
    int index = TABOR_LATE_PLAY;

    if (choice_from(value, "late", words, &index) < 0) {
        return -1;
    }
    *late = (tabor_late)index;
    return 0;
}

static int
kernel_from(PyObject *value, tabor_kernel *kernel)
{
    int index = TABOR_KERNEL_DEFAULT;

    if (value != Py_None &&
        choice_from(value, "kernel", kernel_words, &index) < 0) {
        return -1;
    }
    *kernel = value == Py_None ? TABOR_KERNEL_DEFAULT
                               : (tabor_kernel)(TABOR_KERNEL_LINEAR + index);
    return 0;
}

/* None leaves it to the engine, which ramps in mid-sample. */
static int
fade_from(PyObject *value, const char *word, uint32_t rate, uint32_t *out)
{
    if (value == Py_None) {
        return 0;
    }
    return ramp_from_seconds(value, word, rate, out);
}

int
play_option(const engine_object *engine, PyObject *value, int which,
            play_options *options)
{
    tabor_play_params *p = &options->params;
    const uint32_t rate = engine->rate;

    switch (which) {
    case PLAY_VELOCITY:
        return number_from(value, "velocity", &p->velocity);
    case PLAY_GAIN:
        return number_from(value, "gain", &p->gain);
    case PLAY_PAN:
        return number_from(value, "pan", &p->pan);
    case PLAY_RATE:
        return number_from(value, "rate", &p->rate);
    case PLAY_PITCH:
        return number_from(value, "pitch", &p->pitch);
    case PLAY_OFFSET:
        return frames_from_seconds(value, "offset", rate, &p->offset);
    case PLAY_DURATION:
        return frames_from_seconds(none_to_null(value), "duration", rate,
                                   &p->length);
    case PLAY_LOOP:
        return loop_from(value, rate, p);
    case PLAY_LOOP_FADE:
        return ramp_from_seconds(value, "loop_fade", rate, &p->loop_fade);
    case PLAY_FADE_IN:
        return fade_from(value, "fade_in", rate, &p->fade_in);
    case PLAY_FADE_OUT:
        return fade_from(value, "fade_out", rate, &p->fade_out);
    case PLAY_ENV:
        return env_from(engine->state, value, rate, options);
    case PLAY_CHOKE:
        return u32_from(value, "choke", &p->choke);
    case PLAY_LATE:
        return late_from(value, &p->late);
    case PLAY_TAG:
        return u32_from(value, "tag", &p->tag);
    default:
        return kernel_from(value, &p->kernel);
    }
}

/* The named arguments, the last of args. sample: out, where one of the names is
 * that of the sample; NULL if it can't be. */
static int
options_from(const engine_object *engine, call_id call, PyObject *const *args,
             PyObject *names, PyObject **sample, play_options *options)
{
    const Py_ssize_t named = PyTuple_Size(names);
    PyObject *at = NULL, *at_frame = NULL;

    for (Py_ssize_t i = 0; i < named; i++) {
        PyObject *name = PyTuple_GetItem(names, i);
        const int which = call_word(engine->state, call, name);
        if (which < 0) {
            return -1;
        }
        if (which == PLAY_AT) {
            at = args[i];
        } else if (which == PLAY_AT_FRAME) {
            at_frame = args[i];
        } else if (which > 0) {
            if (play_option(engine, args[i], which, options) < 0) {
                return -1;
            }
        } else if (*sample) {
            return call_raise_twice(call, name);
        } else {
            *sample = args[i];
        }
    }
    return time_from(at, at_frame, engine->rate, &options->params.at);
}

/* -------------------------------------------------------------- slices -- */

static int
raise_past_slice(const char *word, uint64_t first, uint64_t last,
                 uint64_t frames)
{
    PyErr_Format(PyExc_ValueError,
                 "%s is frames %llu to %llu, but the slice has %llu", word,
                 (unsigned long long)first, (unsigned long long)last,
                 (unsigned long long)frames);
    return -1;
}

/* What is before a slice does not belong to it. */
static int
raise_slice_fade(const tabor_play_params *p)
{
    PyErr_Format(PyExc_ValueError,
                 "loop_fade is %u frames, but the slice has %llu before the "
                 "loop's start: begin the loop later, or fade less",
                 p->loop_fade, (unsigned long long)p->loop_start);
    return -1;
}

/* From frames of the slice to frames of the sample that it is cut from. What
 * loops stays inside its loop, so only a play without one needs an end. */
int
play_shift(const sample_object *slice, tabor_play_params *p)
{
    const uint64_t frames = slice->info.frames;

    if (p->offset > frames) {
        return raise_past_slice("offset", p->offset, p->offset, frames);
    }
    p->slice_start = slice->first;
    p->slice_frames = frames;
    if (p->loop == TABOR_LOOP_SAMPLE) {
        p->loop = TABOR_LOOP_POINTS;
        p->loop_start = 0;
        p->loop_end = frames;
    }
    if (p->loop == TABOR_LOOP_POINTS) {
        if (p->loop_start >= p->loop_end || p->loop_end > frames) {
            return raise_past_slice("loop", p->loop_start, p->loop_end, frames);
        }
        if (p->loop_fade > p->loop_start) {
            return raise_slice_fade(p);
        }
        p->loop_start += slice->first;
        p->loop_end += slice->first;
    } else if (p->length > frames - p->offset) {
        p->length = frames - p->offset;
    }
    p->offset += slice->first;
    return 0;
}

/* ---------------------------------------------------------------- play -- */

typedef struct play_command {
    engine_object *engine;
    voice_object *voice;
    tabor_handle sample;
    const tabor_play_params *params; /* NULL: none given */
} play_command;

/* Each time anew: another thread may have opened a batch while this one waited
 * for room. */
static tabor_status
send_play(tabor_client *client, void *command)
{
    const play_command *c = command;

    if (c->engine->batch &&
        batch_hold(c->engine, (PyObject *)c->voice, &c->voice->is_held) < 0) {
        return TABOR_ERR_NO_MEMORY;
    }
    return tabor_play(client, c->sample, c->params, &c->voice->handle);
}

int
play_check_sample(const engine_object *engine, PyObject *object,
                  const char *call)
{
    if (object && Py_IS_TYPE(object, engine->state->sample_type)) {
        const sample_object *sample = (sample_object *)object;
        if (sample->engine == engine ||
            (sample->engine && sample->engine->id == engine->id)) {
            return 0;
        }
        PyErr_Format(PyExc_ValueError,
                     "sample '%s' belongs to another engine: load() it into "
                     "this one",
                     sample->info.name);
        return -1;
    }
    PyErr_Format(PyExc_TypeError,
                 "%s() takes a Sample, not %R: load() gives one", call,
                 object ? (PyObject *)Py_TYPE(object) : Py_None);
    return -1;
}

/* A play that on_full="drop" refused: its voice has ended before it began. */
static void
voice_never(voice_object *voice, const engine_object *engine)
{
    voice->has_ended = 1;
    voice->end = (tabor_event){.type = TABOR_EVENT_ENDED,
                               .reason = TABOR_CANCELLED,
                               .frame = tabor_engine_frame(engine->engine),
                               .value = TABOR_NO_FRAME};
}

/* It could not be sent at once. Takes over the voice. */
static PyObject *
play_again(engine_object *engine, play_command *command, tabor_status status)
{
    voice_object *voice = command->voice;
    tabor_status why = status;
    const int sent =
        engine_send_again(engine, send_play, command, status, &why);

    if (sent > 0) {
        listen_voice(engine, voice);
        return (PyObject *)voice;
    }
    if (sent == 0 && why == TABOR_ERR_FULL) {
        voice_never(voice, engine);
        return (PyObject *)voice;
    }
    Py_DECREF(voice);
    return sent == 0 ? raise_status(engine->state, why) : NULL;
}

static PyObject *
play_with(engine_object *engine, const sample_object *sample,
          const tabor_play_params *params)
{
    play_command command = {engine, voice_new(engine), sample->handle, params};

    if (!command.voice) {
        return NULL;
    }
    /* The collector may have run and closed it. */
    if (engine_check(engine) < 0) {
        Py_DECREF(command.voice);
        return NULL;
    }
    const tabor_status status = send_play(engine->client, &command);
    if (status != TABOR_OK) {
        return play_again(engine, &command, status);
    }
    listen_voice(engine, command.voice);
    return (PyObject *)command.voice;
}

/* Only a slice, or a clock's task, has something to say if no option was
 * given. */
static PyObject *
play_plain(engine_object *engine, PyObject *object)
{
    const sample_object *sample = (sample_object *)object;
    tabor_play_params params;

    if (engine_check(engine) < 0 ||
        play_check_sample(engine, object, "play") < 0) {
        return NULL;
    }
    if (!sample->whole && !engine->stamp_thread) {
        return play_with(engine, sample, NULL);
    }
    params = (tabor_play_params)TABOR_PLAY;
    if ((sample->whole && play_shift(sample, &params) < 0) ||
        stamp_at(engine, &params.at) < 0) {
        return NULL;
    }
    return play_with(engine, sample, &params);
}

/* args: those with names; object: the sample, or NULL if a name tells it */
static PyObject *
play_named(engine_object *engine, call_id call, PyObject *object,
           PyObject *const *args, PyObject *names)
{
    const sample_object *sample = NULL;
    play_options options;

    options.params = (tabor_play_params)TABOR_PLAY;
    if (engine_check(engine) < 0 ||
        options_from(engine, call, args, names, &object, &options) < 0 ||
        play_check_sample(engine, object, "play") < 0) {
        return NULL;
    }
    sample = (sample_object *)object;
    if ((sample->whole && play_shift(sample, &options.params) < 0) ||
        stamp_at(engine, &options.params.at) < 0) {
        return NULL;
    }
    return play_with(engine, sample, &options.params);
}

SCRIPT_CALL(engine_play)
{
    engine_object *engine = (engine_object *)self;
    PyObject *object = count > 0 ? args[0] : NULL;

    if (call_count(CALL_PLAY, count) < 0) {
        return NULL;
    }
    return names ? play_named(engine, CALL_PLAY, object, args + count, names)
                 : play_plain(engine, object);
}

SCRIPT_CALL(sample_play)
{
    engine_object *engine = ((sample_object *)self)->engine;

    if (!engine) { /* only finalizers see such a sample */
        PyErr_SetString(PyExc_RuntimeError, "the sample was collected");
        return NULL;
    }
    if (call_count(CALL_SAMPLE_PLAY, count) < 0) {
        return NULL;
    }
    return names ? play_named(engine, CALL_SAMPLE_PLAY, self, args, names)
                 : play_plain(engine, self);
}
