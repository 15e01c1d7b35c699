/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Names and round-trip times on the catchment map. Sites choose their place first, then clients
 * that changed or have no answer, then clients by weight, then routers that are down. A label
 * of an ordinary client is left out where it would cover another.
 */
#include "world/draw_map_internal.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define LABEL_COLUMNS 28 /* longer names are shortened */
#define SITE_SIZE     14.0
#define CLIENT_SIZE   11.5
#define LABELS_MAX    400

struct naming {
	const struct draw_panel *panel;
	struct draw_crowd *crowd;
	struct draw_box *boxes; /* of labels shown */
	size_t count;
	struct text *out;
};

/* ---- What keeps labels away ---- */

struct walk {
	struct draw_crowd *crowd;
	struct draw_point last;
};

static void walk_line(void *context, struct draw_point at, bool first)
{
	struct walk *walk = context;

	if (!first)
		draw_crowd_line(walk->crowd, walk->last, at);
	walk->last = at;
}

static int fill_crowd(struct naming *n)
{
	const struct draw_panel *panel = n->panel;
	const struct draw_world *world = panel->index->world;
	struct walk walk = { .crowd = n->crowd };
	int result = 0;

	for (size_t i = 0; i < world->answer_count; i++)
		if (world->answers[i].site != DRAW_NONE && !panel->scene.dense)
			draw_scene_arc(&panel->scene, world->answers[i].client,
				world->answers[i].site, walk_line, &walk);
	for (size_t i = 0; i < world->link_count; i++)
		if (world->links[i].state == DRAW_LINK_CUT)
			draw_scene_arc(&panel->scene, world->links[i].from, world->links[i].to,
				walk_line, &walk);
	for (uint32_t i = 0; i < world->place_count && result == 0; i++)
		if (!panel->scene.dense || world->places[i].kind == DRAW_SITE)
			result = draw_crowd_mark(
				n->crowd, panel->scene.at[i], panel->scene.radius[i]);
	return result;
}

/* ---- One label ---- */

struct label {
	uint32_t place;
	const char *name, *more; /* more: in the quiet colour, after the name; may be empty */
	const char *class;       /* of the name */
	double size;
	bool needed;
};

static void print_label(struct naming *n, const struct label *label, struct draw_box box)
{
	double size = label->size;

	text_print(n->out, "<text class=\"halo k-sea %s\"", label->class);
	svg_attribute(n->out, "x", box.x);
	svg_attribute(n->out, "y", box.y + box.height * 0.5 + size * 0.36);
	svg_attribute(n->out, "font-size", size);
	text_add(n->out, ">");
	svg_text_short(n->out, label->name, LABEL_COLUMNS);
	if (label->more[0] != '\0') {
		text_add(n->out, " <tspan class=\"quiet\" font-weight=\"400\">");
		svg_text(n->out, label->more);
		text_add(n->out, "</tspan>");
	}
	text_add(n->out, "</text>\n");
}

static int place_label(struct naming *n, const struct label *label)
{
	const struct draw_scene *scene = &n->panel->scene;
	struct draw_wish wish = { .at = scene->at[label->place],
		.radius = scene->radius[label->place],
		.width = svg_width_short(label->name, label->size, LABEL_COLUMNS) +
			 (label->more[0] == '\0' ? 0
						 : svg_width(label->more, label->size) +
							   label->size * 0.4),
		.height = label->size * 1.2,
		.needed = label->needed && n->count < LABELS_MAX };
	struct draw_spot spot = { .shown = false };
	int result = 0;

	if (strstr(label->class, "b ") != NULL)
		wish.width *= 1.08;
	if (n->count < LABELS_MAX)
		result = draw_crowd_place(n->crowd, &wish, &spot);
	if (result != 0)
		return result;
	if (!spot.shown) {
		n->panel->result->labels_left_out++;
		return 0;
	}
	for (size_t i = 0; i < n->count; i++)
		n->panel->result->labels_overlap += draw_overlap(spot.box, n->boxes[i]);
	n->boxes[n->count++] = spot.box;
	n->panel->result->labels++;
	print_label(n, label, spot.box);
	return 0;
}

/* ---- Which labels, in which order ---- */

