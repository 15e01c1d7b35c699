/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A buffer of lines. A table of ten million routes is printed here: numbers and addresses are
 * made by hand, because printf would take longer than all else.
 *
 * Invariants:
 *  1. length is at most BUFFER_SIZE; whoever adds has asked for room first.
 *  2. After a failure nothing is written any more.
 */
#include "cli/mrt_lines.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define BUFFER_SIZE 262144u

int lines_open(struct lines *lines, FILE *out)
{
	*lines = (struct lines){ .out = out, .buffer = malloc(BUFFER_SIZE) };
	return lines->buffer == NULL ? ERROR_MEMORY : 0;
}

bool lines_flush(struct lines *lines)
{
	if (!lines->failed &&
		(fwrite(lines->buffer, 1, lines->length, lines->out) < lines->length ||
			fflush(lines->out) != 0)) {
		lines->failed = true;
		lines->system_errno = errno;
	}
	lines->length = 0;
	return !lines->failed;
}

void lines_clear(struct lines *lines)
{
	free(lines->buffer);
	*lines = (struct lines){ 0 };
}

/* Room for length bytes, at most BUFFER_SIZE. */
static char *room(struct lines *lines, size_t length)
{
	if (BUFFER_SIZE - lines->length < length)
		(void)lines_flush(lines);
	return lines->buffer + lines->length;
}

void lines_char(struct lines *lines, char c)
{
	*room(lines, 1) = c;
	lines->length++;
}

void lines_bytes(struct lines *lines, const char *bytes, size_t length)
{
	while (length > 0) {
		size_t some = length < BUFFER_SIZE ? length : BUFFER_SIZE;

		memcpy(room(lines, some), bytes, some);
		lines->length += some;
		bytes += some;
		length -= some;
	}
}

void lines_text(struct lines *lines, const char *text)
{
	lines_bytes(lines, text, strlen(text));
}

/* The digits, at the end of text; gives how many. */
static size_t digits_of(uint64_t number, char text[20])
{
	size_t at = 20;

	do {
		text[--at] = (char)('0' + number % 10);
		number /= 10;
	} while (number > 0);
	return 20 - at;
}

void lines_number(struct lines *lines, uint64_t number)
{
	char text[20];
	size_t length = digits_of(number, text);

	memcpy(room(lines, length), text + 20 - length, length);
	lines->length += length;
}

void lines_digits(struct lines *lines, uint32_t number, unsigned digits)
{
	char *at = room(lines, digits);

	for (unsigned i = digits; i > 0; i--) {
		at[i - 1] = (char)('0' + number % 10);
		number /= 10;
	}
	lines->length += digits;
}

void lines_address(struct lines *lines, const struct address *address)
{
	char text[ADDRESS_TEXT_MAX];

	if (address->family != FAMILY_IPV4) {
		lines_text(lines, address_format(address, text));
		return;
	}
	for (unsigned i = 0; i < 4; i++) {
		if (i > 0)
			lines_char(lines, '.');
		lines_number(lines, address->bytes[i]);
	}
}

void lines_prefix(struct lines *lines, const struct prefix *prefix)
{
	lines_address(lines, &prefix->address);
	lines_char(lines, '/');
	lines_number(lines, prefix->length);
}

void lines_time(struct lines *lines, struct wall_time time)
{
	char text[WALL_TEXT_MAX];
	uint32_t microseconds = (uint32_t)(time.ns % 1000000000 / 1000);

	lines_bytes(lines, wall_format(time, text), strlen("2014-05-30T22:00:00"));
	if (microseconds > 0) {
		lines_char(lines, '.');
		lines_digits(lines, microseconds, 6);
	}
	lines_char(lines, 'Z');
}

static uint32_t number_u32(const uint8_t *b)
{
	return ((uint32_t)b[0] << 24) | ((uint32_t)b[1] << 16) | ((uint32_t)b[2] << 8) | b[3];
}

/* What stands around and between the numbers of a segment, by its type. */
static const char brackets[][3] = {
	[BGP_SEGMENT_SET] = { '{', ',', '}' },
	[BGP_SEGMENT_SEQUENCE] = { 0, ' ', 0 },
	[BGP_SEGMENT_CONFED_SEQUENCE] = { '(', ' ', ')' },
	[BGP_SEGMENT_CONFED_SET] = { '[', ',', ']' },
};

void lines_path(struct lines *lines, const struct bgp_attributes *attributes)
{
	const uint8_t *at = attributes->as_path, *end = at + attributes->as_path_size;

	for (const uint8_t *start = at; at < end;) {
		const char *b = brackets[at[0]];
		unsigned count = at[1];

		if (at > start)
			lines_char(lines, ' ');
		if (b[0] != 0)
			lines_char(lines, b[0]);
		at += 2;
		for (unsigned i = 0; i < count; i++, at += 4) {
			if (i > 0)
				lines_char(lines, b[1]);
			lines_number(lines, number_u32(at));
		}
		if (b[2] != 0)
			lines_char(lines, b[2]);
	}
}
