/* SPDX-License-Identifier: Apache-2.0 */
/* Growing strings and the distance between words. */
#include "base/text.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define WORD_MAX 64u

static bool text_grow(struct text *text, size_t more)
{
	size_t room = text->room == 0 ? 128 : text->room;
	char *bytes;

	if (text->failed)
		return false;
	while (room - text->length <= more)
		room *= 2;
	if (room == text->room)
		return true;
	bytes = realloc(text->bytes, room);
	if (bytes == NULL) {
		text->failed = true;
		return false;
	}
	text->bytes = bytes;
	text->room = room;
	return true;
}

void text_add_bytes(struct text *text, const char *bytes, size_t length)
{
	if (!text_grow(text, length))
		return;
	if (length > 0)
		memcpy(text->bytes + text->length, bytes, length);
	text->length += length;
	text->bytes[text->length] = '\0';
}

void text_add(struct text *text, const char *string)
{
	text_add_bytes(text, string, strlen(string));
}

void text_print(struct text *text, const char *format, ...)
{
	va_list list;
	int length;

	va_start(list, format);
	length = vsnprintf(NULL, 0, format, list);
	va_end(list);
	if (length < 0 || !text_grow(text, (size_t)length))
		return;
	va_start(list, format);
	vsnprintf(text->bytes + text->length, (size_t)length + 1, format, list);
	va_end(list);
	text->length += (size_t)length;
}

const char *text_string(const struct text *text)
{
	return text->bytes == NULL ? "" : text->bytes;
}

void text_reset(struct text *text)
{
	text->length = 0;
	text->failed = false;
	if (text->bytes != NULL)
		text->bytes[0] = '\0';
}

void text_clear(struct text *text)
{
	free(text->bytes);
	*text = (struct text){ 0 };
}

static unsigned min3(unsigned a, unsigned b, unsigned c)
{
	unsigned least = a < b ? a : b;

	return least < c ? least : c;
}

unsigned text_distance(const char *a, const char *b, unsigned most)
{
	unsigned row[WORD_MAX + 1];
	size_t width = strlen(b);

	if (strlen(a) > WORD_MAX || width > WORD_MAX)
		return most + 1;
	for (unsigned j = 0; j <= width; j++)
		row[j] = j;
	for (unsigned i = 1; a[i - 1] != '\0'; i++) {
		unsigned diagonal = row[0];

		row[0] = i;
		for (unsigned j = 1; j <= width; j++) {
			unsigned above = row[j];
			unsigned same = tolower((unsigned char)a[i - 1]) ==
					tolower((unsigned char)b[j - 1]);

			row[j] = min3(above + 1, row[j - 1] + 1, diagonal + !same);
			diagonal = above;
		}
	}
	return row[width] > most ? most + 1 : row[width];
}
