/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A table of routes, by prefix and peer.
 *
 *     prefix -> its routes: (peer, path identifier) -> attribute list (shared), since
 *
 * Invariants:
 *  1. A prefix in the table has at least one route; a (peer, path identifier) at most one.
 *  2. A list's count is the number of routes that point to it; at zero it is gone.
 *  3. Peers are numbered as they came and never leave.
 */
#include "cli/mrt_table.h"

#include <stdlib.h>
#include <string.h>

#include "base/list.h"
#include "wire/mrt_write.h"

struct attribute_list {
	struct hash_node node;
	uint32_t count; /* routes that use it */
	uint16_t length;
	uint8_t bytes[];
};

struct table_route {
	struct attribute_list *list;
	uint32_t path_id, originated_s;
	uint16_t peer;
	bool add_path;
};

struct prefix_routes {
	struct hash_node node;
	struct prefix prefix;
	uint32_t count, room;
	struct table_route *routes;
};

/* ---- Attribute lists. ---- */

static void list_release(struct mrt_table *table, struct attribute_list *list)
{
	if (--list->count > 0)
		return;
	hash_remove(&table->lists, &list->node);
	free(list);
}

static struct attribute_list *list_take(
	struct mrt_table *table, const uint8_t *bytes, uint16_t length)
{
	uint64_t hash = hash_bytes(&table->seed, bytes, length);
	struct attribute_list *list;

	for (struct hash_node *node = hash_first(&table->lists, hash); node != NULL;
		node = hash_next(node)) {
		list = container_of(node, struct attribute_list, node);
		if (list->length == length && memcmp(list->bytes, bytes, length) == 0) {
			list->count++;
			return list;
		}
	}
	list = malloc(sizeof(*list) + length);
	if (list == NULL)
		return NULL;
	list->count = 1;
	list->length = length;
	memcpy(list->bytes, bytes, length);
	if (hash_insert(&table->lists, &list->node, hash) != 0) {
		free(list);
		return NULL;
	}
	return list;
}

/* ---- Peers. ---- */

static bool peer_same(const struct mrt_peer *a, const struct mrt_peer *b)
{
	return a->asn == b->asn && address_equal(&a->address, &b->address);
}

/* Its number, or ERROR_FULL or ERROR_MEMORY. */
static int peer_number(struct mrt_table *table, const struct mrt_peer *peer)
{
	for (unsigned i = 0; i < table->peer_count; i++)
		if (peer_same(&table->peers[i], peer))
			return (int)i;
	if (table->peer_count == UINT16_MAX)
		return ERROR_FULL;
	if (table->peer_count == table->peer_room) {
		uint32_t room = table->peer_room == 0 ? 64 : table->peer_room * 2;
		struct mrt_peer *peers = realloc(table->peers, room * sizeof(*peers));

		if (peers == NULL)
			return ERROR_MEMORY;
		table->peers = peers;
		table->peer_room = room;
	}
	table->peers[table->peer_count] = *peer;
	return table->peer_count++;
}

/* ---- Prefixes and their routes. ---- */

static uint64_t prefix_hash(const struct mrt_table *table, const struct prefix *prefix)
{
	return hash_bytes(&table->seed, prefix, sizeof(*prefix));
}

static struct prefix_routes *prefix_find(
	const struct mrt_table *table, const struct prefix *prefix)
{
	struct hash_node *node = hash_first(&table->prefixes, prefix_hash(table, prefix));

	for (; node != NULL; node = hash_next(node)) {
		struct prefix_routes *entry = container_of(node, struct prefix_routes, node);

		if (prefix_equal(&entry->prefix, prefix))
			return entry;
	}
	return NULL;
}

static struct prefix_routes *prefix_take(struct mrt_table *table, const struct prefix *prefix)
{
	struct prefix_routes *entry = prefix_find(table, prefix);

	if (entry != NULL)
		return entry;
	entry = calloc(1, sizeof(*entry));
	if (entry == NULL)
		return NULL;
	entry->prefix = *prefix;
	if (hash_insert(&table->prefixes, &entry->node, prefix_hash(table, prefix)) != 0) {
		free(entry);
		return NULL;
	}
	return entry;
}

