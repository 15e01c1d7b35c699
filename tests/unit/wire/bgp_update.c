/* SPDX-License-Identifier: Apache-2.0 */
/* Good UPDATEs: what each attribute reads as, the AS4 merge, prefixes, next hops, End-of-RIB.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/random.h"
#include "update.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* One UPDATE and all that must outlive its reading. */
struct read {
	uint8_t bytes[1024];
	size_t length;
	struct arena arena;
	struct bgp_update update;
};

static void read_update(struct read *read, enum session session, const char *withdrawn,
	const char *attributes, const char *nlri)
{
	struct bgp_context context = context_of(session);

	*read = (struct read){ 0 };
	read->length =
		update_make(withdrawn, attributes, nlri, read->bytes, sizeof(read->bytes));
	assert_int_equal(bgp_update_read(cursor_of(read->bytes, read->length), &context,
				 &read->arena, &read->update),
		0);
}

static void test_values(void **state)
{
	struct read r;
	struct bgp_attributes *a = &r.update.attributes;
	struct address next_hop, aggregator;

	(void)state;
	read_update(&r, INTERNAL, "",
		"400101 02" PATH HOP "800404 0000000a 400504 00000064 400600"
		"c00708 0000fde9 c0000209 c00808 fde90001 ffffff01 800904 c0000202"
		"800a08 00000001 00000002 c01010 0002fde900000001 4000000000000000"
		"c02018 0000fde9 00000001 00000002 0000fde9 00000001 00000003 c02304 0000fdea",
		NET);
	assert_int_equal(r.update.verdict, BGP_VERDICT_GOOD);
	assert_int_equal(a->origin, BGP_ORIGIN_INCOMPLETE);
	assert_int_equal(bgp_as_path_origin(a), 65001);
	assert_int_equal(address_parse("192.0.2.1", &next_hop), 0);
	assert_true(address_equal(&a->next_hop, &next_hop));
	assert_int_equal(a->med, 10);
	assert_int_equal(a->local_pref, 100);
	assert_true(a->atomic_aggregate);
	assert_int_equal(a->aggregator_asn, 65001);
	assert_int_equal(address_parse("192.0.2.9", &aggregator), 0);
	assert_true(address_equal(&a->aggregator_address, &aggregator));
	assert_int_equal(a->community_count, 2);
	assert_int_equal(a->communities[0], 0xfde90001);
	assert_int_equal(a->communities[1], BGP_COMMUNITY_NO_EXPORT);
	assert_int_equal(a->originator_id, 0xc0000202);
	assert_int_equal(a->cluster_count, 2);
	assert_int_equal(a->cluster_list[1], 2);
	assert_int_equal(a->extended_community_count, 2);
	assert_true(a->extended_communities[0] == 0x0002fde900000001u);
	assert_int_equal(a->large_community_count, 2);
	assert_int_equal(a->large_communities[1].local_2, 3);
	assert_int_equal(a->only_to_customer, 65002);
	arena_clear(&r.arena);
}

/* RFC 8092 section 3: a receiver removes duplicates, and keeps the order. */
static void test_large_duplicates(void **state)
{
	struct read r;
	const struct bgp_attributes *a = &r.update.attributes;

	(void)state;
	read_update(&r, EXTERNAL, "",
		BASE "c02030 00000001 00000001 00000002 00000001 00000001 00000001"
		     "00000001 00000001 00000002 00000001 00000001 00000001",
		NET);
	assert_int_equal(r.update.verdict, BGP_VERDICT_GOOD);
	assert_int_equal(a->large_community_count, 2);
	assert_int_equal(a->large_communities[0].local_2, 2);
	assert_int_equal(a->large_communities[1].local_2, 1);
	arena_clear(&r.arena);
}

