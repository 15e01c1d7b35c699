/* SPDX-License-Identifier: Apache-2.0 */
/* The best route of a destination: kept as its first, and told to whoever passes it on. */
#ifndef NEARCAST_ROUTE_BEST_H
#define NEARCAST_ROUTE_BEST_H

#include "route/decision.h"
#include "route/source.h"

/* Routes of the destination changed: choose again. touched: the best route or another one that
 * shares its traffic changed or went, so that others must hear even if it is chosen again. A
 * destination that nobody needs any more is forgotten. */
void best_update(
	struct speaker *speaker, enum bgp_family family, uint32_t destination, bool touched);
/* The index-th route is about to change: what best_update is to be told as `touched`. */
bool best_touches(const struct speaker *speaker, enum bgp_family family, uint32_t destination,
	uint32_t index);
/* Remove a route; best_update must follow. True: others must hear of it. */
bool best_remove(
	struct speaker *speaker, enum bgp_family family, uint32_t destination, uint32_t index);
/* The best route, or NULL. Looks again if the one that was best has died. */
const struct rib_route *best_route(
	struct speaker *speaker, enum bgp_family family, uint32_t destination);
/* Neither rejected by the policy, nor dead, nor without a way to its next hop. */
bool best_usable(
	const struct speaker *speaker, enum bgp_family family, const struct rib_route *r);
/* The routes that share the traffic of a destination (settings.decision.multipath_*), the best
 * one first; 1 without multipath, 0 if none is usable. Pointers are valid until a route is
 * added or removed there. Whoever programs them hears of every change by speaker_watch_best. */
uint32_t best_paths(struct speaker *speaker, enum bgp_family family, uint32_t destination,
	const struct rib_route **ret_paths, uint32_t room);

/* The routes of a destination in the order of preference: each next one is the best of those
 * that are left. */
struct best_ranking {
	struct decision_candidate *candidates; /* owned */
	uint16_t *order;                       /* owned */
	const struct decision_settings *settings;
	uint32_t count;
};
/* 0 or ERROR_MEMORY. No route may be added or removed until the end. */
int best_ranking_begin(const struct speaker *speaker, enum bgp_family family,
	uint32_t destination, struct best_ranking *ret_ranking);
/* Its index, or RIB_NONE: no usable one is left. */
uint32_t best_ranking_next(struct best_ranking *ranking);
void best_ranking_end(struct best_ranking *ranking);

/* The rules changed: all destinations are to be chosen again. */
void best_review(struct speaker *speaker);
bool best_reviewing(const struct speaker *speaker);
/* One bounded piece of it. */
void best_review_step(struct speaker *speaker);

/* What the decision process knows of a route; one that cannot be used has no metric. */
void best_candidate(const struct speaker *speaker, enum bgp_family family,
	const struct rib_route *r, struct decision_candidate *ret_candidate);

#endif
