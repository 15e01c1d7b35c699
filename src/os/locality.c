/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Asks for the route to the address (RTM_GETROUTE) and looks at its type. Binding a socket to
 * the address would not tell: with ip_nonlocal_bind, common where addresses move between hosts,
 * that works for any address.
 *
 * 1. The kernel answers within send(2): a receive never waits. No answer is an error.
 */
#include <errno.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "os/locality.h"

struct route_request {
	struct nlmsghdr head;
	struct rtmsg body;
	struct rtattr attribute;
	uint8_t destination[16];
};

int locality_open(struct locality *locality, struct error *error)
{
	*locality = (struct locality){ .fd = -1 };
	locality->fd =
		socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_ROUTE);
	if (locality->fd < 0)
		return error_system(error, errno, "cannot ask the kernel about routes");
	return 0;
}

void locality_close(struct locality *locality)
{
	if (locality->fd >= 0)
		close(locality->fd);
	locality->fd = -1;
}

static int route_ask(struct locality *locality, const struct address *address)
{
	size_t size = address_size(address);
	struct sockaddr_nl kernel = { .nl_family = AF_NETLINK };
	struct route_request request = {
		.head = { .nlmsg_len = (uint32_t)(offsetof(struct route_request, destination) +
						  size),
			.nlmsg_type = RTM_GETROUTE,
			.nlmsg_flags = NLM_F_REQUEST,
			.nlmsg_seq = ++locality->sequence },
		.body = { .rtm_family = address->family == FAMILY_IPV4 ? AF_INET : AF_INET6,
			.rtm_dst_len = family_bits(address->family) },
		.attribute = { .rta_len = (uint16_t)RTA_LENGTH(size), .rta_type = RTA_DST },
	};

	memcpy(request.destination, address->bytes, size);
	return sendto(locality->fd, &request, request.head.nlmsg_len, 0,
		       (const struct sockaddr *)&kernel, sizeof(kernel)) < 0
		       ? -errno
		       : 0;
}

/* The type of the route, or a negative errno. */
static int route_type(const struct locality *locality)
{
	_Alignas(struct nlmsghdr) uint8_t packet[2048];
	const struct nlmsghdr *message = (const struct nlmsghdr *)(const void *)packet;
	ssize_t received;

	do {
		received = recv(locality->fd, packet, sizeof(packet), MSG_DONTWAIT);
		if (received < 0)
			return -errno;
		if (!NLMSG_OK(message, (size_t)received))
			return -EPROTO;
	} while (message->nlmsg_seq != locality->sequence);
	if (message->nlmsg_type == NLMSG_ERROR &&
		message->nlmsg_len >= NLMSG_LENGTH(sizeof(struct nlmsgerr)))
		return ((const struct nlmsgerr *)NLMSG_DATA(message))->error;
	if (message->nlmsg_type != RTM_NEWROUTE ||
		message->nlmsg_len < NLMSG_LENGTH(sizeof(struct rtmsg)))
		return -EPROTO;
	return ((const struct rtmsg *)NLMSG_DATA(message))->rtm_type;
}

int locality_check(
	struct locality *locality, const struct address *address, struct error *error)
{
	int type = route_ask(locality, address);

	if (type == 0)
		type = route_type(locality);
	switch (type) {
	case RTN_LOCAL:
		return 0;
	case -ENETUNREACH:
	case -EHOSTUNREACH:
	case -EACCES: /* prohibit */
	case -EINVAL: /* blackhole */
	case -ENODEV:
		return ERROR_NOT_FOUND;
	default:
		break;
	}
	if (type >= 0)
		return ERROR_NOT_FOUND;
	return error_system(error, -type, "the kernel does not say whether an address is ours");
}
