/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The validation procedure of flow specifications.
 *
 * Invariants:
 *  1. Pure: the same answers of the lookup give the same feasibility.
 *  2. Without a unicast route for its destination, nothing is feasible, unless the destination
 * is optional and missing.
 *
 * RFC 8955 section 6 (steps a, c), RFC 9117 section 4.1 (step b) and 4.2 (leftmost AS), RFC
 * 8956 section 5 (a destination with an offset does not count).
 */
#include "route/flowspec_validate.h"

/* RFC 9117 section 4.1: AS_PATH is empty, or has confederation sequences only. */
static bool from_local_domain(const struct bgp_attributes *attributes)
{
	struct cursor c = cursor_of(attributes->as_path, attributes->as_path_size);

	while (cursor_left(&c) > 0) {
		if (cursor_u8(&c) != BGP_SEGMENT_CONFED_SEQUENCE)
			return false;
		cursor_skip(&c, 4u * cursor_u8(&c));
	}
	return true;
}

static bool originator_good(const struct bgp_attributes *attributes,
	const struct flowspec_source *source, const struct flowspec_unicast *unicast)
{
	if (address_equal(&source->originator, &unicast->originator))
		return true;
	return !source->local_domain_refused && from_local_domain(attributes);
}

enum flowspec_feasibility flowspec_validate(const struct flowspec *rule,
	const struct bgp_attributes *attributes, const struct flowspec_source *source,
	const struct flowspec_lookup *lookup)
{
	struct flowspec_component destination;
	struct flowspec_unicast unicast;

	if (!flowspec_find(rule, FLOWSPEC_DESTINATION, &destination) || destination.offset != 0)
		return source->destination_optional ? FLOWSPEC_FEASIBLE
						    : FLOWSPEC_NO_DESTINATION;
	if (!lookup->best_match(lookup->context, &destination.prefix, &unicast))
		return FLOWSPEC_NO_UNICAST;
	if (!originator_good(attributes, source, &unicast))
		return FLOWSPEC_OTHER_ORIGINATOR;
	if (lookup->others_inside(lookup->context, &destination.prefix, unicast.neighbor_asn))
		return FLOWSPEC_OTHERS_INSIDE;
	if (source->external && bgp_as_path_first(attributes) != unicast.first_asn)
		return FLOWSPEC_OTHER_FIRST_AS;
	return FLOWSPEC_FEASIBLE;
}

const char *flowspec_feasibility_reason(enum flowspec_feasibility feasibility)
{
	static const char *const reasons[] = {
		[FLOWSPEC_FEASIBLE] = "feasible",
		[FLOWSPEC_NO_DESTINATION] =
			"it has no destination prefix (RFC 8955 section 6, step a)",
		[FLOWSPEC_NO_UNICAST] =
			"there is no unicast route for its destination (RFC 8955 "
			"section 6, step b)",
		[FLOWSPEC_OTHER_ORIGINATOR] =
			"the unicast route for its destination is from somebody else (RFC 9117 "
			"section 4.1, step b)",
		[FLOWSPEC_OTHERS_INSIDE] =
			"parts of its destination are routed to another AS (RFC 8955 section 6, "
			"step c)",
		[FLOWSPEC_OTHER_FIRST_AS] =
			"its first AS is not that of the unicast route (RFC 9117 section 4.2)",
	};

	return (unsigned)feasibility < sizeof(reasons) / sizeof(reasons[0])
		       ? reasons[feasibility]
		       : "unknown";
}
