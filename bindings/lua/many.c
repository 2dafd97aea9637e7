/* SPDX-License-Identifier: MIT
 *
 * engine:play_many(samples, options): columns and what all plays share, in one
 * call of the core.
 */
#include "lua_tabor.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* A number for all, or the table of one for each. */
typedef option_column column;

typedef struct many_options {
    play_options shared;
    column velocity, gain, pan, rate, pitch;
    column at, offset, duration, at_frame, tag;
    uint32_t count;
} many_options;

#define NOT_GIVEN                                                              \
    {                                                                          \
        NAN, 0                                                                 \
    }
#define NO_COUNT UINT32_MAX

#define FIELD(name)  offsetof(many_options, name)
#define SHARED(name) offsetof(many_options, shared.name)
static const option many_known[] = {
    {"velocity", OPTION_COLUMN, FIELD(velocity), NULL},
    {"at", OPTION_COLUMN, FIELD(at), NULL},
    {"gain", OPTION_COLUMN, FIELD(gain), NULL},
    {"pan", OPTION_COLUMN, FIELD(pan), NULL},
    {"rate", OPTION_COLUMN, FIELD(rate), NULL},
    {"pitch", OPTION_COLUMN, FIELD(pitch), NULL},
    {"at_frame", OPTION_COLUMN, FIELD(at_frame), NULL},
    {"offset", OPTION_COLUMN, FIELD(offset), NULL},
    {"duration", OPTION_COLUMN, FIELD(duration), NULL},
    {"tag", OPTION_COLUMN, FIELD(tag), NULL},
    {"late", OPTION_WORD, SHARED(late), late_words},
    {"loop", OPTION_VALUE, SHARED(loop), NULL},
    {"loop_fade", OPTION_NUMBER, SHARED(loop_fade), NULL},
    {"fade_in", OPTION_NUMBER, SHARED(fade_in), NULL},
    {"fade_out", OPTION_NUMBER, SHARED(fade_out), NULL},
    {"env", OPTION_VALUE, SHARED(env), NULL},
    {"choke", OPTION_COUNT, SHARED(choke), NULL},
    {"kernel", OPTION_WORD, SHARED(kernel), kernel_words},
    {"count", OPTION_COUNT, FIELD(count), NULL},
    {NULL, 0, 0, NULL}};
#undef FIELD
#undef SHARED

/* One call. */
typedef struct many {
    lua_engine *engine;
    int samples; /* where their table is, 0: one for all */
    const lua_sample *sample;
    many_options options;
    uint32_t count;
    const char *counted_by; /* what told; NULL: nothing yet */
    play_command play;      /* what all share */
    tabor_play_columns columns;
    lua_voices *voices;
} many;

/* -------------------------------------------------------------- length -- */

static void
agree(lua_State *L, many *m, const char *word, lua_Unsigned count)
{
    if (m->counted_by && m->count != count) {
        luaL_error(L, "play_many: %s and %s don't agree: %d and %I values",
                   m->counted_by, word, (int)m->count, (lua_Integer)count);
    }
    if (count > INT32_MAX) {
        luaL_error(L, "play_many: %s has too many values", word);
    }
    m->count = (uint32_t)count;
    m->counted_by = word;
}

static void
agree_column(lua_State *L, many *m, const char *word, const column *c)
{
    if (c->index) {
        agree(L, m, word, lua_rawlen(L, c->index));
    }
}

static void
count_plays(lua_State *L, many *m)
{
    const many_options *o = &m->options;
    if (o->count != NO_COUNT) {
        agree(L, m, "count", o->count);
    }
    if (m->samples) {
        agree(L, m, "samples", lua_rawlen(L, m->samples));
    }
    for (const option *known = many_known; known->name; known++) {
        if (known->kind == OPTION_COLUMN) {
            agree_column(L, m, known->name,
                         (const column *)((const char *)o + known->offset));
        }
    }
    if (!m->counted_by) {
        luaL_error(L, "play_many needs a table of numbers or of samples, or "
                      "count, to know how many");
    }
}

/* ------------------------------------------------------------- columns -- */

