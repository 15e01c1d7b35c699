/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The comparison of ways to address a service.
 *
 *   title                       ways, with their medians
 *   +---------------------+   +---------------------+
 *   | response times      |   | load a site         |
 *   +---------------------+   +---------------------+
 *   +---------------------+   +---------------------+
 *   | a site dies         |   | a flood             |
 *   +---------------------+   +---------------------+
 *
 * Ways are told apart by colour, and by dashes (curves) or hatching (bars).
 */
#include "world/draw_compare.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "world/draw_chart.h"
#include "world/draw_world.h"

#define WIDTH        1280.0
#define HEIGHT       830.0
#define PLOT_WIDTH   540.0
#define PLOT_HEIGHT  245.0
#define LEFT         72.0
#define RIGHT        706.0
#define UPPER        176.0
#define LOWER        518.0
#define TIMES_PART   0.995 /* of the samples are within the axis */
#define CURVE_POINTS 120u
#define STEPS_MAX    270u /* of a strip */

/* A way's looks: colour of the palette, dashes of its curve, hatching of its bars. */
static const struct way_look {
	unsigned colour;
	const char *dashes;
} looks[DRAW_WAYS_MAX] = {
	{ 4, "stroke-dasharray=\"9 4\"" },
	{ 0, "" },
	{ 2, "stroke-dasharray=\"2.5 3.5\"" },
	{ 3, "stroke-dasharray=\"10 3 2.5 3\"" },
};

/* ---- Input ---- */

static int check_way(
	const struct draw_compare *c, const struct draw_way *way, struct error *error)
{
	if (way->sample_count > DRAW_SAMPLES_MAX)
		return error_set(error, ERROR_RANGE, "too many samples");
	for (size_t i = 0; i < way->sample_count; i++)
		if (!(fabs(way->samples[i].ms) < 1e9) || !(way->samples[i].weight >= 0) ||
			!(way->samples[i].weight < 1e15))
			return error_set(error, ERROR_RANGE, "sample %zu of %s", i, way->name);
	for (size_t i = 0; i < c->site_count; i++)
		if ((way->load != NULL && !(way->load[i] >= 0 && way->load[i] <= 1)) ||
			(way->flood != NULL && !(way->flood[i] >= 0 && way->flood[i] <= 1)))
			return error_set(
				error, ERROR_RANGE, "share of site %zu of %s", i, way->name);
	return 0;
}

static int compare_check(const struct draw_compare *c, struct error *error)
{
	int result = 0;

	if (c->way_count > DRAW_WAYS_MAX || c->site_count > 64 || c->bucket_count > 100000)
		return error_set(error, ERROR_RANGE, "too much to be compared");
	if (c->bucket_count > 0 &&
		(!(c->bucket_ms > 0 && c->bucket_ms < 1e9) || !(fabs(c->death_ms) < 1e12)))
		return error_set(error, ERROR_RANGE, "buckets without a time");
	for (size_t i = 0; i < c->way_count && result == 0; i++)
		result = check_way(c, &c->ways[i], error);
	return result;
}

/* ---- Response times ---- */

/* A way's samples in order; those without an answer last. */
struct sorted {
	struct draw_sample *samples;
	size_t count;
	double weight, answered; /* of all; of those with an answer */
};

static int by_ms(const void *a, const void *b)
{
	const struct draw_sample *left = a, *right = b;
	double one = left->ms < 0 ? HUGE_VAL : left->ms;
	double two = right->ms < 0 ? HUGE_VAL : right->ms;

	return (one > two) - (one < two);
}

static int sort_way(const struct draw_way *way, struct sorted *sorted)
{
	sorted->samples = calloc(way->sample_count + 1, sizeof(*sorted->samples));
	if (sorted->samples == NULL)
		return ERROR_MEMORY;
	sorted->count = way->sample_count;
	for (size_t i = 0; i < way->sample_count; i++) {
		sorted->samples[i] = way->samples[i];
		sorted->weight += way->samples[i].weight;
		sorted->answered += way->samples[i].ms < 0 ? 0 : way->samples[i].weight;
	}
	qsort(sorted->samples, sorted->count, sizeof(*sorted->samples), by_ms);
	return 0;
}

/* Negative: so many did not get an answer. */
static double percentile(const struct sorted *sorted, double part)
{
	double sum = 0;

	for (size_t i = 0; i < sorted->count; i++) {
		sum += sorted->samples[i].weight;
		if (sum > 0 && sum >= sorted->weight * part - 1e-9)
			return sorted->samples[i].ms;
	}
	return -1;
}

