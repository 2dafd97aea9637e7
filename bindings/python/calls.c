/* SPDX-License-Identifier: MIT
 *
 * Arguments: sorted by their names, then converted one by one.
 *
 * By hand, because play() is called thousands of times a second and the
 * stable ABI offers no fast parser.
 */
#include "binding.h"

#include <string.h>

typedef struct call_words {
    const char *name;
    Py_ssize_t positional; /* the first so many may come without a name */
    const char *words[CALL_MAX_WORDS + 1];
} call_words;

/* In the order in which the functions number their values. */
static const call_words calls[CALL_COUNT] = {
    [CALL_PLAY] = {"play", 1, {"sample",  "velocity", "gain",   "pan",
                               "rate",    "pitch",    "at",     "at_frame",
                               "offset",  "duration", "loop",   "loop_fade",
                               "fade_in", "fade_out", "env",    "choke",
                               "late",    "tag",      "kernel", NULL}},
    [CALL_PLAY_MANY] = {"play_many", 1, {"samples",  "velocity", "gain",
                                         "pan",      "rate",     "pitch",
                                         "at",       "at_frame", "offset",
                                         "duration", "loop",     "loop_fade",
                                         "fade_in",  "fade_out", "env",
                                         "choke",    "late",     "tag",
                                         "kernel",   "count",    NULL}},
    [CALL_STOP] = {"stop", 1, {"fade", NULL}},
    [CALL_CANCEL] = {"cancel",
                     1,
                     {"tag", "after", "after_frame", "before", "before_frame",
                      NULL}},
    [CALL_PING] = {"ping", 1, {"timeout", NULL}},
    [CALL_RENDER] = {"render", 1, {"seconds", "frames", NULL}},
    [CALL_SAMPLE_PLAY] =
        {"play", 0, {"",      "velocity",  "gain",     "pan",      "rate",
                     "pitch", "at",        "at_frame", "offset",   "duration",
                     "loop",  "loop_fade", "fade_in",  "fade_out", "env",
                     "choke", "late",      "tag",      "kernel",   NULL}},
    [CALL_SAMPLE_UNLOAD] = {"unload", 1, {"voices", NULL}},
    [CALL_SAMPLE_SLICE] = {"slice", 2, {"start", "end", NULL}},
    [CALL_VOICE_STOP] = {"stop", 1, {"fade", "at", "at_frame", NULL}},
    [CALL_VOICE_RELEASE] = {"release", 0, {"at", "at_frame", NULL}},
    [CALL_VOICE_SEEK] = {"seek", 1, {"position", "at", "at_frame", NULL}},
    [CALL_VOICE_SET] = {"set",
                        0,
                        {"gain", "pan", "rate", "pitch", "ramp", "at",
                         "at_frame", NULL}},
    [CALL_VOICE_WAIT] = {"wait", 1, {"timeout", NULL}},
    [CALL_VOICES_STOP] = {"stop", 1, {"fade", "at", "at_frame", NULL}},
    [CALL_ENV] = {"env",
                  0,
                  {"attack", "decay", "sustain", "release", "hold", NULL}},
};

/* Where to look first for a name, by its address. */
static unsigned char *
guess_for(module_state *state, call_id call, const PyObject *name)
{
    const uintptr_t address = (uintptr_t)name;
    return &state->guess[call][(address >> 4 ^ address >> 10) % CALL_GUESSES];
}

int
calls_intern(module_state *state)
{
    for (call_id call = 0; call < CALL_COUNT; call++) {
        const char *const *word = calls[call].words;
        for (int i = 0; word[i]; i++) {
            state->words[call][i] = PyUnicode_InternFromString(word[i]);
            if (!state->words[call][i]) {
                return -1;
            }
            *guess_for(state, call, state->words[call][i]) = (unsigned char)i;
        }
    }
    return 0;
}

