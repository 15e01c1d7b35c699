/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ADD-PATH (RFC 7911) in both directions. B hears prefixes from several and passes them on to C
 * and D, which share a group:
 *
 *     A0 ---\            /--- C
 *     A1 --- B ---------+
 *     A2 ---/            \--- D
 *
 * What C and D hold is always what a look at B's table from scratch says, with B's identifiers.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "net.h"
#include "route/speaker_internal.h"
#include "wire/bgp_update.h"

#define PREFIXES 12u
#define SOURCES  3u
#define VIEW_MAX 1024u

static struct net net;
static struct node *sources[SOURCES], *b, *c, *d;
static uint16_t best; /* of B's settings towards C and D */

static struct neighbor_settings settings_of(
	const struct node *from, const struct node *to, enum bgp_add_path add_path)
{
	struct neighbor_settings settings = net_settings(from, to);

	settings.transit = true;
	settings.add_path_best = best;
	for (int f = 0; f < BGP_FAMILY_COUNT; f++)
		settings.add_path[f] = (uint8_t)add_path;
	return settings;
}

/* B sends several; whoever it is can take them. */
static void peer(struct node *one, enum bgp_add_path of_b, enum bgp_add_path of_one)
{
	struct neighbor_settings here = settings_of(b, one, of_b);
	struct neighbor_settings there = settings_of(one, b, of_one);

	net_neighbor(b, &here);
	net_neighbor(one, &there);
	assert_true(net_until_up(b, one, 60000));
}

static void begin(uint16_t most)
{
	best = most;
	net_begin(&net, 5);
	for (unsigned i = 0; i < SOURCES; i++)
		sources[i] = net_node(&net, 64510 + i, 0);
	b = net_node(&net, 64502, 0);
	c = net_node(&net, 64503, 0);
	d = net_node(&net, 64504, 0);
	for (unsigned i = 0; i < SOURCES; i++)
		peer(sources[i], BGP_ADD_PATH_NONE, BGP_ADD_PATH_NONE);
	peer(c, BGP_ADD_PATH_SEND, BGP_ADD_PATH_BOTH);
	peer(d, BGP_ADD_PATH_BOTH, BGP_ADD_PATH_RECEIVE);
	net_run(&net, 1000);
	assert_ptr_equal(net_of(b, c)->member.group, net_of(b, d)->member.group);
}

/* ---- What one has, and what it should have. ---- */

struct path {
	uint32_t id, origin, community;
	unsigned length;
};

struct view {
	struct prefix prefix;
	struct path paths[VIEW_MAX];
	uint32_t count;
};

static bool view_add(void *context, const struct route_view *route)
{
	struct view *view = context;
	const struct bgp_attributes *a = route->attributes;

	if (!prefix_equal(&route->prefix, &view->prefix))
		return true;
	assert_true(view->count < VIEW_MAX);
	view->paths[view->count++] = (struct path){ route->path_id, bgp_as_path_origin(a),
		a->community_count == 0 ? 0 : a->communities[a->community_count - 1],
		bgp_as_path_length(a) };
	return true;
}

static int by_id(const void *x, const void *y)
{
	const struct path *a = x, *z = y;

	return a->id < z->id ? -1 : a->id > z->id;
}

static void view_of(struct view *view, const struct node *node, const struct node *from,
	struct prefix prefix)
{
	uint64_t position = 0;

	*view = (struct view){ .prefix = prefix };
	while (position != UINT64_MAX)
		speaker_routes_received(
			node->speaker, net_of(node, from), &position, view_add, view);
	qsort(view->paths, view->count, sizeof(view->paths[0]), by_id);
}

/* From B's table, without what `to` said itself. */
static void wanted_of(struct view *view, struct node *to, struct prefix prefix)
{
	const struct neighbor *neighbor = net_of(b, to);
	const struct group *group = neighbor->member.group;
	uint32_t destination = rib_find(&b->speaker->ribs[BGP_IPV4_UNICAST], &prefix);
	struct export_paths paths = { 0 };

	*view = (struct view){ .prefix = prefix };
	if (destination == RIB_NONE)
		return;
	assert_int_equal(export_choose_paths(group, BGP_IPV4_UNICAST, destination, &paths), 0);
	for (uint32_t i = 0; i < paths.count; i++) {
		struct export_choice choice = { paths.items[i].set, paths.items[i].source };
		struct bgp_attributes a;
		struct route_view route = {
			.prefix = prefix, .path_id = paths.items[i].id + 1u, .attributes = &a
		};

		if (choice.source == neighbor->source->number)
			continue;
		assert_int_equal(export_dress(group, BGP_IPV4_UNICAST, choice, &a), 0);
		view_add(view, &route);
		arena_reset(&b->speaker->scratch);
	}
	export_paths_clear(group, &paths);
}

