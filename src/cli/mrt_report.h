/* SPDX-License-Identifier: Apache-2.0 */
/* The numbers of `nearcast mrt stats`, and how they are told. */
#ifndef NEARCAST_CLI_MRT_REPORT_H
#define NEARCAST_CLI_MRT_REPORT_H

#include <jansson.h>

#include "base/hash.h"
#include "cli/mrt_filter.h"
#include "cli/mrt_input.h"
#include "cli/tally.h"
#include "wire/mrt_write.h"

#define MRT_STATS_PEERS_MAX 4096
#define MRT_STATS_PATH_MAX  64 /* longer paths are counted as this */
#define MRT_STATS_TOP_MAX   999

struct mrt_stats_peer {
	struct mrt_peer peer;
	uint64_t routes[2]; /* announced or in a table; withdrawn */
};

struct mrt_stats {
	const struct mrt_filter *filter;
	struct hash_seed seed;
	uint64_t left; /* routes until the limit */
	size_t top;

	struct wall_time first, last; /* of records */
	struct tally kinds;           /* type << 16 | subtype */
	size_t longest_record;

	uint64_t routes[3]; /* by enum mrt_route_kind */
	struct mrt_stats_peer peers[MRT_STATS_PEERS_MAX];
	size_t peer_count;
	struct mrt_stats_peer *last_peer;

	struct tally prefixes, sets, paths; /* hashes */
	struct tally prefix_origins;        /* hashes of both */
	struct tally origins;               /* AS numbers; count: prefixes */
	uint64_t prefix_count[2];           /* IPv4, IPv6 */
	uint64_t prefix_lengths[2][129];
	uint64_t path_lengths[MRT_STATS_PATH_MAX + 1];
	uint64_t attribute_bytes;
	size_t longest_attributes;
	uint64_t with_communities, with_large_communities, with_extended_communities, with_med;
};

/* The answer as JSON; NULL: no memory. */
json_t *mrt_stats_json(const struct mrt_stats *stats, const struct mrt_input *input);
enum exit_code mrt_stats_tell(
	const struct mrt_stats *stats, const struct mrt_input *input, struct console *console);

#endif
