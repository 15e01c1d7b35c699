/* SPDX-License-Identifier: Apache-2.0 */
/* The empty map: what is under every drawing of a world. */
#include <math.h>

#include "world/draw_land.h"
#include "world/draw_scene.h"
#include "world/draw_svg.h"

#define GRID_DEGREES 30

static struct draw_point land_at(const struct draw_view *view, struct land_point p)
{
	return draw_view_point(view, draw_project(p.longitude / 100.0, p.latitude / 100.0));
}

static bool in_frame(
	const struct draw_view *view, const struct land_point *points, size_t first, size_t end)
{
	struct draw_point least = { HUGE_VAL, HUGE_VAL }, most = { -HUGE_VAL, -HUGE_VAL };

	for (size_t i = first; i < end; i++) {
		struct draw_point p = land_at(view, points[i]);

		least = (struct draw_point){ fmin(least.x, p.x), fmin(least.y, p.y) };
		most = (struct draw_point){ fmax(most.x, p.x), fmax(most.y, p.y) };
	}
	return draw_overlap((struct draw_box){ least.x - 1, least.y - 1, most.x - least.x + 2,
				    most.y - least.y + 2 },
		       view->frame) > 0;
}

/* Relative moves in tenths of a unit, from where the last one really ended: errors of rounding
 * do not add up. */
static void add_line(struct text *out, const struct draw_view *view,
	const struct land_point *points, size_t first, size_t end)
{
	const char *command = "M";
	long x = 0, y = 0;

	for (size_t i = first; i < end; i++) {
		struct draw_point p = land_at(view, points[i]);
		long nx = lround(p.x * 10), ny = lround(p.y * 10);

		if (i > first && nx == x && ny == y)
			continue;
		text_add(out, command);
		command = i == first ? "l" : " ";
		svg_number(out, (double)(nx - x) / 10);
		text_add(out, ny - y < 0 ? "" : " ");
		svg_number(out, (double)(ny - y) / 10);
		x = nx;
		y = ny;
	}
}

static void add_lines(struct text *out, const struct draw_view *view,
	const struct land_point *points, const uint16_t *starts, size_t count, const char *end)
{
	for (size_t i = 0; i < count; i++)
		if (in_frame(view, points, starts[i], starts[i + 1])) {
			add_line(out, view, points, starts[i], starts[i + 1]);
			text_add(out, end);
			text_add(out, "\n");
		}
}

static void add_grid_line(struct text *out, const struct draw_view *view, bool meridian, int at)
{
	for (int i = -90; i <= 90; i += 5) {
		struct draw_point p = draw_view_point(
			view, meridian ? draw_project(at + DRAW_MIDDLE, i)
				       : draw_project(2.0 * i + DRAW_MIDDLE, at));

		text_add(out, i == -90 ? "M" : "L");
		svg_number(out, p.x);
		text_add(out, " ");
		svg_number(out, p.y);
	}
}

static void add_grid(struct text *out, const struct draw_view *view)
{
	text_add(out, "<path class=\"n k-grid\" stroke-width=\"0.8\" d=\"");
	for (int at = -180; at <= 180; at += GRID_DEGREES)
		add_grid_line(out, view, true, at);
	for (int at = -60; at <= 60; at += GRID_DEGREES)
		add_grid_line(out, view, false, at);
	text_add(out, "\"/>\n");
}

static void add_frame(struct text *out, const struct draw_box *frame, const char *more)
{
	text_add(out, "<rect");
	svg_attribute(out, "x", frame->x);
	svg_attribute(out, "y", frame->y);
	svg_attribute(out, "width", frame->width);
	svg_attribute(out, "height", frame->height);
	text_print(out, " rx=\"8\"%s/>\n", more);
}

void draw_scene_globe(struct text *out, const struct draw_view *view)
{
	add_frame(out, &view->frame, " class=\"sea\"");
	add_grid(out, view);
	text_add(out, "<path class=\"land k-land\" stroke-width=\"0.5\" d=\"");
	add_lines(out, view, land_points, land_starts, land_count, "z");
	text_add(out, "\"/>\n<path class=\"n k-border\" stroke-width=\"0.7\" d=\"");
	add_lines(out, view, border_points, border_starts, border_count, "");
	text_add(out, "\"/>\n");
}
