/* SPDX-License-Identifier: Apache-2.0 */
/* Timelines and comparisons: nothing counted gets lost on the way to the picture. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/text.h"
#include "world/draw_chart.h"
#include "world/draw_compare.h"
#include "world/draw_timeline.h"

static const char *const names[] = { "fra", "<nyc>" };

static void test_ticks(void **state)
{
	static const struct {
		double range;
		unsigned most;
		double step;
	} cases[] = { { 100, 5, 20 }, { 100, 4, 50 }, { 3000, 10, 500 }, { 0.9, 5, 0.2 },
		{ 7, 7, 1 }, { 0, 5, 1 } };

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_true(
			fabs(draw_tick(cases[i].range, cases[i].most) - cases[i].step) < 1e-9);
}

static void test_area_path(void **state)
{
	static const double low[] = { 0, 0, 1, 1 }, high[] = { 2, 2, 2, 4 };
	struct draw_plot plot = { .box = { 0, 0, 40, 40 }, .x_most = 4, .y_most = 4 };
	struct text out = { 0 };

	(void)state;
	draw_plot_area(&out, &plot, low, high, 4, 1, "id=\"a\"");
	assert_string_equal(text_string(&out), "<path id=\"a\" d=\"M0 20L30 20L30 0L40 0"
					       "L40 30L20 30L20 40L0 40z\"/>\n");
	text_reset(&out);
	draw_plot_area(&out, &plot, NULL, high, 4, 1, "id=\"a\"");
	assert_string_equal(text_string(&out),
		"<path id=\"a\" d=\"M0 20L30 20L30 0L40 0L40 40L0 40z\"/>\n");
	text_clear(&out);
}

static void test_timeline(void **state)
{
	static const uint32_t answered[] = { 5, 5, 0, 5, 0, 10, 5, 5 }, lost[] = { 0, 5, 0, 0 };
	static const struct draw_event events[] = { { 10, "fra & \"more\"" } };
	struct draw_timeline t = { .title = "x",
		.bucket_ms = 10,
		.bucket_count = 4,
		.sites = names,
		.site_count = 2,
		.answered = answered,
		.lost = lost,
		.events = events,
		.event_count = 1 };
	struct text out = { 0 };

	(void)state;
	assert_int_equal(draw_timeline(&t, DRAW_LIGHT, &out, NULL), 0);
	assert_non_null(strstr(text_string(&out), "35 requests answered, 5 lost within 10 ms"));
	assert_non_null(strstr(text_string(&out), "fra &amp; &quot;more&quot;"));
	assert_non_null(strstr(text_string(&out), "&lt;nyc&gt;"));
	assert_non_null(strstr(text_string(&out), ">500 /s<")); /* 5 lost in 10 ms */
	assert_non_null(strstr(text_string(&out), ">-10<"));    /* the event is at 0 */
	text_clear(&out);
}

/* More buckets than units of width are put together, not left out. */
static void test_many_buckets(void **state)
{
	static uint32_t answered[9999], lost[9999];
	struct draw_timeline t = { .bucket_ms = 1,
		.bucket_count = 9999,
		.sites = names,
		.site_count = 1,
		.answered = answered,
		.lost = lost };
	struct text out = { 0 };

	(void)state;
	for (size_t i = 0; i < 9999; i++)
		answered[i] = 3;
	lost[9998] = 7;
	assert_int_equal(draw_timeline(&t, DRAW_DARK, &out, NULL), 0);
	assert_non_null(
		strstr(text_string(&out), "29997 requests answered, 7 lost within 1 ms"));
	assert_true(out.length < 20000);
	text_clear(&out);
}

static void test_bad_timelines(void **state)
{
	static const uint32_t answered[] = { 1 };
	static const struct draw_event never[] = { { (double)NAN, "x" } };
	const struct draw_timeline bad[] = {
		{ .bucket_ms = 10 },
		{ .bucket_ms = 0, .bucket_count = 1, .answered = answered },
		{ .bucket_ms = (double)NAN, .bucket_count = 1, .answered = answered },
		{ .bucket_ms = 1, .bucket_count = DRAW_BUCKETS_MAX + 1, .answered = answered },
		{ .bucket_ms = 1,
			.bucket_count = 1,
			.answered = answered,
			.events = never,
			.event_count = 1 },
	};
	struct text out = { 0 };

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(draw_timeline(&bad[i], DRAW_LIGHT, &out, NULL), ERROR_RANGE);
	assert_int_equal(out.length, 0);
}

static void test_compare(void **state)
{
	static const struct draw_sample slow[] = { { 200, 1 }, { 100, 1 }, { 300, 2 } };
	static const struct draw_sample fast[] = { { 10, 3 }, { -1, 1 } };
	static const double load[] = { 1, 0 };
	static const uint32_t answered[] = { 4, 0, 0 }, lost[] = { 0, 4, 4 };
	const struct draw_way ways[] = {
		{ .name = "uni<cast>",
			.samples = slow,
			.sample_count = 3,
			.load = load,
			.answered = answered,
			.lost = lost,
			.restored_ms = -1 },
		{ .name = "anycast", .samples = fast, .sample_count = 2, .restored_ms = 5 },
	};
	struct draw_compare c = { .sites = names,
		.site_count = 2,
		.ways = ways,
		.way_count = 2,
		.bucket_ms = 10,
		.bucket_count = 3,
		.death_ms = 10,
		.death = "<dies>" };
	struct text out = { 0 };
	const char *text;

	(void)state;
	assert_int_equal(draw_compare(&c, DRAW_EITHER, &out, NULL), 0);
	text = text_string(&out);
	assert_non_null(strstr(text, "median 200 ms, 95 % 300 ms"));
	/* A quarter has no answer: so there is no 95th percentile. */
	assert_non_null(strstr(text, "median 10 ms, 95 % -"));
	assert_non_null(strstr(text, "uni&lt;cast&gt;: 8 lost, never all served again"));
	assert_non_null(strstr(text, "not measured")); /* the flood */
	assert_null(strstr(text, "<dies>"));
	assert_null(strstr(text, "nan"));
	text_clear(&out);
}

static void test_compare_of_nothing(void **state)
{
	static const double too_much[] = { 1.5 };
	const struct draw_way way = { .name = "x", .load = too_much };
	struct draw_compare c = { 0 };
	struct text out = { 0 };

	(void)state;
	assert_int_equal(draw_compare(&c, DRAW_LIGHT, &out, NULL), 0);
	assert_null(strstr(text_string(&out), "nan"));
	text_reset(&out);
	c = (struct draw_compare){
		.ways = &way, .way_count = 1, .sites = names, .site_count = 1
	};
	assert_int_equal(draw_compare(&c, DRAW_LIGHT, &out, NULL), ERROR_RANGE);
	c.way_count = DRAW_WAYS_MAX + 1;
	assert_int_equal(draw_compare(&c, DRAW_LIGHT, &out, NULL), ERROR_RANGE);
	text_clear(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_ticks),
		cmocka_unit_test(test_area_path),
		cmocka_unit_test(test_timeline),
		cmocka_unit_test(test_many_buckets),
		cmocka_unit_test(test_bad_timelines),
		cmocka_unit_test(test_compare),
		cmocka_unit_test(test_compare_of_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
