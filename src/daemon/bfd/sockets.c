/* SPDX-License-Identifier: Apache-2.0 */
/*
 * UDP for BFD: a receiver a family and port, a sender a path.
 *
 * Invariants:
 *  1. What is sent has TTL 255 (RFC 5881 section 5), a source port from 49152 on that stays the
 *     same for the life of the session (section 4), and the precedence of control traffic.
 *  2. What is received says its TTL, its destination and its interface, or is dropped.
 *
 * RFC 5881 sections 4 and 5, RFC 5883 section 5.
 */
#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <unistd.h>

#include "daemon/bfd/bfd_process.h"
#include "os/clock.h"
#include "os/connect.h"
#include "os/log.h"

#define PORT_FIRST 49152u
#define PORT_TRIES 64
#define READS      64 /* of one turn */
#define TOS_CS6    0xc0

static enum family receiver_family(unsigned which)
{
	return which % 2 == 0 ? FAMILY_IPV4 : FAMILY_IPV6;
}

static uint16_t receiver_port(unsigned which)
{
	return which / 2 == 0 ? BFD_PORT : BFD_PORT_MULTIHOP;
}

unsigned bfd_socket_receiver(const struct bfd_settings *settings)
{
	return (settings->remote.family == FAMILY_IPV6 ? 1u : 0u) +
	       (settings->multihop ? 2u : 0u);
}

static int option(int fd, int level, int name, int value)
{
	return setsockopt(fd, level, name, &value, sizeof(value));
}

static struct address any_of(enum family family)
{
	static const uint8_t zeroes[16];

	return address_from_bytes(family, zeroes);
}

/* ---- Receiving. ---- */

/* What the kernel says of a packet. False: not all that is needed. */
static bool arrival_read(struct msghdr *message, struct bfd_arrival *arrival)
{
	bool ttl = false, to = false;

	for (struct cmsghdr *c = CMSG_FIRSTHDR(message); c != NULL;
		c = CMSG_NXTHDR(message, c)) {
		int number;

		if ((c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_TTL) ||
			(c->cmsg_level == IPPROTO_IPV6 && c->cmsg_type == IPV6_HOPLIMIT)) {
			memcpy(&number, CMSG_DATA(c), sizeof(number));
			arrival->ttl = (uint8_t)number;
			ttl = true;
		} else if (c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_PKTINFO) {
			struct in_pktinfo info;

			memcpy(&info, CMSG_DATA(c), sizeof(info));
			arrival->to = address_ipv4(ntohl(info.ipi_addr.s_addr));
			arrival->interface = (uint32_t)info.ipi_ifindex;
			to = true;
		} else if (c->cmsg_level == IPPROTO_IPV6 && c->cmsg_type == IPV6_PKTINFO) {
			struct in6_pktinfo info;

			memcpy(&info, CMSG_DATA(c), sizeof(info));
			arrival->to = address_from_bytes(FAMILY_IPV6, info.ipi6_addr.s6_addr);
			arrival->interface = info.ipi6_ifindex;
			to = true;
		}
	}
	return ttl && to;
}

/* False: nothing more is there. */
static bool receive_one(struct bfd_process *process, unsigned which)
{
	struct sockaddr_storage from;
	uint8_t bytes[256];
	union {
		struct cmsghdr align;
		uint8_t bytes[256];
	} control;
	struct iovec part = { bytes, sizeof(bytes) };
	struct msghdr message = { .msg_name = &from,
		.msg_namelen = sizeof(from),
		.msg_iov = &part,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = sizeof(control) };
	ssize_t got = recvmsg(process->receivers[which], &message, MSG_DONTWAIT);
	struct bfd_arrival arrival = { .multihop = which >= 2 };

	if (got < 0)
		return errno == EINTR || errno == ECONNREFUSED;
	if (!arrival_read(&message, &arrival))
		return true;
	arrival.from = connect_address(&from, NULL);
	bfd_received(process->machine, &arrival, bytes, (size_t)got, clock_now());
	return true;
}

static void on_readable(uv_poll_t *poll, int status, int events)
{
	struct bfd_process *process = poll->data;

	(void)events;
	for (unsigned which = 0; which < BFD_RECEIVERS; which++) {
		if (process->polls[which] != poll || status < 0)
			continue;
		for (unsigned i = 0; i < READS && receive_one(process, which); i++)
			;
	}
	bfd_process_settle(process);
}

