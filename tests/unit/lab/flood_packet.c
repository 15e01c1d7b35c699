/* SPDX-License-Identifier: Apache-2.0 */
/* Packets of a flood: whole, well summed, from where they should be, and not all the same. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "lab/flood_packet.h"
#include "wire/dns_serve.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* RFC 1071 section 1: over the sum itself too it is all ones. */
static unsigned sum(const uint8_t *bytes, size_t length, unsigned more)
{
	for (size_t i = 0; i < length; i++)
		more += i % 2 == 0 ? (unsigned)bytes[i] << 8 : bytes[i];
	while (more > 0xffff)
		more = (more & 0xffff) + (more >> 16);
	return more;
}

static unsigned u16(const uint8_t *bytes)
{
	return (unsigned)(bytes[0] << 8 | bytes[1]);
}

static const struct row {
	enum flood_kind kind;
	const char *sources;
	uint16_t payload;
	size_t length;
} rows[] = {
	{ FLOOD_UDP, "10.0.0.2/32", 0, 28 },
	{ FLOOD_UDP, "10.0.0.0/8", 100, 128 },
	{ FLOOD_UDP, "0.0.0.0/0", FLOOD_PAYLOAD_MAX, FLOOD_PACKET_MAX },
	{ FLOOD_DNS, "198.51.100.0/24", 0, 28 + 12 + 11 + 4 },
	{ FLOOD_SYN, "198.51.100.128/25", 0, 40 },
};

static void check_packet(const struct row *row, const struct flood_form *form,
	const uint8_t *packet, size_t length)
{
	struct address source = address_from_bytes(FAMILY_IPV4, packet + 12);

	assert_int_equal(length, row->length);
	assert_int_equal(packet[0], 0x45);
	assert_int_equal(u16(packet + 2), length);
	assert_int_equal(sum(packet, 20, 0), 0xffff);
	assert_true(prefix_contains_address(&form->sources, &source));
	assert_memory_equal(packet + 16, form->target.bytes, 4);
	assert_true(u16(packet + 20) >= 1024);
	assert_int_equal(u16(packet + 22), 53);
	if (row->kind == FLOOD_SYN) {
		assert_int_equal(packet[9], 6);
		assert_int_equal(packet[33], 2);
		assert_int_equal(sum(packet + 12, length - 12, 6 + 20), 0xffff);
		return;
	}
	assert_int_equal(packet[9], 17);
	assert_int_equal(u16(packet + 24), length - 20);
	if (row->kind == FLOOD_DNS) {
		struct dns_request request;

		assert_int_equal(dns_request_read(packet + 28, length - 28, &request, NULL), 0);
		assert_int_equal(request.question.class, DNS_CLASS_CH);
	}
}

static void test_rows(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct flood_form form = { .kind = rows[i].kind,
			.target = address_ipv4(0xc0000201),
			.port = 53,
			.payload = rows[i].payload };
		uint8_t packet[FLOOD_PACKET_MAX], before[FLOOD_PACKET_MAX];
		struct random random = { i };
		unsigned same = 0;

		assert_int_equal(prefix_parse(rows[i].sources, &form.sources), 0);
		memset(before, 0, sizeof(before));
		for (unsigned n = 0; n < 200; n++) {
			size_t length = flood_packet_write(&form, &random, packet);

			check_packet(&rows[i], &form, packet, length);
			same += memcmp(packet, before, length) == 0;
			memcpy(before, packet, length);
		}
		assert_int_equal(same, 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
