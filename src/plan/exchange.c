/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Exchanges and their loss.
 *
 * Invariants:
 *  1. Members stand by AS, then by exchange; nobody is twice at one.
 *  2. The graph without an exchange has the same ASes with the same indices, in the same order
 * of neighbours: only rows of peers get shorter.
 */
#include "plan/exchange.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "plan/lines.h"

#define MEMBER_MAX 4000000

/* ---- The list ---- */

int plan_exchanges_create(struct plan_exchanges **ret_exchanges, struct error *error)
{
	*ret_exchanges = calloc(1, sizeof(**ret_exchanges));
	return *ret_exchanges == NULL
		       ? error_set(error, ERROR_MEMORY, "no memory for exchanges")
		       : 0;
}

void plan_exchanges_free(struct plan_exchanges *exchanges)
{
	if (exchanges == NULL)
		return;
	free(exchanges->list);
	free(exchanges->members);
	free(exchanges);
}

static bool is_power_of_two(size_t count)
{
	return (count & (count - 1)) == 0;
}

int plan_exchanges_add(struct plan_exchanges *exchanges, const char *name, uint32_t *ret_index,
	struct error *error)
{
	struct plan_exchange *grown;
	size_t count = exchanges->count;

	if (count == PLAN_EXCHANGE_MAX)
		return error_set(
			error, ERROR_FULL, "more than %d exchanges", PLAN_EXCHANGE_MAX);
	/* Room doubles whenever the count is a power of two. */
	if (is_power_of_two(count)) {
		grown = realloc(exchanges->list,
			(count == 0 ? 1 : count * 2) * sizeof(*exchanges->list));
		if (grown == NULL)
			return error_set(error, ERROR_MEMORY, "no memory for exchanges");
		exchanges->list = grown;
	}
	exchanges->list[count] = (struct plan_exchange){ 0 };
	snprintf(exchanges->list[count].name, PLAN_EXCHANGE_NAME_MAX, "%s", name);
	*ret_index = (uint32_t)exchanges->count++;
	return 0;
}

int plan_exchanges_join(
	struct plan_exchanges *exchanges, uint32_t exchange, uint32_t as, struct error *error)
{
	size_t count = exchanges->member_count;

	if (count == MEMBER_MAX)
		return error_set(error, ERROR_FULL, "more than %d members", MEMBER_MAX);
	if (is_power_of_two(count)) {
		struct plan_member *grown = realloc(
			exchanges->members, (count == 0 ? 1 : count * 2) * sizeof(*grown));

		if (grown == NULL)
			return error_set(error, ERROR_MEMORY, "no memory for members");
		exchanges->members = grown;
	}
	exchanges->members[exchanges->member_count++] = (struct plan_member){ as, exchange };
	return 0;
}

uint32_t plan_exchange_find(const struct plan_exchanges *exchanges, const char *name)
{
	for (uint32_t i = 0; i < exchanges->count; i++)
		if (strcasecmp(exchanges->list[i].name, name) == 0)
			return i;
	return PLAN_NONE;
}

static int by_as(const void *a, const void *b)
{
	const struct plan_member *x = a, *y = b;

	if (x->as != y->as)
		return x->as < y->as ? -1 : 1;
	return (x->exchange > y->exchange) - (x->exchange < y->exchange);
}

/* Members of one AS: [*ret_at, *ret_end). */
static void members_of(const struct plan_exchanges *x, uint32_t as,
	const struct plan_member **ret_at, const struct plan_member **ret_end)
{
	size_t low = 0, high = x->member_count;

	while (low < high) {
		size_t middle = (low + high) / 2;

		if (x->members[middle].as < as)
			low = middle + 1;
		else
			high = middle;
	}
	*ret_at = x->members + low;
	while (low < x->member_count && x->members[low].as == as)
		low++;
	*ret_end = x->members + low;
}

/* Where two ASes meet: up to most exchanges; more than that are counted, not told. */
static size_t meet(
	const struct plan_exchanges *x, uint32_t a, uint32_t b, uint32_t *ret, size_t most)
{
	const struct plan_member *at, *end, *other, *other_end;
	size_t count = 0;

	members_of(x, a, &at, &end);
	members_of(x, b, &other, &other_end);
	while (at < end && other < other_end) {
		if (at->exchange == other->exchange) {
			if (count < most)
				ret[count] = at->exchange;
			count++;
		}
		if (at->exchange < other->exchange)
			at++;
		else
			other++;
	}
	return count;
}

void plan_exchanges_arrange(struct plan_exchanges *exchanges)
{
	size_t kept = 0;

	if (exchanges->member_count == 0)
		return;
	qsort(exchanges->members, exchanges->member_count, sizeof(*exchanges->members), by_as);
	for (size_t i = 0; i < exchanges->member_count; i++)
		if (kept == 0 ||
			by_as(&exchanges->members[kept - 1], &exchanges->members[i]) != 0)
			exchanges->members[kept++] = exchanges->members[i];
	exchanges->member_count = kept;
	for (size_t i = 0; i < kept; i++)
		exchanges->list[exchanges->members[i].exchange].members++;
}

/* ---- Reading ---- */

static int take_member(struct plan_exchanges *x, const struct plan_graph *graph,
	struct plan_lines *lines, struct error *error)
{
	char *fields[PLAN_FIELDS_MAX], *who;
	size_t count = plan_lines_split(lines, fields);
	uint32_t asn, as, exchange;
	int result = 0;

