/* SPDX-License-Identifier: MIT
 *
 * Syscall User Dispatch: while the thread's selector says so, the kernel does
 * not carry out its system calls but raises SIGSYS, whoever makes them: C's
 * library, syscall(2), an instruction in a library, code made at run time. Our
 * handler counts the call and carries it out.
 *
 * Source: the kernel's documentation, admin-guide/syscall-user-dispatch.
 */
#define _GNU_SOURCE
#include "guard.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <ucontext.h>
#include <unistd.h>

#ifndef PR_SET_SYSCALL_USER_DISPATCH
#define PR_SET_SYSCALL_USER_DISPATCH 59
#define PR_SYS_DISPATCH_ON           1
#endif

#define ALLOW 0
#define BLOCK 1

/* The handler's way back is a system call too, made with the selector set
 * again: the one place that is exempt. The range has to reach one byte past
 * the instruction. */
void guard_restorer(void) __attribute__((visibility("hidden")));
extern const char guard_restorer_end[] __attribute__((visibility("hidden")));
__asm__(".text\n.balign 16\n"
        ".globl guard_restorer\n.hidden guard_restorer\n"
        ".type guard_restorer, @function\n"
        "guard_restorer:\n"
        "    movq $15, %rax\n" /* rt_sigreturn */
        "    syscall\n"
        "    nop\n"
        ".globl guard_restorer_end\n.hidden guard_restorer_end\n"
        "guard_restorer_end:\n"
        ".size guard_restorer, . - guard_restorer\n");

static long
carry_out(long number, const greg_t *r)
{
    register long r10 __asm__("r10") = (long)r[REG_R10];
    register long r8 __asm__("r8") = (long)r[REG_R8];
    register long r9 __asm__("r9") = (long)r[REG_R9];
    long result;
    __asm__ volatile("syscall"
                     : "=a"(result)
                     : "a"(number), "D"(r[REG_RDI]), "S"(r[REG_RSI]),
                       "d"(r[REG_RDX]), "r"(r10), "r"(r8), "r"(r9)
                     : "rcx", "r11", "memory");
    return result;
}

/* Calls that can only be made from where they stand. */
static int
stands_alone(long number)
{
    switch (number) {
    case SYS_rt_sigreturn:
    case SYS_clone:
    case SYS_clone3:
    case SYS_fork:
    case SYS_vfork:
    case SYS_execve:
    case SYS_execveat:
    case SYS_exit:
    case SYS_exit_group:
        return 1;
    default:
        return 0;
    }
}

static void
judge(long number, const greg_t *r)
{
    if (number == SYS_rt_sigreturn) {
        return; /* a signal came in, and its handler goes: not our doing */
    }
    if (number == SYS_write && (int)r[REG_RDI] == guard_wake_fd &&
        r[REG_RDX] == sizeof(uint64_t) && !guard_woke) {
        guard_woke = 1;
        guard_add(&guard_count.wakes, 1);
        return;
    }
    guard_offend(GUARD_SYSCALL, NULL, number, 1);
}

static void
on_syscall(int signal, siginfo_t *info, void *context)
{
    (void)signal;
    greg_t *r = ((ucontext_t *)context)->uc_mcontext.gregs;
    long number = info->si_syscall;
    int kept = errno;
    guard_marked = 0;
    guard_selector = ALLOW;
    judge(number, r);
    errno = kept;
    guard_marked = 1;
    if (stands_alone(number)) {
        /* make it again, and let the rest of this callback be */
        r[REG_RIP] -= 2;
        r[REG_RAX] = number;
        return;
    }
    r[REG_RAX] = carry_out(number, r);
    guard_selector = BLOCK;
}

/* As the kernel has it: C's own would bring its own restorer. */
struct kernel_action {
    void (*handler)(int, siginfo_t *, void *);
    unsigned long flags;
    void (*restorer)(void);
    uint64_t mask;
};

static void
install(void)
{
    static _Atomic int installed;
    if (atomic_exchange_explicit(&installed, 1, memory_order_acq_rel)) {
        return;
    }
    struct kernel_action action = {.handler = on_syscall,
                                   .flags = SA_SIGINFO | 0x04000000,
                                   .restorer = guard_restorer};
    syscall(SYS_rt_sigaction, SIGSYS, &action, NULL, sizeof action.mask);
}

void
guard_dispatch_arm(void)
{
    install();
    /* where it is blocked, as drivers' threads like to, it would kill */
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGSYS);
    pthread_sigmask(SIG_UNBLOCK, &set, NULL);
    guard_selector = ALLOW;
    const char *start = (const char *)guard_restorer;
    if (prctl(PR_SET_SYSCALL_USER_DISPATCH, PR_SYS_DISPATCH_ON, start,
              guard_restorer_end - start, &guard_selector) == 0) {
        atomic_store_explicit(&guard_dispatches, 1, memory_order_relaxed);
    }
}
