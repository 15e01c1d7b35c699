/* SPDX-License-Identifier: Apache-2.0 */
/* What comes of losing sites, upstreams and exchanges: at once, and by the cascade that follows
 * when sites with more users than they can serve go down as well. */
#ifndef NEARCAST_PLAN_FAILURE_H
#define NEARCAST_PLAN_FAILURE_H

#include "plan/catchment.h"
#include "plan/exchange.h"

enum plan_part_kind {
	PLAN_PART_SITE,
	PLAN_PART_UPSTREAM,
	PLAN_PART_EXCHANGE,
};

/* What can be lost: an index into the scenario's sites or upstreams, or of exchanges. */
struct plan_part {
	enum plan_part_kind kind;
	uint32_t index;
};

struct plan_loss {
	struct plan_part parts[2];
	size_t count; /* 0 to 2 */
};

struct plan_failure {
	double moved;                      /* users whose site differs, at once */
	struct plan_tally all;             /* users who reach a site, at once */
	double unreached;                  /* users, at once */
	uint8_t overloaded[PLAN_SITE_MAX]; /* 1: the site has more users than it can serve */
	uint32_t overloaded_count;
	uint32_t down, rounds; /* by the cascade: sites more, in so many rounds */
	double unserved;       /* users without a site at its end */
};

struct plan_failures {
	const struct plan_world *world;
	const struct plan_scenario *scenario;
	const struct plan_latency *latency; /* NULL: no times */
	const uint32_t *upstream_exchanges; /* [upstream_count] that a session runs over, or
					       PLAN_NONE; NULL: none does */
	struct plan_outage *outage;         /* NULL: no exchanges */
	const struct plan_route *before;    /* [as_count] with nothing lost */
	struct plan_route *routes;          /* [as_count], for work */
	struct plan_catchment catchment;    /* for work; at the end of the last cascade */
};

/* Errors of plan_propagate and plan_catchment_count. */
int plan_failure_run(struct plan_failures *f, const struct plan_loss *loss,
	struct plan_failure *ret_failure, struct error *error);

/* Whether losing the second part adds nothing to losing the first, or the other way round. */
bool plan_part_within(const struct plan_scenario *scenario, const struct plan_part *one,
	const struct plan_part *two);

#endif
