/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The bytes before the parser sees them: UTF-8 (RFC 3629) of the characters that YAML 1.1 calls
 * printable (section 5.1). libyaml would stop at the first other one and forget what it had
 * read.
 */
#include "config/tree.h"

#include <string.h>

#include "config/utf8.h"

#define ERRORS_MAX 10 /* a source; one a line */

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
		size_t length = utf8_decode(
			(const unsigned char *)text + at, source->length - at, &character);

		if (length == 0 || !utf8_is_printable(character)) {
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
