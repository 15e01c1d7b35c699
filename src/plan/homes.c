/* SPDX-License-Identifier: Apache-2.0 */
/* Users by AS and country. An AS stands once a country that it has users in, or more often:
 * its users are the sum. */
#include "plan/homes.h"

#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "plan/lines.h"

struct keeper {
	struct plan_homes *homes;
	size_t room;
};

static int keep(struct keeper *k, uint32_t as, const char *country, double users)
{
	struct plan_home *home;

	if (k->homes->count == k->room) {
		size_t room = k->room == 0 ? 1024 : k->room * 2;
		struct plan_home *grown = realloc(k->homes->homes, room * sizeof(*grown));

		if (grown == NULL)
			return ERROR_MEMORY;
		k->homes->homes = grown;
		k->room = room;
	}
	home = &k->homes->homes[k->homes->count++];
	*home = (struct plan_home){ .as = as, .users = users };
	home->country[0] = (char)toupper((unsigned char)country[0]);
	home->country[1] = (char)toupper((unsigned char)country[1]);
	return 0;
}

static int take_line(const struct plan_world *world, struct plan_lines *lines, struct keeper *k,
	struct error *error)
{
	char *fields[PLAN_FIELDS_MAX];
	size_t count = plan_lines_split(lines, fields);
	uint32_t asn, as;
	double users;

	if (count < 3)
		return plan_lines_error(lines, error, ERROR_UNSUPPORTED,
			"the file of users has no countries: asn,country,users");
	if (!plan_parse_asn(fields[0], &asn) || !plan_parse_number(fields[2], &users))
		return plan_lines_error(lines, error, ERROR_MALFORMED, "not asn,country,users");
	as = plan_graph_find(world->graph, asn);
	/* Some files say "??" or nothing for what is not known. */
	if (as == PLAN_NONE || !isalpha((unsigned char)fields[1][0]) ||
		!isalpha((unsigned char)fields[1][1]) || fields[1][2] != '\0')
		return 0;
	return keep(k, as, fields[1], users) == 0
		       ? 0
		       : error_set(error, ERROR_MEMORY, "no memory for countries");
}

static int read_all(const struct plan_world *world, const struct plan_source *source,
	struct keeper *k, struct error *error)
{
	struct plan_lines *lines = calloc(1, sizeof(*lines));
	int result;

	if (lines == NULL)
		return error_set(error, ERROR_MEMORY, "no memory");
	lines->source = source;
	while ((result = plan_lines_next(lines, error)) > 0) {
		if (plan_lines_remark(lines))
			continue;
		result = take_line(world, lines, k, error);
		if (result != 0)
			break;
	}
	free(lines);
	return result;
}

int plan_homes_read(const struct plan_world *world, const struct plan_source *source,
	struct plan_homes *ret_homes, struct error *error)
{
	struct keeper k = { .homes = ret_homes };
	int result;

	*ret_homes = (struct plan_homes){ 0 };
	result = read_all(world, source, &k, error);
	if (result != 0)
		plan_homes_clear(ret_homes);
	return result;
}

static const char *nearest_country(struct plan_place place)
{
	double least = INFINITY;
	const char *country = plan_cities[0].country;

	for (size_t i = 0; i < plan_city_count; i++) {
		double km = plan_distance_km(place, plan_cities[i].place);

		if (km < least) {
			least = km;
			country = plan_cities[i].country;
		}
	}
	return country;
}

int plan_homes_guess(
	const struct plan_world *world, struct plan_homes *ret_homes, struct error *error)
{
	struct keeper k = { .homes = ret_homes };

	*ret_homes = (struct plan_homes){ .guessed = true };
	if (!world->places_known)
		return error_set(error, ERROR_UNSUPPORTED,
			"where users are is not known: countries need a file of users or a "
			"geography");
	for (uint32_t as = 0; as < world->graph->as_count; as++)
		for (uint32_t i = world->first[as]; i < world->first[as + 1]; i++)
			if (keep(&k, as, nearest_country(world->spreads[i].place),
				    world->users[as] * world->spreads[i].share) != 0) {
				plan_homes_clear(ret_homes);
				return error_set(
					error, ERROR_MEMORY, "no memory for countries");
			}
	return 0;
}

void plan_homes_clear(struct plan_homes *homes)
{
	free(homes->homes);
	*homes = (struct plan_homes){ 0 };
}
