/* SPDX-License-Identifier: Apache-2.0 */
/* Flow specifications: bytes, text, order, actions. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/random.h"
#include "hex.h"
#include "wire/bgp_attribute.h"
#include "wire/flowspec.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* Bytes and the same as text; canonical ones both ways. */
static const struct {
	enum family family;
	const char *bytes, *text;
} rules[] = {
	{ FAMILY_IPV4, "00", "any" },
	{ FAMILY_IPV4, "0b 01 18 c00002 03 81 11 04 81 35",
		"destination 192.0.2.0/24 and protocol = udp and port = 53" },
	/* RFC 8955 section 4.3.1 and 4.3.2. */
	{ FAMILY_IPV4, "0b 01 18 c00002 03 81 06 04 81 19",
		"destination 192.0.2.0/24 and protocol = tcp and port = 25" },
	{ FAMILY_IPV4, "10 01 18 c00002 02 08 cb 04 03 89 45 8b 91 1f90",
		"destination 192.0.2.0/24 and source 203.0.0.0/8 and port >= 137 & <= 139, = 8080" },
	{ FAMILY_IPV4, "02 01 00", "destination 0.0.0.0/0" },
	{ FAMILY_IPV4, "03 05 81 50", "destination-port = 80" },
	{ FAMILY_IPV4, "06 06 03 00 d5 0400", "source-port >= 0 & <= 1024" },
	{ FAMILY_IPV4, "06 07 81 08 08 81 00", "icmp-type = 8 and icmp-code = 0" },
	{ FAMILY_IPV4, "05 09 01 02 c2 10", "tcp-flags = syn & !~ ack" },
	{ FAMILY_IPV4, "03 09 80 12", "tcp-flags ~ syn+ack" },
	{ FAMILY_IPV4, "04 09 91 0100", "tcp-flags = 0x0100" },
	{ FAMILY_IPV4, "03 09 83 00", "tcp-flags != 0x00" },
	{ FAMILY_IPV4, "04 0a 94 05dc", "packet-length < 1500" },
	{ FAMILY_IPV4, "04 0a 91 0040", "packet-length = 0x0040" },
	{ FAMILY_IPV4, "03 0b 86 2e", "dscp != 46" },
	{ FAMILY_IPV4, "03 0c 80 02", "fragment ~ is-fragment" },
	{ FAMILY_IPV4, "03 0c 81 10", "fragment = 0x10" },
	{ FAMILY_IPV4, "05 04 00 00 87 07", "port false, true 7" },
	{ FAMILY_IPV6, "07 01 20 00 20010db8", "destination 2001:db8::/32" },
	/* RFC 8956 section 3.8.2: a pattern in the middle of the address. */
	{ FAMILY_IPV6, "08 02 68 40 123456789a", "source ::1234:5678:9a00:0/104 offset 64" },
	{ FAMILY_IPV6, "06 0d a1 000abcde", "flow-label = 703710" },
	{ FAMILY_IPV6, "03 03 81 3a", "protocol = icmpv6" },
};

static void test_rules(void **state)
{
	struct arena arena = { 0 };

	(void)state;
	for (size_t i = 0; i < COUNT(rules); i++) {
		uint8_t bytes[64], again[64];
		size_t size = hex_read(rules[i].bytes, bytes, sizeof(bytes)), length;
		uint8_t *exact = exact_copy(bytes, size);
		struct cursor c = cursor_of(exact, size);
		struct writer w = writer_of(again, sizeof(again));
		struct flowspec rule, parsed;
		struct error error = { 0 };
		const char *reason;
		char text[256];
		enum flowspec_status status =
			flowspec_read(&c, rules[i].family, &arena, &rule, &reason);

		if (status != FLOWSPEC_GOOD)
			fail_msg("%s: %s", rules[i].text, reason);
		assert_true(cursor_done(&c));
		length = flowspec_format(&rule, text, sizeof(text));
		assert_int_equal(length, strlen(text));
		assert_string_equal(text, rules[i].text);
		if (flowspec_parse(text, rules[i].family, &arena, &parsed, &error) != 0)
			fail_msg("%s: %s", text, error.text);
		assert_int_equal(flowspec_compare(&rule, &parsed), 0);
		flowspec_write(&w, &parsed);
		assert_int_equal(writer_length(&w), size);
		assert_memory_equal(again, bytes, size);
		free(exact);
		arena_reset(&arena);
	}
	arena_clear(&arena);
}

