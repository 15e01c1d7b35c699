/* SPDX-License-Identifier: Apache-2.0 */
/* Attacks: who sends how much, what sites make of it, and what is best done. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/random.h"
#include "plan/bots.h"
#include "plan/generate.h"
#include "plan/playbook.h"

/* 1 and 2 peer; 1 sells to 11 and 12, 2 to 13 and 14. 11 to 14 have a hundred users each. */
static const struct plan_link links[] = { { 1, 2, PLAN_PEERS, 0 },
	{ 1, 11, PLAN_PROVIDER_OF, 0 }, { 1, 12, PLAN_PROVIDER_OF, 0 },
	{ 2, 13, PLAN_PROVIDER_OF, 0 }, { 2, 14, PLAN_PROVIDER_OF, 0 } };

/* As doubles: cmocka compares floats. */
#define close_to(a, b, within) assert_true(fabs((a) - (b)) <= (within))

struct field {
	struct plan_world *world;
	struct plan_site sites[2];
	struct plan_upstream upstreams[2];
	struct plan_scenario scenario;
	double traffic[6];
	struct plan_attack attack;
	struct plan_siege *siege;
};

static uint32_t as_of(const struct field *f, uint32_t asn)
{
	uint32_t as = plan_graph_find(f->world->graph, asn);

	assert_int_not_equal(as, PLAN_NONE);
	return as;
}

/* West announces to 1, east to 2. */
static void set_up(struct field *f)
{
	struct plan_graph *g;

	memset(f, 0, sizeof(*f));
	assert_int_equal(
		plan_graph_build(links, sizeof(links) / sizeof(links[0]), &g, NULL), 0);
	assert_int_equal(plan_world_create(g, &f->world, NULL), 0);
	for (uint32_t as = 0; as < g->as_count; as++)
		f->world->users[as] = g->asn[as] > 10 ? 100 : 0;
	f->world->users_total = 400;
	f->sites[0] = (struct plan_site){ .name = "west" };
	f->sites[1] = (struct plan_site){ .name = "east" };
	for (uint32_t i = 0; i < 2; i++)
		f->upstreams[i] = (struct plan_upstream){ i == 0 ? "1" : "2",
			{ .upstream = as_of(f, i + 1),
				.class = PLAN_CUSTOMER,
				.site = (uint8_t)i,
				.length = 1 } };
	f->scenario =
		(struct plan_scenario){ PLAN_NONE, f->sites, 2, f->upstreams, 2, NULL, NULL };
	f->attack = (struct plan_attack){ .traffic = f->traffic, .scrub = 0.9 };
	assert_int_equal(
		plan_siege_create(f->world, &f->scenario, &f->attack, &f->siege, NULL), 0);
}

static void tear_down(struct field *f)
{
	plan_siege_free(f->siege);
	plan_world_free(f->world);
}

static void shares_by_load(void **state)
{
	struct plan_defence defence = { 0 };
	struct plan_stand stand;
	struct field f;

	(void)state;
	set_up(&f);
	f.attack.user_rate = 1;
	f.attack.scrub_loss = 0.05;
	f.traffic[as_of(&f, 11)] = 800;
	f.sites[0].bandwidth = 250;
	f.sites[1].capacity = 160;
	assert_int_equal(plan_siege_run(f.siege, &defence, &stand, NULL), 0);
	/* West: 200 users and 800 through 250; east: 200 users where 160 can be. */
	close_to(stand.sites[0].served, 50, 1e-9);
	close_to(stand.sites[0].pressure, 4, 1e-9);
	close_to(stand.sites[1].served, 160, 1e-9);
	close_to(stand.served, 210, 1e-9);
	/* Scrubbed: 200 and 80 through 250, and 5 % of users lost. */
	defence.scrubs[0] = 1;
	assert_int_equal(plan_siege_run(f.siege, &defence, &stand, NULL), 0);
	close_to(stand.sites[0].load, 280, 1e-9);
	close_to(stand.sites[0].served, 200 * 250 / 280.0 * 0.95, 1e-9);
	tear_down(&f);
}

