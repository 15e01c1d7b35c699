/* SPDX-License-Identifier: Apache-2.0 */
/* OPEN and capabilities: good ones, broken ones, and round trips. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/random.h"
#include "hex.h"
#include "wire/bgp_open.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
/* Version 4, AS 65001, 90 s, 192.0.2.1. */
#define HEAD "04 fde9 005a c0000201"

static void test_messages(void **state)
{
	static const struct {
		const char *what, *body;
		int subcode; /* -1: good */
		const char *data;
		uint32_t asn;
	} rows[] = {
		{ "no parameters", HEAD "00", -1, "", 65001 },
		{ "version 3", "03 fde9 005a c0000201 00", 1, "0004", 0 },
		{ "version 5", "05 fde9 005a c0000201 00", 1, "0004", 0 },
		{ "the version comes before all else", "03 0000 0001 00000000 05", 1, "0004",
			0 },
		{ "AS 0 (RFC 7607)", "04 0000 005a c0000201 00", 2, "", 0 },
		{ "AS 0 in the capability", HEAD "08 0206 4104 00000000", 2, "", 0 },
		{ "AS 0 beside a good capability",
			"04 0000 005a c0000201 08 0206 4104 0000fde9", 2, "", 0 },
		{ "four-octet AS", "04 5ba0 005a c0000201 08 0206 4104 00011170", -1, "",
			70000 },
		{ "the capability counts", "04 fde9 005a c0000201 08 0206 4104 0000fdea", -1,
			"", 65002 },
		{ "hold time 0", "04 fde9 0000 c0000201 00", -1, "", 65001 },
		{ "hold time 1", "04 fde9 0001 c0000201 00", 6, "", 0 },
		{ "hold time 2", "04 fde9 0002 c0000201 00", 6, "", 0 },
		{ "hold time 3", "04 fde9 0003 c0000201 00", -1, "", 65001 },
		{ "identifier 0 (RFC 6286)", "04 fde9 005a 00000000 00", 3, "", 0 },
		{ "identifier that is no address (RFC 6286)", "04 fde9 005a ffffffff 00", -1,
			"", 65001 },
		{ "an unknown parameter", HEAD "03 0101 00", 4, "", 0 },
		{ "parameter 0", HEAD "02 0000", 4, "", 0 },
		{ "a parameter past the list", HEAD "03 0203 00", 0, "", 0 },
		{ "half a parameter head", HEAD "01 02", 0, "", 0 },
		{ "parameters past the message", HEAD "08 0206 4104", 0, "", 0 },
		{ "bytes behind the parameters", HEAD "00 00", 0, "", 0 },
		{ "a capability past its parameter", HEAD "04 0202 0101", 0, "", 0 },
		{ "half a capability head", HEAD "03 0201 01", 0, "", 0 },
		{ "empty capability parameter", HEAD "02 0200", -1, "", 65001 },
		{ "several parameters", HEAD "06 0202 0200 0200", -1, "", 65001 },
		{ "an unknown capability is no fault", HEAD "05 0203 fa01 ff", -1, "", 65001 },
		{ "RFC 9072", HEAD "ff ff 0009 02 0006 4104 00011170", -1, "", 70000 },
		{ "RFC 9072, first length not 255", HEAD "01 ff 0009 02 0006 4104 00011170", -1,
			"", 70000 },
		{ "RFC 9072, no parameters", HEAD "ff ff 0000", -1, "", 65001 },
		{ "RFC 9072, parameter past the list", HEAD "ff ff 0009 02 0007 4104 00011170",
			0, "", 0 },
		{ "RFC 9072, list past the message", HEAD "ff ff 000a 02 0006 4104 00011170", 0,
			"", 0 },
		{ "RFC 9072, list before the end", HEAD "ff ff 0008 02 0006 4104 00011170", 0,
			"", 0 },
		{ "RFC 9072, half its length", HEAD "ff ff 00", 0, "", 0 },
		{ "type 255 behind a length of zero", HEAD "00 ff 0000", 0, "", 0 },
		{ "type 255 as a later parameter", HEAD "04 0200 ff00", 4, "", 0 },
		{ "cut in the head", "04 fde9 005a c00002", 0, "", 0 },
		{ "no list length", HEAD, 0, "", 0 },
		{ "nothing", "", 0, "", 0 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		uint8_t bytes[128], data[8];
		size_t length = hex_read(rows[i].body, bytes, sizeof(bytes));
		size_t data_length = hex_read(rows[i].data, data, sizeof(data));
		uint8_t *exact = exact_copy(bytes, length);
		struct bgp_open open;
		struct bgp_fault fault = { 0 };
		int r = bgp_open_read(cursor_of(exact, length), &open, &fault);

		if ((r == 0) != (rows[i].subcode < 0))
			fail_msg("%s: %d, subcode %u", rows[i].what, r, fault.subcode);
		if (r == 0) {
			assert_int_equal(open.asn, rows[i].asn);
			assert_int_equal(open.version, 4);
		} else {
			assert_int_equal(r, ERROR_MALFORMED);
			assert_int_equal(fault.code, BGP_ERROR_OPEN);
			if (fault.subcode != rows[i].subcode)
				fail_msg("%s: subcode %u", rows[i].what, fault.subcode);
			assert_int_equal(fault.data_length, data_length);
			assert_memory_equal(fault.data, data, data_length);
		}
		free(exact);
	}
}

/* Reads an OPEN with these capabilities in one parameter. */
static struct bgp_capabilities capabilities_of(const char *text)
{
	uint8_t bytes[256];
	size_t head = hex_read(HEAD "00 02 00", bytes, sizeof(bytes));
	size_t length = hex_read(text, bytes + head, sizeof(bytes) - head);
	struct bgp_open open;
	struct bgp_fault fault;
	uint8_t *exact;

	bytes[head - 3] = (uint8_t)(length + 2);
	bytes[head - 1] = (uint8_t)length;
	exact = exact_copy(bytes, head + length);
	assert_int_equal(bgp_open_read(cursor_of(exact, head + length), &open, &fault), 0);
	free(exact);
	return open.capabilities;
}

static void test_capabilities(void **state)
{
	struct bgp_capabilities c;

	(void)state;
	c = capabilities_of("0104 0001 00 01 0104 0002 00 01 0104 0002 00 80");
	assert_true(
		c.multiprotocol && c.family[BGP_IPV4_UNICAST] && c.family[BGP_IPV6_UNICAST]);
	assert_int_equal(c.other_families, 1);
	c = capabilities_of("0104 0001 ff 01");
	assert_true(c.family[BGP_IPV4_UNICAST]);
	c = capabilities_of("0200 4600 0600");
	assert_true(c.route_refresh && c.enhanced_refresh && c.extended_message);
	c = capabilities_of("050c 0001 0001 0002 0001 0080 0002");
	assert_true(c.extended_next_hop[BGP_IPV4_UNICAST]);
	assert_false(c.extended_next_hop[BGP_IPV6_UNICAST]);
	c = capabilities_of("0506 0001 0001 0001");
	assert_false(c.extended_next_hop[BGP_IPV4_UNICAST]);
	c = capabilities_of("050c 0001 0085 0002 0002 0001 0002");
	for (int f = 0; f < BGP_FAMILY_COUNT; f++)
		assert_false(c.extended_next_hop[f]);
	c = capabilities_of("0901 03");
	assert_int_equal(c.role, BGP_ROLE_CUSTOMER);
	c = capabilities_of("");
	assert_int_equal(c.role, BGP_ROLE_NONE);
	assert_false(c.multiprotocol || c.four_octet_as || c.graceful_restart);
	c = capabilities_of("0901 03 0901 03");
	assert_false(c.role_conflict);
	c = capabilities_of("0901 03 0901 04");
	assert_true(c.role_conflict);
	c = capabilities_of("400a c078 0001 01 80 0002 01 00");
	assert_true(c.graceful_restart && c.restart_state && c.restart_notification);
	assert_int_equal(c.restart_time_s, 120);
	assert_true(c.restart_family[0] && c.restart_family[1]);
	assert_true(c.restart_forwarding[0] && !c.restart_forwarding[1]);
	/* RFC 4724 section 3: of several, the last. */
	c = capabilities_of("4006 8078 0001 01 80 4002 0fff");
	assert_true(c.graceful_restart && !c.restart_state && !c.restart_family[0]);
	assert_int_equal(c.restart_time_s, 4095);
	c = capabilities_of("4508 0001 01 03 0002 01 01");
	assert_int_equal(c.add_path[0], BGP_ADD_PATH_BOTH);
	assert_int_equal(c.add_path[1], BGP_ADD_PATH_RECEIVE);
	c = capabilities_of("4504 0001 01 04");
	assert_int_equal(c.add_path[0], BGP_ADD_PATH_NONE);
	c = capabilities_of("4707 0001 01 80 00012c");
	assert_true(c.long_lived_restart);
	assert_int_equal(c.long_lived_time_s[0], 300);
	assert_true(c.long_lived_family[0] && c.long_lived_forwarding[0]);
	assert_false(c.long_lived_family[1]);
	c = capabilities_of("4707 0001 01 80 00012c 4715 0019 46 80 000001 0002 01 00 ffffff"
			    "0002 80 00 000001");
	assert_true(c.long_lived_family[1] && !c.long_lived_forwarding[1]);
	assert_int_equal(c.long_lived_time_s[1], 0xffffff);
	assert_false(c.long_lived_family[0]); /* of several, the last */
	c = capabilities_of("4700");
	assert_true(c.long_lived_restart && !c.long_lived_family[0]);
	c = capabilities_of("4906 04'fra1'00 4909 02 4100 05'local'");
	assert_string_equal(c.hostname, "A?");
	assert_int_equal(c.hostname[3], '\0'); /* nothing is left of the first one */
	c = capabilities_of("4104 00011170 4104 00011171");
	assert_int_equal(c.four_octet_asn, 70001);
	c = capabilities_of("fa00 fb0101 8000");
	assert_int_equal(c.unknown, 3);
}

/* A wrong inner length: counted, ignored, and what stood before stays. */
static void test_malformed_capabilities(void **state)
{
	static const char *const broken[] = {
		"0103 0001 00",
		"0105 0001 00 01 00",
		"0100",
		"0201 00",
		"0601 00",
		"4601 00",
		"0505 0001 0001 00",
		"0900",
		"0902 0303",
		"4001 80",
		"4003 8078 00",
		"4005 8078 0001 01",
		"4103 000111",
		"4105 0001117000",
		"4503 0001 01",
		"4706 0001 01 80 0001",
		"4900",
		"4902 05'a'",
		"4903 01'a' 05",
		"4904 01'a' 00 00",
	};

	(void)state;
	for (size_t i = 0; i < COUNT(broken); i++) {
		struct bgp_capabilities c = capabilities_of(broken[i]);
		struct bgp_capabilities expected = { .role = BGP_ROLE_NONE, .malformed = 1 };

		if (c.malformed != 1)
			fail_msg("%s", broken[i]);
		assert_memory_equal(&c, &expected, sizeof(c));
	}
}

static struct bgp_open open_random(struct random *random)
{
	struct bgp_open open = { .asn = 1 + random_below(random, UINT32_MAX),
		.hold_time_s = (uint16_t)(3 + random_below(random, 65000)),
		.router_id = 1 + random_below(random, UINT32_MAX),
		.capabilities.role = BGP_ROLE_NONE };
	struct bgp_capabilities *c = &open.capabilities;

	if (random_below(random, 3) == 0)
		open.asn = 1 + random_below(random, 65535);
	c->four_octet_as = open.asn > UINT16_MAX || random_below(random, 2) == 0;
	c->four_octet_asn = c->four_octet_as ? open.asn : 0;
	c->multiprotocol = random_below(random, 2) == 0;
	c->route_refresh = random_below(random, 2) == 0;
	c->enhanced_refresh = random_below(random, 2) == 0;
	c->extended_message = random_below(random, 2) == 0;
	c->graceful_restart = random_below(random, 2) == 0;
	c->long_lived_restart = random_below(random, 2) == 0;
	if (random_below(random, 2) == 0)
		c->role = (uint8_t)random_below(random, 5);
	c->extended_next_hop[BGP_IPV4_UNICAST] = random_below(random, 2) == 0;
	for (int f = 0; f < BGP_FAMILY_COUNT; f++) {
		c->family[f] = c->multiprotocol && (f == 0 || random_below(random, 2) == 0);
		c->add_path[f] = (uint8_t)random_below(random, 4);
		c->restart_family[f] = c->graceful_restart && random_below(random, 2) == 0;
		c->restart_forwarding[f] = c->restart_family[f] && random_below(random, 2) == 0;
		c->long_lived_family[f] = c->long_lived_restart && random_below(random, 2) == 0;
		c->long_lived_forwarding[f] =
			c->long_lived_family[f] && random_below(random, 2) == 0;
		c->long_lived_time_s[f] =
			c->long_lived_family[f] ? random_below(random, 1u << 24) : 0;
	}
	if (c->graceful_restart) {
		c->restart_state = random_below(random, 2) == 0;
		c->restart_notification = random_below(random, 2) == 0;
		c->restart_time_s = (uint16_t)random_below(random, 4096);
	}
	for (uint32_t i = random_below(random, 65); i > 0; i--)
		c->hostname[i - 1] = (char)('a' + random_below(random, 26));
	return open;
}

/* A full OPEN, in both forms, cut at each byte: never taken, and never read too far. */
static void test_cut(void **state)
{
	static const char *const bodies[] = {
		HEAD "42 02 40 0104 0001 00 01 0104 0002 00 01 0200 0600 0901 03"
		     "400a c078 0001 01 80 0002 01 00 4104 0000fde9 4504 0001 01 03 4600"
		     "4707 0001 01 80 00012c 4908 06'fra01x'00",
		HEAD "ff ff 0009 02 0006 4104 0000fde9",
		HEAD "12 02 06 0104 0001 00 01 02 02 0200 02 04 4600 0600",
	};

	(void)state;
	for (size_t i = 0; i < COUNT(bodies); i++) {
		uint8_t bytes[128];
		size_t length = hex_read(bodies[i], bytes, sizeof(bytes));

		for (size_t cut = 0; cut <= length; cut++) {
			uint8_t *exact = exact_copy(bytes, cut);
			struct bgp_open open;
			struct bgp_fault fault = { 0 };

			assert_int_equal(bgp_open_read(cursor_of(exact, cut), &open, &fault),
				cut == length ? 0 : ERROR_MALFORMED);
			assert_int_equal(
				fault.code, cut == length ? BGP_ERROR_NONE : BGP_ERROR_OPEN);
			free(exact);
		}
	}
}

static void test_round_trip(void **state)
{
	struct random random = { 5492 };

	(void)state;
	for (unsigned i = 0; i < 5000; i++) {
		struct bgp_open sent = open_random(&random), got;
		uint8_t bytes[BGP_MESSAGE_MAX];
		struct writer w = writer_of(bytes, sizeof(bytes));
		struct bgp_frame frame;
		struct bgp_fault fault;
		uint8_t *exact;

		bgp_open_write(&w, &sent);
		assert_false(w.failed);
		exact = exact_copy(bytes, writer_length(&w));
		assert_int_equal(bgp_frame_read(exact, writer_length(&w), BGP_MESSAGE_MAX,
					 &frame, &fault),
			BGP_FRAME_WHOLE);
		assert_int_equal(bgp_open_read(frame.body, &got, &fault), 0);
		assert_int_equal(got.asn, sent.asn);
		assert_int_equal(got.asn_field, sent.asn > 65535 ? BGP_AS_TRANS : sent.asn);
		assert_int_equal(got.hold_time_s, sent.hold_time_s);
		assert_int_equal(got.router_id, sent.router_id);
		assert_memory_equal(
			&got.capabilities, &sent.capabilities, sizeof(got.capabilities));
		/* Every cut of it is bad. */
		for (size_t cut = 0; i < 20 && cut < cursor_left(&frame.body); cut++)
			assert_int_equal(
				bgp_open_read(cursor_of(frame.body.at, cut), &got, &fault),
				ERROR_MALFORMED);
		free(exact);
	}
}

/* Bytes changed at random: no crash, and what is accepted keeps what bgp_open.h promises. */
static void test_mutations(void **state)
{
	struct random random = { 9072 };

	(void)state;
	for (unsigned i = 0; i < 20000; i++) {
		struct bgp_open open = open_random(&random);
		uint8_t bytes[BGP_MESSAGE_MAX];
		struct writer w = writer_of(bytes, sizeof(bytes));
		struct bgp_fault fault = { 0 };
		uint8_t *exact;
		size_t length;

		bgp_open_write(&w, &open);
		length = writer_length(&w) - BGP_HEADER_SIZE;
		for (unsigned m = 0; m < 3; m++)
			bytes[BGP_HEADER_SIZE + random_below(&random, (uint32_t)length)] =
				(uint8_t)random_u64(&random);
		exact = exact_copy(bytes + BGP_HEADER_SIZE, length);
		if (bgp_open_read(cursor_of(exact, length), &open, &fault) == 0) {
			assert_true(open.asn != 0 && open.router_id != 0);
			assert_true(open.hold_time_s == 0 || open.hold_time_s >= 3);
			assert_true(strlen(open.capabilities.hostname) < 65);
		} else {
			assert_int_equal(fault.code, BGP_ERROR_OPEN);
		}
		free(exact);
	}
}

static void test_role_names(void **state)
{
	(void)state;
	assert_string_equal(bgp_role_name(BGP_ROLE_PROVIDER), "provider");
	assert_string_equal(bgp_role_name(BGP_ROLE_ROUTE_SERVER), "route-server");
	assert_string_equal(bgp_role_name(BGP_ROLE_ROUTE_SERVER_CLIENT), "route-server-client");
	assert_string_equal(bgp_role_name(BGP_ROLE_CUSTOMER), "customer");
	assert_string_equal(bgp_role_name(BGP_ROLE_PEER), "peer");
	assert_string_equal(bgp_role_name(BGP_ROLE_NONE), "none");
	assert_string_equal(bgp_role_name(5), "unknown");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_messages),
		cmocka_unit_test(test_capabilities),
		cmocka_unit_test(test_malformed_capabilities),
		cmocka_unit_test(test_cut),
		cmocka_unit_test(test_round_trip),
		cmocka_unit_test(test_mutations),
		cmocka_unit_test(test_role_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