/* Memory that the collector takes back; stays on the stack. */
static void *
new_array(lua_State *L, const many *m, size_t size)
{
    luaL_checkstack(L, 8, "play_many");
    return lua_newuserdatauv(L, ((size_t)m->count + 1) * size, 0);
}

static double
number_at(lua_State *L, const char *word, int index, uint32_t row)
{
    if (lua_rawgeti(L, index, (lua_Integer)row + 1) != LUA_TNUMBER) {
        luaL_error(L, "play_many: %s[%d] must be a number, not %s", word,
                   (int)row + 1, luaL_typename(L, -1));
    }
    const double number = lua_tonumber(L, -1);
    lua_pop(L, 1);
    return number;
}

/* The rest of the work is the core's, which names what is out of range. */
static const double *
read_numbers(lua_State *L, const many *m, const char *word, const column *c)
{
    if (!c->index) {
        return NULL;
    }
    double *array = new_array(L, m, sizeof *array);
    for (uint32_t row = 0; row < m->count; row++) {
        array[row] = number_at(L, word, c->index, row);
    }
    return array;
}

static uint64_t *
read_seconds(lua_State *L, const many *m, const char *word, const column *c)
{
    if (!c->index) {
        return NULL;
    }
    uint64_t *array = new_array(L, m, sizeof *array);
    for (uint32_t row = 0; row < m->count; row++) {
        const double seconds = number_at(L, word, c->index, row);
        if (tabor_seconds_to_frames(seconds, m->engine->rate, &array[row]) !=
            TABOR_OK) {
            luaL_error(L, "play_many: %s[%d] can't be %f seconds", word,
                       (int)row + 1, seconds);
        }
    }
    return array;
}

static uint64_t
whole_from(lua_State *L, const char *word, double number, double most)
{
    if (!(number >= 0 && number <= most && floor(number) == number)) {
        luaL_error(L,
                   "play_many: %s must be whole numbers from 0 to %f, not "
                   "%f",
                   word, most, number);
    }
    return (uint64_t)number;
}

#define MOST_FRAME 0x1p53
#define MOST_TAG   4294967295.0

static const uint64_t *
read_frames(lua_State *L, const many *m, const char *word, const column *c)
{
    if (!c->index) {
        return NULL;
    }
    uint64_t *array = new_array(L, m, sizeof *array);
    for (uint32_t row = 0; row < m->count; row++) {
        array[row] =
            whole_from(L, word, number_at(L, word, c->index, row), MOST_FRAME);
    }
    return array;
}

static const uint32_t *
read_tags(lua_State *L, const many *m, const char *word, const column *c)
{
    if (!c->index) {
        return NULL;
    }
    uint32_t *array = new_array(L, m, sizeof *array);
    for (uint32_t row = 0; row < m->count; row++) {
        array[row] = (uint32_t)whole_from(
            L, word, number_at(L, word, c->index, row), MOST_TAG);
    }
    return array;
}

static void
read_columns(lua_State *L, many *m)
{
    const many_options *o = &m->options;
    const int has_at = o->at.index || !isnan(o->at.number);
    const int has_at_frame = o->at_frame.index || !isnan(o->at_frame.number);
    if (has_at && has_at_frame) {
        luaL_error(L, "play_many: at and at_frame are both given; use one");
    }
    m->columns.velocity = read_numbers(L, m, "velocity", &o->velocity);
    m->columns.gain = read_numbers(L, m, "gain", &o->gain);
    m->columns.pan = read_numbers(L, m, "pan", &o->pan);
    m->columns.rate = read_numbers(L, m, "rate", &o->rate);
    m->columns.pitch = read_numbers(L, m, "pitch", &o->pitch);
    m->columns.offset = read_seconds(L, m, "offset", &o->offset);
    m->columns.length = read_seconds(L, m, "duration", &o->duration);
    m->columns.tag = read_tags(L, m, "tag", &o->tag);
    m->columns.at = o->at.index ? read_seconds(L, m, "at", &o->at)
                                : read_frames(L, m, "at_frame", &o->at_frame);
}