static void same(void)
{
	struct node *ends[] = { c, d };
	static struct view has, wanted;

	for (unsigned e = 0; e < 2; e++)
		for (unsigned x = 0; x < PREFIXES; x++) {
			view_of(&has, ends[e], b, net_prefix(x, false));
			wanted_of(&wanted, ends[e], net_prefix(x, false));
			assert_int_equal(has.count, wanted.count);
			assert_memory_equal(
				has.paths, wanted.paths, has.count * sizeof(has.paths[0]));
		}
}

static uint32_t count_of(struct node *node, unsigned x)
{
	static struct view has;

	view_of(&has, node, b, net_prefix(x, false));
	return has.count;
}

static void announce(struct node *node, unsigned x, uint32_t community, unsigned prepend)
{
	struct local_route route = { .prefix = net_prefix(x, false),
		.prepend = prepend,
		.communities = &community,
		.community_count = 1 };

	assert_int_equal(speaker_route_set(node->speaker, &route, net.now), 0);
}

/* ---- Stories with an end that is known. ---- */

static void all_paths_are_passed_on(void **state)
{
	static struct view before, after;

	(void)state;
	begin(0);
	for (unsigned i = 0; i < SOURCES; i++)
		announce(sources[i], 1, i, i);
	announce(c, 1, 9, 0);
	announce(b, 2, 9, 0);
	net_run(&net, 1000);
	assert_int_equal(count_of(c, 1), SOURCES); /* not its own */
	assert_int_equal(count_of(d, 1), SOURCES + 1);
	assert_int_equal(count_of(d, 2), 1);
	assert_int_equal(net_of(b, c)->agreed.add_path[BGP_IPV4_UNICAST], BGP_ADD_PATH_SEND);
	assert_int_equal(net_of(c, b)->agreed.add_path[BGP_IPV4_UNICAST], BGP_ADD_PATH_RECEIVE);
	/* One that does not ask for it hears the best, if that is not its own. */
	assert_int_equal(count_of(sources[0], 1), 0);
	assert_int_equal(count_of(sources[1], 1), 1);
	same();
	/* The best one goes: the others keep their identifiers, nothing else is said. */
	view_of(&before, d, b, net_prefix(1, false));
	net_withdraw(c, 1, false);
	net_withdraw(sources[0], 1, false);
	net_run(&net, 1000);
	view_of(&after, d, b, net_prefix(1, false));
	assert_int_equal(after.count, 2);
	for (uint32_t i = 0; i < after.count; i++) {
		const struct path *path = bsearch(&after.paths[i], before.paths, before.count,
			sizeof(before.paths[0]), by_id);

		assert_non_null(path);
		assert_memory_equal(path, &after.paths[i], sizeof(*path));
	}
	same();
	net_cut(b, sources[1]);
	net_cut(b, sources[2]);
	net_run(&net, 1);
	same();
	net_end(&net);
}

/* A route goes and one that C says gets its identifier, before anybody was told: C, which does
 * not hear its own, must not go on holding the other. */
static void an_identifier_passes_to_a_member(void **state)
{
	struct node *ends[2];

	(void)state;
	begin(0);
	ends[0] = c;
	ends[1] = d;
	announce(sources[0], 1, 1, 0);
	net_run(&net, 1000);
	assert_int_equal(count_of(c, 1), 1);
	for (unsigned e = 0; e < 2; e++) {
		ends[e]->deaf = true;
		ends[e]->accepts_output = 1;
	}
	announce(sources[1], 2, 1, 0); /* fills both sockets */
	net_run(&net, 100);
	net_withdraw(sources[0], 1, false);
	net_run(&net, 100);
	announce(c, 1, 2, 0);
	net_run(&net, 100);
	for (unsigned e = 0; e < 2; e++) {
		ends[e]->deaf = false;
		ends[e]->accepts_output = SIZE_MAX;
	}
	net_run(&net, 5000);
	assert_int_equal(count_of(c, 1), 0);
	assert_int_equal(count_of(d, 1), 1);
	same();
	net_end(&net);
}

