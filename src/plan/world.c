/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Users and places of ASes, and their files.
 *
 * Invariants:
 *  1. users and spreads are replaced whole, or not at all.
 *  2. Shares of one AS add up to 1; an AS without a place has none.
 */
#include "plan/world.h"

#include <stdlib.h>
#include <string.h>

#include "plan/lines.h"

#define SPREADS_MAX 8 /* of one AS */

int plan_world_create(
	struct plan_graph *graph, struct plan_world **ret_world, struct error *error)
{
	struct plan_world *world = calloc(1, sizeof(*world));

	if (world == NULL) {
		plan_graph_free(graph);
		return error_set(error, ERROR_MEMORY, "no memory for the world");
	}
	world->graph = graph;
	world->users = malloc(graph->as_count * sizeof(*world->users));
	world->first = calloc((size_t)graph->as_count + 1, sizeof(*world->first));
	if (world->users == NULL || world->first == NULL) {
		plan_world_free(world);
		return error_set(error, ERROR_MEMORY, "no memory for the world");
	}
	for (uint32_t as = 0; as < graph->as_count; as++)
		world->users[as] = 1;
	world->users_total = graph->as_count;
	*ret_world = world;
	return 0;
}

void plan_world_free(struct plan_world *world)
{
	if (world == NULL)
		return;
	plan_graph_free(world->graph);
	plan_exchanges_free(world->exchanges);
	free(world->users);
	free(world->first);
	free(world->spreads);
	free(world);
}

/* ---- Users ---- */

struct people {
	double *users; /* [as_count]; -1: not named */
	double inside, outside;
};

static int take_users(const struct plan_world *world, struct plan_lines *lines,
	struct people *people, struct error *error)
{
	char *fields[PLAN_FIELDS_MAX];
	size_t count = plan_lines_split(lines, fields);
	uint32_t asn, as;
	double users;

	if (count < 2)
		return plan_lines_error(lines, error, ERROR_MALFORMED,
			"not asn,country,users and not asn,users");
	if (!plan_parse_asn(fields[0], &asn))
		return plan_lines_error(lines, error, ERROR_MALFORMED, "not an AS number");
	if (!plan_parse_number(fields[count == 2 ? 1 : 2], &users) || users < 0 || users > 1e15)
		return plan_lines_error(lines, error, ERROR_MALFORMED, "not a number of users");
	as = plan_graph_find(world->graph, asn);
	if (as == PLAN_NONE) {
		people->outside += users;
		return 0;
	}
	people->users[as] = users + (people->users[as] > 0 ? people->users[as] : 0);
	people->inside += users;
	return 0;
}

static int read_users(const struct plan_world *world, const struct plan_source *source,
	struct people *people, struct error *error)
{
	struct plan_lines *lines = calloc(1, sizeof(*lines));
	int result;

	if (lines == NULL)
		return error_set(error, ERROR_MEMORY, "no memory");
	lines->source = source;
	while ((result = plan_lines_next(lines, error)) > 0) {
		if (plan_lines_remark(lines))
			continue;
		result = take_users(world, lines, people, error);
		if (result != 0)
			break;
	}
	if (result == 0 && people->inside <= 0) {
		lines->line = 0;
		result = plan_lines_error(
			lines, error, ERROR_RANGE, "no users of any AS in the topology");
	}
	free(lines);
	return result;
}

int plan_world_read_users(
	struct plan_world *world, const struct plan_source *source, struct error *error)
{
	uint32_t count = world->graph->as_count;
	struct people people = { .users = malloc(count * sizeof(*people.users)) };
	int result;

	if (people.users == NULL)
		return error_set(error, ERROR_MEMORY, "no memory for users");
	for (uint32_t as = 0; as < count; as++)
		people.users[as] = -1;
	result = read_users(world, source, &people, error);
	if (result != 0) {
		free(people.users);
		return result;
	}
	for (uint32_t as = 0; as < count; as++)
		if (people.users[as] < 0)
			people.users[as] = 0;
	free(world->users);
	world->users = people.users;
	world->users_total = people.inside;
	world->users_outside = people.outside;
	world->users_known = true;
	return 0;
}

/* ---- Places ---- */

enum column {
	COLUMN_ASN,
	COLUMN_LATITUDE,
	COLUMN_LONGITUDE,
	COLUMN_SHARE,
	COLUMN_COUNT,
};

struct footprint {
	size_t column[COLUMN_COUNT];
	uint32_t last_asn;
	uint32_t *first; /* [as_count + 1]: counts while reading, then rows */
	struct entry {
		uint32_t as;
		struct plan_spread spread;
	} * entries;
	size_t count, room;
	uint32_t outside;
};

static int find_columns(struct plan_lines *lines, struct footprint *f, struct error *error)
{
	static const char *const names[COLUMN_COUNT] = { "asn", "lat", "lon", "addr_share" };
	char *fields[PLAN_FIELDS_MAX];
	size_t count = plan_lines_split(lines, fields);

	for (size_t i = 0; i < COLUMN_COUNT; i++) {
		f->column[i] = count;
		for (size_t j = 0; j < count; j++)
			if (strcmp(fields[j], names[i]) == 0)
				f->column[i] = j;
		if (f->column[i] == count)
			return plan_lines_error(lines, error, ERROR_MALFORMED,
				"the first line must name asn, lat, lon and addr_share");
	}
	return 0;
}

