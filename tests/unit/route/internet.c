/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Small Internets in virtual time. Autonomous systems, a speaker each, that are customers,
 * providers and peers of one another; prefixes that one or several of them announce; and a
 * story: links are cut or swallow what they carry and come back, sessions are reset, speakers
 * crash, routes come, change and go. When it has become quiet, every speaker has chosen, and
 * hears from each neighbour, what a model says that knows nothing but the topology and who
 * announces what.
 *
 * The model (Gao, Rexford: Stable Internet Routing Without Global Coordination, 2001): routes
 * of customers go to all, others to customers only; customers' routes are preferred to peers'
 * to providers', then the shorter path, then the lower router id. It is applied to all, again
 * and again, until nothing changes. In some Internets nobody has preferences.
 *
 *     SEED=n SEEDS=m SIZE=nodes    from which seed on, how many, how large at most
 *
 * A seed that fails is made smaller as far as it goes, then printed.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "route/best.h"
#include "route/policy.h"
#include "route/speaker_internal.h"
#include "simulation.h"

#define NODES_MAX    300u
#define LINKS_MAX    2000u
#define PREFIXES_MAX 6u
#define PATH_MAX_AS  400u
#define QUIET_S      400 /* for sessions to come back */
#define STALE_S      25  /* longer than restart and stale time together */

enum side { CUSTOMER, PEER, PROVIDER }; /* what the other one is to us */

struct as_link {
	uint32_t a, b;
	enum side b_is; /* to a */
};

struct origin {
	bool announced;
	unsigned prepend;
};

/* What is asked for, in the story and in the model. */
struct world {
	uint32_t node_count, link_count, prefix_count;
	uint32_t asns[NODES_MAX], router_ids[NODES_MAX];
	struct as_link links[LINKS_MAX];
	struct origin origins[NODES_MAX][PREFIXES_MAX];
	bool preferences, roles;
};

struct choice {
	bool there;
	enum side from_side;
	uint32_t from; /* node; itself: its own */
	uint32_t length;
	uint32_t path[PATH_MAX_AS];
};

static struct world world;
static struct simulation net;
static struct choice model[NODES_MAX];
static struct random story;
static struct policy *preferences;
static char failure[512];
static uint64_t total_events, total_nodes;

static uint32_t pick(uint32_t bound)
{
	return random_below(&story, bound);
}

static bool one_in(uint32_t n)
{
	return pick(n) == 0;
}

static enum side reverse(enum side side)
{
	return side == CUSTOMER ? PROVIDER : side == PROVIDER ? CUSTOMER : PEER;
}

/* ---- The world. ---- */

static bool adjacent(uint32_t a, uint32_t b)
{
	for (uint32_t l = 0; l < world.link_count; l++)
		if ((world.links[l].a == a && world.links[l].b == b) ||
			(world.links[l].a == b && world.links[l].b == a))
			return true;
	return false;
}

static void join(uint32_t a, uint32_t b, enum side b_is)
{
	if (a != b && !adjacent(a, b) && world.link_count < LINKS_MAX)
		world.links[world.link_count++] = (struct as_link){ a, b, b_is };
}

/* The first few buy from nobody and are peers of each other; others buy from earlier ones. */
static void topology(uint32_t nodes)
{
	uint32_t top = 1 + pick(nodes < 4 ? nodes : 4);

	world.node_count = nodes;
	for (uint32_t i = 0; i < nodes; i++) {
		/* All different, in no order. */
		world.asns[i] = 1000 + (i * 7919u) % 64000;
		world.router_ids[i] = (pick(1u << 20) << 10 | i) + 1;
	}
	for (uint32_t i = 0; i < top; i++)
		for (uint32_t j = 0; j < i; j++)
			join(i, j, PEER);
	for (uint32_t i = top; i < nodes; i++)
		for (uint32_t n = 1 + pick(3); n > 0; n--)
			join(i, pick(i), PROVIDER);
	for (uint32_t n = pick(nodes + 1); n > 0; n--)
		join(pick(nodes), pick(nodes), PEER);
}

static struct prefix prefix_of(uint32_t number)
{
	struct prefix prefix = { 0 };
	char text[64];

	if (number % 2 == 0)
		snprintf(text, sizeof(text), "198.51.%u.0/24", number);
	else
		snprintf(text, sizeof(text), "2001:db8:%u::/48", number);
	assert_int_equal(prefix_parse(text, &prefix), 0);
	return prefix;
}

