/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Interfaces of a network namespace.
 *
 * Invariants:
 *  1. Every request waits for the kernel's word, which comes at once.
 */
#include "os/netlink_link.h"

#include <arpa/inet.h>
#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/if_link.h>
#include <linux/pkt_sched.h>
#include <linux/rtnetlink.h>
#include <linux/veth.h>
#include <net/if.h>
#include <stdlib.h>
#include <string.h>

#define REQUEST_BYTES 1024

struct links {
	struct mnl_socket *socket;
	uint32_t sequence;
	_Alignas(struct nlmsghdr) char request[REQUEST_BYTES];
	_Alignas(struct nlmsghdr) char answer[8192];
};

int links_open(struct links **ret_links, struct error *error)
{
	struct links *links = calloc(1, sizeof(*links));
	int on = 1;

	if (links == NULL)
		return error_set(error, ERROR_MEMORY, "no memory");
	links->socket = mnl_socket_open2(NETLINK_ROUTE, SOCK_CLOEXEC);
	if (links->socket == NULL ||
		mnl_socket_bind(links->socket, 0, MNL_SOCKET_AUTOPID) != 0) {
		int result = error_system(
			error, errno, "cannot speak to the kernel about interfaces");

		links_close(links);
		return result;
	}
	(void)mnl_socket_setsockopt(links->socket, NETLINK_CAP_ACK, &on, sizeof(on));
	*ret_links = links;
	return 0;
}

void links_close(struct links *links)
{
	if (links == NULL)
		return;
	if (links->socket != NULL)
		mnl_socket_close(links->socket);
	free(links);
}

static struct nlmsghdr *begin(struct links *links, uint16_t type, uint16_t flags)
{
	struct nlmsghdr *header = mnl_nlmsg_put_header(links->request);

	header->nlmsg_type = type;
	header->nlmsg_flags = (uint16_t)(NLM_F_REQUEST | NLM_F_ACK | flags);
	header->nlmsg_seq = ++links->sequence;
	return header;
}

static int wait_answer(struct links *links)
{
	for (;;) {
		ssize_t length = mnl_socket_recvfrom(
			links->socket, links->answer, sizeof(links->answer));
		int result;

		if (length < 0) {
			if (errno == EINTR)
				continue;
			return errno;
		}
		result = mnl_cb_run(links->answer, (size_t)length, links->sequence,
			mnl_socket_get_portid(links->socket), NULL, NULL);
		if (result == MNL_CB_STOP)
			return 0;
		if (result < 0)
			return errno;
	}
}

/* Send it; what: what was tried, with the name in it. */
static int finish(struct links *links, const struct nlmsghdr *header, const char *doing,
	const char *name, struct error *error)
{
	int failed;

	if (mnl_socket_sendto(links->socket, header, header->nlmsg_len) < 0)
		failed = errno;
	else
		failed = wait_answer(links);
	if (failed == 0)
		return 0;
	if (failed == EOPNOTSUPP)
		return error_set(
			error, ERROR_UNSUPPORTED, "this kernel cannot %s '%s'", doing, name);
	if (failed == EEXIST)
		return error_set(error, ERROR_EXISTS, "cannot %s '%s': it is there already",
			doing, name);
	return error_system(error, failed, "cannot %s '%s'", doing, name);
}

static int index_of(
	struct links *links, const char *name, unsigned *ret_index, struct error *error)
{
	struct nlmsghdr *header = begin(links, RTM_GETLINK, 0);
	const struct nlmsghdr *answer;
	ssize_t length;

	mnl_nlmsg_put_extra_header(header, sizeof(struct ifinfomsg));
	mnl_attr_put_strz(header, IFLA_IFNAME, name);
	if (mnl_socket_sendto(links->socket, header, header->nlmsg_len) < 0)
		return error_system(error, errno, "cannot ask for interface '%s'", name);
	length = mnl_socket_recvfrom(links->socket, links->answer, sizeof(links->answer));
	answer = (const struct nlmsghdr *)(const void *)links->answer;
	if (length < 0 || !mnl_nlmsg_ok(answer, (int)length))
		return error_system(error, errno, "cannot ask for interface '%s'", name);
	if (answer->nlmsg_type != RTM_NEWLINK)
		return error_set(error, ERROR_NOT_FOUND, "there is no interface '%s'", name);
	*ret_index =
		(unsigned)((const struct ifinfomsg *)mnl_nlmsg_get_payload(answer))->ifi_index;
	/* The acknowledgement that follows. */
	(void)wait_answer(links);
	return 0;
}

/* ---- Interfaces ---- */

int links_veth(struct links *links, const char *name, int peer_namespace, const char *peer,
	struct error *error)
{
	struct nlmsghdr *header = begin(links, RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL);
	struct ifinfomsg *info = mnl_nlmsg_put_extra_header(header, sizeof(*info));
	struct nlattr *kind, *data, *other;

	(void)info;
	mnl_attr_put_strz(header, IFLA_IFNAME, name);
	kind = mnl_attr_nest_start(header, IFLA_LINKINFO);
	mnl_attr_put_strz(header, IFLA_INFO_KIND, "veth");
	data = mnl_attr_nest_start(header, IFLA_INFO_DATA);
	other = mnl_attr_nest_start(header, VETH_INFO_PEER);
	mnl_nlmsg_put_extra_header(header, sizeof(struct ifinfomsg));
	mnl_attr_put_strz(header, IFLA_IFNAME, peer);
	mnl_attr_put_u32(header, IFLA_NET_NS_FD, (uint32_t)peer_namespace);
	mnl_attr_nest_end(header, other);
	mnl_attr_nest_end(header, data);
	mnl_attr_nest_end(header, kind);
	return finish(links, header, "make the cable", name, error);
}

