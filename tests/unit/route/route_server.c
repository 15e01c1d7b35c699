/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A route server and its clients: what is passed on as it is, who hears which of several
 * routes, and that nothing a client may not hear hides something from it.
 *
 *     clients 0 .. 5 ---- server (AS 64500, under test)
 *
 * RFC 7947 sections 2.2 and 2.3.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "net.h"
#include "route/policy.h"

#define SERVER   64500u
#define CLIENTS  6u
#define PREFIXES 5u
#define STORIES  150u
#define STEPS    40u

/* Two clients are of one AS: their MEDs are compared. */
static const uint32_t asns[CLIENTS] = { 64501, 64502, 64503, 64504, 64505, 64505 };

static struct net net;
static struct node *server, *clients[CLIENTS];

/* ---- Policies: "0:AS" keeps a route from that AS, "0:0" from everybody. ---- */

enum rules { EVERYTHING, NOT_TO_ME, NOT_TO_ANY, RULES };

static struct policy *policies[CLIENTS][RULES];

static struct policy *policy_make(uint32_t asn, enum rules rules)
{
	struct policy_community_range ranges[] = {
		{ .kind = POLICY_COMMUNITY_STANDARD, .first = { 0, asn }, .last = { 0, asn } },
		{ .kind = POLICY_COMMUNITY_STANDARD, .first = { 0, 0 }, .last = { 0, 0 } },
	};
	struct policy_community_set set = { "kept", ranges, rules };
	uint32_t first = 0;
	struct policy_term term = {
		.kind = POLICY_TERM_COMMUNITY, .sets = &first, .set_count = 1
	};
	struct policy_rule lines[] = {
		{ .terms = &term, .term_count = 1, .then = POLICY_THEN_REJECT },
		{ .then = POLICY_THEN_ACCEPT },
	};
	struct policy_rules one = { "one", rules == EVERYTHING ? lines + 1 : lines,
		rules == EVERYTHING ? 1 : 2 };
	struct policy_description description = { .community_sets = &set,
		.community_set_count = 1,
		.policies = &one,
		.policy_count = 1 };
	struct policy_book *book = policy_book_new(&description, NULL);
	struct policy *policy;

	assert_non_null(book);
	policy = policy_new(book, &(const char *){ "one" }, 1, POLICY_END_REJECT, NULL);
	policy_book_release(book);
	assert_non_null(policy);
	return policy;
}

static int policies_begin(void **state)
{
	(void)state;
	for (unsigned i = 0; i < CLIENTS; i++)
		for (int r = 0; r < RULES; r++)
			policies[i][r] = policy_make(asns[i], (enum rules)r);
	return 0;
}

static int policies_end(void **state)
{
	(void)state;
	for (unsigned i = 0; i < CLIENTS; i++)
		for (int r = 0; r < RULES; r++)
			policy_release(policies[i][r]);
	return 0;
}

/* ---- The exchange. ---- */

static struct neighbor_settings towards_client(unsigned i, struct policy *policy)
{
	struct neighbor_settings settings = net_settings(server, clients[i]);

	settings.transit = settings.route_server_client = true;
	settings.export_policy = policy;
	return settings;
}

static void client_connect(unsigned i)
{
	struct neighbor_settings settings = net_settings(clients[i], server);

	settings.first_as_any = true;
	assert_non_null(net_neighbor(clients[i], &settings));
}

static void begin(uint64_t seed, unsigned count, enum rules rules)
{
	net_begin(&net, seed);
	server = net_node(&net, SERVER, 0);
	for (unsigned i = 0; i < count; i++) {
		struct neighbor_settings settings;

		clients[i] = net_node(&net, asns[i], 0);
		settings = towards_client(
			i, rules == EVERYTHING && i % 2 == 0 ? NULL : policies[i][rules]);
		assert_non_null(net_neighbor(server, &settings));
		client_connect(i);
	}
	for (unsigned i = 0; i < count; i++)
		assert_true(net_until_up(server, clients[i], 60000));
}

static void say(unsigned i, unsigned x, unsigned prepend, uint32_t med, uint32_t kept_from)
{
	uint32_t community = kept_from & 0xffffu;
	struct local_route route = { .prefix = net_prefix(x, false),
		.prepend = prepend,
		.med = med,
		.communities = &community,
		.community_count = kept_from != UINT32_MAX };

	assert_int_equal(speaker_route_set(clients[i]->speaker, &route, net.now), 0);
}