static double part_within(const struct sorted *sorted, double ms)
{
	double sum = 0;

	for (size_t i = 0; i < sorted->count; i++)
		if (sorted->samples[i].ms >= 0 && sorted->samples[i].ms <= ms)
			sum += sorted->samples[i].weight;
	return sorted->weight > 0 ? sum / sorted->weight : 0;
}

static void add_curve(
	struct text *out, const struct draw_plot *plot, const struct sorted *sorted, size_t way)
{
	if (sorted->answered <= 0)
		return;
	text_print(out, "<path class=\"arc k%u\" stroke-width=\"3\" %s d=\"M",
		looks[way].colour, looks[way].dashes);
	for (unsigned i = 0; i <= CURVE_POINTS; i++) {
		double ms = plot->x_most * i / CURVE_POINTS;
		struct draw_point at = draw_plot_point(plot, ms, part_within(sorted, ms));

		text_add(out, i == 0 ? "" : "L");
		svg_number(out, at.x);
		text_add(out, " ");
		svg_number(out, at.y);
	}
	text_add(out, "\"/>\n");
}

static void add_times(struct text *out, const struct draw_compare *c,
	const struct sorted sorted[DRAW_WAYS_MAX])
{
	struct draw_plot plot = { .box = { LEFT, UPPER, PLOT_WIDTH, PLOT_HEIGHT },
		.y_most = 1 };

	for (size_t w = 0; w < c->way_count; w++)
		for (double part = TIMES_PART; part > 0; part -= 0.05) {
			double ms = percentile(&sorted[w], part);

			if (ms < 0) /* as far as there were answers */
				continue;
			plot.x_most = fmax(plot.x_most, ms);
			break;
		}
	draw_plot_title(out, &plot, "Response time: share of users served within");
	if (plot.x_most <= 0) {
		draw_plot_empty(out, &plot, "not measured");
		return;
	}
	plot.x_most = ceil(plot.x_most * 1.05 / draw_tick(plot.x_most, 8)) *
		      draw_tick(plot.x_most, 8);
	draw_plot_rows(out, &plot, 100, "%");
	draw_plot_columns(out, &plot, "ms");
	for (size_t w = c->way_count; w-- > 0;)
		add_curve(out, &plot, &sorted[w], w);
}

/* ---- Bars ---- */

static const double *shares_of(const struct draw_way *way, bool flood)
{
	return flood ? way->flood : way->load;
}

static void add_bar(struct text *out, const struct draw_plot *plot, double x, double width,
	double part, size_t way)
{
	struct draw_point top = draw_plot_point(plot, 0, part),
			  bottom = draw_plot_point(plot, 0, 0);

	for (int hatched = 0; hatched <= (looks[way].dashes[0] != '\0' ? 1 : 0); hatched++) {
		if (hatched)
			text_print(out, "<rect fill=\"url(#hatch%zu)\"", way);
		else
			text_print(out, "<rect class=\"f%u\"", looks[way].colour);
		svg_attribute(out, "x", x);
		svg_attribute(out, "y", top.y);
		svg_attribute(out, "width", width);
		svg_attribute(out, "height", bottom.y - top.y);
		text_add(out, "/>\n");
	}
}

static void add_site_name(struct text *out, const struct draw_plot *plot, double x,
	double width, const char *name)
{
	text_add(out, "<text class=\"ink\" text-anchor=\"middle\" font-size=\"11.5\"");
	svg_attribute(out, "x", x);
	svg_attribute(out, "y", plot->box.y + plot->box.height + 17);
	text_add(out, ">");
	svg_text_short(out, name, (unsigned)fmax(1, width / 7));
	text_add(out, "</text>\n");
}

static void add_bars(
	struct text *out, const struct draw_compare *c, bool flood, double y, const char *title)
{
	struct draw_plot plot = { .box = { RIGHT, y, PLOT_WIDTH, PLOT_HEIGHT } };
	double group = PLOT_WIDTH / fmax(1, (double)c->site_count);
	double width = fmin(34, group * 0.8 / fmax(1, (double)c->way_count));
	bool known = false;

