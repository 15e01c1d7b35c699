/* SPDX-License-Identifier: Apache-2.0 */
/* The map of a page: users by place, coloured by the site that they reach. Its size grows with
 * cells of the map, not with ASes. */
#include <stdlib.h>

#include "cli/plan_map.h"
#include "cli/plan_page.h"

#define CELL_DEGREES 2
#define CELL_COLUMNS (360 / CELL_DEGREES)
#define CELL_ROWS    (180 / CELL_DEGREES)
#define CELLS        (CELL_COLUMNS * CELL_ROWS)

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
	text_print(out, "\" fill=\"%s\" opacity=\"", plan_page_colour(cell.site));
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
		plan_page_colour(site));
	plan_page_escaped(out, s->name);
	text_add(out, "</text></g>\n");
}

static void add_legend(struct text *out, const struct plan_case *c)
{
	text_add(out, "<div class=\"legend\">");
	for (size_t s = 0; s < c->scenario.site_count; s++) {
		text_print(out, "<span><span class=\"dot\" style=\"background:%s\"></span>",
			plan_page_colour(s));
		plan_page_escaped(out, c->scenario.sites[s].name);
		text_add(out, "</span>");
	}
	text_add(out, "</div>");
}

int plan_page_map(struct text *out, const struct plan_case *c, const struct plan_route *routes)
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
