/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The operator's policies on the way in and out, and looking at what is there again when they,
 * or what they ask, have changed.
 *
 * Invariants:
 *  1. What a neighbour sent is kept as it came (rib_route.received): no policy needs it twice.
 *  2. A policy that fails (no memory, a path too long) rejects.
 *  3. Our own routes go through no policy: they are what the operator configured.
 */
#include <string.h>

#include "route/explain.h"
#include "route/speaker_internal.h"

#define REVIEW_STEP 1024u /* destinations looked at in one piece */

/* ---- What policies ask. ---- */

static enum policy_relation relation_of(const struct neighbor *neighbor)
{
	/* Our role towards it says what it is to us: RFC 9234 section 4.1. */
	static const uint8_t by_role[] = {
		[BGP_ROLE_PROVIDER] = POLICY_RELATION_CUSTOMER,
		[BGP_ROLE_ROUTE_SERVER] = POLICY_RELATION_CUSTOMER,
		[BGP_ROLE_ROUTE_SERVER_CLIENT] = POLICY_RELATION_ROUTE_SERVER,
		[BGP_ROLE_CUSTOMER] = POLICY_RELATION_PROVIDER,
		[BGP_ROLE_PEER] = POLICY_RELATION_PEER,
	};
	uint8_t role = neighbor->settings.role;

	if (neighbor->ibgp)
		return POLICY_RELATION_INTERNAL;
	if (neighbor->settings.relation != POLICY_RELATION_NONE)
		return (enum policy_relation)neighbor->settings.relation;
	return role < sizeof(by_role) ? (enum policy_relation)by_role[role]
				      : POLICY_RELATION_NONE;
}

enum policy_relation filter_relation(const struct neighbor *neighbor)
{
	return relation_of(neighbor);
}

/* The neighbour that said the route, for the two questions below. */
static enum policy_rpki ask_rpki(void *context, const struct policy_route *route)
{
	const struct neighbor *neighbor = context;
	uint32_t origin = rpki_origin(route->attributes, neighbor->speaker->settings.asn);

	return (enum policy_rpki)rpki_table_validate(
		neighbor->speaker->rpki, route->prefix, origin, NULL);
}

static enum policy_aspa ask_aspa(void *context, const struct policy_route *route)
{
	const struct neighbor *neighbor = context;
	uint8_t role = neighbor->settings.role;
	enum aspa_direction direction;
	uint32_t asn = role == BGP_ROLE_ROUTE_SERVER_CLIENT ? 0 : neighbor->settings.asn;

	if (neighbor->ibgp || !aspa_direction_of(role, &direction))
		return POLICY_ASPA_UNKNOWN;
	return (enum policy_aspa)rpki_table_verify_path(
		neighbor->speaker->rpki, route->attributes, direction, asn, NULL);
}

static struct policy_route route_of(const struct neighbor *to, const struct neighbor *from,
	enum policy_direction direction, const struct prefix *prefix,
	const struct bgp_attributes *attributes)
{
	bool rpki = to->speaker->rpki != NULL;

	return (struct policy_route){
		.prefix = prefix,
		.attributes = attributes,
		.direction = direction,
		.relation = relation_of(to),
		.source = relation_of(from),
		.local_asn = to->settings.local_asn,
		.neighbor_asn = to->settings.asn,
		.neighbor_address = to->settings.address,
		.igp_metric = next_hop_policy_metric(to->speaker, attributes),
		.rpki = rpki ? ask_rpki : NULL,
		.aspa = rpki ? ask_aspa : NULL,
		/* Asked of the neighbour that said it. */
		.context = (void *)(uintptr_t)from,
	};
}

/* ---- In. ---- */

attribute_set filter_import(struct neighbor *neighbor, const struct prefix *prefix,
	const struct bgp_attributes *attributes, attribute_set received)
{
	struct speaker *speaker = neighbor->speaker;
	const struct neighbor_settings *s = &neighbor->settings;
	struct policy_route route =
		route_of(neighbor, neighbor, POLICY_IMPORT, prefix, attributes);
	struct policy_result result;
	attribute_set set = ATTRIBUTE_SET_NONE;

	if (s->import_policy == NULL)
		return attribute_store_hold(&speaker->store, received);
	if (policy_run(s->import_policy, s->rule_counters, &route, &speaker->filter_scratch,
		    &result) != 0 ||
		result.verdict != POLICY_ACCEPT)
		neighbor->counters[COUNTER_POLICY_REJECTED]++;
	else if (!result.changed)
		set = attribute_store_hold(&speaker->store, received);
	else
		set = attribute_store_intern(&speaker->store, &result.attributes);
	arena_reset(&speaker->filter_scratch);
	return set;
}

bool filter_import_by_set(const struct neighbor *neighbor)
{
	const struct policy *policy = neighbor->settings.import_policy;

	return policy == NULL || !policy_depends_on_prefix(policy);
}

/* ---- Out. ---- */

/* MED of others goes no further unless the policy gave one: RFC 4271 section 5.1.4. Of a route
 * server it does: RFC 7947 section 2.2.3. */
