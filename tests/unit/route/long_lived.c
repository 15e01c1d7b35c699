/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Long-lived graceful restart: RFC 9494, as the one who helps, as the one who restarts, and as
 * the one who hears of routes that are stale for long.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "hand.h"
#include "net.h"
#include "route/explain.h"

static const char A[] = "198.51.100.0/24", B[] = "203.0.113.0/24", C[] = "2001:db8:1::/48";

/* It asks for 60 s, then 600 s for IPv4; nothing of the kind for IPv6. */
static struct bgp_open long_open(bool forwarding)
{
	struct bgp_open open = hand_open();

	open.capabilities.long_lived_restart = true;
	open.capabilities.long_lived_family[BGP_IPV4_UNICAST] = true;
	open.capabilities.long_lived_forwarding[BGP_IPV4_UNICAST] = forwarding;
	open.capabilities.long_lived_time_s[BGP_IPV4_UNICAST] = 600;
	return open;
}

static struct hand *with_routes(int64_t most_s)
{
	static const uint32_t no_llgr[] = { BGP_COMMUNITY_NO_LLGR };
	struct neighbor_settings settings = hand_settings();
	struct bgp_attributes a = hand_attributes(BGP_IPV4_UNICAST);
	struct bgp_open open = long_open(true);
	struct hand *hand;

	settings.maximum_long_lived_time = duration_seconds(most_s);
	hand = hand_new(&settings);
	hand_establish(hand, OUT, &open);
	hand_announce(hand, OUT, A, NULL);
	a.communities = no_llgr;
	a.community_count = 1;
	a.present |= 1ull << BGP_ATTRIBUTE_COMMUNITIES;
	hand_announce(hand, OUT, B, &a);
	hand_announce(hand, OUT, C, NULL);
	hand_end_of_rib(hand, OUT, BGP_IPV4_UNICAST);
	hand_end_of_rib(hand, OUT, BGP_IPV6_UNICAST);
	return hand;
}

/* After the import policy. */
static bool is_marked(struct hand *hand, const char *text)
{
	struct prefix prefix = hand_prefix(text);
	struct explanation explanation;
	bool found = false;

	assert_int_equal(speaker_explain(hand->speaker, &prefix, &explanation), 0);
	for (unsigned i = 0; i < explanation.paths[0].accepted.community_count; i++)
		found |= explanation.paths[0].accepted.communities[i] ==
			 BGP_COMMUNITY_LLGR_STALE;
	explanation_clear(&explanation);
	return found;
}

static void test_kept_for_long(void **state)
{
	struct hand *hand = with_routes(3600);

	(void)state;
	hand_lose(hand, OUT);
	hand_advance(hand, duration_seconds(59));
	assert_true(hand_holds(hand, A, NULL) && hand_holds(hand, B, NULL));
	assert_true(hand_holds(hand, C, NULL));
	assert_false(is_marked(hand, A));
	assert_false(hand_view(hand).long_lived[BGP_IPV4_UNICAST]);
	hand_advance(hand, duration_seconds(2));
	assert_non_null(hand_event(hand, SPEAKER_LONG_LIVED));
	assert_true(hand_view(hand).long_lived[BGP_IPV4_UNICAST]);
	assert_true(is_marked(hand, A));
	assert_false(hand_holds(hand, B, NULL)); /* NO_LLGR */
	assert_false(hand_holds(hand, C, NULL)); /* not asked for */
	assert_true(hand_view(hand).restarting);
	hand_advance(hand, duration_seconds(595));
	assert_true(hand_holds(hand, A, NULL));
	hand_advance(hand, duration_seconds(10));
	assert_false(hand_holds(hand, A, NULL));
	assert_false(hand_view(hand).restarting);
	assert_false(hand_view(hand).long_lived[BGP_IPV4_UNICAST]);
	hand_free(hand);
}

/* Our own cap is shorter than what it asks for; or there is none. */
static void test_capped(void **state)
{
	struct hand *hand = with_routes(100);

	(void)state;
	hand_lose(hand, OUT);
	hand_advance(hand, duration_seconds(150));
	assert_true(hand_holds(hand, A, NULL));
	hand_advance(hand, duration_seconds(15));
	assert_false(hand_holds(hand, A, NULL));
	hand_free(hand);
	hand = with_routes(0);
	hand_lose(hand, OUT);
	hand_advance(hand, duration_seconds(61));
	assert_false(hand_holds(hand, A, NULL));
	assert_null(hand_event(hand, SPEAKER_LONG_LIVED));
	hand_free(hand);
}

/* What it says again is fresh, the rest goes with end-of-RIB. */
static void test_back_in_time(void **state)
{
	struct hand *hand = with_routes(3600);
	struct bgp_open open = long_open(true);

	(void)state;
	hand_lose(hand, OUT);
	hand_advance(hand, duration_seconds(100));
	hand_establish(hand, OUT, &open);
	assert_true(is_marked(hand, A));
	hand_announce(hand, OUT, B, NULL);
	assert_false(is_marked(hand, B));
	assert_true(is_marked(hand, A));
	hand_announce(hand, OUT, A, NULL);
	assert_false(is_marked(hand, A));
	hand_end_of_rib(hand, OUT, BGP_IPV4_UNICAST);
	assert_true(hand_holds(hand, A, NULL) && hand_holds(hand, B, NULL));
	assert_false(hand_view(hand).long_lived[BGP_IPV4_UNICAST]);
	hand_advance(hand, duration_seconds(20));
	assert_true(hand_holds(hand, A, NULL));
	hand_free(hand);
}

