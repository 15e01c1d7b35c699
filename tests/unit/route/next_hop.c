/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Next hops in the kernel's table: the table alone, then a speaker whose neighbour's routes
 * come and go with it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "hand.h"
#include "net.h"
#include "route/forward.h"
#include "route/speaker_internal.h"

static const struct hash_seed seed = { 3, 4 };

static struct kernel_route route_of(const char *prefix, uint32_t metric,
	enum kernel_route_kind kind, const struct kernel_path *path)
{
	struct kernel_route route = { .metric = metric,
		.kind = (uint8_t)kind,
		.paths = path,
		.path_count = path != NULL };

	assert_int_equal(prefix_parse(prefix, &route.prefix), 0);
	return route;
}

static void put(struct kernel_table *table, const char *prefix, uint32_t metric, uint32_t link,
	const char *gateway)
{
	struct kernel_path path = { .link = link };
	struct kernel_route route = route_of(prefix, metric, KERNEL_UNICAST, &path);

	if (gateway != NULL)
		assert_int_equal(address_parse(gateway, &path.gateway), 0);
	assert_int_equal(kernel_table_set(table, &route), 0);
}

static void drop(struct kernel_table *table, const char *prefix, uint32_t metric, uint32_t link,
	const char *gateway)
{
	struct kernel_path path = { .link = link };
	struct kernel_route route = route_of(prefix, metric, KERNEL_UNICAST, &path);

	if (gateway != NULL)
		assert_int_equal(address_parse(gateway, &path.gateway), 0);
	assert_int_equal(kernel_table_remove(table, &route), 0);
}

static void link_put(struct kernel_table *table, uint32_t index, bool up)
{
	struct kernel_link link = { .index = index, .up = up, .name = "eth" };

	assert_int_equal(kernel_table_link_set(table, &link), 0);
}

static struct kernel_table *table_new(void)
{
	struct kernel_table *table = kernel_table_new(&seed);
	struct kernel_route local = route_of("192.0.2.1/32", 0, KERNEL_LOCAL, NULL);
	struct kernel_route hole = route_of("10.9.0.0/16", 0, KERNEL_DISCARD, NULL);

	assert_non_null(table);
	link_put(table, 1, true);
	link_put(table, 2, true);
	put(table, "192.0.2.0/24", 0, 1, NULL);
	put(table, "10.0.0.0/8", 20, 1, "192.0.2.9");
	put(table, "10.1.0.0/16", 30, 2, "198.51.100.9");
	put(table, "10.1.0.0/16", 25, 1, "192.0.2.8");
	put(table, "2001:db8::/32", 256, 2, NULL);
	assert_int_equal(kernel_table_set(table, &local), 0);
	assert_int_equal(kernel_table_set(table, &hole), 0);
	return table;
}

static struct hop_way way_to(const struct kernel_table *table, const char *text)
{
	struct address address;
	struct hop_way way;

	assert_int_equal(address_parse(text, &address), 0);
	kernel_table_way(table, &address, &way);
	return way;
}

