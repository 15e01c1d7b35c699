/* SPDX-License-Identifier: Apache-2.0 */
/* The legend of the catchment map: each site with what it answers. */
#include "world/draw_map_internal.h"

#include <math.h>
#include <string.h>

#define CELL_WIDTH   300.0
#define CELL_HEIGHT  44.0
#define NAME_COLUMNS 24

static const char *unit_of(const struct draw_index *index)
{
	return index->world->weight == NULL ? "users" : index->world->weight;
}

static void describe(
	struct text *line, const struct draw_index *index, const struct draw_tally *tally)
{
	char weight[DRAW_NUMBER_MAX], ms[DRAW_NUMBER_MAX];

	text_print(line, "%zu client%s", tally->clients, tally->clients == 1 ? "" : "s");
	if (index->weights_known)
		text_print(line, " \xc2\xb7 %s %s", draw_count(tally->weight, weight),
			unit_of(index));
	if (tally->median_ms >= 0)
		text_print(line, " \xc2\xb7 %s", draw_ms(tally->median_ms, ms));
}

static void describe_change(struct text *line, const struct draw_index *index,
	const struct draw_tally *was, const struct draw_tally *is)
{
	char from[DRAW_NUMBER_MAX], to[DRAW_NUMBER_MAX];

	if (index->weights_known)
		text_print(line, "%s \xe2\x86\x92 %s %s", draw_count(was->weight, from),
			draw_count(is->weight, to), unit_of(index));
	else
		text_print(line, "%zu \xe2\x86\x92 %zu clients", was->clients, is->clients);
	if (was->median_ms >= 0 || is->median_ms >= 0)
		text_print(line, " \xc2\xb7 %s \xe2\x86\x92 %s", draw_ms(was->median_ms, from),
			draw_ms(is->median_ms, to));
}

static int describe_site(struct text *line, const struct draw_index *index,
	const struct draw_index *after, size_t site)
{
	struct draw_tally was, is;
	uint32_t twin = after == NULL ? DRAW_NONE : draw_twin(index, index->sites[site], after);
	int result = draw_tally_make(index, site, &was);

	if (result == 0 && twin != DRAW_NONE) {
		result = draw_tally_make(after, after->number[twin], &is);
		if (result == 0)
			describe_change(line, index, &was, &is);
	} else if (result == 0) {
		describe(line, index, &was);
	}
	return result;
}

static int add_cell(struct text *out, const struct draw_index *index,
	const struct draw_index *after, size_t site, struct draw_point at)
{
	const struct draw_place *p = &index->world->places[index->sites[site]];
	uint32_t twin = after == NULL ? DRAW_NONE : draw_twin(index, index->sites[site], after);
	enum draw_state state = twin == DRAW_NONE ? p->state : after->world->places[twin].state;
	struct text line = { 0 };
	int result = describe_site(&line, index, after, site);

	draw_site_mark(out, (struct draw_point){ at.x + 14, at.y + 18 }, 12, site, state);
	text_add(out, "<text class=\"ink\"");
	svg_attribute(out, "x", at.x + 36);
	svg_attribute(out, "y", at.y + 15);
	text_add(out, " font-size=\"14\"><tspan class=\"b\">");
	svg_text_short(out, draw_label(p), NAME_COLUMNS);
	text_add(out, "</tspan>");
	if (strcmp(draw_label(p), p->name) != 0) {
		text_add(out, " <tspan class=\"quiet\">");
		svg_text_short(out, p->name, NAME_COLUMNS - 10);
		text_add(out, "</tspan>");
	}
	if (state != DRAW_OK)
		text_print(out, " <tspan class=\"bad b\">%s</tspan>",
			state == DRAW_DOWN ? "down" : "drained");
	text_add(out, "</text>\n");
	svg_label(out, at.x + 36, at.y + 32, 12.5, "quiet", "start", text_string(&line));
	text_clear(&line);
	return result;
}

int draw_legend(struct text *out, const struct draw_index *index,
	const struct draw_index *after, struct draw_box at, double *ret_height)
{
	double columns = fmax(1, floor(at.width / CELL_WIDTH));
	double step = at.width / columns;
	int result = 0;

	/* Few sites: spread over the rows that are there. */
	*ret_height = ceil((double)index->site_count / columns) * CELL_HEIGHT;
	for (size_t s = 0; s < index->site_count && out != NULL && result == 0; s++) {
		double row = floor((double)s / columns), column = (double)s - row * columns;

		result = add_cell(out, index, after, s,
			(struct draw_point){ at.x + column * step, at.y + row * CELL_HEIGHT });
	}
	return result;
}
