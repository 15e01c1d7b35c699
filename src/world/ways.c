/* SPDX-License-Identifier: Apache-2.0 */
/* The ways inside a network: Dijkstra over its internal links. */
#include <stdlib.h>

#include "world/world.h"

struct reach {
	uint32_t metric, first_link;
	bool known, done;
};

static uint32_t cost_of(const struct world_link *link)
{
	return (uint32_t)(link->delay_ns / 1000) + 1;
}

static void relax(const struct world *world, const bool *up, uint32_t start, uint32_t at,
	struct reach *reach)
{
	for (uint32_t i = 0; i < world->link_count; i++) {
		const struct world_link *link = &world->links[i];
		uint32_t to, metric;

		if (link->relation != WORLD_IS_INTERNAL || !up[i] ||
			(link->node[0] != at && link->node[1] != at))
			continue;
		to = link->node[0] == at ? link->node[1] : link->node[0];
		metric = reach[at].metric + cost_of(link);
		if (reach[to].known && reach[to].metric <= metric)
			continue;
		reach[to].known = true;
		reach[to].metric = metric;
		reach[to].first_link = at == start ? i : reach[at].first_link;
	}
}

static uint32_t nearest(const struct world *world, const struct reach *reach)
{
	uint32_t best = WORLD_NONE;

	for (uint32_t i = 0; i < world->node_count; i++)
		if (reach[i].known && !reach[i].done &&
			(best == WORLD_NONE || reach[i].metric < reach[best].metric))
			best = i;
	return best;
}

int world_ways(const struct world *world, uint32_t node, const bool *up, world_way_each *each,
	void *context)
{
	struct reach *reach = calloc(world->node_count + 1u, sizeof(*reach));
	uint32_t at;

	if (reach == NULL)
		return ERROR_MEMORY;
	reach[node].known = true;
	while ((at = nearest(world, reach)) != WORLD_NONE) {
		reach[at].done = true;
		if (at != node)
			each(context, &(struct world_way){
					      at, reach[at].first_link, reach[at].metric });
		relax(world, up, node, at, reach);
	}
	free(reach);
	return 0;
}
