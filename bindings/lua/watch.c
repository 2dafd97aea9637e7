/* SPDX-License-Identifier: MIT
 *
 * --watch: the script is run again when its file has changed. What can't be
 * compiled is told, and changes nothing.
 */
#include "clock.h"
#include "console.h"

#include <lauxlib.h>

#include <math.h>
#include <string.h>
#include <sys/stat.h>

#define LOOK_SECONDS 0.1

static const console_settings *watched; /* NULL: nothing */
static struct stat now_run, last_seen;  /* zero: no such file */

static int
is_same(const struct stat *a, const struct stat *b)
{
    return a->st_ino == b->st_ino && a->st_size == b->st_size &&
           a->st_mtim.tv_sec == b->st_mtim.tv_sec &&
           a->st_mtim.tv_nsec == b->st_mtim.tv_nsec;
}

static const char *
path(void)
{
    return watched->argv[watched->script];
}

static struct stat
look(void)
{
    struct stat found;
    if (stat(path(), &found) != 0) {
        memset(&found, 0, sizeof found);
    }
    return found;
}

void
watch_open(const console_settings *settings)
{
    watched = settings;
    now_run = last_seen = look();
}

static void
reload(lua_State *L)
{
    if (chunk_load_file(L, path()) != LUA_OK) {
        chunk_report(L);
        fprintf(screen_err(),
                "tabor: %s can't be read as Lua: what runs goes "
                "on\n",
                path());
        return;
    }
    lua_pop(L, 1);
    loop_reload_begin(L);
    const int status = chunk_run_script(L, watched);
    loop_reload_end(L, status == CONSOLE_OK);
    if (status == CONSOLE_INTERRUPTED) {
        interrupt_again();
    }
    if (!watched->quiet && status == CONSOLE_OK) {
        fprintf(screen_err(), "tabor: %s was run again\n", path());
    }
}

/* A file that has just changed may be half written: it is taken once it has
 * been the same for two looks. */
double
watch_step(lua_State *L)
{
    if (!watched) {
        return INFINITY;
    }
    const struct stat seen = look();
    const int is_new = seen.st_ino != 0 && !is_same(&seen, &now_run);
    if (is_new && is_same(&seen, &last_seen)) {
        now_run = seen;
        reload(L);
    }
    last_seen = seen;
    return LOOK_SECONDS;
}
