/* SPDX-License-Identifier: Apache-2.0 */
/* Exchanges: files of members, and what is left when one is lost. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "plan/failure.h"
#include "plan/generate.h"

/* 10 sells to 20 and 30; 20 to 40 are peers of each other. */
static const struct plan_link links[] = { { 10, 20, PLAN_PROVIDER_OF, 0 },
	{ 10, 30, PLAN_PROVIDER_OF, 0 }, { 20, 30, PLAN_PEERS, 0 }, { 20, 40, PLAN_PEERS, 0 },
	{ 30, 40, PLAN_PEERS, 0 } };

static struct plan_graph *small_graph(void)
{
	struct plan_graph *g;

	assert_int_equal(
		plan_graph_build(links, sizeof(links) / sizeof(links[0]), &g, NULL), 0);
	return g;
}

static ptrdiff_t read_text(void *context, void *buffer, size_t room, struct error *error)
{
	const char **at = context;
	size_t length = strlen(*at) < room ? strlen(*at) : room;

	(void)error;
	if (length > 5)
		length = 5;
	memcpy(buffer, *at, length);
	*at += length;
	return (ptrdiff_t)length;
}

static int read_members(const struct plan_graph *g, const char *text,
	struct plan_exchanges **ret_exchanges, struct error *error)
{
	const struct plan_source source = { read_text, &text, "ix.csv" };

	return plan_exchanges_read(g, &source, ret_exchanges, error);
}

static size_t peers_of(const struct plan_graph *g, uint32_t asn)
{
	struct plan_row row = plan_row(g, plan_graph_find(g, asn), PLAN_PEER);

	return (size_t)(row.end - row.at);
}

static void loses_links(void **state)
{
	/* 20 and 30 meet at both, 20 and 40 at North only, 30 and 40 nowhere that is known. */
	const char *text =
		"exchange,asn\n\"North, the\",20\nSouth,20\nsouth,AS30\n"
		"\"North, the\",30\n\"North, the\",40\n\"north, the\",40\nSouth,99\n";
	struct plan_graph *g = small_graph();
	struct plan_exchanges *x;
	struct plan_outage *outage;
	uint32_t both[2] = { 0, 1 };
	const struct plan_graph *left;

	(void)state;
	assert_int_equal(read_members(g, text, &x, NULL), 0);
	assert_int_equal(x->count, 2);
	assert_int_equal(x->list[0].members, 3);
	assert_int_equal(x->list[1].members, 2);
	assert_int_equal(x->outside, 1);
	assert_int_equal(plan_exchange_find(x, "NORTH, THE"), 0);
	assert_int_equal(plan_exchange_find(x, "West"), PLAN_NONE);
	assert_int_equal(plan_outage_create(g, x, &outage, NULL), 0);
	assert_ptr_equal(plan_outage_without(outage, both, 0), g);
	left = plan_outage_without(outage, both, 1);
	/* 20 and 30 still meet in the south; 30 and 40 both are in the north. */
	assert_int_equal(peers_of(left, 40), 0);
	assert_int_equal(peers_of(left, 20), 1);
	assert_int_equal(left->link_count, 3);
	left = plan_outage_without(outage, both + 1, 1);
	assert_int_equal(left->link_count, 5);
	left = plan_outage_without(outage, both, 2);
	assert_int_equal(peers_of(left, 20), 0);
	assert_int_equal(left->link_count, 2);
	assert_int_equal(g->link_count, 5);
	plan_outage_free(outage);
	plan_exchanges_free(x);
	plan_graph_free(g);
}

static void refuses(void **state)
{
	static const struct {
		const char *text;
		enum error_code code;
		uint32_t line;
	} rows[] = {
		{ "", ERROR_RANGE, 0 },
		{ "exchange,asn\nNorth,99\n", ERROR_RANGE, 0 },
		{ "North,20\nSouth\n", ERROR_MALFORMED, 2 },
		{ "North,20\nSouth,many\n", ERROR_MALFORMED, 2 },
		{ "North,20\n# remark\n,30\n", ERROR_MALFORMED, 3 },
		{ "North,20\nA name that is much longer than any exchange would ever call "
		  "itself in earnest,30\n",
			ERROR_MALFORMED, 2 },
	};
	struct plan_graph *g = small_graph();

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct plan_exchanges *x;
		struct error error = { 0 };

		assert_int_equal(read_members(g, rows[i].text, &x, &error), rows[i].code);
		assert_int_equal(error.line, rows[i].line);
		assert_string_equal(error.file, "ix.csv");
	}
	plan_graph_free(g);
}

/* Whether a link stays when one exchange is lost, said the long way. */
static bool stays(const struct plan_exchanges *x, uint32_t a, uint32_t b, uint32_t lost)
{
	bool at_lost = false, elsewhere = false;

	for (size_t i = 0; i < x->member_count; i++)
		for (size_t j = 0; j < x->member_count; j++)
			if (x->members[i].as == a && x->members[j].as == b &&
				x->members[i].exchange == x->members[j].exchange) {
				at_lost |= x->members[i].exchange == lost;
				elsewhere |= x->members[i].exchange != lost;
			}
	return !at_lost || elsewhere;
}

