/* SPDX-License-Identifier: MIT
 *
 * A take played again: the audio thread's own code, fed from a file. Nothing in
 * the file is believed: it may be any bytes.
 */
#include "config.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "control/audio.h"
#include "control/client.h"
#include "control/engine.h"
#include "control/files.h"
#include "control/simd.h"
#include "control/status.h"
#include "control/take.h"
#include "rt/apply.h"
#include "rt/denormals.h"
#include "rt/render.h"

/* Plays that one owner may name: all that handles can. */
#define PLAYS 65535

typedef struct replay {
    FILE *file;
    const char *path;
    tabor_take_header header;
    tabor_rt *rt;
    tabor_rt_client *clients[TABOR_OWNERS];
    tabor_sample_slot *slots;
    void **memory; /* of each slot */
    tabor_audio *out;
    uint64_t room; /* frames that out has memory for */
    int ended;
    int (*go_on)(void *user); /* or NULL */
    void *user;
    uint64_t asked; /* the frame at which it was asked last */
} replay;

static tabor_status
fail_damaged(const replay *r, const char *what)
{
    return tabor_fail(TABOR_ERR_DECODE, "%s: damaged: %s", r->path, what);
}

/* -------------------------------------------------------------- render -- */

static tabor_status
make_room(replay *r, uint64_t frames)
{
    if (frames <= r->room) {
        return TABOR_OK;
    }
    if (frames > TABOR_MAX_DECODED / sizeof(float) / r->header.channels) {
        return tabor_fail(TABOR_ERR_LIMIT,
                          "%s: lasts %" PRIu64
                          " frames; the limit is %llu MiB of sound",
                          r->path, frames, TABOR_MAX_DECODED >> 20);
    }
    uint64_t room = frames < r->room * 2 ? r->room * 2 : frames;
    float *more =
        realloc(r->out->values, room * r->header.channels * sizeof *more);
    if (!more) {
        return tabor_fail(TABOR_ERR_NO_MEMORY,
                          "%s: no memory for %" PRIu64 " frames", r->path,
                          frames);
    }
    r->out->values = more;
    r->room = room;
    return TABOR_OK;
}

/* Notes are for nobody: take them out, so that there is room for more. */
static void
discard_notes(replay *r)
{
    for (unsigned o = 1; o < TABOR_OWNERS; o++) {
        if (r->clients[o]) {
            tabor_ring *ring = &r->clients[o]->link->note_ring;
            tabor_ring_release(ring, tabor_ring_ready(ring, ring->capacity));
        }
    }
}

/* Frames rendered between two looks at whether to go on. */
#define ASK_FRAMES 48000

static tabor_status
ask(replay *r)
{
    if (!r->go_on || r->rt->frame - r->asked < ASK_FRAMES) {
        return TABOR_OK;
    }
    r->asked = r->rt->frame;
    return r->go_on(r->user)
               ? TABOR_OK
               : tabor_fail(TABOR_ERR_TIMEOUT,
                            "%s: stopped while it was played", r->path);
}

static tabor_status
render_to(replay *r, uint64_t frame)
{
    if (frame < r->rt->frame) {
        return fail_damaged(r, "its frames go back");
    }
    tabor_status st = make_room(r, frame);
    while (st == TABOR_OK && r->rt->frame < frame) {
        uint64_t left = frame - r->rt->frame;
        uint32_t n = left < TABOR_SPAN_MAX ? (uint32_t)left : TABOR_SPAN_MAX;
        tabor_render(r->rt, r->out->values + r->rt->frame * r->header.channels,
                     n, 0);
        discard_notes(r);
        st = ask(r);
    }
    return st;
}

/* ------------------------------------------------------------- records -- */

static tabor_status
find_client(replay *r, unsigned owner)
{
    if (owner < 1 || owner >= TABOR_OWNERS) {
        return fail_damaged(r, "a client's number");
    }
    if (!r->clients[owner] || tabor_link_is_detached(r->clients[owner]->link)) {
        tabor_rt_client_free(r->clients[owner]);
        r->clients[owner] = tabor_rt_client_new(TABOR_MIN_QUEUE, PLAYS);
        if (!r->clients[owner]) {
            return tabor_fail(TABOR_ERR_NO_MEMORY, "no memory for a client");
        }
        r->rt->clients[owner] = r->clients[owner];
        tabor_inbox_put(&r->rt->inbox[owner], r->clients[owner]);
    }
    return TABOR_OK;
}

