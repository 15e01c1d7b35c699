/* SPDX-License-Identifier: Apache-2.0 */
/* The decision process by example: each step, MED among several, multipath, reasons. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "route/decision.h"

static const struct address low = { FAMILY_IPV4, { 192, 0, 2, 1 } };
static const struct address high = { FAMILY_IPV4, { 192, 0, 2, 2 } };

/* A path like any other. */
static const struct decision_candidate usual = {
	.attributes = { .local_pref = 100,
		.neighbor_as = 64501,
		.path_length = 3,
		.origin = BGP_ORIGIN_EGP },
	.address = &high,
	.metric = 10,
	.since = 1000,
	.router_id = 0x0a000005,
	.path_id = 5,
	.origin = DECISION_FROM_EBGP,
};

/* Make *c better than the usual in one step and worse in the one that follows. */
static void improve(enum decision_step step, struct decision_candidate *c)
{
	switch (step) {
	case DECISION_REACHABLE:
		c->stale = true;
		break;
	case DECISION_STALE:
		c->weight = 0;
		break;
	case DECISION_WEIGHT:
		c->weight = 8;
		c->attributes.local_pref = 1;
		break;
	case DECISION_LOCAL:
		c->origin = DECISION_FROM_HERE;
		c->attributes.local_pref = 1;
		break;
	case DECISION_LOCAL_PREF:
		c->attributes.local_pref = 200;
		c->attributes.path_length = 9;
		break;
	case DECISION_PATH_LENGTH:
		c->attributes.path_length = 2;
		c->attributes.origin = BGP_ORIGIN_INCOMPLETE;
		break;
	case DECISION_ORIGIN:
		c->attributes.origin = BGP_ORIGIN_IGP;
		c->attributes.has_med = true;
		c->attributes.med = 70;
		break;
	case DECISION_MED:
		c->attributes.has_med = true;
		c->attributes.med = 20;
		c->origin = DECISION_FROM_IBGP;
		break;
	case DECISION_EXTERNAL:
		c->metric = 99;
		break;
	case DECISION_METRIC:
		c->metric = 5;
		c->router_id = 0x0a000009;
		break;
	case DECISION_AGE:
		c->since = 900;
		c->router_id = 0x0a000009;
		break;
	case DECISION_ROUTER_ID:
		c->attributes.has_originator = true;
		c->attributes.originator_id = 0x0a000004;
		c->attributes.cluster_count = 7;
		break;
	case DECISION_CLUSTERS:
		c->attributes.cluster_count = 1;
		c->path_id = 9;
		break;
	case DECISION_ADDRESS:
		c->address = &low;
		c->path_id = 9;
		break;
	case DECISION_PATH_ID:
		c->path_id = 4;
		break;
	case DECISION_SAME:
	case DECISION_STEP_COUNT:
	default:
		break;
	}
}

/* What the usual one has to be to lose by that. */
static void worsen(enum decision_step step, struct decision_candidate *c)
{
	if (step == DECISION_REACHABLE)
		c->metric = DECISION_METRIC_NO_ROUTE;
	if (step == DECISION_STALE) {
		c->stale = true;
		c->weight = 100;
	}
	if (step == DECISION_MED) {
		c->attributes.has_med = true;
		c->attributes.med = 30;
	}
	if (step == DECISION_EXTERNAL)
		c->origin = DECISION_FROM_IBGP;
	if (step == DECISION_CLUSTERS)
		c->attributes.cluster_count = 2;
}

static const char *const texts[DECISION_STEP_COUNT] = {
	[DECISION_SAME] = "the same in every step",
	[DECISION_REACHABLE] = "its next hop is reachable",
	[DECISION_STALE] = "not stale",
	[DECISION_WEIGHT] = "higher weight: 8 against 0",
	[DECISION_LOCAL] = "originated here",
	[DECISION_LOCAL_PREF] = "higher local preference: 200 against 100",
	[DECISION_PATH_LENGTH] = "shorter AS path: 2 against 3",
	[DECISION_ORIGIN] = "lower origin: IGP against EGP",
	[DECISION_MED] = "lower MED: 20 against 30",
	[DECISION_EXTERNAL] = "external over internal",
	[DECISION_METRIC] = "nearer next hop: 5 against 10",
	[DECISION_AGE] = "older external path",
	[DECISION_ROUTER_ID] = "lower router id: 10.0.0.4 against 10.0.0.5",
	[DECISION_CLUSTERS] = "shorter cluster list: 1 against 2",
	[DECISION_ADDRESS] = "lower neighbor address: 192.0.2.1 against 192.0.2.2",
	[DECISION_PATH_ID] = "lower path identifier: 4 against 5",
};

