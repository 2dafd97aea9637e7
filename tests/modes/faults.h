/* SPDX-License-Identifier: MIT */
#ifndef TABOR_TESTS_FAULTS_H
#define TABOR_TESTS_FAULTS_H

/* X(what it is) for each: the function is fault_ and this. Their shape is that
 * of a function for Lua; they look at nothing and return 0. */
#define FAULTS(X)                                                              \
    X(none)                                                                    \
    X(past_end)                                                                \
    X(freed)                                                                   \
    X(leak)                                                                    \
    X(overflow)                                                                \
    X(shift)                                                                   \
    X(unset)                                                                   \
    X(race)

#define X(name)                                                                \
    __attribute__((visibility("default"))) int fault_##name(void *unused);
FAULTS(X)
#undef X

#endif
