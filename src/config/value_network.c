/* SPDX-License-Identifier: Apache-2.0 */
/* Values of the network: addresses, prefixes, AS numbers (RFC 5396, RFC 6793), router ids (RFC
 * 6286). */
#include <inttypes.h>
#include <string.h>

#include "config/value_kinds.h"

#define ASN_TRANS 23456u /* RFC 6793 section 9 */

int value_parse_address(const struct schema_field *field, const char *text, struct arena *arena,
	void *target, struct error *error)
{
	struct address address;
	const char *slash = strchr(text, '/');
	const char *zone = strchr(text, '%');

	(void)arena;
	if (address_parse(text, &address) != 0) {
		if (slash != NULL)
			error_hint(error, "leave out '%.20s': this is an address, not a prefix",
				slash);
		else if (zone != NULL)
			error_hint(error, "leave out '%.20s' and write 'interface: %.20s'",
				zone, zone + 1);
		return value_refuse(field, text, error);
	}
	if (field->family != FAMILY_NONE && field->family != address.family)
		return error_set(error, ERROR_MALFORMED, "'%s' is not an %s address", text,
			field->family == FAMILY_IPV4 ? "IPv4" : "IPv6");
	memcpy(target, &address, sizeof(address));
	return 0;
}

void value_format_address(const struct schema_field *field, const void *value,
	bool with_secrets, struct text *out)
{
	char text[ADDRESS_TEXT_MAX];
	struct address address;

	(void)field;
	(void)with_secrets;
	memcpy(&address, value, sizeof(address));
	text_add(out, address_format(&address, text));
}

/* The prefix that has no host bits, for "did you mean": the given one is known to be
 * well-formed. */
static void hint_prefix(const char *text, struct error *error)
{
	char address[ADDRESS_TEXT_MAX] = "", meant[PREFIX_TEXT_MAX];
	struct prefix prefix = { 0 };
	size_t length = strcspn(text, "/");
	uint64_t bits = 0;

	if (length >= sizeof(address) || text[length] != '/')
		return;
	memcpy(address, text, length);
	if (address_parse(address, &prefix.address) != 0 ||
		!value_digits(text + length + 1, strlen(text + length + 1), 128, &bits))
		return;
	prefix.length = (uint8_t)bits;
	prefix_normalise(&prefix);
	error_hint(error, "did you mean %s?", prefix_format(&prefix, meant));
}

int value_parse_prefix(const struct schema_field *field, const char *text, struct arena *arena,
	void *target, struct error *error)
{
	struct prefix prefix;
	int result = prefix_parse(text, &prefix);

	(void)arena;
	if (result == ERROR_RANGE) {
		hint_prefix(text, error);
		return error_set(
			error, ERROR_RANGE, "'%.60s' has bits set after its length", text);
	}
	if (result != 0) {
		error_hint(error, "address/length, as in 198.51.100.0/24");
		return value_refuse(field, text, error);
	}
	memcpy(target, &prefix, sizeof(prefix));
	return 0;
}

void value_format_prefix(const struct schema_field *field, const void *value, bool with_secrets,
	struct text *out)
{
	char text[PREFIX_TEXT_MAX];
	struct prefix prefix;

	(void)field;
	(void)with_secrets;
	memcpy(&prefix, value, sizeof(prefix));
	text_add(out, prefix_format(&prefix, text));
}

int value_parse_asn(const struct schema_field *field, const char *text, struct arena *arena,
	void *target, struct error *error)
{
	const char *dot = strchr(text, '.');
	uint64_t high, low;
	uint32_t asn;

	(void)arena;
	if (!value_digits(text, strlen(text), UINT32_MAX, &high)) {
		/* RFC 5396: asplain is the one form; asdot reads like a decimal fraction. */
		if (dot != NULL && value_digits(text, (size_t)(dot - text), 65535, &high) &&
			value_digits(dot + 1, strlen(dot + 1), 65535, &low))
			error_hint(
				error, "asdot is not read; write %" PRIu64, high * 65536 + low);
		else if (strncasecmp(text, "AS", 2) == 0 &&
			 value_digits(text + 2, strlen(text + 2), UINT32_MAX, &high))
			error_hint(error, "write %" PRIu64, high);
		else
			error_hint(error, "1 to 4294967294");
		return value_refuse(field, text, error);
	}
	asn = (uint32_t)high;
	/* RFC 7607 (0), RFC 7300 (65535 and the last), RFC 6793 (AS_TRANS) */
	if (asn == 0 || asn == 65535 || asn == UINT32_MAX || asn == ASN_TRANS) {
		error_hint(error, "this number is reserved; private use is 64512-65534 and "
				  "4200000000-4294967294");
		return error_set(error, ERROR_RANGE, "AS %" PRIu32 " cannot be used", asn);
	}
	memcpy(target, &asn, sizeof(asn));
	return 0;
}

int value_parse_router_id(const struct schema_field *field, const char *text,
	struct arena *arena, void *target, struct error *error)
{
	struct address address;
	uint32_t id;

	(void)arena;
	if (address_parse(text, &address) != 0 || address.family != FAMILY_IPV4 ||
		address_is_any(&address)) {
		error_hint(error, "four numbers, usually one of this machine's IPv4 addresses");
		return value_refuse(field, text, error);
	}
	id = (uint32_t)address.bytes[0] << 24 | (uint32_t)address.bytes[1] << 16 |
	     (uint32_t)address.bytes[2] << 8 | address.bytes[3];
	memcpy(target, &id, sizeof(id));
	return 0;
}

void value_format_router_id(const struct schema_field *field, const void *value,
	bool with_secrets, struct text *out)
{
	char text[ADDRESS_TEXT_MAX];
	struct address address = address_ipv4((uint32_t)value_load(value, sizeof(uint32_t)));

	(void)field;
	(void)with_secrets;
	text_add(out, address_format(&address, text));
}
