/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The promise of the room, under random stories: routes come, change and go, settings change,
 * connections are lost, neighbours stop reading, are reset, shut down, crash and come back.
 * When it has become quiet, every speaker holds from every neighbour exactly what that
 * neighbour wants it to hold: nothing else, nothing stale, nothing missing.
 *
 * What is wanted is computed here from the story alone. A failing seed is printed.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "net.h"

#define SEEDS    3000
#define NODES    3
#define PREFIXES 10

static struct net net;

/* The model: what was asked for. */
struct wish {
	bool wanted, graceful_shutdown, restricted;
	bool for_node[NODES]; /* when restricted */
	unsigned prepend;
	uint32_t med;
	uint32_t communities[2];
	size_t community_count;
};

static struct wish wishes[NODES][PREFIXES][2];
static struct neighbor_settings settings[NODES][NODES];
static struct node *nodes[NODES];

static uint32_t pick(uint32_t bound)
{
	return random_below(&net.random, bound);
}

static void wish_apply(int n, unsigned x, bool ipv6)
{
	const struct wish *wish = &wishes[n][x][ipv6];
	const struct neighbor *only[NODES];
	struct local_route route = { .prefix = net_prefix(x, ipv6),
		.prepend = wish->prepend,
		.med = wish->med,
		.communities = wish->communities,
		.community_count = wish->community_count,
		.graceful_shutdown = wish->graceful_shutdown };

	if (!wish->wanted) {
		net_withdraw(nodes[n], x, ipv6);
		return;
	}
	for (int o = 0; o < NODES; o++)
		if (o != n && wish->for_node[o])
			only[route.only_count++] = net_of(nodes[n], nodes[o]);
	if (wish->restricted)
		route.only = only;
	assert_int_equal(speaker_route_set(nodes[n]->speaker, &route, net.now), 0);
}

static void wish_change(int n)
{
	unsigned x = pick(PREFIXES);
	bool ipv6 = pick(3) == 0;
	struct wish *wish = &wishes[n][x][ipv6];

	*wish = (struct wish){ .wanted = pick(4) != 0,
		.graceful_shutdown = pick(8) == 0,
		.restricted = pick(4) == 0,
		.prepend = pick(3),
		.med = pick(3),
		.communities = { 0xfbf40000 + pick(3), 0xfbf40010 + pick(3) },
		.community_count = pick(3) };
	for (int o = 0; o < NODES; o++)
		wish->for_node[o] = pick(2);
	wish_apply(n, x, ipv6);
}

static void settings_change(int n, int o)
{
	struct neighbor_settings *s = &settings[n][o];

	switch (pick(9)) {
	case 0:
		s->prepend = pick(3);
		break;
	case 1:
		s->has_med = pick(2);
		s->med = 100 + pick(3);
		break;
	case 2:
		s->graceful_shutdown = pick(2);
		break;
	case 3:
		s->hold_time = duration_seconds(30 + pick(3));
		break;
	case 4:
		s->graceful_restart = pick(2);
		break;
	case 5:
		s->families[BGP_IPV6_UNICAST] = pick(2);
		break;
	case 6:
		s->extended_message = pick(2);
		break;
	case 7:
		s->passive = pick(2) && !settings[o][n].passive;
		break;
	default:
		s->restart_preserve = pick(2);
		break;
	}
	speaker_neighbor_change(nodes[n]->speaker, net_of(nodes[n], nodes[o]), s, net.now);
}

/* The process dies, and comes back with the same configuration and routes. */
static void crash(int n)
{
	net_restart(nodes[n], pick(2));
	for (int o = 0; o < NODES; o++)
		if (o != n)
			net_neighbor(nodes[n], &settings[n][o]);
	for (unsigned x = 0; x < PREFIXES; x++)
		for (int ipv6 = 0; ipv6 < 2; ipv6++)
			wish_apply(n, x, ipv6);
}

static void step(void)
{
	int n = (int)pick(NODES), o = (n + 1 + (int)pick(NODES - 1)) % NODES;
	struct neighbor *neighbor = net_of(nodes[n], nodes[o]);
	struct speaker *speaker = nodes[n]->speaker;

	switch (pick(16)) {
	default:
		wish_change(n);
		break;
	case 0:
		net_cut(nodes[n], nodes[o]);
		break;
	case 1:
	case 2:
		settings_change(n, o);
		break;
	case 3:
		speaker_neighbor_reset(speaker, neighbor, "", net.now);
		break;
	case 4:
		speaker_neighbor_shutdown(speaker, neighbor, "", net.now);
		break;
	case 5:
		speaker_neighbor_enable(speaker, neighbor, net.now);
		break;
	case 6:
		(void)speaker_neighbor_refresh(
			speaker, neighbor, (enum bgp_family)pick(2), net.now);
		break;
	case 7:
		nodes[n]->deaf = pick(2);
		nodes[n]->accepts_output = nodes[n]->deaf ? 1 + pick(200) : SIZE_MAX;
		break;
	case 8:
		if (pick(4) == 0)
			crash(n);
		break;
	case 9:
		net_run(&net, pick(20000));
		break;
	}
	if (pick(3) == 0)
		net_run(&net, pick(50));
}

