/* SPDX-License-Identifier: Apache-2.0 */
/* Delays by distance. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "world/distance.h"

static void test_delay(void **state)
{
	const struct plan_city *ams = plan_city_find("ams"), *nyc = plan_city_find("New York");

	(void)state;
	assert_non_null(ams);
	assert_non_null(nyc);
	assert_int_equal(0, world_delay_ns(ams->place, ams->place));
	/* 5,860 km. */
	assert_in_range(world_delay_ns(ams->place, nyc->place), 36000000, 37500000);
	assert_int_equal(
		world_delay_ns(ams->place, nyc->place), world_delay_ns(nyc->place, ams->place));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_delay),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
