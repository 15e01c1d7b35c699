/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Service addresses on interfaces: put there, taken off, listed, watched (rtnetlink(7)).
 *
 * Addresses that we put carry our own protocol number (IFA_PROTO, Linux 5.18), so that a later
 * run knows what an earlier one left behind, and nobody else's address is ever touched.
 */
#ifndef NEARCAST_OS_NETLINK_ADDRESS_H
#define NEARCAST_OS_NETLINK_ADDRESS_H

#include <net/if.h>
#include <stdbool.h>
#include <stdint.h>
#include <uv.h>

#include "base/address.h"
#include "base/error.h"

#define ADDRESS_PROTOCOL 0x6e /* of IFA_PROTO: ours */

struct netlink;

struct interface_address {
	struct address address;
	uint8_t length; /* of its prefix */
	char interface[IF_NAMESIZE];
	uint8_t protocol; /* 0: not said */
};

/* NULL: see error. */
struct netlink *netlink_open(struct error *error);
void netlink_close(struct netlink *netlink); /* NULL is fine */
/* Put addresses without our protocol number from now on: for tests, as if the kernel did not
 * know of it. */
void netlink_protocol_forget(struct netlink *netlink);

/* As a host address (/32 or /128), without duplicate address detection, and for IPv6
 * deprecated, so that the kernel does not choose it for what the machine itself sends. 0,
 * ERROR_EXISTS (it is there already, by whomever), ERROR_PERMISSION, ERROR_NOT_FOUND (no such
 * interface). */
int netlink_address_add(struct netlink *netlink, const char *interface,
	const struct address *address, struct error *error);
/* 0, ERROR_NOT_FOUND (address or interface), ERROR_PERMISSION. */
int netlink_address_remove(struct netlink *netlink, const char *interface,
	const struct address *address, struct error *error);

typedef void netlink_each(void *context, const struct interface_address *address);
/* Every address of every interface, as it is now. */
int netlink_address_list(
	struct netlink *netlink, netlink_each *each, void *context, struct error *error);

struct netlink_events {
	void *context;
	void (*added)(void *context, const struct interface_address *address);
	void (*removed)(void *context, const struct interface_address *address);
	/* Events were lost: look at everything again. */
	void (*overrun)(void *context);
};
/* Tell about changes, also our own. Once. */
int netlink_watch(struct netlink *netlink, uv_loop_t *loop, const struct netlink_events *events,
	struct error *error);

#endif
