/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The catchment map.
 *
 *   title                                        title
 *   caption, or a summary                        caption
 *   +------------------------------+             +-------------+ +-------------+
 *   |  map                         |             |  before     | |  after      |
 *   +------------------------------+             +-------------+ +-------------+
 *   how to read it                               summary         summary
 *   A site   B site   C site   D site            A site  B site  C site  D site  E site
 *
 * Invariants:
 *  1. The same worlds give the same bytes.
 *  2. Size grows with places, links and answers; the globe is the same 45 kB.
 */
#include "world/draw_map.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "world/draw_map_internal.h"

#define MARGIN      24.0
#define WIDTH       1280.0 /* of one map */
#define WIDTH_TWO   1680.0
#define TITLE_SIZE  25.0
#define HEAD_HEIGHT 74.0
#define KEY_HEIGHT  34.0

/* ---- Twins: the same place in the other world ---- */

uint32_t draw_twin(
	const struct draw_index *index, uint32_t place, const struct draw_index *other)
{
	const char *name = index->world->places[place].name;
	const struct draw_place *places = other->world->places;
	enum draw_kind kind = index->world->places[place].kind;

	/* Nearly always the worlds are the same list. */
	if (place < other->world->place_count && places[place].kind == kind &&
		strcmp(places[place].name, name) == 0)
		return place;
	for (uint32_t i = 0; i < other->world->place_count; i++)
		if (places[i].kind == kind && strcmp(places[i].name, name) == 0)
			return i;
	return DRAW_NONE;
}

uint32_t draw_other_answer(
	const struct draw_index *index, size_t client, const struct draw_index *other)
{
	uint32_t twin = draw_twin(index, index->clients[client], other);
	const struct draw_answer *a =
		twin == DRAW_NONE ? NULL : draw_main_answer(other, other->number[twin]);

	return a == NULL ? DRAW_NONE : draw_twin(other, a->site, index);
}

static void find_changes(struct draw_panel *panel)
{
	for (size_t c = 0; c < panel->index->client_count; c++) {
		const struct draw_answer *a = draw_main_answer(panel->index, c);
		uint32_t here = a == NULL ? DRAW_NONE : a->site;

		panel->changed[c] = here != draw_other_answer(panel->index, c, panel->other);
	}
}

/* ---- A panel ---- */

/* What is drawn next is clipped to the frame, up to the group's end. The globe is drawn once,
 * moved for the second panel. */
static void begin_clipped(struct text *out, const struct draw_view *view, const char *id)
{
	const struct draw_box *frame = &view->frame;

	text_print(out, "<clipPath id=\"clip-%s\"><rect", id);
	svg_attribute(out, "x", frame->x);
	svg_attribute(out, "y", frame->y);
	svg_attribute(out, "width", frame->width);
	svg_attribute(out, "height", frame->height);
	text_print(out, " rx=\"8\"/></clipPath>\n<g clip-path=\"url(#clip-%s)\">\n", id);
	if (frame->x > MARGIN) {
		text_add(out, "<use href=\"#globe\"");
		svg_attribute(out, "x", frame->x - MARGIN);
		text_add(out, "/>\n");
		return;
	}
	text_add(out, "<g id=\"globe\">\n");
	draw_scene_globe(out, view);
	text_add(out, "</g>\n");
}

static int panel_draw(struct text *out, struct draw_panel *panel, const struct draw_view *view,
	double size, const char *id)
{
	int result = draw_scene_make(panel->index, view, size, &panel->scene);

	if (result == 0 && panel->other != NULL) {
		panel->changed = calloc(panel->index->client_count + 1, sizeof(bool));
		if (panel->changed == NULL)
			result = ERROR_MEMORY;
		else
			find_changes(panel);
	}
	if (result == 0) {
		begin_clipped(out, view, id);
		draw_panel_lines(out, panel);
		draw_panel_marks(out, panel);
		result = draw_panel_labels(out, panel);
		text_add(out, "</g>\n");
	}
	free(panel->changed);
	panel->changed = NULL;
	draw_scene_clear(&panel->scene);
	return result;
}

/* ---- Words ---- */

