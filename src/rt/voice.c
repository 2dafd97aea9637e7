/* SPDX-License-Identifier: MIT */
#include "rt/voice.h"

#include <string.h>

#include "rt/envelope.h"
#include "rt/plays.h"
#include "rt/position.h"
#include "rt/steal.h"

/* ------------------------------------------------------------ levels -- */

/* sin(x) for x in [0, pi/2], in double: exact at 0, 1 at pi/2 once rounded to
 * float. Our own, because libm's last bit differs between versions.
 * Source: Taylor's series; the first term left out is below 1e-12. */
static double
quarter_sine(double x)
{
    static const double factor[] = {
        -1.0 / (16 * 17), -1.0 / (14 * 15), -1.0 / (12 * 13), -1.0 / (10 * 11),
        -1.0 / (8 * 9),   -1.0 / (6 * 7),   -1.0 / (4 * 5),   -1.0 / (2 * 3)};
    double square = x * x, sum = 1.0;
    for (unsigned i = 0; i < sizeof factor / sizeof *factor; i++) {
        sum = 1.0 + sum * square * factor[i];
    }
    return x * sum;
}

static void
pan_levels(float pan, unsigned channels, float *left, float *right)
{
    if (channels == 1 && pan == 0.0f) {
        *left = *right = 0.70710678f; /* to the bit what the series gives */
    } else if (channels == 1) {
        const double eighth = 0.78539816339744830962; /* pi / 4 */
        *left = (float)quarter_sine((1.0 - (double)pan) * eighth);
        *right = (float)quarter_sine((1.0 + (double)pan) * eighth);
    } else {
        *left = pan > 0 ? 1.0f - pan : 1.0f;
        *right = pan < 0 ? 1.0f + pan : 1.0f;
    }
}

/* ----------------------------------------------------- choosing one -- */

static int
find_free(const tabor_rt *rt)
{
    uint32_t words = (rt->voice_slots + 63) / 64;
    for (uint32_t w = 0; w < words; w++) {
        if (~rt->active[w]) {
            uint32_t i = w * 64 + (uint32_t)__builtin_ctzll(~rt->active[w]);
            return i < rt->voice_slots ? (int)i : -1;
        }
    }
    return -1;
}

static int
start_fade(tabor_rt *rt, tabor_voice *v, uint32_t fade_frames, unsigned reason)
{
    uint64_t end = rt->frame + fade_frames;
    if (v->stop_frame <= end) {
        return 0;
    }
    /* the fade before its natural end may bring silence sooner, and must */
    if (v->fade.to != 0.0f || v->fade.start + v->fade.frames > end) {
        tabor_ramp_to(&v->fade, rt->frame, fade_frames, 0.0f);
    }
    v->stop_frame = end;
    v->reason = (uint8_t)reason;
    tabor_voice_changed(rt, v);
    return 1;
}

/* Make room below the limit; the voice that goes fades beside the new one. */
static int
make_room(tabor_rt *rt)
{
    if (rt->sounding < rt->voice_limit) {
        return 0;
    }
    tabor_voice *victim = tabor_steal_next(rt);
    if (!victim) {
        return -1;
    }
    start_fade(rt, victim, rt->declick_frames, TABOR_END_STOLEN);
    victim->stealing = 1;
    rt->sounding--;
    return 0;
}

/* A voice to fill. There is always one: if none is free, the quietest of those
 * that only fade beside the others ends here and now. */
static uint32_t
find_place(tabor_rt *rt)
{
    int index = find_free(rt);
    if (index >= 0) {
        return (uint32_t)index;
    }
    uint32_t spare = tabor_steal_spare(rt);
    tabor_play_end(rt, spare, rt->frame);
    return spare;
}

/* ---------------------------------------------------- start and stop -- */

/* Where it reads, how far, and round what. */
static void
set_path(tabor_rt *rt, tabor_voice *v, const tabor_command *play,
         const tabor_command *shape, uint64_t skip_frames)
{
    unsigned slot = tabor_handle_slot(play->body.play.sample);
    const tabor_sample_slot *s = &rt->slots[slot];
    v->values = s->values;
    v->channels = (uint8_t)s->channels;
    v->sample = (uint16_t)slot;
    v->step = v->step_to = play->body.play.step;
    v->phase = (uint64_t)play->body.play.offset << 32;
    uint64_t frames = s->frames - play->body.play.offset;
    if (shape && shape->body.shape.loop_end) {
        v->loop_start = shape->body.shape.loop_start;
        v->loop_end = shape->body.shape.loop_end;
        v->loop_fade = shape->more.loop_fade;
        frames = TABOR_LENGTH_TO_END;
    }
    if (play->body.play.length < frames) {
        frames = play->body.play.length;
    }
    v->left_phase = v->loop_end && frames == TABOR_LENGTH_TO_END ? TABOR_NEVER
                                                                 : frames << 32;
    tabor_position_skip(v, skip_frames);
}

