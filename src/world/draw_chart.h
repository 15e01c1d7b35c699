/* SPDX-License-Identifier: Apache-2.0 */
/* What charts share: axes, ticks, step areas. */
#ifndef NEARCAST_WORLD_DRAW_CHART_H
#define NEARCAST_WORLD_DRAW_CHART_H

#include "world/draw_labels.h"
#include "world/draw_svg.h"

/* A plot in a box of the drawing: x from x_least to x_most, y from 0 to y_most. */
struct draw_plot {
	struct draw_box box;
	double x_least, x_most, y_most;
};

struct draw_point draw_plot_point(const struct draw_plot *plot, double x, double y);

/* A distance of ticks that people count in (1, 2 or 5 times a power of ten), so that there are
 * `most` of them or fewer. */
double draw_tick(double range, unsigned most);

/* A heading, in bold, above the plot. */
void draw_plot_title(struct text *out, const struct draw_plot *plot, const char *title);
/* Lines across and numbers at the left, times `scale`, with the unit at the last. */
void draw_plot_rows(
	struct text *out, const struct draw_plot *plot, double scale, const char *unit);
/* Numbers below, with the unit at the last. */
void draw_plot_columns(struct text *out, const struct draw_plot *plot, const char *unit);
/* Instead of a plot that has no data. */
void draw_plot_empty(struct text *out, const struct draw_plot *plot, const char *why);

/* Steps: value i from x_least + i * width on. Lines, or the area between low and high (low
 * NULL: 0). attributes: of the path. */
void draw_plot_steps(struct text *out, const struct draw_plot *plot, const double *high,
	size_t count, double width, const char *attributes);
void draw_plot_area(struct text *out, const struct draw_plot *plot, const double *low,
	const double *high, size_t count, double width, const char *attributes);

#endif
