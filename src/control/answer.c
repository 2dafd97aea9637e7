/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "control/answer.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "control/audio.h"
#include "control/status.h"

#define SEALS (F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE)

/* Kernels may insist that a memory file says it will hold no program, and old
 * ones do not know how. */
#ifndef MFD_NOEXEC_SEAL
#define MFD_NOEXEC_SEAL 0x0008U
#endif

tabor_status
tabor_answer_open(int *fd)
{
    const unsigned flags = MFD_CLOEXEC | MFD_ALLOW_SEALING;
    int f = memfd_create("tabor-sound", flags | MFD_NOEXEC_SEAL);
    if (f < 0 && errno == EINVAL) {
        f = memfd_create("tabor-sound", flags);
    }
    if (f < 0) {
        return tabor_fail(TABOR_ERR_IO, "no memory file: %s", strerror(errno));
    }
    *fd = f;
    return TABOR_OK;
}

/* -------------------------------------------------------------- worker -- */

static int
write_all(int fd, const void *bytes, size_t n)
{
    const char *at = bytes;
    while (n) {
        ssize_t done = write(fd, at, n);
        if (done < 0 && errno != EINTR) {
            return -1;
        }
        if (done > 0) {
            at += done;
            n -= (size_t)done;
        }
    }
    return 0;
}

int
tabor_answer_send(int fd, const tabor_answer *answer, const tabor_audio *audio)
{
    if (write_all(fd, answer, sizeof *answer) < 0 ||
        (audio &&
         write_all(fd, audio->values,
                   audio->frames * audio->channels * sizeof(float)) < 0)) {
        return -1;
    }
    return fcntl(fd, F_ADD_SEALS, SEALS | F_SEAL_SEAL);
}

int
tabor_answer_send_result(int fd, tabor_status status, const tabor_audio *audio)
{
    tabor_answer a = {.magic = TABOR_ANSWER_MAGIC,
                      .version = TABOR_ANSWER_VERSION,
                      .status = status};
    if (status != TABOR_OK) {
        a.kind = TABOR_ANSWER_REFUSED;
        snprintf(a.text, sizeof a.text, "%s", tabor_error());
        return tabor_answer_send(fd, &a, NULL);
    }
    a.kind = TABOR_ANSWER_SOUND;
    a.frames = audio->frames;
    a.channels = audio->channels;
    a.rate = audio->rate;
    a.loop_start = audio->loop_start;
    a.loop_end = audio->loop_end;
    return tabor_answer_send(fd, &a, audio);
}

/* ---------------------------------------------------------------- host -- */

static tabor_status
fail_lie(const char *what)
{
    return tabor_fail(TABOR_ERR_DECODE,
                      "the decoder's answer makes no sense (%s): it was "
                      "not believed",
                      what);
}

/* A copy, not a mapping: what we look at can't change under our eyes. */
static int
read_all(int fd, uint64_t at, void *bytes, size_t n)
{
    for (char *to = bytes; n;) {
        ssize_t got = pread(fd, to, n, (off_t)at);
        if (got == 0 || (got < 0 && errno != EINTR)) {
            return -1;
        }
        if (got > 0) {
            to += got;
            at += (uint64_t)got;
            n -= (size_t)got;
        }
    }
    return 0;
}

/* Plain text of one line, whatever it was. */
static void
make_printable(char *text, size_t size)
{
    text[size - 1] = '\0';
    for (char *c = text; *c; c++) {
        *c = *c >= ' ' && *c <= '~' ? *c : '?';
    }
}

static tabor_status
pass_refusal(tabor_answer *a)
{
    make_printable(a->text, sizeof a->text);
    if (a->kind == TABOR_ANSWER_NO_JAIL) {
        return tabor_fail(TABOR_ERR_DECODE,
                          "this system gives its decoder no jail (%s): change "
                          "that, or load the file as trusted: then it is "
                          "decoded in this process",
                          a->text);
    }
    if (a->status != TABOR_ERR_DECODE && a->status != TABOR_ERR_LIMIT &&
        a->status != TABOR_ERR_NO_MEMORY) {
        return fail_lie("status");
    }
    if (!*a->text) {
        return fail_lie("text");
    }
    return tabor_fail((tabor_status)a->status, "%s", a->text);
}

static tabor_status
check_sound(const tabor_answer *a, uint64_t size)
{
    if (tabor_audio_check_shape("it", a->frames, a->channels, a->rate) !=
        TABOR_OK) {
        return fail_lie("shape");
    }
    if (size != sizeof *a + a->frames * a->channels * sizeof(float)) {
        return fail_lie("size");
    }
    if (a->loop_end > a->frames ||
        (a->loop_end ? a->loop_start >= a->loop_end : a->loop_start)) {
        return fail_lie("loop");
    }
    return TABOR_OK;
}

static int
all_finite(const float *values, uint64_t n)
{
    uint32_t found = 0;
    for (uint64_t i = 0; i < n; i++) {
        uint32_t bits;
        memcpy(&bits, &values[i], sizeof bits);
        found |= (bits & 0x7f800000u) == 0x7f800000u;
    }
    return !found;
}

static tabor_status
take_sound(int fd, const tabor_answer *a, tabor_audio **audio)
{
    tabor_audio *sound;
    tabor_status st = tabor_audio_new(a->frames, a->channels, a->rate, &sound);
    if (st != TABOR_OK) {
        return st;
    }
    const uint64_t values = a->frames * a->channels;
    if (read_all(fd, sizeof *a, sound->values, values * sizeof(float)) < 0) {
        st = tabor_fail(TABOR_ERR_IO, "the decoded sound: %s", strerror(errno));
    } else if (!all_finite(sound->values, values)) {
        st = fail_lie("values");
    }
    if (st != TABOR_OK) {
        tabor_audio_free(sound);
        return st;
    }
    sound->loop_start = a->loop_start;
    sound->loop_end = a->loop_end;
    *audio = sound;
    return TABOR_OK;
}

/* Seals first: from then on its size is what it is.
 * size  out, bytes */
static tabor_status
read_header(int fd, tabor_answer *a, uint64_t *size)
{
    struct stat info;
    const int seals = fcntl(fd, F_GET_SEALS);
    if (fstat(fd, &info) != 0 || info.st_size == 0) {
        return tabor_fail(TABOR_ERR_DECODE, "its decoder gave no answer");
    }
    if (seals < 0 || (seals & SEALS) != SEALS) {
        return fail_lie("seals");
    }
    if ((uint64_t)info.st_size < sizeof *a ||
        read_all(fd, 0, a, sizeof *a) < 0) {
        return fail_lie("length");
    }
    if (a->magic != TABOR_ANSWER_MAGIC || a->version != TABOR_ANSWER_VERSION) {
        return tabor_fail(TABOR_ERR_DECODE,
                          "its decoder is not this Tabor's: reinstall Tabor");
    }
    *size = (uint64_t)info.st_size;
    return TABOR_OK;
}

tabor_status
tabor_answer_take(int fd, tabor_audio **audio)
{
    tabor_answer a;
    uint64_t size = 0;
    tabor_status st = read_header(fd, &a, &size);
    if (st != TABOR_OK) {
        return st;
    }
    switch (a.kind) {
    case TABOR_ANSWER_SOUND:
        st = check_sound(&a, size);
        return st == TABOR_OK ? take_sound(fd, &a, audio) : st;
    case TABOR_ANSWER_REFUSED:
    case TABOR_ANSWER_NO_JAIL:
        return pass_refusal(&a);
    default:
        return fail_lie("kind");
    }
}
