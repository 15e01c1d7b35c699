/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The kernel's routes by prefix, in one hash table, and which lengths occur at all, so that a
 * longest match asks for those only.
 *
 * Invariants:
 *  1. lengths[family][n] is the number of routes of that length.
 *  2. No two routes have the same prefix, metric and first path.
 *  3. Between begin and end, `seen` of a route is the round in which it was last set.
 */
#include "route/kernel_table.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/list.h"

struct entry {
	struct hash_node node;
	struct prefix prefix;
	uint8_t kind;
	uint32_t metric, seen;
	uint32_t path_count;
	struct kernel_path paths[];
};

struct link_entry {
	struct hash_node node;
	uint32_t seen;
	struct kernel_link link;
};

struct kernel_table {
	struct hash_table routes, links;
	struct hash_seed seed;
	uint32_t round;
	uint32_t lengths[2][129];
};

struct kernel_table *kernel_table_new(const struct hash_seed *seed)
{
	struct kernel_table *table = calloc(1, sizeof(*table));

	if (table != NULL)
		table->seed = *seed;
	return table;
}

static uint32_t *length_counter(struct kernel_table *table, const struct prefix *prefix)
{
	return &table->lengths[prefix->address.family == FAMILY_IPV6][prefix->length];
}

static void entry_free(struct kernel_table *table, struct entry *entry)
{
	(*length_counter(table, &entry->prefix))--;
	hash_remove(&table->routes, &entry->node);
	free(entry);
}

/* Those that were not seen in this round; with everything, all. */
static void sweep(struct kernel_table *table, bool everything)
{
	struct hash_iterator iterator = { 0 };
	struct hash_node *node;

	while ((node = hash_iterate(&table->routes, &iterator)) != NULL) {
		struct entry *entry = container_of(node, struct entry, node);

		if (everything || entry->seen != table->round)
			entry_free(table, entry);
	}
	iterator = (struct hash_iterator){ 0 };
	while ((node = hash_iterate(&table->links, &iterator)) != NULL) {
		struct link_entry *entry = container_of(node, struct link_entry, node);

		if (!everything && entry->seen == table->round)
			continue;
		hash_remove(&table->links, &entry->node);
		free(entry);
	}
}

void kernel_table_free(struct kernel_table *table)
{
	if (table == NULL)
		return;
	sweep(table, true);
	hash_table_clear(&table->routes);
	hash_table_clear(&table->links);
	free(table);
}

void kernel_table_begin(struct kernel_table *table)
{
	table->round++;
}

void kernel_table_end(struct kernel_table *table)
{
	sweep(table, false);
}

size_t kernel_table_routes(const struct kernel_table *table)
{
	return table->routes.count;
}

/* ---- Routes. ---- */

static uint64_t hash_of(const struct kernel_table *table, const struct prefix *prefix)
{
	return hash_bytes(&table->seed, prefix, sizeof(*prefix));
}

static bool same_first(const struct entry *entry, const struct kernel_route *route)
{
	if (entry->path_count == 0 || route->path_count == 0)
		return entry->path_count == route->path_count;
	return entry->paths[0].link == route->paths[0].link &&
	       address_equal(&entry->paths[0].gateway, &route->paths[0].gateway);
}

static struct entry *entry_find(
	const struct kernel_table *table, const struct kernel_route *route, uint64_t hash)
{
	for (struct hash_node *n = hash_first(&table->routes, hash); n != NULL;
		n = hash_next(n)) {
		struct entry *entry = container_of(n, struct entry, node);

		if (entry->metric == route->metric && same_first(entry, route) &&
			prefix_equal(&entry->prefix, &route->prefix))
			return entry;
	}
	return NULL;
}

/* All with its prefix and metric. */
static void entries_replace(
	struct kernel_table *table, const struct kernel_route *route, uint64_t hash)
{
	struct hash_node *next, *n = hash_first(&table->routes, hash);

	for (; n != NULL; n = next) {
		struct entry *entry = container_of(n, struct entry, node);

		next = hash_next(n);
		if (entry->metric == route->metric &&
			prefix_equal(&entry->prefix, &route->prefix))
			entry_free(table, entry);
	}
}

int kernel_table_set(struct kernel_table *table, const struct kernel_route *route)
{
	size_t count =
		route->path_count < KERNEL_PATHS_MAX ? route->path_count : KERNEL_PATHS_MAX;
	uint64_t hash = hash_of(table, &route->prefix);
	struct entry *entry, *old;

	if (route->replaces)
		entries_replace(table, route, hash);
	if (table->routes.count >= KERNEL_ROUTES_MAX)
		return ERROR_FULL;
	entry = calloc(1, sizeof(*entry) + count * sizeof(entry->paths[0]));
	if (entry == NULL)
		return ERROR_MEMORY;
	old = entry_find(table, route, hash);
	if (old != NULL)
		entry_free(table, old);
	if (hash_insert(&table->routes, &entry->node, hash) != 0) {
		free(entry);
		return ERROR_MEMORY;
	}
	entry->prefix = route->prefix;
	entry->kind = route->kind;
	entry->metric = route->metric;
	entry->seen = table->round;
	entry->path_count = (uint32_t)count;
	if (count > 0)
		memcpy(entry->paths, route->paths, count * sizeof(entry->paths[0]));
	(*length_counter(table, &entry->prefix))++;
	return 0;
}

