/* SPDX-License-Identifier: Apache-2.0 */
/* Patterns over numbers: a table of what matches, a table of mistakes, and random patterns
 * against a model that tries everything. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/number_pattern.h"
#include "base/random.h"
#include "base/text.h"

static const struct number_range *find_name(void *context, const char *name, size_t *ret_count)
{
	static const struct number_range customers[] = { { 64510, 64519 }, { 7, 7 } };
	static const struct number_range nobody[] = { { 0, 0 } };

	(void)context;
	if (strcmp(name, "nobody") == 0) {
		*ret_count = 0;
		return nobody;
	}
	*ret_count = 2;
	return strcmp(name, "customers") == 0 ? customers : NULL;
}

static const struct number_names names = { .find = find_name };

static size_t read_numbers(const char *text, uint32_t *numbers)
{
	size_t count = 0;
	char *end;

	while (*text != '\0') {
		numbers[count++] = (uint32_t)strtoul(text, &end, 10);
		text = *end == ' ' ? end + 1 : end;
	}
	return count;
}

static void test_matches(void **state)
{
	static const struct {
		const char *pattern, *numbers;
		bool matches;
	} rows[] = {
		{ "174", "3356 174 64500", true },
		{ "174", "3356 1740 64500", false },
		{ "174", "", false },
		{ "any", "", false },
		{ "any*", "", true },
		{ "^$", "", true },
		{ "^$", "1", false },
		{ "^174", "174 3356", true },
		{ "^174", "3356 174", false },
		{ "174$", "3356 174", true },
		{ "174 $", "174 3356", false },
		{ "^ 64500+ $", "64500 64500 64500", true },
		{ "^ 64500+ $", "64500 64501 64500", false },
		{ "^ . . $", "1 2", true },
		{ "^ any any $", "1 2 3", false },
		{ "^ (1 | 2 3)* 4 $", "2 3 1 1 2 3 4", true },
		{ "^ (1 | 2 3)* 4 $", "2 1 4", false },
		{ "1 2? 3", "9 1 3 9", true },
		{ "1 2? 3", "9 1 2 2 3", false },
		{ "^ 1{2,3} $", "1", false },
		{ "^ 1{2,3} $", "1 1", true },
		{ "^ 1{2,3} $", "1 1 1", true },
		{ "^ 1{2,3} $", "1 1 1 1", false },
		{ "^ 1{2} $", "1 1", true },
		{ "^ 1{2,} $", "1 1 1 1 1", true },
		{ "^ 1{2,} $", "1", false },
		{ "^ 1{0,1} 2 $", "2", true },
		{ "^ .{25,}", "1 2 3", false },
		{ "64512-65534", "1 65000 2", true },
		{ "64512-65534", "1 64511 65535", false },
		{ "[1 5-7 customers]", "64515", true },
		{ "[1 5-7 customers]", "64520 4 2", false },
		{ "^ [^1 5-7] $", "4294967295", true },
		{ "^ [^1 5-7] $", "0", true },
		{ "^ [^1 5-7] $", "6", false },
		{ "[^0-4294967295]", "1 2 3", false },
		{ "^ customers+ $", "7 64510 64519", true },
		{ "^ customers+ $", "7 64510 64520", false },
		{ "nobody", "1 2 3", false },
		{ "^ 1 $ | ^ 2 $ | 3", "2", true },
		{ "^ 1 $ | ^ 2 $ | 3", "2 2", false },
		{ "^ 1 $ | ^ 2 $ | 3", "2 3 2", true },
		{ "4294967295", "4294967295", true },
		{ "^1(2|3)(4|5)$", "1 3 4", true },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct number_pattern *pattern = NULL;
		struct error error = { 0 };
		uint32_t numbers[16];
		size_t count = read_numbers(rows[i].numbers, numbers);

		assert_int_equal(
			number_pattern_new(&rows[i].pattern, 1, &names, &pattern, &error), 0);
		if (number_pattern_match(pattern, numbers, count) != rows[i].matches)
			fail_msg("'%s' and '%s'", rows[i].pattern, rows[i].numbers);
		number_pattern_free(pattern);
	}
}

static void test_mistakes(void **state)
{
	static const struct {
		const char *pattern;
		int code;
		size_t offset;
		const char *text;
	} rows[] = {
		{ "", ERROR_MALFORMED, 0, "an empty pattern" },
		{ "1 |", ERROR_MALFORMED, 3, "an empty pattern" },
		{ "1 ()", ERROR_MALFORMED, 3, "an empty pattern" },
		{ "_174_", ERROR_MALFORMED, 0, "'_' means nothing" },
		{ "1 2 ^3", ERROR_MALFORMED, 4, "'^' can only stand at the beginning" },
		{ "1 (2 $) 3", ERROR_MALFORMED, 5, "'$' can only stand at the end" },
		{ "1 $ 2", ERROR_MALFORMED, 4, "behind the end" },
		{ "* 1", ERROR_MALFORMED, 0, "nothing to repeat" },
		{ "(1 2", ERROR_MALFORMED, 4, "'(' is not closed" },
		{ "1)", ERROR_MALFORMED, 1, "')' without a '('" },
		{ "[1 2", ERROR_MALFORMED, 4, "'[' is not closed" },
		{ "[]", ERROR_MALFORMED, 1, "nothing between" },
		{ "[1,2]", ERROR_MALFORMED, 2, "','" },
		{ "1{2", ERROR_MALFORMED, 3, "'{' is not closed" },
		{ "1{3,2}", ERROR_MALFORMED, 2, "never possible" },
		{ "1{0}", ERROR_MALFORMED, 2, "never possible" },
		{ "1{256}", ERROR_MALFORMED, 2, "above 255" },
		{ "4294967296", ERROR_MALFORMED, 0, "above 4294967295" },
		{ "99999999999999999999", ERROR_MALFORMED, 0, "above" },
		{ "9-3", ERROR_MALFORMED, 0, "empty range" },
		{ "12as", ERROR_MALFORMED, 0, "a name cannot begin" },
		{ "1 peers", ERROR_NOT_FOUND, 2, "no AS set 'peers'" },
		{ "((((((((((((((((((((((((((((((((((1))))))))))))))))))))))))))))))))))",
			ERROR_MALFORMED, 33, "more than 32 groups" },
		{ "((((1{255}){255}){255}){255})", ERROR_FULL, 0, "too complex" },
		{ "1 .{30} 2 $", ERROR_FULL, 0, "too complex" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct number_pattern *pattern = NULL;
		struct error error = { 0 };

		assert_int_equal(
			number_pattern_new(&rows[i].pattern, 1, &names, &pattern, &error),
			rows[i].code);
		assert_null(pattern);
		if (strstr(error.text, rows[i].text) == NULL || error.offset != rows[i].offset)
			fail_msg("'%s': %zu: %s", rows[i].pattern, error.offset, error.text);
	}
}

/* Patterns that are over a bound together become several automata. */
static void test_many(void **state)
{
	static char texts[800][40];
	static const char *pointers[800];
	struct number_pattern *pattern = NULL;
	struct error error = { 0 };

	(void)state;
	for (unsigned i = 0; i < 800; i++) {
		snprintf(texts[i], sizeof(texts[i]), "%u %u $", 1000 + i, 2000 + i);
		pointers[i] = texts[i];
	}
	assert_int_equal(number_pattern_new(pointers, 800, &names, &pattern, &error), 0);
	for (unsigned i = 0; i < 800; i++) {
		uint32_t numbers[] = { 1, 1000 + i, 2000 + i },
			 other[] = { 1000 + i, 1999 + i };

		assert_true(number_pattern_match(pattern, numbers, 3));
		assert_false(number_pattern_match(pattern, other, 2));
	}
	number_pattern_free(pattern);
	assert_int_equal(number_pattern_new(NULL, 0, NULL, &pattern, &error), 0);
	assert_false(number_pattern_match(pattern, NULL, 0));
	number_pattern_free(pattern);
}

