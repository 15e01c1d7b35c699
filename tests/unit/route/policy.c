/* SPDX-License-Identifier: Apache-2.0 */
/* Books and policies: what is refused, who holds whom, what is explained. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "route/policy.h"

static const uint32_t zero = 0, nine = 9;
static const struct policy_term no_set = {
	.kind = POLICY_TERM_PREFIX, .sets = &nine, .set_count = 1
};
static const struct policy_change no_list = {
	.kind = POLICY_REMOVE_COMMUNITIES, .numbers = &nine, .number_count = 1
};

static const struct policy_rule rule_accept = { .then = POLICY_THEN_ACCEPT };
static const struct policy_rule rule_call_0 = { .then = POLICY_THEN_CALL, .call = 0 };
static const struct policy_rule rule_call_1 = { .then = POLICY_THEN_CALL, .call = 1 };
static const struct policy_rule rule_call_9 = { .then = POLICY_THEN_CALL, .call = 9 };
static const struct policy_rule rule_no_set = { .terms = &no_set, .term_count = 1 };
static const struct policy_rule rule_no_list = { .changes = &no_list, .change_count = 1 };

static void test_refused(void **state)
{
	static const struct {
		const struct policy_rule *rules[2];
		const char *says;
	} rows[] = {
		{ { &rule_call_0, &rule_accept }, "calls itself" },
		{ { &rule_call_1, &rule_call_0 }, "calls itself" },
		{ { &rule_call_9, &rule_accept }, "calls a policy that is not there" },
		{ { &rule_no_set, &rule_accept }, "names set 9" },
		{ { &rule_no_list, &rule_accept }, "community set that is not there" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct policy_rules policies[2] = { { "a", rows[i].rules[0], 1 },
			{ "b", rows[i].rules[1], 1 } };
		struct policy_description d = { .policies = policies, .policy_count = 2 };
		struct error error = { 0 };

		assert_null(policy_book_new(&d, &error));
		assert_non_null(strstr(error.text, rows[i].says));
	}
}

static void test_bad_sets(void **state)
{
	struct policy_prefix_range range = { .minimum = 8, .maximum = 33 };
	struct policy_prefix_set prefix_set = { "x", &range, 1 };
	const char *pattern = "1 (2";
	struct policy_path_set path_set = { "y", &pattern, 1 };
	struct policy_description prefixes = { .prefix_sets = &prefix_set,
		.prefix_set_count = 1 };
	struct policy_description paths = { .path_sets = &path_set, .path_set_count = 1 };
	struct error error = { 0 };

	(void)state;
	assert_int_equal(prefix_parse("10.0.0.0/8", &range.prefix), 0);
	assert_null(policy_book_new(&prefixes, &error));
	assert_non_null(strstr(error.text, "prefix set 'x'"));
	range.maximum = 32;
	range.minimum = 7;
	assert_null(policy_book_new(&prefixes, &error));
	assert_null(policy_book_new(&paths, &error));
	assert_non_null(strstr(error.text, "'(' is not closed"));
}

/* Policies that call the one before twice: 2^n rules, which is too many. */
static void test_too_many(void **state)
{
	struct policy_rule rules[24][2] = { { { .then = POLICY_THEN_NEXT } } };
	struct policy_rules policies[24];
	char names[24][4];
	const char *name;
	struct policy_description d = { .policies = policies, .policy_count = 24 };
	struct error error = { 0 };
	struct policy_book *book;
	struct policy *policy;

	(void)state;
	for (uint32_t i = 0; i < 24; i++) {
		snprintf(names[i], sizeof(names[i]), "%u", i);
		for (int j = 0; j < 2 && i > 0; j++)
			rules[i][j] =
				(struct policy_rule){ .then = POLICY_THEN_CALL, .call = i - 1 };
		policies[i] = (struct policy_rules){ names[i], rules[i], i == 0 ? 1 : 2 };
	}
	book = policy_book_new(&d, &error);
	assert_non_null(book);
	assert_int_equal(policy_book_rules(book), 47);
	name = "23";
	assert_null(policy_new(book, &name, 1, POLICY_END_REJECT, &error));
	assert_non_null(strstr(error.text, "more than 65536 rules"));
	name = "10";
	policy = policy_new(book, &name, 1, POLICY_END_REJECT, &error);
	assert_non_null(policy);
	policy_release(policy);
	name = "24";
	assert_null(policy_new(book, &name, 1, POLICY_END_REJECT, &error));
	assert_non_null(strstr(error.text, "no policy '24'"));
	policy_book_release(book);
}

struct seen {
	char text[200];
};

static void see(void *context, uint32_t rule, const char *missed)
{
	struct seen *seen = context;
	size_t length = strlen(seen->text);

	snprintf(seen->text + length, sizeof(seen->text) - length, "%u:%s ", rule,
		missed == NULL ? "yes" : missed);
}

