/* SPDX-License-Identifier: MIT */
#include "mail.h"

#include <stdlib.h>
#include <string.h>

void
mail_init(mail *m)
{
    m->first = NULL;
    m->last = &m->first;
    m->count = 0;
}

int
mail_put(mail *m, const char *bytes, size_t length, size_t most)
{
    mail_item *item = m->count < most ? malloc(sizeof *item + length) : NULL;
    if (!item) {
        return 0;
    }
    item->next = NULL;
    item->length = length;
    memcpy(item->bytes, bytes, length);
    *m->last = item;
    m->last = &item->next;
    m->count++;
    return 1;
}

mail_item *
mail_take(mail *m)
{
    mail_item *item = m->first;
    if (item) {
        m->first = item->next;
        m->last = m->first ? m->last : &m->first;
        m->count--;
    }
    return item;
}

size_t
mail_copy(mail *m, char *bytes, size_t room)
{
    const size_t length = m->first ? m->first->length : 0;
    if (length > 0 && length <= room) {
        mail_item *item = mail_take(m);
        memcpy(bytes, item->bytes, length);
        free(item);
    }
    return length;
}

void
mail_free(mail *m)
{
    for (mail_item *item = mail_take(m); item; item = mail_take(m)) {
        free(item);
    }
}
