/* SPDX-License-Identifier: Apache-2.0 */
/* Framing: good and bad headers, and any split of the stream. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/random.h"
#include "hex.h"
#include "wire/bgp.h"

#define MARKER "ffffffffffffffffffffffffffffffff"

static void test_headers(void **state)
{
	static const struct {
		const char *what, *bytes;
		size_t message_max;
		enum bgp_frame_status status;
		uint8_t subcode;
		const char *data;
	} rows[] = {
		{ "nothing", "", 4096, BGP_FRAME_MORE, 0, "" },
		{ "half a marker", "ffffffffffff", 4096, BGP_FRAME_MORE, 0, "" },
		{ "a marker that is none, seen at once", "fe", 4096, BGP_FRAME_FAULT, 1, "" },
		{ "the last byte of the marker", "ffffffffffffffffffffffffffffff00", 4096,
			BGP_FRAME_FAULT, 1, "" },
		{ "a header without its type", MARKER "0013", 4096, BGP_FRAME_MORE, 0, "" },
		{ "KEEPALIVE", MARKER "0013 04", 4096, BGP_FRAME_WHOLE, 0, "" },
		{ "KEEPALIVE of 20", MARKER "0014 04 00", 4096, BGP_FRAME_FAULT, 2, "0014" },
		{ "length 18", MARKER "0012 04", 4096, BGP_FRAME_FAULT, 2, "0012" },
		{ "length 0", MARKER "0000 02", 4096, BGP_FRAME_FAULT, 2, "0000" },
		{ "length 18 and an unknown type: the length first", MARKER "0012 09", 4096,
			BGP_FRAME_FAULT, 2, "0012" },
		{ "length 4097", MARKER "1001 02", 4096, BGP_FRAME_FAULT, 2, "1001" },
		{ "length 4096", MARKER "1000 02", 4096, BGP_FRAME_MORE, 0, "" },
		{ "length 4097, extended", MARKER "1001 02", 65535, BGP_FRAME_MORE, 0, "" },
		{ "length 65535, extended", MARKER "ffff 02", 65535, BGP_FRAME_MORE, 0, "" },
		{ "OPEN is never extended", MARKER "1001 01", 65535, BGP_FRAME_FAULT, 2,
			"1001" },
		{ "OPEN of 4096", MARKER "1000 01", 65535, BGP_FRAME_MORE, 0, "" },
		{ "KEEPALIVE is never extended", MARKER "1001 04", 65535, BGP_FRAME_FAULT, 2,
			"1001" },
		{ "NOTIFICATION may be", MARKER "1001 03", 65535, BGP_FRAME_MORE, 0, "" },
		{ "ROUTE-REFRESH may be", MARKER "1001 05", 65535, BGP_FRAME_MORE, 0, "" },
		{ "type 0", MARKER "0017 00", 4096, BGP_FRAME_FAULT, 3, "00" },
		{ "type 6", MARKER "0017 06", 4096, BGP_FRAME_FAULT, 3, "06" },
		{ "type 255", MARKER "0017 ff", 4096, BGP_FRAME_FAULT, 3, "ff" },
		{ "OPEN of 28", MARKER "001c 01", 4096, BGP_FRAME_FAULT, 2, "001c" },
		{ "OPEN of 29", MARKER "001d 01", 4096, BGP_FRAME_MORE, 0, "" },
		{ "UPDATE of 22", MARKER "0016 02", 4096, BGP_FRAME_FAULT, 2, "0016" },
		{ "UPDATE of 23", MARKER "0017 02 00000000", 4096, BGP_FRAME_WHOLE, 0, "" },
		{ "NOTIFICATION of 20", MARKER "0014 03", 4096, BGP_FRAME_FAULT, 2, "0014" },
		{ "NOTIFICATION of 21", MARKER "0015 03 0602", 4096, BGP_FRAME_WHOLE, 0, "" },
		{ "ROUTE-REFRESH of 19: an error of its own", MARKER "0013 05", 4096,
			BGP_FRAME_WHOLE, 0, "" },
		{ "two messages: the first", MARKER "0013 04" MARKER "0013 04", 4096,
			BGP_FRAME_WHOLE, 0, "" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		uint8_t bytes[128], data[8];
		size_t length = hex_read(rows[i].bytes, bytes, sizeof(bytes));
		size_t data_length = hex_read(rows[i].data, data, sizeof(data));
		uint8_t *exact = exact_copy(bytes, length);
		struct bgp_frame frame = { 0 };
		struct bgp_fault fault = { 0 };

		if (bgp_frame_read(exact, length, rows[i].message_max, &frame, &fault) !=
			rows[i].status)
			fail_msg("%s", rows[i].what);
		if (rows[i].status == BGP_FRAME_FAULT) {
			assert_int_equal(fault.code, BGP_ERROR_HEADER);
			assert_int_equal(fault.subcode, rows[i].subcode);
			assert_int_equal(fault.data_length, data_length);
			assert_memory_equal(fault.data, data, data_length);
		}
		if (rows[i].status == BGP_FRAME_WHOLE) {
			assert_int_equal(frame.type, bytes[18]);
			assert_int_equal(frame.length, bytes[17]);
			assert_int_equal(cursor_left(&frame.body), frame.length - 19);
			assert_ptr_equal(frame.header, exact);
		}
		free(exact);
	}
}

/* A stream of all kinds of messages, given in pieces: each comes out whole, once, in order. */
static void test_splits(void **state)
{
	struct random random = { 8654 };
	uint8_t stream[8192];

	(void)state;
	for (unsigned round = 0; round < 300; round++) {
		struct writer w = writer_of(stream, sizeof(stream));
		uint8_t types[40];
		size_t count = 1 + random_below(&random, 40), seen = 0, have = 0, at = 0;

		for (size_t i = 0; i < count; i++) {
			static const uint8_t bodies[] = { 0, 10, 4, 2, 0, 4 };
			uint8_t type = (uint8_t)(1 + random_below(&random, 5));
			uint8_t *start = bgp_message_begin(&w, (enum bgp_message_type)type);
			size_t more = type == BGP_KEEPALIVE ? 0 : random_below(&random, 60);

			memset(writer_reserve(&w, bodies[type] + more), (int)i,
				bodies[type] + more);
			bgp_message_end(&w, start);
			types[i] = type;
		}
		assert_false(w.failed);
		while (seen < count) {
			struct bgp_frame frame;
			struct bgp_fault fault;
			uint8_t *exact = exact_copy(stream + at, have - at);
			enum bgp_frame_status status = bgp_frame_read(
				exact, have - at, BGP_MESSAGE_MAX, &frame, &fault);

			assert_int_not_equal(status, BGP_FRAME_FAULT);
			if (status == BGP_FRAME_WHOLE) {
				assert_int_equal(frame.type, types[seen]);
				seen++;
				at += frame.length;
			} else {
				assert_true(have < writer_length(&w));
				have += 1 + random_below(&random, round % 2 == 0 ? 5 : 300);
				if (have > writer_length(&w))
					have = writer_length(&w);
			}
			free(exact);
		}
		assert_int_equal(at, writer_length(&w));
	}
}

