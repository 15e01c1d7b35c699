/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Exhaustive search over choices of candidates, 64 at a time in lanes; configurations that
 * lanes cannot hold (actions, poisoned ASes, many announcements) go one at a time, with equal
 * results.
 *
 * Invariants:
 *  1. Choices are numbered in the order of their candidates; results do not depend on batches.
 *  2. Every AS adds its users to exactly one step of each choice of a batch.
 */
#include "plan/optimise.h"

#include <stdlib.h>
#include <string.h>

#define STEPS                                                                          \
	600 /* milliseconds; the last one holds everything longer, and who has no time \
	     */

struct sweep {
	const struct plan_search *search;
	struct plan_lanes *lanes;
	struct plan_route *routes;
	uint16_t *steps; /* [site_count][as_count] */
	double *counts;  /* [PLAN_LANES][STEPS] users */
	double *loads;   /* [PLAN_LANES][site_count + 1] users; the last: unreached */
	struct plan_choice *choices;
	size_t choice_count;
};

/* One batch. */
struct batch {
	size_t first, count;
	struct plan_configuration configurations[PLAN_LANES];
	struct plan_announcement announcements[PLAN_LANES][PLAN_ANNOUNCEMENT_MAX];
	uint8_t upstreams[PLAN_LANES][PLAN_ANNOUNCEMENT_MAX];
};

size_t plan_choice_count(size_t candidates, size_t choose)
{
	uint64_t count = 1;

	if (choose > candidates)
		return 0;
	for (size_t i = 1; i <= choose; i++) {
		count = count * (candidates - choose + i) / i;
		if (count > PLAN_CHOICES_MAX)
			return PLAN_CHOICES_MAX + 1;
	}
	return (size_t)count;
}

/* All choices, in order. */
static void list_choices(struct sweep *s)
{
	const struct plan_search *search = s->search;
	size_t n = search->scenario->site_count;
	size_t k = search->choose < PLAN_CHOOSE_MAX ? search->choose : PLAN_CHOOSE_MAX;
	uint8_t now[PLAN_CHOOSE_MAX];

	for (size_t i = 0; i < PLAN_CHOOSE_MAX; i++)
		now[i] = (uint8_t)(search->fixed + i);
	for (size_t c = 0; c < s->choice_count; c++) {
		size_t i = k;

		memcpy(s->choices[c].sites, now, k);
		while (i > 0 && now[i - 1] == n - k + i - 1)
			i--;
		if (i == 0)
			return;
		now[i - 1]++;
		for (; i < k; i++)
			now[i] = (uint8_t)(now[i - 1] + 1);
	}
}

static void time_steps(struct sweep *s)
{
	const struct plan_search *search = s->search;
	uint32_t ases = search->world->graph->as_count;

	for (size_t site = 0; site < search->scenario->site_count; site++)
		for (uint32_t as = 0; as < ases; as++) {
			double ms = search->latency == NULL
					    ? -1
					    : plan_latency_ms(search->latency, search->world,
						      as, (uint32_t)site);

			s->steps[site * ases + as] =
				(uint16_t)(ms < 0 || ms >= STEPS - 1 ? STEPS - 1 : ms);
		}
}

/* What one choice announces. */
static void set_lane(const struct sweep *s, struct batch *b, size_t lane)
{
	const struct plan_scenario *scenario = s->search->scenario;
	const struct plan_choice *choice = &s->choices[b->first + lane];
	uint8_t lost[PLAN_ANNOUNCEMENT_MAX], on[PLAN_SITE_MAX] = { 0 };

	for (size_t i = 0; i < s->search->choose; i++)
		on[choice->sites[i]] = 1;
	for (size_t i = 0; i < scenario->upstream_count; i++) {
		uint8_t site = scenario->upstreams[i].announcement.site;

		lost[i] = site >= s->search->fixed && on[site] == 0;
	}
	b->configurations[lane] = (struct plan_configuration){ scenario->origin,
		b->announcements[lane],
		plan_scenario_announce(scenario, &(struct plan_variation){ .lost = lost },
			b->announcements[lane], b->upstreams[lane]) };
}

