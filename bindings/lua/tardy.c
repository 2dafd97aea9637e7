/* SPDX-License-Identifier: MIT */
#include "clock.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* The line of the script that called the function which runs. */
static void
find_line(lua_State *L, char *where, size_t room)
{
    lua_Debug call;
    where[0] = '\0';
    for (int level = 1; lua_getstack(L, level, &call); level++) {
        lua_getinfo(L, "Sl", &call);
        if (call.currentline > 0) {
            snprintf(where, room, "%s:%d", call.short_src, call.currentline);
            return;
        }
    }
}

/* The entry of the running task at this line; the last one is everybody's for
 * whom there is no room. */
static clock_culprit *
find_culprit(lua_State *L, lua_clock *c, const char *task)
{
    clock_culprit here = {.task = ""};
    snprintf(here.task, sizeof here.task, "%s", task);
    find_line(L, here.where, sizeof here.where);
    for (size_t i = 0; i < c->culprit_count; i++) {
        if (strcmp(c->culprits[i].where, here.where) == 0 &&
            strcmp(c->culprits[i].task, here.task) == 0) {
            return &c->culprits[i];
        }
    }
    if (c->culprit_count == CLOCK_CULPRITS) {
        return &c->culprits[CLOCK_CULPRITS - 1];
    }
    if (c->culprit_count == CLOCK_CULPRITS - 1) {
        here = (clock_culprit){.task = "others"};
    }
    c->culprits[c->culprit_count] = here;
    return &c->culprits[c->culprit_count++];
}

uint64_t
tardy_stamp(lua_State *L, const lua_engine *e)
{
    const lua_task *t = e->task;
    const uint64_t now = e->engine ? tabor_engine_frame(e->engine) : 0;
    if (t->frame < now) {
        const uint64_t by = now - t->frame;
        clock_culprit *who = find_culprit(L, t->clock, t->name);
        who->late++;
        who->worst = by > who->worst ? by : who->worst;
        t->clock->late++;
        t->clock->worst = by > t->clock->worst ? by : t->clock->worst;
    }
    return t->frame;
}

void
tardy_note_refused(lua_State *L, const lua_engine *e)
{
    lua_clock *c = e->task->clock;
    find_culprit(L, c, e->task->name)->refused++;
    c->refused++;
}

/* -------------------------------------------------------------- stats -- */

static void
set_number(lua_State *L, const char *key, double number)
{
    lua_pushnumber(L, number);
    lua_setfield(L, -2, key);
}

static void
push_culprits(lua_State *L, const lua_clock *c)
{
    lua_createtable(L, (int)c->culprit_count, 0);
    for (size_t i = 0; i < c->culprit_count; i++) {
        const clock_culprit *who = &c->culprits[i];
        lua_createtable(L, 0, 5);
        object_set_text(L, "task", who->task);
        object_set_text(L, "where", who->where);
        object_set_whole(L, "late", who->late);
        object_set_whole(L, "refused", who->refused);
        set_number(L, "worst", (double)who->worst / c->engine->rate);
        lua_rawseti(L, -2, (lua_Integer)i + 1);
    }
}

/* The least latency, in whole hundredths, with which nothing would have been
 * late. */
static double
sufficient(const lua_clock *c)
{
    const double worst = (double)c->worst / c->engine->rate;
    return ceil((c->latency + worst) * 100 + 1e-9) / 100;
}

int
clock_stats(lua_State *L)
{
    const lua_clock *c = clock_check(L, 1);
    lua_createtable(L, 0, 8);
    object_set_whole(L, "tasks", c->alive);
    object_set_whole(L, "late", c->late);
    set_number(L, "worst", (double)c->worst / c->engine->rate);
    object_set_whole(L, "refused", c->refused);
    object_set_whole(L, "slips", c->slips);
    set_number(L, "slipped", c->slipped);
    push_culprits(L, c);
    lua_setfield(L, -2, "culprits");
    if (c->late) {
        lua_pushfstring(L, "latency %f, %f would have been enough", c->latency,
                        sufficient(c));
        lua_setfield(L, -2, "advice");
    }
    return 1;
}
