/* SPDX-License-Identifier: MIT
 *
 * Tables of options: each name is known, or the error names the nearest one.
 * All [control], and all may raise.
 */
#ifndef LUA_TABOR_OPTIONS_H
#define LUA_TABOR_OPTIONS_H

#include <lua.h>

#include <stddef.h>

typedef enum option_kind {
    OPTION_NUMBER, /* double, anything but NAN: that means "not given" */
    OPTION_COUNT,  /* uint32_t */
    OPTION_FRAME,  /* uint64_t */
    OPTION_TEXT,   /* const char *, borrowed from the table */
    OPTION_FLAG,   /* int, 1 for true */
    OPTION_WORD,   /* int, the word's place in words */
    OPTION_VALUE,  /* int, where on the stack a copy stays; any type */
    OPTION_COLUMN  /* option_column */
} option_kind;

/* One number, or a table that stays on the stack. */
typedef struct option_column {
    double number; /* if index is 0 */
    int index;     /* where on the stack, or 0 */
} option_column;

/* A list of these ends with a NULL name. */
typedef struct option {
    const char *name;
    option_kind kind;
    size_t offset; /* of the field in the struct that is filled */
    const char *const *words;
} option;

/* Fill a struct from the table at index; none or nil leaves it as it is.
 * Raises at the caller's line, in the name of what. */
void options_read(lua_State *L, int index, const char *what,
                  const option *known, void *out);

/* The same, but a bare number stands for the first option. */
void options_read_short(lua_State *L, int index, const char *what,
                        const option *known, void *out);

/* Take the pair on top of the stack (left there). Returns 0 if the name isn't
 * known. */
int options_take(lua_State *L, const char *what, const option *known,
                 void *out);

/* Raise unless the value at index is a table. */
void options_check_table(lua_State *L, int index, const char *what);

/* The place of the word at index in words; raises, naming the nearest. */
int options_word(lua_State *L, int index, const char *what, const char *name,
                 const char *const *words);

#endif
