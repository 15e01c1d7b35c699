/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a rule can ask about a route, a row each. A term says whether any of what it lists
 * holds; whether that is wanted or not, the caller knows.
 *
 * Invariant: a term reads the attributes as the rules before it left them; what it asks the
 * caller of policy_run it asks once a run.
 */
#include "route/policy_internal.h"

#define LOCAL_PREF_DEFAULT 100u

static bool in_ranges(const struct compiled_term *term, uint32_t number)
{
	for (uint32_t i = 0; i < term->count; i++)
		if (number >= term->ranges[i].first && number <= term->ranges[i].last)
			return true;
	return false;
}

static bool in_as_lists(const struct compiled_term *term, uint32_t asn)
{
	for (uint32_t i = 0; i < term->count; i++)
		if (as_list_has(term->as_lists[i], asn))
			return true;
	return false;
}

static bool in_prefix_sets(const struct compiled_term *term, const struct prefix *prefix)
{
	for (uint32_t i = 0; i < term->count; i++)
		if (prefix_set_has(term->prefix_sets[i], prefix))
			return true;
	return false;
}

static bool has_bit(const struct compiled_term *term, unsigned bit)
{
	return (term->bits >> bit) & 1;
}

static bool holds_prefix(const struct compiled_term *term, struct policy_walk *walk)
{
	return in_prefix_sets(term, walk->route->prefix);
}

static bool holds_family(const struct compiled_term *term, struct policy_walk *walk)
{
	return has_bit(term, walk->route->prefix->address.family == FAMILY_IPV6);
}

static bool holds_ipv4_length(const struct compiled_term *term, struct policy_walk *walk)
{
	const struct prefix *prefix = walk->route->prefix;

	return prefix->address.family == FAMILY_IPV4 && in_ranges(term, prefix->length);
}

static bool holds_ipv6_length(const struct compiled_term *term, struct policy_walk *walk)
{
	const struct prefix *prefix = walk->route->prefix;

	return prefix->address.family == FAMILY_IPV6 && in_ranges(term, prefix->length);
}

static bool holds_as_path(const struct compiled_term *term, struct policy_walk *walk)
{
	for (uint32_t i = 0; i < term->count; i++)
		if (policy_path_matches(walk->attributes, term->patterns[i]))
			return true;
	return false;
}

static bool holds_path_length(const struct compiled_term *term, struct policy_walk *walk)
{
	return in_ranges(term, bgp_as_path_length(walk->attributes));
}

static bool holds_path_has_set(const struct compiled_term *term, struct policy_walk *walk)
{
	(void)term;
	return policy_path_has_set(walk->attributes);
}

static bool is_as(const struct compiled_term *term, struct policy_walk *walk, uint32_t asn)
{
	return asn != 0 &&
	       ((term->neighbor && asn == walk->route->neighbor_asn) || in_as_lists(term, asn));
}

static bool holds_first_as(const struct compiled_term *term, struct policy_walk *walk)
{
	return is_as(term, walk, bgp_as_path_first(walk->attributes));
}

static bool holds_origin_as(const struct compiled_term *term, struct policy_walk *walk)
{
	return is_as(term, walk, bgp_as_path_origin(walk->attributes));
}

static bool holds_neighbor_as(const struct compiled_term *term, struct policy_walk *walk)
{
	return in_as_lists(term, walk->route->neighbor_asn);
}

static bool list_has_any(const struct community_list *list, const struct policy_walk *walk)
{
	const struct bgp_attributes *attributes = walk->attributes;

	for (unsigned i = 0; i < attributes->community_count; i++)
		if (community_list_has(list, walk->route, attributes->communities[i]))
			return true;
	for (unsigned i = 0; i < attributes->large_community_count; i++)
		if (community_list_has_large(
			    list, walk->route, &attributes->large_communities[i]))
			return true;
	for (unsigned i = 0; i < attributes->extended_community_count; i++)
		if (community_list_has_extended(list, attributes->extended_communities[i]))
			return true;
	return false;
}

static bool holds_community(const struct compiled_term *term, struct policy_walk *walk)
{
	for (uint32_t i = 0; i < term->count; i++)
		if (list_has_any(term->community_lists[i], walk))
			return true;
	return false;
}

static bool holds_rpki(const struct compiled_term *term, struct policy_walk *walk)
{
	const struct policy_route *route = walk->route;

	if (!walk->rpki_known && route->rpki != NULL)
		walk->rpki = route->rpki(route->context, route);
	walk->rpki_known = true;
	return has_bit(term, walk->rpki);
}

static bool holds_aspa(const struct compiled_term *term, struct policy_walk *walk)
{
	const struct policy_route *route = walk->route;

	if (!walk->aspa_known && route->aspa != NULL)
		walk->aspa = route->aspa(route->context, route);
	walk->aspa_known = true;
	return has_bit(term, walk->aspa);
}

