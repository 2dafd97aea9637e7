/* SPDX-License-Identifier: MIT
 *
 * Many plays in one call: the commands are written where they are sent from,
 * under one lock, and published by one store.
 *
 * Columns of plain numbers are checked one after the other, then written 64
 * rows at a time. Rows that need more, or may be no good, are made one by one
 * by what makes a single play: that finds the words for what is wrong, too.
 * Slots that were filled and not published are as empty as before.
 */
#include "config.h"

#include <assert.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "control/play.h"
#include "control/status.h"

/* One call of tabor_play_many(). */
typedef struct many {
    tabor_client *client;
    tabor_handle sample;
    const tabor_play_params *params;
    const tabor_play_columns *columns;
    uint32_t count;
    uint32_t commands; /* that make the plays */
    int plain;         /* 1: each is one command that only carries numbers */
} many;

/* ------------------------------------------------------------- a row -- */

static tabor_handle
sample_of(const many *m, uint32_t row)
{
    return m->columns->sample ? m->columns->sample[row] : m->sample;
}

/* What tabor_play() would have been given. */
static tabor_play_params
params_of(const many *m, uint32_t row)
{
    const tabor_play_columns *c = m->columns;
    tabor_play_params p = *m->params;
    p.at = c->at ? c->at[row] : p.at;
    p.offset = c->offset ? c->offset[row] : p.offset;
    p.length = c->length ? c->length[row] : p.length;
    p.velocity = c->velocity ? c->velocity[row] : p.velocity;
    p.gain = c->gain ? c->gain[row] : p.gain;
    p.pan = c->pan ? c->pan[row] : p.pan;
    p.rate = c->rate ? c->rate[row] : p.rate;
    p.pitch = c->pitch ? c->pitch[row] : p.pitch;
    p.tag = c->tag ? c->tag[row] : p.tag;
    p.slice_start = c->slice_start ? c->slice_start[row] : p.slice_start;
    p.slice_frames = c->slice_frames ? c->slice_frames[row] : p.slice_frames;
    return p;
}

static tabor_status
make_row(const many *m, uint32_t row, tabor_play_made *made)
{
    const tabor_play_params p = params_of(m, row);
    return tabor_play_make(m->client->engine, sample_of(m, row), &p, made);
}

/* Make every row, to see whether it is good and how much room it takes. */
static tabor_status
look_at_rows(many *m)
{
    tabor_play_made made;
    char what[512];
    m->commands = 0;
    for (uint32_t row = 0; row < m->count; row++) {
        tabor_status st = make_row(m, row, &made);
        if (st != TABOR_OK) {
            snprintf(what, sizeof what, "%s", tabor_error());
            return tabor_fail(st, "play %u: %s", m->columns->first + row, what);
        }
        m->commands += made.count;
    }
    return TABOR_OK;
}

/* ---------------------------------------------------------- all rows -- */

static tabor_command *
place(const tabor_room *room, uint32_t i)
{
    return &room->slots[(room->first + i) & room->mask];
}

/* Slots side by side, and the rows that go there. */
typedef struct part {
    tabor_command *to;
    uint32_t row, count;
} part;

/* Few enough to stay in the nearest cache while each column goes over them. */
#define PART_MOST 64u

static part
part_at(const many *m, const tabor_room *room, uint32_t row)
{
    const uint32_t left = m->count - row;
    const uint32_t before_end = room->mask - ((room->first + row) & room->mask);
    const uint32_t free = m->client->play_count - m->client->free_head;
    uint32_t count = left < PART_MOST ? left : PART_MOST;
    if (count > before_end) {
        count = before_end + 1;
    }
    count = count < free ? count : free;
    return (part){place(room, row), row, count};
}

/* Stores are what all this costs, so they are wide: a play slot is one, a
 * command is four. */
typedef uint32_t four __attribute__((vector_size(16)));
typedef uint64_t two __attribute__((vector_size(16)));
static_assert(sizeof(tabor_client_play) == sizeof(four) &&
                  offsetof(tabor_client_play, generation) == 0,
              "a slot's generation is the first of four");
