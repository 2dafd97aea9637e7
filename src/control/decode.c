/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "control/decode.h"

#include <inttypes.h>
#include <sndfile.h>

#include "control/audio.h"
#include "control/kind.h"
#include "control/status.h"

/* Frames decoded at once. */
#define CHUNK 65536

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

/* Returns the frames that came. */
static uint64_t
read_values(SNDFILE *file, const tabor_audio *out)
{
    uint64_t got = 0;
    while (got < out->frames) {
        sf_count_t left = (sf_count_t)(out->frames - got);
        sf_count_t n = sf_readf_float(file, out->values + got * out->channels,
                                      left < CHUNK ? left : CHUNK);
        if (n <= 0) {
            break;
        }
        got += (uint64_t)n;
    }
    return got;
}

/* Read to the end into out, which has room for the frames that it promises. */
static tabor_status
read_sound(SNDFILE *file, tabor_kind_of_file kind, tabor_audio *out)
{
    uint64_t promised = out->frames, got = read_values(file, out);
    if (sf_error(file) != SF_ERR_NO_ERROR) {
        return tabor_fail(TABOR_ERR_DECODE,
                          "damaged after %" PRIu64 " frames: %s", got,
                          sf_strerror(file));
    }
    /* MPEG and Ogg streams are cut anywhere by their nature; their headers'
     * lengths are estimates */
    if (got < promised && kind != TABOR_FILE_OGG && kind != TABOR_FILE_MP3) {
        return tabor_fail(TABOR_ERR_DECODE,
                          "truncated: its header promises %" PRIu64
                          " frames, %" PRIu64 " are there",
                          promised, got);
    }
    out->frames = got;
    read_loop(file, out);
    tabor_audio_silence_unsound(out);
    return TABOR_OK;
}

static tabor_status
decode_opened(SNDFILE *file, const SF_INFO *info, tabor_kind_of_file kind,
              tabor_audio **audio)
{
    if (info->frames <= 0) {
        return tabor_fail(TABOR_ERR_DECODE, "there is no sound in it");
    }
    if (info->frames == SF_COUNT_MAX) { /* a FLAC that came through a pipe */
        return tabor_fail(TABOR_ERR_DECODE,
                          "its header does not say how long it is: write it "
                          "anew, to a file and not through a pipe");
    }
    tabor_status st = tabor_audio_check_shape("it", (uint64_t)info->frames,
                                              (uint32_t)info->channels,
                                              (uint32_t)info->samplerate);
    tabor_audio *a = NULL;
    if (st != TABOR_OK ||
        (st = tabor_audio_new((uint64_t)info->frames, (uint32_t)info->channels,
                              (uint32_t)info->samplerate, &a)) != TABOR_OK) {
        return st;
    }
    if ((st = read_sound(file, kind, a)) != TABOR_OK) {
        tabor_audio_free(a);
        return st;
    }
    *audio = a;
    return TABOR_OK;
}

static tabor_status
decode_at_own_rate(int fd, uint64_t size, tabor_audio **audio)
{
    tabor_kind_of_file kind = tabor_kind_of(fd);
    if (kind == TABOR_FILE_UNKNOWN) {
        return tabor_fail(TABOR_ERR_DECODE,
                          "not a sound file that Tabor reads: WAV, AIFF, FLAC, "
                          "Ogg Vorbis, Opus or MP3");
    }
    if (tabor_file_is_cut(fd, size)) {
        return tabor_fail(TABOR_ERR_DECODE, "truncated: its header promises "
                                            "more sound than there is");
    }
    SF_INFO info = {0};
    SNDFILE *file = sf_open_fd(fd, SFM_READ, &info, 0);
    if (!file) {
        return tabor_fail(TABOR_ERR_DECODE, "not a sound file: %s",
                          sf_strerror(NULL));
    }
    tabor_status st = decode_opened(file, &info, kind, audio);
    sf_close(file);
    return st;
}

tabor_status
tabor_decode(int fd, uint64_t size, uint32_t rate, tabor_audio **audio)
{
    tabor_audio *own = NULL, *resampled = NULL;
    tabor_status st = decode_at_own_rate(fd, size, &own);
    if (st != TABOR_OK) {
        return st;
    }
    if (rate == 0 || rate == own->rate) {
        *audio = own;
        return TABOR_OK;
    }
    st = tabor_audio_resample(own, rate, &resampled);
    tabor_audio_free(own);
    if (st != TABOR_OK) {
        return st;
    }
    if (resampled->frames == 0) {
        tabor_audio_free(resampled);
        return tabor_fail(TABOR_ERR_DECODE,
                          "too short for a frame at %" PRIu32 " Hz", rate);
    }
    *audio = resampled;
    return TABOR_OK;
}
