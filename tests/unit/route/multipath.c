/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which routes share the traffic of a destination, who is told when that changes, and other
 * rules of choice while sessions stand. B hears the same prefix from A0, A1, A2 and A3.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "net.h"
#include "route/speaker_internal.h"

#define SOURCES 4u

static struct net net;
static struct node *sources[SOURCES], *b, *c;
static unsigned told;

static void changed(void *context, enum bgp_family family, uint32_t destination)
{
	(void)destination;
	assert_ptr_equal(context, b);
	told += family == BGP_IPV4_UNICAST;
}

/* A2 and A3 are of one AS. */
static void begin(const struct decision_settings *decision)
{
	net_begin(&net, 11);
	for (unsigned i = 0; i < SOURCES; i++)
		sources[i] = net_node(&net, 64510 + (i == 3 ? 2 : i), 0);
	b = net_node(&net, 64502, 0);
	c = net_node(&net, 64503, 0);
	for (unsigned i = 0; i < SOURCES; i++)
		net_peer(sources[i], b);
	for (unsigned i = 0; i < SOURCES; i++)
		assert_true(net_until_up(sources[i], b, 60000));
	speaker_decision_set(b->speaker, decision);
	speaker_watch_best(b->speaker, changed, b);
	told = 0;
}

static void announce(unsigned i, unsigned prepend, uint32_t med)
{
	struct local_route route = {
		.prefix = net_prefix(1, false), .prepend = prepend, .med = med
	};

	assert_int_equal(speaker_route_set(sources[i]->speaker, &route, net.now), 0);
	net_run(&net, 100);
}

/* Bits of the sources that share; the best one first is not looked at here. */
static unsigned sharing(unsigned room)
{
	const struct rib_route *paths[SOURCES];
	struct prefix prefix = net_prefix(1, false);
	uint32_t d = rib_find(&b->speaker->ribs[BGP_IPV4_UNICAST], &prefix), count;
	unsigned bits = 0;

	if (d == RIB_NONE)
		return 0;
	count = best_paths(b->speaker, BGP_IPV4_UNICAST, d, paths, room);
	for (uint32_t i = 0; i < count; i++)
		for (unsigned s = 0; s < SOURCES; s++)
			if (paths[i]->source == net_of(b, sources[s])->source->number)
				bits |= 1u << s;
	return bits;
}

static void equal_ones_share(void **state)
{
	struct decision_settings decision = { .multipath = DECISION_MULTIPATH_ANY_AS,
		.multipath_ebgp = 3 };
	unsigned before;

	(void)state;
	begin(&decision);
	announce(0, 0, 0);
	assert_int_equal(sharing(SOURCES), 1);
	assert_int_equal(told, 1);
	announce(1, 0, 0);
	assert_int_equal(sharing(SOURCES), 3);
	assert_int_equal(told, 2);
	announce(2, 1, 0); /* longer */
	assert_int_equal(sharing(SOURCES), 3);
	assert_int_equal(told, 2);
	announce(2, 0, 0);
	announce(3, 0, 0);
	assert_int_equal(sharing(SOURCES), 7); /* three at most: the fourth stays out */
	assert_int_equal(sharing(2), 3);
	assert_int_equal(told, 3);
	/* One that shares changes: whoever programs it must look. */
	before = told;
	announce(1, 0, 9);
	assert_int_equal(told, before + 1);
	net_withdraw(sources[1], 1, false);
	net_run(&net, 100);
	assert_int_equal(sharing(SOURCES), 1 | 4 | 8);
	net_cut(b, sources[2]);
	net_run(&net, 1);
	assert_int_equal(sharing(SOURCES) & 9, 9);
	for (unsigned i = 0; i < SOURCES; i++)
		net_withdraw(sources[i], 1, false);
	net_run(&net, 400000);
	assert_int_equal(sharing(SOURCES), 0);
	net_end(&net);
}

/* Other rules: chosen anew, neighbours are told, no session ends. */
static void other_rules(void **state)
{
	struct decision_settings decision = { 0 };
	struct bgp_attributes attributes;
	struct neighbor_settings to_c, of_c;
	size_t ups;

	(void)state;
	begin(&decision);
	to_c = net_settings(b, c);
	to_c.transit = true;
	of_c = net_settings(c, b);
	net_neighbor(b, &to_c);
	net_neighbor(c, &of_c);
	assert_true(net_until_up(b, c, 60000));
	announce(0, 0, 50);
	announce(1, 0, 10);
	announce(2, 2, 0);
	announce(3, 2, 0);
	ups = net_of(b, c)->counters[COUNTER_ESTABLISHED];
	assert_int_equal(sharing(SOURCES), 1); /* the lower router id */
	assert_true(net_has(c, b, net_prefix(1, false), &attributes, NULL));
	assert_int_equal(bgp_as_path_origin(&attributes), 64510);
	decision.med = DECISION_MED_ALWAYS;
	speaker_decision_set(b->speaker, &decision);
	net_run(&net, 100);
	assert_int_equal(sharing(SOURCES), 2);
	assert_true(net_has(c, b, net_prefix(1, false), &attributes, NULL));
	assert_int_equal(bgp_as_path_origin(&attributes), 64511);
	decision.ignore_path_length = true;
	decision.multipath_ebgp = 4;
	speaker_decision_set(b->speaker, &decision);
	net_run(&net, 100);
	assert_int_equal(sharing(SOURCES), 4 | 8);
	decision.multipath_ebgp = 0;
	speaker_decision_set(b->speaker, &decision);
	net_run(&net, 100);
	assert_int_equal(sharing(SOURCES), 4);
	assert_int_equal(net_of(b, c)->counters[COUNTER_ESTABLISHED], ups);
	net_end(&net);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(equal_ones_share),
		cmocka_unit_test(other_rules),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
