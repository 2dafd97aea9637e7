/* SPDX-License-Identifier: MIT */
#include "rt/apply.h"

#include "rt/plays.h"
#include "rt/schedule.h"
#include "rt/voice.h"

/* ------------------------------------------------------------- count -- */

static void
count(_Atomic uint64_t *counter)
{
    uint64_t n = atomic_load_explicit(counter, memory_order_relaxed);
    atomic_store_explicit(counter, n + 1, memory_order_relaxed);
}

static void
count_stale(tabor_rt *rt, unsigned owner)
{
    count(&rt->clients[owner]->link->stale);
}

static void
count_late(tabor_rt *rt, unsigned owner, uint64_t frames)
{
    tabor_link *link = rt->clients[owner]->link;
    count(&link->late);
    if (frames > atomic_load_explicit(&link->late_max, memory_order_relaxed)) {
        atomic_store_explicit(&link->late_max, frames, memory_order_relaxed);
    }
}

/* Frames by which a command misses the frame it asked for. */
static uint64_t
lateness(const tabor_rt *rt, const tabor_command *command)
{
    int timed = command->flags & TABOR_COMMAND_TIMED;
    return timed && rt->frame > command->frame ? rt->frame - command->frame : 0;
}

static uint32_t
clip(uint64_t frames)
{
    return frames > UINT32_MAX ? UINT32_MAX : (uint32_t)frames;
}

/* ------------------------------------------------------------ accept -- */

static int
within(float x, float low, float high)
{
    return x >= low && x <= high; /* false for NaN */
}

static int
play_is_sane(const tabor_command *c)
{
    return c->body.play.step >= TABOR_STEP_MIN &&
           c->body.play.step <= TABOR_STEP_MAX &&
           c->kernel <= TABOR_READ_SINC32 &&
           within(c->body.play.gain, 0.0f, TABOR_GAIN_MAX) &&
           within(c->body.play.pan, -1.0f, 1.0f);
}

/* A fade needs frames before the loop, and as many in it. */
static int
loop_is_sane(const tabor_command *c)
{
    uint32_t start = c->body.shape.loop_start, end = c->body.shape.loop_end;
    uint32_t fade = c->more.loop_fade;
    if (end == 0) {
        return fade == 0;
    }
    return start < end && fade <= start && fade <= end - start;
}

static int
shape_is_sane(const tabor_command *c)
{
    const uint32_t frames[] = {c->body.shape.fade_in, c->body.shape.fade_out,
                               c->body.shape.attack,  c->more.hold,
                               c->more.loop_fade,     c->body.shape.decay,
                               c->body.shape.release};
    for (size_t i = 0; i < sizeof frames / sizeof *frames; i++) {
        if (frames[i] > TABOR_RAMP_FRAMES_MAX) {
            return 0;
        }
    }
    return within(c->body.shape.sustain, -1.0f, 1.0f) && loop_is_sane(c);
}

static int
set_is_sane(const tabor_command *c)
{
    uint32_t which = c->body.set.which;
    return c->body.set.ramp_frames <= TABOR_RAMP_FRAMES_MAX &&
           (!(which & TABOR_COMMAND_GAIN) ||
            within(c->body.set.gain, 0.0f, TABOR_GAIN_MAX)) &&
           (!(which & TABOR_COMMAND_PAN) ||
            within(c->body.set.pan, -1.0f, 1.0f)) &&
           (!(which & TABOR_COMMAND_STEP) ||
            (c->body.set.step >= TABOR_STEP_MIN &&
             c->body.set.step <= TABOR_STEP_MAX));
}

