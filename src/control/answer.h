/* SPDX-License-Identifier: MIT
 *
 * What the decoding worker hands back: one sealed memory file. A worker that
 * has met a hostile file may be the attacker's, so nothing in it is believed.
 */
#ifndef TABOR_CONTROL_ANSWER_H
#define TABOR_CONTROL_ANSWER_H

#include <tabor/tabor.h>

/* "Tdec", and the layout's number: worker and library may be of different
 * installations. */
#define TABOR_ANSWER_MAGIC   0x63656454u
#define TABOR_ANSWER_VERSION 1u

typedef enum tabor_answer_kind {
    TABOR_ANSWER_NONE,    /* never sent */
    TABOR_ANSWER_SOUND,   /* values follow */
    TABOR_ANSWER_REFUSED, /* status and text say why */
    TABOR_ANSWER_NO_JAIL  /* text says what the kernel does not give */
} tabor_answer_kind;

/* The file's first bytes. Behind them frames × channels values, interleaved,
 * float32, finite; and not a byte more. */
typedef struct tabor_answer {
    uint32_t magic, version;
    uint32_t kind;   /* tabor_answer_kind */
    uint32_t status; /* of REFUSED: DECODE, LIMIT or NO_MEMORY */
    uint64_t frames;
    uint32_t channels, rate;
    uint64_t loop_start, loop_end;
    char text[208];
} tabor_answer;

_Static_assert(sizeof(tabor_answer) == 256, "the layout of an answer");

#define TABOR_ANSWER_MOST_BYTES (sizeof(tabor_answer) + TABOR_MAX_DECODED)

/* An empty memory file to write an answer into: out, owned. [control]
 * TABOR_ERR_IO, errno */
tabor_status tabor_answer_open(int *fd);

/* The worker's side: write and seal. Returns 0, or -1 and errno.  [control]
 * audio: its values, or NULL where the kind has none */
int tabor_answer_send(int fd, const tabor_answer *answer,
                      const tabor_audio *audio);

/* tabor_answer_send() for what tabor_decode() returned.  [control]
 * audio: looked at if status is OK; else the text is tabor_error() */
int tabor_answer_send_result(int fd, tabor_status status,
                             const tabor_audio *audio);

/* The host's side: check everything, copy.  [control]
 *
 * audio  out, owned
 *
 * The sentence of an error does not name the sound file.
 * TABOR_ERR_DECODE and the worker's own refusals: LIMIT, NO_MEMORY
 */
tabor_status tabor_answer_take(int fd, tabor_audio **audio);

#endif
