/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sources of routes, their generations, and sweeping.
 *
 *     generation  ... dead | oldest ... stale ... | generation: fresh
 *
 * Invariants:
 *  1. count[f] is the number of live routes of the source in family f, stale[f] of those that
 *     are not of the present generation.
 *  2. While a dead route of a source may exist in a family, sweeping[f] is set.
 *  3. A generation number is used again only after what was said under it was swept.
 */
#include "route/source.h"

#include <stdlib.h>
#include <string.h>

#include "route/speaker_internal.h"

#define SWEEP_STEP 4096u /* destinations looked at in one piece */

struct source *source_of(const struct speaker *speaker, rib_source number)
{
	return number < speaker->source_room ? speaker->sources[number] : NULL;
}

static int sources_grow(struct speaker *speaker)
{
	uint32_t room = speaker->source_room == 0 ? 4 : speaker->source_room * 2;
	struct source **sources;

	if (speaker->source_room >= RIB_SOURCES_MAX)
		return ERROR_FULL;
	sources = realloc(speaker->sources, room * sizeof(struct source *));
	if (sources == NULL)
		return ERROR_MEMORY;
	for (uint32_t i = speaker->source_room; i < room; i++)
		sources[i] = NULL;
	speaker->sources = sources;
	speaker->source_room = room;
	return 0;
}

struct source *source_new(struct speaker *speaker, struct neighbor *neighbor)
{
	uint32_t number = 0;
	struct source *source;

	while (number < speaker->source_room && speaker->sources[number] != NULL)
		number++;
	if (number == speaker->source_room && sources_grow(speaker) != 0)
		return NULL;
	source = calloc(1, sizeof(*source));
	if (source == NULL)
		return NULL;
	source->number = (rib_source)number;
	source->neighbor = neighbor;
	speaker->sources[number] = source;
	return source;
}

static void source_free(struct speaker *speaker, struct source *source)
{
	speaker->sources[source->number] = NULL;
	free(source);
}

static bool sweeping(const struct source *source)
{
	for (int f = 0; f < BGP_FAMILY_COUNT; f++)
		if (source->sweeping[f])
			return true;
	return false;
}

void source_leave(struct speaker *speaker, struct source *source)
{
	if (source == NULL)
		return;
	for (int f = 0; f < BGP_FAMILY_COUNT; f++)
		source_drop(speaker, source, (enum bgp_family)f);
	source->neighbor = NULL;
	source->gone = true;
	memset(source->reviewing, 0, sizeof(source->reviewing));
	if (!sweeping(source))
		source_free(speaker, source);
}

void sources_free(struct speaker *speaker)
{
	for (uint32_t i = 0; i < speaker->source_room; i++)
		free(speaker->sources[i]);
	free(speaker->sources);
	speaker->sources = NULL;
	speaker->source_room = 0;
}

/* ---- Generations. ---- */

static unsigned age(const struct source *source, enum bgp_family family, unsigned generation)
{
	return (source->generation[family] - generation) & (RIB_GENERATIONS - 1);
}

bool source_alive(
	const struct source *source, enum bgp_family family, const struct rib_route *r)
{
	return age(source, family, r->generation) <=
	       age(source, family, source->oldest[family]);
}

bool source_stale(
	const struct source *source, enum bgp_family family, const struct rib_route *r)
{
	return r->generation != source->generation[family];
}

/* A look at one destination for dead routes of the source. */
static void sweep_destination(struct speaker *speaker, const struct source *source,
	enum bgp_family family, uint32_t destination)
{
	struct rib *rib = &speaker->ribs[family];
	bool removed = false, touched = false;
	uint32_t count, i = 0;
	const struct rib_route *routes;

	if (!rib_used(rib, destination))
		return;
	routes = rib_routes(rib, destination, &count);
	while (i < count) {
		if (routes[i].source != source->number ||
			source_alive(source, family, &routes[i])) {
			i++;
			continue;
		}
		touched |= best_remove(speaker, family, destination, i);
		routes = rib_routes(rib, destination, &count);
		removed = true;
	}
	if (removed)
		best_update(speaker, family, destination, touched);
}

/* True when the end was reached. */
static bool sweep(
	struct speaker *speaker, struct source *source, enum bgp_family family, uint32_t step)
{
	uint32_t bound = speaker->ribs[family].bound, at = source->sweep_at[family];
	uint32_t end = step < bound - at ? at + step : bound;

	for (; at < end; at++)
		sweep_destination(speaker, source, family, at);
	source->sweep_at[family] = at;
	if (at < bound)
		return false;
	source->sweeping[family] = false;
	return true;
}

/* A first piece at once: in a small table that is all. */
static void sweep_begin(struct speaker *speaker, struct source *source, enum bgp_family family)
{
	source->sweeping[family] = true;
	source->sweep_at[family] = 0;
	(void)sweep(speaker, source, family, SWEEP_STEP);
}

/* A number comes back after 32 generations: those dead by then must be swept. */
static void generation_next(
	struct speaker *speaker, struct source *source, enum bgp_family family)
{
	if (!source->sweeping[family])
		source->unswept[family] = 0;
	if (++source->unswept[family] >= RIB_GENERATIONS / 2) {
		source->sweep_at[family] = 0;
		(void)sweep(speaker, source, family, UINT32_MAX);
		source->unswept[family] = 0;
	}
	source->generation[family] =
		(uint8_t)((source->generation[family] + 1) & (RIB_GENERATIONS - 1));
}