/* Without a book or a neighbour to hold them: none and all; and what is explained. */
static void test_explained(void **state)
{
	struct policy_as_range range = { 7, 7 };
	struct policy_as_set as_set = { "seven", &range, 1 };
	struct policy_term terms[2] = {
		{ .kind = POLICY_TERM_NEIGHBOR_AS, .sets = &zero, .set_count = 1 },
		{ .kind = POLICY_TERM_FAMILY, .bits = 1, .negated = true },
	};
	struct policy_rule rules[] = {
		{ .name = "six", .terms = terms, .term_count = 2, .then = POLICY_THEN_ACCEPT },
		{ .name = "seven",
			.terms = terms,
			.term_count = 1,
			.then = POLICY_THEN_REJECT },
	};
	struct policy_rules policies = { "p", rules, 2 };
	struct policy_description d = {
		.as_sets = &as_set, .as_set_count = 1, .policies = &policies, .policy_count = 1
	};
	struct policy_book *book = policy_book_new(&d, NULL);
	const char *name = "p";
	struct policy *p = policy_new(book, &name, 1, POLICY_END_ACCEPT, NULL);
	struct policy *none = policy_new(book, NULL, 0, POLICY_END_REJECT, NULL);
	struct policy *all = policy_new(book, NULL, 0, POLICY_END_ACCEPT, NULL);
	struct prefix prefix = { .address = address_ipv4(0), .length = 0 };
	struct bgp_attributes attributes = { 0 };
	struct policy_route route = {
		.prefix = &prefix, .attributes = &attributes, .neighbor_asn = 7
	};
	struct seen seen = { "" };
	struct policy_trace trace = { &seen, see };
	struct policy_result result;
	struct arena arena = { 0 };

	(void)state;
	policy_book_release(book); /* the policies hold it */
	assert_int_equal(policy_explain(p, &route, &trace, &arena, &result), 0);
	assert_string_equal(seen.text, "0:not family 1:yes ");
	assert_int_equal(result.verdict, POLICY_REJECT);
	assert_int_equal(result.rule, 1);
	assert_string_equal(policy_book_rule(policy_book_of(p), result.rule).name, "seven");
	route.neighbor_asn = 8;
	assert_int_equal(policy_run(p, NULL, &route, &arena, &result), 0);
	assert_int_equal(result.verdict, POLICY_ACCEPT);
	assert_int_equal(result.rule, POLICY_RULE_NONE);
	assert_int_equal(policy_depends(p), POLICY_DEPENDS_FAMILY);
	assert_true(policy_depends_on_prefix(p));
	assert_int_equal(policy_run(none, NULL, &route, &arena, &result), 0);
	assert_int_equal(result.verdict, POLICY_REJECT);
	assert_int_equal(policy_run(all, NULL, &route, &arena, &result), 0);
	assert_int_equal(result.verdict, POLICY_ACCEPT);
	assert_false(policy_depends_on_prefix(all));
	assert_true(policy_book_bytes(policy_book_of(all)) > 100);
	policy_release(p);
	policy_release(none);
	policy_release(policy_hold(all));
	policy_release(all);
	policy_release(NULL);
	policy_book_release(NULL);
}

/* A path that would not fit any more is an error, and the route is rejected. */
static void test_too_long(void **state)
{
	static uint8_t path[65000];
	struct policy_change change = { .kind = POLICY_PREPEND, .number = 600 };
	struct policy_rule rule = {
		.changes = &change, .change_count = 1, .then = POLICY_THEN_ACCEPT
	};
	struct policy_rules policies = { "p", &rule, 1 };
	struct policy_description d = { .policies = &policies, .policy_count = 1 };
	struct policy_book *book = policy_book_new(&d, NULL);
	const char *name = "p";
	struct policy *p = policy_new(book, &name, 1, POLICY_END_ACCEPT, NULL);
	struct bgp_attributes attributes = { .as_path = path };
	struct policy_route route = { .attributes = &attributes, .local_asn = 64500 };
	struct policy_result result;
	struct arena arena = { 0 };

	(void)state;
	for (size_t at = 0; at + 1022 <= sizeof(path); at += 1022) {
		path[at] = BGP_SEGMENT_SEQUENCE;
		path[at + 1] = 255;
		memset(path + at + 2, 1, 1020);
		attributes.as_path_size = (uint16_t)(at + 1022);
	}
	assert_int_equal(policy_run(p, NULL, &route, &arena, &result), ERROR_FULL);
	assert_int_equal(result.verdict, POLICY_REJECT);
	policy_release(p);
	policy_book_release(book);
	arena_clear(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_bad_sets),
		cmocka_unit_test(test_too_many),
		cmocka_unit_test(test_explained),
		cmocka_unit_test(test_too_long),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
