/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Routes: how ours are dressed and packed, which of the neighbour's are kept, refresh, limits.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "hand.h"
#include "route/speaker_internal.h"

/* ---- How a route is dressed. ---- */

static struct bgp_update first_update(
	struct hand *hand, const struct local_route *route, const struct bgp_open *open)
{
	assert_int_equal(speaker_route_set(hand->speaker, route, hand->now), 0);
	hand_connect(hand, OUT);
	hand_send_open(hand, OUT, open);
	hand_send_keepalive(hand, OUT);
	hand_expect(hand, OUT, BGP_OPEN);
	hand_expect(hand, OUT, BGP_KEEPALIVE);
	return hand_expect_update(hand, OUT);
}

static void external_route(void **state)
{
	struct neighbor_settings settings = hand_settings();
	struct bgp_open open = hand_open();
	uint32_t of_neighbor[] = { 0xfbf40001, 0xfbf40002 },
		 of_route[] = { 0xfbf40002, 0xfbf40003 };
	struct bgp_large_community large[] = { { 64500, 1, 2 }, { 64500, 3, 4 } };
	uint64_t extended[] = { 0x0002fbf400000001, 0x0002fbf400000002 };
	struct local_route route = { .prefix = hand_prefix("198.51.100.0/24"),
		.prepend = 1,
		.med = 77,
		.has_local_pref = true,
		.local_pref = 200,
		.communities = of_route,
		.community_count = 2,
		.large_communities = large,
		.large_community_count = 1,
		.extended_communities = extended,
		.extended_community_count = 1 };
	struct bgp_update update;
	const struct bgp_attributes *a = &update.attributes;
	struct hand *hand;
	char text[64];

	(void)state;
	settings.prepend = 2;
	settings.communities = of_neighbor;
	settings.community_count = 2;
	settings.large_communities = large;
	settings.large_community_count = 2;
	settings.extended_communities = extended + 1;
	settings.extended_community_count = 1;
	settings.has_local_pref = true;
	settings.local_pref = 50;
	hand = hand_new(&settings);
	/* The speaker copies what it was given. */
	memset(of_neighbor, 0, sizeof(of_neighbor));
	update = first_update(hand, &route, &open);
	assert_string_equal(hand_first(update.announced[0], text), "198.51.100.0/24");
	assert_string_equal(hand_path(a, text), "64500 64500 64500 64500");
	assert_int_equal(a->origin, BGP_ORIGIN_IGP);
	assert_string_equal(address_format(&a->next_hop, text), "192.0.2.2");
	assert_true(bgp_attribute_present(a, BGP_ATTRIBUTE_MED));
	assert_int_equal(a->med, 77);
	assert_false(bgp_attribute_present(a, BGP_ATTRIBUTE_LOCAL_PREF));
	assert_int_equal(a->community_count, 3);
	assert_int_equal(a->large_community_count, 2);
	assert_int_equal(a->extended_community_count, 2);
	assert_false(bgp_attribute_present(a, BGP_ATTRIBUTE_ONLY_TO_CUSTOMER));
	hand_free(hand);
}

static void internal_route(void **state)
{
	struct neighbor_settings settings = hand_settings();
	struct bgp_open open = hand_open();
	struct local_route route = { .prefix = hand_prefix("198.51.100.0/24"), .prepend = 3 };
	struct bgp_update update;
	const struct bgp_attributes *a = &update.attributes;
	struct hand *hand;

	(void)state;
	settings.asn = 64500;
	open.asn = open.capabilities.four_octet_asn = 64500;
	hand = hand_new(&settings);
	update = first_update(hand, &route, &open);
	assert_int_equal(a->as_path_size, 0);
	assert_true(bgp_attribute_present(a, BGP_ATTRIBUTE_LOCAL_PREF));
	assert_int_equal(a->local_pref, 100);
	route.graceful_shutdown = true;
	assert_int_equal(speaker_route_set(hand->speaker, &route, hand->now), 0);
	hand_expect_update(hand, OUT); /* end-of-RIB of both families */
	hand_expect_update(hand, OUT);
	update = hand_expect_update(hand, OUT);
	/* RFC 8326 section 4.3 */
	assert_int_equal(a->local_pref, 0);
	assert_int_equal(a->community_count, 1);
	assert_int_equal(a->communities[0], BGP_COMMUNITY_GRACEFUL_SHUTDOWN);
	route.graceful_shutdown = false;
	route.has_local_pref = true;
	route.local_pref = 321;
	assert_int_equal(speaker_route_set(hand->speaker, &route, hand->now), 0);
	update = hand_expect_update(hand, OUT);
	assert_int_equal(a->local_pref, 321);
	hand_free(hand);
}

/* RFC 9234 section 5, egress 1. */
static void only_to_customer_is_added(void **state)
{
	static const struct {
		uint8_t ours, theirs;
		bool added;
	} rows[] = {
		{ BGP_ROLE_PROVIDER, BGP_ROLE_CUSTOMER, true },
		{ BGP_ROLE_PEER, BGP_ROLE_PEER, true },
		{ BGP_ROLE_ROUTE_SERVER, BGP_ROLE_ROUTE_SERVER_CLIENT, true },
		{ BGP_ROLE_CUSTOMER, BGP_ROLE_PROVIDER, false },
		{ BGP_ROLE_ROUTE_SERVER_CLIENT, BGP_ROLE_ROUTE_SERVER, false },
		{ BGP_ROLE_NONE, BGP_ROLE_NONE, false },
	};
	struct local_route route = { .prefix = hand_prefix("2001:db8::/32") };

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct neighbor_settings settings = hand_settings();
		struct bgp_open open = hand_open();
		struct bgp_update update;
		struct hand *hand;

		settings.role = rows[i].ours;
		settings.local_asn = 64777;
		open.capabilities.role = rows[i].theirs;
		hand = hand_new(&settings);
		assert_int_equal(speaker_route_set(hand->speaker, &route, hand->now), 0);
		hand_connect(hand, OUT);
		hand_send_open(hand, OUT, &open);
		hand_send_keepalive(hand, OUT);
		hand_expect(hand, OUT, BGP_OPEN);
		hand_expect(hand, OUT, BGP_KEEPALIVE);
		hand_expect_update(hand, OUT); /* end-of-RIB of IPv4 */
		update = hand_expect_update(hand, OUT);
		assert_int_equal(bgp_attribute_present(
					 &update.attributes, BGP_ATTRIBUTE_ONLY_TO_CUSTOMER),
			rows[i].added);
		if (rows[i].added)
			assert_int_equal(update.attributes.only_to_customer, 64777);
		hand_free(hand);
	}
}

