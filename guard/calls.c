/* SPDX-License-Identifier: MIT
 *
 * Calls of C's library, interposed. Each name here is a few instructions that
 * leave every register as it was and jump on, so that the real function sees
 * its caller's own arguments and return address, whatever its signature:
 * variadic ones and those that look at who calls them, like dlopen(), work.
 */
#define _GNU_SOURCE
#include "guard.h"

#include "calls.h"

#include <dlfcn.h>
#include <link.h>
#include <string.h>
#include <sys/auxv.h>

/* The first two are what the instructions below look at. */
typedef struct guard_call {
    void *real;
    const char *name;
    guard_kind kind;
} guard_call;

#define X(kind, name)                                                          \
    __attribute__((visibility("hidden"), used))                                \
    guard_call guard_call_##name = {NULL, #name, GUARD_##kind};
GUARD_CALLS(X)
#undef X

static guard_call *const calls[] = {
#define X(kind, name) &guard_call_##name,
    GUARD_CALLS(X)
#undef X
};

/* Where the dynamic loader's code is. */
static uintptr_t loader_start, loader_end;

/* r10 and r11 are free between a caller and a function. */
#define X(kind, name)                                                          \
    __asm__(".text\n.globl " #name "\n.type " #name ", @function\n" #name      \
            ":\n"                                                              \
            "    .cfi_startproc\n"                                             \
            "    endbr64\n"                                                    \
            "    movq guard_marked@gottpoff(%rip), %r10\n"                     \
            "    movq guard_call_" #name "(%rip), %r11\n"                      \
            "    testq %r11, %r11\n"                                           \
            "    jz 1f\n"                                                      \
            "    cmpb $0, %fs:(%r10)\n"                                        \
            "    jne 1f\n"                                                     \
            "    jmp *%r11\n"                                                  \
            "1:  leaq guard_call_" #name "(%rip), %r11\n"                      \
            "    jmp guard_slow\n"                                             \
            "    .cfi_endproc\n"                                               \
            ".size " #name ", . - " #name "\n");
GUARD_CALLS(X)
#undef X

/* r11 is the guard_call. Whatever may hold an argument is kept. */
__asm__(".text\n.type guard_slow, @function\nguard_slow:\n"
        "    .cfi_startproc\n"
        "    pushq %rbp\n"
        "    .cfi_def_cfa_offset 16\n"
        "    .cfi_offset %rbp, -16\n"
        "    movq %rsp, %rbp\n"
        "    .cfi_def_cfa_register %rbp\n"
        "    subq $192, %rsp\n"
        "    andq $-16, %rsp\n"
        "    movq %rdi, (%rsp)\n"
        "    movq %rsi, 8(%rsp)\n"
        "    movq %rdx, 16(%rsp)\n"
        "    movq %rcx, 24(%rsp)\n"
        "    movq %r8, 32(%rsp)\n"
        "    movq %r9, 40(%rsp)\n"
        "    movq %rax, 48(%rsp)\n"
        "    movq %r11, 56(%rsp)\n"
        "    movups %xmm0, 64(%rsp)\n"
        "    movups %xmm1, 80(%rsp)\n"
        "    movups %xmm2, 96(%rsp)\n"
        "    movups %xmm3, 112(%rsp)\n"
        "    movups %xmm4, 128(%rsp)\n"
        "    movups %xmm5, 144(%rsp)\n"
        "    movups %xmm6, 160(%rsp)\n"
        "    movups %xmm7, 176(%rsp)\n"
        "    movq %r11, %rdi\n"
        "    movq %rsp, %rsi\n"
        "    movq 8(%rbp), %rdx\n"
        "    call guard_note\n"
        "    movq (%rsp), %rdi\n"
        "    movq 8(%rsp), %rsi\n"
        "    movq 16(%rsp), %rdx\n"
        "    movq 24(%rsp), %rcx\n"
        "    movq 32(%rsp), %r8\n"
        "    movq 40(%rsp), %r9\n"
        "    movq 48(%rsp), %rax\n"
        "    movq 56(%rsp), %r11\n"
        "    movups 64(%rsp), %xmm0\n"
        "    movups 80(%rsp), %xmm1\n"
        "    movups 96(%rsp), %xmm2\n"
        "    movups 112(%rsp), %xmm3\n"
        "    movups 128(%rsp), %xmm4\n"
        "    movups 144(%rsp), %xmm5\n"
        "    movups 160(%rsp), %xmm6\n"
        "    movups 176(%rsp), %xmm7\n"
        "    leave\n"
        "    .cfi_def_cfa %rsp, 8\n"
        "    jmp *(%r11)\n"
        "    .cfi_endproc\n"
        ".size guard_slow, . - guard_slow\n");

/* ---------------------------------------------------------------- find -- */

/* dlsym() may allocate, and so may whoever runs before us: these are needed to
 * find any others. */
void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *block, size_t size);
void __libc_free(void *block);

