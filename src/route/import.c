/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which received routes are kept, and how they are marked.
 *
 *     UPDATE -> first AS, loops, leaks -> marks -> the table (with `import`), or counted and
 * gone
 *
 * Invariant: a route that fails a test replaces nothing: it is handled as a withdrawal of what
 * the neighbour said before of that prefix.
 *
 * RFC 4271 sections 6.3 (first AS) and 9.1.2 (loops), RFC 4456 section 8, RFC 7606 section 2,
 * RFC 8212, RFC 8326 section 4.1, RFC 9234 section 5.
 */
#include "route/reflect.h"
#include "route/speaker_internal.h"

static void count(struct neighbor *neighbor, enum neighbor_counter counter)
{
	neighbor->counters[counter]++;
}

/* An AS of ours in the path, or it was reflected back to us. */
static bool looped(const struct neighbor *neighbor, const struct bgp_attributes *a)
{
	return bgp_as_path_contains(a, neighbor->settings.local_asn) ||
	       bgp_as_path_contains(a, neighbor->speaker->settings.asn) ||
	       reflect_looped(neighbor, a);
}

/* RFC 9234 section 5, ingress 1 and 2. */
static bool leaked(const struct neighbor *neighbor, const struct bgp_attributes *a)
{
	if (neighbor->ibgp || !bgp_attribute_present(a, BGP_ATTRIBUTE_ONLY_TO_CUSTOMER))
		return false;
	switch ((enum bgp_role)neighbor->settings.role) {
	case BGP_ROLE_PROVIDER:
	case BGP_ROLE_ROUTE_SERVER:
		return true;
	case BGP_ROLE_PEER:
		return a->only_to_customer != neighbor->settings.asn;
	case BGP_ROLE_CUSTOMER:
	case BGP_ROLE_ROUTE_SERVER_CLIENT:
	case BGP_ROLE_NONE:
		break;
	}
	return false;
}

/* RFC 9234 section 5, ingress 3. */
static void only_to_customer_mark(const struct neighbor *neighbor, struct bgp_attributes *a)
{
	uint8_t role = neighbor->settings.role;

	if (neighbor->ibgp || bgp_attribute_present(a, BGP_ATTRIBUTE_ONLY_TO_CUSTOMER) ||
		(role != BGP_ROLE_CUSTOMER && role != BGP_ROLE_PEER &&
			role != BGP_ROLE_ROUTE_SERVER_CLIENT))
		return;
	a->only_to_customer = neighbor->settings.asn;
	a->present |= 1ull << BGP_ATTRIBUTE_ONLY_TO_CUSTOMER;
}

/* RFC 8326 section 4.1: a route that is about to go is the last choice. */
static void graceful_shutdown_mark(struct bgp_attributes *a)
{
	for (unsigned i = 0; i < a->community_count; i++)
		if (a->communities[i] == BGP_COMMUNITY_GRACEFUL_SHUTDOWN) {
			a->local_pref = 0;
			a->present |= 1ull << BGP_ATTRIBUTE_LOCAL_PREF;
		}
}

/* A route server is not in the path (RFC 7947 section 2.2.2). */
static bool first_as_wrong(const struct neighbor *neighbor, const struct bgp_attributes *a)
{
	return !neighbor->ibgp && !neighbor->settings.first_as_any &&
	       neighbor->settings.role != BGP_ROLE_ROUTE_SERVER_CLIENT &&
	       bgp_as_path_first(a) != neighbor->settings.asn;
}

/* RFC 4271 sections 5.1.3 and 6.3: our own address as next hop would be a loop. */
static bool next_hop_ours(const struct neighbor *neighbor, const struct bgp_attributes *a)
{
	const struct connection_info *info = &neighbor->live->info;

	return address_equal(&a->next_hop, &info->local) ||
	       address_equal(&a->next_hop, &info->interface_address[BGP_IPV4_UNICAST]) ||
	       address_equal(&a->next_hop, &info->interface_address[BGP_IPV6_UNICAST]) ||
	       address_equal(&a->next_hop, &info->local_link_local);
}

/* Numbers that are there several times count as often: RFC 4271 section 9.1.2.2. */
static bool path_long(const struct neighbor *neighbor, const struct bgp_attributes *a)
{
	uint16_t most = neighbor->settings.maximum_path_length;

	return most > 0 && bgp_as_path_length(a) > most;
}

static bool communities_over(const struct neighbor *neighbor, const struct bgp_attributes *a)
{
	uint16_t most = neighbor->settings.maximum_communities;

	return most > 0 && (uint32_t)a->community_count + a->large_community_count +
					   a->extended_community_count >
				   most;
}

