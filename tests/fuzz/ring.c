/* SPDX-License-Identifier: MIT
 *
 * Any bytes in the rings of two clients, beside a good one. An input is a list
 * of steps: commands, of which some bytes may be made plausible, so that they
 * get past the first look; renderings of any length; panics; a client leaves.
 *
 * After each rendering all values and meters are finite and each event is one
 * that was owed. At the end all credits, places, voices and samples are back.
 */
#include <math.h>

#include "commands.h"
#include "control/client.h"
#include "fuzz.h"
#include "helpers.h"
#include "rt/schedule.h"

const char fuzz_name[] = "ring";
const unsigned fuzz_runs = 3000;

enum {
    PLAYS = 48,
    VOICES = 24,
    QUEUE = 256,
    SAMPLES = 3,
    BLOCK = 1024,
    FADE = 256,
    FRAMES_MOST = 4096 /* of an input */
};

/* One whose ring anything may be in; its events are read here, not by its
 * control side, which would wonder. */
typedef struct raw {
    tabor_client *client;
    uint32_t base; /* commands done before this input */
    uint32_t sent;
    tabor_handle targets[QUEUE]; /* of plays and pings that were sent */
    uint16_t types[QUEUE];
    uint8_t told[QUEUE];
    uint32_t count;
} raw;

static rig r;
static raw raws[2];
static tabor_handle samples[SAMPLES];
static float out[BLOCK * 2];
static uint64_t rendered; /* frames, of an input */
static uint64_t total_commands, total_notes, total_frames, total_heard;
static uint64_t good_played, good_ended;

/* ------------------------------------------------------------- raws -- */

static void
raw_open(raw *a)
{
    tabor_client_config config = TABOR_CLIENT_CONFIG;
    config.queue = QUEUE;
    config.plays = PLAYS;
    *a = (raw){0};
    must(tabor_client_open(r.engine, &config, &a->client));
}

/* Parts that a play needs to be one. */
static void
tame_play(tabor_command *c)
{
    c->kernel %= TABOR_READ_SINC32 + 2;
    c->body.play.step = 1 + c->body.play.step % TABOR_STEP_MAX;
    c->body.play.gain = fmodf(c->body.play.gain, 17.0f);
    c->body.play.pan = fmodf(c->body.play.pan, 1.1f);
    c->body.play.offset %= 3000;
}

static void
tame_shape(tabor_command *c)
{
    uint32_t *frames = &c->body.shape.loop_start;
    for (int i = 0; i < 7; i++) {
        frames[i] %= 2500;
    }
    c->more.hold %= 900;
    c->more.loop_fade %= 900;
    c->body.shape.sustain = fmodf(c->body.shape.sustain, 1.0f);
}

static void
tame(tabor_command *c)
{
    if (c->type == TABOR_COMMAND_PLAY_SAMPLE) {
        tame_play(c);
    } else if (c->type == TABOR_COMMAND_SHAPE) {
        tame_shape(c);
    } else if (c->type == TABOR_COMMAND_SEEK) {
        c->body.seek.position %= 2100;
    } else if (c->type == TABOR_COMMAND_VOICE_SET) {
        c->body.set.ramp_frames %= 5000;
        c->body.set.gain = fmodf(c->body.set.gain, 17.0f);
        c->body.set.pan = fmodf(c->body.set.pan, 1.1f);
    } else {
        c->body.stop.fade_frames %= 5000;
    }
}

/* Bits of the byte in front of a command: what of it is made plausible. */
enum {
    HOW_VOICE = 1, /* its target: a voice of its owner */
    HOW_SAMPLE = 2,
    HOW_TAME = 4,
    HOW_SOON = 8,
    HOW_TYPE = 16,
    HOW_TARGET_SAMPLE = 32,
    HOW_SEQ = 64,
    HOW_KIND = 128 /* its sample: of the right kind, but any */
};

static void
help_sample(tabor_command *c, unsigned how)
{
    uint64_t sample = c->body.play.sample;
    if (c->type != TABOR_COMMAND_PLAY_SAMPLE) {
        return;
    }
    if (how & HOW_SAMPLE) {
        c->body.play.sample = samples[sample % SAMPLES];
    } else if (how & HOW_KIND) {
        const unsigned any = (unsigned)(sample >> 32);
        /* one past the end is where a sanitizer sees it best */
        const unsigned slots[] = {0, TABOR_MAX_SAMPLES - 1, TABOR_MAX_SAMPLES,
                                  any};
        c->body.play.sample = tabor_handle_make(
            TABOR_KIND_SAMPLE, 0, slots[any % 4], (uint32_t)sample);
    }
}