static void origin_apply(uint32_t node, uint32_t number)
{
	const struct origin *origin = &world.origins[node][number];
	struct local_route route = { .prefix = prefix_of(number), .prepend = origin->prepend };
	struct speaker *speaker = net.nodes[node].speaker;

	if (origin->announced)
		assert_int_equal(speaker_route_set(speaker, &route, net.now), 0);
	else
		(void)speaker_route_remove(speaker, &route.prefix, net.now);
	simulation_touch(&net, node);
}

static void origin_change(uint32_t node, uint32_t number)
{
	struct origin *origin = &world.origins[node][number];

	origin->announced = !one_in(3);
	origin->prepend = one_in(3) ? pick(4) : 0;
	origin_apply(node, number);
}

static struct neighbor_settings settings_of(uint32_t node, uint32_t other, enum side other_is,
	bool passive, bool restarts, unsigned hold_s)
{
	static const uint8_t roles[] = { [CUSTOMER] = BGP_ROLE_PROVIDER,
		[PEER] = BGP_ROLE_PEER,
		[PROVIDER] = BGP_ROLE_CUSTOMER };
	static const uint8_t relations[] = { [CUSTOMER] = POLICY_RELATION_CUSTOMER,
		[PEER] = POLICY_RELATION_PEER,
		[PROVIDER] = POLICY_RELATION_PROVIDER };
	struct neighbor_settings settings =
		simulation_settings(&net, node, other, net.link_count);

	settings.passive = passive;
	settings.role = world.roles ? roles[other_is] : (uint8_t)BGP_ROLE_NONE;
	settings.relation = world.roles ? (uint8_t)POLICY_RELATION_NONE : relations[other_is];
	settings.hold_time = duration_seconds(hold_s);
	settings.keepalive = duration_seconds(hold_s / 3);
	settings.connect_retry = duration_seconds(2);
	settings.graceful_restart = settings.restart_preserve = restarts;
	settings.restart_time_s = 8;
	settings.stale_time = duration_seconds(12);
	settings.import = settings.transit = true;
	settings.import_policy = world.preferences ? preferences : NULL;
	return settings;
}

static void links_make(unsigned hold_s)
{
	for (uint32_t l = 0; l < world.link_count; l++) {
		const struct as_link *link = &world.links[l];
		unsigned passive = pick(3); /* neither, the one, the other */
		bool restarts = one_in(3);
		struct neighbor_settings of_a = settings_of(link->a, link->b, link->b_is,
						 passive == 1, restarts, hold_s),
					 of_b = settings_of(link->b, link->a,
						 reverse(link->b_is), passive == 2, restarts,
						 hold_s);

		(void)simulation_link(&net, link->a, link->b, &of_a, &of_b, 100 + pick(100000),
			pick(3) * 20000);
	}
}

/* ---- The story. ---- */

static void something_happens(bool silent)
{
	uint32_t l = pick(world.link_count), node = pick(world.node_count);

	switch (pick(8)) {
	case 0:
		simulation_link_set(&net, l,
			silent && one_in(2) ? SIMULATION_LINK_SILENT : SIMULATION_LINK_DOWN);
		break;
	case 1:
	case 2:
		simulation_link_set(&net, l, SIMULATION_LINK_UP);
		break;
	case 3:
		speaker_neighbor_reset(net.nodes[net.links[l].nodes[0]].speaker,
			net.links[l].neighbors[0], "story", net.now);
		simulation_touch(&net, net.links[l].nodes[0]);
		break;
	case 4:
		simulation_restart(&net, node);
		for (uint32_t p = 0; p < world.prefix_count; p++)
			if (world.origins[node][p].announced)
				origin_apply(node, p);
		break;
	case 5:
		(void)speaker_neighbor_refresh(net.nodes[net.links[l].nodes[0]].speaker,
			net.links[l].neighbors[0], BGP_IPV4_UNICAST, net.now);
		simulation_touch(&net, net.links[l].nodes[0]);
		break;
	default:
		origin_change(node, pick(world.prefix_count));
		break;
	}
}

static void pass(uint32_t us)
{
	simulation_run(&net, instant_add(net.now, duration_us(us)));
}

static bool sessions_stand(void)
{
	for (uint32_t l = 0; l < net.link_count; l++)
		if ((net.links[l].state == SIMULATION_LINK_UP) !=
			simulation_established(&net, l))
			return false;
	return true;
}