static bool holds_relation(const struct compiled_term *term, struct policy_walk *walk)
{
	return has_bit(term, walk->route->relation);
}

static bool holds_source(const struct compiled_term *term, struct policy_walk *walk)
{
	return has_bit(term, walk->route->source);
}

static bool holds_next_hop(const struct compiled_term *term, struct policy_walk *walk)
{
	const struct address *next_hop = &walk->attributes->next_hop;
	struct prefix host;

	if (next_hop->family == FAMILY_NONE)
		return false;
	host = prefix_host(next_hop);
	return (term->neighbor && address_equal(next_hop, &walk->route->neighbor_address)) ||
	       in_prefix_sets(term, &host);
}

static bool holds_med(const struct compiled_term *term, struct policy_walk *walk)
{
	return bgp_attribute_present(walk->attributes, BGP_ATTRIBUTE_MED) &&
	       in_ranges(term, walk->attributes->med);
}

static bool holds_local_pref(const struct compiled_term *term, struct policy_walk *walk)
{
	bool said = bgp_attribute_present(walk->attributes, BGP_ATTRIBUTE_LOCAL_PREF);

	return in_ranges(term, said ? walk->attributes->local_pref : LOCAL_PREF_DEFAULT);
}

static bool holds_weight(const struct compiled_term *term, struct policy_walk *walk)
{
	return in_ranges(term, walk->attributes->weight);
}

static bool holds_origin(const struct compiled_term *term, struct policy_walk *walk)
{
	return has_bit(term, walk->attributes->origin);
}

static const struct term_row {
	term_function *holds;
	unsigned cost, depends;
	const char *name, *negated;
} rows[POLICY_TERM_KINDS] = {
	[POLICY_TERM_PREFIX] = { holds_prefix, 4, POLICY_DEPENDS_PREFIX, "prefix",
		"not prefix" },
	[POLICY_TERM_FAMILY] = { holds_family, 0, POLICY_DEPENDS_FAMILY, "family",
		"not family" },
	[POLICY_TERM_IPV4_LENGTH] = { holds_ipv4_length, 1, POLICY_DEPENDS_PREFIX,
		"ipv4-length", "not ipv4-length" },
	[POLICY_TERM_IPV6_LENGTH] = { holds_ipv6_length, 1, POLICY_DEPENDS_PREFIX,
		"ipv6-length", "not ipv6-length" },
	[POLICY_TERM_AS_PATH] = { holds_as_path, 6, 0, "as-path", "not as-path" },
	[POLICY_TERM_PATH_LENGTH] = { holds_path_length, 2, 0, "path-length",
		"not path-length" },
	[POLICY_TERM_PATH_HAS_SET] = { holds_path_has_set, 2, 0, "path-has-set",
		"not path-has-set" },
	[POLICY_TERM_FIRST_AS] = { holds_first_as, 3, 0, "first-as", "not first-as" },
	[POLICY_TERM_ORIGIN_AS] = { holds_origin_as, 3, 0, "origin-as", "not origin-as" },
	[POLICY_TERM_NEIGHBOR_AS] = { holds_neighbor_as, 2, 0, "neighbor-as",
		"not neighbor-as" },
	[POLICY_TERM_COMMUNITY] = { holds_community, 5, 0, "community", "not community" },
	[POLICY_TERM_RPKI] = { holds_rpki, 7, POLICY_DEPENDS_RPKI, "rpki", "not rpki" },
	[POLICY_TERM_ASPA] = { holds_aspa, 8, POLICY_DEPENDS_ASPA, "aspa", "not aspa" },
	[POLICY_TERM_RELATION] = { holds_relation, 0, 0, "relation", "not relation" },
	[POLICY_TERM_SOURCE] = { holds_source, 0, 0, "source", "not source" },
	[POLICY_TERM_NEXT_HOP] = { holds_next_hop, 4, 0, "next-hop", "not next-hop" },
	[POLICY_TERM_MED] = { holds_med, 1, 0, "med", "not med" },
	[POLICY_TERM_LOCAL_PREF] = { holds_local_pref, 1, 0, "local-pref", "not local-pref" },
	[POLICY_TERM_WEIGHT] = { holds_weight, 1, 0, "weight", "not weight" },
	[POLICY_TERM_ORIGIN] = { holds_origin, 0, 0, "origin", "not origin" },
};

term_function *policy_term_function(enum policy_term_kind kind)
{
	return rows[kind].holds;
}

const char *policy_term_name(enum policy_term_kind kind, bool negated)
{
	return negated ? rows[kind].negated : rows[kind].name;
}

unsigned policy_term_cost(enum policy_term_kind kind)
{
	return rows[kind].cost;
}

unsigned policy_term_depends(enum policy_term_kind kind)
{
	return rows[kind].depends;
}
