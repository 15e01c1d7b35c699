/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a group of neighbours should hear, and how it is dressed.
 *
 * Invariants:
 *  1. Without `transit` only routes that we originate get here (RFC 8212).
 *  2. A route goes neither back to who said it, nor past a provider or a peer to another
 *     (RFC 9234, RFC 7454 section 9), nor from one internal neighbour to another but
 *     where it is reflected (RFC 4456).
 *  3. How a set is dressed depends on the key, the set and its source alone.
 *
 * RFC 4271 sections 5.1.2 to 5.1.5 and 9.1.3, RFC 1997, RFC 2545 section 3, RFC 4360 section 6,
 * RFC 4456, RFC 8326 section 4, RFC 8950 section 4, RFC 9234 section 5.
 */
#include <stdlib.h>
#include <string.h>

#include "route/group.h"
#include "route/reflect.h"
#include "route/route_server.h"
#include "route/speaker_internal.h"

#define LOCAL_PREF_DEFAULT      100
#define EXTENDED_NOT_TRANSITIVE (1ull << 62)

static void present(struct bgp_attributes *a, enum bgp_attribute_code code)
{
	a->present |= 1ull << code;
}

static void absent(struct bgp_attributes *a, enum bgp_attribute_code code)
{
	a->present &= ~(1ull << code);
}

/* ---- The key. ---- */

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

/* The neighbour's additions, as a set of their own. */
static attribute_set additions(const struct neighbor *neighbor)
{
	const struct neighbor_settings *s = &neighbor->settings;
	struct bgp_attributes a = {
		.communities = s->communities,
		.large_communities = s->large_communities,
		.extended_communities = s->extended_communities,
		.community_count = (uint16_t)s->community_count,
		.large_community_count = (uint16_t)s->large_community_count,
		.extended_community_count = (uint16_t)s->extended_community_count,
	};

	if (s->community_count > 0)
		present(&a, BGP_ATTRIBUTE_COMMUNITIES);
	if (s->large_community_count > 0)
		present(&a, BGP_ATTRIBUTE_LARGE_COMMUNITIES);
	if (s->extended_community_count > 0)
		present(&a, BGP_ATTRIBUTE_EXTENDED_COMMUNITIES);
	return attribute_store_intern(&neighbor->speaker->store, &a);
}

/* Only where there are several members would a list of neighbours be looked at in vain. */
static const struct neighbor *alone(const struct neighbor *neighbor)
{
	bool alone = neighbor->speaker->only_routes > 0 || route_server_alone(neighbor) ||
		     neighbor->settings.maximum_prefixes_out > 0;

	return alone ? neighbor : NULL;
}

int export_key(const struct neighbor *neighbor, struct group_key *ret_key)
{
	const struct neighbor_settings *s = &neighbor->settings;
	struct group_key key = {
		.alone = alone(neighbor),
		.context = neighbor->live->context,
		.local_asn = s->local_asn,
		.role = s->role,
		.ibgp = neighbor->ibgp,
		.transit = s->transit,
		.reflector_client = neighbor->ibgp && s->route_reflector_client,
		.next_hop_self = neighbor->ibgp && s->next_hop_self,
		.route_server_client = !neighbor->ibgp && s->route_server_client,
		.cluster_id = neighbor->ibgp ? reflect_cluster_id(neighbor) : 0,
		.graceful_shutdown = s->graceful_shutdown,
		.has_med = s->has_med,
		.has_local_pref = s->has_local_pref,
		.med = s->has_med ? s->med : 0,
		.local_pref = s->has_local_pref ? s->local_pref : 0,
		.prepend = s->prepend,
		.export_policy = s->export_policy,
		.relation = filter_relation(neighbor),
		.paths = s->add_path_best,
		.maximum = s->maximum_prefixes_out,
		.interval = s->interval,
		.long_lived = neighbor->received.graceful_restart &&
			      neighbor->received.long_lived_restart,
	};

	for (int f = 0; f < BGP_UNICAST_COUNT; f++) {
		struct bgp_attributes a = { 0 };

		key.next_hop_known[f] = next_hop_set(neighbor, (enum bgp_family)f, &a) == 0;
		key.next_hop[f] = a.next_hop;
		key.next_hop_link_local[f] = a.next_hop_link_local;
	}
	key.communities = additions(neighbor);
	if (key.communities == ATTRIBUTE_SET_NONE)
		return ERROR_MEMORY;
	*ret_key = key;
	return 0;
}

