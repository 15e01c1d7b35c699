/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The RPKI table against a model that is slow and obvious: a list of who says what. After any
 * sequence of batches, changes of use and local exceptions, every route gets the same verdict
 * from both; and a route whose verdict changed is in the change that was taken.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "base/random.h"
#include "route/rpki_table.h"

#define SOURCES  3
#define SAYS     400
#define FILTERS  6
#define ROUTES   60
#define HOPS     6
#define AS_COUNT 6
#define ROUNDS   150
#define STEPS    12

struct said {
	unsigned source; /* SOURCES: asserted */
	struct rpki_vrp vrp;
};

struct model {
	struct said said[SAYS];
	size_t count;
	struct rpki_filter filters[FILTERS];
	size_t filter_count;
	/* Bit j of aspa[s][i]: source s says that AS j is a provider of AS i. Bit 0: there is
	 * an ASPA. */
	uint32_t aspa[SOURCES + 1][AS_COUNT + 1];
	uint32_t aspa_filters; /* bits of customers */
	uint32_t use;
};

struct route {
	struct prefix prefix;
	uint32_t origin;
	uint8_t path[2 + HOPS * 4];
	struct bgp_attributes attributes;
	enum aspa_direction direction;
	enum rpki_state state; /* as last seen */
	enum aspa_state path_state;
};

/* ---- Random values, from a small world so that they meet. ---- */

static struct prefix some_prefix(struct random *random)
{
	struct prefix prefix = { 0 };
	bool ipv4 = random_below(random, 2) == 0;

	if (ipv4) {
		prefix.address = address_ipv4(
			random_below(random, 4) << 30 | random_below(random, 16) << 20);
		prefix.length = (uint8_t)random_below(random, 15);
		if (random_below(random, 8) == 0)
			prefix.length = (uint8_t)random_below(random, 33);
	} else {
		static const uint8_t lengths[] = { 0, 3, 19, 20, 32, 48, 63, 64, 65, 66, 128 };

		prefix.address.family = FAMILY_IPV6;
		prefix.address.bytes[0] = (uint8_t)(random_below(random, 4) << 5 | 0x20);
		prefix.address.bytes[2] = (uint8_t)(random_below(random, 4) << 4);
		prefix.address.bytes[8] = (uint8_t)(random_below(random, 4) << 6);
		prefix.length = lengths[random_below(random, sizeof(lengths))];
	}
	prefix_normalise(&prefix);
	return prefix;
}

static struct rpki_vrp some_vrp(struct random *random)
{
	struct rpki_vrp vrp = { .prefix = some_prefix(random), .asn = random_below(random, 4) };
	uint32_t more = family_bits(vrp.prefix.address.family) - vrp.prefix.length;

	vrp.max_length = (uint8_t)(vrp.prefix.length + random_below(random, more + 1));
	if (random_below(random, 2) == 0)
		vrp.max_length = vrp.prefix.length;
	return vrp;
}

static void some_route(struct random *random, struct route *route)
{
	uint8_t hops = (uint8_t)(1 + random_below(random, HOPS));
	struct writer w = writer_of(route->path, sizeof(route->path));

	*route = (struct route){ .prefix = some_prefix(random),
		.origin = random_below(random, 4),
		.direction = (enum aspa_direction)random_below(random, 2) };
	writer_u8(&w, BGP_SEGMENT_SEQUENCE);
	writer_u8(&w, hops);
	for (unsigned i = 0; i < hops; i++)
		writer_u32(&w, 1 + random_below(random, AS_COUNT));
	route->attributes.as_path = route->path;
	route->attributes.as_path_size = (uint16_t)writer_length(&w);
}

/* ---- The model's answers. ---- */

static bool vrp_equal(const struct rpki_vrp *a, const struct rpki_vrp *b)
{
	return prefix_equal(&a->prefix, &b->prefix) && a->max_length == b->max_length &&
	       a->asn == b->asn;
}

