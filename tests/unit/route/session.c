/* SPDX-License-Identifier: Apache-2.0 */
/* Sessions in virtual time: from the first connection to every way to end. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "net.h"

static struct net net;

static void test_establishes(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= 200; seed++) {
		struct node *a, *b;

		net_begin(&net, seed);
		net.max_piece = seed % 3 == 0 ? 1 : (unsigned)(seed % 40);
		a = net_node(&net, 64500, 0);
		b = net_node(&net, seed % 2 ? 4200000001u : 64501, 0);
		net_peer(a, b);
		net_announce(a, 1, false, 7);
		net_announce(a, 1, true, 8);
		assert_true(net_until_up(a, b, 20000));
		net_run(&net, 1000);
		assert_true(net_has(b, a, net_prefix(1, false), NULL, NULL));
		assert_true(net_has(b, a, net_prefix(1, true), NULL, NULL));
		/* It stays up: keepalives keep both hold timers off. */
		net_run(&net, 3600 * 1000);
		assert_true(net_up(a, b));
		assert_int_equal(net_event(a, SPEAKER_DOWN, 0) == NULL, 1);
		net_end(&net);
	}
}

static void test_attributes(void **state)
{
	struct bgp_attributes attributes;
	struct node *a, *b;
	char path[64];

	(void)state;
	net_begin(&net, 3);
	a = net_node(&net, 4200000000u, 0);
	b = net_node(&net, 64501, 0);
	net_peer(a, b);
	struct local_route route = { .prefix = net_prefix(1, false),
		.med = 9,
		.prepend = 2,
		.graceful_shutdown = true,
		.communities = (uint32_t[]){ 0xfc580001 },
		.community_count = 1 };

	assert_int_equal(speaker_route_set(a->speaker, &route, net.now), 0);
	assert_true(net_until_up(a, b, 20000));
	net_run(&net, 100);
	assert_true(net_has(b, a, route.prefix, &attributes, NULL));
	assert_string_equal(bgp_as_path_format(&attributes, path, sizeof(path)),
		"4200000000 4200000000 4200000000");
	assert_int_equal(attributes.med, 9);
	assert_int_equal(attributes.community_count, 2);
	assert_int_equal(attributes.communities[1], BGP_COMMUNITY_GRACEFUL_SHUTDOWN);
	assert_int_equal(attributes.local_pref, 0); /* RFC 8326 at the receiver */
	assert_true(address_equal(&attributes.next_hop, &a->address));
	net_end(&net);
}

/* Both connect at the same moment, in every order: one connection remains. */
static void test_collision(void **state)
{
	unsigned collisions = 0;

	(void)state;
	for (uint64_t seed = 1; seed <= 500; seed++) {
		struct neighbor_view view;
		struct node *a, *b;

		net_begin(&net, seed);
		net.max_piece = 1 + (unsigned)(seed % 30);
		net.latency_us = (int64_t)(seed % 7) * 300;
		/* Equal identifiers in different ASes are allowed: RFC 6286. */
		a = net_node(&net, 64500, seed % 5 == 0 ? 77 : 0);
		b = net_node(&net, 64501, seed % 5 == 0 ? 77 : 0);
		net_peer(a, b);
		assert_true(net_until_up(a, b, 30000));
		net_run(&net, 60000);
		assert_true(net_up(a, b));
		speaker_neighbor_view(net_of(a, b), &view);
		collisions += view.counters[COUNTER_COLLISIONS] > 0;
		net_end(&net);
	}
	assert_true(collisions > 100);
}

struct refusal_row {
	const char *what;
	uint32_t asn_a_expects;
	uint8_t role_a, role_b;
	bool strict_a;
	bool ipv4_only_a, ipv6_only_b;
	uint8_t code, subcode; /* seen by one of them; 0: comes up */
};

