/* SPDX-License-Identifier: Apache-2.0 */
/* One check: rows of results as text, one letter a result, and the states that follow. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "service/check.h"

static const struct instant t0 = { 1000000000 };

static const struct check_settings defaults = {
	.interval = { 1000000000 },
	.fast_interval = { 200000000 },
	.timeout = { 500000000 },
	.rise = 3,
	.fall = 2,
};

/* g good, d degraded, b bad, B bad and conclusive, u unknown. */
static struct check_result result_of(char letter)
{
	struct check_result result = { .evidence = "" };

	result.outcome = letter == 'g'   ? OUTCOME_GOOD
			 : letter == 'd' ? OUTCOME_DEGRADED
			 : letter == 'u' ? OUTCOME_UNKNOWN
					 : OUTCOME_BAD;
	result.conclusive = letter == 'B';
	return result;
}

/* I init, R rising, U up, D degraded, F falling, X down, ? unknown. */
static char letter_of(enum check_state state)
{
	return "IRUDFX?"[state];
}

static const struct {
	const char *results, *states;
	bool invert;
} rows[] = {
	{ "ggg", "RRU", false },
	{ "ggbggg", "RRXRRU", false },
	{ "b", "X", false },
	{ "ggggbgbb", "RRUUFUFX", false },
	{ "gggB", "RRUX", false },
	{ "gggbBggg", "RRUFXRRU", false },
	{ "gggdg", "RRUDU", false },
	{ "ddd", "RRD", false },
	{ "gdg", "RRU", false },
	{ "gggdbdbb", "RRUDFDFX", false },
	{ "gggug", "RRU?U", false },
	{ "gggubb", "RRU?FX", false },
	{ "uggg", "?RRU", false },
	{ "gggbub", "RRUF?X", false },
	{ "bbb", "RRU", true },
	{ "bbbg", "RRUF", true },
	{ "BBBgB", "RRUFU", true },
};

static void test_rows(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct check_settings settings = defaults;
		struct check_machine machine;
		char said[32] = "";
		struct instant now = t0;

		settings.invert = rows[i].invert;
		check_machine_init(&machine, &settings, t0, (struct duration){ 0 });
		for (size_t j = 0; rows[i].results[j] != '\0'; j++) {
			struct check_result result = result_of(rows[i].results[j]);
			enum check_state before = machine.state;
			bool changed;

			now = machine.next_due;
			changed = check_machine_result(&machine, &result, now, now);
			assert_int_equal(changed, machine.state != before);
			if (changed)
				assert_int_equal(machine.since.ns, now.ns);
			said[j] = letter_of(machine.state);
		}
		assert_string_equal(said, rows[i].states);
	}
}

/* The next probe: from start to start, faster where the result is not settled, while falling
 * from end to start; never in the past. */
static void test_due(void **state)
{
	static const struct {
		const char *results;
		int64_t took_ms, next_ms; /* the last probe's; from its start */
	} cases[] = {
		{ "g", 1, 200 },
		{ "ggg", 1, 1000 },
		{ "gggb", 1, 201 },
		{ "gggb", 500, 700 }, /* falling: from end to start */
		{ "gggbb", 1, 1000 },
		{ "u", 1, 200 },
		{ "ggg", 1500, 1500 },
		{ "g", 500, 500 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct check_machine machine;
		struct instant started = t0;

		check_machine_init(&machine, &defaults, t0, duration_ms(77));
		assert_int_equal(machine.next_due.ns, instant_add(t0, duration_ms(77)).ns);
		for (size_t j = 0; cases[i].results[j] != '\0'; j++) {
			struct check_result result = result_of(cases[i].results[j]);

			started = machine.next_due;
			(void)check_machine_result(&machine, &result, started,
				instant_add(started, duration_ms(cases[i].took_ms)));
		}
		assert_int_equal(duration_to_ms(instant_since(machine.next_due, started)),
			cases[i].next_ms);
	}
}

static void test_hurry_and_change(void **state)
{
	struct check_settings slow = defaults;
	struct check_machine machine;
	struct check_result good = result_of('g');

	(void)state;
	slow.rise = 1;
	slow.interval = duration_seconds(3600);
	check_machine_init(&machine, &slow, t0, (struct duration){ 0 });
	(void)check_machine_result(&machine, &good, t0, t0);
	assert_int_equal(machine.state, CHECK_STATE_UP);
	assert_int_equal(machine.next_due.ns, instant_add(t0, slow.interval).ns);
	/* A reload to a shorter interval is not slept through; the state stays. */
	check_machine_change(&machine, &defaults, t0);
	assert_int_equal(machine.state, CHECK_STATE_UP);
	assert_int_equal(machine.next_due.ns, instant_add(t0, defaults.interval).ns);
	check_machine_hurry(&machine, t0);
	assert_int_equal(machine.next_due.ns, t0.ns);
	check_machine_hurry(&machine, instant_add(t0, duration_ms(5)));
	assert_int_equal(machine.next_due.ns, t0.ns);
}

/* Whatever a check's first moment, its probes settle on the beat, and stay there. */
static void test_align(void **state)
{
	const struct duration second = defaults.interval;
	const int64_t phases_ms[] = { 0, 250, 999 };

	(void)state;
	for (size_t i = 0; i < 3 * 40; i++) {
		struct duration phase = duration_ms(phases_ms[i % 3]);
		struct instant begun = instant_add(t0, duration_ms((int64_t)i * 37));
		struct check_machine machine;
		struct instant started = begun;

		check_machine_init(&machine, &defaults, begun, (struct duration){ 0 });
		for (unsigned j = 0; j < 10; j++) {
			struct check_result good = result_of('g');
			struct instant now, due;

			started = machine.next_due;
			now = instant_add(started, duration_ms(1));
			(void)check_machine_result(&machine, &good, started, now);
			due = machine.next_due;
			check_machine_align(&machine, phase, now);
			assert_true(machine.next_due.ns <= due.ns);
			assert_true(machine.next_due.ns >= now.ns);
			if (j < 2) /* not settled yet: the fast interval is kept */
				assert_int_equal(machine.next_due.ns, due.ns);
			if (j > 3)
				assert_int_equal(
					instant_since(machine.next_due, started).ns, second.ns);
		}
		assert_int_equal((machine.next_due.ns - phase.ns) % second.ns, 0);
	}
}

/* A long probe that ends behind the beat does not begin another one at once. */
static void test_align_late(void **state)
{
	struct check_machine machine;
	struct check_result bad = result_of('b');
	struct instant started = instant_add(t0, duration_ms(900));
	struct instant ended = instant_add(started, duration_ms(300));

	(void)state;
	check_machine_init(&machine, &defaults, started, (struct duration){ 0 });
	(void)check_machine_result(&machine, &bad, started, ended);
	assert_int_equal(machine.state, CHECK_STATE_DOWN);
	check_machine_align(&machine, (struct duration){ 0 }, ended);
	assert_int_equal(machine.next_due.ns, instant_add(started, defaults.interval).ns);
}

static void test_names(void **state)
{
	(void)state;
	assert_string_equal(check_state_name(CHECK_STATE_RISING), "rising");
	assert_string_equal(check_state_name((enum check_state)99), "invalid");
	assert_string_equal(check_outcome_name(OUTCOME_DEGRADED), "degraded");
	assert_string_equal(check_outcome_name((enum check_outcome)99), "invalid");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows),
		cmocka_unit_test(test_due),
		cmocka_unit_test(test_hurry_and_change),
		cmocka_unit_test(test_align),
		cmocka_unit_test(test_align_late),
		cmocka_unit_test(test_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
