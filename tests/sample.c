/* SPDX-License-Identifier: MIT
 *
 * Samples: what loads, what is refused and why, and that memory comes back.
 */
#define _GNU_SOURCE /* pthread_tryjoin_np */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sndfile.h>
#include <sys/stat.h>

#include "helpers.h"

static rig r;

static void
write_file(const char *path, const void *bytes, size_t n)
{
    FILE *f = fopen(path, "wb");
    if (!f || fwrite(bytes, 1, n, f) != n || fclose(f) != 0) {
        printf("Bail out! can't write %s\n", path);
        exit(1);
    }
}

/* A second of sine in any format that save() knows. */
static tabor_audio *
make_sine(uint32_t rate, uint32_t channels)
{
    tabor_audio *a;
    must(tabor_audio_new(rate, channels, rate, &a));
    for (uint64_t i = 0; i < a->frames * channels; i++) {
        a->values[i] =
            (float)(0.5 * sin(i / channels * 440 * 6.283185307 / rate));
    }
    return a;
}

/* -------------------------------------------------------------- formats -- */

static void
test_formats(void)
{
    const char *files[] = {"t-sample.wav", "t-sample.aiff", "t-sample.flac",
                           "t-sample.ogg"};
    /* FLAC: 24 bits, dithered by a step and rounded by half of one */
    const double tolerance[] = {0, 0, 1.5 / (1 << 23), 0.05};
    tabor_audio *sine = make_sine(44100, 2), *back;
    for (int i = 0; i < 4; i++) {
        must(tabor_audio_save(sine, files[i]));
        tabor_status st = tabor_audio_read(files[i], &back);
        double worst = 1;
        if (st == TABOR_OK && back->frames == sine->frames) {
            worst = 0;
            for (uint64_t k = 0; k < sine->frames * 2; k++) {
                worst = fmax(worst, fabs(back->values[k] - sine->values[k]));
            }
            tabor_audio_free(back);
        }
        ok(worst <= tolerance[i], "%s comes back as it was saved (%g)",
           files[i], worst);
        tabor_handle sample;
        tabor_sample_info info = {0};
        st = tabor_sample_load(r.client, files[i], NULL, &sample);
        tabor_sample_get_info(r.client, sample, &info);
        ok(st == TABOR_OK && info.frames == 48000 && info.channels == 2 &&
               strcmp(info.name, "t-sample") == 0,
           "%s loads at the engine's rate, named by its file", files[i]);
        remove(files[i]);
    }
    tabor_audio_free(sine);
}

/* Formats that we read and don't write: made here by libsndfile itself. */
static void
test_lossy(const char *path, int format)
{
    tabor_audio *sine = make_sine(48000, 2), *back = NULL;
    SF_INFO info = {.samplerate = 48000, .channels = 2, .format = format};
    SNDFILE *file = sf_open(path, SFM_WRITE, &info);
    if (!file) {
        tap_note("this libsndfile can't write %s", path);
        return;
    }
    sf_writef_float(file, sine->values, (sf_count_t)sine->frames);
    sf_close(file);
    tabor_status st = tabor_audio_read(path, &back);
    double power = 0;
    for (uint64_t i = 0; st == TABOR_OK && i < back->frames * 2; i++) {
        power += (double)back->values[i] * back->values[i];
    }
    /* a sine at 0.5 has this power; codecs pad a little */
    ok(st == TABOR_OK && fabs((double)back->frames - 48000) < 3000 &&
           fabs(power / (0.125 * 96000) - 1) < 0.1,
       "%s is decoded", path);
    tabor_audio_free(sine);
    tabor_audio_free(back);
    remove(path);
}

/* libvorbis once took its stack by the length. */
static void
test_long(void)
{
    tabor_audio *a, *back = NULL;
    must(tabor_audio_new(4 << 20, 1, 48000, &a));
    must(tabor_audio_save(a, "t-long.ogg"));
    ok(tabor_audio_read("t-long.ogg", &back) == TABOR_OK &&
           back->frames == a->frames,
       "87 seconds of .ogg are saved and come back");
    tabor_audio_free(a);
    tabor_audio_free(back);
    remove("t-long.ogg");
}

