/* SPDX-License-Identifier: Apache-2.0 */
/* Rules: the reference by hand-made rows, the compiled form against it, text, actions. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#include "balance/packet.h"
#include "generate.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static struct rule rule_of(const char *text, enum family family)
{
	struct rule rule = { .number = 7 };
	struct error error = { 0 };

	if (rule_parse_match(&rule, text, family, &error) != 0)
		fail_msg("%s: %s", text, error.text);
	return rule;
}

/* 192.0.2.1:4000 to 198.51.100.7:53, UDP, 60 bytes, DSCP 46, not fragmented. */
static struct absorb_packet query(void)
{
	struct absorb_packet packet = { .family = 4,
		.protocol = 17,
		.source_port = 4000,
		.destination_port = 53,
		.length = 60,
		.dscp = 46,
		.has = ABSORB_HAS_PORTS };
	const uint8_t source[] = { 192, 0, 2, 1 }, destination[] = { 198, 51, 100, 7 };

	memcpy(packet.source, source, 4);
	memcpy(packet.destination, destination, 4);
	return packet;
}

static void test_reference(void **state)
{
	static const struct {
		const char *text;
		bool matches;
	} rows[] = {
		{ "any", true },
		{ "destination 198.51.100.0/24 and protocol = udp", true },
		{ "destination 198.51.101.0/24", false },
		{ "source 192.0.2.0/31", true },
		{ "source 192.0.2.2/31", false },
		{ "protocol = tcp, = udp", true },
		{ "protocol != udp", false },
		{ "port = 53", true },
		{ "port = 4000", true },
		{ "port = 54", false },
		{ "source-port = 53", false },
		{ "destination-port > 50 & < 60", true },
		{ "destination-port > 53, < 53", false },
		{ "destination-port true 1", true },
		{ "destination-port false", false },
		/* "and" binds stronger: (>= 1 and <= 2) or = 53. */
		{ "destination-port >= 1 & <= 2, = 53", true },
		{ "icmp-type >= 0", false },
		{ "tcp-flags !~ syn", false },
		{ "packet-length < 61", true },
		{ "packet-length < 60", false },
		{ "dscp = 46", true },
		{ "fragment !~ is-fragment", true },
		{ "fragment ~ first-fragment", false },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct rule rule = rule_of(rows[i].text, FAMILY_IPV4);
		struct absorb_packet packet = query();
		struct absorb_rule compiled;

		if (rule_matches(&rule, &packet) != rows[i].matches)
			fail_msg("%s", rows[i].text);
		assert_int_equal(rule_compile(&rule, &compiled, NULL), 0);
		assert_int_equal(absorb_rule_matches(&compiled, &packet), rows[i].matches);
		packet.family = 6;
		assert_false(rule_matches(&rule, &packet));
		assert_false(absorb_rule_matches(&compiled, &packet));
	}
}

/* The compiled form says what the reference says, for random rules and packets. */
static void test_compiled(void **state)
{
	struct random random = { 20 };
	unsigned matched = 0, compiled_count = 0;

	(void)state;
	for (unsigned i = 0; i < 4000; i++) {
		enum family family = i % 2 ? FAMILY_IPV6 : FAMILY_IPV4;
		struct absorb_rule compiled;
		struct rule rule;

		generate_rule(&random, family, 2 + i % 6, &rule);
		if (rule_compile(&rule, &compiled, NULL) != 0)
			continue;
		compiled_count++;
		for (unsigned j = 0; j < 50; j++) {
			uint8_t bytes[GENERATE_PACKET_MAX];
			size_t length = generate_packet(&random, family, bytes);
			struct absorb_packet packet;

			assert_int_equal(
				packet_decode(cursor_of(bytes, length), &packet), PACKET_GOOD);
			assert_int_equal(absorb_rule_matches(&compiled, &packet),
				rule_matches(&rule, &packet));
			matched += rule_matches(&rule, &packet);
		}
	}
	assert_true(compiled_count > 3900);
	assert_true(matched > 4000);
}

