/* SPDX-License-Identifier: MIT */
#include "clock.h"

#include <stdlib.h>

static int
is_before(const lua_task *a, const lua_task *b)
{
    return a->key < b->key || (a->key == b->key && a->seq < b->seq);
}

static void
put(agenda *a, size_t place, lua_task *t)
{
    a->tasks[place] = t;
    t->place = place;
}

static void
sift_up(agenda *a, size_t place, lua_task *t)
{
    while (place > 0 && is_before(t, a->tasks[(place - 1) / 2])) {
        put(a, place, a->tasks[(place - 1) / 2]);
        place = (place - 1) / 2;
    }
    put(a, place, t);
}

static void
sift_down(agenda *a, size_t place, lua_task *t)
{
    for (size_t child = 2 * place + 1; child < a->count;
         child = 2 * place + 1) {
        if (child + 1 < a->count &&
            is_before(a->tasks[child + 1], a->tasks[child])) {
            child++;
        }
        if (!is_before(a->tasks[child], t)) {
            break;
        }
        put(a, place, a->tasks[child]);
        place = child;
    }
    put(a, place, t);
}

int
agenda_add(agenda *a, lua_task *t)
{
    if (a->count == a->room) {
        const size_t room = a->room ? 2 * a->room : 16;
        lua_task **more = realloc(a->tasks, room * sizeof *more);
        if (!more) {
            return 0;
        }
        a->tasks = more;
        a->room = room;
    }
    sift_up(a, a->count++, t);
    return 1;
}

void
agenda_remove(agenda *a, lua_task *t)
{
    const size_t place = t->place;
    lua_task *last = a->tasks[--a->count];
    if (last == t) {
        return;
    }
    if (place > 0 && is_before(last, a->tasks[(place - 1) / 2])) {
        sift_up(a, place, last);
    } else {
        sift_down(a, place, last);
    }
}

lua_task *
agenda_first(const agenda *a)
{
    return a->count > 0 ? a->tasks[0] : NULL;
}

void
agenda_free(agenda *a)
{
    free(a->tasks);
    *a = (agenda){NULL, 0, 0};
}
