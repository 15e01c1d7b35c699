/* SPDX-License-Identifier: Apache-2.0 */
/* Writes a drawing of a sample world to standard output: to look at, and for docs/. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "sample.h"
#include "world/draw_compare.h"
#include "world/draw_map.h"
#include "world/draw_table.h"
#include "world/draw_timeline.h"
#include "world/export_world.h"

static struct sample one, two;

static int print_map(void (*make)(struct sample *), enum draw_theme theme, struct text *out)
{
	struct draw_map_options options = { .theme = theme };
	struct draw_map_result shown;
	int result;

	make(&one);
	result = draw_map(&one.world, &options, out, &shown, NULL);
	fprintf(stderr, "%zu labels, %zu left out, overlap %.1f, %zu bytes\n", shown.labels,
		shown.labels_left_out, shown.labels_overlap, out->length);
	return result;
}

static int demo(struct text *out)
{
	return print_map(sample_demo, DRAW_EITHER, out);
}

static int demo_dark(struct text *out)
{
	return print_map(sample_demo, DRAW_DARK, out);
}

static int demo_down(struct text *out)
{
	return print_map(sample_demo_after, DRAW_LIGHT, out);
}

static int root(struct text *out)
{
	return print_map(sample_root, DRAW_EITHER, out);
}

static int europe(struct text *out)
{
	return print_map(sample_europe, DRAW_EITHER, out);
}

static int hostile(struct text *out)
{
	return print_map(sample_hostile, DRAW_EITHER, out);
}

static int change(struct text *out)
{
	struct draw_map_options options = { .theme = DRAW_EITHER,
		.caption = "Frankfurt lost power, Singapore was drained, one cable was cut" };
	struct draw_map_result shown;
	int result;

	sample_demo(&one);
	sample_demo_after(&two);
	result = draw_map_change(&one.world, &two.world, &options, out, &shown, NULL);
	fprintf(stderr, "%zu labels, %zu left out, overlap %.1f, %zu bytes\n", shown.labels,
		shown.labels_left_out, shown.labels_overlap, out->length);
	return result;
}

static int dot(struct text *out)
{
	sample_demo_after(&one);
	return export_dot(&one.world, out, NULL);
}

static int dot_hostile(struct text *out)
{
	sample_hostile(&one);
	return export_dot(&one.world, out, NULL);
}

static int geojson_hostile(struct text *out)
{
	sample_hostile(&one);
	return export_geojson(&one.world, out, NULL);
}

static int geojson(struct text *out)
{
	sample_demo_after(&one);
	return export_geojson(&one.world, out, NULL);
}

static int rfc8345(struct text *out)
{
	sample_demo_after(&one);
	return export_rfc8345(&one.world, out, NULL);
}

static int table(struct text *out)
{
	sample_demo(&one);
	return draw_table(&one.world, out, NULL);
}

static int table_change(struct text *out)
{
	sample_demo(&one);
	sample_demo_after(&two);
	return draw_table_change(&one.world, &two.world, out, NULL);
}

static int terminal(struct text *out)
{
	sample_root(&one);
	return draw_terminal_map(&one.world, 100, out, NULL);
}

#define SITES   6
#define BUCKETS 300

static const char *const site_names[SITES] = { "fra", "nyc", "sjc", "sin", "tyo", "sao" };

/* Site 0 dies at bucket 100; two others take its requests 5 buckets later. */
static int timeline(struct text *out)
{
	static const uint32_t rates[SITES] = { 40, 10, 10, 30, 20, 10 };
	static uint32_t answered[BUCKETS * SITES], lost[BUCKETS];
	static const struct draw_event events[] = { { 1000, "fra loses power" },
		{ 1032, "BFD down" }, { 2400, "fra is back" } };
	const struct draw_timeline t = { .title = "A site loses its power",
		.bucket_ms = 10,
		.bucket_count = BUCKETS,
		.sites = site_names,
		.site_count = SITES,
		.answered = answered,
		.lost = lost,
		.events = events,
		.event_count = 3 };

	for (size_t b = 0; b < BUCKETS; b++) {
		bool dead = b >= 100 && b < 240;

		for (size_t s = 0; s < SITES; s++)
			answered[b * SITES + s] = rates[s];
		lost[b] = dead && b < 105 ? 40 : 0;
		if (dead)
			answered[b * SITES] = 0;
		if (dead && b >= 105) {
			answered[b * SITES + 1] += 25;
			answered[b * SITES + 3] += 15;
		}
	}
	return draw_timeline(&t, DRAW_EITHER, out, NULL);
}

