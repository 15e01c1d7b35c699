/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A made-up world: some networks that buy from nobody and are in several cities, some that
 * resell, and many with people in them; each where cities are, buying from who is near.
 *
 * Invariants:
 *  1. The same seed gives the same world, everywhere.
 *  2. Networks buy only from such as were made before them: there is no loop.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/random.h"
#include "world/distance.h"
#include "world/internal.h"

#define TOP_CITIES 4u

struct maker {
	struct config_world *world;
	struct random random;
	struct config_world_network *networks;
	const struct plan_city **cities; /* of each network: its first one */
	uint32_t count, tops, middles;
	bool failed;
};

static void *take(struct maker *m, size_t count, size_t size)
{
	void *memory = arena_take_array(&m->world->arena, count + 1, size);

	m->failed = m->failed || memory == NULL;
	return memory;
}

static const char *name(struct maker *m, const char *kind, uint32_t number)
{
	const char *text = arena_format(&m->world->arena, "%s-%u", kind, number);

	m->failed = m->failed || text == NULL;
	return text;
}

/* A city, the more likely the more people live there; or the more networks meet. */
static const struct plan_city *any_city(struct maker *m, bool meeting)
{
	double total = 0, at;

	for (size_t i = 0; i < plan_city_count; i++)
		total += (double)(meeting ? plan_cities[i].meeting : plan_cities[i].users);
	at = total * (double)random_below(&m->random, 1u << 24) / (1u << 24);
	for (size_t i = 0; i < plan_city_count; i++) {
		at -= (double)(meeting ? plan_cities[i].meeting : plan_cities[i].users);
		if (at < 0)
			return &plan_cities[i];
	}
	return &plan_cities[0];
}

/* The nearest of some networks that is not among the ties yet; with a grain of chance. */
static uint32_t near(struct maker *m, const struct plan_city *city, uint32_t first,
	uint32_t count, const struct config_world_tie *ties, size_t tie_count)
{
	uint32_t best = WORLD_NONE;
	double shortest = 0;

	for (uint32_t i = first; i < first + count; i++) {
		double km = plan_distance_km(city->place, m->cities[i]->place) + 200 +
			    (double)random_below(&m->random, 800);
		bool tied = false;

		for (size_t j = 0; j < tie_count; j++)
			tied = tied || ties[j].name == m->networks[i].name;
		if (!tied && (best == WORLD_NONE || km < shortest)) {
			best = i;
			shortest = km;
		}
	}
	return best;
}

static void add_tie(struct maker *m, uint32_t to, struct config_world_tie *ties, size_t *count)
{
	if (to == WORLD_NONE || m->failed)
		return;
	ties[*count] = (struct config_world_tie){ .name = m->networks[to].name };
	(*count)++;
}

static void make_top(struct maker *m, uint32_t i)
{
	struct config_world_network *network = &m->networks[i];
	struct config_world_tie *peers = take(m, i + 1, sizeof(*peers));
	const char **cities = take(m, TOP_CITIES, sizeof(*cities));

	if (m->failed)
		return;
	for (uint32_t tries = 0; network->city_count < TOP_CITIES && tries < 1000; tries++) {
		const struct plan_city *city = any_city(m, true);
		bool there = false;

		for (size_t j = 0; j < network->city_count; j++)
			there = there || strcmp(cities[j], city->code) == 0;
		if (there)
			continue;
		if (network->city_count == 0)
			m->cities[i] = city;
		cities[network->city_count++] = city->code;
	}
	network->name = name(m, "top", i + 1);
	network->cities = cities;
	network->peers = peers;
	for (uint32_t j = 0; j < i; j++)
		add_tie(m, j, peers, &network->peer_count);
}

