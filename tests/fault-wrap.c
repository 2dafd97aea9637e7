/* SPDX-License-Identifier: MIT
 *
 * What counts for ever wraps or grows past what a double or a sign can hold.
 * One piece is played from the beginning of all counts and from just before
 * each wrap: the same bytes, the same events, the same take, only shifted.
 */
#include <sys/stat.h>

#include "control/client.h"
#include "control/engine.h"
#include "control/take.h"
#include "helpers.h"

#define STEPS   700
#define MOST    (STEPS * 400)
#define EVENTS  20000
#define PLAYS   64 /* of a client, so that each handle's place is used often */
#define PATH    "t-wrap.tlog"
#define BEFORE  (64 * 1000) /* frames before a power of two */
#define NEAR(n) ((UINT64_C(1) << (n)) - BEFORE)

/* Where the counts begin. */
typedef struct start {
    const char *name;
    uint64_t frame;
    uint32_t index; /* of rings, commands, credits, the clock */
    uint32_t panics;
    uint32_t generation; /* of plays */
    uint32_t loads;      /* generation of samples */
} start;

static const start starts[] = {
    {"indices from near 2^32", 0, 0u - 40, 0, 0, 0},
    {"generations from near 2^32", 0, 0, 0, UINT32_MAX - 2, UINT32_MAX - 3},
    {"frames across 2^32", NEAR(32), 0, 0, 0, 0},
    {"frames across 2^53", NEAR(53), 0, 0, 0, 0},
    {"frames across 2^63", NEAR(63), 0, 0, 0, 0},
    {"all of it at once", NEAR(63), 0u - 40, 0u - 4, UINT32_MAX - 2,
     UINT32_MAX - 3},
};

typedef struct piece {
    rig r;
    tabor_client *other;
    tabor_handle samples[3], voices[32];
    uint64_t base; /* the first frame */
    uint64_t frames;
    float *sound;
    tabor_event events[EVENTS];
    uint32_t event_count, voice_count, dice, sent[12];
    uint32_t tail, panics;
    uint32_t tail_wraps, panic_wraps, young; /* young: small generations */
} piece;

static uint32_t
roll(piece *p, uint32_t sides)
{
    p->dice = p->dice * 1664525u + 1013904223u;
    return (p->dice >> 8) % sides;
}

/* ---------------------------------------------------------------- wind -- */

static void
wind_client(tabor_client *c, const start *s)
{
    tabor_link *link = c->link;
    tabor_ring_init(&link->command_ring, link->command_ring.capacity, s->index);
    tabor_ring_init(&link->note_ring, link->note_ring.capacity, s->index);
    c->sent = c->rt->done = c->rt->done_told = s->index;
    atomic_init(&link->done, s->index);
    for (uint32_t i = 0; i < c->play_count; i++) {
        c->plays[i].generation = s->generation;
    }
}

/* Set every count of a new engine to where the piece is to begin. */
static void
wind(piece *p, const start *s)
{
    tabor_engine *e = p->r.engine;
    tabor_rt *rt = e->rt;
    rt->frame = s->frame;
    atomic_init(&rt->panic.count, s->panics);
    rt->panics_done = s->panics;
    atomic_init(&rt->clock.seq, s->index & ~1u);
    tabor_clock_publish(&rt->clock, (tabor_clock_words){s->frame, 0});
    tabor_ring_init(&rt->take->ring, rt->take->ring.capacity, s->index);
    if (s->loads) {
        e->samples.used = TABOR_MAX_SAMPLES;
        for (uint32_t i = 0; i < TABOR_MAX_SAMPLES; i++) {
            e->samples.entries[i].generation = s->loads;
        }
    }
    wind_client(p->r.client, s);
    wind_client(p->other, s);
    p->base = s->frame;
    p->tail = s->index;
    p->panics = s->panics;
}

static void
open_piece(piece *p, const start *s)
{
    tabor_engine_config config = TABOR_ENGINE_CONFIG;
    tabor_client_config client = TABOR_CLIENT_CONFIG;
    memset(p, 0, sizeof *p);
    p->dice = 11;
    p->sound = calloc(MOST * 2, sizeof *p->sound);
    config.driver = "offline";
    config.voices = 12;
    config.log = PATH;
    client.queue = 256;
    client.plays = PLAYS;
    must(tabor_engine_open(&config, &p->r.engine));
    must(tabor_client_open(p->r.engine, &client, &p->r.client));
    must(tabor_client_open(p->r.engine, &client, &p->other));
    wind(p, s);
    for (int i = 0; i < 3; i++) {
        p->samples[i] = rig_ramp(&p->r, 900 + 1700 * (uint64_t)i, 1 + i % 2);
    }
}

/* ---------------------------------------------------------------- play -- */

static uint64_t
soon(piece *p)
{
    uint64_t now = tabor_engine_frame(p->r.engine);
    switch (roll(p, 4)) {
    case 0:
        return TABOR_ASAP;
    case 1: /* it has passed */
        return now > p->base + 900 ? now - roll(p, 900) : now;
    default:
        return now + roll(p, 3000);
    }
}