static void
test_resampling(void)
{
    tabor_audio *sine = make_sine(44100, 1), *at_48k;
    must(tabor_audio_resample(sine, 48000, &at_48k));
    double worst = 0;
    for (int i = 2000; i < 46000; i++) {
        double want = 0.5 * sin(i * 440 * 6.283185307 / 48000);
        worst = fmax(worst, fabs(at_48k->values[i] - want));
    }
    /* 1e-6 of 0.5 is float32's own noise after some additions */
    ok(worst < 1e-6, "resampling a sine gives that sine (%g)", worst);
    tabor_audio_free(sine);
    tabor_audio_free(at_48k);
}

/* ------------------------------------------------------------ bad input -- */

static void
refused(const char *path, tabor_status status, const char *word)
{
    tabor_handle sample;
    tabor_status st = tabor_sample_load(r.client, path, NULL, &sample);
    ok(st == status && strstr(tabor_error(), path) &&
           strstr(tabor_error(), word),
       "%s: %s", path, tabor_error());
}

/* A FLAC of noise, cut after two thirds. */
static void
write_truncated_flac(const char *path)
{
    tabor_audio *noise;
    must(tabor_audio_new(48000, 1, 48000, &noise));
    uint32_t dice = 1;
    for (int i = 0; i < 48000; i++) {
        dice = dice * 1664525u + 1013904223u;
        noise->values[i] = (float)(dice >> 8) * 0x1p-25f;
    }
    must(tabor_audio_save(noise, path));
    struct stat info;
    if (stat(path, &info) != 0 || truncate(path, info.st_size * 2 / 3) != 0) {
        printf("Bail out! can't cut %s\n", path);
        exit(1);
    }
    tabor_audio_free(noise);
}

/* A WAV header that promises 4 GB, another that has 5000 channels. */
static void
write_headers(void)
{
    unsigned char h[60] = "RIFF\xff\xff\xff\xffWAVEfmt \x10\0\0\0\x01\0\x02\0"
                          "\x80\xbb\0\0\0\xee\x02\0\x04\0\x10\0data";
    memset(h + 40, 0xff, 4);
    write_file("t-huge.wav", h, 44);
    h[22] = 0x88;
    h[23] = 0x13;
    write_file("t-wide.wav", h, 60);
}

/* A FLAC whose header claims 2^36 - 1 frames: a quarter of a terabyte. */
static void
write_boastful_flac(const char *path)
{
    write_truncated_flac(path);
    FILE *f = fopen(path, "r+b");
    unsigned char total[5];
    if (!f || fseek(f, 21, SEEK_SET) != 0 || fread(total, 1, 5, f) != 5) {
        printf("Bail out! can't change %s\n", path);
        exit(1);
    }
    total[0] |= 0x0f;
    memset(total + 1, 0xff, 4);
    fseek(f, 21, SEEK_SET);
    fwrite(total, 1, 5, f);
    fclose(f);
}

static void
test_bad_files(void)
{
    write_file("t-text.wav", "this is a text, not a sound\n", 28);
    write_file("t-empty.wav", "", 0);
    write_truncated_flac("t-cut.flac");
    write_boastful_flac("t-boast.flac");
    tabor_audio *sine = make_sine(48000, 1);
    write_headers();
    mkdir("t-folder.wav", 0777);
    mkfifo("t-fifo.wav", 0666);
    refused("t-text.wav", TABOR_ERR_DECODE, "not a sound file");
    refused("t-empty.wav", TABOR_ERR_DECODE, "empty");
    refused("t-cut.flac", TABOR_ERR_DECODE, "");
    must(tabor_audio_save(sine, "t-cut.wav"));
    if (truncate("t-cut.wav", 100000) != 0) {
        printf("Bail out! can't cut t-cut.wav\n");
        exit(1);
    }
    refused("t-cut.wav", TABOR_ERR_DECODE, "truncated");
    remove("t-cut.wav");
    refused("t-boast.flac", TABOR_ERR_LIMIT, "512 MiB");
    refused("t-huge.wav", TABOR_ERR_DECODE, "");
    refused("t-wide.wav", TABOR_ERR_DECODE, "");
    refused("t-folder.wav", TABOR_ERR_IO, "directory");
    refused("t-fifo.wav", TABOR_ERR_IO, "not a regular file");
    refused("t-missing.wav", TABOR_ERR_MISSING, "No such file");
    refused("/dev/zero", TABOR_ERR_IO, "not a regular file");
    const char *files[] = {"t-text.wav",  "t-empty.wav", "t-cut.flac",
                           "t-huge.wav",  "t-wide.wav",  "t-fifo.wav",
                           "t-boast.flac"};
    for (int i = 0; i < 7; i++) {
        remove(files[i]);
    }
    rmdir("t-folder.wav");
    tabor_audio_free(sine);
}

