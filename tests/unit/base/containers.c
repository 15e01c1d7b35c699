/* SPDX-License-Identifier: Apache-2.0 */
/* Hash table, heap, arena and cursors against simple models, with seeded random operations. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/bytes.h"
#include "base/hash.h"
#include "base/heap.h"
#include "base/list.h"
#include "base/random.h"

static void test_hash_depends_on_all(void **state)
{
	struct hash_seed a = { 1, 2 }, b = { 1, 3 };
	uint8_t bytes[33] = { 0 };
	uint64_t seen[34];

	(void)state;
	for (size_t length = 0; length <= 33; length++) {
		seen[length] = hash_bytes(&a, bytes, length);
		assert_true(seen[length] != hash_bytes(&b, bytes, length));
		for (size_t earlier = 0; earlier < length; earlier++)
			assert_true(seen[earlier] != seen[length]);
	}
	for (size_t i = 0; i < sizeof(bytes); i++) {
		bytes[i] = 1;
		assert_true(hash_bytes(&a, bytes, sizeof(bytes)) != seen[33]);
		bytes[i] = 0;
	}
}

struct item {
	struct hash_node node;
	unsigned key;
	int present;
};

static struct item *item_find(struct hash_table *table, uint64_t hash, unsigned key)
{
	for (struct hash_node *n = hash_first(table, hash); n != NULL; n = hash_next(n))
		if (container_of(n, struct item, node)->key == key)
			return container_of(n, struct item, node);
	return NULL;
}

static void test_hash_table(void **state)
{
	static struct item items[3000];
	struct hash_table table = { 0 };
	struct random random = { 7 };
	size_t present = 0;

	(void)state;
	for (unsigned i = 0; i < 3000; i++)
		items[i] = (struct item){ .key = i };
	for (int step = 0; step < 60000; step++) {
		/* The first half grows, the second shrinks; 16 keys share a hash. */
		unsigned key = random_below(&random, 3000);
		struct item *item = &items[key];
		uint64_t hash = key / 16 * 0x9e3779b97f4a7c15u;
		int want = random_below(&random, 100) < (step < 30000 ? 80u : 20u);

		assert_int_equal(item_find(&table, hash, key) == item, item->present);
		if (want && !item->present) {
			assert_int_equal(hash_insert(&table, &item->node, hash), 0);
			present++;
		} else if (!want && item->present) {
			hash_remove(&table, &item->node);
			present--;
		}
		item->present = want;
		assert_int_equal(table.count, present);
	}
	struct hash_iterator iterator = { 0 };
	struct hash_node *node;
	size_t seen = 0;

	while ((node = hash_iterate(&table, &iterator)) != NULL) {
		hash_remove(&table, node);
		seen++;
	}
	assert_int_equal(seen, present);
	assert_int_equal(table.count, 0);
	hash_table_clear(&table);
}

static void test_heap(void **state)
{
	static struct heap_node nodes[500];
	struct heap heap = { 0 };
	struct random random = { 11 };

	(void)state;
	for (int step = 0; step < 50000; step++) {
		struct heap_node *node = &nodes[random_below(&random, 500)];
		struct instant least = INSTANT_NEVER;

		if (random_below(&random, 3) == 0)
			heap_remove(&heap, node);
		else
			assert_int_equal(
				heap_set(&heap, node,
					(struct instant){ 1 + random_below(&random, 1000) }),
				0);
		if (step % 50 != 0)
			continue;
		for (size_t i = 0; i < 500; i++)
			if (nodes[i].position != 0)
				least = instant_earlier(least, nodes[i].when);
		if (heap_first(&heap) == NULL)
			assert_int_equal(least.ns, INSTANT_NEVER.ns);
		else
			assert_int_equal(heap_first(&heap)->when.ns, least.ns);
	}
	heap_clear(&heap);
	for (size_t i = 0; i < 500; i++)
		assert_int_equal(nodes[i].position, 0);
}

static void test_arena(void **state)
{
	struct arena arena = { .limit = 100000 };
	struct random random = { 3 };
	uint8_t *taken[200];
	size_t sizes[200];

	(void)state;
	for (int round = 0; round < 20; round++) {
		for (unsigned i = 0; i < 200; i++) {
			sizes[i] = random_below(&random, i == 77 ? 9000 : 300);
			taken[i] = arena_take(&arena, sizes[i]);
			assert_non_null(taken[i]);
			for (size_t b = 0; b < sizes[i]; b++)
				assert_int_equal(taken[i][b], 0);
			memset(taken[i], (int)i, sizes[i]);
		}
		for (unsigned i = 0; i < 200; i++)
			for (size_t b = 0; b < sizes[i]; b++)
				assert_int_equal(taken[i][b], (uint8_t)i);
		assert_null(arena_take(&arena, 100001));
		assert_null(arena_take_array(&arena, SIZE_MAX / 2, 3));
		arena_reset(&arena);
		assert_int_equal(arena.used, 0);
	}
	assert_string_equal(arena_format(&arena, "%s-%d", "dns", 2), "dns-2");
	arena_clear(&arena);
}

static void test_cursor(void **state)
{
	static const uint8_t bytes[] = { 1, 2, 3, 4, 5, 6, 7, 8, 9, 10 };
	struct cursor c = cursor_of(bytes, sizeof(bytes));
	struct cursor sub;

	(void)state;
	assert_int_equal(cursor_u8(&c), 1);
	assert_int_equal(cursor_u16(&c), 0x0203);
	sub = cursor_sub(&c, 4);
	assert_int_equal(cursor_u32(&sub), 0x04050607);
	assert_true(cursor_done(&sub));
	assert_int_equal(cursor_u8(&sub), 0);
	assert_true(sub.failed);
	assert_false(c.failed);
	assert_int_equal(cursor_u24(&c), 0x08090a);
	assert_true(cursor_done(&c));
	sub = cursor_sub(&c, 1);
	assert_true(sub.failed && c.failed);
	assert_int_equal(cursor_left(&sub), 0);
	/* Every way to read too far fails and stays failed. */
	for (size_t length = 0; length < 8; length++) {
		c = cursor_of(bytes, length);
		(void)cursor_u64(&c);
		assert_true(c.failed);
		assert_null(cursor_take(&c, 0));
	}
}

static void test_writer(void **state)
{
	uint8_t buffer[7];
	struct writer w = writer_of(buffer, sizeof(buffer));

	(void)state;
	writer_u8(&w, 1);
	writer_u16(&w, 0x0203);
	writer_u32(&w, 0x04050607);
	assert_false(w.failed);
	assert_int_equal(writer_length(&w), 7);
	assert_memory_equal(buffer, "\1\2\3\4\5\6\7", 7);
	writer_u8(&w, 8);
	assert_true(w.failed);
	w = writer_of(buffer, 3);
	writer_u32(&w, 1);
	writer_u8(&w, 1); /* would fit, but the failure is sticky */
	assert_true(w.failed);
	assert_int_equal(writer_length(&w), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_hash_depends_on_all),
		cmocka_unit_test(test_hash_table),
		cmocka_unit_test(test_heap),
		cmocka_unit_test(test_arena),
		cmocka_unit_test(test_cursor),
		cmocka_unit_test(test_writer),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
