/* SPDX-License-Identifier: Apache-2.0 */
/* Between flow.c (rules as destinations) and flow_review.c (which of them are feasible). */
#ifndef NEARCAST_ROUTE_FLOW_INTERNAL_H
#define NEARCAST_ROUTE_FLOW_INTERNAL_H

#include "route/flow.h"

struct flow_rule {
	struct hash_node node;
	uint32_t number;
	struct flowspec rule;
	uint8_t bytes[];
};

/* ---- flow.c ---- */
struct prefix flow_key(uint32_t number);
enum bgp_family flow_family(const struct flowspec *rule);
/* False: it has none, or one with an offset. */
bool flow_destination(const struct flowspec *rule, struct prefix *ret_prefix);
/* The first area that is not before the prefix. */
uint32_t flow_area_at(const struct flow_table *flow, const struct prefix *prefix);
struct flow_area *flow_area_find(struct flow_table *flow, const struct prefix *prefix);
/* Frees the rules that are destinations no more. */
void flow_collect(struct speaker *speaker);

/* ---- flow_review.c ---- */
/* All routes to one rule are looked at; what is not known yet is not feasible until then. */
void flow_validate(struct speaker *speaker, enum bgp_family family, uint32_t destination);
/* Why a route is feasible, or is not; static text. */
const char *flow_reason(const struct speaker *speaker, enum bgp_family family,
	uint32_t destination, const struct rib_route *route);

#endif
