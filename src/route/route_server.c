/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The route server's choice for a client.
 *
 *     all routes of a destination --from others, usable--> --policy of the client-->
 * --decision-->
 *
 * That is what a table of its own for each client would hold (RFC 7947 section 2.3.2.1),
 * without the tables: routes and attribute sets are shared, a client costs six bytes a
 * destination that it hears of.
 *
 * Invariants:
 *  1. The choice depends on the routes of the destination and the client alone, not on what was
 *     chosen before.
 *  2. Every change of any route of a destination marks it for every group of clients
 *     (best_update), for a route that is not the best one may be the best for some.
 *
 * RFC 7947 sections 2.2 (what is passed on as it is: export.c), 2.3 (path hiding).
 */
#include "route/route_server.h"

#include <stdlib.h>

#include "route/speaker_internal.h"

#define FEW 8u /* routes whose sets are kept on the stack */

static const struct export_choice nothing = { ATTRIBUTE_SET_NONE, RIB_LOCAL };

bool route_server_alone(const struct neighbor *neighbor)
{
	const struct bgp_context *context = &neighbor->live->context;

	if (neighbor->ibgp || !neighbor->settings.route_server_client)
		return false;
	for (int f = 0; f < BGP_FAMILY_COUNT; f++)
		if (context->family[f] && !context->add_path_send[f])
			return true;
	return false;
}

/* An IPv6 next hop of an IPv4 route is for clients that have agreed to it (RFC 8950): ours is
 * not put in its place, and another route may have one that the client understands. */
static bool carried(const struct group *group, enum bgp_family family, attribute_set set)
{
	struct bgp_attributes a;

	if (family != BGP_IPV4_UNICAST || group->key.context.extended_next_hop[family])
		return true;
	attribute_store_read(&group->speaker->store, set, &a);
	return a.next_hop.family != FAMILY_IPV6;
}

static attribute_set offer(const struct group *group, enum bgp_family family,
	uint32_t destination, const struct rib_route *route)
{
	attribute_set set = export_offer(group, family, destination, route);

	if (set == ATTRIBUTE_SET_NONE || carried(group, family, set))
		return set;
	attribute_store_release(&group->speaker->store, set);
	return ATTRIBUTE_SET_NONE;
}

/* The routes that may be told, each with its set; the others take no part in the ranking. */
static void offers_find(const struct group *group, enum bgp_family family, uint32_t destination,
	const struct rib_route *routes, struct best_ranking *ranking, attribute_set *sets)
{
	for (uint32_t i = 0; i < ranking->count; i++) {
		sets[i] = offer(group, family, destination, &routes[i]);
		if (sets[i] == ATTRIBUTE_SET_NONE)
			ranking->candidates[i].metric = DECISION_METRIC_NO_ROUTE;
	}
}

static struct export_choice best_take(const struct group *group, const struct rib_route *routes,
	struct best_ranking *ranking, attribute_set *sets)
{
	struct export_choice choice = nothing;
	uint32_t best = best_ranking_next(ranking);

	if (best != RIB_NONE) {
		choice = (struct export_choice){ sets[best], (rib_source)routes[best].source };
		sets[best] = ATTRIBUTE_SET_NONE;
	}
	for (uint32_t i = 0; i < ranking->count; i++)
		attribute_store_release(&group->speaker->store, sets[i]);
	return choice;
}

/* Without memory: the first that may be told. routes[0] is the best of all. */
static struct export_choice first_take(const struct group *group, enum bgp_family family,
	uint32_t destination, const struct rib_route *routes, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++) {
		attribute_set set = offer(group, family, destination, &routes[i]);

		if (set != ATTRIBUTE_SET_NONE)
			return (struct export_choice){ set, (rib_source)routes[i].source };
	}
	return nothing;
}

struct export_choice route_server_choose(
	const struct group *group, enum bgp_family family, uint32_t destination)
{
	attribute_set few[FEW], *sets = few;
	struct export_choice choice;
	struct best_ranking ranking;
	uint32_t count;
	const struct rib_route *routes =
		rib_routes(&group->speaker->ribs[family], destination, &count);

	if (count <= 1)
		return first_take(group, family, destination, routes, count);
	if (count > FEW)
		sets = calloc(count, sizeof(*sets));
	if (best_ranking_begin(group->speaker, family, destination, &ranking) != 0 ||
		sets == NULL) {
		choice = first_take(group, family, destination, routes, count);
	} else {
		offers_find(group, family, destination, routes, &ranking, sets);
		choice = best_take(group, routes, &ranking, sets);
	}
	best_ranking_end(&ranking);
	if (sets != few)
		free(sets);
	return choice;
}