/* Engine frames of a ramp that a play has at an end in mid-sample: within its
 * time, and not over the ramp of the other end. */
static uint32_t
soft_frames(const tabor_rt *rt, const tabor_voice *v, int shared)
{
    uint64_t left = tabor_position_frames_left(v);
    uint64_t most = shared && left != TABOR_NEVER ? left / 2 : left;
    return most < rt->declick_frames ? (uint32_t)most : rt->declick_frames;
}

/* The ramps at its ends: as asked for, else where they are in mid-sample. */
static void
set_fades(const tabor_rt *rt, tabor_voice *v, const tabor_command *play,
          const tabor_command *shape)
{
    uint64_t edge =
        play->flags & TABOR_COMMAND_EDGE ? play->body.play.offset : 0;
    uint32_t whole = rt->slots[v->sample].frames - play->body.play.offset;
    int starts =
        play->flags & TABOR_COMMAND_SOFT_START && v->phase != edge << 32;
    int ends = play->flags & TABOR_COMMAND_SOFT_END &&
               (v->loop_end ? v->left_phase != TABOR_NEVER
                            : play->body.play.length < whole);
    uint32_t fade_in = shape ? shape->body.shape.fade_in : 0;
    v->fade_out = shape ? shape->body.shape.fade_out : 0;
    int both = (starts || fade_in) && (ends || v->fade_out);
    starts = starts && !fade_in;
    ends = ends && !v->fade_out;
    if (ends) {
        v->fade_out = soft_frames(rt, v, both);
    }
    if (starts) {
        fade_in = soft_frames(rt, v, both);
    }
    if (fade_in) {
        v->fade.from = 0.0f;
        v->fade.start = rt->frame;
        v->fade.frames = fade_in;
    }
}

/* Levels and their movements. */
static void
set_levels(tabor_rt *rt, tabor_voice *v, const tabor_command *play,
           const tabor_command *shape)
{
    float left, right;
    pan_levels(play->body.play.pan, v->channels, &left, &right);
    v->gain = tabor_ramp_still(play->body.play.gain);
    v->left = tabor_ramp_still(left);
    v->right_from = v->right_to = right;
    v->fade = tabor_ramp_still(1.0f);
    v->env.level = tabor_ramp_still(1.0f);
    v->env.next = TABOR_NEVER;
    set_fades(rt, v, play, shape);
    if (shape) {
        v->choke = shape->choke;
        tabor_envelope_start(&v->env, rt->frame, shape);
    }
}

/* The others of a voice's choke group fall silent; not those of its chord. */
static void
choke_others(tabor_rt *rt, const tabor_voice *v)
{
    for (uint32_t i = 0; v->choke && i < rt->voice_slots; i++) {
        tabor_voice *other = &rt->voices[i];
        int active = rt->active[i / 64] >> (i % 64) & 1;
        if (active && other->choke == v->choke && other->owner == v->owner &&
            other->started != v->started) {
            tabor_voice_fade_out(rt, other, rt->declick_frames,
                                 TABOR_END_STOPPED);
        }
    }
}

/* Line by line: of a longer memset() compilers make one slow instruction. */
static void
clear(tabor_voice *v)
{
    unsigned char *lines = (unsigned char *)v;
    for (size_t i = 0; i < sizeof *v; i += 64) {
        memset(lines + i, 0, 64);
    }
}

TABOR_RT int
tabor_voice_start(tabor_rt *rt, const tabor_command *play,
                  const tabor_command *shape, uint32_t late,
                  uint64_t skip_frames)
{
    if (make_room(rt) != 0) {
        return -1;
    }
    uint32_t index = find_place(rt);
    tabor_voice *v = &rt->voices[index];
    clear(v);
    v->stop_frame = TABOR_NEVER;
    v->handle = play->target;
    v->owner = (uint8_t)tabor_handle_owner(play->target);
    v->started = rt->frame;
    v->late = late;
    v->kernel =
        play->kernel == TABOR_READ_AS_ENGINE ? rt->kernel : play->kernel;
    set_path(rt, v, play, shape, skip_frames);
    set_levels(rt, v, play, shape);
    tabor_voice_changed(rt, v);
    choke_others(rt, v);
    rt->active[index / 64] |= UINT64_C(1) << (index % 64);
    rt->sounding++;
    return (int)index;
}

