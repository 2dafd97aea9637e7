/* SPDX-License-Identifier: MIT
 *
 * Cases that each need a process of their own, because they wait or break
 * things. All run side by side; what they say is repeated in order.
 */
#ifndef TABOR_TESTS_CASES_H
#define TABOR_TESTS_CASES_H

#include <sys/wait.h>

#include "tap.h"

/* Where coverage is measured: written at exit, which a case leaves out. */
extern __attribute__((weak)) int __llvm_profile_write_file(void);

typedef struct tap_case {
    void (*test)(const char *name);
    const char *name;
    pid_t pid;
    FILE *said;
} tap_case;

static inline void
tap_case_start(tap_case *c)
{
    c->said = tmpfile();
    c->pid = c->said ? fork() : -1;
    if (c->pid == 0) {
        dup2(fileno(c->said), STDOUT_FILENO);
        tap_start();
        c->test(c->name);
        fflush(stdout);
        if (__llvm_profile_write_file) {
            __llvm_profile_write_file();
        }
        _exit(0);
    }
}

/* Say what a case has said, with numbers of ours; returns how many lines. */
static inline int
tap_case_repeat(FILE *said)
{
    char line[1024];
    int count = 0;
    rewind(said);
    while (fgets(line, sizeof line, said)) {
        char *name = strstr(line, " - ");
        line[strcspn(line, "\n")] = '\0';
        if (line[0] == '#' || !name) {
            puts(line);
        } else {
            tap_ok(line[0] == 'o', "%s", name + 3);
            count++;
        }
    }
    fclose(said);
    return count;
}

static inline void
tap_cases_run(tap_case *cases, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        tap_case_start(&cases[i]);
    }
    for (size_t i = 0; i < n; i++) {
        int status = -1, count = 0;
        waitpid(cases[i].pid, &status, 0);
        if (cases[i].said) {
            count = tap_case_repeat(cases[i].said);
        }
        tap_ok(status == 0 && count > 0, "%s: its process ends cleanly",
               cases[i].name);
    }
}

#endif