static void collapses_to_a_fixed_point(void **state)
{
	struct plan_defence defence = { 0 };
	struct plan_stand stand;
	struct field f;

	(void)state;
	set_up(&f);
	f.attack.collapse = 2;
	f.traffic[as_of(&f, 11)] = 300;
	f.sites[0].bandwidth = 100;
	f.sites[1].bandwidth = 200;
	assert_int_equal(plan_siege_run(f.siege, &defence, &stand, NULL), 0);
	/* West falls with three times its bandwidth; east has 1.5 times its then. */
	assert_true(stand.sites[0].collapsed && !stand.sites[1].collapsed);
	assert_int_equal(stand.rounds, 1);
	close_to(stand.sites[0].pressure, 3, 1e-9);
	close_to(stand.served, 400 / 1.5, 1e-6);
	/* What it was before, for those who look where the attack came in. */
	assert_int_equal(plan_siege_routes(f.siege)[as_of(&f, 12)].site, 0);
	f.sites[1].bandwidth = 140;
	assert_int_equal(plan_siege_run(f.siege, &defence, &stand, NULL), 0);
	assert_int_equal(stand.rounds, 2);
	close_to(stand.unreached, 400, 1e-9);
	tear_down(&f);
}

static void finds_where_it_comes_in(void **state)
{
	struct plan_defence defence = { 0 };
	struct plan_stand stand;
	struct plan_block inlets[4];
	struct field f;

	(void)state;
	set_up(&f);
	f.traffic[as_of(&f, 11)] = 5;
	f.traffic[as_of(&f, 12)] = 7;
	f.traffic[as_of(&f, 13)] = 9;
	defence.withdrawn[1] = 1;
	assert_int_equal(plan_siege_run(f.siege, &defence, &stand, NULL), 0);
	/* All of it to west: 13's through 2. */
	assert_int_equal(plan_siege_inlets(f.siege, 0, 4, inlets), 3);
	assert_int_equal(inlets[0].neighbor, as_of(&f, 2));
	close_to(plan_siege_flow(f.siege, inlets[0].neighbor), 9, 1e-9);
	assert_int_equal(inlets[1].neighbor, as_of(&f, 12));
	assert_int_equal(plan_siege_inlets(f.siege, 0, 1, inlets), 1);
	assert_int_equal(inlets[0].neighbor, as_of(&f, 2));
	assert_int_equal(plan_siege_inlets(f.siege, 1, 4, inlets), 0);
	/* Not told any more, 2 and all behind it reach nothing. */
	defence.blocks[defence.block_count++] = (struct plan_block){ 0, as_of(&f, 2) };
	assert_int_equal(plan_siege_run(f.siege, &defence, &stand, NULL), 0);
	close_to(stand.unreached, 200, 1e-9);
	close_to(stand.sites[0].attack, 12, 1e-9);
	tear_down(&f);
}

static void strategies_end(void **state)
{
	struct plan_play *play = calloc(1, sizeof(*play));
	struct field f;

	(void)state;
	set_up(&f);
	f.traffic[as_of(&f, 11)] = 300;
	f.sites[0].bandwidth = 100;
	f.sites[1].bandwidth = 400;
	assert_int_equal(plan_strategy_run(f.siege, &f.scenario, PLAN_ABSORB, play, NULL), 0);
	close_to(play->stand.served, 200 / 3.0 + 200, 1e-6);
	assert_int_equal(play->move_count, 0);
	assert_int_equal(plan_strategy_run(f.siege, &f.scenario, PLAN_WITHDRAW, play, NULL), 0);
	/* West hands all to east, which can take it. */
	assert_int_equal(play->move_count, 1);
	close_to(play->stand.served, 400, 1e-9);
	/* East cannot either: it is the last, and stays. */
	f.sites[1].bandwidth = 150;
	assert_int_equal(plan_strategy_run(f.siege, &f.scenario, PLAN_WITHDRAW, play, NULL), 0);
	assert_int_equal(play->move_count, 1);
	close_to(play->stand.served, 200, 1e-9);
	assert_int_equal(plan_strategy_run(f.siege, &f.scenario, PLAN_PREPEND, play, NULL), 0);
	assert_int_equal(play->move_count, PLAN_DEFENCE_PREPENDS);
	assert_int_equal(play->defence.prepends[0], PLAN_DEFENCE_PREPENDS);
	assert_int_equal(plan_strategy_run(f.siege, &f.scenario, PLAN_SHED, play, NULL), 0);
	close_to(play->stand.served, 400, 1e-9);
	assert_int_equal(plan_strategy_run(f.siege, &f.scenario, PLAN_NO_TELL, play, NULL), 0);
	/* 11 and its users are cut off; then nobody is pressed. */
	assert_int_equal(play->moves[0].neighbor, as_of(&f, 11));
	close_to(play->stand.unreached, 100, 1e-9);
	close_to(play->stand.served, 300, 1e-9);
	tear_down(&f);
	free(play);
}

