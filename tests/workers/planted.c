/* SPDX-License-Identifier: MIT
 *
 * Workers that crash, hang, lie and try to break out: what tabor-decode would
 * do if a file had taken it over. The last word of the name by which it is
 * started, behind a "-", says which; "free" as the word before leaves the jail
 * out.
 */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <math.h>
#include <sched.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "control/answer.h"
#include "control/decode.h"
#include "control/jail.h"
#include "fragile.h"

extern char **environ;

/* A sanitizer's own report of a crash would need files, and so be another
 * death. */
TABOR_API const char *__asan_default_options(void);
TABOR_API const char *__tsan_default_options(void);
const char *
__asan_default_options(void)
{
    return "handle_segv=0";
}
const char *
__tsan_default_options(void)
{
    return "handle_segv=0";
}

static pid_t host;

/* Tell the test something: it comes out as a refusal's text. */
static int
say(const char *text)
{
    tabor_answer a = {.magic = TABOR_ANSWER_MAGIC,
                      .version = TABOR_ANSWER_VERSION,
                      .kind = TABOR_ANSWER_REFUSED,
                      .status = TABOR_ERR_DECODE};
    snprintf(a.text, sizeof a.text, "%s", text);
    return tabor_answer_send(TABOR_WORKER_ANSWER, &a, NULL);
}

static void
decode(void)
{
    struct stat info = {0};
    tabor_audio *audio = NULL;
    fstat(TABOR_WORKER_FILE, &info);
    tabor_status st =
        tabor_decode(TABOR_WORKER_FILE, (uint64_t)info.st_size, 0, &audio);
    tabor_answer_send_result(TABOR_WORKER_ANSWER, st, audio);
}

/* -------------------------------------------------------------- crashes -- */

static void
crash(void)
{
    volatile uintptr_t nowhere = 1;
    *(volatile char *)nowhere = 1;
}

static void
fail(void)
{
    _exit(3);
}

static void
silent(void)
{
}

static void
hang(void)
{
    for (;;) {
        pause();
    }
}

static void
spin(void)
{
    for (volatile int i = 0;; i++) {
    }
}

/* As large an answer as a worker can write: one byte too many. */
static void
big(void)
{
    lseek(TABOR_WORKER_ANSWER, (off_t)TABOR_ANSWER_MOST_BYTES, SEEK_SET);
    write(TABOR_WORKER_ANSWER, "", 1);
    say("alive");
}

static void
eat(void)
{
    char text[64];
    unsigned mib = 0;
    while (mib < 8192 && malloc(1 << 20)) {
        mib++;
    }
    snprintf(text, sizeof text, "ate %u MiB", mib);
    say(text);
}

/* -------------------------------------------------------------- escapes -- */

static void
try_open(void)
{
    syscall(SYS_openat, AT_FDCWD, "/", O_RDONLY);
}

static void
try_connect(void)
{
    socket(AF_INET, SOCK_STREAM, 0);
}

static void
try_exec(void)
{
    char *none[] = {NULL};
    execve("/nonexistent", none, none);
}

static void
try_program(void)
{
    mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
}

