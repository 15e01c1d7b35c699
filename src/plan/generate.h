/* SPDX-License-Identifier: Apache-2.0 */
/* An Internet made up from a seed, so that everything works without a file. */
#ifndef NEARCAST_PLAN_GENERATE_H
#define NEARCAST_PLAN_GENERATE_H

#include "plan/world.h"

#define PLAN_GENERATE_MIN 20
#define PLAN_GENERATE_MAX 1000000

struct plan_recipe {
	uint64_t seed;
	uint32_t ases; /* PLAN_GENERATE_MIN to PLAN_GENERATE_MAX */
};

/*
 * ASes are numbered from 1: first a few that buy from nobody and peer with each other, then
 * transit providers (4 %), then access networks that resell (11 %), then stubs. Networks prefer
 * providers that are near and have many customers, and peer at exchanges in cities. Users are
 * those of the cities' regions. The same recipe gives the same world.
 * ERROR_RANGE: no such size; ERROR_MEMORY.
 */
int plan_generate(
	const struct plan_recipe *recipe, struct plan_world **ret_world, struct error *error);

#endif
