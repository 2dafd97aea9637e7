/* SPDX-License-Identifier: MIT
 *
 * Takes: what was played comes back byte for byte, from another engine; a file
 * that is no take, or only part of one, is refused.
 */
#include <sys/stat.h>

#include "helpers.h"

static rig
open_take(const char *driver, uint32_t block, const char *path)
{
    rig r;
    tabor_engine_config config = TABOR_ENGINE_CONFIG;
    config.driver = driver;
    config.block = block;
    config.voices = 12;
    config.log = path;
    must(tabor_engine_open(&config, &r.engine));
    must(tabor_client_open(r.engine, NULL, &r.client));
    return r;
}

static uint32_t dice = 3;

static uint32_t
roll(uint32_t sides)
{
    dice = dice * 1664525u + 1013904223u;
    return (dice >> 8) % sides;
}

/* Something of everything, sent between blocks by two clients. */
static void
send_some(rig *r, tabor_client *other, const tabor_handle *samples)
{
    const tabor_env env = {
        .attack = 99, .decay = 500, .sustain = 0.5, .release = 700};
    tabor_play_params p = TABOR_PLAY;
    tabor_handle voice;
    tabor_client *client = roll(2) ? r->client : other;
    p.at = roll(3) ? TABOR_ASAP : tabor_engine_frame(r->engine) + roll(5000);
    p.rate = roll(2) ? 1.0 : 0.5 + roll(100) / 50.0;
    p.gain = 0.1 + roll(9) / 10.0;
    p.pan = roll(20) / 10.0 - 1.0;
    p.loop = (tabor_loop)roll(2);
    p.fade_in = roll(300);
    p.env = roll(2) ? &env : NULL;
    p.late = (tabor_late)roll(3);
    if (tabor_play(client, samples[roll(2)], &p, &voice) != TABOR_OK) {
        return;
    }
    tabor_voice_params set = TABOR_VOICE;
    set.which = 1 + roll(7);
    set.gain = 0.7;
    set.rate = 1.3;
    set.ramp_frames = roll(2000);
    tabor_voice_set(client, voice, &set);
    if (roll(3) == 0) {
        tabor_voice_release(client, voice,
                            tabor_engine_frame(r->engine) + roll(9000));
    }
    if (roll(10) == 0) {
        tabor_set_gain(client, 0.5 + roll(5) / 10.0, roll(1000));
    }
    if (roll(20) == 0) {
        tabor_stop(client, roll(500));
    }
    if (roll(40) == 0) {
        tabor_engine_panic(r->engine);
    }
}

static void
test_same_bytes(void)
{
    rig r = open_take("offline", 333, "t-take.tlog");
    tabor_client *other;
    must(tabor_client_open(r.engine, NULL, &other));
    tabor_handle samples[] = {rig_ramp(&r, 3000, 1), rig_ramp(&r, 7000, 2)};
    float *live = calloc(400000 * 2, sizeof *live);
    uint64_t frames = 0;
    while (frames < 300000) {
        for (uint32_t n = roll(4); n > 0; n--) {
            send_some(&r, other, samples);
        }
        if (roll(30) == 0) {
            tabor_client_close(other);
            must(tabor_engine_render(r.engine, 2000, live + frames * 2));
            frames += 2000;
            must(tabor_client_open(r.engine, NULL, &other));
        }
        if (roll(25) == 0) {
            must(tabor_sample_unload(r.client, samples[1],
                                     (tabor_unload)roll(3)));
            samples[1] = rig_ramp(&r, 1000 + roll(5000), 2);
        }
        uint32_t n = 1 + roll(900);
        must(tabor_engine_render(r.engine, n, live + frames * 2));
        frames += n;
        tabor_event e[64];
        while (tabor_poll(r.client, e, 64) || tabor_poll(other, e, 64)) {
        }
    }
    tabor_client_close(other);
    rig_close(&r);
    tabor_audio *again = NULL;
    tabor_status st = tabor_replay("t-take.tlog", &again);
    ok(st == TABOR_OK, "a take of two clients is played again: %s",
       st == TABOR_OK ? "good" : tabor_error());
    double sum = 0;
    for (uint64_t i = 0; i < frames * 2; i++) {
        sum += fabs(live[i]);
    }
    ok(sum > 1000, "it sounds (%g)", sum);
    ok(again && again->frames == frames &&
           memcmp(again->values, live, frames * 2 * sizeof *live) == 0,
       "and gives the live bytes, all %llu frames", (unsigned long long)frames);
    tabor_audio_free(again);
    free(live);
}

/* Values that are nearly nothing: the audio thread takes them for nothing, and
 * so must a replay. */
