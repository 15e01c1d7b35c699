/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Adj-RIB-out: what one neighbour holds from us, and what it should hold.
 *
 * An entry is clean (the neighbour holds `sent`) or dirty: in the list of withdrawals of its
 * family, or in a group of entries that shall get the same attributes. Nothing is queued as
 * bytes: adj_out_pack.c makes messages from groups when the socket has room, so a change that
 * is overtaken by a newer one before it was sent is never sent at all, and a neighbour that
 * reads slowly costs no memory.
 *
 *     local route --export--> wanted set --+-- is `sent` --> clean
 *                                          +-- none -------> withdrawals[family]
 *                                          +-- else -------> group of that set -->
 * queue[family]
 *
 * Invariants:
 *  1. pending[f] counts the dirty entries of family f; sent[f] those with sent != NULL.
 *  2. What is neither sent nor dirty does not exist.
 *  3. A group has at least one entry; no two groups of a family have the same set.
 *  4. An entry holds one reference to sent, a group one to its set.
 *
 * Without memory for a change the prefix is withdrawn: saying less is safe.
 */
#include <stdlib.h>

#include "route/speaker_internal.h"

void adj_out_init(struct adj_out *adj_out)
{
	for (int f = 0; f < BGP_FAMILY_COUNT; f++) {
		list_init(&adj_out->withdrawals[f]);
		list_init(&adj_out->queue[f]);
	}
}

static struct adj_out_entry *entry_find(
	const struct neighbor *neighbor, const struct prefix *prefix, uint64_t hash)
{
	for (struct hash_node *node = hash_first(&neighbor->adj_out.table, hash); node != NULL;
		node = hash_next(node)) {
		struct adj_out_entry *entry = container_of(node, struct adj_out_entry, node);

		if (prefix_equal(&entry->prefix, prefix))
			return entry;
	}
	return NULL;
}

static struct adj_out_entry *entry_new(
	struct neighbor *neighbor, const struct prefix *prefix, uint64_t hash)
{
	struct adj_out_entry *entry = calloc(1, sizeof(*entry));

	if (entry == NULL || hash_insert(&neighbor->adj_out.table, &entry->node, hash) != 0) {
		free(entry);
		return NULL;
	}
	entry->prefix = *prefix;
	list_init(&entry->dirty);
	return entry;
}

static bool entry_dirty(const struct adj_out_entry *entry)
{
	return !list_empty(&entry->dirty);
}

/* ---- Groups. ---- */

static uint64_t group_hash(const struct neighbor *neighbor, const struct attribute_set *set)
{
	return hash_bytes(&neighbor->speaker->seed, &set, sizeof(set));
}

/* The group of this set, made if there is none. Takes over the reference to set. NULL: no
 * memory. */
static struct adj_out_group *group_get(
	struct neighbor *neighbor, enum bgp_family family, struct attribute_set *set)
{
	struct hash_table *groups = &neighbor->adj_out.groups[family];
	uint64_t hash = group_hash(neighbor, set);
	struct adj_out_group *group;

	for (struct hash_node *node = hash_first(groups, hash); node != NULL;
		node = hash_next(node)) {
		group = container_of(node, struct adj_out_group, node);
		if (group->set != set)
			continue;
		attribute_set_release(neighbor->speaker, set);
		return group;
	}
	group = calloc(1, sizeof(*group));
	if (group == NULL || hash_insert(groups, &group->node, hash) != 0) {
		attribute_set_release(neighbor->speaker, set);
		free(group);
		return NULL;
	}
	group->set = set;
	list_init(&group->entries);
	list_append(&neighbor->adj_out.queue[family], &group->link);
	return group;
}

static void group_left(
	struct neighbor *neighbor, enum bgp_family family, struct adj_out_group *group)
{
	if (group == NULL || !list_empty(&group->entries))
		return;
	hash_remove(&neighbor->adj_out.groups[family], &group->node);
	list_remove(&group->link);
	attribute_set_release(neighbor->speaker, group->set);
	free(group);
}

/* ---- Entries, dirty and clean. ---- */

static void dirty_clear(struct neighbor *neighbor, struct adj_out_entry *entry)
{
	enum bgp_family family = prefix_family(&entry->prefix);

	if (!entry_dirty(entry))
		return;
	list_remove(&entry->dirty);
	neighbor->adj_out.pending[family]--;
	group_left(neighbor, family, entry->group);
	entry->group = NULL;
}

static void entry_free(struct neighbor *neighbor, struct adj_out_entry *entry)
{
	dirty_clear(neighbor, entry);
	if (entry->sent != NULL)
		neighbor->adj_out.sent[prefix_family(&entry->prefix)]--;
	attribute_set_release(neighbor->speaker, entry->sent);
	hash_remove(&neighbor->adj_out.table, &entry->node);
	free(entry);
}

/* To be sent with these attributes; takes over the reference. NULL: to be withdrawn. */
static void dirty_set(
	struct neighbor *neighbor, struct adj_out_entry *entry, struct attribute_set *wanted)
{
	struct adj_out *adj_out = &neighbor->adj_out;
	enum bgp_family family = prefix_family(&entry->prefix);
	struct adj_out_group *group =
		wanted == NULL ? NULL : group_get(neighbor, family, wanted);

