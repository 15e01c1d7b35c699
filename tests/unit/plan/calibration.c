/* SPDX-License-Identifier: Apache-2.0 */
/* What is guessed from measurements, how good guesses are when held out, and the file. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "plan/calibration.h"

/* ---- Worlds ---- */

/* Sites 0, 1, 2: of every 100 ASes 80 prefer 0 to 1, 70 prefer 1 to 2, and 90 0 to 2. */
static void fill(struct plan_calibration *c)
{
	static const struct {
		uint8_t a, b;
		uint32_t prefer_a;
	} pairs[] = { { 0, 1, 80 }, { 1, 2, 70 }, { 0, 2, 90 } };

	c->site_count = 3;
	strcpy(c->names[0], "ams");
	strcpy(c->names[1], "sin");
	strcpy(c->names[2], "syd");
	for (uint16_t source = 0; source < 3; source++)
		for (uint32_t asn = 1; asn <= 100; asn++) {
			bool a = asn <= pairs[source].prefer_a;
			struct plan_observation o = {
				asn,
				source,
				a ? pairs[source].a : pairs[source].b,
				a ? pairs[source].b : pairs[source].a,
			};

			assert_int_equal(plan_preferences_add(&c->preferences, &o, NULL), 0);
		}
	plan_preferences_sort(&c->preferences);
}

static void strengths_follow_shares(void **state)
{
	struct plan_calibration c = { 0 };
	struct plan_strengths s, longer;
	const double lengths[] = { 3, 5, 9 };

	(void)state;
	fill(&c);
	assert_int_equal(plan_strengths_fit(&c.preferences, 3, NULL, UINT16_MAX, &s, NULL), 0);
	assert_true(s.of[0] > s.of[1] && s.of[1] > s.of[2]);
	/* Without the pair that says so, 0 is still stronger than 2: over 1. */
	assert_int_equal(plan_strengths_fit(&c.preferences, 3, NULL, 2, &s, NULL), 0);
	assert_true(s.of[0] > s.of[2] + 0.5);
	/* With only one pair left, the paths' lengths place the third site. */
	for (size_t i = 0; i < c.preferences.count; i++)
		if (c.preferences.items[i].source == 1)
			c.preferences.items[i].source = 2;
	assert_int_equal(plan_strengths_fit(&c.preferences, 3, lengths, 2, &longer, NULL), 0);
	assert_true(longer.per_hop > 0 && longer.of[1] > longer.of[2] + 0.5);
	assert_int_equal(
		plan_strengths_fit(&c.preferences, 2, NULL, UINT16_MAX, &s, NULL), ERROR_RANGE);
	plan_calibration_clear(&c);
}

static void an_as_has_its_own(void **state)
{
	struct plan_calibration c = { 0 };
	struct plan_strengths s;
	double first[3], last[3], nobody[3];

	(void)state;
	fill(&c);
	plan_strengths_fit(&c.preferences, 3, NULL, UINT16_MAX, &s, NULL);
	assert_int_equal(plan_strengths_for(&s, &c.preferences, 1, UINT16_MAX, first), 3);
	assert_int_equal(plan_strengths_for(&s, &c.preferences, 100, UINT16_MAX, last), 3);
	assert_int_equal(plan_strengths_for(&s, &c.preferences, 100, 0, last), 2);
	assert_int_equal(plan_strengths_for(&s, &c.preferences, 101, UINT16_MAX, nobody), 0);
	assert_memory_equal(nobody, s.of, sizeof(nobody));
	assert_true(first[0] - first[2] > s.of[0] - s.of[2]);
	assert_true(last[2] > last[1] && last[2] > last[0]);
	plan_calibration_clear(&c);
}

static struct plan_guess guess(const struct plan_calibration *c, uint32_t asn,
	const struct plan_option *options, size_t count, uint16_t without)
{
	double own[3];

	plan_strengths_for(&c->strengths, &c->preferences, asn, without, own);
	return plan_calibration_guess(
		&c->strengths, &c->preferences, asn, own, options, count, without);
}

