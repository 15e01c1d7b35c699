/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Answered and lost requests over time.
 *
 *   answered |  A A A | B B B B      areas on each other, a site each
 *            |________|________
 *   lost     |        |#             downwards: not a matter of colour; the same scale, unless
 *                                     there are too many for the place
 *                     0   100 ms
 *
 * Invariants:
 *  1. No request disappears: buckets are added up, never dropped, where there are more of them
 *     than units of width.
 */
#include "world/draw_timeline.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "world/draw_chart.h"
#include "world/draw_map_internal.h"

#define WIDTH         1280.0
#define HEIGHT        490.0
#define LEFT          78.0
#define TOP           108.0
#define PLOT_WIDTH    1174.0
#define PLOT_HEIGHT   240.0
#define LOST_HEIGHT   80.0
#define STEPS_MAX     580u
#define EVENT_ROWS    3u
#define LABEL_COLUMNS 60u

/* Buckets put together. */
struct heights {
	size_t count; /* of steps */
	double step_ms;
	double *low, *high; /* [count] of the area that is drawn */
	double *lost;       /* [count] */
	double most;
	uint64_t answered_total, lost_total;
};

static int timeline_check(const struct draw_timeline *t, struct error *error)
{
	if (t->bucket_count == 0 || t->bucket_count > DRAW_BUCKETS_MAX ||
		t->site_count > DRAW_LANES_MAX || t->event_count > DRAW_EVENTS_MAX)
		return error_set(error, ERROR_RANGE, "a timeline of %zu buckets, %zu sites",
			t->bucket_count, t->site_count);
	if (!(t->bucket_ms > 0 && t->bucket_ms < 1e9))
		return error_set(error, ERROR_RANGE, "buckets without a length");
	for (size_t i = 0; i < t->event_count; i++)
		if (!(fabs(t->events[i].at_ms) < 1e12))
			return error_set(error, ERROR_RANGE, "an event without a time");
	return 0;
}

static void add_site(
	const struct draw_timeline *t, size_t site, size_t per_step, double *heights)
{
	for (size_t i = 0; i < t->bucket_count; i++)
		heights[i / per_step] += t->answered[i * t->site_count + site];
}

static int heights_make(const struct draw_timeline *t, struct heights *h)
{
	size_t per_step = (t->bucket_count + STEPS_MAX - 1) / STEPS_MAX;
	double *sum;

	h->count = (t->bucket_count + per_step - 1) / per_step;
	h->step_ms = t->bucket_ms * (double)per_step;
	h->low = calloc(h->count, sizeof(double));
	h->high = calloc(h->count, sizeof(double));
	h->lost = calloc(h->count, sizeof(double));
	sum = calloc(h->count, sizeof(double));
	if (h->low == NULL || h->high == NULL || h->lost == NULL || sum == NULL) {
		free(sum);
		return ERROR_MEMORY;
	}
	for (size_t s = 0; s < t->site_count; s++)
		add_site(t, s, per_step, sum);
	for (size_t i = 0; i < t->bucket_count && t->lost != NULL; i++)
		h->lost[i / per_step] += t->lost[i];
	for (size_t i = 0; i < h->count; i++) {
		h->most = fmax(h->most, fmax(sum[i], h->lost[i]));
		h->answered_total += (uint64_t)sum[i];
		h->lost_total += (uint64_t)h->lost[i];
	}
	free(sum);
	return 0;
}

static void heights_clear(struct heights *h)
{
	free(h->low);
	free(h->high);
	free(h->lost);
}

/* ---- Areas ---- */

/* The letter where the area is thickest, if it is thick enough for one. */
static void add_letter(
	struct text *out, const struct draw_plot *plot, const struct heights *h, size_t site)
{
	char letter[DRAW_NUMBER_MAX], class[DRAW_NUMBER_MAX];
	size_t best = 0, end = 0;
	struct draw_point low, high;

