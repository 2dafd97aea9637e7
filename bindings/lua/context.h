/* SPDX-License-Identifier: MIT
 *
 * Where in a chunk the cursor is, as far as it matters for what may follow.
 */
#ifndef TABOR_CONTEXT_H
#define TABOR_CONTEXT_H

#include <stddef.h>

typedef enum context_kind {
    CONTEXT_NAME,   /* a name that stands by itself, or its beginning */
    CONTEXT_MEMBER, /* behind a "." or ":" */
    CONTEXT_KEY,    /* where a field's name may be, in a table for a call */
    CONTEXT_STRING, /* in a string for a call */
    CONTEXT_NONE    /* in a comment, or another string */
} context_kind;

/* A part of the text. */
typedef struct span {
    const char *start;
    size_t length;
} span;

typedef struct context {
    context_kind kind;
    span word;   /* what has been typed of it */
    span owner;  /* of a member: the names before it, "a.b" */
    int is_call; /* of a member: it stands behind a ":" */
    span callee; /* of a key or string: the function, "a.b:c" */
} context;

/* text: a chunk up to the cursor; the spans are in it. */
context context_read(const char *text);

#endif
