/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How an attribute set lies in memory: as small as it gets, in one piece, in a canonical form,
 * so that sets are equal exactly when their bytes are. Inside of the attribute store.
 */
#ifndef NEARCAST_ROUTE_ATTRIBUTE_OBJECT_H
#define NEARCAST_ROUTE_ATTRIBUTE_OBJECT_H

#include "route/hop_table.h"
#include "wire/bgp_attribute.h"

struct attribute_object {
	uint32_t references; /* not part of the value */
	uint32_t form;       /* what is present, ORIGIN, family of next hops, flags */
	uint16_t path_size;  /* bytes */
	uint16_t community_count;
	uint8_t path[]; /* and behind it, aligned, the rest */
};

/* Where the value begins. */
#define ATTRIBUTE_OBJECT_VALUE offsetof(struct attribute_object, form)

/* What the decision process compares, and marks that import and export look for. */
struct attribute_summary {
	uint32_t local_pref;    /* 100 if absent */
	uint32_t med;           /* 0 if absent */
	uint32_t neighbor_as;   /* bgp_as_path_first: RFC 4271 section 9.1.2.2 c */
	uint32_t originator_id; /* 0 if absent */
	uint16_t path_length;   /* RFC 4271 section 9.1.2.2 a, RFC 5065 */
	uint16_t cluster_count;
	uint16_t weight; /* 0 if nobody gave one */
	uint8_t origin;  /* enum bgp_origin */
	bool has_med : 1, has_local_pref : 1, has_originator : 1;
	bool no_export : 1, no_advertise : 1;      /* RFC 1997; no_export for SUBCONFED too */
	bool graceful_shutdown : 1, blackhole : 1; /* RFC 8326, RFC 7999 */
	bool llgr_stale : 1, no_llgr : 1;          /* RFC 9494 */
};

/* What is present in the canonical sense (route/attribute_store.h). */
uint32_t attribute_form(const struct bgp_attributes *attributes);
/* Bytes of the object; form is that of the attributes. */
size_t attribute_object_size(const struct bgp_attributes *attributes, uint32_t form);
/* The form says that there are next hops. */
bool attribute_form_has_hop(uint32_t form);
/* object has that size, and is aligned to 4, or to 8 if the size is a multiple of 8. Its
 * references are 1. hop: the number that stands for the next hops; HOP_NONE if there are none.
 */
void attribute_object_build(struct attribute_object *object,
	const struct bgp_attributes *attributes, uint32_t form, uint32_t hop);
/* The number of its next hops, or HOP_NONE. */
uint32_t attribute_object_hop(const struct attribute_object *object);
/* attribute_object_size of one that was built. */
size_t attribute_object_length(const struct attribute_object *object);
/* Whether the value of other, of any length, is that of object. */
bool attribute_object_equal(const struct attribute_object *object,
	const struct attribute_object *other, size_t size);
void attribute_object_summary(
	const struct attribute_object *object, struct attribute_summary *ret_summary);
/* Arrays point into the object. Next hops are left out: attribute_object_hop tells them. */
void attribute_object_read(
	const struct attribute_object *object, struct bgp_attributes *ret_attributes);

#endif
