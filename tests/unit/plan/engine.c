/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The planner against the routing engine: small made-up Internets in which every AS is a
 * speaker of our own in virtual time, with sites that announce one prefix. When it is quiet,
 * every speaker has chosen the site, the length of the path and the class of neighbour that
 * plan_propagate says. Sites have AS numbers of their own here, to be told apart by the path's
 * end.
 *
 *     SEED=n SEEDS=m    from which seed on, how many
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../route/simulation.h"
#include "plan/generate.h"
#include "plan/propagate.h"
#include "route/best.h"
#include "route/policy.h"
#include "route/speaker_internal.h"

#define SITES_MAX  4
#define SITE_ASN   64600u
#define ROUTER_IDS 1000u /* of ASes: those of sites are lower, as announcements go first */

static struct policy *preferences;

struct rehearsal {
	struct random random;
	struct plan_world *world;
	struct simulation net;
	struct plan_announcement announcements[SITES_MAX];
	size_t site_count;
};

static struct prefix anycast(void)
{
	struct prefix prefix;

	assert_int_equal(prefix_parse("198.51.100.0/24", &prefix), 0);
	return prefix;
}

/* other_is: what the other one is to the node. */
static struct neighbor_settings settings_of(struct rehearsal *r, uint32_t node, uint32_t other,
	enum plan_class other_is, bool passive)
{
	static const uint8_t relations[] = { [PLAN_CUSTOMER] = POLICY_RELATION_CUSTOMER,
		[PLAN_PEER] = POLICY_RELATION_PEER,
		[PLAN_PROVIDER] = POLICY_RELATION_PROVIDER };
	struct neighbor_settings s =
		simulation_settings(&r->net, node, other, r->net.link_count);

	s.passive = passive;
	s.role = (uint8_t)BGP_ROLE_NONE;
	s.relation = relations[other_is];
	s.hold_time = duration_seconds(90);
	s.keepalive = duration_seconds(30);
	s.connect_retry = duration_seconds(2);
	s.import = s.transit = true;
	s.import_policy = preferences;
	return s;
}

static enum plan_class reverse(enum plan_class class)
{
	return class == PLAN_CUSTOMER   ? PLAN_PROVIDER
	       : class == PLAN_PROVIDER ? PLAN_CUSTOMER
					: PLAN_PEER;
}

/* b_is: what b is to a. */
static void join(struct rehearsal *r, uint32_t a, uint32_t b, enum plan_class b_is)
{
	struct neighbor_settings of_a = settings_of(r, a, b, b_is, false),
				 of_b = settings_of(r, b, a, reverse(b_is), true);

	(void)simulation_link(
		&r->net, a, b, &of_a, &of_b, 100 + random_below(&r->random, 50000), 20000);
}

/* Node i is AS index i; sites follow. */
static void build(struct rehearsal *r)
{
	const struct plan_graph *g = r->world->graph;

	simulation_begin(&r->net, r->random.state, g->as_count + SITES_MAX, g->link_count + 8);
	for (uint32_t as = 0; as < g->as_count; as++)
		(void)simulation_node(&r->net, g->asn[as], ROUTER_IDS + g->asn[as]);
	for (uint32_t as = 0; as < g->as_count; as++)
		for (int class = PLAN_CUSTOMER; class <= PLAN_PEER; class ++) {
			struct plan_row row = plan_row(g, as, (enum plan_class) class);

			for (; row.at < row.end; row.at++)
				if (class == PLAN_CUSTOMER || as < *row.at)
					join(r, as, *row.at, (enum plan_class) class);
		}
}

static void announce(struct rehearsal *r)
{
	const struct plan_graph *g = r->world->graph;

	r->site_count = 1 + random_below(&r->random, SITES_MAX);
	for (uint32_t i = 0; i < r->site_count; i++) {
		struct plan_announcement *a = &r->announcements[i];
		uint32_t node = simulation_node(&r->net, SITE_ASN + i, i + 1);
		struct local_route route = { .prefix = anycast() };

		*a = (struct plan_announcement){
			.upstream = random_below(&r->random, g->as_count),
			.class = (enum plan_class)random_below(&r->random, 3),
			.site = (uint8_t)i,
			.length = (uint8_t)(1 + random_below(&r->random, 3)),
		};
		route.prepend = a->length - 1u;
		join(r, a->upstream, node, a->class);
		assert_int_equal(
			speaker_route_set(r->net.nodes[node].speaker, &route, r->net.now), 0);
		simulation_touch(&r->net, node);
	}
}

static void come_to_rest(struct rehearsal *r)
{
	uint32_t standing = 0;

	for (int s = 0; s < 60 && standing < r->net.link_count; s++) {
		simulation_run(&r->net, instant_add(r->net.now, duration_seconds(1)));
		for (standing = 0; standing < r->net.link_count &&
				   simulation_established(&r->net, standing);
			standing++)
			;
	}
	assert_int_equal(standing, r->net.link_count);
	simulation_run(&r->net, instant_add(r->net.now, duration_seconds(20)));
}