static void
test_limits(void)
{
    tabor_audio *a;
    ok_int(tabor_audio_new(10, 64, 768000, &a), TABOR_OK,
           "64 channels at 768 kHz are fine");
    tabor_audio_free(a);
    ok_int(tabor_audio_new(10, 65, 48000, &a), TABOR_ERR_LIMIT,
           "65 channels are not");
    ok_int(tabor_audio_new(10, 0, 48000, &a), TABOR_ERR_LIMIT, "nor is none");
    ok_int(tabor_audio_new(10, 1, 3999, &a), TABOR_ERR_LIMIT, "nor 3,999 Hz");
    ok_int(tabor_audio_new(10, 1, 768001, &a), TABOR_ERR_LIMIT,
           "nor 768,001 Hz");
    ok_int(tabor_audio_new(UINT64_MAX / 2, 2, 48000, &a), TABOR_ERR_LIMIT,
           "nor more than 512 MiB, however much more");
    const float nan_value[] = {0, 1, NAN, 0};
    ok(tabor_audio_from_values(nan_value, TABOR_FLOAT32, 2, 2, 48000, &a) ==
               TABOR_ERR_INVALID &&
           strstr(tabor_error(), "frame 1, channel 0"),
       "a NaN is refused, with its place");
    const int16_t ints[] = {-32768, 16384};
    must(tabor_audio_from_values(ints, TABOR_INT16, 2, 1, 48000, &a));
    ok(a->values[0] == -1.0f && a->values[1] == 0.5f,
       "integers are scaled by their width");
    tabor_audio_free(a);
}

/* -------------------------------------------------------------- retire -- */

static long
resident_kb(void)
{
    FILE *f = fopen("/proc/self/statm", "r");
    long pages = 0, resident = 0;
    if (f) {
        if (fscanf(f, "%ld %ld", &pages, &resident) != 2) {
            resident = 0;
        }
        fclose(f);
    }
    return resident * (sysconf(_SC_PAGESIZE) / 1024);
}

static void
test_unload(void)
{
    tabor_handle sample = rig_ramp(&r, 4800, 2), voice;
    must(tabor_play(r.client, sample, NULL, &voice));
    free(rig_render(&r, 100, 2));
    must(tabor_sample_unload(r.client, sample, TABOR_UNLOAD_RING));
    ok_int(tabor_play(r.client, sample, NULL, &voice), TABOR_ERR_STALE,
           "an unloaded sample refuses plays");
    float *out = rig_render(&r, 4700, 2);
    ok(out[4699 * 2] > 0.99f, "but what plays it rings to its end");
    free(out);
    tabor_event e;
    ok(tabor_poll(r.client, &e, 1) == 1 && e.reason == TABOR_FINISHED,
       "and finishes");

    sample = rig_ramp(&r, 4800, 2);
    must(tabor_play(r.client, sample, NULL, &voice));
    free(rig_render(&r, 100, 2));
    must(tabor_sample_unload(r.client, sample, TABOR_UNLOAD_CUT));
    out = rig_render(&r, 100, 2);
    ok(out[0] == 0.0f && tabor_poll(r.client, &e, 1) == 1 &&
           e.reason == TABOR_UNLOADED,
       "cut stops what plays it, and says why");
    free(out);
}

/* ---------------------------------------------------------------- find -- */

static tabor_handle
add_named(const char *name, uint64_t frames)
{
    tabor_audio *audio;
    tabor_handle sample;
    must(tabor_audio_new(frames, 1, 48000, &audio));
    must(tabor_sample_add(r.client, audio, name, &sample));
    tabor_audio_free(audio);
    return sample;
}