/* What does not count is made zero; what is wrong is said. */
static void test_canonical(void **state)
{
	static const struct {
		enum family family;
		const char *bytes, *canonical;
	} forms[] = {
		/* Bits behind the prefix; the first "and"; reserved operator bits. */
		{ FAMILY_IPV4, "05 01 14 c000ff", "05 01 14 c000f0" },
		{ FAMILY_IPV4, "03 04 c9 35", "03 04 81 35" },
		{ FAMILY_IPV4, "03 09 cd 02", "03 09 81 02" },
		{ FAMILY_IPV4, "05 04 09 35 c9 36", "05 04 01 35 c1 36" },
		{ FAMILY_IPV6, "08 02 68 41 2468ace0ff", "08 02 68 41 2468ace0fe" },
		/* A length below 240 in two bytes. */
		{ FAMILY_IPV4, "f003 04 81 35", "03 04 81 35" },
	};
	struct arena arena = { 0 };

	(void)state;
	for (size_t i = 0; i < COUNT(forms); i++) {
		uint8_t bytes[64], wanted[64], got[64];
		size_t length = hex_read(forms[i].bytes, bytes, sizeof(bytes));
		struct cursor c = cursor_of(bytes, length);
		struct writer w = writer_of(got, sizeof(got));
		struct flowspec rule;
		const char *reason;
		enum flowspec_status status =
			flowspec_read(&c, forms[i].family, &arena, &rule, &reason);

		assert_int_equal(status, FLOWSPEC_GOOD);
		flowspec_write(&w, &rule);
		length = hex_read(forms[i].canonical, wanted, sizeof(wanted));
		assert_int_equal(writer_length(&w), length);
		assert_memory_equal(got, wanted, length);
	}
	arena_clear(&arena);
}

static void test_malformed(void **state)
{
	static const struct {
		enum family family;
		const char *bytes;
		enum flowspec_status status;
	} rows[] = {
		{ FAMILY_IPV4, "", FLOWSPEC_BROKEN },
		{ FAMILY_IPV4, "01", FLOWSPEC_BROKEN },
		{ FAMILY_IPV4, "f0", FLOWSPEC_BROKEN },
		{ FAMILY_IPV4, "f001", FLOWSPEC_BROKEN },
		{ FAMILY_IPV4, "ffff 01", FLOWSPEC_BROKEN },
		{ FAMILY_IPV4, "ef 01", FLOWSPEC_BROKEN },
		{ FAMILY_IPV4, "01 00", FLOWSPEC_MALFORMED },
		{ FAMILY_IPV4, "01 01", FLOWSPEC_MALFORMED },
		{ FAMILY_IPV4, "02 01 21", FLOWSPEC_MALFORMED },
		{ FAMILY_IPV4, "04 01 18 c000", FLOWSPEC_MALFORMED },
		{ FAMILY_IPV4, "01 04", FLOWSPEC_MALFORMED },
		{ FAMILY_IPV4, "02 04 81", FLOWSPEC_MALFORMED },
		{ FAMILY_IPV4, "03 04 01 35", FLOWSPEC_MALFORMED }, /* no end of list */
		{ FAMILY_IPV4, "03 04 91 35", FLOWSPEC_MALFORMED }, /* half a value */
		{ FAMILY_IPV4, "04 03 91 0011",
			FLOWSPEC_MALFORMED }, /* a protocol of two bytes */
		{ FAMILY_IPV4, "06 04 a1 00000035", FLOWSPEC_MALFORMED },
		{ FAMILY_IPV4, "06 04 81 35 04 81 35", FLOWSPEC_MALFORMED }, /* twice */
		{ FAMILY_IPV4, "06 04 81 35 03 81 11", FLOWSPEC_MALFORMED }, /* not in order */
		{ FAMILY_IPV4, "03 0d 81 01", FLOWSPEC_MALFORMED },          /* IPv6 only */
		{ FAMILY_IPV4, "03 0e 81 01", FLOWSPEC_MALFORMED },
		{ FAMILY_IPV4, "03 ff 81 01", FLOWSPEC_MALFORMED },
		{ FAMILY_IPV6, "03 01 81 00", FLOWSPEC_MALFORMED },
		{ FAMILY_IPV6, "03 01 20 20",
			FLOWSPEC_MALFORMED }, /* offset not below length */
		{ FAMILY_IPV6, "03 01 20 21", FLOWSPEC_MALFORMED },
		{ FAMILY_IPV6, "03 01 00 01", FLOWSPEC_MALFORMED },
		{ FAMILY_IPV6, "03 01 00 00", FLOWSPEC_GOOD },
		{ FAMILY_IPV6, "02 01 00", FLOWSPEC_MALFORMED },
	};
	struct arena arena = { 0 };

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		uint8_t bytes[64];
		size_t length = hex_read(rows[i].bytes, bytes, sizeof(bytes));
		uint8_t *exact = exact_copy(bytes, length);
		struct cursor c = cursor_of(exact, length);
		struct flowspec rule;
		const char *reason = NULL;
		enum flowspec_status status =
			flowspec_read(&c, rows[i].family, &arena, &rule, &reason);

		if (status != rows[i].status)
			fail_msg("%s: %d", rows[i].bytes, status);
		assert_int_equal(reason == NULL, status == FLOWSPEC_GOOD);
		free(exact);
	}
	arena_clear(&arena);
}

