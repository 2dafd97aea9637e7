/* SPDX-License-Identifier: MIT
 *
 * Voices: a sample sounding, with its position, gain, pan and fade.
 *
 * How sample channels reach engine channels: one channel is panned between
 * channels 0 and 1 at constant power; otherwise channel c goes to engine
 * channel c modulo their number, the ones that share an engine channel are
 * averaged, and pan is a balance of engine channels 0 and 1.
 */
#ifndef TABOR_RT_VOICE_H
#define TABOR_RT_VOICE_H

#include "rt/rt.h"

/* Start the play that a command describes, on rt->frame. Takes another's
 * place if the limit is reached, see steal.h; returns the voice's index, or -1
 * if all of them started on this very frame.  [audio]
 *
 * shape        or NULL
 * skip_frames  engine frames that it should have played already */
TABOR_RT int tabor_voice_start(tabor_rt *rt, const tabor_command *play,
                               const tabor_command *shape, uint32_t late,
                               uint64_t skip_frames);

/* Let an envelope's release begin; a voice without one stops in 5 ms.
 * [audio] */
TABOR_RT void tabor_voice_let_go(tabor_rt *rt, tabor_voice *v);

/* Fade to silence, then end for a reason. A shorter fade than one under way
 * wins; a longer one is ignored.  [audio] */
TABOR_RT void tabor_voice_fade_out(tabor_rt *rt, tabor_voice *v,
                                   uint32_t fade_frames, unsigned reason);

/* Apply a VOICE_SET at rt->frame.  [audio] */
TABOR_RT void tabor_voice_change(tabor_rt *rt, tabor_voice *v,
                                 const tabor_command *set);

/* Something else than its position has been changed: what was known about how
 * long it rests holds no longer, and it may be over.  [audio] */
TABOR_RT void tabor_voice_changed(tabor_rt *rt, tabor_voice *v);

/* Add n frames of every voice to the bus, from rt->frame on; list the voices
 * that end within them in rt->ended as (end - frame) << 16 | index and return
 * how many there are.  [audio] */
TABOR_RT uint32_t tabor_voices_mix(tabor_rt *rt, uint32_t n);

/* Go on at another frame of the sample, which it has, from rt->frame on. What
 * sounds now fades beside it; a voice that has lost its place, or is over,
 * takes no seek.  [audio] */
TABOR_RT void tabor_voice_jump(tabor_rt *rt, tabor_voice *v, uint32_t position);

/* The ramp on which a voice rises where it was put by a seek, one level more;
 * at rest on 1 if there was none lately.  [audio] */
static inline tabor_ramp
tabor_voice_entry(const tabor_rt *rt, const tabor_voice *v, uint64_t frame)
{
    uint32_t passed = (uint32_t)frame - v->entered;
    if (!v->entering) {
        return tabor_ramp_still(1.0f);
    }
    return (tabor_ramp){.start = frame - passed,
                        .frames = rt->declick_frames,
                        .from = 0.0f,
                        .to = 1.0f};
}

/* The voice at an index is free from now on.  [audio] */
TABOR_RT void tabor_voice_free(tabor_rt *rt, uint32_t index);

#endif