/* The path is kept with four bytes an AS, whatever the neighbour speaks. */
static bool attributes_over(const struct neighbor *neighbor, const struct bgp_attributes *a)
{
	uint16_t most = neighbor->settings.maximum_attribute_bytes;
	size_t bytes = a->as_path_size + a->community_count * sizeof(*a->communities) +
		       a->large_community_count * sizeof(*a->large_communities) +
		       a->extended_community_count * sizeof(*a->extended_communities) +
		       a->cluster_count * sizeof(*a->cluster_list);

	return most > 0 && bytes > most;
}

/* RFC 9234 is about unicast, and flow specifications have no next hop. */
static bool acceptable(
	struct neighbor *neighbor, enum bgp_family family, const struct bgp_attributes *a)
{
	bool unicast = !bgp_family_is_flowspec(family);

	if (first_as_wrong(neighbor, a)) {
		count(neighbor, COUNTER_FIRST_AS_MISMATCH);
		return false;
	}
	if (path_long(neighbor, a)) {
		count(neighbor, COUNTER_PATH_LONG);
		return false;
	}
	if (communities_over(neighbor, a)) {
		count(neighbor, COUNTER_COMMUNITIES_OVER);
		return false;
	}
	if (attributes_over(neighbor, a)) {
		count(neighbor, COUNTER_ATTRIBUTES_OVER);
		return false;
	}
	if (looped(neighbor, a)) {
		count(neighbor, COUNTER_LOOPS);
		return false;
	}
	if (unicast && leaked(neighbor, a)) {
		count(neighbor, COUNTER_ROUTE_LEAKS);
		return false;
	}
	if (unicast && next_hop_ours(neighbor, a)) {
		count(neighbor, COUNTER_NEXT_HOP_OURS);
		return false;
	}
	return true;
}

/* Prefixes are taken in batches: the table is asked for all of a batch at once. */
struct batch {
	size_t count;
	struct prefix prefixes[RIB_BATCH];
	uint32_t path_ids[RIB_BATCH];
	uint64_t hashes[RIB_BATCH];
};

static bool batch_take(
	const struct neighbor *neighbor, struct bgp_nlri *nlri, struct batch *batch)
{
	for (batch->count = 0; batch->count < RIB_BATCH; batch->count++)
		if (!bgp_nlri_next(nlri, &batch->prefixes[batch->count],
			    &batch->path_ids[batch->count]))
			break;
	rib_warm(&neighbor->speaker->ribs[nlri->family], batch->prefixes, batch->count,
		batch->hashes);
	return batch->count > 0;
}

static void nlri_withdraw(struct neighbor *neighbor, struct bgp_nlri nlri)
{
	const struct rib *rib = &neighbor->speaker->ribs[nlri.family];
	uint32_t destinations[RIB_BATCH];
	struct batch batch;

	if (bgp_family_is_flowspec(nlri.family))
		flow_withdraw(neighbor, nlri);
	while (batch_take(neighbor, &nlri, &batch)) {
		rib_find_all(rib, batch.prefixes, batch.hashes, batch.count, destinations);
		for (size_t i = 0; i < batch.count; i++)
			/* A prefix that is there twice may have been forgotten. */
			if (destinations[i] != RIB_NONE && rib_used(rib, destinations[i]))
				source_route_remove(neighbor->speaker, neighbor->source,
					(enum bgp_family)nlri.family, destinations[i],
					batch.path_ids[i]);
	}
}

/* One announcement: what the prefixes of an UPDATE have in common. */
struct said {
	const struct bgp_attributes *attributes;
	attribute_set received;
	attribute_set accepted; /* after the policy, if that is the same for all prefixes */
	bool by_set;
};

/* With ADD-PATH a neighbour may say any number of routes to one prefix: RFC 7911 section 8
 * warns of it. What it said before a restart and has not said again does not count. */
static bool too_many_paths(const struct neighbor *neighbor, enum bgp_family family,
	uint32_t destination, uint32_t path_id)
{
	const struct rib *rib = &neighbor->speaker->ribs[family];
	const struct source *source = neighbor->source;
	uint32_t count, others = 0;
	const struct rib_route *routes;

	if (!neighbor->live->context.add_path_receive[family] ||
		neighbor->settings.add_path_maximum == 0)
		return false;
	routes = rib_routes(rib, destination, &count);
	for (uint32_t i = 0; i < count; i++)
		others += routes[i].source == source->number && routes[i].path_id != path_id &&
			  !source_stale(source, family, &routes[i]);
	return others >= neighbor->settings.add_path_maximum;
}