/* A session's transport, what was agreed and configured, and the next hops that follow. */
static void next_hops(void **state)
{
	static const struct {
		const char *neighbor, *prefix;
		bool extended, configured, bare;
		const char *next_hop, *link_local; /* NULL: cannot be announced */
	} rows[] = {
		{ "192.0.2.1", "198.51.100.0/24", false, false, false, "192.0.2.2", "-" },
		{ "192.0.2.1", "2001:db8::/32", false, false, false, "2001:db8::2", "-" },
		{ "2001:db8::1", "2001:db8::/32", false, false, false, "2001:db8::2",
			"fe80::2" },
		{ "2001:db8::1", "198.51.100.0/24", true, false, false, "2001:db8::2",
			"fe80::2" },
		{ "2001:db8::1", "198.51.100.0/24", false, false, false, "192.0.2.2", "-" },
		{ "192.0.2.1", "198.51.100.0/24", true, false, false, "192.0.2.2", "-" },
		{ "192.0.2.1", "198.51.100.0/24", false, true, false, "203.0.113.9", "-" },
		{ "192.0.2.1", "2001:db8::/32", false, true, false, "2001:db8:9::9", "-" },
		{ "fe80::1", "2001:db8::/32", false, false, false, "2001:db8::2", "fe80::2" },
		{ "fe80::1", "198.51.100.0/24", true, false, false, "2001:db8::2", "fe80::2" },
		{ "fe80::1", "2001:db8::/32", false, false, true, "fe80::2", "fe80::2" },
		{ "fe80::1", "198.51.100.0/24", true, false, true, "fe80::2", "fe80::2" },
		{ "fe80::1", "198.51.100.0/24", false, false, true, NULL, NULL },
		{ "2001:db8::1", "198.51.100.0/24", false, false, true, NULL, NULL },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct neighbor_settings settings = hand_settings();
		struct bgp_open open = hand_open();
		struct local_route route = { .prefix = hand_prefix(rows[i].prefix) };
		bool ipv4 = route.prefix.address.family == FAMILY_IPV4;
		const struct address *next_hop, *link_local;
		struct bgp_update update;
		struct hand *hand;
		char text[64];

		settings.address = hand_address(rows[i].neighbor);
		snprintf(settings.interface, sizeof(settings.interface), "eth0");
		settings.extended_next_hop = rows[i].extended;
		open.capabilities.extended_next_hop[BGP_IPV4_UNICAST] = rows[i].extended;
		settings.families[BGP_IPV4_UNICAST] = ipv4;
		settings.families[BGP_IPV6_UNICAST] = !ipv4;
		if (rows[i].configured) {
			settings.next_hop[BGP_IPV4_UNICAST] = hand_address("203.0.113.9");
			settings.next_hop[BGP_IPV6_UNICAST] = hand_address("2001:db8:9::9");
		}
		hand = hand_new(&settings);
		hand->context.extended_next_hop[BGP_IPV4_UNICAST] = rows[i].extended;
		hand->bare = rows[i].bare;
		if (rows[i].next_hop == NULL) {
			hand_route(hand, rows[i].prefix);
			hand_establish(hand, OUT, &open);
			assert_int_equal(hand_view(hand).prefixes_out[!ipv4], 0);
			hand_free(hand);
			continue;
		}
		update = first_update(hand, &route, &open);
		next_hop = update.mp_next_hop.family == FAMILY_NONE
				   ? &update.attributes.next_hop
				   : &update.mp_next_hop;
		link_local = &update.mp_next_hop_link_local;
		assert_string_equal(address_format(next_hop, text), rows[i].next_hop);
		assert_string_equal(address_format(link_local, text), rows[i].link_local);
		hand_free(hand);
	}
}

/* ---- What is heard by whom. ---- */

static void only_the_named_neighbors_hear(void **state)
{
	struct hand *hand = hand_new(NULL);
	struct neighbor_settings settings = hand_settings();
	struct local_route route = { .prefix = hand_prefix("198.51.100.0/24") };
	struct neighbor *other;
	char text[64];

	(void)state;
	snprintf(settings.name, sizeof(settings.name), "other");
	settings.address = hand_address("192.0.2.77");
	settings.passive = true;
	other = speaker_neighbor_add(hand->speaker, &settings, hand->now);
	hand_establish(hand, OUT, NULL);

	route.only = (const struct neighbor *const[]){ other };
	route.only_count = 1;
	assert_int_equal(speaker_route_set(hand->speaker, &route, hand->now), 0);
	assert_int_equal(hand_view(hand).prefixes_pending[BGP_IPV4_UNICAST], 0);
	route.only = (const struct neighbor *const[]){ other, hand->neighbor };
	route.only_count = 2;
	assert_int_equal(speaker_route_set(hand->speaker, &route, hand->now), 0);
	assert_string_equal(hand_first(hand_expect_update(hand, OUT).announced[0], text),
		"198.51.100.0/24");
	route.only_count = 1;
	assert_int_equal(speaker_route_set(hand->speaker, &route, hand->now), 0);
	assert_string_equal(hand_first(hand_expect_update(hand, OUT).withdrawn[0], text),
		"198.51.100.0/24");
	/* Nobody at all is not everybody. */
	route.only_count = 0;
	assert_int_equal(speaker_route_set(hand->speaker, &route, hand->now), 0);
	assert_int_equal(hand_view(hand).prefixes_out[BGP_IPV4_UNICAST], 0);
	hand_free(hand);
}

/* A neighbour that comes later, perhaps at the same place in memory, is not the one named. (The
 * sanitizer never gives the same place, so look inside.) */