static bool quiet(void)
{
	for (unsigned s = 0; s < QUIET_S && !sessions_stand(); s++)
		pass(1000000);
	pass(STALE_S * 1000000u);
	return sessions_stand();
}

static void play(uint64_t seed, uint32_t nodes, uint32_t happenings)
{
	unsigned hold_s;

	story = (struct random){ seed * 2654435761u + 1 };
	memset(&world, 0, sizeof(world));
	topology(nodes);
	world.prefix_count = 1 + pick(PREFIXES_MAX);
	world.roles = one_in(2);
	world.preferences = !one_in(4);
	hold_s = one_in(3) ? 9 : 90;
	simulation_begin(&net, seed, nodes, LINKS_MAX);
	for (uint32_t i = 0; i < nodes; i++)
		(void)simulation_node(&net, world.asns[i], world.router_ids[i]);
	links_make(hold_s);
	for (uint32_t p = 0; p < world.prefix_count; p++)
		for (uint32_t n = 1 + pick(4); n > 0; n--)
			origin_change(pick(nodes), p);
	if (one_in(2))
		pass(10000000);
	for (uint32_t i = 0; i < happenings && world.link_count > 0; i++) {
		something_happens(hold_s == 9);
		pass(one_in(4) ? pick(20000000) : pick(300000));
	}
}

/* ---- The model. ---- */

static bool passes(const struct choice *path, uint32_t asn)
{
	for (uint32_t i = 0; i < path->length; i++)
		if (path->path[i] == asn)
			return true;
	return false;
}

/* What `from` tells `to`, which is `to_is` to it. */
static bool told(uint32_t from, uint32_t to, enum side to_is, struct choice *ret_told)
{
	const struct choice *c = &model[from];

	if (!c->there || (c->from != from && c->from_side != CUSTOMER && to_is != CUSTOMER))
		return false;
	/* Nobody is told what he said; it would be a loop anyway. */
	if (c->from == to || c->length + 1 > PATH_MAX_AS)
		return false;
	*ret_told = *c;
	if (c->from != from) {
		memmove(ret_told->path + 1, c->path, c->length * sizeof(c->path[0]));
		ret_told->path[0] = world.asns[from];
		ret_told->length = c->length + 1;
	}
	ret_told->from = from;
	ret_told->from_side = reverse(to_is);
	return !passes(ret_told, world.asns[to]);
}

static bool better(const struct choice *a, const struct choice *b)
{
	if (!b->there)
		return true;
	if (world.preferences && a->from_side != b->from_side)
		return a->from_side < b->from_side;
	if (a->length != b->length)
		return a->length < b->length;
	return world.router_ids[a->from] < world.router_ids[b->from];
}

static void own(uint32_t node, uint32_t number, struct choice *ret_choice)
{
	const struct origin *origin = &world.origins[node][number];

	*ret_choice = (struct choice){ .there = origin->announced, .from = node };
	if (!origin->announced)
		return;
	ret_choice->length = 1 + origin->prepend;
	for (uint32_t i = 0; i < ret_choice->length; i++)
		ret_choice->path[i] = world.asns[node];
}

static void hear(uint32_t from, uint32_t to, enum side to_is, struct choice *best)
{
	struct choice heard;

	if (told(from, to, to_is, &heard) && best->from != to && better(&heard, best))
		*best = heard;
}

static struct choice chosen(uint32_t node, uint32_t number)
{
	struct choice best;

	own(node, number, &best);
	if (best.there)
		return best;
	best.from = UINT32_MAX;
	for (uint32_t l = 0; l < world.link_count; l++) {
		const struct as_link *link = &world.links[l];

		if (net.links[l].state != SIMULATION_LINK_UP)
			continue;
		if (link->b == node)
			hear(link->a, node, link->b_is, &best);
		if (link->a == node)
			hear(link->b, node, reverse(link->b_is), &best);
	}
	return best;
}

static bool same(const struct choice *a, const struct choice *b)
{
	return a->there == b->there &&
	       (!a->there ||
		       (a->from == b->from && a->length == b->length &&
			       memcmp(a->path, b->path, a->length * sizeof(a->path[0])) == 0));
}

static bool model_solve(uint32_t number)
{
	memset(model, 0, sizeof(model));
	for (uint32_t round = 0; round < 4 * world.node_count + 10; round++) {
		bool changed = false;

		for (uint32_t i = 0; i < world.node_count; i++) {
			struct choice now = chosen(i, number);

			changed |= !same(&now, &model[i]);
			model[i] = now;
		}
		if (!changed)
			return true;
	}
	snprintf(failure, sizeof(failure), "the model does not come to rest");
	return false;
}