static void
send_play(piece *p, tabor_client *c)
{
    const tabor_env env = {60, 30, 400, 300, 0.6};
    tabor_play_params play = TABOR_PLAY;
    tabor_handle voice;
    play.at = soon(p);
    play.tag = roll(p, 3);
    play.rate = roll(p, 2) ? 1.0 : 0.5 + roll(p, 100) / 60.0;
    play.gain = 0.2 + roll(p, 8) / 10.0;
    play.pan = roll(p, 20) / 10.0 - 1.0;
    play.late = (tabor_late)roll(p, 3);
    play.loop = (tabor_loop)roll(p, 2);
    play.fade_in = roll(p, 200);
    play.choke = roll(p, 8) == 0;
    play.offset = roll(p, 300);
    play.env = roll(p, 2) ? &env : NULL;
    if (tabor_play(c, p->samples[roll(p, 3)], &play, &voice) != TABOR_OK) {
        return; /* full: that too is the same each time */
    }
    p->sent[0]++;
    p->voices[p->voice_count++ % 32] = voice;
    p->young += tabor_handle_generation(voice) < 1000;
}

static void
send_change(piece *p, tabor_client *c, tabor_handle voice)
{
    tabor_voice_params set = TABOR_VOICE;
    switch (roll(p, 4)) {
    case 0:
        set.which = 1 + roll(p, 7);
        set.at = soon(p);
        set.gain = roll(p, 10) / 10.0;
        set.rate = 0.7 + roll(p, 10) / 10.0;
        set.ramp_frames = roll(p, 1500);
        p->sent[1] += tabor_voice_set(c, voice, &set) == TABOR_OK;
        break;
    case 1:
        p->sent[2] += tabor_voice_seek(c, voice, roll(p, 800), soon(p)) == 0;
        break;
    case 2:
        p->sent[3] += tabor_voice_release(c, voice, soon(p)) == TABOR_OK;
        break;
    default:
        p->sent[4] += tabor_voice_stop(c, voice, roll(p, 400), soon(p)) == 0;
    }
}

static void
send_rest(piece *p, tabor_client *c)
{
    uint64_t now = tabor_engine_frame(p->r.engine), cookie;
    switch (roll(p, 60)) {
    case 0:
        p->sent[5] += tabor_stop(c, roll(p, 300)) == TABOR_OK;
        break;
    case 1:
        p->sent[6] += tabor_cancel(c, roll(p, 3), now + 100, now + 900) == 0;
        break;
    case 2:
        tabor_engine_panic(p->r.engine);
        p->sent[7]++;
        p->panic_wraps += ++p->panics == 0;
        break;
    case 3:
        p->sent[8] += tabor_set_gain(c, 0.4 + roll(p, 6) / 10.0, 700) == 0;
        break;
    case 4:
        p->sent[9] += tabor_ping_send(c, &cookie) == TABOR_OK;
        break;
    case 5: {
        uint32_t i = roll(p, 3);
        p->sent[10] += tabor_sample_unload(p->r.client, p->samples[i],
                                           (tabor_unload)roll(p, 3)) == 0;
        p->samples[i] = rig_ramp(&p->r, 500 + roll(p, 3000), 2);
    }
    }
}

static void
send_some(piece *p)
{
    tabor_client *c = roll(p, 2) ? p->r.client : p->other;
    int batch = roll(p, 5) == 0;
    if (batch) {
        must(tabor_batch_begin(c));
    }
    for (uint32_t n = roll(p, 4); n > 0; n--) {
        send_play(p, c);
    }
    if (p->voice_count) {
        send_change(p, c, p->voices[roll(p, p->voice_count) % 32]);
    }
    if (batch) {
        must(tabor_batch_commit(c));
        p->sent[11]++;
    }
    send_rest(p, c);
}

/* Events with frames counted from the piece's start, and no generations. */
static void
keep_events(piece *p, tabor_client *c)
{
    tabor_event e;
    while (p->event_count < EVENTS && tabor_poll(c, &e, 1)) {
        e.frame -= p->base;
        if (e.type == TABOR_EVENT_ENDED) {
            e.handle &= ~(uint64_t)UINT32_MAX;
            e.value -= e.value == TABOR_NO_FRAME ? 0 : p->base;
        }
        p->events[p->event_count++] = e;
    }
}

static void
play_piece(piece *p, const start *s)
{
    open_piece(p, s);
    for (int i = 0; i < STEPS; i++) {
        send_some(p);
        uint32_t n = 1 + roll(p, 399);
        must(tabor_engine_render(p->r.engine, n, p->sound + p->frames * 2));
        p->frames += n;
        keep_events(p, p->r.client);
        keep_events(p, p->other);
        uint32_t tail = p->r.client->link->command_ring.next_tail;
        p->tail_wraps += tail < p->tail;
        p->tail = tail;
    }
}

static void
close_piece(piece *p)
{
    tabor_client_close(p->other);
    rig_close(&p->r);
}

/* ---------------------------------------------------------------- take -- */

