/* SPDX-License-Identifier: MIT
 *
 * Handles: kind 8 | owner 8 | slot 16 | generation 32. 0 names nothing.
 */
#ifndef TABOR_LINK_HANDLE_H
#define TABOR_LINK_HANDLE_H

#include <stdint.h>

enum {
    TABOR_KIND_VOICE = 1,
    TABOR_KIND_SAMPLE = 2
};

static inline uint64_t
tabor_handle_make(unsigned kind, unsigned owner, unsigned slot, uint32_t gen)
{
    return (uint64_t)(kind & 0xff) << 56 | (uint64_t)(owner & 0xff) << 48 |
           (uint64_t)(slot & 0xffff) << 32 | gen;
}

static inline unsigned
tabor_handle_kind(uint64_t handle)
{
    return handle >> 56 & 0xff;
}

static inline unsigned
tabor_handle_owner(uint64_t handle)
{
    return handle >> 48 & 0xff;
}

static inline unsigned
tabor_handle_slot(uint64_t handle)
{
    return handle >> 32 & 0xffff;
}

static inline uint32_t
tabor_handle_generation(uint64_t handle)
{
    return (uint32_t)handle;
}

#endif