static void
try_reprogram(void)
{
    void *page =
        mmap(NULL, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    mprotect(page, 4096, PROT_READ | PROT_EXEC);
}

static void
try_fork(void)
{
    if (fork() == 0) {
        _exit(0);
    }
}

static void
try_kill(void)
{
    kill(host, 0);
}

static void
try_abort_host(void)
{
    syscall(SYS_tgkill, host, host, 0);
}

static void
try_trace(void)
{
    ptrace(PTRACE_ATTACH, 1, NULL, NULL);
}

static void
try_stat(void)
{
    struct stat info;
    stat("/", &info);
}

static void
try_dup(void)
{
    fcntl(TABOR_WORKER_FILE, F_DUPFD, 0);
}

static void
try_limits(void)
{
    struct rlimit limit;
    getrlimit(RLIMIT_CPU, &limit);
}

static void
try_ring(void)
{
    syscall(425, 1, NULL); /* io_uring_setup, on every machine */
}

/* The same kernel by another door: numbers of 32-bit programs. */
static void
try_old_door(void)
{
#ifdef __x86_64__
    long result;
    __asm__ volatile("int $0x80" : "=a"(result) : "a"(20) : "memory");
#else
    try_open();
#endif
}

static void
try_x32(void)
{
#ifdef __x86_64__
    syscall(0x40000000 | SYS_getpid);
#else
    try_open();
#endif
}

/* ----------------------------------------------------------------- lies -- */

static const tabor_answer honest = {.magic = TABOR_ANSWER_MAGIC,
                                    .version = TABOR_ANSWER_VERSION,
                                    .kind = TABOR_ANSWER_SOUND,
                                    .frames = 4,
                                    .channels = 1,
                                    .rate = 48000};

static void
send_raw(const tabor_answer *a, const float *values, int seals)
{
    write(TABOR_WORKER_ANSWER, a, sizeof *a);
    write(TABOR_WORKER_ANSWER, values, 4 * sizeof *values);
    fcntl(TABOR_WORKER_ANSWER, F_ADD_SEALS, seals);
}

#define ALL_SEALS (F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE)

static const float values[4] = {0.5f, 0.5f, 0.5f, 0.5f};

/* The control: what the lies differ from by one thing each. */
static void
honestly(void)
{
    send_raw(&honest, values, ALL_SEALS);
}

#define LIE(name, field, number)                                               \
    static void name(void)                                                     \
    {                                                                          \
        tabor_answer a = honest;                                               \
        a.field = number;                                                      \
        send_raw(&a, values, ALL_SEALS);                                       \
    }

LIE(lie_magic, magic, 0x12345678)
LIE(lie_version, version, TABOR_ANSWER_VERSION + 1)
LIE(lie_kind, kind, 77)
LIE(lie_short, frames, 3)
LIE(lie_long, frames, 5)
LIE(lie_huge, frames, UINT64_C(1) << 62)
LIE(lie_none, channels, 0)
LIE(lie_wide, channels, 65)
LIE(lie_slow, rate, 3999)
LIE(lie_fast, rate, 768001)
LIE(lie_loop, loop_end, 5)
LIE(lie_start, loop_start, 1)

static void
lie_status(void)
{
    tabor_answer a = honest;
    a.kind = TABOR_ANSWER_REFUSED;
    a.status = TABOR_OK;
    send_raw(&a, values, ALL_SEALS);
}

static void
lie_text(void)
{
    tabor_answer a = honest;
    a.kind = TABOR_ANSWER_REFUSED;
    a.status = TABOR_ERR_DECODE;
    memset(a.text, '\x1b', sizeof a.text);
    send_raw(&a, values, ALL_SEALS);
}

static void
lie_nan(void)
{
    const float bad[4] = {0, 0, NAN, 0};
    send_raw(&honest, bad, ALL_SEALS);
}

static void
lie_infinite(void)
{
    const float bad[4] = {0, 0, 0, -INFINITY};
    send_raw(&honest, bad, ALL_SEALS);
}

static void
lie_open(void)
{
    send_raw(&honest, values, 0);
}

static void
lie_half(void)
{
    send_raw(&honest, values, F_SEAL_SHRINK | F_SEAL_GROW);
}

static void
lie_stub(void)
{
    write(TABOR_WORKER_ANSWER, &honest, 40);
    fcntl(TABOR_WORKER_ANSWER, F_ADD_SEALS, ALL_SEALS);
}

/* ----------------------------------------------------------------- rest -- */

static int
count_open(void)
{
    int count = 0;
    for (int fd = 0; fd < 4096; fd++) {
        count += fcntl(fd, F_GETFD) >= 0;
    }
    return count;
}

static uint64_t
limit_of(int what)
{
    struct rlimit limit = {0};
    getrlimit(what, &limit);
    return limit.rlim_cur;
}

/* What it finds itself in. */
static void
tell(void)
{
    char text[208];
    sigset_t blocked;
    struct sigaction on_cpu;
    struct stat in, null;
    sigprocmask(SIG_BLOCK, NULL, &blocked);
    sigaction(SIGXCPU, NULL, &on_cpu);
    fstat(0, &in);
    stat("/dev/null", &null);
    snprintf(text, sizeof text,
             "open=%d null=%d environ=%d blocked=%d ignored=%d session=%d "
             "policy=%d cpu=%d file=%d core=%d processes=%d",
             count_open(), in.st_rdev == null.st_rdev, *environ != NULL,
             sigismember(&blocked, SIGXCPU), on_cpu.sa_handler == SIG_IGN,
             getsid(0) == getpid(), sched_getscheduler(0),
             (int)limit_of(RLIMIT_CPU),
             limit_of(RLIMIT_FSIZE) == TABOR_ANSWER_MOST_BYTES,
             (int)limit_of(RLIMIT_CORE), (int)limit_of(RLIMIT_NPROC));
    say(text);
}

static void
cut_file(void)
{
    struct stat info = {0};
    fstat(TABOR_WORKER_FILE, &info);
    truncate("/proc/self/fd/3", info.st_size / 2);
}

static void
grow_file(void)
{
    char more[4096] = {0};
    close(0); /* it may have no more than it has */
    int fd = open("/proc/self/fd/3", O_WRONLY | O_APPEND);
    write(fd, more, sizeof more);
    close(fd);
}

static void
decode_cut(void)
{
    fragile_between = cut_file;
    decode();
}

static void
decode_grown(void)
{
    fragile_between = grow_file;
    decode();
}

/* A kernel, or a container, that has no filters to give. */
static void
refuse_filters(void)
{
    struct sock_filter steps[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_prctl, 0, 3),
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, PR_SET_SECCOMP, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EINVAL),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    const struct sock_fprog program = {6, steps};
    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program, 0, 0);
}