static void a_removed_neighbor_is_nobody(void **state)
{
	struct hand *hand = hand_new(NULL);
	struct neighbor_settings settings = hand_settings();
	struct local_route route = { .prefix = hand_prefix("198.51.100.0/24") };

	(void)state;
	route.only = (const struct neighbor *const[]){ hand->neighbor };
	route.only_count = 1;
	assert_int_equal(speaker_route_set(hand->speaker, &route, hand->now), 0);
	for (int i = 0; i < 50; i++) {
		speaker_neighbor_remove(hand->speaker, hand->neighbor, hand->now);
		assert_null(local_rib_find(hand->speaker, &route.prefix)->route.only[0]);
		hand->neighbor = speaker_neighbor_add(hand->speaker, &settings, hand->now);
		hand_establish(hand, OUT, NULL);
		assert_int_equal(hand_view(hand).prefixes_out[BGP_IPV4_UNICAST], 0);
	}
	hand_free(hand);
}

static void many_routes(struct hand *hand, unsigned count, uint32_t med)
{
	for (unsigned i = 0; i < count; i++) {
		struct local_route route = { .prefix = hand_prefix("10.0.0.0/24"), .med = med };

		route.prefix.address.bytes[1] = (uint8_t)(i >> 8);
		route.prefix.address.bytes[2] = (uint8_t)i;
		assert_int_equal(speaker_route_set(hand->speaker, &route, hand->now), 0);
	}
}

/* Routes share a message by attribute set; end-of-RIB once per family, behind them. */
static void routes_are_packed(void **state)
{
	struct hand *hand = hand_new(NULL);
	struct bgp_open open = hand_open();
	size_t messages = 0, prefixes = 0;
	struct bgp_frame frame;

	(void)state;
	open.capabilities.extended_message = false;
	many_routes(hand, 2000, 0);
	hand_connect(hand, OUT);
	hand_send_open(hand, OUT, &open);
	hand_send_keepalive(hand, OUT);
	hand_expect(hand, OUT, BGP_OPEN);
	hand_expect(hand, OUT, BGP_KEEPALIVE);
	while (prefixes < 2000) {
		prefixes += hand_count(hand_expect_update(hand, OUT).announced[0]);
		messages++;
	}
	assert_int_equal(prefixes, 2000);
	assert_in_range(messages, 2, 3); /* 4 bytes each, 4096 bytes a message */
	assert_int_equal(hand_expect_update(hand, OUT).end_of_rib_family, BGP_IPV4_UNICAST);
	assert_int_equal(hand_expect_update(hand, OUT).end_of_rib_family, BGP_IPV6_UNICAST);
	hand_advance(hand, duration_seconds(60));
	while (hand_next(hand, OUT, &frame))
		assert_int_equal(frame.type, BGP_KEEPALIVE);
	hand_free(hand);
}

/* Withdrawals go first, and what was overtaken is never sent. */
static void a_slow_neighbor_hears_the_newest(void **state)
{
	struct hand *hand = hand_new(NULL);
	struct prefix gone = hand_prefix("10.0.5.0/24");
	size_t withdrawn = 0, announced = 0;
	struct bgp_update update;
	char text[64];

	(void)state;
	many_routes(hand, 100, 0);
	hand_establish(hand, OUT, NULL);
	hand->blocked = true;
	for (uint32_t med = 1; med <= 50; med++)
		many_routes(hand, 100, med);
	hand_route(hand, "203.0.113.0/24");
	assert_int_equal(speaker_route_remove(hand->speaker, &gone, hand->now), 0);
	gone = hand_prefix("203.0.113.0/24"); /* came and went unseen */
	assert_int_equal(speaker_route_remove(hand->speaker, &gone, hand->now), 0);
	assert_false(speaker_settled(hand->speaker));
	assert_int_equal(hand_view(hand).prefixes_pending[BGP_IPV4_UNICAST], 100);
	hand->blocked = false;
	update = hand_expect_update(hand, OUT);
	assert_string_equal(hand_first(update.withdrawn[0], text), "10.0.5.0/24");
	withdrawn = hand_count(update.withdrawn[0]);
	while (announced < 99) {
		update = hand_expect_update(hand, OUT);
		assert_int_equal(update.attributes.med, 50);
		announced += hand_count(update.announced[0]);
	}
	assert_int_equal(withdrawn, 1);
	assert_int_equal(announced, 99);
	assert_true(speaker_settled(hand->speaker));
	assert_int_equal(hand_view(hand).prefixes_out[BGP_IPV4_UNICAST], 99);
	hand_free(hand);
}

/* A change that is taken back before it was sent is no change. */
static void a_change_taken_back_is_silent(void **state)
{
	struct hand *hand = hand_new(NULL);
	struct bgp_frame frame;

	(void)state;
	many_routes(hand, 10, 1);
	hand_establish(hand, OUT, NULL);
	hand->blocked = true;
	many_routes(hand, 10, 2);
	many_routes(hand, 10, 1);
	hand->blocked = false;
	assert_true(speaker_settled(hand->speaker));
	assert_false(hand_next(hand, OUT, &frame));
	hand_free(hand);
}

/* Attributes that fit into no message: never sent, and what the neighbour held is withdrawn. */
static void what_does_not_fit_is_withdrawn(void **state)
{
	struct hand *hand = hand_new(NULL);
	struct bgp_open open = hand_open();
	struct bgp_large_community large[400];
	struct local_route route = { .prefix = hand_prefix("198.51.100.0/24"),
		.large_communities = large,
		.large_community_count = 400 };
	struct bgp_update update;
	char text[64];

	(void)state;
	for (uint32_t i = 0; i < 400; i++)
		large[i] = (struct bgp_large_community){ 64500, i, i };
	open.capabilities.extended_message = false;
	hand_route(hand, "198.51.100.0/24");
	hand_route(hand, "203.0.113.0/24");
	hand_establish(hand, OUT, &open);
	assert_int_equal(speaker_route_set(hand->speaker, &route, hand->now), 0);
	route.prefix = hand_prefix("192.0.2.0/24");
	assert_int_equal(speaker_route_set(hand->speaker, &route, hand->now), 0);
	update = hand_expect_update(hand, OUT);
	assert_string_equal(hand_first(update.withdrawn[0], text), "198.51.100.0/24");
	assert_int_equal(hand_view(hand).prefixes_out[BGP_IPV4_UNICAST], 1);
	assert_int_equal(hand_view(hand).prefixes_pending[BGP_IPV4_UNICAST], 0);
	assert_true(speaker_settled(hand->speaker));
	hand_free(hand);
}

