/* SPDX-License-Identifier: Apache-2.0 */
/* The BGP sessions of a node, as it sees them. */
#include "world/configure.h"

static enum world_session_kind kind_of(const struct world_link *link, int side)
{
	switch (link->relation) {
	case WORLD_IS_PROVIDER:
		return side == 0 ? SESSION_PROVIDER : SESSION_CUSTOMER;
	case WORLD_IS_ROUTE_SERVER:
		return side == 0 ? SESSION_ROUTE_SERVER : SESSION_MEMBER;
	case WORLD_IS_INTERNAL:
		return SESSION_INTERNAL;
	case WORLD_IS_PEER:
		break;
	}
	return SESSION_PEER;
}

static void over_links(
	const struct world *world, uint32_t node, world_session_each *each, void *context)
{
	for (uint32_t i = 0; i < world->link_count; i++) {
		const struct world_link *link = &world->links[i];
		int side = link->node[0] == node ? 0 : 1;
		struct world_session session;

		if (link->node[side] != node || link->relation == WORLD_IS_INTERNAL)
			continue;
		session = (struct world_session){
			.link = link,
			.other = &world->nodes[link->node[!side]],
			.name = link->interface[side],
			.local = link->address[side],
			.remote = link->address[!side],
			.asn = world->nodes[link->node[!side]].asn,
			.kind = kind_of(link, side),
			.prepend = side == 0 ? link->prepend : 0,
			.watched = link->watched,
		};
		each(context, &session);
	}
}

void world_sessions(
	const struct world *world, uint32_t node, world_session_each *each, void *context)
{
	const struct world_node *self = &world->nodes[node];

	over_links(world, node, each, context);
	if (self->kind != WORLD_ROUTER)
		return;
	for (uint32_t i = 0; i < world->node_count; i++) {
		const struct world_node *other = &world->nodes[i];

		if (i == node || other->kind != WORLD_ROUTER || other->owner != self->owner)
			continue;
		each(context, &(struct world_session){
				      .other = other,
				      .name = other->name,
				      .local = self->loopback,
				      .remote = other->loopback,
				      .asn = other->asn,
				      .kind = SESSION_INTERNAL,
			      });
	}
}

unsigned world_preference(enum world_session_kind kind)
{
	switch (kind) {
	case SESSION_CUSTOMER:
		return 200;
	case SESSION_PEER:
	case SESSION_ROUTE_SERVER:
		return 150;
	case SESSION_PROVIDER:
	case SESSION_MEMBER:
	case SESSION_INTERNAL:
		break;
	}
	return 100;
}