/* ---- The end: quiet, then compare. ---- */

static void calm(void)
{
	for (int n = 0; n < NODES; n++) {
		nodes[n]->deaf = false;
		nodes[n]->accepts_output = SIZE_MAX;
		for (int o = 0; o < NODES; o++)
			if (o != n)
				speaker_neighbor_enable(
					nodes[n]->speaker, net_of(nodes[n], nodes[o]), net.now);
	}
	for (int n = 0; n < NODES; n++)
		for (int o = n + 1; o < NODES; o++)
			assert_true(net_until_up(nodes[n], nodes[o], 200000));
	/* Stale routes end 360 s after a session came back, even without end-of-RIB. */
	net_run(&net, 400000);
	for (int n = 0; n < NODES; n++) {
		assert_true(speaker_settled(nodes[n]->speaker));
		for (int o = n + 1; o < NODES; o++)
			assert_true(net_up(nodes[n], nodes[o]));
	}
}

static bool has_community(const struct bgp_attributes *a, uint32_t community)
{
	for (unsigned i = 0; i < a->community_count; i++)
		if (a->communities[i] == community)
			return true;
	return false;
}

static void compare_route(const struct wish *wish, const struct neighbor_settings *s,
	const struct bgp_attributes *a)
{
	bool shutdown = wish->graceful_shutdown || s->graceful_shutdown;

	assert_int_equal(bgp_as_path_length(a), 1 + wish->prepend + s->prepend);
	assert_int_equal(bgp_as_path_origin(a), s->local_asn);
	assert_int_equal(a->med, s->has_med ? s->med : wish->med);
	assert_int_equal(a->community_count, wish->community_count + shutdown);
	for (size_t i = 0; i < wish->community_count; i++)
		assert_true(has_community(a, wish->communities[i]));
	assert_int_equal(has_community(a, BGP_COMMUNITY_GRACEFUL_SHUTDOWN), shutdown);
	assert_int_equal(bgp_attribute_present(a, BGP_ATTRIBUTE_LOCAL_PREF), shutdown);
}

/* What node o holds from node n. */
static void compare(int n, int o)
{
	const bool *ours = settings[n][o].families, *theirs = settings[o][n].families;
	size_t expected = 0;

	for (unsigned x = 0; x < PREFIXES; x++)
		for (int ipv6 = 0; ipv6 < 2; ipv6++) {
			const struct wish *wish = &wishes[n][x][ipv6];
			bool wanted = wish->wanted && ours[ipv6] && theirs[ipv6] &&
				      (!wish->restricted || wish->for_node[o]);
			struct bgp_attributes attributes;
			bool stale = false;

			assert_int_equal(net_has(nodes[o], nodes[n], net_prefix(x, ipv6),
						 &attributes, &stale),
				wanted);
			if (!wanted)
				continue;
			expected++;
			assert_false(stale);
			compare_route(wish, &settings[n][o], &attributes);
		}
	assert_int_equal(net_count(nodes[o], nodes[n]), expected);
}

static void story(uint64_t seed)
{
	unsigned steps;

	net_begin(&net, seed);
	memset(wishes, 0, sizeof(wishes));
	net.max_piece = pick(3) == 0 ? 1 + pick(60) : 0;
	net.latency_us = pick(4) * 700;
	for (int n = 0; n < NODES; n++)
		nodes[n] = net_node(&net,
			pick(4) == 0 ? 4200000000u + (uint32_t)n : 64500 + (uint32_t)n, 0);
	for (int n = 0; n < NODES; n++)
		for (int o = 0; o < NODES; o++) {
			if (o == n)
				continue;
			settings[n][o] = net_settings(nodes[n], nodes[o]);
			net_neighbor(nodes[n], &settings[n][o]);
		}
	steps = 10 + pick(60);
	for (unsigned i = 0; i < steps; i++)
		step();
	calm();
	for (int n = 0; n < NODES; n++)
		for (int o = 0; o < NODES; o++)
			if (o != n)
				compare(n, o);
	net_end(&net);
}

static void everybody_holds_what_is_wanted(void **state)
{
	const char *one = getenv("SEED");

	(void)state;
	for (uint64_t seed = 1; seed <= SEEDS; seed++) {
		if (one != NULL)
			seed = strtoull(one, NULL, 10);
		*(uint64_t *)*state = seed;
		story(seed);
		if (one != NULL)
			return;
	}
}

static uint64_t running;

static int begin(void **state)
{
	*state = &running;
	return 0;
}

static int end(void **state)
{
	if (*(uint64_t *)*state != SEEDS)
		print_message("the last story had SEED=%llu\n",
			(unsigned long long)*(uint64_t *)*state);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(everybody_holds_what_is_wanted, begin, end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
