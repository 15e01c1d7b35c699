/* SPDX-License-Identifier: Apache-2.0 */
/* TCP connections between routers: addresses, TCP-MD5, GTSM, and what the kernel knows of them.
 */
#ifndef NEARCAST_OS_TCP_H
#define NEARCAST_OS_TCP_H

#include <stdbool.h>
#include <sys/socket.h>

#include "base/address.h"
#include "base/error.h"

#define TCP_PASSWORD_MAX  80 /* bytes: TCP_MD5SIG_MAXKEYLEN */
#define TCP_INTERFACE_MAX 16

/* What a socket needs before it speaks to a neighbour. Zero or empty: leave as it is. */
struct tcp_options {
	struct address local; /* bind to it; FAMILY_NONE: the kernel chooses */
	struct address remote;
	uint16_t remote_port;
	const char *interface;   /* scope of a link-local remote; empty: none */
	uint8_t ttl;             /* to send: 1 for a direct neighbour, 255 with minimum_ttl */
	uint8_t minimum_ttl;     /* RFC 5082: drop what comes with less */
	const uint8_t *password; /* RFC 2385 */
	uint8_t password_length;
};

/* Start a non-blocking connect. The result comes when the socket gets writable: tcp_result. */
int tcp_connect(const struct tcp_options *options, int *ret_fd, struct error *error);
/* 0 once connected, else ERROR_SYSTEM or ERROR_TIMEOUT with the reason. */
int tcp_result(int fd, struct error *error);
/* Options for a connection that was accepted from a prepared listener (local and password are
 * not looked at: the password was set on the listener). ERROR_PERMISSION if it began with a
 * lower TTL than minimum_ttl. */
int tcp_adopt(int fd, const struct tcp_options *options, struct error *error);
/* Accept one. ERROR_NOT_FOUND when there is none waiting. interface: set for link-local peers.
 */
int tcp_accept(int listener, int *ret_fd, struct address *ret_remote,
	char interface[TCP_INTERFACE_MAX], struct error *error);
/* Set (or with length 0 remove) the key for a remote address on a listener or unconnected
 * socket. Removing a key that is not there is no error. */
int tcp_password_set(int fd, const struct address *remote, const char *interface,
	const uint8_t *password, uint8_t length, struct error *error);
/* For a listener: answers leave with TTL 255, which suits every kind of neighbour; the TTL of
 * who connects is remembered for tcp_adopt. */
void tcp_listener_prepare(int fd, enum family family);

struct tcp_addresses {
	struct address local, remote;
	uint16_t local_port, remote_port;
	struct address link_local;     /* IPv6 link-local of the interface; FAMILY_NONE */
	struct address interface_ipv4; /* first global address of the interface; FAMILY_NONE */
	struct address interface_ipv6;
	bool directly_connected; /* remote is inside a subnet of the interface */
};
int tcp_addresses(int fd, struct tcp_addresses *ret_addresses, struct error *error);

#endif