static void
help_command(tabor_command *c, const raw *a, unsigned how)
{
    if (how & HOW_TYPE) {
        c->type %= TABOR_COMMAND_TYPES + 1;
    }
    if (how & HOW_TAME) {
        tame(c);
    }
    if (how & HOW_VOICE) {
        c->target =
            tabor_handle_make(TABOR_KIND_VOICE, a->client->owner,
                              c->target % (PLAYS + 16), c->target >> 32 & 1);
    }
    if (how & HOW_TARGET_SAMPLE) {
        c->target = samples[c->target % SAMPLES];
    }
    help_sample(c, how);
    if (how & HOW_SOON && c->type != TABOR_COMMAND_SHAPE) {
        c->frame = r.engine->rt->frame + c->frame % 4096;
    }
    if (how & HOW_SEQ) {
        c->seq = a->sent;
    }
}

/* For the next input: nothing is owed, what was sent is forgotten. One that
 * has commands waiting, for a frame that may never come, leaves. */
static void
raw_renew(raw *a)
{
    tabor_client *client = a->client;
    if (client && r.engine->rt->heap_size == 0 &&
        client->rt->shape == TABOR_NO_SHAPE) {
        uint32_t base = atomic_load(&client->link->done);
        *a = (raw){.client = client, .base = base};
        return;
    }
    tabor_client_close(client);
    raw_open(a);
}

static void
raw_send(raw *a, fuzz_input *in)
{
    tabor_ring *ring = &a->client->link->command_ring;
    unsigned how = fuzz_byte(in);
    tabor_command c;
    fuzz_take(in, &c, sizeof c);
    if (tabor_ring_reserve(ring, 1) == 0 || a->sent == QUEUE) {
        return;
    }
    help_command(&c, a, how);
    a->client->link->commands[ring->next_tail & ring->mask] = c;
    tabor_ring_commit(ring, 1);
    a->sent++;
    total_commands++;
    if (c.type == TABOR_COMMAND_PLAY_SAMPLE || c.type == TABOR_COMMAND_PING) {
        a->targets[a->count] = c.target;
        a->types[a->count] = c.type;
        a->count++;
    }
}

/* An answer for each question, and no answer without one. */
static void
expect_note(raw *a, const tabor_note *note, unsigned type)
{
    for (uint32_t i = 0; i < a->count; i++) {
        if (a->targets[i] == note->handle && a->types[i] == type &&
            !a->told[i]) {
            a->told[i] = 1;
            return;
        }
    }
    fuzz_hold(0, "an event for %llx, which was not sent so often",
              (unsigned long long)note->handle);
}

static void
check_ended(raw *a, const tabor_note *note)
{
    unsigned reason = note->reason;
    fuzz_hold(tabor_handle_kind(note->handle) == TABOR_KIND_VOICE &&
                  tabor_handle_owner(note->handle) == a->client->owner &&
                  tabor_handle_slot(note->handle) < PLAYS,
              "%llx has ended", (unsigned long long)note->handle);
    fuzz_hold(reason <= TABOR_END_DETACHED, "reason %u", reason);
    fuzz_hold(note->value == TABOR_NEVER || note->value <= note->frame,
              "it ended before it started");
    expect_note(a, note, TABOR_COMMAND_PLAY_SAMPLE);
}

static void
raw_read(raw *a)
{
    tabor_ring *ring = &a->client->link->note_ring;
    uint32_t n = tabor_ring_ready(ring, ring->capacity);
    for (uint32_t i = 0; i < n; i++) {
        const tabor_note *note =
            &a->client->link->notes[(ring->next_head + i) & ring->mask];
        unsigned type = note->type;
        fuzz_hold(note->frame <= r.engine->rt->frame, "an event of later");
        if (type == TABOR_NOTE_ENDED) {
            check_ended(a, note);
        } else {
            fuzz_hold(type == TABOR_NOTE_PONG, "type %u", type);
            expect_note(a, note, TABOR_COMMAND_PING);
        }
    }
    tabor_ring_release(ring, n);
    total_notes += n;
}

