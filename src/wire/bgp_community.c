/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Text forms of communities: RFC 1997 and the well-known ones, RFC 4360 and 5668 (extended),
 * RFC 8092 section 5 (large).
 */
#include "wire/bgp_attribute.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct known_row {
	uint32_t community;
	const char *name;
} known[] = {
	{ BGP_COMMUNITY_GRACEFUL_SHUTDOWN, "graceful-shutdown" },
	{ BGP_COMMUNITY_BLACKHOLE, "blackhole" },
	{ BGP_COMMUNITY_LLGR_STALE, "llgr-stale" },
	{ BGP_COMMUNITY_NO_LLGR, "no-llgr" },
	{ BGP_COMMUNITY_NO_EXPORT, "no-export" },
	{ BGP_COMMUNITY_NO_ADVERTISE, "no-advertise" },
	{ BGP_COMMUNITY_NO_EXPORT_SUBCONFED, "no-export-subconfed" },
	{ BGP_COMMUNITY_NO_PEER, "no-peer" },
};

/* Types that have a text form: high byte, low byte (RFC 4360 section 4, RFC 5668). */
static const struct extended_row {
	uint8_t low;
	const char *name;
} extended[] = {
	{ 0x02, "rt" },
	{ 0x03, "ro" },
};

enum extended_form { FORM_TWO_OCTET = 0x00, FORM_IPV4 = 0x01, FORM_FOUR_OCTET = 0x02 };

/* Decimal numbers with colons between, exactly `count`; each at most its most[]. */
static int numbers_parse(
	const char *text, unsigned count, const uint32_t most[], uint32_t ret_numbers[])
{
	for (unsigned i = 0; i < count; i++) {
		size_t digits = strspn(text, "0123456789");
		unsigned long long number;

		if (digits == 0 || digits > 10 || text[digits] != (i + 1 < count ? ':' : '\0'))
			return ERROR_MALFORMED;
		number = strtoull(text, NULL, 10);
		if (number > most[i])
			return ERROR_RANGE;
		ret_numbers[i] = (uint32_t)number;
		text += digits + 1;
	}
	return 0;
}

int bgp_community_parse(const char *text, uint32_t *ret_community)
{
	static const uint32_t most[] = { UINT16_MAX, UINT16_MAX };
	uint32_t numbers[2];
	int r;

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (strcmp(known[i].name, text) == 0) {
			*ret_community = known[i].community;
			return 0;
		}
	r = numbers_parse(text, 2, most, numbers);
	if (r == 0)
		*ret_community = (numbers[0] << 16) | numbers[1];
	return r;
}

int bgp_large_community_parse(const char *text, struct bgp_large_community *ret_community)
{
	static const uint32_t most[] = { UINT32_MAX, UINT32_MAX, UINT32_MAX };
	uint32_t numbers[3];
	int r = numbers_parse(text, 3, most, numbers);

	if (r == 0)
		*ret_community =
			(struct bgp_large_community){ numbers[0], numbers[1], numbers[2] };
	return r;
}

static uint64_t extended_make(enum extended_form form, uint8_t low, uint32_t a, uint32_t b)
{
	uint64_t head = ((uint64_t)form << 56) | ((uint64_t)low << 48);

	if (form == FORM_TWO_OCTET)
		return head | ((uint64_t)a << 32) | b;
	return head | ((uint64_t)a << 16) | b;
}

/* "64500:10", "4200000000:10" or "192.0.2.1:10" behind the name. */
static int extended_value(const char *text, uint8_t low, uint64_t *ret_community)
{
	static const uint32_t two[] = { UINT16_MAX, UINT32_MAX };
	static const uint32_t four[] = { UINT32_MAX, UINT16_MAX };
	uint32_t numbers[2], local[1];
	char copy[16];
	struct address address;
	const char *colon = strchr(text, ':');
	int r;

	if (colon == NULL)
		return ERROR_MALFORMED;
	if (numbers_parse(text, 2, two, numbers) == 0) {
		*ret_community = extended_make(FORM_TWO_OCTET, low, numbers[0], numbers[1]);
		return 0;
	}
	if ((size_t)(colon - text) < sizeof(copy)) {
		memcpy(copy, text, (size_t)(colon - text));
		copy[colon - text] = '\0';
		if (address_parse(copy, &address) == 0 && address.family == FAMILY_IPV4) {
			struct cursor c = cursor_of(address.bytes, 4);

			r = numbers_parse(colon + 1, 1, &four[1], local);
			if (r == 0)
				*ret_community =
					extended_make(FORM_IPV4, low, cursor_u32(&c), local[0]);
			return r;
		}
	}
	r = numbers_parse(text, 2, four, numbers);
	if (r == 0)
		*ret_community = extended_make(FORM_FOUR_OCTET, low, numbers[0], numbers[1]);
	return r;
}

int bgp_extended_community_parse(const char *text, uint64_t *ret_community)
{
	for (size_t i = 0; i < sizeof(extended) / sizeof(extended[0]); i++) {
		size_t length = strlen(extended[i].name);

		if (strncmp(text, extended[i].name, length) == 0 && text[length] == ':')
			return extended_value(
				text + length + 1, extended[i].low, ret_community);
	}
	if (strncmp(text, "0x", 2) == 0 && strlen(text) == 18 &&
		strspn(text + 2, "0123456789abcdefABCDEF") == 16) {
		*ret_community = strtoull(text + 2, NULL, 16);
		return 0;
	}
	return ERROR_MALFORMED;
}

const char *bgp_community_format(uint32_t community, char text[BGP_COMMUNITY_TEXT_MAX])
{
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (known[i].community == community) {
			snprintf(text, BGP_COMMUNITY_TEXT_MAX, "%s", known[i].name);
			return text;
		}
	snprintf(text, BGP_COMMUNITY_TEXT_MAX, "%u:%u", community >> 16, community & 0xffff);
	return text;
}

const char *bgp_large_community_format(
	const struct bgp_large_community *community, char text[BGP_COMMUNITY_TEXT_MAX])
{
	snprintf(text, BGP_COMMUNITY_TEXT_MAX, "%u:%u:%u", community->global,
		community->local_1, community->local_2);
	return text;
}

static const char *extended_name(uint8_t low)
{
	for (size_t i = 0; i < sizeof(extended) / sizeof(extended[0]); i++)
		if (extended[i].low == low)
			return extended[i].name;
	return NULL;
}

const char *bgp_extended_community_format(uint64_t community, char text[BGP_COMMUNITY_TEXT_MAX])
{
	const char *name = extended_name((uint8_t)(community >> 48));
	char address[ADDRESS_TEXT_MAX];
	struct address ipv4 = address_ipv4((uint32_t)(community >> 16));
	unsigned form = (unsigned)(community >> 56);

	if (name != NULL && form == FORM_TWO_OCTET)
		snprintf(text, BGP_COMMUNITY_TEXT_MAX, "%s:%u:%u", name,
			(unsigned)(community >> 32) & 0xffff, (unsigned)community);
	else if (name != NULL && form == FORM_FOUR_OCTET)
		snprintf(text, BGP_COMMUNITY_TEXT_MAX, "%s:%u:%u", name,
			(unsigned)(community >> 16), (unsigned)community & 0xffff);
	else if (name != NULL && form == FORM_IPV4)
		snprintf(text, BGP_COMMUNITY_TEXT_MAX, "%s:%s:%u", name,
			address_format(&ipv4, address), (unsigned)community & 0xffff);
	else
		snprintf(text, BGP_COMMUNITY_TEXT_MAX, "0x%016llx",
			(unsigned long long)community);
	return text;
}
