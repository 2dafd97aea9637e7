/* SPDX-License-Identifier: MIT
 *
 * Decoding in a jailed process: what a hostile file can do to a decoder then
 * happens elsewhere, and comes back as an error.
 */
#ifndef TABOR_CONTROL_WORKER_H
#define TABOR_CONTROL_WORKER_H

#include <tabor/tabor.h>

/* A worker that has not ended by then is killed: TABOR_MAX_DECODE_MS. For
 * tests to shorten; read by the thread that decodes. */
extern _Atomic uint32_t tabor_worker_patience_ms;

/* Decode a whole file in a worker of its own.  [control]
 *
 * fd     borrowed, open for reading, at its start
 * rate   to resample to; 0 = the file's own
 * audio  out, owned
 *
 * Leaves no process and no descriptor behind, whatever the worker does and
 * whoever else waits for this process's children. The sentence of an error
 * does not name the file.
 * Errors: those of tabor_decode(), and
 * TABOR_ERR_DECODE  the worker is not there, can't be jailed, crashed, was
 *                   killed, was too slow, told nonsense
 * TABOR_ERR_IO      no process or no descriptor to be had
 */
tabor_status tabor_worker_decode(int fd, uint32_t rate, tabor_audio **audio);

#endif
