/* SPDX-License-Identifier: MIT
 *
 * A sound file's bytes to values. What is here meets hostile bytes: by default
 * it runs in the jailed worker (worker.h), in our process only if the caller
 * trusts the file.
 */
#ifndef TABOR_CONTROL_DECODE_H
#define TABOR_CONTROL_DECODE_H

#include <tabor/tabor.h>

/* Decode a whole file.  [control]
 *
 * fd     borrowed, open for reading, at its start
 * size   of the file, bytes
 * rate   to resample to; 0 = the file's own
 * audio  out, owned; every value is finite
 *
 * The sentence of an error does not name the file: it begins with "it" or
 * with what is wrong.
 * TABOR_ERR_DECODE  no sound file that we read, damaged, truncated
 * TABOR_ERR_LIMIT   past the limits of tabor.h
 */
tabor_status tabor_decode(int fd, uint64_t size, uint32_t rate,
                          tabor_audio **audio);

#endif