static bool count_route(void *context, const struct route_view *route)
{
	(void)route;
	return ++*(unsigned *)context % 3 != 0;
}

/* The views stop and go on where they were. */
static void views_are_resumable(void **state)
{
	struct hand *hand = hand_new(NULL);
	unsigned local = 0, advertised = 0, received = 0;

	(void)state;
	many_routes(hand, 100, 0);
	hand_establish(hand, OUT, NULL);
	for (int i = 0; i < 50; i++) {
		char text[32];

		snprintf(text, sizeof(text), "203.0.%d.0/24", i);
		hand_announce(hand, OUT, text, NULL);
	}
	for (uint64_t position = 0; position != UINT64_MAX;)
		speaker_routes_local(hand->speaker, &position, count_route, &local);
	for (uint64_t position = 0; position != UINT64_MAX;)
		speaker_routes_advertised(
			hand->speaker, hand->neighbor, &position, count_route, &advertised);
	for (uint64_t position = 0; position != UINT64_MAX;)
		speaker_routes_received(
			hand->speaker, hand->neighbor, &position, count_route, &received);
	assert_int_equal(local, 100);
	assert_int_equal(advertised, 100);
	assert_int_equal(received, 50);
	hand_free(hand);
}

/* Who looks again and again at what is advertised takes no memory from the sessions. */
static void views_leave_nothing_behind(void **state)
{
	struct neighbor_settings settings = hand_settings();
	struct hand *hand;
	unsigned seen = 0;

	(void)state;
	settings.prepend = 10;
	hand = hand_new(&settings);
	many_routes(hand, 100, 0);
	hand_establish(hand, OUT, NULL);
	for (int i = 0; i < 600; i++)
		for (uint64_t position = 0; position != UINT64_MAX;)
			speaker_routes_advertised(
				hand->speaker, hand->neighbor, &position, count_route, &seen);
	assert_int_equal(seen, 60000);
	hand_announce(hand, OUT, "203.0.113.0/24", NULL);
	assert_int_equal(hand_state(hand), SESSION_ESTABLISHED);
	assert_true(hand_holds(hand, "203.0.113.0/24", NULL));
	hand_free(hand);
}

static void local_routes_are_capped(void **state)
{
	struct hand *hand = hand_new(NULL);
	struct local_route route = { .prefix = hand_prefix("10.0.0.0/32") };
	unsigned count = 0;

	(void)state;
	for (;; count++) {
		route.prefix.address.bytes[1] = (uint8_t)(count >> 16);
		route.prefix.address.bytes[2] = (uint8_t)(count >> 8);
		route.prefix.address.bytes[3] = (uint8_t)count;
		if (speaker_route_set(hand->speaker, &route, hand->now) == ERROR_FULL)
			break;
	}
	assert_int_equal(count, 65536);
	/* A known one may still change. */
	route.prefix = hand_prefix("10.0.0.7/32");
	assert_int_equal(speaker_route_set(hand->speaker, &route, hand->now), 0);
	route.prefix = hand_prefix("192.0.2.0/24");
	assert_int_equal(
		speaker_route_remove(hand->speaker, &route.prefix, hand->now), ERROR_NOT_FOUND);
	hand_free(hand);
}

/* ---- Refresh: RFC 2918, RFC 7313. ---- */

static void expect_marker(struct hand *hand, enum bgp_refresh_subtype subtype)
{
	struct bgp_frame frame = hand_expect(hand, OUT, BGP_ROUTE_REFRESH);
	struct bgp_refresh refresh;
	struct bgp_fault fault;

	assert_int_equal(bgp_refresh_read(frame.body, &refresh, &fault), 0);
	assert_int_equal(refresh.subtype, subtype);
	assert_int_equal(refresh.afi, BGP_AFI_IPV4);
}

static void refresh_sends_all_again(void **state)
{
	(void)state;
	for (int enhanced = 0; enhanced < 2; enhanced++) {
		struct hand *hand = hand_new(NULL);
		struct bgp_open open = hand_open();
		struct bgp_frame frame;

		open.capabilities.enhanced_refresh = enhanced;
		many_routes(hand, 10, 0);
		hand_route(hand, "2001:db8::/32");
		hand_establish(hand, OUT, &open);
		hand_send_refresh(hand, OUT, BGP_IPV4_UNICAST, BGP_REFRESH_REQUEST);
		if (enhanced)
			expect_marker(hand, BGP_REFRESH_BEGIN);
		assert_int_equal(hand_count(hand_expect_update(hand, OUT).announced[0]), 10);
		if (enhanced)
			expect_marker(hand, BGP_REFRESH_END);
		assert_false(hand_next(hand, OUT, &frame));
		assert_int_equal(
			hand_event(hand, SPEAKER_REFRESH)->event.family, BGP_IPV4_UNICAST);
		/* Once more what it held already is no announcement. */
		assert_int_equal(hand_event_count(hand, SPEAKER_ANNOUNCED), 11);
		hand_free(hand);
	}
}

/* RFC 7313 section 4: no begin marker before end-of-RIB. */
static void refresh_waits_for_end_of_rib(void **state)
{
	struct hand *hand = hand_new(NULL);
	struct bgp_open open = hand_open();

	(void)state;
	many_routes(hand, 10, 0);
	hand_connect(hand, OUT);
	hand_send_open(hand, OUT, &open);
	hand_drain(hand, OUT);
	hand->blocked = true;
	hand_send_keepalive(hand, OUT);
	hand_send_refresh(hand, OUT, BGP_IPV4_UNICAST, BGP_REFRESH_REQUEST);
	hand->blocked = false;
	assert_int_equal(hand_count(hand_expect_update(hand, OUT).announced[0]), 10);
	assert_true(hand_expect_update(hand, OUT).end_of_rib);
	assert_true(hand_expect_update(hand, OUT).end_of_rib);
	expect_marker(hand, BGP_REFRESH_BEGIN);
	assert_int_equal(hand_count(hand_expect_update(hand, OUT).announced[0]), 10);
	expect_marker(hand, BGP_REFRESH_END);
	hand_free(hand);
}

