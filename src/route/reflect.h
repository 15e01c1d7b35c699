/* SPDX-License-Identifier: Apache-2.0 */
/* Route reflection (RFC 4456): what one internal neighbour said, told to another. */
#ifndef NEARCAST_ROUTE_REFLECT_H
#define NEARCAST_ROUTE_REFLECT_H

#include "route/group.h"

/* Whether a route that `from` said may go to the neighbours of this kind, as far as the rule
 * "what is internal stays with who heard it" goes: RFC 4456 section 6. */
bool reflect_wanted(const struct group_key *key, const struct neighbor *from);
/* The source is an internal neighbour, and the group is too. */
bool reflect_is(const struct group_key *key, const struct neighbor *from);
/* ORIGINATOR_ID and CLUSTER_LIST of a route that is reflected, and nothing of it otherwise:
 * RFC 4456 section 8. The list is in speaker->scratch. 0, ERROR_MEMORY, or ERROR_RANGE: the
 * list cannot be longer. */
int reflect_dress(
	const struct group *group, const struct neighbor *from, struct bgp_attributes *a);
/* Our CLUSTER_ID towards a neighbour: its setting, or our identifier (RFC 4456 section 7). */
uint32_t reflect_cluster_id(const struct neighbor *neighbor);
/* It went round: our identifier is the originator's, or our cluster is in the list. */
bool reflect_looped(const struct neighbor *neighbor, const struct bgp_attributes *a);

#endif
