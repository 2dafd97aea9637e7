/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "control/resident.h"

#include <link.h>
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "link/ring.h"

#define LINE       TABOR_CACHE_LINE
#define LEAST_PAGE 4096

void *
tabor_resident_new(size_t count, size_t size)
{
    size_t bytes;
    if (__builtin_mul_overflow(count, size, &bytes) ||
        bytes > SIZE_MAX - LINE) {
        return NULL;
    }
    bytes = (bytes + LINE - 1) / LINE * LINE;
    void *memory = aligned_alloc(LINE, bytes ? bytes : LINE);
    if (memory) {
        memset(memory, 0, bytes);
    }
    return memory;
}

/* -------------------------------------------------------------- library -- */

/* Past what the language calls objects: AddressSanitizer would object. */
__attribute__((no_sanitize("address"))) static void
read_pages(uintptr_t start, size_t size)
{
    for (size_t i = 0; i < size; i += LEAST_PAGE) {
        *(const volatile char *)(start + i);
    }
}

static int
holds(const struct dl_phdr_info *info, uintptr_t address)
{
    for (int i = 0; i < info->dlpi_phnum; i++) {
        const ElfW(Phdr) *s = &info->dlpi_phdr[i];
        if (s->p_type == PT_LOAD &&
            address - (info->dlpi_addr + s->p_vaddr) < s->p_memsz) {
            return 1;
        }
    }
    return 0;
}

static int
read_object(struct dl_phdr_info *info, size_t size, void *user)
{
    (void)size;
    (void)user;
    if (!holds(info, (uintptr_t)read_object)) {
        return 0;
    }
    for (int i = 0; i < info->dlpi_phnum; i++) {
        const ElfW(Phdr) *s = &info->dlpi_phdr[i];
        if (s->p_type == PT_LOAD && s->p_flags & PF_R) {
            read_pages(info->dlpi_addr + s->p_vaddr, s->p_memsz);
        }
    }
    return 1;
}

static void
read_library(void)
{
    dl_iterate_phdr(read_object, NULL);
}

void
tabor_resident_library(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, read_library);
}
