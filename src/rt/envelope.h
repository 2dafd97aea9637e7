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

/* Is it silent for good at frame?  [audio] */
static inline int
tabor_envelope_is_over(const tabor_envelope *e, uint64_t frame)
{
    return e->stage == TABOR_STAGE_RELEASE && frame >= e->next;
}

#endif