static bool filtered(const struct model *model, const struct rpki_vrp *vrp)
{
	for (size_t i = 0; i < model->filter_count; i++) {
		const struct rpki_filter *f = &model->filters[i];

		if ((!f->has_prefix || prefix_contains(&f->prefix, &vrp->prefix)) &&
			(!f->has_asn || f->asn == vrp->asn))
			return true;
	}
	return false;
}

static bool used(const struct model *model, const struct said *said)
{
	if (said->source == SOURCES)
		return true;
	return ((model->use >> said->source) & 1) && !filtered(model, &said->vrp);
}

static enum rpki_state model_validate(const struct model *model, const struct route *route)
{
	enum rpki_state state = RPKI_NOT_FOUND;

	for (size_t i = 0; i < model->count; i++) {
		const struct rpki_vrp *vrp = &model->said[i].vrp;

		if (!used(model, &model->said[i]) ||
			!prefix_contains(&vrp->prefix, &route->prefix))
			continue;
		if (vrp->asn == route->origin && vrp->asn != 0 &&
			route->prefix.length <= vrp->max_length)
			return RPKI_VALID;
		state = RPKI_INVALID;
	}
	return state;
}

/* 1: yes, 0: nothing is said, -1: no. */
static int model_provider(const struct model *model, uint32_t customer, uint32_t provider)
{
	uint32_t bits = model->aspa[SOURCES][customer];

	for (unsigned s = 0; s < SOURCES; s++)
		if (((model->use >> s) & 1) && !((model->aspa_filters >> customer) & 1))
			bits |= model->aspa[s][customer];
	return bits == 0 ? 0 : (bits >> provider) & 1 ? 1 : -1;
}

/* Word by word what sections 5.4 to 5.6 of the draft say, with the path from its origin. */
static enum aspa_state model_verify(const struct model *model, const struct route *route)
{
	uint32_t a[HOPS + 1] = { 0 };
	int n = 0, max_up, min_up, max_down = 0, min_down = 0;

	for (int i = route->path[1] - 1; i >= 0; i--) {
		uint32_t asn = route->path[2 + i * 4 + 3];

		if (n == 0 || a[n] != asn)
			a[++n] = asn;
	}
	max_up = min_up = n;
	for (int i = n - 1; i >= 1; i--) {
		if (model_provider(model, a[i], a[i + 1]) < 0)
			max_up = i;
		if (model_provider(model, a[i], a[i + 1]) <= 0)
			min_up = i;
	}
	if (route->direction == ASPA_DOWNSTREAM) {
		max_down = min_down = n;
		for (int j = 2; j <= n; j++) {
			if (model_provider(model, a[j], a[j - 1]) < 0)
				max_down = n - j + 1;
			if (model_provider(model, a[j], a[j - 1]) <= 0)
				min_down = n - j + 1;
		}
	}
	if (max_up + max_down < n)
		return ASPA_INVALID;
	return min_up + min_down < n ? ASPA_UNKNOWN : ASPA_VALID;
}

/* ---- Steps, done to both. ---- */

struct pair {
	struct random random;
	struct model model;
	struct rpki_table *table;
};

static size_t model_find(const struct model *model, unsigned source, const struct rpki_vrp *vrp)
{
	size_t i = 0;

	while (i < model->count &&
		(model->said[i].source != source || !vrp_equal(&model->said[i].vrp, vrp)))
		i++;
	return i;
}

static void model_forget(struct model *model, unsigned source)
{
	size_t kept = 0;

	for (size_t i = 0; i < model->count; i++)
		if (model->said[i].source != source)
			model->said[kept++] = model->said[i];
	model->count = kept;
	memset(model->aspa[source], 0, sizeof(model->aspa[source]));
}

