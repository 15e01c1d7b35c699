/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Route reflection: who hears what, how it is dressed, and that nothing goes round for ever.
 *
 *     origin ---- reflector (under test) ---- listener
 *
 * RFC 4456 sections 6, 8 and 10.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "net.h"
#include "route/policy.h"
#include "route/speaker_internal.h"

#define OURS     64500
#define EXTERNAL 64501
#define CLUSTER  0xc0000201u

enum kind { CLIENT, INTERNAL, OUTSIDE };

static struct net net;
static struct node *origin, *reflector, *listener;

static uint32_t asn_of(enum kind kind, uint32_t external)
{
	return kind == OUTSIDE ? external : OURS;
}

static struct neighbor_settings towards(const struct node *from, const struct node *to)
{
	struct neighbor_settings settings = net_settings(from, to);

	settings.transit = true;
	return settings;
}

static void session(struct node *at, const struct neighbor_settings *its, struct node *other)
{
	struct neighbor_settings mine = net_settings(other, at);

	assert_non_null(net_neighbor(at, its));
	assert_non_null(net_neighbor(other, &mine));
	assert_true(net_until_up(at, other, 60000));
}

static void begin(enum kind from, enum kind to)
{
	struct neighbor_settings settings;

	net_begin(&net, 4456);
	origin = net_node(&net, asn_of(from, EXTERNAL), 0);
	reflector = net_node(&net, OURS, 0);
	listener = net_node(&net, asn_of(to, EXTERNAL + 1), 0);
	settings = towards(reflector, origin);
	settings.route_reflector_client = from == CLIENT;
	session(reflector, &settings, origin);
	settings = towards(reflector, listener);
	settings.route_reflector_client = to == CLIENT;
	session(reflector, &settings, listener);
}

/* Say it with MED 7; whether the listener heard it. */
static bool heard(bool ipv6, struct bgp_attributes *ret_attributes)
{
	net_announce(origin, 1, ipv6, 7);
	net_run(&net, 2000);
	return net_has(listener, reflector, net_prefix(1, ipv6), ret_attributes, NULL);
}

static void who_hears_what(void **state)
{
	static const bool wanted[3][3] = {
		[CLIENT] = { true, true, true },
		[INTERNAL] = { true, false, true },
		[OUTSIDE] = { true, true, true },
	};

	(void)state;
	for (int from = CLIENT; from <= OUTSIDE; from++)
		for (int to = CLIENT; to <= OUTSIDE; to++)
			for (int ipv6 = 0; ipv6 < 2; ipv6++) {
				struct bgp_attributes a;

				begin((enum kind)from, (enum kind)to);
				if (heard(ipv6 != 0, &a) != wanted[from][to])
					fail_msg("from %d to %d: not as RFC 4456 says", from,
						to);
				net_withdraw(origin, 1, ipv6 != 0);
				net_run(&net, 2000);
				assert_false(net_has(listener, reflector,
					net_prefix(1, ipv6 != 0), &a, NULL));
				assert_int_equal(net_count(origin, reflector), 0);
				net_end(&net);
			}
}

/* Accepts everything, and is a policy all the same. */
static struct policy *accept_all(void)
{
	struct policy_rule rule = { .then = POLICY_THEN_ACCEPT };
	struct policy_rules one = { "one", &rule, 1 };
	struct policy_description description = { .policies = &one, .policy_count = 1 };
	struct policy_book *book = policy_book_new(&description, NULL);
	struct policy *policy;

	assert_non_null(book);
	policy = policy_new(book, &(const char *){ "one" }, 1, POLICY_END_REJECT, NULL);
	policy_book_release(book);
	assert_non_null(policy);
	return policy;
}

static void expect_reflected(const struct bgp_attributes *a, uint32_t cluster)
{
	assert_true(bgp_attribute_present(a, BGP_ATTRIBUTE_ORIGINATOR_ID));
	assert_int_equal(a->originator_id, origin->router_id);
	assert_int_equal(a->cluster_count, 1);
	assert_int_equal(a->cluster_list[0], cluster);
	assert_true(address_equal(&a->next_hop, &origin->address));
	assert_int_equal(a->med, 7);
	assert_int_equal(a->local_pref, 333);
	assert_int_equal(bgp_as_path_length(a), 0);
}

