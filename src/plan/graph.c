/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Preparing a graph of ASes: number the ASes, refuse what cannot be (a link twice, a cycle of
 * providers), put providers before customers and stubs last, write the rows.
 *
 * Invariants
 * 1. A provider's index is smaller than its customers': one pass up and one pass down
 * propagate.
 * 2. ASes without customers have the largest indices.
 * 3. Every link stands in two rows, in opposite classes; a row holds no neighbour twice.
 * 4. All work is linear in ASes and links, but for one sort of the AS numbers.
 */
#include "plan/graph.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What is needed while a graph is built, and not after. */
struct builder {
	const struct plan_link *links;
	size_t link_count;
	struct plan_graph *graph;
	uint32_t *asn;               /* [as_count] rising: the first numbering, "ranks" */
	uint32_t *end_a, *end_b;     /* [link_count] ranks */
	uint32_t *first, *neighbors; /* rows by rank: customers of each */
	uint32_t *index;             /* [as_count] rank -> index */
};

static uint64_t mix(uint64_t key)
{
	key *= 0x9e3779b97f4a7c15u;
	return key ^ (key >> 29);
}

static size_t table_size(size_t count)
{
	size_t size = 64;

	while (size < count * 2)
		size *= 2;
	return size;
}

static int at_line(struct error *error, uint32_t line, int code)
{
	if (error != NULL)
		error->line = line;
	return code;
}

static int check_link(const struct plan_link *link, struct error *error)
{
	if (link->a == 0 || link->b == 0)
		return at_line(error, link->line,
			error_set(error, ERROR_RANGE, "AS 0 cannot have a link"));
	if (link->a == link->b)
		return at_line(error, link->line,
			error_set(
				error, ERROR_MALFORMED, "AS %u is linked to itself", link->a));
	return 0;
}

static int repeated(
	const struct plan_link *old, const struct plan_link *new, struct error *error)
{
	bool same = old->relation == new->relation &&
		    (old->relation == PLAN_PEERS || old->a == new->a);

	return at_line(error, new->line,
		error_set(error, ERROR_EXISTS,
			same ? "the link of AS %u and AS %u is there already, in line %u"
			     : "the link of AS %u and AS %u contradicts line %u",
			new->a, new->b, old->line));
}

/* Every link sound, and none of them twice. */
static int check_links(const struct plan_link *links, size_t count, struct error *error)
{
	size_t size = table_size(count);
	uint32_t *table = calloc(size, sizeof(*table)); /* link + 1 */
	int result = 0;

	if (table == NULL)
		return error_set(error, ERROR_MEMORY, "no memory for %zu links", count);
	for (size_t i = 0; i < count && result == 0; i++) {
		const struct plan_link *link = &links[i];
		uint32_t low = link->a < link->b ? link->a : link->b;
		uint32_t high = link->a < link->b ? link->b : link->a;
		size_t slot = mix(((uint64_t)low << 32) | high) & (size - 1);

		result = check_link(link, error);
		while (result == 0 && table[slot] != 0) {
			const struct plan_link *old = &links[table[slot] - 1];

			if ((old->a == low && old->b == high) ||
				(old->a == high && old->b == low))
				result = repeated(old, link, error);
			slot = (slot + 1) & (size - 1);
		}
		table[slot] = (uint32_t)i + 1;
	}
	free(table);
	return result;
}

static int compare_u32(const void *a, const void *b)
{
	uint32_t left = *(const uint32_t *)a, right = *(const uint32_t *)b;

	return (left > right) - (left < right);
}

/* The slot of an AS number in an open table of AS numbers (0: free). */
static size_t slot_of(const uint32_t *table, size_t size, uint32_t asn)
{
	size_t slot = mix(asn) & (size - 1);

	while (table[slot] != 0 && table[slot] != asn)
		slot = (slot + 1) & (size - 1);
	return slot;
}