	for (size_t i = 1; i < h->count; i++)
		if (h->high[i] - h->low[i] > (h->high[best] - h->low[best]) * 1.0001)
			best = i;
	for (end = best; end < h->count &&
			 h->high[end] - h->low[end] >= (h->high[best] - h->low[best]) * 0.8;
		end++)
		continue;
	low = draw_plot_point(plot, plot->x_least + (double)best * h->step_ms, h->low[best]);
	high = draw_plot_point(plot, plot->x_least + (double)end * h->step_ms, h->high[best]);
	if (low.y - high.y < 13 || high.x - low.x < 13)
		return;
	snprintf(class, sizeof(class), "b t%u", draw_colour(site));
	svg_label(out, (low.x + high.x) / 2, (low.y + high.y) / 2 + 4.5, 13, class, "middle",
		draw_letter(site, letter));
}

static void add_areas(struct text *out, const struct draw_timeline *t,
	const struct draw_plot *plot, struct heights *h)
{
	size_t per_step = (size_t)(h->step_ms / t->bucket_ms + 0.5);
	char attributes[64];

	for (size_t s = 0; s < t->site_count; s++) {
		for (size_t i = 0; i < h->count; i++)
			h->low[i] = h->high[i];
		add_site(t, s, per_step, h->high);
		snprintf(attributes, sizeof(attributes), "class=\"f%u\"", draw_colour(s));
		draw_plot_area(out, plot, h->low, h->high, h->count, h->step_ms, attributes);
		add_letter(out, plot, h, s);
	}
}

static void add_lost(struct text *out, const struct draw_plot *plot, const struct heights *h)
{
	/* The plot stands on its head. */
	struct draw_plot below = *plot;
	char number[DRAW_NUMBER_MAX];
	double most = 0;

	for (size_t i = 0; i < h->count; i++)
		most = fmax(most, h->lost[i]);
	below.box.y = plot->box.y + 2 * plot->box.height + 3;
	below.box.height = -plot->box.height;
	if (most * plot->box.height / plot->y_most > LOST_HEIGHT) /* too deep for its place */
		below.y_most = most * plot->box.height / LOST_HEIGHT;
	draw_plot_area(out, &below, NULL, h->lost, h->count, h->step_ms, "class=\"bad\"");
	svg_label(out, plot->box.x - 8, plot->box.y + plot->box.height + 18, 11.5, "bad b",
		"end", "lost");
	if (most <= 0)
		return;
	snprintf(number, sizeof(number), "%.0f /s", most * 1000 / h->step_ms);
	svg_label(out, plot->box.x - 8,
		fmax(draw_plot_point(&below, 0, most).y, plot->box.y + plot->box.height + 32),
		11.5, "bad", "end", number);
}

/* ---- Around ---- */

static void add_event_line(struct text *out, const struct draw_plot *plot, double x, double top)
{
	text_add(out, "<path class=\"n k-ink\" stroke-width=\"1.4\" "
		      "stroke-dasharray=\"4 3\" d=\"M");
	svg_number(out, x);
	text_add(out, " ");
	svg_number(out, top);
	text_add(out, "V");
	svg_number(out, plot->box.y + plot->box.height + LOST_HEIGHT);
	text_add(out, "\"/>\n");
}

static void add_event_label(struct text *out, double x, double y, bool left, const char *label)
{
	text_print(out, "<text class=\"ink halo k-paper\" font-size=\"12\"%s",
		left ? " text-anchor=\"end\"" : "");
	svg_attribute(out, "x", x + (left ? -5 : 5));
	svg_attribute(out, "y", y);
	text_add(out, ">");
	svg_text_short(out, label, LABEL_COLUMNS);
	text_add(out, "</text>\n");
}

