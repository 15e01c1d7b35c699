/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Lines and marks of the catchment map. A site has a colour and a letter; whoever it answers
 * wears both, so that the map can be read without colours. What is out of order has a cross.
 */
#include "world/draw_map_internal.h"

#include <math.h>
#include <stdio.h>

#define CROSS_SIZE 6.0
#define FULL_TURN  6.283185307179586

static void add_at(struct text *out, const char *command, struct draw_point at)
{
	text_add(out, command);
	svg_number(out, at.x);
	text_add(out, " ");
	svg_number(out, at.y);
}

static void add_cross(struct text *out, struct draw_point at, double size, double width)
{
	/* The rim first, so that it stands out on anything. */
	for (int rim = 1; rim >= 0; rim--) {
		text_print(out, "<path class=\"arc %s\"", rim ? "k-sea" : "k-bad");
		svg_attribute(out, "stroke-width", rim ? width + 3 : width);
		add_at(out, " d=\"M", (struct draw_point){ at.x - size, at.y - size });
		add_at(out, "L", (struct draw_point){ at.x + size, at.y + size });
		add_at(out, "M", (struct draw_point){ at.x + size, at.y - size });
		add_at(out, "L", (struct draw_point){ at.x - size, at.y + size });
		text_add(out, "\"/>\n");
	}
}

static void add_point(void *context, struct draw_point at, bool first)
{
	add_at(context, first ? "M" : "L", at);
}

/* ---- Links of the network ---- */

static const struct relation_look {
	const char *dashes;
	double width;
} relation_looks[] = {
	[DRAW_CUSTOMER] = { "", 1.1 },
	[DRAW_PEER] = { " stroke-dasharray=\"6 3\"", 1.1 },
	[DRAW_INTERNAL] = { "", 1.8 },
	[DRAW_MEMBER] = { " stroke-dasharray=\"1.5 3\"", 1.1 },
};

static void add_link(
	struct text *out, const struct draw_panel *panel, const struct draw_link *l)
{
	const struct relation_look *look = &relation_looks[l->relation];
	bool cut = l->state == DRAW_LINK_CUT;

	text_print(out, "<path class=\"arc k-%s\" opacity=\"%s\"%s", cut ? "bad" : "line",
		cut ? "1" : "0.55", cut ? " stroke-dasharray=\"3 5\"" : look->dashes);
	svg_attribute(out, "stroke-width", cut ? 2 : look->width);
	text_add(out, " d=\"");
	draw_scene_arc(&panel->scene, l->from, l->to, add_point, out);
	text_add(out, "\"/>\n");
}

/* Links within a city are too short to be seen. */
static bool shows(const struct draw_scene *scene, const struct draw_link *l)
{
	return hypot(scene->at[l->from].x - scene->at[l->to].x,
		       scene->at[l->from].y - scene->at[l->to].y) > 3;
}

static void add_links(struct text *out, const struct draw_panel *panel)
{
	const struct draw_world *world = panel->index->world;

	for (size_t i = 0; i < world->link_count; i++)
		if (world->links[i].state == DRAW_LINK_OK && !panel->options->no_links &&
			shows(&panel->scene, &world->links[i]))
			add_link(out, panel, &world->links[i]);
	for (size_t i = 0; i < world->link_count; i++)
		if (world->links[i].state == DRAW_LINK_CUT)
			add_link(out, panel, &world->links[i]);
}

static void add_cuts(struct text *out, const struct draw_panel *panel)
{
	const struct draw_world *world = panel->index->world;

	for (size_t i = 0; i < world->link_count; i++) {
		const struct draw_link *l = &world->links[i];

		if (l->state == DRAW_LINK_CUT)
			add_cross(out, draw_scene_middle(&panel->scene, l->from, l->to),
				CROSS_SIZE * panel->scene.size, 2.6);
	}
}

/* ---- Arcs from clients to sites ---- */