static void ways(void **state)
{
	static const struct {
		const char *address;
		enum hop_state state;
		bool direct;
		uint32_t metric, link;
		const char *gateway;
	} rows[] = {
		{ "192.0.2.2", HOP_RESOLVED, true, 0, 1, NULL },
		{ "192.0.2.1", HOP_OURS, false, 0, 0, NULL },
		{ "10.2.3.4", HOP_RESOLVED, false, 20, 1, "192.0.2.9" },
		{ "10.1.3.4", HOP_RESOLVED, false, 25, 1, "192.0.2.8" },
		{ "10.9.0.1", HOP_UNREACHABLE, false, 0, 0, NULL },
		{ "203.0.113.1", HOP_NO_ROUTE, false, 0, 0, NULL },
		{ "127.0.0.1", HOP_UNUSABLE, false, 0, 0, NULL },
		{ "0.0.0.0", HOP_UNUSABLE, false, 0, 0, NULL },
		{ "224.0.0.9", HOP_UNUSABLE, false, 0, 0, NULL },
		{ "::1", HOP_UNUSABLE, false, 0, 0, NULL },
		{ "fe80::1", HOP_LINK, false, 0, 0, NULL },
		{ "2001:db8::7", HOP_RESOLVED, true, 0, 2, NULL },
		{ "2001:db9::7", HOP_NO_ROUTE, false, 0, 0, NULL },
	};
	struct kernel_table *table = table_new();

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct hop_way way = way_to(table, rows[i].address);
		char text[ADDRESS_TEXT_MAX];

		print_message("%s\n", rows[i].address);
		assert_int_equal(way.state, rows[i].state);
		assert_int_equal(way.direct, rows[i].direct);
		assert_int_equal(way.metric, rows[i].metric);
		assert_int_equal(way.link, rows[i].link);
		assert_string_equal(address_format(&way.gateway, text),
			rows[i].gateway == NULL ? "-" : rows[i].gateway);
	}
	kernel_table_free(table);
}

static void changes_of_the_table(void **state)
{
	struct kernel_table *table = table_new();
	struct kernel_path path = { .link = 2 };
	struct kernel_route route = route_of("10.1.0.0/16", 25, KERNEL_UNICAST, &path);

	(void)state;
	/* The link of the longest match is down: no shorter one instead. */
	link_put(table, 1, false);
	assert_int_equal(way_to(table, "10.1.3.4").state, HOP_LINK_DOWN);
	link_put(table, 1, true);
	drop(table, "10.1.0.0/16", 25, 1, "192.0.2.8");
	assert_int_equal(way_to(table, "10.1.3.4").metric, 30);
	put(table, "10.1.0.0/16", 25, 1, "192.0.2.8");
	/* A replacement takes the place of whatever has its prefix and metric. */
	route.replaces = true;
	assert_int_equal(kernel_table_set(table, &route), 0);
	assert_int_equal(way_to(table, "10.1.3.4").link, 2);
	assert_true(way_to(table, "10.1.3.4").direct);
	path.link = 77;
	assert_int_equal(kernel_table_remove(table, &route), ERROR_NOT_FOUND);
	/* What is not said again is gone. */
	kernel_table_begin(table);
	link_put(table, 1, true);
	put(table, "192.0.2.0/24", 0, 1, NULL);
	kernel_table_end(table);
	assert_int_equal(kernel_table_routes(table), 1);
	assert_int_equal(way_to(table, "10.1.3.4").state, HOP_NO_ROUTE);
	assert_null(kernel_table_link(table, 2));
	kernel_table_free(table);
}

/* ---- In a speaker. ---- */

static const struct rib_route *route_at(struct hand *hand, const char *text)
{
	struct prefix prefix = hand_prefix(text);
	struct rib *rib = &hand->speaker->ribs[BGP_IPV4_UNICAST];
	uint32_t d = rib_find(rib, &prefix);

	return d == RIB_NONE ? NULL : best_route(hand->speaker, BGP_IPV4_UNICAST, d);
}

static void said(struct hand *hand, const char *prefix, const char *next_hop)
{
	struct bgp_attributes a = hand_attributes(BGP_IPV4_UNICAST);

	a.next_hop = hand_address(next_hop);
	hand_announce(hand, OUT, prefix, &a);
}

static void settle(struct hand *hand)
{
	while (next_hops_reviewing(hand->speaker))
		speaker_tick(hand->speaker, hand->now);
}

static void told(struct hand *hand)
{
	speaker_kernel_changed(hand->speaker);
	settle(hand);
}

static bool count_hop(void *context, const struct hop *hop)
{
	(void)hop;
	++*(unsigned *)context;
	return true;
}

