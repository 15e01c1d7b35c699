/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The page of `nearcast plan catchment --report`: a map of who reaches which site, curves of
 * round-trip times, bars of load, and the table.
 *
 * Invariants:
 *  1. The page loads nothing and runs nothing: markup, style and SVG only.
 *  2. Text that came from a file is escaped; numbers have a point whatever the locale says.
 *  3. Its size grows with cells of the map and with sites, not with ASes.
 */
#include "cli/plan_report.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/output.h"
#include "cli/plan_map.h"
#include "os/file.h"

#define CELL_DEGREES 2
#define CELL_COLUMNS (360 / CELL_DEGREES)
#define CELL_ROWS    (180 / CELL_DEGREES)
#define CELLS        (CELL_COLUMNS * CELL_ROWS)

#define CURVE_STEP_MS 5
#define CURVE_STEPS   80
#define CURVE_WIDTH   480
#define CURVE_HEIGHT  220

/* Okabe and Ito 2008, then others of like lightness; sites beyond share them. */
static const char *const colours[] = { "#0072b2", "#e69f00", "#009e73", "#cc79a7", "#d55e00",
	"#56b4e9", "#8c6bb1", "#7a9a01", "#b2182b", "#3690c0", "#a6761d", "#666666" };

static const char *colour_of(size_t site)
{
	return colours[site % (sizeof(colours) / sizeof(colours[0]))];
}

static const char style[] =
	":root{--ink:#1b2733;--quiet:#5d6b78;--paper:#fff;--sheet:#f4f6f8;--line:#d9dfe5;"
	"--land:#dde3e8;--sea:#f7f9fb;--bad:#b2182b}"
	"@media(prefers-color-scheme:dark){:root{--ink:#e6edf3;--quiet:#98a6b3;--paper:#11181f;"
	"--sheet:#182129;--line:#2b3742;--land:#2a3641;--sea:#141c23;--bad:#ff7b72}}"
	"*{box-sizing:border-box}body{margin:0 auto;max-width:1120px;padding:28px 24px 48px;"
	"background:var(--paper);color:var(--ink);font:15px/1.5 system-ui,sans-serif}"
	"h1{font-size:26px;margin:0}h2{font-size:17px;margin:0 0 10px}p{margin:4px 0}"
	".quiet{color:var(--quiet)}.note{border-left:3px solid #e69f00;padding:6px 12px;"
	"margin:16px 0;background:var(--sheet)}.sheet{background:var(--sheet);border-radius:10px;"
	"padding:16px 18px;margin:18px 0}.two{display:grid;gap:18px;"
	"grid-template-columns:repeat(auto-fit,minmax(340px,1fr))}.two .sheet{margin:0}"
	"svg{display:block;width:100%;height:auto}svg text{fill:var(--ink);font:13px system-ui,"
	"sans-serif}svg .quiet{fill:var(--quiet)}.legend{display:flex;flex-wrap:wrap;gap:6px 18px;"
	"margin-top:10px}.dot{display:inline-block;width:11px;height:11px;border-radius:50%;"
	"margin-right:6px}table{border-collapse:collapse;width:100%}th,td{padding:6px 10px;"
	"text-align:right;border-bottom:1px solid var(--line);font-variant-numeric:tabular-nums}"
	"th:first-child,td:first-child{text-align:left}th{color:var(--quiet);font-weight:600}"
	".over{color:var(--bad);font-weight:600}.site{paint-order:stroke;stroke:var(--sea);"
	"stroke-width:4px;stroke-linejoin:round;font-weight:600}";

static void add_escaped(struct text *out, const char *text)
{
	for (; *text != '\0'; text++) {
		if (*text == '<')
			text_add(out, "&lt;");
		else if (*text == '&')
			text_add(out, "&amp;");
		else if (*text == '"')
			text_add(out, "&quot;");
		else
			text_print(out, "%c", *text);
	}
}

/* ---- The map ---- */

struct cell {
	double users, most; /* of all sites; of the one that has most */
	uint8_t site;
};

static size_t cell_of(struct plan_place place)
{
	size_t column = (size_t)((place.longitude + 180) / CELL_DEGREES),
	       row = (size_t)((90 - place.latitude) / CELL_DEGREES);

	return (row < CELL_ROWS ? row : CELL_ROWS - 1) * CELL_COLUMNS + column % CELL_COLUMNS;
}