static void batch_vrps(
	struct pair *pair, struct model *model, unsigned source, struct rpki_batch *batch)
{
	for (uint32_t n = random_below(&pair->random, 30); n > 0; n--) {
		struct rpki_vrp vrp = some_vrp(&pair->random);
		size_t at;

		/* Half of the time about one that there is. */
		if (model->count > 0 && random_below(&pair->random, 2) == 0)
			vrp = model->said[random_below(&pair->random, (uint32_t)model->count)]
				      .vrp;
		at = model_find(model, source, &vrp);
		if (at == model->count && model->count == SAYS)
			continue;
		assert_int_equal(rpki_batch_vrp(batch, at == model->count, &vrp), 0);
		if (at == model->count)
			model->said[model->count++] = (struct said){ source, vrp };
		else
			model->said[at] = model->said[--model->count];
	}
}

static void batch_aspas(
	struct pair *pair, struct model *model, unsigned source, struct rpki_batch *batch)
{
	for (uint32_t n = random_below(&pair->random, 4); n > 0; n--) {
		uint32_t customer = 1 + random_below(&pair->random, AS_COUNT), list[AS_COUNT];
		uint32_t *bits = &model->aspa[source][customer];
		bool announce = *bits == 0 || random_below(&pair->random, 2) == 0;
		size_t count = 0;

		*bits = announce ? 1u | (uint32_t)random_u64(&pair->random) % (2u << AS_COUNT)
				 : 0;
		for (uint32_t asn = AS_COUNT; asn > 0 && announce; asn--)
			if ((*bits >> asn) & 1)
				list[count++] = asn;
		assert_int_equal(
			rpki_batch_aspa(batch, announce, FAMILY_NONE, customer, list, count),
			0);
	}
}

static void step_batch(struct pair *pair)
{
	unsigned source = random_below(&pair->random, SOURCES);
	bool replace = random_below(&pair->random, 4) == 0;
	bool broken = random_below(&pair->random, 4) == 0;
	struct rpki_batch *batch = rpki_batch_new();
	struct model after = pair->model;
	struct rpki_conflict conflict;
	int r;

	if (replace)
		model_forget(&after, source);
	batch_vrps(pair, &after, source, batch);
	batch_aspas(pair, &after, source, batch);
	if (broken) {
		/* Announced twice: nothing of it may stay. */
		struct rpki_vrp vrp = some_vrp(&pair->random);

		if (model_find(&after, source, &vrp) == after.count)
			assert_int_equal(rpki_batch_vrp(batch, true, &vrp), 0);
		assert_int_equal(rpki_batch_vrp(batch, true, &vrp), 0);
	}
	r = rpki_table_apply(
		pair->table, source, batch, replace ? RPKI_REPLACE : RPKI_DELTA, &conflict);
	assert_int_equal(r, broken ? ERROR_EXISTS : 0);
	if (!broken)
		pair->model = after;
	rpki_batch_free(batch);
}

static void step_use(struct pair *pair)
{
	pair->model.use = random_below(&pair->random, 1u << SOURCES);
	assert_int_equal(rpki_table_use(pair->table, pair->model.use), 0);
}

static void step_clear(struct pair *pair)
{
	unsigned source = random_below(&pair->random, SOURCES);

	model_forget(&pair->model, source);
	assert_int_equal(rpki_table_clear(pair->table, source), 0);
}

static void step_except(struct pair *pair)
{
	struct model *model = &pair->model;
	struct rpki_vrp asserted[3];
	uint32_t customers[2];
	struct rpki_exceptions exceptions = {
		.filters = model->filters, .assertions = asserted, .aspa_filters = customers
	};

	model_forget(model, SOURCES);
	model->filter_count = random_below(&pair->random, FILTERS + 1);
	for (size_t i = 0; i < model->filter_count; i++) {
		uint32_t kind = 1 + random_below(&pair->random, 3);

		model->filters[i] = (struct rpki_filter){ .has_prefix = kind & 1,
			.has_asn = kind & 2,
			.prefix = some_prefix(&pair->random),
			.asn = random_below(&pair->random, 4) };
	}
	exceptions.filter_count = model->filter_count;
	for (uint32_t n = random_below(&pair->random, 4); n > 0 && model->count < SAYS; n--) {
		struct rpki_vrp vrp = some_vrp(&pair->random);

		asserted[exceptions.assertion_count++] = vrp;
		model->said[model->count++] = (struct said){ SOURCES, vrp };
	}
	model->aspa_filters = 0;
	for (uint32_t n = random_below(&pair->random, 3); n > 0; n--) {
		customers[exceptions.aspa_filter_count] =
			1 + random_below(&pair->random, AS_COUNT);
		model->aspa_filters |= 1u << customers[exceptions.aspa_filter_count++];
	}
	assert_int_equal(rpki_table_except(pair->table, &exceptions), 0);
}

