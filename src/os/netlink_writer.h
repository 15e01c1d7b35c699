/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Our routes in the kernel: added, replaced and removed in batches, and listed. Needs
 * CAP_NET_ADMIN, but for the list.
 */
#ifndef NEARCAST_OS_NETLINK_WRITER_H
#define NEARCAST_OS_NETLINK_WRITER_H

#include "os/netlink_route.h"

enum netlink_change {
	ROUTE_ADD,     /* fails if somebody has a route with its prefix and metric */
	ROUTE_REPLACE, /* in one step, whatever was there; made if nothing was */
	ROUTE_REMOVE,  /* one of ours; fine if it is not there */
	ROUTE_CHANGES,
};

struct netlink_writer;

/* Told of a change that the kernel refused: index counts from 0 within a flush. */
typedef void netlink_refused(void *context, uint32_t index, int system_errno);

/* NULL: see error. */
struct netlink_writer *netlink_writer_open(struct error *error);
void netlink_writer_close(struct netlink_writer *writer); /* NULL is fine */

/* What is refused is told to this from now on, until the next flush has returned. */
void netlink_writer_tell(
	struct netlink_writer *writer, netlink_refused *refused, void *context);
/* One more change; a full batch is sent at once. Its protocol is ours, whatever the route says.
 * Of a removal only prefix, table and metric count. 0, or an error of netlink_writer_flush. */
int netlink_writer_put(struct netlink_writer *writer, enum netlink_change change,
	const struct netlink_route *route, struct error *error);
/* Send what is left and wait for the kernel's word, which comes at once. 0 or ERROR_SYSTEM: it
 * is not known what became of the changes. Starts a new count of indexes. */
int netlink_writer_flush(struct netlink_writer *writer, struct error *error);

typedef void netlink_route_each(void *context, const struct netlink_route *route);
/* The routes of our protocol in this table; 0: in all. */
int netlink_writer_list(struct netlink_writer *writer, uint32_t table, netlink_route_each *each,
	void *context, struct error *error);

/* There is a route of our protocol in this table; quick, however many there are. */
bool netlink_routes_any(uint32_t table);

/* The same ways, in whatever order. */
bool netlink_route_same(const struct netlink_route *a, const struct netlink_route *b);

#endif
