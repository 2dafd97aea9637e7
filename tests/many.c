/* SPDX-License-Identifier: MIT
 *
 * Many plays in one call: the same as one by one, whole or not at all.
 */
#include <math.h>

#include "helpers.h"

enum {
    ROWS = 40,
    LENGTH = 4000
};

/* A row of each column, all of them different. */
typedef struct table {
    tabor_handle sample[ROWS];
    uint64_t at[ROWS], offset[ROWS], length[ROWS];
    double velocity[ROWS], gain[ROWS], pan[ROWS], rate[ROWS], pitch[ROWS];
    uint32_t tag[ROWS];
} table;

static void
fill_table(rig *r, table *t)
{
    const tabor_handle mono = rig_ramp(r, 300, 1), stereo = rig_ramp(r, 200, 2);
    for (int i = 0; i < ROWS; i++) {
        t->sample[i] = i % 3 ? mono : stereo;
        t->at[i] = i % 5 ? (uint64_t)(i * 37 % 1000) : TABOR_ASAP;
        t->offset[i] = (uint64_t)(i * 7 % 50);
        t->length[i] = i % 4 ? (uint64_t)(20 + i) : TABOR_TO_END;
        t->velocity[i] = 1.0 - i / 80.0;
        t->gain[i] = i / 20.0;
        t->pan[i] = i / 20.0 - 1.0;
        t->rate[i] = 0.5 + i / 30.0;
        t->pitch[i] = i % 2 ? i - 20.0 : 0.0;
        t->tag[i] = (uint32_t)(i % 3);
    }
}

/* The first ones of the table's columns, as many as bits are set. */
static tabor_play_columns
columns_of(const table *t, unsigned bits)
{
    tabor_play_columns c = TABOR_COLUMNS;
    c.sample = bits & 1 ? t->sample : NULL;
    c.at = bits & 2 ? t->at : NULL;
    c.velocity = bits & 4 ? t->velocity : NULL;
    c.gain = bits & 8 ? t->gain : NULL;
    c.pan = bits & 16 ? t->pan : NULL;
    c.rate = bits & 32 ? t->rate : NULL;
    c.pitch = bits & 64 ? t->pitch : NULL;
    c.tag = bits & 128 ? t->tag : NULL;
    c.offset = bits & 256 ? t->offset : NULL;
    c.length = bits & 512 ? t->length : NULL;
    return c;
}

static void
play_rows(rig *r, const tabor_play_params *shared, const tabor_play_columns *c,
          tabor_handle sample, tabor_handle *voices)
{
    for (int i = 0; i < ROWS; i++) {
        tabor_play_params p = *shared;
        p.at = c->at ? c->at[i] : p.at;
        p.offset = c->offset ? c->offset[i] : p.offset;
        p.length = c->length ? c->length[i] : p.length;
        p.velocity = c->velocity ? c->velocity[i] : p.velocity;
        p.gain = c->gain ? c->gain[i] : p.gain;
        p.pan = c->pan ? c->pan[i] : p.pan;
        p.rate = c->rate ? c->rate[i] : p.rate;
        p.pitch = c->pitch ? c->pitch[i] : p.pitch;
        p.tag = c->tag ? c->tag[i] : p.tag;
        must(tabor_play(r->client, c->sample ? c->sample[i] : sample, &p,
                        &voices[i]));
    }
}

typedef enum way {
    ONE_BY_ONE,
    MANY,
    MANY_IN_BATCH
} way;