static bool context_equal(const struct bgp_context *a, const struct bgp_context *b)
{
	return a->four_octet_as == b->four_octet_as && a->message_max == b->message_max &&
	       memcmp(a->family, b->family, sizeof(a->family)) == 0 &&
	       memcmp(a->extended_next_hop, b->extended_next_hop,
		       sizeof(a->extended_next_hop)) == 0 &&
	       memcmp(a->add_path_send, b->add_path_send, sizeof(a->add_path_send)) == 0;
}

static bool next_hops_equal(const struct group_key *a, const struct group_key *b)
{
	for (int f = 0; f < BGP_FAMILY_COUNT; f++)
		if (a->next_hop_known[f] != b->next_hop_known[f] ||
			!address_equal(&a->next_hop[f], &b->next_hop[f]) ||
			!address_equal(&a->next_hop_link_local[f], &b->next_hop_link_local[f]))
			return false;
	return true;
}

bool export_key_equal(const struct group_key *a, const struct group_key *b)
{
	return export_key_dresses_alike(a, b) && a->export_policy == b->export_policy &&
	       a->maximum == b->maximum && a->long_lived == b->long_lived &&
	       a->interval.ns == b->interval.ns;
}

/* But for the policy, whose work is in the set already; that next hops and MED are decided with
 * a policy, and without one when a route is dressed, makes a difference. */
bool export_key_dresses_alike(const struct group_key *a, const struct group_key *b)
{
	return (a->export_policy == NULL) == (b->export_policy == NULL) &&
	       a->relation == b->relation && a->alone == b->alone &&
	       context_equal(&a->context, &b->context) && next_hops_equal(a, b) &&
	       a->local_asn == b->local_asn && a->role == b->role && a->ibgp == b->ibgp &&
	       a->transit == b->transit && a->reflector_client == b->reflector_client &&
	       a->next_hop_self == b->next_hop_self &&
	       a->route_server_client == b->route_server_client &&
	       a->cluster_id == b->cluster_id && a->graceful_shutdown == b->graceful_shutdown &&
	       a->has_med == b->has_med && a->med == b->med && a->paths == b->paths &&
	       a->has_local_pref == b->has_local_pref && a->local_pref == b->local_pref &&
	       a->prepend == b->prepend && a->communities == b->communities;
}

/* ---- What. ---- */

/* A route of ours may name the neighbours that hear it. */
static bool local_wanted(
	const struct group *group, enum bgp_family family, uint32_t destination)
{
	struct speaker *speaker = group->speaker;
	struct prefix prefix = rib_prefix(&speaker->ribs[family], destination);
	const struct local_entry *local = local_rib_find(speaker, &prefix);
	const struct member *first = container_of(group->members.next, struct member, link);

	if (local == NULL)
		return false;
	if (local->route.only == NULL)
		return true;
	for (size_t i = 0; group->member_count == 1 && i < local->route.only_count; i++)
		if (local->route.only[i] == container_of(first, struct neighbor, member))
			return true;
	return false;
}

/* From a customer to all, from others to customers only. Between neighbours without a relation
 * nothing is known, and nothing is kept back. */
static enum export_verdict valley_verdict(const struct group_key *key,
	const struct neighbor *from, const struct bgp_attributes *a)
{
	bool up = key->relation == POLICY_RELATION_PROVIDER ||
		  key->relation == POLICY_RELATION_PEER ||
		  key->relation == POLICY_RELATION_ROUTE_SERVER;
	enum policy_relation relation = filter_relation(from);

	if (key->ibgp || !up)
		return EXPORT_TOLD;
	/* RFC 9234 section 5, egress 2. */
	if (bgp_attribute_present(a, BGP_ATTRIBUTE_ONLY_TO_CUSTOMER))
		return EXPORT_ONLY_TO_CUSTOMER;
	return relation == POLICY_RELATION_INTERNAL || relation == POLICY_RELATION_CUSTOMER ||
			       relation == POLICY_RELATION_NONE
		       ? EXPORT_TOLD
		       : EXPORT_VALLEY;
}