static tabor_status
play_record(replay *r, const tabor_take_record *record)
{
    tabor_status st = render_to(r, record->frame);
    if (st != TABOR_OK) {
        return st;
    }
    switch (record->kind) {
    case TABOR_TAKE_COMMAND:
        st = find_client(r, record->owner);
        if (st == TABOR_OK) {
            tabor_accept(r->rt, record->owner, &record->command);
        }
        return st;
    case TABOR_TAKE_PANIC:
        atomic_store_explicit(&r->rt->panic.count, record->command.panics,
                              memory_order_relaxed);
        tabor_render_panic(r->rt);
        return TABOR_OK;
    case TABOR_TAKE_LEAVE:
        st = find_client(r, record->owner);
        if (st == TABOR_OK) {
            r->clients[record->owner]->closing = 1;
        }
        return st;
    case TABOR_TAKE_SETTLE:
        tabor_render(r->rt, r->out->values, 0, 0);
        discard_notes(r);
        return TABOR_OK;
    default:
        return fail_damaged(r, "an unknown record");
    }
}

static tabor_status
read_records(replay *r, uint64_t size)
{
    tabor_take_record record;
    if (size % sizeof record) {
        return fail_damaged(r, "half a record");
    }
    tabor_status st = TABOR_OK;
    for (uint64_t n = size / sizeof record; n > 0 && st == TABOR_OK; n--) {
        if (fread(&record, sizeof record, 1, r->file) != 1) {
            return fail_damaged(r, "it ends in a record");
        }
        st = play_record(r, &record);
    }
    return st;
}

/* ------------------------------------------------------------- samples -- */

static tabor_status
fill_slot(replay *r, unsigned i, const tabor_take_sample *head, float *memory)
{
    uint64_t stride = head->frames + 2 * TABOR_SAMPLE_PAD;
    for (uint32_t c = 0; c < head->channels; c++) {
        if (fread(memory + c * stride + TABOR_SAMPLE_PAD, sizeof(float),
                  head->frames, r->file) != head->frames) {
            return fail_damaged(r, "it ends in a sample");
        }
    }
    r->slots[i].values = memory + TABOR_SAMPLE_PAD;
    r->slots[i].stride = stride;
    r->slots[i].frames = head->frames;
    r->slots[i].channels = head->channels;
    tabor_slot_publish(&r->slots[i], tabor_handle_generation(head->handle));
    return TABOR_OK;
}

static int
is_live(const replay *r, unsigned i)
{
    uint64_t word =
        atomic_load_explicit(&r->slots[i].state, memory_order_relaxed);
    return (word & 0xffffffff) == TABOR_SLOT_LIVE;
}

/* A slot is used again once its sample has retired. When it did so live was
 * after the last record there is: now, or when the last voice that plays it has
 * ended, and not a frame later. */
static tabor_status
await_retired(replay *r, unsigned i)
{
    tabor_status st = TABOR_OK;
    if (is_live(r, i)) {
        tabor_render(r->rt, r->out->values, 0, 0);
        discard_notes(r);
    }
    while (st == TABOR_OK && is_live(r, i)) {
        if (r->rt->samples[i].state != TABOR_SLOT_RETIRED) {
            return fail_damaged(r, "a sample over another that is loaded");
        }
        st = render_to(r, r->rt->frame + 1);
    }
    return st;
}

static tabor_status
read_sample(replay *r, uint64_t size)
{
    tabor_take_sample head;
    if (size < sizeof head || fread(&head, sizeof head, 1, r->file) != 1) {
        return fail_damaged(r, "a sample's head");
    }
    tabor_status st = tabor_audio_check_shape(r->path, head.frames,
                                              head.channels, r->header.rate);
    unsigned i = tabor_handle_slot(head.handle);
    uint64_t values = (uint64_t)head.frames * head.channels;
    if (st != TABOR_OK) {
        return st;
    }
    if (i >= TABOR_MAX_SAMPLES ||
        size - sizeof head != values * sizeof(float)) {
        return fail_damaged(r, "a sample's size");
    }
    if ((st = await_retired(r, i)) != TABOR_OK) {
        return st;
    }
    uint64_t stride = head.frames + 2 * TABOR_SAMPLE_PAD;
    float *memory = calloc(stride * head.channels, sizeof *memory);
    if (!memory) {
        return tabor_fail(TABOR_ERR_NO_MEMORY, "no memory for a sample");
    }
    free(r->memory[i]);
    r->memory[i] = memory;
    return fill_slot(r, i, &head, memory);
}

/* --------------------------------------------------------------- items -- */

