/* SPDX-License-Identifier: Apache-2.0 */
/*
 * LARGE_COMMUNITY: RFC 8092. Of duplicates the first is kept, the others are neither taken nor
 * sent.
 *
 * Invariants:
 *  1. The order of what is kept is that on the wire.
 *  2. n log n steps, whatever a neighbour sends: an extended message holds more than five
 * thousand.
 */
#include "wire/bgp_attribute_table.h"

#define LARGE_SIZE 12u
#define LARGE_MAX  (BGP_EXTENDED_MESSAGE_MAX / LARGE_SIZE) /* in one message */
#define SMALL      16u /* up to here, compare all with all */

/* Which of a list are there for the second time, a bit each. */
struct duplicates {
	uint64_t bits[(LARGE_MAX + 63) / 64];
};

static bool is_duplicate(const struct duplicates *duplicates, unsigned index)
{
	return (duplicates->bits[index / 64] >> (index % 64)) & 1;
}

static void duplicate_mark(struct duplicates *duplicates, unsigned index)
{
	duplicates->bits[index / 64] |= 1ull << (index % 64);
}

static int large_compare(
	const struct bgp_large_community *a, const struct bgp_large_community *b)
{
	if (a->global != b->global)
		return a->global < b->global ? -1 : 1;
	if (a->local_1 != b->local_1)
		return a->local_1 < b->local_1 ? -1 : 1;
	if (a->local_2 != b->local_2)
		return a->local_2 < b->local_2 ? -1 : 1;
	return 0;
}

/* By value, then by place. */
static bool stands_before(const struct bgp_large_community *list, uint16_t a, uint16_t b)
{
	int difference = large_compare(&list[a], &list[b]);

	return difference != 0 ? difference < 0 : a < b;
}

/* Let the entry at `at` sink to its place in the heap: the greatest on top. */
static void sink(
	const struct bgp_large_community *list, uint16_t *order, unsigned at, unsigned count)
{
	uint16_t moved = order[at];

	for (;;) {
		unsigned child = 2 * at + 1;

		if (child >= count)
			break;
		if (child + 1 < count && stands_before(list, order[child], order[child + 1]))
			child++;
		if (!stands_before(list, moved, order[child]))
			break;
		order[at] = order[child];
		at = child;
	}
	order[at] = moved;
}

/* Heapsort: no worst case. */
static void order_make(const struct bgp_large_community *list, uint16_t *order, unsigned count)
{
	for (unsigned i = 0; i < count; i++)
		order[i] = (uint16_t)i;
	for (unsigned i = count / 2; i > 0; i--)
		sink(list, order, i - 1, count);
	for (unsigned i = count; i > 1; i--) {
		uint16_t greatest = order[0];

		order[0] = order[i - 1];
		order[i - 1] = greatest;
		sink(list, order, 0, i - 1);
	}
}

/* count: at most LARGE_MAX. */
static void duplicates_find(const struct bgp_large_community *list, unsigned count,
	struct duplicates *ret_duplicates)
{
	uint16_t order[LARGE_MAX];

	memset(ret_duplicates->bits, 0, (count + 63) / 64 * sizeof(ret_duplicates->bits[0]));
	for (unsigned i = 0; i < count && count <= SMALL; i++)
		for (unsigned j = 0; j < i; j++)
			if (large_compare(&list[i], &list[j]) == 0)
				duplicate_mark(ret_duplicates, i);
	if (count <= SMALL)
		return;
	order_make(list, order, count);
	for (unsigned i = 1; i < count; i++)
		if (large_compare(&list[order[i - 1]], &list[order[i]]) == 0)
			duplicate_mark(ret_duplicates, order[i]);
}

/* RFC 8092 sections 3, 5 and 6. */
const char *large_read(struct attribute_reading *reading, struct cursor value)
{
	struct bgp_attributes *attributes = &reading->update->attributes;
	size_t count = cursor_left(&value) / LARGE_SIZE;
	struct bgp_large_community *list;
	struct duplicates duplicates;
	uint16_t kept = 0;

	if (count == 0 || count > LARGE_MAX || cursor_left(&value) % LARGE_SIZE != 0)
		return "LARGE_COMMUNITY is empty or not a multiple of twelve bytes long";
	list = arena_take_array(reading->arena, count, sizeof(*list));
	if (list == NULL) {
		reading->no_memory = true;
		return "out of memory";
	}
	for (size_t i = 0; i < count; i++) {
		list[i].global = cursor_u32(&value);
		list[i].local_1 = cursor_u32(&value);
		list[i].local_2 = cursor_u32(&value);
	}
	duplicates_find(list, (unsigned)count, &duplicates);
	for (unsigned i = 0; i < count; i++)
		if (!is_duplicate(&duplicates, i))
			list[kept++] = list[i];
	attributes->large_communities = list;
	attributes->large_community_count = kept;
	attributes->present |= 1ull << BGP_ATTRIBUTE_LARGE_COMMUNITIES;
	return NULL;
}

void large_write(struct writer *w, const struct bgp_context *context,
	const struct bgp_attributes *attributes)
{
	unsigned count = attributes->large_community_count;
	struct duplicates duplicates;

	(void)context;
	if (count > LARGE_MAX) {
		w->failed = true; /* no message has room for so many */
		return;
	}
	duplicates_find(attributes->large_communities, count, &duplicates);
	for (unsigned i = 0; i < count; i++) {
		const struct bgp_large_community *one = &attributes->large_communities[i];

		if (is_duplicate(&duplicates, i))
			continue;
		writer_u32(w, one->global);
		writer_u32(w, one->local_1);
		writer_u32(w, one->local_2);
	}
}