static void refresh_is_asked_for(void **state)
{
	struct hand *hand = hand_new(NULL);

	(void)state;
	hand_establish(hand, OUT, NULL);
	assert_int_equal(speaker_neighbor_refresh(
				 hand->speaker, hand->neighbor, BGP_IPV4_UNICAST, hand->now),
		0);
	expect_marker(hand, BGP_REFRESH_REQUEST);
	hand_free(hand);
}

/* What the neighbour does not repeat between its markers has gone. */
static void markers_sweep(void **state)
{
	struct hand *hand = hand_new(NULL);

	(void)state;
	hand_establish(hand, OUT, NULL);
	hand_announce(hand, OUT, "198.51.100.0/24", NULL);
	hand_announce(hand, OUT, "203.0.113.0/24", NULL);
	/* With graceful restart, a begin marker before end-of-RIB is ignored. */
	hand_send_refresh(hand, OUT, BGP_IPV4_UNICAST, BGP_REFRESH_BEGIN);
	assert_int_equal(hand_view(hand).prefixes_stale[BGP_IPV4_UNICAST], 0);
	hand_send_refresh(hand, OUT, BGP_IPV4_UNICAST, BGP_REFRESH_END);
	assert_int_equal(hand_view(hand).prefixes_in[BGP_IPV4_UNICAST], 2);

	hand_end_of_rib(hand, OUT, BGP_IPV4_UNICAST);
	/* An end without a begin is ignored. */
	hand_send_refresh(hand, OUT, BGP_IPV4_UNICAST, BGP_REFRESH_END);
	assert_int_equal(hand_view(hand).prefixes_in[BGP_IPV4_UNICAST], 2);
	hand_send_refresh(hand, OUT, BGP_IPV4_UNICAST, BGP_REFRESH_BEGIN);
	assert_int_equal(hand_view(hand).prefixes_stale[BGP_IPV4_UNICAST], 2);
	hand_announce(hand, OUT, "203.0.113.0/24", NULL);
	hand_send_refresh(hand, OUT, BGP_IPV4_UNICAST, BGP_REFRESH_END);
	assert_false(hand_holds(hand, "198.51.100.0/24", NULL));
	assert_true(hand_holds(hand, "203.0.113.0/24", NULL));

	/* And if the end never comes, what is stale goes all the same. */
	hand_send_refresh(hand, OUT, BGP_IPV4_UNICAST, BGP_REFRESH_BEGIN);
	for (int i = 0; i < 8; i++) {
		hand_advance(hand, duration_seconds(50));
		hand_send_keepalive(hand, OUT);
	}
	assert_false(hand_holds(hand, "203.0.113.0/24", NULL));
	assert_int_equal(hand_state(hand), SESSION_ESTABLISHED);
	hand_free(hand);
}

/* ---- What is kept. ---- */

static void routes_come_change_and_go(void **state)
{
	struct hand *hand = hand_new(NULL);
	struct bgp_attributes attributes = hand_attributes(BGP_IPV4_UNICAST);
	struct route_view view;
	char text[64];

	(void)state;
	hand_establish(hand, OUT, NULL);
	hand_announce(hand, OUT, "198.51.100.0/24", &attributes);
	hand_announce(hand, OUT, "2001:db8:1::/48", NULL);
	assert_true(hand_holds(hand, "198.51.100.0/24", &view));
	assert_false(bgp_attribute_present(view.attributes, BGP_ATTRIBUTE_MED));
	attributes.med = 9;
	attributes.present |= 1ull << BGP_ATTRIBUTE_MED;
	hand_announce(hand, OUT, "198.51.100.0/24", &attributes);
	assert_true(hand_holds(hand, "198.51.100.0/24", &view));
	assert_int_equal(view.attributes->med, 9);
	assert_true(hand_holds(hand, "2001:db8:1::/48", &view));
	assert_string_equal(address_format(&view.attributes->next_hop, text), "2001:db8::1");
	assert_int_equal(hand_view(hand).prefixes_in[BGP_IPV4_UNICAST], 1);
	assert_int_equal(hand_view(hand).prefixes_in[BGP_IPV6_UNICAST], 1);
	hand_withdraw(hand, OUT, "198.51.100.0/24");
	hand_withdraw(hand, OUT, "2001:db8:1::/48");
	hand_withdraw(hand, OUT, "2001:db8:2::/48"); /* never announced */
	assert_int_equal(hand_view(hand).prefixes_in[BGP_IPV4_UNICAST], 0);
	assert_int_equal(hand_view(hand).prefixes_in[BGP_IPV6_UNICAST], 0);
	hand_free(hand);
}

/* RFC 4271 section 4.3: a prefix in both lists of one UPDATE is announced. */
static void announced_and_withdrawn_at_once_stays(void **state)
{
	static const uint8_t update[] = { 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255,
		255, 255, 255, 255, 255, 0, 51, 2, 0, 4, 24, 198, 51, 100, 0, 20, 0x40, 1, 1, 0,
		0x40, 2, 6, 2, 1, 0, 0, 0xfb, 0xf5, 0x40, 3, 4, 192, 0, 2, 1, 24, 198, 51,
		100 };
	struct hand *hand = hand_new(NULL);

	(void)state;
	hand_establish(hand, OUT, NULL);
	for (int twice = 0; twice < 2; twice++) {
		hand_send(hand, OUT, update, sizeof(update));
		assert_int_equal(hand_state(hand), SESSION_ESTABLISHED);
		assert_true(hand_holds(hand, "198.51.100.0/24", NULL));
	}
	hand_free(hand);
}

