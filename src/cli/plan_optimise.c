/* SPDX-License-Identifier: Apache-2.0 */
/* nearcast plan optimise PLAN: which of the candidates to build. */
#include <stdlib.h>
#include <string.h>

#include "cli/output.h"
#include "cli/plan_action.h"
#include "plan/optimise.h"

static const char *const goal_names[] = { "median", "p95", "mean", "balance" };

static enum plan_width widest(void)
{
#if defined(__x86_64__)
	if (__builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl"))
		return PLAN_WIDTH_AVX512;
	if (__builtin_cpu_supports("avx2"))
		return PLAN_WIDTH_AVX2;
#endif
	return PLAN_WIDTH_GENERIC;
}

static void show_progress(void *context, size_t done, size_t total)
{
	plan_progress(context, done, total);
}

struct search {
	struct plan_case c;
	struct plan_search search;
	struct plan_choice *choices;
	size_t count, top;
};

static void name_sites(const struct search *s, const struct plan_choice *choice,
	const char *separator, struct text *out)
{
	for (size_t i = 0; i < s->search.choose; i++)
		text_print(out, "%s%s", i == 0 ? "" : separator,
			s->c.scenario.sites[choice->sites[i]].name);
}

static enum exit_code tell_csv(const struct search *s, struct console *console)
{
	struct text out = { 0 };

	text_add(&out, "sites,median_ms,p95_ms,mean_ms,largest_share,unreached_share,front\n");
	for (size_t i = 0; i < s->top; i++) {
		name_sites(s, &s->choices[i], " ", &out);
		for (size_t g = 0; g < PLAN_GOALS; g++) {
			text_add(&out, ",");
			plan_decimal(&out, s->choices[i].value[g], g < PLAN_GOAL_MEAN ? 0 : 3);
		}
		text_add(&out, ",");
		plan_decimal(&out, s->choices[i].unreached, 4);
		text_print(&out, ",%d\n", s->choices[i].front);
	}
	return output_text(console, &out);
}

static json_t *choice_json(const struct search *s, const struct plan_choice *choice)
{
	json_t *sites = json_array();

	for (size_t i = 0; i < s->search.choose; i++)
		json_array_append_new(
			sites, json_string(s->c.scenario.sites[choice->sites[i]].name));
	return json_pack("{s:o, s:f, s:f, s:f, s:f, s:f, s:b}", "sites", sites, "median_ms",
		(double)choice->value[PLAN_GOAL_MEDIAN], "p95_ms",
		(double)choice->value[PLAN_GOAL_P95], "mean_ms",
		(double)choice->value[PLAN_GOAL_MEAN], "largest_share",
		(double)choice->value[PLAN_GOAL_BALANCE], "unreached_share",
		(double)choice->unreached, "front", (int)choice->front);
}

static enum exit_code tell_json(const struct search *s, struct console *console)
{
	json_t *list = json_array();

	for (size_t i = 0; i < s->top; i++)
		json_array_append_new(list, choice_json(s, &s->choices[i]));
	return output_json(
		console, json_pack("{s:o, s:I, s:s, s:o}", "internet",
				 plan_internet_json(&s->c), "tried", (json_int_t)s->count, "by",
				 goal_names[s->search.goal], "choices", list));
}

static enum exit_code tell(const struct search *s, struct console *console)
{
	static const struct column columns[] = { { "SITES", COLUMN_WRAPS },
		{ "MEDIAN", COLUMN_RIGHT }, { "95 %", COLUMN_RIGHT }, { "MEAN", COLUMN_RIGHT },
		{ "LARGEST", COLUMN_RIGHT }, { "FRONT", COLUMN_FIXED } };
	struct table *table = table_new(columns, sizeof(columns) / sizeof(columns[0]));
	struct text out = { 0 }, name = { 0 };
	char text[PLAN_NUMBER_MAX];

	for (size_t i = 0; i < s->top; i++) {
		const struct plan_choice *choice = &s->choices[i];

		text_reset(&name);
		name_sites(s, choice, " ", &name);
		table_row(table);
		table_cell(table, TONE_PLAIN, "%s", text_string(&name));
		for (size_t g = 0; g < PLAN_GOAL_BALANCE; g++)
			table_cell(table, TONE_PLAIN, "%s", plan_ms(choice->value[g], text));
		table_cell(table, TONE_PLAIN, "%s",
			plan_share(choice->value[PLAN_GOAL_BALANCE], 1, text));
		table_cell(table, TONE_PLAIN, choice->front ? "*" : "");
	}
	plan_internet_text(&s->c, &out);
	table_print(table, &console->style, 0, &out);
	text_print(&out,
		"\nThe best of %zu choices by %s. LARGEST: users of the site that has most. *: no "
		"choice is better\nby %s and at least as balanced.\n",
		s->count, goal_names[s->search.goal], goal_names[s->search.goal]);
	table_free(table);
	text_clear(&name);
	return output_text(console, &out);
}

static int read_options(
	const struct arguments *arguments, struct search *s, struct error *error)
{
	const char *by = arguments_value(arguments, "by");
	uint64_t choose = 1, top = 10;
	int result = plan_option(arguments, "choose", 1, PLAN_CHOOSE_MAX, 1, &choose, error);

	if (result == 0)
		result = plan_option(arguments, "top", 1, PLAN_CHOICES_MAX, 10, &top, error);
	s->search.choose = choose;
	s->top = top;
	for (size_t i = 0; by != NULL && i < PLAN_GOALS; i++)
		if (strcmp(goal_names[i], by) == 0)
			s->search.goal = (enum plan_goal)i;
	return result;
}

static enum exit_code search_all(struct search *s, struct console *console)
{
	struct plan_progress progress;
	struct error error = { 0 };

	if (s->c.calibrated != NULL) {
		error_set(&error, ERROR_RANGE,
			"optimise works on the model alone yet, not with --calibration");
		return plan_error(console, &error);
	}
	if (!s->c.timed && s->search.goal != PLAN_GOAL_BALANCE) {
		error_set(&error, ERROR_RANGE,
			"without places of sites and users there is only --by balance");
		return plan_error(console, &error);
	}
	s->search.world = s->c.world;
	s->search.scenario = &s->c.scenario;
	s->search.latency = s->c.latency;
	s->search.fixed = s->c.plan->site_count;
	s->search.width = widest();
	plan_progress_begin(&progress, console);
	s->search.progress = show_progress;
	s->search.context = &progress;
	if (plan_optimise(&s->search, &s->choices, &s->count, &error) != 0)
		return plan_error(console, &error);
	if (s->top > s->count)
		s->top = s->count;
	return EXIT_CODE_OK;
}

enum exit_code plan_best(const struct arguments *arguments, struct console *console)
{
	struct search *s = calloc(1, sizeof(*s));
	struct error error = { 0 };
	enum exit_code code;

	if (s == NULL)
		return EXIT_CODE_FAILED;
	code = read_options(arguments, s, &error) != 0
		       ? plan_error(console, &error)
		       : plan_case_load(arguments, arguments_positional(arguments, 1),
				 PLAN_WITH_CANDIDATES, NULL, &s->c, console);
	if (code == EXIT_CODE_OK)
		code = search_all(s, console);
	if (code == EXIT_CODE_OK)
		code = arguments_has(arguments, "csv") ? tell_csv(s, console)
		       : console->json                 ? tell_json(s, console)
						       : tell(s, console);
	free(s->choices);
	plan_case_clear(&s->c);
	free(s);
	return code;
}
