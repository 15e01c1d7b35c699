/* SPDX-License-Identifier: Apache-2.0 */
/* What the commands of `nearcast plan` print alike: numbers, catchments, the Internet. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/output.h"
#include "cli/plan_action.h"
#include "cli/plan_calibrated.h"
#include "os/clock.h"

void plan_progress_begin(struct plan_progress *progress, const struct console *console)
{
	*progress = (struct plan_progress){ .start = clock_now() };
	if (!console->json && isatty(fileno(console->err)) == 1)
		progress->err = console->err;
}

void plan_progress(struct plan_progress *progress, size_t done, size_t total)
{
	double passed = (double)(clock_now().ns - progress->start.ns) / 1e9;

	if (progress->err == NULL || passed < 1 ||
		(passed < progress->shown_s + 0.1 && done < total))
		return;
	progress->shown_s = passed;
	fprintf(progress->err, "\r%3.0f %%, %.0f s left  ", (double)done * 100 / (double)total,
		passed * (double)(total - done) / (double)done);
	if (done == total)
		fprintf(progress->err, "\r%30s\r", "");
	fflush(progress->err);
}

const char *plan_users(double users, char text[PLAN_NUMBER_MAX])
{
	static const struct {
		double unit;
		const char *letter;
	} units[] = { { 1e9, " G" }, { 1e6, " M" }, { 1e3, " k" } };

	if (users < 1e4) {
		snprintf(text, PLAN_NUMBER_MAX, "%.0f", users);
		return text;
	}
	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++)
		if (users >= units[i].unit) {
			snprintf(text, PLAN_NUMBER_MAX, "%.*f%s",
				users / units[i].unit < 9.995 ? 2 : 1, users / units[i].unit,
				units[i].letter);
			break;
		}
	return text;
}

const char *plan_share(double part, double whole, char text[PLAN_NUMBER_MAX])
{
	if (whole > 0)
		snprintf(text, PLAN_NUMBER_MAX, "%.1f %%", part / whole * 100);
	else
		snprintf(text, PLAN_NUMBER_MAX, "-");
	return text;
}

const char *plan_ms(double ms, char text[PLAN_NUMBER_MAX])
{
	if (ms >= 0)
		snprintf(text, PLAN_NUMBER_MAX, "%.0f ms", ms);
	else
		snprintf(text, PLAN_NUMBER_MAX, "-");
	return text;
}

void plan_decimal(struct text *out, double value, int digits)
{
	char text[64], *comma;

	snprintf(text, sizeof(text), "%.*f", digits, value);
	comma = strchr(text, ',');
	if (comma != NULL)
		*comma = '.';
	text_add(out, text);
}

void plan_csv_text(struct text *out, const char *text)
{
	if (text[strcspn(text, ",\"\r\n")] == '\0') {
		text_add(out, text);
		return;
	}
	text_add(out, "\"");
	for (; *text != '\0'; text++)
		text_print(out, *text == '"' ? "\"\"" : "%c", *text);
	text_add(out, "\"");
}

static json_t *ms_json(double ms)
{
	return ms < 0 ? json_null() : json_real(ms);
}

json_t *plan_tally_json(const struct plan_tally *tally, double users_total)
{
	return json_pack("{s:i, s:f, s:f, s:o, s:o, s:f}", "ases", (int)tally->ases, "users",
		tally->users, "share", users_total > 0 ? tally->users / users_total : 0,
		"median_ms", ms_json(tally->median_ms), "p95_ms", ms_json(tally->p95_ms),
		"path_length", tally->length);
}

json_t *plan_internet_json(const struct plan_case *c)
{
	const struct plan_internet *i = &c->internet;
	json_t *document = json_pack("{s:i, s:i, s:f, s:s?, s:s?, s:s?, s:b, s:b}", "ases",
		(int)c->world->graph->as_count, "links", (int)c->world->graph->link_count,
		"users", c->world->users_total, "topology", i->topology, "users_file", i->users,
		"geography", i->geography, "users_known", c->world->users_known ? 1 : 0,
		"places_known", c->world->places_known ? 1 : 0);

	if (document != NULL)
		json_object_set_new(
			document, "calibration", plan_calibrated_json(c->calibrated));
	if (document != NULL && i->topology == NULL)
		json_object_set_new(
			document, "made_up_from_seed", json_integer((json_int_t)i->seed));
	return document;
}

void plan_internet_text(const struct plan_case *c, struct text *out)
{
	char users[PLAN_NUMBER_MAX];

	text_print(out, "Internet: %u ASes, %u links", c->world->graph->as_count,
		c->world->graph->link_count);
	if (c->world->users_known)
		text_print(out, ", %s users", plan_users(c->world->users_total, users));
	if (c->internet.topology != NULL)
		text_print(out, "; %s\n", c->internet.topology);
	else
		text_print(out, "; made up from seed %llu\n",
			(unsigned long long)c->internet.seed);
	if (!c->world->users_known)
		text_add(out, "Users are not known: every AS counts as one.\n");
	if (!c->timed)
		text_add(out,
			"Round-trip times are not known: neither sites nor users may lack "
			"a place.\n");
	if (c->calibrated != NULL)
		plan_calibrated_text(c->calibrated, out);
	else
		text_add(out,
			"Plain valley-free routing, not calibrated: where sites contest, it "
			"was right for\n66 % of the ASes that were measured.\n\n");
}

struct plan_route *plan_routes(const struct plan_case *c, struct console *console)
{
	struct plan_route *routes = calloc(c->world->graph->as_count, sizeof(*routes));
	struct error error = { 0 };

	if (routes == NULL) {
		error_set(&error, ERROR_MEMORY, "no memory for the routes");
		console_error(console, &error);
	}
	return routes;
}

enum exit_code plan_run(const struct plan_case *c, const struct plan_variation *variation,
	struct plan_route *routes, struct plan_catchment *ret_catchment,
	struct console *console)
{
	struct error error = { 0 };

	if (plan_scenario_run(c->world->graph, &c->scenario, variation, routes, &error) != 0 ||
		plan_catchment_count(
			c->world, &c->scenario, c->latency, routes, ret_catchment, &error) != 0)
		return plan_error(console, &error);
	return EXIT_CODE_OK;
}

bool plan_overloaded(const struct plan_case *c, const struct plan_catchment *t, size_t site)
{
	double capacity = c->scenario.sites[site].capacity;

	return capacity > 0 && t->sites[site].users > capacity;
}

static void add_row(struct table *table, const struct plan_case *c, const char *name,
	const struct plan_tally *tally)
{
	char users[PLAN_NUMBER_MAX], share[PLAN_NUMBER_MAX], median[PLAN_NUMBER_MAX],
		high[PLAN_NUMBER_MAX];

	table_row(table);
	table_cell(table, TONE_PLAIN, "%s", name);
	table_cell(table, TONE_PLAIN, "%u", tally->ases);
	table_cell(table, TONE_PLAIN, "%s", plan_users(tally->users, users));
	table_cell(table, TONE_PLAIN, "%s",
		plan_share(tally->users, c->world->users_total, share));
	table_cell(table, TONE_PLAIN, "%s", plan_ms(tally->median_ms, median));
	table_cell(table, TONE_PLAIN, "%s", plan_ms(tally->p95_ms, high));
	table_cell(table, TONE_PLAIN, "%.2f", tally->length);
}

static void add_load(struct table *table, const struct plan_case *c,
	const struct plan_catchment *t, size_t site, const struct style *style)
{
	char share[PLAN_NUMBER_MAX];
	double capacity = c->scenario.sites[site].capacity;

	if (capacity == 0)
		table_cell(table, TONE_QUIET, "no limit");
	else
		table_cell_symbol(table, style,
			plan_overloaded(c, t, site) ? TONE_BAD : TONE_GOOD, "%s",
			plan_share(t->sites[site].users, capacity, share));
}

void plan_catchment_text(const struct plan_case *c, const struct plan_catchment *t,
	const struct style *style, struct text *out)
{
	static const struct column columns[] = { { "SITE", COLUMN_FIXED },
		{ "ASES", COLUMN_RIGHT }, { "USERS", COLUMN_RIGHT }, { "SHARE", COLUMN_RIGHT },
		{ "MEDIAN", COLUMN_RIGHT }, { "95 %", COLUMN_RIGHT }, { "PATH", COLUMN_RIGHT },
		{ "LOAD", COLUMN_FIXED } };
	struct table *table = table_new(columns, sizeof(columns) / sizeof(columns[0]));
	struct plan_tally nobody = t->unreached;

	for (size_t s = 0; s < t->site_count; s++) {
		add_row(table, c, c->scenario.sites[s].name, &t->sites[s]);
		add_load(table, c, t, s, style);
	}
	add_row(table, c, "all", &t->all);
	nobody.median_ms = nobody.p95_ms = -1;
	if (nobody.ases > 0)
		add_row(table, c, "no site", &nobody);
	table_print(table, style, 0, out);
	table_free(table);
}

json_t *plan_catchment_json(const struct plan_case *c, const struct plan_catchment *t)
{
	json_t *sites = json_array();

	for (size_t s = 0; s < t->site_count; s++) {
		json_t *site = plan_tally_json(&t->sites[s], c->world->users_total);

		json_object_set_new(site, "name", json_string(c->scenario.sites[s].name));
		json_object_set_new(site, "capacity",
			c->scenario.sites[s].capacity > 0
				? json_real(c->scenario.sites[s].capacity)
				: json_null());
		json_object_set_new(site, "overloaded", json_boolean(plan_overloaded(c, t, s)));
		json_array_append_new(sites, site);
	}
	return json_pack("{s:o, s:o, s:{s:i, s:f}}", "sites", sites, "all",
		plan_tally_json(&t->all, c->world->users_total), "unreached", "ases",
		(int)t->unreached.ases, "users", t->unreached.users);
}