static void test_steps(void **state)
{
	const struct decision_settings settings = { .prefer_oldest = true };

	(void)state;
	for (enum decision_step step = DECISION_SAME; step < DECISION_STEP_COUNT; step++) {
		struct decision_candidate pair[2] = { usual, usual };
		enum decision_step decided;
		struct decision_reason reason;
		char text[DECISION_TEXT_MAX];
		uint16_t order[2];
		uint32_t count;

		improve(step, &pair[1]);
		worsen(step, &pair[0]);
		assert_int_equal(decision_compare(&pair[1], &pair[0], &settings, &decided) < 0,
			step != DECISION_SAME);
		assert_int_equal(decided, step);
		assert_int_equal(decision_compare(&pair[0], &pair[1], &settings, NULL) > 0,
			step != DECISION_SAME);
		assert_string_equal(decision_format(step, &pair[1], &pair[0], &settings, text),
			texts[step]);
		if (step == DECISION_SAME)
			continue;
		assert_int_equal(decision_best(pair, 2, &settings, order, &count), 1);
		assert_int_equal(count, 1);
		reason = decision_explain(pair, 2, 1, 0, &settings);
		assert_int_equal(reason.step, step);
		assert_int_equal(reason.winner, 1);
	}
}

static void test_none(void **state)
{
	const struct decision_settings settings = { 0 };
	struct decision_candidate pair[2] = { usual, usual };
	uint16_t order[2];
	uint32_t count;

	(void)state;
	assert_int_equal(decision_best(pair, 0, &settings, order, &count), DECISION_NONE);
	assert_int_equal(count, 0);
	assert_int_equal(decision_best(pair, 1, &settings, order, &count), 0);
	assert_int_equal(count, 1);
	pair[0].metric = pair[1].metric = DECISION_METRIC_NO_ROUTE;
	assert_int_equal(decision_best(pair, 2, &settings, order, &count), DECISION_NONE);
	assert_int_equal(count, 0);
}

static struct decision_candidate with_med(uint32_t as, int64_t med, uint32_t router_id)
{
	struct decision_candidate c = usual;

	c.attributes.neighbor_as = as;
	c.attributes.has_med = med >= 0;
	c.attributes.med = med < 0 ? 0 : (uint32_t)med;
	c.router_id = router_id;
	return c;
}

/* The circle of three: a beats b (router id), b beats c (router id), c beats a (MED). Whatever
 * the order, c takes a out, and b wins. */
static void test_med_circle(void **state)
{
	static const uint8_t permutations[6][3] = { { 0, 1, 2 }, { 0, 2, 1 }, { 1, 0, 2 },
		{ 1, 2, 0 }, { 2, 0, 1 }, { 2, 1, 0 } };
	const struct decision_candidate three[3] = { with_med(1, 20, 1), with_med(2, 0, 2),
		with_med(1, 10, 3) };
	struct decision_settings settings = { 0 };

	(void)state;
	assert_true(decision_compare(&three[0], &three[1], &settings, NULL) < 0);
	assert_true(decision_compare(&three[1], &three[2], &settings, NULL) < 0);
	assert_true(decision_compare(&three[2], &three[0], &settings, NULL) < 0);
	for (size_t p = 0; p < 6; p++) {
		struct decision_candidate c[3];
		struct decision_reason reason;
		uint16_t order[3];
		uint32_t count, best, first = 0, last = 0;

		for (uint32_t i = 0; i < 3; i++) {
			c[i] = three[permutations[p][i]];
			if (permutations[p][i] == 0)
				first = i;
			if (permutations[p][i] == 2)
				last = i;
		}
		best = decision_best(c, 3, &settings, order, &count);
		assert_int_equal(permutations[p][best], 1);
		reason = decision_explain(c, 3, best, first, &settings);
		assert_int_equal(reason.step, DECISION_MED);
		assert_int_equal(reason.winner, last);
		reason = decision_explain(c, 3, best, last, &settings);
		assert_int_equal(reason.step, DECISION_ROUTER_ID);
		assert_int_equal(reason.winner, best);
	}
	/* In the order given, the last one that wins its comparison stays. */
	settings.med = DECISION_MED_IN_ORDER;
	assert_int_equal(
		decision_best(three, 3, &settings, (uint16_t[3]){ 0 }, &(uint32_t){ 0 }), 2);
}

