/* SPDX-License-Identifier: MIT
 *
 * One function for each command: check, take credit, fill a slot.
 */
#include "config.h"

#include <assert.h>
#include <inttypes.h>
#include <math.h>

#include "control/play.h"
#include "control/status.h"

static_assert((int)TABOR_KERNEL_DEFAULT == TABOR_READ_AS_ENGINE &&
                  (int)TABOR_KERNEL_LINEAR == TABOR_READ_LINEAR &&
                  (int)TABOR_KERNEL_SINC16 == TABOR_READ_SINC16 &&
                  (int)TABOR_KERNEL_SINC32 == TABOR_READ_SINC32,
              "the API's numbers are the wire's");

/* -------------------------------------------------------------- checks -- */

static tabor_status
check_number(const char *name, double x, double low, double high,
             const char *hint)
{
    if (x >= low && x <= high) {
        return TABOR_OK;
    }
    return tabor_fail(TABOR_ERR_INVALID, "%s is %g, but goes from %g to %g%s",
                      name, x, low, high, hint);
}

static tabor_status
check_ramp(const char *name, uint32_t frames)
{
    if (frames <= TABOR_RAMP_FRAMES_MAX) {
        return TABOR_OK;
    }
    return tabor_fail(TABOR_ERR_INVALID,
                      "%s is %" PRIu32 " frames, but at most %u", name, frames,
                      TABOR_RAMP_FRAMES_MAX);
}

/* Say what is wrong with a rate or a pitch. */
static tabor_status
fail_step(double rate, double pitch)
{
    double low = 1.0 / 1024, high = TABOR_MAX_STEP;
    tabor_status st = check_number("rate", rate, low, high, "");
    return st != TABOR_OK
               ? st
               : check_number("rate with pitch", rate * exp2(pitch / 12.0), low,
                              high, "");
}

/* step: out, 32.32 */
static tabor_status
step_of(double rate, double pitch, uint64_t *step)
{
    return tabor_play_step(rate, pitch, step) ? TABOR_OK
                                              : fail_step(rate, pitch);
}

/* It crosses from as many frames before the loop's end into as many before its
 * start. */
static tabor_status
check_loop_fade(uint32_t fade, uint64_t start, uint64_t end)
{
    if (fade && end == 0) {
        return tabor_fail(TABOR_ERR_INVALID,
                          "loop_fade is given, but there is no loop to fade: "
                          "give loop too");
    }
    if (fade > start) {
        return tabor_fail(TABOR_ERR_INVALID,
                          "loop_fade is %" PRIu32
                          " frames, but there are %" PRIu64
                          " before the loop's start: begin the loop later, or "
                          "fade less",
                          fade, start);
    }
    if (fade > end - start) {
        return tabor_fail(TABOR_ERR_INVALID,
                          "loop_fade is %" PRIu32
                          " frames, but the loop has %" PRIu64 ": fade less",
                          fade, end - start);
    }
    return check_ramp("loop_fade", fade);
}

/* The loop that a play asks for, in frames. */
static tabor_status
find_loop(const tabor_play_params *p, const tabor_sample_size *size,
          tabor_command *shape)
{
    uint64_t start = 0, end = 0;
    if (p->loop == TABOR_LOOP_SAMPLE) {
        start = size->loop_end ? size->loop_start : 0;
        end = size->loop_end ? size->loop_end : size->frames;
    } else if (p->loop == TABOR_LOOP_POINTS) {
        start = p->loop_start;
        end = p->loop_end;
        if (start >= end || end > size->frames) {
            return tabor_fail(TABOR_ERR_INVALID,
                              "loop is frames %" PRIu64 " to %" PRIu64
                              ", but begins before it ends, within the "
                              "sample's %" PRIu32,
                              start, end, size->frames);
        }
    }
    if (end && p->offset >= end) {
        return tabor_fail(TABOR_ERR_INVALID,
                          "offset is %" PRIu64
                          " frames, past the loop's end at %" PRIu64,
                          p->offset, end);
    }
    shape->body.shape.loop_start = (uint32_t)start;
    shape->body.shape.loop_end = (uint32_t)end;
    shape->more.loop_fade = p->loop_fade;
    return check_loop_fade(p->loop_fade, start, end);
}

