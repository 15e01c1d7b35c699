/* SPDX-License-Identifier: Apache-2.0 */
/* An Internet with people in it: the graph of ASes, how many users each has, and where. */
#ifndef NEARCAST_PLAN_WORLD_H
#define NEARCAST_PLAN_WORLD_H

#include <stdbool.h>
#include <stdint.h>

#include "plan/city.h"
#include "plan/exchange.h"
#include "plan/graph.h"

/* A part of an AS's users. */
struct plan_spread {
	struct plan_place place;
	float share; /* of the AS; those of one AS add up to 1 */
};

struct plan_world {
	struct plan_graph *graph; /* owned */
	double *users;            /* [as_count]; not known: 1 each */
	double users_total;
	uint32_t *first; /* [as_count + 1], into spreads: those of an AS, none if not known */
	struct plan_spread *spreads;
	bool users_known, places_known;
	struct plan_exchanges *exchanges; /* owned; NULL: none are known */
	/* What files said of ASes that the topology does not have. */
	double users_outside;
	uint32_t ases_outside;
};

/* Takes the graph, also when it fails. ERROR_MEMORY. */
int plan_world_create(
	struct plan_graph *graph, struct plan_world **ret_world, struct error *error);
/* NULL is fine. */
void plan_world_free(struct plan_world *world);

/*
 * Lines of asn,country,users[,...] or asn,users; lines that begin with # are comments, and a
 * first line that begins with a letter is a title. ASes that are not named have no users;
 * those named more often (once a country) have the sum. ERROR_MALFORMED with file and line;
 * ERROR_RANGE: nobody at all in the topology. On failure the world is as it was.
 */
int plan_world_read_users(
	struct plan_world *world, const struct plan_source *source, struct error *error);
/*
 * CSV with a title line that has at least the columns asn, lat, lon and addr_share, and lines
 * in rising order of AS numbers. Errors as above.
 */
int plan_world_read_geography(
	struct plan_world *world, const struct plan_source *source, struct error *error);

/* Where most of an AS's users are; false if that is not known. */
bool plan_world_place(
	const struct plan_world *world, uint32_t as, struct plan_place *ret_place);

#endif