static enum export_verdict learned_verdict(
	const struct group *group, const struct rib_route *route, const struct source *source)
{
	const struct group_key *key = &group->key;
	struct attribute_summary s;
	struct bgp_attributes a;

	if (source == NULL || source->neighbor == NULL)
		return EXPORT_NO_ROUTE;
	if (!key->transit)
		return EXPORT_NOTHING_LEARNED;
	/* The only member said it. */
	if (group->member_count == 1 && source->neighbor->member.group == group)
		return EXPORT_ITS_OWN;
	attribute_store_summary(&group->speaker->store, route->set, &s);
	/* RFC 1997; there are no confederations here. A route server is not asked: RFC 7947
	 * section 2.2.4. */
	if (key->route_server_client)
		s.no_advertise = s.no_export = false;
	if (s.no_advertise)
		return EXPORT_NO_ADVERTISE;
	if (s.no_export && !key->ibgp)
		return EXPORT_NO_EXPORT;
	if (s.llgr_stale && !key->long_lived)
		return EXPORT_LLGR_STALE;
	if (!reflect_wanted(key, source->neighbor)) /* RFC 4271 section 9.2 */
		return EXPORT_NOT_REFLECTED;
	attribute_store_read(&group->speaker->store, route->set, &a);
	return valley_verdict(key, source->neighbor, &a);
}

/* With a reference. */
static attribute_set filtered(const struct group *group, enum bgp_family family,
	uint32_t destination, const struct rib_route *route)
{
	struct speaker *speaker = group->speaker;
	struct prefix prefix;

	/* Policies are about prefixes: rules go by their family, roles and feasibility. */
	if (route->source == RIB_LOCAL || bgp_family_is_flowspec(family))
		return attribute_store_hold(&speaker->store, route->set);
	prefix = rib_prefix(&speaker->ribs[family], destination);
	return filter_export(group, family, &prefix,
		source_of(speaker, (rib_source)route->source)->neighbor, route->set);
}

enum export_verdict export_judge(const struct group *group, enum bgp_family family,
	uint32_t destination, const struct rib_route *route)
{
	if (route->source != RIB_LOCAL)
		return learned_verdict(
			group, route, source_of(group->speaker, (rib_source)route->source));
	return bgp_family_is_flowspec(family) || local_wanted(group, family, destination)
		       ? EXPORT_TOLD
		       : EXPORT_NOT_NAMED;
}

attribute_set export_offer(const struct group *group, enum bgp_family family,
	uint32_t destination, const struct rib_route *route)
{
	if (!best_usable(group->speaker, family, route) ||
		export_judge(group, family, destination, route) != EXPORT_TOLD)
		return ATTRIBUTE_SET_NONE;
	return filtered(group, family, destination, route);
}

struct export_choice export_choose(
	const struct group *group, enum bgp_family family, uint32_t destination)
{
	static const struct export_choice nothing = { ATTRIBUTE_SET_NONE, RIB_LOCAL };
	struct speaker *speaker = group->speaker;
	const struct rib_route *route;

	if (speaker->stopped || !group->key.context.family[family] ||
		!rib_used(&speaker->ribs[family], destination))
		return nothing;
	if (group->key.route_server_client)
		return route_server_choose(group, family, destination);
	route = best_route(speaker, family, destination);
	if (route == NULL)
		return nothing;
	if (export_judge(group, family, destination, route) != EXPORT_TOLD)
		return nothing;
	return (struct export_choice){ filtered(group, family, destination, route),
		(rib_source)route->source };
}

/* ---- What, with ADD-PATH. ---- */

