/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Interned, counted attribute sets in their smallest form. Equal sets have equal references, so
 * "is it what the neighbour holds already" compares two numbers. A set is one object of a slab:
 * a header with what the decision process needs, and behind it the variable attributes in host
 * order, so that a struct bgp_attributes can point into it without a copy.
 */
#ifndef NEARCAST_ROUTE_ATTRIBUTE_STORE_H
#define NEARCAST_ROUTE_ATTRIBUTE_STORE_H

#include "base/hash.h"
#include "base/slab.h"
#include "wire/bgp_attribute.h"

#define ATTRIBUTE_SET_NONE SLAB_NONE

typedef uint32_t attribute_set; /* reference; ATTRIBUTE_SET_NONE: no set */

struct attribute_store {
	struct slab slab;
	attribute_set *slots; /* open addressing, a power of two */
	size_t slot_count, count;
	struct hash_seed seed;
};

/* What the decision process compares, without a look at the rest. */
struct attribute_summary {
	uint32_t references;
	uint32_t hash;
	uint32_t local_pref;  /* 100 if absent */
	uint32_t med;         /* valid if has_med */
	uint32_t neighbor_as; /* leftmost AS (RFC 4271 section 9.1.2.2 c); 0: empty path or set
			       */
	uint32_t originator_id; /* valid if has_originator; host order */
	uint16_t path_length;   /* RFC 4271 section 9.1.2.2 a, RFC 5065 */
	uint16_t cluster_count;
	uint8_t origin; /* enum bgp_origin */
	bool has_med : 1, has_local_pref : 1, has_originator : 1;
	bool no_export : 1, no_advertise : 1;      /* RFC 1997 */
	bool graceful_shutdown : 1, blackhole : 1; /* RFC 8326, RFC 7999 */
	bool llgr_stale : 1, no_llgr : 1;          /* RFC 9494 */
};

void attribute_store_init(struct attribute_store *store, const struct hash_seed *seed);
/* Frees all sets, whatever their counts. */
void attribute_store_clear(struct attribute_store *store);
/* The set with these attributes, made if there is none, with one more reference. Extended
 * and large communities, communities and cluster list keep their order. ATTRIBUTE_SET_NONE: no
 * memory, or larger than SLAB_OBJECT_MAX. */
attribute_set attribute_store_intern(
	struct attribute_store *store, const struct bgp_attributes *attributes);
/* One reference more. set may be ATTRIBUTE_SET_NONE. Returns set. */
attribute_set attribute_store_hold(struct attribute_store *store, attribute_set set);
/* One (count) less; the last one frees. ATTRIBUTE_SET_NONE is fine. */
void attribute_store_release(struct attribute_store *store, attribute_set set);
/* Valid while a reference is held. */
const struct attribute_summary *attribute_store_summary(
	const struct attribute_store *store, attribute_set set);
/* All of it; arrays point into the store, valid while a reference is held. */
void attribute_store_read(const struct attribute_store *store, attribute_set set,
	struct bgp_attributes *ret_attributes);
/* Bytes of all memory that the store holds. */
size_t attribute_store_bytes(const struct attribute_store *store);

#endif