/* The word's place in the list, or -1. */
static int
find_word(module_state *state, call_id call, PyObject *name)
{
    PyObject *const *words = state->words[call];
    const int guess = *guess_for(state, call, name);

    if (words[guess] == name) {
        return guess;
    }
    for (int i = 0; words[i]; i++) {
        if (words[i] == name) {
            return i;
        }
    }
    for (int i = 0; words[i]; i++) {
        if (PyUnicode_Compare(words[i], name) == 0) {
            return i;
        }
    }
    return -1;
}

/* The words that a caller may write: a method's own object has none. */
static const char *const *
visible_words(const call_words *call)
{
    return call->words[0][0] ? call->words : call->words + 1;
}

static int
raise_unknown(const call_words *call, PyObject *name)
{
    const char *word = PyUnicode_AsUTF8AndSize(name, NULL);
    if (!word) {
        return -1;
    }
    const char *near = tabor_nearest(word, visible_words(call));
    if (near) {
        PyErr_Format(PyExc_TypeError,
                     "%s() has no option '%U'; did you mean '%s'?", call->name,
                     name, near);
    } else {
        PyErr_Format(PyExc_TypeError, "%s() has no option '%U'", call->name,
                     name);
    }
    return -1;
}

static int
raise_positional(const call_words *call, Py_ssize_t count)
{
    if (call->positional == 0) {
        PyErr_Format(PyExc_TypeError,
                     "%s() takes its options by name, as in %s(%s=...)",
                     call->name, call->name, visible_words(call)[0]);
    } else {
        PyErr_Format(PyExc_TypeError,
                     "%s() takes at most %zd argument%s without a name, "
                     "not %zd",
                     call->name, call->positional,
                     call->positional == 1 ? "" : "s", count);
    }
    return -1;
}

int
call_count(call_id call, Py_ssize_t count)
{
    return count > calls[call].positional
               ? raise_positional(&calls[call], count)
               : 0;
}

int
call_word(module_state *state, call_id call, PyObject *name)
{
    const int at = find_word(state, call, name);
    return at < 0 ? raise_unknown(&calls[call], name) : at;
}

int
call_raise_twice(call_id call, PyObject *name)
{
    PyErr_Format(PyExc_TypeError, "%s() got '%U' twice", calls[call].name,
                 name);
    return -1;
}

int
call_sort(module_state *state, call_id call, PyObject *const *args,
          Py_ssize_t count, PyObject *names, PyObject **values)
{
    const Py_ssize_t named = names ? PyTuple_Size(names) : 0;

    if (call_count(call, count) < 0) {
        return -1;
    }
    memset(values, 0, CALL_MAX_WORDS * sizeof *values);
    for (Py_ssize_t i = 0; i < count; i++) {
        values[i] = args[i];
    }
    for (Py_ssize_t i = 0; i < named; i++) {
        PyObject *name = PyTuple_GetItem(names, i);
        const int at = call_word(state, call, name);
        if (at < 0) {
            return -1;
        }
        if (values[at]) {
            return call_raise_twice(call, name);
        }
        values[at] = args[count + i];
    }
    return 0;
}

/* --------------------------------------------------------- converters -- */

int
raise_type(PyObject *value, const char *word, const char *wanted)
{
    PyObject *name = PyType_GetName(Py_TYPE(value));
    if (name) {
        PyErr_Format(PyExc_TypeError, "%s must be %s, not %U", word, wanted,
                     name);
        Py_DECREF(name);
    }
    return -1;
}

int
number_from(PyObject *value, const char *word, double *out)
{
    if (!value) {
        return 0;
    }
    const double number = PyFloat_AsDouble(value);
    if (number == -1.0 && PyErr_Occurred()) {
        if (!PyErr_ExceptionMatches(PyExc_TypeError)) {
            return -1;
        }
        PyErr_Clear();
        return raise_type(value, word, "a number");
    }
    *out = number;
    return 0;
}

