/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Adj-RIB-in: what one neighbour said.
 *
 * Invariants:
 *  1. count[f] is the number of entries of family f, stale[f] of those marked stale.
 *  2. Each entry holds one reference to its attribute set.
 */
#include <stdlib.h>

#include "route/speaker_internal.h"

static struct adj_in_entry *entry_find(
	const struct neighbor *neighbor, const struct prefix *prefix, uint64_t hash)
{
	for (struct hash_node *node = hash_first(&neighbor->adj_in.table, hash); node != NULL;
		node = hash_next(node)) {
		struct adj_in_entry *entry = container_of(node, struct adj_in_entry, node);

		if (prefix_equal(&entry->prefix, prefix))
			return entry;
	}
	return NULL;
}

static void stale_clear(struct adj_in *adj_in, struct adj_in_entry *entry)
{
	if (entry->stale)
		adj_in->stale[prefix_family(&entry->prefix)]--;
	entry->stale = false;
}

int adj_in_set(struct neighbor *neighbor, const struct prefix *prefix,
	struct attribute_set *set, struct instant now)
{
	struct adj_in *adj_in = &neighbor->adj_in;
	uint64_t hash = prefix_hash(neighbor->speaker, prefix);
	struct adj_in_entry *entry = entry_find(neighbor, prefix, hash);

	if (entry != NULL) {
		stale_clear(adj_in, entry);
		if (entry->set == set)
			return 0;
		attribute_set_release(neighbor->speaker, entry->set);
		entry->set = attribute_set_hold(set);
		entry->since = now;
		return 0;
	}
	entry = calloc(1, sizeof(*entry));
	if (entry == NULL || hash_insert(&adj_in->table, &entry->node, hash) != 0) {
		free(entry);
		return ERROR_MEMORY;
	}
	entry->prefix = *prefix;
	entry->set = attribute_set_hold(set);
	entry->since = now;
	adj_in->count[prefix_family(prefix)]++;
	return 0;
}

static void entry_drop(struct neighbor *neighbor, struct adj_in_entry *entry)
{
	stale_clear(&neighbor->adj_in, entry);
	neighbor->adj_in.count[prefix_family(&entry->prefix)]--;
	hash_remove(&neighbor->adj_in.table, &entry->node);
	attribute_set_release(neighbor->speaker, entry->set);
	free(entry);
}

void adj_in_remove(struct neighbor *neighbor, const struct prefix *prefix)
{
	struct adj_in_entry *entry =
		entry_find(neighbor, prefix, prefix_hash(neighbor->speaker, prefix));

	if (entry != NULL)
		entry_drop(neighbor, entry);
}

void adj_in_mark_stale(struct neighbor *neighbor, enum bgp_family family)
{
	struct hash_iterator iterator = { 0 };
	struct hash_node *node;

	while ((node = hash_iterate(&neighbor->adj_in.table, &iterator)) != NULL) {
		struct adj_in_entry *entry = container_of(node, struct adj_in_entry, node);

		if (prefix_family(&entry->prefix) != family || entry->stale)
			continue;
		entry->stale = true;
		neighbor->adj_in.stale[family]++;
	}
}

void adj_in_sweep(struct neighbor *neighbor, enum bgp_family family, bool stale_only)
{
	struct hash_iterator iterator = { 0 };
	struct hash_node *node;

	if (stale_only && neighbor->adj_in.stale[family] == 0)
		return;
	while ((node = hash_iterate(&neighbor->adj_in.table, &iterator)) != NULL) {
		struct adj_in_entry *entry = container_of(node, struct adj_in_entry, node);

		if (prefix_family(&entry->prefix) == family && (entry->stale || !stale_only))
			entry_drop(neighbor, entry);
	}
}

void adj_in_clear(struct neighbor *neighbor)
{
	for (int f = 0; f < BGP_FAMILY_COUNT; f++)
		adj_in_sweep(neighbor, (enum bgp_family)f, false);
	hash_table_clear(&neighbor->adj_in.table);
}
