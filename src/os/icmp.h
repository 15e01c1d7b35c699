/* SPDX-License-Identifier: Apache-2.0 */
/* Sockets for echo requests, opened by who may and handed to who does. */
#ifndef NEARCAST_OS_ICMP_H
#define NEARCAST_OS_ICMP_H

#include "base/address.h"
#include "base/error.h"

/* A non-blocking ping socket (icmp(7), "ping sockets"), or where net.ipv4.ping_group_range does
 * not let us, a raw one: SO_TYPE tells which. ERROR_PERMISSION, ERROR_UNSUPPORTED. */
int icmp_open(enum family family, int *ret_fd, struct error *error);

#endif
