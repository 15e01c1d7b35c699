/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The routes that we originate: only what the host set, strictly. Nothing received ever gets
 * here.
 *
 * Invariants:
 *  1. An entry owns copies of all arrays of its route.
 *  2. Every change tells every neighbour's adj-RIB-out.
 */
#include <stdlib.h>
#include <string.h>

#include "route/speaker_internal.h"

static struct local_entry *entry_find(
	const struct speaker *speaker, const struct prefix *prefix, uint64_t hash)
{
	for (struct hash_node *node = hash_first(&speaker->local, hash); node != NULL;
		node = hash_next(node)) {
		struct local_entry *entry = container_of(node, struct local_entry, node);

		if (prefix_equal(&entry->prefix, prefix))
			return entry;
	}
	return NULL;
}

const struct local_entry *local_rib_find(
	const struct speaker *speaker, const struct prefix *prefix)
{
	return entry_find(speaker, prefix, prefix_hash(speaker, prefix));
}

/* The arrays of a route in one allocation, widest elements first. */
static void *route_copy(const struct local_route *route, struct local_route *ret_route)
{
	size_t extended = route->extended_community_count * sizeof(uint64_t);
	size_t only = route->only == NULL ? 0 : route->only_count * sizeof(*route->only);
	size_t large = route->large_community_count * sizeof(struct bgp_large_community);
	size_t standard = route->community_count * sizeof(uint32_t);
	uint8_t *storage = malloc(extended + only + large + standard + 1), *at = storage;

	if (storage == NULL)
		return NULL;
	*ret_route = *route;
	ret_route->extended_communities = (const void *)at;
	if (extended > 0)
		memcpy(at, route->extended_communities, extended);
	at += extended;
	ret_route->only = route->only == NULL ? NULL : (const void *)at;
	if (only > 0)
		memcpy(at, route->only, only);
	at += only;
	ret_route->large_communities = (const void *)at;
	if (large > 0)
		memcpy(at, route->large_communities, large);
	at += large;
	ret_route->communities = (const void *)at;
	if (standard > 0)
		memcpy(at, route->communities, standard);
	return storage;
}

/* What speaker_routes_local shows: the route without any neighbour's additions. */
static struct attribute_set *route_set(struct speaker *speaker, const struct local_route *route)
{
	struct bgp_attributes a = {
		.present = 1ull << BGP_ATTRIBUTE_ORIGIN | 1ull << BGP_ATTRIBUTE_MED,
		.origin = BGP_ORIGIN_IGP,
		.med = route->med,
		.local_pref = route->local_pref,
		.communities = route->communities,
		.large_communities = route->large_communities,
		.extended_communities = route->extended_communities,
		.community_count = (uint16_t)route->community_count,
		.large_community_count = (uint16_t)route->large_community_count,
		.extended_community_count = (uint16_t)route->extended_community_count,
	};

	if (route->has_local_pref)
		a.present |= 1ull << BGP_ATTRIBUTE_LOCAL_PREF;
	return attribute_set_intern(speaker, &a);
}

static void tell_all(struct speaker *speaker, const struct prefix *prefix, struct instant now)
{
	list_for_each(node, &speaker->neighbors)
		adj_out_update(container_of(node, struct neighbor, link), prefix, now);
}

static struct local_entry *entry_new(
	struct speaker *speaker, const struct prefix *prefix, uint64_t hash)
{
	struct local_entry *entry;

	if (speaker->local.count >= LOCAL_ROUTES_MAX)
		return NULL;
	entry = calloc(1, sizeof(*entry));
	if (entry == NULL || hash_insert(&speaker->local, &entry->node, hash) != 0) {
		free(entry);
		return NULL;
	}
	entry->prefix = *prefix;
	return entry;
}

static void entry_free(struct speaker *speaker, struct local_entry *entry)
{
	hash_remove(&speaker->local, &entry->node);
	attribute_set_release(speaker, entry->set);
	free(entry->storage);
	free(entry);
}

int speaker_route_set(
	struct speaker *speaker, const struct local_route *route, struct instant now)
{
	uint64_t hash = prefix_hash(speaker, &route->prefix);
	struct local_entry *entry = entry_find(speaker, &route->prefix, hash);
	struct local_route copy;
	struct attribute_set *set;
	void *storage;

	if (entry == NULL && speaker->local.count >= LOCAL_ROUTES_MAX)
		return ERROR_FULL;
	storage = route_copy(route, &copy);
	set = storage == NULL ? NULL : route_set(speaker, &copy);
	if (set != NULL && entry == NULL)
		entry = entry_new(speaker, &route->prefix, hash);
	if (set == NULL || entry == NULL) {
		attribute_set_release(speaker, set);
		free(storage);
		return ERROR_MEMORY;
	}
	attribute_set_release(speaker, entry->set);
	free(entry->storage);
	entry->route = copy;
	entry->storage = storage;
	entry->set = set;
	entry->since = now;
	tell_all(speaker, &route->prefix, now);
	return 0;
}

int speaker_route_remove(
	struct speaker *speaker, const struct prefix *prefix, struct instant now)
{
	struct prefix copy = *prefix; /* it may lie inside of the entry */
	struct local_entry *entry = entry_find(speaker, prefix, prefix_hash(speaker, prefix));

	if (entry == NULL)
		return ERROR_NOT_FOUND;
	entry_free(speaker, entry);
	tell_all(speaker, &copy, now);
	return 0;
}

void local_rib_forget(struct speaker *speaker, const struct neighbor *neighbor)
{
	struct hash_iterator iterator = { 0 };
	struct hash_node *node;

	while ((node = hash_iterate(&speaker->local, &iterator)) != NULL) {
		struct local_entry *entry = container_of(node, struct local_entry, node);
		/* The entry's own copy. */
		const struct neighbor **only =
			(const struct neighbor **)(uintptr_t)entry->route.only;

		for (size_t i = 0; only != NULL && i < entry->route.only_count; i++)
			if (only[i] == neighbor)
				only[i] = NULL;
	}
}

void local_rib_free(struct speaker *speaker)
{
	struct hash_iterator iterator = { 0 };
	struct hash_node *node;

	while ((node = hash_iterate(&speaker->local, &iterator)) != NULL)
		entry_free(speaker, container_of(node, struct local_entry, node));
	hash_table_clear(&speaker->local);
}
