/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Batches of route changes by rtnetlink(7).
 *
 * Invariants:
 *  1. A batch goes in one call. The kernel answers for what failed, and for the last of the
 *     batch whatever became of it: so a batch costs one answer, and it is known when it is
 * done.
 *  2. `first` is the sequence number of index 0 of this count.
 */
#include "os/netlink_writer.h"

#include <arpa/inet.h>
#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define BATCH_BYTES   32768u
#define BATCH_COUNT   128u  /* so many errors fit into a socket's memory */
#define MESSAGE_BYTES 4096u /* the longest: ROUTE_PATHS_MAX paths */

struct netlink_writer {
	struct mnl_socket *socket;
	netlink_refused *refused;
	void *context;
	uint32_t sequence, first;
	size_t used;
	uint32_t count; /* messages in the batch */
	struct nlmsghdr *last;
	_Alignas(struct nlmsghdr) char batch[BATCH_BYTES + MESSAGE_BYTES];
	_Alignas(struct nlmsghdr) char answer[65536];
};

struct netlink_writer *netlink_writer_open(struct error *error)
{
	struct netlink_writer *writer = calloc(1, sizeof(*writer));
	int on = 1;

	if (writer == NULL) {
		(void)error_set(error, ERROR_MEMORY, "no memory");
		return NULL;
	}
	writer->socket = mnl_socket_open2(NETLINK_ROUTE, SOCK_CLOEXEC);
	if (writer->socket == NULL ||
		mnl_socket_bind(writer->socket, 0, MNL_SOCKET_AUTOPID) != 0) {
		(void)error_system(error, errno, "cannot speak to the kernel about routes");
		netlink_writer_close(writer);
		return NULL;
	}
	/* Without them answers are longer, and a list is longer: no harm. */
	(void)mnl_socket_setsockopt(writer->socket, NETLINK_CAP_ACK, &on, sizeof(on));
	(void)mnl_socket_setsockopt(writer->socket, NETLINK_GET_STRICT_CHK, &on, sizeof(on));
	writer->sequence = (uint32_t)time(NULL);
	writer->first = writer->sequence + 1;
	return writer;
}

void netlink_writer_close(struct netlink_writer *writer)
{
	if (writer == NULL)
		return;
	if (writer->socket != NULL)
		mnl_socket_close(writer->socket);
	free(writer);
}

void netlink_writer_tell(struct netlink_writer *writer, netlink_refused *refused, void *context)
{
	writer->refused = refused;
	writer->context = context;
}

/* ---- Messages. ---- */

static void gateway_put(
	struct nlmsghdr *message, enum family family, const struct address *gateway)
{
	struct {
		uint16_t family;
		uint8_t bytes[16];
	} via = { .family = gateway->family == FAMILY_IPV4 ? AF_INET : AF_INET6 };

	if (gateway->family == FAMILY_NONE)
		return;
	if (gateway->family == (uint8_t)family) {
		mnl_attr_put(message, RTA_GATEWAY, address_size(gateway), gateway->bytes);
		return;
	}
	memcpy(via.bytes, gateway->bytes, sizeof(via.bytes));
	mnl_attr_put(message, RTA_VIA, sizeof(via.family) + address_size(gateway), &via);
}

static void multipath_put(struct nlmsghdr *message, const struct netlink_route *route)
{
	struct nlattr *all = mnl_attr_nest_start(message, RTA_MULTIPATH);

	for (uint32_t i = 0; i < route->path_count; i++) {
		const struct netlink_path *path = &route->paths[i];
		struct rtnexthop *hop = mnl_nlmsg_get_payload_tail(message);

		*hop = (struct rtnexthop){ .rtnh_hops = (uint8_t)(path->weight - 1u),
			.rtnh_ifindex = (int)path->link };
		message->nlmsg_len += (uint32_t)sizeof(*hop);
		gateway_put(message, (enum family)route->prefix.address.family, &path->gateway);
		hop->rtnh_len =
			(uint16_t)((char *)mnl_nlmsg_get_payload_tail(message) - (char *)hop);
	}
	mnl_attr_nest_end(message, all);
}

static void paths_put(struct nlmsghdr *message, const struct netlink_route *route)
{
	if (route->path_count > 1) {
		multipath_put(message, route);
		return;
	}
	gateway_put(
		message, (enum family)route->prefix.address.family, &route->paths[0].gateway);
	if (route->paths[0].link != 0)
		mnl_attr_put_u32(message, RTA_OIF, route->paths[0].link);
}

