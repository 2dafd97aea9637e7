/* SPDX-License-Identifier: MIT
 *
 * play_many(): columns and what all plays share, in one call of the core.
 */
#include "binding.h"

#include <string.h>

#define MOST_ARRAYS 16

/* One call. */
typedef struct many {
    engine_object *engine;
    PyObject *v[CALL_MAX_WORDS];
    Py_ssize_t count;       /* plays; -1: nothing has told yet */
    const char *counted_by; /* what told */
    PyObject *samples;      /* owned: a tuple of them; or NULL: one */
    const sample_object *sample;
    play_options options; /* what all share */
    tabor_play_columns columns;
    void *arrays[MOST_ARRAYS];       /* owned: columns that were made */
    shown_column shown[MOST_ARRAYS]; /* and those that lie with the script */
    int array_count, shown_count;
    voices_object *voices; /* owned */
} many;

/* -------------------------------------------------------------- length -- */

typedef struct column_word {
    int which;
    const char *word;
} column_word;

static const column_word column_words[] = {
    {PLAY_VELOCITY, "velocity"}, {PLAY_GAIN, "gain"},
    {PLAY_PAN, "pan"},           {PLAY_RATE, "rate"},
    {PLAY_PITCH, "pitch"},       {PLAY_AT, "at"},
    {PLAY_AT_FRAME, "at_frame"}, {PLAY_OFFSET, "offset"},
    {PLAY_DURATION, "duration"}, {PLAY_TAG, "tag"}};
#define COLUMN_WORDS (sizeof column_words / sizeof *column_words)

static int
agree(many *m, const char *word, Py_ssize_t count)
{
    if (m->count >= 0 && m->count != count) {
        PyErr_Format(PyExc_ValueError,
                     "%s and %s don't agree: %zd and %zd values", m->counted_by,
                     word, m->count, count);
        return -1;
    }
    if (count > INT32_MAX) {
        PyErr_Format(PyExc_ValueError, "%s has %zd values: too many", word,
                     count);
        return -1;
    }
    m->count = count;
    m->counted_by = word;
    return 0;
}

static int
count_given(many *m)
{
    uint32_t count = 0;

    if (!none_to_null(m->v[PLAY_COUNT])) {
        return 0;
    }
    return u32_from(m->v[PLAY_COUNT], "count", &count) < 0
               ? -1
               : agree(m, "count", count);
}

static int
count_samples(many *m)
{
    PyObject *samples = m->v[PLAY_SAMPLE];

    if (!samples || PyUnicode_Check(samples) || !PySequence_Check(samples)) {
        m->sample = (const sample_object *)samples;
        return play_check_sample(m->engine, samples, "play_many");
    }
    m->samples = PySequence_Tuple(samples);
    return m->samples ? agree(m, "samples", PyTuple_Size(m->samples)) : -1;
}

static int
count_columns(many *m)
{
    for (size_t i = 0; i < COLUMN_WORDS; i++) {
        PyObject *value = m->v[column_words[i].which];
        if (!column_is(value)) {
            continue;
        }
        const Py_ssize_t count = column_length(value, column_words[i].word);
        if (count < 0 || agree(m, column_words[i].word, count) < 0) {
            return -1;
        }
    }
    if (m->count < 0) {
        PyErr_SetString(PyExc_TypeError,
                        "play_many() needs an array, a list of samples or "
                        "count= to know how many");
        return -1;
    }
    return 0;
}

/* ------------------------------------------------------------- columns -- */

/* Keep it until the end of the call; passes NULL on. */
static void *
keep(many *m, void *array)
{
    if (array) {
        m->arrays[m->array_count++] = array;
    }
    return array;
}

static const double *
numbers(many *m, int which, const char *word)
{
    shown_column *place = &m->shown[m->shown_count];
    const double *values = column_numbers(m->v[which], word, m->count, place);
    m->shown_count += values != NULL;
    return values;
}

static uint64_t *
frames(many *m, int which, const char *word)
{
    return keep(m, column_frames(m->v[which], word, m->count, m->engine->rate));
}

static uint32_t *
tags(many *m)
{
    uint64_t *wide =
        keep(m, column_wholes(m->v[PLAY_TAG], "tag", m->count, UINT32_MAX));
    uint32_t *narrow =
        wide ? keep(m, PyMem_Calloc((size_t)m->count + 1, sizeof *narrow))
             : NULL;

    for (Py_ssize_t i = 0; narrow && i < m->count; i++) {
        narrow[i] = (uint32_t)wide[i];
    }
    return narrow;
}

