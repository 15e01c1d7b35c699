/* SPDX-License-Identifier: Apache-2.0 */
/*
 * nearcast plan validate FOLDER: what the planner says of measured experiments, against what
 * was measured. Of each pair of sites: the plain model; what follows from the other pairs'
 * measurements (this pair left out); and two baselines that anybody could name without a model.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "cli/output.h"
#include "cli/plan_action.h"
#include "cli/plan_calibrated.h"
#include "cli/plan_measured.h"

/* The testbed's AS, and the one that it puts into its paths. */
#define TESTBED_ASN    47065u
#define TESTBED_POISON 61574u
#define TESTBED_LENGTH 3 /* 47065 61574 47065 */

#define SURE 0.95

/* Decisions of one pair, or of all. */
struct score {
	size_t measured;
	size_t bigger;                 /* right, naming the bigger site always */
	size_t nearest_known, nearest; /* AS with a place; of them right */
	size_t plain_known, plain;     /* with a route in the model; of them right */
	/* Calibrated by the other pairs: how each is known, and of those right. */
	struct plan_bin bins[PLAN_BINS];
	size_t sure, sure_right; /* at least SURE by what other pairs were right about */
};

/* Decisions by what they were said to be right with, in steps of 0.05 from 0.5 on. */
#define STATED_STEPS 10
struct stated {
	size_t decisions, right;
	double stated; /* sum */
};

struct validation {
	struct plan_internet internet;
	struct measured m;
	struct plan_calibration calibration;
	struct plan_held_out *held_out; /* of every observation, as the calibration has them */
	struct plan_route *routes;
	struct stated stated[STATED_STEPS];
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

		s->measured++;
		of_a += o->winner == pair->a;
		mark(plain_site(v, as), o->winner, &s->plain_known, &s->plain);
		mark(nearest_site(v, pair, as), o->winner, &s->nearest_known, &s->nearest);
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
	for (size_t i = 0; i < PLAN_BINS; i++) {
		all->bins[i].decisions += one->bins[i].decisions;
		all->bins[i].right += one->bins[i].right;
	}
	all->sure += one->sure;
	all->sure_right += one->sure_right;
}

/* ---- Calibrated, each pair by the others ---- */

static void count_held_out(struct validation *v)
{
	for (size_t i = 0; i < v->calibration.preferences.count; i++) {
		const struct plan_held_out *h = &v->held_out[i];
		struct score *s = &v->scores[v->calibration.preferences.items[i].source];

		s->bins[h->bin].decisions++;
		s->bins[h->bin].right += h->right;
	}
}

/* How often a guess of a pair is said to be right: by what the other pairs say. */
static void state(const struct validation *v, const struct score *s, double *ret_stated)
{
	struct plan_bin others[PLAN_BINS];

	for (uint8_t i = 0; i < PLAN_BINS; i++) {
		others[i].decisions = v->calibration.bins[i].decisions - s->bins[i].decisions;
		others[i].right = v->calibration.bins[i].right - s->bins[i].right;
		ret_stated[i] = plan_calibration_confidence(others, i);
	}
}

static void compare_stated(struct validation *v, struct score *s)
{
	double stated[PLAN_BINS];

	state(v, s, stated);
	for (size_t i = 0; i < PLAN_BINS; i++) {
		int step = (int)((stated[i] - 0.5) * 2 * STATED_STEPS);
		struct stated *at = &v->stated[step < 0               ? 0
					       : step >= STATED_STEPS ? STATED_STEPS - 1
								      : step];

		at->decisions += s->bins[i].decisions;
		at->right += s->bins[i].right;
		at->stated += stated[i] * (double)s->bins[i].decisions;
		if (stated[i] >= SURE) {
			s->sure += s->bins[i].decisions;
			s->sure_right += s->bins[i].right;
		}
	}
}

static enum exit_code score_all(struct validation *v, struct console *console)
{
	enum exit_code code = EXIT_CODE_OK;

	count_held_out(v);
	for (size_t i = 0; i < v->m.pair_count && code == EXIT_CODE_OK; i++) {
		code = run_pair(v, &v->m.pairs[i], console);
		if (code == EXIT_CODE_OK)
			score_pair(v, &v->m.pairs[i], &v->scores[i]);
		compare_stated(v, &v->scores[i]);
		add_score(&v->all, &v->scores[i]);
	}
	return code;
}

/* ---- Telling ---- */

static void add_share(struct table *table, uint64_t part, uint64_t whole)
{
	char text[PLAN_NUMBER_MAX];

	table_cell(table, TONE_PLAIN, "%s", plan_share((double)part, (double)whole, text));
}

static void add_row(struct table *table, const char *name, const struct score *s)
{
	const struct plan_bin *learned = &s->bins[PLAN_BIN_LEARNED];

	table_row(table);
	table_cell(table, TONE_PLAIN, "%s", name);
	table_cell(table, TONE_PLAIN, "%zu", s->measured);
	add_share(table, s->bigger, s->measured);
	add_share(table, s->nearest, s->nearest_known);
	add_share(table, s->plain, s->plain_known);
	add_share(table, learned->decisions, s->measured);
	add_share(table, learned->right, learned->decisions);
	add_share(table, s->sure, s->measured);
	add_share(table, s->sure_right, s->sure);
	add_share(table, plan_calibrated_all(s->bins).right, s->measured);
}

