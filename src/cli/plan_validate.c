/* SPDX-License-Identifier: Apache-2.0 */
/*
 * nearcast plan validate FOLDER: what the planner says of measured experiments, against what
 * was measured. Of each pair of sites: the plain model; what follows from the other pairs'
 * measurements (this pair left out); and two baselines that anybody could name without a model.
 */
#include <stdlib.h>
#include <string.h>

#include "cli/output.h"
#include "cli/plan_action.h"
#include "cli/plan_measured.h"

/* The testbed's AS, and the one that it puts into its paths. */
#define TESTBED_ASN    47065u
#define TESTBED_POISON 61574u
#define TESTBED_LENGTH 3 /* 47065 61574 47065 */

/* Decisions of one pair, or of all. */
struct score {
	size_t measured;
	size_t bigger;                 /* right, naming the bigger site always */
	size_t nearest_known, nearest; /* AS with a place; of them right */
	size_t plain_known, plain;     /* with a route in the model; of them right */
	size_t learned_known, learned; /* other pairs tell; of them right */
	size_t both_known, both;       /* learned, else plain */
};

struct validation {
	struct plan_internet internet;
	struct measured m;
	struct plan_preferences sorted; /* a copy of the observations */
	struct plan_route *routes;
	struct score scores[MEASURED_PAIRS_MAX], all;
};

/* ---- The plain model ---- */

static enum exit_code run_pair(
	struct validation *v, const struct measured_pair *pair, struct console *console)
{
	const struct plan_graph *g = v->internet.world->graph;
	struct plan_announcement announcements[PLAN_ANNOUNCEMENT_MAX];
	uint32_t poison = plan_graph_find(g, TESTBED_POISON);
	struct plan_configuration c = { plan_graph_find(g, TESTBED_ASN), announcements, 0 };
	struct error error = { 0 };

	for (size_t i = 0; i < v->m.session_count && c.count < PLAN_ANNOUNCEMENT_MAX; i++) {
		const struct measured_session *s = &v->m.sessions[i];
		uint32_t as = plan_graph_find(g, s->asn);

		if (as == PLAN_NONE || (s->site != pair->a && s->site != pair->b))
			continue;
		announcements[c.count++] = (struct plan_announcement){
			.upstream = as,
			.class = s->transit ? PLAN_CUSTOMER : PLAN_PEER,
			.site = s->site,
			.length = TESTBED_LENGTH,
			.poisoned = &poison,
			.poisoned_count = poison != PLAN_NONE,
		};
	}
	if (plan_propagate(g, &c, v->routes, &error) != 0)
		return plan_error(console, &error);
	return EXIT_CODE_OK;
}

/* ---- Predictions of one AS: a site, or -1 ---- */

static int plain_site(const struct validation *v, uint32_t as)
{
	if (as == PLAN_NONE || v->routes[as].site == PLAN_SITE_NONE)
		return -1;
	return v->routes[as].site;
}

static int nearest_site(
	const struct validation *v, const struct measured_pair *pair, uint32_t as)
{
	const struct measured_site *a = &v->m.sites[pair->a], *b = &v->m.sites[pair->b];
	struct plan_place place;

	if (as == PLAN_NONE || !a->placed || !b->placed ||
		!plan_world_place(v->internet.world, as, &place))
		return -1;
	return plan_distance_km(place, a->place) <= plan_distance_km(place, b->place) ? pair->a
										      : pair->b;
}

static int learned_site(const struct validation *v, const struct measured_pair *pair,
	const struct plan_observation *o)
{
	int prefers = plan_prefers(&v->sorted, o->asn, pair->a, pair->b, o->source);

	return prefers == 0 ? -1 : prefers > 0 ? pair->a : pair->b;
}

static void mark(int predicted, uint8_t truth, size_t *known, size_t *right)
{
	*known += predicted >= 0;
	*right += predicted == truth;
}

static void score_pair(struct validation *v, const struct measured_pair *pair, struct score *s)
{
	size_t of_a = 0;

	for (size_t i = pair->first; i < pair->first + pair->count; i++) {
		const struct plan_observation *o = &v->m.observations.items[i];
		uint32_t as = plan_graph_find(v->internet.world->graph, o->asn);
		int plain = plain_site(v, as), learned = learned_site(v, pair, o);

		s->measured++;
		of_a += o->winner == pair->a;
		mark(plain, o->winner, &s->plain_known, &s->plain);
		mark(nearest_site(v, pair, as), o->winner, &s->nearest_known, &s->nearest);
		mark(learned, o->winner, &s->learned_known, &s->learned);
		mark(learned >= 0 ? learned : plain, o->winner, &s->both_known, &s->both);
	}
	s->bigger = of_a * 2 > s->measured ? of_a : s->measured - of_a;
}

static void add_score(struct score *all, const struct score *one)
{
	all->measured += one->measured;
	all->bigger += one->bigger;
	all->nearest_known += one->nearest_known;
	all->nearest += one->nearest;
	all->plain_known += one->plain_known;
	all->plain += one->plain;
	all->learned_known += one->learned_known;
	all->learned += one->learned;
	all->both_known += one->both_known;
	all->both += one->both;
}

static enum exit_code score_all(struct validation *v, struct console *console)
{
	enum exit_code code = EXIT_CODE_OK;

	for (size_t i = 0; i < v->m.pair_count && code == EXIT_CODE_OK; i++) {
		code = run_pair(v, &v->m.pairs[i], console);
		if (code == EXIT_CODE_OK)
			score_pair(v, &v->m.pairs[i], &v->scores[i]);
		add_score(&v->all, &v->scores[i]);
	}
	return code;
}

/* ---- Telling ---- */