static int
is_sane(const tabor_command *c)
{
    switch (c->type) {
    case TABOR_COMMAND_PLAY_SAMPLE:
        return play_is_sane(c);
    case TABOR_COMMAND_VOICE_SET:
        return set_is_sane(c);
    case TABOR_COMMAND_SHAPE:
        return shape_is_sane(c);
    case TABOR_COMMAND_STOP:
    case TABOR_COMMAND_VOICE_STOP:
        return c->body.stop.fade_frames <= TABOR_RAMP_FRAMES_MAX;
    case TABOR_COMMAND_SET_VOLUME:
        return c->body.volume.ramp_frames <= TABOR_RAMP_FRAMES_MAX &&
               within(c->body.volume.gain, 0.0f, TABOR_GAIN_MAX);
    case TABOR_COMMAND_RETIRE_SAMPLE:
        return c->body.retire.how <= TABOR_RETIRE_CUT &&
               c->body.retire.fade_frames <= TABOR_RAMP_FRAMES_MAX;
    default:
        return c->type > TABOR_COMMAND_NONE && c->type < TABOR_COMMAND_TYPES;
    }
}

/* A shape waits for its play, which is the next command. */
static void
accept_shape(tabor_rt *rt, unsigned owner, const tabor_command *command)
{
    tabor_rt_client *c = rt->clients[owner];
    if (c->shape != TABOR_NO_SHAPE) {
        tabor_slab_give(c, c->shape); /* its play never came */
        c->shape = TABOR_NO_SHAPE;
        count_stale(rt, owner);
    }
    int slab = tabor_slab_take(c);
    if (slab < 0) {
        count_stale(rt, owner);
        c->done++;
        return;
    }
    c->slab[slab] = *command;
    c->shape = (uint16_t)slab;
}

/* The shape that came before a play, or NO_SHAPE; one for another play, or
 * for frames that the sample hasn't, is given back. */
static uint16_t
take_shape(tabor_rt *rt, unsigned owner, const tabor_command *play,
           uint32_t frames)
{
    tabor_rt_client *c = rt->clients[owner];
    uint16_t shape = c->shape;
    c->shape = TABOR_NO_SHAPE;
    if (shape != TABOR_NO_SHAPE &&
        (c->slab[shape].target != play->target ||
         c->slab[shape].body.shape.loop_end > frames)) {
        tabor_slab_give(c, shape);
        count_stale(rt, owner);
        return TABOR_NO_SHAPE;
    }
    return shape;
}

/* End a play that was refused on arrival, so that it too has its one end. */
static void
refuse_play(tabor_rt *rt, unsigned owner, const tabor_command *command,
            unsigned reason)
{
    tabor_note note = {.frame = rt->frame,
                       .handle = command->target,
                       .value = TABOR_NEVER,
                       .type = TABOR_NOTE_ENDED,
                       .reason = (uint16_t)reason};
    uint16_t shape = take_shape(rt, owner, command, UINT32_MAX);
    if (shape != TABOR_NO_SHAPE) {
        tabor_slab_give(rt->clients[owner], shape);
    }
    tabor_note_push(rt, owner, &note);
    rt->clients[owner]->done++;
}

/* The free place in the play table that a play's target names, or NULL. */
static tabor_rt_play *
play_place(tabor_rt *rt, unsigned owner, uint64_t target)
{
    tabor_rt_client *c = rt->clients[owner];
    unsigned slot = tabor_handle_slot(target);
    if (tabor_handle_kind(target) != TABOR_KIND_VOICE ||
        tabor_handle_owner(target) != owner || slot >= c->play_count ||
        c->plays[slot].state != TABOR_PLAY_FREE) {
        return NULL;
    }
    return &c->plays[slot];
}

static void
accept_play(tabor_rt *rt, unsigned owner, const tabor_command *command)
{
    tabor_rt_client *c = rt->clients[owner];
    tabor_rt_play *play = play_place(rt, owner, command->target);
    if (!play) {
        count_stale(rt, owner);
        c->done++;
        return;
    }
    if (tabor_panic_hits(command->panics, rt->panics_done)) {
        refuse_play(rt, owner, command, TABOR_END_CANCELLED);
        return;
    }
    tabor_rt_sample *sample = tabor_sample_find(rt, command->body.play.sample);
    /* not from the handle once more: this place was checked */
    const tabor_sample_slot *slot =
        sample ? &rt->slots[sample - rt->samples] : NULL;
    if (!slot || command->body.play.offset > slot->frames) {
        refuse_play(rt, owner, command, TABOR_END_UNLOADED);
        return;
    }
    uint16_t shape = take_shape(rt, owner, command, slot->frames);
    int where = tabor_schedule_push(rt, owner, command);
    if (where < 0) {
        if (shape != TABOR_NO_SHAPE) {
            tabor_slab_give(c, shape);
        }
        count_stale(rt, owner);
        c->done++;
        return;
    }
    sample->refs++;
    *play =
        (tabor_rt_play){.generation = tabor_handle_generation(command->target),
                        .where = (uint16_t)where,
                        .shape = shape,
                        .state = TABOR_PLAY_SCHEDULED};
    c->pending++;
}