static void make_middle(struct maker *m, uint32_t i)
{
	struct config_world_network *network = &m->networks[i];
	struct config_world_tie *providers = take(m, 2, sizeof(*providers));
	struct config_world_tie *peers = take(m, 2, sizeof(*peers));

	if (m->failed)
		return;
	m->cities[i] = any_city(m, true);
	network->name = name(m, "transit", i - m->tops + 1);
	network->city = m->cities[i]->code;
	network->providers = providers;
	network->peers = peers;
	for (int j = 0; j < 2; j++)
		add_tie(m,
			near(m, m->cities[i], 0, m->tops, providers, network->provider_count),
			providers, &network->provider_count);
	if (i > m->tops && random_below(&m->random, 2) == 0)
		add_tie(m, near(m, m->cities[i], m->tops, i - m->tops, NULL, 0), peers,
			&network->peer_count);
}

static void make_edge(struct maker *m, uint32_t i)
{
	struct config_world_network *network = &m->networks[i];
	struct config_world_tie *providers = take(m, 2, sizeof(*providers));
	uint32_t first = m->middles > 0 ? m->tops : 0;
	uint32_t count = m->middles > 0 ? m->middles : m->tops;
	uint32_t wanted = 1 + random_below(&m->random, 2);

	if (m->failed)
		return;
	m->cities[i] = any_city(m, false);
	network->name = name(m, m->cities[i]->code, i + 1);
	network->city = m->cities[i]->code;
	network->people = (double)m->cities[i]->users / (1.0 + random_below(&m->random, 4));
	if (network->people <= 0)
		network->people = 0.1;
	network->providers = providers;
	for (uint32_t j = 0; j < wanted; j++)
		add_tie(m,
			near(m, m->cities[i], first, count, providers, network->provider_count),
			providers, &network->provider_count);
}

static void make_sites(struct maker *m, uint32_t count)
{
	struct config_world_site *sites = take(m, count, sizeof(*sites));

	for (uint32_t i = 0; i < count && !m->failed; i++) {
		struct config_world_tie *upstreams = take(m, 2, sizeof(*upstreams));
		const struct plan_city *city = any_city(m, true);
		uint32_t first = m->middles > 0 ? m->tops : 0;
		uint32_t room = m->middles > 0 ? m->middles : m->tops;

		if (m->failed)
			return;
		sites[i].name = name(m, "site", i + 1);
		sites[i].city = city->code;
		sites[i].upstreams = upstreams;
		for (int j = 0; j < 2; j++)
			add_tie(m,
				near(m, city, first, room, upstreams, sites[i].upstream_count),
				upstreams, &sites[i].upstream_count);
	}
	m->world->sites = sites;
	m->world->site_count = count;
}

static void make(struct maker *m)
{
	for (uint32_t i = 0; i < m->count && !m->failed; i++) {
		if (i < m->tops)
			make_top(m, i);
		else if (i < m->tops + m->middles)
			make_middle(m, i);
		else
			make_edge(m, i);
	}
	m->world->networks = m->networks;
	m->world->network_count = m->count;
}

int world_generate(const struct config_world *from, struct config_world **ret_made)
{
	struct maker m = {
		.world = calloc(1, sizeof(*m.world)),
		.random = { from->generate.seed },
		.count = from->generate.networks,
	};

	if (m.world == NULL)
		return ERROR_MEMORY;
	*m.world = *from;
	m.world->arena = (struct arena){ 0 };
	m.world->generate.networks = 0;
	m.tops = m.count / 25 < 2 ? 2 : m.count / 25;
	if (m.tops > 6)
		m.tops = 6;
	m.middles = m.count < 6 ? 0 : m.count / 6;
	m.networks = take(&m, m.count, sizeof(*m.networks));
	m.cities = take(&m, m.count, sizeof(const struct plan_city *));
	if (!m.failed)
		make(&m);
	if (!m.failed)
		make_sites(&m, from->generate.sites);
	if (m.failed) {
		config_world_free(m.world);
		return ERROR_MEMORY;
	}
	*ret_made = m.world;
	return 0;
}
