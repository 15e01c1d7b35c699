/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Propagation in byte lanes. A key is one byte: length * unit + announcement, 255 for no route;
 * unit is the power of two that holds the announcements of the run.
 *
 * Two passes instead of three: the pass up writes keys of customers' routes; then every AS,
 * providers first, takes at one visit what it has from below, lacking that from across (which
 * reads only what the pass up wrote), lacking that from above (providers, who are done).
 *
 * Invariants
 * 1. Only ASes with customers, and those that hear an announcement, ever have a customer's
 * route; so rows for the passes up and across leave the other stubs out ("pruned"), in their
 * order. An AS next to a stub that hears an announcement looks at its whole row (MARK_WHOLE).
 * 2. (candidate | unit - 1) < best exactly if the candidate is shorter: the first of equals
 * stays.
 * 3. A key whose length is the greatest but one ends the run with ERROR_FULL, so no sum wraps.
 * 4. up[] is all 255 between runs for stubs.
 */
#include "plan/lanes.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/* The keys of an AS: one cache line. */
struct keys {
	_Alignas(PLAN_LANES) uint8_t lane[PLAN_LANES];
};

#define KEY_NONE 0xff

enum mark {
	MARK_DIRECT = 1, /* hears an announcement */
	MARK_ORIGIN = 2,
	MARK_WHOLE = 4,
};

struct direct {
	uint32_t as;
	enum plan_class class;
	uint8_t lane, key;
};

struct plan_lanes {
	const struct plan_graph *graph;
	uint32_t *first[PLAN_PROVIDER], *rows[PLAN_PROVIDER]; /* pruned: customers, peers */
	struct keys *up, *best;                               /* [as_count] */
	uint8_t *marks;                                       /* [as_count] */
	struct direct direct[PLAN_LANES * PLAN_LANE_ANNOUNCEMENT_MAX];
	size_t direct_count;
	uint32_t origins[PLAN_LANES];
	struct keys longest;
	uint8_t unit;
	uint64_t touched, memory;
};

static void *take(struct plan_lanes *lanes, size_t count, size_t size)
{
	size_t bytes = (count * size + PLAN_LANES) / PLAN_LANES * PLAN_LANES;

	lanes->memory += bytes;
	return aligned_alloc(PLAN_LANES, bytes);
}

/* Rows of one class without stubs. */
static int prune(struct plan_lanes *lanes, enum plan_class class)
{
	const struct plan_graph *g = lanes->graph;
	uint32_t *first = take(lanes, g->as_count + 1, sizeof(*first)), *row, at = 0;
	size_t count = 0;

	for (uint32_t as = 0; as < g->as_count; as++)
		for (struct plan_row r = plan_row(g, as, class); r.at < r.end; r.at++)
			count += *r.at < g->transit_count;
	row = take(lanes, count, sizeof(*row));
	lanes->first[class] = first;
	lanes->rows[class] = row;
	if (first == NULL || row == NULL)
		return ERROR_MEMORY;
	for (uint32_t as = 0; as < g->as_count; as++) {
		first[as] = at;
		for (struct plan_row r = plan_row(g, as, class); r.at < r.end; r.at++)
			if (*r.at < g->transit_count)
				row[at++] = *r.at;
	}
	first[g->as_count] = at;
	return 0;
}

