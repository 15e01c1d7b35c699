/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Counting catchments.
 *
 * Invariants:
 *  1. Every AS is counted once: at one site, or as unreached.
 *  2. Percentiles come from counts in steps of STEP_MS: one pass, whatever the number of users.
 */
#include "plan/catchment.h"

#include <stdlib.h>
#include <string.h>

#define STEP_MS 0.5
#define STEPS   1200 /* the last one holds everything longer */
#define TENTHS  10.0
#define NO_TIME UINT16_MAX

const struct plan_rtt_model plan_rtt_default = { .base_ms = 9.0, .ms_per_km = 0.0205 };

struct plan_latency {
	size_t site_count;
	uint32_t spread_count;
	uint16_t *tenths; /* [site_count * spread_count]: of a millisecond, or NO_TIME */
};

int plan_latency_create(const struct plan_world *world, const struct plan_scenario *scenario,
	const struct plan_rtt_model *model, struct plan_latency **ret_latency,
	struct error *error)
{
	struct plan_latency *latency = calloc(1, sizeof(*latency));
	uint32_t count = world->first[world->graph->as_count];
	size_t cells = (size_t)count * scenario->site_count;

	if (latency != NULL)
		latency->tenths = malloc((cells + 1) * sizeof(*latency->tenths));
	if (latency == NULL || latency->tenths == NULL) {
		plan_latency_free(latency);
		return error_set(error, ERROR_MEMORY, "no memory for round-trip times");
	}
	latency->site_count = scenario->site_count;
	latency->spread_count = count;
	for (size_t i = 0; i < cells; i++) {
		const struct plan_site *site = &scenario->sites[i / count];
		double ms = model->base_ms;

		latency->tenths[i] = NO_TIME;
		if (!site->placed)
			continue;
		ms += model->ms_per_km *
		      plan_distance_km(world->spreads[i % count].place, site->place);
		latency->tenths[i] = (uint16_t)(ms * TENTHS + 0.5);
	}
	*ret_latency = latency;
	return 0;
}

void plan_latency_free(struct plan_latency *latency)
{
	if (latency == NULL)
		return;
	free(latency->tenths);
	free(latency);
}

double plan_latency_ms(const struct plan_latency *latency, const struct plan_world *world,
	uint32_t as, uint32_t site)
{
	const uint16_t *row = latency->tenths + (size_t)site * latency->spread_count;
	double sum = 0, share = 0;

	for (uint32_t i = world->first[as]; i < world->first[as + 1]; i++)
		if (row[i] != NO_TIME) {
			sum += row[i] / TENTHS * world->spreads[i].share;
			share += world->spreads[i].share;
		}
	return share > 0 ? sum / share : -1;
}

/* ---- Counting ---- */

static void add_times(const struct plan_world *world, const struct plan_latency *latency,
	uint32_t as, uint32_t site, double *steps, struct plan_tally *tally)
{
	const uint16_t *row = latency->tenths + (size_t)site * latency->spread_count;

	for (uint32_t i = world->first[as]; i < world->first[as + 1]; i++) {
		double users = world->users[as] * world->spreads[i].share;
		uint32_t step;

		if (row[i] == NO_TIME)
			continue;
		step = (uint32_t)(row[i] / TENTHS / STEP_MS);
		steps[step < STEPS ? step : STEPS - 1] += users;
		tally->timed_users += users;
	}
}

static double percentile(const double *steps, double total, double part)
{
	double sum = 0;

	if (total <= 0)
		return -1;
	for (uint32_t i = 0; i < STEPS; i++) {
		sum += steps[i];
		if (sum >= total * part)
			return (i + 0.5) * STEP_MS;
	}
	return STEPS * STEP_MS;
}

static void finish(struct plan_tally *tally, const double *steps)
{
	tally->median_ms = percentile(steps, tally->timed_users, 0.5);
	tally->p95_ms = percentile(steps, tally->timed_users, 0.95);
	if (tally->ases > 0)
		tally->length /= tally->ases;
}

static void count_as(const struct plan_world *world, const struct plan_latency *latency,
	const struct plan_route *route, uint32_t as, double *steps, struct plan_catchment *c)
{
	struct plan_tally *tally;

	if (route->site == PLAN_SITE_NONE || route->site >= c->site_count) {
		c->unreached.ases++;
		c->unreached.users += world->users[as];
		return;
	}
	tally = &c->sites[route->site];
	tally->ases++;
	tally->users += world->users[as];
	tally->length += route->length;
	if (latency != NULL)
		add_times(world, latency, as, route->site, steps + (size_t)route->site * STEPS,
			tally);
}

static void add_up(struct plan_catchment *c, double *steps)
{
	double *all = steps + c->site_count * STEPS;

	for (size_t s = 0; s < c->site_count; s++) {
		c->all.ases += c->sites[s].ases;
		c->all.users += c->sites[s].users;
		c->all.timed_users += c->sites[s].timed_users;
		c->all.length += c->sites[s].length;
		for (size_t i = 0; i < STEPS; i++)
			all[i] += steps[s * STEPS + i];
		finish(&c->sites[s], steps + s * STEPS);
	}
	finish(&c->all, all);
}

int plan_catchment_count(const struct plan_world *world, const struct plan_scenario *scenario,
	const struct plan_latency *latency, const struct plan_route *routes,
	struct plan_catchment *ret_catchment, struct error *error)
{
	double *steps = calloc((scenario->site_count + 1) * STEPS, sizeof(*steps));

	if (steps == NULL)
		return error_set(error, ERROR_MEMORY, "no memory to count");
	memset(ret_catchment, 0, sizeof(*ret_catchment));
	ret_catchment->site_count = scenario->site_count;
	for (uint32_t as = 0; as < world->graph->as_count; as++)
		if (as != scenario->origin)
			count_as(world, latency, &routes[as], as, steps, ret_catchment);
	add_up(ret_catchment, steps);
	free(steps);
	return 0;
}

double plan_users_moved(const struct plan_world *world, size_t sites,
	const struct plan_route *before, const struct plan_route *after, double *from)
{
	double moved = 0;

	if (from != NULL)
		memset(from, 0, (sites + 1) * (sites + 1) * sizeof(*from));
	for (uint32_t as = 0; as < world->graph->as_count; as++) {
		size_t was = before[as].site < sites ? before[as].site : sites;
		size_t is = after[as].site < sites ? after[as].site : sites;

		if (was != is)
			moved += world->users[as];
		if (from != NULL)
			from[was * (sites + 1) + is] += world->users[as];
	}
	return moved;
}
