/* SPDX-License-Identifier: MIT
 *
 * meters(): what the engine does, in one row.
 */
#include "console.h"
#include "lua_tabor.h"

#include <math.h>
#include <stdarg.h>

#define STEP_SECONDS 0.1
#define LEAST_DB     (-60.0) /* what is below counts as silent */
#define BAR_CELLS    8
#define MOST_BARS    8 /* channels; a row has no room for more */

static int is_on;
static double next_time; /* on the monotonic clock */

typedef struct row {
    char text[512];
    size_t length;
} row;

__attribute__((format(printf, 2, 3))) static void
add(row *r, const char *format, ...)
{
    const size_t room = sizeof r->text - r->length;
    va_list args;
    va_start(args, format);
    const int n = vsnprintf(r->text + r->length, room, format, args);
    va_end(args);
    r->length += n < 0 ? 0 : (size_t)n < room ? (size_t)n : room - 1;
}

static void
add_peak(row *r, double peak)
{
    const double db = peak > 0 ? 20 * log10(peak) : LEAST_DB;
    const int cells =
        (int)lround((1 - fmax(db, LEAST_DB) / LEAST_DB) * BAR_CELLS);
    add(r, "[");
    for (int i = 0; i < BAR_CELLS; i++) {
        add(r, "%c", i < cells ? '#' : '.');
    }
    if (db <= LEAST_DB) {
        add(r, "]  -inf ");
    } else {
        add(r, "] %5.1f ", db);
    }
}

static void
describe(const lua_engine *e, row *r)
{
    tabor_meter meters[TABOR_MAX_CHANNELS];
    tabor_stats s;
    tabor_engine_meters(e->engine, meters, e->channels);
    tabor_get_stats(e->client, &s);
    for (uint32_t c = 0; c < e->channels && c < MOST_BARS; c++) {
        add_peak(r, meters[c].peak);
    }
    add(r, "dB  %u voices  load %.0f%%  late %llu  xruns %llu", s.voices,
        100 * s.load_max, (unsigned long long)s.late,
        (unsigned long long)s.xruns);
}

/* The console's engine, or NULL if there is none or it is closed. */
static const lua_engine *
get_engine(lua_State *L)
{
    globals_push_engine(L);
    const lua_engine *e = object_test(L, -1, &engine_kind);
    lua_pop(L, 1);
    return e && e->client ? e : NULL;
}

int
status_toggle(lua_State *L)
{
    row r = {.length = 0};
    lua_getglobal(L, "engine"); /* opens it, if need be */
    lua_pop(L, 1);
    const lua_engine *e = get_engine(L);
    if (!e) {
        return luaL_error(L, "meters: engine is closed");
    }
    if (!editor_is_terminal()) {
        describe(e, &r);
        fprintf(screen_out(), "%s\n", r.text);
        return 0;
    }
    is_on = !is_on;
    next_time = 0;
    if (!is_on) {
        screen_status(NULL);
    }
    return 0;
}

double
status_step(lua_State *L)
{
    const double now = events_clock();
    if (!is_on) {
        return INFINITY;
    }
    if (now >= next_time) {
        const lua_engine *e = get_engine(L);
        row r = {.length = 0};
        if (e) {
            describe(e, &r);
        } else {
            add(&r, "engine is closed");
        }
        screen_status(r.text);
        next_time = now + STEP_SECONDS;
    }
    return next_time - now;
}