/* As many as a message holds: what is kept is what comparing all with all would keep. */
static void test_many_large(void **state)
{
	static const unsigned counts[] = { 15, 16, 17, 18, 100, 340, 1000, 5400 };
	static uint8_t bytes[BGP_EXTENDED_MESSAGE_MAX], out[BGP_EXTENDED_MESSAGE_MAX];
	struct random random = { 8092 };

	(void)state;
	for (unsigned round = 0; round < 24; round++) {
		unsigned count = counts[round % 8], kept = 0;
		struct bgp_context context = context_of(EXTERNAL);
		struct writer w = writer_of(bytes, sizeof(bytes));
		struct arena arena = { 0 };
		struct bgp_update update, again;
		struct bgp_route_key key = { 0 };
		struct bgp_frame frame;
		struct bgp_fault fault;
		uint32_t path_id;
		size_t written;

		writer_u32(&w, 0);
		w.at += hex_read(BASE "d020", w.at, 64);
		writer_u16(&w, (uint16_t)(12 * count));
		for (unsigned i = 0; i < 3 * count; i++)
			writer_u32(&w, random_below(&random, round < 8    ? 3
							     : round < 16 ? 12
									  : 0xffff));
		bytes_put_u16(bytes + 2, (uint16_t)(w.at - bytes - 4));
		w.at += hex_read(NET, w.at, 8);
		assert_int_equal(bgp_update_read(cursor_of(bytes, writer_length(&w)), &context,
					 &arena, &update),
			0);
		assert_int_equal(update.verdict, BGP_VERDICT_GOOD);
		for (unsigned i = 0; i < count; i++) {
			const uint8_t *list = bytes + 4 + (w.at - bytes - 4 - 4 - 12 * count);
			struct cursor c = cursor_of(list + 12 * i, 12);
			struct bgp_large_community one = { .global = cursor_u32(&c) };
			unsigned before = 0;

			one.local_1 = cursor_u32(&c);
			one.local_2 = cursor_u32(&c);
			while (before < i && memcmp(list + 12 * before, list + 12 * i, 12) != 0)
				before++;
			if (before < i)
				continue;
			assert_memory_equal(&update.attributes.large_communities[kept++], &one,
				sizeof(one));
		}
		assert_int_equal(update.attributes.large_community_count, kept);
		context.message_max = BGP_EXTENDED_MESSAGE_MAX;
		assert_true(bgp_nlri_next(&update.announced[0], &key.prefix, &path_id));
		w = writer_of(out, sizeof(out));
		assert_int_equal(bgp_update_write(&w, &context, BGP_IPV4_UNICAST,
					 &update.attributes, &key, 1, &written),
			0);
		assert_int_equal(bgp_frame_read(out, writer_length(&w),
					 BGP_EXTENDED_MESSAGE_MAX, &frame, &fault),
			BGP_FRAME_WHOLE);
		assert_int_equal(bgp_update_read(frame.body, &context, &arena, &again), 0);
		assert_true(bgp_attributes_equal(&again.attributes, &update.attributes));
		arena_clear(&arena);
	}
}

static void test_first_of_duplicates(void **state)
{
	struct read r;

	(void)state;
	read_update(&r, EXTERNAL, "", BASE "800404 00000001 800404 00000002", NET);
	assert_int_equal(r.update.verdict, BGP_VERDICT_ATTRIBUTE_DISCARD);
	assert_int_equal(r.update.attributes.med, 1);
	arena_clear(&r.arena);
}

/* What is discarded is not there. */
static void test_discarded(void **state)
{
	static const struct {
		enum session session;
		const char *attributes;
		uint8_t code;
	} rows[] = {
		{ EXTERNAL, BASE "400504 00000064", BGP_ATTRIBUTE_LOCAL_PREF },
		{ EXTERNAL, BASE "400601 00", BGP_ATTRIBUTE_ATOMIC_AGGREGATE },
		{ EXTERNAL, BASE "c00706 fde9 c0000201", BGP_ATTRIBUTE_AGGREGATOR },
		{ EXTERNAL, BASE "800904 c0000201", BGP_ATTRIBUTE_ORIGINATOR_ID },
		{ EXTERNAL, BASE "800a04 c0000201", BGP_ATTRIBUTE_CLUSTER_LIST },
		{ EXTERNAL, BASE "c01106 0201 0001fde9", BGP_ATTRIBUTE_AS4_PATH },
		{ OLD, BASE_2 "c01104 0201 fde9", BGP_ATTRIBUTE_AS4_PATH },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct read r;

		read_update(&r, rows[i].session, "", rows[i].attributes, NET);
		assert_int_equal(r.update.verdict, BGP_VERDICT_ATTRIBUTE_DISCARD);
		assert_false(bgp_attribute_present(&r.update.attributes, rows[i].code));
		arena_clear(&r.arena);
	}
}

