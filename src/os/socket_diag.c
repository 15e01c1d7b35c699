/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Asking the kernel about sockets over NETLINK_SOCK_DIAG.
 *
 * A look is two steps. First one exact request: the kernel looks the receiver up as it would
 * for a packet from nobody (address and port zero) to the service, so that wildcards, dual
 * stack, v4-mapped addresses and SO_REUSEPORT are its business, at a constant cost. A socket
 * that is bound to a device takes no packet from nowhere, so when nothing was found all
 * listeners of the port are listed and those of a device are matched here.
 *
 * 1. The kernel answers within send(2): a receive never waits. No answer is an error.
 * 2. An answer is ours if its sequence number is; what an earlier, failed look left is skipped.
 * 3. Destroyed sockets are in TCP_CLOSE by the time they are announced, so that a listener is
 *    told from a connection by its peer's port, which is zero.
 */
#include <errno.h>
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "os/socket_diag.h"

#define EVENT_BUFFER  (1 << 20) /* bytes: some thousand events while we do something else */
#define PACKET_LENGTH 16384     /* bytes: the kernel fills a dump's packets up to this */

struct request {
	struct nlmsghdr head;
	struct inet_diag_req_v2 body;
};

/* What an answer is matched against. */
struct wanted {
	const struct address *address;
	uint16_t port;
	enum socket_protocol protocol;
};

enum verdict {
	VERDICT_MORE, /* read on */
	VERDICT_FOUND,
	VERDICT_ABSENT,
	VERDICT_FAILED, /* errno in *ret_errno */
};

int socket_diag_open(struct socket_diag *diag, struct error *error)
{
	*diag = (struct socket_diag){ .fd = -1 };
	diag->fd =
		socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_SOCK_DIAG);
	if (diag->fd < 0)
		return error_system(error, errno, "cannot ask the kernel about sockets");
	return 0;
}

void socket_diag_close(struct socket_diag *diag)
{
	if (diag->fd >= 0)
		close(diag->fd);
	diag->fd = -1;
}

/* Sockets of both families have this state: TCP listeners, or UDP sockets without a peer. */
static uint32_t states_of(enum socket_protocol protocol)
{
	return protocol == SOCKET_TCP ? 1u << TCP_LISTEN : 1u << TCP_CLOSE;
}

static struct request request_make(struct socket_diag *diag, const struct wanted *wanted)
{
	return (struct request){
		.head = { .nlmsg_len = sizeof(struct request),
			.nlmsg_type = SOCK_DIAG_BY_FAMILY,
			.nlmsg_flags = NLM_F_REQUEST,
			.nlmsg_seq = ++diag->sequence },
		.body = { .sdiag_protocol =
				  wanted->protocol == SOCKET_TCP ? IPPROTO_TCP : IPPROTO_UDP,
			.idiag_states = states_of(wanted->protocol),
			.id.idiag_cookie = { INET_DIAG_NOCOOKIE, INET_DIAG_NOCOOKIE } },
	};
}

/* The exact request: for TCP the receiver is the source, for UDP the destination (the kernel's
 * udp_dump_one swaps them for old times' sake). */
static struct request request_exact(struct socket_diag *diag, const struct wanted *wanted)
{
	struct request request = request_make(diag, wanted);
	size_t size = address_size(wanted->address);

	request.body.sdiag_family = wanted->address->family == FAMILY_IPV4 ? AF_INET : AF_INET6;
	if (wanted->protocol == SOCKET_TCP) {
		memcpy(request.body.id.idiag_src, wanted->address->bytes, size);
		request.body.id.idiag_sport = htons(wanted->port);
	} else {
		memcpy(request.body.id.idiag_dst, wanted->address->bytes, size);
		request.body.id.idiag_dport = htons(wanted->port);
	}
	return request;
}

static struct request request_list(
	struct socket_diag *diag, const struct wanted *wanted, uint8_t family)
{
	struct request request = request_make(diag, wanted);

	request.head.nlmsg_flags |= NLM_F_DUMP;
	request.body.sdiag_family = family;
	request.body.id.idiag_sport = htons(wanted->port);
	return request;
}

static int request_send(const struct socket_diag *diag, const struct request *request)
{
	struct sockaddr_nl kernel = { .nl_family = AF_NETLINK };
	ssize_t sent = sendto(diag->fd, request, sizeof(*request), 0,
		(const struct sockaddr *)&kernel, sizeof(kernel));

	return sent < 0 ? -errno : 0;
}

