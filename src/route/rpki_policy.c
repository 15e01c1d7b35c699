/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From what a policy knows of a route to the questions of the RPKI table.
 *
 * RFC 6811 section 2; draft-ietf-sidrops-aspa-verification-28 sections 5.5, 5.6 and 6.
 */
#include "route/rpki_policy.h"

#include "wire/bgp_open.h"

/* Both are returned as numbers of the policy's own. */
_Static_assert((int)POLICY_RPKI_NOT_FOUND == (int)RPKI_NOT_FOUND &&
		       (int)POLICY_RPKI_VALID == (int)RPKI_VALID &&
		       (int)POLICY_RPKI_INVALID == (int)RPKI_INVALID,
	"the same states");
_Static_assert((int)POLICY_ASPA_UNKNOWN == (int)ASPA_UNKNOWN &&
		       (int)POLICY_ASPA_VALID == (int)ASPA_VALID &&
		       (int)POLICY_ASPA_INVALID == (int)ASPA_INVALID,
	"the same states");

/* Our role towards who said the route: RFC 9234 section 4.1. */
static const uint8_t roles[POLICY_RELATIONS] = {
	[POLICY_RELATION_NONE] = BGP_ROLE_NONE,
	[POLICY_RELATION_CUSTOMER] = BGP_ROLE_PROVIDER,
	[POLICY_RELATION_PEER] = BGP_ROLE_PEER,
	[POLICY_RELATION_PROVIDER] = BGP_ROLE_CUSTOMER,
	[POLICY_RELATION_ROUTE_SERVER] = BGP_ROLE_ROUTE_SERVER_CLIENT,
	[POLICY_RELATION_INTERNAL] = BGP_ROLE_NONE,
	[POLICY_RELATION_LOCAL] = BGP_ROLE_NONE,
};

enum policy_rpki rpki_policy_origin(void *context, const struct policy_route *route)
{
	const struct rpki_policy *policy = context;

	if (policy->table == NULL || route->prefix == NULL)
		return POLICY_RPKI_NOT_FOUND;
	return (enum policy_rpki)rpki_table_validate(policy->table, route->prefix,
		rpki_origin(route->attributes, route->local_asn), NULL);
}

enum policy_aspa rpki_policy_path(void *context, const struct policy_route *route)
{
	const struct rpki_policy *policy = context;
	bool server = route->source == POLICY_RELATION_ROUTE_SERVER;
	bool importing = route->direction == POLICY_IMPORT;
	enum aspa_direction direction;

	if (policy->table == NULL || !aspa_direction_of(roles[route->source], &direction))
		return POLICY_ASPA_UNKNOWN;
	/* A route server is not in the path; exporting, neighbor_asn is that of who will hear.
	 */
	return (enum policy_aspa)rpki_table_verify_path(policy->table, route->attributes,
		direction, server || !importing ? 0 : route->neighbor_asn, NULL);
}
