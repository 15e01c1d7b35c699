/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What was encoded decodes to itself: thousands of random attribute sets and prefixes, over all
 * kinds of sessions. And what may not be sent is not.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "generate.h"
#include "update.h"

#define KEYS_MAX 20000

static struct bgp_route_key keys[KEYS_MAX];
static uint8_t bytes[BGP_EXTENDED_MESSAGE_MAX + 1];

/* What came in must be keys[0..count), in order. */
static void nlri_same(struct bgp_nlri nlri, size_t count)
{
	struct prefix prefix;
	uint32_t path_id;

	for (size_t i = 0; i < count; i++) {
		assert_true(bgp_nlri_next(&nlri, &prefix, &path_id));
		assert_true(prefix_equal(&prefix, &keys[i].prefix));
		assert_int_equal(path_id, keys[i].path_id);
	}
	assert_false(bgp_nlri_next(&nlri, &prefix, &path_id));
}

/* Frame and decode what was written; it must be good. */
static void decode(const struct bgp_context *context, size_t length, struct arena *arena,
	struct bgp_update *ret_update)
{
	uint8_t *exact = arena_copy(arena, bytes, length);
	struct bgp_frame frame;
	struct bgp_fault fault;
	size_t used;

	assert_true(length <= context->message_max);
	assert_int_equal(bgp_frame_read(exact, length, context->message_max, &frame, &fault),
		BGP_FRAME_WHOLE);
	assert_int_equal(frame.type, BGP_UPDATE);
	assert_int_equal(frame.length, length);
	used = arena->used;
	assert_int_equal(bgp_update_read(frame.body, context, arena, ret_update), 0);
	assert_true(arena->used - used <= 16 * length);
	if (ret_update->verdict != BGP_VERDICT_GOOD)
		fail_msg("%s", ret_update->malformations[0].reason);
	assert_int_equal(ret_update->unknown_attributes, 0);
	assert_int_equal(ret_update->ignored_families, 0);
}

/* The set as the reader of this carriage gives it. */
static struct bgp_attributes as_read(const struct bgp_update *update)
{
	struct bgp_attributes a = update->attributes;

	if (update->mp_next_hop.family != FAMILY_NONE) {
		a.next_hop = update->mp_next_hop;
		a.next_hop_link_local = update->mp_next_hop_link_local;
	}
	a.present &= ~(1ull << BGP_ATTRIBUTE_NEXT_HOP);
	return a;
}

static void round_trip(struct random *random, struct bgp_context *context, size_t count,
	unsigned most, struct arena *arena)
{
	enum bgp_family family = one_in(random, 2) ? BGP_IPV4_UNICAST : BGP_IPV6_UNICAST;
	bool mp = family == BGP_IPV6_UNICAST ||
		  (context->extended_next_hop[family] && one_in(random, 2));
	struct bgp_attributes sent = generate_attributes(
		random, context, mp ? FAMILY_IPV6 : FAMILY_IPV4, most, arena);
	struct bgp_attributes got;
	struct writer w = writer_of(bytes, sizeof(bytes));
	struct bgp_update update;
	size_t written;
	int r;

	for (size_t i = 0; i < count; i++)
		keys[i] = generate_key(random, context, family);
	r = bgp_update_write(&w, context, family, &sent, keys, count, &written);
	if (r == ERROR_FULL) { /* the attributes alone may be too much */
		assert_true(most > 100);
		assert_int_equal(writer_length(&w), 0);
		assert_int_equal(written, 0);
		return;
	}
	assert_int_equal(r, 0);
	assert_in_range(written, 1, count);
	decode(context, writer_length(&w), arena, &update);
	nlri_same(update.announced[mp], written);
	nlri_same(update.announced[!mp], 0);
	nlri_same(update.withdrawn[0], 0);
	nlri_same(update.withdrawn[1], 0);
	got = as_read(&update);
	assert_true(bgp_attributes_equal(&got, &sent));
	/* Full: not even the next prefix would have fitted. */
	if (written < count) {
		size_t next = (context->add_path_send[family] ? 5u : 1u) +
			      (keys[written].prefix.length + 7u) / 8u;

		assert_true(writer_length(&w) + next > context->message_max);
	}
}

static void test_small(void **state)
{
	struct random random = { 7606 };
	struct arena arena = { 0 };

	(void)state;
	for (unsigned i = 0; i < 20000; i++) {
		struct bgp_context context =
			context_of((enum session)random_below(&random, ONLY_IPV4));

		if (one_in(&random, 4))
			context = context_of(one_in(&random, 2) ? NEXT_HOP_6 : ADD_PATH);
		round_trip(&random, &context, 1 + random_below(&random, 5), 8, &arena);
		arena_reset(&arena);
	}
	arena_clear(&arena);
}