/* ---- The model: a random pattern as a tree, and a matcher that tries every way. ---- */

enum model_kind {
	MODEL_NUMBERS, /* any of a mask of the numbers 0 to 7 */
	MODEL_PAIR,    /* left, then right */
	MODEL_EITHER,
	MODEL_REPEAT,
};

struct model {
	enum model_kind kind;
	unsigned mask, minimum, maximum;
	struct model *left, *right;
};

static struct model *random_model(struct random *random, unsigned depth, struct model **pool)
{
	struct model *m = (*pool)++;
	uint32_t dice = depth == 0 ? 0 : random_below(random, 8);

	m->kind = dice < 2   ? MODEL_NUMBERS
		  : dice < 5 ? MODEL_PAIR
		  : dice < 6 ? MODEL_EITHER
			     : MODEL_REPEAT;
	if (m->kind == MODEL_NUMBERS) {
		m->mask = 1u << random_below(random, 4);
		if (random_below(random, 4) == 0)
			m->mask = 1 + random_below(random, 255);
		return m;
	}
	m->left = random_model(random, depth - 1, pool);
	if (m->kind == MODEL_REPEAT) {
		m->minimum = random_below(random, 3);
		m->maximum = random_below(random, 2) == 0
				     ? 99
				     : m->minimum + random_below(random, 2) + (m->minimum == 0);
		return m;
	}
	m->right = random_model(random, depth - 1, pool);
	return m;
}