static void add_row(struct table *table, const char *name, const struct score *s)
{
	char text[6][PLAN_NUMBER_MAX];

	table_row(table);
	table_cell(table, TONE_PLAIN, "%s", name);
	table_cell(table, TONE_PLAIN, "%zu", s->measured);
	table_cell(table, TONE_PLAIN, "%s",
		plan_share((double)s->bigger, (double)s->measured, text[0]));
	table_cell(table, TONE_PLAIN, "%s",
		plan_share((double)s->nearest, (double)s->nearest_known, text[1]));
	table_cell(table, TONE_PLAIN, "%s",
		plan_share((double)s->plain, (double)s->plain_known, text[2]));
	table_cell(table, TONE_PLAIN, "%s",
		plan_share((double)s->learned_known, (double)s->measured, text[3]));
	table_cell(table, TONE_PLAIN, "%s",
		plan_share((double)s->learned, (double)s->learned_known, text[4]));
	table_cell(table, TONE_PLAIN, "%s",
		plan_share((double)s->both, (double)s->both_known, text[5]));
}

static json_t *share_json(size_t part, size_t whole)
{
	return whole == 0 ? json_null() : json_real((double)part / (double)whole);
}

static json_t *score_json(const struct score *s)
{
	return json_pack("{s:I, s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "ases",
		(json_int_t)s->measured, "bigger_site", share_json(s->bigger, s->measured),
		"nearest_site", share_json(s->nearest, s->nearest_known), "plain",
		share_json(s->plain, s->plain_known), "plain_coverage",
		share_json(s->plain_known, s->measured), "learned",
		share_json(s->learned, s->learned_known), "learned_coverage",
		share_json(s->learned_known, s->measured), "learned_else_plain",
		share_json(s->both, s->both_known));
}

static void name_pair(const struct validation *v, size_t i, struct text *out)
{
	text_print(out, "%s %s", v->m.sites[v->m.pairs[i].a].name,
		v->m.sites[v->m.pairs[i].b].name);
}

static enum exit_code tell_json(const struct validation *v, struct console *console)
{
	json_t *pairs = json_array();

	for (size_t i = 0; i < v->m.pair_count; i++) {
		json_t *row = score_json(&v->scores[i]);

		json_object_set_new(row, "sites",
			json_pack("[s, s]", v->m.sites[v->m.pairs[i].a].name,
				v->m.sites[v->m.pairs[i].b].name));
		json_array_append_new(pairs, row);
	}
	return output_json(
		console, json_pack("{s:o, s:o}", "pairs", pairs, "all", score_json(&v->all)));
}

static enum exit_code tell(const struct validation *v, struct console *console)
{
	static const struct column columns[] = { { "SITES", COLUMN_FIXED },
		{ "ASES", COLUMN_RIGHT }, { "BIGGER", COLUMN_RIGHT },
		{ "NEAREST", COLUMN_RIGHT }, { "PLAIN", COLUMN_RIGHT },
		{ "KNOWN", COLUMN_RIGHT }, { "LEARNED", COLUMN_RIGHT },
		{ "ELSE PLAIN", COLUMN_RIGHT } };
	struct table *table = table_new(columns, sizeof(columns) / sizeof(columns[0]));
	struct text out = { 0 }, name = { 0 };

	for (size_t i = 0; i < v->m.pair_count; i++) {
		text_reset(&name);
		name_pair(v, i, &name);
		add_row(table, text_string(&name), &v->scores[i]);
	}
	add_row(table, "all", &v->all);
	table_print(table, &console->style, 0, &out);
	text_add(&out,
		"\nShares of ASes whose site was predicted. BIGGER: naming the site that most\n"
		"chose. NEAREST: by distance. PLAIN: valley-free routing. LEARNED: from the other\n"
		"pairs' measurements, where they tell (KNOWN). ELSE PLAIN: learned, or else plain.\n");
	table_free(table);
	text_clear(&name);
	return output_text(console, &out);
}

static bool copy_sorted(struct validation *v)
{
	size_t count = v->m.observations.count;

	v->sorted.items = malloc((count + 1) * sizeof(*v->sorted.items));
	if (v->sorted.items == NULL)
		return false;
	memcpy(v->sorted.items, v->m.observations.items, count * sizeof(*v->sorted.items));
	v->sorted.count = v->sorted.room = count;
	plan_preferences_sort(&v->sorted);
	return true;
}

static enum exit_code validate(
	const struct arguments *arguments, struct validation *v, struct console *console)
{
	struct error error = { 0 };
	enum exit_code code;

	if (measured_read(arguments_positional(arguments, 1), &v->m, &error) != 0)
		return plan_error(console, &error);
	code = plan_internet_load(arguments, &v->internet, console);
	if (code != EXIT_CODE_OK)
		return code;
	v->routes = calloc(v->internet.world->graph->as_count, sizeof(*v->routes));
	if (v->routes == NULL || !copy_sorted(v)) {
		error_set(&error, ERROR_MEMORY, "no memory to validate");
		return plan_error(console, &error);
	}
	code = score_all(v, console);
	if (code != EXIT_CODE_OK)
		return code;
	return console->json ? tell_json(v, console) : tell(v, console);
}

enum exit_code plan_validate(const struct arguments *arguments, struct console *console)
{
	struct validation *v = calloc(1, sizeof(*v));
	enum exit_code code = EXIT_CODE_FAILED;

	if (arguments_value(arguments, "places") != NULL) {
		free(v);
		return plan_validate_times(arguments, console);
	}
	if (v == NULL)
		return code;
	code = validate(arguments, v, console);
	measured_clear(&v->m);
	plan_preferences_clear(&v->sorted);
	free(v->routes);
	plan_internet_clear(&v->internet);
	free(v);
	return code;
}
