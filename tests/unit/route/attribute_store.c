/* SPDX-License-Identifier: Apache-2.0 */
/* The attribute store: round trips, equality as one number, counts against a model, sizes. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>

#include "../wire/generate.h"
#include "route/attribute_store.h"

#define KINDS 1500 /* different sets */

static const struct hash_seed seed = { 17, 4 };

static const struct bgp_context internal = {
	.four_octet_as = true,
	.ibgp = true,
	.family = { true, true },
};

static struct bgp_attributes generate(struct random *random, struct arena *arena)
{
	enum family family = random_below(random, 2) == 0 ? FAMILY_IPV4 : FAMILY_IPV6;
	unsigned most = 1 + random_below(random, one_in(random, 20) ? 900 : 12);
	struct bgp_attributes a = generate_attributes(random, &internal, family, most, arena);

	if (family == FAMILY_IPV4)
		a.present |= 1ull << BGP_ATTRIBUTE_NEXT_HOP;
	/* Attributes that are usually there can be missing too. */
	if (one_in(random, 10)) {
		a.present &= ~(1ull << BGP_ATTRIBUTE_ORIGIN);
		a.origin = 0;
	}
	if (one_in(random, 10)) {
		a.present &= ~(1ull << BGP_ATTRIBUTE_AS_PATH);
		a.as_path_size = 0;
	}
	if (one_in(random, 10))
		a.next_hop = (struct address){ 0 };
	return a;
}

static void check_summary(
	const struct attribute_store *store, attribute_set set, const struct bgp_attributes *a)
{
	struct attribute_summary s;

	attribute_store_summary(store, set, &s);
	assert_int_equal(s.origin, a->origin);
	assert_int_equal(s.has_med, bgp_attribute_present(a, BGP_ATTRIBUTE_MED));
	assert_int_equal(s.has_local_pref, bgp_attribute_present(a, BGP_ATTRIBUTE_LOCAL_PREF));
	assert_int_equal(
		s.has_originator, bgp_attribute_present(a, BGP_ATTRIBUTE_ORIGINATOR_ID));
	assert_int_equal(s.med, a->med);
	assert_int_equal(s.local_pref, s.has_local_pref ? a->local_pref : 100);
	assert_int_equal(s.originator_id, a->originator_id);
	assert_int_equal(s.neighbor_as, bgp_as_path_first(a));
	assert_int_equal(s.path_length, bgp_as_path_length(a));
	assert_int_equal(s.cluster_count, a->cluster_count);
}

static void test_round_trip(void **state)
{
	struct attribute_store store;
	struct random random = { 5 };
	struct arena arena = { 0 };

	(void)state;
	attribute_store_init(&store, &seed);
	for (unsigned i = 0; i < 5000; i++) {
		struct bgp_attributes a = generate(&random, &arena), back;
		attribute_set set = attribute_store_intern(&store, &a), again;

		assert_int_not_equal(set, ATTRIBUTE_SET_NONE);
		attribute_store_read(&store, set, &back);
		assert_true(bgp_attributes_equal(&a, &back));
		check_summary(&store, set, &a);
		/* What was read from the store is the same set. */
		again = attribute_store_intern(&store, &back);
		assert_int_equal(again, set);
		attribute_store_release(&store, again);
		if (one_in(&random, 2))
			attribute_store_release(&store, set);
		arena_reset(&arena);
	}
	arena_clear(&arena);
	attribute_store_clear(&store);
	assert_int_equal(attribute_store_bytes(&store), 0);
}

static const uint8_t path[] = { 2, 5, 0, 0, 251, 244, 0, 0, 26, 106, 0, 0, 13, 28, 0, 0, 50, 12,
	0, 3, 33, 154 };
static const uint8_t other_path[] = { 2, 5, 0, 0, 251, 244, 0, 0, 26, 106, 0, 0, 13, 28, 0, 0,
	50, 12, 0, 3, 33, 155 };
static const uint32_t communities[] = { 1, 2, 3, 4 };
static const uint32_t swapped[] = { 2, 1, 3, 4 };
static const uint64_t extended[] = { 1, 2 };
static const struct bgp_large_community large[] = { { 1, 2, 3 }, { 4, 5, 6 } };

/* One difference each from the set before; all of them are different sets. */

