/* SPDX-License-Identifier: Apache-2.0 */
/* Random but valid attribute sets and prefixes from a seed: for round trips. */
#ifndef NEARCAST_TESTS_WIRE_GENERATE_H
#define NEARCAST_TESTS_WIRE_GENERATE_H

#include <string.h>

#include "base/arena.h"
#include "base/random.h"
#include "wire/bgp_update.h"

static inline bool one_in(struct random *random, uint32_t n)
{
	return random_below(random, n) == 0;
}

/* Not zero; often above 65535, sometimes AS_TRANS. */
static inline uint32_t generate_asn(struct random *random)
{
	switch (random_below(random, 4)) {
	case 0:
		return 1 + random_below(random, UINT32_MAX);
	case 1:
		return one_in(random, 3) ? BGP_AS_TRANS : 65536 + random_below(random, 100000);
	default:
		return 1 + random_below(random, 65535);
	}
}

static inline void generate_segment(
	struct random *random, struct writer *w, enum bgp_segment_type type, unsigned count)
{
	writer_u8(w, (uint8_t)type);
	writer_u8(w, (uint8_t)count);
	for (unsigned i = 0; i < count; i++)
		writer_u32(w, generate_asn(random));
}

/* most: AS numbers that the path may have. Confederation segments lead, as they do in life, and
 * only to internal neighbours; with two-octet numbers theirs must fit (RFC 6793 section 3). */
static inline void generate_path(struct random *random, const struct bgp_context *context,
	struct arena *arena, unsigned most, struct bgp_attributes *a)
{
	size_t room = 8 + 6 * (size_t)most;
	uint8_t *bytes = arena_take(arena, room);
	struct writer w = writer_of(bytes, room);
	unsigned left = random_below(random, one_in(random, 8) ? most + 1 : 6);

	if (left > most)
		left = most;
	if (context->ibgp && one_in(random, 4)) {
		writer_u8(&w, one_in(random, 2) ? BGP_SEGMENT_CONFED_SEQUENCE
						: BGP_SEGMENT_CONFED_SET);
		writer_u8(&w, 1);
		writer_u32(&w, 1 + random_below(random, 65535));
	}
	while (left > 0) {
		unsigned count = 1 + random_below(random, left < 255 ? left : 255);

		if (left > 255 && one_in(random, 2))
			count = 255;
		generate_segment(random, &w,
			one_in(random, 6) ? BGP_SEGMENT_SET : BGP_SEGMENT_SEQUENCE, count);
		left -= count;
	}
	a->as_path = bytes;
	a->as_path_size = (uint16_t)writer_length(&w);
}

static inline struct address generate_address(struct random *random, enum family family)
{
	struct address address = { .family = (uint8_t)family };
	size_t size = family == FAMILY_IPV4 ? 4 : 16;

	for (size_t i = 0; i < size; i++)
		address.bytes[i] = (uint8_t)random_u64(random);
	/* The address of a host. */
	address.bytes[0] =
		family == FAMILY_IPV4 ? (uint8_t)(1 + random_below(random, 126)) : 0x20;
	return address;
}

static inline void generate_lists(
	struct random *random, struct arena *arena, unsigned most, struct bgp_attributes *a)
{
	uint32_t *communities = arena_take_array(arena, most, sizeof(*communities));
	uint32_t *clusters = arena_take_array(arena, most, sizeof(*clusters));
	uint64_t *extended = arena_take_array(arena, most, sizeof(*extended));
	struct bgp_large_community *large = arena_take_array(arena, most, sizeof(*large));

	a->community_count = (uint16_t)(1 + random_below(random, most));
	a->cluster_count = (uint16_t)(1 + random_below(random, most));
	a->extended_community_count = (uint16_t)(1 + random_below(random, most));
	a->large_community_count = (uint16_t)(1 + random_below(random, most));
	for (unsigned i = 0; i < most; i++) {
		communities[i] = (uint32_t)random_u64(random);
		clusters[i] = (uint32_t)random_u64(random);
		extended[i] = random_u64(random);
		/* No two are the same. */
		large[i] = (struct bgp_large_community){ (uint32_t)random_u64(random),
			(uint32_t)random_u64(random), i };
	}
	a->communities = communities;
	a->cluster_list = clusters;
	a->extended_communities = extended;
	a->large_communities = large;
}

