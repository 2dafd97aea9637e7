/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "control/files.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "control/status.h"

/* What is wrong with it, or NULL. */
static const char *
fault_of(const struct stat *info)
{
    if (S_ISDIR(info->st_mode)) {
        return strerror(EISDIR);
    }
    return S_ISREG(info->st_mode) ? NULL : "not a regular file";
}

tabor_status
tabor_open_regular(const char *path, int *descriptor, uint64_t *size)
{
    int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
    if (fd < 0) {
        int missing = errno == ENOENT || errno == ENOTDIR;
        return tabor_fail(missing ? TABOR_ERR_MISSING : TABOR_ERR_IO, "%s: %s",
                          path, strerror(errno));
    }
    struct stat info;
    const char *fault =
        fstat(fd, &info) == 0 ? fault_of(&info) : strerror(errno);
    if (fault) {
        close(fd);
        return tabor_fail(TABOR_ERR_IO, "%s: %s", path, fault);
    }
    *descriptor = fd;
    *size = (uint64_t)info.st_size;
    return TABOR_OK;
}

tabor_status
tabor_check_target(const char *path)
{
    struct stat info;
    const char *fault = stat(path, &info) == 0 ? fault_of(&info) : NULL;
    return fault ? tabor_fail(TABOR_ERR_IO, "%s: %s", path, fault) : TABOR_OK;
}

void
tabor_hold_file_signal(sigset_t *before)
{
    sigset_t file;
    sigemptyset(&file);
    sigaddset(&file, SIGXFSZ);
    pthread_sigmask(SIG_BLOCK, &file, before);
}

void
tabor_allow_file_signal(const sigset_t *before)
{
    sigset_t file;
    sigemptyset(&file);
    sigaddset(&file, SIGXFSZ);
    if (!sigismember(before, SIGXFSZ)) {
        /* one that came is ours: it would be delivered now */
        sigtimedwait(&file, NULL, &(struct timespec){0, 0});
    }
    pthread_sigmask(SIG_SETMASK, before, NULL);
}
