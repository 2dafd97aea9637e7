/* SPDX-License-Identifier: MIT
 *
 * What is a sound file, and how much of one is taken: each limit of tabor.h at
 * its last good value and one past it, jailed and trusted alike.
 */
#include <fcntl.h>
#include <stdint.h>
#include <sys/stat.h>

#include "helpers.h"

#define PATH "t-files.snd" /* no ending helps: the content tells */

static void
put(FILE *f, const void *bytes, size_t n)
{
    if (!f || fwrite(bytes, 1, n, f) != n) {
        printf("Bail out! can't write %s\n", PATH);
        exit(1);
    }
}

static void
put_little(FILE *f, uint64_t number, int bytes)
{
    for (int i = 0; i < bytes; i++) {
        put(f, &(unsigned char){(unsigned char)(number >> 8 * i)}, 1);
    }
}

static void
put_big(FILE *f, uint64_t number, int bytes)
{
    for (int i = bytes - 1; i >= 0; i--) {
        put(f, &(unsigned char){(unsigned char)(number >> 8 * i)}, 1);
    }
}

/* A sound of 8-bit values, and how long its file is. */
typedef struct plain {
    uint32_t channels, rate;
    uint64_t frames, size; /* size: 0 = as the sound needs */
} plain;

/* Its values are a hole in the file: -1 each, as 8-bit WAV has it. */
static void
write_wav(const plain *p)
{
    const uint64_t bytes = p->frames * p->channels;
    FILE *f = fopen(PATH, "wb");
    put(f, "RIFF", 4);
    put_little(f, 36 + bytes, 4);
    put(f, "WAVEfmt \x10\0\0\0\x01\0", 14);
    put_little(f, p->channels, 2);
    put_little(f, p->rate, 4);
    put_little(f, (uint64_t)p->rate * p->channels, 4);
    put_little(f, p->channels, 2);
    put_little(f, 8, 2);
    put(f, "data", 4);
    put_little(f, bytes, 4);
    fclose(f);
    if (truncate(PATH, (off_t)(p->size ? p->size : 44 + bytes)) != 0) {
        printf("Bail out! no room for %s\n", PATH);
        exit(1);
    }
}

/* What reading PATH gives. */
typedef struct outcome {
    tabor_status status;
    uint64_t frames;  /* 0 unless it is OK */
    const char *text; /* the error, or "good" */
} outcome;

static outcome
read_file(int trusted)
{
    tabor_read_params params = TABOR_READ;
    tabor_audio *audio = NULL;
    params.trusted = trusted;
    outcome o = {.status = tabor_audio_read_as(PATH, &params, &audio)};
    o.frames = o.status == TABOR_OK ? audio->frames : 0;
    o.text = o.status == TABOR_OK ? "good" : tabor_error();
    tabor_audio_free(audio);
    return o;
}

static int
is_refused(const outcome *o, tabor_status status, const char *words)
{
    return o->status == status && strstr(o->text, PATH ": ") &&
           strstr(o->text, words);
}

/* ----------------------------------------------------------------- limits */

static void
check_limit(const char *what, const plain *at, const plain *past,
            const char *words)
{
    for (int trusted = 0; trusted < 2; trusted++) {
        const char *way = trusted ? "trusted" : "jailed";
        write_wav(at);
        outcome o = read_file(trusted);
        ok(o.frames == at->frames, "%s: %s at the limit: %s", what, way,
           o.text);
        write_wav(past);
        o = read_file(trusted);
        ok(is_refused(&o, TABOR_ERR_LIMIT, words), "%s: %s past it: %s", what,
           way, o.text);
    }
}

static void
test_limits(void)
{
    const plain good = {1, 48000, 100, 0};
    plain at = good, past = good;
    at.channels = 64;
    past.channels = 65;
    check_limit("channels", &at, &past, "65 channels; 1 to 64");
    at = past = good;
    at.rate = 4000;
    past.rate = 3999;
    check_limit("lowest rate", &at, &past, "3999 Hz; 4000 to 768000");
    at.rate = 768000;
    past.rate = 768001;
    check_limit("highest rate", &at, &past, "768001 Hz; 4000 to 768000");
    at = past = good;
    at.size = 1u << 30;
    past.size = (1u << 30) + 1;
    check_limit("size of a file", &at, &past, "1024 MiB a file");
}

