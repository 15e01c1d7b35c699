/* SPDX-License-Identifier: Apache-2.0 */
/* The table against a plain array of prefixes and routes: random changes, then the same
 * content. */
#include "route/rib.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/random.h"

#define PREFIXES 600u
#define SOURCES  5u
#define PATHS    3u

struct model {
	struct prefix prefix;
	bool has[SOURCES][PATHS];
	attribute_set set[SOURCES][PATHS];
	bool best;
};

struct fixture {
	struct random random;
	struct attribute_store store;
	struct rib rib;
	struct model models[PREFIXES];
	attribute_set sets[8];
};

static uint32_t pick(struct fixture *f, uint32_t bound)
{
	return random_below(&f->random, bound);
}

/* Few bits differ, so that prefixes contain each other. */
static struct prefix prefix_pick(struct fixture *f, enum family family)
{
	struct prefix prefix = { .address.family = (uint8_t)family };

	prefix.length = (uint8_t)pick(f, family_bits(family) + 1u);
	for (size_t i = 0; i < address_size(&prefix.address); i++)
		prefix.address.bytes[i] = (uint8_t)(pick(f, 2) == 0 ? 0 : pick(f, 256));
	prefix_normalise(&prefix);
	return prefix;
}

static void begin(struct fixture *f, enum family family, uint64_t seed)
{
	struct hash_seed hash_seed = { seed, ~seed };
	struct bgp_attributes a = { .present = 1ull << BGP_ATTRIBUTE_MED };
	bool again;

	*f = (struct fixture){ .random = { seed } };
	attribute_store_init(&f->store, &hash_seed);
	assert_int_equal(rib_init(&f->rib, family, &f->store, &hash_seed), 0);
	for (uint32_t i = 0; i < PREFIXES; i++)
		do {
			f->models[i].prefix = prefix_pick(f, family);
			again = false;
			for (uint32_t j = 0; j < i; j++)
				again |= prefix_equal(
					&f->models[j].prefix, &f->models[i].prefix);
		} while (again);
	for (uint32_t i = 0; i < 8; i++) {
		a.med = i;
		f->sets[i] = attribute_store_intern(&f->store, &a);
		assert_int_not_equal(f->sets[i], ATTRIBUTE_SET_NONE);
	}
}

static bool empty(const struct model *model)
{
	for (uint32_t s = 0; s < SOURCES; s++)
		for (uint32_t p = 0; p < PATHS; p++)
			if (model->has[s][p])
				return false;
	return true;
}

static void add(struct fixture *f, struct model *model, uint32_t s, uint32_t p)
{
	uint32_t destination = rib_get(&f->rib, &model->prefix), index, count;
	attribute_set set = f->sets[pick(f, 8)];
	struct rib_route *route;

	assert_int_not_equal(destination, RIB_NONE);
	index = rib_route_find(&f->rib, destination, (rib_source)s, p);
	assert_int_equal(index != RIB_NONE, model->has[s][p]);
	if (index == RIB_NONE)
		index = rib_route_add(&f->rib, destination, (rib_source)s, p);
	assert_int_not_equal(index, RIB_NONE);
	route = &rib_routes(&f->rib, destination, &count)[index];
	attribute_store_hold(&f->store, set);
	attribute_store_release(&f->store, route->set);
	route->set = set;
	model->has[s][p] = true;
	model->set[s][p] = set;
	model->best = pick(f, 2);
	rib_best_set(&f->rib, destination, model->best);
}

static void take(struct fixture *f, struct model *model, uint32_t s, uint32_t p)
{
	uint32_t destination = rib_find(&f->rib, &model->prefix);

	assert_int_equal(destination == RIB_NONE, empty(model));
	if (destination == RIB_NONE || !model->has[s][p])
		return;
	rib_route_remove(
		&f->rib, destination, rib_route_find(&f->rib, destination, (rib_source)s, p));
	model->has[s][p] = false;
	if (!empty(model))
		return;
	rib_best_set(&f->rib, destination, false);
	model->best = false;
	rib_forget(&f->rib, destination);
}