static void routes_follow(void **state)
{
	struct kernel_table *table = table_new();
	struct hand *hand = hand_new(NULL);
	unsigned hops = 0;

	(void)state;
	speaker_kernel_set(hand->speaker, table);
	hand_establish(hand, OUT, NULL);
	hand->neighbor->live->info.directly_connected = false;
	said(hand, "45.1.0.0/16", "10.1.0.1");
	said(hand, "45.2.0.0/16", "10.2.0.1");
	said(hand, "45.3.0.0/16", "203.0.113.1");
	assert_non_null(route_at(hand, "45.1.0.0/16"));
	assert_non_null(route_at(hand, "45.2.0.0/16"));
	assert_null(route_at(hand, "45.3.0.0/16"));
	speaker_next_hops(hand->speaker, count_hop, &hops);
	assert_int_equal(hops, 3);
	drop(table, "10.0.0.0/8", 20, 1, "192.0.2.9");
	put(table, "203.0.0.0/8", 5, 2, NULL);
	told(hand);
	assert_non_null(route_at(hand, "45.1.0.0/16"));
	assert_null(route_at(hand, "45.2.0.0/16"));
	assert_non_null(route_at(hand, "45.3.0.0/16"));
	speaker_kernel_set(hand->speaker, NULL);
	settle(hand);
	assert_non_null(route_at(hand, "45.2.0.0/16"));
	hops = 0;
	speaker_next_hops(hand->speaker, count_hop, &hops);
	assert_int_equal(hops, 0);
	hand_free(hand);
	kernel_table_free(table);
}

static const struct forward *forward_to(struct hand *hand, const char *text)
{
	static struct forward forward;
	struct prefix prefix = hand_prefix(text);

	forward_of(hand->speaker, BGP_IPV4_UNICAST,
		rib_find(&hand->speaker->ribs[BGP_IPV4_UNICAST], &prefix), &forward);
	return &forward;
}

static void expect_forward(struct hand *hand, const char *prefix, const char *gateway)
{
	const struct forward *forward = forward_to(hand, prefix);
	char text[ADDRESS_TEXT_MAX];

	print_message("%s\n", prefix);
	assert_int_equal(forward->kind, gateway == NULL ? FORWARD_NONE : FORWARD_PATHS);
	assert_int_equal(forward->path_count, gateway != NULL);
	if (gateway != NULL)
		assert_string_equal(address_format(&forward->paths[0].gateway, text), gateway);
}

static void what_is_forwarded(void **state)
{
	struct kernel_table *table = table_new();
	struct hand *hand = hand_new(NULL);
	struct bitmap held[BGP_UNICAST_COUNT] = { 0 };
	struct prefix prefix = hand_prefix("45.1.0.0/16");
	struct rib *rib = &hand->speaker->ribs[BGP_IPV4_UNICAST];
	uint32_t d;

	(void)state;
	speaker_kernel_set(hand->speaker, table);
	forward_hold(hand->speaker, held);
	hand_establish(hand, OUT, NULL);
	hand->neighbor->live->info.directly_connected = false;
	said(hand, "45.1.0.0/16", "10.1.0.1");
	said(hand, "45.2.0.0/16", "192.0.2.77");
	said(hand, "45.3.0.0/16", "203.0.113.1");
	said(hand, "224.1.0.0/16", "192.0.2.77");
	said(hand, "127.1.0.0/16", "192.0.2.77");
	hand_route(hand, "45.4.0.0/16");
	expect_forward(hand, "45.1.0.0/16", "192.0.2.8");
	expect_forward(hand, "45.2.0.0/16", "192.0.2.77");
	expect_forward(hand, "45.3.0.0/16", NULL);
	expect_forward(hand, "45.4.0.0/16", NULL);
	expect_forward(hand, "224.1.0.0/16", NULL);
	expect_forward(hand, "127.1.0.0/16", NULL);
	expect_forward(hand, "45.99.0.0/16", NULL);
	assert_int_equal(forward_to(hand, "45.1.0.0/16")->paths[0].link, 1);
	/* What is installed keeps its number and its prefix, until it is let go. */
	d = rib_find(rib, &prefix);
	assert_int_equal(bitmap_set(&held[BGP_IPV4_UNICAST], d), 0);
	hand_withdraw(hand, OUT, "45.1.0.0/16");
	hand_drain(hand, OUT);
	assert_int_equal(rib_find(rib, &prefix), d);
	expect_forward(hand, "45.1.0.0/16", NULL);
	bitmap_unset(&held[BGP_IPV4_UNICAST], d);
	forward_release(hand->speaker, BGP_IPV4_UNICAST, d);
	assert_int_equal(rib_find(rib, &prefix), RIB_NONE);
	forward_hold(hand->speaker, NULL);
	bitmap_clear(&held[BGP_IPV4_UNICAST]);
	hand_free(hand);
	kernel_table_free(table);
}