static void prefix_announce(struct neighbor *neighbor, enum bgp_family family,
	const struct batch *batch, size_t i, const struct said *said, struct instant now)
{
	struct speaker *speaker = neighbor->speaker;
	uint32_t path_id = batch->path_ids[i];
	uint32_t destination =
		rib_get_hashed(&speaker->ribs[family], &batch->prefixes[i], batch->hashes[i]);
	attribute_set set;

	if (destination == RIB_NONE)
		return;
	if (too_many_paths(neighbor, family, destination, path_id)) {
		count(neighbor, COUNTER_PATHS_OVER);
		source_route_remove(speaker, neighbor->source, family, destination, path_id);
		return;
	}
	set = said->by_set ? attribute_store_hold(&speaker->store, said->accepted)
			   : filter_import(neighbor, &batch->prefixes[i], said->attributes,
				     said->received);
	if (said->received == ATTRIBUTE_SET_NONE ||
		source_route_set(speaker, neighbor->source, family, destination, path_id,
			said->received, set, now) != 0)
		source_route_remove(speaker, neighbor->source, family, destination, path_id);
	attribute_store_release(&speaker->store, set);
}

static void batch_announce(struct neighbor *neighbor, enum bgp_family family,
	const struct batch *batch, const struct said *said, struct instant now)
{
	for (size_t i = 0; i < batch->count; i++)
		prefix_announce(neighbor, family, batch, i, said, now);
}

static void nlri_announce(struct neighbor *neighbor, struct bgp_nlri nlri,
	struct bgp_attributes attributes, struct instant now)
{
	struct prefix prefix;
	uint32_t path_id;
	struct attribute_store *store = &neighbor->speaker->store;
	struct said said = { .attributes = &attributes };
	struct batch batch;

	if (cursor_left(&nlri.bytes) == 0)
		return;
	if (!neighbor->settings.import) {
		while (bgp_nlri_next(&nlri, &prefix, &path_id))
			count(neighbor, COUNTER_POLICY_REJECTED);
		return;
	}
	said.received = attribute_store_intern(store, &attributes);
	said.by_set = filter_import_by_set(neighbor);
	if (said.by_set && said.received != ATTRIBUTE_SET_NONE)
		said.accepted = filter_import(neighbor, NULL, &attributes, said.received);
	while (batch_take(neighbor, &nlri, &batch))
		batch_announce(neighbor, (enum bgp_family)nlri.family, &batch, &said, now);
	attribute_store_release(store, said.accepted);
	attribute_store_release(store, said.received);
}

static void malformations_tell(struct neighbor *neighbor, const struct bgp_update *update)
{
	static const enum neighbor_counter counters[] = {
		[BGP_VERDICT_ATTRIBUTE_DISCARD] = COUNTER_ATTRIBUTE_DISCARD,
		[BGP_VERDICT_TREAT_AS_WITHDRAW] = COUNTER_TREAT_AS_WITHDRAW,
		[BGP_VERDICT_AFI_SAFI_DISABLE] = COUNTER_SESSION_RESET,
		[BGP_VERDICT_SESSION_RESET] = COUNTER_SESSION_RESET,
	};

	neighbor->counters[COUNTER_UNKNOWN_ATTRIBUTES] += update->unknown_attributes;
	neighbor->counters[COUNTER_IGNORED_FAMILIES] += update->ignored_families;
	if (update->verdict == BGP_VERDICT_GOOD)
		return;
	count(neighbor, counters[update->verdict]);
	for (unsigned i = 0; i < update->malformation_count; i++)
		neighbor_event(neighbor, (struct speaker_event){ .type = SPEAKER_MALFORMED,
						 .malformation = &update->malformations[i],
						 .reason = update->malformations[i].reason });
}

static void announced_import(struct neighbor *neighbor, const struct bgp_update *update,
	unsigned which, struct instant now)
{
	struct bgp_attributes attributes = update->attributes;
	enum bgp_family family = (enum bgp_family)update->announced[which].family;

	if (cursor_left(&update->announced[which].bytes) == 0)
		return;
	if (which == 1) {
		attributes.next_hop = update->mp_next_hop;
		attributes.next_hop_link_local = update->mp_next_hop_link_local;
		attributes.present &= ~(1ull << BGP_ATTRIBUTE_NEXT_HOP);
	}
	if (update->verdict >= BGP_VERDICT_TREAT_AS_WITHDRAW ||
		!acceptable(neighbor, family, &attributes)) {
		nlri_withdraw(neighbor, update->announced[which]);
		return;
	}
	if (bgp_family_is_flowspec(family)) {
		flow_announce(neighbor, update->announced[which], &attributes, now);
		return;
	}
	only_to_customer_mark(neighbor, &attributes);
	graceful_shutdown_mark(&attributes);
	nlri_announce(neighbor, update->announced[which], attributes, now);
}

void import_update(
	struct neighbor *neighbor, const struct bgp_update *update, struct instant now)
{
	malformations_tell(neighbor, update);
	for (unsigned which = 0; which < 2; which++)
		nlri_withdraw(neighbor, update->withdrawn[which]);
	for (unsigned which = 0; which < 2; which++)
		announced_import(neighbor, update, which, now);
	groups_wake(neighbor->speaker);
}