static_assert(offsetof(tabor_command, frame) == 0 &&
                  offsetof(tabor_command, target) == 8 &&
                  offsetof(tabor_command, seq) == 16,
              "frame and target are a store, and seq begins the next");

/* Give the rows of a part their handles. As tabor_play_take(), for many.
 * known: what all slots are to know */
static void
take_part(const many *m, const part *p, const tabor_client_play *known,
          tabor_handle *voices)
{
    tabor_client *c = m->client;
    const tabor_handle owner =
        tabor_handle_make(TABOR_KIND_VOICE, c->owner, 0, 0);
    const uint16_t *slot = &c->free_plays[c->free_head];
    tabor_handle *voice = voices + p->row;
    four taken;
    memcpy(&taken, known, sizeof taken);
    for (uint32_t i = 0; i < p->count; i++) {
        tabor_client_play *play = &c->plays[slot[i]];
        taken[0] = tabor_play_generation(play->generation);
        memcpy(play, &taken, sizeof taken);
        voice[i] = owner | (tabor_handle)slot[i] << 32 | taken[0];
    }
    c->free_head += p->count;
    c->free_head = c->free_head == c->play_count ? 0 : c->free_head;
    c->free_count -= p->count;
}

/* Write the commands of a part but for their columns, of which only the times
 * are in this: they share a store with the handles. */
static void
write_part(const many *m, const part *p, const tabor_command *all, uint32_t seq,
           const tabor_handle *voices)
{
    const int next_at = m->columns->at != NULL;
    const uint64_t *at = next_at ? m->columns->at + p->row : &all->frame;
    const tabor_handle *voice = voices + p->row;
    four second, third, fourth;
    memcpy(&second, (const char *)all + 16, sizeof second);
    memcpy(&third, (const char *)all + 32, sizeof third);
    memcpy(&fourth, (const char *)all + 48, sizeof fourth);
    second[0] = seq + p->row;
    for (uint32_t i = 0; i < p->count; i++) {
        char *to = (char *)&p->to[i];
        const two first = {*at, voice[i]};
        memcpy(to, &first, sizeof first);
        memcpy(to + 16, &second, sizeof second);
        memcpy(to + 32, &third, sizeof third);
        memcpy(to + 48, &fourth, sizeof fourth);
        if (*at == TABOR_ASAP) { /* timed as all, until one is not */
            p->to[i].frame = 0;
            p->to[i].flags &= (uint8_t)~TABOR_COMMAND_TIMED;
        }
        second += (four){1, 0, 0, 0};
        at += next_at;
    }
}

/* Each writes a column into commands that have what all share. */

static void
fill_samples(const many *m, const part *p)
{
    const tabor_handle *sample = m->columns->sample + p->row;
    for (uint32_t i = 0; i < p->count; i++) {
        p->to[i].body.play.sample = sample[i];
    }
}

static void
fill_gains(const many *m, const part *p)
{
    const tabor_play_columns *c = m->columns;
    const double *velocity =
        c->velocity ? c->velocity + p->row : &m->params->velocity;
    const double *gain = c->gain ? c->gain + p->row : &m->params->gain;
    const int next_velocity = c->velocity != NULL, next_gain = c->gain != NULL;
    for (uint32_t i = 0; i < p->count; i++) {
        p->to[i].body.play.gain = (float)(*velocity * *gain);
        velocity += next_velocity;
        gain += next_gain;
    }
}

static void
fill_pans(const many *m, const part *p)
{
    const double *pan = m->columns->pan + p->row;
    for (uint32_t i = 0; i < p->count; i++) {
        p->to[i].body.play.pan = (float)pan[i];
    }
}

