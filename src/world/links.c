/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From ties between names to links between nodes.
 *
 * Invariants:
 *  1. node[0] of a link is the customer, the member, or the one that named the other.
 *  2. A node's interfaces have different names, at most 15 bytes long.
 */
#include <stdio.h>
#include <string.h>

#include "world/distance.h"
#include "world/internal.h"

#define LINK_NET      0xac100000u /* 172.16.0.0 */
#define EXCHANGE_NET  0xac1e0000u /* 172.30.0.0 */
#define EXCHANGES_MAX 512u        /* /24s in it */
#define MEMBERS_MAX   253u

/* One end of a tie: the nodes that it may be tied to. */
struct ends {
	uint32_t first, count;
};

/* The network, exchange or site that a tie names. */
static bool find_ends(struct world_builder *b, const char *name, struct ends *ret_ends)
{
	for (size_t i = 0; i < b->file->network_count; i++)
		if (strcmp(b->file->networks[i].name, name) == 0) {
			*ret_ends = (struct ends){ b->first[i], b->first[i + 1] - b->first[i] };
			return true;
		}
	for (size_t i = 0; i < b->file->exchange_count; i++)
		if (strcmp(b->file->exchanges[i].name, name) == 0) {
			*ret_ends = (struct ends){ b->exchange[i], 1 };
			return true;
		}
	for (size_t i = 0; i < b->file->site_count; i++)
		if (strcmp(b->file->sites[i].name, name) == 0) {
			*ret_ends = (struct ends){ b->site[i], 1 };
			return true;
		}
	return false;
}

/* ---- Interfaces ---- */

static bool interface_taken(const struct world *world, uint32_t node, const char *name)
{
	for (uint32_t i = 0; i < world->link_count; i++)
		for (int side = 0; side < 2; side++)
			if (world->links[i].node[side] == node &&
				strcmp(world->links[i].interface[side], name) == 0)
				return true;
	return false;
}

static void name_interface(const struct world *world, uint32_t node, const char *other,
	char name[WORLD_INTERFACE_MAX])
{
	snprintf(name, WORLD_INTERFACE_MAX, "%.15s", other);
	for (unsigned n = 2; interface_taken(world, node, name) || strcmp(name, "lo") == 0; n++)
		snprintf(name, WORLD_INTERFACE_MAX, "%.11s-%u", other, n % 1000);
}

/* ---- Links ---- */

static struct world_link *add_link(
	struct world_builder *b, uint32_t from, uint32_t to, enum world_relation relation)
{
	struct world *world = b->world;
	struct world_node *a = &world->nodes[from], *c = &world->nodes[to];
	struct world_link *link;

	if (world->link_count >= world->link_room) {
		b->result = ERROR_FULL;
		return NULL;
	}
	link = &world->links[world->link_count];
	memset(link, 0, sizeof(*link));
	name_interface(world, from, c->name, link->interface[0]);
	name_interface(world, to, a->name, link->interface[1]);
	snprintf(link->name, sizeof(link->name), "%s-%s", a->name, c->name);
	for (unsigned n = 2; world_link_find(world, link->name) != WORLD_NONE && n < 100; n++)
		snprintf(link->name, sizeof(link->name), "%.44s-%.44s-%u", a->name, c->name, n);
	link->node[0] = from;
	link->node[1] = to;
	link->relation = relation;
	link->length = 31;
	link->address[0] = LINK_NET + 2 * world->link_count;
	link->address[1] = link->address[0] + 1;
	if (b->file->by_distance)
		link->delay_ns = world_delay_ns(a->place, c->place);
	world->link_count++;
	return link;
}

static void dress_link(struct world_link *link, const struct config_world_tie *tie)
{
	if (link == NULL)
		return;
	if (tie->has_delay)
		link->delay_ns = (uint64_t)tie->delay.ns;
	link->loss_ppm = (uint32_t)(tie->loss * 1e4 + 0.5);
	link->rate_bps = (uint64_t)tie->rate * 1000000u;
	link->prepend = tie->prepend;
}

static bool in_city(const struct world_node *node, const char *at)
{
	const struct plan_city *city = at == NULL ? NULL : plan_city_find(at);

	return at == NULL || (city != NULL && strcmp(city->name, node->city) == 0);
}

/* A tie is made where it may and is shortest; between two networks of several cities, in
 * every city that they share. */