int links_bridge(struct links *links, const char *name, struct error *error)
{
	struct nlmsghdr *header = begin(links, RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL);
	struct nlattr *kind;

	mnl_nlmsg_put_extra_header(header, sizeof(struct ifinfomsg));
	mnl_attr_put_strz(header, IFLA_IFNAME, name);
	kind = mnl_attr_nest_start(header, IFLA_LINKINFO);
	mnl_attr_put_strz(header, IFLA_INFO_KIND, "bridge");
	mnl_attr_nest_end(header, kind);
	return finish(links, header, "make the bridge", name, error);
}

int links_master(struct links *links, const char *name, const char *bridge, struct error *error)
{
	unsigned port, master;
	int result = index_of(links, name, &port, error);
	struct nlmsghdr *header;
	struct ifinfomsg *info;

	if (result == 0)
		result = index_of(links, bridge, &master, error);
	if (result != 0)
		return result;
	header = begin(links, RTM_NEWLINK, 0);
	info = mnl_nlmsg_put_extra_header(header, sizeof(*info));
	info->ifi_index = (int)port;
	mnl_attr_put_u32(header, IFLA_MASTER, master);
	return finish(links, header, "connect to the bridge", name, error);
}

int links_up(struct links *links, const char *name, bool up, struct error *error)
{
	struct nlmsghdr *header = begin(links, RTM_NEWLINK, 0);
	struct ifinfomsg *info = mnl_nlmsg_put_extra_header(header, sizeof(*info));

	info->ifi_change = IFF_UP;
	info->ifi_flags = up ? IFF_UP : 0;
	mnl_attr_put_strz(header, IFLA_IFNAME, name);
	return finish(links, header, up ? "bring up" : "take down", name, error);
}

/* A queue with room for nothing (tc-pfifo(8)). */
int links_silence(struct links *links, const char *name, bool silent, struct error *error)
{
	const struct tc_fifo_qopt nothing = { .limit = 0 };
	unsigned index;
	int result = index_of(links, name, &index, error);
	struct nlmsghdr *header;
	struct tcmsg *info;

	if (result != 0)
		return result;
	header = silent ? begin(links, RTM_NEWQDISC, NLM_F_CREATE | NLM_F_REPLACE)
			: begin(links, RTM_DELQDISC, 0);
	info = mnl_nlmsg_put_extra_header(header, sizeof(*info));
	info->tcm_family = AF_UNSPEC;
	info->tcm_ifindex = (int)index;
	info->tcm_parent = TC_H_ROOT;
	if (silent) {
		mnl_attr_put_strz(header, TCA_KIND, "pfifo");
		mnl_attr_put(header, TCA_OPTIONS, sizeof(nothing), &nothing);
	}
	result = finish(links, header, silent ? "silence" : "open", name, error);
	/* It was not silent. */
	if (!silent && result == ERROR_SYSTEM && error != NULL &&
		(error->system_errno == ENOENT || error->system_errno == EINVAL))
		return 0;
	return result;
}

int links_remove(struct links *links, const char *name, struct error *error)
{
	struct nlmsghdr *header = begin(links, RTM_DELLINK, 0);

	mnl_nlmsg_put_extra_header(header, sizeof(struct ifinfomsg));
	mnl_attr_put_strz(header, IFLA_IFNAME, name);
	return finish(links, header, "remove", name, error);
}

/* ---- Addresses and routes ---- */

int links_address(struct links *links, const char *name, uint32_t address, uint8_t length,
	struct error *error)
{
	unsigned index;
	int result = index_of(links, name, &index, error);
	struct nlmsghdr *header;
	struct ifaddrmsg *info;

	if (result != 0)
		return result;
	header = begin(links, RTM_NEWADDR, NLM_F_CREATE | NLM_F_EXCL);
	info = mnl_nlmsg_put_extra_header(header, sizeof(*info));
	info->ifa_family = AF_INET;
	info->ifa_prefixlen = length;
	info->ifa_index = index;
	mnl_attr_put_u32(header, IFA_LOCAL, htonl(address));
	mnl_attr_put_u32(header, IFA_ADDRESS, htonl(address));
	return finish(links, header, "number", name, error);
}

int links_route(struct links *links, enum links_change change, uint32_t prefix, uint8_t length,
	uint32_t via, const char *name, uint32_t metric, struct error *error)
{
	unsigned index;
	int result = index_of(links, name, &index, error);
	struct nlmsghdr *header;
	struct rtmsg *route;

	if (result != 0)
		return result;
	header = change == LINKS_REMOVE
			 ? begin(links, RTM_DELROUTE, 0)
			 : begin(links, RTM_NEWROUTE, NLM_F_CREATE | NLM_F_REPLACE);
	route = mnl_nlmsg_put_extra_header(header, sizeof(*route));
	route->rtm_family = AF_INET;
	route->rtm_dst_len = length;
	route->rtm_table = RT_TABLE_MAIN;
	route->rtm_protocol = RTPROT_STATIC;
	route->rtm_scope = via != 0 ? RT_SCOPE_UNIVERSE : RT_SCOPE_LINK;
	route->rtm_type = RTN_UNICAST;
	mnl_attr_put_u32(header, RTA_DST, htonl(prefix));
	mnl_attr_put_u32(header, RTA_OIF, index);
	mnl_attr_put_u32(header, RTA_PRIORITY, metric);
	if (via != 0)
		mnl_attr_put_u32(header, RTA_GATEWAY, htonl(via));
	return finish(links, header,
		change == LINKS_REMOVE ? "remove a route over" : "set a route over", name,
		error);
}