static const struct {
	uint16_t type, flags;
} changes[ROUTE_CHANGES] = {
	[ROUTE_ADD] = { RTM_NEWROUTE, NLM_F_CREATE | NLM_F_EXCL },
	[ROUTE_REPLACE] = { RTM_NEWROUTE, NLM_F_CREATE | NLM_F_REPLACE },
	[ROUTE_REMOVE] = { RTM_DELROUTE, 0 },
};

static struct nlmsghdr *message_build(
	char *buffer, enum netlink_change change, const struct netlink_route *route)
{
	struct nlmsghdr *message = mnl_nlmsg_put_header(buffer);
	struct rtmsg *body = mnl_nlmsg_put_extra_header(message, sizeof(*body));
	bool removal = change == ROUTE_REMOVE;

	message->nlmsg_type = changes[change].type;
	message->nlmsg_flags = NLM_F_REQUEST | changes[change].flags;
	body->rtm_family = route->prefix.address.family == FAMILY_IPV4 ? AF_INET : AF_INET6;
	body->rtm_dst_len = route->prefix.length;
	body->rtm_table = route->table < 256 ? (unsigned char)route->table : RT_TABLE_UNSPEC;
	body->rtm_protocol = ROUTE_PROTOCOL;
	body->rtm_scope = removal ? RT_SCOPE_NOWHERE : RT_SCOPE_UNIVERSE;
	body->rtm_type = removal                          ? RTN_UNSPEC
			 : route->kind == ROUTE_BLACKHOLE ? RTN_BLACKHOLE
							  : RTN_UNICAST;
	mnl_attr_put(message, RTA_DST, address_size(&route->prefix.address),
		route->prefix.address.bytes);
	mnl_attr_put_u32(message, RTA_TABLE, route->table);
	mnl_attr_put_u32(message, RTA_PRIORITY, route->metric);
	if (!removal && route->kind != ROUTE_BLACKHOLE && route->path_count > 0)
		paths_put(message, route);
	return message;
}

/* ---- Batches. ---- */

static int take_answer(struct netlink_writer *writer, const struct nlmsghdr *message)
{
	const struct nlmsgerr *answer = mnl_nlmsg_get_payload(message);

	if (message->nlmsg_type != NLMSG_ERROR ||
		mnl_nlmsg_get_payload_len(message) < sizeof(*answer))
		return 0;
	/* A route that is gone already is what a removal wants. */
	if (answer->error != 0 && answer->error != -ESRCH && writer->refused != NULL)
		writer->refused(
			writer->context, message->nlmsg_seq - writer->first, -answer->error);
	return message->nlmsg_seq == writer->sequence;
}

static int answers_wait(struct netlink_writer *writer, struct error *error)
{
	bool done = false;

	while (!done) {
		ssize_t length = mnl_socket_recvfrom(
			writer->socket, writer->answer, sizeof(writer->answer));
		struct nlmsghdr *message = (void *)writer->answer;
		int left = (int)length;

		if (length < 0 && errno == EINTR)
			continue;
		if (length < 0)
			return error_system(
				error, errno, "the kernel's answer about routes is lost");
		for (; mnl_nlmsg_ok(message, left); message = mnl_nlmsg_next(message, &left))
			done |= take_answer(writer, message) != 0;
	}
	return 0;
}

static int batch_send(struct netlink_writer *writer, struct error *error)
{
	ssize_t sent;

	if (writer->count == 0)
		return 0;
	writer->last->nlmsg_flags |= NLM_F_ACK;
	sent = mnl_socket_sendto(writer->socket, writer->batch, writer->used);
	writer->used = 0;
	writer->count = 0;
	if (sent < 0)
		return error_system(error, errno, "cannot change the kernel's routes");
	return answers_wait(writer, error);
}

int netlink_writer_put(struct netlink_writer *writer, enum netlink_change change,
	const struct netlink_route *route, struct error *error)
{
	writer->last = message_build(writer->batch + writer->used, change, route);
	writer->last->nlmsg_seq = ++writer->sequence;
	writer->used += MNL_ALIGN(writer->last->nlmsg_len);
	if (++writer->count < BATCH_COUNT && writer->used < BATCH_BYTES)
		return 0;
	return batch_send(writer, error);
}