/* ---- Looking. ---- */

static bool path_is(const struct bgp_attributes *a, const struct choice *wanted)
{
	static char text[PATH_MAX_AS * 11 + 1], wanted_text[PATH_MAX_AS * 11 + 1];
	size_t at = 0;

	wanted_text[0] = '\0';
	for (uint32_t i = 0; i < wanted->length; i++)
		at += (size_t)snprintf(wanted_text + at, sizeof(wanted_text) - at, "%s%u",
			i == 0 ? "" : " ", wanted->path[i]);
	return strcmp(bgp_as_path_format(a, text, sizeof(text)), wanted_text) == 0;
}

/* Into the failure: what was wanted and what is there. */
static void differ(const char *what, uint32_t number, uint32_t node,
	const struct choice *wanted, const char *there)
{
	char from[32] = "nothing";

	if (wanted->there)
		snprintf(from, sizeof(from), "from %u, path of %u", wanted->from,
			wanted->length);
	snprintf(failure, sizeof(failure), "prefix %u: node %u %s %s; the model: %s%s", number,
		node, what, there, from, world.preferences ? "" : " (no preferences)");
}

static bool choice_right(uint32_t node, uint32_t number)
{
	struct speaker *speaker = net.nodes[node].speaker;
	struct prefix prefix = prefix_of(number);
	enum bgp_family family = prefix_family(&prefix);
	uint32_t destination = rib_find(&speaker->ribs[family], &prefix);
	const struct rib_route *route =
		destination == RIB_NONE ? NULL : best_route(speaker, family, destination);
	const struct choice *wanted = &model[node];
	const struct neighbor *from;
	struct bgp_attributes a;
	char text[256];

	if (route == NULL && !wanted->there)
		return true;
	if (route == NULL) {
		differ("has chosen", number, node, wanted, "nothing");
		return false;
	}
	from = source_of(speaker, (rib_source)route->source)->neighbor;
	attribute_store_read(&speaker->store, route->set, &a);
	if (wanted->there && wanted->from == node && from == NULL)
		return true;
	if (wanted->there && from != NULL &&
		address_equal(&from->settings.address, &net.nodes[wanted->from].address) &&
		path_is(&a, wanted))
		return true;
	differ("has chosen", number, node, wanted,
		from == NULL ? "its own" : bgp_as_path_format(&a, text, sizeof(text)));
	return false;
}

struct heard {
	struct prefix prefix;
	bool found, stale;
	struct bgp_attributes attributes;
};

static bool heard_route(void *context, const struct route_view *route)
{
	struct heard *heard = context;

	if (!prefix_equal(&route->prefix, &heard->prefix))
		return true;
	heard->found = true;
	heard->stale = route->stale;
	heard->attributes = *route->attributes;
	return false;
}

/* What end `end` of a link holds from the other one. */
static bool hearing_right(uint32_t l, unsigned end, uint32_t number)
{
	const struct simulation_link *link = &net.links[l];
	uint32_t to = link->nodes[end], from = link->nodes[1 - end];
	enum side b_is = world.links[l].b_is, to_is = end == 1 ? b_is : reverse(b_is);
	struct heard heard = { .prefix = prefix_of(number) };
	struct choice wanted;
	uint64_t position = 0;
	bool want = link->state == SIMULATION_LINK_UP && told(from, to, to_is, &wanted);

	speaker_routes_received(
		net.nodes[to].speaker, link->neighbors[end], &position, heard_route, &heard);
	if (heard.found != want)
		return false;
	return !want || (!heard.stale && path_is(&heard.attributes, &wanted));
}

static bool prefix_right(uint32_t number)
{
	if (!model_solve(number))
		return false;
	for (uint32_t i = 0; i < world.node_count; i++)
		if (!choice_right(i, number))
			return false;
	for (uint32_t l = 0; l < world.link_count; l++)
		for (unsigned end = 0; end < 2; end++)
			if (!hearing_right(l, end, number)) {
				snprintf(failure, sizeof(failure),
					"prefix %u: node %u holds something else from %u",
					number, net.links[l].nodes[end],
					net.links[l].nodes[1 - end]);
				return false;
			}
	return true;
}

