/* SPDX-License-Identifier: MIT */
#ifndef TABOR_TESTS_DROP_H
#define TABOR_TESTS_DROP_H

#include "rt/plays.h"

/* tabor_note_push(), but for one.  [audio] */
void drop_note_push(tabor_rt *rt, unsigned owner, const tabor_note *note);

#endif
