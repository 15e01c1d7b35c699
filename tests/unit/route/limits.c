/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a neighbour may cost: the most routes that it is sent and how often, the longest path
 * and the most communities that are taken from it.
 *
 *     origin ---- middle (under test) ---- listener
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "hand.h"
#include "net.h"

#define PREFIXES 12u

struct line {
	struct net *net;
	struct node *origin, *middle, *listener;
	struct neighbor_settings settings; /* of the middle towards the listener */
};

static void line_begin(struct line *line, uint64_t seed, bool add_path)
{
	static struct net net;
	struct neighbor_settings settings;

	net_begin(&net, seed);
	line->net = &net;
	line->origin = net_node(&net, 64501, 0);
	line->middle = net_node(&net, 64500, 0);
	line->listener = net_node(&net, 64502, 0);
	net_peer(line->origin, line->middle);
	line->settings = net_settings(line->middle, line->listener);
	line->settings.transit = true;
	settings = net_settings(line->listener, line->middle);
	if (add_path) {
		line->settings.add_path[BGP_IPV4_UNICAST] = BGP_ADD_PATH_SEND;
		settings.add_path[BGP_IPV4_UNICAST] = BGP_ADD_PATH_RECEIVE;
	}
	assert_non_null(net_neighbor(line->middle, &line->settings));
	assert_non_null(net_neighbor(line->listener, &settings));
	assert_true(net_until_up(line->middle, line->origin, 60000));
	assert_true(net_until_up(line->middle, line->listener, 60000));
}

static void limit(struct line *line, uint32_t most)
{
	struct neighbor *neighbor = net_of(line->middle, line->listener);

	line->settings.maximum_prefixes_out = most;
	assert_false(speaker_neighbor_change(
		line->middle->speaker, neighbor, &line->settings, line->net->now));
}

static bool has(const struct node *node, const struct node *other, unsigned x)
{
	struct bgp_attributes attributes;

	return net_has(node, other, net_prefix(x, false), &attributes, NULL);
}

static struct neighbor_view view_of(const struct line *line)
{
	struct neighbor_view view;

	speaker_neighbor_view(net_of(line->middle, line->listener), &view);
	return view;
}

static void test_beyond_the_limit(void **state)
{
	struct line line;

	(void)state;
	line_begin(&line, 1, false);
	limit(&line, 2);
	for (unsigned x = 1; x <= 4; x++)
		net_announce(line.origin, x, false, 0);
	net_announce(line.middle, 9, false, 0);
	net_run(line.net, 2000);
	assert_int_equal(net_count(line.listener, line.middle), 3);
	assert_true(has(line.listener, line.middle, 9));
	assert_int_equal(view_of(&line).prefixes_held_back[BGP_IPV4_UNICAST], 2);
	assert_int_equal(view_of(&line).prefixes_pending[BGP_IPV4_UNICAST], 0);
	assert_non_null(net_event(line.middle, SPEAKER_PREFIX_LIMIT_OUT, 0));
	assert_true(speaker_settled(line.middle->speaker));
	/* What leaves makes room. */
	for (unsigned x = 1; x <= 4; x++)
		if (has(line.listener, line.middle, x)) {
			net_withdraw(line.origin, x, false);
			break;
		}
	net_run(line.net, 2000);
	assert_int_equal(net_count(line.listener, line.middle), 3);
	assert_int_equal(view_of(&line).prefixes_held_back[BGP_IPV4_UNICAST], 1);
	limit(&line, 0);
	net_run(line.net, 2000);
	assert_int_equal(net_count(line.listener, line.middle), 4);
	assert_int_equal(view_of(&line).prefixes_held_back[BGP_IPV4_UNICAST], 0);
	net_end(line.net);
}

/* A limit that is lowered takes back. */
static void test_lowered(void **state)
{
	(void)state;
	for (int add_path = 0; add_path < 2; add_path++) {
		struct line line;

		line_begin(&line, 2, add_path);
		for (unsigned x = 1; x <= 5; x++)
			net_announce(line.origin, x, false, 0);
		net_announce(line.middle, 9, false, 0);
		net_run(line.net, 2000);
		assert_int_equal(net_count(line.listener, line.middle), 6);
		limit(&line, 1);
		net_run(line.net, 2000);
		assert_int_equal(net_count(line.listener, line.middle), 2);
		assert_true(has(line.listener, line.middle, 9));
		limit(&line, 3);
		net_run(line.net, 2000);
		assert_int_equal(net_count(line.listener, line.middle), 4);
		net_end(line.net);
	}
}

