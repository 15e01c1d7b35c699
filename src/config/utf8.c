/* SPDX-License-Identifier: Apache-2.0 */
/* UTF-8 (RFC 3629) and the characters that YAML 1.1 calls printable (its section 5.1). */
#include "config/utf8.h"

size_t utf8_decode(const unsigned char *bytes, size_t left, uint32_t *ret_character)
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

bool utf8_is_printable(uint32_t c)
{
	if (c < 0x20)
		return c == '\t' || c == '\n' || c == '\r';
	return c < 0x7f ||
	       (c >= 0xa0 && c != 0x2028 && c != 0x2029 && c < 0xfffe && c != 0xfeff) ||
	       c >= 0x10000;
}