/* Returns -1 if raised. */
static int
read_column(many *m, const column_word *column)
{
    tabor_play_columns *c = &m->columns;
    const int which = column->which;
    const char *word = column->word;

    switch (which) {
    case PLAY_VELOCITY:
        return (c->velocity = numbers(m, which, word)) ? 0 : -1;
    case PLAY_GAIN:
        return (c->gain = numbers(m, which, word)) ? 0 : -1;
    case PLAY_PAN:
        return (c->pan = numbers(m, which, word)) ? 0 : -1;
    case PLAY_RATE:
        return (c->rate = numbers(m, which, word)) ? 0 : -1;
    case PLAY_PITCH:
        return (c->pitch = numbers(m, which, word)) ? 0 : -1;
    case PLAY_AT:
        return (c->at = frames(m, which, word)) ? 0 : -1;
    case PLAY_AT_FRAME:
        /* as frame_from() */
        c->at = keep(
            m, column_wholes(m->v[which], word, m->count, UINT64_C(1) << 53));
        return c->at ? 0 : -1;
    case PLAY_OFFSET:
        return (c->offset = frames(m, which, word)) ? 0 : -1;
    case PLAY_DURATION:
        return (c->length = frames(m, which, word)) ? 0 : -1;
    default:
        return (c->tag = tags(m)) ? 0 : -1;
    }
}

/* Read what is a column, and take it out of what all share. */
static int
read_columns(many *m)
{
    PyObject *at = none_to_null(m->v[PLAY_AT]);
    PyObject *at_frame = none_to_null(m->v[PLAY_AT_FRAME]);
    uint64_t unused = 0;

    if (at && at_frame) {
        return time_from(at, at_frame, m->engine->rate, &unused);
    }
    for (size_t i = 0; i < COLUMN_WORDS; i++) {
        const int which = column_words[i].which;
        if (!column_is(m->v[which])) {
            continue;
        }
        if (read_column(m, &column_words[i]) < 0) {
            return -1;
        }
        m->v[which] = NULL;
    }
    return 0;
}

static int
read_shared(many *m)
{
    m->options.params = (tabor_play_params)TABOR_PLAY;
    for (int which = PLAY_VELOCITY; which < PLAY_COUNT; which++) {
        if (m->v[which] && which != PLAY_AT && which != PLAY_AT_FRAME &&
            play_option(m->engine, m->v[which], which, &m->options) < 0) {
            return -1;
        }
    }
    if (time_from(m->v[PLAY_AT], m->v[PLAY_AT_FRAME], m->engine->rate,
                  &m->options.params.at) < 0) {
        return -1;
    }
    return m->columns.at ? 0 : stamp_at(m->engine, &m->options.params.at);
}

/* ------------------------------------------------------------- samples -- */

static const sample_object *
sample_of(const many *m, Py_ssize_t row)
{
    return m->samples ? (const sample_object *)PyTuple_GetItem(m->samples, row)
                      : m->sample;
}

/* Put the row's number before what was raised. */
static int
raise_at_row(Py_ssize_t row)
{
    PyObject *type, *value, *traceback;

    PyErr_Fetch(&type, &value, &traceback);
    PyErr_Format(type, "play %zd: %S", row, value);
    Py_XDECREF(type);
    Py_XDECREF(value);
    Py_XDECREF(traceback);
    return -1;
}

/* Returns how many are slices, -1 if raised. */
static int
read_handles(many *m)
{
    tabor_handle *handles =
        keep(m, PyMem_Calloc((size_t)m->count + 1, sizeof(tabor_handle)));
    int slices = 0;

    if (!handles) {
        PyErr_NoMemory();
        return -1;
    }
    for (Py_ssize_t row = 0; row < m->count; row++) {
        PyObject *object = PyTuple_GetItem(m->samples, row);
        if (play_check_sample(m->engine, object, "play_many") < 0) {
            return raise_at_row(row);
        }
        handles[row] = ((sample_object *)object)->handle;
        slices += ((sample_object *)object)->whole != NULL;
    }
    m->columns.sample = handles;
    return slices;
}

/* A column where all had one number. */
static uint64_t *
spread(many *m, const uint64_t *values, uint64_t number)
{
    uint64_t *array =
        keep(m, PyMem_Calloc((size_t)m->count + 1, sizeof *array));

    for (Py_ssize_t row = 0; array && row < m->count; row++) {
        array[row] = values ? values[row] : number;
    }
    return array;
}