/* Full messages, long lists, paths of several segments, both sizes of message. */
static void test_large(void **state)
{
	struct random random = { 4271 };
	struct arena arena = { 0 };

	(void)state;
	for (unsigned i = 0; i < 400; i++) {
		static const enum session sessions[] = { EXTERNAL, INTERNAL, OLD, OLD_INTERNAL,
			NEXT_HOP_6, ADD_PATH };
		struct bgp_context context = context_of(sessions[random_below(&random, 6)]);

		if (one_in(&random, 2))
			context.message_max = BGP_EXTENDED_MESSAGE_MAX;
		round_trip(&random, &context, one_in(&random, 2) ? KEYS_MAX : 3000,
			one_in(&random, 2) ? 700 : 90, &arena);
		arena_reset(&arena);
	}
	arena_clear(&arena);
}

/* 1,000 numbers in segments of 255, which need an extended length, over both kinds of session.
 */
static void test_long_path(void **state)
{
	static const enum session sessions[] = { EXTERNAL, OLD };
	struct arena arena = { 0 };

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct bgp_context context = context_of(sessions[i]);
		struct bgp_attributes sent = { 0 }, got;
		struct writer w = writer_of(bytes, sizeof(bytes));
		struct bgp_update update;
		size_t written;

		context.message_max = BGP_EXTENDED_MESSAGE_MAX;
		for (unsigned n = 0; n < 1000; n++)
			assert_int_equal(bgp_as_path_prepend(&sent, 65000 + n, 1, &arena), 0);
		assert_int_equal(sent.as_path_size, 1000 * 4 + 4 * 2);
		assert_int_equal(bgp_as_path_length(&sent), 1000);
		sent.present |= 1u << BGP_ATTRIBUTE_ORIGIN;
		sent.next_hop = address_ipv4(0xc0000201);
		keys[0] = (struct bgp_route_key){ .prefix.address = address_ipv4(0x0a000000),
			.prefix.length = 8 };
		assert_int_equal(bgp_update_write(&w, &context, BGP_IPV4_UNICAST, &sent, keys,
					 1, &written),
			0);
		decode(&context, writer_length(&w), &arena, &update);
		got = as_read(&update);
		assert_true(bgp_attributes_equal(&got, &sent));
		arena_reset(&arena);
	}
	arena_clear(&arena);
}

static void test_withdraw(void **state)
{
	struct random random = { 4760 };
	struct arena arena = { 0 };

	(void)state;
	for (unsigned i = 0; i < 2000; i++) {
		struct bgp_context context =
			context_of(one_in(&random, 2) ? EXTERNAL : ADD_PATH);
		enum bgp_family family =
			one_in(&random, 2) ? BGP_IPV4_UNICAST : BGP_IPV6_UNICAST;
		size_t count = 1 + random_below(&random, one_in(&random, 20) ? 3000 : 10);
		struct writer w = writer_of(bytes, sizeof(bytes));
		struct bgp_update update;
		size_t written;

		for (size_t k = 0; k < count; k++)
			keys[k] = generate_key(&random, &context, family);
		assert_int_equal(
			bgp_withdraw_write(&w, &context, family, keys, count, &written), 0);
		decode(&context, writer_length(&w), &arena, &update);
		nlri_same(update.withdrawn[family == BGP_IPV6_UNICAST], written);
		nlri_same(update.withdrawn[family != BGP_IPV6_UNICAST], 0);
		assert_int_equal(update.attributes.present, 0);
		assert_false(update.end_of_rib);
		if (written < count) {
			size_t next = (context.add_path_send[family] ? 5u : 1u) +
				      (keys[written].prefix.length + 7u) / 8u;

			assert_true(writer_length(&w) + next > context.message_max);
		}
		arena_reset(&arena);
	}
	arena_clear(&arena);
}

static void test_end_of_rib(void **state)
{
	(void)state;
	for (int f = 0; f < BGP_FAMILY_COUNT; f++) {
		struct bgp_context context = context_of(EXTERNAL);
		struct writer w = writer_of(bytes, sizeof(bytes));
		struct arena arena = { 0 };
		struct bgp_update update;

		context.family[f] = true;
		bgp_end_of_rib_write(&w, (enum bgp_family)f);
		decode(&context, writer_length(&w), &arena, &update);
		assert_true(update.end_of_rib);
		assert_int_equal(update.end_of_rib_family, f);
		arena_clear(&arena);
	}
}