void source_stale_begin(struct speaker *speaker, struct source *source, enum bgp_family family)
{
	/* So many restarts before one of them ended: what is oldest goes. */
	if (age(source, family, source->oldest[family]) >= RIB_GENERATIONS / 4)
		source_stale_end(speaker, source, family);
	generation_next(speaker, source, family);
	source->stale[family] = source->count[family];
	if (source->count[family] == 0)
		source->oldest[family] = source->generation[family];
}

void source_stale_end(struct speaker *speaker, struct source *source, enum bgp_family family)
{
	uint32_t stale = source->stale[family];

	source->long_lived[family] = false;
	source->oldest[family] = source->generation[family];
	source->count[family] -= stale;
	source->stale[family] = 0;
	if (stale > 0)
		sweep_begin(speaker, source, family);
}

void source_drop(struct speaker *speaker, struct source *source, enum bgp_family family)
{
	source->long_lived[family] = false;
	if (source->count[family] == 0)
		return;
	generation_next(speaker, source, family);
	source->oldest[family] = source->generation[family];
	source->count[family] = source->stale[family] = 0;
	sweep_begin(speaker, source, family);
}

static bool reviewing(const struct source *source)
{
	for (int f = 0; f < BGP_FAMILY_COUNT; f++)
		if (source->reviewing[f])
			return true;
	return false;
}

bool sources_busy(const struct speaker *speaker)
{
	for (uint32_t i = 0; i < speaker->source_room; i++)
		if (speaker->sources[i] != NULL &&
			(sweeping(speaker->sources[i]) || reviewing(speaker->sources[i])))
			return true;
	return false;
}

void sources_sweep(struct speaker *speaker)
{
	for (uint32_t i = 0; i < speaker->source_room; i++) {
		struct source *source = speaker->sources[i];

		if (source == NULL)
			continue;
		for (int f = 0; f < BGP_FAMILY_COUNT; f++)
			if (source->sweeping[f])
				(void)sweep(speaker, source, (enum bgp_family)f, SWEEP_STEP);
		if (!source->gone)
			(void)filter_review_step(speaker, source);
		if (source->gone && !sweeping(source))
			source_free(speaker, source);
	}
}

/* ---- Routes. ---- */

/* It takes part again, or for the first time. */
static void count_in(
	struct source *source, enum bgp_family family, const struct rib_route *r, bool existed)
{
	if (!existed || !source_alive(source, family, r))
		source->count[family]++;
	else if (source_stale(source, family, r))
		source->stale[family]--;
}

static void count_out(struct source *source, enum bgp_family family, const struct rib_route *r)
{
	if (!source_alive(source, family, r))
		return;
	source->count[family]--;
	if (source_stale(source, family, r))
		source->stale[family]--;
}

int source_route_set(struct speaker *speaker, struct source *source, enum bgp_family family,
	uint32_t destination, uint32_t path_id, attribute_set received, attribute_set set,
	struct instant now)
{
	struct rib *rib = &speaker->ribs[family];
	struct attribute_store *store = &speaker->store;
	uint32_t index, count;
	struct rib_route *route;
	bool existed = true, same, touched;

	index = rib_route_find(rib, destination, source->number, path_id);
	if (index == RIB_NONE) {
		existed = false;
		index = rib_route_add(rib, destination, source->number, path_id);
	}
	if (index == RIB_NONE) {
		best_update(speaker, family, destination, false); /* maybe without routes */
		return ERROR_MEMORY;
	}
	route = &rib_routes(rib, destination, &count)[index];
	count_in(source, family, route, existed);
	same = existed && route->set == set && route->received == received &&
	       route->generation == source->generation[family];
	route->generation = source->generation[family] & (RIB_GENERATIONS - 1);
	if (same)
		return 0;
	if (!existed || route->received != received)
		route->since = (uint32_t)(now.ns / 1000000000);
	touched = best_touches(speaker, family, destination, index);
	/* Hold first: the old and the new may be the same set. */
	attribute_store_hold(store, set);
	attribute_store_hold(store, received);
	attribute_store_release(store, route->set);
	attribute_store_release(store, route->received);
	route->set = set;
	route->received = received;
	/* Of flow specifications flow_validate says it. */
	if (!bgp_family_is_flowspec(family))
		route->unresolved = next_hop_unresolved(speaker, source, family, set);
	best_update(speaker, family, destination, touched);
	return 0;
}

void source_route_remove(struct speaker *speaker, struct source *source, enum bgp_family family,
	uint32_t destination, uint32_t path_id)
{
	const struct rib *rib = &speaker->ribs[family];
	uint32_t index = rib_route_find(rib, destination, source->number, path_id), count;
	bool touched = false;

	if (index != RIB_NONE) {
		count_out(source, family, &rib_routes(rib, destination, &count)[index]);
		touched = best_remove(speaker, family, destination, index);
	}
	best_update(speaker, family, destination, touched);
}