static json_t *share_json(uint64_t part, uint64_t whole)
{
	return whole == 0 ? json_null() : json_real((double)part / (double)whole);
}

static json_t *score_json(const struct score *s)
{
	const struct plan_bin *learned = &s->bins[PLAN_BIN_LEARNED];

	return json_pack("{s:I, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "ases",
		(json_int_t)s->measured, "bigger_site", share_json(s->bigger, s->measured),
		"nearest_site", share_json(s->nearest, s->nearest_known), "plain",
		share_json(s->plain, s->plain_known), "plain_coverage",
		share_json(s->plain_known, s->measured), "learned",
		share_json(learned->right, learned->decisions), "learned_coverage",
		share_json(learned->decisions, s->measured), "sure",
		share_json(s->sure_right, s->sure), "sure_coverage",
		share_json(s->sure, s->measured), "calibrated",
		share_json(plan_calibrated_all(s->bins).right, s->measured));
}

static json_t *stated_json(const struct validation *v)
{
	json_t *rows = json_array();

	for (size_t i = 0; i < STATED_STEPS; i++)
		if (v->stated[i].decisions > 0)
			json_array_append_new(rows,
				json_pack("{s:I, s:f, s:f}", "decisions",
					(json_int_t)v->stated[i].decisions, "stated",
					v->stated[i].stated / (double)v->stated[i].decisions,
					"right",
					(double)v->stated[i].right /
						(double)v->stated[i].decisions));
	return rows;
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
		console, json_pack("{s:o, s:o, s:o}", "pairs", pairs, "all",
				 score_json(&v->all), "reliability", stated_json(v)));
}

/* Whether what is said to be so sure is. */
static void tell_stated(const struct validation *v, const struct style *style, struct text *out)
{
	static const struct column columns[] = { { "SAID TO BE RIGHT", COLUMN_RIGHT },
		{ "ARE", COLUMN_RIGHT }, { "DECISIONS", COLUMN_RIGHT } };
	struct table *table = table_new(columns, sizeof(columns) / sizeof(columns[0]));
	char text[PLAN_NUMBER_MAX];

	for (size_t i = 0; i < STATED_STEPS; i++) {
		const struct stated *s = &v->stated[i];

		if (s->decisions == 0)
			continue;
		table_row(table);
		table_cell(table, TONE_PLAIN, "%s",
			plan_share(s->stated, (double)s->decisions, text));
		add_share(table, s->right, s->decisions);
		table_cell(table, TONE_PLAIN, "%zu", s->decisions);
	}
	table_print(table, style, 0, out);
	table_free(table);
}

static enum exit_code tell(const struct validation *v, struct console *console)
{
	static const struct column columns[] = { { "SITES", COLUMN_FIXED },
		{ "ASES", COLUMN_RIGHT }, { "BIGGER", COLUMN_RIGHT },
		{ "NEAREST", COLUMN_RIGHT }, { "PLAIN", COLUMN_RIGHT },
		{ "KNOWN", COLUMN_RIGHT }, { "LEARNED", COLUMN_RIGHT },
		{ "SURE", COLUMN_RIGHT }, { "OF SURE", COLUMN_RIGHT },
		{ "CALIBRATED", COLUMN_RIGHT } };
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
		"chose. NEAREST: by distance. PLAIN: valley-free routing. What follows is from the\n"
		"other pairs' measurements only. LEARNED: what follows from the AS's own choices,\n"
		"where they tell (KNOWN). OF SURE: where the others promise 95 %. CALIBRATED: all.\n\n");
	table_free(table);
	tell_stated(v, &console->style, &out);
	text_clear(&name);
	return output_text(console, &out);
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
	if (v->routes == NULL) {
		error_set(&error, ERROR_MEMORY, "no memory to validate");
		return plan_error(console, &error);
	}
	if (measured_calibration(&v->m, &v->calibration, &v->held_out, &error) != 0)
		return plan_error(console, &error);
	code = score_all(v, console);
	if (code != EXIT_CODE_OK)
		return code;
	return console->json ? tell_json(v, console) : tell(v, console);
}

static bool has_prepends(const char *folder)
{
	char path[1024];
	struct stat status;

	snprintf(path, sizeof(path), "%s/prepend", folder);
	return stat(path, &status) == 0 && S_ISDIR(status.st_mode);
}

enum exit_code plan_validate(const struct arguments *arguments, struct console *console)
{
	struct validation *v = calloc(1, sizeof(*v));
	enum exit_code code = EXIT_CODE_FAILED;

	if (arguments_value(arguments, "places") != NULL) {
		free(v);
		return plan_validate_times(arguments, console);
	}
	if (v != NULL && has_prepends(arguments_positional(arguments, 1))) {
		free(v);
		return plan_validate_prepends(arguments, console);
	}
	if (v == NULL)
		return code;
	code = validate(arguments, v, console);
	measured_clear(&v->m);
	plan_calibration_clear(&v->calibration);
	free(v->held_out);
	free(v->routes);
	plan_internet_clear(&v->internet);
	free(v);
	return code;
}