/* Records of the clients' opening, when nothing is wound yet. */
#define OPENING 2

typedef struct records {
    tabor_take_record *all;
    size_t count;
} records;

/* The records of the take, in a buffer that the caller frees. */
static records
read_take(void)
{
    records r = {NULL, 0};
    FILE *f = fopen(PATH, "rb");
    tabor_take_item item;
    if (!f || fseek(f, sizeof(tabor_take_header), SEEK_SET) != 0) {
        return r;
    }
    while (fread(&item, sizeof item, 1, f) == 1) {
        if (item.kind != TABOR_ITEM_RECORDS) {
            fseek(f, (long)item.size, SEEK_CUR);
            continue;
        }
        size_t n = item.size / sizeof *r.all;
        r.all = realloc(r.all, (r.count + n) * sizeof *r.all);
        r.count += fread(r.all + r.count, sizeof *r.all, n, f);
    }
    fclose(f);
    return r;
}

/* How many records name another frame than so many after the base's. */
static size_t
differing(const records *a, const records *b, uint64_t shift)
{
    size_t n = a->count != b->count;
    for (size_t i = OPENING; i < a->count && i < b->count; i++) {
        const tabor_take_record *x = &a->all[i], *y = &b->all[i];
        int timed = x->command.flags & TABOR_COMMAND_TIMED;
        n += y->frame - x->frame != shift || x->kind != y->kind ||
             x->owner != y->owner || x->command.type != y->command.type ||
             (timed && y->command.frame - x->command.frame != shift);
    }
    return n;
}

/* --------------------------------------------------------------- tests -- */

/* Is p the same piece as first? */
static int
same_sound(const piece *p, const piece *first)
{
    return p->frames == first->frames &&
           memcmp(p->sound, first->sound, p->frames * 2 * sizeof(float)) == 0;
}

static int
same_events(const piece *p, const piece *first)
{
    return p->event_count == first->event_count &&
           memcmp(p->events, first->events,
                  p->event_count * sizeof *p->events) == 0;
}

/* Did the counts go past their wraps at all? */
static int
went_past(const piece *p, const start *s)
{
    int indices =
        p->tail_wraps == (s->index != 0) && p->panic_wraps == (s->panics != 0);
    int generations = !s->generation || (p->young > 0 && p->sent[10] > 3);
    int frames = !s->frame || p->frames > BEFORE;
    return indices && generations && frames;
}

static void
test_take(const piece *p, const start *s, const records *first)
{
    records mine = read_take();
    ok(mine.count > 1000 && differing(first, &mine, s->frame) == 0,
       "%s: the take's %zu records are the same ones", s->name, mine.count);
    free(mine.all);
    tabor_audio *again = NULL;
    tabor_status st = tabor_replay(PATH, &again);
    if (s->frame) {
        ok_int(st, TABOR_ERR_LIMIT, "which last too long to be played again");
        return;
    }
    ok(st == TABOR_OK && again->frames == p->frames &&
           memcmp(again->values, p->sound, p->frames * 2 * sizeof(float)) == 0,
       "which give the same bytes again: %s",
       st == TABOR_OK ? "all" : tabor_error());
    tabor_audio_free(again);
}

static void
test_start(const start *s, const piece *first, const records *take)
{
    piece *p = malloc(sizeof *p);
    play_piece(p, s);
    ok(went_past(p, s), "%s: they went past it", s->name);
    ok(same_sound(p, first), "%s: the same %llu frames of sound", s->name,
       (unsigned long long)p->frames);
    ok(same_events(p, first), "%s: the same %u events", s->name,
       p->event_count);
    close_piece(p);
    test_take(p, s, take);
    free(p->sound);
    free(p);
}

/* The control: what is shifted by one frame off the grid of moving rates is
 * not the same, and that must be seen. */
static void
test_control(const piece *first)
{
    const start odd = {"shifted by a frame", 1, 0, 0, 0, 0};
    piece *p = malloc(sizeof *p);
    play_piece(p, &odd);
    ok(!same_sound(p, first), "the control: a shift of a frame is seen");
    close_piece(p);
    free(p->sound);
    free(p);
}

int
main(void)
{
    const start zero = {"from zero", 0, 0, 0, 0, 0};
    piece *first = malloc(sizeof *first);
    tap_start();
    play_piece(first, &zero);
    close_piece(first);
    records take = read_take();
    uint32_t kinds = 0, all = 0;
    for (int i = 0; i < 12; i++) {
        kinds += first->sent[i] > 3;
        all += first->sent[i];
    }
    double sum = 0;
    for (uint64_t i = 0; i < first->frames * 2; i++) {
        sum += fabs(first->sound[i]);
    }
    ok(kinds == 12 && sum > 1000, "a piece of %u calls of 12 kinds sounds (%g)",
       all, sum);
    for (size_t i = 0; i < sizeof starts / sizeof *starts; i++) {
        test_start(&starts[i], first, &take);
    }
    test_control(first);
    free(take.all);
    free(first->sound);
    free(first);
    remove(PATH);
    return tap_done();
}
