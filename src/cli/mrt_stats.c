/* SPDX-License-Identifier: Apache-2.0 */
/*
 * nearcast mrt stats: what MRT files hold, in numbers.
 *
 * Sets (prefixes, attribute sets, paths) are counted by 64-bit hashes with a random seed: two
 * different ones fall together with a chance of one in 2^64 for each pair, which is nothing for
 * a report.
 *
 * Invariants:
 *  1. Memory grows with what is different in the files (16 bytes each), not with their length.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "base/hash.h"
#include "cli/mrt_action.h"
#include "cli/mrt_input.h"
#include "cli/mrt_report.h"
#include "cli/output.h"

static uint64_t hash_of(const struct mrt_stats *stats, const void *bytes, size_t length)
{
	return hash_bytes(&stats->seed, bytes, length);
}

static uint64_t mix(uint64_t a, uint64_t b)
{
	return a * 0x9e3779b97f4a7c15u ^ b;
}

/* ---- What comes in. ---- */

static int add_record(void *context, const struct mrt_record *record)
{
	struct mrt_stats *stats = context;

	if (stats->longest_record < record->length)
		stats->longest_record = record->length;
	if (stats->first.ns == 0 || record->time.ns < stats->first.ns)
		stats->first = record->time;
	if (record->time.ns > stats->last.ns)
		stats->last = record->time;
	return tally_add(&stats->kinds, (uint64_t)record->type << 16 | record->subtype) == 0
		       ? ERROR_MEMORY
		       : 0;
}

static struct mrt_stats_peer *peer_of(struct mrt_stats *stats, const struct mrt_peer *peer)
{
	struct mrt_stats_peer *last = stats->last_peer;
	size_t i;

	if (last != NULL && last->peer.asn == peer->asn &&
		address_equal(&last->peer.address, &peer->address))
		return last;
	for (i = 0; i < stats->peer_count; i++)
		if (stats->peers[i].peer.asn == peer->asn &&
			address_equal(&stats->peers[i].peer.address, &peer->address))
			break;
	if (i == MRT_STATS_PEERS_MAX)
		return NULL;
	if (i == stats->peer_count)
		stats->peers[stats->peer_count++].peer = *peer;
	stats->last_peer = &stats->peers[i];
	return stats->last_peer;
}

/* The attributes of a route as one number: their bytes, without what belongs to the prefixes.
 */
static uint64_t attributes_hash(const struct mrt_stats *stats, const struct mrt_route *route)
{
	static uint8_t buffer[1u << 17];
	struct writer w = writer_of(buffer, sizeof(buffer));

	if ((route->kind == MRT_ROUTE_TABLE && route->prefix.address.family == FAMILY_IPV4) ||
		mrt_attributes_convert(&w, route->attribute_bytes, route->four_octet_as,
			route->attributes) != 0)
		return hash_of(
			stats, route->attribute_bytes.at, cursor_left(&route->attribute_bytes));
	return hash_of(stats, buffer, writer_length(&w));
}

static void add_communities(struct mrt_stats *stats, const struct bgp_attributes *a)
{
	stats->with_communities += a->community_count > 0;
	stats->with_large_communities += a->large_community_count > 0;
	stats->with_extended_communities += a->extended_community_count > 0;
	stats->with_med += bgp_attribute_present(a, BGP_ATTRIBUTE_MED);
}

static int add_path(struct mrt_stats *stats, const struct bgp_attributes *a, uint64_t prefix)
{
	uint32_t origin = bgp_as_path_origin(a), length = bgp_as_path_length(a);
	uint64_t pair = tally_add(&stats->prefix_origins, mix(prefix, origin));

	stats->path_lengths[length < MRT_STATS_PATH_MAX ? length : MRT_STATS_PATH_MAX]++;
	if (pair == 0 ||
		tally_add(&stats->paths, hash_of(stats, a->as_path, a->as_path_size)) == 0)
		return ERROR_MEMORY;
	/* AS 0 stands for paths without an origin. */
	if (pair == 1 && tally_add(&stats->origins, origin) == 0)
		return ERROR_MEMORY;
	return 0;
}

static int add_prefix(
	struct mrt_stats *stats, const struct mrt_route *route, uint64_t *ret_hash)
{
	struct prefix prefix = route->prefix;
	bool six = prefix.address.family == FAMILY_IPV6;
	uint64_t came;