static void med_keep_ours(const struct group *group, const struct bgp_attributes *before,
	struct bgp_attributes *after)
{
	bool had = bgp_attribute_present(before, BGP_ATTRIBUTE_MED);
	bool has = bgp_attribute_present(after, BGP_ATTRIBUTE_MED);

	if (!group->key.ibgp && !group->key.route_server_client && has && had &&
		before->med == after->med)
		after->present &= ~(1ull << BGP_ATTRIBUTE_MED);
}

static void next_hop_choose(const struct group *group, enum bgp_family family,
	const struct neighbor *from, const struct policy_result *result,
	const struct bgp_attributes *before, struct bgp_attributes *after)
{
	bool given = result->changed && !address_equal(&before->next_hop, &after->next_hop);
	bool self =
		result->next_hop_self || (export_next_hop_self(&group->key, from) && !given);

	if (!self || !group->key.next_hop_known[family])
		return;
	after->next_hop = group->key.next_hop[family];
	after->next_hop_link_local = group->key.next_hop_link_local[family];
}

attribute_set filter_export(const struct group *group, enum bgp_family family,
	const struct prefix *prefix, const struct neighbor *from, attribute_set set)
{
	struct speaker *speaker = group->speaker;
	const struct group_key *key = &group->key;
	const struct neighbor *to =
		container_of(group->members.next, struct neighbor, member.link);
	struct bgp_attributes before, after;
	struct policy_route route;
	struct policy_result result;
	attribute_set chosen = ATTRIBUTE_SET_NONE;

	if (key->export_policy == NULL)
		return attribute_store_hold(&speaker->store, set);
	attribute_store_read(&speaker->store, set, &before);
	route = route_of(to, from, POLICY_EXPORT, prefix, &before);
	if (policy_run(key->export_policy, to->settings.rule_counters, &route,
		    &speaker->filter_scratch, &result) == 0 &&
		result.verdict == POLICY_ACCEPT) {
		after = result.changed ? result.attributes : before;
		med_keep_ours(group, &before, &after);
		next_hop_choose(group, family, from, &result, &before, &after);
		chosen = attribute_store_intern(&speaker->store, &after);
	}
	arena_reset(&speaker->filter_scratch);
	return chosen;
}

/* ---- Why. ---- */

/* No rule counts it. */
static void policy_ask(struct speaker *speaker, const struct policy *policy,
	const struct policy_route *route, struct explained_policy *ret_policy)
{
	struct policy_result result;

	*ret_policy = (struct explained_policy){ .there = policy != NULL, .accepts = true };
	if (policy == NULL)
		return;
	if (policy_run(policy, NULL, route, &speaker->filter_scratch, &result) != 0)
		result = (struct policy_result){ .rule = POLICY_RULE_NONE };
	ret_policy->accepts = result.verdict == POLICY_ACCEPT;
	ret_policy->changed = result.changed;
	ret_policy->blackhole = result.blackhole;
	ret_policy->ended = result.rule == POLICY_RULE_NONE;
	if (!ret_policy->ended)
		ret_policy->rule = policy_book_rule(policy_book_of(policy), result.rule);
	arena_reset(&speaker->filter_scratch);
}

void filter_explain_import(struct neighbor *neighbor, const struct prefix *prefix,
	const struct bgp_attributes *attributes, struct explained_policy *ret_policy)
{
	struct policy_route route =
		route_of(neighbor, neighbor, POLICY_IMPORT, prefix, attributes);

	policy_ask(neighbor->speaker, neighbor->settings.import_policy, &route, ret_policy);
}

void filter_explain_export(const struct neighbor *to, const struct neighbor *from,
	const struct prefix *prefix, const struct bgp_attributes *attributes,
	struct explained_policy *ret_policy)
{
	struct policy_route route = route_of(to, from, POLICY_EXPORT, prefix, attributes);

	policy_ask(to->speaker, to->settings.export_policy, &route, ret_policy);
}

/* ---- Again. ---- */

void filter_review_family(struct neighbor *neighbor, enum bgp_family family)
{
	neighbor->source->reviewing[family] = neighbor->source->count[family] > 0;
	neighbor->source->review_at[family] = 0;
}

void filter_review(struct neighbor *neighbor)
{
	for (int f = 0; f < BGP_UNICAST_COUNT; f++)
		filter_review_family(neighbor, (enum bgp_family)f);
}

static bool is_long_lived(
	const struct source *source, enum bgp_family family, const struct rib_route *route)
{
	return source->long_lived[family] && source_stale(source, family, route);
}

/* RFC 9494 section 4.2: what carries NO_LLGR is not kept. False: nobody needs the destination
 * any more. */
static bool no_llgr_remove(
	struct speaker *speaker, struct source *source, enum bgp_family family, uint32_t d)
{
	struct rib *rib = &speaker->ribs[family];
	struct attribute_summary summary;
	uint32_t count, i = 0;
	const struct rib_route *routes = rib_routes(rib, d, &count);