#define FROM_NOBODY UINT32_MAX

/* Whose route the client holds; CLIENTS: none. */
static unsigned held_of(unsigned i, unsigned x, struct bgp_attributes *a)
{
	if (!net_has(clients[i], server, net_prefix(x, false), a, NULL))
		return CLIENTS;
	for (unsigned j = 0; j < CLIENTS; j++)
		if (clients[j] != NULL && address_equal(&a->next_hop, &clients[j]->address))
			return j;
	fail_msg("the next hop is no client");
	return CLIENTS;
}

static void expect_held(unsigned i, unsigned x, unsigned wanted)
{
	struct bgp_attributes a;
	unsigned held;

	net_run(&net, 1000);
	held = held_of(i, x, &a);
	if (held != wanted)
		fail_msg("client %u holds the route of %u, not of %u", i, held, wanted);
}

/* ---- What is passed on as it is. ---- */

static void transparent(void **state)
{
	static const uint32_t communities[] = { BGP_COMMUNITY_NO_EXPORT, 0xfbf50007u };
	/* The bandwidth of a link, which is not transitive. */
	static const uint64_t bandwidth = 0x4004fbf500000001u;

	(void)state;
	begin(7947, 3, EVERYTHING);
	for (int ipv6 = 0; ipv6 < 2; ipv6++) {
		struct local_route route = { .prefix = net_prefix(1, ipv6 != 0),
			.med = 7,
			.prepend = 1,
			.communities = communities,
			.community_count = 2,
			.extended_communities = &bandwidth,
			.extended_community_count = 1 };

		assert_int_equal(speaker_route_set(clients[0]->speaker, &route, net.now), 0);
		net_run(&net, 2000);
		/* Client 1 has a policy, client 2 none. */
		for (unsigned i = 1; i < 3; i++) {
			struct bgp_attributes sent, a;

			assert_true(net_has(server, clients[0], route.prefix, &sent, NULL));
			assert_true(net_has(clients[i], server, route.prefix, &a, NULL));
			assert_true(bgp_attributes_equal(&sent, &a));
			assert_int_equal(bgp_as_path_length(&a), 2);
			assert_int_equal(bgp_as_path_first(&a), asns[0]);
			assert_false(bgp_as_path_contains(&a, SERVER));
			assert_int_equal(a.med, 7);
		}
		assert_int_equal(net_count(clients[0], server), 0);
	}
	net_end(&net);
}

/* What the server says itself is as that of any neighbour. */
static void its_own_routes(void **state)
{
	struct bgp_attributes a;

	(void)state;
	begin(7947, 2, EVERYTHING);
	net_announce(server, 1, false, 7);
	net_run(&net, 1000);
	assert_true(net_has(clients[1], server, net_prefix(1, false), &a, NULL));
	assert_int_equal(bgp_as_path_first(&a), SERVER);
	assert_true(address_equal(&a.next_hop, &server->address));
	net_end(&net);
}

/* RFC 7947 section 2.2.2.1: who asks for the server's AS in front takes nothing. */
static void first_as_is_asked_for(void **state)
{
	struct neighbor_settings settings;
	struct neighbor_view view;

	(void)state;
	begin(7947, 2, EVERYTHING);
	settings = net_settings(clients[1], server);
	assert_false(speaker_neighbor_change(
		clients[1]->speaker, net_of(clients[1], server), &settings, net.now));
	say(0, 1, 0, 0, FROM_NOBODY);
	expect_held(1, 1, CLIENTS);
	speaker_neighbor_view(net_of(clients[1], server), &view);
	assert_int_equal(view.counters[COUNTER_FIRST_AS_MISMATCH], 1);
	/* Said again on request, both ways. */
	settings.first_as_any = true;
	assert_false(speaker_neighbor_change(
		clients[1]->speaker, net_of(clients[1], server), &settings, net.now));
	expect_held(1, 1, 0);
	settings.first_as_any = false;
	assert_false(speaker_neighbor_change(
		clients[1]->speaker, net_of(clients[1], server), &settings, net.now));
	expect_held(1, 1, CLIENTS);
	net_end(&net);
}

/* ---- Path hiding. ---- */