/* "12 of 12 clients answered by 6 sites; median 23 ms, 95 % within 80 ms" */
static int summarise(const struct draw_index *index, struct text *line)
{
	struct draw_tally all;
	char median[DRAW_NUMBER_MAX], p95[DRAW_NUMBER_MAX], weight[DRAW_NUMBER_MAX];
	int result = draw_tally_make(index, index->site_count, &all);

	if (result != 0)
		return result;
	text_print(line, "%zu of %zu clients answered", all.clients, index->client_count);
	if (index->weights_known)
		text_print(line, " \xc2\xb7 %.0f %% of %s %s",
			floor(all.weight / index->weight * 100 + 1e-6),
			draw_count(index->weight, weight),
			index->world->weight == NULL ? "users" : index->world->weight);
	if (all.median_ms >= 0)
		text_print(line, " \xc2\xb7 median %s, 95 %% within %s",
			draw_ms(all.median_ms, median), draw_ms(all.p95_ms, p95));
	return 0;
}

static void add_head(struct text *out, const struct draw_world *world, const char *caption)
{
	svg_label(out, MARGIN, 38, TITLE_SIZE, "b ink", "start",
		world->title == NULL ? "Catchments" : world->title);
	svg_label(out, MARGIN, 62, 15, "quiet", "start", caption);
}

/* How to read the marks: a row of samples. */
static void add_key(struct text *out, double x, double right, double y, bool change)
{
	static const struct {
		const char *mark, *text;
		double width;
		bool of_change;
	} keys[] = {
		{ "<rect class=\"line\" x=\"-7\" y=\"-7\" width=\"14\" height=\"14\" rx=\"3\"/>",
			"site", 46, false },
		{ "<circle class=\"line\" r=\"6.5\"/>", "client, with its site's letter", 196,
			false },
		{ "<circle class=\"paper k-bad\" r=\"6\" stroke-width=\"2\" stroke-dasharray=\"3 "
		  "2\"/><path class=\"arc k-bad\" stroke-width=\"2\" d=\"M-2.5-2.5 2.5 2.5M2.5"
		  "-2.5-2.5 2.5\"/>",
			"no answer", 84, false },
		{ "<circle class=\"line\" r=\"5\"/><circle class=\"n k-mark\" r=\"8\" "
		  "stroke-width=\"3\"/>",
			"changed its site", 122, true },
		{ "<path class=\"line\" d=\"M0-4 4 0 0 4-4 0z\"/>", "router", 62, false },
		{ "<path class=\"arc k-line\" stroke-width=\"1.3\" d=\"M-9 0h18\"/>",
			"customer link", 104, false },
		{ "<path class=\"arc k-line\" stroke-width=\"1.3\" stroke-dasharray=\"6 3\" "
		  "d=\"M-9 0h18\"/>",
			"peering", 70, false },
		{ "<path class=\"arc k-bad\" stroke-width=\"2\" stroke-dasharray=\"3 5\" d=\"M-10 "
		  "0h20\"/><path class=\"arc k-bad\" stroke-width=\"2.4\" d=\"M-4-4 4 4M4-4-4 "
		  "4\"/>",
			"cut or down", 90, false },
	};

	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		if (keys[i].of_change && !change)
			continue;
		text_add(out, "<g transform=\"translate(");
		svg_number(out, x + 10);
		text_add(out, " ");
		svg_number(out, y);
		text_print(out, ")\">%s</g>\n", keys[i].mark);
		svg_label(out, x + 25, y + 4, 11.5, "quiet", "start", keys[i].text);
		x += keys[i].width + 40;
	}
	svg_label(out, right, y + 4, 11.5, "quiet", "end",
		"arcs as wide as users \xc2\xb7 median round trip");
}

/* ---- One map ---- */

int draw_map(const struct draw_world *world, const struct draw_map_options *options,
	struct text *out, struct draw_map_result *ret_result, struct error *error)
{
	struct draw_map_result shown = { 0 };
	struct draw_index index = { 0 };
	struct draw_panel panel = { .index = &index, .options = options, .result = &shown };
	struct draw_box frame = { MARGIN, HEAD_HEIGHT, WIDTH - 2 * MARGIN,
		floor(draw_view_height(WIDTH - 2 * MARGIN)) };
	struct draw_box below = { MARGIN, frame.y + frame.height + KEY_HEIGHT + 10, frame.width,
		0 };
	struct draw_view view;
	struct text line = { 0 };
	int result = draw_world_check(world, error);