static void destination_agrees(struct fixture *f, const struct model *model)
{
	uint32_t destination = rib_find(&f->rib, &model->prefix), count, expected = 0;
	const struct rib_route *routes;
	struct prefix prefix;

	if (empty(model)) {
		assert_int_equal(destination, RIB_NONE);
		return;
	}
	assert_int_not_equal(destination, RIB_NONE);
	assert_true(rib_used(&f->rib, destination));
	prefix = rib_prefix(&f->rib, destination);
	assert_true(prefix_equal(&prefix, &model->prefix));
	assert_int_equal(rib_has_best(&f->rib, destination), model->best);
	routes = rib_routes(&f->rib, destination, &count);
	for (uint32_t s = 0; s < SOURCES; s++)
		for (uint32_t p = 0; p < PATHS; p++) {
			uint32_t index = rib_route_find(&f->rib, destination, (rib_source)s, p);

			assert_int_equal(index != RIB_NONE, model->has[s][p]);
			if (index == RIB_NONE)
				continue;
			assert_int_equal(routes[index].set, model->set[s][p]);
			expected++;
		}
	assert_int_equal(count, expected);
	for (uint32_t i = 0; i < count; i++)
		for (uint32_t j = 0; j < i; j++)
			assert_int_not_equal(routes[i].out_id, routes[j].out_id);
}

static void lookup_agrees(struct fixture *f)
{
	struct prefix target = prefix_pick(f, (enum family)f->rib.family);
	uint32_t found = rib_lookup(&f->rib, &target.address);
	const struct model *best = NULL;
	struct prefix prefix;

	for (uint32_t i = 0; i < PREFIXES; i++) {
		const struct model *model = &f->models[i];

		if (model->best && prefix_contains_address(&model->prefix, &target.address) &&
			(best == NULL || model->prefix.length > best->prefix.length))
			best = model;
	}
	assert_int_equal(found == RIB_NONE, best == NULL);
	if (best == NULL)
		return;
	prefix = rib_prefix(&f->rib, found);
	assert_true(prefix_equal(&prefix, &best->prefix));
}

static void holds_what_was_put(enum family family)
{
	struct fixture *f = calloc(1, sizeof(*f));

	assert_non_null(f);
	for (uint64_t seed = 1; seed <= 12; seed++) {
		uint64_t routes = 0;

		begin(f, family, seed);
		for (uint32_t step = 0; step < 12000; step++) {
			struct model *model = &f->models[pick(f, PREFIXES)];
			bool fill = step / 1500 % 2 == 0;
			uint32_t s = pick(f, SOURCES), p = pick(f, PATHS);

			if (pick(f, 4) == 0 ? !fill : fill)
				add(f, model, s, p);
			else
				take(f, model, s, p);
			destination_agrees(f, model);
		}
		for (uint32_t i = 0; i < PREFIXES; i++) {
			destination_agrees(f, &f->models[i]);
			for (uint32_t s = 0; s < SOURCES; s++)
				for (uint32_t p = 0; p < PATHS; p++)
					routes += f->models[i].has[s][p];
		}
		assert_int_equal(f->rib.routes, routes);
		for (int i = 0; i < 300; i++)
			lookup_agrees(f);
		for (uint32_t i = 0; i < 8; i++)
			attribute_store_release(&f->store, f->sets[i]);
		rib_clear(&f->rib);
		assert_int_equal(f->store.count, 0);
		attribute_store_clear(&f->store);
	}
	free(f);
}

static void ipv4(void **state)
{
	(void)state;
	holds_what_was_put(FAMILY_IPV4);
}

static void ipv6(void **state)
{
	(void)state;
	holds_what_was_put(FAMILY_IPV6);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ipv4),
		cmocka_unit_test(ipv6),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
