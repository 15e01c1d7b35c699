/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From a table dump to UPDATEs.
 *
 *     route -> group of its peer, family and attribute list -> [full] -> messages of each group
 *
 * Invariants:
 *  1. Every route that was added is in one group, written, or counted as refused.
 *  2. Groups are written in the order in which they came, prefixes within them too: the same
 *     input gives the same output.
 *  3. At most MRT_PACK_ROUTES_MAX routes wait.
 */
#include "cli/mrt_pack.h"

#include <stdlib.h>

#include "wire/mrt_write.h"

struct group {
	struct hash_node node;
	struct list order;
	struct mrt_peer peer;
	enum bgp_family family;
	bool add_path;
	struct bgp_attributes next_hop; /* nothing but the next hop */
	struct bgp_route_key *keys;
	size_t count, room;
	size_t list_length;
	uint8_t list[]; /* attributes as in the dump */
};

static void group_free(struct group *group)
{
	free(group->keys);
	free(group);
}

static bool group_holds(const struct group *group, const struct mrt_route *route)
{
	size_t length = cursor_left(&route->attribute_bytes);

	return group->list_length == length && group->peer.asn == route->peer.asn &&
	       group->add_path == route->add_path &&
	       address_equal(&group->peer.address, &route->peer.address) &&
	       (group->family == BGP_IPV6_UNICAST) ==
		       (route->prefix.address.family == FAMILY_IPV6) &&
	       memcmp(group->list, route->attribute_bytes.at, length) == 0;
}

static struct group *group_new(
	struct mrt_pack *pack, const struct mrt_route *route, uint64_t hash)
{
	size_t length = cursor_left(&route->attribute_bytes);
	struct group *group = calloc(1, sizeof(*group) + length);

	if (group == NULL)
		return NULL;
	group->peer = route->peer;
	group->family = route->prefix.address.family == FAMILY_IPV6 ? BGP_IPV6_UNICAST
								    : BGP_IPV4_UNICAST;
	group->add_path = route->add_path;
	group->next_hop.next_hop = route->attributes->next_hop;
	group->next_hop.next_hop_link_local = route->attributes->next_hop_link_local;
	group->list_length = length;
	if (length > 0)
		memcpy(group->list, route->attribute_bytes.at, length);
	if (hash_insert(&pack->groups, &group->node, hash) != 0) {
		group_free(group);
		return NULL;
	}
	list_append(&pack->order, &group->order);
	return group;
}

static struct group *group_of(struct mrt_pack *pack, const struct mrt_route *route)
{
	uint64_t hash =
		hash_bytes(&pack->seed, route->attribute_bytes.at,
			cursor_left(&route->attribute_bytes)) ^
		hash_bytes(&pack->seed, &route->peer.address, sizeof(route->peer.address));

	for (struct hash_node *node = hash_first(&pack->groups, hash); node != NULL;
		node = hash_next(node)) {
		struct group *group = container_of(node, struct group, node);

		if (group_holds(group, route))
			return group;
	}
	return group_new(pack, route, hash);
}

static int group_add(struct group *group, const struct mrt_route *route)
{
	if (group->count == group->room) {
		size_t room = group->room == 0 ? 1 : group->room * 2;
		struct bgp_route_key *keys = realloc(group->keys, room * sizeof(*keys));

		if (keys == NULL)
			return ERROR_MEMORY;
		group->keys = keys;
		group->room = room;
	}
	group->keys[group->count++] =
		(struct bgp_route_key){ .prefix = route->prefix, .path_id = route->path_id };
	return 0;
}

int mrt_pack_add(struct mrt_pack *pack, const struct mrt_route *route)
{
	struct group *group = group_of(pack, route);

	if (group == NULL || group_add(group, route) != 0)
		return ERROR_MEMORY;
	if (++pack->waiting < MRT_PACK_ROUTES_MAX)
		return 0;
	return mrt_pack_flush(pack);
}

/* ---- Messages. ---- */

/* One message of as many routes of a group as fit, which leave it. */
static int write_message(
	struct mrt_pack *pack, const struct group *group, size_t from, size_t *ret_written)
{
	static uint8_t bytes[BGP_EXTENDED_MESSAGE_MAX];
	struct bgp_context context = { .four_octet_as = true,
		.ibgp = true,
		.family = { true, true },
		.extended_next_hop = { true, true },
		.add_path_send = { group->add_path, group->add_path },
		.message_max = BGP_MESSAGE_MAX };
	struct writer w = writer_of(bytes, sizeof(bytes)), record;
	struct cursor list = cursor_of(group->list, group->list_length);
	struct mrt_message message = { .peer_asn = group->peer.asn,
		.peer = group->peer.address,
		.four_octet_as = true,
		.add_path = group->add_path };
	int code = bgp_update_write_list(&w, &context, group->family, &group->next_hop, list,
		group->keys + from, group->count - from, ret_written);

	/* RFC 8654: for attributes that leave no room in a usual message. */
	context.message_max = BGP_EXTENDED_MESSAGE_MAX;
	if (code == ERROR_FULL)
		code = bgp_update_write_list(&w, &context, group->family, &group->next_hop,
			list, group->keys + from, group->count - from, ret_written);
	if (code != 0)
		return code;
	message.local.family = message.peer.family;
	message.message = cursor_of(bytes, writer_length(&w));
	record = mrt_records_begin(pack->records);
	code = mrt_message_write(&record, pack->time, &message);
	return code != 0 ? code : mrt_records_put(pack->records, &record);
}

static int write_group(struct mrt_pack *pack, const struct group *group)
{
	for (size_t from = 0, written; from < group->count; from += written) {
		int code = write_message(pack, group, from, &written);

		if (code == ERROR_RANGE || code == ERROR_FULL) {
			pack->refused += group->count - from;
			return 0;
		}
		if (code != 0)
			return code;
		pack->routes += written;
		pack->messages++;
	}
	return 0;
}

static void groups_free(struct mrt_pack *pack)
{
	if (pack->order.next != NULL)
		list_for_each_safe(node, &pack->order)
			group_free(container_of(node, struct group, order));
	hash_table_clear(&pack->groups);
	list_init(&pack->order);
	pack->waiting = 0;
}

int mrt_pack_flush(struct mrt_pack *pack)
{
	int code = 0;

	list_for_each(node, &pack->order) {
		code = write_group(pack, container_of(node, struct group, order));
		if (code != 0)
			break;
	}
	groups_free(pack);
	return code;
}

void mrt_pack_clear(struct mrt_pack *pack)
{
	groups_free(pack);
}