static void test_refusals(void **state)
{
	static const struct refusal_row rows[] = {
		{ "fits", 64501, BGP_ROLE_NONE, BGP_ROLE_NONE, false, false, false, 0, 0 },
		{ "wrong AS", 64999, BGP_ROLE_NONE, BGP_ROLE_NONE, false, false, false, 2, 2 },
		{ "roles fit", 64501, BGP_ROLE_CUSTOMER, BGP_ROLE_PROVIDER, false, false, false,
			0, 0 },
		{ "peers", 64501, BGP_ROLE_PEER, BGP_ROLE_PEER, true, false, false, 0, 0 },
		{ "rs", 64501, BGP_ROLE_ROUTE_SERVER, BGP_ROLE_ROUTE_SERVER_CLIENT, true, false,
			false, 0, 0 },
		{ "two providers", 64501, BGP_ROLE_PROVIDER, BGP_ROLE_PROVIDER, false, false,
			false, 2, 11 },
		{ "peer, customer", 64501, BGP_ROLE_PEER, BGP_ROLE_CUSTOMER, false, false,
			false, 2, 11 },
		{ "no role", 64501, BGP_ROLE_PEER, BGP_ROLE_NONE, false, false, false, 0, 0 },
		{ "no role, strict", 64501, BGP_ROLE_PEER, BGP_ROLE_NONE, true, false, false, 2,
			11 },
		{ "no family", 64501, BGP_ROLE_NONE, BGP_ROLE_NONE, false, true, true, 2, 7 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct speaker_event *event;
		struct neighbor_settings sa, sb;
		struct node *a, *b;

		net_begin(&net, 5 + i);
		a = net_node(&net, 64500, 0);
		b = net_node(&net, 64501, 0);
		sa = net_settings(a, b);
		sb = net_settings(b, a);
		sa.asn = rows[i].asn_a_expects;
		sa.role = rows[i].role_a;
		sb.role = rows[i].role_b;
		sa.role_strict = rows[i].strict_a;
		sa.families[BGP_IPV6_UNICAST] = !rows[i].ipv4_only_a;
		sb.families[BGP_IPV4_UNICAST] = !rows[i].ipv6_only_b;
		net_neighbor(a, &sa);
		net_neighbor(b, &sb);
		net_run(&net, 20000);
		assert_int_equal(net_up(a, b), rows[i].code == 0);
		if (rows[i].code != 0) {
			bool seen = false;

			for (size_t e = 0; e < a->event_count; e++) {
				event = &a->events[e];
				seen |= event->type == SPEAKER_REFUSED &&
					event->code == rows[i].code &&
					event->subcode == rows[i].subcode;
			}
			assert_true(seen);
		}
		net_end(&net);
	}
}

static void test_hold_timer(void **state)
{
	const struct speaker_event *event;
	struct node *a, *b;
	struct instant deaf_since;

	(void)state;
	net_begin(&net, 1);
	a = net_node(&net, 64500, 0);
	b = net_node(&net, 64501, 0);
	net_peer(a, b);
	assert_true(net_until_up(a, b, 20000));
	net_run(&net, 1000);
	/* a hears nothing any more: after 90 s it says so and ends the session. */
	a->deaf = true;
	deaf_since = net.now;
	while (net_state(a, b) == SESSION_ESTABLISHED)
		net_run(&net, 100);
	assert_in_range(duration_to_ms(instant_since(net.now, deaf_since)), 60000, 90200);
	event = net_event(a, SPEAKER_DOWN, 0);
	assert_int_equal(event->code, BGP_ERROR_HOLD_TIMER);
	assert_true(event->sent);
	event = net_event(b, SPEAKER_DOWN, 0);
	assert_int_equal(event->code, BGP_ERROR_HOLD_TIMER);
	assert_false(event->sent);
	net_end(&net);
}

static void test_hold_time_zero(void **state)
{
	struct neighbor_settings sa;
	struct neighbor_view view;
	struct node *a, *b;

	(void)state;
	net_begin(&net, 1);
	a = net_node(&net, 64500, 0);
	b = net_node(&net, 64501, 0);
	sa = net_settings(a, b);
	sa.hold_time = duration_seconds(0);
	net_neighbor(a, &sa);
	sa = net_settings(b, a);
	net_neighbor(b, &sa);
	assert_true(net_until_up(a, b, 20000));
	net_run(&net, 24 * 3600 * 1000);
	assert_true(net_up(a, b));
	speaker_neighbor_view(net_of(a, b), &view);
	assert_int_equal(view.counters[COUNTER_KEEPALIVES_OUT], 1);
	net_end(&net);
}

/* b takes no bytes any more; without a hold time there is no send hold time either (RFC 9687
 * section 4.3). With one: see fsm.c. */
static void test_send_hold_needs_hold_time(void **state)
{
	struct neighbor_settings sa, sb;
	struct node *a, *b;

	(void)state;
	net_begin(&net, 1);
	a = net_node(&net, 64500, 0);
	b = net_node(&net, 64501, 0);
	sa = net_settings(a, b);
	sb = net_settings(b, a);
	sa.hold_time = sb.hold_time = duration_seconds(0);
	net_neighbor(a, &sa);
	net_neighbor(b, &sb);
	assert_true(net_until_up(a, b, 20000));
	net_run(&net, 1000);
	b->deaf = true;
	b->accepts_output = 1;
	net_announce(a, 1, false, 0);
	net_run(&net, 3600 * 1000);
	assert_int_equal(net_state(a, b), SESSION_ESTABLISHED);
	net_end(&net);
}

static void test_shutdown_text(void **state)
{
	const struct speaker_event *event;
	struct node *a, *b;

	(void)state;
	net_begin(&net, 9);
	a = net_node(&net, 64500, 0);
	b = net_node(&net, 64501, 0);
	net_peer(a, b);
	net_announce(a, 1, false, 0);
	assert_true(net_until_up(a, b, 20000));
	net_run(&net, 1000);
	speaker_neighbor_shutdown(
		a->speaker, net_of(a, b), "fiber cut at 03:00 \xc3\xa9", net.now);
	net_run(&net, 1000);
	event = net_event(b, SPEAKER_DOWN, 0);
	assert_non_null(event);
	assert_int_equal(event->code, BGP_ERROR_CEASE);
	assert_int_equal(event->subcode, BGP_CEASE_ADMIN_SHUTDOWN);
	assert_non_null(strstr(net_reason(b, event), "fiber cut at 03:00 \xc3\xa9"));
	/* A Hard Reset: nothing is kept although both sides do graceful restart (RFC 8538). */
	assert_int_equal(net_count(b, a), 0);
	net_run(&net, 300000);
	assert_false(net_up(a, b));
	speaker_neighbor_enable(a->speaker, net_of(a, b), net.now);
	assert_true(net_until_up(a, b, 120000));
	net_end(&net);
}

static void test_passive(void **state)
{
	struct neighbor_settings sa, sb;
	struct node *a, *b;

	(void)state;
	net_begin(&net, 9);
	a = net_node(&net, 64500, 0);
	b = net_node(&net, 64501, 0);
	sa = net_settings(a, b);
	sb = net_settings(b, a);
	sa.passive = true;
	net_neighbor(a, &sa);
	net_run(&net, 30000);
	assert_int_equal(net_state(a, b), SESSION_ACTIVE);
	net_neighbor(b, &sb);
	assert_true(net_until_up(a, b, 20000));
	net_end(&net);
}

static void test_unreachable_then_back(void **state)
{
	struct node *a, *b;

	(void)state;
	net_begin(&net, 9);
	a = net_node(&net, 64500, 0);
	b = net_node(&net, 64501, 0);
	a->unreachable = b->unreachable = true;
	net_peer(a, b);
	net_run(&net, 3600 * 1000);
	assert_false(net_up(a, b));
	/* Only one word about it, however often it was tried. */
	assert_non_null(net_event(a, SPEAKER_REFUSED, 0));
	a->unreachable = b->unreachable = false;
	assert_true(net_until_up(a, b, 6000));
	net_end(&net);
}

/* Any byte in any state: never a crash, always an answer or an end; then a new session. */
static void test_garbage(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= 300; seed++) {
		uint8_t garbage[64];
		struct node *a, *b;

		net_begin(&net, seed);
		a = net_node(&net, 64500, 0);
		b = net_node(&net, 64501, 0);
		net_peer(a, b);
		assert_true(net_until_up(a, b, 20000));
		for (size_t i = 0; i < sizeof(garbage); i++)
			garbage[i] = (uint8_t)random_u64(&net.random);
		if (seed % 2 == 0) { /* a good header with anything behind it */
			memset(garbage, 0xff, 16);
			garbage[16] = 0;
			garbage[17] = (uint8_t)(19 + random_below(&net.random, 45));
			garbage[18] = (uint8_t)random_below(&net.random, 7);
		}
		net_inject(a, b, garbage, sizeof(garbage));
		net_run(&net, 1000);
		assert_true(net_until_up(a, b, 200000));
		net_end(&net);
	}
}

