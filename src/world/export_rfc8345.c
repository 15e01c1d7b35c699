/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Networks as RFC 8345 has them.
 *
 *   catchments   client --> site         ases   AS --> AS
 *        |  supporting-network             |
 *        +---------> routers <-------------+
 *
 * Invariants:
 *  1. What a reference names exists: nodes, termination points and links of `routers` are
 *     written for exactly the places that are not down and the links that are not cut (sections
 *     4.1 and 4.2: leafrefs).
 *  2. Identifiers are unique within their list: a link's has its number in the world.
 *  3. Only leaves of the two modules of the RFC: no extensions that a reader has to know.
 */
#include <stdio.h>
#include <stdlib.h>

#include "world/export_json.h"
#include "world/export_world.h"

#define LAYER "routers"

static bool is_up(const struct draw_world *world, uint32_t place)
{
	return world->places[place].state != DRAW_DOWN;
}

static bool link_is_up(const struct draw_world *world, const struct draw_link *l)
{
	return l->state == DRAW_LINK_OK && is_up(world, l->from) && is_up(world, l->to);
}

static void network_begin(struct export_json *json, const char *name, bool above)
{
	export_json_open(json, '{', false);
	export_member_string(json, "network-id", name);
	export_json_key(json, "network-types");
	export_json_open(json, '{', true);
	export_json_close(json, '}');
	if (!above)
		return;
	export_json_key(json, "supporting-network");
	export_json_open(json, '[', false);
	export_json_open(json, '{', true);
	export_member_string(json, "network-ref", LAYER);
	export_json_close(json, '}');
	export_json_close(json, ']');
}

static void list_begin(struct export_json *json, const char *name)
{
	export_json_key(json, name);
	export_json_open(json, '[', false);
}

static void add_end(struct export_json *json, bool source, const char *node, const char *point)
{
	export_json_key(json, source ? "source" : "destination");
	export_json_open(json, '{', true);
	export_member_string(json, source ? "source-node" : "dest-node", node);
	if (point != NULL)
		export_member_string(json, source ? "source-tp" : "dest-tp", point);
	export_json_close(json, '}');
}

/* ---- Routers ---- */

#define ID_MAX 32

/* The termination point of a link at its end: "link-7". One link has one at each node. */
static const char *point_of(size_t link, char id[ID_MAX])
{
	snprintf(id, ID_MAX, "link-%zu", link);
	return id;
}

/* The links of each place: first[p] .. first[p + 1] - 1 into links. */
struct incidence {
	uint32_t *first, *links;
};

static void incidence_clear(struct incidence *i)
{
	free(i->first);
	free(i->links);
}

static int incidence_make(const struct draw_world *world, struct incidence *ret_incidence)
{
	struct incidence made = { .first = calloc(world->place_count + 2, sizeof(uint32_t)),
		.links = calloc(2 * world->link_count + 1, sizeof(uint32_t)) };

	*ret_incidence = made;
	if (made.first == NULL || made.links == NULL)
		return ERROR_MEMORY;
	for (size_t i = 0; i < world->link_count; i++) {
		made.first[world->links[i].from + 2]++;
		made.first[world->links[i].to + 2]++;
	}
	for (size_t p = 0; p < world->place_count; p++)
		made.first[p + 2] += made.first[p + 1];
	/* Filling moves first[p + 1] from the beginning of p to that of p + 1. */
	for (uint32_t i = 0; i < world->link_count; i++) {
		made.links[made.first[world->links[i].from + 1]++] = i;
		made.links[made.first[world->links[i].to + 1]++] = i;
	}
	return 0;
}

static void add_router(struct export_json *json, const struct draw_world *world,
	const struct incidence *incidence, uint32_t place)
{
	bool open = false;
	char id[ID_MAX];

	export_json_open(json, '{', false);
	export_member_string(json, "node-id", world->places[place].name);
	for (uint32_t i = incidence->first[place]; i < incidence->first[place + 1]; i++) {
		uint32_t link = incidence->links[i];

		if (!link_is_up(world, &world->links[link]))
			continue;
		if (!open)
			list_begin(json, "ietf-network-topology:termination-point");
		open = true;
		export_json_open(json, '{', true);
		export_member_string(json, "tp-id", point_of(link, id));
		export_json_close(json, '}');
	}
	if (open)
		export_json_close(json, ']');
	export_json_close(json, '}');
}

/* A link's name has its direction: "link-7" from `from` to `to`, "link-7-back". */
static void add_router_link(
	struct export_json *json, const struct draw_world *world, size_t link, bool back)
{
	const struct draw_link *l = &world->links[link];
	const char *from = world->places[back ? l->to : l->from].name;
	const char *to = world->places[back ? l->from : l->to].name;
	char id[ID_MAX], point[ID_MAX];

	snprintf(id, sizeof(id), "link-%zu%s", link, back ? "-back" : "");
	export_json_open(json, '{', false);
	export_member_string(json, "link-id", id);
	add_end(json, true, from, point_of(link, point));
	add_end(json, false, to, point);
	export_json_close(json, '}');
}

