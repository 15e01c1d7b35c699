/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The decision process against a slow and obvious model, on random candidates with many ties.
 *
 * The model takes the text of RFC 4271 section 9.1.2.2 at its word: all paths are there; rule
 * after rule, each path to which the rule prefers another one that is still there goes. A case
 * that fails is made smaller while it still fails, and printed. `SEED=n` runs one case.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "base/random.h"
#include "route/decision.h"

#define MOST  48
#define SEEDS 20000

struct world {
	struct decision_settings settings;
	uint32_t count;
	struct decision_candidate candidates[MOST];
};

static const struct address addresses[] = { { FAMILY_IPV4, { 192, 0, 2, 1 } },
	{ FAMILY_IPV4, { 192, 0, 2, 2 } }, { FAMILY_IPV6, { 0x20, 1 } } };

/* ---- The model. ---- */

/* Is a preferred to b by this rule alone? */
typedef bool rule(const struct decision_candidate *a, const struct decision_candidate *b,
	const struct decision_settings *s);

#define RULE(name, condition)                                                          \
	static bool rule_##name(const struct decision_candidate *a,                    \
		const struct decision_candidate *b, const struct decision_settings *s) \
	{                                                                              \
		(void)s;                                                               \
		return condition;                                                      \
	}

static uint64_t model_med(const struct decision_candidate *c, bool worst)
{
	return c->attributes.has_med ? c->attributes.med : worst ? 0xffffffff : 0;
}

static bool model_same_as(
	const struct decision_candidate *a, const struct decision_candidate *b)
{
	bool none_a = a->attributes.neighbor_as == 0 && a->attributes.path_length != 0;
	bool none_b = b->attributes.neighbor_as == 0 && b->attributes.path_length != 0;

	return !none_a && !none_b && a->attributes.neighbor_as == b->attributes.neighbor_as;
}

static uint32_t model_id(const struct decision_candidate *c)
{
	if (c->attributes.has_originator)
		return c->attributes.originator_id;
	return c->router_id;
}

static int model_address(const struct decision_candidate *c)
{
	return c->address == NULL ? -1 : (int)(c->address - addresses);
}

RULE(stale, !a->stale && b->stale)
RULE(weight, a->weight > b->weight)
RULE(local, a->origin == DECISION_FROM_HERE && b->origin != DECISION_FROM_HERE)
RULE(local_pref, a->attributes.local_pref > b->attributes.local_pref)
RULE(path, !s->ignore_path_length && a->attributes.path_length < b->attributes.path_length)
RULE(origin, a->attributes.origin < b->attributes.origin)
RULE(med, (s->med == DECISION_MED_ALWAYS || model_same_as(a, b)) &&
		  model_med(a, s->missing_med_worst) < model_med(b, s->missing_med_worst))
RULE(external, a->origin == DECISION_FROM_EBGP && b->origin == DECISION_FROM_IBGP)
RULE(metric, a->metric < b->metric)
RULE(age, s->prefer_oldest && a->origin == DECISION_FROM_EBGP &&
		  b->origin == DECISION_FROM_EBGP && a->since < b->since)
RULE(router_id, model_id(a) < model_id(b))
RULE(clusters, a->attributes.cluster_count < b->attributes.cluster_count)
RULE(address, model_address(a) < model_address(b))
RULE(path_id, a->path_id < b->path_id)

static rule *const shared_rules[] = { rule_stale, rule_weight, rule_local, rule_local_pref,
	rule_path, rule_origin, rule_med, rule_external, rule_metric, NULL };
static rule *const last_rules[] = { rule_age, rule_router_id, rule_clusters, rule_address,
	rule_path_id, NULL };

/* Which are still there. */
struct there {
	bool is[MOST];
};

static void eliminate(const struct world *world, struct there *there, rule *const rules[])
{
	for (; *rules != NULL; rules++) {
		struct there before = *there;

		for (uint32_t m = 0; m < world->count; m++)
			for (uint32_t n = 0; n < world->count; n++)
				if (before.is[m] && before.is[n] &&
					(*rules)(&world->candidates[n], &world->candidates[m],
						&world->settings))
					there->is[m] = false;
	}
}

static uint32_t first_there(const struct there *there)
{
	for (uint32_t i = 0; i < MOST; i++)
		if (there->is[i])
			return i;
	return DECISION_NONE;
}

static struct there reachable(const struct world *world)
{
	struct there there = { 0 };

	for (uint32_t i = 0; i < world->count; i++)
		there.is[i] = world->candidates[i].metric != DECISION_METRIC_NO_ROUTE;
	return there;
}

