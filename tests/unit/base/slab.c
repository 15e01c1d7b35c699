/* SPDX-License-Identifier: Apache-2.0 */
/* The slab against a simple model: what every live object holds, and how much memory it takes.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/random.h"
#include "base/slab.h"

#define OBJECTS 4000

struct item {
	uint32_t reference;
	uint32_t size;
	uint8_t fill; /* of all its bytes */
};

static void item_take(struct slab *slab, struct item *item, uint32_t size, uint8_t fill)
{
	uint32_t reference = slab_take(slab, size);
	uint8_t *bytes;

	assert_int_not_equal(reference, SLAB_NONE);
	bytes = slab_at(slab, reference);
	assert_int_equal((uintptr_t)bytes % (size % 8 == 0 ? 8 : 4), 0);
	assert_true(slab_size(slab, reference) >= size);
	memset(bytes, fill, slab_size(slab, reference));
	*item = (struct item){ reference, size, fill };
}

static void item_check(const struct slab *slab, const struct item *item)
{
	const uint8_t *bytes = slab_at(slab, item->reference);

	for (size_t i = 0; i < slab_size(slab, item->reference); i++)
		assert_int_equal(bytes[i], item->fill);
}

static void item_give(struct slab *slab, struct item *item)
{
	item_check(slab, item);
	slab_give(slab, item->reference);
	item->reference = SLAB_NONE;
}

static void test_empty(void **state)
{
	struct slab slab = { 0 };

	(void)state;
	slab_give(&slab, SLAB_NONE);
	assert_int_equal(slab_bytes(&slab), 0);
	assert_int_equal(slab_take(&slab, SLAB_OBJECT_MAX + 1), SLAB_NONE);
	assert_int_equal(slab_bytes(&slab), 0);
	slab_clear(&slab);
}

/* Every size: room enough, aligned, and no more than the header says. */
static void test_sizes(void **state)
{
	struct slab slab = { 0 };

	(void)state;
	for (uint32_t size = 1; size <= SLAB_OBJECT_MAX; size += size < 9000 ? 1 : 1009) {
		struct item item;
		size_t room;

		item_take(&slab, &item, size, (uint8_t)size);
		room = slab_size(&slab, item.reference);
		assert_true(room >= size);
		if (size <= 1024 || size > 8192)
			assert_true(room < size + 4);
		else
			assert_true(room < size + size / 8 + 8);
		item_give(&slab, &item);
	}
	slab_clear(&slab);
}

static uint32_t size_random(struct random *random)
{
	switch (random_below(random, 40)) {
	case 0:
		return 1 + random_below(random, SLAB_OBJECT_MAX);
	case 1:
	case 2:
		return 1 + random_below(random, 9000);
	default:
		return 1 + random_below(random, 200);
	}
}

static void test_model(void **state)
{
	static struct item items[OBJECTS];
	struct random random = { 11 };

	(void)state;
	for (unsigned round = 0; round < 4; round++) {
		struct slab slab = { 0 };

		memset(items, 0, sizeof(items));
		for (unsigned step = 0; step < 40000; step++) {
			/* Phases of growth and decline. */
			bool grow = (step / 8000) % 2 == 0;
			struct item *item = &items[random_below(&random, OBJECTS)];

			if (item->reference != SLAB_NONE) {
				if (!grow || random_below(&random, 4) == 0)
					item_give(&slab, item);
				else
					item_check(&slab, item);
			} else if (grow || random_below(&random, 4) == 0) {
				item_take(&slab, item, size_random(&random), (uint8_t)step);
			}
		}
		for (unsigned i = 0; i < OBJECTS; i++)
			if (items[i].reference != SLAB_NONE && round % 2 == 0)
				item_give(&slab, &items[i]);
		/* Only the few pages that are kept for the next object. */
		if (round % 2 == 0)
			assert_true(slab.bytes <= 3 * SLAB_PAGE_BYTES);
		slab_clear(&slab);
		assert_int_equal(slab_bytes(&slab), 0);
	}
}

/* Live references are never the same, and a given one comes back. */
static void test_references(void **state)
{
	struct slab slab = { 0 };
	uint32_t *references = calloc(100000, sizeof(*references));
	uint32_t again;

	(void)state;
	assert_non_null(references);
	for (uint32_t i = 0; i < 100000; i++) {
		references[i] = slab_take(&slab, 12);
		assert_int_not_equal(references[i], SLAB_NONE);
		memcpy(slab_at(&slab, references[i]), &i, sizeof(i));
	}
	for (uint32_t i = 0; i < 100000; i++)
		assert_memory_equal(slab_at(&slab, references[i]), &i, sizeof(i));
	/* 12 bytes an object, and what a page has besides: no header, no link. */
	assert_true(slab_bytes(&slab) < 12 * 100000 + 2 * 65536);
	slab_give(&slab, references[50000]);
	again = slab_take(&slab, 10);
	assert_int_equal(again, references[50000]);
	free(references);
	slab_clear(&slab);
}

/* A table whose objects all move to the next size, one at a time, never needs both in full. */
static void test_page_reuse(void **state)
{
	enum { COUNT = 50000 };
	struct slab slab = { 0 };
	uint32_t *references = calloc(COUNT, sizeof(*references));
	size_t before, peak = 0;

	(void)state;
	assert_non_null(references);
	for (uint32_t i = 0; i < COUNT; i++)
		references[i] = slab_take(&slab, 32);
	before = slab.bytes;
	for (uint32_t size = 36; size <= 64; size += 4)
		for (uint32_t i = 0; i < COUNT; i++) {
			uint32_t next = slab_take(&slab, size);

			assert_int_not_equal(next, SLAB_NONE);
			slab_give(&slab, references[i]);
			references[i] = next;
			if (slab.bytes > peak)
				peak = slab.bytes;
		}
	assert_true(peak < before * 2 + before / 8);
	for (uint32_t i = 0; i < COUNT; i++)
		slab_give(&slab, references[i]);
	assert_true(slab.bytes <= 3 * SLAB_PAGE_BYTES);
	/* What is left serves another class before libc is asked. */
	before = slab.bytes;
	references[0] = slab_take(&slab, 100);
	assert_int_equal(slab.bytes, before);
	free(references);
	slab_clear(&slab);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_empty),
		cmocka_unit_test(test_sizes),
		cmocka_unit_test(test_model),
		cmocka_unit_test(test_references),
		cmocka_unit_test(test_page_reuse),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
