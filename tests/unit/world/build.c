/* SPDX-License-Identifier: Apache-2.0 */
/* From a world's file to nodes and links; and every mistake that a world can have. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "world/configure.h"
#include "world/ready.h"
#include "world/world.h"

struct built {
	struct config_world *file;
	struct world *world;
	struct config_diagnostics diagnostics;
};

static int build(const char *name, const char *text, struct built *ret)
{
	const struct config_source source = { name, text, strlen(text) };
	int result;

	memset(ret, 0, sizeof(*ret));
	result = config_world_read(&source, &ret->file, &ret->diagnostics);
	return result != 0 ? result
			   : world_build(ret->file, &source, &ret->world, &ret->diagnostics);
}

static void clear(struct built *b)
{
	world_free(b->world);
	config_world_free(b->file);
	config_diagnostics_clear(&b->diagnostics);
}

/* ---- Worlds that come with the program ---- */

static void ready_worlds_can_be_built(void **state)
{
	(void)state;
	for (const struct world_ready *r = world_ready; r->name != NULL; r++) {
		struct built b;
		struct text out = { 0 };

		if (build(r->name, r->text, &b) != 0) {
			config_diagnostics_print(&b.diagnostics, false, &out);
			fail_msg("%s", text_string(&out));
		}
		assert_true(b.world->site_count >= 1);
		for (uint32_t i = 0; i < b.world->node_count; i++)
			world_configure_nearcast(b.world, i, 0, &out);
		assert_false(out.failed);
		text_clear(&out);
		clear(&b);
	}
}

static uint32_t node(const struct world *world, const char *name)
{
	uint32_t found = world_node_find(world, name);

	assert_int_not_equal(WORLD_NONE, found);
	return found;
}

static void cities_become_routers(void **state)
{
	struct built b;
	const struct world_link *link;
	uint32_t found;

	(void)state;
	assert_int_equal(0,
		build("w",
			"networks:\n  big: { cities: [ams, nyc, tyo], asn: 3001 }\n"
			"  small: { city: Boston, people: 3, providers: { big: { prepend: 2 } } }\n"
			"sites:\n  s: { city: Osaka, upstreams: { big: { delay: 9ms, loss: 1.5, rate: 10 } } }\n",
			&b));
	assert_int_equal(5, b.world->node_count);
	assert_int_equal(3001, b.world->nodes[node(b.world, "big-tyo")].asn);
	/* Three inside, and each tie where it is shortest. */
	assert_int_equal(5, b.world->link_count);
	found = world_link_find(b.world, "small-big-nyc");
	assert_int_not_equal(WORLD_NONE, found);
	assert_int_equal(2, b.world->links[found].prepend);
	found = world_link_find(b.world, "big-tyo-s");
	assert_int_not_equal(WORLD_NONE, found);
	link = &b.world->links[found];
	assert_int_equal(9000000, link->delay_ns);
	assert_int_equal(15000, link->loss_ppm);
	assert_int_equal(10000000, link->rate_bps);
	assert_int_equal(WORLD_IS_PROVIDER, link->relation);
	assert_int_equal(link->address[0] + 1, link->address[1]);
	clear(&b);
}

/* ---- Ways inside ---- */

struct ways {
	uint32_t count, link[8], metric[8];
};

static void note(void *context, const struct world_way *way)
{
	struct ways *ways = context;

	assert_true(way->to < 8);
	ways->count++;
	ways->link[way->to] = way->link;
	ways->metric[way->to] = way->metric;
}

static void ways_go_round_what_is_cut(void **state)
{
	struct built b;
	struct ways direct = { 0 }, round = { 0 };
	bool up[8] = { true, true, true, true, true, true, true, true };
	uint32_t ams, tyo, cable;

	(void)state;
	assert_int_equal(0, build("w",
				    "networks:\n  big: { cities: [ams, nyc, tyo], people: 1 }\n"
				    "sites:\n  s: { city: Osaka, upstreams: { big: {} } }\n",
				    &b));
	ams = node(b.world, "big-ams");
	tyo = node(b.world, "big-tyo");
	cable = world_link_find(b.world, "big-ams-big-tyo");
	assert_int_equal(0, world_ways(b.world, ams, up, note, &direct));
	assert_int_equal(2, direct.count);
	assert_int_equal(cable, direct.link[tyo]);
	up[cable] = false;
	assert_int_equal(0, world_ways(b.world, ams, up, note, &round));
	assert_int_equal(2, round.count);
	assert_int_equal(world_link_find(b.world, "big-ams-big-nyc"), round.link[tyo]);
	assert_true(round.metric[tyo] > direct.metric[tyo]);
	clear(&b);
}

