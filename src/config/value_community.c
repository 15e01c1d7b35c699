/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Communities with wildcards: "64500:*", "64500:100-199:*", "rt:64500:*", and all that is a
 * single community. RFC 1997, 8092, 4360, 5668.
 */
#include <inttypes.h>
#include <string.h>

#include "config/value_kinds.h"

/* Encodings of extended communities: bits by their type (RFC 4360 section 3, RFC 5668). */
#define ENCODING_AS2  1u
#define ENCODING_IPV4 2u
#define ENCODING_AS4  4u
#define ENCODING_ALL  7u

static const struct schema_word subtypes[] = {
	{ "rt", 0x02, NULL },
	{ "soo", 0x03, NULL },
	{ 0 },
};

static bool is_star(const char *text, size_t length)
{
	return length == 1 && text[0] == '*';
}

static bool is_word(const char *text, size_t length, const char *word)
{
	return length == strlen(word) && memcmp(text, word, length) == 0;
}

/* "neighbor", "self": AS numbers that each session has. */
static bool parse_session_part(
	struct config_community_item *item, int part, const char *text, size_t length)
{
	if (is_word(text, length, "neighbor"))
		item->neighbor |= (uint8_t)(1 << part);
	else if (is_word(text, length, "self"))
		item->self |= (uint8_t)(1 << part);
	else
		return false;
	return true;
}

/* "10", "10-20" or "*" */
static bool parse_part(struct config_community_item *item, int part, const char *text,
	size_t length, uint32_t maximum)
{
	const char *dash = memchr(text, '-', length);
	size_t first_length = dash == NULL ? length : (size_t)(dash - text);
	uint64_t first = 0, last = maximum;

	if (!is_star(text, length)) {
		if (!value_digits(text, first_length, maximum, &first))
			return false;
		last = first;
		if (dash != NULL &&
			!value_digits(dash + 1, length - first_length - 1, maximum, &last))
			return false;
	}
	item->first[part] = (uint32_t)first;
	item->last[part] = (uint32_t)last;
	return first <= last;
}

static bool parse_address(struct config_community_item *item, const char *text, size_t length)
{
	char copy[ADDRESS_TEXT_MAX];
	struct address address;
	const uint8_t *b = address.bytes;

	if (length >= sizeof(copy))
		return false;
	memcpy(copy, text, length);
	copy[length] = '\0';
	if (address_parse(copy, &address) != 0 || address.family != FAMILY_IPV4)
		return false;
	item->first[0] = item->last[0] =
		(uint32_t)b[0] << 24 | (uint32_t)b[1] << 16 | (uint32_t)b[2] << 8 | b[3];
	item->encodings = ENCODING_IPV4;
	return true;
}

/* "64500:10", "64500:*:10-20", "0:neighbor" */
static bool parse_plain(struct config_community_item *item, const char *text)
{
	uint32_t maximum;
	int parts = 1;

	for (const char *at = text; *at != '\0'; at++)
		parts += *at == ':';
	if (parts != 2 && parts != 3)
		return false;
	item->kind = parts == 2 ? CONFIG_COMMUNITY_STANDARD : CONFIG_COMMUNITY_LARGE;
	maximum = parts == 2 ? 65535 : UINT32_MAX;
	for (int i = 0; i < parts; i++) {
		size_t length = strcspn(text, ":");

		if (!parse_session_part(item, i, text, length) &&
			!parse_part(item, i, text, length, maximum))
			return false;
		text += length + (text[length] == ':');
	}
	return true;
}

/* "rt:64500:*": a number may be in either encoding of AS numbers, a '*' in any at all */
static bool parse_extended(struct config_community_item *item, const char *text)
{
	const struct schema_word *word = subtypes;
	size_t length = strcspn(text, ":");
	uint32_t maximum = UINT32_MAX;

	while (word->word != NULL &&
		(strlen(word->word) != length || strncmp(word->word, text, length) != 0))
		word++;
	if (word->word == NULL || text[length] != ':')
		return false;
	*item = (struct config_community_item){ .kind = CONFIG_COMMUNITY_EXTENDED,
		.subtype = (uint8_t)word->value };
	text += length + 1;
	length = strcspn(text, ":");
	if (text[length] != ':')
		return false;
	if (!parse_address(item, text, length)) {
		if (!parse_part(item, 0, text, length, UINT32_MAX))
			return false;
		item->encodings = is_star(text, length)    ? ENCODING_ALL
				  : item->first[0] > 65535 ? ENCODING_AS4
							   : ENCODING_AS2 | ENCODING_AS4;
	}
	if ((item->encodings & ENCODING_AS2) == 0)
		maximum = 65535;
	text += length + 1;
	return parse_part(item, 1, text, strlen(text), maximum);
}

