/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What of a neighbour's routes another neighbour is told, and how it is dressed.
 *
 *     origin ---- middle (AS 64500, under test) ---- listener
 *
 * RFC 1997, RFC 4271 sections 5.1 and 9.2, RFC 4360 section 6, RFC 8212 section 3, RFC 8326,
 * RFC 9234 section 5.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "net.h"

#define MIDDLE   64500
#define ORIGIN   64501
#define LISTENER 64502
#define NONE     BGP_ROLE_NONE

struct line {
	struct net *net;
	struct node *origin, *middle, *listener;
};

/* The roles are the middle's. */
struct side {
	uint32_t asn;
	uint8_t role;
};

static void line_begin(struct line *line, struct side from, struct side to, bool transit)
{
	static struct net net;
	struct neighbor_settings settings;

	net_begin(&net, 1997);
	line->net = &net;
	line->origin = net_node(&net, from.asn, 0);
	line->middle = net_node(&net, MIDDLE, 0);
	line->listener = net_node(&net, to.asn, 0);
	for (int i = 0; i < 2; i++) {
		struct node *other = i == 0 ? line->origin : line->listener;

		settings = net_settings(line->middle, other);
		settings.role = i == 0 ? from.role : to.role;
		settings.transit = transit;
		assert_non_null(net_neighbor(line->middle, &settings));
		settings = net_settings(other, line->middle);
		assert_non_null(net_neighbor(other, &settings));
		assert_true(net_until_up(line->middle, other, 60000));
	}
}

static void line_end(struct line *line)
{
	net_end(line->net);
}

static bool heard(const struct line *line, const struct prefix *prefix,
	struct bgp_attributes *ret_attributes)
{
	struct bgp_attributes ignored;

	net_run(line->net, 2000);
	return net_has(line->listener, line->middle, *prefix,
		ret_attributes == NULL ? &ignored : ret_attributes, NULL);
}

static void announce(const struct line *line, struct local_route *route, bool ipv6)
{
	route->prefix = net_prefix(7, ipv6);
	assert_int_equal(speaker_route_set(line->origin->speaker, route, line->net->now), 0);
}

/* ---- Who hears what. ---- */

static const struct row {
	const char *name;
	struct side from, to;
	uint32_t community; /* 0: none */
	bool transit, heard;
} rows[] = {
	{ "RFC 8212: nothing without being told to", { ORIGIN, NONE }, { LISTENER, NONE }, 0,
		false, false },
	{ "external to external", { ORIGIN, NONE }, { LISTENER, NONE }, 0, true, true },
	{ "external to internal", { ORIGIN, NONE }, { MIDDLE, NONE }, 0, true, true },
	{ "internal to external", { MIDDLE, NONE }, { LISTENER, NONE }, 0, true, true },
	{ "internal to internal", { MIDDLE, NONE }, { MIDDLE, NONE }, 0, true, false },

	{ "NO_EXPORT to external", { ORIGIN, NONE }, { LISTENER, NONE },
		BGP_COMMUNITY_NO_EXPORT, true, false },
	{ "NO_EXPORT to internal", { ORIGIN, NONE }, { MIDDLE, NONE }, BGP_COMMUNITY_NO_EXPORT,
		true, true },
	{ "NO_EXPORT_SUBCONFED to external", { ORIGIN, NONE }, { LISTENER, NONE },
		BGP_COMMUNITY_NO_EXPORT_SUBCONFED, true, false },
	{ "NO_ADVERTISE to internal", { ORIGIN, NONE }, { MIDDLE, NONE },
		BGP_COMMUNITY_NO_ADVERTISE, true, false },
	{ "NO_ADVERTISE to external", { ORIGIN, NONE }, { LISTENER, NONE },
		BGP_COMMUNITY_NO_ADVERTISE, true, false },
	{ "another community", { ORIGIN, NONE }, { LISTENER, NONE }, 0xfbf50001u, true, true },

	{ "customer to provider", { ORIGIN, BGP_ROLE_PROVIDER },
		{ LISTENER, BGP_ROLE_CUSTOMER }, 0, true, true },
	{ "customer to peer", { ORIGIN, BGP_ROLE_PROVIDER }, { LISTENER, BGP_ROLE_PEER }, 0,
		true, true },
	{ "customer to route server", { ORIGIN, BGP_ROLE_PROVIDER },
		{ LISTENER, BGP_ROLE_ROUTE_SERVER_CLIENT }, 0, true, true },
	{ "provider to provider", { ORIGIN, BGP_ROLE_CUSTOMER },
		{ LISTENER, BGP_ROLE_CUSTOMER }, 0, true, false },
	{ "provider to peer", { ORIGIN, BGP_ROLE_CUSTOMER }, { LISTENER, BGP_ROLE_PEER }, 0,
		true, false },
	{ "provider to route server", { ORIGIN, BGP_ROLE_CUSTOMER },
		{ LISTENER, BGP_ROLE_ROUTE_SERVER_CLIENT }, 0, true, false },
	{ "provider to customer", { ORIGIN, BGP_ROLE_CUSTOMER },
		{ LISTENER, BGP_ROLE_PROVIDER }, 0, true, true },
	{ "peer to peer", { ORIGIN, BGP_ROLE_PEER }, { LISTENER, BGP_ROLE_PEER }, 0, true,
		false },
	{ "peer to provider", { ORIGIN, BGP_ROLE_PEER }, { LISTENER, BGP_ROLE_CUSTOMER }, 0,
		true, false },
	{ "peer to customer", { ORIGIN, BGP_ROLE_PEER }, { LISTENER, BGP_ROLE_PROVIDER }, 0,
		true, true },
	{ "route server to provider", { ORIGIN, BGP_ROLE_ROUTE_SERVER_CLIENT },
		{ LISTENER, BGP_ROLE_CUSTOMER }, 0, true, false },
};