static void the_second_best_is_heard(void **state)
{
	(void)state;
	begin(7947, 4, NOT_TO_ME);
	say(0, 1, 0, 0, asns[2]);
	say(1, 1, 1, 0, FROM_NOBODY);
	expect_held(2, 1, 1);
	expect_held(3, 1, 0);
	/* Neither hears its own; the best one's owner hears the other's. */
	expect_held(0, 1, 1);
	expect_held(1, 1, 0);
	/* A third that nobody would choose but the one that may hear of it alone. */
	say(3, 1, 2, 0, FROM_NOBODY);
	expect_held(2, 1, 1);
	say(1, 1, 1, 0, asns[2]);
	expect_held(2, 1, 3);
	expect_held(3, 1, 0);
	net_withdraw(clients[3], 1, false);
	expect_held(2, 1, CLIENTS);
	say(0, 1, 0, 0, FROM_NOBODY);
	expect_held(2, 1, 0);
	net_withdraw(clients[0], 1, false);
	expect_held(2, 1, CLIENTS);
	expect_held(3, 1, 1);
	net_end(&net);
}

/* RFC 8950: a next hop that the client cannot read is no use to it. */
static void a_next_hop_of_the_other_family(void **state)
{
	struct neighbor_settings settings;

	(void)state;
	begin(7947, 4, EVERYTHING);
	settings = net_settings(clients[0], server);
	settings.first_as_any = true;
	address_parse("2001:db8:ffff::77", &settings.next_hop[BGP_IPV4_UNICAST]);
	assert_false(speaker_neighbor_change(
		clients[0]->speaker, net_of(clients[0], server), &settings, net.now));
	settings = net_settings(clients[2], server);
	settings.first_as_any = true;
	settings.extended_next_hop = false;
	assert_true(speaker_neighbor_change(
		clients[2]->speaker, net_of(clients[2], server), &settings, net.now));
	assert_true(net_until_up(server, clients[2], 60000));
	say(0, 1, 0, 0, FROM_NOBODY);
	expect_held(2, 1, CLIENTS);
	say(1, 1, 1, 0, FROM_NOBODY);
	expect_held(2, 1, 1);
	assert_true(net_has(
		clients[3], server, net_prefix(1, false), &(struct bgp_attributes){ 0 }, NULL));
	net_end(&net);
}

static void a_policy_that_changes(void **state)
{
	(void)state;
	begin(7947, 3, NOT_TO_ME);
	say(0, 1, 0, 0, asns[2]);
	say(1, 1, 1, 0, FROM_NOBODY);
	expect_held(2, 1, 1);
	speaker_neighbor_policies(server->speaker, net_of(server, clients[2]), NULL,
		policies[2][EVERYTHING], NULL, net.now);
	expect_held(2, 1, 0);
	speaker_neighbor_policies(server->speaker, net_of(server, clients[2]), NULL,
		policies[2][NOT_TO_ME], NULL, net.now);
	expect_held(2, 1, 1);
	net_end(&net);
}

/* Who becomes a client, or is one no longer, gets a new session. */
static void a_client_no_longer(void **state)
{
	struct neighbor_settings settings;
	struct bgp_attributes a;

	(void)state;
	begin(7947, 2, EVERYTHING);
	say(0, 1, 0, 0, FROM_NOBODY);
	expect_held(1, 1, 0);
	settings = towards_client(1, NULL);
	settings.route_server_client = false;
	assert_true(speaker_neighbor_change(
		server->speaker, net_of(server, clients[1]), &settings, net.now));
	assert_true(net_until_up(server, clients[1], 60000));
	net_run(&net, 1000);
	assert_true(net_has(clients[1], server, net_prefix(1, false), &a, NULL));
	assert_int_equal(bgp_as_path_first(&a), SERVER);
	net_end(&net);
}

/* ---- Random stories: at the end each client holds what a table of its own would. ---- */

struct model_route {
	bool said;
	unsigned prepend;
	uint32_t med, kept_from;
};

static struct model {
	struct model_route routes[CLIENTS][PREFIXES];
	enum rules rules[CLIENTS];
} model;

static bool may_hear(unsigned to, unsigned from, unsigned x)
{
	const struct model_route *route = &model.routes[from][x];

	if (to == from || !route->said)
		return false;
	return model.rules[to] == EVERYTHING ||
	       (route->kept_from != asns[to] &&
		       (model.rules[to] == NOT_TO_ME || route->kept_from != 0));
}