/* A rejected route takes the place of the one before: nothing is left of the prefix. */
static void rejected_routes(void **state)
{
	static const struct {
		uint8_t path[16];
		uint16_t path_size;
		const char *next_hop;
		uint8_t role;
		enum neighbor_counter counter;
	} rows[] = {
		/* 64501 64500: our AS */
		{ { 2, 2, 0, 0, 0xfb, 0xf5, 0, 0, 0xfb, 0xf4 }, 10, "192.0.2.1", BGP_ROLE_NONE,
			COUNTER_LOOPS },
		/* 64501 {64500} */
		{ { 2, 1, 0, 0, 0xfb, 0xf5, 1, 1, 0, 0, 0xfb, 0xf4 }, 12, "192.0.2.1",
			BGP_ROLE_NONE, COUNTER_LOOPS },
		/* 64502: not its AS in front */
		{ { 2, 1, 0, 0, 0xfb, 0xf6 }, 6, "192.0.2.1", BGP_ROLE_NONE,
			COUNTER_FIRST_AS_MISMATCH },
		/* our own address as next hop */
		{ { 2, 1, 0, 0, 0xfb, 0xf5 }, 6, "192.0.2.2", BGP_ROLE_NONE,
			COUNTER_NEXT_HOP_OURS },
		/* a route server is not in the path, but we may not be either */
		{ { 2, 1, 0, 0, 0xfb, 0xf4 }, 6, "192.0.2.1", BGP_ROLE_ROUTE_SERVER_CLIENT,
			COUNTER_LOOPS },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct neighbor_settings settings = hand_settings();
		struct bgp_attributes attributes = hand_attributes(BGP_IPV4_UNICAST);
		struct hand *hand;

		settings.role = rows[i].role;
		hand = hand_new(&settings);
		hand_establish(hand, OUT, NULL);
		hand_announce(hand, OUT, "198.51.100.0/24", NULL);
		assert_true(hand_holds(hand, "198.51.100.0/24", NULL));
		attributes.as_path = rows[i].path;
		attributes.as_path_size = rows[i].path_size;
		attributes.next_hop = hand_address(rows[i].next_hop);
		hand_announce(hand, OUT, "198.51.100.0/24", &attributes);
		assert_false(hand_holds(hand, "198.51.100.0/24", NULL));
		assert_int_equal(hand_counter(hand, rows[i].counter), 1);
		assert_int_equal(hand_state(hand), SESSION_ESTABLISHED);
		hand_free(hand);
	}
}

