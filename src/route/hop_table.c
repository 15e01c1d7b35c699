/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Interned next hops.
 *
 * Invariants:
 *  1. No two hops have the same addresses; equality of hops is equality of numbers.
 *  2. A hop is there from the moment it is made until its last reference goes; its pointer
 *     and number stay what they are.
 *  3. free_count is how many numbers below `bound` are not in use.
 *
 * Routes come in runs with one next hop: the one that was found last is tried first.
 */
#include "route/hop_table.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/list.h"

void hop_table_init(struct hop_table *hops, const struct hash_seed *seed)
{
	*hops = (struct hop_table){ .seed = *seed, .last = HOP_NONE };
}

void hop_table_clear(struct hop_table *hops)
{
	struct hash_seed seed = hops->seed;

	for (uint32_t i = 0; i < hops->bound; i++)
		free(hops->hops[i]);
	free(hops->hops);
	hash_table_clear(&hops->table);
	hop_table_init(hops, &seed);
}

static uint64_t hash_of(const struct hop_table *hops, const struct address *address,
	const struct address *link_local)
{
	struct address key[2] = { *address, *link_local };

	return hash_bytes(&hops->seed, key, sizeof(key));
}

static bool is(
	const struct hop *hop, const struct address *address, const struct address *link_local)
{
	return memcmp(&hop->address, address, sizeof(*address)) == 0 &&
	       memcmp(&hop->link_local, link_local, sizeof(*link_local)) == 0;
}

static struct hop *find_hashed(struct hop_table *hops, const struct address *address,
	const struct address *link_local, uint64_t hash)
{
	for (struct hash_node *n = hash_first(&hops->table, hash); n != NULL;
		n = hash_next(n)) {
		struct hop *hop = container_of(n, struct hop, node);

		if (!is(hop, address, link_local))
			continue;
		hops->last = hop->number;
		return hop;
	}
	return NULL;
}

static struct hop *find_last(
	struct hop_table *hops, const struct address *address, const struct address *link_local)
{
	struct hop *hop = hops->last == HOP_NONE ? NULL : hops->hops[hops->last];

	return hop != NULL && is(hop, address, link_local) ? hop : NULL;
}

struct hop *hop_table_find(
	struct hop_table *hops, const struct address *address, const struct address *link_local)
{
	struct hop *hop = find_last(hops, address, link_local);

	if (hop != NULL)
		return hop;
	return find_hashed(hops, address, link_local, hash_of(hops, address, link_local));
}

/* HOP_NONE: no memory. */
static uint32_t number_take(struct hop_table *hops)
{
	uint32_t room = hops->room == 0 ? 16 : hops->room * 2;
	struct hop **list;

	if (hops->free_count > 0) {
		while (hops->hops[hops->free_from] != NULL)
			hops->free_from++;
		hops->free_count--;
		return hops->free_from;
	}
	if (hops->bound == hops->room) {
		list = realloc(hops->hops, room * sizeof(*list));
		if (list == NULL)
			return HOP_NONE;
		hops->hops = list;
		hops->room = room;
	}
	hops->hops[hops->bound] = NULL;
	hops->free_from = hops->bound + 1;
	return hops->bound++;
}

static uint32_t hop_make(struct hop_table *hops, const struct address *address,
	const struct address *link_local, uint64_t hash)
{
	struct hop *hop = calloc(1, sizeof(*hop));
	uint32_t number = hop == NULL ? HOP_NONE : number_take(hops);

	if (number == HOP_NONE || hash_insert(&hops->table, &hop->node, hash) != 0) {
		if (number != HOP_NONE && hops->free_count++ == 0)
			hops->free_from = number;
		free(hop);
		return HOP_NONE;
	}
	hop->address = *address;
	hop->link_local = *link_local;
	hop->number = number;
	hop->references = 1;
	hops->hops[number] = hop;
	hops->count++;
	hops->last = number;
	return number;
}

uint32_t hop_table_take(
	struct hop_table *hops, const struct address *address, const struct address *link_local)
{
	struct hop *hop = find_last(hops, address, link_local);
	uint64_t hash;

	if (hop == NULL) {
		hash = hash_of(hops, address, link_local);
		hop = find_hashed(hops, address, link_local, hash);
		if (hop == NULL)
			return hop_make(hops, address, link_local, hash);
	}
	hop->references++;
	return hop->number;
}

void hop_table_give(struct hop_table *hops, uint32_t number)
{
	struct hop *hop = number == HOP_NONE ? NULL : hops->hops[number];

	if (hop == NULL || --hop->references > 0)
		return;
	hash_remove(&hops->table, &hop->node);
	hops->hops[number] = NULL;
	hops->free_count++;
	if (number < hops->free_from)
		hops->free_from = number;
	hops->count--;
	if (hops->last == number)
		hops->last = HOP_NONE;
	free(hop);
}

const char *hop_state_name(enum hop_state state)
{
	static const char *const names[HOP_STATES] = {
		[HOP_UNKNOWN] = "unknown",
		[HOP_RESOLVED] = "resolved",
		[HOP_LINK] = "link-local",
		[HOP_NO_ROUTE] = "no-route",
		[HOP_UNREACHABLE] = "unreachable",
		[HOP_LINK_DOWN] = "link-down",
		[HOP_OURS] = "ours",
		[HOP_UNUSABLE] = "unusable",
	};

	return (unsigned)state < HOP_STATES ? names[state] : "unknown";
}
