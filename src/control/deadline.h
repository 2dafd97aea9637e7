/* SPDX-License-Identifier: MIT
 *
 * Calls into code that may never return.
 */
#ifndef TABOR_CONTROL_DEADLINE_H
#define TABOR_CONTROL_DEADLINE_H

#include <pthread.h>
#include <stdint.h>

/* A thread of ours: with all signals blocked, so that the program's handlers
 * run in the program's threads.  [control]  Returns 0 or an errno. */
int tabor_thread_start(pthread_t *thread, const char *name,
                       void *(*run)(void *), void *user);

/* Run job(user) on a thread of its own and wait for it.  [control]
 *
 * forget  called with user by the late job's thread, should it ever return
 *
 * Returns 0 if job has returned; else ETIMEDOUT, and user is given away to the
 * thread, or another errno if there was no thread (job did not run).
 */
int tabor_deadline_run(void (*job)(void *user), void (*forget)(void *user),
                       void *user, unsigned timeout_ms);

#endif
