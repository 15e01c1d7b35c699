/* SPDX-License-Identifier: Apache-2.0 */
/*
 * icmp: an echo request to the service's address or, with `target`, to another host. The
 * sockets need a privilege and come from main: one for each family, shared by all targets.
 *
 * 1. A reply belongs to the probe whose id, sequence and payload it carries and whose target it
 *    comes from; the payload starts with 16 random bytes.
 * 2. On a ping socket the kernel puts its own id and gives us only replies to it; on a raw
 *    socket we see every reply of the host and id is ours.
 */
#include <errno.h>
#include <linux/icmp.h>
#include <netinet/icmp6.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/list.h"
#include "daemon/probe/check_type.h"
#include "daemon/probe/icmp_room.h"
#include "os/connect.h"
#include "wire/icmp.h"

#define TOKEN_SIZE     16
#define REPLIES_A_TURN 64
#define PACKET_MAX     65535

struct icmp_state {
	struct list node; /* of the room's waiting probes, while one runs */
	struct target *target;
	struct icmp_echo echo;
	uint8_t *payload; /* kept between probes */
};

/* One packet is looked at at a time. */
static uint8_t packet_buffer[PACKET_MAX];

static struct icmp_socket *socket_of(const struct target *target)
{
	struct icmp_room *room = &target->tools->icmp;

	return target->address.family == FAMILY_IPV4 ? &room->ipv4 : &room->ipv6;
}

static void icmp_finish(struct icmp_state *state)
{
	list_remove(&state->node);
}

static void reply_take(struct icmp_socket *socket, const struct address *from,
	const uint8_t *bytes, size_t length)
{
	struct cursor message = cursor_of(bytes, length);

	if (socket->raw && socket->family == FAMILY_IPV4 && !icmp_ipv4_header_skip(&message))
		return;
	list_for_each_safe(node, &socket->waiting) {
		struct icmp_state *state = container_of(node, struct icmp_state, node);
		struct target *target = state->target;

		if (!address_equal(&target->address, from) ||
			!icmp_reply_matches(message, &state->echo))
			continue;
		icmp_finish(state);
		target_done(target, OUTCOME_GOOD, "echo reply from %s in %s",
			target_endpoint(target, 0), target_elapsed(target));
		return;
	}
}

static void icmp_ready(struct watch *watch, uint32_t events)
{
	struct icmp_socket *socket = container_of(watch, struct icmp_socket, watch);

	(void)events;
	for (int i = 0; i < REPLIES_A_TURN; i++) {
		struct sockaddr_storage storage = { 0 };
		socklen_t size = sizeof(storage);
		ssize_t received = recvfrom(watch->fd, packet_buffer, sizeof(packet_buffer),
			MSG_DONTWAIT, (struct sockaddr *)&storage, &size);
		struct address from;

		if (received < 0) {
			if (errno == EAGAIN)
				return;
			/* What a router said of some earlier request: its probe times out. */
			continue;
		}
		from = connect_address(&storage, NULL);
		reply_take(socket, &from, packet_buffer, (size_t)received);
	}
}

void icmp_socket_init(struct icmp_socket *socket, enum family family)
{
	*socket = (struct icmp_socket){ .family = family, .watch.ready = icmp_ready };
	list_init(&socket->waiting);
}

/* A ping socket that was never bound gets its id with the first request: fix it now. */
static uint16_t ping_id(int fd, enum family family)
{
	struct address any = { .family = (uint8_t)family };
	struct sockaddr_storage storage;
	socklen_t size = connect_sockaddr(&any, 0, &storage);
	uint16_t id = 0;

	(void)bind(fd, (const struct sockaddr *)&storage, size);
	size = sizeof(storage);
	if (getsockname(fd, (struct sockaddr *)&storage, &size) == 0)
		(void)connect_address(&storage, &id);
	return id;
}

