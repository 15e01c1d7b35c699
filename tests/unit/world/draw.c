/* SPDX-License-Identifier: Apache-2.0 */
/* Maps and tables of sample worlds: what they say, that they can be read, that nothing in a
 * world breaks them. What their formats demand is checked in pictures.py. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/width.h"
#include "sample.h"
#include "world/draw_grid.h"
#include "world/draw_land.h"
#include "world/draw_map.h"
#include "world/draw_scene.h"
#include "world/draw_table.h"
#include "world/export_json.h"
#include "world/export_world.h"

static struct sample one, two;
static const struct draw_map_options plain = { .theme = DRAW_EITHER };

#define CLOSE(a, b) assert_true(fabs((a) - (b)) < 1e-3)

/* ---- The globe ---- */

static void test_projection(void **state)
{
	struct draw_point middle = draw_project(DRAW_MIDDLE, 0);

	(void)state;
	CLOSE(middle.x, 0);
	CLOSE(middle.y, 0);
	CLOSE(draw_project(DRAW_MIDDLE + 180, 0).x, DRAW_HALF_WIDTH);
	CLOSE(draw_project(0, 90).y, 1.42239);
	CLOSE(draw_project(0, -90).y, -1.42239);
	/* The Bering Strait is at the edges, the date line is not. */
	assert_true(draw_project_wrapped(-168, 65).x < 0);
	assert_true(draw_project_wrapped(-170, 65).x > 0);
	assert_true(draw_project_wrapped(180, 0).x < DRAW_HALF_WIDTH);
}

static void test_great_circle(void **state)
{
	static const struct draw_degrees quito = { 0, 0 }, north = { 90, 0 },
					 behind = { 180, 0 };
	struct draw_degrees half = draw_great_circle(quito, north, 0.5);
	struct draw_degrees pole = draw_great_circle(quito, behind, 0.5);

	(void)state;
	CLOSE(half.longitude, 45);
	CLOSE(half.latitude, 0);
	CLOSE(pole.latitude, 90);
	CLOSE(draw_angle(quito, behind), 180);
	CLOSE(draw_great_circle(quito, quito, 0.7).longitude, 0);
}

static void test_crossing(void **state)
{
	static const struct {
		struct draw_degrees a, b;
		double cut;
		int crosses;
		double latitude;
	} cases[] = {
		{ { 170, 10 }, { -170, 30 }, 180, 1, 20 },
		{ { -170, 10 }, { 170, 30 }, 180, 1, 20 },
		{ { 170, 0 }, { 175, 0 }, 180, 0, 0 },
		{ { -10, 0 }, { 10, 0 }, 180, 0, 0 },
		{ { -165, 0 }, { -175, 10 }, 191, 1, 4 },
		{ { 180, 0 }, { -170, 0 }, 180, 0, 0 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		double latitude = 0;

		assert_int_equal(draw_crossing(cases[i].a, cases[i].b, cases[i].cut, &latitude),
			cases[i].crosses);
		CLOSE(latitude, cases[i].latitude);
	}
}

static bool on_land(double longitude, double latitude)
{
	bool inside = false;

	for (size_t ring = 0; ring < land_count; ring++) {
		size_t first = land_starts[ring], end = land_starts[ring + 1];

		for (size_t i = first, j = end - 1; i < end; j = i++) {
			double ay = land_points[i].latitude / 100.0,
			       by = land_points[j].latitude / 100.0;
			double ax = land_points[i].longitude / 100.0,
			       bx = land_points[j].longitude / 100.0;

			if ((ay > latitude) != (by > latitude) &&
				longitude < (bx - ax) * (latitude - ay) / (by - ay) + ax)
				inside = !inside;
		}
	}
	return inside;
}

static void test_land(void **state)
{
	static const struct {
		double longitude, latitude;
		bool land;
	} places[] = { { 10, 50, true }, { -100, 40, true }, { 134, -25, true },
		{ 25, 0, true }, { -42, 72, true }, { 178, 66.5, true }, { 187, 66.5, true },
		{ 100, 65, true }, { -30, 40, false }, { -150, 0, false }, { 80, -20, false },
		{ 51, 42, false }, { 0, -50, false } };

	(void)state;
	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++)
		assert_int_equal(
			on_land(places[i].longitude, places[i].latitude), places[i].land);
	for (size_t i = 0; i < land_starts[land_count]; i++)
		assert_true(land_points[i].longitude >= -17400 &&
			    land_points[i].longitude <= 19600);
}