static bool paths_add(struct export_paths *paths, struct held_path path)
{
	if (paths->count == paths->room) {
		uint32_t room = paths->room == 0 ? 8 : paths->room * 2;
		struct held_path *items = realloc(paths->items, room * sizeof(*items));

		if (items == NULL)
			return false;
		paths->items = items;
		paths->room = room;
	}
	paths->items[paths->count++] = path;
	return true;
}

void export_paths_clear(const struct group *group, struct export_paths *paths)
{
	for (uint32_t i = 0; i < paths->count; i++)
		attribute_store_release(&group->speaker->store, paths->items[i].set);
	free(paths->items);
	*paths = (struct export_paths){ 0 };
}

static int by_id(const void *a, const void *b)
{
	const struct held_path *x = a, *y = b;

	return x->id < y->id ? -1 : x->id > y->id;
}

/* What is wanted, and accepted by the policy, joins. */
static int route_offer(const struct group *group, enum bgp_family family, uint32_t destination,
	const struct rib_route *route, struct export_paths *paths)
{
	struct held_path path = { .set = export_offer(group, family, destination, route),
		.source = (rib_source)route->source,
		.id = (uint16_t)route->out_id };

	if (path.set == ATTRIBUTE_SET_NONE || paths_add(paths, path))
		return 0;
	attribute_store_release(&group->speaker->store, path.set);
	return ERROR_MEMORY;
}

/* The best ones among those that may be told at all. */
static int best_offer(const struct group *group, enum bgp_family family, uint32_t destination,
	const struct rib_route *routes, struct export_paths *paths)
{
	struct best_ranking ranking;
	uint32_t next;
	int r = best_ranking_begin(group->speaker, family, destination, &ranking);

	while (r == 0 && paths->count < group->key.paths &&
		(next = best_ranking_next(&ranking)) != RIB_NONE)
		r = route_offer(group, family, destination, &routes[next], paths);
	best_ranking_end(&ranking);
	return r;
}

int export_choose_paths(const struct group *group, enum bgp_family family, uint32_t destination,
	struct export_paths *ret_paths)
{
	const struct speaker *speaker = group->speaker;
	const struct rib *rib = &speaker->ribs[family];
	struct export_paths paths = { 0 };
	const struct rib_route *routes;
	uint32_t count = 0;
	int r = 0;

	*ret_paths = paths;
	if (speaker->stopped || !group->key.context.family[family] ||
		!rib_used(rib, destination))
		return 0;
	routes = rib_routes(rib, destination, &count);
	if (group->key.paths > 0)
		r = best_offer(group, family, destination, routes, &paths);
	for (uint32_t i = 0; r == 0 && group->key.paths == 0 && i < count; i++)
		r = route_offer(group, family, destination, &routes[i], &paths);
	if (r != 0) {
		export_paths_clear(group, &paths);
		return r;
	}
	if (paths.count > 1)
		qsort(paths.items, paths.count, sizeof(*paths.items), by_id);
	*ret_paths = paths;
	return 0;
}

/* ---- How. ---- */

/* NULL: ourselves, or a neighbour that is gone. */
static const struct neighbor *said_by(const struct speaker *speaker, rib_source number)
{
	const struct source *source = source_of(speaker, number);

	return source == NULL ? NULL : source->neighbor;
}

static int path_dress(
	const struct group *group, const struct export_choice *choice, struct bgp_attributes *a)
{
	const struct group_key *key = &group->key;
	/* RFC 7947 section 2.2.2.1: a route server is not in the path. */
	bool not_in_it = key->route_server_client && choice->source != RIB_LOCAL;
	unsigned count = !not_in_it + key->prepend;

	present(a, BGP_ATTRIBUTE_AS_PATH);
	if (choice->source == RIB_LOCAL) {
		/* The path of a route of ours is only how often more we shall stand in it. */
		count += bgp_as_path_length(a);
		a->as_path_size = 0;
	}
	/* RFC 4271 section 5.1.2: an internal neighbour gets the path as it is. */
	if (key->ibgp)
		return 0;
	return bgp_as_path_prepend(a, key->local_asn, count, &group->speaker->scratch);
}

