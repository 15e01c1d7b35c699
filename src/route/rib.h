/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The table of one family: destinations (prefixes), each with the routes to it, one a source
 * and path identifier. It stores and finds; which route is best, who may hear it and what a
 * source is, others know (route/engine.c).
 *
 * Sizes are the point: a destination takes 12 bytes (IPv4) or 24 (IPv6), a route 20, a place in
 * the index 4 to 8. Destinations have small dense numbers, so that whoever keeps something by
 * destination (what a group of neighbours holds) does it in a plain array.
 */
#ifndef NEARCAST_ROUTE_RIB_H
#define NEARCAST_ROUTE_RIB_H

#include "base/address.h"
#include "base/hash.h"
#include "base/slab.h"
#include "route/attribute_store.h"

#define RIB_NONE             UINT32_MAX
#define RIB_DESTINATIONS_MAX (1u << 26)
#define RIB_ROUTES_MAX       4096u /* of one destination */

/* Who said it: 0 is ourselves, else the number of a neighbour. */
typedef uint16_t rib_source;
#define RIB_LOCAL       0
#define RIB_SOURCES_MAX 2048u
#define RIB_GENERATIONS 32u

struct rib_route {
	attribute_set set;       /* after the import policy; none if that rejected it */
	attribute_set received;  /* as the neighbour sent it (and we marked it) */
	uint32_t path_id;        /* RFC 7911; 0 without */
	uint32_t since;          /* seconds on the speaker's clock */
	uint32_t source : 11;    /* rib_source */
	uint32_t generation : 5; /* of the source when it was said: older ones are stale */
	uint32_t validity : 2;   /* enum rpki_validity at the last look */
	uint32_t unresolved : 1; /* its next hop is not reachable */
	uint32_t multipath : 1;  /* as good as the best */
	uint32_t out_id : 12;    /* path identifier towards others, unique in its destination */
};

struct rib_segment;

struct rib {
	uint8_t family; /* enum family */
	struct attribute_store *store;
	struct slab slab;      /* routes */
	uint8_t *destinations; /* by number; stride bytes each */
	uint32_t stride;
	uint32_t bound;   /* numbers given out are below */
	uint32_t room;    /* destinations allocated */
	uint32_t free;    /* list of given back numbers; RIB_NONE ends */
	uint32_t count;   /* destinations in use */
	uint32_t reached; /* of them, with a best route */
	uint64_t routes;
	struct rib_segment *segments;
	struct hash_seed seed;
};

/* family: FAMILY_IPV4 or FAMILY_IPV6. 0 or ERROR_MEMORY. The store must outlive the table. */
int rib_init(struct rib *rib, enum family family, struct attribute_store *store,
	const struct hash_seed *seed);
/* Frees all; references to sets are given back. */
void rib_clear(struct rib *rib);

/* RIB_NONE: not there. */
uint32_t rib_find(const struct rib *rib, const struct prefix *prefix);
/* Found or made, without routes. RIB_NONE: no memory, or RIB_DESTINATIONS_MAX reached. */
uint32_t rib_get(struct rib *rib, const struct prefix *prefix);
/* Forget a destination without routes; its number will be given out again. */
void rib_forget(struct rib *rib, uint32_t destination);

/* The same for many: their waits for memory become one. At most RIB_BATCH at once. */
#define RIB_BATCH 64u

/* Brings near what looking for these prefixes will need, and gives what that begins with. */
void rib_warm(const struct rib *rib, const struct prefix *prefixes, size_t count,
	uint64_t ret_hashes[RIB_BATCH]);
/* rib_get with a hash of rib_warm. */
uint32_t rib_get_hashed(struct rib *rib, const struct prefix *prefix, uint64_t hash);
/* rib_find of all, with the hashes of rib_warm; brings near their routes and the sets of these
 * too. */
void rib_find_all(const struct rib *rib, const struct prefix *prefixes, const uint64_t *hashes,
	size_t count, uint32_t ret_destinations[RIB_BATCH]);
/* rib_forget of all; a number may be there twice. */
void rib_forget_all(struct rib *rib, const uint32_t *destinations, size_t count);
/* True for numbers below rib->bound that are in use. */
bool rib_used(const struct rib *rib, uint32_t destination);
struct prefix rib_prefix(const struct rib *rib, uint32_t destination);
/* The most specific destination with a best route that contains the address; RIB_NONE. */
uint32_t rib_lookup(const struct rib *rib, const struct address *address);

/* The routes of a destination; valid until one is added or removed there. */
struct rib_route *rib_routes(const struct rib *rib, uint32_t destination, uint32_t *ret_count);
/* RIB_NONE: not there. */
uint32_t rib_route_find(
	const struct rib *rib, uint32_t destination, rib_source source, uint32_t path_id);
/* Append a route; fields other than source and path_id are zero. RIB_NONE: no memory, or
 * RIB_ROUTES_MAX. */
uint32_t rib_route_add(
	struct rib *rib, uint32_t destination, rib_source source, uint32_t path_id);
/* Gives back its references; the last route takes its place. */
void rib_route_remove(struct rib *rib, uint32_t destination, uint32_t index);

/* Whether routes[0] is the best route: kept for the engine. */
bool rib_has_best(const struct rib *rib, uint32_t destination);
void rib_best_set(struct rib *rib, uint32_t destination, bool has_best);

/* Bytes of all memory that the table holds, the store's not counted. */
size_t rib_bytes(const struct rib *rib);

#endif