/* After a restart the end-of-RIB waits until the routes are there: RFC 4724 section 4.1. */
/* BFD ends a session at once and keeps nothing; strict: there is none without it. */
static void test_path_down(void **state)
{
	const struct speaker_event *down;
	struct neighbor_settings settings;
	struct node *a, *b;

	(void)state;
	net_begin(&net, 9384);
	a = net_node(&net, 64500, 0);
	b = net_node(&net, 64501, 0);
	net_peer(a, b);
	net_announce(b, 1, false, 0);
	assert_true(net_until_up(a, b, 20000));
	net_run(&net, 1000);
	speaker_neighbor_path(a->speaker, net_of(a, b), NEIGHBOR_PATH_UNKNOWN, "", net.now);
	assert_true(net_up(a, b));
	speaker_neighbor_path(a->speaker, net_of(a, b), NEIGHBOR_PATH_DOWN, "silence", net.now);
	down = net_event(a, SPEAKER_DOWN, 0);
	assert_non_null(down);
	assert_int_equal(down->code, BGP_ERROR_CEASE);
	assert_int_equal(down->subcode, BGP_CEASE_BFD_DOWN);
	assert_non_null(strstr(net_reason(a, down), "silence"));
	assert_int_equal(net_count(a, b), 0); /* though both do graceful restart */
	assert_true(net_until_up(a, b, 60000));
	settings = net_settings(a, b);
	settings.path_strict = true;
	speaker_neighbor_change(a->speaker, net_of(a, b), &settings, net.now);
	speaker_neighbor_path(a->speaker, net_of(a, b), NEIGHBOR_PATH_DOWN, "silence", net.now);
	net_run(&net, 60000);
	assert_int_equal(net_state(a, b), SESSION_IDLE);
	speaker_neighbor_path(a->speaker, net_of(a, b), NEIGHBOR_PATH_UP, "", net.now);
	assert_true(net_until_up(a, b, 60000));
	net_end(&net);
}