#define CHANGE(name, ...)                                   \
	static void change_##name(struct bgp_attributes *a) \
	{                                                   \
		__VA_ARGS__;                                \
	}
#define WITH(code) a->present |= 1ull << BGP_ATTRIBUTE_##code

CHANGE(nothing, (void)a)
CHANGE(origin, WITH(ORIGIN))
CHANGE(origin_egp, a->origin = 1)
CHANGE(origin_incomplete, a->origin = 2)
CHANGE(path_empty, WITH(AS_PATH))
CHANGE(path, a->as_path = path, a->as_path_size = sizeof(path))
CHANGE(path_other, a->as_path = other_path)
CHANGE(next_hop, a->next_hop = address_ipv4(7))
CHANGE(next_hop_other, a->next_hop = address_ipv4(8))
CHANGE(next_hop_bit, WITH(NEXT_HOP))
CHANGE(next_hop_ipv6, a->next_hop.family = FAMILY_IPV6)
CHANGE(link_local, a->next_hop_link_local = a->next_hop)
CHANGE(link_local_other, a->next_hop_link_local.bytes[15] = 9)
CHANGE(link_local_alone, a->next_hop = (struct address){ 0 })
CHANGE(med_zero, WITH(MED))
CHANGE(med, a->med = 5)
CHANGE(local_pref_default, WITH(LOCAL_PREF); a->local_pref = 100)
CHANGE(local_pref, a->local_pref = 5)
CHANGE(atomic, WITH(ATOMIC_AGGREGATE); a->atomic_aggregate = true)
CHANGE(aggregator, WITH(AGGREGATOR); a->aggregator_address = address_ipv4(1))
CHANGE(aggregator_as, a->aggregator_asn = 1)
CHANGE(aggregator_address, a->aggregator_address = address_ipv4(2))
CHANGE(originator, WITH(ORIGINATOR_ID))
CHANGE(originator_other, a->originator_id = 1)
CHANGE(only_to_customer, WITH(ONLY_TO_CUSTOMER))
CHANGE(only_to_customer_other, a->only_to_customer = 1)
CHANGE(weight, a->weight = 7)
CHANGE(communities, WITH(COMMUNITIES); a->communities = communities; a->community_count = 3)
CHANGE(communities_more, a->community_count = 4)
CHANGE(communities_swapped, a->communities = swapped)
CHANGE(clusters, WITH(CLUSTER_LIST); a->cluster_list = communities; a->cluster_count = 1)
CHANGE(clusters_more, a->cluster_count = 4)
CHANGE(extended, WITH(EXTENDED_COMMUNITIES); a->extended_communities = extended;
	a->extended_community_count = 1)
CHANGE(extended_more, a->extended_community_count = 2)
CHANGE(large, WITH(LARGE_COMMUNITIES); a->large_communities = large;
	a->large_community_count = 1)
CHANGE(large_more, a->large_community_count = 2)

static void (*const changes[])(struct bgp_attributes *) = { change_nothing, change_origin,
	change_origin_egp, change_origin_incomplete, change_path_empty, change_path,
	change_path_other, change_next_hop, change_next_hop_other, change_next_hop_bit,
	change_next_hop_ipv6, change_link_local, change_link_local_other,
	change_link_local_alone, change_med_zero, change_med, change_local_pref_default,
	change_local_pref, change_atomic, change_aggregator, change_aggregator_as,
	change_aggregator_address, change_originator, change_originator_other,
	change_only_to_customer, change_only_to_customer_other, change_weight,
	change_communities, change_communities_more, change_communities_swapped,
	change_clusters, change_clusters_more, change_extended, change_extended_more,
	change_large, change_large_more };

static void test_every_difference(void **state)
{
	enum { COUNT = sizeof(changes) / sizeof(changes[0]) };
	struct attribute_store store;
	struct bgp_attributes a = { 0 };
	attribute_set sets[COUNT];

	(void)state;
	attribute_store_init(&store, &seed);
	for (size_t i = 0; i < COUNT; i++) {
		struct bgp_attributes back;

		changes[i](&a);
		sets[i] = attribute_store_intern(&store, &a);
		for (size_t earlier = 0; earlier < i; earlier++)
			assert_int_not_equal(sets[earlier], sets[i]);
		attribute_store_read(&store, sets[i], &back);
		assert_true(bgp_attributes_equal(&a, &back));
	}
	assert_int_equal(store.count, COUNT);
	attribute_store_clear(&store);
}

