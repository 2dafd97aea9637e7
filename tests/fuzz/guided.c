/* SPDX-License-Identifier: MIT
 *
 * What libFuzzer asks a target for beside the inputs: every second change is
 * one that the target knows to count, if it knows any.
 */
#include "fuzz.h"

size_t LLVMFuzzerMutate(uint8_t *bytes, size_t size, size_t most);
size_t LLVMFuzzerCustomMutator(uint8_t *bytes, size_t size, size_t most,
                               unsigned seed);

size_t
LLVMFuzzerCustomMutator(uint8_t *bytes, size_t size, size_t most, unsigned seed)
{
    size_t changed = 0;
    if (fuzz_change && seed % 2) {
        changed = fuzz_change(bytes, size, seed / 2);
    }
    return changed ? changed : LLVMFuzzerMutate(bytes, size, most);
}