static tabor_status
fill_env(const tabor_env *env, tabor_command *shape)
{
    tabor_status st;
    if (!env) {
        shape->body.shape.sustain = -1.0f;
        return TABOR_OK;
    }
    if ((st = check_ramp("attack", env->attack)) != TABOR_OK ||
        (st = check_ramp("hold", env->hold)) != TABOR_OK ||
        (st = check_ramp("decay", env->decay)) != TABOR_OK ||
        (st = check_ramp("release", env->release)) != TABOR_OK ||
        (st = check_number("sustain", env->sustain, 0, 1, "")) != TABOR_OK) {
        return st;
    }
    shape->more.hold = env->hold;
    shape->body.shape.attack = env->attack;
    shape->body.shape.decay = env->decay;
    shape->body.shape.release = env->release;
    shape->body.shape.sustain = (float)env->sustain;
    return TABOR_OK;
}

/* Frames of a fade that was asked for, else 0. */
static uint32_t
fade_frames(uint32_t fade)
{
    return fade == TABOR_FADE_AUTO ? 0 : fade;
}

static int
needs_shape(const tabor_play_params *p)
{
    return p->loop != TABOR_LOOP_NONE || fade_frames(p->fade_in) ||
           fade_frames(p->fade_out) || p->choke || p->env || p->loop_fade;
}

/* Which ramps the audio thread is to add where there are none. */
static uint8_t
soft_flags(const tabor_play_params *p)
{
    unsigned flags = 0;
    uint64_t end = p->slice_start + p->slice_frames;
    if (p->fade_in == TABOR_FADE_AUTO) {
        flags |= TABOR_COMMAND_SOFT_START;
    }
    if (p->slice_frames && p->offset == p->slice_start) {
        flags |= TABOR_COMMAND_EDGE;
    }
    if (p->fade_out == TABOR_FADE_AUTO &&
        (!p->slice_frames || p->loop != TABOR_LOOP_NONE ||
         p->length != end - p->offset)) {
        flags |= TABOR_COMMAND_SOFT_END;
    }
    return (uint8_t)flags;
}

/* What goes before a play that is more than plain. */
static tabor_status
fill_shape(const tabor_play_params *p, const tabor_sample_size *size,
           tabor_command *shape)
{
    *shape =
        (tabor_command){.type = TABOR_COMMAND_SHAPE,
                        .choke = p->choke,
                        .body.shape = {.fade_in = fade_frames(p->fade_in),
                                       .fade_out = fade_frames(p->fade_out)}};
    tabor_status st;
    if ((st = check_ramp("fade_in", shape->body.shape.fade_in)) != TABOR_OK ||
        (st = check_ramp("fade_out", shape->body.shape.fade_out)) != TABOR_OK ||
        (st = find_loop(p, size, shape)) != TABOR_OK) {
        return st;
    }
    return fill_env(p->env, shape);
}

static tabor_status
check_play(const tabor_play_params *p, uint32_t frames)
{
    tabor_status st;
    if (p->struct_size != sizeof *p) {
        return tabor_fail(TABOR_ERR_INVALID,
                          "params.struct_size is not sizeof params: start from "
                          "TABOR_PLAY");
    }
    if ((st = check_number("velocity", p->velocity, 0, 1,
                           ": divide MIDI's 0 to 127 by 127")) != TABOR_OK ||
        (st = check_number("gain", p->gain, 0, TABOR_MAX_GAIN,
                           ", linear; decibels convert with db()")) !=
            TABOR_OK ||
        (st = check_number("pan", p->pan, -1, 1, "")) != TABOR_OK) {
        return st;
    }
    if (p->offset > frames) {
        return tabor_fail(TABOR_ERR_INVALID,
                          "offset is %" PRIu64
                          " frames, but the sample has %" PRIu32,
                          p->offset, frames);
    }
    if (p->slice_start > frames || p->slice_frames > frames - p->slice_start) {
        return tabor_fail(TABOR_ERR_INVALID,
                          "the slice is frames %" PRIu64 " to %" PRIu64
                          ", but the sample has %" PRIu32,
                          p->slice_start, p->slice_start + p->slice_frames,
                          frames);
    }
    if ((unsigned)p->late > TABOR_LATE_DROP) {
        return tabor_fail(TABOR_ERR_INVALID, "late is %d: no such policy",
                          (int)p->late);
    }
    if ((unsigned)p->kernel > TABOR_KERNEL_SINC32) {
        return tabor_fail(TABOR_ERR_INVALID, "kernel is %d: no such kernel",
                          (int)p->kernel);
    }
    return TABOR_OK;
}

