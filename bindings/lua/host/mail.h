/* SPDX-License-Identifier: MIT
 *
 * A queue of byte strings between two threads of scripts.
 */
#ifndef LUA_HOST_MAIL_H
#define LUA_HOST_MAIL_H

#include <stddef.h>

typedef struct mail_item {
    struct mail_item *next;
    size_t length;
    char bytes[];
} mail_item;

typedef struct mail {
    mail_item *first, **last; /* owned; last: where the next one goes */
    size_t count;
} mail;

/* Under a mutex of the caller, all of them. */
void mail_init(mail *m);
void mail_free(mail *m);

/* Returns 0 if there are most already, or no memory. */
int mail_put(mail *m, const char *bytes, size_t length, size_t most);

/* The first one, taken out, or NULL; the caller frees it. */
mail_item *mail_take(mail *m);

/* Copy the first one out and drop it; see tabor_lua_report(). */
size_t mail_copy(mail *m, char *bytes, size_t room);

#endif
