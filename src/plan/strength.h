/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How strongly sites draw ASes: one number a site for everybody (Bradley and Terry 1952: who
 * draws whom away, of pairs that were measured), and from there one a site for each AS, moved
 * by what that AS was seen to choose. A site whose announcement travels far (many ASes, many
 * prepends) is weaker by so much a hop; how much is fitted too.
 */
#ifndef NEARCAST_PLAN_STRENGTH_H
#define NEARCAST_PLAN_STRENGTH_H

#include "plan/preference.h"

/* Logits: A draws p of all ASes away from B if strength A - strength B = ln(p / (1 - p)). */
struct plan_strengths {
	size_t site_count; /* at most PLAN_PREFERENCE_SITES_MAX */
	double of[PLAN_PREFERENCE_SITES_MAX];
	double per_hop; /* what a hop more costs */
};

/*
 * From all observations but those of `without` (UINT16_MAX: none). lengths: of paths to each
 * site when it announces alone, as mean over observers; NULL: not known. Every pair of sites
 * counts alike, however many ASes were seen. ERROR_RANGE: an observation of a site that is none
 * of site_count.
 */
int plan_strengths_fit(const struct plan_preferences *preferences, size_t site_count,
	const double *lengths, uint16_t without, struct plan_strengths *ret_strengths,
	struct error *error);

/* Strengths for one AS: those for everybody, moved by its own choices. Sites of which it was
 * not seen to choose or refuse one stay. ret_of: [site_count]. How many observations it has. */
size_t plan_strengths_for(const struct plan_strengths *strengths,
	const struct plan_preferences *preferences, uint32_t asn, uint16_t without,
	double *ret_of);

#endif
