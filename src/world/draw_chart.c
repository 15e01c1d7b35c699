/* SPDX-License-Identifier: Apache-2.0 */
/* Plots. Runs of equal steps become one, so that a path grows with what changes. */
#include "world/draw_chart.h"

#include <math.h>

#define TEXT_SIZE 11.5
#define ROWS_MAX  5u

struct draw_point draw_plot_point(const struct draw_plot *plot, double x, double y)
{
	double range = plot->x_most - plot->x_least;

	return (struct draw_point){
		plot->box.x + (range > 0 ? (x - plot->x_least) / range : 0) * plot->box.width,
		plot->box.y + plot->box.height -
			(plot->y_most > 0 ? y / plot->y_most : 0) * plot->box.height,
	};
}

double draw_tick(double range, unsigned most)
{
	static const double steps[] = { 1, 2, 5, 10 };
	double unit, least = range / most;

	if (!(least > 0) || !isfinite(least))
		return 1;
	unit = pow(10, floor(log10(least)));
	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++)
		if (steps[i] * unit >= least * 0.9999)
			return steps[i] * unit;
	return 10 * unit;
}

void draw_plot_title(struct text *out, const struct draw_plot *plot, const char *title)
{
	svg_label(out, plot->box.x - 42, plot->box.y - 16, 15, "b ink", "start", title);
}

static void add_number(struct text *out, double value, double step)
{
	if (step >= 1)
		text_print(out, "%ld", lround(value));
	else
		svg_number(out, value);
}

static void add_tick(struct text *out, struct draw_point at, const char *anchor, double value,
	double step, const char *unit)
{
	text_print(out, "<text class=\"quiet\" text-anchor=\"%s\" font-size=\"11.5\"", anchor);
	svg_attribute(out, "x", at.x);
	svg_attribute(out, "y", at.y);
	text_add(out, ">");
	add_number(out, value, step);
	if (unit[0] != '\0') {
		text_add(out, " ");
		svg_text(out, unit);
	}
	text_add(out, "</text>\n");
}

void draw_plot_rows(
	struct text *out, const struct draw_plot *plot, double scale, const char *unit)
{
	double step = draw_tick(plot->y_most * scale, ROWS_MAX);

	for (double y = 0; y <= plot->y_most * scale * 1.0001; y += step) {
		struct draw_point at = draw_plot_point(plot, plot->x_least, y / scale);
		bool last = y + step > plot->y_most * scale * 1.0001;

		text_print(out, "<path class=\"n k-%s\" stroke-width=\"1\" d=\"M",
			y <= 0 ? "line" : "grid");
		svg_number(out, at.x);
		text_add(out, " ");
		svg_number(out, at.y);
		text_add(out, "h");
		svg_number(out, plot->box.width);
		text_add(out, "\"/>\n");
		add_tick(out, (struct draw_point){ at.x - 7, at.y + 4 }, "end", y, step,
			last ? unit : "");
	}
}

void draw_plot_columns(struct text *out, const struct draw_plot *plot, const char *unit)
{
	double step = draw_tick(plot->x_most - plot->x_least, (unsigned)(plot->box.width / 70));

	for (double x = ceil(plot->x_least / step - 1e-9) * step;
		x <= plot->x_most + step * 1e-6; x += step) {
		struct draw_point at = draw_plot_point(plot, x, 0);

		add_tick(out, (struct draw_point){ at.x, plot->box.y + plot->box.height + 17 },
			"middle", x, step, x + step > plot->x_most + step * 1e-6 ? unit : "");
	}
}

void draw_plot_empty(struct text *out, const struct draw_plot *plot, const char *why)
{
	svg_label(out, plot->box.x + plot->box.width / 2, plot->box.y + plot->box.height / 2,
		13, "quiet", "middle", why);
}

static void add_at(struct text *out, const char *command, struct draw_point at)
{
	text_add(out, command);
	svg_number(out, at.x);
	text_add(out, " ");
	svg_number(out, at.y);
}

/* Along values, forwards or back; command: before the first point. */
static void add_steps(struct text *out, const struct draw_plot *plot, const double *values,
	size_t count, double width, bool back, const char *command)
{
	for (size_t i = 0; i < count; i++) {
		size_t at = back ? count - 1 - i : i, next = back ? at - 1 : at + 1;
		double from = plot->x_least + (double)(back ? at + 1 : at) * width;
		double to = plot->x_least + (double)(back ? at : at + 1) * width;
		double value = values == NULL ? 0 : values[at];

		if (i == 0)
			add_at(out, command, draw_plot_point(plot, from, value));
		else if (values != NULL && values[back ? at + 1 : at - 1] != value)
			add_at(out, "L", draw_plot_point(plot, from, value));
		if (i + 1 == count || (values != NULL && values[next] != value))
			add_at(out, "L", draw_plot_point(plot, to, value));
	}
}

void draw_plot_steps(struct text *out, const struct draw_plot *plot, const double *high,
	size_t count, double width, const char *attributes)
{
	text_print(out, "<path %s d=\"", attributes);
	add_steps(out, plot, high, count, width, false, "M");
	text_add(out, "\"/>\n");
}

void draw_plot_area(struct text *out, const struct draw_plot *plot, const double *low,
	const double *high, size_t count, double width, const char *attributes)
{
	text_print(out, "<path %s d=\"", attributes);
	add_steps(out, plot, high, count, width, false, "M");
	add_steps(out, plot, low, count, width, true, "L");
	text_add(out, "z\"/>\n");
}
