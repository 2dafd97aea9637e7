/* SPDX-License-Identifier: MIT
 *
 * Is a PulseAudio server there, and does it answer?
 */
#ifndef TABOR_BACKENDS_RTAUDIO_PULSE_H
#define TABOR_BACKENDS_RTAUDIO_PULSE_H

#include <stdbool.h>
#include <stddef.h>

/* Connect and disconnect, with a deadline of one second.  [control]
 * why: the reason, if it is not there. */
bool pulse_answers(char *why, size_t size);

#endif