/* ---- Input ---- */

static void break_coordinates(struct sample *s)
{
	s->places[1].latitude = (double)NAN;
}

static void break_longitude(struct sample *s)
{
	s->places[1].longitude = 181;
}

static void break_name(struct sample *s)
{
	s->places[1].name = NULL;
}

static void break_weight(struct sample *s)
{
	s->places[2].weight = (double)INFINITY;
}

static void break_link(struct sample *s)
{
	s->links[0].to = (uint32_t)s->world.place_count;
}

static void break_client(struct sample *s)
{
	s->answers[0].client = 0;
}

static void break_site(struct sample *s)
{
	s->answers[0].site = 3;
}

static void break_share(struct sample *s)
{
	s->answers[0].share = 1.5;
}

static void break_size(struct sample *s)
{
	s->world.place_count = DRAW_PLACES_MAX + 1;
}

static void test_bad_worlds(void **state)
{
	static void (*const breaks[])(struct sample *) = { break_coordinates, break_longitude,
		break_name, break_weight, break_link, break_client, break_site, break_share,
		break_size };

	(void)state;
	for (size_t i = 0; i < sizeof(breaks) / sizeof(breaks[0]); i++) {
		struct error error = { 0 };
		struct text out = { 0 };

		sample_europe(&one);
		sample_europe(&two);
		breaks[i](&one);
		assert_true(draw_world_check(&one.world, &error) < 0);
		assert_true(error.text[0] != '\0');
		assert_true(draw_map(&one.world, &plain, &out, NULL, NULL) < 0);
		assert_true(
			draw_map_change(&two.world, &one.world, &plain, &out, NULL, NULL) < 0);
		assert_true(draw_table(&one.world, &out, NULL) < 0);
		assert_true(export_dot(&one.world, &out, NULL) < 0);
		assert_true(export_geojson(&one.world, &out, NULL) < 0);
		assert_true(export_rfc8345(&one.world, &out, NULL) < 0);
		assert_int_equal(out.length, 0);
	}
}

static void test_index(void **state)
{
	struct draw_index index;
	struct draw_tally tally;

	(void)state;
	sample_demo(&one);
	assert_int_equal(draw_index_make(&one.world, &index), 0);
	assert_int_equal(index.site_count, 6);
	assert_int_equal(index.client_count, 12);
	/* Tokyo's answers: the larger share first. */
	assert_int_equal(index.first[8] - index.first[7], 2);
	assert_int_equal(draw_main_answer(&index, 7)->site, 4);
	assert_int_equal(draw_tally_make(&index, 3, &tally), 0);
	assert_int_equal(tally.clients, 3);
	CLOSE(tally.weight, 250e6 + 190e6 + 20e6 + 30e6);
	assert_int_equal(draw_tally_make(&index, 6, &tally), 0);
	assert_int_equal(tally.clients, 12);
	CLOSE(tally.weight, index.weight);
	draw_index_clear(&index);
}

static void test_numbers(void **state)
{
	static const struct {
		double value;
		const char *count, *ms;
	} cases[] = { { 0, "0", "0 ms" }, { 0.44, "0.44", "0.4 ms" }, { 7, "7", "7 ms" },
		{ 12.6, "12.6", "13 ms" }, { 999.4, "999", "999 ms" },
		{ 999.9, "1 k", "1000 ms" }, { 1090, "1.09 k", "1090 ms" },
		{ 45e6, "45 M", "45000000 ms" }, { -1, "-1", "-" } };
	char text[DRAW_NUMBER_MAX];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_string_equal(draw_ms(cases[i].value, text), cases[i].ms);
		if (cases[i].value >= 0)
			assert_string_equal(draw_count(cases[i].value, text), cases[i].count);
	}
	assert_string_equal(draw_letter(0, text), "A");
	assert_string_equal(draw_letter(25, text), "Z");
	assert_string_equal(draw_letter(26, text), "A1");
}

