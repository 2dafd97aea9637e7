/* SPDX-License-Identifier: MIT
 *
 * What the decoding worker takes from itself before it looks at a file. Part
 * of the worker, not of the library.
 */
#ifndef TABOR_CONTROL_JAIL_H
#define TABOR_CONTROL_JAIL_H

#include <stdint.h>
#include <sys/types.h>

/* The descriptors that a worker is started with, beside 0, 1 and 2. */
#define TABOR_WORKER_FILE   3 /* the sound file, for reading */
#define TABOR_WORKER_ANSWER 4 /* the memory file, empty */

/* All functions are [control] and return 0, or -1 with errno. */

/* Die when the thread that started us does; host: its process. */
int tabor_jail_tie(pid_t host);

/* Close every descriptor from first on. */
int tabor_jail_close_from(unsigned first);

/* Processor time, memory, descriptors, file size, processes, no core file. A
 * limit that is lower already stays. */
int tabor_jail_limit(void);

/* From here on this process can read and write what is open, ask for memory
 * and end; any other system call kills it (SIGSYS). There is no way back. */
int tabor_jail_shut(void);

#endif