/* Shortest, then no other of its AS with a lower MED, then the lowest identifier. */
static unsigned model_held(unsigned to, unsigned x)
{
	bool left[CLIENTS];
	unsigned shortest = UINT32_MAX;

	for (unsigned i = 0; i < CLIENTS; i++) {
		left[i] = may_hear(to, i, x);
		if (left[i] && model.routes[i][x].prepend < shortest)
			shortest = model.routes[i][x].prepend;
	}
	for (unsigned i = 0; i < CLIENTS; i++)
		left[i] = left[i] && model.routes[i][x].prepend == shortest;
	for (unsigned i = 0; i < CLIENTS; i++) {
		bool beaten = false;

		for (unsigned j = 0; left[i] && j < CLIENTS; j++)
			beaten |= left[j] && asns[j] == asns[i] &&
				  model.routes[j][x].med < model.routes[i][x].med;
		if (left[i] && !beaten)
			/* A path with its own AS is a loop, to the client. */
			return asns[i] == asns[to] ? CLIENTS : i;
	}
	return CLIENTS;
}

static void policy_change(unsigned i)
{
	model.rules[i] = (enum rules)random_below(&net.random, RULES);
	speaker_neighbor_policies(server->speaker, net_of(server, clients[i]), NULL,
		policies[i][model.rules[i]], NULL, net.now);
}

static void route_change(unsigned i, unsigned x)
{
	struct model_route *route = &model.routes[i][x];

	if (random_below(&net.random, 4) == 0) {
		if (route->said)
			net_withdraw(clients[i], x, false);
		route->said = false;
		return;
	}
	*route = (struct model_route){ true, random_below(&net.random, 3),
		random_below(&net.random, 3), FROM_NOBODY };
	if (random_below(&net.random, 2) == 0)
		route->kept_from = random_below(&net.random, 4) == 0
					   ? 0
					   : asns[random_below(&net.random, CLIENTS)];
	say(i, x, route->prepend, route->med, route->kept_from);
}

static void step(void)
{
	unsigned i = random_below(&net.random, CLIENTS);
	unsigned kind = random_below(&net.random, 20);

	if (kind == 0)
		net_cut(server, clients[i]);
	else if (kind == 1)
		speaker_neighbor_reset(
			server->speaker, net_of(server, clients[i]), "", net.now);
	else if (kind == 2)
		policy_change(i);
	else if (kind == 3)
		clients[i]->deaf = !clients[i]->deaf;
	else
		route_change(i, random_below(&net.random, PREFIXES));
	net_run(&net, (int64_t)random_below(&net.random, 300));
}

static void story(uint64_t seed)
{
	begin(seed, CLIENTS, NOT_TO_ME);
	model = (struct model){ 0 };
	for (unsigned i = 0; i < CLIENTS; i++)
		model.rules[i] = NOT_TO_ME;
	for (unsigned s = 0; s < STEPS; s++)
		step();
	for (unsigned i = 0; i < CLIENTS; i++)
		clients[i]->deaf = false;
	for (unsigned i = 0; i < CLIENTS; i++)
		assert_true(net_until_up(server, clients[i], 600000));
	net_run(&net, 5000);
	for (unsigned i = 0; i < CLIENTS; i++)
		for (unsigned x = 0; x < PREFIXES; x++) {
			struct bgp_attributes a;
			unsigned held = held_of(i, x, &a), wanted = model_held(i, x);

			if (held != wanted)
				fail_msg("seed %llu, client %u, prefix %u: of %u, not of %u",
					(unsigned long long)seed, i, x, held, wanted);
		}
	net_end(&net);
}

static void as_with_tables_of_their_own(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= STORIES; seed++)
		story(seed);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(transparent),
		cmocka_unit_test(its_own_routes),
		cmocka_unit_test(first_as_is_asked_for),
		cmocka_unit_test(the_second_best_is_heard),
		cmocka_unit_test(a_next_hop_of_the_other_family),
		cmocka_unit_test(a_policy_that_changes),
		cmocka_unit_test(a_client_no_longer),
		cmocka_unit_test(as_with_tables_of_their_own),
	};

	return cmocka_run_group_tests(tests, policies_begin, policies_end);
}