/* The bits that preselect by protocol never hide a rule that matches. */
static void test_table(void **state)
{
	struct random random = { 21 };
	struct absorb_rules *table = malloc(sizeof(*table));

	(void)state;
	assert_non_null(table);
	for (unsigned round = 0; round < 50; round++) {
		struct absorb_rule compiled[ABSORB_RULES_MAX + 1];
		struct rule rules[ABSORB_RULES_MAX];

		for (unsigned i = 0; i < ABSORB_RULES_MAX; i++) {
			do
				generate_rule(&random, i % 2 ? FAMILY_IPV6 : FAMILY_IPV4, 4,
					&rules[i]);
			while (rule_compile(&rules[i], &compiled[i], NULL) != 0);
		}
		compiled[ABSORB_RULES_MAX] = compiled[0];
		assert_int_equal(rule_table(compiled, ABSORB_RULES_MAX + 1, table), ERROR_FULL);
		assert_int_equal(rule_table(compiled, ABSORB_RULES_MAX, table), 0);
		for (unsigned j = 0; j < 100; j++) {
			uint8_t bytes[GENERATE_PACKET_MAX];
			bool v6 = j % 2;
			size_t length =
				generate_packet(&random, v6 ? FAMILY_IPV6 : FAMILY_IPV4, bytes);
			struct absorb_packet packet;

			packet_decode(cursor_of(bytes, length), &packet);
			for (unsigned i = 0; i < ABSORB_RULES_MAX; i++)
				if (rule_matches(&rules[i], &packet))
					assert_true(
						table->by_protocol[v6][packet.protocol] >> i &
						1);
		}
	}
	free(table);
}

static void test_limits(void **state)
{
	static const struct {
		const char *text, *names;
	} rows[] = {
		{ "tcp-flags = 0x0100", "tcp-flags" },
		{ "port = 1, = 3, = 5, = 7, = 9, = 11, = 13, = 15, = 17", "port" },
	};
	struct absorb_rule compiled;
	struct error error = { 0 };
	struct text text = { 0 };
	struct rule rule;

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		rule = rule_of(rows[i].text, FAMILY_IPV4);
		assert_int_equal(rule_compile(&rule, &compiled, &error), ERROR_UNSUPPORTED);
		assert_non_null(strstr(error.text, rows[i].names));
	}
	/* Nine ports in a row are one range. */
	rule = rule_of("port = 1, = 2, = 3, = 4, = 5, = 6, = 7, = 8, = 9", FAMILY_IPV4);
	assert_int_equal(rule_compile(&rule, &compiled, NULL), 0);
	assert_int_equal(compiled.port[0].low, 1);
	assert_int_equal(compiled.port[0].high, 9);
	/* What matches nothing is not for nftables. */
	rule = rule_of("port < 5 & > 6", FAMILY_IPV4);
	assert_int_equal(rule_nftables(&rule, &text, &error), ERROR_UNSUPPORTED);
	assert_int_equal(text.length, 0);
	rule = rule_of("tcp-flags = syn and icmp-type = 8", FAMILY_IPV4);
	assert_int_equal(rule_nftables(&rule, &text, &error), ERROR_UNSUPPORTED);
	rule = rule_of("tcp-flags = 0x0100", FAMILY_IPV4);
	assert_int_equal(rule_nftables(&rule, &text, &error), ERROR_UNSUPPORTED);
}