/* Every size of buffer: what fits is written, else nothing moves. */
static void test_room(void **state)
{
	struct bgp_context context = context_of(EXTERNAL);
	struct random random = { 1 };
	struct arena arena = { 0 };

	(void)state;
	for (int f = 0; f < BGP_FAMILY_COUNT; f++) {
		enum bgp_family family = (enum bgp_family)f;
		struct bgp_attributes sent = generate_attributes(&random, &context,
			family == BGP_IPV4_UNICAST ? FAMILY_IPV4 : FAMILY_IPV6, 4, &arena);

		for (size_t k = 0; k < 20; k++)
			keys[k] = generate_key(&random, &context, family);
		for (size_t room = 0; room < 600; room++) {
			uint8_t *exact = malloc(room + 1);
			struct writer w = writer_of(exact, room), u = w;
			size_t written = 99, gone = 99;
			int r = bgp_update_write(
				&w, &context, family, &sent, keys, 20, &written);
			int s = bgp_withdraw_write(&u, &context, family, keys, 20, &gone);

			assert_true(r == 0 || r == ERROR_FULL);
			assert_int_equal(r == 0, written > 0);
			assert_int_equal(r == 0, writer_length(&w) > 0);
			assert_int_equal(s == 0, gone > 0);
			assert_int_equal(s == 0, writer_length(&u) > 0);
			assert_false(w.failed || u.failed);
			free(exact);
		}
		arena_reset(&arena);
	}
	arena_clear(&arena);
}

/* What would be malformed is refused. */
static void test_refused(void **state)
{
	static uint8_t as0[] = { 2, 1, 0, 0, 0, 0 };
	static uint8_t confed[] = { 3, 1, 0, 0, 0, 1 };
	static uint8_t cut[] = { 2, 2, 0, 0, 0, 1 };
	static const struct {
		const char *what;
		enum session session;
		enum bgp_family family;
		const char *next_hop;
		const uint8_t *path;
		uint8_t origin;
		bool aggregator;
		int result;
	} rows[] = {
		{ "good", EXTERNAL, BGP_IPV4_UNICAST, "192.0.2.1", NULL, 0, false, 0 },
		{ "IPv6 over IPv4", EXTERNAL, BGP_IPV6_UNICAST, "192.0.2.1", NULL, 0, false,
			ERROR_RANGE },
		{ "IPv4 over IPv6, not agreed", EXTERNAL, BGP_IPV4_UNICAST, "2001:db8::1", NULL,
			0, false, ERROR_RANGE },
		{ "IPv4 over IPv6, agreed", NEXT_HOP_6, BGP_IPV4_UNICAST, "2001:db8::1", NULL,
			0, false, 0 },
		{ "next hop 0.0.0.0", EXTERNAL, BGP_IPV4_UNICAST, "0.0.0.0", NULL, 0, false,
			ERROR_RANGE },
		{ "next hop ::", EXTERNAL, BGP_IPV6_UNICAST, "::", NULL, 0, false,
			ERROR_RANGE },
		{ "next hop ff02::1", EXTERNAL, BGP_IPV6_UNICAST, "ff02::1", NULL, 0, false,
			ERROR_RANGE },
		{ "no next hop", EXTERNAL, BGP_IPV4_UNICAST, NULL, NULL, 0, false,
			ERROR_RANGE },
		{ "AS 0", EXTERNAL, BGP_IPV4_UNICAST, "192.0.2.1", as0, 0, false, ERROR_RANGE },
		{ "confederation to the outside", EXTERNAL, BGP_IPV4_UNICAST, "192.0.2.1",
			confed, 0, false, ERROR_RANGE },
		{ "confederation to the inside", INTERNAL, BGP_IPV4_UNICAST, "192.0.2.1",
			confed, 0, false, 0 },
		{ "a path that is cut", EXTERNAL, BGP_IPV4_UNICAST, "192.0.2.1", cut, 0, false,
			ERROR_RANGE },
		{ "ORIGIN 3", EXTERNAL, BGP_IPV4_UNICAST, "192.0.2.1", NULL, 3, false,
			ERROR_RANGE },
		{ "AGGREGATOR of AS 0", EXTERNAL, BGP_IPV4_UNICAST, "192.0.2.1", NULL, 0, true,
			ERROR_RANGE },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct bgp_context context = context_of(rows[i].session);
		struct bgp_attributes a = { .origin = rows[i].origin };
		struct writer w = writer_of(bytes, sizeof(bytes));
		size_t written;

		if (rows[i].next_hop != NULL)
			assert_int_equal(address_parse(rows[i].next_hop, &a.next_hop), 0);
		if (rows[i].path != NULL) {
			a.as_path = rows[i].path;
			a.as_path_size = 6;
		}
		if (rows[i].aggregator)
			a.present |= 1u << BGP_ATTRIBUTE_AGGREGATOR;
		keys[0] = (struct bgp_route_key){
			.prefix.address.family =
				rows[i].family == BGP_IPV4_UNICAST ? FAMILY_IPV4 : FAMILY_IPV6
		};
		if (bgp_update_write(&w, &context, rows[i].family, &a, keys, 1, &written) !=
			rows[i].result)
			fail_msg("%s", rows[i].what);
		assert_int_equal(writer_length(&w) == 0, rows[i].result != 0);
	}
}