/* Leave out what is not present, so that equal sets compare equal. */
static inline void generate_prune(struct bgp_attributes *a)
{
	if (!bgp_attribute_present(a, BGP_ATTRIBUTE_COMMUNITIES))
		a->community_count = 0;
	if (!bgp_attribute_present(a, BGP_ATTRIBUTE_CLUSTER_LIST))
		a->cluster_count = 0;
	if (!bgp_attribute_present(a, BGP_ATTRIBUTE_EXTENDED_COMMUNITIES))
		a->extended_community_count = 0;
	if (!bgp_attribute_present(a, BGP_ATTRIBUTE_LARGE_COMMUNITIES))
		a->large_community_count = 0;
	a->atomic_aggregate = bgp_attribute_present(a, BGP_ATTRIBUTE_ATOMIC_AGGREGATE);
	if (!bgp_attribute_present(a, BGP_ATTRIBUTE_MED))
		a->med = 0;
	if (!bgp_attribute_present(a, BGP_ATTRIBUTE_LOCAL_PREF))
		a->local_pref = 0;
	if (!bgp_attribute_present(a, BGP_ATTRIBUTE_ORIGINATOR_ID))
		a->originator_id = 0;
	if (!bgp_attribute_present(a, BGP_ATTRIBUTE_ONLY_TO_CUSTOMER))
		a->only_to_customer = 0;
	if (!bgp_attribute_present(a, BGP_ATTRIBUTE_AGGREGATOR)) {
		a->aggregator_asn = 0;
		a->aggregator_address = (struct address){ 0 };
	}
}

/* A set that a message to this neighbour can carry; most: how long lists and the path may be.
 */
static inline struct bgp_attributes generate_attributes(struct random *random,
	const struct bgp_context *context, enum family next_hop, unsigned most,
	struct arena *arena)
{
	static const uint8_t optional[] = { BGP_ATTRIBUTE_MED, BGP_ATTRIBUTE_LOCAL_PREF,
		BGP_ATTRIBUTE_ATOMIC_AGGREGATE, BGP_ATTRIBUTE_AGGREGATOR,
		BGP_ATTRIBUTE_COMMUNITIES, BGP_ATTRIBUTE_ORIGINATOR_ID,
		BGP_ATTRIBUTE_CLUSTER_LIST, BGP_ATTRIBUTE_EXTENDED_COMMUNITIES,
		BGP_ATTRIBUTE_LARGE_COMMUNITIES, BGP_ATTRIBUTE_ONLY_TO_CUSTOMER };
	struct bgp_attributes a = { 0 };

	a.present = 1u << BGP_ATTRIBUTE_ORIGIN | 1u << BGP_ATTRIBUTE_AS_PATH;
	for (size_t i = 0; i < sizeof(optional); i++) {
		bool internal = optional[i] == BGP_ATTRIBUTE_LOCAL_PREF ||
				optional[i] == BGP_ATTRIBUTE_ORIGINATOR_ID ||
				optional[i] == BGP_ATTRIBUTE_CLUSTER_LIST;

		if (one_in(random, 2) && (context->ibgp || !internal))
			a.present |= 1ull << optional[i];
	}
	a.origin = (uint8_t)random_below(random, 3);
	generate_path(random, context, arena, most, &a);
	a.next_hop = generate_address(random, next_hop);
	if (next_hop == FAMILY_IPV6 && one_in(random, 3)) {
		a.next_hop_link_local = generate_address(random, FAMILY_IPV6);
		bytes_put_u16(a.next_hop_link_local.bytes, 0xfe80);
	}
	a.med = (uint32_t)random_u64(random);
	a.local_pref = (uint32_t)random_u64(random);
	a.aggregator_asn = generate_asn(random);
	a.aggregator_address = generate_address(random, FAMILY_IPV4);
	a.originator_id = (uint32_t)random_u64(random);
	a.only_to_customer = (uint32_t)random_u64(random);
	generate_lists(random, arena, most < 8 ? most : 8 + random_below(random, most - 7), &a);
	generate_prune(&a);
	return a;
}

static inline struct bgp_route_key generate_key(
	struct random *random, const struct bgp_context *context, enum bgp_family family)
{
	enum family bits = family == BGP_IPV4_UNICAST ? FAMILY_IPV4 : FAMILY_IPV6;
	struct bgp_route_key key = { .prefix.address = generate_address(random, bits) };

	key.prefix.length = (uint8_t)random_below(random, family_bits(bits) + 1u);
	prefix_normalise(&key.prefix);
	if (context->add_path_send[family])
		key.path_id = (uint32_t)random_u64(random);
	return key;
}

#endif