int netlink_writer_flush(struct netlink_writer *writer, struct error *error)
{
	int r = batch_send(writer, error);

	writer->first = writer->sequence + 1;
	return r;
}

/* ---- The list. ---- */

struct listing {
	netlink_route_each *each;
	void *context;
	uint32_t table;
};

static void list_one(const struct listing *listing, const struct nlmsghdr *message)
{
	struct netlink_route route;

	if (netlink_route_read(message, &route) && route.protocol == ROUTE_PROTOCOL &&
		(listing->table == 0 || route.table == listing->table))
		listing->each(listing->context, &route);
}

/* True: the list is complete. A kernel whose routes change meanwhile marks the list as
 * interrupted; of ours nobody but us changes any. */
static bool list_some(
	struct netlink_writer *writer, ssize_t length, const struct listing *listing)
{
	struct nlmsghdr *message = (void *)writer->answer;
	bool done = false;

	for (int left = (int)length; mnl_nlmsg_ok(message, left);
		message = mnl_nlmsg_next(message, &left)) {
		if (message->nlmsg_seq != writer->sequence)
			continue;
		done |= message->nlmsg_type == NLMSG_DONE || message->nlmsg_type == NLMSG_ERROR;
		list_one(listing, message);
	}
	return done;
}

static int list_family(struct netlink_writer *writer, uint8_t family, struct listing *listing,
	const bool *enough)
{
	_Alignas(struct nlmsghdr) char buffer[128];
	struct nlmsghdr *message = mnl_nlmsg_put_header(buffer);
	struct rtmsg *body = mnl_nlmsg_put_extra_header(message, sizeof(*body));
	bool done = false;

	message->nlmsg_type = RTM_GETROUTE;
	message->nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
	message->nlmsg_seq = ++writer->sequence;
	body->rtm_family = family;
	body->rtm_protocol = ROUTE_PROTOCOL;
	if (mnl_socket_sendto(writer->socket, message, message->nlmsg_len) < 0)
		return errno;
	while (!done && !*enough) {
		ssize_t length = mnl_socket_recvfrom(
			writer->socket, writer->answer, sizeof(writer->answer));

		if (length < 0 && errno == EINTR)
			continue;
		if (length < 0)
			return errno;
		done = list_some(writer, length, listing);
	}
	return 0;
}

int netlink_writer_list(struct netlink_writer *writer, uint32_t table, netlink_route_each *each,
	void *context, struct error *error)
{
	struct listing listing = { each, context, table };
	const bool all = false;
	int failure = list_family(writer, AF_INET, &listing, &all);

	if (failure == 0)
		failure = list_family(writer, AF_INET6, &listing, &all);
	writer->first = writer->sequence + 1;
	return failure == 0 ? 0 : error_system(error, failure, "cannot list our routes");
}

static void note_one(void *context, const struct netlink_route *route)
{
	(void)route;
	*(bool *)context = true;
}

bool netlink_routes_any(uint32_t table)
{
	/* Of its own: what is not read of a list must not wait in another's socket. */
	struct netlink_writer *writer = netlink_writer_open(NULL);
	bool found = false;
	struct listing listing = { note_one, &found, table };

	if (writer != NULL) {
		(void)list_family(writer, AF_INET, &listing, &found);
		(void)list_family(writer, AF_INET6, &listing, &found);
	}
	netlink_writer_close(writer);
	return found;
}

static bool has_path(const struct netlink_route *route, const struct netlink_path *path)
{
	for (uint32_t i = 0; i < route->path_count; i++)
		if (route->paths[i].weight == path->weight &&
			(route->paths[i].link == path->link || path->link == 0 ||
				route->paths[i].link == 0) &&
			address_equal(&route->paths[i].gateway, &path->gateway))
			return true;
	return false;
}

bool netlink_route_same(const struct netlink_route *a, const struct netlink_route *b)
{
	if (a->kind != b->kind)
		return false;
	if (a->kind != ROUTE_UNICAST)
		return true;
	if (a->path_count != b->path_count)
		return false;
	for (uint32_t i = 0; i < a->path_count; i++)
		if (!has_path(b, &a->paths[i]))
			return false;
	return true;
}