static void guesses(void **state)
{
	const struct plan_option plain[] = { { 2, 0 }, { 0, 0 }, { 1, 0 } };
	const struct plan_option prepended[] = { { 2, 0 }, { 0, 4 }, { 1, 0 } };
	const struct plan_option far[] = { { 2, 0 }, { 0, 60 } };
	struct plan_calibration c = { 0 };

	(void)state;
	fill(&c);
	assert_int_equal(plan_calibration_fit(&c, 2, NULL, NULL), ERROR_RANGE);
	assert_int_equal(plan_calibration_fit(&c, 3, NULL, NULL), 0);
	assert_int_equal(guess(&c, 1, plain, 3, UINT16_MAX).option, 1);
	assert_int_equal(guess(&c, 1, plain, 3, UINT16_MAX).bin, PLAN_BIN_LEARNED);
	/* Over 1, though the pair itself is left out. */
	assert_int_equal(guess(&c, 1, plain, 2, 2).bin, PLAN_BIN_LEARNED);
	/* 100 was seen to choose 2 of both pairs. */
	assert_int_equal(guess(&c, 100, plain, 3, UINT16_MAX).option, 0);
	/* Prepends take away what was learned: it is estimated then. */
	assert_true(guess(&c, 1, prepended, 3, UINT16_MAX).bin < PLAN_BIN_LEARNED);
	assert_int_equal(guess(&c, 1, far, 2, UINT16_MAX).option, 0);
	/* Of an AS that was never seen: the strongest. */
	assert_int_equal(guess(&c, 999, plain, 3, UINT16_MAX).option, 1);
	plan_calibration_clear(&c);
}

static void held_out(void **state)
{
	struct plan_calibration c = { 0 };
	struct plan_held_out *held = calloc(300, sizeof(*held));
	uint64_t decisions = 0, right = 0, seen = 0;

	(void)state;
	fill(&c);
	assert_int_equal(plan_calibration_fit(&c, 3, held, NULL), 0);
	for (size_t i = 0; i < PLAN_BINS; i++) {
		double sure = plan_calibration_confidence(c.bins, (uint8_t)i);

		decisions += c.bins[i].decisions;
		right += c.bins[i].right;
		assert_true(sure > 0 && sure < 1);
	}
	for (size_t i = 0; i < 300; i++)
		seen += held[i].right;
	assert_int_equal(decisions, 300);
	assert_int_equal(right, seen);
	/* 1 to 70 prefer 0 to 1 to 2: that follows; naming the bigger site is right for 240. */
	assert_true(c.bins[PLAN_BIN_LEARNED].right >= 70);
	assert_true(right >= 230);
	/* An experiment alone says nothing of itself: changing what it saw changes no guess. */
	for (size_t i = 0; i < c.preferences.count; i++) {
		struct plan_observation *o = &c.preferences.items[i];
		uint8_t winner = o->winner;

		if (o->source != 2)
			continue;
		o->winner = o->loser;
		o->loser = winner;
		held[i].right = !held[i].right;
	}
	plan_preferences_sort(&c.preferences);
	seen = 0;
	for (size_t i = 0; i < 300; i++)
		seen += c.preferences.items[i].source == 2 && held[i].right;
	assert_int_equal(plan_calibration_fit(&c, 3, held, NULL), 0);
	for (size_t i = 0; i < 300; i++)
		seen -= c.preferences.items[i].source == 2 && held[i].right;
	assert_int_equal(seen, 0);
	free(held);
	plan_calibration_clear(&c);
}

/* ---- The file ---- */

struct reading {
	const char *text;
	size_t at, piece;
};

static ptrdiff_t read_text(void *context, void *buffer, size_t room, struct error *error)
{
	struct reading *r = context;
	size_t rest = strlen(r->text + r->at), take = rest < room ? rest : room;

	(void)error;
	if (r->piece > 0 && take > r->piece)
		take = r->piece;
	memcpy(buffer, r->text + r->at, take);
	r->at += take;
	return (ptrdiff_t)take;
}

static int read_back(
	const char *text, size_t piece, struct plan_calibration *c, struct error *error)
{
	struct reading reading = { text, 0, piece };

	return plan_calibration_read(
		&(struct plan_source){ read_text, &reading, "some.cal" }, c, error);
}

