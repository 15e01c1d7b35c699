/* SPDX-License-Identifier: Apache-2.0 */
/* From lines to steps; and lines that are none. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "world/scenario.h"

static void lines_become_steps(void **state)
{
	static const char text[] =
		"# a comment\n\nsay  the service of ams dies\npace 1ms\nbreak ams/service\n"
		"break berlin-north-ams silently\nwait 2s\nprepend ams 3\n"
		"flood lagos 2000/s for 500ms\nrun ams nearcast status --json\n"
		"expect all served within 500ms\nexpect nothing lost\nexpect at most 20 lost\n"
		"expect outage at most 60ms\nexpect catchment of berlin is ams or nyc or sao\n"
		"expect osaka shared by tyo-1 and tyo-2\nexpect ams serves nobody\n"
		"expect flood of lagos only at jnb\n  show catchment  ";
	struct scenario s = { 0 };
	struct error error = { 0 };

	(void)state;
	assert_int_equal(0, scenario_read("s", text, &s, &error));
	assert_int_equal(17, s.count);
	assert_int_equal(STEP_SAY, s.steps[0].kind);
	assert_string_equal("the service of ams dies", s.steps[0].sites[0]);
	assert_int_equal(3, s.steps[0].line);
	assert_int_equal(1000000, s.steps[1].ns);
	assert_string_equal("ams/service", s.steps[2].what);
	assert_false(s.steps[2].silently);
	assert_true(s.steps[3].silently);
	assert_int_equal(2000000000, s.steps[4].ns);
	assert_int_equal(3, s.steps[5].number);
	assert_int_equal(2000, s.steps[6].number);
	assert_int_equal(500000000, s.steps[6].ns);
	assert_string_equal("nearcast status --json", s.steps[7].sites[0]);
	assert_int_equal(0, s.steps[9].number);
	assert_int_equal(20, s.steps[10].number);
	assert_int_equal(STEP_EXPECT_CATCHMENT, s.steps[12].kind);
	assert_string_equal("berlin", s.steps[12].what);
	assert_int_equal(3, s.steps[12].site_count);
	assert_string_equal("sao", s.steps[12].sites[2]);
	assert_int_equal(2, s.steps[13].site_count);
	assert_int_equal(STEP_SHOW, s.steps[16].kind);
	assert_true(scenario_changes(STEP_BREAK));
	assert_false(scenario_changes(STEP_WAIT));
	assert_true(scenario_expects(STEP_EXPECT_FLOOD));
	scenario_clear(&s);
}

static void mistakes_are_told(void **state)
{
	static const struct {
		const char *line, *hint;
	} table[] = {
		{ "explode ams", "steps begin with" },
		{ "break", "break ams/service" },
		{ "break ams loudly", "break ams/service" },
		{ "wait long", "wait 500ms" },
		{ "wait 5", "wait 500ms" },
		{ "prepend ams often", "prepend ams 3" },
		{ "expect at most many lost", "at most 20 lost" },
		{ "expect catchment of berlin is", "expect catchment of berlin is ams" },
		{ "expect", "expect" },
		{ "flood lagos 2000 for 2s", "2000/s" },
		{ "wait 99999999999999999999s", "wait 500ms" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		struct scenario s = { 0 };
		struct error error = { 0 };
		char text[128] = "wait 1ms\n";

		strcat(text, table[i].line);
		assert_int_equal(ERROR_MALFORMED, scenario_read("file", text, &s, &error));
		assert_int_equal(2, error.line);
		assert_string_equal("file", error.file);
		if (strstr(error.hint, table[i].hint) == NULL)
			fail_msg("%s: '%s'", table[i].line, error.hint);
		scenario_clear(&s);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lines_become_steps),
		cmocka_unit_test(mistakes_are_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
