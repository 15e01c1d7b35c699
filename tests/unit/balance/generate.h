/* SPDX-License-Identifier: Apache-2.0 */
/* Random rules and random well-formed packets from small pools, so that they often meet. */
#ifndef NEARCAST_TESTS_BALANCE_GENERATE_H
#define NEARCAST_TESTS_BALANCE_GENERATE_H

#include <string.h>

#include "balance/rule.h"
#include "base/random.h"

#define GENERATE_PACKET_MAX 256

static const uint8_t pool_protocols[] = { 1, 6, 17, 58, 47, 6, 17, 6, 17 };
static const uint16_t pool_ports[] = { 0, 19, 53, 80, 123, 443, 1024, 2047, 2048, 11211,
	65535 };
static const uint16_t pool_lengths[] = { 0, 40, 44, 60, 61, 80, 100, 128, 1500, 65535 };
static const uint8_t pool_bytes[] = { 0, 3, 8, 11, 46, 63, 128, 135, 255 };
static const uint8_t pool_flags[] = { 0x00, 0x02, 0x12, 0x10, 0x18, 0x01, 0x04, 0x29, 0xff };
static const uint32_t pool_labels[] = { 0, 1, 0x12345, 0xabcde, 0xfffff };

#define PICK(random, pool) ((pool)[random_below((random), sizeof(pool) / sizeof((pool)[0]))])

static inline void generate_address(struct random *random, enum family family, uint8_t *bytes)
{
	static const uint8_t ipv4[][4] = { { 192, 0, 2, 1 }, { 192, 0, 2, 130 },
		{ 198, 51, 100, 7 }, { 203, 0, 113, 9 } };
	static const uint8_t ipv6[][8] = { { 0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 1 },
		{ 0x20, 0x01, 0x0d, 0xb8, 0, 7, 0x12, 1 }, { 0x26, 0, 0, 1, 2, 3, 4, 5 } };

	if (family == FAMILY_IPV4) {
		memcpy(bytes, ipv4[random_below(random, 4)], 4);
		return;
	}
	memcpy(bytes, ipv6[random_below(random, 3)], 8);
	memset(bytes + 8, 0, 8);
	bytes[11] = (uint8_t)random_below(random, 3);
	bytes[15] = (uint8_t)(1 + random_below(random, 3));
}

static inline uint64_t generate_value(struct random *random, uint8_t type, uint8_t *ret_width)
{
	*ret_width = 1;
	switch (type) {
	case FLOWSPEC_PROTOCOL:
		return PICK(random, pool_protocols);
	case FLOWSPEC_TCP_FLAGS:
		return PICK(random, pool_flags);
	case FLOWSPEC_FRAGMENT:
		return random_below(random, 16);
	case FLOWSPEC_FLOW_LABEL:
		*ret_width = 4;
		return PICK(random, pool_labels);
	case FLOWSPEC_PACKET_LENGTH:
		*ret_width = 2;
		return PICK(random, pool_lengths);
	case FLOWSPEC_PORT:
	case FLOWSPEC_SOURCE_PORT:
	case FLOWSPEC_DESTINATION_PORT:
		*ret_width = 2;
		return PICK(random, pool_ports);
	default:
		return PICK(random, pool_bytes);
	}
}

static inline void generate_tests(struct random *random, uint8_t type, struct writer *w)
{
	unsigned count = 1 + random_below(random, 3);
	bool bits = type == FLOWSPEC_TCP_FLAGS || type == FLOWSPEC_FRAGMENT;

	writer_u8(w, type);
	for (unsigned i = 0; i < count; i++) {
		uint8_t width, head = (uint8_t)random_below(random, bits ? 4 : 8);
		uint64_t value = generate_value(random, type, &width);

		if (i > 0 && random_below(random, 2) == 0)
			head |= FLOWSPEC_AND;
		if (i + 1 == count)
			head |= FLOWSPEC_LAST;
		writer_u8(w, (uint8_t)(head | __builtin_ctz(width) << 4));
		for (unsigned byte = width; byte > 0; byte--)
			writer_u8(w, (uint8_t)(value >> (8 * (byte - 1))));
	}
}

static inline void generate_prefix(
	struct random *random, enum family family, uint8_t type, struct writer *w)
{
	static const uint8_t lengths[2][6] = { { 0, 8, 23, 24, 25, 32 },
		{ 0, 32, 47, 64, 96, 128 } };
	uint8_t address[16] = { 0 }, pattern[16] = { 0 }, offset = 0;
	uint8_t length = lengths[family == FAMILY_IPV6][random_below(random, 6)];

	generate_address(random, family, address);
	if (family == FAMILY_IPV6 && length > 0 && random_below(random, 4) == 0)
		offset = (uint8_t)random_below(random, length);
	for (unsigned i = offset; i < length; i++)
		if ((address[i / 8] >> (7 - i % 8)) & 1)
			pattern[(i - offset) / 8] |= (uint8_t)(0x80 >> ((i - offset) % 8));
	writer_u8(w, type);
	writer_u8(w, length);
	if (family == FAMILY_IPV6)
		writer_u8(w, offset);
	writer_bytes(w, pattern, (length - offset + 7u) / 8u);
}