static void test_end_of_rib_is_held(void **state)
{
	struct node *a, *b;

	(void)state;
	net_begin(&net, 9);
	a = net_node(&net, 64500, 0);
	b = net_node(&net, 64501, 0);
	speaker_end_of_rib_hold(a->speaker);
	net_peer(a, b);
	assert_true(net_until_up(a, b, 20000));
	net_announce(a, 1, false, 0);
	net_run(&net, 60000);
	assert_int_equal(net_count(b, a), 1);
	assert_null(net_event(b, SPEAKER_END_OF_RIB, 0));
	assert_non_null(net_event(a, SPEAKER_END_OF_RIB, 0));
	assert_true(speaker_settled(a->speaker));
	speaker_end_of_rib_release(a->speaker, net.now);
	net_run(&net, 1000);
	assert_non_null(net_event(b, SPEAKER_END_OF_RIB, 0));
	net_end(&net);
}

/* A withdrawal that waits for a slow neighbour was not heard by it, whoever else heard it. */
static void test_held_is_what_was_taken(void **state)
{
	struct node *a, *slow, *quick;
	struct prefix prefix = net_prefix(1, false);

	(void)state;
	net_begin(&net, 7);
	a = net_node(&net, 64500, 0);
	slow = net_node(&net, 64501, 0);
	quick = net_node(&net, 64502, 0);
	net_peer(a, slow);
	net_peer(a, quick);
	assert_true(net_until_up(a, slow, 60000));
	assert_true(net_until_up(a, quick, 60000));
	assert_false(speaker_route_held(a->speaker, net_of(a, slow), &prefix));
	net_announce(a, 1, false, 0);
	net_run(&net, 100);
	assert_true(speaker_route_held(a->speaker, net_of(a, slow), &prefix));
	assert_true(speaker_route_held(a->speaker, net_of(a, quick), &prefix));
	slow->deaf = true;
	slow->accepts_output = 1;
	net_announce(a, 2, false, 0); /* fills its socket */
	net_run(&net, 100);
	net_withdraw(a, 1, false);
	net_run(&net, 100);
	assert_false(speaker_route_held(a->speaker, net_of(a, quick), &prefix));
	assert_true(speaker_route_held(a->speaker, net_of(a, slow), &prefix));
	slow->deaf = false;
	slow->accepts_output = SIZE_MAX;
	net_run(&net, 100);
	assert_false(speaker_route_held(a->speaker, net_of(a, slow), &prefix));
	assert_false(net_has(slow, a, prefix, NULL, NULL));
	net_end(&net);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_establishes),
		cmocka_unit_test(test_path_down),
		cmocka_unit_test(test_attributes),
		cmocka_unit_test(test_collision),
		cmocka_unit_test(test_refusals),
		cmocka_unit_test(test_hold_timer),
		cmocka_unit_test(test_hold_time_zero),
		cmocka_unit_test(test_send_hold_needs_hold_time),
		cmocka_unit_test(test_shutdown_text),
		cmocka_unit_test(test_passive),
		cmocka_unit_test(test_unreachable_then_back),
		cmocka_unit_test(test_garbage),
		cmocka_unit_test(test_end_of_rib_is_held),
		cmocka_unit_test(test_held_is_what_was_taken),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
