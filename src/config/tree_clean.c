/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The bytes before the parser sees them: UTF-8 (RFC 3629) of the characters that YAML 1.1 calls
 * printable (section 5.1). libyaml would stop at the first other one and forget what it had
 * read.
 */
#include "config/tree.h"

#include <string.h>

#define ERRORS_MAX 10 /* a source; one a line */

/* Decodes one character at bytes[0..left). Returns its length, or 0 if it is none. */
static size_t decode(const unsigned char *bytes, size_t left, uint32_t *ret_character)
{
	static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	unsigned char first = bytes[0];
	size_t length = first < 0x80   ? 1
			: first < 0xc2 ? 0
			: first < 0xe0 ? 2
			: first < 0xf0 ? 3
				       : 4;
	uint32_t character = length == 1 ? first : first & (0x7fu >> length);

	if (length == 0 || length > left || first > 0xf4)
		return 0;
	for (size_t i = 1; i < length; i++) {
		if ((bytes[i] & 0xc0) != 0x80)
			return 0;
		character = (character << 6) | (bytes[i] & 0x3fu);
	}
	if (character < least[length] || character > 0x10ffff ||
		(character >= 0xd800 && character < 0xe000))
		return 0;
	*ret_character = character;
	return length;
}

/* YAML's line breaks beyond \n would make libyaml count lines that editors do not show. */
static bool is_printable(uint32_t c)
{
	if (c < 0x20)
		return c == '\t' || c == '\n' || c == '\r';
	return c < 0x7f ||
	       (c >= 0xa0 && c != 0x2028 && c != 0x2029 && c < 0xfffe && c != 0xfeff) ||
	       c >= 0x10000;
}

static void complain(struct tree *tree, const struct place *place, size_t length)
{
	if (length == 0) {
		diagnose(tree->diagnostics, CONFIG_ERROR, place, "this is not UTF-8 text");
		diagnose_hint(tree->diagnostics, "save the file as UTF-8");
		return;
	}
	diagnose(tree->diagnostics, CONFIG_ERROR, place,
		"a control character is not allowed here");
	diagnose_hint(tree->diagnostics, "take it out");
}

const char *tree_clean(struct tree *tree, const struct config_source *source)
{
	char *text = arena_copy(tree->arena, source->text, source->length);
	struct place place = { .source = source, .line = 1, .column = 1, .width = 1 };
	size_t at = source->length >= 3 && memcmp(source->text, "\xef\xbb\xbf", 3) == 0 ? 3 : 0;
	uint32_t bad_line = 0;
	unsigned errors = 0;

	while (text != NULL && at < source->length) {
		uint32_t character = 0;
		size_t length = decode(
			(const unsigned char *)text + at, source->length - at, &character);

		if (length == 0 || !is_printable(character)) {
			if (place.line != bad_line && errors++ < ERRORS_MAX)
				complain(tree, &place, length);
			bad_line = place.line;
			text[at] = '?';
			length = 1;
			character = '?';
		}
		/* A lone carriage return is a line break to YAML, and to nobody else. */
		if (character == '\r' && (at + 1 == source->length || text[at + 1] != '\n'))
			text[at] = ' ';
		place.line += character == '\n';
		place.column = character == '\n' ? 1 : place.column + 1;
		at += length;
	}
	return text;
}
