/* SPDX-License-Identifier: MIT
 *
 * All state that the audio thread owns, in one place. The control side makes
 * it, hands it over and takes it apart; in between only the fields marked
 * atomic may be touched from outside.
 */
#ifndef TABOR_RT_RT_H
#define TABOR_RT_RT_H

#include <stdatomic.h>
#include <stdint.h>

#include "link/clock.h"
#include "link/handle.h"
#include "link/link.h"
#include "link/sample_slot.h"
#include "rt/ramp.h"

/* What the audio thread runs; tests/rt-symbols.sh guards what it calls. */
#define TABOR_RT

/* Owner 0 is nobody, so that a handle of zeros names nothing. */
#define TABOR_OWNERS 17
/* Most frames mixed at once; larger blocks are cut. */
#define TABOR_SPAN_MAX 8192

enum {
    TABOR_PLAY_FREE,
    TABOR_PLAY_SCHEDULED,
    TABOR_PLAY_SOUNDING
};

/* One accepted play, from its drain to its Ended. Indexed by handle slot. */
typedef struct tabor_rt_play {
    uint32_t generation;
    uint16_t where; /* SCHEDULED: slab index; SOUNDING: voice index */
    uint8_t state;
    uint8_t spare;
} tabor_rt_play;

/* One client as the audio thread sees it. The slab holds pending commands:
 * slab_free is a stack of the indices not in use. */
typedef struct tabor_rt_client {
    tabor_link *link;
    tabor_command *slab; /* TABOR_SCHEDULE_SLOTS */
    uint16_t *slab_free;
    uint32_t slab_free_count;
    uint32_t *heap_at; /* where in the heap each slab place's key is */
    tabor_rt_play *plays;
    uint32_t play_count;
    uint32_t pending;   /* plays that are scheduled */
    uint32_t sounding;  /* plays that have a voice */
    uint32_t notes;     /* filled in this block, not yet published */
    uint32_t done;      /* commands finished, ever */
    uint32_t done_told; /* the value last published */
    uint32_t drained;   /* commands drained in this block */
    int closing;
} tabor_rt_client;

/* One heap entry; ordered by frame, then owner, then seq. */
typedef struct tabor_rt_key {
    uint64_t frame;
    uint32_t seq;
    uint16_t slab;
    uint8_t owner;
    uint8_t spare;
} tabor_rt_key;

typedef struct tabor_voice {
    uint64_t phase, step; /* frames of the sample, 32.32 */
    uint64_t end;         /* the phase at which it is over */
    uint64_t stop_frame;  /* engine frame at which its fade is over */
    tabor_ramp gain, left, right, fade;
    uint64_t step_from, step_to, step_start; /* a moving step, see voice.c */
    uint32_t step_frames;
    uint16_t sample; /* slot */
    uint8_t owner, reason;
    const float *values;
    uint64_t stride;
    uint64_t handle, started;
    uint32_t late;
    uint16_t channels;
    uint8_t stealing; /* 1: fading for another voice, not counted any more */
    uint8_t kernel;   /* TABOR_READ_..., one of the three */
} tabor_voice;

/* The audio thread's own view of a sample. */
typedef struct tabor_rt_sample {
    uint32_t generation, refs;
    uint8_t state; /* TABOR_SLOT_...; RETIRED: refuses new plays */
    uint8_t how;   /* TABOR_RETIRE_... */
    uint16_t spare;
    uint32_t fade_frames;
} tabor_rt_sample;

typedef struct tabor_kernels tabor_kernels; /* rt/kernel.h */
typedef struct tabor_sinc tabor_sinc;

typedef struct tabor_rt {
    uint64_t frame; /* of the next value to be rendered */
    uint32_t rate, channels;
    uint32_t declick_frames; /* of a fade that nobody asked for: 5 ms */

    /* written by the control side (release), read here once a block (acquire);
     * NULLed here when the client is DETACHED */
    tabor_rt_client *_Atomic inbox[TABOR_OWNERS];
    tabor_rt_client *clients[TABOR_OWNERS];

    tabor_rt_key *heap; /* (TABOR_OWNERS - 1) × TABOR_SCHEDULE_SLOTS */
    uint32_t heap_size;

    tabor_voice *voices; /* voice_slots: the limit and room for the stolen */
    uint64_t *active;    /* a bit for each voice, words of 64 */
    uint32_t voice_slots, voice_limit;
    uint32_t sounding; /* voices that count against the limit */
    uint32_t *ended;   /* scratch: the voices that end in a span */

    tabor_sample_slot *slots; /* shared */
    tabor_rt_sample *samples; /* sample_count each */
    uint32_t sample_count;

    const tabor_kernels *kernels; /* of the SIMD level that was picked */
    const tabor_sinc *sinc[2];    /* series of tables: sinc16's, sinc32's */
    uint8_t kernel; /* of plays that leave it to the engine: TABOR_READ_... */

    float *bus; /* channels × TABOR_SPAN_MAX, planar */
    tabor_ramp master;

    _Atomic uint32_t panics; /* asked for, ever; by anyone (release) */
    uint32_t panics_done;
    _Atomic uint32_t sounding_told; /* by the audio thread, relaxed */
    _Atomic uint32_t freed; /* samples retired, ever; release / acquire */
    tabor_clock_cell clock;
} tabor_rt;

#endif