/* What a speaker chose, in the planner's terms. */
static struct plan_route chosen(struct rehearsal *r, uint32_t as)
{
	static const uint8_t classes[] = { [POLICY_RELATION_CUSTOMER] = PLAN_CUSTOMER,
		[POLICY_RELATION_PEER] = PLAN_PEER,
		[POLICY_RELATION_PROVIDER] = PLAN_PROVIDER };
	struct speaker *speaker = r->net.nodes[as].speaker;
	struct prefix prefix = anycast();
	uint32_t destination = rib_find(&speaker->ribs[BGP_IPV4_UNICAST], &prefix);
	const struct rib_route *route =
		destination == RIB_NONE ? NULL
					: best_route(speaker, BGP_IPV4_UNICAST, destination);
	struct bgp_attributes a;
	const struct neighbor *from;

	if (route == NULL)
		return (struct plan_route){ .site = PLAN_SITE_NONE };
	attribute_store_read(&speaker->store, route->set, &a);
	from = source_of(speaker, (rib_source)route->source)->neighbor;
	assert_non_null(from);
	return (struct plan_route){ .class = classes[from->settings.relation],
		.length = (uint8_t)bgp_as_path_length(&a),
		.site = (uint8_t)(bgp_as_path_origin(&a) - SITE_ASN) };
}

static void rehearse(uint64_t seed, unsigned *differing)
{
	struct rehearsal r = { .random = { .state = seed } };
	struct plan_route *routes;
	uint32_t ases = 20 + random_below(&r.random, 30);

	assert_int_equal(plan_generate(&(struct plan_recipe){ seed, ases }, &r.world, NULL), 0);
	build(&r);
	announce(&r);
	come_to_rest(&r);
	routes = calloc(ases, sizeof(*routes));
	assert_int_equal(plan_propagate(r.world->graph,
				 &(struct plan_configuration){
					 PLAN_NONE, r.announcements, r.site_count },
				 routes, NULL),
		0);
	for (uint32_t as = 0; as < ases; as++) {
		struct plan_route real = chosen(&r, as);

		if (real.site != routes[as].site || real.length != routes[as].length ||
			real.class != routes[as].class)
			fail_msg("seed %llu, AS %u: site %u, length %u, class %u; the planner: "
				 "%u, %u, %u",
				(unsigned long long)seed, r.world->graph->asn[as], real.site,
				real.length, real.class, routes[as].site, routes[as].length,
				routes[as].class);
		*differing += real.site != 0;
	}
	free(routes);
	simulation_end(&r.net);
	plan_world_free(r.world);
}

static void equals_the_engine(void **state)
{
	const char *first = getenv("SEED"), *count = getenv("SEEDS");
	uint64_t seed = first == NULL ? 1 : strtoull(first, NULL, 10);
	uint64_t seeds = count == NULL ? 60 : strtoull(count, NULL, 10);
	unsigned differing = 0;

	(void)state;
	for (uint64_t i = 0; i < seeds; i++)
		rehearse(seed + i, &differing);
	assert_true(differing > seeds); /* not everybody at site 0: it was worth comparing */
}

/* Routes of customers before those of peers before those of providers. */
static int setup(void **state)
{
	static const uint32_t values[] = { 300, 200 };
	static const uint32_t bits[] = { 1u << POLICY_RELATION_CUSTOMER,
		1u << POLICY_RELATION_PEER };
	struct policy_term terms[2];
	struct policy_change changes[2];
	struct policy_rule rules[3] = { [2] = { .then = POLICY_THEN_ACCEPT } };
	struct policy_rules one = { "preferences", rules, 3 };
	struct policy_description description = { .policies = &one, .policy_count = 1 };
	struct policy_book *book;

	(void)state;
	for (unsigned i = 0; i < 2; i++) {
		terms[i] =
			(struct policy_term){ .kind = POLICY_TERM_RELATION, .bits = bits[i] };
		changes[i] = (struct policy_change){ .kind = POLICY_SET_LOCAL_PREF,
			.number = values[i] };
		rules[i] = (struct policy_rule){ .terms = &terms[i],
			.term_count = 1,
			.changes = &changes[i],
			.change_count = 1,
			.then = POLICY_THEN_ACCEPT };
	}
	book = policy_book_new(&description, NULL);
	assert_non_null(book);
	preferences =
		policy_new(book, &(const char *){ "preferences" }, 1, POLICY_END_REJECT, NULL);
	policy_book_release(book);
	return preferences == NULL;
}

static int teardown(void **state)
{
	(void)state;
	policy_release(preferences);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(equals_the_engine) };

	return cmocka_run_group_tests(tests, setup, teardown);
}
