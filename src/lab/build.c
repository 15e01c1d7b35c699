/* SPDX-License-Identifier: Apache-2.0 */
/* From a world to namespaces, cables and ways. */
#include <stdlib.h>

#include "lab/internal.h"
#include "lab/relay.h"

#define BRIDGE "lan"

static int make_exchange(struct lab *lab, uint32_t node, struct error *error)
{
	struct links *links = lab->nodes[node].links;
	const struct world *world = lab->world;
	int result = links_bridge(links, BRIDGE, error);

	for (uint32_t i = 0; result == 0 && i < world->link_count; i++)
		if (world->links[i].node[1] == node) {
			result = links_address(
				links, BRIDGE, world->links[i].address[1], 24, error);
			break;
		}
	return result != 0 ? result : links_up(links, BRIDGE, true, error);
}

static int dress_end(struct lab *lab, uint32_t number, int side, struct error *error)
{
	const struct world_link *link = &lab->world->links[number];
	struct links *links = lab->nodes[link->node[side]].links;
	const char *name = link->interface[side];
	int result;

	if (link->relation == WORLD_IS_ROUTE_SERVER && side == 1)
		result = links_master(links, name, BRIDGE, error);
	else
		result = links_address(links, name, link->address[side], link->length, error);
	return result != 0 ? result : links_up(links, name, true, error);
}

static bool wants_relay(const struct world_link *link)
{
	return link->delay_ns > 0 || link->loss_ppm > 0 || link->rate_bps > 0;
}

/* Both ends, each made inside of its node. */
static int make_taps(struct lab *lab, uint32_t number, struct error *error)
{
	const struct world_link *link = &lab->world->links[number];
	const struct line_settings settings = { .delay_ns = link->delay_ns,
		.loss_ppm = link->loss_ppm,
		.rate_bps = link->rate_bps };
	const struct line_settings both[2] = { settings, settings };
	int *taps = lab->links[number].tap;
	int result = 0;

	for (int i = 0; i < 2 && result == 0; i++) {
		result = lab_enter(lab, link->node[i], error);
		if (result == 0)
			result = relay_tap(link->interface[i], &taps[i], error);
		lab_leave(lab);
	}
	lab->links[number].relayed = true;
	return result != 0 ? result : relay_add(lab->relay, number, taps, both, error);
}

static int make_cable(struct lab *lab, uint32_t number, struct error *error)
{
	const struct world_link *link = &lab->world->links[number];

	if (wants_relay(link) && lab->relay != NULL)
		return make_taps(lab, number, error);
	return links_veth(lab->nodes[link->node[0]].links, link->interface[0],
		lab->nodes[link->node[1]].net, link->interface[1], error);
}

int lab_make_link(struct lab *lab, uint32_t number, struct error *error)
{
	int result = make_cable(lab, number, error);

	if (result == 0)
		result = dress_end(lab, number, 0, error);
	if (result == 0)
		result = dress_end(lab, number, 1, error);
	return result;
}

static int end_state(
	struct lab *lab, uint32_t number, int side, enum lab_cut state, struct error *error)
{
	const struct world_link *link = &lab->world->links[number];
	struct links *links = lab->nodes[link->node[side]].links;
	const char *name = link->interface[side];
	struct error ignored = { 0 };

	if (state == LAB_SILENT)
		return links_silence(links, name, true, error);
	(void)links_silence(links, name, false, &ignored);
	return links_up(links, name, state == LAB_WHOLE, error);
}

int lab_link_state(struct lab *lab, uint32_t link, enum lab_cut state, struct error *error)
{
	int result = end_state(lab, link, 0, state, error);

	return result != 0 ? result : end_state(lab, link, 1, state, error);
}

/* ---- Ways inside ---- */

struct ways {
	struct lab *lab;
	uint32_t from;
	struct lab_way *list;
	size_t count, room;
	bool failed;
};

static void take_way(void *context, const struct world_way *way)
{
	struct ways *w = context;

	if (w->count == w->room) {
		size_t room = w->room == 0 ? 64 : 2 * w->room;
		struct lab_way *list = realloc(w->list, room * sizeof(*list));

		if (list == NULL) {
			w->failed = true;
			return;
		}
		w->list = list;
		w->room = room;
	}
	w->list[w->count++] = (struct lab_way){ w->from, *way };
}

static int change_way(struct lab *lab, enum links_change change, const struct lab_way *way,
	struct error *error)
{
	const struct world *world = lab->world;
	const struct world_link *link = &world->links[way->way.link];
	int side = link->node[0] == way->from ? 0 : 1;

	return links_route(lab->nodes[way->from].links, change,
		world->nodes[way->way.to].loopback, 32, link->address[!side],
		link->interface[side], way->way.metric, error);
}

static bool listed(const struct lab_way *list, size_t count, const struct lab_way *way)
{
	for (size_t i = 0; i < count; i++)
		if (list[i].from == way->from && list[i].way.to == way->way.to &&
			list[i].way.link == way->way.link &&
			list[i].way.metric == way->way.metric)
			return true;
	return false;
}

/* New ways first, then the old ones go: in between both are there. */
int lab_route_inside(struct lab *lab, struct error *error)
{
	const struct world *world = lab->world;
	struct ways w = { .lab = lab };
	int result = 0;

	for (uint32_t i = 0; i < world->node_count && result == 0; i++) {
		w.from = i;
		if (world->nodes[i].kind == WORLD_ROUTER && !lab->nodes[i].down)
			result = world_ways(world, i, lab->internal_up, take_way, &w);
	}
	if (result != 0 || w.failed) {
		free(w.list);
		return error_set(error, ERROR_MEMORY, "no memory");
	}
	for (size_t i = 0; i < w.count && result == 0; i++)
		if (!listed(lab->ways, lab->way_count, &w.list[i]))
			result = change_way(lab, LINKS_REPLACE, &w.list[i], error);
	/* A route over an interface that is down went with it. */
	for (size_t i = 0; i < lab->way_count; i++)
		if (!listed(w.list, w.count, &lab->ways[i]))
			(void)change_way(lab, LINKS_REMOVE, &lab->ways[i], NULL);
	free(lab->ways);
	lab->ways = w.list;
	lab->way_count = w.count;
	return result;
}

/* ---- All of it ---- */

static void tell(
	lab_progress *progress, void *context, const char *what, size_t done, size_t total)
{
	if (progress != NULL)
		progress(context, what, done, total);
}

int lab_build(struct lab *lab, lab_progress *progress, void *context, struct error *error)
{
	const struct world *world = lab->world;
	int result = 0;

	for (uint32_t i = 0; i < world->node_count && result == 0; i++) {
		result = lab_make_node(lab, i, error);
		if (result == 0 && world->nodes[i].kind == WORLD_EXCHANGE)
			result = make_exchange(lab, i, error);
		tell(progress, context, "nodes", i + 1, world->node_count);
	}
	for (uint32_t i = 0; i < world->link_count && result == 0; i++) {
		result = lab_make_link(lab, i, error);
		lab->internal_up[i] = world->links[i].relation == WORLD_IS_INTERNAL;
		tell(progress, context, "links", i + 1, world->link_count);
	}
	return result != 0 ? result : lab_route_inside(lab, error);
}
