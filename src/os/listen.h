/* SPDX-License-Identifier: Apache-2.0 */
/* Listening sockets, and errors that say who is in the way. */
#ifndef NEARCAST_OS_LISTEN_H
#define NEARCAST_OS_LISTEN_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/address.h"
#include "base/error.h"

/* A non-blocking, close-on-exec TCP listener; IPv6 ones take no IPv4. ERROR_EXISTS: the port is
 * taken, and the text says by whom if that can be seen; ERROR_PERMISSION: which capability;
 * ERROR_NOT_FOUND: the address is not on this machine; ERROR_UNSUPPORTED: no such family here.
 */
int listen_tcp(const struct address *address, uint16_t port, int *ret_fd, struct error *error);

/* A Unix stream listener with this mode and group (-1: leave). Takes the place of a dead
 * socket; ERROR_EXISTS if somebody answers on it. */
int listen_unix(const char *path, mode_t mode, gid_t gid, int *ret_fd, struct error *error);

/* "nginx (process 4242)" for who listens on the TCP port, in this network namespace; false if
 * it can't be seen. */
bool listen_owner(uint16_t port, char *text, size_t size);

#endif