/* RFC 4271 sections 5.1.4 and 5.1.5; RFC 8326 section 4. */
static void preference_dress(const struct group_key *key, const struct export_choice *choice,
	const struct neighbor *from, struct bgp_attributes *a)
{
	bool ours = choice->source == RIB_LOCAL;
	bool own_pref = bgp_attribute_present(a, BGP_ATTRIBUTE_LOCAL_PREF);
	/* RFC 4456 section 10: not of what is reflected. */
	bool ours_to_say = key->has_med && !reflect_is(key, from);

	if (ours_to_say)
		a->med = key->med;
	if (ours_to_say || ours)
		present(a, BGP_ATTRIBUTE_MED);
	else if (!key->ibgp && !key->route_server_client && key->export_policy == NULL)
		absent(a, BGP_ATTRIBUTE_MED); /* RFC 7947 section 2.2.3: not a route server */
	if (!key->ibgp) {
		absent(a, BGP_ATTRIBUTE_LOCAL_PREF);
		return;
	}
	present(a, BGP_ATTRIBUTE_LOCAL_PREF);
	if (!own_pref)
		a->local_pref = key->has_local_pref ? key->local_pref : LOCAL_PREF_DEFAULT;
	if (key->graceful_shutdown)
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

static int communities_dress(
	const struct group *group, const struct bgp_attributes *more, struct bgp_attributes *a)
{
	size_t room = (size_t)a->community_count + more->community_count + 1, count = 0;
	uint32_t *list;

	if (more->community_count == 0 && !group->key.graceful_shutdown)
		return 0;
	list = arena_take_array(&group->speaker->scratch, room, sizeof(*list));
	if (list == NULL)
		return ERROR_MEMORY;
	for (size_t i = 0; i < a->community_count; i++)
		count = number_add(list, count, a->communities[i]);
	for (size_t i = 0; i < more->community_count; i++)
		count = number_add(list, count, more->communities[i]);
	if (group->key.graceful_shutdown)
		count = number_add(list, count, BGP_COMMUNITY_GRACEFUL_SHUTDOWN);
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

static int large_dress(
	const struct group *group, const struct bgp_attributes *more, struct bgp_attributes *a)
{
	size_t room = (size_t)a->large_community_count + more->large_community_count, count = 0;
	struct bgp_large_community *list;

	if (more->large_community_count == 0)
		return 0;
	list = arena_take_array(&group->speaker->scratch, room, sizeof(*list));
	if (list == NULL)
		return ERROR_MEMORY;
	for (size_t i = 0; i < a->large_community_count; i++)
		count = large_add(list, count, &a->large_communities[i]);
	for (size_t i = 0; i < more->large_community_count; i++)
		count = large_add(list, count, &more->large_communities[i]);
	a->large_communities = list;
	a->large_community_count = (uint16_t)count;
	present(a, BGP_ATTRIBUTE_LARGE_COMMUNITIES);
	return 0;
}

static int extended_dress(
	const struct group *group, const struct bgp_attributes *more, struct bgp_attributes *a)
{
	size_t count = (size_t)a->extended_community_count + more->extended_community_count;
	uint64_t *list;

	if (more->extended_community_count == 0)
		return 0;
	list = arena_take_array(&group->speaker->scratch, count, sizeof(*list));
	if (list == NULL)
		return ERROR_MEMORY;
	for (size_t i = 0; i < a->extended_community_count; i++)
		list[i] = a->extended_communities[i];
	for (size_t i = 0; i < more->extended_community_count; i++)
		list[a->extended_community_count + i] = more->extended_communities[i];
	a->extended_communities = list;
	a->extended_community_count = (uint16_t)count;
	present(a, BGP_ATTRIBUTE_EXTENDED_COMMUNITIES);
	return 0;
}

/* RFC 4360 section 6: what is not transitive stays inside of an AS, if it is not of our own. */
static int extended_strip(
	const struct group *group, const struct export_choice *choice, struct bgp_attributes *a)
{
	uint64_t *list;
	size_t count = 0;

	/* RFC 7947 section 2.2.4: nor is it a route server's to remove. */
	if (group->key.ibgp || group->key.route_server_client || choice->source == RIB_LOCAL ||
		a->extended_community_count == 0)
		return 0;
	list = arena_take_array(
		&group->speaker->scratch, a->extended_community_count, sizeof(*list));
	if (list == NULL)
		return ERROR_MEMORY;
	for (size_t i = 0; i < a->extended_community_count; i++)
		if ((a->extended_communities[i] & EXTENDED_NOT_TRANSITIVE) == 0)
			list[count++] = a->extended_communities[i];
	a->extended_communities = list;
	a->extended_community_count = (uint16_t)count;
	if (count == 0)
		absent(a, BGP_ATTRIBUTE_EXTENDED_COMMUNITIES);
	return 0;
}

static int additions_dress(const struct group *group, struct bgp_attributes *a)
{
	struct bgp_attributes more;
	int r;

	attribute_store_read(&group->speaker->store, group->key.communities, &more);
	r = communities_dress(group, &more, a);
	if (r == 0)
		r = large_dress(group, &more, a);
	if (r == 0)
		r = extended_dress(group, &more, a);
	return r;
}

/* RFC 9234 section 5, egress 1: towards a customer, a peer or a route server's client. */
static void only_to_customer_dress(const struct group_key *key, struct bgp_attributes *a)
{
	if (key->ibgp || bgp_attribute_present(a, BGP_ATTRIBUTE_ONLY_TO_CUSTOMER) ||
		(key->role != BGP_ROLE_PROVIDER && key->role != BGP_ROLE_PEER &&
			key->role != BGP_ROLE_ROUTE_SERVER))
		return;
	a->only_to_customer = key->local_asn;
	present(a, BGP_ATTRIBUTE_ONLY_TO_CUSTOMER);
}

/* RFC 4271 section 5.1.3: ours; between internal neighbours the one that came from outside. */
bool export_next_hop_self(const struct group_key *key, const struct neighbor *from)
{
	if (key->ibgp)
		return key->next_hop_self && !from->ibgp;
	return !key->route_server_client; /* RFC 7947 section 2.2.1 */
}

static int next_hop_dress(const struct group_key *key, enum bgp_family family,
	const struct neighbor *from, struct bgp_attributes *a)
{
	/* With a policy it is decided there (filter.c). */
	bool keep = bgp_family_is_flowspec(family) ||
		    (from != NULL &&
			    (key->export_policy != NULL || !export_next_hop_self(key, from)));

	if (keep)
		return 0;
	if (!key->next_hop_known[family])
		return ERROR_RANGE;
	a->next_hop = key->next_hop[family];
	a->next_hop_link_local = key->next_hop_link_local[family];
	if (a->next_hop.family == FAMILY_IPV4)
		present(a, BGP_ATTRIBUTE_NEXT_HOP);
	return 0;
}

int export_dress(const struct group *group, enum bgp_family family, struct export_choice choice,
	struct bgp_attributes *ret_attributes)
{
	const struct group_key *key = &group->key;
	const struct neighbor *from = said_by(group->speaker, choice.source);
	struct bgp_attributes a;
	int r;

	if (choice.source != RIB_LOCAL && from == NULL)
		return ERROR_RANGE; /* who said it is gone: it is about to be withdrawn */
	attribute_store_read(&group->speaker->store, choice.set, &a);
	r = next_hop_dress(key, family, from, &a);
	if (r == 0)
		r = reflect_dress(group, from, &a);
	if (r == 0)
		r = path_dress(group, &choice, &a);
	if (r == 0)
		r = extended_strip(group, &choice, &a);
	if (r == 0)
		r = additions_dress(group, &a);
	if (r != 0)
		return r;
	preference_dress(key, &choice, from, &a);
	if (!bgp_family_is_flowspec(family))
		only_to_customer_dress(key, &a);
	*ret_attributes = a;
	return 0;
}
