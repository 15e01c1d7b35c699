/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Explanations: every status of a path, every verdict on a listener, against what the network
 * did.
 *
 *     left ---- middle (AS 64500, asked) ---- right
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "net.h"
#include "route/explain.h"
#include "route/speaker_internal.h"

static struct net net;
static struct node *left, *middle, *right;

/* The middle's settings towards both. */
static void begin(uint32_t right_asn, void (*change)(struct neighbor_settings s[2]))
{
	struct neighbor_settings settings[2], other;
	struct node *nodes[2];

	net_begin(&net, 7);
	left = nodes[0] = net_node(&net, 64501, 0);
	middle = net_node(&net, 64500, 0);
	right = nodes[1] = net_node(&net, right_asn, 0);
	for (int i = 0; i < 2; i++) {
		settings[i] = net_settings(middle, nodes[i]);
		settings[i].transit = true;
	}
	if (change != NULL)
		change(settings);
	for (int i = 0; i < 2; i++) {
		assert_non_null(net_neighbor(middle, &settings[i]));
		other = net_settings(nodes[i], middle);
		other.role = BGP_ROLE_NONE;
		assert_non_null(net_neighbor(nodes[i], &other));
		assert_true(net_until_up(middle, nodes[i], 60000));
	}
}

static struct explanation explain(unsigned x)
{
	struct explanation explanation;
	struct prefix prefix = net_prefix(x, false);

	net_run(&net, 3000);
	assert_int_equal(speaker_explain(middle->speaker, &prefix, &explanation), 0);
	return explanation;
}

/* What the middle says of the right, and whether that is so. */
static enum export_verdict verdict_on(struct node *node, unsigned x)
{
	struct explanation explanation = explain(x);
	enum export_verdict verdict = EXPORT_VERDICT_COUNT;
	struct bgp_attributes ignored;

	for (uint32_t i = 0; i < explanation.listener_count; i++) {
		const struct explained_listener *listener = &explanation.listeners[i];
		bool has = net_has(node, middle, net_prefix(x, false), &ignored, NULL);

		if (listener->neighbor != net_of(middle, node))
			continue;
		verdict = listener->verdict;
		assert_int_equal(verdict == EXPORT_TOLD, has);
		assert_int_equal(listener->routes, has);
		assert_false(listener->pending);
		assert_int_equal(export_verdict_text(verdict)[0] == '\0', has);
	}
	explanation_clear(&explanation);
	return verdict;
}

/* ---- Who is told. ---- */

static void no_transit(struct neighbor_settings s[2])
{
	s[1].transit = false;
}

static void no_ipv4(struct neighbor_settings s[2])
{
	s[1].families[BGP_IPV4_UNICAST] = false;
}

static void both_providers(struct neighbor_settings s[2])
{
	for (int i = 0; i < 2; i++)
		s[i].relation = POLICY_RELATION_PROVIDER;
}

static void roles_of_customer(struct neighbor_settings s[2])
{
	for (int i = 0; i < 2; i++)
		s[i].role = BGP_ROLE_CUSTOMER;
}

static void held_back(struct neighbor_settings s[2])
{
	s[1].maximum_prefixes_out = 1;
}

static const struct verdict_case {
	uint32_t right_asn;
	uint32_t community;
	void (*change)(struct neighbor_settings s[2]);
	enum export_verdict verdict;
} verdict_cases[] = {
	{ 64502, 0, NULL, EXPORT_TOLD },
	{ 64502, 0, no_transit, EXPORT_NOTHING_LEARNED },
	{ 64502, 0, no_ipv4, EXPORT_NO_FAMILY },
	{ 64502, 0, both_providers, EXPORT_VALLEY },
	{ 64502, 0, roles_of_customer, EXPORT_ONLY_TO_CUSTOMER },
	{ 64502, 0, held_back, EXPORT_HELD_BACK },
	{ 64502, BGP_COMMUNITY_NO_EXPORT, NULL, EXPORT_NO_EXPORT },
	{ 64500, BGP_COMMUNITY_NO_EXPORT, NULL, EXPORT_TOLD },
	{ 64500, BGP_COMMUNITY_NO_ADVERTISE, NULL, EXPORT_NO_ADVERTISE },
};

static void test_verdicts(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(verdict_cases) / sizeof(verdict_cases[0]); i++) {
		const struct verdict_case *c = &verdict_cases[i];
		struct local_route route = { .prefix = net_prefix(2, false),
			.communities = &c->community,
			.community_count = c->community != 0 };

		begin(c->right_asn, c->change);
		net_announce(left, 1, false, 0);
		net_run(&net, 3000);
		assert_int_equal(speaker_route_set(left->speaker, &route, net.now), 0);
		assert_int_equal(verdict_on(right, 2), c->verdict);
		assert_int_equal(verdict_on(left, 2), EXPORT_ITS_OWN);
		net_end(&net);
	}
}