static void writes_and_reads(void **state)
{
	struct plan_calibration c = { 0 };
	struct text first = { 0 }, second = { 0 };

	(void)state;
	fill(&c);
	for (uint16_t i = 0; i < 250; i++)
		plan_preferences_add(&c.preferences,
			&(struct plan_observation){ 7, (uint16_t)(i + 10), 0, 1 }, NULL);
	plan_preferences_sort(&c.preferences);
	c.lengths_known = true;
	c.lengths[1] = 4.25;
	assert_int_equal(plan_calibration_fit(&c, 260, NULL, NULL), 0);
	plan_calibration_write(&c, &first);
	for (size_t piece = 0; piece < 3; piece++) {
		struct plan_calibration back = { 0 };

		assert_int_equal(read_back(text_string(&first), piece, &back, NULL), 0);
		assert_int_equal(back.preferences.count, 550);
		assert_true(back.lengths[1] == 4.25 && back.lengths_known);
		text_reset(&second);
		plan_calibration_write(&back, &second);
		assert_string_equal(text_string(&first), text_string(&second));
		plan_calibration_clear(&back);
	}
	text_clear(&first);
	text_clear(&second);
	plan_calibration_clear(&c);
}

#define HEAD "nearcast-calibration 1\nsite a 0.5 1\nsite b -0.5 2\nper-hop 0.25\n"
#define BINS                                                                               \
	"held-out 0 2 1\nheld-out 1 0 0\nheld-out 2 0 0\nheld-out 3 0 0\nheld-out 4 0 0\n" \
	"held-out 5 0 0\nheld-out 6 0 0\nheld-out 7 0 0\nheld-out 8 9 9\n"

static const struct {
	const char *text;
	int result;
	uint32_t line;
} files[] = {
	{ HEAD BINS "as 64500 0>1@3 1>0@4\n", 0, 0 },
	{ HEAD BINS, 0, 0 },
	{ "", ERROR_MALFORMED, 1 },
	{ "nearcast-calibration 2\n", ERROR_MALFORMED, 1 },
	{ HEAD, ERROR_MALFORMED, 5 },
	{ HEAD "per-hop 1\n" BINS, ERROR_MALFORMED, 5 },
	{ HEAD BINS "held-out 0 2 1\n", ERROR_MALFORMED, 14 },
	{ HEAD "held-out 0 1 2\n", ERROR_MALFORMED, 5 },
	{ HEAD "held-out 9 1 1\n", ERROR_MALFORMED, 5 },
	{ HEAD "held-out 0 1\n", ERROR_MALFORMED, 5 },
	{ HEAD "site a 1 1\n", ERROR_MALFORMED, 5 },
	{ HEAD "site c 1\n" BINS, ERROR_MALFORMED, 15 },
	{ HEAD "site c one\n", ERROR_MALFORMED, 5 },
	{ HEAD "as 1 0>2@1\n", ERROR_MALFORMED, 5 },
	{ HEAD "as 1 0>0@1\n", ERROR_MALFORMED, 5 },
	{ HEAD "as 1 0>1\n", ERROR_MALFORMED, 5 },
	{ HEAD "as 1 0>1@1x\n", ERROR_MALFORMED, 5 },
	{ HEAD "as 0 0>1@1\n", ERROR_MALFORMED, 5 },
	{ HEAD "as 1\n", ERROR_MALFORMED, 5 },
	{ HEAD "as\n", ERROR_MALFORMED, 5 },
	{ HEAD "as 1 0>1@1\nsite c 1 1\n", ERROR_MALFORMED, 6 },
	{ HEAD "sight c 1 1\n", ERROR_MALFORMED, 5 },
	{ "nearcast-calibration 1\nas 1 0>1@1\n", ERROR_MALFORMED, 2 },
};

static void refuses(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		struct plan_calibration c = { 0 };
		struct error error = { 0 };

		assert_int_equal(read_back(files[i].text, 0, &c, &error), files[i].result);
		assert_int_equal(error.line, files[i].line);
		if (files[i].result != 0)
			assert_int_equal(c.preferences.count + c.site_count, 0);
		plan_calibration_clear(&c);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(strengths_follow_shares),
		cmocka_unit_test(an_as_has_its_own),
		cmocka_unit_test(guesses),
		cmocka_unit_test(held_out),
		cmocka_unit_test(writes_and_reads),
		cmocka_unit_test(refuses),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