/* What the neighbour says itself is not sent to it, and does not count. */
static void test_its_own(void **state)
{
	struct line line;

	(void)state;
	line_begin(&line, 3, false);
	limit(&line, 1);
	for (unsigned x = 1; x <= 5; x++)
		net_announce(line.listener, x, false, 0);
	net_run(line.net, 2000);
	net_announce(line.origin, 6, false, 0);
	net_run(line.net, 2000);
	assert_true(has(line.listener, line.middle, 6));
	assert_int_equal(view_of(&line).prefixes_held_back[BGP_IPV4_UNICAST], 0);
	net_end(line.net);
}

/* ---- Any story: as many are told as there may be, and ours all. ---- */

static void story_step(struct line *line)
{
	struct random *random = &line->net->random;
	unsigned x = 1 + (unsigned)random_below(random, PREFIXES);
	struct node *const nodes[] = { line->origin, line->origin, line->middle,
		line->listener };
	struct node *node = nodes[random_below(random, 4)];

	switch (random_below(random, 8)) {
	case 0:
		line->settings.interval = duration_ms((int64_t)random_below(random, 3) * 700);
		limit(line, (uint32_t)random_below(random, 6));
		break;
	case 1:
		net_cut(line->middle,
			random_below(random, 2) == 0 ? line->origin : line->listener);
		break;
	case 2:
	case 3:
		net_withdraw(node, x, false);
		break;
	default:
		net_announce(node, x, false, (uint32_t)random_below(random, 3));
		break;
	}
}

static bool is_it(void *context, const struct route_view *route)
{
	const struct prefix **wanted = context;

	if (*wanted != NULL && prefix_equal(&route->prefix, *wanted))
		*wanted = NULL; /* found */
	return true;
}

static bool ours_has(const struct line *line, const struct prefix *prefix)
{
	const struct prefix *wanted = prefix;
	uint64_t position = 0;

	speaker_routes_local(line->middle->speaker, &position, is_it, &wanted);
	return wanted == NULL;
}

static void story_check(struct line *line, bool add_path, uint64_t seed)
{
	uint32_t most = line->settings.maximum_prefixes_out;
	/* Of a prefix that the listener says too, either route may be the best. */
	unsigned ours = 0, least = 0, others = 0, told = 0, told_ours = 0, paths = 0;

	for (unsigned x = 1; x <= PREFIXES; x++) {
		struct prefix prefix = net_prefix(x, false);
		bool heard = has(line->listener, line->middle, x);
		bool local = ours_has(line, &prefix);
		bool origin = has(line->middle, line->origin, x);

		ours += local;
		told_ours += local && heard;
		told += heard && !local;
		others += !local && origin;
		least += !local && origin && !has(line->middle, line->listener, x);
		paths += origin;
	}
	if (add_path) { /* all routes are told, not only the best ones */
		told = (unsigned)net_count(line->listener, line->middle) - told_ours;
		least = others = paths;
	}
	if (most > 0 && least > most)
		least = most;
	if (told_ours != ours || told > others || told < least || (most > 0 && told > most))
		fail_msg("seed %llu: %u of %u ours, %u of %u to %u others told, at most %u",
			(unsigned long long)seed, told_ours, ours, told, least, others, most);
}

static void test_stories(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= 300; seed++) {
		struct line line;

		line_begin(&line, seed, seed % 2 == 0);
		for (unsigned round = 0; round < 6; round++) {
			for (unsigned i = 0; i < 12; i++) {
				story_step(&line);
				if (random_below(&line.net->random, 3) == 0)
					net_run(line.net, 5);
			}
			assert_true(net_until_up(line.middle, line.origin, 600000));
			assert_true(net_until_up(line.middle, line.listener, 600000));
			net_run(line.net, 5000);
			story_check(&line, seed % 2 == 0, seed);
		}
		net_end(line.net);
	}
}

/* ---- What is taken. ---- */