/* Byte for byte what is on the wire, so that an error common to both ways is seen. */
static void test_bytes(void **state)
{
	static uint8_t path[] = { 3, 1, 0, 0, 0xfd, 0xf0, 2, 2, 0, 0, 0xfd, 0xe9, 0, 1, 0x11,
		0x70 };
	static const uint32_t communities[] = { 0xfde90001 };
	static const struct bgp_large_community large[] = { { 1, 2, 3 }, { 1, 2, 3 } };
	static const struct {
		const char *what;
		enum session session;
		enum bgp_family family;
		const char *next_hop, *attributes, *nlri;
		size_t path_from;
	} rows[] = {
		{ "external", EXTERNAL, BGP_IPV4_UNICAST, "192.0.2.1",
			ORIGIN "40020a 0202 0000fde9 00011170" HOP
			       "c00708 00011170 c0000209 c00804 fde90001"
			       "c0200c 00000001 00000002 00000003",
			NET, 6 },
		{ "two-octet", OLD, BGP_IPV4_UNICAST, "192.0.2.1",
			ORIGIN
			"400206 0202 fde9 5ba0" HOP
			"c00706 5ba0 c0000209 c00804 fde90001 c0110a 0202 0000fde9 00011170"
			"c01208 00011170 c0000209 c0200c 00000001 00000002 00000003",
			NET, 6 },
		{ "two-octet, internal, confederation", OLD_INTERNAL, BGP_IPV4_UNICAST,
			"192.0.2.1",
			ORIGIN "40020a 0301 fdf0 0202 fde9 5ba0" HOP
			       "400504 00000064 c00706 5ba0 c0000209 c00804 fde90001"
			       "c0110a 0202 0000fde9 00011170 c01208 00011170 c0000209"
			       "c0200c 00000001 00000002 00000003",
			NET, 0 },
		{ "IPv6", EXTERNAL, BGP_IPV6_UNICAST, "2001:db8::1",
			"900e001c 0002 01 10" HOP_6 "00" NET_6 ORIGIN
			"40020a 0202 0000fde9 00011170 c00708 00011170 c0000209 c00804 fde90001"
			"c0200c 00000001 00000002 00000003",
			"", 6 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct bgp_context context = context_of(rows[i].session);
		struct bgp_attributes a = { .as_path = path + rows[i].path_from,
			.as_path_size = (uint16_t)(sizeof(path) - rows[i].path_from),
			.aggregator_asn = 70000,
			.aggregator_address = address_ipv4(0xc0000209),
			.local_pref = 100,
			.communities = communities,
			.community_count = 1,
			.large_communities = large,
			.large_community_count = 2 };
		struct writer w = writer_of(bytes, sizeof(bytes));
		uint8_t expected[256];
		size_t written, length;

		a.present = 1ull << BGP_ATTRIBUTE_LOCAL_PREF |
			    1ull << BGP_ATTRIBUTE_AGGREGATOR |
			    1ull << BGP_ATTRIBUTE_COMMUNITIES |
			    1ull << BGP_ATTRIBUTE_LARGE_COMMUNITIES |
			    1ull << BGP_ATTRIBUTE_EXTENDED_COMMUNITIES;
		assert_int_equal(address_parse(rows[i].next_hop, &a.next_hop), 0);
		assert_int_equal(
			prefix_parse(rows[i].family == BGP_IPV4_UNICAST ? "198.51.100.0/24"
									: "2001:db8:1::/48",
				&keys[0].prefix),
			0);
		assert_int_equal(
			bgp_update_write(&w, &context, rows[i].family, &a, keys, 1, &written),
			0);
		length = update_make(
			"", rows[i].attributes, rows[i].nlri, expected, sizeof(expected));
		if (writer_length(&w) != BGP_HEADER_SIZE + length ||
			memcmp(bytes + BGP_HEADER_SIZE, expected, length) != 0) {
			for (size_t b = BGP_HEADER_SIZE; b < writer_length(&w); b++)
				print_error("%02x", bytes[b]);
			fail_msg(" is what %s gave", rows[i].what);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_small),
		cmocka_unit_test(test_large),
		cmocka_unit_test(test_long_path),
		cmocka_unit_test(test_withdraw),
		cmocka_unit_test(test_end_of_rib),
		cmocka_unit_test(test_room),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_bytes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
