/* SPDX-License-Identifier: Apache-2.0 */
/* Durations, wall time, growing text, word distance, errors. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "base/error.h"
#include "base/instant.h"
#include "base/random.h"
#include "base/text.h"

static void test_duration(void **state)
{
	static const struct {
		const char *text;
		int result;
		int64_t ns;
		const char *back;
	} rows[] = {
		{ "0", 0, 0, "0s" },
		{ "200ms", 0, 200000000, "200ms" },
		{ "1s", 0, 1000000000, "1s" },
		{ "1000ms", 0, 1000000000, "1s" },
		{ "90s", 0, 90000000000, "90s" },
		{ "60s", 0, 60000000000, "1m" },
		{ "2h", 0, 7200000000000, "2h" },
		{ "1d", 0, 86400000000000, "1d" },
		{ "500us", 0, 500000, "500us" },
		{ "7ns", 0, 7, "7ns" },
		{ "1", ERROR_MALFORMED, 0, NULL },
		{ "s", ERROR_MALFORMED, 0, NULL },
		{ "1.5s", ERROR_MALFORMED, 0, NULL },
		{ "-1s", ERROR_MALFORMED, 0, NULL },
		{ "1s2ms", ERROR_MALFORMED, 0, NULL },
		{ "1 s", ERROR_MALFORMED, 0, NULL },
		{ "99999999999d", ERROR_RANGE, 0, NULL },
		{ "99999999999999999999s", ERROR_RANGE, 0, NULL },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct duration d = { -1 };
		char text[DURATION_TEXT_MAX];

		assert_int_equal(duration_parse(rows[i].text, &d), rows[i].result);
		if (rows[i].result != 0)
			continue;
		assert_int_equal(d.ns, rows[i].ns);
		assert_string_equal(duration_format(d, text), rows[i].back);
	}
}

static void test_duration_round_trip(void **state)
{
	struct random random = { 5 };

	(void)state;
	for (int i = 0; i < 20000; i++) {
		struct duration d = { (
			int64_t)(random_u64(&random) >> (1 + random_below(&random, 62))) };
		struct duration back;
		char text[DURATION_TEXT_MAX];

		assert_int_equal(duration_parse(duration_format(d, text), &back), 0);
		assert_int_equal(back.ns, d.ns);
	}
}

static void test_wall(void **state)
{
	static const struct {
		int64_t ms;
		const char *text;
	} rows[] = {
		{ 0, "1970-01-01T00:00:00.000Z" },
		{ 951782400000, "2000-02-29T00:00:00.000Z" },
		{ 1767225599999, "2025-12-31T23:59:59.999Z" },
		{ 4107542400000, "2100-03-01T00:00:00.000Z" },
		{ -1, "1969-12-31T23:59:59.999Z" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char text[WALL_TEXT_MAX];

		assert_string_equal(
			wall_format((struct wall_time){ rows[i].ms * 1000000 }, text),
			rows[i].text);
	}
}

static void test_instants_saturate(void **state)
{
	struct instant late = { INT64_MAX - 5 };

	(void)state;
	assert_int_equal(instant_add(late, duration_seconds(1)).ns, INSTANT_NEVER.ns);
	assert_int_equal(instant_add(INSTANT_NEVER, duration_seconds(-1)).ns, INSTANT_NEVER.ns);
	assert_int_equal(instant_add((struct instant){ 10 }, duration_us(1)).ns, 1010);
}

static void test_text(void **state)
{
	struct text text = { 0 };

	(void)state;
	assert_string_equal(text_string(&text), "");
	for (int i = 0; i < 1000; i++)
		text_print(&text, "%d,", i % 10);
	assert_int_equal(text.length, 2000);
	assert_int_equal(strlen(text_string(&text)), 2000);
	text_reset(&text);
	text_add_bytes(&text, "abc", 2);
	assert_string_equal(text_string(&text), "ab");
	text_clear(&text);
}

static void test_distance(void **state)
{
	static const struct {
		const char *a, *b;
		unsigned distance;
	} rows[] = {
		{ "interval", "interval", 0 }, { "interval", "INTERVAL", 0 },
		{ "intervall", "interval", 1 }, { "adress", "address", 1 },
		{ "nieghbors", "neighbors", 2 }, { "", "abc", 3 }, { "kitten", "sitting", 3 },
		{ "abcdefgh", "zyxwvuts", 6 }, /* over the cap of 5 */
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_int_equal(text_distance(rows[i].a, rows[i].b, 5), rows[i].distance);
}

static void test_error(void **state)
{
	struct error error = { .line = 7 };

	(void)state;
	assert_int_equal(error_set(&error, ERROR_RANGE, "%d is too big", 9), ERROR_RANGE);
	assert_string_equal(error.text, "9 is too big");
	assert_int_equal(error.line, 7);
	assert_int_equal(error_system(&error, 98, "bind"), ERROR_SYSTEM);
	assert_int_equal(error.system_errno, 98);
	assert_int_equal(error_set(NULL, ERROR_FULL, "nobody reads this"), ERROR_FULL);
	assert_string_equal(error_name(ERROR_NOT_FOUND), "not-found");
	assert_string_equal(error_name((enum error_code) - 99), "unknown");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_duration),
		cmocka_unit_test(test_duration_round_trip),
		cmocka_unit_test(test_wall),
		cmocka_unit_test(test_instants_saturate),
		cmocka_unit_test(test_text),
		cmocka_unit_test(test_distance),
		cmocka_unit_test(test_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
