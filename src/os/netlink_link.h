/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Interfaces of a network namespace: made, connected, numbered, switched (rtnetlink(7)). For
 * worlds that this program builds itself; all of it needs CAP_NET_ADMIN there.
 */
#ifndef NEARCAST_OS_NETLINK_LINK_H
#define NEARCAST_OS_NETLINK_LINK_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"

struct links;

/* Speaks to the network namespace that the caller is in now, wherever it is later. */
int links_open(struct links **ret_links, struct error *error);
void links_close(struct links *links); /* NULL is fine */

/* A cable: `name` here, `peer` in the namespace of the descriptor. ERROR_UNSUPPORTED: no veth.
 */
int links_veth(struct links *links, const char *name, int peer_namespace, const char *peer,
	struct error *error);
int links_bridge(struct links *links, const char *name, struct error *error);
/* An interface becomes a port of a bridge. */
int links_master(
	struct links *links, const char *name, const char *bridge, struct error *error);
int links_up(struct links *links, const char *name, bool up, struct error *error);
/* Whatever is sent is lost, and nobody is told; or not any more. */
int links_silence(struct links *links, const char *name, bool silent, struct error *error);
/* It goes, and the other end of its cable too. */
int links_remove(struct links *links, const char *name, struct error *error);

/* IPv4, host byte order. ERROR_EXISTS. */
int links_address(struct links *links, const char *name, uint32_t address, uint8_t length,
	struct error *error);

enum links_change {
	LINKS_REPLACE,
	LINKS_REMOVE,
};
/* An IPv4 route with protocol "static", host byte order; via 0: on the link. */
int links_route(struct links *links, enum links_change change, uint32_t prefix, uint8_t length,
	uint32_t via, const char *name, uint32_t metric, struct error *error);

#endif
