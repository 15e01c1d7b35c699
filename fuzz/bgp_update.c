/* SPDX-License-Identifier: Apache-2.0 */
/*
 * UPDATE: the first byte chooses the session. Any bytes get a verdict within bounds of memory;
 * the prefixes that are given out are well-formed; and of a good UPDATE, decode - encode -
 * decode is a fixpoint.
 */
#include <stdlib.h>
#include <string.h>

#include "wire/bgp_update.h"
#include "wire/flowspec.h"

static void expect(bool holds)
{
	if (!holds)
		abort();
}

static struct bgp_context context_of(uint8_t choice)
{
	return (struct bgp_context){
		.four_octet_as = choice & 1,
		.ibgp = choice & 2,
		.family = { true, (choice & 4) != 0, (choice & 128) != 0, (choice & 128) != 0 },
		.extended_next_hop = { (choice & 8) != 0, false },
		.add_path_receive = { (choice & 16) != 0, (choice & 16) != 0 },
		.add_path_send = { (choice & 16) != 0, (choice & 16) != 0 },
		.message_max = choice & 32 ? BGP_EXTENDED_MESSAGE_MAX : BGP_MESSAGE_MAX,
		.as_path_max = choice & 64 ? 100 : 0,
	};
}

/* The good ones; their lengths lead to the end of the field. */
static size_t collect_rules(
	struct bgp_nlri nlri, struct bgp_route_key *keys, size_t room, struct arena *arena)
{
	enum family family = bgp_family_addresses((enum bgp_family)nlri.family);
	size_t count = 0;

	while (cursor_left(&nlri.bytes) > 0) {
		struct flowspec *rule = arena_take(arena, sizeof(*rule));
		const char *reason;
		enum flowspec_status status;

		expect(rule != NULL);
		status = flowspec_read(&nlri.bytes, family, arena, rule, &reason);
		expect(status == FLOWSPEC_GOOD || status == FLOWSPEC_MALFORMED);
		if (status == FLOWSPEC_GOOD && count < room)
			keys[count++] = (struct bgp_route_key){ .rule = rule };
	}
	return count;
}

static size_t collect(struct bgp_nlri nlri, struct bgp_route_key *keys, size_t room)
{
	size_t count = 0;
	struct bgp_route_key key = { 0 };

	if (bgp_family_is_flowspec(nlri.family))
		return 0;
	while (bgp_nlri_next(&nlri, &key.prefix, &key.path_id)) {
		struct prefix clean = key.prefix;

		prefix_normalise(&clean);
		expect(prefix_equal(&clean, &key.prefix));
		expect(key.prefix.length <= family_bits(key.prefix.address.family));
		if (count < room)
			keys[count] = key;
		count++;
	}
	expect(cursor_left(&nlri.bytes) == 0);
	return count < room ? count : room;
}

/* Attributes as bgp_update_write wants them for the prefixes of one field. */
static struct bgp_attributes of_field(const struct bgp_update *update, unsigned which)
{
	struct bgp_attributes attributes = update->attributes;

	attributes.present &= ~(1ull << BGP_ATTRIBUTE_NEXT_HOP);
	attributes.next_hop_link_local = (struct address){ 0 };
	if (which == 1) {
		attributes.next_hop = update->mp_next_hop;
		attributes.next_hop_link_local = update->mp_next_hop_link_local;
	}
	return attributes;
}

/* RFC 6793 section 4.2.3 loses a confederation segment in the middle of a path that AS4_PATH
 * replaces: then the fixpoint comes one turn later. */
static bool path_may_change(
	const struct bgp_context *context, const struct bgp_attributes *attributes)
{
	struct cursor c = cursor_of(attributes->as_path, attributes->as_path_size);

	while (!context->four_octet_as && cursor_left(&c) > 0) {
		uint8_t type = cursor_u8(&c);

		cursor_skip(&c, 4u * cursor_u8(&c));
		if (type == BGP_SEGMENT_CONFED_SEQUENCE || type == BGP_SEGMENT_CONFED_SET)
			return true;
	}
	return false;
}

