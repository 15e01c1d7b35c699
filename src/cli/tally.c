/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Counters by key: open addressing, linear probing.
 *
 * Invariants:
 *  1. At most three quarters of the entries are used, so that every search ends.
 *  2. An entry with count 0 ends a search: nothing is ever removed.
 */
#include "cli/tally.h"

#include <stdlib.h>

void tally_clear(struct tally *tally)
{
	free(tally->entries);
	*tally = (struct tally){ 0 };
}

/* Fibonacci hashing (Knuth 6.4): small keys too are spread. */
static size_t place_of(const struct tally *tally, uint64_t key)
{
	uint64_t spread = key * 0x9e3779b97f4a7c15u;

	return (size_t)(spread >> 32) & (tally->room - 1);
}

static struct tally_entry *entry_of(const struct tally *tally, uint64_t key)
{
	size_t at = place_of(tally, key);

	while (tally->entries[at].count != 0 && tally->entries[at].key != key)
		at = (at + 1) & (tally->room - 1);
	return &tally->entries[at];
}

static int grow(struct tally *tally)
{
	struct tally larger = { .room = tally->room == 0 ? 1024 : tally->room * 2,
		.count = tally->count };

	larger.entries = calloc(larger.room, sizeof(*larger.entries));
	if (larger.entries == NULL)
		return -1;
	for (size_t i = 0; i < tally->room; i++)
		if (tally->entries[i].count != 0)
			*entry_of(&larger, tally->entries[i].key) = tally->entries[i];
	free(tally->entries);
	*tally = larger;
	return 0;
}

uint64_t tally_add(struct tally *tally, uint64_t key)
{
	struct tally_entry *entry;

	if (tally->count * 4 >= tally->room * 3 && grow(tally) != 0)
		return 0;
	entry = entry_of(tally, key);
	if (entry->count == 0) {
		entry->key = key;
		tally->count++;
	}
	return ++entry->count;
}

static int is_before(const struct tally_entry *a, const struct tally_entry *b)
{
	return a->count != b->count ? a->count > b->count : a->key < b->key;
}

size_t tally_top(const struct tally *tally, struct tally_entry *ret_entries, size_t most)
{
	size_t count = 0;

	for (size_t i = 0; i < tally->room; i++) {
		struct tally_entry entry = tally->entries[i];
		size_t at = count;

		if (entry.count == 0 || most == 0 ||
			(count == most && !is_before(&entry, &ret_entries[count - 1])))
			continue;
		if (count < most)
			count++;
		else
			at--;
		for (; at > 0 && is_before(&entry, &ret_entries[at - 1]); at--)
			ret_entries[at] = ret_entries[at - 1];
		ret_entries[at] = entry;
	}
	return count;
}
