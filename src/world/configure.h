/* SPDX-License-Identifier: Apache-2.0 */
/* What the daemons of a world's nodes are told: configurations as text. */
#ifndef NEARCAST_WORLD_CONFIGURE_H
#define NEARCAST_WORLD_CONFIGURE_H

#include "base/text.h"
#include "world/world.h"

/* A BGP session as one node sees it. */
struct world_session {
	const struct world_link *link; /* NULL: inside the network, between loopbacks */
	const struct world_node *other;
	const char *name;       /* of the interface, or of the other node */
	uint32_t local, remote; /* addresses */
	uint32_t asn;           /* the other's */
	enum world_session_kind {
		SESSION_PROVIDER, /* the other is our provider */
		SESSION_CUSTOMER,
		SESSION_PEER,
		SESSION_ROUTE_SERVER, /* the other is a route server */
		SESSION_MEMBER,       /* we are the route server */
		SESSION_INTERNAL,
	} kind;
	uint8_t prepend; /* by us */
	bool watched;    /* by BFD */
};

typedef void world_session_each(void *context, const struct world_session *session);
/* Every session of a node. */
void world_sessions(
	const struct world *world, uint32_t node, world_session_each *each, void *context);

/* Local preference of what is heard from one: customers before peers before providers. */
unsigned world_preference(enum world_session_kind kind);

/* The configuration of this program on a node: nearcast.yaml. prepend: of a site, on top of
 * what its links say. */
void world_configure_nearcast(
	const struct world *world, uint32_t node, unsigned prepend, struct text *out);
/* bird.conf, bgpd.conf of FRR, gobgpd.toml, bgpd.conf of OpenBGPD. */
void world_configure_bird(const struct world *world, uint32_t node, struct text *out);
void world_configure_frr(const struct world *world, uint32_t node, struct text *out);
void world_configure_gobgp(const struct world *world, uint32_t node, struct text *out);
void world_configure_openbgpd(const struct world *world, uint32_t node, struct text *out);
/* Of a node of GoBGP or OpenBGPD, which put nothing into the kernel of Linux: nearcast.yaml of
 * a companion that hears all of it over iBGP and does. */
void world_configure_companion(const struct world *world, uint32_t node, struct text *out);

#define WORLD_COMPANION_ADDRESS 0x7f000002u /* 127.0.0.2 */

#endif
