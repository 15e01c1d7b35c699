/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Catchments in numbers: how many ASes and users reach each site, and how fast.
 *
 * Round-trip times are estimated from the distance between users and their site: base + km *
 * per_km, where both were chosen for the least median error over 12,345 measured times to root
 * letters K and L (8.8 ms). What a path costs beyond its distance is in them on average, so
 * single networks can be far off; medians over many are not.
 */
#ifndef NEARCAST_PLAN_CATCHMENT_H
#define NEARCAST_PLAN_CATCHMENT_H

#include "plan/scenario.h"
#include "plan/world.h"

struct plan_rtt_model {
	double base_ms, ms_per_km;
};
extern const struct plan_rtt_model plan_rtt_default;

/* Round-trip times of every place of users to every site, once for many catchments. */
struct plan_latency;

/* Both are only read while it is made; sites without a place have no times. ERROR_MEMORY. */
int plan_latency_create(const struct plan_world *world, const struct plan_scenario *scenario,
	const struct plan_rtt_model *model, struct plan_latency **ret_latency,
	struct error *error);
/* NULL is fine. */
void plan_latency_free(struct plan_latency *latency);
/* The time of an AS's users to a site, over its places; negative if not known. */
double plan_latency_ms(const struct plan_latency *latency, const struct plan_world *world,
	uint32_t as, uint32_t site);

/* Of a site, or of all. */
struct plan_tally {
	uint32_t ases;
	double users;
	double timed_users;       /* of them, those with a round-trip time */
	double median_ms, p95_ms; /* over users; negative if timed_users is 0; within 0.5 ms */
	double length;            /* mean AS-path length over ASes; 0 without any */
};

struct plan_catchment {
	size_t site_count;
	struct plan_tally sites[PLAN_SITE_MAX], all; /* all who reach a site */
	struct plan_tally unreached;                 /* ases and users only */
};

/* Count up what plan_scenario_run gave. latency may be NULL: no times. ERROR_MEMORY. */
int plan_catchment_count(const struct plan_world *world, const struct plan_scenario *scenario,
	const struct plan_latency *latency, const struct plan_route *routes,
	struct plan_catchment *ret_catchment, struct error *error);

/* Users whose site differs between two results; from[i * (sites + 1) + j], if not NULL, gets
 * those who were at site i and are at site j now (index sites: at none). [(sites + 1)^2] */
double plan_users_moved(const struct plan_world *world, size_t sites,
	const struct plan_route *before, const struct plan_route *after, double *from);

#endif
