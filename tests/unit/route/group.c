/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Neighbours that share a group: B says routes (its own, and those of A); C and D, with the
 * same settings, hear the same. At the end of every story both hold what B should have told
 * them, whatever happened to one of them on the way.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "net.h"
#include "route/speaker_internal.h"

#define PREFIXES 24u

static struct net net;
static struct node *a, *b, *c, *d;
static uint32_t communities[600];

static struct neighbor_settings transit(const struct node *from, const struct node *to)
{
	struct neighbor_settings settings = net_settings(from, to);

	settings.transit = true;
	return settings;
}

static void peer(struct node *x, struct node *y)
{
	struct neighbor_settings of_x = transit(x, y), of_y = transit(y, x);

	net_neighbor(x, &of_x);
	net_neighbor(y, &of_y);
	assert_true(net_until_up(x, y, 60000));
}

static void begin(void)
{
	net_begin(&net, 3);
	a = net_node(&net, 64501, 0);
	b = net_node(&net, 64502, 0);
	c = net_node(&net, 64503, 0);
	d = net_node(&net, 64504, 0);
	peer(a, b);
	peer(b, c);
	peer(b, d);
	net_run(&net, 1000);
	assert_ptr_equal(net_of(b, c)->member.group, net_of(b, d)->member.group);
}

/* With so many communities that few messages fill a group's chunks. */
static void announce_long(struct node *node, unsigned x, uint32_t med)
{
	struct local_route route = { .prefix = net_prefix(x, false),
		.med = med,
		.communities = communities,
		.community_count = sizeof(communities) / sizeof(communities[0]) };

	for (size_t i = 0; i < route.community_count; i++)
		communities[i] = 0xfbf50000u + (uint32_t)i;
	assert_int_equal(speaker_route_set(node->speaker, &route, net.now), 0);
}

static void same(void)
{
	for (unsigned x = 0; x < PREFIXES; x++) {
		struct bgp_attributes of_c, of_d;
		bool stale_c = false, stale_d = false;
		bool has = net_has(c, b, net_prefix(x, false), &of_c, &stale_c);

		assert_int_equal(has, net_has(d, b, net_prefix(x, false), &of_d, &stale_d));
		if (!has)
			continue;
		assert_int_equal(of_c.med, of_d.med);
		assert_int_equal(bgp_as_path_length(&of_c), bgp_as_path_length(&of_d));
		assert_int_equal(of_c.community_count, of_d.community_count);
	}
	assert_int_equal(net_count(c, b), net_count(d, b));
}

/* C does not read while far more changes than a group keeps: memory stays bounded, and when it
 * reads again it hears only how things are now, withdrawals too. */
static void a_slow_member_catches_up(void **state)
{
	bool missed = false, wanted[PREFIXES];
	const struct group *group;
	size_t count = 0;

	(void)state;
	begin();
	group = net_of(b, c)->member.group;
	for (unsigned x = 0; x < PREFIXES; x++)
		net_announce(b, x, false, 1);
	net_run(&net, 1000);
	same();
	c->deaf = true;
	c->accepts_output = 100;
	for (uint32_t round = 0; round < 6000; round++) {
		unsigned x = round % PREFIXES;

		wanted[x] = round % 7 != 3;
		if (wanted[x])
			announce_long(b, x, round);
		else
			net_withdraw(b, x, false);
		net_run(&net, 2);
		assert_true(group->chunk_bytes <= GROUP_CHUNKS_MAX);
		missed |= net_of(b, c)->member.missed[BGP_IPV4_UNICAST];
		if (net_of(b, c)->live == NULL)
			break;
	}
	assert_true(missed);
	for (unsigned x = 0; x < PREFIXES; x++) {
		if (x % 3 == 0)
			net_withdraw(b, x, false);
		count += wanted[x] && x % 3 != 0;
	}
	c->deaf = false;
	c->accepts_output = SIZE_MAX;
	assert_true(net_until_up(b, c, 60000));
	net_run(&net, 5000);
	same();
	assert_int_equal(net_count(c, b), count);
	for (unsigned x = 0; x < PREFIXES; x++)
		assert_int_equal(net_has(c, b, net_prefix(x, false), NULL, NULL),
			wanted[x] && x % 3 != 0);
	net_end(&net);
}

/* D joins while C is in step; then its settings change and it leaves the group, without a new
 * session; then it comes back to what it was. */
static void a_member_parts(void **state)
{
	struct neighbor_settings settings;
	struct bgp_attributes of_c, of_d;
	bool stale;

	(void)state;
	begin();
	for (unsigned x = 0; x < PREFIXES; x++)
		net_announce(x % 2 == 0 ? a : b, x, false, x);
	net_run(&net, 1000);
	net_cut(b, d);
	net_run(&net, 1);
	net_announce(b, 1, false, 77);
	assert_true(net_until_up(b, d, 60000));
	net_run(&net, 1000);
	same();
	settings = transit(b, d);
	settings.prepend = 2;
	assert_false(speaker_neighbor_change(b->speaker, net_of(b, d), &settings, net.now));
	net_withdraw(a, 0, false);
	net_run(&net, 1000);
	assert_ptr_not_equal(net_of(b, c)->member.group, net_of(b, d)->member.group);
	assert_false(net_has(c, b, net_prefix(0, false), &of_c, &stale));
	assert_false(net_has(d, b, net_prefix(0, false), &of_d, &stale));
	for (unsigned x = 1; x < PREFIXES; x++) {
		assert_true(net_has(c, b, net_prefix(x, false), &of_c, &stale));
		assert_true(net_has(d, b, net_prefix(x, false), &of_d, &stale));
		assert_int_equal(bgp_as_path_length(&of_d), bgp_as_path_length(&of_c) + 2);
	}
	settings.prepend = 0;
	assert_false(speaker_neighbor_change(b->speaker, net_of(b, d), &settings, net.now));
	net_run(&net, 1000);
	same();
	net_end(&net);
}

