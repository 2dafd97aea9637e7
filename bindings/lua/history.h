/* SPDX-License-Identifier: MIT
 *
 * What was typed, over all consoles of the user. [control]
 */
#ifndef TABOR_HISTORY_H
#define TABOR_HISTORY_H

#include <histedit.h>

/* Read what is kept and give it to the editor. Without memory, or without a
 * place for it, there is just none. */
void history_open(EditLine *edit);
void history_close(void);

#endif