/* On made-up Internets: never worse than a strategy or one move, the same every time, and what
 * is told of each move is what it gives. */
static void playbooks_are_no_worse(void **state)
{
	struct plan_play *play = calloc(1, sizeof(*play)), *other = calloc(1, sizeof(*other));

	(void)state;
	for (uint64_t seed = 1; seed <= 6; seed++) {
		struct random random = { .state = seed };
		struct plan_world *world;
		struct plan_site sites[3] = { { .name = "a" }, { .name = "b" },
			{ .name = "c" } };
		struct plan_upstream upstreams[4] = { 0 };
		struct plan_scenario scenario = { PLAN_NONE, sites, 3, upstreams, 4, NULL,
			NULL };
		struct plan_attack attack = { .scrub = 0.8, .scrub_loss = 0.02, .collapse = 4 };
		struct plan_playbook_search search = {
			.scenario = &scenario, .may_shed = seed % 2 == 0, .steps = 6, .width = 3
		};
		struct plan_bots bots;
		double first;

		assert_int_equal(
			plan_generate(&(struct plan_recipe){ seed, 300 }, &world, NULL), 0);
		for (uint32_t i = 0; i < 4; i++)
			upstreams[i] = (struct plan_upstream){ "u",
				{ .upstream = random_below(&random, 15),
					.class = PLAN_CUSTOMER,
					.site = (uint8_t)(i % 3),
					.length = 1 } };
		assert_int_equal(plan_bots_create(world, &bots, NULL), 0);
		assert_int_equal(plan_bots_spread(&bots, world, NULL,
					 &(struct plan_bots_where){ 0 }, 1000, 1, NULL),
			0);
		close_to(bots.total, 1000, 1e-6);
		for (size_t i = 0; i < 3; i++)
			sites[i].bandwidth = 100 + random_below(&random, 400);
		attack.traffic = bots.traffic;
		assert_int_equal(
			plan_siege_create(world, &scenario, &attack, &search.siege, NULL), 0);
		assert_int_equal(plan_playbook_find(&search, play, NULL), 0);
		first = play->stand.served;
		assert_true(play->move_count <= search.steps);
		if (play->move_count > 0)
			close_to(play->moves[play->move_count - 1].served, first, 1e-6);
		for (int s = 0; s < PLAN_STRATEGIES; s++) {
			assert_int_equal(plan_strategy_run(search.siege, &scenario,
						 (enum plan_strategy)s, other, NULL),
				0);
			if ((s != PLAN_SHED || search.may_shed) &&
				other->move_count <= search.steps)
				assert_true(first >= other->stand.served);
		}
		assert_int_equal(plan_playbook_find(&search, other, NULL), 0);
		assert_memory_equal(play, other, sizeof(*play));
		plan_siege_free(search.siege);
		plan_bots_clear(&bots);
		plan_world_free(world);
	}
	free(play);
	free(other);
}

/* ---- Botnets ---- */

struct text_source {
	const char *at;
};

static ptrdiff_t read_text(void *context, void *buffer, size_t room, struct error *error)
{
	struct text_source *source = context;
	size_t length = strlen(source->at) < room ? strlen(source->at) : room;

	(void)error;
	memcpy(buffer, source->at, length);
	source->at += length;
	return (ptrdiff_t)length;
}

static const char homes_text[] = "asn,country,users\n11,NL,100\n12,nl,300\n12,BE,50\n13,??,9\n";

static void counts_bots(void **state)
{
	static const struct {
		const char *text;
		double eleven, twelve, outside;
	} rows[] = {
		{ "11,5\n", 10, 0, 0 },
		{ "as,bots\nAS11,5\n12,1,7\n", 10, 7, 0 },
		{ "# of a country\nNL,8\n", 4, 12, 0 },
		{ "be,3,100\n11,0\n", 0, 300, 0 },
		{ "11,1\nXX,6\n99,5\n", 2, 0, 11 },
	};
	struct plan_homes homes;
	struct field f;

	(void)state;
	set_up(&f);
	assert_int_equal(plan_homes_read(f.world,
				 &(struct plan_source){
					 read_text, &(struct text_source){ homes_text }, "u" },
				 &homes, NULL),
		0);
	assert_int_equal(homes.count, 3);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct text_source text = { rows[i].text };
		struct plan_bots bots;

		assert_int_equal(plan_bots_create(f.world, &bots, NULL), 0);
		assert_int_equal(
			plan_bots_read(&bots, f.world, &homes,
				&(struct plan_source){ read_text, &text, "b" }, 2, NULL),
			0);
		close_to(bots.traffic[as_of(&f, 11)], rows[i].eleven, 1e-9);
		close_to(bots.traffic[as_of(&f, 12)], rows[i].twelve, 1e-9);
		close_to(bots.outside, rows[i].outside, 1e-9);
		close_to(bots.total, rows[i].eleven + rows[i].twelve, 1e-9);
		plan_bots_clear(&bots);
	}
	plan_homes_clear(&homes);
	tear_down(&f);
}

