/* SPDX-License-Identifier: MIT
 *
 * All state that the audio thread owns, in one place. The control side makes
 * it, hands it over and takes it apart; in between only the fields marked
 * atomic may be touched from outside.
 */
#ifndef TABOR_RT_RT_H
#define TABOR_RT_RT_H

#include <stdalign.h>
#include <stdatomic.h>
#include <stdint.h>

#include "link/clock.h"
#include "link/handle.h"
#include "link/link.h"
#include "link/panic.h"
#include "link/sample_slot.h"
#include "link/take.h"
#include "rt/ramp.h"

/* What the audio thread runs; tests/rt-symbols.sh guards what it calls. */
#define TABOR_RT

/* Owner 0 is nobody, so that a handle of zeros names nothing. */
#define TABOR_OWNERS 17
/* Most frames mixed at once; larger blocks are cut. */
#define TABOR_SPAN_MAX 8192
/* Frames of a voice worked on at once: they stay in the first-level cache. */
#define TABOR_CHUNK 256
/* Most inputs that are added in one pass over a bus. */
#define TABOR_INPUTS 8

enum {
    TABOR_PLAY_FREE,
    TABOR_PLAY_SCHEDULED,
    TABOR_PLAY_SOUNDING
};

#define TABOR_NO_SHAPE UINT16_MAX

/* One accepted play, from its drain to its Ended. Indexed by handle slot. */
typedef struct tabor_rt_play {
    uint32_t generation;
    uint16_t where; /* SCHEDULED: slab index; SOUNDING: voice index */
    uint16_t shape; /* SCHEDULED: its shape's slab index, or NO_SHAPE */
    uint8_t state;
} tabor_rt_play;

/* One client as the audio thread sees it. The slab holds pending commands:
 * slab_free is a stack of the indices not in use. */