static void
fill_steps(const many *m, const part *p)
{
    const tabor_play_columns *c = m->columns;
    for (uint32_t i = 0; i < p->count; i++) {
        const uint32_t row = p->row + i;
        tabor_play_step(c->rate ? c->rate[row] : m->params->rate,
                        c->pitch ? c->pitch[row] : m->params->pitch,
                        &p->to[i].body.play.step);
    }
}

static void
fill_tags(const many *m, const part *p)
{
    const uint32_t *tag = m->columns->tag + p->row;
    for (uint32_t i = 0; i < p->count; i++) {
        p->to[i].tag = tag[i];
    }
}

static void
fill_columns(const many *m, const part *p)
{
    const tabor_play_columns *c = m->columns;
    if (c->sample) {
        fill_samples(m, p);
    }
    if (c->velocity || c->gain) {
        fill_gains(m, p);
    }
    if (c->pan) {
        fill_pans(m, p);
    }
    if (c->rate || c->pitch) {
        fill_steps(m, p);
    }
    if (c->tag) {
        fill_tags(m, p);
    }
}

static void
know_velocities(const many *m, const part *p, const tabor_handle *voices)
{
    const double *velocity = m->columns->velocity + p->row;
    const tabor_handle *voice = voices + p->row;
    for (uint32_t i = 0; i < p->count; i++) {
        m->client->plays[tabor_handle_slot(voice[i])].velocity =
            (float)velocity[i];
    }
}

/* Where each row has a sample of its own, its slot knows that one's length. */
static void
know_samples(const many *m, const tabor_handle *voices)
{
    const tabor_handle *sample = m->columns->sample;
    tabor_sample_size size = {0};
    for (uint32_t row = 0; row < m->count; row++) {
        if (row == 0 || sample[row] != sample[row - 1]) {
            tabor_samples_look(&m->client->engine->samples, sample[row], &size);
        }
        m->client->plays[tabor_handle_slot(voices[row])].frames = size.frames;
    }
}

/* Rows of one command each, which are known to be good. Returns 0 if they have
 * gone bad since: the sample was unloaded. */
static int
fill_plain(const many *m, const tabor_room *room, tabor_handle *voices)
{
    tabor_play_made made;
    if (make_row(m, 0, &made) != TABOR_OK || made.count != 1) {
        return 0;
    }
    made.commands[1].flags |= m->columns->at ? TABOR_COMMAND_TIMED : 0;
    for (uint32_t row = 0; row < m->count;) {
        const part p = part_at(m, room, row);
        take_part(m, &p, &made.known, voices);
        write_part(m, &p, &made.commands[1], room->seq, voices);
        fill_columns(m, &p);
        if (m->columns->velocity) {
            know_velocities(m, &p, voices);
        }
        row += p.count;
    }
    if (m->columns->sample) {
        know_samples(m, voices);
    }
    return 1;
}

/* A row of any kind, from slot at on. Returns how many it took, 0 if it has
 * gone bad since it was looked at. */
static uint32_t
fill_one(const many *m, const tabor_room *room, uint32_t row, uint32_t at,
         tabor_handle *voice)
{
    tabor_play_made made;
    if (make_row(m, row, &made) != TABOR_OK || at + made.count > m->commands) {
        return 0;
    }
    *voice = tabor_play_take(m->client, &made.known);
    for (uint32_t i = 0; i < made.count; i++) {
        tabor_command *command = place(room, at + i);
        *command = made.commands[2 - made.count + i];
        command->seq = room->seq + at + i;
        command->target = *voice;
    }
    return made.count;
}

/* Rows of any kind. Returns 0, and nothing is taken, if one has gone bad. */
static int
fill_shaped(const many *m, const tabor_room *room, tabor_handle *voices)
{
    uint32_t at = 0, row = 0, n = 1;
    while (row < m->count && n > 0) {
        n = fill_one(m, room, row, at, &voices[row]);
        at += n;
        row += n > 0;
    }
    if (n > 0 && at == m->commands) {
        return 1;
    }
    while (row-- > 0) {
        tabor_client_free_play(m->client, voices[row]);
    }
    return 0;
}