static struct there pair_of(uint32_t a, uint32_t b)
{
	struct there there = { 0 };

	there.is[a] = there.is[b] = true;
	return there;
}

/* The best of those that are there, and who is as good as it in the rules that count. */
static uint32_t model_phases(const struct world *world, struct there *ret_equals)
{
	struct there there = reachable(world);

	eliminate(world, &there, shared_rules);
	*ret_equals = there;
	eliminate(world, &there, last_rules);
	return first_there(&there);
}

static uint32_t model_in_order(const struct world *world, struct there *ret_equals)
{
	struct there can = reachable(world);
	uint32_t best = DECISION_NONE;

	for (uint32_t i = 0; i < world->count; i++) {
		struct there pair;

		if (!can.is[i])
			continue;
		pair = pair_of(i, best == DECISION_NONE ? i : best);
		eliminate(world, &pair, shared_rules);
		eliminate(world, &pair, last_rules);
		best = first_there(&pair);
	}
	*ret_equals = (struct there){ 0 };
	for (uint32_t i = 0; i < world->count && best != DECISION_NONE; i++) {
		struct there pair = pair_of(i, best);

		if (!can.is[i])
			continue;
		eliminate(world, &pair, shared_rules);
		ret_equals->is[i] = pair.is[i] && pair.is[best];
	}
	return best;
}

/* The answer of the model: order has room for MOST. */
static uint32_t model_best(const struct world *world, uint16_t *order, uint32_t *ret_count)
{
	const struct decision_settings *s = &world->settings;
	struct there equals;
	uint32_t best = s->med == DECISION_MED_IN_ORDER ? model_in_order(world, &equals)
							: model_phases(world, &equals);
	uint32_t limit = 1, next = best;
	const struct decision_candidate *b = &world->candidates[best];

	*ret_count = 0;
	if (best == DECISION_NONE)
		return best;
	if (b->origin == DECISION_FROM_EBGP && s->multipath_ebgp > 1)
		limit = s->multipath_ebgp;
	if (b->origin == DECISION_FROM_IBGP && s->multipath_ibgp > 1)
		limit = s->multipath_ibgp;
	for (uint32_t i = 0; i < world->count; i++)
		if (s->multipath == DECISION_MULTIPATH_SAME_AS &&
			world->candidates[i].attributes.neighbor_as !=
				b->attributes.neighbor_as)
			equals.is[i] = false;
	while (next != DECISION_NONE && *ret_count < limit) {
		struct there rest;

		order[(*ret_count)++] = (uint16_t)next;
		equals.is[next] = false;
		rest = equals;
		eliminate(world, &rest, last_rules);
		next = first_there(&rest);
	}
	return best;
}

/* ---- The properties: NULL, or what does not hold. ---- */

typedef uint32_t decide(const struct decision_candidate *candidates, uint32_t n,
	const struct decision_settings *settings, uint16_t *order, uint32_t *ret_count);

static const char *check_model(const struct world *world, decide *function)
{
	uint16_t order[MOST], wanted[MOST];
	uint32_t count = 77, wanted_count;
	uint32_t best =
		function(world->candidates, world->count, &world->settings, order, &count);

	if (best != model_best(world, wanted, &wanted_count))
		return "the best one is not the model's";
	if (count != wanted_count)
		return "not as many share as in the model";
	if (memcmp(order, wanted, count * sizeof(order[0])) != 0)
		return "others share than in the model";
	return NULL;
}

static const char *check_permutations(const struct world *world, decide *function)
{
	struct random random = { world->count };
	uint16_t order[MOST], other_order[MOST], place[MOST];
	struct world other = *world;
	uint32_t count, other_count;
	uint32_t best =
		function(world->candidates, world->count, &world->settings, order, &count);

	if (world->settings.med == DECISION_MED_IN_ORDER)
		return NULL;
	for (uint16_t i = 0; i < world->count; i++)
		place[i] = i;
	for (uint32_t i = world->count; i > 1; i--) {
		uint32_t j = random_below(&random, i);
		uint16_t swap = place[i - 1];

		place[i - 1] = place[j];
		place[j] = swap;
	}
	for (uint32_t i = 0; i < world->count; i++)
		other.candidates[i] = world->candidates[place[i]];
	if (function(other.candidates, other.count, &other.settings, other_order,
		    &other_count) == DECISION_NONE)
		return best == DECISION_NONE ? NULL : "no best in another order";
	if (count != other_count)
		return "not as many share in another order";
	for (uint32_t i = 0; i < count; i++)
		if (order[i] != place[other_order[i]])
			return "another choice in another order";
	return NULL;
}