/* With and without a policy: path, next hop, MED and preference are as they were. */
static void dressed(void **state)
{
	struct policy *policy = accept_all();

	(void)state;
	for (int with = 0; with < 4; with++) {
		struct local_route route = { .prefix = net_prefix(1, false),
			.med = 7,
			.has_local_pref = true,
			.local_pref = 333 };
		struct neighbor_settings settings;
		struct bgp_attributes a;

		begin(CLIENT, INTERNAL);
		settings = towards(reflector, listener);
		settings.export_policy = with % 2 != 0 ? policy : NULL;
		settings.cluster_id = with / 2 != 0 ? CLUSTER : 0;
		settings.has_med = settings.has_local_pref = settings.next_hop_self = true;
		settings.med = settings.local_pref = settings.prepend = 5;
		speaker_neighbor_change(
			reflector->speaker, net_of(reflector, listener), &settings, net.now);
		assert_true(net_until_up(reflector, listener, 60000));
		speaker_route_set(origin->speaker, &route, net.now);
		net_run(&net, 2000);
		assert_true(net_has(listener, reflector, route.prefix, &a, NULL));
		expect_reflected(&a, with / 2 != 0 ? CLUSTER : reflector->router_id);
		net_end(&net);
	}
	policy_release(policy);
}

static void not_outside(void **state)
{
	struct bgp_attributes a;

	(void)state;
	begin(CLIENT, OUTSIDE);
	assert_true(heard(false, &a));
	assert_false(bgp_attribute_present(&a, BGP_ATTRIBUTE_ORIGINATOR_ID));
	assert_int_equal(a.cluster_count, 0);
	net_end(&net);
}

/* Our address in what came from outside, and in that alone; with a policy too. */
static void next_hop_self(void **state)
{
	struct policy *policy = accept_all();

	(void)state;
	for (int from = CLIENT; from <= OUTSIDE; from++)
		for (int with = 0; with < 4; with++) {
			struct neighbor_settings settings;
			struct bgp_attributes a;
			const struct node *wanted = origin;

			begin((enum kind)from, CLIENT);
			settings = towards(reflector, listener);
			settings.route_reflector_client = true;
			settings.next_hop_self = with % 2 != 0;
			settings.export_policy = with / 2 != 0 ? policy : NULL;
			assert_false(speaker_neighbor_change(reflector->speaker,
				net_of(reflector, listener), &settings, net.now));
			if (from == OUTSIDE && settings.next_hop_self)
				wanted = reflector;
			assert_true(heard(false, &a));
			assert_true(address_equal(&a.next_hop, &wanted->address));
			net_end(&net);
		}
	policy_release(policy);
}

/* Another router takes the place of the origin, under the same address: the listener hears who
 * it is, although nothing else of the route has changed. */
static void another_router(void **state)
{
	struct neighbor_settings mine;
	struct bgp_attributes a;

	(void)state;
	begin(CLIENT, CLIENT);
	assert_true(heard(false, &a));
	assert_int_equal(a.originator_id, 0x0a000001);
	origin->router_id = 0x0a0000ff;
	net_restart(origin, true);
	mine = net_settings(origin, reflector);
	assert_non_null(net_neighbor(origin, &mine));
	assert_true(net_until_up(origin, reflector, 120000));
	assert_true(heard(false, &a));
	assert_int_equal(a.originator_id, 0x0a0000ff);
	net_end(&net);
}

