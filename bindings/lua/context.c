/* SPDX-License-Identifier: MIT */
#include "context.h"

#include <ctype.h>
#include <string.h>

#define MOST_OPEN 64 /* brackets; what is deeper is not completed */

/* What is open where the reading has come to. */
typedef struct reader {
    span callees[MOST_OPEN]; /* of each bracket; length 0: no call's */
    char brackets[MOST_OPEN];
    int open;
    const char *text, *at;
    char quote;         /* of the string we are in, or 0 */
    const char *string; /* its first character */
    int in_comment;
} reader;

static int
is_word(char c)
{
    return isalnum((unsigned char)c) || c == '_';
}

/* The names that end at end: word characters, dots and colons. */
static span
names_before(const char *text, const char *end)
{
    const char *start = end;
    while (start > text &&
           (is_word(start[-1]) || start[-1] == '.' || start[-1] == ':')) {
        start--;
    }
    return (span){start, (size_t)(end - start)};
}

static const char *
skip_spaces_back(const char *text, const char *end)
{
    while (end > text && isspace((unsigned char)end[-1])) {
        end--;
    }
    return end;
}

/* The function that is called by what begins at at: f{, f(, f". Within the
 * brackets of a call, that call: f(x, {. */
static span
callee_at(const reader *r, const char *at)
{
    const span names = names_before(r->text, skip_spaces_back(r->text, at));
    const char last = names.length ? names.start[names.length - 1] : '\0';
    if (names.length > 0 && is_word(last)) {
        return names;
    }
    if (r->open > 0 && r->brackets[r->open - 1] == '(') {
        return r->callees[r->open - 1];
    }
    return (span){at, 0};
}

/* The level of a long bracket at at, or -1: [[ is 0, [=[ is 1. */
static int
long_level(const char *at)
{
    const size_t level = strspn(at + 1, "=");
    return *at == '[' && at[1 + level] == '[' ? (int)level : -1;
}

/* Behind the long bracket at at, or at the text's end. */
static const char *
skip_long(const char *at, int level)
{
    for (at = strchr(at, ']'); at; at = strchr(at + 1, ']')) {
        if ((int)strspn(at + 1, "=") == level && at[1 + level] == ']') {
            return at + level + 2;
        }
    }
    return NULL;
}

/* A comment begins at at. */
static void
read_comment(reader *r)
{
    const int level = long_level(r->at + 2);
    const char *end =
        level >= 0 ? skip_long(r->at + 2, level) : strchr(r->at, '\n');
    r->in_comment = !end;
    r->at = end ? end : r->at + strlen(r->at);
}

static void
read_string(reader *r)
{
    const char quote = *r->at;
    const char *start = r->at + 1, *at = start;
    while (*at && *at != quote) {
        at += at[0] == '\\' && at[1] ? 2 : 1;
    }
    if (!*at) {
        r->quote = quote;
        r->string = start;
    }
    r->at = *at ? at + 1 : at;
}

static void
read_bracket(reader *r)
{
    if (strchr("({[", *r->at)) {
        if (r->open < MOST_OPEN) {
            r->callees[r->open] =
                *r->at == '[' ? (span){r->at, 0} : callee_at(r, r->at);
            r->brackets[r->open] = *r->at;
        }
        r->open++;
    } else if (r->open > 0) {
        r->open--;
    }
    r->at++;
}

static void
read_all(reader *r)
{
    while (*r->at && r->open < MOST_OPEN) {
        const int level = long_level(r->at);
        if (r->at[0] == '-' && r->at[1] == '-') {
            read_comment(r);
        } else if (level >= 0) {
            const char *end = skip_long(r->at, level);
            r->in_comment = !end;
            r->at = end ? end : r->at + strlen(r->at);
        } else if (*r->at == '"' || *r->at == '\'') {
            read_string(r);
        } else if (strchr("(){}[]", *r->at)) {
            read_bracket(r);
        } else {
            r->at++;
        }
    }
}

/* In code: the word that the text ends with, and what stands before it. */
static context
read_word(const reader *r)
{
    const char *end = r->at, *start = end;
    while (start > r->text && is_word(start[-1])) {
        start--;
    }
    context c = {.kind = CONTEXT_NAME, .word = {start, (size_t)(end - start)}};
    if (start > r->text && (start[-1] == '.' || start[-1] == ':')) {
        c.kind = CONTEXT_MEMBER;
        c.is_call = start[-1] == ':';
        c.owner = names_before(r->text, start - 1);
        return c;
    }
    const char *before = skip_spaces_back(r->text, start);
    const char mark = before > r->text ? before[-1] : '\0';
    if (r->open > 0 && r->brackets[r->open - 1] == '{' &&
        r->callees[r->open - 1].length > 0 && mark && strchr("{,;", mark)) {
        c.kind = CONTEXT_KEY;
        c.callee = r->callees[r->open - 1];
    }
    return c;
}

context
context_read(const char *text)
{
    reader r = {.text = text, .at = text};
    read_all(&r);
    if (r.in_comment || *r.at) {
        return (context){.kind = CONTEXT_NONE};
    }
    if (!r.quote) {
        return read_word(&r);
    }
    const span callee = callee_at(&r, r.string - 1);
    return (context){.kind = callee.length ? CONTEXT_STRING : CONTEXT_NONE,
                     .word = {r.string, strlen(r.string)},
                     .callee = callee};
}
