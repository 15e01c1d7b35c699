/* SPDX-License-Identifier: Apache-2.0 */
/* A growing string with a sticky failure: print many times, check once. */
#ifndef NEARCAST_BASE_TEXT_H
#define NEARCAST_BASE_TEXT_H

#include <stdbool.h>
#include <stddef.h>

/* Zero-initialised is an empty text. Owns bytes, which always end in NUL once something was
 * added; text_string never gives NULL. */
struct text {
	char *bytes;
	size_t length, room;
	bool failed; /* an allocation failed; what was printed so far stands */
};

void text_add(struct text *text, const char *string);
void text_add_bytes(struct text *text, const char *bytes, size_t length);
void text_print(struct text *text, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
const char *text_string(const struct text *text);
/* Empty it but keep the memory. */
void text_reset(struct text *text);
void text_clear(struct text *text);

/* Levenshtein distance for "did you mean", at most `most` + 1; case does not count. */
unsigned text_distance(const char *a, const char *b, unsigned most);

#endif
