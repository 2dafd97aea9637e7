/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "control/worker.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <spawn.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "control/answer.h"
#include "control/jail.h"
#include "control/status.h"
#include "control/worker_path.h"

#define CURE                                                                   \
    "reinstall Tabor, or load the file as trusted: then it is decoded in "     \
    "this process"

/* How long a killed worker may take to end; one that hangs in the kernel, on a
 * dead network share, is left behind. */
#define BURIAL_MS 2000

/* How often we look where the kernel can't wake us. */
#define LOOK_MS 2

_Atomic uint32_t tabor_worker_patience_ms = TABOR_MAX_DECODE_MS;

/* --------------------------------------------------------------- start -- */

/* The descriptors that a worker gets are put in their places by dup2() one
 * after the other: out of the way with those that are there. */
static int
copy_above(int fd)
{
    return fcntl(fd, F_DUPFD_CLOEXEC, TABOR_WORKER_ANSWER + 1);
}

/* What the host has done to itself is not for the worker: signals that it
 * ignores or blocks, its terminal and its process group, its priority. */
static int
set_attributes(posix_spawnattr_t *attributes)
{
    sigset_t all, none;
    const struct sched_param ordinary = {.sched_priority = 0};
    const int policy = sched_getscheduler(0);
    short flags =
        POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSID;
    sigfillset(&all);
    sigemptyset(&none);
    posix_spawnattr_setsigdefault(attributes, &all);
    posix_spawnattr_setsigmask(attributes, &none);
    if (policy == SCHED_FIFO || policy == SCHED_RR) {
        posix_spawnattr_setschedpolicy(attributes, SCHED_OTHER);
        posix_spawnattr_setschedparam(attributes, &ordinary);
        flags |= POSIX_SPAWN_SETSCHEDULER;
    }
    return posix_spawnattr_setflags(attributes, flags);
}

static int
set_descriptors(posix_spawn_file_actions_t *actions, int file, int answer)
{
    int error =
        posix_spawn_file_actions_addopen(actions, 0, "/dev/null", O_RDWR, 0);
    error |= posix_spawn_file_actions_adddup2(actions, 0, 1);
    error |= posix_spawn_file_actions_adddup2(actions, 0, 2);
    error |= posix_spawn_file_actions_adddup2(actions, file, TABOR_WORKER_FILE);
    error |=
        posix_spawn_file_actions_adddup2(actions, answer, TABOR_WORKER_ANSWER);
    return error;
}

/* Never fork(): the host has threads, and an audio thread whose pages would
 * have to be copied. Returns 0 or an error number. */
static int
start(const char *program, uint32_t rate, int file, int answer, pid_t *pid)
{
    char rate_word[16], host_word[16];
    snprintf(rate_word, sizeof rate_word, "%" PRIu32, rate);
    snprintf(host_word, sizeof host_word, "%ld", (long)getpid());
    char *words[] = {(char *)program, rate_word, host_word, NULL};
    char *no_environment[] = {NULL};
    posix_spawnattr_t attributes;
    posix_spawn_file_actions_t actions;
    if (posix_spawnattr_init(&attributes) != 0) {
        return ENOMEM;
    }
    int error = posix_spawn_file_actions_init(&actions);
    if (!error) {
        error = set_attributes(&attributes);
        error = error ? error : set_descriptors(&actions, file, answer);
        error = error ? error
                      : posix_spawn(pid, program, &actions, &attributes, words,
                                    no_environment);
        posix_spawn_file_actions_destroy(&actions);
    }
    posix_spawnattr_destroy(&attributes);
    return error;
}

static tabor_status
fail_start(const char *program, int error)
{
    if (error == EAGAIN || error == ENOMEM || error == EMFILE ||
        error == ENFILE) {
        return tabor_fail(TABOR_ERR_IO, "no process to decode it: %s",
                          strerror(error));
    }
    return tabor_fail(TABOR_ERR_DECODE,
                      "its decoder %s does not start (%s): " CURE, program,
                      strerror(error));
}

/* ----------------------------------------------------------------- end -- */

/* Is it our child, and has it not ended? A host that ignores SIGCHLD or waits
 * for all its children leaves us none to ask about. */
static int
is_running(pid_t pid)
{
    siginfo_t info = {.si_pid = 0};
    return waitid(P_PID, (id_t)pid, &info, WEXITED | WNOHANG | WNOWAIT) == 0 &&
           info.si_pid == 0;
}