static tabor_status
read_end(replay *r, uint64_t size)
{
    uint64_t frame;
    if (size != sizeof frame || fread(&frame, sizeof frame, 1, r->file) != 1) {
        return fail_damaged(r, "its end");
    }
    r->ended = 1;
    return render_to(r, frame);
}

static tabor_status
read_items(replay *r)
{
    tabor_take_item item;
    tabor_status st = TABOR_OK;
    while (st == TABOR_OK && !r->ended) {
        if (fread(&item, sizeof item, 1, r->file) != 1) {
            return fail_damaged(r, "it has no end");
        }
        switch (item.kind) {
        case TABOR_ITEM_RECORDS:
            st = read_records(r, item.size);
            break;
        case TABOR_ITEM_SAMPLE:
            st = read_sample(r, item.size);
            break;
        case TABOR_ITEM_END:
            st = read_end(r, item.size);
            break;
        default:
            st = fail_damaged(r, "an unknown item");
        }
    }
    return st;
}

static tabor_status
read_header(replay *r, tabor_engine_config *config)
{
    tabor_take_header *h = &r->header;
    if (fread(h, sizeof *h, 1, r->file) != 1 ||
        memcmp(h->magic, TABOR_TAKE_MAGIC, sizeof h->magic) != 0) {
        return tabor_fail(TABOR_ERR_DECODE, "%s: not a take", r->path);
    }
    if (h->version != TABOR_TAKE_VERSION) {
        return tabor_fail(TABOR_ERR_DECODE,
                          "%s: a take of version %u; this Tabor reads %d",
                          r->path, h->version, TABOR_TAKE_VERSION);
    }
    config->rate = h->rate;
    config->channels = h->channels;
    config->voices = h->voices;
    config->limiter = h->limiter != 0;
    config->kernel = (tabor_kernel)h->kernel;
    config->block = 1;
    return tabor_config_check(config) == TABOR_OK ? TABOR_OK
                                                  : fail_damaged(r, "its head");
}

static tabor_status
prepare(replay *r, const tabor_engine_config *config)
{
    r->slots = aligned_alloc(64, TABOR_MAX_SAMPLES * sizeof *r->slots);
    r->memory = calloc(TABOR_MAX_SAMPLES, sizeof *r->memory);
    if (r->slots) {
        memset(r->slots, 0, TABOR_MAX_SAMPLES * sizeof *r->slots);
        const tabor_kernels *kernels;
        tabor_status st = tabor_simd_pick(&kernels);
        if (st != TABOR_OK) {
            return st;
        }
        r->rt = tabor_rt_new(config, kernels, r->slots);
    }
    if (!r->rt || !r->memory) {
        return tabor_fail(TABOR_ERR_NO_MEMORY, "no memory for an engine");
    }
    r->room = 1;
    return tabor_audio_new(1, config->channels, config->rate, &r->out);
}

static void
replay_free(replay *r)
{
    for (unsigned o = 0; o < TABOR_OWNERS; o++) {
        tabor_rt_client_free(r->clients[o]);
    }
    for (unsigned i = 0; r->memory && i < TABOR_MAX_SAMPLES; i++) {
        free(r->memory[i]);
    }
    free(r->memory);
    free(r->slots);
    tabor_rt_free(r->rt);
    if (r->file) {
        fclose(r->file);
    }
}

TABOR_API tabor_status
tabor_replay(const char *path, tabor_audio **audio)
{
    return tabor_replay_while(path, NULL, NULL, audio);
}

TABOR_API tabor_status
tabor_replay_while(const char *path, int (*go_on)(void *user), void *user,
                   tabor_audio **audio)
{
    replay r = {.path = path, .go_on = go_on, .user = user};
    int fd = -1;
    uint64_t size;
    tabor_status st = tabor_open_regular(path, &fd, &size);
    if (st != TABOR_OK) {
        return st;
    }
    r.file = fdopen(fd, "rb");
    if (!r.file) {
        close(fd);
        return tabor_fail(TABOR_ERR_NO_MEMORY, "%s: no memory", path);
    }
    tabor_engine_config config = TABOR_ENGINE_CONFIG;
    st = read_header(&r, &config);
    if (st == TABOR_OK && (st = prepare(&r, &config)) == TABOR_OK) {
        tabor_denormals before = tabor_denormals_off();
        st = read_items(&r);
        tabor_denormals_restore(before);
    }
    if (st == TABOR_OK) {
        r.out->frames = r.rt->frame;
        *audio = r.out;
    } else {
        tabor_audio_free(r.out);
    }
    replay_free(&r);
    return st;
}
