/* SPDX-License-Identifier: Apache-2.0 */
/* AS paths and communities as values: lengths, prepends, text in and out; names; equality. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/error.h"
#include "hex.h"
#include "wire/bgp_attribute.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static void test_paths(void **state)
{
	static const struct {
		const char *path, *text;
		uint32_t length, first, origin;
	} rows[] = {
		{ "", "", 0, 0, 0 },
		{ "0201 0000fde9", "65001", 1, 65001, 65001 },
		{ "0202 0000fde9 00011170", "65001 70000", 2, 65001, 70000 },
		{ "0201 0000fde9 0201 0000fdea", "65001 65002", 2, 65001, 65002 },
		{ "0201 0000fde9 0102 0000fdea 0000fdeb", "65001 {65002,65003}", 2, 65001, 0 },
		{ "0101 0000fde9 0201 0000fdea", "{65001} 65002", 2, 0, 65002 },
		{ "0301 0000fdf0 0201 0000fde9", "(65008) 65001", 1, 65001, 65001 },
		{ "0402 0000fdf0 0000fdf1 0201 0000fde9", "[65008,65009] 65001", 1, 65001,
			65001 },
		{ "0302 0000fdf0 0000fdf1", "(65008 65009)", 0, 0, 0 },
		{ "0201 ffffffff", "4294967295", 1, UINT32_MAX, UINT32_MAX },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		uint8_t bytes[64];
		struct bgp_attributes a = { .as_path = bytes };
		char text[128], small[128];

		a.as_path_size = (uint16_t)hex_read(rows[i].path, bytes, sizeof(bytes));
		assert_int_equal(bgp_as_path_length(&a), rows[i].length);
		assert_int_equal(bgp_as_path_first(&a), rows[i].first);
		assert_int_equal(bgp_as_path_origin(&a), rows[i].origin);
		assert_string_equal(bgp_as_path_format(&a, text, sizeof(text)), rows[i].text);
		for (size_t size = 1; size <= strlen(text); size++) {
			memset(small, 'X', sizeof(small));
			bgp_as_path_format(&a, small, size);
			assert_true(strlen(small) < size);
			assert_int_equal(small[size], 'X');
			if (size > 4)
				assert_string_equal(small + size - 4, "...");
		}
	}
}

static void test_contains(void **state)
{
	uint8_t bytes[64];
	struct bgp_attributes a = { .as_path = bytes };

	(void)state;
	a.as_path_size = (uint16_t)hex_read(
		"0301 0000fdf0 0202 0000fde9 00011170 0101 00000007", bytes, sizeof(bytes));
	assert_true(bgp_as_path_contains(&a, 0xfdf0));
	assert_true(bgp_as_path_contains(&a, 65001));
	assert_true(bgp_as_path_contains(&a, 70000));
	assert_true(bgp_as_path_contains(&a, 7));
	assert_false(bgp_as_path_contains(&a, 8));
	assert_false(bgp_as_path_contains(&a, 0));
}

static void test_prepend(void **state)
{
	static const struct {
		const char *before;
		unsigned count;
		const char *after;
	} rows[] = {
		{ "", 0, "" },
		{ "", 1, "7" },
		{ "", 3, "7 7 7" },
		{ "0201 00000008", 2, "7 7 8" },
		{ "0101 00000008", 1, "7 {8}" },
		{ "0301 00000008", 1, "7 (8)" },
	};
	struct arena arena = { 0 };

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		uint8_t bytes[64];
		struct bgp_attributes a = { .as_path = bytes };
		char text[64];

		a.as_path_size = (uint16_t)hex_read(rows[i].before, bytes, sizeof(bytes));
		assert_int_equal(bgp_as_path_prepend(&a, 7, rows[i].count, &arena), 0);
		assert_string_equal(bgp_as_path_format(&a, text, sizeof(text)), rows[i].after);
	}
	arena_clear(&arena);
}

/* Every count in front of every length: the numbers add up, and no segment is too long. */
static void test_prepend_many(void **state)
{
	struct arena arena = { 0 };

	(void)state;
	for (unsigned before = 0; before < 600; before += 51)
		for (unsigned count = 0; count < 800; count += 17) {
			struct bgp_attributes a = { 0 };
			struct cursor c;
			unsigned seen = 0;

			assert_int_equal(bgp_as_path_prepend(&a, 8, before, &arena), 0);
			assert_int_equal(bgp_as_path_prepend(&a, 7, count, &arena), 0);
			c = cursor_of(a.as_path, a.as_path_size);
			while (cursor_left(&c) > 0) {
				assert_int_equal(cursor_u8(&c), BGP_SEGMENT_SEQUENCE);
				for (unsigned n = cursor_u8(&c); n > 0; n--, seen++)
					assert_int_equal(cursor_u32(&c), seen < count ? 7 : 8);
			}
			assert_true(cursor_done(&c));
			assert_int_equal(seen, before + count);
			arena_reset(&arena);
		}
	arena_clear(&arena);
}