	if (count < 2 || fields[0][0] == '\0' || strlen(fields[0]) >= PLAN_EXCHANGE_NAME_MAX)
		return plan_lines_error(lines, error, ERROR_MALFORMED, "not EXCHANGE,AS");
	who = fields[1];
	if (tolower((unsigned char)who[0]) == 'a' && tolower((unsigned char)who[1]) == 's')
		who += 2;
	if (!plan_parse_asn(who, &asn))
		return lines->line == 1 ? 0
					: plan_lines_error(lines, error, ERROR_MALFORMED,
						  "not an AS number");
	as = plan_graph_find(graph, asn);
	/* Lines of one exchange mostly follow each other. */
	exchange = x->count > 0 && strcasecmp(x->list[x->count - 1].name, fields[0]) == 0
			   ? (uint32_t)x->count - 1
			   : plan_exchange_find(x, fields[0]);
	if (exchange == PLAN_NONE)
		result = plan_exchanges_add(x, fields[0], &exchange, error);
	if (result == 0 && as != PLAN_NONE)
		result = plan_exchanges_join(x, exchange, as, error);
	x->outside += as == PLAN_NONE;
	return result;
}

static int read_all(struct plan_exchanges *x, const struct plan_graph *graph,
	const struct plan_source *source, struct error *error)
{
	struct plan_lines *lines = calloc(1, sizeof(*lines));
	int result;

	if (lines == NULL)
		return error_set(error, ERROR_MEMORY, "no memory");
	lines->source = source;
	while ((result = plan_lines_next(lines, error)) > 0) {
		if (lines->text[0] == '\0' || lines->text[0] == '#')
			continue;
		result = take_member(x, graph, lines, error);
		if (result != 0)
			break;
	}
	if (result == 0 && x->member_count == 0) {
		lines->line = 0;
		result = plan_lines_error(lines, error, ERROR_RANGE,
			"no member of any exchange is in the topology");
	}
	free(lines);
	return result;
}

int plan_exchanges_read(const struct plan_graph *graph, const struct plan_source *source,
	struct plan_exchanges **ret_exchanges, struct error *error)
{
	struct plan_exchanges *x;
	int result = plan_exchanges_create(&x, error);

	if (result == 0)
		result = read_all(x, graph, source, error);
	if (result != 0) {
		if (x != NULL)
			plan_exchanges_free(x);
		return result;
	}
	plan_exchanges_arrange(x);
	*ret_exchanges = x;
	return 0;
}

/* ---- Without some ---- */

/* Of a link between peers: the exchanges that carry it. */
struct carriers {
	uint32_t one, two; /* equal: only one; PLAN_NONE: what we do not know, or too many */
};

struct plan_outage {
	const struct plan_graph *graph;
	struct plan_graph without;
	struct carriers *carriers; /* [link_count * 2], as graph->neighbors */
};

static void find_carriers(struct plan_outage *o, const struct plan_exchanges *exchanges)
{
	const struct plan_graph *g = o->graph;

	for (size_t i = 0; i < (size_t)g->link_count * 2; i++)
		o->carriers[i] = (struct carriers){ PLAN_NONE, PLAN_NONE };
	for (uint32_t as = 0; as < g->as_count; as++) {
		struct plan_row row = plan_row(g, as, PLAN_PEER);

		for (; row.at < row.end; row.at++) {
			uint32_t both[2];
			size_t count = meet(exchanges, as, *row.at, both, 2);

			if (count == 1 || count == 2)
				o->carriers[row.at - g->neighbors] =
					(struct carriers){ both[0], both[count - 1] };
		}
	}
}

int plan_outage_create(const struct plan_graph *graph, const struct plan_exchanges *exchanges,
	struct plan_outage **ret_outage, struct error *error)
{
	struct plan_outage *o = calloc(1, sizeof(*o));
	size_t rows = (size_t)graph->as_count * PLAN_CLASSES + 1,
	       ends = (size_t)graph->link_count * 2;

	if (o != NULL) {
		o->graph = graph;
		o->without = *graph;
		o->without.first = calloc(rows, sizeof(*o->without.first));
		o->without.neighbors = calloc(ends, sizeof(*o->without.neighbors));
		o->carriers = calloc(ends, sizeof(*o->carriers));
	}
	if (o == NULL || o->without.first == NULL || o->without.neighbors == NULL ||
		o->carriers == NULL) {
		plan_outage_free(o);
		return error_set(error, ERROR_MEMORY, "no memory for exchanges");
	}
	find_carriers(o, exchanges);
	*ret_outage = o;
	return 0;
}

void plan_outage_free(struct plan_outage *outage)
{
	if (outage == NULL)
		return;
	free(outage->without.first);
	free(outage->without.neighbors);
	free(outage->carriers);
	free(outage);
}

static bool in_list(uint32_t exchange, const uint32_t *lost, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (lost[i] == exchange)
			return true;
	return false;
}

const struct plan_graph *plan_outage_without(
	struct plan_outage *outage, const uint32_t *lost, size_t count)
{
	const struct plan_graph *g = outage->graph;
	struct plan_graph *into = &outage->without;
	size_t rows = (size_t)g->as_count * PLAN_CLASSES;
	uint32_t at = 0;

	if (count == 0)
		return g;
	for (size_t row = 0; row < rows; row++) {
		into->first[row] = at;
		for (uint32_t i = g->first[row]; i < g->first[row + 1]; i++) {
			const struct carriers *by = &outage->carriers[i];

			if (by->one != PLAN_NONE && in_list(by->one, lost, count) &&
				in_list(by->two, lost, count))
				continue;
			into->neighbors[at++] = g->neighbors[i];
		}
	}
	into->first[rows] = at;
	into->link_count = at / 2;
	return into;
}
