/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Communities as text: standard (RFC 1997), large (RFC 8092), extended (RFC 4360, RFC 5668),
 * told apart by how they are written. The well-known names are IANA's.
 */
#include "config/value.h"

#include <inttypes.h>
#include <string.h>

static const struct schema_word well_known[] = {
	{ "graceful-shutdown", 0xffff0000, NULL },   /* RFC 8326 */
	{ "accept-own", 0xffff0001, NULL },          /* RFC 7611 */
	{ "llgr-stale", 0xffff0006, NULL },          /* RFC 9494 */
	{ "no-llgr", 0xffff0007, NULL },             /* RFC 9494 */
	{ "blackhole", 0xffff029a, NULL },           /* RFC 7999 */
	{ "no-export", 0xffffff01, NULL },           /* RFC 1997 */
	{ "no-advertise", 0xffffff02, NULL },        /* RFC 1997 */
	{ "no-export-subconfed", 0xffffff03, NULL }, /* RFC 1997 */
	{ "no-peer", 0xffffff04, NULL },             /* RFC 3765 */
	{ 0 },
};

/* Extended communities that have a name: the two low bytes of their type (RFC 4360 section 4,
 * 5). */
static const struct schema_word subtypes[] = {
	{ "rt", 0x02, NULL },  /* route target */
	{ "soo", 0x03, NULL }, /* site of origin */
	{ 0 },
};

#define PARTS_MAX 3

struct part {
	const char *text;
	size_t length;
};

/* Splits at colons; 0 if there are more parts than fit. */
static size_t split(const char *text, struct part parts[PARTS_MAX])
{
	size_t count = 0;

	for (;;) {
		size_t length = strcspn(text, ":");

		if (count == PARTS_MAX)
			return 0;
		parts[count++] = (struct part){ text, length };
		if (text[length] == '\0')
			return count;
		text += length + 1;
	}
}

static bool number(const struct part *part, uint64_t maximum, uint64_t *ret_value)
{
	return value_digits(part->text, part->length, maximum, ret_value);
}

static bool parse_standard(const struct part *parts, struct community *ret)
{
	uint64_t high, low;

	if (!number(&parts[0], 65535, &high) || !number(&parts[1], 65535, &low))
		return false;
	ret->kind = COMMUNITY_STANDARD;
	ret->standard = (uint32_t)(high << 16 | low);
	return true;
}

static bool parse_large(const struct part *parts, struct community *ret)
{
	uint64_t values[3];

	for (int i = 0; i < 3; i++)
		if (!number(&parts[i], UINT32_MAX, &values[i]))
			return false;
	ret->kind = COMMUNITY_LARGE;
	ret->large = (struct config_large_community){ (uint32_t)values[0], (uint32_t)values[1],
		(uint32_t)values[2] };
	return true;
}

/* rt:64500:10 (type 0x00), rt:192.0.2.1:10 (0x01), rt:4200000000:10 (0x02, RFC 5668) */
static bool parse_named(const struct part *parts, struct community *ret)
{
	const struct schema_word *word = subtypes;
	char text[ADDRESS_TEXT_MAX] = "";
	struct address address;
	uint64_t type, global, local;

	while (word->word != NULL &&
		(strlen(word->word) != parts[0].length ||
			strncmp(word->word, parts[0].text, parts[0].length) != 0))
		word++;
	if (word->word == NULL || parts[1].length >= sizeof(text))
		return false;
	memcpy(text, parts[1].text, parts[1].length);
	if (number(&parts[1], UINT32_MAX, &global)) {
		type = global > 65535 ? 0x02 : 0x00;
	} else if (address_parse(text, &address) == 0 && address.family == FAMILY_IPV4) {
		type = 0x01;
		global = (uint64_t)address.bytes[0] << 24 | (uint64_t)address.bytes[1] << 16 |
			 (uint64_t)address.bytes[2] << 8 | address.bytes[3];
	} else {
		return false;
	}
	if (!number(&parts[2], type == 0x00 ? UINT32_MAX : 65535, &local))
		return false;
	ret->kind = COMMUNITY_EXTENDED;
	ret->extended = type << 56 | (uint64_t)word->value << 48 |
			(type == 0x00 ? global << 32 | local : global << 16 | local);
	return true;
}

static bool parse_hex(const char *text, struct community *ret)
{
	uint64_t value = 0;

	if (strncmp(text, "0x", 2) != 0 || strlen(text) != 18 ||
		strspn(text + 2, "0123456789abcdef") != 16)
		return false;
	for (const char *at = text + 2; *at != '\0'; at++)
		value = value << 4 | (uint64_t)(*at <= '9' ? *at - '0' : *at - 'a' + 10);
	ret->kind = COMMUNITY_EXTENDED;
	ret->extended = value;
	return true;
}

int community_parse(const char *text, struct community *ret_community, struct error *error)
{
	const struct schema_word *word = schema_word_find(well_known, text);
	struct community community = { 0 };
	struct part parts[PARTS_MAX];
	size_t count = split(text, parts);
	const char *closest = schema_closest_word(well_known, text);
	bool good = word != NULL;

	if (good)
		community.standard = (uint32_t)word->value;
	else if (count == 2)
		good = parse_standard(parts, &community);
	else if (count == 3)
		good = parse_large(parts, &community) || parse_named(parts, &community);
	else
		good = parse_hex(text, &community);
	if (good) {
		*ret_community = community;
		return 0;
	}
	if (closest != NULL)
		error_hint(error, "did you mean '%s'?", closest);
	else if (count == 2)
		error_hint(error, "both numbers are at most 65535; a larger AS number needs a "
				  "large community: 4200000000:1:2");
	else
		error_hint(error,
			"64500:10, or large 64500:1:2, or rt:64500:10, or a name such as "
			"no-export");
	return error_set(error, ERROR_MALFORMED, "'%.200s' is not a community", text);
}

static void format_extended(uint64_t value, struct text *out)
{
	unsigned type = (unsigned)(value >> 56);
	const struct schema_word *word =
		schema_word_of(subtypes, (int64_t)(value >> 48 & 0xff));
	uint32_t high = (uint32_t)(value >> 16);
	struct address address = address_ipv4(high);
	char text[ADDRESS_TEXT_MAX];

	if (word != NULL && type == 0x00)
		text_print(out, "%s:%u:%" PRIu32, word->word, (unsigned)(value >> 32 & 0xffff),
			(uint32_t)value);
	else if (word != NULL && type == 0x01)
		text_print(out, "%s:%s:%u", word->word, address_format(&address, text),
			(unsigned)(value & 0xffff));
	else if (word != NULL && type == 0x02 && high > 65535)
		text_print(
			out, "%s:%" PRIu32 ":%u", word->word, high, (unsigned)(value & 0xffff));
	else
		text_print(out, "0x%016" PRIx64, value);
}

void community_format(const struct community *community, struct text *out)
{
	const struct schema_word *word;

	switch (community->kind) {
	case COMMUNITY_STANDARD:
		word = schema_word_of(well_known, community->standard);
		if (word != NULL)
			text_add(out, word->word);
		else
			text_print(out, "%u:%u", (unsigned)(community->standard >> 16),
				(unsigned)(community->standard & 0xffff));
		break;
	case COMMUNITY_LARGE:
		text_print(out, "%" PRIu32 ":%" PRIu32 ":%" PRIu32, community->large.global,
			community->large.local_1, community->large.local_2);
		break;
	case COMMUNITY_EXTENDED:
		format_extended(community->extended, out);
		break;
	}
}
