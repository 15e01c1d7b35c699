/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Addresses on interfaces, by rtnetlink(7) and libmnl.
 *
 * Invariants:
 *  1. Requests and notifications use two sockets: an answer is never taken for news.
 *  2. Requests wait for the kernel's answer, which comes at once: after a return the address is
 *     there or it is not.
 *  3. A lost notification (ENOBUFS) is told as overrun, never passed over.
 */
#include "os/netlink_address.h"

#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/if_addr.h>
#include <linux/rtnetlink.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "os/privilege.h"

#define LIFETIME_FOREVER UINT32_MAX

struct netlink {
	struct mnl_socket *requests, *events;
	uint32_t sequence;
	bool no_protocol;
	uv_poll_t *poll; /* NULL until netlink_watch */
	struct netlink_events sink;
};

struct netlink *netlink_open(struct error *error)
{
	struct netlink *netlink = calloc(1, sizeof(*netlink));

	if (netlink == NULL) {
		error_set(error, ERROR_MEMORY, "no memory");
		return NULL;
	}
	netlink->requests = mnl_socket_open2(NETLINK_ROUTE, SOCK_CLOEXEC);
	if (netlink->requests == NULL ||
		mnl_socket_bind(netlink->requests, 0, MNL_SOCKET_AUTOPID) != 0) {
		error_system(error, errno, "cannot speak to the kernel about addresses");
		netlink_close(netlink);
		return NULL;
	}
	netlink->sequence = (uint32_t)time(NULL);
	return netlink;
}

static void poll_closed(uv_handle_t *handle)
{
	free(handle);
}

void netlink_close(struct netlink *netlink)
{
	if (netlink == NULL)
		return;
	if (netlink->poll != NULL)
		uv_close((uv_handle_t *)netlink->poll, poll_closed);
	if (netlink->events != NULL)
		mnl_socket_close(netlink->events);
	if (netlink->requests != NULL)
		mnl_socket_close(netlink->requests);
	free(netlink);
}

void netlink_protocol_forget(struct netlink *netlink)
{
	netlink->no_protocol = true;
}

/* ---- Reading an address message ---- */

struct attributes {
	const struct nlattr *address, *local;
	uint8_t protocol;
};

static int take_attribute(const struct nlattr *attribute, void *data)
{
	struct attributes *attributes = data;

	switch (mnl_attr_get_type(attribute)) {
	case IFA_ADDRESS:
		attributes->address = attribute;
		break;
	case IFA_LOCAL:
		attributes->local = attribute;
		break;
	case IFA_PROTO:
		if (mnl_attr_validate(attribute, MNL_TYPE_U8) == 0)
			attributes->protocol = mnl_attr_get_u8(attribute);
		break;
	default:
		break;
	}
	return MNL_CB_OK;
}

static bool message_read(const struct nlmsghdr *message, struct interface_address *ret)
{
	const struct ifaddrmsg *body = mnl_nlmsg_get_payload(message);
	struct attributes attributes = { 0 };
	enum family family = body->ifa_family == AF_INET    ? FAMILY_IPV4
			     : body->ifa_family == AF_INET6 ? FAMILY_IPV6
							    : FAMILY_NONE;
	const struct nlattr *bytes;

	mnl_attr_parse(message, sizeof(*body), take_attribute, &attributes);
	/* On a point-to-point link IFA_ADDRESS is the other end. */
	bytes = attributes.local != NULL ? attributes.local : attributes.address;
	if (family == FAMILY_NONE || bytes == NULL ||
		mnl_attr_get_payload_len(bytes) != (family == FAMILY_IPV4 ? 4 : 16))
		return false;
	memset(ret, 0, sizeof(*ret));
	ret->address = address_from_bytes(family, mnl_attr_get_payload(bytes));
	ret->length = body->ifa_prefixlen;
	ret->protocol = attributes.protocol;
	return if_indextoname(body->ifa_index, ret->interface) != NULL;
}

/* ---- Requests ---- */

/* 0 or errno. */
static int request_run(
	struct netlink *netlink, const struct nlmsghdr *request, mnl_cb_t callback, void *data)
{
	static _Alignas(struct nlmsghdr) char answer[32768];
	unsigned port = mnl_socket_get_portid(netlink->requests);
	int r = MNL_CB_OK;

	if (mnl_socket_sendto(netlink->requests, request, request->nlmsg_len) < 0)
		return errno;
	while (r > MNL_CB_STOP) {
		ssize_t length = mnl_socket_recvfrom(netlink->requests, answer, sizeof(answer));

		if (length < 0 && errno == EINTR)
			continue;
		if (length < 0)
			return errno;
		r = mnl_cb_run(
			answer, (size_t)length, request->nlmsg_seq, port, callback, data);
	}
	return r < 0 ? errno : 0;
}

static int change_error(
	int number, const char *interface, const struct address *address, struct error *error)
{
	char text[ADDRESS_TEXT_MAX], doing[128];

	address_format(address, text);
	switch (number) {
	case 0:
		return 0;
	case EEXIST:
		return error_set(error, ERROR_EXISTS, "%s is on an interface already", text);
	case EADDRNOTAVAIL:
		return error_set(error, ERROR_NOT_FOUND, "%s is not on %s", text, interface);
	case ENODEV:
		return error_set(error, ERROR_NOT_FOUND, "there is no interface %s", interface);
	case EPERM:
	case EACCES:
		snprintf(doing, sizeof(doing), "changing the addresses of %s", interface);
		return privilege_missing(PRIVILEGE_NET_ADMIN, doing, error);
	default:
		return error_system(
			error, number, "cannot change the address %s on %s", text, interface);
	}
}

