/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Keeping the best route of each destination.
 *
 * Invariants:
 *  1. After best_update, the destination has a best route exactly when a live route with a set
 *     exists, and it is routes[0].
 *  2. Every change of the best route marks its destination in every group, every change of
 *     any route in those with ADD-PATH, and of a route server's clients.
 *  3. After best_update, `multipath` is set in the routes that share the traffic of the
 *     destination, if they are more than one, and in no other.
 */
#include "route/best.h"

#include <stdlib.h>

#include "route/speaker_internal.h"

#define FEW         8u    /* candidates that are compared on the stack */
#define REVIEW_STEP 4096u /* destinations chosen anew in one piece */

bool best_touches(const struct speaker *speaker, enum bgp_family family, uint32_t destination,
	uint32_t index)
{
	const struct rib *rib = &speaker->ribs[family];
	uint32_t count;

	return (index == 0 && rib_has_best(rib, destination)) ||
	       rib_routes(rib, destination, &count)[index].multipath;
}

bool best_remove(
	struct speaker *speaker, enum bgp_family family, uint32_t destination, uint32_t index)
{
	struct rib *rib = &speaker->ribs[family];
	bool touched = best_touches(speaker, family, destination, index);

	if (index == 0)
		rib_best_set(rib, destination, false);
	rib_route_remove(rib, destination, index);
	return touched;
}

bool best_usable(
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

	if (!best_usable(speaker, family, r)) {
		c.metric = DECISION_METRIC_NO_ROUTE;
		*ret_candidate = c;
		return;
	}
	attribute_store_summary(&speaker->store, r->set, &c.attributes);
	c.weight = c.attributes.weight;
	c.stale = c.attributes.llgr_stale;
	c.metric = next_hop_metric(speaker, r->set);
	c.origin = DECISION_FROM_HERE;
	if (neighbor != NULL) {
		c.origin = neighbor->ibgp ? DECISION_FROM_IBGP : DECISION_FROM_EBGP;
		c.address = &neighbor->settings.address;
		c.router_id = neighbor->remote_router_id;
	}
	*ret_candidate = c;
}

/* The first `equal` of order share the traffic, if they are several. True: that is new. */
static bool multipath_set(
	struct rib_route *routes, uint32_t count, const uint16_t *order, uint32_t equal)
{
	bool changed = false;

	for (uint32_t i = 0; i < count; i++) {
		bool shares = false;

		for (uint32_t j = 0; equal > 1 && j < equal && !shares; j++)
			shares = order[j] == i;
		if (routes[i].multipath == shares)
			continue;
		routes[i].multipath = shares;
		changed = true;
	}
	return changed;
}

/* RIB_NONE: none is usable, or no memory. */
static uint32_t choose_many(const struct speaker *speaker, enum bgp_family family,
	struct rib_route *routes, uint32_t count, bool *ret_changed)
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
		*ret_changed = multipath_set(routes, count, order, equal);
	}
	if (count > FEW) {
		free(candidates);
		free(order);
	}
	return best;
}

/* *ret_changed: others share the traffic than before. */
static uint32_t choose(const struct speaker *speaker, enum bgp_family family,
	struct rib_route *routes, uint32_t count, bool *ret_changed)
{
	*ret_changed = false;
	if (count == 0)
		return RIB_NONE;
	if (count > 1)
		return choose_many(speaker, family, routes, count, ret_changed);
	*ret_changed = multipath_set(routes, 1, NULL, 0);
	return best_usable(speaker, family, &routes[0]) ? 0 : RIB_NONE;
}

void best_update(
	struct speaker *speaker, enum bgp_family family, uint32_t destination, bool touched)
{
	struct rib *rib = &speaker->ribs[family];
	bool had = rib_has_best(rib, destination), spread, changed;
	uint32_t count, best;
	struct rib_route *routes = rib_routes(rib, destination, &count);