static int keep_spread(
	struct footprint *f, uint32_t as, const struct plan_spread *spread, struct error *error)
{
	if (f->count == f->room) {
		size_t room = f->room == 0 ? 4096 : f->room * 2;
		struct entry *grown = realloc(f->entries, room * sizeof(*grown));

		if (grown == NULL)
			return error_set(error, ERROR_MEMORY, "no memory for places");
		f->entries = grown;
		f->room = room;
	}
	f->entries[f->count++] = (struct entry){ as, *spread };
	f->first[as]++;
	return 0;
}

static int take_place(const struct plan_world *world, struct plan_lines *lines,
	struct footprint *f, struct error *error)
{
	char *fields[PLAN_FIELDS_MAX];
	size_t count = plan_lines_split(lines, fields);
	double number[COLUMN_COUNT];
	uint32_t asn, as;

	for (size_t i = 0; i < COLUMN_COUNT; i++)
		if (f->column[i] >= count ||
			!plan_parse_number(fields[f->column[i]], &number[i]))
			return plan_lines_error(
				lines, error, ERROR_MALFORMED, "a number is missing");
	if (!plan_parse_asn(fields[f->column[COLUMN_ASN]], &asn))
		return plan_lines_error(lines, error, ERROR_MALFORMED, "not an AS number");
	if (number[COLUMN_LATITUDE] < -90 || number[COLUMN_LATITUDE] > 90 ||
		number[COLUMN_LONGITUDE] < -180 || number[COLUMN_LONGITUDE] > 180)
		return plan_lines_error(
			lines, error, ERROR_MALFORMED, "no such place on the globe");
	if (asn < f->last_asn)
		return plan_lines_error(lines, error, ERROR_MALFORMED,
			"AS numbers must rise from line to line");
	as = plan_graph_find(world->graph, asn);
	if (as == PLAN_NONE) {
		f->outside += asn != f->last_asn;
		f->last_asn = asn;
		return 0;
	}
	f->last_asn = asn;
	if (number[COLUMN_SHARE] <= 0 || f->first[as] == SPREADS_MAX)
		return 0;
	return keep_spread(f, as,
		&(struct plan_spread){ .place = { (float)number[COLUMN_LATITUDE],
					       (float)number[COLUMN_LONGITUDE] },
			.share = (float)number[COLUMN_SHARE] },
		error);
}

static int read_footprint(const struct plan_world *world, const struct plan_source *source,
	struct footprint *f, struct error *error)
{
	struct plan_lines *lines = calloc(1, sizeof(*lines));
	int result;

	if (lines == NULL)
		return error_set(error, ERROR_MEMORY, "no memory");
	lines->source = source;
	result = plan_lines_next(lines, error);
	if (result == 0)
		result = plan_lines_error(lines, error, ERROR_MALFORMED, "an empty file");
	else if (result > 0)
		result = find_columns(lines, f, error);
	while (result == 0 && (result = plan_lines_next(lines, error)) > 0)
		result = take_place(world, lines, f, error);
	if (result == 0 && f->count == 0) {
		lines->line = 0;
		result = plan_lines_error(
			lines, error, ERROR_RANGE, "no place of any AS in the topology");
	}
	free(lines);
	return result;
}

/* Entries, which stand by AS number, into rows, which stand by index. */
static int lay_out(struct plan_world *world, struct footprint *f, struct error *error)
{
	struct plan_spread *spreads = malloc(f->count * sizeof(*spreads));
	uint32_t at = 0;

	if (spreads == NULL)
		return error_set(error, ERROR_MEMORY, "no memory for places");
	for (uint32_t as = 0; as <= world->graph->as_count; as++) {
		uint32_t count = f->first[as];

		f->first[as] = at;
		at += count;
	}
	for (size_t i = 0; i < f->count;) {
		uint32_t as = f->entries[i].as, row = f->first[as];
		float sum = 0;
		size_t from = i;

		for (; i < f->count && f->entries[i].as == as; i++)
			sum += f->entries[i].spread.share;
		for (; from < i; from++) {
			spreads[row] = f->entries[from].spread;
			spreads[row++].share /= sum;
		}
	}
	free(world->first);
	free(world->spreads);
	world->first = f->first;
	world->spreads = spreads;
	world->ases_outside = f->outside;
	world->places_known = true;
	f->first = NULL;
	return 0;
}

int plan_world_read_geography(
	struct plan_world *world, const struct plan_source *source, struct error *error)
{
	struct footprint f = { .first = calloc(
				       (size_t)world->graph->as_count + 1, sizeof(*f.first)) };
	int result;

	if (f.first == NULL)
		return error_set(error, ERROR_MEMORY, "no memory for places");
	result = read_footprint(world, source, &f, error);
	if (result == 0)
		result = lay_out(world, &f, error);
	free(f.first);
	free(f.entries);
	return result;
}

bool plan_world_place(const struct plan_world *world, uint32_t as, struct plan_place *ret_place)
{
	float most = 0;

	for (uint32_t i = world->first[as]; i < world->first[as + 1]; i++)
		if (world->spreads[i].share > most) {
			most = world->spreads[i].share;
			*ret_place = world->spreads[i].place;
		}
	return most > 0;
}