static int address_change(struct netlink *netlink, uint16_t type, uint16_t flags,
	const char *interface, const struct address *address, struct error *error)
{
	_Alignas(struct nlmsghdr) char buffer[256];
	struct nlmsghdr *message = mnl_nlmsg_put_header(buffer);
	bool ipv6 = address->family == FAMILY_IPV6;
	size_t size = address_size(address);
	struct ifaddrmsg *body;

	message->nlmsg_type = type;
	message->nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK | flags;
	message->nlmsg_seq = ++netlink->sequence;
	body = mnl_nlmsg_put_extra_header(message, sizeof(*body));
	body->ifa_family = ipv6 ? AF_INET6 : AF_INET;
	body->ifa_prefixlen = ipv6 ? 128 : 32;
	body->ifa_scope = RT_SCOPE_UNIVERSE;
	body->ifa_index = if_nametoindex(interface);
	if (body->ifa_index == 0)
		return change_error(ENODEV, interface, address, error);
	mnl_attr_put(message, IFA_LOCAL, size, address->bytes);
	mnl_attr_put(message, IFA_ADDRESS, size, address->bytes);
	if (type == RTM_NEWADDR) {
		struct ifa_cacheinfo lifetime = { .ifa_prefered = ipv6 ? 0 : LIFETIME_FOREVER,
			.ifa_valid = LIFETIME_FOREVER };

		if (!netlink->no_protocol)
			mnl_attr_put_u8(message, IFA_PROTO, ADDRESS_PROTOCOL);
		mnl_attr_put(message, IFA_CACHEINFO, sizeof(lifetime), &lifetime);
		if (ipv6)
			mnl_attr_put_u32(message, IFA_FLAGS, IFA_F_NODAD);
	}
	return change_error(
		request_run(netlink, message, NULL, NULL), interface, address, error);
}

int netlink_address_add(struct netlink *netlink, const char *interface,
	const struct address *address, struct error *error)
{
	return address_change(
		netlink, RTM_NEWADDR, NLM_F_CREATE | NLM_F_EXCL, interface, address, error);
}

int netlink_address_remove(struct netlink *netlink, const char *interface,
	const struct address *address, struct error *error)
{
	return address_change(netlink, RTM_DELADDR, 0, interface, address, error);
}

struct listing {
	netlink_each *each;
	void *context;
};

static int list_one(const struct nlmsghdr *message, void *data)
{
	const struct listing *listing = data;
	struct interface_address address;

	if (message->nlmsg_type == RTM_NEWADDR && message_read(message, &address))
		listing->each(listing->context, &address);
	return MNL_CB_OK;
}

int netlink_address_list(
	struct netlink *netlink, netlink_each *each, void *context, struct error *error)
{
	_Alignas(struct nlmsghdr) char buffer[128];
	struct nlmsghdr *message = mnl_nlmsg_put_header(buffer);
	struct listing listing = { each, context };
	struct ifaddrmsg *body;
	int failure;

	message->nlmsg_type = RTM_GETADDR;
	message->nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
	message->nlmsg_seq = ++netlink->sequence;
	body = mnl_nlmsg_put_extra_header(message, sizeof(*body));
	body->ifa_family = AF_UNSPEC;
	failure = request_run(netlink, message, list_one, &listing);
	return failure == 0 ? 0 : error_system(error, failure, "cannot list addresses");
}

/* ---- Notifications ---- */

static int take_event(const struct nlmsghdr *message, void *data)
{
	struct netlink *netlink = data;
	struct interface_address address;

	if ((message->nlmsg_type != RTM_NEWADDR && message->nlmsg_type != RTM_DELADDR) ||
		!message_read(message, &address))
		return MNL_CB_OK;
	if (message->nlmsg_type == RTM_NEWADDR)
		netlink->sink.added(netlink->sink.context, &address);
	else
		netlink->sink.removed(netlink->sink.context, &address);
	return MNL_CB_OK;
}

static void events_readable(uv_poll_t *poll, int status, int events)
{
	_Alignas(struct nlmsghdr) char buffer[8192];
	struct netlink *netlink = poll->data;
	ssize_t length;

	(void)status;
	(void)events;
	length = mnl_socket_recvfrom(netlink->events, buffer, sizeof(buffer));
	if (length < 0 && (errno == ENOBUFS || errno == ENOSPC))
		netlink->sink.overrun(netlink->sink.context);
	if (length > 0)
		mnl_cb_run(buffer, (size_t)length, 0, 0, take_event, netlink);
}

int netlink_watch(struct netlink *netlink, uv_loop_t *loop, const struct netlink_events *events,
	struct error *error)
{
	netlink->sink = *events;
	netlink->events = mnl_socket_open2(NETLINK_ROUTE, SOCK_CLOEXEC | SOCK_NONBLOCK);
	if (netlink->events == NULL ||
		mnl_socket_bind(netlink->events, RTMGRP_IPV4_IFADDR | RTMGRP_IPV6_IFADDR,
			MNL_SOCKET_AUTOPID) != 0)
		return error_system(error, errno, "cannot watch addresses");
	netlink->poll = malloc(sizeof(*netlink->poll));
	if (netlink->poll == NULL)
		return error_set(error, ERROR_MEMORY, "no memory");
	if (uv_poll_init(loop, netlink->poll, mnl_socket_get_fd(netlink->events)) != 0) {
		free(netlink->poll);
		netlink->poll = NULL;
		return error_set(error, ERROR_SYSTEM, "cannot watch addresses");
	}
	netlink->poll->data = netlink;
	uv_poll_start(netlink->poll, UV_READABLE, events_readable);
	return 0;
}
