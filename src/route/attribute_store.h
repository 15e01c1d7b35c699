/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Interned, counted attribute sets in their smallest form. Equal sets have equal references, so
 * "is it what the neighbour holds already" compares two numbers. A set is one object of a slab:
 * a header of 16 bytes and behind it what is present, in host order, so that a struct
 * bgp_attributes can point into it without a copy. A path of five, four communities and an IPv4
 * next hop take 60 bytes, and about 8 in the table of all sets.
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
#include "wire/bgp_attribute.h"

#define ATTRIBUTE_SET_NONE SLAB_NONE

typedef uint32_t attribute_set; /* reference; ATTRIBUTE_SET_NONE: no set */

/* How a set lies in the slab; for attribute_store.c and the inline functions below. */
struct attribute_object {
	uint32_t references;
	uint32_t hash;
	uint32_t form;      /* what is present, ORIGIN, family of next hops, flags */
	uint16_t path_size; /* bytes */
	uint16_t community_count;
	uint8_t path[]; /* and behind it, aligned, the rest */
};

struct attribute_store {
	struct slab slab;
	attribute_set *slots; /* open addressing; the tags lie behind, in the same memory */
	uint8_t *tags;        /* a byte a slot: free, gone, or some bits of the hash */
	size_t slot_count;    /* any number */
	size_t count;         /* sets */
	size_t gone;          /* slots whose set went, and that a search goes past */
	struct hash_seed seed;
};

/* What the decision process compares, and marks that import and export look for. */
struct attribute_summary {
	uint32_t local_pref;    /* 100 if absent */
	uint32_t med;           /* 0 if absent */
	uint32_t neighbor_as;   /* bgp_as_path_first: RFC 4271 section 9.1.2.2 c */
	uint32_t originator_id; /* 0 if absent */
	uint16_t path_length;   /* RFC 4271 section 9.1.2.2 a, RFC 5065 */
	uint16_t cluster_count;
	uint8_t origin; /* enum bgp_origin */
	bool has_med : 1, has_local_pref : 1, has_originator : 1;
	bool no_export : 1, no_advertise : 1;      /* RFC 1997; no_export for SUBCONFED too */
	bool graceful_shutdown : 1, blackhole : 1; /* RFC 8326, RFC 7999 */
	bool llgr_stale : 1, no_llgr : 1;          /* RFC 9494 */
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
/* set must not be ATTRIBUTE_SET_NONE; here and below a reference must be held. */
void attribute_store_summary(const struct attribute_store *store, attribute_set set,
	struct attribute_summary *ret_summary);
/* All of it; arrays point into the store, valid while a reference is held. NULL for lists and
 * a path that are not there. */
void attribute_store_read(const struct attribute_store *store, attribute_set set,
	struct bgp_attributes *ret_attributes);
/* Bytes of all memory that the store holds. */
size_t attribute_store_bytes(const struct attribute_store *store);

static inline struct attribute_object *attribute_store_object(
	const struct attribute_store *store, attribute_set set)
{
	return slab_at(&store->slab, set);
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
