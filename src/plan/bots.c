/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Botnets.
 *
 * Invariants:
 *  1. total is the sum of traffic; count that of the bots behind it, before reflection.
 *  2. Traffic is added for all of a line, or for nothing of it.
 */
#include "plan/bots.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "plan/lines.h"

#define BOTS_MAX 1e15

int plan_bots_create(
	const struct plan_world *world, struct plan_bots *ret_bots, struct error *error)
{
	*ret_bots = (struct plan_bots){
		.traffic = calloc(world->graph->as_count, sizeof(*ret_bots->traffic)),
	};
	return ret_bots->traffic == NULL
		       ? error_set(error, ERROR_MEMORY, "no memory for the botnet")
		       : 0;
}

void plan_bots_clear(struct plan_bots *bots)
{
	free(bots->traffic);
	*bots = (struct plan_bots){ 0 };
}

static void add(struct plan_bots *bots, uint32_t as, double count, double rate)
{
	bots->traffic[as] += count * rate;
	bots->total += count * rate;
	bots->count += count;
}

static bool lives_in(const struct plan_home *home, const char *country)
{
	return home->country[0] == toupper((unsigned char)country[0]) &&
	       home->country[1] == toupper((unsigned char)country[1]);
}

static double users_of_country(const struct plan_homes *homes, const char *country)
{
	double users = 0;

	for (size_t i = 0; i < homes->count; i++)
		if (lives_in(&homes->homes[i], country))
			users += homes->homes[i].users;
	return users;
}

/* per_user: bots for each user. */
static void add_country(struct plan_bots *bots, const struct plan_homes *homes,
	const char *country, double per_user, double rate)
{
	for (size_t i = 0; i < homes->count; i++)
		if (lives_in(&homes->homes[i], country))
			add(bots, homes->homes[i].as, homes->homes[i].users * per_user, rate);
}

/* ---- Files ---- */

struct reader {
	struct plan_bots *bots;
	const struct plan_world *world;
	const struct plan_homes *homes;
	double rate;
};

static int take_country(const struct reader *r, struct plan_lines *lines, const char *country,
	double count, double rate, struct error *error)
{
	double users;

	if (r->homes == NULL)
		return plan_lines_error(lines, error, ERROR_UNSUPPORTED,
			"a country, and where users are is not known");
	users = users_of_country(r->homes, country);
	if (users > 0)
		add_country(r->bots, r->homes, country, count / users, rate);
	else
		r->bots->outside += count;
	return 0;
}

static bool is_country(const char *text)
{
	return isalpha((unsigned char)text[0]) && isalpha((unsigned char)text[1]) &&
	       text[2] == '\0';
}

static int take_bots(const struct reader *r, struct plan_lines *lines, struct error *error)
{
	char *fields[PLAN_FIELDS_MAX];
	size_t fields_count = plan_lines_split(lines, fields);
	const char *who = fields[0];
	double count = 0, rate = r->rate;
	uint32_t asn, as;
	bool number = fields_count >= 2 && plan_parse_number(fields[1], &count);

	if (lines->line == 1 && fields_count >= 2 && !number)
		return 0;
	if (!number || count < 0 || count > BOTS_MAX)
		return plan_lines_error(
			lines, error, ERROR_MALFORMED, "not AS,bots or COUNTRY,bots");
	if (fields_count >= 3 &&
		(!plan_parse_number(fields[2], &rate) || rate < 0 || rate > BOTS_MAX))
		return plan_lines_error(
			lines, error, ERROR_MALFORMED, "the third field is no rate");
	if (is_country(who))
		return take_country(r, lines, who, count, rate, error);
	if (tolower((unsigned char)who[0]) == 'a' && tolower((unsigned char)who[1]) == 's')
		who += 2;
	if (!plan_parse_asn(who, &asn))
		return plan_lines_error(lines, error, ERROR_MALFORMED,
			"neither an AS number nor a country of two letters");
	as = plan_graph_find(r->world->graph, asn);
	if (as == PLAN_NONE)
		r->bots->outside += count;
	else
		add(r->bots, as, count, rate);
	return 0;
}

int plan_bots_read(struct plan_bots *bots, const struct plan_world *world,
	const struct plan_homes *homes, const struct plan_source *source, double rate,
	struct error *error)
{
	const struct reader r = { bots, world, homes, rate };
	struct plan_lines *lines = calloc(1, sizeof(*lines));
	int result;

	if (lines == NULL)
		return error_set(error, ERROR_MEMORY, "no memory");
	lines->source = source;
	while ((result = plan_lines_next(lines, error)) > 0) {
		if (lines->text[0] == '\0' || lines->text[0] == '#')
			continue;
		result = take_bots(&r, lines, error);
		if (result != 0)
			break;
	}
	if (result == 0 && bots->total <= 0) {
		lines->line = 0;
		result = plan_lines_error(
			lines, error, ERROR_RANGE, "no bots of any AS in the topology");
	}
	free(lines);
	return result;
}

/* ---- Lists ---- */

static void add_countries(struct plan_bots *bots, const struct plan_homes *homes,
	const struct plan_bots_where *where, double per_user, double rate)
{
	for (size_t i = 0; i < where->country_count; i++)
		add_country(bots, homes, where->countries[i], per_user, rate);
}

/* An AS without users holds as many bots as one with a single user. */
static double weight_of(const struct plan_world *world, uint32_t as)
{
	return world->users[as] > 0 ? world->users[as] : 1;
}

static int count_there(const struct plan_world *world, const struct plan_homes *homes,
	const struct plan_bots_where *where, double *ret_users, struct error *error)
{
	*ret_users = 0;
	for (size_t i = 0; i < where->country_count; i++) {
		double users;

		if (homes == NULL)
			return error_set(error, ERROR_UNSUPPORTED,
				"in which countries users are is not known");
		users = users_of_country(homes, where->countries[i]);
		if (users <= 0)
			return error_set(error, ERROR_RANGE, "no users in the country '%.2s'",
				where->countries[i]);
		*ret_users += users;
	}
	for (size_t i = 0; i < where->as_count; i++)
		*ret_users += weight_of(world, where->ases[i]);
	if (where->country_count + where->as_count == 0)
		*ret_users = world->users_total;
	return *ret_users > 0 ? 0 : error_set(error, ERROR_RANGE, "no users to be bots of");
}

int plan_bots_spread(struct plan_bots *bots, const struct plan_world *world,
	const struct plan_homes *homes, const struct plan_bots_where *where, double count,
	double rate, struct error *error)
{
	double users, per_user;
	int result = count_there(world, homes, where, &users, error);

	if (result != 0)
		return result;
	per_user = count / users;
	if (where->country_count + where->as_count == 0)
		for (uint32_t as = 0; as < world->graph->as_count; as++)
			add(bots, as, world->users[as] * per_user, rate);
	for (size_t i = 0; i < where->as_count; i++)
		add(bots, where->ases[i], weight_of(world, where->ases[i]) * per_user, rate);
	add_countries(bots, homes, where, per_user, rate);
	return 0;
}

int plan_bots_reflect(struct plan_bots *bots, const struct plan_world *world,
	const double *reflectors, double amplification, struct error *error)
{
	uint32_t count = world->graph->as_count;
	double sum = 0, total = bots->total * amplification;

	for (uint32_t as = 0; as < count; as++)
		sum += reflectors[as];
	if (sum <= 0)
		return error_set(error, ERROR_RANGE, "no reflectors in the topology");
	for (uint32_t as = 0; as < count; as++)
		bots->traffic[as] = total * (reflectors[as] / sum);
	bots->total = total;
	return 0;
}
