/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Attacks on sites.
 *
 * Invariants:
 *  1. Every round of a cascade takes at least one site down: it ends.
 *  2. An AS's parent, the neighbour whose route it took, has a shorter path: flows are added up
 *     from long paths to short ones, each once.
 */
#include "plan/siege.h"

#include <stdlib.h>
#include <string.h>

struct plan_siege {
	const struct plan_world *world;
	const struct plan_scenario *scenario;
	const struct plan_attack *attack;
	struct plan_upstream *upstreams;   /* [upstream_count], with the defence's blocks */
	struct plan_action **actions;      /* [upstream_count][theirs and PLAN_BLOCKS_MAX] */
	struct plan_route *routes, *first; /* [as_count]; before the first collapse */
	double *flow;      /* [as_count] attack that comes out of an AS towards a site */
	uint32_t *parents; /* [as_count]; PLAN_NONE: it hears a site itself, or nothing */
	uint32_t *order;   /* [as_count], by falling length */
	bool flows_known;
};

int plan_siege_create(const struct plan_world *world, const struct plan_scenario *scenario,
	const struct plan_attack *attack, struct plan_siege **ret_siege, struct error *error)
{
	struct plan_siege *s = calloc(1, sizeof(*s));
	size_t ases = world->graph->as_count, upstreams = scenario->upstream_count;
	bool failed = s == NULL;

	if (s != NULL) {
		*s = (struct plan_siege){
			.world = world, .scenario = scenario, .attack = attack
		};
		s->upstreams = calloc(upstreams + 1, sizeof(*s->upstreams));
		s->actions = calloc(upstreams + 1, sizeof(*s->actions));
		s->routes = calloc(ases, sizeof(*s->routes));
		s->first = calloc(ases, sizeof(*s->first));
		s->flow = calloc(ases, sizeof(*s->flow));
		s->parents = calloc(ases, sizeof(*s->parents));
		s->order = calloc(ases, sizeof(*s->order));
		failed = s->upstreams == NULL || s->actions == NULL || s->routes == NULL ||
			 s->first == NULL || s->flow == NULL || s->parents == NULL ||
			 s->order == NULL;
	}
	for (size_t i = 0; !failed && i < upstreams; i++) {
		s->actions[i] = calloc(
			scenario->upstreams[i].announcement.action_count + PLAN_BLOCKS_MAX,
			sizeof(**s->actions));
		failed = s->actions[i] == NULL;
	}
	if (failed) {
		plan_siege_free(s);
		return error_set(error, ERROR_MEMORY, "no memory for an attack");
	}
	*ret_siege = s;
	return 0;
}

void plan_siege_free(struct plan_siege *siege)
{
	if (siege == NULL)
		return;
	for (size_t i = 0; siege->actions != NULL && i < siege->scenario->upstream_count; i++)
		free(siege->actions[i]);
	free(siege->actions);
	free(siege->upstreams);
	free(siege->routes);
	free(siege->first);
	free(siege->flow);
	free(siege->parents);
	free(siege->order);
	free(siege);
}

const struct plan_route *plan_siege_routes(const struct plan_siege *siege)
{
	return siege->first;
}

/* ---- One defence ---- */

static void set_upstreams(struct plan_siege *s, const struct plan_defence *defence)
{
	for (size_t i = 0; i < s->scenario->upstream_count; i++) {
		const struct plan_announcement *a = &s->scenario->upstreams[i].announcement;
		size_t count = a->action_count;

		s->upstreams[i] = s->scenario->upstreams[i];
		if (count > 0)
			memcpy(s->actions[i], a->actions, count * sizeof(*a->actions));
		for (size_t b = 0; b < defence->block_count; b++)
			if (defence->blocks[b].upstream == i)
				s->actions[i][count++] =
					(struct plan_action){ defence->blocks[b].neighbor,
						PLAN_NO_EXPORT };
		s->upstreams[i].announcement.actions = s->actions[i];
		s->upstreams[i].announcement.action_count = count;
	}
}