static void who_hears_what(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		for (int ipv6 = 0; ipv6 < 2; ipv6++) {
			const struct row *row = &rows[i];
			struct local_route route = { .communities = &row->community,
				.community_count = row->community != 0 };
			struct line line;

			line_begin(&line, row->from, row->to, row->transit);
			announce(&line, &route, ipv6 != 0);
			if (heard(&line, &route.prefix, NULL) != row->heard)
				fail_msg("%s: heard is not %d", row->name, row->heard);
			speaker_route_remove(
				line.origin->speaker, &route.prefix, line.net->now);
			assert_false(heard(&line, &route.prefix, NULL));
			line_end(&line);
		}
}

/* What it learned from them is not told back, and goes when they go. */
static void not_back_and_not_for_ever(void **state)
{
	struct local_route route = { 0 };
	struct line line;

	(void)state;
	line_begin(&line, (struct side){ ORIGIN, NONE }, (struct side){ LISTENER, NONE }, true);
	announce(&line, &route, false);
	assert_true(heard(&line, &route.prefix, NULL));
	assert_false(net_has(
		line.origin, line.middle, route.prefix, &(struct bgp_attributes){ 0 }, NULL));
	speaker_neighbor_shutdown(
		line.middle->speaker, net_of(line.middle, line.origin), "work", line.net->now);
	assert_false(heard(&line, &route.prefix, NULL));
	line_end(&line);
}

/* ---- How. ---- */

static void expect_path(const struct bgp_attributes *a, const uint32_t *wanted, unsigned count)
{
	assert_int_equal(bgp_as_path_length(a), count);
	for (unsigned i = 0; i < count; i++)
		assert_true(bgp_as_path_contains(a, wanted[i]));
	if (count > 0)
		assert_int_equal(bgp_as_path_first(a), wanted[0]);
}

