/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The kernel's routes and links as rtnetlink(7) tells them: read all, then hear of changes.
 * Needs no privilege.
 */
#ifndef NEARCAST_OS_NETLINK_ROUTE_H
#define NEARCAST_OS_NETLINK_ROUTE_H

#include <net/if.h>
#include <stdbool.h>
#include <stdint.h>
#include <uv.h>

#include "base/address.h"
#include "base/error.h"

/* Of the routes that we put into the kernel (rtm_protocol); `ip route show proto 110`. Not
 * among the numbers that rtnetlink.h and /etc/iproute2/rt_protos give to others. */
#define ROUTE_PROTOCOL 110

#define ROUTE_TABLE_MAIN 254u
#define ROUTE_PATHS_MAX  64u

enum netlink_route_kind {
	ROUTE_UNICAST,
	ROUTE_LOCAL,     /* an address of this machine */
	ROUTE_BLACKHOLE, /* discards silently */
	ROUTE_OTHER,     /* unreachable, prohibit, broadcast, multicast: nothing is forwarded */
};

struct netlink_path {
	uint32_t link;          /* index of the interface; 0: none */
	uint16_t weight;        /* 1 to 256 */
	struct address gateway; /* of either family (RTA_VIA); FAMILY_NONE: on the link */
};

struct netlink_route {
	struct prefix prefix;
	uint32_t table, metric;
	uint8_t protocol; /* rtm_protocol */
	uint8_t kind;     /* enum netlink_route_kind */
	bool replaces;    /* what had its prefix and metric is gone */
	uint32_t path_count;
	struct netlink_path paths[ROUTE_PATHS_MAX];
};

struct netlink_link {
	uint32_t index;
	bool up; /* administratively, with a carrier */
	char name[IF_NAMESIZE];
};

struct nlmsghdr;

/* Reads RTM_NEWROUTE and RTM_DELROUTE. False: another message, another family, a cached route,
 * or one that is chosen by more than its destination (source, TOS). */
bool netlink_route_read(const struct nlmsghdr *message, struct netlink_route *ret_route);

struct netlink_reader;

struct netlink_reader_events {
	void *context;
	/* All that comes until the end is all there is. */
	void (*begin)(void *context);
	void (*end)(void *context);
	/* Valid during the call. gone: it was removed. */
	void (*route)(void *context, const struct netlink_route *route, bool gone);
	void (*link)(void *context, const struct netlink_link *link, bool gone);
	/* No more for now: look at what changed. */
	void (*settled)(void *context);
	/* The kernel does not answer; tried again later. */
	void (*failed)(void *context, const struct error *error);
};

/* Begins to read all; routes of our own protocol are not told. NULL: see error. */
struct netlink_reader *netlink_reader_open(
	uv_loop_t *loop, const struct netlink_reader_events *events, struct error *error);
void netlink_reader_close(struct netlink_reader *reader); /* NULL is fine */
/* Something was missed: read all again, soon. */
void netlink_reader_resync(struct netlink_reader *reader);

#endif