static void add_users(const struct plan_case *c, const struct plan_route *routes, double *users)
{
	const struct plan_world *w = c->world;
	size_t sites = c->scenario.site_count;

	for (uint32_t as = 0; as < w->graph->as_count; as++)
		for (uint32_t i = w->first[as]; i < w->first[as + 1]; i++)
			if (routes[as].site != PLAN_SITE_NONE)
				users[cell_of(w->spreads[i].place) * sites + routes[as].site] +=
					w->users[as] * w->spreads[i].share;
}

static double radius_of(double users, double total)
{
	double part = users / total, radius = 0;

	/* The square root, by halves: enough for a circle. */
	while (radius < 14 && radius * radius < part * 9000)
		radius += 0.1;
	return radius < 0.9 ? 0.9 : radius;
}

static void add_cell(
	struct text *out, size_t index, const double *users, size_t sites, double total)
{
	struct cell cell = { 0 };
	double x, y;

	for (size_t s = 0; s < sites; s++) {
		cell.users += users[s];
		if (users[s] > cell.most) {
			cell.most = users[s];
			cell.site = (uint8_t)s;
		}
	}
	if (cell.users <= 0)
		return;
	plan_map_place(
		(struct plan_place){ 90 - CELL_DEGREES * ((float)(index / CELL_COLUMNS) + 0.5F),
			CELL_DEGREES * ((float)(index % CELL_COLUMNS) + 0.5F) - 180 },
		&x, &y);
	text_add(out, "<circle cx=\"");
	plan_decimal(out, x, 1);
	text_add(out, "\" cy=\"");
	plan_decimal(out, y, 1);
	text_add(out, "\" r=\"");
	plan_decimal(out, radius_of(cell.users, total), 1);
	text_print(out, "\" fill=\"%s\" opacity=\"", colour_of(cell.site));
	plan_decimal(out, 0.25 + 0.6 * cell.most / cell.users, 2);
	text_add(out, "\"/>\n");
}

static void add_site(struct text *out, const struct plan_case *c, size_t site)
{
	const struct plan_site *s = &c->scenario.sites[site];
	double x, y;

	if (!s->placed)
		return;
	plan_map_place(s->place, &x, &y);
	text_add(out, "<g transform=\"translate(");
	plan_decimal(out, x, 1);
	text_add(out, " ");
	plan_decimal(out, y, 1);
	text_print(out,
		")\"><path d=\"M0-9 9 0 0 9-9 0z\" fill=\"%s\" stroke=\"var(--paper)\" "
		"stroke-width=\"2\"/><text class=\"site\" x=\"12\" y=\"5\">",
		colour_of(site));
	add_escaped(out, s->name);
	text_add(out, "</text></g>\n");
}

static void add_legend(struct text *out, const struct plan_case *c)
{
	text_add(out, "<div class=\"legend\">");
	for (size_t s = 0; s < c->scenario.site_count; s++) {
		text_print(out, "<span><span class=\"dot\" style=\"background:%s\"></span>",
			colour_of(s));
		add_escaped(out, c->scenario.sites[s].name);
		text_add(out, "</span>");
	}
	text_add(out, "</div>");
}

static int add_map(struct text *out, const struct plan_case *c, const struct plan_route *routes)
{
	size_t sites = c->scenario.site_count;
	double *users = calloc((size_t)CELLS * sites, sizeof(*users));

	if (users == NULL)
		return ERROR_MEMORY;
	add_users(c, routes, users);
	text_print(out,
		"<div class=\"sheet\"><h2>Who reaches which site</h2>\n<svg viewBox=\"0 0 %d %d\" "
		"role=\"img\" aria-label=\"Map of catchments\" style=\"background:var(--sea);"
		"border-radius:8px\">\n<path d=\"%s\" fill=\"var(--land)\"/>\n",
		PLAN_MAP_WIDTH, PLAN_MAP_HEIGHT, plan_map_land);
	for (size_t i = 0; i < CELLS; i++)
		add_cell(out, i, users + i * sites, sites, c->world->users_total);
	for (size_t s = 0; s < sites; s++)
		add_site(out, c, s);
	text_add(out, "</svg>\n");
	add_legend(out, c);
	text_add(out,
		"<p class=\"quiet\">Circles stand for users around a place; the colour is "
		"the site that most of them reach, pale where they are divided. Diamonds "
		"are sites.</p></div>\n");
	free(users);
	return 0;
}