static bool is_v6_only(const struct nlmsghdr *message)
{
	const uint8_t *at =
		(const uint8_t *)message + NLMSG_SPACE(sizeof(struct inet_diag_msg));
	const uint8_t *end = (const uint8_t *)message + message->nlmsg_len;
	struct nlattr attribute;

	while ((size_t)(end - at) >= sizeof(attribute) && at < end) {
		memcpy(&attribute, at, sizeof(attribute));
		if (attribute.nla_len < sizeof(attribute) || attribute.nla_len > end - at)
			return false;
		if (attribute.nla_type == INET_DIAG_SKV6ONLY && attribute.nla_len > NLA_HDRLEN)
			return at[NLA_HDRLEN] != 0;
		if (NLA_ALIGN(attribute.nla_len) >= end - at)
			return false;
		at += NLA_ALIGN(attribute.nla_len);
	}
	return false;
}

/* Would a listed socket that is bound to a device take packets for the address? */
static bool socket_takes(const struct nlmsghdr *message, const struct wanted *wanted)
{
	static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };
	const struct inet_diag_msg *socket = NLMSG_DATA(message);
	const uint8_t *bound = (const uint8_t *)socket->id.idiag_src;
	struct address own;
	bool same_family;

	if (socket->id.idiag_dport != 0 || socket->id.idiag_sport != htons(wanted->port))
		return false;
	if (((1u << socket->idiag_state) & states_of(wanted->protocol)) == 0)
		return false;
	if (socket->idiag_family == AF_INET)
		own = address_from_bytes(FAMILY_IPV4, bound);
	else if (memcmp(bound, mapped, sizeof(mapped)) == 0)
		own = address_from_bytes(FAMILY_IPV4, bound + sizeof(mapped));
	else
		own = address_from_bytes(FAMILY_IPV6, bound);
	same_family = own.family == wanted->address->family;
	if (address_is_any(&own))
		return same_family || (own.family == FAMILY_IPV6 && !is_v6_only(message));
	return same_family && address_equal(&own, wanted->address);
}

/* The end of a list says how it went: a negative errno, or nothing or zero. */
static enum verdict end_judge(const struct nlmsghdr *message, int *ret_errno)
{
	int status = 0;

	if (message->nlmsg_len >= NLMSG_LENGTH(sizeof(status)))
		memcpy(&status, NLMSG_DATA(message), sizeof(status));
	*ret_errno = status < 0 ? -status : 0;
	return status < 0 ? VERDICT_FAILED : VERDICT_ABSENT;
}

static enum verdict message_judge(const struct nlmsghdr *message, const struct wanted *wanted,
	bool listing, int *ret_errno)
{
	const struct nlmsgerr *failure = NLMSG_DATA(message);
	const struct inet_diag_msg *socket = NLMSG_DATA(message);

	if (message->nlmsg_type == NLMSG_DONE)
		return end_judge(message, ret_errno);
	if (message->nlmsg_type == NLMSG_ERROR) {
		if (message->nlmsg_len < NLMSG_LENGTH(sizeof(*failure)))
			return VERDICT_MORE;
		*ret_errno = -failure->error;
		/* Of one socket ENOENT means that it is not there. Of a list, which may be
		 * empty, it means that the kernel cannot tell: it has no such module. */
		return *ret_errno == ENOENT && !listing ? VERDICT_ABSENT : VERDICT_FAILED;
	}
	if (message->nlmsg_type != SOCK_DIAG_BY_FAMILY ||
		message->nlmsg_len < NLMSG_LENGTH(sizeof(*socket)))
		return VERDICT_MORE;
	if (listing)
		return socket_takes(message, wanted) ? VERDICT_FOUND : VERDICT_MORE;
	/* A TCP socket in another state is a connection from nobody: none of ours. */
	return ((1u << socket->idiag_state) & states_of(wanted->protocol)) != 0
		       ? VERDICT_FOUND
		       : VERDICT_ABSENT;
}

/* Read one packet of the answer and judge its messages; a list is read to its end, so that none
 * of it is left for the next look. */
