/* SPDX-License-Identifier: MIT */
#include "rt/plays.h"

#include "rt/schedule.h"
#include "rt/voice.h"

TABOR_RT void
tabor_note_push(tabor_rt *rt, unsigned owner, const tabor_note *note)
{
    tabor_rt_client *c = rt->clients[owner];
    tabor_ring *ring = &c->link->note_ring;
    if (tabor_ring_reserve(ring, c->notes + 1) <= c->notes) {
        return;
    }
    /* a field at a time, as they were just written: wider reads would wait */
    tabor_note *place =
        &c->link->notes[(ring->next_tail + c->notes) & ring->mask];
    place->frame = note->frame;
    place->handle = note->handle;
    place->value = note->value;
    place->late = note->late;
    place->type = note->type;
    place->reason = note->reason;
    c->notes++;
    if (note->type == TABOR_NOTE_ENDED && note->reason == TABOR_END_STOLEN) {
        uint64_t n =
            atomic_load_explicit(&c->link->stolen, memory_order_relaxed);
        atomic_store_explicit(&c->link->stolen, n + 1, memory_order_relaxed);
    }
}

TABOR_RT tabor_rt_play *
tabor_play_find(tabor_rt *rt, unsigned owner, uint64_t handle)
{
    tabor_rt_client *c = rt->clients[owner];
    unsigned slot = tabor_handle_slot(handle);
    if (tabor_handle_kind(handle) != TABOR_KIND_VOICE ||
        tabor_handle_owner(handle) != owner || slot >= c->play_count) {
        return NULL;
    }
    tabor_rt_play *play = &c->plays[slot];
    if (play->state == TABOR_PLAY_FREE ||
        play->generation != tabor_handle_generation(handle)) {
        return NULL;
    }
    return play;
}

/* A generation not met before: is it the one that is loaded? */
static int
sample_meet(tabor_rt *rt, unsigned slot, uint32_t generation)
{
    if (!tabor_slot_is_live(&rt->slots[slot], generation)) {
        return -1;
    }
    rt->samples[slot] =
        (tabor_rt_sample){.generation = generation, .state = TABOR_SLOT_LIVE};
    return 0;
}

TABOR_RT tabor_rt_sample *
tabor_sample_find(tabor_rt *rt, uint64_t handle)
{
    unsigned slot = tabor_handle_slot(handle);
    uint32_t generation = tabor_handle_generation(handle);
    if (tabor_handle_kind(handle) != TABOR_KIND_SAMPLE ||
        slot >= rt->sample_count) {
        return NULL;
    }
    tabor_rt_sample *s = &rt->samples[slot];
    /* a slot is loaded anew only after its last generation was retired */
    if (s->generation != generation && sample_meet(rt, slot, generation) != 0) {
        return NULL;
    }
    return s->state == TABOR_SLOT_LIVE ? s : NULL;
}

static void
sample_free_if_unused(tabor_rt *rt, unsigned slot)
{
    tabor_rt_sample *s = &rt->samples[slot];
    if (s->refs != 0 || s->state != TABOR_SLOT_RETIRED) {
        return;
    }
    tabor_slot_retire(&rt->slots[slot], s->generation);
}

TABOR_RT void
tabor_sample_drop(tabor_rt *rt, unsigned slot)
{
    rt->samples[slot].refs--;
    sample_free_if_unused(rt, slot);
}

TABOR_RT void
tabor_sample_retire(tabor_rt *rt, unsigned slot)
{
    rt->samples[slot].state = TABOR_SLOT_RETIRED;
    sample_free_if_unused(rt, slot);
}

TABOR_RT void
tabor_play_withdraw(tabor_rt *rt, unsigned owner, tabor_rt_play *play,
                    unsigned reason)
{
    unsigned slab = play->where;
    tabor_play_miss(rt, owner, play, reason);
    tabor_schedule_remove(rt, owner, slab);
}

TABOR_RT void
tabor_play_drop_shape(tabor_rt *rt, unsigned owner, tabor_rt_play *play)
{
    if (play->shape != TABOR_NO_SHAPE) {
        tabor_slab_give(rt->clients[owner], play->shape);
        play->shape = TABOR_NO_SHAPE;
    }
}

TABOR_RT void
tabor_play_miss(tabor_rt *rt, unsigned owner, tabor_rt_play *play,
                unsigned reason)
{
    tabor_rt_client *c = rt->clients[owner];
    const tabor_command *command = &c->slab[play->where];
    tabor_note note = {.frame = rt->frame,
                       .handle = command->target,
                       .value = TABOR_NEVER,
                       .type = TABOR_NOTE_ENDED,
                       .reason = (uint16_t)reason};
    if (command->flags & TABOR_COMMAND_TIMED && rt->frame > command->frame) {
        uint64_t late = rt->frame - command->frame;
        note.late = late > UINT32_MAX ? UINT32_MAX : (uint32_t)late;
    }
    play->state = TABOR_PLAY_FREE;
    c->pending--;
    tabor_play_drop_shape(rt, owner, play);
    tabor_note_push(rt, owner, &note);
    tabor_sample_drop(rt, tabor_handle_slot(command->body.play.sample));
}

static void
tell_end(tabor_rt *rt, const tabor_voice *v, uint64_t frame)
{
    tabor_rt_client *c = rt->clients[v->owner];
    tabor_note note = {.frame = frame,
                       .handle = v->handle,
                       .value = v->started,
                       .late = v->late,
                       .type = TABOR_NOTE_ENDED,
                       .reason = v->reason};
    c->plays[tabor_handle_slot(v->handle)].state = TABOR_PLAY_FREE;
    c->sounding--;
    tabor_note_push(rt, v->owner, &note);
}

TABOR_RT void
tabor_play_end(tabor_rt *rt, uint32_t voice, uint64_t frame)
{
    const tabor_voice *v = &rt->voices[voice];
    if (v->handle) { /* what a seek has left is nobody's play */
        tell_end(rt, v, frame);
    }
    tabor_voice_free(rt, voice);
    tabor_sample_drop(rt, v->sample);
}