/* Whoever lost, lost against somebody in the step that is told. */
static const char *check_explain(const struct world *world, decide *function)
{
	const struct decision_candidate *c = world->candidates;
	const struct decision_settings *s = &world->settings;
	uint16_t order[MOST];
	uint32_t count, best = function(c, world->count, s, order, &count);

	for (uint32_t i = 0; i < world->count && best != DECISION_NONE; i++) {
		struct decision_reason reason;
		enum decision_step step;

		if (i == best)
			continue;
		reason = decision_explain(c, world->count, best, i, s);
		if (decision_compare(&c[reason.winner], &c[i], s, &step) >= 0)
			return "the reason names one that is not better";
		if (step != reason.step)
			return "the reason names another step than the comparison";
		if (reason.winner != best && s->med != DECISION_MED_IN_ORDER &&
			reason.step != DECISION_MED)
			return "lost to one that is not the best, but not by MED";
	}
	return NULL;
}

static int sign(int number)
{
	return (number > 0) - (number < 0);
}

/* With MED always compared it is a total order, and the best is its least. */
static const char *check_order(const struct world *world, decide *function)
{
	const struct decision_candidate *c = world->candidates;
	struct decision_settings s = world->settings;
	uint16_t order[MOST];
	uint32_t count, best, n = world->count < 10 ? world->count : 10;

	s.med = DECISION_MED_ALWAYS;
	best = function(c, world->count, &s, order, &count);
	for (uint32_t i = 0; i < world->count && best != DECISION_NONE; i++)
		if (i != best && decision_compare(&c[best], &c[i], &s, NULL) >= 0)
			return "the best is not before all others";
	for (uint32_t x = 0; x < n; x++)
		for (uint32_t y = 0; y < n; y++) {
			int xy = decision_compare(&c[x], &c[y], &s, NULL);

			if (sign(xy) != -sign(decision_compare(&c[y], &c[x], &s, NULL)))
				return "not antisymmetric";
			if ((xy == 0) != (x == y))
				return "two are the same";
			for (uint32_t z = 0; z < n && xy < 0; z++)
				if (decision_compare(&c[y], &c[z], &s, NULL) < 0 &&
					decision_compare(&c[x], &c[z], &s, NULL) >= 0)
					return "not transitive";
		}
	return NULL;
}

typedef const char *check(const struct world *world, decide *function);

static const char *check_all(const struct world *world, decide *function)
{
	static check *const checks[] = { check_model, check_permutations, check_explain,
		check_order };
	const char *failure = NULL;

	for (size_t i = 0; i < sizeof(checks) / sizeof(checks[0]) && failure == NULL; i++)
		failure = checks[i](world, function);
	return failure;
}

/* ---- Random worlds. ---- */

static bool rarely(struct random *random)
{
	return random_below(random, 6) == 0;
}

static void candidate_generate(struct random *random, struct decision_candidate *c, bool wild)
{
	/* Most are equal in most steps, so that the late ones are reached. */
	*c = (struct decision_candidate){ .attributes.local_pref = 100,
		.attributes.path_length = 2,
		.attributes.neighbor_as = random_below(random, 4),
		.origin = DECISION_FROM_EBGP };
	c->stale = rarely(random) && wild;
	c->weight = rarely(random) && wild ? random_below(random, 2) : 0;
	if (rarely(random) && wild)
		c->attributes.local_pref = 99 + random_below(random, 3);
	if (rarely(random) && wild)
		c->attributes.path_length = (uint16_t)random_below(random, 4);
	if (rarely(random) && wild)
		c->attributes.origin = (uint8_t)random_below(random, 3);
	if (rarely(random) && wild)
		c->origin = (uint8_t)random_below(random, 3);
	if (c->attributes.neighbor_as == 0 && !rarely(random))
		c->attributes.path_length = 0;
	c->attributes.has_med = random_below(random, 3) > 0;
	if (c->attributes.has_med)
		c->attributes.med = rarely(random) ? UINT32_MAX : random_below(random, 3);
	c->metric = rarely(random) ? random_below(random, 2) : 1;
	if (rarely(random) && wild)
		c->metric = DECISION_METRIC_NO_ROUTE;
	c->since = random_below(random, 2);
	c->router_id = random_below(random, 3);
	c->attributes.has_originator = rarely(random);
	if (c->attributes.has_originator)
		c->attributes.originator_id = random_below(random, 3);
	c->attributes.cluster_count = (uint16_t)(rarely(random) ? 1 : 0);
	if (!rarely(random))
		c->address = &addresses[random_below(random, 3)];
}