static void test_write(void **state)
{
	uint8_t bytes[64], expected[64];
	struct writer w = writer_of(bytes, sizeof(bytes));
	size_t length = hex_read(MARKER "0013 04", expected, sizeof(expected));

	(void)state;
	bgp_keepalive_write(&w);
	assert_int_equal(writer_length(&w), length);
	assert_memory_equal(bytes, expected, length);
	w = writer_of(bytes, 18);
	bgp_keepalive_write(&w);
	assert_true(w.failed);
	assert_int_equal(writer_length(&w), 0);
}

static void test_families(void **state)
{
	(void)state;
	for (int f = 0; f < BGP_FAMILY_COUNT; f++)
		assert_int_equal(bgp_family_of(bgp_family_afi((enum bgp_family)f),
					 bgp_family_safi((enum bgp_family)f)),
			f);
	assert_int_equal(bgp_family_of(BGP_AFI_IPV4, BGP_SAFI_MULTICAST), -1);
	assert_int_equal(bgp_family_of(3, BGP_SAFI_UNICAST), -1);
	assert_int_equal(bgp_family_of(0, 0), -1);
	assert_string_equal(bgp_family_name(BGP_IPV4_UNICAST), "ipv4");
	assert_string_equal(bgp_family_name(BGP_IPV6_UNICAST), "ipv6");
	assert_string_equal(bgp_family_name(BGP_FAMILY_COUNT), "unknown");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_headers),
		cmocka_unit_test(test_splits),
		cmocka_unit_test(test_write),
		cmocka_unit_test(test_families),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
