/* SPDX-License-Identifier: Apache-2.0 */
/* Connecting sockets. The kernel chooses the source: for an address of this host, that address
 * itself, as for anyone who tries the service by hand. */
#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <unistd.h>

#include "os/connect.h"

socklen_t connect_sockaddr(
	const struct address *address, uint16_t port, struct sockaddr_storage *ret_storage)
{
	struct sockaddr_in ipv4 = { .sin_family = AF_INET, .sin_port = htons(port) };
	struct sockaddr_in6 ipv6 = { .sin6_family = AF_INET6, .sin6_port = htons(port) };

	memset(ret_storage, 0, sizeof(*ret_storage));
	switch (address->family) {
	case FAMILY_IPV4:
		memcpy(&ipv4.sin_addr, address->bytes, sizeof(ipv4.sin_addr));
		memcpy(ret_storage, &ipv4, sizeof(ipv4));
		return sizeof(ipv4);
	case FAMILY_IPV6:
		memcpy(&ipv6.sin6_addr, address->bytes, sizeof(ipv6.sin6_addr));
		memcpy(ret_storage, &ipv6, sizeof(ipv6));
		return sizeof(ipv6);
	default:
		return 0;
	}
}

struct address connect_address(const struct sockaddr_storage *storage, uint16_t *ret_port)
{
	struct sockaddr_in ipv4;
	struct sockaddr_in6 ipv6;
	uint16_t port = 0;
	struct address address = { 0 };

	if (storage->ss_family == AF_INET) {
		memcpy(&ipv4, storage, sizeof(ipv4));
		address = address_from_bytes(FAMILY_IPV4, (const uint8_t *)&ipv4.sin_addr);
		port = ntohs(ipv4.sin_port);
	} else if (storage->ss_family == AF_INET6) {
		memcpy(&ipv6, storage, sizeof(ipv6));
		address = address_from_bytes(FAMILY_IPV6, ipv6.sin6_addr.s6_addr);
		port = ntohs(ipv6.sin6_port);
	}
	if (ret_port != NULL)
		*ret_port = port;
	return address;
}

static int connect_any(const struct address *address, uint16_t port, int type, int *ret_fd)
{
	struct sockaddr_storage storage;
	socklen_t length = connect_sockaddr(address, port, &storage);
	int fd = socket(storage.ss_family, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	int status;

	if (fd < 0)
		return -errno;
	if (connect(fd, (const struct sockaddr *)&storage, length) == 0 ||
		errno == EINPROGRESS) {
		*ret_fd = fd;
		return 0;
	}
	status = -errno;
	close(fd);
	return status;
}

int connect_stream(const struct address *address, uint16_t port, int *ret_fd)
{
	int status = connect_any(address, port, SOCK_STREAM, ret_fd);

	if (status != 0)
		return status;
	/* On this host the handshake is over by the time connect returns, although it does not
	 * say so: looking saves a turn of the loop. */
	status = connect_status(*ret_fd);
	if (status < 0)
		close(*ret_fd);
	return status;
}

int connect_status(int fd)
{
	struct sockaddr_storage peer;
	socklen_t size = sizeof(peer);
	int failure = 0;
	socklen_t failure_size = sizeof(failure);

	if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &failure, &failure_size) != 0)
		return -errno;
	if (failure != 0)
		return -failure;
	if (getpeername(fd, (struct sockaddr *)&peer, &size) == 0)
		return 0;
	return errno == ENOTCONN ? EINPROGRESS : -errno;
}

int connect_datagram(const struct address *address, uint16_t port, int *ret_fd)
{
	return connect_any(address, port, SOCK_DGRAM, ret_fd);
}

void connect_abort(int fd)
{
	struct linger reset = { .l_onoff = 1, .l_linger = 0 };

	(void)setsockopt(fd, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));
	close(fd);
}