static void prefix_release(struct mrt_table *table, struct prefix_routes *entry)
{
	if (entry->count > 0)
		return;
	hash_remove(&table->prefixes, &entry->node);
	free(entry->routes);
	free(entry);
}

static struct table_route *route_find(
	struct prefix_routes *entry, uint16_t peer, uint32_t path_id)
{
	for (uint32_t i = 0; i < entry->count; i++)
		if (entry->routes[i].peer == peer && entry->routes[i].path_id == path_id)
			return &entry->routes[i];
	return NULL;
}

static int route_new(
	struct mrt_table *table, struct prefix_routes *entry, struct table_route **ret_route)
{
	if (entry->count == UINT16_MAX)
		return ERROR_FULL;
	if (entry->count == entry->room) {
		uint32_t room = entry->room == 0 ? 1 : entry->room * 2;
		struct table_route *routes = realloc(entry->routes, room * sizeof(*routes));

		if (routes == NULL)
			return ERROR_MEMORY;
		entry->routes = routes;
		entry->room = room;
	}
	*ret_route = &entry->routes[entry->count++];
	**ret_route = (struct table_route){ 0 };
	table->routes++;
	return 0;
}

/* The order of the others stays. */
static void route_remove(
	struct mrt_table *table, struct prefix_routes *entry, struct table_route *route)
{
	size_t behind = entry->count - 1 - (size_t)(route - entry->routes);

	list_release(table, route->list);
	memmove(route, route + 1, behind * sizeof(*route));
	entry->count--;
	table->routes--;
}

static void withdraw(
	struct mrt_table *table, const struct prefix *prefix, uint16_t peer, uint32_t path_id)
{
	struct prefix_routes *entry = prefix_find(table, prefix);
	struct table_route *route = entry == NULL ? NULL : route_find(entry, peer, path_id);

	if (route == NULL)
		return;
	route_remove(table, entry, route);
	prefix_release(table, entry);
}

static struct attribute_list *list_of(struct mrt_table *table, const struct mrt_route *route)
{
	static uint8_t buffer[1u << 17];
	struct writer w = writer_of(buffer, sizeof(buffer));

	if (mrt_attributes_convert(
		    &w, route->attribute_bytes, route->four_octet_as, route->attributes) != 0 ||
		w.failed || writer_length(&w) > UINT16_MAX) {
		table->refused++;
		return NULL;
	}
	return list_take(table, buffer, (uint16_t)writer_length(&w));
}

static int announce(struct mrt_table *table, const struct mrt_route *route, uint16_t peer)
{
	uint64_t refused = table->refused;
	struct attribute_list *list = list_of(table, route);
	struct prefix_routes *entry;
	struct table_route *kept;
	int code = 0;

	if (list == NULL)
		return table->refused > refused ? 0 : ERROR_MEMORY;
	entry = prefix_take(table, &route->prefix);
	kept = entry == NULL ? NULL : route_find(entry, peer, route->path_id);
	if (entry == NULL)
		code = ERROR_MEMORY;
	else if (kept == NULL)
		code = route_new(table, entry, &kept);
	if (code != 0) {
		list_release(table, list);
		if (entry != NULL)
			prefix_release(table, entry);
		return code;
	}
	if (kept->list != NULL)
		list_release(table, kept->list);
	*kept = (struct table_route){ .list = list,
		.path_id = route->path_id,
		.peer = peer,
		.add_path = route->add_path,
		.originated_s = route->kind == MRT_ROUTE_TABLE
					? route->originated_s
					: (uint32_t)(route->record->time.ns / 1000000000) };
	return 0;
}

int mrt_table_take(struct mrt_table *table, const struct mrt_route *route)
{
	int peer = peer_number(table, &route->peer);

	if (peer < 0)
		return peer;
	if (route->record->time.ns > table->time.ns)
		table->time = route->record->time;
	/* RFC 7606: what is malformed so far that a router would withdraw it is withdrawn. */
	if (route->kind == MRT_ROUTE_WITHDRAW ||
		route->verdict >= BGP_VERDICT_TREAT_AS_WITHDRAW) {
		withdraw(table, &route->prefix, (uint16_t)peer, route->path_id);
		return 0;
	}
	return announce(table, route, (uint16_t)peer);
}