static void print_model(const struct model *m, struct text *out)
{
	switch (m->kind) {
	case MODEL_NUMBERS:
		text_add(out, "[");
		for (unsigned i = 0; i < 8; i++)
			if ((m->mask >> i) & 1)
				text_print(out, "%u ", i);
		text_add(out, "]");
		break;
	case MODEL_PAIR:
	case MODEL_EITHER:
		text_add(out, "(");
		print_model(m->left, out);
		text_add(out, m->kind == MODEL_PAIR ? " " : " | ");
		print_model(m->right, out);
		text_add(out, ")");
		break;
	case MODEL_REPEAT:
		text_add(out, "(");
		print_model(m->left, out);
		text_add(out, ")");
		if (m->maximum == 99)
			text_print(out, "{%u,}", m->minimum);
		else
			text_print(out, "{%u,%u}", m->minimum, m->maximum);
		break;
	}
}

/* The lengths (as a mask) that m can match at numbers. */
static uint32_t model_lengths(const struct model *m, const uint8_t *numbers, size_t count)
{
	uint32_t result = 0, now, next;

	switch (m->kind) {
	case MODEL_NUMBERS:
		return count > 0 && ((m->mask >> numbers[0]) & 1) ? 2 : 0;
	case MODEL_EITHER:
		return model_lengths(m->left, numbers, count) |
		       model_lengths(m->right, numbers, count);
	case MODEL_PAIR:
		now = model_lengths(m->left, numbers, count);
		for (size_t i = 0; i <= count; i++)
			if ((now >> i) & 1)
				result |= model_lengths(m->right, numbers + i, count - i) << i;
		return result;
	case MODEL_REPEAT:
		break;
	}
	now = 1;
	for (unsigned times = 0; times <= m->maximum && now != 0 && times < 24; times++) {
		if (times >= m->minimum)
			result |= now;
		next = 0;
		for (size_t i = 0; i <= count; i++)
			if ((now >> i) & 1)
				next |= model_lengths(m->left, numbers + i, count - i) << i;
		now = next;
	}
	return result;
}

static bool model_matches(const struct model *m, bool from_start, bool to_end,
	const uint8_t *numbers, size_t count)
{
	for (size_t i = 0; i <= (from_start ? 0 : count); i++) {
		uint32_t lengths = model_lengths(m, numbers + i, count - i);

		if (to_end ? ((lengths >> (count - i)) & 1) != 0 : lengths != 0)
			return true;
	}
	return false;
}

static void test_property(void **state)
{
	struct random random = { 4271 };
	unsigned made = 0, matched = 0, compared = 0;

	(void)state;
	for (unsigned round = 0; round < 2000; round++) {
		static struct model models[256];
		struct model *pool = models, *m = random_model(&random, 5, &pool);
		bool from_start = random_below(&random, 2) == 0;
		bool to_end = random_below(&random, 2) == 0;
		struct number_pattern *pattern = NULL;
		struct text text = { 0 };
		const char *string;
		int r;

		text_add(&text, from_start ? "^ " : "");
		print_model(m, &text);
		text_add(&text, to_end ? " $" : "");
		string = text_string(&text);
		r = number_pattern_new(&string, 1, NULL, &pattern, NULL);
		if (r != 0)
			fail_msg("%d: %s", r, string);
		made++;
		for (unsigned i = 0; i < 40; i++) {
			uint8_t small[12];
			uint32_t numbers[12];
			size_t count = random_below(&random, 12);
			bool want;

			for (size_t j = 0; j < count; j++)
				numbers[j] = small[j] = (uint8_t)random_below(&random, 5);
			want = model_matches(m, from_start, to_end, small, count);
			matched += want;
			compared++;
			if (number_pattern_match(pattern, numbers, count) != want)
				fail_msg("round %u: %s", round, string);
		}
		number_pattern_free(pattern);
		text_clear(&text);
	}
	assert_int_equal(made, 2000);
	/* neither answer is rare */
	assert_in_range(matched, compared / 10, compared * 9 / 10);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_matches),
		cmocka_unit_test(test_mistakes),
		cmocka_unit_test(test_many),
		cmocka_unit_test(test_property),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
