/* SPDX-License-Identifier: MIT
 *
 * What the schedule costs with 4,096 commands pending, in CPU time of this
 * thread, after a warm round:
 *
 *   hold      ns to take the first command out and put another in
 *   plays_ms  a block of 256 frames in which 4,096 plays start, and end
 *   sets_ms   a block in which a voice's gain is changed 4,096 times
 *   take_ms   a block that takes 4,096 commands from the rings, due later
 *   empty_ms  a block without any, for comparison
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "rt/schedule.h"
#include "tabor/tabor.h"

#define PENDING 4096
#define CLIENTS 2 /* a client may have a few less than 4,096 pending */
#define EACH    (PENDING / CLIENTS)
#define BLOCK   256
#define TURNS   (64 * PENDING)

#define must(call)                                                             \
    do {                                                                       \
        if ((call) != TABOR_OK) {                                              \
            fprintf(stderr, "%s: %s\n", #call, tabor_error());                 \
            exit(1);                                                           \
        }                                                                      \
    } while (0)

static double
now_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static uint32_t
roll(uint32_t sides)
{
    static uint32_t dice = 1;
    dice = dice * 1664525u + 1013904223u;
    return (dice >> 8) % sides;
}

/* ---------------------------------------------------------- the heap -- */

static tabor_rt rt;
static tabor_rt_client owner;

static void
make_schedule(void)
{
    rt.heap = calloc(TABOR_SCHEDULE_SLOTS, sizeof *rt.heap);
    owner.slab = calloc(TABOR_SCHEDULE_SLOTS, sizeof *owner.slab);
    owner.slab_free = calloc(TABOR_SCHEDULE_SLOTS, sizeof *owner.slab_free);
    owner.heap_at = calloc(TABOR_SCHEDULE_SLOTS, sizeof *owner.heap_at);
    for (uint32_t i = 0; i < TABOR_SCHEDULE_SLOTS; i++) {
        owner.slab_free[i] = (uint16_t)i;
    }
    owner.slab_free_count = TABOR_SCHEDULE_SLOTS;
    rt.clients[1] = &owner;
}

static void
push(uint64_t frame, uint32_t seq)
{
    tabor_command c = {.frame = frame, .seq = seq};
    if (tabor_schedule_push(&rt, 1, &c) < 0) {
        fprintf(stderr, "the schedule is full\n");
        exit(1);
    }
}

/* A command leaves, and one that is due within two seconds takes its place. */
static double
hold(void)
{
    static uint32_t seq;
    double then = now_ns();
    for (uint32_t i = 0; i < TURNS; i++) {
        tabor_rt_key key = tabor_schedule_pop(&rt);
        tabor_schedule_free(&rt, key);
        push(key.frame + 1 + roll(96000), seq++);
    }
    return (now_ns() - then) / TURNS;
}

static void
measure_heap(void)
{
    make_schedule();
    for (uint32_t i = 0; i < PENDING; i++) {
        push(1 + roll(96000), i);
    }
    hold();
    printf("hold\t%.1f\n", hold());
}

/* -------------------------------------------------------- the engine -- */

static tabor_engine *engine;
static tabor_client *clients[CLIENTS];
static tabor_handle sample;

static void
open_engine(void)
{
    tabor_engine_config config = TABOR_ENGINE_CONFIG;
    tabor_client_config queue = TABOR_CLIENT_CONFIG;
    tabor_audio *audio;
    config.driver = "offline";
    config.voices = PENDING;
    config.block = BLOCK;
    queue.queue = 4096;
    queue.plays = PENDING;
    must(tabor_engine_open(&config, &engine));
    for (int c = 0; c < CLIENTS; c++) {
        must(tabor_client_open(engine, &queue, &clients[c]));
    }
    must(tabor_audio_new(1, 1, 48000, &audio));
    audio->values[0] = 0.1f;
    must(tabor_sample_add(clients[0], audio, "tick", &sample));
    tabor_audio_free(audio);
}

static double
block_ms(void)
{
    static float out[BLOCK * 2];
    double then = now_ns();
    must(tabor_engine_render(engine, BLOCK, out));
    return (now_ns() - then) * 1e-6;
}

/* All events read, and how many of them are ends of plays. */
static unsigned
read_events(void)
{
    unsigned ended = 0;
    for (int c = 0; c < CLIENTS; c++) {
        tabor_event events[256];
        size_t n;
        while ((n = tabor_poll(clients[c], events, 256)) > 0) {
            for (size_t i = 0; i < n; i++) {
                ended += events[i].type == TABOR_EVENT_ENDED;
            }
        }
    }
    return ended;
}

static void
check_ended(unsigned want)
{
    unsigned ended = read_events();
    if (ended != want) {
        fprintf(stderr, "%u plays of %u ended\n", ended, want);
        exit(1);
    }
}

static void
measure_plays(double *take, double *plays)
{
    uint64_t first = tabor_engine_frame(engine) + BLOCK;
    for (unsigned i = 0; i < PENDING; i++) {
        tabor_play_params p = TABOR_PLAY;
        tabor_handle voice;
        p.at = first + roll(BLOCK - 1);
        must(tabor_play(clients[i % CLIENTS], sample, &p, &voice));
    }
    *take = block_ms();
    *plays = block_ms();
    block_ms();
    check_ended(PENDING);
}

static void
measure_sets(double *sets)
{
    tabor_handle voices[CLIENTS];
    uint64_t first = tabor_engine_frame(engine) + BLOCK;
    for (unsigned i = 0; i < CLIENTS; i++) {
        tabor_play_params p = TABOR_PLAY;
        p.loop = TABOR_LOOP_SAMPLE;
        must(tabor_play(clients[i], sample, &p, &voices[i]));
    }
    for (unsigned i = 0; i < PENDING - CLIENTS; i++) {
        tabor_voice_params p = TABOR_VOICE;
        p.which = TABOR_SET_GAIN;
        p.gain = 0.5;
        p.at = first + roll(BLOCK);
        must(tabor_voice_set(clients[i % CLIENTS], voices[i % CLIENTS], &p));
    }
    block_ms();
    *sets = block_ms();
    for (unsigned i = 0; i < CLIENTS; i++) {
        must(tabor_stop(clients[i], 0));
    }
    block_ms();
    check_ended(CLIENTS);
}

int
main(void)
{
    double take = 0, plays = 0, sets = 0;
    measure_heap();
    open_engine();
    for (int i = 0; i < 2; i++) {
        measure_plays(&take, &plays);
        measure_sets(&sets);
    }
    printf("take_ms\t%.4f\nplays_ms\t%.4f\nsets_ms\t%.4f\nempty_ms\t%.4f\n",
           take, plays, sets, block_ms());
    for (int c = 0; c < CLIENTS; c++) {
        tabor_client_close(clients[c]);
    }
    tabor_engine_close(engine);
    return 0;
}
