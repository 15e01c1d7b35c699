/* SPDX-License-Identifier: Apache-2.0 */
/* The operator's policies, as the engine runs them: src/route/policy.h. */
#ifndef NEARCAST_ROUTE_FILTER_H
#define NEARCAST_ROUTE_FILTER_H

#include "route/group.h"

/* The set that a received route gets, with a reference; none: rejected, or no memory.
 * attributes are those of received, which it may be. */
attribute_set filter_import(struct neighbor *neighbor, const struct prefix *prefix,
	const struct bgp_attributes *attributes, attribute_set received);
/* The outcome is the same for all prefixes of one set. */
bool filter_import_by_set(const struct neighbor *neighbor);
/* The same on the way out, for a route that `from` said. */
attribute_set filter_export(const struct group *group, enum bgp_family family,
	const struct prefix *prefix, const struct neighbor *from, attribute_set set);
/* What the neighbour is to us: by its settings, or by the role. */
enum policy_relation filter_relation(const struct neighbor *neighbor);

/* All that the neighbour sent is to go through its policy again: some at a time. */
void filter_review(struct neighbor *neighbor);
void filter_review_family(struct neighbor *neighbor, enum bgp_family family);
/* One bounded piece of it. False: it is done. */
bool filter_review_step(struct speaker *speaker, struct source *source);

/* What the policies would say, without counting: route/explain.h. */
struct explained_policy;
void filter_explain_import(struct neighbor *neighbor, const struct prefix *prefix,
	const struct bgp_attributes *attributes, struct explained_policy *ret_policy);
void filter_explain_export(const struct neighbor *to, const struct neighbor *from,
	const struct prefix *prefix, const struct bgp_attributes *attributes,
	struct explained_policy *ret_policy);

#endif