/* What is left of a made-up Internet is the graph of its other links. */
static void equals_a_new_graph(void **state)
{
	struct plan_world *world;
	struct plan_outage *outage;
	const struct plan_graph *left;
	uint32_t largest = 0, lost_links = 0;

	(void)state;
	assert_int_equal(plan_generate(&(struct plan_recipe){ 4, 600 }, &world, NULL), 0);
	assert_true(world->exchanges->count > 5);
	for (uint32_t i = 0; i < world->exchanges->count; i++)
		if (world->exchanges->list[i].members > world->exchanges->list[largest].members)
			largest = i;
	assert_int_equal(plan_outage_create(world->graph, world->exchanges, &outage, NULL), 0);
	left = plan_outage_without(outage, &largest, 1);
	for (uint32_t as = 0; as < left->as_count; as++) {
		struct plan_row all = plan_row(world->graph, as, PLAN_PEER),
				some = plan_row(left, as, PLAN_PEER);

		for (; all.at < all.end; all.at++) {
			bool here = some.at < some.end && *some.at == *all.at;

			assert_int_equal(here, stays(world->exchanges, as, *all.at, largest));
			some.at += here;
			lost_links += !here;
		}
		assert_ptr_equal(some.at, some.end);
		for (int class = 0; class < PLAN_CLASSES; class += PLAN_PROVIDER) {
			all = plan_row(world->graph, as, (enum plan_class) class);
			some = plan_row(left, as, (enum plan_class) class);
			assert_int_equal(all.end - all.at, some.end - some.at);
			if (all.end > all.at)
				assert_memory_equal(all.at, some.at,
					(size_t)(all.end - all.at) * sizeof(*all.at));
		}
	}
	assert_true(lost_links > 0);
	assert_int_equal(left->link_count, world->graph->link_count - lost_links / 2);
	plan_outage_free(outage);
	plan_world_free(world);
}

/* 10 hears the site over its customer 20; 40 over the exchange. */
static void cascades(void **state)
{
	struct plan_graph *g = small_graph();
	struct plan_world *world;
	struct plan_exchanges *x;
	struct plan_site sites[] = { { .name = "a", .capacity = 3 },
		{ .name = "b", .capacity = 3 } };
	struct plan_upstream upstreams[2] = {
		{ "20", { .upstream = plan_graph_find(g, 20), .site = 0, .length = 1 } },
		{ "40", { .upstream = plan_graph_find(g, 40), .site = 1, .length = 1 } },
	};
	const struct plan_scenario scenario = { PLAN_NONE, sites, 2, upstreams, 2, NULL, NULL };
	const uint32_t over[] = { PLAN_NONE, 0 };
	struct plan_route before[4], routes[4];
	struct plan_failures f = { .scenario = &scenario,
		.upstream_exchanges = over,
		.before = before,
		.routes = routes };
	struct plan_failure failure;

	(void)state;
	assert_int_equal(read_members(g, "North,20\nNorth,40\n", &x, NULL), 0);
	assert_int_equal(plan_world_create(g, &world, NULL), 0);
	f.world = world;
	assert_int_equal(plan_outage_create(g, x, &f.outage, NULL), 0);
	assert_int_equal(
		plan_scenario_run(g, &scenario, &(struct plan_variation){ 0 }, before, NULL),
		0);
	/* Site b goes: a has all four users and can serve three, so it goes too. */
	assert_int_equal(
		plan_failure_run(&f, &(struct plan_loss){ { { PLAN_PART_SITE, 1 } }, 1 },
			&failure, NULL),
		0);
	assert_int_equal(failure.moved, 1);
	assert_int_equal(failure.overloaded_count, 1);
	assert_int_equal(failure.overloaded[0], 1);
	assert_int_equal(failure.down, 1);
	assert_int_equal(failure.unserved, 4);
	/* The exchange takes its link and the session of b that runs over it: 40 hears a from
	 * 30? No: 30 has it from its peer or provider, and peers are not told. */
	assert_int_equal(
		plan_failure_run(&f, &(struct plan_loss){ { { PLAN_PART_EXCHANGE, 0 } }, 1 },
			&failure, NULL),
		0);
	assert_int_equal(failure.unreached, 1);
	assert_int_equal(failure.moved, 1);
	assert_int_equal(failure.down, 0);
	assert_true(plan_part_within(&scenario, &(struct plan_part){ PLAN_PART_SITE, 1 },
		&(struct plan_part){ PLAN_PART_UPSTREAM, 1 }));
	assert_false(plan_part_within(&scenario, &(struct plan_part){ PLAN_PART_SITE, 0 },
		&(struct plan_part){ PLAN_PART_UPSTREAM, 1 }));
	assert_false(plan_part_within(&scenario, &(struct plan_part){ PLAN_PART_EXCHANGE, 0 },
		&(struct plan_part){ PLAN_PART_SITE, 0 }));
	plan_outage_free(f.outage);
	plan_exchanges_free(x);
	plan_world_free(world);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(loses_links),
		cmocka_unit_test(refuses),
		cmocka_unit_test(equals_a_new_graph),
		cmocka_unit_test(cascades),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