/* RFC 4456 section 8: what a reflector gives back to us. */
static void reflected_loops(void **state)
{
	static const struct {
		uint32_t originator, clusters[2];
		bool kept;
	} rows[] = {
		{ 0x0a000009, { 0x0a000008, 0x0a000007 }, true },
		{ 0x0a000001, { 0x0a000008, 0x0a000007 }, false },
		{ 0x0a000009, { 0x0a000008, 0x0a000001 }, false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct neighbor_settings settings = hand_settings();
		struct bgp_attributes attributes = hand_attributes(BGP_IPV4_UNICAST);
		struct bgp_open open = hand_open();
		struct hand *hand;

		settings.asn = 64500;
		open.asn = open.capabilities.four_octet_asn = 64500;
		attributes.local_pref = 100;
		attributes.originator_id = rows[i].originator;
		attributes.cluster_list = rows[i].clusters;
		attributes.cluster_count = 2;
		attributes.present |= 1ull << BGP_ATTRIBUTE_LOCAL_PREF |
				      1ull << BGP_ATTRIBUTE_ORIGINATOR_ID |
				      1ull << BGP_ATTRIBUTE_CLUSTER_LIST;
		hand = hand_new(&settings);
		hand_establish(hand, OUT, &open);
		hand_announce(hand, OUT, "198.51.100.0/24", &attributes);
		assert_int_equal(hand_holds(hand, "198.51.100.0/24", NULL), rows[i].kept);
		assert_int_equal(hand_counter(hand, COUNTER_LOOPS), !rows[i].kept);
		hand_free(hand);
	}
}

/* A neighbour that knows us by another AS number: both of ours are loops. */
static void both_our_numbers_are_loops(void **state)
{
	static const uint8_t path[] = { 2, 2, 0, 0, 0xfb, 0xf5, 0, 0, 0xfb, 0xf4 };
	struct neighbor_settings settings = hand_settings();
	struct bgp_attributes attributes = hand_attributes(BGP_IPV4_UNICAST);
	struct hand *hand;

	(void)state;
	settings.local_asn = 65000;
	attributes.as_path = path;
	attributes.as_path_size = sizeof(path);
	hand = hand_new(&settings);
	hand_establish(hand, OUT, NULL);
	hand_announce(hand, OUT, "198.51.100.0/24", &attributes);
	assert_false(hand_holds(hand, "198.51.100.0/24", NULL));
	hand_free(hand);
}

/* RFC 7947 section 2.2.2: a route server's routes begin with its clients' AS. */
static void route_server_routes(void **state)
{
	static const uint8_t path[] = { 2, 1, 0, 0, 0xfb, 0xf6 };
	struct neighbor_settings settings = hand_settings();
	struct bgp_attributes attributes = hand_attributes(BGP_IPV4_UNICAST);
	struct hand *hand;

	(void)state;
	settings.role = BGP_ROLE_ROUTE_SERVER_CLIENT;
	attributes.as_path = path;
	attributes.as_path_size = sizeof(path);
	hand = hand_new(&settings);
	hand_establish(hand, OUT, NULL);
	hand_announce(hand, OUT, "198.51.100.0/24", &attributes);
	assert_true(hand_holds(hand, "198.51.100.0/24", NULL));
	hand_free(hand);
}

/* RFC 9234 section 5, ingress: by our role and what the OTC attribute says. */
static void route_leaks(void **state)
{
	enum { ABSENT = 0, ITS = 64501, OTHER = 64999 };
	static const struct {
		uint8_t role;
		uint32_t said;
		bool kept;
		uint32_t marked; /* what is on the kept route */
	} rows[] = {
		{ BGP_ROLE_PROVIDER, ABSENT, true, ABSENT },
		{ BGP_ROLE_PROVIDER, ITS, false, 0 },
		{ BGP_ROLE_PROVIDER, OTHER, false, 0 },
		{ BGP_ROLE_ROUTE_SERVER, ABSENT, true, ABSENT },
		{ BGP_ROLE_ROUTE_SERVER, ITS, false, 0 },
		{ BGP_ROLE_PEER, ABSENT, true, ITS },
		{ BGP_ROLE_PEER, ITS, true, ITS },
		{ BGP_ROLE_PEER, OTHER, false, 0 },
		{ BGP_ROLE_CUSTOMER, ABSENT, true, ITS },
		{ BGP_ROLE_CUSTOMER, ITS, true, ITS },
		{ BGP_ROLE_CUSTOMER, OTHER, true, OTHER },
		{ BGP_ROLE_ROUTE_SERVER_CLIENT, ABSENT, true, ITS },
		{ BGP_ROLE_ROUTE_SERVER_CLIENT, OTHER, true, OTHER },
		{ BGP_ROLE_NONE, ABSENT, true, ABSENT },
		{ BGP_ROLE_NONE, OTHER, true, OTHER },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct neighbor_settings settings = hand_settings();
		struct bgp_attributes attributes = hand_attributes(BGP_IPV4_UNICAST);
		struct route_view view;
		struct hand *hand;

		settings.role = rows[i].role;
		hand = hand_new(&settings);
		hand_establish(hand, OUT, NULL);
		if (rows[i].said != ABSENT) {
			attributes.only_to_customer = rows[i].said;
			attributes.present |= 1ull << BGP_ATTRIBUTE_ONLY_TO_CUSTOMER;
		}
		hand_announce(hand, OUT, "198.51.100.0/24", &attributes);
		assert_int_equal(hand_holds(hand, "198.51.100.0/24", &view), rows[i].kept);
		assert_int_equal(hand_counter(hand, COUNTER_ROUTE_LEAKS), !rows[i].kept);
		if (rows[i].kept) {
			assert_int_equal(bgp_attribute_present(view.attributes,
						 BGP_ATTRIBUTE_ONLY_TO_CUSTOMER),
				rows[i].marked != ABSENT);
			assert_int_equal(view.attributes->only_to_customer, rows[i].marked);
		}
		hand_free(hand);
	}
}

/* RFC 8326 section 4.1: what is about to go is the last choice. */
static void graceful_shutdown_lowers_the_preference(void **state)
{
	struct hand *hand = hand_new(NULL);
	struct bgp_attributes attributes = hand_attributes(BGP_IPV4_UNICAST);
	uint32_t communities[] = { 0xfbf50001, BGP_COMMUNITY_GRACEFUL_SHUTDOWN };
	struct route_view view;

	(void)state;
	attributes.communities = communities;
	attributes.community_count = 2;
	attributes.present |= 1ull << BGP_ATTRIBUTE_COMMUNITIES;
	hand_establish(hand, OUT, NULL);
	hand_announce(hand, OUT, "198.51.100.0/24", &attributes);
	assert_true(hand_holds(hand, "198.51.100.0/24", &view));
	assert_true(bgp_attribute_present(view.attributes, BGP_ATTRIBUTE_LOCAL_PREF));
	assert_int_equal(view.attributes->local_pref, 0);
	hand_free(hand);
}

/* RFC 8212: without import nothing is kept; switched on, the neighbour is asked again. */
static void import_is_a_choice(void **state)
{
	struct neighbor_settings settings = hand_settings();
	struct hand *hand;

	(void)state;
	settings.import = false;
	hand = hand_new(&settings);
	hand_establish(hand, OUT, NULL);
	hand_announce(hand, OUT, "198.51.100.0/24", NULL);
	assert_false(hand_holds(hand, "198.51.100.0/24", NULL));
	assert_int_equal(hand_counter(hand, COUNTER_POLICY_REJECTED), 1);
	settings.import = true;
	assert_false(
		speaker_neighbor_change(hand->speaker, hand->neighbor, &settings, hand->now));
	expect_marker(hand, BGP_REFRESH_REQUEST);
	hand_announce(hand, OUT, "198.51.100.0/24", NULL);
	assert_true(hand_holds(hand, "198.51.100.0/24", NULL));
	settings.import = false;
	assert_false(
		speaker_neighbor_change(hand->speaker, hand->neighbor, &settings, hand->now));
	assert_false(hand_holds(hand, "198.51.100.0/24", NULL));
	hand_free(hand);
}

/* RFC 7606: an ORIGIN of 9 withdraws the route and keeps the session. */
static void malformed_route_is_withdrawn(void **state)
{
	static const uint8_t update[] = { 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255,
		255, 255, 255, 255, 255, 0, 47, 2, 0, 0, 0, 20, 0x40, 1, 1, 9, 0x40, 2, 6, 2, 1,
		0, 0, 0xfb, 0xf5, 0x40, 3, 4, 192, 0, 2, 1, 24, 198, 51, 100 };
	struct hand *hand = hand_new(NULL);

	(void)state;
	hand_establish(hand, OUT, NULL);
	hand_announce(hand, OUT, "198.51.100.0/24", NULL);
	hand_send(hand, OUT, update, sizeof(update));
	assert_int_equal(hand_state(hand), SESSION_ESTABLISHED);
	assert_false(hand_holds(hand, "198.51.100.0/24", NULL));
	assert_int_equal(hand_counter(hand, COUNTER_TREAT_AS_WITHDRAW), 1);
	assert_int_equal(hand_event(hand, SPEAKER_MALFORMED)->event.malformation == NULL, 0);
	hand_free(hand);
}

/* ---- Limits: RFC 4486. ---- */

static void prefix_limit(void **state)
{
	(void)state;
	for (int restart = 0; restart < 2; restart++) {
		struct neighbor_settings settings = hand_settings();
		struct bgp_notification n;
		struct hand *hand;

		settings.maximum_prefixes = 2;
		settings.maximum_prefixes_restart = duration_seconds(restart ? 900 : 0);
		hand = hand_new(&settings);
		hand_establish(hand, OUT, NULL);
		hand_announce(hand, OUT, "198.51.100.0/24", NULL);
		hand_announce(hand, OUT, "203.0.113.0/24", NULL);
		hand_announce(hand, OUT, "203.0.113.0/24", NULL);  /* the same once more */
		hand_announce(hand, OUT, "2001:db8:1::/48", NULL); /* another family */
		assert_int_equal(hand_state(hand), SESSION_ESTABLISHED);
		hand_announce(hand, OUT, "192.0.2.0/24", NULL);
		n = hand_expect_end(hand, OUT, BGP_ERROR_CEASE, BGP_CEASE_MAX_PREFIXES);
		assert_int_equal(n.data_length, 7);
		assert_memory_equal(n.data, ((uint8_t[]){ 0, 1, 1, 0, 0, 0, 2 }), 7);
		assert_int_equal(
			hand_event(hand, SPEAKER_PREFIX_LIMIT)->event.family, BGP_IPV4_UNICAST);
		/* Nothing of it is kept, and nobody comes in by the other door. */
		assert_int_equal(hand_view(hand).prefixes_in[BGP_IPV4_UNICAST], 0);
		assert_false(hand_accept(hand));
		hand_advance(hand, duration_seconds(899));
		assert_int_equal(hand_state(hand), SESSION_IDLE);
		assert_false(hand_accept(hand));
		hand_advance(hand, duration_seconds(2));
		assert_int_equal(hand_state(hand), restart ? SESSION_CONNECT : SESSION_IDLE);
		/* A higher limit is a new chance. */
		settings.maximum_prefixes = 10;
		speaker_neighbor_change(hand->speaker, hand->neighbor, &settings, hand->now);
		hand_establish(hand, OUT, NULL);
		hand_free(hand);
	}
}

/* A neighbour that restarted and announces others: what is stale does not count. */
static void stale_routes_do_not_count(void **state)
{
	struct neighbor_settings settings = hand_settings();
	struct hand *hand;

	(void)state;
	settings.maximum_prefixes = 2;
	hand = hand_new(&settings);
	hand_establish(hand, OUT, NULL);
	hand_announce(hand, OUT, "198.51.100.0/24", NULL);
	hand_announce(hand, OUT, "203.0.113.0/24", NULL);
	hand_lose(hand, OUT);
	hand_advance(hand, duration_seconds(1));
	hand_establish(hand, OUT, NULL);
	hand_announce(hand, OUT, "198.51.101.0/24", NULL);
	hand_announce(hand, OUT, "198.51.102.0/24", NULL);
	assert_int_equal(hand_state(hand), SESSION_ESTABLISHED);
	hand_announce(hand, OUT, "198.51.100.0/24", NULL);
	hand_expect_end(hand, OUT, BGP_ERROR_CEASE, BGP_CEASE_MAX_PREFIXES);
	hand_free(hand);
}

static void a_lowered_limit_counts_at_once(void **state)
{
	struct neighbor_settings settings = hand_settings();
	struct hand *hand = hand_new(&settings);

	(void)state;
	hand_establish(hand, OUT, NULL);
	hand_announce(hand, OUT, "198.51.100.0/24", NULL);
	hand_announce(hand, OUT, "203.0.113.0/24", NULL);
	settings.maximum_prefixes = 1;
	speaker_neighbor_change(hand->speaker, hand->neighbor, &settings, hand->now);
	hand_expect_end(hand, OUT, BGP_ERROR_CEASE, BGP_CEASE_MAX_PREFIXES);
	hand_free(hand);
}

/* The operator's reset lifts it too. */
static void reset_lifts_the_limit(void **state)
{
	struct neighbor_settings settings = hand_settings();
	struct hand *hand;

	(void)state;
	settings.maximum_prefixes = 1;
	hand = hand_new(&settings);
	hand_establish(hand, OUT, NULL);
	hand_announce(hand, OUT, "198.51.100.0/24", NULL);
	hand_announce(hand, OUT, "203.0.113.0/24", NULL);
	assert_int_equal(hand_state(hand), SESSION_IDLE);
	speaker_neighbor_reset(hand->speaker, hand->neighbor, "", hand->now);
	hand_establish(hand, IN, NULL);
	hand_free(hand);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(external_route),
		cmocka_unit_test(internal_route),
		cmocka_unit_test(only_to_customer_is_added),
		cmocka_unit_test(next_hops),
		cmocka_unit_test(only_the_named_neighbors_hear),
		cmocka_unit_test(a_removed_neighbor_is_nobody),
		cmocka_unit_test(routes_are_packed),
		cmocka_unit_test(a_slow_neighbor_hears_the_newest),
		cmocka_unit_test(a_change_taken_back_is_silent),
		cmocka_unit_test(what_does_not_fit_is_withdrawn),
		cmocka_unit_test(views_are_resumable),
		cmocka_unit_test(views_leave_nothing_behind),
		cmocka_unit_test(local_routes_are_capped),
		cmocka_unit_test(refresh_sends_all_again),
		cmocka_unit_test(refresh_waits_for_end_of_rib),
		cmocka_unit_test(refresh_is_asked_for),
		cmocka_unit_test(markers_sweep),
		cmocka_unit_test(routes_come_change_and_go),
		cmocka_unit_test(announced_and_withdrawn_at_once_stays),
		cmocka_unit_test(rejected_routes),
		cmocka_unit_test(reflected_loops),
		cmocka_unit_test(both_our_numbers_are_loops),
		cmocka_unit_test(route_server_routes),
		cmocka_unit_test(route_leaks),
		cmocka_unit_test(graceful_shutdown_lowers_the_preference),
		cmocka_unit_test(import_is_a_choice),
		cmocka_unit_test(malformed_route_is_withdrawn),
		cmocka_unit_test(prefix_limit),
		cmocka_unit_test(stale_routes_do_not_count),
		cmocka_unit_test(a_lowered_limit_counts_at_once),
		cmocka_unit_test(reset_lifts_the_limit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