static void
unjailable(void)
{
    refuse_filters();
    tabor_answer a = {.magic = TABOR_ANSWER_MAGIC,
                      .version = TABOR_ANSWER_VERSION,
                      .kind = TABOR_ANSWER_NO_JAIL};
    if (tabor_jail_shut() == 0) {
        say("it was jailed");
        return;
    }
    snprintf(a.text, sizeof a.text, "%s", strerror(errno));
    tabor_answer_send(TABOR_WORKER_ANSWER, &a, NULL);
}

typedef enum mode_kind {
    JAILED,  /* all of the jail */
    LIMITED, /* the limits, no filter */
    ESCAPE,  /* jailed, or free; says "alive" afterwards */
} mode_kind;

typedef struct mode {
    const char *word;
    void (*run)(void);
    mode_kind kind;
} mode;

static const mode modes[] = {
    {"decode", decode, JAILED},
    {"crash", crash, JAILED},
    {"abort", abort, JAILED},
    {"fail", fail, JAILED},
    {"silent", silent, JAILED},
    {"hang", hang, LIMITED},
    {"spin", spin, JAILED},
    {"big", big, JAILED},
    {"eat", eat, JAILED},
    {"open", try_open, ESCAPE},
    {"connect", try_connect, ESCAPE},
    {"exec", try_exec, ESCAPE},
    {"program", try_program, ESCAPE},
    {"reprogram", try_reprogram, ESCAPE},
    {"fork", try_fork, ESCAPE},
    {"kill", try_kill, ESCAPE},
    {"aborthost", try_abort_host, ESCAPE},
    {"trace", try_trace, ESCAPE},
    {"stat", try_stat, ESCAPE},
    {"dup", try_dup, ESCAPE},
    {"limits", try_limits, ESCAPE},
    {"ring", try_ring, ESCAPE},
    {"olddoor", try_old_door, ESCAPE},
    {"x32", try_x32, ESCAPE},
    {"honest", honestly, JAILED},
    {"magic", lie_magic, JAILED},
    {"version", lie_version, JAILED},
    {"kind", lie_kind, JAILED},
    {"short", lie_short, JAILED},
    {"long", lie_long, JAILED},
    {"huge", lie_huge, JAILED},
    {"none", lie_none, JAILED},
    {"wide", lie_wide, JAILED},
    {"slow", lie_slow, JAILED},
    {"fast", lie_fast, JAILED},
    {"loop", lie_loop, JAILED},
    {"start", lie_start, JAILED},
    {"status", lie_status, JAILED},
    {"text", lie_text, JAILED},
    {"nan", lie_nan, JAILED},
    {"infinite", lie_infinite, JAILED},
    {"unsealed", lie_open, JAILED},
    {"half", lie_half, JAILED},
    {"stub", lie_stub, JAILED},
    {"tell", tell, LIMITED},
    {"cut", decode_cut, LIMITED},
    {"grown", decode_grown, LIMITED},
    {"unjailable", unjailable, LIMITED},
};

static const mode *
find_mode(const char *name)
{
    const char *word = strrchr(name, '-');
    for (size_t i = 0; word && i < sizeof modes / sizeof *modes; i++) {
        if (strcmp(word + 1, modes[i].word) == 0) {
            return &modes[i];
        }
    }
    return NULL;
}

/* One second, not 20, for what is meant to run out of it. */
static void
hurry(void)
{
    const struct rlimit second = {1, 2};
    setrlimit(RLIMIT_CPU, &second);
}

int
main(int count, char **words)
{
    const mode *m = count == 3 ? find_mode(words[0]) : NULL;
    if (!m) {
        return 2;
    }
    host = (pid_t)atol(words[2]);
    const int is_free = strstr(words[0], "-free-") != NULL;
    if (tabor_jail_tie(host) != 0 ||
        tabor_jail_close_from(TABOR_WORKER_ANSWER + 1) != 0 ||
        (!is_free && tabor_jail_limit() != 0)) {
        return 1;
    }
    if (m->run == spin) {
        hurry();
    }
    if (m->kind != LIMITED && !is_free && tabor_jail_shut() != 0) {
        return 1;
    }
    m->run();
    if (m->kind == ESCAPE) {
        say("alive");
    }
    _exit(0);
}