/* A command's frame and flag for an API's "at". */
static void
set_time(tabor_command *command, uint64_t at)
{
    if (at != TABOR_ASAP) {
        command->frame = at;
        command->flags |= TABOR_COMMAND_TIMED;
    }
}

/* ------------------------------------------------------------ handles -- */

tabor_status
tabor_play_reserve(tabor_client *c, uint32_t n)
{
    if (c->free_count < n) {
        tabor_client_collect(c);
    }
    if (c->free_count < n) {
        c->refused++;
        return tabor_fail_full("plays", n, c->free_count,
                               "as many as there may be have not ended yet");
    }
    return TABOR_OK;
}

static tabor_status
fail_ended(void)
{
    return tabor_fail(TABOR_ERR_STALE, "the voice has ended");
}

/* Send one command, or say why not. */
static tabor_status
send_one(tabor_client *c, const tabor_command *command, int urgent)
{
    tabor_status st = tabor_engine_check(c->engine);
    if (st != TABOR_OK) {
        return st;
    }
    pthread_mutex_lock(&c->mutex);
    st = tabor_client_reserve(c, 1, urgent);
    if (st == TABOR_OK) {
        tabor_client_send(c, command, 1);
    }
    pthread_mutex_unlock(&c->mutex);
    return st;
}

/* ---------------------------------------------------------------- play -- */

static tabor_status
fill_play(const tabor_play_params *p, uint32_t frames, tabor_command *command)
{
    tabor_status st = check_play(p, frames);
    uint64_t step = 0;
    if (st != TABOR_OK ||
        (st = step_of(p->rate, p->pitch, &step)) != TABOR_OK) {
        return st;
    }
    *command =
        (tabor_command){.type = TABOR_COMMAND_PLAY_SAMPLE,
                        .flags = soft_flags(p),
                        .kernel = (uint8_t)p->kernel,
                        .tag = p->tag,
                        .body.play = {.step = step,
                                      .gain = (float)(p->velocity * p->gain),
                                      .pan = (float)p->pan,
                                      .offset = (uint32_t)p->offset,
                                      .length = p->length < TABOR_LENGTH_TO_END
                                                    ? (uint32_t)p->length
                                                    : TABOR_LENGTH_TO_END}};
    if (p->late == TABOR_LATE_CATCH_UP) {
        command->flags |= TABOR_COMMAND_CATCH_UP;
    } else if (p->late == TABOR_LATE_DROP) {
        command->flags |= TABOR_COMMAND_DROP_LATE;
    }
    set_time(command, p->at);
    return TABOR_OK;
}

const tabor_play_params tabor_play_defaults = TABOR_PLAY;

/* What later commands to the voice are reckoned from. */
static tabor_client_play
remembered(const tabor_play_params *p, uint32_t frames)
{
    return (tabor_client_play){
        .velocity = (float)p->velocity,
        .first = (uint32_t)p->slice_start,
        .alive = 1,
        .frames = p->slice_frames ? (uint32_t)p->slice_frames : frames};
}

tabor_status
tabor_play_make(tabor_engine *engine, tabor_handle sample,
                const tabor_play_params *p, tabor_play_made *made)
{
    tabor_sample_size size;
    tabor_command *play = &made->commands[1];
    tabor_status st = tabor_samples_look(&engine->samples, sample, &size);
    if (st != TABOR_OK || (st = fill_play(p, size.frames, play)) != TABOR_OK) {
        return st;
    }
    made->count = needs_shape(p) ? 2 : 1;
    if (made->count == 2 &&
        (st = fill_shape(p, &size, &made->commands[0])) != TABOR_OK) {
        return st;
    }
    made->known = remembered(p, size.frames);
    play->body.play.sample = sample;
    play->panics = tabor_panic_count(&engine->rt->panic);
    return TABOR_OK;
}

void
tabor_play_plain(tabor_command *command)
{
    fill_play(&tabor_play_defaults, 0, command);
}