static int add_routers(struct export_json *json, const struct draw_world *world)
{
	struct incidence incidence = { 0 };
	int result = incidence_make(world, &incidence);

	if (result != 0)
		goto out;
	network_begin(json, LAYER, false);
	list_begin(json, "node");
	for (uint32_t i = 0; i < world->place_count; i++)
		if (is_up(world, i))
			add_router(json, world, &incidence, i);
	export_json_close(json, ']');
	list_begin(json, "ietf-network-topology:link");
	for (size_t i = 0; i < world->link_count; i++)
		if (link_is_up(world, &world->links[i])) {
			add_router_link(json, world, i, false);
			add_router_link(json, world, i, true);
		}
	export_json_close(json, ']');
	export_json_close(json, '}');
out:
	incidence_clear(&incidence);
	return result;
}

/* ---- ASes ---- */

static void add_supporting_node(struct export_json *json, const char *name)
{
	export_json_open(json, '{', true);
	export_member_string(json, "network-ref", LAYER);
	export_member_string(json, "node-ref", name);
	export_json_close(json, '}');
}

static const char *as_name(uint32_t as_number, char id[ID_MAX])
{
	snprintf(id, ID_MAX, "as-%u", as_number);
	return id;
}

/* The node of an AS, at its first place that is up: all others support it too. */
static void add_as(struct export_json *json, const struct draw_world *world, uint32_t place)
{
	uint32_t as_number = world->places[place].as_number;
	char id[ID_MAX];

	for (uint32_t i = 0; i < place; i++)
		if (world->places[i].as_number == as_number && is_up(world, i))
			return;
	export_json_open(json, '{', false);
	export_member_string(json, "node-id", as_name(as_number, id));
	list_begin(json, "supporting-node");
	for (uint32_t i = place; i < world->place_count; i++)
		if (world->places[i].as_number == as_number && is_up(world, i))
			add_supporting_node(json, world->places[i].name);
	export_json_close(json, ']');
	export_json_close(json, '}');
}

static void add_as_link(
	struct export_json *json, const struct draw_world *world, size_t link, bool back)
{
	const struct draw_link *l = &world->links[link];
	uint32_t from = world->places[back ? l->to : l->from].as_number;
	uint32_t to = world->places[back ? l->from : l->to].as_number;
	char id[ID_MAX];

	snprintf(id, sizeof(id), "link-%zu%s", link, back ? "-back" : "");
	export_json_open(json, '{', false);
	export_member_string(json, "link-id", id);
	/* The same identifier in the network below. */
	list_begin(json, "supporting-link");
	export_json_open(json, '{', true);
	export_member_string(json, "network-ref", LAYER);
	export_member_string(json, "link-ref", id);
	export_json_close(json, '}');
	export_json_close(json, ']');
	add_end(json, true, as_name(from, id), NULL);
	add_end(json, false, as_name(to, id), NULL);
	export_json_close(json, '}');
}

static void add_ases(struct export_json *json, const struct draw_world *world)
{
	network_begin(json, "ases", true);
	list_begin(json, "node");
	for (uint32_t i = 0; i < world->place_count; i++)
		if (world->places[i].as_number != 0 && is_up(world, i))
			add_as(json, world, i);
	export_json_close(json, ']');
	list_begin(json, "ietf-network-topology:link");
	for (size_t i = 0; i < world->link_count; i++) {
		uint32_t from = world->places[world->links[i].from].as_number;
		uint32_t to = world->places[world->links[i].to].as_number;

		if (from == to || from == 0 || to == 0 || !link_is_up(world, &world->links[i]))
			continue;
		add_as_link(json, world, i, false);
		add_as_link(json, world, i, true);
	}
	export_json_close(json, ']');
	export_json_close(json, '}');
}

/* ---- Catchments ---- */

static void add_catchments(struct export_json *json, const struct draw_world *world)
{
	char id[ID_MAX];

	network_begin(json, "catchments", true);
	list_begin(json, "node");
	for (uint32_t i = 0; i < world->place_count; i++) {
		if ((world->places[i].kind != DRAW_SITE &&
			    world->places[i].kind != DRAW_CLIENT) ||
			!is_up(world, i))
			continue;
		export_json_open(json, '{', false);
		export_member_string(json, "node-id", world->places[i].name);
		list_begin(json, "supporting-node");
		add_supporting_node(json, world->places[i].name);
		export_json_close(json, ']');
		export_json_close(json, '}');
	}
	export_json_close(json, ']');
	list_begin(json, "ietf-network-topology:link");
	for (size_t i = 0; i < world->answer_count; i++) {
		const struct draw_answer *a = &world->answers[i];

		if (a->site == DRAW_NONE || !is_up(world, a->site) || !is_up(world, a->client))
			continue;
		snprintf(id, sizeof(id), "answer-%zu", i);
		export_json_open(json, '{', false);
		export_member_string(json, "link-id", id);
		add_end(json, true, world->places[a->client].name, NULL);
		add_end(json, false, world->places[a->site].name, NULL);
		export_json_close(json, '}');
	}
	export_json_close(json, ']');
	export_json_close(json, '}');
}

int export_rfc8345(const struct draw_world *world, struct text *out, struct error *error)
{
	struct export_json json = { .out = out };
	int result = draw_world_check(world, error);

	if (result != 0)
		return result;
	export_json_open(&json, '{', false);
	export_json_key(&json, "ietf-network:networks");
	export_json_open(&json, '{', false);
	list_begin(&json, "network");
	result = add_routers(&json, world);
	add_ases(&json, world);
	add_catchments(&json, world);
	export_json_close(&json, ']');
	export_json_close(&json, '}');
	export_json_close(&json, '}');
	return result != 0 || out->failed
		       ? error_set(error, ERROR_MEMORY, "no memory for the export")
		       : 0;
}