static void count_user(struct sweep *s, size_t lane, uint32_t as, uint8_t site)
{
	const struct plan_search *search = s->search;
	size_t sites = search->scenario->site_count;
	bool reached = site < sites;
	uint32_t step =
		reached ? s->steps[site * search->world->graph->as_count + as] : STEPS - 1;

	s->counts[lane * STEPS + step] += search->world->users[as];
	s->loads[lane * (sites + 1) + (reached ? site : sites)] += search->world->users[as];
}

static void count_lanes(struct sweep *s, const struct batch *b)
{
	for (uint32_t as = 0; as < s->search->world->graph->as_count; as++) {
		if (s->search->world->users[as] <= 0 || as == s->search->scenario->origin)
			continue;
		for (size_t lane = 0; lane < b->count; lane++) {
			uint8_t a = plan_lanes_announcement(s->lanes, as, (uint32_t)lane);

			count_user(s, lane, as,
				a == PLAN_SITE_NONE ? PLAN_SITE_NONE
						    : b->announcements[lane][a].site);
		}
	}
}

static int count_one_by_one(struct sweep *s, const struct batch *b, struct error *error)
{
	int result = 0;

	for (size_t lane = 0; lane < b->count && result == 0; lane++) {
		result = plan_propagate(
			s->search->world->graph, &b->configurations[lane], s->routes, error);
		for (uint32_t as = 0; as < s->search->world->graph->as_count && result == 0;
			as++)
			if (s->search->world->users[as] > 0 &&
				as != s->search->scenario->origin)
				count_user(s, lane, as, s->routes[as].site);
	}
	return result;
}

static void value_choice(const struct sweep *s, size_t lane, struct plan_choice *choice)
{
	const double *counts = s->counts + lane * STEPS;
	size_t sites = s->search->scenario->site_count;
	const double *loads = s->loads + lane * (sites + 1);
	double total = 0, sum = 0, weighted = 0, most = 0;
	float median = -1, high = -1;

	for (size_t i = 0; i < STEPS; i++)
		total += counts[i];
	for (size_t i = 0; i < STEPS; i++) {
		sum += counts[i];
		weighted += counts[i] * (double)i;
		if (median < 0 && sum >= total * 0.5)
			median = (float)i;
		if (high < 0 && sum >= total * 0.95)
			high = (float)i;
	}
	for (size_t i = 0; i < sites; i++)
		most = loads[i] > most ? loads[i] : most;
	if (total <= 0)
		total = 1;
	choice->value[PLAN_GOAL_MEDIAN] = median;
	choice->value[PLAN_GOAL_P95] = high;
	choice->value[PLAN_GOAL_MEAN] = (float)(weighted / total);
	choice->value[PLAN_GOAL_BALANCE] = (float)(most / total);
	choice->unreached = (float)(loads[sites] / total);
}

static int run_batch(struct sweep *s, struct batch *b, struct error *error)
{
	size_t sites = s->search->scenario->site_count;
	int result;

	for (size_t lane = 0; lane < b->count; lane++)
		set_lane(s, b, lane);
	memset(s->counts, 0, PLAN_LANES * STEPS * sizeof(*s->counts));
	memset(s->loads, 0, PLAN_LANES * (sites + 1) * sizeof(*s->loads));
	result = plan_lanes_run(s->lanes, b->configurations, b->count, s->search->width, error);
	if (result == 0)
		count_lanes(s, b);
	else if (result == ERROR_UNSUPPORTED || result == ERROR_FULL)
		result = count_one_by_one(s, b, error);
	for (size_t lane = 0; lane < b->count && result == 0; lane++)
		value_choice(s, lane, &s->choices[b->first + lane]);
	return result;
}