	draw_plot_title(out, &plot, title);
	for (size_t w = 0; w < c->way_count; w++)
		for (size_t s = 0; shares_of(&c->ways[w], flood) != NULL && s < c->site_count;
			s++) {
			plot.y_most = fmax(plot.y_most, shares_of(&c->ways[w], flood)[s]);
			known = true;
		}
	if (!known) {
		draw_plot_empty(out, &plot, "not measured");
		return;
	}
	plot.y_most = fmax(0.05, ceil(plot.y_most * 20) / 20);
	draw_plot_rows(out, &plot, 100, "%");
	for (size_t s = 0; s < c->site_count; s++) {
		double middle = RIGHT + group * ((double)s + 0.5);
		double x = middle - width * (double)c->way_count / 2;

		for (size_t w = 0; w < c->way_count; w++)
			if (shares_of(&c->ways[w], flood) != NULL)
				add_bar(out, &plot, x + width * (double)w, width * 0.9,
					shares_of(&c->ways[w], flood)[s], w);
		add_site_name(out, &plot, middle, group, c->sites[s]);
	}
}

/* ---- A site's death: a strip each way ---- */

struct strip {
	double answered[STEPS_MAX], lost[STEPS_MAX];
	size_t count;
	double step_ms, most;
	uint64_t lost_total;
};

static void strip_make(
	const struct draw_compare *c, const struct draw_way *way, struct strip *strip)
{
	size_t per_step = (c->bucket_count + STEPS_MAX - 1) / STEPS_MAX;

	*strip = (struct strip){ .count = (c->bucket_count + per_step - 1) / per_step,
		.step_ms = c->bucket_ms * (double)per_step };
	for (size_t i = 0; i < c->bucket_count; i++) {
		strip->answered[i / per_step] += way->answered[i];
		if (way->lost != NULL) {
			strip->lost[i / per_step] += way->lost[i];
			strip->lost_total += way->lost[i];
		}
	}
	/* Lost ones stand on the answered. */
	for (size_t i = 0; i < strip->count; i++) {
		strip->lost[i] += strip->answered[i];
		strip->most = fmax(strip->most, strip->lost[i]);
	}
}

static void add_death_line(struct text *out, const struct draw_plot *plot)
{
	text_add(out,
		"<path class=\"n k-ink\" stroke-width=\"1.6\" stroke-dasharray=\"4 3\" d=\"M");
	svg_number(out, draw_plot_point(plot, 0, 0).x);
	text_add(out, " ");
	svg_number(out, plot->box.y);
	text_add(out, "v");
	svg_number(out, plot->box.height + 4);
	text_add(out, "\"/>\n");
}

static void add_strip(struct text *out, const struct draw_compare *c, size_t w,
	struct strip *strip, struct draw_plot *plot)
{
	const struct draw_way *way = &c->ways[w];
	struct text line = { 0 };
	char attributes[64], ms[DRAW_NUMBER_MAX];

	strip_make(c, way, strip);
	plot->x_least = -c->death_ms;
	plot->x_most = strip->step_ms * (double)strip->count - c->death_ms;
	plot->y_most = strip->most > 0 ? strip->most : 1;
	snprintf(attributes, sizeof(attributes), "class=\"f%u\"", looks[w].colour);
	draw_plot_area(
		out, plot, NULL, strip->answered, strip->count, strip->step_ms, attributes);
	draw_plot_area(out, plot, strip->answered, strip->lost, strip->count, strip->step_ms,
		"fill=\"url(#lost)\"");
	add_death_line(out, plot);
	text_print(&line, "%s: %llu lost", way->name, (unsigned long long)strip->lost_total);
	if (way->restored_ms >= 0)
		text_print(&line, ", all served again after %s", draw_ms(way->restored_ms, ms));
	else
		text_add(&line, ", never all served again");
	svg_label(out, plot->box.x, plot->box.y - 5, 12.5, "ink", "start", text_string(&line));
	text_clear(&line);
}