/* Lengths around 240, where the length gets its second byte, up to the most. */
static void test_lengths(void **state)
{
	static const size_t lengths[] = { 0, 3, 239, 240, 241, 255, 256, 4093, 4095 };
	struct arena arena = { 0 };

	(void)state;
	for (size_t i = 0; i < COUNT(lengths); i++) {
		uint8_t bytes[4200], again[4200];
		struct writer w = writer_of(bytes, sizeof(bytes)), out;
		struct flowspec rule;
		struct cursor c;
		const char *reason;

		/* A list of ports; an odd number of bytes is left by one of two bytes. */
		if (lengths[i] < 240)
			writer_u8(&w, (uint8_t)lengths[i]);
		else
			writer_u16(&w, (uint16_t)(0xf000 | lengths[i]));
		if (lengths[i] > 0) {
			size_t left = lengths[i] - 1;

			writer_u8(&w, FLOWSPEC_PORT);
			if (left % 2 == 1) {
				writer_u8(&w, left == 3 ? 0x91 : 0x11);
				writer_u16(&w, 4000);
				left -= 3;
			}
			for (; left > 0; left -= 2) {
				writer_u8(&w, left == 2 ? 0x81 : 0x01);
				writer_u8(&w, (uint8_t)left);
			}
		}
		c = cursor_of(bytes, writer_length(&w));
		assert_int_equal(
			flowspec_read(&c, FAMILY_IPV4, &arena, &rule, &reason), FLOWSPEC_GOOD);
		assert_int_equal(rule.length, lengths[i]);
		out = writer_of(again, sizeof(again));
		flowspec_write(&out, &rule);
		assert_int_equal(writer_length(&out), writer_length(&w));
		assert_memory_equal(again, bytes, writer_length(&w));
		/* One byte less, and there is none. */
		c = cursor_of(bytes, writer_length(&w) - 1);
		assert_int_equal(flowspec_read(&c, FAMILY_IPV4, &arena, &rule, &reason),
			FLOWSPEC_BROKEN);
		arena_reset(&arena);
	}
	arena_clear(&arena);
}

