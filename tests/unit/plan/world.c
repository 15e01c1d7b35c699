/* SPDX-License-Identifier: Apache-2.0 */
/* Users and places from files, and made-up Internets. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "plan/city.h"
#include "plan/generate.h"
#include "plan/propagate.h"
#include "plan/world.h"

static ptrdiff_t read_text(void *context, void *buffer, size_t room, struct error *error)
{
	const char **at = context;
	size_t length = strlen(*at) < room ? strlen(*at) : room;

	(void)error;
	if (length > 7)
		length = 7;
	memcpy(buffer, *at, length);
	*at += length;
	return (ptrdiff_t)length;
}

static struct plan_world *small_world(void)
{
	const struct plan_link links[] = { { 10, 20, PLAN_PROVIDER_OF, 0 },
		{ 10, 30, PLAN_PROVIDER_OF, 0 }, { 20, 30, PLAN_PEERS, 0 } };
	struct plan_graph *g;
	struct plan_world *world;

	assert_int_equal(plan_graph_build(links, 3, &g, NULL), 0);
	assert_int_equal(plan_world_create(g, &world, NULL), 0);
	return world;
}

typedef int reader(
	struct plan_world *world, const struct plan_source *source, struct error *error);

static const struct refused {
	reader *read;
	const char *text;
	enum error_code code;
	uint32_t line;
	const char *says;
} refused[] = {
	{ plan_world_read_users, "", ERROR_RANGE, 0, "no users" },
	{ plan_world_read_users, "asn,users\n40,5\n", ERROR_RANGE, 0, "no users" },
	{ plan_world_read_users, "10\n", ERROR_MALFORMED, 1, "asn,country,users" },
	{ plan_world_read_users, "10,NL,5\n20,NL,x\n", ERROR_MALFORMED, 2, "of users" },
	{ plan_world_read_users, "10,NL,-5\n", ERROR_MALFORMED, 1, "of users" },
	{ plan_world_read_users, "10,NL,5\nASN,NL,5\n", ERROR_MALFORMED, 2, "AS number" },
	{ plan_world_read_geography, "", ERROR_MALFORMED, 0, "empty" },
	{ plan_world_read_geography, "asn,lat,lon\n", ERROR_MALFORMED, 1, "addr_share" },
	{ plan_world_read_geography, "asn,lat,lon,addr_share\n40,1,1,1\n", ERROR_RANGE, 0,
		"no place" },
	{ plan_world_read_geography, "asn,lat,lon,addr_share\n10,1,1\n", ERROR_MALFORMED, 2,
		"missing" },
	{ plan_world_read_geography, "asn,lat,lon,addr_share\n10,91,1,1\n", ERROR_MALFORMED, 2,
		"globe" },
	{ plan_world_read_geography, "asn,lat,lon,addr_share\n20,1,1,1\n10,1,1,1\n",
		ERROR_MALFORMED, 3, "must rise" },
};

static void refuses(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
		struct plan_world *world = small_world();
		const char *text = refused[i].text;
		struct plan_source source = { read_text, &text, "some.csv" };
		struct error error = { 0 };

		assert_int_equal(refused[i].read(world, &source, &error), refused[i].code);
		assert_string_equal(error.file, "some.csv");
		if (refused[i].line > 0)
			assert_int_equal(error.line, refused[i].line);
		assert_non_null(strstr(error.text, refused[i].says));
		assert_true(
			world->users[0] == 1 && !world->users_known && !world->places_known);
		plan_world_free(world);
	}
}

static void reads_users(void **state)
{
	struct plan_world *world = small_world();
	const char *text =
		"ASN,CC,Users\n# remark\n20,NL,1000\r\n20,DE,500\n99,DE,7,100\n10,US,2.5,3,x";
	struct plan_source source = { read_text, &text, NULL };

	(void)state;
	assert_int_equal(plan_world_read_users(world, &source, NULL), 0);
	assert_true(world->users[plan_graph_find(world->graph, 20)] == 1500);
	assert_true(world->users[plan_graph_find(world->graph, 30)] == 0);
	assert_true(world->users_total == 1502.5);
	assert_true(world->users_outside == 7);
	plan_world_free(world);
}

static void reads_places(void **state)
{
	struct plan_world *world = small_world();
	const char *text =
		"asn,city,lat,lon,addr_share\n10,\"Paris, France\",48.5,2.25,0.5\n"
		"10,Rome,41,12,1.5\n15,X,1,1,1\n15,Y,1,1,1\n30,Quito,-0.25,-78.5,1\n";
	struct plan_source source = { read_text, &text, NULL };
	struct plan_place place;

	(void)state;
	assert_int_equal(plan_world_read_geography(world, &source, NULL), 0);
	assert_true(plan_world_place(world, plan_graph_find(world->graph, 10), &place));
	assert_true(place.latitude == 41 && place.longitude == 12);
	assert_true(plan_world_place(world, plan_graph_find(world->graph, 30), &place));
	assert_true(place.latitude == -0.25F && place.longitude == -78.5F);
	assert_false(plan_world_place(world, plan_graph_find(world->graph, 20), &place));
	assert_true(
		world->spreads[world->first[plan_graph_find(world->graph, 10)]].share == 0.25F);
	assert_int_equal(world->ases_outside, 1);
	plan_world_free(world);
}

static void cities(void **state)
{
	const struct plan_city *ams = plan_city_find("AMS"), *sao = plan_city_find("sao paulo");

	(void)state;
	assert_non_null(ams);
	assert_non_null(sao);
	assert_null(plan_city_find("Xanadu"));
	assert_ptr_equal(plan_city_closest("Amsterdm"), ams);
	assert_null(plan_city_closest("Xanadu"));
	assert_in_range((int)plan_distance_km(ams->place, sao->place), 9700, 9850);
	for (size_t i = 0; i < plan_city_count; i++) {
		assert_ptr_equal(plan_city_find(plan_cities[i].code), &plan_cities[i]);
		assert_ptr_equal(plan_city_find(plan_cities[i].name), &plan_cities[i]);
	}
}

/* Everybody is reached from anywhere, the top is a clique, users are people of the cities. */
static void check_made(struct plan_world *world, uint32_t ases)
{
	const struct plan_graph *g = world->graph;
	struct plan_route *routes = calloc(ases, sizeof(*routes));
	const struct plan_announcement a = {
		.upstream = g->as_count - 1, .class = PLAN_CUSTOMER, .length = 1
	};
	double users = 0;

	assert_int_equal(g->as_count, ases);
	assert_int_equal(plan_propagate(g, &(struct plan_configuration){ PLAN_NONE, &a, 1 },
				 routes, NULL),
		0);
	for (uint32_t as = 0; as < ases; as++) {
		float share = 0;

		assert_int_equal(routes[as].site, 0);
		users += world->users[as];
		for (uint32_t i = world->first[as]; i < world->first[as + 1]; i++)
			share += world->spreads[i].share;
		assert_true(share > 0.99F && share < 1.01F);
	}
	assert_true(users == world->users_total && users > 1e8);
	free(routes);
}

