/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Flow specifications: the first byte chooses the family, and whether what follows is NLRI or
 * text. Of any bytes: each NLRI consumes at least one; a good rule is written and read back to
 * the same bytes, its text is parsed back to the same bytes, it equals itself and stands in an
 * order with the one before; memory stays within bounds. Of any text: what is parsed is printed
 * and parsed to the same.
 */
#include <stdlib.h>
#include <string.h>

#include "wire/flowspec.h"

static void expect(bool holds)
{
	if (!holds)
		abort();
}

static void expect_same(const struct flowspec *a, const struct flowspec *b)
{
	expect(a->family == b->family && a->length == b->length &&
		(a->length == 0 || memcmp(a->bytes, b->bytes, a->length) == 0));
	expect(flowspec_compare(a, b) == 0);
}

static void check_bytes(const struct flowspec *rule, struct arena *arena)
{
	static uint8_t buffer[FLOWSPEC_SIZE_MAX + 2];
	struct writer w = writer_of(buffer, sizeof(buffer));
	struct flowspec again;
	struct cursor c;
	const char *reason;

	flowspec_write(&w, rule);
	expect(!w.failed);
	c = cursor_of(buffer, writer_length(&w));
	expect(flowspec_read(&c, (enum family)rule->family, arena, &again, &reason) ==
		FLOWSPEC_GOOD);
	expect(cursor_done(&c));
	expect_same(rule, &again);
}

static void check_text(const struct flowspec *rule, struct arena *arena)
{
	static char text[1 << 17]; /* the longest: "0x00 & " for each two bytes, and more */
	struct flowspec again;
	struct error error = { 0 };

	expect(flowspec_format(rule, text, sizeof(text)) < sizeof(text));
	expect(flowspec_parse(text, (enum family)rule->family, arena, &again, &error) == 0);
	expect_same(rule, &again);
}

static void check_walk(const struct flowspec *rule)
{
	struct cursor c = cursor_of(rule->bytes, rule->length);
	struct flowspec_component component;
	uint8_t previous = 0;

	while (flowspec_next(&c, (enum family)rule->family, &component)) {
		struct prefix clean = component.prefix;
		struct flowspec_test test;
		bool last = component.type <= FLOWSPEC_SOURCE;

		expect(component.type > previous);
		previous = component.type;
		prefix_normalise(&clean);
		expect(prefix_equal(&clean, &component.prefix));
		while (flowspec_test_next(&component.tests, &test)) {
			expect(!last);
			last = (test.bits & FLOWSPEC_LAST) != 0;
		}
		expect(last && cursor_done(&component.tests));
	}
	expect(cursor_done(&c));
}

static void fuzz_bytes(enum family family, const uint8_t *bytes, size_t length)
{
	struct cursor c = cursor_of(bytes, length);
	struct flowspec rule, before;
	struct arena arena = { 0 };
	bool have = false;

	while (cursor_left(&c) > 0) {
		const uint8_t *at = c.at;
		size_t used = arena.used;
		const char *reason;
		enum flowspec_status status = flowspec_read(&c, family, &arena, &rule, &reason);

		expect(c.at > at);
		expect(arena.used - used <= 16 * (size_t)(c.at - at) + 16);
		expect((reason == NULL) == (status == FLOWSPEC_GOOD));
		if (status == FLOWSPEC_BROKEN)
			break;
		if (status != FLOWSPEC_GOOD)
			continue;
		check_walk(&rule);
		check_bytes(&rule, &arena);
		check_text(&rule, &arena);
		if (have)
			expect((flowspec_compare(&before, &rule) < 0) ==
				(flowspec_compare(&rule, &before) > 0));
		before = rule;
		have = true;
	}
	arena_clear(&arena);
}

static void fuzz_text(enum family family, const uint8_t *bytes, size_t length)
{
	struct arena arena = { 0 };
	char *text = arena_take(&arena, length + 1);
	struct flowspec rule;
	struct error error = { 0 };
	struct flowspec_action action, again;
	char action_text[FLOWSPEC_ACTION_TEXT_MAX];

	expect(text != NULL);
	memcpy(text, bytes, length);
	if (flowspec_parse(text, family, &arena, &rule, &error) == 0) {
		check_walk(&rule);
		check_bytes(&rule, &arena);
		check_text(&rule, &arena);
	}
	if (flowspec_action_parse(text, &action) == 0) {
		flowspec_action_format(&action, action_text);
		expect(flowspec_action_parse(action_text, &again) == 0);
		expect(flowspec_action_write(&action) == flowspec_action_write(&again));
		expect(flowspec_action_read(flowspec_action_write(&action), &again));
	}
	arena_clear(&arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	enum family family;

	if (length < 1)
		return 0;
	family = bytes[0] & 1 ? FAMILY_IPV6 : FAMILY_IPV4;
	if (bytes[0] & 2)
		fuzz_text(family, bytes + 1, length - 1);
	else
		fuzz_bytes(family, bytes + 1, length - 1);
	return 0;
}
