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

typedef uint8_t vector __attribute__((vector_size(PLAN_LANES)));
typedef uint64_t words __attribute__((vector_size(PLAN_LANES)));

#define KEY_NONE 0xff

/* Lane by lane: a where mask is set, b elsewhere. A function would pass vectors by value, which
 * depends on the width. */
#define PICK(mask, a, b) (((vector)(mask) & (a)) | (~(vector)(mask) & (b)))

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
	vector *up, *best;                                    /* [as_count] */
	uint8_t *marks;                                       /* [as_count] */
	struct direct direct[PLAN_LANES * PLAN_LANE_ANNOUNCEMENT_MAX];
	size_t direct_count;
	uint32_t origins[PLAN_LANES];
	vector longest;
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

#define EVERY_WIDTH static inline __attribute__((always_inline))

EVERY_WIDTH struct plan_row row_of(
	const struct plan_lanes *lanes, uint32_t as, enum plan_class class)
{
	const uint32_t *first;

	if (class == PLAN_PROVIDER || (lanes->marks[as] & MARK_WHOLE) != 0)
		return plan_row(lanes->graph, as, class);
	first = lanes->first[class] + as;
	return (struct plan_row){ lanes->rows[class] + first[0],
		lanes->rows[class] + first[1] };
}

/* Announcements made to this AS itself, one AS nearer: the caller adds the step. */
EVERY_WIDTH void start_with(
	const struct plan_lanes *lanes, uint32_t as, enum plan_class class, vector *best)
{
	for (size_t i = 0; i < lanes->direct_count; i++) {
		const struct direct *d = &lanes->direct[i];

		if (d->as == as && d->class == class &&
			(d->key | (lanes->unit - 1)) < (*best)[d->lane])
			(*best)[d->lane] = d->key;
	}
}

/* The best of one class: *ret_best is written. */
EVERY_WIDTH void hear(struct plan_lanes *lanes, uint32_t as, enum plan_class class,
	const vector *keys, vector *ret_best)
{
	struct plan_row row = row_of(lanes, as, class);
	vector best = (vector){ 0 } + KEY_NONE,
	       low = (vector){ 0 } + (uint8_t)(lanes->unit - 1);
	vector none = best;

	lanes->touched += (uint64_t)(row.end - row.at) * (sizeof(vector) + sizeof(*row.at));
	if ((lanes->marks[as] & MARK_DIRECT) != 0)
		start_with(lanes, as, class, &best);
	for (; row.at < row.end; row.at++) {
		vector key = keys[*row.at];

		best = PICK((key | low) < best, key, best);
	}
	best = PICK(best == none, none, best + lanes->unit);
	if ((lanes->marks[as] & MARK_ORIGIN) != 0)
		for (int lane = 0; lane < PLAN_LANES; lane++)
			if (lanes->origins[lane] == as)
				best[lane] = KEY_NONE;
	*ret_best = best;
}

EVERY_WIDTH bool any_none(const vector *keys)
{
	vector none = (vector){ 0 } + KEY_NONE;
	words w = (words)(*keys == none);

	return (w[0] | w[1] | w[2] | w[3] | w[4] | w[5] | w[6] | w[7]) != 0;
}

/* Lanes without a route take one from this class of neighbours. */
EVERY_WIDTH void fill(struct plan_lanes *lanes, uint32_t as, enum plan_class class,
	const vector *keys, vector *best)
{
	vector none = (vector){ 0 } + KEY_NONE, other;

	if (!any_none(best))
		return;
	hear(lanes, as, class, keys, &other);
	*best = PICK(*best == none, other, *best);
}

EVERY_WIDTH void passes(struct plan_lanes *lanes)
{
	const struct plan_graph *g = lanes->graph;
	vector none = (vector){ 0 } + KEY_NONE, longest = { 0 };

	for (uint32_t as = g->as_count; as-- > g->transit_count;)
		if ((lanes->marks[as] & MARK_DIRECT) != 0)
			hear(lanes, as, PLAN_CUSTOMER, lanes->up, &lanes->up[as]);
	for (uint32_t as = g->transit_count; as-- > 0;)
		hear(lanes, as, PLAN_CUSTOMER, lanes->up, &lanes->up[as]);
	for (uint32_t as = 0; as < g->as_count; as++) {
		vector best = lanes->up[as], length;

		fill(lanes, as, PLAN_PEER, lanes->up, &best);
		fill(lanes, as, PLAN_PROVIDER, lanes->best, &best);
		lanes->best[as] = best;
		length = best & (vector)(best != none);
		longest = PICK(length > longest, length, longest);
	}
	lanes->longest = longest;
	/* Keys written: up by ASes with customers, best by all; up read and written once more.
	 */
	lanes->touched +=
		((uint64_t)g->transit_count + 2 * (uint64_t)g->as_count) * sizeof(vector);
}

static void passes_generic(struct plan_lanes *lanes)
{
	passes(lanes);
}

#if defined(__x86_64__)
__attribute__((target("avx2"))) static void passes_avx2(struct plan_lanes *lanes)
{
	passes(lanes);
}

__attribute__((target("avx512f,avx512bw,avx512vl,prefer-vector-width=512"))) static void
passes_avx512(struct plan_lanes *lanes)
{
	passes(lanes);
}
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
			memset(&lanes->up[lanes->direct[i].as], KEY_NONE, sizeof(vector));
	for (int lane = 0; lane < PLAN_LANES; lane++)
		if (lanes->longest[lane] / lanes->unit >= KEY_NONE / lanes->unit - 1)
			return error_set(error, ERROR_FULL, "a path is too long for a lane");
	return 0;
}

uint8_t plan_lanes_announcement(const struct plan_lanes *lanes, uint32_t as, uint32_t lane)
{
	uint8_t key = lanes->best[as][lane];

	return (uint8_t)(key == KEY_NONE ? PLAN_SITE_NONE : key % lanes->unit);
}

uint8_t plan_lanes_length(const struct plan_lanes *lanes, uint32_t as, uint32_t lane)
{
	uint8_t key = lanes->best[as][lane];

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
