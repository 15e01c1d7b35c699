/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The best routes as whoever forwards by them needs them: gateways and interfaces. It hears of
 * changes by speaker_watch_best, and keeps what it has put somewhere by the numbers of
 * destinations.
 */
#ifndef NEARCAST_ROUTE_FORWARD_H
#define NEARCAST_ROUTE_FORWARD_H

#include "base/bitmap.h"
#include "route/speaker.h"

#define FORWARD_PATHS_MAX 64u

enum forward_kind {
	FORWARD_NONE,  /* no route of a neighbour is the best one, or its next hop has no way */
	FORWARD_PATHS, /* share the traffic, one at least */
	FORWARD_BLACKHOLE, /* the best route has the community BLACKHOLE: RFC 7999 */
};

struct forward_path {
	struct address gateway;
	uint32_t link; /* index of the interface; 0: not known */
};

struct forward {
	struct prefix prefix;
	enum forward_kind kind;
	uint32_t path_count; /* with FORWARD_BLACKHOLE too: where it would go otherwise */
	struct forward_path paths[FORWARD_PATHS_MAX];
};

/* destination: any number; one that is not in use gives FORWARD_NONE and no prefix
 * (FAMILY_NONE). */
void forward_of(struct speaker *speaker, enum bgp_family family, uint32_t destination,
	struct forward *ret_forward);
/* All destinations have numbers below. */
uint32_t forward_bound(const struct speaker *speaker, enum bgp_family family);
/* Destinations in these sets of the caller's, one a unicast family, keep their numbers and
 * prefixes, even without routes. NULL: no more. */
void forward_hold(struct speaker *speaker, const struct bitmap *holds);
/* It was taken out of the set: its number may be given to another prefix now. */
void forward_release(struct speaker *speaker, enum bgp_family family, uint32_t destination);

#endif
