/* SPDX-License-Identifier: Apache-2.0 */
/* Connections to a service, without blocking. */
#ifndef NEARCAST_OS_CONNECT_H
#define NEARCAST_OS_CONNECT_H

#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#include "base/address.h"

/* Fills *ret_storage (zeroed first) and returns its length; 0 for FAMILY_NONE. */
socklen_t connect_sockaddr(
	const struct address *address, uint16_t port, struct sockaddr_storage *ret_storage);
/* The opposite; FAMILY_NONE for other families. ret_port may be NULL. */
struct address connect_address(const struct sockaddr_storage *storage, uint16_t *ret_port);

/*
 * A non-blocking, close-on-exec TCP socket that connects. *ret_fd is the caller's unless a
 * negative errno comes back. 0: connected; EINPROGRESS: ask connect_status when it is writable.
 */
int connect_stream(const struct address *address, uint16_t port, int *ret_fd);
/* 0: connected; EINPROGRESS: not yet; else a negative errno. Only looks: the next connect(2), by
 * a library that makes its own, returns 0 (Linux says EISCONN only to the one after). */
int connect_status(int fd);
/* A UDP socket of a random port that talks to this peer only. 0 or a negative errno. */
int connect_datagram(const struct address *address, uint16_t port, int *ret_fd);

/* Close so that nothing is left behind in TIME_WAIT: the peer sees a reset. */
void connect_abort(int fd);

#endif