/* ---- Curves ---- */

static void count_steps(const struct plan_case *c, const struct plan_route *routes, size_t site,
	double steps[CURVE_STEPS + 1])
{
	double sum = 0;

	memset(steps, 0, (CURVE_STEPS + 1) * sizeof(*steps));
	for (uint32_t as = 0; as < c->world->graph->as_count; as++) {
		double ms;
		size_t step;

		if (routes[as].site == PLAN_SITE_NONE ||
			(site < c->scenario.site_count && routes[as].site != site))
			continue;
		ms = plan_latency_ms(c->latency, c->world, as, routes[as].site);
		step = ms < 0 ? 0 : (size_t)(ms / CURVE_STEP_MS) + 1;
		if (ms >= 0)
			steps[step < CURVE_STEPS ? step : CURVE_STEPS] += c->world->users[as];
	}
	for (size_t i = 0; i <= CURVE_STEPS; i++)
		steps[i] = sum += steps[i];
	for (size_t i = 0; i <= CURVE_STEPS && sum > 0; i++)
		steps[i] /= sum;
}

static void add_curve(struct text *out, const double steps[CURVE_STEPS + 1], const char *colour,
	const char *width)
{
	if (steps[CURVE_STEPS] <= 0)
		return;
	text_print(out, "<polyline fill=\"none\" stroke=\"%s\" stroke-width=\"%s\" points=\"",
		colour, width);
	/* The last step holds what is longer than the axis. */
	for (size_t i = 0; i < CURVE_STEPS; i++) {
		plan_decimal(out, 40 + (double)i * CURVE_WIDTH / CURVE_STEPS, 1);
		text_add(out, ",");
		plan_decimal(out, 10 + CURVE_HEIGHT * (1 - steps[i]), 1);
		text_add(out, " ");
	}
	text_add(out, "\"/>\n");
}

static void add_axes(struct text *out)
{
	for (int percent = 0; percent <= 100; percent += 25) {
		int y = 10 + CURVE_HEIGHT * (100 - percent) / 100;

		text_print(out,
			"<line x1=\"40\" x2=\"%d\" y1=\"%d\" y2=\"%d\" stroke=\"var(--line)\"/>"
			"<text class=\"quiet\" x=\"34\" y=\"%d\" text-anchor=\"end\">%d</text>\n",
			40 + CURVE_WIDTH, y, y, y + 4, percent);
	}
	for (int ms = 0; ms <= CURVE_STEPS * CURVE_STEP_MS; ms += 100)
		text_print(out,
			"<text class=\"quiet\" x=\"%d\" y=\"%d\" "
			"text-anchor=\"middle\">%d</text>\n",
			40 + ms * CURVE_WIDTH / (CURVE_STEPS * CURVE_STEP_MS),
			10 + CURVE_HEIGHT + 18, ms);
}

static void add_curves(
	struct text *out, const struct plan_case *c, const struct plan_route *routes)
{
	double steps[CURVE_STEPS + 1];

	text_print(out,
		"<div class=\"sheet\"><h2>Round-trip time: users served within</h2>\n"
		"<svg viewBox=\"0 0 %d %d\" role=\"img\" aria-label=\"Curves of round-trip "
		"times\">\n",
		CURVE_WIDTH + 60, CURVE_HEIGHT + 40);
	add_axes(out);
	for (size_t s = 0; s < c->scenario.site_count; s++) {
		count_steps(c, routes, s, steps);
		add_curve(out, steps, colour_of(s), "2");
	}
	count_steps(c, routes, c->scenario.site_count, steps);
	add_curve(out, steps, "var(--ink)", "3");
	text_add(out, "</svg><p class=\"quiet\">Per cent of users against milliseconds; the "
		      "dark line is all users. Estimated from distances.</p></div>\n");
}

/* ---- Bars ---- */