static void
test_tiny(void)
{
    rig r = open_take("offline", 128, "t-tiny.tlog");
    tabor_audio *audio, *again = NULL;
    tabor_handle sample, voice;
    tabor_play_params p = TABOR_PLAY;
    must(tabor_audio_new(480, 2, 48000, &audio));
    for (int i = 0; i < 480 * 2; i++) {
        audio->values[i] = i % 3 ? 1e-37f : 2e-39f; /* normal from 1.2e-38 on */
    }
    must(tabor_sample_add(r.client, audio, "tiny", &sample));
    must(tabor_play(r.client, sample, &p, &voice));
    p.gain = 0.01;
    p.rate = 0.7;
    must(tabor_play(r.client, sample, &p, &voice));
    float *live = rig_render(&r, 1000, 2);
    rig_close(&r);
    must(tabor_replay("t-tiny.tlog", &again));
    int heard = 0;
    for (int i = 0; i < 1000 * 2; i++) {
        heard += live[i] != 0;
    }
    ok(heard == 320 * 2, "of values that are nearly nothing %d are heard",
       heard);
    ok(memcmp(again->values, live, 1000 * 2 * sizeof *live) == 0,
       "and a take gives the same ones");
    tabor_audio_free(again);
    tabor_audio_free(audio);
    free(live);
    remove("t-tiny.tlog");
}

/* Two panics in one block are one on the audio thread; what was sent between
 * them is silent then, and must be in a replay. */
static void
test_panics(void)
{
    rig r = open_take("offline", 128, "t-panics.tlog");
    tabor_audio *again = NULL;
    tabor_handle sample = rig_ramp(&r, 900, 2), voice;
    float live[600 * 2];
    for (int i = 0; i < 2; i++) {
        must(tabor_engine_render(r.engine, 100, live + i * 600));
        tabor_engine_panic(r.engine);
        must(tabor_play(r.client, sample, NULL, &voice));
        tabor_engine_panic(r.engine);
        must(tabor_engine_render(r.engine, 100, live + i * 600 + 200));
        must(tabor_play(r.client, sample, NULL, &voice));
        must(tabor_engine_render(r.engine, 100, live + i * 600 + 400));
    }
    rig_close(&r);
    must(tabor_replay("t-panics.tlog", &again));
    int heard = 0;
    for (int i = 0; i < 600 * 2; i++) {
        heard += live[i] != 0;
    }
    ok_int(heard, (100 + 100 + 100) * 2, "two panics silence what is between");
    ok(again->frames == 600 && memcmp(again->values, live, sizeof live) == 0,
       "and do so in a take");
    tabor_audio_free(again);
    remove("t-panics.tlog");
}

/* More samples than there are slots at a time: each slot is used again, at once
 * or when the last voice that plays it has ended. */
static void
test_slots(void)
{
    enum {
        ROUNDS = TABOR_MAX_SAMPLES + 200,
        FRAMES = 12
    };
    rig r = open_take("offline", 128, "t-slots.tlog");
    float *live = calloc(ROUNDS * FRAMES * 2, sizeof *live);
    tabor_audio *again = NULL;
    tabor_handle voice;
    double sum = 0;
    for (int i = 0; i < ROUNDS; i++) {
        tabor_handle sample = rig_ramp(&r, 8, 2);
        must(tabor_play(r.client, sample, NULL, &voice));
        must(tabor_engine_render(r.engine, i % 3, live + i * FRAMES * 2));
        must(tabor_sample_unload(r.client, sample, (tabor_unload)(i % 2)));
        must(tabor_engine_render(r.engine, FRAMES - i % 3,
                                 live + (i * FRAMES + i % 3) * 2));
        tabor_event e;
        while (tabor_poll(r.client, &e, 1)) {
        }
    }
    rig_close(&r);
    tabor_status st = tabor_replay("t-slots.tlog", &again);
    for (int i = 0; i < ROUNDS * FRAMES * 2; i++) {
        sum += live[i];
    }
    ok(st == TABOR_OK && sum > ROUNDS,
       "a take of %d samples is played again: %s", ROUNDS,
       st == TABOR_OK ? "good" : tabor_error());
    ok(again && again->frames == ROUNDS * FRAMES &&
           memcmp(again->values, live, ROUNDS * FRAMES * 2 * sizeof *live) == 0,
       "with the same bytes");
    tabor_audio_free(again);
    free(live);
    remove("t-slots.tlog");
}

static void
test_null(void)
{
    rig r = open_take("null", 128, "t-null.tlog");
    tabor_handle sample = rig_ramp(&r, 4800, 2), voice;
    for (int i = 0; i < 20; i++) {
        must(tabor_play(r.client, sample, NULL, &voice));
        usleep(5000);
    }
    rig_close(&r);
    tabor_audio *one = NULL, *two = NULL;
    must(tabor_replay("t-null.tlog", &one));
    must(tabor_replay("t-null.tlog", &two));
    double peak = 0;
    for (uint64_t i = 0; i < one->frames * 2; i++) {
        peak = fmax(peak, fabs(one->values[i]));
    }
    ok(peak > 1 && one->frames > 2400,
       "a live take has what was played (%llu frames)",
       (unsigned long long)one->frames);
    ok(one->frames == two->frames &&
           memcmp(one->values, two->values, one->frames * 2 * sizeof(float)) ==
               0,
       "and is the same each time");
    tabor_audio_free(one);
    tabor_audio_free(two);
    remove("t-null.tlog");
}