static void dressed_for_external(void **state)
{
	static const uint32_t path[] = { MIDDLE, ORIGIN };
	static const uint32_t community = 0xfbf50001u;
	/* A route target, and the bandwidth of a link, which is not transitive. */
	static const uint64_t extended[] = { 0x0002fbf500000001u, 0x4004fbf500000001u };
	struct local_route route = { .med = 77,
		.communities = &community,
		.community_count = 1,
		.extended_communities = extended,
		.extended_community_count = 2 };
	struct bgp_attributes a;
	struct line line;

	(void)state;
	line_begin(&line, (struct side){ ORIGIN, NONE }, (struct side){ LISTENER, NONE }, true);
	announce(&line, &route, false);
	assert_true(heard(&line, &route.prefix, &a));
	expect_path(&a, path, 2);
	/* MED stays between the two; LOCAL_PREF is not told at all. */
	assert_false(bgp_attribute_present(&a, BGP_ATTRIBUTE_MED));
	assert_false(bgp_attribute_present(&a, BGP_ATTRIBUTE_LOCAL_PREF));
	assert_int_equal(a.origin, BGP_ORIGIN_IGP);
	assert_int_equal(a.community_count, 1);
	assert_int_equal(a.communities[0], community);
	/* RFC 4360 section 6. */
	assert_int_equal(a.extended_community_count, 1);
	assert_int_equal(a.extended_communities[0], extended[0]);
	line_end(&line);
}

static void dressed_for_internal(void **state)
{
	static const uint32_t path[] = { ORIGIN };
	static const uint64_t bandwidth = 0x4004fbf500000001u;
	struct local_route route = {
		.med = 77, .extended_communities = &bandwidth, .extended_community_count = 1
	};
	struct bgp_attributes a;
	struct line line;

	(void)state;
	line_begin(&line, (struct side){ ORIGIN, NONE }, (struct side){ MIDDLE, NONE }, true);
	announce(&line, &route, false);
	assert_true(heard(&line, &route.prefix, &a));
	expect_path(&a, path, 1);
	assert_true(bgp_attribute_present(&a, BGP_ATTRIBUTE_MED));
	assert_int_equal(a.med, 77);
	assert_true(bgp_attribute_present(&a, BGP_ATTRIBUTE_LOCAL_PREF));
	assert_int_equal(a.local_pref, 100);
	/* The next hop is the one that came from outside. */
	assert_true(address_equal(&a.next_hop, &line.origin->address));
	assert_int_equal(a.extended_community_count, 1);
	line_end(&line);
}

/* RFC 8326 section 4.1: what is about to go is the last choice inside, too. */
static void graceful_shutdown_goes_inside(void **state)
{
	struct local_route route = { .graceful_shutdown = true };
	struct bgp_attributes a;
	struct line line;

	(void)state;
	line_begin(&line, (struct side){ ORIGIN, NONE }, (struct side){ MIDDLE, NONE }, true);
	announce(&line, &route, false);
	assert_true(heard(&line, &route.prefix, &a));
	assert_int_equal(a.local_pref, 0);
	assert_int_equal(a.communities[0], BGP_COMMUNITY_GRACEFUL_SHUTDOWN);
	line_end(&line);
}

/* RFC 9234 section 5: what the origin did not mark is marked with its number, and that stays.
 */
static void only_to_customer_stays(void **state)
{
	static const struct {
		uint8_t from;
		uint32_t marked; /* 0: not */
	} marks[] = { { BGP_ROLE_CUSTOMER, ORIGIN }, { BGP_ROLE_PEER, ORIGIN },
		{ BGP_ROLE_ROUTE_SERVER_CLIENT, ORIGIN }, { BGP_ROLE_PROVIDER, MIDDLE } };

	(void)state;
	for (size_t i = 0; i < sizeof(marks) / sizeof(marks[0]); i++) {
		struct local_route route = { 0 };
		struct bgp_attributes a;
		struct line line;

		line_begin(&line, (struct side){ ORIGIN, marks[i].from },
			(struct side){ LISTENER, BGP_ROLE_PROVIDER }, true);
		announce(&line, &route, false);
		assert_true(heard(&line, &route.prefix, &a));
		assert_true(bgp_attribute_present(&a, BGP_ATTRIBUTE_ONLY_TO_CUSTOMER));
		assert_int_equal(a.only_to_customer, marks[i].marked);
		line_end(&line);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(who_hears_what),
		cmocka_unit_test(not_back_and_not_for_ever),
		cmocka_unit_test(dressed_for_external),
		cmocka_unit_test(dressed_for_internal),
		cmocka_unit_test(graceful_shutdown_goes_inside),
		cmocka_unit_test(only_to_customer_stays),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