/* A raw socket is given every ICMP message of the host: let echo replies through only. */
static void replies_only(int fd, enum family family)
{
	struct icmp_filter ipv4 = { .data = ~(1u << ICMP_ECHOREPLY) };
	struct icmp6_filter ipv6;

	ICMP6_FILTER_SETBLOCKALL(&ipv6);
	ICMP6_FILTER_SETPASS(ICMP6_ECHO_REPLY, &ipv6);
	if (family == FAMILY_IPV4)
		(void)setsockopt(fd, SOL_RAW, ICMP_FILTER, &ipv4, sizeof(ipv4));
	else
		(void)setsockopt(fd, IPPROTO_ICMPV6, ICMP6_FILTER, &ipv6, sizeof(ipv6));
}

int icmp_socket_use(struct icmp_socket *socket, struct poller *poller, int fd)
{
	int type = 0;
	socklen_t size = sizeof(type);

	icmp_socket_close(socket, poller);
	if (getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &size) != 0)
		return -errno;
	socket->raw = type == SOCK_RAW;
	if (socket->raw)
		replies_only(fd, socket->family);
	socket->id = socket->raw ? (uint16_t)getpid() : ping_id(fd, socket->family);
	return watch_begin(poller, &socket->watch, fd, EPOLLIN);
}

void icmp_socket_close(struct icmp_socket *socket, struct poller *poller)
{
	int fd = socket->watch.fd;

	if (socket->watch.events == 0)
		return;
	watch_end(poller, &socket->watch);
	close(fd);
}

static bool payload_fill(struct icmp_state *state)
{
	struct target *target = state->target;
	uint16_t length = target->settings->icmp.size;

	if (state->payload == NULL)
		state->payload = calloc(1, (size_t)length + 1);
	if (state->payload == NULL)
		return false;
	for (size_t at = 0; at < length && at < TOKEN_SIZE; at++)
		state->payload[at] = (uint8_t)random_u64(&target->tools->random);
	state->echo.payload = state->payload;
	state->echo.payload_length = length;
	return true;
}

/* 0 or errno. */
static int request_send(struct icmp_state *state)
{
	struct icmp_socket *socket = socket_of(state->target);
	struct writer writer = writer_of(packet_buffer, sizeof(packet_buffer));
	struct sockaddr_storage storage;
	socklen_t size = connect_sockaddr(&state->target->address, 0, &storage);

	icmp_echo_write(&writer, &state->echo);
	if (writer.failed)
		return EMSGSIZE;
	return sendto(socket->watch.fd, packet_buffer, writer_length(&writer),
		       MSG_DONTWAIT | MSG_NOSIGNAL, (const struct sockaddr *)&storage, size) < 0
		       ? errno
		       : 0;
}

static void icmp_start(struct target *target, void *state_pointer)
{
	struct icmp_state *state = state_pointer;
	struct icmp_socket *socket = socket_of(target);
	int status;

	state->target = target;
	if (socket->watch.events == 0) {
		target_done(target, OUTCOME_UNKNOWN,
			"cannot check: there is no socket for icmp (needs CAP_NET_RAW)");
		return;
	}
	if (target->settings->icmp.target.family == FAMILY_NONE && !target_is_local(target))
		return;
	if (!payload_fill(state)) {
		target_done(target, OUTCOME_UNKNOWN, "cannot check: no memory");
		return;
	}
	state->echo.family = target->address.family;
	state->echo.id = socket->id;
	state->echo.sequence = ++socket->sequence;
	status = request_send(state);
	if (status != 0) {
		target_failed(target, status, "echo request");
		return;
	}
	target->waiting_for = "an echo reply";
	list_append(&socket->waiting, &state->node);
}

static void icmp_cancel(struct target *target, void *state_pointer)
{
	(void)target;
	icmp_finish(state_pointer);
}

static void icmp_clear(struct target *target, void *state_pointer)
{
	struct icmp_state *state = state_pointer;

	(void)target;
	free(state->payload);
}

const struct check_type check_icmp_type = {
	.name = "icmp",
	.size = sizeof(struct icmp_state),
	.start = icmp_start,
	.cancel = icmp_cancel,
	.clear = icmp_clear,
};