/* tabor_play_make() where there is nothing to check. */
static tabor_status
make_plain(const tabor_client *client, tabor_handle sample,
           tabor_play_made *made)
{
    tabor_engine *engine = client->engine;
    tabor_sample_size size;
    tabor_status st = tabor_samples_look(&engine->samples, sample, &size);
    if (st != TABOR_OK) {
        return st;
    }
    made->commands[1] = client->plain;
    made->commands[1].body.play.sample = sample;
    made->commands[1].panics = tabor_panic_count(&engine->rt->panic);
    made->count = 1;
    made->known = (tabor_client_play){
        .velocity = 1.0f, .frames = size.frames, .alive = 1};
    return TABOR_OK;
}

TABOR_API tabor_status
tabor_play(tabor_client *client, tabor_handle sample,
           const tabor_play_params *params, tabor_handle *voice)
{
    tabor_play_made made;
    tabor_command *commands = made.commands;
    tabor_status st = tabor_engine_check(client->engine);
    if (st == TABOR_OK) {
        st = params ? tabor_play_make(client->engine, sample, params, &made)
                    : make_plain(client, sample, &made);
    }
    if (st != TABOR_OK) {
        return st;
    }
    pthread_mutex_lock(&client->mutex);
    if ((st = tabor_client_reserve(client, made.count, 0)) == TABOR_OK &&
        (st = tabor_play_reserve(client, 1)) == TABOR_OK) {
        commands[1].target = tabor_play_take(client, &made.known);
        commands[0].target = commands[1].target;
        tabor_client_send(client, &commands[2 - made.count], made.count);
        *voice = commands[1].target;
    }
    pthread_mutex_unlock(&client->mutex);
    return st;
}

/* An urgent command to a voice that is alive. */
static tabor_status
send_to_voice(tabor_client *client, const tabor_command *command)
{
    tabor_status st = tabor_engine_check(client->engine);
    if (st != TABOR_OK) {
        return st;
    }
    pthread_mutex_lock(&client->mutex);
    if (!tabor_play_find(client, command->target)) {
        st = fail_ended();
    } else if ((st = tabor_client_reserve(client, 1, 1)) == TABOR_OK) {
        tabor_client_send(client, command, 1);
    }
    pthread_mutex_unlock(&client->mutex);
    return st;
}

tabor_status
tabor_play_fill_stop(uint32_t fade_frames, uint64_t at, tabor_command *command)
{
    tabor_status st = check_ramp("fade", fade_frames);
    *command = (tabor_command){.type = TABOR_COMMAND_VOICE_STOP,
                               .body.stop = {.fade_frames = fade_frames}};
    set_time(command, at);
    return st;
}

TABOR_API tabor_status
tabor_voice_stop(tabor_client *client, tabor_handle voice, uint32_t fade_frames,
                 uint64_t at)
{
    tabor_command command;
    tabor_status st = tabor_play_fill_stop(fade_frames, at, &command);
    command.target = voice;
    return st == TABOR_OK ? send_to_voice(client, &command) : st;
}

TABOR_API tabor_status
tabor_voice_release(tabor_client *client, tabor_handle voice, uint64_t at)
{
    tabor_command command = {.type = TABOR_COMMAND_RELEASE, .target = voice};
    set_time(&command, at);
    return send_to_voice(client, &command);
}

static tabor_status
fill_set(const tabor_voice_params *p, tabor_command *command)
{
    tabor_status st;
    if (p->struct_size != sizeof *p) {
        return tabor_fail(TABOR_ERR_INVALID,
                          "params.struct_size is not sizeof params: start from "
                          "TABOR_VOICE");
    }
    *command = (tabor_command){.type = TABOR_COMMAND_VOICE_SET,
                               .body.set = {.which = p->which,
                                            .ramp_frames = p->ramp_frames,
                                            .pan = (float)p->pan}};
    if ((st = check_ramp("ramp", p->ramp_frames)) != TABOR_OK ||
        (p->which & TABOR_SET_GAIN &&
         (st = check_number("gain", p->gain, 0, TABOR_MAX_GAIN, "")) !=
             TABOR_OK) ||
        (p->which & TABOR_SET_PAN &&
         (st = check_number("pan", p->pan, -1, 1, "")) != TABOR_OK) ||
        (p->which & TABOR_SET_RATE &&
         (st = step_of(p->rate, p->pitch, &command->body.set.step)) !=
             TABOR_OK)) {
        return st;
    }
    set_time(command, p->at);
    return TABOR_OK;
}

