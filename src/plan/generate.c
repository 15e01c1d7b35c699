/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A made-up Internet in three steps: who stands where, who buys from whom, who peers where.
 *
 * What is copied from the real one: a clique at the top; 15 % of ASes have customers; degrees
 * with a heavy tail (a new customer copies the choice of an earlier one more often than not);
 * most links are short; most peerings are made at exchanges, the largest of which have a
 * hundredth of all ASes.
 *
 * Invariants:
 *  1. A provider's number is smaller than its customers': no cycles.
 *  2. No pair is linked twice (the table of pairs).
 *  3. Every AS has a link.
 */
#include "plan/generate.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/random.h"

#define TRIES         8     /* candidates looked at for one choice */
#define EXCHANGE_PART 0.011 /* of all ASes are members of the largest exchange */
#define PEER_CHANCE   13400 /* members peer with a chance of this / ASes, at most 1 */
#define SPREAD_CITIES 8

struct node {
	uint16_t city; /* at home */
	float weight;  /* of its users in its city */
};

struct maker {
	struct random random;
	uint32_t count, top, transit,
		access; /* ends of the tiers: [0, top), [top, transit) ... */
	struct node *nodes;
	struct plan_link *links;
	size_t link_count, link_room;
	uint64_t *pairs; /* open table: low << 32 | high, numbers from 1; 0: free */
	size_t pair_size;
	struct plan_exchanges *exchanges; /* members by node until the world is made */
};

static double chance(struct maker *m)
{
	return (double)(random_u64(&m->random) >> 11) * 0x1p-53;
}

/* ---- Links ---- */

static size_t pair_slot(const struct maker *m, uint64_t pair)
{
	uint64_t hash = pair * 0x9e3779b97f4a7c15u;
	size_t slot = (hash ^ (hash >> 29)) & (m->pair_size - 1);

	while (m->pairs[slot] != 0 && m->pairs[slot] != pair)
		slot = (slot + 1) & (m->pair_size - 1);
	return slot;
}

static int grow(struct maker *m)
{
	size_t room = m->link_room == 0 ? 4096 : m->link_room * 2;
	struct plan_link *links = realloc(m->links, room * sizeof(*links));

	if (links == NULL)
		return ERROR_MEMORY;
	m->links = links;
	m->link_room = room;
	free(m->pairs);
	m->pair_size = room * 2;
	m->pairs = calloc(m->pair_size, sizeof(*m->pairs));
	if (m->pairs == NULL)
		return ERROR_MEMORY;
	for (size_t i = 0; i < m->link_count; i++) {
		uint64_t pair = (uint64_t)links[i].a << 32 | links[i].b;

		m->pairs[pair_slot(m, pair)] = pair;
	}
	return 0;
}

/* Link two different nodes, a being the provider (or either of two peers); 1 if that is new, 0
 * if they were linked already. */
static int join(struct maker *m, uint32_t a, uint32_t b, enum plan_relation relation)
{
	uint32_t low = a < b ? a : b, high = a < b ? b : a;
	uint64_t pair = (uint64_t)(low + 1) << 32 | (high + 1);
	size_t slot;

	if (m->link_count == m->link_room && grow(m) != 0)
		return ERROR_MEMORY;
	slot = pair_slot(m, pair);
	if (m->pairs[slot] != 0)
		return 0;
	m->pairs[slot] = pair;
	m->links[m->link_count++] = (struct plan_link){ low + 1, high + 1, relation, 0 };
	return 1;
}

/* ---- Places ---- */

/* A city by its users to a power, or by the networks that meet there. */
static uint16_t draw_city(struct maker *m, double power, double meeting)
{
	double sum = 0, at;

	for (size_t i = 0; i < plan_city_count; i++)
		sum += pow(plan_cities[i].users, power) + meeting * plan_cities[i].meeting;
	at = chance(m) * sum;
	for (size_t i = 0; i < plan_city_count; i++) {
		at -= pow(plan_cities[i].users, power) + meeting * plan_cities[i].meeting;
		if (at < 0)
			return (uint16_t)i;
	}
	return 0;
}

static void settle(struct maker *m)
{
	for (uint32_t i = 0; i < m->count; i++) {
		struct node *node = &m->nodes[i];
		double tail = pow(1 - chance(m), -0.8); /* Pareto */

		if (i < m->top)
			node->city = draw_city(m, 0, 20);
		else if (i < m->transit)
			node->city = draw_city(m, 0.3, 20);
		else
			node->city = draw_city(m, 0.6, 5);
		node->weight = (float)(i < m->top ? 0 : i < m->access ? 10 * tail : tail);
	}
}

