/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Graphviz.
 *
 * Invariants:
 *  1. Names are quoted, with quotes and backslashes escaped and control characters left out, so
 *     that none ends its string or becomes an escape of a label.
 *  2. Providers are above their customers: only those links shape the ranks.
 */
#include <stdlib.h>

#include "base/width.h"
#include "world/draw_svg.h"
#include "world/export_world.h"

static void add_quoted(struct text *out, const char *text)
{
	size_t length;

	text_add(out, "\"");
	for (uint32_t c = utf8_next(text, &length); length > 0; c = utf8_next(text, &length)) {
		if (c == '"' || c == '\\')
			text_print(out, "\\%c", (int)c);
		else if (c >= 0x20 && !(c >= 0x7f && c < 0xa0) && !(c == 0xfffd && length == 1))
			text_add_bytes(out, text, length);
		text += length;
	}
	text_add(out, "\"");
}

static void add_node(struct text *out, const struct draw_index *index, uint32_t place)
{
	static const char *const shapes[] = {
		[DRAW_SITE] = "box",
		[DRAW_CLIENT] = "ellipse",
		[DRAW_TRANSIT] = "diamond",
		[DRAW_EXCHANGE] = "hexagon",
	};
	static const char *const styles[] = {
		[DRAW_OK] = "filled",
		[DRAW_DOWN] = "dotted",
		[DRAW_DRAINED] = "dashed",
	};
	const struct draw_place *p = &index->world->places[place];

	text_add(out, "    ");
	add_quoted(out, p->name);
	text_print(out, " [shape=%s, style=%s", shapes[p->kind], styles[p->state]);
	if (p->label != NULL && p->label[0] != '\0') {
		text_add(out, ", tooltip=");
		add_quoted(out, p->label);
	}
	if (p->kind == DRAW_SITE) {
		unsigned colour = draw_colour(index->number[place]);

		text_print(out, ", %s=\"#%06x\", penwidth=2",
			p->state == DRAW_OK ? "fillcolor" : "color",
			draw_palette(colour, DRAW_LIGHT));
		if (p->state == DRAW_OK && draw_palette_is_dark(colour))
			text_add(out, ", fontcolor=white");
	}
	text_add(out, "];\n");
}

static int by_number(const void *a, const void *b, const struct draw_world *world)
{
	const uint32_t *left = a, *right = b;
	uint32_t one = world->places[*left].as_number, two = world->places[*right].as_number;

	return one != two ? (one > two) - (one < two) : (*left > *right) - (*left < *right);
}

/* Merge sort of places by AS: qsort has no room for the world it compares by. */
static void sort_places(
	const struct draw_world *world, uint32_t *places, uint32_t *spare, size_t n)
{
	size_t half = n / 2, left = 0, right = half;

	if (n < 2)
		return;
	sort_places(world, places, spare, half);
	sort_places(world, places + half, spare, n - half);
	for (size_t i = 0; i < n; i++) {
		bool first = right == n || (left < half && by_number(&places[left],
								   &places[right], world) <= 0);

		spare[i] = places[first ? left++ : right++];
	}
	for (size_t i = 0; i < n; i++)
		places[i] = spare[i];
}

static int add_clusters(struct text *out, const struct draw_index *index)
{
	const struct draw_world *world = index->world;
	uint32_t *places = calloc(2 * world->place_count + 1, sizeof(*places)), inside = 0;

	if (places == NULL)
		return ERROR_MEMORY;
	for (uint32_t i = 0; i < world->place_count; i++)
		places[i] = i;
	sort_places(world, places, places + world->place_count, world->place_count);
	for (size_t i = 0; i < world->place_count; i++) {
		uint32_t as_number = world->places[places[i]].as_number;

		if (as_number != inside && inside != 0)
			text_add(out, "  }\n");
		if (as_number != inside)
			text_print(out,
				"  subgraph cluster_as%u {\n    label=\"AS %u\"; "
				"color=\"#8494a1\"; style=rounded;\n",
				as_number, as_number);
		inside = as_number;
		add_node(out, index, places[i]);
	}
	if (inside != 0)
		text_add(out, "  }\n");
	free(places);
	return 0;
}

static void add_link(
	struct text *out, const struct draw_world *world, const struct draw_link *link)
{
	static const char *const looks[] = {
		[DRAW_CUSTOMER] = "arrowhead=normal",
		[DRAW_PEER] = "dir=none, style=dashed, constraint=false",
		[DRAW_INTERNAL] = "dir=none, penwidth=2, constraint=false",
		[DRAW_MEMBER] = "dir=none, style=dotted",
	};
	char delay[DRAW_NUMBER_MAX];

	text_add(out, "  ");
	add_quoted(out, world->places[link->from].name);
	text_add(out, " -> ");
	add_quoted(out, world->places[link->to].name);
	text_print(out, " [%s", looks[link->relation]);
	if (link->state == DRAW_LINK_CUT)
		text_add(out, ", color=\"#c01024\", fontcolor=\"#c01024\", label=\"cut\"");
	else if (link->delay_us > 0)
		text_print(out, ", label=\"%s\"", draw_ms(link->delay_us / 1e3, delay));
	text_add(out, "];\n");
}

static void add_answer(
	struct text *out, const struct draw_index *index, const struct draw_answer *a)
{
	char number[DRAW_NUMBER_MAX];
	unsigned colour = draw_palette(draw_colour(index->number[a->site]), DRAW_LIGHT);

	text_add(out, "  ");
	add_quoted(out, index->world->places[a->client].name);
	text_add(out, " -> ");
	add_quoted(out, index->world->places[a->site].name);
	text_print(out,
		" [color=\"#%06x\", fontcolor=\"#%06x\", penwidth=2, arrowhead=vee, "
		"constraint=false, label=\"%s\"];\n",
		colour, colour, draw_ms(a->median_us / 1e3, number));
}

int export_dot(const struct draw_world *world, struct text *out, struct error *error)
{
	struct draw_index index = { 0 };
	int result = draw_world_check(world, error);

	if (result != 0)
		return result;
	result = draw_index_make(world, &index);
	if (result != 0)
		return error_set(error, result, "no memory for the export");
	text_add(out, "digraph world {\n  graph [rankdir=TB, fontname=\"Helvetica\", "
		      "newrank=true, label=");
	add_quoted(out, world->title == NULL ? "" : world->title);
	text_add(out, "];\n  node [fontname=\"Helvetica\", fillcolor=\"#eef3f7\"];\n"
		      "  edge [fontname=\"Helvetica\", fontsize=9, color=\"#55636f\"];\n");
	result = add_clusters(out, &index);
	for (size_t i = 0; i < world->link_count; i++)
		add_link(out, world, &world->links[i]);
	for (size_t i = 0; i < world->answer_count; i++)
		if (world->answers[i].site != DRAW_NONE)
			add_answer(out, &index, &world->answers[i]);
	text_add(out, "}\n");
	draw_index_clear(&index);
	return result != 0 || out->failed
		       ? error_set(error, ERROR_MEMORY, "no memory for the export")
		       : 0;
}
