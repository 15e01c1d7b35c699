/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How a route that we originate is dressed for a neighbour.
 *
 * Invariant: only routes of the local RIB get here (RFC 8212: without a policy nothing is
 * exported; here the configured services are the policy).
 *
 * RFC 4271 sections 5.1.2 to 5.1.5, RFC 2545 section 3, RFC 8326 section 4, RFC 8950 section 4,
 * RFC 9234 section 5.
 */
#include "route/speaker_internal.h"

#define LOCAL_PREF_DEFAULT 100

static void present(struct bgp_attributes *a, enum bgp_attribute_code code)
{
	a->present |= 1ull << code;
}

bool export_wanted(const struct neighbor *neighbor, const struct local_route *route)
{
	enum bgp_family family = prefix_family(&route->prefix);

	if (neighbor->live == NULL || !neighbor->live->context.family[family])
		return false;
	if (route->only == NULL)
		return true;
	for (size_t i = 0; i < route->only_count; i++)
		if (route->only[i] == neighbor)
			return true;
	return false;
}

/* The session's own IPv6 address, or one of its interface, with the link-local one beside it
 * when the neighbour shares the link (RFC 2545 section 3). */
static int next_hop_ipv6(const struct connection_info *info, struct bgp_attributes *a)
{
	const struct address *on_interface = &info->interface_address[BGP_IPV6_UNICAST];

	if (info->local.family == FAMILY_IPV6 && !address_is_link_local(&info->local))
		a->next_hop = info->local;
	else if (on_interface->family == FAMILY_IPV6)
		a->next_hop = *on_interface;
	else if (info->local_link_local.family == FAMILY_IPV6)
		a->next_hop = info->local_link_local;
	else
		return ERROR_RANGE;
	if (info->directly_connected && info->local_link_local.family == FAMILY_IPV6 &&
		info->local.family == FAMILY_IPV6)
		a->next_hop_link_local = info->local_link_local;
	return 0;
}

static int next_hop_ipv4(const struct connection *live, struct bgp_attributes *a)
{
	const struct connection_info *info = &live->info;

	if (info->local.family == FAMILY_IPV4)
		a->next_hop = info->local;
	else if (live->context.extended_next_hop[BGP_IPV4_UNICAST])
		return next_hop_ipv6(info, a);
	else if (info->interface_address[BGP_IPV4_UNICAST].family == FAMILY_IPV4)
		a->next_hop = info->interface_address[BGP_IPV4_UNICAST];
	else
		return ERROR_RANGE;
	return 0;
}

static int next_hop_set(
	const struct neighbor *neighbor, enum bgp_family family, struct bgp_attributes *a)
{
	const struct address *configured = &neighbor->settings.next_hop[family];

	if (configured->family != FAMILY_NONE) {
		a->next_hop = *configured;
		return 0;
	}
	if (family == BGP_IPV4_UNICAST)
		return next_hop_ipv4(neighbor->live, a);
	return next_hop_ipv6(&neighbor->live->info, a);
}

static int path_set(const struct neighbor *neighbor, const struct local_route *route,
	struct bgp_attributes *a)
{
	unsigned count = 1 + route->prepend + neighbor->settings.prepend;

	present(a, BGP_ATTRIBUTE_AS_PATH);
	/* RFC 4271 section 5.1.2: an internal neighbour gets an empty path. */
	if (neighbor->ibgp)
		return 0;
	return bgp_as_path_prepend(
		a, neighbor->settings.local_asn, count, &neighbor->speaker->scratch);
}

static void preference_set(const struct neighbor *neighbor, const struct local_route *route,
	struct bgp_attributes *a)
{
	const struct neighbor_settings *s = &neighbor->settings;
	bool shutdown = route->graceful_shutdown || s->graceful_shutdown;

	present(a, BGP_ATTRIBUTE_MED);
	a->med = s->has_med ? s->med : route->med;
	if (!neighbor->ibgp)
		return;
	present(a, BGP_ATTRIBUTE_LOCAL_PREF);
	a->local_pref = LOCAL_PREF_DEFAULT;
	if (s->has_local_pref)
		a->local_pref = s->local_pref;
	if (route->has_local_pref)
		a->local_pref = route->local_pref;
	if (shutdown) /* RFC 8326 section 4.3 */
		a->local_pref = 0;
}

/* Append what is not there yet. */
static size_t number_add(uint32_t *list, size_t count, uint32_t value)
{
	for (size_t i = 0; i < count; i++)
		if (list[i] == value)
			return count;
	list[count] = value;
	return count + 1;
}

