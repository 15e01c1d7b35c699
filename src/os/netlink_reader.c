/* SPDX-License-Identifier: Apache-2.0 */
/*
 * All routes and links of the kernel, and then their changes.
 *
 *     waiting --> links --> IPv4 routes --> IPv6 routes --> following
 *        ^                                                      |
 *        +---------- news lost, a link went down, asked --------+
 *
 * Invariants:
 *  1. News are joined before anything is read, and looked at only when all was read: what
 *     happens meanwhile waits in the socket, and the last word on a route is the newest.
 *  2. Lost news (ENOBUFS), an interrupted reading and links that go down (the kernel then
 *     removes IPv4 routes without a word) lead to another reading, RESYNC_MS later.
 *  3. Routes of our own protocol are dropped: in the kernel, where it can.
 */
#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/filter.h>
#include <linux/rtnetlink.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "os/netlink_route.h"

#define RESYNC_MS    50
#define RETRY_MS     2000
#define RECEIVE_SIZE (4 << 20) /* bytes that may wait, if the kernel lets us */
#define READS_MAX    16        /* of one socket before others have their turn */

enum phase { PHASE_WAITING, PHASE_LINKS, PHASE_IPV4, PHASE_IPV6, PHASE_FOLLOWING };

struct netlink_reader {
	struct netlink_reader_events sink;
	struct mnl_socket *dump, *news;
	uv_poll_t dump_poll, news_poll;
	uv_timer_t timer;
	int handles;
	enum phase phase;
	uint32_t sequence;
	bool again, closing;
};

static void phase_begin(struct netlink_reader *reader, enum phase phase);

static void resync_in(struct netlink_reader *reader, uint64_t ms);

static void fail(struct netlink_reader *reader, int number, const char *what)
{
	struct error error = { 0 };

	error_system(&error, number, "cannot read the kernel's %s", what);
	reader->sink.failed(reader->sink.context, &error);
	reader->phase = PHASE_WAITING;
	resync_in(reader, RETRY_MS);
}

static int take_name(const struct nlattr *attribute, void *data)
{
	struct netlink_link *link = data;

	if (mnl_attr_get_type(attribute) == IFLA_IFNAME &&
		mnl_attr_validate(attribute, MNL_TYPE_NUL_STRING) >= 0)
		snprintf(link->name, sizeof(link->name), "%s", mnl_attr_get_str(attribute));
	return MNL_CB_OK;
}

static void take_link(struct netlink_reader *reader, const struct nlmsghdr *message)
{
	const struct ifinfomsg *info = mnl_nlmsg_get_payload(message);
	struct netlink_link link = { 0 };

	if (mnl_nlmsg_get_payload_len(message) < sizeof(*info) || info->ifi_family != AF_UNSPEC)
		return; /* news of bridges */
	link.index = (uint32_t)info->ifi_index;
	link.up = (info->ifi_flags & IFF_UP) != 0 && (info->ifi_flags & IFF_RUNNING) != 0;
	(void)mnl_attr_parse(message, sizeof(*info), take_name, &link);
	reader->sink.link(reader->sink.context, &link, message->nlmsg_type == RTM_DELLINK);
	if (reader->phase == PHASE_FOLLOWING && !link.up)
		reader->again = true;
}

static int take_message(const struct nlmsghdr *message, void *data)
{
	struct netlink_reader *reader = data;
	const struct netlink_reader_events *sink = &reader->sink;
	struct netlink_route route;

	if ((message->nlmsg_flags & NLM_F_DUMP_INTR) != 0)
		reader->again = true;
	switch (message->nlmsg_type) {
	case RTM_NEWROUTE:
	case RTM_DELROUTE:
		if (netlink_route_read(message, &route) && route.protocol != ROUTE_PROTOCOL)
			sink->route(sink->context, &route, message->nlmsg_type == RTM_DELROUTE);
		break;
	case RTM_NEWLINK:
	case RTM_DELLINK:
		take_link(reader, message);
		break;
	case RTM_DELADDR:
		reader->again = true;
		break;
	default:
		break;
	}
	return MNL_CB_OK;
}