/* After a panic: what a client was lent is back. */
static void
check_credits(raw *a)
{
    const tabor_rt_client *c = a->client->rt;
    uint32_t waiting = c->shape != TABOR_NO_SHAPE;
    for (uint32_t i = 0; i < r.engine->rt->heap_size; i++) {
        waiting += r.engine->rt->heap[i].owner == a->client->owner;
    }
    fuzz_hold(c->pending == 0 && c->sounding == 0, "%u plays wait, %u sound",
              c->pending, c->sounding);
    for (uint32_t i = 0; i < PLAYS; i++) {
        fuzz_hold(c->plays[i].state == TABOR_PLAY_FREE, "play %u", i);
    }
    fuzz_hold(c->slab_free_count == TABOR_SCHEDULE_SLOTS - waiting,
              "%u places free, %u in use", c->slab_free_count, waiting);
    uint32_t done = atomic_load(&a->client->link->done) - a->base;
    fuzz_hold(done == a->sent - waiting, "%u commands done of %u, %u wait",
              done, a->sent, waiting);
}

/* ----------------------------------------------------------- the good -- */

static void
load_samples(void)
{
    static const uint16_t shapes[SAMPLES][2] = {{2000, 1}, {700, 2}, {1, 1}};
    for (int i = 0; i < SAMPLES; i++) {
        unsigned slot = tabor_handle_slot(samples[i]);
        if (!samples[i] ||
            !tabor_slot_is_live(&r.engine->samples.slots[slot],
                                tabor_handle_generation(samples[i]))) {
            samples[i] = rig_ramp(&r, shapes[i][0], shapes[i][1]);
        }
    }
}

static void
good_play(fuzz_input *in)
{
    tabor_play_params p = TABOR_PLAY;
    tabor_handle voice;
    uint32_t word = fuzz_word(in);
    p.length = 1 + word % 3000;
    p.rate = 0.1 + (word >> 16) / 9000.0;
    if (tabor_play(r.client, samples[word % SAMPLES], &p, &voice) == TABOR_OK) {
        good_played++;
    }
}

static void
good_read(void)
{
    tabor_event e[64];
    for (size_t n; (n = tabor_poll(r.client, e, 64)) > 0;) {
        for (size_t i = 0; i < n; i++) {
            good_ended += e[i].type == TABOR_EVENT_ENDED;
            fuzz_hold(e[i].type > 0 && e[i].type <= TABOR_EVENT_DEVICE_BACK,
                      "type %u", (unsigned)e[i].type);
        }
    }
}

/* ------------------------------------------------------------- inputs -- */

static void
look(uint32_t frames)
{
    tabor_meter meters[2];
    for (uint32_t i = 0; i < frames * 2; i++) {
        fuzz_hold(isfinite(out[i]), "value %u is %g", i, (double)out[i]);
        total_heard += out[i] != 0;
    }
    tabor_engine_meters(r.engine, meters, 2);
    for (int c = 0; c < 2; c++) {
        fuzz_hold(isfinite(meters[c].peak) && isfinite(meters[c].rms),
                  "meter %d: %g %g", c, meters[c].peak, meters[c].rms);
    }
    raw_read(&raws[0]);
    raw_read(&raws[1]);
    good_read();
}

static void
render(uint32_t frames)
{
    frames = frames < BLOCK ? frames : BLOCK;
    if (rendered + frames > FRAMES_MOST) {
        return;
    }
    must(tabor_engine_render(r.engine, frames, out));
    rendered += frames;
    total_frames += frames;
    look(frames);
}

/* What was on its way arrives, what sounds fades in 5 ms, all is told. */
static void
settle(void)
{
    must(tabor_engine_render(r.engine, 1, out));
    tabor_engine_panic(r.engine);
    must(tabor_engine_render(r.engine, FADE, out));
    look(FADE);
    check_credits(&raws[0]);
    check_credits(&raws[1]);
    fuzz_hold(good_played == good_ended, "%llu plays, %llu ends",
              (unsigned long long)good_played, (unsigned long long)good_ended);
    for (uint32_t i = 0; i < r.engine->samples.used; i++) {
        fuzz_hold(r.engine->rt->samples[i].refs == 0, "sample %u is held", i);
    }
    must(tabor_set_gain(r.client, 1.0, 0));
}

enum { /* the lower bits of a step's first byte */
    STEP_RENDER,
    STEP_GOOD_PLAY,
    STEP_PANIC,
    STEP_LEAVE,
    STEP_SEND
};

static void
do_step(fuzz_input *in)
{
    unsigned step = fuzz_byte(in);
    raw *a = &raws[step >> 3 & 1];
    switch (step & 7) {
    case STEP_RENDER:
        render(fuzz_word(in) & 0xffff);
        break;
    case STEP_GOOD_PLAY:
        good_play(in);
        break;
    case STEP_PANIC:
        tabor_engine_panic(r.engine);
        break;
    case STEP_LEAVE:
        tabor_client_close(a->client);
        raw_open(a);
        break;
    default: /* STEP_SEND */
        raw_send(a, in);
    }
}

