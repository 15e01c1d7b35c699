/* SPDX-License-Identifier: Apache-2.0 */
/* Sketches against exact counts; buckets in virtual time. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "balance/sketch.h"
#include "base/error.h"
#include "base/random.h"

static const struct hash_seed seed = { 1, 2 };

#define KEYS 20000u

/* A few keys have much, many have little: 1/n, as real sources. */
static uint32_t key_draw(struct random *random)
{
	return random_below(random, 1 + random_below(random, KEYS));
}

static void test_estimates(void **state)
{
	uint32_t *exact = calloc(KEYS, sizeof(*exact));
	struct random random = { 1 };
	struct sketch sketch;
	uint64_t total = 0, too_much = 0;

	(void)state;
	assert_non_null(exact);
	assert_int_equal(sketch_init(&sketch, 4000, &seed), 0);
	assert_int_equal(sketch.width, 4096);
	for (unsigned i = 0; i < 200000; i++) {
		uint32_t key = key_draw(&random);

		exact[key]++;
		total++;
		sketch_add(&sketch, &key, sizeof(key), 1);
	}
	assert_int_equal(sketch.total, total);
	for (uint32_t key = 0; key < KEYS; key++) {
		uint64_t said = sketch_estimate(&sketch, &key, sizeof(key));

		assert_true(said >= exact[key]);
		/* e * total / width = 133; at most e^-4 of the keys may be beyond. */
		too_much += said > exact[key] + 133;
	}
	assert_true(too_much <= KEYS * 2 / 100);
	sketch_decay(&sketch);
	assert_int_equal(sketch.total, total / 2);
	sketch_reset(&sketch);
	assert_int_equal(sketch_estimate(&sketch, &total, sizeof(total)), 0);
	sketch_clear(&sketch);
	free(exact);
}

/* Twenty heavy sources among a million light ones are found, heaviest first. */
static void test_heavy(void **state)
{
	struct heavy *heavy = malloc(sizeof(*heavy));
	struct heavy_key top[HEAVY_MAX];
	struct random random = { 2 };

	(void)state;
	assert_non_null(heavy);
	assert_int_equal(heavy_init(heavy, 32, 1 << 16, &seed), 0);
	for (unsigned i = 0; i < 300000; i++) {
		uint32_t key =
			i % 10 == 0 ? (i / 10) % 20 : 1000 + random_below(&random, 1000000);

		heavy_add(heavy, &key, sizeof(key), key < 20 ? 20 - key : 1);
	}
	assert_int_equal(heavy_top(heavy, 20, top), 20);
	for (unsigned i = 0; i < 20; i++) {
		uint32_t key;

		memcpy(&key, top[i].bytes, sizeof(key));
		assert_int_equal(top[i].length, sizeof(key));
		assert_int_equal(key, i);
		assert_in_range(top[i].amount, 1500 * (20 - i), 1500 * (20 - i) + 60);
	}
	heavy_decay(heavy);
	assert_int_equal(heavy_top(heavy, 1, top), 1);
	assert_in_range(top[0].amount, 15000, 15030);
	heavy_reset(heavy);
	assert_int_equal(heavy_top(heavy, 5, top), 0);
	heavy_clear(heavy);
	free(heavy);
}

static void test_bucket_rate(void **state)
{
	struct buckets buckets;
	uint32_t key = 5;
	unsigned passed = 0;

	(void)state;
	assert_int_equal(buckets_init(&buckets, 1024, 100, 10, &seed), 0);
	/* Ten seconds of 1,000 a second: the burst and then the rate. */
	for (int64_t ms = 0; ms < 10000; ms++)
		passed += buckets_take(
			&buckets, &key, sizeof(key), 1, (struct instant){ 1 + ms * 1000000 });
	assert_in_range(passed, 1008, 1010);
	/* After a rest the burst is there again, and not more. */
	for (passed = 0;
		buckets_take(&buckets, &key, sizeof(key), 1, (struct instant){ 100000000000 });)
		passed++;
	assert_int_equal(passed, 10);
	buckets_clear(&buckets);
}

/* A thousand sources far beyond their rate do not harm the others. */
static void test_bucket_neighbours(void **state)
{
	struct buckets buckets;
	unsigned refused = 0;

	(void)state;
	assert_int_equal(buckets_init(&buckets, 1 << 16, 100, 10, &seed), 0);
	for (uint32_t key = 0; key < 1000; key++)
		for (unsigned i = 0; i < 50; i++)
			(void)buckets_take(
				&buckets, &key, sizeof(key), 1, (struct instant){ 1 });
	for (uint32_t key = 1000; key < 21000; key++)
		refused += !buckets_take(&buckets, &key, sizeof(key), 1, (struct instant){ 1 });
	assert_int_equal(refused, 0);
	buckets_clear(&buckets);
}

static void test_limits(void **state)
{
	struct sketch sketch;
	struct buckets buckets;
	struct heavy *heavy = malloc(sizeof(*heavy));
	uint32_t key = 1;

	(void)state;
	assert_non_null(heavy);
	assert_int_equal(sketch_init(&sketch, 15, &seed), ERROR_RANGE);
	assert_int_equal(sketch_init(&sketch, (1u << 24) + 1, &seed), ERROR_RANGE);
	assert_int_equal(heavy_init(heavy, HEAVY_MAX + 1, 16, &seed), ERROR_RANGE);
	assert_int_equal(buckets_init(&buckets, 16, 0, 1, &seed), ERROR_RANGE);
	assert_int_equal(buckets_init(&buckets, 16, 1, 0, &seed), ERROR_RANGE);
	assert_int_equal(sketch_init(&sketch, 16, &seed), 0);
	/* Sums stay at the most that fits. */
	sketch_add(&sketch, &key, sizeof(key), UINT64_MAX - 1);
	assert_true(sketch_add(&sketch, &key, sizeof(key), 5) == UINT64_MAX);
	sketch_clear(&sketch);
	sketch_clear(NULL);
	buckets_clear(NULL);
	free(heavy);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_estimates),
		cmocka_unit_test(test_heavy),
		cmocka_unit_test(test_bucket_rate),
		cmocka_unit_test(test_bucket_neighbours),
		cmocka_unit_test(test_limits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