static void tie_nodes(struct world_builder *b, struct ends from, struct ends to,
	const struct config_world_tie *tie, enum world_relation relation)
{
	uint32_t best[2] = { WORLD_NONE, WORLD_NONE };
	uint64_t shortest = UINT64_MAX;
	uint32_t shared = 0;

	for (uint32_t i = from.first; i < from.first + from.count; i++) {
		for (uint32_t j = to.first; j < to.first + to.count; j++) {
			const struct world_node *a = &b->world->nodes[i],
						*c = &b->world->nodes[j];
			uint64_t delay = world_delay_ns(a->place, c->place);

			if (from.count > 1 ? !in_city(a, tie->at) &&
						     !(to.count > 1 && in_city(c, tie->at))
					   : to.count > 1 && !in_city(c, tie->at))
				continue;
			if (delay == 0 && tie->at == NULL && from.count > 1 && to.count > 1) {
				dress_link(add_link(b, i, j, relation), tie);
				shared++;
			}
			if (delay < shortest) {
				shortest = delay;
				best[0] = i;
				best[1] = j;
			}
		}
	}
	if (best[0] == WORLD_NONE)
		world_complain(
			b, &tie->mark, tie->name, "", "neither of them is in '%.60s'", tie->at);
	else if (shared == 0)
		dress_link(add_link(b, best[0], best[1], relation), tie);
}

static bool tied(const struct config_world_tie *ties, size_t count, const char *name)
{
	for (size_t i = 0; i < count; i++)
		if (strcmp(ties[i].name, name) == 0)
			return true;
	return false;
}

/* Whether a tie names something that it may name; who: the one that names it. */
static bool usable(struct world_builder *b, const struct config_world_tie *tie, const char *who,
	struct ends *ret_to)
{
	const char *meant;

	if (strcmp(tie->name, who) == 0) {
		world_complain(b, &tie->mark, tie->name, "", "'%s' is tied to itself", who);
		return false;
	}
	if (!find_ends(b, tie->name, ret_to)) {
		meant = world_closest(b->world, tie->name);
		world_complain(b, &tie->mark, tie->name, meant == NULL ? "" : meant,
			"there is no network '%s'", tie->name);
		return false;
	}
	return ret_to->count > 0;
}

static bool is_kind(struct world_builder *b, const struct config_world_tie *tie, struct ends to,
	enum world_kind kind, const char *hint)
{
	if (b->world->nodes[to.first].kind == kind)
		return true;
	world_complain(b, &tie->mark, tie->name, hint, "'%s' is no network", tie->name);
	return false;
}

static const struct config_world_network *network_of(struct world_builder *b, const char *name)
{
	for (size_t i = 0; i < b->file->network_count; i++)
		if (strcmp(b->file->networks[i].name, name) == 0)
			return &b->file->networks[i];
	return NULL;
}

static void tie_provider(struct world_builder *b, const struct config_world_network *network,
	struct ends from, const struct config_world_tie *tie)
{
	const struct config_world_network *other = network_of(b, tie->name);
	struct ends to;

	if (!usable(b, tie, network->name, &to) ||
		!is_kind(b, tie, to, WORLD_ROUTER, "a site or an exchange sells no transit"))
		return;
	if (other != NULL && tied(other->providers, other->provider_count, network->name)) {
		world_complain(b, &tie->mark, tie->name, "one of them sells to the other",
			"networks '%s' and '%s' are each other's providers", network->name,
			tie->name);
		return;
	}
	tie_nodes(b, from, to, tie, WORLD_IS_PROVIDER);
}

static void tie_peer(struct world_builder *b, const struct config_world_network *network,
	struct ends from, const struct config_world_tie *tie)
{
	const struct config_world_network *other = network_of(b, tie->name);
	struct ends to;

	if (!usable(b, tie, network->name, &to) ||
		!is_kind(b, tie, to, WORLD_ROUTER,
			"say it at the site, or in the exchange's members"))
		return;
	if (tied(network->providers, network->provider_count, tie->name) ||
		(other != NULL &&
			tied(other->providers, other->provider_count, network->name))) {
		world_complain(b, &tie->mark, tie->name, "leave one of the two out",
			"'%s' and '%s' are peers, and one is the other's provider",
			network->name, tie->name);
		return;
	}
	if (other != NULL && other < network &&
		tied(other->peers, other->peer_count, network->name))
		return; /* said by both: it is one link */
	tie_nodes(b, from, to, tie, WORLD_IS_PEER);
}

