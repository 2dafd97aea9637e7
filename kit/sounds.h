/* SPDX-License-Identifier: MIT
 *
 * The kit's sounds, each a function of nothing but its number of frames.
 */
#ifndef KIT_SOUNDS_H
#define KIT_SOUNDS_H

#include <stddef.h>

typedef struct kit_sound {
    const char *name; /* the file's, without ending */
    unsigned channels;
    double seconds;

    /* Fill one channel. Any level: the writer brings it to the kit's. */
    void (*make)(double *out, size_t frames, unsigned channel);
} kit_sound;

/* Ends with a NULL name. */
extern const kit_sound kit_sounds[];

#endif