static void same_seed_same_world(void **state)
{
	const char *text = "generate: { networks: 60, sites: 5, seed: 7 }\n";
	struct text first = { 0 }, second = { 0 };
	struct built a, b;

	(void)state;
	assert_int_equal(0, build("a", text, &a));
	assert_int_equal(0, build("b", text, &b));
	for (uint32_t i = 0; i < a.world->node_count; i++) {
		world_configure_nearcast(a.world, i, 0, &first);
		world_configure_nearcast(b.world, i, 0, &second);
	}
	assert_string_equal(text_string(&first), text_string(&second));
	text_clear(&first);
	text_clear(&second);
	clear(&a);
	clear(&b);
}

/* ---- Mistakes ---- */

#define SITE "sites:\n  s: { city: Paris, upstreams: { t: {} } }\n"

static const struct {
	const char *text, *message;
	unsigned line;
} mistakes[] = {
	{ "networks: { t: { city: Paris } }\n", "the world has no sites", 1 },
	{ SITE "networks:\n  t: { city: Paris, providers: { u: {} } }\n"
	       "  u: { city: Rome, providers: { v: {} } }\n"
	       "  v: { city: Rome, providers: { t: {} } }\n",
		"a loop of providers", 6 },
	{ SITE "networks:\n  t: { city: Paris, providers: { u: {} } }\n"
	       "  u: { city: Rome, providers: { t: {} } }\n",
		"are each other's providers", 4 },
	{ SITE "networks: { u: { city: Paris } }\n", "there is no network 't'", 2 },
	{ SITE "networks: { t: { city: Paaris } }\n", "the city 'Paaris' is not known", 3 },
	{ SITE "networks: { t: { people: 1 } }\n", "network 't' has no city", 3 },
	{ SITE "networks: { t: { city: Paris, cities: [ams] } }\n", "both a city and cities",
		3 },
	{ SITE "networks: { t: { latitude: 3 } }\n", "has a latitude and no longitude", 3 },
	{ SITE "networks:\n  t: { city: Paris, asn: 7 }\n  u: { city: Rome, asn: 7 }\n",
		"have the same AS number 7", 5 },
	{ SITE "networks: { t: { city: Paris, asn: 64500 } }\n", "has the sites' AS number",
		3 },
	{ SITE "networks:\n  t: { city: Paris }\n  s: { city: Rome }\n",
		"there are two nodes 's'", 2 },
	{ SITE "networks:\n  t: { city: Paris }\n  lone: { city: Rome, people: 2 }\n",
		"there is no path from 'lone' to any site", 5 },
	/* A peer's peer does not hear of it. */
	{ SITE "networks:\n  t: { city: Paris, peers: { u: {} } }\n"
	       "  u: { city: Rome, peers: { w: {} } }\n  w: { city: Rome, people: 1 }\n",
		"there is no path from 'w'", 6 },
	{ SITE "networks: { t: { city: Paris, providers: { t: {} } } }\n", "tied to itself",
		3 },
	{ SITE "networks: { t: { city: Paris, peers: { s: {} } } }\n", "'s' is no network", 3 },
	{ SITE "networks: { t: { cities: [ams, fra], daemon: gobgp } }\n",
		"does not know the distance", 3 },
	{ SITE "networks:\n  t: { city: Paris, peers: { u: {} } }\n"
	       "  u: { city: Rome, providers: { t: {} } }\n",
		"are peers, and one is the other's provider", 4 },
	{ SITE "networks: { t: { cities: [ams, fra] } }\nexchanges:\n"
	       "  x: { city: Rome, members: { y: {} } }\n",
		"there is no network 'y'", 5 },
	{ "sites: { s: { city: Paris } }\n", "site 's' has no upstreams", 1 },
	{ "generate: { networks: 20 }\n" SITE, "both made up and written down", 1 },
	{ SITE "networks: { t: { city: Paris, providers: { u: { delay: 99 } } } }\n", "", 3 },
};

static void mistakes_are_told(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(mistakes) / sizeof(mistakes[0]); i++) {
		struct text out = { 0 };
		bool found = false;
		struct built b;

		assert_int_equal(ERROR_MALFORMED, build("w.yaml", mistakes[i].text, &b));
		for (size_t j = 0; j < b.diagnostics.count; j++)
			found = found ||
				(strstr(b.diagnostics.items[j].text, mistakes[i].message) !=
						NULL &&
					b.diagnostics.items[j].mark.line == mistakes[i].line);
		config_diagnostics_print(&b.diagnostics, false, &out);
		if (!found)
			fail_msg("wanted line %u: %s\ngot %s", mistakes[i].line,
				mistakes[i].message, text_string(&out));
		text_clear(&out);
		clear(&b);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ready_worlds_can_be_built),
		cmocka_unit_test(cities_become_routers),
		cmocka_unit_test(ways_go_round_what_is_cut),
		cmocka_unit_test(same_seed_same_world),
		cmocka_unit_test(mistakes_are_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
