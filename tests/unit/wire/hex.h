/* SPDX-License-Identifier: Apache-2.0 */
/* Messages as a person writes them: hex digits, blanks for the eye, 'text' for text. */
#ifndef NEARCAST_TESTS_WIRE_HEX_H
#define NEARCAST_TESTS_WIRE_HEX_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static inline unsigned hex_digit(char c)
{
	const char *digits = "0123456789abcdef", *at = c == '\0' ? NULL : strchr(digits, c);

	if (at == NULL) {
		fprintf(stderr, "not a hex digit: %c\n", c);
		abort();
	}
	return (unsigned)(at - digits);
}

/* Gives the number of bytes; aborts on a mistake in the test itself. */
static inline size_t hex_read(const char *text, uint8_t *bytes, size_t room)
{
	size_t count = 0;

	while (*text != '\0') {
		if (*text == ' ') {
			text++;
			continue;
		}
		if (count == room)
			abort();
		if (*text != '\'') {
			bytes[count++] =
				(uint8_t)(hex_digit(text[0]) << 4 | hex_digit(text[1]));
			text += 2;
			continue;
		}
		for (text++; *text != '\''; text++) {
			if (*text == '\0' || count == room)
				abort();
			bytes[count++] = (uint8_t)*text;
		}
		text++;
	}
	return count;
}

/* An exact copy on the heap, so that the sanitizer sees a read behind the end. */
static inline uint8_t *exact_copy(const uint8_t *bytes, size_t length)
{
	uint8_t *copy = malloc(length == 0 ? 1 : length);

	if (copy == NULL)
		abort();
	if (length > 0)
		memcpy(copy, bytes, length);
	return copy;
}

#endif