static void add_bar(struct text *out, const struct plan_case *c, const struct plan_catchment *t,
	size_t site, double widest)
{
	const struct plan_site *s = &c->scenario.sites[site];
	int y = 8 + (int)site * 34;
	char users[PLAN_NUMBER_MAX];

	text_print(out, "<text x=\"0\" y=\"%d\">", y + 14);
	add_escaped(out, s->name);
	text_print(out,
		"</text><rect x=\"110\" y=\"%d\" height=\"20\" rx=\"3\" fill=\"%s\" "
		"width=\"",
		y, colour_of(site));
	plan_decimal(out, 330 * t->sites[site].users / widest, 1);
	text_add(out, "\"/>");
	if (s->capacity > 0) {
		text_add(out, "<line stroke=\"var(--ink)\" stroke-width=\"2\" x1=\"");
		plan_decimal(out, 110 + 330 * s->capacity / widest, 1);
		text_add(out, "\" x2=\"");
		plan_decimal(out, 110 + 330 * s->capacity / widest, 1);
		text_print(out, "\" y1=\"%d\" y2=\"%d\"/>", y - 3, y + 23);
	}
	text_print(out,
		"<text class=\"quiet\" x=\"540\" y=\"%d\" text-anchor=\"end\">%s</text>\n",
		y + 14, plan_users(t->sites[site].users, users));
}

static void add_bars(
	struct text *out, const struct plan_case *c, const struct plan_catchment *t)
{
	double widest = 1;

	for (size_t s = 0; s < t->site_count; s++) {
		double most = c->scenario.sites[s].capacity;

		most = t->sites[s].users > most ? t->sites[s].users : most;
		widest = most > widest ? most : widest;
	}
	text_print(out,
		"<div class=\"sheet\"><h2>Load: users at each site</h2>\n<svg viewBox=\"0 0 540 "
		"%zu\" role=\"img\" aria-label=\"Bars of users\">\n",
		t->site_count * 34 + 12);
	for (size_t s = 0; s < t->site_count; s++)
		add_bar(out, c, t, s, widest);
	text_add(out, "</svg><p class=\"quiet\">A line marks the capacity of a site that has "
		      "one.</p></div>\n");
}

/* ---- The table and the page ---- */

static void add_row(struct text *out, const struct plan_case *c, const char *name,
	const struct plan_tally *tally, const char *load, bool over)
{
	char text[4][PLAN_NUMBER_MAX];

	text_add(out, "<tr><td>");
	add_escaped(out, name);
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

static void add_head(struct text *out, const struct plan_case *c)
{
	const char *description =
		c->plan->description == NULL ? "Catchments" : c->plan->description;
	char users[PLAN_NUMBER_MAX];

	text_add(out, "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">"
		      "<meta name=\"viewport\" content=\"width=device-width\"><title>");
	add_escaped(out, description);
	text_print(out, "</title><style>%s</style></head><body>\n<h1>", style);
	add_escaped(out, description);
	text_print(out,
		"</h1>\n<p class=\"quiet\">%zu sites, %zu upstreams; an Internet of %u "
		"ASes and %u links, ",
		c->scenario.site_count, c->scenario.upstream_count, c->world->graph->as_count,
		c->world->graph->link_count);
	if (c->world->users_known)
		text_print(out, "%s users, ", plan_users(c->world->users_total, users));
	if (c->internet.topology != NULL)
		add_escaped(out, c->internet.topology);
	else
		text_print(out, "made up from seed %llu", (unsigned long long)c->internet.seed);
	text_add(out, "</p>\n<p class=\"note\">Plain valley-free routing, not calibrated by "
		      "measurements: real networks often choose otherwise. Medians over many "
		      "networks are worth more than any one of them.</p>\n");
}

enum exit_code plan_report(const char *path, const struct plan_case *c,
	const struct plan_route *routes, const struct plan_catchment *t,
	struct console *console)
{
	struct text out = { 0 };
	struct error error = { 0 };
	int result = 0;

	add_head(&out, c);
	if (c->world->places_known)
		result = add_map(&out, c, routes);
	text_add(&out, "<div class=\"two\">\n");
	if (c->latency != NULL)
		add_curves(&out, c, routes);
	add_bars(&out, c, t);
	text_add(&out, "</div>\n");
	add_table(&out, c, t);
	text_print(&out,
		"<p class=\"quiet\">Made by nearcast %s. Outline of the land: Natural "
		"Earth.</p>\n</body></html>\n",
		NEARCAST_VERSION);
	if (result != 0 || out.failed)
		result = error_set(&error, ERROR_MEMORY, "no memory for the report");
	else
		result = file_write_atomic(path, text_string(&out), out.length, 0644, &error);
	text_clear(&out);
	return result == 0 ? EXIT_CODE_OK : output_error(console, &error);
}