/* Clients that hear the same share their messages, and none hears its own. */
static void clients_share(void **state)
{
	struct node *clients[3];
	struct bgp_attributes a;

	(void)state;
	net_begin(&net, 4456);
	reflector = net_node(&net, OURS, 0);
	for (int i = 0; i < 3; i++) {
		struct neighbor_settings settings;

		clients[i] = net_node(&net, OURS, 0);
		settings = towards(reflector, clients[i]);
		settings.route_reflector_client = true;
		session(reflector, &settings, clients[i]);
	}
	assert_ptr_equal(net_of(reflector, clients[0])->member.group,
		net_of(reflector, clients[2])->member.group);
	for (unsigned i = 0; i < 3; i++)
		net_announce(clients[i], i, false, 7);
	net_run(&net, 2000);
	for (unsigned i = 0; i < 3; i++)
		for (unsigned x = 0; x < 3; x++)
			if (net_has(clients[i], reflector, net_prefix(x, false), &a, NULL))
				assert_int_equal(a.originator_id, clients[x]->router_id);
			else
				assert_int_equal(i, x);
	for (unsigned i = 0; i < 3; i++)
		assert_int_equal(net_count(clients[i], reflector), 2);
	net_end(&net);
}

/* ---- Several reflectors. ---- */

static void reflect_each_other(struct node *x, struct node *y, uint32_t cluster)
{
	struct neighbor_settings of_x = towards(x, y), of_y = towards(y, x);

	of_x.route_reflector_client = of_y.route_reflector_client = true;
	of_x.cluster_id = of_y.cluster_id = cluster;
	assert_non_null(net_neighbor(x, &of_x));
	assert_non_null(net_neighbor(y, &of_y));
	assert_true(net_until_up(x, y, 60000));
}

/* Three in a ring, and a client: all hear it, each reflector adds its cluster, and a withdrawal
 * leaves nothing behind. */
static void a_ring_comes_to_rest(void **state)
{
	struct node *ring[3];
	struct neighbor_settings settings;
	struct bgp_attributes a;

	(void)state;
	net_begin(&net, 4456);
	origin = net_node(&net, OURS, 0);
	for (int i = 0; i < 3; i++)
		ring[i] = net_node(&net, OURS, 0);
	settings = towards(ring[0], origin);
	settings.route_reflector_client = true;
	session(ring[0], &settings, origin);
	for (int i = 0; i < 3; i++)
		reflect_each_other(ring[i], ring[(i + 1) % 3], 0);
	net_announce(origin, 1, false, 7);
	net_run(&net, 5000);
	assert_true(net_has(ring[1], ring[2], net_prefix(1, false), &a, NULL) ||
		    net_has(ring[2], ring[1], net_prefix(1, false), &a, NULL));
	assert_int_equal(a.cluster_count, 2);
	assert_int_equal(a.originator_id, origin->router_id);
	assert_int_equal(a.cluster_list[1], ring[0]->router_id);
	net_withdraw(origin, 1, false);
	net_run(&net, 10000);
	for (int i = 0; i < 3; i++)
		for (int j = 0; j < 3; j++)
			assert_true(i == j || net_count(ring[i], ring[j]) == 0);
	net_end(&net);
}

/* RFC 4456 section 7: of one cluster, they take nothing of each other's clients. */
static void one_cluster(void **state)
{
	struct neighbor_settings settings;
	struct neighbor_view view;

	(void)state;
	net_begin(&net, 4456);
	origin = net_node(&net, OURS, 0);
	reflector = net_node(&net, OURS, 0);
	listener = net_node(&net, OURS, 0);
	settings = towards(reflector, origin);
	settings.route_reflector_client = true;
	settings.cluster_id = CLUSTER;
	session(reflector, &settings, origin);
	reflect_each_other(reflector, listener, CLUSTER);
	net_announce(origin, 1, false, 7);
	net_run(&net, 2000);
	assert_int_equal(net_count(listener, reflector), 0);
	speaker_neighbor_view(net_of(listener, reflector), &view);
	assert_int_equal(view.counters[COUNTER_LOOPS], 1);
	net_end(&net);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(who_hears_what),
		cmocka_unit_test(dressed),
		cmocka_unit_test(not_outside),
		cmocka_unit_test(next_hop_self),
		cmocka_unit_test(another_router),
		cmocka_unit_test(clients_share),
		cmocka_unit_test(a_ring_comes_to_rest),
		cmocka_unit_test(one_cluster),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