static struct world world_generate(uint64_t seed)
{
	struct random random = { seed };
	struct world world = { .count = random_below(&random, rarely(&random) ? MOST + 1 : 7) };
	struct decision_settings *s = &world.settings;
	bool wild = random_below(&random, 2) == 0;

	s->med = (uint8_t)random_below(&random, 3);
	s->missing_med_worst = random_below(&random, 2);
	s->prefer_oldest = random_below(&random, 2);
	s->ignore_path_length = rarely(&random);
	s->multipath = (uint8_t)random_below(&random, 2);
	s->multipath_ebgp = (uint16_t)random_below(&random, 9);
	s->multipath_ibgp = (uint16_t)random_below(&random, 5);
	for (uint32_t i = 0; i < world.count; i++) {
		candidate_generate(&random, &world.candidates[i], wild);
		/* A neighbour sends each path once; both directions, to be no order in
		 * disguise. */
		world.candidates[i].path_id = seed % 2 == 0 ? i : MOST - i;
	}
	return world;
}

/* ---- Smaller worlds that still fail. ---- */

#define FIELD(name)                                                       \
	{                                                                 \
		offsetof(struct decision_candidate, name),                \
			sizeof(((struct decision_candidate *)NULL)->name) \
	}

static const struct field {
	size_t offset, size;
} fields[] = { FIELD(attributes.local_pref), FIELD(attributes.med),
	FIELD(attributes.neighbor_as), FIELD(attributes.originator_id),
	FIELD(attributes.path_length), FIELD(attributes.cluster_count),
	FIELD(attributes.origin), FIELD(address), FIELD(weight), FIELD(metric), FIELD(since),
	FIELD(router_id), FIELD(path_id), FIELD(origin), FIELD(stale) };

#define FIELD_COUNT (sizeof(fields) / sizeof(fields[0]))

/* The k-th simplification of candidate i; false: there is none. */
static bool candidate_simplify(struct decision_candidate *c, size_t k)
{
	if (k < FIELD_COUNT)
		memset((uint8_t *)c + fields[k].offset, 0, fields[k].size);
	else if (k == FIELD_COUNT)
		c->attributes.has_med = false;
	else if (k == FIELD_COUNT + 1)
		c->attributes.has_originator = false;
	return k < FIELD_COUNT + 2;
}

static bool settings_simplify(struct decision_settings *s, size_t k)
{
	uint8_t *const switches[] = { &s->med, &s->multipath };
	bool *const flags[] = { &s->missing_med_worst, &s->prefer_oldest,
		&s->ignore_path_length };
	uint16_t *const limits[] = { &s->multipath_ebgp, &s->multipath_ibgp };

	if (k < 2)
		*switches[k] = 0;
	else if (k < 5)
		*flags[k - 2] = false;
	else if (k < 7)
		*limits[k - 5] = 0;
	return k < 7;
}

/* A neighbour sends each path once. */
static bool all_differ(const struct world *world)
{
	for (uint32_t i = 0; i < world->count; i++)
		for (uint32_t k = 0; k < i; k++)
			if (world->candidates[i].path_id == world->candidates[k].path_id)
				return false;
	return true;
}

/* In the same way: the texts of failures are constants. */
static bool still_fails(struct world *world, const struct world *smaller, decide *function)
{
	if (memcmp(world, smaller, sizeof(*world)) == 0 || !all_differ(smaller) ||
		check_all(smaller, function) != check_all(world, function))
		return false;
	*world = *smaller;
	return true;
}

static bool shrink_once(struct world *world, decide *function)
{
	struct world smaller;

	for (uint32_t i = 0; i < world->count; i++) {
		smaller = *world;
		smaller.count--;
		memmove(&smaller.candidates[i], &smaller.candidates[i + 1],
			(smaller.count - i) * sizeof(smaller.candidates[0]));
		if (still_fails(world, &smaller, function))
			return true;
	}
	smaller = *world;
	for (size_t k = 0; settings_simplify(&smaller.settings, k); k++, smaller = *world)
		if (still_fails(world, &smaller, function))
			return true;
	for (uint32_t i = 0; i < world->count; i++, smaller = *world)
		for (size_t k = 0; candidate_simplify(&smaller.candidates[i], k);
			k++, smaller = *world)
			if (still_fails(world, &smaller, function))
				return true;
	return false;
}

