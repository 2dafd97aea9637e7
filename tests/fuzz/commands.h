/* SPDX-License-Identifier: MIT
 *
 * Changes to a command's bytes where they count: one field as a whole, to a
 * number that is at some limit, or to any.
 */
#ifndef TABOR_TESTS_FUZZ_COMMANDS_H
#define TABOR_TESTS_FUZZ_COMMANDS_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* command: 64 bytes, where a tabor_command lies or would lie */
static inline void
fuzz_change_command(uint8_t *command, uint32_t seed)
{
    static const struct {
        uint8_t at, width;
    } fields[] = {{0, 8},  {0, 4},  {4, 4},  {8, 8},  {12, 2}, {14, 1},
                  {15, 1}, {16, 4}, {20, 2}, {22, 1}, {23, 1}, {24, 4},
                  {28, 4}, {32, 8}, {32, 4}, {36, 2}, {36, 4}, {39, 1},
                  {40, 8}, {44, 4}, {48, 4}, {52, 4}, {56, 4}, {60, 4}};
    static const uint64_t values[] = {
        0,          1,          2,          63,         255,        256,
        0x7fff,     0xffff,     1u << 24,   0x7fffffff, 0x7f800000, 0x7fc00000,
        0xff800000, 0x3f800000, 0xbf800000, 0xffffffff, 1ull << 32, UINT64_MAX};
    const unsigned count = sizeof fields / sizeof *fields;
    const unsigned field = seed % count;
    seed /= count;
    uint64_t value = values[seed % (sizeof values / sizeof *values)];
    if (seed >> 6 & 1) {
        value = (seed >> 7) * UINT64_C(0x9e3779b97f4a7c15);
    }
    memcpy(command + fields[field].at, &value, fields[field].width);
}

#endif
