/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The routes by prefix, each with what the speaker said of it.
 *
 *     (none) --set--> announced --withdraw--> leaving --status: 0 left--> withdrawn --delay-->
 * (none) ^                      |                            |
 *                        +--------- set --------+----------------------------+
 *
 * Invariants:
 *  1. An address is released only when every withdrawn prefix that covers it was written to
 * every neighbour, and its delay has passed since.
 *  2. A word of the speaker about an earlier wish is never taken for one about the present
 * wish: "nothing is announced" counts as withdrawn only while the entry is to be withdrawn.
 */
#include "daemon/main/route_table.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The keys come from the operator's own file. */
static const struct hash_seed seed = { 0x6e656172, 0x63617374 };

static struct route_entry *entry_of(struct hash_node *node)
{
	return (struct route_entry *)(void *)((char *)node -
					      offsetof(struct route_entry, node));
}

static uint64_t prefix_hash(const struct prefix *prefix)
{
	return hash_bytes(&seed, prefix, sizeof(*prefix));
}

void route_table_clear(struct route_table *table)
{
	struct hash_iterator iterator = { 0 };
	struct hash_node *node;

	while ((node = hash_iterate(&table->entries, &iterator)) != NULL) {
		hash_remove(&table->entries, node);
		free(entry_of(node));
	}
	hash_table_clear(&table->entries);
}

struct route_entry *route_table_find(
	const struct route_table *table, const struct prefix *prefix)
{
	for (struct hash_node *node = hash_first(&table->entries, prefix_hash(prefix));
		node != NULL; node = hash_next(node))
		if (prefix_equal(&entry_of(node)->prefix, prefix))
			return entry_of(node);
	return NULL;
}

struct route_entry *route_table_next(
	const struct route_table *table, struct hash_iterator *iterator)
{
	struct hash_node *node = hash_iterate(&table->entries, iterator);

	return node == NULL ? NULL : entry_of(node);
}

static struct route_entry *entry_new(struct route_table *table, const struct prefix *prefix)
{
	struct route_entry *entry = calloc(1, sizeof(*entry));

	if (entry == NULL)
		return NULL;
	entry->prefix = *prefix;
	if (hash_insert(&table->entries, &entry->node, prefix_hash(prefix)) == 0)
		return entry;
	free(entry);
	return NULL;
}

struct route_entry *route_table_set(struct route_table *table,
	const struct record_route *record, struct duration delay, enum route_change *ret_change)
{
	struct route_entry *entry = route_table_find(table, &record->prefix);
	uint64_t sum = hash_bytes(&seed, record, sizeof(*record));

	if (entry == NULL)
		entry = entry_new(table, &record->prefix);
	if (entry == NULL)
		return NULL;
	*ret_change = !entry->set ? ROUTE_NEW : entry->sum != sum ? ROUTE_CHANGED : ROUTE_SAME;
	snprintf(entry->service, sizeof(entry->service), "%s", record->service);
	entry->delay = delay;
	if (*ret_change == ROUTE_SAME)
		return entry;
	entry->set = true;
	entry->sum = sum;
	entry->reported = false;
	entry->withdrawn_at = (struct instant){ 0 };
	return entry;
}

void route_table_withdraw(struct route_entry *entry)
{
	entry->set = false;
	entry->sum = 0;
	entry->reported = false;
	entry->withdrawn_at = (struct instant){ 0 };
}

enum route_progress route_table_status(
	struct route_table *table, const struct record_route_status *status, struct instant now)
{
	struct route_entry *entry = route_table_find(table, &status->prefix);
	bool was_full;

	if (entry == NULL)
		return PROGRESS_NONE;
	was_full = entry->reported && entry->wanted > 0 && entry->announced == entry->wanted;
	entry->reported = true;
	entry->wanted = status->wanted;
	entry->announced = status->announced;
	entry->withdrawing = status->withdrawing;
	entry->reached = entry->reached || status->announced > 0 || status->withdrawing > 0;
	if (!entry->set) {
		bool was_withdrawn = instant_is_set(entry->withdrawn_at);

		/* An older word may have overtaken our wish: a later one puts it right. */
		if (status->announced > 0 || status->withdrawing > 0)
			entry->withdrawn_at = (struct instant){ 0 };
		else if (!was_withdrawn)
			entry->withdrawn_at = now;
		return !was_withdrawn && instant_is_set(entry->withdrawn_at)
			       ? PROGRESS_WITHDRAWN
			       : PROGRESS_NONE;
	}
	if (!was_full && entry->wanted > 0 && entry->announced == entry->wanted)
		return PROGRESS_ANNOUNCED;
	return PROGRESS_NONE;
}

void route_table_forget(struct route_table *table)
{
	struct hash_iterator iterator = { 0 };
	struct route_entry *entry;

	while ((entry = route_table_next(table, &iterator)) != NULL) {
		entry->reported = false;
		entry->sum = 0;
		entry->wanted = entry->announced = entry->withdrawing = 0;
	}
}

/* When a written withdrawal has had its time to spread. */
static struct instant entry_over(const struct route_entry *entry)
{
	return entry->reached ? instant_add(entry->withdrawn_at, entry->delay)
			      : entry->withdrawn_at;
}

struct instant route_table_releases(
	const struct route_table *table, const struct address *address)
{
	struct hash_iterator iterator = { 0 };
	struct instant when = { 0 };
	struct route_entry *entry;

	while ((entry = route_table_next(table, &iterator)) != NULL) {
		struct instant own;

		if (entry->set || !prefix_contains_address(&entry->prefix, address))
			continue;
		if (!instant_is_set(entry->withdrawn_at))
			return INSTANT_NEVER;
		own = entry_over(entry);
		if (instant_before(when, own))
			when = own;
	}
	return when;
}

void route_table_clear_withdrawn(struct route_table *table)
{
	struct hash_iterator iterator = { 0 };
	struct route_entry *entry;

	while ((entry = route_table_next(table, &iterator)) != NULL) {
		if (entry->set)
			continue;
		hash_remove(&table->entries, &entry->node);
		free(entry);
	}
}

void route_table_expire(struct route_table *table, struct instant now)
{
	struct hash_iterator iterator = { 0 };
	struct route_entry *entry;

	while ((entry = route_table_next(table, &iterator)) != NULL) {
		if (entry->set || !instant_is_set(entry->withdrawn_at) ||
			!instant_reached(entry_over(entry), now))
			continue;
		hash_remove(&table->entries, &entry->node);
		free(entry);
	}
}