static bool take_single(struct config_community_item *item, const struct community *one)
{
	if (one->kind == COMMUNITY_STANDARD) {
		item->kind = CONFIG_COMMUNITY_STANDARD;
		item->first[0] = item->last[0] = one->standard >> 16;
		item->first[1] = item->last[1] = one->standard & 0xffff;
		return true;
	}
	if (one->kind != COMMUNITY_EXTENDED)
		return false;
	item->kind = CONFIG_COMMUNITY_EXTENDED_RAW;
	item->first[0] = item->last[0] = (uint32_t)(one->extended >> 32);
	item->first[1] = item->last[1] = (uint32_t)one->extended;
	return true;
}

int value_parse_community_item(const struct schema_field *field, const char *text,
	struct arena *arena, void *target, struct error *error)
{
	struct config_community_item item = { .set = NULL };
	bool colon = strchr(text, ':') != NULL;
	struct community one;
	bool good = colon && (parse_plain(&item, text) || parse_extended(&item, text));

	if (!good && !colon) /* a well-known name, or 0x and 16 digits */
		good = community_parse(text, &one, NULL) == 0 && take_single(&item, &one);
	if (!good && !colon && (field->flags & FIELD_LITERAL) == 0 && text[0] >= 'a' &&
		text[0] <= 'z') {
		const struct schema_field name = { .key = field->key, .kind = KIND_NAME };
		int result = value_parse(&name, text, arena, &item.set, error);

		if (result != 0)
			return result;
		good = true;
	}
	if (!good) {
		error_hint(error,
			"64500:10, 64500:*, 64500:100-199, 0:neighbor, large self:*:*, "
			"rt:64500:*, or a name such as no-export");
		return value_refuse(field, text, error);
	}
	memcpy(target, &item, sizeof(item));
	return 0;
}

static void print_part(
	const struct config_community_item *item, int part, uint32_t maximum, struct text *out)
{
	uint32_t first = item->first[part], last = item->last[part];

	if (((item->neighbor >> part) & 1) != 0)
		text_add(out, "neighbor");
	else if (((item->self >> part) & 1) != 0)
		text_add(out, "self");
	else if (first == 0 && last == maximum)
		text_add(out, "*");
	else if (first == last)
		text_print(out, "%" PRIu32, first);
	else
		text_print(out, "%" PRIu32 "-%" PRIu32, first, last);
}

static void print_extended(const struct config_community_item *item, struct text *out)
{
	struct address address = address_ipv4(item->first[0]);
	char text[ADDRESS_TEXT_MAX];

	text_print(out, "%s:", schema_word_of(subtypes, item->subtype)->word);
	if (item->encodings == ENCODING_IPV4)
		text_add(out, address_format(&address, text));
	else if (item->encodings == ENCODING_ALL)
		text_add(out, "*");
	else if (item->first[0] == item->last[0])
		text_print(out, "%" PRIu32, item->first[0]);
	else
		text_print(out, "%" PRIu32 "-%" PRIu32, item->first[0], item->last[0]);
	text_add(out, ":");
	print_part(item, 1, (item->encodings & ENCODING_AS2) != 0 ? UINT32_MAX : 65535, out);
}

void value_format_community_item(const struct schema_field *field, const void *value,
	bool with_secrets, struct text *out)
{
	struct config_community_item item;
	struct community one = { .kind = COMMUNITY_STANDARD };

	(void)field;
	(void)with_secrets;
	memcpy(&item, value, sizeof(item));
	if (item.set != NULL) {
		text_add(out, item.set);
	} else if (item.kind == CONFIG_COMMUNITY_EXTENDED) {
		print_extended(&item, out);
	} else if (item.kind == CONFIG_COMMUNITY_EXTENDED_RAW) {
		text_print(out, "0x%08" PRIx32 "%08" PRIx32, item.first[0], item.first[1]);
	} else if (item.kind == CONFIG_COMMUNITY_STANDARD && item.neighbor == 0 &&
		   item.self == 0 && item.first[0] == item.last[0] &&
		   item.first[1] == item.last[1]) {
		one.standard = item.first[0] << 16 | item.first[1];
		community_format(&one, out);
	} else {
		int parts = item.kind == CONFIG_COMMUNITY_STANDARD ? 2 : 3;

		for (int i = 0; i < parts; i++) {
			text_add(out, i == 0 ? "" : ":");
			print_part(&item, i, parts == 2 ? 65535 : UINT32_MAX, out);
		}
	}
}
