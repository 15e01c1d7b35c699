/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From names and cities to nodes.
 *
 * Invariants:
 *  1. Nodes of a network stand together, networks before exchanges before sites, each in the
 *     file's order; numbers and so addresses follow from that order alone.
 *  2. Names of nodes are unique.
 */
#include <stdio.h>
#include <string.h>

#include "world/internal.h"

#define FIRST_ASN     64601u
#define LAST_ASN      65534u
#define FIRST_BIG_ASN 4200000000u

static void find_city(struct world_builder *b, const char *text, const struct config_mark *mark,
	const char *name, struct world_node *node)
{
	const struct plan_city *city = plan_city_find(text), *meant;

	if (city != NULL) {
		node->place = city->place;
		node->city = city->name;
		return;
	}
	meant = plan_city_closest(text);
	if (meant != NULL)
		world_complain(
			b, mark, name, meant->name, "the city '%.60s' is not known", text);
	else
		world_complain(b, mark, name, "write latitude and longitude instead",
			"the city '%.60s' is not known", text);
}

/* What networks and sites say of where they are. */
struct somewhere {
	const char *name, *what, *city;
	const struct config_mark *mark;
	bool has_latitude, has_longitude;
	double latitude, longitude;
};

static void set_place(
	struct world_builder *b, const struct somewhere *where, struct world_node *node)
{
	if (where->has_latitude != where->has_longitude) {
		world_complain(b, where->mark, where->name, "write both",
			"%s '%s' has a %s and no %s", where->what, where->name,
			where->has_latitude ? "latitude" : "longitude",
			where->has_latitude ? "longitude" : "latitude");
		return;
	}
	if (where->city != NULL && where->has_latitude) {
		world_complain(b, where->mark, where->name, "leave one of them out",
			"%s '%s' has both a city and coordinates", where->what, where->name);
		return;
	}
	if (where->has_latitude) {
		node->place =
			(struct plan_place){ (float)where->latitude, (float)where->longitude };
		return;
	}
	if (where->city == NULL) {
		world_complain(b, where->mark, where->name, "write city: Amsterdam, say",
			"%s '%s' has no city", where->what, where->name);
		return;
	}
	find_city(b, where->city, where->mark, where->name, node);
}

static struct world_node *add_node(
	struct world_builder *b, const char *name, const struct config_mark *mark)
{
	struct world *world = b->world;
	uint32_t number = world->node_count;
	struct world_node *node;

	if (b->result != 0 || number >= world->node_room)
		return NULL;
	if (strlen(name) >= WORLD_NAME_MAX) {
		world_complain(b, mark, name, "", "the name '%.60s' is too long", name);
		return NULL;
	}
	if (world_node_find(world, name) != WORLD_NONE)
		world_complain(b, mark, name,
			"names are unique among networks, exchanges and sites",
			"there are two nodes '%s'", name);
	node = &world->nodes[world->node_count++];
	snprintf(node->name, sizeof(node->name), "%s", name);
	node->city = "";
	node->loopback = 0x0a000001u | number << 8;
	return node;
}

static uint32_t number_of(uint32_t said, size_t index)
{
	if (said != 0)
		return said;
	if (FIRST_ASN + index <= LAST_ASN)
		return (uint32_t)(FIRST_ASN + index);
	return (uint32_t)(FIRST_BIG_ASN + index);
}

static void one_router(struct world_builder *b, const struct config_world_network *network)
{
	struct world_node *node = add_node(b, network->name, &network->mark);
	const struct somewhere where = {
		.name = network->name,
		.what = "network",
		.city = network->city,
		.mark = &network->mark,
		.has_latitude = network->has_latitude,
		.has_longitude = network->has_longitude,
		.latitude = network->latitude,
		.longitude = network->longitude,
	};

	if (node != NULL)
		set_place(b, &where, node);
}

static void router_of_city(
	struct world_builder *b, const struct config_world_network *network, const char *city)
{
	const struct plan_city *found = plan_city_find(city);
	char name[2 * WORLD_NAME_MAX];
	struct world_node *node;

	snprintf(name, sizeof(name), "%.40s-%.20s", network->name,
		found == NULL ? city : found->code);
	node = add_node(b, name, &network->mark);
	if (node != NULL)
		find_city(b, city, &network->mark, network->name, node);
}