TABOR_API tabor_status
tabor_voice_set(tabor_client *client, tabor_handle voice,
                const tabor_voice_params *params)
{
    tabor_command command;
    tabor_status st = tabor_engine_check(client->engine);
    if (st != TABOR_OK || (st = fill_set(params, &command)) != TABOR_OK) {
        return st;
    }
    command.target = voice;
    pthread_mutex_lock(&client->mutex);
    tabor_client_play *play = tabor_play_find(client, voice);
    if (!play) {
        st = fail_ended();
    } else if ((st = tabor_client_reserve(client, 1, 0)) == TABOR_OK) {
        command.body.set.gain = (float)params->gain * play->velocity;
        if (!(params->which & TABOR_SET_GAIN)) {
            command.body.set.gain = 0.0f;
        }
        tabor_client_send(client, &command, 1);
    }
    pthread_mutex_unlock(&client->mutex);
    return st;
}

static tabor_status
check_position(const tabor_client_play *play, uint64_t position)
{
    if (position <= play->frames) {
        return TABOR_OK;
    }
    return tabor_fail(TABOR_ERR_INVALID,
                      "position is frame %" PRIu64
                      ", but the sample ends at %" PRIu32,
                      position, play->frames);
}

TABOR_API tabor_status
tabor_voice_seek(tabor_client *client, tabor_handle voice, uint64_t position,
                 uint64_t at)
{
    tabor_command command = {.type = TABOR_COMMAND_SEEK, .target = voice};
    tabor_status st = tabor_engine_check(client->engine);
    if (st != TABOR_OK) {
        return st;
    }
    set_time(&command, at);
    pthread_mutex_lock(&client->mutex);
    const tabor_client_play *play = tabor_play_find(client, voice);
    if (!play) {
        st = fail_ended();
    } else if ((st = check_position(play, position)) == TABOR_OK &&
               (st = tabor_client_reserve(client, 1, 0)) == TABOR_OK) {
        command.body.seek.position = (uint32_t)(play->first + position);
        tabor_client_send(client, &command, 1);
    }
    pthread_mutex_unlock(&client->mutex);
    return st;
}

TABOR_API int
tabor_voice_alive(tabor_client *client, tabor_handle voice)
{
    if (client->engine->forks != tabor_forks()) {
        return 0;
    }
    pthread_mutex_lock(&client->mutex);
    tabor_client_collect(client);
    int alive = tabor_play_find(client, voice) != NULL;
    pthread_mutex_unlock(&client->mutex);
    return alive;
}

/* ----------------------------------------------------------- all of them -- */

TABOR_API tabor_status
tabor_stop(tabor_client *client, uint32_t fade_frames)
{
    tabor_status st = check_ramp("fade", fade_frames);
    const tabor_command command = {.type = TABOR_COMMAND_STOP,
                                   .body.stop = {.fade_frames = fade_frames}};
    return st == TABOR_OK ? send_one(client, &command, 1) : st;
}

TABOR_API tabor_status
tabor_cancel(tabor_client *client, uint32_t tag, uint64_t start, uint64_t end)
{
    if (start > end) {
        return tabor_fail(TABOR_ERR_INVALID,
                          "cancel goes from frame %" PRIu64 " to %" PRIu64
                          ": the first of the two comes first",
                          start, end);
    }
    const tabor_command command = {
        .type = TABOR_COMMAND_CANCEL,
        .body.cancel = {.tag = tag, .start = start, .end = end}};
    return send_one(client, &command, 1);
}

TABOR_API tabor_status
tabor_set_gain(tabor_client *client, double gain, uint32_t ramp_frames)
{
    tabor_status st = check_number("gain", gain, 0, TABOR_MAX_GAIN,
                                   ", linear; decibels convert with db()");
    if (st != TABOR_OK || (st = check_ramp("ramp", ramp_frames)) != TABOR_OK) {
        return st;
    }
    const tabor_command command = {
        .type = TABOR_COMMAND_SET_VOLUME,
        .body.volume = {.gain = (float)gain, .ramp_frames = ramp_frames}};
    return send_one(client, &command, 0);
}
