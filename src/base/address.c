/* SPDX-License-Identifier: Apache-2.0 */
/*
 * IP addresses and prefixes.
 *
 * Invariants:
 *  1. Bytes past the family's size are zero.
 *  2. Bits of a prefix past its length are zero after prefix_normalise and prefix_parse.
 */
#include "base/address.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"

static const uint8_t zeroes[16];

struct address address_ipv4(uint32_t host_order)
{
	struct address address = { .family = FAMILY_IPV4 };

	for (int i = 0; i < 4; i++)
		address.bytes[i] = (uint8_t)(host_order >> (24 - 8 * i));
	return address;
}

struct address address_from_bytes(enum family family, const uint8_t *bytes)
{
	struct address address = { .family = (uint8_t)family };

	memcpy(address.bytes, bytes, address_size(&address));
	return address;
}

uint8_t family_bits(enum family family)
{
	if (family == FAMILY_IPV4)
		return 32;
	return family == FAMILY_IPV6 ? 128 : 0;
}

size_t address_size(const struct address *address)
{
	return family_bits(address->family) / 8u;
}

int address_parse(const char *text, struct address *ret_address)
{
	struct address address = { 0 };

	if (inet_pton(AF_INET, text, address.bytes) == 1)
		address.family = FAMILY_IPV4;
	else if (inet_pton(AF_INET6, text, address.bytes) == 1)
		address.family = FAMILY_IPV6;
	else
		return ERROR_MALFORMED;
	*ret_address = address;
	return 0;
}

const char *address_format(const struct address *address, char text[ADDRESS_TEXT_MAX])
{
	int domain = address->family == FAMILY_IPV4 ? AF_INET : AF_INET6;

	if (address->family == FAMILY_NONE ||
		inet_ntop(domain, address->bytes, text, ADDRESS_TEXT_MAX) == NULL)
		memcpy(text, "-", 2);
	return text;
}

bool address_equal(const struct address *a, const struct address *b)
{
	return address_compare(a, b) == 0;
}

int address_compare(const struct address *a, const struct address *b)
{
	if (a->family != b->family)
		return a->family < b->family ? -1 : 1;
	return memcmp(a->bytes, b->bytes, sizeof(a->bytes));
}

bool address_is_any(const struct address *address)
{
	return memcmp(address->bytes, zeroes, sizeof(zeroes)) == 0;
}

bool address_is_loopback(const struct address *address)
{
	if (address->family == FAMILY_IPV4)
		return address->bytes[0] == 127;
	return address->family == FAMILY_IPV6 && memcmp(address->bytes, zeroes, 15) == 0 &&
	       address->bytes[15] == 1;
}

bool address_is_link_local(const struct address *address)
{
	if (address->family == FAMILY_IPV4)
		return address->bytes[0] == 169 && address->bytes[1] == 254;
	return address->family == FAMILY_IPV6 && address->bytes[0] == 0xfe &&
	       (address->bytes[1] & 0xc0) == 0x80;
}

bool address_is_multicast(const struct address *address)
{
	if (address->family == FAMILY_IPV4)
		return (address->bytes[0] & 0xf0) == 0xe0;
	return address->family == FAMILY_IPV6 && address->bytes[0] == 0xff;
}

int prefix_parse(const char *text, struct prefix *ret_prefix)
{
	char copy[PREFIX_TEXT_MAX];
	struct prefix prefix, clean;
	size_t length = strlen(text);
	char *slash;

	if (length >= sizeof(copy))
		return ERROR_MALFORMED;
	memcpy(copy, text, length + 1);
	slash = strchr(copy, '/');
	if (slash != NULL)
		*slash = '\0';
	if (address_parse(copy, &prefix.address) != 0)
		return ERROR_MALFORMED;
	prefix.length = family_bits(prefix.address.family);
	if (slash != NULL) {
		size_t digits = strspn(slash + 1, "0123456789");
		long bits = strtol(slash + 1, NULL, 10);

		if (digits == 0 || digits > 3 || slash[1 + digits] != '\0' || bits > prefix.length ||
			(digits > 1 && slash[1] == '0'))
			return ERROR_MALFORMED;
		prefix.length = (uint8_t)bits;
	}
	clean = prefix;
	prefix_normalise(&clean);
	if (!prefix_equal(&clean, &prefix))
		return ERROR_RANGE;
	*ret_prefix = prefix;
	return 0;
}

const char *prefix_format(const struct prefix *prefix, char text[PREFIX_TEXT_MAX])
{
	char address[ADDRESS_TEXT_MAX];

	snprintf(text, PREFIX_TEXT_MAX, "%s/%u", address_format(&prefix->address, address),
		prefix->length);
	return text;
}

void prefix_normalise(struct prefix *prefix)
{
	unsigned bits = prefix->length;

	for (unsigned i = 0; i < sizeof(prefix->address.bytes); i++) {
		if (bits >= 8) {
			bits -= 8;
			continue;
		}
		prefix->address.bytes[i] &= (uint8_t)(0xff00u >> bits);
		bits = 0;
	}
}

struct prefix prefix_host(const struct address *address)
{
	return (struct prefix){ .address = *address, .length = family_bits(address->family) };
}

bool prefix_equal(const struct prefix *a, const struct prefix *b)
{
	return prefix_compare(a, b) == 0;
}

int prefix_compare(const struct prefix *a, const struct prefix *b)
{
	int order = address_compare(&a->address, &b->address);

	if (order != 0)
		return order;
	return (int)a->length - (int)b->length;
}

bool prefix_contains_address(const struct prefix *prefix, const struct address *address)
{
	struct prefix cut = { .address = *address, .length = prefix->length };

	if (prefix->address.family != address->family)
		return false;
	prefix_normalise(&cut);
	return address_equal(&cut.address, &prefix->address);
}

bool prefix_contains(const struct prefix *outer, const struct prefix *inner)
{
	return outer->length <= inner->length && prefix_contains_address(outer, &inner->address);
}
