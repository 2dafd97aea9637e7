/* SPDX-License-Identifier: MIT
 *
 * The allocator of the console's Lua state: it counts, and refuses what is over
 * the limit, which Lua turns into an error that can be caught.
 *
 * The limit holds while code of the user runs. The console itself, between two
 * lines at the prompt, is not refused: it has to read the line that frees
 * something. That line in turn gets a little room, however full it is.
 *
 * Lua collects its garbage before it gives up, but not where it joins strings:
 * so whoever was refused has it collected right after, and with a limit it is
 * collected sooner.
 */
#include "console.h"

#include <lauxlib.h>

#include <stdlib.h>

#define LEAST_ROOM   65536 /* bytes for whoever comes when all is used */
#define SOONER_PAUSE 120   /* collect again at 120 % of what was left */

static size_t used, limit, allowed; /* bytes; limit 0 = none */

static void *
allocate(void *unused, void *block, size_t old_size, size_t size)
{
    const size_t before = block ? old_size : 0; /* else it is a type */
    (void)unused;
    if (size == 0) {
        free(block);
        used -= before;
        return NULL;
    }
    if (size > before &&
        size - before > (allowed > used ? allowed - used : 0)) {
        interrupt_collect();
        return NULL;
    }
    void *moved = realloc(block, size);
    if (!moved && size <= before) {
        return block; /* Lua counts on it that shrinking succeeds */
    }
    if (moved) {
        used += size - before;
    }
    return moved;
}

lua_State *
memory_new_state(uint32_t mib)
{
    limit = (size_t)mib << 20;
    allowed = SIZE_MAX;
    lua_State *L = lua_newstate(allocate, NULL);
    if (L && limit > 0) {
        lua_gc(L, LUA_GCINC, SOONER_PAUSE, 0, 0);
    }
    return L;
}

void
memory_arm(lua_State *L)
{
    if (limit == 0) {
        return;
    }
    if (used > limit / 2) {
        lua_gc(L, LUA_GCCOLLECT);
    }
    allowed = limit > used + LEAST_ROOM ? limit : used + LEAST_ROOM;
}

void
memory_disarm(void)
{
    allowed = SIZE_MAX;
}

size_t
memory_limit(void)
{
    return limit;
}

size_t
memory_used(void)
{
    return used;
}
