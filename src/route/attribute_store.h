/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Interned, counted attribute sets in their smallest form. Equal sets have equal references, so
 * "is it what the neighbour holds already" compares two numbers. A set is one object of a slab:
 * a header of 12 bytes and behind it what is present, in host order, so that a struct
 * bgp_attributes can point into it without a copy. A path of five, four communities and a next
 * hop take 56 bytes, and about 11 in the table of all sets. Next hops are interned themselves
 * (route/hop_table.h).
 *
 * What is kept is what counts: a value or list without its bit in `present` is not there, nor
 * is an empty list, nor a bit of `present` that bgp_attribute.h does not name or that only a
 * message has (AS4_PATH, AS4_AGGREGATOR, MP_REACH, MP_UNREACH). Next hops are kept whatever the
 * bit says.
 */
#ifndef NEARCAST_ROUTE_ATTRIBUTE_STORE_H
#define NEARCAST_ROUTE_ATTRIBUTE_STORE_H

#include "base/hash.h"
#include "base/slab.h"
#include "route/attribute_object.h"
#include "wire/bgp_attribute.h"

#define ATTRIBUTE_SET_NONE SLAB_NONE

typedef uint32_t attribute_set; /* reference; ATTRIBUTE_SET_NONE: no set */

struct attribute_slot {
	attribute_set set; /* ATTRIBUTE_SET_NONE: free, or gone */
	uint32_t hash;
};

struct attribute_store {
	struct slab slab;
	struct attribute_slot *slots; /* open addressing */
	size_t slot_count;            /* any number */
	size_t count;                 /* sets */
	size_t gone;                  /* slots whose set went, and that a search goes past */
	struct hash_seed seed;
	struct hop_table hops;
};

void attribute_store_init(struct attribute_store *store, const struct hash_seed *seed);
/* Frees all sets, whatever their counts. */
void attribute_store_clear(struct attribute_store *store);
/* The set with these attributes, made if there is none, with one more reference. Extended
 * and large communities, communities and cluster list keep their order. The path must be in
 * canonical form. ATTRIBUTE_SET_NONE: no memory, or larger than SLAB_OBJECT_MAX. */
attribute_set attribute_store_intern(
	struct attribute_store *store, const struct bgp_attributes *attributes);
/* For attribute_store_release: the set has no reference left. */
void attribute_store_forget(struct attribute_store *store, attribute_set set);
/* Bytes of all memory that the store holds. */
size_t attribute_store_bytes(const struct attribute_store *store);

static inline struct attribute_object *attribute_store_object(
	const struct attribute_store *store, attribute_set set)
{
	return slab_at(&store->slab, set);
}

/* set must not be ATTRIBUTE_SET_NONE; here and below a reference must be held. */
static inline void attribute_store_summary(const struct attribute_store *store,
	attribute_set set, struct attribute_summary *ret_summary)
{
	attribute_object_summary(attribute_store_object(store, set), ret_summary);
}

/* All of it; arrays point into the store, valid while a reference is held. NULL for lists and
 * a path that are not there. */
static inline void attribute_store_read(const struct attribute_store *store, attribute_set set,
	struct bgp_attributes *ret_attributes)
{
	const struct attribute_object *object = attribute_store_object(store, set);
	uint32_t number = attribute_object_hop(object);
	const struct hop *hop;

	attribute_object_read(object, ret_attributes);
	if (number == HOP_NONE)
		return;
	hop = hop_table_at(&store->hops, number);
	ret_attributes->next_hop = hop->address;
	ret_attributes->next_hop_link_local = hop->link_local;
}

/* Its next hops, or NULL if it has none. */
static inline struct hop *attribute_store_hop(
	const struct attribute_store *store, attribute_set set)
{
	uint32_t number = attribute_object_hop(attribute_store_object(store, set));

	return number == HOP_NONE ? NULL : hop_table_at(&store->hops, number);
}

/* Brings near what hold, release and read need. ATTRIBUTE_SET_NONE is fine. */
static inline void attribute_store_warm(const struct attribute_store *store, attribute_set set)
{
	if (set != ATTRIBUTE_SET_NONE)
		__builtin_prefetch(attribute_store_object(store, set), 1);
}

/* One reference more. set may be ATTRIBUTE_SET_NONE. Returns set. */
static inline attribute_set attribute_store_hold(
	struct attribute_store *store, attribute_set set)
{
	if (set != ATTRIBUTE_SET_NONE)
		attribute_store_object(store, set)->references++;
	return set;
}

/* One (count) less; the last one frees. ATTRIBUTE_SET_NONE is fine. */
static inline void attribute_store_release(struct attribute_store *store, attribute_set set)
{
	if (set != ATTRIBUTE_SET_NONE && --attribute_store_object(store, set)->references == 0)
		attribute_store_forget(store, set);
}

#endif