/* RFC 6793 section 4.2.3: two-octet session, AS_PATH and AS4_PATH in, one path out. */
static void test_as4_merge(void **state)
{
	static const struct {
		const char *what;
		enum session session;
		const char *attributes, *path;
	} rows[] = {
		{ "no AS4_PATH", OLD, "400206 0202 fde9 5ba0", "65001 23456" },
		{ "same length", OLD, "400206 0202 fde9 5ba0 c0110a 0202 0000fde9 00011170",
			"65001 70000" },
		{ "an OLD speaker in front", OLD,
			"400208 0203 fdea fde9 5ba0 c0110a 0202 0000fde9 00011170",
			"65002 65001 70000" },
		{ "AS4_PATH is longer: ignored", OLD,
			"400204 0201 fde9 c0110a 0202 0000fde9 00011170", "65001" },
		{ "a set counts one", OLD,
			"40020a 0201 fdea 0102 5ba0 5ba0 c0110a 0102 00011170 00011171",
			"65002 {70000,70001}" },
		{ "lead ends inside a segment", OLD,
			"40020a 0204 fde9 fdea fdeb 5ba0 c01106 0201 00011170",
			"65001 65002 65003 70000" },
		{ "confederation segments of AS4_PATH are left out", OLD,
			"400204 0201 5ba0 c0110c 0301 0000fde9 0201 00011170", "70000" },
		{ "AS4_PATH of nothing else: AS_PATH stands", OLD,
			"400204 0201 5ba0 c01106 0301 0000fde9", "23456" },
		{ "leading confederation segment stays", OLD_INTERNAL,
			"400208 0301 fdf0 0201 5ba0 c01106 0201 00011170", "(65008) 70000" },
		{ "confederation segment next to the lead stays", OLD_INTERNAL,
			"40020c 0201 fde9 0301 fdf0 0201 5ba0 c01106 0201 00011170",
			"65001 (65008) 70000" },
		{ "AGGREGATOR is not AS_TRANS: AS4 of both kinds ignored", OLD,
			"400204 0201 5ba0 c00706 fde9 c0000201 c01106 0201 00011170"
			"c01208 00011170 c0000202",
			"23456" },
		{ "AGGREGATOR is AS_TRANS", OLD,
			"400204 0201 5ba0 c00706 5ba0 c0000201 c01106 0201 00011170"
			"c01208 00011170 c0000202",
			"70000" },
		{ "AGGREGATOR is not AS_TRANS, but there is no AS4_AGGREGATOR", OLD,
			"400204 0201 5ba0 c00706 fde9 c0000201 c01106 0201 00011170", "70000" },
		{ "malformed AS4_PATH: AS_PATH stands", OLD,
			"400204 0201 5ba0 c01106 0202 00011170", "23456" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		char attributes[512], text[128];
		struct read r;

		snprintf(attributes, sizeof(attributes), "%s%s%s", ORIGIN, HOP,
			rows[i].attributes);
		read_update(&r, rows[i].session, "", attributes, NET);
		bgp_as_path_format(&r.update.attributes, text, sizeof(text));
		if (strcmp(text, rows[i].path) != 0)
			fail_msg("%s: %s", rows[i].what, text);
		assert_false(
			bgp_attribute_present(&r.update.attributes, BGP_ATTRIBUTE_AS4_PATH));
		arena_clear(&r.arena);
	}
}

static void test_as4_aggregator(void **state)
{
	static const struct {
		const char *attributes;
		uint32_t asn;
		const char *address;
	} rows[] = {
		{ "c00706 5ba0 c0000201 c01208 00011170 c0000202", 70000, "192.0.2.2" },
		{ "c01208 00011170 c0000202 c00706 5ba0 c0000201", 70000, "192.0.2.2" },
		{ "c00706 fde9 c0000201 c01208 00011170 c0000202", 65001, "192.0.2.1" },
		{ "c00706 5ba0 c0000201", BGP_AS_TRANS, "192.0.2.1" },
		{ "c00706 5ba0 c0000201 c01204 00011170", BGP_AS_TRANS, "192.0.2.1" },
		{ "c01208 00011170 c0000202", 0, "-" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		char attributes[512], text[ADDRESS_TEXT_MAX];
		const struct bgp_attributes *a;
		struct read r;

		snprintf(attributes, sizeof(attributes), "%s%s", BASE_2, rows[i].attributes);
		read_update(&r, OLD, "", attributes, NET);
		a = &r.update.attributes;
		assert_int_equal(
			bgp_attribute_present(a, BGP_ATTRIBUTE_AGGREGATOR), rows[i].asn != 0);
		assert_int_equal(a->aggregator_asn, rows[i].asn);
		assert_string_equal(
			address_format(&a->aggregator_address, text), rows[i].address);
		arena_clear(&r.arena);
	}
}

static void test_prefixes(void **state)
{
	static const struct {
		const char *what;
		enum session session;
		const char *withdrawn, *attributes, *nlri;
		const char *withdrawn_text[2], *announced_text[2];
	} rows[] = {
		{ "IPv4", EXTERNAL, "", BASE, "18c63364 00 200a000001 0100", { "", "" },
			{ "198.51.100.0/24 0.0.0.0/0 10.0.0.1/32 0.0.0.0/1", "" } },
		{ "host bits are cleared", EXTERNAL, "", BASE, "01ff 09ffff 1fffffffff",
			{ "", "" }, { "128.0.0.0/1 255.128.0.0/9 255.255.255.254/31", "" } },
		{ "withdrawn IPv4", EXTERNAL, NET, "", "", { "198.51.100.0/24", "" },
			{ "", "" } },
		{ "IPv6", EXTERNAL, "", REACH ORIGIN PATH, "", { "", "" },
			{ "", "2001:db8:1::/48" } },
		{ "IPv6 host bits", EXTERNAL, "",
			"800e1a 0002 01 10" HOP_6 "00 19 20010dff" ORIGIN PATH, "", { "", "" },
			{ "", "2001:d80::/25" } },
		{ "withdrawn IPv6", EXTERNAL, "", UNREACH, "", { "", "2001:db8:1::/48" },
			{ "", "" } },
		{ "all four fields", EXTERNAL, NET, "800f04 0001 01 00" REACH BASE, "08 0a",
			{ "198.51.100.0/24", "0.0.0.0/0" },
			{ "10.0.0.0/8", "2001:db8:1::/48" } },
		{ "path identifiers", ADD_PATH, "00000001" NET, BASE,
			"00000007" NET "ffffffff 00", { "198.51.100.0/24#1", "" },
			{ "198.51.100.0/24#7 0.0.0.0/0#4294967295", "" } },
		{ "path identifiers in MP_REACH_NLRI", ADD_PATH, "",
			"800e20 0002 01 10" HOP_6 "00 00000002" NET_6 ORIGIN PATH, "",
			{ "", "" }, { "", "2001:db8:1::/48#2" } },
		{ "a family not agreed", ONLY_IPV6, NET, BASE, NET, { "", "" }, { "", "" } },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		char text[256];
		struct read r;

		read_update(&r, rows[i].session, rows[i].withdrawn, rows[i].attributes,
			rows[i].nlri);
		if (r.update.verdict != BGP_VERDICT_GOOD)
			fail_msg("%s: %s", rows[i].what, r.update.malformations[0].reason);
		for (int f = 0; f < 2; f++) {
			nlri_text(&r.update.withdrawn[f], text, sizeof(text));
			if (strcmp(text, rows[i].withdrawn_text[f]) != 0)
				fail_msg("%s: withdrawn %s", rows[i].what, text);
			nlri_text(&r.update.announced[f], text, sizeof(text));
			if (strcmp(text, rows[i].announced_text[f]) != 0)
				fail_msg("%s: announced %s", rows[i].what, text);
		}
		arena_clear(&r.arena);
	}
}

/* RFC 2545 section 3, RFC 8950 section 3. */
static void test_next_hops(void **state)
{
	static const struct {
		enum session session;
		const char *attributes, *next_hop, *link_local;
	} rows[] = {
		{ EXTERNAL, REACH, "2001:db8::1", "-" },
		{ EXTERNAL,
			"800e2c 0002 01 20" HOP_6 "fe800000000000000000000000000001 00" NET_6,
			"2001:db8::1", "fe80::1" },
		{ EXTERNAL, "800e1c 0002 01 10 fe800000000000000000000000000001 00" NET_6,
			"fe80::1", "-" },
		{ EXTERNAL,
			"800e2c 0002 01 20 00000000000000000000000000000000"
			"fe800000000000000000000000000001 00" NET_6,
			"fe80::1", "fe80::1" },
		{ EXTERNAL,
			"800e2c 0002 01 20" HOP_6 "00000000000000000000000000000000 00" NET_6,
			"2001:db8::1", "-" },
		{ EXTERNAL, "800e2c 0002 01 20" HOP_6 HOP_6 "00" NET_6, "2001:db8::1", "-" },
		{ NEXT_HOP_6, "800e19 0001 01 10" HOP_6 "00" NET, "2001:db8::1", "-" },
		{ NEXT_HOP_6,
			"800e29 0001 01 20" HOP_6 "fe800000000000000000000000000001 00" NET,
			"2001:db8::1", "fe80::1" },
		{ EXTERNAL, "800e0d 0001 01 04 c0000201 00" NET, "192.0.2.1", "-" },
		{ EXTERNAL, UNREACH, "-", "-" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		char attributes[512], text[ADDRESS_TEXT_MAX];
		struct read r;

		/* NEXT_HOP is there too, and ignored: RFC 4760 section 3. */
		snprintf(attributes, sizeof(attributes), "%s%s", rows[i].attributes, BASE);
		read_update(&r, rows[i].session, "", attributes, "");
		assert_int_equal(r.update.verdict, BGP_VERDICT_GOOD);
		assert_string_equal(
			address_format(&r.update.mp_next_hop, text), rows[i].next_hop);
		assert_string_equal(address_format(&r.update.mp_next_hop_link_local, text),
			rows[i].link_local);
		assert_false(
			bgp_attribute_present(&r.update.attributes, BGP_ATTRIBUTE_NEXT_HOP));
		assert_int_equal(r.update.attributes.next_hop.family, FAMILY_NONE);
		arena_clear(&r.arena);
	}
}

static void test_end_of_rib(void **state)
{
	static const struct {
		const char *what;
		enum session session;
		const char *withdrawn, *attributes, *nlri;
		bool end;
		uint8_t family;
	} rows[] = {
		{ "IPv4", EXTERNAL, "", "", "", true, BGP_IPV4_UNICAST },
		{ "IPv4 that was not agreed", ONLY_IPV6, "", "", "", false, 0 },
		{ "IPv6", EXTERNAL, "", "800f03 0002 01", "", true, BGP_IPV6_UNICAST },
		{ "IPv6, extended length", EXTERNAL, "", "900f0003 0002 01", "", true,
			BGP_IPV6_UNICAST },
		{ "IPv4 in MP_UNREACH_NLRI", EXTERNAL, "", "800f03 0001 01", "", true,
			BGP_IPV4_UNICAST },
		{ "a family not agreed", ONLY_IPV4, "", "800f03 0002 01", "", false, 0 },
		{ "an unknown family", EXTERNAL, "", "800f03 4004 47", "", false, 0 },
		{ "with an attribute", EXTERNAL, "", "800f03 0002 01" ORIGIN, "", false, 0 },
		{ "with an unknown attribute", EXTERNAL, "", "800f03 0002 01 c0fe00", "", false,
			0 },
		{ "with a withdrawal", EXTERNAL, "", UNREACH, "", false, 0 },
		{ "with an IPv4 withdrawal", EXTERNAL, NET, "800f03 0002 01", "", false, 0 },
		{ "IPv4 withdrawal", EXTERNAL, NET, "", "", false, 0 },
		{ "wrong flags", EXTERNAL, "", "c00f03 0002 01", "", false, 0 },
		{ "attributes alone", EXTERNAL, "", BASE, "", false, 0 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct read r;

		read_update(&r, rows[i].session, rows[i].withdrawn, rows[i].attributes,
			rows[i].nlri);
		if (r.update.end_of_rib != rows[i].end ||
			r.update.end_of_rib_family != rows[i].family)
			fail_msg("%s", rows[i].what);
		arena_clear(&r.arena);
	}
}

static void test_counts(void **state)
{
	struct read r;

	(void)state;
	read_update(&r, ONLY_IPV4, "", REACH UNREACH BASE "c0fe01 00 80fd00 c01605 0000000010",
		NET);
	assert_int_equal(r.update.verdict, BGP_VERDICT_GOOD);
	assert_int_equal(r.update.ignored_families, 2);
	assert_int_equal(r.update.unknown_attributes, 3);
	arena_clear(&r.arena);
	read_update(&r, ONLY_IPV6, NET, BASE, NET);
	assert_int_equal(r.update.ignored_families, 2);
	arena_clear(&r.arena);
}

/* A cap on the path: longer is treated as withdrawn. */
static void test_path_cap(void **state)
{
	struct bgp_context context = context_of(EXTERNAL);
	struct arena arena = { 0 };
	struct bgp_update update;
	uint8_t bytes[256];
	size_t length = update_make("", ORIGIN HOP "40020e 0203 0000fde9 0000fdea 0000fdeb",
		NET, bytes, sizeof(bytes));

	(void)state;
	for (uint16_t most = 0; most < 5; most++) {
		context.as_path_max = most;
		assert_int_equal(
			bgp_update_read(cursor_of(bytes, length), &context, &arena, &update),
			0);
		assert_int_equal(update.verdict, most == 1 || most == 2
							 ? BGP_VERDICT_TREAT_AS_WITHDRAW
							 : BGP_VERDICT_GOOD);
	}
	arena_clear(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_values),
		cmocka_unit_test(test_large_duplicates),
		cmocka_unit_test(test_many_large),
		cmocka_unit_test(test_first_of_duplicates),
		cmocka_unit_test(test_discarded),
		cmocka_unit_test(test_as4_merge),
		cmocka_unit_test(test_as4_aggregator),
		cmocka_unit_test(test_prefixes),
		cmocka_unit_test(test_next_hops),
		cmocka_unit_test(test_end_of_rib),
		cmocka_unit_test(test_counts),
		cmocka_unit_test(test_path_cap),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