static void on_timer(uv_timer_t *timer)
{
	struct netlink_reader *reader = timer->data;

	reader->again = false;
	reader->sink.begin(reader->sink.context);
	phase_begin(reader, PHASE_LINKS);
}

static void resync_in(struct netlink_reader *reader, uint64_t ms)
{
	if (!uv_is_active((uv_handle_t *)&reader->timer))
		uv_timer_start(&reader->timer, on_timer, ms, 0);
}

void netlink_reader_resync(struct netlink_reader *reader)
{
	reader->again = true;
	if (reader->phase == PHASE_FOLLOWING)
		resync_in(reader, RESYNC_MS);
}

/* ---- News. ---- */

static void on_news(uv_poll_t *poll, int status, int events)
{
	static _Alignas(struct nlmsghdr) char buffer[32768];
	struct netlink_reader *reader = poll->data;
	ssize_t length = 1;

	(void)status;
	(void)events;
	for (int i = 0; i < READS_MAX && length > 0; i++) {
		length = mnl_socket_recvfrom(reader->news, buffer, sizeof(buffer));
		if (length > 0)
			mnl_cb_run(buffer, (size_t)length, 0, 0, take_message, reader);
		else if (errno == ENOBUFS || errno == ENOSPC)
			reader->again = true;
	}
	reader->sink.settled(reader->sink.context);
	if (reader->again)
		resync_in(reader, RESYNC_MS);
}

/* Statements on a message of the kernel; numbers of two bytes are read as if they were in
 * network order. */
static int news_filter(struct mnl_socket *news)
{
	const uint32_t type = offsetof(struct nlmsghdr, nlmsg_type);
	const uint32_t protocol = NLMSG_HDRLEN + offsetof(struct rtmsg, rtm_protocol);
	struct sock_filter statements[] = {
		BPF_STMT(BPF_LD | BPF_H | BPF_ABS, type),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, htons(RTM_NEWROUTE), 1, 0),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, htons(RTM_DELROUTE), 0, 2),
		BPF_STMT(BPF_LD | BPF_B | BPF_ABS, protocol),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ROUTE_PROTOCOL, 1, 0),
		BPF_STMT(BPF_RET | BPF_K, UINT32_MAX),
		BPF_STMT(BPF_RET | BPF_K, 0),
	};
	struct sock_fprog program = { .len = sizeof(statements) / sizeof(statements[0]),
		.filter = statements };

	return setsockopt(mnl_socket_get_fd(news), SOL_SOCKET, SO_ATTACH_FILTER, &program,
		sizeof(program));
}

/* ---- Reading all. ---- */

static void phase_next(struct netlink_reader *reader)
{
	if (reader->phase != PHASE_IPV6) {
		phase_begin(reader, reader->phase + 1);
		return;
	}
	reader->phase = PHASE_FOLLOWING;
	uv_poll_stop(&reader->dump_poll);
	reader->sink.end(reader->sink.context);
	reader->sink.settled(reader->sink.context);
	uv_poll_start(&reader->news_poll, UV_READABLE, on_news);
	if (reader->again)
		resync_in(reader, RESYNC_MS);
}

/* True: this phase has ended. */
static bool take_dump(struct netlink_reader *reader, const char *bytes, ssize_t length)
{
	const struct nlmsghdr *message = (const void *)bytes;

	for (int left = (int)length; mnl_nlmsg_ok(message, left);
		message = mnl_nlmsg_next(message, &left)) {
		if (message->nlmsg_seq != reader->sequence)
			continue; /* of an earlier reading that was given up */
		if (message->nlmsg_type == NLMSG_ERROR) {
			fail(reader, EIO, "routes");
			return true;
		}
		(void)take_message(message, reader);
		if (message->nlmsg_type == NLMSG_DONE) {
			phase_next(reader);
			return true;
		}
	}
	return false;
}

static void on_dump(uv_poll_t *poll, int status, int events)
{
	static _Alignas(struct nlmsghdr) char buffer[65536];
	struct netlink_reader *reader = poll->data;

	(void)status;
	(void)events;
	for (int i = 0; i < READS_MAX; i++) {
		ssize_t length = mnl_socket_recvfrom(reader->dump, buffer, sizeof(buffer));

		if (length < 0) {
			if (errno != EAGAIN && errno != EINTR)
				fail(reader, errno, "routes");
			return;
		}
		if (take_dump(reader, buffer, length))
			return;
	}
}

