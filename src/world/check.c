/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What makes no sense as a whole: loops of providers, networks that hear of no site.
 *
 * Who hears of the sites follows from the relations alone (Gao and Rexford 2001): what a
 * customer says is told to everybody, what a peer or a provider says only to customers.
 */
#include <stdlib.h>
#include <string.h>

#include "world/internal.h"

/* ---- Loops of providers ---- */

enum visit { UNSEEN, UNDER_WAY, DONE };

struct search {
	struct world_builder *b;
	enum visit *visits; /* a network */
};

static const struct config_world_network *network_at(const struct search *s, uint32_t index)
{
	return &s->b->file->networks[index];
}

static uint32_t network_find(const struct search *s, const char *name)
{
	for (size_t i = 0; i < s->b->file->network_count; i++)
		if (strcmp(s->b->file->networks[i].name, name) == 0)
			return (uint32_t)i;
	return WORLD_NONE;
}

static void look_up(struct search *s, uint32_t index)
{
	const struct config_world_network *network = network_at(s, index);

	s->visits[index] = UNDER_WAY;
	for (size_t i = 0; i < network->provider_count; i++) {
		const struct config_world_tie *tie = &network->providers[i];
		uint32_t provider = network_find(s, tie->name);

		if (provider == WORLD_NONE)
			continue;
		if (s->visits[provider] == UNDER_WAY)
			world_complain(s->b, &tie->mark, tie->name,
				"leave out one of the links of the loop",
				"a loop of providers: '%s' buys from '%s', which buys from it by "
				"way of others",
				network->name, tie->name);
		else if (s->visits[provider] == UNSEEN)
			look_up(s, provider);
	}
	s->visits[index] = DONE;
}

/* ---- Who hears ---- */

/* What an owner (network or site) has heard. */
enum heard { NOTHING, FROM_ABOVE, FROM_BELOW };

struct spread {
	const struct world *world;
	enum heard *heard; /* a node; all nodes of a network hear alike */
	bool again;
};

static void hear(struct spread *s, uint32_t node, enum heard what)
{
	if (s->heard[node] >= what)
		return;
	s->heard[node] = what;
	s->again = true;
}

static void over_exchange(struct spread *s, const struct world_link *link, uint32_t from)
{
	if (s->heard[from] != FROM_BELOW)
		return;
	for (uint32_t i = 0; i < s->world->link_count; i++)
		if (s->world->links[i].node[1] == link->node[1] &&
			s->world->links[i].node[0] != from)
			hear(s, s->world->links[i].node[0], FROM_ABOVE);
}

static void over_link(struct spread *s, const struct world_link *link)
{
	uint32_t a = link->node[0], b = link->node[1];

	switch (link->relation) {
	case WORLD_IS_INTERNAL:
		hear(s, a, s->heard[b]);
		hear(s, b, s->heard[a]);
		break;
	case WORLD_IS_PROVIDER:
		if (s->heard[a] == FROM_BELOW)
			hear(s, b, FROM_BELOW);
		if (s->heard[b] != NOTHING)
			hear(s, a, FROM_ABOVE);
		break;
	case WORLD_IS_PEER:
		if (s->heard[a] == FROM_BELOW)
			hear(s, b, FROM_ABOVE);
		if (s->heard[b] == FROM_BELOW)
			hear(s, a, FROM_ABOVE);
		break;
	case WORLD_IS_ROUTE_SERVER:
		over_exchange(s, link, a);
		break;
	}
}

static void check_heard(struct world_builder *b)
{
	const struct world *world = b->world;
	struct spread s = { .world = world, .again = true };

	s.heard = calloc(world->node_count + 1u, sizeof(*s.heard));
	if (s.heard == NULL) {
		b->result = ERROR_MEMORY;
		return;
	}
	for (uint32_t i = 0; i < world->node_count; i++)
		if (world->nodes[i].kind == WORLD_SITE)
			s.heard[i] = FROM_BELOW;
	while (s.again) {
		s.again = false;
		for (uint32_t i = 0; i < world->link_count; i++)
			over_link(&s, &world->links[i]);
	}
	for (uint32_t i = 0; i < world->node_count; i++) {
		const struct world_node *node = &world->nodes[i];
		const struct config_world_network *network;

		if (node->kind != WORLD_ROUTER || node->people <= 0 || s.heard[i] != NOTHING)
			continue;
		network = &b->file->networks[node->owner];
		world_complain(b, &network->mark, network->name,
			"give it a provider, or the sites' networks a link towards it",
			"there is no path from '%s' to any site", node->name);
	}
	free(s.heard);
}

void world_check(struct world_builder *b)
{
	struct search search = { .b = b };

	search.visits = calloc(b->file->network_count + 1, sizeof(*search.visits));
	if (search.visits == NULL) {
		b->result = ERROR_MEMORY;
		return;
	}
	for (uint32_t i = 0; i < b->file->network_count; i++)
		if (search.visits[i] == UNSEEN)
			look_up(&search, i);
	free(search.visits);
	if (b->diagnostics->error_count == 0)
		check_heard(b);
}