TABOR_RT void
tabor_take_note(tabor_rt *rt, unsigned kind, unsigned owner,
                const tabor_command *command)
{
    tabor_take_ring *t = rt->take;
    if (!t) {
        return;
    }
    if (tabor_ring_reserve(&t->ring, 1) == 0) {
        count(&t->lost);
        return;
    }
    tabor_take_record *r = &t->records[t->ring.next_tail & t->ring.mask];
    *r = (tabor_take_record){.frame = rt->frame, .kind = kind, .owner = owner};
    if (command) {
        r->command = *command;
    }
    tabor_ring_commit(&t->ring, 1);
}

TABOR_RT void
tabor_accept(tabor_rt *rt, unsigned owner, const tabor_command *command)
{
    tabor_command c = *command;
    tabor_take_note(rt, TABOR_TAKE_COMMAND, owner, command);
    if (!is_sane(&c)) {
        count_stale(rt, owner);
        rt->clients[owner]->done++;
        return;
    }
    if (c.type == TABOR_COMMAND_SHAPE) {
        accept_shape(rt, owner, &c);
        return;
    }
    if (!(c.flags & TABOR_COMMAND_TIMED)) {
        c.frame = rt->frame;
    }
    if (c.type == TABOR_COMMAND_PLAY_SAMPLE) {
        accept_play(rt, owner, &c);
    } else if (tabor_schedule_push(rt, owner, &c) < 0) {
        count_stale(rt, owner);
        rt->clients[owner]->done++;
    }
}

/* ------------------------------------------------------------- apply -- */

static void
apply_play(tabor_rt *rt, tabor_rt_key key, const tabor_command *command)
{
    tabor_rt_play *play = tabor_play_find(rt, key.owner, command->target);
    uint64_t late = lateness(rt, command);
    if (late && command->flags & TABOR_COMMAND_DROP_LATE) {
        tabor_play_miss(rt, key.owner, play, TABOR_END_LATE);
        return;
    }
    tabor_rt_sample *s =
        &rt->samples[tabor_handle_slot(command->body.play.sample)];
    if (s->state == TABOR_SLOT_RETIRED && s->how != TABOR_RETIRE_RING) {
        tabor_play_miss(rt, key.owner, play, TABOR_END_UNLOADED);
        return;
    }
    uint64_t skip = command->flags & TABOR_COMMAND_CATCH_UP ? late : 0;
    tabor_rt_client *c = rt->clients[key.owner];
    const tabor_command *shape =
        play->shape == TABOR_NO_SHAPE ? NULL : &c->slab[play->shape];
    int voice = tabor_voice_start(rt, command, shape, clip(late), skip);
    if (voice < 0) {
        tabor_play_miss(rt, key.owner, play, TABOR_END_STOLEN);
        return;
    }
    tabor_play_drop_shape(rt, key.owner, play);
    play->state = TABOR_PLAY_SOUNDING;
    play->where = (uint16_t)voice;
    c->pending--;
    c->sounding++;
}

static void
apply_voice_stop(tabor_rt *rt, unsigned owner, const tabor_command *command)
{
    tabor_rt_play *play = tabor_play_find(rt, owner, command->target);
    if (!play) {
        count_stale(rt, owner);
    } else if (play->state == TABOR_PLAY_SCHEDULED) {
        tabor_play_withdraw(rt, owner, play, TABOR_END_CANCELLED);
    } else {
        tabor_voice_fade_out(rt, &rt->voices[play->where],
                             command->body.stop.fade_frames, TABOR_END_STOPPED);
    }
}

