/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "control/jail.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stddef.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "control/answer.h"

int
tabor_jail_tie(pid_t host)
{
    if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0) {
        return -1;
    }
    if (getppid() != host) {
        errno = ESRCH; /* it was gone before we asked */
        return -1;
    }
    return 0;
}

int
tabor_jail_close_from(unsigned first)
{
#ifdef SYS_close_range
    if (syscall(SYS_close_range, first, ~0u, 0) == 0) {
        return 0;
    }
#endif
    const long most = sysconf(_SC_OPEN_MAX);
    for (long fd = first; fd < most; fd++) {
        close((int)fd);
    }
    return most < 0 ? -1 : 0;
}

/* -------------------------------------------------------------- limits -- */

static int
lower(int what, uint64_t soft, uint64_t hard)
{
    struct rlimit limit;
    if (getrlimit(what, &limit) != 0) {
        return -1;
    }
    limit.rlim_max = hard < limit.rlim_max ? hard : limit.rlim_max;
    limit.rlim_cur = soft < limit.rlim_max ? soft : limit.rlim_max;
    return setrlimit(what, &limit);
}

int
tabor_jail_limit(void)
{
    /* SIGXCPU at the first, SIGKILL at the second */
    const uint64_t cpu = TABOR_MAX_DECODE_CPU_S;
    /* a sound at its own rate and at another one, decoder and libraries */
    const uint64_t memory = 2 * TABOR_MAX_DECODED + (256u << 20);
    if (lower(RLIMIT_CPU, cpu, cpu + 1) != 0 ||
        lower(RLIMIT_FSIZE, TABOR_ANSWER_MOST_BYTES, TABOR_ANSWER_MOST_BYTES) !=
            0 ||
        lower(RLIMIT_NOFILE, TABOR_WORKER_ANSWER + 1,
              TABOR_WORKER_ANSWER + 1) != 0 ||
        lower(RLIMIT_NPROC, 0, 0) != 0 || lower(RLIMIT_CORE, 0, 0) != 0) {
        return -1;
    }
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
    return memory ? 0 : -1; /* their shadow is larger than any limit */
#else
    return lower(RLIMIT_AS, memory, memory);
#endif
}

/* -------------------------------------------------------------- filter -- */

#if defined(__x86_64__) && !defined(__ILP32__)
#define THIS_MACHINE AUDIT_ARCH_X86_64
#elif defined(__aarch64__) && !defined(__AARCH64EB__)
#define THIS_MACHINE AUDIT_ARCH_AARCH64
#elif defined(__riscv) && __riscv_xlen == 64
#define THIS_MACHINE AUDIT_ARCH_RISCV64
#endif

#ifdef THIS_MACHINE

/* What a rule asks of one of a call's arguments. */
typedef enum rule_test {
    ANY,
    EQUALS, /* it is this value */
    LACKS   /* it has none of these bits */
} rule_test;

/* A call that is allowed, if its argument passes. Arguments are compared by
 * their lower 32 bits, which is all that the kernel uses of these. */
typedef struct rule {
    unsigned call;
    rule_test test;
    unsigned argument;
    uint32_t value;
} rule;

/* The whole list; who adds to it argues for it in SECURITY.md. */
static const rule rules[] = {
    /* the sound file and the answer */
    {SYS_read, ANY, 0, 0},
    {SYS_pread64, ANY, 0, 0},
    {SYS_write, ANY, 0, 0},
    {SYS_lseek, ANY, 0, 0},
    {SYS_close, ANY, 0, 0},
    {SYS_fstat, ANY, 0, 0},
    {SYS_newfstatat, EQUALS, 3, AT_EMPTY_PATH}, /* glibc's fstat() */
    {SYS_fcntl, EQUALS, 1, F_ADD_SEALS},
    /* memory, none of it a program */
    {SYS_brk, ANY, 0, 0},
    {SYS_mmap, LACKS, 2, PROT_EXEC},
    {SYS_mprotect, LACKS, 2, PROT_EXEC},
    {SYS_munmap, ANY, 0, 0},
    {SYS_mremap, ANY, 0, 0},
    {SYS_madvise, ANY, 0, 0},
    /* C's and OpenMP's libraries, for themselves */
    {SYS_futex, ANY, 0, 0},
    {SYS_sched_getaffinity, ANY, 0, 0},
    {SYS_clock_gettime, ANY, 0, 0},
    {SYS_getrandom, ANY, 0, 0},
    {SYS_sysinfo, ANY, 0, 0}, /* glibc's qsort() */
    /* the end, and what abort() does before it */
    {SYS_exit_group, ANY, 0, 0},
    {SYS_getpid, ANY, 0, 0},
    {SYS_gettid, ANY, 0, 0},
    {SYS_rt_sigprocmask, ANY, 0, 0},
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
    {SYS_sigaltstack, ANY, 0, 0},
    {SYS_sched_yield, ANY, 0, 0},
    {SYS_clock_nanosleep, ANY, 0, 0},
#endif
};

