/* SPDX-License-Identifier: Apache-2.0 */
/* Sites with their upstreams as the planner works with them, and variations of them. */
#ifndef NEARCAST_PLAN_SCENARIO_H
#define NEARCAST_PLAN_SCENARIO_H

#include <stdbool.h>

#include "plan/city.h"
#include "plan/propagate.h"

#define PLAN_SITE_MAX 200

struct plan_site {
	const char *name;
	bool placed;
	struct plan_place place; /* if placed */
	double capacity;         /* users; 0: no limit */
	double bandwidth;        /* of an attack's unit, a second; 0: no limit */
};

struct plan_upstream {
	const char *name;
	struct plan_announcement announcement; /* .site is an index into sites */
};

struct plan_advice;

/* Arrays are the caller's. */
struct plan_scenario {
	uint32_t origin; /* index of the origin's AS; or PLAN_NONE */
	const struct plan_site *sites;
	size_t site_count; /* at most PLAN_SITE_MAX */
	const struct plan_upstream *upstreams;
	size_t upstream_count; /* at most PLAN_ANNOUNCEMENT_MAX */
	/* What measurements say goes before the model (plan/calibration.h); NULL: only the
	 * model. Which measured site each site is: [site_count]. */
	const struct plan_advice *advice;
	const uint8_t *measured_sites;
};

/* A variation: zero-initialised it changes nothing. Arrays are [upstream_count] or NULL. */
struct plan_variation {
	const uint8_t *lost;     /* not 0: this upstream hears nothing */
	const uint8_t *prepends; /* so many more than written */
};

/*
 * Propagate a scenario with a variation. routes: [as_count]; in the result, announcement is an
 * index into scenario->upstreams. A path that would be longer than PLAN_LENGTH_MAX is not
 * announced. Errors of plan_propagate.
 */
int plan_scenario_run(const struct plan_graph *graph, const struct plan_scenario *scenario,
	const struct plan_variation *variation, struct plan_route *routes, struct error *error);

/* The announcements of a variation, in order, and which upstream each is of; both have room for
 * PLAN_ANNOUNCEMENT_MAX. How many. */
size_t plan_scenario_announce(const struct plan_scenario *scenario,
	const struct plan_variation *variation, struct plan_announcement *ret_announcements,
	uint8_t *ret_upstreams);

#endif
