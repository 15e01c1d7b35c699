/* SPDX-License-Identifier: Apache-2.0 */
/* What a route message of rtnetlink(7) says. */
#include "os/netlink_route.h"

#include <arpa/inet.h>
#include <libmnl/libmnl.h>
#include <linux/rtnetlink.h>
#include <string.h>

struct attributes {
	const struct nlattr *at[RTA_MAX + 1];
};

static int take_attribute(const struct nlattr *attribute, void *data)
{
	struct attributes *attributes = data;
	uint16_t type = mnl_attr_get_type(attribute);

	if (type <= RTA_MAX)
		attributes->at[type] = attribute;
	return MNL_CB_OK;
}

static enum family family_of(unsigned family)
{
	return family == AF_INET ? FAMILY_IPV4 : family == AF_INET6 ? FAMILY_IPV6 : FAMILY_NONE;
}

static uint32_t number(const struct nlattr *attribute, uint32_t otherwise)
{
	return attribute != NULL && mnl_attr_get_payload_len(attribute) == 4
		       ? mnl_attr_get_u32(attribute)
		       : otherwise;
}

static struct address address_read(const struct nlattr *attribute, enum family family)
{
	size_t size = family == FAMILY_IPV4 ? 4 : 16;

	if (attribute == NULL || family == FAMILY_NONE ||
		mnl_attr_get_payload_len(attribute) != size)
		return (struct address){ .family = FAMILY_NONE };
	return address_from_bytes(family, mnl_attr_get_payload(attribute));
}

/* RTA_GATEWAY, or RTA_VIA of the other family: two bytes of family, then the address. */
static struct address gateway_read(const struct attributes *attributes, enum family family)
{
	const struct nlattr *via = attributes->at[RTA_VIA];
	const struct rtvia *payload;
	enum family other;

	if (via == NULL || mnl_attr_get_payload_len(via) < sizeof(*payload))
		return address_read(attributes->at[RTA_GATEWAY], family);
	payload = mnl_attr_get_payload(via);
	other = family_of(payload->rtvia_family);
	if (mnl_attr_get_payload_len(via) - sizeof(*payload) !=
		(other == FAMILY_IPV4 ? 4u : 16u))
		other = FAMILY_NONE;
	if (other == FAMILY_NONE)
		return (struct address){ .family = FAMILY_NONE };
	return address_from_bytes(other, payload->rtvia_addr);
}

static void path_add(struct netlink_route *route, uint32_t link, unsigned hops,
	const struct attributes *attributes)
{
	if (route->path_count == ROUTE_PATHS_MAX)
		return;
	route->paths[route->path_count++] = (struct netlink_path){
		.link = link,
		.weight = (uint16_t)(hops + 1),
		.gateway = gateway_read(attributes, (enum family)route->prefix.address.family),
	};
}

static void paths_read(struct netlink_route *route, const struct nlattr *multipath)
{
	const char *at = mnl_attr_get_payload(multipath);
	size_t left = mnl_attr_get_payload_len(multipath);

	while (left >= sizeof(struct rtnexthop)) {
		const struct rtnexthop *hop = (const void *)at;
		struct attributes attributes = { 0 };
		size_t length = hop->rtnh_len;

		if (length < sizeof(*hop) || length > left)
			return;
		if (mnl_attr_parse_payload(
			    hop + 1, length - sizeof(*hop), take_attribute, &attributes) < 0)
			return;
		path_add(route, (uint32_t)hop->rtnh_ifindex, hop->rtnh_hops, &attributes);
		length = RTNH_ALIGN(length);
		if (length >= left)
			return;
		at += length;
		left -= length;
	}
}

static enum netlink_route_kind kind_of(unsigned type)
{
	switch (type) {
	case RTN_UNICAST:
		return ROUTE_UNICAST;
	case RTN_LOCAL:
	case RTN_ANYCAST:
		return ROUTE_LOCAL;
	case RTN_BLACKHOLE:
		return ROUTE_BLACKHOLE;
	default:
		return ROUTE_OTHER;
	}
}

bool netlink_route_read(const struct nlmsghdr *message, struct netlink_route *ret_route)
{
	const struct rtmsg *body = mnl_nlmsg_get_payload(message);
	struct attributes attributes = { 0 };
	struct netlink_route *route = ret_route;
	enum family family;

	if ((message->nlmsg_type != RTM_NEWROUTE && message->nlmsg_type != RTM_DELROUTE) ||
		mnl_nlmsg_get_payload_len(message) < sizeof(*body))
		return false;
	family = family_of(body->rtm_family);
	if (family == FAMILY_NONE || body->rtm_src_len != 0 || body->rtm_tos != 0 ||
		(body->rtm_flags & RTM_F_CLONED) != 0 ||
		body->rtm_dst_len > family_bits(family) ||
		mnl_attr_parse(message, sizeof(*body), take_attribute, &attributes) < 0)
		return false;
	route->prefix.address = address_read(attributes.at[RTA_DST], family);
	route->prefix.address.family = (uint8_t)family;
	route->prefix.length = body->rtm_dst_len;
	prefix_normalise(&route->prefix);
	route->table = number(attributes.at[RTA_TABLE], body->rtm_table);
	route->metric = number(attributes.at[RTA_PRIORITY], 0);
	route->protocol = body->rtm_protocol;
	route->kind = (uint8_t)kind_of(body->rtm_type);
	route->replaces = message->nlmsg_type == RTM_NEWROUTE &&
			  (message->nlmsg_flags & NLM_F_REPLACE) != 0;
	route->path_count = 0;
	if (attributes.at[RTA_MULTIPATH] != NULL)
		paths_read(route, attributes.at[RTA_MULTIPATH]);
	else
		path_add(route, number(attributes.at[RTA_OIF], 0), 0, &attributes);
	return true;
}
