/* SPDX-License-Identifier: Apache-2.0 */
/* Echo requests and the replies to them. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "hex.h"
#include "wire/icmp.h"

static const struct icmp_echo request = { .family = FAMILY_IPV4,
	.id = 0x1234,
	.sequence = 7,
	.payload = (const uint8_t *)"nearcast!",
	.payload_length = 9 };

/* RFC 1071 section 3 gives the sum of these bytes: ddf2. */
static void test_checksum(void **state)
{
	static const uint8_t bytes[] = { 0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5, 0xf6, 0xf7 };

	(void)state;
	assert_int_equal(icmp_checksum(bytes, sizeof(bytes)), (uint16_t)~0xddf2);
	assert_int_equal(icmp_checksum(bytes, 1), 0xffff);
	assert_int_equal(icmp_checksum(bytes, 3), (uint16_t)~0xf201);
	assert_int_equal(icmp_checksum(NULL, 0), 0xffff);
}

static void test_request(void **state)
{
	struct icmp_echo ipv6 = request;
	uint8_t bytes[64], expected[64];
	struct writer w = writer_of(bytes, sizeof(bytes));
	size_t length;

	(void)state;
	icmp_echo_write(&w, &request);
	assert_false(w.failed);
	length = hex_read("08 00 1e17 1234 0007 'nearcast!'", expected, sizeof(expected));
	assert_int_equal(writer_length(&w), length);
	assert_int_equal(icmp_checksum(bytes, length), 0);
	assert_memory_equal(bytes, expected, length);

	ipv6.family = FAMILY_IPV6;
	w = writer_of(bytes, sizeof(bytes));
	icmp_echo_write(&w, &ipv6);
	length = hex_read("80 00 0000 1234 0007 'nearcast!'", expected, sizeof(expected));
	assert_int_equal(writer_length(&w), length);
	assert_memory_equal(bytes, expected, length);

	w = writer_of(bytes, 16);
	icmp_echo_write(&w, &request);
	assert_true(w.failed);
	assert_int_equal(writer_length(&w), 0);
}

/* A reply, with the checksum of IPv4 put right if asked. */
static size_t reply_make(const char *text, bool checksum, uint8_t bytes[64])
{
	size_t length = hex_read(text, bytes, 64);

	if (checksum && length >= 4)
		bytes_put_u16(bytes + 2, icmp_checksum(bytes, length));
	return length;
}

static void test_reply(void **state)
{
	static const struct {
		const char *name, *message;
		uint8_t family;
		bool checksum, matches;
	} rows[] = {
		{ "the reply", "0000 0000 1234 0007 'nearcast!'", 4, true, true },
		{ "wrong checksum", "0000 0001 1234 0007 'nearcast!'", 4, false, false },
		{ "our own request", "0800 0000 1234 0007 'nearcast!'", 4, true, false },
		{ "another code", "0001 0000 1234 0007 'nearcast!'", 4, true, false },
		{ "another id", "0000 0000 1235 0007 'nearcast!'", 4, true, false },
		{ "an earlier request", "0000 0000 1234 0006 'nearcast!'", 4, true, false },
		{ "other payload", "0000 0000 1234 0007 'nearcasts'", 4, true, false },
		{ "shorter", "0000 0000 1234 0007 'nearcast'", 4, true, false },
		{ "longer", "0000 0000 1234 0007 'nearcast!!'", 4, true, false },
		{ "no payload", "0000 0000 1234 0007", 4, true, false },
		{ "three bytes", "000000", 4, false, false },
		{ "nothing", "", 4, false, false },
		{ "ICMPv6", "8100 0000 1234 0007 'nearcast!'", 6, false, true },
		{ "ICMPv6, any checksum", "8100 abcd 1234 0007 'nearcast!'", 6, false, true },
		{ "ICMPv6 request", "8000 0000 1234 0007 'nearcast!'", 6, false, false },
		{ "ICMP type on IPv6", "0000 0000 1234 0007 'nearcast!'", 6, true, false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct icmp_echo asked = request;
		uint8_t bytes[64];
		size_t length = reply_make(rows[i].message, rows[i].checksum, bytes);
		uint8_t *exact = exact_copy(bytes, length);

		asked.family = rows[i].family;
		if (icmp_reply_matches(cursor_of(exact, length), &asked) != rows[i].matches)
			fail_msg("%s", rows[i].name);
		free(exact);
	}
}

static void test_empty_payload(void **state)
{
	struct icmp_echo empty = { .family = FAMILY_IPV4, .id = 1, .sequence = 2 };
	uint8_t bytes[64];
	size_t length = reply_make("0000 0000 0001 0002", true, bytes);

	(void)state;
	assert_true(icmp_reply_matches(cursor_of(bytes, length), &empty));
}

static void test_ipv4_header(void **state)
{
	static const struct {
		const char *packet;
		bool good;
		size_t left;
	} rows[] = {
		{ "45000000 00000000 40010000 7f000001 7f000001 0800", true, 2 },
		{ "46000000 00000000 40010000 7f000001 7f000001 01010101 08", true, 1 },
		{ "45000000 00000000 40010000 7f000001 7f000001", true, 0 },
		{ "45000000 00000000 40110000 7f000001 7f000001 0800", false, 0 }, /* UDP */
		{ "65000000 00000000 40010000 7f000001 7f000001 0800", false, 0 },
		{ "44000000 00000000 40010000 7f000001 7f000001 0800", false, 0 },
		{ "4f000000 00000000 40010000 7f000001 7f000001 0800", false, 0 },
		{ "45000000 00000000 40010000 7f000001 7f0000", false, 0 },
		{ "", false, 0 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		uint8_t bytes[64];
		size_t length = hex_read(rows[i].packet, bytes, sizeof(bytes));
		uint8_t *exact = exact_copy(bytes, length);
		struct cursor c = cursor_of(exact, length);

		assert_int_equal(icmp_ipv4_header_skip(&c), rows[i].good);
		assert_int_equal(cursor_left(&c), rows[i].left);
		free(exact);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_checksum),
		cmocka_unit_test(test_request),
		cmocka_unit_test(test_reply),
		cmocka_unit_test(test_empty_payload),
		cmocka_unit_test(test_ipv4_header),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