static int receiver_socket(unsigned which)
{
	bool six = receiver_family(which) == FAMILY_IPV6;
	int fd = socket(six ? AF_INET6 : AF_INET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	struct address any = any_of(receiver_family(which));
	struct sockaddr_storage storage;
	socklen_t length = connect_sockaddr(&any, receiver_port(which), &storage);
	int r;

	if (fd < 0)
		return -errno;
	if (six)
		r = option(fd, IPPROTO_IPV6, IPV6_V6ONLY, 1) |
		    option(fd, IPPROTO_IPV6, IPV6_RECVHOPLIMIT, 1) |
		    option(fd, IPPROTO_IPV6, IPV6_RECVPKTINFO, 1);
	else
		r = option(fd, IPPROTO_IP, IP_RECVTTL, 1) |
		    option(fd, IPPROTO_IP, IP_PKTINFO, 1);
	if (r == 0 && bind(fd, (struct sockaddr *)&storage, length) == 0)
		return fd;
	r = -errno;
	close(fd);
	return r;
}

static void poll_closed(uv_handle_t *handle)
{
	free(handle);
}

static void receiver_close(struct bfd_process *process, unsigned which)
{
	if (process->receivers[which] < 0)
		return;
	uv_poll_stop(process->polls[which]);
	uv_close((uv_handle_t *)process->polls[which], poll_closed);
	close(process->receivers[which]);
	process->polls[which] = NULL;
	process->receivers[which] = -1;
}

static void receiver_open(struct bfd_process *process, unsigned which)
{
	uv_poll_t *poll;
	int fd;

	if (process->receivers[which] >= 0)
		return;
	fd = receiver_socket(which);
	if (fd < 0) {
		log_event(LOG_ERROR, "bfd", "cannot receive on UDP port %u (%s): %s%s",
			receiver_port(which),
			receiver_family(which) == FAMILY_IPV6 ? "IPv6" : "IPv4", strerror(-fd),
			fd == -EADDRINUSE ? "; does another BFD daemon run here?" : "");
		return;
	}
	poll = calloc(1, sizeof(*poll));
	if (poll == NULL || uv_poll_init(process->loop, poll, fd) != 0) {
		free(poll);
		close(fd);
		return;
	}
	poll->data = process;
	process->receivers[which] = fd;
	process->polls[which] = poll;
	uv_poll_start(poll, UV_READABLE, on_readable);
}

void bfd_sockets_receive(struct bfd_process *process, const bool wanted[BFD_RECEIVERS])
{
	for (unsigned which = 0; which < BFD_RECEIVERS; which++)
		if (wanted[which])
			receiver_open(process, which);
		else
			receiver_close(process, which);
}

void bfd_sockets_close(struct bfd_process *process)
{
	static const bool none[BFD_RECEIVERS];

	bfd_sockets_receive(process, none);
}

/* ---- Sending. ---- */

static int source_bind(int fd, const struct bfd_settings *settings)
{
	struct address local = settings->local.family == FAMILY_NONE
				       ? any_of((enum family)settings->remote.family)
				       : settings->local;
	struct sockaddr_storage storage;
	uint32_t number = 0;

	if (getrandom(&number, sizeof(number), 0) != sizeof(number))
		number = (uint32_t)clock_now().ns;
	for (unsigned i = 0; i < PORT_TRIES; i++) {
		uint16_t port = (uint16_t)(PORT_FIRST + (number + i) % (65536u - PORT_FIRST));
		socklen_t length = connect_sockaddr(&local, port, &storage);

		if (storage.ss_family == AF_INET6 && address_is_link_local(&local))
			((struct sockaddr_in6 *)(void *)&storage)->sin6_scope_id =
				settings->interface;
		if (bind(fd, (struct sockaddr *)&storage, length) == 0)
			return 0;
		if (errno != EADDRINUSE)
			break;
	}
	return -errno;
}

int bfd_socket_open(const struct bfd_settings *settings)
{
	bool six = settings->remote.family == FAMILY_IPV6;
	int fd = socket(six ? AF_INET6 : AF_INET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	struct sockaddr_storage storage;
	socklen_t length = connect_sockaddr(
		&settings->remote, settings->multihop ? BFD_PORT_MULTIHOP : BFD_PORT, &storage);
	int r;

	if (fd < 0)
		return -errno;
	if (six)
		((struct sockaddr_in6 *)(void *)&storage)->sin6_scope_id =
			address_is_link_local(&settings->remote) ? settings->interface : 0;
	r = six ? option(fd, IPPROTO_IPV6, IPV6_UNICAST_HOPS, 255)
		: option(fd, IPPROTO_IP, IP_TTL, 255);
	(void)option(fd, SOL_SOCKET, SO_PRIORITY, 6);
	(void)(six ? option(fd, IPPROTO_IPV6, IPV6_TCLASS, TOS_CS6)
		   : option(fd, IPPROTO_IP, IP_TOS, TOS_CS6));
	r = r != 0 ? -errno : source_bind(fd, settings);
	if (r == 0 && connect(fd, (struct sockaddr *)&storage, length) != 0)
		r = -errno;
	if (r == 0)
		return fd;
	close(fd);
	return r;
}
