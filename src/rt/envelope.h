/* SPDX-License-Identifier: MIT
 *
 * Envelopes: attack, hold, decay, sustain, release: ramps between
 * absolute frames.
 */
#ifndef TABOR_RT_ENVELOPE_H
#define TABOR_RT_ENVELOPE_H

#include "rt/rt.h"

/* Begin the envelope of a shape at frame, if it has one.  [audio] */
TABOR_RT void tabor_envelope_start(tabor_envelope *e, uint64_t frame,
                                   const tabor_command *shape);

/* Enter the next stage if frame has come.  [audio] */
TABOR_RT void tabor_envelope_step(tabor_envelope *e, uint64_t frame);

/* From wherever it is, down to silence.  [audio] */
TABOR_RT void tabor_envelope_release(tabor_envelope *e, uint64_t frame);

/* Is it silent for good at frame? With nothing to sustain it is so when it has
 * decayed, whether that stage was entered yet or not.  [audio] */
static inline int
tabor_envelope_is_over(const tabor_envelope *e, uint64_t frame)
{
    if (frame < e->next) {
        return 0; /* there is none, or it sustains, or it goes on */
    }
    uint64_t rest = e->stage == TABOR_STAGE_ATTACK ? e->hold + e->decay
                    : e->stage == TABOR_STAGE_HOLD ? e->decay
                                                   : 0;
    return e->stage == TABOR_STAGE_RELEASE ||
           (!(e->sustain > 0.0f) && frame - e->next >= rest);
}

#endif