/* Values without their bit, and lists without elements, are not part of a set. */
static void test_canonical(void **state)
{
	struct attribute_store store;
	struct bgp_attributes none = { .next_hop = address_ipv4(1) }, noise = none, back;
	attribute_set set;

	(void)state;
	noise.origin = 1;
	noise.atomic_aggregate = true;
	noise.as_path = path;
	noise.as_path_size = sizeof(path);
	noise.med = noise.local_pref = noise.originator_id = noise.only_to_customer = 9;
	noise.aggregator_asn = 9;
	noise.communities = communities;
	noise.community_count = 4;
	noise.cluster_list = communities;
	noise.cluster_count = 4;
	noise.extended_communities = extended;
	noise.extended_community_count = 2;
	attribute_store_init(&store, &seed);
	set = attribute_store_intern(&store, &none);
	assert_int_equal(attribute_store_intern(&store, &noise), set);
	none.present = 1ull << BGP_ATTRIBUTE_COMMUNITIES | 1ull << BGP_ATTRIBUTE_CLUSTER_LIST |
		       1ull << BGP_ATTRIBUTE_LARGE_COMMUNITIES |
		       1ull << BGP_ATTRIBUTE_EXTENDED_COMMUNITIES |
		       1ull << BGP_ATTRIBUTE_MP_REACH | 1ull << BGP_ATTRIBUTE_AS4_PATH;
	assert_int_equal(attribute_store_intern(&store, &none), set);
	attribute_store_read(&store, set, &back);
	assert_true(back.present == 0 && back.origin == 0 && back.med == 0);
	attribute_store_clear(&store);
}

/* Bytes of the object that these attributes become. */
static size_t size_of(const struct bgp_attributes *a)
{
	struct attribute_store store;
	attribute_set set;
	size_t size;

	attribute_store_init(&store, &seed);
	set = attribute_store_intern(&store, a);
	assert_int_not_equal(set, ATTRIBUTE_SET_NONE);
	size = slab_size(&store.slab, set);
	attribute_store_clear(&store);
	return size;
}

static void test_small(void **state)
{
	struct bgp_attributes a = { 0 };

	(void)state;
	assert_int_equal(size_of(&a), 12);
	a.present = 1u << BGP_ATTRIBUTE_ORIGIN | 1u << BGP_ATTRIBUTE_AS_PATH |
		    1u << BGP_ATTRIBUTE_NEXT_HOP | 1u << BGP_ATTRIBUTE_COMMUNITIES;
	a.as_path = path;
	a.as_path_size = sizeof(path);
	a.next_hop = address_ipv4(1);
	a.communities = communities;
	a.community_count = 4;
	assert_int_equal(size_of(&a), 56);
	a.present |= 1u << BGP_ATTRIBUTE_MED;
	assert_int_equal(size_of(&a), 60);
}

static void test_flags(void **state)
{
	static const struct {
		uint32_t community;
		unsigned flag;
	} rows[] = {
		{ BGP_COMMUNITY_NO_EXPORT, 1 },
		{ BGP_COMMUNITY_NO_EXPORT_SUBCONFED, 1 },
		{ BGP_COMMUNITY_NO_ADVERTISE, 2 },
		{ BGP_COMMUNITY_GRACEFUL_SHUTDOWN, 4 },
		{ BGP_COMMUNITY_BLACKHOLE, 8 },
		{ BGP_COMMUNITY_LLGR_STALE, 16 },
		{ BGP_COMMUNITY_NO_LLGR, 32 },
		{ BGP_COMMUNITY_NO_PEER, 0 },
		{ 0xfffe0000u, 0 },
		{ 0xffff0001u, 0 },
	};
	struct attribute_store store;

	(void)state;
	attribute_store_init(&store, &seed);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		uint32_t list[] = { 7, rows[i].community, 8 };
		struct bgp_attributes a = { .present = 1u << BGP_ATTRIBUTE_COMMUNITIES,
			.communities = list,
			.community_count = 3 };
		attribute_set set = attribute_store_intern(&store, &a);
		struct attribute_summary s;
		unsigned flags;

		attribute_store_summary(&store, set, &s);
		flags = (unsigned)s.no_export | (unsigned)s.no_advertise << 1 |
			(unsigned)s.graceful_shutdown << 2 | (unsigned)s.blackhole << 3 |
			(unsigned)s.llgr_stale << 4 | (unsigned)s.no_llgr << 5;
		assert_int_equal(flags, rows[i].flag);
	}
	attribute_store_clear(&store);
}

