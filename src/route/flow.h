/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Flow specifications in the table of routes. A rule is a destination as a prefix is: its
 * number here stands for it, written as a host prefix of IPv4 (flow_key). So generations,
 * staleness, the choice of the best, groups, chunks and refreshes work on rules as they do on
 * prefixes.
 *
 * What is only of rules: a route to one counts when it is feasible (route/flowspec_validate.h).
 * rib_route.unresolved says that it is not, or that this is not known yet.
 */
#ifndef NEARCAST_ROUTE_FLOW_H
#define NEARCAST_ROUTE_FLOW_H

#include "base/hash.h"
#include "base/instant.h"
#include "route/rib.h"
#include "wire/bgp_update.h"
#include "wire/flowspec.h"

struct speaker;
struct neighbor;

#define FLOW_RULES_MAX    16384u /* of all neighbours together, and ours */
#define FLOW_NEIGHBOR_MAX 4096u  /* of one neighbour in one family */
#define FLOW_NONE         UINT32_MAX

/* What lies inside of the destination of some rule: step c of RFC 8955 section 6. */
struct flow_area {
	struct prefix destination;
	uint32_t rules;           /* that have this destination */
	bool known;               /* what follows is of a whole walk */
	bool walked;              /* it was there when the walk that is under way began */
	bool any, many;           /* more specific unicast routes; from several AS */
	uint32_t asn;             /* if not many: of all of them */
	bool next_any, next_many; /* of the walk that is under way */
	uint32_t next_asn;
};

struct flow_table {
	struct hash_table by_bytes; /* struct flow_rule */
	struct flow_rule **rules;   /* by number */
	uint32_t rule_room, rule_count;
	struct flow_area *areas; /* in order; owned */
	uint32_t area_count, area_room;
	uint64_t lengths[2][3]; /* which lengths the areas of a family have: bits */
	bool wanted;            /* a walk: something has changed since it last began */
	bool walking;
	bool validating;      /* it has ended: the routes are looked at again */
	uint32_t at;          /* destination that is next */
	uint8_t family;       /* of it */
	struct instant again; /* no walk begins before */
};

void flow_free(struct speaker *speaker);

/* The rule behind a destination of a family of rules. */
const struct flowspec *flow_rule(
	const struct speaker *speaker, enum bgp_family family, uint32_t destination);

/* NLRI of a family of rules, from a neighbour. */
void flow_withdraw(struct neighbor *neighbor, struct bgp_nlri nlri);
void flow_announce(struct neighbor *neighbor, struct bgp_nlri nlri,
	const struct bgp_attributes *attributes, struct instant now);

/* The best unicast route of a destination has changed: rules may have to be looked at. */
void flow_unicast_changed(
	struct speaker *speaker, enum bgp_family family, uint32_t destination);
/* When flow_step has something to do; INSTANT_NEVER: nothing. */
struct instant flow_deadline(const struct speaker *speaker);
/* One bounded piece of it. */
void flow_step(struct speaker *speaker, struct instant now);

#endif
