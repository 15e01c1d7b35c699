/* SPDX-License-Identifier: Apache-2.0 */
/* In which countries the users of ASes are: for botnets that are known by country. */
#ifndef NEARCAST_PLAN_HOMES_H
#define NEARCAST_PLAN_HOMES_H

#include "plan/world.h"

struct plan_home {
	uint32_t as;
	char country[3]; /* ISO 3166, upper case */
	double users;
};

struct plan_homes {
	struct plan_home *homes; /* owned */
	size_t count;
	bool guessed; /* by the nearest city, not said by a file */
};

/*
 * From a file of users with a country each (asn,country,users): as plan_world_read_users reads
 * it, and the errors are the same. ERROR_UNSUPPORTED: it has no countries.
 */
int plan_homes_read(const struct plan_world *world, const struct plan_source *source,
	struct plan_homes *ret_homes, struct error *error);
/* From where users are: the country of the nearest large city. ERROR_UNSUPPORTED: that is not
 * known either; ERROR_MEMORY. */
int plan_homes_guess(
	const struct plan_world *world, struct plan_homes *ret_homes, struct error *error);
/* Of a zeroed one too. */
void plan_homes_clear(struct plan_homes *homes);

#endif