static int label_sites(struct naming *n)
{
	static const char *const states[] = {
		[DRAW_OK] = "",
		[DRAW_DOWN] = "down",
		[DRAW_DRAINED] = "drained",
	};
	const struct draw_index *index = n->panel->index;
	int result = 0;

	for (size_t s = 0; s < index->site_count && result == 0; s++) {
		const struct draw_place *p = &index->world->places[index->sites[s]];
		struct label label = { index->sites[s], draw_label(p), states[p->state],
			"b ink", SITE_SIZE * n->panel->scene.size, true };

		result = place_label(n, &label);
	}
	return result;
}

/* "48 ms", "no answer", "48 ms (was A)" */
static void describe_client(const struct draw_panel *panel, size_t client, struct text *out)
{
	const struct draw_answer *a = draw_main_answer(panel->index, client);
	char text[DRAW_NUMBER_MAX];
	uint32_t was;

	text_reset(out);
	text_add(out, a == NULL ? "no answer" : draw_ms(a->median_us / 1e3, text));
	if (panel->changed == NULL || !panel->changed[client] || !panel->is_after)
		return;
	was = draw_other_answer(panel->index, client, panel->other);
	if (was == DRAW_NONE)
		text_add(out, " (had none)");
	else
		text_print(out, " (was %s)", draw_letter(panel->index->number[was], text));
}

static int label_client(struct naming *n, size_t client)
{
	const struct draw_panel *panel = n->panel;
	uint32_t place = panel->index->clients[client];
	bool changed = panel->changed != NULL && panel->changed[client];
	bool answered = draw_main_answer(panel->index, client) != NULL;
	struct text more = { 0 };
	struct label label = { .place = place,
		.name = draw_label(&panel->index->world->places[place]),
		.class = changed || !answered ? "b ink" : "ink",
		.size = CLIENT_SIZE * panel->scene.size,
		.needed = changed && panel->index->client_count <= 40 };
	int result;

	describe_client(panel, client, &more);
	label.more = text_string(&more);
	result = place_label(n, &label);
	text_clear(&more);
	return result;
}

/* A client and how much it wants its label. */
struct wanting {
	size_t client;
	double want;
};

static int by_want(const void *a, const void *b)
{
	const struct wanting *left = a, *right = b;

	if (left->want < right->want || left->want > right->want)
		return left->want > right->want ? -1 : 1;
	return left->client < right->client ? -1 : left->client > right->client;
}

static int label_clients(struct naming *n)
{
	const struct draw_panel *panel = n->panel;
	size_t count = panel->scene.dense ? 0 : panel->index->client_count;
	struct wanting *wantings = calloc(count + 1, sizeof(*wantings));
	int result = 0;

	if (wantings == NULL)
		return ERROR_MEMORY;
	for (size_t c = 0; c < count; c++) {
		wantings[c] = (struct wanting){ c,
			draw_weight(panel->index, c) / (panel->index->weight + 1) };
		if (draw_main_answer(panel->index, c) == NULL)
			wantings[c].want += 1;
		if (panel->changed != NULL && panel->changed[c])
			wantings[c].want += 2;
	}
	qsort(wantings, count, sizeof(*wantings), by_want);
	for (size_t i = 0; i < count && result == 0; i++)
		result = label_client(n, wantings[i].client);
	free(wantings);
	return result;
}

/* Only of small worlds, or of what is down: the others are the background. */
static int label_routers(struct naming *n)
{
	const struct draw_world *world = n->panel->index->world;
	int result = 0;

	for (uint32_t i = 0; i < world->place_count && result == 0; i++) {
		const struct draw_place *p = &world->places[i];
		struct label label = { i, draw_label(p), p->state == DRAW_OK ? "" : "down",
			p->state == DRAW_OK ? "quiet" : "b ink",
			(CLIENT_SIZE - 1) * n->panel->scene.size, false };

		if (p->kind != DRAW_SITE && p->kind != DRAW_CLIENT &&
			(p->state != DRAW_OK || world->place_count <= 12))
			result = place_label(n, &label);
	}
	return result;
}

int draw_panel_labels(struct text *out, const struct draw_panel *panel)
{
	struct naming n = { .panel = panel,
		.out = out,
		.crowd = draw_crowd_new(panel->scene.view.frame),
		.boxes = calloc(LABELS_MAX, sizeof(*n.boxes)) };
	int result = n.crowd == NULL || n.boxes == NULL ? ERROR_MEMORY : fill_crowd(&n);

	if (result == 0)
		result = label_sites(&n);
	if (result == 0)
		result = label_clients(&n);
	if (result == 0)
		result = label_routers(&n);
	draw_crowd_free(n.crowd);
	free(n.boxes);
	return result;
}