/* Collect the AS numbers, sort them, and write the links' ends as ranks. */
static int number_ases(struct builder *b, struct error *error)
{
	size_t size = table_size(b->link_count * 2), count = 0;
	uint32_t *table = calloc(size, sizeof(*table)), *ranks = calloc(size, sizeof(*ranks));
	int result = 0;

	b->asn = calloc(b->link_count * 2, sizeof(*b->asn));
	if (table == NULL || ranks == NULL || b->asn == NULL) {
		result = error_set(error, ERROR_MEMORY, "no memory for the AS numbers");
		goto out;
	}
	for (size_t i = 0; i < b->link_count * 2; i++) {
		const struct plan_link *link = &b->links[i / 2];
		uint32_t asn = i % 2 == 0 ? link->a : link->b;
		size_t slot = slot_of(table, size, asn);

		if (table[slot] == 0)
			b->asn[count++] = table[slot] = asn;
	}
	if (count > PLAN_AS_MAX) {
		result = error_set(error, ERROR_FULL, "more than %u ASes", PLAN_AS_MAX);
		goto out;
	}
	qsort(b->asn, count, sizeof(*b->asn), compare_u32);
	for (size_t i = 0; i < count; i++)
		ranks[slot_of(table, size, b->asn[i])] = (uint32_t)i;
	for (size_t i = 0; i < b->link_count; i++) {
		b->end_a[i] = ranks[slot_of(table, size, b->links[i].a)];
		b->end_b[i] = ranks[slot_of(table, size, b->links[i].b)];
	}
	b->graph->as_count = (uint32_t)count;
out:
	free(table);
	free(ranks);
	return result;
}

/* Rows of customers by rank, for the order. */
static void list_customers(struct builder *b)
{
	uint32_t *first = b->first;

	for (size_t i = 0; i < b->link_count; i++)
		if (b->links[i].relation == PLAN_PROVIDER_OF)
			first[b->end_a[i] + 1]++;
	for (uint32_t v = 0; v < b->graph->as_count; v++)
		first[v + 1] += first[v];
	for (size_t i = b->link_count; i-- > 0;)
		if (b->links[i].relation == PLAN_PROVIDER_OF)
			b->neighbors[--first[b->end_a[i] + 1]] = b->end_b[i];
	/* first[v + 1] is now where v begins: move it down. */
	for (uint32_t v = 0; v < b->graph->as_count; v++)
		first[v] = first[v + 1];
	first[b->graph->as_count] = 0;
	for (size_t i = 0; i < b->link_count; i++)
		first[b->graph->as_count] += b->links[i].relation == PLAN_PROVIDER_OF;
}

/* An AS with waiting[] > 0 has a provider with waiting[] > 0: going up must come round. */
static int report_cycle(
	const struct builder *b, const uint32_t *waiting, uint32_t start, struct error *error)
{
	uint32_t *above = malloc(b->graph->as_count * sizeof(*above)), at = start, line = 0;
	char text[256];
	int length;

	if (above == NULL)
		return error_set(error, ERROR_MEMORY, "no memory");
	for (size_t i = 0; i < b->link_count; i++)
		if (b->links[i].relation == PLAN_PROVIDER_OF && waiting[b->end_a[i]] > 0)
			above[b->end_b[i]] = b->end_a[i];
	for (uint32_t steps = 0; steps < b->graph->as_count; steps++)
		at = above[at];
	start = at;
	length = snprintf(text, sizeof(text), "AS %u", b->asn[at]);
	do {
		at = above[at];
		if (length < (int)sizeof(text) - 40)
			length += snprintf(text + length, sizeof(text) - (size_t)length,
				" below AS %u", b->asn[at]);
	} while (at != start);
	for (size_t i = 0; i < b->link_count; i++)
		if (b->links[i].relation == PLAN_PROVIDER_OF && b->end_b[i] == start &&
			b->end_a[i] == above[start])
			line = b->links[i].line;
	free(above);
	return at_line(error, line,
		error_set(error, ERROR_MALFORMED, "a cycle of providers: %s", text));
}