/* -------------------------------------------------------------- shared -- */

static void
take_number(const column *c, double *number)
{
    if (!c->index && !isnan(c->number)) {
        *number = c->number;
    }
}

/* What is one number for all goes the way of a single play's options. */
static void
read_shared(lua_State *L, many *m)
{
    many_options *o = &m->options;
    play_options *shared = &o->shared;
    double frame = NAN, tag = 0;
    take_number(&o->velocity, &shared->velocity);
    take_number(&o->gain, &shared->gain);
    take_number(&o->pan, &shared->pan);
    take_number(&o->rate, &shared->rate);
    take_number(&o->pitch, &shared->pitch);
    take_number(&o->at, &shared->at);
    take_number(&o->offset, &shared->offset);
    take_number(&o->duration, &shared->duration);
    take_number(&o->at_frame, &frame);
    take_number(&o->tag, &tag);
    if (!isnan(frame)) {
        shared->at_frame = whole_from(L, "at_frame", frame, MOST_FRAME);
    }
    shared->tag = (uint32_t)whole_from(L, "tag", tag, MOST_TAG);
    if (o->at.index || o->at_frame.index) {
        shared->at_frame = 0; /* each row has its own */
    }
    play_apply(L, m->sample, shared, &m->play);
}

/* ------------------------------------------------------------- samples -- */

/* The sample of a row; the table keeps it. */
static const lua_sample *
sample_at(lua_State *L, const many *m, uint32_t row)
{
    lua_rawgeti(L, m->samples, (lua_Integer)row + 1);
    const lua_sample *s = object_test(L, lua_gettop(L), &sample_kind);
    if (!s) {
        luaL_error(L, "play_many: samples[%d] must be a Sample, not %s",
                   (int)row + 1, luaL_typename(L, -1));
    }
    if (s->engine->id != m->engine->id) {
        luaL_error(L,
                   "play_many: samples[%d] is a sample of another engine: "
                   "load it into this one",
                   (int)row + 1);
    }
    lua_pop(L, 1);
    return s;
}

/* Returns whether one of them is a slice. */
static int
read_handles(lua_State *L, many *m)
{
    tabor_handle *handles = new_array(L, m, sizeof *handles);
    int slices = 0;
    for (uint32_t row = 0; row < m->count; row++) {
        const lua_sample *s = sample_at(L, m, row);
        handles[row] = sample_handle(s);
        slices |= s->parent != NULL;
    }
    m->columns.sample = handles;
    return slices;
}

/* A column where all had one number. */
static uint64_t *
spread(lua_State *L, const many *m, const uint64_t *values, uint64_t number)
{
    uint64_t *array = new_array(L, m, sizeof *array);
    for (uint32_t row = 0; row < m->count; row++) {
        array[row] = values ? values[row] : number;
    }
    return array;
}

/* Each row into its own slice. */
static void
clip_rows(lua_State *L, many *m)
{
    const tabor_play_params *shared = &m->play.params;
    uint64_t *offset = spread(L, m, m->columns.offset, shared->offset);
    uint64_t *length = spread(L, m, m->columns.length, shared->length);
    uint64_t *start = spread(L, m, NULL, 0);
    uint64_t *frames = spread(L, m, NULL, 0);
    for (uint32_t row = 0; row < m->count; row++) {
        const lua_sample *s = m->samples ? sample_at(L, m, row) : m->sample;
        tabor_play_params p = *shared;
        p.offset = offset[row];
        p.length = length[row];
        if (s->parent) {
            shape_clip(L, s, &p);
        }
        offset[row] = p.offset;
        length[row] = p.length;
        start[row] = p.slice_start;
        frames[row] = p.slice_frames;
    }
    m->columns.offset = offset;
    m->columns.length = length;
    m->columns.slice_start = start;
    m->columns.slice_frames = frames;
}