/* Samples that inputs have retired leave used slots behind, which every
 * rendering looks through: a new engine now and then. */
static void
renew_engine(void)
{
    if (r.engine && r.engine->samples.used > 64) {
        tabor_client_close(raws[0].client);
        tabor_client_close(raws[1].client);
        rig_close(&r);
        r = (rig){0};
        memset(raws, 0, sizeof raws);
        memset(samples, 0, sizeof samples);
    }
    if (!r.engine) {
        r = rig_open("offline", BLOCK, VOICES, QUEUE);
    }
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    fuzz_input in = {bytes, size};
    renew_engine();
    rendered = 0;
    load_samples();
    raw_renew(&raws[0]);
    raw_renew(&raws[1]);
    while (in.left > 0) {
        do_step(&in);
    }
    render(64);
    settle();
    return 0;
}

/* Where the commands of an input begin; returns how many. */
static unsigned
find_commands(const uint8_t *bytes, size_t size, size_t found[64])
{
    unsigned n = 0;
    for (size_t at = 0; at < size && n < 64;) {
        unsigned step = bytes[at++] & 7;
        if (step >= STEP_SEND && at + 1 + sizeof(tabor_command) <= size) {
            found[n++] = at + 1;
        }
        at += step >= STEP_SEND        ? 1 + sizeof(tabor_command)
              : step <= STEP_GOOD_PLAY ? 4
                                       : 0;
    }
    return n;
}

size_t
fuzz_change(uint8_t *bytes, size_t size, uint32_t seed)
{
    size_t found[64];
    unsigned n = find_commands(bytes, size, found);
    if (n == 0) {
        return 0;
    }
    uint8_t *command = bytes + found[seed % n];
    if (seed / n % 8 == 0) {
        command[-1] = (uint8_t)(seed >> 16);
    } else {
        fuzz_change_command(command, seed / n / 8);
    }
    return size;
}

static uint8_t *
put_command(uint8_t *at, unsigned how, const tabor_command *c)
{
    *at++ = STEP_SEND;
    *at++ = (uint8_t)how;
    memcpy(at, c, sizeof *c);
    return at + sizeof *c;
}

static uint8_t *
put_render(uint8_t *at, uint8_t frames)
{
    const uint8_t step[] = {STEP_RENDER, frames, 1, 0, 0};
    memcpy(at, step, sizeof step);
    return at + sizeof step;
}

/* A looping play, and while it sounds a command of each type. */
void
fuzz_seeds(void (*give)(const void *bytes, size_t size))
{
    tabor_command shape = {.type = TABOR_COMMAND_SHAPE};
    tabor_command play = {.type = TABOR_COMMAND_PLAY_SAMPLE};
    shape.body.shape.loop_start = 10;
    shape.body.shape.loop_end = 500;
    shape.more.loop_fade = 7;
    shape.body.shape.attack = shape.body.shape.decay = 100;
    shape.body.shape.sustain = 0.5f;
    play.body.play.step = TABOR_STEP_ONE;
    play.body.play.gain = 1.0f;
    play.body.play.length = TABOR_LENGTH_TO_END;
    for (unsigned type = 1; type < TABOR_COMMAND_TYPES; type++) {
        uint8_t bytes[512], *at = bytes;
        tabor_command c = {.type = (uint16_t)type};
        int of_sample = type == TABOR_COMMAND_RETIRE_SAMPLE;
        at = put_command(at, HOW_VOICE | HOW_SEQ, &shape);
        at = put_command(at, HOW_VOICE | HOW_SAMPLE | HOW_SEQ, &play);
        at = put_render(at, 100);
        at = put_command(at, of_sample ? HOW_TARGET_SAMPLE : HOW_VOICE, &c);
        at = put_render(at, 200);
        give(bytes, (size_t)(at - bytes));
        at = put_command(bytes, HOW_VOICE | HOW_KIND, &play);
        play.body.play.step += type % 3;
        give(bytes, (size_t)(put_render(at, 50) - bytes));
    }
}

int
fuzz_looked(void)
{
    printf("# %llu commands, %llu events, %llu frames, %llu values not 0, "
           "%llu plays of the good client\n",
           (unsigned long long)total_commands, (unsigned long long)total_notes,
           (unsigned long long)total_frames, (unsigned long long)total_heard,
           (unsigned long long)good_played);
    return total_notes > 0 && total_heard > 0;
}