	if (result != 0)
		return result;
	result = draw_index_make(world, &index);
	if (result == 0)
		result = summarise(&index, &line);
	if (result == 0)
		result = draw_legend(NULL, &index, NULL, below, &below.height);
	if (result != 0)
		goto out;
	view = draw_view_of(frame, &world, 1);
	svg_begin(out, WIDTH, below.y + below.height + 8,
		world->title == NULL ? "Catchments" : world->title, options->theme);
	add_head(out, world, options->caption == NULL ? text_string(&line) : options->caption);
	result = panel_draw(out, &panel, &view, 1, "map");
	add_key(out, MARGIN, WIDTH - MARGIN, frame.y + frame.height + 20, false);
	if (result == 0)
		result = draw_legend(out, &index, NULL, below, &below.height);
	svg_end(out);
out:
	text_clear(&line);
	draw_index_clear(&index);
	if (ret_result != NULL)
		*ret_result = shown;
	return out->failed || result != 0
		       ? error_set(error, ERROR_MEMORY, "no memory for the map")
		       : 0;
}

/* ---- Before and after ---- */

struct change {
	const struct draw_map_options *options;
	struct draw_index before, after;
	struct draw_map_result shown;
};

/* One half: its heading, the map, its numbers. */
static int draw_half(
	struct text *out, struct change *change, const struct draw_view *view, bool is_after)
{
	struct draw_panel panel = { .index = is_after ? &change->after : &change->before,
		.other = is_after ? &change->before : &change->after,
		.is_after = is_after,
		.options = change->options,
		.result = &change->shown };
	struct text line = { 0 };
	int result = summarise(panel.index, &line);

	if (result == 0) {
		svg_label(out, view->frame.x, view->frame.y - 10, 16, "b ink", "start",
			is_after ? "After" : "Before");
		svg_label(out, view->frame.x + 72, view->frame.y - 10, 12.5, "quiet", "start",
			text_string(&line));
		result = panel_draw(out, &panel, view, 0.88, is_after ? "after" : "before");
	}
	text_clear(&line);
	return result;
}

static size_t count_moved(const struct change *change)
{
	size_t moved = 0;

	for (size_t c = 0; c < change->before.client_count; c++) {
		const struct draw_answer *a = draw_main_answer(&change->before, c);
		uint32_t here = a == NULL ? DRAW_NONE : a->site;

		moved += here != draw_other_answer(&change->before, c, &change->after);
	}
	return moved;
}

static int draw_both(struct text *out, struct change *change)
{
	const struct draw_world *worlds[] = { change->before.world, change->after.world };
	double wide = (WIDTH_TWO - 3 * MARGIN) / 2;
	struct draw_box frame = { MARGIN, HEAD_HEIGHT + 34, wide,
		floor(draw_view_height(wide)) };
	struct draw_box below = { MARGIN, frame.y + frame.height + KEY_HEIGHT + 10,
		WIDTH_TWO - 2 * MARGIN, 0 };
	struct draw_view view = draw_view_of(frame, worlds, 2);
	struct text line = { 0 };
	const char *title = worlds[0]->title == NULL ? "Catchments" : worlds[0]->title;
	int result = draw_legend(NULL, &change->before, &change->after, below, &below.height);

	if (change->options->caption != NULL)
		text_print(&line, "%s \xc2\xb7 ", change->options->caption);
	text_print(&line, "%zu of %zu clients changed their site", count_moved(change),
		change->before.client_count);
	svg_begin(out, WIDTH_TWO, below.y + below.height + 8, title, change->options->theme);
	add_head(out, worlds[0], text_string(&line));
	text_clear(&line);
	if (result == 0)
		result = draw_half(out, change, &view, false);
	view.frame.x += wide + MARGIN;
	if (result == 0)
		result = draw_half(out, change, &view, true);
	add_key(out, MARGIN, WIDTH_TWO - MARGIN, frame.y + frame.height + 20, true);
	if (result == 0)
		result =
			draw_legend(out, &change->before, &change->after, below, &below.height);
	svg_end(out);
	return result;
}

int draw_map_change(const struct draw_world *before, const struct draw_world *after,
	const struct draw_map_options *options, struct text *out,
	struct draw_map_result *ret_result, struct error *error)
{
	struct change change = { .options = options };
	int result = draw_world_check(before, error);

	if (result == 0)
		result = draw_world_check(after, error);
	if (result != 0)
		return result;
	result = draw_index_make(before, &change.before);
	if (result == 0)
		result = draw_index_make(after, &change.after);
	if (result == 0)
		result = draw_both(out, &change);
	draw_index_clear(&change.before);
	draw_index_clear(&change.after);
	if (ret_result != NULL)
		*ret_result = change.shown;
	return out->failed || result != 0
		       ? error_set(error, ERROR_MEMORY, "no memory for the map")
		       : 0;
}