static bool all_right(uint64_t seed, uint32_t nodes, uint32_t happenings)
{
	bool right = true;

	play(seed, nodes, happenings);
	if (!quiet()) {
		snprintf(failure, sizeof(failure), "sessions do not stand as the links do");
		right = false;
	}
	for (uint32_t p = 0; right && p < world.prefix_count; p++)
		right = prefix_right(p);
	total_events += net.events_run;
	total_nodes += nodes;
	simulation_end(&net);
	return right;
}

/* ---- Seeds. ---- */

static uint64_t number_from(const char *name, uint64_t otherwise)
{
	const char *text = getenv(name);

	return text == NULL ? otherwise : strtoull(text, NULL, 10);
}

/* Mostly small ones: they have the stories that matter, and there can be many. */
static uint32_t size_of(uint64_t seed, uint32_t most)
{
	struct random random = { seed };
	uint32_t kind = random_below(&random, 1000), size;

	if (kind < 900)
		size = 2 + random_below(&random, 14);
	else if (kind < 990)
		size = 16 + random_below(&random, 30);
	else
		size = 100 + random_below(&random, NODES_MAX - 100 + 1);
	return size < most ? size : most;
}

static uint32_t happenings_of(uint64_t seed)
{
	struct random random = { ~seed };

	return random_below(&random, 40);
}

static void tell_smallest(uint64_t seed, uint32_t nodes, uint32_t happenings)
{
	bool smaller = true;

	while (smaller) {
		smaller = false;
		if (happenings > 0 && !all_right(seed, nodes, happenings - 1)) {
			happenings--;
			smaller = true;
		} else if (nodes > 2 && !all_right(seed, nodes - 1, happenings)) {
			nodes--;
			smaller = true;
		}
	}
	(void)all_right(seed, nodes, happenings);
	fail_msg("seed %llu, %u nodes, %u happenings: %s", (unsigned long long)seed, nodes,
		happenings, failure);
}

static void stories(void **state)
{
	uint64_t first = number_from("SEED", 1), count = number_from("SEEDS", 1000);
	uint32_t most = (uint32_t)number_from("SIZE", NODES_MAX);

	(void)state;
	if (most > NODES_MAX)
		most = NODES_MAX;
	for (uint64_t seed = first; seed < first + count; seed++) {
		uint32_t nodes = size_of(seed, most), happenings = happenings_of(seed);

		if (!all_right(seed, nodes, happenings))
			tell_smallest(seed, nodes, happenings);
		if (count >= 1000 && (seed - first + 1) % 1000 == 0)
			print_message("%llu seeds, %llu speakers, %llu events\n",
				(unsigned long long)(seed - first + 1),
				(unsigned long long)total_nodes,
				(unsigned long long)total_events);
	}
}

/* One large one, whatever the seeds of the others are. */
static void hundreds(void **state)
{
	(void)state;
	assert_true(all_right(number_from("SEED", 1), 200, 20));
}

static int setup(void **state)
{
	static const uint32_t values[] = { [CUSTOMER] = 300, [PEER] = 200 };
	static const uint32_t bits[] = {
		[CUSTOMER] = 1u << POLICY_RELATION_CUSTOMER, [PEER] = 1u << POLICY_RELATION_PEER
	};
	struct policy_term terms[2];
	struct policy_change changes[2];
	struct policy_rule rules[3] = { [2] = { .then = POLICY_THEN_ACCEPT } };
	struct policy_rules one = { "preferences", rules, 3 };
	struct policy_description description = { .policies = &one, .policy_count = 1 };
	struct policy_book *book;

	(void)state;
	for (unsigned i = 0; i < 2; i++) {
		terms[i] =
			(struct policy_term){ .kind = POLICY_TERM_RELATION, .bits = bits[i] };
		changes[i] = (struct policy_change){ .kind = POLICY_SET_LOCAL_PREF,
			.number = values[i] };
		rules[i] = (struct policy_rule){ .terms = &terms[i],
			.term_count = 1,
			.changes = &changes[i],
			.change_count = 1,
			.then = POLICY_THEN_ACCEPT };
	}
	book = policy_book_new(&description, NULL);
	assert_non_null(book);
	preferences =
		policy_new(book, &(const char *){ "preferences" }, 1, POLICY_END_REJECT, NULL);
	policy_book_release(book);
	return preferences == NULL;
}

static int teardown(void **state)
{
	(void)state;
	policy_release(preferences);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(stories),
		cmocka_unit_test(hundreds),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
