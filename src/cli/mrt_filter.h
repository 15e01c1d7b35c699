/* SPDX-License-Identifier: Apache-2.0 */
/* Which routes of an MRT file are wanted, as --prefix, --origin, --peer and others say. */
#ifndef NEARCAST_CLI_MRT_FILTER_H
#define NEARCAST_CLI_MRT_FILTER_H

#include "cli/arguments.h"
#include "wire/mrt_routes.h"

#define MRT_FILTER_MAX 64 /* of each kind */

struct mrt_filter_peer {
	struct address address; /* FAMILY_NONE: asn counts */
	uint32_t asn;
};

/* Within a kind, any of them will do; all kinds that were given must agree. */
struct mrt_filter {
	struct prefix prefixes[MRT_FILTER_MAX];
	uint32_t origins[MRT_FILTER_MAX], path[MRT_FILTER_MAX];
	struct mrt_filter_peer peers[MRT_FILTER_MAX];
	size_t prefix_count, origin_count, path_count, peer_count;
	bool longer, shorter;      /* also prefixes inside, also those around */
	struct wall_time from, to; /* from <= time < to */
	uint64_t limit;            /* routes; UINT64_MAX: all */
};

#define MRT_FILTER_OPTIONS                                                                       \
	{ "prefix", 'p', "PREFIX", "only this prefix; of an address, all prefixes around it",    \
		COMPLETE_NOTHING, NULL },                                                        \
		{ "longer", 0, NULL, "with --prefix: also the prefixes inside it",               \
			COMPLETE_NOTHING, NULL },                                                \
		{ "shorter", 0, NULL, "with --prefix: also the prefixes around it",              \
			COMPLETE_NOTHING, NULL },                                                \
		{ "origin", 'o', "ASN", "only routes that this AS originates",                   \
			COMPLETE_NOTHING, NULL },                                                \
		{ "as", 'a', "ASN", "only routes with this AS in their path",                    \
			COMPLETE_NOTHING, NULL },                                                \
		{ "peer", 'n', "PEER", "only from this peer, by its address or AS number",       \
			COMPLETE_NOTHING, NULL },                                                \
		{ "from", 0, "TIME",                                                             \
			"only records from this time on (2014-05-30T22:00:00, UTC, or seconds)", \
			COMPLETE_NOTHING, NULL },                                                \
		{ "to", 0, "TIME", "only records before this time", COMPLETE_NOTHING, NULL },    \
	{                                                                                        \
		"limit", 'l', "N", "stop after so many routes", COMPLETE_NOTHING, NULL           \
	}

/* From the command line. ERROR_MALFORMED with a hint, ERROR_FULL. */
int mrt_filter_parse(
	const struct arguments *arguments, struct mrt_filter *ret_filter, struct error *error);

/* Time and peer. */
bool mrt_filter_session(
	const struct mrt_filter *filter, struct wall_time time, const struct mrt_peer *peer);
/* What can be said without attributes. */
bool mrt_filter_wants(const struct mrt_filter *filter, const struct mrt_route *route);
/* The rest, once the attributes are known. A withdrawal has none: it passes if none are asked
 * for. */
bool mrt_filter_passes(const struct mrt_filter *filter, const struct mrt_route *route);
/* Whether a filter looks at routes, so that what is no route is not wanted. */
bool mrt_filter_routes_only(const struct mrt_filter *filter);

/* "2014-05-30", "2014-05-30T22:00[:00][Z]", or seconds since 1970. ERROR_MALFORMED. */
int mrt_time_parse(const char *text, struct wall_time *ret_time);

#endif