/* RFC 8955 section 5.1: each comes before the next. */
static void test_order(void **state)
{
	static const struct {
		enum family family;
		const char *text;
	} order[] = {
		{ FAMILY_IPV4, "destination 10.0.0.0/8 and source 10.0.0.0/8" },
		{ FAMILY_IPV4, "destination 10.0.0.0/8 and protocol = tcp and port = 25" },
		{ FAMILY_IPV4, "destination 10.0.0.0/8 and protocol = tcp" },
		{ FAMILY_IPV4, "destination 10.0.0.0/8 and protocol = udp" },
		{ FAMILY_IPV4, "destination 10.0.0.0/8 and port = 25" },
		{ FAMILY_IPV4, "destination 10.0.0.0/8" },
		{ FAMILY_IPV4, "destination 192.0.2.0/24" },
		{ FAMILY_IPV4, "destination 192.0.2.0/23" },
		{ FAMILY_IPV4, "destination 192.0.3.0/24" },
		{ FAMILY_IPV4, "source 10.0.0.0/8" },
		{ FAMILY_IPV4, "port = 25, = 26" },
		{ FAMILY_IPV4, "port = 26" },
		{ FAMILY_IPV4, "any" },
		{ FAMILY_IPV6, "destination 2001:db8::/32" },
		{ FAMILY_IPV6, "destination ::/0" },
		{ FAMILY_IPV6, "destination ::1:0:0:0/96 offset 64" },
		{ FAMILY_IPV6, "source ::/0" },
		{ FAMILY_IPV6, "flow-label = 1" },
		{ FAMILY_IPV6, "any" },
	};
	struct arena arena = { 0 };
	struct flowspec parsed[COUNT(order)];
	struct error error = { 0 };

	(void)state;
	for (size_t i = 0; i < COUNT(order); i++)
		if (flowspec_parse(
			    order[i].text, order[i].family, &arena, &parsed[i], &error) != 0)
			fail_msg("%s: %s", order[i].text, error.text);
	for (size_t i = 0; i < COUNT(order); i++)
		for (size_t j = 0; j < COUNT(order); j++) {
			int difference = flowspec_compare(&parsed[i], &parsed[j]);

			/* RFC 8955 has the longer of two lists first when one begins with the
			 * other; the end-of-list bit makes that rare. */
			if (order[i].family == FAMILY_IPV4 && i >= 6 && i <= 8 && j >= 6 &&
				j <= 8)
				continue;
			if ((difference < 0) != (i < j) || (difference > 0) != (i > j))
				fail_msg(
					"%s, %s: %d", order[i].text, order[j].text, difference);
		}
	/* 192.0.2.0/24 is inside of 192.0.2.0/23: first. 192.0.3.0/24 too. */
	assert_true(flowspec_compare(&parsed[6], &parsed[7]) < 0);
	assert_true(flowspec_compare(&parsed[8], &parsed[7]) < 0);
	assert_true(flowspec_compare(&parsed[6], &parsed[8]) < 0);
	arena_clear(&arena);
}

static void test_text_mistakes(void **state)
{
	static const struct {
		const char *text;
		int code;
	} rows[] = {
		{ "", ERROR_MALFORMED },
		{ "and", ERROR_MALFORMED },
		{ "any and port = 1", ERROR_MALFORMED },
		{ "port = 1 and", ERROR_MALFORMED },
		{ "port = 1 port = 2", ERROR_MALFORMED },
		{ "port = 1 and port = 2", ERROR_EXISTS },
		{ "port = ", ERROR_MALFORMED },
		{ "port = x", ERROR_MALFORMED },
		{ "port = 65536", ERROR_RANGE },
		{ "port = 0x00000001", ERROR_RANGE },
		{ "port = 0x1", ERROR_MALFORMED },
		{ "port = 1,", ERROR_MALFORMED },
		{ "port = 1 & ", ERROR_MALFORMED },
		{ "protocol = 256", ERROR_RANGE },
		{ "protocol = ipip", ERROR_MALFORMED },
		{ "tcp-flags = syn+", ERROR_MALFORMED },
		{ "tcp-flags = syn+xyz", ERROR_MALFORMED },
		{ "destination 192.0.2.1/24", ERROR_RANGE },
		{ "destination 192.0.2.0/33", ERROR_MALFORMED },
		{ "destination 2001:db8::/32", ERROR_RANGE },
		{ "destination", ERROR_MALFORMED },
		{ "flow-label = 1", ERROR_MALFORMED },
		{ "destination 192.0.2.0/24 offset 3", ERROR_MALFORMED },
		{ "colour = 1", ERROR_MALFORMED },
		{ "port 53", 0 },
		{ "port=53,80", 0 },
		{ "  port   >=   53&<=80  ", 0 },
		{ "port true", 0 },
		{ "port = 53 and destination 192.0.2.0/24", 0 },
	};
	struct arena arena = { 0 };

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct error error = { 0 };
		struct flowspec rule;
		int r = flowspec_parse(rows[i].text, FAMILY_IPV4, &arena, &rule, &error);

		if (r != rows[i].code)
			fail_msg("\"%s\": %d, %s", rows[i].text, r, error.text);
		assert_int_equal(error.text[0] == '\0', r == 0);
		arena_reset(&arena);
	}
	arena_clear(&arena);
}