/* Providers first (Kahn 1962), stubs last. Fills index, transit_count, graph->asn. */
static int order_ases(struct builder *b, struct error *error)
{
	uint32_t count = b->graph->as_count, head = 0, tail = 0, next = 0, result_index = 0;
	uint32_t *waiting = calloc(count, sizeof(*waiting));
	uint32_t *queue = malloc(count * sizeof(*queue));
	int result = 0;

	if (waiting == NULL || queue == NULL) {
		result = error_set(error, ERROR_MEMORY, "no memory for %u ASes", count);
		goto out;
	}
	for (size_t i = 0; i < b->link_count; i++)
		if (b->links[i].relation == PLAN_PROVIDER_OF)
			waiting[b->end_b[i]]++;
	for (uint32_t v = 0; v < count; v++)
		if (waiting[v] == 0)
			queue[tail++] = v;
	while (head < tail) {
		uint32_t v = queue[head++];

		for (uint32_t i = b->first[v]; i < b->first[v + 1]; i++)
			if (--waiting[b->neighbors[i]] == 0)
				queue[tail++] = b->neighbors[i];
	}
	for (uint32_t v = 0; v < count && tail < count && result == 0; v++)
		if (waiting[v] > 0)
			result = report_cycle(b, waiting, v, error);
	for (int stubs = 0; stubs < 2 && result == 0; stubs++) {
		for (next = 0; next < count; next++) {
			uint32_t v = queue[next];

			if ((b->first[v] == b->first[v + 1]) == (stubs != 0)) {
				b->graph->asn[result_index] = b->asn[v];
				b->index[v] = result_index++;
			}
		}
		if (stubs == 0)
			b->graph->transit_count = result_index;
	}
out:
	free(waiting);
	free(queue);
	return result;
}

/* The class of end b for end a, or the other way round. */
static enum plan_class class_of(const struct plan_link *link, bool seen_from_a)
{
	if (link->relation == PLAN_PEERS)
		return PLAN_PEER;
	return seen_from_a ? PLAN_CUSTOMER : PLAN_PROVIDER;
}

/* Rows sorted by AS number without sorting: links are taken by rising rank of one end. */
static int write_rows(struct builder *b, struct error *error)
{
	struct plan_graph *g = b->graph;
	size_t rows = (size_t)g->as_count * PLAN_CLASSES;
	uint32_t *start = calloc((size_t)g->as_count + 2, sizeof(*start));
	uint32_t *half = malloc(b->link_count * 2 * sizeof(*half)); /* link * 2 + end */

	if (start == NULL || half == NULL) {
		free(start);
		free(half);
		return error_set(error, ERROR_MEMORY, "no memory for the rows");
	}
	for (size_t i = 0; i < b->link_count; i++) {
		start[b->end_a[i] + 2]++;
		start[b->end_b[i] + 2]++;
		g->first[(size_t)b->index[b->end_a[i]] * PLAN_CLASSES +
			 class_of(&b->links[i], true) + 1]++;
		g->first[(size_t)b->index[b->end_b[i]] * PLAN_CLASSES +
			 class_of(&b->links[i], false) + 1]++;
	}
	for (size_t r = 0; r < rows; r++)
		g->first[r + 1] += g->first[r];
	for (uint32_t v = 0; v < g->as_count; v++)
		start[v + 2] += start[v + 1];
	for (size_t i = 0; i < b->link_count; i++) {
		half[start[b->end_a[i] + 1]++] = (uint32_t)i * 2;
		half[start[b->end_b[i] + 1]++] = (uint32_t)i * 2 + 1;
	}
	/* Backwards, filling each row from its end; first[] comes to stand where rows begin. */
	for (size_t h = b->link_count * 2; h-- > 0;) {
		size_t i = half[h] / 2;
		bool from_b = half[h] % 2 == 0; /* rank order by a: the row is b's */
		uint32_t owner = b->index[from_b ? b->end_b[i] : b->end_a[i]];
		uint32_t other = b->index[from_b ? b->end_a[i] : b->end_b[i]];
		enum plan_class class = class_of(&b->links[i], !from_b);

		g->neighbors[--g->first[(size_t)owner * PLAN_CLASSES + class + 1]] = other;
	}
	memmove(g->first, g->first + 1, rows * sizeof(*g->first));
	g->first[rows] = (uint32_t)(b->link_count * 2);
	free(start);
	free(half);
	return 0;
}

static int allocate(struct builder *b, struct error *error)
{
	size_t links = b->link_count, ases = links * 2;
	struct plan_graph *g = calloc(1, sizeof(*g));

	b->graph = g;
	b->end_a = malloc(links * sizeof(*b->end_a));
	b->end_b = malloc(links * sizeof(*b->end_b));
	b->neighbors = malloc(links * sizeof(*b->neighbors));
	if (g == NULL || b->end_a == NULL || b->end_b == NULL || b->neighbors == NULL ||
		(g->neighbors = malloc(ases * sizeof(*g->neighbors))) == NULL)
		return error_set(error, ERROR_MEMORY, "no memory for %zu links", links);
	g->link_count = (uint32_t)links;
	return 0;
}

