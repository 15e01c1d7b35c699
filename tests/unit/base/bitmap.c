/* SPDX-License-Identifier: Apache-2.0 */
/* The two-level bitmap against an array of flags. */
#include "base/bitmap.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/random.h"

#define BOUND 20000u

static void agrees(const struct bitmap *bitmap, const bool *flags)
{
	uint32_t count = 0, at = bitmap_next(bitmap, 0);

	for (uint32_t i = 0; i < BOUND; i++) {
		assert_int_equal(bitmap_has(bitmap, i), flags[i]);
		if (!flags[i])
			continue;
		assert_int_equal(at, i);
		at = bitmap_next(bitmap, i + 1);
		count++;
	}
	assert_int_equal(at, BITMAP_NONE);
	assert_int_equal(bitmap->count, count);
}

static void is_a_set(void **state)
{
	static bool flags[BOUND];
	struct random random = { 7 };
	struct bitmap bitmap = { 0 };

	(void)state;
	assert_int_equal(bitmap_next(&bitmap, 0), BITMAP_NONE);
	bitmap_unset(&bitmap, 5);
	for (int round = 0; round < 60; round++) {
		/* From a few numbers to most of them, and back. */
		uint32_t changes = 1u << (round % 15);
		bool set = round % 2 == 0;

		for (uint32_t i = 0; i < changes; i++) {
			uint32_t number = random_below(&random, BOUND);

			flags[number] = set;
			if (set)
				assert_int_equal(bitmap_set(&bitmap, number), 0);
			else
				bitmap_unset(&bitmap, number);
		}
		agrees(&bitmap, flags);
	}
	bitmap_clear(&bitmap);
	assert_int_equal(bitmap.count, 0);
	assert_false(bitmap_has(&bitmap, 3));
}

static void edges(void **state)
{
	static const uint32_t numbers[] = { 0, 63, 64, 4095, 4096, 4097, 262143, 1000000 };
	struct bitmap bitmap = { 0 };
	uint32_t at = 0;

	(void)state;
	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
		assert_int_equal(bitmap_set(&bitmap, numbers[i]), 0);
	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
		assert_int_equal(bitmap_next(&bitmap, at), numbers[i]);
		at = numbers[i] + 1;
	}
	assert_int_equal(bitmap_next(&bitmap, at), BITMAP_NONE);
	assert_int_equal(bitmap_next(&bitmap, 4000000000u), BITMAP_NONE);
	bitmap_clear(&bitmap);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(is_a_set),
		cmocka_unit_test(edges),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
