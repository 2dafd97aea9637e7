/* SPDX-License-Identifier: MIT
 *
 * What becomes of that which a script has started, now or in a take: it is
 * waited for, or rendered.
 */
#include "clock.h"
#include "console.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define LOOK_SECONDS 0.05 /* between looks at several engines */
#define MOST_SECONDS 3600 /* of a rendering that nobody limits */

/* --------------------------------------------------------------- wait -- */

/* Push an array of the engines that are open; a handler may change that. */
static void
push_engines(lua_State *L)
{
    lua_newtable(L);
    engine_push_open(L);
    lua_pushnil(L);
    while (lua_next(L, -2)) {
        lua_pop(L, 1);
        lua_pushvalue(L, -1);
        lua_rawseti(L, -4, (lua_Integer)lua_rawlen(L, -4) + 1);
    }
    lua_pop(L, 1);
}

/* Let the handlers know what came, and forget it. */
static void
poll_engine(lua_State *L, int index)
{
    lua_pushcfunction(L, engine_poll);
    lua_pushvalue(L, index);
    lua_call(L, 1, 0);
}

/* Does anything go on that ends or fails by itself, or by Ctrl-C? */
static int
is_busy(const lua_engine *e)
{
    return e->playing > 0 || clocks_alive(e) > 0;
}

/* Poll each engine once; returns whether one of them plays and runs. */
static int
look_at_engines(lua_State *L)
{
    int playing = 0;
    push_engines(L);
    const int list = lua_gettop(L);
    for (lua_Integer i = 1; lua_rawgeti(L, list, i) != LUA_TNIL; i++) {
        const int index = lua_gettop(L);
        const lua_engine *e = engine_check(L, index);
        if (!e->pumped) {
            poll_engine(L, index);
            if (is_busy(e) && !playing) {
                playing = 1;
                events_wait(L, index, 0, LOOK_SECONDS);
            }
        }
        lua_settop(L, list);
    }
    lua_pop(L, 1);
    return playing;
}

static int
wait_for_engines(lua_State *L)
{
    while (look_at_engines(L)) {
    }
    return 0;
}

int
outcome_wait(lua_State *L)
{
    lua_pushcfunction(L, wait_for_engines);
    return chunk_call(L, 0);
}

/* ------------------------------------------------------------- render -- */

typedef struct rendering {
    const console_settings *settings;
    lua_engine *engine;
    tabor_audio **audio; /* in an Audio on the stack */
    uint64_t done;       /* frames */
    uint64_t end;        /* behind the last voice that has ended */
    int shows_progress;
} rendering;

/* A row that is drawn over itself; with a bar if the end is known. */
static void
show_progress(const rendering *r)
{
    static const char bar[] = "##############################";
    const int cells = (int)sizeof bar - 1;
    const double done = (double)r->done / r->engine->rate;
    if (!r->shows_progress) {
        return;
    }
    fprintf(stderr, "\r%s: %.1f s", r->settings->render, done);
    if (!isnan(r->settings->seconds)) {
        const double share = fmin(1, done / r->settings->seconds);
        fprintf(stderr, " of %.1f s [%-*.*s] %.0f %% ", r->settings->seconds,
                cells, (int)(share * cells), bar, 100 * share);
    }
}

/* Poll the engine at index 1; its handlers may play more. Moves end behind
 * the last voice that has ended. */
static void
note_ended(lua_State *L, rendering *r)
{
    lua_pushcfunction(L, engine_poll);
    lua_pushvalue(L, 1);
    lua_call(L, 1, 1);
    if (!lua_istable(L, -1)) {
        luaL_error(L, "--render: the script has closed engine");
    }
    for (lua_Integer i = 1; lua_rawgeti(L, -1, i) == LUA_TTABLE; i++) {
        lua_getfield(L, -1, "started");
        lua_getfield(L, -2, "frame");
        const uint64_t frame = (uint64_t)lua_tointeger(L, -1);
        if (!lua_isnil(L, -2) && frame > r->end) {
            r->end = frame;
        }
        lua_pop(L, 3);
    }
    lua_pop(L, 2);
}

