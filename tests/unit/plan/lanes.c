/* SPDX-License-Identifier: Apache-2.0 */
/* Lanes equal plan_propagate, in every width that this processor has, run after run. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/random.h"
#include "plan/lanes.h"

#define ASES  120
#define SITES 5

static struct plan_graph *make_graph(struct random *random)
{
	static struct plan_link links[ASES * ASES];
	size_t count = 0;
	struct plan_graph *g;

	for (uint32_t a = 1; a <= ASES; a++)
		for (uint32_t b = a + 1; b <= ASES; b++) {
			uint32_t dice = random_below(random, 100);

			if (dice < (a < 30 ? 6u : 1u) || b == a + 1)
				links[count++] =
					(struct plan_link){ a, b, PLAN_PROVIDER_OF, 0 };
			else if (dice > 94)
				links[count++] = (struct plan_link){ a, b, PLAN_PEERS, 0 };
		}
	links[0].relation = PLAN_PEERS;
	assert_int_equal(plan_graph_build(links, count, &g, NULL), 0);
	return g;
}

static void make_configuration(const struct plan_graph *g, struct random *random,
	struct plan_announcement *a, struct plan_configuration *c)
{
	*c = (struct plan_configuration){ PLAN_NONE, a, random_below(random, SITES + 1) };
	if (random_below(random, 3) == 0)
		c->origin = random_below(random, g->as_count);
	for (size_t i = 0; i < c->count; i++)
		a[i] = (struct plan_announcement){
			.upstream = random_below(random, g->as_count),
			.class = (enum plan_class)random_below(random, 3),
			.site = (uint8_t)i,
			.length = (uint8_t)(1 + random_below(random, 3)),
		};
}

static void compare(const struct plan_lanes *lanes, const struct plan_graph *g,
	const struct plan_configuration *c, uint32_t lane)
{
	struct plan_route routes[ASES];

	assert_int_equal(plan_propagate(g, c, routes, NULL), 0);
	for (uint32_t as = 0; as < g->as_count; as++) {
		assert_int_equal(
			plan_lanes_announcement(lanes, as, lane), routes[as].announcement);
		assert_int_equal(plan_lanes_length(lanes, as, lane), routes[as].length);
	}
}

static unsigned run_graph(struct random *random, enum plan_width width)
{
	struct plan_announcement a[PLAN_LANES][SITES];
	struct plan_configuration c[PLAN_LANES];
	struct plan_graph *g = make_graph(random);
	struct plan_lanes *lanes;
	unsigned compared = 0;

	assert_int_equal(plan_lanes_create(g, &lanes, NULL), 0);
	for (int run = 0; run < 4; run++) {
		uint32_t count = run == 0 ? PLAN_LANES : 1 + random_below(random, PLAN_LANES);
		int result;

		for (uint32_t lane = 0; lane < count; lane++)
			make_configuration(g, random, a[lane], &c[lane]);
		result = plan_lanes_run(lanes, c, count, width, NULL);
		assert_true(result == 0 || result == ERROR_FULL);
		for (uint32_t lane = 0; lane < count && result == 0; lane++, compared++)
			compare(lanes, g, &c[lane], lane);
	}
	plan_lanes_free(lanes);
	plan_graph_free(g);
	return compared;
}

static void equals(enum plan_width width)
{
	struct random random = { .state = 7 };
	unsigned compared = 0;

	for (int i = 0; i < 50; i++)
		compared += run_graph(&random, width);
	assert_true(compared > 3000);
}

static void equals_generic(void **state)
{
	(void)state;
	equals(PLAN_WIDTH_GENERIC);
}

static void equals_avx2(void **state)
{
	(void)state;
#if defined(__x86_64__)
	if (__builtin_cpu_supports("avx2")) {
		equals(PLAN_WIDTH_AVX2);
		return;
	}
#endif
	skip();
}

static void equals_avx512(void **state)
{
	(void)state;
#if defined(__x86_64__)
	if (__builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl")) {
		equals(PLAN_WIDTH_AVX512);
		return;
	}
#endif
	skip();
}

static void refuses(void **state)
{
	const struct plan_link link = { 2, 1, PLAN_PROVIDER_OF, 0 };
	const uint32_t poisoned = 0;
	struct plan_announcement a = { .class = PLAN_CUSTOMER, .length = 1 };
	struct plan_configuration c = { PLAN_NONE, &a, 1 };
	struct plan_graph *g;
	struct plan_lanes *lanes;

	(void)state;
	assert_int_equal(plan_graph_build(&link, 1, &g, NULL), 0);
	assert_int_equal(plan_lanes_create(g, &lanes, NULL), 0);
	assert_int_equal(plan_lanes_run(lanes, &c, 1, PLAN_WIDTH_GENERIC, NULL), 0);
	assert_int_equal(plan_lanes_run(lanes, &c, 0, PLAN_WIDTH_GENERIC, NULL), ERROR_RANGE);
	a.upstream = 2;
	assert_int_equal(plan_lanes_run(lanes, &c, 1, PLAN_WIDTH_GENERIC, NULL), ERROR_RANGE);
	a.upstream = plan_graph_find(g, 1);
	a.length = 253;
	assert_int_equal(plan_lanes_run(lanes, &c, 1, PLAN_WIDTH_GENERIC, NULL), ERROR_FULL);
	a.length = 254;
	assert_int_equal(plan_lanes_run(lanes, &c, 1, PLAN_WIDTH_GENERIC, NULL), ERROR_FULL);
	a.length = 1;
	a.poisoned = &poisoned;
	a.poisoned_count = 1;
	assert_int_equal(
		plan_lanes_run(lanes, &c, 1, PLAN_WIDTH_GENERIC, NULL), ERROR_UNSUPPORTED);
	plan_lanes_free(lanes);
	plan_graph_free(g);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(equals_generic),
		cmocka_unit_test(equals_avx2),
		cmocka_unit_test(equals_avx512),
		cmocka_unit_test(refuses),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
