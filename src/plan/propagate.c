/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Valley-free propagation, one configuration at a time.
 *
 * Three passes over ASes in the graph's order, each a look at some neighbours:
 *
 *   up      customers before providers   routes of customers
 *   across  any order                    routes of peers, who have them from customers
 *   down    providers before customers   routes of providers, whatever they chose
 *
 * Invariants
 * 1. A pass only fills ASes that have no route of a better class.
 * 2. When an AS is looked at, the neighbours that it looks at are final for that pass (the
 * order of indices, see graph.h; the pass across reads only what the pass up wrote).
 * 3. A route is a key of length and announcement. Keys are compared by length alone; the first
 *    of equals stays. That is the AS's own order.
 * 4. Only ASes marked SPECIAL (named by an announcement) take the slow way.
 */
#include "plan/propagate.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define KEY_NONE    UINT16_MAX
#define LENGTH_UNIT 256

enum mark {
	MARK_SPECIAL = 1, /* hears an announcement, is poisoned, has an action, is the origin */
	MARK_ACROSS = 2,  /* a peer has a customer's route */
};

struct run {
	const struct plan_graph *graph;
	const struct plan_configuration *configuration;
	uint16_t *up;     /* [as_count] keys of customers' routes */
	uint16_t *chosen; /* [as_count] keys of the routes chosen */
	uint8_t *marks;   /* [as_count] */
	struct plan_route *routes;
};

static bool shorter(uint32_t key, uint32_t than)
{
	return key / LENGTH_UNIT < than / LENGTH_UNIT;
}

/* The key one AS further; KEY_NONE stays, and what gets too long becomes it. */
static uint32_t further(uint32_t key, uint32_t hops)
{
	uint32_t next = key + hops * LENGTH_UNIT;

	return next / LENGTH_UNIT > PLAN_LENGTH_MAX ? KEY_NONE : next;
}

static bool refuses(const struct run *run, uint32_t as, uint32_t announcement)
{
	const struct plan_announcement *a = &run->configuration->announcements[announcement];

	for (size_t i = 0; i < a->poisoned_count; i++)
		if (a->poisoned[i] == as)
			return true;
	return as == run->configuration->origin;
}

/* What `as` hears of a key that neighbour `from` exports. */
static uint32_t heard(const struct run *run, uint32_t as, uint32_t from, uint32_t key)
{
	const struct plan_announcement *a;
	uint32_t hops = 1;

	if (key == KEY_NONE || refuses(run, as, key % LENGTH_UNIT))
		return KEY_NONE;
	a = &run->configuration->announcements[key % LENGTH_UNIT];
	for (size_t i = 0; a->upstream == from && i < a->action_count; i++) {
		if (a->actions[i].neighbor != as)
			continue;
		if (a->actions[i].prepends == PLAN_NO_EXPORT)
			return KEY_NONE;
		hops += a->actions[i].prepends;
	}
	return further(key, hops);
}

/* The best of what an AS named by an announcement hears from one class of neighbours. */
static uint32_t best_special(
	const struct run *run, uint32_t as, enum plan_class class, const uint16_t *keys)
{
	const struct plan_configuration *c = run->configuration;
	struct plan_row row = plan_row(run->graph, as, class);
	uint32_t best = KEY_NONE;

	for (uint32_t i = 0; i < c->count; i++) {
		const struct plan_announcement *a = &c->announcements[i];
		uint32_t key = a->length * LENGTH_UNIT + i;

		if (a->upstream == as && a->class == class && shorter(key, best) &&
			!refuses(run, as, i))
			best = key;
	}
	for (; row.at < row.end; row.at++) {
		uint32_t key = heard(run, as, *row.at, keys[*row.at]);

		if (shorter(key, best))
			best = key;
	}
	return best;
}

/* The best of what an AS hears from one class of neighbours, who export keys. */
static uint32_t best_of(
	const struct run *run, uint32_t as, enum plan_class class, const uint16_t *keys)
{
	struct plan_row row = plan_row(run->graph, as, class);
	uint32_t best = KEY_NONE;

	if ((run->marks[as] & MARK_SPECIAL) != 0)
		return best_special(run, as, class, keys);
	for (; row.at < row.end; row.at++)
		if (shorter(keys[*row.at], best))
			best = keys[*row.at];
	return best == KEY_NONE ? best : further(best, 1);
}