static void test_actions(void **state)
{
	static const struct {
		uint64_t community, again;
		const char *text;
	} rows[] = {
		{ 0x8006000000000000u, 0, "discard" },
		{ 0x8006fbf400000000u, 0, "discard as 64500" },
		{ 0x8006000047f42400u, 0, "rate-bytes 125000" },
		{ 0x8006fbf447f42400u, 0, "rate-bytes 125000 as 64500" },
		{ 0x80060000c7f42400u, 0x8006000000000000u, "discard" }, /* negative */
		{ 0x80060000ff800000u, 0, NULL },                        /* without end */
		{ 0x800600007fc00000u, 0, NULL },                        /* no number */
		{ 0x800c000042c80000u, 0, "rate-packets 100" },
		{ 0x800c000000000000u, 0, "rate-packets 0" },
		{ 0x8007000000000000u, 0, "stop" },
		{ 0x8007000000000001u, 0, "continue" },
		{ 0x8007000000000002u, 0, "sample" },
		{ 0x8007ffffffffffffu, 0x8007000000000003u, "continue+sample" },
		{ 0x8008fde800000001u, 0, "redirect rt:65000:1" },
		{ 0x8108c00002010007u, 0, "redirect rt:192.0.2.1:7" },
		{ 0x8208000111700001u, 0, "redirect rt:70000:1" },
		{ 0x800900000000002eu, 0, "mark 46" },
		{ 0x80090000000000ffu, 0x800900000000003fu, "mark 63" },
		{ 0x0002fde800000001u, 0, NULL }, /* a route target is no action */
		{ 0x800a000000000000u, 0, NULL },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		uint64_t wanted = rows[i].again == 0 ? rows[i].community : rows[i].again;
		char text[FLOWSPEC_ACTION_TEXT_MAX];
		struct flowspec_action action, parsed;
		bool is = flowspec_action_read(rows[i].community, &action);

		assert_int_equal(is, rows[i].text != NULL);
		if (!is)
			continue;
		assert_int_equal(flowspec_action_write(&action), wanted);
		assert_string_equal(flowspec_action_format(&action, text), rows[i].text);
		assert_int_equal(flowspec_action_parse(text, &parsed), 0);
		assert_int_equal(flowspec_action_write(&parsed), wanted);
	}
}

