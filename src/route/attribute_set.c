/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Interned attribute sets: routes share what is equal.
 *
 * Invariants:
 *  1. No two sets in the table are equal; equality of sets is equality of pointers.
 *  2. A set lives as long as its reference count is above zero.
 *
 * The hash covers what a neighbour chooses freely, under the speaker's random seed.
 */
#include <stdlib.h>
#include <string.h>

#include "route/speaker_internal.h"

static uint64_t mix(uint64_t hash, uint64_t more)
{
	return (hash ^ more) * 0x9e3779b97f4a7c15u + (hash >> 29);
}

static uint64_t set_hash(const struct speaker *speaker, const struct bgp_attributes *a)
{
	const struct hash_seed *seed = &speaker->seed;
	uint32_t fixed[] = { (uint32_t)a->present, (uint32_t)(a->present >> 32), a->origin,
		a->med, a->local_pref, a->aggregator_asn, a->originator_id,
		a->only_to_customer };
	uint64_t hash = hash_bytes(seed, fixed, sizeof(fixed));

	hash = mix(hash, hash_bytes(seed, a->as_path, a->as_path_size));
	hash = mix(hash, hash_bytes(seed, &a->next_hop, sizeof(a->next_hop)));
	hash = mix(hash, hash_bytes(seed, a->communities, a->community_count * 4u));
	hash = mix(hash,
		hash_bytes(seed, a->extended_communities, a->extended_community_count * 8u));
	hash = mix(hash, hash_bytes(seed, a->cluster_list, a->cluster_count * 4u));
	return mix(hash, hash_bytes(seed, a->large_communities,
				 a->large_community_count * sizeof(*a->large_communities)));
}

/* Copy an array behind the struct; *at moves on. Widest elements first keeps them aligned. */
static const void *array_place(uint8_t **at, const void *array, size_t size)
{
	const void *placed = *at;

	if (size > 0)
		memcpy(*at, array, size);
	*at += size;
	return placed;
}

static struct attribute_set *set_new(const struct bgp_attributes *a)
{
	size_t extended = a->extended_community_count * sizeof(uint64_t);
	size_t large = a->large_community_count * sizeof(struct bgp_large_community);
	size_t communities = a->community_count * sizeof(uint32_t);
	size_t clusters = a->cluster_count * sizeof(uint32_t);
	struct attribute_set *set = malloc(
		sizeof(*set) + extended + large + communities + clusters + a->as_path_size);
	uint8_t *at;

	if (set == NULL)
		return NULL;
	at = (uint8_t *)(set + 1);
	set->references = 1;
	set->attributes = *a;
	set->attributes.extended_communities =
		array_place(&at, a->extended_communities, extended);
	set->attributes.large_communities = array_place(&at, a->large_communities, large);
	set->attributes.communities = array_place(&at, a->communities, communities);
	set->attributes.cluster_list = array_place(&at, a->cluster_list, clusters);
	set->attributes.as_path = array_place(&at, a->as_path, a->as_path_size);
	return set;
}

struct attribute_set *attribute_set_intern(
	struct speaker *speaker, const struct bgp_attributes *attributes)
{
	uint64_t hash = set_hash(speaker, attributes);
	struct attribute_set *set;

	for (struct hash_node *node = hash_first(&speaker->sets, hash); node != NULL;
		node = hash_next(node)) {
		set = container_of(node, struct attribute_set, node);
		if (bgp_attributes_equal(&set->attributes, attributes))
			return attribute_set_hold(set);
	}
	set = set_new(attributes);
	if (set != NULL && hash_insert(&speaker->sets, &set->node, hash) == 0)
		return set;
	free(set);
	return NULL;
}

struct attribute_set *attribute_set_hold(struct attribute_set *set)
{
	set->references++;
	return set;
}

void attribute_set_release(struct speaker *speaker, struct attribute_set *set)
{
	if (set == NULL || --set->references > 0)
		return;
	hash_remove(&speaker->sets, &set->node);
	free(set);
}