/* Each row into its own slice. */
static int
shift_rows(many *m)
{
    const tabor_play_params *shared = &m->options.params;
    uint64_t *offset = spread(m, m->columns.offset, shared->offset);
    uint64_t *length = spread(m, m->columns.length, shared->length);
    uint64_t *start = spread(m, NULL, 0);
    uint64_t *frames = spread(m, NULL, 0);
    tabor_play_params p = *shared;

    if (!offset || !length || !start || !frames) {
        PyErr_NoMemory();
        return -1;
    }
    for (Py_ssize_t row = 0; row < m->count; row++) {
        const sample_object *sample = sample_of(m, row);
        p = *shared;
        p.offset = offset[row];
        p.length = length[row];
        if (sample->whole && play_shift(sample, &p) < 0) {
            return raise_at_row(row);
        }
        offset[row] = p.offset;
        length[row] = p.length;
        start[row] = p.slice_start;
        frames[row] = p.slice_frames;
    }
    m->options.params.loop = p.loop;
    m->options.params.loop_start = p.loop_start;
    m->options.params.loop_end = p.loop_end;
    m->columns.offset = offset;
    m->columns.length = length;
    m->columns.slice_start = start;
    m->columns.slice_frames = frames;
    return 0;
}

static int
read_samples(many *m)
{
    if (!m->samples) {
        if (!m->sample->whole || !m->count) {
            return 0;
        }
        return m->columns.offset || m->columns.length
                   ? shift_rows(m)
                   : play_shift(m->sample, &m->options.params);
    }
    const int slices = read_handles(m);
    if (slices <= 0) {
        return slices;
    }
    if (m->options.params.loop != TABOR_LOOP_NONE) {
        PyErr_SetString(PyExc_ValueError,
                        "play_many() has one loop for all, and slices in a "
                        "list have one each: play each slice in a call of its "
                        "own");
        return -1;
    }
    return shift_rows(m);
}

/* ---------------------------------------------------------------- send -- */

static tabor_status
send_many(tabor_client *client, void *command)
{
    many *m = command;

    if (m->engine->batch &&
        batch_hold(m->engine, (PyObject *)m->voices, &m->voices->is_held) < 0) {
        return TABOR_ERR_NO_MEMORY;
    }
    return tabor_play_many(client, m->samples ? 0 : m->sample->handle,
                           &m->options.params, &m->columns, (uint32_t)m->count,
                           m->voices->ids);
}

/* Returns -1 if raised. */
static int
send(many *m)
{
    voices_object *voices = m->voices;
    tabor_status why = TABOR_OK;
    const int sent = engine_send(m->engine, send_many, m, &why);

    if (sent > 0) {
        listen_voices(m->engine, voices);
        return 0;
    }
    memset(voices->ids, 0, (size_t)m->count * sizeof *voices->ids);
    if (sent == 0 && why == TABOR_ERR_FULL) {
        voices_never(voices);
        return 0;
    }
    if (sent == 0) {
        raise_status(m->engine->state, why);
    }
    return -1;
}

static int
play(many *m)
{
    if (count_given(m) < 0 || count_samples(m) < 0 || count_columns(m) < 0 ||
        read_columns(m) < 0 || read_shared(m) < 0 || read_samples(m) < 0) {
        return -1;
    }
    m->voices = voices_new(m->engine, m->count);
    return m->voices ? send(m) : -1;
}

static void
release(many *m)
{
    for (int i = 0; i < m->array_count; i++) {
        PyMem_Free(m->arrays[i]);
    }
    for (int i = 0; i < m->shown_count; i++) {
        column_release(&m->shown[i]);
    }
    Py_XDECREF(m->samples);
}

SCRIPT_CALL(engine_play_many)
{
    many m;

    m.engine = (engine_object *)self;
    m.count = -1;
    m.samples = NULL;
    m.voices = NULL;
    m.columns = (tabor_play_columns)TABOR_COLUMNS;
    m.array_count = m.shown_count = 0;
    if (call_sort(m.engine->state, CALL_PLAY_MANY, args, count, names, m.v) <
            0 ||
        engine_check(m.engine) < 0) {
        return NULL;
    }
    if (play(&m) < 0) {
        Py_CLEAR(m.voices);
    }
    release(&m);
    return (PyObject *)m.voices;
}
