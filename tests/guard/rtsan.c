/* SPDX-License-Identifier: MIT
 *
 * Between libtabor and the runtime of clang's RealtimeSanitizer, which
 * tests/rt-rtsan.sh links to this. At exit it appends how many callbacks there
 * were to $TABOR_GUARD_REPORT.
 */
#include <fcntl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* the runtime's */
void __rtsan_init(void);
void __rtsan_realtime_enter(void);
void __rtsan_realtime_exit(void);

void tabor_watch_enter(int live, int wake_fd);
void tabor_watch_leave(void);

static _Atomic unsigned long callbacks;

void
tabor_watch_enter(int live, int wake_fd)
{
    (void)live;
    (void)wake_fd;
    atomic_fetch_add_explicit(&callbacks, 1, memory_order_relaxed);
    __rtsan_realtime_enter();
}

void
tabor_watch_leave(void)
{
    __rtsan_realtime_exit();
}

/* In a program it is started before all else, by a section that only programs
 * may have. */
__attribute__((constructor)) static void
begin(void)
{
    __rtsan_init();
}

__attribute__((destructor)) static void
end(void)
{
    const char *path = getenv("TABOR_GUARD_REPORT");
    char line[64];
    int length =
        snprintf(line, sizeof line, "guard callbacks=%lu\n", callbacks);
    int fd = path && callbacks ? open(path, O_WRONLY | O_APPEND | O_CREAT, 0666)
                               : -1;
    if (fd >= 0) {
        ssize_t ignored = write(fd, line, (size_t)length);
        (void)ignored;
        close(fd);
    }
}
