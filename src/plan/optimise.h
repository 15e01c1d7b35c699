/* SPDX-License-Identifier: Apache-2.0 */
/* Which of the candidates to build: every choice of so many is propagated and measured. */
#ifndef NEARCAST_PLAN_OPTIMISE_H
#define NEARCAST_PLAN_OPTIMISE_H

#include "plan/catchment.h"
#include "plan/lanes.h"

#define PLAN_CHOOSE_MAX  16
#define PLAN_CHOICES_MAX 2000000u

/* What a choice is judged by; less is better. */
enum plan_goal {
	PLAN_GOAL_MEDIAN, /* round-trip time of users, ms */
	PLAN_GOAL_P95,
	PLAN_GOAL_MEAN,
	PLAN_GOAL_BALANCE, /* users of the site that has most, as a share of all */
	PLAN_GOALS,
};

struct plan_choice {
	uint8_t sites[PLAN_CHOOSE_MAX]; /* indices of the candidates chosen, rising */
	float value[PLAN_GOALS];
	float unreached; /* users who reach no site, as a share of all */
	bool front; /* no other choice is better by the goal and by balance (or equal in one) */
};

struct plan_search {
	const struct plan_world *world;
	const struct plan_scenario
		*scenario; /* sites that stand anyway first, then candidates */
	const struct plan_latency *latency;
	size_t fixed;  /* so many stand anyway */
	size_t choose; /* so many candidates: 1 to PLAN_CHOOSE_MAX */
	enum plan_goal goal;
	enum plan_width width;
	void (*progress)(void *context, size_t done, size_t total); /* NULL: none */
	void *context;
};

/* How many choices there are; PLAN_CHOICES_MAX + 1 for more than that. */
size_t plan_choice_count(size_t candidates, size_t choose);

/*
 * All choices, the best by the goal first; equal ones by their candidates. Users who reach no
 * site count with the longest time. *ret_choices has plan_choice_count; the caller frees it.
 * Times are means over the places of an AS, rounded down to milliseconds. ERROR_RANGE: more
 * choices than PLAN_CHOICES_MAX, or no candidates; ERROR_MEMORY; errors of plan_propagate.
 */
int plan_optimise(const struct plan_search *search, struct plan_choice **ret_choices,
	size_t *ret_count, struct error *error);

#endif
