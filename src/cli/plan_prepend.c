/* SPDX-License-Identifier: Apache-2.0 */
/* nearcast plan prepend PLAN: what one, two or three prepends more at each upstream do. */
#include <stdlib.h>

#include "cli/output.h"
#include "cli/plan_action.h"

#define PREPENDS_MAX 3

struct sweep {
	struct plan_case c;
	struct plan_route *before, *after;
	struct plan_catchment start, now;
	struct table *table;
	json_t *list;
	struct text csv;
};

static void add_table(struct sweep *s, size_t upstream, unsigned prepends, double moved)
{
	const struct plan_upstream *u = &s->c.scenario.upstreams[upstream];
	size_t site = u->announcement.site;
	double total = s->c.world->users_total;
	char was[PLAN_NUMBER_MAX], is[PLAN_NUMBER_MAX], part[PLAN_NUMBER_MAX],
		median[PLAN_NUMBER_MAX];

	table_row(s->table);
	table_cell(s->table, TONE_PLAIN, "%s", s->c.scenario.sites[site].name);
	table_cell(s->table, TONE_PLAIN, "%s", u->name);
	table_cell(s->table, TONE_PLAIN, "+%u", prepends);
	table_cell(s->table, TONE_PLAIN, "%s", plan_share(moved, total, part));
	table_cell(
		s->table, TONE_PLAIN, "%s", plan_share(s->start.sites[site].users, total, was));
	table_cell(s->table, TONE_PLAIN, "%s", plan_share(s->now.sites[site].users, total, is));
	table_cell(s->table, TONE_PLAIN, "%s", plan_ms(s->now.all.median_ms, median));
	text_print(&s->csv, "%s,%s,%u,", s->c.scenario.sites[site].name, u->name, prepends);
	plan_decimal(&s->csv, moved, 0);
	text_add(&s->csv, ",");
	plan_decimal(&s->csv, s->now.sites[site].users, 0);
	text_add(&s->csv, "\n");
}

static void add_json(struct sweep *s, size_t upstream, unsigned prepends, double moved)
{
	const struct plan_upstream *u = &s->c.scenario.upstreams[upstream];
	json_t *row = plan_catchment_json(&s->c, &s->now);

	json_object_set_new(
		row, "site", json_string(s->c.scenario.sites[u->announcement.site].name));
	json_object_set_new(row, "upstream", json_string(u->name));
	json_object_set_new(row, "prepends", json_integer(prepends));
	json_object_set_new(row, "users_moved", json_real(moved));
	json_array_append_new(s->list, row);
}

static enum exit_code sweep_all(struct sweep *s, struct console *console)
{
	const struct plan_scenario *scenario = &s->c.scenario;
	enum exit_code code =
		plan_run(&s->c, &(struct plan_variation){ 0 }, s->before, &s->start, console);

	for (size_t i = 0; i < scenario->upstream_count && code == EXIT_CODE_OK; i++)
		for (unsigned n = 1; n <= PREPENDS_MAX && code == EXIT_CODE_OK; n++) {
			uint8_t prepends[PLAN_ANNOUNCEMENT_MAX] = { 0 };
			double moved;

			prepends[i] = (uint8_t)n;
			code = plan_run(&s->c, &(struct plan_variation){ .prepends = prepends },
				s->after, &s->now, console);
			if (code != EXIT_CODE_OK)
				break;
			moved = plan_users_moved(
				s->c.world, scenario->site_count, s->before, s->after, NULL);
			add_table(s, i, n, moved);
			add_json(s, i, n, moved);
		}
	return code;
}

static enum exit_code answer(
	const struct arguments *arguments, struct sweep *s, struct console *console)
{
	struct text out = { 0 };

	if (arguments_has(arguments, "csv"))
		return output_text(console, &s->csv);
	if (console->json) {
		json_t *document = json_pack("{s:o, s:o, s:O}", "internet",
			plan_internet_json(&s->c), "before",
			plan_catchment_json(&s->c, &s->start), "prepends", s->list);

		return output_json(console, document);
	}
	plan_internet_text(&s->c, &out);
	table_print(s->table, &console->style, 0, &out);
	return output_text(console, &out);
}

static const struct column columns[] = { { "SITE", COLUMN_FIXED }, { "UPSTREAM", COLUMN_FIXED },
	{ "PREPENDS", COLUMN_RIGHT }, { "MOVED", COLUMN_RIGHT },
	{ "SHARE BEFORE", COLUMN_RIGHT }, { "AFTER", COLUMN_RIGHT },
	{ "MEDIAN", COLUMN_RIGHT } };

enum exit_code plan_prepend(const struct arguments *arguments, struct console *console)
{
	struct sweep *s = calloc(1, sizeof(*s));
	enum exit_code code = EXIT_CODE_FAILED;

	if (s == NULL)
		return code;
	s->table = table_new(columns, sizeof(columns) / sizeof(columns[0]));
	s->list = json_array();
	text_add(&s->csv, "site,upstream,prepends,users_moved,users_of_site\n");
	code = plan_case_load(arguments, arguments_positional(arguments, 1), PLAN_SITES_ONLY,
		NULL, &s->c, console);
	if (code == EXIT_CODE_OK) {
		s->before = plan_routes(&s->c, console);
		s->after = plan_routes(&s->c, console);
		code = s->before == NULL || s->after == NULL ? EXIT_CODE_FAILED
							     : sweep_all(s, console);
	}
	if (code == EXIT_CODE_OK)
		code = answer(arguments, s, console);
	free(s->before);
	free(s->after);
	table_free(s->table);
	json_decref(s->list);
	text_clear(&s->csv);
	plan_case_clear(&s->c);
	free(s);
	return code;
}