static void add_arc(struct text *out, const struct draw_panel *panel, size_t client,
	const struct draw_answer *a, double heaviest)
{
	double weight = draw_weight(panel->index, client) * a->share;
	double width = 1.1 + 3.4 * sqrt(heaviest > 0 ? weight / heaviest : 1);
	const char *opacity = panel->scene.dense ? "0.18" : "0.72";

	if (panel->changed != NULL)
		opacity = panel->changed[client] ? "0.95" : "0.3";
	text_print(out, "<path class=\"arc k%u\" opacity=\"%s\"",
		draw_colour(panel->index->number[a->site]), opacity);
	svg_attribute(out, "stroke-width", width * panel->scene.size);
	text_add(out, " d=\"");
	draw_scene_arc(&panel->scene, a->client, a->site, add_point, out);
	text_add(out, "\"/>\n");
}

void draw_panel_lines(struct text *out, const struct draw_panel *panel)
{
	const struct draw_index *index = panel->index;
	double heaviest = 0;

	add_links(out, panel);
	for (size_t c = 0; c < index->client_count; c++)
		heaviest = fmax(heaviest, draw_weight(index, c));
	/* Those that changed come last, on top. */
	for (int top = 0; top <= 1; top++)
		for (size_t c = 0; c < index->client_count; c++) {
			bool on_top = panel->changed != NULL && panel->changed[c];

			for (uint32_t i = index->first[c]; i < index->first[c + 1]; i++) {
				const struct draw_answer *a =
					&index->world->answers[index->order[i]];

				if (a->site != DRAW_NONE && a->share > 0 &&
					on_top == (top == 1))
					add_arc(out, panel, c, a, heaviest);
			}
		}
	add_cuts(out, panel);
}

/* ---- Marks ---- */

static void add_circle(struct text *out, struct draw_point at, double radius, const char *class,
	const char *more)
{
	text_print(out, "<circle class=\"%s\"", class);
	svg_attribute(out, "cx", at.x);
	svg_attribute(out, "cy", at.y);
	svg_attribute(out, "r", radius);
	text_print(out, "%s/>\n", more);
}

static void add_letter(
	struct text *out, struct draw_point at, double size, const char *class, size_t site)
{
	char letter[DRAW_NUMBER_MAX];

	draw_letter(site, letter);
	size *= letter[1] == '\0' ? 1 : 0.72;
	svg_label(out, at.x, at.y + size * 0.36, size, class, "middle", letter);
}

/* Part `from` to `to` of a full turn, from the top, clockwise. */
static void add_slice(struct text *out, struct draw_point at, double radius, double from,
	double to, unsigned colour)
{
	struct draw_point a = { at.x + radius * sin(from * FULL_TURN),
		at.y - radius * cos(from * FULL_TURN) };
	struct draw_point b = { at.x + radius * sin(to * FULL_TURN),
		at.y - radius * cos(to * FULL_TURN) };

	text_print(out, "<path class=\"f%u\"", colour);
	add_at(out, " d=\"M", at);
	add_at(out, "L", a);
	text_add(out, "A");
	svg_number(out, radius);
	text_add(out, " ");
	svg_number(out, radius);
	text_print(out, " 0 %d 1", to - from > 0.5 ? 1 : 0);
	add_at(out, " ", b);
	text_add(out, "z\"/>\n");
}

/* Sites that share a client, as slices over the mark. */
static void add_shares(struct text *out, const struct draw_panel *panel, size_t client)
{
	const struct draw_index *index = panel->index;
	uint32_t place = index->clients[client];
	double from = 0;

	for (uint32_t i = index->first[client]; i < index->first[client + 1]; i++) {
		const struct draw_answer *a = &index->world->answers[index->order[i]];

		if (a->site != DRAW_NONE && a->share > 0 && a->share < 0.999)
			add_slice(out, panel->scene.at[place], panel->scene.radius[place], from,
				fmin(from + a->share, 1), draw_colour(index->number[a->site]));
		from += a->share;
	}
}

static void add_unanswered(struct text *out, const struct draw_panel *panel, uint32_t place)
{
	double radius = panel->scene.radius[place];

	add_circle(out, panel->scene.at[place], radius, "paper k-bad",
		" stroke-width=\"2\" stroke-dasharray=\"3 2\"");
	if (!panel->scene.dense)
		add_cross(out, panel->scene.at[place], radius * 0.45, 2);
}

