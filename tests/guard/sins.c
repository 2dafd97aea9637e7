/* SPDX-License-Identifier: MIT
 *
 * The controls: what the audio thread must not do, done on it on purpose.
 * Preloaded in front of the guard, this stands between libtabor and it: a
 * callback is entered, and in the hundredth $TABOR_SIN is committed. So no
 * code for tests is in what is shipped.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define AT 100

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static void *volatile block;
static volatile char *pages;
static int *(*lazy)(void); /* the address of a thread-local in a module */

static void
sin_malloc(void)
{
    block = malloc(100);
}

static void
sin_free(void)
{
    free(block);
}

static void
sin_lock(void)
{
    pthread_mutex_lock(&mutex);
    pthread_mutex_unlock(&mutex);
}

static void
sin_printf(void)
{
    fprintf(stderr, "a word from the callback\n");
}

static void
sin_sleep(void)
{
    nanosleep(&(struct timespec){0, 1000000}, NULL);
}

static void
sin_open(void)
{
    close(open("/dev/null", O_RDONLY));
}

static void
sin_getenv(void)
{
    block = getenv("HOME");
}

static void
sin_syscall(void)
{
    syscall(SYS_getppid);
}

static void
sin_instruction(void)
{
    long result;
    __asm__ volatile("syscall"
                     : "=a"(result)
                     : "a"(SYS_getppid)
                     : "rcx", "r11", "memory");
}

/* A wake-up beside the one that is allowed: to another descriptor. */
static void
sin_write(void)
{
    static const uint64_t one = 1;
    syscall(SYS_write, STDERR_FILENO, &one, (size_t)0);
}

static void
sin_fault(void)
{
    for (int i = 0; i < 16; i++) {
        pages[i * 4096] = 1;
    }
}

static void
sin_thread_local(void)
{
    *lazy() += 1;
}

static const struct {
    const char *name;
    void (*commit)(void);
} sins[] = {{"malloc", sin_malloc},
            {"free", sin_free},
            {"lock", sin_lock},
            {"printf", sin_printf},
            {"sleep", sin_sleep},
            {"open", sin_open},
            {"getenv", sin_getenv},
            {"syscall", sin_syscall},
            {"instruction", sin_instruction},
            {"write", sin_write},
            {"fault", sin_fault},
            {"thread-local", sin_thread_local}};

static void (*commit)(void);
static void (*next_enter)(int live, int wake_fd);
static _Atomic unsigned entered;

void tabor_watch_enter(int live, int wake_fd);

__attribute__((visibility("default"))) void
tabor_watch_enter(int live, int wake_fd)
{
    next_enter(live, wake_fd);
    if (commit && atomic_fetch_add(&entered, 1) == AT) {
        commit();
    }
}

/* All that a sin needs is got ready here, so that it is that one sin only. */
__attribute__((constructor)) static void
choose(void)
{
    const char *name = getenv("TABOR_SIN");
    const char *module = getenv("TABOR_SIN_MODULE");
    *(void **)&next_enter = dlsym(RTLD_NEXT, "tabor_watch_enter");
    block = malloc(1);
    pages = mmap(NULL, 16 * 4096, PROT_READ | PROT_WRITE,
                 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    void *library = module ? dlopen(module, RTLD_NOW) : NULL;
    if (library) {
        *(void **)&lazy = dlsym(library, "sin_lazy");
    }
    if (!name || !*name) {
        return; /* the innocent control */
    }
    for (unsigned i = 0; i < sizeof sins / sizeof *sins; i++) {
        if (strcmp(name, sins[i].name) == 0) {
            commit = sins[i].commit;
        }
    }
    if (!commit || (commit == sin_thread_local && !lazy)) {
        fprintf(stderr, "sins: can't commit '%s'\n", name);
        abort();
    }
}
