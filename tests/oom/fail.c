/* SPDX-License-Identifier: MIT */
#include "fail.h"

#include <errno.h>
#include <limits.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>

/* Threads that Tabor starts ask too; only counts meet here. */
static _Atomic uint32_t asked, refuse_from, refuse_to;
static _Atomic int64_t held;

void
fail_from(uint32_t nth, fail_how how)
{
    asked = 0;
    refuse_to = nth && how == FAIL_FOR_GOOD ? UINT32_MAX : nth;
    refuse_from = nth;
}

uint32_t
fail_end(void)
{
    refuse_from = 0;
    return asked;
}

int64_t
fail_held(void)
{
    return held;
}

static int
is_refused(void)
{
    uint32_t number = ++asked, from = refuse_from;
    if (from && number >= from && number <= refuse_to) {
        errno = ENOMEM;
        return 1;
    }
    return 0;
}

static void *
hold(void *memory)
{
    held += memory != NULL;
    return memory;
}

/* NAME as the program calls it is __wrap_NAME, C's own is __real_NAME. */
#define STAND_IN(type, name, parameters, ...)                                  \
    type __real_##name parameters;                                             \
    type __wrap_##name parameters;                                             \
    type __wrap_##name parameters                                              \
    {                                                                          \
        return is_refused() ? NULL : hold(__real_##name(__VA_ARGS__));         \
    }

STAND_IN(void *, malloc, (size_t size), size)
STAND_IN(void *, calloc, (size_t count, size_t size), count, size)
STAND_IN(void *, aligned_alloc, (size_t line, size_t size), line, size)
STAND_IN(char *, strdup, (const char *text), text)
STAND_IN(char *, strndup, (const char *text, size_t most), text, most)
STAND_IN(char *, realpath, (const char *path, char *out), path, out)

void *__real_realloc(void *memory, size_t size);
void *__wrap_realloc(void *memory, size_t size);
void *__real_reallocarray(void *memory, size_t count, size_t size);
void *__wrap_reallocarray(void *memory, size_t count, size_t size);
void __real_free(void *memory);
void __wrap_free(void *memory);
void *__real_mmap(void *at, size_t size, int use, int flags, int fd,
                  off_t from);
void *__wrap_mmap(void *at, size_t size, int use, int flags, int fd,
                  off_t from);
int __real_munmap(void *at, size_t size);
int __wrap_munmap(void *at, size_t size);
int __real_eventfd(unsigned first, int flags);
int __wrap_eventfd(unsigned first, int flags);
int __real_pthread_create(pthread_t *thread, const pthread_attr_t *attributes,
                          void *(*run)(void *), void *user);
int __wrap_pthread_create(pthread_t *thread, const pthread_attr_t *attributes,
                          void *(*run)(void *), void *user);

void *
__wrap_realloc(void *memory, size_t size)
{
    if (is_refused()) {
        return NULL;
    }
    held += !memory;
    return __real_realloc(memory, size);
}

void *
__wrap_reallocarray(void *memory, size_t count, size_t size)
{
    if (is_refused()) {
        return NULL;
    }
    held += !memory;
    return __real_reallocarray(memory, count, size);
}

void
__wrap_free(void *memory)
{
    held -= memory != NULL;
    __real_free(memory);
}

void *
__wrap_mmap(void *at, size_t size, int use, int flags, int fd, off_t from)
{
    if (is_refused()) {
        return MAP_FAILED;
    }
    void *memory = __real_mmap(at, size, use, flags, fd, from);
    held += memory != MAP_FAILED;
    return memory;
}

int
__wrap_munmap(void *at, size_t size)
{
    held--;
    return __real_munmap(at, size);
}

int
__wrap_eventfd(unsigned first, int flags)
{
    return is_refused() ? -1 : __real_eventfd(first, flags);
}

int
__wrap_pthread_create(pthread_t *thread, const pthread_attr_t *attributes,
                      void *(*run)(void *), void *user)
{
    return is_refused() ? EAGAIN
                        : __real_pthread_create(thread, attributes, run, user);
}