/* ---- The comparison. ---- */

static void compare(struct pair *pair, struct route *routes)
{
	struct rpki_change *change = rpki_table_change_take(pair->table);

	for (size_t i = 0; i < ROUTES; i++) {
		struct route *route = &routes[i];
		enum rpki_state expected = model_validate(&pair->model, route);
		enum aspa_state path = model_verify(&pair->model, route);
		struct rpki_verdict verdict;

		assert_int_equal(rpki_table_validate(
					 pair->table, &route->prefix, route->origin, &verdict),
			expected);
		assert_int_equal(verdict.state, expected);
		assert_int_equal(rpki_table_verify_path(pair->table, &route->attributes,
					 route->direction, 0, NULL),
			path);
		if (expected != route->state)
			assert_true(
				change != NULL && rpki_change_covers(change, &route->prefix));
		if (path != route->path_state)
			assert_true(change != NULL &&
				    rpki_change_concerns_path(change, &route->attributes));
		route->state = expected;
		route->path_state = path;
	}
	rpki_change_free(change);
}

/* Prefixes of a change: in order, and none inside the one before. */
static void change_check(struct pair *pair)
{
	struct rpki_change *change = rpki_table_change_take(pair->table);
	struct prefix last = { 0 }, next;
	size_t position = 0, count = 0;

	while (change != NULL && rpki_change_next(change, &position, &next)) {
		if (count++ > 0) {
			assert_true(prefix_compare(&last, &next) < 0);
			assert_false(prefix_contains(&last, &next));
		}
		assert_true(rpki_change_covers(change, &next));
		last = next;
	}
	if (change != NULL)
		assert_int_equal(count, rpki_change_prefixes(change));
	rpki_change_free(change);
}

static void round_run(uint64_t seed)
{
	struct pair pair = { .random = { seed }, .table = rpki_table_new() };
	struct route routes[ROUTES];

	assert_non_null(pair.table);
	for (size_t i = 0; i < ROUTES; i++)
		some_route(&pair.random, &routes[i]);
	for (size_t i = 0; i < ROUTES; i++)
		routes[i].path_state = model_verify(&pair.model, &routes[i]);
	for (int step = 0; step < STEPS; step++) {
		/* Two steps between comparisons, so that changes pile up. */
		for (int i = 0; i < 2; i++)
			switch (random_below(&pair.random, 8)) {
			case 0:
				step_use(&pair);
				break;
			case 1:
				step_clear(&pair);
				break;
			case 2:
				step_except(&pair);
				break;
			default:
				step_batch(&pair);
				break;
			}
		if (step % 4 == 3) {
			change_check(&pair);
			for (size_t i = 0; i < ROUTES; i++) {
				routes[i].state = model_validate(&pair.model, &routes[i]);
				routes[i].path_state = model_verify(&pair.model, &routes[i]);
			}
		}
		compare(&pair, routes);
	}
	rpki_table_free(pair.table);
}

static void test_like_the_model(void **state)
{
	const char *rounds = getenv("RPKI_ROUNDS");
	uint64_t count = rounds == NULL ? ROUNDS : strtoull(rounds, NULL, 10);

	(void)state;
	for (uint64_t seed = 1; seed <= count; seed++)
		round_run(seed);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_like_the_model),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
