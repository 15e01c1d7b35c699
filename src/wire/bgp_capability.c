/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Capabilities as a table, a row a capability: code, how to read, how to write.
 *
 * Invariants:
 *  1. A reader takes a cursor over exactly the capability's value and cannot leave it.
 *  2. What bgp_capabilities_write gives, bgp_capability_read reads back to the same values.
 */
#include "wire/bgp_capability.h"

typedef bool read_function(struct cursor *value, struct bgp_capabilities *c);
typedef void write_function(struct writer *w, const struct bgp_capabilities *c);

static int family_read(struct cursor *value)
{
	uint16_t afi = cursor_u16(value);
	uint8_t safi = cursor_u8(value);

	return bgp_family_of(afi, safi);
}

static void count_up(uint8_t *counter)
{
	if (*counter < UINT8_MAX)
		(*counter)++;
}

/* RFC 4760 section 8: AFI (2), reserved (1), SAFI (1). */
static bool multiprotocol_read(struct cursor *value, struct bgp_capabilities *c)
{
	uint16_t afi = cursor_u16(value);
	int family;

	cursor_skip(value, 1);
	family = bgp_family_of(afi, cursor_u8(value));
	if (!cursor_done(value))
		return false;
	c->multiprotocol = true;
	if (family >= 0)
		c->family[family] = true;
	else
		count_up(&c->other_families);
	return true;
}

static void multiprotocol_write(struct writer *w, const struct bgp_capabilities *c)
{
	for (int f = 0; f < BGP_FAMILY_COUNT; f++) {
		if (!c->family[f] || !c->multiprotocol)
			continue;
		writer_u8(w, BGP_CAPABILITY_MULTIPROTOCOL);
		writer_u8(w, 4);
		writer_u16(w, bgp_family_afi((enum bgp_family)f));
		writer_u8(w, 0);
		writer_u8(w, bgp_family_safi((enum bgp_family)f));
	}
}

static void empty_write(struct writer *w, enum bgp_capability_code code, bool offered)
{
	if (!offered)
		return;
	writer_u8(w, (uint8_t)code);
	writer_u8(w, 0);
}

/* RFC 2918 section 2: no value. */
static bool refresh_read(struct cursor *value, struct bgp_capabilities *c)
{
	c->route_refresh |= cursor_done(value);
	return cursor_done(value);
}

static void refresh_write(struct writer *w, const struct bgp_capabilities *c)
{
	empty_write(w, BGP_CAPABILITY_ROUTE_REFRESH, c->route_refresh);
}

/* RFC 8950 section 4: rows of AFI (2), SAFI (2), next hop AFI (2). Of what it defines (section
 * 3), this software speaks one: IPv4 unicast over IPv6. Other rows are ignored. */
static bool extended_next_hop_read(struct cursor *value, struct bgp_capabilities *c)
{
	struct bgp_capabilities seen = *c;

	while (cursor_left(value) > 0) {
		uint16_t afi = cursor_u16(value), safi = cursor_u16(value);
		uint16_t next_hop_afi = cursor_u16(value);
		int family = safi > UINT8_MAX ? -1 : bgp_family_of(afi, (uint8_t)safi);

		if (family == BGP_IPV4_UNICAST && next_hop_afi == BGP_AFI_IPV6)
			seen.extended_next_hop[family] = true;
	}
	if (!cursor_done(value))
		return false;
	*c = seen;
	return true;
}

static void extended_next_hop_write(struct writer *w, const struct bgp_capabilities *c)
{
	if (!c->extended_next_hop[BGP_IPV4_UNICAST])
		return;
	writer_u8(w, BGP_CAPABILITY_EXTENDED_NEXT_HOP);
	writer_u8(w, 6);
	writer_u16(w, BGP_AFI_IPV4);
	writer_u16(w, BGP_SAFI_UNICAST);
	writer_u16(w, BGP_AFI_IPV6);
}

/* RFC 8654 section 3: no value. */
static bool extended_message_read(struct cursor *value, struct bgp_capabilities *c)
{
	c->extended_message |= cursor_done(value);
	return cursor_done(value);
}

static void extended_message_write(struct writer *w, const struct bgp_capabilities *c)
{
	empty_write(w, BGP_CAPABILITY_EXTENDED_MESSAGE, c->extended_message);
}

/* RFC 9234 section 4.1: one byte. Several with different values are a mismatch (section 4.2).
 */
static bool role_read(struct cursor *value, struct bgp_capabilities *c)
{
	uint8_t role = cursor_u8(value);

	if (!cursor_done(value))
		return false;
	if (c->role != BGP_ROLE_NONE && c->role != role)
		c->role_conflict = true;
	if (c->role == BGP_ROLE_NONE)
		c->role = role;
	return true;
}

static void role_write(struct writer *w, const struct bgp_capabilities *c)
{
	if (c->role == BGP_ROLE_NONE)
		return;
	writer_u8(w, BGP_CAPABILITY_ROLE);
	writer_u8(w, 1);
	writer_u8(w, c->role);
}

