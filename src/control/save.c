/* SPDX-License-Identifier: MIT
 *
 * Sound files out: beside the target first, then renamed.
 */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <sndfile.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "control/files.h"
#include "control/status.h"
#include "rt/convert.h"

/* Values converted at once; at least a frame of all channels. */
#define STRIP 4096

typedef struct file_format {
    const char *ending;
    int container;
    uint32_t bits[4]; /* that it can hold, its own first; 0 ends */
} file_format;

static const file_format formats[] = {
    {".wav", SF_FORMAT_WAV, {32, 24, 16}},
    {".aiff", SF_FORMAT_AIFF, {32, 24, 16}},
    {".aif", SF_FORMAT_AIFF, {32, 24, 16}},
    {".flac", SF_FORMAT_FLAC, {24, 16}},
    {".ogg", SF_FORMAT_OGG | SF_FORMAT_VORBIS, {0}},
};

static tabor_status
find_format(const char *path, const file_format **format)
{
    const char *ending = strrchr(path, '.');
    for (size_t i = 0; ending && i < sizeof formats / sizeof *formats; i++) {
        if (strcasecmp(ending, formats[i].ending) == 0) {
            *format = &formats[i];
            return TABOR_OK;
        }
    }
    return tabor_fail(TABOR_ERR_INVALID,
                      "%s: the ending chooses the format: .wav, .aiff, .flac "
                      "or .ogg",
                      path);
}

static tabor_status
fail_bits(const char *path, const file_format *format, uint32_t bits)
{
    char held[40] = "";
    for (const uint32_t *b = format->bits; *b; b++) {
        size_t used = strlen(held);
        snprintf(held + used, sizeof held - used, "%s%" PRIu32,
                 b == format->bits ? "" : ", ", *b);
    }
    return tabor_fail(TABOR_ERR_INVALID,
                      "%s: bits is %" PRIu32 ", but %s holds %s", path, bits,
                      format->ending,
                      *held ? held : "Vorbis, which has none: leave it out");
}

/* bits: in, as asked for; out, 16, 24, 32 or, without any, 0 */
static tabor_status
choose_bits(const char *path, const file_format *format, uint32_t *bits)
{
    if (*bits == 0) {
        *bits = format->bits[0];
        return TABOR_OK;
    }
    for (const uint32_t *b = format->bits; *b; b++) {
        if (*b == *bits) {
            return TABOR_OK;
        }
    }
    return fail_bits(path, format, *bits);
}

static int
subtype_of(uint32_t bits)
{
    switch (bits) {
    case 16:
        return SF_FORMAT_PCM_16;
    case 24:
        return SF_FORMAT_PCM_24;
    case 32:
        return SF_FORMAT_FLOAT;
    default:
        return 0;
    }
}

/* What a file is to become, all checked. */
typedef struct saving {
    const char *path;
    const file_format *format;
    uint32_t bits;
    tabor_conversion conversion;
} saving;

static sf_count_t
write_strip(SNDFILE *file, const tabor_conversion *conversion,
            const float *values, uint64_t first, uint32_t frames)
{
    union {
        int16_t s16[STRIP];
        int32_t s24[STRIP];
    } out;
    tabor_convert(conversion, values, first, frames, &out);
    if (conversion->format == TABOR_TO_S16) {
        return sf_writef_short(file, out.s16, frames);
    }
    for (uint32_t i = 0; i < frames * conversion->channels; i++) {
        out.s24[i] *= 256; /* libsndfile takes the upper 24 of 32 */
    }
    return sf_writef_int(file, out.s24, frames);
}

/* Returns the frames written. libvorbis takes stack for all that it is given
 * at once. */
static sf_count_t
write_floats(SNDFILE *file, const tabor_audio *audio)
{
    uint64_t done = 0;
    while (done < audio->frames) {
        uint64_t left = audio->frames - done;
        sf_count_t n = left < STRIP ? (sf_count_t)left : STRIP;
        if (sf_writef_float(file, audio->values + done * audio->channels, n) !=
            n) {
            break;
        }
        done += (uint64_t)n;
    }
    return (sf_count_t)done;
}

/* Our own dither: libsndfile would round only. Returns the frames written. */
static sf_count_t
write_integers(SNDFILE *file, const tabor_conversion *conversion,
               const tabor_audio *audio)
{
    const uint32_t most = STRIP / audio->channels;
    uint64_t done = 0;
    while (done < audio->frames) {
        uint64_t left = audio->frames - done;
        uint32_t n = left < most ? (uint32_t)left : most;
        if (write_strip(file, conversion,
                        audio->values + done * audio->channels, done,
                        n) != (sf_count_t)n) {
            break;
        }
        done += n;
    }
    return (sf_count_t)done;
}

