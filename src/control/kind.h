/* SPDX-License-Identifier: MIT
 *
 * What the first bytes of a sound file say, before a decoder sees them.
 */
#ifndef TABOR_CONTROL_KIND_H
#define TABOR_CONTROL_KIND_H

#include <stdint.h>

typedef enum tabor_kind_of_file {
    TABOR_FILE_UNKNOWN,
    TABOR_FILE_WAV,  /* RIFF, RIFX, RF64 */
    TABOR_FILE_AIFF, /* and AIFC */
    TABOR_FILE_FLAC,
    TABOR_FILE_OGG, /* Vorbis or Opus */
    TABOR_FILE_MP3  /* all MPEG audio layers */
} tabor_kind_of_file;

/* By magic, whatever the file's name; an ID3 tag in front is looked past.
 * [control]  fd: borrowed, its position does not move */
tabor_kind_of_file tabor_kind_of(int fd);

/* Is the sound of a WAV or AIFF longer than the file? 0 for other kinds.
 * [control]
 *
 * fd    borrowed, its position does not move
 * size  of the file, bytes
 */
int tabor_file_is_cut(int fd, uint64_t size);

#endif
