/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Changes of the kernel's routes as the tail of RECORD_KERNEL_ROUTES: what the speaker wants,
 * and main does. One after another: change, kind, family, length, the prefix's bytes, number of
 * paths; each path: interface, weight, family and bytes of the gateway.
 */
#ifndef NEARCAST_DAEMON_KERNEL_RECORD_H
#define NEARCAST_DAEMON_KERNEL_RECORD_H

#include "base/bytes.h"
#include "os/netlink_writer.h"

/* Failed if there is no room (BATCH: KERNEL_CHANGE_MAX bytes are enough). */
#define KERNEL_CHANGE_MAX 2048u
void kernel_change_write(
	struct writer *writer, enum netlink_change change, const struct netlink_route *route);
/* 0 or ERROR_MALFORMED. table, metric and protocol are zero. */
int kernel_change_read(struct cursor *cursor, enum netlink_change *ret_change,
	struct netlink_route *ret_route);

#endif
