/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who reaches which site: valley-free propagation of announcements (Gao and Rexford 2001) over
 * a graph of ASes.
 *
 * An AS prefers routes of customers to routes of peers to routes of providers, then the shorter
 * path, then its own order: an announcement made to it directly, earlier ones first, before the
 * neighbours in the order of its row. A route of a customer goes to everybody, any other to
 * customers only. Nobody takes a route with its own AS in it.
 */
#ifndef NEARCAST_PLAN_PROPAGATE_H
#define NEARCAST_PLAN_PROPAGATE_H

#include <stddef.h>
#include <stdint.h>

#include "plan/graph.h"

#define PLAN_ANNOUNCEMENT_MAX 254 /* of one configuration */
#define PLAN_LENGTH_MAX       254 /* longer paths are not taken */
#define PLAN_SITE_NONE        255

/* What a neighbour of the upstream hears, asked for by a community. */
struct plan_action {
	uint32_t neighbor; /* index */
	uint8_t prepends;  /* so many more; PLAN_NO_EXPORT: nothing */
};
#define PLAN_NO_EXPORT 255

/* One site's announcement to one upstream. Arrays are the caller's. */
struct plan_announcement {
	uint32_t upstream;     /* index of the AS that hears it */
	enum plan_class class; /* what the origin is to the upstream: PLAN_CUSTOMER if it buys
				*/
	uint8_t site;
	uint8_t length; /* of the path that the upstream hears, with prepends: at least 1 */
	const uint32_t *poisoned; /* indices of ASes that stand in its path */
	size_t poisoned_count;
	const struct plan_action *actions;
	size_t action_count;
};

struct plan_configuration {
	uint32_t origin; /* index of the origin's AS, which takes no route; or PLAN_NONE */
	const struct plan_announcement *announcements;
	size_t count; /* at most PLAN_ANNOUNCEMENT_MAX */
};

/* What an AS chose. announcement and site are PLAN_SITE_NONE, the rest 0, if it has no route.
 */
struct plan_route {
	uint8_t announcement; /* which of the configuration's */
	uint8_t class;        /* enum plan_class */
	uint8_t length;       /* of the AS path that it hears, without itself */
	uint8_t site;
};

/*
 * routes: [as_count], overwritten, whatever was in it. Time: one look at each link at most
 * twice. ERROR_RANGE: an index, class, length or count outside its range; ERROR_MEMORY.
 */
int plan_propagate(const struct plan_graph *graph,
	const struct plan_configuration *configuration, struct plan_route *routes,
	struct error *error);

#endif
