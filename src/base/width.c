/* SPDX-License-Identifier: Apache-2.0 */
/*
 * UTF-8 on terminals. Independent of the locale, so that tables come out the same everywhere.
 *
 * Widths follow Unicode Standard Annex 11 in ranges, coarse where blocks are wide as a whole.
 */
#include "base/width.h"

#include <stdbool.h>

#define REPLACEMENT 0xfffdu
#define BROKEN      UINT32_MAX

struct range {
	uint32_t first, last;
};

static const struct range zero_width[] = {
	{ 0x0300, 0x036f },
	{ 0x0483, 0x0489 },
	{ 0x0591, 0x05bd },
	{ 0x064b, 0x065f },
	{ 0x1ab0, 0x1aff },
	{ 0x1dc0, 0x1dff },
	{ 0x200b, 0x200d },
	{ 0x20d0, 0x20ff },
	{ 0xfe00, 0xfe0f },
	{ 0xfe20, 0xfe2f },
	{ 0xe0100, 0xe01ef },
};

static const struct range double_width[] = {
	{ 0x1100, 0x115f },
	{ 0x2e80, 0x303e },
	{ 0x3041, 0x4dbf },
	{ 0x4e00, 0xa4cf },
	{ 0xa960, 0xa97f },
	{ 0xac00, 0xd7a3 },
	{ 0xf900, 0xfaff },
	{ 0xfe30, 0xfe6f },
	{ 0xff00, 0xff60 },
	{ 0xffe0, 0xffe6 },
	{ 0x1f300, 0x1f64f },
	{ 0x1f680, 0x1f6ff },
	{ 0x1f900, 0x1f9ff },
	{ 0x20000, 0x3fffd },
};

/* Control characters, line and paragraph separators, bidirectional controls. */
static const struct range unsafe[] = {
	{ 0x0000, 0x001f },
	{ 0x007f, 0x009f },
	{ 0x061c, 0x061c },
	{ 0x200e, 0x200f },
	{ 0x2028, 0x202e },
	{ 0x2066, 0x2069 },
	{ 0xfeff, 0xfeff },
	{ 0xfff9, 0xfffb },
};

static bool in_ranges(const struct range *ranges, size_t count, uint32_t code_point)
{
	for (size_t i = 0; i < count; i++) {
		if (code_point >= ranges[i].first && code_point <= ranges[i].last)
			return true;
	}
	return false;
}

#define IN(ranges, code_point) \
	in_ranges(ranges, sizeof(ranges) / sizeof((ranges)[0]), code_point)

/* RFC 3629 section 3: how many bytes a first byte asks for, and the least value they may say.
 */
static const struct utf8_form {
	uint8_t mask, lead;
	uint8_t length;
	uint32_t least;
} utf8_forms[] = {
	{ 0x80, 0x00, 1, 0 },
	{ 0xe0, 0xc0, 2, 0x80 },
	{ 0xf0, 0xe0, 3, 0x800 },
	{ 0xf8, 0xf0, 4, 0x10000 },
};

static uint32_t utf8_decode(const unsigned char *bytes, const struct utf8_form *form)
{
	uint32_t code_point = bytes[0] & (uint8_t)~form->mask;

	for (size_t i = 1; i < form->length; i++) {
		if ((bytes[i] & 0xc0) != 0x80) /* stops at the NUL too */
			return BROKEN;
		code_point = (code_point << 6) | (bytes[i] & 0x3f);
	}
	if (code_point < form->least || code_point > 0x10ffff ||
		(code_point >= 0xd800 && code_point <= 0xdfff))
		return BROKEN;
	return code_point;
}

uint32_t utf8_next(const char *text, size_t *ret_length)
{
	const unsigned char *bytes = (const unsigned char *)text;
	uint32_t code_point = BROKEN;

	*ret_length = bytes[0] == 0 ? 0 : 1;
	for (size_t i = 0; i < sizeof(utf8_forms) / sizeof(utf8_forms[0]); i++) {
		if ((bytes[0] & utf8_forms[i].mask) != utf8_forms[i].lead)
			continue;
		code_point = utf8_decode(bytes, &utf8_forms[i]);
		if (code_point != BROKEN && bytes[0] != 0)
			*ret_length = utf8_forms[i].length;
	}
	return code_point == BROKEN ? REPLACEMENT : code_point;
}

unsigned code_point_width(uint32_t code_point)
{
	if (IN(zero_width, code_point))
		return 0;
	return IN(double_width, code_point) ? 2 : 1;
}

unsigned text_width(const char *text)
{
	unsigned width = 0;
	size_t length;

	for (uint32_t c = utf8_next(text, &length); length > 0; c = utf8_next(text, &length)) {
		width += code_point_width(c);
		text += length;
	}
	return width;
}

void text_add_safe(struct text *out, const char *text)
{
	size_t length;

	for (uint32_t c = utf8_next(text, &length); length > 0; c = utf8_next(text, &length)) {
		if (c == REPLACEMENT && length == 1)
			text_print(out, "\\x%02x", (unsigned char)text[0]);
		else if (c == '\n')
			text_add(out, "\\n");
		else if (IN(unsafe, c))
			text_print(out, c < 0x100 ? "\\x%02x" : "\\u%04x", c);
		else
			text_add_bytes(out, text, length);
		text += length;
	}
}
