/* SPDX-License-Identifier: MIT
 *
 * Long sound, without waiting for it: four clients send commands of every kind
 * for hours of audio. Nothing accepted is lost, the memory does not grow, the
 * rendering fetches no page.
 *
 * An hour of audio; a day of it with TABOR_LONG=1.
 */
#define _GNU_SOURCE /* RUSAGE_THREAD */
#include <malloc.h>
#include <sys/resource.h>

#include "helpers.h"

#define CLIENTS 4
#define BLOCK   8192
#define KINDS   14
/* Until so many blocks have passed, memory may be touched for the first time:
 * the events' backlog grows, each slot is used once. */
#define WARM 2000
/* Pages that the allocator may hold more or less of at any time: the holes
 * between small blocks. */
#define HOLES 64
/* Bytes by which the least heap of the later half may be above that of the
 * earlier one: how many samples are loaded is a matter of chance. 16 bytes lost
 * in each load would be 64 KiB an hour. */
#define CHANCE 8192

static const char *const kinds[KINDS] = {
    "play",  "set",  "seek", "release", "stop", "stop all", "cancel",
    "panic", "gain", "ping", "batch",   "load", "unload",   "reconnect"};

typedef struct counts {
    uint64_t sent[KINDS];
    uint64_t ended, pongs, refused, strange;
    uint64_t cut; /* plays of clients that left: nobody reads their ends */
} counts;

typedef struct soak {
    tabor_engine *engine;
    tabor_client *clients[CLIENTS];
    tabor_handle voices[CLIENTS], samples[CLIENTS];
    uint64_t alive[CLIENTS]; /* plays whose Ended has not been read */
    uint32_t dice;
    float *out;
    counts count;
    long faults; /* pages fetched while rendering */
    double peak;
} soak;

static uint32_t
roll(soak *s, uint32_t sides)
{
    s->dice = s->dice * 1664525u + 1013904223u;
    return (s->dice >> 8) % sides;
}

/* ---------------------------------------------------------------- send -- */

/* Count a call that was accepted; a refusal is told by its status. */
static int
sent(soak *s, int kind, tabor_status st)
{
    if (st != TABOR_OK) {
        s->count.refused += st == TABOR_ERR_FULL;
        s->count.strange += st != TABOR_ERR_FULL && st != TABOR_ERR_STALE;
        return 0;
    }
    s->count.sent[kind]++;
    return 1;
}

static uint64_t
soon(soak *s)
{
    return roll(s, 3) ? tabor_engine_frame(s->engine) + roll(s, 2 * BLOCK)
                      : TABOR_ASAP;
}

static void
play(soak *s, int i)
{
    const tabor_env env = {100, 0, 900, 2000, 0.5};
    tabor_play_params p = TABOR_PLAY;
    p.at = soon(s);
    p.rate = roll(s, 4) ? 1.0 : 1.3;
    p.gain = 0.5;
    p.pan = roll(s, 20) / 10.0 - 1.0;
    p.late = (tabor_late)roll(s, 3);
    p.env = roll(s, 2) ? &env : NULL;
    p.tag = 1 + roll(s, 2);
    if (sent(s, 0,
             tabor_play(s->clients[i], s->samples[roll(s, CLIENTS)], &p,
                        &s->voices[i]))) {
        s->alive[i]++;
    }
}

static void
change(soak *s, int i)
{
    tabor_client *c = s->clients[i];
    tabor_handle voice = s->voices[i];
    tabor_voice_params set = TABOR_VOICE;
    switch (roll(s, 4)) {
    case 0:
        set.which = 1 + roll(s, 7);
        set.at = soon(s);
        set.ramp_frames = roll(s, 3000);
        set.rate = 1.1;
        sent(s, 1, tabor_voice_set(c, voice, &set));
        break;
    case 1:
        sent(s, 2, tabor_voice_seek(c, voice, roll(s, 1000), soon(s)));
        break;
    case 2:
        sent(s, 3, tabor_voice_release(c, voice, soon(s)));
        break;
    default:
        sent(s, 4, tabor_voice_stop(c, voice, roll(s, 500), soon(s)));
    }
}

