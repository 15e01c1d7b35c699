/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Changes of the kernel's routes on their way from the speaker to main.
 *
 * Invariant: main may have privileges that the speaker lacks, so what is read here is a prefix
 * without host bits, a known kind, and paths with a gateway of a known family; nothing else.
 */
#include "daemon/kernel_record.h"

static void address_write(struct writer *writer, const struct address *address)
{
	writer_u8(writer, address->family);
	writer_bytes(writer, address->bytes, address_size(address));
}

void kernel_change_write(
	struct writer *writer, enum netlink_change change, const struct netlink_route *route)
{
	bool removal = change == ROUTE_REMOVE;
	uint32_t count = removal ? 0 : route->path_count;

	writer_u8(writer, (uint8_t)change);
	writer_u8(writer, route->kind);
	address_write(writer, &route->prefix.address);
	writer_u8(writer, route->prefix.length);
	writer_u8(writer, (uint8_t)count);
	for (uint32_t i = 0; i < count; i++) {
		writer_u32(writer, route->paths[i].link);
		writer_u16(writer, route->paths[i].weight);
		address_write(writer, &route->paths[i].gateway);
	}
}

/* FAMILY_NONE, without a failure, is no address. */
static struct address address_read(struct cursor *cursor)
{
	struct address address = { .family = cursor_u8(cursor) };

	if (address.family != FAMILY_NONE && address.family != FAMILY_IPV4 &&
		address.family != FAMILY_IPV6)
		cursor->failed = true;
	cursor_copy(cursor, address.bytes, address_size(&address));
	return address;
}

static bool prefix_holds(const struct prefix *prefix)
{
	struct prefix normal = *prefix;

	if (prefix->address.family == FAMILY_NONE ||
		prefix->length > family_bits((enum family)prefix->address.family))
		return false;
	prefix_normalise(&normal);
	return prefix_equal(&normal, prefix);
}

static bool paths_read(struct cursor *cursor, struct netlink_route *route)
{
	route->path_count = cursor_u8(cursor);
	if (route->path_count > ROUTE_PATHS_MAX)
		return false;
	for (uint32_t i = 0; i < route->path_count; i++) {
		struct netlink_path *path = &route->paths[i];

		path->link = cursor_u32(cursor);
		path->weight = cursor_u16(cursor);
		path->gateway = address_read(cursor);
		if (path->weight < 1 || path->weight > 256)
			return false;
		/* An IPv6 route has no IPv4 gateway. */
		if (route->prefix.address.family == FAMILY_IPV6 &&
			path->gateway.family == FAMILY_IPV4)
			return false;
	}
	return !cursor->failed;
}

int kernel_change_read(
	struct cursor *cursor, enum netlink_change *ret_change, struct netlink_route *ret_route)
{
	struct netlink_route *route = ret_route;
	uint8_t change = cursor_u8(cursor);

	route->table = route->metric = 0;
	route->protocol = 0;
	route->replaces = false;
	route->kind = cursor_u8(cursor);
	route->prefix.address = address_read(cursor);
	route->prefix.length = cursor_u8(cursor);
	if (cursor->failed || change >= ROUTE_CHANGES || !prefix_holds(&route->prefix) ||
		(route->kind != ROUTE_UNICAST && route->kind != ROUTE_BLACKHOLE) ||
		!paths_read(cursor, route))
		return ERROR_MALFORMED;
	if (change != ROUTE_REMOVE && (route->kind == ROUTE_UNICAST) != (route->path_count > 0))
		return ERROR_MALFORMED;
	*ret_change = (enum netlink_change)change;
	return 0;
}