/* -------------------------------------------------------------- send -- */

/* NaN isn't. NULL: no values */
static int
in_range(const double *values, uint32_t count, double low, double high)
{
    typedef double pair __attribute__((vector_size(16)));
    const pair lows = {low, low}, highs = {high, high};
    two good = {UINT64_MAX, UINT64_MAX};
    uint32_t i = 0;
    if (!values) {
        return 1;
    }
    for (; i + 2 <= count; i += 2) {
        pair x;
        memcpy(&x, values + i, sizeof x);
        good &= (two)(x >= lows) & (two)(x <= highs);
    }
    const int last = i == count || (values[i] >= low && values[i] <= high);
    return last && good[0] && good[1];
}

/* Could there be a step out of range? If only there could, the rows are looked
 * at one by one. */
static int
steps_in_range(const many *m)
{
    const tabor_play_columns *c = m->columns;
    const double low = 1.0 / 1024, high = TABOR_MAX_STEP;
    if (!c->pitch && m->params->pitch == 0.0) {
        return in_range(c->rate, m->count, low, high);
    }
    const double semitones = 24.0; /* of 120 down and 72 up */
    return in_range(c->pitch ? c->pitch : &m->params->pitch,
                    c->pitch ? m->count : 1, -semitones, semitones) &&
           in_range(c->rate ? c->rate : &m->params->rate,
                    c->rate ? m->count : 1, low * 4.01, high / 4.01);
}

static int
samples_live(const many *m)
{
    const tabor_handle *sample = m->columns->sample;
    tabor_handle last = 0;
    tabor_sample_size size;
    for (uint32_t i = 0; sample && i < m->count; i++) {
        if (sample[i] != last &&
            tabor_samples_look(&m->client->engine->samples, sample[i], &size) !=
                TABOR_OK) {
            return 0;
        }
        last = sample[i];
    }
    return 1;
}

/* Each row is one command for certain, and a good one: only numbers differ,
 * and what is beside them asks for no second command. */
static int
is_plain(const many *m)
{
    const tabor_play_columns *c = m->columns;
    const tabor_play_params *p = m->params;
    const int is_part = p->offset || p->length != TABOR_TO_END;
    const int are_parts =
        c->offset || c->length || c->slice_start || c->slice_frames;
    tabor_play_made made;
    return !are_parts && !(c->sample && (is_part || p->slice_frames)) &&
           make_row(m, 0, &made) == TABOR_OK && made.count == 1 &&
           samples_live(m) && in_range(c->velocity, m->count, 0.0, 1.0) &&
           in_range(c->gain, m->count, 0.0, TABOR_MAX_GAIN) &&
           in_range(c->pan, m->count, -1.0, 1.0) && steps_in_range(m);
}

static tabor_status
check_most(const char *what, uint32_t count, uint32_t most, const char *cure)
{
    if (count <= most) {
        return TABOR_OK;
    }
    return tabor_fail(TABOR_ERR_LIMIT,
                      "%u %s at once, but at most %u ever fit: %s", count, what,
                      most, cure);
}

static tabor_status
check_size(const many *m)
{
    const tabor_client *c = m->client;
    const uint32_t ring = c->link->command_ring.capacity;
    tabor_status st =
        check_most("commands", m->commands, tabor_client_most(c),
                   ring < TABOR_SCHEDULE_SLOTS
                       ? "send them in parts, or open with a larger queue"
                       : "that is what the schedule holds; send them in parts");
    return st != TABOR_OK
               ? st
               : check_most("plays", m->count, c->play_count,
                            "send them in parts, or open with more plays");
}