/* It comes back and never says that it is done. */
static void test_back_without_an_end(void **state)
{
	struct hand *hand = with_routes(3600);
	struct bgp_open open = long_open(true);

	(void)state;
	hand_lose(hand, OUT);
	hand_advance(hand, duration_seconds(100));
	hand_establish(hand, OUT, &open);
	for (int i = 0; i < 40; i++) {
		hand_send_keepalive(hand, OUT);
		hand_advance(hand, duration_seconds(20));
	}
	assert_int_equal(hand_state(hand), SESSION_ESTABLISHED);
	assert_false(hand_holds(hand, A, NULL));
	hand_free(hand);
}

static void test_back_without_its_state(void **state)
{
	(void)state;
	for (int with = 0; with < 2; with++) {
		struct hand *hand = with_routes(3600);
		struct bgp_open open = long_open(with == 1);

		hand_lose(hand, OUT);
		hand_advance(hand, duration_seconds(100));
		assert_true(hand_holds(hand, A, NULL));
		hand_establish(hand, OUT, &open);
		assert_int_equal(hand_holds(hand, A, NULL), with);
		hand_free(hand);
	}
}

/* Without restart-time for the family it begins at once: RFC 9494 section 4.2. */
static void test_at_once(void **state)
{
	struct neighbor_settings settings = hand_settings();
	struct bgp_open open = long_open(true);
	struct hand *hand;

	(void)state;
	settings.maximum_long_lived_time = duration_seconds(3600);
	open.capabilities.restart_family[BGP_IPV4_UNICAST] = false;
	hand = hand_new(&settings);
	hand_establish(hand, OUT, &open);
	hand_announce(hand, OUT, A, NULL);
	hand_lose(hand, OUT);
	hand_advance(hand, duration_seconds(1));
	assert_true(is_marked(hand, A));
	hand_advance(hand, duration_seconds(601));
	assert_false(hand_holds(hand, A, NULL));
	hand_free(hand);
}

static void test_what_we_offer(void **state)
{
	struct neighbor_settings settings = hand_settings();
	struct bgp_capabilities c;
	struct hand *hand;

	(void)state;
	settings.long_lived_time = duration_seconds(86400);
	hand = hand_new(&settings);
	hand_establish(hand, OUT, NULL);
	c = hand_view(hand).offered;
	assert_true(c.long_lived_restart && c.long_lived_family[BGP_IPV4_UNICAST]);
	assert_int_equal(c.long_lived_time_s[BGP_IPV6_UNICAST], 86400);
	assert_false(c.long_lived_forwarding[BGP_IPV4_UNICAST]);
	hand_free(hand);
	/* By default: that we know what it is. */
	hand = hand_new(NULL);
	hand_establish(hand, OUT, NULL);
	c = hand_view(hand).offered;
	assert_true(c.long_lived_restart && !c.long_lived_family[BGP_IPV4_UNICAST]);
	hand_free(hand);
}

/* ---- Others hear of it: origin ---- middle ---- listener. ---- */

static void test_who_hears(void **state)
{
	(void)state;
	for (int aware = 0; aware < 2; aware++) {
		static struct net net;
		struct node *origin, *middle, *listener;
		struct neighbor_settings settings;
		struct bgp_attributes a;
		bool found = false;

		net_begin(&net, 9494);
		origin = net_node(&net, 64501, 0);
		middle = net_node(&net, 64500, 0);
		listener = net_node(&net, 64502, 0);
		settings = net_settings(middle, origin);
		settings.maximum_long_lived_time = duration_seconds(3600);
		settings.transit = true;
		net_neighbor(middle, &settings);
		settings = net_settings(origin, middle);
		settings.long_lived_time = duration_seconds(3600);
		settings.restart_preserve = true;
		net_neighbor(origin, &settings);
		settings = net_settings(middle, listener);
		settings.transit = true;
		net_neighbor(middle, &settings);
		settings = net_settings(listener, middle);
		settings.graceful_restart = aware;
		net_neighbor(listener, &settings);
		assert_true(net_until_up(middle, origin, 60000));
		assert_true(net_until_up(middle, listener, 60000));
		net_announce(origin, 1, false, 0);
		net_run(&net, 2000);
		assert_true(net_has(listener, middle, net_prefix(1, false), &a, NULL));
		origin->unreachable = true;
		net_restart(origin, true);
		net_run(&net, 60000);
		assert_true(net_has(listener, middle, net_prefix(1, false), &a, NULL));
		net_run(&net, 90000);
		assert_int_equal(
			net_has(listener, middle, net_prefix(1, false), &a, NULL), aware);
		for (unsigned i = 0; aware && i < a.community_count; i++)
			found |= a.communities[i] == BGP_COMMUNITY_LLGR_STALE;
		assert_int_equal(found, aware);
		net_end(&net);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_kept_for_long),
		cmocka_unit_test(test_capped),
		cmocka_unit_test(test_back_in_time),
		cmocka_unit_test(test_back_without_an_end),
		cmocka_unit_test(test_back_without_its_state),
		cmocka_unit_test(test_at_once),
		cmocka_unit_test(test_what_we_offer),
		cmocka_unit_test(test_who_hears),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
