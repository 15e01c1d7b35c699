/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What listens on this host, asked from the kernel (sock_diag(7)), and the news that a socket
 * is gone (the SOCK_DIAG destroy groups).
 *
 * The kernel announces a socket when its last reference goes: after close, exit or SIGKILL, and
 * only when no other process holds a copy. It announces every kind of socket, also each closed
 * connection of a busy server; a filter in the kernel lets through only those that had no peer
 * and a port that somebody watches. There is no news of sockets that begin to listen, nor of a
 * shutdown(2) of a listener: these are found by asking.
 */
#ifndef NEARCAST_OS_SOCKET_DIAG_H
#define NEARCAST_OS_SOCKET_DIAG_H

#include <linux/filter.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/address.h"
#include "base/error.h"

enum socket_protocol {
	SOCKET_TCP,
	SOCKET_UDP,
};

/* A socket to ask with. */
struct socket_diag {
	int fd;
	uint32_t sequence;
};

/* 0 or ERROR_SYSTEM. Needs no privilege. */
int socket_diag_open(struct socket_diag *diag, struct error *error);
/* Zero-initialised or failed to open is fine as long as fd is -1. */
void socket_diag_close(struct socket_diag *diag);

/*
 * Does a socket of this host take what arrives for address and port: a TCP socket in LISTEN, or
 * a bound UDP socket without a peer? Found the way the kernel finds the receiver of a packet:
 * wildcard sockets count, an IPv6 wildcard without IPV6_V6ONLY takes IPv4 as well, a socket
 * bound to a device counts. Does not block: two system calls when there is one, a walk over the
 * kernel's tables when not.
 * 0; ERROR_NOT_FOUND; ERROR_SYSTEM when the kernel does not say.
 */
int socket_diag_listening(struct socket_diag *diag, const struct address *address,
	uint16_t port, enum socket_protocol protocol, struct error *error);

/* A socket that hears of every destroyed TCP and UDP socket, of both families: non-blocking,
 * close-on-exec. The descriptor is the caller's. >= 0 or ERROR_SYSTEM. */
int socket_diag_events_open(struct error *error);

#define SOCKET_DIAG_PORTS_MAX 256

/* What is of interest. */
struct socket_diag_watch {
	bool tcp, udp;
	bool all_ports;                        /* more than fit */
	uint16_t ports[SOCKET_DIAG_PORTS_MAX]; /* of either protocol */
	size_t port_count;
};

/* Add to a zero-initialised watch; a port that is there already does no harm. */
void socket_diag_watch_add(
	struct socket_diag_watch *watch, uint16_t port, enum socket_protocol protocol);

/* Let the kernel wake us for these ports only, and do no work for a protocol that nobody
 * watches. Needs no privilege. 0 or ERROR_SYSTEM. */
int socket_diag_events_watch(
	int fd, const struct socket_diag_watch *watch, struct error *error);

/* A socket without a peer is gone. */
struct socket_diag_event {
	enum family family; /* of the socket: an IPv6 one may have served IPv4 */
	struct address address;
	uint16_t port;
};

/* The next event. 0; ERROR_NOT_FOUND: none for now; ERROR_FULL: the kernel dropped some, ask
 * again about everything; ERROR_MALFORMED: this one made no sense, go on; ERROR_SYSTEM. */
int socket_diag_events_next(int fd, struct socket_diag_event *ret_event);

/* Pure parts, for tests. */

#define SOCKET_DIAG_FILTER_MAX (2 * SOCKET_DIAG_PORTS_MAX + 5)

/* The filter's instructions; at most SOCKET_DIAG_FILTER_MAX. Returns how many. */
size_t socket_diag_filter_build(const struct socket_diag_watch *watch,
	struct sock_filter filter[SOCKET_DIAG_FILTER_MAX]);
/* 0 or ERROR_MALFORMED. */
int socket_diag_event_decode(
	const void *bytes, size_t length, struct socket_diag_event *ret_event);

#endif