/* Routers of one network: each with each. */
static void tie_inside(struct world_builder *b, struct ends nodes)
{
	for (uint32_t i = 0; i < nodes.count; i++)
		for (uint32_t j = i + 1; j < nodes.count; j++)
			(void)add_link(b, nodes.first + i, nodes.first + j, WORLD_IS_INTERNAL);
}

static void add_member(struct world_builder *b, uint32_t exchange, uint32_t number,
	const struct config_world_tie *tie)
{
	struct ends from = { 0 }, to = { b->exchange[exchange], 1 };
	uint32_t before = b->world->link_count;
	struct world_link *link;

	if (!usable(b, tie, b->file->exchanges[exchange].name, &from))
		return;
	if (b->world->nodes[from.first].kind == WORLD_EXCHANGE) {
		world_complain(
			b, &tie->mark, tie->name, "", "'%s' is an exchange too", tie->name);
		return;
	}
	tie_nodes(b, from, to, tie, WORLD_IS_ROUTE_SERVER);
	if (b->world->link_count == before)
		return;
	link = &b->world->links[before];
	link->length = 24;
	link->address[1] = EXCHANGE_NET + 256 * exchange + 1;
	link->address[0] = link->address[1] + 1 + number;
}

static void add_members(struct world_builder *b, uint32_t exchange)
{
	const struct config_world_exchange *x = &b->file->exchanges[exchange];

	if (exchange >= EXCHANGES_MAX || x->member_count > MEMBERS_MAX) {
		world_complain(b, &x->mark, x->name, "",
			"there are at most %u exchanges of %u members", EXCHANGES_MAX,
			MEMBERS_MAX);
		return;
	}
	for (size_t i = 0; i < x->member_count; i++)
		add_member(b, exchange, (uint32_t)i, &x->members[i]);
}

/* Of the daemons these two are told to speak BFD. */
static bool watches(const struct world_builder *b, uint32_t link)
{
	uint8_t daemon = b->world->nodes[b->world->links[link].node[1]].daemon;

	return daemon == WORLD_DAEMON_NEARCAST || daemon == WORLD_DAEMON_BIRD;
}

static void tie_site(struct world_builder *b, size_t index)
{
	const struct config_world_site *site = &b->file->sites[index];
	bool member = false;

	for (size_t i = 0; i < b->file->exchange_count; i++)
		member = member || tied(b->file->exchanges[i].members,
					   b->file->exchanges[i].member_count, site->name);
	if (site->upstream_count == 0 && !member)
		world_complain(b, &site->mark, site->name, "write upstreams: { NETWORK: {} }",
			"site '%s' has no upstreams", site->name);
	for (size_t i = 0; i < site->upstream_count; i++) {
		const struct config_world_tie *tie = &site->upstreams[i];
		uint32_t before = b->world->link_count;
		struct ends to;

		if (!usable(b, tie, site->name, &to) ||
			!is_kind(b, tie, to, WORLD_ROUTER,
				"to connect it to an exchange, name it among the exchange's members"))
			continue;
		tie_nodes(b, (struct ends){ b->site[index], 1 }, to, tie,
			tie->relation == WORLD_PEER ? WORLD_IS_PEER : WORLD_IS_PROVIDER);
		for (uint32_t j = before; j < b->world->link_count; j++)
			b->world->links[j].watched = b->world->bfd && watches(b, j);
	}
}

void world_add_links(struct world_builder *b)
{
	const struct config_world *file = b->file;

	for (size_t i = 0; i < file->network_count; i++) {
		const struct config_world_network *network = &file->networks[i];
		struct ends nodes = { b->first[i], b->first[i + 1] - b->first[i] };

		if (nodes.count == 0)
			continue;
		tie_inside(b, nodes);
		for (size_t j = 0; j < network->provider_count; j++)
			tie_provider(b, network, nodes, &network->providers[j]);
		for (size_t j = 0; j < network->peer_count; j++)
			tie_peer(b, network, nodes, &network->peers[j]);
	}
	for (size_t i = 0; i < file->exchange_count; i++)
		add_members(b, (uint32_t)i);
	for (size_t i = 0; i < file->site_count; i++)
		tie_site(b, i);
}