/* Half a gigabyte of it; jailed only, to be done sooner. */
static void
test_decoded(void)
{
    plain p = {2, 48000, 64u << 20, 0};
    write_wav(&p);
    outcome o = read_file(0);
    ok(o.frames == p.frames, "512 MiB of decoded sound: %s", o.text);
    p.frames++;
    write_wav(&p);
    o = read_file(0);
    ok(is_refused(&o, TABOR_ERR_LIMIT, "512 MiB decoded"), "one frame more: %s",
       o.text);
}

/* ------------------------------------------------------------------ bombs */

static uint32_t
crc(const unsigned char *bytes, size_t n, int bits, uint32_t polynomial)
{
    uint32_t c = 0;
    for (size_t i = 0; i < n; i++) {
        c ^= (uint32_t)bytes[i] << (bits - 8);
        for (int k = 0; k < 8; k++) {
            c = c << 1 ^ (c >> (bits - 1) & 1 ? polynomial : 0);
        }
    }
    return c & ((1u << bits) - 1);
}

/* The number of a FLAC frame, written as UTF-8 would be. Returns bytes. */
static size_t
flac_number(unsigned char *out, uint32_t n)
{
    if (n < 0x80) {
        out[0] = (unsigned char)n;
        return 1;
    }
    if (n < 0x800) {
        out[0] = (unsigned char)(0xc0 | n >> 6);
        out[1] = (unsigned char)(0x80 | (n & 0x3f));
        return 2;
    }
    out[0] = (unsigned char)(0xe0 | n >> 12);
    out[1] = (unsigned char)(0x80 | (n >> 6 & 0x3f));
    out[2] = (unsigned char)(0x80 | (n & 0x3f));
    return 3;
}

#define FLAC_BLOCK 65535u

/* So many blocks of silence in 8 channels of 16 bits: each block says "all
 * values are the same" eight times. Source: RFC 9639, sections 8 to 11. */
static void
write_flac_bomb(uint32_t blocks, uint64_t claimed)
{
    FILE *f = fopen(PATH, "wb");
    put(f, "fLaC\x80\0\0\x22", 8); /* STREAMINFO, the last of one */
    put_big(f, FLAC_BLOCK, 2);
    put_big(f, FLAC_BLOCK, 2);
    put_big(f, 0, 6);
    put_big(f,
            (uint64_t)48000 << 44 | (uint64_t)7 << 41 | (uint64_t)15 << 36 |
                claimed,
            8);
    put_big(f, 0, 8);
    put_big(f, 0, 8);
    for (uint32_t n = 0; n < blocks; n++) {
        unsigned char b[64] = {0xff, 0xf8, 0x7a, 0x78};
        size_t used = 4 + flac_number(b + 4, n);
        b[used++] = (FLAC_BLOCK - 1) >> 8;
        b[used++] = (FLAC_BLOCK - 1) & 0xff;
        b[used] = (unsigned char)crc(b, used, 8, 0x107);
        used += 1 + 8 * 3; /* the subframes: constant, 0 */
        const uint32_t sum = crc(b, used, 16, 0x18005);
        b[used++] = (unsigned char)(sum >> 8);
        b[used++] = (unsigned char)sum;
        put(f, b, used);
    }
    fclose(f);
}

static void
test_bombs(void)
{
    const uint32_t blocks = 1024; /* 2 GiB of values */
    struct stat info = {0};
    write_flac_bomb(3, 3 * FLAC_BLOCK);
    outcome o = read_file(0);
    ok(o.frames == 3 * FLAC_BLOCK, "(the bombs' maker makes FLAC: %s)", o.text);
    write_flac_bomb(blocks, (uint64_t)blocks * FLAC_BLOCK);
    stat(PATH, &info);
    o = read_file(0);
    ok(is_refused(&o, TABOR_ERR_LIMIT, "512 MiB decoded"),
       "%ld bytes that are 2 GiB of sound: %s", (long)info.st_size, o.text);
    write_flac_bomb(blocks, 0);
    o = read_file(0);
    ok(is_refused(&o, TABOR_ERR_DECODE, "does not say how long"),
       "the same that does not say how much it is: %s", o.text);
    write_flac_bomb(blocks, 1000);
    o = read_file(0);
    ok(o.frames == 1000 || o.status == TABOR_ERR_DECODE,
       "the same that says it is 1000 frames: no more come (%s)", o.text);
}