/* A whole number from 0 to most. */
int
whole_from(PyObject *value, const char *word, uint64_t most, uint64_t *out)
{
    if (!PyIndex_Check(value)) {
        return raise_type(value, word, "a whole number");
    }
    PyObject *number = PyNumber_Index(value);
    if (!number) {
        return -1;
    }
    const uint64_t whole = PyLong_AsUnsignedLongLong(number);
    Py_DECREF(number);
    if ((whole == UINT64_MAX && PyErr_Occurred()) || whole > most) {
        PyErr_Format(PyExc_ValueError, "%s must be from 0 to %llu, not %R",
                     word, (unsigned long long)most, value);
        return -1;
    }
    *out = whole;
    return 0;
}

int
u32_from(PyObject *value, const char *word, uint32_t *out)
{
    uint64_t whole = 0;

    if (!value) {
        return 0;
    }
    if (whole_from(value, word, UINT32_MAX, &whole) < 0) {
        return -1;
    }
    *out = (uint32_t)whole;
    return 0;
}

int
frame_from(PyObject *value, const char *word, uint64_t *out)
{
    /* What a float can count exactly, and 5,900 years at 48 kHz. */
    return value ? whole_from(value, word, UINT64_C(1) << 53, out) : 0;
}

int
frames_from_seconds(PyObject *value, const char *word, uint32_t rate,
                    uint64_t *out)
{
    double seconds = 0.0;

    if (!value) {
        return 0;
    }
    if (number_from(value, word, &seconds) < 0) {
        return -1;
    }
    if (tabor_seconds_to_frames(seconds, rate, out) != TABOR_OK) {
        PyErr_Format(PyExc_ValueError, "%s must be 0 or more seconds, not %R",
                     word, value);
        return -1;
    }
    return 0;
}

int
ramp_from_seconds(PyObject *value, const char *word, uint32_t rate,
                  uint32_t *out)
{
    uint64_t frames = *out;

    if (frames_from_seconds(value, word, rate, &frames) < 0) {
        return -1;
    }
    if (frames >= TABOR_FADE_AUTO) { /* which has a meaning of its own */
        PyErr_Format(PyExc_ValueError, "%s of %R seconds is too long", word,
                     value);
        return -1;
    }
    *out = (uint32_t)frames;
    return 0;
}

static int
raise_choice(PyObject *value, const char *word, const char *const *words)
{
    PyObject *all = PyUnicode_FromFormat("'%s'", words[0]);

    for (int i = 1; all && words[i]; i++) {
        PyObject *longer = PyUnicode_FromFormat(
            words[i + 1] ? "%U, '%s'" : "%U or '%s'", all, words[i]);
        Py_DECREF(all);
        all = longer;
    }
    if (all) {
        PyErr_Format(PyExc_ValueError, "%s must be %U, not %R", word, all,
                     value);
        Py_DECREF(all);
    }
    return -1;
}

int
choice_from(PyObject *value, const char *word, const char *const *words,
            int *out)
{
    if (!value) {
        return 0;
    }
    if (!PyUnicode_Check(value)) {
        return raise_type(value, word, "a str");
    }
    for (int i = 0; words[i]; i++) {
        if (PyUnicode_CompareWithASCIIString(value, words[i]) == 0) {
            *out = i;
            return 0;
        }
    }
    return raise_choice(value, word, words);
}

PyObject *
none_to_null(PyObject *value)
{
    return value == Py_None ? NULL : value;
}

int
time_named(PyObject *const *pair, const char *word, const char *frame_word,
           uint32_t rate, uint64_t *out)
{
    PyObject *seconds = none_to_null(pair[0]);
    PyObject *frame = none_to_null(pair[1]);

    if (seconds && frame) {
        PyErr_Format(PyExc_TypeError, "give %s= (seconds) or %s=, not both",
                     word, frame_word);
        return -1;
    }
    if (frame) {
        return frame_from(frame, frame_word, out);
    }
    return frames_from_seconds(seconds, word, rate, out);
}

int
time_from(PyObject *at, PyObject *at_frame, uint32_t rate, uint64_t *out)
{
    PyObject *const pair[] = {at, at_frame};
    return time_named(pair, "at", "at_frame", rate, out);
}