	best = choose(speaker, family, routes, count, &spread);
	rib_best_set(rib, destination, best != RIB_NONE);
	if (best != RIB_NONE && best != 0) {
		struct rib_route route = routes[0];

		routes[0] = routes[best];
		routes[best] = route;
	}
	changed = touched || had != (best != RIB_NONE) || (best != RIB_NONE && best != 0);
	if (changed)
		groups_mark(speaker, family, destination);
	else if (speaker->add_path_groups > 0)
		groups_mark_paths(speaker, family, destination);
	if (changed && speaker->flow.area_count > 0 && !bgp_family_is_flowspec(family))
		flow_unicast_changed(speaker, family, destination);
	if ((changed || spread) && speaker->watch_best != NULL &&
		!bgp_family_is_flowspec(family))
		speaker->watch_best(speaker->watch_best_context, family, destination);
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
	if (best_usable(speaker, family, &routes[0]))
		return &routes[0];
	best_update(speaker, family, destination, true);
	routes = rib_routes(rib, destination, &count);
	return rib_has_best(rib, destination) ? &routes[0] : NULL;
}

uint32_t best_paths(struct speaker *speaker, enum bgp_family family, uint32_t destination,
	const struct rib_route **ret_paths, uint32_t room)
{
	const struct rib_route *best = best_route(speaker, family, destination), *routes;
	uint32_t count, found = 0;

	if (best == NULL || room == 0)
		return 0;
	ret_paths[found++] = best;
	routes = rib_routes(&speaker->ribs[family], destination, &count);
	for (uint32_t i = 1; i < count && found < room; i++)
		if (routes[i].multipath && best_usable(speaker, family, &routes[i]))
			ret_paths[found++] = &routes[i];
	return found;
}

/* ---- By other rules. ---- */

void best_review(struct speaker *speaker)
{
	for (int f = 0; f < BGP_FAMILY_COUNT; f++) {
		speaker->choosing[f] = speaker->ribs[f].count > 0;
		speaker->choosing_at[f] = 0;
	}
}

bool best_reviewing(const struct speaker *speaker)
{
	for (int f = 0; f < BGP_FAMILY_COUNT; f++)
		if (speaker->choosing[f])
			return true;
	return false;
}

void best_review_step(struct speaker *speaker)
{
	for (int f = 0; f < BGP_FAMILY_COUNT; f++) {
		const struct rib *rib = &speaker->ribs[f];
		uint32_t *at = &speaker->choosing_at[f], end = *at + REVIEW_STEP;

		if (!speaker->choosing[f])
			continue;
		for (; *at < end && *at < rib->bound; (*at)++)
			if (rib_used(rib, *at))
				best_update(speaker, (enum bgp_family)f, *at, false);
		speaker->choosing[f] = *at < rib->bound;
	}
}

/* ---- All of them, in order. ---- */

int best_ranking_begin(const struct speaker *speaker, enum bgp_family family,
	uint32_t destination, struct best_ranking *ret_ranking)
{
	struct best_ranking ranking = { .settings = &speaker->settings.decision };
	const struct rib_route *routes =
		rib_routes(&speaker->ribs[family], destination, &ranking.count);

	ranking.candidates = calloc(ranking.count + 1u, sizeof(*ranking.candidates));
	ranking.order = calloc(ranking.count + 1u, sizeof(*ranking.order));
	*ret_ranking = ranking;
	if (ranking.candidates == NULL || ranking.order == NULL)
		return ERROR_MEMORY;
	for (uint32_t i = 0; i < ranking.count; i++)
		best_candidate(speaker, family, &routes[i], &ranking.candidates[i]);
	return 0;
}

uint32_t best_ranking_next(struct best_ranking *ranking)
{
	uint32_t equal, next = decision_best(ranking->candidates, ranking->count,
				ranking->settings, ranking->order, &equal);

	if (next == DECISION_NONE)
		return RIB_NONE;
	/* It takes no part in what follows. */
	ranking->candidates[next].metric = DECISION_METRIC_NO_ROUTE;
	return next;
}

void best_ranking_end(struct best_ranking *ranking)
{
	free(ranking->candidates);
	free(ranking->order);
}