/* ------------------------------------------------------------------- kind */

static void
write_bytes(const void *bytes, size_t n)
{
    FILE *f = fopen(PATH, "wb");
    put(f, bytes, n);
    fclose(f);
}

/* Four 16-bit values in a container of either byte order. */
static void
write_riff(const char *magic, void (*number)(FILE *, uint64_t, int))
{
    FILE *f = fopen(PATH, "wb");
    const int is_64 = strcmp(magic, "RF64") == 0;
    put(f, magic, 4);
    number(f, is_64 ? UINT32_MAX : 44, 4);
    put(f, "WAVE", 4);
    if (is_64) {
        put(f, "ds64", 4);
        number(f, 28, 4);
        number(f, 80, 8);
        number(f, 8, 8);
        number(f, 4, 8);
        number(f, 0, 4);
    }
    put(f, "fmt ", 4);
    number(f, 16, 4);
    number(f, 1, 2);
    number(f, 1, 2);
    number(f, 48000, 4);
    number(f, 96000, 4);
    number(f, 2, 2);
    number(f, 16, 2);
    put(f, "data", 4);
    number(f, is_64 ? UINT32_MAX : 8, 4);
    for (int i = 0; i < 4; i++) {
        number(f, 16384, 2);
    }
    fclose(f);
}

static void
write_aiff(const char *kind)
{
    FILE *f = fopen(PATH, "wb");
    const int is_c = strcmp(kind, "AIFC") == 0;
    put(f, "FORM", 4);
    put_big(f, is_c ? 76 : 54, 4);
    put(f, kind, 4);
    if (is_c) {
        put(f, "FVER\0\0\0\x04\xa2\x80\x51\x40", 12);
    }
    put(f, "COMM", 4);
    put_big(f, is_c ? 24 : 18, 4);
    put_big(f, 1, 2);
    put_big(f, 4, 4);
    put_big(f, 16, 2);
    put(f, "\x40\x0e\xbb\x80\0\0\0\0\0\0", 10); /* 48,000 in 80 bits */
    if (is_c) {
        put(f, "NONE\0\0", 6);
    }
    put(f, "SSND", 4);
    put_big(f, 16, 4);
    put_big(f, 0, 8);
    for (int i = 0; i < 4; i++) {
        put_big(f, 16384, 2);
    }
    fclose(f);
}

static void
four_frames(const char *what)
{
    const outcome trusted = read_file(1), jailed = read_file(0);
    ok(trusted.frames == 4 && jailed.frames == 4, "%s, jailed and trusted: %s",
       what, jailed.text);
}

/* The file without its last value. */
static void
cut(const char *what)
{
    struct stat info = {0};
    stat(PATH, &info);
    const int is_cut = truncate(PATH, info.st_size - 2) == 0;
    const outcome trusted = read_file(1), jailed = read_file(0);
    ok(is_cut && trusted.status == TABOR_ERR_DECODE &&
           is_refused(&jailed, TABOR_ERR_DECODE, "truncated"),
       "%s, cut by a frame: %s", what, jailed.text);
}

static void
test_kinds(void)
{
    static const char *const wavs[] = {"RIFF", "RIFX", "RF64"};
    for (int i = 0; i < 3; i++) {
        write_riff(wavs[i], i == 1 ? put_big : put_little);
        four_frames(wavs[i]);
        cut(wavs[i]);
    }
    write_aiff("AIFF");
    four_frames("AIFF");
    cut("AIFF");
    write_aiff("AIFC");
    four_frames("AIFC");
}

static void
unknown(const char *what, const void *bytes, size_t n)
{
    write_bytes(bytes, n);
    const outcome trusted = read_file(1), jailed = read_file(0);
    ok(trusted.status == TABOR_ERR_DECODE &&
           is_refused(&jailed, TABOR_ERR_DECODE, "not a sound file"),
       "%s: %s", what, jailed.text);
}