static void world_print(const struct world *world)
{
	const struct decision_settings *s = &world->settings;

	print_error(
		"med %u, missing worst %d, oldest %d, ignore length %d, multipath %u %u %u\n",
		s->med, s->missing_med_worst, s->prefer_oldest, s->ignore_path_length,
		s->multipath, s->multipath_ebgp, s->multipath_ibgp);
	for (uint32_t i = 0; i < world->count; i++) {
		const struct decision_candidate *c = &world->candidates[i];
		const struct attribute_summary *a = &c->attributes;

		print_error("%2u: stale %d weight %u from %u pref %u length %u origin %u AS %u "
			    "med %d:%u metric %u since %u id %u originator %d:%u "
			    "clusters %u address %d path %u\n",
			i, c->stale, c->weight, c->origin, a->local_pref, a->path_length,
			a->origin, a->neighbor_as, a->has_med, a->med, c->metric, c->since,
			c->router_id, a->has_originator, a->originator_id, a->cluster_count,
			model_address(c), c->path_id);
	}
}

/* ---- The tests. ---- */

static void test_property(void **state)
{
	const char *one = getenv("SEED");

	(void)state;
	for (uint64_t seed = 1; seed <= SEEDS; seed++) {
		struct world world;
		const char *failure;

		if (one != NULL)
			seed = strtoull(one, NULL, 10);
		world = world_generate(seed);
		failure = check_all(&world, decision_best);
		if (failure != NULL) {
			while (shrink_once(&world, decision_best))
				;
			world_print(&world);
			fail_msg("SEED=%llu: %s", (unsigned long long)seed, failure);
		}
		if (one != NULL)
			return;
	}
}

/* A decision that compares MED in the order of arrival, whatever it was told. */
static uint32_t wrong_best(const struct decision_candidate *candidates, uint32_t n,
	const struct decision_settings *settings, uint16_t *order, uint32_t *ret_count)
{
	struct decision_settings wrong = *settings;

	if (wrong.med == DECISION_MED_SAME_AS)
		wrong.med = DECISION_MED_IN_ORDER;
	return decision_best(candidates, n, &wrong, order, ret_count);
}

/* The model finds that, and the case shrinks to the circle of three that it takes. */
static void test_finds_and_shrinks(void **state)
{
	unsigned found = 0;

	(void)state;
	for (uint64_t seed = 1; seed <= 10000; seed++) {
		struct world world = world_generate(seed);

		/* The choice of the best alone: what shares needs more candidates. */
		world.settings.multipath_ebgp = world.settings.multipath_ibgp = 0;
		if (check_model(&world, wrong_best) == NULL)
			continue;
		found++;
		while (shrink_once(&world, wrong_best))
			;
		assert_non_null(check_all(&world, wrong_best));
		assert_int_equal(world.count, 3);
	}
	assert_true(found > 30);
}

/* Thousands of candidates: the sorts of the phases, against the order of three numbers. */
static void test_many(void **state)
{
	enum { COUNT = 4096 };
	struct decision_candidate *c = calloc(COUNT, sizeof(*c));
	uint16_t *order = calloc(COUNT, sizeof(*order));
	struct decision_settings s = { .multipath = DECISION_MULTIPATH_ANY_AS,
		.multipath_ebgp = UINT16_MAX };
	struct random random = { 8 };
	uint32_t lowest[64], count, left = 0;

	(void)state;
	assert_non_null(c);
	assert_non_null(order);
	memset(lowest, 0xff, sizeof(lowest));
	for (uint32_t i = 0; i < COUNT; i++) {
		candidate_generate(&random, &c[i], false);
		c[i].metric = 1;
		c[i].attributes.path_length = 2;
		c[i].attributes.neighbor_as = 1 + random_below(&random, 63);
		c[i].attributes.has_med = true;
		c[i].attributes.med = random_below(&random, 50);
		c[i].path_id = i;
		if (c[i].attributes.med < lowest[c[i].attributes.neighbor_as])
			lowest[c[i].attributes.neighbor_as] = c[i].attributes.med;
	}
	assert_int_not_equal(decision_best(c, COUNT, &s, order, &count), DECISION_NONE);
	for (uint32_t i = 0; i < COUNT; i++)
		left += c[i].attributes.med == lowest[c[i].attributes.neighbor_as];
	assert_int_equal(count, left);
	for (uint32_t i = 0; i < count; i++) {
		const struct attribute_summary *a = &c[order[i]].attributes;

		assert_int_equal(a->med, lowest[a->neighbor_as]);
		if (i > 0)
			assert_true(decision_compare(&c[order[i - 1]], &c[order[i]], &s, NULL) <
					    0 ||
				    a->neighbor_as == c[order[i - 1]].attributes.neighbor_as);
	}
	free(order);
	free(c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_property),
		cmocka_unit_test(test_finds_and_shrinks),
		cmocka_unit_test(test_many),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
