/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "control/trust.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#ifdef SYS_openat2
#include <linux/openat2.h>
#endif

#include "control/status.h"

/* ------------------------------------------------------------- judging -- */

/* Does the user have this group for himself, as many systems arrange it? By
 * name, because nobody can list all whose first group it is. */
static int
is_own_group(gid_t gid)
{
    char user_text[2048], group_text[8192];
    struct passwd user, *user_found = NULL;
    struct group group, *group_found = NULL;
    getpwuid_r(geteuid(), &user, user_text, sizeof user_text, &user_found);
    getgrgid_r(gid, &group, group_text, sizeof group_text, &group_found);
    if (!user_found || !group_found || user.pw_gid != gid ||
        strcmp(user.pw_name, group.gr_name) != 0) {
        return 0;
    }
    char **member = group.gr_mem;
    while (*member && strcmp(*member, user.pw_name) == 0) {
        member++;
    }
    return !*member;
}

static int
others_can_write(const struct stat *info)
{
    if (info->st_mode & S_IWOTH) {
        return 1;
    }
    return (info->st_mode & S_IWGRP) && info->st_gid != 0 &&
           !is_own_group(info->st_gid);
}

/* what: its path, for the error */
static tabor_status
check_owner(const struct stat *info, const char *what, const char *wanted)
{
    if (info->st_uid == 0 || info->st_uid == geteuid()) {
        return TABOR_OK;
    }
    return tabor_fail(TABOR_ERR_DEVICE,
                      "%s: not loaded, because %s belongs to user %u, who can "
                      "change what it does: chown it to root or yourself, or "
                      "move the driver",
                      wanted, what, (unsigned)info->st_uid);
}

static tabor_status
check_writers(const struct stat *info, const char *what, const char *wanted)
{
    if (!others_can_write(info)) {
        return TABOR_OK;
    }
    if (info->st_mode & S_ISVTX) {
        return tabor_fail(TABOR_ERR_DEVICE,
                          "%s: not loaded, because everybody may put files "
                          "into %s: move the driver into a folder of its own",
                          wanted, what);
    }
    return tabor_fail(TABOR_ERR_DEVICE,
                      "%s: not loaded, because other users can write to %s: "
                      "chmod go-w it, or move the driver",
                      wanted, what);
}

/* ------------------------------------------------------------- folders -- */

typedef enum place {
    PLACE_ABOVE,
    PLACE_ITSELF
} place;

static tabor_status
check_folder(int fd, place where, const char *path, const char *wanted)
{
    struct stat info;
    if (fstat(fd, &info) != 0) {
        return tabor_fail(TABOR_ERR_DEVICE, "%s: not loaded: %s: %s", wanted,
                          path, strerror(errno));
    }
    const tabor_status st = check_owner(&info, path, wanted);
    if (st == TABOR_OK && where == PLACE_ABOVE && (info.st_mode & S_ISVTX)) {
        return TABOR_OK; /* nobody can move what another has put there */
    }
    return st == TABOR_OK ? check_writers(&info, path, wanted) : st;
}

/* Go from the folder *fd into the one named name; path: all of the way. */
static tabor_status
step(int *fd, const char *name, const char *path, const char *wanted)
{
    const int next =
        openat(*fd, name, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (next < 0) {
        return tabor_fail(TABOR_ERR_DEVICE, "%s: not loaded: %s: %s", wanted,
                          path, strerror(errno));
    }
    close(*fd);
    *fd = next;
    return TABOR_OK;
}

/* Walk down an absolute path without links in it; path: is cut up. */
static tabor_status
walk(char *path, const char *wanted, int *fd)
{
    char *name = path + 1;
    tabor_status st =
        check_folder(*fd, *name ? PLACE_ABOVE : PLACE_ITSELF, "/", wanted);
    while (st == TABOR_OK && *name) {
        char *slash = strchr(name, '/');
        const place where = slash ? PLACE_ABOVE : PLACE_ITSELF;
        if (slash) {
            *slash = '\0';
        }
        if ((st = step(fd, name, path, wanted)) == TABOR_OK) {
            st = check_folder(*fd, where, path, wanted);
        }
        if (!slash) {
            break;
        }
        *slash = '/';
        name = slash + 1;
    }
    return st;
}

tabor_status
tabor_trust_folder(const char *folder, const char *wanted, int *fd)
{
    /* A link on the way may lead where it likes: where it leads is looked at,
     * and steps follow none that was put there since. */
    char *path = realpath(folder, NULL);
    if (!path) {
        return errno == ENOMEM
                   ? tabor_fail(TABOR_ERR_NO_MEMORY, "no memory for a path")
                   : tabor_fail(TABOR_ERR_DEVICE, "%s: %s", folder,
                                strerror(errno));
    }
    int at = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
    const tabor_status st =
        at < 0 ? tabor_fail(TABOR_ERR_DEVICE, "/: %s", strerror(errno))
               : walk(path, wanted, &at);
    free(path);
    if (st != TABOR_OK) {
        if (at >= 0) {
            close(at);
        }
        return st;
    }
    *fd = at;
    return TABOR_OK;
}

/* --------------------------------------------------------------- files -- */

static int
open_beneath(int folder, const char *name)
{
    const int flags = O_RDONLY | O_NONBLOCK | O_NOCTTY | O_NOFOLLOW | O_CLOEXEC;
#ifdef SYS_openat2
    const struct open_how how = {.flags = (unsigned)flags,
                                 .resolve =
                                     RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS};
    const long fd = syscall(SYS_openat2, folder, name, &how, sizeof how);
    if (fd >= 0 || errno == ELOOP) {
        return (int)fd;
    }
#endif
    return openat(folder, name, flags); /* an old kernel, or a filter in it */
}

static tabor_status
check_file(const struct stat *info, const char *wanted)
{
    if (S_ISDIR(info->st_mode)) {
        return tabor_fail(TABOR_ERR_DEVICE, "%s: is a directory, not a driver",
                          wanted);
    }
    if (!S_ISREG(info->st_mode)) {
        return tabor_fail(TABOR_ERR_DEVICE, "%s: is not a regular file",
                          wanted);
    }
    const tabor_status st = check_owner(info, wanted, wanted);
    return st == TABOR_OK ? check_writers(info, wanted, wanted) : st;
}

tabor_status
tabor_trust_file(int folder, const char *name, const char *wanted, int *fd)
{
    const int file = open_beneath(folder, name);
    if (file < 0 && errno == ELOOP) {
        return tabor_fail(TABOR_ERR_DEVICE,
                          "%s: is a link, and links are not followed: put the "
                          "driver itself there",
                          wanted);
    }
    struct stat info;
    if (file < 0 || fstat(file, &info) != 0) {
        return tabor_fail(TABOR_ERR_DEVICE, "%s: %s", wanted, strerror(errno));
    }
    const tabor_status st = check_file(&info, wanted);
    if (st != TABOR_OK) {
        close(file);
        return st;
    }
    *fd = file;
    return TABOR_OK;
}