/* A route of ours for D alone: nobody shares from then on, and each hears what it should. */
static void a_list_parts_all(void **state)
{
	const struct neighbor *only[1];
	struct local_route route = {
		.prefix = net_prefix(5, false), .only = only, .only_count = 1
	};
	struct bgp_attributes attributes;
	bool stale;

	(void)state;
	begin();
	for (unsigned x = 0; x < PREFIXES; x++)
		net_announce(a, x, false, x);
	net_announce(b, 5, false, 9);
	net_run(&net, 1000);
	same();
	only[0] = net_of(b, d);
	assert_int_equal(speaker_route_set(b->speaker, &route, net.now), 0);
	net_run(&net, 1000);
	assert_ptr_not_equal(net_of(b, c)->member.group, net_of(b, d)->member.group);
	assert_false(net_has(c, b, net_prefix(5, false), &attributes, &stale));
	assert_true(net_has(d, b, net_prefix(5, false), &attributes, &stale));
	net_announce(b, 5, false, 9);
	net_run(&net, 1000);
	same();
	net_end(&net);
}

/* C and D both say a prefix: each hears the other's or none, never its own; and when its own
 * becomes the best, what it had of the other is withdrawn from it. */
static void nobody_hears_himself(void **state)
{
	struct bgp_attributes attributes;
	bool stale;

	(void)state;
	begin();
	net_announce(d, 1, false, 0);
	net_run(&net, 1000);
	assert_true(net_has(c, b, net_prefix(1, false), &attributes, &stale));
	assert_false(net_has(d, b, net_prefix(1, false), &attributes, &stale));
	net_announce(c, 1, false, 0);
	net_run(&net, 1000);
	/* Of equal ones the lower router id wins: that is C. */
	assert_false(net_has(c, b, net_prefix(1, false), &attributes, &stale));
	assert_true(net_has(d, b, net_prefix(1, false), &attributes, &stale));
	assert_true(net_has(a, b, net_prefix(1, false), &attributes, &stale));
	assert_int_equal(bgp_as_path_origin(&attributes), c->asn);
	net_withdraw(c, 1, false);
	net_run(&net, 1000);
	assert_true(net_has(c, b, net_prefix(1, false), &attributes, &stale));
	assert_false(net_has(d, b, net_prefix(1, false), &attributes, &stale));
	net_withdraw(d, 1, false);
	net_run(&net, 1000);
	assert_false(net_has(c, b, net_prefix(1, false), &attributes, &stale));
	assert_false(net_has(a, b, net_prefix(1, false), &attributes, &stale));
	net_end(&net);
}

/* ---- Random stories. ---- */

#define STORIES 150u

static bool said[2][PREFIXES]; /* by A, by B */

static uint32_t pick(uint32_t bound)
{
	return random_below(&net.random, bound);
}

static void say(void)
{
	unsigned who = pick(2), x = pick(PREFIXES);

	said[who][x] = pick(3) != 0;
	if (!said[who][x])
		net_withdraw(who == 0 ? a : b, x, false);
	else if (who == 1 && pick(2) == 0)
		announce_long(b, x, pick(100));
	else
		net_announce(who == 0 ? a : b, x, false, pick(100));
}

static void step(void)
{
	struct node *one = pick(2) == 0 ? c : d;
	struct neighbor_settings settings = transit(b, one);

	switch (pick(24)) {
	default:
		say();
		break;
	case 0:
		one->deaf = !one->deaf;
		one->accepts_output = one->deaf ? 1 + pick(3000) : SIZE_MAX;
		break;
	case 1:
		net_cut(b, pick(3) == 0 ? a : one);
		break;
	case 2:
		settings.prepend = pick(2);
		speaker_neighbor_change(b->speaker, net_of(b, one), &settings, net.now);
		break;
	case 3:
		(void)speaker_neighbor_refresh(
			one->speaker, net_of(one, b), BGP_IPV4_UNICAST, net.now);
		break;
	case 4:
		net_run(&net, pick(5000));
		break;
	}
	if (pick(2) == 0)
		net_run(&net, pick(20));
}

static void calm(void)
{
	struct node *ends[] = { a, c, d };

	for (int i = 0; i < 3; i++) {
		struct neighbor_settings settings = transit(b, ends[i]);

		ends[i]->deaf = false;
		ends[i]->accepts_output = SIZE_MAX;
		speaker_neighbor_change(b->speaker, net_of(b, ends[i]), &settings, net.now);
	}
	for (int i = 0; i < 3; i++)
		assert_true(net_until_up(b, ends[i], 200000));
	net_run(&net, 400000); /* what is stale ends */
}

static void stories(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= STORIES; seed++) {
		memset(said, 0, sizeof(said));
		begin();
		net.random.state = seed;
		for (unsigned i = 20 + pick(200); i > 0; i--)
			step();
		calm();
		same();
		for (unsigned x = 0; x < PREFIXES; x++) {
			struct bgp_attributes attributes;
			bool wanted = said[0][x] || said[1][x];

			assert_int_equal(
				net_has(c, b, net_prefix(x, false), &attributes, NULL), wanted);
			/* Our own goes before what A says. */
			if (wanted)
				assert_int_equal(
					bgp_as_path_length(&attributes), said[1][x] ? 1 : 2);
		}
		net_end(&net);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_slow_member_catches_up),
		cmocka_unit_test(a_member_parts),
		cmocka_unit_test(a_list_parts_all),
		cmocka_unit_test(nobody_hears_himself),
		cmocka_unit_test(stories),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
