/* SPDX-License-Identifier: Apache-2.0 */
/* The clocks: one that only rises, one that people read, and the way from one to the other. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "os/clock.h"

static void monotonic_never_falls(void **state)
{
	struct instant before = clock_now();

	(void)state;
	for (int i = 0; i < 1000; i++) {
		struct instant now = clock_now();

		assert_true(instant_is_set(now));
		assert_false(instant_before(now, before));
		before = now;
	}
}

static void wall_of_an_instant(void **state)
{
	struct instant minute_ago = { clock_now().ns - duration_seconds(60).ns };
	int64_t distance = clock_wall().ns - clock_wall_of(minute_ago).ns;

	(void)state;
	assert_in_range(distance, duration_ms(59000).ns, duration_ms(61000).ns);
	/* After 2020 and before 2200: it is a wall clock. */
	assert_in_range(clock_wall().ns / 1000000000, 1577836800, 7258118400);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(monotonic_never_falls),
		cmocka_unit_test(wall_of_an_instant),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
