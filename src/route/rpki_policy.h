/* SPDX-License-Identifier: Apache-2.0 */
/* The RPKI table as a policy asks it: the functions of struct policy_route. */
#ifndef NEARCAST_ROUTE_RPKI_POLICY_H
#define NEARCAST_ROUTE_RPKI_POLICY_H

#include "route/policy.h"
#include "route/rpki_table.h"

/* What policy_route.context points to. */
struct rpki_policy {
	const struct rpki_table *table; /* NULL: nothing is known */
};

/* RFC 6811. A route of our own, or of our AS, has policy_route.local_asn as its origin. */
enum policy_rpki rpki_policy_origin(void *context, const struct policy_route *route);
/* draft-ietf-sidrops-aspa-verification-28. Of iBGP neighbours, of our own routes and where the
 * relation is not known it does not apply: unknown. */
enum policy_aspa rpki_policy_path(void *context, const struct policy_route *route);

#endif