/* RFC 4724 section 3, RFC 8538 section 2: flags (4 bits), time (12 bits), then rows of AFI (2),
 * SAFI (1), flags (1). Of several, the last counts (RFC 4724 section 3). */
static bool graceful_restart_read(struct cursor *value, struct bgp_capabilities *c)
{
	struct bgp_capabilities seen = *c;
	uint16_t head = cursor_u16(value);

	seen.graceful_restart = true;
	seen.restart_state = (head & 0x8000) != 0;
	seen.restart_notification = (head & 0x4000) != 0;
	seen.restart_time_s = head & 0x0fff;
	memset(seen.restart_family, 0, sizeof(seen.restart_family));
	memset(seen.restart_forwarding, 0, sizeof(seen.restart_forwarding));
	while (cursor_left(value) > 0) {
		int family = family_read(value);
		uint8_t flags = cursor_u8(value);

		if (family < 0)
			continue;
		seen.restart_family[family] = true;
		seen.restart_forwarding[family] = (flags & 0x80) != 0;
	}
	if (!cursor_done(value))
		return false;
	*c = seen;
	return true;
}

static void graceful_restart_write(struct writer *w, const struct bgp_capabilities *c)
{
	uint16_t head = c->restart_time_s & 0x0fff;
	unsigned count = 0;

	if (!c->graceful_restart)
		return;
	for (int f = 0; f < BGP_FAMILY_COUNT; f++)
		count += c->restart_family[f];
	head |= c->restart_state ? 0x8000 : 0;
	head |= c->restart_notification ? 0x4000 : 0;
	writer_u8(w, BGP_CAPABILITY_GRACEFUL_RESTART);
	writer_u8(w, (uint8_t)(2 + 4 * count));
	writer_u16(w, head);
	for (int f = 0; f < BGP_FAMILY_COUNT; f++) {
		if (!c->restart_family[f])
			continue;
		writer_u16(w, bgp_family_afi((enum bgp_family)f));
		writer_u8(w, bgp_family_safi((enum bgp_family)f));
		writer_u8(w, c->restart_forwarding[f] ? 0x80 : 0);
	}
}

/* RFC 6793 section 3: four bytes. */
static bool four_octet_as_read(struct cursor *value, struct bgp_capabilities *c)
{
	uint32_t asn = cursor_u32(value);

	if (!cursor_done(value))
		return false;
	c->four_octet_as = true;
	c->four_octet_asn = asn;
	return true;
}

static void four_octet_as_write(struct writer *w, const struct bgp_capabilities *c)
{
	if (!c->four_octet_as)
		return;
	writer_u8(w, BGP_CAPABILITY_FOUR_OCTET_AS);
	writer_u8(w, 4);
	writer_u32(w, c->four_octet_asn);
}

/* RFC 7911 section 4: rows of AFI (2), SAFI (1), send/receive (1); another value than 1 to 3 is
 * ignored. */
static bool add_path_read(struct cursor *value, struct bgp_capabilities *c)
{
	struct bgp_capabilities seen = *c;

	while (cursor_left(value) > 0) {
		int family = family_read(value);
		uint8_t direction = cursor_u8(value);

		if (family >= 0 && direction >= BGP_ADD_PATH_RECEIVE &&
			direction <= BGP_ADD_PATH_BOTH)
			seen.add_path[family] = direction;
	}
	if (!cursor_done(value))
		return false;
	*c = seen;
	return true;
}

static void add_path_write(struct writer *w, const struct bgp_capabilities *c)
{
	unsigned count = 0;

	for (int f = 0; f < BGP_FAMILY_COUNT; f++)
		count += c->add_path[f] != BGP_ADD_PATH_NONE;
	if (count == 0)
		return;
	writer_u8(w, BGP_CAPABILITY_ADD_PATH);
	writer_u8(w, (uint8_t)(4 * count));
	for (int f = 0; f < BGP_FAMILY_COUNT; f++) {
		if (c->add_path[f] == BGP_ADD_PATH_NONE)
			continue;
		writer_u16(w, bgp_family_afi((enum bgp_family)f));
		writer_u8(w, bgp_family_safi((enum bgp_family)f));
		writer_u8(w, c->add_path[f]);
	}
}

/* RFC 7313 section 3.1: no value. */
static bool enhanced_refresh_read(struct cursor *value, struct bgp_capabilities *c)
{
	c->enhanced_refresh |= cursor_done(value);
	return cursor_done(value);
}

static void enhanced_refresh_write(struct writer *w, const struct bgp_capabilities *c)
{
	empty_write(w, BGP_CAPABILITY_ENHANCED_REFRESH, c->enhanced_refresh);
}

/* RFC 9494 section 3.1: rows of AFI (2), SAFI (1), flags (1), stale time (3, seconds). Of
 * several capabilities, the last counts, as in RFC 4724 section 3. */