static void test_action_mistakes(void **state)
{
	static const struct {
		const char *text;
		int code;
	} rows[] = {
		{ "", ERROR_MALFORMED },
		{ "drop", ERROR_MALFORMED },
		{ "discardx", ERROR_MALFORMED },
		{ "rate-bytes", ERROR_MALFORMED },
		{ "rate-bytes ", ERROR_MALFORMED },
		{ "rate-bytes -1", ERROR_MALFORMED },
		{ "rate-bytes nan", ERROR_MALFORMED },
		{ "rate-bytes 0x10", ERROR_MALFORMED },
		{ "rate-bytes 1e99", ERROR_RANGE },
		{ "rate-bytes 1 as 65536", ERROR_RANGE },
		{ "rate-bytes 1 at 5", ERROR_MALFORMED },
		{ "mark 64", ERROR_RANGE },
		{ "mark x", ERROR_MALFORMED },
		{ "redirect 65000:1", ERROR_MALFORMED },
		{ "redirect ro:65000:1", ERROR_MALFORMED },
		{ "sample+", ERROR_MALFORMED },
		{ "rate-packets 1.5e3 as 1", 0 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct flowspec_action action;
		int r = flowspec_action_parse(rows[i].text, &action);

		if (r != rows[i].code)
			fail_msg("\"%s\": %d", rows[i].text, r);
	}
}

/* ---- Random rules. ---- */

static void test_random_write(
	struct random *random, struct writer *w, uint8_t type, uint8_t widths)
{
	uint32_t count = 1 + random_below(random, 4);

	writer_u8(w, type);
	for (uint32_t i = 0; i < count; i++) {
		uint32_t width = random_below(random, widths);

		writer_u8(w,
			(uint8_t)((i + 1 == count ? 0x80 : 0) | (random_below(random, 2) << 6) |
				  width << 4 | random_below(random, 16)));
		for (uint32_t b = 0; b < 1u << width; b++)
			writer_u8(w,
				random_below(random, 3) == 0 ? 0 : (uint8_t)random_u64(random));
	}
}

static size_t rule_random(
	struct random *random, enum family family, uint8_t *bytes, size_t room)
{
	static const uint8_t widths[] = { 0, 0, 0, 1, 2, 2, 2, 1, 1, 2, 2, 1, 1, 3 };
	struct writer w = writer_of(bytes + 1, room - 1);
	bool six = family == FAMILY_IPV6;

	for (uint8_t type = 1; type <= (six ? 13 : 12); type++) {
		if (random_below(random, 3) != 0)
			continue;
		if (type <= 2) {
			uint32_t length = random_below(random, six ? 129 : 33);
			uint32_t offset = six && length > 0 && random_below(random, 2) == 0
						  ? random_below(random, length)
						  : 0;

			writer_u8(&w, type);
			writer_u8(&w, (uint8_t)length);
			if (six)
				writer_u8(&w, (uint8_t)offset);
			for (uint32_t i = 0; i < (length - offset + 7) / 8; i++)
				writer_u8(&w, (uint8_t)random_u64(random));
		} else {
			test_random_write(random, &w, type, widths[type]);
		}
	}
	bytes[0] = (uint8_t)writer_length(&w);
	return 1 + writer_length(&w);
}

/* Bytes to canonical bytes, to text, and back; and the order is one. */
static void test_random(void **state)
{
	struct random random = { 8955 };
	struct arena arena = { 0 };
	unsigned skipped = 0;

	(void)state;
	for (unsigned round = 0; round < 20000; round++) {
		enum family family = round % 2 == 0 ? FAMILY_IPV4 : FAMILY_IPV6;
		struct flowspec three[3], parsed;
		struct error error = { 0 };
		char text[4096];
		const char *reason;

		for (unsigned i = 0; i < 3; i++) {
			uint8_t bytes[512];
			size_t length = rule_random(&random, family, bytes, sizeof(bytes));
			struct cursor c = cursor_of(bytes, length);

			if (length > 240) {
				three[i] = (struct flowspec){ .family = (uint8_t)family };
				skipped++;
				continue;
			}
			if (flowspec_read(&c, family, &arena, &three[i], &reason) !=
				FLOWSPEC_GOOD)
				fail_msg("%s", reason);
			assert_int_equal(three[i].length, length - 1);
		}
		assert_true(flowspec_format(&three[0], text, sizeof(text)) < sizeof(text));
		if (flowspec_parse(text, family, &arena, &parsed, &error) != 0)
			fail_msg("%s: %s", text, error.text);
		assert_int_equal(parsed.length, three[0].length);
		assert_memory_equal(parsed.bytes, three[0].bytes, parsed.length);
		for (unsigned i = 0; i < 3; i++)
			for (unsigned j = 0; j < 3; j++) {
				int ij = flowspec_compare(&three[i], &three[j]);
				int ji = flowspec_compare(&three[j], &three[i]);
				unsigned k = 3 - i - j;

				assert_true((ij < 0) == (ji > 0) && (ij == 0) == (ji == 0));
				if (i != j && k < 3 && ij < 0 &&
					flowspec_compare(&three[j], &three[k]) < 0)
					assert_true(flowspec_compare(&three[i], &three[k]) < 0);
			}
		arena_reset(&arena);
	}
	arena_clear(&arena);
	assert_true(skipped < 1000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rules),
		cmocka_unit_test(test_canonical),
		cmocka_unit_test(test_malformed),
		cmocka_unit_test(test_lengths),
		cmocka_unit_test(test_order),
		cmocka_unit_test(test_text_mistakes),
		cmocka_unit_test(test_actions),
		cmocka_unit_test(test_action_mistakes),
		cmocka_unit_test(test_random),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
