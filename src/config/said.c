/* SPDX-License-Identifier: Apache-2.0 */
/* What was said where: an open-addressing table from pointers to nodes, at most half full. */
#include "config/said.h"

#include "base/error.h"

static size_t slot_of(const struct said *said, const void *target)
{
	uint64_t hash = (uint64_t)(uintptr_t)target * 0x9e3779b97f4a7c15u;
	size_t slot = (size_t)(hash >> 32) & (said->room - 1);

	while (said->entries[slot].target != NULL && said->entries[slot].target != target)
		slot = (slot + 1) & (said->room - 1);
	return slot;
}

static int grow(struct said *said)
{
	struct said bigger = { .arena = said->arena,
		.incomplete = said->incomplete,
		.room = said->room == 0 ? 256 : said->room * 2 };

	bigger.entries = arena_take_array(said->arena, bigger.room, sizeof(bigger.entries[0]));
	if (bigger.entries == NULL)
		return ERROR_MEMORY;
	for (size_t i = 0; i < said->room; i++)
		if (said->entries[i].target != NULL)
			bigger.entries[slot_of(&bigger, said->entries[i].target)] =
				said->entries[i];
	bigger.count = said->count;
	*said = bigger;
	return 0;
}

int said_add(struct said *said, const void *target, const struct node *node, bool broken)
{
	struct said_entry *entry;

	if (said->count * 2 >= said->room && grow(said) != 0)
		return ERROR_MEMORY;
	entry = &said->entries[slot_of(said, target)];
	if (entry->target == NULL) {
		*entry = (struct said_entry){ .target = target, .node = node };
		said->count++;
	}
	entry->broken = entry->broken || broken;
	return 0;
}

const struct node *said_node(const struct said *said, const void *target)
{
	return said->room == 0 ? NULL : said->entries[slot_of(said, target)].node;
}

bool said_broken(const struct said *said, const void *target)
{
	return said->room != 0 && said->entries[slot_of(said, target)].broken;
}