/* What the rows sound like, and how they end. */
static float *
hear(way how, const tabor_play_params *shared, unsigned bits,
     tabor_event ends[ROWS])
{
    rig r = rig_open("offline", 64, 256, 1024);
    table t;
    tabor_handle voices[ROWS], again[ROWS];
    tabor_event e;
    fill_table(&r, &t);
    const tabor_play_columns c = columns_of(&t, bits);
    if (how != MANY) {
        must(tabor_batch_begin(r.client));
    }
    if (how == ONE_BY_ONE) {
        play_rows(&r, shared, &c, t.sample[0], voices);
    } else {
        must(tabor_play_many(r.client, t.sample[0], shared, &c, ROWS, voices));
    }
    must(tabor_voice_stop(r.client, voices[ROWS - 1], 0, 600));
    if (how != MANY) {
        must(tabor_batch_commit(r.client));
    }
    must(tabor_play_many(r.client, t.sample[0], NULL, NULL, ROWS, again));
    float *out = rig_render(&r, LENGTH, 2);
    int n = 0;
    while (tabor_poll(r.client, &e, 1)) {
        if (e.type == TABOR_EVENT_ENDED && n < ROWS) {
            ends[n++] = e;
        }
    }
    if (n != ROWS) {
        printf("Bail out! %d ends\n", n);
        exit(1);
    }
    rig_close(&r);
    return out;
}

/* Returns how many values were heard. */
static int
compare(const tabor_play_params *shared, unsigned bits, int *same)
{
    static tabor_event ends[3][ROWS];
    float *a = hear(ONE_BY_ONE, shared, bits, ends[0]);
    float *b = hear(MANY, shared, bits, ends[1]);
    float *c = hear(MANY_IN_BATCH, shared, bits, ends[2]);
    int heard = 0;
    for (int i = 0; i < LENGTH * 2; i++) {
        heard += a[i] != 0.0f;
    }
    *same += !memcmp(a, b, LENGTH * 2 * sizeof *a) &&
             !memcmp(a, c, LENGTH * 2 * sizeof *a) &&
             !memcmp(ends[0], ends[1], sizeof ends[0]) &&
             !memcmp(ends[0], ends[2], sizeof ends[0]);
    free(a);
    free(b);
    free(c);
    return heard;
}

static void
test_same(void)
{
    const tabor_env env = {10, 0, 30, 20, 0.5};
    tabor_play_params plain = TABOR_PLAY, shaped = TABOR_PLAY;
    int same = 0, heard = 0, asked = 0;
    plain.velocity = 0.5;
    plain.pan = 0.25;
    plain.rate = 1.5;
    plain.tag = 7;
    plain.late = TABOR_LATE_CATCH_UP;
    shaped.loop = TABOR_LOOP_SAMPLE;
    shaped.length = 700;
    shaped.fade_in = 9;
    shaped.env = &env;
    for (unsigned bit = 1; bit < 1024; bit *= 2) {
        heard += compare(&plain, bit, &same) > 0;
        heard += compare(&plain, 1023 & ~bit, &same) > 0;
        heard += compare(&shaped, 511 & ~bit, &same) > 0;
        asked += 3;
    }
    heard += compare(&plain, 1023, &same) > 0;
    heard += compare(&plain, 0, &same) > 0;
    heard += compare(&shaped, 0, &same) > 0;
    asked += 3;
    ok_int(same, asked,
           "many plays sound and end as those that are sent one by one in a "
           "batch, whichever columns they have");
    ok_int(heard, asked, "and all of them were heard");
}

static void
refused(rig *r, const char *column, tabor_status wanted, const char *words,
        tabor_handle sample, const tabor_play_columns *c)
{
    tabor_handle voices[ROWS];
    const tabor_status st =
        tabor_play_many(r->client, sample, NULL, c, ROWS, voices);
    ok(st == wanted && strstr(tabor_error(), words), "%s: %s", column,
       tabor_error());
}