static enum verdict packet_judge(const struct socket_diag *diag, const struct wanted *wanted,
	bool listing, bool *found, int *ret_errno)
{
	_Alignas(struct nlmsghdr) uint8_t packet[PACKET_LENGTH];
	ssize_t received = recv(diag->fd, packet, sizeof(packet), MSG_DONTWAIT);
	const struct nlmsghdr *message = (const struct nlmsghdr *)(const void *)packet;

	if (received < 0) {
		*ret_errno = errno;
		return errno == EINTR ? VERDICT_MORE : VERDICT_FAILED;
	}
	for (size_t left = (size_t)received; NLMSG_OK(message, left);
		message = NLMSG_NEXT(message, left)) {
		enum verdict verdict;

		if (message->nlmsg_seq != diag->sequence)
			continue;
		verdict = message_judge(message, wanted, listing, ret_errno);
		if (verdict == VERDICT_FOUND && listing)
			*found = true;
		else if (verdict != VERDICT_MORE)
			return verdict;
	}
	return VERDICT_MORE;
}

static enum verdict ask(struct socket_diag *diag, const struct request *request,
	const struct wanted *wanted, int *ret_errno)
{
	bool listing = (request->head.nlmsg_flags & NLM_F_DUMP) != 0;
	bool found = false;
	enum verdict verdict = VERDICT_MORE;

	*ret_errno = -request_send(diag, request);
	if (*ret_errno != 0)
		return VERDICT_FAILED;
	while (verdict == VERDICT_MORE)
		verdict = packet_judge(diag, wanted, listing, &found, ret_errno);
	return found ? VERDICT_FOUND : verdict;
}

int socket_diag_listening(struct socket_diag *diag, const struct address *address,
	uint16_t port, enum socket_protocol protocol, struct error *error)
{
	static const uint8_t families[] = { AF_INET6, AF_INET };
	struct wanted wanted = { address, port, protocol };
	struct request request = request_exact(diag, &wanted);
	int number = 0;
	enum verdict verdict = ask(diag, &request, &wanted, &number);
	/* Only IPv6 sockets take IPv6. */
	size_t count = address->family == FAMILY_IPV4 ? 2 : 1;

	for (size_t i = 0; i < count && verdict == VERDICT_ABSENT; i++) {
		request = request_list(diag, &wanted, families[i]);
		verdict = ask(diag, &request, &wanted, &number);
		/* A kernel without IPv6 has no IPv6 sockets. */
		if (verdict == VERDICT_FAILED && number == ENOENT && i + 1 < count)
			verdict = VERDICT_ABSENT;
	}
	if (verdict == VERDICT_FOUND)
		return 0;
	if (verdict == VERDICT_ABSENT)
		return ERROR_NOT_FOUND;
	return error_system(error, number, "the kernel does not say what listens");
}

static int membership_set(int fd, int group, bool joined)
{
	return setsockopt(fd, SOL_NETLINK,
		       joined ? NETLINK_ADD_MEMBERSHIP : NETLINK_DROP_MEMBERSHIP, &group,
		       sizeof(group)) == 0
		       ? 0
		       : -errno;
}

static int memberships_set(int fd, bool tcp, bool udp, struct error *error)
{
	const struct {
		int group;
		bool joined;
	} groups[] = {
		{ SKNLGRP_INET_TCP_DESTROY, tcp },
		{ SKNLGRP_INET6_TCP_DESTROY, tcp },
		{ SKNLGRP_INET_UDP_DESTROY, udp },
		{ SKNLGRP_INET6_UDP_DESTROY, udp },
	};

	for (size_t i = 0; i < sizeof(groups) / sizeof(groups[0]); i++) {
		int status = membership_set(fd, groups[i].group, groups[i].joined);

		if (status != 0)
			return error_system(
				error, -status, "cannot hear of destroyed sockets (sock_diag)");
	}
	return 0;
}

int socket_diag_events_open(struct error *error)
{
	struct sockaddr_nl own = { .nl_family = AF_NETLINK };
	int size = EVENT_BUFFER;
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_SOCK_DIAG);

	if (fd < 0)
		return error_system(error, errno, "cannot open a sock_diag socket");
	/* Not being allowed to is no failure: a smaller buffer overflows sooner, and says so.
	 */
	if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size)) != 0)
		(void)setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
	if (bind(fd, (const struct sockaddr *)&own, sizeof(own)) != 0) {
		error_system(error, errno, "cannot bind a sock_diag socket");
		close(fd);
		return ERROR_SYSTEM;
	}
	if (memberships_set(fd, true, true, error) != 0) {
		close(fd);
		return ERROR_SYSTEM;
	}
	return fd;
}