/* ------------------------------------------------------------ bad input -- */

static char *
read_all(const char *path, size_t *size)
{
    struct stat info;
    FILE *f = fopen(path, "rb");
    if (!f || stat(path, &info) != 0) {
        printf("Bail out! no %s\n", path);
        exit(1);
    }
    char *bytes = malloc((size_t)info.st_size);
    *size = fread(bytes, 1, (size_t)info.st_size, f);
    fclose(f);
    return bytes;
}

static void
write_all(const char *path, const char *bytes, size_t size)
{
    FILE *f = fopen(path, "wb");
    if (!f || fwrite(bytes, 1, size, f) != size || fclose(f) != 0) {
        printf("Bail out! can't write %s\n", path);
        exit(1);
    }
}

static void
test_damage(void)
{
    size_t size;
    char *bytes = read_all("t-take.tlog", &size);
    tabor_audio *audio = NULL;
    write_all("t-bad.tlog", bytes, size * 2 / 3);
    ok(tabor_replay("t-bad.tlog", &audio) == TABOR_ERR_DECODE,
       "a take that was cut is refused: %s", tabor_error());
    write_all("t-bad.tlog", "hello", 5);
    ok(tabor_replay("t-bad.tlog", &audio) == TABOR_ERR_DECODE,
       "a text is no take: %s", tabor_error());
    ok_int(tabor_replay("t-nowhere.tlog", &audio), TABOR_ERR_MISSING,
           "a missing file is told");
    int refused = 0, played = 0;
    for (int round = 0; round < 300; round++) {
        char *mad = malloc(20000);
        size_t n = size < 20000 ? size : 20000;
        memcpy(mad, bytes, n);
        for (int i = 0; i < 20; i++) {
            mad[roll((uint32_t)n)] = (char)roll(256);
        }
        write_all("t-bad.tlog", mad, n);
        tabor_status st = tabor_replay("t-bad.tlog", &audio);
        if (st == TABOR_OK) {
            tabor_audio_free(audio);
            played++;
        } else {
            refused++;
        }
        free(mad);
    }
    ok_int(refused + played, 300, "300 damaged takes crash nothing");
    free(bytes);
    remove("t-bad.tlog");
    remove("t-take.tlog");
}

static void
test_no_file(void)
{
    tabor_engine_config config = TABOR_ENGINE_CONFIG;
    tabor_engine *engine;
    config.driver = "offline";
    config.log = "/nowhere/at/all.tlog";
    ok(tabor_engine_open(&config, &engine) == TABOR_ERR_IO &&
           strstr(tabor_error(), "/nowhere/at/all"),
       "a take that can't be written is an error at once: %s", tabor_error());
    config.log = "";
    ok_int(tabor_engine_open(&config, &engine), TABOR_ERR_INVALID,
           "so is one without a name");
    mkfifo("t-fifo.tlog", 0666);
    config.log = "t-fifo.tlog";
    tabor_audio *audio;
    ok(tabor_engine_open(&config, &engine) == TABOR_ERR_IO &&
           tabor_replay("t-fifo.tlog", &audio) == TABOR_ERR_IO,
       "a FIFO is neither replaced nor read: %s", tabor_error());
    remove("t-fifo.tlog");
}

/* What is there stays there until there is something better. */
static void
test_older(void)
{
    write_all("t-old.tlog", "old", 3);
    tabor_engine_config config = TABOR_ENGINE_CONFIG;
    tabor_engine *engine, *other;
    config.driver = "no such driver";
    config.log = "t-old.tlog";
    ok_int(tabor_engine_open(&config, &engine), TABOR_ERR_DEVICE,
           "an engine that does not open");
    size_t size;
    char *bytes = read_all("t-old.tlog", &size);
    ok(size == 3 && memcmp(bytes, "old", 3) == 0, "leaves an older take alone");
    free(bytes);
    config.driver = "offline";
    must(tabor_engine_open(&config, &engine));
    ok(tabor_engine_open(&config, &other) == TABOR_ERR_IO,
       "two engines do not write one take: %s", tabor_error());
    tabor_engine_close(engine);
    remove("t-old.tlog");
}

int
main(void)
{
    tap_start();
    test_same_bytes();
    test_tiny();
    test_panics();
    test_slots();
    test_null();
    test_damage();
    test_no_file();
    test_older();
    return tap_done();
}