/* Encode, decode from exactly as many bytes, and compare. Gives the prefixes' field. */
static unsigned turn(const struct bgp_context *context, enum bgp_family family,
	const struct bgp_attributes *attributes, const struct bgp_route_key *keys,
	size_t written, const uint8_t *message, struct arena *arena, struct bgp_update *again)
{
	size_t length = (size_t)((message[16] << 8) | message[17]);
	static struct bgp_route_key back[4096];
	struct bgp_frame frame;
	struct bgp_fault fault;
	unsigned which;

	expect(bgp_frame_read(message, length, context->message_max, &frame, &fault) ==
		BGP_FRAME_WHOLE);
	expect(bgp_update_read(frame.body, context, arena, again) == 0);
	expect(again->verdict == BGP_VERDICT_GOOD);
	which = cursor_left(&again->announced[1].bytes) > 0;
	expect(cursor_left(&again->announced[!which].bytes) == 0);
	expect(again->announced[which].family == family);
	expect((bgp_family_is_flowspec(family)
			       ? collect_rules(again->announced[which], back, 4096, arena)
			       : collect(again->announced[which], back, 4096)) == written);
	for (size_t i = 0; i < written; i++)
		if (keys[i].rule != NULL)
			expect(flowspec_compare(back[i].rule, keys[i].rule) == 0);
		else
			expect(prefix_equal(&back[i].prefix, &keys[i].prefix) &&
				back[i].path_id == keys[i].path_id);
	if (!path_may_change(context, attributes)) {
		struct bgp_attributes got = of_field(again, which);

		expect(bgp_attributes_equal(attributes, &got));
	}
	return which;
}

/* Decode - encode - decode, twice: what comes out stays the same. */
static void check_fixpoint(
	const struct bgp_update *update, const struct bgp_context *context, unsigned which)
{
	static struct bgp_route_key keys[4096];
	static uint8_t buffer[BGP_EXTENDED_MESSAGE_MAX];
	struct bgp_attributes attributes = of_field(update, which), third;
	enum bgp_family family = (enum bgp_family)update->announced[which].family;
	size_t count, written;
	struct arena arena = { 0 };

	count = bgp_family_is_flowspec(family)
			? collect_rules(update->announced[which], keys, 4096, &arena)
			: collect(update->announced[which], keys, 4096);
	for (unsigned i = 0; i < 2 && count > 0; i++) {
		struct writer w = writer_of(buffer, sizeof(buffer));
		struct bgp_update again;
		uint8_t *exact;

		if (bgp_update_write(&w, context, family, &attributes, keys, count, &written) !=
			0)
			break; /* does not fit, or MP_REACH_NLRI with an IPv4 next hop */
		expect(written > 0 && writer_length(&w) <= context->message_max);
		exact = arena_copy(&arena, buffer, writer_length(&w));
		expect(exact != NULL);
		which = turn(
			context, family, &attributes, keys, written, exact, &arena, &again);
		third = of_field(&again, which);
		expect(i == 0 || bgp_attributes_equal(&attributes, &third));
		attributes = third;
	}
	arena_clear(&arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	struct arena arena = { 0 };
	struct bgp_context context;
	struct bgp_update update;

	if (length < 1 || length > BGP_EXTENDED_MESSAGE_MAX)
		return 0;
	context = context_of(bytes[0]);
	expect(bgp_update_read(cursor_of(bytes + 1, length - 1), &context, &arena, &update) ==
		0);
	expect(arena.used <= 16 * length + 64);
	expect(update.verdict <= BGP_VERDICT_SESSION_RESET);
	expect((update.verdict == BGP_VERDICT_GOOD) == (update.malformations_total == 0));
	expect((update.verdict >= BGP_VERDICT_AFI_SAFI_DISABLE) == (update.fault.code != 0));
	if (update.verdict < BGP_VERDICT_AFI_SAFI_DISABLE)
		for (unsigned which = 0; which < 2; which++) {
			(void)collect(update.withdrawn[which], NULL, 0);
			(void)collect(update.announced[which], NULL, 0);
		}
	if (update.verdict == BGP_VERDICT_GOOD)
		for (unsigned which = 0; which < 2; which++)
			if (cursor_left(&update.announced[which].bytes) > 0)
				check_fixpoint(&update, &context, which);
	arena_clear(&arena);
	return 0;
}