static void
add_sample(soak *s, int i)
{
    tabor_audio *audio;
    must(tabor_audio_new(3000, 1 + (uint32_t)i % 2, 48000, &audio));
    for (uint64_t n = 0; n < audio->frames * audio->channels; n++) {
        audio->values[n] = (float)(n % 97) / 97.0f - 0.5f;
    }
    must(tabor_sample_add(s->clients[i], audio, "saw", &s->samples[i]));
    tabor_audio_free(audio);
    s->count.sent[11]++;
}

static void
connect(soak *s, int i)
{
    tabor_client_config config = TABOR_CLIENT_CONFIG;
    config.plays = 1024;
    must(tabor_client_open(s->engine, &config, &s->clients[i]));
}

/* Leave and come back; what it played ends unread. */
static void
reconnect(soak *s, int i)
{
    s->count.cut += s->alive[i];
    s->alive[i] = 0;
    tabor_client_close(s->clients[i]);
    must(tabor_engine_render(s->engine, 2000, s->out));
    connect(s, i);
    s->count.sent[13]++;
}

/* What is sent now and then. */
static void
send_rest(soak *s, int i)
{
    tabor_client *c = s->clients[i];
    uint64_t cookie;
    switch (roll(s, 200)) {
    case 0:
        sent(s, 5, tabor_stop(c, 300));
        break;
    case 1:
        sent(s, 6, tabor_cancel(c, roll(s, 3), 0, TABOR_NO_FRAME));
        break;
    case 2:
        tabor_engine_panic(s->engine);
        sent(s, 7, TABOR_OK);
        break;
    case 3:
        sent(s, 8, tabor_set_gain(c, 0.5 + roll(s, 5) / 10.0, 900));
        break;
    case 4:
        sent(s, 9, tabor_ping_send(c, &cookie));
        break;
    case 5:
        if (sent(s, 12,
                 tabor_sample_unload(c, s->samples[i],
                                     (tabor_unload)roll(s, 3)))) {
            add_sample(s, i);
        }
        break;
    case 6:
        reconnect(s, i);
    }
}

static void
send_some(soak *s, int i)
{
    int batch = roll(s, 8) == 0;
    if (batch) {
        must(tabor_batch_begin(s->clients[i]));
    }
    play(s, i);
    change(s, i);
    if (batch) {
        sent(s, 10, tabor_batch_commit(s->clients[i]));
    }
    send_rest(s, i);
}

/* -------------------------------------------------------------- render -- */

static void
read_events(soak *s)
{
    tabor_event e[64];
    for (int i = 0; i < CLIENTS; i++) {
        size_t n;
        while ((n = tabor_poll(s->clients[i], e, 64)) > 0) {
            for (size_t k = 0; k < n; k++) {
                s->count.pongs += e[k].type == TABOR_EVENT_PONG;
                if (e[k].type == TABOR_EVENT_ENDED) {
                    s->count.ended++;
                    s->alive[i]--;
                }
            }
        }
    }
}

static long
pages_fetched(void)
{
    struct rusage usage;
    getrusage(RUSAGE_THREAD, &usage);
    return usage.ru_minflt + usage.ru_majflt;
}

static void
render(soak *s)
{
    long before = pages_fetched();
    must(tabor_engine_render(s->engine, BLOCK, s->out));
    s->faults += pages_fetched() - before;
    s->peak = fmax(s->peak, fabsf(s->out[roll(s, BLOCK)]));
}

/* Bytes of the heap that are in use, by all threads' arenas. */
static size_t
in_use(void)
{
    struct mallinfo2 info = mallinfo2();
    return info.uordblks + info.hblkhd;
}

/* Resident memory in pages; read without a buffer of the heap. */
static long
resident(void)
{
    long size = 0, pages = 0;
    FILE *f = fopen("/proc/self/statm", "r");
    if (f && fscanf(f, "%ld %ld", &size, &pages) != 2) {
        pages = 0;
    }
    if (f) {
        fclose(f);
    }
    return pages;
}

/* --------------------------------------------------------------- tests -- */