/* TABOR_ERR_INVALID: one of the rows is no good. */
static tabor_status
send_rows(const many *m, tabor_handle *voices)
{
    tabor_client *c = m->client;
    pthread_mutex_lock(&c->mutex);
    tabor_status st = tabor_client_reserve(c, m->commands, 0);
    if (st == TABOR_OK) {
        st = tabor_play_reserve(c, m->count);
    }
    if (st == TABOR_OK) {
        const tabor_room room = tabor_client_room(c);
        if (m->plain ? fill_plain(m, &room, voices)
                     : fill_shaped(m, &room, voices)) {
            tabor_client_publish(c, m->commands);
        } else {
            st = TABOR_ERR_INVALID;
        }
    }
    pthread_mutex_unlock(&c->mutex);
    return st;
}

static tabor_status
send(many *m, tabor_handle *voices)
{
    m->plain = is_plain(m);
    m->commands = m->count;
    tabor_status st = m->plain ? TABOR_OK : look_at_rows(m);
    if (st != TABOR_OK || (st = check_size(m)) != TABOR_OK) {
        return st;
    }
    if ((st = send_rows(m, voices)) == TABOR_OK) {
        return st;
    }
    /* What is wrong comes before what is full. */
    tabor_status wrong = look_at_rows(m);
    return wrong != TABOR_OK ? wrong : st;
}

static tabor_status
check_columns(const tabor_play_columns *columns)
{
    if (columns->struct_size == sizeof *columns) {
        return TABOR_OK;
    }
    return tabor_fail(TABOR_ERR_INVALID,
                      "columns.struct_size is not sizeof columns: start from "
                      "TABOR_COLUMNS");
}

TABOR_API tabor_status
tabor_play_many(tabor_client *client, tabor_handle sample,
                const tabor_play_params *params,
                const tabor_play_columns *columns, uint32_t count,
                tabor_handle *voices)
{
    static const tabor_play_columns none = TABOR_COLUMNS;
    many m = {.client = client,
              .sample = sample,
              .params = params ? params : &tabor_play_defaults,
              .columns = columns ? columns : &none,
              .count = count};
    tabor_status st = tabor_engine_check(client->engine);
    if (st != TABOR_OK || (st = check_columns(m.columns)) != TABOR_OK ||
        count == 0) {
        return st;
    }
    return send(&m, voices);
}

/* -------------------------------------------------------------- stop -- */

static uint32_t
count_alive(tabor_client *c, const tabor_handle *voices, uint32_t count)
{
    uint32_t alive = 0;
    for (uint32_t i = 0; i < count; i++) {
        alive += tabor_play_find(c, voices[i]) != NULL;
    }
    return alive;
}

/* Under the mutex; reserved before. */
static void
send_stops(tabor_client *c, const tabor_handle *voices, uint32_t count,
           const tabor_command *stop)
{
    const tabor_room room = tabor_client_room(c);
    uint32_t n = 0;
    for (uint32_t i = 0; i < count; i++) {
        if (!tabor_play_find(c, voices[i])) {
            continue;
        }
        tabor_command *command = place(&room, n);
        *command = *stop;
        command->target = voices[i];
        command->seq = room.seq + n++;
    }
    tabor_client_publish(c, n);
}

TABOR_API tabor_status
tabor_voices_stop(tabor_client *client, const tabor_handle *voices,
                  uint32_t count, uint32_t fade_frames, uint64_t at,
                  uint32_t *stopped)
{
    tabor_command stop;
    tabor_status st = tabor_engine_check(client->engine);
    if (st != TABOR_OK ||
        (st = tabor_play_fill_stop(fade_frames, at, &stop)) != TABOR_OK) {
        return st;
    }
    pthread_mutex_lock(&client->mutex);
    tabor_client_collect(client);
    const uint32_t n = count_alive(client, voices, count);
    st = check_most("stops", n, tabor_client_most(client) + TABOR_URGENT_SLOTS,
                    "stop them in parts");
    if (st == TABOR_OK && n > 0 &&
        (st = tabor_client_reserve(client, n, 1)) == TABOR_OK) {
        send_stops(client, voices, count, &stop);
    }
    if (st == TABOR_OK) {
        *stopped = n;
    }
    pthread_mutex_unlock(&client->mutex);
    return st;
}
