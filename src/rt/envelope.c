/* SPDX-License-Identifier: MIT */
#include "rt/envelope.h"

TABOR_RT void
tabor_envelope_start(tabor_envelope *e, uint64_t frame,
                     const tabor_command *shape)
{
    if (!(shape->body.shape.sustain >= 0.0f)) {
        return;
    }
    e->hold = shape->more.hold;
    e->decay = shape->body.shape.decay;
    e->release = shape->body.shape.release;
    e->sustain = shape->body.shape.sustain;
    e->level = tabor_ramp_still(0.0f);
    tabor_ramp_to(&e->level, frame, shape->body.shape.attack, 1.0f);
    e->stage = TABOR_STAGE_ATTACK;
    e->next = frame + shape->body.shape.attack;
    tabor_envelope_step(e, frame);
}

/* With nothing to sustain the note is over when it has decayed. */
static void
enter_sustain(tabor_envelope *e, uint64_t frame)
{
    if (e->sustain > 0.0f) {
        e->stage = TABOR_STAGE_SUSTAIN;
        e->next = TABOR_NEVER;
    } else {
        e->stage = TABOR_STAGE_RELEASE;
        e->next = frame;
    }
}

TABOR_RT void
tabor_envelope_step(tabor_envelope *e, uint64_t frame)
{
    if (e->stage == TABOR_STAGE_ATTACK && frame >= e->next) {
        e->stage = TABOR_STAGE_HOLD;
        e->next += e->hold;
    }
    if (e->stage == TABOR_STAGE_HOLD && frame >= e->next) {
        tabor_ramp_to(&e->level, frame, e->decay, e->sustain);
        e->stage = TABOR_STAGE_DECAY;
        e->next += e->decay;
    }
    if (e->stage == TABOR_STAGE_DECAY && frame >= e->next) {
        enter_sustain(e, frame);
    }
}

TABOR_RT void
tabor_envelope_release(tabor_envelope *e, uint64_t frame)
{
    tabor_envelope_step(e, frame); /* a stage of no frames may be here */
    if (e->stage == TABOR_STAGE_RELEASE) {
        return;
    }
    tabor_ramp_to(&e->level, frame, e->release, 0.0f);
    e->stage = TABOR_STAGE_RELEASE;
    e->next = frame + e->release;
}
