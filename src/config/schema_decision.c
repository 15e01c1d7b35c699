/* SPDX-License-Identifier: Apache-2.0 */
/* The rows of `decision`: how the best route to a prefix is chosen. */
#include "config/config.h"
#include "config/schema.h"

#define R struct config

static const struct schema_field multipath_fields[] = {
	{ .key = "ebgp",
		.kind = KIND_INTEGER,
		SCHEMA_AT(R, decision.multipath_ebgp),
		.preset = "1",
		.minimum = 1,
		.maximum = CONFIG_MULTIPATH_MAX,
		.unit = "routes",
		.touches = TOUCHES_ROUTES,
		.elsewhere = "maximum-paths paths",
		.help = "At most so many routes of external neighbours share the traffic." },
	{ .key = "ibgp",
		.kind = KIND_INTEGER,
		SCHEMA_AT(R, decision.multipath_ibgp),
		.preset = "1",
		.minimum = 1,
		.maximum = CONFIG_MULTIPATH_MAX,
		.unit = "routes",
		.touches = TOUCHES_ROUTES,
		.elsewhere = "maximum-paths-ibgp",
		.help = "The same of internal neighbours." },
	{ .key = "as-path-relax",
		.kind = KIND_BOOL,
		SCHEMA_AT(R, decision.as_path_relax),
		.preset = "false",
		.touches = TOUCHES_ROUTES,
		.elsewhere = "multipath-relax multiple-as",
		.help = "Also routes through other neighbouring ASes than the best one's, if they "
			"are equally long." },
	{ 0 },
};

static const struct schema_section multipath_section = {
	.path = "decision.multipath",
	.title = "the group 'multipath'",
	.help = "Routes that are as good as the best one up to the IGP metric share its traffic "
		"(ECMP). One each: only the best route is used.",
	.example = "decision:\n  multipath: { ebgp: 8, as-path-relax: true }\n",
	.fields = multipath_fields,
};

static const struct schema_field decision_fields[] = {
	{ .key = "always-compare-med",
		.kind = KIND_BOOL,
		SCHEMA_AT(R, decision.always_compare_med),
		.preset = "false",
		.touches = TOUCHES_ROUTES,
		.help = "Compare the MED of all routes, whatever the neighbouring AS; otherwise "
			"among all routes of each neighbouring AS, in whatever order they came." },
	{ .key = "missing-med-as-worst",
		.kind = KIND_BOOL,
		SCHEMA_AT(R, decision.missing_med_as_worst),
		.preset = "false",
		.touches = TOUCHES_ROUTES,
		.elsewhere = "med-missing-as-worst missing-as-worst",
		.help = "A route without a MED is the worst instead of the best." },
	{ .key = "prefer-oldest",
		.kind = KIND_BOOL,
		SCHEMA_AT(R, decision.prefer_oldest),
		.preset = "false",
		.touches = TOUCHES_ROUTES,
		.elsewhere = "prefer-older external-router-id",
		.help = "Of external routes that are equal up to the IGP metric the oldest wins, "
			"not that of the lowest router id (RFC 5004)." },
	{ .key = "ignore-as-path-length",
		.kind = KIND_BOOL,
		SCHEMA_AT(R, decision.ignore_as_path_length),
		.preset = "false",
		.touches = TOUCHES_ROUTES,
		.elsewhere = "as-path-ignore bestpath-as-path-ignore",
		.help = "Do not compare how long AS paths are." },
	{ .key = "multipath",
		.kind = KIND_SECTION,
		.section = &multipath_section,
		.elsewhere = "ecmp maximum-paths",
		.help = "Several routes for one prefix." },
	{ 0 },
};

const struct schema_section schema_decision = {
	.path = "decision",
	.title = "the group 'decision'",
	.help = "How the best route to a prefix is chosen. A change needs no new session: all "
		"routes are looked at again. The steps are, in this order: weight, our own routes, "
		"local preference, AS path length, origin, MED, external over internal, IGP "
		"metric, age (if asked for), router id, cluster list, address, path identifier.",
	.example = "decision: { always-compare-med: true }\n",
	.fields = decision_fields,
};
