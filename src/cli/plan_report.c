/* SPDX-License-Identifier: Apache-2.0 */
/* The page of `nearcast plan catchment --report`: a map of who reaches which site, curves of
 * round-trip times, bars of load, and the table. */
#include "cli/plan_report.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/output.h"
#include "cli/plan_page.h"

static void add_curves(
	struct text *out, const struct plan_case *c, const struct plan_route *routes)
{
	size_t sites = c->scenario.site_count;
	struct plan_page_curve *curves = calloc(sites + 1, sizeof(*curves));

	for (size_t s = 0; curves != NULL && s <= sites; s++) {
		curves[s].name = s < sites ? c->scenario.sites[s].name : "all";
		curves[s].colour = s < sites ? plan_page_colour(s) : "var(--ink)";
		curves[s].strong = s == sites;
		(void)plan_page_measure(c, routes, s, &curves[s]);
	}
	if (curves != NULL)
		plan_page_curves(out, "; the dark line is all users.", curves, sites + 1);
	else
		out->failed = true;
	free(curves);
}

static void add_bars(
	struct text *out, const struct plan_case *c, const struct plan_catchment *t)
{
	struct plan_page_bar *bars = calloc(t->site_count, sizeof(*bars));
	char users[PLAN_NUMBER_MAX];

	for (size_t s = 0; bars != NULL && s < t->site_count; s++) {
		bars[s] = (struct plan_page_bar){ .name = c->scenario.sites[s].name,
			.value = t->sites[s].users,
			.mark = c->scenario.sites[s].capacity,
			.colour = plan_page_colour(s) };
		snprintf(bars[s].label, sizeof(bars[s].label), "%s",
			plan_users(t->sites[s].users, users));
	}
	if (bars != NULL)
		plan_page_bars(out, "Load: users at each site",
			"A line marks the capacity of a site that has one.", bars,
			t->site_count);
	else
		out->failed = true;
	free(bars);
}

static void add_row(struct text *out, const struct plan_case *c, const char *name,
	const struct plan_tally *tally, const char *load, bool over)
{
	char text[4][PLAN_NUMBER_MAX];

	text_add(out, "<tr><td>");
	plan_page_escaped(out, name);
	text_print(out,
		"</td><td>%u</td><td>%s</td><td>%s</td><td>%s</td><td>%s</td><td>%.2f</td>"
		"<td%s>%s</td></tr>\n",
		tally->ases, plan_users(tally->users, text[0]),
		plan_share(tally->users, c->world->users_total, text[1]),
		plan_ms(tally->median_ms, text[2]), plan_ms(tally->p95_ms, text[3]),
		tally->length, over ? " class=\"over\"" : "", load);
}

static void add_table(
	struct text *out, const struct plan_case *c, const struct plan_catchment *t)
{
	char load[PLAN_NUMBER_MAX];

	text_add(out,
		"<div class=\"sheet\"><table><tr><th>Site</th><th>ASes</th><th>Users</th>"
		"<th>Share</th><th>Median</th><th>95 %</th><th>Path</th><th>Load</th></tr>\n");
	for (size_t s = 0; s < t->site_count; s++)
		add_row(out, c, c->scenario.sites[s].name, &t->sites[s],
			plan_share(t->sites[s].users, c->scenario.sites[s].capacity, load),
			plan_overloaded(c, t, s));
	add_row(out, c, "all", &t->all, "", false);
	text_add(out, "</table></div>\n");
}

enum exit_code plan_report(const char *path, const struct plan_case *c,
	const struct plan_route *routes, const struct plan_catchment *t,
	struct console *console)
{
	struct text out = { 0 };

	plan_page_head(&out, c, "Catchments");
	if (c->world->places_known && plan_page_map(&out, c, routes) != 0)
		out.failed = true;
	text_add(&out, "<div class=\"two\">\n");
	if (c->latency != NULL)
		add_curves(&out, c, routes);
	add_bars(&out, c, t);
	text_add(&out, "</div>\n");
	add_table(&out, c, t);
	return plan_page_write(path, &out, console);
}
