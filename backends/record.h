/* SPDX-License-Identifier: MIT
 *
 * Keeps what a stream was given to play, as a WAV file of float32 values: the
 * stream's thread copies them into memory, a thread of the recorder's own
 * writes them to the disk.
 */
#ifndef TABOR_BACKENDS_RECORD_H
#define TABOR_BACKENDS_RECORD_H

#include <tabor/driver.h>

typedef struct tabor_record tabor_record;

/* Begin a file, as PATH.part.  [control]
 *
 * record  out, owned: one tabor_record_close()
 * why     out: size bytes, one sentence if it failed
 */
tabor_driver_status tabor_record_open(const char *path, uint32_t rate,
                                      uint32_t channels, uint32_t block,
                                      tabor_record **record, char *why,
                                      size_t size);

/* Keep the next frames.  [audio] One thread at a time; never waits. What finds
 * no room is lost, and tabor_record_close() tells.
 *
 * values  frames × channels, interleaved; copied
 */
void tabor_record_keep(tabor_record *record, const float *values,
                       uint32_t frames);

/* Write the rest and give the file its name.  [control] Takes NULL.
 *
 * FAILED: the disk did not take all of it, and the file stays PATH.part; the
 * reason is in why. */
tabor_driver_status tabor_record_close(tabor_record *record, char *why,
                                       size_t size);

#endif