static void test_between_internal_ones(void **state)
{
	struct explanation explanation;

	(void)state;
	net_begin(&net, 7);
	left = net_node(&net, 64500, 0);
	middle = net_node(&net, 64500, 0);
	right = net_node(&net, 64500, 0);
	for (int i = 0; i < 2; i++) {
		struct node *node = i == 0 ? left : right;
		struct neighbor_settings settings = net_settings(middle, node);

		settings.transit = true;
		assert_non_null(net_neighbor(middle, &settings));
		settings = net_settings(node, middle);
		assert_non_null(net_neighbor(node, &settings));
		assert_true(net_until_up(middle, node, 60000));
	}
	net_announce(left, 1, false, 0);
	assert_int_equal(verdict_on(right, 1), EXPORT_NOT_REFLECTED);
	explanation = explain(1);
	assert_int_equal(explanation.path_count, 1);
	explanation_clear(&explanation);
	net_end(&net);
}

static void test_ours(void **state)
{
	const struct neighbor *only[1];
	struct local_route route = { .prefix = net_prefix(1, false) };
	struct explanation explanation;

	(void)state;
	begin(64502, NULL);
	only[0] = net_of(middle, left);
	route.only = only;
	route.only_count = 1;
	assert_int_equal(speaker_route_set(middle->speaker, &route, net.now), 0);
	assert_int_equal(verdict_on(left, 1), EXPORT_TOLD);
	assert_int_equal(verdict_on(right, 1), EXPORT_NOT_NAMED);
	explanation = explain(1);
	assert_null(explanation.paths[0].view.neighbor);
	assert_int_equal(explanation.paths[0].status, EXPLAINED_BEST);
	assert_string_equal(explanation.paths[0].why, "");
	explanation_clear(&explanation);
	net_end(&net);
}

/* ---- Paths. ---- */

static void test_paths(void **state)
{
	struct explanation explanation;
	struct rib_route *routes;
	uint32_t count, destination;
	struct prefix prefix = net_prefix(1, false);

	(void)state;
	begin(64502, NULL);
	net_announce(left, 1, false, 0);
	net_announce(right, 1, false, 0);
	explanation = explain(1);
	assert_int_equal(explanation.path_count, 2);
	assert_int_equal(explanation.paths[0].status, EXPLAINED_BEST);
	assert_int_equal(explanation.paths[0].step, DECISION_ROUTER_ID);
	assert_string_equal(
		explanation.paths[0].why, "lower router id: 10.0.0.1 against 10.0.0.3");
	assert_int_equal(explanation.paths[1].status, EXPLAINED_USABLE);
	assert_int_equal(explanation.paths[1].step, DECISION_ROUTER_ID);
	assert_int_equal(explanation.paths[1].winner, 0);
	assert_true(explanation.paths[0].policy.accepts && !explanation.paths[0].policy.there);
	explanation_clear(&explanation);
	/* As next-hop tracking and a policy leave them behind. */
	destination = rib_find(&middle->speaker->ribs[BGP_IPV4_UNICAST], &prefix);
	routes = rib_routes(&middle->speaker->ribs[BGP_IPV4_UNICAST], destination, &count);
	routes[1].unresolved = true;
	explanation = explain(1);
	assert_int_equal(explanation.paths[0].status, EXPLAINED_BEST);
	assert_string_equal(explanation.paths[0].why, "");
	assert_int_equal(explanation.paths[1].status, EXPLAINED_UNREACHABLE);
	explanation_clear(&explanation);
	attribute_store_release(&middle->speaker->store, routes[1].set);
	routes[1].set = ATTRIBUTE_SET_NONE;
	explanation = explain(1);
	assert_int_equal(explanation.paths[1].status, EXPLAINED_REJECTED);
	explanation_clear(&explanation);
	net_end(&net);
}

static void test_shares(void **state)
{
	struct explanation explanation;

	(void)state;
	begin(64502, NULL);
	speaker_decision_set(middle->speaker, &(struct decision_settings){ .multipath_ebgp = 2,
						      .multipath = DECISION_MULTIPATH_ANY_AS });
	net_announce(left, 1, false, 0);
	net_announce(right, 1, false, 0);
	explanation = explain(1);
	assert_int_equal(explanation.paths[1].status, EXPLAINED_SHARES);
	assert_string_equal(explained_status_name(explanation.paths[1].status), "shares");
	explanation_clear(&explanation);
	net_end(&net);
}

static void test_longest_match(void **state)
{
	struct prefix inside = { .length = 32 }, outside = { .length = 8 };
	struct explanation explanation;

	(void)state;
	begin(64502, NULL);
	net_announce(left, 1, false, 0);
	net_run(&net, 3000);
	assert_int_equal(prefix_parse("198.51.1.77/32", &inside), 0);
	assert_int_equal(prefix_parse("198.0.0.0/8", &outside), 0);
	assert_int_equal(speaker_explain(middle->speaker, &inside, &explanation), 0);
	assert_int_equal(explanation.prefix.length, 24);
	explanation_clear(&explanation);
	assert_int_equal(
		speaker_explain(middle->speaker, &outside, &explanation), ERROR_NOT_FOUND);
	net_withdraw(left, 1, false);
	net_run(&net, 3000);
	assert_int_equal(
		speaker_explain(middle->speaker, &inside, &explanation), ERROR_NOT_FOUND);
	net_end(&net);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_verdicts),
		cmocka_unit_test(test_between_internal_ones),
		cmocka_unit_test(test_ours),
		cmocka_unit_test(test_paths),
		cmocka_unit_test(test_shares),
		cmocka_unit_test(test_longest_match),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