static int propagate(struct plan_siege *s, const struct plan_defence *defence,
	const struct plan_stand *stand, struct error *error)
{
	struct plan_scenario scenario = *s->scenario;
	uint8_t lost[PLAN_ANNOUNCEMENT_MAX];

	scenario.upstreams = s->upstreams;
	for (size_t i = 0; i < scenario.upstream_count; i++)
		lost[i] = stand->sites[scenario.upstreams[i].announcement.site].down;
	return plan_scenario_run(s->world->graph, &scenario,
		&(struct plan_variation){ .lost = lost, .prepends = defence->prepends },
		s->routes, error);
}

static void serve(struct plan_siege *s, const struct plan_defence *defence,
	struct plan_stand *stand, size_t index)
{
	const struct plan_site *limits = &s->scenario->sites[index];
	struct plan_stand_site *site = &stand->sites[index];
	double part = 1, pressure = 0;

	site->load = site->users * s->attack->user_rate + site->attack;
	if (defence->scrubs[index] != 0)
		site->load -= site->attack * s->attack->scrub;
	if (limits->bandwidth > 0)
		pressure = site->load / limits->bandwidth;
	if (limits->capacity > 0 && site->users / limits->capacity > pressure)
		pressure = site->users / limits->capacity;
	if (pressure > 1)
		part = 1 / pressure;
	if (defence->scrubs[index] != 0)
		part *= 1 - s->attack->scrub_loss;
	site->served = site->users * part;
	if (!site->down)
		site->pressure = pressure;
	stand->served += site->served;
}

static void count(
	struct plan_siege *s, const struct plan_defence *defence, struct plan_stand *stand)
{
	stand->served = stand->unreached = 0;
	for (size_t i = 0; i < stand->site_count; i++)
		stand->sites[i].users = stand->sites[i].attack = 0;
	for (uint32_t as = 0; as < s->world->graph->as_count; as++) {
		uint8_t site = s->routes[as].site;

		if (as == s->scenario->origin)
			continue;
		if (site >= stand->site_count) {
			stand->unreached += s->world->users[as];
			continue;
		}
		stand->sites[site].users += s->world->users[as];
		stand->sites[site].attack += s->attack->traffic[as];
	}
	for (size_t i = 0; i < stand->site_count; i++)
		serve(s, defence, stand, i);
}

static size_t collapse(const struct plan_siege *s, struct plan_stand *stand)
{
	size_t more = 0;

	for (size_t i = 0; i < stand->site_count && s->attack->collapse > 0; i++) {
		struct plan_stand_site *site = &stand->sites[i];
		double bandwidth = s->scenario->sites[i].bandwidth;

		if (site->down || bandwidth <= 0 ||
			site->load <= bandwidth * s->attack->collapse)
			continue;
		site->down = site->collapsed = true;
		more++;
	}
	return more;
}

int plan_siege_run(struct plan_siege *siege, const struct plan_defence *defence,
	struct plan_stand *ret_stand, struct error *error)
{
	size_t more;
	int result;

	memset(ret_stand, 0, sizeof(*ret_stand));
	ret_stand->site_count = siege->scenario->site_count;
	for (size_t i = 0; i < ret_stand->site_count; i++)
		ret_stand->sites[i].down = defence->withdrawn[i] != 0;
	set_upstreams(siege, defence);
	siege->flows_known = false;
	do {
		result = propagate(siege, defence, ret_stand, error);
		if (result != 0)
			return result;
		if (ret_stand->rounds == 0)
			memcpy(siege->first, siege->routes,
				siege->world->graph->as_count * sizeof(*siege->first));
		count(siege, defence, ret_stand);
		more = collapse(siege, ret_stand);
		ret_stand->collapsed += more;
		ret_stand->rounds += more > 0;
	} while (more > 0);
	return 0;
}

/* ---- Which way it comes ---- */