/* A wrong number among 1 to 9 good ones, in each place. */
static void
test_places(void)
{
    rig r = rig_open("offline", 64, 256, 1024);
    const tabor_handle sample = rig_ramp(&r, 300, 1);
    const double wrong[] = {1.5, -1.5, NAN, INFINITY, -INFINITY};
    double pan[9] = {0};
    tabor_handle voices[9];
    tabor_play_columns c = TABOR_COLUMNS;
    int tried = 0, found = 0;
    c.pan = pan;
    for (uint32_t count = 1; count <= 9; count++) {
        for (uint32_t row = 0; row < count * 5; row++) {
            char words[32];
            pan[row / 5] = wrong[row % 5];
            snprintf(words, sizeof words, "play %u: pan is", row / 5);
            tried++;
            found += tabor_play_many(r.client, sample, NULL, &c, count,
                                     voices) == TABOR_ERR_INVALID &&
                     strstr(tabor_error(), words);
            pan[row / 5] = 0;
        }
        must(tabor_play_many(r.client, sample, NULL, &c, count, voices));
    }
    ok_int(found, tried, "a number out of range is found in every place");
    ok_int(tried, 225, "(of 225)");
    rig_close(&r);
}

static void
test_wrong(void)
{
    rig r = rig_open("offline", 64, 256, 1024);
    table t;
    fill_table(&r, &t);
    tabor_play_columns c = columns_of(&t, 1023);
    const tabor_handle sample = t.sample[0];
    t.pan[3] = -1.5;
    refused(&r, "pan", TABOR_ERR_INVALID,
            "play 3: pan is -1.5, but goes from -1 to 1", sample, &c);
    c = columns_of(&t, 16);
    c.first = 1;
    refused(&r, "pan, counted from 1", TABOR_ERR_INVALID, "play 4: pan is",
            sample, &c);
    t.pan[3] = NAN;
    refused(&r, "pan", TABOR_ERR_INVALID, "play 4: pan is nan", sample, &c);
    t.velocity[39] = 64;
    c = columns_of(&t, 4);
    refused(&r, "velocity", TABOR_ERR_INVALID, "play 39: velocity is 64",
            sample, &c);
    t.gain[0] = -0.1;
    c = columns_of(&t, 8);
    refused(&r, "gain", TABOR_ERR_INVALID, "play 0: gain is -0.1", sample, &c);
    t.rate[1] = 0;
    c = columns_of(&t, 32);
    refused(&r, "rate", TABOR_ERR_INVALID, "play 1: rate is 0", sample, &c);
    t.pitch[2] = 90;
    c = columns_of(&t, 64);
    refused(&r, "pitch", TABOR_ERR_INVALID, "play 2: rate with pitch is",
            sample, &c);
    t.offset[5] = 301;
    c = columns_of(&t, 256);
    refused(&r, "offset", TABOR_ERR_INVALID, "play 5: offset is 301", sample,
            &c);
    c = columns_of(&t, 2);
    must(tabor_sample_unload(r.client, t.sample[1], TABOR_UNLOAD_RING));
    refused(&r, "an unloaded sample", TABOR_ERR_STALE, "play 0: ", t.sample[1],
            &c);
    c = columns_of(&t, 1);
    refused(&r, "the first of two that is unloaded", TABOR_ERR_STALE,
            "play 1: ", sample, &c);
    c.struct_size = 8;
    refused(&r, "a wrong size", TABOR_ERR_INVALID, "TABOR_COLUMNS", sample, &c);
    float *out = rig_render(&r, 100, 2);
    tabor_event e;
    ok(out[0] == 0.0f && tabor_poll(r.client, &e, 1) == 0,
       "nothing of what was refused is heard");
    free(out);
    rig_close(&r);
}