	*ret_hash = hash_of(stats, &prefix, sizeof(prefix));
	came = tally_add(&stats->prefixes, *ret_hash);
	if (came == 0)
		return ERROR_MEMORY;
	if (came > 1)
		return 0;
	stats->prefix_count[six]++;
	stats->prefix_lengths[six][prefix.length]++;
	return 0;
}

static int add_route(void *context, const struct mrt_route *route)
{
	struct mrt_stats *stats = context;
	struct mrt_stats_peer *peer;
	uint64_t prefix, set;
	size_t size;

	if (!mrt_filter_passes(stats->filter, route))
		return 0;
	if (stats->left == 0)
		return MRT_ENOUGH;
	stats->left--;
	peer = peer_of(stats, &route->peer);
	stats->routes[route->kind]++;
	if (peer != NULL)
		peer->routes[route->kind == MRT_ROUTE_WITHDRAW]++;
	if (add_prefix(stats, route, &prefix) != 0)
		return ERROR_MEMORY;
	if (route->attributes == NULL)
		return 0;
	size = cursor_left(&route->attribute_bytes);
	stats->attribute_bytes += size;
	if (size > stats->longest_attributes)
		stats->longest_attributes = size;
	set = attributes_hash(stats, route);
	add_communities(stats, route->attributes);
	return tally_add(&stats->sets, set) == 0 ? ERROR_MEMORY
						 : add_path(stats, route->attributes, prefix);
}

static bool wants(void *context, const struct mrt_route *route)
{
	const struct mrt_stats *stats = context;

	return mrt_filter_wants(stats->filter, route);
}

static int add_peers(
	void *context, const struct mrt_reader *reader, const struct mrt_record *record)
{
	struct mrt_stats *stats = context;

	(void)record;
	for (unsigned i = 0; i < reader->peer_count; i++)
		(void)peer_of(stats, &reader->peers[i]);
	return 0;
}

/* ---- The command. ---- */

static void stats_clear(struct mrt_stats *stats)
{
	tally_clear(&stats->kinds);
	tally_clear(&stats->prefixes);
	tally_clear(&stats->sets);
	tally_clear(&stats->paths);
	tally_clear(&stats->origins);
	tally_clear(&stats->prefix_origins);
	free(stats);
}

static int top_parse(const struct arguments *arguments, size_t *ret_top, struct error *error)
{
	const char *text = arguments_value(arguments, "top");

	*ret_top = 10;
	if (text == NULL)
		return 0;
	if (text[0] == '\0' || strlen(text) > 3 || strspn(text, "0123456789") != strlen(text) ||
		strtoul(text, NULL, 10) > MRT_STATS_TOP_MAX)
		return error_set(error, ERROR_MALFORMED,
			"--top needs a number up to %d, not '%s'", MRT_STATS_TOP_MAX, text);
	*ret_top = strtoul(text, NULL, 10);
	return 0;
}

enum exit_code mrt_stats(const struct arguments *arguments, const struct mrt_filter *filter,
	struct console *console)
{
	struct mrt_stats *stats = calloc(1, sizeof(*stats));
	const struct mrt_sink sink = { stats, wants, add_route, NULL, NULL, add_peers };
	struct mrt_input input = { .record = add_record };
	struct error error = { 0 };
	enum exit_code code, told;

	if (stats == NULL) {
		error_set(&error, ERROR_MEMORY, "no memory to count");
		return output_error(console, &error);
	}
	stats->filter = filter;
	stats->left = filter->limit;
	if (top_parse(arguments, &stats->top, &error) != 0 ||
		getrandom(&stats->seed, sizeof(stats->seed), 0) != sizeof(stats->seed)) {
		stats_clear(stats);
		return error.code != ERROR_NONE ? output_error(console, &error)
						: EXIT_CODE_FAILED;
	}
	code = mrt_input_read(&input, arguments, 1, &sink, console);
	told = console->json ? output_json(console, mrt_stats_json(stats, &input))
			     : mrt_stats_tell(stats, &input, console);
	mrt_input_clear(&input);
	stats_clear(stats);
	return code != EXIT_CODE_OK ? code : told;
}