/* Each in the lowest row that is free: all lines first, so that none goes through a name. */
static void add_events(struct text *out, const struct draw_timeline *t,
	const struct draw_plot *plot, double zero)
{
	for (int names = 0; names <= 1; names++) {
		double free_from[EVENT_ROWS];

		for (size_t row = 0; row < EVENT_ROWS; row++)
			free_from[row] = -HUGE_VAL;
		for (size_t i = 0; i < t->event_count; i++) {
			double x = draw_plot_point(plot, t->events[i].at_ms - zero, 0).x;
			double width = svg_width_short(t->events[i].label, 12, LABEL_COLUMNS);
			bool left = x + width > plot->box.x + plot->box.width;
			double y = plot->box.y - 8;
			size_t row = 0;

			if (x < plot->box.x - 1 || x > plot->box.x + plot->box.width + 1)
				continue;
			while (row < EVENT_ROWS - 1 && x - (left ? width : 0) < free_from[row])
				row++;
			free_from[row] = x + (left ? 0 : width) + 12;
			y -= 14 * (double)row;
			if (names)
				add_event_label(out, x, y, left, t->events[i].label);
			else
				add_event_line(out, plot, x, y - 10);
		}
	}
}

static void add_legend(struct text *out, const struct draw_timeline *t, double y)
{
	double x = LEFT;

	for (size_t s = 0; s < t->site_count; s++) {
		double width = 26 + svg_width_short(t->sites[s], 12.5, 20) + 18;

		if (x + width > WIDTH - 20) /* what does not fit has its letter in the map */
			return;
		draw_site_mark(out, (struct draw_point){ x + 9, y }, 9, s, DRAW_OK);
		text_add(out, "<text class=\"ink\" font-size=\"12.5\"");
		svg_attribute(out, "x", x + 24);
		svg_attribute(out, "y", y + 4.5);
		text_add(out, ">");
		svg_text_short(out, t->sites[s], 20);
		text_add(out, "</text>\n");
		x += width;
	}
}

/* "12,000 requests answered, 37 lost within 46 ms" */
static void summarise(const struct draw_timeline *t, const struct heights *h, struct text *line)
{
	size_t first = t->bucket_count, last = 0;
	char ms[DRAW_NUMBER_MAX];

	for (size_t i = 0; i < t->bucket_count && t->lost != NULL; i++)
		if (t->lost[i] > 0) {
			first = i < first ? i : first;
			last = i + 1;
		}
	text_print(line, "%llu requests answered, %llu lost",
		(unsigned long long)h->answered_total, (unsigned long long)h->lost_total);
	if (last > first)
		text_print(
			line, " within %s", draw_ms((double)(last - first) * t->bucket_ms, ms));
}

int draw_timeline(const struct draw_timeline *t, enum draw_theme theme, struct text *out,
	struct error *error)
{
	struct draw_plot plot = { .box = { LEFT, TOP, PLOT_WIDTH, PLOT_HEIGHT } };
	struct heights h = { 0 };
	struct text line = { 0 };
	double zero = t->event_count > 0 ? t->events[0].at_ms : 0;
	int result = timeline_check(t, error);

	if (result != 0)
		return result;
	result = heights_make(t, &h);
	if (result != 0)
		goto out;
	plot.x_least = -zero;
	plot.x_most = h.step_ms * (double)h.count - zero;
	plot.y_most = h.most > 0 ? h.most : 1;
	summarise(t, &h, &line);
	svg_begin(out, WIDTH, HEIGHT, t->title == NULL ? "Requests" : t->title, theme);
	svg_label(out, 24, 38, 25, "b ink", "start", t->title == NULL ? "Requests" : t->title);
	svg_label(out, 24, 62, 15, "quiet", "start", text_string(&line));
	draw_plot_rows(out, &plot, 1000 / h.step_ms, "/s");
	add_areas(out, t, &plot, &h);
	add_lost(out, &plot, &h);
	add_events(out, t, &plot, zero);
	plot.box.height += LOST_HEIGHT;
	draw_plot_columns(out, &plot, "ms");
	add_legend(out, t, HEIGHT - 18);
	svg_end(out);
out:
	text_clear(&line);
	heights_clear(&h);
	return result != 0 || out->failed
		       ? error_set(error, ERROR_MEMORY, "no memory for the drawing")
		       : 0;
}