/* About one to three components; sometimes none. `share`: one in so many types is there. */
static inline void generate_rule(
	struct random *random, enum family family, unsigned share, struct rule *ret_rule)
{
	uint8_t nlri[RULE_MATCH_MAX];
	struct writer w = writer_of(nlri + 1, sizeof(nlri) - 1);
	struct arena arena = { 0 };
	struct flowspec match = { .family = (uint8_t)family };
	const char *reason;
	struct cursor c;

	memset(ret_rule, 0, sizeof(*ret_rule));
	ret_rule->number = 1 + random_below(random, 1000);
	for (uint8_t type = 1; type <= (family == FAMILY_IPV6 ? 13 : 12); type++) {
		if (random_below(random, share) != 0)
			continue;
		if (type <= FLOWSPEC_SOURCE)
			generate_prefix(random, family, type, &w);
		else
			generate_tests(random, type, &w);
	}
	nlri[0] = (uint8_t)writer_length(&w);
	c = cursor_of(nlri, 1 + writer_length(&w));
	if (flowspec_read(&c, family, &arena, &match, &reason) != FLOWSPEC_GOOD ||
		rule_set_match(ret_rule, &match) != 0)
		abort();
	arena_clear(&arena);
}

static inline uint16_t generate_checksum(const uint8_t *bytes, size_t length)
{
	uint32_t sum = 0;

	for (size_t i = 0; i + 1 < length; i += 2)
		sum += (uint32_t)(bytes[i] << 8 | bytes[i + 1]);
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)~sum;
}

static inline void generate_transport(
	struct random *random, uint8_t protocol, struct writer *w, size_t payload)
{
	uint8_t zeroes[GENERATE_PACKET_MAX] = { 0 };

	if (protocol == 6 || protocol == 17) {
		writer_u16(w, PICK(random, pool_ports));
		writer_u16(w, PICK(random, pool_ports));
	}
	if (protocol == 6) {
		writer_u64(w, random_u64(random));
		writer_u8(w, 0x50);
		writer_u8(w, PICK(random, pool_flags));
		writer_u16(w, 1000);
		writer_u32(w, 0);
	} else if (protocol == 17) {
		writer_u16(w, (uint16_t)(8 + payload));
		writer_u16(w, 0);
	} else {
		writer_u8(w, PICK(random, pool_bytes));
		writer_u8(w, PICK(random, pool_bytes));
		writer_u16(w, 0);
		writer_u32(w, 0);
	}
	writer_bytes(w, zeroes, payload);
}

static inline size_t generate_ipv4(struct random *random, uint8_t bytes[GENERATE_PACKET_MAX])
{
	static const uint16_t fragments[] = { 0, 0, 0x4000, 0x4000, 0x2000, 0x2010, 0x0010,
		0x6000, 0x4010 };
	struct writer w = writer_of(bytes, GENERATE_PACKET_MAX);
	uint8_t protocol = PICK(random, pool_protocols);

	writer_u8(&w, 0x45);
	writer_u8(&w, (uint8_t)(PICK(random, pool_bytes) << 2));
	writer_u16(&w, 0);
	writer_u16(&w, (uint16_t)random_u64(random));
	writer_u16(&w, PICK(random, fragments));
	writer_u8(&w, 64);
	writer_u8(&w, protocol);
	writer_u16(&w, 0);
	generate_address(random, FAMILY_IPV4, writer_reserve(&w, 4));
	generate_address(random, FAMILY_IPV4, writer_reserve(&w, 4));
	generate_transport(random, protocol, &w, random_below(random, 9) * 8u);
	bytes_put_u16(bytes + 2, (uint16_t)writer_length(&w));
	bytes_put_u16(bytes + 10, generate_checksum(bytes, 20));
	return writer_length(&w);
}

static inline size_t generate_ipv6(struct random *random, uint8_t bytes[GENERATE_PACKET_MAX])
{
	static const uint16_t fragments[] = { 0x0000, 0x0001, 0x0011, 0x0010 };
	struct writer w = writer_of(bytes, GENERATE_PACKET_MAX);
	uint8_t protocol = PICK(random, pool_protocols);
	bool options = random_below(random, 8) == 0, fragment = random_below(random, 3) == 0;

	writer_u32(&w,
		6u << 28 | (PICK(random, pool_bytes) & 63u) << 22 | PICK(random, pool_labels));
	writer_u16(&w, 0);
	writer_u8(&w, options ? 60 : fragment ? 44 : protocol);
	writer_u8(&w, 64);
	generate_address(random, FAMILY_IPV6, writer_reserve(&w, 16));
	generate_address(random, FAMILY_IPV6, writer_reserve(&w, 16));
	if (options) {
		writer_u8(&w, fragment ? 44 : protocol);
		writer_u8(&w, 0);
		writer_u16(&w, 0x0104);
		writer_u32(&w, 0);
	}
	if (fragment) {
		writer_u8(&w, protocol);
		writer_u8(&w, 0);
		writer_u16(&w, PICK(random, fragments));
		writer_u32(&w, 77);
	}
	generate_transport(random, protocol, &w, random_below(random, 9) * 8u);
	bytes_put_u16(bytes + 4, (uint16_t)(writer_length(&w) - 40));
	return writer_length(&w);
}

static inline size_t generate_packet(
	struct random *random, enum family family, uint8_t bytes[GENERATE_PACKET_MAX])
{
	return family == FAMILY_IPV4 ? generate_ipv4(random, bytes)
				     : generate_ipv6(random, bytes);
}

#endif