int plan_lanes_create(
	const struct plan_graph *graph, struct plan_lanes **ret_lanes, struct error *error)
{
	struct plan_lanes *lanes = aligned_alloc(
		PLAN_LANES, (sizeof(*lanes) + PLAN_LANES - 1) / PLAN_LANES * PLAN_LANES);

	if (lanes == NULL)
		return error_set(error, ERROR_MEMORY, "no memory for the lanes");
	memset(lanes, 0, sizeof(*lanes));
	lanes->memory = sizeof(*lanes);
	lanes->graph = graph;
	lanes->up = take(lanes, graph->as_count, sizeof(*lanes->up));
	lanes->best = take(lanes, graph->as_count, sizeof(*lanes->best));
	lanes->marks = take(lanes, graph->as_count, sizeof(*lanes->marks));
	if (lanes->up == NULL || lanes->best == NULL || lanes->marks == NULL ||
		prune(lanes, PLAN_CUSTOMER) != 0 || prune(lanes, PLAN_PEER) != 0) {
		plan_lanes_free(lanes);
		return error_set(
			error, ERROR_MEMORY, "no memory for lanes of %u ASes", graph->as_count);
	}
	memset(lanes->up, KEY_NONE, graph->as_count * sizeof(*lanes->up));
	memset(lanes->best, KEY_NONE, graph->as_count * sizeof(*lanes->best));
	*ret_lanes = lanes;
	return 0;
}

void plan_lanes_free(struct plan_lanes *lanes)
{
	if (lanes == NULL)
		return;
	for (int class = 0; class < PLAN_PROVIDER; class ++) {
		free(lanes->first[class]);
		free(lanes->rows[class]);
	}
	free(lanes->up);
	free(lanes->best);
	free(lanes->marks);
	free(lanes);
}

/* Where an AS looks: rows without stubs, but for MARK_WHOLE. */
static inline struct plan_row row_of(
	const struct plan_lanes *lanes, uint32_t as, enum plan_class class)
{
	const uint32_t *first;

	if (class == PLAN_PROVIDER || (lanes->marks[as] & MARK_WHOLE) != 0)
		return plan_row(lanes->graph, as, class);
	first = lanes->first[class] + as;
	return (struct plan_row){ lanes->rows[class] + first[0],
		lanes->rows[class] + first[1] };
}

/* The passes, once for every width: lanes_passes.h says what it needs. */
#define PIECE          16
#define OF_WIDTH(name) name##_generic
#define FOR_WIDTH
#include "plan/lanes_passes.h" /* defines passes_generic */

#if defined(__x86_64__)
#define PIECE          32
#define OF_WIDTH(name) name##_avx2
#define FOR_WIDTH      __attribute__((target("avx2")))
#include "plan/lanes_passes.h"

#define PIECE          64
#define OF_WIDTH(name) name##_avx512
#define FOR_WIDTH      __attribute__((target("avx512f,avx512bw,avx512vl")))
#include "plan/lanes_passes.h"
#else
#define passes_avx2   passes_generic
#define passes_avx512 passes_generic
#endif

static void (*const passes_of[])(struct plan_lanes *) = {
	[PLAN_WIDTH_GENERIC] = passes_generic,
	[PLAN_WIDTH_AVX2] = passes_avx2,
	[PLAN_WIDTH_AVX512] = passes_avx512,
};

static int check(
	const struct plan_lanes *lanes, const struct plan_configuration *c, struct error *error)
{
	if (c->count > PLAN_LANE_ANNOUNCEMENT_MAX)
		return error_set(error, ERROR_UNSUPPORTED, "more than %d announcements",
			PLAN_LANE_ANNOUNCEMENT_MAX);
	if (c->origin != PLAN_NONE && c->origin >= lanes->graph->as_count)
		return error_set(error, ERROR_RANGE, "the origin is not in the topology");
	for (size_t i = 0; i < c->count; i++) {
		const struct plan_announcement *a = &c->announcements[i];

		if (a->upstream >= lanes->graph->as_count || a->class >= PLAN_CLASSES ||
			a->length == 0 || a->length > PLAN_LENGTH_MAX)
			return error_set(error, ERROR_RANGE,
				"announcement %zu: no such upstream, class or length", i + 1);
		if (a->poisoned_count > 0 || a->action_count > 0)
			return error_set(error, ERROR_UNSUPPORTED,
				"announcement %zu: poisoned ASes and actions have no lanes",
				i + 1);
		if (a->length >= KEY_NONE / lanes->unit - 1)
			return error_set(
				error, ERROR_FULL, "announcement %zu: too long", i + 1);
	}
	return 0;
}