static double distance(const struct maker *m, uint32_t a, uint32_t b)
{
	return plan_distance_km(
		plan_cities[m->nodes[a].city].place, plan_cities[m->nodes[b].city].place);
}

/* ---- Who buys from whom ---- */

/* Somebody of [from, to), who has a link already more likely than not. */
static uint32_t draw_provider(struct maker *m, uint32_t from, uint32_t to)
{
	if (m->link_count > 0 && random_below(&m->random, 100) < 60) {
		const struct plan_link *link =
			&m->links[random_below(&m->random, (uint32_t)m->link_count)];

		if (link->relation == PLAN_PROVIDER_OF && link->a - 1 >= from &&
			link->a - 1 < to)
			return link->a - 1;
	}
	return from + random_below(&m->random, to - from);
}

/* The nearest of some; -1 if there was none that is new. */
static int buy(struct maker *m, uint32_t customer, uint32_t from, uint32_t to, int tries)
{
	uint32_t best = from;
	double least = INFINITY;

	if (to > customer)
		to = customer;
	if (from >= to)
		return 0;
	for (int i = 0; i < tries; i++) {
		uint32_t provider = draw_provider(m, from, to);
		double km = distance(m, customer, provider);

		if (km < least) {
			least = km;
			best = provider;
		}
	}
	return join(m, best, customer, PLAN_PROVIDER_OF);
}

static int buy_all(struct maker *m)
{
	int result = 0;

	for (uint32_t i = m->top; i < m->count && result >= 0; i++) {
		uint32_t dice = random_below(&m->random, 100);
		uint32_t providers = dice < 50 ? 1 : dice < 85 ? 2 : 3;

		if (i < m->access)
			providers++;
		for (uint32_t p = 0; p < providers && result >= 0; p++) {
			dice = random_below(&m->random, 100);
			if (i < m->transit)
				result = dice < 70 || i == m->top
						 ? buy(m, i, 0, m->top, 2)
						 : buy(m, i, m->top, m->transit, TRIES);
			else if (dice < 5)
				result = buy(m, i, 0, m->top, 2);
			else if (dice < 35 || i < m->access)
				result = buy(m, i, m->top, m->transit, TRIES);
			else
				result = buy(m, i, m->transit, m->access, 3 * TRIES);
		}
		/* Invariant 3, where a tier is too small to choose from. */
		if (result >= 0 && i < m->transit + 2)
			result = join(m, i % m->top, i, PLAN_PROVIDER_OF);
	}
	return result < 0 ? result : 0;
}

/* ---- Who peers where ---- */

static uint32_t draw_member(struct maker *m, uint16_t city)
{
	uint32_t best = m->top, range = m->count - m->top;
	double least = INFINITY;

	if (random_below(&m->random, 100) < 25)
		return m->top + random_below(&m->random, m->transit - m->top);
	for (int i = 0; i < TRIES; i++) {
		uint32_t member = m->top + random_below(&m->random, range);
		double km = plan_distance_km(
			plan_cities[m->nodes[member].city].place, plan_cities[city].place);

		if (km < least) {
			least = km;
			best = member;
		}
	}
	return best;
}

/* Note who is a member, for those who want to lose an exchange. */
static int note_members(struct maker *m, uint16_t city, const uint32_t *members, uint32_t size)
{
	uint32_t exchange;
	int result = size < 2 ? 0
			      : plan_exchanges_add(
					m->exchanges, plan_cities[city].name, &exchange, NULL);

	for (uint32_t i = 0; i < size && size >= 2 && result == 0; i++)
		result = plan_exchanges_join(m->exchanges, exchange, members[i], NULL);
	return result;
}

static int meet(struct maker *m, uint16_t city, uint32_t *members)
{
	uint32_t size = (uint32_t)(EXCHANGE_PART * m->count * plan_cities[city].meeting + 0.5);
	double odds = (double)PEER_CHANCE / m->count;
	int result = 0;

	for (uint32_t i = 0; i < size; i++)
		members[i] = draw_member(m, city);
	result = note_members(m, city, members, size);
	for (uint32_t i = 0; i < size && result >= 0; i++)
		for (uint32_t j = 0; j < i && result >= 0; j++)
			if (members[i] != members[j] && (odds >= 1 || chance(m) < odds))
				result = join(m, members[i], members[j], PLAN_PEERS);
	return result < 0 ? result : 0;
}

static int peer_all(struct maker *m)
{
	uint32_t *members = calloc(m->count, sizeof(*members));
	int result = members == NULL || plan_exchanges_create(&m->exchanges, NULL) != 0
			     ? ERROR_MEMORY
			     : 0;

	for (uint32_t a = 0; a < m->top && result >= 0; a++)
		for (uint32_t b = 0; b < a && result >= 0; b++)
			result = join(m, a, b, PLAN_PEERS);
	for (size_t city = 0; city < plan_city_count && result >= 0; city++)
		result = meet(m, (uint16_t)city, members);
	free(members);
	return result < 0 ? result : 0;
}

