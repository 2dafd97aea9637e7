/* SPDX-License-Identifier: MIT
 *
 * What the editor and the screen agree on: where the line is that is being
 * typed. Everything here is [control], in the program's first thread.
 */
#ifndef TABOR_SCREEN_H
#define TABOR_SCREEN_H

#include <histedit.h>

#include <stddef.h>
#include <wchar.h>

/* A line with this prompt is about to be read. edit: borrowed until its end */
void screen_line_begins(EditLine *edit, const char *prompt);

/* It was read; text: length characters, without the newline, or
 * NULL if it is not on the screen. */
void screen_line_ended(const wchar_t *text, size_t length);

/* It was given up: draw it once more, without a status, and go below it. */
void screen_line_abandoned(void);

/* Take the line off the screen. */
void screen_hide(void);

#endif