static void refuses_bots(void **state)
{
	static const struct {
		const char *text;
		enum error_code code;
		uint32_t line;
	} rows[] = {
		{ "", ERROR_RANGE, 0 },
		{ "99,5\n", ERROR_RANGE, 0 },
		{ "11,5\nNL,1\n", ERROR_UNSUPPORTED, 2 },
		{ "11,5\n12,many\n", ERROR_MALFORMED, 2 },
		{ "11\n", ERROR_MALFORMED, 1 },
		{ "11,-5\n", ERROR_MALFORMED, 1 },
		{ "11,5\n\nNLD,5\n", ERROR_MALFORMED, 3 },
		{ "11,5,x\n", ERROR_MALFORMED, 1 },
	};
	struct field f;

	(void)state;
	set_up(&f);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct text_source text = { rows[i].text };
		struct error error = { 0 };
		struct plan_bots bots;

		assert_int_equal(plan_bots_create(f.world, &bots, NULL), 0);
		assert_int_equal(plan_bots_read(&bots, f.world, NULL,
					 &(struct plan_source){ read_text, &text, "bots.csv" },
					 2, &error),
			rows[i].code);
		assert_int_equal(error.line, rows[i].line);
		assert_string_equal(error.file, "bots.csv");
		plan_bots_clear(&bots);
	}
	tear_down(&f);
}

static void spreads_and_reflects(void **state)
{
	static const char *const countries[] = { "nl" };
	struct plan_homes homes;
	struct plan_bots bots;
	double reflectors[6] = { 0 };
	struct field f;
	uint32_t fourteen;

	(void)state;
	set_up(&f);
	fourteen = as_of(&f, 14);
	assert_int_equal(plan_homes_read(f.world,
				 &(struct plan_source){
					 read_text, &(struct text_source){ homes_text }, "u" },
				 &homes, NULL),
		0);
	assert_int_equal(plan_bots_create(f.world, &bots, NULL), 0);
	/* 400 in the country and 100 in the AS share 50 bots. */
	assert_int_equal(
		plan_bots_spread(&bots, f.world, &homes,
			&(struct plan_bots_where){ countries, 1, &fourteen, 1 }, 50, 2, NULL),
		0);
	close_to(bots.traffic[as_of(&f, 12)], 60, 1e-9);
	close_to(bots.traffic[fourteen], 20, 1e-9);
	assert_int_equal(
		plan_bots_spread(&bots, f.world, NULL,
			&(struct plan_bots_where){ countries, 1, NULL, 0 }, 50, 2, NULL),
		ERROR_UNSUPPORTED);
	assert_int_equal(plan_bots_reflect(&bots, f.world, reflectors, 10, NULL), ERROR_RANGE);
	reflectors[as_of(&f, 13)] = 3;
	reflectors[as_of(&f, 11)] = 1;
	assert_int_equal(plan_bots_reflect(&bots, f.world, reflectors, 10, NULL), 0);
	close_to(bots.total, 1000, 1e-9);
	close_to(bots.traffic[as_of(&f, 13)], 750, 1e-9);
	close_to(bots.traffic[fourteen], 0, 1e-9);
	plan_bots_clear(&bots);
	plan_homes_clear(&homes);
	tear_down(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(shares_by_load),
		cmocka_unit_test(collapses_to_a_fixed_point),
		cmocka_unit_test(finds_where_it_comes_in),
		cmocka_unit_test(strategies_end),
		cmocka_unit_test(playbooks_are_no_worse),
		cmocka_unit_test(counts_bots),
		cmocka_unit_test(refuses_bots),
		cmocka_unit_test(spreads_and_reflects),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
