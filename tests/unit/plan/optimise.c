/* SPDX-License-Identifier: Apache-2.0 */
/* The search finds what trying every choice by hand finds, in lanes and one at a time. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "plan/generate.h"
#include "plan/optimise.h"

#define SITES 9
#define FIXED 1

struct fixture {
	struct plan_world *world;
	struct plan_site sites[SITES];
	struct plan_upstream upstreams[SITES];
	struct plan_action action;
	struct plan_scenario scenario;
	struct plan_latency *latency;
};

/* Times of an AS are means over its places: with one place each, they are those of its users.
 */
static void one_place_each(struct plan_world *world)
{
	for (uint32_t as = 0; as < world->graph->as_count; as++)
		for (uint32_t i = world->first[as]; i < world->first[as + 1]; i++)
			world->spreads[i].place = world->spreads[world->first[as]].place;
}

static void set_up(struct fixture *f, bool with_action)
{
	assert_int_equal(plan_generate(&(struct plan_recipe){ 5, 400 }, &f->world, NULL), 0);
	one_place_each(f->world);
	for (uint32_t i = 0; i < SITES; i++) {
		f->sites[i] = (struct plan_site){
			.name = "s", .placed = true, .place = plan_cities[i * 11].place
		};
		f->upstreams[i].announcement =
			(struct plan_announcement){ .upstream = 3 + i * 7,
				.class = PLAN_CUSTOMER,
				.site = (uint8_t)i,
				.length = 1 };
	}
	if (with_action) {
		f->action =
			(struct plan_action){ plan_row(f->world->graph, 3, PLAN_CUSTOMER).at[0],
				PLAN_NO_EXPORT };
		f->upstreams[0].announcement.actions = &f->action;
		f->upstreams[0].announcement.action_count = 1;
	}
	f->scenario = (struct plan_scenario){ PLAN_NONE, f->sites, SITES, f->upstreams, SITES,
		NULL, NULL };
	assert_int_equal(plan_latency_create(
				 f->world, &f->scenario, &plan_rtt_default, &f->latency, NULL),
		0);
}

static void tear_down(struct fixture *f)
{
	plan_latency_free(f->latency);
	plan_world_free(f->world);
}

/* One choice, the plain way. */
static void by_hand(const struct fixture *f, const struct plan_choice *choice, size_t choose)
{
	uint8_t lost[SITES];
	struct plan_route *routes = calloc(f->world->graph->as_count, sizeof(*routes));
	struct plan_catchment *t = calloc(1, sizeof(*t));
	double most = 0;

	memset(lost, 1, sizeof(lost));
	memset(lost, 0, FIXED);
	for (size_t i = 0; i < choose; i++) {
		assert_in_range(
			choice->sites[i], i == 0 ? FIXED : choice->sites[i - 1] + 1, SITES - 1);
		lost[choice->sites[i]] = 0;
	}
	assert_int_equal(plan_scenario_run(f->world->graph, &f->scenario,
				 &(struct plan_variation){ .lost = lost }, routes, NULL),
		0);
	assert_int_equal(
		plan_catchment_count(f->world, &f->scenario, f->latency, routes, t, NULL), 0);
	for (size_t s = 0; s < SITES; s++)
		most = t->sites[s].users > most ? t->sites[s].users : most;
	assert_float_equal(
		choice->value[PLAN_GOAL_BALANCE], (float)(most / f->world->users_total), 1e-4F);
	assert_float_equal(choice->value[PLAN_GOAL_MEDIAN], (float)t->all.median_ms, 1);
	assert_float_equal(choice->value[PLAN_GOAL_P95], (float)t->all.p95_ms, 1);
	free(routes);
	free(t);
}

static void check_search(bool with_action, enum plan_goal goal, size_t choose)
{
	struct fixture f = { 0 };
	struct plan_search search = { .fixed = FIXED, .choose = choose, .goal = goal };
	struct plan_choice *choices;
	size_t count;
	float least = 2;

	set_up(&f, with_action);
	search.world = f.world;
	search.scenario = &f.scenario;
	search.latency = f.latency;
	assert_int_equal(plan_optimise(&search, &choices, &count, NULL), 0);
	assert_int_equal(count, plan_choice_count(SITES - FIXED, choose));
	for (size_t i = 0; i < count; i++) {
		by_hand(&f, &choices[i], choose);
		assert_true(i == 0 || choices[i - 1].value[goal] <= choices[i].value[goal]);
		assert_true(choices[i].front == (choices[i].value[PLAN_GOAL_BALANCE] < least));
		if (choices[i].front)
			least = choices[i].value[PLAN_GOAL_BALANCE];
		for (size_t j = 0; j < i; j++)
			assert_memory_not_equal(choices[i].sites, choices[j].sites, choose);
	}
	free(choices);
	tear_down(&f);
}

static void equals_trying(void **state)
{
	(void)state;
	check_search(false, PLAN_GOAL_MEDIAN, 3);
	check_search(false, PLAN_GOAL_P95, 4);
	check_search(false, PLAN_GOAL_BALANCE, 1);
	check_search(false, PLAN_GOAL_MEAN, SITES - FIXED);
}

static void equals_trying_one_by_one(void **state)
{
	(void)state;
	check_search(true, PLAN_GOAL_MEDIAN, 3);
}

static void counts_choices(void **state)
{
	(void)state;
	assert_int_equal(plan_choice_count(13, 5), 1287);
	assert_int_equal(plan_choice_count(5, 5), 1);
	assert_int_equal(plan_choice_count(4, 5), 0);
	assert_int_equal(plan_choice_count(200, 3), 1313400);
	assert_int_equal(plan_choice_count(200, 4), PLAN_CHOICES_MAX + 1);
	assert_int_equal(plan_choice_count(200, 16), PLAN_CHOICES_MAX + 1);
}

static void refuses(void **state)
{
	static const size_t chosen[] = { 0, SITES, PLAN_CHOOSE_MAX + 1 };
	struct fixture f = { 0 };
	struct plan_choice *choices;
	size_t count;

	(void)state;
	set_up(&f, false);
	for (size_t i = 0; i < sizeof(chosen) / sizeof(chosen[0]); i++) {
		struct plan_search search = { .world = f.world,
			.scenario = &f.scenario,
			.fixed = FIXED,
			.choose = chosen[i] };

		assert_int_equal(plan_optimise(&search, &choices, &count, NULL), ERROR_RANGE);
	}
	tear_down(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(equals_trying),
		cmocka_unit_test(equals_trying_one_by_one),
		cmocka_unit_test(counts_choices),
		cmocka_unit_test(refuses),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