static void made_up(void **state)
{
	static const uint32_t sizes[] = { 20, 21, 40, 100, 999, 5000 };

	(void)state;
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		struct plan_world *world, *again, *other;

		assert_int_equal(
			plan_generate(&(struct plan_recipe){ 7, sizes[i] }, &world, NULL), 0);
		assert_int_equal(
			plan_generate(&(struct plan_recipe){ 7, sizes[i] }, &again, NULL), 0);
		assert_int_equal(
			plan_generate(&(struct plan_recipe){ 8, sizes[i] }, &other, NULL), 0);
		check_made(world, sizes[i]);
		assert_int_equal(world->graph->link_count, again->graph->link_count);
		assert_memory_equal(world->graph->neighbors, again->graph->neighbors,
			world->graph->link_count * 2 * sizeof(uint32_t));
		assert_memory_equal(world->users, again->users, sizes[i] * sizeof(double));
		assert_true(world->graph->link_count != other->graph->link_count ||
			    memcmp(world->graph->neighbors, other->graph->neighbors,
				    world->graph->link_count * 2 * sizeof(uint32_t)) != 0);
		plan_world_free(world);
		plan_world_free(again);
		plan_world_free(other);
	}
}

static void looks_like_the_real_one(void **state)
{
	struct plan_world *world;
	const struct plan_graph *g;
	uint32_t most = 0;

	(void)state;
	assert_int_equal(plan_generate(&(struct plan_recipe){ 1, 5000 }, &world, NULL), 0);
	g = world->graph;
	assert_in_range(g->transit_count, 5000 / 12, 5000 / 5);
	assert_in_range(g->link_count, 5000 * 2, 5000 * 8);
	for (uint32_t as = 0; as < g->as_count; as++) {
		struct plan_row row = plan_row(g, as, PLAN_CUSTOMER);

		if ((uint32_t)(row.end - row.at) > most)
			most = (uint32_t)(row.end - row.at);
	}
	assert_in_range(most, 100, 2500);
	plan_world_free(world);
	assert_int_equal(
		plan_generate(&(struct plan_recipe){ 1, 19 }, &world, NULL), ERROR_RANGE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(refuses),
		cmocka_unit_test(reads_users),
		cmocka_unit_test(reads_places),
		cmocka_unit_test(cities),
		cmocka_unit_test(made_up),
		cmocka_unit_test(looks_like_the_real_one),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