static void test_prepend_full(void **state)
{
	struct arena arena = { 0 }, tiny = { .limit = 8 };
	struct bgp_attributes a = { 0 };
	uint16_t size;

	(void)state;
	assert_int_equal(bgp_as_path_prepend(&a, 7, 16000, &arena), 0);
	size = a.as_path_size;
	assert_int_equal(bgp_as_path_prepend(&a, 7, 1000, &arena), ERROR_FULL);
	assert_int_equal(bgp_as_path_prepend(&a, 7, UINT32_MAX / 4, &arena), ERROR_FULL);
	assert_int_equal(bgp_as_path_prepend(&a, 7, 1, &tiny), ERROR_MEMORY);
	assert_int_equal(a.as_path_size, size);
	arena_clear(&arena);
}

static void test_communities(void **state)
{
	static const struct {
		const char *text;
		int result;
		uint32_t value;
		const char *back;
	} rows[] = {
		{ "65000:10", 0, 0xfde8000a, "65000:10" },
		{ "0:0", 0, 0, "0:0" },
		{ "65535:65535", 0, UINT32_MAX, "65535:65535" },
		{ "no-export", 0, BGP_COMMUNITY_NO_EXPORT, "no-export" },
		{ "65535:65281", 0, BGP_COMMUNITY_NO_EXPORT, "no-export" },
		{ "graceful-shutdown", 0, BGP_COMMUNITY_GRACEFUL_SHUTDOWN,
			"graceful-shutdown" },
		{ "blackhole", 0, BGP_COMMUNITY_BLACKHOLE, "blackhole" },
		{ "65536:1", ERROR_RANGE, 0, NULL },
		{ "1:65536", ERROR_RANGE, 0, NULL },
		{ "99999999999:1", ERROR_MALFORMED, 0, NULL },
		{ "1", ERROR_MALFORMED, 0, NULL },
		{ "1:2:3", ERROR_MALFORMED, 0, NULL },
		{ "1:", ERROR_MALFORMED, 0, NULL },
		{ ":1", ERROR_MALFORMED, 0, NULL },
		{ "-1:1", ERROR_MALFORMED, 0, NULL },
		{ " 1:1", ERROR_MALFORMED, 0, NULL },
		{ "1:1 ", ERROR_MALFORMED, 0, NULL },
		{ "", ERROR_MALFORMED, 0, NULL },
		{ "No-Export", ERROR_MALFORMED, 0, NULL },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		uint32_t value = 1234;
		char text[BGP_COMMUNITY_TEXT_MAX];

		if (bgp_community_parse(rows[i].text, &value) != rows[i].result)
			fail_msg("%s", rows[i].text);
		if (rows[i].result != 0)
			continue;
		assert_int_equal(value, rows[i].value);
		assert_string_equal(bgp_community_format(value, text), rows[i].back);
	}
}

static void test_large(void **state)
{
	struct bgp_large_community value;
	char text[BGP_COMMUNITY_TEXT_MAX];

	(void)state;
	assert_int_equal(
		bgp_large_community_parse("4294967295:4294967294:4294967293", &value), 0);
	assert_string_equal(
		bgp_large_community_format(&value, text), "4294967295:4294967294:4294967293");
	assert_int_equal(bgp_large_community_parse("4294967296:0:0", &value), ERROR_RANGE);
	assert_int_equal(bgp_large_community_parse("1:2", &value), ERROR_MALFORMED);
	assert_int_equal(bgp_large_community_parse("1:2:3:4", &value), ERROR_MALFORMED);
	assert_int_equal(bgp_large_community_parse("1::3", &value), ERROR_MALFORMED);
}

