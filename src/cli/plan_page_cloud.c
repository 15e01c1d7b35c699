/* SPDX-License-Identifier: Apache-2.0 */
/* A cloud of points, those of the front large and joined: what one goal costs of another. */
#include "cli/plan_page.h"

#define LEFT   70
#define TOP    14
#define WIDTH  880
#define HEIGHT 320
#define MARGIN 0.04 /* of the range, around the points */

struct range {
	double low, high;
};

struct cloud {
	struct range x, y;
};

static void widen(struct range *range, double value, bool first)
{
	if (first || value < range->low)
		range->low = value;
	if (first || value > range->high)
		range->high = value;
}

static struct range with_margin(struct range range)
{
	double margin = (range.high - range.low) * MARGIN;

	if (margin <= 0)
		margin = range.high > 0 ? range.high * MARGIN : 1;
	return (struct range){ range.low - margin, range.high + margin };
}

static struct cloud measure(const struct plan_page_point *points, size_t count)
{
	struct cloud cloud = { { 0, 0 }, { 0, 0 } };

	for (size_t i = 0; i < count; i++) {
		widen(&cloud.x, points[i].x, i == 0);
		widen(&cloud.y, points[i].y, i == 0);
	}
	return (struct cloud){ with_margin(cloud.x), with_margin(cloud.y) };
}

static double across(const struct cloud *cloud, double x)
{
	return LEFT + WIDTH * (x - cloud->x.low) / (cloud->x.high - cloud->x.low);
}

static double down(const struct cloud *cloud, double y)
{
	return TOP + HEIGHT * (1 - (y - cloud->y.low) / (cloud->y.high - cloud->y.low));
}

static int digits_for(struct range range)
{
	double width = range.high - range.low;

	return width < 0.1 ? 3 : width < 1 ? 2 : width < 10 ? 1 : 0;
}

static void add_axes(struct text *out, const struct cloud *cloud, const char *x, const char *y)
{
	for (int i = 0; i <= 4; i++) {
		double at = cloud->y.low + (cloud->y.high - cloud->y.low) * i / 4;

		text_print(out, "<line x1=\"%d\" x2=\"%d\" stroke=\"var(--line)\"", LEFT,
			LEFT + WIDTH);
		plan_page_number(out, "y1", down(cloud, at));
		plan_page_number(out, "y2", down(cloud, at));
		text_print(
			out, "/><text class=\"quiet\" x=\"%d\" text-anchor=\"end\"", LEFT - 8);
		plan_page_number(out, "y", down(cloud, at) + 4);
		text_add(out, ">");
		plan_decimal(out, at, digits_for(cloud->y));
		text_add(out, "</text>\n");
	}
	for (int i = 0; i <= 4; i++) {
		double at = cloud->x.low + (cloud->x.high - cloud->x.low) * i / 4;

		text_print(out, "<text class=\"quiet\" text-anchor=\"middle\" y=\"%d\"",
			TOP + HEIGHT + 20);
		plan_page_number(out, "x", across(cloud, at));
		text_add(out, ">");
		plan_decimal(out, at, digits_for(cloud->x));
		text_add(out, "</text>\n");
	}
	text_print(out,
		"<text x=\"%d\" y=\"%d\" text-anchor=\"end\">%s</text>"
		"<text x=\"%d\" y=\"%d\">%s</text>\n",
		LEFT + WIDTH, TOP + HEIGHT + 42, x, LEFT + 6, TOP + 10, y);
}

static void add_points(struct text *out, const struct cloud *cloud,
	const struct plan_page_point *points, size_t count, bool strong)
{
	for (size_t i = 0; i < count; i++) {
		if (points[i].strong != strong)
			continue;
		text_print(out, "<circle class=\"%s\" r=\"%d\"", strong ? "strong" : "point",
			strong ? 6 : 3);
		plan_page_number(out, "cx", across(cloud, points[i].x));
		plan_page_number(out, "cy", down(cloud, points[i].y));
		text_add(out, "><title>");
		plan_page_escaped(out, points[i].name);
		text_add(out, "</title></circle>\n");
	}
}

/* Steps between the points of the front, which stand by rising x. */
static void add_front(struct text *out, const struct cloud *cloud,
	const struct plan_page_point *points, size_t count)
{
	double last = 0;
	bool begun = false;

	text_add(
		out, "<polyline fill=\"none\" stroke=\"#d55e00\" stroke-width=\"2\" points=\"");
	for (size_t i = 0; i < count; i++) {
		if (!points[i].strong)
			continue;
		if (begun) {
			plan_decimal(out, across(cloud, points[i].x), 1);
			text_add(out, ",");
			plan_decimal(out, last, 1);
			text_add(out, " ");
		}
		last = down(cloud, points[i].y);
		plan_decimal(out, across(cloud, points[i].x), 1);
		text_add(out, ",");
		plan_decimal(out, last, 1);
		text_add(out, " ");
		begun = true;
	}
	text_add(out, "\"/>\n");
}

void plan_page_cloud(struct text *out, const char *title, const char *note, const char *x,
	const char *y, const struct plan_page_point *points, size_t count)
{
	struct cloud cloud = measure(points, count);

	text_print(out,
		"<div class=\"sheet\"><h2>%s</h2>\n<svg viewBox=\"0 0 %d %d\" role=\"img\" "
		"aria-label=\"%s\">\n",
		title, LEFT + WIDTH + 30, TOP + HEIGHT + 52, title);
	add_axes(out, &cloud, x, y);
	add_points(out, &cloud, points, count, false);
	add_front(out, &cloud, points, count);
	add_points(out, &cloud, points, count, true);
	text_print(out, "</svg><p class=\"quiet\">%s</p></div>\n", note);
}