static void test_long_paths(void **state)
{
	struct neighbor_settings settings = hand_settings();
	struct bgp_attributes a = hand_attributes(BGP_IPV4_UNICAST);
	static const uint8_t path[] = { 2, 3, 0, 0, 0xfb, 0xf5, 0, 0, 0, 1, 0, 0, 0, 1 };
	struct hand *hand;

	(void)state;
	settings.maximum_path_length = 2;
	hand = hand_new(&settings);
	hand_establish(hand, OUT, NULL);
	hand_announce(hand, OUT, "198.51.100.0/24", NULL);
	assert_true(hand_holds(hand, "198.51.100.0/24", NULL));
	a.as_path = path;
	a.as_path_size = sizeof(path);
	hand_announce(hand, OUT, "198.51.100.0/24", &a); /* in place of the short one */
	assert_false(hand_holds(hand, "198.51.100.0/24", NULL));
	assert_int_equal(hand_counter(hand, COUNTER_PATH_LONG), 1);
	hand_drain(hand, OUT);
	/* Another cap: it is asked to send all again. */
	settings.maximum_path_length = 3;
	speaker_neighbor_change(hand->speaker, hand->neighbor, &settings, hand->now);
	(void)hand_expect(hand, OUT, BGP_ROUTE_REFRESH);
	hand_announce(hand, OUT, "198.51.100.0/24", &a);
	assert_true(hand_holds(hand, "198.51.100.0/24", NULL));
	hand_free(hand);
}

static void test_many_communities(void **state)
{
	static const uint32_t communities[] = { 1, 2, 3 };
	static const struct bgp_large_community large[] = { { 1, 2, 3 } };
	struct neighbor_settings settings = hand_settings();
	struct bgp_attributes a = hand_attributes(BGP_IPV4_UNICAST);
	struct hand *hand;

	(void)state;
	settings.maximum_communities = 3;
	hand = hand_new(&settings);
	hand_establish(hand, OUT, NULL);
	a.communities = communities;
	a.community_count = 3;
	a.present |= 1ull << BGP_ATTRIBUTE_COMMUNITIES;
	hand_announce(hand, OUT, "198.51.100.0/24", &a);
	assert_true(hand_holds(hand, "198.51.100.0/24", NULL));
	a.large_communities = large;
	a.large_community_count = 1;
	a.present |= 1ull << BGP_ATTRIBUTE_LARGE_COMMUNITIES;
	hand_announce(hand, OUT, "203.0.113.0/24", &a);
	assert_false(hand_holds(hand, "203.0.113.0/24", NULL));
	assert_int_equal(hand_counter(hand, COUNTER_COMMUNITIES_OVER), 1);
	assert_int_equal(hand_state(hand), SESSION_ESTABLISHED);
	hand_free(hand);
}

/* A route whose attributes have grown withdraws what was there, and the session stays. */
static void test_many_attribute_bytes(void **state)
{
	static const uint32_t communities[] = { 1, 2 };
	static const uint64_t extended[] = { 0x0002fbf400000001 };
	static const struct bgp_large_community large[] = { { 1, 2, 3 } };
	struct neighbor_settings settings = hand_settings();
	struct bgp_attributes a = hand_attributes(BGP_IPV4_UNICAST);
	struct hand *hand;

	(void)state;
	settings.maximum_attribute_bytes = (uint16_t)(a.as_path_size + 2 * 4 + 8 + 12);
	hand = hand_new(&settings);
	hand_establish(hand, OUT, NULL);
	a.extended_communities = extended;
	a.extended_community_count = 1;
	a.large_communities = large;
	a.large_community_count = 1;
	a.communities = communities;
	a.community_count = 2;
	a.present |= 1ull << BGP_ATTRIBUTE_COMMUNITIES |
		     1ull << BGP_ATTRIBUTE_EXTENDED_COMMUNITIES |
		     1ull << BGP_ATTRIBUTE_LARGE_COMMUNITIES;
	hand_announce(hand, OUT, "198.51.100.0/24", &a);
	assert_true(hand_holds(hand, "198.51.100.0/24", NULL));
	assert_int_equal(hand_counter(hand, COUNTER_ATTRIBUTES_OVER), 0);
	hand_drain(hand, OUT);
	/* One byte less, and the neighbour is asked for all again. */
	settings.maximum_attribute_bytes--;
	speaker_neighbor_change(hand->speaker, hand->neighbor, &settings, hand->now);
	(void)hand_expect(hand, OUT, BGP_ROUTE_REFRESH);
	hand_announce(hand, OUT, "198.51.100.0/24", &a);
	assert_false(hand_holds(hand, "198.51.100.0/24", NULL));
	assert_int_equal(hand_counter(hand, COUNTER_ATTRIBUTES_OVER), 1);
	a.community_count = 1;
	hand_announce(hand, OUT, "198.51.100.0/24", &a);
	assert_true(hand_holds(hand, "198.51.100.0/24", NULL));
	assert_int_equal(hand_state(hand), SESSION_ESTABLISHED);
	hand_free(hand);
}