static void
apply_release(tabor_rt *rt, unsigned owner, const tabor_command *command)
{
    tabor_rt_play *play = tabor_play_find(rt, owner, command->target);
    if (!play) {
        count_stale(rt, owner);
    } else if (play->state == TABOR_PLAY_SCHEDULED) {
        tabor_play_withdraw(rt, owner, play, TABOR_END_CANCELLED);
    } else {
        tabor_voice_let_go(rt, &rt->voices[play->where]);
    }
}

/* A play that has not started yet is changed where it waits. */
static void
edit_scheduled(tabor_command *play, const tabor_command *set)
{
    uint32_t which = set->body.set.which;
    if (which & TABOR_COMMAND_GAIN) {
        play->body.play.gain = set->body.set.gain;
    }
    if (which & TABOR_COMMAND_PAN) {
        play->body.play.pan = set->body.set.pan;
    }
    if (which & TABOR_COMMAND_STEP) {
        play->body.play.step = set->body.set.step;
    }
}

static void
apply_voice_set(tabor_rt *rt, unsigned owner, const tabor_command *command)
{
    tabor_rt_play *play = tabor_play_find(rt, owner, command->target);
    if (!play) {
        count_stale(rt, owner);
    } else if (play->state == TABOR_PLAY_SCHEDULED) {
        edit_scheduled(&rt->clients[owner]->slab[play->where], command);
    } else {
        tabor_voice_change(rt, &rt->voices[play->where], command);
    }
}

/* One that has not started begins there, and ends on the frame of the sample
 * on which it would have. */
static void
move_scheduled(tabor_command *play, const tabor_command *shape,
               uint32_t position)
{
    uint64_t end = (uint64_t)play->body.play.offset + play->body.play.length;
    uint64_t left = end > position ? end - position : 0;
    int loops = shape && shape->body.shape.loop_end;
    if (!loops && play->body.play.length != TABOR_LENGTH_TO_END) {
        play->body.play.length = clip(left);
    }
    play->body.play.offset = position;
    play->flags &= (uint8_t)~TABOR_COMMAND_EDGE;
}

static void
apply_seek(tabor_rt *rt, unsigned owner, const tabor_command *command)
{
    tabor_rt_client *c = rt->clients[owner];
    tabor_rt_play *play = tabor_play_find(rt, owner, command->target);
    int scheduled = play && play->state == TABOR_PLAY_SCHEDULED;
    uint32_t position = command->body.seek.position;
    unsigned sample = 0;
    if (play) {
        sample = scheduled
                     ? tabor_handle_slot(c->slab[play->where].body.play.sample)
                     : rt->voices[play->where].sample;
    }
    if (!play || position > rt->slots[sample].frames) {
        count_stale(rt, owner);
    } else if (scheduled) {
        move_scheduled(&c->slab[play->where],
                       play->shape == TABOR_NO_SHAPE ? NULL
                                                     : &c->slab[play->shape],
                       position);
    } else {
        tabor_voice_jump(rt, &rt->voices[play->where], position);
    }
}

static void
apply_retire(tabor_rt *rt, unsigned owner, const tabor_command *command)
{
    tabor_rt_sample *s = tabor_sample_find(rt, command->target);
    if (!s) {
        count_stale(rt, owner);
        return;
    }
    unsigned slot = tabor_handle_slot(command->target);
    s->how = (uint8_t)command->body.retire.how;
    uint32_t fade =
        s->how == TABOR_RETIRE_FADE ? command->body.retire.fade_frames : 0;
    for (uint32_t i = 0; i < rt->voice_slots && s->how; i++) {
        int active = rt->active[i / 64] >> (i % 64) & 1;
        if (active && rt->voices[i].sample == slot) {
            tabor_voice_fade_out(rt, &rt->voices[i], fade, TABOR_END_UNLOADED);
        }
    }
    tabor_sample_retire(rt, slot);
}