static void test_nftables_text(void **state)
{
	static const struct {
		enum family family;
		const char *text, *nftables;
	} rows[] = {
		{ FAMILY_IPV4,
			"destination 192.0.2.0/24 and protocol = udp and source-port = 53, >= 1024 & <= 2047",
			"meta nfproto ipv4 meta l4proto { 17 } ip daddr 192.0.2.0/24 th sport { 53, 1024-2047 } "
			"ip frag-off & 0x7fff { 0, 8192, 16384, 24576 } counter name \"rule-7\" "
			"drop comment \"because\"\n" },
		{ FAMILY_IPV6, "fragment ~ first-fragment",
			"meta nfproto ipv6 frag frag-off 0 frag more-fragments 1 "
			"counter name \"rule-7\" drop comment \"because\"\n" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct rule rule = rule_of(rows[i].text, rows[i].family);
		struct text text = { 0 };

		memcpy(rule.reason, "because", 8);
		assert_int_equal(rule_nftables(&rule, &text, NULL), 0);
		assert_string_equal(text_string(&text), rows[i].nftables);
		text_clear(&text);
	}
}

/* A reason cannot leave its quotes. */
static void test_nftables_comment(void **state)
{
	struct rule rule = rule_of("any", FAMILY_IPV4);
	struct text text = { 0 };

	(void)state;
	snprintf(rule.reason, sizeof(rule.reason), "a\" accept\nb\\c");
	assert_int_equal(rule_nftables(&rule, &text, NULL), 0);
	assert_non_null(strstr(text_string(&text), "comment \"a' accept'b'c\"\n"));
	text_clear(&text);
}

/* What neighbours are told: the same components, read back to a rule that matches the same. */
static void test_flowspec(void **state)
{
	struct random random = { 22 };

	(void)state;
	for (unsigned i = 0; i < 2000; i++) {
		enum family family = i % 2 ? FAMILY_IPV6 : FAMILY_IPV4;
		struct rule rule, again = { 0 };
		struct arena arena = { 0 };
		struct flowspec match, read;
		uint8_t nlri[2 + RULE_MATCH_MAX];
		struct writer w = writer_of(nlri, sizeof(nlri));
		struct cursor c;
		const char *reason;

		generate_rule(&random, family, 3, &rule);
		match = rule_match(&rule);
		flowspec_write(&w, &match);
		assert_false(w.failed);
		c = cursor_of(nlri, writer_length(&w));
		assert_int_equal(
			flowspec_read(&c, family, &arena, &read, &reason), FLOWSPEC_GOOD);
		assert_int_equal(rule_set_match(&again, &read), 0);
		assert_int_equal(again.match_length, rule.match_length);
		assert_memory_equal(again.match, rule.match, sizeof(rule.match));
		arena_clear(&arena);
	}
}

static void test_actions(void **state)
{
	static const struct {
		uint8_t verb;
		uint64_t rate;
		const char *text;
	} rows[] = {
		{ ABSORB_DROP, 0, "discard as 64500" },
		{ ABSORB_RATE_PACKETS, 100, "rate-packets 100 as 64500" },
		{ ABSORB_RATE_BYTES, 125000, "rate-bytes 125000 as 64500" },
	};
	struct rule rule = rule_of("any", FAMILY_IPV4);
	struct flowspec_action action;

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		char text[FLOWSPEC_ACTION_TEXT_MAX];

		rule.verb = rows[i].verb;
		rule.rate = rows[i].rate;
		assert_int_equal(rule_flowspec_action(&rule, 64500, &action), 0);
		assert_string_equal(flowspec_action_format(&action, text), rows[i].text);
	}
	rule.mode = RULE_DRY_RUN;
	assert_int_equal(rule_flowspec_action(&rule, 64500, &action), ERROR_STATE);
}

/* The cost of a packet in the program's arithmetic, whatever the rate. */
static void test_cost(void **state)
{
	static const struct {
		uint64_t rate, cost;
	} rows[] = {
		{ 1, ABSORB_COST_MAX },
		{ 1000, 1000000ull << ABSORB_COST_BITS },
		{ UINT64_MAX, 1 },
	};
	struct rule rule = rule_of("any", FAMILY_IPV4);

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct absorb_rule compiled;

		rule.verb = ABSORB_RATE_BYTES;
		rule.rate = rows[i].rate;
		assert_int_equal(rule_compile(&rule, &compiled, NULL), 0);
		assert_int_equal(compiled.cost, rows[i].cost);
	}
}

/* Every truncation of every header is told as such, and read inside of its bytes (ASan). */
static void test_truncated(void **state)
{
	struct random random = { 23 };

	(void)state;
	for (unsigned i = 0; i < 400; i++) {
		uint8_t bytes[GENERATE_PACKET_MAX];
		size_t length =
			generate_packet(&random, i % 2 ? FAMILY_IPV6 : FAMILY_IPV4, bytes);

		for (size_t cut = 0; cut < length; cut++) {
			uint8_t *exact = malloc(cut + 1);
			struct absorb_packet packet;

			assert_non_null(exact);
			memcpy(exact + 1, bytes, cut);
			assert_int_equal(packet_decode(cursor_of(exact + 1, cut), &packet),
				PACKET_TRUNCATED);
			free(exact);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_reference),
		cmocka_unit_test(test_compiled),
		cmocka_unit_test(test_table),
		cmocka_unit_test(test_limits),
		cmocka_unit_test(test_nftables_text),
		cmocka_unit_test(test_nftables_comment),
		cmocka_unit_test(test_flowspec),
		cmocka_unit_test(test_actions),
		cmocka_unit_test(test_cost),
		cmocka_unit_test(test_truncated),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
