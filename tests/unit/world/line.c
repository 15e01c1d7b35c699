/* SPDX-License-Identifier: Apache-2.0 */
/* Delay, rate, queue and loss in virtual time. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "world/line.h"

static const struct instant start = { 1000000000 };

static struct instant at_us(int64_t us)
{
	return instant_add(start, duration_us(us));
}

static int64_t out_us(struct line *line, int64_t in_us, size_t bytes)
{
	struct instant out;

	if (!line_take(line, at_us(in_us), bytes, &out))
		return -1;
	return instant_since(out, start).ns / 1000;
}

static void delay_alone(void **state)
{
	const struct line_settings settings = { .delay_ns = 40000000 };
	struct line line;

	(void)state;
	line_init(&line, &settings, 1);
	for (int64_t i = 0; i < 1000; i++)
		assert_int_equal(i + 40000, out_us(&line, i, 1500));
	assert_int_equal(1000, line.counters.frames);
	assert_int_equal(1500000, line.counters.bytes);
}

static void rate_is_time(void **state)
{
	/* 12 Mbit/s: 1500 bytes a millisecond. */
	const struct line_settings settings = { .delay_ns = 5000000, .rate_bps = 12000000 };
	struct line line;

	(void)state;
	line_init(&line, &settings, 1);
	assert_int_equal(6000, out_us(&line, 0, 1500));
	assert_int_equal(7000, out_us(&line, 0, 1500));
	assert_int_equal(7500, out_us(&line, 1900, 750));
	/* It was idle since. */
	assert_int_equal(16000, out_us(&line, 10000, 1500));
}

static void queue_is_bounded(void **state)
{
	const struct line_settings settings = { .rate_bps = 12000000, .queue_bytes = 15000 };
	struct line line;
	int taken = 0;

	(void)state;
	line_init(&line, &settings, 1);
	for (int i = 0; i < 100; i++)
		taken += out_us(&line, 0, 1500) >= 0;
	/* Ten wait, and the one that comes when ten wait. */
	assert_int_equal(11, taken);
	assert_int_equal(89, line.counters.dropped);
	assert_true(out_us(&line, 2000, 1500) > 0);
}

static void loss_is_by_chance(void **state)
{
	const struct line_settings settings = { .loss_ppm = 50000 };
	struct line line;
	int lost = 0;

	(void)state;
	line_init(&line, &settings, 7);
	for (int i = 0; i < 100000; i++)
		lost += out_us(&line, i, 100) < 0;
	/* 5,000 expected, standard deviation 69. */
	assert_in_range(lost, 4650, 5350);
	assert_int_equal(lost, line.counters.lost);
}

static void nobody_overtakes(void **state)
{
	const struct line_settings far = { .delay_ns = 50000000 },
				   near = { .delay_ns = 1000000 };
	struct line line;
	int64_t first;

	(void)state;
	line_init(&line, &far, 1);
	first = out_us(&line, 0, 100);
	line_change(&line, &near);
	assert_int_equal(50000, first);
	assert_int_equal(50000, out_us(&line, 10, 100));
	assert_int_equal(61000, out_us(&line, 60000, 100));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(delay_alone),
		cmocka_unit_test(rate_is_time),
		cmocka_unit_test(queue_is_bounded),
		cmocka_unit_test(loss_is_by_chance),
		cmocka_unit_test(nobody_overtakes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