static int add_death(struct text *out, const struct draw_compare *c)
{
	struct draw_plot plot = { .box = { LEFT, LOWER, PLOT_WIDTH, PLOT_HEIGHT } };
	double height = PLOT_HEIGHT / fmax(1, (double)c->way_count);
	struct strip *strip = calloc(1, sizeof(*strip));
	bool known = false;

	if (strip == NULL)
		return ERROR_MEMORY;
	draw_plot_title(out, &plot, "A site dies: requests answered, lost");
	for (size_t w = 0; w < c->way_count && c->bucket_count > 0; w++) {
		if (c->ways[w].answered == NULL)
			continue;
		plot.box.y = LOWER + height * (double)w + 18;
		plot.box.height = height - 26;
		add_strip(out, c, w, strip, &plot);
		known = true;
	}
	plot.box = (struct draw_box){ LEFT, LOWER, PLOT_WIDTH, PLOT_HEIGHT };
	if (known) {
		draw_plot_columns(out, &plot, "ms");
		if (c->death != NULL)
			svg_label(out, LEFT + PLOT_WIDTH, LOWER - 16, 12, "quiet", "end",
				c->death);
	} else {
		draw_plot_empty(out, &plot, "not measured");
	}
	free(strip);
	return 0;
}

/* ---- The head ---- */

static void add_patterns(struct text *out, const struct draw_compare *c)
{
	static const char *const hatches[DRAW_WAYS_MAX] = { "M0 6 6 0", "", "M3 0v6",
		"M0 0 6 6M0 6 6 0" };

	text_add(out, "<defs>\n<pattern id=\"lost\" width=\"5\" height=\"5\" "
		      "patternUnits=\"userSpaceOnUse\"><rect class=\"paper\" width=\"5\" "
		      "height=\"5\"/><path class=\"n k-bad\" stroke-width=\"2\" "
		      "d=\"M0 5 5 0M-1 1 1-1M4 6 6 4\"/></pattern>\n");
	for (size_t w = 0; w < c->way_count; w++)
		text_print(out,
			"<pattern id=\"hatch%zu\" width=\"6\" height=\"6\" "
			"patternUnits=\"userSpaceOnUse\"><path class=\"n k-paper\" "
			"stroke-width=\"1.4\" d=\"%s\"/></pattern>\n",
			w, hatches[w]);
	text_add(out, "</defs>\n");
}

static void add_way(struct text *out, const struct draw_way *way, const struct sorted *sorted,
	size_t w, double x)
{
	struct draw_plot sample = { .box = { x, 78, 22, 22 }, .y_most = 1 };
	struct text line = { 0 };
	char ms[DRAW_NUMBER_MAX];

	add_bar(out, &sample, x, 22, 1, w);
	text_print(out, "<path class=\"arc k%u\" stroke-width=\"3\" %s d=\"M", looks[w].colour,
		looks[w].dashes);
	svg_number(out, x + 30);
	text_add(out, " 89h34\"/>\n");
	svg_label(out, x + 74, 86, 14.5, "b ink", "start", way->name);
	if (sorted->answered > 0) {
		text_print(&line, "median %s", draw_ms(percentile(sorted, 0.5), ms));
		text_print(&line, ", 95 %% %s", draw_ms(percentile(sorted, 0.95), ms));
	}
	svg_label(out, x + 74, 104, 12.5, "quiet", "start", text_string(&line));
	text_clear(&line);
}

static void add_head(struct text *out, const struct draw_compare *c,
	const struct sorted sorted[DRAW_WAYS_MAX], enum draw_theme theme)
{
	const char *title = c->title == NULL ? "Ways to address a service" : c->title;

	svg_begin(out, WIDTH, HEIGHT, title, theme);
	svg_label(out, 24, 40, 25, "b ink", "start", title);
	for (size_t w = 0; w < c->way_count; w++)
		add_way(out, &c->ways[w], &sorted[w], w, 30 + 306 * (double)w);
}

int draw_compare(const struct draw_compare *c, enum draw_theme theme, struct text *out,
	struct error *error)
{
	struct sorted sorted[DRAW_WAYS_MAX] = { 0 };
	int result = compare_check(c, error);

	if (result != 0)
		return result;
	for (size_t w = 0; w < c->way_count && result == 0; w++)
		result = sort_way(&c->ways[w], &sorted[w]);
	if (result == 0) {
		add_head(out, c, sorted, theme);
		add_patterns(out, c);
		add_times(out, c, sorted);
		add_bars(out, c, false, UPPER, "Load: share of requests at each site");
		result = add_death(out, c);
		add_bars(out, c, true, LOWER, "A flood: share of it at each site");
		svg_end(out);
	}
	for (size_t w = 0; w < c->way_count; w++)
		free(sorted[w].samples);
	return result != 0 || out->failed
		       ? error_set(error, ERROR_MEMORY, "no memory for the drawing")
		       : 0;
}