static void
test_unknown(void)
{
    char zeros[4096] = {0}, tags[4096];
    unknown("nothing but zeros", zeros, sizeof zeros);
    unknown("a text", "This is no sound at all, just a text.", 37);
    unknown("an AU file, which Tabor does not read",
            ".snd\0\0\0\x18\0\0\0\4\0\0\0\3\0\0\xbb\x80\0\0\0\1\0\0\0\0", 28);
    unknown("a program",
            "\x7f"
            "ELF\2\1\1\0\0\0\0\0\0\0\0\0",
            16);
    unknown("RIFF of something else", "RIFF\x10\0\0\0AVI LIST", 16);
    unknown("an Ogg of something else",
            "OggS\0\2\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\1\x08Speex   ",
            36);
    unknown("three bytes", "RIF", 3);
    unknown("a magic without a sound", "fLaC\0\0\0\0\0\0\0\0", 12);
    for (size_t i = 0; i < sizeof tags; i++) {
        tags[i] = "ID3\3\0\0\0\0\0\0"[i % 10]; /* each is of 0 bytes */
    }
    unknown("nothing but tags", tags, sizeof tags);
}

/* ------------------------------------------------------------------- path */

static void
refused(const char *path, tabor_status status, const char *words)
{
    tabor_audio *audio;
    tabor_status st = tabor_audio_read(path, &audio);
    ok(st == status && strstr(tabor_error(), words), "%s: %s", path,
       tabor_error());
}

static void
test_paths(void)
{
    const plain p = {1, 48000, 100, 0};
    refused("-", TABOR_ERR_MISSING, "-: No such file");
    write_wav(&p);
    ok(rename(PATH, "-") == 0 && symlink("-", PATH) == 0 &&
           read_file(0).frames == 100,
       "\"-\" is a file like others, and a link to a file is followed");
    unlink("-");
    refused(PATH, TABOR_ERR_MISSING, "No such file");
    unlink(PATH);
    if (symlink("/dev/zero", PATH) != 0) {
        printf("Bail out! no links here\n");
        exit(1);
    }
    refused(PATH, TABOR_ERR_IO, "not a regular file");
    unlink(PATH);
    mkfifo(PATH, 0600);
    refused(PATH, TABOR_ERR_IO, "not a regular file");
    unlink(PATH);
    refused("/dev/tty", TABOR_ERR_IO, "/dev/tty: ");
    refused("/dev/null", TABOR_ERR_IO, "not a regular file");
    refused("/", TABOR_ERR_IO, "directory");
    refused("", TABOR_ERR_MISSING, "");
}

static void
test_params(void)
{
    const plain p = {1, 24000, 100, 0};
    tabor_read_params params = TABOR_READ;
    tabor_audio *audio = NULL;
    write_wav(&p);
    params.rate = 48000;
    ok(tabor_audio_read_as(PATH, &params, &audio) == TABOR_OK &&
           audio->frames == 200 && audio->rate == 48000,
       "a file comes at the rate that is asked for");
    tabor_audio_free(audio);
    params.rate = 3999;
    ok_int(tabor_audio_read_as(PATH, &params, &audio), TABOR_ERR_INVALID,
           "which has its limits");
    params = (tabor_read_params)TABOR_READ;
    params.struct_size--;
    ok_int(tabor_audio_read_as(PATH, &params, &audio), TABOR_ERR_INVALID,
           "params of another size are refused");
    const plain tiny = {1, 768000, 1, 0};
    write_wav(&tiny);
    params = (tabor_read_params)TABOR_READ;
    params.rate = 4000;
    ok(tabor_audio_read_as(PATH, &params, &audio) == TABOR_ERR_DECODE &&
           strstr(tabor_error(), "too short for a frame at 4000 Hz"),
       "a frame of a fast file is none of a slow one: %s", tabor_error());
}

int
main(void)
{
    tap_start();
    test_limits();
    test_decoded();
    test_bombs();
    test_kinds();
    test_unknown();
    test_paths();
    test_params();
    remove(PATH);
    return tap_done();
}