static int run_all(struct sweep *s, struct error *error)
{
	struct batch *b = calloc(1, sizeof(*b));
	int result = b == NULL ? error_set(error, ERROR_MEMORY, "no memory to search") : 0;

	for (size_t first = 0; first < s->choice_count && result == 0; first += PLAN_LANES) {
		b->first = first;
		b->count = s->choice_count - first < PLAN_LANES ? s->choice_count - first
								: PLAN_LANES;
		result = run_batch(s, b, error);
		if (result == 0 && s->search->progress != NULL)
			s->search->progress(
				s->search->context, first + b->count, s->choice_count);
	}
	free(b);
	return result;
}

/* ---- The order ---- */

static int by_value(
	const struct plan_choice *a, const struct plan_choice *b, enum plan_goal goal)
{
	if (a->value[goal] != b->value[goal])
		return a->value[goal] < b->value[goal] ? -1 : 1;
	if (a->value[PLAN_GOAL_BALANCE] != b->value[PLAN_GOAL_BALANCE])
		return a->value[PLAN_GOAL_BALANCE] < b->value[PLAN_GOAL_BALANCE] ? -1 : 1;
	return memcmp(a->sites, b->sites, sizeof(a->sites));
}

#define BY_GOAL(name, goal)                           \
	static int name(const void *a, const void *b) \
	{                                             \
		return by_value(a, b, goal);          \
	}
BY_GOAL(by_median, PLAN_GOAL_MEDIAN)
BY_GOAL(by_p95, PLAN_GOAL_P95)
BY_GOAL(by_mean, PLAN_GOAL_MEAN)
BY_GOAL(by_balance, PLAN_GOAL_BALANCE)

static int (*const orders[PLAN_GOALS])(const void *a, const void *b) = {
	by_median,
	by_p95,
	by_mean,
	by_balance,
};

static void rank(struct sweep *s)
{
	float least = 2;

	qsort(s->choices, s->choice_count, sizeof(*s->choices), orders[s->search->goal]);
	for (size_t i = 0; i < s->choice_count; i++) {
		float share = s->choices[i].value[PLAN_GOAL_BALANCE];

		s->choices[i].front = share < least;
		least = share < least ? share : least;
	}
}

static int take_memory(struct sweep *s, struct error *error)
{
	const struct plan_search *search = s->search;
	size_t ases = search->world->graph->as_count, sites = search->scenario->site_count;

	s->routes = calloc(ases, sizeof(*s->routes));
	s->steps = calloc(ases * sites, sizeof(*s->steps));
	s->counts = calloc(PLAN_LANES * STEPS, sizeof(*s->counts));
	s->loads = calloc(PLAN_LANES * (sites + 1), sizeof(*s->loads));
	s->choices = calloc(s->choice_count, sizeof(*s->choices));
	if (s->routes == NULL || s->steps == NULL || s->counts == NULL || s->loads == NULL ||
		s->choices == NULL)
		return error_set(error, ERROR_MEMORY, "no memory to search");
	return plan_lanes_create(search->world->graph, &s->lanes, error);
}

int plan_optimise(const struct plan_search *search, struct plan_choice **ret_choices,
	size_t *ret_count, struct error *error)
{
	struct sweep s = { .search = search };
	int result;

	s.choice_count =
		plan_choice_count(search->scenario->site_count - search->fixed, search->choose);
	if (search->choose == 0 || search->choose > PLAN_CHOOSE_MAX || s.choice_count == 0 ||
		s.choice_count > PLAN_CHOICES_MAX)
		return error_set(error, ERROR_RANGE,
			"%zu of %zu candidates: there must be 1 to %u choices", search->choose,
			search->scenario->site_count - search->fixed, PLAN_CHOICES_MAX);
	result = take_memory(&s, error);
	if (result == 0) {
		time_steps(&s);
		list_choices(&s);
		result = run_all(&s, error);
	}
	if (result == 0) {
		rank(&s);
		*ret_choices = s.choices;
		*ret_count = s.choice_count;
		s.choices = NULL;
	}
	plan_lanes_free(s.lanes);
	free(s.routes);
	free(s.steps);
	free(s.counts);
	free(s.loads);
	free(s.choices);
	return result;
}
