/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Next hops of routes in the kernel's table: RFC 4271 section 9.1.2. Inside of the speaker; the
 * host's side is speaker_kernel_set and speaker_kernel_changed.
 */
#ifndef NEARCAST_ROUTE_NEXT_HOP_H
#define NEARCAST_ROUTE_NEXT_HOP_H

#include "route/source.h"

/* Routes of the source with this set cannot be used. False while nothing is tracked. */
bool next_hop_unresolved(const struct speaker *speaker, const struct source *source,
	enum bgp_family family, attribute_set set);
/* To the next hop of the set: 0 while nothing is tracked, or if it has none. */
uint32_t next_hop_metric(const struct speaker *speaker, attribute_set set);
/* For policies: POLICY_METRIC_UNKNOWN if nothing is tracked or there is no way. */
uint32_t next_hop_policy_metric(
	struct speaker *speaker, const struct bgp_attributes *attributes);

/* Some next hop's way has changed, and not all routes have been looked at since. */
bool next_hops_reviewing(const struct speaker *speaker);
/* One bounded piece of it. */
void next_hops_review_step(struct speaker *speaker);

#endif