typedef struct tabor_rt_client {
    tabor_link *link;
    tabor_command *slab; /* TABOR_SCHEDULE_SLOTS */
    uint16_t *slab_free;
    uint32_t slab_free_count;
    uint16_t shape;    /* slab index of one whose play has not come yet */
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

/* An attack, hold, decay, sustain, release envelope: level is a ramp, and stage
 * changes when the frame is next. */
typedef struct tabor_envelope {
    tabor_ramp level;
    uint32_t hold;
    uint64_t next; /* TABOR_NEVER while it sustains */
    uint32_t decay, release;
    float sustain;
    uint8_t stage; /* TABOR_STAGE_... */
} tabor_envelope;

enum {
    TABOR_STAGE_NONE, /* there is no envelope */
    TABOR_STAGE_ATTACK,
    TABOR_STAGE_HOLD,
    TABOR_STAGE_DECAY,
    TABOR_STAGE_SUSTAIN,
    TABOR_STAGE_RELEASE
};

enum {
    TABOR_THROUGH_NOTHING, /* its values are added as they are stored */
    TABOR_THROUGH_LINE,    /* the linear kernel, of one channel */
    TABOR_THROUGH_ALL      /* any kernel, an envelope */
};

/* The first line is all that a voice at rest needs: one of which nothing will
 * move, turn or end before rest_until, if no command does it. Who changes
 * anything else of a voice sets rest_until to 0. */
typedef struct tabor_voice {
    alignas(64) uint64_t rest_until; /* engine frame; 0: not known */
    uint64_t phase, step;            /* frames of the sample, 32.32 */
    uint64_t left_phase; /* what is left to be played; TABOR_NEVER: a loop */
    uint64_t stop_frame; /* engine frame at which its fade is over */
    const float *values; /* frame 0 of channel 0 */
    float levels[2];     /* at rest: of the bus channels that it is added to */
    uint16_t sample;     /* slot */
    uint8_t channels;
    uint8_t kernel;   /* TABOR_READ_..., one of the three */
    uint8_t looped;   /* 1: what is before the loop's start is its end */
    uint8_t through;  /* what it goes through at rest: TABOR_THROUGH_... */
    uint8_t stealing; /* 1: fading beside those that count: stolen, or what a
                       * seek has left, which has a handle of 0 */
    uint8_t owner;

    uint64_t step_from, step_to, step_start; /* a moving step, see position.c */
    uint32_t step_frames;
    tabor_ramp gain, fade, left;
    float right_from, right_to; /* moves with left: tabor_voice_right() */
    tabor_envelope env;
    uint64_t handle, started;
    uint32_t loop_start, loop_end; /* frames of the sample; end 0: no loop */
    uint32_t fade_out; /* engine frames before its natural end; 0: none */
    uint32_t choke;    /* group, 0 = none */
    uint32_t late;
    uint32_t loop_fade; /* frames of the loop's end that cross into what is
                         * before its start */
    uint32_t entered;   /* low half of the engine frame of the last seek */
    uint8_t reason;
    uint8_t entering; /* 1: still rising there */
    uint8_t ending;   /* 1: its fade out has begun */
} tabor_voice;

_Static_assert(sizeof(tabor_voice) <= 256, "a voice is four cache lines");

/* The ramp of the right side, or of the second channel.  [audio] */
static inline tabor_ramp
tabor_voice_right(const tabor_voice *v)
{
    return (tabor_ramp){.start = v->left.start,
                        .frames = v->left.frames,
                        .from = v->right_from,
                        .to = v->right_to};
}

/* A voice that may give its place, see steal.h. */
typedef struct tabor_victim {
    float level;
    uint16_t voice; /* index */
    uint16_t fades; /* 1: to silence, already */
} tabor_victim;

/* The audio thread's own view of a sample. */
typedef struct tabor_rt_sample {
    uint32_t generation, refs;
    uint8_t state; /* TABOR_SLOT_...; RETIRED: refuses new plays */
    uint8_t how;   /* TABOR_RETIRE_... */
    uint16_t spare;
    uint32_t fade_frames;
} tabor_rt_sample;

/* What one output channel has had, for any thread to read; written by the
 * audio thread, relaxed. */
typedef struct tabor_rt_meter {
    _Atomic uint32_t peak_bits;   /* float, since peak_reset was set */
    _Atomic uint32_t peak_reset;  /* set by a reader, taken here */
    _Atomic uint64_t energy_bits; /* double: sum of squares, ever */
    _Atomic uint64_t clipped;     /* values above 1 in size, ever */
    double energy;
} tabor_rt_meter;

typedef struct tabor_kernels tabor_kernels; /* rt/kernel.h */
typedef struct tabor_sinc tabor_sinc;

typedef struct tabor_rt {
    uint64_t frame; /* of the next value to be rendered */
    uint32_t rate, channels;
    uint32_t declick_frames; /* of a fade that nobody asked for: 5 ms */

    tabor_inbox inbox[TABOR_OWNERS]; /* of tabor_rt_client; shared */
    tabor_rt_client *clients[TABOR_OWNERS];

    tabor_rt_key *heap; /* (TABOR_OWNERS - 1) × TABOR_SCHEDULE_SLOTS */
    uint32_t heap_size;

    tabor_voice *voices; /* voice_slots: the limit, and room for what
                          * fades beside those that count */
    uint64_t *active;    /* a bit for each voice, words of 64 */
    uint32_t voice_slots, voice_limit;
    uint32_t sounding; /* voices that count against the limit */
    uint32_t *ended;   /* scratch: the voices that end in a span */
    int over;          /* 1: a voice was changed and is over at this frame */

    tabor_victim *victims; /* a heap of victim_count, of voice_slots at most */
    uint32_t victim_count;
    uint64_t victims_at; /* the frame that it is for, or TABOR_NEVER */

    tabor_sample_slot *slots; /* shared */
    tabor_rt_sample *samples; /* sample_count each */
    uint32_t sample_count;

    const tabor_kernels *kernels; /* of the SIMD level that was picked */
    const tabor_sinc *sinc[2];    /* series of tables: sinc16's, sinc32's */
    uint8_t kernel; /* of plays that leave it to the engine: TABOR_READ_... */

    float *bus; /* channels × TABOR_SPAN_MAX, planar */
    alignas(64) float scratch[TABOR_INPUTS][TABOR_CHUNK]; /* of one pass */
    tabor_ramp master;
    int limiter;              /* 1: values are bent to stay below 1 */
    tabor_rt_meter *meters;   /* channels of them */
    _Atomic uint64_t unsound; /* values silenced that were no numbers */

    tabor_take_ring *take; /* or NULL: no take is made */

    tabor_panic panic; /* shared */
    uint32_t panics_done;
    _Atomic uint32_t sounding_told; /* by the audio thread, relaxed */
    tabor_clock_cell clock;
} tabor_rt;

#endif