static void test_extended(void **state)
{
	static const struct {
		const char *text;
		int result;
		uint64_t value;
		const char *back;
	} rows[] = {
		{ "rt:65000:10", 0, 0x0002fde80000000a, "rt:65000:10" },
		{ "ro:65000:4294967295", 0, 0x0003fde8ffffffff, "ro:65000:4294967295" },
		{ "rt:70000:10", 0, 0x020200011170000a, "rt:70000:10" },
		{ "rt:192.0.2.1:10", 0, 0x0102c0000201000a, "rt:192.0.2.1:10" },
		{ "0x4000000000000001", 0, 0x4000000000000001, "0x4000000000000001" },
		{ "0x0002fde80000000a", 0, 0x0002fde80000000a, "rt:65000:10" },
		{ "rt:70000:65536", ERROR_RANGE, 0, NULL },
		{ "rt:192.0.2.1:65536", ERROR_RANGE, 0, NULL },
		{ "rt:1", ERROR_MALFORMED, 0, NULL },
		{ "xx:1:1", ERROR_MALFORMED, 0, NULL },
		{ "0x123", ERROR_MALFORMED, 0, NULL },
		{ "0x000000000000000g", ERROR_MALFORMED, 0, NULL },
		{ "", ERROR_MALFORMED, 0, NULL },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		uint64_t value = 0;
		char text[BGP_COMMUNITY_TEXT_MAX];

		if (bgp_extended_community_parse(rows[i].text, &value) != rows[i].result)
			fail_msg("%s", rows[i].text);
		if (rows[i].result != 0)
			continue;
		assert_true(value == rows[i].value);
		assert_string_equal(bgp_extended_community_format(value, text), rows[i].back);
	}
}

static void test_names(void **state)
{
	(void)state;
	assert_string_equal(bgp_attribute_name(BGP_ATTRIBUTE_AS_PATH), "AS_PATH");
	assert_string_equal(bgp_attribute_name(BGP_ATTRIBUTE_MP_REACH), "MP_REACH_NLRI");
	assert_string_equal(
		bgp_attribute_name(BGP_ATTRIBUTE_ONLY_TO_CUSTOMER), "ONLY_TO_CUSTOMER");
	assert_string_equal(bgp_attribute_name(0), "unknown");
	assert_string_equal(bgp_attribute_name(11), "unknown");
	assert_string_equal(bgp_attribute_name(255), "unknown");
}

/* Each field alone makes a difference. */
static void test_equal(void **state)
{
	static const uint32_t numbers[] = { 1, 2 };
	static const uint64_t wide[] = { 1, 2 };
	static const struct bgp_large_community large[] = { { 1, 2, 3 }, { 1, 2, 4 } };
	static const uint8_t path[] = { 2, 1, 0, 0, 0, 1, 2, 1, 0, 0, 0, 2 };
	struct bgp_attributes a = { .as_path = path,
		.communities = numbers,
		.cluster_list = numbers,
		.extended_communities = wide,
		.large_communities = large,
		.as_path_size = 6,
		.community_count = 1,
		.cluster_count = 1,
		.extended_community_count = 1,
		.large_community_count = 1 };
	struct bgp_attributes rows[16];

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++)
		rows[i] = a;
	assert_true(bgp_attributes_equal(&a, &rows[0]));
	rows[0].origin = 1;
	rows[1].present = 1;
	rows[2].atomic_aggregate = true;
	rows[3].as_path = path + 6;
	rows[4].as_path_size = 12;
	rows[5].next_hop = address_ipv4(1);
	rows[6].next_hop_link_local = address_ipv4(1);
	rows[7].med = 1;
	rows[8].local_pref = 1;
	rows[9].aggregator_asn = 1;
	rows[10].aggregator_address = address_ipv4(1);
	rows[11].originator_id = rows[11].only_to_customer = 1;
	rows[12].communities = numbers + 1;
	rows[13].cluster_list = numbers + 1;
	rows[14].extended_communities = wide + 1;
	rows[15].large_communities = large + 1;
	for (size_t i = 0; i < COUNT(rows); i++)
		assert_false(bgp_attributes_equal(&a, &rows[i]));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_paths),
		cmocka_unit_test(test_contains),
		cmocka_unit_test(test_prepend),
		cmocka_unit_test(test_prepend_many),
		cmocka_unit_test(test_prepend_full),
		cmocka_unit_test(test_communities),
		cmocka_unit_test(test_large),
		cmocka_unit_test(test_extended),
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_equal),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
