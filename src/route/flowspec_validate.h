/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whether a flow specification from a neighbour may filter: RFC 8955 section 6 as RFC 9117
 * amended it, for IPv6 with RFC 8956 section 5. A pure function: what the unicast routes are,
 * it asks.
 *
 * The answer holds until a unicast route changes that is the best match for the destination, or
 * is more specific: the caller asks again then.
 */
#ifndef NEARCAST_ROUTE_FLOWSPEC_VALIDATE_H
#define NEARCAST_ROUTE_FLOWSPEC_VALIDATE_H

#include "wire/bgp_attribute.h"
#include "wire/flowspec.h"

/* The best path of a unicast prefix. */
struct flowspec_unicast {
	/* RFC 8955 section 6: ORIGINATOR_ID if the route has it, else the address of the
	 * neighbour that sent it. */
	struct address originator;
	uint32_t neighbor_asn; /* the AS that it was received from; 0: our own */
	uint32_t first_asn;    /* leftmost in its AS_PATH; 0 if the path is empty */
};

struct flowspec_lookup {
	/* The best path of the longest unicast prefix that contains all of destination; false
	 * if there is none. */
	bool (*best_match)(void *context, const struct prefix *destination,
		struct flowspec_unicast *ret_unicast);
	/* Whether some unicast prefix inside of destination, longer than it, has a path that
	 * was received from another AS than neighbor_asn. */
	bool (*others_inside)(
		void *context, const struct prefix *destination, uint32_t neighbor_asn);
	void *context;
};

/* Who sent the flow specification. */
struct flowspec_source {
	struct address originator; /* as in struct flowspec_unicast */
	bool external;             /* from an external neighbour */
	/* RFC 9117 section 4.1 step b 2 may be switched off; and step a relaxed, when a
	 * destination is not needed (then b and c are moot). */
	bool local_domain_refused;
	bool destination_optional;
};

enum flowspec_feasibility {
	FLOWSPEC_FEASIBLE,
	FLOWSPEC_NO_DESTINATION,   /* a: no destination prefix, or one with an offset */
	FLOWSPEC_NO_UNICAST,       /* b: no unicast route covers the destination */
	FLOWSPEC_OTHER_ORIGINATOR, /* b: neither the same originator nor from the local domain
				    */
	FLOWSPEC_OTHERS_INSIDE,    /* c: more specific routes from another AS */
	FLOWSPEC_OTHER_FIRST_AS,   /* RFC 9117 section 4.2 */
};

enum flowspec_feasibility flowspec_validate(const struct flowspec *rule,
	const struct bgp_attributes *attributes, const struct flowspec_source *source,
	const struct flowspec_lookup *lookup);

/* "there is no unicast route for the destination", with its clause. Static text. */
const char *flowspec_feasibility_reason(enum flowspec_feasibility feasibility);

#endif