/* The two best, that shortest paths make; also after a reload that needs no new session. */
static void the_best_few_are_passed_on(void **state)
{
	struct neighbor_settings settings;
	static struct view has;

	(void)state;
	begin(2);
	for (unsigned i = 0; i < SOURCES; i++)
		announce(sources[i], 1, i, 2 * i);
	net_run(&net, 1000);
	view_of(&has, c, b, net_prefix(1, false));
	assert_int_equal(has.count, 2);
	assert_int_equal(has.paths[0].length, 2);
	assert_int_equal(has.paths[1].length, 4);
	announce(sources[2], 1, 7, 1);
	net_run(&net, 1000);
	view_of(&has, c, b, net_prefix(1, false));
	assert_int_equal(has.count, 2);
	for (uint32_t i = 0; i < 2; i++)
		assert_true(has.paths[i].length <= 3);
	same();
	best = 1;
	settings = settings_of(b, c, BGP_ADD_PATH_SEND);
	assert_false(speaker_neighbor_change(b->speaker, net_of(b, c), &settings, net.now));
	net_run(&net, 1000);
	assert_int_equal(count_of(c, 1), 1);
	assert_int_equal(count_of(d, 1), 2);
	best = 0;
	settings = settings_of(b, c, BGP_ADD_PATH_SEND);
	assert_false(speaker_neighbor_change(b->speaker, net_of(b, c), &settings, net.now));
	net_run(&net, 1000);
	assert_int_equal(count_of(c, 1), 3);
	assert_int_equal(count_of(d, 1), 2);
	same();
	net_end(&net);
}

/* ---- Many routes to one prefix, by one neighbour. ---- */

#define MANY 120u

static uint32_t long_list[700];

/* As C would say it, with identifiers of its choice. */
static void inject(unsigned x, uint32_t first, uint32_t count, bool withdraw)
{
	static uint8_t bytes[BGP_EXTENDED_MESSAGE_MAX];
	const struct bgp_context *context = &net_of(c, b)->live->context;
	uint8_t as_path[6] = { 2, 1, 0, 0, 0, 0 };
	struct bgp_attributes a = { .as_path = as_path,
		.as_path_size = sizeof(as_path),
		.communities = long_list,
		.community_count = sizeof(long_list) / sizeof(long_list[0]),
		.next_hop = c->address };
	size_t written;

	as_path[4] = (uint8_t)(c->asn >> 8);
	as_path[5] = (uint8_t)c->asn;
	a.present = 1ull << BGP_ATTRIBUTE_ORIGIN | 1ull << BGP_ATTRIBUTE_AS_PATH |
		    1ull << BGP_ATTRIBUTE_NEXT_HOP | 1ull << BGP_ATTRIBUTE_COMMUNITIES;
	for (uint32_t id = first; id < first + count; id++) {
		struct writer w = writer_of(bytes, sizeof(bytes));
		struct bgp_route_key key = { .prefix = net_prefix(x, false), .path_id = id };

		for (size_t i = 0; i < a.community_count; i++)
			long_list[i] = 0xfbf60000u + (id << 10) + (uint32_t)i;
		if (withdraw)
			assert_int_equal(bgp_withdraw_write(&w, context, BGP_IPV4_UNICAST, &key,
						 1, &written),
				0);
		else
			assert_int_equal(bgp_update_write(&w, context, BGP_IPV4_UNICAST, &a,
						 &key, 1, &written),
				0);
		net_inject(b, c, bytes, writer_length(&w));
	}
}

static void many_begin(uint16_t maximum)
{
	struct neighbor_settings settings;

	begin(0);
	settings = settings_of(b, c, BGP_ADD_PATH_BOTH);
	settings.add_path_maximum = maximum;
	assert_true(speaker_neighbor_change(b->speaker, net_of(b, c), &settings, net.now));
	assert_true(net_until_up(b, c, 60000));
	net_run(&net, 1000);
}

/* Together far longer than any buffer: a member that asks for all again gets all of them. */
static void more_than_a_buffer(void **state)
{
	(void)state;
	many_begin(0);
	announce(sources[0], 1, 5, 0);
	inject(1, 100, MANY, false);
	net_run(&net, 5000);
	assert_int_equal(net_of(b, c)->source->count[BGP_IPV4_UNICAST], MANY);
	assert_int_equal(count_of(d, 1), MANY + 1);
	assert_int_equal(count_of(c, 1), 1);
	same();
	net_cut(b, d);
	assert_true(net_until_up(b, d, 60000));
	net_run(&net, 5000);
	assert_int_equal(count_of(d, 1), MANY + 1);
	assert_int_equal(
		speaker_neighbor_refresh(d->speaker, net_of(d, b), BGP_IPV4_UNICAST, net.now),
		0);
	inject(1, 110, 30, true);
	net_run(&net, 5000);
	assert_int_equal(count_of(d, 1), MANY - 30 + 1);
	same();
	assert_int_equal(net_of(d, b)->source->stale[BGP_IPV4_UNICAST], 0);
	inject(1, 100, MANY, true);
	net_run(&net, 5000);
	assert_int_equal(count_of(d, 1), 1);
	net_end(&net);
}