	while (source->long_lived[family] && i < count) {
		if (routes[i].source == source->number &&
			source_alive(source, family, &routes[i]) &&
			is_long_lived(source, family, &routes[i])) {
			attribute_store_summary(&speaker->store, routes[i].received, &summary);
			if (summary.no_llgr) {
				source_route_remove(
					speaker, source, family, d, routes[i].path_id);
				if (!rib_used(rib, d))
					return false;
				routes = rib_routes(rib, d, &count);
				i = 0;
				continue;
			}
		}
		i++;
	}
	return true;
}

/* RFC 9494 section 4.2: LLGR_STALE is attached. The set comes with a reference; none: no
 * memory, or no room for another community. */
static attribute_set llgr_stale_attach(
	struct speaker *speaker, attribute_set received, struct bgp_attributes *a)
{
	uint32_t *communities;

	for (unsigned i = 0; i < a->community_count; i++)
		if (a->communities[i] == BGP_COMMUNITY_LLGR_STALE)
			return attribute_store_hold(&speaker->store, received);
	communities = arena_take_array(
		&speaker->scratch, (size_t)a->community_count + 1, sizeof(*communities));
	if (communities == NULL || a->community_count == UINT16_MAX)
		return ATTRIBUTE_SET_NONE;
	if (a->community_count > 0)
		memcpy(communities, a->communities, a->community_count * sizeof(*communities));
	communities[a->community_count++] = BGP_COMMUNITY_LLGR_STALE;
	a->communities = communities;
	a->present |= 1ull << BGP_ATTRIBUTE_COMMUNITIES;
	return attribute_store_intern(&speaker->store, a);
}

/* What becomes of a route now; with a reference. */
static attribute_set review(struct speaker *speaker, const struct source *source,
	enum bgp_family family, const struct prefix *prefix, const struct rib_route *route)
{
	struct bgp_attributes attributes;
	attribute_set from, set = ATTRIBUTE_SET_NONE;

	attribute_store_read(&speaker->store, route->received, &attributes);
	if (!is_long_lived(source, family, route))
		return filter_import(source->neighbor, prefix, &attributes, route->received);
	from = llgr_stale_attach(speaker, route->received, &attributes);
	if (from != ATTRIBUTE_SET_NONE)
		set = filter_import(source->neighbor, prefix, &attributes, from);
	attribute_store_release(&speaker->store, from);
	arena_reset(&speaker->scratch);
	return set;
}

static void destination_review(
	struct speaker *speaker, struct source *source, enum bgp_family family, uint32_t d)
{
	struct rib *rib = &speaker->ribs[family];
	struct prefix prefix = rib_prefix(rib, d);
	bool touched = false, changed = false;
	struct rib_route *routes;
	uint32_t count;

	if (!no_llgr_remove(speaker, source, family, d))
		return;
	routes = rib_routes(rib, d, &count);
	for (uint32_t i = 0; i < count; i++) {
		attribute_set set;

		if (routes[i].source != source->number ||
			!source_alive(source, family, &routes[i]))
			continue;
		set = review(speaker, source, family, &prefix, &routes[i]);
		if (set != routes[i].set) {
			changed = true;
			touched |= best_touches(speaker, family, d, i);
		}
		attribute_store_release(&speaker->store, routes[i].set);
		routes[i].set = set;
		routes[i].unresolved = next_hop_unresolved(speaker, source, family, set);
	}
	if (changed)
		best_update(speaker, family, d, touched);
}

bool filter_review_step(struct speaker *speaker, struct source *source)
{
	bool more = false;

	for (int f = 0; f < BGP_UNICAST_COUNT; f++) {
		const struct rib *rib = &speaker->ribs[f];
		uint32_t end = source->review_at[f] + REVIEW_STEP;

		if (!source->reviewing[f] || source->neighbor == NULL)
			continue;
		for (; source->review_at[f] < end && source->review_at[f] < rib->bound;
			source->review_at[f]++)
			if (rib_used(rib, source->review_at[f]))
				destination_review(speaker, source, (enum bgp_family)f,
					source->review_at[f]);
		source->reviewing[f] = source->review_at[f] < rib->bound;
		more |= source->reviewing[f];
	}
	return more;
}

void speaker_rpki_set(struct speaker *speaker, const struct rpki_table *table)
{
	speaker->rpki = table;
	speaker_rpki_changed(speaker);
}

void speaker_rpki_changed(struct speaker *speaker)
{
	list_for_each(node, &speaker->neighbors) {
		struct neighbor *neighbor = container_of(node, struct neighbor, link);
		const struct policy *in = neighbor->settings.import_policy;
		const struct policy *out = neighbor->settings.export_policy;
		unsigned both = POLICY_DEPENDS_RPKI | POLICY_DEPENDS_ASPA;

		if (in != NULL && (policy_depends(in) & both) != 0)
			filter_review(neighbor);
		if (out != NULL && neighbor->member.group != NULL &&
			(policy_depends(out) & both) != 0)
			group_review(neighbor->member.group);
	}
}
