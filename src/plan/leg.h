/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Round-trip times from measured ones: what legs between nearby places took beyond their
 * distance, the next leg between such places takes too. It knows the detours of cables and
 * last miles where somebody measured, and falls back to the distance where nobody did.
 */
#ifndef NEARCAST_PLAN_LEG_H
#define NEARCAST_PLAN_LEG_H

#include "base/error.h"
#include "plan/catchment.h"

#define PLAN_LEGS_NEAR 15

/* A measured round trip from somewhere to a site. */
struct plan_leg {
	struct plan_place from, to;
	double ms;
	size_t site; /* the caller's: which of its sites */
};

struct plan_legs;

enum plan_legs_use {
	PLAN_LEGS_ALL,
	/* As if nobody had measured from the same cell of one degree by one. */
	PLAN_LEGS_ELSEWHERE,
};

/* Copies them. ERROR_MEMORY. */
int plan_legs_create(const struct plan_leg *legs, size_t count,
	const struct plan_rtt_model *model, struct plan_legs **ret_legs, struct error *error);
/* NULL is fine. */
void plan_legs_free(struct plan_legs *legs);

/* The model's time plus the median of what the PLAN_LEGS_NEAR legs took beyond it whose ends
 * are nearest to both of these (km of one end count like km of the other); never below 0. */
double plan_legs_ms(const struct plan_legs *legs, struct plan_place from, struct plan_place to,
	enum plan_legs_use use);
/* The site that most of the PLAN_LEGS_NEAR legs from nearest by go to; SIZE_MAX without any.
 * Of several, the one of the nearest leg. */
size_t plan_legs_site(
	const struct plan_legs *legs, struct plan_place from, enum plan_legs_use use);

#endif