	if (entry_dirty(entry) && entry->group == group)
		return; /* it keeps its place */
	dirty_clear(neighbor, entry);
	if (group == NULL && entry->sent == NULL) {
		entry_free(neighbor, entry);
		return;
	}
	entry->group = group;
	list_append(
		group == NULL ? &adj_out->withdrawals[family] : &group->entries, &entry->dirty);
	adj_out->pending[family]++;
}

void adj_out_entry_sent(
	struct neighbor *neighbor, struct adj_out_entry *entry, struct instant now)
{
	struct attribute_set *set =
		entry->group == NULL ? NULL : attribute_set_hold(entry->group->set);

	entry->again = false;
	dirty_clear(neighbor, entry);
	if (set == NULL) {
		entry_free(neighbor, entry);
		return;
	}
	if (entry->sent == NULL)
		neighbor->adj_out.sent[prefix_family(&entry->prefix)]++;
	attribute_set_release(neighbor->speaker, entry->sent);
	entry->sent = set;
	entry->since = now;
}

void adj_out_group_drop(struct neighbor *neighbor, struct adj_out_group *group)
{
	/* The last one that leaves frees the group. */
	for (bool last = false; !last;) {
		struct list *first = group->entries.next;

		last = first->next == &group->entries;
		dirty_set(neighbor, container_of(first, struct adj_out_entry, dirty), NULL);
	}
}

/* ---- What the neighbour should hold. ---- */

/* NULL: nothing. The caller gets a reference. */
static struct attribute_set *wanted_set(struct neighbor *neighbor, const struct prefix *prefix)
{
	struct speaker *speaker = neighbor->speaker;
	const struct local_entry *local = local_rib_find(speaker, prefix);
	struct bgp_attributes attributes;
	struct attribute_set *set = NULL;

	if (local == NULL || speaker->stopped || !export_wanted(neighbor, &local->route))
		return NULL;
	if (export_attributes(neighbor, &local->route, &attributes) == 0)
		set = attribute_set_intern(speaker, &attributes);
	arena_reset(&speaker->scratch);
	return set;
}

static void entry_update(struct neighbor *neighbor, const struct prefix *prefix, bool again)
{
	uint64_t hash = prefix_hash(neighbor->speaker, prefix);
	struct adj_out_entry *entry = entry_find(neighbor, prefix, hash);
	struct attribute_set *wanted = wanted_set(neighbor, prefix);

	if (entry == NULL && wanted != NULL)
		entry = entry_new(neighbor, prefix, hash);
	if (entry == NULL) {
		attribute_set_release(neighbor->speaker, wanted);
		return;
	}
	entry->again |= again;
	if (wanted == NULL || wanted != entry->sent || entry->again) {
		dirty_set(neighbor, entry, wanted);
		return;
	}
	/* The neighbour holds it already. */
	attribute_set_release(neighbor->speaker, wanted);
	dirty_clear(neighbor, entry);
}

void adj_out_wake(struct neighbor *neighbor, struct instant now)
{
	(void)now;
	if (neighbor->live != NULL && adj_out_pending(neighbor))
		connection_wake(neighbor->live);
}

void adj_out_update(struct neighbor *neighbor, const struct prefix *prefix, struct instant now)
{
	if (neighbor->live == NULL)
		return;
	entry_update(neighbor, prefix, false);
	adj_out_wake(neighbor, now);
}

void adj_out_all(
	struct neighbor *neighbor, enum bgp_family family, bool again, struct instant now)
{
	struct hash_iterator iterator = { 0 };
	struct hash_node *node;

	if (neighbor->live == NULL)
		return;
	while ((node = hash_iterate(&neighbor->speaker->local, &iterator)) != NULL) {
		struct local_entry *local = container_of(node, struct local_entry, node);

		if (prefix_family(&local->prefix) == family)
			entry_update(neighbor, &local->prefix, again);
	}
	adj_out_wake(neighbor, now);
}

void adj_out_clear(struct neighbor *neighbor)
{
	struct adj_out *adj_out = &neighbor->adj_out;
	struct hash_iterator iterator = { 0 };
	struct hash_node *node;

	while ((node = hash_iterate(&adj_out->table, &iterator)) != NULL)
		entry_free(neighbor, container_of(node, struct adj_out_entry, node));
	hash_table_clear(&adj_out->table);
	for (int f = 0; f < BGP_FAMILY_COUNT; f++) {
		hash_table_clear(&adj_out->groups[f]);
		adj_out->end_of_rib_due[f] = adj_out->end_of_rib_sent[f] = false;
		adj_out->refresh_due[f] = adj_out->refresh_end_due[f] = false;
	}
}

bool adj_out_pending(const struct neighbor *neighbor)
{
	const struct adj_out *adj_out = &neighbor->adj_out;
	bool held = neighbor->speaker->end_of_rib_held;

	for (int f = 0; f < BGP_FAMILY_COUNT; f++)
		if (adj_out->pending[f] > 0 || (adj_out->end_of_rib_due[f] && !held) ||
			adj_out->refresh_due[f] || adj_out->refresh_end_due[f])
			return true;
	return false;
}