static bool long_lived_read(struct cursor *value, struct bgp_capabilities *c)
{
	struct bgp_capabilities seen = *c;

	seen.long_lived_restart = true;
	memset(seen.long_lived_family, 0, sizeof(seen.long_lived_family));
	memset(seen.long_lived_forwarding, 0, sizeof(seen.long_lived_forwarding));
	memset(seen.long_lived_time_s, 0, sizeof(seen.long_lived_time_s));
	while (cursor_left(value) > 0) {
		int family = family_read(value);
		uint8_t flags = cursor_u8(value);
		uint32_t time_s = cursor_u24(value);

		if (family < 0)
			continue;
		seen.long_lived_family[family] = true;
		seen.long_lived_forwarding[family] = (flags & 0x80) != 0;
		seen.long_lived_time_s[family] = time_s;
	}
	if (!cursor_done(value))
		return false;
	*c = seen;
	return true;
}

static void long_lived_write(struct writer *w, const struct bgp_capabilities *c)
{
	unsigned count = 0;

	if (!c->long_lived_restart)
		return;
	for (int f = 0; f < BGP_FAMILY_COUNT; f++)
		count += c->long_lived_family[f];
	writer_u8(w, BGP_CAPABILITY_LONG_LIVED_RESTART);
	writer_u8(w, (uint8_t)(7 * count));
	for (int f = 0; f < BGP_FAMILY_COUNT; f++) {
		if (!c->long_lived_family[f])
			continue;
		writer_u16(w, bgp_family_afi((enum bgp_family)f));
		writer_u8(w, bgp_family_safi((enum bgp_family)f));
		writer_u8(w, c->long_lived_forwarding[f] ? 0x80 : 0);
		writer_u8(w, (uint8_t)(c->long_lived_time_s[f] >> 16));
		writer_u16(w, (uint16_t)c->long_lived_time_s[f]);
	}
}

/* draft-walton-bgp-hostname-capability-02: length (1), host name, length (1), domain name. */
static bool hostname_read(struct cursor *value, struct bgp_capabilities *c)
{
	uint8_t length = cursor_u8(value);
	const uint8_t *name = cursor_take(value, length);

	cursor_skip(value, cursor_u8(value));
	if (name == NULL || !cursor_done(value))
		return false;
	if (length > sizeof(c->hostname) - 1)
		length = sizeof(c->hostname) - 1;
	memset(c->hostname, 0, sizeof(c->hostname)); /* of several, the last */
	for (uint8_t i = 0; i < length; i++)
		c->hostname[i] = name[i] > ' ' && name[i] < 0x7f ? (char)name[i] : '?';
	return true;
}

static void hostname_write(struct writer *w, const struct bgp_capabilities *c)
{
	uint8_t length = (uint8_t)strnlen(c->hostname, sizeof(c->hostname) - 1);

	if (length == 0)
		return;
	writer_u8(w, BGP_CAPABILITY_HOSTNAME);
	writer_u8(w, (uint8_t)(length + 2));
	writer_u8(w, length);
	writer_bytes(w, c->hostname, length);
	writer_u8(w, 0);
}

static const struct capability_row {
	uint8_t code;
	read_function *read;
	write_function *write;
} rows[] = {
	{ BGP_CAPABILITY_MULTIPROTOCOL, multiprotocol_read, multiprotocol_write },
	{ BGP_CAPABILITY_ROUTE_REFRESH, refresh_read, refresh_write },
	{ BGP_CAPABILITY_EXTENDED_NEXT_HOP, extended_next_hop_read, extended_next_hop_write },
	{ BGP_CAPABILITY_EXTENDED_MESSAGE, extended_message_read, extended_message_write },
	{ BGP_CAPABILITY_ROLE, role_read, role_write },
	{ BGP_CAPABILITY_GRACEFUL_RESTART, graceful_restart_read, graceful_restart_write },
	{ BGP_CAPABILITY_FOUR_OCTET_AS, four_octet_as_read, four_octet_as_write },
	{ BGP_CAPABILITY_ADD_PATH, add_path_read, add_path_write },
	{ BGP_CAPABILITY_ENHANCED_REFRESH, enhanced_refresh_read, enhanced_refresh_write },
	{ BGP_CAPABILITY_LONG_LIVED_RESTART, long_lived_read, long_lived_write },
	{ BGP_CAPABILITY_HOSTNAME, hostname_read, hostname_write },
};

#define ROW_COUNT (sizeof(rows) / sizeof(rows[0]))

void bgp_capability_read(
	uint8_t code, struct cursor value, struct bgp_capabilities *capabilities)
{
	for (size_t i = 0; i < ROW_COUNT; i++) {
		if (rows[i].code != code)
			continue;
		if (!rows[i].read(&value, capabilities))
			count_up(&capabilities->malformed);
		return;
	}
	count_up(&capabilities->unknown);
}

void bgp_capabilities_write(struct writer *w, const struct bgp_capabilities *capabilities)
{
	for (size_t i = 0; i < ROW_COUNT; i++)
		rows[i].write(w, capabilities);
}
