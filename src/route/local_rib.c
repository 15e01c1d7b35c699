/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The routes that we originate: only what the host set, strictly. They stand in the table
 * beside the routes of others, as those of source RIB_LOCAL.
 *
 * Invariants:
 *  1. An entry owns copies of all arrays of its route.
 *  2. Every entry has its route in the table.
 *  3. only_routes counts the entries that name neighbours.
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

/* The route without any neighbour's additions, for people. */
static struct bgp_attributes shown(const struct local_route *route)
{
	struct bgp_attributes a = {
		.present = 1ull << BGP_ATTRIBUTE_ORIGIN | 1ull << BGP_ATTRIBUTE_MED,
		.origin = BGP_ORIGIN_IGP,
		.med = route->med,
		.local_pref = route->has_local_pref ? route->local_pref : 0,
		.communities = route->communities,
		.large_communities = route->large_communities,
		.extended_communities = route->extended_communities,
		.community_count = (uint16_t)route->community_count,
		.large_community_count = (uint16_t)route->large_community_count,
		.extended_community_count = (uint16_t)route->extended_community_count,
	};

	if (route->has_local_pref)
		a.present |= 1ull << BGP_ATTRIBUTE_LOCAL_PREF;
	if (route->community_count > 0)
		a.present |= 1ull << BGP_ATTRIBUTE_COMMUNITIES;
	if (route->large_community_count > 0)
		a.present |= 1ull << BGP_ATTRIBUTE_LARGE_COMMUNITIES;
	if (route->extended_community_count > 0)
		a.present |= 1ull << BGP_ATTRIBUTE_EXTENDED_COMMUNITIES;
	return a;
}

/* RFC 8326 section 4: the community, and towards internal neighbours the lowest preference. */
static int graceful_shutdown_add(struct speaker *speaker, struct bgp_attributes *a)
{
	uint32_t *list = arena_take_array(
		&speaker->scratch, (size_t)a->community_count + 1, sizeof(*list));

	if (list == NULL)
		return ERROR_MEMORY;
	for (unsigned i = 0; i < a->community_count; i++) {
		list[i] = a->communities[i];
		if (list[i] == BGP_COMMUNITY_GRACEFUL_SHUTDOWN)
			return 0;
	}
	list[a->community_count++] = BGP_COMMUNITY_GRACEFUL_SHUTDOWN;
	a->communities = list;
	a->local_pref = 0;
	a->present |= 1ull << BGP_ATTRIBUTE_COMMUNITIES | 1ull << BGP_ATTRIBUTE_LOCAL_PREF;
	return 0;
}

/* As it stands in the table: how often more we shall stand in the path is the path itself
 * (export.c puts it in the neighbour's terms). */
static attribute_set table_set(struct speaker *speaker, const struct local_route *route)
{
	struct bgp_attributes a = shown(route);
	attribute_set set = ATTRIBUTE_SET_NONE;

	if (bgp_as_path_prepend(&a, speaker->settings.asn, route->prepend, &speaker->scratch) ==
			0 &&
		(!route->graceful_shutdown || graceful_shutdown_add(speaker, &a) == 0))
		set = attribute_store_intern(&speaker->store, &a);
	arena_reset(&speaker->scratch);
	return set;
}

/* Into the table of all routes, where it wins over what others say. */
static int table_put(
	struct speaker *speaker, const struct local_entry *entry, struct instant now)
{
	enum bgp_family family = prefix_family(&entry->prefix);
	attribute_set set = table_set(speaker, &entry->route);
	uint32_t destination;
	int r = ERROR_MEMORY;

	if (set == ATTRIBUTE_SET_NONE)
		return ERROR_MEMORY;
	destination = rib_get(&speaker->ribs[family], &entry->prefix);
	if (destination != RIB_NONE)
		r = source_route_set(speaker, speaker->sources[RIB_LOCAL], family, destination,
			0, set, set, now);
	attribute_store_release(&speaker->store, set);
	return r;
}

/* Even when the set is the same: whom it names may have changed. */
static void tell_all(struct speaker *speaker, const struct prefix *prefix)
{
	enum bgp_family family = prefix_family(prefix);
	uint32_t destination = rib_find(&speaker->ribs[family], prefix);

	if (destination != RIB_NONE)
		groups_mark(speaker, family, destination);
	groups_wake(speaker);
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

static void entry_empty(struct speaker *speaker, struct local_entry *entry)
{
	if (entry->storage != NULL && entry->route.only != NULL)
		speaker->only_routes--;
	attribute_store_release(&speaker->store, entry->shown);
	free(entry->storage);
	entry->storage = NULL;
	entry->shown = ATTRIBUTE_SET_NONE;
}

static void entry_free(struct speaker *speaker, struct local_entry *entry)
{
	hash_remove(&speaker->local, &entry->node);
	entry_empty(speaker, entry);
	free(entry);
}

static int entry_fill(struct speaker *speaker, struct local_entry *entry,
	const struct local_route *route, struct instant now)
{
	struct local_route copy;
	struct bgp_attributes a;
	void *storage = route_copy(route, &copy);
	attribute_set set;

	if (storage == NULL)
		return ERROR_MEMORY;
	a = shown(&copy);
	set = attribute_store_intern(&speaker->store, &a);
	if (set == ATTRIBUTE_SET_NONE) {
		free(storage);
		return ERROR_MEMORY;
	}
	if (copy.only != NULL && speaker->only_routes++ == 0)
		groups_part(speaker);
	entry_empty(speaker, entry);
	entry->route = copy;
	entry->storage = storage;
	entry->shown = set;
	entry->since = now;
	return 0;
}

int speaker_route_set(
	struct speaker *speaker, const struct local_route *route, struct instant now)
{
	uint64_t hash = prefix_hash(speaker, &route->prefix);
	struct local_entry *entry = entry_find(speaker, &route->prefix, hash);
	bool made = entry == NULL;
	int r;

	if (made && speaker->local.count >= LOCAL_ROUTES_MAX)
		return ERROR_FULL;
	if (made)
		entry = entry_new(speaker, &route->prefix, hash);
	if (entry == NULL)
		return ERROR_MEMORY;
	r = entry_fill(speaker, entry, route, now);
	if (r == 0)
		r = table_put(speaker, entry, now);
	if (r != 0 && made)
		entry_free(speaker, entry);
	if (r == 0)
		tell_all(speaker, &route->prefix);
	return r;
}

int speaker_route_remove(
	struct speaker *speaker, const struct prefix *prefix, struct instant now)
{
	enum bgp_family family = prefix_family(prefix);
	uint32_t destination = rib_find(&speaker->ribs[family], prefix);
	struct local_entry *entry = entry_find(speaker, prefix, prefix_hash(speaker, prefix));

	(void)now;
	if (entry == NULL)
		return ERROR_NOT_FOUND;
	entry_free(speaker, entry);
	if (destination != RIB_NONE)
		source_route_remove(
			speaker, speaker->sources[RIB_LOCAL], family, destination, 0);
	groups_wake(speaker);
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