/* ---- Who lives where ---- */

static void count_users(const struct maker *m, struct plan_world *world)
{
	double weights[256] = { 0 };

	_Static_assert(sizeof(weights) / sizeof(weights[0]) >= 200, "room for all cities");
	for (uint32_t i = 0; i < m->count; i++)
		weights[m->nodes[i].city] += m->nodes[i].weight;
	world->users_total = 0;
	for (uint32_t i = 0; i < m->count; i++) {
		uint32_t as = plan_graph_find(world->graph, i + 1);
		uint16_t city = m->nodes[i].city;
		double users = weights[city] == 0 ? 0
						  : floor(plan_cities[city].users * 1e6 *
							    m->nodes[i].weight / weights[city]);

		world->users[as] = users;
		world->users_total += users;
	}
	world->users_known = true;
}

/* How many cities an AS is in. */
static uint32_t reach(const struct maker *m, uint32_t i)
{
	return i < m->top ? SPREAD_CITIES : i < m->transit ? 3 : 1;
}

static int spread_users(struct maker *m, struct plan_world *world)
{
	const struct plan_graph *g = world->graph;
	uint32_t at = 0;

	for (uint32_t as = 0; as < g->as_count; as++) {
		world->first[as] = at;
		at += reach(m, g->asn[as] - 1);
	}
	world->first[g->as_count] = at;
	world->spreads = malloc(at * sizeof(*world->spreads));
	if (world->spreads == NULL)
		return ERROR_MEMORY;
	for (uint32_t i = 0; i < m->count; i++) {
		uint32_t as = plan_graph_find(g, i + 1);

		for (uint32_t j = 0; j < reach(m, i); j++) {
			const struct plan_city *city =
				&plan_cities[j == 0 ? m->nodes[i].city : draw_city(m, 0.3, 20)];

			world->spreads[world->first[as] + j] = (struct plan_spread){
				.place = { city->place.latitude + (float)(chance(m) * 4 - 2),
					city->place.longitude + (float)(chance(m) * 4 - 2) },
				.share = reach(m, i) == 1 ? 1
					 : j == 0         ? 0.5F
							  : 0.5F / (float)(reach(m, i) - 1),
			};
		}
	}
	world->places_known = true;
	return 0;
}

static void open_exchanges(struct maker *m, struct plan_world *world)
{
	for (size_t i = 0; i < m->exchanges->member_count; i++)
		m->exchanges->members[i].as =
			plan_graph_find(world->graph, m->exchanges->members[i].as + 1);
	plan_exchanges_arrange(m->exchanges);
	world->exchanges = m->exchanges;
	m->exchanges = NULL;
}

static int make_world(struct maker *m, struct plan_world **ret_world, struct error *error)
{
	struct plan_graph *graph;
	struct plan_world *world;
	int result = plan_graph_build(m->links, m->link_count, &graph, error);

	if (result == 0)
		result = plan_world_create(graph, &world, error);
	if (result != 0)
		return result;
	count_users(m, world);
	open_exchanges(m, world);
	if (spread_users(m, world) != 0) {
		plan_world_free(world);
		return error_set(error, ERROR_MEMORY, "no memory for the places");
	}
	*ret_world = world;
	return 0;
}

int plan_generate(
	const struct plan_recipe *recipe, struct plan_world **ret_world, struct error *error)
{
	struct maker m = { .random = { .state = recipe->seed }, .count = recipe->ases };
	int result;

	if (recipe->ases < PLAN_GENERATE_MIN || recipe->ases > PLAN_GENERATE_MAX)
		return error_set(error, ERROR_RANGE, "an Internet has %d to %d ASes",
			PLAN_GENERATE_MIN, PLAN_GENERATE_MAX);
	m.top = m.count / 400 < 3 ? 3 : m.count / 400 > 14 ? 14 : m.count / 400;
	m.transit = m.top + m.count / 25 + 1;
	m.access = m.transit + m.count / 9 + 1;
	m.nodes = calloc(m.count, sizeof(*m.nodes));
	result = m.nodes == NULL ? ERROR_MEMORY : 0;
	if (result == 0)
		settle(&m);
	if (result == 0)
		result = buy_all(&m);
	if (result == 0)
		result = peer_all(&m);
	if (result == 0)
		result = make_world(&m, ret_world, error);
	else
		result = error_set(error, ERROR_MEMORY, "no memory for %u ASes", m.count);
	free(m.nodes);
	free(m.links);
	free(m.pairs);
	plan_exchanges_free(m.exchanges);
	return result;
}
