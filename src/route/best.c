/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Keeping the best route of each destination.
 *
 * Invariants:
 *  1. After best_update, the destination has a best route exactly when a live route with a set
 *     exists, and it is routes[0].
 *  2. Every change of the best route marks its destination in every group.
 */
#include "route/best.h"

#include <stdlib.h>

#include "route/speaker_internal.h"

#define FEW 8u /* candidates that are compared on the stack */

bool best_remove(
	struct speaker *speaker, enum bgp_family family, uint32_t destination, uint32_t index)
{
	struct rib *rib = &speaker->ribs[family];
	bool was_best = index == 0 && rib_has_best(rib, destination);

	if (was_best)
		rib_best_set(rib, destination, false);
	rib_route_remove(rib, destination, index);
	return was_best;
}

static bool eligible(
	const struct speaker *speaker, enum bgp_family family, const struct rib_route *r)
{
	const struct source *source = source_of(speaker, (rib_source)r->source);

	return r->set != ATTRIBUTE_SET_NONE && !r->unresolved && source != NULL &&
	       source_alive(source, family, r);
}

void best_candidate(const struct speaker *speaker, enum bgp_family family,
	const struct rib_route *r, struct decision_candidate *ret_candidate)
{
	const struct source *source = source_of(speaker, (rib_source)r->source);
	const struct neighbor *neighbor = source == NULL ? NULL : source->neighbor;
	struct decision_candidate c = { .since = r->since, .path_id = r->path_id };

	if (!eligible(speaker, family, r)) {
		c.metric = DECISION_METRIC_NO_ROUTE;
		*ret_candidate = c;
		return;
	}
	attribute_store_summary(&speaker->store, r->set, &c.attributes);
	c.weight = c.attributes.weight;
	c.stale = c.attributes.llgr_stale;
	c.origin = DECISION_FROM_HERE;
	if (neighbor != NULL) {
		c.origin = neighbor->ibgp ? DECISION_FROM_IBGP : DECISION_FROM_EBGP;
		c.address = &neighbor->settings.address;
		c.router_id = neighbor->remote_router_id;
	}
	*ret_candidate = c;
}

/* RIB_NONE: none is eligible. Without memory the first that is. */
static uint32_t choose_many(const struct speaker *speaker, enum bgp_family family,
	const struct rib_route *routes, uint32_t count)
{
	struct decision_candidate few[FEW] = { 0 }, *candidates = few;
	uint16_t few_order[FEW], *order = few_order;
	uint32_t best = RIB_NONE, equal;

	if (count > FEW) {
		candidates = calloc(count, sizeof(*candidates));
		order = calloc(count, sizeof(*order));
	}
	if (candidates != NULL && order != NULL) {
		for (uint32_t i = 0; i < count; i++)
			best_candidate(speaker, family, &routes[i], &candidates[i]);
		best = decision_best(
			candidates, count, &speaker->settings.decision, order, &equal);
	}
	if (count > FEW) {
		free(candidates);
		free(order);
	}
	return best;
}

static uint32_t choose(const struct speaker *speaker, enum bgp_family family,
	const struct rib_route *routes, uint32_t count)
{
	if (count == 0)
		return RIB_NONE;
	if (count == 1)
		return eligible(speaker, family, &routes[0]) ? 0 : RIB_NONE;
	return choose_many(speaker, family, routes, count);
}

void best_update(
	struct speaker *speaker, enum bgp_family family, uint32_t destination, bool touched)
{
	struct rib *rib = &speaker->ribs[family];
	bool had = rib_has_best(rib, destination);
	uint32_t count, best;
	struct rib_route *routes = rib_routes(rib, destination, &count);

	best = choose(speaker, family, routes, count);
	rib_best_set(rib, destination, best != RIB_NONE);
	if (best != RIB_NONE && best != 0) {
		struct rib_route route = routes[0];

		routes[0] = routes[best];
		routes[best] = route;
	}
	if (touched || had != (best != RIB_NONE) || (best != RIB_NONE && best != 0))
		groups_mark(speaker, family, destination);
	if (count == 0 && !groups_hold(speaker, family, destination))
		rib_forget(rib, destination);
}

const struct rib_route *best_route(
	struct speaker *speaker, enum bgp_family family, uint32_t destination)
{
	struct rib *rib = &speaker->ribs[family];
	uint32_t count;
	const struct rib_route *routes = rib_routes(rib, destination, &count);

	if (!rib_has_best(rib, destination))
		return NULL;
	if (eligible(speaker, family, &routes[0]))
		return &routes[0];
	best_update(speaker, family, destination, true);
	routes = rib_routes(rib, destination, &count);
	return rib_has_best(rib, destination) ? &routes[0] : NULL;
}