/* ---- Maps ---- */

struct boundary {
	void (*make)(struct sample *);
	size_t labels, left_out; /* at least, at most */
};

static void test_labels_can_be_read(void **state)
{
	static const struct boundary boundaries[] = {
		{ sample_demo, 18, 0 },
		{ sample_demo_after, 18, 0 },
		{ sample_root, 65, 48 },
		{ sample_europe, 7, 0 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(boundaries) / sizeof(boundaries[0]); i++) {
		struct draw_map_result shown;
		struct text out = { 0 };

		boundaries[i].make(&one);
		assert_int_equal(draw_map(&one.world, &plain, &out, &shown, NULL), 0);
		assert_true(shown.labels >= boundaries[i].labels);
		assert_true(shown.labels_left_out <= boundaries[i].left_out);
		assert_true(shown.labels_overlap < 1);
		text_clear(&out);
	}
}

static size_t count_of(const struct text *text, const char *what)
{
	size_t count = 0;

	for (const char *at = strstr(text_string(text), what); at != NULL;
		at = strstr(at + 1, what))
		count++;
	return count;
}

static void test_change(void **state)
{
	struct draw_map_options options = { .theme = DRAW_LIGHT,
		.caption = "a <storm> & more" };
	struct draw_map_result shown;
	struct text out = { 0 };

	(void)state;
	sample_demo(&one);
	sample_demo_after(&two);
	assert_int_equal(
		draw_map_change(&one.world, &two.world, &options, &out, &shown, NULL), 0);
	assert_int_equal(shown.labels, 36);
	assert_true(shown.labels_overlap < 1);
	assert_int_equal(count_of(&out, "a &lt;storm&gt; &amp; more"), 1);
	assert_int_equal(count_of(&out, "7 of 12 clients changed"), 1);
	/* Seven rings in each half, and the one of the key. */
	assert_int_equal(count_of(&out, "class=\"n k-mark\""), 15);
	assert_int_equal(count_of(&out, "no answer (was A)"), 1);
	assert_int_equal(count_of(&out, "id=\"globe\""), 1);
	assert_int_equal(count_of(&out, "prefers-color-scheme"), 0);
	text_clear(&out);
}

static void test_marks_do_not_cover(void **state)
{
	struct draw_box frame = { 0, 0, 1232, 540 };
	const struct draw_world *world = &one.world;
	struct draw_scene scene;
	struct draw_index index;
	struct draw_view view;

	(void)state;
	sample_root(&one);
	assert_int_equal(draw_index_make(world, &index), 0);
	view = draw_view_of(frame, &world, 1);
	assert_int_equal(draw_scene_make(&index, &view, 1, &scene), 0);
	for (size_t i = 0; i < world->place_count; i++)
		for (size_t j = i + 1; j < world->place_count; j++)
			assert_true(hypot(scene.at[i].x - scene.at[j].x,
					    scene.at[i].y - scene.at[j].y) >
				    0.75 * (scene.radius[i] + scene.radius[j]));
	draw_scene_clear(&scene);
	draw_index_clear(&index);
}

static void test_view(void **state)
{
	struct draw_box frame = { 0, 0, 1232, 540 };
	const struct draw_world *world = &one.world;
	struct draw_view whole, part;

	(void)state;
	sample_demo(&one);
	whole = draw_view_of(frame, &world, 1);
	sample_europe(&one);
	part = draw_view_of(frame, &world, 1);
	assert_true(part.scale > 3 * whole.scale);
	for (size_t i = 0; i < world->place_count; i++) {
		struct draw_point p =
			draw_view_point(&part, draw_project_wrapped(world->places[i].longitude,
						       world->places[i].latitude));

		assert_true(p.x > 40 && p.x < 1192 && p.y > 40 && p.y < 500);
	}
}

/* ---- Every drawing of every world ---- */

static int table_of(const struct draw_world *world, struct text *out)
{
	return draw_table(world, out, NULL);
}

static int map_of(const struct draw_world *world, struct text *out)
{
	return draw_map(world, &plain, out, NULL, NULL);
}

static int change_of(const struct draw_world *world, struct text *out)
{
	sample_demo(&two);
	return draw_map_change(world, &two.world, &plain, out, NULL, NULL) +
	       draw_map_change(&two.world, world, &plain, out, NULL, NULL);
}

static int table_change_of(const struct draw_world *world, struct text *out)
{
	sample_demo(&two);
	return draw_table_change(world, &two.world, out, NULL) +
	       draw_table_change(&two.world, world, out, NULL);
}

static int terminal_of(const struct draw_world *world, struct text *out)
{
	return draw_terminal_map(world, 80, out, NULL);
}

static int dot_of(const struct draw_world *world, struct text *out)
{
	return export_dot(world, out, NULL);
}

static int geojson_of(const struct draw_world *world, struct text *out)
{
	return export_geojson(world, out, NULL);
}

static int rfc8345_of(const struct draw_world *world, struct text *out)
{
	return export_rfc8345(world, out, NULL);
}

static int (*const drawings[])(const struct draw_world *, struct text *) = { map_of, change_of,
	table_of, table_change_of, terminal_of, dot_of, geojson_of, rfc8345_of };

static void sample_nothing(struct sample *s)
{
	memset(s, 0, sizeof(*s));
}

/* All in one spot, and at the poles. */
static void sample_heap(struct sample *s)
{
	sample_root(s);
	for (size_t i = 0; i < s->world.place_count; i++) {
		s->places[i].longitude = i % 3 == 0 ? 180 : -180;
		s->places[i].latitude = i % 2 == 0 ? 90 : -90;
	}
}

static void test_every_drawing(void **state)
{
	static void (*const samples[])(struct sample *) = { sample_nothing, sample_heap,
		sample_demo, sample_demo_after, sample_europe, sample_hostile };

	(void)state;
	for (size_t s = 0; s < sizeof(samples) / sizeof(samples[0]); s++)
		for (size_t d = 0; d < sizeof(drawings) / sizeof(drawings[0]); d++) {
			struct text first = { 0 }, again = { 0 };

			samples[s](&one);
			assert_int_equal(drawings[d](&one.world, &first), 0);
			assert_int_equal(drawings[d](&one.world, &again), 0);
			assert_string_equal(text_string(&first), text_string(&again));
			assert_null(strstr(text_string(&first), "nan"));
			assert_null(strstr(text_string(&first), "inf"));
			assert_null(strchr(text_string(&first), '\x1b'));
			assert_null(strchr(text_string(&first), '\r'));
			text_clear(&first);
			text_clear(&again);
		}
}

static void test_hostile(void **state)
{
	struct text out = { 0 };

	(void)state;
	sample_hostile(&one);
	assert_int_equal(map_of(&one.world, &out), 0);
	assert_int_equal(count_of(&out, "<script"), 0);
	assert_int_equal(count_of(&out, "&lt;script&gt;"), 4); /* title and site, twice */
	text_reset(&out);
	assert_int_equal(dot_of(&one.world, &out), 0);
	assert_true(count_of(&out, "\"\\\"'&<>`\\\\\"") > 0);
	text_clear(&out);
}

/* ---- Colours ---- */

struct lab {
	double l, a, b;
};

static double linear(uint32_t value)
{
	double part = (value & 0xff) / 255.0;

	return part <= 0.04045 ? part / 12.92 : pow((part + 0.055) / 1.055, 2.4);
}

static double bend(double t)
{
	return t > 0.008856 ? cbrt(t) : 7.787 * t + 16.0 / 116;
}

/* As eyes see it that lack one kind of cones (Machado et al. 2009, severity 1). */
static struct lab seen(uint32_t colour, const double sight[9])
{
	double in[3] = { linear(colour >> 16), linear(colour >> 8), linear(colour) }, c[3];
	double x, y, z;

	for (size_t i = 0; i < 3; i++)
		c[i] = fmin(1, fmax(0, sight[3 * i] * in[0] + sight[3 * i + 1] * in[1] +
					       sight[3 * i + 2] * in[2]));
	x = bend((0.4124 * c[0] + 0.3576 * c[1] + 0.1805 * c[2]) / 0.9505);
	y = bend(0.2126 * c[0] + 0.7152 * c[1] + 0.0722 * c[2]);
	z = bend((0.0193 * c[0] + 0.1192 * c[1] + 0.9505 * c[2]) / 1.089);
	return (struct lab){ 116 * y - 16, 500 * (x - y), 200 * (y - z) };
}

static void test_colours_differ(void **state)
{
	static const double sights[][9] = {
		{ 1, 0, 0, 0, 1, 0, 0, 0, 1 },
		{ 0.152286, 1.052583, -0.204868, 0.114503, 0.786281, 0.099216, -0.003882,
			-0.048116, 1.051998 },
		{ 0.367322, 0.860646, -0.227968, 0.280085, 0.672501, 0.047413, -0.011820,
			0.042940, 0.968881 },
		{ 1.255528, -0.076749, -0.178779, -0.078411, 0.930809, 0.147602, 0.004733,
			0.691367, 0.303900 },
	};

	(void)state;
	for (size_t s = 0; s < sizeof(sights) / sizeof(sights[0]); s++)
		for (unsigned i = 0; i < DRAW_COLOURS; i++)
			for (unsigned j = 0; j < i; j++) {
				struct lab a = seen(draw_palette(i, DRAW_LIGHT), sights[s]);
				struct lab b = seen(draw_palette(j, DRAW_LIGHT), sights[s]);

				assert_true(hypot(hypot(a.l - b.l, a.a - b.a), a.b - b.b) > 14);
			}
}

/* ---- Text ---- */

static void test_grid(void **state)
{
	struct draw_grid grid = { 0 };
	struct text out = { 0 };

	(void)state;
	grid_column(&grid, "name", false);
	grid_column(&grid, "empty", false);
	grid_column(&grid, "ms", true);
	grid_cell(&grid, "\xe6\x9d\xb1\xe4\xba\xac"); /* two characters, four columns */
	grid_cell(&grid, "");
	grid_cell(&grid, "5");
	grid_cell(&grid, "M\xc3\xbcnchen");
	grid_cell(&grid, "");
	grid_cell(&grid, "123");
	grid_cell(&grid, "last");
	grid_cell(&grid, "");
	grid_cell(&grid, "");
	grid_print(&grid, &out);
	assert_string_equal(text_string(&out), "name      ms\n"
					       "\xe6\x9d\xb1\xe4\xba\xac       5\n"
					       "M\xc3\xbcnchen  123\n"
					       "last\n");
	grid_clear(&grid);
	text_clear(&out);
}

static void test_table(void **state)
{
	struct text out = { 0 };

	(void)state;
	sample_europe(&one);
	assert_int_equal(draw_table(&one.world, &out, NULL), 0);
	assert_string_equal(text_string(&out),
		"client       city    users  site   median    95 %  path\n"
		"eyeball-ber  Berlin   12 M  A fra  5.7 ms    6 ms  64601 64500\n"
		"eyeball-lis  Lisbon    9 M  B mad  6.7 ms    7 ms  64601 64500\n"
		"eyeball-par  Paris    40 M  A fra  6.4 ms  6.7 ms  64601 64500\n"
		"eyeball-rom  Rome     25 M  A fra   12 ms   13 ms  64601 64500\n"
		"\n"
		"     site  city       clients  users  share  median    95 %\n"
		"A    fra   Frankfurt        3   77 M   90 %  6.4 ms   12 ms\n"
		"B    mad   Madrid           1    9 M   10 %  6.7 ms  6.7 ms\n"
		"all                         4   86 M  100 %  6.4 ms   12 ms\n");
	text_clear(&out);
}

static void test_table_change(void **state)
{
	struct text out = { 0 };

	(void)state;
	sample_demo(&one);
	sample_demo_after(&two);
	assert_int_equal(draw_table_change(&one.world, &two.world, &out, NULL), 0);
	assert_int_equal(count_of(&out, "  moved\n"), 6);
	assert_int_equal(count_of(&out, "  lost\n"), 1);
	assert_int_equal(count_of(&out, "A fra   ->  B nyc  8.4 ms  ->   70 ms  moved"), 1);
	assert_int_equal(count_of(&out, "A fra  down "), 1);
	assert_int_equal(count_of(&out, "D sin  drained"), 1);
	text_clear(&out);
}

static void test_terminal_map(void **state)
{
	struct text out = { 0 };
	const char *at;

	(void)state;
	sample_root(&one);
	assert_int_equal(draw_terminal_map(&one.world, 10, &out, NULL), ERROR_RANGE);
	assert_int_equal(draw_terminal_map(&one.world, 100, &out, NULL), 0);
	for (at = text_string(&out); *at != '\0'; at = strchr(at, '\n') + 1) {
		char line[1024] = { 0 };

		memcpy(line, at, (size_t)(strchr(at, '\n') - at));
		assert_true(text_width(line) <= 100);
	}
	assert_int_equal(count_of(&out, "[A]"), 1);
	assert_int_equal(count_of(&out, "[L]"), 1);
	assert_int_equal(count_of(&out, "!"), 1);
	assert_true(count_of(&out, "\xe2\xa3\xbf") > 300);
	text_clear(&out);
}

/* ---- JSON ---- */

static void test_json(void **state)
{
	struct text out = { 0 };
	struct export_json json = { .out = &out };

	(void)state;
	export_json_open(&json, '{', false);
	export_member_string(&json, "a\"\\", "x\n\x7f\xff\xc3\xa9");
	export_json_key(&json, "n");
	export_json_open(&json, '[', true);
	export_json_decimal(&json, -0.05, 1);
	export_json_decimal(&json, 12.5, 4);
	export_json_decimal(&json, -3, 2);
	export_json_decimal(&json, 0.0004, 3);
	export_json_decimal(&json, -12.34567, 4);
	export_json_decimal(&json, (double)NAN, 2);
	export_json_integer(&json, -7);
	export_json_close(&json, ']');
	export_json_key(&json, "e");
	export_json_open(&json, '[', false);
	export_json_close(&json, ']');
	export_json_close(&json, '}');
	assert_string_equal(text_string(&out),
		"{\n  \"a\\\"\\\\\": \"x\\u000a\\u007f\xef\xbf\xbd\xc3\xa9\",\n"
		"  \"n\": [-0.1, 12.5, -3, 0, -12.3457, null, -7],\n  \"e\": []\n}\n");
	text_clear(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_projection),
		cmocka_unit_test(test_great_circle),
		cmocka_unit_test(test_crossing),
		cmocka_unit_test(test_land),
		cmocka_unit_test(test_bad_worlds),
		cmocka_unit_test(test_index),
		cmocka_unit_test(test_numbers),
		cmocka_unit_test(test_labels_can_be_read),
		cmocka_unit_test(test_change),
		cmocka_unit_test(test_marks_do_not_cover),
		cmocka_unit_test(test_view),
		cmocka_unit_test(test_every_drawing),
		cmocka_unit_test(test_hostile),
		cmocka_unit_test(test_colours_differ),
		cmocka_unit_test(test_grid),
		cmocka_unit_test(test_table),
		cmocka_unit_test(test_table_change),
		cmocka_unit_test(test_terminal_map),
		cmocka_unit_test(test_json),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
