/* SPDX-License-Identifier: MIT
 *
 * Sound files out: beside the target first, then renamed.
 */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <sndfile.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "control/files.h"
#include "control/status.h"

static const struct {
    const char *ending;
    int format;
} formats[] = {
    {".wav", SF_FORMAT_WAV | SF_FORMAT_FLOAT},
    {".aiff", SF_FORMAT_AIFF | SF_FORMAT_FLOAT},
    {".aif", SF_FORMAT_AIFF | SF_FORMAT_FLOAT},
    {".flac", SF_FORMAT_FLAC | SF_FORMAT_PCM_24},
    {".ogg", SF_FORMAT_OGG | SF_FORMAT_VORBIS},
};

static int
format_of(const char *path)
{
    const char *ending = strrchr(path, '.');
    for (size_t i = 0; ending && i < sizeof formats / sizeof *formats; i++) {
        if (strcasecmp(ending, formats[i].ending) == 0) {
            return formats[i].format;
        }
    }
    return 0;
}

static tabor_status
write_values(const tabor_audio *audio, const char *path, int fd, int format)
{
    SF_INFO info = {.samplerate = (int)audio->rate,
                    .channels = (int)audio->channels,
                    .format = format};
    SNDFILE *file = sf_open_fd(fd, SFM_WRITE, &info, 0);
    if (!file) {
        return tabor_fail(TABOR_ERR_INVALID, "%s: %s", path, sf_strerror(NULL));
    }
    /* a PEAK chunk carries the time of day: the bytes would differ */
    sf_command(file, SFC_SET_ADD_PEAK_CHUNK, NULL, SF_FALSE);
    sf_command(file, SFC_SET_CLIPPING, NULL, SF_TRUE);
    sf_count_t frames = (sf_count_t)audio->frames;
    sf_count_t written = sf_writef_float(file, audio->values, frames);
    tabor_status st = TABOR_OK;
    if (written != frames) {
        st = tabor_fail(TABOR_ERR_IO, "%s: %s", path, sf_strerror(file));
    }
    if (sf_close(file) != 0 && st == TABOR_OK) {
        st = tabor_fail(TABOR_ERR_IO, "%s: writing failed", path);
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

TABOR_API tabor_status
tabor_audio_save(const tabor_audio *audio, const char *path)
{
    int format = format_of(path);
    if (!format) {
        return tabor_fail(TABOR_ERR_INVALID,
                          "%s: the ending chooses the format: .wav, .aiff, "
                          ".flac or .ogg",
                          path);
    }
    tabor_status st = tabor_check_target(path);
    if (st != TABOR_OK) {
        return st;
    }
    size_t size = strlen(path) + 32;
    char *part = malloc(size);
    if (!part) {
        return tabor_fail(TABOR_ERR_NO_MEMORY, "%s: no memory", path);
    }
    snprintf(part, size, "%s.%ld.part", path, (long)getpid());
    int fd = open(part, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    if (fd < 0) {
        st = tabor_fail(errno == ENOENT ? TABOR_ERR_MISSING : TABOR_ERR_IO,
                        "%s: %s", path, strerror(errno));
        free(part);
        return st;
    }
    st = write_values(audio, path, fd, format);
    if (st == TABOR_OK) {
        st = finish(path, part, fd);
    }
    if (st != TABOR_OK) {
        unlink(part);
    }
    close(fd);
    free(part);
    return st;
}