TABOR_RT void
tabor_voice_fade_out(tabor_rt *rt, tabor_voice *v, uint32_t fade_frames,
                     unsigned reason)
{
    if (start_fade(rt, v, fade_frames, reason)) {
        tabor_steal_forget(rt);
    }
}

TABOR_RT void
tabor_voice_free(tabor_rt *rt, uint32_t index)
{
    if (!rt->voices[index].stealing) {
        rt->sounding--;
    }
    rt->voices[index].stealing = 0;
    tabor_steal_forget(rt);
    rt->active[index / 64] &= ~(UINT64_C(1) << (index % 64));
}

/* ------------------------------------------------------------ change -- */

TABOR_RT void
tabor_voice_change(tabor_rt *rt, tabor_voice *v, const tabor_command *set)
{
    uint32_t frames = set->body.set.ramp_frames;
    tabor_steal_forget(rt);
    if (set->body.set.which & TABOR_COMMAND_GAIN) {
        tabor_ramp_to(&v->gain, rt->frame, frames, set->body.set.gain);
    }
    if (set->body.set.which & TABOR_COMMAND_PAN) {
        float left, right;
        pan_levels(set->body.set.pan, v->channels, &left, &right);
        tabor_ramp side = tabor_voice_right(v);
        tabor_ramp_to(&side, rt->frame, frames, right);
        tabor_ramp_to(&v->left, rt->frame, frames, left);
        v->right_from = side.from;
        v->right_to = side.to;
    }
    if (set->body.set.which & TABOR_COMMAND_STEP) {
        tabor_position_step(v, rt->frame); /* a line of the grid may be here */
        v->step_from = v->step;
        v->ending = 0; /* a fade out under way is to be over when it is */
        v->step_to = set->body.set.step;
        v->step_start = rt->frame;
        v->step_frames = frames;
        if (frames == 0) {
            v->step = v->step_to;
        }
    }
    tabor_voice_changed(rt, v);
}

TABOR_RT void
tabor_voice_let_go(tabor_rt *rt, tabor_voice *v)
{
    if (v->env.stage == TABOR_STAGE_NONE) {
        tabor_voice_fade_out(rt, v, rt->declick_frames, TABOR_END_STOPPED);
        return;
    }
    tabor_envelope_release(&v->env, rt->frame);
    tabor_voice_changed(rt, v);
    tabor_steal_forget(rt);
}

/* -------------------------------------------------------------- seek -- */

/* What sounds now goes on in a voice that is no play's, and fades; its sample
 * is held for it. */
static void
leave_ghost(tabor_rt *rt, const tabor_voice *v)
{
    const tabor_ramp entry = tabor_voice_entry(rt, v, rt->frame);
    float level =
        tabor_ramp_at(&v->fade, rt->frame) * tabor_ramp_at(&entry, rt->frame);
    uint64_t frames = rt->declick_frames;
    if (v->stop_frame - rt->frame < frames) {
        frames = v->stop_frame - rt->frame;
    }
    if (v->fade_out && tabor_position_frames_left(v) < frames) {
        frames = tabor_position_frames_left(v); /* it would end loud */
    }
    if (level == 0.0f || frames == 0 || v->started == rt->frame) {
        return; /* there is nothing to be heard of the old place */
    }
    uint32_t index = find_place(rt);
    tabor_voice *ghost = &rt->voices[index];
    *ghost = *v;
    ghost->handle = 0;
    ghost->stealing = 1;
    ghost->entering = 0;
    ghost->ending = 1;
    ghost->fade = tabor_ramp_still(level);
    tabor_ramp_to(&ghost->fade, rt->frame, (uint32_t)frames, 0.0f);
    ghost->stop_frame = rt->frame + frames;
    tabor_voice_changed(rt, ghost);
    rt->samples[v->sample].refs++;
    rt->active[index / 64] |= UINT64_C(1) << (index % 64);
}

TABOR_RT void
tabor_voice_jump(tabor_rt *rt, tabor_voice *v, uint32_t position)
{
    if (v->stealing || v->stop_frame <= rt->frame || v->left_phase == 0) {
        return;
    }
    leave_ghost(rt, v);
    tabor_position_jump(v, position);
    if (v->ending && !v->loop_end && v->stop_frame == TABOR_NEVER) {
        v->fade = tabor_ramp_still(1.0f); /* it has its end before it again */
        v->ending = 0;
    }
    v->entered = (uint32_t)rt->frame;
    v->entering = 1;
    tabor_voice_changed(rt, v);
    tabor_steal_forget(rt);
}
