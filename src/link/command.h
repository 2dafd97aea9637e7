/* SPDX-License-Identifier: MIT
 *
 * Commands: what a client sends to the audio thread. 64 bytes, no pointers,
 * every byte initialised, so a log of commands is a score.
 */
#ifndef TABOR_LINK_COMMAND_H
#define TABOR_LINK_COMMAND_H

#include <assert.h>
#include <stddef.h>
#include <stdint.h>

/* The name, its number on the wire, and what target names. */
typedef enum tabor_command_type {
    TABOR_COMMAND_NONE = 0,
    TABOR_COMMAND_PING = 1,          /* answered by a Pong event */
    TABOR_COMMAND_STOP = 2,          /* all sounding voices of the owner */
    TABOR_COMMAND_SET_VOLUME = 3,    /* master */
    TABOR_COMMAND_LOAD_SAMPLE = 4,   /* target: sample, just made live */
    TABOR_COMMAND_PLAY_SAMPLE = 5,   /* target: the voice to be */
    TABOR_COMMAND_VOICE_STOP = 6,    /* target: voice */
    TABOR_COMMAND_VOICE_SET = 7,     /* target: voice */
    TABOR_COMMAND_CANCEL = 8,        /* scheduled plays of the owner */
    TABOR_COMMAND_RETIRE_SAMPLE = 9, /* target: sample */
    TABOR_COMMAND_SHAPE = 10,        /* goes before its play, same target */
    TABOR_COMMAND_RELEASE = 11,      /* target: voice */
    TABOR_COMMAND_SEEK = 12,         /* target: voice */
    TABOR_COMMAND_TYPES
} tabor_command_type;

/* Bits of tabor_command.flags. */
enum {
    TABOR_COMMAND_TIMED = 1, /* frame counts; else as soon as possible */
    TABOR_COMMAND_CATCH_UP = 2,
    TABOR_COMMAND_DROP_LATE = 4,
    /* a play that says nothing about its fades */
    TABOR_COMMAND_SOFT_START = 8, /* a ramp, if it starts in mid-sample */
    TABOR_COMMAND_SOFT_END = 16,  /* a ramp, if it ends in mid-sample */
    TABOR_COMMAND_EDGE = 32       /* its offset is no mid-sample */
};

/* Bits of set.which. */
enum {
    TABOR_COMMAND_GAIN = 1,
    TABOR_COMMAND_PAN = 2,
    TABOR_COMMAND_STEP = 4
};

/* How a play reads its sample where it can't be copied. */
enum {
    TABOR_READ_AS_ENGINE = 0,
    TABOR_READ_LINEAR = 1,
    TABOR_READ_SINC16 = 2,
    TABOR_READ_SINC32 = 3
};

enum {
    TABOR_RETIRE_RING = 0,
    TABOR_RETIRE_FADE = 1,
    TABOR_RETIRE_CUT = 2
};

/* Steps are frames of the sample a frame of the engine, 32.32 fixed point. */
#define TABOR_STEP_ONE        (UINT64_C(1) << 32)
#define TABOR_STEP_MIN        (UINT64_C(1) << 22)
#define TABOR_STEP_MAX        (UINT64_C(64) << 32)
#define TABOR_GAIN_MAX        16.0f
#define TABOR_RAMP_FRAMES_MAX (1u << 24)
#define TABOR_LENGTH_TO_END   UINT32_MAX

typedef struct tabor_command {
    union {
        uint64_t frame; /* when, if TIMED; drained ones carry the real one */
        struct {
            uint32_t hold;      /* engine frames of the envelope */
            uint32_t loop_fade; /* frames before the loop's end */
        } more;                 /* a shape, which has no frame of its own */
    };
    uint64_t target;
    uint32_t seq; /* counts the client's commands; orders equal frames */
    uint16_t type;
    uint8_t flags;
    uint8_t kernel; /* plays: TABOR_READ_... */
    union {
        uint32_t tag;   /* plays: cancel group, 0 = none */
        uint32_t choke; /* a shape: group, 0 = none */
    };
    uint32_t panics; /* plays: panics before it was sent */
    union {
        struct {
            uint64_t sample, step;
            float gain, pan;
            uint32_t offset, length; /* frames of the sample */
        } play;
        struct {
            uint32_t loop_start, loop_end; /* frames; an end of 0: no loop */
            uint32_t fade_in, fade_out;    /* engine frames, like the rest */
            uint32_t attack, decay, release;
            float sustain; /* negative: no envelope */
        } shape;
        struct {
            uint32_t which, ramp_frames;
            float gain, pan;
            uint64_t step;
        } set;
        struct {
            uint32_t fade_frames;
        } stop;
        struct {
            float gain;
            uint32_t ramp_frames;
        } volume;
        struct {
            uint32_t tag; /* 0 = all */
            uint32_t spare;
            uint64_t start, end; /* frames of the plays, end excluded */
        } cancel;
        struct {
            uint32_t position; /* frame of the sample */
        } seek;
        struct {
            uint32_t how, fade_frames;
        } retire;
        uint8_t raw[32];
    } body;
} tabor_command;

static_assert(sizeof(tabor_command) == 64, "commands are 64 bytes");
static_assert(offsetof(tabor_command, body) == 32, "half of it is the body");

#endif