static void add_client(struct text *out, const struct draw_panel *panel, size_t client)
{
	const struct draw_answer *a = draw_main_answer(panel->index, client);
	uint32_t place = panel->index->clients[client];
	struct draw_point at = panel->scene.at[place];
	double radius = panel->scene.radius[place];
	char class[3 * DRAW_NUMBER_MAX];
	size_t site;

	if (panel->changed != NULL && panel->changed[client])
		add_circle(out, at, radius + 4, "n k-mark", " stroke-width=\"3.5\"");
	if (a == NULL) {
		add_unanswered(out, panel, place);
		return;
	}
	site = panel->index->number[a->site];
	snprintf(class, sizeof(class), "f%u k-paper", draw_colour(site));
	add_circle(out, at, radius, class, panel->scene.dense ? "" : " stroke-width=\"1.5\"");
	if (panel->scene.dense)
		return;
	if (a->share < 0.999)
		add_shares(out, panel, client);
	snprintf(class, sizeof(class), "b t%u", draw_colour(site));
	add_letter(out, at, radius * 1.25, class, site);
}

void draw_site_mark(struct text *out, struct draw_point at, double radius, size_t site,
	enum draw_state state)
{
	unsigned colour = draw_colour(site);
	char class[DRAW_NUMBER_MAX];

	if (state == DRAW_OK)
		text_print(out, "<rect class=\"f%u k-paper\" stroke-width=\"2\"", colour);
	else
		text_print(out, "<rect class=\"paper k%u\" stroke-width=\"3\"%s", colour,
			state == DRAW_DRAINED ? " stroke-dasharray=\"5 2.5\"" : "");
	svg_attribute(out, "x", at.x - radius);
	svg_attribute(out, "y", at.y - radius);
	svg_attribute(out, "width", 2 * radius);
	svg_attribute(out, "height", 2 * radius);
	svg_attribute(out, "rx", radius / 3);
	text_add(out, "/>\n");
	snprintf(class, sizeof(class), "b t%u", colour);
	add_letter(out, at, radius * 1.35, state == DRAW_OK ? class : "b ink", site);
	if (state == DRAW_DOWN)
		add_cross(out, at, radius * 0.95, 2.6);
}

static void add_router(struct text *out, const struct draw_panel *panel, uint32_t place)
{
	const struct draw_place *p = &panel->index->world->places[place];
	struct draw_point at = panel->scene.at[place];
	double r = panel->scene.radius[place];

	if (p->kind == DRAW_EXCHANGE) {
		add_circle(out, at, r, "paper k-line", " stroke-width=\"1.8\"");
	} else {
		text_print(out, "<path class=\"line k-sea\" stroke-width=\"1\"");
		add_at(out, " d=\"M", (struct draw_point){ at.x, at.y - r });
		add_at(out, "L", (struct draw_point){ at.x + r, at.y });
		add_at(out, "L", (struct draw_point){ at.x, at.y + r });
		add_at(out, "L", (struct draw_point){ at.x - r, at.y });
		text_add(out, "z\"/>\n");
	}
	if (p->state != DRAW_OK)
		add_cross(out, at, CROSS_SIZE * panel->scene.size, 2.6);
}

void draw_panel_marks(struct text *out, const struct draw_panel *panel)
{
	const struct draw_index *index = panel->index;
	const struct draw_world *world = index->world;

	for (uint32_t i = 0; i < world->place_count; i++)
		if (world->places[i].kind == DRAW_TRANSIT ||
			world->places[i].kind == DRAW_EXCHANGE)
			add_router(out, panel, i);
	for (size_t c = 0; c < index->client_count; c++)
		add_client(out, panel, c);
	for (size_t s = 0; s < index->site_count; s++)
		draw_site_mark(out, panel->scene.at[index->sites[s]],
			panel->scene.radius[index->sites[s]], s,
			world->places[index->sites[s]].state);
}
