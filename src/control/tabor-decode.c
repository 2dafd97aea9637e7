/* SPDX-License-Identifier: MIT
 *
 * The decoding worker: one sound file in, one answer out, in a jail.
 *
 *   tabor-decode RATE HOST     the rate to resample to, 0 = the file's own;
 *                              the process that started us
 *
 * Started by worker.c only. Exit status 0: an answer was sent.
 */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "control/answer.h"
#include "control/decode.h"
#include "control/jail.h"

/* libsndfile looks beside an MP3 for the other half that files have on a
 * Macintosh. Here it finds nothing; asking the kernel would be its death. */
TABOR_API int
open(const char *path, int flags, ...)
{
    (void)path;
    (void)flags;
    errno = ENOENT;
    return -1;
}

#ifdef __GLIBC__
TABOR_API int
open64(const char *path, int flags, ...)
{
    return open(path, flags);
}
#endif

static int
send_no_jail(const char *what)
{
    tabor_answer a = {.magic = TABOR_ANSWER_MAGIC,
                      .version = TABOR_ANSWER_VERSION,
                      .kind = TABOR_ANSWER_NO_JAIL};
    snprintf(a.text, sizeof a.text, "%s: %s", what, strerror(errno));
    return tabor_answer_send(TABOR_WORKER_ANSWER, &a, NULL);
}

static int
send_decoded(uint32_t rate)
{
    struct stat info;
    if (fstat(TABOR_WORKER_FILE, &info) != 0) {
        return -1;
    }
    tabor_audio *audio = NULL;
    tabor_status st =
        tabor_decode(TABOR_WORKER_FILE, (uint64_t)info.st_size, rate, &audio);
    return tabor_answer_send_result(TABOR_WORKER_ANSWER, st, audio);
}

static int
work(uint32_t rate)
{
    if (tabor_jail_limit() != 0) {
        return send_no_jail("resource limits");
    }
    if (tabor_jail_shut() != 0) {
        return send_no_jail("system call filter");
    }
    return send_decoded(rate);
}

int
main(int count, char **words)
{
    if (count != 3) {
        fputs("tabor-decode is a part of libtabor, which starts it\n", stderr);
        return 2;
    }
    if (tabor_jail_tie((pid_t)strtol(words[2], NULL, 10)) != 0 ||
        tabor_jail_close_from(TABOR_WORKER_ANSWER + 1) != 0) {
        return 1;
    }
    /* no handler of any library has business now */
    _exit(work((uint32_t)strtoul(words[1], NULL, 10)) == 0 ? 0 : 1);
}
