/* SPDX-License-Identifier: Apache-2.0 */
/* A botnet: how much traffic comes out of each AS. */
#ifndef NEARCAST_PLAN_BOTS_H
#define NEARCAST_PLAN_BOTS_H

#include "plan/homes.h"

struct plan_bots {
	double *traffic; /* [as_count], owned: of the attack's unit, a second */
	double total, count;
	double outside; /* bots in ASes and countries that the world does not have */
};

/* Nobody. ERROR_MEMORY. */
int plan_bots_create(
	const struct plan_world *world, struct plan_bots *ret_bots, struct error *error);
/* Of a zeroed one too. */
void plan_bots_clear(struct plan_bots *bots);

/*
 * Add those of a file: lines of AS,bots or COUNTRY,bots, with the rate of each bot as a third
 * field perhaps; "AS64500" is an AS too; # begins a comment, and a first line whose second
 * field is no number is a title. Those of a country stand in its ASes as users do. homes may be
 * NULL: then a country is ERROR_UNSUPPORTED. rate: of bots whose line says none.
 * ERROR_MALFORMED with file and line; ERROR_RANGE: nobody in this world.
 */
int plan_bots_read(struct plan_bots *bots, const struct plan_world *world,
	const struct plan_homes *homes, const struct plan_source *source, double rate,
	struct error *error);

/* Add so many of one rate, spread as users are over countries (two letters, upper or lower
 * case) and ASes (indices); over everybody if both lists are empty. ERROR_RANGE: nobody is
 * there; ERROR_UNSUPPORTED: countries, and homes is NULL. */
struct plan_bots_where {
	const char *const *countries;
	size_t country_count;
	const uint32_t *ases;
	size_t as_count;
};
int plan_bots_spread(struct plan_bots *bots, const struct plan_world *world,
	const struct plan_homes *homes, const struct plan_bots_where *where, double count,
	double rate, struct error *error);

/* Turn bots into those who answer them: the same traffic, times amplification, out of ASes in
 * proportion to what reflectors has in each. ERROR_RANGE: it has none. */
int plan_bots_reflect(struct plan_bots *bots, const struct plan_world *world,
	const double *reflectors, double amplification, struct error *error);

#endif