static int communities_set(const struct neighbor *neighbor, const struct local_route *route,
	struct bgp_attributes *a)
{
	const struct neighbor_settings *s = &neighbor->settings;
	size_t room = route->community_count + s->community_count + 1, count = 0;
	uint32_t *list = arena_take_array(&neighbor->speaker->scratch, room, sizeof(*list));

	if (list == NULL)
		return ERROR_MEMORY;
	for (size_t i = 0; i < route->community_count; i++)
		count = number_add(list, count, route->communities[i]);
	for (size_t i = 0; i < s->community_count; i++)
		count = number_add(list, count, s->communities[i]);
	if (route->graceful_shutdown || s->graceful_shutdown)
		count = number_add(list, count, BGP_COMMUNITY_GRACEFUL_SHUTDOWN);
	if (count == 0)
		return 0;
	a->communities = list;
	a->community_count = (uint16_t)count;
	present(a, BGP_ATTRIBUTE_COMMUNITIES);
	return 0;
}

static size_t large_add(
	struct bgp_large_community *list, size_t count, const struct bgp_large_community *one)
{
	for (size_t i = 0; i < count; i++)
		if (memcmp(&list[i], one, sizeof(*one)) == 0)
			return count;
	list[count] = *one;
	return count + 1;
}

static int large_set(const struct neighbor *neighbor, const struct local_route *route,
	struct bgp_attributes *a)
{
	const struct neighbor_settings *s = &neighbor->settings;
	size_t room = route->large_community_count + s->large_community_count, count = 0;
	struct bgp_large_community *list;

	if (room == 0)
		return 0;
	list = arena_take_array(&neighbor->speaker->scratch, room, sizeof(*list));
	if (list == NULL)
		return ERROR_MEMORY;
	for (size_t i = 0; i < route->large_community_count; i++)
		count = large_add(list, count, &route->large_communities[i]);
	for (size_t i = 0; i < s->large_community_count; i++)
		count = large_add(list, count, &s->large_communities[i]);
	a->large_communities = list;
	a->large_community_count = (uint16_t)count;
	present(a, BGP_ATTRIBUTE_LARGE_COMMUNITIES);
	return 0;
}

static int extended_set(const struct neighbor *neighbor, const struct local_route *route,
	struct bgp_attributes *a)
{
	const struct neighbor_settings *s = &neighbor->settings;
	size_t count = route->extended_community_count + s->extended_community_count;
	uint64_t *list;

	if (count == 0)
		return 0;
	list = arena_take_array(&neighbor->speaker->scratch, count, sizeof(*list));
	if (list == NULL)
		return ERROR_MEMORY;
	for (size_t i = 0; i < route->extended_community_count; i++)
		list[i] = route->extended_communities[i];
	for (size_t i = 0; i < s->extended_community_count; i++)
		list[route->extended_community_count + i] = s->extended_communities[i];
	a->extended_communities = list;
	a->extended_community_count = (uint16_t)count;
	present(a, BGP_ATTRIBUTE_EXTENDED_COMMUNITIES);
	return 0;
}

/* RFC 9234 section 5, egress 1: towards a customer, a peer or a route server's client. */
static void only_to_customer_set(const struct neighbor *neighbor, struct bgp_attributes *a)
{
	uint8_t role = neighbor->settings.role;

	if (neighbor->ibgp || (role != BGP_ROLE_PROVIDER && role != BGP_ROLE_PEER &&
				      role != BGP_ROLE_ROUTE_SERVER))
		return;
	a->only_to_customer = neighbor->settings.local_asn;
	present(a, BGP_ATTRIBUTE_ONLY_TO_CUSTOMER);
}

int export_attributes(const struct neighbor *neighbor, const struct local_route *route,
	struct bgp_attributes *ret_attributes)
{
	enum bgp_family family = prefix_family(&route->prefix);
	struct bgp_attributes a = { .origin = BGP_ORIGIN_IGP };
	int r;

	present(&a, BGP_ATTRIBUTE_ORIGIN);
	r = next_hop_set(neighbor, family, &a);
	if (r == 0)
		r = path_set(neighbor, route, &a);
	if (r == 0)
		r = communities_set(neighbor, route, &a);
	if (r == 0)
		r = large_set(neighbor, route, &a);
	if (r == 0)
		r = extended_set(neighbor, route, &a);
	if (r != 0)
		return r;
	if (a.next_hop.family == FAMILY_IPV4)
		present(&a, BGP_ATTRIBUTE_NEXT_HOP);
	preference_set(neighbor, route, &a);
	only_to_customer_set(neighbor, &a);
	*ret_attributes = a;
	return 0;
}
