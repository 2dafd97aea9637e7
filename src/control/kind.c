/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "control/kind.h"

#include <string.h>
#include <unistd.h>

/* Tags in front of a sound, chunks in front of its values: more than these
 * only a file has that is to keep us busy. */
#define MOST_TAGS   8
#define MOST_CHUNKS 4096

static int
read_at(int fd, uint64_t at, void *bytes, size_t n)
{
    return pread(fd, bytes, n, (off_t)at) == (ssize_t)n;
}

static uint32_t
little_endian(const unsigned char *b)
{
    return b[0] | (uint32_t)b[1] << 8 | (uint32_t)b[2] << 16 |
           (uint32_t)b[3] << 24;
}

static uint32_t
big_endian(const unsigned char *b)
{
    return b[3] | (uint32_t)b[2] << 8 | (uint32_t)b[1] << 16 |
           (uint32_t)b[0] << 24;
}

/* -------------------------------------------------------------- magic -- */

static int
is_wav(const unsigned char *h)
{
    return memcmp(h + 8, "WAVE", 4) == 0 &&
           (memcmp(h, "RIFF", 4) == 0 || memcmp(h, "RIFX", 4) == 0 ||
            memcmp(h, "RF64", 4) == 0);
}

static int
is_aiff(const unsigned char *h)
{
    return memcmp(h, "FORM", 4) == 0 &&
           (memcmp(h + 8, "AIFF", 4) == 0 || memcmp(h + 8, "AIFC", 4) == 0);
}

/* A frame's first bytes: eleven bits set, and no reserved version, layer,
 * bit rate or sampling rate. */
static int
is_mpeg(const unsigned char *h)
{
    return h[0] == 0xff && (h[1] & 0xe0) == 0xe0 && (h[1] >> 3 & 3) != 1 &&
           (h[1] >> 1 & 3) != 0 && h[2] >> 4 != 15 && (h[2] >> 2 & 3) != 3;
}

/* The first packet lies behind the page's header of 27 bytes and as many more
 * as byte 26 says. */
static int
is_vorbis_or_opus(int fd, uint64_t at)
{
    unsigned char h[27], packet[8];
    return read_at(fd, at, h, 27) && memcmp(h, "OggS", 4) == 0 &&
           read_at(fd, at + 27 + h[26], packet, 8) &&
           (memcmp(packet, "\x01vorbis", 7) == 0 ||
            memcmp(packet, "OpusHead", 8) == 0);
}

/* An ID3 tag's length is in four times seven bits. Returns 0 if there is no
 * tag. */
static uint64_t
id3_length(const unsigned char *h)
{
    if (memcmp(h, "ID3", 3) != 0 || ((h[6] | h[7] | h[8] | h[9]) & 0x80)) {
        return 0;
    }
    return 10 + ((uint64_t)h[6] << 21 | (uint64_t)h[7] << 14 |
                 (uint64_t)h[8] << 7 | h[9]);
}

tabor_kind_of_file
tabor_kind_of(int fd)
{
    unsigned char h[12];
    uint64_t at = 0;
    for (int tags = 0; read_at(fd, at, h, 12) && id3_length(h); tags++) {
        if (tags == MOST_TAGS) {
            return TABOR_FILE_UNKNOWN;
        }
        at += id3_length(h);
    }
    if (!read_at(fd, at, h, 12)) {
        return TABOR_FILE_UNKNOWN;
    }
    if (is_wav(h)) {
        return TABOR_FILE_WAV;
    }
    if (is_aiff(h)) {
        return TABOR_FILE_AIFF;
    }
    if (memcmp(h, "fLaC", 4) == 0) {
        return TABOR_FILE_FLAC;
    }
    if (is_vorbis_or_opus(fd, at)) {
        return TABOR_FILE_OGG;
    }
    return is_mpeg(h) ? TABOR_FILE_MP3 : TABOR_FILE_UNKNOWN;
}

/* ---------------------------------------------------------------- cut -- */

/* Where the chunk with the values begins: its first byte behind the header.
 * Returns 0 if there is none.
 *
 * length  out, as the chunk's header says
 */
static uint64_t
find_values(int fd, const char *name, uint32_t (*read)(const unsigned char *),
            uint64_t *length)
{
    unsigned char h[8];
    uint64_t at = 12;
    for (int i = 0; i < MOST_CHUNKS && read_at(fd, at, h, 8); i++) {
        *length = read(h + 4);
        if (memcmp(h, name, 4) == 0) {
            return at + 8;
        }
        at += 8 + *length + (*length & 1);
    }
    return 0;
}

/* An RF64 keeps the length of its values in 64 bits, in its first chunk. */
static uint64_t
rf64_length(int fd, uint64_t length)
{
    unsigned char h[24];
    if (length != UINT32_MAX || !read_at(fd, 12, h, 24) ||
        memcmp(h, "ds64", 4) != 0) {
        return length;
    }
    return little_endian(h + 16) | (uint64_t)little_endian(h + 20) << 32;
}

int
tabor_file_is_cut(int fd, uint64_t size)
{
    unsigned char h[12];
    uint64_t at, length = 0;
    if (!read_at(fd, 0, h, 12)) {
        return 0;
    }
    if (is_aiff(h)) {
        at = find_values(fd, "SSND", big_endian, &length);
        return at && length > size - at;
    }
    if (!is_wav(h)) {
        return 0;
    }
    if (memcmp(h, "RF64", 4) == 0) {
        at = find_values(fd, "data", little_endian, &length);
        return at && rf64_length(fd, length) > size - at;
    }
    at = find_values(fd, "data",
                     memcmp(h, "RIFX", 4) == 0 ? big_endian : little_endian,
                     &length);
    /* who writes to a pipe puts a length that he can't know: 0, or one near
     * 2^31 or 2^32 */
    return at && length < 0x7ff00000 && length > size - at;
}