/* Over the cap the newest is not taken; one that is known may change. */
static void a_cap_of_paths(void **state)
{
	(void)state;
	many_begin(4);
	inject(1, 1, 6, false);
	inject(1, 2, 1, false);
	inject(2, 7, 1, false);
	net_run(&net, 1000);
	assert_int_equal(count_of(d, 1), 4);
	assert_int_equal(count_of(d, 2), 1);
	assert_int_equal(net_of(b, c)->counters[COUNTER_PATHS_OVER], 2);
	inject(1, 1, 1, true);
	inject(1, 9, 1, false);
	inject(1, 77, 1, true); /* never said: ignored */
	net_run(&net, 1000);
	assert_int_equal(count_of(d, 1), 4);
	assert_int_equal(net_of(b, c)->source->count[BGP_IPV4_UNICAST], 5);
	same();
	net_end(&net);
}

/* ---- Random stories. ---- */

#define STORIES 150u

static bool said[SOURCES + 3][PREFIXES]; /* by the sources, B, C, D */

static uint32_t pick(uint32_t bound)
{
	return random_below(&net.random, bound);
}

static struct node *sayer(unsigned who)
{
	struct node *others[] = { b, c, d };

	return who < SOURCES ? sources[who] : others[who - SOURCES];
}

static void say(void)
{
	unsigned who = pick(SOURCES + 3), x = pick(PREFIXES);

	said[who][x] = pick(3) != 0;
	if (said[who][x])
		announce(sayer(who), x, pick(4), pick(3));
	else
		net_withdraw(sayer(who), x, false);
}

static void step(void)
{
	struct node *one = pick(2) == 0 ? c : d;
	struct neighbor_settings settings =
		settings_of(b, one, one == c ? BGP_ADD_PATH_SEND : BGP_ADD_PATH_BOTH);

	switch (pick(24)) {
	default:
		say();
		break;
	case 0:
		one->deaf = !one->deaf;
		one->accepts_output = one->deaf ? 1 + pick(3000) : SIZE_MAX;
		break;
	case 1:
		net_cut(b, pick(3) == 0 ? sources[pick(SOURCES)] : one);
		break;
	case 2:
		settings.prepend = pick(2);
		settings.add_path_best = (uint16_t)pick(4);
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
	for (unsigned who = 0; who < SOURCES + 3; who++) {
		sayer(who)->deaf = false;
		sayer(who)->accepts_output = SIZE_MAX;
	}
	for (unsigned who = 0; who < SOURCES + 3; who++)
		if (sayer(who) != b)
			assert_true(net_until_up(b, sayer(who), 200000));
	net_run(&net, 400000); /* what is stale ends */
}

/* What all of them say, and C does not say itself. */
static void complete(struct node *end, unsigned its_number)
{
	for (unsigned x = 0; x < PREFIXES; x++) {
		uint32_t count = 0;

		for (unsigned who = 0; who < SOURCES + 3; who++)
			count += said[who][x] && who != its_number;
		assert_int_equal(count_of(end, x), count);
	}
}

static void stories(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= STORIES; seed++) {
		memset(said, 0, sizeof(said));
		begin((uint16_t)(seed % 3));
		net.random.state = seed;
		for (unsigned i = 20 + pick(200); i > 0; i--)
			step();
		calm();
		same();
		if (net_of(b, c)->settings.add_path_best == 0)
			complete(c, SOURCES + 1);
		if (net_of(b, d)->settings.add_path_best == 0)
			complete(d, SOURCES + 2);
		net_end(&net);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_paths_are_passed_on),
		cmocka_unit_test(an_identifier_passes_to_a_member),
		cmocka_unit_test(the_best_few_are_passed_on),
		cmocka_unit_test(more_than_a_buffer),
		cmocka_unit_test(a_cap_of_paths),
		cmocka_unit_test(stories),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