void mrt_table_drop(struct mrt_table *table, const struct mrt_peer *peer)
{
	struct hash_iterator i = { 0 };
	struct hash_node *node;
	int number = peer_number(table, peer);

	while (number >= 0 && (node = hash_iterate(&table->prefixes, &i)) != NULL) {
		struct prefix_routes *entry = container_of(node, struct prefix_routes, node);

		for (uint32_t r = entry->count; r > 0; r--)
			if (entry->routes[r - 1].peer == number)
				route_remove(table, entry, &entry->routes[r - 1]);
		prefix_release(table, entry);
	}
}

/* ---- Writing. ---- */

static int prefix_order(const void *a, const void *b)
{
	const struct prefix_routes *const *left = a, *const *right = b;

	return prefix_compare(&(*left)->prefix, &(*right)->prefix);
}

static void prefix_write(const struct mrt_table *table, struct writer *w,
	const struct prefix_routes *entry, uint32_t sequence, bool add_path)
{
	struct mrt_rib_writer rib = mrt_rib_begin(
		w, table->time, sequence, &entry->prefix, BGP_SAFI_UNICAST, add_path);

	for (uint32_t i = 0; i < entry->count; i++) {
		const struct table_route *route = &entry->routes[i];

		if (route->add_path == add_path)
			mrt_rib_add_bytes(&rib, route->peer, route->originated_s,
				route->path_id, route->list->bytes, route->list->length);
	}
	mrt_rib_end(&rib);
}

static bool has_routes(const struct prefix_routes *entry, bool add_path)
{
	for (uint32_t i = 0; i < entry->count; i++)
		if (entry->routes[i].add_path == add_path)
			return true;
	return false;
}

/* A record, in a buffer that grows until it fits. */
static int put_prefix(const struct mrt_table *table, struct mrt_records *records,
	const struct prefix_routes *entry, uint32_t sequence, bool add_path)
{
	int code = 0;

	while (code == 0) {
		struct writer w = mrt_records_begin(records);

		prefix_write(table, &w, entry, sequence, add_path);
		if (!w.failed)
			return mrt_records_put(records, &w);
		code = mrt_records_grow(records);
	}
	return code;
}

static int put_peers(const struct mrt_table *table, struct mrt_records *records)
{
	int code = 0;

	while (code == 0) {
		struct writer w = mrt_records_begin(records);

		mrt_peer_table_write(&w, table->time, 0, "", table->peers, table->peer_count);
		if (!w.failed)
			return mrt_records_put(records, &w);
		code = mrt_records_grow(records);
	}
	return code;
}

static int put_sorted(const struct mrt_table *table, struct mrt_records *records,
	struct prefix_routes **sorted, size_t count)
{
	uint32_t sequence = 0;
	int code = put_peers(table, records);

	for (size_t i = 0; code == 0 && i < count; i++)
		for (int add_path = 0; code == 0 && add_path < 2; add_path++)
			if (has_routes(sorted[i], add_path))
				code = put_prefix(
					table, records, sorted[i], sequence++, add_path);
	return code;
}

int mrt_table_write(struct mrt_table *table, struct mrt_records *records)
{
	struct prefix_routes **sorted =
		calloc(table->prefixes.count + 1, sizeof(struct prefix_routes *));
	struct hash_iterator i = { 0 };
	struct hash_node *node;
	size_t count = 0;
	int code;

	if (sorted == NULL)
		return ERROR_MEMORY;
	while ((node = hash_iterate(&table->prefixes, &i)) != NULL)
		sorted[count++] = container_of(node, struct prefix_routes, node);
	qsort(sorted, count, sizeof(struct prefix_routes *), prefix_order);
	code = put_sorted(table, records, sorted, count);
	free(sorted);
	return code;
}

void mrt_table_clear(struct mrt_table *table)
{
	struct hash_iterator i = { 0 };
	struct hash_node *node;

	while ((node = hash_iterate(&table->prefixes, &i)) != NULL) {
		struct prefix_routes *entry = container_of(node, struct prefix_routes, node);

		while (entry->count > 0)
			route_remove(table, entry, &entry->routes[entry->count - 1]);
		prefix_release(table, entry);
	}
	hash_table_clear(&table->prefixes);
	hash_table_clear(&table->lists);
	free(table->peers);
	*table = (struct mrt_table){ 0 };
}