static void test_med_variants(void **state)
{
	struct decision_settings settings = { 0 };
	struct decision_candidate a = with_med(1, -1, 2), b = with_med(1, 10, 1), other;
	enum decision_step step;

	(void)state;
	/* A missing MED is zero, or the worst. */
	assert_true(decision_compare(&a, &b, &settings, &step) < 0);
	assert_int_equal(step, DECISION_MED);
	settings.missing_med_worst = true;
	assert_true(decision_compare(&a, &b, &settings, &step) > 0);
	assert_int_equal(step, DECISION_MED);
	settings.missing_med_worst = false;
	/* Not between neighbouring ASes, unless always. */
	other = with_med(2, 0, 9);
	assert_true(decision_compare(&b, &other, &settings, &step) < 0);
	assert_int_equal(step, DECISION_ROUTER_ID);
	settings.med = DECISION_MED_ALWAYS;
	assert_true(decision_compare(&b, &other, &settings, &step) > 0);
	assert_int_equal(step, DECISION_MED);
	settings.med = DECISION_MED_SAME_AS;
	/* Paths that start with a set have no neighbouring AS; empty ones are of our AS. */
	a = with_med(0, 5, 9);
	b = with_med(0, 10, 1);
	assert_true(decision_compare(&a, &b, &settings, &step) > 0);
	assert_int_equal(step, DECISION_ROUTER_ID);
	a.attributes.path_length = b.attributes.path_length = 0;
	assert_true(decision_compare(&a, &b, &settings, &step) < 0);
	assert_int_equal(step, DECISION_MED);
}

static void test_path_length_ignored(void **state)
{
	struct decision_settings settings = { 0 };
	struct decision_candidate a = usual, b = usual;

	(void)state;
	a.attributes.path_length = 1;
	b.attributes.local_pref = 100;
	b.router_id = 1;
	assert_true(decision_compare(&a, &b, &settings, NULL) < 0);
	settings.ignore_path_length = true;
	assert_true(decision_compare(&a, &b, &settings, NULL) > 0);
}

static void test_age(void **state)
{
	struct decision_settings settings = { .prefer_oldest = true };
	struct decision_candidate a = usual, b = usual;
	enum decision_step step;

	(void)state;
	a.since = 1;
	b.router_id = 1;
	decision_compare(&a, &b, &settings, &step);
	assert_int_equal(step, DECISION_AGE);
	/* Internal paths must not depend on it: routers of one AS would not agree. */
	a.origin = b.origin = DECISION_FROM_IBGP;
	decision_compare(&a, &b, &settings, &step);
	assert_int_equal(step, DECISION_ROUTER_ID);
}

static void test_multipath(void **state)
{
	struct decision_settings settings = { .multipath_ebgp = 3 };
	struct decision_candidate c[6];
	uint16_t order[6];
	uint32_t count;

	(void)state;
	for (uint32_t i = 0; i < 6; i++)
		c[i] = with_med(1, 0, 10 - i);
	c[5].metric = 11;
	c[3].attributes.neighbor_as = 2;
	/* 4 is best by router id; 3 goes through another AS; 2 and 1 share; 0 is one too many.
	 */
	assert_int_equal(decision_best(c, 6, &settings, order, &count), 4);
	assert_int_equal(count, 3);
	assert_int_equal(order[0], 4);
	assert_int_equal(order[1], 2);
	assert_int_equal(order[2], 1);
	settings.multipath = DECISION_MULTIPATH_ANY_AS;
	settings.multipath_ebgp = 16;
	assert_int_equal(decision_best(c, 6, &settings, order, &count), 4);
	assert_int_equal(count, 5);
	assert_int_equal(order[1], 3);
	/* Internal ones have their own limit. */
	for (uint32_t i = 0; i < 6; i++)
		c[i].origin = DECISION_FROM_IBGP;
	assert_int_equal(decision_best(c, 6, &settings, order, &count), 4);
	assert_int_equal(count, 1);
	settings.multipath_ibgp = 2;
	assert_int_equal(decision_best(c, 6, &settings, order, &count), 4);
	assert_int_equal(count, 2);
	/* Also with MED in order. */
	settings.med = DECISION_MED_IN_ORDER;
	settings.multipath_ibgp = 9;
	assert_int_equal(decision_best(c, 6, &settings, order, &count), 4);
	assert_int_equal(count, 5);
	assert_int_equal(order[4], 0);
}

static void test_names(void **state)
{
	const struct decision_settings settings = { 0 };
	char text[DECISION_VALUE_MAX];

	(void)state;
	for (enum decision_step a = DECISION_SAME; a < DECISION_STEP_COUNT; a++)
		for (enum decision_step b = DECISION_SAME; b < a; b++)
			assert_string_not_equal(decision_step_name(a), decision_step_name(b));
	assert_string_equal(
		decision_value_format(DECISION_MED, &usual, &settings, text), "none");
	assert_string_equal(
		decision_value_format(DECISION_EXTERNAL, &usual, &settings, text), "external");
	assert_string_equal(
		decision_value_format(DECISION_STALE, &usual, &settings, text), "fresh");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_steps),
		cmocka_unit_test(test_none),
		cmocka_unit_test(test_med_circle),
		cmocka_unit_test(test_med_variants),
		cmocka_unit_test(test_path_length_ignored),
		cmocka_unit_test(test_age),
		cmocka_unit_test(test_multipath),
		cmocka_unit_test(test_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