/* Does a cancel mean this scheduled play? */
static int
is_named(const tabor_command *play, const tabor_command *cancel)
{
    uint32_t tag = cancel->body.cancel.tag;
    return (tag == 0 || play->tag == tag) &&
           play->frame >= cancel->body.cancel.start &&
           play->frame < cancel->body.cancel.end;
}

/* Only what was sent before: a later play may be waiting already. */
static void
apply_cancel(tabor_rt *rt, unsigned owner, const tabor_command *command)
{
    tabor_rt_client *c = rt->clients[owner];
    for (uint32_t i = 0; i < c->play_count && c->pending; i++) {
        const tabor_command *play = &c->slab[c->plays[i].where];
        if (c->plays[i].state == TABOR_PLAY_SCHEDULED &&
            (int32_t)(play->seq - command->seq) < 0 &&
            is_named(play, command)) {
            tabor_play_withdraw(rt, owner, &c->plays[i], TABOR_END_CANCELLED);
        }
    }
}

static void
apply_ping(tabor_rt *rt, unsigned owner, const tabor_command *command)
{
    tabor_note note = {
        .frame = rt->frame, .handle = command->target, .type = TABOR_NOTE_PONG};
    tabor_note_push(rt, owner, &note);
}

TABOR_RT void
tabor_apply_next(tabor_rt *rt)
{
    tabor_rt_key key = tabor_schedule_pop(rt);
    const tabor_command *c = &rt->clients[key.owner]->slab[key.slab];
    uint64_t late = lateness(rt, c);
    if (late) {
        count_late(rt, key.owner, late);
    }
    switch (c->type) {
    case TABOR_COMMAND_PING:
        apply_ping(rt, key.owner, c);
        break;
    case TABOR_COMMAND_STOP:
        tabor_fade_voices(rt, key.owner, c->body.stop.fade_frames,
                          TABOR_END_STOPPED);
        break;
    case TABOR_COMMAND_SET_VOLUME:
        tabor_ramp_to(&rt->master, rt->frame, c->body.volume.ramp_frames,
                      c->body.volume.gain);
        break;
    case TABOR_COMMAND_LOAD_SAMPLE:
        if (!tabor_sample_find(rt, c->target)) {
            count_stale(rt, key.owner);
        }
        break;
    case TABOR_COMMAND_PLAY_SAMPLE:
        apply_play(rt, key, c);
        break;
    case TABOR_COMMAND_VOICE_STOP:
        apply_voice_stop(rt, key.owner, c);
        break;
    case TABOR_COMMAND_VOICE_SET:
        apply_voice_set(rt, key.owner, c);
        break;
    case TABOR_COMMAND_RELEASE:
        apply_release(rt, key.owner, c);
        break;
    case TABOR_COMMAND_SEEK:
        apply_seek(rt, key.owner, c);
        break;
    case TABOR_COMMAND_CANCEL:
        apply_cancel(rt, key.owner, c);
        break;
    case TABOR_COMMAND_RETIRE_SAMPLE:
        apply_retire(rt, key.owner, c);
        break;
    }
    tabor_schedule_free(rt, key);
}

TABOR_RT void
tabor_withdraw(tabor_rt *rt, unsigned owner, unsigned reason)
{
    tabor_rt_client *c = rt->clients[owner];
    for (uint32_t i = 0; i < c->play_count && c->pending; i++) {
        if (c->plays[i].state == TABOR_PLAY_SCHEDULED) {
            tabor_play_withdraw(rt, owner, &c->plays[i], reason);
        }
    }
}

TABOR_RT void
tabor_fade_voices(tabor_rt *rt, unsigned owner, uint32_t fade_frames,
                  unsigned reason)
{
    for (uint32_t i = 0; i < rt->voice_slots; i++) {
        int active = rt->active[i / 64] >> (i % 64) & 1;
        if (active && (owner == 0 || rt->voices[i].owner == owner)) {
            tabor_voice_fade_out(rt, &rt->voices[i], fade_frames, reason);
        }
    }
}