static void phase_begin(struct netlink_reader *reader, enum phase phase)
{
	_Alignas(struct nlmsghdr) char buffer[128];
	struct nlmsghdr *message = mnl_nlmsg_put_header(buffer);
	struct ifinfomsg *info;
	struct rtmsg *body;

	reader->phase = phase;
	message->nlmsg_type = phase == PHASE_LINKS ? RTM_GETLINK : RTM_GETROUTE;
	message->nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
	message->nlmsg_seq = ++reader->sequence;
	if (phase == PHASE_LINKS) {
		info = mnl_nlmsg_put_extra_header(message, sizeof(*info));
		info->ifi_family = AF_UNSPEC;
	} else {
		body = mnl_nlmsg_put_extra_header(message, sizeof(*body));
		body->rtm_family = phase == PHASE_IPV4 ? AF_INET : AF_INET6;
	}
	uv_poll_stop(&reader->news_poll);
	if (mnl_socket_sendto(reader->dump, message, message->nlmsg_len) < 0)
		fail(reader, errno, "routes");
	else
		uv_poll_start(&reader->dump_poll, UV_READABLE, on_dump);
}

/* ---- Life. ---- */

static int sockets_open(struct netlink_reader *reader, struct error *error)
{
	const unsigned groups = RTMGRP_LINK | RTMGRP_IPV4_ROUTE | RTMGRP_IPV6_ROUTE |
				RTMGRP_IPV4_IFADDR | RTMGRP_IPV6_IFADDR;
	int size = RECEIVE_SIZE;

	reader->dump = mnl_socket_open2(NETLINK_ROUTE, SOCK_CLOEXEC | SOCK_NONBLOCK);
	reader->news = mnl_socket_open2(NETLINK_ROUTE, SOCK_CLOEXEC | SOCK_NONBLOCK);
	if (reader->dump == NULL || reader->news == NULL ||
		mnl_socket_bind(reader->dump, 0, MNL_SOCKET_AUTOPID) != 0)
		return error_system(error, errno, "cannot ask the kernel for its routes");
	(void)news_filter(reader->news);
	(void)setsockopt(
		mnl_socket_get_fd(reader->news), SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
	if (mnl_socket_bind(reader->news, groups, MNL_SOCKET_AUTOPID) != 0)
		return error_system(error, errno, "cannot hear of the kernel's routes");
	return 0;
}

static void sockets_close(struct netlink_reader *reader)
{
	if (reader->dump != NULL)
		mnl_socket_close(reader->dump);
	if (reader->news != NULL)
		mnl_socket_close(reader->news);
}

static void handle_closed(uv_handle_t *handle)
{
	struct netlink_reader *reader = handle->data;

	if (--reader->handles > 0)
		return;
	sockets_close(reader);
	free(reader);
}

struct netlink_reader *netlink_reader_open(
	uv_loop_t *loop, const struct netlink_reader_events *events, struct error *error)
{
	struct netlink_reader *reader = calloc(1, sizeof(*reader));

	if (reader == NULL) {
		(void)error_set(error, ERROR_MEMORY, "no memory");
		return NULL;
	}
	reader->sink = *events;
	if (sockets_open(reader, error) != 0) {
		sockets_close(reader);
		free(reader);
		return NULL;
	}
	(void)uv_poll_init(loop, &reader->dump_poll, mnl_socket_get_fd(reader->dump));
	(void)uv_poll_init(loop, &reader->news_poll, mnl_socket_get_fd(reader->news));
	(void)uv_timer_init(loop, &reader->timer);
	reader->dump_poll.data = reader->news_poll.data = reader->timer.data = reader;
	reader->handles = 3;
	resync_in(reader, 0);
	return reader;
}

void netlink_reader_close(struct netlink_reader *reader)
{
	if (reader == NULL)
		return;
	uv_close((uv_handle_t *)&reader->dump_poll, handle_closed);
	uv_close((uv_handle_t *)&reader->news_poll, handle_closed);
	uv_close((uv_handle_t *)&reader->timer, handle_closed);
}
