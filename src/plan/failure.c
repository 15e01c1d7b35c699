/* SPDX-License-Identifier: Apache-2.0 */
/* Failures and their cascades. Every round of a cascade loses a site more: it ends. */
#include "plan/failure.h"

#include <string.h>

static void lose_site(const struct plan_scenario *s, uint32_t site, uint8_t *lost)
{
	for (size_t i = 0; i < s->upstream_count; i++)
		if (s->upstreams[i].announcement.site == site)
			lost[i] = 1;
}

/* Upstreams into lost, exchanges into exchanges; how many of the latter. */
static size_t lose(const struct plan_failures *f, const struct plan_loss *loss, uint8_t *lost,
	uint32_t *exchanges)
{
	size_t count = 0;

	for (size_t p = 0; p < loss->count; p++) {
		const struct plan_part *part = &loss->parts[p];

		switch (part->kind) {
		case PLAN_PART_SITE:
			lose_site(f->scenario, part->index, lost);
			break;
		case PLAN_PART_UPSTREAM:
			lost[part->index] = 1;
			break;
		case PLAN_PART_EXCHANGE:
			exchanges[count++] = part->index;
			for (size_t i = 0; f->upstream_exchanges != NULL &&
					   i < f->scenario->upstream_count;
				i++)
				if (f->upstream_exchanges[i] == part->index)
					lost[i] = 1;
			break;
		}
	}
	return count;
}

static bool announces(const struct plan_scenario *s, uint32_t site, const uint8_t *lost)
{
	for (size_t i = 0; i < s->upstream_count; i++)
		if (s->upstreams[i].announcement.site == site && lost[i] == 0)
			return true;
	return false;
}

static uint32_t lose_overloaded(
	const struct plan_failures *f, uint8_t *lost, uint8_t *ret_overloaded)
{
	uint32_t count = 0;

	for (uint32_t s = 0; s < f->scenario->site_count; s++) {
		double capacity = f->scenario->sites[s].capacity;

		if (capacity <= 0 || f->catchment.sites[s].users <= capacity ||
			!announces(f->scenario, s, lost))
			continue;
		if (ret_overloaded != NULL)
			ret_overloaded[s] = 1;
		lose_site(f->scenario, s, lost);
		count++;
	}
	return count;
}

static int run(struct plan_failures *f, const struct plan_graph *graph, const uint8_t *lost,
	struct error *error)
{
	int result = plan_scenario_run(
		graph, f->scenario, &(struct plan_variation){ .lost = lost }, f->routes, error);

	return result != 0 ? result
			   : plan_catchment_count(f->world, f->scenario, f->latency, f->routes,
				     &f->catchment, error);
}

int plan_failure_run(struct plan_failures *f, const struct plan_loss *loss,
	struct plan_failure *ret_failure, struct error *error)
{
	uint8_t lost[PLAN_ANNOUNCEMENT_MAX] = { 0 };
	uint32_t exchanges[2], more;
	size_t count = lose(f, loss, lost, exchanges);
	const struct plan_graph *graph =
		count == 0 ? f->world->graph : plan_outage_without(f->outage, exchanges, count);
	int result = run(f, graph, lost, error);

	memset(ret_failure, 0, sizeof(*ret_failure));
	if (result != 0)
		return result;
	ret_failure->moved =
		plan_users_moved(f->world, f->scenario->site_count, f->before, f->routes, NULL);
	ret_failure->all = f->catchment.all;
	ret_failure->unreached = f->catchment.unreached.users;
	more = lose_overloaded(f, lost, ret_failure->overloaded);
	ret_failure->overloaded_count = more;
	while (result == 0 && more > 0) {
		ret_failure->down += more;
		ret_failure->rounds++;
		result = run(f, graph, lost, error);
		more = result == 0 ? lose_overloaded(f, lost, NULL) : 0;
	}
	ret_failure->unserved = f->catchment.unreached.users;
	return result;
}

bool plan_part_within(const struct plan_scenario *scenario, const struct plan_part *one,
	const struct plan_part *two)
{
	if (one->kind == PLAN_PART_SITE && two->kind == PLAN_PART_UPSTREAM)
		return scenario->upstreams[two->index].announcement.site == one->index;
	if (one->kind == PLAN_PART_UPSTREAM && two->kind == PLAN_PART_SITE)
		return scenario->upstreams[one->index].announcement.site == two->index;
	return one->kind == two->kind && one->index == two->index;
}
