/* SPDX-License-Identifier: Apache-2.0 */
/* The best route of a destination: kept as its first, and told to whoever passes it on. */
#ifndef NEARCAST_ROUTE_BEST_H
#define NEARCAST_ROUTE_BEST_H

#include "route/decision.h"
#include "route/source.h"

/* Routes of the destination changed: choose again. touched: the route that was best changed or
 * went, so that others must hear even if it is chosen again. A destination that nobody needs
 * any more is forgotten. */
void best_update(
	struct speaker *speaker, enum bgp_family family, uint32_t destination, bool touched);
/* Remove a route; best_update must follow. True: it was the best. */
bool best_remove(
	struct speaker *speaker, enum bgp_family family, uint32_t destination, uint32_t index);
/* The best route, or NULL. Looks again if the one that was best has died. */
const struct rib_route *best_route(
	struct speaker *speaker, enum bgp_family family, uint32_t destination);

/* What the decision process knows of a route; one that cannot be used has no metric. */
void best_candidate(const struct speaker *speaker, enum bgp_family family,
	const struct rib_route *r, struct decision_candidate *ret_candidate);

#endif