/* Several routers need a daemon that knows how far away a next hop is. */
static void check_daemon(struct world_builder *b, const struct config_world_network *network)
{
	if (network->daemon != WORLD_DAEMON_GOBGP && network->daemon != WORLD_DAEMON_OPENBGPD)
		return;
	world_complain(b, &network->mark, network->name, "give it one city, or another daemon",
		"network '%s' has several cities, and its daemon does not know the distance "
		"between them",
		network->name);
}

static void add_network(
	struct world_builder *b, const struct config_world_network *network, size_t index)
{
	uint32_t first = b->world->node_count;

	b->first[index] = first;
	if (network->city_count > 0 && (network->city != NULL || network->has_latitude))
		world_complain(b, &network->mark, network->name, "leave out one of them",
			"network '%s' has both a city and cities", network->name);
	if (network->city_count > 1)
		check_daemon(b, network);
	if (network->city_count == 0)
		one_router(b, network);
	for (size_t i = 0; i < network->city_count; i++)
		router_of_city(b, network, network->cities[i]);
	for (uint32_t i = first; i < b->world->node_count; i++) {
		struct world_node *node = &b->world->nodes[i];

		node->kind = WORLD_ROUTER;
		node->owner = (uint32_t)index;
		node->asn = number_of(network->asn, index);
		node->daemon = network->daemon;
		node->people = network->people / (double)(b->world->node_count - first);
		if (network->people > 0)
			node->prefix = node->loopback & ~0xffu;
	}
}

static void add_exchange(
	struct world_builder *b, const struct config_world_exchange *exchange, size_t index)
{
	struct world_node *node = add_node(b, exchange->name, &exchange->mark);

	b->exchange[index] = b->world->node_count - 1;
	if (node == NULL)
		return;
	node->kind = WORLD_EXCHANGE;
	node->owner = (uint32_t)index;
	node->asn = number_of(exchange->asn, b->file->network_count + index);
	node->daemon = exchange->daemon;
	find_city(b, exchange->city, &exchange->mark, exchange->name, node);
}

static void add_site(
	struct world_builder *b, const struct config_world_site *site, size_t index)
{
	struct world_node *node = add_node(b, site->name, &site->mark);
	const struct somewhere where = {
		.name = site->name,
		.what = "site",
		.city = site->city,
		.mark = &site->mark,
		.has_latitude = site->has_latitude,
		.has_longitude = site->has_longitude,
		.latitude = site->latitude,
		.longitude = site->longitude,
	};

	b->site[index] = b->world->node_count - 1;
	if (node == NULL)
		return;
	node->kind = WORLD_SITE;
	node->owner = (uint32_t)index;
	node->asn = b->file->asn;
	node->daemon = site->daemon;
	node->program = site->program;
	set_place(b, &where, node);
	if (site->daemon != WORLD_DAEMON_NEARCAST)
		world_complain(b, &site->mark, site->name, "leave daemon out",
			"site '%s' is run by another daemon: only this one watches a service",
			site->name);
}

/* Two networks of one number would take each other's routes for loops. */
static void check_numbers(struct world_builder *b)
{
	for (size_t i = 0; i < b->file->network_count; i++) {
		const struct config_world_network *network = &b->file->networks[i];
		uint32_t asn = number_of(network->asn, i);

		if (asn == b->file->asn)
			world_complain(b, &network->mark, network->name, "give it another one",
				"network '%s' has the sites' AS number %u", network->name, asn);
		for (size_t j = 0; j < i; j++)
			if (number_of(b->file->networks[j].asn, j) == asn)
				world_complain(b, &network->mark, network->name,
					"give it another one",
					"networks '%s' and '%s' have the same AS number %u",
					b->file->networks[j].name, network->name, asn);
	}
}

void world_add_nodes(struct world_builder *b)
{
	const struct config_world *file = b->file;

	for (size_t i = 0; i < file->network_count; i++)
		add_network(b, &file->networks[i], i);
	b->first[file->network_count] = b->world->node_count;
	for (size_t i = 0; i < file->exchange_count; i++)
		add_exchange(b, &file->exchanges[i], i);
	for (size_t i = 0; i < file->site_count; i++)
		add_site(b, &file->sites[i], i);
	check_numbers(b);
}
