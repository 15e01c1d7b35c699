/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What measurements say of each AS's preference among sites: an AS that was seen to choose A
 * when A and B announced prefers A to B; and who prefers A to B and B to C prefers A to C (as
 * do AnyOpt, Zhang et al. 2021, and its like). Nothing else is concluded: where measurements do
 * not say, the answer is that they do not.
 */
#ifndef NEARCAST_PLAN_PREFERENCE_H
#define NEARCAST_PLAN_PREFERENCE_H

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

#define PLAN_PREFERENCE_SITES_MAX 64
#define PLAN_OBSERVATIONS_MAX     50000000u

/* One AS chose one site while another announced too. */
struct plan_observation {
	uint32_t asn;
	uint16_t source;       /* the experiment, which can be left out */
	uint8_t winner, loser; /* below PLAN_PREFERENCE_SITES_MAX */
};

/* Zero-initialised is empty; plan_preferences_clear frees. */
struct plan_preferences {
	struct plan_observation *items;
	size_t count, room;
};

/* ERROR_MEMORY; ERROR_FULL; ERROR_RANGE: no such site, or twice the same. */
int plan_preferences_add(struct plan_preferences *preferences,
	const struct plan_observation *observation, struct error *error);
/* Once, after all were added and before anything is asked. */
void plan_preferences_sort(struct plan_preferences *preferences);
void plan_preferences_clear(struct plan_preferences *preferences);
/* The observations of an AS, in an order that only depends on what they are. Sorted before. */
const struct plan_observation *plan_preferences_of(
	const struct plan_preferences *preferences, uint32_t asn, size_t *ret_count);

/*
 * 1 if the AS prefers site a to b, -1 if b to a, 0 if that is not known or contradictory.
 * Observations of `without` (UINT16_MAX: none) are left out.
 */
int plan_prefers(const struct plan_preferences *preferences, uint32_t asn, uint8_t a, uint8_t b,
	uint16_t without);

#endif