static void add_direct(
	struct plan_lanes *lanes, const struct plan_announcement *a, size_t number, size_t lane)
{
	const struct plan_graph *g = lanes->graph;

	lanes->direct[lanes->direct_count++] = (struct direct){
		.as = a->upstream,
		.class = a->class,
		.lane = (uint8_t)lane,
		.key = (uint8_t)((a->length - 1) * lanes->unit + (uint32_t)number),
	};
	lanes->marks[a->upstream] |= MARK_DIRECT;
	if (a->upstream < g->transit_count)
		return;
	for (int class = PLAN_PEER; class <= PLAN_PROVIDER; class ++)
		for (struct plan_row r = plan_row(g, a->upstream, (enum plan_class) class);
			r.at < r.end; r.at++)
			lanes->marks[*r.at] |= MARK_WHOLE;
}

static int prepare(struct plan_lanes *lanes, const struct plan_configuration *configurations,
	size_t count, struct error *error)
{
	size_t most = 1;

	if (count == 0 || count > PLAN_LANES)
		return error_set(error, ERROR_RANGE, "%zu configurations in lanes", count);
	for (size_t i = 0; i < count; i++)
		if (configurations[i].count > most)
			most = configurations[i].count;
	for (lanes->unit = 1; lanes->unit < most && lanes->unit < 16;)
		lanes->unit = (uint8_t)(lanes->unit * 2);
	for (size_t i = 0; i < count; i++) {
		int result = check(lanes, &configurations[i], error);

		if (result != 0)
			return result;
	}
	memset(lanes->marks, 0, lanes->graph->as_count);
	lanes->direct_count = 0;
	lanes->touched = 0;
	for (size_t lane = 0; lane < PLAN_LANES; lane++)
		lanes->origins[lane] = lane < count ? configurations[lane].origin : PLAN_NONE;
	for (size_t lane = 0; lane < count; lane++) {
		if (lanes->origins[lane] != PLAN_NONE)
			lanes->marks[lanes->origins[lane]] |= MARK_ORIGIN;
		for (size_t i = 0; i < configurations[lane].count; i++)
			add_direct(lanes, &configurations[lane].announcements[i], i, lane);
	}
	return 0;
}

int plan_lanes_run(struct plan_lanes *lanes, const struct plan_configuration *configurations,
	size_t count, enum plan_width width, struct error *error)
{
	int result = prepare(lanes, configurations, count, error);

	if (result != 0)
		return result;
	passes_of[width](lanes);
	for (size_t i = 0; i < lanes->direct_count; i++)
		if (lanes->direct[i].as >= lanes->graph->transit_count)
			memset(&lanes->up[lanes->direct[i].as], KEY_NONE, sizeof(struct keys));
	for (int lane = 0; lane < PLAN_LANES; lane++)
		if (lanes->longest.lane[lane] / lanes->unit >= KEY_NONE / lanes->unit - 1)
			return error_set(error, ERROR_FULL, "a path is too long for a lane");
	return 0;
}

uint8_t plan_lanes_announcement(const struct plan_lanes *lanes, uint32_t as, uint32_t lane)
{
	uint8_t key = lanes->best[as].lane[lane];

	return (uint8_t)(key == KEY_NONE ? PLAN_SITE_NONE : key % lanes->unit);
}

uint8_t plan_lanes_length(const struct plan_lanes *lanes, uint32_t as, uint32_t lane)
{
	uint8_t key = lanes->best[as].lane[lane];

	return (uint8_t)(key == KEY_NONE ? 0 : key / lanes->unit);
}

uint64_t plan_lanes_touched(const struct plan_lanes *lanes)
{
	return lanes->touched;
}

uint64_t plan_lanes_memory(const struct plan_lanes *lanes)
{
	return lanes->memory;
}