static uint32_t lost_at(size_t way, size_t bucket)
{
	static const size_t ends[] = { BUCKETS, 106, 220 };

	return bucket >= 100 && bucket < ends[way] ? (way == 0 ? 120 : 40) : 0;
}

static int compare(struct text *out)
{
	static const double loads[3][SITES] = { { 1, 0, 0, 0, 0, 0 },
		{ 0.28, 0.06, 0.08, 0.45, 0.06, 0.07 }, { 0.2, 0.15, 0.1, 0.3, 0.15, 0.1 } };
	static const char *const names[] = { "unicast", "anycast", "DNS" };
	static struct draw_sample samples[3][100];
	static uint32_t answered[3][BUCKETS], lost[3][BUCKETS];
	struct draw_way ways[3] = { 0 };
	const struct draw_compare c = { .title = "Three ways to address six sites",
		.sites = site_names,
		.site_count = SITES,
		.ways = ways,
		.way_count = 3,
		.bucket_ms = 10,
		.bucket_count = BUCKETS,
		.death_ms = 1000,
		.death = "fra dies at 0" };

	for (size_t w = 0; w < 3; w++) {
		for (size_t i = 0; i < 100; i++)
			samples[w][i] = (struct draw_sample){
				.ms = 4 +
				      (double)i * (w == 0          ? 2.6
							  : w == 1 ? 0.9
								   : 1.2) +
				      10 * sin((double)(i * (w + 2))) * sin((double)i),
				.weight = 1
			};
		for (size_t b = 0; b < BUCKETS; b++) {
			lost[w][b] = lost_at(w, b);
			answered[w][b] = 120 - lost[w][b];
		}
		ways[w] = (struct draw_way){ .name = names[w],
			.samples = samples[w],
			.sample_count = 100,
			.load = loads[w],
			.flood = w == 2 ? NULL : loads[w],
			.answered = answered[w],
			.lost = lost[w],
			.restored_ms = w == 0   ? -1
				       : w == 1 ? 60
						: 1200 };
	}
	return draw_compare(&c, DRAW_EITHER, out, NULL);
}

static const struct picture {
	const char *name;
	int (*print)(struct text *out);
} pictures[] = {
	{ "demo", demo },
	{ "demo-dark", demo_dark },
	{ "demo-down", demo_down },
	{ "root", root },
	{ "europe", europe },
	{ "hostile", hostile },
	{ "change", change },
	{ "timeline", timeline },
	{ "compare", compare },
	{ "table", table },
	{ "table-change", table_change },
	{ "terminal", terminal },
	{ "dot", dot },
	{ "dot-hostile", dot_hostile },
	{ "geojson", geojson },
	{ "geojson-hostile", geojson_hostile },
	{ "rfc8345", rfc8345 },
};

int main(int count, char **arguments)
{
	struct text out = { 0 };
	int result = -1;

	for (size_t i = 0; count == 2 && i < sizeof(pictures) / sizeof(pictures[0]); i++)
		if (strcmp(pictures[i].name, arguments[1]) == 0)
			result = pictures[i].print(&out);
	fputs(text_string(&out), stdout);
	text_clear(&out);
	return result == 0 ? 0 : 1;
}
