/* SPDX-License-Identifier: MIT */
#include "rt/steal.h"

#include "rt/envelope.h"
#include "rt/voice.h"

TABOR_RT float
tabor_steal_level(const tabor_rt *rt, const tabor_voice *v, uint64_t frame)
{
    float left = tabor_ramp_at(&v->left, frame);
    const tabor_ramp side = tabor_voice_right(v);
    float right = tabor_ramp_at(&side, frame);
    const tabor_ramp entry = tabor_voice_entry(rt, v, frame);
    float level = tabor_ramp_at(&v->gain, frame);
    level *= tabor_ramp_at(&v->fade, frame);
    level *= left > right ? left : right;
    level *= tabor_ramp_at(&v->env.level, frame);
    return level * tabor_ramp_at(&entry, frame);
}

/* Is it on its way to silence already? */
static int
fades(const tabor_voice *v)
{
    return v->fade.to == 0.0f || v->env.stage == TABOR_STAGE_RELEASE;
}

static int
goes_before(const tabor_rt *rt, const tabor_victim *a, const tabor_victim *b)
{
    if (a->fades != b->fades) {
        return a->fades;
    }
    if (a->level != b->level) {
        return a->level < b->level;
    }
    const tabor_voice *v = &rt->voices[a->voice], *w = &rt->voices[b->voice];
    if (v->started != w->started) {
        return v->started < w->started;
    }
    return v->handle < w->handle;
}

/* Put a victim into the hole at i, or further down. */
static void
sift_down(tabor_rt *rt, uint32_t i, tabor_victim victim)
{
    tabor_victim *heap = rt->victims;
    for (uint32_t kid; (kid = 2 * i + 1) < rt->victim_count; i = kid) {
        kid += kid + 1 < rt->victim_count &&
               goes_before(rt, &heap[kid + 1], &heap[kid]);
        if (!goes_before(rt, &heap[kid], &victim)) {
            break;
        }
        heap[i] = heap[kid];
    }
    heap[i] = victim;
}

/* Gather and order all that may go on this frame. */
static void
line_up(tabor_rt *rt)
{
    rt->victim_count = 0;
    for (uint32_t w = 0; w < (rt->voice_slots + 63) / 64; w++) {
        for (uint64_t bits = rt->active[w]; bits; bits &= bits - 1) {
            uint32_t i = w * 64 + (uint32_t)__builtin_ctzll(bits);
            tabor_voice *v = &rt->voices[i];
            if (!v->stealing && v->started != rt->frame) {
                /* a stage of no frames may be here */
                tabor_envelope_step(&v->env, rt->frame);
                rt->victims[rt->victim_count++] =
                    (tabor_victim){.level = tabor_steal_level(rt, v, rt->frame),
                                   .voice = (uint16_t)i,
                                   .fades = (uint16_t)fades(v)};
            }
        }
    }
    for (uint32_t i = rt->victim_count / 2; i-- > 0;) {
        sift_down(rt, i, rt->victims[i]);
    }
    rt->victims_at = rt->frame;
}

TABOR_RT tabor_voice *
tabor_steal_next(tabor_rt *rt)
{
    if (rt->victims_at != rt->frame) {
        line_up(rt);
    }
    if (rt->victim_count == 0) {
        return NULL;
    }
    tabor_victim first = rt->victims[0];
    tabor_victim last = rt->victims[--rt->victim_count];
    if (rt->victim_count) {
        sift_down(rt, 0, last);
    }
    return &rt->voices[first.voice];
}

TABOR_RT uint32_t
tabor_steal_spare(const tabor_rt *rt)
{
    uint32_t quietest = 0;
    float least = -1.0f;
    for (uint32_t i = 0; i < rt->voice_slots; i++) {
        tabor_voice *v = &rt->voices[i];
        if (!v->stealing) {
            continue;
        }
        tabor_envelope_step(&v->env, rt->frame);
        float level = tabor_steal_level(rt, v, rt->frame);
        if (least < 0.0f || level < least) {
            least = level;
            quietest = i;
        }
    }
    return quietest;
}