/* As large as a message can make it, and larger than the slab takes. */
static void test_large(void **state)
{
	struct attribute_store store;
	uint32_t *list = calloc(20000, sizeof(*list));
	struct bgp_attributes a = { .present = 1u << BGP_ATTRIBUTE_COMMUNITIES,
		.communities = list };
	attribute_set set;

	(void)state;
	assert_non_null(list);
	attribute_store_init(&store, &seed);
	for (unsigned count = 1; count <= (SLAB_OBJECT_MAX - 12) / 4; count += 1 + count / 7) {
		struct bgp_attributes back;

		a.community_count = (uint16_t)count;
		list[count - 1] = count;
		set = attribute_store_intern(&store, &a);
		assert_int_not_equal(set, ATTRIBUTE_SET_NONE);
		attribute_store_read(&store, set, &back);
		assert_true(bgp_attributes_equal(&a, &back));
		assert_int_equal(attribute_store_intern(&store, &a), set);
		attribute_store_release(&store, set);
		attribute_store_release(&store, set);
		assert_int_equal(store.count, 0);
	}
	a.community_count = (SLAB_OBJECT_MAX - 12) / 4 + 1;
	assert_int_equal(attribute_store_intern(&store, &a), ATTRIBUTE_SET_NONE);
	a.community_count = 20000;
	assert_int_equal(attribute_store_intern(&store, &a), ATTRIBUTE_SET_NONE);
	attribute_store_clear(&store);
	free(list);
}

struct kind {
	struct bgp_attributes attributes; /* in an arena that lives on */
	attribute_set set;
	uint32_t references;
};

/* Random interning, holding and releasing against counts by kind. */
static void test_model(void **state)
{
	static struct kind kinds[KINDS];
	struct attribute_store store;
	struct random random = { 3 };
	struct arena arena = { 0 };
	size_t live = 0;

	(void)state;
	attribute_store_init(&store, &seed);
	for (unsigned i = 0; i < KINDS; i++) {
		kinds[i] = (struct kind){ .attributes = generate(&random, &arena) };
		/* No two kinds are the same. */
		kinds[i].attributes.present |= 1ull << BGP_ATTRIBUTE_ONLY_TO_CUSTOMER;
		kinds[i].attributes.only_to_customer = i;
	}
	for (unsigned step = 0; step < 200000; step++) {
		struct kind *kind = &kinds[random_below(&random, KINDS)];
		bool grow = (step / 25000) % 2 == 0;

		if (random_below(&random, 10) < (grow ? 7u : 3u)) {
			attribute_set set =
				kind->references > 0 && one_in(&random, 2)
					? attribute_store_hold(&store, kind->set)
					: attribute_store_intern(&store, &kind->attributes);

			assert_true(kind->references == 0 || set == kind->set);
			live += kind->references++ == 0;
			kind->set = set;
		} else if (kind->references > 0) {
			struct bgp_attributes back;

			attribute_store_read(&store, kind->set, &back);
			assert_true(bgp_attributes_equal(&kind->attributes, &back));
			attribute_store_release(&store, kind->set);
			live -= --kind->references == 0;
		}
		assert_int_equal(store.count, live);
		assert_true(store.count + store.gone < store.slot_count);
	}
	for (unsigned i = 0; i < KINDS; i++)
		for (; kinds[i].references > 0; kinds[i].references--)
			attribute_store_release(&store, kinds[i].set);
	assert_int_equal(store.count, 0);
	assert_true(store.slot_count <= 16);
	assert_int_equal(attribute_store_hold(&store, ATTRIBUTE_SET_NONE), ATTRIBUTE_SET_NONE);
	attribute_store_release(&store, ATTRIBUTE_SET_NONE);
	attribute_store_clear(&store);
	arena_clear(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_round_trip),
		cmocka_unit_test(test_every_difference),
		cmocka_unit_test(test_canonical),
		cmocka_unit_test(test_small),
		cmocka_unit_test(test_flags),
		cmocka_unit_test(test_large),
		cmocka_unit_test(test_model),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