/* ---- The interval between advertisements: RFC 4271 section 9.2.1.1. ---- */

static unsigned updates(struct hand *hand)
{
	struct bgp_frame frame;
	unsigned count = 0;

	while (hand_next(hand, OUT, &frame))
		count += frame.type == BGP_UPDATE;
	return count;
}

static void originate(struct hand *hand, const char *prefix, uint32_t med)
{
	struct local_route route = { .prefix = hand_prefix(prefix), .med = med };

	assert_int_equal(speaker_route_set(hand->speaker, &route, hand->now), 0);
}

static void test_interval(void **state)
{
	struct neighbor_settings settings = hand_settings();
	struct prefix first = hand_prefix("198.51.100.0/24");
	struct hand *hand;

	(void)state;
	settings.interval = duration_seconds(20);
	hand = hand_new(&settings);
	hand_establish(hand, OUT, NULL);
	originate(hand, "198.51.100.0/24", 0);
	assert_int_equal(updates(hand), 1);
	/* From here on it is quiet. */
	originate(hand, "203.0.113.0/24", 1);
	originate(hand, "203.0.113.0/24", 2);
	assert_int_equal(updates(hand), 0);
	assert_int_equal(hand_view(hand).prefixes_pending[BGP_IPV4_UNICAST], 1);
	assert_int_equal(speaker_route_remove(hand->speaker, &first, hand->now), 0);
	assert_int_equal(updates(hand), 1); /* withdrawals don't wait */
	hand_advance(hand, duration_ms(14900));
	originate(hand, "203.0.113.0/24", 3);
	assert_int_equal(updates(hand), 0);
	hand_advance(hand, duration_ms(5200));
	assert_int_equal(updates(hand), 1);
	assert_int_equal(hand_view(hand).prefixes_out[BGP_IPV4_UNICAST], 1);
	/* Another interval began; without it nothing waits. */
	originate(hand, "203.0.113.0/24", 4);
	assert_int_equal(updates(hand), 0);
	settings.interval = duration_seconds(0);
	speaker_neighbor_change(hand->speaker, hand->neighbor, &settings, hand->now);
	assert_int_equal(updates(hand), 1);
	originate(hand, "203.0.113.0/24", 5);
	assert_int_equal(updates(hand), 1);
	hand_free(hand);
}

/* A burst goes whole, and a refresh is not delayed. */
static void test_interval_and_bursts(void **state)
{
	struct neighbor_settings settings = hand_settings();
	struct hand *hand;
	unsigned sent;

	(void)state;
	settings.interval = duration_seconds(20);
	hand = hand_new(&settings);
	for (unsigned i = 0; i < 9000; i++) {
		struct local_route route = { .prefix = { .address = address_ipv4(
								 0x2d000000 + (i << 8)),
						     .length = 24 } };

		assert_int_equal(speaker_route_set(hand->speaker, &route, hand->now), 0);
	}
	hand_establish(hand, OUT, NULL);
	sent = hand_view(hand).prefixes_out[BGP_IPV4_UNICAST];
	assert_int_equal(sent, 9000);
	hand_drain(hand, OUT);
	originate(hand, "203.0.113.0/24", 0);
	assert_int_equal(updates(hand), 0);
	hand_send_refresh(hand, OUT, BGP_IPV4_UNICAST, BGP_REFRESH_REQUEST);
	assert_true(updates(hand) > 1);
	hand_free(hand);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_beyond_the_limit),
		cmocka_unit_test(test_lowered),
		cmocka_unit_test(test_its_own),
		cmocka_unit_test(test_stories),
		cmocka_unit_test(test_interval),
		cmocka_unit_test(test_interval_and_bursts),
		cmocka_unit_test(test_long_paths),
		cmocka_unit_test(test_many_communities),
		cmocka_unit_test(test_many_attribute_bytes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