enum {
    RULES = sizeof rules / sizeof *rules,
    MOST_STEPS = 8 + 5 * (RULES + 1)
};

/* A filter being written. */
typedef struct filter {
    struct sock_filter steps[MOST_STEPS];
    unsigned short count;
} filter;

static void
add(filter *f, uint16_t code, uint32_t k, uint8_t if_true, uint8_t if_false)
{
    f->steps[f->count++] = (struct sock_filter){code, if_true, if_false, k};
}

static void
add_load(filter *f, size_t offset)
{
    add(f, BPF_LD | BPF_W | BPF_ABS, (uint32_t)offset, 0, 0);
}

static void
add_end(filter *f, uint32_t verdict)
{
    add(f, BPF_RET | BPF_K, verdict, 0, 0);
}

/* Another machine's calls have other numbers, and on x86-64 there are two
 * more sets of them. */
static void
add_machine(filter *f)
{
    add_load(f, offsetof(struct seccomp_data, arch));
    add(f, BPF_JMP | BPF_JEQ | BPF_K, THIS_MACHINE, 1, 0);
    add_end(f, SECCOMP_RET_KILL_PROCESS);
#ifdef __x86_64__
    add_load(f, offsetof(struct seccomp_data, nr));
    add(f, BPF_JMP | BPF_JGE | BPF_K, 0x40000000, 0, 1);
    add_end(f, SECCOMP_RET_KILL_PROCESS);
#endif
}

/* Leaves what is not allowed by this rule to the next. The lower half of an
 * argument lies first: all our machines are little-endian. */
static void
add_rule(filter *f, const rule *r)
{
    const size_t argument =
        offsetof(struct seccomp_data, args) + sizeof(uint64_t) * r->argument;
    add_load(f, offsetof(struct seccomp_data, nr));
    switch (r->test) {
    case ANY:
        add(f, BPF_JMP | BPF_JEQ | BPF_K, r->call, 0, 1);
        break;
    case EQUALS:
        add(f, BPF_JMP | BPF_JEQ | BPF_K, r->call, 0, 3);
        add_load(f, argument);
        add(f, BPF_JMP | BPF_JEQ | BPF_K, r->value, 0, 1);
        break;
    case LACKS:
        add(f, BPF_JMP | BPF_JEQ | BPF_K, r->call, 0, 3);
        add_load(f, argument);
        add(f, BPF_JMP | BPF_JSET | BPF_K, r->value, 1, 0);
        break;
    }
    add_end(f, SECCOMP_RET_ALLOW);
}

int
tabor_jail_shut(void)
{
    filter f = {.count = 0};
    add_machine(&f);
    for (size_t i = 0; i < RULES; i++) {
        add_rule(&f, &rules[i]);
    }
    /* abort() signals itself, and may signal nobody else */
    const rule own = {SYS_tgkill, EQUALS, 0, (uint32_t)getpid()};
    add_rule(&f, &own);
    add_end(&f, SECCOMP_RET_KILL_PROCESS);
    const struct sock_fprog program = {f.count, f.steps};
    if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0 ||
        prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) {
        return -1;
    }
    return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program, 0, 0);
}

#else

int
tabor_jail_shut(void)
{
    errno = ENOSYS; /* no list of calls for this machine */
    return -1;
}

#endif