static void
find(guard_call *call)
{
    static const struct {
        const char *name;
        void *real;
    } first[] = {{"malloc", (void *)__libc_malloc},
                 {"calloc", (void *)__libc_calloc},
                 {"realloc", (void *)__libc_realloc},
                 {"free", (void *)__libc_free}};
    for (unsigned i = 0; i < sizeof first / sizeof *first; i++) {
        if (strcmp(call->name, first[i].name) == 0) {
            call->real = first[i].real;
            return;
        }
    }
    call->real = dlsym(RTLD_NEXT, call->name);
}

static int
find_loader(struct dl_phdr_info *info, size_t size, void *base)
{
    (void)size;
    if (info->dlpi_addr != *(unsigned long *)base) {
        return 0;
    }
    for (int i = 0; i < info->dlpi_phnum; i++) {
        const ElfW(Phdr) *segment = &info->dlpi_phdr[i];
        if (segment->p_type == PT_LOAD && segment->p_flags & PF_X) {
            loader_start = info->dlpi_addr + segment->p_vaddr;
            loader_end = loader_start + segment->p_memsz;
        }
    }
    return 1;
}

void
guard_calls_find(void)
{
    for (unsigned i = 0; i < sizeof calls / sizeof *calls; i++) {
        if (!calls[i]->real) {
            find(calls[i]);
        }
    }
    unsigned long base = getauxval(AT_BASE);
    dl_iterate_phdr(find_loader, &base);
}

/* ---------------------------------------------------------------- note -- */

/* The one write that is allowed, where the kernel does not tell us of it. */
static int
is_wake(const guard_call *call, const uint64_t *arguments)
{
    return call == &guard_call_write && (int)arguments[0] == guard_wake_fd &&
           arguments[2] == sizeof(uint64_t) && !guard_woke;
}

/* Called by guard_slow for a marked thread, and before all are found. Memory
 * that the loader asks for is a thread-local variable's, touched for the first
 * time by this thread. */
void guard_note(guard_call *call, const uint64_t *arguments, uintptr_t caller);
__attribute__((visibility("hidden"), used)) void
guard_note(guard_call *call, const uint64_t *arguments, uintptr_t caller)
{
    if (!call->real) {
        find(call);
    }
    if (!guard_marked || (call == &guard_call_write && guard_dispatches)) {
        return; /* write() is the dispatch's, which sees where it goes */
    }
    unsigned char selector = guard_selector;
    guard_marked = 0;
    guard_selector = 0;
    if (is_wake(call, arguments)) {
        guard_woke = 1;
        guard_add(&guard_count.wakes, 1);
    } else {
        int lazy = call->kind == GUARD_ALLOCATION && caller >= loader_start &&
                   caller < loader_end;
        guard_offend(lazy ? GUARD_THREAD_LOCAL : call->kind, call->name, 0, 1);
    }
    guard_selector = selector;
    guard_marked = 1;
}
