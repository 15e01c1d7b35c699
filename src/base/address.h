/* SPDX-License-Identifier: Apache-2.0 */
/* IP addresses and prefixes, both families, as values. Bytes are in network order. */
#ifndef NEARCAST_BASE_ADDRESS_H
#define NEARCAST_BASE_ADDRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum family {
	FAMILY_NONE = 0,
	FAMILY_IPV4 = 4,
	FAMILY_IPV6 = 6,
};

/* Unused bytes are zero, so that memcmp and hashing of the whole struct are meaningful. */
struct address {
	uint8_t family; /* enum family */
	uint8_t bytes[16];
};

/* Bits after length are zero (prefix_normalise makes it so). */
struct prefix {
	struct address address;
	uint8_t length; /* bits: 0..32 or 0..128 */
};

#define ADDRESS_TEXT_MAX 46 /* with the final NUL */
#define PREFIX_TEXT_MAX  50

struct address address_ipv4(uint32_t host_order);
struct address address_from_bytes(enum family family, const uint8_t *bytes);

/* 4 or 16; 0 for FAMILY_NONE. */
size_t address_size(const struct address *address);
uint8_t family_bits(enum family family); /* 32, 128 or 0 */

/* Strict text form (RFC 4291, RFC 5952 on output; dotted quads without leading zeroes).
 * ERROR_MALFORMED leaves *ret_address untouched. No zone identifiers. */
int address_parse(const char *text, struct address *ret_address);
/* Writes and returns text, which has room for ADDRESS_TEXT_MAX; "-" for FAMILY_NONE. */
const char *address_format(const struct address *address, char text[ADDRESS_TEXT_MAX]);

bool address_equal(const struct address *a, const struct address *b);
/* IPv4 before IPv6, then by bytes. */
int address_compare(const struct address *a, const struct address *b);
bool address_is_any(const struct address *address);
bool address_is_loopback(const struct address *address);
bool address_is_link_local(const struct address *address); /* fe80::/10, 169.254/16 */
bool address_is_multicast(const struct address *address);

/* "192.0.2.0/24"; a bare address is a host prefix. ERROR_MALFORMED for syntax, ERROR_RANGE for
 * host bits set (the caller's hint is prefix_normalise of what was given). */
int prefix_parse(const char *text, struct prefix *ret_prefix);
const char *prefix_format(const struct prefix *prefix, char text[PREFIX_TEXT_MAX]);
/* Clear the bits after length. */
void prefix_normalise(struct prefix *prefix);
struct prefix prefix_host(const struct address *address);
bool prefix_equal(const struct prefix *a, const struct prefix *b);
int prefix_compare(const struct prefix *a, const struct prefix *b);
bool prefix_contains_address(const struct prefix *prefix, const struct address *address);
/* True if inner is inside outer or equal to it. */
bool prefix_contains(const struct prefix *outer, const struct prefix *inner);

#endif
