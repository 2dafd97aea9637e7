/* SPDX-License-Identifier: MIT
 *
 * make-kit FOLDER: write the kit's sounds as WAV files (16 bit, 48 kHz).
 *
 * It runs while Tabor is built, so the sounds are made where they are used and
 * the repository holds none. The same machine gives the same bytes each time.
 */
#include <errno.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sounds.h"
#include "synth.h"

#define PEAK        0.5    /* -6 dBFS: room for a few at once */
#define FADE_IN_S   0.0003 /* drums begin at full force, but not with a step */
#define FADE_OUT_S  0.012
#define HEADER_SIZE 44

static void
put_number(unsigned char *at, uint32_t number, int bytes)
{
    for (int i = 0; i < bytes; i++) {
        at[i] = (unsigned char)(number >> (8 * i));
    }
}

/* A WAV file's header for data_size bytes of 16-bit values. */
static void
put_header(unsigned char *at, uint32_t channels, uint32_t data_size)
{
    memcpy(at, "RIFF\0\0\0\0WAVEfmt ", 16);
    put_number(at + 4, HEADER_SIZE - 8 + data_size, 4);
    put_number(at + 16, 16, 4);
    put_number(at + 20, 1, 2);
    put_number(at + 22, channels, 2);
    put_number(at + 24, KIT_RATE, 4);
    put_number(at + 28, KIT_RATE * channels * 2, 4);
    put_number(at + 32, channels * 2, 2);
    put_number(at + 34, 16, 2);
    memcpy(at + 36, "data", 4);
    put_number(at + 40, data_size, 4);
}

/* No click at either end. */
static void
fade_ends(double *values, size_t frames)
{
    for (size_t i = 0; i < frames; i++) {
        values[i] *=
            kit_attack((double)i / KIT_RATE, FADE_IN_S) *
            kit_attack((double)(frames - 1 - i) / KIT_RATE, FADE_OUT_S);
    }
}

static double
peak_of(const double *values, size_t count)
{
    double peak = 0.0;

    for (size_t i = 0; i < count; i++) {
        peak = fmax(peak, fabs(values[i]));
    }
    return peak;
}

/* values  one channel behind the other
 * file    out: the whole file's bytes, of the size that put_header() tells */
static void
fill_file(const kit_sound *sound, size_t frames, double *values,
          unsigned char *file)
{
    size_t channels = sound->channels;
    double scale;

    for (unsigned c = 0; c < channels; c++) {
        sound->make(values + c * frames, frames, c);
        fade_ends(values + c * frames, frames);
    }
    scale = 32767.0 * PEAK / peak_of(values, frames * channels);
    put_header(file, (uint32_t)channels, (uint32_t)(frames * channels * 2));
    for (size_t i = 0; i < frames * channels; i++) {
        double value = values[i % channels * frames + i / channels];

        put_number(file + HEADER_SIZE + 2 * i,
                   (uint32_t)(int32_t)lrint(scale * value), 2);
    }
}

/* Returns 0, or -1 with errno set. */
static int
write_file(const char *path, const unsigned char *bytes, size_t size)
{
    FILE *file = fopen(path, "wb");
    size_t written;

    if (!file) {
        return -1;
    }
    written = fwrite(bytes, 1, size, file);
    return fclose(file) == 0 && written == size ? 0 : -1;
}

static int
make_file(const kit_sound *sound, const char *folder)
{
    size_t frames = (size_t)(sound->seconds * KIT_RATE);
    size_t size = HEADER_SIZE + frames * sound->channels * 2;
    double *values = calloc(frames * sound->channels, sizeof *values);
    unsigned char *file = malloc(size);
    char path[4096];
    int result = -1;

    snprintf(path, sizeof path, "%s/%s.wav", folder, sound->name);
    if (values && file) {
        fill_file(sound, frames, values, file);
        result = write_file(path, file, size);
    }
    if (result != 0) {
        fprintf(stderr, "make-kit: cannot write %s: %s\n", path,
                strerror(errno));
    }
    free(file);
    free(values);
    return result;
}

int
main(int argc, char **argv)
{
    if (argc != 2) {
        fprintf(stderr, "usage: make-kit FOLDER\n");
        return 2;
    }
    for (const kit_sound *sound = kit_sounds; sound->name; sound++) {
        if (make_file(sound, argv[1]) != 0) {
            return 1;
        }
    }
    return 0;
}