/* RFC 4271 section 6.3: over a gateway is not good enough for an external neighbour on a link.
 */
static void external_is_direct(void **state)
{
	struct kernel_table *table = table_new();
	struct hand *hand = hand_new(NULL);

	(void)state;
	speaker_kernel_set(hand->speaker, table);
	hand_establish(hand, OUT, NULL);
	hand->neighbor->live->info.directly_connected = true;
	said(hand, "45.1.0.0/16", "10.1.0.1");
	said(hand, "45.2.0.0/16", "192.0.2.77");
	assert_null(route_at(hand, "45.1.0.0/16"));
	assert_non_null(route_at(hand, "45.2.0.0/16"));
	hand->neighbor->live->info.directly_connected = false;
	said(hand, "45.3.0.0/16", "10.1.0.1");
	assert_non_null(route_at(hand, "45.3.0.0/16"));
	hand_free(hand);
	kernel_table_free(table);
}

/* The nearer next hop wins (RFC 4271 section 9.1.2.2 e), and metrics may change. */
static void nearer_wins(void **state)
{
	struct kernel_table *table = table_new();
	struct net net;
	struct node *sources[2], *b;
	struct local_route route = { .prefix = net_prefix(1, false) };
	struct rib *rib;
	char own[2][ADDRESS_TEXT_MAX];

	(void)state;
	net_begin(&net, 11);
	sources[0] = net_node(&net, 64510, 0);
	sources[1] = net_node(&net, 64511, 0);
	b = net_node(&net, 64502, 0);
	speaker_kernel_set(b->speaker, table);
	for (unsigned i = 0; i < 2; i++) {
		net_peer(sources[i], b);
		assert_true(net_until_up(sources[i], b, 60000));
		net_of(b, sources[i])->live->info.directly_connected = false;
		address_format(&net_of(b, sources[i])->settings.address, own[i]);
		strcat(own[i], strchr(own[i], ':') != NULL ? "/128" : "/32");
		put(table, own[i], 10 + i, 1, "192.0.2.8");
	}
	speaker_kernel_changed(b->speaker);
	for (unsigned i = 0; i < 2; i++)
		assert_int_equal(speaker_route_set(sources[i]->speaker, &route, net.now), 0);
	net_run(&net, 1000);
	rib = &b->speaker->ribs[BGP_IPV4_UNICAST];
	assert_int_equal(
		rib_routes(rib, rib_find(rib, &route.prefix), &(uint32_t){ 0 })[0].source,
		net_of(b, sources[0])->source->number);
	put(table, own[1], 9, 1, "192.0.2.8");
	speaker_kernel_changed(b->speaker);
	net_run(&net, 1000);
	assert_int_equal(
		rib_routes(rib, rib_find(rib, &route.prefix), &(uint32_t){ 0 })[0].source,
		net_of(b, sources[1])->source->number);
	net_end(&net);
	kernel_table_free(table);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ways),
		cmocka_unit_test(changes_of_the_table),
		cmocka_unit_test(routes_follow),
		cmocka_unit_test(external_is_direct),
		cmocka_unit_test(nearer_wins),
		cmocka_unit_test(what_is_forwarded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
