/* SPDX-License-Identifier: Apache-2.0 */
/* Histograms: exact where they promise it, beside an exact sort elsewhere. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "base/random.h"
#include "world/histogram.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static void test_small_numbers_are_exact(void **state)
{
	static const struct {
		uint64_t values[8];
		size_t count;
		unsigned permille;
		uint64_t quantile, mean;
	} rows[] = {
		{ { 0 }, 0, 500, 0, 0 },
		{ { 7 }, 1, 0, 7, 7 },
		{ { 7 }, 1, 500, 7, 7 },
		{ { 7 }, 1, 1000, 7, 7 },
		{ { 1, 2, 3 }, 3, 500, 2, 2 },
		{ { 3, 1, 2, 4 }, 4, 500, 2, 2 },
		{ { 3, 1, 2, 4 }, 4, 501, 3, 2 },
		{ { 3, 1, 2, 4 }, 4, 1000, 4, 2 },
		{ { 63, 63, 0, 63 }, 4, 250, 0, 47 },
		{ { 5, 5, 5, 5, 5, 5, 5, 60 }, 8, 950, 60, 11 },
		{ { 5, 5, 5, 5, 5, 5, 5, 60 }, 8, 875, 5, 11 },
		/* one number is exact however large: it is the least and the greatest */
		{ { UINT64_MAX }, 1, 500, UINT64_MAX, UINT64_MAX },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct histogram h = { 0 };

		for (size_t j = 0; j < rows[i].count; j++)
			histogram_add(&h, rows[i].values[j]);
		if (histogram_quantile(&h, rows[i].permille) != rows[i].quantile ||
			histogram_mean(&h) != rows[i].mean)
			fail_msg("row %zu", i);
	}
}

static int compare(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

static void expect_near(uint64_t value, uint64_t exact)
{
	uint64_t off = value > exact ? value - exact : exact - value;

	if (off > exact / 128)
		fail_msg("%llu is too far from %llu", (unsigned long long)value,
			(unsigned long long)exact);
}

static void test_quantiles_beside_a_sort(void **state)
{
	static const unsigned permilles[] = { 0, 1, 10, 250, 500, 900, 950, 990, 999, 1000 };
	static uint64_t values[20000];
	struct random random = { 5 };

	(void)state;
	for (unsigned round = 0; round < 40; round++) {
		static struct histogram h;
		size_t count = 1 + random_below(&random, COUNT(values));

		histogram_clear(&h);
		for (size_t i = 0; i < count; i++) {
			/* every size of number that is not saturated */
			values[i] = random_u64(&random) >> (22 + random_below(&random, 42));
			histogram_add(&h, values[i]);
		}
		qsort(values, count, sizeof(values[0]), compare);
		for (size_t i = 0; i < COUNT(permilles); i++) {
			size_t rank = (count * permilles[i] + 999) / 1000;

			expect_near(histogram_quantile(&h, permilles[i]),
				values[rank == 0 ? 0 : rank - 1]);
		}
		assert_int_equal(h.least, values[0]);
		assert_int_equal(h.greatest, values[count - 1]);
	}
}

static void test_merge_is_as_if_added(void **state)
{
	static struct histogram all, a, b, empty;
	struct random random = { 6 };

	(void)state;
	for (unsigned i = 0; i < 5000; i++) {
		uint64_t value = random_u64(&random) >> random_below(&random, 64);

		histogram_add(&all, value);
		histogram_add(random_below(&random, 3) == 0 ? &a : &b, value);
	}
	histogram_merge(&a, &empty);
	histogram_merge(&a, &b);
	assert_memory_equal(&a, &all, sizeof(a));
	histogram_merge(&empty, &a);
	assert_memory_equal(&empty, &all, sizeof(a));
}

/* Beyond the last bucket nothing is lost but precision. */
static void test_saturation(void **state)
{
	static struct histogram h;

	(void)state;
	histogram_add(&h, 1);
	histogram_add(&h, (uint64_t)1 << 60);
	histogram_add(&h, UINT64_MAX);
	assert_int_equal(h.count, 3);
	assert_int_equal(h.sum, UINT64_MAX);
	assert_int_equal(histogram_quantile(&h, 1000), UINT64_MAX);
	assert_true(histogram_quantile(&h, 500) >= (uint64_t)1 << 41);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_small_numbers_are_exact),
		cmocka_unit_test(test_quantiles_beside_a_sort),
		cmocka_unit_test(test_merge_is_as_if_added),
		cmocka_unit_test(test_saturation),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
