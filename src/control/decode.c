/* SPDX-License-Identifier: MIT
 *
 * Sound files in. We open the file ourselves, so that only a regular file
 * reaches libsndfile; it decodes, and its claims are checked before memory is
 * taken.
 */
#include "config.h"

#include <inttypes.h>
#include <math.h>
#include <sndfile.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "control/audio.h"
#include "control/files.h"
#include "control/status.h"

/* Frames decoded at once. */
#define CHUNK 65536

static uint32_t
little_endian(const unsigned char *bytes)
{
    return bytes[0] | (uint32_t)bytes[1] << 8 | (uint32_t)bytes[2] << 16 |
           (uint32_t)bytes[3] << 24;
}

/* Is the data chunk of a WAV longer than the file? libsndfile would play what
 * is there and say nothing. Programs that write to a pipe put a length that
 * they can't know: 0, or one near 2^31 or 2^32. */
static int
wav_is_cut(int fd, uint64_t size)
{
    unsigned char h[12];
    if (pread(fd, h, 12, 0) != 12 || memcmp(h, "RIFF", 4) != 0 ||
        memcmp(h + 8, "WAVE", 4) != 0) {
        return 0;
    }
    for (uint64_t at = 12; pread(fd, h, 8, (off_t)at) == 8;) {
        uint32_t length = little_endian(h + 4);
        if (memcmp(h, "data", 4) == 0) {
            return length < 0x7ff00000 && at + 8 + length > size;
        }
        at += 8 + (uint64_t)length + (length & 1);
    }
    return 0;
}

static void
silence_the_unsound(float *values, uint64_t n)
{
    for (uint64_t i = 0; i < n; i++) {
        if (!isfinite(values[i])) {
            values[i] = 0.0f;
        }
    }
}

/* MPEG and Ogg streams are cut anywhere by their nature; their headers'
 * lengths are estimates. */
static int
length_is_a_promise(const SF_INFO *info)
{
    int kind = info->format & SF_FORMAT_TYPEMASK;
    return kind != SF_FORMAT_OGG && kind != 0x230000; /* SF_FORMAT_MPEG */
}

/* The first loop of a WAV's smpl chunk (or AIFF's INST). libsndfile gives its
 * end as one past the last frame. */
static void
read_loop(SNDFILE *file, tabor_audio *out)
{
    SF_INSTRUMENT instrument;
    if (sf_command(file, SFC_GET_INSTRUMENT, &instrument, sizeof instrument) ==
            SF_TRUE &&
        instrument.loop_count > 0 &&
        instrument.loops[0].start < instrument.loops[0].end &&
        instrument.loops[0].end <= out->frames) {
        out->loop_start = instrument.loops[0].start;
        out->loop_end = instrument.loops[0].end;
    }
}

/* Read to the end into out, which has room for info->frames. */
static tabor_status
read_frames(const char *path, SNDFILE *file, const SF_INFO *info,
            tabor_audio *out)
{
    uint64_t promised = out->frames, got = 0;
    while (got < promised) {
        sf_count_t want = (sf_count_t)(promised - got);
        sf_count_t n = sf_readf_float(file, out->values + got * out->channels,
                                      want < CHUNK ? want : CHUNK);
        if (n <= 0) {
            break;
        }
        got += (uint64_t)n;
    }
    if (sf_error(file) != SF_ERR_NO_ERROR) {
        return tabor_fail(TABOR_ERR_DECODE,
                          "%s: damaged after %" PRIu64 " frames: %s", path, got,
                          sf_strerror(file));
    }
    if (got < promised && length_is_a_promise(info)) {
        return tabor_fail(TABOR_ERR_DECODE,
                          "%s: truncated: its header promises %" PRIu64
                          " frames, %" PRIu64 " are there",
                          path, promised, got);
    }
    out->frames = got;
    read_loop(file, out);
    silence_the_unsound(out->values, got * out->channels);
    return TABOR_OK;
}

static tabor_status
decode(const char *path, SNDFILE *file, const SF_INFO *info,
       tabor_audio **audio)
{
    if (info->frames <= 0) {
        return tabor_fail(TABOR_ERR_DECODE, "%s: there is no sound in it",
                          path);
    }
    tabor_status st = tabor_audio_check_shape(path, (uint64_t)info->frames,
                                              (uint32_t)info->channels,
                                              (uint32_t)info->samplerate);
    if (st != TABOR_OK) {
        return st;
    }
    tabor_audio *a;
    st = tabor_audio_new((uint64_t)info->frames, (uint32_t)info->channels,
                         (uint32_t)info->samplerate, &a);
    if (st != TABOR_OK) {
        return st;
    }
    if ((st = read_frames(path, file, info, a)) != TABOR_OK) {
        tabor_audio_free(a);
        return st;
    }
    *audio = a;
    return TABOR_OK;
}

TABOR_API tabor_status
tabor_audio_read(const char *path, tabor_audio **audio)
{
    int fd = -1;
    uint64_t size = 0;
    tabor_status st = tabor_open_regular(path, &fd, &size);
    if (st != TABOR_OK) {
        return st;
    }
    if (size == 0 || size > TABOR_MAX_FILE) {
        close(fd);
        return size ? tabor_fail(TABOR_ERR_LIMIT,
                                 "%s: %" PRIu64
                                 " bytes; the limit is %llu MiB a file",
                                 path, size, TABOR_MAX_FILE >> 20)
                    : tabor_fail(TABOR_ERR_DECODE, "%s: the file is empty",
                                 path);
    }
    SF_INFO info = {0};
    SNDFILE *file = sf_open_fd(fd, SFM_READ, &info, 0);
    if (!file) {
        st = tabor_fail(TABOR_ERR_DECODE, "%s: not a sound file: %s", path,
                        sf_strerror(NULL));
        close(fd);
        return st;
    }
    if (wav_is_cut(fd, size)) {
        st = tabor_fail(TABOR_ERR_DECODE,
                        "%s: truncated: its header promises more sound than "
                        "there is",
                        path);
    } else {
        st = decode(path, file, &info, audio);
    }
    sf_close(file);
    close(fd);
    return st;
}
