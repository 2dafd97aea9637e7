/* SPDX-License-Identifier: MIT
 *
 * Sound on the caller's side, and the limits it must keep.
 */
#ifndef TABOR_CONTROL_AUDIO_H
#define TABOR_CONTROL_AUDIO_H

#include <tabor/tabor.h>

/* Are these numbers within the limits of tabor.h? what names the sound in the
 * message.  [any]  TABOR_ERR_LIMIT */
tabor_status tabor_audio_check_shape(const char *what, uint64_t frames,
                                     uint32_t channels, uint32_t rate);

/* Make what is no number, or infinite, 0.  [any] */
void tabor_audio_silence_unsound(tabor_audio *audio);

#endif