static void
test_full(void)
{
    rig r = rig_open("offline", 64, 256, 64);
    tabor_handle sample = rig_ramp(&r, 10, 2), voices[60];
    tabor_play_params looped = TABOR_PLAY;
    tabor_event e;
    uint32_t stopped = 0;
    looped.loop = TABOR_LOOP_SAMPLE;
    free(rig_render(&r, 1, 2));
    ok(tabor_play_many(r.client, sample, NULL, NULL, 49, voices) ==
               TABOR_ERR_LIMIT &&
           strstr(tabor_error(), "at most 48 ever fit"),
       "what never fits is an error: %s", tabor_error());
    ok(tabor_play_many(r.client, sample, &looped, NULL, 25, voices) ==
               TABOR_ERR_LIMIT &&
           strstr(tabor_error(), "50 commands"),
       "also with the shapes it needs: %s", tabor_error());
    ok_int(tabor_play_many(r.client, sample, NULL, NULL, 0, voices), TABOR_OK,
           "none at all are no error");
    must(tabor_play_many(r.client, sample, NULL, NULL, 20, voices));
    ok_int(tabor_play_many(r.client, sample, NULL, NULL, 29, voices),
           TABOR_ERR_FULL, "what does not fit now is refused");
    tabor_full full = tabor_full_info();
    ok(full.needed == 29 && full.free == 28, "with both counts: %s",
       tabor_error());
    free(rig_render(&r, 5, 2));
    must(tabor_play_many(r.client, sample, &looped, NULL, 24, voices));
    free(rig_render(&r, 20, 2));
    uint32_t n = 0;
    while (tabor_poll(r.client, &e, 1)) {
        n += e.type == TABOR_EVENT_ENDED;
    }
    ok_int(n, 20, "and none of it was sent");
    must(tabor_play_many(r.client, sample, &looped, NULL, 20, voices + 24));
    free(rig_render(&r, 20, 2));
    must(tabor_voice_stop(r.client, voices[3], 0, TABOR_ASAP));
    free(rig_render(&r, 20, 2));
    must(tabor_voices_stop(r.client, voices, 44, 0, TABOR_ASAP, &stopped));
    ok_int((int)stopped, 43, "many are stopped, those that have ended not");
    float *out = rig_render(&r, 20, 2);
    ok(out[0] == 0.0f, "and are silent");
    free(out);
    must(tabor_voices_stop(r.client, voices, 44, 0, TABOR_ASAP, &stopped));
    ok_int((int)stopped, 0, "once");
    ok_int(tabor_voices_stop(r.client, voices, 44, UINT32_MAX, TABOR_ASAP,
                             &stopped),
           TABOR_ERR_INVALID, "a fade has its limit");
    rig_close(&r);
}

/* More plays than places, with and without a batch. */
static void
test_plays(void)
{
    rig r = rig_open("offline", 64, 256, 1024);
    tabor_handle sample = rig_ramp(&r, 10, 2), voices[60];
    tabor_client_config config = TABOR_CLIENT_CONFIG;
    tabor_client *first = r.client;
    config.plays = 30;
    must(tabor_client_open(r.engine, &config, &r.client));
    ok(tabor_play_many(r.client, sample, NULL, NULL, 31, voices) ==
               TABOR_ERR_LIMIT &&
           strstr(tabor_error(), "31 plays"),
       "plays have a limit of their own: %s", tabor_error());
    must(tabor_play_many(r.client, sample, NULL, NULL, 20, voices));
    must(tabor_batch_begin(r.client));
    ok(tabor_play_many(r.client, sample, NULL, NULL, 11, voices) ==
               TABOR_ERR_FULL &&
           !strcmp(tabor_full_info().which, "plays") &&
           tabor_full_info().free == 10,
       "places for plays are counted: %s", tabor_error());
    must(tabor_play_many(r.client, sample, NULL, NULL, 10, voices));
    tabor_batch_abandon(r.client);
    must(tabor_play_many(r.client, sample, NULL, NULL, 10, voices));
    ok(1, "and given back when their batch is abandoned");
    float *out = rig_render(&r, 20, 2);
    ok_near(out[0], 30.0 / 20, 1e-6, "all that were accepted are heard");
    free(out);
    tabor_client_close(first);
    rig_close(&r);
}

int
main(void)
{
    tap_start();
    test_same();
    test_places();
    test_wrong();
    test_full();
    test_plays();
    return tap_done();
}