/* Twice the room, in a new Audio at index 2. */
static void
make_longer(lua_State *L, rendering *r)
{
    const tabor_audio *old = *r->audio;
    if (r->done / r->engine->rate > MOST_SECONDS) {
        luaL_error(L, "--render: the script still plays after an hour: say "
                      "--seconds");
    }
    tabor_audio **audio = audio_push(L);
    if (tabor_audio_new(2 * old->frames, old->channels, old->rate, audio) !=
        TABOR_OK) {
        luaL_error(L, "--render: %s (or say --seconds)", tabor_error());
    }
    memcpy((*audio)->values, old->values,
           r->done * old->channels * sizeof *old->values);
    tabor_audio_free(*r->audio);
    *r->audio = NULL;
    r->audio = audio;
    lua_replace(L, 2);
}

/* A tenth of a second more, or up to limit. */
static void
render_some(lua_State *L, rendering *r, uint64_t limit)
{
    uint64_t frames = r->engine->rate / 10;
    if (frames > limit - r->done) {
        frames = limit - r->done;
    }
    const tabor_audio *audio = *r->audio;
    if (clocks_render(L, 1, frames,
                      audio->values + r->done * audio->channels) != TABOR_OK) {
        luaL_error(L, "--render: %s", tabor_error());
    }
    r->done += frames;
    events_let_hooks_run(L);
    show_progress(r);
}

static void
start_audio(lua_State *L, rendering *r, uint64_t frames)
{
    r->audio = audio_push(L);
    if (tabor_audio_new(frames, r->engine->channels, r->engine->rate,
                        r->audio) != TABOR_OK) {
        luaL_error(L, "--render: %s", tabor_error());
    }
}

static void
render_seconds(lua_State *L, rendering *r)
{
    const uint64_t frames = engine_frames(L, r->engine, "--render", "--seconds",
                                          r->settings->seconds);
    start_audio(L, r, frames);
    while (r->done < frames) {
        note_ended(L, r);
        render_some(L, r, frames);
    }
}

/* A script may have rendered by itself before: frames count from here. */
static void
render_to_end(lua_State *L, rendering *r)
{
    const uint64_t start = tabor_engine_frame(r->engine->engine);
    start_audio(L, r, r->engine->rate);
    note_ended(L, r);
    r->end = 0;
    while (is_busy(r->engine)) {
        if (clocks_are_endless(r->engine)) {
            luaL_error(L, "--render: only loops are left, which never end: "
                          "say --seconds");
        }
        if (r->done + r->engine->rate / 10 > (*r->audio)->frames) {
            make_longer(L, r);
        }
        render_some(L, r, (*r->audio)->frames);
        note_ended(L, r);
    }
    if (r->end <= start) {
        luaL_error(L, "--render: the script plays nothing; to render silence "
                      "say --seconds");
    }
    (*r->audio)->frames = r->end - start;
}

static tabor_status
save(const tabor_audio *audio, const console_settings *settings)
{
    tabor_save_params params = TABOR_SAVE;
    params.bits = settings->bits;
    params.dither = !settings->no_dither;
    return tabor_audio_save_as(audio, settings->render, &params);
}

/* Argument: the settings. */
static int
render(lua_State *L)
{
    rendering r = {.settings = lua_touserdata(L, 1)};
    lua_settop(L, 0);
    globals_push_engine(L);
    r.engine = engine_check(L, 1);
    r.shows_progress = isatty(STDERR_FILENO) && !r.settings->quiet;
    if (isnan(r.settings->seconds)) {
        render_to_end(L, &r);
    } else {
        render_seconds(L, &r);
    }
    if (r.shows_progress) {
        fputc('\n', stderr);
    }
    if (save(*r.audio, r.settings) != TABOR_OK) {
        luaL_error(L, "--render: %s", tabor_error());
    }
    return 0;
}

int
outcome_render(lua_State *L, const console_settings *settings)
{
    lua_pushcfunction(L, render);
    lua_pushlightuserdata(L, (void *)settings);
    return chunk_call(L, 1);
}

/* ------------------------------------------------------------- replay -- */

int
outcome_replay(const console_settings *settings)
{
    tabor_audio *audio = NULL;
    tabor_status st = tabor_replay(settings->replay, &audio);
    if (st == TABOR_OK) {
        st = save(audio, settings);
    }
    tabor_audio_free(audio);
    if (st != TABOR_OK) {
        fprintf(stderr, "tabor: %s\n", tabor_error());
        return CONSOLE_FAILED;
    }
    return CONSOLE_OK;
}