static void
open_soak(soak *s)
{
    tabor_engine_config config = TABOR_ENGINE_CONFIG;
    config.driver = "offline";
    config.block = BLOCK;
    config.voices = 16;
    must(tabor_engine_open(&config, &s->engine));
    s->out = calloc(BLOCK * 2, sizeof *s->out);
    s->dice = 5;
    for (int i = 0; i < CLIENTS; i++) {
        connect(s, i);
        add_sample(s, i);
    }
}

/* Every slot of the sample table once, so that what is new is not taken for
 * what grows. */
static void
use_slots(soak *s)
{
    for (int n = 0; n < TABOR_MAX_SAMPLES; n++) {
        must(tabor_sample_unload(s->clients[0], s->samples[0],
                                 TABOR_UNLOAD_CUT));
        add_sample(s, 0);
        must(tabor_engine_render(s->engine, 1, s->out));
    }
}

/* All that sounds to its end, all events read. */
static void
finish(soak *s)
{
    for (int i = 0; i < 10; i++) {
        render(s);
        read_events(s);
    }
}

static void
test_counts(const soak *s)
{
    int used = 0;
    for (int k = 0; k < KINDS; k++) {
        used += s->count.sent[k] > 0;
        tap_note("%s: %llu", kinds[k], (unsigned long long)s->count.sent[k]);
    }
    ok_int(used, KINDS, "commands of each kind were sent");
    ok(s->peak > 0.05, "they sounded (%g)", s->peak);
    ok(s->count.ended + s->count.cut == s->count.sent[0],
       "each play had one end: %llu read, %llu of clients that left, 0 lost",
       (unsigned long long)s->count.ended, (unsigned long long)s->count.cut);
    ok(s->count.pongs <= s->count.sent[9] && s->count.pongs > 0,
       "pings were answered (%llu of %llu, the others' clients left)",
       (unsigned long long)s->count.pongs,
       (unsigned long long)s->count.sent[9]);
    ok(s->count.refused == 0 && s->count.strange == 0,
       "nothing was refused: %llu full, %llu otherwise",
       (unsigned long long)s->count.refused,
       (unsigned long long)s->count.strange);
}

static void
test_client_stats(soak *s)
{
    uint64_t lost = 0, voices = 0;
    for (int i = 0; i < CLIENTS; i++) {
        tabor_stats stats;
        tabor_get_stats(s->clients[i], &stats);
        lost += stats.unread_lost + stats.unsound + stats.refused;
        voices += stats.voices;
    }
    ok(lost == 0 && voices == 0, "the statistics agree, and all is silent");
}

int
main(void)
{
    static soak s;
    uint64_t hours = getenv("TABOR_LONG") ? 24 : 1;
    uint64_t blocks = hours * 3600 * 48000 / BLOCK;
    long pages = 0, faults = 0;
    size_t least[2] = {SIZE_MAX, SIZE_MAX};
    tap_start();
    alarm(hours > 1 ? 1800 : 170);
    mallopt(M_MMAP_THRESHOLD, 4096); /* so that what is freed is gone */
    open_soak(&s);
    use_slots(&s);
    for (uint64_t n = 0; n < blocks; n++) {
        if (n == WARM) {
            finish(&s);
            pages = resident();
            faults = s.faults;
        }
        for (int i = 0; i < CLIENTS; i++) {
            send_some(&s, i);
        }
        render(&s);
        read_events(&s);
        size_t *half = &least[n > (WARM + blocks) / 2];
        size_t bytes = n > WARM ? in_use() : SIZE_MAX;
        *half = bytes < *half ? bytes : *half;
    }
    ok(blocks > 5 * WARM, "%llu hours of sound, %llu blocks",
       (unsigned long long)hours, (unsigned long long)blocks);
    finish(&s);
    pages = resident() - pages;
    long grown = (long)(least[1] - least[0]);
    ok(pages <= HOLES, "resident memory grew by %ld pages", pages);
    ok(least[0] < SIZE_MAX && grown <= CHANCE, "the heap grew by %ld bytes",
       grown);
    ok_int(s.faults - faults, 0, "rendering fetched so many pages");
    test_counts(&s);
    test_client_stats(&s);
    for (int i = 0; i < CLIENTS; i++) {
        tabor_client_close(s.clients[i]);
    }
    tabor_engine_close(s.engine);
    free(s.out);
    return tap_done();
}