int kernel_table_remove(struct kernel_table *table, const struct kernel_route *route)
{
	struct entry *entry = entry_find(table, route, hash_of(table, &route->prefix));

	if (entry == NULL)
		return ERROR_NOT_FOUND;
	entry_free(table, entry);
	return 0;
}

/* ---- Links. ---- */

static struct link_entry *link_find(const struct kernel_table *table, uint32_t index)
{
	for (struct hash_node *n = hash_first(&table->links, index); n != NULL;
		n = hash_next(n)) {
		struct link_entry *entry = container_of(n, struct link_entry, node);

		if (entry->link.index == index)
			return entry;
	}
	return NULL;
}

int kernel_table_link_set(struct kernel_table *table, const struct kernel_link *link)
{
	struct link_entry *entry = link_find(table, link->index);
	uint32_t downs;

	if (entry == NULL) {
		if (table->links.count >= KERNEL_LINKS_MAX)
			return ERROR_FULL;
		entry = calloc(1, sizeof(*entry));
		if (entry == NULL ||
			hash_insert(&table->links, &entry->node, link->index) != 0) {
			free(entry);
			return ERROR_MEMORY;
		}
	}
	downs = entry->link.downs + (entry->link.up && !link->up);
	entry->link = *link;
	entry->link.downs = downs;
	entry->seen = table->round;
	return 0;
}

void kernel_table_link_remove(struct kernel_table *table, uint32_t index)
{
	struct link_entry *entry = link_find(table, index);

	if (entry == NULL)
		return;
	hash_remove(&table->links, &entry->node);
	free(entry);
}

const struct kernel_link *kernel_table_link(const struct kernel_table *table, uint32_t index)
{
	const struct link_entry *entry = link_find(table, index);

	return entry == NULL ? NULL : &entry->link;
}

uint32_t kernel_table_link_named(const struct kernel_table *table, const char *name)
{
	struct hash_iterator iterator = { 0 };
	struct hash_node *node;

	while ((node = hash_iterate(&table->links, &iterator)) != NULL) {
		const struct kernel_link *link =
			&container_of(node, struct link_entry, node)->link;

		if (name[0] != '\0' && strncmp(link->name, name, sizeof(link->name)) == 0)
			return link->index;
	}
	return 0;
}

/* ---- Ways. ---- */

/* The route of exactly this prefix that the kernel would take. */
static const struct entry *entry_best(
	const struct kernel_table *table, const struct prefix *prefix)
{
	const struct entry *best = NULL;

	for (struct hash_node *n = hash_first(&table->routes, hash_of(table, prefix));
		n != NULL; n = hash_next(n)) {
		const struct entry *entry = container_of(n, struct entry, node);

		if (prefix_equal(&entry->prefix, prefix) &&
			(best == NULL || entry->metric < best->metric))
			best = entry;
	}
	return best;
}

static const struct entry *longest(
	const struct kernel_table *table, const struct address *address)
{
	const uint32_t *lengths = table->lengths[address->family == FAMILY_IPV6];

	for (int length = family_bits((enum family)address->family); length >= 0; length--) {
		struct prefix prefix = { *address, (uint8_t)length };
		const struct entry *entry;

		if (lengths[length] == 0)
			continue;
		prefix_normalise(&prefix);
		entry = entry_best(table, &prefix);
		if (entry != NULL)
			return entry;
	}
	return NULL;
}

/* The first path over a link that is up, or NULL. */
static const struct kernel_path *path_up(
	const struct kernel_table *table, const struct entry *entry)
{
	for (uint32_t i = 0; i < entry->path_count; i++) {
		const struct kernel_link *link = kernel_table_link(table, entry->paths[i].link);

		if (link != NULL && link->up)
			return &entry->paths[i];
	}
	return NULL;
}

static enum hop_state unicast_way(
	const struct kernel_table *table, const struct entry *entry, struct hop_way *way)
{
	const struct kernel_path *path = path_up(table, entry);

	if (path == NULL)
		return HOP_LINK_DOWN;
	way->link = path->link;
	way->link_downs = kernel_table_link(table, path->link)->downs;
	way->gateway = path->gateway;
	way->direct = path->gateway.family == FAMILY_NONE;
	way->metric = way->direct ? 0 : entry->metric;
	return HOP_RESOLVED;
}

void kernel_table_way(const struct kernel_table *table, const struct address *address,
	struct hop_way *ret_way)
{
	const struct entry *entry;
	struct hop_way way = { .state = HOP_NO_ROUTE };

	if (address->family == FAMILY_NONE || address_is_any(address) ||
		address_is_loopback(address) || address_is_multicast(address))
		way.state = HOP_UNUSABLE;
	else if (address->family == FAMILY_IPV6 && address_is_link_local(address))
		way.state = HOP_LINK;
	else if ((entry = longest(table, address)) != NULL) {
		way.by = entry->prefix;
		way.state = (uint8_t)(entry->kind == KERNEL_LOCAL ? HOP_OURS
				      : entry->kind == KERNEL_DISCARD
					      ? HOP_UNREACHABLE
					      : unicast_way(table, entry, &way));
	}
	*ret_way = way;
}
