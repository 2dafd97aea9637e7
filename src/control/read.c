/* SPDX-License-Identifier: MIT
 *
 * Sound files in. We open the file ourselves, so that only a regular file of a
 * bearable size reaches a decoder, and choose where that runs.
 */
#include "config.h"

#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

#include "control/decode.h"
#include "control/files.h"
#include "control/status.h"
#include "control/worker.h"

static tabor_status
check_params(const tabor_read_params *params)
{
    if (params->struct_size != sizeof *params) {
        return tabor_fail(TABOR_ERR_INVALID,
                          "params.struct_size is not sizeof params: start from "
                          "TABOR_READ");
    }
    if (params->rate &&
        (params->rate < TABOR_MIN_RATE || params->rate > TABOR_MAX_RATE)) {
        return tabor_fail(TABOR_ERR_INVALID,
                          "rate is %" PRIu32 " Hz; %d to %d can be used",
                          params->rate, TABOR_MIN_RATE, TABOR_MAX_RATE);
    }
    return TABOR_OK;
}

static tabor_status
check_size(uint64_t size)
{
    if (size == 0) {
        return tabor_fail(TABOR_ERR_DECODE, "the file is empty");
    }
    if (size > TABOR_MAX_FILE) {
        return tabor_fail(TABOR_ERR_LIMIT,
                          "%" PRIu64 " bytes; the limit is %llu MiB a file",
                          size, TABOR_MAX_FILE >> 20);
    }
    return TABOR_OK;
}

static tabor_status
decode(int fd, uint64_t size, const tabor_read_params *params,
       tabor_audio **audio)
{
    tabor_status st = check_size(size);
    if (st != TABOR_OK) {
        return st;
    }
    return params->trusted ? tabor_decode(fd, size, params->rate, audio)
                           : tabor_worker_decode(fd, params->rate, audio);
}

/* Put the file's name in front of the sentence. */
static tabor_status
fail_named(tabor_status status, const char *path)
{
    char sentence[1024];
    snprintf(sentence, sizeof sentence, "%s", tabor_error());
    return tabor_fail(status, "%s: %s", path, sentence);
}

TABOR_API tabor_status
tabor_audio_read_as(const char *path, const tabor_read_params *params,
                    tabor_audio **audio)
{
    const tabor_read_params defaults = TABOR_READ;
    params = params ? params : &defaults;
    int fd = -1;
    uint64_t size = 0;
    tabor_status st = check_params(params);
    if (st != TABOR_OK ||
        (st = tabor_open_regular(path, &fd, &size)) != TABOR_OK) {
        return st;
    }
    st = decode(fd, size, params, audio);
    close(fd);
    return st == TABOR_OK ? st : fail_named(st, path);
}

TABOR_API tabor_status
tabor_audio_read(const char *path, tabor_audio **audio)
{
    return tabor_audio_read_as(path, NULL, audio);
}