/* AS hops from `from` to `as` with this announcement; 0: it is not told. */
static uint32_t hops(const struct plan_announcement *a, uint32_t from, uint32_t as)
{
	uint32_t count = 1;

	for (size_t i = 0; a->upstream == from && i < a->action_count; i++) {
		if (a->actions[i].neighbor != as)
			continue;
		if (a->actions[i].prepends == PLAN_NO_EXPORT)
			return 0;
		count += a->actions[i].prepends;
	}
	return count;
}

static uint32_t find_parent(const struct plan_siege *s, uint32_t as)
{
	const struct plan_route *r = &s->first[as];
	const struct plan_announcement *a;
	struct plan_row row;

	if (r->site == PLAN_SITE_NONE)
		return PLAN_NONE;
	a = &s->upstreams[r->announcement].announcement;
	row = plan_row(s->world->graph, as, (enum plan_class)r->class);
	for (; row.at < row.end; row.at++) {
		const struct plan_route *n = &s->first[*row.at];
		uint32_t more = n->announcement == r->announcement ? hops(a, *row.at, as) : 0;

		if (more > 0 && n->length + more == r->length &&
			(r->class == PLAN_PROVIDER || n->class == PLAN_CUSTOMER) &&
			(as != a->upstream || n->length < r->length))
			return *row.at;
	}
	return PLAN_NONE;
}

/* ASes by falling length of their paths. */
static void sort_by_length(struct plan_siege *s)
{
	uint32_t ases = s->world->graph->as_count, starts[PLAN_LENGTH_MAX + 2] = { 0 }, at = 0;

	for (uint32_t as = 0; as < ases; as++)
		starts[PLAN_LENGTH_MAX - s->first[as].length]++;
	for (size_t i = 0; i <= PLAN_LENGTH_MAX; i++) {
		uint32_t here = starts[i];

		starts[i] = at;
		at += here;
	}
	for (uint32_t as = 0; as < ases; as++)
		s->order[starts[PLAN_LENGTH_MAX - s->first[as].length]++] = as;
}

static void find_flows(struct plan_siege *s)
{
	uint32_t ases = s->world->graph->as_count;

	sort_by_length(s);
	memcpy(s->flow, s->attack->traffic, ases * sizeof(*s->flow));
	for (uint32_t i = 0; i < ases; i++) {
		uint32_t as = s->order[i];

		s->parents[as] = find_parent(s, as);
		if (s->parents[as] != PLAN_NONE)
			s->flow[s->parents[as]] += s->flow[as];
	}
	s->flows_known = true;
}

/* Put one in, if it is among the largest. */
static size_t insert(const struct plan_siege *s, struct plan_block *blocks, size_t count,
	size_t most, struct plan_block block)
{
	size_t at = count;

	while (at > 0 && s->flow[blocks[at - 1].neighbor] < s->flow[block.neighbor])
		at--;
	if (at == most)
		return count;
	if (count == most)
		count--;
	memmove(&blocks[at + 1], &blocks[at], (count - at) * sizeof(*blocks));
	blocks[at] = block;
	return count + 1;
}

size_t plan_siege_inlets(
	struct plan_siege *siege, uint32_t upstream, size_t most, struct plan_block *ret_blocks)
{
	uint32_t as = siege->upstreams[upstream].announcement.upstream;
	size_t found = 0;

	if (!siege->flows_known)
		find_flows(siege);
	if (siege->first[as].announcement != upstream)
		return 0;
	for (int class = 0; class < PLAN_CLASSES; class ++) {
		struct plan_row row =
			plan_row(siege->world->graph, as, (enum plan_class) class);

		for (; row.at < row.end; row.at++)
			if (siege->parents[*row.at] == as && siege->flow[*row.at] > 0)
				found = insert(siege, ret_blocks, found, most,
					(struct plan_block){ upstream, *row.at });
	}
	return found;
}

double plan_siege_flow(const struct plan_siege *siege, uint32_t as)
{
	return siege->flow[as];
}