static void
read_samples(lua_State *L, many *m)
{
    if (!m->samples) {
        if (m->sample->parent && (m->columns.offset || m->columns.length)) {
            clip_rows(L, m);
        } else if (m->sample->parent) {
            shape_clip(L, m->sample, &m->play.params);
        }
        return;
    }
    if (!read_handles(L, m)) {
        return;
    }
    if (m->play.params.loop != TABOR_LOOP_NONE) {
        luaL_error(L, "play_many has one loop for all, and slices in a table "
                      "have one each: play each slice in a call of its own");
    }
    clip_rows(L, m);
}

/* ---------------------------------------------------------------- send -- */

static tabor_status
send_many(tabor_client *client, void *given)
{
    many *m = given;
    return tabor_play_many(client, m->samples ? 0 : sample_handle(m->sample),
                           &m->play.params, &m->columns, m->count,
                           m->voices->ids);
}

/* The Voices on top have been sent. */
static int
return_sent(lua_State *L, many *m)
{
    lua_engine *e = m->engine;
    e->playing += m->count;
    e->held += e->batch ? m->count : 0;
    m->voices->batch = e->batch;
    voices_listen(L, 1, m->voices);
    return 1;
}

/* What a voice is to know of its rate and its pitch, for set(). */
static void
keep_rates(lua_State *L, many *m)
{
    lua_voices *g = m->voices;
    g->rate = m->play.params.rate;
    g->pitch = m->play.params.pitch;
    if (m->columns.rate) {
        g->rates = malloc((m->count + 1) * sizeof *g->rates);
    }
    if (m->columns.pitch) {
        g->pitches = malloc((m->count + 1) * sizeof *g->pitches);
    }
    if ((m->columns.rate && !g->rates) || (m->columns.pitch && !g->pitches)) {
        luaL_error(L, "not enough memory for %d voices", (int)m->count);
    }
    for (uint32_t row = 0; g->rates && row < m->count; row++) {
        g->rates[row] = m->columns.rate[row];
    }
    for (uint32_t row = 0; g->pitches && row < m->count; row++) {
        g->pitches[row] = m->columns.pitch[row];
    }
}

static int
send(lua_State *L, many *m)
{
    m->voices = voices_push(L, 1, m->count);
    keep_rates(L, m);
    const tabor_status st = engine_send(L, 1, send_many, m);
    if (st == TABOR_OK) {
        return return_sent(L, m);
    }
    if (st == TABOR_ERR_FULL && m->engine->on_full == FULL_DROP) {
        m->voices->never_sent = 1;
        return 1;
    }
    if (st == TABOR_ERR_STALE) {
        return errors_return(L, st);
    }
    return engine_return_sent(L, m->engine, st);
}

/* Argument 2: a Sample, or a table of them. */
static void
find_samples(lua_State *L, many *m)
{
    m->samples = lua_istable(L, 2) ? 2 : 0;
    if (!m->samples) {
        m->sample = sample_check(L, 2);
        luaL_argcheck(L, m->sample->engine->id == m->engine->id, 2,
                      "a sample of another engine: load it into this one");
    }
}

/* The first of a table stands for all where one is needed. */
static const lua_sample *
first_sample(lua_State *L, const many *m)
{
    return m->samples ? sample_at(L, m, 0) : m->sample;
}

int
engine_play_many(lua_State *L)
{
    static const many_options none = {
        PLAY_OPTIONS, NOT_GIVEN, NOT_GIVEN, NOT_GIVEN, NOT_GIVEN, NOT_GIVEN,
        NOT_GIVEN,    NOT_GIVEN, NOT_GIVEN, NOT_GIVEN, NOT_GIVEN, NO_COUNT};
    many m = {.engine = engine_check(L, 1)};
    m.options = none;
    m.columns = (tabor_play_columns)TABOR_COLUMNS;
    m.columns.first = 1;
    lua_settop(L, 3);
    find_samples(L, &m);
    options_read(L, 3, "play_many", many_known, &m.options);
    count_plays(L, &m);
    if (!m.engine->client) {
        return engine_return_closed(L);
    }
    if (m.count == 0) {
        voices_push(L, 1, 0);
        return 1;
    }
    m.sample = first_sample(L, &m);
    read_columns(L, &m);
    read_shared(L, &m);
    read_samples(L, &m);
    return send(L, &m);
}
