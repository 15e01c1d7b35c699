/* SPDX-License-Identifier: Apache-2.0 */
/* What follows from observations, and what does not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "plan/preference.h"

static const struct plan_observation seen[] = {
	{ 30, 1, 0, 1 }, /* 30: 0 over 1 over 2; 4 over 5 */
	{ 10, 1, 0, 1 }, /* 10: around in a circle */
	{ 30, 2, 1, 2 },
	{ 10, 2, 1, 2 },
	{ 10, 3, 2, 0 },
	{ 30, 3, 4, 5 },
	{ 20, 1, 1, 0 }, /* 20: 1 over 0, once otherwise */
	{ 20, 2, 0, 1 },
	{ 20, 3, 63, 1 },
};

static const struct row {
	uint32_t asn;
	uint8_t a, b;
	uint16_t without;
	int prefers;
} rows[] = {
	{ 30, 0, 1, UINT16_MAX, 1 },
	{ 30, 1, 0, UINT16_MAX, -1 },
	{ 30, 0, 2, UINT16_MAX, 1 },
	{ 30, 2, 0, UINT16_MAX, -1 },
	{ 30, 0, 2, 1, 0 },
	{ 30, 1, 2, 1, 1 },
	{ 30, 0, 4, UINT16_MAX, 0 },
	{ 30, 5, 4, UINT16_MAX, -1 },
	{ 30, 5, 5, UINT16_MAX, 0 },
	{ 30, 0, 64, UINT16_MAX, 0 },
	{ 10, 0, 1, UINT16_MAX, 0 },
	{ 10, 0, 2, 3, 1 },
	{ 20, 0, 1, UINT16_MAX, 0 },
	{ 20, 0, 1, 1, 1 },
	{ 20, 0, 1, 2, -1 },
	{ 20, 63, 0, 2, 1 },
	{ 5, 0, 1, UINT16_MAX, 0 },
	{ 15, 0, 1, UINT16_MAX, 0 },
	{ 40, 0, 1, UINT16_MAX, 0 },
};

static void follows(void **state)
{
	struct plan_preferences p = { 0 };

	(void)state;
	assert_int_equal(plan_prefers(&p, 30, 0, 1, UINT16_MAX), 0);
	for (size_t i = 0; i < sizeof(seen) / sizeof(seen[0]); i++)
		assert_int_equal(plan_preferences_add(&p, &seen[i], NULL), 0);
	plan_preferences_sort(&p);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_int_equal(
			plan_prefers(&p, rows[i].asn, rows[i].a, rows[i].b, rows[i].without),
			rows[i].prefers);
	plan_preferences_clear(&p);
}

static void refuses(void **state)
{
	struct plan_preferences p = { 0 };

	(void)state;
	assert_int_equal(
		plan_preferences_add(&p, &(struct plan_observation){ 1, 1, 64, 0 }, NULL),
		ERROR_RANGE);
	assert_int_equal(
		plan_preferences_add(&p, &(struct plan_observation){ 1, 1, 3, 3 }, NULL),
		ERROR_RANGE);
	assert_int_equal(p.count, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(follows),
		cmocka_unit_test(refuses),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