#define OFFSET_SOURCE_PORT \
	(uint32_t)(NLMSG_HDRLEN + offsetof(struct inet_diag_msg, id.idiag_sport))
#define OFFSET_PEER_PORT \
	(uint32_t)(NLMSG_HDRLEN + offsetof(struct inet_diag_msg, id.idiag_dport))

void socket_diag_watch_add(
	struct socket_diag_watch *watch, uint16_t port, enum socket_protocol protocol)
{
	if (protocol == SOCKET_TCP)
		watch->tcp = true;
	else
		watch->udp = true;
	for (size_t i = 0; i < watch->port_count; i++) {
		if (watch->ports[i] == port)
			return;
	}
	if (watch->port_count == SOCKET_DIAG_PORTS_MAX)
		watch->all_ports = true;
	else
		watch->ports[watch->port_count++] = port;
}

static struct sock_filter statement(uint16_t code, uint32_t value)
{
	return (struct sock_filter)BPF_STMT(code, value);
}

/* Skip `skip` instructions unless the loaded value is this one. */
static struct sock_filter unless(uint32_t value, uint8_t skip)
{
	return (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, value, 0, skip);
}

size_t socket_diag_filter_build(const struct socket_diag_watch *watch,
	struct sock_filter filter[SOCKET_DIAG_FILTER_MAX])
{
	const uint16_t pass = BPF_RET | BPF_K, load_half = BPF_LD | BPF_H | BPF_ABS;
	size_t used = 0;

	filter[used++] = statement(load_half, OFFSET_PEER_PORT);
	filter[used++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0, 1, 0);
	filter[used++] = statement(pass, 0);
	if (!watch->all_ports) {
		filter[used++] = statement(load_half, OFFSET_SOURCE_PORT);
		for (size_t i = 0; i < watch->port_count; i++) {
			filter[used++] = unless(watch->ports[i], 1);
			filter[used++] = statement(pass, UINT32_MAX);
		}
	}
	filter[used++] = statement(pass, watch->all_ports ? UINT32_MAX : 0);
	return used;
}

static int filter_attach(int fd, const struct socket_diag_watch *watch)
{
	struct sock_filter filter[SOCKET_DIAG_FILTER_MAX];
	struct sock_fprog program = {
		.len = (uint16_t)socket_diag_filter_build(watch, filter),
		.filter = filter,
	};

	return setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof(program));
}

int socket_diag_events_watch(int fd, const struct socket_diag_watch *watch, struct error *error)
{
	/* A long filter may be more option memory than a socket gets: then all ports. */
	if (filter_attach(fd, watch) != 0 &&
		filter_attach(fd, &(struct socket_diag_watch){ .all_ports = true }) != 0)
		return error_system(
			error, errno, "cannot filter the news of destroyed sockets");
	return memberships_set(fd, watch->tcp, watch->udp, error);
}

int socket_diag_event_decode(
	const void *bytes, size_t length, struct socket_diag_event *ret_event)
{
	const struct nlmsghdr *head = bytes;
	const struct inet_diag_msg *socket = NLMSG_DATA(bytes);
	enum family family;

	if (length < NLMSG_LENGTH(sizeof(*socket)) || head->nlmsg_len > length ||
		head->nlmsg_len < NLMSG_LENGTH(sizeof(*socket)) ||
		head->nlmsg_type != SOCK_DIAG_BY_FAMILY)
		return ERROR_MALFORMED;
	if (socket->idiag_family != AF_INET && socket->idiag_family != AF_INET6)
		return ERROR_MALFORMED;
	family = socket->idiag_family == AF_INET ? FAMILY_IPV4 : FAMILY_IPV6;
	*ret_event = (struct socket_diag_event){
		.family = family,
		.address = address_from_bytes(family, (const uint8_t *)socket->id.idiag_src),
		.port = ntohs(socket->id.idiag_sport),
	};
	return 0;
}

int socket_diag_events_next(int fd, struct socket_diag_event *ret_event)
{
	_Alignas(struct nlmsghdr) uint8_t packet[2048];
	ssize_t received = recv(fd, packet, sizeof(packet), MSG_DONTWAIT);

	if (received >= 0)
		return socket_diag_event_decode(packet, (size_t)received, ret_event);
	switch (errno) {
	case EAGAIN:
		return ERROR_NOT_FOUND;
	case ENOBUFS:
		return ERROR_FULL;
	case EINTR:
		return ERROR_MALFORMED;
	default:
		return ERROR_SYSTEM;
	}
}