static void choose(struct run *run, uint32_t as, enum plan_class class, uint32_t key)
{
	if (key == KEY_NONE)
		return;
	run->chosen[as] = (uint16_t)key;
	run->routes[as] = (struct plan_route){
		.announcement = (uint8_t)(key % LENGTH_UNIT),
		.class = (uint8_t) class,
		.length = (uint8_t)(key / LENGTH_UNIT),
		.site = run->configuration->announcements[key % LENGTH_UNIT].site,
	};
}

static void pass_up(struct run *run)
{
	for (uint32_t as = run->graph->as_count; as-- > 0;) {
		uint32_t key;
		struct plan_row peers;

		if (as >= run->graph->transit_count && run->marks[as] == 0)
			continue;
		key = best_of(run, as, PLAN_CUSTOMER, run->up);
		if (key == KEY_NONE)
			continue;
		run->up[as] = (uint16_t)key;
		choose(run, as, PLAN_CUSTOMER, key);
		peers = plan_row(run->graph, as, PLAN_PEER);
		for (; peers.at < peers.end; peers.at++)
			run->marks[*peers.at] |= MARK_ACROSS;
	}
}

static void pass_across(struct run *run)
{
	for (uint32_t as = 0; as < run->graph->as_count; as++)
		if (run->marks[as] != 0 && run->chosen[as] == KEY_NONE)
			choose(run, as, PLAN_PEER, best_of(run, as, PLAN_PEER, run->up));
}

static void pass_down(struct run *run)
{
	for (uint32_t as = 0; as < run->graph->as_count; as++)
		if (run->chosen[as] == KEY_NONE)
			choose(run, as, PLAN_PROVIDER,
				best_of(run, as, PLAN_PROVIDER, run->chosen));
}

/* Mark who is named; ERROR_RANGE if something is not in its range. */
static int mark_special(struct run *run, struct error *error)
{
	const struct plan_configuration *c = run->configuration;
	uint32_t count = run->graph->as_count;

	if (c->count > PLAN_ANNOUNCEMENT_MAX)
		return error_set(error, ERROR_RANGE, "more than %d announcements",
			PLAN_ANNOUNCEMENT_MAX);
	if (c->origin != PLAN_NONE && c->origin >= count)
		return error_set(error, ERROR_RANGE, "the origin is not in the topology");
	if (c->origin != PLAN_NONE)
		run->marks[c->origin] = MARK_SPECIAL;
	for (size_t i = 0; i < c->count; i++) {
		const struct plan_announcement *a = &c->announcements[i];

		if (a->upstream >= count || a->class >= PLAN_CLASSES || a->length == 0 ||
			a->length > PLAN_LENGTH_MAX)
			return error_set(error, ERROR_RANGE,
				"announcement %zu: no such upstream, class or length", i + 1);
		run->marks[a->upstream] = MARK_SPECIAL;
		for (size_t p = 0; p < a->poisoned_count; p++) {
			if (a->poisoned[p] >= count)
				return error_set(error, ERROR_RANGE,
					"announcement %zu: no such poisoned AS", i + 1);
			run->marks[a->poisoned[p]] = MARK_SPECIAL;
		}
		for (size_t p = 0; p < a->action_count; p++) {
			if (a->actions[p].neighbor >= count)
				return error_set(error, ERROR_RANGE,
					"announcement %zu: no such AS in an action", i + 1);
			run->marks[a->actions[p].neighbor] = MARK_SPECIAL;
		}
	}
	return 0;
}

int plan_propagate(const struct plan_graph *graph,
	const struct plan_configuration *configuration, struct plan_route *routes,
	struct error *error)
{
	size_t count = graph->as_count;
	struct run run = { .graph = graph, .configuration = configuration, .routes = routes };
	int result;

	run.up = malloc(count * sizeof(*run.up));
	run.chosen = malloc(count * sizeof(*run.chosen));
	run.marks = calloc(count, sizeof(*run.marks));
	if (run.up == NULL || run.chosen == NULL || run.marks == NULL) {
		result = error_set(error, ERROR_MEMORY, "no memory for %zu ASes", count);
		goto out;
	}
	result = mark_special(&run, error);
	if (result != 0)
		goto out;
	memset(run.up, 0xff, count * sizeof(*run.up));
	memset(run.chosen, 0xff, count * sizeof(*run.chosen));
	for (size_t as = 0; as < count; as++)
		routes[as] = (struct plan_route){ .announcement = PLAN_SITE_NONE,
			.site = PLAN_SITE_NONE };
	pass_up(&run);
	pass_across(&run);
	pass_down(&run);
out:
	free(run.up);
	free(run.chosen);
	free(run.marks);
	return result;
}