static void
test_find(void)
{
    tabor_handle kick = add_named("kick", 10), found, again, voice;
    must(tabor_sample_named(r.client, "kick", &found));
    ok(found == kick, "a sample is found by its name");
    tabor_handle newer = add_named("kick", 20);
    must(tabor_sample_named(r.client, "kick", &found));
    ok(found == newer, "the newest of that name");
    tabor_sample_release(r.client, newer);
    ok_int(tabor_play(r.client, newer, NULL, &voice), TABOR_OK,
           "who found it keeps it when who loaded it lets go");
    tabor_sample_release(r.client, found);
    ok_int(tabor_play(r.client, newer, NULL, &voice), TABOR_ERR_STALE,
           "and the last who lets go unloads it");
    tabor_sample_release(r.client, found);
    must(tabor_sample_named(r.client, "kick", &again));
    ok(again == kick, "then the older one is found");
    must(tabor_sample_unload(r.client, kick, TABOR_UNLOAD_RING));
    ok(tabor_sample_named(r.client, "kick", &again) == TABOR_ERR_MISSING &&
           strstr(tabor_error(), "'kick'"),
       "one that was unloaded is not: %s", tabor_error());
    char longer[80];
    memset(longer, 'x', sizeof longer - 1);
    longer[sizeof longer - 1] = '\0';
    kick = add_named(longer, 5);
    ok(tabor_sample_named(r.client, longer, &found) == TABOR_OK &&
           found == kick,
       "63 bytes of a name count");
    must(tabor_sample_unload(r.client, kick, TABOR_UNLOAD_RING));
    free(rig_render(&r, 100, 2));
}

typedef struct finder {
    pthread_t thread;
    int found, missed, wrong;
} finder;

#define FINDS 20000

/* Find, look, let go, again and again. */
static void *
find_on(void *self)
{
    finder *f = self;
    tabor_client_config config = TABOR_CLIENT_CONFIG;
    tabor_client *client;
    must(tabor_client_open(r.engine, &config, &client));
    for (int i = 0; i < FINDS; i++) {
        tabor_handle sample;
        tabor_sample_info info;
        if (tabor_sample_named(client, "shared", &sample) != TABOR_OK) {
            f->missed++;
            continue;
        }
        f->found++;
        f->wrong += tabor_sample_get_info(client, sample, &info) != TABOR_OK ||
                    info.frames != 7;
        tabor_sample_release(client, sample);
    }
    tabor_client_close(client);
    return NULL;
}

/* While two threads find it, one sample after the other is loaded and let go:
 * who holds one has it, and all are freed in the end. */
static void
test_finders(void)
{
    finder finders[2] = {{0}, {0}};
    tabor_handle mine = add_named("shared", 7), sample;
    for (int i = 0; i < 2; i++) {
        pthread_create(&finders[i].thread, NULL, find_on, &finders[i]);
    }
    for (int i = 0; i < 2000; i++) {
        tabor_handle next = add_named("shared", 7);
        tabor_sample_release(r.client, mine);
        mine = next;
        free(rig_render(&r, 16, 2));
    }
    for (int i = 0; i < 2; i++) {
        /* their clients leave when somebody renders */
        while (pthread_tryjoin_np(finders[i].thread, NULL) != 0) {
            free(rig_render(&r, 16, 2));
        }
    }
    ok(finders[0].found + finders[1].found == 2 * FINDS &&
           finders[0].wrong + finders[1].wrong == 0,
       "40,000 finds beside 2,000 that let go: each found one, %d a wrong one",
       finders[0].wrong + finders[1].wrong);
    tabor_sample_release(r.client, mine);
    ok(tabor_sample_named(r.client, "shared", &sample) == TABOR_ERR_MISSING,
       "and none is left");
}

/* -------------------------------------------------------------- memory -- */

static void
test_memory(void)
{
    const int rounds = 400; /* of 1 MB each */
    long before = 0;
    for (int i = 0; i < rounds; i++) {
        tabor_handle sample = rig_ramp(&r, 131072, 2), voice;
        must(tabor_play(r.client, sample, NULL, &voice));
        if (i % 2) {
            must(tabor_sample_unload(r.client, sample, TABOR_UNLOAD_FADE));
        } else {
            tabor_sample_release(r.client, sample);
            must(tabor_stop(r.client, 0));
        }
        free(rig_render(&r, 1000, 2));
        if (i == 20) {
            before = resident_kb();
        }
    }
    long growth = resident_kb() - before;
#ifdef __SANITIZE_ADDRESS__
    growth = 0; /* its quarantine keeps what is freed */
#endif
    ok(growth < 20000, "400 MB loaded and unloaded grow memory by %ld kB",
       growth);
}

int
main(void)
{
    tap_start();
    r = rig_open("offline", 256, 256, 1024);
    test_formats();
    test_lossy("t-sample.opus", SF_FORMAT_OGG | SF_FORMAT_OPUS);
    test_lossy("t-sample.mp3", 0x230000 | 0x0082); /* MPEG, layer III */
    test_long();
    test_resampling();
    test_bad_files();
    test_limits();
    test_unload();
    test_find();
    test_finders();
    test_memory();
    rig_close(&r);
    return tap_done();
}
