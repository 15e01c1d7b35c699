/* SPDX-License-Identifier: Apache-2.0 */
/* UTF-8 on terminals: how many columns a text takes, and what must not reach a terminal. Pure.
 */
#ifndef NEARCAST_BASE_WIDTH_H
#define NEARCAST_BASE_WIDTH_H

#include <stddef.h>
#include <stdint.h>

#include "base/text.h"

/* One code point from a string that NUL ends: sets *ret_length to 1..4 bytes. Broken UTF-8
 * gives U+FFFD and one byte. At the end: 0 and length 0. */
uint32_t utf8_next(const char *text, size_t *ret_length);

/* Columns of one code point: 0 (combining), 1 or 2 (East Asian wide, emoji). */
unsigned code_point_width(uint32_t code_point);

/* Columns of a text without control characters. */
unsigned text_width(const char *text);

/* Add text to out with everything escaped that could move a cursor or turn the reading
 * direction (control characters, bidirectional overrides) or is no UTF-8: a neighbour's
 * shutdown message and a server's answer are shown to an operator, and must stay text. Newlines
 * are escaped too. */
void text_add_safe(struct text *out, const char *text);

#endif