/* Returns 1 once it has ended, 0 if it has not after so long. */
static int
wait_for_end(pid_t pid, int pidfd, uint32_t patience_ms)
{
    const uint64_t until = tabor_now_ns() + patience_ms * UINT64_C(1000000);
    while (is_running(pid)) {
        const uint64_t now = tabor_now_ns();
        if (now >= until) {
            return 0;
        }
        struct pollfd watched = {.fd = pidfd, .events = POLLIN};
        const int left = (int)((until - now) / 1000000 + 1);
        poll(&watched, 1, pidfd < 0 ? LOOK_MS : left);
    }
    return 1;
}

/* How a worker ended. */
typedef enum worker_end {
    END_EXITED,  /* code: its status */
    END_KILLED,  /* code: the signal */
    END_UNKNOWN, /* somebody else was told */
    END_TOO_LATE /* we killed it; code: the time it had, ms */
} worker_end;

/* Wait, kill, bury.  code: out */
static worker_end
finish(pid_t pid, uint32_t *code)
{
    const uint32_t patience_ms =
        atomic_load_explicit(&tabor_worker_patience_ms, memory_order_relaxed);
    const int pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
    const int is_late = !wait_for_end(pid, pidfd, patience_ms);
    if (is_late && is_running(pid)) {
        kill(pid, SIGKILL);
        wait_for_end(pid, pidfd, BURIAL_MS);
    }
    if (pidfd >= 0) {
        close(pidfd);
    }
    int status = 0;
    const pid_t buried = waitpid(pid, &status, WNOHANG);
    *code = patience_ms;
    if (is_late) {
        return END_TOO_LATE;
    }
    if (buried != pid) {
        return END_UNKNOWN;
    }
    *code = (uint32_t)(WIFSIGNALED(status) ? WTERMSIG(status)
                                           : WEXITSTATUS(status));
    return WIFSIGNALED(status) ? END_KILLED : END_EXITED;
}

static tabor_status
fail_signal(int number)
{
    switch (number) {
    case SIGXCPU:
        return tabor_fail(TABOR_ERR_LIMIT,
                          "decoding it takes more than %d s of processor time",
                          TABOR_MAX_DECODE_CPU_S);
    case SIGSYS:
        return tabor_fail(TABOR_ERR_DECODE,
                          "its decoder asked the system for what no decoder "
                          "needs, and was killed");
    case SIGKILL:
        return tabor_fail(TABOR_ERR_DECODE,
                          "its decoder was killed; is memory short?");
    default:
        return tabor_fail(TABOR_ERR_DECODE, "its decoder crashed on it: %s",
                          strsignal(number));
    }
}

static tabor_status
judge(const char *program, worker_end end, uint32_t code)
{
    switch (end) {
    case END_KILLED:
        return fail_signal((int)code);
    case END_TOO_LATE:
        return tabor_fail(TABOR_ERR_DECODE,
                          "decoding it takes more than %" PRIu32 ".%" PRIu32
                          " s, and was given up",
                          code / 1000, code % 1000 / 100);
    case END_EXITED:
        if (code != 0) {
            return tabor_fail(TABOR_ERR_DECODE,
                              "its decoder %s fails with status %" PRIu32
                              ": " CURE,
                              program, code);
        }
        return TABOR_OK;
    case END_UNKNOWN:
        return TABOR_OK; /* the answer will tell */
    }
    return TABOR_OK;
}

/* ---------------------------------------------------------------- both -- */

static tabor_status
run(const char *program, int fd, int answer, uint32_t rate)
{
    const int file = copy_above(fd), copy = copy_above(answer);
    pid_t pid = 0;
    int error = file < 0 || copy < 0 ? errno : 0;
    if (!error) {
        error = start(program, rate, file, copy, &pid);
    }
    if (file >= 0) {
        close(file);
    }
    if (copy >= 0) {
        close(copy);
    }
    if (error) {
        return fail_start(program, error);
    }
    uint32_t code = 0;
    const worker_end end = finish(pid, &code);
    return judge(program, end, code);
}

tabor_status
tabor_worker_decode(int fd, uint32_t rate, tabor_audio **audio)
{
    char program[4096];
    int answer = -1;
    tabor_worker_path(program, sizeof program);
    tabor_status st = tabor_answer_open(&answer);
    if (st != TABOR_OK) {
        return st;
    }
    st = run(program, fd, answer, rate);
    if (st == TABOR_OK) {
        st = tabor_answer_take(answer, audio);
    }
    close(answer);
    return st;
}
