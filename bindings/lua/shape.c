/* SPDX-License-Identifier: MIT
 *
 * The loop and the envelope of a play, and what a slice makes of it.
 */
#include "lua_tabor.h"

#include <string.h>

/* --------------------------------------------------------------- loop -- */

static void
read_points(lua_State *L, int index, const lua_sample *s,
            tabor_play_params *params)
{
    double seconds[2];
    uint64_t frames[2];
    for (int i = 0; i < 2; i++) {
        if (lua_rawgeti(L, index, i + 1) != LUA_TNUMBER) {
            luaL_error(L, "play: loop takes two times, {start, end}; %s is %s",
                       i ? "the end" : "the start", luaL_typename(L, -1));
        }
        seconds[i] = lua_tonumber(L, -1);
        lua_pop(L, 1);
        frames[i] = engine_frames(L, s->engine, "play", "loop", seconds[i]);
    }
    if (frames[0] >= frames[1] || frames[1] > s->info.frames) {
        luaL_error(L,
                   "play: loop is %f to %f seconds, but begins before it ends, "
                   "within %f",
                   seconds[0], seconds[1],
                   (double)s->info.frames / s->info.rate);
    }
    params->loop = TABOR_LOOP_POINTS;
    params->loop_start = s->first + frames[0];
    params->loop_end = s->first + frames[1];
}

void
shape_read_loop(lua_State *L, int index, const lua_sample *s,
                tabor_play_params *params)
{
    if (lua_istable(L, index)) {
        read_points(L, index, s, params);
        return;
    }
    if (!lua_isboolean(L, index)) {
        luaL_error(L,
                   "play: loop must be true or {start, end} in seconds, not "
                   "a %s",
                   luaL_typename(L, index));
    }
    if (!lua_toboolean(L, index)) {
        return;
    }
    params->loop = s->parent ? TABOR_LOOP_POINTS : TABOR_LOOP_SAMPLE;
    params->loop_start = s->first;
    params->loop_end = s->first + s->info.frames;
}

void
shape_clip(lua_State *L, const lua_sample *s, tabor_play_params *params)
{
    if (params->offset > s->info.frames) {
        luaL_error(L, "play: offset is %I frames, but the slice has %I",
                   (lua_Integer)params->offset, (lua_Integer)s->info.frames);
    }
    if (params->loop && params->loop_fade > params->loop_start - s->first) {
        luaL_error(L,
                   "play: loop_fade is %I frames, but the slice has %I before "
                   "the loop's start: begin the loop later, or fade less",
                   (lua_Integer)params->loop_fade,
                   (lua_Integer)(params->loop_start - s->first));
    }
    const uint64_t left = s->info.frames - params->offset;
    if (params->loop == TABOR_LOOP_NONE && params->length > left) {
        params->length = left;
    }
    params->slice_start = s->first;
    params->slice_frames = s->info.frames;
    params->offset += s->first;
}

/* ----------------------------------------------------------- envelope -- */

typedef struct env_options {
    double attack, hold, decay, release; /* seconds */
    double sustain;
} env_options;

#define FIELD(name) offsetof(env_options, name)
static const option env_known[] = {
    {"attack", OPTION_NUMBER, FIELD(attack), NULL},
    {"hold", OPTION_NUMBER, FIELD(hold), NULL},
    {"decay", OPTION_NUMBER, FIELD(decay), NULL},
    {"sustain", OPTION_NUMBER, FIELD(sustain), NULL},
    {"release", OPTION_NUMBER, FIELD(release), NULL},
    {NULL, 0, 0, NULL}};
#undef FIELD

static env_options
read_env(lua_State *L, int index, const char *what)
{
    env_options o = {0, 0, 0, RAMP_SECONDS, 1};
    options_read(L, index, what, env_known, &o);
    if (o.sustain < 0 || o.sustain > 1) {
        luaL_error(L, "%s: sustain is %f, but goes from 0 to 1", what,
                   o.sustain);
    }
    return o;
}

void
shape_read_env(lua_State *L, int index, const lua_engine *e, tabor_env *env)
{
    const env_options o = read_env(L, index, "env");
    env->attack = engine_ramp(L, e, "env", "attack", o.attack);
    env->hold = engine_ramp(L, e, "env", "hold", o.hold);
    env->decay = engine_ramp(L, e, "env", "decay", o.decay);
    env->release = engine_ramp(L, e, "env", "release", o.release);
    env->sustain = o.sustain;
}

int
shape_adsr(lua_State *L)
{
    const env_options o = read_env(L, 1, "adsr");
    lua_createtable(L, 0, 5);
    for (const option *known = env_known; known->name; known++) {
        const double number =
            *(const double *)((const char *)&o + known->offset);
        uint64_t ignored;
        if (tabor_seconds_to_frames(number, 1, &ignored) != TABOR_OK) {
            return luaL_error(L, "adsr: %s can't be %f seconds", known->name,
                              number);
        }
        lua_pushnumber(L, number);
        lua_setfield(L, -2, known->name);
    }
    return 1;
}