static int allocate_ases(struct builder *b, struct error *error)
{
	struct plan_graph *g = b->graph;
	size_t count = g->as_count;

	b->first = calloc(count + 1, sizeof(*b->first));
	b->index = calloc(count, sizeof(*b->index));
	g->asn = calloc(count, sizeof(*g->asn));
	g->first = calloc(count * PLAN_CLASSES + 1, sizeof(*g->first));
	g->by_asn = calloc(count, sizeof(*g->by_asn));
	if (b->first == NULL || b->index == NULL || g->asn == NULL || g->first == NULL ||
		g->by_asn == NULL)
		return error_set(error, ERROR_MEMORY, "no memory for %zu ASes", count);
	return 0;
}

int plan_graph_build(const struct plan_link *links, size_t count, struct plan_graph **ret_graph,
	struct error *error)
{
	struct builder b = { .links = links, .link_count = count };
	int result;

	if (count == 0)
		return error_set(error, ERROR_RANGE, "the topology has no links");
	if (count > PLAN_LINK_MAX)
		return error_set(error, ERROR_FULL, "more than %u links", PLAN_LINK_MAX);
	result = check_links(links, count, error);
	if (result == 0)
		result = allocate(&b, error);
	if (result == 0)
		result = number_ases(&b, error);
	if (result == 0)
		result = allocate_ases(&b, error);
	if (result == 0) {
		list_customers(&b);
		result = order_ases(&b, error);
	}
	if (result == 0)
		result = write_rows(&b, error);
	if (result == 0) {
		memcpy(b.graph->by_asn, b.index, b.graph->as_count * sizeof(*b.index));
		*ret_graph = b.graph;
		b.graph = NULL;
	}
	plan_graph_free(b.graph);
	free(b.asn);
	free(b.end_a);
	free(b.end_b);
	free(b.first);
	free(b.neighbors);
	free(b.index);
	return result;
}

void plan_graph_free(struct plan_graph *graph)
{
	if (graph == NULL)
		return;
	free(graph->asn);
	free(graph->first);
	free(graph->neighbors);
	free(graph->by_asn);
	free(graph);
}

uint32_t plan_graph_find(const struct plan_graph *graph, uint32_t asn)
{
	uint32_t low = 0, high = graph->as_count;

	while (low < high) {
		uint32_t middle = low + (high - low) / 2, index = graph->by_asn[middle];

		if (graph->asn[index] == asn)
			return index;
		if (graph->asn[index] < asn)
			low = middle + 1;
		else
			high = middle;
	}
	return PLAN_NONE;
}

struct ranked {
	uint64_t rank;
	uint32_t asn, index;
};

static int compare_ranked(const void *a, const void *b)
{
	const struct ranked *left = a, *right = b;

	if (left->rank != right->rank)
		return left->rank < right->rank ? -1 : 1;
	return (left->asn > right->asn) - (left->asn < right->asn);
}

int plan_graph_order(struct plan_graph *graph, plan_rank *rank, void *context)
{
	size_t rows = (size_t)graph->as_count * PLAN_CLASSES, widest = 1;
	struct ranked *list;

	for (size_t r = 0; r < rows; r++)
		if (graph->first[r + 1] - graph->first[r] > widest)
			widest = graph->first[r + 1] - graph->first[r];
	list = malloc(widest * sizeof(*list));
	if (list == NULL)
		return ERROR_MEMORY;
	for (size_t r = 0; r < rows; r++) {
		uint32_t *row = graph->neighbors + graph->first[r];
		size_t count = graph->first[r + 1] - graph->first[r];

		for (size_t i = 0; i < count; i++)
			list[i] = (struct ranked){
				rank(context, (uint32_t)(r / PLAN_CLASSES), row[i]),
				graph->asn[row[i]],
				row[i],
			};
		qsort(list, count, sizeof(*list), compare_ranked);
		for (size_t i = 0; i < count; i++)
			row[i] = list[i].index;
	}
	free(list);
	return 0;
}
