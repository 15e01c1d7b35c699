/* SPDX-License-Identifier: Apache-2.0 */
/* What a route server tells a client (RFC 7947): the best of what the client may hear. */
#ifndef NEARCAST_ROUTE_ROUTE_SERVER_H
#define NEARCAST_ROUTE_ROUTE_SERVER_H

#include "route/group.h"

/* The best route among those that the group may be told and its policy accepts; so a better one
 * that is kept from a client hides nothing from it (RFC 7947 section 2.3). The set comes with a
 * reference; none: there is no such route. */
struct export_choice route_server_choose(
	const struct group *group, enum bgp_family family, uint32_t destination);
/* Whether a client shares its group with nobody: each has a choice of its own, for its own
 * routes are none of it. With ADD-PATH all hear of everything, and share. */
bool route_server_alone(const struct neighbor *neighbor);

#endif