static tabor_status
write_values(const tabor_audio *audio, int fd, const saving *s)
{
    SF_INFO info = {.samplerate = (int)audio->rate,
                    .channels = (int)audio->channels,
                    .format = s->format->container | subtype_of(s->bits)};
    SNDFILE *file = sf_open_fd(fd, SFM_WRITE, &info, 0);
    if (!file) {
        return tabor_fail(TABOR_ERR_INVALID, "%s: %s", s->path,
                          sf_strerror(NULL));
    }
    /* a PEAK chunk carries the time of day: the bytes would differ */
    sf_command(file, SFC_SET_ADD_PEAK_CHUNK, NULL, SF_FALSE);
    sf_command(file, SFC_SET_CLIPPING, NULL, SF_TRUE);
    sf_count_t frames = (sf_count_t)audio->frames;
    sf_count_t written = s->bits == 16 || s->bits == 24
                             ? write_integers(file, &s->conversion, audio)
                             : write_floats(file, audio);
    tabor_status st = TABOR_OK;
    if (written != frames) {
        st = tabor_fail(TABOR_ERR_IO, "%s: %s", s->path, sf_strerror(file));
    }
    if (sf_close(file) != 0 && st == TABOR_OK) {
        st = tabor_fail(TABOR_ERR_IO, "%s: writing failed", s->path);
    }
    return st;
}

/* libsndfile may call a full disk a success; the kernel knows. */
static tabor_status
finish(const char *path, const char *part, int fd)
{
    if (fsync(fd) != 0 && errno != EINVAL && errno != EROFS) {
        return tabor_fail(TABOR_ERR_IO, "%s: %s", path, strerror(errno));
    }
    if (rename(part, path) != 0) {
        return tabor_fail(TABOR_ERR_IO, "%s: %s", path, strerror(errno));
    }
    return TABOR_OK;
}

static tabor_status
check(const tabor_audio *audio, const char *path,
      const tabor_save_params *params, saving *s)
{
    if (params->struct_size != sizeof *params) {
        return tabor_fail(TABOR_ERR_INVALID,
                          "params.struct_size is not sizeof params: start from "
                          "TABOR_SAVE");
    }
    s->path = path;
    s->bits = params->bits;
    tabor_status st = find_format(path, &s->format);
    if (st != TABOR_OK ||
        (st = choose_bits(path, s->format, &s->bits)) != TABOR_OK) {
        return st;
    }
    s->conversion = (tabor_conversion){
        .format = s->bits == 16 ? TABOR_TO_S16 : TABOR_TO_S24_32,
        .dither = params->dither ? TABOR_DITHER_TPDF : TABOR_DITHER_OFF,
        .channels = audio->channels};
    return tabor_check_target(path);
}

/* part: its name while it is written */
static tabor_status
write_part(const tabor_audio *audio, const char *part, const saving *s)
{
    int fd = open(part, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    if (fd < 0) {
        return tabor_fail(errno == ENOENT ? TABOR_ERR_MISSING : TABOR_ERR_IO,
                          "%s: %s", s->path, strerror(errno));
    }
    sigset_t before;
    tabor_hold_file_signal(&before);
    tabor_status st = write_values(audio, fd, s);
    tabor_allow_file_signal(&before);
    if (st == TABOR_OK) {
        st = finish(s->path, part, fd);
    }
    if (st != TABOR_OK) {
        unlink(part);
    }
    close(fd);
    return st;
}

TABOR_API tabor_status
tabor_audio_save_as(const tabor_audio *audio, const char *path,
                    const tabor_save_params *params)
{
    const tabor_save_params defaults = TABOR_SAVE;
    saving s;
    tabor_status st = check(audio, path, params ? params : &defaults, &s);
    if (st != TABOR_OK) {
        return st;
    }
    size_t size = strlen(path) + 32;
    char *part = malloc(size);
    if (!part) {
        return tabor_fail(TABOR_ERR_NO_MEMORY, "%s: no memory", path);
    }
    snprintf(part, size, "%s.%ld.part", path, (long)getpid());
    st = write_part(audio, part, &s);
    free(part);
    return st;
}

TABOR_API tabor_status
tabor_audio_save(const tabor_audio *audio, const char *path)
{
    return tabor_audio_save_as(audio, path, NULL);
}
